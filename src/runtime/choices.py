"""Everything that the environment may vary in a run, drawn from one space of names.

A choice's name is ``(kind, sender, recipient, n)``: the n-th message on that link.
Its value depends on the seed and the name alone, never on what was drawn before, so
that a run can be changed in one place and stays the same elsewhere.  **0 always
means the default**: first in, first out; nominal latency.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from typing import NamedTuple, NoReturn, Protocol

import attrs

from .errors import FloorproofError


class Choice(NamedTuple):
    """The name of one choice."""

    kind: str
    sender: str
    recipient: str
    n: int

    def __str__(self) -> str:
        return f"{self.kind} {self.sender}>{self.recipient} {self.n}"


class Draw(NamedTuple):
    """The name of one draw from an actor's random stream."""

    actor: str
    purpose: str
    n: int

    def __str__(self) -> str:
        return f"draw {self.actor}/{self.purpose} {self.n}"


class Choices(Protocol):
    """Where the values of a run's choices come from."""

    @property
    def varies(self) -> bool:
        """Whether any choice can differ from 0; if not, nobody need ask."""

    def choose(self, choice: Choice, bound: int) -> int:
        """Return the value of *choice*, from 0 to *bound*."""

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        """Return the value of a choice that is seldom made: 0, or one from 1 to *bound*.

        Args:
            one_in: of so many choices of a kind one is not 0.
        """

    def stream(self, actor: str, purpose: str) -> random.Random:
        """Return the random numbers of one actor for one purpose, from their beginning."""

    @property
    def taken(self) -> Mapping[str, int]:
        """What this run has chosen so far, by the text of the name: choices other than 0,
        and all draws from streams.  `Recorded` repeats the run from it."""


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()


class Stream(random.Random):
    """One actor's random numbers for one purpose; every draw is put on record.

    All of `random.Random`'s distributions work; its state can be neither read nor set.
    """

    def __init__(
        self,
        actor: str,
        purpose: str,
        source: random.Random,
        replay: Mapping[str, int],
        taken: dict[str, int],
    ) -> None:
        self._actor = actor
        self._purpose = purpose
        self._source = source
        self._replay = replay
        self._taken = taken
        self._n = 0
        super().__init__(0)

    def getrandbits(self, k: int) -> int:
        self._n += 1
        name = str(Draw(self._actor, self._purpose, self._n))
        drawn = self._source.getrandbits(k)  # drawn even if replayed: the stream stays in step
        value = self._replay.get(name, drawn) & ((1 << k) - 1)
        self._taken[name] = value
        return value

    def random(self) -> float:
        return self.getrandbits(53) * 2.0**-53

    def seed(self, *_args: object, **_kwargs: object) -> None:
        if hasattr(self, "_n") and self._n:
            raise FloorproofError(f"the random stream of {self._actor} cannot be seeded")

    def getstate(self) -> NoReturn:
        raise FloorproofError(f"the random stream of {self._actor} does not show its state")

    def setstate(self, state: object) -> NoReturn:
        raise FloorproofError(f"the random stream of {self._actor} cannot be set")


@attrs.define
class _Source:
    """What all sources of choices share: the streams, and the record."""

    _seed: int = 0
    _replay: Mapping[str, int] = attrs.field(factory=dict)
    taken: dict[str, int] = attrs.field(init=False, factory=dict)

    def stream(self, actor: str, purpose: str) -> random.Random:
        source = random.Random(_digest(self._seed, actor, purpose))
        return Stream(actor, purpose, source, self._replay, self.taken)


@attrs.define
class Defaults(_Source):
    """Every choice is 0; streams are seeded with 0."""

    _seed: int = attrs.field(init=False, default=0)
    _replay: Mapping[str, int] = attrs.field(init=False, factory=dict)

    varies: bool = attrs.field(init=False, default=False)

    def choose(self, choice: Choice, bound: int) -> int:
        return 0

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        return 0


@attrs.define
class Seeded(_Source):
    """Every choice is drawn from the seed and its own name.

    A seed first draws which kinds of rare choices it makes at all: runs in which one thing
    goes wrong again and again find what runs of everything at once do not (Groce and
    others, "Swarm Testing").
    """

    _seed: int = attrs.field()
    _replay: Mapping[str, int] = attrs.field(init=False, factory=dict)

    varies: bool = attrs.field(init=False, default=True)

    def choose(self, choice: Choice, bound: int) -> int:
        value = int.from_bytes(_digest(self._seed, *choice), "big") % (bound + 1)
        if value:
            self.taken[str(choice)] = value
        return value

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        if not _digest(self._seed, "swarm", choice.kind)[0] & 1:
            return 0
        drawn = int.from_bytes(_digest(self._seed, *choice), "big")
        if drawn % one_in:
            return 0
        value = self.taken[str(choice)] = 1 + drawn // one_in % bound
        return value


@attrs.define
class Recorded(_Source):
    """Choices as *values* has them, by the text of the name.

    What *values* does not name is as in `Defaults`: a choice is 0, and a draw comes
    from the stream seeded with 0.
    """

    _replay: Mapping[str, int] = attrs.field()
    _seed: int = attrs.field(init=False, default=0)

    varies: bool = attrs.field(init=False, default=True)

    @property
    def values(self) -> Mapping[str, int]:
        """What it was given."""
        return self._replay

    @_replay.validator
    def _whole_numbers(self, _attribute: object, values: Mapping[str, int]) -> None:
        for name, value in values.items():
            if type(value) is not int or value < 0:
                raise FloorproofError(f"choice {name!r} must be a whole number, was {value!r}")

    def choose(self, choice: Choice, bound: int) -> int:
        name = str(choice)
        value = min(self._replay.get(name, 0), bound)
        if value:
            self.taken[name] = value
        return value

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        return self.choose(choice, bound)
