"""A spread order at work, step by step: what it sends for each thing that happens to it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from spread_bench import Bench
from spreads import case_study, difference, leg, on_floor

from floorproof.market.fix import ExecType, Side, TimeInForce
from floorproof.plugins.autospreader.risk import worst_case
from floorproof.plugins.autospreader.spread import (
    ConvertQuote,
    Disconnect,
    HedgeLife,
    HedgeType,
    Requote,
    SpreadLeg,
    ThinMarket,
)
from floorproof.plugins.synthetic import Disconnected, PauseAsked, ResumeAsked

CALM = {"MNQU3": "15350.75 / 15351.00", "MESU3": "4492.25 / 4492.50"}
GTC = TimeInForce.GOOD_TILL_CANCEL
IOC = TimeInForce.IMMEDIATE_OR_CANCEL
BOTH = (leg("MNQU3", "1"), leg("MESU3", "-1"))


def converting(mode: ConvertQuote, **settings: object) -> tuple[SpreadLeg, ...]:
    other = leg("MESU3", "-1", convert_quote_to_hedge=mode, **settings)
    return (leg("MNQU3", "1"), other)


@pytest.mark.rule("ASE-5", "ASE-10", "ASE-12", "ASE-23")
def test_a_unit_is_quoted_and_hedged_at_its_lean() -> None:
    bench = Bench(case_study(), CALM, qty=3)
    assert bench.read() == ["accepted", "q1: buy 3 MNQU3 @ 15350.00"]

    bench.moves("MESU3", "4492.50 / 4492.75")
    assert bench.read() == ["q1 to 3 @ 15350.75"]

    bench.fill("q1")
    assert bench.read() == ["q1 traded 1 @ 15350.75", "h2: sell 1 MESU3 @ 4492.50"]

    bench.fill("h2")
    assert bench.read() == ["h2 traded 1 @ 4492.50", "filled 1 @ 3.416973"]


@pytest.mark.rule("ASE-5", "ASE-10")
def test_selling_the_spread_sells_what_it_quotes_and_buys_the_hedge() -> None:
    bench = Bench(case_study(), CALM, side=Side.SELL)

    bench.fill("q1")

    assert bench.read() == [
        "accepted",
        "q1: sell 1 MNQU3 @ 15351.00",
        "q1 traded 1 @ 15351.00",
        "h2: buy 1 MESU3 @ 4492.50",
    ]


@pytest.mark.rule("ASE-11", "ASE-13", "ASE-23")
def test_thirty_three_units_of_the_case_study_hedge_forty_five_contracts() -> None:
    bench = Bench(case_study(), CALM, qty=33, price="3.418")
    for _ in range(33):
        bench.fill("q1")
        hedge = bench.sent[-1].child
        bench.fill(hedge, bench.sent[-1].order_qty)

    assert [each.order_qty for each in bench.sent[1:]].count(2) == 12
    assert sum(each.order_qty for each in bench.sent[1:]) == 45
    assert [qty for qty, _ in bench.fills] == [1] * 33
    assert bench.order.is_over


@pytest.mark.rule("ASE-11", "ASE-13")
def test_several_contracts_at_once_are_hedged_by_the_sum() -> None:
    bench = Bench(case_study(), CALM, qty=10)

    bench.fill("q1", 7)
    bench.fill("q1", 3)

    assert [each.order_qty for each in bench.sent] == [10, 9, 4]  # 9.562, then 13.66


@pytest.mark.rule("ASE-12")
def test_a_hedge_is_priced_at_the_lean_of_the_quote_that_was_filled() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.answer()
    bench.moves("MESU3", "4491.00 / 4491.25")
    assert bench.read()[-1] == "q1 to 1 @ 15345.50"

    bench.fill("q1")  # before its change is taken

    assert bench.read() == ["q1 traded 1 @ 15350.00", "h2: sell 1 MESU3 @ 4492.25"]


@pytest.mark.rule("ASE-12")
def test_a_change_that_is_taken_brings_its_own_lean() -> None:
    bench = Bench(case_study(), CALM, qty=2, holds=True)
    bench.answer()
    bench.moves("MESU3", "4491.00 / 4491.25")
    bench.answer()

    bench.fill("q1")

    assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4491.00"


@pytest.mark.rule("ASE-12")
def test_a_change_that_is_refused_leaves_the_lean_as_it_was() -> None:
    bench = Bench(case_study(), CALM, qty=2, holds=True)
    bench.answer()
    bench.moves("MESU3", "4491.00 / 4491.25")
    bench.answer(refuse=True)
    assert bench.read()[-1] == "q1 to 2 @ 15345.50"  # and is not asked for again

    bench.fill("q1")

    assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4492.25"


@pytest.mark.rule("ASE-6")
def test_a_change_waits_for_the_answer_to_the_one_before() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.moves("MESU3", "4492.00 / 4492.25")
    assert bench.read() == ["accepted", "q1: buy 1 MNQU3 @ 15350.00"]

    bench.answer()
    assert bench.read() == ["q1 to 1 @ 15349.00"]
    bench.moves("MESU3", "4491.00 / 4491.25")
    assert bench.read() == []

    bench.answer()
    assert bench.read() == ["q1 to 1 @ 15345.50"]


# fmt: off
QUANTITIES = {
    # ratio of the quoting leg, units: contracts quoted, contracts after one more fill of one
    "one to one":               ("1", 5, 5),
    "more than one":            ("1.366", 5, 6),
    "a part of one":            ("0.5", 5, 2),
    "one at least":             ("0.5", 1, 1),
    "never less":               ("0.1", 3, 1),
}
# fmt: on


@pytest.mark.rule("ASE-6")
@pytest.mark.parametrize(("ratio", "units", "quoted"), QUANTITIES.values(), ids=QUANTITIES.keys())
def test_a_quote_is_for_what_remains_in_whole_contracts(
    ratio: str, units: int, quoted: int
) -> None:
    spread = case_study(leg=(leg("MNQU3", ratio), leg("MESU3", "-1", quoting=False)))

    bench = Bench(spread, CALM, qty=units)

    assert bench.sent[0].order_qty == quoted


@pytest.mark.rule("ASE-6")
def test_another_contract_is_quoted_while_a_whole_unit_remains() -> None:
    legs = (leg("MNQU3", "1", quoting=False), leg("MESU3", "-1.366"))
    bench = Bench(case_study(leg=legs), CALM, qty=2)
    assert bench.sent[0].order_qty == 2  # 2.732

    bench.fill("q1", 2)  # 1.464 units

    assert bench.read()[2:] == [
        "q1 traded 2 @ 4492.75",
        "h2: buy 1 MNQU3 @ 15351.00",
        "q3: sell 1 MESU3 @ 4492.75",
    ]
    bench.fill("q3")  # 2.196 units
    bench.fill("h2")
    assert [each.order_qty for each in bench.sent] == [2, 1, 1, 1]


@pytest.mark.rule("ASE-9")
def test_quotes_come_in_multiples_of_an_increment() -> None:
    bench = Bench(case_study(quote_increment=4), CALM, qty=10)
    assert bench.sent[0].order_qty == 8

    bench.fill("q1", 8)

    assert bench.read()[-1] == "h2: sell 10 MESU3 @ 4492.25"  # and no quote for the two that remain


@pytest.mark.rule("ASE-10")
def test_a_hedge_goes_out_before_the_quote_of_its_leg_is_cut() -> None:
    bench = Bench(case_study(leg=BOTH), CALM, qty=3, price="3.417")
    assert bench.read()[1:] == ["q1: buy 3 MNQU3 @ 15350.00", "q2: sell 3 MESU3 @ 4492.75"]

    bench.fill("q1", 2)
    assert bench.read() == [
        "q1 traded 2 @ 15350.00",
        "h3: sell 2 MESU3 @ 4492.25",
        "q2 to 1 @ 4492.75",
    ]

    bench.fill("q2")
    assert bench.read() == [
        "q2 traded 1 @ 4492.75",
        "h4: buy 1 MNQU3 @ 15351.00",
        "filled 1 @ 3.416616",
        "q1 off",
    ]


@pytest.mark.rule("ASE-10", "ASE-17", "ASE-13")
def test_quotes_that_trade_at_the_same_time_begin_two_units() -> None:
    bench = Bench(case_study(leg=BOTH), CALM, holds=True)
    bench.answer()
    bench.answer()
    bench.fill("q1")
    bench.read()

    bench.fill("q2")  # before its cancel arrives

    # Two of each, as the worst case has it, and one unit that was asked for.
    assert bench.read() == [
        "q2 traded 1 @ 4492.75",
        "h4: buy 1 MNQU3 @ 15351.00",
        "filled 1 @ 3.416616",
        "warning: s1 has begun 2 units of 1",
    ]
    assert worst_case(on_floor(case_study(leg=BOTH)), 1) == (2, 2)


@pytest.mark.rule("ASE-10")
def test_the_last_units_are_told_when_no_quote_can_trade_any_more() -> None:
    bench = Bench(case_study(leg=BOTH), CALM, holds=True)
    bench.answer()
    bench.answer()
    bench.fill("q1")
    bench.fill("h3")
    assert bench.read()[-1] == "h3 traded 1 @ 4492.25"

    bench.answer_all()

    assert bench.read() == ["filled 1 @ 3.416996"]
    assert bench.order.is_over


# --- converting a quote ---------------------------------------------------------------


@pytest.mark.rule("ASE-10")
@pytest.mark.parametrize("mode", [each for each in ConvertQuote if each is not ConvertQuote.OFF])
def test_a_quote_that_is_needed_in_full_becomes_the_hedge(mode: ConvertQuote) -> None:
    bench = Bench(case_study(leg=converting(mode)), CALM, qty=2)
    bench.read()

    bench.fill("q1", 2)
    assert bench.read() == ["q1 traded 2 @ 15350.00", "q2 to 2 @ 4492.25"]

    bench.fill("q2", 2)
    assert bench.read() == ["q2 traded 2 @ 4492.25", "filled 2 @ 3.416996"]
    assert len(bench.sent) == 2


# fmt: off
PARTS = {
    ConvertQuote.OFF:                   ["h3: sell 1 MESU3 @ 4492.25", "q2 to 2 @ 4492.75"],
    ConvertQuote.ATTEMPT:               ["q2 to 1 @ 4492.25", "q3: sell 2 MESU3 @ 4492.75"],
    ConvertQuote.ALWAYS:                ["q2 to 1 @ 4492.25", "q3: sell 2 MESU3 @ 4492.75"],
    ConvertQuote.ALWAYS_PRESERVE_QUEUE: ["h3: sell 1 MESU3 @ 4492.25", "q2 to 2 @ 4492.75"],
}
WHILE_PENDING = {
    ConvertQuote.ATTEMPT:               (["h3: sell 2 MESU3 @ 4492.25", "q2 off"], []),
    ConvertQuote.ALWAYS:                ([], ["q2 to 2 @ 4492.25"]),
    ConvertQuote.ALWAYS_PRESERVE_QUEUE: ([], ["q2 to 2 @ 4492.25"]),
}
# fmt: on


@pytest.mark.rule("ASE-10")
@pytest.mark.parametrize(("mode", "told"), PARTS.items(), ids=str)
def test_of_a_quote_that_is_needed_in_part(mode: ConvertQuote, told: list[str]) -> None:
    bench = Bench(case_study(leg=converting(mode)), CALM, qty=3)
    bench.read()

    bench.fill("q1")

    assert bench.read()[1:] == told


@pytest.mark.rule("ASE-10")
@pytest.mark.parametrize(("mode", "told"), WHILE_PENDING.items(), ids=str)
def test_of_a_quote_whose_change_is_pending(
    mode: ConvertQuote, told: tuple[list[str], list[str]]
) -> None:
    at_once, after_the_answer = told
    bench = Bench(case_study(leg=converting(mode)), CALM, qty=2, holds=True)
    bench.answer()
    bench.answer()
    bench.moves("MNQU3", "15350.75 / 15355.00")
    assert bench.read()[-1] == "q2 to 2 @ 4493.75"

    bench.fill("q1", 2)
    assert bench.read()[1:] == at_once

    bench.answer()
    assert bench.read() == after_the_answer


@pytest.mark.rule("ASE-10")
def test_what_fills_of_a_quote_on_its_way_to_be_a_hedge_is_the_hedge() -> None:
    bench = Bench(case_study(leg=converting(ConvertQuote.ATTEMPT)), CALM, holds=True)
    bench.answer()
    bench.answer()
    bench.fill("q1")
    assert bench.read()[-1] == "q2 to 1 @ 4492.25"

    bench.fill("q2")  # still at its old price

    assert bench.read() == ["q2 traded 1 @ 4492.75", "filled 1 @ 3.416616"]
    bench.answer_all()
    assert len(bench.sent) == 2


@pytest.mark.rule("ASE-10")
def test_what_fills_of_it_beyond_the_hedge_is_a_quote_again() -> None:
    bench = Bench(case_study(leg=converting(ConvertQuote.ATTEMPT)), CALM, qty=3, holds=True)
    bench.answer()
    bench.answer()
    bench.fill("q1")
    bench.read()

    bench.fill("q2", 3)  # before it is cut to one

    assert bench.read() == [
        "q2 traded 3 @ 4492.75",
        "h4: buy 2 MNQU3 @ 15351.00",
        "filled 1 @ 3.416616",
        "q1 off",
        "q3 off",
    ]


@pytest.mark.rule("ASE-10")
def test_a_conversion_that_is_refused_is_a_new_hedge() -> None:
    bench = Bench(case_study(leg=converting(ConvertQuote.ATTEMPT)), CALM, holds=True)
    bench.answer()
    bench.answer()
    bench.fill("q1")
    bench.read()

    bench.answer(refuse=True)

    assert bench.read() == ["h3: sell 1 MESU3 @ 4492.25", "q2 off"]


# --- how quotes move ------------------------------------------------------------------


@pytest.mark.rule("ASE-7")
def test_queue_holders_stand_behind_the_quote_and_move_at_its_ends() -> None:
    legs = (leg("MNQU3", "1", queue_holders=2), leg("MESU3", "-1.366", quoting=False))
    bench = Bench(case_study(leg=legs), {**CALM, "MESU3": "4492.50 / 4492.75"})
    assert bench.read()[1:] == [
        "q1: buy 1 MNQU3 @ 15350.75",
        "q2: buy 1 MNQU3 @ 15350.50",
        "q3: buy 1 MNQU3 @ 15350.25",
    ]

    bench.edit(price="3.4169")  # a tick of the spread away: 15350.25
    assert bench.read() == [
        "q1 off",
        "q2 off",
        "q4: buy 1 MNQU3 @ 15350.00",
        "q5: buy 1 MNQU3 @ 15349.75",
    ]

    bench.edit(price="3.417")
    assert bench.read() == [
        "q4 off",
        "q5 off",
        "q6: buy 1 MNQU3 @ 15350.75",
        "q7: buy 1 MNQU3 @ 15350.50",
    ]


@pytest.mark.rule("ASE-7")
def test_a_fill_of_the_quote_takes_its_holders_off() -> None:
    legs = (leg("MNQU3", "1", queue_holders=1), leg("MESU3", "-1", quoting=False))
    bench = Bench(case_study(leg=legs), CALM)

    bench.fill("q1")

    assert bench.read()[-2:] == ["h3: sell 1 MESU3 @ 4492.25", "q2 off"]


@pytest.mark.rule("ASE-9")
def test_a_quote_moves_whenever_its_price_does() -> None:
    bench = Bench(case_study(), CALM)
    bench.read()

    bench.moves("MESU3", "4492.25x99 4492.00 / 4492.50")
    bench.moves("MNQU3", "15349.00 / 15355.00")
    assert bench.read() == []

    bench.moves("MESU3", "4492.00 / 4492.50")
    assert bench.read() == ["q1 to 1 @ 15349.00"]


@pytest.mark.rule("ASE-9")
def test_slop_leaves_a_quote_where_it_is() -> None:
    bench = Bench(case_study(inside_slop=2, outside_slop=2), CALM)
    bench.read()

    bench.moves("MESU3", "4492.50 / 4492.75")  # a fill would now cost 3.41681
    bench.moves("MESU3", "4492.00 / 4492.25")  # 3.41719
    assert bench.read() == []
    bench.fill("q1")
    assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4492.00"  # what is leaned on now

    again = Bench(case_study(inside_slop=2, outside_slop=2), CALM)
    again.moves("MESU3", "4491.75 / 4492.00")  # 3.41738
    assert again.read()[-1] == "q1 to 1 @ 15348.25"


@pytest.mark.rule("ASE-9")
def test_a_quote_may_be_canceled_and_entered_anew() -> None:
    bench = Bench(case_study(requote=Requote.CANCEL_NEW), CALM, holds=True)
    bench.answer()
    bench.moves("MESU3", "4492.50 / 4492.75")
    assert bench.read()[-1] == "q1 off"

    bench.answer()

    assert bench.read() == ["q2: buy 1 MNQU3 @ 15350.75"]


@pytest.mark.rule("ASE-8")
def test_a_quote_is_pulled_while_there_is_too_little_to_lean_on() -> None:
    bench = Bench(case_study(thin_market=ThinMarket.ALL_OR_NONE_RESUBMIT), CALM, qty=3)

    bench.moves("MESU3", "4492.25x4 / 4492.50")
    assert bench.read()[-1] == "q1 off"

    bench.moves("MESU3", "4492.25x5 / 4492.50")
    assert bench.read() == ["q2: buy 3 MNQU3 @ 15350.00"]


@pytest.mark.rule("ASE-8")
def test_a_quote_that_is_pulled_for_good_is_entered_again_with_other_terms_alone() -> None:
    bench = Bench(case_study(thin_market=ThinMarket.ALL_OR_NONE), CALM, qty=3)
    bench.moves("MESU3", "4492.25x4 / 4492.50")
    assert bench.read()[-1] == "q1 off"

    bench.moves("MESU3", "4492.25x9 / 4492.50")
    assert bench.read() == []

    bench.edit(price="3.4169")
    assert bench.read()[-1] == "q2: buy 3 MNQU3 @ 15349.50"


@pytest.mark.rule("ASE-8")
def test_a_quote_that_is_pulled_for_good_leaves_the_others() -> None:
    bench = Bench(case_study(leg=BOTH, thin_market=ThinMarket.ALL_OR_NONE), CALM)

    bench.moves("MESU3", "4492.25x0 / 4492.50")
    bench.moves("MESU3", "4492.25 / 4492.50")
    assert bench.read()[-1] == "q1 off"
    assert [child.name for child in bench.order.alive] == ["q2"]

    thin = Bench(case_study(thin_market=ThinMarket.ALL_OR_NONE), {**CALM, "MESU3": "/ 4492.50"})
    thin.moves("MESU3", "4492.25 / 4492.50")
    assert thin.read()[-1] == "q1: buy 1 MNQU3 @ 15350.00"  # nothing was pulled before


@pytest.mark.rule("ASE-8")
def test_a_quote_shrinks_to_what_the_inside_hedges_and_grows_after_a_fill() -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", quoting=False))
    dynamic = case_study(leg=legs, thin_market=ThinMarket.DYNAMIC_INSIDE)
    bench = Bench(dynamic, {**CALM, "MESU3": "4492.25x9 4492.00x9 / 4492.50"}, qty=9)
    assert bench.read()[-1] == "q1: buy 9 MNQU3 @ 15350.00"

    bench.moves("MESU3", "4492.25x4 4492.00x9 / 4492.50")
    assert bench.read() == ["q1 to 4 @ 15350.00"]
    bench.moves("MESU3", "4492.25x8 4492.00x9 / 4492.50")
    assert bench.read() == []

    bench.fill("q1")
    assert bench.read()[1:] == ["h2: sell 1 MESU3 @ 4492.25", "q1 to 9 @ 15350.00"]

    bench.moves("MESU3", "4492.25x2 4492.00x9 / 4492.50")
    bench.fill("q1")
    bench.moves("MESU3", "4492.25x1 4492.00x9 / 4492.50")
    assert bench.read() == [
        "q1 to 3 @ 15350.00",
        "q1 traded 1 @ 15350.00",
        "h3: sell 1 MESU3 @ 4492.25",
        "q1 to 4 @ 15350.00",
        "q1 to 3 @ 15350.00",
    ]


@pytest.mark.rule("ASE-8")
def test_what_the_inside_hedges_is_reckoned_by_the_ratios() -> None:
    dynamic = case_study(thin_market=ThinMarket.DYNAMIC_INSIDE)  # one to 1.366

    bench = Bench(dynamic, {**CALM, "MESU3": "4492.25x4 4492.00x9 / 4492.50"}, qty=9)
    assert bench.read()[-1] == "q1: buy 2 MNQU3 @ 15350.00"
    bench.moves("MESU3", "4492.25x1 4492.00x9 / 4492.50")
    assert bench.read() == ["q1 off"]

    enough = leg("MESU3", "-1.366", quoting=False, min_lean_qty="4")
    least = case_study(leg=(leg("MNQU3", "1"), enough), thin_market=ThinMarket.DYNAMIC_INSIDE)
    bench = Bench(least, {**CALM, "MESU3": "4492.25x4 4492.00x9 / 4492.50"}, qty=9)
    assert bench.read()[-1] == "q1: buy 9 MNQU3 @ 15350.00"


@pytest.mark.rule("ASE-8")
def test_a_market_without_a_side_pulls_the_quote_that_leans_on_it() -> None:
    bench = Bench(case_study(leg=BOTH), CALM)
    bench.read()

    bench.moves("MESU3", "/ 4492.50")

    assert bench.read() == ["q1 off"]


# --- hedges ---------------------------------------------------------------------------

HEDGE_IOC, HEDGE_FOK = HedgeLife.IMMEDIATE_OR_CANCEL, HedgeLife.FILL_OR_KILL

# fmt: off
HEDGES = {
    "paid up":          ({"pay_up_ticks": 1}, "h2: sell 1 MESU3 @ 4492.00"),
    "patient":          ({"pay_up_ticks": -2}, "h2: sell 1 MESU3 @ 4492.75"),
    "to the market":    ({"hedge_type": HedgeType.MARKET}, "h2: sell 1 MESU3 @ market"),
    "only to rest":     ({"hedge_type": HedgeType.POST_ONLY},
                         "h2: sell 1 MESU3 @ 4492.25 post only"),
    "at the inside":    ({"hedge_type": HedgeType.MARKET_LIMIT}, "h2: sell 1 MESU3 @ market limit"),
    "immediate":        ({"hedge_life": HEDGE_IOC}, "h2: sell 1 MESU3 @ 4492.25 IOC"),
    "fill or kill":     ({"hedge_life": HEDGE_FOK}, "h2: sell 1 MESU3 @ 4492.25 FOK"),
}
# fmt: on


@pytest.mark.rule("ASE-10", "ASE-12")
@pytest.mark.parametrize(("settings", "hedge"), HEDGES.values(), ids=HEDGES.keys())
def test_a_hedge_goes_out_as_its_leg_says(settings: dict[str, object], hedge: str) -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1.366", quoting=False, **settings))
    bench = Bench(case_study(leg=legs), CALM)

    bench.fill("q1")

    assert bench.read()[-1] == hedge


@pytest.mark.rule("ASE-10")
@pytest.mark.parametrize("kind", [HedgeType.MARKET, HedgeType.MARKET_LIMIT])
def test_a_hedge_is_a_limit_where_there_are_no_market_orders(kind: HedgeType) -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", quoting=False, hedge_type=kind))
    bench = Bench(case_study(leg=legs), CALM, market_orders=False)

    bench.fill("q1")

    assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4492.25"


@pytest.mark.rule("ASE-11")
def test_hedge_round_sends_earlier() -> None:
    bench = Bench(case_study(hedge_round=Decimal("0.3")), CALM, qty=3)

    bench.fill("q1")
    bench.fill("q1")

    assert [each.order_qty for each in bench.sent[1:]] == [2, 1]  # 1.366 and 2.732, from .3 on


@pytest.mark.rule("ASE-10")
def test_a_leg_for_the_price_alone_is_never_traded() -> None:
    legs = (
        leg("MNQU3", "1"),
        leg("MESU3", "-1", quoting=False),
        leg("RTYU3", "-1", quoting=False, hedging=False),
    )
    markets = {**CALM, "RTYU3": "1900.00 / 1900.25"}
    bench = Bench(difference(*legs), markets, price="8957.75")

    bench.fill("q1")
    bench.fill("h2")

    assert bench.read()[1:] == [
        "q1: buy 1 MNQU3 @ 15350.00",
        "q1 traded 1 @ 15350.00",
        "h2: sell 1 MESU3 @ 4492.25",
        "h2 traded 1 @ 4492.25",
        "filled 1 @ 8957.7500",
    ]


@pytest.mark.rule("ASE-10")
@pytest.mark.parametrize(
    ("exec_type", "text"), [(ExecType.REJECTED, ": no"), (ExecType.CANCELED, "")]
)
def test_a_hedge_that_comes_to_nothing_leaves_the_order_legged(
    exec_type: ExecType, text: str
) -> None:
    bench = Bench(case_study(), CALM)
    bench.fill("q1")
    bench.read()

    bench.cancels("h2", exec_type, text[2:])

    assert bench.read() == [
        f"warning: s1 is legged: 1 MESU3 unhedged{text}",
        "Canceled: legged: nothing hedges what is missing",
    ]


def test_a_bust_is_put_on_record_and_not_hedged() -> None:
    bench = Bench(case_study(), CALM, qty=2)
    bench.fill("q1")
    bench.read()

    bench.bust("q1", 1, 15350_00)

    assert bench.read() == ["warning: s1: 1 MNQU3 of q1 are busted, which its hedges do not follow"]


# --- sniper, immediate orders, reload -------------------------------------------------


@pytest.mark.rule("ASE-15")
def test_a_sniper_sends_all_legs_when_price_and_size_are_there() -> None:
    bench = Bench(case_study(), CALM, qty=5, sniper=True)
    assert bench.read() == ["accepted"]

    bench.moves("MESU3", "4492.75x3 / 4493.00")  # 3.41684, two units
    assert bench.read() == [
        "h1: buy 2 MNQU3 @ 15351.00",
        "h2: sell 2 MESU3 @ 4492.75",
    ]
    bench.fill("h2", 2)
    bench.fill("h1")
    assert bench.read()[-1] == "filled 1 @ 3.416838"

    bench.fill("h1")  # what was left of it
    assert bench.read() == [
        "h1 traded 1 @ 15351.00",
        "filled 1 @ 3.416838",
        "h3: buy 2 MNQU3 @ 15351.00",
        "h4: sell 3 MESU3 @ 4492.75",  # 5.464 in all
    ]


@pytest.mark.rule("ASE-15")
def test_an_immediate_order_is_tried_once() -> None:
    never = Bench(case_study(), CALM, time_in_force=IOC)
    assert never.read() == ["accepted", "Canceled: what could not be traded at once"]

    once = Bench(case_study(), {**CALM, "MESU3": "4492.75 / 4493.00"}, time_in_force=IOC, qty=9)
    assert once.read() == [
        "accepted",
        "h1: buy 7 MNQU3 @ 15351.00 IOC",
        "h2: sell 9 MESU3 @ 4492.75 IOC",
        "Stopping: legged: its hedges work on",
    ]
    once.fill("h1", 7)
    once.fill("h2", 9)
    assert once.read()[-2:] == ["filled 7 @ 3.416838", "Canceled: what could not be traded at once"]


@pytest.mark.rule("ASE-16")
def test_a_clip_is_worked_when_the_one_before_is_filled() -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", quoting=False))
    bench = Bench(case_study(leg=legs), CALM, qty=5, reload_qty=2)
    assert bench.read()[1:] == ["q1: buy 2 MNQU3 @ 15350.00"]

    bench.fill("q1", 2)
    assert bench.read()[1:] == ["h2: sell 2 MESU3 @ 4492.25"]
    bench.fill("h2", 2)
    assert bench.read()[1:] == ["filled 2 @ 3.416996", "q3: buy 2 MNQU3 @ 15350.00"]
    bench.fill("q3", 2)
    bench.fill("h4", 2)

    assert bench.read()[-1] == "q5: buy 1 MNQU3 @ 15350.00"


@pytest.mark.rule("ASE-16")
def test_a_clip_may_wait_and_two_may_be_out() -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", quoting=False))
    bench = Bench(case_study(leg=legs), CALM, qty=9, reload_qty=2, max_exposure=2, reload_delay=700)
    assert bench.sent[0].order_qty == 4

    bench.fill("q1", 2)
    bench.fill("h2", 2)
    assert bench.read()[-1] == "filled 2 @ 3.416996"
    assert bench.wakes == {"reload": 700}
    bench.wake("reload")

    assert bench.read() == ["q1 to 6 @ 15350.00"]


@pytest.mark.rule("ASE-16")
def test_a_clip_above_the_order_is_refused() -> None:
    assert Bench(case_study(), CALM, qty=2, reload_qty=3).read() == [
        "refused: reload_qty 3: expected at most the order's quantity, 2"
    ]
    with pytest.raises(ValueError, match="'reload_qty' must be >= 1: 0"):
        Bench(case_study(), CALM, reload_qty=0)


def test_what_is_disclosed_later_is_worked_by_the_same_order() -> None:
    bench = Bench(case_study(), CALM, qty=3, disclosed_qty=1)
    for disclosed in (1, 2, 3):
        bench.edit(disclosed=disclosed)
        quoted = next(each for each in reversed(bench.sent) if each.symbol == "MNQU3")
        assert quoted.order_qty == 1
        bench.fill(quoted.child)
        bench.fill(bench.sent[-1].child, bench.sent[-1].order_qty)

    # The fraction of a hedge is carried on the order, from one slice to the next.
    assert [each.order_qty for each in bench.sent if each.symbol == "MESU3"] == [1, 1, 2]
    assert bench.order.is_over


# --- what is refused ------------------------------------------------------------------

LIVES = "a spread order is for the day, good till cancel, or immediate or cancel"
NOT_SO_LONG = "MNQU3, which quotes, takes no orders that are good till cancel"
# fmt: off
REFUSED = {
    "no price":           ({"price": ""}, "a spread order has a limit price"),
    "off tick":           ({"price": "3.41705"}, "price 3.417050 is not a multiple of 0.000100"),
    "fill or kill":       ({"time_in_force": TimeInForce.FILL_OR_KILL}, LIVES),
    "MNQ not for so long": ({"time_in_force": GTC}, NOT_SO_LONG),
    "too much of a leg":  ({"qty": 8}, "it may come to 10 MESU3, and 9 are allowed"),
}
# fmt: on


@pytest.mark.rule("ASE-17", "ASE-20")
@pytest.mark.parametrize(("settings", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_may_not_be_is_refused_before_anything_is_sent(
    settings: dict[str, object], why: str
) -> None:
    legs = (
        leg("MNQU3", "1", native_gtc=False),
        leg("MESU3", "-1.366", quoting=False, max_worst_case=9),
    )

    bench = Bench(case_study(leg=legs), CALM, **settings)  # type: ignore[arg-type]  # a row

    assert bench.read() == [f"refused: {why}"]
    assert bench.sent == []


@pytest.mark.rule("ASE-17")
def test_an_order_larger_than_an_exchange_takes_is_refused() -> None:
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), leg("CAPPED", "-1"))), CALM)

    assert bench.read() == ["refused: it may come to 2 CAPPED, and no order may have above 1"]


@pytest.mark.rule("ASE-17")
def test_the_worst_case_counts_queue_holders_and_fractions() -> None:
    holders = (leg("MNQU3", "1", queue_holders=2), leg("MESU3", "-1.366", quoting=False))

    assert worst_case(on_floor(case_study()), 33) == (33, 45)
    assert worst_case(on_floor(case_study(leg=holders)), 2) == (6, 8)


@pytest.mark.rule("ASE-19")
def test_a_leg_that_is_closed_refuses_the_order() -> None:
    bench = Bench(case_study(), {"MNQU3": CALM["MNQU3"]})
    assert bench.read() == []  # MES is not known yet

    bench.moves("MESU3", CALM["MESU3"], is_open=False)

    assert bench.read() == ["refused: MESU3 is closed: CLOSED"]


@pytest.mark.rule("ASE-20")
def test_a_hedge_elsewhere_is_for_the_day() -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", quoting=False, native_gtc=False))
    bench = Bench(case_study(leg=legs), CALM, time_in_force=GTC)

    bench.fill("q1")

    assert bench.read()[1:] == [
        "q1: buy 1 MNQU3 @ 15350.00 GTC",
        "q1 traded 1 @ 15350.00",
        "h2: sell 1 MESU3 @ 4492.25",
    ]


# --- edits ----------------------------------------------------------------------------


def test_another_price_and_quantity_move_the_quote() -> None:
    bench = Bench(case_study(), CALM, qty=5)
    bench.fill("q1")
    bench.read()

    bench.edit(qty=3, price="3.4165")
    assert bench.read() == ["q1 to 3 @ 15347.75"]

    bench.edit(qty=1)
    assert bench.read() == ["q1 off"]


# fmt: off
EDITS = {
    "below what is begun": ({"qty": 1}, "order_qty 1: expected at least what has been begun, 2"),
    "off tick":            ({"price": "3.41701"}, "price 3.417010 is not a multiple of 0.000100"),
    "above the limit":     ({"qty": 99}, "it may come to 135 MESU3, and 50 are allowed"),
}
# fmt: on


@pytest.mark.rule("ASE-17")
@pytest.mark.parametrize(("edit", "why"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_that_may_not_be_changes_nothing(edit: dict[str, object], why: str) -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1.366", quoting=False, max_worst_case=50))
    bench = Bench(case_study(leg=legs), CALM, qty=5)
    bench.fill("q1", 2)
    bench.read()

    bench.edit(**edit)  # type: ignore[arg-type]  # a row of the table above

    assert bench.read() == [f"refused: {why}"]


# --- the end --------------------------------------------------------------------------


@pytest.mark.rule("ASE-18")
def test_canceling_takes_quotes_off_and_leaves_hedges() -> None:
    bench = Bench(case_study(), CALM, qty=2)
    bench.fill("q1")
    bench.read()

    bench.cancel()
    assert bench.read() == ["q1 off", "Stopping: legged: its hedges work on"]
    bench.cancel()
    assert bench.read() == ["refused: s1 is canceled: only its hedges work on"]
    bench.edit(qty=3)
    assert bench.read() == ["refused: s1 is being canceled"]

    bench.fill("h2")
    assert bench.read() == ["h2 traded 1 @ 4492.25", "filled 1 @ 3.416996", "Canceled"]


@pytest.mark.rule("ASE-18")
def test_a_quote_that_trades_while_it_is_canceled_is_hedged() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.answer()
    bench.cancel()
    assert bench.read()[-1] == "q1 off"

    bench.fill("q1")
    assert bench.read() == [
        "q1 traded 1 @ 15350.00",
        "h2: sell 1 MESU3 @ 4492.25",
        "Stopping: legged: its hedges work on",
    ]
    bench.fill("h2")
    assert bench.read() == ["h2 traded 1 @ 4492.25", "filled 1 @ 3.416996"]


@pytest.mark.rule("ASE-18")
def test_a_cancel_waits_for_a_change_that_is_under_way() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.answer()
    bench.moves("MESU3", "4492.50 / 4492.75")
    bench.cancel()
    assert bench.read()[-2:] == ["q1 to 1 @ 15350.75", "q1 off"]

    bench.answer_all()

    assert bench.read() == ["Canceled"]


@pytest.mark.rule("ASE-12", "ASE-18")
def test_a_change_that_is_taken_before_the_cancel_brings_its_lean() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.answer()
    bench.moves("MESU3", "4492.50 / 4492.75")
    bench.cancel()
    bench.answer()

    bench.fill("q1")

    assert bench.read()[-2] == "h2: sell 1 MESU3 @ 4492.50"


@pytest.mark.rule("ASE-18")
@pytest.mark.parametrize(
    ("does", "told"),
    [
        (Disconnect.LEAVE, []),
        (Disconnect.CANCEL, ["q1 off", "Canceled: PM1 is disconnected"]),
    ],
)
def test_a_disconnection_leaves_or_cancels(does: Disconnect, told: list[str]) -> None:
    bench = Bench(case_study(disconnect=does), CALM)
    bench.read()

    bench.event(Disconnected())

    assert bench.read() == told


def test_a_pause_takes_quotes_off_until_it_is_over() -> None:
    bench = Bench(case_study(), CALM)
    bench.read()

    bench.event(PauseAsked())
    assert bench.read() == ["Paused", "q1 off"]
    bench.event(PauseAsked())
    assert bench.read() == ["refused: s1 is Paused"]
    bench.event(ResumeAsked())
    assert bench.read() == ["Working", "q2: buy 1 MNQU3 @ 15350.00"]


def test_an_order_that_is_paused_before_its_markets_are_known_begins_paused() -> None:
    bench = Bench(case_study(), {"MNQU3": CALM["MNQU3"]})
    bench.event(PauseAsked())
    bench.event(PauseAsked())

    bench.moves("MESU3", CALM["MESU3"])
    assert bench.read() == ["accepted as Paused"]

    bench.event(ResumeAsked())
    assert bench.read() == ["Working", "q1: buy 1 MNQU3 @ 15350.00"]


@pytest.mark.rule("ASE-18")
def test_an_order_that_is_canceled_before_its_markets_are_known_never_is() -> None:
    bench = Bench(case_study(), {"MNQU3": CALM["MNQU3"]})

    bench.cancel()

    assert bench.read() == ["refused: canceled before its markets were known"]


@pytest.mark.rule("ASE-19")
def test_a_leg_that_closes_ends_an_order_for_the_day() -> None:
    bench = Bench(case_study(), CALM)
    bench.moves("MESU3", CALM["MESU3"], is_open=False)
    assert bench.read()[2:] == ["q1 off", "Canceled: MESU3 is closed"]

    legged = Bench(case_study(), CALM, qty=2)
    legged.fill("q1")
    legged.read()
    legged.moves("MNQU3", CALM["MNQU3"], is_open=False)
    assert legged.read() == ["q1 off", "Stopping: legged: its hedges work on"]
    legged.fill("h2")
    assert legged.read()[-1] == "Canceled: MNQU3 is closed"


@pytest.mark.rule("ASE-19")
def test_an_order_that_is_good_till_cancel_waits_for_the_opening() -> None:
    bench = Bench(case_study(), CALM, time_in_force=GTC)
    bench.moves("MESU3", CALM["MESU3"], is_open=False)
    assert bench.read()[-1] == "q1 off"

    bench.moves("MESU3", CALM["MESU3"])

    assert bench.read() == ["q2: buy 1 MNQU3 @ 15350.00 GTC"]


@pytest.mark.rule("ASE-22")
def test_a_quote_that_is_refused_ends_the_order() -> None:
    bench = Bench(case_study(leg=BOTH), CALM, holds=True)
    bench.answer(refuse=True)

    bench.answer_all()

    assert bench.read()[-2:] == ["q2 off", "Failed: its quote in MNQU3 is refused: "]


@pytest.mark.rule("ASE-22")
@pytest.mark.parametrize(
    ("exec_type", "status"), [(ExecType.CANCELED, "Canceled"), (ExecType.EXPIRED, "Expired")]
)
def test_a_quote_that_somebody_else_takes_off_ends_the_order(
    exec_type: ExecType, status: str
) -> None:
    bench = Bench(case_study(), CALM)
    bench.read()

    bench.cancels("q1", exec_type)

    assert bench.read() == [f"{status}: its quote in MNQU3 is off the market"]


def test_a_cancel_that_a_closed_market_refuses_is_asked_for_again_when_it_opens() -> None:
    bench = Bench(case_study(), CALM, holds=True)
    bench.answer()
    bench.moves("MNQU3", CALM["MNQU3"], is_open=False)
    bench.answer(refuse=True)
    bench.moves("MESU3", "4492.50 / 4492.75")
    assert bench.read()[2:] == ["q1 off"]

    bench.moves("MNQU3", CALM["MNQU3"])

    assert bench.read() == ["q1 off"]
