# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay that lies: the real one, whose database is changed behind its back
between two runs, and real clients that have to notice. docs/threat-model.md."""
import json
import os
import sqlite3

import pytest

from harness import Person
from test_devices import Device
from test_groups import group, meet, notes, show


@pytest.fixture
def cat(folder, relay):
    return Person(folder / "cat", "Cat", "+4915550000033").register(relay)


class Liar:
    """Changes what the relay remembers while it does not run."""

    def __init__(self, relay):
        self.relay = relay
        self.path = next((relay.folder / "data").glob("*.db"))

    def __enter__(self):
        assert self.relay.stop() == 0  # everything is in the file
        self.db = sqlite3.connect(self.path)
        return self

    def __exit__(self, kind, value, trace):
        self.db.commit()
        self.db.close()
        self.relay.restart()

    def account(self, person):
        return self.db.execute("SELECT row FROM account WHERE phone = ?",
                               (int(person.phone[1:]),)).fetchone()[0]

    def copy(self, table, where, args):
        """Rows as dictionaries."""
        cur = self.db.execute(f"SELECT * FROM {table} WHERE {where}", args)
        names = [c[0] for c in cur.description]
        return [dict(zip(names, row)) for row in cur]

    def insert(self, table, row):
        marks = ",".join("?" * len(row))
        self.db.execute(f"INSERT INTO {table} ({','.join(row)})"
                        f" VALUES ({marks})", list(row.values()))
        return self.db.execute("SELECT last_insert_rowid()").fetchone()[0]

    def queued(self, dev):
        """Messages that wait for a device."""
        return sum(self.db.execute(
            f"SELECT count(*) FROM {t} WHERE dev = ?", (dev,)).fetchone()[0]
            for t in ("fresh", "settled"))


    def device(self, person, number):
        """The row of a device and its one-time keys."""
        row, = self.copy("device", "account = ? AND device_id = ?",
                         (self.account(person), number))
        return row, self.copy("one_time_key", "dev = ?", (row["dev"],))

    def remove(self, row):
        self.db.execute("DELETE FROM device WHERE dev = ?", (row["dev"],))


def received(person):
    return [m["text"] for m in person.messages() if m.get("state") == "received"]


def devices(person):
    out = person.run("devices", "--json").stdout
    return [json.loads(line)["device"] for line in out.splitlines()]


def test_an_added_device_gets_nothing(relay, anna, ben, cat):
    meet(anna, ben)
    liar = Liar(relay)
    with liar:
        # a device that works, with keys that are signed: Cat's
        row, keys = liar.device(cat, 1)
        row.update(account=liar.account(anna), device_id=2,
                   noise_pk=os.urandom(32))
        del row["dev"]
        ghost = liar.insert("device", row)
        for key in keys:
            liar.insert("one_time_key", {**key, "dev": ghost})
    said = ben.run("send", anna.phone, "secret", check=False)
    assert said.returncode != 0
    assert "do not check out" in notes(ben)[-1]
    # she hears of it when she sends: it would get her copies
    anna.run("send", "--timeout", "2s", ben.phone, "mine", check=False)
    assert devices(anna) == [1, 2]  # she sees it, and did not add it
    assert received(ben) == []
    with liar:
        assert liar.queued(ghost) == 0
        liar.remove({"dev": ghost})
    ben.run("send", anna.phone, "after")
    assert received(anna) == ["after"]
    assert received(ben) == ["mine"]


def test_a_hidden_device_is_missed(relay, anna, ben, folder):
    meet(anna, ben)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "to both")
    assert received(laptop) == received(anna) == ["to both"]
    liar = Liar(relay)
    before = len(notes(ben))
    with liar:
        row, _ = liar.device(anna, 2)
        liar.remove(row)
    ben.run("send", anna.phone, "to one")
    assert "not removed it" in notes(ben)[-1]
    ben.run("send", anna.phone, "to one still")
    ben.messages()
    assert len(notes(ben)) == before + 1  # told once
    # it is back: it gets what is sent from then on
    with liar:
        liar.insert("device", row)
    ben.run("send", anna.phone, "to both again")
    assert received(laptop) == ["to both again"]
    laptop.run("send", ben.phone, "here I am")
    assert received(ben) == ["here I am"]


def test_a_removed_device_stays_so(relay, anna, ben, folder):
    meet(anna, ben)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "to both")
    assert received(laptop) == ["to both"]
    liar = Liar(relay)
    with liar:
        row, _ = liar.device(anna, 2)
        old, = liar.copy("account", "row = ?", (liar.account(anna),))
    anna.run("devices", "--remove", "2", stdin="y\n")
    ben.run("send", anna.phone, "to one")
    ben.messages()
    calm = notes(ben)
    assert not [n for n in calm if "Warning" in n or "check out" in n]
    with liar:  # the device is back, and the list that names it
        liar.db.execute("DELETE FROM revoked")
        row["dev"] += 100
        liar.insert("device", row)
        liar.db.execute(
            "UPDATE account SET device_list = ?, list_version = ?"
            " WHERE row = ?", (old["device_list"], old["list_version"],
                               old["row"]))
    said = ben.run("send", anna.phone, "secret", check=False)
    assert said.returncode != 0
    assert "do not check out" in notes(ben)[-1]
    with liar:
        assert liar.queued(row["dev"]) == 0


def test_a_group_cannot_be_forked(relay, anna, ben, cat):
    meet(anna, ben, cat)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    group(anna, "promote", "Rowing", cat.phone)
    for person in (ben, cat):
        person.messages()
    liar = Liar(relay)
    with liar:
        before = liar.copy("grp", "1", ())[0]
    group(anna, "edit", "Rowing", "--name", "Anna's")
    ben.messages()
    with liar:  # and to Cat another story is told
        liar.db.execute("UPDATE grp SET version = ?, record = ?",
                        (before["version"], before["record"]))
        liar.db.execute("DELETE FROM group_entry WHERE version > ?",
                        (before["version"],))
        for table in ("fresh", "settled"):
            liar.db.execute(
                f"DELETE FROM {table} WHERE dev IN"
                " (SELECT dev FROM device WHERE account = ?)",
                (liar.account(cat),))
    group(cat, "edit", "Rowing", "--name", "Cat's")
    for person in (ben, anna):
        person.messages()
        assert show(person, "Anna's")["alarm"], person.name
        assert "Warning" in notes(person)[-1], person.name


def test_a_change_of_a_group_cannot_be_dropped(relay, anna, ben, cat):
    meet(anna, ben, cat)
    group(anna, "create", "Rowing", ben.phone, cat.phone)
    for person in (ben, cat):
        person.messages()
    liar = Liar(relay)
    with liar:
        before = liar.copy("grp", "1", ())[0]
    group(anna, "remove", "Rowing", cat.phone)
    ben.messages()
    assert show(ben, "Rowing")["members_count"] == 2
    with liar:  # the removal was never there
        liar.db.execute("UPDATE grp SET version = ?, record = ?",
                        (before["version"], before["record"]))
        liar.db.execute("DELETE FROM group_entry WHERE version > ?",
                        (before["version"],))
        liar.insert("group_member", {"account": liar.account(cat),
                                     "grp": before["row"]})
    for person in (anna, ben):
        person.messages()
        person.run("group", "send", "Rowing", "secret", check=False)
        row = show(person, "Rowing")
        assert row["members_count"] == 2, person.name
        assert row["alarm"], person.name
        assert "Warning" in notes(person)[-1], person.name
    assert "secret" not in received(cat)
