"""Once nothing goes wrong any more, the floor agrees; and where it does not, that is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import attrs
import pytest
from floors import floor

import floorproof
from floorproof.market.fix import ExecType
from floorproof.market.messages import ExecutionReport, NewOrderSingle
from floorproof.market.staging import ParentPartialFill, StagedUpdate
from floorproof.runtime.choices import Choices, Defaults, Recorded, Seeded
from floorproof.runtime.participant import Answer, Delivery, Send

STEPS = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    3s ET2 child C1 of P1 6 @ 15351.50
    4s LP enter o1 sell 4 @ 15351.50
    5s ET2 child C2 of P1 4 @ 15352.00
    6s LP enter o2 sell 5 @ 15351.25
    6500ms ET2 cancel C1
    7s LP enter o3 sell 9 @ 15352.25
    40s LP enter o4 sell 1 @ 15352.50
"""
SESSION = """
[[registry.firm]]
gfid = "400"
entity = "Acme"
[[registry.sender_comp]]
comp_id = "ABC400"
session = "CME-A"
kind = "CGW"
[[exchange.session]]
name = "CME-A"
heartbeat = "5s"
order_id_required = false
"""
RECONNECTS = SESSION + 'reconnect = "1s"\n'
FAULTS = """
[faults]
one_in = 6
longest = "2s"
links = ["CME-A>CME", "CME>CME-A"]
"""
TWO_STAGES = FAULTS + 'until = "20s"\n'


@cache
def scenario(extra: str) -> floorproof.Scenario:
    return floorproof.parse(floor(STEPS, extra=extra))


def broken(result: floorproof.Result) -> dict[str, str]:
    return {each.invariant: each.text for each in result.violations}


# --- where it can be promised --------------------------------------------------------

LOSSES = {
    "lost": "drop = 3",
    "told twice": "duplicate = 3",
    "overtaken": "reorder = 3",
    "cut": "cut = 2",
    "parted": "partition = 2",
    "the venue is down": 'crash = 2\nactors = ["CME"]',
    "the gateway is down": 'crash = 2\nactors = ["CME-A"]',
    "the venue is slow": 'slow = 2\nqueue = 1\nactors = ["CME"]',
    "clocks are off": 'skew = 2\nactors = ["CME", "CME-A"]',
}


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES.keys())
def test_what_a_session_loses_is_had_again_in_time(kind: str) -> None:
    """Nothing acknowledged is lost, and nothing is filled twice: all invariants watch."""
    floor_of = scenario(f'{RECONNECTS}{TWO_STAGES}settle = "60s"\n{kind}')
    struck = 0

    for seed in range(1, 13):
        result = floorproof.run(floor_of, choices=Seeded(seed), in_place=True)
        struck += bool(result.facts("fault"))
        assert broken(result) == {}, f"seed {seed}"
        assert "agreement" in result.invariants

    assert struck > 1


@pytest.mark.parametrize("kind", ["drop = 3", 'crash = 2\nactors = ["CME"]'])
def test_recovery_does_not_depend_on_hosting(kind: str) -> None:
    floor_of = scenario(f'{RECONNECTS}{TWO_STAGES}settle = "60s"\n{kind}')

    for seed in (2, 3):
        in_tasks = floorproof.run(floor_of, choices=Seeded(seed))
        in_place = floorproof.run(floor_of, choices=Seeded(seed), in_place=True)
        assert in_tasks.digest == in_place.digest
        assert broken(in_tasks) == {}


def test_what_is_only_late_needs_no_session() -> None:
    late = 'delay = 4\npause = 3\nskew = 2\nactors = ["CME", "CME-A", "SSE-A"]'
    floor_of = scenario(f'[faults]\none_in = 4\nlongest = "3s"\n{late}')

    for seed in range(1, 13):
        assert broken(floorproof.run(floor_of, choices=Seeded(seed), in_place=True)) == {}


def test_it_watches_only_where_something_may_go_wrong() -> None:
    assert "agreement" not in floorproof.run(scenario("")).invariants


# --- where there is not enough time, or nobody asks again ----------------------------


def test_a_floor_that_has_too_little_time_does_not_agree() -> None:
    floor_of = scenario(f'{RECONNECTS}{TWO_STAGES}settle = "2s"\ndrop = 3')

    (text,) = broken(floorproof.run(floor_of, choices=Seeded(6), in_place=True)).values()

    assert text.startswith("CME-A believes ET2's C1 to work, and CME does not have it, and ")


def test_a_gateway_that_does_not_connect_again_does_not_agree() -> None:
    floor_of = scenario(f'{SESSION}{TWO_STAGES}settle = "60s"\n{LOSSES["the venue is down"]}')

    result = floorproof.run(floor_of, choices=Seeded(8), in_place=True)

    assert "CME-A believes LP's o3 to work" in broken(result)["agreement"]


def test_a_connection_that_has_ended_is_not_held_against_a_floor_without_time() -> None:
    floor_of = scenario(f"{SESSION}{FAULTS}{LOSSES['told twice']}")

    result = floorproof.run(floor_of, choices=Seeded(21), in_place=True)

    assert [fault.message for fault in result.facts("fault")] == ["Connected"]
    assert "agreement" not in broken(result)


def test_a_loss_that_nobody_asks_about_is_not_held_against_the_floor() -> None:
    text = "[faults]\ndrop = 1"
    choices = Recorded({"drop CME>CME-A 1": 1})

    result = floorproof.run(scenario(text), choices=choices, in_place=True)

    assert [fault.message for fault in result.facts("fault")] == ["ExecutionReport"]
    assert "agreement" not in broken(result)


def test_a_user_who_has_crashed_has_lost_his_window() -> None:
    text = '[faults]\ncrash = 1\nactors = ["ET2"]'

    result = floorproof.run(
        scenario(text), choices=Recorded({"crash ET2>ET2 5": 1_000}), in_place=True
    )

    assert [fault.kind for fault in result.facts("fault")] == ["crash"]
    assert "agreement" not in broken(result)


# --- where somebody is broken --------------------------------------------------------


@attrs.frozen
class Forgetful:
    """Somebody who does not send what he should."""

    inner: Any
    recipient: str
    forgets: Callable[[Any], bool]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        for answer in self.inner.receive(delivery):
            is_his = isinstance(answer, Send) and answer.recipient == self.recipient
            if not (is_his and self.forgets(answer.message)):
                yield answer


def with_somebody_forgetful(
    floor_of: floorproof.Scenario,
    name: str,
    recipient: str,
    forgets: Callable[[Any], bool],
    choices: Choices | None = None,
) -> floorproof.Result:
    forgetful = floorproof.Floor(floor_of)
    make: Any = forgetful._makers[name]
    forgetful.add(name, lambda context: Forgetful(make(context), recipient, forgets))
    return forgetful.run(choices=choices or Defaults(), in_place=True)


def endings(message: object) -> bool:
    return isinstance(message, ExecutionReport) and message.leaves_qty == 0


def cancels(message: object) -> bool:
    return isinstance(message, ExecutionReport) and message.exec_type is ExecType.CANCELED


def parents(message: object) -> bool:
    return isinstance(message, StagedUpdate | ParentPartialFill)


def orders(message: object) -> bool:
    return isinstance(message, NewOrderSingle) and message.parent_id == "P1"


FORGOTTEN: dict[str, tuple[str, str, Callable[[Any], bool], str]] = {
    "a report to the gateway": (
        "CME", "CME-A", endings,
        "CME-A believes ET2's C1 to work, and CME does not have it",
    ),
    "an order to the venue": (
        "CME-A", "CME", orders,
        "CME-A believes ET2's C1 to work, and CME does not have it",
    ),
    "a report to the user": (
        "CME-A", "ET2", cancels,
        "ET2 sees ET2's C1 partially_filled with 1 left, and CME-A has it working no more",
    ),
    "a staged order to a user": (
        "SSE-A", "ET1", parents,
        "ET1 sees P1 with owner None, and it is ET2",
    ),
    "a child to its parent": (
        "CME-A", "SSE-A", cancels,
        "P1 believes ET2's C1 at CME-A to work, which does not",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "recipient", "forgets", "text"), FORGOTTEN.values(), ids=FORGOTTEN.keys()
)
def test_what_somebody_forgets_is_found(
    name: str, recipient: str, forgets: Callable[[Any], bool], text: str
) -> None:
    floor_of = scenario("[faults]\ndelay = 1")

    result = with_somebody_forgetful(floor_of, name, recipient, forgets)

    assert broken(result)["agreement"].startswith(text)
    assert "agreement" not in broken(floorproof.run(floor_of, choices=Defaults()))


def test_what_is_apart_for_too_long_is_found_before_the_end() -> None:
    floor_of = scenario('[faults]\ndelay = 1\nuntil = "8s"\nsettle = "10s"')

    result = with_somebody_forgetful(floor_of, "CME-A", "ET2", cancels)

    (violation,) = [each for each in result.violations if each.invariant == "agreement"]
    assert 18_000_000_000 < violation.time_ns <= 40_000_000_000 < result.end_ns + 1
    assert violation.text.startswith("ET2 sees ET2's C1")


@pytest.mark.parametrize("asks_again", [True, False])
def test_what_a_link_with_a_session_loses_in_a_crash_is_no_excuse(asks_again: bool) -> None:
    text = '[faults]\ncrash = 1\nactors = ["CME"]\n'
    floor_of = scenario(text + ('sessions = ["CME-A>CME"]' if asks_again else ""))
    crash = Recorded({"crash CME>CME 1": 500_000_000})

    whole = floorproof.run(floor_of, choices=crash, in_place=True)
    wrong = with_somebody_forgetful(floor_of, "CME-A", "ET2", cancels, crash)

    assert "agreement" not in broken(whole)
    assert ("agreement" in broken(wrong)) == asks_again
