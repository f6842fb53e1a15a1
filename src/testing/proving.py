"""Scenarios in tests: run one, and fail with the story of what was wrong.

def test_the_desk_works_the_order(run_scenario):
    run_scenario("staged_order.toml", seed=7)

def test_no_seed_breaks_it():
    check("staged_order.toml", seeds=100)
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..scenario.floor import Result, Scenario
    from ..scenario.fuzz.failures import Failure

AnyScenario: TypeAlias = "str | Path | Scenario"
"""A file's path, a scenario's text (which has more lines than one), or a scenario."""


class ScenarioFailed(AssertionError):
    """A run in which something that was expected, or must hold, does not."""

    def __init__(self, text: str, failures: Iterable[Failure], seed: int | None) -> None:
        super().__init__(text)
        self.failures = tuple(failures)
        self.seed = seed


def scenario_of(scenario: AnyScenario) -> Scenario:
    """Return a scenario that is given in any way.

    Raises:
        FloorproofError: if it cannot be run; the text says where and why.
    """
    from ..scenario.floor import Scenario, load, parse

    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, str) and "\n" in scenario:
        return parse(scenario)
    return load(scenario)


def run_scenario(
    scenario: AnyScenario,
    *,
    seed: int | None = None,
    choices: Mapping[str, int] | None = None,
    in_place: bool = True,
) -> Result:
    """Run a scenario and return its result.

    Args:
        seed: where the run's choices come from.
        choices: instead of a seed, the choices by name.

    Raises:
        ScenarioFailed: if an expectation or an invariant does not hold; the text has what
            is wrong, the entries that led there, and how to run it again.
        RunError: if the run was ended by an error; a note says how to run it again.
    """
    return _run(scenario_of(scenario), _again(scenario, seed), seed, choices, in_place)


def check(scenario: AnyScenario, *, seeds: int | Iterable[int] = 20) -> None:
    """Run seeds of a scenario, in place, until one of them fails.

    Args:
        seeds: how many, from 1; or which.

    Raises:
        ScenarioFailed: for the first that does.
    """
    read = scenario_of(scenario)
    for seed in range(1, seeds + 1) if isinstance(seeds, int) else seeds:
        _run(read, _again(scenario, seed), seed, None, True)


def _run(
    scenario: Scenario,
    again: str,
    seed: int | None,
    choices: Mapping[str, int] | None,
    in_place: bool,
) -> Result:
    from ..runtime.choices import Recorded
    from ..runtime.errors import RunError
    from ..scenario.floor import run
    from ..scenario.fuzz.failures import failures_of

    recorded = None if choices is None else Recorded(choices)
    try:
        result = run(scenario, seed=seed, choices=recorded, in_place=in_place)
    except RunError as error:
        error.add_note(f"{scenario.name!r}, {_seed(seed)}; again: {again}")
        raise
    if not result.held:
        failures = failures_of(result)
        raise ScenarioFailed(story(result, failures, again), failures, seed)
    return result


def story(result: Result, failures: Iterable[Failure], again: str) -> str:
    """Return what is wrong with a run, the entries that led there, and how to have it again."""
    from ..runtime.journal import plain_text

    lines = [f"{result.scenario.name!r} does not hold {_seed(result.seed)}:"]
    lines += [f"  {failure.cause}: {failure.text}" for failure in failures]
    led_there = [entry for violation in result.violations for entry in violation.entries]
    led_there += [entry for verdict in result.verdicts for entry in verdict.entries]
    if led_there:
        lines.append("  what led there:")
        lines += [f"    {plain_text(entry)}" for entry in led_there]
    lines.append(f"  again: {again}")
    return "\n".join(lines)


def _seed(seed: int | None) -> str:
    return "without a seed" if seed is None else f"with seed {seed}"


def _again(scenario: AnyScenario, seed: int | None) -> str:
    """Return the command that runs it again, for a file; of a text, what to say in Python."""
    with_seed = [] if seed is None else ["--seed", str(seed)]
    if isinstance(scenario, str | Path) and "\n" not in str(scenario):
        return shlex.join(["floorproof", "run", str(scenario), *with_seed])
    return f"run_scenario(the same, seed={seed})"
