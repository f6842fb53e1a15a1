"""A LOBSTER file as order entry: what one session sends so that a venue's book follows the file.

The file tells what happened to orders; a venue has to be asked.  So each line
becomes requests of one session that owns every order, and the venue's reports say
whether what happened was what the file says.  Orders that the file never
announced are stood in for by orders of our own, one a price level, ahead of those
that it does announce.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ..market.fix import ExecType, OrdStatus, Side, TimeInForce
from ..market.identifiers import ClOrdID, CompID, Price, Qty, Symbol
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    VenueReport,
)
from ..market.replay import BookDepth, LevelDifference, Unexplained
from .lobster import LobsterMessage, LobsterType


@attrs.define(eq=False)
class _Order:
    """One of our orders, as the venue last reported it."""

    cl_ord_id: ClOrdID
    """Its name now; a change gives it a new one."""

    side: Side
    price: Price
    order_qty: Qty
    leaves_qty: Qty
    stands_in: bool
    """Whether it stands in for orders that the file does not announce."""

    changes: int = 0


@attrs.define(eq=False)
class LobsterOrders:
    """Turns the lines of one file into requests, and watches what they come to.

    Orders keep the file's numbers as their ``cl_ord_id``; those that stand in are
    called ``S`` (from before the file) or ``T`` (taken over later), side and price.
    """

    session: CompID
    symbol: Symbol
    is_seeded: bool = False
    """Whether the book started with orders from before the file."""

    from_before: int = attrs.field(init=False, default=0)
    """How many messages named an order that the file did not announce."""

    _row: int = attrs.field(init=False, default=0)
    _requests: int = attrs.field(init=False, default=0)
    _announced: dict[int, _Order] = attrs.field(init=False, factory=dict)
    _alive: dict[ClOrdID, _Order] = attrs.field(init=False, factory=dict)
    # In time priority, so that what stands in from before the file comes first.
    _levels: dict[tuple[Side, Price], list[_Order]] = attrs.field(init=False, factory=dict)
    _expected: list[tuple[ClOrdID, Qty]] = attrs.field(init=False, factory=list)
    _fills: list[tuple[ClOrdID, Qty]] = attrs.field(init=False, factory=list)
    _objections: list[Unexplained] = attrs.field(init=False, factory=list)

    def seed(self, depth: BookDepth) -> Iterator[OrderRequest]:
        """Yield the orders that make an empty book look like *depth*, one a level."""
        self.is_seeded = True
        for side in Side:
            for price, qty in depth.of(side):
                yield self._stand_in("S", side, price, qty)

    def play(self, message: LobsterMessage) -> Sequence[OrderRequest]:
        """Return the requests that make happen what *message* says, first to last."""
        self._row, self._requests = message.row, 0
        match message.type:
            case LobsterType.NEW:
                return self._enter(message)
            case LobsterType.PARTIAL_CANCEL | LobsterType.DELETE:
                named = self._named(message)
                return [self._reduce(order, qty) for order, qty in named]
            case LobsterType.EXECUTION:
                named = self._named(message)
                self._expected = [(order.cl_ord_id, qty) for order, qty in named]
                return [self._aggressor(message)] if named else []
            case LobsterType.HIDDEN_EXECUTION | LobsterType.HALT:
                return []

    def take_over(self, differences: Sequence[LevelDifference]) -> list[OrderRequest]:
        """Return the requests that give each level the quantity that is expected of it.

        What has to go is taken from the orders that stand in, then from the newest
        of those that the file announced.
        """
        requests: list[OrderRequest] = []
        for level in differences:
            missing = level.expected_qty - level.found_qty
            if missing > 0:
                requests.append(self._stand_in(f"T{self._row}", level.side, level.price, missing))
                continue
            orders = self._levels.get((level.side, level.price), [])
            by_claim = [order for order in orders if order.stands_in]
            by_claim += [order for order in reversed(orders) if not order.stands_in]
            requests += [self._reduce(order, qty) for order, qty in _take(by_claim, -missing)]
        return requests

    def receive(self, report: VenueReport) -> None:
        """Take note of what the venue says of our orders."""
        if not isinstance(report, ExecutionReport):
            self._object(f"cancel or change of {report.orig_cl_ord_id}", "accepted", report.text)
            return
        if report.exec_type is ExecType.REJECTED:
            self._object(f"order {report.cl_ord_id}", "accepted", report.text)
        if report.exec_type is ExecType.TRADE and not report.aggressor_indicator:
            self._fills.append((report.cl_ord_id, report.last_qty))
        # A cancel's report carries the request's name, and the order's as the original.
        name = report.cl_ord_id if report.cl_ord_id in self._alive else report.orig_cl_ord_id
        order = None if name is None else self._alive.pop(name, None)
        if order is None:
            return  # an aggressor
        if report.exec_type is ExecType.REPLACED:
            order.cl_ord_id = report.cl_ord_id
        order.order_qty, order.leaves_qty = report.order_qty, report.leaves_qty
        if report.ord_status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED):
            self._alive[order.cl_ord_id] = order
        else:
            self._leave(order)

    def _leave(self, order: _Order) -> None:
        order.leaves_qty = 0
        level = self._levels[order.side, order.price]
        level.remove(order)
        if not level:
            del self._levels[order.side, order.price]

    def refused(self, name: str, text: str) -> None:
        """Take note that the venue has refused a request of ours at another level."""
        self._object(f"request {name}", "accepted", text)
        order = self._alive.pop(ClOrdID(name), None)
        if order is not None:
            self._leave(order)

    def objections(self) -> tuple[Unexplained, ...]:
        """Return what since the last call went otherwise than the file says, and forget it."""
        if self._fills != self._expected:
            self._object("orders hit", _hits(self._expected), _hits(self._fills))
        objections = tuple(self._objections)
        self._objections, self._expected, self._fills = [], [], []
        return objections

    def _enter(self, message: LobsterMessage) -> list[OrderRequest]:
        if message.order_id in self._announced:
            self._object(f"new order {message.order_id}", "a new order id", "one used before")
            return []
        name = ClOrdID(str(message.order_id))
        request = self._rest(name, message.side, message.price, message.size)
        self._announced[message.order_id] = self._alive[name]
        return [request]

    def _named(self, message: LobsterMessage) -> list[tuple[_Order, Qty]]:
        """Return the orders that *message* takes quantity from, and how much from each."""
        order = self._announced.get(message.order_id)
        if order is not None:
            candidates = [order]
        else:
            self.from_before += 1
            if not self.is_seeded:
                return []
            level = self._levels.get((message.side, message.price), [])
            candidates = [order for order in level if order.stands_in]
        taken = _take(candidates, message.size)
        found = sum(qty for _, qty in taken)
        if found < message.size or (order is not None and order.price != message.price):
            self._object(
                f"order {message.order_id}",
                f"{message.size} to take at {message.price}",
                f"{found} at {message.price if order is None else order.price}",
            )
        elif (
            order is not None
            and message.type is LobsterType.DELETE
            and message.size < order.leaves_qty
        ):
            self._object(
                f"order {message.order_id}", f"{order.leaves_qty} to delete", f"{message.size}"
            )
        return taken

    def _stand_in(self, letter: str, side: Side, price: Price, qty: Qty) -> NewOrderSingle:
        name = ClOrdID(f"{letter}-{side.name}-{price}")
        return self._rest(name, side, price, qty, stands_in=True)

    def _rest(
        self, name: ClOrdID, side: Side, price: Price, qty: Qty, stands_in: bool = False
    ) -> NewOrderSingle:
        order = _Order(name, side, price, qty, qty, stands_in)
        self._alive[name] = order
        self._levels.setdefault((side, price), []).append(order)
        return NewOrderSingle(
            sender_comp_id=self.session,
            cl_ord_id=name,
            symbol=self.symbol,
            side=side,
            order_qty=qty,
            price=price,
        )

    def _reduce(self, order: _Order, qty: Qty) -> OrderCancelRequest | OrderCancelReplaceRequest:
        """Return the request that takes *qty* off *order*, and leaves its place to the rest."""
        assert 0 < qty <= order.leaves_qty
        if qty == order.leaves_qty:
            self._requests += 1
            return OrderCancelRequest(
                sender_comp_id=self.session,
                cl_ord_id=ClOrdID(f"C{self._row}.{self._requests}"),
                orig_cl_ord_id=order.cl_ord_id,
                symbol=self.symbol,
                side=order.side,
            )
        order.changes += 1
        root, _, _ = order.cl_ord_id.partition("/")
        return OrderCancelReplaceRequest(
            sender_comp_id=self.session,
            cl_ord_id=ClOrdID(f"{root}/{order.changes}"),
            orig_cl_ord_id=order.cl_ord_id,
            symbol=self.symbol,
            side=order.side,
            order_qty=order.order_qty - qty,
            price=order.price,
        )

    def _aggressor(self, message: LobsterMessage) -> NewOrderSingle:
        return NewOrderSingle(
            sender_comp_id=self.session,
            cl_ord_id=ClOrdID(f"A{message.row}"),
            symbol=self.symbol,
            side=message.side.opposite,
            order_qty=message.size,
            price=message.price,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        )

    def _object(self, what: str, expected: str, found: str) -> None:
        self._objections.append(
            Unexplained(row=self._row, what=what, expected=expected, found=found)
        )


def seed_depth(first_row: BookDepth, first: LobsterMessage) -> BookDepth:
    """Return the book before *first*, the message after which the book is *first_row*.

    A new order is taken off its level; what a cancel or an execution took is put back.
    """
    delta = {
        LobsterType.NEW: -first.size,
        LobsterType.PARTIAL_CANCEL: first.size,
        LobsterType.DELETE: first.size,
        LobsterType.EXECUTION: first.size,
    }.get(first.type, 0)
    if not delta:
        return first_row
    levels = dict(first_row.of(first.side))
    levels[first.price] = levels.get(first.price, 0) + delta
    best_first = tuple(
        (price, levels[price])
        for price in sorted(levels, reverse=first.side is Side.BUY)
        if levels[price] > 0
    )
    if first.side is Side.BUY:
        return BookDepth(best_first, first_row.offers)
    return BookDepth(first_row.bids, best_first)


def _take(orders: Sequence[_Order], qty: Qty) -> list[tuple[_Order, Qty]]:
    """Return how *qty* comes off *orders*, first to last; less of it when they hold less."""
    taken: list[tuple[_Order, Qty]] = []
    for order in orders:
        if qty == 0:
            break
        part = min(qty, order.leaves_qty)
        if part:
            taken.append((order, part))
            qty -= part
    return taken


def _hits(hits: Sequence[tuple[ClOrdID, Qty]]) -> str:
    return ", ".join(f"{qty} of {name}" for name, qty in hits) or "none"
