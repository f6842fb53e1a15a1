"""Stateful tests on a running floor: rules act on it, and everything must go on holding.

A machine says what people do, one step after another, and sees what came of it before the
next.  Its floor runs again from its beginning at each step: as a run depends on nothing but
its scenario and its choices, that is the same as going on.

    class Desk(FloorMachine):
        scenario = "desk.toml"

        @rule(quantity=st.integers(1, 9))
        def stage(self, quantity):
            self.do("PM1", "stage", order={"id": self.name("P"), "quantity": quantity, ...})

        @invariant()
        def nobody_has_more_than_he_asked_for(self):
            ...

    TestDesk = Desk.TestCase
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
import tomlkit

from . import require_extra
from .proving import AnyScenario, ScenarioFailed, scenario_of, story

require_extra()

from hypothesis import strategies as st  # noqa: E402  # the extra has been looked for
from hypothesis.stateful import (  # noqa: E402  # as above
    RuleBasedStateMachine,
    initialize,
    invariant,
)

from ..market.identifiers import Duration  # noqa: E402  # as above
from ..market.window import Window  # noqa: E402  # as above
from ..runtime.journal import Entry  # noqa: E402  # as above
from ..scenario.expect import windows  # noqa: E402  # as above
from ..scenario.floor import Result, Scenario, run  # noqa: E402  # as above
from ..scenario.fuzz.failures import failures_of  # noqa: E402  # as above
from ..scenario.plan import Plan  # noqa: E402  # as above
from ..scenario.reading import read_scenario  # noqa: E402  # as above
from ..scenario.schema import StepTable  # noqa: E402  # as above

_S = 1_000_000_000


class FloorMachine(RuleBasedStateMachine):
    """A floor that a machine's rules act on.

    All invariants of the scenario watch.  The seed, from which interleavings, latencies and
    faults come, is drawn first, and shrinks to the run without one.
    """

    scenario: ClassVar[AnyScenario]
    """The floor: a file's path, a text, or a scenario.  Its own steps are played as well."""

    between_ns: ClassVar[int] = _S
    """How much time passes after a step, in nanoseconds."""

    def __init__(self) -> None:
        super().__init__()
        self._base = scenario_of(self.scenario)
        self._tables = read_scenario(self._base.text, self._base.overrides)
        self._steps: list[StepTable] = []
        self._played = self._with(())
        self._names = 0
        self._seed: int | None = None
        self._result: Result | None = None
        self.now_ns = 0
        """Up to when the floor has run, in nanoseconds since the start."""

    @initialize(seed=st.integers(0, 2**16))
    def _begin(self, seed: int) -> None:
        self._seed = seed or None

    # --- what rules do ---------------------------------------------------------------

    def do(self, who: str, what: str, **action: Any) -> tuple[Entry, ...]:
        """Have somebody do something, as a ``[[step]]`` says it, and let time pass.

        Args:
            who: the user.
            what: the action: what stands after ``do`` in a scenario.
            action: the step's other keys.

        Returns:
            What has come of it, and whatever else has happened meanwhile.

        Raises:
            ScenarioError: if no scenario could have that step.
        """
        step = StepTable(at=Duration(self.now_ns), who=who, do=what, action=action)
        self._played = self._with([*self._steps, step])
        self._steps.append(step)
        before = self.now_ns
        self.now_ns += self.between_ns
        self._result = None
        return tuple(entry for entry in self.entries if entry.time >= before)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * _S)

    def name(self, prefix: str) -> str:
        """Return a name that has not been given before."""
        self._names += 1
        return f"{prefix}{self._names}"

    # --- what they see ---------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The journal up to now."""
        return tuple(entry for entry in self._ran.journal if entry.time < max(1, self.now_ns))

    def windows(self) -> Mapping[str, Window]:
        """Return every user's Orders and Fills window as of now."""
        return windows(self.entries, self._base.users)

    @invariant()
    def the_floor_holds(self) -> None:
        """Nothing that must hold on the floor has been broken up to now.

        Raises:
            ScenarioFailed: if something has; the text has what led there, and the steps.
        """
        result = self._ran
        broken = tuple(each for each in result.violations if each.time_ns < max(1, self.now_ns))
        if broken:
            seen = attrs.evolve(result, violations=broken, verdicts=())
            failures = failures_of(seen)
            text = story(seen, failures, f"floorproof run, with these steps:\n{self.steps_text()}")
            raise ScenarioFailed(text, failures, self._seed)

    def steps_text(self) -> str:
        """Return the steps that were made as a scenario file has them."""
        steps: Sequence[Mapping[str, Any]] = [
            {"at": f"{step.at}ns", "who": step.who, "do": step.do, **step.action}
            for step in self._steps
        ]
        return tomlkit.dumps({"step": steps}) if steps else ""

    @property
    def _ran(self) -> Result:
        if self._result is None:
            self._result = run(self._played, seed=self._seed, in_place=True)
        return self._result

    def _with(self, steps: Sequence[StepTable]) -> Scenario:
        base = self._base
        tables = attrs.evolve(self._tables, step=(*self._tables.step, *steps), expect=())
        plan = Plan(tables, base.plan.shelf.plugins, base.folder)
        return attrs.evolve(base, plan=plan)
