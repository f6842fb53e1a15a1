"""Matching: what an order that arrives will cause, said before any of it happens.

`plan` reads the book and leaves it alone.  What it returns is a whole request's
worth of events, down to what rests, and only a finished plan is ever applied: a
rule that raises on the way has changed nothing.

The loop over the price levels exists once.  What differs between markets, who of
one level gets how much, is an `Algorithm`; what a venue forbids, its rule sets
say when they are asked.
"""

from __future__ import annotations

from collections import deque
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
    Refreshed,
    Rested,
    Resting,
    Traded,
)
from .fix import ExecRestatementReason, OrdType, Side, TimeInForce
from .identifiers import OrderID, Price, Qty
from .messages import IMMEDIATE, NewOrderSingle
from .rules import (
    Applied,
    CancelAggressor,
    CancelResting,
    Fills,
    Guard,
    Interrupt,
    Prevention,
    Question,
    Remainder,
    RestingOrder,
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

    @property
    def shown_qty(self) -> Qty:
        """What of that is displayed; all of it, unless the order is an iceberg."""

    @property
    def is_top(self) -> bool:
        """Whether it is the order that bettered its side of the market."""


class Algorithm(Protocol):
    """How the orders of one price level share what an aggressor brings."""

    @property
    def would(self) -> bool:
        """Whether an aggressor meets only the orders that it *would* trade with.

        True where orders are filled one after the other (FIFO): rule sets are asked
        about each when it is reached, and so is the algorithm.  False where the
        aggressor *could* trade with any of them (pro rata and its kin): rule sets are
        asked once, beforehand, about all orders inside the aggressor's limit (or, where one
        wants that, about each level as it is reached), and the algorithm about a whole level
        at a time.
        """

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Iterable[tuple[Queued, Qty]]:
        """Share *quantity* among the orders of *queue*, which are in time priority.

        All of *quantity* or all that *queue* shows is handed out, whichever is less.
        Where icebergs then show new slices, and there is quantity left, the algorithm
        is asked again about those; they come back in the order in which they stood.

        Args:
            queue: where `would` is true, the one order that has been reached; else all
                those of the level that the rule sets let the aggressor meet.  Never
                empty.

        Returns:
            Who gets how much, in the order in which the trades happen: each at least
            one and at most the order's ``shown_qty``, and no order twice.
        """


class AlgorithmFailed(Exception):
    """A matching algorithm raised, or shared what it cannot share so.

    Nothing of the request has been applied.
    """

    def __init__(self, algorithm: Algorithm, quantity: Qty, queue: Sequence[Queued]) -> None:
        shown = ", ".join(f"{queued.shown_qty} of order {queued.order_id}" for queued in queue)
        super().__init__(f"algorithm {algorithm!r} failed to share {quantity} among {shown}")

    def __str__(self) -> str:
        cause = self.__cause__
        return f"{super().__str__()}: {type(cause).__name__}: {cause}"


class Asked(msgspec.Struct, gc=False):
    """Who is asked while one request is planned, and what that has come to."""

    prevent: tuple[Question, ...] = ()
    """Who is asked ``before_match``."""

    guard: tuple[Question, ...] = ()
    """Who is asked ``before_trade``."""

    effects: list[Applied] = msgspec.field(default_factory=list)
    """What they had to do with the plan."""

    uninterrupted: bool = False
    """Whether this is to find out what would happen if nobody interrupted the market."""


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
    is at the resting order's price.  What has to trade at once, or not at all (fill or
    kill, a minimum quantity), is judged on all that would have traded.

    Args:
        order: the aggressor, no stop; without a price it trades at any.
        leaves_qty: how much of it is to be traded; for a changed order less than
            its ``order_qty``, which counts what has been filled.
        asked: the rule sets to ask, if there are any.

    Raises:
        RuleFailed: if a rule set raises, or cancels an order it was not shown.
        AlgorithmFailed: if the algorithm raises, or shares what it cannot share so.
    """
    limit = order.price
    opposite = book.offers if order.side is _BUY else book.bids
    touch = opposite.best
    events: list[BookEvent]
    if touch is None or (limit is not None and (touch.price - limit) * opposite.sign > 0):
        if order.ord_type is _LIMIT and order.time_in_force is _DAY and order.min_qty is None:
            assert limit is not None, "a limit order has one"
            return [Rested(order_id, order, limit, leaves_qty)]  # as most requests end
        events, left, end = [], leaves_qty, None
    else:
        events, left, end = _sweep(opposite, algorithm, order, leaves_qty, asked)
        if not left:
            return events
        if isinstance(end, Interrupt) and end.fills is Fills.WITHHOLD:
            events, left = [], leaves_qty
            _keep_only(end, asked)
    least = leaves_qty if order.time_in_force is _FILL_OR_KILL else order.min_qty or 0
    if leaves_qty - left < least:
        if isinstance(end, Interrupt) and not _enough(
            least, opposite, algorithm, order, leaves_qty, asked
        ):
            end = None
        return [_killed(order, order_id, leaves_qty, end, asked)]
    events.append(_remainder(order, order_id, left, end))
    return events


def _sweep(
    opposite: HalfBook,
    algorithm: Algorithm,
    order: NewOrderSingle,
    leaves_qty: Qty,
    asked: Asked | None,
) -> tuple[list[BookEvent], Qty, CancelAggressor | Guard | None]:
    """Return whom *order* meets, what is left of it, and the rule that has ended it, if any."""
    events: list[BookEvent] = []
    limit, sign, would = order.price, opposite.sign, algorithm.would
    meeting = None
    guarded = asked is not None and bool(asked.guard)
    if asked is not None and asked.prevent:
        meeting = _Meeting(order, asked, events)
        if not would:
            meeting.ask_beforehand(limit, opposite)
            if meeting.end is not None:
                return events, leaves_qty, meeting.end
    level, worse = opposite.best, None
    while level is not None:
        price = level.price
        if limit is not None and (price - limit) * sign > 0:
            break
        # Along the links: with generators, a fill at the touch took half as long again.
        resting = level.first
        refreshed: deque[Queued] = deque()
        while resting is not None or refreshed:
            queue: Sequence[Queued]
            if resting is None and would:
                queue = (refreshed.popleft(),)
            elif resting is None:
                queue, refreshed = [*refreshed], deque()
            elif would:
                queue, resting = (resting,), resting.after
            else:
                reached = [as_value(one) for one in level]
                queue, resting = reached, None
                if meeting is not None:
                    meeting.come_to(reached)
            if meeting is not None:
                queue = meeting.of(queue, ask=would)
                if meeting.end is not None:
                    return events, leaves_qty, meeting.end
                if not queue:
                    continue
            stop: Guard | None = None
            used_up: set[OrderID] | None = None
            for filled, last_qty in _shared(algorithm, leaves_qty, queue):
                if guarded and (stop := _stopped(asked, order, price, last_qty)):
                    break
                leaves_qty -= last_qty
                left = filled.leaves_qty - last_qty
                events.append(Traded(filled.order_id, filled.order, price, last_qty, left))
                if left and last_qty == filled.shown_qty:
                    used_up = used_up or set()
                    used_up.add(filled.order_id)
            if used_up is not None:
                slices = [_next_slice(one, price) for one in queue if one.order_id in used_up]
                refreshed += slices
                events += [Refreshed(one.order_id, one.order, one.shown_qty) for one in slices]
            if stop is not None or not leaves_qty:
                return events, leaves_qty, stop
        if worse is None:
            worse = opposite.beyond_the_best()
        level = next(worse, None)
    return events, leaves_qty, None


def _shared(
    algorithm: Algorithm, quantity: Qty, queue: Sequence[Queued]
) -> Sequence[tuple[Queued, Qty]]:
    """Return how *algorithm* shares *quantity*, if that is a way to share it.

    Raises:
        AlgorithmFailed: if it is not, or if the algorithm raised.
    """
    try:
        fills = [*algorithm.allocate(quantity, queue)]
        if len(fills) == 1 == len(queue):
            ((filled, last_qty),) = fills
            shown_qty = filled.shown_qty
            if last_qty == (quantity if quantity < shown_qty else shown_qty):
                return fills
        due = min(quantity, sum(queued.shown_qty for queued in queue))
        shown = {queued.order_id: queued.shown_qty for queued in queue}
        for filled, last_qty in fills:
            if not 0 < last_qty <= shown.pop(filled.order_id, 0):
                raise ValueError(f"order {filled.order_id} cannot get {last_qty}")
        if sum(last_qty for _, last_qty in fills) != due:
            raise ValueError(f"expected {due} to be handed out")
    except Exception as error:  # whatever a stranger's algorithm does is named as its own
        raise AlgorithmFailed(algorithm, quantity, queue) from error
    return fills


def _next_slice(iceberg: Queued, price: Price) -> RestingOrder:
    """Return an order whose shown part is used up as it comes back to its level."""
    order, leaves_qty = iceberg.order, iceberg.leaves_qty - iceberg.shown_qty
    assert order.display_qty is not None, "nothing else hides a part of an order"
    shown_qty = min(order.display_qty, leaves_qty)
    return RestingOrder(iceberg.order_id, order, price, leaves_qty, shown_qty, iceberg.is_top)


def _inside(limit: Price | None, half: HalfBook) -> Iterator[RestingOrder]:
    """Yield the orders of *half* that an aggressor with such a limit could trade with."""
    for level in half:
        if limit is not None and (level.price - limit) * half.sign > 0:
            return
        yield from map(as_value, level)


def as_value(resting: Queued) -> RestingOrder:
    """Return an order that is in the book, or comes back to it, as a rule set may see it."""
    if isinstance(resting, RestingOrder):
        return resting
    assert isinstance(resting, Resting), "what is queued comes from the book"
    return RestingOrder(
        resting.order_id,
        resting.order,
        resting.level.price,
        resting.leaves_qty,
        resting.shown_qty,
        resting.is_top,
    )


def _enough(
    least: Qty,
    opposite: HalfBook,
    algorithm: Algorithm,
    order: NewOrderSingle,
    leaves_qty: Qty,
    asked: Asked | None,
) -> bool:
    """Return whether *order* would trade at least so much if nobody interrupted the market."""
    assert asked is not None, "nobody else interrupts"
    aside = Asked(asked.prevent, asked.guard, uninterrupted=True)
    _, left, _ = _sweep(opposite, algorithm, order, leaves_qty, aside)
    return leaves_qty - left >= least


def _killed(
    order: NewOrderSingle,
    order_id: OrderID,
    leaves_qty: Qty,
    end: CancelAggressor | Guard | None,
    asked: Asked | None,
) -> BookEvent:
    """Return what becomes of an aggressor of which too little would have traded.

    Nothing of the plan happens, nor what rule sets had done on the way but for what has
    ended the aggressor.
    """
    _keep_only(end, asked)
    if isinstance(end, CancelAggressor):
        return AggressorCanceled(order_id, order, leaves_qty, end.reason, end.text)
    return Expired(order_id, order, leaves_qty)


def _keep_only(end: CancelAggressor | Guard | None, asked: Asked | None) -> None:
    """Take everything but *end* off the record of a plan of which nothing else happens."""
    if asked is not None:
        asked.effects[:] = [applied for applied in asked.effects if applied.effect is end]


def _remainder(
    order: NewOrderSingle,
    order_id: OrderID,
    leaves_qty: Qty,
    end: CancelAggressor | Guard | None,
) -> BookEvent:
    """Return what becomes of an aggressor's rest."""
    if end is None or (not isinstance(end, CancelAggressor) and _may_rest(order, end.remainder)):
        if order.time_in_force in IMMEDIATE:
            return Expired(order_id, order, leaves_qty)
        price = order.price
        if price is not None:
            if order.ord_type is not _LIMIT:  # it was protected, or market-limit
                order = msgspec.structs.replace(order, ord_type=_LIMIT)
            return Rested(order_id, order, price, leaves_qty)
    if end is None:
        return AggressorCanceled(order_id, order, leaves_qty, ExecRestatementReason.MARKET_OPTION)
    return AggressorCanceled(order_id, order, leaves_qty, end.reason, end.text)


def _may_rest(order: NewOrderSingle, remainder: Remainder) -> bool:
    if remainder is Remainder.REST_IF_LIMIT:
        return order.ord_type is _LIMIT
    return remainder is Remainder.REST


def _stopped(
    asked: Asked | None, order: NewOrderSingle, price: Price, last_qty: Qty
) -> Guard | None:
    """Return the first rule set's word against a trade, and put it on record."""
    assert asked is not None
    for question in asked.guard:
        stop: Guard | None = question.first(price, last_qty)
        if stop is not None and not (asked.uninterrupted and isinstance(stop, Interrupt)):
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
    _by_level: Sequence[Question] = attrs.field(init=False, default=())
    """Who is asked about those of a price as the aggressor comes to them."""

    _canceled: set[OrderID] = attrs.field(init=False, factory=set)
    end: CancelAggressor | None = attrs.field(init=False, default=None)

    def ask_beforehand(self, limit: Price | None, half: HalfBook) -> None:
        """Ask about all whom the aggressor could meet, but for who wants to hear by level."""
        prevent = self._asked.prevent
        self._by_level = [each for each in prevent if each.level_by_level]
        if len(self._by_level) < len(prevent):
            others = [each for each in prevent if not each.level_by_level]
            self._ask(others, [*_inside(limit, half)])

    def come_to(self, level: Iterable[RestingOrder]) -> None:
        """Ask who wants to hear by level about those of *level* who are left."""
        if self._by_level:
            self._ask(self._by_level, [one for one in level if one.order_id not in self._canceled])

    def of(self, queue: Sequence[Queued], ask: bool) -> Sequence[Queued]:
        """Return those of *queue* that the aggressor may meet, asking first if it is to."""
        if ask:
            self._ask(self._asked.prevent, [as_value(one) for one in queue])
        if not self._canceled:
            return queue
        return [resting for resting in queue if resting.order_id not in self._canceled]

    def _ask(self, questions: Iterable[Question], shown: list[RestingOrder]) -> None:
        """Have rule sets say what they have against a meeting."""
        order = self._order
        for question in questions:
            if not shown:
                return
            preventions: tuple[Prevention, ...] = question.survey(order, shown, among=Prevention)
            for prevention in preventions:
                self._asked.effects.append(Applied(question.rule_set, order.symbol, prevention))
                match prevention:
                    case CancelAggressor():
                        self.end = prevention
                        return
                    case CancelResting(order_id, reason, text):
                        try:
                            (canceled,) = (one for one in shown if one.order_id == order_id)
                        except ValueError as error:
                            raise question.failed(order, shown, prevention) from error
                        shown = [one for one in shown if one is not canceled]
                        self._canceled.add(order_id)
                        self._events.append(
                            Canceled(order_id, canceled.order, canceled.leaves_qty, reason, text)
                        )


_BUY = Side.BUY
_LIMIT = OrdType.LIMIT
_DAY, _FILL_OR_KILL = TimeInForce.DAY, TimeInForce.FILL_OR_KILL
