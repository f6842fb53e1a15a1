"""Globex's algorithms C, A, K, O, Q, S and T against CME's worked examples, and in general.

E1 to E14 and E16 are examples that CME and others have printed: E1 is CME's notice of
2005-02-07, E4 and E5 come from atas.net ("CME order matching algorithms", parts 3 and
4), E6 to E9 from CME's "Matching Algorithms" page, the others from the tests of a public
Java order book (com.cme, MatchingAlgorithmsTest).

Orders are written in time order, by what is left of each:

    20          an order for 20
    20*         it is TOP
    20=MM1      its session is MM1; others are of nobody in particular
    20/5        it shows 5 of 20
    20<150      20 are left of 150
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.shorthand import order

from floorproof.market.book import OrderBook, Rested, Traded
from floorproof.market.fix import Side
from floorproof.market.identifiers import CompID, OrderID, Qty
from floorproof.market.matching import Queued, plan
from floorproof.market.messages import NewOrderSingle
from floorproof.plugins.allocation.globex import (
    Allocation,
    Configurable,
    CurrencyRoll,
    FifoWithLmm,
    FifoWithTopAndLmm,
    Stepwise,
    ThresholdProRata,
    ThresholdProRataWithLmm,
    matching_algorithms,
)
from floorproof.plugins.allocation.steps import (
    Step,
    by_step,
    rounded_down,
    rounded_half_up,
)
from floorproof.plugins.fifo import Fifo as FirstInFirstOut
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.reading import structure


@attrs.frozen
class Waiting:
    """An order of a price level, as a book would show it to an algorithm."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    shown_qty: Qty
    is_top: bool = False


_ORDER = re.compile(r"(\d+)(?:/(\d+))?(?:<(\d+))?(\*?)(?:=(\w+))?")


def queue_of(text: str) -> list[Waiting]:
    """Return the orders that *text* describes, numbered from 1."""
    queue = []
    for number, word in enumerate(text.split(), 1):
        found = _ORDER.fullmatch(word)
        assert found, word
        left, shown, entered, top, maker = found.groups()
        queue.append(
            Waiting(
                OrderID(number),
                order(f"{maker or 'ANY'} a{number} BUY {entered or left} @ 100"),
                leaves_qty=int(left),
                shown_qty=int(shown or left),
                is_top=bool(top),
            )
        )
    return queue


def makers(**percentages: Decimal | int) -> dict[CompID, Decimal]:
    return {CompID(maker): Decimal(percentage) for maker, percentage in percentages.items()}


def totals(fills: Iterable[tuple[Queued, Qty]], queue: Sequence[Queued]) -> str:
    """Return what each order of *queue* gets, in time order."""
    given = {queued.order_id: qty for queued, qty in fills}
    return " ".join(str(given.get(queued.order_id, 0)) for queued in queue)


def sequence(fills: Iterable[tuple[Queued, Qty]]) -> str:
    """Return who is filled how much, in the order in which that happens."""
    return " ".join(f"#{queued.order_id}:{qty}" for queued, qty in fills)


def told(given: Iterable[tuple[Step, Sequence[Qty]]]) -> list[str]:
    """Return what each step gives whom, in a line a step."""
    return [f"{type(step).__name__} {' '.join(map(str, shares))}" for step, shares in given]


def after(queue: Sequence[Waiting], fills: Iterable[tuple[Queued, Qty]]) -> list[Waiting]:
    """Return what is left of *queue* behind *fills*, each order with its number."""
    given = {queued.order_id: qty for queued, qty in fills}
    left = [
        attrs.evolve(
            one,
            leaves_qty=one.leaves_qty - given.get(one.order_id, 0),
            shown_qty=one.shown_qty - given.get(one.order_id, 0),
        )
        for one in queue
    ]
    return [one for one in left if one.leaves_qty]


# As they are called at the desk.
A, C, K, O, Q, S, T = (  # noqa: E741
    *(Allocation, CurrencyRoll, Configurable, ThresholdProRata),
    *(ThresholdProRataWithLmm, FifoWithTopAndLmm, FifoWithLmm),
)

# --- the matrix, and the examples ------------------------------------------------------

MATRIX = {
    "C": "ProRata Fifo",
    "A": "Top ProRata Fifo",
    "K": "Top Lmm Fifo ProRata Leveling Fifo",
    "O": "Top ProRata Fifo",
    "Q": "Top Lmm ProRata Fifo",
    "S": "Top Lmm Fifo",
    "T": "Lmm Fifo",
}


@pytest.mark.rule("MATCH-14", "MATCH-15", "MATCH-16", "MATCH-17")
@pytest.mark.rule("MATCH-18", "MATCH-19", "MATCH-20")
@pytest.mark.parametrize(("code", "steps"), MATRIX.items())
def test_each_algorithm_has_the_steps_of_the_matrix(code: str, steps: str) -> None:
    algorithm = matching_algorithms()[code]()

    assert " ".join(type(step).__name__ for step in algorithm.steps) == steps
    assert not algorithm.would


def test_there_is_one_for_each_row_of_the_matrix_but_fifo() -> None:
    assert sorted(matching_algorithms()) == sorted(MATRIX)


Example: TypeAlias = tuple[Stepwise, str, Qty, list[str], str]

E6 = K(lmm=makers(MM1=10, MM2=20))
E8 = makers(MM1=20, MM2=10)
E10 = T(lmm=makers(MM1=20, MM2=80))
E14 = S(lmm=makers(MM1=20, MM2=80))

# fmt: off
# The aggressor's quantity; then what each step gives each order, and the sum of it.
EXAMPLES: Mapping[str, Example] = {
    "E1, A": (A(), "10* 5 20 50 75", 60, [
        "Top     10  0  0  0  0",
        "ProRata  0  0  6 16 25",
        "Fifo     0  3  0  0  0"],
        "10 3 6 16 25"),
    "E2, C": (C(), "2 42 56", 50, [
        "ProRata 0 21 28",
        "Fifo    1  0  0"],
        "1 21 28"),
    "E3, A": (A(), "2* 56 42", 50, [
        "Top     2  0  0",
        "ProRata 0 27 20",
        "Fifo    0  1  0"],
        "2 28 20"),
    "E4, O": (O(top_min=10, top_max=100), "150* 8 160", 200, [
        "Top     100 0  0",
        "ProRata  22 3 73",
        "Fifo      2 0  0"],
        "124 3 73"),
    "E5, Q": (Q(top_min=25, top_max=250, lmm=makers(MM1=40)),
              "300* 15 160=MM1", 400, [
        "Top     250 0  0",
        "Lmm       0 0 60",
        "ProRata  27 8 54",
        "Fifo      1 0  0"],
        "278 8 114"),
    "E6, K": (E6, "2* 51=MM1 47=MM2 100 1 1 1 1", 202, [
        "Top      2  0  0  0 0 0 0 0",
        "Lmm      0 20 40  0 0 0 0 0",
        "Fifo     0 31  7 18 0 0 0 0",
        "ProRata  0  0  0 80 0 0 0 0",
        "Leveling 0  0  0  0 1 1 1 1"],
        "2 51 47 98 1 1 1 1"),
    "E7, K with minimum 1": (K(minimum=1), "1* 100 30 80 30 60", 8, [
        "Top      1 0 0 0 0 0",
        "Lmm      0 0 0 0 0 0",
        "Fifo     0 3 0 0 0 0",
        "ProRata  0 1 0 1 0 0",
        "Leveling 0 0 1 0 0 1"],
        "1 4 1 1 0 1"),
    "E7, K with minimum 2": (K(minimum=2), "1* 100 30 80 30 60", 8, [
        "Top      1 0 0 0 0 0",
        "Lmm      0 0 0 0 0 0",
        "Fifo     0 3 0 0 0 0",
        "ProRata  0 0 0 0 0 0",
        "Leveling 0 1 1 1 0 1"],
        "1 4 1 1 0 1"),
    "E8, K without a FIFO share": (K(fifo_percent=0, lmm=E8), "1* 59=MM1 40=MM2", 50, [
        "Top      1  0  0",
        "Lmm      0  9  4",
        "Fifo     0  0  0",
        "ProRata  0 20 15",
        "Leveling 0  0  0",
        "Fifo     0  1  0"],
        "1 30 19"),
    "E9, K with nothing else": (K(fifo_percent=100, lmm=E8), "1* 59=MM1 40=MM2", 50, [
        "Top  1  0 0",
        "Lmm  0  9 4",
        "Fifo 0 36 0"],
        "1 45 4"),
    "E10, T": (E10, "100 100=MM1 100=MM2", 30, [
        "Lmm 0 6 24"],
        "0 6 24"),
    "E11, T, capped": (E10, "10 10=MM1 10=MM2", 30, [
        "Lmm   0 6 10",
        "Fifo 10 4  0"],
        "10 10 10"),
    "E12, T, one lot": (T(lmm=makers(MM1=50, MM2=60)), "10=MM1 10=MM2", 1, [
        "Lmm  0 0",
        "Fifo 1 0"],
        "1 0"),
    "E13, S": (S(lmm=makers(MM1=10, MM2=20)), "10* 10=MM1 10=MM2 10", 40, [
        "Top 10 0 0  0",
        "Lmm  0 3 6  0",
        "Fifo 0 7 4 10"],
        "10 10 10 10"),
    "E14, S": (E14, "100* 100=MM1 100=MM2", 30, [
        "Top 30 0 0"],
        "30 0 0"),
}
# fmt: on


@pytest.mark.rule("MATCH-4", "MATCH-6", "MATCH-8", "MATCH-9", "MATCH-10", "MATCH-11")
@pytest.mark.parametrize(
    ("algorithm", "orders", "quantity", "steps", "result"), EXAMPLES.values(), ids=EXAMPLES.keys()
)
def test_printed_example(
    algorithm: Stepwise, orders: str, quantity: Qty, steps: list[str], result: str
) -> None:
    queue = queue_of(orders)

    given = by_step(quantity, queue, algorithm.steps)

    assert told(given) == [" ".join(line.split()) for line in steps]
    assert totals(algorithm.allocate(quantity, queue), queue) == result


def test_a_market_maker_may_be_a_user_of_a_session() -> None:
    """Users of a gateway are one session at the venue, and each may be one of its own."""
    queue = [
        attrs.evolve(
            one, order=msgspec.structs.replace(one.order, sender_sub_id=CompID(f"U{number}"))
        )
        for number, one in enumerate(queue_of("10=GATE 10=GATE 10=GATE"), 1)
    ]

    assert totals(T(lmm=makers(U3=50)).allocate(10, queue), queue) == "5 0 5"
    assert totals(T(lmm=makers(GATE=50, U3=30)).allocate(10, queue), queue) == "7 0 3"


# fmt: off
# One aggressor after the other, each with what it gives #1, #2, #3.
REPEATED: Mapping[str, tuple[Stepwise, str, list[tuple[Qty, str]]]] = {
    "E2, C":  (C(), "2 42 56", [(50, "#3:28 #2:21 #1:1"), (50, "#1:1 #2:21 #3:28")]),
    "E3, A":  (A(), "2* 56 42", [(50, "#1:2 #2:28 #3:20"), (50, "#2:28 #3:22")]),
    "E10, T": (E10, "100 100=MM1 100=MM2", [(30, "#3:24 #2:6"), (30, "#3:24 #2:6")]),
    "E14, S": (E14, "100* 100=MM1 100=MM2", [
        (30, "#1:30"), (30, "#1:30"), (30, "#1:30"), (30, "#1:10 #3:16 #2:4")]),
}
# fmt: on


@pytest.mark.rule("MATCH-12")
@pytest.mark.parametrize(
    ("algorithm", "orders", "aggressors"), REPEATED.values(), ids=REPEATED.keys()
)
def test_printed_example_with_more_aggressors(
    algorithm: Stepwise, orders: str, aggressors: list[tuple[Qty, str]]
) -> None:
    queue = queue_of(orders)

    for quantity, expected in aggressors:
        fills = algorithm.allocate(quantity, queue)
        assert sequence(fills) == expected
        queue = after(queue, fills)


@pytest.mark.rule("MATCH-1", "MATCH-2", "MATCH-3")
def test_printed_example_e16_of_price_and_time() -> None:
    book = OrderBook()
    prices = [100, 150, 200, 200, 250, 300]
    entered = [order(f"ALPHA b{price} BUY 10 @ {price}") for price in prices]
    entered += [order(f"BRAVO s{price} SELL 10 @ {price}") for price in [100, 150, 200, 250, 300]]

    trades = []
    for number, one in enumerate(entered, 1):
        events = plan(book, FirstInFirstOut(), one, OrderID(number), 10)
        book.apply(events)
        trades += [
            (event.order_id, event.last_qty, event.price)
            for event in events
            if isinstance(event, Traded)
        ]
        assert len(events) == 1
        assert isinstance(events[0], Traded | Rested)

    assert trades == [(6, 10, 300), (5, 10, 250), (3, 10, 200)]  # of two at 200, the earlier
    assert book.depth(Side.BUY, 9) == ((200, 10), (150, 10), (100, 10))
    assert book.depth(Side.SELL, 9) == ((250, 10), (300, 10))


# --- one rule at a time ----------------------------------------------------------------

Case: TypeAlias = tuple[Stepwise, str, Qty, str]

HALF = makers(MM1=50)

# fmt: off
TOP: Mapping[str, Case] = {
    "takes all of a small aggressor":    (A(), "100 100* 100", 50, "#2:50"),
    "of exactly the minimum":            (O(top_min=10), "90 10*", 50, "#2:10 #1:40"),
    "too small, and takes part as any":  (O(top_min=11), "90 10*", 50, "#1:45 #2:5"),
    "measured as it was entered":        (O(top_min=11), "90 10<11*", 50, "#2:10 #1:40"),
    "entered large, now small":          (O(top_min=90), "5<90* 90", 50, "#1:5 #2:45"),
    "capped, and takes part after that": (O(top_max=10), "50 50*", 50, "#2:27 #1:23"),
    "a cap above its size":              (O(top_max=99), "50 10*", 50, "#2:10 #1:40"),
    "minimum and cap are the same":      (O(top_min=10, top_max=10), "50 10*", 50, "#2:10 #1:40"),
    "no TOP at all":                     (A(), "50 50", 50, "#1:25 #2:25"),
    "none in C":                         (C(), "50 50*", 50, "#1:25 #2:25"),
    "none in T":                         (T(), "50 50*", 50, "#1:50"),
    "in K":                              (K(top_max=10), "50 50*", 50, "#2:22 #1:28"),
    "in S":                              (S(top_min=51), "50 50*", 50, "#1:50"),
    "shows less than it has":            (A(), "50 60/10*", 50, "#2:10 #1:40"),
}
MAKER: Mapping[str, Case] = {
    "rounded down":                 (T(lmm=HALF), "9 9=MM1", 7, "#1:4 #2:3"),
    "of what TOP has left":         (S(lmm=HALF), "10* 90 90=MM1", 50, "#1:10 #2:20 #3:20"),
    "of nothing":                   (S(lmm=HALF), "50* 90 90=MM1", 50, "#1:50"),
    "promised more than there is": (T(lmm=makers(MM1=80, MM2=60)), "9 50=MM1 50=MM2", 20,
                                    "#2:16 #3:4"),
    "all of the same quantity":     (T(lmm=makers(MM1=50, MM2=50)), "9 50=MM1 50=MM2", 20,
                                     "#2:10 #3:10"),
    "several orders, in time order": (T(lmm=HALF), "60 4=MM1 30=MM1 30=MM1", 50,
                                      "#1:25 #3:21 #2:4"),
    "several orders are one maker":  (T(lmm=HALF), "60 30=MM1 30=MM1", 50, "#1:25 #2:25"),
    "no more than its size":        (T(lmm=HALF), "90 5=MM1 5=MM1", 50, "#1:40 #2:5 #3:5"),
    "no more than it shows":        (T(lmm=HALF), "90 90/5=MM1", 50, "#1:45 #2:5"),
    "its TOP order is filled as TOP": (S(lmm=HALF), "10*=MM1 90", 50, "#1:10 #2:40"),
    "the rest of its TOP order is no LMM order": (
        S(lmm=HALF, top_max=10), "90 60*=MM1", 50, "#2:10 #1:40"),
    "its other orders keep the whole share": (
        S(lmm=HALF, top_max=10), "90 60*=MM1 60=MM1", 50, "#2:10 #1:20 #3:20"),
    "too small for TOP, it is an LMM order": (
        S(lmm=HALF, top_min=70), "90 60*=MM1", 50, "#1:25 #2:25"),
    "in T nobody is TOP":           (T(lmm=HALF), "90 60*=MM1", 50, "#1:25 #2:25"),
    "a maker without orders":       (T(lmm=HALF), "90 90=MM2", 50, "#1:50"),
    "everything":                   (T(lmm=makers(MM1=100)), "90 60=MM1", 50, "#2:50"),
    "an exact part of a percent":   (T(lmm=makers(MM1=Decimal("33.3"))), "9999 999=MM1", 1000,
                                     "#1:667 #2:333"),
    "exact where a float is not":   (T(lmm=makers(MM1=Decimal("0.07"))), "99999 99=MM1", 10000,
                                     "#1:9993 #2:7"),
    "in Q":                         (Q(lmm=HALF), "60 40=MM1 20", 60, "#2:33 #1:21 #3:6"),
}
PRO_RATA: Mapping[str, Case] = {
    "rounded down":              (C(minimum=1), "3 3 3", 5, "#1:3 #2:1 #3:1"),
    "exactly the minimum":       (C(minimum=2), "8 4 4", 8, "#1:4 #2:2 #3:2"),
    "below it, nothing":         (C(minimum=3), "8 4 4", 8, "#1:8"),
    "the minimum is above all":  (C(minimum=9), "4 8 4", 8, "#1:4 #2:4"),
    "one lot":                   (C(minimum=1), "4 8 4", 1, "#1:1"),
    "one order":                 (C(), "9", 5, "#1:5"),
    "the rest is FIFO":          (C(), "3 100 3", 30, "#2:28 #1:2"),
    "the rest reaches a second": (C(minimum=4), "2 3 20", 8, "#3:6 #1:2"),
    "the rest fills one, and goes on": (C(minimum=9), "2 3 20", 8, "#2:3 #3:3 #1:2"),
    "over what is shown":        (C(minimum=1), "100/10 10", 10, "#1:5 #2:5"),
    "more than all that is shown": (C(minimum=1), "100/10 10", 50, "#1:10 #2:10"),
    "minimum of A":              (A(), "1 99", 100 - 1, "#2:98 #1:1"),
    "minimum of O":              (O(), "1 1 98", 50, "#3:49 #1:1"),
    "minimum of Q":              (Q(minimum=2), "30 2 68", 50, "#3:34 #1:16"),
    "minimum 1 of Q":            (Q(minimum=1), "30 2 68", 50, "#3:34 #1:15 #2:1"),
    "minimum of K":              (K(fifo_percent=0, leveling=False), "49 2 49", 50,
                                  "#1:26 #3:24"),
    "minimum 1 of K":            (K(fifo_percent=0, leveling=False, minimum=1), "49 2 49", 50,
                                  "#1:25 #3:24 #2:1"),
}
LEVELED: Mapping[str, Case] = {
    "the largest first":           (K(fifo_percent=0), "10 20 30", 2, "#2:1 #3:1"),
    "ties by time":                (K(fifo_percent=0), "10 20 20 20", 2, "#2:1 #3:1"),
    "until all is given":          (K(fifo_percent=0, minimum=9), "10 20 30", 3, "#1:1 #2:1 #3:1"),
    "what is left then is FIFO":   (K(fifo_percent=0, minimum=9), "10 20 30", 5, "#1:3 #2:1 #3:1"),
    "not those with a share":      (K(fifo_percent=0), "200 100 100 6 5", 100,
                                    "#1:50 #2:24 #3:24 #4:1 #5:1"),
    "by what remains, not by size": (K(fifo_percent=50), "10 9 100", 12, "#1:6 #3:5 #2:1"),
    "filled, it needs no lot":     (K(fifo_percent=50, minimum=90), "5 20 30", 10,
                                    "#1:5 #2:4 #3:1"),
    "off":                         (K(fifo_percent=0, minimum=9, leveling=False), "10 20 30", 3,
                                    "#1:3"),
}
EXCEPTION: Mapping[str, Case] = {
    "all of the level":      (A(), "10 50 40*", 100, "#1:10 #2:50 #3:40"),
    "more than the level":   (A(), "10 50 40*", 101, "#1:10 #2:50 #3:40"),
    "all but one lot":       (A(), "10 50 40*", 99, "#3:40 #2:49 #1:10"),
    "all that is shown":     (A(), "10 100/50 40*", 100, "#3:40 #2:50 #1:10"),
    "hidden quantity, too":  (A(), "10 100/50 40*", 150, "#1:10 #2:50 #3:40"),
    "one lot short of it":   (A(), "10 100/50 40*", 149, "#3:40 #2:50 #1:10"),
    "of S":                  (S(), "10 50 40*", 100, "#1:10 #2:50 #3:40"),
    "of C":                  (C(), "10 50 40", 100, "#1:10 #2:50 #3:40"),
    "one order":             (C(), "10", 10, "#1:10"),
}
SEQUENCE: Mapping[str, Case] = {
    "TOP, then the largest":     (O(top_max=5), "20 30 5* 10", 30, "#3:5 #2:12 #1:9 #4:4"),
    "TOP though it gets least":  (O(), "90 1* 90", 31, "#2:1 #1:15 #3:15"),
    "no TOP step, no TOP":       (C(minimum=1), "20 40 5*", 13, "#2:8 #1:4 #3:1"),
    "not TOP, as it is too small": (O(top_min=9), "20 40 5*", 13, "#2:8 #1:4 #3:1"),
    "by the total of the steps": (K(lmm=makers(MM1=50)), "20 50 40=MM1", 50,
                                  "#3:28 #1:12 #2:10"),
    "ties by time":              (C(minimum=1), "5 9 5 9", 14, "#1:4 #2:4 #4:4 #3:2"),
}
# fmt: on


def sharing(table: Mapping[str, Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("algorithm", "orders", "quantity", "expected"), table.values(), ids=table.keys()
    )


@pytest.mark.rule("MATCH-4", "MATCH-5")
@sharing(TOP)
def test_who_is_filled_as_top(
    algorithm: Stepwise, orders: str, quantity: Qty, expected: str
) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


@pytest.mark.rule("MATCH-6", "MATCH-7")
@sharing(MAKER)
def test_what_a_lead_market_maker_gets(
    algorithm: Stepwise, orders: str, quantity: Qty, expected: str
) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


@pytest.mark.rule("MATCH-8", "MATCH-11")
@sharing(PRO_RATA)
def test_pro_rata_and_the_rest(
    algorithm: Stepwise, orders: str, quantity: Qty, expected: str
) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


@pytest.mark.rule("MATCH-9")
@pytest.mark.parametrize(
    ("percent", "quantity", "share"),
    [
        (40, 7, 3),
        (50, 5, 3),
        (50, 4, 2),
        (Decimal("49.9"), 5, 2),
        (Decimal("50.1"), 5, 3),
        (Decimal("0.5"), 100, 1),
        (Decimal("0.4999"), 100, 0),
        (0, 9, 0),
        (100, 9, 9),
    ],
)
def test_fifo_part_of_a_split(percent: Decimal | int, quantity: Qty, share: Qty) -> None:
    split = K(fifo_percent=percent, leveling=False)

    given = by_step(quantity, queue_of("100 100"), split.steps)

    assert told(given)[2] == f"Fifo {share} 0"


@pytest.mark.parametrize("percent", [Decimal("33.3"), Decimal("0.07"), Decimal(1), Decimal(99)])
def test_a_percentage_is_exact_however_large_the_quantity(percent: Decimal) -> None:
    large = 10**40 - 1  # more digits than Decimal's arithmetic keeps
    exact = Fraction(percent) * large / 100

    assert rounded_down(large, percent) == math.floor(exact)
    assert rounded_half_up(large, percent) == math.floor(exact + Fraction(1, 2))


@pytest.mark.rule("MATCH-10")
@sharing(LEVELED)
def test_leveling(algorithm: Stepwise, orders: str, quantity: Qty, expected: str) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


@pytest.mark.rule("MATCH-12")
@sharing(EXCEPTION)
def test_who_takes_a_whole_level_fills_it_in_time_order(
    algorithm: Stepwise, orders: str, quantity: Qty, expected: str
) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


@pytest.mark.rule("MATCH-13")
@sharing(SEQUENCE)
def test_sequence_of_the_fills(
    algorithm: Stepwise, orders: str, quantity: Qty, expected: str
) -> None:
    assert sequence(algorithm.allocate(quantity, queue_of(orders))) == expected


# --- settings --------------------------------------------------------------------------

# fmt: off
REFUSED: Mapping[str, tuple[str, Mapping[str, Any], str, str]] = {
    "no lot as a minimum":     ("C", {"minimum": 0}, "minimum", "must be >= 1, was 0"),
    "part of a lot":           ("A", {"minimum": 1.5}, "minimum", "expected a whole number"),
    "TOP minimum":             ("S", {"top_min": 0}, "top_min", "must be >= 1, was 0"),
    "TOP maximum":             ("O", {"top_max": 0}, "top_max", "must be >= 1, was 0"),
    "a maximum below the minimum": (
        "O", {"top_min": 10, "top_max": 9}, "top_max",
        "must be at least top_min, which is 10, was 9"),
    "less than nothing":       ("T", {"lmm": {"MM1": -1}}, "lmm", "MM1 is granted -1 %"),
    "more than everything":    ("T", {"lmm": {"MM1": 101}}, "lmm", "MM1 is granted 101 %"),
    "a float":                 ("S", {"lmm": {"MM1": 0.5}}, "lmm.MM1", "expected a decimal"),
    "above the cap":           (
        "T", {"lmm": {"MM1": 50, "MM2": "0.1"}, "lmm_cap": 50}, "lmm_cap",
        "are granted 50 + 0.1 %, expected at most 50 %"),
    "a cap of too much":       ("T", {"lmm_cap": 101}, "lmm_cap", "must be from 0 to 100 %"),
    "a split of too much":    ("K", {"fifo_percent": 101}, "fifo_percent", "must be from 0 to 100"),
    "a split below nothing":   ("K", {"fifo_percent": -1}, "fifo_percent", "must be from 0 to 100"),
    "leveling is on or off":   ("K", {"leveling": 1}, "leveling", "expected true or false"),
    "C has no TOP":            ("C", {"top_min": 1}, "", "unknown key 'top_min'"),
    "T has no TOP":            ("T", {"top_max": 1}, "", "unknown key 'top_max'"),
    "S has no pro rata":       ("S", {"minimum": 1}, "", "unknown key 'minimum'"),
    "A has no market makers":  ("A", {"lmm": {}}, "", "unknown key 'lmm'"),
}
ACCEPTED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "a minimum of one":      ("C", {"minimum": 1}),
    "bounds of TOP alike":   ("O", {"top_min": 9, "top_max": 9}),
    "nothing and everything": ("T", {"lmm": {"MM1": 100, "MM2": 0}}),
    "just everything":       ("Q", {"lmm": {"MM1": "50.5", "MM2": "49.5"}}),
    "just the cap":          ("S", {"lmm": {"MM1": "24.5", "MM2": "25.5"}, "lmm_cap": 50}),
    "no cap":                ("S", {"lmm": {"MM1": 60, "MM2": 40}}),
    "all FIFO":              ("K", {"fifo_percent": 100}),
    "all pro rata":          ("K", {"fifo_percent": 0}),
}
# fmt: on


@pytest.mark.parametrize(("code", "settings", "path", "what"), REFUSED.values(), ids=REFUSED.keys())
def test_a_setting_that_cannot_be_is_named(
    code: str, settings: Mapping[str, Any], path: str, what: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        structure(settings, matching_algorithms()[code], "matching")

    assert refused.value.where == f"matching.{path}".rstrip(".")
    assert what in refused.value.what


@pytest.mark.parametrize(("code", "settings"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_setting_at_its_limit_is_taken(code: str, settings: Mapping[str, Any]) -> None:
    algorithm: Any = structure(settings, matching_algorithms()[code], "matching")

    taken = attrs.asdict(algorithm)
    for key, each in settings.items():
        wanted = {name: Decimal(of) for name, of in each.items()} if key == "lmm" else each
        assert taken[key] == wanted


def test_defaults() -> None:
    defaults = {code: attrs.asdict(cls()) for code, cls in matching_algorithms().items()}

    top = {"top_min": 1, "top_max": None}
    lmm: dict[str, Any] = {"lmm": {}, "lmm_cap": None}
    assert defaults == {
        "C": {"minimum": 2},
        "A": {**top, "minimum": 2},
        "K": {**top, **lmm, "minimum": 2, "fifo_percent": 40, "leveling": True},
        "O": {**top, "minimum": 1},
        "Q": {**top, **lmm, "minimum": 1},
        "S": {**top, **lmm},
        "T": lmm,
    }


@pytest.mark.parametrize("wrong", [0.5, True, "50", Decimal("NaN"), Decimal("Infinity"), None])
def test_a_percentage_is_a_number_that_is_exact(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"expected a whole number or a Decimal|from 0 to 100 %"):
        T(lmm={CompID("MM1"): wrong})
    with pytest.raises(ValueError, match=r"expected a whole number or a Decimal|from 0 to 100 %"):
        K(fifo_percent=wrong)


def test_percentages_are_added_up_exactly() -> None:
    least = Decimal("1e-40")

    T(lmm=makers(MM1=25, MM2=25), lmm_cap=50)
    with pytest.raises(ValueError, match="at most 50 %"):
        T(lmm=makers(MM1=50, MM2=least), lmm_cap=50)


def test_settings_are_the_algorithms_own() -> None:
    lmm = makers(MM1=50)
    algorithm = T(lmm=lmm)

    lmm[CompID("MM1")] = Decimal(0)

    assert algorithm.lmm == makers(MM1=50)


# --- whatever the level ----------------------------------------------------------------

MAKERS = [CompID("MM1"), CompID("MM2"), CompID("MM3")]


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """Draw a price level: a few orders of a few lots, so that shares tie and round."""
    size = draw(st.integers(1, 7))
    top = draw(st.none() | st.integers(0, size - 1))
    queue = []
    for place in range(size):
        leaves_qty = draw(st.integers(1, 30))
        maker = draw(st.sampled_from([*MAKERS, "ANY"]))
        entered = draw(st.sampled_from([0, 5]))
        queue.append(
            Waiting(
                OrderID(place + 1),
                order(f"{maker} a{place} BUY {leaves_qty + entered} @ 100"),
                leaves_qty,
                shown_qty=draw(st.just(leaves_qty) | st.integers(1, leaves_qty)),
                is_top=place == top,
            )
        )
    return queue


quantities = st.integers(1, 120)
minimums = st.integers(1, 4)
percents = st.decimals(0, 100, places=1) | st.sampled_from([Decimal(0), Decimal(50), Decimal(100)])


@st.composite
def lmms(draw: st.DrawFn) -> dict[CompID, Decimal]:
    return {maker: draw(percents) for maker in draw(st.permutations(MAKERS))}


@st.composite
def settings_of_k(draw: st.DrawFn) -> dict[str, Any]:
    """Draw settings for K, which has all that any of the others has."""
    top_min = draw(st.integers(1, 20))
    return {
        "top_min": top_min,
        "top_max": draw(st.none() | st.integers(top_min, 40)),
        "lmm": draw(lmms()),
        "fifo_percent": draw(percents),
        "minimum": draw(minimums),
        "leveling": draw(st.booleans()),
    }


@st.composite
def algorithms(draw: st.DrawFn) -> Stepwise:
    cls = draw(st.sampled_from(sorted(matching_algorithms().items())))[1]
    settings = draw(settings_of_k())
    algorithm = cls(**{key: each for key, each in settings.items() if hasattr(cls(), key)})
    assert isinstance(algorithm, Stepwise)
    return algorithm


@given(algorithms(), queues(), quantities)
def test_all_that_can_be_is_handed_out_and_nobody_gets_more_than_he_shows(
    algorithm: Stepwise, queue: list[Waiting], quantity: Qty
) -> None:
    fills = algorithm.allocate(quantity, queue)

    shown = {one.order_id: one.shown_qty for one in queue}
    filled = [queued.order_id for queued, _ in fills]
    assert sum(qty for _, qty in fills) == min(quantity, sum(shown.values()))
    assert all(1 <= qty <= shown[queued.order_id] for queued, qty in fills)
    assert len(filled) == len(set(filled))
    assert all(any(queued is one for one in queue) for queued, _ in fills)


@given(algorithms(), queues(), quantities)
def test_an_algorithm_is_a_function(
    algorithm: Stepwise, queue: list[Waiting], quantity: Qty
) -> None:
    before = list(queue)

    first = list(algorithm.allocate(quantity, queue))

    assert list(algorithm.allocate(quantity, queue)) == first
    assert list(copy.deepcopy(algorithm).allocate(quantity, tuple(queue))) == first
    assert queue == before


@given(settings_of_k(), queues(), quantities)
def test_who_is_listed_first_among_the_makers_does_not_matter(
    settings: dict[str, Any], queue: list[Waiting], quantity: Qty
) -> None:
    turned = {**settings, "lmm": dict(reversed(settings["lmm"].items()))}

    assert K(**turned).allocate(quantity, queue) == K(**settings).allocate(quantity, queue)


@given(algorithms(), queues(), st.integers(0, 9))
def test_who_takes_all_of_any_level_fills_it_in_time_order(
    algorithm: Stepwise, queue: list[Waiting], more: int
) -> None:
    fills = algorithm.allocate(sum(one.leaves_qty for one in queue) + more, queue)

    assert list(fills) == [(one, one.shown_qty) for one in queue]


@given(algorithms(), queues(), quantities)
def test_below_that_top_is_first_then_the_largest_then_the_oldest(
    algorithm: Stepwise, queue: list[Waiting], quantity: Qty
) -> None:
    quantity = min(quantity, sum(one.leaves_qty for one in queue) - 1)
    if not quantity:
        return
    top_min = getattr(algorithm, "top_min", None)

    fills = list(algorithm.allocate(quantity, queue))

    top = [one for one in queue if one.is_top and top_min and one.order.order_qty >= top_min]
    assert [queued for queued, _ in fills][: len(top)] == top
    others = [(-qty, queued.order_id) for queued, qty in fills[len(top) :]]
    assert others == sorted(others)


@given(queues(), quantities, minimums)
def test_a_pro_rata_share_is_the_exact_one_rounded_down_or_none(
    queue: list[Waiting], quantity: Qty, minimum: Qty
) -> None:
    total = sum(one.shown_qty for one in queue)
    quantity = min(quantity, total)

    (_, shares), *_ = by_step(quantity, queue, C(minimum=minimum).steps)

    for one, share in zip(queue, shares, strict=True):
        exact = Fraction(one.shown_qty * quantity, total)
        assert share <= exact
        assert exact < share + 1 or (share == 0 and exact < minimum)
        assert share == 0 or share >= minimum


@given(settings_of_k(), queues(), quantities)
def test_each_algorithm_is_a_case_of_k(
    settings: dict[str, Any], queue: list[Waiting], quantity: Qty
) -> None:
    k, minimum, lmm = settings, settings["minimum"], settings["lmm"]
    top = {"top_min": k["top_min"], "top_max": k["top_max"]}
    all_pro_rata = {**k, "fifo_percent": 0, "leveling": False}
    nobody_is_top = [attrs.evolve(one, is_top=False) for one in queue]

    def agree(one: Stepwise, other: Stepwise, queue: list[Waiting] = queue) -> bool:
        return one.allocate(quantity, queue) == other.allocate(quantity, queue)

    assert agree(S(**top, lmm=lmm), K(**{**k, "fifo_percent": 100}))
    assert agree(Q(**top, lmm=lmm, minimum=minimum), K(**all_pro_rata))
    assert agree(O(**top, minimum=minimum), K(**{**all_pro_rata, "lmm": {}}))
    assert agree(A(**top, minimum=minimum), O(**top, minimum=minimum))
    assert agree(C(minimum=minimum), A(minimum=minimum), nobody_is_top)
    assert agree(T(lmm=lmm), S(lmm=lmm), nobody_is_top)


@given(settings_of_k(), queues(), quantities)
def test_k_hands_out_what_its_rules_add_up_to(
    settings: dict[str, Any], queue: list[Waiting], quantity: Qty
) -> None:
    """Against the rules of the ledger, told anew: in fractions, and one order at a time."""
    fills = K(**settings).allocate(quantity, queue)

    assert totals(fills, queue) == " ".join(map(str, as_the_rules_say(quantity, queue, **settings)))


def as_the_rules_say(
    quantity: Qty,
    queue: Sequence[Waiting],
    *,
    top_min: Qty,
    top_max: Qty | None,
    lmm: Mapping[CompID, Decimal],
    fifo_percent: Decimal,
    minimum: Qty,
    leveling: bool,
) -> list[Qty]:
    total = [0] * len(queue)

    def give(place: int, qty: Qty | Fraction) -> Qty:
        lots = min(int(qty), queue[place].shown_qty - total[place])
        total[place] += lots
        return lots

    def in_time_order(qty: Qty) -> Qty:
        given = 0
        for place in range(len(queue)):
            given += give(place, qty - given)
        return given

    if quantity >= sum(one.leaves_qty for one in queue):
        return [one.shown_qty for one in queue]
    left = min(quantity, sum(one.shown_qty for one in queue))
    as_top = None
    for place, one in enumerate(queue):
        if one.is_top and one.order.order_qty >= top_min:
            as_top = place
            left -= give(place, left if top_max is None else min(left, top_max))
    due = {maker: int(Fraction(percent) * left / 100) for maker, percent in lmm.items()}
    for place, one in enumerate(queue):
        maker = one.order.sender_comp_id
        if maker in due and place != as_top:
            lots = give(place, min(due[maker], left))
            due[maker] -= lots
            left -= lots
    left -= in_time_order(int(Fraction(fifo_percent) * left / 100 + Fraction(1, 2)))
    asked = [one.shown_qty - qty for one, qty in zip(queue, total, strict=True)]
    shares = [Fraction(left * each, sum(asked) or 1) for each in asked]
    without = []
    for place, share in enumerate(shares):
        if share >= minimum:
            left -= give(place, share)
        else:
            without.append(place)
    if leveling:
        for place in sorted(without, key=lambda place: (-asked[place], place)):
            left -= give(place, min(left, 1))
    assert left - in_time_order(left) == 0
    return total
