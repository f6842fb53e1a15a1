"""The order book of one instrument, and what can happen to it.

A book has one door for change: `OrderBook.apply` takes *events*, which say what
has been decided.  Events are values that stand by themselves (they name orders,
they do not point into a book), so applying a history to an empty book rebuilds
the book that it came from.  (They are structs of msgspec: frozen, yet made in half
the time that an open attrs class takes, and nothing to the garbage collector.)

Orders wait in a queue per price, linked from one to the next, so that one leaves
the middle of a queue as cheaply as its front.  Nothing here looks through a queue
or through the levels to add, cancel, fill at the touch or tell the best price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

import attrs
import msgspec
from sortedcontainers import SortedDict

from .fix import ExecRestatementReason, Side
from .identifiers import OrderID, Price, Qty
from .messages import NewOrderSingle

# --- events --------------------------------------------------------------------------


class Traded(msgspec.Struct, frozen=True, gc=False):
    """The aggressor exchanged ``last_qty`` with a resting order, at its price."""

    order_id: OrderID
    """The resting order."""

    order: NewOrderSingle
    price: Price
    last_qty: Qty
    leaves_qty: Qty
    """What is left of the resting order."""


class Rested(msgspec.Struct, frozen=True, gc=False):
    """What was left of the aggressor joined the back of its price level."""

    order_id: OrderID
    order: NewOrderSingle
    price: Price
    leaves_qty: Qty


class Canceled(msgspec.Struct, frozen=True, gc=False):
    """A resting order left the book: its session asked, or (with a reason) the venue did."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    reason: ExecRestatementReason | None = None
    text: str = ""


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """A resting order was changed and kept its place in the queue."""

    order_id: OrderID
    order: NewOrderSingle
    """The order as changed."""

    leaves_qty: Qty


class Withdrawn(msgspec.Struct, frozen=True, gc=False):
    """A resting order gave up its place because of a change: it is the aggressor now."""

    order_id: OrderID
    order: NewOrderSingle
    """The order as it was."""

    leaves_qty: Qty


class AggressorCanceled(msgspec.Struct, frozen=True, gc=False):
    """The venue canceled what was left of the aggressor; it never came to rest."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    reason: ExecRestatementReason
    text: str = ""


class Expired(msgspec.Struct, frozen=True, gc=False):
    """An immediate order's rest found nobody to trade with."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty


BookEvent: TypeAlias = (
    Traded | Rested | Canceled | Replaced | Withdrawn | AggressorCanceled | Expired
)


# --- the book ------------------------------------------------------------------------


@attrs.define(eq=False, weakref_slot=False)
class Resting:
    """An order at rest, in its place.  Only its book changes it."""

    order_id: OrderID
    order: NewOrderSingle
    """As its last accepted request left it; its ``order_qty`` counts what has been filled."""

    leaves_qty: Qty
    level: Level
    before: Resting | None = None
    after: Resting | None = None


@attrs.define(eq=False, weakref_slot=False)
class Level:
    """The queue at one price, in time priority."""

    price: Price
    qty: Qty = 0
    first: Resting | None = None
    last: Resting | None = None

    def __iter__(self) -> Iterator[Resting]:
        resting = self.first
        while resting is not None:
            yield resting
            resting = resting.after


@attrs.define(eq=False, weakref_slot=False)
class HalfBook:
    """One side of a book."""

    sign: int
    """Of a level's rank: the lowest rank is the best price, so bids are ranked by -price."""

    by_rank: SortedDict[int, Level] = attrs.field(factory=SortedDict)
    best: Level | None = None

    def __iter__(self) -> Iterator[Level]:
        """Yield the price levels, best first."""
        return map(self.by_rank.__getitem__, self.by_rank)

    def beyond_the_best(self) -> Iterator[Level]:
        """Yield the price levels but the best one, best first."""
        return islice(self, 1, None)


@attrs.define(eq=False)
class OrderBook:
    """The resting orders of one instrument, by price and then by time."""

    bids: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(-1))
    offers: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(1))
    last_px: Price | None = attrs.field(init=False, default=None)
    """The price of the latest trade, or None before the first one."""

    _orders: dict[OrderID, Resting] = attrs.field(init=False, factory=dict)

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, order_id: OrderID) -> Resting | None:
        """Return the order that rests under *order_id*, or None."""
        return self._orders.get(order_id)

    def half(self, side: Side) -> HalfBook:
        """Return *side* of the book, which yields its price levels best first."""
        return self.bids if side is _BUY else self.offers

    def best(self, side: Side) -> Price | None:
        """Return the best price of *side*, or None when nobody rests there."""
        level = self.half(side).best
        return None if level is None else level.price

    def resting(self, side: Side) -> Iterator[Resting]:
        """Yield the orders of *side* in price-time priority."""
        for level in self.half(side):
            yield from level

    def depth(self, side: Side, levels: int) -> tuple[tuple[Price, Qty], ...]:
        """Return ``(price, quantity)`` of at most *levels* price levels, best first."""
        return tuple((level.price, level.qty) for level in islice(self.half(side), levels))

    def apply(self, events: Iterable[BookEvent]) -> None:
        """Make *events* true of this book, first to last."""
        orders = self._orders
        for event in events:
            # By the type itself, and the commonest first: a `match`, which has to think of
            # subclasses, takes five times as long to tell what happened.
            if type(event) is Rested:
                order, leaves_qty = event.order, event.leaves_qty
                half = self.bids if order.side is _BUY else self.offers
                level = half.by_rank.get(half.sign * event.price)
                if level is None:
                    level = _opened(half, event.price)
                last = level.last
                # Filled in here: to call the class would take half as long again.
                resting = orders[event.order_id] = _blank(Resting)
                resting.order_id = event.order_id
                resting.order = order
                resting.leaves_qty = leaves_qty
                resting.level = level
                resting.before = last
                resting.after = None
                if last is None:
                    level.first = resting
                else:
                    last.after = resting
                level.last = resting
                level.qty += leaves_qty
            elif type(event) is Traded:
                self.last_px = event.price
                if event.leaves_qty:
                    resting = orders[event.order_id]
                    resting.level.qty -= event.last_qty
                    resting.leaves_qty = event.leaves_qty
                else:
                    self._leave(orders.pop(event.order_id))
            elif type(event) is Canceled or type(event) is Withdrawn:
                self._leave(orders.pop(event.order_id))
            elif type(event) is Replaced:
                resting = orders[event.order_id]
                resting.level.qty += event.leaves_qty - resting.leaves_qty
                resting.leaves_qty = event.leaves_qty
                resting.order = event.order
            else:  # it never was in the book
                assert type(event) is AggressorCanceled or type(event) is Expired

    def _leave(self, resting: Resting) -> None:
        """Take *resting* out of its queue, and the queue out of the book if that was all."""
        level, before, after = resting.level, resting.before, resting.after
        level.qty -= resting.leaves_qty
        if before is not None:
            before.after = after
        else:
            level.first = after
        if after is not None:
            after.before = before
        else:
            level.last = before
            if before is None:
                _close(self.bids if resting.order.side is _BUY else self.offers, level)


def _opened(half: HalfBook, price: Price) -> Level:
    """Return a new level of *half* at *price*."""
    level = half.by_rank[half.sign * price] = Level(price)
    best = half.best
    if best is None or (price - best.price) * half.sign < 0:
        half.best = level
    return level


def _close(half: HalfBook, level: Level) -> None:
    """Take *level*, which has become empty, out of *half*."""
    by_rank = half.by_rank
    del by_rank[half.sign * level.price]
    if half.best is level:
        half.best = by_rank[next(iter(by_rank))] if by_rank else None


_BUY = Side.BUY
_blank = object.__new__
