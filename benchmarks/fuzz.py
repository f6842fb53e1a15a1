"""The search: seeds a second on one core and on all, runs to make a failure small, and what
invariants cost."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import HERE, ROUNDS, Row, run, say

from floorproof.runtime.choices import Seeded
from floorproof.scenario.floor import Floor, Scenario, load
from floorproof.scenario.fuzz import hunt
from floorproof.scenario.fuzz.export import Found
from floorproof.scenario.fuzz.search import search

EXAMPLES = HERE.parent / "examples"
MOVING_MARKET = EXAMPLES / "staged_order_in_a_moving_market.toml"
BUSY = {"flow.0.settings.orders_per_second": "24"}
"""Three times as many orders."""

WORKLOADS: dict[str, tuple[dict[str, str], int]] = {"staged order": ({}, 400), "busy": (BUSY, 120)}
"""What is set, and how many seeds are run, so that starting processes does not count."""

PLANTED_SEEDS = 60


def once_search(workload: str, jobs: str) -> None:
    settings, seeds = WORKLOADS[workload]
    scenario = load(MOVING_MARKET, settings)
    start = time.perf_counter()
    found = search(MOVING_MARKET, scenario, range(1, seeds + 1), settings=settings, jobs=int(jobs))
    seconds = time.perf_counter() - start
    places = len(found.reach.places)
    say(seconds, seeds=found.seeds, failed=len(found.failed), places=places)


def once_watched(watched: str) -> None:
    """Run seeds with the invariants that watch by default, or with none."""
    scenario = load(MOVING_MARKET)
    if watched == "none":
        scenario.plan.invariants = {}
    _seeds(scenario, 3)
    start = time.perf_counter()
    entries = _seeds(scenario, 60)
    say(time.perf_counter() - start, entries=entries)


def _seeds(scenario: Scenario, many: int) -> int:
    entries = 0
    for seed in range(1, many + 1):
        entries += len(Floor(scenario).run(choices=Seeded(seed), in_place=True).journal)
    return entries


def once_shrink(file: str) -> None:
    path = Path(file)
    scenario = load(path)
    found = search(path, scenario, range(1, PLANTED_SEEDS + 1), settings={}, jobs=1)
    start, runs = time.perf_counter(), []
    for cause, failing in hunt.causes_of(found)[:1]:
        small = hunt.shrink(scenario, cause, failing)
        if isinstance(small, Found):
            runs.append(small.runs)
    say(time.perf_counter() - start, runs=runs)


def _rate(runs: Sequence[float]) -> float:
    return round(statistics.median(runs), 1)


def _ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """Return how often *those* goes into *these*: the median of the rounds."""
    return round(statistics.median(a / b for a, b in zip(these, those, strict=True)), 2)


def rows() -> Iterator[Row]:
    """Yield the rows of the search."""
    cores = os.cpu_count() or 1
    for workload in WORKLOADS:
        one: list[float] = []
        every: list[float] = []
        for _ in range(ROUNDS):
            for jobs, rates in ((1, one), (cores, every)):
                ran = run(sys.executable, "fuzz.py", "search", workload, str(jobs))
                assert not ran["failed"], f"{workload}: a seed fails"
                rates.append(ran["seeds"] / ran["seconds"])
        name = f"fuzz, {workload}"
        yield {"name": f"{name}, one process", "value": _rate(one), "unit": "seeds/s"}
        yield {
            "name": f"{name}, {cores} processes",
            "value": _rate(every),
            "unit": "seeds/s",
            "versus": "one process",
            "ratio": round(
                statistics.median(
                    all_of / one_of for one_of, all_of in zip(one, every, strict=True)
                ),
                2,
            ),
        }
    bare, watched = [], []
    for _ in range(ROUNDS):
        without, default = (
            run(sys.executable, "fuzz.py", "watched", which) for which in ("none", "default")
        )
        assert without["entries"] == default["entries"], "who looks on changes nothing"
        bare.append(without["seconds"])
        watched.append(default["seconds"])
    longer = _ratio(watched, bare)
    yield {
        "name": "fuzz, default invariants",
        "value": round(100 * (longer - 1)),
        "unit": "% longer",
        "versus": "no invariants",
        "ratio": longer,
    }
    runs = [
        each
        for path in sorted((EXAMPLES / "planted").glob("*.toml"))
        for each in run(sys.executable, "fuzz.py", "shrink", str(path))["runs"]
    ]
    if runs:
        yield {
            "name": f"fuzz, shrinking {len(runs)} planted bugs",
            "value": round(statistics.median(runs)),
            "unit": "runs a failure",
            "most": max(runs),
        }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["search", workload, jobs]:
            once_search(workload, jobs)
        case ["watched", which]:
            once_watched(which)
        case ["shrink", file]:
            once_shrink(file)
        case other:
            raise SystemExit(f"expected search, watched or shrink, found {other}")
