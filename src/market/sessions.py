"""Trading states: what an instrument's market takes, and when that changes.

A state is a value that a venue (or a rule set of it) supplies; nothing here knows one
by name.  Instruments belong to boards.  An instrument is in its board's state until it
is put into one of its own, a halt for example, and from then on the board's changes
pass it by, until it is let *rejoin*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
from attrs import validators

from .fix import TimeInForce
from .identifiers import Symbol
from .ledger import Rule

_STATES = "CME Group Client Systems Wiki, market states (457671426, 78446621)"
_CODES = 'NSX, NETS ITCH, "System event codes"'

RULES = (
    Rule(
        "SES-1",
        "A request that the instrument's state does not take is refused with that state's name.",
        f"{_STATES}; {_CODES}",
    ),
    Rule(
        "SES-2",
        "In a state that does not match, orders rest at their limits even if they cross, and"
        " no stop is elected.",
        f"{_STATES}; {_CODES}",
    ),
    Rule(
        "SES-3",
        "Orders that must trade at once (market, market-limit, immediate, fill-or-kill, minimum"
        " quantity) are refused in a state that does not take them.",
        f"{_STATES}, Pre-Open; {_CODES}",
    ),
    Rule(
        "SES-4",
        "A state may run an auction as it is entered, before anything else happens in it.",
        f"{_CODES}, OPEN; {_STATES}, Opening",
    ),
    Rule(
        "SES-5",
        "As a state that ends the day is entered, what is good for the day expires, and what is"
        " good till a date that is not after the venue's; so do stops that have waited to trade"
        " at once. The oldest come first. What is good till a date expires as the next date"
        " begins at the latest; what is good for the day lives until a state ends the day.",
        f"{_STATES}, Close - Final;"
        " CME Group Client Systems Wiki, iLink 2 New Order (46596619), tags 59, 432",
    ),
    Rule(
        "SES-6",
        "A board's change passes by an instrument that has a state of its own; let rejoin, the"
        " instrument takes the state that its board has by then.",
        f"{_CODES}, MATCH_REJOIN",
    ),
)


@attrs.frozen(kw_only=True)
class TradingState:
    """What a market takes while it is in one state (FIX 625, TradingSessionSubID)."""

    name: str = attrs.field(validator=validators.min_len(1))

    enter: bool = True
    """Whether it takes new orders."""

    modify: bool = True
    cancel: bool = True
    match: bool = True
    """Whether orders trade as they arrive."""

    report: bool = True
    """Whether trades made elsewhere may be reported to it."""

    quote: bool = attrs.field()
    """Whether it takes mass quotes; if it takes new orders and matches, it does unless it
    says otherwise."""

    immediate: bool = attrs.field()
    """Whether it takes orders that must trade at once, or not at all; if it matches, it
    does unless it says otherwise."""

    indicative: bool = False
    """Whether the price and quantity of an auction at the moment are published."""

    uncross: bool = False
    """Whether entering it runs the auction first."""

    ends_day: bool = False
    """Whether entering it expires what is good for the day, or until a date that has come."""

    lives: tuple[TimeInForce, ...] = tuple(TimeInForce)
    """The times in force of orders that may be entered, modified or canceled."""

    @quote.default
    def _as_it_is_open(self) -> bool:
        return self.enter and self.match

    @immediate.default
    def _as_it_matches(self) -> bool:
        return self.match

    @immediate.validator
    def _can_match(self, _attribute: object, immediate: bool) -> None:
        if immediate and not self.match:
            raise ValueError(
                f"state {self.name}: takes orders that must trade at once, and does not match"
            )

    def __str__(self) -> str:
        return self.name


CONTINUOUS = TradingState(name="CONTINUOUS")
"""Takes everything, always: the state of an instrument that is on no board."""


@attrs.frozen(kw_only=True)
class Transition:
    """At a moment of the run, a board enters a state."""

    at_ns: int = attrs.field(validator=validators.ge(0))
    state: TradingState


@attrs.frozen(kw_only=True)
class Board:
    """Instruments that go through the day together (FIX 336, TradingSessionID).

    The timetable is for whoever hosts the exchange, who has the board changed when it is
    time (`floorproof.market.operations`): the exchange itself does nothing unasked.

    Raises:
        ValueError: if the timetable goes back in time, or names two states that differ
            by one name.
    """

    name: str = attrs.field(validator=validators.min_len(1))
    symbols: tuple[Symbol, ...]
    state: TradingState
    """The one that it begins in."""

    timetable: tuple[Transition, ...] = attrs.field(default=())

    @timetable.validator
    def _in_order(self, _attribute: object, timetable: tuple[Transition, ...]) -> None:
        moments = [transition.at_ns for transition in timetable]
        if sorted(set(moments)) != moments:
            raise ValueError(f"board {self.name}: moments of a timetable must rise, were {moments}")
        states_by_name([self.state, *(transition.state for transition in timetable)])

    def states(self) -> Iterator[TradingState]:
        """Yield every state that the timetable leads to, the first one included."""
        yield self.state
        for transition in self.timetable:
            yield transition.state


def states_by_name(states: Iterable[TradingState]) -> dict[str, TradingState]:
    """Return *states* by their names.

    Raises:
        ValueError: if one name stands for two that differ.
    """
    by_name: dict[str, TradingState] = {}
    for state in states:
        known = by_name.setdefault(state.name, state)
        if known != state:
            raise ValueError(f"state {state.name}: defined twice, as {known!r} and {state!r}")
    return by_name
