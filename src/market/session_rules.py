"""What a rule set may see of a session in FIX text, and what it may answer.

As for instruments (`floorproof.market.rules`): a rule set looks at values and returns
effects; the venue's end of the session carries them out.  What one remembers is kept for
each session, and outlasts a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import attrs

from .fix import ExecRestatementReason, TimeInForce
from .identifiers import CompID
from .rules import Bound, Remember, RuleFailed


@attrs.frozen(kw_only=True)
class SessionView:
    """One session as one rule set sees it, at one moment."""

    name: CompID
    """Whose it is: a gateway, a flow, a participant."""

    comp_id: str
    now_ns: int
    remembered: Mapping[str, object]

    def recall(self, key: str) -> object:
        """Return what this rule set last remembered of the session under *key*, or None."""
        return self.remembered.get(key)


@attrs.frozen
class RefuseMessage:
    """Reject the message at the level of the session (35=3); the venue does not hear of it."""

    text: str
    session_reject_reason: str
    """FIX 373."""


@attrs.frozen
class EndSession:
    """Log the session out, and close its connection; the message is not taken."""

    text: str


@attrs.frozen(kw_only=True)
class CancelSession:
    """Cancel the session's live orders, where their states take cancels."""

    reason: ExecRestatementReason
    lives: tuple[TimeInForce, ...]
    """The times in force of those that are meant."""

    text: str = ""


MessageEffect: TypeAlias = RefuseMessage | EndSession | Remember
EndEffect: TypeAlias = CancelSession | Remember


@attrs.frozen(kw_only=True)
class SessionRules:
    """The rule sets of a venue's sessions: for each question who is asked, in order."""

    accept_message: tuple[Bound, ...] = ()
    session_ended: tuple[Bound, ...] = ()


def ask(bound: Bound, hook: str, among: tuple[type, ...], *about: object) -> Sequence[object]:
    """Return what one rule set answers.

    Raises:
        RuleFailed: from whatever it raised, or if an answer is none that the question has.
    """
    question: Callable[..., object] = bound.ask
    try:
        answers = question(*about) or ()
        assert isinstance(answers, Sequence)
        for answer in answers:
            if not isinstance(answer, among):
                raise TypeError(f"{hook} may not answer {answer!r}")
    except Exception as error:  # whatever a stranger's rule raises is named as its own
        raise RuleFailed(bound.rule_set, hook, about) from error
    return answers
