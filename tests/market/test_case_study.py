"""Every figure that TT's case study prints, and what it comes to where it contradicts itself.

Source: TT, "Using TT TWAP to Drive TT Autospreader Instruments".
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from case_study import MES, MES_ENTRY, MNQ, MNQ_ENTRY, exact, price

from floorproof.market.exposure import (
    contracts_for,
    money,
    moved,
    notional,
    points,
    quantity_ratio,
    ratio_shown,
    rounded,
    spread_price_shown,
    tick_value,
)
from floorproof.market.fix import Side
from floorproof.market.identifiers import Qty
from floorproof.market.margin import Margin, MarginLeg
from floorproof.market.pnl import Leg, overall

MILLION = Fraction(1_000_000)
PRINTED = (32, 44)
ENTERED = (33, 45)


def ratio() -> Fraction:
    return quantity_ratio(notional(MNQ, MNQ_ENTRY), notional(MES, MES_ENTRY))


@pytest.mark.rule("CALC-1")
def test_entry_and_sizing_are_as_printed() -> None:
    assert notional(MNQ, MNQ_ENTRY) == 30_702
    assert notional(MES, MES_ENTRY) == Fraction("22462.5")
    assert money(notional(MNQ, MNQ_ENTRY, 33)) == "$1,013,166.00"
    assert money(notional(MES, MES_ENTRY, 45)) == "$1,010,812.50"
    assert rounded(notional(MES, MES_ENTRY, 45), 0, ROUND_DOWN) == 1_010_812  # in the text
    assert tick_value(MNQ) == Fraction("0.50")
    assert tick_value(MES) == Fraction("1.25")
    residual = notional(MNQ, MNQ_ENTRY, 33) - notional(MES, MES_ENTRY, 45)
    assert residual == Fraction("2353.50")


@pytest.mark.rule("CALC-1")
def test_the_ratio_is_cut_off_and_the_spread_price_is_rounded() -> None:
    assert ratio_shown(ratio()) == Decimal("1.366")
    assert rounded(ratio(), 3, ROUND_HALF_UP) == Decimal("1.367")
    entry = points(MNQ, MNQ_ENTRY) / points(MES, MES_ENTRY)
    assert spread_price_shown(entry) == Decimal("3.417")
    # Weighted with the point values the quotient is the quantity ratio, not the price.
    assert 2 * entry / 5 == ratio()


@pytest.mark.rule("CALC-2")
def test_a_million_dollars_is_33_units_or_32() -> None:
    one_mnq, one_mes = notional(MNQ, MNQ_ENTRY), notional(MES, MES_ENTRY)

    assert contracts_for(MILLION, one_mnq, ROUND_HALF_UP) == 33
    assert contracts_for(MILLION, one_mes, ROUND_HALF_UP) == 45
    assert contracts_for(MILLION, one_mnq, ROUND_DOWN) == 32
    assert contracts_for(MILLION, one_mes, ROUND_DOWN) == 44
    # However the ratio is rounded, and whichever way its product is.
    for each in (Fraction("1.366"), Fraction("1.367"), ratio()):
        assert int(33 * each) == int(33 * each + Fraction(1, 2)) == 45


# fmt: off
LEGS = {
    # scenario and leg: move, exact exit, exit, ticks, printed PnL, PnL of 33/45
    "1 MNQ": ("0.05",  "16118.55", "16118.50",  3070, "49,120.00",  "50,655.00"),
    "1 MES": ("0.02",  "4582.35",  "4582.25",    359, "-19,745.00", "-20,193.75"),
    "2 MNQ": ("-0.03", "14890.47", "14890.50", -1842, "-29,472.00", "-30,393.00"),
    "2 MES": ("-0.03", "4357.725", "4357.75",   -539, "29,645.00",  "30,318.75"),
    "3 MNQ": ("0.03",  "15811.53", "15811.50",  1842, "29,472.00",  "30,393.00"),
    "3 MES": ("0.04",  "4672.20",  "4672.25",    719, "-39,545.00", "-40,443.75"),
}
OVERALL = {
    # scenario: exit prices, spread price, printed overall, overall of 33/45
    "1": ("16118.50", "4582.25", "3.518", "29,375.00",  "30,461.25"),
    "2": ("14890.50", "4357.75", "3.417", "173.00",     "-74.25"),
    "3": ("15811.50", "4672.25", "3.384", "-10,073.00", "-10,050.75"),
}
# fmt: on


def leg(name: str, qty: Qty, exit_px: str) -> Leg:
    if name == "MNQ":
        instrument, side, entry = MNQ, Side.BUY, MNQ_ENTRY
    else:
        instrument, side, entry = MES, Side.SELL, MES_ENTRY
    return Leg(instrument=instrument, side=side, qty=qty, entry=entry, exit=price(exit_px))


@pytest.mark.rule("CALC-3", "PNL-1")
@pytest.mark.parametrize(("where", "row"), LEGS.items(), ids=LEGS.keys())
def test_a_leg_earns_what_is_printed_with_32_and_44(
    where: str, row: tuple[str, str, str, int, str, str]
) -> None:
    move, unrounded, exit_px, ticks, printed, entered = row
    name = where.split()[1]
    at = 0 if name == "MNQ" else 1
    one = leg(name, 1, exit_px)

    assert points(MNQ, one.entry * (1 + Fraction(move))) == Fraction(unrounded)
    assert moved(one.instrument, int(one.entry), Fraction(move)) == price(exit_px)
    assert one.ticks == ticks
    assert abs(one.pnl) == abs(ticks) * tick_value(one.instrument)
    assert leg(name, PRINTED[at], exit_px).pnl == exact(printed)
    assert leg(name, ENTERED[at], exit_px).pnl == exact(entered)


@pytest.mark.rule("PNL-1")
@pytest.mark.parametrize("row", OVERALL.values(), ids=OVERALL.keys())
def test_legs_together_earn_what_is_printed_with_32_and_44(row: tuple[str, ...]) -> None:
    mnq_exit, mes_exit, spread, printed, entered = row

    def legs(quantities: tuple[Qty, Qty]) -> list[Leg]:
        mnq, mes = quantities
        return [leg("MNQ", mnq, mnq_exit), leg("MES", mes, mes_exit)]

    shown = spread_price_shown(points(MNQ, price(mnq_exit)) / points(MES, price(mes_exit)))
    assert shown == Decimal(spread)
    assert overall(legs(PRINTED)) == exact(printed)
    assert overall(legs(ENTERED)) == exact(entered)


def margin(mnq: Qty, mes: Qty) -> Margin:
    return Margin(
        a=MarginLeg(rate=Fraction(1680), qty=mnq),
        b=MarginLeg(rate=Fraction(1120), qty=mes),
        credit=Fraction("0.70"),
    )


@pytest.mark.rule("MRG-1")
def test_margin_is_as_printed() -> None:
    printed = margin(33, 45)

    assert [printed.a.total, printed.b.total] == [55_440, 50_400]
    assert printed.subtotal == 105_840
    assert printed.matched_pairs == 33
    assert printed.given_back == 64_680
    assert printed.required == 41_160
    lines = [(1680, 33, 16_632), (1120, 33, 11_088), (1120, 12, 13_440)]
    assert [*printed.lines] == [(Fraction(rate), qty, Fraction(left)) for rate, qty, left in lines]
    assert sum(line[2] for line in printed.lines) == printed.required


@pytest.mark.rule("MRG-1")
def test_margin_of_what_the_exits_have() -> None:
    other = margin(*PRINTED)

    assert [other.subtotal, other.given_back, other.required] == [103_040, 62_720, 40_320]


@pytest.mark.parametrize("credit", ["-0.1", "1.1"])
def test_a_credit_is_a_share(credit: str) -> None:
    leg = MarginLeg(rate=Fraction(1), qty=1)

    with pytest.raises(ValueError, match=r"a share from 0 to 1, was"):
        Margin(a=leg, b=leg, credit=Fraction(credit))


def test_a_margin_has_no_contracts_below_zero() -> None:
    with pytest.raises(ValueError, match="neither is below zero, found -1 at 1"):
        MarginLeg(rate=Fraction(1), qty=-1)


def test_the_interval_and_the_share_are_the_inverses_of_what_the_page_says() -> None:
    interval_s = Fraction(390 * 60, 33)

    assert divmod(int(interval_s), 60) == (11, 49)
    assert rounded(Fraction(100, 33), 2, ROUND_HALF_UP) == Decimal("3.03")


# fmt: off
MOVES = {
    "onto a tick":     ("100.00", "0.01", "101.00"),
    "nearer below":    ("100.00", "0.011", "101.00"),
    "nearer above":    ("100.00", "0.0113", "101.25"),
    "half way is up":  ("100.00", "0.01125", "101.25"),
    "half way, down":  ("100.00", "-0.01125", "99.00"),
}
# fmt: on


@pytest.mark.rule("CALC-3")
@pytest.mark.parametrize(("start", "move", "end"), MOVES.values(), ids=MOVES.keys())
def test_a_moved_price_is_at_the_nearest_tick(start: str, move: str, end: str) -> None:
    assert moved(MNQ, price(start), Fraction(move)) == price(end)


def test_a_leg_of_no_value_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="the other leg's notional is zero"):
        quantity_ratio(Fraction(1), notional(MES, 0))
