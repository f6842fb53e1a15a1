"""Somebody in front of a participant: the gateway that acts for itself, the proxy, the bug.

A kind of participant with a method ``in_front_of`` is put before somebody whom the scenario
has already, under his name (``in_front = true`` in ``[[participant]]``)::

    class Deaf:
        def in_front_of(self, make: Factory, context: Context) -> Participant:
            return DeafEngine(make(context))

Nobody else on the floor can tell.  He is made anew after a crash, as everybody is, and what
is in ``context.store`` survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..runtime.participant import Answer, Delivery, Participant, Responder, Send


class InFront:
    """Stands in front of *inner*, and changes nothing.

    Override `heard`, to change what *inner* gets, or `said`, to change what it answers.
    Whatever else is asked of him, *inner* answers, so that invariants find its state.

    Raises:
        TypeError: if *inner* waits by itself, and does not only answer.
    """

    def __init__(self, inner: Participant) -> None:
        if not isinstance(inner, Responder):
            raise TypeError(f"{inner!r} waits by itself: expected a participant that only answers")
        self.inner = inner

    def start(self) -> Iterable[Answer]:
        begin = getattr(self.inner, "start", None)
        return () if begin is None else begin()

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        for heard in self.heard(delivery):
            for answer in self.inner.receive(heard):
                yield from self.said(answer, heard)

    def heard(self, delivery: Delivery) -> Iterable[Delivery]:
        """Return what *inner* gets of a delivery: it, nothing, or others."""
        return (delivery,)

    def said(self, answer: Answer, delivery: Delivery) -> Iterable[Answer]:
        """Return what becomes of an answer of *inner*'s to a delivery."""
        return (answer,)

    def __getattr__(self, name: str) -> object:
        if name == "inner":  # while it is being made
            raise AttributeError(name)
        return getattr(self.inner, name)


def message_of(answer: Answer) -> object:
    """Return what an answer sends, or None of a fact."""
    return answer.message if isinstance(answer, Send) else None
