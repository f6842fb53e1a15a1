"""Profit and loss: of a leg from entry to exit, of several legs, and of a position as it trades.

Sources stand with the rules below.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import attrs

from .exposure import AnyPrice, notional
from .fix import Side
from .identifiers import Price, Qty
from .instrument import Instrument
from .ledger import Rule

_PNL = 'TT, "How P/L is calculated"'

RULES = (
    Rule(
        "PNL-1",
        "A leg earns its side times the move of its price in ticks times the tick value times its"
        " quantity; legs together earn the sum.",
        'TT, "Using TT TWAP to Drive TT Autospreader Instruments", trade scenarios;'
        " docs/readings.md, quantities of the case study",
    ),
    Rule(
        "PNL-2",
        "The average open price moves only as a position grows, stays as it shrinks, and is none"
        " when nothing is open; what is closed is realised against it.",
        _PNL,
    ),
    Rule(
        "PNL-3",
        "Positions are valued at the last trade where it is within the market, else at the middle"
        " of the market, else by what is left of market, indicative price, settlement and close.",
        f"{_PNL}; docs/readings.md, a market with one side",
    ),
)


@attrs.frozen(kw_only=True)
class Leg:
    """Contracts bought or sold at one price and given back at another.

    The quantity is what the reader says it is: the case study enters with other
    quantities than it leaves with (``docs/readings.md``, quantities of the case study).
    """

    instrument: Instrument
    side: Side
    qty: Qty
    entry: AnyPrice
    exit: AnyPrice

    @property
    def ticks(self) -> Fraction:
        """The move of the price in ticks of the entry price, signed by the move alone."""
        tick = self.instrument.ticks.increment_at(int(self.entry))
        return (Fraction(self.exit) - Fraction(self.entry)) / tick

    @property
    def pnl(self) -> Fraction:
        """In money; of a short leg a falling price earns."""
        gain = notional(self.instrument, Fraction(self.exit) - Fraction(self.entry), self.qty)
        return gain if self.side is Side.BUY else -gain


def overall(legs: Iterable[Leg]) -> Fraction:
    """Return the profit or loss of all *legs* together."""
    return sum((leg.pnl for leg in legs), Fraction(0))


# --- a position as it trades ----------------------------------------------------------


@attrs.frozen(kw_only=True)
class Position:
    """What somebody has of one instrument, and what it has earned so far."""

    instrument: Instrument
    net_qty: int = 0
    """Long above zero, short below."""

    avg_open: Fraction | None = None
    """The average price of what is open; None when nothing is.

    Moves only while the position grows, and stays while it shrinks.
    """

    realised: Fraction = Fraction(0)
    """In money."""

    def filled(self, side: Side, qty: Qty, price: Price) -> Position:
        """Return the position after a fill.

        A fill through zero closes what was open and opens the rest at its own price.

        Raises:
            ValueError: if *qty* is not above zero.
        """
        if qty <= 0:
            raise ValueError(f"a fill has a quantity above zero, was {qty}")
        change = qty if side is Side.BUY else -qty
        net = self.net_qty + change
        if self.avg_open is None or self.net_qty * change > 0:
            before = (self.avg_open or 0) * abs(self.net_qty)
            avg = (before + price * qty) / Fraction(abs(net))
            return attrs.evolve(self, net_qty=net, avg_open=avg)
        closed = min(qty, abs(self.net_qty))
        sign = 1 if self.net_qty > 0 else -1
        earned = notional(self.instrument, price - self.avg_open, closed * sign)
        left = self.avg_open if self.net_qty * net > 0 else Fraction(price) if net else None
        return attrs.evolve(self, net_qty=net, avg_open=left, realised=self.realised + earned)

    def open_pnl(self, mark: AnyPrice) -> Fraction:
        """Return the money that what is open would bring at *mark*."""
        if self.avg_open is None:
            return Fraction(0)
        return notional(self.instrument, mark - self.avg_open, self.net_qty)

    def pnl(self, mark: AnyPrice) -> Fraction:
        """Return what has been realised and what is open at *mark*."""
        return self.realised + self.open_pnl(mark)


@attrs.frozen(kw_only=True)
class Quotes:
    """What is known of an instrument's price; None of what is not."""

    bid: Price | None = None
    ask: Price | None = None
    last: Price | None = None
    indicative: Price | None = None
    settle: Price | None = None
    close: Price | None = None


def mark_price(quotes: Quotes) -> AnyPrice | None:
    """Return the price that positions are valued at, or None where nothing is known.

    The last trade where it lies within the market, else the middle of the market; with one
    side only, that side where it has left the last trade behind, else the last trade; else
    the indicative price; else one side where it has left the settlement behind, else the
    settlement; else the closing price.
    """
    bid, ask, last = quotes.bid, quotes.ask, quotes.last
    if bid is not None and ask is not None:
        return last if last is not None and bid <= last <= ask else Fraction(bid + ask, 2)
    if last is not None:
        return _one_sided(bid, ask, last)
    if quotes.indicative is not None:
        return quotes.indicative
    if quotes.settle is not None:
        return _one_sided(bid, ask, quotes.settle)
    return quotes.close


def _one_sided(bid: Price | None, ask: Price | None, price: Price) -> Price:
    if bid is not None:
        return max(bid, price)
    return price if ask is None else min(ask, price)


def average_price(fills: Iterable[tuple[AnyPrice, Qty]]) -> Fraction | None:
    """Return the average price of *fills*, pairs of price and quantity; None of none."""
    qty, traded = 0, Fraction(0)
    for price, each in fills:
        qty, traded = qty + each, traded + Fraction(price) * each
    return traded / qty if qty else None
