"""How many contracts hedge a quote, how many units fills make, and at which price.

Sources: TT, Autospreader, "Spread configuration: order execution" and "Autospreader
orders"; XT, "Do not hedge rule"; ``docs/readings.md``, hedges of fractional ratios,
units of a parent fill, and price of a spread fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from ...market.identifiers import Price, Qty
from ...market.pnl import average_price
from .spread import ListedSpread, ParentFill

Fills: TypeAlias = Sequence[tuple[Price, Qty]]
"""The fills of one leg, first to last."""


def hedge_target(size: Fraction, units: Fraction, hedge_round: Fraction = Fraction(1)) -> Qty:
    """Return how many contracts of a leg are to have been sent for *units* of the spread.

    All that has been filled so far counts: what is left of a contract is carried to the
    next fill.

    Args:
        size: contracts per unit.
        hedge_round: the part of a contract from which on one is sent.
    """
    return floor(size * units + 1 - hedge_round)


def units_filled(sizes: Sequence[Fraction], filled: Sequence[Qty]) -> Qty:
    """Return the most units for which every leg has the contracts that hedging sends.

    Args:
        sizes: contracts per unit, of each leg.
        filled: contracts, of each leg.
    """
    # floor(size * k) <= m says size * k < m + 1.
    return min(ceil((m + 1) / size) - 1 for size, m in zip(sizes, filled, strict=True))


def units_filled_strictly(sizes: Sequence[Fraction], filled: Sequence[Qty]) -> Fraction:
    """Return the units that TT's page reckons: by exact ratios, with its printed upper bound."""
    lower = [m / size for size, m in zip(sizes, filled, strict=True)]
    upper = [m + 1 - size if size < 1 else m / size for size, m in zip(sizes, filled, strict=True)]
    return min(max(lower), min(upper))


def parent_filled(spread: ListedSpread, filled: Sequence[Qty]) -> Qty:
    """Return how many units of a spread order are filled.

    Args:
        filled: contracts of every leg that is traded, in their order.
    """
    if spread.settings.parent_fill is ParentFill.STRICT:
        return floor(units_filled_strictly(spread.ratios, filled))
    return units_filled(spread.ratios, filled)


def spread_fill_price(
    spread: ListedSpread, fills: Sequence[Fills], before: Qty, after: Qty, leaned: Sequence[Price]
) -> Fraction:
    """Return the price in points of the units that fills have raised from *before* to *after*.

    Each leg counts with the average of the contracts that these units are given, first in,
    first out.  A leg that has none for them (of a ratio below one) counts with what was
    leaned on, as does a pricing component.

    Args:
        fills: of every leg.
        leaned: of every leg, when the latest quote was filled.
    """
    prices = []
    for leg, own, fallback in zip(spread.legs, fills, leaned, strict=True):
        start, end = floor(leg.size * before), floor(leg.size * after)
        average = average_price(_between(own, start, end)) if leg.trades else None
        prices.append(Fraction(fallback) if average is None else average)
    return spread.value(prices)


def _between(fills: Fills, start: Qty, end: Qty) -> list[tuple[Price, Qty]]:
    """Return the contracts from number *start* to before number *end*."""
    taken, number = [], 0
    for price, qty in fills:
        qty_taken = min(end, number + qty) - max(start, number)
        if qty_taken > 0:
            taken.append((price, qty_taken))
        number += qty
    return taken
