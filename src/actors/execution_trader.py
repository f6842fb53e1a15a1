"""The execution trader: claims staged orders, and works them in children."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from attrs import validators

from ..market.identifiers import ClOrdID, CompID, Qty, StagedOrderID
from ..market.messages import ExecutionReport
from ..market.staging import StagedAck, StagedStatus, StagedUpdate
from ..market.terminal import Act, ClaimOrder, EnterChild
from ..market.window import StagedRow
from ..runtime.participant import Answer, Delivery
from .terminal import Terminal


@attrs.frozen(kw_only=True)
class Habits:
    """What a trader does unasked, in runs with more users than anybody writes steps for."""

    claims_whatever_is_available: bool = False
    works_in_children_of: Qty | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(0))
    )
    """Works an order of his in children of this size, one after the other, at the
    parent's price; None to leave the working to the scenario's steps.

    He stops when a child is refused or he cancels it, and goes on when the venue takes
    off the rest of one that has traded.
    """


class ExecutionTrader:
    """A sell-side user at his screen.

    Receives:
        Acts (`floorproof.market.terminal`) from the scenario; whatever gateways tell
        him.
    Sends:
        What the acts and his habits become: `Claim` to an SSE gateway, children and
        other orders to exchange gateways, `NewStagedOrder` on a customer's behalf.
    """

    def __init__(self, name: CompID, habits: Habits) -> None:
        self.terminal = Terminal(name)
        self._name = name
        self._habits = habits
        self._children = 0
        self._begun: set[StagedOrderID] = set()

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case act if isinstance(act, Act):
                yield from self.terminal.act(act)
            case message:
                self.terminal.show(delivery)
                yield from self._by_habit(message)

    def _by_habit(self, message: object) -> Iterator[Answer]:
        match message:
            case StagedAck(status=StagedStatus.AVAILABLE, staged_order_id=name):
                if self._habits.claims_whatever_is_available:
                    yield from self.terminal.act(ClaimOrder(staged_order_id=name))
            case StagedUpdate(owner=owner, staged_order_id=name):
                shown = self.terminal.window.staged.get(name)
                if owner == self._name and name not in self._begun and shown is not None:
                    self._begun.add(name)
                    yield from self._work(shown)
            case ExecutionReport(leaves_qty=0, orig_cl_ord_id=None, parent_id=name):
                # Only after a child that has traded: so there is an end to it.
                row = self.terminal.window.staged.get(name) if name is not None else None
                if row is not None and message.target_sub_id == self._name and message.cum_qty:
                    yield from self._work(row)
            case _:
                pass

    def _work(self, parent: StagedRow) -> Iterator[Answer]:
        """Send the next child; the last takes what is left.

        The window learns of a child's fill before its parent's, so the quantity that
        is left to give comes from the children themselves.
        """
        size = self._habits.works_in_children_of
        if size is None or parent.owner != self._name:
            return
        mine = [
            order
            for order in self.terminal.window.orders.values()
            if order.parent_id == parent.staged_order_id
        ]
        given = sum(order.order_qty if order.is_alive else order.cum_qty for order in mine)
        quantity = min(size, parent.order_qty - given)
        if quantity <= 0:
            return
        self._children += 1
        yield from self.terminal.act(
            EnterChild(
                staged_order_id=parent.staged_order_id,
                cl_ord_id=ClOrdID(f"{self._name}-{self._children}"),
                order_qty=quantity,
                price=parent.price,
            )
        )
