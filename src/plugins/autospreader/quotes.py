"""The quotes of a spread order: each is put where it belongs now, with its queue holders.

Sources stand with the rules (`rules.RULES`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs

from ...market.fix import Side
from ...market.identifiers import Price, Qty
from ..synthetic import CancelChild, Child, ReplaceChild
from .formula import FormulaError
from .pricing import Quote, hedged_inside, leans, quote, within_slop
from .risk import quote_total
from .spread import Requote, ThinMarket
from .turn import Turn
from .work import Note, Role


class Quotes:
    """Enters, moves and cancels quotes."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._spread = turn.spread

    def place(self) -> None:
        """Put every quote where it belongs now."""
        units = self._turn.work.units(self._spread)
        released = self._turn.released
        remaining = released - units
        quotes = remaining > 0 and self._turn.may_begin
        markets = self._turn.leg_markets()
        leaned = leans(self._spread, markets, self._turn.order.side, remaining) if quotes else ()
        for number, leg in enumerate(self._spread.legs):
            if not leg.quotes:
                continue
            qty, found = 0, None
            if quotes:
                qty = quote_total(leg.size, remaining, units, released)
                qty = self._hedged(number, qty, remaining, leaned)
                increment = self._spread.settings.quote_increment
                qty -= qty % increment
                found = quote(
                    self._spread,
                    number,
                    self._turn.order.side,
                    self._turn.limit,
                    leaned,
                    markets[number],
                )
            self._place(number, found if qty else None, qty)

    def _hedged(
        self, number: int, qty: Qty, remaining: Fraction, leaned: Sequence[Price | None]
    ) -> Qty:
        """Return how much of *qty* is quoted where what would hedge it is thin."""
        own, thin = self._turn.work.legs[number], self._spread.settings.thin_market
        if thin is ThinMarket.ALL_OR_NONE:
            is_thin = any(at is None for place, at in enumerate(leaned) if place != number)
            if is_thin and self._turn.quotes(number):
                own = attrs.evolve(own, is_pulled=True)
            qty = 0 if own.is_pulled else qty
        elif thin is ThinMarket.DYNAMIC_INSIDE:
            markets, side = self._turn.leg_markets(), self._turn.order.side
            inside = hedged_inside(self._spread, markets, side, remaining, number)
            most = min(each for each in (qty, inside, own.shrunk_to) if each is not None)
            if 0 < most < qty:
                own = attrs.evolve(own, shrunk_to=most)
            qty = most
        self._turn.work = self._turn.work.with_leg(number, own)
        return qty

    def _place(self, number: int, found: Quote | None, qty: Qty) -> None:
        """Bring the quotes of a leg to *found*, and its queue holders behind that."""
        if number in self._turn.waiting:
            return
        wanted = self._wanted(number, found)
        working = self._turn.quotes(number)
        free = []
        for child in working:
            note = self._turn.work.notes[child.name]
            if child.is_canceling:
                continue
            price = self._stays_at(number, child, wanted)
            if price is None:
                free.append(child)
                continue
            own = wanted.pop(price)
            if child.asked is None and child.is_working:
                self._turn.keep(child.name, attrs.evolve(note, leans=own))
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
            buys = leg.side(self._turn.order.side) is Side.BUY
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
        try:
            stays = within_slop(self._spread, self._turn.order.side, self._turn.limit, working)
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
            note = self._turn.work.notes[child.name]
            self._change(child, child.price, child.cum_qty + qty, note.leans)

    def _change(self, child: Child, price: Price, total: Qty, own: tuple[Price, ...]) -> bool:
        """Ask for another price or quantity, unless just that was refused before."""
        note, goal = self._turn.work.notes[child.name], (ReplaceChild, price, total)
        if goal == note.refused:
            return False
        self._turn.keep(child.name, attrs.evolve(note, next_leans=own, asked=goal))
        self._turn.say(ReplaceChild(child=child.name, order_qty=total, price=price))
        return True

    def _cancel(self, child: Child) -> None:
        """Ask for its end, unless that was refused and its market stands as it stood then."""
        note = self._turn.work.notes[child.name]
        market = self._turn.market(note.leg)
        goal = (CancelChild, market.trading_state if market else "")
        if child.is_canceling or goal == note.refused:
            return
        # A change that is under way may still be taken, with its leans.
        self._turn.keep(child.name, attrs.evolve(note, asked=goal))
        self._turn.say(CancelChild(child.name))

    def _enter_quote(self, number: int, price: Price, own: tuple[Price, ...], qty: Qty) -> None:
        self._turn.enter(
            Note(leg=number, role=Role.QUOTE, leans=own),
            qty=qty,
            price=price,
            life=self._turn.order.time_in_force,
        )
