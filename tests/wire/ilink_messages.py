"""Messages of an order-entry session, drawn by Hypothesis: whatever the market could say."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from floorproof.market.fix import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecType,
    MassActionResponse,
    MsgType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    QuoteCancelType,
    QuoteRejectReason,
    QuoteStatus,
    Side,
    TimeInForce,
    UnsolicitedCancelType,
)
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
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
)
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
from floorproof.wire.ilink_forms import Dialect
from floorproof.wire.ilink_names import Names

GATEWAY = CompID("CME-A")


def instrument(symbol: str, decimals: int) -> Instrument:
    return Instrument(symbol=Symbol(symbol), price_decimals=decimals, ticks=TickTable.uniform(1))


MNQ, SPREAD, WHOLE = instrument("MNQU3", 2), instrument("MNQU3-MNQZ3", 9), instrument("FCPO", 0)
LISTED = {each.symbol: each for each in (MNQ, SPREAD, WHOLE)}
DIALECT = Dialect(
    session=GATEWAY,
    operator="ABC400",
    instruments=LISTED,
    start=datetime(2023, 7, 17, 13, 30, 0, 123_456, tzinfo=UTC),
    order_id_required=False,
)

names = st.text(st.sampled_from("AZaz09-_.: "), min_size=1, max_size=20).filter(
    lambda name: name.strip() == name and name != "0"
)
cl_ord_ids = names.map(ClOrdID)
users = st.none() | st.sampled_from(["PM1", "et2", "Trader@Desk", "A" * 20]).map(CompID)
accounts = st.none() | st.sampled_from(["123", "abc", "Account-1234"]).map(Account)
symbols = st.sampled_from([*LISTED, Symbol("UNLISTED")])
prices = st.integers(-999_999_999, 999_999_999)
quantities = st.integers(1, 99_999)
counts = st.integers(0, 99_999)
smp_ids = st.none() | st.sampled_from(["1234567", "x", "7654321"])
instructions = st.none() | st.sampled_from(["N", "O"])
order_ids = st.integers(1, 10**9).map(OrderID)
moments = st.integers(0, 10**18)
texts = st.text(max_size=30)
dates = st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31))


def optional(of: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | of


def _terms() -> dict[str, st.SearchStrategy[object]]:
    return {
        "sender_comp_id": st.just(GATEWAY),
        "sender_sub_id": users,
        "cl_ord_id": cl_ord_ids,
        "symbol": symbols,
        "side": st.sampled_from(Side),
        "order_qty": quantities,
        "price": optional(prices),
        "ord_type": st.sampled_from(OrdType),
        "account": accounts,
        "stop_px": optional(prices),
        "display_qty": optional(quantities),
        "expire_date": dates,
        "post_only": st.booleans(),
        "self_match_prevention_id": smp_ids,
        "self_match_prevention_instruction": instructions,
    }


@st.composite
def orders(draw: st.DrawFn) -> NewOrderSingle:
    """Draw an order; what fill or kill is, only one way."""
    values = {name: draw(of) for name, of in _terms().items()}
    lives = draw(st.sampled_from(TimeInForce))
    min_qty = draw(optional(quantities))
    if lives is TimeInForce.FILL_OR_KILL or min_qty == values["order_qty"]:
        min_qty = None
    parent = draw(st.none() | names.map(StagedOrderID))
    return NewOrderSingle(
        time_in_force=lives,
        min_qty=min_qty,
        parent_id=parent,
        parent_gateway=None if parent is None else draw(st.none() | st.just(CompID("SSE-A"))),
        **values,  # type: ignore[arg-type]  # drawn for these fields
    )


changes = st.builds(
    OrderCancelReplaceRequest,
    orig_cl_ord_id=cl_ord_ids,
    time_in_force=st.sampled_from(TimeInForce),
    **_terms(),
)
cancels = st.builds(
    OrderCancelRequest,
    sender_comp_id=st.just(GATEWAY),
    cl_ord_id=cl_ord_ids,
    orig_cl_ord_id=cl_ord_ids,
    symbol=symbols,
    side=st.sampled_from(Side),
    sender_sub_id=users,
)
mass_actions = st.builds(
    OrderMassActionRequest,
    sender_comp_id=st.just(GATEWAY),
    cl_ord_id=cl_ord_ids,
    symbol=st.none() | symbols,
    side=st.none() | st.sampled_from(Side),
    account=accounts,
    sender_sub_id=users,
)
short_names = st.text(st.sampled_from("ABC012"), min_size=1, max_size=3)


@st.composite
def entries(draw: st.DrawFn, name: str = "q") -> QuoteEntry:
    bid, offer = draw(optional(prices)), draw(optional(prices))
    return QuoteEntry(
        quote_entry_id=ClOrdID(name),
        symbol=draw(symbols),
        bid_px=bid,
        bid_size=0 if bid is None else draw(quantities),
        offer_px=offer,
        offer_size=0 if offer is None else draw(quantities),
    )


@st.composite
def quote_sets(draw: st.DrawFn) -> tuple[QuoteSet, ...]:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    return tuple(
        QuoteSet(
            quote_set_id=draw(short_names),
            entries=tuple(draw(entries(f"q{place}.{each}")) for each in range(size)),
            underlying_symbol=draw(st.none() | short_names),
        )
        for place, size in enumerate(sizes)
    )


mass_quotes = st.builds(
    MassQuote,
    sender_comp_id=st.just(GATEWAY),
    quote_id=short_names.map(QuoteID),
    quote_sets=quote_sets(),
    sender_sub_id=users,
    account=accounts,
    quote_req_id=st.none() | short_names,
    self_match_prevention_id=smp_ids,
    self_match_prevention_instruction=instructions,
)


@st.composite
def quote_cancels(draw: st.DrawFn) -> QuoteCancel:
    kind = draw(st.sampled_from(QuoteCancelType))
    of_set = kind is QuoteCancelType.QUOTE_SET
    of_symbols = kind is QuoteCancelType.SYMBOLS
    return QuoteCancel(
        sender_comp_id=GATEWAY,
        quote_id=QuoteID(draw(short_names)),
        quote_cancel_type=kind,
        symbols=tuple(draw(st.lists(symbols, min_size=1, max_size=3))) if of_symbols else (),
        quote_set_id=draw(short_names) if of_set else None,
        side=draw(st.none() | st.sampled_from(Side)) if of_set else None,
        sender_sub_id=draw(users),
    )


requests = orders() | changes | cancels | mass_actions | mass_quotes | quote_cancels()


@st.composite
def execution_reports(draw: st.DrawFn) -> ExecutionReport:
    exec_type = draw(st.sampled_from(ExecType))
    traded = exec_type in (ExecType.TRADE, ExecType.TRADE_CANCEL)
    statuses = list(OrdStatus)
    if exec_type is ExecType.TRADE:
        statuses = [OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED]
    smp_id = draw(smp_ids)
    return ExecutionReport(
        target_comp_id=GATEWAY,
        cl_ord_id=draw(cl_ord_ids),
        order_id=draw(st.none() | order_ids),
        exec_id=ExecID(draw(st.integers(1, 10**9))),
        exec_type=exec_type,
        ord_status=draw(st.sampled_from(statuses)),
        symbol=draw(symbols),
        side=draw(st.sampled_from(Side)),
        order_qty=draw(quantities),
        leaves_qty=draw(counts),
        cum_qty=draw(counts),
        transact_time_ns=draw(moments),
        price=draw(optional(prices)),
        last_qty=draw(quantities) if traded else 0,
        last_px=draw(prices) if traded else None,
        aggressor_indicator=draw(st.none() | st.booleans()) if traded else None,
        trd_match_id=draw(st.integers(1, 10**7)) if traded else None,
        ord_type=draw(st.sampled_from(OrdType)),
        time_in_force=draw(st.sampled_from(TimeInForce)),
        orig_cl_ord_id=draw(st.none() | cl_ord_ids),
        target_sub_id=draw(users),
        account=draw(accounts),
        parent_id=draw(st.none() | names.map(StagedOrderID)),
        ord_rej_reason=draw(st.none() | st.sampled_from(OrdRejReason)),
        exec_restatement_reason=draw(st.none() | st.sampled_from(ExecRestatementReason)),
        text=draw(texts | st.sampled_from([f"no [{rule}]" for rule in ("ORD-3", "ORD-9", "X-1")])),
        stop_px=draw(optional(prices)),
        display_qty=draw(optional(quantities)),
        exec_ref_id=(
            ExecID(draw(st.integers(1, 10**9))) if exec_type is ExecType.TRADE_CANCEL else None
        ),
        self_match_prevention_id=smp_id,
        self_match_prevention_instruction=None if smp_id is None else draw(instructions),
    )


cancel_rejects = st.builds(
    OrderCancelReject,
    target_comp_id=st.just(GATEWAY),
    cl_ord_id=cl_ord_ids,
    orig_cl_ord_id=cl_ord_ids,
    order_id=st.none() | order_ids,
    cxl_rej_response_to=st.sampled_from(CxlRejResponseTo),
    cxl_rej_reason=st.sampled_from(CxlRejReason),
    transact_time_ns=moments,
    symbol=symbols,
    target_sub_id=users,
    parent_id=st.none() | names.map(StagedOrderID),
    text=texts | st.just("closed [SES-1]"),
)
mass_reports = st.builds(
    OrderMassActionReport,
    target_comp_id=st.just(GATEWAY),
    cl_ord_id=cl_ord_ids,
    mass_action_response=st.sampled_from(MassActionResponse),
    transact_time_ns=moments,
    affected_order_ids=st.lists(order_ids, max_size=4).map(tuple),
    target_sub_id=users,
    text=texts,
)


@st.composite
def quote_acks(draw: st.DrawFn) -> MassQuoteAck:
    sets = draw(st.just(()) | quote_sets())
    return MassQuoteAck(
        target_comp_id=GATEWAY,
        quote_id=QuoteID(draw(short_names)),
        quote_status=draw(st.sampled_from(QuoteStatus)),
        transact_time_ns=draw(moments),
        quote_sets=tuple(
            QuoteSetAck(
                quote_set_id=each.quote_set_id,
                entries=tuple(
                    QuoteEntryAck(
                        quote_entry_id=entry.quote_entry_id,
                        symbol=entry.symbol,
                        bid_px=entry.bid_px,
                        bid_size=entry.bid_size,
                        offer_px=entry.offer_px,
                        offer_size=entry.offer_size,
                        quote_entry_reject_reason=draw(
                            st.none() | st.sampled_from(QuoteRejectReason)
                        ),
                        text=draw(texts),
                    )
                    for entry in each.entries
                ),
            )
            for each in sets
        ),
        quote_reject_reason=draw(st.none() | st.sampled_from(QuoteRejectReason)),
        text=draw(texts),
        target_sub_id=draw(users),
        account=draw(accounts),
        self_match_prevention_id=draw(smp_ids),
    )


quote_cancel_acks = st.builds(
    QuoteCancelAck,
    target_comp_id=st.just(GATEWAY),
    quote_status=st.sampled_from(QuoteStatus),
    transact_time_ns=moments,
    canceled=st.lists(
        st.builds(
            CanceledQuote,
            quote_entry_id=short_names.map(ClOrdID).filter(lambda name: name != "0"),
            symbol=symbols,
            side=st.sampled_from(Side),
            leaves_qty=counts,
        ),
        max_size=3,
    ).map(tuple),
    quote_id=st.none() | short_names.map(QuoteID),
    unsolicited_cancel_type=st.none() | st.sampled_from(UnsolicitedCancelType),
    quote_reject_reason=st.none() | st.sampled_from(QuoteRejectReason),
    text=texts,
    target_sub_id=users,
    self_match_prevention_id=smp_ids,
)
session_rejects = st.builds(
    SessionReject,
    target_comp_id=st.just(GATEWAY),
    ref_msg_type=st.sampled_from(MsgType),
    ref_id=cl_ord_ids,
    text=texts,
    transact_time_ns=moments,
    session_reject_reason=st.none() | st.just("72"),
    ref_tag_id=st.none() | short_names,
    target_sub_id=users,
)
business_rejects = st.builds(
    BusinessMessageReject,
    target_comp_id=st.just(GATEWAY),
    ref_msg_type=st.sampled_from(MsgType),
    business_reject_ref_id=cl_ord_ids,
    text=texts.filter(bool),
    transact_time_ns=moments,
    business_reject_reason=st.sampled_from(BusinessRejectReason),
    target_sub_id=users,
)
reports = (
    execution_reports()
    | cancel_rejects
    | mass_reports
    | quote_acks()
    | quote_cancel_acks
    | session_rejects
    | business_rejects
)


def acquainted() -> Names:
    """Return the memory of an end that has heard of all that the strategies above name."""
    known = Names()
    for name in ("PM1", "et2", "Trader@Desk", "A" * 20, "123", "abc", "Account-1234"):
        known.spelled[name.upper()[:20]] = name
    return known
