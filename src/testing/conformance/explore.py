"""Trying a plugin on examples that Hypothesis draws, and making those small in which it fails."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, Protocol, TypeVar

import attrs

from .. import require_extra

require_extra()

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # noqa: E402  # the extra has been looked for
from hypothesis.errors import HypothesisException  # noqa: E402  # as above
from hypothesis.strategies import SearchStrategy  # noqa: E402  # as above

from ...plugins.findings import Key, Tally  # noqa: E402  # as above
from .claims import FINISHES  # noqa: E402  # as above

E = TypeVar("E")


@attrs.define
class Trial(Tally):
    """What came of one example: checks made, faults found, and every answer that was given."""

    said: list[tuple[str, str]] = attrs.field(factory=list)
    """Subjects with their answers, in the order in which they came."""


@attrs.define
class Timing:
    """How long questions took, and how long it took to ask somebody who has nothing to say."""

    calls: int = 0
    taken_ns: int = 0
    empty_ns: int = 0


class Bench(Protocol[E]):
    """Where one thing that a plugin offers is put to the proof."""

    @property
    def kind(self) -> str:
        """As the provider hooks call it."""

    @property
    def name(self) -> str: ...

    @property
    def slowness(self) -> int:
        """Of how many examples it gets one: whole floors take their time."""

    @property
    def subjects(self) -> Sequence[str]:
        """All that can be asked: what no example has reached is told as skipped."""

    @property
    def strategy(self) -> SearchStrategy[E]: ...

    def run(self, example: E, trial: Trial) -> None:
        """Put all that *example* has, and tally what comes of it; equal each time."""

    def timed(self, example: E, timings: dict[str, Timing]) -> None:
        """Put it again, and add how long it takes, by subject."""

    def show(self, example: E) -> str: ...


@attrs.frozen(kw_only=True)
class Effort:
    """How much is tried."""

    examples: int = 60
    seed: int = 0
    shrink_runs: int = 400
    """How many runs making one example small may take."""

    budget_s: float = 10.0
    """How long one example may take."""


DEEP = Effort(examples=1500, shrink_runs=4000)


@attrs.define
class Explored(Generic[E]):
    """What came of all examples."""

    tally: Tally = attrs.field(factory=Tally)
    examples: list[E] = attrs.field(factory=list)
    failing: dict[Key, tuple[str, E]] = attrs.field(factory=dict)
    """The fault and the example, by check."""

    hung: bool = False


class Hangs(BaseException):
    """The budget of time is over.  No handler of a plugin's is to take it for its own."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Raise `Hangs` in the block once so much time has passed.

    Where there are no such alarms (outside the main thread, on Windows) it may take any time.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def over(_signal: int, _frame: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def explore(bench: Bench[E], effort: Effort) -> Explored[E]:
    """Try examples, and make each failing one small."""
    found: Explored[E] = Explored()

    def see(example: E) -> None:
        if found.hung:
            return
        trial = _tried(bench, example, effort)
        found.examples.append(example)
        found.tally.executed.update(trial.executed)
        for key, fault in trial.faults.items():
            known = found.failing.get(key)
            if known is None or len(repr(example)) < len(repr(known[1])):
                found.failing[key] = fault, example
            found.hung = found.hung or key[1] is FINISHES

    _drawn(bench, effort, see, (Phase.generate,))()
    for key in [key for key in found.failing if key[1] is not FINISHES]:
        found.failing[key] = _small(bench, effort, key) or found.failing[key]
    return found


def _tried(bench: Bench[E], example: E, effort: Effort) -> Trial:
    trial = Trial()
    try:
        with budget(effort.budget_s):
            bench.run(example, trial)
    except Hangs:
        fault = f"there was no answer in {effort.budget_s:g} s"
        trial.note(trial.asking or bench.name, FINISHES, fault)
    else:
        trial.note(bench.name, FINISHES)
    return trial


class _Fails(Exception):
    """Tells Hypothesis that the example is one of those that are looked for."""


class _Enough(BaseException):
    """Ends the search: it has gone on for long enough."""


def _small(bench: Bench[E], effort: Effort, key: Key) -> tuple[str, E] | None:
    """Return the smallest example that was found in which a check fails, and the fault.

    None if it does not fail again: it has hidden something from one example to the next.
    """
    best: list[tuple[str, E]] = []
    runs = 0

    def see(example: E) -> None:
        nonlocal runs
        runs += 1
        if runs > (effort.examples + effort.shrink_runs) // bench.slowness:
            raise _Enough
        fault = _tried(bench, example, effort).faults.get(key)
        if fault is not None:
            best.append((fault, example))
            raise _Fails

    with suppress(_Fails, _Enough, HypothesisException):  # as it should; or at times only
        _drawn(bench, effort, see, (Phase.generate, Phase.shrink))()
    return best[-1] if best else None


def _drawn(
    bench: Bench[E],
    effort: Effort,
    see: Callable[[E], None],
    phases: Sequence[Phase],
) -> Callable[[], Any]:
    """Return what shows *see* one example after another, the same ones each time."""

    @settings(
        max_examples=max(effort.examples // bench.slowness, 1),
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @seed(effort.seed)
    @given(bench.strategy)
    def drawn(example: E) -> None:
        see(example)

    return drawn
