# SPDX-License-Identifier: GPL-3.0-or-later
"""The last message that must be read, and the first that must not."""
from conversation import CHAINS

SKIPPED = 2000
JUMP = 25000  # with the post-quantum ratchet one less
ARCHIVED = 40


def say(a, b):
    b.open(a.send(b))


def acquainted(world, roles, kyber, **options):
    a, b = world.pair(roles, pqoptional=True, **options)
    a.start(b, kyber)
    for _ in range(2):
        say(a, b)
        say(b, a)
    return a, b


def jump(world, roles, kyber, most):
    """most messages ahead; of those, only the last 2,000 are kept."""
    a, b = acquainted(world, roles, kyber)
    late = []
    if most > SKIPPED:
        late = [a.send(b, b'gone', most - SKIPPED - 1), a.send(b, b'kept')]
        edge = a.send(b, b'edge', SKIPPED - 1)
    else:
        edge = a.send(b, b'edge', most)
    over = a.send(b, b'over')
    b.refuse_message(over)
    b.open(edge)
    if late:
        b.open(late[1])
        b.refuse_message(late[0])
        b.refuse_message(late[1])
    b.open(over)
    b.refuse_message(edge)
    say(b, a)
    return (f'{most} ahead accepted, {most + 1} refused' +
            (f'; {SKIPPED} back accepted, {SKIPPED + 1} refused'
             if late else ''))


def late(world, roles, kyber):
    a, b = acquainted(world, roles, kyber)
    gone, kept = a.send(b, b'gone'), a.send(b, b'kept')
    b.open(a.send(b, b'edge', SKIPPED - 1))
    b.open(kept)
    b.refuse_message(kept)
    b.refuse_message(gone)
    say(b, a)
    return f'{SKIPPED} back accepted, {SKIPPED + 1} refused'


def chains(world, roles, kyber):
    """A message of the oldest chain that is kept, and of the one before."""
    a, b = acquainted(world, roles, kyber)
    gone, kept = a.send(b, b'gone'), a.send(b, b'gone too')
    say(a, b)
    say(b, a)
    kept = a.send(b, b'kept')
    for _ in range(CHAINS - 1):
        say(a, b)
        say(b, a)
    say(a, b)  # of the fifth chain, that of `kept` counted
    b.open(kept)
    b.refuse_message(gone)
    return f'{CHAINS} chains back accepted, {CHAINS + 1} refused'


def archived(world, roles, kyber):
    """A late message of the oldest session kept, and of the one before."""
    a, b = world.pair(roles, pqoptional=True)
    late = []
    for _ in range(ARCHIVED + 2):
        a.start(b, kyber)
        say(a, b)
        late.append(a.send(b))
    b.refuse_message(late[0])
    b.open(late[1])
    b.open(late[-1])
    say(b, a)
    return f'{ARCHIVED} sessions back accepted, {ARCHIVED + 1} refused'
