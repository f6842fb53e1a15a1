"""A planted bug: the rule set of `examples/lotcap`, which counts in a dict of its own.

In a run nothing is wrong to see.  But what it counts stands in no journal, does not survive a
restart, and grows for requests that are refused after it: `floorproof conform` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from attrs import validators

from floorproof.market.fix import OrdRejReason
from floorproof.market.ledger import Rule
from floorproof.market.messages import NewOrderSingle, OrderRequest
from floorproof.market.rules import Reject
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class LotCap:
    """Refuse users who have used up their own lots."""

    max_lots_per_user: int = attrs.field(validator=validators.gt(0))
    _used: dict[str, int] = attrs.field(init=False, factory=dict)

    @hookimpl
    def accept_request(self, request: OrderRequest) -> Reject | None:
        if not isinstance(request, NewOrderSingle):
            return None
        user = request.sender_sub_id or request.sender_comp_id
        used = self._used.get(user, 0)
        if used + request.order_qty > self.max_lots_per_user:
            return Reject(OrdRejReason.ORDER_EXCEEDS_LIMIT, f"{user} has used {used} lots")
        self._used[user] = used + request.order_qty
        return None


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"lot-cap-twin": LotCap}


@hookimpl
def rules() -> list[Rule]:
    return [
        Rule(
            "lot-cap-twin.user",
            "A user enters orders of at most max_lots_per_user lots in one run.",
            "examples/lotcap/README.md",
            parameters=("max_lots_per_user",),
        )
    ]
