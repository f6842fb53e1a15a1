"""A market that matches has nothing left to match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ...market.fix import Side
from ...market.identifiers import CompID, Symbol
from ..watching import Broken, WatchedFloor, Watcher

if TYPE_CHECKING:
    from ...market.book import OrderBook
    from ...market.exchange import Exchange


@attrs.frozen
class UncrossedBooks:
    """While an instrument matches, its best bid is below its best offer.

    A rule set may want it otherwise: one that stops a sweep and lets the rest join the book
    (`floorproof.market.rules.StopSweep`).  Such a venue has this invariant ``off``.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        listed: dict[CompID, list[Symbol]] = {}
        for symbol, exchange in floor.exchange_of.items():
            listed.setdefault(exchange, []).append(symbol)
        return _Books(floor, listed)


@attrs.define
class _Books(Watcher):
    _floor: WatchedFloor
    _listed: Mapping[CompID, Sequence[Symbol]]
    _books: dict[CompID, tuple[Exchange, list[tuple[Symbol, OrderBook]]]] = attrs.field(
        init=False, factory=dict
    )
    """The books of each exchange as it was when it was looked at last: a crash makes a new one."""

    def quiet(self, now_ns: int) -> Broken | None:
        for name in self._listed:
            # A program may have put an engine of its own in the seat.
            exchange: Exchange | None = getattr(self._floor.participant(name), "exchange", None)
            if exchange is None:
                continue
            known = self._books.get(name)
            if known is None or known[0] is not exchange:
                books = [(symbol, exchange.book(symbol)) for symbol in self._listed[name]]
                known = self._books[name] = (exchange, books)
            for symbol, book in known[1]:
                bid, offer = book.bids.best, book.offers.best
                if bid is None or offer is None or bid.price < offer.price:
                    continue
                if exchange.view(symbol).state.match:
                    return Broken(_crossed(exchange, name, symbol))
        return None


def _crossed(exchange: Exchange, name: CompID, symbol: Symbol) -> str:
    view = exchange.view(symbol)
    bid, offer = view.best_px(Side.BUY), view.best_px(Side.SELL)
    assert bid is not None, "a crossed book has both"
    assert offer is not None, "a crossed book has both"
    show = view.instrument.show
    return (
        f"{symbol} at {name} matches in state {view.state.name!r}, bid {show(bid)} and"
        f" offered {show(offer)}"
    )
