"""Matching algorithms, asked to share what arrives at a drawn price level."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
from hypothesis import strategies as st

from ...market.fix import Side
from ...market.identifiers import ClOrdID, CompID, OrderID, Qty, Symbol
from ...market.matching import Algorithm, Queued
from ...market.messages import NewOrderSingle
from ...plugins.findings import ANSWERS, DETERMINISTIC
from ...plugins.observing import Observer
from .claims import CONSERVES, PRIORITY
from .explore import Timing, Trial
from .market_day import told
from .rule_sets import measured


@attrs.frozen(kw_only=True)
class Waits:
    """One order of the level."""

    leaves: Qty
    shown: Qty | None = None
    """Of an iceberg, what is displayed; None for all."""

    entered: Qty | None = None
    """What it was entered for, where some of that is filled."""

    maker: str = "ANY"


@attrs.frozen
class Level:
    """What arrives, and what waits, in time priority."""

    quantity: Qty
    queue: tuple[Waits, ...]
    has_top: bool = False
    """Whether the first is the order that bettered its side of the market."""


@attrs.frozen
class Waiting:
    """An order of a price level, as a book shows it to an algorithm."""

    order_id: OrderID
    order: NewOrderSingle
    leaves_qty: Qty
    shown_qty: Qty
    is_top: bool = False


_qty = st.one_of(st.integers(1, 12), st.integers(1, 2000))
_waits = st.builds(
    Waits,
    leaves=_qty,
    shown=st.one_of(st.none(), st.none(), st.integers(1, 5)),
    entered=st.one_of(st.none(), st.none(), _qty),
    maker=st.sampled_from(("ANY", "ANY", "MM1", "MM2")),
)


class AlgorithmBench:
    """One algorithm with its settings."""

    kind = "matching_algorithms"
    slowness = 1

    def __init__(self, name: str, make: Callable[[], Algorithm]) -> None:
        self.name = name
        self._make = make
        most = 1 if make().would is True else 8
        self.subjects = (f"{name}.allocate",)
        self.strategy: st.SearchStrategy[Level] = st.builds(
            Level, _qty, st.lists(_waits, min_size=1, max_size=most).map(tuple), st.booleans()
        )

    def show(self, level: Level) -> str:
        lines = [f"{level.quantity} arrive; there wait"]
        return "\n".join([*lines, *map(told, level.queue)]) + "\nthe first is TOP" * level.has_top

    def run(self, level: Level, trial: Trial) -> None:
        algorithm, subject = self._make(), self.subjects[0]
        queue = _queue(level)
        would = algorithm.would
        if type(would) is not bool:
            trial.note(subject, ANSWERS, f"`would` must be True or False, was {would!r}")
            return
        try:
            fills = Observer(algorithm, trial).ask(
                subject,
                lambda: _listed(algorithm.allocate(level.quantity, queue)),
                (queue,),
                lambda answer: _objection(answer, queue),
            )
        except Exception:
            return  # the observer has noted it
        if (subject, ANSWERS) in trial.faults:
            return
        trial.said.append((subject, _said(fills)))
        given = {queued.order_id: qty for queued, qty in fills}
        due = min(level.quantity, sum(each.shown_qty for each in queue))
        handed = sum(given.values())
        fault = "" if handed == due else f"handed out {handed} of {due}: {_said(fills)}"
        trial.note(subject, CONSERVES, fault)
        self._priority(queue, given, due, trial)
        theirs = _said(self._make().allocate(level.quantity, queue))
        differs = "" if theirs == _said(fills) else f"{theirs} instead of {_said(fills)}"
        trial.note(subject, DETERMINISTIC, differs)

    def _priority(
        self, queue: Sequence[Waiting], given: dict[OrderID, Qty], due: Qty, trial: Trial
    ) -> None:
        if due == sum(each.shown_qty for each in queue):
            return  # all are filled
        for earlier, later in itertools.combinations(queue, 2):
            if _alike(earlier) == _alike(later):
                first, second = (given.get(each.order_id, 0) for each in (earlier, later))
                fault = f"order {later.order_id} got {second}, and the earlier "
                fault += f"{earlier.order_id}, which is like it, {first}"
                trial.note(self.subjects[0], PRIORITY, fault if second > first else "")

    def timed(self, level: Level, timings: dict[str, Timing]) -> None:
        timing = timings.setdefault(self.subjects[0], Timing())
        algorithm, queue = self._make(), _queue(level)
        measured(
            timing,
            lambda: _listed(algorithm.allocate(level.quantity, queue)),
            lambda: _first_come(level.quantity, queue),
        )


def _queue(level: Level) -> list[Waiting]:
    queue = []
    for number, waits in enumerate(level.queue, 1):
        shown = waits.leaves if waits.shown is None else min(waits.shown, waits.leaves)
        order = NewOrderSingle(
            sender_comp_id=CompID(waits.maker),
            cl_ord_id=ClOrdID(str(number)),
            symbol=Symbol("TEST"),
            side=Side.BUY,
            order_qty=max(waits.leaves, waits.entered or 0),
            price=100,
            display_qty=waits.shown,
        )
        queue.append(
            Waiting(OrderID(number), order, waits.leaves, shown, level.has_top and number == 1)
        )
    return queue


def _first_come(quantity: Qty, queue: Sequence[Queued]) -> list[tuple[Queued, Qty]]:
    """Share *quantity* in the simplest way there is: what others are measured against."""
    fills = []
    for queued in queue:
        share = min(quantity, queued.shown_qty)
        if not share:
            break
        fills.append((queued, share))
        quantity -= share
    return fills


def _alike(waiting: Waiting) -> tuple[object, ...]:
    order = waiting.order
    return (
        order.sender_comp_id,
        order.order_qty,
        waiting.leaves_qty,
        waiting.shown_qty,
        waiting.is_top,
    )


def _listed(fills: Iterable[tuple[Queued, Qty]]) -> list[Any]:
    return [*fills]


def _said(fills: Iterable[tuple[Queued, Qty]]) -> str:
    return ", ".join(f"order {queued.order_id}: {qty}" for queued, qty in fills)


def _objection(fills: Any, queue: Sequence[Waiting]) -> str:
    shown = {waiting.order_id: waiting.shown_qty for waiting in queue}
    try:
        for queued, qty in fills:
            if not any(queued is waiting for waiting in queue):
                return f"{queued!r} was not in the queue"
            if type(qty) is not int or not 0 < qty <= shown.pop(queued.order_id, 0):
                return f"order {queued.order_id} cannot get {qty!r}"
    except (TypeError, ValueError):
        return f"found {fills!r}: expected pairs of an order and a quantity"
    return ""
