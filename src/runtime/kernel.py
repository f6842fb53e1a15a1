"""The kernel: what is due is delivered, superstep by superstep, in virtual time.

A superstep takes every delivery at the earliest ``(time, phase)``, hands each to its
recipient, and lasts until the floor is quiet.  What is sent meanwhile lands later: at
its time, or at the next phase of this instant.  So the order in which tasks happen to
run within a superstep cannot matter: entries, sends and facts are ordered by what
they belong to, never by when they were made.
"""

from __future__ import annotations

import heapq
import inspect
import math
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias, cast

import attrs
import msgspec
import trio
from attrs import validators

from .choices import Choice, Choices, Defaults
from .clock import VirtualClock, first_ns_at
from .errors import (
    ActorFailed,
    DuplicateName,
    EndlessInstant,
    EndlessRun,
    FloorproofError,
    StuckFloor,
    UnknownRecipient,
)
from .faults import FaultPlan, Faults, Restart
from .fence import Fence
from .journal import Entry, Journal
from .mailbox import Mailbox
from .participant import Answer, Context, Delivery, Fact, Factory, Participant, Run, Send
from .seat import BareRun, Census, Failure, Link, Seat

ENVIRONMENT = "scenario"
"""The sender of what comes from outside the floor; its rank is before everybody's."""

ORDER_BOUND = 15
"""How far one of several simultaneous messages can be put back."""

MAX_PHASES = 10_000

_NOTHING: list[Delivery] = []


@attrs.frozen
class Latency:
    """How long messages take on a link, in nanoseconds.

    Each takes ``nominal_ns`` and up to ``jitter_ns`` more, which is a choice.
    """

    nominal_ns: int = attrs.field(default=0, validator=validators.ge(0))
    jitter_ns: int = attrs.field(default=0, validator=validators.ge(0))


NO_LATENCY = Latency()
LatencyOf: TypeAlias = Callable[[str, str], Latency]


class Kernel:
    """Runs the participants of one floor, once.

    Args:
        clock: the clock of the Trio run that `run` will be awaited in; a new one for
            `run_to_end`.
        choices: where the values of the run's choices come from.
        journal: takes the entries; without one nothing is recorded, and there is no
            digest.
        latency: of a link, by sender and recipient.
        in_place: host every participant that only answers in place, not in a task.
        strict: watch every call of a participant (`Fence`).
        fenced: modules that are fenced besides those of the participants.
        max_phases: how many phases one instant may have.
        max_entries: how many deliveries and facts the run may have; any number without.
        faults: what may go wrong; nothing without.
    """

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        choices: Choices | None = None,
        journal: Journal | None = None,
        latency: LatencyOf | None = None,
        in_place: bool = False,
        strict: bool = False,
        fenced: Iterable[str] = (),
        max_phases: int = MAX_PHASES,
        max_entries: int | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.now_ns = 0
        """Nanoseconds since the start of the run."""

        self.phase = 0
        self._clock = clock or VirtualClock()
        self._choices: Choices = choices or Defaults()
        self._journal = journal
        self._latency = latency
        self._in_place = in_place
        self._strict = strict
        self._fenced = list(fenced)
        self._max_phases = max_phases
        self._max_entries = math.inf if max_entries is None else max_entries
        self._faults = None if faults is None else Faults(faults, self._choices)
        self._nursery: trio.Nursery | None = None
        self._environment = self._seat(ENVIRONMENT, None, in_place=False)
        self._seats = {ENVIRONMENT: self._environment}
        self._guests = 0

        # The calendar: what is due at each time, and what leaves its sender then.
        self._times: list[int] = []
        self._due: dict[int, list[Delivery]] = {}
        self._departing: dict[int, list[tuple[Seat, Link, Delivery]]] = {}
        self._next_phase: list[Delivery] = []
        self._background = 0
        """How many of all these do not keep the floor alive."""

        self._seq = 0
        self._facts: list[tuple[tuple[int, int], str, Fact, int]] = []
        self._failures: list[Failure] = []
        self._broken: Exception | None = None
        self._timers_run = False
        self._handed_over = False
        self._hosted = 0
        self._awake = 0
        self._census: Census | None = None
        self._fence: Fence | None = None
        self._ran = False

    # --- setting up ------------------------------------------------------------------

    def add(self, name: str, make: Factory | Run, *, in_place: bool = False) -> None:
        """Put a participant on the floor; its place in the order of calls is its rank.

        Args:
            make: makes the participant, now or after a crash; or simply an
                ``async def run(mailbox)``.
            in_place: host it without a task, if it only answers.

        Raises:
            DuplicateName: if somebody has that name already.
        """
        if inspect.iscoroutinefunction(make):
            runner = BareRun(cast(Run, make))
            self._take(name, lambda _context: runner, in_place=False)
        else:
            self._take(name, cast(Factory, make), in_place=in_place or self._in_place)

    def guest(self, name: str) -> Mailbox:
        """Return the mailbox of a participant whose task is the caller's own, as in a test."""
        seat = self._take(name, None, in_place=False)
        seat.mailbox = Mailbox(self, seat)
        self._guests += 1
        return seat.mailbox

    def participant(self, name: str) -> Participant | None:
        """Return somebody on the floor, or None before the run, or for a guest.

        Raises:
            KeyError: if nobody has that name.
        """
        return self._seats[name].participant

    def store(self, name: str) -> Mapping[str, object]:
        """Return what somebody on the floor has put down to survive a crash: to be read.

        Raises:
            KeyError: if nobody has that name.
        """
        return self._seats[name].context.store

    def schedule(self, at_ns: int, recipient: str, message: object) -> None:
        """Have *recipient* get *message* from outside at *at_ns*.

        Raises:
            UnknownRecipient: if nobody on the floor has that name.
            ValueError: if *at_ns* is before now.
        """
        self.post(self._environment, Send(recipient, message, at_ns - self.now_ns))

    def _seat(self, name: str, make: Factory | None, *, in_place: bool) -> Seat:
        def stream(purpose: str) -> Any:
            return self._choices.stream(name, purpose)

        rank = len(self._seats) if name != ENVIRONMENT else 0
        return Seat(name, rank, Context(name, {}, stream), make, in_place)

    def _take(self, name: str, make: Factory | None, *, in_place: bool) -> Seat:
        if name in self._seats:
            raise DuplicateName(name)
        seat = self._seats[name] = self._seat(name, make, in_place=in_place)
        return seat

    # --- running ---------------------------------------------------------------------

    def run_to_end(self) -> None:
        """Run the floor in a Trio run of its own, until nothing is left to happen.

        Raises:
            ActorFailed: if a participant raised.
            StuckFloor: if somebody waits for what can no longer come.
            EndlessInstant: if time does not move on.
            FenceBreach: if a participant called what differs from run to run.
            KeyboardInterrupt: if the run was interrupted; the journal holds what
                happened up to there.
        """
        assert not self._guests, "a guest brings a task: run the kernel with running()"
        with _alone():
            trio.run(self._run_alone, clock=self._clock)

    async def _run_alone(self) -> None:
        self._census = Census()
        trio.lowlevel.add_instrument(self._census)
        await self.run()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the floor beside the body of an ``async with``, until the body ends.

        The Trio run must have this kernel's clock.  A body that waits for what can no
        longer come gets a `StuckFloor`.
        """
        with _alone():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.run)
                yield
                nursery.cancel_scope.cancel()
        # The body may have ended in the middle of a superstep.
        self._write_facts()
        self._stop_if_failed()

    async def run(self) -> None:
        """Run the floor in the current Trio run, whose clock must be this kernel's.

        When nothing is left to happen, those who wait are canceled.  What they send then
        arrives nowhere: each such message is a fact, ``undeliverable``, of its recipient.
        """
        assert not self._ran, "a kernel runs once"
        assert trio.lowlevel.current_clock() is self._clock, "the Trio run has another clock"
        self._ran = True
        seats = [seat for seat in self._seats.values() if seat.make is not None]
        for seat in seats:
            self._make(seat)
        if self._faults is not None:
            self._set_clocks(self._faults)
        self._fence = Fence([*self._fenced, *map(_module_of, seats)], strict=self._strict)
        with self._fence.standing():
            async with trio.open_nursery() as nursery:
                self._admit(nursery, seats)
                await self._drive()
                nursery.cancel_scope.cancel()
        # What they did when they were told to go is on record, too.
        self._close_calendar()
        self._write_facts()
        self._stop_if_failed()

    def _make(self, seat: Seat) -> None:
        assert seat.make is not None
        participant = seat.participant = seat.make(seat.context)
        if hasattr(participant, "receive"):
            seat.receive = participant.receive
        elif not hasattr(participant, "run"):
            if inspect.iscoroutine(participant):
                participant.close()  # Python would warn that nobody awaited it
            raise FloorproofError(
                f"{seat.name} is no participant: {participant!r} has neither "
                "receive(delivery) nor async run(mailbox)"
            )

    def _admit(self, nursery: trio.Nursery, seats: Sequence[Seat]) -> None:
        self._nursery = nursery
        for seat in seats:
            if not (seat.in_place and seat.receive is not None):
                self._hosted += 1
                self._host_in(nursery, seat)
        for seat in seats:
            if seat.mailbox is None:
                self._begin(seat)

    def _host_in(self, nursery: trio.Nursery, seat: Seat) -> None:
        """Give *seat* a mailbox and a task of its own."""
        seat.mailbox = mailbox = Mailbox(self, seat)
        seat.scope = trio.CancelScope()
        self._awake += 1
        if self._census is not None:
            self._census.admitting = True
        nursery.start_soon(self._host, seat, mailbox, seat.scope, name=f"floorproof {seat.name}")
        if self._census is not None:
            self._census.admitting = False

    async def _host(self, seat: Seat, mailbox: Mailbox, scope: trio.CancelScope) -> None:
        try:
            with scope:
                if seat.receive is not None:
                    self._begin(seat)
                    while True:
                        self._handle(seat, await mailbox.next())
                else:
                    await cast(Any, seat.participant).run(mailbox)
        except Exception as error:  # P5: reported as this participant's, by _drive
            self._failed(seat, error)
        finally:
            seat.done = not seat.down
            self._awake -= 1
        for delivery in mailbox.unread():
            self._undeliverable(seat, delivery, self._place(seat))

    async def _drive(self) -> None:
        """Step the floor whenever it is quiet, until there is nothing left to happen."""
        while True:
            deadline = await self._clock.wait_for_quiet()
            timers_ns = first_ns_at(deadline)
            self._handed_over = False
            while not self._handed_over:
                self._stop_if_failed()
                if timers_ns is None:
                    if not self._step():
                        self._write_facts()
                        self._stop_if_stuck()
                        return
                elif (next_ns := self._next_ns()) is not None and next_ns <= timers_ns:
                    # At one instant deliveries come before timers.
                    self._superstep(deadline if next_ns == timers_ns else None)
                else:
                    self._write_facts()
                    self._move_to(timers_ns)
                    self._timers_run = True
                    break

    def _step(self) -> bool:
        """Deliver what is due until a task has something to do; return whether there was any."""
        while not (self._background and self._is_over()) and self._superstep():
            if self._handed_over or self._failures:
                return True
        return False

    def _is_over(self) -> bool:
        """Return whether only what is in the background is left to happen.

        With faults it is not before the floor has had time to settle.
        """
        if self._faults is not None:
            next_ns = self._next_ns()
            plan = self._faults.plan
            if plan.settle_ns and next_ns is not None and next_ns <= plan.settled_ns:
                return False
        if not all(delivery.background for delivery in self._next_phase):
            return False
        if not all(each.background for due in self._due.values() for each in due):
            return False
        departing = chain.from_iterable(self._departing.values())
        return all(delivery.background for _, _, delivery in departing)

    def _stop_if_failed(self) -> None:
        if self._broken is not None:
            raise self._broken
        if self._failures:
            self._write_facts()
            first = min(self._failures, key=attrgetter("place"))
            tail = self._journal.tail if self._journal else ()
            raise ActorFailed(first.seat.name, first.message, first.error, tail) from first.error
        if self._fence is not None and self._fence.breaches:
            raise self._fence.breaches[0]

    def _stop_if_stuck(self) -> None:
        waits = []
        for seat in self._seats.values():
            if seat.mailbox is None or seat.done:
                continue
            if seat.waits_for_reply is not None:
                recipient, message = seat.waits_for_reply
                waits.append(f"{seat.name} waits for a reply from {recipient} to {message!r}")
            elif not seat.in_mailbox and seat.make is not None:
                waits.append(f"{seat.name} waits for something that is not on the calendar")
            elif seat.make is None:
                waits.append(f"{seat.name}, a guest, waits for a message")
        if waits:
            raise StuckFloor(waits)

    # --- one superstep ---------------------------------------------------------------

    def _next_ns(self) -> int | None:
        if self._next_phase:
            return self.now_ns
        return self._times[0] if self._times else None

    def _move_to(self, now_ns: int) -> None:
        if now_ns != self.now_ns:
            self.now_ns = now_ns
            self.phase = 0
        self._clock.move_to(now_ns)

    def _superstep(self, before: float | None = None) -> bool:
        """Deliver all that is due at the earliest time and phase.

        Args:
            before: a Trio deadline at this very instant, which is not to expire yet.

        Returns:
            Whether anything was due.
        """
        if self._facts:
            self._write_facts()
        self._timers_run = False
        times = self._times
        if self._next_phase and not (times and times[0] == self.now_ns):
            batch, self._next_phase = self._next_phase, []
            self.phase += 1
            if self.phase > self._max_phases:
                names = sorted({delivery.recipient for delivery in batch})
                raise EndlessInstant(self.now_ns, self._max_phases, names)
        elif times:
            now_ns = heapq.heappop(times)
            if now_ns != self.now_ns:
                self.now_ns = now_ns
                self.phase = 0
            if self._departing:
                self._depart()
            batch = self._due.pop(now_ns, _NOTHING)
        else:
            return False
        if self._hosted or self._guests:
            if before is None:
                self._clock.move_to(self.now_ns)
            else:
                self._clock.move_to_just_before(before)
        if self._seq > self._max_entries:
            names = sorted({delivery.recipient for delivery in batch})
            raise EndlessRun(self.now_ns, int(self._max_entries), names)
        if self._background:
            self._background -= sum(delivery.background for delivery in batch)
        if len(batch) > 1:
            batch = self._in_order(batch)
        if self._faults is not None:
            batch = self._left_of(batch, self._faults)

        now_ns, journal, seats = self.now_ns, self._journal, self._seats
        for delivery in batch:
            seat = seats[delivery.recipient]
            delivery.now_ns = now_ns + seat.clock_off_ns
            delivery.seq = self._seq = self._seq + 1
            if journal is not None:
                message = delivery.message
                journal.add(
                    Entry(
                        delivery.seq,
                        now_ns,
                        self.phase,
                        delivery.recipient,
                        type(message).__name__,
                        message,
                        delivery.cause,
                        delivery.sender,
                    )
                )
            # What comes of it, facts included, waits until the superstep is over.
            if type(delivery.message) is Restart:
                self._restart(seat, delivery)
            elif seat.mailbox is None:
                self._handle(seat, delivery)
            else:
                self._hand_over(seat, delivery)
        return True

    # --- what goes wrong -------------------------------------------------------------

    def _set_clocks(self, faults: Faults) -> None:
        for fault in faults.clocks(self._seats):
            self._seats[fault.recipient].clock_off_ns = fault.lasts_ns
            self._on_record(fault.recipient, Fact("fault", fault), 0)

    def _left_of(self, batch: Iterable[Delivery], faults: Faults) -> list[Delivery]:
        """Return what of *batch* is had now; what goes wrong is on record before it.

        Who crashes at one message of this moment has none of the others.
        """
        back = [each for each in batch if type(each.message) is Restart]
        for delivery in back:
            self._seats[delivery.recipient].down = False
        had = [*self._befallen((each for each in batch if each not in back), faults)]
        for delivery in had:
            if self._seats[delivery.recipient].down:
                self._lost(delivery)
        return [*back, *(each for each in had if not self._seats[each.recipient].down)]

    def _befallen(self, batch: Iterable[Delivery], faults: Faults) -> Iterator[Delivery]:
        for delivery in batch:
            seat = self._seats[delivery.recipient]
            from_outside = delivery.rank == 0
            if (
                delivery.sender == seat.name
                and delivery.count <= seat.sent_before
                and not faults.asks_again((seat.name, seat.name))
            ):
                continue  # its timers are gone with it
            if seat.down:
                self._lost(delivery)
                continue
            fate = faults.fate(delivery, self.now_ns, from_outside=from_outside)
            if fate.fault is not None:
                self._on_record(delivery.recipient, Fact("fault", fate.fault), delivery.cause)
                if fate.fault.kind == "crash":
                    self._crash(seat, fate.fault.lasts_ns)
                    if from_outside or faults.asks_again((delivery.sender, seat.name)):
                        self._lost(delivery)
            for place, at_ns in enumerate(fate.arrivals):
                each = msgspec.structs.replace(delivery) if place else delivery
                if at_ns == self.now_ns:
                    yield each
                else:
                    self._background += each.background
                    self._arrive(each, at_ns)

    def _lost(self, delivery: Delivery) -> None:
        """Put on record that nobody was there for a message.

        What is from outside waits, and so does what a session asks for again.
        """
        link = (delivery.sender, delivery.recipient)
        if delivery.rank == 0 or (self._faults is not None and self._faults.asks_again(link)):
            self._arrive(delivery, self._seats[delivery.recipient].back_ns)
            return
        what = {"message": type(delivery.message).__name__, "sender": delivery.sender}
        self._on_record(delivery.recipient, Fact("lost", what), delivery.cause)

    def _on_record(self, actor: str, fact: Fact, cause: int) -> None:
        """Write down at once what is nobody's doing."""
        self._seq += 1
        if self._journal is not None:
            entry = Entry(self._seq, self.now_ns, self.phase, actor, fact.kind, fact.payload, cause)
            self._journal.add(entry)

    def _crash(self, seat: Seat, down_ns: int) -> None:
        """End *seat*'s participant, whatever it is in the middle of, and have it made again."""
        seat.down = True
        seat.back_ns = self.now_ns + down_ns
        seat.sent_before = seat.sent
        seat.participant = seat.receive = None
        if seat.scope is not None:
            self._handed_over = True
            seat.scope.cancel()
            if seat.idle:  # it has to end before the floor goes on
                seat.idle = False
                self._awake += 1
        self.post(self._environment, Send(seat.name, Restart(), down_ns))

    def _restart(self, seat: Seat, delivery: Delivery) -> None:
        seat.handling = seat.latest = delivery
        seat.waits_for_reply = None
        try:
            self._make(seat)
        except Exception as error:  # P5: reported as this participant's, by _drive
            self._failed(seat, error)
            return
        if seat.mailbox is None:
            self._begin(seat)
            return
        assert self._nursery is not None, "it has been hosted before"
        self._handed_over = True
        self._host_in(self._nursery, seat)

    # --- handing over ----------------------------------------------------------------

    def _handle(self, seat: Seat, delivery: Delivery) -> None:
        """Let a participant that only answers have *delivery*."""
        if seat.done:
            self._undeliverable(seat, delivery, (delivery.seq, seat.rank))
            return
        seat.handling = delivery
        try:
            assert seat.receive is not None
            for answer in seat.receive(delivery):
                if type(answer) is Send:
                    self.post(seat, answer)
                else:
                    self.answer(seat, answer)
        except Exception as error:  # P5: reported as this participant's, by _drive
            self._failed(seat, error)

    def _begin(self, seat: Seat) -> None:
        """Let a participant that only answers say what it does unasked, if it does."""
        start = getattr(seat.participant, "start", None)
        if start is None:
            return
        try:
            for answer in start():
                self.answer(seat, answer)
        except Exception as error:  # P5: reported as this participant's, by _drive
            self._failed(seat, error)

    def _hand_over(self, seat: Seat, delivery: Delivery) -> None:
        if seat.done:
            self._undeliverable(seat, delivery, (delivery.seq, seat.rank))
            return
        assert seat.mailbox is not None
        self._handed_over = True
        seat.in_mailbox = False
        if seat.idle:
            seat.idle = False
            self._awake += 1
        seat.mailbox.put(delivery)

    def _undeliverable(self, seat: Seat, delivery: Delivery, place: tuple[int, int]) -> None:
        """Put on record that *seat* is over and does not read *delivery*."""
        fact = Fact("undeliverable", {"message": type(delivery.message).__name__})
        self._facts.append((place, seat.name, fact, delivery.seq))

    def _close_calendar(self) -> None:
        """Put on record what was sent by those who were told to go: nobody will get it."""
        left = [sorted(self._next_phase, key=attrgetter("rank"))]
        for at_ns in sorted(self._due.keys() | self._departing.keys()):
            kept_back = [delivery for _, _, delivery in self._departing.get(at_ns, ())]
            left.append(sorted(self._due.get(at_ns, []) + kept_back, key=attrgetter("rank")))
        after_all = (self._seq + 1, 0)
        for delivery in chain.from_iterable(left):
            if delivery.background:
                continue
            fact = Fact("undeliverable", {"message": type(delivery.message).__name__})
            self._facts.append((after_all, delivery.recipient, fact, delivery.cause))

    def _in_order(self, batch: list[Delivery]) -> list[Delivery]:
        """Return *batch* by sender's rank and count, varied where a choice says so.

        Only the order in which one recipient sees the messages of several senders is
        anybody's choice; one sender's own messages never overtake each other.
        """
        batch.sort(key=attrgetter("rank", "count"))
        if not self._choices.varies:
            return batch
        places: dict[str, list[int]] = {}
        for place, delivery in enumerate(batch):
            places.setdefault(delivery.recipient, []).append(place)
        varied = list(batch)
        for mine in places.values():
            if len({batch[place].rank for place in mine}) < 2:
                continue
            put_back: dict[str, int] = {}
            keys = []
            for place in mine:
                delivery = batch[place]
                choice = Choice("order", delivery.sender, delivery.recipient, delivery.nth)
                value = self._choices.choose(choice, ORDER_BOUND)
                put_back[delivery.sender] = max(value, put_back.get(delivery.sender, 0))
                keys.append(put_back[delivery.sender])
            for place, (_, source) in zip(mine, sorted(zip(keys, mine, strict=True)), strict=True):
                varied[place] = batch[source]
        return varied

    def _write_facts(self) -> None:
        """Write down the facts of the superstep that is over, in the order of its deliveries."""
        facts = self._facts
        if len(facts) > 1:
            facts.sort(key=_order_of_fact)
        for _, actor, fact, cause in facts:
            self._seq += 1
            if self._journal is not None:
                self._journal.add(
                    Entry(self._seq, self.now_ns, self.phase, actor, fact.kind, fact.payload, cause)
                )
        facts.clear()

    # --- what participants ask of the kernel -----------------------------------------

    def post(self, seat: Seat, send: Send, *, expects_reply: bool = False) -> int:
        """Put a message of *seat* on the calendar; return its number among *seat*'s."""
        if seat.down:
            return seat.sent  # it has crashed, and says no more
        recipient = send.recipient
        link = seat.links.get(recipient) or self._link(seat, recipient)
        delay_ns = send.delay_ns
        if delay_ns.__class__ is not int or delay_ns < 0:
            raise ValueError(
                f"{seat.name}: expected a delay in whole nanoseconds from 0, was {delay_ns!r}"
            )
        handling = seat.handling
        delivery = Delivery(
            send.message,
            seat.name,
            recipient,
            seat.rank,
            seat.sent + 1,
            link.sent + 1,
            0 if handling is None else handling.seq,
            seat.sent + 1 if expects_reply else 0,
            send.in_reply_to,
        )
        if send.background:
            delivery.background = True
            self._background += 1
        if not link.jitter_ns:
            seat.sent = delivery.count
            link.sent = delivery.nth
            self._arrive(delivery, self.now_ns + delay_ns + link.nominal_ns)
        elif delay_ns:
            self._at(self.now_ns + delay_ns, self._departing).append((seat, link, delivery))
        else:
            self._leave(seat, link, delivery)
        return delivery.count

    def answer(self, seat: Seat, answer: Answer) -> None:
        """Carry out what *seat* answered."""
        if isinstance(answer, Send):
            self.post(seat, answer)
        elif isinstance(answer, Fact):
            self.report(seat, answer)
        else:
            raise TypeError(f"{seat.name} answered with {answer!r}, expected a Send or a Fact")

    def report(self, seat: Seat, fact: Fact) -> None:
        """Note a fact of *seat*'s; it is written down when the superstep is over."""
        if seat.down:
            return
        cause = 0 if seat.handling is None else seat.handling.seq
        self._facts.append((self._place(seat), seat.name, fact, cause))

    def _place(self, seat: Seat) -> tuple[int, int]:
        """Return where in the superstep stands what *seat* does now.

        It stands with the delivery that it has come to.  What comes of a timer follows
        the instant's deliveries, by rank.
        """
        latest = seat.latest if seat.receive is None else seat.handling
        return 0 if latest is None or self._timers_run else latest.seq, seat.rank

    def waits(self, seat: Seat) -> None:
        """*seat* has read all its messages and will wait for more.

        The last one to go idle steps the floor itself, which spares a task switch.
        It may when every participant waits in its mailbox without a deadline and no
        other task exists: then the floor is quiet, and Trio need not be asked.
        """
        seat.in_mailbox = True
        if self._census is None:
            return
        # The loop of one that only answers is ours, and sets no deadline.
        if seat.receive is None and trio.current_effective_deadline() != math.inf:
            return
        seat.idle = True
        self._awake -= 1
        if self._awake or self._census.foreign or self._failures or self._broken:
            return
        self._handed_over = False
        try:
            self._step()
        except Exception as error:  # not this participant's: for _drive to raise
            self._broken = error

    def woke(self, seat: Seat) -> None:
        """*seat* no longer waits, though nothing came."""
        seat.in_mailbox = False
        if seat.idle:
            seat.idle = False
            self._awake += 1

    # --- links and the calendar ------------------------------------------------------

    def _link(self, seat: Seat, recipient: str) -> Link:
        if recipient not in self._seats:
            names = [name for name in self._seats if name != ENVIRONMENT]
            raise UnknownRecipient(seat.name, recipient, names)
        latency = NO_LATENCY
        if self._latency is not None and recipient != seat.name and seat is not self._environment:
            latency = self._latency(seat.name, recipient)
        link = seat.links[recipient] = Link(latency.nominal_ns, latency.jitter_ns)
        return link

    def _leave(self, seat: Seat, link: Link, delivery: Delivery) -> None:
        """Put *delivery* on a link with jitter, where it never overtakes the one ahead.

        It is counted now and not when it was posted: who leaves first is first.
        """
        seat.sent = delivery.count = seat.sent + 1
        link.sent = delivery.nth = link.sent + 1
        at_ns = self.now_ns + link.nominal_ns
        if self._choices.varies:
            choice = Choice("jitter", delivery.sender, delivery.recipient, delivery.nth)
            at_ns += self._choices.choose(choice, link.jitter_ns)
        link.last_arrival_ns = at_ns = max(at_ns, link.last_arrival_ns)
        self._arrive(delivery, at_ns)

    def _depart(self) -> None:
        """Send off what its senders kept back until now."""
        for seat, link, delivery in self._departing.pop(self.now_ns, ()):
            self._leave(seat, link, delivery)

    def _arrive(self, delivery: Delivery, at_ns: int) -> None:
        if at_ns == self.now_ns and self._ran:
            self._next_phase.append(delivery)
        else:
            due = self._due.get(at_ns)
            if due is None:
                self._due[at_ns] = [delivery]
                if at_ns not in self._departing:
                    heapq.heappush(self._times, at_ns)
            else:
                due.append(delivery)

    def _at(self, at_ns: int, departing: dict[int, list[Any]]) -> list[Any]:
        if at_ns not in departing:
            departing[at_ns] = []
            if at_ns not in self._due:
                heapq.heappush(self._times, at_ns)
        return departing[at_ns]

    def _failed(self, seat: Seat, error: Exception) -> None:
        seat.done = True
        message = None if seat.handling is None else seat.handling.message
        self._failures.append(Failure(seat, message, error, self._place(seat)))


def _order_of_fact(fact: tuple[tuple[int, int], str, Fact, int]) -> tuple[int, int]:
    return fact[0]


def _module_of(seat: Seat) -> str:
    participant = seat.participant
    fenced: str = getattr(participant, "fenced_module", type(participant).__module__)
    return fenced


@contextmanager
def _alone() -> Iterator[None]:
    """Raise what a group of one holds, with its own cause; an interrupt before all else."""
    try:
        yield
        return
    except BaseExceptionGroup as group:
        error: BaseException = group.subgroup(KeyboardInterrupt) or group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    raise error
