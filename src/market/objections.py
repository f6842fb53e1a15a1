"""Why a venue refuses a request by itself, before any rule set is asked.

An objection is a reject that says what was expected; None is to have none.
"""

from __future__ import annotations

from collections.abc import Container

from .fix import CxlRejReason, OrdRejReason, OrdType, Side
from .identifiers import ClOrdID, Qty
from .ledger import Rule
from .messages import (
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
)
from .rules import Reject
from .venue import Listing, Venue

RULES = (
    Rule(
        "REJ-1",
        "An order whose terms the instrument does not admit is refused: price missing, given"
        " with a market order, or off tick; quantity above the largest.",
        "FIX 5.0 SP2, ExecutionReport, OrdRejReason (103)",
    ),
    Rule(
        "REJ-2",
        "A session's name for a request is used once; a refused request does not use it up.",
        "docs/readings.md, names of requests",
    ),
    Rule(
        "REJ-3",
        "A cancel or change is refused unless it names a live order of its own session by its"
        " latest name, on the same side of the same instrument.",
        "CME Group Client Systems Wiki, iLink 2 Order Cancel Reject (102: 2045, 2048, 2051)",
    ),
    Rule(
        "REJ-4",
        "A change to a quantity that is not above what has been filled is refused.",
        "docs/readings.md, change below the filled quantity",
    ),
    Rule(
        "REJ-5",
        "A market order is refused when nobody rests on the other side.",
        "CME Group Client Systems Wiki, iLink 2 reject reasons (103: 2013)",
    ),
)


def objection_to_order(
    order: NewOrderSingle, listing: Listing, names: Container[ClOrdID]
) -> Reject | None:
    """Return why *order* is refused, or None.

    Args:
        names: those that its session has used.
    """
    objection = objection_to_terms(order, listing)
    if objection is not None:
        return objection
    if order.cl_ord_id in names:
        return used_name(order)
    if order.price is None and listing.book.best(order.side.opposite) is None:
        return _nobody_to_trade_with(order)
    return None


def unknown_symbol(venue: Venue, request: OrderRequest | MarketDataRequest) -> Reject:
    """Return the objection to a request about an instrument that *venue* does not list."""
    return _reject(
        f"symbol {request.symbol!r}: expected one of {', '.join(venue.listings)}",
        OrdRejReason.UNKNOWN_SYMBOL,
    )


def used_name(request: OrderRequest) -> Reject:
    """Return the objection to a request whose name its session has used before."""
    return _reject(
        f"cl_ord_id {request.cl_ord_id!r}: expected a name not used before",
        OrdRejReason.DUPLICATE_ORDER,
        CxlRejReason.DUPLICATE_CL_ORD_ID,
    )


def no_such_order(request: OrderCancelRequest | OrderCancelReplaceRequest) -> Reject:
    """Return the objection to a request about an order that does not live, or not by that name."""
    return _reject(
        f"orig_cl_ord_id {request.orig_cl_ord_id!r}: expected a live order's latest name",
        cxl=CxlRejReason.UNKNOWN_ORDER,
    )


def objection_to_terms(
    request: NewOrderSingle | OrderCancelReplaceRequest, listing: Listing
) -> Reject | None:
    """Return why an instrument does not admit an order on such terms, or None."""
    instrument, step = listing.instrument, listing.step
    price, qty = request.price, request.order_qty
    if request.ord_type is _LIMIT:
        if price is None:
            return _reject("price missing: expected the limit of a LIMIT order")
        if price % step if step else not instrument.ticks.accepts(price):
            increment = instrument.show(instrument.ticks.increment_at(price))
            return _reject(
                f"price {instrument.show(price)}: expected a multiple of {increment}",
                OrdRejReason.INVALID_PRICE_INCREMENT,
                CxlRejReason.INVALID_PRICE_INCREMENT,
            )
    elif price is not None:
        return _reject(f"price {instrument.show(price)}: expected none on a MARKET order")
    if instrument.max_order_qty is not None and qty > instrument.max_order_qty:
        return _reject(
            f"order_qty {qty}: expected at most {instrument.max_order_qty}",
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
        )
    return None


def objection_to_change(request: OrderCancelReplaceRequest, cum_qty: Qty) -> Reject | None:
    """Return why an order of which *cum_qty* is filled may not be changed so, or None."""
    if request.ord_type is not _LIMIT:
        return _reject(f"ord_type {request.ord_type.name}: expected LIMIT, the order's")
    if request.order_qty <= cum_qty:
        return _reject(
            f"order_qty {request.order_qty}: expected more than cum_qty {cum_qty}, filled so far"
        )
    return None


def wrong_place(
    request: OrderCancelRequest | OrderCancelReplaceRequest, order: NewOrderSingle
) -> Reject:
    """Return the objection to a request that looks for its *order* where that is not."""
    if request.symbol != order.symbol:
        return _reject(f"symbol {request.symbol!r}: expected {order.symbol!r}, the order's")
    return _reject(f"side {request.side.name}: expected {order.side.name}, the order's")


def _nobody_to_trade_with(order: NewOrderSingle) -> Reject:
    wanted = "an offer" if order.side is Side.BUY else "a bid"
    return _reject(
        f"ord_type {order.ord_type.name}: expected {wanted} to trade with",
        OrdRejReason.BROKER_OPTION,
    )


def _reject(
    text: str,
    reason: OrdRejReason = OrdRejReason.OTHER,
    cxl: CxlRejReason = CxlRejReason.OTHER,
) -> Reject:
    return Reject(reason, text, cxl_rej_reason=cxl)


_LIMIT = OrdType.LIMIT
