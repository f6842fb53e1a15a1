"""A stateful machine on a running floor."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import changed, write
from floors import floor
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, precondition, rule, run_state_machine_as_test

from floorproof.market.messages import ExecutionReport
from floorproof.scenario.errors import ScenarioError
from floorproof.testing.machine import FloorMachine
from floorproof.testing.proving import ScenarioFailed

LINKS = ("execution_trader SSE-A 1ms 1ms", "portfolio_manager SSE-A 2ms")
QUANTITIES = st.integers(1, 9)
BOUNDED = settings(
    max_examples=8,
    stateful_step_count=8,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


class Desk(FloorMachine):
    """A portfolio manager stages, traders claim and work, somebody else trades with them."""

    scenario = floor("", links=LINKS)
    orders = Bundle("orders")

    @rule(target=orders, quantity=QUANTITIES)
    def stage(self, quantity: int) -> str:
        name = self.name("P")
        order = {"id": name, "symbol": "MNQU3", "side": "buy", "quantity": quantity}
        told = self.do("PM1", "stage", order={**order, "price": "15352.00", "account": "123"})
        assert any(entry.kind == "StagedAck" for entry in told)
        return name

    @rule(order=orders, who=st.sampled_from(["ET1", "ET2"]))
    def claim(self, order: str, who: str) -> None:
        self.do(who, "claim", order=order)

    @rule(order=orders, who=st.sampled_from(["ET1", "ET2"]), quantity=QUANTITIES)
    def child(self, order: str, who: str, quantity: int) -> None:
        child = {"id": self.name("C"), "symbol": "MNQU3", "parent": order, "quantity": quantity}
        self.do(who, "child", order={**child, "price": "15351.50"})

    @rule(quantity=QUANTITIES)
    def offer(self, quantity: int) -> None:
        order = {"id": self.name("L"), "symbol": "MNQU3", "side": "sell", "quantity": quantity}
        self.do("LP", "enter", order={**order, "price": "15351.50"})

    @precondition(lambda self: self.now_ns > 0)
    @rule(seconds=st.integers(1, 5))
    def later(self, seconds: int) -> None:
        self.wait(seconds)

    @invariant()
    def what_is_bought_is_sold(self) -> None:
        sides: dict[str, int] = {}
        for entry in self.entries:
            if entry.sender == "CME" and isinstance(entry.payload, ExecutionReport):
                side = entry.payload.side.name
                sides[side] = sides.get(side, 0) + entry.payload.last_qty
        assert sides.get("BUY", 0) == sides.get("SELL", 0)


TestDesk = Desk.TestCase
TestDesk.settings = BOUNDED


RACE = """
import attrs
from floorproof.market.staging import StagedUpdate
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.watching import Broken, Watcher

floorproof_contract = CONTRACT_VERSION


class Claims(Watcher):
    sees = (StagedUpdate,)

    def see(self, entry):
        if entry.payload.owner == "ET2":
            return Broken("ET2 owns something")


@attrs.frozen
class NotHis:
    def watch(self, floor):
        return Claims()


@hookimpl
def invariants():
    return {"not-his": NotHis}
"""


class Claims(FloorMachine):
    """One order, which anybody claims and gives up again."""

    scenario = floor("")
    staged = False

    @rule(who=st.sampled_from(["ET1", "ET2"]), does=st.sampled_from(["claim", "unclaim"]))
    def act(self, who: str, does: str) -> None:
        if not self.staged:
            self.staged = True
            order = {"id": "P1", "symbol": "MNQU3", "side": "buy", "quantity": 1}
            self.do("PM1", "stage", order=order)
        self.do(who, does, order="P1")


def test_a_machine_shows_what_breaks_an_invariant_in_two_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, RACE, "not_his.py")
    text = changed(floor(""), "[scenario]\n", '[scenario]\nplugins = ["not_his.py"]\n')
    broken = type("Broken", (Claims,), {"scenario": text})

    with pytest.raises(ScenarioFailed) as failed:
        run_state_machine_as_test(
            broken, settings=settings(BOUNDED, max_examples=20, database=None)
        )

    told = str(failed.value)
    assert "  invariant not-his: ET2 owns something\n" in told
    assert '"kind":"Claim"' in told
    assert told.count("[[step]]") == 2
    assert 'who = "ET2"\ndo = "claim"' in told


def test_a_step_that_no_scenario_could_have_is_refused_and_not_made() -> None:
    desk = Desk()

    with pytest.raises(ScenarioError, match=r"step\[0\]\.who"):
        desk.do("ET9", "claim", order="P1")

    assert desk.steps_text() == ""
    assert desk.now_ns == 0
