"""Trades that the venue takes back: what both sides hear, and what stays as it is."""

from __future__ import annotations

import msgspec
import pytest
from oracle.shorthand import request
from stories import market, play, say, script

from floorproof.market import reports
from floorproof.market.exchange import Exchange
from floorproof.market.fix import ExecType, OrdStatus
from floorproof.market.messages import ExecutionReport
from floorproof.market.operations import BustTrade, OperationRefused

BUSTS = {
    "two filled orders": """
        B b1 SELL 4 @ 50
        A a1 BUY 4 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 0 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "a live order: what is left of it stays where it is": """
        B b1 SELL 9 @ 50
        D d1 SELL 1 @ 50
        A a1 BUY 4 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 5 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        = offers b1* 5 @ 50, d1 1 @ 50
        > A a2 BUY 6 @ 50
            A a2 NEW, leaves 6 cum 0
            B b1 TRADE 5 @ 50, leaves 0 cum 5
            A a2 TRADE 5 @ 50, leaves 1 cum 5
            D d1 TRADE 1 @ 50, leaves 0 cum 1
            A a2 TRADE 1 @ 50, leaves 0 cum 6
        =
    """,
    "a live iceberg shows what it showed": """
        B b1 SELL 9 @ 50 show=3
        A a1 BUY 4 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 5 cum 1
            A a1 TRADE_CANCEL, leaves 0 cum 1
        ! bust 2
            B b1 TRADE_CANCEL, leaves 5 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        = offers b1* 5/2 @ 50
    """,
    "several busts of one live order": """
        B b1 SELL 9 @ 50
        A a1 BUY 1 @ 50
        A a2 BUY 2 @ 50
        A a3 BUY 3 @ 50
        ! bust 2
            B b1 TRADE_CANCEL, leaves 3 cum 4
            A a2 TRADE_CANCEL, leaves 0 cum 0
        ! bust 1
            B b1 TRADE_CANCEL, leaves 3 cum 3
            A a1 TRADE_CANCEL, leaves 0 cum 0
        > A a4 BUY 1 @ 50
            A a4 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 50, leaves 2 cum 4
            A a4 TRADE 1 @ 50, leaves 0 cum 1
        ! bust 3
            B b1 TRADE_CANCEL, leaves 2 cum 1
            A a3 TRADE_CANCEL, leaves 0 cum 0
        = offers b1* 2 @ 50
    """,
    "several busts of one dead order": """
        B b1 SELL 6 @ 50
        A a1 BUY 1 @ 50
        A a2 BUY 2 @ 50
        A a3 BUY 3 @ 50
        ! bust 3
            B b1 TRADE_CANCEL, leaves 0 cum 3
            A a3 TRADE_CANCEL, leaves 0 cum 0
        ! bust 1
            B b1 TRADE_CANCEL, leaves 0 cum 2
            A a1 TRADE_CANCEL, leaves 0 cum 0
        ! bust 2
            B b1 TRADE_CANCEL, leaves 0 cum 0
            A a2 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "a bust, another trade, then a bust of the dead": """
        B b1 SELL 6 @ 50
        A a1 BUY 1 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 5 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        A a2 BUY 5 @ 50
        ! bust 2
            B b1 TRADE_CANCEL, leaves 0 cum 0
            A a2 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "an order that was canceled": """
        B b1 SELL 6 @ 50
        A a1 BUY 1 @ 50
        B x1 CANCEL SELL b1
        ! bust 1
            B b1 TRADE_CANCEL, leaves 0 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "an order was changed and canceled since": """
        A a1 SELL 10 @ 50
        B b1 BUY 4 @ 50
        A a2 CHANGE SELL a1 8 @ 50
        A a3 CANCEL SELL a2
        ! bust 1
            A a2 TRADE_CANCEL, leaves 0 cum 0
            B b1 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "an immediate order's rest had expired": """
        B b1 SELL 6 @ 50
        A a1 BUY 9 @ 50 IOC
        ! bust 1
            B b1 TRADE_CANCEL, leaves 0 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        =
    """,
    "an order has a new name by now": """
        B b1 SELL 6 @ 50
        A a1 BUY 1 @ 50
        B b2 CHANGE SELL b1 5 @ 50
        ! bust 1
            B b2 TRADE_CANCEL, leaves 4 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        = offers b2* 4 @ 50
    """,
    "a change after a bust counts what is filled still": """
        B b1 SELL 6 @ 50
        A a1 BUY 2 @ 50
        A a2 BUY 1 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 3 cum 1
            A a1 TRADE_CANCEL, leaves 0 cum 0
        > B b2 CHANGE SELL b1 1 @ 50
            B b2 REFUSED OTHER
                order_qty 1: expected more than cum_qty 1, filled so far [REJ-4]
        > B b2 CHANGE SELL b1 2 @ 50
            B b2 REPLACED, leaves 1 cum 1
        = offers b2* 1 @ 50
    """,
    "a trade that there never was": """
        ! bust 1
            the venue has no trade 1; nobody has traded
    """,
    "a trade that is yet to come": """
        B b1 SELL 6 @ 50
        A a1 BUY 2 @ 50
        ! bust 2
            the venue has no trade 2; its latest are 1 to 1
        ! bust 0
            the venue has no trade 0; its latest are 1 to 1
        = offers b1* 4 @ 50
    """,
    "a trade is taken back once": """
        B b1 SELL 6 @ 50
        A a1 BUY 2 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 4 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        ! bust 1
            trade 1 has been busted
        = offers b1* 4 @ 50
    """,
    "a bust elects nobody, and moves no price that was traded": """
        C c1 BUY 1 STOP 51 @ 60
        B b1 SELL 6 @ 50
        A a1 BUY 2 @ 50
        ! bust 1
            B b1 TRADE_CANCEL, leaves 4 cum 0
            A a1 TRADE_CANCEL, leaves 0 cum 0
        > C c2 BUY 1 STOP 50 @ 60
            C c2 REJECTED OTHER
                stop_px 50: expected above the last trade, 50 [ORD-4]
        = offers b1* 4 @ 50; buy stops c1 1 @ 51
    """,
}


@pytest.mark.rule("OPS-1")
@pytest.mark.parametrize("story", BUSTS.values(), ids=BUSTS.keys())
def test_a_bust(story: str) -> None:
    assert play(story) == script(story)


def bust(exchange: Exchange, trade: int, text: str = "") -> list[ExecutionReport]:
    told = exchange.operate(BustTrade(trd_match_id=trade, text=text), 7).reports
    return [report for report in told if isinstance(report, ExecutionReport)]


@pytest.mark.rule("OPS-1")
def test_a_bust_repeats_the_fill_that_it_takes_back() -> None:
    exchange = market()
    say(exchange, "B b1 SELL 9 @ 50 account=1 user=U")
    _, *fills = exchange.receive(request("A a1 BUY 4 @ 51"), 0).reports

    busts = bust(exchange, 1, "erroneous")

    for fill, taken_back in zip(fills, busts, strict=True):
        assert isinstance(fill, ExecutionReport)
        assert (taken_back.exec_type, taken_back.text) == (ExecType.TRADE_CANCEL, "erroneous")
        assert (taken_back.exec_ref_id, taken_back.transact_time_ns) == (fill.exec_id, 7)
        rest = {
            "exec_type": fill.exec_type,
            "text": "",
            "exec_ref_id": None,
            "transact_time_ns": 0,
            "exec_id": fill.exec_id,
            "order_qty": fill.order_qty,
            "leaves_qty": fill.leaves_qty,
            "cum_qty": fill.cum_qty,
            "ord_status": fill.ord_status,
        }
        assert msgspec.structs.replace(taken_back, **rest) == fill
    assert [report.exec_id for report in busts] == [5, 6]


# What is filled of b1 (of 9) is 2, then 3; the lines are what happens to it then.
# fmt: off
STANDINGS = {
    "live, filled still in part": ([1], [], (OrdStatus.PARTIALLY_FILLED, 7, 4, 3)),
    "live, nothing filled":     ([1, 2], [], (OrdStatus.NEW, 4, 4, 0)),
    "filled":                   ([1], ["A a3 BUY 4 @ 50"], (OrdStatus.FILLED, 7, 0, 7)),
    "canceled":                 ([1], ["B x1 CANCEL SELL b1"], (OrdStatus.CANCELED, 7, 0, 3)),
    "changed":                  ([2], ["B b2 CHANGE SELL b1 6 @ 51"],
                                 (OrdStatus.PARTIALLY_FILLED, 3, 1, 2)),
    "changed, then canceled":   ([1], ["B b2 CHANGE SELL b1 6 @ 51", "B x1 CANCEL SELL b2"],
                                 (OrdStatus.CANCELED, 4, 0, 3)),
    "canceled with all others": ([1], ["B b2 CHANGE SELL b1 6 @ 51", "B x1 MASS"],
                                 (OrdStatus.CANCELED, 4, 0, 3)),
    "expired":                  ([1], ["B b2 CHANGE SELL b1 6 @ 51 IOC"],
                                 (OrdStatus.EXPIRED, 4, 0, 3)),
    "canceled, both trades":    ([1, 2], ["B b2 CHANGE SELL b1 6 @ 51", "B x1 CANCEL SELL b2"],
                                 (OrdStatus.CANCELED, 1, 0, 0)),
    "changed into a stop":      ([2], ["B b2 CHANGE SELL b1 6 STOP 40"],
                                 (OrdStatus.PARTIALLY_FILLED, 3, 1, 2)),
}
# fmt: on


@pytest.mark.rule("OPS-1")
@pytest.mark.parametrize(("trades", "then", "expected"), STANDINGS.values(), ids=STANDINGS.keys())
def test_where_the_order_stands_after_a_bust(
    trades: list[int], then: list[str], expected: tuple[OrdStatus, int, int, int]
) -> None:
    exchange = market()
    for line in ("B b1 SELL 9 @ 50", "A a1 BUY 2 @ 50", "A a2 BUY 3 @ 50", *then):
        say(exchange, line)

    *_, (report, _other) = [bust(exchange, trade) for trade in trades]

    stands = (report.ord_status, report.order_qty, report.leaves_qty, report.cum_qty)
    assert stands == expected


@pytest.mark.rule("OPS-1")
def test_a_bust_tells_what_an_immediate_order_had_become() -> None:
    exchange = market()
    say(exchange, "B b1 SELL 6 @ 50")
    say(exchange, "A a1 BUY 9 @ 50 IOC")

    _, report = bust(exchange, 1)

    assert (report.ord_status, report.order_qty, report.cum_qty) == (OrdStatus.EXPIRED, 3, 0)


@pytest.mark.rule("OPS-1")
def test_no_more_is_kept_of_orders_that_have_left_than_their_trades_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "LATEST_TRADES", 2)
    exchange = market()
    for number in range(40):
        say(exchange, f"B b{number} SELL 2 @ 50")
        say(exchange, f"A a{number} BUY 1 @ 50")
        say(exchange, f"B x{number} CANCEL SELL b{number}")

    assert len(exchange._reporter._last) <= 8
    assert bust(exchange, 39)[0].ord_status is OrdStatus.CANCELED


@pytest.mark.rule("OPS-1")
def test_an_auctions_trade_is_busted_like_any_other() -> None:
    exchange = market()
    for line in ("! state PRE_OPEN", "B b1 SELL 9 @ 50", "A a1 BUY 4 @ 51", "! state OPEN"):
        say(exchange, line)

    assert say(exchange, "! bust 1") == [
        "A a1 TRADE_CANCEL, leaves 0 cum 0",
        "B b1 TRADE_CANCEL, leaves 5 cum 0",
    ]


@pytest.mark.rule("OPS-1")
def test_a_trade_that_is_too_old_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LATEST_TRADES", 2)
    exchange = market()
    say(exchange, "B b1 SELL 9 @ 50")
    for number in (1, 2, 3):
        say(exchange, f"A a{number} BUY 1 @ 50")

    assert say(exchange, "! bust 1") == ["the venue has no trade 1; its latest are 2 to 3"]
    assert say(exchange, "! bust 2") == [
        "B b1 TRADE_CANCEL, leaves 6 cum 2",
        "A a2 TRADE_CANCEL, leaves 0 cum 0",
    ]


@pytest.mark.rule("OPS-1")
def test_what_cannot_be_busted_is_put_on_record() -> None:
    operation = BustTrade(trd_match_id=1)

    outcome = market().operate(operation, 0)

    assert outcome.published == [
        OperationRefused(operation=operation, text="the venue has no trade 1; nobody has traded")
    ]
    assert outcome.reports == []
