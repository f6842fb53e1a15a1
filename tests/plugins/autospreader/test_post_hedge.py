"""Hedges that rest: paid up, sent to the market, or forfeited, as their leg has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from case_study import MES
from case_study import price as units
from spread_bench import Bench
from spreads import case_study, leg

from floorproof.market.fix import ExecType, OrdType, Side
from floorproof.market.identifiers import ClOrdID, Duration, Symbol
from floorproof.plugins.autospreader.post_hedge import (
    Paid,
    PostHedge,
    PostHedgeKind,
    Reprice,
    Rest,
    ToMarket,
    steps,
)
from floorproof.plugins.autospreader.spread import ConvertQuote, Forfeit, HedgeLife, HedgeType
from floorproof.plugins.synthetic import Child, Market

CALM = {"MNQU3": "15350.75 / 15351.00", "MESU3": "4492.25 / 4492.50"}
SECOND = 1_000_000_000


def pay_up(seconds: int, ticks: int = 1, times: int = 1) -> PostHedge:
    after = Duration(seconds * SECOND)
    return PostHedge(rule=PostHedgeKind.PAY_UP, after=after, ticks=ticks, times=times)


def to_market(seconds: int) -> PostHedge:
    return PostHedge(rule=PostHedgeKind.TIME, after=Duration(seconds * SECOND))


def ticks_away(ticks: int) -> PostHedge:
    return PostHedge(rule=PostHedgeKind.TICKS_AWAY, ticks=ticks)


def legged(*rules: PostHedge, **settings: Any) -> Bench:
    """Return a unit whose quote has traded: its hedge h2 rests, to sell 1 at 4492.25."""
    hedged = leg("MESU3", "-1", quoting=False, post_hedge=rules, **settings)
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM)
    bench.fill("q1")
    assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4492.25"
    return bench


# --- pay-up ---------------------------------------------------------------------------


@pytest.mark.rule("ASE-24")
def test_a_hedge_is_paid_up_after_a_time_as_often_as_its_rule_says() -> None:
    bench = legged(pay_up(2, ticks=2, times=2))
    assert bench.wakes == {"h2": 2 * SECOND}

    bench.wake("h2")
    assert bench.read() == ["h2 to 1 @ 4491.75"]
    bench.wake("h2")
    assert (bench.now_ns, bench.read()) == (4 * SECOND, ["h2 to 1 @ 4491.25"])
    assert bench.wakes == {}

    bench.fill("h2")
    assert bench.read()[-1] == "filled 1 @ 3.417757"


@pytest.mark.rule("ASE-24")
def test_a_pay_up_waits_for_the_answer_to_the_one_before() -> None:
    bench = legged(pay_up(1, times=2))
    bench.holds = True
    bench.wake("h2")
    assert bench.read() == ["h2 to 1 @ 4492.00"]
    bench.now_ns = 3 * SECOND
    bench.moves("MESU3", "4492.00 / 4492.25")
    assert bench.read() == []

    bench.answer()

    assert bench.read() == ["h2 to 1 @ 4491.75"]


@pytest.mark.rule("ASE-24")
def test_a_fill_that_crosses_a_pay_up_leaves_the_hedge_its_quantity() -> None:
    hedged = leg("MESU3", "-3", quoting=False, post_hedge=(pay_up(1),))
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM)
    bench.fill("q1")
    bench.read()
    bench.holds = True

    bench.wake("h2")
    bench.fill("h2", 2)
    bench.answer()

    assert bench.read() == ["h2 to 3 @ 4492.00", "h2 traded 2 @ 4492.25"]
    assert bench.order.children["h2"].order_qty == 3
    assert len(bench.sent) == 2


@pytest.mark.rule("ASE-24")
def test_a_pay_up_that_is_refused_is_asked_for_again_after_the_market_was_closed() -> None:
    bench = legged(pay_up(1))
    bench.holds = True
    bench.wake("h2")
    bench.answer(refuse=True)
    bench.moves("MESU3", "4492.00 / 4492.25")
    assert bench.read() == ["h2 to 1 @ 4492.00"]

    bench.moves("MESU3", "4492.00 / 4492.25", is_open=False)
    bench.moves("MESU3", "4492.00 / 4492.25")

    assert bench.read()[-1] == "h2 to 1 @ 4492.00"


@pytest.mark.rule("ASE-24")
def test_an_order_that_is_canceled_has_its_hedges_paid_up_still() -> None:
    bench = legged(pay_up(1))
    bench.cancel()
    bench.read()

    bench.wake("h2")

    assert bench.read() == ["h2 to 1 @ 4492.00"]


@pytest.mark.rule("ASE-10", "ASE-24")
def test_a_quote_that_has_become_a_hedge_is_paid_up_too() -> None:
    other = leg("MESU3", "-1", convert_quote_to_hedge=ConvertQuote.ATTEMPT, post_hedge=(pay_up(1),))
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), other)), CALM)
    bench.fill("q1")
    assert bench.read()[-1] == "q2 to 1 @ 4492.25"

    bench.holds = True
    bench.wake("q2")
    assert bench.read() == ["q2 to 1 @ 4492.00"]
    bench.answer(refuse=True)
    assert bench.read() == []  # it stays the hedge

    bench.fill("q2")
    assert bench.read() == ["q2 traded 1 @ 4492.25", "filled 1 @ 3.416996"]
    assert len(bench.sent) == 2


# --- to the market --------------------------------------------------------------------


@pytest.mark.rule("ASE-25")
def test_a_hedge_goes_to_the_market_once_it_is_off() -> None:
    bench = legged(to_market(5))
    bench.holds = True
    bench.wake("h2")
    assert bench.read() == ["h2 off"]

    bench.answer()
    assert bench.read() == ["h3: sell 1 MESU3 @ market"]

    bench.answer()
    bench.fill("h3", at="4490.00")
    assert bench.read() == ["h3 traded 1 @ 4490.00", "filled 1 @ 3.418708"]


@pytest.mark.rule("ASE-25")
def test_what_fills_while_a_hedge_is_taken_off_is_not_sent_again() -> None:
    hedged = leg("MESU3", "-3", quoting=False, post_hedge=(to_market(5),))
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM)
    bench.fill("q1")
    bench.holds = True
    bench.wake("h2")
    bench.fill("h2", 2)
    bench.read()

    bench.answer()
    assert bench.read() == ["h3: sell 1 MESU3 @ market"]

    again = legged(to_market(5))
    again.holds = True
    again.wake("h2")
    again.fill("h2")
    again.answer_all()
    assert again.read() == ["h2 off", "h2 traded 1 @ 4492.25", "filled 1 @ 3.416996"]


@pytest.mark.rule("ASE-25")
def test_a_hedge_from_which_the_market_is_some_ticks_away_goes_there() -> None:
    bench = legged(ticks_away(3))

    bench.moves("MESU3", "4491.75 / 4492.25")
    assert bench.read() == []
    bench.moves("MESU3", "4491.50 / 4492.25")

    assert bench.read() == ["h2 off", "h3: sell 1 MESU3 @ market"]
    bench.moves("MESU3", "4490.50 / 4491.25")
    assert bench.read() == []  # no rule looks at it any more


@pytest.mark.rule("ASE-25")
def test_where_there_are_no_market_orders_a_limit_five_ticks_through_stands_in() -> None:
    hedged = leg("MESU3", "-1", quoting=False, post_hedge=(to_market(5), pay_up(6)))
    legs = (leg("MNQU3", "1"), hedged)
    bench = Bench(case_study(leg=legs), CALM, market_orders=False)
    bench.fill("q1")
    bench.moves("MESU3", "4491.00 / 4491.25")
    bench.read()

    bench.wake("h2")

    assert bench.read() == ["h2 to 1 @ 4489.75"]
    assert bench.wakes == {"h2": 6 * SECOND}
    bench.wake("h2")
    assert bench.read() == []


@pytest.mark.rule("ASE-25")
def test_a_hedge_that_may_only_rest_goes_to_the_market_by_an_order_that_may_trade() -> None:
    hedged = leg(
        "MESU3",
        "-1",
        quoting=False,
        hedge_type=HedgeType.POST_ONLY,
        pay_up_ticks=-2,
        post_hedge=(pay_up(2), to_market(5)),
    )
    for market_orders, order in ((True, "market"), (False, "4491.00")):
        legs = (leg("MNQU3", "1"), hedged)
        bench = Bench(case_study(leg=legs), CALM, market_orders=market_orders)
        bench.fill("q1")
        assert bench.read()[-1] == "h2: sell 1 MESU3 @ 4492.75 post only"

        bench.wake("h2")
        assert bench.read() == ["h2 to 1 @ 4492.50"]
        bench.wake("h2")
        assert bench.read() == ["h2 off", f"h3: sell 1 MESU3 @ {order}"]


@pytest.mark.rule("ASE-25")
@pytest.mark.parametrize("gone", ["closed", "empty"])
def test_a_market_that_is_gone_when_the_hedge_is_off_has_it_back_where_it_was(gone: str) -> None:
    bench = legged(to_market(5))
    bench.holds = True
    bench.wake("h2")
    bench.cancel()  # an order for the day would end as a market closes; this one has ended
    bench.read()
    text = "/ 4492.50" if gone == "empty" else CALM["MESU3"]
    bench.moves("MESU3", text, is_open=gone != "closed")

    bench.answer_all()
    assert bench.read() == ["h3: sell 1 MESU3 @ 4492.25"]

    bench.moves("MESU3", CALM["MESU3"])
    assert bench.read() == ["h3 off", "h4: sell 1 MESU3 @ market"]


@pytest.mark.rule("ASE-25")
def test_a_cancel_of_the_hedge_that_is_refused_leaves_it_where_it_is() -> None:
    bench = legged(to_market(5))
    bench.holds = True
    bench.wake("h2")

    bench.answer(refuse=True)

    assert bench.read() == ["h2 off"]
    bench.fill("h2")
    assert bench.read()[-1] == "filled 1 @ 3.416996"


@pytest.mark.rule("ASE-25")
def test_a_hedge_that_somebody_else_takes_off_goes_nowhere() -> None:
    bench = legged(to_market(5))

    bench.cancels("h2")

    assert bench.read()[0] == "warning: s1 is legged: 1 MESU3 unhedged"
    assert len(bench.sent) == 2


@pytest.mark.rule("ASE-25")
def test_the_last_unit_is_told_when_no_hedge_is_on_its_way_to_the_market() -> None:
    legs = (leg("MNQU3", "1"), leg("MESU3", "-1", post_hedge=(to_market(5),)))
    bench = Bench(case_study(leg=legs), CALM, holds=True)
    for _ in range(2):
        bench.answer()
    bench.fill("q1")
    bench.answer()
    bench.wake("h3")
    assert bench.read()[-3:] == ["h3: sell 1 MESU3 @ 4492.25", "q2 off", "h3 off"]

    bench.fill("q2")  # before its cancel arrives: both legs have what one unit needs
    assert bench.read() == ["q2 traded 1 @ 4492.75", "h4: buy 1 MNQU3 @ 15351.00"]
    assert not bench.order.is_over

    bench.answer_all()
    assert bench.read() == [
        "h5: sell 1 MESU3 @ market",
        "filled 1 @ 3.416616",
        "warning: s1 has begun 2 units of 1",
    ]


# --- several rules, and what they may say ---------------------------------------------

DUE = Rest(since_ns=0)
MARKET = Market(
    symbol=Symbol("MESU3"),
    bids=((units("4492.00"), 9),),
    offers=((units("4492.50"), 9),),
    takes_market_orders=True,
)
HEDGE = Child(
    name="h2",
    cl_ord_id=ClOrdID("s1/h2"),
    symbol=Symbol("MESU3"),
    side=Side.SELL,
    order_qty=1,
    price=units("4492.25"),
    ord_type=OrdType.LIMIT,
)
UP = Reprice(units("4492.00"), Rest(paid={0: Paid(1, 9 * SECOND)}))
UP_SECOND = Reprice(units("4492.00"), Rest(paid={1: Paid(1, 9 * SECOND)}))
# fmt: off
ORDERS = {
    # rules, and what they have for a hedge to sell at 4492.25, nine seconds old
    "none":                 ((), []),
    "not yet":              ((pay_up(10), to_market(10), ticks_away(2)), []),
    "pay-up first":         ((pay_up(9), to_market(9)), [UP, ToMarket()]),
    "the market first":     ((to_market(9), pay_up(9)), [ToMarket(), UP_SECOND]),
    "a tick away":          ((ticks_away(1),), [ToMarket()]),
}
# fmt: on


@pytest.mark.rule("ASE-24", "ASE-25")
@pytest.mark.parametrize(("rules", "told"), ORDERS.values(), ids=ORDERS.keys())
def test_the_first_rule_of_a_leg_acts_first(
    rules: tuple[PostHedge, ...], told: list[object]
) -> None:
    assert list(steps(rules, DUE, HEDGE, 9 * SECOND, MARKET, MES)) == told


@pytest.mark.rule("ASE-24", "ASE-25")
def test_no_rule_acts_on_what_never_rests() -> None:
    hedged = leg(
        "MESU3",
        "-1",
        quoting=False,
        post_hedge=(ticks_away(1),),
        hedge_life=HedgeLife.IMMEDIATE_OR_CANCEL,
    )
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM)
    bench.fill("q1")
    bench.read()

    bench.cancels("h2", ExecType.CANCELED)

    assert bench.read()[0] == "warning: s1 is legged: 1 MESU3 unhedged"


# fmt: off
WRONG = {
    "no time":        ({"rule": PostHedgeKind.PAY_UP, "ticks": 1}, "pay_up: expected `after`"),
    "no ticks":       ({"rule": PostHedgeKind.PAY_UP, "after": 1}, "pay_up: expected `ticks`"),
    "away of a time": ({"rule": PostHedgeKind.TICKS_AWAY, "ticks": 1, "after": 1},
                       "ticks_away: `after` means nothing to it"),
    "time in ticks":  ({"rule": PostHedgeKind.TIME, "ticks": 1, "after": 1},
                       "time: `ticks` means nothing to it"),
    "often":          ({"rule": PostHedgeKind.TIME, "after": 1, "times": 2},
                       "time: `times` means nothing to it"),
    "at once":        ({"rule": PostHedgeKind.TIME, "after": 0}, "'after' must be > 0"),
    "backwards":      ({"rule": PostHedgeKind.TICKS_AWAY, "ticks": -1}, "'ticks' must be >= 1"),
}
# fmt: on


@pytest.mark.rule("ASE-24", "ASE-25")
@pytest.mark.parametrize(("settings", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_rule_that_can_be_none_is_refused(settings: Mapping[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PostHedge(**settings)


# --- forfeited hedges -----------------------------------------------------------------


@pytest.mark.rule("ASE-26")
def test_a_hedge_that_is_forfeited_leaves_the_order_legged() -> None:
    hedged = leg("MESU3", "-1", quoting=False, forfeit=Forfeit.LEGGED)
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM)

    bench.fill("q1")

    assert bench.read()[2:] == [
        "q1 traded 1 @ 15350.00",
        "warning: s1 is legged: 1 MESU3 forfeited",
        "Canceled: legged: nothing hedges what is missing",
    ]


@pytest.mark.rule("ASE-26")
def test_a_hedge_that_is_forfeited_may_count_as_filled_at_its_lean() -> None:
    hedged = leg("MESU3", "-1.366", quoting=False, forfeit=Forfeit.FILLED)
    bench = Bench(case_study(leg=(leg("MNQU3", "1"), hedged)), CALM, qty=3)

    bench.fill("q1", 3)

    assert bench.read()[2:] == ["q1 traded 3 @ 15350.00", "filled 3 @ 3.416996"]
    assert len(bench.sent) == 1


@pytest.mark.rule("ASE-26")
def test_a_leg_that_forfeits_has_no_hedge_that_rests() -> None:
    with pytest.raises(ValueError, match="leg MESU3 forfeits its hedges: no post_hedge rule"):
        leg("MESU3", "-1", forfeit=Forfeit.LEGGED, post_hedge=(to_market(1),))
