"""A synthetic or a staged order never has more in the market than is left of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

import attrs

from ...market.fix import ExecType, Side
from ...market.identifiers import ClOrdID, CompID, OrderID, Qty, StagedOrderID, Symbol
from ...market.messages import ExecutionReport
from ...market.staging import ChangeStagedOrder, NewStagedOrder
from ...market.synthetic import EditSyntheticOrder, NewSyntheticOrder
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher

_Order: TypeAlias = tuple[CompID, ClOrdID]
"""A synthetic order, by its user and what he calls it."""


@attrs.frozen
class SyntheticRoom:
    """What works at exchanges for a synthetic order is never more than it has left to fill.

    Children count that are of the order's own instrument and side: what the legs of a spread
    have is for the spread to say.  While a smaller quantity is asked for, what was sent before
    may still work: the order's quantity is the largest that its user has asked for.

    Source: ``docs/readings.md``, room for children.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        if not floor.gateways("sse"):
            return None
        return _Room(frozenset(floor.gateways("sse")), frozenset(floor.exchange_of.values()))


@attrs.define
class _Asked:
    """A synthetic order, and what exchanges have said of its children."""

    seq: int
    """The entry of the request that has asked for the most."""

    symbol: Symbol
    side: Side
    order_qty: Qty
    filled: Qty = 0
    working: dict[tuple[CompID, OrderID], Qty] = attrs.field(factory=dict)

    def child(self, report: ExecutionReport, exchange: str) -> str | None:
        """Take in what an exchange says of a child; return what is wrong then, or None."""
        assert report.order_id is not None, "it has come to the exchange"
        if report.exec_type is ExecType.TRADE:
            self.filled += report.last_qty
        elif report.exec_type is ExecType.TRADE_CANCEL:
            self.filled -= report.last_qty
        key = (CompID(exchange), report.order_id)
        if report.leaves_qty:
            self.working[key] = report.leaves_qty
        else:
            self.working.pop(key, None)
        working = sum(self.working.values())
        if self.filled + working <= self.order_qty:
            return None
        return (
            f"{report.parent_id} of {self.order_qty} has filled {self.filled}, and"
            f" {working} of its children work"
        )


@attrs.define
class _Room(Watcher):
    sees = (NewSyntheticOrder, EditSyntheticOrder, ExecutionReport)

    _gateways: Collection[str]
    _exchanges: Collection[str]
    _orders: dict[_Order, _Asked] = attrs.field(init=False, factory=dict)

    def see(self, entry: Entry) -> Broken | None:
        report = entry.payload
        if type(report) is ExecutionReport and report.parent_id is None:  # as nearly always
            return None
        match report:
            case ExecutionReport(parent_id=str(), order_id=int()) as report if (
                entry.sender in self._exchanges
            ):
                return self._reported(report, entry)
            case NewSyntheticOrder() as new if entry.actor in self._gateways:
                key = (new.sender_comp_id, new.cl_ord_id)
                order = self._orders.get(key)
                # A name may be used again after a refusal, for another order.
                if order is None or not (order.filled or order.working):
                    self._orders[key] = _Asked(entry.seq, new.symbol, new.side, new.order_qty)
            case EditSyntheticOrder(order_qty=int() as quantity) as edit if (
                entry.actor in self._gateways
            ):
                order = self._orders.get((edit.sender_comp_id, edit.cl_ord_id))
                if order is not None and quantity > order.order_qty:
                    order.seq, order.order_qty = entry.seq, quantity
            case _:
                pass
        return None

    def _reported(self, report: ExecutionReport, entry: Entry) -> Broken | None:
        assert entry.sender is not None, "an exchange has sent it"
        assert report.parent_id is not None, "it is a child"
        if report.target_sub_id is None:
            return None
        order = self._orders.get((report.target_sub_id, ClOrdID(report.parent_id)))
        if order is None or (order.symbol, order.side) != (report.symbol, report.side):
            return None
        wrong = order.child(report, entry.sender)
        return None if wrong is None else Broken(wrong, (order.seq,))


@attrs.frozen
class ParentRoom:
    """What works at exchanges for a staged order is never more than it has left to fill.

    While its quantity is being lowered, what was sent before may still work: the order's
    quantity is the largest that was asked for.

    Source: ``docs/readings.md``, free quantity.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        gateways = frozenset(floor.gateways("sse"))
        return _ParentRoom(gateways, frozenset(floor.exchange_of.values())) if gateways else None


@attrs.define
class _ParentRoom(Watcher):
    sees = (NewStagedOrder, ChangeStagedOrder, ExecutionReport)

    _gateways: Collection[str]
    _exchanges: Collection[str]
    _orders: dict[StagedOrderID, _Asked | None] = attrs.field(init=False, factory=dict)
    """None for a name that several gateways know, as no report says which is meant."""

    _at: dict[StagedOrderID, str] = attrs.field(init=False, factory=dict)

    def see(self, entry: Entry) -> Broken | None:
        report = entry.payload
        if type(report) is ExecutionReport and report.parent_id is None:  # as nearly always
            return None
        match report:
            case ExecutionReport(parent_id=str() as name, order_id=int()) as report if (
                entry.sender in self._exchanges
            ):
                order = self._orders.get(name)
                if order is None or (order.symbol, order.side) != (report.symbol, report.side):
                    return None
                wrong = order.child(report, str(entry.sender))
                return None if wrong is None else Broken(wrong, (order.seq,))
            case NewStagedOrder() as new if entry.actor in self._gateways:
                if self._at.setdefault(new.staged_order_id, entry.actor) != entry.actor:
                    self._orders[new.staged_order_id] = None
                    return None
                order = self._orders.get(new.staged_order_id)
                # A name may be used again after a refusal, for another order.
                if order is None or not (order.filled or order.working):
                    asked = _Asked(entry.seq, new.symbol, new.side, new.order_qty)
                    self._orders[new.staged_order_id] = asked
            case ChangeStagedOrder(order_qty=int() as quantity) as change if (
                entry.actor in self._gateways
            ):
                order = self._orders.get(change.staged_order_id)
                if order is not None and quantity > order.order_qty:
                    order.seq, order.order_qty = entry.seq, quantity
            case _:
                pass
        return None
