# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with messages, chats and devices on the screen, between
real clients."""
import os
import re

from harness import Person, Screen

CTRL_Q, CTRL_UP = "\x11", "\x1b[1;5A"
ALT_I, ALT_N, ALT_T = "\x1bi", "\x1bn", "\x1bt"
ESC, ENTER, DOWN, UP = "\x1b", "\r", "\x1b[B", "\x1b[A"
F6, F7 = "\x1b[17~", "\x1b[18~"


def quit_client(*screens):
    for s in screens:
        s.type(CTRL_Q)
        assert os.WEXITSTATUS(s.end()) == 0


def gone(word):
    return lambda text: not re.search(word, text)


def talk(anna, ben):
    """Both in their chat with each other; Anna's "hello" is there."""
    anna.run("send", ben.phone, "hello there")
    a, b = Screen(anna), Screen(ben)
    a.wait("online")
    b.wait("hello there")
    b.type(ENTER)  # the list has the focus
    b.wait("Write a message")
    a.wait(r"hello there.*✓✓")
    return a, b


def test_reply_edit_react(relay, anna, ben):
    a, b = talk(anna, ben)
    b.type(CTRL_UP)
    b.type("r")
    b.wait("↳ .*: hello there")
    b.type("general greeting\r")
    a.wait("▏You: hello there")
    a.wait("general greeting")
    # changed within its time: both see it
    b.wait(r"general greeting.*✓✓")
    b.type(CTRL_UP)
    b.type("e")
    b.wait("Editing: general greeting")
    b.type("s\r")
    a.wait("general greetings(.|\n)*edited")
    # by number; the other side sees it
    a.type(CTRL_UP)
    a.type("+")
    a.wait("Or type one")
    a.type("1")
    b.wait("👍")
    # jump to what is answered
    a.type(CTRL_UP)
    a.type(ENTER)
    a.wait("Esc brings you back")
    a.wait(r"▸hello there")
    # earlier texts are in the details
    a.type(ESC)
    a.wait(gone("▸hello there"))
    b.type(CTRL_UP)
    b.type("i")
    b.wait("Earlier texts(.|\n)*general greeting")
    b.type("q")
    quit_client(a, b)


def test_delete_for_me_undo_and_for_everyone(relay, anna, ben):
    a, b = talk(anna, ben)
    b.type(CTRL_UP)
    b.type("d")
    b.wait("Delete this message")
    assert "for everyone" not in b.text()  # it is not Ben's
    b.type("m")
    b.wait(lambda text: "brings it back" in text and "hello" not in
           text.split("Deleted")[0].split("│", 2)[-1].split("Today")[-1])
    b.type("u")
    b.wait("Nothing is deleted(.|\n)*")
    b.wait("hello there +")
    a.type(CTRL_UP)
    a.type("d")
    a.wait("for everyone")
    a.type("e")
    a.wait("(?i)you deleted|was deleted|deleted this")
    b.wait("(?i)was deleted|deleted this")
    quit_client(a, b)
    assert "hello there" not in ben.run("list", check=False).stdout


def test_forward_and_star(relay, anna, ben, folder):
    cara = Person(folder / "cara", "Cara", "+4915550000033").register(relay)
    cara.run("send", anna.phone, "I am Cara")
    a, b = talk(anna, ben)
    a.wait("I am Cara")
    a.type(CTRL_UP)
    a.type("s")
    a.wait("★")
    a.type("f")
    a.wait("Forward to")
    a.type("0033 ")  # Cara, and the blank picks her
    a.wait(r"Forward to \(1\)")
    a.type(ENTER)
    a.wait("Forwarded")
    a.type(ALT_T)
    a.wait("Starred messages(.|\n)*hello there")
    a.type("s")
    a.wait("No longer starred")
    a.type("u")
    a.wait("Starred again")
    a.type(ENTER)
    a.wait("Esc brings you back")
    quit_client(a, b)
    assert cara.messages()[-1]["text"] == "hello there"


def test_mute_pin_timer_and_notes(relay, anna, ben):
    a, b = talk(anna, ben)
    a.type(ALT_I)
    a.wait("never compared")
    a.type("p")
    a.wait("Pinned +yes")
    a.type("m" + DOWN * 3 + ENTER)
    a.wait("Notifications +muted")
    a.type("t")
    a.wait("disappear after")
    a.type(DOWN * 5 + ENTER)
    a.wait("1 day after")
    a.type(ESC)
    a.wait(gone("Notifications"))
    # the other side is told
    b.wait("(?i)1 day|disappear")
    a.type("for a day only\r")
    b.wait("for a day only(.|\n)*◔")
    a.type(ALT_N)
    a.wait("🔒 Note to self")
    a.type("buy milk\r")
    a.wait(r"buy milk +\d\d:\d\d")
    quit_client(a, b)
    # kept over a restart
    a = Screen(anna)
    a.wait("📌")
    quit_client(a)


def test_a_new_device_is_linked_on_the_screen(relay, anna, ben, folder):
    anna.run("send", ben.phone, "before the desk")
    ben.messages()
    desk = Person(folder / "desk", "desk", anna.phone)
    del desk.env["SOTTO_PASSPHRASE"]
    n = Screen(desk, rows=30, cols=120)
    n.wait("set up this device")
    n.type(F6)
    n.wait("Link this device to your account")
    n.type(relay.uri + "\t")
    n.type("\x15desk\tcorrect horse\tcorrect horse\r")
    n.wait("SOTTO:LINK")
    # the whole code is there, and the text beside it, over several lines
    n.wait(lambda text: sum("██" in s for s in text.split("\n")) >= 21)
    side = "".join(
        line.split("█")[-1].strip(" │") for line in n.text().split("\n"))
    offer = re.search(r"SOTTO:LINK/1/[A-Z2-7]{77}", side).group(0)

    a = Screen(anna, rows=30, cols=120)
    a.wait("online")
    a.type(F6)
    a.wait("this one, the first")
    a.type("l")
    a.wait("Link a new device")
    a.type("\x1b[200~" + offer + "\x1b[201~\r")
    found = a.wait(r"│ (\d{3} \d{3}) ")
    code = found.group(1)
    n.wait("│ " + code + " ")
    a.type("y")
    n.wait("Linked")
    a.wait("What shall the new device get")
    a.type(UP + ENTER)  # everything
    n.wait("before the desk")
    # what one sends is on the other
    a.type(ESC)
    a.wait(gone("Your devices"))
    a.type("from the laptop\r")
    n.wait("from the laptop")
    # and out again: it says so, and destroys what it has
    a.type(F6)
    a.wait(r"2  desk")
    a.type(DOWN)
    a.wait("▸ 2  desk")
    a.type("d")
    a.wait("leaves your account")
    a.type("y")
    n.wait("This device was removed")
    n.type("w")
    n.wait("Destroy everything here")
    n.type("y")
    n.wait("set up this device")
    quit_client(a, n)


def test_a_group_is_made_and_talks(relay, anna, ben):
    a, b = talk(anna, ben)
    a.type(F7)
    a.wait("New group")
    a.type("Sailing" + ENTER)
    a.wait("Who is in Sailing")
    a.type(" " + ENTER)  # the only person there is
    a.wait("🔒 Sailing")
    b.wait("& Sailing")
    a.type("at nine?\r")
    b.wait("at nine")
    b.type("\x1ba")  # the next chat with something unread
    b.wait("🔒 Sailing")
    b.wait(r"Anna *\n(.|\n)*at nine\? ")
    b.type("yes\r")
    a.wait(r"│ yes +\d\d:\d\d")
    a.type(ALT_I)
    a.wait("Sailing: 2 members")
    a.wait("You +admin")
    quit_client(a, b)
