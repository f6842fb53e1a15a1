"""Everything that the environment may vary in a run, drawn from one space of names.

A choice's name is ``(kind, sender, recipient, n)``: the n-th message on that link.
Its value depends on the seed and the name alone, never on what was drawn before, so
that a run can be changed in one place and stays the same elsewhere.  **0 always
means the default**: first in, first out; nominal latency.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
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


@attrs.define
class Counted(_Source):
    """Every choice is 0, and those that could have been made are counted by their kind."""

    _seed: int = attrs.field(init=False, default=0)
    _replay: Mapping[str, int] = attrs.field(init=False, factory=dict)

    varies: bool = attrs.field(init=False, default=True)
    asked: dict[str, int] = attrs.field(factory=dict)
    rare: set[str] = attrs.field(factory=set)
    """The kinds that are seldom made."""

    def choose(self, choice: Choice, bound: int) -> int:
        self.asked[choice.kind] = self.asked.get(choice.kind, 0) + 1
        return 0

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        self.rare.add(choice.kind)
        return self.choose(choice, bound)


OFTEN, SELDOM = 20, 2
"""How many choices of a kind are other than 0 in a drawn run, about, and of a rare kind."""


@attrs.define
class Drawn(_Source):
    """Choices that a search draws as a run asks for them, few of many.

    Of each kind it is drawn how many choices further on the next one is that is not left at
    0, or 0 for no more of that kind; then that choice's value.  So what is drawn is as long
    as what differs from the default, every number in it that goes down brings the run nearer
    to it, and rare kinds (the order of what is simultaneous) are varied as much as others.

    What *draw* raises is kept until the run is over: nothing is drawn any more from then on.

    Args:
        draw: gives a number from 0 to the one that it is given.
        counted: a run in which every choice was 0.
    """

    _draw: Callable[[int], int]
    _counted: Counted
    _seed: int = attrs.field(init=False, default=0)
    _replay: Mapping[str, int] = attrs.field(init=False, factory=dict)

    varies: bool = attrs.field(init=False, default=True)
    stopped: BaseException | None = attrs.field(init=False, default=None)
    """What *draw* raised."""

    _ahead: dict[str, int] = attrs.field(init=False, factory=dict)
    """By kind, how many choices further on the next one is that is made; 0 for none."""

    _is_seeded: bool = attrs.field(init=False, default=False)

    def choose(self, choice: Choice, bound: int) -> int:
        kind = choice.kind
        ahead = self._ahead.get(kind)
        if ahead is None:
            ahead = self._next(kind)
        if ahead > 1:
            self._ahead[kind] = ahead - 1
            return 0
        if not ahead:
            return 0
        value = self._number(bound)
        self._next(kind)
        if value:
            self.taken[str(choice)] = value
        return value

    def rarely(self, choice: Choice, bound: int, one_in: int) -> int:
        return self.choose(choice, bound)

    def stream(self, actor: str, purpose: str) -> random.Random:
        if not self._is_seeded:  # only a run that asks for chance has any
            self._is_seeded = True
            self._seed = self._number(2**16)
        return _Source.stream(self, actor, purpose)

    def _next(self, kind: str) -> int:
        many = SELDOM if kind in self._counted.rare else OFTEN
        reach = max(2, 2 * self._counted.asked.get(kind, 0) // many)
        ahead = self._ahead[kind] = self._number(reach)
        return ahead

    def _number(self, bound: int) -> int:
        if self.stopped is not None:
            return 0
        try:
            return self._draw(bound)
        except BaseException as error:  # the run must come to its end first
            self.stopped = error
            return 0
