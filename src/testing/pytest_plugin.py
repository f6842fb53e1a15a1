"""Fixtures: `virtual_clock`, `floor` and `run_scenario`.

`virtual_clock` is an ``async def`` test in the virtual time of a floor.

pytest-trio runs a test by the clock that the test asks for.  So one actor can be
tested from the inside, with a mailbox of the test's own beside it::

    async def test_gateway_forwards_at_once(virtual_clock):
        kernel = Kernel(clock=virtual_clock)
        kernel.add("gateway", lambda context: Gateway())
        desk = kernel.guest("desk")
        async with kernel.running():
            desk.send("gateway", "an order")
            answer = await desk.receive()
        assert answer.now_ns == 0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from . import require_extra

if TYPE_CHECKING:
    from ..runtime.clock import VirtualClock
    from ..scenario.floor import Floor, Result
    from .proving import AnyScenario


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """The clock of this test's Trio run: it stands still while anything can run."""
    require_extra()
    from ..runtime.clock import VirtualClock  # pytest's start loads no Trio

    return VirtualClock()


@pytest.fixture
def floor() -> Callable[[AnyScenario], Floor]:
    """Make the floor of a scenario, to put participants of the test's own on it."""
    require_extra()
    from ..scenario.floor import Floor
    from .proving import scenario_of

    return lambda scenario: Floor(scenario_of(scenario))


@pytest.fixture
def run_scenario() -> Callable[..., Result]:
    """Run a scenario, and fail with its story; see `floorproof.testing.proving.run_scenario`."""
    require_extra()
    from .proving import run_scenario

    return run_scenario
