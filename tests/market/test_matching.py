"""What an aggressor causes, as a table: the plan, and the book after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs
import pytest
from oracle.shorthand import order

from floorproof.market.book import (
    AggressorCanceled,
    BookEvent,
    Canceled,
    Expired,
    OrderBook,
    Rested,
    Traded,
)
from floorproof.market.fix import Side
from floorproof.market.identifiers import OrderID, Qty
from floorproof.market.matching import Algorithm, AlgorithmFailed, Queued, plan
from floorproof.plugins.fifo import Fifo

# Orders #1 and #2 share the best level, #3 stands above.
OFFERS = ["ALPHA a SELL 100 @ 50", "BRAVO b SELL 100 @ 50", "ALPHA c SELL 100 @ 51"]
BIDS = ["ALPHA a BUY 100 @ 50", "BRAVO b BUY 100 @ 50", "ALPHA c BUY 100 @ -1"]


def book_of(lines: Iterable[str]) -> OrderBook:
    """Return a book in which *lines* rest, numbered from 1."""
    book = OrderBook()
    for number, line in enumerate(lines, 1):
        entered = order(line)
        book.apply(plan(book, Fifo(), entered, OrderID(number), entered.order_qty))
    return book


def describe(event: BookEvent) -> str:
    match event:
        case Traded():
            return f"#{event.order_id} {event.last_qty}@{event.price}"
        case Rested():
            return f"rest {event.leaves_qty}@{event.price}"
        case Expired():
            return f"expire {event.leaves_qty}"
        case AggressorCanceled():
            return f"cancel {event.leaves_qty}"
        case _:
            raise AssertionError(f"{event!r} is not of an aggressor's making")


# fmt: off
INTO_OFFERS = {
    "not marketable":        ("C x BUY  10 @ 49",      "rest 10@49"),
    "exact fill":            ("C x BUY 100 @ 50",      "#1 100@50"),
    "part of an order":      ("C x BUY  30 @ 50",      "#1 30@50"),
    "time priority":         ("C x BUY 150 @ 50",      "#1 100@50, #2 50@50"),
    "better than its limit": ("C x BUY  10 @ 60",      "#1 10@50"),
    "price priority":        ("C x BUY 250 @ 51",      "#1 100@50, #2 100@50, #3 50@51"),
    "limit stops the sweep": ("C x BUY 250 @ 50",      "#1 100@50, #2 100@50, rest 50@50"),
    "more than there is": ("C x BUY 301 @ 51",      "#1 100@50, #2 100@50, #3 100@51, rest 1@51"),
    "same side":             ("C x SELL 10 @ 50",      "rest 10@50"),
    "market":                ("C x BUY  10 MARKET",    "#1 10@50"),
    "market, all there is": ("C x BUY 310 MARKET",    "#1 100@50, #2 100@50, #3 100@51, cancel 10"),
    "immediate, in full":    ("C x BUY 100 @ 50 IOC",  "#1 100@50"),
    "immediate, in part":    ("C x BUY 210 @ 50 IOC",  "#1 100@50, #2 100@50, expire 10"),
    "immediate, not at all": ("C x BUY  10 @ 49 IOC",  "expire 10"),
    "immediate market":      ("C x BUY 301 MARKET IOC","#1 100@50, #2 100@50, #3 100@51, expire 1"),
}
INTO_BIDS = {
    "not marketable":        ("C x SELL  10 @ 51",     "rest 10@51"),
    "time priority":         ("C x SELL 150 @ 50",     "#1 100@50, #2 50@50"),
    "below zero":            ("C x SELL 250 @ -1",     "#1 100@50, #2 100@50, #3 50@-1"),
    "limit stops the sweep": ("C x SELL 250 @ 0",      "#1 100@50, #2 100@50, rest 50@0"),
}
# fmt: on


@pytest.mark.rule("MATCH-1", "MATCH-2", "MATCH-3")
@pytest.mark.parametrize(
    ("resting", "aggressor", "expected"),
    [
        *(pytest.param(OFFERS, *case, id=f"offers, {name}") for name, case in INTO_OFFERS.items()),
        *(pytest.param(BIDS, *case, id=f"bids, {name}") for name, case in INTO_BIDS.items()),
    ],
)
def test_aggressor_meets_three_orders(resting: list[str], aggressor: str, expected: str) -> None:
    book = book_of(resting)
    entered = order(aggressor)

    events = plan(book, Fifo(), entered, OrderID(4), entered.order_qty)

    assert ", ".join(map(describe, events)) == expected


def test_a_plan_changes_nothing() -> None:
    book = book_of(OFFERS)
    sweep = order("C x BUY 250 @ 51")

    first = plan(book, Fifo(), sweep, OrderID(4), 250)

    assert plan(book, Fifo(), sweep, OrderID(4), 250) == first
    assert book.depth(Side.SELL, 9) == ((50, 200), (51, 100))


def test_an_applied_plan_leaves_what_it_foretold() -> None:
    book = book_of(OFFERS)

    book.apply(plan(book, Fifo(), order("C x BUY 150 @ 50"), OrderID(4), 150))

    assert book.get(OrderID(1)) is None
    assert [(one.order_id, one.leaves_qty) for one in book.resting(Side.SELL)] == [
        (2, 50),
        (3, 100),
    ]
    assert book.best(Side.BUY) is None


@pytest.mark.parametrize("gone", [1, 2, 3], ids=["front", "middle", "back"])
def test_an_order_leaves_a_queue_from_anywhere(gone: int) -> None:
    book = book_of(f"ALPHA a{number} BUY 10 @ 50" for number in (1, 2, 3))
    leaving = book.get(OrderID(gone))
    assert leaving is not None

    book.apply([Canceled(leaving.order_id, leaving.order, leaving.leaves_qty)])

    left = [number for number in (1, 2, 3) if number != gone]
    assert [resting.order_id for resting in book.resting(Side.BUY)] == left
    assert book.depth(Side.BUY, 1) == ((50, 20),)


@pytest.mark.parametrize("side", Side)
def test_the_best_level_gives_way_to_the_next(side: Side) -> None:
    book = book_of(f"ALPHA a{price} {side.name} 10 @ {price}" for price in (7, 9, 8))
    seen = []

    while (best := book.best(side)) is not None:
        seen.append(best)
        (first, *_) = book.resting(side)
        book.apply([Canceled(first.order_id, first.order, first.leaves_qty)])

    assert seen == ([9, 8, 7] if side is Side.BUY else [7, 8, 9])


@attrs.frozen
class LastInFirstOut:
    """A market upside down, to show that the loop leaves who gets what to the algorithm."""

    would: bool = False

    def allocate(self, quantity: Qty, queue: Iterable[Queued]) -> Sequence[tuple[Queued, Qty]]:
        fills = []
        for resting in reversed([*queue]):
            if fill := min(quantity, resting.leaves_qty):
                fills.append((resting, fill))
                quantity -= fill
        return fills


def test_the_algorithm_decides_within_a_price_and_never_across() -> None:
    algorithm: Algorithm = LastInFirstOut()

    events = plan(book_of(OFFERS), algorithm, order("C x BUY 250 @ 51"), OrderID(4), 250)

    assert [event.order_id for event in events if isinstance(event, Traded)] == [2, 1, 3]


@attrs.frozen
class Watched:
    """A *would* algorithm that notes what it was shown."""

    would: bool = True
    shown: list[list[OrderID]] = attrs.field(factory=list)

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Sequence[tuple[Queued, Qty]]:
        self.shown.append([resting.order_id for resting in queue])
        return Fifo().allocate(quantity, queue)


def test_a_would_algorithm_is_shown_each_order_when_it_is_reached() -> None:
    algorithm = Watched()

    plan(book_of(OFFERS), algorithm, order("C x BUY 150 @ 51"), OrderID(4), 150)

    assert algorithm.shown == [[1], [2]]


def test_an_event_is_frozen() -> None:
    (event,) = plan(book_of(OFFERS), Fifo(), order("C x BUY 10 @ 50"), OrderID(4), 10)

    assert isinstance(event, Traded)
    with pytest.raises(AttributeError):
        event.price = 51  # type: ignore[misc]  # that it is refused is the point


@attrs.frozen
class Sharing:
    """An algorithm that shares as it is told to, by the orders' numbers."""

    shares: tuple[tuple[int, Qty], ...]
    would: bool = False

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Sequence[tuple[Queued, Qty]]:
        by_id = {queued.order_id: queued for queued in queue}
        return [(by_id[OrderID(number)], qty) for number, qty in self.shares]


@pytest.mark.parametrize(
    ("shares", "would", "why"),
    [
        pytest.param([(1, 101), (2, 9)], False, "order 1 cannot get 101", id="more than it shows"),
        pytest.param([(1, 0), (2, 100)], False, "order 1 cannot get 0", id="nothing"),
        pytest.param([(1, -5), (2, 100)], False, "order 1 cannot get -5", id="less than nothing"),
        pytest.param([(1, 5), (1, 100)], False, "order 1 cannot get 100", id="twice"),
        pytest.param([(1, 100)], False, "expected 110 to be handed out", id="too little"),
        pytest.param([(1, 99), (2, 100)], False, "expected 110 to be handed", id="too much"),
        pytest.param([], False, "expected 110 to be handed out", id="to nobody"),
        pytest.param([], True, "expected 100 to be handed out", id="not to whom it reached"),
        pytest.param([(1, 90)], True, "expected 100 to be handed out", id="too little of one"),
        pytest.param([(9, 1)], False, "KeyError: 9", id="what it raises"),
    ],
)
def test_an_algorithm_that_shares_wrongly_is_named_and_nothing_happens(
    shares: list[tuple[int, Qty]], would: bool, why: str
) -> None:
    book = book_of(OFFERS)
    algorithm = Sharing(tuple(shares), would)

    with pytest.raises(AlgorithmFailed, match=re.escape(why)) as failed:
        plan(book, algorithm, order("C x BUY 110 @ 50"), OrderID(4), 110)

    assert str(failed.value).startswith(f"algorithm {algorithm!r} failed to share 110 among 100 of")
    assert book.depth(Side.SELL, 9) == ((50, 200), (51, 100))
