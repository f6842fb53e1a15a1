"""The record of a venue: everything that happens there, in the one order in which it does.

Books, states, auctions and rule sets each have their own values for what becomes of them.
A public feed has to tell of all of them in their true order, so that a venue that is asked
to puts them on one tape as they come about.  It is emptied after each request, operation
and scheduled moment into `execution.Outcome.happened`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from .book import AuctionTraded, BookEvent
from .identifiers import CompID, Symbol
from .operations import Published
from .rules import Publish


class Received(msgspec.Struct, frozen=True, gc=False):
    """A session's request: what follows on the record came of it."""

    session: CompID


class TradeBusted(msgspec.Struct, frozen=True, gc=False):
    """The venue took a trade back."""

    trd_match_id: int


Happening: TypeAlias = Received | BookEvent | Published | Publish | TradeBusted


def book_events(record: Iterable[Happening]) -> Iterator[BookEvent]:
    """Yield what of *record* was done to books."""
    for happening in record:
        if not isinstance(happening, _BESIDE_BOOKS):
            yield happening


def symbol_of(event: BookEvent) -> Symbol:
    """Return in whose book *event* happened."""
    return (event.buy if isinstance(event, AuctionTraded) else event).order.symbol


_BESIDE_BOOKS = Received | Published | Publish | TradeBusted
