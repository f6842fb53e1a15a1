"""What checks of a plugin found: claims, and what came of each."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TypeAlias

import attrs


class Outcome(Enum):
    PASSED = "passed"
    FAILED = "FAILED"
    SKIPPED = "skipped"


class Claim(str):
    """What it would be right to find, as a sentence; `word` is its short name in check ids."""

    word: str

    def __new__(cls, word: str, says: str) -> Claim:
        claim = super().__new__(cls, says)
        claim.word = word
        return claim


KEEPS_CONTRACT = Claim("contract", "loads and keeps the contract")
DOCUMENTED = Claim("documented", "has an id, a sentence and a source for each rule")
FROZEN = Claim("frozen", "is frozen")
MADE = Claim("made", "can be made from its settings")
BRINGS_STATES = Claim("states", "brings trading states")
ANSWERS = Claim("answers", "answers what the contract has as answers")
PURE = Claim("pure", "gives equal answers to equal questions and changes nothing")
FENCED = Claim("fenced", "asks for no time and no chance but the run's")
DETERMINISTIC = Claim("deterministic", "answers as another instance with the same settings does")
BEHAVES = Claim("behaves", "behaves")
"""What is skipped where nothing could be asked."""


@attrs.frozen
class Finding:
    """What one check found about one thing."""

    check: Claim
    subject: str
    """What was checked: a plugin, a name that it offers, or one of its hooks."""

    outcome: Outcome
    text: str = ""
    """What was found instead, or why the check was not made."""

    executed: int = 1
    """How many times the check was made; 0 where it was skipped."""

    example: str = ""
    """The smallest case that was found in which it fails."""

    ratio: float | None = None
    """Of a cost, how many times that of asking somebody who has nothing to say."""

    @property
    def id(self) -> str:
        """Its name, for files of expected failures: ``lot-cap.accept_request:pure``."""
        return f"{self.subject}:{self.check.word}"


@attrs.frozen
class Report:
    """What was checked of a plugin, what was not, and what came of it."""

    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        return self._with(Outcome.FAILED)

    @property
    def skipped(self) -> tuple[Finding, ...]:
        """The checks that were not made; each says why."""
        return self._with(Outcome.SKIPPED)

    @property
    def passed(self) -> tuple[Finding, ...]:
        return self._with(Outcome.PASSED)

    def _with(self, outcome: Outcome) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.outcome is outcome)

    def __str__(self) -> str:
        return "\n".join(
            f"{finding.outcome.value:7}  {finding.subject}: {finding.check}"
            + (f" ({finding.text})" if finding.text else "")
            for finding in self.findings
        )


Key: TypeAlias = tuple[str, Claim]
"""A subject, and what is claimed of it."""


@attrs.define
class Tally:
    """How often each check was made, and the first fault that each has found."""

    asking: str = ""
    """The subject of the last question: who is to blame if no answer comes."""

    executed: Counter[Key] = attrs.field(factory=Counter)
    faults: dict[Key, str] = attrs.field(factory=dict)

    def note(self, subject: str, claim: Claim, fault: str = "") -> None:
        """A check was made once, and found *fault*, or nothing wrong."""
        self.executed[subject, claim] += 1
        if fault:
            self.faults.setdefault((subject, claim), fault)
