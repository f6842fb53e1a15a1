"""One event of one spread order, as it is worked on: what is known, and what has been decided.

`hedges`, `quotes` and `worker` share it; each changes ``work`` and says effects.
"""

from __future__ import annotations

import attrs

from ...market.fix import OrdType, Side, TimeInForce
from ...market.identifiers import Price, Qty
from ...market.synthetic import SynthStatus
from ..synthetic import Child, EnterChild, Market, SyntheticDesk, SyntheticEffect, SyntheticOrder
from .parameters import SpreadParameters
from .pricing import LegMarket
from .spread import ListedSpread
from .work import Ending, LegWork, Note, Role, Work


class Turn:
    """What one event of a spread order has come to so far."""

    def __init__(self, spread: ListedSpread, order: SyntheticOrder, desk: SyntheticDesk) -> None:
        self.spread = spread
        self.order = order
        """With the terms, the units and the standing that effects so far have given it."""

        self.desk = desk
        self.effects: list[SyntheticEffect] = []
        self.entered: list[tuple[str, Note]] = []
        """Children that are entered now, which the order does not have yet."""

        self.waiting: list[int] = []
        """The legs whose quote becomes a hedge once a change of it is answered."""

        work = order.state
        if work is None:
            clips = self.parameters.max_exposure if self.parameters.reload_qty else 0
            work = Work(legs=tuple(LegWork() for _ in spread.legs), clips=clips)
        assert isinstance(work, Work), "nobody else remembers anything for it"
        self.work: Work = work

    def say(self, effect: SyntheticEffect) -> None:
        self.effects.append(effect)

    def end(self, synth_status: SynthStatus, text: str = "") -> None:
        """Take the quotes off for good; the first reason counts."""
        if self.work.ending is None:
            self.work = attrs.evolve(self.work, ending=Ending(synth_status, text))

    def keep(self, name: str, note: Note) -> None:
        self.work = self.work.with_note(name, note)

    def enter(
        self,
        note: Note,
        *,
        qty: Qty,
        price: Price | None,
        life: TimeInForce,
        ord_type: OrdType = OrdType.LIMIT,
        post_only: bool = False,
    ) -> str:
        """Enter a child of a leg, on its side, and return its name."""
        leg = self.spread.legs[note.leg]
        name = f"{note.role.value[0]}{len(self.work.notes) + 1}"
        self.entered.append((name, note))
        self.keep(name, note)
        self.say(
            EnterChild(
                child=name,
                symbol=leg.symbol,
                side=leg.side(self.order.side),
                order_qty=qty,
                price=price,
                ord_type=ord_type,
                time_in_force=life,
                post_only=post_only,
            )
        )
        return name

    # --- what is known ----------------------------------------------------------------

    @property
    def parameters(self) -> SpreadParameters:
        parameters = self.order.parameters
        assert isinstance(parameters, SpreadParameters), "the gateway has read them into it"
        return parameters

    @property
    def limit(self) -> Price:
        assert self.order.price is not None, "a spread order has a limit"
        return self.order.price

    @property
    def buys(self) -> bool:
        return self.order.side is Side.BUY

    @property
    def is_immediate(self) -> bool:
        return self.order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL

    @property
    def lasts(self) -> bool:
        """Whether it is good till cancel, and waits while a market is closed."""
        return self.order.time_in_force is TimeInForce.GOOD_TILL_CANCEL

    @property
    def released(self) -> Qty:
        """How many units may be begun so far."""
        order = self.order
        most = order.order_qty
        if order.disclosed_qty is not None:
            most = min(most, order.disclosed_qty)
        reload_qty = self.parameters.reload_qty
        return min(most, reload_qty * self.work.clips) if reload_qty else most

    @property
    def may_begin(self) -> bool:
        """Whether units may be begun at all: the order goes on, and every market is open."""
        if self.work.ending is not None or self.work.is_paused:
            return False
        markets = [self.market(number) for number in range(len(self.spread.legs))]
        return all(market is not None and market.is_open for market in markets)

    def market(self, number: int) -> Market | None:
        """Return the market of a leg, or None while it is not known."""
        return self.desk.market(self.spread.legs[number].symbol)

    def leg_markets(self) -> list[LegMarket]:
        return [leg_market(self.market(number)) for number in range(len(self.spread.legs))]

    def quotes(self, number: int) -> list[Child]:
        """Return the quotes of a leg that are not over, nor hedges by now, oldest first."""
        notes = self.work.notes
        return [
            child
            for child in self.order.alive
            if notes[child.name].role is Role.QUOTE
            and notes[child.name].leg == number
            and not notes[child.name].converted_qty
        ]

    @property
    def any_quote(self) -> bool:
        entered = any(note.role is Role.QUOTE for _, note in self.entered)
        notes = self.work.notes
        return entered or any(notes[child.name].role is Role.QUOTE for child in self.order.alive)

    @property
    def any_hedge(self) -> bool:
        """Whether hedges work, or are on their way."""
        notes = self.work.notes
        return bool(self.entered) or any(
            notes[child.name].role is Role.HEDGE for child in self.order.alive
        )

    @property
    def any_on_its_way_to_market(self) -> bool:
        return any(self.work.notes[child.name].goes_to_market for child in self.order.alive)


def leg_market(market: Market | None) -> LegMarket:
    """Return what is known of a leg's market."""
    if market is None:
        return LegMarket(is_open=False)
    return LegMarket(bids=market.bids, offers=market.offers, is_open=market.is_open)
