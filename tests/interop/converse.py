#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our Signal protocol against other implementations, in both roles.

    converse.py [--seed S] [--seeds N] [--ops N] [--full] [--only TEXT]
                [--jobs N] OURS OTHER...
Each OTHER is NAME=COMMAND; a missing command counts as skipped. What is random
in a case follows from --seed and the case's name.
Closes with "N passed, N failed" and ", N skipped" where there are any.
"""
import argparse
import concurrent.futures
import os
import shlex
import sys
import time

import behaviour
import conversation
import groups
import limits
from peers import Failure, Pool, World

# Which of version 3 (False) and 4 (True) an implementation can do.
VERSIONS = {'libomemo-c': (False,), '0.72.1': (False, True), '0.90.0': (True,),
            '0.103.0': (True,)}
# Which of them have the post-quantum ratchet; the last one insists on it.
PQ = ('0.90.0', '0.103.0')


def most_seeds(name, options):
    """For what all versions have alike, the newest gets the time."""
    return options.seeds if name == '0.103.0' or options.full else 1


def conversations(name, roles, kyber, options):
    pq = name in PQ
    for seed in range(options.seeds):
        yield (f'seed {seed}', conversation.talk, roles, options.ops, kyber,
               pq)
    if pq:
        for seed in range(most_seeds(name, options)):
            yield (f'epochs, seed {seed}', conversation.epochs, roles,
                   options.ops, False)
    if name == '0.90.0':
        yield ('epochs, not insisting', conversation.epochs, roles,
               options.ops, True)


def quick(name, roles, kyber, options):
    """libsignal takes long to make 25,000 messages, and whether ours reads
    them depends on ours: one version of each kind is enough."""
    return (not options.full and roles[0] != 0 and
            (name, kyber) in (('0.72.1', False), ('0.90.0', True)))


def edges(name, roles, kyber, options):
    most = limits.JUMP - (name in PQ)
    if name == 'libomemo-c' and roles[1] != 0:
        most = limits.SKIPPED  # a limit of its own
    if quick(name, roles, kyber, options):
        yield 'late', limits.late, roles, kyber
    else:
        yield 'jump', limits.jump, roles, kyber, most
    yield 'chains', limits.chains, roles, kyber
    yield 'archived', limits.archived, roles, kyber


def stories(name, roles, kyber):
    for label, test in (('repeated envelopes', behaviour.repeated),
                        ('simultaneous start', behaviour.simultaneous),
                        ('archived promoted', behaviour.promoted),
                        ('renewal', behaviour.renewal),
                        ('registered again', behaviour.registered_again)):
        yield label, test, roles, kyber
    if name != 'libomemo-c' or roles[0] == 0:
        yield 'unanswered', behaviour.unanswered, roles, kyber
    if kyber:
        yield ('last-resort keys', behaviour.last_resort, roles, kyber,
               roles[1] == 0 or name in PQ)


def policies(names):
    """Who refuses whom, compared between ours and theirs."""
    insists, offers, old = ({n: i for i, n in enumerate(names)}.get(n)
                            for n in ('0.103.0', '0.90.0', '0.72.1'))
    for other, like, kyber, opts in (
            (old, insists, True, {'oldest': 4}),
            (offers, insists, True, {'oldest': 4}),
            (insists, insists, True, {'oldest': 4}),
            (old, offers, True, {'oldest': 4, 'pqoptional': True}),
            (offers, offers, True, {'oldest': 4, 'pqoptional': True}),
            (insists, offers, True, {'oldest': 4, 'pqoptional': True}),
            (old, insists, False, {'oldest': 4}),
            (old, old, False, {})):
        if other is not None and like is not None:
            yield (f'meets {names[other]} as {names[like]} does, '
                   f'version {4 if kyber else 3}', behaviour.policy, other,
                   like, kyber, opts)


def cases(names, options):
    """Rows of label, function and its arguments after the world."""
    for i in range(1, len(names)):
        name = names[i]
        for roles in ((0, i), (i, 0)):
            pair = f'{names[roles[0]]} -> {names[roles[1]]}'
            for kyber in VERSIONS[name]:
                for rows in (conversations(name, roles, kyber, options),
                             edges(name, roles, kyber, options),
                             stories(name, roles, kyber)):
                    for label, *row in rows:
                        yield (f'{pair}, version {4 if kyber else 3}, '
                               f'{label}', *row)
            if name != 'libomemo-c':
                if roles[0] == 0 or name == '0.103.0' or options.full:
                    yield f'{pair}, group jump', groups.jump, roles
                yield f'{pair}, group rotation', groups.rotation, roles
        if name != 'libomemo-c':
            for seed in range(most_seeds(name, options)):
                yield (f'{name}, group, seed {seed}', groups.talk, i,
                       options.ops)
            yield f'{name}, safety numbers', groups.safety_numbers, i
            yield f'{name}, primitives', groups.primitives, i
    yield from policies(names)


def run(commands, pool, seed, label, test, *args):
    """The line to print, and whether it passed."""
    world = World(commands, pool, f'{seed} {label}')
    began = time.monotonic()
    try:
        told = test(world, *args)
        world.close()
    except Exception as e:  # whatever it was, the others go on
        world.drop()
        what = '' if isinstance(e, Failure) else f'{type(e).__name__}: '
        return f'  FAIL  {label}: {what}{e}', False
    took = time.monotonic() - began
    return f'  ok    {label}: {told} [{took:.1f} s]', True


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--seed', default='0')
    p.add_argument('--seeds', type=int, default=3)
    p.add_argument('--ops', type=int, default=2000)
    p.add_argument('--full', action='store_true',
                   help='all seeds and the longest jumps for every version')
    p.add_argument('--only', default='', help='cases with this in their name')
    p.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    p.add_argument('ours')
    p.add_argument('others', nargs='+')
    options = p.parse_args()
    commands = [('sotto', shlex.split(options.ours))]
    skipped = 0
    for other in options.others:
        name, _, command = other.partition('=')
        if command:
            commands.append((name, shlex.split(command)))
        else:
            print(f'  skip  {name}')
            skipped += 1
    print(f'seed {options.seed}')
    pool = Pool()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as workers:
        rows = [workers.submit(run, commands, pool, options.seed, *row)
                for row in cases([c[0] for c in commands], options)
                if options.only in row[0]]
        for row in rows:
            line, ok = row.result()
            print(line, flush=True)
            passed += ok
            failed += not ok
    pool.close()
    print(f'{passed} passed, {failed} failed'
          + (f', {skipped} skipped' if skipped else ''))
    return failed > 0 or (skipped > 0 and os.environ.get('CI') == 'true')


if __name__ == '__main__':
    sys.exit(main())
