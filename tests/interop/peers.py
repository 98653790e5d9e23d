# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementations of the Signal protocol in processes of their own.

Requests are posted and travel together, many on a line, when somebody asks for
a reply (README.md has the protocol).
"""
import json
import random
import subprocess
import threading
import uuid

BATCH = 64


class Failure(Exception):
    pass


class Reply:
    """What will come back; reading a field waits for it."""

    def __init__(self, peer, cmd, ok, then=None):
        self.peer, self.cmd, self.ok, self.then = peer, cmd, ok, then
        self.data = None

    def wait(self):
        if self.data is None:
            self.peer.flush()
        return self.data

    def __getitem__(self, field):
        return self.wait()[field]

    def accepted(self):
        return bool(self.wait()['ok'])

    def arrive(self, data):
        self.data = data
        who = f'{self.peer.label}: {self.cmd}'
        if self.ok is True and not data['ok']:
            raise Failure(f'{who}: {data["err"]}')
        if self.ok is False and data['ok']:
            raise Failure(f'{who}: accepted what must be refused')
        if self.then is not None:
            self.then(data)


class Message:
    """One ciphertext on its way, and what must come out of it."""

    def __init__(self, reply, text, sender):
        self.reply, self.text, self.sender = reply, text, sender

    @property
    def type(self):
        return self.reply['type']

    @property
    def ct(self):
        return self.reply['ct']


class Forged:
    """A message with other bytes."""

    def __init__(self, of, ct):
        self.type, self.ct, self.text = of.type, ct, of.text
        self.sender = of.sender


class Process:
    """Lines in, lines out; may serve several peers, one after the other."""

    def __init__(self, command):
        self.command = command
        self.proc = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def exchange(self, requests):
        try:
            self.proc.stdin.write(json.dumps(requests) + '\n')
            self.proc.stdin.flush()
            line = self.proc.stdout.readline()
        except BrokenPipeError:
            line = ''
        if not line:
            raise Failure(f'{self.command[0]} died at {requests[-1]["cmd"]}')
        return json.loads(line)

    def close(self):
        self.proc.stdin.close()
        self.proc.stdout.close()
        if self.proc.wait() != 0:
            raise Failure(f'{self.command[0]} ended badly')

    def drop(self):
        self.proc.kill()
        self.proc.wait()
        self.proc.stdin.close()
        self.proc.stdout.close()


class Pool:
    """Processes that take long to start are kept for the next case."""

    def __init__(self):
        self.idle = {}
        self.lock = threading.Lock()

    def take(self, command):
        with self.lock:
            kept = self.idle.get(tuple(command))
            if kept:
                return kept.pop()
        return Process(command)

    def give(self, process):
        if process.command[0] != 'node':
            process.close()
            return
        with self.lock:
            self.idle.setdefault(tuple(process.command), []).append(process)

    def close(self):
        for kept in self.idle.values():
            for p in kept:
                p.close()


class Peer:
    """One device of somebody."""

    def __init__(self, process, label, name, reg, seed, **options):
        self.process, self.label, self.name = process, label, name
        self.reg = reg
        self.options = options
        self.waiting = []
        self.requests = []
        self.next_key = 0
        self.register(seed)

    def register(self, seed):
        """Begin with a new identity and nothing else."""
        keys = self.ask('init', name=self.name, dev=1, reg=self.reg, seed=seed,
                        **self.options)
        self.identity = keys['identity_pub']

    def post(self, cmd, ok, then=None, **fields):
        r = Reply(self, cmd, ok, then)
        self.waiting.append(r)
        self.requests.append({'cmd': cmd, **fields})
        if len(self.requests) >= BATCH:
            self.flush()
        return r

    def flush(self):
        requests, waiting = self.requests, self.waiting
        self.requests, self.waiting = [], []
        if not requests:
            return
        replies = self.process.exchange(requests)
        for r, data in zip(waiting, replies):
            r.data = data
        for r, data in zip(waiting, replies):
            r.arrive(data)

    def ask(self, cmd, **fields):
        return self.post(cmd, True, **fields)

    def attempt(self, cmd, **fields):
        """Either answer is right."""
        return self.post(cmd, None, **fields)

    def refuse(self, cmd, **fields):
        """Must be refused and change nothing."""
        before = self.ask('digest')

        def same(after):
            if after['digest'] != before['digest']:
                raise Failure(f'{self.label}: {cmd} was refused, and changed '
                              'the store')
        self.post(cmd, False, **fields)
        self.post('digest', True, same)

    def address(self):
        return {'name': self.name, 'dev': 1}

    def bundle(self, kyber, onetime=True, again=False):
        self.next_key += 1
        return self.ask('bundle', preid=self.next_key, spreid=self.next_key,
                        kyid=self.next_key, kyber=kyber, onetime=onetime,
                        again=again).wait()

    def process_bundle(self, other, bundle, **fields):
        bundle = {k: v for k, v in bundle.items() if k != 'ok'}
        return self.ask('process', **{'from': other.address()}, bundle=bundle,
                        **fields)

    def start(self, other, kyber, **fields):
        self.process_bundle(other, other.bundle(kyber, **fields))

    def send(self, other, text=b'text', skip=0, **fields):
        """Encrypt, after `skip` messages that are lost at once."""
        r = self.ask('encrypt', to=other.address(), msg=text.hex(), skip=skip,
                     **fields)
        return Message(r, text.hex(), self)

    def received(self, m):
        return {'from': m.sender.address(), 'type': m.type, 'ct': m.ct}

    def open(self, m):
        def same(got):
            if got['msg'] != m.text:
                raise Failure(f'{self.label}: another plaintext came out')
        return self.post('decrypt', True, same, **self.received(m))

    def refuse_message(self, m):
        self.refuse('decrypt', **self.received(m))


class World:
    """The peers of one case; all that is random follows from its seed."""

    def __init__(self, commands, pool, seed):
        self.commands, self.pool, self.seed = commands, pool, seed
        self.rng = random.Random(seed)
        self.peers = []

    def label(self, i):
        return self.commands[i][0]

    def peer(self, i, reg=1, **options):
        label, command = self.commands[i]
        name = str(uuid.UUID(bytes=self.rng.randbytes(16), version=4))
        p = Peer(self.pool.take(command), label, name, reg,
                 f'{self.seed} {len(self.peers)}', **options)
        self.peers.append(p)
        return p

    def pair(self, roles, **options):
        return [self.peer(r, 100 + i, **options) for i, r in enumerate(roles)]

    def close(self):
        for p in self.peers:
            p.flush()
        for p in self.peers:
            self.pool.give(p.process)

    def drop(self):
        for p in self.peers:
            p.process.drop()
