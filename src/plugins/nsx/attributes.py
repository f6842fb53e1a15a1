"""The arithmetic of reference prices and percentages, exact and pure.

NSX publishes a reference price and two percentages, all three as whole numbers that are
scaled by the instrument's price decimals: 60 % is 60000 where prices have three decimals.
A price is outside if it is above the reference by more than the upper percentage of it,
or below it by more than the lower one; at a limit it is inside.  Prices are whole numbers
of units too, so that the last ones inside say the same as the exact limits, and are what
is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import attrs
from attrs import validators

from ...market.identifiers import Price, Symbol
from ...market.instrument import Instrument

LARGEST = 2**63 - 2
"""The largest value that can be published; one more says that there is none."""

_LARGEST_PERCENT = LARGEST // 10**9
"""What still fits where prices have nine decimals."""

_DECIMAL = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)


@attrs.frozen(kw_only=True)
class ReferenceRange:
    """The prices around a reference price, by two percentages of it, as published."""

    reference: Price
    upper_percent: int
    """How far above it a price may be, in percent, times ten to the price decimals."""

    lower_percent: int
    lowest: Price | None
    """The last price inside, or None where there is no limit."""

    highest: Price | None

    def __contains__(self, price: Price) -> bool:
        highest, lowest = self.highest, self.lowest
        return (highest is None or price <= highest) and (lowest is None or price >= lowest)

    def show(self, instrument: Instrument) -> str:
        """Return the range as a person reads it."""
        lowest = "none" if self.lowest is None else instrument.show(self.lowest)
        highest = "none" if self.highest is None else instrument.show(self.highest)
        return f"{lowest} to {highest}"


def reference_range(
    reference: Price, upper_percent: int, lower_percent: int, price_decimals: int
) -> ReferenceRange:
    """Return the prices that two percentages leave around a reference price.

    A lower percentage of 100 or more leaves no lower limit, and a reference price that is
    not above zero no limit at all.
    """
    whole = 100 * 10**price_decimals
    highest, lowest = None, None
    if reference > 0:
        highest = reference * (whole + upper_percent) // whole
        if lower_percent < whole:
            lowest = -(-reference * (whole - lower_percent) // whole)
    return ReferenceRange(
        reference=reference,
        upper_percent=upper_percent,
        lower_percent=lower_percent,
        lowest=lowest,
        highest=highest,
    )


# --- percentages by price -------------------------------------------------------------


def _amount(_settings: object, field: attrs.Attribute[Any], found: object) -> None:
    if not isinstance(found, str) or not _DECIMAL.fullmatch(found):
        raise ValueError(
            f"'{field.name}' must be a decimal as text, not below zero, such as \"1.500\":"
            f" {found!r}"
        )


def _percent(settings: object, field: attrs.Attribute[Any], found: str) -> None:
    _amount(settings, field, found)
    if Decimal(found) > _LARGEST_PERCENT:
        raise ValueError(
            f"'{field.name}' must be at most {_LARGEST_PERCENT}, to be published: {found!r}"
        )


@attrs.frozen(cache_hash=True)
class PercentBand:
    """From a reference price of ``start`` upwards, a price may be so far from it.

    Raises:
        ValueError: if one is no decimal, or a percentage is more than can be published.
    """

    start: str = attrs.field(validator=_amount)
    """In money, such as "1.500"."""

    up: str = attrs.field(validator=_percent)
    """In percent, such as "60"."""

    down: str = attrs.field(validator=_percent)


def check_bands(
    _settings: object, field: attrs.Attribute[Any], bands: Sequence[PercentBand]
) -> None:
    """Check that *bands* rise."""
    if not bands:
        raise ValueError(f"'{field.name}' must have at least one band")
    starts = [Decimal(band.start) for band in bands]
    if any(low >= high for low, high in pairwise(starts)):
        listed = ", ".join(band.start for band in bands)
        raise ValueError(f"'{field.name}' must rise from start to start, was {listed}")


@lru_cache(maxsize=4096)
def range_around(
    reference: Price, bands: tuple[PercentBand, ...], price_decimals: int
) -> ReferenceRange:
    """Return the range around a reference price, by the last band that starts at or below it.

    The first band also covers what is below it.

    Raises:
        ValueError: if a percentage has more decimals than prices have.
    """
    price = Fraction(reference, 10**price_decimals)
    of = bands[0]
    for band in bands[1:]:
        if Fraction(band.start) <= price:
            of = band
    up, down = published_percent(of.up, price_decimals), published_percent(of.down, price_decimals)
    return reference_range(reference, up, down, price_decimals)


def published_percent(text: str, price_decimals: int) -> int:
    """Return a percentage as it is published.

    Raises:
        ValueError: if it has more decimals than prices have.
    """
    scaled = Fraction(text) * 10**price_decimals
    if scaled.denominator != 1:
        raise ValueError(
            f"{text} % cannot be published where prices have {price_decimals} decimals"
        )
    return int(scaled)


# --- what both rule sets are set to ---------------------------------------------------


def check_references(
    _settings: object, field: attrs.Attribute[Any], found: Mapping[Symbol, object]
) -> None:
    """Check that reference prices are decimals."""
    for symbol, text in found.items():
        if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
            raise ValueError(
                f"'{field.name}' of {symbol} must be a decimal as text, not below zero, such as"
                f' "1.500": {text!r}'
            )


def first_reference(instrument: Instrument, references: Mapping[Symbol, str]) -> Price | None:
    """Return the reference price that a day begins with, or None if there is none.

    Raises:
        ValueError: if it has more decimals than prices have.
    """
    text = references.get(instrument.symbol)
    return instrument.reference_px if text is None else instrument.to_price(text)


def check_settings(
    instrument: Instrument, bands: Sequence[PercentBand], references: Mapping[Symbol, str]
) -> None:
    """Check that settings can be published in the units of an instrument's prices.

    Raises:
        ValueError: if they cannot.
    """
    for band in bands:
        for field, text in (("up", band.up), ("down", band.down)):
            try:
                published_percent(text, instrument.price_decimals)
            except ValueError as error:
                raise ValueError(
                    f"'{field}' of the band from {band.start}: {error}, as those of"
                    f" {instrument.symbol} do"
                ) from None
    first_reference(instrument, references)


on_or_off = validators.instance_of(bool)
