"""The rule set: what it refuses, and what it remembers in order to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
from attrs import validators

from floorproof.market.book import Rested
from floorproof.market.fix import OrdRejReason
from floorproof.market.messages import NewOrderSingle, OrderCancelRequest, OrderRequest
from floorproof.market.rules import MarketView, Reject, Remember
from floorproof.plugins.hookspecs import hookimpl


@attrs.frozen
class LotCap:
    """Refuse orders of more than ``max_lots``, and users who have used up their own lots.

    A user's lots are those that he has left in the book of an instrument since the
    start of the run: a canceled order's count, those traded on arrival do not.
    """

    max_lots: int = attrs.field(validator=validators.gt(0))

    max_lots_per_user: int | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(0))
    )
    """None for no limit."""

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if isinstance(request, OrderCancelRequest):
            return None
        if request.order_qty > self.max_lots:
            return _too_many(f"{request.order_qty} lots, and an order may have {self.max_lots}")
        if self.max_lots_per_user is None or not isinstance(request, NewOrderSingle):
            return None
        used = _lots(market, _user(request))
        if used + request.order_qty > self.max_lots_per_user:
            return _too_many(
                f"{request.order_qty} lots more than the {used} that {_user(request)} has used,"
                f" and a user may use {self.max_lots_per_user}"
            )
        return None

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> Sequence[Remember] | None:
        rested: Counter[str] = Counter()
        for event in events:
            if isinstance(event, Rested):
                rested[_user(event.order)] += event.leaves_qty
        return [Remember(user, _lots(market, user) + lots) for user, lots in rested.items()]


def _user(order: NewOrderSingle) -> str:
    return order.sender_sub_id or order.sender_comp_id


def _lots(market: MarketView, user: str) -> int:
    """Return what this rule set has remembered of *user*."""
    used = market.recall(user)
    return used if isinstance(used, int) else 0


def _too_many(text: str) -> Reject:
    return Reject(OrdRejReason.ORDER_EXCEEDS_LIMIT, text)
