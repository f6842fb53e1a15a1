"""How a figure comes about: ours and a peer in turn, each run in a process of its own.

Machines change their speed from one minute to the next, so a figure that can be
compared is a ratio to something that ran beside it.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).resolve().parent
PEERS_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
ROUNDS = 5

Row: TypeAlias = dict[str, Any]
Run: TypeAlias = dict[str, Any]
"""What one run says of itself: ``seconds``, its answers, ``peak_rss_mb``."""

CHECK_BASE = 1_000_003
CHECK_MODULUS = 2**61 - 1


def say(seconds: float, **answers: object) -> None:
    """Print, as the last thing of a run's process, what `run` reads."""
    print(json.dumps({"seconds": seconds, "peak_rss_mb": _peak_rss_mb(), **answers}))


def _peak_rss_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` would count the process that started this one, too
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def run(python: str | Path, script: str, *arguments: str) -> Run:
    """Run a program of this folder, and return what it said of itself."""
    done = subprocess.run(
        [str(python), str(HERE / script), *arguments],
        env=os.environ | {"PYTHONPATH": str(HERE.parent / "typings")},
        stdout=subprocess.PIPE,
        check=True,
    )
    said: Run = json.loads(done.stdout.splitlines()[-1])
    return said


def in_turn(
    script: str,
    ours: Mapping[str, Sequence[str]],
    peer: tuple[str, Sequence[str]],
    answers: Mapping[str, object],
) -> tuple[dict[str, list[Run]], list[Run]]:
    """Run *ours* and the *peer* by turns, and check every answer.

    Returns:
        The runs of each of ours, and those of the peer.
    """
    mine: dict[str, list[Run]] = {name: [] for name in ours}
    theirs: list[Run] = []
    for _ in range(ROUNDS):
        theirs.append(run(PEERS_PYTHON, peer[0], *peer[1]))
        for name, arguments in ours.items():
            mine[name].append(run(sys.executable, script, *arguments))
    for said in [*theirs, *(said for runs in mine.values() for said in runs)]:
        wrong = {key: said[key] for key, value in answers.items() if said[key] != value}
        assert not wrong, f"not the same work: {wrong}, expected {dict(answers)}"
    return mine, theirs


def rates(
    unit: str,
    amount: int,
    mine: Mapping[str, Sequence[Run]],
    versus: str,
    theirs: Sequence[Run],
) -> Iterator[Row]:
    """Yield a row for each of ours: *amount* things a second, and how often the peer's rate."""
    for name, runs in mine.items():
        pairs = zip(runs, theirs, strict=True)
        yield {
            "name": name,
            "value": round(statistics.median(amount / said["seconds"] for said in runs)),
            "unit": unit,
            "versus": versus,
            "ratio": round(
                statistics.median(their["seconds"] / our["seconds"] for our, their in pairs), 2
            ),
        }
