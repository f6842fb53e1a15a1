"""The hedges of a spread order: what units need in each leg, and what becomes of it after.

Sources stand with the rules (`rules.RULES`).
"""

from __future__ import annotations

from fractions import Fraction

import attrs

from ...market.fix import OrdType, TimeInForce
from ...market.identifiers import Price, Qty
from ..desk import Warn
from ..synthetic import CancelChild, Child, ReplaceChild, Wake
from .hedging import hedge_target
from .post_hedge import Reprice, Rest, Step, steps, through
from .pricing import paid_up
from .spread import ConvertQuote, Forfeit, HedgeLife, HedgeType
from .turn import Turn
from .work import Note, Role

_LIVES = {
    HedgeLife.IMMEDIATE_OR_CANCEL: TimeInForce.IMMEDIATE_OR_CANCEL,
    HedgeLife.FILL_OR_KILL: TimeInForce.FILL_OR_KILL,
}
_TYPES = {HedgeType.MARKET: OrdType.MARKET, HedgeType.MARKET_LIMIT: OrdType.MARKET_LIMIT}
"""Those without a price, which need a market that takes them."""


class Hedges:
    """Sends hedges, and looks at those that rest."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._spread = turn.spread
        self._desk = turn.desk

    # --- what units need --------------------------------------------------------------

    def send(self) -> None:
        """Send what the units begun so far need in each leg, beyond what has been sent."""
        units, hedge_round = (
            self._turn.work.units(self._spread),
            Fraction(self._spread.settings.hedge_round),
        )
        if not units:
            return
        for number, leg in enumerate(self._spread.legs):
            if not leg.trades:
                continue
            own = self._turn.work.legs[number]
            target = hedge_target(leg.size, units, hedge_round)
            needed = target - own.quoted - own.hedged
            if needed <= 0:
                continue
            if leg.settings.forfeit is not None:
                self._forfeit(number, needed, leg.settings.forfeit)
                continue
            converted = self._convert(number, needed)
            if converted is None:
                self._turn.waiting.append(number)
                continue
            own = attrs.evolve(own, hedged=own.hedged + needed)
            self._turn.work = self._turn.work.with_leg(number, own)
            if needed > converted:
                self._enter_hedge(number, needed - converted)

    def _forfeit(self, number: int, qty: Qty, counts: Forfeit) -> None:
        """Send nothing, and count it as the leg has it."""
        own = self._turn.work.legs[number]
        own = attrs.evolve(own, hedged=own.hedged + qty)
        symbol = self._spread.legs[number].symbol
        if counts is Forfeit.FILLED:
            own = attrs.evolve(own, fills=(*own.fills, (self._turn.work.leans[number], qty)))
        else:
            self._turn.say(
                Warn(f"{self._turn.order.cl_ord_id} is legged: {qty} {symbol} forfeited")
            )
        self._turn.work = self._turn.work.with_leg(number, own)

    def _enter_hedge(self, number: int, qty: Qty) -> None:
        market = self._turn.market(number)
        ord_type = _TYPES.get(self._spread.legs[number].settings.hedge_type, OrdType.LIMIT)
        if market is None or not market.takes_market_orders:
            ord_type = OrdType.LIMIT
        price = self.price(number) if ord_type is OrdType.LIMIT else None
        self._send_hedge(number, qty, price, Rest(since_ns=self._desk.now_ns), ord_type)

    def _send_hedge(
        self, number: int, qty: Qty, price: Price | None, rest: Rest, ord_type: OrdType
    ) -> None:
        """Enter a hedge; all but a limit have no price."""
        leg = self._spread.legs[number]
        life = self._turn.order.time_in_force
        if self._turn.lasts and not leg.settings.native_gtc:
            life = TimeInForce.DAY
        if leg.settings.hedge_life is not None:
            life = _LIVES[leg.settings.hedge_life]
        note = Note(leg=number, role=Role.HEDGE, rest=rest)
        if price is not None:
            wakes_ns = rest.wakes_ns(leg.settings.post_hedge, self._desk.now_ns)
            note = attrs.evolve(note, wakes_ns=wakes_ns)
        name = self._turn.enter(
            note,
            qty=qty,
            price=price,
            ord_type=ord_type,
            life=life,
            post_only=leg.settings.hedge_type is HedgeType.POST_ONLY
            and ord_type is OrdType.LIMIT
            and not rest.is_done,
        )
        if note.wakes_ns is not None:
            self._turn.say(Wake(note.wakes_ns, name))

    def price(self, number: int) -> Price:
        """Return where a leg is hedged: at what was leaned on, and its pay-up from there."""
        leaned = self._turn.work.leans[number]
        return paid_up(self._spread, number, self._turn.order.side, leaned)

    def _convert(self, number: int, needed: Qty) -> Qty | None:
        """Make a hedge of the leg's own quote, and return of how much; None is to wait for it."""
        mode = self._spread.legs[number].settings.convert_quote_to_hedge
        working = self._turn.quotes(number)
        if mode is ConvertQuote.OFF or len(working) != 1:
            return 0
        child = working[0]
        note = self._turn.work.notes[child.name]
        if not note.may_convert or child.is_canceling:
            return 0
        if child.asked is not None or not child.is_working:
            return 0 if mode is ConvertQuote.ATTEMPT else None
        left = child.order_qty - child.cum_qty
        if needed < left and mode is ConvertQuote.ALWAYS_PRESERVE_QUEUE:
            return 0  # the quote is cut, and keeps its place in the queue
        taken = min(needed, left)
        goal = (ReplaceChild, self.price(number), child.cum_qty + taken)
        if goal == note.refused:
            return 0
        self._turn.keep(child.name, attrs.evolve(note, converted_qty=taken, asked=goal))
        self._turn.say(
            ReplaceChild(
                child=child.name,
                order_qty=child.cum_qty + taken,
                price=self.price(number),
            )
        )
        return taken

    # --- hedges that rest -------------------------------------------------------------

    def look_at(self) -> None:
        """Do what the post-hedge rules of their legs have for the hedges that rest."""
        if self._turn.order.is_over:
            return
        for child in self._turn.order.alive:
            note = self._turn.work.notes[child.name]
            rules = self._spread.legs[note.leg].settings.post_hedge
            if note.role is not Role.HEDGE or child.price is None or not rules:
                continue
            wakes_ns = note.rest.wakes_ns(rules, self._desk.now_ns)
            if wakes_ns is not None and wakes_ns != note.wakes_ns:
                note = attrs.evolve(note, wakes_ns=wakes_ns)
                self._turn.say(Wake(wakes_ns, child.name))
            market = self._turn.market(note.leg)
            if market is None or not market.is_open:
                note = attrs.evolve(note, refused=())  # another time it may be taken
            self._turn.keep(child.name, note)
            if market is None or child.asked is not None or not child.is_working:
                continue
            instrument = self._spread.legs[note.leg].instrument
            now_ns = self._desk.now_ns
            for step in steps(rules, note.rest, child, now_ns, market, instrument):
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
        self._turn.keep(child.name, attrs.evolve(note, asked=goal))
        self._turn.say(request)
        return True

    def enter_at_market(self, note: Note, child: Child, left: Qty) -> None:
        """Enter what a hedge has left at the market; where that has gone, where it was."""
        market = self._turn.market(note.leg)
        if market is None or not market.is_open or not market.side(child.side.opposite):
            self._send_hedge(note.leg, left, child.price, note.rest, OrdType.LIMIT)
            return
        rest = attrs.evolve(note.rest, is_done=True)
        if market.takes_market_orders:
            self._send_hedge(note.leg, left, None, rest, OrdType.MARKET)
            return
        price = through(self._spread.legs[note.leg].instrument, market, child.side)
        self._send_hedge(note.leg, left, price, rest, OrdType.LIMIT)
