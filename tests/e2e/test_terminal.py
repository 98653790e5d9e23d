# SPDX-License-Identifier: GPL-3.0-or-later
"""What the full-screen client does to its terminal and to its machine."""
import os
import pathlib
import re
import select
import signal
import stat
import subprocess
import termios
import time

import pytest

from harness import DEADLINE, SOTTO, Screen, base_env

CTRL_Q, CTRL_X, CTRL_E, CTRL_Z = "\x11", "\x18", "\x05", "\x1a"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def quit_client(screen):
    screen.type(CTRL_Q)
    assert os.WEXITSTATUS(screen.end()) == 0


def settle(screen, quiet=0.3):
    """Until nothing has been drawn for a while."""
    while select.select([screen.fd], [], [], quiet)[0]:
        if not screen._fill(time.monotonic() + 1):
            break


def wakeups(pid):
    """How often the threads of a process have slept and been woken."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text,
                               re.M).group(1))
    return total


def test_idle_means_idle(relay, anna, ben):
    """No timer, no polling: nothing runs while nothing happens."""
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    s.wait("hi")
    settle(s, 1)
    before = wakeups(s.pid)
    # Five seconds in which nothing may happen: a wait for what must not come.
    assert select.select([s.fd], [], [], 5)[0] == []
    assert wakeups(s.pid) - before == 0
    if "asan" not in SOTTO:
        rss = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(
            f"/proc/{s.pid}/status").read_text()).group(1))
        assert rss < 16 * 1024, f"{rss} KiB"
    quit_client(s)


def test_a_drawing_that_changes_nothing_sends_nothing(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    settle(s)
    sent = len(s.raw)
    s.type("\x1b[I")  # the focus comes in
    settle(s)
    assert s.raw[sent:] == b""
    s.type("x")
    s.wait("› x")
    settle(s)
    assert len(s.raw) - sent < 100  # a key costs a few bytes
    quit_client(s)


@pytest.mark.parametrize("env,says", [
    ({"TERM": "dumb"}, "cannot move its cursor"),
    ({"TERM": "no-such-terminal"}, "unknown here"),
    ({"TERM": ""}, "TERM is not set"),
])
def test_a_terminal_that_will_not_do_is_told_in_a_sentence(anna, env, says):
    s = Screen(anna, env=env)
    s.wait(says)
    assert os.WEXITSTATUS(s.end()) == 1
    assert b"\x1b" not in s.raw


def test_no_terminal_at_all(anna):
    done = subprocess.run([SOTTO], env=anna.env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr
    assert done.stdout == ""


def test_a_second_client_of_the_profile_says_who_is_first(relay, anna):
    s = Screen(anna)
    s.wait("online")
    t = Screen(anna)
    t.wait(rf"in use by process {s.pid}\b")
    assert os.WEXITSTATUS(t.end()) == 1
    quit_client(s)


def test_suspend_gives_the_terminal_back_and_takes_it_again(relay, anna, ben):
    anna.run("send", ben.phone, "before the pause")
    s = Screen(anna)
    s.wait("online")
    raw_mode = termios.tcgetattr(s.fd)[3]
    assert not raw_mode & termios.ICANON
    s.type("draft " + CTRL_Z)
    _, status = os.waitpid(s.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    settle(s)
    assert b"\x1b[?1049l" in s.raw and b"\x1b[?2004l" in s.raw
    assert termios.tcgetattr(s.fd)[3] & termios.ICANON
    mark = len(s.raw)
    os.kill(s.pid, signal.SIGCONT)
    s.wait("before the pause")
    s.wait("draft")
    settle(s)
    assert b"\x1b[?1049h" in s.raw[mark:] and b"\x1b[?2004h" in s.raw[mark:]
    assert not termios.tcgetattr(s.fd)[3] & termios.ICANON
    s.type("again")
    s.wait("draft again")
    quit_client(s)


def test_an_editor_of_ones_own(relay, anna, ben, folder):
    """It gets the text, gives it back, and nothing of it stays behind."""
    anna.run("send", ben.phone, "hi")
    seen = folder / "seen"
    editor = folder / "editor"
    editor.write_text(
        "#!/bin/sh\n"
        f'cat "$2" > {seen}\n'
        f'ls -l "$2" >> {seen}\n'
        'printf "written\\noutside" > "$2"\n'
        'echo "$1 $2"; read answer\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    s = Screen(anna, env={"VISUAL": f"{editor} -x",
                          "XDG_RUNTIME_DIR": str(folder)})
    s.wait("online")
    s.type("a start" + CTRL_X + CTRL_E)
    path = pathlib.Path(s.wait(r"-x (/\S+\.txt)").group(1))
    assert folder in path.parents
    assert path.exists()
    # What comes in meanwhile is not lost, and does not draw over the editor.
    ben.run("send", anna.phone, "while you wrote")
    settle(s)
    assert "while you wrote" not in s.text()
    s.type("\n")
    s.wait("written")
    s.wait("outside")
    s.wait("while you wrote")
    assert not path.exists()
    assert "a start" in seen.read_text()
    assert "-rw-------" in seen.read_text()
    quit_client(s)


def test_a_failing_editor_leaves_the_text(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna, env={"VISUAL": "false"})
    s.wait("online")
    s.type("mine" + CTRL_X + CTRL_E)
    s.wait("the text is as it was")
    s.wait("› mine")
    quit_client(s)


def test_columns_hold_on_a_terminal_that_measures_emoji_wrongly(
        relay, anna, ben):
    """This emulator draws the family six cells wide instead of two."""
    ben.run("send", anna.phone, f"{FAMILY} the boat")
    anna.run("send", ben.phone, f"me too {FAMILY}!")
    s = Screen(anna)
    s.wait("the boat")
    s.wait("me too")
    settle(s)
    rows = [[s.term.buffer[y][x].data for x in range(80)]
            for y in range(1, 22)]
    assert all(row[24] == "│" for row in rows), s.text()
    # What follows the family stands where it would behind two cells.
    theirs = next(r for r in rows if "the boat" in "".join(r[25:]))
    assert re.fullmatch(r" the boat  \d\d:\d\d", "".join(theirs[28:44]))
    own = next(r for r in rows if "me too" in "".join(r[25:]))
    assert re.fullmatch(r"!  \d\d:\d\d ✓", "".join(own[67:77])), own
    quit_client(s)


def test_colours_follow_the_terminal(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    for env, has, lacks in (
            ({}, rb"\x1b\[38;5;\d+m", rb"38;2;"),
            ({"COLORTERM": "truecolor"}, rb"\x1b\[38;2;\d+;\d+;\d+m",
             rb"38;5;"),
            ({"TERM": "xterm"}, rb"\x1b\[3[0-7]m", rb"[34]8;"),
            ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, rb"\x1b\[\S*7m",
             rb"\x1b\[[0-9;]*(3[0-7]|4[0-7]|38|48)[;m]"),
    ):
        s = Screen(anna, env=env)
        s.wait("online")
        s.wait("hi")
        settle(s)
        picture = s.raw
        quit_client(s)
        picture = picture.replace(b"\x1b[39;49m", b"")
        assert re.search(has, picture), env
        assert not re.search(lacks, picture), env


def test_ascii_only_where_the_font_has_no_more(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna, env={"TERM": "linux"})
    s.wait(r"\* online")
    settle(s)
    assert s.text().isascii(), s.text()
    assert re.search(r"hi  \d\d:\d\d v", s.text())
    quit_client(s)


def test_light_ground_is_noticed(relay, anna, ben):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    settle(s)
    mark = len(s.raw)
    s.type("\x1b]11;rgb:ffff/ffff/ffff\x1b\\")
    settle(s)
    assert b"48;5;253m" in s.raw[mark:] or b"48;5;254m" in s.raw[mark:]
    quit_client(s)


def test_the_keyboard_protocol_is_used_only_where_it_is_answered(relay, anna):
    s = Screen(anna)
    s.wait("online")
    assert b"\x1b[>1u" not in s.raw
    s.type("\x1b[?0u")
    settle(s)
    assert b"\x1b[>1u" in s.raw
    s.kill(signal.SIGSEGV)
    assert s.raw.rindex(b"\x1b[<u") < s.raw.rindex(b"\x1b[?1049l")


def test_what_is_written_to_stderr_does_not_spoil_the_picture(relay, anna):
    """Messages of libraries are kept and shown when the screen is gone."""
    s = Screen(anna)
    s.wait("online")
    path = f"/proc/{s.pid}/fd/2"
    assert "memfd" in os.readlink(path)
    with open(path, "w") as f:
        f.write("a library complains\n")
    settle(s)
    assert "complains" not in s.text()
    quit_client(s)
    assert s.raw.rindex(b"a library complains") > s.raw.rindex(b"\x1b[?1049l")


def test_settings_are_kept(relay, anna):
    s = Screen(anna)
    s.wait("online")
    s.type("\x1bOS")  # F4
    s.wait("Notify by")
    s.type("\t\t\t \t\t\t \r")  # notifications, mouse
    s.wait(lambda text: "Notify by" not in text)
    settle(s)
    assert b"\x1b[?1000h" in s.raw
    quit_client(s)
    conf = pathlib.Path(anna.home) / ".config/sotto/default/screen.conf"
    assert "notify = sender" in conf.read_text()
    assert "mouse = yes" in conf.read_text()
    conf.write_text("mouse = perhaps\n")
    s = Screen(anna)
    # All of the sentence is there beside the state of the connection.
    s.wait(lambda text: "screen.conf:1: mouse" in text and
           "perhaps" in text and "online" in text)
    quit_client(s)


def test_the_terminal_goes_away(relay, anna, ben):
    """A closed window: the draft is kept, the process ends."""
    anna.run("send", ben.phone, "hi")
    s = Screen(anna)
    s.wait("online")
    s.type("kept all the same")
    s.wait("kept all the same")
    os.close(s.fd)
    deadline = time.monotonic() + DEADLINE
    while os.waitpid(s.pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)
    s = Screen(anna)
    s.wait("kept all the same")
    quit_client(s)


@pytest.mark.parametrize("env,start", [
    ({}, rb"\x1b\]9;Sotto: "),
    ({"VTE_VERSION": "7000"}, rb"\x1b\]777;notify;Sotto;"),
])
def test_who_looks_elsewhere_is_told_and_nothing_of_the_text(
        relay, anna, ben, env, start):
    anna.run("send", ben.phone, "hi")
    s = Screen(anna, env=env)
    s.wait("online")
    s.type("\x1b[O")  # the terminal is not looked at
    settle(s)
    mark = len(s.raw)
    ben.run("send", anna.phone, "a secret")
    s.wait("a secret")
    settle(s)
    told = re.findall(start + rb"([^\x07]*)\x07", s.raw[mark:])
    assert told == [b"New message"]
    assert re.search(rb"(^|[^e])\x07", s.raw[mark:])  # and the bell
    quit_client(s)
