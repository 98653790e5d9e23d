# SPDX-License-Identifier: GPL-3.0-or-later
"""History for a new device, the account's lock, number and end, wiping."""
import json
import os
import signal

from harness import DEADLINE, Person
from test_devices import Device, lines, texts


def ended(proc, out, sig=None):
    if sig is not None:
        proc.send_signal(sig)
    proc.stdin.close()
    out.rest()
    os.close(out.fd)
    return proc.wait(DEADLINE)


def talk(anna, ben, n):
    """A past of n messages, and another n of some length."""
    for i in range(n):
        ben.run("send", anna.phone, f"number {i}")
    anna.messages()
    for i in range(n):
        anna.run("send", ben.phone, f"long {i} " + "x" * 30000)
    ben.messages()
    anna.messages()  # their receipts


def test_history_for_a_new_device(relay, anna, ben, folder):
    talk(anna, ben, 6)
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    assert texts(laptop) == []
    # asked for on the new one, given by a person at the first
    laptop.run("devices", "history", "--all")
    waits = laptop.run("devices", "history", "--wait", "--timeout=1s",
                       check=False)
    assert waits.returncode == 11, waits.stderr  # nobody has said yes
    anna.messages()
    asked = lines(anna, "devices", "history")
    assert [(r["device"], r["state"]) for r in asked] == [(2, "asked")]
    # it goes on after an end of either side and of the relay
    first, out = anna.spawn("devices", "history", "2", "--all", "--json")
    out.wait('"state":"sending"')
    first.kill()
    ended(first, out)
    assert laptop.run("devices", "history", "--wait", "--timeout=1s",
                      check=False).returncode in (0, 11)
    relay.kill()
    relay.restart()
    first, sends = anna.spawn("recv", "--json")
    done = laptop.run("devices", "history", "--wait", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["state"] == "whole" and last["incoming"]
    ended(first, sends, signal.SIGINT)
    anna.messages()
    assert [(r["device"], r["state"]) for r in
            lines(anna, "devices", "history")] == [(2, "whole")]
    assert texts(laptop) == texts(anna) and len(texts(laptop)) == 12
    assert "whole" in laptop.run("check").stdout
    # what comes afterwards is news, and the past is not
    ben.run("send", anna.phone, "and now")
    assert [m["text"] for m in laptop.messages()] == ["and now"]
    hits = laptop.run("search", "number").stdout
    assert "number 3" in hits


def test_history_refused(relay, anna, ben, folder):
    ben.run("send", anna.phone, "before")
    anna.messages()
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    laptop.run("devices", "history", "--days=7")
    anna.messages()
    anna.run("devices", "history", "2", "--cancel")
    laptop.messages()
    rows = lines(laptop, "devices", "history")
    assert [(r["state"], r["days"]) for r in rows] == [("ended", 7)]
    assert "refused" in rows[0]["why"]
    assert texts(laptop) == []
    none = anna.run("devices", "history", "9", "--all", check=False)
    assert none.returncode == 7 and "no other device" in none.stderr


def test_a_lock_stops_who_has_the_number_alone(relay, anna, ben, folder):
    anna.env["SOTTO_PIN"] = "4711"
    assert "is on" in anna.run("account", "pin").stdout
    assert lines(anna, "account")[0]["pin"] is True
    thief = Person(folder / "thief", "Thief", anna.phone)
    thief.env["SOTTO_PIN"] = "0000"
    mark = relay.mark()
    proc, out = thief.spawn("register", "--relay", relay.uri, "--phone",
                            anna.phone)
    out.wait("Code")
    proc.stdin.write((relay.code(anna.phone, mark) + "\n").encode())
    proc.stdin.flush()
    out.wait("registration lock")
    out.wait("not the PIN")
    assert ended(proc, out) == 5
    ben.run("send", anna.phone, "still you?")
    assert [m["text"] for m in anna.messages()] == ["still you?"]
    # who knows it takes the number along, and the lock
    new = Person(folder / "new", "Anna", anna.phone)
    new.env["SOTTO_PIN"] = "4711"
    new.register(relay)
    assert lines(new, "account")[0]["pin"] is True
    assert "is off" in new.run("account", "pin", "--remove").stdout
    short = new.run("account", "pin", check=False)
    assert short.returncode == 0
    new.env["SOTTO_PIN"] = "1"
    assert new.run("account", "pin", check=False).returncode != 0


def test_a_new_number(relay, anna, ben, folder):
    number = "+4915551234567"
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "hello")
    anna.messages()
    anna.run("send", ben.phone, "hello yourself")
    ben.messages()
    mark = relay.mark()
    proc, out = anna.spawn("account", "number", number)
    out.wait("Code")
    proc.stdin.write((relay.code(number, mark) + "\n").encode())
    proc.stdin.flush()
    out.wait("is changed")
    assert ended(proc, out) == 0
    ben.messages()
    laptop.messages()
    assert lines(laptop, "account")[0]["phone"] == number
    ben.run("send", number, "to the new one")
    assert anna.messages()[-1]["text"] == "to the new one"
    notes = [m["text"] for m in map(json.loads,
             ben.run("export").stdout.splitlines()) if m["direction"] == "note"]
    assert notes == [f"Anna has a new number: {number}"]
    assert len(lines(ben, "list")) == 1
    nobody = ben.run("send", anna.phone, "to the old one", check=False)
    assert nobody.returncode == 7


def test_the_end_of_an_account(relay, anna, ben, folder):
    laptop = Device(folder / "laptop", anna, "laptop").link(relay, anna)
    ben.run("send", anna.phone, "hello")
    anna.messages()
    wrong = anna.run("account", "delete", stdin="+491\n", check=False)
    assert wrong.returncode != 0 and "Nothing was deleted" in wrong.stderr
    gone = anna.run("account", "delete", stdin=anna.phone + "\n")
    assert "is deleted" in gone.stdout
    for device in (anna, laptop):
        stopped = device.run("recv", "--once", check=False)
        assert stopped.returncode == 4 and "profile wipe" in stopped.stderr
    refused = ben.run("send", anna.phone, "are you there?", check=False)
    assert refused.returncode == 9
    rows = [json.loads(r) for r in ben.run("export").stdout.splitlines()]
    assert rows[-1]["text"].startswith("They have left this relay")
    assert [r["state"] for r in rows if r["text"] == "are you there?"] == [
        "failed"]
    assert anna.run("profile", "wipe", stdin="n\n", check=False).returncode == 9
    assert texts(anna) == [("in", "hello")]
    anna.run("profile", "wipe", "--yes")
    left = anna.run("export", check=False)
    assert left.returncode != 0
    assert anna.run("profile", "wipe", "--yes", check=False).returncode == 7
    anna.register(relay)  # the number is free again, and so is the folder
    assert texts(anna) == []
