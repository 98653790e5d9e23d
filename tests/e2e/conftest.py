# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib

import pytest

from harness import Person, Relay, scratch


@pytest.fixture
def folder():
    with scratch() as path:
        yield pathlib.Path(path)


@pytest.fixture
def relay(folder):
    r = Relay(folder / "relay")
    yield r
    r.stop()


@pytest.fixture
def anna(folder, relay):
    return Person(folder / "anna", "Anna", "+4915550000011").register(relay)


@pytest.fixture
def ben(folder, relay):
    return Person(folder / "ben", "Ben", "+4915550000022").register(relay)
