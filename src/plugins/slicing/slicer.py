"""The slicer: works an order slice by slice, by the tactics of its order type.

Every event is taken in first, and then the order's children are brought to where they
should be (`Slicer.go_on`).  A child is only ever entered into the order's *room*, what
its other children cannot fill any more: so a cancel is awaited before what it makes room
for goes out, and no more than the order can ever be filled.

In an instrument that an order type makes, a spread above all, the order works one
long-lived child whose disclosed quantity the slices raise: what a spread still has to
hedge it carries from slice to slice.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

import attrs

from ...market.fix import ExecRestatementReason, ExecType, OrdType, TimeInForce
from ...market.identifiers import Moment, Price, Qty
from ...market.instrument import Instrument
from ...market.messages import ExecutionReport, OrderCancelReject, VenueReport
from ...market.synthetic import SynthStatus
from ..synthetic import (
    Accept,
    Amend,
    CancelChild,
    CancelWake,
    Child,
    EditAsked,
    EnterChild,
    Fill,
    Finish,
    Market,
    Plan,
    Refuse,
    Remember,
    ReplaceChild,
    SetStatus,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticOrder,
    TakeBack,
    Wake,
    Warn,
    Watch,
)
from .plan import Schedule
from .tactics import (
    AtEnd,
    Leftover,
    Shown,
    Tactics,
    instrument_of,
    resting_price,
    stepped,
    taken_if,
    through,
    within,
)

SLICE = "slice"
"""The wake at which a slice begins, or the last ends."""


class Phase(Enum):
    """What the order is doing."""

    STARTING = "starting"
    WAITING = "waiting"
    SLICING = "slicing"
    TAKING = "taking"
    """It has left its plan for what is offered at its Would If Price."""
    RESTING = "resting"
    """Its time is over, and what is left rests."""
    PAUSING = "pausing"
    PAUSED = "paused"
    REPLANNING = "replanning"
    STOPPING = "stopping"


@attrs.frozen(kw_only=True)
class Work:
    """What the order type remembers of an order."""

    phase: Phase = Phase.STARTING
    schedule: Schedule | None = None
    """From when the order has been accepted."""

    start_ns: int
    end_ns: int
    base_qty: Qty = 0
    """What had been filled when this schedule was made."""

    slice_no: int = 0
    """The slice that has begun last, from 1; one more than there are once time is over."""

    cross_to: Qty = 0
    """Up to which filled quantity the order is taken at the market; 0 when it is not."""

    crossed: bool = False
    """Whether that has been tried."""

    current: str | None = None
    """The child of this slice."""

    price: Price | None = None
    """Where a slice has rested last."""

    shown_at: Price | None = None
    """Where market data shows the child of this slice; None before it does."""

    book: tuple[tuple[Price, Qty], ...] = ()
    """The order's own side of the market as it was last."""

    volume: Qty = 0
    """What the market had traded when this slice began."""

    peeled: int = 0
    """How many lots of this slice have been taken off for the market."""

    peeling: bool = False
    """Whether one is, and has not been sent yet."""

    took: bool = False
    """Whether what is offered at the Would If Price has been tried for."""

    prevented: Qty = 0
    """What was offered at the Would If Price when the child that was to take it was prevented
    from meeting its own, as long as no other quantity is."""

    refused_in: str | None = None
    """The state in which the market refused this slice's child, if it did."""

    held: bool = False
    """Whether a request about a child was refused, and nothing has happened since."""

    children: int = 0
    replans: bool = False
    """Whether the plan is to be made anew when the order goes on."""


class Kind(Protocol):
    """What the order types differ in."""

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk, /) -> Tactics: ...

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk, /) -> str:
        """Return why the order is refused, or nothing."""

    def span(self, order: SyntheticOrder, began_ns: int, /) -> tuple[int, int]:
        """Return from when to when it is worked, in nanoseconds since the run's start.

        Args:
            began_ns: when it was entered, or its first slice began.
        """

    def schedule(
        self,
        order: SyntheticOrder,
        quantity: Qty,
        start_ns: int,
        end_ns: int,
        desk: SyntheticDesk,
        /,
    ) -> Schedule:
        """Return how so much of it is sliced from one moment to another."""

    def replans(self, old: Any, new: Any, /) -> bool:
        """Return whether a change of parameters makes another plan."""


class Slicer:
    """One event of one order."""

    def __init__(self, kind: Kind, order: SyntheticOrder, desk: SyntheticDesk) -> None:
        self.order = order
        self.work: Work = order.state
        self._kind = kind
        self._desk = desk
        self._effects: list[SyntheticEffect] = []
        self._canceled: list[str] = []
        """The children that this event cancels."""

    def effects(self) -> list[SyntheticEffect]:
        """Return all that has been said, and what is to be remembered of it."""
        if self.work != self.order.state:
            self._effects.append(Remember(self.work))
        return self._effects

    def say(self, effect: SyntheticEffect) -> None:
        self._effects.append(effect)

    def now(self, **changes: Any) -> None:
        self.work = attrs.evolve(self.work, **changes)

    # --- the figures -----------------------------------------------------------------

    @property
    def _tactics(self) -> Tactics:
        return self._kind.tactics(self.order, self._desk)

    @property
    def _instrument(self) -> Instrument:
        return instrument_of(self.order, self._desk)

    @property
    def _market(self) -> Market | None:
        return self._desk.market(self.order.symbol)

    @property
    def _is_made(self) -> bool:
        """Whether an order type of the gateway makes the instrument."""
        return self._desk.is_synthetic(self.order.symbol)

    @property
    def _is_over_time(self) -> bool:
        schedule = self.work.schedule
        return schedule is not None and self.work.slice_no > schedule.slices

    def _due(self, slice_no: int) -> Qty:
        """Return how much is to have been released by a slice's beginning, in all."""
        schedule = self.work.schedule
        assert schedule is not None, "an order that is worked has one"
        if slice_no > schedule.slices:
            return self.order.order_qty
        return min(self.work.base_qty + schedule.released(slice_no), self.order.order_qty)

    # --- how it begins ---------------------------------------------------------------

    @classmethod
    def enter(cls, kind: Kind, order: SyntheticOrder, desk: SyntheticDesk) -> list[SyntheticEffect]:
        why = kind.objection(order, desk)
        if why:
            return [Refuse(why)]
        start_ns, end_ns = kind.span(order, desk.now_ns)
        return [Remember(Work(start_ns=start_ns, end_ns=end_ns)), Watch(order.symbol)]

    def start(self) -> None:
        """Begin, now that the market is known."""
        market, work, desk = self._market, self.work, self._desk
        assert market is not None, "it has moved"
        self.now(book=market.side(self.order.side))
        waits = work.start_ns > desk.now_ns
        if not waits and not market.is_open:
            self.say(Refuse(f"the market of {market.symbol} is in state {market.trading_state}"))
            return
        self.say(Accept(SynthStatus.WAITING if waits else SynthStatus.WORKING))
        self._plan(self.order.order_qty, work.start_ns)
        if waits:
            self.now(phase=Phase.WAITING)
            self._wake()
        else:
            self.slice_begins()

    def _plan(self, quantity: Qty, start_ns: int) -> None:
        end_ns = self.work.end_ns
        schedule = self._kind.schedule(self.order, quantity, start_ns, end_ns, self._desk)
        self.now(
            schedule=schedule, base_qty=self.order.cum_qty, slice_no=0, cross_to=0, crossed=False
        )
        if self._tactics.by_clock:
            numbers = range(1, schedule.slices + 1)
            self.say(Plan(tuple((Moment(schedule.wake_ns(no)), self._due(no)) for no in numbers)))

    def _wake(self) -> None:
        """Ask to be woken when the next slice begins, or the last ends."""
        work = self.work
        assert work.schedule is not None, "there is a plan"
        if self._is_over_time or not self._tactics.by_clock:
            return
        at_ns = max(work.schedule.wake_ns(work.slice_no + 1), self._desk.now_ns)
        self.say(Wake(at_ns, SLICE))

    def slice_begins(self) -> None:
        """Go to the slice whose time it is, and settle what the one before has left."""
        work, tactics = self.work, self._tactics
        assert work.schedule is not None, "there is a plan"
        was = work.slice_no
        number = work.schedule.begun(self._desk.now_ns) if tactics.by_clock else was + 1
        if work.phase is Phase.WAITING and number:
            self.say(SetStatus(SynthStatus.WORKING))
        if number <= was:
            self._wake()
            return
        market = self._market
        self.now(
            phase=Phase.SLICING,
            slice_no=number,
            crossed=False,
            peeled=0,
            volume=0 if market is None else market.volume,
            refused_in=None,
            held=False,
        )
        self._settle(was, number, tactics)
        self._wake()

    def _settle(self, was: int, number: int, tactics: Tactics) -> None:
        current = self.order.children.get(self.work.current or "")
        if self._is_over_time:
            at_market = tactics.at_market or tactics.leftover is Leftover.GOTOMARKET
            if tactics.at_end is AtEnd.FINISH or (at_market and tactics.at_end is AtEnd.WORK_ON):
                self.now(cross_to=self.order.order_qty)
        elif tactics.at_market:
            self.now(cross_to=self._due(number))
        elif tactics.leftover is Leftover.GOTOMARKET:
            self.now(cross_to=self._due(was))
        elif current is not None and not current.is_over:
            if tactics.leftover is Leftover.MERGE:
                self._cancel(current)
                self.now(current=None)
            elif tactics.leftover is Leftover.PAYUP and current.price is not None:
                nearer = stepped(
                    self._instrument, current.price, tactics.payup_ticks, self.order.side
                )
                self._replace(current, price=within(self.order.side, nearer, tactics.limit))
                self.now(current=None)
            else:
                self.now(current=None)

    # --- what its children do --------------------------------------------------------

    def filled(self, child: str, last_qty: Qty, last_px: Price) -> None:
        self.say(Fill(child, last_qty, last_px))
        order = self.order
        self.order = attrs.evolve(
            order,
            cum_qty=order.cum_qty + last_qty,
            is_over=order.cum_qty + last_qty == order.order_qty,
        )

    def busted(self, child: str, last_qty: Qty, last_px: Price) -> None:
        self.say(TakeBack(child, last_qty, last_px))
        self.order = attrs.evolve(self.order, cum_qty=self.order.cum_qty - last_qty)

    def reported(self, name: str, report: VenueReport) -> None:
        """Take note of what the market refuses, or takes off unasked."""
        if isinstance(report, OrderCancelReject):
            self.now(held=True)
            return
        child = self.order.children[name]
        if not child.is_over:
            return
        work = self.work
        if report.exec_type is ExecType.REJECTED:
            if name.startswith(_RESTS):
                self.now(refused_in=self._state())
            self.say(Warn(f"{child.cl_ord_id} is refused: {report.text}"))
        elif (
            name == work.current
            and work.phase is Phase.SLICING
            and not work.peeling
            and not work.cross_to
        ):
            # Somebody else took it off: what it had left waits for the slice's end.
            self.now(refused_in=self._state())
        if report.exec_restatement_reason in _SELF_MATCH:
            self._prevented(name, report)
        if report.exec_type is ExecType.REJECTED and not self._is_made:
            return  # until the market is in another state
        if (work.phase is Phase.RESTING and not self.order.alive) or (
            self._is_made and work.phase in _WORKING
        ):
            self._ended(report)

    def _prevented(self, name: str, report: ExecutionReport) -> None:
        """Do not ask at once again for what self-match prevention has taken off (SLICE-6)."""
        work, market = self.work, self._market
        if name.startswith(_TAKES) and market is not None:
            self.now(prevented=taken_if(self.order, self._tactics, market))
        elif name == work.current and work.phase is Phase.SLICING and not self._tactics.by_clock:
            # No moment will come at which another child is entered.
            self.say(SetStatus(SynthStatus.PAUSED, report.text))
            self.now(phase=Phase.PAUSED)

    def _state(self) -> str:
        market = self._market
        return "" if market is None else market.trading_state

    def _ended(self, report: ExecutionReport) -> None:
        """End with the child that carried all that is left."""
        if report.exec_type is ExecType.EXPIRED:
            self.say(Finish(SynthStatus.EXPIRED))
        elif report.exec_type is ExecType.REJECTED:
            self.say(Finish(SynthStatus.FAILED, report.text))
        else:
            self.say(Finish(SynthStatus.CANCELED, "its child is over"))
        self.order = attrs.evolve(self.order, is_over=True)

    def market_moved(self, *, traded: bool) -> None:
        work, market = self.work, self._market
        assert market is not None, "it has moved"
        self.now(held=False)
        self._look_for_own(market, traded)
        if work.refused_in is not None and market.trading_state != work.refused_in:
            self.now(refused_in=None)
        offered = taken_if(self.order, self._tactics, market)
        if offered != work.prevented:
            self.now(prevented=0)
            if offered and work.phase is Phase.SLICING:
                self.now(phase=Phase.TAKING, took=False)

    def _look_for_own(self, market: Market, traded: bool) -> None:
        """Find out where market data shows this slice's child by now.

        One move of the market is one request at the exchange: the child's own takes it from
        one level and puts it on another, or puts on a level just what it asks for.
        """
        work, side = self.work, market.side(self.order.side)
        before, now = dict(work.book), dict(side)
        self.now(book=side)
        current = self.order.children.get(work.current or "")
        if current is None or current.is_over:
            return
        asked = [each for each in (current.asked, current.then) if isinstance(each, ReplaceChild)]
        for price in (current.price, *(each.price for each in asked)):
            if price is None or price == work.shown_at:
                continue
            rise = now.get(price, 0) - before.get(price, 0)
            if work.shown_at is None:
                has_come = rise > 0 and (rise == current.working_qty or traded)
            else:
                left = before.get(work.shown_at, 0) - now.get(work.shown_at, 0)
                has_come = rise > 0 and left > 0
            if has_come:
                self.now(shown_at=price)
                return

    # --- what its user asks ----------------------------------------------------------

    def stop(self, text: str = "") -> None:
        """Take all children off, and end."""
        if self.work.phase is Phase.STARTING:
            self.say(Refuse("canceled before it began"))
            return
        self.say(CancelWake(SLICE))
        self.now(phase=Phase.STOPPING, held=False)
        if self.order.alive:
            self.say(SetStatus(SynthStatus.STOPPING, text))

    def pause(self) -> None:
        if self.work.phase not in (*_WORKING, Phase.WAITING):
            self.say(Refuse(f"{self.order.cl_ord_id} is {self.order.synth_status}"))
            return
        self.say(CancelWake(SLICE))
        self.now(phase=Phase.PAUSING, held=False)
        if self.order.alive:
            self.say(SetStatus(SynthStatus.PAUSING))

    def resume(self) -> None:
        """Go on; what was missed is carried into the slice whose time it is."""
        work, desk = self.work, self._desk
        if work.phase is not Phase.PAUSED:
            self.say(Refuse(f"{self.order.cl_ord_id} is {self.order.synth_status}"))
            return
        if work.start_ns > desk.now_ns:
            self.say(SetStatus(SynthStatus.WAITING))
            self.now(phase=Phase.WAITING)
            if work.replans:
                self._plan(self.order.order_qty, work.start_ns)
            self._wake()
            return
        self.say(SetStatus(SynthStatus.WORKING))
        if work.replans:
            self._replan()
            return
        assert work.schedule is not None, "there is a plan"
        number = work.schedule.begun(desk.now_ns) if self._tactics.by_clock else work.slice_no
        self.now(
            phase=Phase.SLICING,
            slice_no=number,
            current=None,
            crossed=False,
            cross_to=0,
            refused_in=None,
        )
        if self._tactics.at_market or self._is_over_time:
            self.now(cross_to=self._due(number))
        self._wake()

    def edit(self, edit: EditAsked) -> None:
        """Take other terms, if they can be; a plan that they change is made anew."""
        order, work = self.order, self.work
        new = attrs.evolve(
            order,
            order_qty=edit.order_qty,
            price=edit.price,
            disclosed_qty=edit.disclosed_qty,
            parameters=edit.parameters,
        )
        why = self._kind.objection(new, self._desk)
        taken = order.cum_qty + order.working_qty
        start_ns, end_ns = self._kind.span(new, work.start_ns)
        if work.phase in (Phase.STOPPING, Phase.PAUSING, Phase.REPLANNING):
            why = f"{order.cl_ord_id} is {order.synth_status}"
        elif not why and edit.order_qty < taken:
            why = f"order_qty {edit.order_qty}: expected at least what is filled and works, {taken}"
        elif not why and end_ns <= self._desk.now_ns and self._tactics.by_clock:
            why = f"the new end, {end_ns} ns after the start, has passed"
        if why:
            self.say(Refuse(why))
            return
        self.say(Amend.to(edit))
        self.order = new
        replans = self._kind.replans(order.parameters, edit.parameters)
        if not replans and edit.order_qty == order.order_qty:
            return
        begun = work.start_ns <= self._desk.now_ns
        self.now(start_ns=work.start_ns if begun else start_ns, end_ns=end_ns, replans=True)
        if work.phase is Phase.WAITING:
            self._plan(new.order_qty, self.work.start_ns)
            self.now(replans=False)
            self.say(CancelWake(SLICE))
            self._wake()
        elif work.phase is not Phase.PAUSED:
            self.say(CancelWake(SLICE))
            self.now(phase=Phase.REPLANNING, held=False)

    def _replan(self) -> None:
        """Slice what is left over the time that is left, from now on."""
        self.now(replans=False, current=None, phase=Phase.SLICING)
        now_ns = self._desk.now_ns
        left = self.order.order_qty - self.order.cum_qty
        if not left:
            self.say(Finish())
            self.order = attrs.evolve(self.order, is_over=True)
        elif now_ns >= self.work.end_ns and self._tactics.by_clock:
            schedule = self.work.schedule
            assert schedule is not None, "there is a plan"
            self.now(slice_no=schedule.slices + 1, crossed=False, cross_to=self.order.order_qty)
        else:
            self._plan(left, now_ns)
            self.slice_begins()

    # --- what it does ----------------------------------------------------------------

    def go_on(self) -> None:
        """Bring the children to where they should be."""
        if self.order.is_over:
            return
        match self.work.phase:
            case Phase.STARTING | Phase.WAITING | Phase.PAUSED:
                pass
            case Phase.STOPPING:
                if self._is_clear(to_end=True):
                    self.say(Finish(SynthStatus.CANCELED))
            case Phase.PAUSING:
                if self._is_clear():
                    self.say(SetStatus(SynthStatus.PAUSED))
                    self.now(phase=Phase.PAUSED)
            case Phase.REPLANNING:
                if self._is_clear():
                    self._replan()
                    self.go_on()
            case Phase.TAKING if not self._is_made:
                self._take()
            case Phase.RESTING:
                self._rest()
            case _:
                if self._is_made:
                    self._work_on_one()
                else:
                    self._work_slice()

    def _is_clear(self, *, to_end: bool = False) -> bool:
        """Have everything off the market, and return whether it is."""
        if self._is_made and not to_end:
            for child in self.order.alive:
                self._ask(child, ReplaceChild(
                    child=child.name,
                    order_qty=child.order_qty,
                    price=child.price,
                    disclosed_qty=child.cum_qty,
                ))  # fmt: skip
            return all(_is_settled(child) for child in self.order.alive) and not self._asks
        for child in self.order.alive:
            self._cancel(child)
        return not self.order.alive

    def _work_slice(self) -> None:
        work, tactics, order = self.work, self._tactics, self.order
        if work.cross_to > order.cum_qty:
            if self._crosses():
                return
            if order.cum_qty < work.cross_to and not self._is_over_time:
                left = work.cross_to - order.cum_qty
                self.say(Warn(f"{order.cl_ord_id}: {left} are carried into slice {work.slice_no}"))
        self.now(cross_to=0)
        if self._is_over_time:
            self._end()
            return
        if tactics.at_market:
            return
        due = self._due(work.slice_no)
        if not tactics.by_clock and order.cum_qty >= due:
            self.slice_begins()
            due = self._due(self.work.slice_no)
        if self._peels():
            return
        current = order.children.get(self.work.current or "")
        if current is not None and not current.is_over:
            if tactics.follows:
                self._reprice(current)
            return
        if any(self._is_going(child) for child in order.alive):
            return  # what it leaves goes into the same child
        wanted = min(due - order.cum_qty - order.working_qty, order.room)
        if wanted > 0 and work.refused_in is None:
            self._enter_resting(wanted)

    def _crosses(self) -> bool:
        """Take what is due at the market; return whether that is under way."""
        work, order = self.work, self.order
        waits = False
        for child in order.alive:
            if child.name.startswith(_RESTS):
                self._cancel(child)
            waits = True
        if waits:
            return True
        if work.crossed:
            return False
        self.now(crossed=True)
        return self._enter_crossing(min(work.cross_to - order.cum_qty, order.room))

    def _enter_crossing(self, quantity: Qty) -> bool:
        """Send a market order, or what stands in for one; return whether one could be."""
        market, tactics, order = self._market, self._tactics, self.order
        if market is None or not market.is_open or quantity <= 0:
            return False
        price = None
        if tactics.limit is not None or not market.takes_market_orders:
            price = through(order, market, self._instrument)
            if price is None:
                return False
            price = within(order.side, price, tactics.limit)
        self._enter(_CROSSES, quantity, price, TimeInForce.IMMEDIATE_OR_CANCEL)
        return True

    def _resting_price(self, market: Market) -> Price | None:
        work = self.work
        return resting_price(
            self.order,
            self._tactics,
            market,
            self._instrument,
            work.price,
            Shown(work.current, work.shown_at),
        )

    def _enter_resting(self, quantity: Qty) -> None:
        market = self._market
        if market is None or not market.is_open:
            return
        price = self._resting_price(market)
        if price is None:
            return
        name = self._enter(_RESTS, quantity, price, self.order.time_in_force)
        self.now(current=name, price=price, shown_at=None)

    def _reprice(self, child: Child) -> None:
        market = self._market
        if market is None or not market.is_open:
            return
        price = self._resting_price(market)
        if price is not None:
            self._replace(child, price=price)
            self.now(price=price)

    def _peels(self) -> bool:
        """Take a lot off the slice for each so many traded; return whether one is under way."""
        work, tactics, order, market = self.work, self._tactics, self.order, self._market
        current = order.children.get(work.current or "")
        if not tactics.peel_every or market is None or current is None:
            return False
        lot = self._instrument.round_lot
        if work.peeling:
            if not current.is_over and not _is_settled(current):
                return True
            self.now(peeling=False)
            room = min(lot, self._due(work.slice_no) - order.cum_qty - order.working_qty)
            return self._enter_crossing(min(room, order.room))
        owed = (market.volume - work.volume) // tactics.peel_every - work.peeled
        if owed <= 0 or current.is_over or not current.is_working or not _is_settled(current):
            return False
        if any(child.name.startswith(_CROSSES) for child in order.alive) or work.held:
            return False
        self.now(peeled=work.peeled + 1, peeling=True)
        if current.order_qty - lot > current.cum_qty:
            self._replace(current, order_qty=current.order_qty - lot)
        else:
            self._cancel(current)
        return True

    def _take(self) -> None:
        """Take what is offered at the Would If Price, and make the plan anew."""
        order, market, tactics = self.order, self._market, self._tactics
        for child in order.alive:
            if not child.name.startswith(_TAKES):
                self._cancel(child)
        if order.alive:
            return
        offered = 0 if market is None else taken_if(order, tactics, market)
        if offered and not self.work.took:
            self.now(took=True)
            quantity = min(order.room, offered)
            self._enter(_TAKES, quantity, tactics.would_if, TimeInForce.IMMEDIATE_OR_CANCEL)
            return
        self._replan()
        self.go_on()

    def _end(self) -> None:
        """Go on, or not, once time is over and the last market order with it."""
        order, tactics = self.order, self._tactics
        match tactics.at_end:
            case AtEnd.WORK_ON:
                self.now(phase=Phase.RESTING, refused_in=None)
                self._rest()
            case AtEnd.CANCEL:
                if self._is_clear():
                    self.say(Finish(SynthStatus.FINISHED, _unfilled(order)))
            case AtEnd.FINISH:
                if not order.alive:
                    self.say(Finish(SynthStatus.FINISHED, _unfilled(order)))

    def _rest(self) -> None:
        """Have all that is left work on: at the limit, where slices are settled at their end."""
        order, tactics = self.order, self._tactics
        limit = tactics.limit
        for child in order.alive:
            if limit is not None and tactics.leftover is Leftover.GOTOMARKET:
                self._replace(child, price=limit)
        if order.room > 0 and limit is not None:
            if self.work.refused_in is None:
                self._enter(_RESTS, order.room, limit, order.time_in_force)
        elif not order.alive:
            self.say(Finish(SynthStatus.FINISHED, _unfilled(order)))

    # --- in an instrument that an order type makes ------------------------------------

    def _work_on_one(self) -> None:
        """Have the long-lived child work as much as is due, at the price of the moment."""
        work, tactics, order, market = self.work, self._tactics, self.order, self._market
        if market is None or not market.is_open:
            return
        instrument = self._instrument
        if work.phase is Phase.TAKING:
            offered = taken_if(order, tactics, market)
            if not offered:
                self._replan()
                self.go_on()
                return
            target, price = min(order.order_qty, order.cum_qty + offered), tactics.would_if
        elif work.cross_to > order.cum_qty or self._is_over_time:
            target = max(work.cross_to, order.order_qty if self._is_over_time else 0)
            price = through(order, market, instrument)
            if self._is_over_time and tactics.limit is not None:
                price = tactics.limit
            elif price is not None:
                price = within(order.side, price, tactics.limit)
        else:
            self.now(cross_to=0)
            target = self._due(work.slice_no)
            price = self._resting_price(market)
            self.now(price=price)
        if price is None:
            return
        if not order.alive:
            if target > order.cum_qty:
                name = f"{_RESTS}{work.children + 1}"
                self.now(children=work.children + 1, current=name)
                self.say(
                    EnterChild(
                        child=name,
                        symbol=order.symbol,
                        side=order.side,
                        order_qty=order.order_qty - order.cum_qty,
                        price=price,
                        time_in_force=order.time_in_force,
                        disclosed_qty=target - order.cum_qty,
                    )
                )
            return
        child = order.alive[0]
        before = order.cum_qty - child.cum_qty  # what others have filled
        self._ask(
            child,
            ReplaceChild(
                child=child.name,
                order_qty=order.order_qty - before,
                price=price,
                disclosed_qty=target - before,
            ),
        )

    # --- requests about children -----------------------------------------------------

    @property
    def _asks(self) -> bool:
        return any(isinstance(effect, ReplaceChild | CancelChild) for effect in self._effects)

    def _enter(
        self, role: str, quantity: Qty, price: Price | None, time_in_force: TimeInForce
    ) -> str:
        number = self.work.children + 1
        self.now(children=number)
        name = f"{role}{number}"
        self.say(
            EnterChild(
                child=name,
                symbol=self.order.symbol,
                side=self.order.side,
                order_qty=quantity,
                price=price,
                ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
                time_in_force=time_in_force,
            )
        )
        return name

    def _is_going(self, child: Child) -> bool:
        return child.is_canceling or child.name in self._canceled

    def _cancel(self, child: Child) -> None:
        if not self._is_going(child) and not self.work.held:
            self._canceled.append(child.name)
            self.say(CancelChild(child.name))

    def _replace(
        self, child: Child, *, order_qty: Qty | None = None, price: Price | None = None
    ) -> None:
        intended = _intended(child)
        self._ask(
            child,
            ReplaceChild(
                child=child.name,
                order_qty=intended.order_qty if order_qty is None else order_qty,
                price=intended.price if price is None else price,
            ),
        )

    def _ask(self, child: Child, request: ReplaceChild) -> None:
        if request != _intended(child) and not self._is_going(child) and not self.work.held:
            self.say(request)


_RESTS, _CROSSES, _TAKES = "p", "x", "w"
"""What a child is for, by the first letter of its name: passive, crossing, would if."""

_SELF_MATCH = (ExecRestatementReason.SELF_MATCH_OLDEST, ExecRestatementReason.SELF_MATCH_NEWEST)

_WORKING = (Phase.SLICING, Phase.TAKING, Phase.RESTING)


def _intended(child: Child) -> ReplaceChild:
    """Return the terms that a child will have once all that is asked of it is done."""
    for request in (child.then, child.asked):
        if isinstance(request, ReplaceChild):
            return request
    return ReplaceChild(
        child=child.name,
        order_qty=child.order_qty,
        price=child.price,
        disclosed_qty=child.disclosed_qty,
    )


def _is_settled(child: Child) -> bool:
    """Return whether nothing that was asked of a child waits for its answer."""
    return child.asked is None and child.then is None


def _unfilled(order: SyntheticOrder) -> str:
    left = order.order_qty - order.cum_qty
    return f"{left} not filled" if left else ""
