"""Settlement windows: the trade-weighted average of a stretch of the day (``settlement-window``).

A price that contracts are settled by, or that others refer to, is often the average of the
trades of some minutes.  What it comes to is published as those minutes end.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any, ClassVar

import attrs
from attrs import validators

from ..market.book import AuctionTraded, Traded
from ..market.identifiers import Price, Qty, Symbol
from ..market.instrument import Instrument
from ..market.ledger import Rule
from ..market.rules import MarketView, Publish, Remember, Schedule, SettleEffect
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"settlement-window": SettlementWindow}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "WINDOW-1",
        "As a window ends the average price of its trades is published, each weighted by its"
        " quantity, at the nearest tick.",
        f"GME, Oman crude oil futures, daily marker price; {_READINGS}, averages of a window",
        ("symbols", "windows"),
    ),
    Rule(
        "WINDOW-2",
        "A trade at the moment at which a window begins counts, and one at its end does not.",
        f"{_READINGS}, averages of a window",
        ("windows",),
    ),
    Rule(
        "WINDOW-3",
        "Of a window without a trade nothing is published.",
        f"{_READINGS}, averages of a window",
    ),
)


@attrs.frozen(kw_only=True)
class WindowPrice:
    """What the trades of a window came to."""

    name: str
    symbol: Symbol
    price: Price
    quantity: Qty
    """Of all the trades."""

    opened_ns: int
    closed_ns: int

    def told(self, instrument: Instrument) -> str:
        return f"{self.symbol} {self.name} {instrument.show(self.price)}, of {self.quantity}"


def _in_order(
    _settings: object, field: attrs.Attribute[Any], windows: tuple[tuple[int, int], ...]
) -> None:
    for begin, end in windows:
        if not 0 <= begin < end:
            raise ValueError(f"'{field.name}' must end after they begin, was {begin} to {end}")
    for (_, end), (begin, _) in itertools.pairwise(windows):
        if begin < end:
            raise ValueError(
                f"'{field.name}' must follow one another, was one from {begin} before {end}"
            )


@attrs.frozen(kw_only=True)
class SettlementWindow:
    """Publish the average price of each window's trades."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Publish": ("WINDOW-1",),
    }

    after: ClassVar[tuple[str, ...]] = ("price-limits",)

    name: str = attrs.field(default="settlement", validator=validators.min_len(1))
    """What the average is called."""

    symbols: tuple[Symbol, ...] = ()
    windows: tuple[tuple[int, int], ...] = attrs.field(default=(), validator=_in_order)
    """From when to when, in nanoseconds since the start of the run."""

    def applies_to(self, symbol: Symbol) -> bool:
        return symbol in self.symbols and bool(self.windows)

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> list[SettleEffect] | None:
        window = self._window(market.now_ns)
        if window is None:
            return None
        traded = [event for event in events if isinstance(event, Traded | AuctionTraded)]
        if not traded:
            return None
        _, end = window
        known = market.recall(_SUM)
        effects: list[SettleEffect] = []
        if isinstance(known, tuple) and known[0] == end:
            amount, quantity = known[1], known[2]
        else:
            amount = quantity = 0
            effects.append(Schedule(end - market.now_ns, _END))
        for event in traded:
            amount += event.price * event.last_qty
            quantity += event.last_qty
        return [*effects, Remember(_SUM, (end, amount, quantity))]

    @hookimpl
    def scheduled(self, name: str, market: MarketView) -> list[SettleEffect]:
        known = market.recall(_SUM)
        assert isinstance(known, tuple), "scheduled with the first trade"
        end, amount, quantity = known
        begin = next(begin for begin, closes in self.windows if closes == end)
        return [
            Publish(
                WindowPrice(
                    name=self.name,
                    symbol=market.instrument.symbol,
                    price=_nearest(Fraction(amount, quantity), market.instrument),
                    quantity=quantity,
                    opened_ns=begin,
                    closed_ns=end,
                )
            )
        ]

    def _window(self, now_ns: int) -> tuple[int, int] | None:
        """Return the window that the moment is in, or None."""
        place = bisect_right(self.windows, now_ns, key=lambda window: window[0])
        if not place or now_ns >= self.windows[place - 1][1]:
            return None
        return self.windows[place - 1]


def _nearest(average: Fraction, instrument: Instrument) -> Price:
    """Return the price on tick that is nearest to *average*; of two equally near, the higher."""
    below = instrument.ticks.at_or_below(floor(average))
    above = instrument.ticks.at_or_above(below + 1)
    return below if average - below < above - average else above


_SUM, _END = "sum", "end"
