"""Synthetic flow: what its settings promise, and what the participant does with it."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.actors.market_flow import FlowRejected, FlowStep, MarketFlow
from floorproof.market.exchange import Exchange
from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import ClOrdID, CompID, ExecID, Symbol
from floorproof.market.instrument import Instrument, TickBand, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
)
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.participant import Delivery, Fact, Send
from floorproof.scenario.flow import SyntheticFlow, exponential, generate

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=2, ticks=TickTable.uniform(25))
FLOW = SyntheticFlow(symbol=MNQ.symbol, start_mid="15000.00")


def steps_of(
    flow: SyntheticFlow, seed: int = 7, instrument: Instrument = MNQ
) -> tuple[FlowStep, ...]:
    return generate(flow, instrument, random.Random(seed))


def orders_of(steps: tuple[FlowStep, ...]) -> list[NewOrderSingle]:
    return [step.request for step in steps if isinstance(step.request, NewOrderSingle)]


def distance_ticks(order: NewOrderSingle, mid: int = 1_500_000) -> int:
    assert order.price is not None
    return (order.price - mid) // 25 * (-1 if order.side is Side.BUY else 1)


flows = st.builds(
    SyntheticFlow,
    symbol=st.just(MNQ.symbol),
    start_mid=st.sampled_from(["15000.00", "2.00", "0.25", "0.00", "-3.50"]),
    duration_s=st.just(Decimal(5)),
    orders_per_second=st.sampled_from([Decimal("0.5"), Decimal(10), Decimal(40)]),
    mid_moves_per_second=st.sampled_from([Decimal(0), Decimal(1), Decimal(20)]),
    mean_distance_ticks=st.sampled_from([Decimal("0.1"), Decimal(1), Decimal(5)]),
    marketable_share=st.sampled_from([Decimal(0), Decimal("0.3"), Decimal(1)]),
    cancel_share=st.sampled_from([Decimal(0), Decimal("0.3"), Decimal(1)]),
    opening_levels=st.integers(0, 3),
)
seeds = st.integers(0, 2**32)


@given(flows, seeds)
def test_one_state_of_the_generator_gives_one_flow(flow: SyntheticFlow, seed: int) -> None:
    assert steps_of(flow, seed) == steps_of(flow, seed)


@given(flows, seeds)
def test_steps_are_in_time_and_numbered(flow: SyntheticFlow, seed: int) -> None:
    steps = steps_of(flow, seed)

    times = [step.at_ns for step in steps]
    assert times == sorted(times)
    assert all(0 <= at_ns < 5_000_000_000 for at_ns in times)
    assert [step.request.cl_ord_id for step in steps] == [f"F{n + 1}" for n in range(len(steps))]


@given(flows, seeds)
def test_every_order_suits_the_instrument(flow: SyntheticFlow, seed: int) -> None:
    for order in orders_of(steps_of(flow, seed)):
        assert order.price is not None
        assert MNQ.ticks.accepts(order.price)
        assert order.price > 0 or MNQ.to_price(flow.start_mid) <= 0
        assert flow.min_qty <= order.order_qty <= flow.max_qty


@given(flows, seeds)
def test_a_venue_that_has_the_flow_alone_refuses_nothing(flow: SyntheticFlow, seed: int) -> None:
    exchange = Exchange([MNQ], {MNQ.symbol: Fifo()})

    for step in steps_of(flow, seed):
        for answer in exchange.receive(step.request, step.at_ns).reports:
            assert isinstance(answer, ExecutionReport)
            assert answer.exec_type is not ExecType.REJECTED


def test_rates_and_shares_are_those_of_the_settings() -> None:
    flow = attrs.evolve(
        FLOW,
        duration_s=Decimal(1000),
        mid_moves_per_second=Decimal(0),
        opening_levels=0,
    )

    steps = steps_of(flow)

    orders = orders_of(steps)
    passive = [order for order in orders if order.time_in_force is TimeInForce.DAY]
    marketable = [order for order in orders if order.time_in_force is not TimeInForce.DAY]
    assert 9_700 < len(steps) < 10_300  # 10 a second, within three deviations
    assert 0.28 < 1 - len(orders) / len(steps) < 0.32
    assert 0.18 < 1 - len(passive) / len(orders) < 0.22
    distances = [distance_ticks(order) for order in passive]
    assert min(distances) == 1
    assert 3.3 < sum(distances) / len(distances) < 3.7  # 3, rounded up to whole ticks
    assert {distance_ticks(order) for order in marketable} == {-5}
    assert {order.order_qty for order in orders} == set(range(1, 11))
    assert 0.48 < sum(order.side is Side.BUY for order in orders) / len(orders) < 0.52


def test_opening_book_stands_on_both_sides_of_the_mid() -> None:
    opening = [step for step in steps_of(attrs.evolve(FLOW, opening_levels=2)) if step.at_ns == 0]

    assert [(order.side.name, order.price) for order in orders_of(tuple(opening))] == [
        ("BUY", 1_499_975),
        ("SELL", 1_500_025),
        ("BUY", 1_499_950),
        ("SELL", 1_500_050),
    ]


def test_mid_walks() -> None:
    still = attrs.evolve(FLOW, duration_s=Decimal(1000), marketable_share=Decimal(1))
    still = attrs.evolve(still, opening_levels=0, cancel_share=Decimal(0))
    moving = attrs.evolve(still, mid_moves_per_second=Decimal(1))
    still = attrs.evolve(still, mid_moves_per_second=Decimal(0))

    def mids(flow: SyntheticFlow) -> list[int]:
        orders = orders_of(steps_of(flow))
        return [(order.price or 0) - (125 if order.side is Side.BUY else -125) for order in orders]

    assert set(mids(still)) == {1_500_000}
    walked = mids(moving)
    moves = [(after - before) // 25 for before, after in itertools.pairwise(walked)]
    assert 900 < sum(map(abs, moves)) < 1_100
    assert max(walked) - min(walked) > 250


def test_steps_follow_a_tick_table_across_its_bands() -> None:
    banded = Instrument(
        symbol=MNQ.symbol, price_decimals=2, ticks=TickTable((TickBand(0, 1), TickBand(100, 5)))
    )
    flow = SyntheticFlow(
        symbol=MNQ.symbol,
        start_mid="1.00",
        opening_levels=3,
        duration_s=Decimal(60),
        mid_moves_per_second=Decimal(20),
    )

    orders = orders_of(steps_of(flow, instrument=banded))

    assert [order.price for order in orders[:6]] == [99, 105, 98, 110, 97, 115]
    assert all(banded.ticks.accepts(order.price or 0) for order in orders)


def testexponential_has_its_mean_and_its_median() -> None:
    rng = random.Random(1)

    draws = sorted(exponential(rng) / 2**53 for _ in range(20_000))

    assert 0.97 < sum(draws) / len(draws) < 1.03
    assert 0.67 < draws[10_000] < 0.72  # ln 2
    assert 0.017 < sum(draw > 4 for draw in draws) / 20_000 < 0.02  # exp(-4)


# fmt: off
BAD_SETTINGS = {
    "no time":                {"duration_s": Decimal(0)},
    "no orders":              {"orders_per_second": Decimal(0)},
    "moves below zero":       {"mid_moves_per_second": Decimal(-1)},
    "no distance":            {"mean_distance_ticks": Decimal(0)},
    "marketable above one":   {"marketable_share": Decimal("1.01")},
    "cancels below zero":     {"cancel_share": Decimal("-0.1")},
    "a reach below zero":     {"marketable_reach_ticks": -1},
    "quantity 0":             {"min_qty": 0},
    "sizes the wrong way":    {"max_qty": 0},
    "levels below zero":      {"opening_levels": -1},
}
UNSUITED = {
    "a mid that is no price": ({"start_mid": "high"}, "start_mid: .*'high' is not a decimal price"),
    "too many decimals":      ({"start_mid": "1.001"}, "start_mid: .*more than 2 decimals"),
    "a mid off tick":         ({"start_mid": "15000.10"}, "start_mid 15000.10 is off tick"),
    "another symbol":         ({"symbol": "MESU3"}, "symbol is 'MESU3', the instrument's 'MNQU3'"),
    "sizes above the largest": ({"max_qty": 101}, "max_qty must be at most the instrument's 100"),
}
# fmt: on


@pytest.mark.parametrize("settings", BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_setting_out_of_range_is_named(settings: dict[str, Any]) -> None:
    [name] = settings

    with pytest.raises(ValueError, match=name):
        attrs.evolve(FLOW, **settings)


@pytest.mark.parametrize(("settings", "message"), UNSUITED.values(), ids=UNSUITED.keys())
def test_setting_that_does_not_suit_the_instrument_is_named(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        steps_of(attrs.evolve(FLOW, **settings), instrument=attrs.evolve(MNQ, max_order_qty=100))


def report(exec_type: ExecType, text: str = "") -> ExecutionReport:
    return ExecutionReport(
        target_comp_id=CompID("FLOW"),
        cl_ord_id=ClOrdID("F1"),
        order_id=None,
        exec_id=ExecID(1),
        exec_type=exec_type,
        ord_status=OrdStatus.NEW,
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=1,
        leaves_qty=1,
        cum_qty=0,
        transact_time_ns=0,
        text=text,
    )


CANCEL_REJECT = OrderCancelReject(
    target_comp_id=CompID("FLOW"),
    cl_ord_id=ClOrdID("F2"),
    orig_cl_ord_id=ClOrdID("F1"),
    order_id=None,
    cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
    cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
    transact_time_ns=0,
    symbol=MNQ.symbol,
)
STEP = steps_of(FLOW)[0]
REJECTED = FlowRejected(cl_ord_id=ClOrdID("F1"), text="price is off tick")

RECEIVED = {
    "a step": (STEP, [Send("CME", STEP.request)]),
    "an acknowledgement": (report(ExecType.NEW), []),
    "a reject": (report(ExecType.REJECTED, REJECTED.text), [Fact("flow_rejected", REJECTED)]),
    "a cancel reject": (CANCEL_REJECT, []),
}


@pytest.mark.parametrize(("message", "answers"), RECEIVED.values(), ids=RECEIVED.keys())
def test_market_flow_receives(message: object, answers: list[Send | Fact]) -> None:
    participant = MarketFlow(name=CompID("FLOW"), exchange=CompID("CME"))
    delivery = Delivery(message, "CME", "FLOW", rank=0, count=1, nth=1, cause=0)

    assert list(participant.receive(delivery)) == answers


def test_market_flow_refuses_what_it_does_not_know() -> None:
    participant = MarketFlow(name=CompID("FLOW"), exchange=CompID("CME"))
    delivery = Delivery("hello", "CME", "FLOW", rank=0, count=1, nth=1, cause=0)

    with pytest.raises(TypeError, match="FLOW has no use for 'hello'"):
        list(participant.receive(delivery))
