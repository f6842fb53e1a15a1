"""A synthetic order never has more in the market than is left of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

import attrs

from ...market.fix import ExecType, Side
from ...market.identifiers import ClOrdID, CompID, OrderID, Qty, Symbol
from ...market.messages import ExecutionReport
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


@attrs.define
class _Room(Watcher):
    sees = (NewSyntheticOrder, EditSyntheticOrder, ExecutionReport)

    _gateways: Collection[str]
    _exchanges: Collection[str]
    _orders: dict[_Order, _Asked] = attrs.field(init=False, factory=dict)

    def see(self, entry: Entry) -> Broken | None:
        match entry.payload:
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
        assert report.order_id is not None, "it has come to the exchange"
        assert report.parent_id is not None, "it is a child"
        if report.target_sub_id is None:
            return None
        order = self._orders.get((report.target_sub_id, ClOrdID(report.parent_id)))
        if order is None or (order.symbol, order.side) != (report.symbol, report.side):
            return None
        if report.exec_type is ExecType.TRADE:
            order.filled += report.last_qty
        elif report.exec_type is ExecType.TRADE_CANCEL:
            order.filled -= report.last_qty
        key = (CompID(entry.sender), report.order_id)
        if report.leaves_qty:
            order.working[key] = report.leaves_qty
        else:
            order.working.pop(key, None)
        working = sum(order.working.values())
        if order.filled + working <= order.order_qty:
            return None
        return Broken(
            f"{report.parent_id} of {order.order_qty} has filled {order.filled}, and"
            f" {working} of its children work",
            (order.seq,),
        )
