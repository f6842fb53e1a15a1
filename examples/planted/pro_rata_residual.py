"""A planted bug: what pro rata rounds off is nobody's.

Each order of a price gets its share, rounded down, and the lots that are left over are
forgotten.  The aggressor has them still, and goes on to worse prices, or rests crossed.
The engine that hosts it has no check of its own against that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from floorproof.market import matching
from floorproof.market.identifiers import Qty
from floorproof.market.matching import Algorithm, Queued
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class RoundsDown:
    """The matching algorithm ``ROUNDS-DOWN``: pro rata without a residual."""

    would: ClassVar[bool] = False

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> list[tuple[Queued, Qty]]:
        there = sum(one.shown_qty for one in queue)
        shares = [(one, one.shown_qty * min(quantity, there) // there) for one in queue]
        return [(one, share) for one, share in shares if share]


def unchecked(
    algorithm: Algorithm, quantity: Qty, queue: Sequence[Queued]
) -> list[tuple[Queued, Qty]]:
    """Return how an algorithm shares, whatever it says."""
    return [*algorithm.allocate(quantity, queue)]


@attrs.frozen
class Trusting:
    """The kind ``trusting-engine``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), matching, "_shared", unchecked)


@hookimpl
def matching_algorithms() -> Mapping[str, type]:
    return {"ROUNDS-DOWN": RoundsDown}


@hookimpl
def participants() -> Mapping[str, type]:
    return {"trusting-engine": Trusting}
