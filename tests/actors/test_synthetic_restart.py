"""What an order that lives at the gateway needs survives the gateway: a restart changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from algos import PLUGINS, SLICERS, enter, text
from floors import Told

import floorproof
from floorproof.actors.sse_gateway import SseGateway
from floorproof.market.identifiers import CompID
from floorproof.runtime.choices import Recorded
from floorproof.runtime.participant import Context, Delivery
from floorproof.scenario.floor import _sse

EXAMPLES = Path(__file__).parents[2] / "examples"
MARKET = "0s LP enter b buy 50 @ 100\n0s LP enter s sell 50 @ 101\n2.4s LP enter t buy 15 @ 101 ioc"


class Forgetful:
    """An SSE gateway that is made again before every delivery, of what its store holds."""

    fenced_module = SseGateway.__module__

    def __init__(self, make: Any, context: Context) -> None:
        self._make = make
        self._context = context

    def receive(self, delivery: Delivery) -> Any:
        return list(self._make(self._context).receive(delivery))


def told_twice(scenario: floorproof.Scenario) -> tuple[Told, Told]:
    """Run a scenario, and again with a gateway that is made again before every delivery."""
    forgetful = floorproof.Floor(scenario)
    make = _sse(CompID("SSE-A"), scenario.plan)
    forgetful.add("SSE-A", lambda context: Forgetful(make, context))
    return Told(floorproof.run(scenario, seed=5)), Told(forgetful.run(seed=5))


@pytest.mark.rule("TWAP-3")
@pytest.mark.parametrize("symbol", ["MNQU3", "2xMNQU3"])
def test_a_gateway_that_is_made_again_at_every_delivery_tells_the_same_story(symbol: str) -> None:
    more = enter(
        "1s", "ET1", "t1", "TT_TWAP", f"buy 9 {symbol} @ 101",
        parameters={"duration": "4s", "max_display": 50},
    )  # fmt: skip
    scenario = floorproof.parse(text(MARKET, more=more, types=SLICERS), PLUGINS)
    told, again = told_twice(scenario)

    assert again.result.digest == told.result.digest
    assert told.payloads("SyntheticFill", "ET1")


@pytest.mark.parametrize("symbol", ["MNQU3", "2xMNQU3"])
def test_a_gateway_that_is_made_again_keeps_the_smp_id_of_its_orders(symbol: str) -> None:
    more = enter(
        "1s", "ET1", "t1", "TT_TWAP", f"buy 9 {symbol} @ 101", smp_id="1234567",
        smp_instruction="N", parameters={"duration": "4s", "max_display": 50},
    )  # fmt: skip
    scenario = floorproof.parse(text(MARKET, more=more, types=SLICERS), PLUGINS)
    told, again = told_twice(scenario)

    assert again.result.digest == told.result.digest
    acks = again.payloads("ChildAck", "CME-A")
    assert len(acks) > 1
    assert {
        (ack.self_match_prevention_id, ack.self_match_prevention_instruction) for ack in acks
    } == {("1234567", "N")}


@pytest.mark.rule("ASE-24", "ASE-25")
@pytest.mark.parametrize("name", ["autospreader", "autospreader_hedges"])
def test_spread_orders_go_on_when_their_gateway_is_made_again(name: str) -> None:
    told, again = told_twice(floorproof.load(EXAMPLES / f"{name}.toml"))

    assert again.result.digest == told.result.digest
    assert told.payloads("SyntheticFill", "PM1")


@pytest.mark.parametrize("message", range(2, 16))
def test_a_gateway_that_crashes_wakes_its_orders_when_it_is_back(message: int) -> None:
    more = enter(
        "1s", "ET1", "t1", "TT_TWAP", "buy 9 MNQU3 @ 101",
        parameters={"duration": "4s", "max_display": 50},
    )  # fmt: skip
    more += """
[faults]
crash = 1
actors = ["SSE-A"]
sessions = ["CME-A>SSE-A", "CME>SSE-A", "ET1>SSE-A"]
"""
    scenario = floorproof.parse(text(MARKET, more=more, types=SLICERS), PLUGINS)
    crash = Recorded({f"crash SSE-A>SSE-A {message}": 300_000_000})

    result = floorproof.run(scenario, choices=crash, in_place=True)

    assert result.violations == ()
    fills = Told(result).payloads("SyntheticFill", "ET1")
    assert sum(fill.last_qty for fill in fills) == 9
