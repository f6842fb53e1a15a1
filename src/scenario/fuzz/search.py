"""Seeds over processes: which of them fail, and for what cause."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import monotonic
from typing import ClassVar

import attrs

from ..floor import Scenario, load
from .failures import Failure, of_seed

_CHUNK = 8
"""How many seeds a process gets at a time."""


@attrs.frozen
class SeedFailed:
    """A seed that fails, and for which causes."""

    seed: int
    failures: tuple[Failure, ...]


@attrs.frozen
class Searched:
    """What a search has come to so far."""

    seeds: int
    failed: tuple[SeedFailed, ...]

    @property
    def causes(self) -> Mapping[str, Sequence[int]]:
        """The seeds that fail for each cause, in the order in which causes were first met."""
        found: dict[str, list[int]] = {}
        for each in self.failed:
            for failure in each.failures:
                found.setdefault(failure.cause, []).append(each.seed)
        return found


def search(
    path: Path,
    scenario: Scenario,
    seeds: int,
    *,
    settings: Mapping[str, str],
    jobs: int,
    seconds: float | None = None,
    progress: Callable[[int, int], object] = lambda _seeds, _failures: None,
) -> Searched:
    """Run seeds 1 to *seeds*, in place, and return which of them fail.

    The result does not depend on how many processes there are, but for where it stops if
    it is stopped.

    Args:
        path: where the scenario was read from, for other processes to read it.
        jobs: how many processes run seeds.
        seconds: stop after that time by the clock on the wall, with what there is.
        progress: is called with how many more seeds have been run, and how many of them
            failed.
    """
    until = None if seconds is None else monotonic() + seconds
    chunks = [range(first, min(first + _CHUNK, seeds + 1)) for first in range(1, seeds + 1, _CHUNK)]
    ran: dict[int, tuple[Failure, ...]] = {}
    if jobs == 1:
        found = map(_Worker(scenario), chunks)
        _take(found, ran, until, progress)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, context, _Process.begin, (path, dict(settings))) as pool:
            try:
                _take(pool.map(_Process.run, chunks), ran, until, progress)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    failed = tuple(SeedFailed(seed, failures) for seed, failures in ran.items() if failures)
    return Searched(len(ran), failed)


def _take(
    found: Iterator[Mapping[int, tuple[Failure, ...]]],
    ran: dict[int, tuple[Failure, ...]],
    until: float | None,
    progress: Callable[[int, int], object],
) -> None:
    for chunk in found:
        ran |= chunk
        progress(len(chunk), sum(map(bool, chunk.values())))
        if until is not None and monotonic() > until:
            return


@attrs.frozen
class _Worker:
    """Runs seeds of one scenario."""

    scenario: Scenario

    def __call__(self, seeds: Sequence[int]) -> Mapping[int, tuple[Failure, ...]]:
        return {seed: of_seed(self.scenario, seed).failures for seed in seeds}


class _Process:
    """What a process of the pool knows: the scenario, read once."""

    worker: ClassVar[_Worker]

    @classmethod
    def begin(cls, path: Path, settings: Mapping[str, str]) -> None:
        cls.worker = _Worker(load(path, settings))

    @classmethod
    def run(cls, seeds: Sequence[int]) -> Mapping[int, tuple[Failure, ...]]:
        return cls.worker(seeds)
