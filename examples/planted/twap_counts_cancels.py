"""A planted bug: a TWAP that has the room of a child back as soon as it asks to cancel it.

As long as cancels succeed, nothing is wrong.  Where a fill crosses one, the order that was
sent into the room is one too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.slicing.twap import Twap
from floorproof.plugins.synthetic import (
    CancelChild,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
)

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class CountsCancels(Twap):
    """The order type ``HASTY_TWAP``."""

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterable[SyntheticEffect]:
        effects = [*super().handle(_without_canceled(order), event, desk)]
        asked = {effect.child for effect in effects if isinstance(effect, CancelChild)}
        if not asked:
            return effects
        children = {
            name: attrs.evolve(child, is_over=True) if name in asked else child
            for name, child in order.children.items()
        }
        known = [each.state for each in effects if hasattr(each, "state")]
        again = attrs.evolve(order, children=children, state=known[-1] if known else order.state)
        return [*effects, *super().handle(again, event, desk)]


def _without_canceled(order: SyntheticOrder) -> SyntheticOrder:
    children = {
        name: attrs.evolve(child, is_over=child.is_over or child.is_canceling)
        for name, child in order.children.items()
    }
    return attrs.evolve(order, children=children)


@hookimpl
def order_types() -> Mapping[str, type]:
    return {"HASTY_TWAP": CountsCancels}
