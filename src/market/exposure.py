"""What contracts are worth, and how many of them make a position of a given size.

Amounts are exact (`Fraction`), because an average price is seldom a decimal; `rounded`
makes a figure of one, in the way that a table asks for.  Prices are in units of
``10**-price_decimals`` of their instrument, whole or averaged.

Sources stand with the rules below.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from .identifiers import Price, Qty
from .instrument import Instrument
from .ledger import Rule

_CASE_STUDY = 'TT, "Using TT TWAP to Drive TT Autospreader Instruments"'

RULES = (
    Rule(
        "CALC-1",
        "A contract's notional is its price times its point value; the quantity ratio of two legs"
        " is the notional of the one over that of the other, printed with three decimals of which"
        " the rest is cut off.",
        f"{_CASE_STUDY}, spread ratio; docs/readings.md, rounding of printed figures",
    ),
    Rule(
        "CALC-2",
        "Who wants to hold so much money takes the nearest number of contracts, or as many as it"
        " pays in full.",
        f"{_CASE_STUDY}, order size; docs/readings.md, quantities of the case study",
        ("rounding",),
    ),
    Rule(
        "CALC-3",
        "A price that has moved by so many per cent is at the nearest tick.",
        f"{_CASE_STUDY}, exit scenarios; docs/readings.md, rounding of printed figures",
    ),
)

AnyPrice: TypeAlias = Price | Fraction
"""A price or an average of prices, in the instrument's units."""


def points(instrument: Instrument, price: AnyPrice) -> Fraction:
    """Return *price* in points: 1535100 of two decimals is 15351."""
    return Fraction(price) / Fraction(10**instrument.price_decimals)


def notional(instrument: Instrument, price: AnyPrice, qty: Qty = 1) -> Fraction:
    """Return the money that *qty* contracts stand for: price x point value x quantity."""
    return points(instrument, price) * Fraction(instrument.point_value) * qty


def tick_value(instrument: Instrument, price: AnyPrice = 0) -> Fraction:
    """Return the money that the smallest move of the price at *price* makes for one contract."""
    return notional(instrument, instrument.ticks.increment_at(floor(price)))


def quantity_ratio(a: Fraction, b: Fraction) -> Fraction:
    """Return how many contracts of notional *b* stand for as much money as one of notional *a*.

    Raises:
        ValueError: if *b* is zero.
    """
    if not b:
        raise ValueError("the other leg's notional is zero: no number of its contracts will do")
    return a / b


def contracts_for(money: Fraction, notional_per_contract: Fraction, rounding: str) -> Qty:
    """Return how many contracts stand for *money*.

    Args:
        rounding: of `decimal`'s: ``ROUND_HALF_UP`` for the nearest number, ``ROUND_DOWN``
            for what *money* pays in full.

    Raises:
        ValueError: if a contract is worth nothing.
    """
    return int(rounded(quantity_ratio(money, notional_per_contract), 0, rounding))


def moved(instrument: Instrument, price: AnyPrice, move: Fraction) -> Price:
    """Return *price* after a *move* (1/20 is five per cent up), at the nearest price on tick.

    Of two prices on tick that are as near it is the higher.
    """
    exact = price * (1 + move)
    below = instrument.ticks.at_or_below(floor(exact))
    above = instrument.ticks.at_or_above(ceil(exact))
    return below if exact - below < above - exact else above


def rounded(value: Fraction, places: int, rounding: str) -> Decimal:
    """Return *value* with *places* decimals, exactly as *rounding* has it.

    Args:
        rounding: ``ROUND_DOWN`` (towards zero), ``ROUND_HALF_UP`` (away from zero at a
            half), ``ROUND_FLOOR`` or ``ROUND_CEILING``, of `decimal`.

    Raises:
        ValueError: if *rounding* is none of these.
    """
    scaled = value * 10**places
    match rounding:
        case _ if rounding == ROUND_DOWN:
            units = int(scaled)
        case _ if rounding == ROUND_FLOOR:
            units = floor(scaled)
        case _ if rounding == ROUND_CEILING:
            units = ceil(scaled)
        case _ if rounding == ROUND_HALF_UP:
            units = floor(abs(scaled) + Fraction(1, 2))
            units = units if scaled >= 0 else -units
        case _:
            raise ValueError(f"no rounding {rounding!r} here")
    sign, digits = int(units < 0), tuple(int(digit) for digit in str(abs(units)))
    return Decimal((sign, digits, -places))  # not scaleb, which rounds to 28 digits


def ratio_shown(ratio: Fraction) -> Decimal:
    """Return a quantity ratio as the case study prints it: three decimals, the rest cut off."""
    return rounded(ratio, 3, ROUND_DOWN)


def spread_price_shown(price: Fraction) -> Decimal:
    """Return a spread's price as the case study prints it: to the nearest of three decimals."""
    return rounded(price, 3, ROUND_HALF_UP)


def money(amount: Fraction) -> str:
    """Return *amount* in dollars and cents, with the minus sign first: ``-$19,745.00``."""
    cents = rounded(amount, 2, ROUND_HALF_UP)
    return f"{'-' if cents < 0 else ''}${abs(cents):,}"
