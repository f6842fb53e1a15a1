"""NSX's public feed as a person follows it: each message in words, and the book beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import attrs

from ..market.instrument import decimal_text
from .itch import (
    NOT_TRADEABLE_QTY,
    UNAVAILABLE_PX,
    ActionReason,
    ActionState,
    AddOrder,
    AttributeType,
    BrokenTrade,
    CrossType,
    EventStatus,
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
from .itch_book import ItchReader, ShownBook, ShownOrder

SECOND_NS = 1_000_000_000
LEVELS = 3
"""How many price levels of a side stand beside a message."""


@attrs.frozen
class Line:
    """One message as a person reads it."""

    time_ns: int
    """When it was made, after the start of 1970, UTC."""

    letter: str
    text: str
    bids: str
    """Of its book after it: the best price levels, the best first; "" if it is of no book."""

    offers: str


Clock: TypeAlias = Callable[[int], str]
"""Says a moment after the start of 1970 as a time of day."""


def tell(reader: ItchReader, message: Message, clock: Clock | None = None) -> Line:
    """Return *message* in words, and apply it.

    Args:
        clock: how times are said; UTC, unless it is given.

    Raises:
        ImpossibleFeed: if it cannot be true after what *reader* knows.
    """
    # An order that leaves has to be looked at before it does.
    orders = {number: attrs.evolve(order) for number, order in _orders_of(reader, message)}
    reader.apply(message)
    orderbook = _orderbook(message, orders)
    text = _said(reader, message, orders, utc_time if clock is None else clock)
    assert reader.now_ns is not None, "a message has been applied"
    bids = offers = ""
    if orderbook and _changes_book(message):
        book = reader.book(orderbook)
        bids, offers = (_side(book, verb) for verb in (OrderVerb.BUY, OrderVerb.SELL))
    return Line(reader.now_ns, layout_of(message).letter, text, bids, offers)


def utc_time(time_ns: int) -> str:
    """Return a moment after the start of 1970 as a time of day, UTC, to the nanosecond."""
    return f"{time_ns // SECOND_NS // 3600 % 24:02}:{time_ns // SECOND_NS // 60 % 60:02}:" + (
        f"{time_ns // SECOND_NS % 60:02}.{time_ns % SECOND_NS:09}"
    )


def utc_date(time_ns: int) -> str:
    """Return the date of a moment after the start of 1970, UTC."""
    try:
        return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError):  # what no calendar has, a feed may still say
        return f"day {time_ns // SECOND_NS // 86_400} after 1970-01-01"


def book_lines(book: ShownBook) -> Iterator[str]:
    """Yield what is known of a book at the end: its orders, one by one, and its values."""
    sides = [
        [f"#{order.number} {_at(book, order.quantity, order.price)}" for order in book.orders(verb)]
        for verb in (OrderVerb.BUY, OrderVerb.SELL)
    ]
    last = "none" if book.last_px is None else _price(book, book.last_px)
    values = (
        _attribute(book, kind, book.attributes[kind])
        for kind in AttributeType
        if kind in book.attributes
    )
    yield f"{_name(book)}: last {last}, volume {book.volume}"
    for value in values:
        yield f"    {value}"
    width = max([len("bids"), *map(len, sides[0])])
    yield f"    {'bids':<{width}}  offers"
    for row in range(max(map(len, sides))):
        bid, offer = (side[row] if row < len(side) else "" for side in sides)
        yield f"    {bid:<{width}}  {offer}".rstrip()


# --- which book, and what it shows ----------------------------------------------------


def _orders_of(reader: ItchReader, message: Message) -> Iterator[tuple[int, ShownOrder]]:
    match message:
        case OrderExecuted() | OrderExecutedWithPrice() | OrderDelete():
            number = message.order_number
        case OrderReplace():
            number = message.original_order_number
        case _:
            return
    if number in reader.orders:
        yield number, reader.orders[number]


def _orderbook(message: Message, orders: dict[int, ShownOrder]) -> int:
    for order in orders.values():
        return order.orderbook
    return getattr(message, "orderbook", 0)


def _changes_book(message: Message) -> bool:
    kinds = AddOrder, OrderExecuted, OrderExecutedWithPrice, OrderDelete, OrderReplace
    return isinstance(message, (*kinds, IndicativePriceQuantity, OrderbookTradingAction))


def _side(book: ShownBook, verb: OrderVerb) -> str:
    levels = [_at(book, quantity, price) for price, quantity in book.depth(verb, LEVELS + 1)]
    return ", ".join([*levels[:LEVELS], *(["..."] if len(levels) > LEVELS else [])]) or "none"


def _name(book: ShownBook) -> str:
    return book.directory.security_code if book.directory else f"book {book.orderbook}"


def _price(book: ShownBook, price: int) -> str:
    if price == UNAVAILABLE_PX:
        return "none"
    return decimal_text(price, book.directory.price_decimals if book.directory else 0)


def _at(book: ShownBook, quantity: int, price: int) -> str:
    return "none" if price == UNAVAILABLE_PX else f"{quantity} @ {_price(book, price)}"


# --- words ----------------------------------------------------------------------------


def _said(reader: ItchReader, message: Message, orders: dict[int, ShownOrder], clock: Clock) -> str:
    book = reader.book(orderbook) if (orderbook := _orderbook(message, orders)) else ShownBook(0)
    order = next(iter(orders.values()), None)
    match message:
        case Timestamp(nanosecond):
            return f"{utc_date(nanosecond)} {clock(nanosecond)}"
        case SystemEvent(_, group, product, number, code, status, at):
            scope = [each for each in (group, product) if each]
            of = " ".join(scope) or (_name(book) if number else "the whole system")
            due = "" if status is EventStatus.TRIGGERED else f" for {clock(at)}"
            return f"{code} of {of} {_STATUS[status]}{due}"
        case PriceTickSize(_, table, tick, start):
            return f"price steps {table}: {tick} from {start}"
        case QuantityTickSize(_, table, tick, start):
            return f"quantity steps {table}: {tick} from {start}"
        case OrderbookDirectory():
            least = message.minimum_quantity
            lot = "not tradeable" if least == NOT_TRADEABLE_QTY else f"from {least}"
            return (
                f"book {message.orderbook} is {message.security_code} on {message.board},"
                f" {message.price_decimals} decimals,"
                f" price steps {message.price_tick_size_table_id},"
                f" {lot}"
            )
        case OrderbookTradingAction(_, _, state, reason):
            return f"{_name(book)} {_STATES[state]}{_REASONS[reason]}"
        case OrderbookAttribute(_, _, value, kind):
            return f"{_name(book)} {_attribute(book, kind, value)}"
        case FirmDirectory(_, firm, code):
            return f"firm {firm} is {code}"
        case AddOrder(_, number, verb, quantity, _, price, firm):
            by = _firm(reader, firm, ", ")
            return f"{_name(book)} add #{number} {_VERBS[verb]} {_at(book, quantity, price)}{by}"
        case OrderExecuted(_, number, quantity, match_number, printable, firm):
            assert order is not None, "else it would have been impossible"
            against = _firm(reader, firm, " against ")
            return (
                f"{_name(book)} trade {match_number} of #{number}"
                f" {_at(book, quantity, order.price)}{_left(order, quantity)}{against}"
                f"{_counts(printable)}"
            )
        case OrderExecutedWithPrice(_, number, quantity, match_number, printable, price):
            assert order is not None, "as above"
            return (
                f"{_name(book)} auction trade {match_number} of #{number} {_VERBS[order.verb]}"
                f" {_at(book, quantity, price)}{_left(order, quantity)}{_counts(printable)}"
            )
        case OrderDelete(_, number):
            return f"{_name(book)} delete #{number}"
        case OrderReplace(_, old, new, quantity, price):
            to = "" if new == old else f" as #{new}"
            return f"{_name(book)} change #{old}{to} to {_at(book, quantity, price)}"
        case IndicativePriceQuantity():
            top = _at(book, message.theoretical_opening_quantity, message.theoretical_opening_price)
            bid = _at(book, message.best_bid_size, message.best_bid)
            offer = _at(book, message.best_offer_size, message.best_offer)
            of = _CROSSES[message.cross_type]
            return f"{_name(book)} {of}auction would trade {top}; bid {bid}, offer {offer}"
        case Trade(_, quantity, _, printable, price, match_number, _, buy, sell):
            bought, sold = _firm(reader, buy, ", bought by "), _firm(reader, sell, ", sold by ")
            return (
                f"{_name(book)} hidden trade {match_number} {_at(book, quantity, price)}"
                f"{bought}{sold}{_counts(printable)}"
            )
        case BrokenTrade(_, match_number):
            return f"trade {match_number} is broken"
        case News(_, _, number, _, title):
            return f"{_name(book)} news {number}: {title}"
        case IndexMember(_, index, member, weight):
            return f"book {member} is in index {index}, weight {weight}"
        case IndexValue(_, index, value):
            return f"index {index} stands at {value}"


def _left(order: ShownOrder, quantity: int) -> str:
    rest = order.quantity - quantity
    return f", {rest} left" if rest else ", all of it"


def _counts(printable: bool) -> str:
    return "" if printable else " (counted already)"


def _firm(reader: ItchReader, number: int, before: str) -> str:
    return f"{before}{reader.firms.get(number, f'firm {number}')}" if number else ""


def _attribute(book: ShownBook, kind: AttributeType, value: int) -> str:
    return f"{_ATTRIBUTES[kind]} {_price(book, value)}{' %' if kind in _PERCENTAGES else ''}"


_STATUS = {
    EventStatus.SCHEDULED: "scheduled",
    EventStatus.CANCELED: "canceled",
    EventStatus.TRIGGERED: "triggered",
}
_STATES = {ActionState.ACTIVE: "trades", ActionState.SUSPENDED: "is suspended"}
_REASONS = {
    ActionReason.NONE: "",
    ActionReason.NORMAL: " normally",
    ActionReason.ETR: ", a trade would have left the extreme trade range",
    ActionReason.SUPERVISORY: " by the supervisor",
}
_ATTRIBUTES = {
    AttributeType.PREVIOUS_CLOSE: "previous close",
    AttributeType.CLOSE: "close",
    AttributeType.ETR_REFERENCE: "ETR reference",
    AttributeType.ETR_UPPER_PERCENT: "ETR upper limit",
    AttributeType.ETR_LOWER_PERCENT: "ETR lower limit",
    AttributeType.AOT_REFERENCE: "AOT reference",
    AttributeType.AOT_UPPER_PERCENT: "AOT upper limit",
    AttributeType.AOT_LOWER_PERCENT: "AOT lower limit",
}
_PERCENTAGES = (
    AttributeType.ETR_UPPER_PERCENT,
    AttributeType.ETR_LOWER_PERCENT,
    AttributeType.AOT_UPPER_PERCENT,
    AttributeType.AOT_LOWER_PERCENT,
)
_VERBS = {OrderVerb.BUY: "buy", OrderVerb.SELL: "sell"}
_CROSSES = {
    CrossType.NONE: "",
    CrossType.OPENING: "opening ",
    CrossType.INTRADAY: "intra-day ",
    CrossType.CLOSING: "closing ",
}
