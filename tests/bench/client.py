#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client as a person feels it: first paint of a large profile, the echo of
a key (alone, and while thousands of messages arrive), memory and wake-ups when
nothing happens. One line a figure.

    B=build /usr/bin/python3 tests/bench/client.py [CHATS MESSAGES SYNC]
"""
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from harness import BUILD, SOTTO, Person, Relay, Screen, scratch  # noqa: E402

CHATS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
SYNC = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
QUIET_S = 5


def figure(name, value, unit, note=""):
    print(f"client: {name:44} {value:10.2f} {unit} {note}".rstrip(), flush=True)


def status(pid):
    """VmRSS in KiB, proportional and private memory, switches of all threads."""
    out = {"switches": 0}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                out["switches"] += int(line.split()[1])
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            out["rss"] = int(line.split()[1])
    out["private"] = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_"):
            out["private"] += int(line.split()[1])
    return out


def cpu_ms(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def settled(screen, quiet=0.25):
    """Read until nothing came for `quiet`; when the last byte came."""
    last = time.monotonic()
    while select.select([screen.fd], [], [], quiet)[0]:
        if not screen._fill(time.monotonic() + 1):
            break
        last = time.monotonic()
    return last


def first_paint(home, rounds=7):
    """From exec to the last byte of the first picture with chats in it."""
    person = Person(home, "x", "+4915550000099")
    person.env["SOTTO_PASSPHRASE"] = "test"
    first, last = [], []
    for _ in range(rounds):
        start = time.monotonic()
        s = Screen(person, 40, 120)
        select.select([s.fd], [], [], 10)
        first.append((time.monotonic() - start) * 1000)
        s.wait("│")
        last.append((settled(s) - start) * 1000)
        picture = s.text()
        s.type("\x11")
        s.end()
    figure(f"first byte, {CHATS} chats", statistics.median(first), "ms")
    figure(f"first paint settled, {MESSAGES} messages", statistics.median(last),
           "ms", f"({min(last):.0f} to {max(last):.0f})")
    return picture


def echo(screen, keys):
    """Milliseconds from each key to the first byte drawn after it."""
    times = []
    for i in range(keys):
        settled_read(screen)
        start = time.monotonic()
        os.write(screen.fd, b"x" if i % 40 else b"\x15x")
        if not select.select([screen.fd], [], [], 5)[0]:
            raise SystemExit("no echo in 5 s")
        times.append((time.monotonic() - start) * 1000)
        screen._fill(time.monotonic() + 1)
    return times


def settled_read(screen):
    while select.select([screen.fd], [], [], 0.002)[0]:
        screen._fill(time.monotonic() + 1)


def percentile(v, p):
    return sorted(v)[min(len(v) - 1, int(len(v) * p))]


def echo_figures(name, times):
    figure(f"{name}, median", statistics.median(times), "ms")
    figure(f"{name}, p95", percentile(times, 0.95), "ms")
    figure(f"{name}, worst", max(times), "ms")


def idle(screen):
    settled(screen, 3.0)  # the draft has been saved by then
    before, cpu = status(screen.pid), cpu_ms(screen.pid)
    if select.select([screen.fd], [], [], QUIET_S)[0]:
        print("client: something was drawn while idle")
    after = status(screen.pid)
    figure("idle, resident memory", after["rss"] / 1024, "MiB")
    figure("idle, private memory", after["private"] / 1024, "MiB")
    figure("idle, context switches a second",
           (after["switches"] - before["switches"]) / QUIET_S, "/s")
    figure("idle, processor time", (cpu_ms(screen.pid) - cpu) / QUIET_S, "ms/s")


def conversation(folder):
    relay = Relay(folder / "relay")
    try:
        anna = Person(folder / "anna", "Anna", "+4915550000011").register(relay)
        ben = Person(folder / "ben", "Ben", "+4915550000022").register(relay)
        anna.run("send", ben.phone, "hello")
        ben.messages()
        ben.run("send", anna.phone, "hello back")
        b = Screen(ben, 40, 120)
        b.wait("online")
        b.wait("Write a message")
        echo_figures("key to echo", echo(b, 200))
        idle(b)
        b.type("\x11")
        b.end()
        a = Screen(anna, 40, 120)
        a.wait("Write a message")
        start = time.monotonic()
        for i in range(SYNC):
            a.type(f"s{i}\r")
        a.wait(rf"s{SYNC - 1}\s.*✓", seconds=300)
        figure(f"typed and sent, {SYNC} messages",
               SYNC / (time.monotonic() - start), "msg/s")
        start = time.monotonic()
        b = Screen(ben, 40, 120)
        b.wait("›")
        times = []
        while f"s{SYNC - 1}" not in b.text() and \
                time.monotonic() < start + 300:
            times += echo(b, 10)
        took = time.monotonic() - start
        figure(f"sync of {SYNC} messages, from start", took, "s")
        figure("sync", SYNC / took, "msg/s")
        echo_figures("key to echo during the sync", times)
        for s in (a, b):
            s.type("\x11")
            s.end()
    finally:
        relay.stop()


def main():
    with scratch() as path:
        folder = pathlib.Path(path)
        conversation(folder)
        home = folder / "big"
        data = home / ".local/share/sotto/default"
        data.parent.mkdir(mode=0o700, parents=True)
        for p in (home, home / ".local", home / ".local/share", data.parent):
            p.chmod(0o700)
        subprocess.run([BUILD / "tests/store-fill", data, str(CHATS),
                        str(MESSAGES)], check=True, stdout=subprocess.DEVNULL)
        picture = first_paint(home)
        if picture.count("\n") < 5:
            raise SystemExit("no picture:\n" + picture)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
