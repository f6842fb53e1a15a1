"""From seeds that fail to the smallest story of each cause, seen again in tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from ...runtime.choices import Seeded
from ...runtime.errors import RunError
from ..floor import Scenario, load
from . import export
from .export import Found, Written
from .failures import Failure, of_seed, of_variant, outcome
from .search import Searched
from .shrink import Shrinker, Variant


class NotReproducible(RunError):
    """A seed does not always run the same: what fails in it proves nothing."""

    def __init__(self, seed: int, in_place: str | None, in_tasks: str | None) -> None:
        super().__init__(
            f"seed {seed} is not reproducible: {in_place or 'no'} digest in place,"
            f" {in_tasks or 'no'} digest in tasks; floorproof verify shows where they part"
        )
        self.seed = seed


@attrs.frozen
class InPlaceOnly:
    """A failure that did not recur with every participant a task on its memory channel."""

    failure: Failure
    seeds: tuple[int, ...]


def check_reproducible(scenario: Scenario, seed: int = 1) -> None:
    """Check that a seed runs the same in place, again in place, and in tasks.

    Raises:
        NotReproducible: if it does not.
    """
    first, again = of_seed(scenario, seed), of_seed(scenario, seed)
    in_tasks = outcome(scenario, Seeded(seed), in_place=False)
    if not first.digest == again.digest == in_tasks.digest:
        raise NotReproducible(seed, first.digest, in_tasks.digest)


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
    seeds: Sequence[int],
    *,
    max_runs: int = 2_000,
    progress: Callable[[], object] = lambda: None,
) -> Found | InPlaceOnly:
    """Return the smallest run that was found to fail for *cause*, from the first of *seeds*."""

    def fails(variant: Variant, *, in_place: bool = True) -> Failure | None:
        found = of_variant(scenario, variant, in_place=in_place).failures
        return next((failure for failure in found if failure.cause == cause), None)

    seen = of_seed(scenario, seeds[0])
    failure = next(each for each in seen.failures if each.cause == cause)
    variant = whole(scenario, dict(seen.choices))
    if fails(variant, in_place=False) is None:
        return InPlaceOnly(failure, tuple(seeds))
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
    return Found(failure=in_tasks, seeds=tuple(seeds), variant=smallest, runs=shrinker.runs)


def write(scenario: Scenario, found: Found, *, folder: Path, out: Path) -> Written:
    """Write the files of a failure into *out*, and see that they show it.

    Args:
        folder: that of the scenario that was searched.

    Raises:
        ScenarioError: if they cannot be written.
        NotReproducible: if the scenario that was written does not fail for that cause.
    """
    written = export.write(scenario, found, folder=folder, out=out)
    small = load(written.scenario)
    entries, violations, failures = export.recorded_run(small)
    if found.failure.cause not in {failure.cause for failure in failures}:
        raise NotReproducible(found.seeds[0], None, None)
    written.story.write_text(
        export.story_text(small, entries, violations, found, written.scenario), encoding="utf-8"
    )
    return written


def causes_of(searched: Searched) -> Sequence[tuple[str, Sequence[int]]]:
    """Return what was found, the cause that most seeds fail for first."""
    return sorted(searched.causes.items(), key=lambda item: -len(item[1]))
