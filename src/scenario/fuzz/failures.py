"""What can be wrong with a run, and which runs fail for the same cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs

from ...market.rules import RuleFailed
from ...plugins.watching import Goal
from ...runtime.choices import Choices, Recorded, Seeded
from ...runtime.errors import ActorFailed, EndlessRun, FenceBreach, FloorproofError, RunError
from ..floor import Floor, Result, Scenario
from ..reach import Cell, Sightings
from ..watch import InvariantFailed, Violation
from .shrink import Variant
from .watchdog import Hung, Limits, Watchdog


@attrs.frozen
class Failure:
    """One thing that is wrong with a run.

    Two runs fail for one reason if their causes are equal; what else is said of them may
    differ in names, numbers and moments.
    """

    cause: str
    """``invariant NAME``, ``expect[3]``, or what ended the run."""

    text: str
    """What was wrong, as it is told of this run."""

    @property
    def is_endless(self) -> bool:
        """Whether the run did not come to an end by itself: it takes long to see that."""
        return self.cause.endswith(" hangs") or self.cause == "the run does not end"

    @property
    def is_expectation(self) -> bool:
        """Whether the scenario's own expectation failed, which its steps are there for."""
        return self.cause.startswith("expect[")


@attrs.frozen(kw_only=True)
class Outcome:
    """What a run came to."""

    failures: tuple[Failure, ...]
    choices: Mapping[str, int]
    """What was chosen, draws included; it repeats the run."""

    digest: str | None
    """None where the run was ended by an error."""

    goals: tuple[Goal, ...] = ()
    """What it could have reached."""

    cells: tuple[Cell, ...] = ()
    """What it reached."""

    violations: tuple[Violation, ...] = ()

    def failure(self, cause: str) -> Failure | None:
        """Return the failure of that cause, if the run has it."""
        return next((each for each in self.failures if each.cause == cause), None)


def outcome(
    scenario: Scenario,
    choices: Choices,
    *,
    in_place: bool = True,
    limits: Limits | None = None,
    write: Callable[[bytes], object] | None = None,
) -> Outcome:
    """Run *scenario* and return what is wrong with the run, and what it reached.

    Args:
        limits: how long it may go on.
        write: is given the journal, line by line without ends.
    """
    limits = limits or Limits()
    digest, sightings = None, Sightings()
    violations: tuple[Violation, ...] = ()
    watchdog = Watchdog(limits.patience_s, lambda: sightings.seq)
    try:
        with watchdog.on_guard():
            result = Floor(scenario).run(
                choices=choices,
                in_place=in_place,
                sightings=sightings,
                max_entries=limits.max_entries,
                write=write,
            )
    except (RunError, FenceBreach) as error:
        violations = _broken_before(error)
        found = [*map(_of_violation, violations), failure_of(error)]
    except BaseException:
        # Out of the middle of a run it may come as whatever the run makes of it.
        if watchdog.barked is None:
            raise
        found = [Failure("the run hangs", str(watchdog.barked))]
    else:
        digest, violations = result.digest, result.violations
        found = failures_of(result)
    return Outcome(
        failures=tuple(found),
        choices=dict(choices.taken),
        digest=digest,
        goals=tuple(sightings.goals.values()),
        cells=tuple(sorted(sightings.cells)),
        violations=violations,
    )


def of_seed(scenario: Scenario, seed: int, limits: Limits | None = None) -> Outcome:
    """Run a seed in place and return what is wrong with the run."""
    return outcome(scenario, Seeded(seed), limits=limits)


def of_variant(
    scenario: Scenario,
    variant: Variant,
    *,
    in_place: bool = True,
    limits: Limits | None = None,
) -> Outcome:
    """Run a variant and return what is wrong with the run."""
    reduced = scenario.reduced(variant.steps, variant.flows)
    return outcome(reduced, Recorded(variant.choices), in_place=in_place, limits=limits)


def failure_of(error: RunError | FenceBreach) -> Failure:
    """Return what ended a run."""
    return Failure(_cause_of(error), str(error).partition("\n")[0])


def _broken_before(error: RunError | FenceBreach) -> tuple[Violation, ...]:
    """Return the invariants that were broken before *error* ended a run."""
    broken = error.broken if isinstance(error, RunError) else ()
    return tuple(each for each in broken if isinstance(each, Violation))


def _of_violation(violation: Violation) -> Failure:
    return Failure(f"invariant {violation.invariant}", violation.text)


def failures_of(result: Result) -> list[Failure]:
    """Return what is wrong with a run that came to its end."""
    found = [*map(_of_violation, result.violations)]
    found += [
        Failure(verdict.where, f"{verdict.says}, but {verdict.failure}")
        for verdict in result.verdicts
        if not verdict.held
    ]
    return found


_NUMBER = re.compile(r"\d+")


def _cause_of(error: FloorproofError) -> str:
    """Return what ended a run, without what differs from seed to seed."""
    match error:
        case ActorFailed(actor=actor, error=RuleFailed(rule_set=rule_set) as inner):
            how = "hangs" if _hangs(inner) else f"raised {type(inner.__cause__).__name__}"
            return f"{actor}: rule set {rule_set} {how}"
        case ActorFailed(actor=actor, error=inner) if _hangs(inner):
            return f"{actor} hangs"
        case EndlessRun():
            return "the run does not end"
        case InvariantFailed(name=name, error=inner):
            return f"invariant {name} raised {type(inner).__name__}"
        case ActorFailed(actor=actor, error=inner):
            return f"{actor} raised {type(inner).__name__}"
        case _:
            return _NUMBER.sub("n", str(error).partition("\n")[0])


def _hangs(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, Hung):
        error = error.__cause__
    return error is not None
