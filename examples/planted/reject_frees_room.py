"""A planted bug: a desk that takes a child for dead because its cancel was refused.

A cancel is refused for an order that is over, it thinks; but also for one that has another
name by now, because a change of it was faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.messages import OrderCancelReject
from floorproof.plugins.desk import ChildReport, Desk, DeskEffect, DeskEvent, Keep, Parent
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class RejectIsOver(Staged):
    """The order type ``REJECT_IS_OVER``."""

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk) -> Iterator[DeskEffect]:
        assert isinstance(parent, StagedOrder)
        if isinstance(event, ChildReport) and isinstance(event.report, OrderCancelReject):
            for key, child in parent.children.items():
                if key[:2] == (event.gateway, event.report.target_sub_id):
                    parent = parent.with_child(key, attrs.evolve(child, is_over=True))
            yield Keep(parent)
            return
        yield from super().handle(parent, event, desk)


@hookimpl
def order_types() -> Mapping[str, type]:
    return {"REJECT_IS_OVER": RejectIsOver}
