"""How many contracts hedge, how many units that makes, and what a unit has cost."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from case_study import price
from hypothesis import given
from hypothesis import strategies as st
from spreads import case_study, difference, leg, on_floor

from floorproof.market.exposure import rounded
from floorproof.plugins.autospreader.hedging import (
    hedge_target,
    parent_filled,
    spread_fill_price,
    units_filled,
    units_filled_strictly,
)
from floorproof.plugins.autospreader.spread import ParentFill

RATIO = Fraction("1.366")
UNROUNDED = Fraction("30702") / Fraction("22462.5")

# fmt: off
SLICES = [
    # k, start (truncated to ms), MES now, MES in all, carried
    (1,  "0:00:00.000", 1, 1,  ".366"), (18, "3:20:54.545", 1, 24, ".588"),
    (2,  "0:11:49.090", 1, 2,  ".732"), (19, "3:32:43.636", 1, 25, ".954"),
    (3,  "0:23:38.181", 2, 4,  ".098"), (20, "3:44:32.727", 2, 27, ".320"),
    (4,  "0:35:27.272", 1, 5,  ".464"), (21, "3:56:21.818", 1, 28, ".686"),
    (5,  "0:47:16.363", 1, 6,  ".830"), (22, "4:08:10.909", 2, 30, ".052"),
    (6,  "0:59:05.454", 2, 8,  ".196"), (23, "4:20:00.000", 1, 31, ".418"),
    (7,  "1:10:54.545", 1, 9,  ".562"), (24, "4:31:49.090", 1, 32, ".784"),
    (8,  "1:22:43.636", 1, 10, ".928"), (25, "4:43:38.181", 2, 34, ".150"),
    (9,  "1:34:32.727", 2, 12, ".294"), (26, "4:55:27.272", 1, 35, ".516"),
    (10, "1:46:21.818", 1, 13, ".660"), (27, "5:07:16.363", 1, 36, ".882"),
    (11, "1:58:10.909", 2, 15, ".026"), (28, "5:19:05.454", 2, 38, ".248"),
    (12, "2:10:00.000", 1, 16, ".392"), (29, "5:30:54.545", 1, 39, ".614"),
    (13, "2:21:49.090", 1, 17, ".758"), (30, "5:42:43.636", 1, 40, ".980"),
    (14, "2:33:38.181", 2, 19, ".124"), (31, "5:54:32.727", 2, 42, ".346"),
    (15, "2:45:27.272", 1, 20, ".490"), (32, "6:06:21.818", 1, 43, ".712"),
    (16, "2:57:16.363", 1, 21, ".856"), (33, "6:18:10.909", 2, 45, ".078"),
    (17, "3:09:05.454", 2, 23, ".222"),
]
# fmt: on


def clock(seconds: Fraction) -> str:
    whole = rounded(seconds, 3, ROUND_DOWN)
    minutes, left = int(whole // 60), whole % 60
    return f"{minutes // 60}:{minutes % 60:02d}:{left:06.3f}"


@pytest.mark.rule("ASE-11")
@pytest.mark.parametrize("row", sorted(SLICES), ids=lambda row: f"k={row[0]}")
def test_the_fraction_of_a_hedge_is_carried_to_the_next_slice(
    row: tuple[int, str, int, int, str],
) -> None:
    k, start, now, in_all, carried = row
    target = hedge_target(RATIO, Fraction(k))

    assert target == in_all
    assert target - hedge_target(RATIO, Fraction(k - 1)) == now
    assert RATIO * k - target == Fraction(f"0{carried}")
    assert clock((k - 1) * Fraction(390 * 60, 33)) == start


@pytest.mark.rule("ASE-11")
def test_what_other_ways_to_round_would_come_to() -> None:
    assert hedge_target(RATIO, Fraction(33)) == 45
    assert 33 * hedge_target(RATIO, Fraction(1)) == 33  # a floor for each slice
    other = [
        k
        for k in range(1, 34)
        if hedge_target(UNROUNDED, Fraction(k)) != hedge_target(RATIO, Fraction(k))
    ]
    assert other == [30]
    assert hedge_target(UNROUNDED, Fraction(30)) == 41


# fmt: off
TARGETS = {
    # ratio, units, hedge round, contracts
    "whole contracts only":       ("0.5", 1, "1", 0),
    "the second makes one":       ("0.5", 2, "1", 1),
    "from half a contract on":    ("0.5", 1, "0.5", 1),
    "from less than there is":    ("0.366", 1, "0.3", 1),
    "from more than there is":    ("0.366", 1, "0.4", 0),
    "A16: three of five":         ("1", 3, "1", 3),
    "A16: and two more":          ("1", 5, "1", 5),
    "at once":                    ("1.366", 1, "0.01", 2),
}
# fmt: on


@pytest.mark.rule("ASE-11")
@pytest.mark.parametrize("row", TARGETS.values(), ids=TARGETS.keys())
def test_a_hedge_is_sent_from_so_much_of_a_contract_on(row: tuple[str, int, str, int]) -> None:
    ratio, units, hedge_round, contracts = row

    assert hedge_target(Fraction(ratio), Fraction(units), Fraction(hedge_round)) == contracts


# fmt: off
UNITS = {
    # filled MNQ and MES: units, and what TT's page reckons
    (1, 1):   (1, "0.732"),
    (32, 43): (32, "31.479"),
    (32, 44): (32, "32"),
    (33, 44): (32, "32.211"),
    (33, 45): (33, "32.943"),
    (33, 46): (33, "33"),
    (0, 0):   (0, "0"),
    (0, 1):   (0, "0"),
    (5, 0):   (0, "0"),
}
# fmt: on


@pytest.mark.rule("ASE-13")
@pytest.mark.parametrize(("filled", "row"), UNITS.items(), ids=str)
def test_units_of_a_parent_fill(filled: tuple[int, int], row: tuple[int, str]) -> None:
    units, strictly = row
    sizes = [Fraction(1), RATIO]
    strict = on_floor(case_study(parent_fill=ParentFill.STRICT))

    assert units_filled(sizes, filled) == units
    assert parent_filled(on_floor(case_study()), filled) == units
    exact = units_filled_strictly(sizes, filled)
    assert rounded(exact, 3, ROUND_HALF_UP) == Decimal(strictly)
    assert parent_filled(strict, filled) == int(exact)


@pytest.mark.rule("ASE-13")
@given(st.integers(1, 9), st.integers(0, 30))
def test_for_a_ratio_of_one_to_several_units_are_what_the_page_must_have_meant(
    several: int, filled: int
) -> None:
    size = Fraction(1, several)

    # Its upper bound, divided by the ratio.
    assert units_filled([size], [filled]) == int((filled + 1 - size) / size)


@pytest.mark.rule("ASE-13")
@given(
    st.lists(st.fractions(Fraction(1, 10), 5, max_denominator=1000), min_size=1, max_size=3),
    st.integers(0, 50),
)
def test_what_hedging_sends_for_units_makes_these_units(sizes: list[Fraction], units: int) -> None:
    sent = [hedge_target(size, Fraction(units)) for size in sizes]

    found = units_filled(sizes, sent)

    assert found >= units
    # Every leg has the contracts of so many, and not of one more.
    assert [hedge_target(size, Fraction(found)) for size in sizes] == sent
    assert [hedge_target(size, Fraction(found + 1)) for size in sizes] != sent


@pytest.mark.rule("ASE-14")
def test_a_unit_costs_what_its_legs_were_filled_at() -> None:
    spread = on_floor(case_study())
    fills = [[(price("15350.75"), 1)], [(price("4492.50"), 1)]]

    cost = spread_fill_price(spread, fills, 0, 1, [0, 0])

    assert round(float(cost), 6) == 3.416973


@pytest.mark.rule("ASE-14")
def test_contracts_go_to_units_first_in_first_out() -> None:
    spread = on_floor(difference(leg("MNQU3", "1"), leg("MESU3", "-1.5", multiplier=Fraction(-1))))
    fills = [
        [(100_00, 2), (110_00, 2)],
        [(50_00, 1), (60_00, 1), (70_00, 1), (80_00, 3)],
    ]

    def cost(before: int, after: int) -> Fraction:
        return spread_fill_price(spread, fills, before, after, [0, 0])

    assert cost(0, 1) == 100 - 50
    assert cost(1, 2) == 100 - Fraction(60 + 70, 2)
    assert cost(2, 3) == 110 - 80
    assert cost(0, 2) == 100 - 60
    assert cost(1, 4) == Fraction(100 + 110 + 110, 3) - Fraction(60 + 70 + 3 * 80, 5)


@pytest.mark.rule("ASE-14")
def test_a_leg_without_a_contract_for_the_unit_counts_with_its_lean() -> None:
    spread = on_floor(difference(leg("MNQU3", "1"), leg("MESU3", "-0.5", multiplier=Fraction(-1))))
    fills = [[(100_00, 2)], [(50_00, 1)]]

    assert spread_fill_price(spread, fills, 0, 1, [0, 45_00]) == 100 - 45
    assert spread_fill_price(spread, fills, 1, 2, [0, 45_00]) == 100 - 50


@given(
    st.fractions(Fraction(1, 10), 3, max_denominator=1000),
    st.lists(st.integers(1, 4), min_size=1, max_size=20),
)
def test_hedges_sent_never_leave_a_contract_unhedged(ratio: Fraction, fills: list[int]) -> None:
    units = [sum(fills[:n]) for n in range(len(fills) + 1)]
    sent = [hedge_target(ratio, Fraction(n)) for n in units]

    assert all(0 <= ratio * n - m < 1 for n, m in zip(units, sent, strict=True))
    assert all(later >= sooner for sooner, later in pairwise(sent))
