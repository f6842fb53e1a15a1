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
from ...market.fix import CxlRejResponseTo, ExecType
from ...market.identifiers import Price, Qty
from ...market.messages import ExecutionReport, OrderCancelReject, VenueReport
from ...market.synthetic import SynthStatus
from ..desk import Warn
from ..synthetic import (
    Accept,
    CancelChild,
    Child,
    Fill,
    Finish,
    LegFill,
    Refuse,
    Remember,
    ReplaceChild,
    SetStatus,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticOrder,
    Wake,
)
from .hedges import Hedges
from .hedging import parent_filled, spread_fill_price
from .post_hedge import Rest
from .pricing import implied
from .quotes import Quotes
from .spread import ListedSpread
from .turn import Turn
from .work import Note, Role, Work

RELOAD = "reload"
"""The name of the moment at which the next clip may be worked."""


class Worker:
    """One spread order and one event; `effects` is what comes of it."""

    def __init__(self, spread: ListedSpread, order: SyntheticOrder, desk: SyntheticDesk) -> None:
        self._turn = Turn(spread, order, desk)
        self._spread = spread
        self._desk = desk
        self._hedges = Hedges(self._turn)
        self._quotes = Quotes(self._turn)

    @property
    def work(self) -> Work:
        return self._turn.work

    @property
    def any_quote(self) -> bool:
        return self._turn.any_quote

    def effects(self) -> list[SyntheticEffect]:
        """Return what the event has come to."""
        return [*self._turn.effects, Remember(self._turn.work)]

    def say(self, effect: SyntheticEffect) -> None:
        self._turn.say(effect)

    def amended(self, order: SyntheticOrder) -> None:
        """Go on with the terms of *order*, and quote them whatever was pulled before."""
        self._turn.order = order
        self._turn.work = self._turn.work.afresh()

    def end(self, synth_status: SynthStatus, text: str = "") -> None:
        """Take the quotes off for good; the first reason counts."""
        self._turn.end(synth_status, text)

    def pause(self, is_paused: bool) -> None:
        self._turn.work = attrs.evolve(self._turn.work, is_paused=is_paused)

    # --- reports ----------------------------------------------------------------------

    def reported(self, name: str, report: VenueReport) -> None:
        """Take in what has become of a child."""
        note, child = self._turn.work.notes[name], self._turn.order.children[name]
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
                self._turn.keep(name, note)
            case ExecType.CANCELED | ExecType.EXPIRED | ExecType.REJECTED:
                self._is_off(note, child, report)
            case _:
                pass

    def filled(self, name: str, qty: Qty, at: Price) -> None:
        """Take in a fill of a child: of a quote it begins units, of a hedge it serves them."""
        note = self._turn.work.notes[name]
        self._turn.say(LegFill(name, qty, at))
        leg = self._turn.work.legs[note.leg]
        leg = attrs.evolve(leg, fills=(*leg.fills, (at, qty)))
        # What is left of a quote that has become a hedge is a quote's again.
        hedging = qty if note.role is Role.HEDGE else min(qty, note.converted_qty)
        if note.role is Role.QUOTE:
            note = attrs.evolve(note, converted_qty=note.converted_qty - hedging)
            self._turn.keep(name, note)
        if hedging < qty:
            leg = attrs.evolve(leg, quoted=leg.quoted + qty - hedging, shrunk_to=None)
            self._turn.work = attrs.evolve(self._turn.work, leans=note.leans)
        self._turn.work = attrs.evolve(self._turn.work.with_leg(note.leg, leg), by=name)

    def busted(self, name: str, qty: Qty) -> None:
        """Put on record that a trade of a child has been taken back."""
        symbol = self._spread.legs[self._turn.work.notes[name].leg].symbol
        self._turn.say(
            Warn(
                f"{self._turn.order.cl_ord_id}: {qty} {symbol} of {name} are busted, which its"
                " hedges do not follow"
            )
        )

    def _refused(self, name: str, note: Note, child: Child, reject: OrderCancelReject) -> None:
        """Make the same request not again; a quote that was to be a hedge stays a quote."""
        replacing = reject.cxl_rej_response_to is CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
        if note.converted_qty:
            leg = self._turn.work.legs[note.leg]
            if not child.is_over:
                leg = attrs.evolve(leg, hedged=leg.hedged - note.converted_qty)
                self._turn.work = self._turn.work.with_leg(note.leg, leg)
            note = attrs.evolve(note, converted_qty=0, may_convert=False)
        note = attrs.evolve(note, next_leans=(), next_rest=None)
        if note.asked and note.asked[0] is (ReplaceChild if replacing else CancelChild):
            note = attrs.evolve(note, refused=note.asked, asked=())
        self._turn.keep(name, note)

    def _is_off(self, note: Note, child: Child, report: ExecutionReport) -> None:
        symbol = self._spread.legs[note.leg].symbol
        left = child.order_qty - child.cum_qty
        if note.goes_to_market and report.exec_type is ExecType.CANCELED and left:
            self._hedges.enter_at_market(note, child, left)
        elif note.converted_qty or note.role is Role.HEDGE:
            unhedged = note.converted_qty or left
            why = f": {report.text}" if report.text else ""
            self._turn.say(
                Warn(f"{self._turn.order.cl_ord_id} is legged: {unhedged} {symbol} unhedged{why}")
            )
        elif report.exec_type is ExecType.REJECTED:
            self._turn.end(SynthStatus.FAILED, f"its quote in {symbol} is refused: {report.text}")
        elif not note.asked or note.asked[0] is not CancelChild:
            status = (
                SynthStatus.EXPIRED
                if report.exec_type is ExecType.EXPIRED
                else SynthStatus.CANCELED
            )
            self._turn.end(status, f"its quote in {symbol} is off the market")

    # --- whatever has happened --------------------------------------------------------

    def work_on(self) -> None:
        """Do what the order needs as it stands now."""
        if not self._turn.order.is_accepted and not self._start():
            return
        self._look_at_legs()
        self._hedges.send()
        self._hedges.look_at()
        self._fill_units()
        if self._snipes:
            self._snipe()
        else:
            self._quotes.place()
        self._conclude()

    def _start(self) -> bool:
        """Take the order, or refuse it, once all markets are known; return whether it lives."""
        markets = [self._turn.market(number) for number in range(len(self._spread.legs))]
        if self._turn.work.ending is not None:
            self._turn.say(
                Refuse(self._turn.work.ending.text or "canceled before its markets were known")
            )
            return False
        known = [market for market in markets if market is not None]
        if len(known) < len(markets):
            return False
        for market in known:
            if not market.is_open and not self._turn.lasts:
                self._turn.say(Refuse(f"{market.symbol} is closed: {market.trading_state}"))
                return False
        is_paused = self._turn.work.is_paused
        self._turn.say(Accept(SynthStatus.PAUSED if is_paused else SynthStatus.WORKING))
        self._turn.order = attrs.evolve(self._turn.order, is_accepted=True)
        return True

    def _look_at_legs(self) -> None:
        """End an order for the day whose leg's market has closed."""
        if self._turn.lasts:
            return
        for number in range(len(self._spread.legs)):
            market = self._turn.market(number)
            if market is not None and not market.is_open:
                self._turn.end(SynthStatus.CANCELED, f"{market.symbol} is closed")

    # --- sniper -----------------------------------------------------------------------

    @property
    def _snipes(self) -> bool:
        return self._turn.is_immediate or self._turn.parameters.sniper

    def _snipe(self) -> None:
        """Send all legs at once if the implied price and size are there."""
        units = self._units_at_once() if self._turn.may_begin and not self._turn.any_hedge else 0
        if units:
            self._turn.work = attrs.evolve(self._turn.work, sniped=self._turn.work.sniped + units)
            self._hedges.send()
        if self._turn.is_immediate:
            self._turn.end(SynthStatus.CANCELED, "what could not be traded at once")

    def _units_at_once(self) -> Qty:
        """Return how many units the legs' markets hold at the order's price, and lean there."""
        markets = self._turn.leg_markets()
        found = implied(self._spread, markets, self._turn.order.side)
        if found is None or found.qty < 1:
            return 0
        limit = Fraction(self._turn.limit, 10**self._spread.instrument.price_decimals)
        if found.price > limit if self._turn.buys else found.price < limit:
            return 0
        touched = [
            market.against(leg.side(self._turn.order.side))[0][0]
            for leg, market in zip(self._spread.legs, markets, strict=True)
        ]
        units = min(found.qty, floor(self._turn.released - self._turn.work.units(self._spread)))
        if units > 0:
            self._turn.work = attrs.evolve(self._turn.work, leans=tuple(touched))
        return units

    # --- units and the end ------------------------------------------------------------

    def _fill_units(self) -> None:
        """Say how many units all legs have the contracts of by now."""
        legs = zip(self._spread.legs, self._turn.work.legs, strict=True)
        filled = [own.filled for leg, own in legs if leg.trades]
        done = min(parent_filled(self._spread, filled), self._turn.order.order_qty)
        before = self._turn.order.cum_qty
        if done <= before:
            return
        if done == self._turn.order.order_qty and self._turn.any_quote:
            return  # told when they are gone: one that trades now still has to be hedged
        if done == self._turn.order.order_qty and self._turn.any_on_its_way_to_market:
            return  # no order that is over enters what is left of it
        fills = [own.fills for own in self._turn.work.legs]
        cost = spread_fill_price(self._spread, fills, before, done, self._turn.work.leans)
        units = cost * 10**self._spread.instrument.price_decimals
        last_px = int(rounded(units, 0, ROUND_HALF_UP))
        self._turn.say(Fill(self._turn.work.by, done - before, last_px))
        begun = self._turn.work.units(self._spread)
        if done == self._turn.order.order_qty and floor(begun) > done:
            self._turn.say(
                Warn(f"{self._turn.order.cl_ord_id} has begun {floor(begun)} units of {done}")
            )
        self._turn.order = attrs.evolve(self._turn.order, cum_qty=done)
        self._reload(done)

    def _reload(self, done: Qty) -> None:
        """Release the next clip, now or after its delay."""
        parameters = self._turn.parameters
        if not parameters.reload_qty or self._turn.work.is_reloading:
            return
        if done // parameters.reload_qty + parameters.max_exposure <= self._turn.work.clips:
            return
        if not parameters.reload_delay:
            self.reload()
            return
        self._turn.work = attrs.evolve(self._turn.work, is_reloading=True)
        self._turn.say(Wake(self._desk.now_ns + parameters.reload_delay, RELOAD))

    def reload(self) -> None:
        """Release all clips that may be worked after the units that are filled."""
        parameters = self._turn.parameters
        assert parameters.reload_qty is not None, "only an order that reloads is woken for that"
        clips = self._turn.order.cum_qty // parameters.reload_qty + parameters.max_exposure
        self._turn.work = attrs.evolve(self._turn.work, clips=clips, is_reloading=False)

    def _conclude(self) -> None:
        """End the order when there is nothing left that it could do."""
        order, work = self._turn.order, self._turn.work
        if order.is_over or order.cum_qty == order.order_qty:
            return
        if order.alive or self._turn.entered:
            if work.ending is not None and not self._turn.any_quote:
                legged = SetStatus(SynthStatus.STOPPING, "legged: its hedges work on")
                if order.synth_status is not SynthStatus.STOPPING:
                    self._turn.say(legged)
            return
        if work.ending is not None:
            self._turn.say(Finish(work.ending.synth_status, work.ending.text))
        elif floor(work.units(self._spread)) >= order.order_qty:
            self._turn.say(Finish(SynthStatus.CANCELED, "legged: nothing hedges what is missing"))
