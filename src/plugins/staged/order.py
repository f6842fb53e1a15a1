"""A staged order as a value: whose it is, how it stands, and what its children hold.

Two axes that do not depend on each other: who owns it, and its life.  What windows
show is computed from both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs

from ...market.fix import Side
from ...market.identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID, Symbol
from ...market.messages import Terms
from ...market.staging import CancelStagedOrder, ChangeStagedOrder, StagedStatus

ChildKey: TypeAlias = tuple[CompID, CompID, ClOrdID]
"""A child's gateway, its user, and its latest name."""


@attrs.frozen(kw_only=True)
class Child:
    """What the parent knows of one child."""

    order_qty: Qty
    cum_qty: Qty = 0
    terms: Terms | None = None
    """What its user sent last, and the exchange took."""

    asked: Mapping[ClOrdID, Terms] = attrs.field(factory=dict)
    """The changes that the exchange has yet to answer, by the request's name.

    Several may be under way; any of them may be the one that is taken.
    """

    is_acked: bool = False
    """Whether the exchange has said that it has it."""

    canceled_by: ClOrdID | None = None
    """The latest request of the parent's gateway to cancel it, until that is refused."""

    is_over: bool = False

    @property
    def working_qty(self) -> Qty:
        """What the child may still fill, at most."""
        if self.is_over:
            return 0
        return max([self.order_qty, *(terms.order_qty for terms in self.asked.values())]) - (
            self.cum_qty
        )

    def asking(self, terms: Terms) -> Child:
        return attrs.evolve(self, asked={**self.asked, terms.cl_ord_id: terms})

    def answered(self, request: ClOrdID) -> Child:
        left = {name: terms for name, terms in self.asked.items() if name != request}
        return attrs.evolve(self, asked=left)


@attrs.frozen(kw_only=True)
class Pending:
    """A request of the originator that waits for the owner's answer."""

    request_no: int
    request: CancelStagedOrder | ChangeStagedOrder


@attrs.frozen(kw_only=True)
class StagedOrder:
    """One staged order: a value of this moment."""

    staged_order_id: StagedOrderID
    originator: CompID
    gateway: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None
    account: Account | None
    text: str
    owner: CompID | None = None
    cum_qty: Qty = 0
    traded: Price = 0
    """The sum of price times quantity over the fills of its children."""

    children: Mapping[ChildKey, Child] = attrs.field(factory=dict)
    pending: Pending | None = None
    requests: int = 0
    """How many requests for approval there have been."""

    canceled_for: CompID | None = None
    """Who had it canceled: the cancels of its children are under way."""

    is_canceled: bool = False
    child_requests: int = 0
    """How many requests of its children the gateway has made for it."""

    shown_qty: Qty = 0
    """What windows have as working, from the latest announcement."""

    @property
    def cxl_qty(self) -> Qty:
        """What has been canceled of it (FIX 84)."""
        return self.order_qty - self.cum_qty if self.is_canceled else 0

    @property
    def leaves_qty(self) -> Qty:
        return self.order_qty - self.cum_qty - self.cxl_qty

    @property
    def working_qty(self) -> Qty:
        return sum(child.working_qty for child in self.children.values())

    @property
    def free_qty(self) -> Qty:
        free = self.leaves_qty - self.working_qty
        assert 0 <= free <= self.order_qty, "children have taken more than the parent has"
        return free

    @property
    def is_filled(self) -> bool:
        return self.cum_qty == self.order_qty

    @property
    def is_over(self) -> bool:
        return self.is_filled or self.is_canceled

    @property
    def status(self) -> StagedStatus:
        """What windows show.

        Source: TT Order Book reference, care order statuses; ``docs/readings.md``,
        status of an unclaimed order, and while children are canceled.
        """
        if self.is_canceled:
            return StagedStatus.CANCELED
        if self.is_filled:
            return StagedStatus.FILLED
        if self.canceled_for is not None:
            return StagedStatus.PENDING_CANCEL
        if self.pending is not None:
            if isinstance(self.pending.request, CancelStagedOrder):
                return StagedStatus.PENDING_CANCEL_APPROVAL
            return StagedStatus.PENDING_CHANGE_APPROVAL
        if self.owner is None:
            return StagedStatus.AVAILABLE
        if self.cum_qty:
            return StagedStatus.PARTIALLY_FILLED
        return StagedStatus.WORKING if self.working_qty else StagedStatus.CLAIMED

    @property
    def blocked(self) -> str:
        """Why nobody may add to what works, in words; empty where nothing speaks against it."""
        if self.canceled_for is not None:
            return f"{self.staged_order_id} is being canceled"
        if self.pending is not None:
            number = self.pending.request_no
            return f"request {number} of {self.staged_order_id} waits for approval"
        return ""

    @property
    def end(self) -> str:
        """How it ended, in words; empty where it has not."""
        return f"{self.staged_order_id} is {self.status.lower()}" if self.is_over else ""

    def working(self) -> Iterator[tuple[ChildKey, Child]]:
        """Yield the children that may still fill."""
        return ((key, child) for key, child in self.children.items() if child.working_qty)

    def with_child(self, key: ChildKey, child: Child) -> StagedOrder:
        return attrs.evolve(self, children={**self.children, key: child})

    def without_child(self, key: ChildKey) -> StagedOrder:
        others = {name: child for name, child in self.children.items() if name != key}
        return attrs.evolve(self, children=others)
