"""Matching: what an order that arrives will cause, said before any of it happens.

`plan` reads the book and leaves it alone.  What it returns is a whole request's
worth of events, down to what rests, and only a finished plan is ever applied: a
rule that raises on the way has changed nothing.

The loop over the price levels exists once.  What differs between markets, who of
one level gets how much, is an `Algorithm`; what a venue forbids, its rule sets
say when they are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import attrs
import msgspec

from .book import (
    AggressorCanceled,
    BookEvent,
    Canceled,
    Expired,
    HalfBook,
    OrderBook,
    Rested,
    Resting,
    Traded,
)
from .fix import ExecRestatementReason, Side, TimeInForce
from .identifiers import OrderID, Price, Qty
from .messages import NewOrderSingle
from .rules import (
    Applied,
    CancelAggressor,
    CancelResting,
    Prevention,
    Question,
    Remainder,
    RestingOrder,
    StopSweep,
)


class Queued(Protocol):
    """An order of a price level as an algorithm sees it: to be read, never written."""

    @property
    def order_id(self) -> OrderID: ...

    @property
    def order(self) -> NewOrderSingle:
        """As its last accepted request left it."""

    @property
    def leaves_qty(self) -> Qty: ...


class Algorithm(Protocol):
    """How the orders of one price level share what an aggressor brings."""

    @property
    def would(self) -> bool:
        """Whether an aggressor meets only the orders that it *would* trade with.

        True where orders are filled one after the other (FIFO): rule sets are asked
        about each when it is reached, and so is the algorithm.  False where the
        aggressor *could* trade with any of them (pro rata and its kin): rule sets are
        asked once, beforehand, about all orders inside the aggressor's limit, and the
        algorithm about a whole level at a time.
        """

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Iterable[tuple[Queued, Qty]]:
        """Share *quantity* among the orders of *queue*, which are in time priority.

        Args:
            queue: where `would` is true, the one order that has been reached; else all
                those of the level that the rule sets let the aggressor meet.  Never
                empty.

        Returns:
            Who gets how much, in the order in which the trades happen; each at least
            one and at most the order's ``leaves_qty``, together at most *quantity*.
        """


class Asked(msgspec.Struct, gc=False):
    """Who is asked while one request is planned, and what that has come to."""

    prevent: tuple[Question, ...] = ()
    """Who is asked ``before_match``."""

    guard: tuple[Question, ...] = ()
    """Who is asked ``before_trade``."""

    effects: list[Applied] = msgspec.field(default_factory=list)
    """What they had to do with the plan."""


def plan(
    book: OrderBook,
    algorithm: Algorithm,
    order: NewOrderSingle,
    order_id: OrderID,
    leaves_qty: Qty,
    asked: Asked | None = None,
) -> list[BookEvent]:
    """Return what *order* causes, first to last, leaving *book* as it is.

    Better prices come first; within a price the *algorithm* decides.  Every trade
    is at the resting order's price.

    Args:
        order: the aggressor.
        leaves_qty: how much of it is to be traded; for a changed order less than
            its ``order_qty``, which counts what has been filled.
        asked: the rule sets to ask, if there are any.

    Raises:
        RuleFailed: if a rule set raises, or cancels an order it was not shown.
    """
    limit = order.price
    opposite = book.offers if order.side is _BUY else book.bids
    touch = opposite.best
    if touch is None or (limit is not None and (touch.price - limit) * opposite.sign > 0):
        if limit is not None and order.time_in_force is not _IMMEDIATE_OR_CANCEL:
            return [Rested(order_id, order, limit, leaves_qty)]  # as most requests end
        return [_remainder(order, order_id, leaves_qty, None)]
    events, leaves_qty, end = _sweep(opposite, algorithm, order, leaves_qty, asked)
    if leaves_qty:
        events.append(_remainder(order, order_id, leaves_qty, end))
    return events


def _sweep(
    opposite: HalfBook,
    algorithm: Algorithm,
    order: NewOrderSingle,
    leaves_qty: Qty,
    asked: Asked | None,
) -> tuple[list[BookEvent], Qty, CancelAggressor | StopSweep | None]:
    """Return whom *order* meets, what is left of it, and the rule that has ended it, if any."""
    events: list[BookEvent] = []
    limit, sign, would = order.price, opposite.sign, algorithm.would
    meeting = None
    guarded = asked is not None and bool(asked.guard)
    if asked is not None and asked.prevent:
        meeting = _Meeting(order, asked, events)
        if not would:
            meeting.ask(_inside(limit, opposite))
    level, worse = opposite.best, None
    while level is not None:
        price = level.price
        if limit is not None and (price - limit) * sign > 0:
            break
        # Along the links: with generators, a fill at the touch took half as long again.
        resting = level.first
        while resting is not None:
            queue: Sequence[Resting]
            if would:
                queue, resting = (resting,), resting.after
            else:
                queue, resting = [*level], None
            if meeting is not None:
                queue = meeting.of(queue, ask=would)
                if meeting.end is not None:
                    return events, leaves_qty, meeting.end
                if not queue:
                    continue
            for filled, last_qty in algorithm.allocate(leaves_qty, queue):
                if guarded and (stop := _stopped(asked, order, price, last_qty)):
                    return events, leaves_qty, stop
                leaves_qty -= last_qty
                left = filled.leaves_qty - last_qty
                events.append(Traded(filled.order_id, filled.order, price, last_qty, left))
            if not leaves_qty:
                return events, 0, None
        if worse is None:
            worse = opposite.beyond_the_best()
        level = next(worse, None)
    return events, leaves_qty, None


def _inside(limit: Price | None, half: HalfBook) -> Iterator[Resting]:
    """Yield the orders of *half* that an aggressor with such a limit could trade with."""
    for level in half:
        if limit is not None and (level.price - limit) * half.sign > 0:
            return
        yield from level


def as_value(resting: Resting) -> RestingOrder:
    """Return *resting* as a rule set may see it."""
    return RestingOrder(resting.order_id, resting.order, resting.level.price, resting.leaves_qty)


def _remainder(
    order: NewOrderSingle,
    order_id: OrderID,
    leaves_qty: Qty,
    end: CancelAggressor | StopSweep | None,
) -> BookEvent:
    """Return what becomes of an aggressor's rest."""
    if end is None or (isinstance(end, StopSweep) and end.remainder is Remainder.REST):
        if order.time_in_force is _IMMEDIATE_OR_CANCEL:
            return Expired(order_id, order, leaves_qty)
        if order.price is not None:
            return Rested(order_id, order, order.price, leaves_qty)
    if end is None:
        return AggressorCanceled(order_id, order, leaves_qty, ExecRestatementReason.MARKET_OPTION)
    return AggressorCanceled(order_id, order, leaves_qty, end.reason, end.text)


def _stopped(
    asked: Asked | None, order: NewOrderSingle, price: Price, last_qty: Qty
) -> StopSweep | None:
    """Return the first rule set's word against a trade, and put it on record."""
    assert asked is not None
    for question in asked.guard:
        stop: StopSweep | None = question.first(price, last_qty)
        if stop is not None:
            asked.effects.append(Applied(question.rule_set, order.symbol, stop))
            return stop
    return None


@attrs.define(eq=False)
class _Meeting:
    """Whom the aggressor may meet, as the rule sets have it.

    What they cancel goes straight into the plan, at the point where it happens.
    """

    _order: NewOrderSingle
    _asked: Asked
    _events: list[BookEvent]
    _canceled: set[OrderID] = attrs.field(init=False, factory=set)
    end: CancelAggressor | None = attrs.field(init=False, default=None)

    def of(self, queue: Sequence[Resting], ask: bool) -> Sequence[Resting]:
        """Return those of *queue* that the aggressor may meet, asking first if it is to."""
        if ask:
            self.ask(queue)
        if not self._canceled:
            return queue
        return [resting for resting in queue if resting.order_id not in self._canceled]

    def ask(self, about: Iterable[Resting]) -> None:
        """Have the rule sets say what they have against a meeting."""
        shown = [as_value(resting) for resting in about]
        for question in self._asked.prevent:
            if not shown:
                return
            preventions: tuple[Prevention, ...] = question.survey(
                self._order, shown, among=Prevention
            )
            for prevention in preventions:
                self._asked.effects.append(
                    Applied(question.rule_set, self._order.symbol, prevention)
                )
                match prevention:
                    case CancelAggressor():
                        self.end = prevention
                        return
                    case CancelResting(order_id, reason, text):
                        try:
                            (canceled,) = (one for one in shown if one.order_id == order_id)
                        except ValueError as error:
                            raise question.failed(self._order, shown, prevention) from error
                        shown = [one for one in shown if one is not canceled]
                        self._canceled.add(order_id)
                        self._events.append(
                            Canceled(order_id, canceled.order, canceled.leaves_qty, reason, text)
                        )


_BUY = Side.BUY
_IMMEDIATE_OR_CANCEL = TimeInForce.IMMEDIATE_OR_CANCEL
