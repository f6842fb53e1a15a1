"""A planted bug: a mass action overlooks orders that have traded.

It looks for the state NEW, and what is partially filled is in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.book import Resting
from floorproof.market.exchange import Exchange
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.venue import Listing
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION

live = Exchange._live


def untouched(
    exchange: Exchange, session: CompID | None, symbol: Symbol | None
) -> Iterator[tuple[Listing, Resting]]:
    """Yield the orders that a mass action is about, with the bug."""
    for listing, resting in live(exchange, session, symbol):
        if resting.leaves_qty == resting.order.order_qty:
            yield listing, resting


@attrs.frozen
class MassCancelMisses:
    """The kind ``mass-cancel-misses``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), Exchange, "_live", untouched)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"mass-cancel-misses": MassCancelMisses}
