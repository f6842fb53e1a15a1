# ruff: noqa: E501  # a case is a line
"""NSX's rule sets: the extreme trade range, the anomalous order threshold, and the sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nsx_venue import BOUNDARIES, SECOND, X, nsx_with, say
from oracle.shorthand import request, told
from settings import assert_setting_refused, with_settings

import floorproof
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import CxlRejReason, ExecType, OrdRejReason, Side
from floorproof.market.identifiers import Symbol
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.market.operations import (
    AuctionResult,
    ChangeTradingState,
    IndicativePrice,
    OperationRefused,
    SecurityStatus,
)
from floorproof.market.rules import Indifferent, Interrupt, MarketView, Publish, Schedule
from floorproof.plugins import nsx
from floorproof.plugins.check import check_plugin
from floorproof.plugins.manager import Plugins
from floorproof.plugins.nsx.aot import AnomalousOrderThreshold
from floorproof.plugins.nsx.attributes import PercentBand, range_around, reference_range
from floorproof.plugins.nsx.etr import ExtremeTradeRange, Trigger, WithoutTrades
from floorproof.plugins.nsx.sessions import STATES, Sessions
from floorproof.scenario.errors import ScenarioError
from floorproof.wire.itch import ActionState
from floorproof.wire.public import PublicAction, PublicAttribute, PublicEvent


def public(outcome: Outcome) -> list[str]:
    """Return what became public, in its order."""
    return [_said(news) for news in outcome.published]


def _said(news: object) -> str:
    match news:
        case SecurityStatus():
            return f"= {news.trading_state}"
        case IndicativePrice():
            return f"I {news.quantity} @ {news.price}"
        case AuctionResult():
            return f"C {news.quantity} @ {news.price}"
        case OperationRefused():
            return f"refused {news.text}"
        case Publish(PublicEvent() as event):
            scope = event.board or event.symbol
            return f"S {event.event_code} {event.event_status} @ {event.scheduled_time_ns // SECOND} of {scope}"
        case Publish(PublicAction() as action):
            return f"H {action.trading_state}{action.reason}".rstrip()
        case Publish(PublicAttribute() as attribute):
            return f"X {attribute.attribute_type} {attribute.attribute_value}"
        case _:
            raise TypeError(news)


def reports(outcome: Outcome) -> list[str]:
    return [told(report) for report in outcome.reports if isinstance(report, ExecutionReport)]


def trades(outcome: Outcome) -> list[str]:
    """Return each trade once, as the session of a ``b`` order or else any hears of it."""
    found = [
        f"{one.last_qty} @ {one.last_px}"
        for one in outcome.reports
        if isinstance(one, ExecutionReport) and one.exec_type is ExecType.TRADE
    ]
    return found[::2]


def resting(exchange: Exchange) -> list[str]:
    book = exchange.book(X)
    return [
        f"{one.order.cl_ord_id} {one.leaves_qty} @ {one.order.price}"
        for side in Side
        for one in book.resting(side)
    ]


def state_of(exchange: Exchange) -> str:
    return exchange.view(X).state.name


def starts(at: int = 0, pause: int = 120, indicative: str = "") -> list[str]:
    return [
        "= CB_AUCT",
        f"S CB_AUCT S @ {at} of X",
        "H VH",
        f"S CB_AUCT T @ {at} of X",
        f"S CB_AUCT_END S @ {at + pause} of X",
        *([f"I {indicative}"] if indicative else []),
    ]


def ends(
    at: int, auction: str, reference: int, percent: int = 60_000, into: str = "OPEN"
) -> list[str]:
    return [
        "H TN",
        f"= {into}",
        f"C {auction}",
        f"X B {reference}",
        f"X D {percent}",
        f"X d {percent}",
        f"S CB_AUCT_END T @ {at} of X",
    ]


ETR = ExtremeTradeRange()
NO_FILL = ExtremeTradeRange(trigger=Trigger.NO_FILL)
NOTHING = "0 @ None"


def percent(up: str, down: str | None = None) -> tuple[PercentBand, ...]:
    return (PercentBand("0", up, up if down is None else down),)


# --- the plugin -----------------------------------------------------------------------


def test_the_plugin_keeps_the_contract() -> None:
    test = Symbol("TEST")
    narrow = {"bands": percent("1"), "references": {test: "100"}}

    report = check_plugin(nsx, {"nsx-etr": narrow, "nsx-aot": narrow})

    assert not report.failures, report
    assert {each.subject for each in report.skipped} == {
        "commands",
        "exporters",
        "invariants",
    }


def test_the_rule_sets_have_their_order() -> None:
    plugins = Plugins.discover()

    asked = plugins.resolve(["nsx-etr", "nsx-aot", "nsx-sessions"])

    assert [offer.name for offer in asked] == ["nsx-etr", "nsx-aot", "nsx-sessions"]


def test_an_instrument_may_be_left_alone() -> None:
    etr, aot = ExtremeTradeRange(symbols=(X,)), AnomalousOrderThreshold(symbols=(X,))
    exchange = nsx_with("A a1 SELL 1 @ 1700 symbol=Y", etr=etr, aot=aot)

    assert trades(say(exchange, "B b1 BUY 1 @ 1700 symbol=Y")) == ["1 @ 1700"]


# --- arithmetic -----------------------------------------------------------------------


@pytest.mark.rule("NSX-ETR-1", "NSX-ETR-2")
@pytest.mark.parametrize(
    ("reference", "percentage", "decimals", "high", "too_high", "low", "too_low"), BOUNDARIES
)
def test_limits_are_inside_and_exact(
    reference: int,
    percentage: int,
    decimals: int,
    high: int,
    too_high: int,
    low: int,
    too_low: int | None,
) -> None:
    bands = percent(str(Fraction(percentage, 10**decimals)))
    etr = ExtremeTradeRange(bands=bands)
    for price, breaks in ((high, False), (too_high, True), (low, False), (too_low, True)):
        if price is None:
            continue
        exchange = nsx_with(etr=etr, decimals=decimals, tick=1, reference=reference)
        say(exchange, f"A a1 SELL 1 @ {price}")

        outcome = say(exchange, f"B b1 BUY 1 @ {price}")

        assert (state_of(exchange) == "CB_AUCT") is breaks, price
        assert trades(outcome) == ([] if breaks else [f"1 @ {price}"])
    assert [each.attribute_value for each in etr.opening(exchange.view(X, "nsx-etr"))] == [
        reference, percentage, percentage,
    ]  # fmt: skip


@pytest.mark.rule("NSX-ETR-1")
@given(
    st.integers(1, 10**7),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
    st.integers(0, 6),
    st.integers(-3, 3),
)
def test_a_range_is_the_integer_test_of_the_page(
    reference: int, up: int, down: int, decimals: int, by: int
) -> None:
    found, k = reference_range(reference, up, down, decimals), 100 * 10**decimals
    highest, lowest = Fraction(reference * (k + up), k), Fraction(reference * (k - down), k)

    assert found.highest == floor(highest)
    assert found.lowest == (ceil(lowest) if down < k else None)
    for price in (reference, floor(highest) + by, max(1, ceil(lowest) + by)):
        above, below = (
            (price - reference) * k > reference * up,
            (reference - price) * k > reference * down,
        )
        assert (price in found) is not (above or below)


@pytest.mark.rule("NSX-ETR-1")
@pytest.mark.parametrize("reference", [0, -1000])
def test_a_reference_that_is_not_above_zero_limits_nothing(reference: int) -> None:
    found = reference_range(reference, 60_000, 60_000, 3)

    assert all(price in found for price in (-(10**9), reference, 10**9))


@pytest.mark.rule("NSX-ETR-1")
@pytest.mark.parametrize("percentage", [100_000, 100_001, 10**9])
def test_a_lower_percentage_of_100_or_more_leaves_no_lower_limit(percentage: int) -> None:
    found = reference_range(5, 60_000, percentage, 3)

    assert found.lowest is None
    assert (found.highest, -1 in found, reference_range(5, 0, 99_999, 3).lowest) == (8, True, 1)


@pytest.mark.rule("NSX-ETR-2")
@pytest.mark.parametrize(
    ("reference", "percentage"),
    [(1, 60), (999, 60), (1499, 60), (1500, 40), (9999, 40), (10_000, 0)],
)
def test_percentages_are_those_of_the_references_band(reference: int, percentage: int) -> None:
    bands = (
        PercentBand("0.001", "60", "60"),
        PercentBand("1.500", "40", "40"),
        PercentBand("10", "0", "0"),
    )

    found = range_around(reference, bands, 3)

    assert (found.upper_percent, found.lower_percent) == (percentage * 1000, percentage * 1000)


# --- E1 to E20 ------------------------------------------------------------------------

OFFERS = ["A a1 SELL 100 @ 1600", "A a2 SELL 200 @ 1610"]
IN_100 = ["100 @ 1600"]
# fmt: off
# What rests, what arrives, what of it trades at once; then, if there is an event, the
# indicative price, what rests, and the auction at the end with the reference it leaves.
Case = tuple[Sequence[str], str, Sequence[str], tuple[str, Sequence[str], str, int] | None]
SCENARIOS: Mapping[str, Case] = {
    "E1 at the limit":     (["A a1 SELL 100 @ 1600"], "B b1 BUY 100 @ 1600", ["100 @ 1600"], None),
    "E2 the trade counts": (["A a1 SELL 100 @ 1595"], "B b1 BUY 100 @ 1700", ["100 @ 1595"], None),
    "E3 nobody there":     ([], "B b1 BUY 100 @ 1700", [], None),
    "E4 beyond":           (["A a1 SELL 200 @ 1610"], "B b1 BUY 200 @ 1610", [],
                            ("200 @ 1610", ["b1 200 @ 1610", "a1 200 @ 1610"], "200 @ 1610", 1610)),
    "E5 part inside":      (OFFERS, "B b1 BUY 300 @ 1650", IN_100,
                            ("200 @ 1610", ["b1 200 @ 1650", "a2 200 @ 1610"], "200 @ 1610", 1610)),
    "E6 below":            (["A a1 BUY 100 @ 395"], "B b1 SELL 100 @ 395", [],
                            ("100 @ 395", ["a1 100 @ 395", "b1 100 @ 395"], "100 @ 395", 395)),
    "E6 at the lower":     (["A a1 BUY 100 @ 400"], "B b1 SELL 100 @ 400", ["100 @ 400"], None),
    "E7 immediate":        (OFFERS, "B b1 BUY 300 @ 1650 IOC", IN_100, ("", ["a2 200 @ 1610"], NOTHING, 1000)),
    "E8 market":           (OFFERS, "B b1 BUY 300 MARKET", IN_100, ("", ["a2 200 @ 1610"], NOTHING, 1000)),
    "E9 fill or kill":     (OFFERS, "B b1 BUY 300 @ 1650 FOK", [],
                            ("", ["a1 100 @ 1600", "a2 200 @ 1610"], NOTHING, 1000)),
    "E10 not enough":      (OFFERS, "B b1 BUY 400 @ 1650 FOK", [], None),
    "E10 its own limit":   (OFFERS, "B b1 BUY 300 @ 1605 FOK", [], None),
    "minimum, reached":    (OFFERS, "B b1 BUY 300 @ 1650 min=100", IN_100,
                            ("200 @ 1610", ["b1 200 @ 1650", "a2 200 @ 1610"], "200 @ 1610", 1610)),
    "minimum, beyond":     (OFFERS, "B b1 BUY 300 @ 1650 min=200", [],
                            ("", ["a1 100 @ 1600", "a2 200 @ 1610"], NOTHING, 1000)),
    "minimum, not there":  (OFFERS, "B b1 BUY 400 @ 1650 min=400", [], None),
    "market-limit":        (["A a1 SELL 200 @ 1610"], "B b1 BUY 300 MARKET_LIMIT", [],
                            ("", ["a1 200 @ 1610"], NOTHING, 1000)),
    "iceberg":             (OFFERS, "B b1 BUY 300 @ 1650 show=50", IN_100,
                            ("200 @ 1610", ["b1 200 @ 1650", "a2 200 @ 1610"], "200 @ 1610", 1610)),
    "E14 a change":        (["B b0 BUY 100 @ 1500", "A a1 SELL 100 @ 1610"], "B b1 CHANGE BUY b0 100 @ 1650", [],
                            ("100 @ 1610", ["b1 100 @ 1650", "a1 100 @ 1610"], "100 @ 1610", 1610)),
    "E16 the misprint":    (["A a1 SELL 100 @ 1010"], "B b1 BUY 100 @ 1010", ["100 @ 1010"], None),
    "E16 as it is meant":  (["A a1 SELL 100 @ 1610"], "B b1 BUY 100 @ 1610", [],
                            ("100 @ 1610", ["b1 100 @ 1610", "a1 100 @ 1610"], "100 @ 1610", 1610)),
    "E18 first bad tick":  (["A a1 SELL 100 @ 1605"], "B b1 BUY 100 @ 1605", [],
                            ("100 @ 1605", ["b1 100 @ 1605", "a1 100 @ 1605"], "100 @ 1605", 1605)),
    "a buy below":         (["A a1 SELL 100 @ 395"], "B b1 BUY 100 @ 500", [],
                            ("100 @ 500", ["b1 100 @ 500", "a1 100 @ 395"], "100 @ 500", 500)),
}
# fmt: on


@pytest.mark.rule(
    "NSX-ETR-1", "NSX-ETR-3", "NSX-ETR-4", "NSX-ETR-5", "NSX-ETR-6", "NSX-ETR-7", "NSX-ETR-8",
    "NSX-ETR-9", "NSX-ETR-10",
)  # fmt: skip
@pytest.mark.parametrize(
    ("before", "arrives", "inside", "event"), SCENARIOS.values(), ids=SCENARIOS
)
def test_an_order_meets_the_range(
    before: Sequence[str],
    arrives: str,
    inside: Sequence[str],
    event: tuple[str, Sequence[str], str, int] | None,
) -> None:
    exchange = nsx_with(*before, etr=ETR)

    outcome = say(exchange, arrives)

    assert trades(outcome) == inside
    if event is None:
        assert public(outcome) == []
        assert not outcome.effects
        assert state_of(exchange) == "OPEN"
        return
    indicative, rests, auction, reference = event
    assert public(outcome) == starts(indicative=indicative)
    assert resting(exchange) == rests
    assert state_of(exchange) == "CB_AUCT"

    ended = say(exchange, "end", 120)

    assert public(ended) == ends(120, auction, reference)
    assert state_of(exchange) == "OPEN"
    assert not exchange.book(X).is_crossed
    assert {one.last_px for one in ended.reports if isinstance(one, ExecutionReport)} <= {reference}


# fmt: off
UNDER_NO_FILL: Mapping[str, Case] = {
    "E4 beyond":        SCENARIOS["E4 beyond"],
    "E5 part inside":   (OFFERS, "B b1 BUY 300 @ 1650", [],
                         ("300 @ 1610", ["b1 300 @ 1650", "a1 100 @ 1600", "a2 200 @ 1610"], "300 @ 1610", 1610)),
    "E7 immediate":     (OFFERS, "B b1 BUY 300 @ 1650 IOC", [],
                         ("", ["a1 100 @ 1600", "a2 200 @ 1610"], NOTHING, 1000)),
    "E8 market":        (OFFERS, "B b1 BUY 300 MARKET", [],
                         ("", ["a1 100 @ 1600", "a2 200 @ 1610"], NOTHING, 1000)),
    "E9 fill or kill":  SCENARIOS["E9 fill or kill"],
    "E10 not enough":   SCENARIOS["E10 not enough"],
    "minimum, reached": (OFFERS, "B b1 BUY 300 @ 1650 min=100", [],
                         ("", ["a1 100 @ 1600", "a2 200 @ 1610"], NOTHING, 1000)),
}
# fmt: on


@pytest.mark.rule("NSX-ETR-4")
@pytest.mark.parametrize(
    ("before", "arrives", "inside", "event"), UNDER_NO_FILL.values(), ids=UNDER_NO_FILL
)
def test_where_nothing_is_filled_all_of_the_order_waits(
    before: Sequence[str],
    arrives: str,
    inside: Sequence[str],
    event: tuple[str, Sequence[str], str, int] | None,
) -> None:
    exchange = nsx_with(*before, etr=NO_FILL)

    outcome = say(exchange, arrives)

    assert trades(outcome) == inside
    assert (state_of(exchange) == "OPEN") is (event is None)
    if event is not None:
        indicative, rests, auction, reference = event
        assert public(outcome) == starts(indicative=indicative)
        assert resting(exchange) == rests
        assert public(say(exchange, "end", 120)) == ends(120, auction, reference)


@pytest.mark.rule("NSX-ETR-5")
def test_what_is_left_of_an_immediate_order_is_told_as_its_kind_has_it() -> None:
    for arrives, last in (
        ("B b1 BUY 300 @ 1650 IOC", "B b1 EXPIRED, leaves 0 cum 100"),
        ("B b1 BUY 300 MARKET", "B b1 CANCELED, leaves 0 cum 100, OTHER"),
        ("B b1 BUY 300 @ 1650 FOK", "B b1 EXPIRED, leaves 0 cum 0"),
    ):
        assert reports(say(nsx_with(*OFFERS, etr=ETR), arrives))[-1] == last

    exchange = nsx_with(*OFFERS, etr=ETR, protection=100)
    assert (
        reports(say(exchange, "B b1 BUY 300 MARKET"))[-1]
        == "B b1 CANCELED, leaves 0 cum 100, OTHER"
    )
    assert resting(exchange) == ["a2 200 @ 1610"]


@pytest.mark.rule("NSX-ETR-4", "NSX-ETR-7", "NSX-ETR-8")
def test_e11_an_order_during_the_pause_moves_the_auction() -> None:
    exchange = nsx_with(*OFFERS, "B b1 BUY 300 @ 1650", etr=ETR)

    assert public(say(exchange, "C c1 SELL 500 @ 1500", 30)) == ["I 200 @ 1500"]

    assert public(say(exchange, "end", 120)) == ends(120, "200 @ 1500", 1500)
    allowed = ETR.range(exchange.view(X, "nsx-etr"))
    assert allowed is not None
    assert (allowed.highest, allowed.lowest) == (2400, 600)


@pytest.mark.rule("NSX-ETR-10")
def test_e12_a_cancel_during_the_pause_leaves_nothing_to_trade() -> None:
    exchange = nsx_with(*OFFERS, "B b1 BUY 300 @ 1650", etr=ETR)

    assert public(say(exchange, "B x CANCEL BUY b1", 30)) == ["I 0 @ None"]

    assert public(say(exchange, "end", 120)) == ends(120, NOTHING, 1000)


@pytest.mark.rule("NSX-ETR-9", "NSX-ETR-13")
def test_e13_a_second_event_pauses_for_the_full_time() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)
    say(exchange, "end", 120)
    say(exchange, "A a3 SELL 100 @ 2575", 150)
    say(exchange, "A a4 SELL 100 @ 2580", 150)

    outcome = say(exchange, "B b3 BUY 150 @ 2600", 150)

    assert trades(outcome) == ["100 @ 2575"]
    assert public(outcome) == starts(150, indicative="50 @ 2580")
    assert public(say(exchange, "end", 240)) == []
    assert public(say(exchange, "end", 270)) == ends(270, "50 @ 2580", 2580)


@pytest.mark.rule("NSX-ETR-13")
def test_one_market_order_after_another_may_cause_events_while_the_reference_stays() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", etr=ETR)
    for number in range(3):
        outcome = say(exchange, f"B b{number} BUY 10 MARKET", number * 200)
        assert public(outcome) == starts(number * 200)
        assert public(say(exchange, "end", number * 200 + 120)) == ends(
            number * 200 + 120, NOTHING, 1000
        )


@pytest.mark.rule("NSX-ETR-13", "NSX-SES-1")
@pytest.mark.parametrize(
    "arrives", ["BUY 1 MARKET", "BUY 1 @ 1700 IOC", "BUY 1 @ 1700 FOK", "BUY 2 @ 1700 min=1"]
)
def test_e15_what_must_trade_at_once_is_refused_during_the_pause(arrives: str) -> None:
    exchange = nsx_with(*OFFERS, "B b1 BUY 300 @ 1650", etr=ETR)
    before = resting(exchange)

    outcome = say(exchange, f"C c1 {arrives}", 30)

    (reject,) = outcome.reports
    assert isinstance(reject, ExecutionReport)
    assert reject.exec_type is ExecType.REJECTED
    assert "state CB_AUCT" in reject.text
    assert (public(outcome), resting(exchange)) == ([], before)


@pytest.mark.rule("NSX-ETR-3")
def test_e17_without_a_reference_nothing_is_checked() -> None:
    exchange = nsx_with("A a1 SELL 1 @ 99995", etr=ETR, reference=None)

    assert trades(say(exchange, "B b1 BUY 1 @ 99995")) == ["1 @ 99995"]
    assert ETR.opening(exchange.view(X, "nsx-etr")) == ()


@pytest.mark.rule("NSX-ETR-11")
def test_e19_a_board_that_moves_on_is_joined_without_an_auction() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)
    assert "= PRECLOSE" not in [
        line for news in say(exchange, "!! PRECLOSE", 60).published
        for line in [_said(news)] if getattr(news, "symbol", "") == X
    ]  # fmt: skip
    assert state_of(exchange) == "CB_AUCT"

    assert public(say(exchange, "end", 120)) == [
        "H TN", "= PRECLOSE", "I 200 @ 1610", "S CB_AUCT_END T @ 120 of X",
    ]  # fmt: skip
    assert exchange.view(X).own_state is None

    closing = [_said(news) for news in say(exchange, "!! CLOSE", 200).published]
    assert [line for line in closing if line[0] == "X"][:3] == [
        "X B 1610",
        "X D 60000",
        "X d 60000",
    ]


@pytest.mark.rule("NSX-ETR-12", "NSX-SES-4", "NSX-SES-5")
def test_e20_a_halt_calls_the_end_off() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, sessions=Sessions())

    assert public(say(exchange, "! HALT", 60)) == [
        "= HALT", "S CB_AUCT_END C @ 120 of X", "S HALT S @ 60 of X", "S HALT T @ 60 of X", "H V",
        "I 200 @ 1610",
    ]  # fmt: skip
    assert public(say(exchange, "end", 120)) == []
    assert state_of(exchange) == "HALT"

    assert public(say(exchange, "! MATCH_REJOIN", 180)) == [
        "= OPEN", "C 200 @ 1610", "X B 1610", "X D 60000", "X d 60000",
        "S MATCH_REJOIN S @ 180 of X", "S MATCH_REJOIN T @ 180 of X", "H TN",
    ]  # fmt: skip


@pytest.mark.rule("NSX-ETR-12")
def test_who_lets_the_instrument_rejoin_during_the_pause_calls_its_end_off() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, sessions=Sessions())

    assert public(say(exchange, "! MATCH_REJOIN", 60)) == [
        "= OPEN", "C 200 @ 1610", "S CB_AUCT_END C @ 120 of X", "H TN",
        "S MATCH_REJOIN S @ 60 of X", "S MATCH_REJOIN T @ 60 of X",
        "X B 1610", "X D 60000", "X d 60000",
    ]  # fmt: skip
    assert public(say(exchange, "end", 120)) == []


@pytest.mark.rule("NSX-ETR-11")
@pytest.mark.parametrize("state", [None, "BARE"])
def test_what_matches_and_does_not_uncross_is_joined_after_the_auction(state: str | None) -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, state=state)

    said = public(say(exchange, "end", 120))

    assert said == [
        "H TN", "= CB_AUCT_END", "C 200 @ 1610", "X B 1610", "X D 60000", "X d 60000",
        f"= {state or 'CONTINUOUS'}", "S CB_AUCT_END T @ 120 of X",
    ]  # fmt: skip


@pytest.mark.rule("NSX-ETR-2", "NSX-ETR-9")
def test_e21_the_auction_may_lead_into_another_band() -> None:
    etr = ExtremeTradeRange(bands=(PercentBand("0", "60", "60"), PercentBand("1.500", "40", "40")))
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=etr)

    assert public(say(exchange, "end", 120)) == ends(120, "200 @ 1610", 1610, 40_000)
    allowed = etr.range(exchange.view(X, "nsx-etr"))
    assert allowed is not None
    assert (allowed.highest, allowed.lowest) == (2254, 966)


@pytest.mark.rule("NSX-ETR-9")
def test_only_auctions_move_the_reference() -> None:
    exchange = nsx_with(etr=ETR, state="PREOPEN")
    say(exchange, "A a1 SELL 1 @ 1500")
    say(exchange, "B b1 BUY 1 @ 1500")

    opened = public(say(exchange, "!! OPEN"))
    assert opened[:5] == ["= OPEN", "C 1 @ 1500", "X B 1500", "X D 60000", "X d 60000"]
    say(exchange, "A a2 SELL 1 @ 2400")
    assert trades(say(exchange, "B b2 BUY 1 @ 2400")) == ["1 @ 2400"]

    say(exchange, "A a3 SELL 1 @ 2405")
    assert public(say(exchange, "B b3 BUY 1 @ 2405"))[0] == "= CB_AUCT"


@pytest.mark.rule("NSX-ETR-3", "NSX-ETR-9")
def test_stops_that_an_auction_elects_are_held_against_its_price() -> None:
    exchange = nsx_with("S s1 BUY 1 STOP 1500", "A a1 SELL 1 @ 1600", "A a2 SELL 1 @ 2500", etr=ETR)
    say(exchange, "! PREOPEN")
    say(exchange, "B b1 BUY 1 @ 1600")

    outcome = say(exchange, "! MATCH_REJOIN")

    assert trades(outcome) == ["1 @ 1600", "1 @ 2500"]
    assert state_of(exchange) == "OPEN"


@pytest.mark.rule("NSX-ETR-3", "NSX-ETR-13")
def test_a_stop_that_the_pauses_own_auction_elects_may_cause_the_next_pause() -> None:
    exchange = nsx_with(
        "S s1 BUY 1 STOP 1605 @ 3000", "A a1 SELL 1 @ 1610", "A a2 SELL 1 @ 2700", "B b1 BUY 1 @ 1610",
        etr=ETR,
    )  # fmt: skip
    said = public(say(exchange, "end", 120))
    assert said[0] == "H TN"
    assert said.count("= OPEN") == 1

    exchange = nsx_with(
        "S s1 BUY 1 STOP 1605",
        "A a1 SELL 1 @ 1610",
        "A a2 SELL 1 @ 2700",
        "B b1 BUY 1 @ 1610",
        etr=ETR,
    )
    said = public(say(exchange, "end", 120))

    assert said == [*ends(120, "1 @ 1610", 1610)[:-1], *starts(120), "S CB_AUCT_END T @ 120 of X"]
    assert state_of(exchange) == "CB_AUCT"
    assert public(say(exchange, "end", 240)) == ends(240, NOTHING, 1610)


# --- settings -------------------------------------------------------------------------


@pytest.mark.rule("NSX-ETR-7")
def test_how_long_a_pause_is_and_what_halts_it_are_settings() -> None:
    etr = ExtremeTradeRange(pause_ns=30 * SECOND, halted_as=ActionState.ACTIVE)
    exchange = nsx_with("A a1 SELL 200 @ 1610", etr=etr)

    said = public(say(exchange, "B b1 BUY 200 @ 1610"))

    assert said == [line.replace("VH", "TH") for line in starts(pause=30, indicative="200 @ 1610")]
    assert public(say(exchange, "end", 30)) == ends(30, "200 @ 1610", 1610)


# fmt: off
WITHOUT_TRADES = {
    "published again":  (ExtremeTradeRange(), ["X B 1000", "X D 60000", "X d 60000"]),
    "kept quiet":       (ExtremeTradeRange(republish_unchanged=False), []),
    "half way":         (ExtremeTradeRange(without_trades=WithoutTrades.MID), ["X B 1257", "X D 60000", "X d 60000"]),
    "the last trade":   (ExtremeTradeRange(without_trades=WithoutTrades.LAST_TRADE), ["X B 1600", "X D 60000", "X d 60000"]),
}
# fmt: on


@pytest.mark.rule("NSX-ETR-10")
@pytest.mark.parametrize(("etr", "attributes"), WITHOUT_TRADES.values(), ids=WITHOUT_TRADES)
def test_the_reference_after_an_auction_without_a_trade_is_a_setting(
    etr: ExtremeTradeRange, attributes: list[str]
) -> None:
    exchange = nsx_with(*OFFERS, "C c1 BUY 1 @ 905", "B b1 BUY 300 @ 1650 IOC", etr=etr)

    said = public(say(exchange, "end", 120))

    assert said == ["H TN", "= OPEN", f"C {NOTHING}", *attributes, "S CB_AUCT_END T @ 120 of X"]


@pytest.mark.rule("NSX-ETR-10")
def test_a_state_that_no_call_went_before_has_no_auction_to_tell_of() -> None:
    exchange = nsx_with("A a1 SELL 1 @ 1610", etr=ETR)

    assert public(say(exchange, "! CLOSE")) == ["= CLOSE", f"C {NOTHING}"]


@pytest.mark.rule("NSX-ETR-7", "NSX-SES-5")
def test_whoever_puts_an_instrument_into_the_pause_starts_it() -> None:
    exchange = nsx_with(etr=ETR, sessions=Sessions())
    say(exchange, "! HALT", 1)

    assert public(say(exchange, "! CB_AUCT", 2)) == starts(2)
    assert public(say(exchange, "end", 122)) == ends(122, NOTHING, 1000)


def test_half_way_needs_both_sides_and_the_last_trade_one() -> None:
    for way in (WithoutTrades.MID, WithoutTrades.LAST_TRADE):
        exchange = nsx_with("A a1 SELL 1 @ 1610", etr=ExtremeTradeRange(without_trades=way))
        say(exchange, "B b1 BUY 1 MARKET")
        assert public(say(exchange, "end", 120)) == ends(120, NOTHING, 1000)


@pytest.mark.rule("NSX-ETR-9", "NSX-AOT-2")
def test_a_day_may_begin_with_another_reference_than_the_instruments() -> None:
    etr, aot = ExtremeTradeRange(references={X: "2"}), AnomalousOrderThreshold(references={X: "3"})
    view = nsx_with(etr=etr, aot=aot).view(X)

    assert [each.attribute_value for each in etr.opening(view)] == [2000, 60_000, 60_000]
    assert [each.attribute_value for each in aot.opening(view)] == [3000, 38_000, 38_000]


# --- events at one moment -------------------------------------------------------------


@pytest.mark.rule("NSX-SES-6")
def test_what_is_scheduled_comes_before_what_arrives_at_its_nanosecond() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)

    outcome = say(exchange, "C c1 SELL 200 @ 1500", 120)

    assert public(outcome) == ends(120, "200 @ 1610", 1610)
    assert reports(outcome)[-1] == "C c1 NEW, leaves 200 cum 0"
    assert public(say(exchange, "end", 120)) == []


@pytest.mark.rule("NSX-SES-6")
def test_a_halt_at_the_end_of_a_pause_comes_after_it_and_a_board_before() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)
    assert public(say(exchange, "! HALT", 120)) == [*ends(120, "200 @ 1610", 1610), "= HALT"]

    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)
    assert public(say(exchange, "!! PRECLOSE", 120)) == ["= PRECLOSE"]  # it is of Y
    assert public(say(exchange, "end", 120))[1] == "= PRECLOSE"


# --- the anomalous order threshold ----------------------------------------------------

# fmt: off
AOT_EXAMPLE = {
    "highest bid":             (1, "BUY 1 @ 510", ""),
    "bid too high":            (1, "BUY 1 @ 511", "price 0.511: expected at most 0.510"),
    "lowest offer":            (1, "SELL 1 @ 230", ""),
    "offer too low":           (1, "SELL 1 @ 229", "price 0.229: expected at least 0.230"),
    "in between as printed":   (1, "SELL 1 @ 249", ""),
    "high offer":              (1, "SELL 1 @ 9999", ""),
    "low bid":                 (1, "BUY 1 @ 1", ""),
    "in fives, too high":      (5, "BUY 1 @ 515", "price 0.515: expected at most 0.510"),
    "in fives, too low":       (5, "SELL 1 @ 225", "price 0.225: expected at least 0.230"),
    "immediate":               (1, "BUY 1 @ 511 IOC", "price 0.511: expected at most 0.510"),
    "market":                  (1, "BUY 1 MARKET", ""),
    "stop":                    (1, "BUY 1 STOP 600", ""),
    "stop-limit":              (1, "BUY 1 STOP 400 @ 511", "price 0.511: expected at most 0.510"),
}
# fmt: on


@pytest.mark.rule("NSX-AOT-1")
@pytest.mark.parametrize(("tick", "terms", "text"), AOT_EXAMPLE.values(), ids=AOT_EXAMPLE)
def test_an_anomalous_order_is_refused(tick: int, terms: str, text: str) -> None:
    exchange = nsx_with(
        "C c1 SELL 9 @ 400", aot=AnomalousOrderThreshold(), tick=tick, reference=370
    )

    said = reports(say(exchange, f"A n {terms}"))

    why = f"{text}, by the reference 0.370 of the anomalous order threshold [NSX-AOT-1]"
    expected = [f"A n REJECTED PRICE_EXCEEDS_CURRENT_PRICE_BAND: {why}"] if text else []
    assert [line for line in said if "REJECTED" in line] == expected


@pytest.mark.rule("NSX-AOT-3")
def test_a_changed_price_is_checked_too() -> None:
    exchange = nsx_with("A a1 BUY 1 @ 370", aot=AnomalousOrderThreshold(), tick=1, reference=370)

    (reject,) = say(exchange, "A a2 CHANGE BUY a1 1 @ 511").reports

    assert isinstance(reject, OrderCancelReject)
    assert reject.cxl_rej_reason is CxlRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND
    assert reports(say(exchange, "A a3 CHANGE BUY a1 1 @ 510")) == ["A a3 REPLACED, leaves 1 cum 0"]
    assert reports(say(exchange, "A x CANCEL BUY a3")) == ["A x CANCELED, leaves 0 cum 0"]


@pytest.mark.rule("NSX-AOT-3")
@pytest.mark.parametrize("in_auctions", [True, False])
def test_whether_the_threshold_is_for_auctions_is_a_setting(in_auctions: bool) -> None:
    exchange = nsx_with(aot=AnomalousOrderThreshold(in_auctions=in_auctions), state="PREOPEN")

    refused = [line for line in reports(say(exchange, "A a1 BUY 1 @ 9000")) if "REJECTED" in line]

    assert bool(refused) is in_auctions


@pytest.mark.rule("NSX-AOT-1")
def test_without_a_reference_no_order_is_anomalous() -> None:
    exchange = nsx_with(aot=AnomalousOrderThreshold(), reference=None)

    assert reports(say(exchange, "A a1 BUY 1 @ 900000")) == ["A a1 NEW, leaves 1 cum 0"]


@pytest.mark.rule("NSX-AOT-2")
def test_the_thresholds_reference_follows_the_trades() -> None:
    bands = (PercentBand("0", "38", "38"), PercentBand("1.200", "38", "20"))
    exchange = nsx_with("A a1 SELL 9 @ 1000", aot=AnomalousOrderThreshold(bands=bands))
    news = [public(say(exchange, "B b1 BUY 1 @ 1000"))]
    for price in (1100, 1200, 1205, 1195):
        say(exchange, f"C s{price} SELL 1 @ {price}")
        say(exchange, "M m MASS")
    for number, price in enumerate((1300, 1300, 1150)):
        book = nsx_with("A a1 SELL 9 @ 1000", aot=AnomalousOrderThreshold(bands=bands))
        say(book, f"A a2 SELL 1 @ {price}")
        say(book, "A x CANCEL SELL a1")
        news.append(public(say(book, f"B b{number} BUY 1 @ {price}")))

    assert news == [[], ["X A 1300", "X p 20000"], ["X A 1300", "X p 20000"], ["X A 1150"]]


@pytest.mark.rule("NSX-AOT-2")
def test_the_first_trade_without_a_reference_brings_all_attributes() -> None:
    exchange = nsx_with("A a1 SELL 9 @ 1000", aot=AnomalousOrderThreshold(), reference=None)

    assert public(say(exchange, "B b1 BUY 1 @ 1000")) == ["X A 1000", "X P 38000", "X p 38000"]
    assert public(say(exchange, "B b2 BUY 1 @ 1000")) == []


@pytest.mark.rule("NSX-AOT-1", "NSX-ETR-1")
def test_an_anomalous_order_causes_no_event_until_the_last_trade_lets_it_in() -> None:
    exchange = nsx_with("A a1 SELL 1 @ 1610", etr=ETR, aot=AnomalousOrderThreshold())
    assert "REJECTED" in reports(say(exchange, "B b1 BUY 1 @ 1610"))[0]
    assert state_of(exchange) == "OPEN"

    exchange = nsx_with(
        "A a0 SELL 1 @ 1380", "A a1 SELL 1 @ 1610", etr=ETR, aot=AnomalousOrderThreshold()
    )
    say(exchange, "B b0 BUY 1 @ 1380")
    assert public(say(exchange, "B b1 BUY 1 @ 1610")) == starts(indicative="1 @ 1610")


@pytest.mark.rule("NSX-ETR-8", "NSX-AOT-2")
def test_as_a_pause_ends_both_references_are_published_before_its_end() -> None:
    wide = AnomalousOrderThreshold(bands=percent("90"))
    exchange = nsx_with("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, aot=wide)

    said = public(say(exchange, "end", 120))

    expected = ends(120, "200 @ 1610", 1610)
    assert said == [*expected[:-1], "X A 1610", expected[-1]]


# --- sessions -------------------------------------------------------------------------

# fmt: off
#                 enter modify cancel match immediate report indicative uncross ends_day
PERMISSIONS = {
    "ENQUIRY":     "no  no  no  no  no  no  no  no  yes",
    "PREOPEN":     "yes yes yes no  no  no  yes no  no",
    "OPEN":        "yes yes yes yes yes yes no  yes no",
    "HALT":        "yes yes yes no  no  no  yes no  no",
    "CB_AUCT":     "yes yes yes no  no  no  yes no  no",
    "CB_AUCT_END": "yes yes yes yes yes yes no  yes no",
    "PRECLOSE":    "yes yes yes no  no  no  yes no  no",
    "CLOSE":       "no  no  no  no  no  no  no  yes no",
    "ADJUST":      "no  yes yes no  no  yes no  no  no",
    "SUSPENSION":  "no  no  yes no  no  no  no  no  no",
}
# fmt: on
COLUMNS = [
    "enter",
    "modify",
    "cancel",
    "match",
    "immediate",
    "report",
    "indicative",
    "uncross",
    "ends_day",
]


@pytest.mark.rule("NSX-SES-1", "NSX-SES-2")
def test_each_session_permits_what_the_table_says() -> None:
    states = {state.name: state for state in Sessions().trading_states()}

    table = {
        name: " ".join("yes" if getattr(state, column) else "no" for column in COLUMNS)
        for name, state in states.items()
    }

    assert table == {name: " ".join(row.split()) for name, row in PERMISSIONS.items()}


@pytest.mark.rule("NSX-SES-1", "NSX-SES-2")
@pytest.mark.parametrize(("state", "row"), PERMISSIONS.items(), ids=PERMISSIONS)
def test_an_exchange_does_in_each_session_what_the_table_says(state: str, row: str) -> None:
    enter, modify, cancel, match, immediate, *_ = (word == "yes" for word in row.split())
    asked = {
        "B b1 BUY 1 @ 900": enter,
        "A a2 CHANGE SELL a1 4 @ 1000 GTC": modify,
        "A x CANCEL SELL a1": cancel,
        "B b1 BUY 1 @ 1000 IOC": immediate,
        "B b1 BUY 1 MARKET": immediate,
    }
    for line, taken in asked.items():
        exchange = nsx_with("A a1 SELL 5 @ 1000 GTC", sessions=Sessions(), state="OPEN")
        say(exchange, f"! {state}")
        answers = [told(report) for report in say(exchange, line).reports]
        refused = any(word in answers[0] for word in ("REJECTED", "REFUSED"))
        assert refused is not taken, line
    exchange = nsx_with("A a1 SELL 5 @ 1000 GTC", sessions=Sessions())
    say(exchange, f"! {state}")
    assert bool(trades(say(exchange, "B b1 BUY 1 @ 1000"))) is match


@pytest.mark.rule("NSX-SES-3")
def test_a_timetables_change_is_announced_and_then_triggered_once_for_the_board() -> None:
    timetable = [(10, "PREOPEN"), (20, "OPEN")]
    sessions = Sessions()
    exchange = nsx_with(sessions=sessions, state="ENQUIRY", timetable=timetable)
    board = exchange.view(X).board
    assert board is not None

    assert [_said(Publish(event)) for event in sessions.announced(board)] == [
        "S PREOPEN S @ 10 of NCRP", "S OPEN S @ 20 of NCRP",
    ]  # fmt: skip
    assert public(say(exchange, "!! PREOPEN", 10)) == [
        "= PREOPEN",
        "S PREOPEN T @ 10 of NCRP",
        "= PREOPEN",
    ]
    assert public(say(exchange, "!! OPEN", 15)) == [
        "= OPEN", f"C {NOTHING}", "S OPEN S @ 15 of NCRP", "S OPEN T @ 15 of NCRP", "= OPEN", f"C {NOTHING}",
    ]  # fmt: skip


@pytest.mark.rule("NSX-SES-3", "NSX-SES-4", "NSX-SES-5")
def test_an_instruments_own_state_and_its_return_are_events_of_its_own() -> None:
    exchange = nsx_with(sessions=Sessions())

    assert public(say(exchange, "! HALT", 1)) == [
        "= HALT", "S HALT S @ 1 of X", "S HALT T @ 1 of X", "H V",
    ]  # fmt: skip
    # The board's own event is then told by the next instrument that goes along.
    assert public(say(exchange, "!! PRECLOSE", 2)) == [
        "= PRECLOSE", "S PRECLOSE S @ 2 of NCRP", "S PRECLOSE T @ 2 of NCRP",
    ]  # fmt: skip
    assert public(say(exchange, "! MATCH_REJOIN", 3)) == [
        "= PRECLOSE", "S MATCH_REJOIN S @ 3 of X", "S MATCH_REJOIN T @ 3 of X", "H TN",
    ]  # fmt: skip


@pytest.mark.rule("NSX-SES-5")
def test_a_board_that_halts_halts_each_instrument() -> None:
    exchange = nsx_with(sessions=Sessions())

    assert public(say(exchange, "!! HALT", 1)).count("H V") == 2
    assert public(say(exchange, "!! OPEN", 2)).count("H TN") == 2


@pytest.mark.rule("NSX-SES-4")
def test_of_a_pause_the_sessions_say_nothing_more() -> None:
    exchange = nsx_with("A a1 SELL 200 @ 1610", etr=ETR, sessions=Sessions())

    assert public(say(exchange, "B b1 BUY 200 @ 1610")) == starts(indicative="200 @ 1610")
    assert public(say(exchange, "end", 120)) == ends(120, "200 @ 1610", 1610)


@pytest.mark.rule("NSX-SES-7")
def test_each_call_has_its_cross_type() -> None:
    sessions = Sessions(names={"PRECLOSE": "PERINDCLOSE"})

    found = {state.name: sessions.cross_type(state.name) for state in sessions.trading_states()}

    assert {name: kind for name, kind in found.items() if kind != " "} == {
        "PREOPEN": "O", "HALT": "I", "CB_AUCT": "I", "PERINDCLOSE": "C",
    }  # fmt: skip
    assert all(
        (found[state.name] != " ") == state.indicative for state in sessions.trading_states()
    )


@pytest.mark.rule("NSX-SES-2")
def test_assumed_codes_may_be_others() -> None:
    names = {"CLOSE": "ENDOFTRADES"}

    assert [state.name for state in Sessions(names=names).trading_states()] == [
        names.get(state.name, state.name) for state in STATES
    ]


# --- properties -----------------------------------------------------------------------


@attrs.define
class Day:
    """A venue under a flow, with what has to hold after everything that happens."""

    exchange: Exchange
    reference: int
    up: int
    down: int
    decimals: int
    now: int = 0
    due: list[int] = attrs.field(factory=list)
    paused: bool = False
    pauses: list[str] = attrs.field(factory=list)
    ordered: dict[str, int] = attrs.field(factory=dict)
    latest: dict[int, ExecutionReport] = attrs.field(factory=dict)

    def after(self, outcome: Outcome) -> None:
        self.due += [
            self.now + applied.effect.delay_ns
            for applied in outcome.effects
            if isinstance(applied.effect, Schedule)
        ]
        self._trades(outcome)
        self._quantities(outcome)
        self._pause(outcome)
        book = self.exchange.book(X)
        assert not (self.exchange.view(X).state.match and book.is_crossed)

    def _trades(self, outcome: Outcome) -> None:
        k = 100 * 10**self.decimals
        for one in outcome.reports:
            if not isinstance(one, ExecutionReport) or one.exec_type is not ExecType.TRADE:
                continue
            price = one.last_px
            assert price is not None
            if one.aggressor_indicator is None:
                self.reference = price
                continue
            assert (price - self.reference) * k <= self.reference * self.up
            assert (self.reference - price) * k <= self.reference * self.down or self.down >= k

    def _quantities(self, outcome: Outcome) -> None:
        """Check that no quantity is lost: it is filled, rests, or was said to have gone."""
        for one in outcome.reports:
            if isinstance(one, ExecutionReport) and one.order_id is not None:
                self.latest[one.order_id] = one
        for order_id, one in self.latest.items():
            left = self.exchange.book(X).get(order_id)  # type: ignore[arg-type]  # a plain number is one
            assert one.leaves_qty == (0 if left is None else left.leaves_qty)
            if left is not None:
                assert one.cum_qty + one.leaves_qty == left.order.order_qty

    def _pause(self, outcome: Outcome) -> None:
        for news in outcome.published:
            match news:
                case Publish(
                    PublicEvent(event_code=code, event_status=status, scheduled_time_ns=at)
                ):
                    if code == "CB_AUCT":
                        assert at == self.now
                    if (code, status.value) in (
                        ("CB_AUCT", "T"),
                        ("CB_AUCT_END", "T"),
                        ("CB_AUCT_END", "C"),
                    ):
                        self.pauses.append(code)
                case Publish(PublicAttribute(attribute_type=kind, attribute_value=value)):
                    if kind == "B":
                        assert value == self.reference
                case _:
                    pass
        stopped = any(isinstance(one.effect, Interrupt) for one in outcome.effects)
        assert not stopped or "CB_AUCT" in self.pauses


flows = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.sampled_from(["", "", "", "IOC", "FOK", "MARKET", "STOP", "min=2", "show=1"]),
        st.integers(1, 5),
        st.integers(-12, 12),
        st.sampled_from([""] * 12 + ["! HALT", "! MATCH_REJOIN", "!! PREOPEN", "!! OPEN"]),
        st.integers(0, 70),
    ),
    max_size=40,
)


def _line(name: str, side: str, kind: str, qty: int, price: int) -> str:
    if kind == "MARKET":
        return f"{'AB'[qty % 2]} {name} {side} {qty} MARKET"
    if kind == "STOP":
        return f"{'AB'[qty % 2]} {name} {side} {qty} STOP {price}"
    return f"{'AB'[qty % 2]} {name} {side} {max(qty, 2)} @ {price} {kind}"


@pytest.mark.rule("NSX-ETR-1", "NSX-ETR-4", "NSX-ETR-8", "NSX-ETR-9", "NSX-ETR-12")
@given(
    flows,
    st.integers(20, 4000),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(1, 7),
    st.integers(0, 6),
    st.sampled_from(Trigger),
)
def test_no_trade_is_outside_the_range_in_force(
    flow: list[tuple[str, str, int, int, str, int]],
    around: int,
    up: int,
    down: int,
    tick: int,
    decimals: int,
    trigger: Trigger,
) -> None:
    reference = around * tick
    etr = ExtremeTradeRange(
        trigger=trigger, bands=(PercentBand("0", str(up), str(down)),), pause_ns=100
    )
    exchange = nsx_with(
        etr=etr, sessions=Sessions(), decimals=decimals, tick=tick, reference=reference
    )
    day = Day(exchange, reference, up * 10**decimals, down * 10**decimals, decimals)
    for number, (side, kind, qty, off, operation, wait) in enumerate(flow):
        until = day.now + wait
        for due in sorted(day.due):
            if due < until:
                day.now = due
                day.after(exchange.scheduled("nsx-etr", X, "CB_AUCT_END", due))
        day.due = [due for due in day.due if due >= until]
        day.now = until
        if operation:
            state = operation.lstrip("! ")
            change = (
                ChangeTradingState(board="NCRP", state=state)
                if operation.startswith("!!")
                else ChangeTradingState(symbol=X, state=None if state == "MATCH_REJOIN" else state)
            )
            day.after(exchange.operate(change, day.now))
        price = tick * max(1, around + off * max(1, around // 40))
        day.after(exchange.receive(request(_line(f"n{number}", side, kind, qty, price)), day.now))
    open_now = state_of(exchange) == "CB_AUCT"
    assert day.pauses.count("CB_AUCT") == day.pauses.count("CB_AUCT_END") + open_now


@pytest.mark.rule("NSX-AOT-1", "NSX-AOT-2")
@given(
    st.lists(
        st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 3), st.integers(1, 200)),
        max_size=40,
    ),
    st.integers(1, 200),
    st.integers(0, 120),
    st.integers(0, 6),
)
def test_no_order_is_taken_beyond_the_threshold(
    flow: list[tuple[str, int, int]], reference: int, percentage: int, decimals: int
) -> None:
    aot = AnomalousOrderThreshold(bands=percent(str(percentage)))
    exchange = nsx_with(aot=aot, decimals=decimals, tick=1, reference=reference)
    for number, (side, qty, price) in enumerate(flow):
        last_px = exchange.view(X).last_px
        around = reference if last_px is None else last_px
        away = price - around if side == "BUY" else around - price

        first = say(exchange, f"A n{number} {side} {qty} @ {price}").reports[0]

        assert isinstance(first, ExecutionReport)
        assert (first.ord_rej_reason is OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND) is (
            away * 100 > around * percentage
        )


@pytest.mark.rule("NSX-ETR-1")
@given(st.integers(1, 10**6), st.integers(0, 300), st.integers(0, 6))
def test_the_last_price_inside_trades_and_the_next_one_does_not(
    reference: int, percentage: int, decimals: int
) -> None:
    assume(reference * percentage >= 100)
    etr = ExtremeTradeRange(bands=percent(str(percentage)))
    allowed = range_around(reference, etr.bands, decimals)
    assert allowed.highest is not None
    for price, event in ((allowed.highest, False), (allowed.highest + 1, True)):
        exchange = nsx_with(
            f"A a1 SELL 1 @ {price}", etr=etr, decimals=decimals, tick=1, reference=reference
        )
        outcome = say(exchange, f"B b1 BUY 1 @ {price}")
        assert (trades(outcome) == []) is event
        assert (state_of(exchange) == "CB_AUCT") is event


@attrs.frozen(kw_only=True)
class AskedOfTrades(ExtremeTradeRange):
    def indifferent(self, market: MarketView) -> Indifferent:
        return Indifferent()


@attrs.frozen(kw_only=True)
class AskedOfOrders(AnomalousOrderThreshold):
    def indifferent(self, market: MarketView) -> Indifferent:
        return Indifferent()


@given(flows, st.integers(20, 400), st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_what_need_not_be_asked_would_have_been_answered_so(
    flow: list[tuple[str, str, int, int, str, int]], around: int, etr: int, aot: int, alone: bool
) -> None:
    ranges, threshold = percent(str(etr)), percent(str(aot))
    some = nsx_with(
        etr=ExtremeTradeRange(bands=ranges, pause_ns=100),
        aot=None if alone else AnomalousOrderThreshold(bands=threshold),
        tick=1,
        reference=around,
    )
    every = nsx_with(
        etr=AskedOfTrades(bands=ranges, pause_ns=100),
        aot=None if alone else AskedOfOrders(bands=threshold),
        tick=1,
        reference=around,
    )
    for number, (side, kind, qty, off, operation, _) in enumerate(flow):
        lines = [_line(f"n{number}", side, kind, qty, max(1, around + off * max(1, around // 40)))]
        lines += [operation, "A x CANCEL BUY n1"] if operation else []
        for line in lines:
            assert say(some, line) == say(every, line), line
        due = [say(exchange, "end", 100) for exchange in (some, every)] if number % 9 == 8 else []
        assert due[:1] == due[1:]


# --- on a floor -----------------------------------------------------------------------

FLOOR = """
[scenario]
name = "two pauses in a row"
start = 2026-01-05T00:30:00Z

[[gateway]]
name = "NSX-A"
kind = "exchange"

[[exchange]]
name = "NSX"
gateway = "NSX-A"
rules = ["nsx-etr", "nsx-aot", "nsx-sessions"]
settings.nsx-etr.bands = [{ start = "0", up = "60", down = "60" }, { start = "1.500", up = "40", down = "40" }]
settings.nsx-aot.symbols = []

  [[exchange.instrument]]
  symbol = "X"
  price_decimals = 3
  tick = "0.005"
  reference = "1.000"

  [[exchange.board]]
  name = "NCRP"
  symbols = ["X"]
  state = "OPEN"
  timetable = [{ at = "10m", state = "PRECLOSE" }]
"""
TRADER = """
[[user]]
name = "{0}"
role = "execution_trader"
  [[user.login]]
  gateway = "NSX-A"
  routing_mgt = "{0}/{0}/001"
  exchange_mgt = "{0}/{0}/001"
"""
STEP = """
[[step]]
at = "{}s"
who = "{}"
do = "enter"
order = {{ id = "{}", symbol = "X", side = "{}", quantity = {}, price = "{}" }}
"""
STEPS = [
    (1, "SELLER", "a1", "sell", 200, "1.610"),
    (2, "BUYER", "b1", "buy", 200, "1.610"),
    (200, "SELLER", "a3", "sell", 100, "2.250"),
    (201, "SELLER", "a4", "sell", 100, "2.255"),
    (202, "BUYER", "b3", "buy", 150, "2.300"),
]


@pytest.mark.rule("NSX-ETR-7", "NSX-ETR-8", "NSX-ETR-13", "NSX-SES-3")
def test_a_floor_pauses_twice_in_a_row_and_tells_so_in_order() -> None:
    text = FLOOR + TRADER.format("BUYER") + TRADER.format("SELLER")
    scenario = floorproof.parse(text + "".join(STEP.format(*step) for step in STEPS))

    result = floorproof.run(scenario)

    facts = [entry for entry in result.journal if entry.kind in PUBLIC_FACTS]
    kinds = [entry.kind for entry in facts]
    start = ["trading state", *["published"] * 4, "indicative price"]
    end = ["published", "trading state", "auction", *["published"] * 4]
    assert kinds == [*start, *end, *start, *end, "trading state", "published"]
    second = 10**9
    moments = [entry.time // second for entry in facts]
    assert moments == [2] * 6 + [122] * 7 + [202] * 6 + [322] * 7 + [600] * 2
    assert floorproof.run(scenario, in_place=True).digest == result.digest


PUBLIC_FACTS = ("trading state", "indicative price", "auction", "published")

# --- bad settings ---------------------------------------------------------------------

# fmt: off
BAD = {
    "percentage below zero":   ("nsx-etr", 'bands = [{ start = "0", up = "-1", down = "60" }]', "up: must be a decimal as text, not below zero"),
    "above the scale":         ("nsx-etr", 'bands = [{ start = "0", up = "60", down = "9223372037" }]', "down: must be at most 9223372036"),
    "a float":                 ("nsx-etr", 'bands = [{ start = "0", up = 60.5, down = "60" }]', "up"),
    "a whole number":          ("nsx-aot", 'bands = [{ start = "0", up = 60, down = "60" }]', "up"),
    "too fine to publish":     ("nsx-etr", 'bands = [{ start = "0", up = "60.001", down = "60" }]', "60.001 % cannot be published where prices have 2 decimals, as those of MNQU3 do"),
    "bands out of order":      ("nsx-etr", 'bands = [{ start = "2", up = "60", down = "60" }, { start = "1.5", up = "40", down = "40" }]', "'bands' must rise from start to start, was 2, 1.5"),
    "one start twice":         ("nsx-aot", 'bands = [{ start = "1", up = "60", down = "60" }, { start = "1.0", up = "40", down = "40" }]', "'bands' must rise"),
    "no band":                 ("nsx-etr", "bands = []", "'bands' must have at least one band"),
    "a band without a start":  ("nsx-etr", 'bands = [{ up = "60", down = "60" }]', "'start' is missing"),
    "no such trigger":         ("nsx-etr", 'trigger = "sweep"', "expected one of sweep_then_pause, no_fill"),
    "no pause":                ("nsx-etr", "pause_ns = 0", "pause_ns"),
    "a pause in words":        ("nsx-etr", 'pause_ns = "2m"', "pause_ns"),
    "no such trading state":   ("nsx-etr", 'halted_as = "H"', "expected one of T, V"),
    "no such reference":       ("nsx-etr", 'without_trades = "close"', "expected one of unchanged, mid, last_trade"),
    "republish what":          ("nsx-etr", 'republish_unchanged = "yes"', "republish_unchanged"),
    "reference in words":      ("nsx-etr", 'references = { MNQU3 = "high" }', "'references' of MNQU3 must be a decimal as text"),
    "reference too fine":      ("nsx-aot", 'references = { MNQU3 = "1.001" }', "more than 2 decimals"),
    "auctions how":            ("nsx-aot", "in_auctions = 1", "in_auctions"),
    "unknown code":            ("nsx-sessions", 'names = { OPENING = "X" }', "'names' has 'OPENING': expected PRECLOSE, CLOSE, ADJUST, SUSPENSION"),
    "code too long":           ("nsx-sessions", 'names = { CLOSE = "CLOSE_OF_DAYS" }', "a code of 1 to 12 characters"),
    "code that is taken":      ("nsx-sessions", 'names = { CLOSE = "OPEN" }', "gives 'OPEN' to two states"),
    "code of an event":        ("nsx-sessions", 'names = { CLOSE = "MATCH_REJOIN" }', "gives 'MATCH_REJOIN' to two states"),
}
# fmt: on


@pytest.mark.parametrize(("rule_set", "line", "said"), BAD.values(), ids=BAD)
def test_a_wrong_setting_is_refused_before_the_run(rule_set: str, line: str, said: str) -> None:
    assert_setting_refused(rule_set, line, said)


BOARD = '[[exchange.board]]\nname = "NCRP"\nsymbols = ["MNQU3"]\nstate = "{}"\n'


def test_a_board_may_use_the_states_of_its_rule_sets_and_no_others() -> None:
    floorproof.parse(with_settings("nsx-sessions", BOARD.format("PREOPEN")))
    floorproof.parse(with_settings("nsx-etr", BOARD.format("CB_AUCT")))

    with pytest.raises(
        ScenarioError, match="no state of CME named 'PREOPENING'; did you mean PREOPEN"
    ):
        floorproof.parse(with_settings("nsx-sessions", BOARD.format("PREOPENING")))


def test_a_file_may_not_redefine_a_state_that_a_rule_set_brings() -> None:
    state = '[[exchange.state]]\nname = "OPEN"\n'

    with pytest.raises(
        ScenarioError, match=r"state\[0\].name: 'OPEN' is another state already \(rule set"
    ):
        floorproof.parse(with_settings("nsx-sessions", state))


def test_two_rule_sets_of_one_venue_agree_about_the_pause() -> None:
    text = with_settings("nsx-sessions", "").replace(
        '["nsx-sessions"]', '["nsx-sessions", "nsx-etr"]'
    )

    with pytest.raises(ScenarioError, match="list 'nsx-etr' first"):
        floorproof.parse(text)
    floorproof.parse(text.replace('["nsx-sessions", "nsx-etr"]', '["nsx-etr", "nsx-sessions"]'))


def test_prices_of_ten_decimals_are_refused() -> None:
    text = with_settings("nsx-etr", "")
    assert "price_decimals = 2" in text

    with pytest.raises(ScenarioError, match="price_decimals"):
        floorproof.parse(text.replace("price_decimals = 2", "price_decimals = 10", 1))
