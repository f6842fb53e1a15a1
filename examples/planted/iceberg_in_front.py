"""A planted bug: an iceberg whose shown slice is used up stays at the front of its level.

It shows the next slice where it stood, so that the hidden rest of one order trades before
what others have shown all along.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from floorproof.market import book
from floorproof.market.book import Resting
from floorproof.market.identifiers import Qty
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION


def requeue(resting: Resting, shown_qty: Qty) -> None:
    """Show the next slice, with the bug: nobody is sent to the back."""
    resting.level.hidden_qty -= shown_qty
    resting.shown_qty = shown_qty


@attrs.frozen
class IcebergInFront:
    """The kind ``iceberg-in-front``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), book, "_requeue", requeue)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"iceberg-in-front": IcebergInFront}
