"""Spread orders on whole floors: who is told what, and what a scenario may say of them."""

from __future__ import annotations

import pytest
from floors import Told, floor, saying
from spreads import SPREAD

import floorproof
from floorproof.market.fix import Side, TimeInForce
from floorproof.market.identifiers import ClOrdID, CompID, StagedOrderID, Symbol
from floorproof.market.messages import NewOrderSingle, OrderCancelReplaceRequest
from floorproof.market.staging import NewStagedOrder, RejectCode
from floorproof.market.synthetic import (
    CancelSyntheticOrder,
    EditSyntheticOrder,
    NewSyntheticOrder,
    OnBehalf,
)
from floorproof.scenario.errors import ScenarioError

MARKET = """
    0s LP enter s1 sell 9 @ 15351.00 on MNQU3
    0s LP enter b1 buy 9 @ 4492.50 on MESU3
"""
ENTER = "1s PM1 enter sp1 buy 3 @ 3.417 on MNQ-MES"


def text(
    steps: str,
    spread: str = SPREAD,
    extra: str = "",
    states: str = "",
    links: tuple[str, ...] = (),
) -> str:
    made = floor(steps, broker=spread, extra=extra, links=links)
    made = made.replace("\n[[user]]", f"\n{states}\n[[user]]", 1)
    return made.replace('kind = "sse"', 'kind = "sse"\norder_types = ["BROKER", "autospreader"]')


HALTED = """
[[exchange.state]]
name = "OPEN"

[[exchange.state]]
name = "HALT"
enter = false
modify = false
match = false

[[exchange.board]]
name = "FUTURES"
symbols = ["MNQU3", "MESU3"]
state = "OPEN"
"""


def run(
    steps: str,
    spread: str = SPREAD,
    extra: str = "",
    states: str = "",
    links: tuple[str, ...] = (),
    **guests: object,
) -> Told:
    made = floorproof.Floor(floorproof.parse(text(steps, spread, extra, states, links)))
    for name, guest in guests.items():
        made.add(name, guest)  # type: ignore[arg-type]  # a program of `saying`
    return Told(made.run())


def synthetic(told: Told, user: str = "PM1") -> list[str]:
    """Return what the gateway told *user* of his spread order."""
    return [line for line in told.to(user) if line.startswith("Synthetic")]


@pytest.mark.rule("ASE-23")
def test_fills_of_legs_and_of_the_spread_are_told_apart() -> None:
    told = run(f"{MARKET}\n{ENTER}\n2s LP enter s2 sell 1 @ 15350.00 on MNQU3")

    assert synthetic(told) == [
        "SyntheticAck sp1 autospreader Working, Buy 3 MNQ-MES @ 3.417000",
        "SyntheticFill sp1 leg Buy MNQU3 1 @ 15350.75 by sp1/q1, cum 0, leaves 3",
        "SyntheticFill sp1 leg Sell MESU3 1 @ 4492.50 by sp1/h2, cum 0, leaves 3",
        "SyntheticFill sp1 1 @ 3.416973 by sp1/h2, cum 1, leaves 2",
    ]
    types = [fill.multi_leg_reporting_type for fill in told.payloads("SyntheticFill", "PM1")]
    assert types == ["2", "2", "3"]


@pytest.mark.rule("ASE-21")
def test_a_spread_order_cannot_be_staged() -> None:
    staged = NewStagedOrder(
        sender_comp_id=CompID("PM1"),
        staged_order_id=StagedOrderID("P1"),
        staged_type="BROKER",
        gateway=CompID("CME-A"),
        symbol=Symbol("MNQ-MES"),
        side=Side.BUY,
        order_qty=3,
    )

    told = run(MARKET, PM1=saying((1, "SSE-A", staged)))

    [reject] = told.payloads("StagedReject", "PM1")
    assert reject.code is RejectCode.INCORRECT_INSTRUMENT_TYPE  # 13
    assert reject.text == "CME-A lists no single instrument 'MNQ-MES'"


def test_a_scenario_that_stages_one_is_refused() -> None:
    with pytest.raises(ScenarioError, match="MNQ-MES is made by autospreader, and listed at no"):
        floorproof.parse(text("1s PM1 stage P1 buy 3 @ 3.417 on MNQ-MES"))


@pytest.mark.rule("ASE-18")
def test_whoever_cancels_is_told_when_the_quote_is_off() -> None:
    told = run(f"{MARKET}\n{ENTER}\n2s PM1 cancel sp1")

    assert synthetic(told)[-1] == "SyntheticUpdate sp1 Canceled, cum 0, leaves 0"
    assert told.to("PM1", "2s")[0] == "ChildCanceled sp1/q1.1 cum 0"


def requests(told: Told) -> list[str]:
    """Return the names of what the gateway has asked of CME-A, once each."""
    sent = [each.payload for each in told.messages if each.sender == "SSE-A"]
    return [each.request.cl_ord_id for each in sent if isinstance(each, OnBehalf)]


def kept(at: str, order: str = "sp1") -> str:
    return f"""
[[step]]
at = "{at}"
who = "PM1"
do = "cancel"
order = "{order}"
keep_children = true
"""


@pytest.mark.rule("ASE-27")
def test_an_order_that_is_deleted_alone_leaves_its_quote_and_hedges_nothing() -> None:
    later = "4s LP enter s2 sell 1 @ 15350.00 on MNQU3\n5s PM1 cancel sp1/q1"

    told = run(f"{MARKET}\n{ENTER}\n{later}", extra=kept("3s"))

    assert synthetic(told)[1:] == [
        "SyntheticUpdate sp1 Canceled, cum 0, leaves 0: deleted, with 1 children left to themselves"
    ]
    assert told.to("PM1", "4s") == [
        "ChildFill sp1/q1 1 @ 15350.75, cum 1, leaves 2",
        "ChildCanceled sp1/q1-cancel cum 1",
    ]
    assert requests(told) == ["sp1/q1"]


@pytest.mark.rule("ASE-27")
def test_hedges_that_an_order_leaves_to_themselves_are_not_paid_up() -> None:
    rules = SPREAD + LACKING + "    ticks = 1\n"
    gone = "2s LP cancel b1\n2s LP enter s2 sell 1 @ 15350.00 on MNQU3"

    told = run(f"{MARKET}\n{ENTER}\n{gone}\n9s LP enter b2 buy 1 @ 4492.50 on MESU3", rules,
               extra=kept("3s"))  # fmt: skip

    assert told.to("PM1", "9s") == ["ChildFill sp1/h2 1 @ 4492.50, cum 1, leaves 0"]


@pytest.mark.rule("ASE-27")
def test_what_was_not_sent_about_a_child_is_dropped_as_its_order_is_deleted() -> None:
    moves = "2s LP enter b2 buy 9 @ 4492.75 on MESU3"  # while q1 is not acknowledged yet
    late = ("CME-A SSE-A 2s",)

    told = run(f"{MARKET}\n{ENTER}\n{moves}", extra=kept("2.5s"), links=late)
    managed = run(f"{MARKET}\n{ENTER}\n{moves}", links=late)

    assert requests(told) == ["sp1/q1"]
    assert requests(managed)[:2] == ["sp1/q1", "sp1/q1.1"]


@pytest.mark.rule("ASE-27")
def test_an_order_that_is_no_synthetic_one_has_no_children_to_keep() -> None:
    told = run("1s PM1 enter o1 buy 1 @ 15350.00 on MNQU3", extra=kept("2s", "o1"))

    [fact] = told.result.facts("not possible")
    why = "o1 is no synthetic order: it has no children"
    assert fact == {"act": "CancelWorking", "why": why}


def test_a_finished_order_is_not_edited() -> None:
    edit = EditSyntheticOrder(sender_comp_id=CompID("PM1"), cl_ord_id=ClOrdID("sp1"), order_qty=5)
    enter = NewSyntheticOrder(
        sender_comp_id=CompID("PM1"),
        cl_ord_id=ClOrdID("sp1"),
        order_type="autospreader",
        symbol=Symbol("MNQ-MES"),
        side=Side.BUY,
        order_qty=3,
        price=3_417000,
    )
    cancel = CancelSyntheticOrder(sender_comp_id=CompID("PM1"), cl_ord_id=ClOrdID("sp1"))
    said = saying((1, "SSE-A", enter), (2, "SSE-A", cancel), (3, "SSE-A", edit))

    told = run(MARKET, PM1=said)

    assert told.to("PM1", "3s") == [
        "SyntheticReject sp1 EditSyntheticOrder refused: sp1 is Canceled"
    ]


@pytest.mark.rule("ASE-19")
def test_a_leg_that_halts_ends_the_order() -> None:
    halt = """
[[step]]
at = "2s"
who = "ADMIN"
do = "halt"
symbol = "MESU3"
"""
    told = run(f"{MARKET}\n{ENTER}", extra=halt, states=HALTED)

    assert synthetic(told)[-1] == "SyntheticUpdate sp1 Canceled, cum 0, leaves 0: MESU3 is closed"


@pytest.mark.rule("ASE-10")
def test_a_hedge_that_may_only_rest_is_refused_where_it_would_trade() -> None:
    rests = SPREAD + '  hedge_type = "post_only"\n'

    told = run(f"{MARKET}\n{ENTER}\n2s LP enter s2 sell 1 @ 15350.00 on MNQU3", rests)

    why = "price 4492.50: expected one that does not meet 4492.50 on a post_only order [ORD-8]"
    assert told.result.facts("warning") == (f"sp1 is legged: 1 MESU3 unhedged: {why}",)
    assert synthetic(told)[-1].startswith("SyntheticFill sp1 leg Buy MNQU3 1 @ 15350.75")


@pytest.mark.rule("ASE-10")
def test_a_market_limit_hedge_trades_at_the_inside_and_rests_there() -> None:
    at_inside = (
        SPREAD.replace("-1.366", "-3") + '  hedge_type = "market_limit"\n  min_lean_qty = "1"\n'
    )
    market = MARKET.replace("buy 9", "buy 2")

    told = run(f"{market}\n{ENTER}\n2s LP enter s2 sell 1 @ 15350.00 on MNQU3", at_inside)

    assert [line for line in told.to("PM1", "2s") if "h2" in line and "Child" in line] == [
        "ChildAck sp1/h2 working 3 @ 4492.50",
        "ChildFill sp1/h2 2 @ 4492.50, cum 2, leaves 1",
    ]


@pytest.mark.rule("ASE-19")
def test_an_order_among_closed_exchanges_is_refused_and_nothing_is_sent() -> None:
    told = run(ENTER, states=HALTED.replace('state = "OPEN"', 'state = "HALT"'))

    assert synthetic(told) == [
        "SyntheticReject sp1 NewSyntheticOrder refused: MNQU3 is closed: HALT"
    ]
    assert requests(told) == []


@pytest.mark.rule("ASE-20", "ASE-24")
def test_a_hedge_that_is_paid_up_keeps_its_own_time_in_force() -> None:
    rules = """
  native_gtc = false

    [[gateway.settings.autospreader.spread.leg.post_hedge]]
    rule = "pay_up"
    after = "500ms"
    ticks = 1
"""
    enter = NewSyntheticOrder(
        sender_comp_id=CompID("PM1"),
        cl_ord_id=ClOrdID("sp1"),
        order_type="autospreader",
        symbol=Symbol("MNQ-MES"),
        side=Side.BUY,
        order_qty=1,
        price=3_417000,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )
    steps = f"{MARKET}\n2s LP cancel b1\n2s LP enter s2 sell 1 @ 15350.00 on MNQU3"

    told = run(steps, SPREAD + rules, PM1=saying((1, "SSE-A", enter)))

    asked = [
        each.payload.request
        for each in told.messages
        if each.sender == "SSE-A"
        and isinstance(each.payload, OnBehalf)
        and isinstance(each.payload.request, NewOrderSingle | OrderCancelReplaceRequest)
    ]
    assert [(each.cl_ord_id, each.price, each.time_in_force) for each in asked] == [
        ("sp1/q1", 15350_75, TimeInForce.GOOD_TILL_CANCEL),
        ("sp1/h2", 4492_50, TimeInForce.DAY),
        ("sp1/h2.1", 4492_25, TimeInForce.DAY),
    ]


NOWHERE = "leg 'MESZ9' of spread MNQ-MES is listed at no exchange"
FORMULAS = "expected one of price_diff, ratio, net_change, custom; found 'yield'"
LACKING = """
    [[gateway.settings.autospreader.spread.leg.post_hedge]]
    rule = "pay_up"
    after = "2s"
"""
IDLE = SPREAD.replace('ratio = "1"', 'ratio = "1"\nquoting = false')
# fmt: off
FILES = {
    "an unknown leg":  (SPREAD.replace("MESU3", "MESZ9"), NOWHERE),
    "a ratio of 0":    (SPREAD.replace('"-1.366"', '"0"'), "the ratio of leg MESU3 must not be 0"),
    "no quoting leg":  (IDLE, "no leg of spread MNQ-MES is quoting"),
    "a float":         (SPREAD.replace('"-1.366"', "-1.366"), "expected a decimal in quotes"),
    "another formula": (SPREAD.replace('"ratio"', '"yield"'), FORMULAS),
    "a misspelt key":  (SPREAD.replace("quoting", "qouting"), "quoting"),
    "a rule that lacks": (SPREAD + LACKING, "post_hedge rule pay_up: expected `ticks`"),
    "a third by nothing": (SPREAD.replace('ratio = "1"', 'multiplier = "1/0"'), "found '1/0'"),
    "a sum":           (SPREAD.replace('ratio = "1"', 'multiplier = "1+1"'), "expected a decimal"),
    "two of a name":   (SPREAD + SPREAD, "there are 2 spreads of the name 'MNQ-MES'"),
    "a leg's name":    (SPREAD.replace('"MNQ-MES"', '"MNQU3"'), "has the name of what an"),
}
# fmt: on


@pytest.mark.rule("ASE-1", "ASE-2")
@pytest.mark.parametrize(("spread", "error"), FILES.values(), ids=FILES.keys())
def test_a_file_with_what_can_be_no_spread_is_refused(spread: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        floorproof.parse(text(MARKET, spread))

    assert error in str(caught.value)
    assert "gateway[0].settings.autospreader" in str(caught.value)
