"""How much of a leg is quoted, and the most that an order of so many units may come to.

Sources: TT, "Autospreader rules reference" and "Autospreader orders"; ``docs/readings.md``,
quantity of a quote, and the worst case of a spread order.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from ...market.identifiers import Qty
from .spread import ListedSpread


def quote_total(size: Fraction, remaining: Fraction, units: Fraction, released: Qty) -> Qty:
    """Return how many contracts of a leg are quoted.

    As many as the units that remain need, in whole contracts, and at least one while a
    whole unit has not been begun.

    Args:
        size: contracts per unit.
        remaining: units that may be begun.
        units: those that have been.
        released: those that may be, in all.
    """
    if remaining <= 0:
        return 0
    return max(floor(remaining * size), int(floor(units) < released))


def worst_case(spread: ListedSpread, order_qty: Qty) -> tuple[Qty, ...]:
    """Return the most contracts of each leg that an order of so many units may come to.

    Every quote trades in full, its queue holders too, and all of that is hedged: one unit
    of two legs, one to one and both quoting, may come to two contracts of each.
    """
    units = Fraction(0)
    for leg in spread.legs:
        if leg.quotes:
            total = quote_total(leg.size, Fraction(order_qty), Fraction(0), order_qty)
            units += total * (1 + leg.settings.queue_holders) / leg.size
    carried = 1 - Fraction(spread.settings.hedge_round)
    return tuple(floor(leg.size * units + carried) if leg.trades else 0 for leg in spread.legs)


def objection_to_risk(spread: ListedSpread, order_qty: Qty) -> str:
    """Return why the quotes and hedges of an order could not all be sent, or nothing."""
    for leg, most in zip(spread.legs, worst_case(spread, order_qty), strict=True):
        allowed, largest = leg.settings.max_worst_case, leg.instrument.max_order_qty
        if allowed is not None and most > allowed:
            return f"it may come to {most} {leg.symbol}, and {allowed} are allowed"
        if largest is not None and most > largest:
            return f"it may come to {most} {leg.symbol}, and no order may have above {largest}"
    return ""
