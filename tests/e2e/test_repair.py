# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that break: a folder put back from a copy, a damaged record."""
import json
import shutil
import subprocess

from harness import BUILD, DEADLINE, Screen

ALT_A, CTRL_Q = "\x1ba", "\x11"


def open_chat(person):
    """The client of somebody who has one chat, with that in front."""
    s = Screen(person)
    s.wait("online")
    if "Write a message" not in s.text():
        s.type("\t")
        s.wait("▸")
        s.type("\r")
    s.wait("Write a message")
    return s


def quit_client(screen):
    screen.type(CTRL_Q)
    screen.end()


def texts(person, direction):
    lines = person.run("export").stdout.splitlines()
    return [m["text"] for m in map(json.loads, lines)
            if m["direction"] == direction]


def states(person):
    lines = person.run("export").stdout.splitlines()
    return {m["text"]: m["state"] for m in map(json.loads, lines)}


def say(who, text, to):
    who.type(text + "\r")
    to.wait(text)


def meet(anna, ben):
    anna.run("send", ben.phone, "hello")
    a = open_chat(anna)
    b = Screen(ben)
    b.wait("hello")
    b.type(ALT_A)
    b.wait("Write a message")
    say(b, "hello back", a)
    return a, b


def test_a_folder_put_back_heals_both_ways(relay, anna, ben, tmp_path):
    a, b = meet(anna, ben)
    quit_client(b)
    old = tmp_path / "old"
    shutil.copytree(ben.home, old)
    b = open_chat(ben)
    for i in range(5):
        say(a, f"forgotten {i}", b)
        say(b, f"also forgotten {i}", a)
    quit_client(b)
    shutil.rmtree(ben.home)
    shutil.copytree(old, ben.home)
    b = open_chat(ben)
    say(b, "from the past", a)
    say(a, "to the past", b)
    say(b, "and on", a)
    a.wait(r"to the past +\d\d:\d\d ✓✓")
    b.wait(r"and on +\d\d:\d\d ✓✓")
    quit_client(a)
    quit_client(b)
    assert texts(ben, "in") == ["hello", "to the past"]
    assert texts(ben, "out") == ["hello back", "from the past", "and on"]
    assert texts(anna, "in")[-2:] == ["from the past", "and on"]
    assert "waiting" not in states(anna).values()


def break_sessions(person):
    folder = next(person.home.rglob("store.key")).parent
    done = subprocess.run(
        [str(BUILD / "tests" / "break_session"), str(folder)], env=person.env,
        capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stdout == "1\n"


def test_a_damaged_record_heals(relay, anna, ben):
    a, b = meet(anna, ben)
    quit_client(b)
    break_sessions(ben)
    for i in range(30):
        a.type(f"while broken {i}\r")
    a.wait(r"while broken 29 +\d\d:\d\d ✓")
    b = open_chat(ben)
    b.wait("while broken 29")
    a.wait(r"while broken 29 +\d\d:\d\d ✓✓")
    say(b, "heard you", a)
    quit_client(a)
    break_sessions(anna)  # and now the other one's, before she sends
    a = open_chat(anna)
    say(a, "good", b)
    a.wait(r"good +\d\d:\d\d ✓✓")
    quit_client(a)
    quit_client(b)
    want = ["hello"] + [f"while broken {i}" for i in range(30)] + ["good"]
    assert texts(ben, "in") == want
    assert set(states(anna).values()) <= {"received", "delivered", "read"}
    assert ben.run("check").stdout.strip() == "The store is whole."
