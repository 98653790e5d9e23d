# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to messages and chats, by the command line: two people, several
devices, without a connection and in another order."""
import base64
import json
import os
import re
import subprocess
import time

import pytest

from harness import DEADLINE, RELAY, Person, Relay, base_env
from test_devices import Device


def rows(person, *args):
    out = person.run(*args, "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


def chat(person, other="self"):
    """Its messages, without our own lines."""
    number = other if isinstance(other, str) else other.phone
    return [m for m in rows(person, "list", number) if m["kind"] != "note"]


def texts(person, other="self"):
    return [m["text"] for m in chat(person, other)]


def notes(person, other):
    return [m["text"] for m in rows(person, "list", other.phone)
            if m["kind"] == "note"]


def setting(person, other, key):
    """Of the chat with somebody."""
    return [c for c in rows(person, "list")
            if c["phone"] == other.phone][0][key]


def sent(person, other, text, *flags):
    """The name of a new message, good on every device."""
    row = rows(person, "send", *flags, other.phone, text)[0]
    return f"{row['message_id']}:{row['author']}"


def meet(one, two, *devices):
    """Both know the other's number, and that it is theirs."""
    two.run("send", one.phone, "hello")
    one.messages()
    one.run("send", two.phone, "hello to you")
    two.messages()
    two.run("send", one.phone, "well met")
    for device in (one, *devices):
        device.messages()
        device.run("safety", two.phone)  # asks the relay for the number


def on_disk(person, text):
    """Is it in anything the profile prints of its store?"""
    return text in person.run("export", "--format", "sql").stdout


@pytest.fixture
def laptop(folder, relay, anna):
    return Device(folder / "laptop", anna, "laptop").link(relay, anna)


def test_reactions_edits_replies_and_deletion(relay, anna, ben):
    name = sent(anna, ben, "frist")
    ben.messages()
    ben.run("react", name, "👍")
    anna.run("edit", name, "first")
    ben.run("reply", name, "I answer")
    ben.messages()
    anna.messages()
    for person, other in ((anna, ben), (ben, anna)):
        first, answer = chat(person, other)
        assert (first["text"], first["edited"]) == ("first", True)
        assert first["reactions"] == "👍"
        assert answer["quote_id"] == first["id"]
    info = rows(ben, "info", name)[0]
    assert [e["text"] for e in info["edits"]] == ["frist"]
    assert ben.run("edit", name, "mine", check=False).returncode == 9
    ben.run("react", name)
    anna.run("delete", "--for-everyone", name)
    ben.messages()
    assert chat(ben, anna)[0]["kind"] == "deleted"
    assert not on_disk(ben, "frist")
    ben.run("delete", "--for-me", name)
    assert texts(ben, anna) == ["I answer"]
    assert len(chat(anna, ben)) == 2
    assert ben.run("react", name, "x", check=False).returncode == 7
    assert ben.run("delete", name, check=False).returncode == 2
    assert ben.run("star", "zzz", check=False).returncode == 2


def test_info_tells_who_has_it(relay, anna, ben):
    meet(anna, ben)
    name = sent(anna, ben, "for you")
    assert rows(anna, "info", name)[0]["receipts"] == []
    ben.messages()
    anna.messages()
    row = rows(anna, "info", name)[0]["receipts"][0]
    assert row["name"] == "Ben" and row["delivered_ms"] > 0
    assert row["read_ms"] == 0
    ben.run("read", anna.phone)
    anna.messages()
    assert rows(anna, "info", name)[0]["receipts"][0]["read_ms"] > 0


def test_several_messages_into_several_chats(relay, anna, ben, folder):
    cara = Person(folder / "cara", "Cara", "+4915550000033").register(relay)
    one, two = sent(anna, ben, "one"), sent(anna, ben, "two")
    anna.run("forward", one, two, "--to", f"{ben.phone},{cara.phone},self")
    assert [(m["text"], m["forwarded"]) for m in cara.messages()] == [
        ("one", True), ("two", True)]
    assert [m["text"] for m in ben.messages()] == ["one", "two", "one", "two"]
    assert texts(anna) == ["one", "two"]
    # all or nothing
    anna.run("block", cara.phone)
    done = anna.run("forward", one, "--to", f"{ben.phone},{cara.phone}",
                    check=False)
    assert done.returncode == 9 and "blocked" in done.stderr
    assert ben.messages() == []


def test_stars_are_on_all_devices(relay, anna, ben, laptop):
    name = sent(ben, anna, "keep this")
    sent(ben, anna, "not this")
    anna.messages()
    anna.run("star", name)
    # the star has come before the laptop looks at the message
    laptop.messages()
    assert [m["text"] for m in rows(laptop, "starred")] == ["keep this"]
    laptop.run("unstar", name)
    anna.messages()
    assert rows(anna, "starred") == []


def test_settings_are_on_all_devices(relay, anna, ben, laptop):
    sent(ben, anna, "hello")
    for device in (anna, laptop):
        device.messages()
    anna.run("mute", ben.phone)
    anna.run("pin", ben.phone)
    laptop.messages()
    assert setting(laptop, ben, "muted_until_ms") is None
    assert setting(laptop, ben, "pinned")
    laptop.run("unmute", ben.phone)
    laptop.run("archive", ben.phone)
    anna.messages()
    assert setting(anna, ben, "muted_until_ms") == 0
    assert setting(anna, ben, "archived") and not setting(anna, ben, "pinned")
    sent(ben, anna, "something new")
    for device in (anna, laptop):
        device.messages()
        assert not setting(device, ben, "archived")
    anna.run("mute", ben.phone, "--for", "8h")
    anna.run("archive", ben.phone)
    sent(ben, anna, "not so loud")
    for device in (anna, laptop):
        device.messages()
        assert setting(device, ben, "archived")
        assert setting(device, ben, "muted_until_ms") > time.time() * 1000
    anna.run("unread", ben.phone)
    anna.run("name", ben.phone, "Benjamin")
    laptop.messages()
    assert setting(laptop, ben, "marked_unread")
    assert setting(laptop, ben, "name") == "Benjamin"
    laptop.run("read", ben.phone)
    anna.messages()
    assert not setting(anna, ben, "marked_unread")


def test_two_devices_set_it_at_once(relay, anna, ben, laptop):
    meet(anna, ben, laptop)
    relay.stop()
    anna.run("--timeout=1s", "mute", ben.phone)
    laptop.run("--timeout=1s", "pin", ben.phone)
    laptop.run("--timeout=1s", "mute", "--for", "1h", ben.phone)
    relay.restart()
    for device in (anna, laptop, anna):
        device.messages()
    for device in (anna, laptop):
        assert setting(device, ben, "pinned")
        assert setting(device, ben, "muted_until_ms") is not None


def test_block_drops_in_silence(relay, anna, ben, laptop):
    sent(ben, anna, "before")
    anna.messages()
    anna.run("block", ben.phone)
    name = sent(ben, anna, "nobody sees this")
    ben.run("edit", name, "nor this")
    for device in (anna, laptop):
        assert [m for m in device.messages() if "this" in m["text"]] == []
        assert setting(device, ben, "blocked")
        done = device.run("send", ben.phone, "x", check=False)
        assert done.returncode == 9 and "Unblock" in done.stderr
    ben.messages()
    assert chat(ben, anna)[-1]["state"] == "sent"  # no receipt
    laptop.run("unblock", ben.phone)
    sent(ben, anna, "after")
    anna.messages()
    assert texts(anna, ben) == ["before", "after"]


def test_disappearing_messages(relay, anna, ben, laptop):
    meet(anna, ben, laptop)
    sent(anna, ben, "stays")
    anna.run("timer", ben.phone, "--after", "2s")
    ben.messages()
    laptop.messages()
    assert notes(ben, anna) == [
        "Anna set new messages to disappear after 2 seconds."]
    assert notes(laptop, ben) == [
        "You set new messages to disappear after 2 seconds."]
    assert setting(ben, anna, "expire_s") == 2
    sent(ben, anna, "goes")
    sent(anna, ben, "goes too")
    row = [m for m in ben.messages() if m["text"] == "goes too"][0]
    assert row["expire_s"] == 2 and row["expires_ms"] == 0  # not read yet
    laptop.messages()
    ben.run("read", anna.phone)
    due = chat(ben, anna)[-1]["expires_ms"]
    assert due > 0
    anna.run("read", ben.phone)
    laptop.messages()  # learns that it was read
    while time.time() * 1000 <= due + 3000:
        ben.run("list", anna.phone)
    # what expired while a device was off is gone before anything is shown
    for person, other in ((anna, ben), (ben, anna), (laptop, ben)):
        assert "goes" not in texts(person, other), person.name
        assert "goes too" not in texts(person, other), person.name
    assert texts(ben, anna)[-1] == "stays"
    assert not on_disk(anna, "goes too")
    ben.run("timer", anna.phone)
    anna.messages()
    assert notes(anna, ben)[-1] == "Ben turned disappearing messages off."
    done = anna.run("timer", ben.phone, "--after", "29d", check=False)
    assert done.returncode == 2


def test_the_later_timer_counts(relay, anna, ben):
    meet(anna, ben)
    relay.stop()
    anna.run("--timeout=1s", "timer", ben.phone, "--after", "1h", check=False)
    ben.run("--timeout=1s", "timer", anna.phone, "--after", "1d", check=False)
    relay.restart()
    for _ in range(2):
        anna.messages()
        ben.messages()
    assert setting(anna, ben, "expire_s") == setting(ben, anna, "expire_s")
    assert setting(anna, ben, "expire_s") == 24 * 3600


def test_view_once(relay, anna, ben, folder):
    phone = Device(folder / "phone", ben, "phone").link(relay, ben)
    name = sent(anna, ben, "for your eyes", "--view-once")
    got = ben.messages()[-1]
    assert got["kind"] == "view-once" and "eyes" not in got["text"]
    phone.messages()
    assert ben.run("search", "eyes", check=False).returncode == 7
    for refused in (("star", name), ("reply", name, "what?"),
                    ("forward", name, "--to", "self")):
        assert ben.run(*refused, check=False).returncode != 0
    assert ben.run("open", name).stdout == "for your eyes\n"
    assert not on_disk(ben, "for your eyes")
    assert "viewed" in ben.run("open", name, check=False).stderr
    phone.messages()
    assert phone.run("open", name, check=False).returncode != 0
    assert not on_disk(phone, "for your eyes")
    anna.messages()  # takes the receipt
    assert not on_disk(anna, "for your eyes")
    assert chat(anna, ben)[-1]["kind"] == "view-once"


def test_notes_to_self(relay, anna, ben, laptop, folder):
    row = rows(anna, "send", "--to-self", "buy bread")[0]
    assert row["state"] == "sent"
    laptop.messages()
    assert texts(laptop) == ["buy bread"]
    assert [c["name"] for c in rows(laptop, "list")] == ["Note to self"]
    laptop.run("edit", row["message_id"], "buy milk")
    laptop.run("react", row["message_id"], "✅")
    anna.messages()
    assert texts(anna) == ["buy milk"]
    assert chat(anna)[0]["reactions"] == "✅"
    # and with no other device, and no relay
    relay.stop()
    assert rows(ben, "--timeout=1s", "send", "self", "alone")[0][
        "state"] == "sent"
    assert texts(ben) == ["alone"]
    relay.restart()
    ben.messages()
    assert [(m["text"], m["state"]) for m in chat(ben)] == [("alone", "sent")]


def test_deleted_on_one_is_deleted_on_all(relay, anna, ben, laptop):
    names = [sent(ben, anna, f"number {i}") for i in range(4)]
    anna.messages()
    anna.run("delete", "--for-me", names[1])
    laptop.messages()  # the deletion waits behind what it deletes
    assert texts(laptop, ben) == ["number 0", "number 2", "number 3"]
    laptop.run("clear", ben.phone)
    anna.messages()
    assert texts(anna, ben) == [] and texts(laptop, ben) == []
    assert len(chat(ben, anna)) == 4
    anna.run("clear", "--chat", ben.phone)
    laptop.messages()
    assert rows(anna, "list") == [] and rows(laptop, "list") == []
    sent(ben, anna, "again")
    for device in (anna, laptop):
        device.messages()
        assert texts(device, ben) == ["again"]


def test_actions_without_a_relay_leave_later(relay, anna, ben):
    meet(anna, ben)
    name = sent(ben, anna, "hi")
    anna.messages()
    relay.stop()
    done = anna.run("--timeout=1s", "react", name, "👋", check=False)
    assert done.returncode == 8 and "outbox" in done.stderr
    late = anna.run("--timeout=1s", "send", ben.phone, "late", "--json",
                    check=False)
    own = json.loads(late.stdout)["message_id"]
    anna.run("--timeout=1s", "edit", own, "later", check=False)
    relay.restart()
    anna.messages()
    ben.messages()
    assert [(m["text"], m.get("reactions")) for m in chat(ben, anna)[-2:]] == [
        ("hi", "👋"), ("later", None)]


def test_report_reaches_the_operator_alone(folder):
    key = folder / "report.key"
    made = subprocess.run([RELAY, "report-keygen", str(key)], check=True,
                          capture_output=True, text=True)
    public = made.stdout.split("=")[1].strip()
    relay = Relay(folder / "relay", f"--report-key={public}")
    try:
        anna = Person(folder / "anna", "Anna", "+4915550000011").register(relay)
        ben = Person(folder / "ben", "Ben", "+4915550000022").register(relay)
        sent(ben, anna, "not this one")
        sent(ben, anna, "buy my\nthings")
        sent(ben, anna, "NOW")
        anna.messages()
        anna.run("report", ben.phone, "--messages", "2", "--block")
        assert setting(anna, ben, "blocked")
        listed = relay.ctl("reports").stdout
        number = re.search(r"report=?\s*(\d+)|^(\d+)", listed, re.M)
        blob = relay.ctl("report", next(g for g in number.groups() if g)).stdout
        assert "things" not in blob and b"things" not in base64.b64decode(blob)
        text = subprocess.run([RELAY, "report-open", str(key)], input=blob,
                              check=True, capture_output=True, text=True,
                              env=base_env(folder)).stdout
        assert "    buy my\n    things\n" in text and "    NOW\n" in text
        assert "not this one" not in text
        assert ben.phone in text and anna.phone not in text
    finally:
        relay.stop()


def test_a_relay_that_takes_no_reports(relay, anna, ben):
    sent(ben, anna, "hello")
    anna.messages()
    done = anna.run("report", ben.phone, check=False)
    assert done.returncode == 9 and "takes no reports" in done.stderr
