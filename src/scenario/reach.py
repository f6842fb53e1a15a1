"""What runs come to: for each goal, with which types of orders and in which trading states.

One run's `Sightings` are taken down as its journal is written; a `Reach` adds up those of many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from ..market.identifiers import Symbol
from ..market.messages import NewOrderSingle, OrderCancelReplaceRequest
from ..market.operations import SecurityStatus
from ..market.quotes import MassQuote
from ..market.sessions import CONTINUOUS
from ..market.wording import order_kind
from ..plugins.watching import Goal, Lookout, Reached, SearchedFloor
from ..runtime.journal import Entry
from .watch import InvariantFailed

if TYPE_CHECKING:
    from .plan import Plan


class Cell(NamedTuple):
    """One place of the map."""

    goal: str
    order_type: str
    """Empty where no order has to do with it."""

    state: str
    """The trading state in which its request found the instrument; empty outside of markets."""


ENTERED = "a request comes to an exchange"
"""The goal whose places are the orders and states that there were at all."""

_See: TypeAlias = Callable[[Entry], Iterable[Reached]]


class Sightings:
    """What one run comes to."""

    def __init__(self) -> None:
        self.goals: dict[str, Goal] = {}
        """What it could have come to, by name."""

        self.cells: dict[Cell, int] = {}
        """How often it came to each place of the map."""

        self.seq = 0
        """The latest entry: it rises while the run gets on."""

        self._lookouts: list[tuple[str, Lookout]] = []
        self._seeing: dict[type, list[tuple[str, _See]]] = {}
        self._exchanges: frozenset[str] = frozenset()
        self._symbols: frozenset[Symbol] = frozenset()
        self._asked: dict[int, tuple[str, Symbol | None]] = {}
        """The type and the instrument of each order that an exchange got, by its entry."""

        self._states: dict[Symbol, tuple[list[int], list[str]]] = {}
        """In which state each instrument is for what comes after which entry."""

    def besides(
        self, watch: Callable[[Entry], object], plan: Plan, floor: SearchedFloor
    ) -> Callable[[Entry], object]:
        """Return what shows each entry of a run to *watch*, and then takes down what it shows.

        Raises:
            InvariantFailed: if a sometimes invariant raises.
        """
        self._exchanges = frozenset(plan.venues)
        for venue in plan.venues.values():
            self._states |= {symbol: ([0], [CONTINUOUS.name]) for symbol in venue.instruments}
            for board in venue.boards:
                self._states |= {symbol: ([0], [board.state.name]) for symbol in board.symbols}
        self.goals[ENTERED] = Goal(ENTERED)
        for name, sometimes in plan.sometimes.items():
            try:
                lookout = sometimes.look_out(floor)
                if lookout is not None:
                    self._lookouts.append((name, lookout))
                    self.goals |= {goal.name: goal for goal in lookout.goals}
            except Exception as error:  # it is anybody's code
                raise InvariantFailed(name, None, error) from error

        def both(entry: Entry) -> None:
            watch(entry)
            self._see(entry)

        return both

    def _see(self, entry: Entry) -> None:
        self.seq = entry.seq
        payload = entry.payload
        cls = type(payload)
        if entry.sender is None:
            if cls is SecurityStatus and payload.symbol in self._states:
                since, names = self._states[payload.symbol]
                since.append(entry.cause)
                names.append(payload.trading_state)
        elif entry.actor in self._exchanges:
            self._request(entry)
        seeing = self._seeing.get(cls)
        if seeing is None:
            seeing = self._seeing[cls] = [
                (name, lookout.see)
                for name, lookout in self._lookouts
                if not lookout.sees or issubclass(cls, lookout.sees)
            ]
        for name, see in seeing:
            try:
                for reached in see(entry):
                    self._reached(reached, entry)
            except Exception as error:  # it is anybody's code
                raise InvariantFailed(name, entry, error) from error

    def _request(self, entry: Entry) -> None:
        symbol: Symbol | None = None
        match entry.payload:
            case NewOrderSingle() | OrderCancelReplaceRequest() as order:
                kind, symbol = order_kind(order), order.symbol
            case MassQuote():
                kind = "quote"
            case _:
                return
        self._asked[entry.seq] = kind, symbol
        self._count(ENTERED, kind, symbol, entry.seq)

    def _reached(self, reached: Reached, entry: Entry) -> None:
        kind, symbol = self._asked.get(entry.cause, ("", None))
        if reached.order_type is not None:
            kind = reached.order_type
        self._count(reached.goal, kind, reached.symbol or symbol, entry.cause)

    def _count(self, goal: str, order_type: str, symbol: Symbol | None, seq: int) -> None:
        cell = Cell(goal, order_type, self._state(symbol, seq))
        self.cells[cell] = self.cells.get(cell, 0) + 1

    def _state(self, symbol: Symbol | None, seq: int) -> str:
        """Return the state in which the request numbered *seq* found an instrument."""
        if symbol not in self._states:
            return ""
        since, names = self._states[symbol]
        return names[max(0, bisect_left(since, seq) - 1)] if seq else names[-1]


@attrs.frozen
class Place:
    """How often a place of the map was reached."""

    runs: int
    """In how many runs."""

    first: int
    """The first of these: a seed, or what else numbers runs."""


@attrs.define
class Reach:
    """What many runs have come to."""

    runs: int = 0
    goals: dict[str, Goal] = attrs.field(factory=dict)
    """What could be reached, by name."""

    places: dict[Cell, Place] = attrs.field(factory=dict)

    def new(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """Return those of *cells* that have not been reached before."""
        return tuple(cell for cell in cells if cell not in self.places)

    def add(self, number: int, cells: Iterable[Cell]) -> None:
        """Take in what one run has come to.

        Args:
            number: the run's.
        """
        self.runs += 1
        for cell in cells:
            place = self.places.get(cell)
            self.places[cell] = (
                Place(1, number)
                if place is None
                else Place(place.runs + 1, min(place.first, number))
            )

    @property
    def reached(self) -> tuple[str, ...]:
        """The goals that were reached, those that could be first and in their order."""
        met = dict.fromkeys(cell.goal for cell in self.places)
        return (*(name for name in self.goals if name in met), *sorted(met.keys() - self.goals))

    @property
    def never(self) -> tuple[str, ...]:
        """The goals that never were."""
        met = {cell.goal for cell in self.places}
        return tuple(name for name in self.goals if name not in met)

    def cells_of(self, goal: str) -> Mapping[Cell, Place]:
        """Return the places of a goal, by order type and state."""
        return {cell: self.places[cell] for cell in sorted(self.places) if cell.goal == goal}

    def missed(self, goal: str) -> Iterator[Cell]:
        """Yield the places of a goal that were not reached, of the orders and states there were."""
        for cell in self.cells_of(ENTERED):
            wanted = Cell(goal, cell.order_type, cell.state)
            if wanted not in self.places:
                yield wanted

    def shown(self, goals: Iterable[str]) -> frozenset[str]:
        """Return the ids of the rules that *goals* show, and the goals' own names."""
        known = [self.goals.get(name, Goal(name)) for name in goals]
        return frozenset(rule for goal in known for rule in (goal.name, *goal.rules))


def owned_rules(plan: Plan) -> frozenset[str]:
    """Return the ids of the rules of what a scenario has on its floor."""
    names = {
        *(name for venue in plan.venues.values() for name in venue.rule_sets),
        *(name for hosted in plan.order_types.values() for name in hosted),
        *(table.venue for table in plan.tables.exchange if table.venue is not None),
        *(
            each.algorithm
            for table in plan.tables.exchange
            for each in table.instrument
            if each.algorithm is not None
        ),
    }
    return frozenset(
        rule.id
        for plugin in plan.shelf.plugins.listing()
        if plugin.name in plan.shelf.used
        for rule in (
            plugin.rules
            if plugin.rules_by_name is None
            else [rule for name in names for rule in plugin.rules_by_name.get(name, ())]
        )
    )


@attrs.frozen
class RuleCount:
    """What became of the rules of a floor, by their ids, in the order of the ledger."""

    reached: tuple[str, ...]
    never: tuple[str, ...]
    """Rules that a goal shows, and that no run has shown."""

    untold: tuple[str, ...]
    """Rules of what is on the floor that no goal shows."""


def rule_count(reach: Reach, ledger: Iterable[str], owned: Iterable[str]) -> RuleCount:
    """Return which rules were reached.

    Args:
        ledger: the ids of all rules that there are.
        owned: those of what is on the floor.
    """
    met, goals = reach.shown(reach.reached), reach.shown(reach.goals)
    own, ids = frozenset(owned), tuple(ledger)
    return RuleCount(
        reached=tuple(rule for rule in ids if rule in met),
        never=tuple(rule for rule in ids if rule in goals and rule not in met),
        untold=tuple(rule for rule in ids if rule in own and rule not in met | goals),
    )
