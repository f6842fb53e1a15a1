"""What a spread order does about one event: hedge first, then quote, then say what is filled.

A quote that trades begins units of the spread; what they need in the other legs is
sent at once, at the prices that the quote leaned on.  Then every quote is put where it
belongs now, a change of it waiting for the answer to the one before.  Units are
filled when every leg has their contracts.

Sources stand with the rules (`rules.RULES`).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from fractions import Fraction
from math import floor

import attrs

from ...market.exposure import rounded
from ...market.fix import CxlRejResponseTo, ExecType, OrdType, Side, TimeInForce
from ...market.identifiers import Price, Qty
from ...market.messages import ExecutionReport, OrderCancelReject, VenueReport
from ...market.synthetic import SynthStatus
from ..desk import Warn
from ..synthetic import (
    Accept,
    CancelChild,
    Child,
    EnterChild,
    Fill,
    Finish,
    LegFill,
    Market,
    Refuse,
    Remember,
    ReplaceChild,
    SetStatus,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticOrder,
    Wake,
)
from .formula import FormulaError
from .hedging import hedge_target, parent_filled, spread_fill_price
from .parameters import SpreadParameters
from .post_hedge import Reprice, Rest, Step, steps
from .pricing import LegMarket, Quote, implied, leans, paid_up, quote, within_slop
from .spread import ConvertQuote, Forfeit, HedgeLife, HedgeType, ListedSpread, Requote
from .work import Ending, LegWork, Note, Role, Work

RELOAD = "reload"
"""The name of the moment at which the next clip may be worked."""

_LIVES = {
    HedgeLife.IMMEDIATE_OR_CANCEL: TimeInForce.IMMEDIATE_OR_CANCEL,
    HedgeLife.FILL_OR_KILL: TimeInForce.FILL_OR_KILL,
}


def quote_total(size: Fraction, remaining: Fraction, units: Fraction, released: Qty) -> Qty:
    """Return how many contracts of a leg are quoted.

    As many as the units that remain need, in whole contracts, and at least one while a
    whole unit has not been begun.

    Args:
        size: contracts per unit.
        remaining: units that may be begun.
        units: those that have been.
        released: those that may be, in all.
    """
    if remaining <= 0:
        return 0
    return max(floor(remaining * size), int(floor(units) < released))


class Worker:
    """One spread order and one event; `effects` is what comes of it."""

    def __init__(self, spread: ListedSpread, order: SyntheticOrder, desk: SyntheticDesk) -> None:
        self._spread = spread
        self._order = order
        self._desk = desk
        work = order.state
        if work is None:
            parameters = _parameters(order)
            clips = parameters.max_exposure if parameters.reload_qty else 0
            work = Work(legs=tuple(LegWork() for _ in spread.legs), clips=clips)
        assert isinstance(work, Work), "nobody else remembers anything for it"
        self._work: Work = work
        self._effects: list[SyntheticEffect] = []
        self._entered: list[tuple[str, Note]] = []
        self._waiting: list[int] = []
        """The legs whose quote becomes a hedge once a change of it is answered."""

    @property
    def work(self) -> Work:
        return self._work

    def effects(self) -> list[SyntheticEffect]:
        """Return what the event has come to."""
        return [*self._effects, Remember(self._work)]

    def say(self, effect: SyntheticEffect) -> None:
        self._effects.append(effect)

    def amended(self, order: SyntheticOrder) -> None:
        """Go on with the terms of *order*."""
        self._order = order

    def end(self, synth_status: SynthStatus, text: str = "") -> None:
        """Take the quotes off for good; the first reason counts."""
        if self._work.ending is None:
            self._work = attrs.evolve(self._work, ending=Ending(synth_status, text))

    def pause(self, is_paused: bool) -> None:
        self._work = attrs.evolve(self._work, is_paused=is_paused)

    # --- reports ----------------------------------------------------------------------

    def reported(self, name: str, report: VenueReport) -> None:
        """Take in what has become of a child."""
        note, child = self._work.notes[name], self._order.children[name]
        if isinstance(report, OrderCancelReject):
            self._refused(name, note, child, report)
            return
        match report.exec_type:
            case ExecType.REPLACED:
                note = attrs.evolve(note, leans=note.next_leans or note.leans, next_leans=())
                # A cancel that waits behind the change is still asked for.
                if note.asked and note.asked[0] is ReplaceChild:
                    note = attrs.evolve(note, asked=())
                if 0 < note.converted_qty == child.order_qty - child.cum_qty:
                    # All of the quote is the hedge now.
                    rest = Rest(since_ns=self._desk.now_ns)
                    note = attrs.evolve(note, role=Role.HEDGE, converted_qty=0, rest=rest)
                note = attrs.evolve(note, rest=note.next_rest or note.rest, next_rest=None)
                self._keep(name, note)
            case ExecType.CANCELED | ExecType.EXPIRED | ExecType.REJECTED:
                self._is_off(note, child, report)
            case _:
                pass

    def filled(self, name: str, qty: Qty, at: Price) -> None:
        """Take in a fill of a child: of a quote it begins units, of a hedge it serves them."""
        note = self._work.notes[name]
        self.say(LegFill(name, qty, at))
        leg = self._work.legs[note.leg]
        leg = attrs.evolve(leg, fills=(*leg.fills, (at, qty)))
        # What is left of a quote that has become a hedge is a quote's again.
        hedging = qty if note.role is Role.HEDGE else min(qty, note.converted_qty)
        if note.role is Role.QUOTE:
            note = attrs.evolve(note, converted_qty=note.converted_qty - hedging)
            self._keep(name, note)
        if hedging < qty:
            leg = attrs.evolve(leg, quoted=leg.quoted + qty - hedging)
            self._work = attrs.evolve(self._work, leans=note.leans)
        self._work = attrs.evolve(self._work.with_leg(note.leg, leg), by=name)

    def busted(self, name: str, qty: Qty) -> None:
        """Put on record that a trade of a child has been taken back."""
        symbol = self._spread.legs[self._work.notes[name].leg].symbol
        self.say(
            Warn(
                f"{self._order.cl_ord_id}: {qty} {symbol} of {name} are busted, which its hedges"
                " do not follow"
            )
        )

    def _refused(self, name: str, note: Note, child: Child, reject: OrderCancelReject) -> None:
        """Make the same request not again; a quote that was to be a hedge stays a quote."""
        replacing = reject.cxl_rej_response_to is CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
        if note.converted_qty:
            leg = self._work.legs[note.leg]
            if not child.is_over:
                leg = attrs.evolve(leg, hedged=leg.hedged - note.converted_qty)
                self._work = self._work.with_leg(note.leg, leg)
            note = attrs.evolve(note, converted_qty=0, may_convert=False)
        note = attrs.evolve(note, next_leans=(), next_rest=None)
        if note.asked and note.asked[0] is (ReplaceChild if replacing else CancelChild):
            note = attrs.evolve(note, refused=note.asked, asked=())
        self._keep(name, note)

    def _is_off(self, note: Note, child: Child, report: ExecutionReport) -> None:
        symbol = self._spread.legs[note.leg].symbol
        left = child.order_qty - child.cum_qty
        if note.goes_to_market and report.exec_type is ExecType.CANCELED and left:
            self._enter_at_market(note, child, left)
        elif note.converted_qty or note.role is Role.HEDGE:
            unhedged = note.converted_qty or left
            why = f": {report.text}" if report.text else ""
            self.say(Warn(f"{self._order.cl_ord_id} is legged: {unhedged} {symbol} unhedged{why}"))
        elif report.exec_type is ExecType.REJECTED:
            self.end(SynthStatus.FAILED, f"its quote in {symbol} is refused: {report.text}")
        elif not note.asked or note.asked[0] is not CancelChild:
            status = (
                SynthStatus.EXPIRED
                if report.exec_type is ExecType.EXPIRED
                else SynthStatus.CANCELED
            )
            self.end(status, f"its quote in {symbol} is off the market")

    # --- whatever has happened --------------------------------------------------------

    def work_on(self) -> None:
        """Do what the order needs as it stands now."""
        if not self._order.is_accepted and not self._start():
            return
        self._look_at_legs()
        self._hedge()
        self._look_at_hedges()
        self._fill_units()
        if self._snipes:
            self._snipe()
        else:
            self._requote()
        self._conclude()

    def _start(self) -> bool:
        """Take the order, or refuse it, once all markets are known; return whether it lives."""
        markets = [self._market(number) for number in range(len(self._spread.legs))]
        if self._work.ending is not None:
            self.say(Refuse(self._work.ending.text or "canceled before its markets were known"))
            return False
        known = [market for market in markets if market is not None]
        if len(known) < len(markets):
            return False
        for market in known:
            if not market.is_open and self._order.time_in_force is not _GTC:
                self.say(Refuse(f"{market.symbol} is closed: {market.trading_state}"))
                return False
        is_paused = self._work.is_paused
        self.say(Accept(SynthStatus.PAUSED if is_paused else SynthStatus.WORKING))
        self._order = attrs.evolve(self._order, is_accepted=True)
        return True

    def _look_at_legs(self) -> None:
        """End an order for the day whose leg's market has closed."""
        if self._order.time_in_force is _GTC:
            return
        for number in range(len(self._spread.legs)):
            market = self._market(number)
            if market is not None and not market.is_open:
                self.end(SynthStatus.CANCELED, f"{market.symbol} is closed")

    # --- hedges -----------------------------------------------------------------------

    def _hedge(self) -> None:
        """Send what the units begun so far need in each leg, beyond what has been sent."""
        units, hedge_round = (
            self._work.units(self._spread),
            Fraction(self._spread.settings.hedge_round),
        )
        if not units:
            return
        for number, leg in enumerate(self._spread.legs):
            if not leg.trades:
                continue
            own = self._work.legs[number]
            target = hedge_target(leg.size, units, hedge_round)
            needed = target - own.quoted - own.hedged
            if needed <= 0:
                continue
            if leg.settings.forfeit is not None:
                self._forfeit(number, needed, leg.settings.forfeit)
                continue
            converted = self._convert(number, needed)
            if converted is None:
                self._waiting.append(number)
                continue
            own = attrs.evolve(own, hedged=own.hedged + needed)
            self._work = self._work.with_leg(number, own)
            if needed > converted:
                self._enter_hedge(number, needed - converted)

    def _forfeit(self, number: int, qty: Qty, counts: Forfeit) -> None:
        """Send nothing, and count it as the leg has it."""
        own = self._work.legs[number]
        own = attrs.evolve(own, hedged=own.hedged + qty)
        symbol = self._spread.legs[number].symbol
        if counts is Forfeit.FILLED:
            own = attrs.evolve(own, fills=(*own.fills, (self._work.leans[number], qty)))
        else:
            self.say(Warn(f"{self._order.cl_ord_id} is legged: {qty} {symbol} forfeited"))
        self._work = self._work.with_leg(number, own)

    def _enter_hedge(self, number: int, qty: Qty) -> None:
        market = self._market(number)
        to_market = (
            self._spread.legs[number].settings.hedge_type is HedgeType.MARKET
            and market is not None
            and market.takes_market_orders
        )
        price = None if to_market else self._hedge_price(number)
        self._send_hedge(number, qty, price, Rest(since_ns=self._desk.now_ns))

    def _send_hedge(self, number: int, qty: Qty, price: Price | None, rest: Rest) -> None:
        """Enter a hedge, at the market without a price."""
        leg = self._spread.legs[number]
        life = self._order.time_in_force
        if life is _GTC and not leg.settings.native_gtc:
            life = TimeInForce.DAY
        if leg.settings.hedge_life is not None:
            life = _LIVES[leg.settings.hedge_life]
        note = Note(leg=number, role=Role.HEDGE, rest=rest)
        if price is not None:
            wakes_ns = rest.wakes_ns(leg.settings.post_hedge, self._desk.now_ns)
            note = attrs.evolve(note, wakes_ns=wakes_ns)
        name = self._enter(
            note,
            side=leg.side(self._order.side),
            qty=qty,
            price=price,
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            life=life,
        )
        if note.wakes_ns is not None:
            self.say(Wake(note.wakes_ns, name))

    def _hedge_price(self, number: int) -> Price:
        leaned = self._work.leans[number]
        return paid_up(self._spread, number, self._order.side, leaned)

    def _convert(self, number: int, needed: Qty) -> Qty | None:
        """Make a hedge of the leg's own quote, and return of how much; None is to wait for it."""
        mode = self._spread.legs[number].settings.convert_quote_to_hedge
        working = self._quotes(number)
        if mode is ConvertQuote.OFF or len(working) != 1:
            return 0
        child = working[0]
        note = self._work.notes[child.name]
        if not note.may_convert or child.is_canceling:
            return 0
        if child.asked is not None or not child.is_working:
            return 0 if mode is ConvertQuote.ATTEMPT else None
        left = child.order_qty - child.cum_qty
        if needed < left and mode is ConvertQuote.ALWAYS_PRESERVE_QUEUE:
            return 0  # the quote is cut, and keeps its place in the queue
        taken = min(needed, left)
        goal = (ReplaceChild, self._hedge_price(number), child.cum_qty + taken)
        if goal == note.refused:
            return 0
        self._keep(child.name, attrs.evolve(note, converted_qty=taken, asked=goal))
        self.say(
            ReplaceChild(
                child=child.name,
                order_qty=child.cum_qty + taken,
                price=self._hedge_price(number),
            )
        )
        return taken

    # --- hedges that rest -------------------------------------------------------------

    def _look_at_hedges(self) -> None:
        """Do what the post-hedge rules of their legs have for the hedges that rest."""
        if self._order.is_over:
            return
        for child in self._order.alive:
            note = self._work.notes[child.name]
            rules = self._spread.legs[note.leg].settings.post_hedge
            if note.role is not Role.HEDGE or child.price is None or not rules:
                continue
            wakes_ns = note.rest.wakes_ns(rules, self._desk.now_ns)
            if wakes_ns is not None and wakes_ns != note.wakes_ns:
                note = attrs.evolve(note, wakes_ns=wakes_ns)
                self.say(Wake(wakes_ns, child.name))
            market = self._market(note.leg)
            if market is None or not market.is_open:
                note = attrs.evolve(note, refused=())  # another time it may be taken
            self._keep(child.name, note)
            if market is None or child.asked is not None or not child.is_working:
                continue
            instrument = self._spread.legs[note.leg].instrument
            now_ns = self._desk.now_ns
            for step in steps(
                rules, note.rest, child.side, child.price, now_ns, market, instrument
            ):
                if self._takes(step, child, note):
                    break

    def _takes(self, step: Step, child: Child, note: Note) -> bool:
        """Ask for what a rule wants of a hedge, unless just that was refused before."""
        if isinstance(step, Reprice):
            goal: tuple[object, ...] = (ReplaceChild, step.price, child.order_qty)
            request: ReplaceChild | CancelChild = ReplaceChild(
                child=child.name, order_qty=child.order_qty, price=step.price
            )
            note = attrs.evolve(note, next_rest=step.rest)
        else:
            goal, request = (CancelChild,), CancelChild(child.name)
        if goal == note.refused:
            return False
        self._keep(child.name, attrs.evolve(note, asked=goal))
        self.say(request)
        return True

    def _enter_at_market(self, note: Note, child: Child, left: Qty) -> None:
        """Enter what a hedge has left at the market; where that has gone, where it was."""
        market = self._market(note.leg)
        there = market is not None and market.is_open and market.side(child.side.opposite)
        if there:
            self._send_hedge(note.leg, left, None, attrs.evolve(note.rest, is_done=True))
        else:
            self._send_hedge(note.leg, left, child.price, note.rest)

    # --- sniper -----------------------------------------------------------------------

    @property
    def _snipes(self) -> bool:
        immediate = self._order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
        return immediate or _parameters(self._order).sniper

    def _snipe(self) -> None:
        """Send all legs at once if the implied price and size are there."""
        immediate = self._order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
        units = self._units_at_once() if self._may_begin and not self._hedges else 0
        if units:
            self._work = attrs.evolve(self._work, sniped=self._work.sniped + units)
            self._hedge()
        if immediate:
            self.end(SynthStatus.CANCELED, "what could not be traded at once")

    def _units_at_once(self) -> Qty:
        """Return how many units the legs' markets hold at the order's price, and lean there."""
        markets = self._leg_markets()
        found = implied(self._spread, markets, self._order.side)
        if found is None or found.qty < 1:
            return 0
        assert self._order.price is not None, "a spread order has a limit"
        limit = Fraction(self._order.price, 10**self._spread.instrument.price_decimals)
        buys = self._order.side is Side.BUY
        if found.price > limit if buys else found.price < limit:
            return 0
        touched = [
            market.against(leg.side(self._order.side))[0][0]
            for leg, market in zip(self._spread.legs, markets, strict=True)
        ]
        units = min(found.qty, floor(self._released - self._work.units(self._spread)))
        if units > 0:
            self._work = attrs.evolve(self._work, leans=tuple(touched))
        return units

    # --- quotes -----------------------------------------------------------------------

    @property
    def _released(self) -> Qty:
        """How many units may be begun so far."""
        order = self._order
        most = order.order_qty
        if order.disclosed_qty is not None:
            most = min(most, order.disclosed_qty)
        reload_qty = _parameters(order).reload_qty
        return min(most, reload_qty * self._work.clips) if reload_qty else most

    @property
    def _may_begin(self) -> bool:
        """Whether units may be begun at all: the order goes on, and every market is open."""
        if self._work.ending is not None or self._work.is_paused:
            return False
        markets = [self._market(number) for number in range(len(self._spread.legs))]
        return all(market is not None and market.is_open for market in markets)

    def _requote(self) -> None:
        """Put every quote where it belongs now."""
        units = self._work.units(self._spread)
        released = self._released
        remaining = released - units
        quotes = remaining > 0 and self._may_begin
        markets = self._leg_markets()
        leaned = leans(self._spread, markets, self._order.side, remaining) if quotes else ()
        for number, leg in enumerate(self._spread.legs):
            if not leg.quotes:
                continue
            qty, found = 0, None
            if quotes:
                assert self._order.price is not None, "a spread order has a limit"
                qty = quote_total(leg.size, remaining, units, released)
                increment = self._spread.settings.quote_increment
                qty -= qty % increment
                found = quote(
                    self._spread,
                    number,
                    self._order.side,
                    self._order.price,
                    leaned,
                    markets[number],
                )
            self._place(number, found if qty else None, qty)

    def _place(self, number: int, found: Quote | None, qty: Qty) -> None:
        """Bring the quotes of a leg to *found*, and its queue holders behind that."""
        if number in self._waiting:
            return
        wanted = self._wanted(number, found)
        working = self._quotes(number)
        free = []
        for child in working:
            note = self._work.notes[child.name]
            if child.is_canceling:
                continue
            price = self._stays_at(number, child, wanted)
            if price is None:
                free.append(child)
                continue
            own = wanted.pop(price)
            if child.asked is None and child.is_working:
                self._keep(child.name, attrs.evolve(note, leans=own))
                self._resize(child, qty)
        for child in free:
            self._move(number, child, wanted, qty)
        room = self._spread.legs[number].settings.queue_holders + 1 - len(working)
        for price, own in list(wanted.items())[: max(room, 0)]:
            self._enter_quote(number, price, own, qty)

    def _wanted(self, number: int, found: Quote | None) -> dict[Price, tuple[Price, ...]]:
        """Return where quotes belong, nearest to the inside first, and what each leans on."""
        if found is None:
            return {}
        leg = self._spread.legs[number]
        ticks = leg.instrument.ticks
        wanted, price = {found.price: found.leans}, found.price
        for _ in range(leg.settings.queue_holders):
            buys = leg.side(self._order.side) is Side.BUY
            price = ticks.at_or_below(price - 1) if buys else ticks.at_or_above(price + 1)
            own = tuple(price if at == number else each for at, each in enumerate(found.leans))
            wanted[price] = own
        return wanted

    def _stays_at(
        self, number: int, child: Child, wanted: dict[Price, tuple[Price, ...]]
    ) -> Price | None:
        """Return which of the prices *wanted* a working quote serves, or None if it must move."""
        price = child.asked.price if isinstance(child.asked, ReplaceChild) else child.price
        assert price is not None, "a quote has a limit"
        if price in wanted:
            return price
        slop = self._spread.settings
        if not (slop.inside_slop or slop.outside_slop) or not wanted or child.asked is not None:
            return None
        nearest, own = next(iter(wanted.items()))
        working = [price if at == number else each for at, each in enumerate(own)]
        assert self._order.price is not None, "a spread order has a limit"
        try:
            stays = within_slop(self._spread, self._order.side, self._order.price, working)
        except FormulaError:
            return None
        if stays:
            wanted[nearest] = tuple(working)
            return nearest
        return None

    def _move(
        self, number: int, child: Child, wanted: dict[Price, tuple[Price, ...]], qty: Qty
    ) -> None:
        """Move a quote that is nowhere wanted, or take it off."""
        settings = self._spread.settings
        holds = self._spread.legs[number].settings.queue_holders
        if not wanted or holds or settings.requote is Requote.CANCEL_NEW:
            self._cancel(child)
        elif child.asked is None and child.is_working:
            price, own = next(iter(wanted.items()))
            if self._change(child, price, child.cum_qty + qty, own):
                del wanted[price]
        else:
            wanted.clear()  # its change has to be answered first

    def _resize(self, child: Child, qty: Qty) -> None:
        assert child.price is not None, "a quote has a limit"
        if child.cum_qty + qty != child.order_qty:
            note = self._work.notes[child.name]
            self._change(child, child.price, child.cum_qty + qty, note.leans)

    def _change(self, child: Child, price: Price, total: Qty, own: tuple[Price, ...]) -> bool:
        """Ask for another price or quantity, unless just that was refused before."""
        note, goal = self._work.notes[child.name], (ReplaceChild, price, total)
        if goal == note.refused:
            return False
        self._keep(child.name, attrs.evolve(note, next_leans=own, asked=goal))
        self.say(ReplaceChild(child=child.name, order_qty=total, price=price))
        return True

    def _cancel(self, child: Child) -> None:
        """Ask for its end, unless that was refused and its market stands as it stood then."""
        note = self._work.notes[child.name]
        market = self._market(note.leg)
        goal = (CancelChild, market.trading_state if market else "")
        if child.is_canceling or goal == note.refused:
            return
        # A change that is under way may still be taken, with its leans.
        self._keep(child.name, attrs.evolve(note, asked=goal))
        self.say(CancelChild(child.name))

    def _enter_quote(self, number: int, price: Price, own: tuple[Price, ...], qty: Qty) -> None:
        self._enter(
            Note(leg=number, role=Role.QUOTE, leans=own),
            side=self._spread.legs[number].side(self._order.side),
            qty=qty,
            price=price,
            ord_type=OrdType.LIMIT,
            life=self._order.time_in_force,
        )

    # --- units and the end ------------------------------------------------------------

    def _fill_units(self) -> None:
        """Say how many units all legs have the contracts of by now."""
        legs = zip(self._spread.legs, self._work.legs, strict=True)
        filled = [own.filled for leg, own in legs if leg.trades]
        done = min(parent_filled(self._spread, filled), self._order.order_qty)
        before = self._order.cum_qty
        if done <= before:
            return
        if done == self._order.order_qty and self.any_quote:
            return  # told when they are gone: one that trades now still has to be hedged
        if done == self._order.order_qty and self._any_on_its_way_to_market:
            return  # no order that is over enters what is left of it
        fills = [own.fills for own in self._work.legs]
        cost = spread_fill_price(self._spread, fills, before, done, self._work.leans)
        units = cost * 10**self._spread.instrument.price_decimals
        last_px = int(rounded(units, 0, ROUND_HALF_UP))
        self.say(Fill(self._work.by, done - before, last_px))
        begun = self._work.units(self._spread)
        if done == self._order.order_qty and floor(begun) > done:
            self.say(Warn(f"{self._order.cl_ord_id} has begun {floor(begun)} units of {done}"))
        self._order = attrs.evolve(self._order, cum_qty=done)
        self._reload(done)

    def _reload(self, done: Qty) -> None:
        """Release the next clip, now or after its delay."""
        parameters = _parameters(self._order)
        if not parameters.reload_qty or self._work.is_reloading:
            return
        if done // parameters.reload_qty + parameters.max_exposure <= self._work.clips:
            return
        if not parameters.reload_delay:
            self.reload()
            return
        self._work = attrs.evolve(self._work, is_reloading=True)
        self.say(Wake(self._desk.now_ns + parameters.reload_delay, RELOAD))

    def reload(self) -> None:
        """Release all clips that may be worked after the units that are filled."""
        parameters = _parameters(self._order)
        assert parameters.reload_qty is not None, "only an order that reloads is woken for that"
        clips = self._order.cum_qty // parameters.reload_qty + parameters.max_exposure
        self._work = attrs.evolve(self._work, clips=clips, is_reloading=False)

    def _conclude(self) -> None:
        """End the order when there is nothing left that it could do."""
        order, work = self._order, self._work
        if order.is_over or order.cum_qty == order.order_qty:
            return
        if order.alive or self._entered:
            if work.ending is not None and not self.any_quote:
                legged = SetStatus(SynthStatus.STOPPING, "legged: its hedges work on")
                if order.synth_status is not SynthStatus.STOPPING:
                    self.say(legged)
            return
        if work.ending is not None:
            self.say(Finish(work.ending.synth_status, work.ending.text))
        elif floor(work.units(self._spread)) >= order.order_qty:
            self.say(Finish(SynthStatus.CANCELED, "legged: nothing hedges what is missing"))

    # --- what all of it needs ---------------------------------------------------------

    def _market(self, number: int) -> Market | None:
        return self._desk.market(self._spread.legs[number].symbol)

    def _leg_markets(self) -> list[LegMarket]:
        return [leg_market(self._market(number)) for number in range(len(self._spread.legs))]

    def _quotes(self, number: int) -> list[Child]:
        """Return the quotes of a leg that are not over, nor hedges by now, oldest first."""
        notes = self._work.notes
        return [
            child
            for child in self._order.alive
            if notes[child.name].role is Role.QUOTE
            and notes[child.name].leg == number
            and not notes[child.name].converted_qty
        ]

    @property
    def any_quote(self) -> bool:
        entered = any(note.role is Role.QUOTE for _, note in self._entered)
        notes = self._work.notes
        return entered or any(notes[child.name].role is Role.QUOTE for child in self._order.alive)

    @property
    def _any_on_its_way_to_market(self) -> bool:
        return any(self._work.notes[child.name].goes_to_market for child in self._order.alive)

    @property
    def _hedges(self) -> bool:
        """Whether hedges work, or are on their way."""
        notes = self._work.notes
        return bool(self._entered) or any(
            notes[child.name].role is Role.HEDGE for child in self._order.alive
        )

    def _keep(self, name: str, note: Note) -> None:
        self._work = self._work.with_note(name, note)

    def _enter(
        self,
        note: Note,
        *,
        side: Side,
        qty: Qty,
        price: Price | None,
        ord_type: OrdType,
        life: TimeInForce,
    ) -> str:
        name = f"{note.role.value[0]}{len(self._work.notes) + 1}"
        self._entered.append((name, note))
        self._keep(name, note)
        self.say(
            EnterChild(
                child=name,
                symbol=self._spread.legs[note.leg].symbol,
                side=side,
                order_qty=qty,
                price=price,
                ord_type=ord_type,
                time_in_force=life,
            )
        )
        return name


_GTC = TimeInForce.GOOD_TILL_CANCEL


def leg_market(market: Market | None) -> LegMarket:
    """Return what is known of a leg's market."""
    if market is None:
        return LegMarket(is_open=False)
    return LegMarket(bids=market.bids, offers=market.offers, is_open=market.is_open)


def _parameters(order: SyntheticOrder) -> SpreadParameters:
    parameters = order.parameters
    assert isinstance(parameters, SpreadParameters), "the gateway has read them into it"
    return parameters


def worst_case(spread: ListedSpread, order_qty: Qty) -> tuple[Qty, ...]:
    """Return the most contracts of each leg that an order of so many units may come to.

    Every quote trades in full, its queue holders too, and all of that is hedged: one unit
    of two legs, one to one and both quoting, may come to two contracts of each.
    """
    units = Fraction(0)
    for leg in spread.legs:
        if leg.quotes:
            total = quote_total(leg.size, Fraction(order_qty), Fraction(0), order_qty)
            units += total * (1 + leg.settings.queue_holders) / leg.size
    carried = 1 - Fraction(spread.settings.hedge_round)
    return tuple(floor(leg.size * units + carried) if leg.trades else 0 for leg in spread.legs)


def objection_to_risk(spread: ListedSpread, order_qty: Qty) -> str:
    """Return why the quotes and hedges of an order could not all be sent, or nothing."""
    for leg, most in zip(spread.legs, worst_case(spread, order_qty), strict=True):
        allowed, largest = leg.settings.max_worst_case, leg.instrument.max_order_qty
        if allowed is not None and most > allowed:
            return f"it may come to {most} {leg.symbol}, and {allowed} are allowed"
        if largest is not None and most > largest:
            return f"it may come to {most} {leg.symbol}, and no order may have above {largest}"
    return ""
