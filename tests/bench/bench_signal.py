#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Signal protocol beside other people's, one line a figure.

    tests/bench/bench_signal.py BUILD-FOLDER [ROUNDS]

Every implementation is one process with both devices in it; they take turns,
row by row and round by round, and the median of the rounds counts. A call is
timed inside the process, from the stored record to the new one: no pipe, no
JSON, no start-up is in a figure.

libsignal is called through npm's package, the one way its makers ship it for
programs such as this, so the crossings between JavaScript and its native
library (promises, the callbacks of the stores) are in its figures: some tens
of microseconds a call. The last table has little of that: single operations, each
one plain call. libomemo-c gets the same hashes and ciphers
from us that we use; it has version 3 of the protocol (no Kyber, no SPQR, other
sender keys), so it is also set against our version 3.
"""
import os
import statistics
import subprocess
import sys

LIBSIGNAL = "0.103.0"
# Short turns and many: whoever else runs here spoils a few, not the median.
TURNS = {
    "handshake": 15,
    "ping-pong": 300,
    "one-way": 100,
    "group": 60,
    "sign": 40,
    "agree": 20,
}
HERE = os.path.dirname(os.path.abspath(__file__))

# figure, row, which of the row's numbers (2: bytes, the fewer the better)
SPEED = [
    ("handshakes/s", "handshake", 0),
    ("ping-pong, encrypt/s", "ping-pong", 0),
    ("ping-pong, decrypt/s", "ping-pong", 1),
    ("one-way, encrypt/s", "one-way", 0),
    ("one-way, decrypt/s", "one-way", 1),
    ("sender key, encrypt/s", "group", 0),
    ("sender key, decrypt/s", "group", 1),
]
BYTES = [
    ("bytes, pre-key message", "handshake", 2),
    ("bytes, ping-pong message", "ping-pong", 2),
    ("bytes, one-way message", "one-way", 2),
    ("bytes, sender key message", "group", 2),
]
SINGLE = [
    ("signatures made/s", "sign", 0),
    ("signatures checked/s", "sign", 1),
    ("agreements/s", "agree", 0),
    ("Kyber1024 key pairs/s", "agree", 1),
]


class Side:
    """One implementation; runs[row] has (first, second, bytes) a round."""

    def __init__(self, name, argv, without=()):
        self.name = name
        self.rows = [r for r in TURNS if r not in without]
        self.runs = {r: [] for r in self.rows}
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def turn(self, row):
        count = TURNS[row]
        self.process.stdin.write(f"{row} {count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            sys.exit(f"{self.name}: {row} failed")
        first, second, size = map(float, answer)
        return (
            count / first,
            count / second if second else 0,
            size / count,
        )

    def median(self, row, which):
        runs = self.runs.get(row)
        return statistics.median(r[which] for r in runs) if runs else None

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def libsignal(build):
    folder = os.path.join(build, "npm", LIBSIGNAL)
    if subprocess.run([f"{HERE}/../interop/npm.sh", build, LIBSIGNAL]).returncode:
        print(
            "libsignal is left out: node and npm are needed "
            f"(packaging/deps.sh bench), and a registry; see {folder}/log"
        )
        return []
    argv = ["node", f"{HERE}/signal_libsignal.mjs", folder]
    return [
        Side(f"libsignal {LIBSIGNAL}", argv + ["bytes"]),
        Side("records kept", argv + ["kept"]),
    ]


def omemo(build):
    program = os.path.join(build, "tests", "signal_omemo")
    if not os.path.exists(program):
        print("libomemo-c is left out: packaging/deps.sh bench, then make anew")
        return []
    return [Side("libomemo-c", [program], without=["group"])]


def play(sides, rounds):
    for i in range(rounds + 1):
        for row in TURNS:
            for side in sides[i % len(sides) :] + sides[: i % len(sides)]:
                if row in side.rows:
                    run = side.turn(row)
                    if i > 0:  # the first round only warms up
                        side.runs[row].append(run)


def cell(side, ours, row, which):
    theirs = side.median(row, which)
    if not theirs:
        return "n/a"
    ratio = theirs / ours if which == 2 else ours / theirs
    return f"{theirs:,.0f} {ratio:5.2f}x"


def table(title, figures, us, others):
    if not others:
        return
    names = "".join(f"{s.name:>19}" for s in others)
    print(f"{title:<28}{us.name:>11}{names}")
    for figure, row, which in figures:
        ours = us.median(row, which)
        if not ours:
            continue
        cells = "".join(f"{cell(s, ours, row, which):>19}" for s in others)
        print(f"{figure:<28}{ours:>11,.0f}{cells}")


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 31
    program = os.path.join(build, "tests", "signal_sotto")
    us = Side("sotto", [program])
    us3 = Side("sotto", [program, "3"], without=["group", "sign", "agree"])
    signal, old = libsignal(build), omemo(build)
    play([us, us3] + signal + old, rounds)
    print(f"texts of 100 bytes, median of {rounds} rounds; above 1: we are ahead")
    table("version 4 with SPQR", SPEED, us, signal + old)
    table("", BYTES, us, signal)
    table("version 3 on both sides", SPEED + BYTES, us3, old)
    table("single operations", SINGLE, us, signal[:1] + old)
    for side in [us, us3] + signal + old:
        side.end()


if __name__ == "__main__":
    main()
