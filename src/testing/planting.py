"""Bugs that are planted on purpose, to see that what should find them does.

A participant whose code is the house's own, but for one function of a module, while it
handles a message::

    class Kind:
        def in_front_of(self, make: Factory, context: Context) -> Participant:
            return Patched(make(context), exchange, "_keeps_priority", lambda old, new: True)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..plugins.in_front import InFront
from ..runtime.participant import Answer, Delivery, Participant


class Patched(InFront):
    """Stands in front of *inner*, for whom something is not what it is for everybody else.

    Args:
        owner: a module or a class.
        name: what of it is replaced, while *inner* handles a message and no longer.
        instead: by what.

    Raises:
        AttributeError: if *owner* has nothing of that name.
    """

    def __init__(self, inner: Participant, owner: object, name: str, instead: object) -> None:
        super().__init__(inner)
        self._owner, self._name, self._instead = owner, name, instead
        self._was = vars(owner)[name] if name in vars(owner) else getattr(owner, name)

    @contextmanager
    def _planted(self) -> Iterator[None]:
        setattr(self._owner, self._name, self._instead)
        try:
            yield
        finally:
            setattr(self._owner, self._name, self._was)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        with self._planted():
            answers = [*super().receive(delivery)]
        yield from answers
