"""The configuration of a spread: its defaults, and everything that cannot be one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from case_study import MES, MNQ, contract
from spreads import case_study, difference, leg, on_floor

from floorproof.plugins.autospreader.spread import (
    HedgeLife,
    HedgeType,
    PriceFormula,
    Spread,
    SpreadLeg,
)

LOTS = attrs.evolve(contract("LOTS", "1"), round_lot=100)
RATIO, CUSTOM, NET = PriceFormula.RATIO, PriceFormula.CUSTOM, PriceFormula.NET_CHANGE


@pytest.mark.rule("ASE-1")
def test_a_spread_is_a_difference_of_one_to_one_unless_it_says_otherwise() -> None:
    plain = Spread(name="S", leg=(SpreadLeg(symbol="MNQU3"), SpreadLeg(symbol="MESU3")))

    spread = on_floor(plain)

    assert [each.ratio for each in spread.legs] == [1, -1]
    assert [each.quotes for each in spread.legs] == [True, True]
    assert spread.value([15351_00, 4492_50]) == Fraction("10858.5")
    # The finest of the legs' ticks.
    assert (spread.instrument.price_decimals, spread.instrument.ticks.increment_at(0)) == (4, 25_00)


@pytest.mark.rule("ASE-2")
def test_a_ratio_has_no_sign_in_its_multipliers_and_the_tick_that_it_is_given() -> None:
    spread = on_floor(case_study())

    assert spread.formula.text == "(Leg1 * 1) / (Leg2 * 1)"
    assert spread.instrument.price_decimals == 6
    assert spread.instrument.ticks.increment_at(0) == 100
    assert spread.value([15351_00, 4492_50]) == Fraction(15351) / Fraction("4492.5")


@pytest.mark.rule("ASE-2")
def test_point_values_as_multipliers_make_the_price_a_ratio_of_notionals() -> None:
    legs = leg("MNQU3", "5", multiplier=Fraction(2)), leg("MESU3", "-6", multiplier=Fraction(5))

    spread = on_floor(case_study(leg=legs))

    assert round(float(spread.value([15351_00, 4492_50])), 4) == 1.3668


@pytest.mark.rule("ASE-2")
def test_a_multiplier_may_be_a_fraction_that_is_no_decimal() -> None:
    legs = leg("MNQU3", "1", multiplier=Fraction(1, 3)), leg("MESU3", "-1", multiplier=Fraction(-1))

    spread = on_floor(difference(*legs, tick=Decimal("0.25")))

    assert spread.formula.text == "(Leg1 * 1 / 3) + (Leg2 * -1)"
    assert spread.value([15351_00, 4492_50]) == Fraction("624.5")
    assert spread.leg_price(0, 624_5000, [0, 4492_50]) == 15351_00
    with pytest.raises(ValueError, match=r"finest tick of the legs of spread MNQ-MES is 1/12"):
        on_floor(difference(*legs))


@pytest.mark.rule("ASE-2")
def test_a_net_change_counts_ticks_since_the_settlement() -> None:
    legs = (
        leg("MNQU3", "1", settle=Decimal("15300.00")),
        leg("MESU3", "-2", multiplier=Fraction("-2.5"), settle=Decimal("4500.00")),
    )

    spread = on_floor(difference(*legs, formula=NET, tick=Decimal("0.5")))

    assert spread.value([15351_00, 4492_50]) == 204 - Fraction("2.5") * -30


@pytest.mark.rule("ASE-4")
def test_a_custom_formula_may_be_any_that_can_be_solved_for_its_quoting_legs() -> None:
    spread = on_floor(
        case_study(formula=CUSTOM, custom="100 * Leg1 / Leg2 - 300", tick=Decimal("0.01"))
    )

    assert spread.value([15351_00, 4492_50]) == 100 * Fraction(15351) / Fraction("4492.5") - 300


@pytest.mark.rule("ASE-1")
def test_a_leg_that_quotes_is_hedged_and_one_that_does_neither_only_prices() -> None:
    legs = (
        leg("MNQU3", "1", hedging=False),
        leg("MESU3", "-1", quoting=False),
        leg("RTYU3", "-1", quoting=False, hedging=False),
    )

    assert [each.trades for each in on_floor(difference(*legs)).legs] == [True, True, False]


# fmt: off
LEAN = {
    # order quantity, multiplier, base: XT's lean minimum
    "(10, 1, 25)":  (10, "ThisLeg.DisclosedRemainingQuantity * 1 + 25", 35),
    "(100, 2, 10)": (100, "ThisLeg.DisclosedRemainingQuantity * 2 + 10", 210),
    "(20, 0, 100)": (20, "ThisLeg.DisclosedRemainingQuantity * 0 + 100", 100),
    "default":      (7, "ThisLeg.DisclosedRemainingQuantity", 7),
    "inside only":  (7, "1", 1),
    "by the ratio": (7, "ThisLeg.Ratio", 2),
}
# fmt: on


@pytest.mark.rule("ASE-8")
@pytest.mark.parametrize(("qty", "formula", "needed"), LEAN.values(), ids=LEAN.keys())
def test_the_minimum_lean_quantity_is_a_formula(qty: int, formula: str, needed: int) -> None:
    own = leg("MESU3", "-2", min_lean_qty=formula)

    assert own.lean_qty(Fraction(qty), Fraction(2)) == needed


A, B, C = leg("MNQU3", "1"), leg("MESU3", "-1"), leg("RTYU3", "-1")


IDLE, SHY = leg("MNQU3", "1", quoting=False), leg("MESU3", "-1", quoting=False)
HOLDS = leg("MESU3", "-1", quoting=False, queue_holders=1)
SETTLED = leg("MESU3", "-1", settle=Decimal(1))
FALLS, RISES = (
    leg("MESU3", "1", multiplier=Fraction(-1)),
    leg("MESU3", "-1", multiplier=Fraction(1)),
)
TURNED = leg("MNQU3", "-1"), leg("MESU3", "1")


def quoting(count: int) -> tuple[SpreadLeg, ...]:
    return tuple(leg(f"X{n}", "1" if n == 0 else "-1") for n in range(count))


# fmt: off
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no legs":                ({"leg": ()}, "has 0 legs, expected two or more"),
    "one leg":                ({"leg": (A,)}, "has 1 legs, expected two or more"),
    "a leg twice":            ({"leg": (A, A)}, "has leg MNQU3 more than once"),
    "no quoting leg":         ({"leg": (IDLE, SHY)}, "no leg of spread S is quoting"),
    "six quoting legs":       ({"leg": quoting(6)}, "6 legs of spread S are quoting: at most 5"),
    "holders of no quote":    ({"leg": (A, HOLDS)}, "MESU3 has queue holders and does not quote"),
    "ratio of three":         ({"formula": RATIO, "leg": (A, B, C)}, "a ratio of two legs, found"),
    "custom without formula": ({"formula": CUSTOM}, "expected `custom`, a formula, for a custom"),
    "formula without custom": ({"custom": "Leg1"}, "expected `custom`, a formula, for a custom"),
    "net change of nothing":  ({"formula": NET}, "expected `settle` in each leg of a net change"),
    "settle of a difference": ({"leg": (A, SETTLED)}, "expected `settle` in each leg of a net"),
    "buys what falls":        ({"leg": (A, FALLS)}, "falls with leg MESU3, which the ratio 1 buys"),
    "sells what rises":       ({"leg": (A, RISES)}, "rises with leg MESU3, which the ratio -1"),
    "a ratio upside down":    ({"formula": RATIO, "leg": TURNED}, "rises with leg MNQU3, which"),
    "hedges from no part":    ({"hedge_round": Decimal(0)}, "'hedge_round' must be > 0"),
    "hedges from 1.1":        ({"hedge_round": Decimal("1.1")}, "'hedge_round' must be <= 1"),
    "tick of nothing":        ({"tick": Decimal(0)}, "'tick' must be > 0"),
    "no name":                ({"name": ""}, "Length of 'name' must be >= 1"),
    "slop below nothing":     ({"inside_slop": -1}, "'inside_slop' must be >= 0"),
    "quotes of no lot":       ({"quote_increment": 0}, "'quote_increment' must be >= 1"),
}
LEAN_ON = "min_lean_qty"
RESTS = HedgeType.POST_ONLY
WRONG_LEGS: dict[str, tuple[dict[str, Any], str]] = {
    "ratio 0":            ({"ratio": Decimal(0)}, "the ratio of leg MESU3 must not be 0"),
    "multiplier 0":       ({"multiplier": Fraction()}, "the multiplier of leg MESU3 must not be 0"),
    "no symbol":          ({"symbol": ""}, "Length of 'symbol' must be >= 1"),
    "pay-up of 100":      ({"pay_up_ticks": 100}, "'pay_up_ticks' must be <= 99"),
    "pay-up of -100":     ({"pay_up_ticks": -100}, "'pay_up_ticks' must be >= -99"),
    "21 queue holders":   ({"queue_holders": 21}, "'queue_holders' must be <= 20"),
    "-1 queue holders":   ({"queue_holders": -1}, "'queue_holders' must be >= 0"),
    "immediate rest":     ({"hedge_type": RESTS, "hedge_life": HedgeLife.FILL_OR_KILL},
                           "leg MESU3: hedges that only rest have no hedge_life fok"),
    "lean on a stranger": ({LEAN_ON: "ThisLeg.Colour"}, "'ThisLeg.Colour'; there are: ThisLeg.Dis"),
    "lean by nothing":    ({LEAN_ON: "1 / (ThisLeg.Ratio - 1)"}, "divides by zero"),
    "lean on words":      ({LEAN_ON: "a lot"}, "is no formula"),
}


def custom(formula: str) -> dict[str, Any]:
    return {"formula": CUSTOM, "custom": formula}


STRANGER = leg("MESZ9", "-1")
TINY = Decimal("0.0000000001")
UNLISTED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown leg":           ({"leg": (A, STRANGER)}, "'MESZ9' of spread S is listed at no"),
    "ratio without tick":    ({"formula": RATIO}, "spread S is ratio: expected its `tick`"),
    "custom without tick":   (custom("Leg1 - Leg2"), "spread S is custom: expected its `tick`"),
    "tick of ten decimals":  ({"tick": TINY}, "have 12 decimals, and its tick has 10: expected"),
    "fewer than its tick":   ({"price_decimals": 1}, "have 1 decimals, and its tick has 2"),
    "a leg in round lots":   ({"leg": (A, leg("LOTS", "-1"))}, "LOTS of spread S is traded in"),
    "formula of a stranger": (custom("Leg1 - Leg3"), "names 'Leg3'; its legs are: Leg1, Leg2"),
    "formula by nothing":    (custom("Leg1 / (Leg2 - Leg2)"), r"'Leg1 / \(Leg2 - Leg2\)' divides"),
    "formula without a leg": (custom("Leg1 * 2"), "cannot be solved for Leg2: it does not depend"),
    "formula of a square":   (custom("Leg1 * Leg1 - Leg2"), "cannot be solved for Leg1: it is of"),
}
# fmt: on


@pytest.mark.rule("ASE-1")
@pytest.mark.parametrize(("settings", "error"), WRONG.values(), ids=WRONG.keys())
def test_what_can_be_no_spread_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Spread(**{"name": "S", "leg": (A, B), **settings})


@pytest.mark.rule("ASE-1")
@pytest.mark.parametrize(("settings", "error"), WRONG_LEGS.values(), ids=WRONG_LEGS.keys())
def test_what_can_be_no_leg_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        SpreadLeg(**{"symbol": "MESU3", **settings})


@pytest.mark.rule("ASE-1", "ASE-3")
@pytest.mark.parametrize(("settings", "error"), UNLISTED.values(), ids=UNLISTED.keys())
def test_what_goes_with_no_instrument_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        on_floor(Spread(**{"name": "S", "leg": (A, B), **settings}), {"LOTS": LOTS})


def test_five_legs_may_quote() -> None:
    assert len(Spread(name="S", leg=quoting(5)).leg) == 5


def test_prices_are_in_the_units_of_each_leg() -> None:
    assert (MNQ.price_decimals, MES.price_decimals) == (2, 2)
    spread = on_floor(difference())

    assert spread.leg_price(0, 10_000_0000, [0, 4492_50]) == 14492_50
    assert spread.leg_price(1, 10_000_0000, [14492_50, 0]) == 4492_50
