"""Seeds over processes: which of them fail and for what cause, and what they reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic

import attrs

from ..floor import Scenario, load
from ..reach import Cell, Reach
from .failures import Failure, of_seed
from .watchdog import ENDED_AFTER, Limits
from .workers import WorkerEnded, spread


@attrs.frozen
class Ran:
    """What a seed's run came to."""

    seed: int
    failures: tuple[Failure, ...] = ()
    cells: tuple[Cell, ...] = ()
    choices: Mapping[str, int] | None = None
    """What was chosen, of a run that fails; it repeats the run."""

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(failure.cause for failure in self.failures)


@attrs.frozen
class Searched:
    """What a search has come to."""

    seeds: int
    failed: tuple[Ran, ...]
    reach: Reach

    @property
    def causes(self) -> Mapping[str, Sequence[Ran]]:
        """The runs that fail for each cause, in the order in which causes were first met."""
        found: dict[str, list[Ran]] = {}
        for each in self.failed:
            for cause in dict.fromkeys(each.causes):
                found.setdefault(cause, []).append(each)
        return found


def search(
    path: Path,
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    settings: Mapping[str, str],
    jobs: int,
    limits: Limits | None = None,
    seconds: float | None = None,
    reach: Reach | None = None,
    took: Callable[[Ran, Sequence[Cell]], object] = lambda _ran, _new: None,
) -> Searched:
    """Run *seeds*, in place, and return which of them fail.

    The result does not depend on how many processes there are, but for where it stops if
    it is stopped.

    Args:
        path: where the scenario was read from, for other processes to read it.
        jobs: how many processes run seeds.
        limits: how long a run may go on.
        seconds: stop after that time by the clock on the wall, with what there is.
        reach: what has been reached before, which grows.
        took: is called with each seed's run, in the order of the seeds, and with what it was
            the first to reach.
    """
    limits = limits or Limits()
    until = None if seconds is None else monotonic() + seconds
    reach = Reach() if reach is None else reach
    failed: list[Ran] = []
    count = 0
    make = (
        partial(_worker, scenario, limits)
        if jobs == 1
        else partial(_process, path, dict(settings), limits)
    )
    running = spread(make, seeds, jobs=jobs, lost=_lost, patience_s=ENDED_AFTER * limits.patience_s)
    with closing(running):  # an interrupt ends its processes at once
        for seed, ran in running:
            count += 1
            new = reach.new(ran.cells)
            reach.add(seed, ran.cells)
            if ran.failures:
                failed.append(ran)
            took(ran, new)
            if until is not None and monotonic() > until:
                break
    return Searched(count, tuple(failed), reach)


def _lost(ended: WorkerEnded) -> Ran:
    """Return what a seed came to whose run has taken its process with it."""
    where = f" ({ended.stack})" if ended.stack else ""
    text = f"the run ended its process, or could not be interrupted{where}"
    return Ran(ended.number, (Failure("the run hangs", text),), choices=None)


def _worker(scenario: Scenario, limits: Limits) -> Callable[[int], Ran]:
    def run(seed: int) -> Ran:
        found = of_seed(scenario, seed, limits)
        return Ran(seed, found.failures, found.cells, found.choices if found.failures else None)

    return run


def _process(path: Path, settings: Mapping[str, str], limits: Limits) -> Callable[[int], Ran]:
    """Return a worker of a process of its own, which reads the scenario once."""
    return _worker(load(path, settings), limits)
