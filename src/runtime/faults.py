"""What may go wrong on a floor: messages that are lost, late or told twice, participants
that stop or cannot keep up, and clocks that are off.

Each fault is a choice (`floorproof.runtime.choices`), whose 0 is that nothing goes wrong, so
that a run is repeated, and made smaller, fault by fault.  A plan says which kinds there are
and how many of each at most: what a floor must bear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import attrs
import msgspec
from attrs import validators

from .choices import Choice, Choices
from .participant import Delivery

LINK_KINDS = ("drop", "duplicate", "delay", "reorder", "cut", "partition")
"""What befalls messages and links, in the order in which it is asked about; one message has
one of them at most."""

ACTOR_KINDS = ("pause", "crash", "slow")
"""What befalls participants, as they are about to get something."""

CLOCK_KINDS = ("skew",)
"""What is so from the beginning of a run, or is not."""

_MS = 1_000_000
_not_negative = validators.ge(0)
_positive = validators.ge(1)


@attrs.frozen(kw_only=True)
class FaultPlan:
    """Which faults a run may have.

    Raises:
        ValueError: if a figure is below what it can be.
    """

    drop: int = attrs.field(default=0, validator=_not_negative)
    """How many messages are lost at most; so of each kind."""

    duplicate: int = attrs.field(default=0, validator=_not_negative)
    """How many arrive twice."""

    delay: int = attrs.field(default=0, validator=_not_negative)
    """How many are late, and those behind them with them."""

    reorder: int = attrs.field(default=0, validator=_not_negative)
    """How many are late, and overtaken by those behind them."""

    cut: int = attrs.field(default=0, validator=_not_negative)
    """How often a link loses everything in one direction for a while."""

    partition: int = attrs.field(default=0, validator=_not_negative)
    """How often a link loses everything in both directions for a while."""

    pause: int = attrs.field(default=0, validator=_not_negative)
    """How often somebody gets nothing for a while, and then all of it."""

    crash: int = attrs.field(default=0, validator=_not_negative)
    """How often somebody stops, losing what he knew and got, and is made again later."""

    slow: int = attrs.field(default=0, validator=_not_negative)
    """How often somebody falls behind: from then on he takes long over each message, and the
    others wait, until he has caught up."""

    skew: int = attrs.field(default=0, validator=_not_negative)
    """How many have a clock that is off for the whole run."""

    one_in: int = attrs.field(default=50, validator=_positive)
    """How rare a fault is: one of so many messages has it, while there may be more."""

    longest_ns: int = attrs.field(default=100 * _MS, validator=_positive)
    """How long a delay, a cut, a pause, an outage or one message of somebody slow lasts at most."""

    queue: int = attrs.field(default=8, validator=_positive)
    """How many messages wait for somebody slow at most: when there are so many, the next that
    comes is dropped."""

    clock_off_ns: int = attrs.field(default=50 * _MS, validator=_positive)
    """How far a clock is off at most, ahead or behind."""

    until_ns: int | None = attrs.field(default=None, validator=validators.optional(_not_negative))
    """From then on nothing goes wrong any more; what is cut is healed, and who was slow has
    caught up.  Clocks stay as they are.  None for never."""

    settle_ns: int = attrs.field(default=0, validator=_not_negative)
    """How long the floor goes on after that even if only what is in the background is left to
    happen, so that sessions find out what they have missed."""

    links: tuple[tuple[str, str], ...] = ()
    """The links that are not reliable, from and to; all between two participants if empty."""

    sessions: tuple[tuple[str, str], ...] = ()
    """The links, from and to, on which a session numbers its messages and asks for those that
    it has missed: all that befalls them is that messages are late, and what comes to somebody
    who is down he has once he is back.  One from somebody to himself is a list of what he has
    to do, timers included, that he keeps where a crash does not reach it."""

    actors: tuple[str, ...] = ()
    """Those who may pause, crash and be slow, and whose clocks may be off."""

    @property
    def settled_ns(self) -> int:
        """Until when the floor goes on; 0 where it ends when there is nothing left to do."""
        return 0 if self.until_ns is None else self.until_ns + self.settle_ns

    def budget(self, kind: str) -> int:
        """Return how many faults of *kind* there may be."""
        allowed: int = getattr(self, kind)
        return allowed


@attrs.frozen
class Fault:
    """Something that goes wrong (a journal fact, ``fault``)."""

    kind: str
    """One of a plan's kinds; ``overflow`` of a message that found no room with somebody slow."""

    sender: str
    recipient: str
    """To whom the message was, or whose clock it is, which has him for the sender, too."""

    message: str
    """The message that it befell or began at, by its class; none of a clock."""

    lasts_ns: int
    """How long it lasts, how late the message is, or how long he takes over each; 0 of one that
    is lost.  Of a clock, how far it is ahead, or below 0 behind."""


class Restart(msgspec.Struct, frozen=True, gc=False):
    """To somebody who has crashed: he is made again, with what he had put into his store."""


@attrs.frozen
class Fate:
    """What becomes of a message that has come to its recipient."""

    arrivals: tuple[int, ...]
    """When it is had, in nanoseconds since the start: now, later, twice or never."""

    fault: Fault | None = None
    """What goes wrong at it."""


@attrs.define(eq=False)
class _Behind:
    """Somebody slow, and what waits for him, in the order in which he takes it."""

    takes_ns: int
    free_ns: int
    """When he is done with the last of what waits."""

    waiting: deque[Delivery] = attrs.field(factory=deque)


@attrs.define
class Faults:
    """Says of each message of one run what becomes of it, and keeps the account.

    It is asked of every message as it arrives, in the order of the floor, so that what goes
    wrong does not depend on how participants are hosted.
    """

    plan: FaultPlan
    _choices: Choices
    _used: dict[str, int] = attrs.field(init=False, factory=dict)
    _cut_until: dict[tuple[str, str], int] = attrs.field(init=False, factory=dict)
    _held_until: dict[tuple[str, str], int] = attrs.field(init=False, factory=dict)
    """Until when a late message keeps back those behind it."""

    _paused_until: dict[str, int] = attrs.field(init=False, factory=dict)
    _behind: dict[str, _Behind] = attrs.field(init=False, factory=dict)
    _had: dict[str, int] = attrs.field(init=False, factory=dict)
    """How many messages each of the plan's actors has come to have."""

    def clocks(self, actors: Iterable[str]) -> Iterator[Fault]:
        """Yield whose clocks are off in this run, of *actors* in their order.

        A clock is off by as much from beginning to end: it reads another time of day, and
        measures as well as the others.
        """
        for actor in actors:
            if actor not in self.plan.actors or self._used.get("skew", 0) >= self.plan.skew:
                continue
            choice = Choice("skew", actor, actor, 1)
            # Odd values are ahead, even ones behind, so that small values are small faults.
            value = self._choose(choice, 2 * self.plan.clock_off_ns, one_in=2)
            if value:
                off_ns = (value + 1) // 2 if value % 2 else -(value // 2)
                yield Fault("skew", actor, actor, "", off_ns)

    def fate(self, delivery: Delivery, now_ns: int, *, from_outside: bool) -> Fate:
        """Return what becomes of a message that arrives now.

        Args:
            from_outside: it is what the environment does, which travels on no link.
        """
        sender, recipient = delivery.sender, delivery.recipient
        link = (sender, recipient)
        behind = self._behind.get(recipient)
        if behind is not None and delivery in behind.waiting:
            behind.waiting.remove(delivery)
            return Fate((now_ns,))
        if not (from_outside or sender == recipient):
            if now_ns < self._cut_until.get(link, 0) and not self.asks_again(link):
                return Fate((), self._fault("cut", delivery, 0))
            if now_ns < self._held_until.get(link, 0):
                return Fate((self._held_until[link],))
            if not delivery.judged and self._may_fail(link):
                delivery.judged = True
                fate = self._of_link(delivery, now_ns)
                if fate is not None:
                    return fate
        if recipient not in self.plan.actors:
            return Fate((now_ns,))
        may_drop = not (from_outside or sender == recipient or self.asks_again(link))
        return self._of_actor(delivery, now_ns, may_drop=may_drop)

    def asks_again(self, link: tuple[str, str]) -> bool:
        """Return whether nothing is lost on a link, as there is a session on it."""
        return link in self.plan.sessions

    def _may_fail(self, link: tuple[str, str]) -> bool:
        return not self.plan.links or link in self.plan.links

    def _of_link(self, delivery: Delivery, now_ns: int) -> Fate | None:
        link = (delivery.sender, delivery.recipient)
        kinds = ("delay",) if self.asks_again(link) else LINK_KINDS
        for kind in self._open(kinds, now_ns):
            bound = 1 if kind == "drop" else self.plan.longest_ns
            value = self._choose(Choice(kind, *link, delivery.nth), bound, self.plan.one_in)
            if not value:
                continue
            later = now_ns + value
            match kind:
                case "drop":
                    return Fate((), self._fault(kind, delivery, 0))
                case "duplicate":
                    arrivals: tuple[int, ...] = (now_ns, later)
                case "delay":
                    self._held_until[link] = later
                    arrivals = (later,)
                case "reorder":
                    arrivals = (later,)
                case _:
                    self._cut(link, later)
                    if kind == "partition":
                        self._cut((delivery.recipient, delivery.sender), later)
                    arrivals = ()
            return Fate(arrivals, self._fault(kind, delivery, value))
        return None

    def _of_actor(self, delivery: Delivery, now_ns: int, *, may_drop: bool) -> Fate:
        actor = delivery.recipient
        if now_ns < self._paused_until.get(actor, 0):
            return Fate((self._paused_until[actor],))
        behind = self._behind.get(actor)
        if behind is not None:
            if now_ns < behind.free_ns and not self._is_over(now_ns):
                return self._in_line(behind, delivery, now_ns, may_drop=may_drop)
            del self._behind[actor]
        self._had[actor] = nth = self._had.get(actor, 0) + 1
        for kind in self._open(ACTOR_KINDS, now_ns):
            choice = Choice(kind, actor, actor, nth)
            value = self._choose(choice, self.plan.longest_ns, self.plan.one_in)
            if value and kind == "pause":
                self._paused_until[actor] = now_ns + value
                fault = self._fault(kind, delivery, value)
                return Fate((now_ns + value,), fault)
            if value and kind == "slow":
                self._behind[actor] = _Behind(value, now_ns + value)
                return Fate((now_ns,), self._fault(kind, delivery, value))
            if value:
                return Fate((), self._fault(kind, delivery, value))
        return Fate((now_ns,))

    def _in_line(self, behind: _Behind, delivery: Delivery, now_ns: int, *, may_drop: bool) -> Fate:
        """Have a message wait for somebody slow, or drop it where too many wait.

        Only what others sent is dropped: his own timers and the environment wait.
        """
        if may_drop and len(behind.waiting) >= self.plan.queue:
            return Fate((), self._fault("overflow", delivery, 0))
        at_ns = behind.free_ns
        if self.plan.until_ns is not None:
            at_ns = min(at_ns, self.plan.until_ns)
        behind.free_ns = at_ns + behind.takes_ns
        behind.waiting.append(delivery)
        return Fate((at_ns,))

    @staticmethod
    def _fault(kind: str, delivery: Delivery, lasts_ns: int) -> Fault:
        message = type(delivery.message).__name__
        return Fault(kind, delivery.sender, delivery.recipient, message, lasts_ns)

    def _open(self, kinds: tuple[str, ...], now_ns: int) -> Iterator[str]:
        """Yield those of *kinds* of which there may be one more now."""
        if self._is_over(now_ns):
            return
        for kind in kinds:
            if self._used.get(kind, 0) < self.plan.budget(kind):
                yield kind

    def _is_over(self, now_ns: int) -> bool:
        """Return whether nothing goes wrong any more."""
        return self.plan.until_ns is not None and now_ns >= self.plan.until_ns

    def _choose(self, choice: Choice, bound: int, one_in: int) -> int:
        value = self._choices.rarely(choice, bound, one_in)
        if value:
            self._used[choice.kind] = self._used.get(choice.kind, 0) + 1
        return value

    def _cut(self, link: tuple[str, str], until_ns: int) -> None:
        if self.plan.until_ns is not None:
            until_ns = min(until_ns, self.plan.until_ns)
        self._cut_until[link] = max(until_ns, self._cut_until.get(link, 0))
