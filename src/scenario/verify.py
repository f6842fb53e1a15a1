"""Whether a seed is a bug report: the same run in three processes that differ where they may.

Each seed runs in tasks, in tasks under another hash seed with Hypothesis imported and
in the opposite order of seeds, and in place.  What differs between them was not the
scenario's.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import attrs

from ..runtime.errors import FloorproofError
from ..runtime.journal import Recording, plain_text

_WORKER = "floorproof.scenario.worker"


@attrs.frozen
class Way:
    """One way of running a seed that must not matter."""

    name: str
    hash_seed: int
    arguments: tuple[str, ...] = ()


WAYS = (
    Way("in tasks", 1),
    Way("in tasks, another hash seed, Hypothesis imported", 2, ("--hypothesis", "--reverse")),
    Way("in place", 3, ("--in-place",)),
)


class WorkerFailed(FloorproofError):
    """A process that runs seeds ended before it had run them all."""

    def __init__(self, way: str, text: str) -> None:
        super().__init__(f"the process that runs seeds {way} failed:\n{text.strip()}")
        self.way = way


@attrs.frozen
class Divergence:
    """One seed that does not always run the same."""

    seed: int
    outcomes: tuple[tuple[str, str], ...]
    """By way: the digest, or what the run ended with."""

    lines: tuple[str, ...] = ()
    """The first entry that differs, by way."""


@attrs.frozen
class Verification:
    """What came of verifying a scenario."""

    seeds: int
    divergences: tuple[Divergence, ...]
    failures: tuple[tuple[int, str], ...]
    """Seeds whose run ended with an error, the same in all ways."""


def verify(
    path: Path,
    seeds: int,
    *,
    settings: Mapping[str, str],
    strict: bool,
    progress: Callable[[], object],
) -> Verification:
    """Run seeds 1 to *seeds* every way, each way in a process of its own.

    Args:
        strict: also watch every call of participants and plugins.
        progress: is called after each run.

    Raises:
        WorkerFailed: if a process ends early.
    """
    outcomes: dict[str, dict[int, str]] = {way.name: {} for way in WAYS}
    for way, seed, outcome in _run_all(path, 1, seeds, settings=settings, strict=strict):
        outcomes[way.name][seed] = outcome
        progress()
    divergences, failures = [], []
    for seed in range(1, seeds + 1):
        found = {way.name: outcomes[way.name][seed] for way in WAYS}
        first = found[WAYS[0].name]
        if any(outcome != first for outcome in found.values()):
            lines = _first_difference(path, seed, found, settings=settings, strict=strict)
            divergences.append(Divergence(seed, tuple(found.items()), lines))
        elif first.startswith("error "):
            failures.append((seed, first.removeprefix("error ")))
    return Verification(seeds, tuple(divergences), tuple(failures))


def _command(
    way: Way, path: Path, first: int, last: int, settings: Mapping[str, str], strict: bool
) -> list[str]:
    command = [sys.executable, "-m", _WORKER, str(path), str(first), str(last), *way.arguments]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return [*command, "--strict"] if strict else command


def _run_all(
    path: Path, first: int, last: int, *, settings: Mapping[str, str], strict: bool
) -> Iterator[tuple[Way, int, str]]:
    """Yield each way's outcome of each seed, as it comes."""
    lines: queue.SimpleQueue[tuple[Way, str | None]] = queue.SimpleQueue()
    processes = []
    for way in WAYS:
        process = subprocess.Popen(
            _command(way, path, first, last, settings, strict),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": str(way.hash_seed)},
        )
        processes.append((way, process))
        threading.Thread(target=_pump, args=(way, process, lines), daemon=True).start()
    waiting = len(processes)
    try:
        while waiting:
            way, line = lines.get()
            if line is None:
                waiting -= 1
            else:
                seed, _, outcome = line.rstrip("\n").partition(" ")
                yield way, int(seed), outcome
        for way, process in processes:
            _, errors = process.communicate()
            if process.returncode:
                raise WorkerFailed(way.name, errors)
    finally:
        for _, process in processes:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _pump(
    way: Way,
    process: subprocess.Popen[str],
    lines: queue.SimpleQueue[tuple[Way, str | None]],
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put((way, line))
    lines.put((way, None))


def _first_difference(
    path: Path,
    seed: int,
    found: Mapping[str, str],
    *,
    settings: Mapping[str, str],
    strict: bool,
) -> tuple[str, ...]:
    """Run the seed again the first way and one that differs, and compare their journals."""
    first = WAYS[0]
    other = next(way for way in WAYS if found[way.name] != found[first.name])
    with tempfile.TemporaryDirectory() as folder:
        stories = []
        for index, way in enumerate((first, other)):
            journal = Path(folder) / str(index)
            command = _command(way, path, seed, seed, settings, strict)
            subprocess.run(
                [*command, "--journal", str(journal)],
                env={**os.environ, "PYTHONHASHSEED": str(way.hash_seed)},
                capture_output=True,
                check=False,
            )
            stories.append(Recording(journal.read_bytes()).entries)
    for one, two in zip_longest(*stories):
        if one != two:
            return tuple(
                f"{way.name}: {plain_text(entry) if entry is not None else 'nothing more'}"
                for way, entry in ((first, one), (other, two))
            )
    return ("this time both journals were equal: the difference comes and goes",)


def hypothesis_installed() -> bool:
    return importlib.util.find_spec("hypothesis") is not None


def seeds_in_order(first: int, last: int, *, reverse: bool) -> Sequence[int]:
    return range(last, first - 1, -1) if reverse else range(first, last + 1)
