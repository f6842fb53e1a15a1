"""Hypothesis strategies: what the environment may do to a scenario.

Hypothesis draws the values of *named* choices before a run starts, so that a value that is
made smaller changes one thing and leaves the rest of the run as it was: what fails shrinks to
the few choices that matter.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress

import attrs

from . import require_extra
from .proving import AnyScenario, scenario_of

require_extra()

from hypothesis import strategies as st  # noqa: E402  # the extra has been looked for

from ..runtime.choices import Choice, Choices, Seeded  # noqa: E402  # as above
from ..runtime.errors import RunError  # noqa: E402  # as above
from ..scenario.floor import run  # noqa: E402  # as above


@attrs.define
class _Asked(Choices):
    """Answers as a seed does, and keeps what it was asked for."""

    _source: Seeded
    bounds: dict[str, int] = attrs.field(init=False, factory=dict)

    @property
    def varies(self) -> bool:
        return True

    @property
    def taken(self) -> Mapping[str, int]:
        return self._source.taken

    def choose(self, choice: Choice, bound: int) -> int:
        if bound:
            self.bounds[str(choice)] = bound
        return self._source.choose(choice, bound)

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        self.bounds[str(choice)] = bound
        return self._source.rarely(choice, bound, one_in)

    def stream(self, actor: str, purpose: str) -> random.Random:
        return self._source.stream(actor, purpose)


def choices_of(
    scenario: AnyScenario, *, runs: int = 3, most: int = 20
) -> st.SearchStrategy[Mapping[str, int]]:
    """Return a strategy for choices of a scenario, by name; those left out are 0.

    What may be chosen is found by running a few seeds: which messages there are depends on
    what was chosen before.

    Args:
        runs: how many seeds are run for that.
        most: how many choices differ from the default at most.
    """
    read = scenario_of(scenario)
    bounds: dict[str, int] = {}
    for seed in range(1, runs + 1):
        asked = _Asked(Seeded(seed))
        with suppress(RunError):  # what was asked for up to there may be chosen all the same
            run(read, choices=asked, in_place=True)
        bounds |= asked.bounds
    if not bounds:
        return st.just({})
    values = st.sampled_from(sorted(bounds)).flatmap(
        lambda name: st.tuples(st.just(name), st.integers(1, bounds[name]))
    )
    return st.lists(values, max_size=most, unique_by=lambda pair: pair[0]).map(dict)
