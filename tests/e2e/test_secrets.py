# SPDX-License-Identifier: GPL-3.0-or-later
"""What the relay's disk, log and memory hold of a conversation: nothing."""
import os
import re

from harness import contains
from x25519 import BASE, x25519

CANARY = "Zitronenfalter im Nebel 4711"


def memory_of(pid):
    """Every readable byte of a process."""
    image = []
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, perms = line.split()[:2]
            if not perms.startswith("r") or "[v" in line:
                continue
            low, high = (int(x, 16) for x in span.split("-"))
            try:
                mem.seek(low)
                image.append(mem.read(high - low))
            except OSError:
                continue  # a guard page
    return b"".join(image)


def private_keys(person):
    """The Noise and identity private keys of a profile, by its own export."""
    sql = person.run("export", "--format=sql").stdout
    row = re.search(r"INSERT INTO .self. VALUES.*", sql).group(0)
    noise, noise_public, identity = [
        bytes.fromhex(h) for h in re.findall(r"x'([0-9a-f]{64})'", row)][-3:]
    assert x25519(noise, BASE) == noise_public, "these are the columns"
    return {noise, identity}


def test_relay_holds_no_plaintext_and_no_private_key(relay, anna, ben):
    for i in range(20):
        anna.run("send", ben.phone, f"{CANARY} {i}")
    image = memory_of(relay.proc.pid)
    assert b"sotto-relay" in image, "the image is the relay's"
    assert CANARY.encode() not in image
    assert CANARY[:14].encode() not in image
    ben.messages()
    image += memory_of(relay.proc.pid)
    assert CANARY.encode() not in image

    secrets = private_keys(anna) | private_keys(ben)
    assert not {k for k in secrets if k in image}
    assert not contains(relay.folder, CANARY.encode(), *secrets)
    relay.stop()
    text = relay.log_text.encode()
    assert CANARY.encode() not in text
    for person in (anna, ben):
        assert person.phone.encode() not in text
    for k in secrets:
        assert k.hex().encode() not in text


def test_client_files_hold_no_plaintext(relay, anna, ben):
    anna.run("send", ben.phone, CANARY)
    ben.messages()
    for person in (anna, ben):
        needles = [CANARY.encode(), anna.phone.encode(), ben.phone.encode(),
                   b"Anna", b"SQLite format", b"CREATE TABLE",
                   *private_keys(person)]
        assert not contains(person.home, *needles)


def test_client_files_are_private(relay, anna):
    for root, dirs, files in os.walk(anna.home):
        for name in dirs + files:
            path = os.path.join(root, name)
            if "sotto" in path:
                assert os.stat(path).st_mode & 0o077 == 0, path
