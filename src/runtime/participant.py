"""What takes part in a run: how it is made, what it is told, what it answers.

A participant that only answers has `receive`, which yields what to send and what
to put on record.  One that waits has `run`, and owns its loop.  Neither ever
holds another participant: it knows names, and posts.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import attrs
import msgspec

if TYPE_CHECKING:
    from .mailbox import Mailbox


# The three below are made for every message.  As structs they are filled in by C, several
# times as fast as a frozen attrs class; the garbage collector may skip them because
# a message holds no delivery, so that none is ever part of a cycle.


class Send(msgspec.Struct, frozen=True, gc=False):
    """Post *message* to *recipient*, which gets it a link's latency later.

    ``delay_ns`` is how long the sender keeps it back first.  A delayed send to
    oneself is a timer.
    """

    recipient: str
    message: object
    delay_ns: int = 0
    in_reply_to: int = 0
    """The request that this answers (`Delivery.reply` fills it in), or 0."""

    background: bool = False
    """Whether the floor may end before it is delivered: of a heartbeat's timer, which would
    keep it alive for ever.  It is delivered at its time while anything else is to come."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Put on record what a message alone does not tell: a refusal, a decision, a warning."""

    kind: str
    payload: object


Answer: TypeAlias = Send | Fact


class Delivery(msgspec.Struct, eq=False, gc=False):
    """One message as its recipient gets it.

    The kernel fills in ``now_ns`` and ``seq`` at the moment of delivery; to the
    recipient all of it is to be read, never written.
    """

    message: object
    sender: str
    recipient: str
    rank: int
    """The sender's place in the floor."""

    count: int
    """How many messages the sender had sent before this one, itself included."""

    nth: int
    """How many of those went to this recipient."""

    cause: int
    """The ``seq`` of the delivery that its sender was handling, or 0 at the start."""

    request_id: int = 0
    in_reply_to: int = 0
    now_ns: int = 0
    """The moment of delivery by the recipient's own clock, in nanoseconds since the start of the
    run; a fault may have that clock off (`floorproof.runtime.faults.FaultPlan.skew`)."""

    seq: int = 0
    """The number of its entry in the journal, from 1."""

    background: bool = False
    judged: bool = False
    """Whether it has been decided what goes wrong on its way; for the kernel."""

    def reply(self, message: object, delay_ns: int = 0) -> Send:
        """Return the `Send` that answers this delivery, and ends its sender's wait for it."""
        return Send(self.sender, message, delay_ns, self.request_id)


@runtime_checkable
class Responder(Protocol):
    """A participant that only answers."""

    def receive(self, delivery: Delivery, /) -> Iterable[Answer]:
        """Return what *delivery* causes, first to last."""
        ...


@runtime_checkable
class Runner(Protocol):
    """A participant that waits."""

    async def run(self, mailbox: Mailbox, /) -> None:
        """Live until the floor ends, or until there is nothing left to do."""
        ...


Participant: TypeAlias = "Responder | Runner"


@attrs.frozen
class Context:
    """What a participant is given when it is made."""

    name: str
    store: MutableMapping[str, object]
    """What the participant put here survives when it is made again after a crash."""

    stream: Callable[[str], random.Random]
    """Its random numbers, by purpose."""


Factory: TypeAlias = Callable[[Context], Participant]
Run: TypeAlias = "Callable[[Mailbox], Awaitable[None]]"
