"""Order entry and market data: what a session sends a venue, and what the venue answers.

Messages are values.  They carry the true figures: what a venue's codec prints
differently (CME writes ``14=0`` on a cancel) is the codec's affair.
"""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

import attrs
import msgspec
from attrs import validators

from .fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecType,
    MassActionResponse,
    MDEntryType,
    MDReqRejReason,
    MDUpdateAction,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    SubscriptionRequestType,
    TimeInForce,
)
from .identifiers import (
    Account,
    ClOrdID,
    CompID,
    ExecID,
    OrderID,
    Price,
    Qty,
    StagedOrderID,
    Symbol,
)


def check_quantity(order_qty: object) -> None:
    """Check that *order_qty* can be an order's.

    Raises:
        ValueError: unless it is a whole number above zero.
    """
    if type(order_qty) is not int or order_qty <= 0:
        raise ValueError(f"order_qty must be a whole number above zero, was {order_qty!r}")


def check_price(price: object) -> None:
    """Check that *price* can be an order's: no float ever is.

    Raises:
        ValueError: unless it is a whole number of the instrument's units, or None.
    """
    if price is not None and type(price) is not int:
        raise ValueError(f"price must be a whole number of the instrument's units, was {price!r}")


def check_side(side: object) -> None:
    """Check that *side* is one: the wire's ``"1"`` is equal to `Side.BUY`, and is not it.

    Raises:
        ValueError: unless it is a `Side`.
    """
    if type(side) is not Side:
        raise ValueError(f"side must be Side.BUY or Side.SELL, was {side!r}")


def check_name(name: object, field: str) -> None:
    """Check that *name* can be one: of a request, a session, an instrument.

    Raises:
        ValueError: unless it is text, and not empty.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"{field} must be text, and not empty, was {name!r}")


def check_text(found: object, field: str) -> None:
    """Check that a field is text, empty or not.

    Raises:
        ValueError: unless it is.
    """
    if not isinstance(found, str):
        raise ValueError(f"{field} must be text, was {found!r}")


def _check_terms(order: NewOrderSingle | OrderCancelReplaceRequest) -> None:
    """Check the types of what few orders have."""
    if order.stop_px is not None and type(order.stop_px) is not int:
        raise ValueError(f"stop_px must be a whole number of units, was {order.stop_px!r}")
    if order.display_qty is not None and type(order.display_qty) is not int:
        raise ValueError(f"display_qty must be a whole number, was {order.display_qty!r}")
    if order.expire_date is not None and type(order.expire_date) is not date:
        raise ValueError(f"expire_date must be a date, was {order.expire_date!r}")
    if order.account is not None and not isinstance(order.account, str):
        raise ValueError(f"account must be text, was {order.account!r}")
    if type(order.post_only) is not bool:
        raise ValueError(f"post_only must be True or False, was {order.post_only!r}")
    if order.self_match_prevention_id is not None:
        check_text(order.self_match_prevention_id, "self_match_prevention_id")
    if order.self_match_prevention_instruction is not None:
        check_text(order.self_match_prevention_instruction, "self_match_prevention_instruction")


def _check_kinds(ord_type: object, time_in_force: object) -> None:
    if type(ord_type) is not OrdType:
        raise ValueError(f"ord_type must be an OrdType, was {ord_type!r}")
    if type(time_in_force) is not TimeInForce:
        raise ValueError(f"time_in_force must be a TimeInForce, was {time_in_force!r}")


class NewOrderSingle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to enter one order (FIX ``35=D``).

    Raises:
        ValueError: if a field is not what it must be in any market: quantity and price
            whole numbers, side and the like of their enumerations.
    """

    sender_comp_id: CompID
    """The session that sends the order."""

    cl_ord_id: ClOrdID
    symbol: Symbol
    side: Side
    order_qty: Qty

    price: Price | None = None
    """The limit; None on a market order."""

    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY

    sender_sub_id: CompID | None = None
    """The user for whom the session sends it (FIX 50), where that is not the session itself."""

    account: Account | None = None

    parent_id: StagedOrderID | None = None
    """The staged order that this one is a child of (TT FIX 16113 with 16114 = 7)."""

    parent_gateway: CompID | None = None
    """The synthetic gateway that holds the parent; staged orders are named per gateway."""

    stop_px: Price | None = None
    """A stop's trigger (FIX 99)."""

    min_qty: Qty | None = None
    """What has to trade at once, or nothing does (FIX 110)."""

    display_qty: Qty | None = None
    """How much others see of it at a time (FIX 1138; 210 in FIX 4.2), or None for all."""

    expire_date: date | None = None
    """The last day of an order that is good till a date (FIX 432)."""

    post_only: bool = False
    """Whether it may only rest, never trade as it arrives (FIX 18 = 6)."""

    self_match_prevention_id: str | None = None
    """Whom it may not trade with: who has the same (FIX 2362; 7928 in FIX 4.2)."""

    self_match_prevention_instruction: str | None = None
    """A `SelfMatchPreventionInstruction`; any other text is for the venue to refuse (8000)."""

    def __post_init__(self) -> None:
        check_quantity(self.order_qty)
        check_price(self.price)
        check_side(self.side)
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        check_name(self.symbol, "symbol")
        _check_kinds(self.ord_type, self.time_in_force)
        _check_terms(self)
        if self.min_qty is not None and type(self.min_qty) is not int:
            raise ValueError(f"min_qty must be a whole number, was {self.min_qty!r}")


class OrderCancelRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to cancel what is left of an order (FIX ``35=F``).

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The name of this request; it must be new, as an order's must."""

    orig_cl_ord_id: ClOrdID
    """The order's name as of its last accepted request."""

    symbol: Symbol
    side: Side
    sender_sub_id: CompID | None = None

    def __post_init__(self) -> None:
        check_side(self.side)
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        check_name(self.symbol, "symbol")
        check_name(self.orig_cl_ord_id, "orig_cl_ord_id")


class OrderCancelReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to change an order (FIX ``35=G``).

    ``order_qty`` is the new total: what has been filled counts towards it.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The order's name from now on, if the venue accepts."""

    orig_cl_ord_id: ClOrdID
    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None = None
    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    sender_sub_id: CompID | None = None
    account: Account | None = None

    stop_px: Price | None = None
    """A stop's trigger (FIX 99)."""

    display_qty: Qty | None = None
    """How much others see of it at a time (FIX 1138; 210 in FIX 4.2), or None for all."""

    expire_date: date | None = None
    """The last day of an order that is good till a date (FIX 432)."""

    post_only: bool = False
    """Whether it may only rest, never trade as it arrives (FIX 18 = 6)."""

    self_match_prevention_id: str | None = None
    """Whom it may not trade with: who has the same (FIX 2362; 7928 in FIX 4.2)."""

    self_match_prevention_instruction: str | None = None
    """A `SelfMatchPreventionInstruction`; any other text is for the venue to refuse (8000)."""

    def __post_init__(self) -> None:
        check_quantity(self.order_qty)
        check_price(self.price)
        check_side(self.side)
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        check_name(self.symbol, "symbol")
        check_name(self.orig_cl_ord_id, "orig_cl_ord_id")
        _check_kinds(self.ord_type, self.time_in_force)
        _check_terms(self)


OrderRequest: TypeAlias = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest

Terms: TypeAlias = NewOrderSingle | OrderCancelReplaceRequest
"""What says on which terms an order is to work."""

# Tuples, not sets: an enumeration's hash is a function of Python's, and slow.
STOPS = (OrdType.STOP, OrdType.STOP_LIMIT)
"""The order types that wait for a trigger."""

IMMEDIATE = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)
"""The times in force of orders that never rest."""


class OrderMassActionRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to cancel all orders of a session that fit (FIX ``35=CA``, 1373 = 3).

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The name of this request; it must be new, as an order's must."""

    symbol: Symbol | None = None
    """Of which instrument; None for all of the venue's."""

    side: Side | None = None
    account: Account | None = None
    sender_sub_id: CompID | None = None
    """Of which user of the session; None for all."""

    def __post_init__(self) -> None:
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        if self.symbol is not None:
            check_name(self.symbol, "symbol")
        if self.side is not None:
            check_side(self.side)


class OrderStatusRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A question how an order stands (FIX ``35=H``); it uses no name up.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The order's name as of its last accepted request."""

    symbol: Symbol
    side: Side
    order_id: OrderID | None = None
    """The venue's number of the order (FIX 37); where it is given, it has to be the order's."""

    sender_sub_id: CompID | None = None

    def __post_init__(self) -> None:
        check_side(self.side)
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        check_name(self.symbol, "symbol")
        if self.order_id is not None and type(self.order_id) is not int:
            raise ValueError(f"order_id must be a whole number, was {self.order_id!r}")


class ExecutionReport(msgspec.Struct, frozen=True, gc=False):
    """The venue's word on one order (FIX ``35=8``).

    ``leaves_qty`` and ``cum_qty`` are those *after* the reported event; for an
    order still alive they add up to its ``order_qty``.
    """

    target_comp_id: CompID
    """The session that the report is for."""

    cl_ord_id: ClOrdID
    order_id: OrderID | None
    """None on the reject of an order that the venue never took."""

    exec_id: ExecID
    """0 where nothing has happened: on the answer to an `OrderStatusRequest`."""

    exec_type: ExecType
    ord_status: OrdStatus
    symbol: Symbol
    side: Side
    order_qty: Qty
    leaves_qty: Qty
    cum_qty: Qty
    transact_time_ns: int
    """When it happened, in nanoseconds since the start of the run."""

    price: Price | None = None
    last_qty: Qty = 0
    last_px: Price | None = None
    aggressor_indicator: bool | None = None
    """On a fill: whether this order was the one that arrived (FIX 1057)."""

    trd_match_id: int | None = None
    """On a fill: the number of the trade, the same for both its sides (FIX 880)."""

    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    orig_cl_ord_id: ClOrdID | None = None
    target_sub_id: CompID | None = None
    """The user whose order it is, as ``sender_sub_id`` named him."""

    account: Account | None = None
    parent_id: StagedOrderID | None = None
    ord_rej_reason: OrdRejReason | None = None
    exec_restatement_reason: ExecRestatementReason | None = None
    text: str = ""
    stop_px: Price | None = None
    display_qty: Qty | None = None
    exec_ref_id: ExecID | None = None
    """On a bust: the report of the trade that is taken back (FIX 19)."""

    self_match_prevention_id: str | None = None
    self_match_prevention_instruction: str | None = None
    """As on the order; None where it has no ``self_match_prevention_id``."""


@attrs.frozen(kw_only=True)
class OrderCancelReject:
    """The venue refuses to cancel or to change an order (FIX ``35=9``); nothing has changed."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    orig_cl_ord_id: ClOrdID
    order_id: OrderID | None
    cxl_rej_response_to: CxlRejResponseTo
    cxl_rej_reason: CxlRejReason
    transact_time_ns: int
    symbol: Symbol
    target_sub_id: CompID | None = None
    parent_id: StagedOrderID | None = None
    text: str = ""


class OrderMassActionReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a mass action came to (FIX ``35=BZ``); each order's own report comes before it."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    mass_action_response: MassActionResponse
    transact_time_ns: int
    affected_order_ids: tuple[OrderID, ...] = ()
    """By their numbers; ``total_affected_orders`` (FIX 533) is how many there are."""

    target_sub_id: CompID | None = None
    text: str = ""

    @property
    def total_affected_orders(self) -> int:
        return len(self.affected_order_ids)


VenueReport: TypeAlias = ExecutionReport | OrderCancelReject
"""What a session hears of one order."""


# --- market data ----------------------------------------------------------------------


class Statistics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What has been traded on one of the venue's days; None of what there has not been."""

    open_px: Price | None = None
    """The price of the day's first trade."""

    high_px: Price | None = None
    low_px: Price | None = None
    last_px: Price | None = None
    """The price of the day's latest trade."""

    last_qty: Qty | None = None
    volume: Qty = 0
    """How much has been traded, less what was busted."""

    trades: int = 0
    """How many trades there were, those that were busted included."""

    close_px: Price | None = None
    """The last price of the latest day that has ended: today's, once it has."""


@attrs.frozen(kw_only=True)
class MarketDataRequest:
    """A request for the market as it stands, and as it changes (FIX ``35=V``).

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    md_req_id: str
    """The request's name; that of a subscription that stands is taken."""

    symbol: Symbol
    market_depth: int = attrs.field(default=0, validator=validators.ge(0))
    """How many price levels of each side (FIX 264); 0 is the full book."""

    subscription_request_type: SubscriptionRequestType = attrs.field(
        default=SubscriptionRequestType.SNAPSHOT,
        validator=validators.instance_of(SubscriptionRequestType),
    )


@attrs.frozen(kw_only=True)
class MarketDataSnapshot:
    """The market as it stands (FIX ``35=W``)."""

    target_comp_id: CompID
    md_req_id: str
    symbol: Symbol
    bids: tuple[tuple[Price, Qty], ...]
    """``(price, quantity)``, best price first, at most as many levels as asked for."""

    offers: tuple[tuple[Price, Qty], ...]
    last_px: Price | None
    """The price of the latest trade, or None before the first one."""

    statistics: Statistics = attrs.field(factory=Statistics)
    trading_state: str = ""
    """The name of the state that the instrument is in (FIX 625)."""


class MarketDataEntry(msgspec.Struct, frozen=True, gc=False):
    """One thing that has changed."""

    md_update_action: MDUpdateAction
    md_entry_type: MDEntryType
    md_entry_px: Price | None = None
    """A level's price, or a trade's, or the figure; None of a volume."""

    md_entry_size: Qty | None = None
    """What a level shows by now, or how much was traded; None where there is no quantity."""


@attrs.frozen(kw_only=True)
class MarketDataIncrementalRefresh:
    """What one request or operation has changed of what a subscriber sees (FIX ``35=X``).

    The trades come first, then the price levels, those that are gone before the others,
    then the day's figures.
    """

    target_comp_id: CompID
    md_req_id: str
    symbol: Symbol
    entries: tuple[MarketDataEntry, ...]


@attrs.frozen(kw_only=True)
class MarketDataRequestReject:
    """The venue refuses a request for market data (FIX ``35=Y``)."""

    target_comp_id: CompID
    md_req_id: str
    text: str
    md_req_rej_reason: MDReqRejReason | None = None
    """None where FIX has no code for it: the text says why."""


@attrs.frozen(kw_only=True)
class DropCopy:
    """A report again, for a third party that watches the session it went to."""

    source_comp_id: CompID
    """The session that the report was for."""

    report: VenueReport
