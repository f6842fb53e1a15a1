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


Program: TypeAlias = tuple[str, Sequence[str]]
"""A peer's script in this folder, and its arguments."""


def installed(peer: str) -> bool:
    """Whether the peers' environment has *peer*: a machine may lack the compiler it needs."""
    command = [str(PEERS_PYTHON), "-c", f"import {peer.replace('-', '_')}"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def in_turn(
    script: str,
    ours: Mapping[str, Sequence[str]],
    peers: Mapping[str, Program],
    answers: Mapping[str, object],
) -> tuple[dict[str, list[Run]], dict[str, list[Run]]]:
    """Run *ours* and the *peers* by turns, and check every answer.

    Args:
        peers: by the package that each is in.

    Returns:
        The runs of each of ours, and those of each peer: none of one that is not installed.
    """
    mine: dict[str, list[Run]] = {name: [] for name in ours}
    theirs: dict[str, list[Run]] = {peer: [] for peer in peers}
    present = [peer for peer in peers if installed(peer)]
    for _ in range(ROUNDS):
        for peer in present:
            theirs[peer].append(run(PEERS_PYTHON, peers[peer][0], *peers[peer][1]))
        for name, arguments in ours.items():
            mine[name].append(run(sys.executable, script, *arguments))
    for who, runs in [*theirs.items(), *mine.items()]:
        for said in runs:
            wrong = {key: said[key] for key, value in answers.items() if said[key] != value}
            assert not wrong, f"{who}: not the same work: {wrong}, expected {dict(answers)}"
    return mine, theirs


def rates(
    unit: str,
    amount: int,
    mine: Mapping[str, Sequence[Run]],
    theirs: Mapping[str, Sequence[Run]],
    versus: str = "",
) -> Iterator[Row]:
    """Yield a row for each of ours and each peer: how many of *amount* things a second.

    The ratio is how often that is the peer's rate, the median of the rounds.  A peer that
    is not installed has a row that says so.

    Args:
        versus: what the peer does, where its package's name does not say that.
    """
    for peer, its_runs in theirs.items():
        if not its_runs:
            yield {"versus": versus or peer, "left_out": f"{peer} could not be installed here"}
    for name, runs in mine.items():
        row = {
            "name": name,
            "value": round(statistics.median(amount / said["seconds"] for said in runs)),
            "unit": unit,
        }
        if not any(theirs.values()):
            yield row
        for peer, its_runs in theirs.items():
            if its_runs:
                ratios = (
                    their["seconds"] / our["seconds"]
                    for our, their in zip(runs, its_runs, strict=True)
                )
                ratio = round(statistics.median(ratios), 2)
                yield row | {"versus": versus or peer, "ratio": ratio}
