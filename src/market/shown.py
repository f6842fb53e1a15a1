"""What a book shows, price by price and order by order: the truth that a feed has to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from .book import BookEvent, OrderBook
from .fix import Side
from .identifiers import Price, Qty, Symbol
from .market_data import touched
from .record import Happening, book_events, symbol_of


class ShownLevel(msgspec.Struct, frozen=True, gc=False):
    """What the orders at one price show."""

    symbol: Symbol
    side: Side
    price: Price
    quantities: tuple[Qty, ...]
    """Order by order, in their priority; nothing where nobody rests."""


def shown_level(symbol: Symbol, book: OrderBook, side: Side, price: Price) -> ShownLevel:
    """Return what *book* shows at a price."""
    half = book.half(side)
    level = half.by_rank.get(half.sign * price)
    quantities = () if level is None else tuple(resting.shown_qty for resting in level)
    return ShownLevel(symbol, side, price, quantities)


def shown_after(
    happened: Iterable[Happening], book: Callable[[Symbol], OrderBook]
) -> Iterator[ShownLevel]:
    """Yield what those price levels show by now that *happened* may have changed.

    Args:
        happened: a part of a venue's record, up to now.
        book: the venue's book of an instrument.
    """
    events_of: dict[Symbol, list[BookEvent]] = {}
    for event in book_events(happened):
        events_of.setdefault(symbol_of(event), []).append(event)
    for symbol, events in events_of.items():
        for side, prices in touched(events).items():
            for price in sorted(prices):
                yield shown_level(symbol, book(symbol), side, price)


class VenueRecord(msgspec.Struct, frozen=True, gc=False):
    """What has happened at a venue at one moment, for its feeds."""

    transact_time_ns: int
    happened: tuple[Happening, ...]
    """First to last."""

    shown: tuple[ShownLevel, ...] = ()
    """What the price levels show that it may have changed, where a feed has readers."""
