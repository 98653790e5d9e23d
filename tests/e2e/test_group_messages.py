# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to groups between real processes: keys given, rotated, kept from
who is not in the group."""
import pytest

from harness import Person
from test_devices import Device, exported
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
