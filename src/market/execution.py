"""Carrying out: what a plan, a state and an effect do to an instrument, and who hears of it.

`Exchange` decides whether something is to happen; here it does.  What follows from a
request or a change of state comes in a fixed order: its own trades; the stops that
they elect, one after the other, each planned, applied and reported like an order that
arrives; then what rule sets have done because of all that.  A stop is elected once, so
that this comes to an end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar, get_args

import attrs
import msgspec

from . import stops
from .auction import allocate
from .book import (
    TRADES,
    Armed,
    BookEvent,
    Canceled,
    Election,
    Lapsed,
    Rested,
    Resting,
    Traded,
    Triggered,
)
from .fix import OrdType, TimeInForce
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
from .quotes import MassQuoteAck, QuoteCancelAck
from .record import Happening
from .rejects import BusinessMessageReject, SessionReject
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
    | MassQuoteAck
    | QuoteCancelAck
    | SessionReject
    | BusinessMessageReject
)


_T = TypeVar("_T")


class Outcome(msgspec.Struct, gc=False):
    """What a request, an operation or a scheduled moment came to."""

    reports: list[Answer] = msgspec.field(default_factory=list)
    """In the order in which they came about; each names its addressee."""

    effects: Sequence[Applied] = ()
    """What rule sets had done, in the order in which it was done.

    Whoever hosts the exchange acts on one kind: a `Schedule` wants `Exchange.scheduled` to
    be called after its delay.
    """

    published: Sequence[Published | OperationRefused | Publish] = ()
    """What became public of states and auctions, what rule sets have published, and what
    could not be done; in the order in which that came about."""

    happened: Sequence[Happening] = ()
    """Everything that happened, first to last, at a venue that keeps a record."""

    def record(self, *effects: Applied) -> None:
        self.effects = _more(self.effects, effects)

    def publish(self, *news: Published | OperationRefused | Publish) -> None:
        self.published = _more(self.published, news)


@attrs.define(eq=False)
class Execution:
    """Does to the instruments of one venue what has been decided."""

    _venue: Venue
    _reporter: Reporter
    _due: dict[tuple[str, Symbol, str], int] = attrs.field(init=False, factory=dict)
    """By rule set, symbol and name, the moment that `Schedule` asked for."""

    _tomorrow_ns: int = attrs.field(init=False)
    """When the venue's next date begins."""

    wake_ns: int = attrs.field(init=False)
    """Until then nothing comes before what is asked of the venue (`catch_up`)."""

    @_tomorrow_ns.default
    @wake_ns.default
    def _as_the_next_date_begins(self) -> int:
        return self._venue.tomorrow_ns()

    def publish(self, news: Published | Publish, outcome: Outcome) -> None:
        """Make *news* public."""
        outcome.publish(news)
        if self._venue.is_recorded:
            self._venue.tape.append(news)

    # --- orders ----------------------------------------------------------------------

    def plan(
        self,
        listing: Listing,
        order: NewOrderSingle,
        order_id: OrderID,
        leaves_qty: Qty,
        asked: Asked | None,
    ) -> list[BookEvent]:
        """Return what an order causes that enters, or enters anew; the book stays as it is.

        Raises:
            RuleFailed: if a rule set raises, or interrupts the market into a state that
                could leave it crossed, or that there is not.
        """
        if order.ord_type is not OrdType.LIMIT and order.ord_type in STOPS:
            assert order.stop_px is not None, "an objection otherwise"
            listing.is_plain = False
            return [Armed(order_id, order, order.stop_px, leaves_qty)]
        if listing.state.match:
            events = plan(listing.book, listing.algorithm, order, order_id, leaves_qty, asked)
            if asked is not None:
                self.check_interrupts(asked)
            return events
        assert order.price is not None, "an objection of the state's otherwise"
        return [Rested(order_id, order, order.price, leaves_qty, False)]

    def follow(
        self, listing: Listing, events: Sequence[BookEvent], asked: Asked | None, outcome: Outcome
    ) -> None:
        """Have happen what follows from *events*, which have been applied and reported."""
        if asked is not None:
            outcome.record(*asked.effects)
            self._interrupt(listing, asked, outcome)
        book = listing.book
        if book.buy_stops.best is not None or book.sell_stops.best is not None:
            events = [*events, *self._run_stops(listing, _trade_prices(events), outcome)]
        self.settle(listing, events, outcome)
        listing.consider()

    def settle(self, listing: Listing, events: Sequence[BookEvent], outcome: Outcome) -> None:
        """Have rule sets say what else comes of *events*, and do it."""
        if listing.settle:
            self.carry_out(answers(listing.settle, tuple(events)), listing, outcome)
        if listing.traded and not listing.is_quiet() and not TRADES.isdisjoint(map(type, events)):
            self.carry_out(answers(listing.traded, tuple(events)), listing, outcome)
        if listing.state.indicative:
            self._indicate(listing, outcome)

    def take_off(self, events: Sequence[Canceled | Lapsed], outcome: Outcome) -> None:
        """Take orders off their books, the oldest first, and have happen what follows."""
        gone: dict[Symbol, list[BookEvent]] = {}
        for event in sorted(events, key=lambda event: event.order_id):
            self._take_off(event, outcome)
            gone.setdefault(event.order.symbol, []).append(event)
        for symbol, of_one in gone.items():
            self.settle(self._venue.listings[symbol], of_one, outcome)

    def _take_off(self, event: Canceled | Lapsed, outcome: Outcome) -> None:
        self._venue.listings[event.order.symbol].book.apply([event])
        outcome.reports += self._reporter.tell([event], event.order, event.order_id, 0)

    def _run_stops(
        self, listing: Listing, prices: Iterable[Price], outcome: Outcome
    ) -> list[BookEvent]:
        """Trigger the stops that trades at *prices* elect, and those that these elect in turn.

        Returns:
            What came of that.
        """
        happened: list[BookEvent] = []
        election = Election(listing.book)
        waiting: deque[Resting] = deque()
        while listing.state.match:
            for price in prices:
                waiting += election.at(price)
            if not waiting:
                break
            stop, prices = waiting.popleft(), ()
            if listing.book.get(stop.order_id) is stop:  # else a change of state was faster
                events = self._trigger(listing, stop, outcome)
                prices = _trade_prices(events)
                happened += events
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
        outcome.record(*asked.effects)
        self._interrupt(listing, asked, outcome)
        return events

    def check_interrupts(self, asked: Asked) -> None:
        """Check that the market can be interrupted as a plan has it, before it is applied.

        What is left of the aggressor may rest crossed, so that the state may not match
        unless it uncrosses.
        """
        for applied in asked.effects:
            effect = applied.effect
            if isinstance(effect, Interrupt):
                state = self._venue.states.get(effect.state)
                if state is None:
                    expected = f"one of {', '.join(self._venue.states)}"
                elif state.match and not state.uncross:
                    expected = "one that does not match, or that uncrosses"
                else:
                    continue
                why = f"state {effect.state!r}: expected {expected}"
                raise RuleFailed(
                    applied.rule_set, "before_trade", (applied.symbol, effect)
                ) from ValueError(why)

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
        """Put a board or an instrument into a state, or say why that cannot be.

        Of a board's instruments those go along that can.
        """
        objection = self._objection(change)
        if objection is not None:
            outcome.publish(OperationRefused(operation=change, text=objection))
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
            if listing.own_state is not None:
                continue
            objection = _crossed(listing, state)
            if objection is None:
                self._enter(listing, state, outcome)
            else:
                of_one = ChangeTradingState(symbol=symbol, state=state.name)
                outcome.publish(OperationRefused(operation=of_one, text=objection))

    def _objection(self, change: ChangeTradingState) -> str | None:
        """Return why a change of state cannot be made, or None."""
        venue = self._venue
        if change.symbol is not None and change.symbol not in venue.listings:
            return f"symbol {change.symbol!r}: expected one of {', '.join(venue.listings)}"
        if change.board is not None and change.board not in venue.boards:
            return f"board {change.board!r}: expected one of {', '.join(venue.boards) or 'none'}"
        if change.state is not None and change.state not in venue.states:
            return f"state {change.state!r}: expected one of {', '.join(venue.states)}"
        if change.symbol is None:
            return None
        listing = venue.listings[change.symbol]
        state = listing.board_state if change.state is None else venue.states[change.state]
        return _crossed(listing, state)

    def _enter(self, listing: Listing, state: TradingState, outcome: Outcome) -> None:
        """Have an instrument enter *state*, with all that comes of it."""
        old = listing.state
        if state == old:
            return
        listing.state = state
        listing.consider()
        if old.ends_day:
            listing.day.begin(self._reporter.next_trade)
        symbol, now_ns = listing.instrument.symbol, self._venue.now_ns
        status = SecurityStatus(symbol=symbol, trading_state=state.name, transact_time_ns=now_ns)
        self.publish(status, outcome)
        listing.indicated, listing.auction = (None, 0), None
        events: Sequence[BookEvent] = ()
        if state.uncross:
            events = self._uncross(listing, outcome)
        if state.ends_day:
            listing.day.end()
            events = [*events, *self._end_day(listing, outcome)]
        # Before the stops that are elected, which another state may stop, too.
        asked = answers(listing.changed, old, state)
        self.carry_out(asked, listing, outcome)
        # The auction's trades were at that price, too; and without one there may be stops
        # that were elected while nothing matched, or left behind by an interrupt.
        last_px = listing.book.last_px
        reached = () if last_px is None else (last_px,)
        self.settle(listing, [*events, *self._run_stops(listing, reached, outcome)], outcome)

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
        found = listing.auction = opening.uncross
        trades = [] if found is None else allocate(book, found.price)
        book.apply(trades)
        outcome.reports += self._reporter.tell_auction(trades)
        result = AuctionResult(
            symbol=listing.instrument.symbol,
            price=None if found is None else found.price,
            quantity=0 if found is None else found.quantity,
            transact_time_ns=self._venue.now_ns,
        )
        self.publish(result, outcome)
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
                self._take_off(lapsed, outcome)
                yield lapsed

    def _indicate(self, listing: Listing, outcome: Outcome) -> None:
        """Publish at what price how much an auction would trade now, if that is news."""
        found = listing.opening().uncross
        indicated = (None, 0) if found is None else (found.price, found.quantity)
        if indicated == listing.indicated:
            return
        listing.indicated = indicated
        news = IndicativePrice(
            symbol=listing.instrument.symbol,
            price=indicated[0],
            quantity=indicated[1],
            transact_time_ns=self._venue.now_ns,
        )
        self.publish(news, outcome)

    # --- effects ---------------------------------------------------------------------

    def catch_up(self, outcome: Outcome) -> None:
        """Have happen what comes before anything else at this moment.

        On a new date that is the end of what was good till one before; then rule sets act
        that have asked for this very moment.
        """
        now_ns = self._venue.now_ns
        if now_ns < self.wake_ns:
            return
        self.begin_date(outcome)
        for (rule_set, symbol, name), due_ns in [*self._due.items()]:
            if due_ns == now_ns:
                self.scheduled(rule_set, symbol, name, outcome)
        ahead = (due_ns for due_ns in self._due.values() if due_ns >= now_ns)
        self.wake_ns = min([self._tomorrow_ns, *ahead])

    def due(self) -> Mapping[tuple[str, Symbol, str], int]:
        """Return when what rule sets have scheduled is due, by rule set, symbol and name."""
        return dict(self._due)

    def make_up(self, outcome: Outcome) -> None:
        """Have happen what was due while nobody looked, the earliest first."""
        now_ns = self._venue.now_ns
        for asked, due_ns in sorted(self._due.items(), key=lambda item: item[1]):
            if due_ns < now_ns and asked in self._due:
                self._due[asked] = now_ns
                self.scheduled(*asked, outcome)

    def begin_date(self, outcome: Outcome) -> None:
        """On a new date, expire what was good till one that is past (SES-5)."""
        if self._venue.now_ns < self._tomorrow_ns:
            return
        self._tomorrow_ns = self._venue.tomorrow_ns()
        today = self._venue.today()
        lapsed = (
            Lapsed(resting.order_id, resting.order, resting.leaves_qty)
            for listing in self._venue.listings.values()
            for resting in listing.book
            if resting.order.expire_date is not None and resting.order.expire_date < today
        )
        self.take_off([*lapsed], outcome)

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
            outcome.record(Applied(rule_set, symbol, effect))
            match effect:
                case Publish():
                    self.publish(effect, outcome)
                case Remember(key, value):
                    listing.remember(rule_set, key, value)
                case Schedule(delay_ns, name):
                    due_ns = self._venue.now_ns + delay_ns
                    self._due[rule_set, symbol, name] = due_ns
                    self.wake_ns = min(self.wake_ns, due_ns)
                case Unschedule(name):
                    self._due.pop((rule_set, symbol, name), None)
                case CancelOrder(order_id, reason, text):
                    resting = listing.book.get(order_id)
                    if resting is not None:  # else something was faster
                        order, leaves_qty = resting.order, resting.leaves_qty
                        event = Canceled(order_id, order, leaves_qty, reason, text)
                        self._take_off(event, outcome)
                case ChangeState(state, other):
                    _check_that_it_ends(rule_set, symbol, effect, outcome)
                    change = ChangeTradingState(symbol=other or symbol, state=state)
                    self.change_state(change, outcome)


def answers(questions: Iterable[Question], *about: object) -> list[tuple[str, SettleEffect]]:
    """Ask all, before anything of what they answer is carried out."""
    return [
        (question.rule_set, effect)
        for question in questions
        for effect in question.survey(*about, among=_SETTLE_EFFECTS)
    ]


_SETTLE_EFFECTS = get_args(SettleEffect)  # a tuple is looked through faster than a union

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


def _crossed(listing: Listing, state: TradingState) -> str | None:
    """Return why an instrument cannot enter *state* as its book stands, or None (OPS-3)."""
    if not state.match or state.uncross or not listing.book.is_crossed:
        return None
    return (
        f"state {state.name!r}: expected one that uncrosses the book of"
        f" {listing.instrument.symbol}, or does not match"
    )


def _more(had: Sequence[_T], new: Iterable[_T]) -> Sequence[_T]:
    """Return *had* and *new*, in a list that grows where there is one already."""
    if not isinstance(had, list):
        return [*had, *new]
    had += new
    return had


def _trade_prices(events: Iterable[BookEvent]) -> Iterator[Price]:
    for event in events:
        if isinstance(event, Traded):
            yield event.price
