#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client as a person feels it: first paint of a large profile, the echo of
a key (alone, and while thousands of messages arrive), memory and wake-ups when
nothing happens. One line a figure.

    B=build /usr/bin/python3 tests/bench/client.py [CHATS MESSAGES SYNC]
        --paint         only the first paint
        --profile=DIR   keep the large profile there, and use it again
        --rounds=N      starts; the median and the best are told

What a start costs on a busy machine is told best by its processor time.
"""
import sys

sys.path.insert(0, f"{sys.path[0]}/../e2e")

import argparse  # noqa: E402
import os  # noqa: E402
import pathlib  # noqa: E402
import pty  # noqa: E402
import re  # noqa: E402
import select  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

from harness import (  # noqa: E402
    BUILD, RELAY, SOTTO, Person, Relay, Screen, Terminal, TerminalStream,
    scratch)

FILL = BUILD / "tests/store-fill"
QUIET_S = 5


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("chats", type=int, nargs="?", default=1000)
    p.add_argument("messages", type=int, nargs="?", default=1_000_000)
    p.add_argument("sync", type=int, nargs="?", default=10_000)
    p.add_argument("--paint", action="store_true")
    p.add_argument("--profile", type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=15)
    return p.parse_args()


def need(*programs):
    missing = [p for p in programs if not os.access(p, os.X_OK)]
    if missing:
        raise SystemExit(
            f"client.py: {' and '.join(map(str, missing))}: not built. "
            "`make bench` builds all of it and runs this; alone: `make all "
            "tools`, then B= names the build folder.")


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
    """Of all threads, those that have ended apart, to the microsecond."""
    ns = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        ns += int((task / "schedstat").read_text().split()[0])
    return ns / 1e6


def settled(screen, quiet=0.25):
    """Read until nothing came for `quiet`; when the last byte came."""
    last = time.monotonic()
    while select.select([screen.fd], [], [], quiet)[0]:
        if not screen._fill(time.monotonic() + 1):
            break
        last = time.monotonic()
    return last


class Started(Screen):
    """A screen whose client was not forked from this process: copying
    Python's page tables takes as long as half a start."""

    def __init__(self, person, rows, cols):
        self.rows, self.cols = rows, cols
        self.term = Terminal(cols, rows)
        self.stream = TerminalStream(self.term)
        self.raw, self.status = b"", None
        self.fd, other = pty.openpty()
        self._size(rows, cols)
        name = os.ttyname(other)
        self.start = time.monotonic()
        self.pid = os.posix_spawn(
            SOTTO, [SOTTO], person.env, setsid=True, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)])
        os.close(other)
        os.set_blocking(self.fd, False)


def arrivals(screen, quiet=0.3):
    """Everything until nothing came for `quiet`: when, and the bytes. The
    emulator is fed later, its time is not the client's."""
    parts = []
    while select.select([screen.fd], [], [], quiet if parts else 10)[0]:
        data = os.read(screen.fd, 65536)
        parts.append((time.monotonic(), data))
        screen._answer(data)
    return parts


def whole_at(screen, parts):
    """When the chats and the messages stood as they stayed: all rows but the
    top one and the bar, which also tell how the connection is doing."""
    pictures = []
    for at, data in parts:
        screen.stream.feed(data)
        pictures.append((at, screen.text().split("\n")[1:-1]))
    first = len(pictures) - 1
    while first > 0 and pictures[first - 1][1] == pictures[-1][1]:
        first -= 1
    return pictures[first][0]


def first_paint(home, rounds, chats, messages):
    """From exec to the first byte, and to a picture with all its messages."""
    person = Person(home, "x", "+4915550000099")
    person.env["SOTTO_PASSPHRASE"] = "test"
    first, whole, cpu = [], [], []
    for _ in range(rounds):
        s = Started(person, 40, 120)
        parts = arrivals(s)
        first.append((parts[0][0] - s.start) * 1000)
        whole.append((whole_at(s, parts) - s.start) * 1000)
        cpu.append(cpu_ms(s.pid))
        picture = s.text()
        s.type("\x11")
        s.end()
    figure(f"first byte, {chats} chats", statistics.median(first), "ms",
           f"({min(first):.0f} to {max(first):.0f})")
    figure(f"first paint whole, {messages} messages", statistics.median(whole),
           "ms", f"({min(whole):.0f} to {max(whole):.0f})")
    figure("first paint and connecting, processor time", min(cpu), "ms",
           f"(the best of {rounds})")
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


def conversation(folder, sync):
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
        for i in range(sync):
            a.type(f"s{i}\r")
        a.wait(rf"s{sync - 1}\s.*✓", seconds=300)
        figure(f"typed and sent, {sync} messages",
               sync / (time.monotonic() - start), "msg/s")
        start = time.monotonic()
        b = Screen(ben, 40, 120)
        b.wait("›")
        times = []
        while f"s{sync - 1}" not in b.text() and \
                time.monotonic() < start + 300:
            times += echo(b, 10)
        took = time.monotonic() - start
        figure(f"sync of {sync} messages, from start", took, "s")
        figure("sync", sync / took, "msg/s")
        echo_figures("key to echo during the sync", times)
        for s in (a, b):
            s.type("\x11")
            s.end()
    finally:
        relay.stop()


def profile(home, chats, messages):
    """A person's folders with a filled store; what is there is kept."""
    data = home / ".local/share/sotto/default"
    if (data / "store.key").exists():
        return
    data.parent.mkdir(mode=0o700, parents=True)
    for p in (home, home / ".local", home / ".local/share", data.parent):
        p.chmod(0o700)
    subprocess.run([FILL, data, str(chats), str(messages)], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    args = arguments()
    need(SOTTO, FILL, *([] if args.paint else [RELAY]))
    with scratch() as path:
        folder = pathlib.Path(path)
        if not args.paint:
            conversation(folder, args.sync)
        home = args.profile or folder / "big"
        profile(home, args.chats, args.messages)
        picture = first_paint(home, args.rounds, args.chats, args.messages)
        if not re.search(r"Person \d+", picture) or "Write a" not in picture:
            raise SystemExit("no picture:\n" + picture)


if __name__ == "__main__":
    main()
