# SPDX-License-Identifier: GPL-3.0-or-later
"""Random conversations of two: reordering, loss, replay, tampering, leaps.

Every message must come out as it was sent, exactly once, and every refusal must
leave the store as it was.
"""
from peers import Failure, Forged

CHAINS = 5  # receiving chains kept: older messages cannot be read
LATE = 1900  # further back than this is not tried here, but in limits.py
LEAP = 400
EPOCHS = 7  # four led by who began, three by the other one


class Conversation:
    def __init__(self, world, a, b, kyber):
        self.world, self.rng = world, world.rng
        self.peers = [a, b]
        self.kyber = kyber
        self.wire = [[], []]  # to peer 0, to peer 1
        self.old = [[], []]   # delivered: must be refused from now on
        self.heard = [0, 0]   # messages each has opened
        self.made = [0, 0]    # messages each has made, the lost ones too
        self.counts = dict.fromkeys(
            ('operations', 'sent', 'delivered', 'lost', 'replayed', 'forged',
             'envelopes', 'leaps', 'renewals'), 0)
        self.able = [False, False]  # to write
        self.start(0)

    def start(self, who):
        me, other = self.peers[who], self.peers[1 - who]
        me.start(other, self.kyber, onetime=self.rng.random() < 0.7)
        self.able[who] = True
        self.counts['renewals'] += 1

    def text(self):
        return f'{self.counts["sent"]} '.encode() + self.rng.randbytes(
            self.rng.randrange(100))

    def send(self, who, skip=0):
        # nobody can write before the first message has come
        if not self.able[who]:
            return
        m = self.peers[who].send(self.peers[1 - who], self.text(), skip)
        self.made[who] += skip + 1
        m.heard, m.number = self.heard[who], self.made[who]
        self.counts['sent'] += 1
        self.wire[1 - who].append(m)

    def leap(self, who):
        """Many messages in a row are lost."""
        if self.able[who]:
            self.counts['leaps'] += 1
            self.send(who, self.rng.randrange(1, LEAP))

    def readable(self, who, m):
        return (self.heard[1 - who] - m.heard < CHAINS and
                self.made[1 - who] - m.number < LATE)

    def deliver(self, who):
        if not self.wire[who]:
            return
        i = self.rng.choice([0, self.rng.randrange(len(self.wire[who]))])
        m = self.wire[who].pop(i)
        if not self.readable(who, m):
            self.counts['lost'] += 1
            return
        self.peers[who].open(m)
        self.opened(who, m)
        self.counts['delivered'] += 1

    def opened(self, who, m):
        self.able[who] = True
        self.heard[who] += 1
        self.old[who].append(m)
        del self.old[who][:-20]

    def lose(self, who):
        if self.wire[who]:
            self.wire[who].pop(self.rng.randrange(len(self.wire[who])))
            self.counts['lost'] += 1

    def replay(self, who):
        if self.old[who]:
            self.peers[who].refuse_message(self.rng.choice(self.old[who]))
            self.counts['replayed'] += 1

    def forgery(self, ct):
        """A bit flipped, an end cut off, bytes added, or noise."""
        b = bytearray.fromhex(ct)
        how = self.rng.randrange(10)
        if how < 7:
            b[self.rng.randrange(len(b))] ^= 1 << self.rng.randrange(8)
        elif how == 7:
            del b[self.rng.randrange(len(b)):]
        elif how == 8:
            b += self.rng.randbytes(self.rng.randrange(1, 20))
        else:
            b[1:] = self.rng.randbytes(self.rng.randrange(200))
        return b.hex()

    def tamper(self, who):
        if not self.wire[who]:
            return
        i = self.rng.randrange(len(self.wire[who]))
        m = self.wire[who][i]
        if not self.readable(who, m):
            return
        bad = Forged(m, self.forgery(m.ct))
        if m.type == 2:
            self.peers[who].refuse_message(bad)
            self.counts['forged'] += 1
            return
        # only the envelope's own fields are outside the MAC
        me = self.peers[who]
        before = me.ask('digest')
        got = me.attempt('decrypt', **me.received(bad))
        after = me.ask('digest')
        if not got.accepted():
            if before['digest'] != after['digest']:
                raise Failure('a forgery changed the store')
            self.counts['forged'] += 1
            return
        if got['msg'] != m.text:
            raise Failure('a forgery was accepted')
        self.wire[who].pop(i)
        self.opened(who, m)
        self.counts['envelopes'] += 1

    def run(self, ops, again):
        weights = {self.send: 390, self.deliver: 410, self.lose: 40,
                   self.replay: 60, self.tamper: 80, self.leap: 4,
                   self.start: again}
        steps = list(weights)
        for _ in range(ops):
            step = self.rng.choices(steps, weights.values())[0]
            step(self.rng.randrange(2))
        self.counts['operations'] += ops

    def drain(self):
        for who in (0, 1):
            while self.wire[who]:
                self.deliver(who)

    def told(self):
        return ', '.join(f'{n} {what}' for what, n in self.counts.items())


def about(world, roles):
    """What ours knows of the session with the other one."""
    ours, other = world.peers if roles[0] == 0 else world.peers[::-1]
    return ours.ask('about', **{'with': other.address()})


def talk(world, roles, ops, kyber, pq):
    """Either side starts anew now and then, also both at once."""
    a, b = world.pair(roles, pqoptional=not pq)
    c = Conversation(world, a, b, kyber)
    c.run(ops, again=8)
    c.drain()
    got = about(world, roles)
    if got['pq'] != pq:
        raise Failure('the wrong kind of post-quantum ratchet')
    if got['version'] != (4 if kyber else 3):
        raise Failure('the wrong version')
    return c.told()


def epochs(world, roles, ops, optional):
    """Nobody starts anew until each side has led three epochs."""
    a, b = world.pair(roles, pqoptional=optional)
    c = Conversation(world, a, b, True)
    c.run(ops, again=0)
    for _ in range(40):
        got = about(world, roles)
        if got['pq'] != 1:
            raise Failure('the post-quantum ratchet was lost')
        if got['epochs'] >= EPOCHS:
            break
        c.run(150, again=0)
    else:
        raise Failure(f'only {got["epochs"]} epochs')
    c.drain()
    n = about(world, roles)['epochs']
    return (f'{n} epochs: {(n + 1) // 2} of {a.label}, {n // 2} of {b.label}; '
            + c.told())
