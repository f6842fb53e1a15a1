"""From runs that fail to the smallest story of each cause, seen again in tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from ...runtime.choices import Seeded
from ...runtime.errors import RunError
from ...runtime.journal import plain_text
from ..differences import first_difference
from ..floor import Scenario, load
from . import export
from .export import Found, Written
from .failures import Failure, Outcome, of_variant, outcome
from .search import Ran, Searched
from .shrink import Shrinker, Variant
from .watchdog import Limits

_ENDLESS_RUNS = 40
"""How many runs at most make a run small that does not end by itself: each takes long."""

_SHORT = Limits(max_entries=100_000, patience_s=1.0)
"""How long each of these may go on."""


class NotReproducible(RunError):
    """A seed does not always run the same: what fails in it proves nothing.

    Args:
        lines: the first entry that differs, by way.
    """

    def __init__(self, seed: int, ways: Sequence[str], lines: Sequence[str]) -> None:
        super().__init__(
            f"seed {seed} is not reproducible, {ways[0]} and {ways[1]}:"
            + "".join(f"\n  {line}" for line in lines)
            + "\n  floorproof verify looks closer"
        )
        self.seed = seed
        self.lines = tuple(lines)


class NotShown(RunError):
    """The scenario that was written of a failure does not fail."""

    def __init__(self, file: Path, cause: str) -> None:
        super().__init__(f"{file} was written, and does not fail for {cause}")
        self.file = file
        self.cause = cause


@attrs.frozen
class Unshrunk:
    """A failure that was not made small, and why."""

    failure: Failure
    seeds: tuple[int, ...]
    why: str


def check_reproducible(scenario: Scenario, seed: int = 1, limits: Limits | None = None) -> Outcome:
    """Check that a seed runs the same in place, again in place, and in tasks.

    Returns:
        What came of it.

    Raises:
        NotReproducible: if it does not.
    """
    first: tuple[Outcome, list[bytes]] | None = None
    for way in ("in place", "in place again", "in tasks"):
        lines: list[bytes] = []
        in_place = way != "in tasks"
        found = outcome(
            scenario, Seeded(seed), in_place=in_place, limits=limits, write=lines.append
        )
        if first is None:
            first = found, lines
            if any(failure.is_endless for failure in found.failures):
                break  # the others would take as long
        elif found.digest != first[0].digest:
            ways = ("in place", way)
            pair = first_difference(*(export.recording(each).entries for each in (first[1], lines)))
            told = (
                f"{name}: {'nothing more' if entry is None else plain_text(entry)}"
                for name, entry in zip(ways, pair or (), strict=False)
            )
            raise NotReproducible(seed, ways, list(told))
    assert first is not None, "it has run"
    return first[0]


def whole(scenario: Scenario, choices: dict[str, int]) -> Variant:
    """Return the variant that leaves nothing out."""
    plan = scenario.plan
    return Variant(
        steps=tuple(range(len(plan.tables.step))),
        flows={flow.name: tuple(range(len(flow.steps))) for flow in plan.flows},
        choices=choices,
    )


def shrink(
    scenario: Scenario,
    cause: str,
    failing: Sequence[Ran],
    *,
    limits: Limits | None = None,
    max_runs: int = 2_000,
    word: str = "seed",
    progress: Callable[[], object] = lambda: None,
) -> Found | Unshrunk:
    """Return the smallest run that was found to fail for *cause*, from the first of *failing*."""
    first = failing[0]
    seeds = tuple(each.seed for each in failing)
    failure = next(each for each in first.failures if each.cause == cause)
    if first.choices is None:
        return Unshrunk(failure, seeds, "it is not run again here, as it ended its process")
    if failure.is_endless:
        limits, max_runs = _SHORT, min(max_runs, _ENDLESS_RUNS)

    def fails(variant: Variant, *, in_place: bool = True) -> Failure | None:
        found = of_variant(scenario, variant, in_place=in_place, limits=limits)
        return found.failure(cause)

    variant = whole(scenario, dict(first.choices))
    if fails(variant, in_place=False) is None:
        why = "it does not recur with participants in tasks; see floorproof verify"
        return Unshrunk(failure, seeds, why)
    shrinker = Shrinker(
        lambda each: fails(each) is not None,
        keep_steps=failure.is_expectation,
        max_runs=max_runs,
        progress=progress,
    )
    smallest = shrinker.shrink(variant)
    in_tasks = fails(smallest, in_place=False)
    if in_tasks is None:
        smallest, in_tasks = variant, failure
    return Found(failure=in_tasks, seeds=seeds, variant=smallest, runs=shrinker.runs, word=word)


def write(scenario: Scenario, found: Found, *, folder: Path, out: Path) -> Written:
    """Write the files of a failure into *out*, and see that they show it.

    Args:
        folder: that of the scenario that was searched.

    Raises:
        ScenarioError: if they cannot be written.
        NotShown: if the scenario that was written does not fail for that cause.
    """
    written = export.write(scenario, found, folder=folder, out=out)
    small = load(written.scenario)
    limits = _SHORT if found.failure.is_endless else Limits()
    entries, again = export.recorded_run(small, limits)
    if again.failure(found.failure.cause) is None:
        raise NotShown(written.scenario, found.failure.cause)
    written.story.write_text(
        export.story_text(small, entries, again.violations, found, written.scenario),
        encoding="utf-8",
    )
    return written


def causes_of(searched: Searched) -> Sequence[tuple[str, Sequence[Ran]]]:
    """Return what was found, the cause that most seeds fail for first."""
    return sorted(searched.causes.items(), key=lambda item: -len(item[1]))
