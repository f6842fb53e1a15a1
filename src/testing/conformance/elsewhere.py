"""The same examples in two more processes, each under another hash seed.

What a plugin takes from the order of a set, from ``hash()`` or ``id()``, nothing shows within
one process.  The others run the module `worker`.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import msgspec

from ...plugins.findings import Finding, Outcome
from .claims import ELSEWHERE
from .explore import Bench, Trial
from .kit import Kit, Tried
from .reference import load

Place: TypeAlias = tuple[str, str, int]
"""A bench: its kind, the name that is offered, and which of that name's benches it is."""

Answers: TypeAlias = list[list[tuple[str, str]]]
"""Of each example, the subjects that answered, in order, each with the answer's digest."""


class _ProcessFailed(Exception):
    """A process that was to answer has ended without an answer."""


@attrs.frozen
class Job:
    """What the other processes are to do."""

    reference: str
    settings: Mapping[str, Mapping[str, object]]
    symbols: tuple[Any, Any]
    examples: Mapping[Place, Sequence[Any]]


_EXAMPLES = 15  # of each bench
_HASH_SEEDS = ("1", "2")


def compare(reference: str, kit: Kit, tried: Sequence[Tried]) -> Iterator[Finding]:
    """Yield what becomes of the last examples in other processes."""
    places = {(each.kind, each.name, each.number): each for each in tried if each.examples}
    if not places:
        return
    examples = {place: each.examples[-_EXAMPLES:] for place, each in places.items()}
    job = pickle.dumps(Job(reference, kit.settings, kit.symbols, examples))
    try:
        one, other = _answers(job, kit.effort.budget_s * 6)
    except _ProcessFailed as failed:
        yield Finding(ELSEWHERE, reference, Outcome.FAILED, str(failed))
        return
    for place, each in places.items():
        yield from _differences(each.bench, examples[place], one[place], other[place])


def _answers(job: bytes, seconds: float) -> list[dict[Place, Answers]]:
    """Return what each of the processes answers; they run side by side."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in _HASH_SEEDS
    ]
    try:
        for process in processes:
            assert process.stdin is not None, "it is a pipe"
            process.stdin.write(job)
            process.stdin.close()
            process.stdin = None
        found = []
        for seed, process in zip(_HASH_SEEDS, processes, strict=True):
            out, err = process.communicate(timeout=seconds)
            if process.returncode:
                last = err.decode(errors="replace").strip().rpartition("\n")[2]
                raise _ProcessFailed(f"under PYTHONHASHSEED={seed} a process ended: {last}")
            found.append({tuple(place): said for place, said in msgspec.json.decode(out)})
        return found
    except subprocess.TimeoutExpired:
        raise _ProcessFailed(f"another process gave no answer in {seconds:g} s") from None
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _differences(
    bench: Bench[Any], examples: Sequence[Any], one: Answers, other: Answers
) -> Iterator[Finding]:
    executed: Counter[str] = Counter()
    differing: dict[str, Any] = {}
    for example, ours, theirs in zip(examples, one, other, strict=True):
        for mine, yours in zip(ours, theirs, strict=False):
            executed[mine[0]] += 1
            if mine != yours:
                known = differing.get(mine[0])
                if known is None or len(repr(example)) < len(repr(known)):
                    differing[mine[0]] = example
                break
    for subject, count in executed.items():
        example = differing.get(subject)
        if example is None:
            yield Finding(ELSEWHERE, subject, Outcome.PASSED, executed=count)
        else:
            text = f"answers differ under PYTHONHASHSEED={' and '.join(_HASH_SEEDS)}"
            shown = bench.show(example)
            yield Finding(ELSEWHERE, subject, Outcome.FAILED, text, count, shown)


# --- one of them ---------------------------------------------------------------------


def work(job: Job) -> list[tuple[Place, Answers]]:
    """Return what is answered here."""
    loaded = load(job.reference)
    kit = Kit(plugins=loaded.plugins, settings=job.settings, symbols=job.symbols)
    found: dict[Place, Answers] = {}
    for kind in dict.fromkeys(kind for kind, _, _ in job.examples):
        for offer, fitted in kit.benches(loaded.plugin, kind):
            for number, bench in enumerate(fitted.benches):
                place = (kind, offer.name, number)
                if place in job.examples:
                    found[place] = [_said(bench, each) for each in job.examples[place]]
    return [*found.items()]


def _said(bench: Bench[Any], example: Any) -> list[tuple[str, str]]:
    trial = Trial()
    bench.run(example, trial)
    return [
        (subject, hashlib.blake2b(answer.encode(), digest_size=8).hexdigest())
        for subject, answer in trial.said
    ]
