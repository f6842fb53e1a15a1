"""A planted bug: a desk that gives a claimed order to a more senior trader who wants it too.

Who claims first owns the order; this desk looks at names instead while no child is out.
As long as the senior's claim comes first, nobody sees the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.staging import Claim
from floorproof.plugins.desk import Desk, DeskEffect, DeskEvent, Parent
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class SeniorityWins(Staged):
    """The order type ``BROKER``, with the bug."""

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk) -> Iterator[DeskEffect]:
        assert isinstance(parent, StagedOrder)
        if isinstance(event, Claim) and parent.owner is not None and not parent.children:
            senior = min(parent.owner, event.sender_comp_id)
            parent = attrs.evolve(parent, owner=parent.owner if senior == parent.owner else None)
        return super().handle(parent, event, desk)


@hookimpl
def order_types() -> Mapping[str, type]:
    return {"SENIORITY": SeniorityWins}
