"""Scenarios that Hypothesis draws: they can be run, vary, and shrink to the plainest."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from commands import write
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.testing.proving import ScenarioFailed, run_scenario
from floorproof.testing.scenarios import (
    faults,
    instruments,
    latencies,
    order_streams,
    scenarios,
    users,
)

FEW = settings(
    max_examples=15,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
QUICKLY = settings(
    max_examples=150, database=None, phases=[Phase.generate, Phase.shrink], deadline=None
)

PLAIN = scenarios(symbols=("AAA",), algorithms=("F",), least_steps=2, most_steps=3)


@FEW
@given(text=scenarios(least_steps=2, may_fail=("drop", "delay")), seed=st.integers(0, 1_000))
def test_any_scenario_holds_and_is_the_same_in_tasks(text: str, seed: int) -> None:
    in_place = run_scenario(text, seed=seed)

    assert floorproof.run(floorproof.parse(text), seed=seed).digest == in_place.digest


@settings(FEW, max_examples=10)
@given(text=scenarios(rules=("cme-smp",), algorithms=("F",)))
def test_rule_sets_may_be_on_the_floor(text: str) -> None:
    (exchange,) = floorproof.parse(text).plan.venues.values()

    assert [*exchange.rule_sets] == ["cme-smp"]


def test_the_plainest_scenario_is_two_traders_who_do_nothing() -> None:
    tables = tomllib.loads(find(scenarios(), lambda _text: True, settings=QUICKLY))

    assert [user["name"] for user in tables["user"]] == ["T1", "T2"]
    assert [each["symbol"] for each in tables["exchange"][0]["instrument"]] == ["AAA"]
    assert not {"step", "link", "faults"} & set(tables)


def test_a_trade_shrinks_to_two_orders_for_one_lot() -> None:
    def trades(text: str) -> bool:
        result = floorproof.run(floorproof.parse(text), in_place=True)
        return any(getattr(entry.payload, "last_qty", 0) for entry in result.journal)

    tables = tomllib.loads(find(PLAIN, trades, settings=QUICKLY))

    assert [step["do"] for step in tables["step"]] == ["enter", "enter"]
    assert [step["order"]["quantity"] for step in tables["step"]] == [1, 1]
    assert "link" not in tables


@pytest.mark.parametrize("does", ["enter", "cancel", "change"])
def test_streams_hold_everything_that_traders_do(does: str) -> None:
    (terms,) = find(instruments(), lambda _terms: True)

    stream = find(
        order_streams(("T1", "T2"), [terms]),
        lambda steps: any(step["do"] == does for step in steps),
        settings=QUICKLY,
    )

    assert len(stream) <= 2


def test_parts_shrink_to_nothing() -> None:
    roads = [("T1", "GATE"), ("GATE", "EX")]

    assert find(latencies(roads), lambda _links: True) == []
    assert find(faults(links=roads), lambda _table: True) == {}
    table: dict[str, Any] = find(faults(links=roads), lambda table: "drop" in table)
    assert table == {"drop": 1, "one_in": 5, "links": ["T1>GATE", "GATE>EX"]}
    mgts = [user["login"][0]["routing_mgt"] for user in find(users(), lambda _users: True)]
    assert mgts == ["F1/F1/T1", "F2/F2/T2"]


NEVER_TRADES = """
import attrs
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.watching import Broken, Watcher

floorproof_contract = CONTRACT_VERSION


class Trades(Watcher):
    sees = (ExecutionReport,)

    def see(self, entry):
        if entry.payload.last_qty:
            return Broken("something has traded")


@attrs.frozen
class NoTrades:
    def watch(self, floor):
        return Trades()


@hookimpl
def invariants():
    return {"no-trades": NoTrades}
"""


def test_a_broken_invariant_is_found_in_drawn_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, NEVER_TRADES, "never.py")

    def breaks(text: str) -> bool:
        with_plugin = text.replace("[scenario]\n", '[scenario]\nplugins = ["never.py"]\n')
        try:
            run_scenario(with_plugin)
        except ScenarioFailed as failed:
            return "something has traded" in str(failed)
        return False

    tables = tomllib.loads(find(PLAIN, breaks, settings=QUICKLY))

    assert len(tables["step"]) == 2
