"""How long orders live: no longer than their time in force, nor than a mass action lets them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import TypeAlias

import attrs

from ...market.fix import ExecType, MassActionResponse, TimeInForce
from ...market.identifiers import ClOrdID, CompID, OrderID, Symbol
from ...market.messages import (
    IMMEDIATE,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
)
from ...market.operations import CancelOrders, SecurityStatus
from ...market.sessions import TradingState
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher

_Order: TypeAlias = tuple[str, OrderID]
"""An order, by its exchange and its number there."""


@attrs.frozen
class TimesInForce:
    """No order trades after its time: the day, its date, or the moment of its entry.

    An order for the day does not trade after a state that ends the day, one that is good till
    a date not on a later date of its exchange, and one that must trade at once never at rest.

    Source: the ledger, SES-4, SES-5 and REP-2.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        exchanges = frozenset(floor.exchange_of.values())
        return _Times(floor, exchanges) if exchanges else None


@attrs.define
class _Times(Watcher):
    sees = (ExecutionReport, SecurityStatus, NewOrderSingle, OrderCancelReplaceRequest)

    _floor: WatchedFloor
    _exchanges: frozenset[str]
    _ended_ns: dict[tuple[str, Symbol], int] = attrs.field(init=False, factory=dict)
    """When an instrument's latest day ended."""

    _since_ns: dict[_Order, int] = attrs.field(init=False, factory=dict)
    """Since when an order is for the day."""

    _dates: dict[tuple[str, ClOrdID], tuple[date, int]] = attrs.field(init=False, factory=dict)
    """By session and name: until when an order is good, and in which entry it said so."""

    def see(self, entry: Entry) -> Broken | None:
        report = entry.payload
        if type(report) is ExecutionReport:  # as nearly always
            sender = entry.sender
            if sender is None or sender not in self._exchanges or report.order_id is None:
                return None
            return self._reported(sender, report, entry)
        if type(report) is NewOrderSingle and report.expire_date is None:
            return None
        match report:
            case SecurityStatus(symbol=symbol, trading_state=name) as status if (
                entry.sender is None
            ):
                exchange = CompID(entry.actor)
                if exchange in self._exchanges and self._floor.states[exchange][name].ends_day:
                    self._ended_ns[exchange, symbol] = status.transact_time_ns
            case NewOrderSingle() | OrderCancelReplaceRequest() as request:
                if request.expire_date is not None and entry.actor in self._exchanges:
                    known = (request.expire_date, entry.seq)
                    self._dates[request.sender_comp_id, request.cl_ord_id] = known
            case _:
                pass
        return None

    def _reported(self, exchange: str, report: ExecutionReport, entry: Entry) -> Broken | None:
        assert report.order_id is not None, "only a reject has none"
        order = (exchange, report.order_id)
        if report.exec_type is ExecType.TRADE:
            return self._traded(order, report, entry)
        if report.time_in_force is not TimeInForce.DAY:
            self._since_ns.pop(order, None)
        elif report.leaves_qty:
            self._since_ns.setdefault(order, report.transact_time_ns)
        return None

    def _traded(self, order: _Order, report: ExecutionReport, entry: Entry) -> Broken | None:
        exchange, now_ns = order[0], report.transact_time_ns
        if report.time_in_force in IMMEDIATE and report.aggressor_indicator is False:
            return Broken(f"{report.cl_ord_id} must trade at once, and trades at rest")
        if report.time_in_force is TimeInForce.DAY:
            ended_ns = self._ended_ns.get((exchange, report.symbol))
            since_ns = self._since_ns.get(order)
            if ended_ns is not None and since_ns is not None and since_ns < ended_ns < now_ns:
                return Broken(f"{report.cl_ord_id} is for the day, and trades after its end")
        known = self._dates.get((entry.actor, report.cl_ord_id))
        if report.time_in_force is TimeInForce.GOOD_TILL_DATE and known is not None:
            until, seq = known
            today = (
                self._floor.start(CompID(exchange)) + timedelta(microseconds=now_ns // 1000)
            ).date()
            if today > until:
                text = f"{report.cl_ord_id} is good till {until}, and trades on {today}"
                return Broken(text, (seq,))
        return None


@attrs.frozen
class MassCancels:
    """What a mass action or the venue's people have canceled does not trade any more.

    All orders that fit, and that the exchange had before, are meant; not those whose
    instrument's state does not let them be canceled.

    Source: the ledger, REP-5 and OPS-2.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        exchanges = frozenset(floor.exchange_of.values())
        return _MassCancels(floor, exchanges) if exchanges else None


@attrs.frozen
class _Meant:
    """Some orders that are to be canceled."""

    seq: int
    """The entry of what asked for it: whatever comes of a later one comes after."""

    what: OrderMassActionRequest | CancelOrders
    states: Mapping[Symbol, TradingState]
    """In which states instruments were, of those that have been in more than one."""

    first: Collection[TradingState]
    """Those that the others may have been in."""

    def fits(self, report: ExecutionReport, session: str) -> bool:
        what = self.what
        if isinstance(what, OrderMassActionRequest):
            is_whose = (
                what.sender_comp_id == session
                and what.account in (None, report.account)
                and what.sender_sub_id in (None, report.target_sub_id)
                and what.side in (None, report.side)
            )
            where_allowed = True
        else:
            is_whose = (
                what.session in (None, session)
                and what.user in (None, report.target_sub_id)
                and report.time_in_force in what.lives
            )
            where_allowed = what.where_allowed
        known = self.states.get(report.symbol)
        may_cancel = all(
            state.cancel and report.time_in_force in state.lives
            for state in (self.first if known is None else (known,))
        )
        return (
            is_whose and what.symbol in (None, report.symbol) and (may_cancel or not where_allowed)
        )


@attrs.define
class _MassCancels(Watcher):
    sees = (
        ExecutionReport,
        SecurityStatus,
        OrderMassActionRequest,
        OrderMassActionReport,
        CancelOrders,
    )

    _floor: WatchedFloor
    _exchanges: frozenset[str]
    _states: dict[CompID, dict[Symbol, TradingState]] = attrs.field(init=False, factory=dict)
    _asked: dict[tuple[str, str, ClOrdID], _Meant] = attrs.field(init=False, factory=dict)
    """By exchange, session and name: mass actions that have no answer yet."""

    _meant: dict[str, list[_Meant]] = attrs.field(init=False, factory=dict)
    """By exchange, what it has done."""

    _since: dict[_Order, int] = attrs.field(init=False, factory=dict)
    """The entry with which an order came to its exchange."""

    def see(self, entry: Entry) -> Broken | None:
        report = entry.payload
        if type(report) is ExecutionReport:  # as nearly always
            sender = entry.sender
            if sender is None or sender not in self._exchanges or report.order_id is None:
                return None
            return self._reported(sender, report, entry)
        match entry.payload:
            case SecurityStatus(symbol=symbol, trading_state=name) if entry.sender is None:
                exchange = CompID(entry.actor)
                if exchange in self._exchanges:
                    state = self._floor.states[exchange][name]
                    self._states.setdefault(exchange, {})[symbol] = state
            case OrderMassActionRequest() as action if entry.actor in self._exchanges:
                key = (entry.actor, action.sender_comp_id, action.cl_ord_id)
                self._asked[key] = self._now(entry, action)
            case CancelOrders() as operation if entry.actor in self._exchanges:
                meant = self._now(entry, operation)
                self._meant.setdefault(entry.actor, []).append(meant)
            case OrderMassActionReport() as answer if entry.sender in self._exchanges:
                asked = self._asked.pop((str(entry.sender), entry.actor, answer.cl_ord_id), None)
                if asked and answer.mass_action_response is MassActionResponse.ACCEPTED:
                    self._meant.setdefault(str(entry.sender), []).append(asked)
            case _:
                pass
        return None

    def _now(self, entry: Entry, what: OrderMassActionRequest | CancelOrders) -> _Meant:
        exchange = CompID(entry.actor)
        first = tuple(self._floor.states[exchange].values())
        return _Meant(entry.seq, what, dict(self._states.get(exchange, {})), first)

    def _reported(self, exchange: str, report: ExecutionReport, entry: Entry) -> Broken | None:
        assert report.order_id is not None, "only a reject has none"
        order = (exchange, report.order_id)
        if report.exec_type is ExecType.NEW:
            self._since[order] = entry.cause
        if report.exec_type is not ExecType.TRADE or not self._meant or order not in self._since:
            return None
        since = self._since[order]
        for meant in self._between(exchange, since, entry.cause):
            if meant.fits(report, entry.actor):
                text = (
                    f"{report.cl_ord_id} has been canceled with others, and fills {report.last_qty}"
                )
                return Broken(text, (since, meant.seq))
        return None

    def _between(self, exchange: str, first: int, last: int) -> Iterator[_Meant]:
        for meant in self._meant.get(exchange, ()):
            if first < meant.seq < last:
                yield meant
