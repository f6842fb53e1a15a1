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

from .book import (
    AggressorCanceled,
    BookEvent,
    Canceled,
    Expired,
    HalfBook,
    Level,
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
        about each when it is reached.  False where the aggressor *could* trade with
        any of them (pro rata and its kin): rule sets are asked once, beforehand,
        about all orders inside the aggressor's limit.
        """

    def allocate(self, quantity: Qty, queue: Iterable[Queued]) -> Iterable[tuple[Queued, Qty]]:
        """Share *quantity* among the orders of *queue*, which are in time priority.

        Where `would` is true, take the next order only while there is quantity for
        it, and yield its fill before taking another: to take an order is to reach it.

        Returns:
            Who gets how much, in the order in which the trades happen; each at least
            one and at most the order's ``leaves_qty``, together at most *quantity*.
        """


@attrs.define
class Asked:
    """Who is asked while one request is planned, and what that has come to."""

    prevent: tuple[Question, ...] = ()
    """Who is asked ``before_match``."""

    guard: tuple[Question, ...] = ()
    """Who is asked ``before_trade``."""

    effects: list[Applied] = attrs.field(factory=list)
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
    events: list[BookEvent] = []
    end: CancelAggressor | StopSweep | None = None
    buys = order.side is _BUY
    opposite = book.offers if buys else book.bids
    limit = order.price
    best = opposite.best
    if best is not None and (
        limit is None or (best.price <= limit if buys else best.price >= limit)
    ):
        meeting = None
        if asked is not None and asked.prevent:
            meeting = _Meeting(algorithm, order, asked, events)
            meeting.approach(opposite)
        for level in opposite:
            price = level.price
            if not reaches(order, price):
                break
            queue = level if meeting is None else meeting.reach(level)
            for resting, last_qty in algorithm.allocate(leaves_qty, queue):
                if asked is not None and (end := _stopped(asked, order, price, last_qty)):
                    break
                leaves_qty -= last_qty
                left = resting.leaves_qty - last_qty
                events.append(Traded(resting.order_id, resting.order, price, last_qty, left))
            if meeting is not None and meeting.end is not None:
                end = meeting.end
            if end is not None or not leaves_qty:
                break
    if leaves_qty:
        events.append(_remainder(order, order_id, leaves_qty, end))
    return events


def reaches(order: NewOrderSingle, price: Price) -> bool:
    """Return whether the limit of *order* lets it trade at *price*."""
    limit = order.price
    if limit is None:
        return True
    return price <= limit if order.side is _BUY else price >= limit


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


def _stopped(asked: Asked, order: NewOrderSingle, price: Price, last_qty: Qty) -> StopSweep | None:
    """Return the first rule set's word against a trade, and put it on record."""
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

    _algorithm: Algorithm
    _order: NewOrderSingle
    _asked: Asked
    _events: list[BookEvent]
    _canceled: set[OrderID] = attrs.field(init=False, factory=set)
    end: CancelAggressor | None = attrs.field(init=False, default=None)

    def approach(self, opposite: HalfBook) -> None:
        """Ask, where it matters, about all that the aggressor *could* trade with."""
        if not self._algorithm.would:
            self._ask(
                [
                    as_value(resting)
                    for level in opposite
                    if reaches(self._order, level.price)
                    for resting in level
                ]
            )

    def reach(self, level: Level) -> Iterator[Resting]:
        """Yield the orders of *level* that the aggressor meets, each when it is reached."""
        for resting in level:
            if self._algorithm.would:
                self._ask([as_value(resting)])
            if self.end is not None:
                return
            if resting.order_id not in self._canceled:
                yield resting

    def _ask(self, shown: Sequence[RestingOrder]) -> None:
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
