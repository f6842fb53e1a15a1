"""What must hold of NSX's markets and of their feed, whatever happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from ...market.fix import ExecType, Side
from ...market.identifiers import CompID, Price, Qty, Symbol
from ...market.instrument import Instrument, decimal_text
from ...market.messages import ExecutionReport
from ...market.operations import AuctionResult
from ...market.shown import ShownLevel, VenueRecord
from ...runtime.journal import Entry
from ...wire.itch import OrderVerb
from ...wire.itch_book import ItchReader
from ...wire.itch_session import FeedMessages
from ..watching import Broken, WatchedFloor, Watcher
from .attributes import ReferenceRange, first_reference, range_around
from .etr import ExtremeTradeRange, WithoutTrades

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


# --- the extreme trade range ----------------------------------------------------------


@attrs.frozen
class TradeRanges:
    """Where `nsx-etr` is loaded, no trade of continuous matching is outside the range in force.

    The range is worked out here from the prices of auctions alone.  Where the rule set is set
    to move its reference after an auction without a trade, nothing is judged.

    Source: the ledger, NSX-ETR-1, NSX-ETR-3 and NSX-ETR-9.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        ranged = {
            (exchange, symbol): _Ranged(floor.instruments[symbol], rule_set)
            for symbol, exchange in floor.exchange_of.items()
            for rule_set in floor.rule_sets(exchange).values()
            if isinstance(rule_set, ExtremeTradeRange)
            and rule_set.applies_to(symbol)
            and rule_set.without_trades is WithoutTrades.UNCHANGED
        }
        return _Ranges(ranged) if ranged else None


@attrs.define
class _Ranged:
    """An instrument with a range, and where its reference price has been."""

    instrument: Instrument
    _rule_set: ExtremeTradeRange
    _references: list[tuple[int, int, Price | None]] = attrs.field(init=False)
    """From when on, by which entry, and which."""

    @_references.default
    def _at_the_start(self) -> list[tuple[int, int, Price | None]]:
        return [(-1, 0, first_reference(self.instrument, self._rule_set.references))]

    def moved(self, at_ns: int, seq: int, reference: Price) -> None:
        self._references.append((at_ns, seq, reference))

    def at(self, moment_ns: int) -> tuple[list[ReferenceRange | None], int]:
        """Return the ranges in force at a moment, two where they changed just then.

        And the entry of the auction that the last of them is from.
        """
        found, seq = [], 0
        for number, (since_ns, entry, reference) in enumerate(self._references):
            later = self._references[number + 1 :]
            if since_ns <= moment_ns and not (later and later[0][0] < moment_ns):
                found.append(self._around(reference))
                seq = entry
        return found, seq

    def _around(self, reference: Price | None) -> ReferenceRange | None:
        if reference is None:
            return None
        return range_around(reference, self._rule_set.bands, self.instrument.price_decimals)


@attrs.define
class _Ranges(Watcher):
    sees = (ExecutionReport, AuctionResult)

    _ranged: Mapping[tuple[CompID, Symbol], _Ranged]

    def see(self, entry: Entry) -> Broken | None:
        if isinstance(entry.payload, AuctionResult):
            result = entry.payload
            moved = self._ranged.get((CompID(entry.actor), result.symbol))
            if moved is not None and result.price is not None:
                moved.moved(result.transact_time_ns, entry.seq, result.price)
            return None
        report: ExecutionReport = entry.payload
        if report.exec_type is not ExecType.TRADE or report.aggressor_indicator is None:
            return None  # in an auction nothing is out of range
        ranged = self._ranged.get((CompID(str(entry.sender)), report.symbol))
        if ranged is None or report.last_px is None:
            return None
        allowed, seq = ranged.at(report.transact_time_ns)
        if any(each is None or report.last_px in each for each in allowed):
            return None
        expected = " or ".join(each.show(ranged.instrument) for each in allowed if each)
        price = ranged.instrument.show(report.last_px)
        text = f"{report.symbol} has traded at {price}, outside its range, {expected}"
        return Broken(text, (seq,) if seq else ())
