"""CME Direct's Self-Match Protection: what that trading screen does, not the exchange.

It looks at what its own users have working, and knows neither SMP ids nor anybody's orders
that came in by another way.  An order that it stops has never been sent; here that is a
reject.  Of a warning the user is taken to have read it and gone on: the order passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import validators

from ...market.book import Rested
from ...market.fix import OrdRejReason, Side
from ...market.identifiers import CompID, OrderID
from ...market.ledger import Rule
from ...market.messages import STOPS, OrderCancelRequest, OrderRequest, Terms
from ...market.rules import MarketView, Reject, Remember, RestingOrder, SettleEffect
from ..hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"cme-direct-protection": DirectProtection}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


_PAGE = "CME Group Client Systems Wiki, CME Direct (46138493, version 5)"

RULES = (
    Rule(
        "DIRECT-1",
        "Where Error is set, no order is sent that matches a working order which its user or his"
        " firm entered in CME Direct, and none is changed into one.",
        f"{_PAGE}, Self-Match Protection; docs/readings.md, self-match protection of CME Direct",
        ("users", "firm_protection", "user_protection"),
    ),
    Rule(
        "DIRECT-2",
        "What a firm has set counts for all its users; where it has set nothing, a user's own"
        " setting does, which is Warning if he has none. Nothing and Warning let the order pass.",
        f"{_PAGE}, Self-Match Protection; docs/readings.md, self-match protection of CME Direct",
        ("firm_protection", "user_protection"),
    ),
    Rule(
        "DIRECT-3",
        "Only orders entered in CME Direct are looked at, the new one and those that work, and"
        " their SMP ids do not count.",
        f"{_PAGE}, Self-Match Protection",
        ("sessions",),
    ),
)


class Protection(StrEnum):
    """What CME Direct does about an order that matches one of its user's or his firm's."""

    NOTHING = "nothing"
    WARNING = "warning"
    ERROR = "error"


_protections = validators.deep_mapping(
    validators.instance_of(str), validators.instance_of(Protection)
)


@attrs.frozen
class DirectProtection:
    """Keep the users of CME Direct from sending orders that match their own."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Reject": ("DIRECT-1",),
    }

    sessions: tuple[CompID, ...] = attrs.field(validator=validators.min_len(1))
    """Those over which CME Direct sends."""

    users: Mapping[CompID, str] = attrs.field(factory=dict)
    """The firms of its users; a user who is missing is a firm of his own."""

    firm_protection: Mapping[str, Protection] = attrs.field(factory=dict, validator=_protections)
    """What a firm has set; one that is missing leaves it to its users."""

    user_protection: Mapping[CompID, Protection] = attrs.field(factory=dict, validator=_protections)

    def protection(self, terms: Terms) -> Protection:
        """Return what is set for the user who sends an order or a change."""
        user = _user(terms)
        firm = self.users.get(user)
        if firm is not None and firm in self.firm_protection:
            return self.firm_protection[firm]
        return self.user_protection.get(user, Protection.WARNING)

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if isinstance(request, OrderCancelRequest) or request.sender_comp_id not in self.sessions:
            return None
        if self.protection(request) is not Protection.ERROR or request.ord_type in STOPS:
            return None
        for working in self._working(request, market):
            if _matches(request, working):
                shown = market.instrument.show(working.price)
                return Reject(
                    OrdRejReason.BROKER_OPTION,
                    f"price: expected one that does not match {working.order.side.name}"
                    f" {working.leaves_qty} @ {shown} of {_user(working.order)} [DIRECT-1]",
                )
        return None

    @hookimpl
    def after_request(self, events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        rested: dict[str, list[OrderID]] = {}
        for event in events:
            if isinstance(event, Rested) and event.order.sender_comp_id in self.sessions:
                key = self._key(event.order, event.order.side)
                rested.setdefault(key, []).append(event.order_id)
        return [
            Remember(key, (*(each for each in _recalled(key, market) if each not in new), *new))
            for key, new in rested.items()
        ]

    def _working(self, terms: Terms, market: MarketView) -> Iterator[RestingOrder]:
        """Yield what the sender's firm has entered here on the other side, the oldest first."""
        for order_id in _recalled(self._key(terms, terms.side.opposite), market):
            working = market.order(order_id)
            if working is not None:
                yield working

    def _key(self, terms: Terms, side: Side) -> str:
        """Return under what the working orders of a sender's firm on one side are remembered."""
        user = _user(terms)
        whose = f"firm {self.users[user]}" if user in self.users else f"user {user}"
        return f"{whose} {side.name}"


def _user(terms: Terms) -> CompID:
    return terms.sender_comp_id if terms.sender_sub_id is None else terms.sender_sub_id


def _matches(terms: Terms, working: RestingOrder) -> bool:
    if working.order.ord_type in STOPS:
        return False
    if terms.price is None:
        return True
    if terms.side is Side.BUY:
        return terms.price >= working.price
    return terms.price <= working.price


def _recalled(key: str, market: MarketView) -> list[OrderID]:
    """Return the orders remembered under *key* that are live still."""
    known = market.recall(key)
    order_ids = known if isinstance(known, tuple) else ()
    return [each for each in order_ids if market.order(each) is not None]
