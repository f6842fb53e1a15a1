"""Books from messages: what somebody knows of a market who has nothing but the feed.

A reader applies the messages of one session, from its first, and keeps what they say.
Each is held against what is known already, so that a feed which cannot be true is seen
at the message that is wrong.  A book may be crossed: in an auction it is.

Source: docs.nsx.com.au/ncd, "Orderbook management".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import attrs
from sortedcontainers import SortedDict

from .itch import (
    AddOrder,
    AttributeType,
    BrokenTrade,
    FirmDirectory,
    IndexMember,
    IndexValue,
    IndicativePriceQuantity,
    Message,
    News,
    OrderbookAttribute,
    OrderbookDirectory,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    PriceTickSize,
    QuantityTickSize,
    SystemEvent,
    Timestamp,
    Trade,
    layout_of,
)

# --- what is known -------------------------------------------------------------------


class ImpossibleFeed(ValueError):
    """A message cannot be true after those before it; the books are as they were.

    Attributes:
        message: the one that is wrong.
        expected: what would have been possible.
        found: what it says.
    """

    def __init__(self, message: Message, expected: str, found: str) -> None:
        layout = layout_of(message)
        super().__init__(f"{layout.name} [{layout.letter}]: expected {expected}, found {found}")
        self.message = message
        self.expected = expected
        self.found = found


@attrs.define(eq=False, weakref_slot=False)
class ShownOrder:
    """An order as its book shows it."""

    number: int
    orderbook: int
    verb: OrderVerb
    price: int
    quantity: int
    firm_id: int
    """0 if not applicable."""


@attrs.define(eq=False)
class Match:
    """A trade, as one message or several have told it."""

    number: int
    orderbook: int
    price: int
    quantity: int = 0
    """What of it counts in the volume."""

    in_auction: bool = False
    verbs: list[OrderVerb] = attrs.field(factory=list)
    """Which sides a message was about."""

    broken: bool = False


@attrs.define(eq=False)
class ShownBook:
    """One order book."""

    orderbook: int
    directory: OrderbookDirectory | None = None
    action: OrderbookTradingAction | None = None
    """Whether it trades, as was told last."""

    indicative: IndicativePriceQuantity | None = None
    """What an auction would come to, as was told last."""

    attributes: dict[AttributeType, int] = attrs.field(factory=dict)
    bids: SortedDict[int, dict[int, ShownOrder]] = attrs.field(factory=SortedDict)
    offers: SortedDict[int, dict[int, ShownOrder]] = attrs.field(factory=SortedDict)
    """By price, and there by number, in no order."""

    volume: int = 0
    """What has been traded, and counts."""

    last_px: int | None = None

    def orders(self, verb: OrderVerb) -> Iterator[ShownOrder]:
        """Yield one side's orders: by price, and there by number, lower ones first."""
        side = self._side(verb)
        for price in reversed(side) if verb is OrderVerb.BUY else side:
            yield from self.level(verb, price)

    def level(self, verb: OrderVerb, price: int) -> list[ShownOrder]:
        """Return the orders of one side at a price, lower numbers first."""
        level = self._side(verb).get(price, {})
        return [level[number] for number in sorted(level)]

    def depth(self, verb: OrderVerb, levels: int | None = None) -> tuple[tuple[int, int], ...]:
        """Return ``(price, quantity)`` of at most *levels* of one side, best first."""
        side = self._side(verb)
        prices = reversed(side) if verb is OrderVerb.BUY else iter(side)
        return tuple(
            (price, sum(order.quantity for order in side[price].values()))
            for price in islice(prices, levels)
        )

    def best(self, verb: OrderVerb) -> tuple[int, int] | None:
        """Return the best price of one side and what is shown there, or None."""
        return next(iter(self.depth(verb, 1)), None)

    def _side(self, verb: OrderVerb) -> SortedDict[int, dict[int, ShownOrder]]:
        return self.bids if verb is OrderVerb.BUY else self.offers

    def _put(self, order: ShownOrder) -> None:
        side = self._side(order.verb)
        level = side.get(order.price)
        if level is None:
            level = side[order.price] = {}
        level[order.number] = order

    def _take(self, order: ShownOrder) -> None:
        side = self._side(order.verb)
        level = side[order.price]
        del level[order.number]
        if not level:
            del side[order.price]


@attrs.define(eq=False)
class ItchReader:
    """Believes nothing but the messages of one session."""

    base_ns: int | None = attrs.field(init=False, default=None)
    """From when nanoseconds are counted, after the start of 1970, UTC."""

    now_ns: int | None = attrs.field(init=False, default=None)
    """When the latest message was made."""

    books: dict[int, ShownBook] = attrs.field(init=False, factory=dict)
    orders: dict[int, ShownOrder] = attrs.field(init=False, factory=dict)
    """Those that are in a book, by number."""

    matches: dict[int, Match] = attrs.field(init=False, factory=dict)
    firms: dict[int, str] = attrs.field(init=False, factory=dict)
    events: list[SystemEvent] = attrs.field(init=False, factory=list)
    _used: set[int] = attrs.field(init=False, factory=set)
    """The number of every order that there has been."""

    def book(self, orderbook: int) -> ShownBook:
        """Return what is known of a book; of one that was never named that is nothing."""
        book = self.books.get(orderbook)
        if book is None:
            book = self.books[orderbook] = ShownBook(orderbook)
        return book

    def apply(self, message: Message) -> None:
        """Take note of *message*.

        Raises:
            ImpossibleFeed: if it cannot be true after what is known.
        """
        self._advance(message)
        match message:
            case AddOrder():
                self._add(message)
            case OrderExecuted(_, number, quantity, match_number, printable):
                order = self._executed(message, number, quantity)
                found = self._match(message, match_number, order, order.price)
                self._count(found, order.orderbook, quantity if printable else 0)
                self._reduce(order, quantity)
            case OrderExecutedWithPrice(_, number, quantity, match_number, printable, price):
                order = self._executed(message, number, quantity)
                found = self._match(message, match_number, order, price)
                self._count(found, order.orderbook, quantity if printable else 0)
                self._reduce(order, quantity)
            case OrderDelete(_, number):
                self._leave(self._known(message, number))
            case OrderReplace():
                self._replace(message)
            case Trade():
                self._trade(message)
            case BrokenTrade(_, match_number):
                self._break(message, match_number)
            case OrderbookDirectory():
                self.book(message.orderbook).directory = message
            case OrderbookTradingAction():
                self.book(message.orderbook).action = message
            case OrderbookAttribute():
                attributes = self.book(message.orderbook).attributes
                attributes[message.attribute_type] = message.attribute_value
            case IndicativePriceQuantity():
                self.book(message.orderbook).indicative = message
            case FirmDirectory(_, firm_id, firm_code):
                self.firms[firm_id] = firm_code
            case SystemEvent():
                self.events.append(message)
            case (
                Timestamp()
                | PriceTickSize()
                | QuantityTickSize()
                | News()
                | IndexMember()
                | IndexValue()
            ):
                pass  # nothing to keep

    def _advance(self, message: Message) -> None:
        """Let it be the time at which *message* was made."""
        if isinstance(message, Timestamp):
            time_ns = base_ns = message.nanosecond
        elif self.base_ns is None:
            raise ImpossibleFeed(message, "a Timestamp before any other message", "none")
        else:
            base_ns = self.base_ns
            time_ns = base_ns + message.timestamp
        # Only a base is rounded down, so that it may be earlier than what was told last.
        if not isinstance(message, Timestamp) and self.now_ns is not None:
            if time_ns < self.now_ns:
                raise ImpossibleFeed(message, f"a time from {self.now_ns} ns", f"{time_ns} ns")
        elif self.base_ns is not None and base_ns < self.base_ns:
            raise ImpossibleFeed(message, f"a time from {self.base_ns} ns", f"{base_ns} ns")
        self.base_ns, self.now_ns = base_ns, max(time_ns, self.now_ns or time_ns)

    # --- orders ----------------------------------------------------------------------

    def _add(self, message: AddOrder) -> None:
        self._new_number(message, message.order_number)
        if message.quantity == 0:
            raise ImpossibleFeed(message, "a quantity of at least 1", "0")
        self._enter(
            ShownOrder(
                message.order_number,
                message.orderbook,
                message.order_verb,
                message.price,
                message.quantity,
                message.firm_id,
            )
        )

    def _replace(self, message: OrderReplace) -> None:
        order = self._known(message, message.original_order_number)
        if message.quantity == 0:
            raise ImpossibleFeed(message, "a quantity of at least 1", "0")
        number = message.new_order_number
        if number != order.number:
            self._new_number(message, number)
        self._leave(order)
        order.number, order.price, order.quantity = number, message.price, message.quantity
        self._enter(order)

    def _new_number(self, message: Message, number: int) -> None:
        if number in self._used:
            raise ImpossibleFeed(message, "an order number that was never used", f"{number}")

    def _known(self, message: Message, number: int) -> ShownOrder:
        order = self.orders.get(number)
        if order is None:
            found = f"{number}, which has left" if number in self._used else f"{number}"
            raise ImpossibleFeed(message, "the number of an order in a book", found)
        return order

    def _executed(self, message: Message, number: int, quantity: int) -> ShownOrder:
        order = self._known(message, number)
        if not 1 <= quantity <= order.quantity:
            what = f"from 1 to {order.quantity} executed of order {number}"
            raise ImpossibleFeed(message, what, f"{quantity}")
        return order

    def _reduce(self, order: ShownOrder, quantity: int) -> None:
        order.quantity -= quantity
        if not order.quantity:
            self._leave(order)

    def _enter(self, order: ShownOrder) -> None:
        self._used.add(order.number)
        self.orders[order.number] = order
        self.book(order.orderbook)._put(order)

    def _leave(self, order: ShownOrder) -> None:
        del self.orders[order.number]
        self.books[order.orderbook]._take(order)

    # --- trades ----------------------------------------------------------------------

    def _match(self, message: Message, number: int, order: ShownOrder, price: int) -> Match:
        """Return the match of which *message* tells one side."""
        in_auction = isinstance(message, OrderExecutedWithPrice)
        found = self.matches.get(number)
        if found is None:
            found = Match(number, order.orderbook, price, in_auction=in_auction)
        else:
            self._same_match(message, found, in_auction, order.orderbook, price)
            if order.verb in found.verbs:
                what = f"one order of either side in match {number}"
                raise ImpossibleFeed(message, what, f"a second {order.verb.name.lower()} order")
        found.verbs.append(order.verb)
        return found

    def _trade(self, message: Trade) -> None:
        if message.executed_quantity == 0:
            raise ImpossibleFeed(message, "a quantity of at least 1", "0")
        found = self.matches.get(message.match_number)
        if found is None:
            found = Match(message.match_number, message.orderbook, message.execution_price)
        else:  # the hidden part of what an auction traded
            self._same_match(message, found, True, message.orderbook, message.execution_price)
        quantity = message.executed_quantity if message.printable else 0
        self._count(found, message.orderbook, quantity)

    def _same_match(
        self, message: Message, found: Match, in_auction: bool, orderbook: int, price: int
    ) -> None:
        """Check that *message* may tell more of a match that is known."""
        number = found.number
        if not (in_auction and found.in_auction):
            raise ImpossibleFeed(message, "a match number that was never used", f"{number}")
        if (orderbook, price) != (found.orderbook, found.price):
            what = f"match {number} in book {found.orderbook} at {found.price}"
            raise ImpossibleFeed(message, what, f"book {orderbook} at {price}")

    def _count(self, found: Match, orderbook: int, quantity: int) -> None:
        self.matches[found.number] = found
        found.quantity += quantity
        book = self.book(orderbook)
        book.volume += quantity
        book.last_px = found.price

    def _break(self, message: BrokenTrade, number: int) -> None:
        found = self.matches.get(number)
        if found is None or found.broken:
            what = "the number of a match"
            raise ImpossibleFeed(message, what, f"{number}{', broken already' if found else ''}")
        found.broken = True
        self.books[found.orderbook].volume -= found.quantity
