# SPDX-License-Identifier: GPL-3.0-or-later
"""Three people with many devices and a group, and what should be on each.

The dice are thrown for the model alone, so that a seed says what is done. One
thing is done after the other: of two settings the later one counts, and the
model is what was done last. What an account has of a message is the same on all
of its devices that were there when it was sent.
"""
import concurrent.futures
import json
import random
import re
import signal

from harness import Screen

CTRL_K, CTRL_Q, CTRL_U = "\x0b", "\x11", "\x15"
PHONES = {"a": "+4915550000011", "b": "+4915550000022", "c": "+4915550000033"}
PAIRS = ("ab", "ac")  # chats of two; "g" is the group
GROUP = "Rowing"  # what its name begins with
LETTERS = "abcäéßжξ"
EMOJI = ("👍", "❤️", "x", "")
LATEST = 12  # what is done to a message is done to one of these
SHOWN = 200  # messages of a chat that are compared in all their parts
PASSES = 9  # until nothing is under way any more
CLOCK = r" +(◔\S+ +)?\d\d:\d\d ."
TICK = CLOCK[:-1] + "✓"


class Unit:
    """One device: a profile, and a client in a terminal while it is on."""

    def __init__(self, person, account, name):
        self.person, self.account, self.name = person, account, name
        self.screen = self.chat = None
        self.removed = False

    def __repr__(self):
        return self.name

    @property
    def on(self):
        return self.screen is not None

    def start(self, chat, query):
        self.screen, self.chat = Screen(
            self.person, 50, 100, env={"NO_COLOR": "1"}), chat
        self.screen.wait("● online")
        self.screen.type(CTRL_K)
        self.screen.wait("Go to")
        self.screen.type(query)
        self.screen.wait(rf"Go to(.|\n)*{query}(.|\n)*▸")
        self.screen.type("\r")
        self.screen.wait(lambda text: "Go to" not in text)

    def stop(self, kill):
        if kill:
            self.screen.kill(signal.SIGKILL)
        else:
            self.screen.type(CTRL_Q)
            self.screen.end()
        self.screen = self.chat = None

    def say(self, text, tick=True):
        """Returns when it is safe, or (tick) when the relay has it."""
        self.screen.type(CTRL_U + text + "\r")
        self.screen.wait(re.escape(text) + (TICK if tick else CLOCK))

    def lines(self, *args):
        out = self.person.run(*args, "--json").stdout
        return [json.loads(line) for line in out.splitlines()]

    def exported(self):
        out = self.person.run("export").stdout.splitlines()
        return [m for m in map(json.loads, out)
                if m["direction"] in ("in", "out")]


class Said:
    """A message, and in view[account] what that account has of it."""

    def __init__(self, number, unit, chat, text, units, accounts):
        self.number, self.by, self.chat = number, unit.name, chat
        self.account, self.text = unit.account, text
        self.units = units
        self.id = None
        self.view = {a: View(text) for a in accounts}


class View:
    def __init__(self, text):
        self.text, self.edited = text, False
        self.deleted = self.forgotten = self.starred = False
        self.reactions = {}

    @property
    def alive(self):
        return not self.deleted and not self.forgotten

    def shows(self):
        """What a row of the list says, as far as the model knows it."""
        if self.deleted:
            return ("deleted", "", False, [])
        return ("text", self.text, self.starred,
                sorted(e for e in self.reactions.values() if e))


class Group:
    """As everybody in it should see it."""

    def __init__(self, id):
        self.id, self.name, self.about, self.timer = id, GROUP, "", 0
        self.roles = {"a": "admin", "b": "member", "c": "member"}


class Fleet:
    """The devices, the relay, the model and the dice."""

    def __init__(self, relay, seed):
        self.relay = relay
        self.dice = random.Random(seed)
        self.units, self.said, self.log = [], [], []
        self.group = None
        self.set = {}  # (account, chat, what): value
        self.names = 0

    def add(self, unit):
        self.units.append(unit)
        return unit

    def there(self, account=None):
        return [u for u in self.units if not u.removed and
                account in (None, u.account)]

    def note(self, *what):
        self.log.append(" ".join(map(str, what)))

    def members(self, chat):
        return set(self.group.roles) if chat == "g" else set(chat)

    def chats(self, account):
        return [c for c in (*PAIRS, "g") if account in self.members(c)]

    def names_of(self, account, chat):
        """How a chat is named to a command, and looked for on the screen."""
        if chat == "g":
            return self.group.id, GROUP
        phone = PHONES[chat.replace(account, "")]
        return phone, phone[-4:]

    # ---- talking ---------------------------------------------------------------

    def fresh(self):
        n = len(self.said)
        return (f"{n}:" + "".join(self.dice.choices(LETTERS, k=3)) +
                "-" * self.dice.randrange(8) + ".")

    def record(self, unit, chat, text):
        accounts = self.members(chat)
        units = {u.name for u in self.there() if u.account in accounts}
        self.said.append(
            Said(len(self.said), unit, chat, text, units, accounts))
        for a in accounts:
            self.set[a, chat, "archived"] = None  # unless it is muted
        self.set[unit.account, chat, "draft"] = None
        self.note(unit, "in", chat, "says", text)

    def off(self, account=None):
        return [u for u in self.there(account) if not u.on]

    def on(self):
        return [u for u in self.there() if u.on]

    def say(self):
        on = self.on()
        if not on:
            return self.turn_on()
        unit, text = self.dice.choice(on), self.fresh()
        self.record(unit, unit.chat, text)
        unit.say(text)

    def burst(self):
        on = self.on()
        for unit in self.dice.sample(on, min(len(on), 3)):
            for _ in range(self.dice.randrange(3)):
                text = self.fresh()
                self.record(unit, unit.chat, text)
                unit.screen.type(CTRL_U + text + "\r")
            text = self.fresh()
            self.record(unit, unit.chat, text)
            unit.say(text)

    def one_shot(self):
        """By the command line of a device that is off."""
        off = self.off()
        if not off:
            return self.turn_off()
        unit = self.dice.choice(off)
        chat, text = self.dice.choice(self.chats(unit.account)), self.fresh()
        self.fetch(unit, chat)
        self.record(unit, chat, text)
        unit.person.run("send", self.names_of(unit.account, chat)[0], text)

    def fetch(self, unit, chat="g"):
        """Who was away may not know that they are in the group again."""
        if chat == "g":
            unit.person.run("recv", "--once")

    # ---- on and off ------------------------------------------------------------

    def start(self, unit, chat):
        self.note(unit, "on in", chat)
        self.fetch(unit, chat)
        unit.start(chat, self.names_of(unit.account, chat)[1])

    def turn_on(self):
        off = self.off()
        if off:
            unit = self.dice.choice(off)
            self.start(unit, self.dice.choice(self.chats(unit.account)))

    def turn_off(self):
        on = self.on()
        if len(on) < 2:
            return
        unit, way = self.dice.choice(on), self.dice.choice(
            ("killed", "killed", "off", "off", "with a draft"))
        self.note(unit, way)
        if way == "with a draft":
            draft = f"draft {len(self.log)}"
            unit.screen.type(CTRL_U + draft)
            unit.screen.wait(draft)
            self.set[unit.account, unit.chat, "draft"] = draft
        unit.stop(way == "killed")

    def relay_dies(self):
        self.note("relay dies")
        self.relay.kill()
        on = self.on()
        said = []
        for unit in on:
            unit.screen.wait("(?i)offline|connecting|retry")
        for unit in self.dice.sample(on, min(len(on), 2)):
            text = self.fresh()
            self.record(unit, unit.chat, text)
            unit.say(text, tick=False)
            said.append((unit, text))
        self.relay.restart()
        for unit in on:
            unit.screen.wait(lambda t: "● online" in t)
        for unit, text in said:
            unit.screen.wait(re.escape(text) + TICK)

    # ---- what is done to messages ----------------------------------------------

    def everywhere(self, said, change):
        for account in self.members(said.chat):
            if account in said.view:
                change(said.view[account])

    def edit(self, unit, said):
        text = said.text[:-1] + "!" * (1 + self.dice.randrange(5))
        self.act(unit, said, "edit", text)

        def change(view):
            if view.alive:
                view.text = text
        return change

    def retract(self, unit, said):
        self.act(unit, said, "delete", "--for-everyone")

        def change(view):
            view.deleted = True
        return change

    def react(self, unit, said):
        emoji = self.dice.choice(EMOJI)
        self.act(unit, said, "react", *([emoji] if emoji else []))

        def change(view):
            view.reactions[unit.account] = emoji
        return change

    def star(self, unit, said):
        on = self.dice.random() < 0.7
        self.act(unit, said, "star" if on else "unstar")
        said.view[unit.account].starred = on

    def forget(self, unit, said):
        self.act(unit, said, "delete", "--for-me")
        said.view[unit.account].forgotten = True

    def find(self, unit, said):
        chat = self.names_of(unit.account, said.chat)[0]
        out = unit.person.run("list", chat, f"--limit={SHOWN}", "--json",
                              check=False).stdout  # a new one: no such chat
        for m in map(json.loads, out.splitlines()):
            if m["text"].startswith(f"{said.number}:"):
                said.id = m["message_id"]
        return said.id

    def act(self, unit, said, verb, *args):
        """A device that is off may not have it yet."""
        self.note(unit, verb, *args, said.number, "in", said.chat)
        self.fetch(unit, said.chat)
        if said.id is None and self.find(unit, said) is None:
            unit.person.run("recv", "--once")
            assert self.find(unit, said), (unit, "lacks", said.number)
        self.verb(unit, verb, said.id, *args)

    def verb(self, unit, verb, *args):
        done = unit.person.run(verb, *args, check=False)
        if done.returncode == 7:
            unit.person.run("recv", "--once")  # it has not come yet
            done = unit.person.run(verb, *args, check=False)
        assert done.returncode == 0, (unit, verb, args, done)

    def message_step(self):
        off = self.off()
        if not off:
            return self.turn_off()
        unit, what = self.dice.choice(off), self.dice.choice(
            (Fleet.edit, Fleet.react, Fleet.react, Fleet.retract, Fleet.star,
             Fleet.forget))
        own = what in (Fleet.edit, Fleet.retract)
        chats = self.chats(unit.account)
        those = [s for s in self.said[-3 * LATEST:] if s.chat in chats and
                 unit.name in s.units and s.view[unit.account].alive and
                 (not own or s.account == unit.account)][-LATEST:]
        if not those:
            return self.say()
        said = self.dice.choice(those)
        change = what(self, unit, said)
        if change:
            self.everywhere(said, change)

    # ---- what is set for a chat ------------------------------------------------

    def chat_step(self):
        off = self.off()
        if not off:
            return self.turn_off()
        unit = self.dice.choice(off)
        chat = self.dice.choice(self.chats(unit.account))
        what = self.dice.choice(("mute", "pin", "archive", "name", "timer",
                                 "read"))
        name = self.names_of(unit.account, chat)[0]
        self.note(unit, "sets", what, "of", chat)
        if what in ("name", "timer"):
            return self.value_step(unit, chat, what, name)
        unit.person.run("recv", "--once")
        if what == "read":
            unit.person.run("read", name)
            return
        on = self.dice.random() < 0.7
        unit.person.run(what if on else "un" + what, name)
        key = {"mute": "muted", "pin": "pinned", "archive": "archived"}[what]
        self.set[unit.account, chat, key] = on
        if what == "archive" and on:
            self.set[unit.account, chat, "pinned"] = False

    def value_step(self, unit, chat, what, name):
        self.names += 1
        if what == "timer":
            days = self.dice.randrange(1, 28)
            if chat == "g":
                self.group.timer = days * 86400
                return self.group_verb(unit, "edit", "--timer",
                                       str(self.group.timer))
            unit.person.run("timer", name, f"--after={days}d")
            for account in chat:
                self.set[account, chat, "timer"] = days * 86400
        elif chat != "g":
            called = "Person " + "".join(self.dice.choices("qwxyz", k=5))
            unit.person.run("name", name, called)
            self.set[unit.account, chat, "name"] = called

    # ---- the group -------------------------------------------------------------

    def group_verb(self, unit, verb, *args):
        self.note(unit, "group", verb, *args)
        self.fetch(unit)
        unit.person.run("group", verb, self.group.id, *args)

    def group_step(self):
        """Anna's devices remove and take in, Ben and Cat may leave."""
        who = self.dice.choice("bc")
        what = self.dice.choice(("name", "about", "role", "coming", "coming",
                                 "leaving"))
        inside = who in self.group.roles
        actor = who if what == "leaving" and inside else "a"
        off = self.off(actor)
        if not off:
            return self.turn_off()
        unit = self.dice.choice(off)
        if what == "name":
            self.group.name = f"{GROUP} {len(self.log)}"
            self.group_verb(unit, "edit", "--name", self.group.name)
        elif what == "about":
            self.group.about = f"about {len(self.log)}"
            self.group_verb(unit, "edit", "--about", self.group.about)
        elif not inside:
            self.group_verb(unit, "add", PHONES[who])
            self.group.roles[who] = "member"
        elif what == "role":
            up = self.group.roles[who] == "member"
            self.group_verb(unit, "promote" if up else "demote", PHONES[who])
            self.group.roles[who] = "admin" if up else "member"
        else:
            for u in self.there(who):
                if u.on and u.chat == "g":
                    u.stop(False)
            if what == "leaving":
                self.group_verb(unit, "leave")
            else:
                self.group_verb(unit, "remove", PHONES[who])
            del self.group.roles[who]

    STEPS = [(say, 38), (burst, 6), (one_shot, 6), (turn_on, 14),
             (turn_off, 11), (message_step, 14), (chat_step, 8),
             (group_step, 4), (relay_dies, 1)]

    def step(self):
        kinds, weights = zip(*self.STEPS)
        self.dice.choices(kinds, weights)[0](self)

    # ---- looking ---------------------------------------------------------------

    @staticmethod
    def each(fn, units):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return dict(zip(units, pool.map(fn, units)))

    def look(self, unit):
        """Everything that the command line tells of a device."""
        chats = unit.lines("list")
        shown = {}
        for c in chats:
            name = c["account"] if c["group"] else c["phone"]
            shown[c["chat"]] = unit.lines("list", name, f"--limit={SHOWN}")
        return {"chats": chats, "shown": shown,
                "group": unit.lines("group", "show", self.group.id)[0]}

    def quiet(self):
        """Everybody has everything, and has nothing more to say about it."""
        seen = None
        for _ in range(PASSES):
            self.each(lambda u: u.person.run("recv", "--once"), self.there())
            now = self.each(self.look, self.there())
            if now == seen:
                return now
            seen = now
        raise AssertionError("it does not come to rest")

    def read_all(self):
        """One device of everybody reads everything."""
        for account in PHONES:
            unit = self.dice.choice(self.there(account))
            for chat in self.chats(account):
                unit.person.run("read", self.names_of(account, chat)[0])

    def check(self):
        """Every device off; every store against the model."""
        for unit in self.there():
            if unit.on:
                unit.stop(False)
        looks = self.quiet()
        for unit, look in looks.items():
            Check(self, unit, look).all()
        for account in PHONES:
            units = self.there(account)
            for unit in units[1:]:
                Check(self, unit, looks[unit]).agrees(looks[units[0]])
        self.read_all()
        for unit, look in self.quiet().items():
            Check(self, unit, look).all_read()
        self.check_screen(self.dice.choice(self.there()))

    def check_screen(self, unit):
        """The latest messages of a chat, on the screen of a device."""
        chat = self.dice.choice(self.chats(unit.account))
        unit.start(chat, self.names_of(unit.account, chat)[1])
        those = [s.view[unit.account] for s in self.said
                 if s.chat == chat and unit.name in s.units][-LATEST:]
        for view in those:
            if view.alive:
                unit.screen.wait(re.escape(view.text))
        text = unit.screen.text()
        for view in those:
            if not view.alive:
                assert view.text not in text, (unit, view.text, text)
        unit.stop(False)


class Check:
    """One device against the model, and against another of its account."""

    def __init__(self, fleet, unit, look):
        self.fleet, self.unit, self.look = fleet, unit, look
        self.account = unit.account
        self.chats = {self.key(c): c for c in look["chats"]}

    def key(self, row):
        if row["group"]:
            return "g"
        if row["to_self"]:
            return "self"
        other = next(a for a, p in PHONES.items() if p == row["phone"])
        return "".join(sorted(self.account + other))

    def rows(self, chat):
        row = self.chats.get(chat)
        return [] if row is None else [
            m for m in self.look["shown"][row["chat"]] if "message_id" in m]

    def all(self):
        self.every_text()
        for chat in (*PAIRS, "g"):
            self.chat_rows(chat)
            self.settings(chat)
        self.group_is()

    def fail(self, *what):
        raise AssertionError((self.unit, *what))

    def same(self, what, got, want):
        if got != want:
            self.fail(what, {"got": got, "want": want})

    def every_text(self):
        """All messages there ever were, each in the order of its device."""
        want = [s for s in self.fleet.said if self.unit.name in s.units and
                not s.view[self.account].forgotten]
        texts = [s.view[self.account].text for s in want
                 if not s.view[self.account].deleted]
        rows = self.unit.exported()
        got = [m["text"] for m in rows if m["text"]]
        if sorted(got) != sorted(texts):
            self.fail("has not", set(texts) - set(got), "has", set(got) -
                      set(texts), "twice", [t for t in set(got)
                                            if got.count(t) > 1])
        self.same("deleted", len(rows) - len(got), len(want) - len(texts))
        by = {s.view[self.account].text: s for s in want}
        for m in rows:
            if m["text"]:
                self.direction(m, by[m["text"]])
        for name in {s.by for s in want}:
            for chat in (*PAIRS, "g"):
                order = [by[t].number for t in got if by[t].by == name and
                         by[t].chat == chat]
                self.same(f"order of {name} in {chat}", order, sorted(order))

    def direction(self, m, said):
        own = said.account == self.account
        self.same(said.number, m["direction"], "out" if own else "in")
        states = ("sent", "delivered", "read") if own else ("received",)
        if own and said.chat != "g":
            states = states[1:]
        if m["state"] not in states:
            self.fail(said.number, m["state"])

    def chat_rows(self, chat):
        """Edits, reactions, stars of the latest messages."""
        want = [s.view[self.account].shows() for s in self.fleet.said
                if s.chat == chat and self.unit.name in s.units and
                not s.view[self.account].forgotten]
        rows = [(m["kind"], m["text"] if m["kind"] == "text" else "",
                 m["starred"], sorted(parts(m.get("reactions"))))
                for m in self.rows(chat)]
        for row in rows:
            if row[0] != "deleted" and row not in want:
                self.fail(chat, row, [w for w in want if w[1] == row[1]])

    def settings(self, chat):
        row = self.chats.get(chat)
        if self.account not in self.fleet.members(chat) or row is None:
            return
        got = {"muted": row["muted_until_ms"] is None, "pinned": row["pinned"],
               "archived": row["archived"], "name": row["name"],
               "draft": row["draft"], "timer": row["expire_s"]}
        for what, value in got.items():
            want = self.fleet.set.get((self.account, chat, what))
            if want is not None:
                self.same(f"{what} of {chat}", value, want)

    def group_is(self):
        row, group = self.look["group"], self.fleet.group
        if self.account not in group.roles:
            if row["standing"] not in ("left", "removed"):
                self.fail("group", row["standing"])
            return
        self.same("group", (row["standing"], row["name"], row["about"],
                            row["timer_s"], row["alarm"], row["pending"]),
                  ("member", group.name, group.about, group.timer, None, 0))
        want = {PHONES[a]: role for a, role in group.roles.items()}
        self.same("roles", sorted(m["role"] for m in row["members"]),
                  sorted(want.values()))
        for m in row["members"]:  # Ben never wrote to Cat
            if m["phone"]:
                self.same("member", m["role"], want.get(m["phone"]))

    def agrees(self, other):
        """The same as another device of the account, where both were there.
        Not so of drafts: who is killed within two seconds has told nobody."""
        theirs = Check(self.fleet, self.unit, other)
        for chat, row in self.chats.items():
            there = theirs.chats.get(chat)
            if there is None:
                self.fail("alone has", chat)
            for what in ("name", "archived", "pinned", "expire_s",
                         "muted_until_ms", "marked_unread"):
                self.same(f"{what} of {chat}", row[what], there[what])
            rows = {m["message_id"]: m for m in theirs.rows(chat)}
            mine = self.rows(chat)
            if {m["message_id"] for m in mine} == set(rows):
                self.same(f"unread of {chat}", row["unread"], there["unread"])
            for m in mine:
                if m["message_id"] in rows:
                    self.alike(m, rows[m["message_id"]])

    def alike(self, m, there):
        for what in ("kind", "text", "outgoing", "edited", "starred",
                     "expire_s", "sent_ms"):
            self.same((what, m["text"]), m[what], there[what])

    def all_read(self):
        """Those that the other one has not deleted, unread, before."""
        gone = {s.id for s in self.fleet.said if s.id and
                not all(v.alive for v in s.view.values())}
        for chat in self.fleet.chats(self.account):
            row = self.chats.get(chat)
            if row is None:
                continue
            self.same(f"unread of {chat}", row["unread"], 0)
            for m in self.rows(chat):
                if (chat != "g" and m["outgoing"] and m["kind"] == "text" and
                        m["message_id"] not in gone):
                    self.same(("state", m["text"]), m["state"], "read")


def parts(reactions):
    """The emoji of a row, as often as they were given: "👍 2 x"."""
    out = []
    for word in (reactions or "").split():
        if word.isdigit():
            out += [out[-1]] * (int(word) - 1)
        else:
            out.append(word)
    return out
