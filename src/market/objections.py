"""Why a venue refuses a request by itself, before any rule set is asked.

An objection is a reject that says what was expected, and ends with the rule that says
so; None is to have none.
"""

from __future__ import annotations

from collections.abc import Container

from .fix import CxlRejReason, OrdRejReason, OrdType, Side, TimeInForce
from .identifiers import ClOrdID, Price, Qty, Symbol
from .instrument import Instrument
from .ledger import Rule
from .messages import (
    IMMEDIATE,
    STOPS,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
    OrderRequest,
    OrderStatusRequest,
    Terms,
)
from .quotes import QuotedOrder
from .rules import Reject
from .sessions import CONTINUOUS, TradingState
from .venue import Listing, Venue

_ORDER_ENTRY = "CME Group Client Systems Wiki, iLink 2 New Order (46596619)"
_REASONS = "CME Group Client Systems Wiki, iLink 2 reject codes (47022266, 457324354)"

RULES = (
    Rule(
        "ORD-1",
        "A limit and a stop-limit order have a price on tick; market, market-limit and stop"
        " orders have none.",
        f"{_ORDER_ENTRY}, tags 40, 44",
    ),
    Rule(
        "ORD-2",
        "Stop and stop-limit orders have a trigger on tick, other orders have none.",
        f"{_ORDER_ENTRY}, tags 99",
    ),
    Rule(
        "ORD-3",
        "The price of a stop-limit order to buy is at or above its trigger, to sell at or below.",
        f"{_REASONS}, 103: 2058, 2059",
    ),
    Rule(
        "ORD-4",
        "The trigger of a stop to buy is above the last trade, to sell below it; one that a"
        " change leaves as it is may have been passed.",
        f"{_REASONS}, 103: 2060, 2061",
    ),
    Rule(
        "ORD-5",
        "A quantity is at most the instrument's largest, and a multiple of its lot.",
        f"{_ORDER_ENTRY}, tags 38; {_REASONS}, 103: 2115",
        ("max_order_qty", "round_lot"),
    ),
    Rule(
        "ORD-6",
        "A display quantity is a multiple of the lot and at most the order's; an order that"
        " cannot rest has none.",
        f"{_ORDER_ENTRY}, tags 210; {_REASONS}, 103: 2046, 7613",
    ),
    Rule(
        "ORD-7",
        "A minimum quantity is at most the order's; stops and post-only orders have none.",
        f"{_ORDER_ENTRY}, tags 110; docs/readings.md, minimum quantity",
    ),
    Rule(
        "ORD-8",
        "Only a limit order that may rest can be post-only, and one that would trade is refused.",
        "FIX 5.0 SP2, ExecInst (18), 6: participate, don't initiate",
    ),
    Rule(
        "ORD-9",
        "An order good till a date has one, no earlier than the venue's; other orders have none.",
        f"{_ORDER_ENTRY}, tags 59, 432; {_REASONS}, 103: 2019",
    ),
    Rule(
        "ORD-10",
        "Not every instrument takes market and market-limit orders.",
        'TT, "TT Time Weighted Average Price (TWAP)", Style; docs/readings.md, market orders that'
        " stand in",
        ("market_orders",),
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
        "CME Group Client Systems Wiki, iLink 2 Order Cancel Reject (46203112, 457227460),"
        " 102: 2045, 2048, 2051",
    ),
    Rule(
        "REJ-4",
        "A change to a quantity that is not above what has been filled is refused.",
        "docs/readings.md, change below the filled quantity",
    ),
    Rule(
        "REJ-5",
        "A market or market-limit order is refused when nobody rests on the other side.",
        f"{_REASONS}, 103: 2013",
    ),
    Rule(
        "REJ-6",
        "A request about an instrument that the venue does not list is refused.",
        f"{_REASONS}, 103: 2047",
    ),
    Rule(
        "REJ-7",
        "An order cannot be changed into a market or market-limit order.",
        "docs/readings.md, change of the order type",
    ),
)


# --- names and orders -----------------------------------------------------------------


def unknown_symbol(venue: Venue, symbol: Symbol | None) -> Reject:
    """Return the objection to a request about an instrument that *venue* does not list."""
    return _reject(
        "REJ-6",
        f"symbol {symbol!r}: expected one of {', '.join(venue.listings)}",
        OrdRejReason.UNKNOWN_SYMBOL,
    )


def used_name(request: OrderRequest | OrderMassActionRequest) -> Reject:
    """Return the objection to a request whose name its session has used before."""
    return _reject(
        "REJ-2",
        f"cl_ord_id {request.cl_ord_id!r}: expected a name not used before",
        OrdRejReason.DUPLICATE_ORDER,
        CxlRejReason.DUPLICATE_CL_ORD_ID,
    )


def no_such_order(request: OrderCancelRequest | OrderCancelReplaceRequest) -> Reject:
    """Return the objection to a request about an order that does not live, or not by that name."""
    return _reject(
        "REJ-3",
        f"orig_cl_ord_id {request.orig_cl_ord_id!r}: expected a live order's latest name",
        cxl=CxlRejReason.UNKNOWN_ORDER,
    )


def not_live(request: OrderStatusRequest) -> Reject:
    """Return the objection to a question about an order that does not live as it is described."""
    number = "" if request.order_id is None else f", order_id {request.order_id}"
    return _reject(
        "REP-6",
        f"cl_ord_id {request.cl_ord_id!r}{number}: no {request.side.name} order of"
        f" {request.symbol} is live by that name",
        OrdRejReason.UNKNOWN_ORDER,
    )


def wrong_place(
    request: OrderCancelRequest | OrderCancelReplaceRequest, order: NewOrderSingle
) -> Reject:
    """Return the objection to a request that looks for its *order* where that is not."""
    if request.symbol != order.symbol:
        text = f"symbol {request.symbol!r}: expected {order.symbol!r}, the order's"
    else:
        text = f"side {request.side.name}: expected {order.side.name}, the order's"
    return _reject("REJ-3", text)


# --- new orders and changes -----------------------------------------------------------


def objection_to_order(
    order: NewOrderSingle, listing: Listing, names: Container[ClOrdID], venue: Venue
) -> Reject | None:
    """Return why *order* is refused, or None.

    Args:
        names: those that its session has used.
    """
    state = listing.state
    if state is not CONTINUOUS and (
        objection := objection_of_state(order, state, state.enter, "new orders")
        or _objection_to_immediacy(order, state)
    ):
        return objection
    objection = _objection_to_terms(order, listing, venue, listing.book.last_px)
    if objection is not None:
        return objection
    if order.cl_ord_id in names:
        return used_name(order)
    if order.ord_type is _LIMIT:
        return _objection_to_meeting(order, listing) if order.post_only else None
    if order.ord_type in _AT_MARKET and not listing.instrument.market_orders:
        return _reject(
            "ORD-10",
            f"ord_type {order.ord_type.name}: expected one with a price, in {order.symbol}",
            OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
        )
    if order.ord_type in _AT_MARKET and listing.book.best(order.side.opposite) is None:
        wanted = "an offer" if order.side is Side.BUY else "a bid"
        return _reject(
            "REJ-5",
            f"ord_type {order.ord_type.name}: expected {wanted} to trade with",
            OrdRejReason.BROKER_OPTION,
        )
    return None


def objection_to_change(
    request: OrderCancelReplaceRequest,
    order: NewOrderSingle,
    cum_qty: Qty,
    listing: Listing,
    venue: Venue,
) -> Reject | None:
    """Return why *order*, of which *cum_qty* is filled, may not be changed so, or None."""
    state = listing.state
    objection = (
        objection_of_state(order, state, state.modify, "changes")
        or objection_of_state(request, state, state.modify, "changes")
        or _objection_to_immediacy(request, state)
    )
    if objection is not None:
        return objection
    if request.ord_type in _AT_MARKET:
        expected = ", ".join(each.name for each in OrdType if each not in _AT_MARKET)
        return _reject("REJ-7", f"ord_type {request.ord_type.name}: expected one of {expected}")
    last_px = None if request.stop_px == order.stop_px else listing.book.last_px
    objection = _objection_to_terms(request, listing, venue, last_px)
    if objection is not None:
        return objection
    if request.order_qty <= cum_qty:
        return _reject(
            "REJ-4",
            f"order_qty {request.order_qty}: expected more than cum_qty {cum_qty}, filled so far",
        )
    return _objection_to_meeting(request, listing) if request.post_only else None


def objection_of_state(
    order: Terms, state: TradingState, permits: bool, what: str
) -> Reject | None:
    """Return why *state* does not take a request about an order on such terms, or None.

    Args:
        permits: whether it takes such requests at all.
        what: what they are called.
    """
    lives = order.time_in_force
    if not permits:
        return refused_by(state, what)
    if lives in state.lives:
        return None
    expected = ", ".join(each.name for each in state.lives) or "none"
    return _reject(
        "SES-1",
        f"time_in_force {lives.name}: expected one of {expected}, in state {state.name}",
        OrdRejReason.EXCHANGE_CLOSED,
    )


def refused_by(state: TradingState, what: str, rule: str = "SES-1") -> Reject:
    """Return the objection of a *state* that takes none of *what*."""
    return _reject(
        rule,
        f"state {state.name}: expected one that takes {what}",
        OrdRejReason.EXCHANGE_CLOSED,
    )


def _objection_to_immediacy(request: Terms, state: TradingState) -> Reject | None:
    """Return why *state* refuses an order that must trade at once, or None."""
    if state.immediate:
        return None
    if request.ord_type in _AT_MARKET:
        field = f"ord_type {request.ord_type.name}"
    elif request.time_in_force in IMMEDIATE and request.ord_type not in STOPS:
        field = f"time_in_force {request.time_in_force.name}"
    elif isinstance(request, NewOrderSingle) and request.min_qty is not None:
        field = f"min_qty {request.min_qty}"
    else:
        return None
    return _reject(
        "SES-3",
        f"{field}: expected an order that can wait, in state {state.name}",
        OrdRejReason.EXCHANGE_CLOSED,
    )


def objection_to_quote(side: QuotedOrder, listing: Listing, venue: Venue) -> Reject | None:
    """Return why one side of a quote is refused, or None; a state is not asked."""
    return _objection_to_terms(side, listing, venue, None)


# --- terms ----------------------------------------------------------------------------


def _objection_to_terms(
    request: Terms, listing: Listing, venue: Venue, last_px: Price | None
) -> Reject | None:
    """Return why an instrument does not admit an order on such terms, or None.

    Args:
        last_px: the trade that a trigger must not have been reached by, if any.
    """
    instrument, step = listing.instrument, listing.step
    price, qty = request.price, request.order_qty
    if (
        request.ord_type is _LIMIT
        and price is not None
        and (not price % step if step else instrument.ticks.accepts(price))
        and (instrument.max_order_qty is None or qty <= instrument.max_order_qty)
        and (instrument.round_lot == 1 or not qty % instrument.round_lot)
        and request.time_in_force is not _GOOD_TILL_DATE
        and request.expire_date is None
        and request.stop_px is None
        and request.display_qty is None
        and not request.post_only
        and (type(request) is not NewOrderSingle or request.min_qty is None)
    ):
        return None  # as nearly always; what follows asks the same, one thing after the other
    return (
        _objection_to_price(request, instrument)
        or _objection_to_trigger(request, instrument, last_px)
        or _objection_to_quantity(request, instrument)
        or _objection_to_display(request, instrument)
        or _objection_to_minimum(request)
        or _objection_to_post_only(request)
        or _objection_to_date(request, venue)
    )


def _objection_to_meeting(order: Terms, listing: Listing) -> Reject | None:
    """Return why a post-only *order* is refused as the market stands, or None."""
    touch = listing.book.best(order.side.opposite)
    price = order.price
    if touch is None or price is None or not listing.state.match:
        return None
    if price < touch if order.side is Side.BUY else price > touch:
        return None
    return _reject(
        "ORD-8",
        f"price {listing.instrument.show(price)}: expected one that does not meet"
        f" {listing.instrument.show(touch)} on a post_only order",
        OrdRejReason.BROKER_OPTION,
    )


def _objection_to_price(request: Terms, instrument: Instrument) -> Reject | None:
    price, kind = request.price, request.ord_type
    if kind not in _PRICED:
        if price is None:
            return None
        return _reject(
            "ORD-1", f"price {instrument.show(price)}: expected none on a {kind.name} order"
        )
    if price is None:
        return _reject("ORD-1", f"price missing: expected the limit of a {kind.name} order")
    return _off_tick("ORD-1", "price", price, instrument)


def _objection_to_trigger(
    request: Terms, instrument: Instrument, last_px: Price | None
) -> Reject | None:
    stop_px, kind, buys = request.stop_px, request.ord_type, request.side is Side.BUY
    if kind not in STOPS:
        if stop_px is None:
            return None
        return _reject(
            "ORD-2", f"stop_px {instrument.show(stop_px)}: expected none on a {kind.name} order"
        )
    if stop_px is None:
        return _reject("ORD-2", f"stop_px missing: expected the trigger of a {kind.name} order")
    if off_tick := _off_tick("ORD-2", "stop_px", stop_px, instrument):
        return off_tick
    price, where = request.price, "at or above" if buys else "at or below"
    if price is not None and (price < stop_px if buys else price > stop_px):
        return _reject(
            "ORD-3",
            f"price {instrument.show(price)}: expected {where} stop_px {instrument.show(stop_px)}",
        )
    if last_px is not None and (stop_px <= last_px if buys else stop_px >= last_px):
        return _reject(
            "ORD-4",
            f"stop_px {instrument.show(stop_px)}: expected {'above' if buys else 'below'}"
            f" the last trade, {instrument.show(last_px)}",
        )
    return None


def _off_tick(rule: str, field: str, price: Price, instrument: Instrument) -> Reject | None:
    if instrument.ticks.accepts(price):
        return None
    increment = instrument.show(instrument.ticks.increment_at(price))
    return _reject(
        rule,
        f"{field} {instrument.show(price)}: expected a multiple of {increment}",
        OrdRejReason.INVALID_PRICE_INCREMENT,
        CxlRejReason.INVALID_PRICE_INCREMENT,
    )


def _objection_to_quantity(request: Terms, instrument: Instrument) -> Reject | None:
    qty, lot, largest = request.order_qty, instrument.round_lot, instrument.max_order_qty
    if largest is not None and qty > largest:
        return _reject(
            "ORD-5",
            f"order_qty {qty}: expected at most {largest}",
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
        )
    if qty % lot:
        return _reject(
            "ORD-5",
            f"order_qty {qty}: expected a multiple of {lot}",
            OrdRejReason.INCORRECT_QUANTITY,
        )
    return None


def _objection_to_display(request: Terms, instrument: Instrument) -> Reject | None:
    qty, lot = request.display_qty, instrument.round_lot
    if qty is None:
        return None
    if request.time_in_force in IMMEDIATE:
        expected = f"none with {request.time_in_force.name}"
    elif request.ord_type is OrdType.MARKET and instrument.protection_points is None:
        expected = "none on a MARKET order"
    elif not 0 < qty <= request.order_qty:
        expected = f"1 to order_qty {request.order_qty}"
    elif qty % lot:
        expected = f"a multiple of {lot}"
    else:
        return None
    return _reject(
        "ORD-6", f"display_qty {qty}: expected {expected}", OrdRejReason.INCORRECT_QUANTITY
    )


def _objection_to_minimum(request: Terms) -> Reject | None:
    if not isinstance(request, NewOrderSingle) or request.min_qty is None:
        return None
    if request.ord_type in STOPS:
        expected = f"none on a {request.ord_type.name} order"
    elif request.post_only:
        expected = "none on a post_only order"
    elif not 0 < request.min_qty <= request.order_qty:
        expected = f"1 to order_qty {request.order_qty}"
    else:
        return None
    return _reject(
        "ORD-7", f"min_qty {request.min_qty}: expected {expected}", OrdRejReason.INCORRECT_QUANTITY
    )


def _objection_to_post_only(request: Terms) -> Reject | None:
    if not request.post_only:
        return None
    if request.ord_type is not _LIMIT:
        found = request.ord_type.name
    elif request.time_in_force in IMMEDIATE:
        found = request.time_in_force.name
    else:
        return None
    return _reject(
        "ORD-8",
        f"post_only: expected a LIMIT order that may rest, found {found}",
        OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
    )


def _objection_to_date(request: Terms, venue: Venue) -> Reject | None:
    until = request.expire_date
    if request.time_in_force is not _GOOD_TILL_DATE:
        if until is None:
            return None
        expected = f"none with {request.time_in_force.name}"
    elif until is None:
        return _reject("ORD-9", "expire_date missing: expected the date of a GOOD_TILL_DATE order")
    elif until < (today := venue.today()):
        expected = f"{today} or later"
    else:
        return None
    return _reject("ORD-9", f"expire_date {until}: expected {expected}")


def _reject(
    rule: str,
    text: str,
    reason: OrdRejReason = OrdRejReason.OTHER,
    cxl: CxlRejReason = CxlRejReason.OTHER,
) -> Reject:
    return Reject(reason, f"{text} [{rule}]", cxl_rej_reason=cxl)


_LIMIT, _GOOD_TILL_DATE = OrdType.LIMIT, TimeInForce.GOOD_TILL_DATE
_PRICED = (OrdType.LIMIT, OrdType.STOP_LIMIT)
_AT_MARKET = (OrdType.MARKET, OrdType.MARKET_LIMIT)
