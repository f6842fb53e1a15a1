"""Asking a stranger's pure function twice, behind a strict fence, and looking at what changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from ..runtime.errors import FenceBreach
from ..runtime.fence import Fence
from .findings import ANSWERS, FENCED, PURE, Tally


class Observer:
    """Puts each question twice to one object, and tallies what is wrong with its answers.

    Args:
        holder: what answers, an attrs instance or a function, which must stay as it is.
        modules: those whose code is fenced; the holder's own by default.
    """

    def __init__(self, holder: object, tally: Tally, modules: Iterable[str] = ()) -> None:
        self._holder = holder
        self._tally = tally
        self._fence = Fence([*modules] or [type(holder).__module__], strict=True)

    def ask(
        self,
        subject: str,
        ask: Callable[[], Any],
        seen: Sequence[object],
        objection: Callable[[Any], str],
        passing: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> Any:
        """Return the answer.

        Args:
            ask: puts the question; is called twice.
            seen: what the holder is shown, which must stay as it is too.
            objection: says what is wrong with an answer, or nothing.
            passing: what it may raise without a fault.

        Raises:
            Exception: whatever the holder raises, once it has been tallied.
        """
        tally = self._tally
        tally.asking = subject
        shown, was = copy.deepcopy(seen), state_of(self._holder)
        try:
            # Each time anew: Python drops a profiler that has refused something.
            with self._fence.standing():
                answer, again = ask(), ask()
        except passing:
            raise
        except Exception as error:  # a finding, whatever it is
            if not isinstance(error, FenceBreach):
                tally.note(subject, ANSWERS, f"raised {type(error).__name__}: {error}")
            raise
        finally:  # also where the holder has swallowed it
            breaches = [str(breach) for breach in self._fence.breaches]
            self._fence.breaches.clear()
            tally.note(subject, FENCED, "".join(breaches[:1]))
        fault, now = "", state_of(self._holder)
        if answer != again:
            fault = f"{answer!r}, then {again!r}"
        elif now != was:
            fault = f"was {was!r}, is {now!r}"
        elif shown != seen:
            fault = f"changed what it was shown, {shown!r}, to {seen!r}"
        tally.note(subject, PURE, fault)
        tally.note(subject, ANSWERS, objection(answer))
        return answer


def state_of(holder: Any) -> dict[str, object]:
    """Return a copy of what an attrs instance holds; of anything else, nothing."""
    if not attrs.has(type(holder)):
        return {}
    names = [field.name for field in attrs.fields(type(holder))]
    return copy.deepcopy({name: getattr(holder, name) for name in names})
