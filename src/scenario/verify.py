"""Whether a seed is a bug report: the same run in three processes that differ where they may.

Each seed runs in tasks, in tasks under another hash seed with Hypothesis imported and
in the opposite order of seeds, and in place.  What differs between them was not the
scenario's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import attrs

from ..runtime.errors import RunError
from ..runtime.journal import Entry, Recording, plain_text
from .differences import first_difference

_WORKER = "floorproof.scenario.worker"
_EXPLAINED = 3
"""How many seeds that diverge are run again to find their first difference."""


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


class WorkerFailed(RunError):
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
    """The first entry that differs, by way; of the first few seeds that diverge."""


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
    divergences: list[Divergence] = []
    failures = []
    for seed in range(1, seeds + 1):
        found = {way.name: outcomes[way.name][seed] for way in WAYS}
        first = found[WAYS[0].name]
        if any(outcome != first for outcome in found.values()):
            lines: tuple[str, ...] = ()
            if len(divergences) < _EXPLAINED:
                comparison = _Comparison(path, seed, seeds, found, settings, strict)
                lines = comparison.first_difference()
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
    with ExitStack() as stack:
        workers = []
        for way in WAYS:
            # A file, as a pipe that nobody empties would fill up and stop the process.
            errors = stack.enter_context(tempfile.TemporaryFile())
            process = stack.enter_context(
                subprocess.Popen(
                    _command(way, path, first, last, settings, strict),
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    env={**os.environ, "PYTHONHASHSEED": str(way.hash_seed)},
                )
            )
            stack.callback(process.kill)
            workers.append((way, process, errors))
            threading.Thread(target=_pump, args=(way, process, lines), daemon=True).start()
        waiting = len(workers)
        while waiting:
            way, line = lines.get()
            if line is None:
                waiting -= 1
            else:
                seed, _, outcome = line.rstrip("\n").partition(" ")
                yield way, int(seed), _read(outcome)
        for way, process, errors in workers:
            if process.wait():
                errors.seek(0)
                raise WorkerFailed(way.name, errors.read().decode(errors="replace"))


def _read(outcome: str) -> str:
    """Return a digest as it is, and an error with its lines."""
    word, _, text = outcome.partition(" ")
    return f"error {json.loads(text)}" if word == "error" else outcome


def _pump(
    way: Way,
    process: subprocess.Popen[str],
    lines: queue.SimpleQueue[tuple[Way, str | None]],
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put((way, line))
    lines.put((way, None))


@attrs.frozen
class _Comparison:
    """Runs a seed again, the first way and one that differs, and compares the journals."""

    path: Path
    seed: int
    seeds: int
    found: Mapping[str, str]
    settings: Mapping[str, str]
    strict: bool

    def first_difference(self) -> tuple[str, ...]:
        # By itself if that shows it; what outlives a run shows only after other seeds.
        for first, last in dict.fromkeys(((self.seed, self.seed), (1, self.seeds))):
            with ThreadPoolExecutor() as pool:
                one, other = pool.map(partial(self._journal, first, last), self._ways())
            pair = first_difference(one, other)
            if pair is not None:
                return tuple(
                    f"{way.name}: {'nothing more' if entry is None else plain_text(entry)}"
                    for way, entry in zip(self._ways(), pair, strict=True)
                )
        return ("this time both journals were equal: the difference comes and goes",)

    def _ways(self) -> tuple[Way, Way]:
        first = WAYS[0]
        other = next(way for way in WAYS if self.found[way.name] != self.found[first.name])
        return first, other

    def _journal(self, first: int, last: int, way: Way) -> Sequence[Entry]:
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder) / "journal"
            command = _command(way, self.path, first, last, self.settings, self.strict)
            ended = subprocess.run(
                [*command, "--journal", str(journal), "--of", str(self.seed)],
                env={**os.environ, "PYTHONHASHSEED": str(way.hash_seed)},
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.returncode:
                raise WorkerFailed(way.name, ended.stderr)
            return Recording(journal.read_bytes()).entries


def hypothesis_installed() -> bool:
    return importlib.util.find_spec("hypothesis") is not None


def seeds_in_order(first: int, last: int, *, reverse: bool) -> Sequence[int]:
    return range(last, first - 1, -1) if reverse else range(first, last + 1)
