"""What an exchange says of an order adds up, report by report, and of a trade on both sides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeAlias

import attrs
import msgspec

from ...market.fix import ExecType, OrdStatus, Side
from ...market.fix_line import SOH, FixText
from ...market.identifiers import OrderID, Price, Qty, Symbol
from ...market.instrument import Instrument
from ...market.messages import ExecutionReport
from ...runtime.faults import Fault
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher
from .hearing import Hearing, lost

_TRADE = re.compile(r"TN(\d+)$", re.ASCII)
"""The number of a trade, at the end of what names a fill in FIX text (17)."""

_REPORT = ExecutionReport.__name__

_OPEN = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)


@attrs.frozen
class OrderQuantities:
    """No quantity of an order is lost, or counted twice: not filled and canceled both.

    Of an order that is open, what it has filled and what is left of it make up its quantity;
    of one that is over nothing is left, and nothing more happens to it but that a trade is
    taken back.  What it has filled grows by each fill, shrinks by what is taken back, and
    changes by nothing else.  That holds of what exchanges say, and of what gateways pass on;
    whoever has lost something to a fault, and whoever hears of it from him, is not judged.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        speak = frozenset(floor.exchange_of.values()) | frozenset(floor.gateways("exchange"))
        return _Quantities(speak)


class _Stands(msgspec.Struct, frozen=True, gc=False):
    """An order as the last report had it."""

    seq: int
    is_open: bool
    cum_qty: Qty
    leaves_qty: Qty
    order_qty: Qty


@attrs.define
class _Quantities(Watcher):
    sees = (ExecutionReport, Fault)

    _speak: Collection[str]
    """Exchanges, and their gateways."""

    _orders: dict[tuple[str, str, Symbol, OrderID], _Stands] = attrs.field(init=False, factory=dict)
    """By who told whom: an order as it stands for him."""

    _hearing: Hearing = attrs.field(init=False, factory=Hearing)

    def see(self, entry: Entry) -> Broken | None:
        if isinstance(entry.payload, Fault):
            self._hearing.befell(entry.payload)
            return None
        report: ExecutionReport = entry.payload
        sender = entry.sender
        if sender is None or sender not in self._speak or report.order_id is None:
            return None
        if not (self._hearing.is_whole or self._hearing.is_sound(sender, entry.actor)):
            return None
        key = (sender, entry.actor, report.symbol, report.order_id)
        before = self._orders.get(key)
        is_open = report.ord_status in _OPEN
        now = _Stands(entry.seq, is_open, report.cum_qty, report.leaves_qty, report.order_qty)
        self._orders[key] = now
        wrong = _adds_up(report, now) or _follows(report, now, before)
        if wrong is None:
            return None
        return Broken(
            f"order {report.order_id} at {sender} ({report.cl_ord_id}) {wrong}",
            () if before is None else (before.seq,),
        )


def _adds_up(report: ExecutionReport, now: _Stands) -> str | None:
    """Return what is wrong with a report by itself, or None."""
    if now.leaves_qty < 0 or now.cum_qty < 0:
        return f"has filled {now.cum_qty} and has {now.leaves_qty} left"
    if not now.is_open:
        return f"is over with {now.leaves_qty} left" if now.leaves_qty else None
    if now.cum_qty + now.leaves_qty != report.order_qty:
        return (
            f"of {report.order_qty} has filled {now.cum_qty} and has {now.leaves_qty} left,"
            f" which makes {now.cum_qty + now.leaves_qty}"
        )
    return None


def _follows(report: ExecutionReport, now: _Stands, before: _Stands | None) -> str | None:
    """Return what is wrong with a report after the one before, or None."""
    if before is None:
        return None  # the first that is heard of an order
    if report.exec_type is ExecType.TRADE_CANCEL:
        if now.cum_qty == before.cum_qty - report.last_qty:
            return None
        had = f"had filled {before.cum_qty}, {report.last_qty} of it is taken back"
        return f"{had}, and has filled {now.cum_qty}"
    if not before.is_open:
        return f"is over, and then: {report.exec_type.name.lower().replace('_', ' ')}"
    filled = report.last_qty if report.exec_type is ExecType.TRADE else 0
    if now.cum_qty != before.cum_qty + filled:
        return f"had filled {before.cum_qty}, fills {filled}, and has filled {now.cum_qty}"
    if now.order_qty != before.order_qty:
        return None  # a change, or a quote that was quoted anew in its place, which no report tells
    if report.exec_type is ExecType.TRADE and now.leaves_qty != before.leaves_qty - filled:
        return f"had {before.leaves_qty} left, fills {filled}, and has {now.leaves_qty} left"
    return None


@attrs.frozen
class BothSides:
    """Each trade is told to a buyer and to a seller, alike in quantity and price.

    A session in FIX text may be told later than its run lasts: where an exchange has one, a
    trade that only one side heard of is no wrong.  Nor are as many of them as reports of the
    exchange got lost: whoever hears it in messages cannot ask for one again.  What the network
    delivers twice was told once.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        return _Sides(frozenset(floor.exchange_of.values()), floor.instruments)


class _Told(msgspec.Struct, frozen=True, gc=False):
    """What one side was told of a trade."""

    seq: int
    side: Side
    last_qty: Qty
    last_px: Price | None


_Side: TypeAlias = tuple[str, str, int, Side]
"""Who told whom, of which trade, and of which side."""


@attrs.define
class _Sides(Watcher):
    sees = (ExecutionReport, FixText, Fault, dict)

    _exchanges: Collection[str]
    _instruments: Mapping[Symbol, Instrument]
    _single: dict[tuple[str, int], _Told] = attrs.field(init=False, factory=dict)
    """Trades of which one side has been told."""

    _in_text: set[tuple[str, int, Side]] = attrs.field(init=False, factory=set)
    """Sides that were told in FIX text, in which the same may be said again."""

    _speak_fix: set[str] = attrs.field(init=False, factory=set)
    _lost: Counter[str] = attrs.field(init=False, factory=Counter)
    """By exchange, how many of its reports got lost."""

    _doubled: Counter[tuple[str, str]] = attrs.field(init=False, factory=Counter)
    """By link, how many reports arrive twice."""

    _since_doubled: set[_Side] = attrs.field(init=False, factory=set)
    """What has been told since the first was to arrive twice."""

    def see(self, entry: Entry) -> Broken | None:
        exchange = entry.sender
        if exchange is None:
            self._befell(entry)
            return None
        if exchange not in self._exchanges:
            return None
        if isinstance(entry.payload, FixText):
            self._speak_fix.add(exchange)
            return self._read(exchange, entry.payload.text, entry.seq)
        report: ExecutionReport = entry.payload
        number = report.trd_match_id
        if report.exec_type is not ExecType.TRADE or number is None:
            return None
        if self._doubled and self._is_double((exchange, entry.actor, number, report.side)):
            return None
        told = _Told(entry.seq, report.side, report.last_qty, report.last_px)
        return self._told(exchange, number, told)

    def _befell(self, entry: Entry) -> None:
        """Take note of reports that got lost, or come twice."""
        match entry.payload:
            case Fault(kind="duplicate") as fault if fault.message == _REPORT:
                self._doubled[fault.sender, fault.recipient] += 1
            case _:
                sender, message = lost(entry) or ("", "")
                if message == _REPORT:
                    self._lost[sender] += 1

    def _is_double(self, side: _Side) -> bool:
        """Return whether a side is told a second time by the network alone."""
        link = side[:2]
        if side in self._since_doubled and self._doubled[link]:
            self._doubled[link] -= 1
            return True
        self._since_doubled.add(side)
        return False

    def _read(self, exchange: str, text: str, seq: int) -> Broken | None:
        fields = dict(pair.partition("=")[::2] for pair in text.split(SOH))
        trade = _TRADE.search(fields.get("17", ""))
        if fields.get("35") != "8" or fields.get("150") not in ("1", "2") or trade is None:
            return None
        number, side = int(trade[1]), Side(fields["54"])
        if (exchange, number, side) in self._in_text:
            return None
        self._in_text.add((exchange, number, side))
        instrument = self._instruments[Symbol(fields["107"])]
        price = instrument.to_price(fields["31"])
        return self._told(exchange, number, _Told(seq, side, int(fields["32"]), price))

    def _told(self, exchange: str, number: int, told: _Told) -> Broken | None:
        key = (exchange, number)
        other = self._single.pop(key, None)
        if other is None:
            self._single[key] = told
            return None
        if other.side is told.side:
            wrong = f"has two sides that {told.side.name.lower()}"
        elif (other.last_qty, other.last_px) != (told.last_qty, told.last_px):
            wrong = (
                f"is {other.last_qty} at {other.last_px} to one side, and {told.last_qty} at"
                f" {told.last_px} to the other"
            )
        else:
            return None
        return Broken(f"trade {number} of {exchange} {wrong}", (other.seq,))

    def end(self) -> Broken | None:
        single = Counter(exchange for exchange, _ in self._single)
        for (exchange, number), told in self._single.items():
            lost_of_it = self._lost[exchange]
            if exchange in self._speak_fix or single[exchange] <= lost_of_it:
                continue
            only = told.side.name.lower()
            text = f"of trade {number} of {exchange} only the {only} side was ever told"
            if lost_of_it:
                text = f"{text}: {single[exchange]} such trades, reports lost: {lost_of_it}"
            return Broken(text, (told.seq,))
        return None
