"""Who of a price level trades how much: CME's steps, each one a full pass over the queue.

An algorithm is a list of steps.  Every step hands some of what is left to some orders;
what an order gets of all steps is one trade.

Source: CME, matching algorithm steps, as in sections 5.1 to 5.3 of our extract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import TypeAlias

import attrs


@attrs.frozen
class InLine:
    """An order in the queue of a price level."""

    order_id: int
    owner: str
    qty: int
    """What it was entered with."""

    left: int
    """All of it, hidden or not."""

    shown: int
    top: bool = False


@attrs.define
class Round:
    """What is to be handed out, and who has got what of it."""

    quantity: int
    queue: Sequence[InLine]
    got: dict[int, int] = attrs.field(factory=dict)
    """What each order has got so far."""

    as_top: list[int] = attrs.field(factory=list)
    """The order that has been filled as TOP, if one has."""

    @property
    def undealt(self) -> int:
        return self.quantity - sum(self.got.values())

    def room(self, one: InLine) -> int:
        return one.shown - self.got.get(one.order_id, 0)

    def give(self, one: InLine, quantity: int) -> int:
        """Give *one* so much, or what there is and what it has room for."""
        quantity = min(quantity, self.room(one), self.undealt)
        if quantity > 0:
            self.got[one.order_id] = self.got.get(one.order_id, 0) + quantity
        return max(quantity, 0)


Step: TypeAlias = Callable[[Round], None]


@attrs.frozen
class PlainAlgorithm:
    """One matching algorithm with its settings."""

    steps: Sequence[Step]

    def allocate(self, quantity: int, queue: Sequence[InLine]) -> list[tuple[int, int]]:
        """Return who gets how much, in the order in which they trade.

        First the order filled as TOP, then the largest fill; in time order where time
        is all that counts.
        """
        dealing = Round(quantity, queue)
        takes_it_all = quantity >= sum(one.left for one in queue)
        for step in [fifo] if takes_it_all else [*self.steps, fifo]:
            step(dealing)
        fills = [(one.order_id, dealing.got.get(one.order_id, 0)) for one in queue]
        if self.steps and not takes_it_all:
            fills.sort(key=lambda fill: (fill[0] not in dealing.as_top, -fill[1]))
        return [fill for fill in fills if fill[1]]


def fifo(dealing: Round) -> None:
    for one in dealing.queue:
        dealing.give(one, dealing.undealt)


def top(least: int = 1, most: int | None = None) -> Step:
    """Return the step of the order that bettered the market."""

    def step(dealing: Round) -> None:
        for one in dealing.queue:
            if one.top and one.qty >= least:
                dealing.give(one, dealing.undealt if most is None else most)
                dealing.as_top.append(one.order_id)

    return step


def lead_market_makers(percents: Mapping[str, int]) -> Step:
    """Return the step of those who get a part of everything; *percents* by session."""

    def step(dealing: Round) -> None:
        base = dealing.undealt
        seen: list[str] = []
        for first in dealing.queue:
            if first.owner not in percents or first.owner in seen:
                continue
            if first.order_id in dealing.as_top:
                continue
            seen.append(first.owner)
            part = floor(Fraction(percents[first.owner], 100) * base)
            for one in dealing.queue:
                if one.owner == first.owner and one.order_id not in dealing.as_top:
                    part -= dealing.give(one, part)

    return step


def pro_rata(least: int = 1, *, leveling: bool = False) -> Step:
    """Return the step in which size counts, and time does not."""

    def step(dealing: Round) -> None:
        room = {one.order_id: dealing.room(one) for one in dealing.queue}
        total, entering = sum(room.values()), dealing.undealt
        if not total:
            return
        shares = {
            one.order_id: floor(Fraction(room[one.order_id], total) * entering)
            for one in dealing.queue
        }
        shares = {order_id: share if share >= least else 0 for order_id, share in shares.items()}
        for one in sorted(dealing.queue, key=lambda one: -shares[one.order_id]):
            dealing.give(one, shares[one.order_id])
        if leveling:
            for one in sorted(dealing.queue, key=lambda one: -room[one.order_id]):
                if not shares[one.order_id]:
                    dealing.give(one, 1)

    return step


def first_part_fifo(percent: int) -> Step:
    """Return the step that hands out *percent* of what is left in time order, half up."""

    def step(dealing: Round) -> None:
        part = floor(Fraction(percent, 100) * dealing.undealt + Fraction(1, 2))
        for one in dealing.queue:
            part -= dealing.give(one, part)

    return step


def f() -> PlainAlgorithm:
    return PlainAlgorithm([])


def c(least: int = 2) -> PlainAlgorithm:
    return PlainAlgorithm([pro_rata(least)])


def a(least: int = 2, top_min: int = 1, top_max: int | None = None) -> PlainAlgorithm:
    return PlainAlgorithm([top(top_min, top_max), pro_rata(least)])


def k(
    fifo_percent: int,
    percents: Mapping[str, int],
    least: int = 2,
    *,
    leveling: bool = True,
    top_min: int = 1,
    top_max: int | None = None,
) -> PlainAlgorithm:
    return PlainAlgorithm(
        [
            top(top_min, top_max),
            lead_market_makers(percents),
            first_part_fifo(fifo_percent),
            pro_rata(least, leveling=leveling),
        ]
    )


def o(least: int = 1, top_min: int = 1, top_max: int | None = None) -> PlainAlgorithm:
    return PlainAlgorithm([top(top_min, top_max), pro_rata(least)])


def q(
    percents: Mapping[str, int], least: int = 1, top_min: int = 1, top_max: int | None = None
) -> PlainAlgorithm:
    return PlainAlgorithm([top(top_min, top_max), lead_market_makers(percents), pro_rata(least)])


def s(percents: Mapping[str, int], top_min: int = 1, top_max: int | None = None) -> PlainAlgorithm:
    return PlainAlgorithm([top(top_min, top_max), lead_market_makers(percents)])


def t(percents: Mapping[str, int]) -> PlainAlgorithm:
    return PlainAlgorithm([lead_market_makers(percents)])
