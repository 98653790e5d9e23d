# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at the worst moments: every message arrives exactly once."""
import json

from harness import Person, Screen
from test_groups import group, meet

ALT_A, CTRL_Q = "\x1ba", "\x11"


def export(person):
    out = person.run("export").stdout
    return [json.loads(line) for line in out.splitlines()]


def texts(person, direction):
    return [m["text"] for m in export(person)
            if m["direction"] == direction and m["text"].startswith("m ")]


def open_chat(person, other):
    """The person's client with the chat of the other one in front."""
    person.run("send", other.phone, "hello")
    s = Screen(person)
    s.wait("Write a message")
    s.wait("online")
    return s


def quit_client(screen):
    screen.type(CTRL_Q)
    screen.end()


def test_relay_killed_in_the_middle_of_1000_sends(relay, anna, ben):
    a = open_chat(anna, ben)
    b = Screen(ben)
    b.wait("hello")
    b.type(ALT_A)
    b.wait("Write a message")
    count = 1000
    for i in range(count):
        a.type(f"m {i}\r")
        if i in (300, 650):
            b.wait(rf"m {i - 200}\b|m {i - 1}\b|m {i}\b")
            relay.kill()
            relay.restart()
    a.wait(rf"m {count - 1}\s.*✓✓", seconds=120)
    b.wait(rf"m {count - 1}\b", seconds=120)
    quit_client(a)
    quit_client(b)
    want = [f"m {i}" for i in range(count)]
    assert texts(ben, "in") == want
    assert texts(anna, "out") == want
    states = {m["state"] for m in export(anna) if m["text"].startswith("m ")}
    assert states <= {"delivered", "read"}, states


def test_client_killed_in_the_middle_of_sending(relay, anna, ben):
    a = open_chat(anna, ben)
    typed = 0
    for round_ in range(3):
        for _ in range(120):
            a.type(f"m {typed}\r")
            typed += 1
        a.wait(rf"m {typed - 60}\b")
        a.kill()
        a = Screen(anna)
        a.wait("Write a message")
    a.type("m end\r")
    a.wait(r"m end.*✓")
    quit_client(a)
    ben.messages()
    kept = texts(anna, "out")
    # what was in her store when she was killed is what Ben has, once
    assert kept[-1] == "m end" and len(kept) > 180
    assert len(set(kept)) == len(kept)
    assert texts(ben, "in") == kept


def test_client_killed_in_the_middle_of_receiving(relay, anna, ben):
    a = open_chat(anna, ben)
    count = 600
    for i in range(count):
        a.type(f"m {i}\r")
    a.wait(rf"m {count - 1}\s.*✓", seconds=60)
    for _ in range(4):
        b = Screen(ben)
        b.wait(r"m \d+|hello")
        b.kill()
    b = Screen(ben)
    b.wait(rf"m {count - 1}\b", seconds=60)
    quit_client(b)
    a.wait(rf"m {count - 1}\s.*✓✓", seconds=60)
    quit_client(a)
    assert texts(ben, "in") == [f"m {i}" for i in range(count)]
    assert ben.run("check").stdout.strip() == "The store is whole."


def test_group_with_relay_sender_and_reader_killed(relay, anna, ben, folder):
    cat = Person(folder / "cat", "Cat", "+4915550000033").register(relay)
    meet(anna, ben, cat)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    ben.messages()
    anna.run("group", "send", "Rowing", "m start")
    a = Screen(anna)
    a.wait("Rowing")
    a.wait("Write a message")
    typed = 0
    for order in ((relay, a), (a, relay), (relay, a)):
        for _ in range(50):
            a.type(f"m {typed}\r")
            typed += 1
        a.wait(rf"m {typed - 25}\b")
        for victim in order:
            (relay if victim is relay else a).kill()
        relay.restart()
        a = Screen(anna)
        a.wait("Write a message")
        b = Screen(ben)
        b.wait(r"m \d+|m start")
        b.kill()
    a.type("m end\r")
    a.wait(r"m end.*✓", seconds=60)
    quit_client(a)
    kept = texts(anna, "out")
    assert kept[0] == "m start" and kept[-1] == "m end" and len(kept) > 75
    assert len(set(kept)) == len(kept)
    for reader in (ben, cat):
        reader.messages()
        assert texts(reader, "in") == kept, reader.name
        assert reader.run("check").stdout.strip() == "The store is whole."
