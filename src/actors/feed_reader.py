"""A reader of a public feed, who knows the market from nothing but the feed's bytes.

Where he is checked, his venue says after each of its moments what its price levels show, and
the books that he has rebuilt have to show the same: a feed that does not tell the truth
ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ..market.fix import Side
from ..market.identifiers import CompID, Qty
from ..market.instrument import decimal_text
from ..runtime.participant import Answer, Delivery, Send
from ..wire.itch import (
    AddOrder,
    Message,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    decode,
)
from ..wire.itch_book import ItchReader
from ..wire.soupbintcp import (
    Login,
    PacketType,
    SoupError,
    StreamBytes,
    frame,
    login_request,
    packets,
)
from .feed import FeedCheck

_Place: TypeAlias = tuple[int, OrderVerb, int]
"""A price level: its book, side and price."""


class FeedBroken(Exception):
    """The book that follows from a feed is not the one that its venue shows."""


class FeedReader:
    """Rebuilds the books of a feed from its bytes, and holds them against the venue's.

    Receives:
        `StreamBytes` from the feed; `FeedCheck`, where the reader is checked.
    Sends:
        `StreamBytes` with a login request, once: for all messages of the session.

    Args:
        feed: whose messages it reads.
        at_ns: when it logs in, after the start of the run.

    Raises:
        SoupError, ItchError, ImpossibleFeed: if the bytes are no messages, or messages that
            cannot be true.
        FeedBroken: if the login is rejected, or a book is another than the venue's.
    """

    def __init__(self, feed: CompID, at_ns: int = 0) -> None:
        self._feed = feed
        self._at_ns = at_ns
        self.reader = ItchReader()
        self._next = 0
        """The number of the message that comes next; 0 before the login."""

        self._shown: dict[_Place, tuple[Qty, ...]] = {}
        """What the venue shows, where it shows anything, as it said last."""

        self._touched: dict[_Place, None] = {}
        """Which price levels messages were about since the last check."""

    def start(self) -> Iterator[Answer]:
        yield Send(self._feed, StreamBytes(frame(login_request(Login()))), self._at_ns)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case StreamBytes(data):
                self._read(data)
            case FeedCheck() as check:
                self._compare(check)
            case other:
                raise TypeError(f"a reader of a feed has no use for {other!r}")
        return iter(())

    # --- reading ---------------------------------------------------------------------

    def _read(self, data: bytes) -> None:
        for offset, packet in packets(data):
            match packet.type:
                case PacketType.LOGIN_ACCEPTED:
                    self._next = int(packet.payload[10:])
                case PacketType.LOGIN_REJECTED:
                    reason = packet.payload.decode("latin-1")
                    raise FeedBroken(f"{self._feed} rejects the login, reason {reason!r}")
                case PacketType.SEQUENCED_DATA if self._next:
                    self._take(decode(packet.payload, offset + 3))
                    self._next += 1
                case other:
                    what = "a packet of a session that has begun"
                    raise SoupError(offset, what, f"one of type {other.value.decode()!r}")

    def _take(self, message: Message) -> None:
        numbers = _numbers(message)
        self._touch(numbers)
        self.reader.apply(message)
        self._touch(numbers)

    def _touch(self, numbers: tuple[int, ...]) -> None:
        """Take note of where the orders of these numbers stand."""
        for number in numbers:
            order = self.reader.orders.get(number)
            if order is not None:
                self._touched[order.orderbook, order.verb, order.price] = None

    # --- checking --------------------------------------------------------------------

    def _compare(self, check: FeedCheck) -> None:
        if check.number != self._next - 1:
            told = f"has told {check.number} messages, and {self._next - 1} have come"
            raise FeedBroken(f"{self._feed} {told}")
        books = {
            book.directory.security_code: book.orderbook
            for book in self.reader.books.values()
            if book.directory is not None
        }
        places = dict(self._touched)
        for level in check.levels:
            verb = OrderVerb.BUY if level.side is Side.BUY else OrderVerb.SELL
            place = (books[level.symbol], verb, level.price)
            self._shown.pop(place, None)
            if level.quantities:
                self._shown[place] = level.quantities
            places[place] = None
        for place in places:
            found, expected = self._rebuilt(place), self._shown.get(place, ())
            if found != expected:
                raise FeedBroken(self._difference(place, expected, found))
        self._touched.clear()

    def _rebuilt(self, place: _Place) -> tuple[Qty, ...]:
        orderbook, verb, price = place
        level = self.reader.book(orderbook).level(verb, price)
        return tuple(order.quantity for order in level)

    def _difference(self, place: _Place, expected: tuple[Qty, ...], found: tuple[Qty, ...]) -> str:
        orderbook, verb, price = place
        directory = self.reader.book(orderbook).directory
        assert directory is not None, "only listed books are compared"
        at = decimal_text(price, directory.price_decimals)
        return (
            f"after message {self._next - 1} of {self._feed}, {verb.name.lower()} orders of"
            f" {directory.security_code} @ {at}: expected {_listed(expected)}, as the venue shows,"
            f" and the feed comes to {_listed(found)}"
        )


def _numbers(message: Message) -> tuple[int, ...]:
    """Return the numbers of the orders that *message* is about."""
    match message:
        case AddOrder() | OrderExecuted() | OrderExecutedWithPrice() | OrderDelete():
            return (message.order_number,)
        case OrderReplace():
            return (message.original_order_number, message.new_order_number)
        case _:
            return ()


def _listed(quantities: tuple[Qty, ...]) -> str:
    return ", ".join(map(str, quantities)) or "nothing"
