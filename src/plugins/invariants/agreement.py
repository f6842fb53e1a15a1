"""Once nothing goes wrong any more, everybody on the floor soon believes the same.

What participants hold is compared where they are at rest: a venue's books with what gateways
believe to work there, those with the windows of users, and staged orders with both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import attrs

from ...market.book import Resting
from ...market.exchange import Exchange
from ...market.identifiers import ClOrdID, CompID, StagedOrderID
from ...market.quotes import QuotedOrder
from ...market.window import OrderRow, Window
from ...market.working import Working
from ...runtime.faults import Fault
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher

_LOSSES = ("drop", "cut", "partition", "overflow", "crash")
_OUT_OF_ORDER = ("duplicate", "reorder")
"""What ends a session's connection, as its numbers do not fit, and so loses what follows."""

_SESSION_MESSAGES = ("FixText", "Connected", "Disconnected", "SessionDue")
"""What sessions in FIX text are made of, which ask again for what is lost of it."""


@attrs.frozen
class Agreement:
    """The floor agrees at the end, and, after faults, within the time that it has for it.

    Whatever works at an exchange is known to the gateway that entered it, and the other way
    round; what users see of their orders and of staged orders is what gateways hold; and no
    request is without an answer.  What is apart when faults end (``until``) has met within
    ``settle``; at the end nothing is apart.

    It watches where there may be faults.  A link does not ask again for what is lost, so that
    a run in which one has lost something is left alone: only what sessions lose can be had
    again, those in FIX text and those of the plan's ``sessions``.  Where one in FIX text has
    lost something, or its connection, the floor needs time to find out: ``settle``.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        return None if floor.fault_plan is None else _Agreement(floor)


@runtime_checkable
class _Venue(Protocol):
    @property
    def exchange(self) -> Exchange: ...


@runtime_checkable
class _Gateway(Protocol):
    def working(self) -> Iterator[Working]: ...
    def unanswered(self) -> Iterator[str]: ...


@runtime_checkable
class _Desk(Protocol):
    def parents(self) -> Iterator[tuple[Any, Collection[CompID]]]:
        """Yield every staged order with those who may see it."""


@runtime_checkable
class _Screen(Protocol):
    window: Window


@runtime_checkable
class _User(Protocol):
    terminal: _Screen


class _Agreement(Watcher):
    sees = (Fault, dict)

    def __init__(self, floor: WatchedFloor) -> None:
        self._floor = floor
        assert floor.fault_plan is not None, "watched only then"
        self._until_ns = floor.fault_plan.until_ns
        self._settle_ns = floor.fault_plan.settle_ns
        self._sessions = floor.fault_plan.sessions
        self._apart: dict[tuple[str, ...], str] | None = None
        """What was apart when faults ended, and has been ever since."""

        self._is_lost = False
        """Whether something is lost that nobody asks for again."""

        self._is_lost_by_session = False

    def see(self, entry: Entry) -> Broken | None:
        if entry.sender is not None:
            return None
        match entry.payload:
            case Fault(kind=kind, sender=sender, recipient=recipient, message=message):
                if kind in _LOSSES:
                    self._lose(sender, recipient, message)
                elif kind in _OUT_OF_ORDER and message in _SESSION_MESSAGES:
                    self._is_lost_by_session = True
            case {"message": message, "sender": sender} if entry.kind == "lost":
                self._lose(sender, entry.actor, message)
            case _:
                pass
        return None

    def _lose(self, sender: str, recipient: str, message: str) -> None:
        if (sender, recipient) in self._sessions:
            return  # he has it once he is back
        if message in _SESSION_MESSAGES:
            self._is_lost_by_session = True
        elif sender not in (recipient, "scenario"):
            self._is_lost = True

    def quiet(self, now_ns: int) -> Broken | None:
        if self._until_ns is None or now_ns < self._until_ns or self._apart == {}:
            return None
        if self._is_lost or not self._settle_ns:
            self._apart = {}
            return None
        if now_ns > self._until_ns + self._settle_ns:
            apart, self._apart = self._apart, {}
            return None if apart is None else _broken(apart)
        now = dict(_apart(self._floor))
        before = now if self._apart is None else self._apart
        self._apart = {key: text for key, text in now.items() if key in before}
        return None

    def end(self) -> Broken | None:
        if self._is_lost or (self._is_lost_by_session and not self._settle_ns):
            return None
        return _broken(dict(_apart(self._floor)))


def _broken(apart: Mapping[tuple[str, ...], str]) -> Broken | None:
    if not apart:
        return None
    first, *others = apart.values()
    more = f", and {len(others)} more are apart" if others else ""
    return Broken(f"{first}{more}")


def _apart(floor: WatchedFloor) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what two on the floor do not agree about, by what it is, and in words."""
    gateways = {
        name: gateway
        for name in floor.gateways("exchange")
        if isinstance(gateway := floor.participant(name), _Gateway)
    }
    books = {
        name: venue.exchange
        for name in dict.fromkeys(floor.exchange_of.values())
        if isinstance(venue := floor.participant(name), _Venue)
    }
    windows = {
        name: user.terminal.window
        for name in floor.users
        if isinstance(user := floor.participant(name), _User)
    }
    working = {
        name: {each.session_id: each for each in gateway.working()}
        for name, gateway in gateways.items()
    }
    for name, gateway in gateways.items():
        resting = _resting(name, books.values())
        yield from _at_the_venue(floor, name, working[name], resting, books)
        yield from _in_windows(name, working[name], resting, windows)
        for what in gateway.unanswered():
            yield ("unanswered", name, what), f"{name} has had no answer to {what}"
    for name in floor.gateways("sse"):
        desk = floor.participant(name)
        if isinstance(desk, _Desk):
            for parent, audience in desk.parents():
                yield from _staged(parent, audience, windows, working)


def _resting(gateway: CompID, books: Collection[Exchange]) -> dict[ClOrdID, Resting]:
    """Return what a gateway has working at its venues, by its session's name for it."""
    return {
        resting.order.cl_ord_id: resting
        for exchange in books
        for symbol in exchange.symbols
        for resting in exchange.book(symbol)
        if resting.order.sender_comp_id == gateway and not isinstance(resting.order, QuotedOrder)
    }


def _at_the_venue(
    floor: WatchedFloor,
    gateway: CompID,
    working: Mapping[ClOrdID, Working],
    resting: Mapping[ClOrdID, Resting],
    books: Mapping[CompID, Exchange],
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, order in working.items():
        venue = floor.exchange_of[order.symbol]
        if name not in resting and venue in books:
            whose = f"{order.user}'s {order.cl_ord_id}"
            text = f"{gateway} believes {whose} to work, and {venue} does not have it"
            yield ("gateway", gateway, name), text
    for name, order_at_rest in resting.items():
        if name not in working:
            venue = floor.exchange_of[order_at_rest.order.symbol]
            text = f"{venue} has {name} of {gateway} working, of which {gateway} knows nothing"
            yield ("venue", gateway, name), text


def _in_windows(
    gateway: CompID,
    working: Mapping[ClOrdID, Working],
    resting: Mapping[ClOrdID, Resting],
    windows: Mapping[CompID, Window],
) -> Iterator[tuple[tuple[str, ...], str]]:
    shown: set[tuple[CompID, CompID, ClOrdID]] = set()
    for name, order in working.items():
        at_rest = resting.get(name)
        for user in order.audience:
            window = windows.get(user)
            if window is None or at_rest is None:
                continue
            shown.add((user, order.user, order.cl_ord_id))
            row = window.orders.get((gateway, order.user, order.cl_ord_id))
            if row is None or not row.is_alive or row.leaves_qty != at_rest.leaves_qty:
                sees = "no such order" if row is None else _in_words(row)
                text = (
                    f"{user} sees {sees} where {order.user}'s {order.cl_ord_id} at {gateway} has"
                    f" {at_rest.leaves_qty} left"
                )
                yield ("window", user, gateway, name), text
    for user, window in windows.items():
        for (at, owner, cl_ord_id), row in window.orders.items():
            if at == gateway and row.is_alive and (user, owner, cl_ord_id) not in shown:
                text = f"{user} sees {_in_words(row)}, and {gateway} has it working no more"
                yield ("window", user, gateway, owner, cl_ord_id), text


def _in_words(row: OrderRow) -> str:
    return f"{row.user}'s {row.cl_ord_id} {row.ord_status.name.lower()} with {row.leaves_qty} left"


def _staged(
    parent: Any,
    audience: Collection[CompID],
    windows: Mapping[CompID, Window],
    working: Mapping[CompID, Mapping[ClOrdID, Working]],
) -> Iterator[tuple[tuple[str, ...], str]]:
    name: StagedOrderID = parent.staged_order_id
    fields = [each for each in _OF_STAGED if hasattr(parent, each)]
    for user in audience:
        window = windows.get(user)
        if window is None:
            continue
        row = window.staged.get(name)
        if row is None:
            yield ("staged", user, name), f"{user} may see {name}, and does not"
            continue
        for field in fields:
            held, seen = getattr(parent, field), getattr(row, field)
            if held != seen:
                text = f"{user} sees {name} with {field} {seen}, and it is {held}"
                yield ("staged", user, name, field), text
    yield from _children(parent, working)


_OF_STAGED = ("owner", "cum_qty", "order_qty", "price", "status")
"""What windows show of a staged order that an order type may keep of it."""


def _children(
    parent: Any, working: Mapping[CompID, Mapping[ClOrdID, Working]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    name: StagedOrderID = parent.staged_order_id
    children: Mapping[tuple[CompID, CompID, ClOrdID], Any] = getattr(parent, "children", {})
    theirs = {
        (gateway, each.user, each.cl_ord_id)
        for gateway, orders in working.items()
        for each in orders.values()
        if each.parent_id == name
    }
    ours = {key for key, child in children.items() if not child.is_over and key[0] in working}
    for gateway, user, cl_ord_id in sorted(theirs - ours):
        text = f"{user}'s {cl_ord_id} works at {gateway} for {name}, which does not know of it"
        yield ("child", name, gateway, user, cl_ord_id), text
    for gateway, user, cl_ord_id in sorted(ours - theirs):
        text = f"{name} believes {user}'s {cl_ord_id} at {gateway} to work, which does not"
        yield ("child", name, gateway, user, cl_ord_id), text
