"""What must hold of NSX's markets and of their feed, whatever happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from ...market.fix import Side
from ...market.identifiers import CompID, Qty
from ...market.instrument import decimal_text
from ...market.shown import ShownLevel, VenueRecord
from ...runtime.journal import Entry
from ...wire.itch import OrderVerb
from ...wire.itch_book import ItchReader
from ...wire.itch_session import FeedMessages
from ..watching import Broken, WatchedFloor, Watcher

Place: TypeAlias = tuple[int, OrderVerb, int]
"""A price level: its book, side and price."""


@attrs.frozen
class FeedBooks:
    """Whoever reads a public feed comes to the books that the venue shows, order by order.

    After each moment of the venue the price levels are compared that it, or a message,
    may have changed, as soon as the reader has had the messages of that moment.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        if not floor.feed_readers:
            return None
        return _FeedBooks(floor, {name: _Reading() for name in floor.feed_readers})


@attrs.define
class _Reading:
    """How far a reader has come, and what its feed had to tell up to there."""

    ahead: deque[tuple[int, Sequence[ShownLevel]]] = attrs.field(factory=deque)
    """By the number of the last message about it, what the venue shows that is not read yet."""

    shown: dict[Place, tuple[Qty, ...]] = attrs.field(factory=dict)
    number: int = 0
    """The last message after which books were compared."""


@attrs.define
class _Record:
    """One record that a feed has got."""

    seq: int
    shown: Sequence[ShownLevel]


@attrs.define
class _FeedBooks(Watcher):
    sees = (VenueRecord, FeedMessages)

    _floor: WatchedFloor
    _readings: Mapping[CompID, _Reading]
    _records: dict[str, list[_Record]] = attrs.field(init=False, factory=dict)
    """By feed, those of this moment."""

    _messages: dict[str, dict[int, int]] = attrs.field(init=False, factory=dict)
    """By feed and by what brought it about, how many messages it has told in this moment."""

    _told: dict[str, int] = attrs.field(init=False, factory=dict)
    """By feed, how many messages it has told before."""

    def see(self, entry: Entry) -> Broken | None:
        if isinstance(entry.payload, VenueRecord):
            record = _Record(entry.seq, entry.payload.shown)
            self._records.setdefault(entry.actor, []).append(record)
        else:
            told: FeedMessages = entry.payload
            self._messages.setdefault(entry.actor, {})[entry.cause] = len(told.messages)
        return None

    def quiet(self, now_ns: int) -> Broken | None:
        self._take_in()
        for name, reading in self._readings.items():
            # A program may have put a reader of its own in the seat.
            participant = self._floor.participant(name)
            reader = getattr(participant, "reader", None)
            touched = getattr(participant, "touched", None)
            number = getattr(participant, "number", 0)
            if isinstance(reader, ItchReader) and touched is not None and number:
                found = _difference(reading, reader, number, touched)
                if found is not None:
                    feed = self._floor.feed_readers[name]
                    return Broken(f"after message {number} of {feed}, as {name} reads it, {found}")
        return None

    def _take_in(self) -> None:
        """Take note of what feeds have got to tell and told in a moment that is over."""
        for feed, messages in self._messages.items():
            # What a feed begins with has nothing that brought it about.
            self._told[feed] = self._told.get(feed, 0) + messages.pop(0, 0)
        for feed, records in self._records.items():
            messages = self._messages.get(feed, {})
            for record in records:
                self._told[feed] = self._told.get(feed, 0) + messages.get(record.seq, 0)
                for reader, of in self._floor.feed_readers.items():
                    if of == feed:
                        self._readings[reader].ahead.append((self._told[feed], record.shown))
        self._messages.clear()
        self._records.clear()


def _difference(
    reading: _Reading, reader: ItchReader, number: int, touched: dict[Place, int]
) -> str | None:
    """Return where a reader's books are not the venue's after so many messages, or None."""
    places: dict[Place, None] = {}
    for place in reversed(touched):
        if touched[place] <= reading.number:
            break
        places[place] = None
    books = {
        book.directory.security_code: book.orderbook
        for book in reader.books.values()
        if book.directory is not None
    }
    while reading.ahead and reading.ahead[0][0] <= number:
        for level in reading.ahead.popleft()[1]:
            if level.symbol not in books:
                return f"there is no book of {level.symbol}"
            verb = OrderVerb.BUY if level.side is Side.BUY else OrderVerb.SELL
            place = (books[level.symbol], verb, level.price)
            reading.shown.pop(place, None)
            if level.quantities:
                reading.shown[place] = level.quantities
            places[place] = None
    reading.number = number
    for place in places:
        orderbook, verb, price = place
        book = reader.book(orderbook)
        found = tuple(order.quantity for order in book.level(verb, price))
        expected = reading.shown.get(place, ())
        if found != expected:
            assert book.directory is not None, "it has an order"
            at = decimal_text(price, book.directory.price_decimals)
            return (
                f"{verb.name.lower()} orders of {book.directory.security_code} @ {at} are"
                f" {_listed(found)} by the feed, and {_listed(expected)} at the venue"
            )
    return None


def _listed(quantities: Sequence[Qty]) -> str:
    return ", ".join(map(str, quantities)) or "none"
