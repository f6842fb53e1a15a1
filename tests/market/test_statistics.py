"""The figures of a market's day."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.shorthand import request

from floorproof.market.exchange import Exchange
from floorproof.market.fix import ExecType
from floorproof.market.identifiers import Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport, Statistics
from floorproof.market.operations import BustTrade, ChangeTradingState
from floorproof.market.sessions import TradingState
from floorproof.plugins.fifo import Fifo

X, Y = Symbol("X"), Symbol("Y")
# fmt: off
STATES = [
    TradingState(name="CALL", match=False, indicative=True),
    TradingState(name="OPEN", uncross=True),
    TradingState(name="CLOSE", match=False, uncross=True, ends_day=True),
    TradingState(name="STILL_CLOSED", match=False, ends_day=True),
]
# fmt: on


def exchange_with(*lines: str) -> Exchange:
    """Return a venue of X and Y at which *lines* have happened: requests, and after ! states."""
    exchange = Exchange(
        [
            Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1))
            for symbol in (X, Y)
        ],
        dict.fromkeys((X, Y), Fifo()),
        states=STATES,
    )
    after(exchange, *lines)
    return exchange


def after(exchange: Exchange, *lines: str) -> Statistics:
    for line in lines:
        if line.startswith("!"):
            exchange.operate(ChangeTradingState(symbol=X, state=line.removeprefix("! ")), 0)
        else:
            exchange.receive(request(line), 0)
    return exchange.view(X).statistics


def test_before_the_first_trade_there_are_no_figures() -> None:
    exchange = exchange_with("A a1 BUY 5 @ 50", "A a2 SELL 5 @ 52", "A x CANCEL BUY a1")

    assert exchange.view(X).statistics == Statistics()


@pytest.mark.rule("STAT-1")
def test_open_high_low_and_last_are_those_of_the_days_trades() -> None:
    exchange = exchange_with(
        "A a1 SELL 1 @ 50",
        "A a2 SELL 2 @ 53",
        "B b1 BUY 3 @ 53",
        "A a3 BUY 4 @ 48",
        "A a4 BUY 4 @ 47",
        "B b2 SELL 6 @ 47",
        "B b3 SELL 1 @ 51 symbol=Y",
        "A a5 BUY 1 @ 51 symbol=Y",
    )

    assert exchange.view(X).statistics == Statistics(
        open_px=50, high_px=53, low_px=47, last_px=47, last_qty=2, volume=9, trades=4
    )


def test_a_sweep_may_widen_the_day_both_ways() -> None:
    exchange = exchange_with("A a1 SELL 1 @ 50", "B b1 BUY 1 @ 50")

    figures = after(exchange, "A a2 SELL 1 @ 49", "A a3 SELL 1 @ 51", "B b2 BUY 2 @ 51")
    assert (figures.open_px, figures.low_px, figures.high_px) == (50, 49, 51)

    figures = after(exchange, "A a4 BUY 1 @ 52", "A a5 BUY 1 @ 48", "B b3 SELL 2 @ 48")
    assert (figures.open_px, figures.low_px, figures.high_px) == (50, 48, 52)


def test_what_a_change_and_a_stop_trade_counts() -> None:
    exchange = exchange_with("A a1 SELL 2 @ 50", "A a2 SELL 3 @ 51", "B b1 BUY 2 STOP 50 @ 51")

    figures = after(exchange, "B b2 BUY 1 @ 49", "B b3 CHANGE BUY b2 1 @ 50")

    assert (figures.volume, figures.trades, figures.last_px, figures.high_px) == (3, 3, 51, 51)


@pytest.mark.rule("STAT-1", "STAT-2")
def test_an_auction_that_ends_the_day_is_of_that_day() -> None:
    day = ("! CALL", "A a1 SELL 5 @ 50 GTC", "B b1 BUY 3 @ 52", "! OPEN", "B b2 BUY 1 @ 50")
    exchange = exchange_with(*day, "! CALL", "B b3 BUY 1 @ 53")

    figures = after(exchange, "! CLOSE")

    assert figures.close_px == figures.last_px == exchange.view(X).last_px
    assert (figures.volume, figures.trades) == (5, 3)


@pytest.mark.rule("STAT-2")
def test_a_days_figures_stand_until_it_is_left_and_its_close_for_longer() -> None:
    exchange = exchange_with("A a1 SELL 5 @ 50", "B b1 BUY 3 @ 50")

    closed = after(exchange, "! CLOSE")
    next_day = after(exchange, "! CALL")
    without_a_trade = after(exchange, "! CLOSE", "! STILL_CLOSED", "! OPEN")

    assert closed == Statistics(
        open_px=50, high_px=50, low_px=50, last_px=50, last_qty=3, volume=3, trades=1, close_px=50
    )
    assert next_day == without_a_trade == Statistics(close_px=50)
    assert exchange.view(X).last_px == 50


def test_the_days_end_is_its_instruments_alone() -> None:
    lines = ("A a1 SELL 5 @ 50 symbol=Y", "B b1 BUY 3 @ 50 symbol=Y", "! CLOSE", "! OPEN")

    assert exchange_with(*lines).view(Y).statistics.volume == 3


@pytest.mark.rule("STAT-3")
def test_a_bust_takes_its_volume_back_and_nothing_else() -> None:
    exchange = exchange_with("A a1 SELL 5 @ 50", "B b1 BUY 3 @ 50", "B b2 BUY 2 @ 50")
    before = exchange.view(X).statistics

    exchange.operate(BustTrade(trd_match_id=1), 0)
    exchange.operate(BustTrade(trd_match_id=1), 0)
    exchange.operate(BustTrade(trd_match_id=9), 0)

    assert exchange.view(X).statistics == msgspec.structs.replace(before, volume=2)


@pytest.mark.rule("STAT-3")
def test_a_bust_of_an_earlier_days_trade_leaves_the_day_alone() -> None:
    exchange = exchange_with("A a1 SELL 5 @ 50", "B b1 BUY 3 @ 50", "! CLOSE", "! OPEN")
    after(exchange, "A a2 SELL 5 @ 51", "B b2 BUY 4 @ 51")

    exchange.operate(BustTrade(trd_match_id=1), 0)
    assert exchange.view(X).statistics.volume == 4

    exchange.operate(BustTrade(trd_match_id=2), 0)
    assert exchange.view(X).statistics.volume == 0


def of(trades: Iterable[tuple[Price, Qty]]) -> Statistics:
    """Return the figures of *trades*, by their definitions."""
    prices, quantities = [price for price, _ in trades], [qty for _, qty in trades]
    if not prices:
        return Statistics()
    return Statistics(
        open_px=prices[0],
        high_px=max(prices),
        low_px=min(prices),
        last_px=prices[-1],
        last_qty=quantities[-1],
        volume=sum(quantities),
        trades=len(prices),
    )


orders = st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 9), st.integers(-3, 3))


@pytest.mark.rule("STAT-1")
@given(st.lists(orders, max_size=40))
def test_figures_are_those_of_the_reported_trades(entered: list[tuple[str, int, int]]) -> None:
    exchange = exchange_with()
    trades = []
    for number, (side, qty, price) in enumerate(entered):
        outcome = exchange.receive(request(f"A a{number} {side} {qty} @ {price}"), 0)
        for report in outcome.reports:
            assert isinstance(report, ExecutionReport)
            if report.exec_type is ExecType.TRADE and report.aggressor_indicator:
                assert report.last_px is not None
                trades.append((report.last_px, report.last_qty))

        assert exchange.view(X).statistics == of(trades)
