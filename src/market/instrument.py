"""Instruments, and the arithmetic of their prices.

A price is an integer in units of ``10**-price_decimals``.  Decimals appear at the
edges only, where a person reads or writes them: `Instrument.to_price` and
`Instrument.show`, which read and write them exactly.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from decimal import ROUND_HALF_UP, Decimal

import attrs
from attrs import validators

from .identifiers import Price, Qty, Symbol

# Plain decimals, and no more digits than any market has.  `Decimal` would also read
# exponents and infinities, and rounds what has more digits than its context.
_PRICE = re.compile(r"([+-]?)(\d{1,18})(?:\.(\d{1,18}))?", re.ASCII)


@attrs.frozen
class TickBand:
    """From ``from_price`` upwards, prices are multiples of ``min_price_increment``."""

    from_price: Price
    min_price_increment: Price = attrs.field(validator=validators.gt(0))


@attrs.frozen
class TickTable:
    """Which prices are valid, by band.

    The first band also covers every price below it, so that a table of one band
    holds for spreads, whose prices may be negative.

    Raises:
        ValueError: if there is no band, or the bands do not rise.
    """

    bands: tuple[TickBand, ...] = attrs.field()
    _starts: tuple[Price, ...] = attrs.field(init=False, eq=False, repr=False)

    @bands.validator
    def _rising(self, _attribute: object, bands: tuple[TickBand, ...]) -> None:
        if not bands:
            raise ValueError("a tick table has at least one band")
        starts = [band.from_price for band in bands]
        if any(low >= high for low, high in itertools.pairwise(starts)):
            raise ValueError(f"tick bands must rise, were {starts}")

    @_starts.default
    def _first_prices(self) -> tuple[Price, ...]:
        return tuple(band.from_price for band in self.bands)

    @classmethod
    def uniform(cls, min_price_increment: Price) -> TickTable:
        """Return the table that has one increment for all prices."""
        return cls((TickBand(0, min_price_increment),))

    def increment_at(self, price: Price) -> Price:
        """Return the smallest step of a price in the band of *price*."""
        bands = self.bands
        if len(bands) == 1:
            return bands[0].min_price_increment
        return bands[max(0, bisect_right(self._starts, price) - 1)].min_price_increment

    def accepts(self, price: Price) -> bool:
        """Return whether *price* is on tick."""
        return price % self.increment_at(price) == 0

    def at_or_below(self, price: Price) -> Price:
        """Return the highest price on tick that is not above *price*."""
        first, *others = self.bands
        for band in reversed(others):
            if price >= band.from_price:
                on_tick = price - price % band.min_price_increment
                if on_tick >= band.from_price:
                    return on_tick
                price = band.from_price - 1
        return price - price % first.min_price_increment

    def at_or_above(self, price: Price) -> Price:
        """Return the lowest price on tick that is not below *price*."""
        for band, above in itertools.pairwise(self.bands):
            if price < above.from_price:
                on_tick = price + -price % band.min_price_increment
                if on_tick < above.from_price:
                    return on_tick
                price = above.from_price
        return price + -price % self.bands[-1].min_price_increment


@attrs.frozen(kw_only=True)
class Instrument:
    """What is traded in one order book."""

    symbol: Symbol
    price_decimals: int = attrs.field(validator=[validators.ge(0), validators.le(9)])
    ticks: TickTable
    point_value: Decimal = Decimal(1)
    """Money per contract for a move of 1.0 in the price."""

    algorithm: str = "F"
    """The matching algorithm, by the name that its plugin gives it."""

    max_order_qty: Qty | None = None
    """The largest order the venue takes (FIX 1140), or None for no limit."""

    round_lot: Qty = attrs.field(default=1, validator=validators.ge(1))
    """What quantities are multiples of (FIX 561)."""

    market_orders: bool = True
    """Whether the venue takes market and market-limit orders in it."""

    protection_points: Price | None = attrs.field(
        default=None, validator=validators.optional(validators.ge(0))
    )
    """How far a market order, or a stop that has been elected, may trade away from the
    touch or its trigger; None where nothing protects it."""

    reference_px: Price | None = None
    """What an auction refers to before the first trade: a settlement, a previous close."""

    shown_decimals: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(0), validators.le(9)])
    )
    """How many decimals windows and charts show, or None for all."""

    def to_price(self, text: str) -> Price:
        """Return the price that a person wrote as *text*: digits, at most one sign and one point.

        Raises:
            ValueError: if *text* is no decimal, or has more decimals than the
                instrument.
        """
        matched = _PRICE.fullmatch(text)
        if matched is None:
            raise ValueError(f"{self.symbol}: {text!r} is not a decimal price")
        sign, whole, decimals = matched.groups("")
        decimals = decimals.rstrip("0")
        if len(decimals) > self.price_decimals:
            raise ValueError(
                f"{self.symbol}: price {text!r} has more than {self.price_decimals} decimals"
            )
        price = int(whole + decimals.ljust(self.price_decimals, "0"))
        return -price if sign == "-" else price

    def show(self, price: Price) -> str:
        """Return *price* as a person writes it, with all the instrument's decimals."""
        return decimal_text(price, self.price_decimals)

    def show_on_screen(self, price: Price, rounding: str = ROUND_HALF_UP) -> str:
        """Return *price* with the decimals that windows show; *rounding* is `decimal`'s."""
        exact = Decimal(self.show(price))
        decimals = self.shown_decimals
        if decimals is None or decimals >= self.price_decimals:
            return f"{exact:f}"
        return f"{exact.quantize(Decimal(1).scaleb(-decimals), rounding):f}"


def decimal_text(number: int, decimals: int) -> str:
    """Return *number*, in units of ``10**-decimals``, with all its decimals."""
    sign = "-" if number < 0 else ""
    digits = str(abs(number)).rjust(decimals + 1, "0")
    if not decimals:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
