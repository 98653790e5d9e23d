# SPDX-License-Identifier: GPL-3.0-or-later
"""A history is kept in a file and comes back on another machine."""
import json
import os
import time

from harness import DEADLINE, Person
from test_groups import group, meet


def texts(person):
    lines = person.run("export").stdout.splitlines()
    return [json.loads(line)["text"] for line in lines]


def test_a_lost_machine_gets_its_history_back(folder, relay, anna, ben):
    ben.run("send", anna.phone, "keep this ❤️")
    anna.messages()
    anna.run("send", ben.phone, "and this")
    file = folder / "anna.backup"
    made = anna.run("backup", "create", str(file), "--code")
    code = made.stdout.strip()
    assert len(code.replace(" ", "")) == 64
    assert b"keep this" not in file.read_bytes()
    again = anna.run("backup", "create", str(file), "--code", check=False)
    assert again.returncode == 9 and "--force" in again.stderr

    # The machine is gone; a new one takes the number over.
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    assert "2 messages" in new.run("backup", "verify", str(file)).stdout
    assert "2 messages were added" in \
        new.run("backup", "restore", str(file)).stdout
    assert texts(new) == ["keep this ❤️", "and this"]
    assert "0 messages were added" in \
        new.run("backup", "restore", str(file)).stdout
    assert "whole" in new.run("check").stdout
    # and it goes on talking, with keys of its own
    ben.run("send", new.phone, "are you there?")
    assert [m["text"] for m in new.messages()] == ["are you there?"]


def test_what_does_not_open_changes_nothing(folder, relay, anna, ben):
    ben.run("send", anna.phone, "one")
    anna.messages()
    file = folder / "anna.backup"
    anna.env["SOTTO_BACKUP_PASSWORD"] = "correct horse battery"
    anna.run("backup", "create", str(file))
    os.chmod(file, 0o644)
    anna.env["SOTTO_BACKUP_PASSWORD"] = "another horse"
    wrong = anna.run("backup", "verify", str(file), check=False)
    assert wrong.returncode == 5 and "wrong password" in wrong.stderr
    anna.env["SOTTO_BACKUP_PASSWORD"] = "correct horse battery"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    cut = anna.run("backup", "restore", str(file), check=False)
    assert cut.returncode != 0 and "cut off" in cut.stderr
    damaged = bytearray(whole)
    damaged[-30] ^= 1
    file.write_bytes(damaged)
    bad = anna.run("backup", "restore", str(file), check=False)
    assert bad.returncode != 0 and "damaged" in bad.stderr
    # somebody else's account
    file.write_bytes(whole)
    ben.env["SOTTO_BACKUP_PASSWORD"] = "correct horse battery"
    other = ben.run("backup", "restore", str(file), check=False)
    assert other.returncode != 0 and "another account" in other.stderr
    assert texts(ben) == ["one"]
    missing = anna.run("backup", "verify", str(folder / "none"), check=False)
    assert missing.returncode != 0 and "none" in missing.stderr



def rows(person):
    return [json.loads(r) for r in person.run("export").stdout.splitlines()]


def many_notes(person, n):
    """So many messages, by forwarding to oneself what is there."""
    person.run("send", "--to-self", "x" * 4000)
    while len(there := rows(person)) < n:
        ids = [r["message_id"] for r in there[:min(50, n - len(there))]]
        person.run("forward", *ids, "--to", "self")


def test_a_restore_that_is_killed_begins_anew(folder, relay, anna):
    """kill -9 in the middle: nothing is lost, nothing is there twice."""
    many_notes(anna, 1200)  # several transactions
    file = folder / "anna.backup"
    code = anna.run("backup", "create", str(file), "--code").stdout.strip()
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    store = next(new.home.rglob("store.db"))
    proc, out = new.spawn("backup", "restore", str(file))
    deadline = time.monotonic() + DEADLINE
    while proc.poll() is None and time.monotonic() < deadline:
        if store.stat().st_size > 1 << 20:  # a first part is in its place
            break
    proc.kill()
    proc.stdin.close()
    assert proc.wait(DEADLINE) == -9, out.rest()
    out.rest()
    os.close(out.fd)
    assert 0 < len(rows(new)) < 1200
    assert "whole" in new.run("check").stdout
    again = new.run("backup", "restore", str(file)).stdout
    assert "messages were added" in again
    assert "whole" in new.run("check").stdout
    assert texts(new) == texts(anna)


def test_a_restored_member_goes_on(folder, relay, anna, ben):
    """Of a group: what it was called, what was written, and what comes."""
    meet(anna, ben)
    group(anna, "create", "Rowing", ben.phone)
    ben.messages()
    anna.run("group", "send", "Rowing", "one")
    ben.messages()
    file = folder / "anna.backup"
    code = anna.run("backup", "create", str(file), "--code").stdout.strip()
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    new.run("backup", "restore", str(file))
    # before the relay is asked: it is known
    assert group(new, "show", "Rowing")["name"] == "Rowing"
    ben.run("group", "send", "Rowing", "two")
    assert [m["text"] for m in new.messages()] == ["two"]
    new.run("group", "send", "Rowing", "three")
    assert [m["text"] for m in ben.messages()][-1] == "three"
    assert texts(new)[-3:] == ["one", "two", "three"]
