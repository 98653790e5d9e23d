#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random conversations between two implementations of the Signal protocol.

Messages are reordered, lost, replayed and tampered with; sessions are started
anew by either side, also by both at once. Every message must arrive as it was
sent, exactly once, and every refusal must leave the store as it was.

    converse.py [--seeds N] [--ops N] [--only TEXT] OURS OTHER...
Each OTHER is NAME=COMMAND; a missing command counts as skipped.
Closes with "N passed, N failed" and ", N skipped" where there are any.
"""
import argparse
import json
import os
import random
import shlex
import subprocess
import sys
import uuid

CHAINS = 5  # receiving chains kept: older messages cannot be read
JUMP = 25000
SKIPPED = 2000
# Which of version 3 (False) and 4 (True) an implementation can do.
VERSIONS = {'libomemo-c': (False,), '0.72.1': (False, True), '0.90.0': (True,),
            '0.103.0': (True,)}
# Which of them have the post-quantum ratchet; the last one insists on it.
PQ = ('0.90.0', '0.103.0')


class Peer:
    """One implementation in its own process."""

    def __init__(self, label, command, reg, **options):
        self.label = label
        self.command = command
        self.name = str(uuid.uuid4())
        self.next_key = 1
        self.heard = 0
        self.proc = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        keys = self.ask('init', name=self.name, dev=1, reg=reg, **options)
        self.identity = keys['identity_pub']
        self.private = keys['identity_priv']

    def call(self, cmd, **fields):
        self.proc.stdin.write(json.dumps({'cmd': cmd, **fields}) + '\n')
        self.proc.stdin.flush()
        line = self.proc.stdout.readline()
        if not line:
            raise Failure(f'{self.label} died at {cmd}')
        return json.loads(line)

    def ask(self, cmd, **fields):
        reply = self.call(cmd, **fields)
        if not reply['ok']:
            raise Failure(f'{self.label}: {cmd}: {reply["err"]}')
        return reply

    def address(self):
        return {'name': self.name, 'dev': 1}

    def bundle(self, kyber, onetime):
        self.next_key += 1
        return self.ask('bundle', preid=self.next_key, spreid=self.next_key,
                        kyid=self.next_key, kyber=kyber, onetime=onetime)

    def close(self):
        self.proc.stdin.close()
        if self.proc.wait() != 0:
            raise Failure(f'{self.label} ended badly')


class Failure(Exception):
    pass


class Conversation:
    def __init__(self, a, b, seed, kyber):
        self.peers = [a, b]
        self.rng = random.Random(seed)
        self.kyber = kyber
        self.wire = [[], []]  # to peer 0, to peer 1
        self.old = [[], []]   # delivered: must be refused from now on
        self.count = 0
        self.delivered = 0
        self.refused = 0
        self.start(0)

    def start(self, who):
        me, other = self.peers[who], self.peers[1 - who]
        bundle = other.bundle(self.kyber, self.rng.random() < 0.7)
        me.ask('process', **{'from': other.address()}, bundle=bundle)

    def send(self, who):
        me, other = self.peers[who], self.peers[1 - who]
        text = f'{self.count} '.encode() + self.rng.randbytes(
            self.rng.randrange(100))
        self.count += 1
        m = me.ask('encrypt', to=other.address(), msg=text.hex())
        m.update(text=text.hex(), stamp=me.heard)
        self.wire[1 - who].append(m)

    def readable(self, who, m):
        return self.peers[1 - who].heard - m['stamp'] < CHAINS

    def deliver(self, who):
        if not self.wire[who]:
            return
        i = self.rng.choice([0, self.rng.randrange(len(self.wire[who]))])
        m = self.wire[who].pop(i)
        if not self.readable(who, m):
            return
        me, other = self.peers[who], self.peers[1 - who]
        got = me.ask('decrypt', **{'from': other.address()}, type=m['type'],
                     ct=m['ct'])
        if got['msg'] != m['text']:
            raise Failure('another plaintext came out')
        me.heard += 1
        self.delivered += 1
        self.old[who].append(m)
        del self.old[who][:-20]

    def lose(self, who):
        if self.wire[who]:
            self.wire[who].pop(self.rng.randrange(len(self.wire[who])))

    def must_refuse(self, who, m):
        me, other = self.peers[who], self.peers[1 - who]
        before = me.ask('getsession', **{'with': other.address()})['record']
        got = me.call('decrypt', **{'from': other.address()}, type=m['type'],
                      ct=m['ct'])
        if got['ok']:
            return got
        after = me.ask('getsession', **{'with': other.address()})['record']
        if before != after:
            raise Failure('a refused message changed the session')
        self.refused += 1
        return None

    def replay(self, who):
        if not self.old[who]:
            return
        m = self.rng.choice(self.old[who])
        if self.must_refuse(who, m) is not None:
            raise Failure('a replay was accepted')

    def tamper(self, who):
        if not self.wire[who]:
            return
        i = self.rng.randrange(len(self.wire[who]))
        m = self.wire[who][i]
        if not self.readable(who, m):
            return
        b = bytearray.fromhex(m['ct'])
        b[self.rng.randrange(len(b))] ^= 1 << self.rng.randrange(8)
        got = self.must_refuse(who, {**m, 'ct': b.hex()})
        if got is None:
            return
        # only the envelope's own fields are outside the MAC
        if m['type'] != 3 or got['msg'] != m['text']:
            raise Failure('a forgery was accepted')
        self.wire[who].pop(i)
        self.peers[who].heard += 1

    def run(self, ops, again=0.015):
        weights = {self.send: 40, self.deliver: 40, self.lose: 4,
                   self.replay: 6, self.tamper: 8}
        steps = list(weights)
        for _ in range(ops):
            who = self.rng.randrange(2)
            if self.rng.random() < again:
                self.start(who)
                continue
            step = self.rng.choices(steps, weights.values())[0]
            try:
                step(who)
            except Failure as e:
                # nobody can write before the first message has come
                if step == self.send and who == 1 and self.delivered == 0:
                    continue
                raise e
        for who in (0, 1):
            while self.wire[who]:
                self.deliver(who)


def peers(commands, roles):
    """Ours does without SPQR only where the other one has none."""
    plain = not any(commands[r][0].split()[-1] in PQ for r in roles)
    return [Peer(commands[r][0], commands[r][1], 100 + i, pqoptional=plain)
            for i, r in enumerate(roles)]


def epochs(commands, roles, seed, optional):
    """Nobody starts anew until each side has led three epochs."""
    a, b = (Peer(commands[r][0], commands[r][1], 100 + i, pqoptional=optional)
            for i, r in enumerate(roles))
    ours, other = (a, b) if roles[0] == 0 else (b, a)
    c = Conversation(a, b, f'epochs{roles}{seed}', True)
    for _ in range(40):
        c.run(150, again=0)
        state = ours.ask('epochs', **{'with': other.address()})
        if state['pq'] != 1:
            raise Failure('the post-quantum ratchet was lost')
        if state['epochs'] >= 7:
            break
    else:
        raise Failure(f'only {state["epochs"]} epochs')
    a.close()
    b.close()
    return (f'{state["epochs"]} epochs, {c.count} sent, '
            f'{c.delivered} delivered, {c.refused} refused')


def downgrade(commands, roles):
    """Neither insists: both go on with what the older one can."""
    a, b = (Peer(commands[r][0], commands[r][1], 100 + i, pqoptional=True)
            for i, r in enumerate(roles))
    ours, other = (a, b) if roles[0] == 0 else (b, a)
    c = Conversation(a, b, 5, True)
    c.run(300, again=0)
    if ours.ask('epochs', **{'with': other.address()})['pq'] != 0:
        raise Failure('there is a post-quantum ratchet')
    a.close()
    b.close()
    return f'{c.delivered} delivered without'


def insisting(commands, roles):
    """Ours insists on SPQR, the other has none: refused, nothing changes."""
    a, b = (Peer(commands[r][0], commands[r][1], 100 + i)
            for i, r in enumerate(roles))
    c = Conversation(a, b, 5, True)
    c.send(0)
    if roles[0] != 0:  # ours hears the first message
        if c.must_refuse(1, c.wire[1].pop()) is not None:
            raise Failure('a handshake without SPQR was accepted')
    elif b.call('decrypt', **{'from': a.address()}, type=3,
                ct=c.wire[1].pop()['ct'])['ok']:
        raise Failure('they read what they have no key for')
    a.close()
    b.close()
    return 'refused'


def conversation(commands, roles, seed, ops, kyber):
    labels = [commands[r][0] for r in roles]
    a, b = peers(commands, roles)
    c = Conversation(a, b, f'{labels}{seed}{kyber}', kyber)
    c.run(ops)
    a.close()
    b.close()
    return (f'{c.count} sent, {c.delivered} delivered, {c.refused} refused')


def acquainted(commands, roles, kyber):
    a, b = peers(commands, roles)
    c = Conversation(a, b, 1, kyber)
    for _ in range(2):
        for who in (0, 1):
            c.send(who)
            c.deliver(1 - who)
    return c, a, b


def far_ahead(commands, roles, jump, kyber):
    """A jump that is allowed, and one message more."""
    c, a, b = acquainted(commands, roles, kyber)
    for extra in (0, 1):
        for _ in range(jump + extra):
            a.ask('encrypt', to=b.address(), msg='00')
        c.send(0)
        if extra == 0:
            c.deliver(1)
        elif c.must_refuse(1, c.wire[1].pop()) is not None:
            raise Failure('a jump over the limit was accepted')
    a.close()
    b.close()
    return f'{jump} ahead accepted, {jump + 1} refused'


def late(commands, roles, kyber):
    """The oldest message whose key is kept, and the one before."""
    c, a, b = acquainted(commands, roles, kyber)
    c.send(0)
    c.send(0)
    gone, kept = c.wire[1]
    c.wire[1] = []
    for _ in range(SKIPPED - 1):
        a.ask('encrypt', to=b.address(), msg='00')
    c.send(0)
    c.deliver(1)
    c.wire[1] = [kept]
    c.deliver(1)
    if c.must_refuse(1, gone) is not None:
        raise Failure('a key was kept too long')
    a.close()
    b.close()
    return f'{SKIPPED} back accepted, {SKIPPED + 1} refused'


def groups(commands, other, seed):
    """Three members, two of ours and one of theirs, all writing."""
    rng = random.Random(seed)
    members = [Peer(*commands[i], 1) for i in (0, other, 0)]
    sent = 0
    refused = 0
    for _ in range(3):
        dist = str(uuid.UUID(bytes=rng.randbytes(16), version=4))
        for m in members:  # everybody's key to everybody else
            skdm = m.ask('skdm', dist=dist)['skdm']
            for o in members:
                if o is not m:
                    o.ask('skprocess', **{'from': m.address()}, skdm=skdm)
        wire = [[] for _ in members]
        for _ in range(150):
            i = rng.randrange(3)
            m = members[i]
            if rng.random() < 0.4:
                text = rng.randbytes(rng.randrange(80)).hex()
                ct = m.ask('gencrypt', dist=dist, msg=text)['ct']
                for w, o in enumerate(members):
                    if o is not m:
                        wire[w].append((m, text, ct))
                sent += 1
            elif wire[i]:
                w = wire[i].pop(rng.randrange(len(wire[i])))
                if rng.random() < 0.1:
                    continue
                ask = {'from': w[0].address()}
                bad = bytearray.fromhex(w[2])
                bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
                if m.call('gdecrypt', **ask, ct=bad.hex())['ok']:
                    raise Failure('a forgery was accepted')
                if m.ask('gdecrypt', **ask, ct=w[2])['msg'] != w[1]:
                    raise Failure('another plaintext came out')
                if m.call('gdecrypt', **ask, ct=w[2])['ok']:
                    raise Failure('a replay was accepted')
                refused += 2
    for m in members:
        m.close()
    return f'{sent} sent, {refused} refused'


def primitives(commands, other, seed):
    """Keys, signatures, HKDF and safety numbers, each way."""
    rng = random.Random(seed)
    a = Peer(*commands[0], 1)
    b = Peer(*commands[other], 2)
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
        if a.ask('hkdf', **q) != b.ask('hkdf', **q):
            raise Failure('HKDF differs')
        q = {'iterations': rng.choice([2, 100, 5200]),
             'version': rng.choice([1, 2]),
             'lid': rng.randbytes(16).hex(), 'lkey': x['pub'],
             'rid': b'+14155550100'.hex(), 'rkey': y['pub']}
        if a.ask('fingerprint', **q) != b.ask('fingerprint', **q):
            raise Failure('safety numbers differ')
    a.close()
    b.close()
    return '20 rounds'


def cases(options, commands, i):
    name = commands[i][0]
    for roles in ((0, i), (i, 0)):
        for kyber in VERSIONS[name.split()[-1]]:
            label = f'{commands[roles[0]][0]} -> {commands[roles[1]][0]}' + (
                ', version 4' if kyber else ', version 3')
            for seed in range(options.seeds):
                yield (f'{label}, seed {seed}', conversation,
                       (commands, roles, seed, options.ops, kyber))
            # libomemo-c has a limit of its own
            old = 'omemo' in commands[roles[1]][0]
            spqr = kyber and name.split()[-1] in PQ
            yield (f'{label}, jump', far_ahead,
                   (commands, roles, 2000 if old else JUMP - spqr, kyber))
            if not old:
                yield f'{label}, late', late, (commands, roles, kyber)
            if spqr:
                for seed in range(options.seeds):
                    yield (f'{label}, epochs, seed {seed}', epochs,
                           (commands, roles, seed, False))
                yield (f'{label}, epochs, not insisting', epochs,
                       (commands, roles, 1, True))
            elif kyber:
                yield f'{label}, downgrade', downgrade, (commands, roles)
                yield f'{label}, insisting', insisting, (commands, roles)
    if 'omemo' not in name:
        yield f'{name}, groups', groups, (commands, i, 1)
        yield f'{name}, primitives', primitives, (commands, i, 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--seeds', type=int, default=3)
    p.add_argument('--ops', type=int, default=700)
    p.add_argument('--only', default='', help='cases with this in their name')
    p.add_argument('ours')
    p.add_argument('others', nargs='+')
    options = p.parse_args()
    commands = [('sotto', shlex.split(options.ours))]
    passed = failed = skipped = 0
    for other in options.others:
        name, _, command = other.partition('=')
        if not command:
            print(f'  skip  {name}')
            skipped += 1
            continue
        commands.append((name, shlex.split(command)))
        for label, test, args in cases(options, commands, len(commands) - 1):
            if options.only not in label:
                continue
            try:
                print(f'  ok    {label}: {test(*args)}', flush=True)
                passed += 1
            except Failure as e:
                print(f'  FAIL  {label}: {e}', flush=True)
                failed += 1
    print(f'{passed} passed, {failed} failed'
          + (f', {skipped} skipped' if skipped else ''))
    return failed > 0 or (skipped > 0 and os.environ.get('CI') == 'true')


if __name__ == '__main__':
    sys.exit(main())
