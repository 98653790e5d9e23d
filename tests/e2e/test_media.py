# SPDX-License-Identifier: GPL-3.0-or-later
"""Files between real clients over a real relay: each kind, groups, several
devices, and what is killed in the middle."""
import hashlib
import json
import os
import struct
import zlib
from pathlib import Path

import pytest

from harness import DEADLINE, Person, Relay, contains, steady_port
from test_devices import Device
from test_groups import group, meet

VECTORS = Path(__file__).parent.parent / "vectors" / "media"
SECRET = b"taken at 52.5200N 13.4050E"


def png(side=8, tell=SECRET):
    """A picture that tells where it was taken."""
    def part(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(
            ">I", zlib.crc32(body))

    rows = b"".join(b"\0" + b"\x20\x40\x80" * side for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n"
            + part(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + part(b"tEXt", b"Comment\0" + tell)
            + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))


def lines(person, *args, check=True):
    out = person.run(*args, "--json", check=check).stdout
    return [json.loads(line) for line in out.splitlines()]


def sent(person, number, *args, **kw):
    """The last line: what became of it."""
    return lines(person, "send", number, *args, **kw)[-1]


def newest(person):
    """What came in, in full."""
    got = [m for m in person.messages() if not m["outgoing"]]
    assert got, "nothing has come"
    return got[-1]


def fetched(person, message, folder):
    folder.mkdir(exist_ok=True)
    got = lines(person, "fetch", str(message), "--to", str(folder))
    path = got[-1]["path"]
    assert os.path.dirname(path) == str(folder)
    with open(path, "rb") as f:
        return os.path.basename(path), f.read()


@pytest.fixture
def relay(folder):
    r = Relay(folder / "relay", f"--blobs-listen=127.0.0.1:{steady_port()}")
    yield r
    r.stop()


def test_each_kind_both_ways(relay, anna, ben, folder):
    content = os.urandom(100_000)
    note = folder / "report, final.pdf"
    note.write_bytes(content)
    photo = folder / "lake.png"
    photo.write_bytes(png())

    assert sent(anna, ben.phone, "--file", str(note), "--caption",
                "read this")["state"] == "sent"
    m = newest(ben)
    assert (m["kind"], m["text"]) == ("media", "read this")
    assert m["media"]["kind"] == "file" and m["media"]["size"] == 100_000
    assert m["media"]["state"] == "not-fetched"
    name, data = fetched(ben, m["id"], folder / "to-ben")
    assert name == "report, final.pdf" and data == content
    # again: it is here, and no file is written over
    name, data = fetched(ben, m["id"], folder / "to-ben")
    assert name == "report, final (1).pdf" and data == content

    # the other way, and without what it tells
    assert sent(ben, anna.phone, "--file", str(photo))["state"] == "sent"
    m = newest(anna)
    assert m["media"]["kind"] == "photo" and m["media"]["width"] == 8
    assert m["media"]["tiny"].startswith("010808")
    _, data = fetched(anna, m["id"], folder / "to-anna")
    assert SECRET not in data and data.startswith(b"\x89PNG")
    assert sent(ben, anna.phone, "--original", "--file",
                str(photo))["state"] == "sent"
    _, data = fetched(anna, newest(anna)["id"], folder / "to-anna")
    assert data == png()

    # a video says how long it is, and how it looks
    assert sent(ben, anna.phone, "--file",
                str(VECTORS / "clip.mp4"))["state"] == "sent"
    m = newest(anna)["media"]
    assert m["kind"] == "video" and 2400 <= m["duration_ms"] <= 2600
    assert (m["width"], m["height"]) == (160, 90)
    assert m["tiny"].startswith("0118") and len(set(m["tiny"])) > 4

    # cards and places have no file
    assert sent(anna, ben.phone, "--contact", "+4915550000099",
                "--contact-name", "Cleo")["state"] == "sent"
    m = newest(ben)["media"]
    assert (m["kind"], m["name"], m["phone"]) == (
        "contact", "Cleo", "+4915550000099")
    assert sent(anna, ben.phone, "--location=-52.52,13.405",
                "here")["state"] == "sent"
    m = newest(ben)
    assert (m["text"], m["media"]["lat"], m["media"]["lon"]) == (
        "here", "-52.5200000", "13.4050000")

    # an album, in its order
    assert sent(anna, ben.phone, "--file", str(photo), "--file",
                str(note))["state"] == "sent"
    two = ben.messages()
    assert [t["media"]["kind"] for t in two] == ["photo", "file"]
    assert two[0]["media"]["album"] == two[1]["media"]["album"]

    # equal files are not equal on the relay, and nothing is to be read there
    blobs = [p for p in (folder / "relay" / "data").rglob("*")
             if p.is_file() and "blobs" in str(p)]
    digests = [hashlib.sha256(p.read_bytes()).digest() for p in blobs]
    assert len(blobs) == 6 and len(set(digests)) == 6
    hit = contains(folder / "relay", content[:64], SECRET, b"IDAT",
                   b"report, final")
    assert not hit
    # nor here: what is kept is sealed
    for person in (anna, ben):
        assert not contains(person.home, content[:64], b"IDAT")


def test_what_cannot_be_sent_or_fetched_is_said(relay, anna, ben, folder):
    gone = anna.run("send", ben.phone, "--file", str(folder / "nothing"),
                    check=False)
    assert gone.returncode == 7 and "cannot be opened" in gone.stderr
    bad = folder / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff no picture")
    refused = anna.run("send", ben.phone, "--file", str(bad), check=False)
    assert refused.returncode == 9 and "--original" not in refused.stdout
    assert "cannot be removed" in refused.stderr

    # taken back: the relay has it no more
    note = folder / "note.txt"
    note.write_bytes(b"never mind")
    s = sent(anna, ben.phone, "--file", str(note))
    m = newest(ben)
    for p in list((folder / "relay" / "data").rglob("*")):
        if p.is_file() and "blobs" in str(p):
            p.unlink()
    lost = ben.run("fetch", str(m["id"]), check=False, seconds=DEADLINE)
    assert lost.returncode == 7 and "no more" in lost.stderr, lost.stderr
    assert s["state"] == "sent"


def test_viewed_once(relay, anna, ben, folder):
    photo = folder / "once.png"
    photo.write_bytes(png())
    assert sent(anna, ben.phone, "--view-once", "--file", str(photo),
                "look")["state"] == "sent"
    m = newest(ben)
    assert m["kind"] == "view-once" and m["media"]["kind"] == "photo"
    no = ben.run("open", str(m["id"]), check=False)
    assert no.returncode != 0 and "--to" in no.stderr
    no = ben.run("fetch", str(m["id"]), "--to", str(folder), check=False)
    assert no.returncode != 0 and "viewed once" in no.stderr
    seen = ben.run("open", str(m["id"]), "--json", "--to",
                   str(folder / "seen.png"))
    assert json.loads(seen.stdout)["text"] == "look"
    assert (folder / "seen.png").read_bytes().startswith(b"\x89PNG")
    again = ben.run("open", str(m["id"]), check=False)
    assert again.returncode != 0 and "nothing is left" in again.stderr


def test_killed_in_the_middle_it_goes_on(relay, anna, ben, folder):
    content = os.urandom(12_000_000)
    film = folder / "film.mp4"
    film.write_bytes(content)
    anna.run("downloads", "--up", "6000000")
    ben.run("downloads", "--down", "300000")

    # the client dies while it uploads
    proc, out = anna.spawn("send", ben.phone, "--file", str(film), "--json")
    out.wait(r'"uploading".*"done":[1-9]\d{4,}')
    proc.kill()
    proc.wait()
    proc.stdin.close()
    os.close(out.fd)
    # then the relay, while the next one goes on with it
    proc, out = anna.spawn("recv", "--json")
    out.wait("")
    relay.kill()
    relay.restart()
    got, arrived = ben.spawn("recv", "--json")
    m = json.loads(arrived.wait(r'\{[^\n]*"kind":"media"[^\n]*\}\n').group(0))
    for p, o in ((proc, out), (got, arrived)):
        p.kill()
        p.wait()
        p.stdin.close()
        os.close(o.fd)

    # the client dies while it downloads
    proc, out = ben.spawn("fetch", str(m["id"]), "--to", str(folder), "--json")
    out.wait(r'"fetching".*"done":[1-9]\d{4,}')
    proc.kill()
    proc.wait()
    proc.stdin.close()
    os.close(out.fd)
    assert not (folder / "film (1).mp4").exists()
    ben.run("downloads", "--down", "0")
    name, data = fetched(ben, m["id"], folder / "to-ben")
    assert hashlib.sha256(data).digest() == hashlib.sha256(content).digest()
    assert name == "film.mp4"


def test_a_group_and_several_devices(relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    cleo = Person(folder / "cleo", "Cleo", "+4915550000033").register(relay)
    meet(anna, ben, cleo)
    group(anna, "create", "Lake", ben.phone, cleo.phone)
    lake = [c for c in lines(anna, "list") if c["name"] == "Lake"][0]["account"]
    for who in (ben, cleo):
        who.messages()
    photo = folder / "lake.png"
    photo.write_bytes(png(tell=b"x"))
    assert sent(anna, lake, "--file",
                str(photo))["state"] == "sent"
    want = None
    for who in (ben, cleo, laptop):
        m = [x for x in who.messages() if x["kind"] == "media"] or [
            x for x in lines(who, "list", lake)
            if x["kind"] == "media"]
        _, data = fetched(who, m[-1]["message_id"], folder / who.name)
        want = want or data
        assert data == want

    # a note for oneself is for all devices; a forward is sealed anew
    assert lines(anna, "send", "--to-self", "--file",
                 str(photo))[-1]["state"] == "sent"
    laptop.messages()
    m = [x for x in lines(laptop, "list", "self") if x["kind"] == "media"]
    _, data = fetched(laptop, m[-1]["message_id"], folder / "laptop-self")
    assert data == want
    laptop.run("forward", "--to", ben.phone, str(m[-1]["id"]))
    proc, out = laptop.spawn("recv", "--json")
    got, arrived = ben.spawn("recv", "--json")
    m = json.loads(arrived.wait(
        r'\{[^\n]*"kind":"media"[^\n]*"forwarded":true[^\n]*\}\n').group(0))
    for p, o in ((proc, out), (got, arrived)):
        p.kill()
        p.wait()
        p.stdin.close()
        os.close(o.fd)
    _, data = fetched(ben, m["id"], folder / "forwarded")
    assert data == want
