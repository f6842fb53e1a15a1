"""Carrying out: what a plan, a state and an effect do to an instrument, and who hears of it.

`Exchange` decides whether something is to happen; here it does.  What follows from a
request or a change of state comes in a fixed order: its own trades; the stops that
they elect, one after the other, each planned, applied and reported like an order that
arrives; then what rule sets have done because of all that.  A stop is elected once, so
that this comes to an end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import attrs
import msgspec

from . import stops
from .auction import allocate
from .book import (
    Armed,
    AuctionTraded,
    BookEvent,
    Canceled,
    Lapsed,
    Rested,
    Resting,
    Traded,
    Triggered,
)
from .fix import TimeInForce
from .identifiers import OrderID, Price, Qty, Symbol
from .matching import Asked, plan
from .messages import (
    STOPS,
    MarketDataIncrementalRefresh,
    MarketDataRequestReject,
    MarketDataSnapshot,
    NewOrderSingle,
    OrderMassActionReport,
    VenueReport,
)
from .operations import (
    AuctionResult,
    ChangeTradingState,
    IndicativePrice,
    OperationRefused,
    Published,
    SecurityStatus,
)
from .reports import Reporter
from .rules import (
    Applied,
    CancelOrder,
    ChangeState,
    Interrupt,
    Publish,
    Question,
    Remember,
    RuleFailed,
    Schedule,
    SettleEffect,
    Unschedule,
)
from .sessions import TradingState
from .venue import Listing, Venue

Answer: TypeAlias = (
    VenueReport
    | OrderMassActionReport
    | MarketDataSnapshot
    | MarketDataIncrementalRefresh
    | SecurityStatus
    | MarketDataRequestReject
)


class Outcome(msgspec.Struct, gc=False):
    """What a request, an operation or a scheduled moment came to."""

    reports: list[Answer] = msgspec.field(default_factory=list)
    """In the order in which they came about; each names its addressee."""

    effects: list[Applied] = msgspec.field(default_factory=list)
    """What rule sets had done, in the order in which it was done.

    Whoever hosts the exchange acts on two kinds: a `Publish` goes to the public
    feed, a `Schedule` wants `Exchange.scheduled` to be called after its delay.
    """

    published: list[Published | OperationRefused] = msgspec.field(default_factory=list)
    """What became public of states and auctions, and what could not be done."""


@attrs.define(eq=False)
class Execution:
    """Does to the instruments of one venue what has been decided."""

    _venue: Venue
    _reporter: Reporter
    _due: dict[tuple[str, Symbol, str], int] = attrs.field(init=False, factory=dict)
    """By rule set, symbol and name, the moment that `Schedule` asked for."""

    # --- orders ----------------------------------------------------------------------

    def plan(
        self,
        listing: Listing,
        order: NewOrderSingle,
        order_id: OrderID,
        leaves_qty: Qty,
        asked: Asked | None,
    ) -> list[BookEvent]:
        """Return what an order causes that enters, or enters anew; the book stays as it is."""
        if order.ord_type in STOPS:
            assert order.stop_px is not None, "an objection otherwise"
            return [Armed(order_id, order, order.stop_px, leaves_qty)]
        if listing.state.match:
            return plan(listing.book, listing.algorithm, order, order_id, leaves_qty, asked)
        assert order.price is not None, "an objection of the state's otherwise"
        return [Rested(order_id, order, order.price, leaves_qty, False)]

    def follow(
        self, listing: Listing, events: Sequence[BookEvent], asked: Asked | None, outcome: Outcome
    ) -> None:
        """Have happen what follows from *events*, which have been applied and reported."""
        if asked is not None:
            outcome.effects += asked.effects
            self._interrupt(listing, asked, outcome)
        book = listing.book
        if book.buy_stops.best is not None or book.sell_stops.best is not None:
            events = self._run_stops(listing, events, outcome)
        self.settle(listing, events, outcome)

    def settle(self, listing: Listing, events: Sequence[BookEvent], outcome: Outcome) -> None:
        """Have rule sets say what else comes of *events*, and do it."""
        if listing.settle:
            self.carry_out(answers(listing.settle, tuple(events)), listing, outcome)
        if listing.state.indicative:
            self._indicate(listing, outcome)

    def cancel(
        self, listing: Listing, resting: Resting, event: Canceled | Lapsed, outcome: Outcome
    ) -> None:
        """Take an order off the book of which nobody has asked that."""
        listing.book.apply([event])
        outcome.reports += self._reporter.tell([event], resting.order, resting.order_id, 0)

    def _run_stops(
        self, listing: Listing, events: Sequence[BookEvent], outcome: Outcome
    ) -> Sequence[BookEvent]:
        """Trigger the stops that *events* elect, and those that these elect in turn.

        Returns:
            *events*, and what came of them.
        """
        happened, fresh = [*events], events
        waiting: deque[Resting] = deque()
        elected: set[OrderID] = set()
        while listing.state.match:
            for price in _trade_prices(fresh):
                for stop in listing.book.elected(price):
                    if stop.order_id not in elected:
                        elected.add(stop.order_id)
                        waiting.append(stop)
            if not waiting:
                break
            stop = waiting.popleft()
            if listing.book.get(stop.order_id) is stop:  # else a change of state was faster
                fresh = self._trigger(listing, stop, outcome)
                happened += fresh
        return happened

    def _trigger(self, listing: Listing, stop: Resting, outcome: Outcome) -> list[BookEvent]:
        """Make an elected stop an aggressor, and return what that came to."""
        order, order_id = stops.triggered(stop.order, listing.instrument), stop.order_id
        leaves_qty = stop.leaves_qty
        asked = Asked(listing.prevent, listing.guard)
        events = [
            Triggered(order_id, order, leaves_qty),
            *self.plan(listing, order, order_id, leaves_qty, asked),
        ]
        listing.book.apply(events)
        outcome.reports += self._reporter.tell(events, order, order_id, leaves_qty)
        outcome.effects += asked.effects
        self._interrupt(listing, asked, outcome)
        return events

    def _interrupt(self, listing: Listing, asked: Asked, outcome: Outcome) -> None:
        """Put an instrument into another state if a rule set has interrupted its market."""
        for applied in asked.effects:
            match applied.effect:
                case Interrupt(state=state, then=then):
                    change = ChangeTradingState(symbol=listing.instrument.symbol, state=state)
                    self.change_state(change, outcome)
                    self.carry_out([(applied.rule_set, each) for each in then], listing, outcome)
                case _:
                    pass

    # --- states ----------------------------------------------------------------------

    def change_state(self, change: ChangeTradingState, outcome: Outcome) -> None:
        """Put a board or an instrument into a state, or say why that cannot be."""
        objection = self._objection(change)
        if objection is not None:
            outcome.published.append(OperationRefused(operation=change, text=objection))
            return
        venue = self._venue
        state = None if change.state is None else venue.states[change.state]
        if change.symbol is not None:
            listing = venue.listings[change.symbol]
            listing.own_state = state
            self._enter(listing, state or listing.board_state, outcome)
            return
        assert change.board is not None, "a change is of either"
        assert state is not None, "an objection otherwise"
        board = venue.boards[change.board]
        board.state = state
        for symbol in board.board.symbols:
            listing = venue.listings[symbol]
            if listing.own_state is None:
                self._enter(listing, state, outcome)

    def _objection(self, change: ChangeTradingState) -> str | None:
        """Return why a change of state cannot be made, or None."""
        venue = self._venue
        if change.symbol is not None and change.symbol not in venue.listings:
            return f"symbol {change.symbol!r}: expected one of {', '.join(venue.listings)}"
        if change.board is not None and change.board not in venue.boards:
            return f"board {change.board!r}: expected one of {', '.join(venue.boards) or 'none'}"
        if change.state is not None and change.state not in venue.states:
            return f"state {change.state!r}: expected one of {', '.join(venue.states)}"
        for listing in self._changed(change):
            state = listing.board_state if change.state is None else venue.states[change.state]
            if state.match and not state.uncross and listing.book.is_crossed:
                return (
                    f"state {state.name!r}: expected one that uncrosses the book of"
                    f" {listing.instrument.symbol}, or does not match"
                )
        return None

    def _changed(self, change: ChangeTradingState) -> Iterator[Listing]:
        """Yield the instruments that a change of state is about."""
        venue = self._venue
        if change.symbol is not None:
            yield venue.listings[change.symbol]
        if change.board is not None:
            for symbol in venue.boards[change.board].board.symbols:
                if venue.listings[symbol].own_state is None:
                    yield venue.listings[symbol]

    def _enter(self, listing: Listing, state: TradingState, outcome: Outcome) -> None:
        """Have an instrument enter *state*, with all that comes of it."""
        old = listing.state
        if state == old:
            return
        listing.state = state
        if old.ends_day:
            listing.day.begin(self._reporter.next_trade)
        symbol, now_ns = listing.instrument.symbol, self._venue.now_ns
        outcome.published.append(
            SecurityStatus(symbol=symbol, trading_state=state.name, transact_time_ns=now_ns)
        )
        listing.indicated = None, 0
        events: Sequence[BookEvent] = ()
        if state.uncross:
            events = self._run_stops(listing, self._uncross(listing, outcome), outcome)
        if state.ends_day:
            listing.day.end()
            events = [*events, *self._end_day(listing, outcome)]
        asked = answers(listing.changed, old, state)
        self.carry_out(asked, listing, outcome)
        self.settle(listing, events, outcome)

    def _uncross(self, listing: Listing, outcome: Outcome) -> list[BookEvent]:
        """Run the auction, and return what happened in it."""
        opening, book = listing.opening(), listing.book
        happened: list[BookEvent] = []
        for stop, order in opening.joining:
            order_id, leaves_qty = stop.order_id, stop.leaves_qty
            assert order.price is not None, "only what has a limit joins"
            joined: list[BookEvent] = [
                Triggered(order_id, order, leaves_qty),
                Rested(order_id, order, order.price, leaves_qty, False),
            ]
            book.apply(joined)
            outcome.reports += self._reporter.tell(joined, order, order_id, leaves_qty)
            happened += joined
        found = opening.uncross
        trades = [] if found is None else allocate(book, found.price)
        book.apply(trades)
        outcome.reports += self._reporter.tell_auction(trades)
        outcome.published.append(
            AuctionResult(
                symbol=listing.instrument.symbol,
                price=None if found is None else found.price,
                quantity=0 if found is None else found.quantity,
                transact_time_ns=self._venue.now_ns,
            )
        )
        return [*happened, *trades]

    def _end_day(self, listing: Listing, outcome: Outcome) -> Iterator[Lapsed]:
        """Expire what does not live on, the oldest first, and yield that."""
        today = self._venue.today()
        for resting in sorted(listing.book, key=lambda resting: resting.order_id):
            order = resting.order
            match order.time_in_force:
                case TimeInForce.GOOD_TILL_CANCEL:
                    lives_on = True
                case TimeInForce.GOOD_TILL_DATE:
                    lives_on = order.expire_date is not None and order.expire_date > today
                case _:  # for the day, or a stop that has waited to trade at once
                    lives_on = False
            if not lives_on:
                lapsed = Lapsed(resting.order_id, order, resting.leaves_qty)
                self.cancel(listing, resting, lapsed, outcome)
                yield lapsed

    def _indicate(self, listing: Listing, outcome: Outcome) -> None:
        """Publish at what price how much an auction would trade now, if that is news."""
        found = listing.opening().uncross
        indicated = (None, 0) if found is None else (found.price, found.quantity)
        if indicated == listing.indicated:
            return
        listing.indicated = indicated
        outcome.published.append(
            IndicativePrice(
                symbol=listing.instrument.symbol,
                price=indicated[0],
                quantity=indicated[1],
                transact_time_ns=self._venue.now_ns,
            )
        )

    # --- effects ---------------------------------------------------------------------

    def scheduled(self, rule_set: str, symbol: Symbol, name: str, outcome: Outcome) -> None:
        """Let *rule_set* act at a moment that it asked for, if it still asks for it."""
        if self._due.get((rule_set, symbol, name)) != self._venue.now_ns:
            return
        listing = self._venue.listings[symbol]
        asked = [question for question in listing.scheduled if question.rule_set == rule_set]
        answered = answers(asked, name)
        del self._due[rule_set, symbol, name]
        self.carry_out(answered, listing, outcome)
        if listing.state.indicative:
            self._indicate(listing, outcome)

    def carry_out(
        self, answered: Iterable[tuple[str, SettleEffect]], listing: Listing, outcome: Outcome
    ) -> None:
        """Carry out the effects that rule sets answered with; all have been asked before.

        What an effect does is not put to the rule sets again, but for a state that is
        entered: of that they are told.
        """
        symbol = listing.instrument.symbol
        for rule_set, effect in answered:
            outcome.effects.append(Applied(rule_set, symbol, effect))
            match effect:
                case Remember(key, value):
                    listing.memory[rule_set, key] = value
                case Schedule(delay_ns, name):
                    self._due[rule_set, symbol, name] = self._venue.now_ns + delay_ns
                case Unschedule(name):
                    self._due.pop((rule_set, symbol, name), None)
                case CancelOrder(order_id, reason, text):
                    resting = listing.book.get(order_id)
                    if resting is not None:  # else something was faster
                        order, leaves_qty = resting.order, resting.leaves_qty
                        event = Canceled(order_id, order, leaves_qty, reason, text)
                        self.cancel(listing, resting, event, outcome)
                case ChangeState(state, other):
                    _check_that_it_ends(rule_set, symbol, effect, outcome)
                    change = ChangeTradingState(symbol=other or symbol, state=state)
                    self.change_state(change, outcome)
                case Publish():
                    pass  # to whoever hosts the exchange


def answers(questions: Iterable[Question], *about: object) -> list[tuple[str, SettleEffect]]:
    """Ask all, before anything of what they answer is carried out."""
    return [
        (question.rule_set, effect)
        for question in questions
        for effect in question.survey(*about, among=SettleEffect)
    ]


MOST_CHANGES = 100
"""How often one rule set may change states because of one request, about one instrument."""


def _check_that_it_ends(
    rule_set: str, symbol: Symbol, change: ChangeState, outcome: Outcome
) -> None:
    """Check that a rule set does not answer its own changes of state for ever.

    Raises:
        RuleFailed: if it does.
    """
    so_far = sum(
        (applied.rule_set, applied.symbol) == (rule_set, symbol)
        and isinstance(applied.effect, ChangeState)
        for applied in outcome.effects
    )
    if so_far > MOST_CHANGES:
        why = f"expected at most {MOST_CHANGES} changes of state that follow from one another"
        raise RuleFailed(rule_set, "trading_session_changed", (symbol, change)) from ValueError(why)


def _trade_prices(events: Iterable[BookEvent]) -> Iterator[Price]:
    for event in events:
        if isinstance(event, Traded | AuctionTraded):
            yield event.price
