"""What a venue answers: its reports, its refusals, its snapshots."""

from __future__ import annotations

import msgspec
import pytest
from oracle.shorthand import order, request, told

from floorproof.market.exchange import Exchange
from floorproof.market.fix import ExecType, MDReqRejReason, OrdStatus, Side
from floorproof.market.identifiers import CompID, StagedOrderID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    Statistics,
)
from floorproof.plugins.fifo import Fifo


def exchange_with(*lines: str) -> Exchange:
    """Return a venue of X (tick 0.25, at most 100) and Y that has received *lines*."""
    exchange = Exchange(
        [
            Instrument(
                symbol=Symbol("X"),
                price_decimals=2,
                ticks=TickTable.uniform(25),
                max_order_qty=100,
            ),
            Instrument(symbol=Symbol("Y"), price_decimals=0, ticks=TickTable.uniform(1)),
        ],
        dict.fromkeys([Symbol("X"), Symbol("Y")], Fifo()),
    )
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def say(exchange: Exchange, line: str) -> list[str]:
    return [told(report) for report in exchange.receive(request(line), 0).reports]


# --- reports -------------------------------------------------------------------------


@pytest.mark.rule("REP-1")
def test_an_aggressor_is_acknowledged_then_each_trade_told_to_both() -> None:
    exchange = exchange_with("ALPHA a1 SELL 10 @ 50", "BRAVO b1 SELL 10 @ 75")

    assert say(exchange, "CHARLIE c1 BUY 25 @ 75") == [
        "CHARLIE c1 NEW, leaves 25 cum 0",
        "ALPHA a1 TRADE 10 @ 50, leaves 0 cum 10",
        "CHARLIE c1 TRADE 10 @ 50, leaves 15 cum 10",
        "BRAVO b1 TRADE 10 @ 75, leaves 0 cum 10",
        "CHARLIE c1 TRADE 10 @ 75, leaves 5 cum 20",
    ]


@pytest.mark.rule("REP-5")
@pytest.mark.parametrize("others", [0, 9], ids=["in a book of its own", "in a large book"])
def test_a_mass_action_finds_its_sessions_orders_wherever_they_are(others: int) -> None:
    exchange = exchange_with(
        "A y1 BUY 1 @ 50 symbol=Y",
        *(f"B b{number} BUY 1 @ 50" for number in range(others)),
        "A a1 BUY 1 @ 50",
        "A a2 BUY 1 @ 50",
        "A a3 CANCEL BUY a2",
        "A a4 CHANGE BUY a1 2 @ 50",
    )

    assert say(exchange, "A m MASS") == [
        "A m CANCELED, leaves 0 cum 0",
        "A m CANCELED, leaves 0 cum 0",
        f"A m MASS CANCELED 2: #1 #{others + 2}",
    ]
    assert len(exchange.book(Symbol("X"))) == others


@pytest.mark.rule("REP-2")
def test_an_immediate_orders_rest_expires_last() -> None:
    exchange = exchange_with("ALPHA a1 SELL 10 @ 50")

    assert say(exchange, "CHARLIE c1 BUY 25 @ 50 IOC")[2:] == [
        "CHARLIE c1 TRADE 10 @ 50, leaves 15 cum 10",
        "CHARLIE c1 EXPIRED, leaves 0 cum 10",
    ]


@pytest.mark.rule("REP-3")
def test_a_market_orders_rest_is_canceled_with_a_reason() -> None:
    exchange = exchange_with("ALPHA a1 SELL 10 @ 50")

    assert say(exchange, "CHARLIE c1 BUY 25 MARKET")[2:] == [
        "CHARLIE c1 TRADE 10 @ 50, leaves 15 cum 10",
        "CHARLIE c1 CANCELED, leaves 0 cum 10, MARKET_OPTION",
    ]


def test_an_order_filled_twice_adds_up() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "BRAVO b1 SELL 3 @ 50")

    assert say(exchange, "BRAVO b2 SELL 4 @ 50") == [
        "BRAVO b2 NEW, leaves 4 cum 0",
        "ALPHA a1 TRADE 4 @ 50, leaves 3 cum 7",
        "BRAVO b2 TRADE 4 @ 50, leaves 0 cum 4",
    ]


def test_a_cancel_tells_what_had_been_filled() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "BRAVO b1 SELL 3 @ 50")

    (report,) = exchange.receive(request("ALPHA x1 CANCEL BUY a1"), 7).reports

    assert isinstance(report, ExecutionReport)
    assert told(report) == "ALPHA x1 CANCELED, leaves 0 cum 3"
    assert (report.orig_cl_ord_id, report.order_qty, report.transact_time_ns) == ("a1", 10, 7)
    assert len(exchange.book(Symbol("X"))) == 0


def test_both_sides_of_a_trade_share_its_number_and_know_their_parts() -> None:
    exchange = exchange_with("ALPHA a1 SELL 10 @ 50", "ALPHA a2 SELL 10 @ 50")

    _, *fills = exchange.receive(request("BRAVO b1 BUY 15 @ 50"), 0).reports

    parts = [
        (fill.trd_match_id, fill.aggressor_indicator, fill.ord_status)
        for fill in fills
        if isinstance(fill, ExecutionReport)
    ]
    assert parts == [
        (1, False, OrdStatus.FILLED),
        (1, True, OrdStatus.PARTIALLY_FILLED),
        (2, False, OrdStatus.PARTIALLY_FILLED),
        (2, True, OrdStatus.FILLED),
    ]


def test_reports_are_numbered_without_a_gap_and_name_the_users_order() -> None:
    entered = order("ALPHA a1 SELL 10 @ 50 user=ET1 account=123")
    child = msgspec.structs.replace(entered, parent_id=StagedOrderID("P1"))
    exchange = exchange_with("BRAVO b1 BUY 4 @ 50", "BRAVO b1 BUY 4 @ 50")

    ack, resting_fill, fill = exchange.receive(child, 5).reports

    assert isinstance(ack, ExecutionReport)
    assert isinstance(resting_fill, ExecutionReport)
    assert isinstance(fill, ExecutionReport)
    assert [report.exec_id for report in (ack, resting_fill, fill)] == [3, 4, 5]
    assert (fill.target_comp_id, fill.target_sub_id) == ("ALPHA", "ET1")
    assert (fill.account, fill.parent_id, fill.order_id) == ("123", "P1", 2)
    assert resting_fill.target_sub_id is None


def test_two_exchanges_count_for_themselves() -> None:
    one, other = exchange_with("ALPHA a1 BUY 1 @ 50"), exchange_with()

    (report,) = other.receive(request("ALPHA a1 BUY 1 @ 50"), 0).reports

    assert isinstance(report, ExecutionReport)
    assert (report.order_id, report.exec_id) == (1, 1)
    assert len(one.book(Symbol("X"))) == 1


def test_a_report_is_frozen() -> None:
    (report,) = exchange_with().receive(request("ALPHA a1 BUY 1 @ 50"), 0).reports

    assert isinstance(report, ExecutionReport)
    assert report == ExecutionReport(**msgspec.structs.asdict(report))
    with pytest.raises(AttributeError, match="immutable"):
        report.leaves_qty = 0  # type: ignore[misc]  # that it is refused is the point


def test_the_same_name_is_another_order_in_another_session() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "BRAVO a1 BUY 20 @ 50")

    assert say(exchange, "BRAVO x1 CANCEL BUY a1") == ["BRAVO x1 CANCELED, leaves 0 cum 0"]
    assert exchange.book(Symbol("X")).depth(Side.BUY, 1) == ((50, 10),)


# --- refusals ------------------------------------------------------------------------

# ALPHA has bought 4 of a1's 10 and waits for the rest; a0 was canceled by x0.
BEFORE = (
    "ALPHA a1 BUY 10 @ 50",
    "BRAVO b1 SELL 4 @ 50",
    "ALPHA a0 BUY 10 @ 25",
    "ALPHA x0 CANCEL BUY a0",
)

# fmt: off
REFUSALS = {
    "unknown symbol": (
        "REJ-6", "ALPHA n BUY 1 @ 50 symbol=Z",
        "ALPHA n REJECTED UNKNOWN_SYMBOL: symbol 'Z': expected one of X, Y"),
    "price off tick": (
        "ORD-1", "ALPHA n BUY 1 @ 60",
        "ALPHA n REJECTED INVALID_PRICE_INCREMENT: price 0.60: expected a multiple of 0.25"),
    "limit order without a price": (
        "ORD-1", "ALPHA n BUY 1",
        "ALPHA n REJECTED OTHER: price missing: expected the limit of a LIMIT order"),
    "market order with a price": (
        "ORD-1", "ALPHA n SELL 1 @ 50 MARKET",
        "ALPHA n REJECTED OTHER: price 0.50: expected none on a MARKET order"),
    "quantity too large": (
        "ORD-5", "ALPHA n BUY 101 @ 50",
        "ALPHA n REJECTED ORDER_EXCEEDS_LIMIT: order_qty 101: expected at most 100"),
    "name of a live order": (
        "REJ-2", "ALPHA a1 BUY 1 @ 50",
        "ALPHA a1 REJECTED DUPLICATE_ORDER: cl_ord_id 'a1': expected a name not used before"),
    "name of an order long gone": (
        "REJ-2", "ALPHA a0 BUY 1 @ 50",
        "ALPHA a0 REJECTED DUPLICATE_ORDER: cl_ord_id 'a0': expected a name not used before"),
    "market order, no offers": (
        "REJ-5", "BRAVO n BUY 1 MARKET",
        "BRAVO n REJECTED BROKER_OPTION: ord_type MARKET: expected an offer to trade with"),
    "market order, no bids": (
        "REJ-5", "BRAVO n SELL 1 MARKET symbol=Y",
        "BRAVO n REJECTED BROKER_OPTION: ord_type MARKET: expected a bid to trade with"),
    "cancel of nothing": (
        "REJ-3", "ALPHA n CANCEL BUY a9",
        "ALPHA n REFUSED UNKNOWN_ORDER: orig_cl_ord_id 'a9': expected a live order's latest name"),
    "cancel of an order long gone": (
        "REJ-3", "ALPHA n CANCEL BUY a0",
        "ALPHA n REFUSED UNKNOWN_ORDER: orig_cl_ord_id 'a0': expected a live order's latest name"),
    "cancel of a filled order": (
        "REJ-3", "BRAVO n CANCEL SELL b1",
        "BRAVO n REFUSED UNKNOWN_ORDER: orig_cl_ord_id 'b1': expected a live order's latest name"),
    "cancel of another session's order": (
        "REJ-3", "BRAVO n CANCEL BUY a1",
        "BRAVO n REFUSED UNKNOWN_ORDER: orig_cl_ord_id 'a1': expected a live order's latest name"),
    "cancel under the order's own name": (
        "REJ-2", "ALPHA a1 CANCEL BUY a1",
        "ALPHA a1 REFUSED DUPLICATE_CL_ORD_ID: cl_ord_id 'a1': expected a name not used before"),
    "cancel under a cancel's name": (
        "REJ-2", "ALPHA x0 CANCEL BUY a1",
        "ALPHA x0 REFUSED DUPLICATE_CL_ORD_ID: cl_ord_id 'x0': expected a name not used before"),
    "cancel, unknown symbol": (
        "REJ-6", "ALPHA n CANCEL BUY a1 symbol=Z",
        "ALPHA n REFUSED OTHER: symbol 'Z': expected one of X, Y"),
    "cancel, other symbol": (
        "REJ-3", "ALPHA n CANCEL BUY a1 symbol=Y",
        "ALPHA n REFUSED OTHER: symbol 'Y': expected 'X', the order's"),
    "cancel, other side": (
        "REJ-3", "ALPHA n CANCEL SELL a1",
        "ALPHA n REFUSED OTHER: side SELL: expected BUY, the order's"),
    "change of nothing": (
        "REJ-3", "ALPHA n CHANGE BUY a9 10 @ 50",
        "ALPHA n REFUSED UNKNOWN_ORDER: orig_cl_ord_id 'a9': expected a live order's latest name"),
    "change under a used name": (
        "REJ-2", "ALPHA a0 CHANGE BUY a1 10 @ 50",
        "ALPHA a0 REFUSED DUPLICATE_CL_ORD_ID: cl_ord_id 'a0': expected a name not used before"),
    "change, other symbol": (
        "REJ-3", "ALPHA n CHANGE BUY a1 10 @ 50 symbol=Y",
        "ALPHA n REFUSED OTHER: symbol 'Y': expected 'X', the order's"),
    "change, other side": (
        "REJ-3", "ALPHA n CHANGE SELL a1 10 @ 50",
        "ALPHA n REFUSED OTHER: side SELL: expected BUY, the order's"),
    "change to what is filled": (
        "REJ-4", "ALPHA n CHANGE BUY a1 4 @ 50",
        "ALPHA n REFUSED OTHER: order_qty 4: expected more than cum_qty 4, filled so far"),
    "change, quantity too large": (
        "ORD-5", "ALPHA n CHANGE BUY a1 101 @ 50",
        "ALPHA n REFUSED OTHER: order_qty 101: expected at most 100"),
    "change, price off tick": (
        "ORD-1", "ALPHA n CHANGE BUY a1 10 @ 60",
        "ALPHA n REFUSED INVALID_PRICE_INCREMENT: price 0.60: expected a multiple of 0.25"),
    "change without a price": (
        "ORD-1", "ALPHA n CHANGE BUY a1 10",
        "ALPHA n REFUSED OTHER: price missing: expected the limit of a LIMIT order"),
    "change into a market order": (
        "REJ-7", "ALPHA n CHANGE BUY a1 10 MARKET",
        "ALPHA n REFUSED OTHER: ord_type MARKET: expected one of LIMIT, STOP, STOP_LIMIT"),
}
# fmt: on


@pytest.mark.rule("ORD-1", "ORD-5", "REJ-2", "REJ-3", "REJ-4", "REJ-5", "REJ-6", "REJ-7")
@pytest.mark.parametrize(("rule", "line", "reject"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_says_what_was_expected_and_changes_nothing(
    rule: str, line: str, reject: str
) -> None:
    exchange, twin = exchange_with(*BEFORE), exchange_with(*BEFORE)

    assert say(exchange, line) == [f"{reject} [{rule}]"]
    # Had it changed anything, its name would be used now.
    assert say(exchange, line) == [f"{reject} [{rule}]"]

    depth = [exchange.book(Symbol("X")).depth(side, 9) for side in Side]
    assert depth == [twin.book(Symbol("X")).depth(side, 9) for side in Side]
    later = exchange.receive(request("BRAVO b2 SELL 99 @ 25"), 0).reports
    assert [told(report) for report in later] == say(twin, "BRAVO b2 SELL 99 @ 25")
    first = later[0]
    assert isinstance(first, ExecutionReport)
    assert first.order_id == 4, "a refused order is not counted"


@pytest.mark.rule("REJ-2")
def test_a_refused_name_may_be_used_again() -> None:
    exchange = exchange_with("ALPHA a1 BUY 1 @ 60")

    assert say(exchange, "ALPHA a1 BUY 1 @ 75") == ["ALPHA a1 NEW, leaves 1 cum 0"]


def test_instruments_with_one_symbol_are_refused() -> None:
    one = Instrument(symbol=Symbol("X"), price_decimals=0, ticks=TickTable.uniform(1))

    with pytest.raises(ValueError, match="two instruments have the symbol 'X'"):
        Exchange([one, one], {one.symbol: Fifo()})


def test_an_algorithm_that_nobody_offers_is_refused() -> None:
    one = Instrument(
        symbol=Symbol("X"), price_decimals=0, ticks=TickTable.uniform(1), algorithm="K"
    )

    with pytest.raises(ValueError, match="X: no algorithm; given for: Y"):
        Exchange([one], {Symbol("Y"): Fifo()})


# --- market data ---------------------------------------------------------------------


def ask(symbol: str, depth: int) -> MarketDataRequest:
    return MarketDataRequest(
        sender_comp_id=CompID("C"), md_req_id="m1", symbol=Symbol(symbol), market_depth=depth
    )


def test_a_snapshot_shows_levels_best_first_and_the_last_price() -> None:
    exchange = exchange_with(
        "ALPHA a1 BUY 10 @ 50",
        "ALPHA a2 BUY 5 @ 75",
        "ALPHA a3 BUY 3 @ 50",
        "ALPHA a4 BUY 1 @ 25",
        "BRAVO b1 SELL 1 @ 75",
        "BRAVO b2 SELL 7 @ 100",
    )

    (snapshot,) = exchange.receive(ask("X", 2), 0).reports

    assert snapshot == MarketDataSnapshot(
        target_comp_id=CompID("C"),
        md_req_id="m1",
        symbol=Symbol("X"),
        bids=((75, 4), (50, 13)),
        offers=((100, 7),),
        last_px=75,
        statistics=Statistics(
            open_px=75, high_px=75, low_px=75, last_px=75, last_qty=1, volume=1, trades=1
        ),
        trading_state="CONTINUOUS",
    )


def test_a_snapshot_of_an_unknown_instrument_is_refused() -> None:
    (reject,) = exchange_with().receive(ask("Z", 1), 0).reports

    assert reject == MarketDataRequestReject(
        target_comp_id=CompID("C"),
        md_req_id="m1",
        text="symbol 'Z': expected one of X, Y [REJ-6]",
        md_req_rej_reason=MDReqRejReason.UNKNOWN_SYMBOL,
    )


def test_an_order_rests_in_the_book_of_its_instrument() -> None:
    exchange = exchange_with()

    (report,) = exchange.receive(request("ALPHA a1 BUY 10 @ 50 symbol=Y"), 0).reports

    assert isinstance(report, ExecutionReport)
    assert (report.exec_type, report.symbol) == (ExecType.NEW, "Y")
    assert (len(exchange.book(Symbol("X"))), len(exchange.book(Symbol("Y")))) == (0, 1)
