# SPDX-License-Identifier: GPL-3.0-or-later
"""Sender keys, safety numbers and primitives against one implementation."""
import uuid

from limits import SKIPPED
from peers import Failure, Message

STATES = 5  # keys kept of one sender
JUMP = 25000
LATE = 1900


def distribution(world):
    return str(uuid.UUID(bytes=world.rng.randbytes(16), version=4))


def hand_out(sender, others, dist):
    skdm = sender.ask('skdm', dist=dist)['skdm']
    for o in others:
        o.ask('skprocess', **{'from': sender.address()}, skdm=skdm)
    return skdm


def write(sender, dist, text=b'text', skip=0):
    r = sender.ask('gencrypt', dist=dist, msg=text.hex(), skip=skip)
    return Message(r, text.hex(), sender)


def read(reader, m):
    def same(got):
        if got['msg'] != m.text:
            raise Failure(f'{reader.label}: another plaintext came out')
    reader.post('gdecrypt', True, same, **{'from': m.sender.address()},
                ct=m.ct)


def refuse(reader, m, ct=None, sender=None):
    sender = sender or m.sender
    reader.refuse('gdecrypt', **{'from': sender.address()},
                  ct=m.ct if ct is None else ct)


class Key:
    """A sender's key for a distribution, as far as the readers know it."""

    def __init__(self):
        self.generation = 0
        self.made = 0


class Group:
    """Members who write to several distributions at once."""

    def __init__(self, world, members, distributions):
        self.rng = world.rng
        self.members = members
        self.dists = [distribution(world) for _ in range(distributions)]
        self.keys = {}
        self.wire = [[] for _ in members]
        self.old = [[] for _ in members]
        self.counts = dict.fromkeys(
            ('operations', 'sent', 'delivered', 'lost', 'replayed', 'forged',
             'rotations', 'repeats', 'leaps'), 0)
        for i in range(len(members)):
            for dist in self.dists:
                self.rotate(i, dist)

    def others(self, i):
        return [m for m in self.members if m is not self.members[i]]

    def rotate(self, i, dist):
        me = self.members[i]
        me.ask('skreset', dist=dist)
        hand_out(me, self.others(i), dist)
        k = self.keys.setdefault((i, dist), Key())
        k.generation += 1
        k.made = 0
        self.counts['rotations'] += 1

    def repeat(self, i, dist):
        """The key comes again: nobody's place in it may change."""
        hand_out(self.members[i], self.others(i), dist)
        self.counts['repeats'] += 1

    def send(self, i, dist, skip=0):
        m = write(self.members[i], dist,
                  self.rng.randbytes(self.rng.randrange(80)), skip)
        k = self.keys[i, dist]
        k.made += skip + 1
        m.key, m.generation, m.number = k, k.generation, k.made
        for j in range(len(self.members)):
            if j != i:
                self.wire[j].append(m)
        self.counts['sent'] += 1

    def leap(self, i, dist):
        self.send(i, dist, self.rng.randrange(1, 400))
        self.counts['leaps'] += 1

    def readable(self, m):
        new = m.generation == m.key.generation
        return (m.key.generation - m.generation < STATES and
                (not new or m.key.made - m.number < LATE))

    def deliver(self, i, dist):
        if not self.wire[i]:
            return
        m = self.wire[i].pop(self.rng.randrange(len(self.wire[i])))
        if not self.readable(m):
            self.counts['lost'] += 1
            return
        read(self.members[i], m)
        self.old[i].append(m)
        del self.old[i][:-20]
        self.counts['delivered'] += 1

    def lose(self, i, dist):
        if self.wire[i]:
            self.wire[i].pop(self.rng.randrange(len(self.wire[i])))
            self.counts['lost'] += 1

    def replay(self, i, dist):
        if self.old[i]:
            refuse(self.members[i], self.rng.choice(self.old[i]))
            self.counts['replayed'] += 1

    def tamper(self, i, dist):
        if not self.wire[i]:
            return
        m = self.rng.choice(self.wire[i])
        b = bytearray.fromhex(m.ct)
        if self.rng.random() < 0.8:
            b[self.rng.randrange(len(b))] ^= 1 << self.rng.randrange(8)
        else:
            del b[self.rng.randrange(len(b)):]
        refuse(self.members[i], m, b.hex())
        self.counts['forged'] += 1

    def run(self, ops):
        weights = {self.send: 25, self.deliver: 50, self.lose: 3,
                   self.replay: 6, self.tamper: 8, self.rotate: 1,
                   self.repeat: 2, self.leap: 1}
        steps = list(weights)
        for _ in range(ops):
            step = self.rng.choices(steps, weights.values())[0]
            step(self.rng.randrange(len(self.members)),
                 self.rng.choice(self.dists))
        self.counts['operations'] += ops


def talk(world, other, ops):
    """Two of ours and two of theirs, three distributions."""
    g = Group(world, [world.peer(i) for i in (0, other, 0, other)], 3)
    g.run(ops)
    return ', '.join(f'{n} {what}' for what, n in g.counts.items())


def jump(world, roles):
    a, b = world.pair(roles)
    dist = distribution(world)
    hand_out(a, [b], dist)
    gone = write(a, dist, b'gone', JUMP - SKIPPED - 1)
    kept = write(a, dist, b'kept')
    edge = write(a, dist, b'edge', SKIPPED - 1)
    over = write(a, dist, b'over')
    refuse(b, over)
    read(b, edge)
    read(b, kept)
    refuse(b, kept)
    refuse(b, gone)
    read(b, over)
    return (f'{JUMP} ahead accepted, {JUMP + 1} refused; '
            f'{SKIPPED} back accepted, {SKIPPED + 1} refused')


def rotation(world, roles):
    """Keys of before are kept, but not for ever; a key is one sender's."""
    a, b = world.pair(roles)
    third = world.peer(roles[0])
    dist, another = distribution(world), distribution(world)
    refuse(b, write_first(a, dist))  # its key never came
    late = []
    for _ in range(STATES + 1):
        a.ask('skreset', dist=dist)
        hand_out(a, [b], dist)
        late.append(write(a, dist))
    hand_out(a, [b], another)
    hand_out(third, [b], dist)
    for m in late[2:]:
        refuse(b, m, sender=third)
        read(b, m)
        refuse(b, m)
    refuse(b, late[0])
    read(b, late[1])
    read(b, write(third, dist))
    read(b, write(a, another))
    # who comes later reads only from there on
    newer = world.peer(roles[1])
    before = write(a, dist)
    hand_out(a, [newer], dist)
    after = write(a, dist)
    refuse(newer, before)
    read(newer, after)
    read(b, after)
    read(b, before)
    return f'{STATES} keys kept, the one before refused'


def write_first(a, dist):
    a.ask('skdm', dist=dist)
    return write(a, dist)


def safety_numbers(world, other):
    """Shown, scanned and compared, each way."""
    a, b = world.peer(0), world.peer(other)
    rng = world.rng
    for i in range(8):
        x, y, z = (p.ask('keygen')['pub'] for p in (a, b, a))
        xid, yid = rng.randbytes(16).hex(), b'+14155550100'.hex()
        common = {'iterations': rng.choice([2, 100, 5200]),
                  'version': rng.choice([1, 2])}
        of_x = {'lid': xid, 'lkey': x, 'rid': yid, 'rkey': y, **common}
        of_y = {'lid': yid, 'lkey': y, 'rid': xid, 'rkey': x, **common}
        shown = {p.ask('fingerprint', **q)['display']
                 for p in (a, b) for q in (of_x, of_y)}
        if len(shown) != 1 or len(shown.pop()) != 60:
            raise Failure('the digits differ')
        for p in (a, b):
            if p.ask('fingerprint', **of_x)['scan'] != \
                    a.ask('fingerprint', **of_x)['scan']:
                raise Failure('the scannable forms differ')
        scan = b.ask('fingerprint', **of_y)['scan']
        wrong = bytearray.fromhex(scan)
        wrong[rng.randrange(len(wrong))] ^= 1 << rng.randrange(8)
        for p in (a, b):
            compare(p, True, scan=scan, **of_x)
            compare(p, False, scan=scan, **of_y)  # one's own
            compare(p, False, scan=scan, **{**of_x, 'rkey': z})
            compare(p, False, scan=scan, **{**of_x, 'lkey': z})
            compare(p, False, scan=scan, **{**of_x, 'rid': '00'})
            compare(p, None, scan=scan,
                    **{**of_x, 'version': 3 - common['version']})
            compare(p, None, scan='', **of_x)
            if p.attempt('compare', scan=wrong.hex(), **of_x).wait().get(
                    'match'):
                raise Failure('other bytes match')
    return '8 pairs, each shown and scanned both ways, 7 times refused'


def compare(peer, match, **q):
    """match: True, False, or None for refused outright."""
    def same(got):
        if got.get('match') != match:
            raise Failure(f'{peer.label}: {got} where {match} is right')
    peer.post('compare', match is not None, same, **q)


def primitives(world, other):
    """Keys, signatures and HKDF, each way."""
    rng = world.rng
    a, b = world.peer(0), world.peer(other)
    for _ in range(20):
        x, y = a.ask('keygen'), b.ask('keygen')
        ss = {p.ask('agree', priv=k['priv'], pub=l['pub'])['ss']
              for p in (a, b) for k, l in ((x, y), (y, x))}
        if len(ss) != 1:
            raise Failure('agreements differ')
        msg = rng.randbytes(rng.randrange(300)).hex()
        for signer, checker in ((a, b), (b, a)):
            k = signer.ask('keygen')
            sig = signer.ask('sign', priv=k['priv'], msg=msg)['sig']
            bad = bytearray.fromhex(sig)
            bad[rng.randrange(64)] ^= 1 << rng.randrange(8)
            if not checker.ask('verify', pub=k['pub'], msg=msg,
                               sig=sig)['valid']:
                raise Failure('a signature was refused')
            if checker.ask('verify', pub=k['pub'], msg=msg,
                           sig=bad.hex())['valid']:
                raise Failure('a forged signature was accepted')
        q = {'ikm': rng.randbytes(32).hex(), 'info': b'label'.hex(),
             'len': rng.randrange(1, 200)}
        if rng.random() < 0.5:
            q['salt'] = rng.randbytes(32).hex()
        if a.ask('hkdf', **q)['okm'] != b.ask('hkdf', **q)['okm']:
            raise Failure('HKDF differs')
    return '20 rounds'
