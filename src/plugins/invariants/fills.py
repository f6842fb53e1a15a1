"""No fill is told twice, and what some have bought others have sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TypeAlias

import attrs

from ...market.fix import ExecType, Side
from ...market.fix_line import FixText
from ...market.identifiers import CompID, OrderID, Qty, Symbol
from ...market.messages import ExecutionReport
from ...runtime.faults import Fault
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher
from .hearing import Hearing

_Fill: TypeAlias = tuple[str, str, Symbol, OrderID | None, int]
"""Who was told, by whom, in which instrument, of which order, and of which trade."""


@attrs.frozen
class FilledOnce:
    """Nobody tells the same fill of an order to the same recipient twice.

    What the network delivers twice, as a fault, its sender has told once.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        return _Once() if floor.exchange_of else None


@attrs.define
class _Once(Watcher):
    sees = (ExecutionReport, Fault)

    _told: dict[_Fill, int] = attrs.field(init=False, factory=dict)
    """Each fill, and the entry in which it was told."""

    _doubled: dict[tuple[str, str], int] = attrs.field(init=False, factory=dict)
    """By link, how many messages arrive twice."""

    def see(self, entry: Entry) -> Broken | None:
        if isinstance(entry.payload, Fault):
            fault = entry.payload
            if fault.kind == "duplicate":
                link = (fault.sender, fault.recipient)
                self._doubled[link] = self._doubled.get(link, 0) + 1
            return None
        report: ExecutionReport = entry.payload
        number, sender = report.trd_match_id, entry.sender
        if report.exec_type is not ExecType.TRADE or number is None or sender is None:
            return None
        key = (entry.actor, sender, report.symbol, report.order_id, number)
        before = self._told.get(key)
        if before is None:
            self._told[key] = entry.seq
            return None
        link = (sender, entry.actor)
        if self._doubled.get(link, 0):
            self._doubled[link] -= 1
            return None
        fill = f"the fill of {report.last_qty} of {report.cl_ord_id} in trade {number}"
        return Broken(f"{sender} tells {entry.actor} of {fill} a second time", (before,))


@attrs.frozen
class PositionsConserve:
    """What all have bought of an instrument, less what was busted, is what all have sold.

    And the fills of his own orders that a user's gateways tell him make up the position that
    exchanges have given him.  A run in which a fault has lost anything is not judged, nor is
    an exchange that tells anybody in FIX text, of which no report is heard.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        if not floor.exchange_of:
            return None
        return _Positions(
            frozenset(floor.exchange_of.values()),
            frozenset(floor.gateways("exchange")),
            floor.exchange_of,
        )


@attrs.define
class _Position:
    """What came of all fills of one party in one instrument."""

    qty: Qty = 0
    seqs: list[int] = attrs.field(factory=list)
    """The entries of them, for the story."""

    def add(self, report: ExecutionReport, seq: int) -> None:
        sign = 1 if report.side is Side.BUY else -1
        taken_back = report.exec_type is ExecType.TRADE_CANCEL
        self.qty += -sign * report.last_qty if taken_back else sign * report.last_qty
        self.seqs.append(seq)


@attrs.define
class _Positions(Watcher):
    sees = (ExecutionReport, FixText, Fault)

    _exchanges: Collection[str]
    _gateways: Collection[str]
    _exchange_of: Mapping[Symbol, CompID]
    _all: defaultdict[Symbol, _Position] = attrs.field(
        init=False, factory=lambda: defaultdict(_Position)
    )
    _traded: defaultdict[tuple[str, Symbol], _Position] = attrs.field(
        init=False, factory=lambda: defaultdict(_Position)
    )
    """By user and instrument: what exchanges have told his gateways."""

    _told: defaultdict[tuple[str, Symbol], _Position] = attrs.field(
        init=False, factory=lambda: defaultdict(_Position)
    )
    """By user and instrument: what he was told."""

    _in_text: set[str] = attrs.field(init=False, factory=set)
    _hearing: Hearing = attrs.field(init=False, factory=Hearing)

    def see(self, entry: Entry) -> Broken | None:
        payload = entry.payload
        if type(payload) is ExecutionReport:  # as nearly always
            if payload.exec_type is ExecType.TRADE or payload.exec_type is ExecType.TRADE_CANCEL:
                self._filled(payload, entry)
        elif isinstance(payload, Fault):
            self._hearing.befell(payload)
        else:
            self._in_text.update((entry.actor, str(entry.sender)))
        return None

    def _filled(self, report: ExecutionReport, entry: Entry) -> None:
        key = (str(report.target_sub_id), report.symbol)
        if entry.sender in self._exchanges:
            self._all[report.symbol].add(report, entry.seq)
            if entry.actor in self._gateways:
                self._traded[key].add(report, entry.seq)
        elif entry.sender in self._gateways and entry.actor == report.target_sub_id:
            self._told[key].add(report, entry.seq)

    def end(self) -> Broken | None:
        if not self._hearing.is_whole:
            return None
        for symbol, held in self._all.items():
            if held.qty and self._exchange_of[symbol] not in self._in_text:
                more = "bought" if held.qty > 0 else "sold"
                text = f"{abs(held.qty)} {symbol} more were {more} than the other way"
                return Broken(text, tuple(held.seqs[-2:]))
        for (user, symbol), traded in self._traded.items():
            told = self._told.get((user, symbol), _Position())
            if told.qty != traded.qty:
                text = f"{user} holds {traded.qty} {symbol}, and was told of {told.qty}"
                return Broken(text, (*traded.seqs[-1:], *told.seqs[-1:]))
        return None
