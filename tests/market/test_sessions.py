# ruff: noqa: E501  # a case is a line
"""Trading states, boards, and auctions that a state begins with, as sessions see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

import attrs
import pytest
from oracle.shorthand import request, told
from sortedcontainers import SortedDict

from floorproof.market.auction import CHAINS, Chain
from floorproof.market.book import AuctionTraded, Lapsed, Level
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side, TimeInForce
from floorproof.market.identifiers import CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport
from floorproof.market.operations import (
    AuctionResult,
    CancelOrders,
    ChangeTradingState,
    IndicativePrice,
    MarketOperation,
    OperationRefused,
    Published,
    SecurityStatus,
)
from floorproof.market.rules import (
    Bound,
    CancelOrder,
    ChangeState,
    Fills,
    Guard,
    Interrupt,
    MarketView,
    Publish,
    Remainder,
    Remember,
    RuleFailed,
    Schedule,
    SettleEffect,
    VenueRules,
)
from floorproof.market.sessions import (
    CONTINUOUS,
    Board,
    TradingState,
    Transition,
    states_by_name,
)
from floorproof.plugins.fifo import Fifo

X, Y, Z = Symbol("X"), Symbol("Y"), Symbol("Z")
START = datetime(2026, 1, 30, 9, tzinfo=UTC)
GTC, GTD = TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_DATE

CALL = TradingState(name="CALL", match=False, indicative=True)
OPEN = TradingState(name="OPEN", uncross=True)
HALT = TradingState(name="HALT", enter=False, modify=False, match=False)
CLOSE = TradingState(name="CLOSE", enter=False, modify=False, match=False, ends_day=True)
BARE = TradingState(name="BARE")
"""Matches, and does not uncross."""


def venue(
    *lines: str,
    states: Sequence[TradingState] = (CALL, OPEN, HALT, CLOSE, BARE),
    boards: Sequence[Board] = (),
    rules: VenueRules | None = None,
    chain: Chain | None = None,
    tick: Price = 1,
    reference: Price | None = None,
    protection: Price | None = None,
) -> Exchange:
    """Return a venue of X, Y and Z that has received *lines*; rules and chain are X's."""
    instruments = [
        Instrument(
            symbol=symbol,
            price_decimals=0,
            ticks=TickTable.uniform(tick),
            reference_px=reference,
            protection_points=protection,
        )
        for symbol in (X, Y, Z)
    ]
    exchange = Exchange(
        instruments,
        dict.fromkeys((X, Y, Z), Fifo()),
        {} if rules is None else {X: rules},
        states=states,
        boards=boards,
        chains={} if chain is None else {X: chain},
        start=START,
    )
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def say(exchange: Exchange, line: str, now_ns: int = 0) -> list[str]:
    return heard(exchange.receive(request(line), now_ns))


def put(exchange: Exchange, state: str | None, symbol: Symbol = X, now_ns: int = 0) -> Outcome:
    return exchange.operate(ChangeTradingState(symbol=symbol, state=state), now_ns)


def turn(exchange: Exchange, board: str, state: str) -> Outcome:
    return exchange.operate(ChangeTradingState(board=board, state=state), 0)


def heard(outcome: Outcome) -> list[str]:
    return [told(report) for report in outcome.reports if not isinstance(report, SecurityStatus)]


def public(outcome: Outcome) -> list[str]:
    """Return what became public, a line each."""
    return [_said(news) for news in outcome.published]


def _said(news: Published | OperationRefused | Publish) -> str:
    match news:
        case SecurityStatus():
            return f"{news.symbol} {news.trading_state}"
        case IndicativePrice():
            return f"{news.symbol} would trade {news.quantity} @ {news.price}"
        case AuctionResult():
            return f"{news.symbol} has traded {news.quantity} @ {news.price}"
        case OperationRefused():
            return f"refused: {news.text}"
        case Publish(message):
            return f"published {message}"


def bids(exchange: Exchange, symbol: Symbol = X) -> list[tuple[str, Qty]]:
    return [
        (one.order.cl_ord_id, one.leaves_qty) for one in exchange.book(symbol).resting(Side.BUY)
    ]


# --- what a state takes ----------------------------------------------------------------

# What each column of the tables below is: whether the state takes a day order, a change,
# a cancel; whether what meets trades; whether what must trade at once is taken; whether
# orders for the day and till canceled are.
PROBES: Mapping[str, Sequence[str]] = {
    "enter":     ["B b1 BUY 1 @ 90", "B b1 BUY 1 @ 90 STOP 80", "B b1 BUY 1 @ 90 until=2026-02-01"],
    "modify":    ["A a2 CHANGE SELL a1 4 @ 100", "A a2 CHANGE SELL a1 6 @ 101"],
    "cancel":    ["A x CANCEL SELL a1", "A x MASS symbol=X"],
    "immediate": ["B b1 BUY 1 @ 100 IOC", "B b1 BUY 1 @ 100 FOK", "B b1 BUY 1 MARKET",
                  "B b1 BUY 1 MARKET_LIMIT", "B b1 BUY 2 @ 100 min=1"],
}  # fmt: skip
GTC_PROBES: Mapping[str, Sequence[str]] = {
    "enter": ["B b1 BUY 1 @ 90 GTC"],
    "modify": ["A g2 CHANGE SELL g1 4 @ 110 GTC"],
    "cancel": ["A x CANCEL SELL g1"],
}
NOTHING = TradingState(name="NOTHING", enter=False, modify=False, cancel=False, match=False)

# CME Group Client Systems Wiki, market states.
CME = {
    "PRE-OPEN":        TradingState(name="PRE-OPEN", match=False, indicative=True),
    "NO CANCEL":       TradingState(name="NO CANCEL", modify=False, cancel=False, match=False, indicative=True),
    "OPENING":         attrs.evolve(NOTHING, name="OPENING", uncross=True),
    "OPEN":            TradingState(name="OPEN"),
    "PAUSE":           TradingState(name="PAUSE", enter=False, modify=False, match=False),
    "RESERVED":        TradingState(name="RESERVED", match=False),
    "CROSS":           TradingState(name="CROSS"),
    "CLOSE NOT FINAL": attrs.evolve(NOTHING, name="CLOSE NOT FINAL"),
    "CLOSE":           attrs.evolve(NOTHING, name="CLOSE", ends_day=True),
    "POST-CLOSE":      TradingState(name="POST-CLOSE", match=False, lives=(GTC, GTD)),
    "FORBIDDEN":       attrs.evolve(NOTHING, name="FORBIDDEN"),
}  # fmt: skip
# NSX, NETS ITCH, "System event codes"; NZX, "Anatomy of a trading day" for the states that
# the page of NSX does not reach.
NSX = {
    "ENQUIRY":     attrs.evolve(NOTHING, name="ENQUIRY", report=False),
    "PREOPEN":     TradingState(name="PREOPEN", match=False, indicative=True, report=False),
    "OPEN":        TradingState(name="OPEN", uncross=True),
    "HALT":        TradingState(name="HALT", match=False, indicative=True, report=False),
    "CB_AUCT":     TradingState(name="CB_AUCT", match=False, indicative=True, report=False),
    "CB_AUCT_END": TradingState(name="CB_AUCT_END", uncross=True),
    "PRECLOSE":    TradingState(name="PRECLOSE", match=False, indicative=True, report=False),
    "ADJUST":      TradingState(name="ADJUST", enter=False, match=False),
    "SUSPENSION":  TradingState(name="SUSPENSION", enter=False, modify=False, match=False, report=False),
}  # fmt: skip

# fmt: off
#                    enter modify cancel match immediate; the same of GTC where it differs
CME_TABLE = {
    "PRE-OPEN":        "yes yes yes no  no",
    "NO CANCEL":       "yes no  no  no  no",
    "OPENING":         "no  no  no  no  no",
    "OPEN":            "yes yes yes yes yes",
    "PAUSE":           "no  no  yes no  no",
    "RESERVED":        "yes yes yes no  no",
    "CROSS":           "yes yes yes yes yes",
    "CLOSE NOT FINAL": "no  no  no  no  no",
    "POST-CLOSE":      "no  no  no  no  no; yes yes yes",
    "FORBIDDEN":       "no  no  no  no  no",
}
NSX_TABLE = {
    "ENQUIRY":         "no  no  no  no  no",
    "PREOPEN":         "yes yes yes no  no",
    "OPEN":            "yes yes yes yes yes",
    "HALT":            "yes yes yes no  no",
    "CB_AUCT":         "yes yes yes no  no",
    "CB_AUCT_END":     "yes yes yes yes yes",
    "PRECLOSE":        "yes yes yes no  no",
    "ADJUST":          "no  yes yes no  no",
    "SUSPENSION":      "no  no  yes no  no",
}
# fmt: on
CELLS = [
    pytest.param(states, state, probe, word == "yes", id=f"{of} {state}: {name}, {probe}")
    for of, states, table in (("CME", CME, CME_TABLE), ("NSX", NSX, NSX_TABLE))
    for state, row in table.items()
    for probes, words in zip((PROBES, GTC_PROBES), (row.split("; ") * 2)[:2], strict=True)
    for name, word in zip(
        ("enter", "modify", "cancel", "match", "immediate"), words.split(), strict=False
    )
    for probe in probes.get(name, ())
    if state != "POST-CLOSE" or not probe.endswith(("until=2026-02-01", "MASS symbol=X"))
]
"""Those two are of orders of both kinds: what POST-CLOSE does to them has tests of its own."""


@pytest.mark.rule("SES-1", "SES-3")
@pytest.mark.parametrize(("states", "state", "probe", "taken"), CELLS)
def test_a_state_takes_what_its_venues_table_says_and_names_itself_otherwise(
    states: Mapping[str, TradingState], state: str, probe: str, taken: bool
) -> None:
    exchange = venue("A a1 SELL 5 @ 100", "A g1 SELL 5 @ 110 GTC", states=tuple(states.values()))
    put(exchange, state)

    first, *_ = said = say(exchange, probe)

    refused = any(word in line for line in said for word in ("REJECTED", "REFUSED"))
    assert refused is not taken, said
    if refused:
        assert f"state {state}" in first
        assert first.endswith(("[SES-1]", "[SES-3]"))
        assert bids(exchange) == []


@pytest.mark.rule("SES-2")
@pytest.mark.parametrize(("states", "state", "matches"), [
    pytest.param(states, state, row.split()[3] == "yes", id=f"{of} {state}")
    for of, states, table in (("CME", CME, CME_TABLE), ("NSX", NSX, NSX_TABLE))
    for state, row in table.items()
    if row.split()[0] == "yes"
])  # fmt: skip
def test_orders_that_meet_trade_or_rest_crossed_as_the_table_says(
    states: Mapping[str, TradingState], state: str, matches: bool
) -> None:
    exchange = venue("A a1 SELL 5 @ 100", states=tuple(states.values()))
    put(exchange, state)

    said = say(exchange, "B b1 BUY 5 @ 101")

    assert [line.split()[2] for line in said] == (
        ["NEW,", "TRADE", "TRADE"] if matches else ["NEW,"]
    )
    assert exchange.book(X).is_crossed is not matches


@pytest.mark.rule("SES-1")
def test_orders_good_till_a_date_live_where_the_state_says_so() -> None:
    exchange = venue(states=tuple(CME.values()))
    put(exchange, "POST-CLOSE")

    assert say(exchange, "B b1 BUY 1 @ 90 until=2026-02-01") == ["B b1 NEW, leaves 1 cum 0"]
    assert say(exchange, "B b2 CHANGE BUY b1 1 @ 90") == [
        "B b2 REFUSED OTHER: time_in_force DAY: expected one of GOOD_TILL_CANCEL,"
        " GOOD_TILL_DATE, in state POST-CLOSE [SES-1]"
    ]


@pytest.mark.rule("SES-1")
def test_a_mass_action_leaves_the_orders_that_their_states_hold() -> None:
    exchange = venue(
        "A a1 SELL 5 @ 100", "A a2 SELL 5 @ 100 GTC", "A z1 SELL 5 @ 100 symbol=Z",
        "A y1 SELL 5 @ 100 symbol=Y", states=tuple(CME.values()),
    )  # fmt: skip
    put(exchange, "POST-CLOSE", X)
    put(exchange, "NO CANCEL", Y)

    assert say(exchange, "A m MASS") == [
        "A m CANCELED, leaves 0 cum 0",
        "A m CANCELED, leaves 0 cum 0",
        "A m MASS CANCELED 2: #2 #3",
    ]
    assert [len(exchange.book(symbol)) for symbol in (X, Y, Z)] == [1, 1, 0]


@pytest.mark.rule("SES-2")
def test_no_stop_is_elected_where_nothing_matches() -> None:
    exchange = venue("A a1 SELL 5 @ 100", "S s1 BUY 1 @ 110 STOP 105")
    put(exchange, "CALL")

    assert say(exchange, "B b1 BUY 5 @ 106") == ["B b1 NEW, leaves 5 cum 0"]
    assert [one.waits for one in exchange.book(X)] == [False, True, False]


def test_a_post_only_order_may_cross_where_nothing_matches() -> None:
    exchange = venue("A a1 SELL 5 @ 100")
    put(exchange, "CALL")

    assert say(exchange, "B b1 BUY 5 @ 100 post") == ["B b1 NEW, leaves 5 cum 0"]


def test_what_comes_to_rest_in_a_call_betters_nothing() -> None:
    exchange = venue()
    put(exchange, "CALL")
    say(exchange, "B b1 BUY 5 @ 100")

    assert not any(one.is_top for one in exchange.book(X))


# --- values ----------------------------------------------------------------------------


def test_a_state_takes_immediate_orders_as_it_matches_unless_it_says_otherwise() -> None:
    assert [state.immediate for state in (CALL, OPEN)] == [False, True]
    assert not TradingState(name="OPEN", immediate=False).immediate
    with pytest.raises(ValueError, match="state CALL: takes orders that must trade at once"):
        TradingState(name="CALL", match=False, immediate=True)


def test_one_name_is_one_state() -> None:
    assert states_by_name([OPEN, attrs.evolve(OPEN)]) == {"OPEN": OPEN}
    with pytest.raises(ValueError, match="state OPEN: defined twice"):
        states_by_name([OPEN, attrs.evolve(OPEN, uncross=False)])


def board(name: str, *symbols: Symbol, state: TradingState = CALL) -> Board:
    return Board(name=name, symbols=symbols, state=state)


def test_a_timetable_does_not_go_back() -> None:
    later, sooner = Transition(at_ns=2, state=OPEN), Transition(at_ns=1, state=CLOSE)

    with pytest.raises(
        ValueError, match=r"board B: moments of a timetable must rise, were \[2, 1\]"
    ):
        Board(name="B", symbols=(X,), state=CALL, timetable=(later, sooner))
    known = Board(name="B", symbols=(X,), state=CALL, timetable=(sooner, later))
    assert [state.name for state in known.states()] == ["CALL", "CLOSE", "OPEN"]


# fmt: off
NO_VENUES: Mapping[str, tuple[list[Board], str]] = {
    "on two boards":     ([board("B", X), board("C", Y, X)], "board C: X is on board B already"),
    "on one board twice": ([board("B", X, X)], "board B: X is on board B already"),
    "not listed":        ([board("B", Symbol("Q"))], "board B: the venue lists no 'Q'"),
    "two of one name":   ([board("B", X), board("B", Y)], "two boards have the name 'B'"),
    "two of one state":  ([board("B", X, state=attrs.evolve(CALL, enter=False))], "state CALL: defined twice"),
}
# fmt: on


@pytest.mark.parametrize(("boards", "why"), NO_VENUES.values(), ids=NO_VENUES.keys())
def test_boards_that_cannot_be_are_refused(boards: list[Board], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        venue(boards=boards)


def test_an_operation_is_about_a_board_or_an_instrument() -> None:
    for both in ({}, {"board": "B", "symbol": X}):
        with pytest.raises(ValueError, match="expected either a board or a symbol"):
            ChangeTradingState(state="OPEN", **both)  # type: ignore[arg-type]  # as the cases say
    with pytest.raises(ValueError, match="board B: expected a state, as only instruments rejoin"):
        ChangeTradingState(board="B")


# --- boards ----------------------------------------------------------------------------


@pytest.mark.rule("SES-6")
def test_a_board_takes_its_instruments_along_and_no_other() -> None:
    exchange = venue(boards=[board("B", X, Y)])

    assert public(turn(exchange, "B", "OPEN")) == [
        "X OPEN", "X has traded 0 @ None", "Y OPEN", "Y has traded 0 @ None",
    ]  # fmt: skip
    assert exchange.view(Z).state is CONTINUOUS
    assert exchange.view(X).board_state == OPEN


@pytest.mark.rule("SES-6")
def test_a_boards_change_passes_by_what_has_a_state_of_its_own_until_that_rejoins() -> None:
    exchange = venue("A a1 SELL 5 @ 100", "B b1 BUY 2 @ 100", boards=[board("B", X, Y)])

    assert public(put(exchange, "HALT")) == ["X HALT"]
    assert public(turn(exchange, "B", "OPEN")) == ["Y OPEN", "Y has traded 0 @ None"]
    assert exchange.view(X).state == HALT
    assert exchange.view(X).board_state == OPEN
    rejoined = put(exchange, None)
    assert public(rejoined) == ["X OPEN", "X has traded 2 @ 100"]
    assert heard(rejoined) == [
        "B b1 TRADE 2 @ 100, leaves 0 cum 2",
        "A a1 TRADE 2 @ 100, leaves 3 cum 2",
    ]


@pytest.mark.rule("SES-6")
def test_what_rejoins_a_board_that_is_where_it_is_enters_nothing() -> None:
    exchange = venue("A a1 SELL 5 @ 100", boards=[board("B", X, state=OPEN)])

    assert public(put(exchange, "OPEN")) == []
    turn(exchange, "B", "CALL")
    assert exchange.view(X).state == OPEN
    turn(exchange, "B", "OPEN")
    assert public(put(exchange, None)) == []
    assert public(turn(exchange, "B", "CALL")) == ["X CALL"]


def test_an_instrument_on_no_board_rejoins_continuous_trading() -> None:
    exchange = venue()
    put(exchange, "HALT")

    assert public(put(exchange, None)) == ["X CONTINUOUS"]


# --- auctions as a state is entered ----------------------------------------------------

# Tick, bids, offers, reference; then price and quantity.  T3 to T5 are CME's.
# fmt: off
T_TABLES: Mapping[str, tuple[Price, str, str, Price | None, str]] = {
    "T1":  (1, "500@640 500@639 500@639 1000@634 500@633", "1000@610 500@640 520@641 550@642 519@643", None, "1000 @ 639"),
    "T2":  (100, "45@13000 95@12900 25@12800 35@12700 25@12600 55@12500 200@12400 80@12300 60@12200", "35@13100 50@13000 10@12900 15@12800 10@12700 20@12600 90@12500 155@12400 125@12300 10@12200", None, "290 @ 12400"),
    "T3":  (1, "10@51 20@50 30@49 40@48 50@47 70@46 100@45 1@44 30@43", "30@51 100@50 1@49 25@48 1@47 100@46 90@45 4@44 6@43", None, "200 @ 46"),
    "T4":  (1, "10@51 20@50 30@49 40@48 50@47 30@46 100@45 1@44 30@43", "30@51 100@50 1@49 25@48 50@46 90@45 4@44 6@43", None, "150 @ 47"),
    "T5":  (1, "10@51 20@50 30@49 40@48 80@47 20@45 30@44 30@43", "30@51 100@50 1@49 25@48 50@46 90@45 4@44 6@43", None, "150 @ 47"),
    "T6":  (5, "200@1650", "200@1610", 1600, "200 @ 1610"),
    "T7":  (5, "200@1650", "200@1610", 1630, "200 @ 1630"),
    "T8":  (5, "200@1650", "200@1610", 1700, "200 @ 1650"),
    "T9":  (5, "100@1620", "300@1600", 1610, "100 @ 1600"),
    "T10": (5, "300@1620", "100@1600", 1605, "100 @ 1620"),
    "T11": (5, "150@1010 50@1005", "150@1000 50@1010", 1000, "150 @ 1005"),
    "T12": (5, "100@1020 100@1000", "100@1000 100@1020", 1012, "100 @ 1010"),
    "T13": (5, "100@1000", "100@1005", 1000, "0 @ None"),
}
# fmt: on


@pytest.mark.rule("SES-4", "AUCT-9")
@pytest.mark.parametrize(
    ("tick", "bids", "offers", "reference", "expected"), T_TABLES.values(), ids=T_TABLES.keys()
)
def test_the_published_tables_come_true_as_the_market_opens(
    tick: Price, bids: str, offers: str, reference: Price | None, expected: str
) -> None:
    exchange = venue(tick=tick, reference=reference)
    put(exchange, "CALL")
    last: list[str] = []
    for number, (side, level) in enumerate(
        [("BUY", each) for each in bids.split()] + [("SELL", each) for each in offers.split()]
    ):
        qty, price = level.split("@")
        line = f"P{number} o{number} {side} {qty} @ {price}"
        last = public(exchange.receive(request(line), 0)) or last

    outcome = put(exchange, "OPEN")

    assert last == ([] if expected == "0 @ None" else [f"X would trade {expected}"])
    assert public(outcome) == ["X OPEN", f"X has traded {expected}"]
    fills = [report for report in outcome.reports if isinstance(report, ExecutionReport)]
    sides = [Side.BUY, Side.SELL] * (len(fills) // 2)
    assert [fill.side for fill in fills] == sides
    assert [fill.trd_match_id for fill in fills[::2]] == [fill.trd_match_id for fill in fills[1::2]]
    assert {fill.aggressor_indicator for fill in fills} <= {None}
    assert (
        f"{sum(fill.last_qty for fill in fills) // 2} @ {max((fill.last_px for fill in fills if fill.last_px), default=None)}"
        == expected
    )
    assert len({fill.last_px for fill in fills}) <= 1
    assert not exchange.book(X).is_crossed


@pytest.mark.rule("SES-4")
def test_an_auctions_chain_and_reference_are_the_instruments() -> None:
    found = {}
    for name, chain in CHAINS.items():
        exchange = venue(tick=5, reference=1605, chain=chain)
        put(exchange, "CALL")
        say(exchange, "B b1 BUY 300 @ 1620")
        say(exchange, "A a1 SELL 100 @ 1600")
        found[name] = public(put(exchange, "OPEN"))[1].rpartition(" ")[2]

    assert found == {
        "nsx": "1620", "cme": "1620", "bahrain": "1605", "average": "1620", "volume": "1620",
    }  # fmt: skip


@pytest.mark.rule("SES-4")
def test_the_last_trade_comes_before_the_settlement_as_reference() -> None:
    exchange = venue("A a1 SELL 1 @ 13", "B b1 BUY 1 @ 13", reference=18)
    put(exchange, "CALL")
    say(exchange, "A a2 SELL 5 @ 10")
    say(exchange, "B b2 BUY 5 @ 20")

    assert public(put(exchange, "OPEN")) == ["X OPEN", "X has traded 5 @ 13"]


@pytest.mark.rule("SES-4")
def test_a_state_may_uncross_and_not_match() -> None:
    exchange = venue(states=(CALL, *CME.values()))
    put(exchange, "PRE-OPEN")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")

    assert public(put(exchange, "OPENING")) == ["X OPENING", "X has traded 5 @ 10"]
    assert public(put(exchange, "OPEN")) == ["X OPEN"]
    assert len(exchange.book(X)) == 0


def auction(
    *lines: str, protection: Price | None = None, tick: Price = 1
) -> tuple[Outcome, Exchange]:
    """Return what opening the market comes to after a call that has received *lines*."""
    exchange = venue(protection=protection, tick=tick)
    put(exchange, "CALL")
    for line in lines:
        assert "NEW" in say(exchange, line)[0]
    return put(exchange, "OPEN"), exchange


@pytest.mark.rule("AUCT-10")
def test_a_stop_that_the_price_elects_joins_behind_what_rests() -> None:
    outcome, exchange = auction("A a1 SELL 6 @ 10", "S s1 BUY 5 @ 12 STOP 10", "B b1 BUY 4 @ 12")

    assert public(outcome) == ["X OPEN", "X has traded 6 @ 12"]
    assert heard(outcome) == [
        "S s1 TRIGGERED, leaves 5 cum 0",
        "B b1 TRADE 4 @ 12, leaves 0 cum 4",
        "A a1 TRADE 4 @ 12, leaves 2 cum 4",
        "S s1 TRADE 2 @ 12, leaves 3 cum 2",
        "A a1 TRADE 2 @ 12, leaves 0 cum 6",
    ]
    assert bids(exchange) == [("s1", 3)]


@pytest.mark.rule("AUCT-10")
def test_the_price_is_found_again_until_it_elects_no_more() -> None:
    # By themselves, 10 trade at 10.  That elects s1, with whom 20 trade at 12; and that s2.
    steps = [
        ("A a1 SELL 10 @ 10", []), ("A a2 SELL 15 @ 12", []), ("A a3 SELL 20 @ 14", []),
        ("B b1 BUY 10 @ 10", ["X would trade 10 @ 10"]),
        ("S s2 BUY 20 @ 20 STOP 12", []),
        ("S s3 BUY 20 @ 20 STOP 15", []),
        ("S s1 BUY 20 @ 20 STOP 10", ["X would trade 40 @ 14"]),
    ]  # fmt: skip
    exchange = venue()
    put(exchange, "CALL")
    assert [(line, public(exchange.receive(request(line), 0))) for line, _ in steps] == steps

    outcome = put(exchange, "OPEN")

    assert [line for line in heard(outcome) if "TRIGGERED" in line] == [
        "S s1 TRIGGERED, leaves 20 cum 0",
        "S s2 TRIGGERED, leaves 20 cum 0",
    ]
    assert public(outcome) == ["X OPEN", "X has traded 40 @ 14"]
    assert [one.order.cl_ord_id for one in exchange.book(X) if one.waits] == ["s3"]


@pytest.mark.rule("AUCT-10")
def test_stops_to_sell_join_too() -> None:
    outcome, _ = auction("B b1 BUY 6 @ 10", "S s1 SELL 5 @ 8 STOP 10", "A a1 SELL 4 @ 9")

    assert heard(outcome) == [
        "S s1 TRIGGERED, leaves 5 cum 0",
        "B b1 TRADE 5 @ 9, leaves 1 cum 5",
        "S s1 TRADE 5 @ 9, leaves 0 cum 5",
        "B b1 TRADE 1 @ 9, leaves 0 cum 6",
        "A a1 TRADE 1 @ 9, leaves 3 cum 1",
    ]


@pytest.mark.rule("AUCT-10")
def test_a_stop_that_is_to_trade_at_once_waits_for_the_auctions_trades() -> None:
    exchange = venue("S s1 BUY 5 @ 15 STOP 10 IOC")
    put(exchange, "CALL")
    for line in ("A a1 SELL 5 @ 10", "B b1 BUY 5 @ 10", "A a2 SELL 3 @ 15"):
        say(exchange, line)

    assert heard(put(exchange, "OPEN"))[2:] == [
        "S s1 TRIGGERED, leaves 5 cum 0",
        "A a2 TRADE 3 @ 15, leaves 0 cum 3",
        "S s1 TRADE 3 @ 15, leaves 2 cum 3",
        "S s1 EXPIRED, leaves 0 cum 3",
    ]


@pytest.mark.rule("AUCT-10")
def test_a_stop_with_protection_joins_at_its_protection_limit() -> None:
    outcome, exchange = auction(
        "A a1 SELL 5 @ 10",
        "B b1 BUY 5 @ 10",
        "A a2 SELL 5 @ 14",
        "S s1 BUY 7 STOP 10",
        protection=3,
    )

    assert heard(outcome) == [
        "S s1 TRIGGERED, leaves 7 cum 0",
        "S s1 TRADE 5 @ 13, leaves 2 cum 5",
        "A a1 TRADE 5 @ 13, leaves 0 cum 5",
    ]
    assert exchange.book(X).depth(Side.BUY, 2) == ((13, 2), (10, 5))


@pytest.mark.rule("AUCT-10")
def test_a_stop_without_a_limit_is_elected_by_the_auctions_trades_and_trades_after_them() -> None:
    outcome, exchange = auction(
        "A a1 SELL 5 @ 10", "B b1 BUY 5 @ 10", "A a2 SELL 3 @ 15", "S s1 BUY 5 STOP 10"
    )

    assert public(outcome) == ["X OPEN", "X has traded 5 @ 10"]
    assert heard(outcome) == [
        "B b1 TRADE 5 @ 10, leaves 0 cum 5",
        "A a1 TRADE 5 @ 10, leaves 0 cum 5",
        "S s1 TRIGGERED, leaves 5 cum 0",
        "A a2 TRADE 3 @ 15, leaves 0 cum 3",
        "S s1 TRADE 3 @ 15, leaves 2 cum 3",
        "S s1 CANCELED, leaves 0 cum 3, MARKET_OPTION",
    ]
    assert len(exchange.book(X)) == 0


@pytest.mark.rule("TYPE-3", "REP-4")
def test_what_an_auction_elects_where_nothing_matches_is_triggered_later() -> None:
    done = TradingState(name="DONE", match=False, uncross=True)
    exchange = venue(states=(CALL, done, BARE))
    put(exchange, "CALL")
    for line in (
        "S s1 SELL 1 STOP 10",
        "S s2 BUY 1 STOP 10",
        "S s3 BUY 1 STOP 11",
        "S s4 BUY 1 STOP 9",
        "A a1 SELL 5 @ 10",
        "B b1 BUY 5 @ 10",
    ):
        say(exchange, line)

    assert not any("TRIGGERED" in line for line in heard(put(exchange, "DONE")))
    assert [line for line in heard(put(exchange, "BARE")) if "TRIGGERED" in line] == [
        "S s4 TRIGGERED, leaves 1 cum 0",
        "S s2 TRIGGERED, leaves 1 cum 0",
        "S s1 TRIGGERED, leaves 1 cum 0",
    ]


@pytest.mark.rule("AUCT-10")
def test_stops_that_join_one_after_the_other_have_each_level_read_once() -> None:
    looked_at = 0

    class Counting(SortedDict[int, Level]):
        def __getitem__(self, rank: int) -> Level:
            nonlocal looked_at
            looked_at += 1
            return super().__getitem__(rank)

    exchange = venue()
    put(exchange, "CALL")
    say(exchange, "S s0 BUY 1 @ 1000 STOP 100")
    for number in range(50):
        say(exchange, f"A a{number} SELL 1 @ {100 + number}")
        say(exchange, f"A f{number} SELL 1 @ {2000 + number}")
        say(exchange, f"S s{number + 1} BUY 1 @ 1000 STOP {100 + number}")
    say(exchange, "B b1 BUY 1 @ 100")
    offers = exchange.book(X).offers
    offers.by_rank = Counting(offers.by_rank)

    found = exchange.view(X).indicative()

    assert found is not None
    assert (found.price, found.quantity) == (1000, 50)
    assert looked_at <= 51


def test_an_auction_is_looked_into_once_for_one_book_and_reference() -> None:
    exchange = venue()
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 12")
    view = exchange.view(X)

    first = view.indicative()
    assert view.indicative() is first
    say(exchange, "B b2 BUY 1 @ 12")
    assert view.indicative() is not first


@pytest.mark.rule("AUCT-10")
def test_an_auction_without_a_price_elects_nobody() -> None:
    outcome, exchange = auction("S s1 BUY 5 @ 12 STOP 10", "A a1 SELL 5 @ 11")

    assert heard(outcome) == []
    assert [one.waits for one in exchange.book(X)] == [True, False]


# --- the indicative price ---------------------------------------------------------------

# fmt: off
STEPS = [
    ("A a1 SELL 5 @ 10",           []),
    ("B b1 BUY 3 @ 12",            ["X would trade 3 @ 10"]),
    ("B b2 BUY 4 @ 9",             []),
    ("B b3 BUY 9 @ 13",            ["X would trade 5 @ 13"]),
    ("B b4 CHANGE BUY b3 8 @ 13",  []),
    ("B b5 CHANGE BUY b4 1 @ 13",  ["X would trade 4 @ 10"]),
    ("B x CANCEL BUY b1",          ["X would trade 1 @ 10"]),
    ("B x CANCEL BUY b1",          []),
    ("S s1 BUY 4 @ 11 STOP 10",    ["X would trade 5 @ 11"]),
    ("B m MASS",                   ["X would trade 0 @ None"]),
]
# fmt: on


@pytest.mark.rule("AUCT-9")
def test_the_indicative_price_is_published_when_it_changes_and_only_then() -> None:
    exchange = venue()
    put(exchange, "CALL")

    said = [(line, public(exchange.receive(request(line), 0))) for line, _ in STEPS]

    assert said == STEPS


@pytest.mark.rule("AUCT-9")
def test_a_call_begins_with_what_its_auction_would_come_to_now() -> None:
    exchange = venue("B b1 BUY 1 @ 9")
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 1 @ 9")

    assert public(put(exchange, "HALT")) == ["X HALT"]
    assert public(put(exchange, "CALL")) == ["X CALL", "X would trade 1 @ 9"]


# --- the end of the day -----------------------------------------------------------------


@pytest.mark.rule("SES-5")
def test_what_is_over_with_the_day_expires_and_the_rest_stays() -> None:
    exchange = venue(
        "A a1 BUY 5 @ 10",
        "A a2 BUY 5 @ 10 GTC",
        "A a3 BUY 5 @ 10 until=2026-01-30",
        "A a4 BUY 5 @ 10 until=2026-01-31",
        "A a5 SELL 5 @ 8 STOP 8",
        "A a6 SELL 5 @ 8 STOP 8 GTC",
        "A y1 BUY 5 @ 10 symbol=Y",
        "B b1 SELL 2 @ 10",
    )

    outcome = put(exchange, "CLOSE")

    assert heard(outcome) == [
        "A a1 EXPIRED, leaves 0 cum 2",
        "A a3 EXPIRED, leaves 0 cum 0",
        "A a5 EXPIRED, leaves 0 cum 0",
    ]
    assert [one.order.cl_ord_id for one in exchange.book(X)] == ["a2", "a4", "a6"]
    assert len(exchange.book(Y)) == 1


@pytest.mark.rule("SES-5")
def test_the_venues_date_goes_on_with_the_run() -> None:
    exchange = venue("A a1 BUY 5 @ 10 until=2026-01-31")
    day_ns = 24 * 3_600 * 10**9

    assert heard(put(exchange, "CLOSE", now_ns=10**9)) == []
    put(exchange, "BARE", now_ns=2 * 10**9)
    assert heard(put(exchange, "CLOSE", now_ns=day_ns)) == ["A a1 EXPIRED, leaves 0 cum 0"]


NEXT_DAY_NS = 15 * 3_600 * 10**9
"""It begins at nine."""


def test_what_is_good_till_a_date_expires_before_anything_else_on_the_next() -> None:
    def reach(exchange: Exchange, how: str, now_ns: int) -> Outcome:
        match how:
            case "request":
                return exchange.receive(request("B b1 SELL 5 @ 10"), now_ns)
            case "instrument":
                return put(exchange, "HALT", now_ns=now_ns)
            case "board":
                change = ChangeTradingState(board="B", state="HALT")
                return exchange.operate(change, now_ns)
            case _:
                return exchange.scheduled("r", X, "name", now_ns)

    for how in ("request", "instrument", "board", "moment"):
        exchange = venue(
            "A a1 BUY 5 @ 9",
            "A y1 BUY 5 @ 9 symbol=Y until=2026-01-30",
            "A a2 BUY 5 @ 10 until=2026-01-30",
            "A a3 BUY 5 @ 9 until=2026-01-31",
            boards=[board("B", X, state=CONTINUOUS)],
        )
        if how != "request":
            assert heard(reach(exchange, how, NEXT_DAY_NS - 1)) == []
        assert heard(reach(exchange, how, NEXT_DAY_NS))[:3] == [
            "A y1 EXPIRED, leaves 0 cum 0",
            "A a2 EXPIRED, leaves 0 cum 0",
        ] + (["B b1 NEW, leaves 5 cum 0"] if how == "request" else [])
        assert bids(exchange) == [("a1", 5), ("a3", 5)]
        assert heard(put(exchange, "CALL", now_ns=2 * NEXT_DAY_NS)) == []
        assert heard(put(exchange, "BARE", now_ns=3 * NEXT_DAY_NS)) == [
            "A a3 EXPIRED, leaves 0 cum 0"
        ]


def test_what_expires_with_its_date_is_put_to_rule_sets_and_moves_the_indicative_price() -> None:
    def note(events: Sequence[object], _market: MarketView) -> list[SettleEffect]:
        return [Publish(f"{type(event).__name__}") for event in events]

    exchange = venue(rules=VenueRules(after_request=(Bound("r", note),)))
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10 until=2026-01-30")
    say(exchange, "B b1 BUY 5 @ 10")

    outcome = exchange.receive(request("B b2 BUY 1 @ 3"), NEXT_DAY_NS)

    assert public(outcome) == ["published Lapsed", "X would trade 0 @ None", "published Rested"]


@pytest.mark.rule("SES-4", "SES-5")
def test_a_closing_auction_comes_before_the_end_of_the_day() -> None:
    last = attrs.evolve(NOTHING, name="LAST", uncross=True, ends_day=True)
    exchange = venue(states=(CALL, last))
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 3 @ 10")

    assert heard(put(exchange, "LAST")) == [
        "B b1 TRADE 3 @ 10, leaves 0 cum 3",
        "A a1 TRADE 3 @ 10, leaves 2 cum 3",
        "A a1 EXPIRED, leaves 0 cum 3",
    ]


# --- operations --------------------------------------------------------------------------

# fmt: off
CANCELED: Mapping[str, tuple[CancelOrders, list[str]]] = {
    "a user's":       (CancelOrders(user=CompID("u1")), ["a1", "y1"]),
    "a session's":    (CancelOrders(session=CompID("B")), ["b1"]),
    "an instrument's": (CancelOrders(symbol=X), ["a1", "a2", "b1"]),
    "a user's in one": (CancelOrders(user=CompID("u1"), symbol=X), ["a1"]),
    "nobody's":       (CancelOrders(user=CompID("u9")), []),
    "everybody's":    (CancelOrders(), ["a1", "y1", "a2", "b1"]),
}
# fmt: on


@pytest.mark.rule("OPS-2")
@pytest.mark.parametrize(("operation", "gone"), CANCELED.values(), ids=CANCELED.keys())
def test_the_venue_cancels_in_any_state(operation: CancelOrders, gone: list[str]) -> None:
    exchange = venue(
        "A a1 BUY 5 @ 10 user=u1",
        "A y1 BUY 5 @ 10 user=u1 symbol=Y",
        "A a2 SELL 5 @ 9 STOP 9 user=u2",
        "B b1 BUY 5 @ 10 user=u2",
        states=tuple(CME.values()),
    )
    put(exchange, "NO CANCEL")

    outcome = exchange.operate(attrs.evolve(operation, text="told to"), 0)

    reports = [report for report in outcome.reports if isinstance(report, ExecutionReport)]
    assert [report.cl_ord_id for report in reports] == gone
    assert {(report.exec_type.name, report.text) for report in reports} <= {("CANCELED", "told to")}
    assert len(exchange.book(X)) + len(exchange.book(Y)) == 4 - len(gone)


@pytest.mark.rule("OPS-2")
def test_what_the_venue_cancels_changes_the_indicative_price() -> None:
    exchange = venue()
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")

    outcome = exchange.operate(CancelOrders(session=CompID("A")), 0)

    assert public(outcome) == ["X would trade 0 @ None"]


@pytest.mark.rule("OPS-3")
def test_no_matching_state_is_entered_crossed_unless_it_uncrosses() -> None:
    exchange = venue(boards=[board("B", X, Y)])
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")
    why = "refused: state 'BARE': expected one that uncrosses the book of X, or does not match"

    assert public(put(exchange, "BARE")) == [why]
    assert (exchange.view(X).state, exchange.view(Y).state) == (CALL, CALL)
    assert public(put(exchange, "HALT")) == ["X HALT"]
    assert public(turn(exchange, "B", "BARE")) == ["Y BARE"]
    assert public(put(exchange, None)) == [why]
    assert public(put(exchange, "OPEN")) == ["X OPEN", "X has traded 5 @ 10"]
    assert public(put(exchange, None)) == ["X BARE"]


@pytest.mark.rule("OPS-3")
def test_what_cannot_follow_its_board_holds_nobody_else_back_and_follows_the_next_time() -> None:
    exchange = venue(boards=[board("B", X, Y)])
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")

    outcome = turn(exchange, "B", "BARE")

    (refused, _) = outcome.published
    assert isinstance(refused, OperationRefused)
    assert refused.operation == ChangeTradingState(symbol=X, state="BARE")
    assert public(outcome)[1:] == ["Y BARE"]
    view = exchange.view(X)
    assert (view.state, view.own_state, view.board_state) == (CALL, None, BARE)
    assert public(turn(exchange, "B", "OPEN"))[:2] == ["X OPEN", "X has traded 5 @ 10"]


# fmt: off
WRONG: Mapping[str, tuple[MarketOperation, str]] = {
    "symbol": (ChangeTradingState(symbol=Symbol("Q"), state="OPEN"), "symbol 'Q': expected one of X, Y, Z"),
    "board":  (ChangeTradingState(board="Q", state="OPEN"), "board 'Q': expected one of B"),
    "state":  (ChangeTradingState(symbol=X, state="Q"), "state 'Q': expected one of CONTINUOUS, CALL, OPEN, HALT, CLOSE, BARE"),
    "orders": (CancelOrders(symbol=Symbol("Q")), "symbol 'Q': expected one of X, Y, Z"),
}
# fmt: on


@pytest.mark.parametrize(("operation", "why"), WRONG.values(), ids=WRONG.keys())
def test_an_operation_that_cannot_be_is_put_on_record_and_changes_nothing(
    operation: MarketOperation, why: str
) -> None:
    exchange = venue("A a1 SELL 5 @ 10", boards=[board("B", X)])

    outcome = exchange.operate(operation, 0)

    assert outcome.published == [OperationRefused(operation=operation, text=why)]
    assert outcome.reports == []
    assert exchange.view(X).state == CALL


# --- rule sets ---------------------------------------------------------------------------

Changed = Callable[[TradingState, TradingState, MarketView], Sequence[SettleEffect]]


def on_change(*asked: Changed) -> VenueRules:
    bound = tuple(Bound(f"r{number}", ask) for number, ask in enumerate(asked, 1))
    return VenueRules(trading_session_changed=bound)


def test_rule_sets_are_told_of_a_change_after_what_the_state_itself_brings() -> None:
    seen = []

    def note(old: TradingState, new: TradingState, market: MarketView) -> list[SettleEffect]:
        seen.append((old.name, new.name, market.state.name, market.last_px))
        return [Remember("seen", new.name), Publish(f"{market.recall('seen')} before {new.name}")]

    exchange = venue(rules=on_change(note))
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")

    outcome = put(exchange, "OPEN")

    assert seen == [("CONTINUOUS", "CALL", "CALL", None), ("CALL", "OPEN", "OPEN", 10)]
    assert [applied.effect for applied in outcome.effects] == [
        Remember("seen", "OPEN"), Publish("CALL before OPEN"),
    ]  # fmt: skip


def test_all_rule_sets_are_asked_in_their_order_and_none_about_another_instrument() -> None:
    asked: list[str] = []

    def first(_old: TradingState, _new: TradingState, _market: MarketView) -> list[SettleEffect]:
        asked.append("first")
        return []

    def second(_old: TradingState, _new: TradingState, _market: MarketView) -> list[SettleEffect]:
        asked.append("second")
        return []

    exchange = venue(rules=on_change(first, second), boards=[board("B", X, Y)])
    turn(exchange, "B", "OPEN")

    assert asked == ["first", "second"]


def test_what_a_state_brings_is_put_to_after_request() -> None:
    told_of: list[list[type]] = []

    def settle(events: Sequence[object], _market: MarketView) -> None:
        told_of.append([type(event) for event in events])

    last = attrs.evolve(NOTHING, name="LAST", uncross=True, ends_day=True)
    exchange = venue(states=(CALL, last), rules=VenueRules(after_request=(Bound("r", settle),)))
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 3 @ 10")
    told_of.clear()

    put(exchange, "LAST")

    assert told_of == [[AuctionTraded, Lapsed]]


def test_a_rule_sets_effect_changes_a_state_of_its_own_or_another_instrument() -> None:
    def follow(_old: TradingState, new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [ChangeState("HALT", Y)] if new == HALT else [ChangeState(None, Y)]

    exchange = venue(rules=on_change(follow))

    assert public(put(exchange, "HALT")) == ["X HALT", "Y HALT"]
    assert public(put(exchange, None)) == ["X CONTINUOUS", "Y CONTINUOUS"]


def test_a_change_of_state_that_cannot_be_is_put_on_record() -> None:
    def misspelt(_old: TradingState, _new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [ChangeState("HLAT")]

    outcome = put(venue(rules=on_change(misspelt)), "CALL")

    assert public(outcome)[1:] == [
        "refused: state 'HLAT': expected one of CONTINUOUS, CALL, OPEN, HALT, CLOSE, BARE"
    ]
    assert [type(applied.effect) for applied in outcome.effects] == [ChangeState]


def test_a_scheduled_moment_ends_a_halt() -> None:
    def pause(_old: TradingState, new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [Schedule(120, "end")] if new == HALT else []

    def end(_name: str, _market: MarketView) -> list[SettleEffect]:
        return [ChangeState(None)]

    rules = VenueRules(trading_session_changed=(Bound("r", pause),), scheduled=(Bound("r", end),))
    exchange = venue(rules=rules, boards=[board("B", X, state=OPEN)])
    put(exchange, "HALT", now_ns=5)

    assert public(exchange.scheduled("r", X, "end", 124)) == []
    assert public(exchange.scheduled("r", X, "end", 125)) == ["X OPEN", "X has traded 0 @ None"]


def test_what_is_scheduled_comes_before_what_arrives_or_is_done_at_its_moment() -> None:
    def pause(_old: TradingState, new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [Schedule(120, "end")] if new == CALL else []

    def end(_name: str, _market: MarketView) -> list[SettleEffect]:
        return [Publish("now"), ChangeState(None)]

    rules = VenueRules(trading_session_changed=(Bound("r", pause),), scheduled=(Bound("r", end),))

    def waiting() -> Exchange:
        exchange = venue(rules=rules, boards=[board("B", X, state=OPEN)])
        put(exchange, "CALL", now_ns=5)
        say(exchange, "A a1 SELL 5 @ 10", 6)
        say(exchange, "A a2 BUY 5 @ 10", 6)
        return exchange

    ended = ["published now", "X OPEN", "X has traded 5 @ 10"]
    exchange = waiting()
    assert public(exchange.receive(request("B b1 SELL 5 @ 11"), 124)) == []
    outcome = exchange.receive(request("B b2 SELL 5 @ 9"), 125)
    assert public(outcome) == ended
    assert heard(outcome)[-1] == "B b2 NEW, leaves 5 cum 0"
    assert [type(applied.effect) for applied in outcome.effects] == [Publish, ChangeState]
    assert public(exchange.scheduled("r", X, "end", 125)) == []

    assert public(put(waiting(), "HALT", now_ns=125)) == [*ended, "X HALT"]
    cancel = CancelOrders(session=CompID("A"), text="gone")
    assert public(waiting().operate(cancel, 125)) == ended
    exchange = waiting()
    assert public(exchange.operate(ChangeTradingState(board="B", state="CLOSE"), 125)) == []
    assert public(exchange.scheduled("r", X, "end", 125)) == ["published now", "X CLOSE"]


def test_a_rule_set_sees_the_auction_and_whose_state_it_is() -> None:
    seen: list[tuple[Price | None, str | None, str | None]] = []

    def note(_old: TradingState, _new: TradingState, market: MarketView) -> list[SettleEffect]:
        own, on, found = market.own_state, market.board, market.auction
        seen.append(
            (
                None if found is None else found.price,
                None if own is None else own.name,
                None if on is None else on.name,
            )
        )
        return []

    exchange = venue(rules=on_change(note), boards=[board("B", X, state=OPEN)])
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")
    put(exchange, None)
    put(exchange, "HALT")
    put(exchange, None)

    assert seen == [(None, "CALL", "B"), (10, None, "B"), (None, "HALT", "B"), (None, None, "B")]
    assert venue().view(X).board is None


def test_rule_sets_are_told_of_a_change_before_the_stops_that_its_auction_elects() -> None:
    last: list[Price | None] = []

    def note(_old: TradingState, _new: TradingState, market: MarketView) -> list[SettleEffect]:
        last.append(market.last_px)
        return []

    exchange = venue("A a2 SELL 5 @ 20", "S s1 BUY 3 STOP 10", rules=on_change(note))
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")
    put(exchange, "OPEN")

    assert last == [None, 10]
    assert exchange.view(X).last_px == 20


def test_what_a_scheduled_moment_cancels_changes_the_indicative_price() -> None:
    def soon(_old: TradingState, _new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [Schedule(1, "clear")]

    def clear(_name: str, _market: MarketView) -> list[SettleEffect]:
        return [CancelOrder(OrderID(1))]

    rules = VenueRules(trading_session_changed=(Bound("r", soon),), scheduled=(Bound("r", clear),))
    exchange = venue(rules=rules)
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")
    say(exchange, "B b1 BUY 5 @ 10")

    assert public(exchange.scheduled("r", X, "clear", 1)) == ["X would trade 0 @ None"]


def interrupting(above: Price, interrupt: Interrupt) -> VenueRules:
    """Return a rule set that interrupts the market before a trade above a price."""

    def guard(price: Price, _quantity: Qty, _market: MarketView) -> Guard | None:
        return interrupt if price > above else None

    return VenueRules(before_trade=(Bound("etr", guard),))


# fmt: off
INTERRUPTS: Mapping[str, tuple[Interrupt, list[str], list[str]]] = {
    "what has traded stands, the rest joins": (
        Interrupt(state="CALL"),
        ["NEW, leaves 9 cum 0", "TRADE 5 @ 10, leaves 4 cum 5"],
        ["X CALL", "X would trade 4 @ 12"]),
    "what has traded stands, the rest goes": (
        Interrupt(state="CALL", remainder=Remainder.CANCEL),
        ["NEW, leaves 9 cum 0", "TRADE 5 @ 10, leaves 4 cum 5", "CANCELED, leaves 0 cum 5, OTHER"],
        ["X CALL"]),
    "nothing trades, all of it joins": (
        Interrupt(state="CALL", fills=Fills.WITHHOLD),
        ["NEW, leaves 9 cum 0"],
        ["X CALL", "X would trade 9 @ 12"]),
    "then something else": (
        Interrupt(state="CALL", then=(ChangeState("HALT", Y),)),
        ["NEW, leaves 9 cum 0", "TRADE 5 @ 10, leaves 4 cum 5"],
        ["X CALL", "X would trade 4 @ 12", "Y HALT"]),
}
# fmt: on


@pytest.mark.parametrize(
    ("interrupt", "to_aggressor", "published"), INTERRUPTS.values(), ids=INTERRUPTS.keys()
)
def test_an_interrupt_takes_the_market_into_its_state_after_what_stands(
    interrupt: Interrupt, to_aggressor: list[str], published: list[str]
) -> None:
    exchange = venue("A a1 SELL 5 @ 10", "A a2 SELL 9 @ 12", rules=interrupting(10, interrupt))

    outcome = exchange.receive(request("B b1 BUY 9 @ 12"), 0)

    said = [line.removeprefix("B b1 ") for line in heard(outcome) if line.startswith("B b1 ")]
    assert said == to_aggressor
    assert public(outcome) == published
    assert exchange.view(X).state == CALL


# fmt: off
BAD_INTERRUPTS = {
    "unknown":           ("Q", "expected one of CONTINUOUS, CALL, OPEN, HALT, CLOSE, BARE"),
    "would stay crossed": ("BARE", "expected one that does not match, or that uncrosses"),
}
# fmt: on


@pytest.mark.parametrize(("state", "why"), BAD_INTERRUPTS.values(), ids=BAD_INTERRUPTS.keys())
@pytest.mark.parametrize("line", ["B b1 BUY 9 @ 12", "B b1 CHANGE BUY b0 9 @ 12"])
def test_an_interrupt_into_a_state_that_could_be_crossed_is_the_rule_sets_fault(
    line: str, state: str, why: str
) -> None:
    rules = interrupting(10, Interrupt(state=state))
    exchange = venue("B b0 BUY 9 @ 9", "A a1 SELL 5 @ 10", "A a2 SELL 9 @ 12", rules=rules)

    with pytest.raises(RuleFailed, match=f"'etr'.*state '{state}': {why}"):
        exchange.receive(request(line), 0)

    assert bids(exchange) == [("b0", 9)]
    assert exchange.view(X).last_px is None
    assert exchange.view(X).state == CONTINUOUS


def test_an_elected_stop_is_not_triggered_into_a_bad_interrupt() -> None:
    exchange = venue(
        "A a1 SELL 5 @ 10", "A a2 SELL 9 @ 12", "S s1 BUY 3 @ 15 STOP 10",
        rules=interrupting(10, Interrupt(state="BARE")),
    )  # fmt: skip

    with pytest.raises(RuleFailed, match="'etr'"):
        say(exchange, "B b1 BUY 5 @ 10")

    assert not exchange.book(X).is_crossed
    assert [one.order.cl_ord_id for one in exchange.book(X)] == ["a2", "s1"]


def test_an_elected_stop_interrupts_too_and_those_behind_it_wait_on() -> None:
    exchange = venue(
        "A a1 SELL 5 @ 10", "A a2 SELL 9 @ 12",
        "S s1 BUY 3 @ 15 STOP 10", "S s2 BUY 3 @ 15 STOP 10",
        rules=interrupting(10, Interrupt(state="CALL")),
    )  # fmt: skip

    outcome = exchange.receive(request("B b1 BUY 5 @ 10"), 0)

    assert [line for line in heard(outcome) if line.startswith("S")] == [
        "S s1 TRIGGERED, leaves 3 cum 0"
    ]
    assert public(outcome)[0] == "X CALL"
    assert [one.order.cl_ord_id for one in exchange.book(X) if one.waits] == ["s2"]


def test_a_rule_set_says_what_an_auction_refers_to() -> None:
    rules = VenueRules(
        auction_reference=(Bound("silent", lambda _market: None), Bound("r", lambda _market: 17))
    )
    exchange = venue(rules=rules, reference=11)
    put(exchange, "CALL")
    say(exchange, "A a1 SELL 5 @ 10")

    assert public(exchange.receive(request("B b1 BUY 5 @ 20"), 0)) == ["X would trade 5 @ 17"]
    assert public(put(exchange, "OPEN")) == ["X OPEN", "X has traded 5 @ 17"]


def test_a_rule_that_raises_at_a_change_ends_the_run_with_its_name() -> None:
    def fail(*_about: object) -> NoReturn:
        raise KeyError("limits")

    with pytest.raises(
        RuleFailed, match="rule set 'r1' raised in trading_session_changed"
    ) as caught:
        put(venue(rules=on_change(fail)), "OPEN")
    assert caught.value.asked == (CONTINUOUS, OPEN)

    exchange = venue(rules=VenueRules(auction_reference=(Bound("r", fail),)))
    with pytest.raises(RuleFailed, match="rule set 'r' raised in auction_reference"):
        put(exchange, "OPEN")


def test_changes_that_answer_one_another_for_ever_are_reported() -> None:
    def flip(_old: TradingState, new: TradingState, _market: MarketView) -> list[SettleEffect]:
        return [ChangeState("CALL" if new == OPEN else "OPEN")]

    why = "expected at most 100 changes of state that follow from one another"
    with pytest.raises(RuleFailed, match=f"'r1' .*{why}"):
        put(venue(rules=on_change(flip)), "OPEN")


def test_a_rule_may_answer_a_change_with_effects_and_nothing_else() -> None:
    def answer(*_about: object) -> list[object]:
        return [Interrupt(state="HALT")]

    rules = VenueRules(trading_session_changed=(Bound("r", answer),))

    with pytest.raises(RuleFailed, match="trading_session_changed may not answer"):
        put(venue(rules=rules), "OPEN")
