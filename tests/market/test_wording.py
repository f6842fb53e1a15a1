"""What the desk calls a message, and what of it is worth a line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import attrs
import msgspec
import pytest

from floorproof.market import messages, quotes, rejects, staging, synthetic
from floorproof.market.centre_wording import CENTRE_MESSAGES
from floorproof.market.fix import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    MassActionResponse,
    MDEntryType,
    MDUpdateAction,
    MsgType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    QuoteCancelType,
    QuoteRejectReason,
    QuoteStatus,
    Side,
    SubscriptionRequestType,
    TimeInForce,
    UnsolicitedCancelType,
)
from floorproof.market.fix_line import Connected, Disconnected, FixText
from floorproof.market.identifiers import (
    Account,
    ClOrdID,
    CompID,
    ExecID,
    OrderID,
    QuoteID,
    StagedOrderID,
    Symbol,
)
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
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
)
from floorproof.market.operations import SecurityStatus
from floorproof.market.quotes import (
    CanceledQuote,
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuoteEntry,
    QuoteEntryAck,
    QuoteSet,
    QuoteSetAck,
)
from floorproof.market.rejects import BusinessMessageReject, SessionReject
from floorproof.market.staging import (
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
    Permission,
    RejectCode,
    RejectRequest,
    ReserveChild,
    SetPermission,
    StagedAck,
    StagedExecType,
    StagedReject,
    StagedStatus,
    StagedUpdate,
    Unclaim,
)
from floorproof.market.synthetic import (
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
    SynthStatus,
)
from floorproof.market.wording import LABELS, Wording, label
from floorproof.runtime.journal import plain_text

MNQ = Symbol("MNQU3")
WORDING = Wording({MNQ: Instrument(symbol=MNQ, price_decimals=2, ticks=TickTable.uniform(25))})

ET1, PM1, C1, P1 = CompID("ET1"), CompID("PM1"), ClOrdID("C1"), StagedOrderID("P1")
SSE_A, CME_A = CompID("SSE-A"), CompID("CME-A")

ORDER = NewOrderSingle(
    sender_comp_id=ET1, cl_ord_id=C1, symbol=MNQ, side=Side.BUY, order_qty=6, price=1535150
)
REPORT = ExecutionReport(
    target_comp_id=ET1,
    cl_ord_id=C1,
    order_id=None,
    exec_id=ExecID(1),
    exec_type=ExecType.NEW,
    ord_status=OrdStatus.NEW,
    symbol=MNQ,
    side=Side.BUY,
    order_qty=6,
    leaves_qty=6,
    cum_qty=0,
    transact_time_ns=0,
    price=1535150,
)
CANCEL_REJECT = OrderCancelReject(
    target_comp_id=ET1,
    cl_ord_id=ClOrdID("x"),
    orig_cl_ord_id=C1,
    order_id=None,
    cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
    cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
    transact_time_ns=0,
    symbol=MNQ,
    text="gone",
)


def report(exec_type: ExecType, **fields: object) -> ExecutionReport:
    return msgspec.structs.replace(REPORT, exec_type=exec_type, **fields)


MASS_REPORT = OrderMassActionReport(
    target_comp_id=ET1,
    cl_ord_id=ClOrdID("m"),
    mass_action_response=MassActionResponse.ACCEPTED,
    transact_time_ns=0,
    affected_order_ids=(OrderID(1), OrderID(2)),
)

CHANGE = ChangeStagedOrder(
    sender_comp_id=PM1, staged_order_id=P1, symbol=MNQ, side=Side.BUY, order_qty=12, price=1535225
)
UPDATE = StagedUpdate(
    target_comp_id=ET1,
    staged_order_id=P1,
    status=StagedStatus.WORKING,
    owner=ET1,
    cum_qty=2,
    leaves_qty=8,
    working_qty=3,
    free_qty=5,
    symbol=MNQ,
    order_qty=10,
    price=None,
    traded=2 * 1535150,
)

SYNTHETIC_FILL = SyntheticFill(
    target_comp_id=ET1,
    cl_ord_id=ClOrdID("t1"),
    child_id=ClOrdID("t1/1"),
    symbol=MNQ,
    side=Side.BUY,
    last_qty=2,
    last_px=1535125,
    cum_qty=5,
    leaves_qty=28,
    synth_status=SynthStatus.WORKING,
)

ENTRIES = (
    MarketDataEntry(MDUpdateAction.NEW, MDEntryType.TRADE, 1535125, 4),
    MarketDataEntry(MDUpdateAction.DELETE, MDEntryType.BID, 1535125),
    MarketDataEntry(MDUpdateAction.CHANGE, MDEntryType.OFFER, 1535150, 3),
    MarketDataEntry(MDUpdateAction.NEW, MDEntryType.TRADING_SESSION_HIGH_PRICE, 1535125),
    MarketDataEntry(MDUpdateAction.DELETE, MDEntryType.TRADING_SESSION_LOW_PRICE),
    MarketDataEntry(MDUpdateAction.NEW, MDEntryType.TRADE_VOLUME, None, 4),
    MarketDataEntry(MDUpdateAction.DELETE, MDEntryType.TRADE_VOLUME),
)

Q1 = QuoteID("Q1")
TWO_SIDED = QuoteEntry(quote_entry_id=ClOrdID("1"), symbol=MNQ, bid_px=1535100, bid_size=6,
                       offer_px=1535150, offer_size=5)  # fmt: skip
BID_ALONE = QuoteEntry(quote_entry_id=ClOrdID("2"), symbol=MNQ, bid_px=1535100, bid_size=6)
NEITHER = QuoteEntry(quote_entry_id=ClOrdID("3"), symbol=MNQ)
MASS_QUOTE = MassQuote(
    sender_comp_id=ET1,
    quote_id=Q1,
    quote_sets=(QuoteSet(quote_set_id="S", entries=(TWO_SIDED, BID_ALONE, NEITHER)),),
)
QUOTE_ACK = MassQuoteAck(
    target_comp_id=ET1,
    quote_id=Q1,
    quote_status=QuoteStatus.ACCEPTED,
    transact_time_ns=0,
    quote_sets=(
        QuoteSetAck(
            quote_set_id="S",
            entries=(
                QuoteEntryAck(quote_entry_id=ClOrdID("1"), symbol=MNQ, bid_px=1, bid_size=1),
                QuoteEntryAck(
                    quote_entry_id=ClOrdID("2"),
                    symbol=MNQ,
                    quote_entry_reject_reason=QuoteRejectReason.OTHER,
                    text="no",
                ),
            ),
        ),
    ),
)
QUOTE_CANCEL = QuoteCancel(
    sender_comp_id=ET1, quote_id=Q1, quote_cancel_type=QuoteCancelType.SYMBOLS, symbols=(MNQ,)
)
QUOTES_GONE = QuoteCancelAck(
    target_comp_id=ET1,
    quote_status=QuoteStatus.CANCELED_FOR_SYMBOLS,
    transact_time_ns=0,
    canceled=(
        CanceledQuote(quote_entry_id=ClOrdID("1"), symbol=MNQ, side=Side.BUY, leaves_qty=6),
        CanceledQuote(quote_entry_id=ClOrdID("1"), symbol=MNQ, side=Side.SELL, leaves_qty=5),
    ),
    quote_id=Q1,
)

# fmt: off
SAID: list[tuple[object, str]] = [
    (NewStagedOrder(sender_comp_id=PM1, staged_order_id=P1, staged_type="BROKER", gateway=CME_A,
                    symbol=MNQ, side=Side.BUY, order_qty=10, price=1535200,
                    account=Account("123"), text="by the close"),
     "NewStagedOrder P1 BROKER Buy 10 MNQU3 @ 15352.00, account 123, 'by the close'"),
    (NewStagedOrder(sender_comp_id=PM1, staged_order_id=P1, staged_type="BROKER", gateway=CME_A,
                    symbol=MNQ, side=Side.SELL, order_qty=10),
     "NewStagedOrder P1 BROKER Sell 10 MNQU3 @ market"),
    (Claim(sender_comp_id=ET1, staged_order_id=P1), "Claim P1"),
    (StagedAck(target_comp_id=ET1, staged_order_id=P1, staged_type="BROKER",
               status=StagedStatus.AVAILABLE, owner=None, gateway=CME_A, symbol=MNQ,
               side=Side.BUY, order_qty=10, leaves_qty=10, price=None, account=None,
               originator=PM1, routing_mgt="A/B/C", exchange_mgt="A/B/C", text=""),
     "StagedAck P1 Available, owner none, leaves 10"),
    (UPDATE, "StagedUpdate P1 Working, owner ET1, cum 2, working 3, free 5"),
    (attrs.evolve(UPDATE, answered=StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED),
     "StagedUpdate P1 Working, owner ET1, cum 2, working 3, free 5, approved"),
    (attrs.evolve(UPDATE, answered=StagedExecType.STAGE_ORDER_REJECTION_OF_PENDING_ACCEPTED),
     "StagedUpdate P1 Working, owner ET1, cum 2, working 3, free 5, not approved"),
    (Unclaim(sender_comp_id=ET1, staged_order_id=P1), "Unclaim P1"),
    (CancelStagedOrder(sender_comp_id=PM1, staged_order_id=P1), "CancelStagedOrder P1"),
    (CHANGE, "ChangeStagedOrder P1 to Buy 12 MNQU3 @ 15352.25"),
    (HoldStagedOrder(sender_comp_id=PM1, staged_order_id=P1), "HoldStagedOrder P1"),
    (ApprovalRequest(target_comp_id=ET1, staged_order_id=P1, request_no=1, originator=PM1,
                     change=None),
     "ApprovalRequest 1 of PM1: cancel P1"),
    (ApprovalRequest(target_comp_id=ET1, staged_order_id=P1, request_no=2, originator=PM1,
                     change=CHANGE),
     "ApprovalRequest 2 of PM1: change P1 to Buy 12 MNQU3 @ 15352.25"),
    (ApproveRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=2),
     "ApproveRequest 2 of P1"),
    (ApproveRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=2, push=True),
     "ApproveRequest 2 of P1, for its children too"),
    (RejectRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=1), "RejectRequest 1 of P1"),
    (StagedReject(target_comp_id=ET1, staged_order_id=P1, refused="Claim",
                  code=RejectCode.CLAIM_STAGED_FORBIDDEN, text="P1 is filled"),
     "StagedReject P1 Claim refused, 44: P1 is filled"),
    (ParentPartialFill(target_comp_id=ET1, staged_order_id=P1, child_id=C1, symbol=MNQ, last_qty=4,
                       last_px=1535150, cum_qty=4, leaves_qty=6, working_qty=2,
                       status=StagedStatus.PARTIALLY_FILLED, owner=ET1),
     "ParentPartialFill P1 4 @ 15351.50 by C1, cum 4, leaves 6, Partially Filled"),
    (ReserveChild(sender_comp_id=CME_A, user=ET1, parent_id=P1, order=ORDER),
     "ReserveChild C1 of ET1: 6 of P1"),
    (ReserveChild(sender_comp_id=CME_A, user=ET1, parent_id=P1,
                  change=OrderCancelReplaceRequest(
                      sender_comp_id=ET1, cl_ord_id=ClOrdID("C1a"), orig_cl_ord_id=C1, symbol=MNQ,
                      side=Side.BUY, order_qty=8, price=1535200)),
     "ReserveChild C1a of ET1: 8 of P1"),
    (ChildReserved(target_comp_id=CME_A, user=ET1, cl_ord_id=C1, parent_id=P1, originator=PM1,
                   account=None, beneficiaries=(PM1,)),
     "ChildReserved C1 of ET1 in P1"),
    (ChildRefused(target_comp_id=CME_A, user=ET1, cl_ord_id=C1, parent_id=P1,
                  code=RejectCode.INVALID_QTY, text="P1 has 0 free"),
     "ChildRefused C1 of ET1, 4: P1 has 0 free"),
    (SetPermission(user=ET1, permission=Permission.CREATION, allowed=True),
     "SetPermission ET1 may: staged_order_creation"),
    (SetPermission(user=ET1, permission=Permission.MANAGEMENT, allowed=False),
     "SetPermission ET1 may not: staged_order_management"),
    (SetPermission(user=ET1, permission=Permission.SUBMIT, allowed=True, account=Account("123")),
     "SetPermission ET1 may: submit_staged_orders for 123"),
    (ORDER, "NewOrder C1 Buy 6 MNQU3 @ 15351.50"),
    (msgspec.structs.replace(ORDER, price=None, ord_type=OrdType.MARKET),
     "NewOrder C1 Buy 6 MNQU3 @ market"),
    (msgspec.structs.replace(ORDER, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL),
     "NewOrder C1 Buy 6 MNQU3 @ 15351.50 IOC"),
    (msgspec.structs.replace(ORDER, symbol=Symbol("UNLISTED")),
     "NewOrder C1 Buy 6 UNLISTED @ 1535150"),
    (msgspec.structs.replace(ORDER, parent_id=P1, parent_gateway=SSE_A),
     "NewChildOrder C1 Buy 6 MNQU3 @ 15351.50, parent P1"),
    (OrderCancelRequest(sender_comp_id=ET1, cl_ord_id=ClOrdID("x"), orig_cl_ord_id=C1, symbol=MNQ,
                        side=Side.BUY),
     "Cancel x: cancel C1"),
    (OrderCancelReplaceRequest(sender_comp_id=ET1, cl_ord_id=ClOrdID("C1a"), orig_cl_ord_id=C1,
                               symbol=MNQ, side=Side.BUY, order_qty=8, price=1535200),
     "Change C1a: C1 to Buy 8 MNQU3 @ 15352.00"),
    (REPORT, "OrderAck C1 working 6 @ 15351.50"),
    (report(ExecType.NEW, price=None, ord_type=OrdType.MARKET), "OrderAck C1 working 6 @ market"),
    (report(ExecType.NEW, parent_id=P1), "ChildAck C1 working 6 @ 15351.50"),
    (report(ExecType.TRADE, last_qty=4, last_px=1535125, cum_qty=4, leaves_qty=2),
     "OrderFill C1 4 @ 15351.25, cum 4, leaves 2"),
    (report(ExecType.TRADE, last_qty=4, last_px=1535125, cum_qty=4, leaves_qty=2, parent_id=P1),
     "ChildFill C1 4 @ 15351.25, cum 4, leaves 2"),
    (report(ExecType.CANCELED, leaves_qty=0, cum_qty=2), "OrderCanceled C1 cum 2"),
    (report(ExecType.CANCELED, leaves_qty=0, text="self-match"),
     "OrderCanceled C1 cum 0, self-match"),
    (report(ExecType.CANCELED, leaves_qty=0, parent_id=P1), "ChildCanceled C1 cum 0"),
    (report(ExecType.REPLACED), "OrderChanged C1 working 6 @ 15351.50"),
    (report(ExecType.REPLACED, parent_id=P1), "ChildChanged C1 working 6 @ 15351.50"),
    (report(ExecType.EXPIRED, leaves_qty=0), "OrderEliminated C1 cum 0"),
    (report(ExecType.EXPIRED, leaves_qty=0, parent_id=P1), "ChildEliminated C1 cum 0"),
    (report(ExecType.REJECTED, leaves_qty=0, text="no"), "OrderReject C1: no"),
    (report(ExecType.REJECTED, leaves_qty=0, text="no", parent_id=P1), "ChildReject C1: no"),
    (report(ExecType.NEW, ord_type=OrdType.STOP_LIMIT, stop_px=1535100),
     "OrderAck C1 waiting for 15351.00, 6 @ 15351.50"),
    (report(ExecType.NEW, ord_type=OrdType.STOP, stop_px=1535100, price=None),
     "OrderAck C1 waiting for 15351.00, 6 @ market"),
    (report(ExecType.TRIGGERED, stop_px=1535100), "OrderTriggered C1 working 6 @ 15351.50"),
    (report(ExecType.TRIGGERED, parent_id=P1), "ChildTriggered C1 working 6 @ 15351.50"),
    (report(ExecType.TRADE_CANCEL, last_qty=4, last_px=1535125, cum_qty=1),
     "OrderBusted C1 4 @ 15351.25 taken back, cum 1"),
    (report(ExecType.TRADE_CANCEL, last_qty=4, last_px=1535125, cum_qty=1, parent_id=P1),
     "ChildBusted C1 4 @ 15351.25 taken back, cum 1"),
    (OrderMassActionRequest(sender_comp_id=ET1, cl_ord_id=ClOrdID("m")), "MassCancel m all orders"),
    (OrderMassActionRequest(sender_comp_id=ET1, cl_ord_id=ClOrdID("m"), symbol=MNQ, side=Side.BUY),
     "MassCancel m Buy MNQU3"),
    (MASS_REPORT, "MassCancelReport m: 2 canceled"),
    (OrderStatusRequest(sender_comp_id=ET1, cl_ord_id=C1, symbol=MNQ, side=Side.BUY),
     "StatusRequest Buy MNQU3 C1"),
    (report(ExecType.ORDER_STATUS, cum_qty=2, leaves_qty=4, ord_status=OrdStatus.PARTIALLY_FILLED),
     "OrderStatus C1 partially filled, cum 2, leaves 4 @ 15351.50"),
    (report(ExecType.ORDER_STATUS, price=None, parent_id=P1),
     "ChildStatus C1 new, cum 0, leaves 6 @ market"),
    (report(ExecType.ORDER_STATUS, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER, text="not live"),
     "OrderStatus C1: not live"),
    (msgspec.structs.replace(MASS_REPORT, text="closed"), "MassCancelReport m: closed"),
    (CANCEL_REJECT, "CancelReject x of C1: gone"),
    (DropCopy(source_comp_id=CME_A, report=REPORT),
     "Copy of OrderAck CME-A: C1 working 6 @ 15351.50"),
    (DropCopy(source_comp_id=CME_A, report=CANCEL_REJECT),
     "Copy of CancelReject CME-A: x of C1: gone"),
    (NewSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1"), order_type="TT_TWAP",
                       symbol=MNQ, side=Side.BUY, order_qty=33, price=1535200,
                       account=Account("123"), parent_id=P1),
     "NewSyntheticOrder t1 TT_TWAP Buy 33 MNQU3 @ 15352.00, account 123, parent P1"),
    (NewSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1"), order_type="TT_TWAP",
                       symbol=MNQ, side=Side.BUY, order_qty=33, parent_id=P1,
                       self_match_prevention_id="1234567", self_match_prevention_instruction="N"),
     "NewSyntheticOrder t1 TT_TWAP Buy 33 MNQU3 @ market, SMP 1234567, SMP instruction N,"
     " parent P1"),
    (EditSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1"), order_qty=30,
                        parameters={"max_display": 5}),
     "EditSyntheticOrder t1 to order_qty 30, max_display 5"),
    (EditSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1")),
     "EditSyntheticOrder t1 to what it is"),
    (CancelSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1")), "CancelSyntheticOrder t1"),
    (CancelSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1"), keeps_children=True),
     "CancelSyntheticOrder t1, children kept"),
    (PauseSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1")), "PauseSyntheticOrder t1"),
    (ResumeSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1")), "ResumeSyntheticOrder t1"),
    (Disconnect(sender_comp_id=ET1), "Disconnect ET1"),
    (SyntheticAck(target_comp_id=ET1, cl_ord_id=ClOrdID("t1"), order_type="TT_TWAP", originator=ET1,
                  synth_status=SynthStatus.WAITING, symbol=MNQ, side=Side.BUY, order_qty=33,
                  leaves_qty=33, price=None, account=None, parent_id=None, parameters=None),
     "SyntheticAck t1 TT_TWAP Waiting, Buy 33 MNQU3 @ market"),
    (SyntheticUpdate(target_comp_id=ET1, cl_ord_id=ClOrdID("t1"), synth_status=SynthStatus.PAUSED,
                     symbol=MNQ, order_qty=33, price=None, cum_qty=3, leaves_qty=30, text="lunch"),
     "SyntheticUpdate t1 Paused, cum 3, leaves 30: lunch"),
    (SYNTHETIC_FILL, "SyntheticFill t1 2 @ 15351.25 by t1/1, cum 5, leaves 28"),
    (attrs.evolve(SYNTHETIC_FILL, multi_leg_reporting_type=MultiLegReportingType.LEG),
     "SyntheticFill t1 leg Buy MNQU3 2 @ 15351.25 by t1/1, cum 5, leaves 28"),
    (SyntheticReject(target_comp_id=ET1, cl_ord_id=ClOrdID("t1"), refused="EditSyntheticOrder",
                     text="t1 is Finished"),
     "SyntheticReject t1 EditSyntheticOrder refused: t1 is Finished"),
    (OnBehalf(sender_comp_id=SSE_A, on_behalf_of_comp_id=ET1,
              request=OrderCancelRequest(sender_comp_id=ET1, cl_ord_id=ClOrdID("x"),
                                         orig_cl_ord_id=C1, symbol=MNQ, side=Side.BUY)),
     "OnBehalf Cancel ET1: x: cancel C1"),
    (MarketDataRequest(sender_comp_id=ET1, md_req_id="m1", symbol=MNQ, market_depth=5),
     "MarketDataRequest m1 MNQU3, 5 levels"),
    (MarketDataRequest(sender_comp_id=ET1, md_req_id="m1", symbol=MNQ,
                       subscription_request_type=SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES),
     "MarketDataRequest m1 MNQU3, all levels and changes"),
    (MarketDataRequest(sender_comp_id=ET1, md_req_id="m1", symbol=MNQ,
                       subscription_request_type=SubscriptionRequestType.DISABLE_PREVIOUS),
     "MarketDataRequest m1 MNQU3, no more"),
    (MarketDataIncrementalRefresh(target_comp_id=ET1, md_req_id="m1", symbol=MNQ, entries=ENTRIES),
     "MarketDataIncrementalRefresh m1 MNQU3, trade 4 @ 15351.25, bid 15351.25 gone,"
     " offer 3 @ 15351.50, high 15351.25, low none, volume 4, volume none"),
    (SecurityStatus(symbol=MNQ, trading_state="HALT", transact_time_ns=0),
     "SecurityStatus MNQU3 HALT"),
    (MarketDataSnapshot(target_comp_id=ET1, md_req_id="m1", symbol=MNQ,
                        bids=((1535125, 7), (1535100, 3)), offers=(), last_px=None),
     "MarketDataSnapshot m1 MNQU3, bid 7 @ 15351.25, offer none"),
    (MarketDataRequestReject(target_comp_id=ET1, md_req_id="m1", text="no such symbol"),
     "MarketDataRequestReject m1: no such symbol"),
    (MASS_QUOTE, "MassQuote Q1 1 MNQU3 bid 6 @ 15351.00 offer 5 @ 15351.50,"
                 " 2 MNQU3 bid 6 @ 15351.00, 3 MNQU3 none"),
    (msgspec.structs.replace(MASS_QUOTE, quote_sets=(QuoteSet(quote_set_id="S",
                                                              entries=(NEITHER,)),),
                             self_match_prevention_id="1234567",
                             self_match_prevention_instruction="X"),
     "MassQuote Q1 3 MNQU3 none, SMP 1234567, SMP instruction X"),
    (QUOTE_ACK, "MassQuoteAck Q1 1 working, 2: no"),
    (msgspec.structs.replace(QUOTE_ACK, quote_status=QuoteStatus.REJECTED, quote_sets=(),
                             quote_reject_reason=QuoteRejectReason.DUPLICATE_QUOTE, text="used"),
     "MassQuoteAck Q1: used"),
    (QUOTE_CANCEL, "QuoteCancel Q1: cancel quotes of MNQU3"),
    (msgspec.structs.replace(QUOTE_CANCEL, quote_cancel_type=QuoteCancelType.ALL, symbols=()),
     "QuoteCancel Q1: cancel all quotes"),
    (msgspec.structs.replace(QUOTE_CANCEL, quote_cancel_type=QuoteCancelType.QUOTE_SET,
                             symbols=(), quote_set_id="S"),
     "QuoteCancel Q1: cancel quotes of set S"),
    (msgspec.structs.replace(QUOTE_CANCEL, quote_cancel_type=QuoteCancelType.QUOTE_SET,
                             symbols=(), quote_set_id="S", side=Side.BUY),
     "QuoteCancel Q1: cancel Buy quotes of set S"),
    (QUOTES_GONE, "QuoteCancelAck Q1: 1 Buy 6 MNQU3, 1 Sell 5 MNQU3 canceled"),
    (msgspec.structs.replace(QUOTES_GONE, canceled=()), "QuoteCancelAck Q1: nothing canceled"),
    (msgspec.structs.replace(QUOTES_GONE, quote_id=None, canceled=QUOTES_GONE.canceled[1:],
                             unsolicited_cancel_type=UnsolicitedCancelType.SELF_MATCH_PREVENTION,
                             text="self-match"),
     "QuoteCancelAck 1 Sell 5 MNQU3 canceled, self-match"),
    (msgspec.structs.replace(QUOTES_GONE, quote_status=QuoteStatus.REJECTED, canceled=(),
                             quote_reject_reason=QuoteRejectReason.UNKNOWN_SYMBOL, text="unknown"),
     "QuoteCancelAck Q1: unknown"),
    (SessionReject(target_comp_id=ET1, ref_msg_type=MsgType.NEW_ORDER_SINGLE, ref_id=C1,
                   text="unregistered", transact_time_ns=0),
     "SessionReject C1: unregistered"),
    (BusinessMessageReject(target_comp_id=ET1, ref_msg_type=MsgType.MASS_QUOTE,
                           business_reject_ref_id=Q1, text="unregistered", transact_time_ns=0,
                           business_reject_reason=BusinessRejectReason.OTHER),
     "BusinessMessageReject Q1: unregistered"),
    (Connected(2), "Connected connection 2"),
    (Disconnected(2, "silence"), "Disconnected silence"),
    (FixText(2, "8=FIX.4.2\x0135=0\x01"), "FixText 8=FIX.4.2|35=0|"),
    ("what only a plugin knows", "str "),
]
# fmt: on


@pytest.mark.parametrize(("message", "said"), SAID, ids=[said for _, said in SAID])
def test_a_message_in_the_desks_words(message: object, said: str) -> None:
    assert f"{label(message)} {WORDING.key_fields(message)}" == said


def message_classes() -> Iterator[type]:
    """Yield every message class of the room: what has a sender, an addressee or a user."""
    for module in (messages, staging, quotes, rejects, synthetic):
        for _, cls in inspect.getmembers(module, inspect.isclass):
            fields = cls.__annotations__ if cls.__module__ == module.__name__ else {}
            if not {"sender_comp_id", "target_comp_id", "source_comp_id", "user"}.isdisjoint(
                fields
            ):
                yield cls


def test_every_message_is_said_above() -> None:
    assert {type(message) for message, _ in SAID}.issuperset(message_classes())


def test_labels_hold_every_word_and_its_class() -> None:
    words = {
        label(message): type(message)
        for message, _ in SAID
        if not isinstance(message, DropCopy | OnBehalf | str)
    }

    # Those of the request centre are said in `test_centre_wording`.
    of_the_centre = {cls.__name__: cls for cls in CENTRE_MESSAGES}
    assert words | of_the_centre == dict(LABELS)


@pytest.mark.parametrize(
    ("symbol", "price", "expected"),
    [("MNQU3", 1535150, "15351.50"), ("MNQU3", None, "market"), ("UNLISTED", 7, "7")],
)
def test_prices_are_written_as_people_write_them(
    symbol: str, price: int | None, expected: str
) -> None:
    assert WORDING.price(Symbol(symbol), price) == expected


@pytest.mark.parametrize(("message", "said"), SAID, ids=[said for _, said in SAID])
def test_a_message_reads_back_from_a_journal(message: object, said: str) -> None:
    if type(message) not in LABELS.values():
        pytest.skip("what crosses no floor by itself, or only a plugin knows")

    written = msgspec.json.decode(plain_text(message))

    assert msgspec.convert(written, type(message)) == message
