# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of four devices talks to one of three: random steps, and a model
of what every device must hold. SOTTO_FLEET_STEPS and SOTTO_FLEET_SEEDS (their
number) make it longer."""
import os

import pytest

from fleet import PHONES, Fleet, Unit
from harness import Person
from test_devices import Device

STEPS = int(os.environ.get("SOTTO_FLEET_STEPS", "500"))
SEEDS = int(os.environ.get("SOTTO_FLEET_SEEDS", "2"))


def link(fleet, folder, first, name):
    person = Device(folder / name, first.person, name)
    person.link(fleet.relay, first.person)
    return fleet.add(Unit(person, first.account, name))


def people(fleet, folder):
    """Four devices of Anna's and three of Ben's, who know each other."""
    firsts = {}
    for account, phone in PHONES.items():
        person = Person(folder / f"{account}1", account.upper(), phone)
        person.register(fleet.relay)
        firsts[account] = fleet.add(Unit(person, account, f"{account}1"))
    for name in ("a2", "a3", "a4", "b2", "b3"):
        link(fleet, folder, firsts[name[0]], name)
    for unit in firsts.values():
        other = "b" if unit.account == "a" else "a"
        text = f"hello from {unit}."
        fleet.record(unit, text)
        unit.person.run("send", PHONES[other], text)
    return firsts


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_every_device_agrees(relay, folder, seed):
    fleet = Fleet(relay, seed)
    firsts = people(fleet, folder)
    for _ in range(STEPS // 2):
        fleet.step()
    # One goes, one comes; nobody else is told but by the relay's answers.
    fleet.check()
    gone = next(u for u in fleet.units if u.name == "a3")
    firsts["a"].person.run("devices", "--remove", "3")
    gone.removed = True
    held = [m["text"] for m in gone.store()]
    link(fleet, folder, firsts["a"], "a5")
    for _ in range(STEPS - STEPS // 2):
        fleet.step()
    fleet.check()
    assert [m["text"] for m in gone.store()] == held
