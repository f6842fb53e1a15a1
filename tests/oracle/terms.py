"""The terms on which an instrument takes an order, as the table ORD lists them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TypeAlias

from floorproof.market.fix import OrdRejReason, OrdType, Side, TimeInForce
from floorproof.market.instrument import Instrument
from floorproof.market.messages import NewOrderSingle, OrderCancelReplaceRequest

from .orders import AT_ONCE, STOPS

OrderTerms: TypeAlias = NewOrderSingle | OrderCancelReplaceRequest
Fault: TypeAlias = tuple[str, OrdRejReason]
"""A rule that an order breaks, and the reason to give."""

TICK = OrdRejReason.INVALID_PRICE_INCREMENT
OTHER = OrdRejReason.OTHER
WRONG_QTY = OrdRejReason.INCORRECT_QUANTITY


def on_tick(instrument: Instrument, price: int) -> bool:
    increment = instrument.ticks.bands[0].min_price_increment
    for band in instrument.ticks.bands:
        if price >= band.from_price:
            increment = band.min_price_increment
    return price % increment == 0


def toward(instrument: Instrument, price: int, target: int) -> int:
    """Return the first price on tick on the way from *price* to *target*, or *target*."""
    while price != target and not on_tick(instrument, price):
        price += 1 if price < target else -1
    return price


def faults(
    terms: OrderTerms, instrument: Instrument, last_px: int | None, today: datetime.date
) -> Iterator[Fault]:
    """Yield what is wrong with *terms*, in the order of the table."""
    kind, buys = terms.ord_type, terms.side is Side.BUY
    price, stop_px, qty = terms.price, terms.stop_px, terms.order_qty
    must_trade_at_once = terms.time_in_force in AT_ONCE
    unprotected = kind is OrdType.MARKET and instrument.protection_points is None

    if (price is not None) != (kind in (OrdType.LIMIT, OrdType.STOP_LIMIT)):
        yield "ORD-1", OTHER
    if price is not None and not on_tick(instrument, price):
        yield "ORD-1", TICK

    if (stop_px is not None) != (kind in STOPS):
        yield "ORD-2", OTHER
    if stop_px is not None and not on_tick(instrument, stop_px):
        yield "ORD-2", TICK

    if (
        kind is OrdType.STOP_LIMIT
        and price is not None
        and stop_px is not None
        and (price < stop_px if buys else price > stop_px)
    ):
        yield "ORD-3", OTHER

    if (
        stop_px is not None
        and last_px is not None
        and (stop_px <= last_px if buys else stop_px >= last_px)
    ):
        yield "ORD-4", OTHER

    if instrument.max_order_qty is not None and qty > instrument.max_order_qty:
        yield "ORD-5", OrdRejReason.ORDER_EXCEEDS_LIMIT
    if qty % instrument.round_lot:
        yield "ORD-5", WRONG_QTY

    display = terms.display_qty
    if display is not None:
        if not 1 <= display <= qty:
            yield "ORD-6", WRONG_QTY
        if display % instrument.round_lot:
            yield "ORD-6", WRONG_QTY
        if must_trade_at_once or unprotected:
            yield "ORD-6", WRONG_QTY

    least = terms.min_qty if isinstance(terms, NewOrderSingle) else None
    if least is not None and (not 1 <= least <= qty or kind in STOPS or terms.post_only):
        yield "ORD-7", WRONG_QTY

    if terms.post_only and (kind is not OrdType.LIMIT or must_trade_at_once):
        yield "ORD-8", OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC

    if (terms.time_in_force is TimeInForce.GOOD_TILL_DATE) != (terms.expire_date is not None):
        yield "ORD-9", OTHER
    if terms.expire_date is not None and terms.expire_date < today:
        yield "ORD-9", OTHER
