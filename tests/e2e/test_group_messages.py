# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to groups between real processes: keys given, rotated, kept from
who is not in the group."""
import pytest

from harness import Person
from test_devices import Device, exported, lines
from test_groups import group, meet


@pytest.fixture
def cat(folder, relay):
    return Person(folder / "cat", "Cat", "+4915550000033").register(relay)


def texts(person):
    """What was written, by whomever, in the order it came."""
    return [t for d, t, _ in exported(person) if d != "note" and t != "hello"]


def say(person, text, name="Rowing"):
    person.run("group", "send", name, text)


def test_everybody_and_every_device_reads_it(relay, anna, ben, cat, folder):
    meet(anna, ben, cat)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    for person in (ben, cat, laptop):
        person.messages()
    say(anna, "one")
    ben.messages()
    say(ben, "two")
    laptop.messages()
    say(laptop, "three")  # its own key
    for person in (anna, ben, cat, laptop):
        person.messages()
    for person in (anna, ben, cat, laptop):
        assert texts(person) == ["one", "two", "three"], person.name


def test_a_relay_that_is_killed_loses_nothing(relay, anna, ben, cat):
    meet(anna, ben, cat)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    for person in (ben, cat):
        person.messages()
    say(anna, "one")
    relay.kill()
    relay.restart()
    say(anna, "two")
    for person in (ben, cat):
        person.messages()
        assert texts(person) == ["one", "two"], person.name


def test_who_was_removed_reads_nothing_after(relay, anna, ben, cat):
    meet(anna, ben, cat)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    for person in (ben, cat):
        person.messages()
    say(anna, "before")
    group(anna, "remove", "Rowing", cat.phone)
    say(anna, "after")
    for person in (ben, cat):
        person.messages()
    assert texts(ben) == ["before", "after"]
    assert texts(cat) == ["before"]
    refused = cat.run("group", "send", "Rowing", "still here", check=False)
    assert refused.returncode != 0

    # and a newcomer nothing from before
    group(anna, "add", "Rowing", cat.phone)
    cat.messages()
    say(ben, "welcome back")
    cat.messages()
    assert texts(cat) == ["before", "welcome back"]


def test_the_verbs_of_chats_and_messages_are_for_groups_too(relay, anna, ben):
    """A group's chat is named by the digits that JSON calls its account."""
    meet(anna, ben)
    made = group(anna, "create", "Rowing", ben.phone)
    chat, = [c for c in lines(anna, "list") if c["group"]]
    assert chat["account"] == made["id"] and chat["name"] == "Rowing"
    anna.run("send", made["id"], "by its id")
    ben.messages()
    said = [m for m in lines(ben, "list", made["id"]) if m["kind"] == "text"]
    assert [m["text"] for m in said] == ["by its id"]
    ben.run("react", said[0]["message_id"], "👍")
    for verb in ("read", "mute", "pin"):
        ben.run(verb, made["id"])
    chat, = [c for c in lines(ben, "list") if c["group"]]
    assert chat["unread"] == 0 and chat["pinned"]
    assert chat["muted_until_ms"] is None
    anna.messages()
    assert "👍" in str(lines(anna, "list", made["id"]))
    refused = ben.run("read", "0" * 32, check=False)
    assert "there is no such chat" in refused.stderr
    assert refused.returncode == 7
