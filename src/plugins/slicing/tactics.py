"""How an order that is cut into slices works each of them: the policy, as a value.

One slicer works them all; TWAP and its sisters differ in this, and in their schedules.
"""

from __future__ import annotations

from enum import Enum, StrEnum

import attrs

from ...market.fix import Side
from ...market.identifiers import Price, Qty
from ...market.instrument import Instrument
from ..synthetic import Market, SyntheticDesk, SyntheticOrder

THROUGH_TICKS = 5
"""How far through the market a limit order stands in for a market order.

Source: TT, "TT Time Weighted Average Price (TWAP)", styles.
"""


class Leftover(StrEnum):
    """What becomes of what a slice has not filled when the next begins.

    Source: TT FIX 16909, LeftoverAction; by its numbers 0 to 3.
    """

    LEAVE = "leave"
    """It works on beside the next."""
    PAYUP = "payup"
    """It works on, so many ticks nearer to the market."""
    MERGE = "merge"
    """It is canceled, and the next slice is that much larger."""
    GOTOMARKET = "gotomarket"
    """It is canceled, and a market order takes it."""


class Anchor(StrEnum):
    """From what a slice's limit is reckoned."""

    LIMIT = "limit"
    """The order's own price."""
    LTP = "ltp"
    """The last trade."""
    BID = "bid"
    ASK = "ask"
    PREVIOUS = "previous"
    """The slice before."""
    SAME = "same"
    """The best price of the order's own side."""
    OPPOSITE = "opposite"


class AtEnd(Enum):
    """What happens once the last slice is over and something is left."""

    WORK_ON = 1
    """It rests at the order's limit."""
    CANCEL = 2
    FINISH = 3
    """It was taken at the market, and what no market has filled is left out."""


@attrs.frozen(kw_only=True)
class Tactics:
    """What is done with each slice."""

    at_market: bool = False
    """Whether a slice is taken at the market as it begins, rather than rested."""

    by_clock: bool = True
    """Whether the next slice begins by the schedule's clock, rather than when one is filled."""

    anchor: Anchor = Anchor.SAME
    offset_ticks: int = 0
    """How far from the anchor a slice rests; above 0 is nearer to the other side."""

    follows: bool = True
    """Whether what rests moves with its anchor."""

    leftover: Leftover = Leftover.GOTOMARKET
    payup_ticks: int = 1
    at_end: AtEnd = AtEnd.FINISH
    peel_every: Qty = 0
    """After how many lots traded in the market one is taken at it; 0 is never."""

    would_if: Price | None = None
    """At this price or better all that is offered is taken."""

    limit: Price | None = None
    """The worst price acceptable."""


def instrument_of(order: SyntheticOrder, desk: SyntheticDesk) -> Instrument:
    """Return what an order is in."""
    instrument = desk.instrument(order.symbol)
    assert instrument is not None, "orders in what nobody lists are refused"
    return instrument


def better(side: Side, one: Price, other: Price) -> bool:
    """Return whether *one* costs an order of *side* less than *other*."""
    return one < other if side is Side.BUY else one > other


def within(side: Side, price: Price, limit: Price | None) -> Price:
    """Return *price*, or the limit where that is better."""
    return limit if limit is not None and better(side, limit, price) else price


def stepped(instrument: Instrument, price: Price, ticks: int, side: Side) -> Price:
    """Return *price* so many ticks further towards the other side of an order of *side*."""
    up = (ticks > 0) == (side is Side.BUY)
    table = instrument.ticks
    for _ in range(abs(ticks)):
        price = table.at_or_above(price + 1) if up else table.at_or_below(price - 1)
    return price


def through(order: SyntheticOrder, market: Market, instrument: Instrument) -> Price | None:
    """Return where a limit order stands in for a market order; None where nothing says."""
    opposite = market.side(order.side.opposite)
    reference = opposite[0][0] if opposite else market.last_px
    if reference is None:
        return None
    return stepped(instrument, reference, THROUGH_TICKS, order.side)


@attrs.frozen
class Shown:
    """Where market data shows the child that follows the market.

    It lags behind what the exchange says of the child itself: a price that the child has left
    would look like somebody else's, and one that it has come to like its own alone.
    """

    child: str | None = None
    price: Price | None = None
    """None while it has not been seen."""


def others(
    order: SyntheticOrder, market: Market, side: Side, shown: Shown
) -> tuple[tuple[Price, Qty], ...]:
    """Return the levels of a side that are left without the order's own children."""
    own: dict[Price, Qty] = {}
    for child in order.alive:
        if child.symbol != market.symbol or child.side is not side:
            continue
        if child.disclosed_qty is not None:
            continue  # in a market that is made of others there is nothing of it
        price = shown.price if child.name == shown.child else child.price
        if price is not None:
            own[price] = own.get(price, 0) + child.working_qty
    left = ((price, qty - own.get(price, 0)) for price, qty in market.side(side))
    return tuple((price, qty) for price, qty in left if qty > 0)


def resting_price(
    order: SyntheticOrder,
    tactics: Tactics,
    market: Market,
    instrument: Instrument,
    previous: Price | None,
    shown: Shown,
) -> Price | None:
    """Return where a slice rests, or None while nothing says where."""
    side = order.side
    anchor: Price | None
    match tactics.anchor:
        case Anchor.LIMIT:
            anchor = tactics.limit
        case Anchor.PREVIOUS:
            anchor = previous if previous is not None else tactics.limit
        case Anchor.LTP:
            anchor = market.last_px
        case Anchor.BID | Anchor.ASK | Anchor.SAME | Anchor.OPPOSITE as which:
            looked_at = {
                Anchor.BID: Side.BUY,
                Anchor.ASK: Side.SELL,
                Anchor.SAME: side,
                Anchor.OPPOSITE: side.opposite,
            }[which]
            levels = others(order, market, looked_at, shown)
            anchor = levels[0][0] if levels else None
    if anchor is None:
        return previous  # the side is empty: it stays where it was
    offset = 0 if tactics.anchor is Anchor.LIMIT else tactics.offset_ticks
    return within(side, stepped(instrument, anchor, offset, side), tactics.limit)


def taken_if(order: SyntheticOrder, tactics: Tactics, market: Market) -> Qty:
    """Return how much is offered at the price at which the order would take it, or better."""
    price = tactics.would_if
    if price is None:
        return 0
    levels = others(order, market, order.side.opposite, Shown())
    return sum(qty for at, qty in levels if not better(order.side, price, at))
