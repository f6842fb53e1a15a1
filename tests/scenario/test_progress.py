"""What a journal says of an order's way through its market."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest
from commands import EXAMPLES, changed, command, write
from floors import NS, floor, play
from hypothesis import given
from hypothesis import strategies as st

from floorproof.market.fix import Side
from floorproof.market.identifiers import Symbol
from floorproof.runtime.journal import Recording
from floorproof.scenario.chart import chosen_order, sheet_of
from floorproof.scenario.progress import (
    Bar,
    Fill,
    Moment,
    Progress,
    bars,
    combined,
    orders_of,
    time_weighted,
    trades,
)
from floorproof.scenario.recorded import RecordedRun

MNQ = Symbol("MNQU3")
WORKED = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    3s ET2 child C1 of P1 6 @ 15351.50
    4s LP enter o1 sell 4 @ 15351.50
    5s ET2 change C1 to C1a 5
    6s LP enter o2 sell 1 @ 15351.25
    7s ET2 child C2 of P1 5 @ 15352.00
    8s LP enter o3 sell 5 @ 15352.00
"""


def moments(*pairs: tuple[int, int]) -> list[Moment]:
    return [Moment(time_ns, Fraction(price)) for time_ns, price in pairs]


def bar(start_ns: int, *prices: int) -> Bar:
    opened, high, low, close = map(Fraction, prices)
    return Bar(start_ns, opened, high, low, close)


prices_over_time = st.lists(
    st.builds(Moment, st.integers(0, 100), st.integers(-50, 50).map(Fraction)), max_size=12
).map(lambda found: sorted(found, key=lambda each: each.time_ns))


# --- averages ------------------------------------------------------------------------

# Prices over time, from, to, the average.
# fmt: off
AVERAGES = {
    "one price":                   (moments((0, 7)), 0, 10, Fraction(7)),
    "half and half":               (moments((0, 10), (5, 20)), 0, 10, Fraction(15)),
    "a long one and a short one":  (moments((0, 10), (9, 20)), 0, 10, Fraction(11)),
    "what held before the start":  (moments((0, 10), (2, 20), (15, 99)), 5, 10, Fraction(20)),
    "from the first price on":     (moments((6, 10), (8, 30)), 0, 10, Fraction(20)),
    "a span of no length":         (moments((0, 10), (5, 20)), 5, 5, Fraction(20)),
    "two at one moment":           (moments((0, 10), (0, 20)), 0, 10, Fraction(20)),
    "a price only afterwards":     (moments((11, 10)), 0, 10, None),
    "no price":                    ([], 0, 10, None),
    "no whole number":             (moments((0, 0), (1, 1)), 0, 3, Fraction(2, 3)),
}
# fmt: on


@pytest.mark.parametrize(
    ("prices", "start_ns", "end_ns", "average"), AVERAGES.values(), ids=AVERAGES.keys()
)
def test_a_price_counts_for_as_long_as_it_holds(
    prices: list[Moment], start_ns: int, end_ns: int, average: Fraction | None
) -> None:
    assert time_weighted(prices, start_ns, end_ns) == average


def test_an_orders_average_is_that_of_its_fills_by_quantity() -> None:
    fills = (Fill(1, Fraction(10), 3), Fill(2, Fraction(20), 1))
    order = Progress(
        order="C1",
        symbol=MNQ,
        side=Side.BUY,
        order_qty=9,
        start_ns=0,
        end_ns=5,
        prices=(),
        fills=fills,
    )

    assert (order.cum_qty, order.average_price) == (4, Fraction(50, 4))
    assert order.market_average is None


# --- bars ----------------------------------------------------------------------------

BARS = {
    "one in each span": (moments((0, 10), (5, 12)), 0, 10, [bar(0, *[10] * 4), bar(5, *[12] * 4)]),
    "open, high, low and close": (moments((1, 10), (2, 14), (3, 8), (4, 11)), 0, 5,
                                  [bar(0, 10, 14, 8, 11)]),
    "a span without trades holds the last": (moments((0, 10), (10, 12)), 0, 15,
                                             [bar(0, *[10] * 4), bar(5, *[10] * 4),
                                              bar(10, *[12] * 4)]),
    "what came before the start": (moments((0, 10), (1, 11)), 5, 10, [bar(5, *[11] * 4)]),
    "no bar before the first price": (moments((7, 10)), 0, 10, [bar(5, *[10] * 4)]),
    "the end belongs to the last": (moments((1, 10), (10, 12)), 0, 10,
                                    [bar(0, *[10] * 4), bar(5, *[10] * 4)]),
    "an order of one moment": (moments((5, 10)), 5, 5, [bar(5, *[10] * 4)]),
}  # fmt: skip


@pytest.mark.parametrize(("prices", "start_ns", "end_ns", "drawn"), BARS.values(), ids=BARS.keys())
def test_a_bar_says_what_a_price_did_in_its_span(
    prices: list[Moment], start_ns: int, end_ns: int, drawn: list[Bar]
) -> None:
    assert list(bars(prices, start_ns, end_ns, 5)) == drawn


@given(prices_over_time, st.integers(0, 100), st.integers(0, 100), st.integers(1, 30))
def test_bars_follow_each_other_and_show_prices_that_there_were(
    prices: list[Moment], start_ns: int, length_ns: int, span_ns: int
) -> None:
    end_ns = start_ns + length_ns
    drawn = list(bars(prices, start_ns, end_ns, span_ns))

    assert all(each.low <= min(each.open, each.close) for each in drawn)
    assert all(each.high >= max(each.open, each.close) for each in drawn)
    assert {b.start_ns - a.start_ns for a, b in pairwise(drawn)} <= {span_ns}
    there_were = {each.price for each in prices if each.time_ns <= end_ns}
    assert {price for each in drawn for price in (each.high, each.low)} <= there_were
    for each in prices:  # and none that was is left out
        if start_ns <= each.time_ns < end_ns:
            of_it = drawn[-1 - (drawn[-1].start_ns - each.time_ns + span_ns - 1) // span_ns]
            assert of_it.low <= each.price <= of_it.high


@given(prices_over_time, st.integers(0, 100), st.integers(0, 100))
def test_an_average_lies_between_the_prices(
    prices: list[Moment], start_ns: int, length_ns: int
) -> None:
    average = time_weighted(prices, start_ns, start_ns + length_ns)

    there_were = [each.price for each in prices if each.time_ns <= start_ns + length_ns]
    assert average is None or min(there_were) <= average <= max(there_were)


@pytest.mark.parametrize("span_ns", [0, -5])
def test_a_bar_has_some_length(span_ns: int) -> None:
    with pytest.raises(ValueError, match=f"expected a bar of some length, found {span_ns} ns"):
        list(bars([], 0, 10, span_ns))


# --- the price of a combination ------------------------------------------------------


def test_a_combination_has_a_price_once_all_its_legs_have_and_with_each_of_theirs() -> None:
    first, second = moments((1, 10), (4, 12), (9, 15)), moments((3, 2), (4, 3))

    found = list(combined([first, second], lambda legs: legs[0] / legs[1]))

    assert found == [
        Moment(3, Fraction(5)),
        Moment(4, Fraction(4)),  # both at once are one change
        Moment(9, Fraction(5)),
    ]


# --- from a journal ------------------------------------------------------------------


def test_each_order_is_found_with_its_fills_and_its_span() -> None:
    told = play(WORKED)

    orders = orders_of(told.result.journal, "PM1")

    assert list(orders) == ["P1", "C1", "C2"]
    parent, first, second = orders.values()
    assert [each.parent for each in orders.values()] == [None, "P1", "P1"]
    assert (parent.order_qty, parent.start_ns, parent.end_ns) == (10, 0, 8 * NS)
    assert parent.fills == (
        Fill(4 * NS, Fraction(1535150), 4),
        Fill(6 * NS, Fraction(1535150), 1),
        Fill(8 * NS, Fraction(1535200), 5),
    )
    # A change has made C1 five, under another name: it is the same order.
    assert (first.order_qty, first.start_ns, first.end_ns) == (5, 3 * NS, 6 * NS)
    assert [fill.qty for fill in first.fills] == [4, 1]
    assert [fill.qty for fill in second.fills] == [5]
    assert parent.average_price == Fraction(5 * 1535150 + 5 * 1535200, 10)


def test_a_trade_is_one_price_though_both_sides_are_told_of_it() -> None:
    told = play(WORKED)

    assert list(trades(told.result.journal, MNQ)) == moments(
        (4 * NS, 1535150), (6 * NS, 1535150), (8 * NS, 1535200)
    )
    assert list(trades(told.result.journal, Symbol("MESU3"))) == []


def test_an_order_that_is_not_over_lasts_as_long_as_its_journal() -> None:
    told = play("0s PM1 stage P1 buy 10 @ 15352.00 for 123\n9s LP enter o1 sell 4 @ 15351.50")

    orders = orders_of(told.result.journal, "PM1")

    assert orders["P1"].end_ns == 9 * NS


def test_a_staged_order_is_as_large_as_it_was_changed_to() -> None:
    told = play(WORKED + "    2s PM1 change_staged P1 12\n    2.5s ET2 approve P1\n")

    assert orders_of(told.result.journal, "PM1")["P1"].order_qty == 12


def test_orders_of_one_name_go_by_whose_they_are_as_well() -> None:
    told = play("0s ET1 enter X buy 1 @ 15350.00\n1s ET2 enter X buy 2 @ 15350.00")

    orders = orders_of(told.result.journal, "ET1")

    assert {name: order.order_qty for name, order in orders.items()} == {"ET1/X": 1, "ET2/X": 2}


def test_a_fill_that_is_busted_is_none() -> None:
    bust = '[[step]]\nat = "9s"\nwho = "ADMIN"\ndo = "bust"\nexchange = "CME"\ntrade = 1\n'
    told = play(WORKED, extra=bust)

    assert [fill.qty for fill in orders_of(told.result.journal, "ET2")["C1"].fills] == [1]


def test_an_order_does_not_end_before_it_began() -> None:
    with pytest.raises(ValueError, match="C1 ends at 1 ns, before 2 ns"):
        Progress(
            order="C1",
            symbol=MNQ,
            side=Side.BUY,
            order_qty=1,
            start_ns=2,
            end_ns=1,
            prices=(),
            fills=(),
        )


# --- synthetic orders ----------------------------------------------------------------

SPREAD = """
[[gateway.settings.autospreader.spread]]
name = "MNQ/MES"
formula = "ratio"
tick = "0.0001"
leg = [{ symbol = "MNQU3", ratio = "1" }, { symbol = "MESU3", ratio = "-1.366", quoting = false }]
"""
ENTERED = """
[[step]]
at = "10s"
who = "ET1"
do = "enter"
[step.order]
id = "S1"
type = "autospreader"
symbol = "MNQ/MES"
side = "buy"
quantity = 3
price = "3.4172"
"""
MARKETS = """
    0s LP enter a1 sell 5 @ 15351.00
    0s LP enter a2 buy 9 @ 15350.75
    0s LP enter b1 sell 9 @ 4492.75 on MESU3
    0s LP enter b2 buy 9 @ 4492.50 on MESU3
    20s LP enter a3 sell 3 @ 15350.75
"""


def spread_floor(tmp_path: Path) -> Path:
    text = changed(
        floor(MARKETS, extra=ENTERED),
        'kind = "sse"\n',
        f'kind = "sse"\norder_types = ["BROKER", "autospreader"]\n{SPREAD}',
    )
    return write(tmp_path, text)


def test_a_spread_has_its_own_fills_and_the_price_that_its_legs_imply(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    assert command("run", spread_floor(tmp_path), "--journal", journal).status == 0
    recorded = RecordedRun(Recording(journal.read_bytes()))
    entries = recorded.entries()

    order = chosen_order(entries, recorded.users, order="S1", user="ET1")
    sheet = sheet_of(recorded, entries, order, bar=None, shown_decimals=None)

    # The legs' own fills are not the spread's.
    assert [fill.qty for fill in order.fills] == [3]
    assert (order.order_qty, order.start_ns, order.end_ns) == (3, 10 * NS, 10 * NS)
    # 15351.00 over 4492.50, and at 20 s 15350.75 over it, between the ticks around them.
    decimals = recorded.instruments[order.symbol].price_decimals
    prices = [(each.time_ns // NS, each.price / 10**decimals) for each in sheet.progress.prices]
    assert prices == [(10, Fraction("3.41705")), (20, Fraction("3.41695"))]


def test_chart_draws_a_spread(tmp_path: Path) -> None:
    journal, out = tmp_path / "journal", tmp_path / "chart.svg"
    assert command("run", spread_floor(tmp_path), "--journal", journal).status == 0

    ran = command("chart", journal, "--out", out, "--user", "ET1", "--decimals", "3")

    assert ran.status == 0
    assert ran.out.splitlines()[:2] == ["Order: S1", "Filled: 3 of 3"]
    assert "Average fill price: 3.417" in ran.out
    assert out.exists()


# --- schedules -------------------------------------------------------------------------


def of_example(name: str, folder: Path, order: str) -> Progress:
    journal = folder / "journal"
    assert command("run", EXAMPLES / name, "--journal", journal, "--quiet").status == 0
    recorded = RecordedRun(Recording(journal.read_bytes()))
    return chosen_order(recorded.entries(), recorded.users, order=order, user=None)


def test_the_case_studys_schedule_is_a_unit_at_the_start_of_each_slice(tmp_path: Path) -> None:
    order = of_example("twap_autospreader.toml", tmp_path, "tw1")

    session_ns = 390 * 60 * NS
    assert [each.cum_qty for each in order.plan] == list(range(1, 34))
    assert [each.time_ns for each in order.plan] == [
        60 * NS + ceil(Fraction(k * session_ns, 33)) for k in range(33)
    ]
    # Nothing is done before it is due.
    for fill in order.fills:
        done = sum(each.qty for each in order.fills if each.time_ns <= fill.time_ns)
        due = max(each.cum_qty for each in order.plan if each.time_ns <= fill.time_ns)
        assert done <= due


def test_a_schedule_that_is_made_anew_replaces_what_was_to_come(tmp_path: Path) -> None:
    # 30 lots over half an hour from 30 s on, at most 20 % at a time; at 630 s it is 36 lots.
    order = of_example("twap.toml", tmp_path, "T1")

    times = [each.time_ns for each in order.plan]
    amounts = [each.cum_qty for each in order.plan]
    assert times == sorted(set(times))
    assert amounts == sorted(amounts)
    before = [each for each in order.plan if each.time_ns < 630 * NS]
    assert [each.time_ns / NS for each in before] == pytest.approx(
        [30.001 + 180 * k for k in range(4)], abs=0.01
    )
    assert before[-1].cum_qty < 30
    assert amounts[-1] == 36
    assert any(630 <= at / NS < 631 for at in times), "the new one begins at once"
    assert max(times) < 1_830.01 * NS


def test_an_order_that_no_clock_works_has_no_schedule(tmp_path: Path) -> None:
    assert of_example("twap_autospreader.toml", tmp_path, "tw1/p1").plan == ()
