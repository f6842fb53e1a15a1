"""What a desk calls a message, and what of it is worth a line.

A child's acknowledgement and a plain order's are one FIX message; people say
*ChildAck* and *OrderAck*.  Scenario files, printed tables and reports use these words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from .centre_wording import CENTRE_MESSAGES, centre_fields
from .fix import (
    ExecType,
    MDEntryType,
    MDUpdateAction,
    OrdType,
    Side,
    SubscriptionRequestType,
    TimeInForce,
)
from .fix_line import Connected, Disconnected, FixText
from .identifiers import Price, Qty, Symbol
from .instrument import Instrument
from .messages import (
    STOPS,
    DropCopy,
    ExecutionReport,
    MarketDataEntry,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
    OrderStatusRequest,
    Terms,
)
from .operations import AuctionResult, IndicativePrice, OperationRefused, SecurityStatus
from .quotes import (
    CanceledQuote,
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuoteEntry,
)
from .rejects import BusinessMessageReject, SessionReject
from .staging import (
    ApprovalRequest,
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    ChildRefused,
    ChildReserved,
    Claim,
    HoldStagedOrder,
    NewStagedOrder,
    ParentPartialFill,
    RejectRequest,
    ReserveChild,
    SetPermission,
    StagedAck,
    StagedExecType,
    StagedReject,
    StagedUpdate,
    Unclaim,
)
from .synthetic import (
    CancelSyntheticOrder,
    Disconnect,
    EditSyntheticOrder,
    MultiLegReportingType,
    NewSyntheticOrder,
    OnBehalf,
    PauseSyntheticOrder,
    ResumeSyntheticOrder,
    SyntheticAck,
    SyntheticFill,
    SyntheticReject,
    SyntheticUpdate,
)

TIMES_IN_FORCE: Mapping[str, TimeInForce] = {
    "day": TimeInForce.DAY,
    "gtc": TimeInForce.GOOD_TILL_CANCEL,
    "ioc": TimeInForce.IMMEDIATE_OR_CANCEL,
    "fok": TimeInForce.FILL_OR_KILL,
    "gtd": TimeInForce.GOOD_TILL_DATE,
}
"""How long an order lives, as scenarios write it."""

ORDER_TYPES: Mapping[str, OrdType] = {
    "limit": OrdType.LIMIT,
    "market": OrdType.MARKET,
    "market_limit": OrdType.MARKET_LIMIT,
    "stop": OrdType.STOP,
    "stop_limit": OrdType.STOP_LIMIT,
}
"""Order types, as scenarios write them."""

_TYPE_WORDS = {ord_type: word for word, ord_type in ORDER_TYPES.items()}
_LIFE_WORDS = {lives: word for word, lives in TIMES_IN_FORCE.items()}


def order_kind(order: NewOrderSingle | OrderCancelReplaceRequest | ExecutionReport) -> str:
    """Return what kind of order it is: ``limit``, ``market ioc``, ``limit child``."""
    words = [_TYPE_WORDS[order.ord_type]]
    if order.time_in_force is not TimeInForce.DAY:
        words.append(_LIFE_WORDS[order.time_in_force])
    if getattr(order, "parent_id", None) is not None:
        words.append("child")
    return " ".join(words)


_REPORTS = {
    ExecType.NEW: "Ack",
    ExecType.TRADE: "Fill",
    ExecType.CANCELED: "Canceled",
    ExecType.REPLACED: "Changed",
    ExecType.EXPIRED: "Eliminated",
    ExecType.REJECTED: "Reject",
    ExecType.TRIGGERED: "Triggered",
    ExecType.TRADE_CANCEL: "Busted",
    ExecType.ORDER_STATUS: "Status",
}


def label(message: object) -> str:
    """Return what the desk calls *message*: its class's name where there is no shorter word."""
    match message:
        case ExecutionReport():
            return ("Child" if message.parent_id else "Order") + _REPORTS[message.exec_type]
        case NewOrderSingle(parent_id=parent_id):
            return "NewChildOrder" if parent_id else "NewOrder"
        case OrderCancelRequest():
            return "Cancel"
        case OrderCancelReplaceRequest():
            return "Change"
        case OrderCancelReject():
            return "CancelReject"
        case OrderMassActionRequest():
            return "MassCancel"
        case OrderStatusRequest():
            return "StatusRequest"
        case OrderMassActionReport():
            return "MassCancelReport"
        case DropCopy(report=report):
            return f"Copy of {label(report)}"
        case OnBehalf(request=request):
            return f"OnBehalf {label(request)}"
        case _:
            return type(message).__name__


_ENTRIES = {
    MDEntryType.BID: "bid",
    MDEntryType.OFFER: "offer",
    MDEntryType.TRADE: "trade",
    MDEntryType.OPENING_PRICE: "open",
    MDEntryType.CLOSING_PRICE: "close",
    MDEntryType.TRADING_SESSION_HIGH_PRICE: "high",
    MDEntryType.TRADING_SESSION_LOW_PRICE: "low",
    MDEntryType.TRADE_VOLUME: "volume",
}

LABELS: Mapping[str, type] = {
    **{f"{of}{what}": ExecutionReport for of in ("Child", "Order") for what in _REPORTS.values()},
    "NewChildOrder": NewOrderSingle,
    "NewOrder": NewOrderSingle,
    "Cancel": OrderCancelRequest,
    "Change": OrderCancelReplaceRequest,
    "CancelReject": OrderCancelReject,
    "MassCancel": OrderMassActionRequest,
    "StatusRequest": OrderStatusRequest,
    "MassCancelReport": OrderMassActionReport,
    **{
        cls.__name__: cls
        for cls in (
            *CENTRE_MESSAGES,
            NewStagedOrder,
            Claim,
            Unclaim,
            CancelStagedOrder,
            ChangeStagedOrder,
            HoldStagedOrder,
            ApprovalRequest,
            ApproveRequest,
            RejectRequest,
            StagedAck,
            StagedUpdate,
            StagedReject,
            ParentPartialFill,
            ReserveChild,
            ChildReserved,
            ChildRefused,
            SetPermission,
            MarketDataRequest,
            MarketDataSnapshot,
            MarketDataIncrementalRefresh,
            MarketDataRequestReject,
            SecurityStatus,
            NewSyntheticOrder,
            EditSyntheticOrder,
            CancelSyntheticOrder,
            PauseSyntheticOrder,
            ResumeSyntheticOrder,
            Disconnect,
            SyntheticAck,
            SyntheticUpdate,
            SyntheticFill,
            SyntheticReject,
            MassQuote,
            MassQuoteAck,
            QuoteCancel,
            QuoteCancelAck,
            SessionReject,
            BusinessMessageReject,
            Connected,
            Disconnected,
            FixText,
        )
    },
}
"""Every word that `label` has for what crosses a floor by itself, and its class.

A drop copy's word is that of what it copies, with *Copy of* before it; what is asked
on a user's behalf has the request's, with *OnBehalf* before it.
"""

_ANSWERS: Mapping[StagedExecType | None, str] = {
    StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED: ", approved",
    StagedExecType.STAGE_ORDER_REJECTION_OF_PENDING_ACCEPTED: ", not approved",
}

_LIVES = {time_in_force: word.upper() for word, time_in_force in TIMES_IN_FORCE.items()}
del _LIVES[TimeInForce.DAY]  # which goes without saying


@attrs.frozen
class Wording:
    """Puts messages into words, with prices as people write them."""

    instruments: Mapping[Symbol, Instrument]

    def price(self, symbol: Symbol, price: Price | None) -> str:
        if price is None:
            return "market"
        instrument = self.instruments.get(symbol)
        return instrument.show(price) if instrument else str(price)

    def side(self, side: Side) -> str:
        return "Buy" if side is Side.BUY else "Sell"

    def key_fields(self, message: object) -> str:
        """Return the fields of *message* that a reader of the table wants."""
        match message:
            case NewStagedOrder():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                account = f", account {message.account}" if message.account else ""
                text = f", {message.text!r}" if message.text else ""
                return f"{message.staged_order_id} {message.staged_type} {terms}{account}{text}"
            case Claim() | Unclaim() | CancelStagedOrder() | HoldStagedOrder():
                return f"{message.staged_order_id}"
            case ChangeStagedOrder():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                return f"{message.staged_order_id} to {terms}"
            case ApprovalRequest(change=change):
                asks = (
                    f"change {self.key_fields(change)}"
                    if change
                    else (f"cancel {message.staged_order_id}")
                )
                return f"{message.request_no} of {message.originator}: {asks}"
            case ApproveRequest():
                pushed = ", for its children too" if message.push else ""
                return f"{message.request_no} of {message.staged_order_id}{pushed}"
            case RejectRequest():
                return f"{message.request_no} of {message.staged_order_id}"
            case StagedAck():
                owner = message.owner or "none"
                return (
                    f"{message.staged_order_id} {message.status}, owner {owner}, "
                    f"leaves {message.leaves_qty}"
                )
            case StagedUpdate():
                owner = message.owner or "none"
                return (
                    f"{message.staged_order_id} {message.status}, owner {owner}, "
                    f"cum {message.cum_qty}, working {message.working_qty}, "
                    f"free {message.free_qty}{_ANSWERS.get(message.answered, '')}"
                )
            case StagedReject():
                return (
                    f"{message.staged_order_id} {message.refused} refused, "
                    f"{message.code.value}: {message.text}"
                )
            case ParentPartialFill():
                at = self.price(message.symbol, message.last_px)
                return (
                    f"{message.staged_order_id} {message.last_qty} @ {at} by {message.child_id}, "
                    f"cum {message.cum_qty}, leaves {message.leaves_qty}, {message.status}"
                )
            case NewOrderSingle():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                parent = f", parent {message.parent_id}" if message.parent_id else ""
                return f"{message.cl_ord_id} {terms}{self._conditions(message)}{parent}"
            case OrderCancelRequest():
                return f"{message.cl_ord_id}: cancel {message.orig_cl_ord_id}"
            case OrderStatusRequest():
                return f"{self.side(message.side)} {message.symbol} {message.cl_ord_id}"
            case OrderCancelReplaceRequest():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                terms += self._conditions(message)
                return f"{message.cl_ord_id}: {message.orig_cl_ord_id} to {terms}"
            case ExecutionReport():
                return self._report(message)
            case OrderCancelReject():
                return f"{message.cl_ord_id} of {message.orig_cl_ord_id}: {message.text}"
            case ReserveChild():
                return (
                    f"{message.cl_ord_id} of {message.user}: {message.request.order_qty} of "
                    f"{message.parent_id}"
                )
            case ChildReserved():
                return f"{message.cl_ord_id} of {message.user} in {message.parent_id}"
            case ChildRefused():
                return (
                    f"{message.cl_ord_id} of {message.user}, {message.code.value}: {message.text}"
                )
            case SetPermission():
                verb = "may" if message.allowed else "may not"
                account = f" for {message.account}" if message.account else ""
                return f"{message.user} {verb}: {message.permission}{account}"
            case MarketDataRequest():
                return f"{message.md_req_id} {message.symbol}{self._wanted(message)}"
            case MarketDataSnapshot():
                bid, offer = self._best(message.symbol, message.bids, message.offers)
                return f"{message.md_req_id} {message.symbol}, bid {bid}, offer {offer}"
            case MarketDataIncrementalRefresh():
                entries = (self._entry(message.symbol, entry) for entry in message.entries)
                return f"{message.md_req_id} {message.symbol}, {', '.join(entries)}"
            case SecurityStatus():
                return f"{message.symbol} {message.trading_state}"
            case IndicativePrice() | AuctionResult():
                at = self.price(message.symbol, message.price)
                return f"{message.symbol} " + (
                    "none" if message.price is None else f"{message.quantity} @ {at}"
                )
            case OperationRefused():
                return f"{type(message.operation).__name__}: {message.text}"
            case MarketDataRequestReject():
                return f"{message.md_req_id}: {message.text}"
            case OrderMassActionRequest():
                of = self.side(message.side) if message.side else "all"
                return f"{message.cl_ord_id} {of} {message.symbol or 'orders'}"
            case OrderMassActionReport():
                return f"{message.cl_ord_id}: " + (
                    message.text or f"{message.total_affected_orders} canceled"
                )
            case MassQuote():
                quotes = ", ".join(map(self._quote, message.entries))
                return f"{message.quote_id} {quotes}{_smp(message)}"
            case MassQuoteAck():
                return f"{message.quote_id}{self._taken(message)}"
            case QuoteCancel():
                return f"{message.quote_id}: {self._meant(message)}"
            case QuoteCancelAck():
                return self._gone(message)
            case Connected():
                return f"connection {message.connection}"
            case Disconnected():
                return message.text
            case FixText():
                return message.shown
            case SessionReject():
                return f"{message.ref_id}: {message.text}"
            case BusinessMessageReject():
                return f"{message.business_reject_ref_id}: {message.text}"
            case NewSyntheticOrder():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                parent = f", parent {message.parent_id}" if message.parent_id else ""
                account = f", account {message.account}" if message.account else ""
                more = f"{account}{_smp(message)}{parent}"
                return f"{message.cl_ord_id} {message.order_type} {terms}{more}"
            case EditSyntheticOrder():
                asked = {"order_qty": message.order_qty, "price": message.price}
                asked |= {"disclosed_qty": message.disclosed_qty, **message.parameters}
                terms = ", ".join(f"{k} {v}" for k, v in asked.items() if v is not None)
                return f"{message.cl_ord_id} to {terms or 'what it is'}"
            case CancelSyntheticOrder():
                return f"{message.cl_ord_id}{', children kept' * message.keeps_children}"
            case PauseSyntheticOrder() | ResumeSyntheticOrder():
                return f"{message.cl_ord_id}"
            case Disconnect():
                return f"{message.sender_comp_id}"
            case SyntheticAck():
                terms = self._terms(message.side, message.order_qty, message.symbol, message.price)
                status = f"{message.synth_status}, {terms}{_smp(message)}"
                return f"{message.cl_ord_id} {message.order_type} {status}"
            case SyntheticUpdate():
                why = f": {message.text}" if message.text else ""
                return (
                    f"{message.cl_ord_id} {message.synth_status}, cum {message.cum_qty}, "
                    f"leaves {message.leaves_qty}{why}"
                )
            case SyntheticFill():
                leg = message.multi_leg_reporting_type is MultiLegReportingType.LEG
                of = f"leg {self.side(message.side)} {message.symbol} " if leg else ""
                return (
                    f"{message.cl_ord_id} {of}{message.last_qty} @ "
                    f"{self.price(message.symbol, message.last_px)} by {message.child_id}, "
                    f"cum {message.cum_qty}, leaves {message.leaves_qty}"
                )
            case SyntheticReject():
                return f"{message.cl_ord_id} {message.refused} refused: {message.text}"
            case OnBehalf():
                return f"{message.on_behalf_of_comp_id}: {self.key_fields(message.request)}"
            case DropCopy():
                return f"{message.source_comp_id}: {self.key_fields(message.report)}"
            case _:
                return centre_fields(message) or ""

    def _best(self, symbol: Symbol, *sides: Sequence[tuple[Price, Qty]]) -> Iterator[str]:
        for levels in sides:
            yield f"{levels[0][1]} @ {self.price(symbol, levels[0][0])}" if levels else "none"

    def _wanted(self, request: MarketDataRequest) -> str:
        if request.subscription_request_type is SubscriptionRequestType.DISABLE_PREVIOUS:
            return ", no more"
        depth = f", {request.market_depth} levels" if request.market_depth else ", all levels"
        if request.subscription_request_type is SubscriptionRequestType.SNAPSHOT:
            return depth
        return f"{depth} and changes"

    def _entry(self, symbol: Symbol, entry: MarketDataEntry) -> str:
        what = _ENTRIES[entry.md_entry_type]
        price, size = entry.md_entry_px, entry.md_entry_size
        if price is None:
            return f"{what} {'none' if size is None else size}"
        shown = self.price(symbol, price)
        if size is not None:
            return f"{what} {size} @ {shown}"
        return f"{what} {shown}{' gone' if entry.md_update_action is MDUpdateAction.DELETE else ''}"

    def _conditions(self, order: Terms) -> str:
        """Return what few orders have: how long they live, and what else they ask for."""
        lives = f" {_LIVES[order.time_in_force]}" if order.time_in_force in _LIVES else ""
        said = [lives + (f" {order.expire_date}" if order.expire_date else "")]
        if order.ord_type is OrdType.MARKET_LIMIT:
            said.append("market-limit")
        if order.stop_px is not None:
            said.append(f"stop {self.price(order.symbol, order.stop_px)}")
        if order.display_qty is not None:
            said.append(f"shows {order.display_qty}")
        if isinstance(order, NewOrderSingle) and order.min_qty is not None:
            said.append(f"at least {order.min_qty}")
        if order.post_only:
            said.append("post-only")
        return ", ".join(said) + _smp(order)

    def _quote(self, entry: QuoteEntry) -> str:
        quoted = [
            f"{'bid' if side is Side.BUY else 'offer'} {size} @ {self.price(entry.symbol, px)}"
            for side, px, size in entry.sides
        ]
        return f"{entry.quote_entry_id} {entry.symbol} {' '.join(quoted) or 'none'}"

    @staticmethod
    def _taken(ack: MassQuoteAck) -> str:
        if ack.text or not ack.quote_sets:
            return f": {ack.text}"
        entries = (entry for quote_set in ack.quote_sets for entry in quote_set.entries)
        said = (
            f"{entry.quote_entry_id} working"
            if entry.quote_entry_reject_reason is None
            else f"{entry.quote_entry_id}: {entry.text}"
            for entry in entries
        )
        return f" {', '.join(said)}"

    def _meant(self, request: QuoteCancel) -> str:
        if request.symbols:
            return f"cancel quotes of {', '.join(request.symbols)}"
        if request.quote_set_id is None:
            return "cancel all quotes"
        of = "quotes" if request.side is None else f"{self.side(request.side)} quotes"
        return f"cancel {of} of set {request.quote_set_id}"

    def _gone(self, ack: QuoteCancelAck) -> str:
        name = "" if ack.quote_id is None else f"{ack.quote_id}: "
        if ack.quote_reject_reason is not None:
            return f"{name}{ack.text}"
        gone = ", ".join(map(self._gone_quote, ack.canceled)) or "nothing"
        why = f", {ack.text}" if ack.text else ""
        return f"{name}{gone} canceled{why}"

    def _gone_quote(self, quote: CanceledQuote) -> str:
        return f"{quote.quote_entry_id} {self.side(quote.side)} {quote.leaves_qty} {quote.symbol}"

    def _terms(self, side: Side, qty: Qty, symbol: Symbol, price: Price | None) -> str:
        return f"{self.side(side)} {qty} {symbol} @ {self.price(symbol, price)}"

    def _report(self, report: ExecutionReport) -> str:
        name = report.cl_ord_id
        match report.exec_type:
            case ExecType.TRADE:
                at = self.price(report.symbol, report.last_px)
                return (
                    f"{name} {report.last_qty} @ {at}, cum {report.cum_qty}, "
                    f"leaves {report.leaves_qty}"
                )
            case ExecType.REJECTED:
                return f"{name}: {report.text}"
            case ExecType.TRADE_CANCEL:
                at = self.price(report.symbol, report.last_px)
                return f"{name} {report.last_qty} @ {at} taken back, cum {report.cum_qty}"
            case ExecType.NEW | ExecType.REPLACED | ExecType.TRIGGERED:
                at = "market"
                if report.price is not None:
                    at = self.price(report.symbol, report.price)
                if report.stop_px is not None and report.ord_type in STOPS:
                    return (
                        f"{name} waiting for {self.price(report.symbol, report.stop_px)},"
                        f" {report.leaves_qty} @ {at}"
                    )
                return f"{name} working {report.leaves_qty} @ {at}"
            case ExecType.ORDER_STATUS:
                if report.ord_rej_reason is not None:
                    return f"{name}: {report.text}"
                at = "market"
                if report.price is not None:
                    at = self.price(report.symbol, report.price)
                stands = report.ord_status.name.lower().replace("_", " ")
                return f"{name} {stands}, cum {report.cum_qty}, leaves {report.leaves_qty} @ {at}"
            case ExecType.CANCELED | ExecType.EXPIRED:
                why = f", {report.text}" if report.text else ""
                return f"{name} cum {report.cum_qty}{why}"


def _smp(request: Terms | MassQuote | NewSyntheticOrder | SyntheticAck) -> str:
    """Return what a message says of self-match prevention, if anything."""
    said = ""
    if request.self_match_prevention_id is not None:
        said += f", SMP {request.self_match_prevention_id}"
    if request.self_match_prevention_instruction is not None:
        said += f", SMP instruction {request.self_match_prevention_instruction}"
    return said
