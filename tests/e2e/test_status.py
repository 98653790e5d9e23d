# SPDX-License-Identifier: GPL-3.0-or-later
"""Status posts between real processes: seen by whom they are for, told to who
posted, taken back, answered, over."""
import json

import pytest

from harness import Person, Screen
from test_devices import Device
from test_groups import meet


@pytest.fixture
def cat(folder, relay):
    return Person(folder / "cat", "Cat", "+4915550000033").register(relay)


def posts(person):
    out = person.run("status", "list", "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


def texts(person):
    return [p["text"] for p in posts(person)]


def post(person, text):
    person.run("status", "post", text)


def number(person, text):
    return str(next(p["id"] for p in posts(person) if p["text"] == text))


def arrived(person):
    """The status events of one `recv`."""
    return [m["text"] for m in person.messages() if m.get("event") == "status"]


def test_contacts_see_it_and_say_so(relay, anna, ben, cat):
    meet(anna, ben)
    cat.run("send", anna.phone, "buy this")  # a stranger
    anna.messages()
    post(anna, "at the lake")
    assert posts(anna)[0]["state"] == "sent"
    assert arrived(ben) == ["at the lake"]
    assert arrived(cat) == []
    assert texts(ben) == ["at the lake"] and texts(cat) == []
    assert posts(anna)[0]["views"] == 0
    shown = ben.run("status", "view", number(ben, "at the lake")).stdout
    assert shown == "at the lake\n"
    anna.messages()
    assert (posts(anna)[0]["views"], posts(anna)[0]["audience"]) == (1, 1)
    viewers = anna.run(
        "status", "viewers", number(anna, "at the lake"), "--json").stdout
    assert json.loads(viewers)["name"] == "Ben"


def test_only_the_chosen_see_it(relay, anna, ben, cat):
    meet(anna, ben, cat)
    anna.run("status", "audience", "only", cat.phone)
    post(anna, "for cat")
    anna.run("status", "audience", "except", cat.phone)
    post(anna, "not for cat")
    anna.run("status", "audience", "all")
    post(anna, "for all")
    assert sorted(arrived(ben)) == ["for all", "not for cat"]
    assert sorted(arrived(cat)) == ["for all", "for cat"]
    out = anna.run("status", "audience", "--json").stdout.splitlines()
    assert json.loads(out[0]) == {"audience": "all", "people": 2}


def test_an_answer_goes_to_the_chat(relay, anna, ben):
    meet(anna, ben)
    post(anna, "at the lake")
    ben.messages()
    ben.run("status", "reply", number(ben, "at the lake"), "cold?")
    got = anna.messages()
    assert [m["text"] for m in got] == ["cold?"]
    assert got[0]["quote"] == "at the lake"


def test_mute_and_delete(relay, anna, ben):
    meet(anna, ben)
    ben.run("status", "mute", anna.phone)
    post(anna, "one")
    assert arrived(ben) == []
    assert posts(ben)[0]["muted"]
    ben.run("status", "mute", anna.phone, "off")
    post(anna, "two")
    assert arrived(ben) == ["two"]
    anna.run("status", "delete", number(anna, "one"))
    ben.messages()
    assert texts(ben) == ["two"] and texts(anna) == ["two"]


def test_every_device_and_offline(relay, anna, ben, folder):
    meet(anna, ben)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    relay.kill()
    waits = anna.run("status", "post", "later", "--timeout", "1s",
                     check=False)
    assert waits.returncode == 8, waits.stderr
    assert posts(anna)[0]["state"] == "pending"
    relay.restart()
    anna.messages()
    assert posts(anna)[0]["state"] == "sent"
    for person in (ben, laptop):
        person.messages()
        assert texts(person) == ["later"], person.name
    # the laptop knows whom it went to, and takes it back
    laptop.run("status", "delete", number(laptop, "later"))
    for person in (anna, ben):
        person.messages()
        assert texts(person) == [], person.name


def test_misuse_is_said(relay, anna):
    assert anna.run("status", "post", "hi", check=False).returncode != 0
    assert anna.run("status", "view", "7", check=False).returncode == 7
    assert anna.run("status", "view", "x", check=False).returncode == 2
    assert anna.run("status", "dance", check=False).returncode == 2


def test_on_the_screen(relay, anna, ben):
    meet(anna, ben)
    post(anna, "at the lake")
    ben.messages()
    for rows, cols in ((24, 80), (6, 20)):
        screen = Screen(ben, rows, cols)
        screen.wait(lambda s: "Anna" in s)
        screen.type("\x1bs")  # Alt-S
        screen.wait(lambda s: "at the lake" in s)
        if cols == 80:
            screen.type("\r")
            screen.wait(lambda s: "Answer Anna" in s)
            screen.type("cold?\r")
            screen.wait(lambda s: "Your answer is in the chat" in s)
        screen.kill()
    ben.messages()  # what could not leave before
    assert [m["text"] for m in anna.messages()] == ["cold?"]
    assert posts(anna)[0]["views"] == 1
