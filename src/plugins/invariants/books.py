"""A market that matches has nothing left to match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ...market.fix import Side
from ...market.identifiers import CompID, Symbol
from ..watching import Broken, WatchedFloor, Watcher

if TYPE_CHECKING:
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

    def quiet(self, now_ns: int) -> Broken | None:
        for name, symbols in self._listed.items():
            # A program may have put an engine of its own in the seat.
            exchange: Exchange | None = getattr(self._floor.participant(name), "exchange", None)
            if exchange is None:
                continue
            for symbol in symbols:
                if exchange.book(symbol).is_crossed and exchange.view(symbol).state.match:
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
