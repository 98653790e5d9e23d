# SPDX-License-Identifier: GPL-3.0-or-later
"""Several devices of one account: real processes, a real relay."""
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess

import pytest

from harness import DEADLINE, Person, Screen

ALT_A, CTRL_Q = "\x1ba", "\x11"
F2, F3, F6 = "\x1bOQ", "\x1bOR", "\x1b[17~"


class Device(Person):
    """Another machine of somebody: its own folder, the same account."""

    def __init__(self, folder, person, name):
        super().__init__(folder, name, person.phone)

    def link(self, relay, first, check=True):
        """By the two commands, comparing the codes as a person would."""
        new, shown = self.spawn("link", "--json", "--relay", relay.uri,
                                "--name", self.name)
        offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
        old, asked = first.spawn("link", "--json", "--yes", "--answer", offer)
        theirs = json.loads(asked.wait(r'\{"code":.*\}\n').group(0))
        ours = json.loads(shown.wait(r'\{"code":.*\}\n').group(0))
        assert theirs["code"] == ours["code"] and len(ours["code"]) == 6
        assert theirs["name"] == self.name
        shown.wait(r'\{"linked":.*\}\n')
        for proc, out in ((new, shown), (old, asked)):
            proc.stdin.close()
            out.rest()
            os.close(out.fd)
            assert proc.wait(DEADLINE) == 0, out.text
        return self


def lines(person, *args):
    out = person.run(*args, "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


def exported(person):
    """(direction, text, state) of every message, oldest first."""
    out = person.run("export").stdout.splitlines()
    return [(m["direction"], m["text"], m["state"])
            for m in map(json.loads, out)]


def texts(person):
    return [(d, t) for d, t, _ in exported(person) if d != "note"]


def test_a_second_and_a_third_device(relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "hello Anna")
    assert [m["text"] for m in laptop.messages()] == ["hello Anna"]
    assert [m["text"] for m in anna.messages()] == ["hello Anna"]
    laptop.run("send", ben.phone, "from the laptop")
    anna.run("send", ben.phone, "from the desk")
    assert [m["text"] for m in ben.messages()] == [
        "from the laptop", "from the desk"]
    anna.messages()
    laptop.messages()
    both = [("in", "hello Anna"), ("out", "from the laptop"),
            ("out", "from the desk")]
    assert sorted(texts(anna)) == sorted(both)
    assert texts(laptop) == both
    tablet = Device(folder / "tablet", anna, "tablet").link(relay, anna)
    ben.run("send", anna.phone, "to three")
    for device in (anna, laptop, tablet):
        assert device.messages()[-1]["text"] == "to three"
    tablet.run("send", ben.phone, "from the third")
    assert ben.messages()[-1]["text"] == "from the third"
    assert texts(tablet) == [("in", "to three"), ("out", "from the third")]
    rows = lines(tablet, "devices")
    assert [(r["device"], r["name"], r["listed"], r["this"]) for r in rows] == [
        (1, socket.gethostname(), True, False), (2, "laptop", True, False),
        (3, "tablet", True, True)]


def test_read_on_one_is_read_on_the_other(relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "read me")
    laptop.messages()
    assert [c["unread"] for c in lines(laptop, "list")] == [1]
    s = Screen(anna)
    s.wait("read me")
    s.type(ALT_A)
    s.wait("Write a message")
    follower, out = laptop.spawn("recv", "--json")
    ben.run("send", anna.phone, "and me")
    s.wait("and me")
    out.wait("and me")
    s.type("seen\r")
    s.wait(r"seen +\d\d:\d\d ✓")
    s.type(CTRL_Q)
    s.end()
    follower.send_signal(signal.SIGINT)
    out.rest()
    os.close(out.fd)
    follower.stdin.close()
    follower.wait(DEADLINE)
    laptop.messages()
    assert [c["unread"] for c in lines(laptop, "list")] == [0]
    assert ("out", "seen") in texts(laptop)
    ben.messages()
    assert ("note", "They have added a device.") not in [
        (d, t) for d, t, _ in exported(ben)]  # it was there before they met


def test_a_removed_device_says_so_and_gets_nothing_more(
        relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "to both")
    laptop.messages()
    tablet = Device(folder / "tablet", anna, "tablet").link(relay, anna)
    gone, out = laptop.spawn("recv", "--json")
    ben.run("send", anna.phone, "still both")
    out.wait("still both")
    anna.run("devices", "--remove", "2")
    out.wait("no longer part of the account")
    out.rest()
    os.close(out.fd)
    gone.stdin.close()
    assert gone.wait(DEADLINE) != 0
    ben.run("send", anna.phone, "not for the laptop")
    tablet.run("send", ben.phone, "neither this")
    assert laptop.run("recv", "--once", check=False).returncode != 0
    assert anna.messages()[-1]["text"] == "not for the laptop"
    assert tablet.messages()[-1]["text"] == "not for the laptop"
    ben.messages()
    assert "neither this" in [t for _, t in texts(ben)]
    assert ("out", "neither this") not in texts(laptop)
    assert ("in", "not for the laptop") not in texts(laptop)
    states = {s for d, _, s in exported(ben) if d == "out"}
    assert "failed" not in states and "pending" not in states
    notes = [t for d, t, _ in exported(ben) if d == "note"]
    assert notes == ["They have added a device."]
    assert [r["device"] for r in lines(anna, "devices")] == [1, 3]
    assert [r["name"] for r in lines(tablet, "devices")] == [
        socket.gethostname()[:64], "tablet"]
    # and it can come back, as another one
    (folder / "again").mkdir()
    Device(folder / "again" / "x", anna, "back").link(relay, anna)
    assert [r["device"] for r in lines(anna, "devices")] == [1, 3, 4]


def test_names_refusals_and_mistakes(relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    anna.run("devices", "--rename", "2", "kitchen")
    assert lines(laptop, "devices")[1]["name"] == "kitchen"
    assert "registered the number" in laptop.run(
        "devices", "--rename", "2", "mine", check=False).stderr
    assert laptop.run("link", "--answer", "SOTTO:LINK/1/AAAA",
                      check=False).returncode != 0
    assert "neither" in anna.run("link", "--answer", "/nowhere",
                                 check=False).stderr
    other = Device(folder / "other", anna, "other")
    new, shown = other.spawn("link", "--json", "--relay", relay.uri)
    offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
    no = anna.run("link", "--json", "--answer", offer, stdin="n\n",
                  check=False)
    assert no.returncode != 0
    shown.wait("refused")
    shown.rest()
    os.close(shown.fd)
    new.stdin.close()
    assert new.wait(DEADLINE) != 0
    assert [r["device"] for r in lines(anna, "devices")] == [1, 2]
    assert "not registered yet" in other.run("profile").stdout


@pytest.mark.skipif(not shutil.which("qrencode"), reason="needs qrencode")
def test_a_picture_of_the_code_is_as_good(relay, anna, folder):
    laptop = Device(folder / "laptop", anna, "laptop")
    new, shown = laptop.spawn("link", "--json", "--relay", relay.uri)
    offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
    picture = folder / "code.png"
    subprocess.run(["qrencode", "-s", "4", "-o", str(picture), offer],
                   check=True)
    assert "Linked." in anna.run("link", "--answer", str(picture),
                                 stdin="y\n").stdout
    shown.wait(r'\{"linked":.*\}\n')
    shown.rest()
    os.close(shown.fd)
    new.stdin.close()
    assert new.wait(DEADLINE) == 0


def modules(text):
    """The QR code of a text: rows of dark and light."""
    drawn = subprocess.run(["qrencode", "-t", "ASCII", "-m", "4", text],
                           check=True, capture_output=True, text=True).stdout
    return [[line[i] == "#" for i in range(0, len(line), 2)]
            for line in drawn.splitlines()]


def recording(path, text, scale=6):
    """What a camera would see: nothing, another code, then this one."""
    codes = [[[False] * 45] * 45, modules("WIFI:S:home;;"), modules(text)]
    side = max(len(c) for c in codes) * scale
    with open(path, "wb") as out:
        out.write(b"YUV4MPEG2 W%d H%d F10:1 Cmono\n" % (side, side))
        for code in codes:
            rows = [bytes(0 if dark else 255 for dark in row
                          for _ in range(scale)).ljust(side, b"\xff")
                    for row in code for _ in range(scale)]
            rows += [b"\xff" * side] * (side - len(rows))
            out.write(b"FRAME\n" + b"".join(rows))


def linked(new, shown):
    shown.wait(r'\{"linked":.*\}\n')
    shown.rest()
    os.close(shown.fd)
    new.stdin.close()
    assert new.wait(DEADLINE) == 0


@pytest.mark.skipif(not shutil.which("qrencode"), reason="needs qrencode")
def test_a_camera_reads_the_code(relay, anna, folder):
    film = folder / "film.y4m"
    assert "there is no camera" in anna.run(
        "link", "--camera", str(film), check=False).stderr
    film.write_text("no film")
    assert "no camera that can be used" in anna.run(
        "link", "--camera", str(film), check=False).stderr
    recording(film, "WIFI:S:other;;")
    assert "recording has ended" in anna.run(
        "link", "--camera", str(film), check=False).stderr
    laptop = Device(folder / "laptop", anna, "laptop")
    new, shown = laptop.spawn("link", "--json", "--relay", relay.uri)
    offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
    recording(film, offer)
    assert "Linked." in anna.run("link", "--camera", str(film),
                                 stdin="y\n").stdout
    linked(new, shown)


@pytest.mark.skipif(not shutil.which("qrencode"), reason="needs qrencode")
def test_the_screen_reads_the_code_by_camera_and_from_a_file(
        relay, anna, folder):
    film, empty = folder / "film.y4m", folder / "empty.png"
    subprocess.run(["qrencode", "-o", str(empty), "nothing of ours"],
                   check=True)
    laptop = Device(folder / "laptop", anna, "laptop")
    new, shown = laptop.spawn("link", "--json", "--relay", relay.uri)
    offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
    picture = folder / "code.png"
    subprocess.run(["qrencode", "-s", "4", "-o", str(picture), offer],
                   check=True)
    s = Screen(anna, env={"SOTTO_CAMERA": str(film)})
    s.wait("online")
    s.type(F6)
    s.wait("this one, the first")
    s.type("l")
    s.wait("Link a new device")
    s.type(F3)  # there is no such recording
    s.wait("There is no camera")
    s.type("\x1b")
    s.wait(lambda text: "There is no camera" not in text)
    s.type("l")
    s.wait("Link a new device")
    s.type(F2)
    s.wait("A picture of its code")
    s.type(str(folder) + "/")
    s.wait("empty.png")
    s.type("empty\r")
    s.wait("not one of a new device")
    recording(film, offer)
    s.type("l")
    s.wait("Link a new device")
    s.type(F3)
    s.wait(r"\d{3} \d{3}")
    s.type("n")
    shown.wait("refused")
    shown.rest()
    os.close(shown.fd)
    new.stdin.close()
    assert new.wait(DEADLINE) != 0
    # once more, from the picture of a new code
    new, shown = laptop.spawn("link", "--json", "--relay", relay.uri)
    offer = json.loads(shown.wait(r'\{"offer":.*\}\n').group(0))["offer"]
    subprocess.run(["qrencode", "-s", "4", "-o", str(picture), offer],
                   check=True)
    s.type("l")
    s.wait("Link a new device")
    s.type(F2)
    s.wait("code.png")
    s.type("code\r")
    s.wait(r"\d{3} \d{3}")
    s.type("y")
    linked(new, shown)
    s.wait("What shall the new device get")
    s.type(CTRL_Q)
    s.end()


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def first_field(packed):
    """The bytes of the field that a packed message begins with."""
    at, n, shift = 1, 0, 0
    while packed[at] & 128:
        n, shift, at = n | (packed[at] & 127) << shift, shift + 7, at + 1
    n, at = n | packed[at] << shift, at + 1
    return packed[at:at + n], packed[at + n:]


def test_a_relay_cannot_add_a_device(relay, anna, ben, folder):
    """Carl's device, moved into Anna's account by who runs the relay."""
    carl = Person(folder / "carl", "Carl", "+4915550000033").register(relay)
    ben.run("send", anna.phone, "before")
    relay.stop()
    db = sqlite3.connect(next((folder / "relay").rglob("relay.db")))
    rows = dict(db.execute("SELECT phone, row FROM account"))
    of = {str(phone)[-2:]: row for phone, row in rows.items()}
    identity, = db.execute("SELECT identity_pk FROM device WHERE account = ?",
                           (of["33"],)).fetchone()
    packed, = db.execute("SELECT device_list FROM account WHERE row = ?",
                         (of["11"],)).fetchone()
    listed, signature = first_field(packed)
    listed += field(4, b"\x08\x09" + field(2, identity) + field(5, bytes(64)))
    db.execute("UPDATE account SET device_list = ? WHERE row = ?",
               (field(1, listed) + signature, of["11"]))
    db.execute("UPDATE device SET account = ?, device_id = 9"
               " WHERE account = ?", (of["11"], of["33"]))
    db.commit()
    db.close()
    relay.restart()
    done = ben.run("send", anna.phone, "for Anna only", check=False)
    assert done.returncode != 0
    assert "do not check out" in done.stderr + done.stdout + "".join(
        t for _, t, _ in exported(ben))
    carl.run("recv", "--once", check=False)
    assert "for Anna only" not in str(exported(carl))
    assert ("out", "for Anna only", "failed") in exported(ben)
