"""A planted bug: a spread that hedges the fill of a stale quote twice.

While a change of a quote is under way, a fill of it is counted for the quote as it was and
for the quote as it will be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from floorproof.plugins.autospreader.order_type import Autospreader
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.synthetic import (
    ChildFilled,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
)

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class HedgesTwice(Autospreader):
    """The order type ``spreader``."""

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterable[SyntheticEffect]:
        if isinstance(event, ChildFilled) and order.children[event.child].asked is not None:
            event = attrs.evolve(event, last_qty=2 * event.last_qty)
        return super().handle(order, event, desk)


@hookimpl
def order_types() -> Mapping[str, type]:
    return {"spreader": HedgesTwice}
