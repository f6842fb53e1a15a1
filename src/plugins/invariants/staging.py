"""A staged order has one owner at most, fills as its children do, and is told to whom it must.

Who must be told is found here from the logins alone, without the gateways' own code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

import attrs

from ...market.credentials import Login, Logins
from ...market.fix import ExecType
from ...market.fix_line import FixText
from ...market.identifiers import CompID, Qty, StagedOrderID
from ...market.messages import ExecutionReport
from ...market.staging import ParentPartialFill, StagedAck, StagedUpdate
from ...market.synthetic import NewSyntheticOrder
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher

Told: TypeAlias = StagedAck | StagedUpdate | ParentPartialFill

_Order: TypeAlias = tuple[str, StagedOrderID]
"""A staged order, by the gateway that holds it and its name."""


@attrs.frozen
class OneOwner:
    """A staged order that somebody owns is nobody else's before it is available again."""

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        return _Owners() if floor.gateways("sse") else None


@attrs.define
class _Owners(Watcher):
    sees = (StagedAck, StagedUpdate, ParentPartialFill)

    _owners: dict[tuple[str, _Order], tuple[CompID | None, int]] = attrs.field(
        init=False, factory=dict
    )
    """What each who is told of an order has last heard of its owner, and in which entry."""

    def see(self, entry: Entry) -> Broken | None:
        told: Told = entry.payload
        if entry.sender is None:
            return None
        key = (entry.actor, (entry.sender, told.staged_order_id))
        before, seq = self._owners.get(key, (None, entry.seq))
        self._owners[key] = (told.owner, entry.seq)
        if before is None or told.owner is None or told.owner == before:
            return None
        text = (
            f"{told.staged_order_id} is {before}'s, and then {told.owner}'s, with no time between"
        )
        return Broken(text, (seq,))


@attrs.frozen
class ParentFills:
    """Each fill of a child is one fill of its staged order, of that quantity, and no other is.

    A fill of a synthetic order's child is one of the staged order that this is a child of.
    In the end all that exchanges have filled for a staged order is its own; FIX text does not
    say whose a fill is, so that where an exchange speaks it that is not known.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        gateways = floor.gateways("sse")
        if not gateways:
            return None
        return _Fills(frozenset(gateways), frozenset(floor.exchange_of.values()))


@attrs.define
class _Fills(Watcher):
    sees = (ExecutionReport, StagedAck, ParentPartialFill, NewSyntheticOrder, FixText)

    _gateways: Collection[str]
    _exchanges: Collection[str]
    _made: dict[StagedOrderID, Qty] = attrs.field(init=False, factory=dict)
    """What exchanges have filled of the children of each, whoever has heard of it."""

    _filled: dict[_Order, Qty] = attrs.field(init=False, factory=dict)
    """What the children of each have filled, as far as its gateway has been told."""

    _due: dict[int, tuple[_Order, Qty, Qty]] = attrs.field(init=False, factory=dict)
    """Of each child's fill, by its entry: the parent, the quantity, and the parent's total."""

    _in_text: bool = attrs.field(init=False, default=False)
    """Whether an exchange has spoken FIX text."""

    _works_for: dict[str, StagedOrderID] = attrs.field(init=False, factory=dict)
    """By the name of a synthetic order, the staged order that it is a child of."""

    _told: set[int] = attrs.field(init=False, factory=set)
    """Those fills that somebody has been told of as the parent's."""

    def see(self, entry: Entry) -> Broken | None:
        report = entry.payload
        if type(report) is ExecutionReport and report.parent_id is None:  # as nearly always
            return None
        match report:
            case StagedAck() as ack:
                self._filled.setdefault((str(entry.sender), ack.staged_order_id), 0)
            case ExecutionReport() as report if entry.actor in self._gateways:
                self._child(report, entry)
            case ExecutionReport(exec_type=ExecType.TRADE, parent_id=str() as parent) as report if (
                entry.sender in self._exchanges
            ):
                name = self._works_for.get(parent, parent)
                self._made[name] = self._made.get(name, 0) + report.last_qty
            case FixText() if entry.sender in self._exchanges:
                self._in_text = True
            case ParentPartialFill() as fill:
                return self._parent(fill, entry)
            case NewSyntheticOrder(parent_id=str() as parent) as new if (
                entry.actor in self._gateways
            ):
                self._works_for[new.cl_ord_id] = parent
            case _:
                pass
        return None

    def _child(self, report: ExecutionReport, entry: Entry) -> None:
        if report.parent_id is None:
            return
        parent = (entry.actor, self._works_for.get(report.parent_id, report.parent_id))
        if parent not in self._filled:
            return
        if report.exec_type is ExecType.TRADE:
            self._filled[parent] += report.last_qty
            self._due[entry.seq] = (parent, report.last_qty, self._filled[parent])
        elif report.exec_type is ExecType.TRADE_CANCEL:
            del self._filled[parent]  # what a bust does to a parent is not said anywhere

    def _parent(self, fill: ParentPartialFill, entry: Entry) -> Broken | None:
        name = fill.staged_order_id
        if (entry.sender, name) not in self._filled:
            return None
        due = self._due.get(entry.cause)
        if due is None or due[0] != (entry.sender, name):
            return Broken(f"{name} fills {fill.last_qty}, and no child of it has")
        _, last_qty, cum_qty = due
        if (fill.last_qty, fill.cum_qty) != (last_qty, cum_qty):
            return Broken(
                f"{name} fills {fill.last_qty} and has filled {fill.cum_qty} in all, where its"
                f" children have filled {last_qty} and {cum_qty}"
            )
        self._told.add(entry.cause)
        return None

    def end(self) -> Broken | None:
        for seq, (parent, last_qty, _) in self._due.items():
            if seq not in self._told and parent in self._filled:
                name = parent[1]
                return Broken(
                    f"a child of {name} has filled {last_qty}, and {name} has not", (seq,)
                )
        for (gateway, name), filled in self._filled.items():
            if self._in_text:
                break
            made = self._made.get(name, 0)
            if made != filled:
                return Broken(
                    f"exchanges have filled {made} for {name}, and {gateway} knows of {filled}"
                )
        return None


@attrs.frozen
class StagedAudience:
    """What is told of a staged order goes to everybody who may see it, and to nobody else.

    Source: TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials";
    ``docs/readings.md``, sharing an order book.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        held = {str(name): floor.logins[name] for name in floor.gateways("sse")}
        return _Audience(held) if held else None


@attrs.frozen
class _Announced:
    """One announcement: what somebody was told, and who else."""

    seq: int
    recipients: list[str]


@attrs.define
class _Audience(Watcher):
    sees = (StagedAck, StagedUpdate, ParentPartialFill)

    _logins: Mapping[str, Logins]
    _audiences: dict[_Order, Collection[str]] = attrs.field(init=False, factory=dict)
    _announced: dict[tuple[_Order, str, int], list[_Announced]] = attrs.field(
        init=False, factory=dict
    )
    """By order, kind and cause: one cause may have several announcements of a kind."""

    def see(self, entry: Entry) -> Broken | None:
        told: Told = entry.payload
        sender = str(entry.sender)
        order = (sender, told.staged_order_id)
        if isinstance(told, StagedAck) and order not in self._audiences:
            self._audiences[order] = _who_sees(told, self._logins[sender])
        audience = self._audiences.get(order, ())
        if entry.actor not in audience:
            return Broken(f"{entry.actor} is told of {told.staged_order_id}, and may not see it")
        rounds = self._announced.setdefault((order, entry.kind, entry.cause), [])
        for announced in rounds:
            if entry.actor not in announced.recipients:
                announced.recipients.append(entry.actor)
                break
        else:
            rounds.append(_Announced(entry.seq, [entry.actor]))
        return None

    def end(self) -> Broken | None:
        for ((gateway, name), kind, _), rounds in self._announced.items():
            audience = self._audiences[gateway, name]
            for announced in rounds:
                missing = sorted({*audience}.difference(announced.recipients))
                if missing:
                    text = f"{', '.join(missing)} may see {name}, and is not told of a {kind}"
                    return Broken(text, (announced.seq,))
        return None


def _who_sees(order: StagedAck, logins: Logins) -> frozenset[str]:
    own = logins.by_user[order.originator]
    own_books = {(each.member, each.group) for each in (own.routing, own.exchange)}
    books = own_books.union(*(pair for pair in logins.shared_books if pair & own_books))
    return frozenset(
        user for user, login in logins.by_user.items() if _may_see(login, books, order)
    )


def _may_see(login: Login, books: Collection[tuple[str, str]], order: StagedAck) -> bool:
    if order.account is not None and login.account == order.account:
        return True
    return (login.routing.member, login.routing.group) in books
