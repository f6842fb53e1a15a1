"""A second exchange, written from the rules for plainness: lists, and full scans.

It shares the message classes with the fast one, and nothing else.  One instrument,
price-time priority, limit and market orders, day and immediate-or-cancel.
"""

from __future__ import annotations

import attrs

from floorproof.market.exchange import Request
from floorproof.market.fix import (
    CxlRejReason,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from floorproof.market.messages import (
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)


@attrs.frozen
class Told:
    """What matters of one report."""

    to: str
    cl_ord_id: str
    order_id: int | None
    exec_type: ExecType
    ord_status: OrdStatus
    leaves_qty: int
    cum_qty: int
    order_qty: int
    price: int | None
    last_qty: int = 0
    last_px: int | None = None
    aggressor: bool | None = None
    trade: int | None = None
    orig_cl_ord_id: str | None = None
    reason: OrdRejReason | ExecRestatementReason | None = None


@attrs.frozen
class Refused:
    """What matters of one cancel reject."""

    to: str
    cl_ord_id: str
    orig_cl_ord_id: str
    reason: CxlRejReason


@attrs.define(eq=False)
class NaiveOrder:
    """An order, from its first day to long after its last."""

    owner: str
    name: str
    order_id: int
    side: Side
    qty: int
    price: int | None
    account: str | None
    filled: int = 0
    since: int = 0
    """When it took its place in the queue; 0 while it has none."""

    @property
    def left(self) -> int:
        return self.qty - self.filled


class NaiveExchange:
    """Answers every request as the rules say, by looking through everything each time."""

    def __init__(self, tick: int, max_order_qty: int) -> None:
        self.tick = tick
        self.max_order_qty = max_order_qty
        self.orders: list[NaiveOrder] = []
        self.names: list[tuple[str, str]] = []
        self.trades = 0
        self.moment = 0

    def resting(self, side: Side) -> list[NaiveOrder]:
        """Return the orders at rest on *side*, best price first, then the oldest."""
        waiting = [order for order in self.orders if order.since and order.side is side]
        return sorted(waiting, key=lambda order: (self._rank(order), order.since))

    def receive(self, request: Request) -> list[Told | Refused]:
        match request:
            case NewOrderSingle():
                return self._new(request)
            case OrderCancelRequest():
                return self._cancel(request)
            case OrderCancelReplaceRequest():
                return self._change(request)
            case MarketDataRequest() | OrderMassActionRequest():
                raise NotImplementedError

    def _rank(self, order: NaiveOrder) -> int:
        assert order.price is not None
        return -order.price if order.side is Side.BUY else order.price

    def _new(self, request: NewOrderSingle) -> list[Told | Refused]:
        other_side = Side.SELL if request.side is Side.BUY else Side.BUY
        reason = self._bad_terms(request)
        if reason is None and (request.sender_comp_id, request.cl_ord_id) in self.names:
            reason = OrdRejReason.DUPLICATE_ORDER
        if reason is None and request.price is None and not self.resting(other_side):
            reason = OrdRejReason.BROKER_OPTION
        if reason is not None:
            return [
                Told(
                    request.sender_comp_id,
                    request.cl_ord_id,
                    None,
                    ExecType.REJECTED,
                    OrdStatus.REJECTED,
                    0,
                    0,
                    request.order_qty,
                    request.price,
                    reason=reason,
                )
            ]
        self.names.append((request.sender_comp_id, request.cl_ord_id))
        order = NaiveOrder(
            request.sender_comp_id,
            request.cl_ord_id,
            len(self.orders) + 1,
            request.side,
            request.order_qty,
            request.price,
            request.account,
        )
        self.orders.append(order)
        ack = self._tell(order, ExecType.NEW, OrdStatus.NEW)
        return [ack, *self._aggress(order, request.time_in_force)]

    def _cancel(self, request: OrderCancelRequest) -> list[Told | Refused]:
        found = self._find(request)
        if isinstance(found, Refused):
            return [found]
        self.names.append((request.sender_comp_id, request.cl_ord_id))
        found.since = 0
        return [
            attrs.evolve(
                self._tell(found, ExecType.CANCELED, OrdStatus.CANCELED, leaves_qty=0),
                cl_ord_id=request.cl_ord_id,
                orig_cl_ord_id=request.orig_cl_ord_id,
            )
        ]

    def _change(self, request: OrderCancelReplaceRequest) -> list[Told | Refused]:
        found = self._find(request)
        if isinstance(found, Refused):
            return [found]
        bad = self._bad_terms(request)
        if bad or request.ord_type is OrdType.MARKET or request.order_qty <= found.filled:
            off_tick = bad is OrdRejReason.INVALID_PRICE_INCREMENT
            return [
                self._refused(
                    request,
                    CxlRejReason.INVALID_PRICE_INCREMENT if off_tick else CxlRejReason.OTHER,
                )
            ]
        self.names.append((request.sender_comp_id, request.cl_ord_id))
        loses_its_place = (
            request.order_qty > found.qty
            or request.price != found.price
            or request.account != found.account
            or request.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
        )
        found.name = request.cl_ord_id
        found.qty = request.order_qty
        found.price = request.price
        found.account = request.account
        status = OrdStatus.PARTIALLY_FILLED if found.filled else OrdStatus.NEW
        ack = attrs.evolve(
            self._tell(found, ExecType.REPLACED, status), orig_cl_ord_id=request.orig_cl_ord_id
        )
        if not loses_its_place:
            return [ack]
        found.since = 0
        return [ack, *self._aggress(found, request.time_in_force)]

    def _bad_terms(
        self, request: NewOrderSingle | OrderCancelReplaceRequest
    ) -> OrdRejReason | None:
        if (request.ord_type is OrdType.MARKET) != (request.price is None):
            return OrdRejReason.OTHER
        if request.price is not None and request.price % self.tick:
            return OrdRejReason.INVALID_PRICE_INCREMENT
        if request.order_qty > self.max_order_qty:
            return OrdRejReason.ORDER_EXCEEDS_LIMIT
        return None

    def _find(
        self, request: OrderCancelRequest | OrderCancelReplaceRequest
    ) -> NaiveOrder | Refused:
        if (request.sender_comp_id, request.cl_ord_id) in self.names:
            return self._refused(request, CxlRejReason.DUPLICATE_CL_ORD_ID)
        for order in self.orders:
            if (
                order.since
                and order.owner == request.sender_comp_id
                and order.name == request.orig_cl_ord_id
            ):
                if order.side is not request.side:
                    return self._refused(request, CxlRejReason.OTHER)
                return order
        return self._refused(request, CxlRejReason.UNKNOWN_ORDER)

    def _refused(
        self, request: OrderCancelRequest | OrderCancelReplaceRequest, reason: CxlRejReason
    ) -> Refused:
        return Refused(request.sender_comp_id, request.cl_ord_id, request.orig_cl_ord_id, reason)

    def _aggress(self, order: NaiveOrder, lives: TimeInForce) -> list[Told]:
        reports = []
        other_side = Side.SELL if order.side is Side.BUY else Side.BUY
        while order.left and (waiting := self.resting(other_side)):
            first = waiting[0]
            assert first.price is not None
            if order.price is not None and (
                first.price > order.price if order.side is Side.BUY else first.price < order.price
            ):
                break
            qty = min(order.left, first.left)
            self.trades += 1
            for side, aggressor in ((first, False), (order, True)):
                side.filled += qty
                status = OrdStatus.PARTIALLY_FILLED if side.left else OrdStatus.FILLED
                reports.append(
                    attrs.evolve(
                        self._tell(side, ExecType.TRADE, status),
                        last_qty=qty,
                        last_px=first.price,
                        aggressor=aggressor,
                        trade=self.trades,
                    )
                )
            if not first.left:
                first.since = 0
        if order.left and lives is TimeInForce.IMMEDIATE_OR_CANCEL:
            reports.append(self._tell(order, ExecType.EXPIRED, OrdStatus.EXPIRED, leaves_qty=0))
        elif order.left and order.price is None:
            reports.append(
                attrs.evolve(
                    self._tell(order, ExecType.CANCELED, OrdStatus.CANCELED, leaves_qty=0),
                    reason=ExecRestatementReason.MARKET_OPTION,
                )
            )
        elif order.left:
            self.moment += 1
            order.since = self.moment
        return reports

    def _tell(
        self,
        order: NaiveOrder,
        exec_type: ExecType,
        ord_status: OrdStatus,
        leaves_qty: int | None = None,
    ) -> Told:
        return Told(
            order.owner,
            order.name,
            order.order_id,
            exec_type,
            ord_status,
            order.left if leaves_qty is None else leaves_qty,
            order.filled,
            order.qty,
            order.price,
        )
