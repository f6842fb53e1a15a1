"""What can be wrong with a run, and which runs fail for the same cause."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import attrs

from ...runtime.choices import Choices, Recorded, Seeded
from ...runtime.errors import ActorFailed, FenceBreach, FloorproofError, RunError
from ..floor import Floor, Result, Scenario
from ..watch import InvariantFailed
from .shrink import Variant


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


def outcome(
    scenario: Scenario,
    choices: Choices,
    *,
    in_place: bool = True,
    only: Collection[str] | None = None,
) -> Outcome:
    """Run *scenario* and return what is wrong with the run.

    Args:
        only: causes that are looked for; None for all.
    """
    digest = None
    try:
        result = Floor(scenario).run(choices=choices, in_place=in_place)
    except (RunError, FenceBreach) as error:
        found = [failure_of(error)]
    else:
        digest = result.digest
        found = failures_of(result)
    return Outcome(
        failures=tuple(each for each in found if only is None or each.cause in only),
        choices=dict(choices.taken),
        digest=digest,
    )


def of_seed(scenario: Scenario, seed: int) -> Outcome:
    """Run a seed in place and return what is wrong with the run."""
    return outcome(scenario, Seeded(seed))


def of_variant(scenario: Scenario, variant: Variant, *, in_place: bool = True) -> Outcome:
    """Run a variant and return what is wrong with the run."""
    reduced = scenario.reduced(variant.steps, variant.flows)
    return outcome(reduced, Recorded(variant.choices), in_place=in_place)


def failure_of(error: RunError | FenceBreach) -> Failure:
    """Return what ended a run."""
    return Failure(_cause_of(error), str(error).partition("\n")[0])


def failures_of(result: Result) -> list[Failure]:
    """Return what is wrong with a run that came to its end."""
    found = [Failure(f"invariant {each.invariant}", each.text) for each in result.violations]
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
        case InvariantFailed(name=name, error=inner):
            return f"invariant {name} raised {type(inner).__name__}"
        case ActorFailed(actor=actor, error=inner):
            return f"{actor} raised {type(inner).__name__}"
        case _:
            return _NUMBER.sub("n", str(error).partition("\n")[0])
