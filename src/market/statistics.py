"""The figures of a market's day: first, highest, lowest and last price, and how much was traded.

A day is over for an instrument once it has entered a state that ends it, and that
state's own auction belongs to it.  Its figures stand until the instrument enters
another state: with that, the next day begins.
"""

from __future__ import annotations

import attrs

from .identifiers import Price, Qty
from .ledger import Rule
from .messages import Statistics

RULES = (
    Rule(
        "STAT-1",
        "Open, high, low, last price and quantity, volume and the number of trades are those of"
        " the venue's day; what its auctions trade counts.",
        "FIX 5.0 SP2, MDEntryType (269); docs/readings.md, the venue's day",
    ),
    Rule(
        "STAT-2",
        "As a state that ends the day is entered, its last price becomes the close, and stays it"
        " until another day with a trade has ended.",
        "docs/readings.md, the venue's day",
    ),
    Rule(
        "STAT-3",
        "A bust takes the quantity of a trade of the day out of the volume, and changes no other"
        " figure.",
        "docs/readings.md, figures after a bust",
    ),
)


@attrs.define(eq=False)
class Day:
    """Keeps the figures of one instrument's day as it trades."""

    open_px: Price | None = attrs.field(init=False, default=None)
    high_px: Price | None = attrs.field(init=False, default=None)
    low_px: Price | None = attrs.field(init=False, default=None)
    last_px: Price | None = attrs.field(init=False, default=None)
    last_qty: Qty | None = attrs.field(init=False, default=None)
    volume: Qty = attrs.field(init=False, default=0)
    trades: int = attrs.field(init=False, default=0)
    close_px: Price | None = attrs.field(init=False, default=None)
    first_trade: int = attrs.field(init=False, default=0)
    """No trade with a lower number is of this day."""

    def record(
        self, first_px: Price, last_px: Price, last_qty: Qty, volume: Qty, trades: int
    ) -> None:
        """Count the trades of one aggressor, or of one auction.

        Their prices run one way, so that the first and the last are the extremes.
        """
        self.volume += volume
        self.trades += trades
        self.last_px = last_px
        self.last_qty = last_qty
        high_px, low_px = self.high_px, self.low_px
        if high_px is None or low_px is None:
            self.open_px = self.high_px = self.low_px = high_px = low_px = first_px
        if last_px > high_px or first_px > high_px:
            self.high_px = max(first_px, last_px)
        if last_px < low_px or first_px < low_px:
            self.low_px = min(first_px, last_px)

    def take_back(self, number: int, quantity: Qty) -> None:
        """Have a trade busted that has the *number*."""
        if number >= self.first_trade:
            self.volume -= quantity

    def end(self) -> None:
        """Close the day."""
        if self.last_px is not None:
            self.close_px = self.last_px

    def begin(self, first_trade: int) -> None:
        """Let the next day begin, with the trade that has that number at the earliest."""
        self.open_px = self.high_px = self.low_px = self.last_px = self.last_qty = None
        self.volume = self.trades = 0
        self.first_trade = first_trade

    def statistics(self) -> Statistics:
        """Return the figures as they stand."""
        return Statistics(
            open_px=self.open_px,
            high_px=self.high_px,
            low_px=self.low_px,
            last_px=self.last_px,
            last_qty=self.last_qty,
            volume=self.volume,
            trades=self.trades,
            close_px=self.close_px,
        )
