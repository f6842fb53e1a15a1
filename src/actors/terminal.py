"""A trading screen: what its user's acts become, and what its window holds.

What a person cannot do at a screen never leaves it: nobody claims, works or cancels
what his window does not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..market.fix import OrdType
from ..market.identifiers import ClOrdID, CompID
from ..market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from ..market.staging import Claim
from ..market.terminal import Act, CancelWorking, ChangeWorking, ClaimOrder, Enter, EnterChild
from ..market.window import OrderRow, Window
from ..runtime.participant import Answer, Delivery, Fact, Send


@attrs.define(eq=False)
class Terminal:
    """One user's screen.

    Facts: ``not possible``, an act for which the window has no button.
    """

    user: CompID
    window: Window = attrs.field(init=False, factory=Window)

    def act(self, act: Act) -> Iterator[Answer]:
        """Return what the user's *act* sends."""
        match act:
            case Enter(request=request, gateway=gateway):
                yield Send(gateway, request)
            case ClaimOrder(staged_order_id=name):
                row = self.window.staged.get(name)
                if row is None:
                    yield self._impossible(act, f"{name} is not in the window")
                    return
                yield Send(row.held_by, Claim(sender_comp_id=self.user, staged_order_id=name))
            case EnterChild(staged_order_id=name):
                row = self.window.staged.get(name)
                if row is None:
                    yield self._impossible(act, f"{name} is not in the window")
                    return
                child = NewOrderSingle(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    symbol=act.symbol or row.symbol,
                    side=act.side or row.side,
                    order_qty=act.order_qty,
                    price=act.price,
                    ord_type=OrdType.MARKET if act.price is None else OrdType.LIMIT,
                    account=act.account,
                    parent_id=name,
                    parent_gateway=row.held_by,
                )
                yield Send(row.gateway, child)
            case CancelWorking(orig_cl_ord_id=name):
                order = self._own(name)
                if order is None:
                    yield self._impossible(act, f"{self.user} has no order {name} that works")
                    return
                cancel = OrderCancelRequest(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    orig_cl_ord_id=name,
                    symbol=order.symbol,
                    side=order.side,
                )
                yield Send(order.gateway, cancel)
            case ChangeWorking(orig_cl_ord_id=name):
                order = self._own(name)
                if order is None:
                    yield self._impossible(act, f"{self.user} has no order {name} that works")
                    return
                change = OrderCancelReplaceRequest(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    orig_cl_ord_id=name,
                    symbol=order.symbol,
                    side=order.side,
                    order_qty=act.order_qty,
                    price=order.price if act.price is None else act.price,
                    ord_type=order.ord_type,
                    time_in_force=order.time_in_force,
                    account=order.account,
                )
                yield Send(order.gateway, change)

    def show(self, delivery: Delivery) -> None:
        """Take a gateway's message into the window."""
        self.window.show(delivery.message, CompID(delivery.sender), delivery.now_ns)

    def _own(self, cl_ord_id: ClOrdID) -> OrderRow | None:
        order = self.window.own(self.user, cl_ord_id)
        return order if order is not None and order.is_alive else None

    def _impossible(self, act: Act, why: str) -> Fact:
        return Fact("not possible", {"act": type(act).__name__, "why": why})
