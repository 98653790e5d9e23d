# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions as people use them: each story once, in each role."""
from limits import acquainted, say
from peers import Failure

DAY = 24 * 3600


def must(true, what):
    if not true:
        raise Failure(what)


def repeated(world, roles, kyber):
    """Until the answer comes, every message carries the handshake."""
    a, b = world.pair(roles, pqoptional=True)
    bundle = b.bundle(kyber)
    a.process_bundle(b, bundle)
    m = [a.send(b, f'{i}'.encode()) for i in range(6)]
    must({x.type for x in m} == {3}, 'not all carried the handshake')
    got = [b.open(m[i]) for i in (3, 0, 5, 1)]
    must(bundle['preid'] not in got[0]['prekeys_left'], 'the key was kept')
    must(len(got[0]['kyber_used']) == kyber, 'the Kyber key was not used')
    must(not any(g['kyber_used'] for g in got[1:]), 'a second handshake')
    for i in (3, 0, 5, 1):
        b.refuse_message(m[i])
    say(b, a)
    after = a.send(b)
    must(after.type == 2, 'the handshake was sent after the answer')
    b.open(after)
    for i in (2, 4):  # late ones, for which there is no key any more
        b.open(m[i])
        b.refuse_message(m[i])
    say(b, a)
    say(a, b)
    return '6 envelopes, 1 handshake'


def simultaneous(world, roles, kyber):
    """Both begin; the messages cross; in the end one session is used."""
    a, b = world.pair(roles, pqoptional=True)
    a.start(b, kyber)
    b.start(a, kyber)
    late = a.send(b, b'late a'), b.send(a, b'late b')
    for _ in range(3):
        m, n = a.send(b), b.send(a)
        b.open(m)
        a.open(n)
    for _ in range(3):
        say(a, b)
        say(b, a)
    m, n = a.send(b), b.send(a)
    must(m.type == 2 and n.type == 2, 'they never agreed on a session')
    b.open(m)
    a.open(n)
    b.open(late[0])
    a.open(late[1])
    for x, y in ((a, b), (b, a)):
        if x.label == 'sotto':
            n = x.ask('about', **{'with': y.address()})['archived']
            must(n == 1, f'{n} archived sessions')
        say(x, y)
        say(y, x)
    return 'crossed 3 times, then one session'


def promoted(world, roles, kyber):
    """A message of an archived session makes that one current again."""
    a, b = acquainted(world, roles, kyber)
    first = b.ask('getsession', **{'with': a.address()})['record']
    b.start(a, kyber)
    say(b, a)
    b.ask('setsession', **{'with': a.address()}, record=first)
    b.refuse_message(a.send(b))  # b no longer has that session
    say(b, a)
    say(a, b)
    say(b, a)
    return 'the first session is current again'


def renewal(world, roles, kyber):
    """Archived by hand: nothing can be sent, late messages are read."""
    a, b = acquainted(world, roles, kyber)
    late = b.send(a), b.send(a)
    a.ask('archive', **{'with': b.address()})
    a.refuse('encrypt', to=b.address(), msg='00')
    a.start(b, kyber)
    m = a.send(b)
    must(m.type == 3, 'no handshake')
    a.open(late[0])
    b.open(m)
    say(b, a)
    m = a.send(b)
    must(m.type == 2, 'a handshake again')
    b.open(m)
    a.open(late[1])
    say(a, b)
    say(b, a)
    return 'archived, started anew, late messages read'


def unanswered(world, roles, kyber):
    """30 days without an answer: a new session is needed to send."""
    a, b = world.pair(roles, pqoptional=True)
    a.start(b, kyber)
    m = a.send(b)
    n = a.send(b, later=30 * DAY - 60)
    a.refuse('encrypt', to=b.address(), msg='00', later=30 * DAY + 60)
    a.process_bundle(b, b.bundle(kyber), later=30 * DAY + 60)
    b.open(a.send(b, later=30 * DAY + 60))
    b.open(m)
    b.open(n)
    a.open(b.send(a))
    b.open(a.send(b, later=90 * DAY))  # answered: no matter how old
    return '30 days'


def registered_again(world, roles, kyber):
    """The other one lost everything: a new identity under the old name."""
    a, b = acquainted(world, roles, kyber)
    was, late = b.identity, b.send(a)
    must(late.type == 2, 'no answer yet')  # and so it is made by now
    b.reg += 1000
    b.register(f'{world.seed} again')
    must(b.identity != was, 'the same identity')
    b.refuse_message(a.send(b))
    b.start(a, kyber)
    say(b, a)
    say(a, b)
    say(b, a)
    a.open(late)
    # and the other way round: who stayed fetches the new keys
    b.register(f'{world.seed} once more')
    a.start(b, kyber)
    for _ in range(2):
        say(a, b)
        say(b, a)
    return 'a new identity, met in both ways'


def last_resort(world, roles, kyber, remembers):
    """The same Kyber key and signed key serve several handshakes."""
    a, b = world.pair(roles, pqoptional=True)
    first, late = [], []
    for i in range(3):
        bundle = b.bundle(kyber, onetime=False, again=i > 0)
        a.process_bundle(b, bundle)
        first.append(a.send(b))
        late.append(a.send(b))
        used = b.open(first[i])['kyber_used']
        must(used == [bundle['kyid']], 'another key was used')
    must(bundle['kyid'] == 1, 'not the same key')
    for m in late:
        b.open(m)
    say(b, a)
    for m in first:
        b.refuse_message(m)
    if not remembers:
        return '3 handshakes'
    # without its sessions only the memory of last-resort keys can tell
    b.ask('forget', **{'with': a.address()})
    for m in first + late:
        b.refuse_message(m)
    return '3 handshakes, refused when they come again'


def meeting(world, roles, kyber, options):
    """What happens at each step of getting to know each other."""
    a, b = (world.peer(r, 100 + i, **(options if r == 0 else {}))
            for i, r in enumerate(roles))
    bundle = {k: v for k, v in b.bundle(kyber).items() if k != 'ok'}
    got = [a.attempt('process', **{'from': b.address()}, bundle=bundle)]
    for sender, other in ((a, b), (b, a)) * 3:
        m = sender.attempt('encrypt', to=other.address(), msg='00')
        got.append(m)
        if not m.accepted():
            break
        before = other.ask('digest')
        got.append(other.attempt(
            'decrypt', **{'from': sender.address()}, type=m['type'],
            ct=m['ct']))
        if not got[-1].accepted():
            must(before['digest'] == other.ask('digest')['digest'],
                 'refused, but the store changed')
            break
    return [r.accepted() for r in got]


def policy(world, other, like, kyber, options):
    """Ours meets `other` as `like` does: the same steps are refused."""
    told = []
    for roles in ((0, other), (other, 0)):
        theirs = [like if r == 0 else r for r in roles]
        ours = meeting(world, roles, kyber, options)
        want = meeting(world, theirs, kyber, {})
        must(ours == want, f'{ours} where {world.label(like)} has {want}')
        told.append('accepted' if all(want) else f'refused at {len(want)}')
    return f'first {told[0]}, second {told[1]}'
