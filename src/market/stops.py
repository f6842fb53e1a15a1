"""What an order works as: the limit that protects it, and a stop once it is elected.

Nothing here looks at more of a market than a touch.
"""

from __future__ import annotations

import msgspec

from .fix import OrdType, Side
from .identifiers import Price
from .instrument import Instrument
from .ledger import Rule
from .messages import NewOrderSingle

_ORDER_TYPES = "CME Group Client Systems Wiki, order types (46727472, 78466661)"

RULES = (
    Rule(
        "TYPE-1",
        "A market order with protection trades no further than the protection points from the"
        " best opposite price; what is left rests there as a limit order.",
        f"{_ORDER_TYPES}, market with protection",
        ("protection_points",),
    ),
    Rule(
        "TYPE-2",
        "A market-limit order trades at the best opposite price alone; what is left rests there"
        " as a limit order.",
        f"{_ORDER_TYPES}, market-limit",
    ),
    Rule(
        "TYPE-3",
        "A stop is elected by a trade at its trigger or through it; a stop-limit order then"
        " works at its limit.",
        f"{_ORDER_TYPES}, stop-limit",
    ),
    Rule(
        "TYPE-4",
        "A stop with protection that is elected works at its trigger plus (to buy) or minus (to"
        " sell) the protection points; without such points it is a market order.",
        f"{_ORDER_TYPES}, stop with protection",
        ("protection_points",),
    ),
)


def protected(order: NewOrderSingle, instrument: Instrument, touch: Price) -> NewOrderSingle:
    """Return a market or market-limit *order* with the limit that it trades to, if it has one.

    Args:
        touch: the best price of the other side.
    """
    if order.ord_type is OrdType.MARKET_LIMIT:
        return msgspec.structs.replace(order, price=touch)
    limit = _away_from(touch, order.side, instrument)
    return order if limit is None else msgspec.structs.replace(order, price=limit)


def triggered(stop: NewOrderSingle, instrument: Instrument) -> NewOrderSingle:
    """Return *stop* as it works once it has been elected: a limit or a market order.

    It is one like any other then, and has no trigger any more.
    """
    price = stop.price
    if stop.ord_type is OrdType.STOP:
        assert stop.stop_px is not None, "a stop has a trigger"
        price = _away_from(stop.stop_px, stop.side, instrument)
    ord_type = OrdType.MARKET if price is None else OrdType.LIMIT
    return msgspec.structs.replace(stop, ord_type=ord_type, price=price, stop_px=None)


def _away_from(price: Price, side: Side, instrument: Instrument) -> Price | None:
    """Return the last price on tick within the protection points from *price*."""
    points = instrument.protection_points
    if points is None:
        return None
    if side is Side.BUY:
        return instrument.ticks.at_or_below(price + points)
    return instrument.ticks.at_or_above(price - points)
