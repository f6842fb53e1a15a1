"""What others test their scenarios with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from commands import EXAMPLES, STAGED_ORDER, write
from floors import floor as text_of
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.runtime.choices import Recorded
from floorproof.runtime.errors import ActorFailed
from floorproof.testing.proving import ScenarioFailed, check
from floorproof.testing.strategies import choices_of

PLANTED = EXAMPLES / "planted" / "claim_race.toml"
Run = Callable[..., floorproof.Result]


def test_a_scenario_that_holds_gives_its_result(run_scenario: Run) -> None:
    assert run_scenario(STAGED_ORDER, seed=3).held
    assert run_scenario(floorproof.load(STAGED_ORDER)).held
    assert run_scenario(text_of("0s PM1 stage P1 buy 10 @ 15352.00 for 123")).held


def test_a_failure_tells_its_story_and_how_to_have_it_again(run_scenario: Run) -> None:
    with pytest.raises(ScenarioFailed) as failed:
        run_scenario(PLANTED, seed=1)

    lines = str(failed.value).splitlines()
    assert lines[0] == "'two claims on their way at once' does not hold with seed 1:"
    assert lines[1].startswith("  invariant one-owner: P1 is ET2's, and then ET1's")
    assert any('"kind":"Claim"' in line for line in lines)
    assert lines[-1] == f"  again: floorproof run {PLANTED} --seed 1"
    assert failed.value.seed == 1
    assert [each.cause for each in failed.value.failures] == ["invariant one-owner"]


def test_a_failure_of_choices_is_repeated_by_them(run_scenario: Run) -> None:
    with pytest.raises(ScenarioFailed, match="does not hold without a seed"):
        run_scenario(PLANTED, choices={"jitter ET1>SSE-A 2": 1})


ECHO = """
import attrs
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class Breaks:
    def start(self):
        raise ZeroDivisionError("at once")
        yield

    def receive(self, delivery):
        return ()


@hookimpl
def participants():
    return {"breaks": Breaks}
"""


def test_a_run_that_an_error_ends_says_how_to_have_it_again(
    tmp_path: Path, run_scenario: Run
) -> None:
    write(tmp_path, ECHO, "breaks.py")
    extra = '[[participant]]\nname = "ECHO"\nkind = "breaks"'
    text = text_of("", extra=extra).replace("[scenario]", '[scenario]\nplugins = ["breaks.py"]', 1)
    path = write(tmp_path, text)

    with pytest.raises(ActorFailed, match="at once") as failed:
        run_scenario(path, seed=7)

    assert failed.value.__notes__ == [
        f'"a test\'s floor", with seed 7; again: floorproof run {path} --seed 7'
    ]


def test_check_stops_at_the_first_seed_that_fails() -> None:
    check(STAGED_ORDER, seeds=5)
    check(PLANTED, seeds=[2])
    with pytest.raises(ScenarioFailed) as failed:
        check(PLANTED, seeds=9)
    assert failed.value.seed == 1


def test_a_floor_takes_a_participant_of_the_tests_own(
    floor: Callable[..., floorproof.Floor],
) -> None:
    class Silent:
        def receive(self, _delivery: object) -> tuple[()]:
            return ()

    made = floor(STAGED_ORDER)
    made.add("ET2", lambda _context: Silent())

    assert not made.run().held  # nobody claims


def test_choices_are_those_that_a_run_may_make() -> None:
    strategy = choices_of(PLANTED)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(strategy)
    def they_are(choices: Mapping[str, int]) -> None:
        for name, value in choices.items():
            assert name.partition(" ")[0] in ("jitter", "order")
            assert value >= 1

    they_are()


def test_hypothesis_finds_the_race_and_makes_it_small() -> None:
    scenario = floorproof.load(PLANTED, {"flow.0.only": "[]"})  # without the rest of the market

    def fails(choices: Mapping[str, int]) -> bool:
        ran = floorproof.run(scenario, choices=Recorded(choices), in_place=True)
        return bool(ran.violations)

    found = find(
        choices_of(scenario, most=4), fails, settings=settings(max_examples=60, database=None)
    )

    assert found == {"jitter ET1>SSE-A 2": 1}


def test_a_scenario_without_choices_has_none(tmp_path: Path) -> None:
    path = write(tmp_path, text_of(""))

    strategy = choices_of(path)

    assert find(strategy, lambda _choices: True) == {}
    assert isinstance(strategy, st.SearchStrategy)
