"""Hypothesis instead of seeds: it owns what the environment chooses.

It draws the choices of each run, keeps the runs that failed in its database and begins with
them, is drawn towards runs that reach more, and makes those that fail small.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

import attrs

from ...runtime.choices import Counted, Drawn
from ..errors import ScenarioError
from ..floor import Scenario
from ..reach import Cell, Reach
from .failures import outcome
from .search import Ran, Searched
from .watchdog import Limits


def require_hypothesis(what: str) -> None:
    """Make sure that Hypothesis is installed.

    Raises:
        ScenarioError: if it is not; the text says what to install.
    """
    if find_spec("hypothesis") is None:
        raise ScenarioError(what, "needs hypothesis: pip install 'floorproof[testing]'")


def search_examples(
    scenario: Scenario,
    examples: int,
    *,
    limits: Limits | None = None,
    seconds: float | None = None,
    database: Path | None = None,
    reach: Reach | None = None,
    took: Callable[[Ran, Sequence[Cell]], object] = lambda _ran, _new: None,
) -> Searched:
    """Run examples of Hypothesis's, in place, and return which of them fail.

    Args:
        examples: how many, besides those that make a failure small.
        limits: how long a run may go on.
        seconds: run no more after that time by the clock on the wall.
        database: the folder of Hypothesis's database; without one the same is drawn each
            time, and nothing is kept.
        reach: what has been reached before, which grows.
        took: is called with each run, and with what it was the first to reach.

    Returns:
        What came of it; of the runs that fail for one cause the smallest is the first.
    """
    import hypothesis
    from hypothesis import Phase
    from hypothesis import strategies as st
    from hypothesis.database import DirectoryBasedExampleDatabase

    counted = Counted()
    outcome(scenario, counted, limits=limits)
    runs = _Runs(scenario, counted, limits, seconds, Reach() if reach is None else reach, took)

    def example(data: st.DataObject) -> None:
        cells = runs.run(lambda bound: data.draw(st.integers(0, bound)))
        hypothesis.target(float(cells), label="places of the map")

    kept = None
    if database is not None:
        # Its keys are of the function that is run, which is the same for every scenario.
        key = hashlib.blake2b(scenario.text.encode(), digest_size=8).hexdigest()
        kept = DirectoryBasedExampleDatabase(database / key)
    else:
        example = hypothesis.seed(0)(example)
    test = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=kept,
        # Not to explain: that traces each line of what fails, ten times as slowly.
        phases=(Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
        report_multiple_bugs=True,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(hypothesis.given(st.data())(example))
    try:
        test()
    except _Fails:
        pass
    except BaseExceptionGroup as group:
        others = group.split(_Fails)[1]
        if others is not None:
            raise others from None
    failed = sorted(runs.failed, key=lambda ran: _size(ran.choices or {}))
    return Searched(runs.count, tuple(failed), runs.reach)


def _size(choices: Any) -> tuple[int, int]:
    return len(choices), sum(choices.values())


class _Fails(Exception):
    """A run fails; each cause has a class of its own, so that Hypothesis tells them apart."""


@attrs.define
class _Runs:
    """The runs of a search, as Hypothesis asks for them."""

    _scenario: Scenario
    _counted: Counted
    _limits: Limits | None
    _seconds: float | None
    reach: Reach
    _took: Callable[[Ran, Sequence[Cell]], object]
    count: int = attrs.field(init=False, default=0)
    failed: list[Ran] = attrs.field(init=False, factory=list)
    _until: float = attrs.field(init=False)
    _classes: dict[str, type[_Fails]] = attrs.field(init=False, factory=dict)

    @_until.default
    def _when_over(self) -> float:
        return float("inf") if self._seconds is None else monotonic() + self._seconds

    def run(self, draw: Callable[[int], int]) -> int:
        """Run what is drawn, and return how many places of the map it came to.

        Raises:
            _Fails: if it fails.
        """
        if monotonic() > self._until:
            return 0
        choices = Drawn(draw, self._counted)
        found = outcome(self._scenario, choices, limits=self._limits)
        if choices.stopped is not None:
            raise choices.stopped
        self.count += 1
        failing = found.choices if found.failures else None
        ran = Ran(self.count, found.failures, found.cells, failing)
        new = self.reach.new(ran.cells)
        self.reach.add(ran.seed, ran.cells)
        self._took(ran, new)
        if ran.failures:
            self.failed.append(ran)
            raise self._class_of(ran.causes[0])
        return len(ran.cells)

    def _class_of(self, cause: str) -> type[_Fails]:
        if cause not in self._classes:
            self._classes[cause] = type("Fails", (_Fails,), {})
        return self._classes[cause]
