# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people with many devices, and what should be on each of them.

The model is as small as it can be: a list of what was said and by which
device. Everything that was said must be on every device that was part of
either account then, once, in the order of its author's device, and all copies
must agree on where it stands.
"""
import json
import random
import re
import signal

from harness import DEADLINE, Person, Screen, Timeout

CTRL_Q = "\x11"
READ = "✓✓◉"  # without colours
PHONES = {"a": "+4915550000011", "b": "+4915550000022"}
LETTERS = "abcäéßжξ"


class Unit:
    """One device: a profile, and a client in a terminal while it is on."""

    def __init__(self, person, account, name):
        self.person, self.account, self.name = person, account, name
        self.screen = None
        self.removed = False

    def __repr__(self):
        return self.name

    @property
    def on(self):
        return self.screen is not None

    def start(self):
        self.screen = Screen(self.person, 50, 100, env={"NO_COLOR": "1"})
        self.screen.wait(r"(?s)\d\d:\d\d.*● online")
        self.screen.type("\r")  # the only chat
        self.screen.wait("Write a message")

    def stop(self, kill):
        if kill:
            self.screen.kill(signal.SIGKILL)
        else:
            self.screen.type(CTRL_Q)
            self.screen.end()
        self.screen = None

    def say(self, text):
        """Returns when it is safe: a clock or a tick stands beside it."""
        self.screen.type(text + "\r")
        self.screen.wait(re.escape(text) + r" +\d\d:\d\d .")

    def sees(self, text):
        self.screen.wait(re.escape(text))

    def knows_as_read(self, text):
        self.screen.wait(re.escape(text) + r" +\d\d:\d\d " + READ)

    def store(self):
        out = self.person.run("export").stdout.splitlines()
        return [m for m in map(json.loads, out)
                if m["direction"] in ("in", "out")]


class Said:
    def __init__(self, text, unit, audience):
        self.text, self.account, self.by = text, unit.account, unit.name
        self.audience = audience


class Fleet:
    """The devices, the relay, the model and the dice."""

    def __init__(self, relay, seed):
        self.relay = relay
        self.dice = random.Random(seed)
        self.units, self.said = [], []
        self.bars = 0
        self.log = []

    def add(self, unit):
        self.units.append(unit)
        return unit

    def there(self, account=None):
        return [u for u in self.units if not u.removed and
                account in (None, u.account)]

    def note(self, *what):
        self.log.append(" ".join(map(str, what)))

    # ---- steps -----------------------------------------------------------------

    def fresh(self):
        n = len(self.said)
        return (f"{n}:" + "".join(self.dice.choices(LETTERS, k=3)) +
                "-" * self.dice.randrange(8) + ".")

    def record(self, unit, text):
        self.said.append(
            Said(text, unit, {u.name for u in self.there()}))
        self.note(unit, "says", text)

    def say(self):
        on = [u for u in self.there() if u.on]
        if not on:
            return self.turn_on()
        unit, text = self.dice.choice(on), self.fresh()
        self.record(unit, text)
        unit.say(text)

    def burst(self):
        on = [u for u in self.there() if u.on]
        for unit in self.dice.sample(on, min(len(on), 3)):
            texts = [self.fresh()]
            self.record(unit, texts[0])
            unit.screen.type(texts[0] + "\r")
            for _ in range(self.dice.randrange(3)):
                texts.append(self.fresh())
                self.record(unit, texts[-1])
                unit.screen.type(texts[-1] + "\r")
            unit.screen.wait(re.escape(texts[-1]) + r" +\d\d:\d\d .")

    def one_shot(self):
        """By the command line of a device that is off."""
        off = [u for u in self.there() if not u.on]
        if not off:
            return self.turn_off()
        unit, text = self.dice.choice(off), self.fresh()
        other = "b" if unit.account == "a" else "a"
        self.record(unit, text)
        unit.person.run("send", PHONES[other], text)

    def turn_on(self):
        off = [u for u in self.there() if not u.on]
        if off:
            unit = self.dice.choice(off)
            self.note(unit, "on")
            unit.start()

    def turn_off(self):
        on = [u for u in self.there() if u.on]
        if len(on) > 1:
            unit, kill = self.dice.choice(on), self.dice.random() < 0.5
            self.note(unit, "killed" if kill else "off")
            unit.stop(kill)

    def relay_dies(self):
        self.note("relay dies")
        self.relay.kill()
        on = [u for u in self.there() if u.on]
        for unit in on:
            unit.screen.wait("(?i)offline|connecting|retry")
        for unit in self.dice.sample(on, min(len(on), 2)):
            text = self.fresh()
            self.record(unit, text)
            unit.say(text)
        self.relay.restart()
        for unit in on:
            unit.screen.wait(lambda t: "● online" in t)

    STEPS = [(say, 50), (burst, 8), (one_shot, 8), (turn_on, 18),
             (turn_off, 15), (relay_dies, 1)]

    def step(self):
        kinds, weights = zip(*self.STEPS)
        self.dice.choices(kinds, weights)[0](self)

    # ---- looking ---------------------------------------------------------------

    def settle(self):
        """Everybody on; what every device says last is on every screen. A
        device sends and is sent to in order, so what came before is there."""
        for unit in self.there():
            if not unit.on:
                unit.start()
        self.bars += 1
        mine = {}
        for unit in self.there():
            mine[unit] = f"bar {self.bars} of {unit}."
            self.record(unit, mine[unit])
            unit.say(mine[unit])
        for unit in self.there():
            for text in mine.values():
                unit.sees(text)
        for unit in self.there():
            for u, text in mine.items():
                if u.account == unit.account:
                    unit.knows_as_read(text)

    def check(self):
        """Every device off; every store against the model."""
        self.settle()
        for unit in self.there():
            unit.stop(False)
        stores = {u.name: u.store() for u in self.there()}
        for unit in self.there():
            self.compare(unit, stores[unit.name])
        return stores

    def compare(self, unit, rows):
        want = {s.text: s for s in self.said if unit.name in s.audience}
        got = [m["text"] for m in rows]
        assert sorted(got) == sorted(want), (
            unit, set(want) ^ set(got), self.log[-60:])
        for m in rows:
            own = want[m["text"]].account == unit.account
            assert m["direction"] == ("out" if own else "in"), (unit, m)
            if own:
                assert m["state"] in ("delivered", "read"), (unit, m)
        for by in {s.by for s in want.values()}:
            order = [t for t in got if want[t].by == by]
            said = [s.text for s in self.said if s.text in want and
                    s.by == by]
            wrong = [(i, a, b) for i, (a, b) in enumerate(zip(order, said))
                     if a != b]
            assert order == said, (unit, by, wrong, self.log[-60:])
