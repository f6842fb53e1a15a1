"""The fixture `virtual_clock`: an ``async def`` test in the virtual time of a floor.

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

from typing import TYPE_CHECKING

import pytest

from . import require_extra

if TYPE_CHECKING:
    from ..runtime.clock import VirtualClock


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """The clock of this test's Trio run: it stands still while anything can run."""
    require_extra()
    from ..runtime.clock import VirtualClock  # pytest's start loads no Trio

    return VirtualClock()
