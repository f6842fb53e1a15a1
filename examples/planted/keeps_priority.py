"""A planted bug: a change that asks for more keeps its place in the queue.

Price, trigger, type and account are looked at, the quantity is forgotten: who has asked for
one lot early has bought a place for a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from floorproof.market import exchange
from floorproof.market.messages import IMMEDIATE, NewOrderSingle
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION


def keeps_priority(old: NewOrderSingle, new: NewOrderSingle) -> bool:
    """Return whether a change leaves the order in its place, with the bug."""
    same = (old.price, old.stop_px, old.ord_type, old.account)
    return same == (new.price, new.stop_px, new.ord_type, new.account) and (
        new.time_in_force not in IMMEDIATE
    )


@attrs.frozen
class KeepsPriority:
    """The kind ``keeps-priority``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), exchange, "_keeps_priority", keeps_priority)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"keeps-priority": KeepsPriority}
