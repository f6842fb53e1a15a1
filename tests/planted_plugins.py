"""Plugins with one fault each, which the conformance kit must find."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, ClassVar

import attrs
import msgspec

from floorproof.market.fix import ExecRestatementReason, OrdRejReason
from floorproof.market.identifiers import OrderID
from floorproof.market.ledger import Rule
from floorproof.market.matching import Queued
from floorproof.market.messages import NewOrderSingle
from floorproof.market.profile import DayPlan, Phase, Product, Session, VenueProfile
from floorproof.market.quotes import QuotedOrder
from floorproof.market.rules import (
    CancelResting,
    Indifferent,
    Interrupt,
    MarketView,
    Prevention,
    Publish,
    Reject,
    Remember,
    RestingOrder,
    SettleEffect,
)
from floorproof.market.session_rules import EndEffect, EndSession, MessageEffect, SessionView
from floorproof.market.synthetic import SynthStatus
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.synthetic import (
    Accept,
    CancelAsked,
    CancelChild,
    ChildFilled,
    ChildReported,
    EnterChild,
    Fill,
    Finish,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
)
from floorproof.plugins.watching import Broken, WatchedFloor, Watcher
from floorproof.runtime.journal import Entry

RULE = Rule("X-1", "Something.", "a book, page 1")


class Provider:
    """A plugin of one thing of one kind, named ``x``."""

    floorproof_contract = CONTRACT_VERSION

    def __init__(self, kind: str, offered: object, *rules: Rule) -> None:
        self._rules = rules or (RULE,)
        setattr(self, kind, hookimpl(lambda: {"x": offered}))

    @hookimpl
    def rules(self) -> Sequence[Rule]:
        return self._rules


# --- rule sets ------------------------------------------------------------------------


def refused(text: str) -> Reject:
    return Reject(OrdRejReason.OTHER, text)


@attrs.frozen
class GoodRules:
    """Refuses orders of many lots, and remembers who was refused."""

    most: int = attrs.field(default=10, validator=attrs.validators.ge(1))

    @hookimpl
    def accept_request(self, request: Any) -> Reject | None:
        is_large = isinstance(request, NewOrderSingle) and request.order_qty > self.most
        return refused("too many") if is_large else None

    @hookimpl
    def after_request(self, events: Sequence[object]) -> Sequence[SettleEffect]:
        return [Remember("events", len(events))]


@attrs.define
class Thawed:
    @hookimpl
    def accept_request(self) -> Reject:
        return refused("no")


@attrs.frozen
class RaisesOnQuotes:
    @hookimpl
    def accept_request(self, request: object) -> None:
        if isinstance(request, QuotedOrder):
            raise LookupError("a quote?")


@attrs.frozen
class AnswersLate:
    """Refuses what has happened already."""

    @hookimpl
    def after_request(self) -> Any:
        return [refused("too late")]


@attrs.frozen
class RefusesInWords:
    """Before the exchange has looked at it."""

    @hookimpl
    def admit_request(self) -> Any:
        return "no"


@attrs.frozen
class CancelsStrangers:
    @hookimpl
    def before_match(self) -> Sequence[Prevention]:
        return [CancelResting(OrderID(99))]


@attrs.frozen
class InterruptsIntoNothing:
    @hookimpl
    def before_trade(self) -> Interrupt:
        return Interrupt(state="NIRVANA", reason=ExecRestatementReason.OTHER)


@attrs.frozen
class CountsByItself:
    counts: dict[str, int] = attrs.field(factory=dict, init=False)

    @hookimpl
    def accept_request(self) -> None:
        self.counts["asked"] = self.counts.get("asked", 0) + 1


@attrs.frozen
class ClearsCandidates:
    @hookimpl
    def before_match(self, candidates: list[RestingOrder]) -> None:
        if isinstance(candidates, list):
            candidates.clear()


@attrs.frozen
class Draws:
    @hookimpl
    def before_trade(self) -> None:
        random.random()


@attrs.frozen(eq=False)
class Individual:
    @hookimpl
    def accept_request(self) -> Reject:
        return refused(str(id(self)))


@attrs.frozen
class PublishesObjects:
    @hookimpl
    def after_request(self) -> Sequence[SettleEffect]:
        return [Publish(_NOTHING)]


_NOTHING = object()


@attrs.frozen
class TooIndifferent:
    """Has nothing against any order, it says, and refuses some."""

    def indifferent(self, market: MarketView) -> Indifferent:
        return Indifferent(orders=(-(2**62), 2**62))

    @hookimpl
    def accept_request(self, request: Any) -> Reject | None:
        return refused("odd") if getattr(request, "order_qty", 0) % 2 else None


@attrs.frozen
class RefusesSettingsSilently:
    most: int = 5

    def __attrs_post_init__(self) -> None:
        if self.most < 0:
            raise ValueError

    @hookimpl
    def accept_request(self) -> Reject:
        return refused("no")


@attrs.frozen
class TakesSettingsItCannotUse:
    parts: int = 5

    @hookimpl
    def accept_request(self) -> Reject:
        return refused(f"{100 // self.parts}")


@attrs.frozen
class Hangs:
    """On market orders it never comes to an end."""

    @hookimpl
    def accept_request(self, request: Any) -> None:
        while isinstance(request, NewOrderSingle) and request.price is None:
            pass


@attrs.frozen
class Slow:
    @hookimpl
    def accept_request(self) -> Reject:
        return refused(str(sum(range(20_000))))


@attrs.frozen
class WrongStates:
    def trading_states(self) -> list[object]:
        return ["OPEN"]

    @hookimpl
    def accept_request(self) -> None: ...


@attrs.frozen
class OpensDifferently:
    """What it tells a feed at first is another thing each time."""

    def opening(self, market: MarketView) -> Iterator[object]:
        yield next(_numbers)

    @hookimpl
    def accept_request(self) -> None: ...


_numbers = itertools.count()


@attrs.frozen
class CountsMessages:
    counts: dict[str, int] = attrs.field(factory=dict, init=False)

    @hookimpl
    def accept_message(self, msg_type: str) -> Sequence[MessageEffect] | None:
        self.counts[msg_type] = self.counts.get(msg_type, 0) + 1
        return None


@attrs.frozen
class EndsTheEnded:
    @hookimpl
    def session_ended(self, session: SessionView) -> Sequence[EndEffect]:
        return [EndSession("again")]  # type: ignore[list-item]  # the fault


# --- matching algorithms --------------------------------------------------------------

Fills = Iterable[tuple[Queued, int]]


@attrs.frozen
class FirstCome:
    """Right, and by nobody's rule book."""

    would: ClassVar[bool] = False

    def allocate(self, quantity: int, queue: Sequence[Queued]) -> Fills:
        for queued in queue:
            share = min(quantity, queued.shown_qty)
            if share:
                yield queued, share
            quantity -= share


@attrs.frozen
class LosesTheLast(FirstCome):
    """Where there is a rest, nobody gets the last lot."""

    def allocate(self, quantity: int, queue: Sequence[Queued]) -> Fills:
        return super().allocate(quantity - (quantity > 10), queue)


@attrs.frozen
class LastCome(FirstCome):
    def allocate(self, quantity: int, queue: Sequence[Queued]) -> Fills:
        return super().allocate(quantity, queue[::-1])


@attrs.frozen
class TakesHidden(FirstCome):
    """Hands out what icebergs do not show."""

    def allocate(self, quantity: int, queue: Sequence[Queued]) -> Fills:
        return [(queue[0], min(quantity, queue[0].leaves_qty))]


@attrs.frozen
class DrainsTheQueue(FirstCome):
    def allocate(self, quantity: int, queue: Any) -> Fills:
        fills = [*super().allocate(quantity, queue)]
        queue.clear()
        return fills


@attrs.frozen
class PerhapsWould(FirstCome):
    would: ClassVar[Any] = None


# --- order types ----------------------------------------------------------------------


@attrs.frozen
class Whole:
    """Works its whole order in one child, at its limit or at the market."""

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield Accept()
        yield self.child(order)

    def child(self, order: SyntheticOrder) -> EnterChild:
        price = 100_00 if order.price is None else order.price
        return EnterChild(
            child="1",
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            price=price,
        )

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        match event:
            case ChildFilled(child, last_qty, last_px):
                yield Fill(child, last_qty, last_px)
            case ChildReported() if order.children["1"].is_over:
                yield Finish(SynthStatus.CANCELED)
            case CancelAsked():
                yield from self.cancel()
            case _:
                pass

    def cancel(self) -> Iterator[SyntheticEffect]:
        yield CancelChild("1")


@attrs.frozen
class Overfills(Whole):
    def child(self, order: SyntheticOrder) -> EnterChild:
        return attrs.evolve(super().child(order), order_qty=order.order_qty + 1)


@attrs.frozen
class LeavesItsChild(Whole):
    def cancel(self) -> Iterator[SyntheticEffect]:
        yield Finish(SynthStatus.CANCELED)


@attrs.frozen
class IgnoresCancels(Whole):
    def cancel(self) -> Iterator[SyntheticEffect]:
        return iter(())


@attrs.frozen
class OffTick(Whole):
    def child(self, order: SyntheticOrder) -> EnterChild:
        return attrs.evolve(super().child(order), price=100_01)


@attrs.frozen
class RaisesOnFills(Whole):
    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        if isinstance(event, ChildFilled):
            raise ArithmeticError("so many?")
        yield from super().handle(order, event, desk)


@attrs.frozen
class NamesFromAbove(Whole):
    """Draws on what all orders of all runs have in common."""

    def child(self, order: SyntheticOrder) -> EnterChild:
        return attrs.evolve(super().child(order), order_qty=next(_numbers) % 5 + 1)


@attrs.frozen
class AddsParameters(Whole):
    def enter(self, order: Any, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        order.children["own"] = None
        yield Accept()


@attrs.frozen
class EntersTwice(Whole):
    """Calls two children by one name, which its gateway does not have."""

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield from super().enter(order, desk)
        yield self.child(order)


# --- invariants -----------------------------------------------------------------------


@attrs.frozen
class Invariant:
    """Holds always."""

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        return Watcher()


class _Complains(Watcher):
    def see(self, entry: Entry) -> Broken | None:
        return Broken("there is something") if entry.seq == 5 else None


@attrs.frozen
class CriesWolf(Invariant):
    def watch(self, floor: WatchedFloor) -> Watcher:
        return _Complains()


class _Counts(Watcher):
    def __init__(self, seen: list[int]) -> None:
        self._seen = seen

    def see(self, entry: Entry) -> Broken | None:
        self._seen.append(entry.seq)
        return Broken("twice") if self._seen.count(entry.seq) == 2 else None


@attrs.frozen
class RemembersRuns(Invariant):
    """What one watcher has seen the next one knows."""

    seen: list[int] = attrs.field(factory=list, init=False)

    def watch(self, floor: WatchedFloor) -> Watcher:
        return _Counts(self.seen)


class _Foretells(Watcher):
    def see(self, entry: Entry) -> Broken | None:
        return Broken("it will be wrong", (entry.seq + 1,))


@attrs.frozen
class Foretells(Invariant):
    def watch(self, floor: WatchedFloor) -> Watcher:
        return _Foretells()


@attrs.frozen
class WatchesWithNothing(Invariant):
    def watch(self, floor: WatchedFloor) -> Any:
        return "a watcher"


class _Rewrites(Watcher):
    def see(self, entry: Entry) -> None:
        msgspec.structs.force_setattr(entry, "payload", None)


@attrs.frozen
class RewritesHistory(Invariant):
    def watch(self, floor: WatchedFloor) -> Watcher:
        return _Rewrites()


# --- exports --------------------------------------------------------------------------


def exports_text(entries: Sequence[Entry]) -> Any:
    return str(len(entries))


def drains_entries(entries: Any) -> bytes:
    entries.clear()
    return b""


def numbers_exports(entries: Sequence[Entry]) -> bytes:
    return str(next(_numbers)).encode()


# --- venues ---------------------------------------------------------------------------


def _no_fridays(listed: Any, windows: Any) -> Mapping[str, Mapping[str, object]]:
    if any(begin for begin, _ in windows(time(9), time(10), "Asia/Tokyo")[:1]):
        raise KeyError("a day that begins later")
    return {}


VENUE = VenueProfile(
    name="A venue",
    mic="XXXX",
    currency="EUR",
    time_zone="Europe/Berlin",
    rules=(),
    day=DayPlan(phases=(Phase("CONTINUOUS"),), between="CONTINUOUS", closed="CONTINUOUS"),
    sessions=(Session(opens=time(9), closes=time(17)),),
    products=(Product(code="P", name="a product", tick="0.01"),),
    since=date(2024, 1, 1),
    until=date(2025, 1, 1),
)
NO_SUCH_ZONE = attrs.evolve(VENUE, time_zone="Europe/Atlantis")
NO_SUCH_RULES = attrs.evolve(VENUE, rules=("x-rules",))
FAILS_AT_TIMES = attrs.evolve(VENUE, settings=_no_fridays)
