"""What a spread could be traded at, what is leaned on, and where a leg is quoted from there.

Everything is rounded in the trader's favour: a unit that is filled at its quote and
hedged at the prices that were leaned on never costs more than the order's price.

Sources: TT, Autospreader, "Introduction" and "Autospreader rules reference"; XT,
"Specifying a minimum hedge quantity"; ``docs/readings.md``, rounding of quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

import attrs

from ...market.fix import Side
from ...market.identifiers import Price, Qty
from ..slicing.tactics import stepped
from .formula import FormulaError
from .spread import ListedSpread, ThinMarket

Levels: TypeAlias = Sequence[tuple[Price, Qty]]
"""What one side of a market shows: price and quantity, best first."""


@attrs.frozen(kw_only=True)
class LegMarket:
    """What is known of the market of one leg."""

    bids: Levels = ()
    offers: Levels = ()
    is_open: bool = True
    """Whether it takes orders, and matches them."""

    def against(self, side: Side) -> Levels:
        """Return what an order of *side* could trade with, best first."""
        return self.offers if side is Side.BUY else self.bids


@attrs.frozen
class Implied:
    """What a spread could be traded at, at once."""

    price: Fraction
    """In points."""

    qty: Qty
    """Whole units."""


def implied(spread: ListedSpread, markets: Sequence[LegMarket], side: Side) -> Implied | None:
    """Return what an order of *side* would trade at: for a buyer, the implied offer.

    Each leg is traded at the best price of its market, in as many units as all legs show
    there.  None where a market shows nothing, or the formula has no value there.
    """
    prices, units = [], []
    for leg, market in zip(spread.legs, markets, strict=True):
        levels = market.against(leg.side(side))
        if not levels:
            return None
        price, qty = levels[0]
        prices.append(price)
        if leg.trades:
            units.append(floor(qty / leg.size))
    try:
        return Implied(spread.value(prices), min(units))
    except FormulaError:
        return None


def lean(levels: Levels, needed: Fraction, thin: ThinMarket) -> Price | None:
    """Return the price down to which *levels* show what is *needed*; the price leaned on.

    Where they show less in all it is that of the last one, or none, as *thin* has it; or
    the inside's whatever that shows.
    """
    if levels and thin is ThinMarket.DYNAMIC_INSIDE:
        return levels[0][0]
    shown = 0
    for price, qty in levels:
        shown += qty
        if shown >= needed:
            return price
    if levels and thin is ThinMarket.LAST_LEVEL:
        return levels[-1][0]
    return None


def leans(
    spread: ListedSpread, markets: Sequence[LegMarket], side: Side, remaining: Fraction
) -> tuple[Price | None, ...]:
    """Return the price leaned on in each leg while *remaining* units are disclosed.

    None of a leg whose minimum lean quantity has no value, or is not there.
    """
    found: list[Price | None] = []
    for leg, market in zip(spread.legs, markets, strict=True):
        levels = market.against(leg.side(side))
        try:
            needed = leg.settings.lean_qty(remaining * leg.size, leg.size) if leg.trades else 0
        except FormulaError:
            found.append(None)
        else:
            found.append(lean(levels, Fraction(needed), spread.settings.thin_market))
    return tuple(found)


def hedged_inside(
    spread: ListedSpread,
    markets: Sequence[LegMarket],
    side: Side,
    remaining: Fraction,
    number: int,
) -> Qty | None:
    """Return how many contracts of a leg could be hedged at the best prices of the others.

    None where each of them shows its minimum lean quantity there.

    Args:
        side: of the spread order.
        remaining: units that are disclosed.
        number: the place of the leg, from 0.
    """
    units = []
    for place, (leg, market) in enumerate(zip(spread.legs, markets, strict=True)):
        if place == number or not leg.trades:
            continue
        levels = market.against(leg.side(side))
        shown = levels[0][1] if levels else 0
        if shown < leg.settings.lean_qty(remaining * leg.size, leg.size):
            units.append(shown / leg.size)
    return floor(min(units) * spread.legs[number].size) if units else None


@attrs.frozen
class Quote:
    """Where a leg is quoted, and what a fill there is hedged at."""

    price: Price
    leans: tuple[Price, ...]
    """One of each leg; its own price in the leg that is quoted."""


def quote(
    spread: ListedSpread,
    number: int,
    side: Side,
    price: Price,
    leaned: Sequence[Price | None],
    market: LegMarket,
) -> Quote | None:
    """Return the quote of a leg that brings the spread to *price*, at the prices *leaned* on.

    A leg that is bought is quoted at the next price on tick below, one that is sold at
    the next above.  None where another leg has nothing to lean on, or no price will do.

    Args:
        number: the place of the leg, from 0.
        side: of the spread order.
        price: of the spread order, in the spread's units.
        leaned: of each leg; that of the leg itself does not matter.
        market: of the leg.
    """
    others = [0 if place == number else each for place, each in enumerate(leaned)]
    known = [each for each in others if each is not None]
    if len(known) < len(others):
        return None
    try:
        raw = spread.leg_price(number, price, known)
    except FormulaError:
        return None
    leg = spread.legs[number]
    ticks, own = leg.instrument.ticks, leg.side(side)
    at = ticks.at_or_below(floor(raw)) if own is Side.BUY else ticks.at_or_above(ceil(raw))
    if spread.settings.prevent_quote_cross:
        at = _short_of(at, own, market, spread, number)
    known[number] = at
    return Quote(at, tuple(known))


def _short_of(
    price: Price, side: Side, market: LegMarket, spread: ListedSpread, number: int
) -> Price:
    """Return *price*, or one tick short of what it would trade with."""
    opposite = market.against(side)
    if not opposite:
        return price
    ticks, best = spread.legs[number].instrument.ticks, opposite[0][0]
    if side is Side.BUY:
        return min(price, ticks.at_or_below(best - 1))
    return max(price, ticks.at_or_above(best + 1))


def within_slop(spread: ListedSpread, side: Side, price: Price, working: Sequence[Price]) -> bool:
    """Return whether a quote may stay where it is.

    Args:
        price: of the spread order.
        working: of the leg that is quoted its working price, of the others what is leaned
            on now.
    """
    tick = spread.instrument.ticks.increment_at(price)
    inside, outside = spread.settings.inside_slop * tick, spread.settings.outside_slop * tick
    units = spread.value(working) * Fraction(10**spread.instrument.price_decimals)
    if side is Side.BUY:
        return price - outside <= units <= price + inside
    return price - inside <= units <= price + outside


def paid_up(spread: ListedSpread, number: int, side: Side, leaned: Price) -> Price:
    """Return the price of a hedge in a leg: what was leaned on, and its pay-up ticks from there.

    Positive ticks are more aggressive: a buyer pays more, a seller takes less.

    Source: XT, "Using dynamic payup ticks"; ``docs/readings.md``, sign of the pay-up.
    """
    leg = spread.legs[number]
    return stepped(leg.instrument, leaned, leg.settings.pay_up_ticks, leg.side(side))
