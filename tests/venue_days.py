"""A venue as a scenario describes it, hosted so that a test may go through its day.

It does what the floor does for an exchange: its boards change when it is time, and rule
sets act at the moments that they asked for, before anything else of that nanosecond.
"""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oracle.shorthand import request, told

from floorproof.market.exchange import Exchange, Request
from floorproof.market.execution import Outcome
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.operations import ChangeTradingState, OperationRefused
from floorproof.market.rules import Publish, Schedule
from floorproof.plugins.binding import venue_manager, venue_rules
from floorproof.plugins.manager import Plugins
from floorproof.scenario.floor import parse
from floorproof.scenario.venues import Venue

BOARD, RULE_SET = 0, 1
"""What comes first of one moment."""


def described(exchange: str, start: str, plugins: Plugins | None = None) -> Venue:
    """Return the exchange X of a scenario that begins at *start*.

    Args:
        exchange: what its table says apart from its name.
    """
    text = f'[scenario]\nname = "s"\nstart = {start}\n[[exchange]]\nname = "X"\n{exchange}'
    return parse(text, plugins=plugins or _installed()).plan.venues[CompID("X")]


@functools.cache
def _installed() -> Plugins:
    return Plugins.discover()


def opened(venue: Venue) -> Exchange:
    """Return what the floor would make of *venue*."""
    manager = venue_manager(venue.rule_sets)
    return Exchange(
        venue.instruments.values(),
        venue.algorithms,
        {symbol: venue_rules(manager, symbol) for symbol in venue.instruments},
        boards=venue.boards,
        states=venue.states.values(),
        chains=venue.chains,
        start=venue.start,
    )


class VenueDay:
    """A venue from the start of a run on, as far as a test goes.

    Args:
        exchange: what its table says apart from its name.
        start: when the run begins, as a scenario has it.
        zone: whose clock `at` goes by.
        read: makes a request of a line.
    """

    def __init__(
        self,
        exchange: str,
        start: str,
        zone: str,
        read: Callable[[str], Request] = request,
        plugins: Plugins | None = None,
    ) -> None:
        self.venue = described(exchange, start, plugins)
        self.exchange = opened(self.venue)
        self.published: list[Any] = []
        """What rule sets have published, in order."""

        self.refused: list[str] = []
        self._read = read
        self._zone = ZoneInfo(zone)
        self._start = datetime.fromisoformat(start).astimezone(UTC)
        self._now_ns = 0
        self._count = itertools.count()
        self._due: list[tuple[int, int, int, Callable[[int], Outcome]]] = []
        for board in self.venue.boards:
            for transition in board.timetable:
                change = ChangeTradingState(board=board.name, state=transition.state.name)
                self._plan(transition.at_ns, BOARD, self._operate(change))

    def at(self, clock: str) -> list[str]:
        """Go on until that time of the day, or of the next, and return what sessions hear.

        Args:
            clock: such as ``14:30`` or ``14:30:00.001``.
        """
        local = (self._start + timedelta(microseconds=self._now_ns // 1_000)).astimezone(self._zone)
        at = datetime.combine(local.date(), time())
        parts = [float(part) for part in clock.split(":")]
        seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
        at = (at + timedelta(seconds=seconds)).replace(tzinfo=self._zone)
        if at < local:
            at += timedelta(days=1)
        return [
            *self._until((at.astimezone(UTC) - self._start) // timedelta(microseconds=1) * 1000)
        ]

    def say(self, line: str) -> list[str]:
        """Have the exchange hear a request now, and return what is answered."""
        return [*self._heard(self.exchange.receive(self._read(line), self._now_ns))]

    def put(self, symbol: str, state: str | None) -> list[str]:
        """Put an instrument into a state, as an administrator does."""
        change = ChangeTradingState(symbol=Symbol(symbol), state=state)
        return [*self._heard(self.exchange.operate(change, self._now_ns))]

    def state(self, symbol: str) -> str:
        return self.exchange.view(Symbol(symbol)).state.name

    def _until(self, moment_ns: int) -> Iterator[str]:
        while self._due and self._due[0][0] <= moment_ns:
            self._now_ns, _, _, happen = heapq.heappop(self._due)
            yield from self._heard(happen(self._now_ns))
        self._now_ns = moment_ns

    def _heard(self, outcome: Outcome) -> Iterator[str]:
        for news in outcome.published:
            if isinstance(news, Publish):
                self.published.append(news.message)
            elif isinstance(news, OperationRefused):
                self.refused.append(news.text)
        for applied in outcome.effects:
            if isinstance(applied.effect, Schedule):
                due = applied.effect
                self._plan(
                    self._now_ns + due.delay_ns,
                    RULE_SET,
                    self._scheduled(applied.rule_set, applied.symbol, due.name),
                )
        yield from (told(report) for report in outcome.reports)

    def _plan(self, at_ns: int, first: int, happen: Callable[[int], Outcome]) -> None:
        heapq.heappush(self._due, (at_ns, first, next(self._count), happen))

    def _operate(self, change: ChangeTradingState) -> Callable[[int], Outcome]:
        return lambda now_ns: self.exchange.operate(change, now_ns)

    def _scheduled(self, rule_set: str, symbol: Symbol, name: str) -> Callable[[int], Outcome]:
        return lambda now_ns: self.exchange.scheduled(rule_set, symbol, name, now_ns)


def refused(answers: Sequence[str]) -> list[str]:
    """Return those of a venue's answers that refuse something."""
    return [line for line in answers if "REJECTED" in line or "REFUSED" in line]


def replacing(plugin: str, provider: object) -> Plugins:
    """Return what is installed, with *provider* in the place of one plugin."""
    others = [each for each in _installed().listing() if each.name != plugin]
    return Plugins([*others, *Plugins.of({plugin: provider}).listing()])
