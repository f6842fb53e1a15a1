"""The order book of one instrument, and what can happen to it.

A book has one door for change: `OrderBook.apply` takes *events*, which say what
has been decided.  Events are values that stand by themselves (they name orders,
they do not point into a book), so applying a history to an empty book rebuilds
the book that it came from.  (They are structs of msgspec: frozen, yet made in half
the time that an open attrs class takes, and nothing to the garbage collector.)

Orders wait in a queue per price, linked from one to the next, so that one leaves
the middle of a queue as cheaply as its front.  Nothing here looks through a queue
or through the levels to add, cancel, fill at the touch or tell the best price.

Stops wait in the same way, by their triggers, in halves of the book that nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import attrs
import msgspec
from sortedcontainers import SortedDict

from .fix import ExecRestatementReason, Side
from .identifiers import OrderID, Price, Qty
from .messages import NewOrderSingle

if TYPE_CHECKING:
    from .record import Happening  # among which are the book's own events

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
    """An order, or what was left of the aggressor, joined the back of its price level."""

    order_id: OrderID
    order: NewOrderSingle
    price: Price
    leaves_qty: Qty

    continuous: bool = True
    """Whether the market was matching: else the order betters it, and is not TOP for it."""


class Refreshed(msgspec.Struct, frozen=True, gc=False):
    """What an iceberg showed was used up: it shows a new slice, at the back of its level."""

    order_id: OrderID
    order: NewOrderSingle
    shown_qty: Qty


class Armed(msgspec.Struct, frozen=True, gc=False):
    """A stop began to wait for its trigger."""

    order_id: OrderID
    order: NewOrderSingle
    price: Price
    """The trigger."""

    leaves_qty: Qty


class Triggered(msgspec.Struct, frozen=True, gc=False):
    """A stop was elected, and waits no longer: it is the aggressor, or comes to rest."""

    order_id: OrderID
    order: NewOrderSingle
    """As it works from now on."""

    leaves_qty: Qty


class Canceled(msgspec.Struct, frozen=True, gc=False):
    """A live order left the book: its session asked, or (with a reason) the venue did."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    reason: ExecRestatementReason | None = None
    text: str = ""


class Lapsed(msgspec.Struct, frozen=True, gc=False):
    """A live order left the book because its time in force was over."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """A live order was changed and kept its place in the queue."""

    order_id: OrderID
    order: NewOrderSingle
    """The order as changed."""

    leaves_qty: Qty


class Withdrawn(msgspec.Struct, frozen=True, gc=False):
    """A live order gave up its place because of a change, and is what it was changed to."""

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
    """An immediate order's rest found nobody to trade with, or all of it not enough."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty


class AuctionFill(msgspec.Struct, frozen=True, gc=False):
    """What an auction's trade does to one of its two orders."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    """What is left of the order after this trade."""


class AuctionTraded(msgspec.Struct, frozen=True, gc=False):
    """Two resting orders exchanged ``last_qty`` at the price of the auction."""

    buy: AuctionFill
    sell: AuctionFill
    price: Price
    last_qty: Qty


BookEvent: TypeAlias = (
    Traded
    | Rested
    | Refreshed
    | Armed
    | Triggered
    | Canceled
    | Lapsed
    | Replaced
    | Withdrawn
    | AggressorCanceled
    | Expired
    | AuctionTraded
)


TRADES = frozenset({Traded, AuctionTraded})
"""The classes of those events that are trades."""


# --- the book ------------------------------------------------------------------------


class Resting(msgspec.Struct, eq=False):
    """An order in its place.  Only its book changes it."""

    order_id: OrderID
    order: NewOrderSingle
    """As its last accepted request left it; its ``order_qty`` counts what has been filled."""

    leaves_qty: Qty
    shown_qty: Qty
    """What of that others see; the rest of an iceberg is hidden."""

    level: Level
    before: Resting | None = None
    after: Resting | None = None

    @property
    def is_top(self) -> bool:
        """Whether this is the order that bettered its side of the market."""
        return self.level.half.top is self

    @property
    def waits(self) -> bool:
        """Whether it is a stop that has not been elected."""
        return self.level.half.waits


@attrs.define(eq=False, weakref_slot=False)
class Level:
    """The queue at one price, in time priority."""

    half: HalfBook
    price: Price
    qty: Qty = 0
    hidden_qty: Qty = 0
    """What of that nobody sees."""

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

    waits: bool = False
    """Whether it holds stops, by their triggers."""

    by_rank: SortedDict[int, Level] = attrs.field(factory=SortedDict)
    best: Level | None = None
    top: Resting | None = None
    """The latest order that bettered the market, if there is one; it may have left."""

    def __iter__(self) -> Iterator[Level]:
        """Yield the price levels, best first."""
        return map(self.by_rank.__getitem__, self.by_rank)

    def beyond_the_best(self) -> Iterator[Level]:
        """Yield the price levels but the best one, best first."""
        return islice(self, 1, None)


@attrs.define(eq=False)
class OrderBook:
    """The live orders of one instrument, by price and then by time."""

    bids: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(-1))
    offers: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(1))
    buy_stops: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(1, waits=True))
    sell_stops: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(-1, waits=True))
    last_px: Price | None = attrs.field(init=False, default=None)
    """The price of the latest trade, or None before the first one."""

    tape: list[Happening] | None = attrs.field(init=False, default=None)
    """Where what is applied is put down as well, while somebody wants to know: its venue's."""

    has_changed: bool = attrs.field(init=False, default=False)
    """Whether anything has been applied since somebody last said that nothing had."""

    _orders: dict[OrderID, Resting] = attrs.field(init=False, factory=dict)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Resting]:
        """Yield every live order, stops included."""
        return iter(self._orders.values())

    def get(self, order_id: OrderID) -> Resting | None:
        """Return the order that lives under *order_id*, or None."""
        return self._orders.get(order_id)

    def half(self, side: Side) -> HalfBook:
        """Return *side* of the book, which yields its price levels best first."""
        return self.bids if side is _BUY else self.offers

    def stops(self, side: Side) -> HalfBook:
        """Return the waiting stops of *side*, those that are elected first first."""
        return self.buy_stops if side is _BUY else self.sell_stops

    def best(self, side: Side) -> Price | None:
        """Return the best price of *side*, or None when nobody rests there."""
        level = self.half(side).best
        return None if level is None else level.price

    def resting(self, side: Side) -> Iterator[Resting]:
        """Yield the orders of *side* in price-time priority."""
        for level in self.half(side):
            yield from level

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid meets the best offer."""
        bid, offer = self.bids.best, self.offers.best
        return bid is not None and offer is not None and bid.price >= offer.price

    def depth(self, side: Side, levels: int | None) -> tuple[tuple[Price, Qty], ...]:
        """Return ``(price, shown quantity)`` of at most *levels* price levels, best first."""
        return tuple(
            (level.price, level.qty - level.hidden_qty) for level in islice(self.half(side), levels)
        )

    def showing(self, side: Side, prices: Iterable[Price]) -> Iterator[tuple[Price, Qty]]:
        """Yield ``(price, shown quantity)`` of those of *prices* at which somebody rests."""
        half = self.half(side)
        for price in prices:
            level = half.by_rank.get(half.sign * price)
            if level is not None:
                yield price, level.qty - level.hidden_qty

    def apply(self, events: Sequence[BookEvent]) -> None:
        """Make *events* true of this book, first to last."""
        self.has_changed = True
        if self.tape is not None:
            self.tape += events
        orders = self._orders
        for event in events:
            # By the type itself, and the commonest first: a `match`, which has to think of
            # subclasses, takes five times as long to tell what happened.
            if type(event) is Rested or type(event) is Armed:
                order, leaves_qty = event.order, event.leaves_qty
                if type(event) is Rested:
                    half = self.bids if order.side is _BUY else self.offers
                else:
                    half = self.stops(order.side)
                level = half.by_rank.get(half.sign * event.price)
                opens = level is None
                if level is None:
                    level = _opened(half, event.price)
                display_qty = order.display_qty
                if display_qty is None or display_qty >= leaves_qty:
                    display_qty = leaves_qty
                else:
                    level.hidden_qty += leaves_qty - display_qty
                last = level.last
                resting = Resting(event.order_id, order, leaves_qty, display_qty, level, last)
                orders[event.order_id] = resting
                if last is None:
                    level.first = resting
                else:
                    last.after = resting
                level.last = resting
                level.qty += leaves_qty
                if opens and half.best is level:
                    half.top = resting if type(event) is Rested and event.continuous else None
            elif type(event) is Traded:
                self.last_px = event.price
                if event.leaves_qty:
                    resting = orders[event.order_id]
                    resting.leaves_qty = event.leaves_qty
                    resting.shown_qty -= event.last_qty
                    resting.level.qty -= event.last_qty
                else:
                    _leave(orders.pop(event.order_id))
            elif (
                type(event) is Canceled
                or type(event) is Withdrawn
                or type(event) is Triggered
                or type(event) is Lapsed
            ):
                _leave(orders.pop(event.order_id))
            elif type(event) is Replaced:
                resting = orders[event.order_id]
                resting.order = event.order
                _reduce(resting, event.leaves_qty, resting.shown_qty)
            elif type(event) is Refreshed:
                _requeue(orders[event.order_id], event.shown_qty)
            elif type(event) is AuctionTraded:
                self.last_px = event.price
                for fill in (event.buy, event.sell):
                    if fill.leaves_qty:
                        resting = orders[fill.order_id]
                        shown_qty = resting.shown_qty - event.last_qty
                        # Used up, it shows a new slice, and where it stands.
                        shown_qty = shown_qty if shown_qty > 0 else fill.leaves_qty
                        _reduce(resting, fill.leaves_qty, shown_qty)
                    else:
                        _leave(orders.pop(fill.order_id))
            else:  # it never was in the book
                assert type(event) is AggressorCanceled or type(event) is Expired


@attrs.define(eq=False)
class Election:
    """Which stops of a book are elected by trades that follow one another, each once."""

    _book: OrderBook
    _highest: Price | None = attrs.field(init=False, default=None)
    _lowest: Price | None = attrs.field(init=False, default=None)
    """How far the prices have gone so far: what these reach is not looked at again."""

    def at(self, price: Price) -> list[Resting]:
        """Return the stops that a trade at *price* elects: the first to be triggered first.

        Those to buy come first, by rising trigger, then those to sell, by falling
        trigger; at one trigger, the oldest first.
        """
        found: list[Resting] = []
        if self._highest is None or price > self._highest:
            found += _between(self._book.buy_stops, self._highest, price)
            self._highest = price
        if self._lowest is None or price < self._lowest:
            found += _between(self._book.sell_stops, self._lowest, price)
            self._lowest = price
        return found


def _between(stops: HalfBook, beyond: Price | None, price: Price) -> Iterator[Resting]:
    """Yield the stops with triggers up to *price*, and none that *beyond* reaches."""
    if stops.best is not None:
        first = None if beyond is None else beyond * stops.sign
        ranks = stops.by_rank.irange(first, price * stops.sign, inclusive=(False, True))
        for rank in ranks:
            yield from stops.by_rank[rank]


def _opened(half: HalfBook, price: Price) -> Level:
    """Return a new level of *half* at *price*."""
    level = half.by_rank[half.sign * price] = Level(half, price)
    best = half.best
    if best is None or (price - best.price) * half.sign < 0:
        half.best = level
    return level


def _leave(resting: Resting) -> None:
    """Take *resting* out of its queue, and the queue out of the book if that was all."""
    level, before, after = resting.level, resting.before, resting.after
    level.qty -= resting.leaves_qty
    if resting.shown_qty != resting.leaves_qty:
        level.hidden_qty -= resting.leaves_qty - resting.shown_qty
    if before is not None:
        before.after = after
    else:
        level.first = after
    if after is not None:
        after.before = before
    else:
        level.last = before
        if before is None:
            half = level.half
            by_rank = half.by_rank
            del by_rank[half.sign * level.price]
            if half.best is level:
                half.best = by_rank[next(iter(by_rank))] if by_rank else None


def _reduce(resting: Resting, leaves_qty: Qty, shown_qty: Qty) -> None:
    """Leave *leaves_qty* of an order in its place, and show at most *shown_qty* of it."""
    level, display_qty = resting.level, resting.order.display_qty
    level.qty += leaves_qty - resting.leaves_qty
    level.hidden_qty -= resting.leaves_qty - resting.shown_qty
    resting.leaves_qty = leaves_qty
    resting.shown_qty = min(shown_qty, leaves_qty, display_qty or leaves_qty)
    level.hidden_qty += leaves_qty - resting.shown_qty


def _requeue(resting: Resting, shown_qty: Qty) -> None:
    """Send *resting* to the back of its queue, where it shows *shown_qty*."""
    level, before, after = resting.level, resting.before, resting.after
    level.hidden_qty -= shown_qty
    resting.shown_qty = shown_qty
    if after is None:
        return
    after.before = before
    if before is None:
        level.first = after
    else:
        before.after = after
    assert level.last is not None, "somebody is behind it"
    resting.before, resting.after = level.last, None
    level.last.after = resting
    level.last = resting


_BUY = Side.BUY
