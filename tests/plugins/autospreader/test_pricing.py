"""Implied prices, what is leaned on, and where legs are quoted: the tables, and that nobody pays
more than his price."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from case_study import price
from hypothesis import given
from hypothesis import strategies as st
from spreads import case_study, difference, leg, market, on_floor

from floorproof.market.fix import Side
from floorproof.plugins.autospreader.pricing import (
    Implied,
    LegMarket,
    implied,
    lean,
    leans,
    paid_up,
    quote,
    within_slop,
)
from floorproof.plugins.autospreader.spread import (
    ListedSpread,
    PriceFormula,
    Spread,
    ThinMarket,
)

BUY, SELL = Side.BUY, Side.SELL
EMPTY = LegMarket()
CASE = on_floor(case_study(leg=(leg("MNQU3", "1"), leg("MESU3", "-1.366"))))
LIMIT = 3_417000
"""3.417 in the units of the spread, which has two decimals more than its tick."""


def shown(found: Implied | None, spread: ListedSpread, side: Side) -> tuple[Decimal, int] | None:
    return None if found is None else (spread.shown(found.price, side), found.qty)


@pytest.mark.rule("ASE-3")
def test_implied_prices_are_as_in_the_case_study() -> None:
    markets = [market("15350.75 / 15351.00"), market("4492.25 / 4492.50")]

    bid, offer = implied(CASE, markets, SELL), implied(CASE, markets, BUY)

    assert bid is not None
    assert offer is not None
    assert round(float(bid.price), 6) == 3.416973
    assert round(float(offer.price), 6) == 3.417219
    assert (CASE.shown(bid.price, BUY), CASE.shown(offer.price, SELL)) == (
        Decimal("3.416"),
        Decimal("3.418"),
    )
    assert (CASE.price_of(bid.price, BUY), CASE.price_of(offer.price, SELL)) == (3_416900, 3_417300)


# fmt: off
QUANTITIES = {
    # the two markets; units implied to buy, and to sell
    "the smaller leg":     ("15350.75x9 / 15351.00x7", "4492.25x10 / 4492.50x5", 7, 3),
    "by the ratio":        ("15350.75x9 / 15351.00x7", "4492.25x4 / 4492.50x3", 2, 2),
    "less than a unit":    ("15350.75x9 / 15351.00x7", "4492.25x1 / 4492.50x3", 0, 2),
    "the best level only": ("15350.75x1 15350.50x9 / 15351.00x2 15351.25x9", "4492 / 4493", 2, 1),
}
# fmt: on


@pytest.mark.rule("ASE-3")
@pytest.mark.parametrize("row", QUANTITIES.values(), ids=QUANTITIES.keys())
def test_implied_quantity_is_what_every_leg_shows(row: tuple[str, str, int, int]) -> None:
    one, other, to_buy, to_sell = row
    markets = [market(one), market(other)]

    bought, sold = implied(CASE, markets, BUY), implied(CASE, markets, SELL)

    assert bought is not None
    assert sold is not None
    assert (bought.qty, sold.qty) == (to_buy, to_sell)


def test_nothing_is_implied_by_a_market_with_one_side() -> None:
    markets = [market("15350.75 /"), market("4492.25 / 4492.50")]

    assert implied(CASE, markets, BUY) is None
    assert implied(CASE, markets, SELL) is not None


def test_the_implied_market_of_a_difference() -> None:
    markets = [market("15350.75 / 15351.00"), market("4492.25 / 4492.50")]
    spread = on_floor(difference())

    found = [implied(spread, markets, side) for side in (SELL, BUY)]

    assert [each and each.price for each in found] == [Fraction("10858.25"), Fraction("10858.75")]


# --- what is leaned on ----------------------------------------------------------------

# fmt: off
LEANED = {
    "covered inside":         (10, ThinMarket.LAST_LEVEL, "4492.25"),
    "to the contract":        (4, ThinMarket.LAST_LEVEL, "4492.50"),
    "one level down":         (5, ThinMarket.LAST_LEVEL, "4492.25"),
    "two levels down":        (11, ThinMarket.LAST_LEVEL, "4492.00"),
    "all there is":           (13, ThinMarket.LAST_LEVEL, "4492.00"),
    "not there, TT":          (14, ThinMarket.LAST_LEVEL, "4492.00"),
    "not there, XT":          (14, ThinMarket.ALL_OR_NONE, None),
    "all there is, XT":       (13, ThinMarket.ALL_OR_NONE, "4492.00"),
    "not there, resubmitted": (14, ThinMarket.ALL_OR_NONE_RESUBMIT, None),
    "the inside alone":       (14, ThinMarket.DYNAMIC_INSIDE, "4492.50"),
    "nothing needed":         (0, ThinMarket.ALL_OR_NONE, "4492.50"),
}
# fmt: on


@pytest.mark.rule("ASE-8")
@pytest.mark.parametrize(("needed", "thin", "at"), LEANED.values(), ids=LEANED.keys())
def test_depth_is_walked_until_it_covers_the_minimum(
    needed: int, thin: ThinMarket, at: str | None
) -> None:
    levels = market("4492.50x4 4492.25x6 4492.00x3 /").bids

    found = lean(levels, Fraction(needed), thin)

    assert found == (None if at is None else price(at))


@pytest.mark.rule("ASE-8")
def test_an_empty_market_is_nothing_to_lean_on() -> None:
    assert lean((), Fraction(1), ThinMarket.LAST_LEVEL) is None
    assert quote(CASE, 0, BUY, LIMIT, leans(CASE, [EMPTY, EMPTY], BUY, Fraction(1)), EMPTY) is None


def test_a_quote_needs_as_much_depth_as_remains_to_be_hedged() -> None:
    depth = market("4492.50x4 4492.25x6 4492.00x30 /")
    markets = [market("/ 15351.00"), depth]

    assert leans(CASE, markets, BUY, Fraction(2))[1] == price("4492.50")  # 2.732
    assert leans(CASE, markets, BUY, Fraction(3))[1] == price("4492.25")  # 4.098
    assert leans(CASE, markets, BUY, Fraction(8))[1] == price("4492.00")  # 10.928


# --- where a leg is quoted ------------------------------------------------------------

# fmt: off
QUOTES_OF_MNQ = {
    # lean bid of MES: raw price, quote, what the spread costs if it is hedged there
    "4492.00": ("15349.164",   "15349.00", 3.416963),
    "4492.25": ("15350.01825", "15350.00", 3.416996),
    "4492.50": ("15350.8725",  "15350.75", 3.416973),
    "4492.75": ("15351.72675", "15351.50", 3.416950),
    "4493.00": ("15352.581",   "15352.50", 3.416982),
}
QUOTES_OF_MES = {
    # lean offer of MNQ: raw price, quote
    "15350.75": ("4492.46415", "4492.50"),
    "15351.00": ("4492.53731", "4492.75"),
    "15351.25": ("4492.61048", "4492.75"),
}
# fmt: on


@pytest.mark.rule("ASE-5")
@pytest.mark.parametrize(("at", "row"), QUOTES_OF_MNQ.items(), ids=QUOTES_OF_MNQ.keys())
def test_a_leg_that_is_bought_is_quoted_below(at: str, row: tuple[str, str, float]) -> None:
    raw, quoted, cost = row

    found = quote(CASE, 0, BUY, LIMIT, [None, price(at)], EMPTY)

    assert CASE.leg_price(0, LIMIT, [0, price(at)]) == Fraction(raw) * 100
    assert found is not None
    assert found.price == price(quoted)
    assert found.leans == (price(quoted), price(at))
    assert round(float(CASE.value(found.leans)), 6) == cost


@pytest.mark.rule("ASE-5")
@pytest.mark.parametrize(("at", "row"), QUOTES_OF_MES.items(), ids=QUOTES_OF_MES.keys())
def test_a_leg_that_is_sold_is_quoted_above(at: str, row: tuple[str, str]) -> None:
    raw, quoted = row

    found = quote(CASE, 1, BUY, LIMIT, [price(at), None], EMPTY)

    exact = CASE.leg_price(1, LIMIT, [price(at), 0]) / 100
    assert round(float(exact), 5) == float(raw)
    assert found is not None
    assert found.price == price(quoted)


@pytest.mark.rule("ASE-5")
def test_selling_the_spread_turns_every_rounding_round() -> None:
    sold = quote(CASE, 0, SELL, LIMIT, [None, price("4492.50")], EMPTY)
    bought = quote(CASE, 1, SELL, LIMIT, [price("15351.00"), None], EMPTY)

    assert sold is not None
    assert bought is not None
    assert sold.price == price("15351.00")  # 15350.8725
    assert bought.price == price("4492.50")  # 4492.53731


@pytest.mark.rule("ASE-5")
def test_the_prices_that_the_case_study_prints_are_worse_than_its_limit() -> None:
    printed = CASE.value([price("15351.00"), price("4492.50")])

    assert Fraction("3.417") < printed < Fraction("3.418")


def test_a_formula_that_goes_the_other_way_at_a_price_quotes_nothing() -> None:
    custom = on_floor(
        case_study(formula=PriceFormula.CUSTOM, custom="Leg1 / (Leg2 - 4492.50)", tick=Decimal(1))
    )

    assert quote(custom, 0, BUY, 5000_00, [None, price("4492.75")], EMPTY) is not None
    assert quote(custom, 0, BUY, 5000_00, [None, price("4492.25")], EMPTY) is None  # it falls
    assert quote(custom, 0, BUY, 5000_00, [None, price("4492.50")], EMPTY) is None  # by zero


@pytest.mark.rule("ASE-9")
def test_a_quote_stays_a_tick_short_of_crossing_where_that_is_asked() -> None:
    careful = on_floor(case_study(prevent_quote_cross=True))
    wide, near = market("15340.00 / 15360.00"), market("15340.00 / 15350.50")

    def at(spread: ListedSpread, own: LegMarket) -> int | None:
        found = quote(spread, 0, BUY, LIMIT, [None, price("4492.50")], own)
        return None if found is None else found.price

    assert at(careful, wide) == at(careful, EMPTY) == at(CASE, near) == price("15350.75")
    assert at(careful, near) == price("15350.25")


@pytest.mark.rule("ASE-9")
def test_slop_is_counted_in_ticks_of_the_spread() -> None:
    loose = on_floor(case_study(inside_slop=1, outside_slop=2))

    def stays(lean_bid: str, side: Side = BUY) -> bool:
        return within_slop(loose, side, LIMIT, [price("15350.75"), price(lean_bid)])

    # 3.4168 to 3.4171 for a buyer, 3.4169 to 3.4172 for a seller.
    assert [stays(at) for at in ("4492.25", "4492.50", "4492.75", "4493.00")] == [
        False,  # 3.41716
        True,  # 3.41697
        False,  # 3.41678: more than two ticks better
        False,
    ]
    assert stays("4492.25", SELL)


# fmt: off
PAY_UPS = {
    # ticks, side of the spread, lean, hedge
    "none":                 (0, BUY, "4492.50", "4492.50"),
    "a tick, selling":      (1, BUY, "4492.50", "4492.25"),
    "patient, selling":     (-1, BUY, "4492.50", "4492.75"),
    "a tick, buying":       (1, SELL, "4492.50", "4492.75"),
    "patient, buying":      (-2, SELL, "4492.50", "4492.00"),
}
# fmt: on


@pytest.mark.rule("ASE-12")
@pytest.mark.parametrize("row", PAY_UPS.values(), ids=PAY_UPS.keys())
def test_pay_up_ticks_above_zero_are_aggressive(row: tuple[int, Side, str, str]) -> None:
    ticks, side, at, hedge = row
    spread = on_floor(difference(leg("MNQU3", "1"), leg("MESU3", "-1", pay_up_ticks=ticks)))

    assert paid_up(spread, 1, side, price(at)) == price(hedge)


# --- nobody pays more than his price --------------------------------------------------

ratios = st.decimals(Decimal("0.1"), Decimal("3"), places=3).filter(bool)
multipliers = st.decimals(Decimal("0.5"), Decimal("5"), places=1)


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    one, other = draw(ratios), draw(ratios)
    a, b = draw(multipliers), draw(multipliers)
    formula = draw(st.sampled_from([PriceFormula.PRICE_DIFF, PriceFormula.RATIO]))
    b = b if formula is PriceFormula.RATIO else -b
    return Spread(
        name="S",
        formula=formula,
        tick=Decimal("0.0001"),
        leg=(
            leg("MNQU3", str(one), multiplier=Fraction(a)),
            leg("MESU3", str(-other), multiplier=Fraction(b)),
        ),
    )


@pytest.mark.rule("ASE-5")
@given(
    spreads(),
    st.sampled_from(Side),
    st.integers(0, 1),
    st.integers(1, 4000),
    st.integers(-50_000, 500_000),
)
def test_a_unit_hedged_at_its_lean_never_costs_more_than_the_price(
    spread: Spread, side: Side, number: int, ticks: int, limit: int
) -> None:
    floor = on_floor(spread)
    leaned = [None, 25 * ticks] if number == 0 else [25 * ticks, None]

    found = quote(floor, number, side, limit, leaned, EMPTY)

    if found is None or min(found.leans) <= 0:
        return  # a ratio of what is not above zero goes where it will
    cost = floor.value(found.leans) * 10**6
    assert cost <= limit if side is BUY else cost >= limit
    # And a tick further it would.
    tick = 25 if floor.legs[number].side(side) is BUY else -25
    further = [at + tick if n == number else at for n, at in enumerate(found.leans)]
    if min(further) > 0:
        beyond = floor.value(further) * 10**6
        assert beyond > limit if side is BUY else beyond < limit


def test_a_wrong_rounding_would_be_seen() -> None:
    found = quote(CASE, 0, BUY, LIMIT, [None, price("4492.50")], EMPTY)
    assert found is not None
    wrong = attrs.evolve(found, leans=(found.price + 25, found.leans[1]))

    assert CASE.value(found.leans) * 10**6 <= LIMIT < CASE.value(wrong.leans) * 10**6
