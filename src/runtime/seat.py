"""The kernel's own records: of each participant, of its links, of what went wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs
import trio

from .participant import Answer, Context, Delivery, Factory, Participant, Run

if TYPE_CHECKING:
    from .mailbox import Mailbox


@attrs.define(eq=False)
class Link:
    """What one sender has sent one recipient."""

    nominal_ns: int
    jitter_ns: int
    sent: int = 0
    last_arrival_ns: int = 0


@attrs.define(eq=False)
class Seat:
    """One participant's place on the floor."""

    name: str
    rank: int
    context: Context
    make: Factory | None
    """None for the environment, and for a guest that brings its own task."""

    in_place: bool
    participant: Participant | None = None
    receive: Callable[[Delivery], Iterable[Answer]] | None = None
    mailbox: Mailbox | None = None
    links: dict[str, Link] = attrs.Factory(dict)
    sent: int = 0
    handling: Delivery | None = None
    """The delivery that what this participant does now comes of."""

    latest: Delivery | None = None
    """The last that was taken from its mailbox; another one is handled if it was set aside."""

    in_mailbox: bool = False
    """Whether it waits for a delivery."""

    idle: bool = False
    """Whether it does so without a deadline, so that the kernel need not ask Trio."""

    waits_for_reply: tuple[str, object] | None = None
    done: bool = False
    down: bool = False
    """Whether it has crashed, and is not made again yet."""

    clock_off_ns: int = 0
    """How far its clock is ahead of the floor's; below 0 if it is behind."""

    back_ns: int = 0
    """When it is."""

    scope: trio.CancelScope | None = None
    """Its task's, which a crash ends."""

    sent_before: int = 0
    """How many messages it had sent when it crashed last: what it had told itself is gone."""


@attrs.frozen
class Failure:
    """A participant raised, at that place of the superstep."""

    seat: Seat
    message: object
    error: Exception
    place: tuple[int, int]


class BareRun:
    """A participant that is nothing but an ``async def run(mailbox)``."""

    def __init__(self, run: Run) -> None:
        self._run = run
        # A partial is `functools`'s: who is to be fenced is whom it calls.
        called: object = run
        while isinstance(called, functools.partial):
            called = called.func
        self.fenced_module: str = called.__module__

    async def run(self, mailbox: Mailbox) -> None:
        await self._run(mailbox)


class Census(trio.abc.Instrument):
    """Counts the tasks that are neither the kernel's nor a participant's."""

    def __init__(self) -> None:
        self.admitting = False
        self._foreign: set[trio.lowlevel.Task] = set()

    @property
    def foreign(self) -> int:
        return len(self._foreign)

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        if not self.admitting:
            self._foreign.add(task)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        self._foreign.discard(task)
