# SPDX-License-Identifier: GPL-3.0-or-later
"""The full-screen client in a pseudo-terminal."""
import os
import re
import signal

import pytest

from harness import Person, Screen

CTRL_K, CTRL_Q, CTRL_S = "\x0b", "\x11", "\x13"
ALT_A = "\x1ba"


def quit_client(screen):
    screen.type(CTRL_Q)
    assert os.WEXITSTATUS(screen.end()) == 0


def test_first_run_from_an_empty_machine(relay, folder):
    """Everything in one form: address, number, name, passphrase, code."""
    cara = Person(folder / "cara", "Cara", "+4915550000033")
    del cara.env["SOTTO_PASSPHRASE"]
    mark = relay.mark()
    s = Screen(cara)
    s.wait("(?i)relay")
    for field in (relay.uri, "+49 155 5000 0033", "Cara", "correct horse"):
        s.type(field + "\t")
    s.type("correct horse\r")
    s.type(relay.code(cara.phone, mark))
    s.type("\r")
    s.wait("online")
    quit_client(s)
    # the next start asks for the passphrase, and says when it is wrong
    s = Screen(cara)
    s.wait("Passphrase")
    s.type("not it\r")
    s.wait("(?i)wrong|not the passphrase|does not open")
    s.type("\x15correct horse\r")
    s.wait("online")
    quit_client(s)


def test_two_people_talk_and_see_ticks(relay, anna, ben):
    anna.run("send", ben.phone, "are you there?")
    a, b = Screen(anna), Screen(ben)
    a.wait("online")
    b.wait("are you there")
    b.type(ALT_A)  # the next unread chat
    b.wait("Write a message")
    b.type("yes ❤️ and 👨‍👩‍👧‍👦\r")
    a.wait("yes ❤")
    a.type("good\r")
    b.wait("good")
    # Anna's client was shown Ben's reading: two ticks, marked as read
    a.wait(r"good.*✓✓")
    for s in (a, b):
        quit_client(s)
        assert b"\x1b[?1049l" in s.raw[-2000:]


def test_offline_then_back(relay, anna, ben):
    anna.run("send", ben.phone, "first")
    a = Screen(anna)
    a.wait("online")
    relay.kill()
    a.wait("(?i)offline|connecting|retry")
    a.type("written without a relay\r")
    a.wait("written without a relay")
    relay.restart()
    a.wait(r"written without a relay.*✓")
    a.wait(lambda text: "online" in text and "Offline" not in text)
    quit_client(a)
    assert [m["text"] for m in ben.messages()] == [
        "first", "written without a relay"]


@pytest.mark.parametrize("rows,cols", [(6, 20), (24, 80), (60, 200)])
def test_sizes(relay, anna, ben, rows, cols):
    anna.run("send", ben.phone, "hi there")
    s = Screen(anna, rows, cols)
    s.wait("hi there|Ben|155")
    for r, c in ((6, 20), (24, 80), (60, 200), (10, 40), (rows, cols)):
        s.resize(r, c)
        s.wait(lambda text: len(text.strip()) > 0)
    s.wait("hi there|Ben|155")
    for line in s.text().split("\n"):
        assert len(line) <= cols
    quit_client(s)


def test_draft_survives_a_restart_and_a_kill(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    s.type("not sent yet")
    s.wait("not sent yet")
    quit_client(s)
    s = Screen(anna)
    s.wait("not sent yet")
    quit_client(s)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP,
                                 signal.SIGSEGV, signal.SIGABRT])
def test_the_terminal_is_restored_whatever_happens(relay, anna, sig):
    s = Screen(anna)
    s.wait("online")
    s.kill(sig)
    assert b"\x1b[?1049l" in s.raw
    assert b"\x1b[?2004l" in s.raw
    assert s.raw.rindex(b"\x1b[?1049l") > s.raw.rindex(b"\x1b[?1049h")


def test_help_and_palette(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    s.type("\x1bOP")  # F1
    s.wait("Editing text")
    s.type("\x1b")
    s.wait(lambda text: "Editing text" not in text)
    s.type(CTRL_K)
    s.wait("┌─ Go to")
    s.type("\x1b")
    s.wait(lambda text: "┌─ Go to" not in text)
    quit_client(s)


def test_search_jumps_and_returns(relay, anna, ben):
    for i in range(60):
        anna.run("send", ben.phone, "needle in here" if i == 3 else f"hay {i}")
    s = Screen(anna)
    s.wait("hay 59")
    s.type(CTRL_S)
    s.type("needle")
    s.wait("needle in here")
    s.type("\r")
    s.wait(r"hay 4\b")
    quit_client(s)


def test_paste_of_many_lines_asks_first(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    text = "\r".join(f"line {i}" for i in range(40))
    s.type(f"\x1b[200~{text}\x1b[201~")
    s.wait("(?i)40 lines")
    s.type("\x1b")
    s.wait(lambda text: "40 lines" not in text)
    quit_client(s)
    assert ben.messages()[-1]["text"] == "hi"


def test_hostile_text_does_not_reach_the_terminal(relay, anna, ben):
    anna.run("send", ben.phone, "a\x1b]0;owned\x07b\u202eevil\rX")
    s = Screen(ben)
    s.wait("evil")
    assert b"\x1b]0;owned" not in s.raw
    assert "\u202e".encode() not in s.raw
    quit_client(s)
