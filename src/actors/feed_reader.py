"""A reader of a public feed, who knows the market from nothing but the feed's bytes.

The invariant ``feed-books`` holds the books that he has rebuilt against the venue's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ..market.identifiers import CompID
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

_Place: TypeAlias = tuple[int, OrderVerb, int]
"""A price level: its book, side and price."""


class LoginRejected(Exception):
    """A feed does not let a reader in."""


class FeedReader:
    """Rebuilds the books of a feed from its bytes.

    Receives:
        `StreamBytes` from the feed.
    Sends:
        `StreamBytes` with a login request, once: for all messages of the session.

    Args:
        feed: whose messages it reads.
        at_ns: when it logs in, after the start of the run.

    Raises:
        SoupError, ItchError, ImpossibleFeed: if the bytes are no messages, or messages that
            cannot be true.
        LoginRejected: if it is not let in.
    """

    def __init__(self, feed: CompID, at_ns: int = 0) -> None:
        self._feed = feed
        self._at_ns = at_ns
        self.reader = ItchReader()
        self.number = 0
        """The number of the latest message; 0 before the first."""

        self.touched: dict[_Place, int] = {}
        """By price level the latest message about one of its orders, in their order."""

        self._is_in = False

    def start(self) -> Iterator[Answer]:
        yield Send(self._feed, StreamBytes(frame(login_request(Login()))), self._at_ns)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case StreamBytes(data):
                self._read(data)
            case other:
                raise TypeError(f"a reader of a feed has no use for {other!r}")
        return iter(())

    # --- reading ---------------------------------------------------------------------

    def _read(self, data: bytes) -> None:
        for offset, packet in packets(data):
            match packet.type:
                case PacketType.LOGIN_ACCEPTED:
                    self.number = int(packet.payload[10:]) - 1
                    self._is_in = True
                case PacketType.LOGIN_REJECTED:
                    reason = packet.payload.decode("latin-1")
                    raise LoginRejected(f"{self._feed} rejects the login, reason {reason!r}")
                case PacketType.SEQUENCED_DATA if self._is_in:
                    self.number += 1
                    self._take(decode(packet.payload, offset + 3))
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
                place = (order.orderbook, order.verb, order.price)
                self.touched.pop(place, None)  # so that it comes last
                self.touched[place] = self.number


def _numbers(message: Message) -> tuple[int, ...]:
    """Return the numbers of the orders that *message* is about."""
    match message:
        case AddOrder() | OrderExecuted() | OrderExecutedWithPrice() | OrderDelete():
            return (message.order_number,)
        case OrderReplace():
            return (message.original_order_number, message.new_order_number)
        case _:
            return ()
