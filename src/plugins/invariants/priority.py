"""Who trades first: the best price, and at one price the oldest, followed report by report.

An exchange numbers its reports (FIX 17), so that they can be read in the order in which
they were made, however late each of them is heard.  Where one never comes, as after a fault
or where somebody is told in FIX text, nothing after it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...market.fix import ExecType, Side
from ...market.identifiers import OrderID, Price, Qty, Symbol
from ...market.instrument import Instrument
from ...market.messages import STOPS, ExecutionReport
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher


@attrs.frozen
class PriceTimePriority:
    """Nobody trades at rest while somebody of his side rests at a better price.

    At one price nobody does before who has rested there longer, where the algorithm fills one
    after the other (first in, first out).  A change that asks for more, shows more, or has
    another price, trigger, type or account begins the wait anew, as does each new slice of an
    iceberg.  Quotes, which no report tells of as they are made, are not followed, and auctions,
    in which everybody trades at one price, are not judged.

    Source: the ledger, MATCH-1, MATCH-2, PRIO-1 and PRIO-2.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        sides: dict[tuple[str, Symbol], _Market] = {
            (exchange, symbol): _Market(floor.instruments[symbol], floor.algorithm(symbol).would)
            for symbol, exchange in floor.exchange_of.items()
        }
        return _Priority(sides) if sides else None


@attrs.define
class _Rests:
    """An order that may trade at rest, as its exchange's reports have it."""

    report: ExecutionReport
    """The last one."""

    price: Price
    shown_qty: Qty
    seq: int
    """The entry since which it has had its place."""


@attrs.define
class _Market:
    """The orders that rest in one instrument."""

    instrument: Instrument
    in_time: bool
    """Whether those of one price trade in the order of time."""

    _levels: dict[Side, dict[Price, dict[OrderID, _Rests]]] = attrs.field(
        init=False, factory=lambda: {side: {} for side in Side}
    )
    """By side and price, the orders in the order of time."""

    _orders: dict[OrderID, _Rests] = attrs.field(init=False, factory=dict)

    def take_in(self, report: ExecutionReport, seq: int) -> Broken | None:
        order_id = report.order_id
        assert order_id is not None, "only a reject has none"
        rests = self._orders.get(order_id)
        exec_type = report.exec_type
        if exec_type is ExecType.TRADE:
            if rests is None:
                return None
            wrong = None
            if report.aggressor_indicator is False:
                wrong = self._turn(report, rests)
            self._traded(order_id, rests, report, seq)
            return wrong
        if exec_type in _COMES:
            keeps = rests is not None and _keeps_its_place(rests.report, report)
            self._put(order_id, report, seq, keeps=keeps)
        elif exec_type is not ExecType.TRADE_CANCEL:
            self._leave(order_id)
        elif rests is not None:
            rests.report = report
        return None

    def _put(self, order_id: OrderID, report: ExecutionReport, seq: int, *, keeps: bool) -> None:
        waits = report.ord_type in STOPS and report.exec_type is not ExecType.TRIGGERED
        if report.price is None or waits or not report.leaves_qty:
            self._leave(order_id)
            return
        shown_qty = _slice(report)
        if keeps:
            rests = self._orders[order_id]
            rests.report, rests.shown_qty = report, min(rests.shown_qty, shown_qty)
            return
        self._leave(order_id)
        rests = _Rests(report, report.price, shown_qty, seq)
        self._orders[order_id] = rests
        self._levels[report.side].setdefault(report.price, {})[order_id] = rests

    def _traded(self, order_id: OrderID, rests: _Rests, report: ExecutionReport, seq: int) -> None:
        if not report.leaves_qty:
            self._leave(order_id)
            return
        rests.report = report
        if report.aggressor_indicator:
            rests.shown_qty = _slice(report)  # it shows a slice once it comes to rest
            return
        rests.shown_qty -= report.last_qty
        if rests.shown_qty <= 0:
            rests.shown_qty, rests.seq = _slice(report), seq
            level = self._levels[report.side][rests.price]
            level[order_id] = level.pop(order_id)

    def _leave(self, order_id: OrderID) -> None:
        rests = self._orders.pop(order_id, None)
        if rests is None:
            return
        levels = self._levels[rests.report.side]
        del levels[rests.price][order_id]
        if not levels[rests.price]:
            del levels[rests.price]

    def _turn(self, report: ExecutionReport, rests: _Rests) -> Broken | None:
        """Return whose turn it was, if it was not this order's to trade at rest."""
        levels = self._levels[report.side]
        first = max(levels) if report.side is Side.BUY else min(levels)
        if first != rests.price:
            other = next(iter(levels[first].values()))
            at = f"at a better price, {self.instrument.show(first)}"
            return self._broken(report, rests, other, at)
        if not self.in_time:
            return None
        other = next(iter(levels[first].values()))
        if other is rests:
            return None
        return self._broken(report, rests, other, "before it")

    def _broken(self, report: ExecutionReport, rests: _Rests, other: _Rests, where: str) -> Broken:
        px = report.last_px
        shown = "no price" if px is None else self.instrument.show(px)
        text = (
            f"{report.cl_ord_id} {report.side.name.lower()}s {report.last_qty} {report.symbol} at"
            f" {shown}, and {other.report.cl_ord_id} rests {where}"
        )
        return Broken(text, (other.seq, rests.seq))


_COMES = (ExecType.NEW, ExecType.TRIGGERED, ExecType.REPLACED)
"""With what an order comes to its place, or to another one."""


def _slice(report: ExecutionReport) -> Qty:
    return min(report.display_qty or report.leaves_qty, report.leaves_qty)


def _keeps_its_place(old: ExecutionReport, new: ExecutionReport) -> bool:
    """Return whether a change leaves an order in its place (PRIO-1, PRIO-2)."""
    shows_no_more = old.display_qty is None or (
        new.display_qty is not None and new.display_qty <= old.display_qty
    )
    return (
        new.exec_type is ExecType.REPLACED
        and new.order_qty <= old.order_qty
        and shows_no_more
        and (new.price, new.stop_px, new.ord_type, new.account)
        == (old.price, old.stop_px, old.ord_type, old.account)
    )


@attrs.define
class _Priority(Watcher):
    sees = (ExecutionReport,)

    _markets: Mapping[tuple[str, Symbol], _Market]
    _next: dict[str, int] = attrs.field(init=False, factory=dict)
    """By exchange, the number of the report that is to be read next."""

    _early: dict[str, dict[int, tuple[ExecutionReport, int]]] = attrs.field(
        init=False, factory=dict
    )
    """Those that were heard before it, with their entries."""

    def see(self, entry: Entry) -> Broken | None:
        report: ExecutionReport = entry.payload
        exchange = entry.sender
        if exchange is None:
            return None
        market = self._markets.get((exchange, report.symbol))
        if market is None:
            return None
        number = self._next.get(exchange, 1)
        early = self._early.get(exchange)
        if early is None:
            early = self._early[exchange] = {}
        if report.exec_id == number and not early:  # as nearly always
            self._next[exchange] = number + 1
            return None if report.order_id is None else market.take_in(report, entry.seq)
        if report.exec_id >= number:  # else it is told again
            early[report.exec_id] = (report, entry.seq)
        wrong = None
        while wrong is None and (found := early.pop(number, None)) is not None:
            number += 1
            told, seq = found
            if told.order_id is not None:
                market = self._markets[exchange, told.symbol]
                wrong = market.take_in(told, seq)
        self._next[exchange] = number
        if len(early) > _GIVES_UP:
            early.clear()
        return wrong


_GIVES_UP = 10_000
"""So many reports are kept for one that is late; after that it has been lost."""
