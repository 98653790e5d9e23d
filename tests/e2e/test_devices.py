# SPDX-License-Identifier: GPL-3.0-or-later
"""Several devices of one account: real processes, a real relay."""
import json
import os

from harness import DEADLINE, Person


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
        (1, "", True, False), (2, "laptop", True, False),
        (3, "tablet", True, True)]
