"""What may go wrong on a floor: messages that are lost, late or told twice, and participants
that stop.

Each fault is a choice (`floorproof.runtime.choices`), whose 0 is that nothing goes wrong, so
that a run is repeated, and made smaller, fault by fault.  A plan says which kinds there are
and how many of each at most: what a floor must bear.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import msgspec
from attrs import validators

from .choices import Choice, Choices
from .participant import Delivery

LINK_KINDS = ("drop", "duplicate", "delay", "reorder", "cut", "partition")
"""What befalls messages and links, in the order in which it is asked about; one message has
one of them at most."""

ACTOR_KINDS = ("pause", "crash")
"""What befalls participants, as they are about to get something."""

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

    one_in: int = attrs.field(default=50, validator=_positive)
    """How rare a fault is: one of so many messages has it, while there may be more."""

    longest_ns: int = attrs.field(default=100 * _MS, validator=_positive)
    """How long a delay, a cut, a pause or an outage lasts at most."""

    until_ns: int | None = attrs.field(default=None, validator=validators.optional(_not_negative))
    """From then on nothing goes wrong any more; what is cut is healed.  None for never."""

    links: tuple[tuple[str, str], ...] = ()
    """The links that are not reliable, from and to; all between two participants if empty."""

    actors: tuple[str, ...] = ()
    """Those who may pause and crash."""

    def budget(self, kind: str) -> int:
        """Return how many faults of *kind* there may be."""
        allowed: int = getattr(self, kind)
        return allowed


@attrs.frozen
class Fault:
    """Something that goes wrong (a journal fact, ``fault``)."""

    kind: str
    sender: str
    recipient: str
    """Of a participant's, he himself in both."""

    message: str
    """The message that it befell or began at, by its class."""

    lasts_ns: int
    """How long it lasts, or how late the message is; 0 of one that is lost."""


class Restart(msgspec.Struct, frozen=True, gc=False):
    """To somebody who has crashed: he is made again, with what he had put into his store."""


@attrs.frozen
class Fate:
    """What becomes of a message that has come to its recipient."""

    arrivals: tuple[int, ...]
    """When it is had, in nanoseconds since the start: now, later, twice or never."""

    fault: Fault | None = None
    """What goes wrong at it."""


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
    _had: dict[str, int] = attrs.field(init=False, factory=dict)
    """How many messages each of the plan's actors has come to have."""

    def fate(self, delivery: Delivery, now_ns: int, *, from_outside: bool) -> Fate:
        """Return what becomes of a message that arrives now.

        Args:
            from_outside: it is what the environment does, which travels on no link.
        """
        sender, recipient = delivery.sender, delivery.recipient
        link = (sender, recipient)
        if not (from_outside or sender == recipient):
            if now_ns < self._cut_until.get(link, 0):
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
        return self._of_actor(delivery, now_ns)

    def _may_fail(self, link: tuple[str, str]) -> bool:
        return not self.plan.links or link in self.plan.links

    def _of_link(self, delivery: Delivery, now_ns: int) -> Fate | None:
        link = (delivery.sender, delivery.recipient)
        for kind in self._open(LINK_KINDS, now_ns):
            bound = 1 if kind == "drop" else self.plan.longest_ns
            value = self._choose(Choice(kind, *link, delivery.nth), bound)
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

    def _of_actor(self, delivery: Delivery, now_ns: int) -> Fate:
        actor = delivery.recipient
        if now_ns < self._paused_until.get(actor, 0):
            return Fate((self._paused_until[actor],))
        self._had[actor] = nth = self._had.get(actor, 0) + 1
        for kind in self._open(ACTOR_KINDS, now_ns):
            value = self._choose(Choice(kind, actor, actor, nth), self.plan.longest_ns)
            if value and kind == "pause":
                self._paused_until[actor] = now_ns + value
                fault = self._fault(kind, delivery, value)
                return Fate((now_ns + value,), fault)
            if value:
                return Fate((), self._fault(kind, delivery, value))
        return Fate((now_ns,))

    @staticmethod
    def _fault(kind: str, delivery: Delivery, lasts_ns: int) -> Fault:
        message = type(delivery.message).__name__
        return Fault(kind, delivery.sender, delivery.recipient, message, lasts_ns)

    def _open(self, kinds: tuple[str, ...], now_ns: int) -> Iterator[str]:
        """Yield those of *kinds* of which there may be one more now."""
        if self.plan.until_ns is not None and now_ns >= self.plan.until_ns:
            return
        for kind in kinds:
            if self._used.get(kind, 0) < self.plan.budget(kind):
                yield kind

    def _choose(self, choice: Choice, bound: int) -> int:
        value = self._choices.rarely(choice, bound, self.plan.one_in)
        if value:
            self._used[choice.kind] = self._used.get(choice.kind, 0) + 1
        return value

    def _cut(self, link: tuple[str, str], until_ns: int) -> None:
        if self.plan.until_ns is not None:
            until_ns = min(until_ns, self.plan.until_ns)
        self._cut_until[link] = max(until_ns, self._cut_until.get(link, 0))
