"""A planted bug: what is left of an order for the day that has traded lives on.

As the day ends, only orders that nobody has touched are expired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.book import Lapsed
from floorproof.market.execution import Execution, Outcome
from floorproof.market.fix import TimeInForce
from floorproof.market.venue import Listing
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION


def end_day(execution: Execution, listing: Listing, outcome: Outcome) -> Iterator[Lapsed]:
    """Expire what was for the day, with the bug."""
    for resting in sorted(listing.book, key=lambda resting: resting.order_id):
        order = resting.order
        untouched = resting.leaves_qty == order.order_qty
        if order.time_in_force is TimeInForce.DAY and untouched:
            lapsed = Lapsed(resting.order_id, order, resting.leaves_qty)
            execution._take_off(lapsed, outcome)
            yield lapsed


@attrs.frozen
class DayLivesOn:
    """The kind ``day-lives-on``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), Execution, "_end_day", end_day)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"day-lives-on": DayLivesOn}
