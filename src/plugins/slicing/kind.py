"""What all order types that slice share: how events reach the slicer, and common objections."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Protocol

import attrs

from ...market.fix import TimeInForce
from ...market.identifiers import Duration, Moment, Price, Qty
from ...market.instrument import Instrument
from ..synthetic import (
    CancelAsked,
    ChildBusted,
    ChildFilled,
    ChildReported,
    Disconnected,
    EditAsked,
    Hours,
    MarketMoved,
    PauseAsked,
    ResumeAsked,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
    Woken,
)
from .plan import Schedule
from .slicer import Phase, Slicer, Work
from .tactics import Tactics

HOUR_NS = 3_600_000_000_000


class OnDisconnect(StrEnum):
    """What becomes of an order whose user's session ends."""

    LEAVE = "leave"
    PAUSE = "pause"
    CANCEL = "cancel"


@attrs.frozen(kw_only=True)
class Sliced:
    """An order type that slices; what differs is for those below to say (`slicer.Kind`)."""

    on_disconnect: OnDisconnect = OnDisconnect.LEAVE

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk) -> Tactics:
        raise NotImplementedError

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        raise NotImplementedError

    def span(self, order: SyntheticOrder, began_ns: int) -> tuple[int, int]:
        raise NotImplementedError

    def schedule(
        self,
        order: SyntheticOrder,
        quantity: Qty,
        start_ns: int,
        end_ns: int,
        desk: SyntheticDesk,
    ) -> Schedule:
        raise NotImplementedError

    def replans(self, old: Any, new: Any) -> bool:
        raise NotImplementedError

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterable[SyntheticEffect]:
        return Slicer.enter(self, order, desk)

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterable[SyntheticEffect]:
        slicer = Slicer(self, order, desk)
        match event:
            case ChildFilled(child, last_qty, last_px):
                slicer.filled(child, last_qty, last_px)
            case ChildBusted(child, last_qty, last_px):
                slicer.busted(child, last_qty, last_px)
            case ChildReported(child, report):
                slicer.reported(child, report)
            case MarketMoved() if slicer.work.phase is Phase.STARTING:
                slicer.start()
            case MarketMoved(trades=trades):
                slicer.market_moved(traded=bool(trades))
            case Woken():
                slicer.slice_begins()
            case EditAsked():
                slicer.edit(event)
            case CancelAsked():
                slicer.stop()
            case PauseAsked():
                slicer.pause()
            case ResumeAsked():
                slicer.resume()
            case Disconnected():
                self._gone(slicer)
        if not order.is_over:
            slicer.go_on()
        return slicer.effects()

    def _gone(self, slicer: Slicer) -> None:
        match self.on_disconnect:
            case OnDisconnect.CANCEL:
                slicer.stop("its user is disconnected")
            case OnDisconnect.PAUSE if slicer.work.phase in (Phase.WAITING, Phase.SLICING):
                slicer.pause()
            case _:
                pass


# --- those that have a duration, or a start and an end ---------------------------------


class Timed(Protocol):
    """What an order says of its time: a duration, or a start and an end, or nothing."""

    @property
    def duration(self) -> Duration | None: ...

    @property
    def start(self) -> Moment | None: ...

    @property
    def end(self) -> Moment | None: ...


def span_of(timed: Timed, began_ns: int) -> tuple[int, int]:
    """Return from when to when an order is worked that began at a moment; an hour unless said."""
    if timed.duration is not None:
        return began_ns, began_ns + timed.duration
    start_ns = began_ns if timed.start is None else max(timed.start, began_ns)
    return start_ns, start_ns + HOUR_NS if timed.end is None else timed.end


def objection_to_both(timed: Timed) -> str:
    """Return that an order says a duration and a start or an end besides, if it does."""
    if timed.duration is not None and (timed.start is not None or timed.end is not None):
        return "duration: expected either it or start and end, found both"
    return ""


# --- objections that all of them have --------------------------------------------------


def began(order: SyntheticOrder, desk: SyntheticDesk) -> int:
    """Return when an order began, or would."""
    state = order.state
    return state.start_ns if isinstance(state, Work) else desk.now_ns


def objection_to_terms(order: SyntheticOrder, instrument: Instrument) -> str:
    """Return what is wrong with an order's quantity, limit or time in force, or nothing."""
    lot = instrument.round_lot
    if order.order_qty % lot:
        return f"order_qty {order.order_qty}: expected a multiple of the round lot, {lot}"
    if order.time_in_force not in (TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL):
        return f"time_in_force {order.time_in_force.name}: expected DAY or GOOD_TILL_CANCEL"
    if order.price is not None:
        return off_tick("price", order.price, instrument)
    return ""


def off_tick(field: str, price: Price, instrument: Instrument) -> str:
    """Return that *price* is no multiple of the tick, if it is none."""
    if instrument.ticks.accepts(price):
        return ""
    tick = instrument.show(instrument.ticks.increment_at(price))
    return f"{field} {instrument.show(price)}: expected a multiple of {tick}"


def objection_to_hours(symbol: str, start_ns: int, end_ns: int, hours: Iterable[Hours]) -> str:
    """Return that a market is not open all the time between, if it is not."""
    for each in hours:
        if each.opens_ns <= start_ns and (each.closes_ns is None or end_ns <= each.closes_ns):
            return ""
    return f"from {seconds(start_ns)} to {seconds(end_ns)}: {symbol} is not open all that time"


def objection_to_range(field: str, value: object, lowest: int, highest: int) -> str:
    """Return that *value* is no whole number from *lowest* to *highest*, if it is none."""
    if type(value) is int and lowest <= value <= highest:
        return ""
    return f"{field} {value!r}: expected a whole number from {lowest} to {highest}"


def seconds(ns: int) -> str:
    """Return a moment as a person reads it."""
    return f"{ns // 1_000_000_000}.{ns % 1_000_000_000:09d}".rstrip("0").rstrip(".") + "s"
