# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups between real processes: made, changed, joined, left, on all devices."""
import json

import pytest

from harness import Person
from test_devices import Device, exported, lines


@pytest.fixture
def cat(folder, relay):
    return Person(folder / "cat", "Cat", "+4915550000033").register(relay)


def group(person, *args):
    """The row that a verb prints."""
    out = person.run("group", *args, "--json").stdout.splitlines()
    return json.loads(out[-1])


def show(person, name):
    return group(person, "show", name)


def members(person, name):
    rows = show(person, name)["members"]
    return {(m["phone"] or m["account"], m["role"]) for m in rows}


def notes(person):
    return [t for d, t, _ in exported(person) if d == "note"]


def meet(*people):
    """They have written to each other: names are known."""
    for a in people:
        for b in people:
            if a is not b:
                a.run("send", b.phone, "hello")
    for a in people:
        a.messages()
        a.messages()


def test_a_groups_life(relay, anna, ben, cat, folder):
    meet(anna, ben, cat)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    made = group(anna, "create", "Rowing", ben.phone, "--about", "Sundays")
    assert made["standing"] == "member" and made["admin"]
    assert made["pending"] == 0 and made["members_count"] == 2
    ben.messages()
    row = show(ben, "Rowing")
    assert row["about"] == "Sundays" and not row["admin"]
    assert "Anna added you." in notes(ben)
    laptop.messages()
    assert show(laptop, "Rowing")["admin"]

    # from the other device; everybody agrees
    group(laptop, "add", "Rowing", cat.phone)
    for person in (anna, ben, cat):
        person.messages()
        assert show(person, "Rowing")["members_count"] == 3
    assert notes(cat)[-1] == "Anna added you."
    assert notes(ben)[-1] == "Anna added Cat."

    # what a member may not do
    refused = ben.run("group", "remove", "Rowing", cat.phone, check=False)
    assert refused.returncode != 0
    assert "only an admin can do that" in refused.stderr
    group(anna, "promote", "Rowing", ben.phone)
    ben.messages()
    group(ben, "edit", "Rowing", "--name", "Rowing club", "--timer", "86400")
    for person in (anna, laptop, cat):
        person.messages()
        assert show(person, "Rowing club")["timer_s"] == 86400
    group(ben, "permit", "Rowing club", "--send", "admins")
    cat.messages()
    assert not show(cat, "Rowing club")["may_send"]
    assert notes(cat)[-1] == "Only admins may write now."

    # removed, and left
    group(ben, "remove", "Rowing club", cat.phone)
    cat.messages()
    assert show(cat, "Rowing club")["standing"] == "removed"
    assert notes(cat)[-1] == "Ben removed you."
    group(ben, "leave", "Rowing club")
    assert show(ben, "Rowing club")["standing"] == "left"
    for person in (anna, laptop):
        person.messages()
        row = show(person, "Rowing club")
        assert row["members_count"] == 1 and row["alarm"] is None
    assert "Ben left." in notes(anna)


def test_by_link_with_approval(relay, anna, ben, cat):
    meet(anna, ben, cat)
    group(anna, "create", "Choir", ben.phone)
    link = group(anna, "link", "Choir", "ask")["link"]
    assert link.startswith("sotto://") and "group=" in link
    asked = group(cat, "join", link)
    assert asked["standing"] == "asked"
    anna.messages()
    row = show(anna, "Choir")
    assert [m["role"] for m in row["members"]].count("asks") == 1
    assert "Cat asked to be let in." in notes(anna)
    group(anna, "approve", "Choir", cat.phone)
    cat.messages()
    row = show(cat, "Choir")
    assert row["standing"] == "member" and row["link"] is None
    assert notes(cat)[-1] == "Anna let you in."
    ben.messages()
    assert show(ben, "Choir")["members_count"] == 3

    # an open one, and none
    group(anna, "remove", "Choir", cat.phone)
    cat.messages()
    link = group(anna, "link", "Choir", "on")["link"]
    assert group(cat, "join", link)["standing"] == "member"
    anna.messages()  # gives her the secret
    cat.messages()
    assert show(cat, "Choir")["members_count"] == 3
    group(anna, "link", "Choir", "off")
    group(cat, "leave", "Choir")
    again = cat.run("group", "join", link, check=False)
    assert again.returncode != 0
    assert "not valid any more" in again.stderr


def test_without_the_relay_it_waits(relay, anna, ben):
    meet(anna, ben)
    relay.kill()
    made = anna.run("--timeout", "1s", "group", "create", "Later", ben.phone,
                    "--json", check=False)
    row = json.loads(made.stdout.splitlines()[-1])
    assert row["pending"] == 1 and row["standing"] == "making"
    assert made.returncode != 0 and "the next time" in made.stderr
    relay.restart()
    anna.messages()
    anna.messages()
    assert show(anna, "Later")["standing"] == "member"
    ben.messages()
    assert show(ben, "Later")["members_count"] == 2
