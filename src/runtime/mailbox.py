"""A participant's mailbox: how one that waits hears and speaks."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

import trio

from .clock import seconds_at
from .errors import ReplyTimeout
from .participant import Answer, Context, Delivery, Fact, Send

if TYPE_CHECKING:
    from .kernel import Kernel
    from .seat import Seat


class Mailbox:
    """The door of one participant that runs in a task of its own.

    Deliveries come by iteration or by `receive`, in the order of the floor.  Waiting
    with ordinary Trio (`trio.sleep`, `trio.move_on_after`) happens in virtual time.
    An actor is one task: it keeps its mailbox to itself.
    """

    def __init__(self, kernel: Kernel, seat: Seat) -> None:
        self._kernel = kernel
        self._seat = seat
        self._put, self._channel = trio.open_memory_channel[Delivery](math.inf)
        self._unread = 0
        self._parked: trio.lowlevel.Task | None = None
        self._set_aside: deque[Delivery] = deque()

    @property
    def name(self) -> str:
        return self._seat.name

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the start of the run, by this participant's own clock.

        A fault may have it off (`FaultPlan.skew`), below 0 at the start of a run.  What Trio
        measures (`trio.sleep`) is measured well even so.
        """
        return self._kernel.now_ns + self._seat.clock_off_ns

    @property
    def context(self) -> Context:
        return self._seat.context

    @property
    def store(self) -> MutableMapping[str, object]:
        """What is put here survives when the participant is made again after a crash."""
        return self._seat.context.store

    def stream(self, purpose: str) -> random.Random:
        """Return this participant's random numbers for *purpose*."""
        return self._seat.context.stream(purpose)

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> Delivery:
        return await self.receive()

    async def receive(self) -> Delivery:
        """Return the next delivery, waiting for it if there is none yet."""
        delivery = self._set_aside.popleft() if self._set_aside else await self._take()
        self._seat.handling = delivery
        return delivery

    def send(self, recipient: str, message: object, delay_ns: int = 0) -> None:
        """Post *message*; it leaves *delay_ns* from now and takes the link's latency.

        Raises:
            UnknownRecipient: if nobody on the floor has that name.
            ValueError: if *delay_ns* is negative.
        """
        self._kernel.post(self._seat, Send(recipient, message, delay_ns))

    def report(self, kind: str, payload: object) -> None:
        """Put a fact on record in the journal."""
        self._kernel.report(self._seat, Fact(kind, payload))

    def answer(self, answer: Answer) -> None:
        """Carry out what a pure part of the participant answered."""
        self._kernel.answer(self._seat, answer)

    async def request(
        self, recipient: str, message: object, *, timeout_ns: int | None = None
    ) -> Delivery:
        """Send *message* and return the delivery that answers it (`Delivery.reply`).

        Whatever else arrives meanwhile is set aside and received afterwards, in order.
        A reply at the very moment of the deadline is in time.

        Raises:
            ReplyTimeout: if none came within *timeout_ns*.  Without a timeout, a wait
                that can no longer end is reported as a `StuckFloor`.
            ValueError: if *timeout_ns* is below 1.
        """
        if timeout_ns is not None and timeout_ns < 1:
            raise ValueError(f"{self.name}: expected a timeout of at least 1 ns, was {timeout_ns}")
        request_id = self._kernel.post(self._seat, Send(recipient, message), expects_reply=True)
        deadline = math.inf if timeout_ns is None else seconds_at(self._kernel.now_ns + timeout_ns)
        self._seat.waits_for_reply = (recipient, message)
        try:
            with trio.CancelScope(deadline=deadline):
                while True:
                    delivery = await self._take()
                    if delivery.in_reply_to == request_id and delivery.sender == recipient:
                        self._seat.handling = delivery
                        return delivery
                    self._set_aside.append(delivery)
        finally:
            self._seat.waits_for_reply = None
        assert timeout_ns is not None
        raise ReplyTimeout(recipient, message, timeout_ns)

    async def _take(self) -> Delivery:
        delivery = self._seat.latest = await self.next()
        return delivery

    # --- the kernel's side ---------------------------------------------------------

    def put(self, delivery: Delivery) -> None:
        """Hand over a delivery; for the kernel."""
        self._unread += 1
        self._put.send_nowait(delivery)
        if self._parked is not None:
            task, self._parked = self._parked, None
            trio.lowlevel.reschedule(task)

    def unread(self) -> Iterator[Delivery]:
        """Yield what its owner will never read, as it is over; for the kernel."""
        yield from self._set_aside
        while self._unread:
            self._unread -= 1
            yield self._channel.receive_nowait()

    def _abandon(self, _raise_cancel: object) -> trio.lowlevel.Abort:
        self._parked = None
        return trio.lowlevel.Abort.SUCCEEDED

    async def next(self) -> Delivery:
        """Return the next delivery as it comes; for the kernel's own loops."""
        assert self._parked is None, f"{self.name} is one task: it keeps its mailbox to itself"
        if not self._unread:
            self._kernel.waits(self._seat)
            if not self._unread:  # else the kernel went on, and this one's message was due
                # Parked here rather than in the channel's own `receive`, which would first
                # try in vain: a message to another task takes 11 us that way, 8 this way.
                self._parked = trio.lowlevel.current_task()
                try:
                    await trio.lowlevel.wait_task_rescheduled(self._abandon)
                except BaseException:  # a cancellation among them
                    self._kernel.woke(self._seat)
                    raise
        self._unread -= 1
        return self._channel.receive_nowait()
