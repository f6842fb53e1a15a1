"""The rest of the market: sessions that trade what was drawn or recorded before the run."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from ..actors.market_flow import FlowStep
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..wire.lobster import (
    PRICE_DECIMALS,
    LobsterBook,
    LobsterMessage,
    parse_book,
    parse_messages,
)
from .errors import ScenarioError, blamed_on, unknown
from .flow import generate
from .schema import ReplayTable, ScenarioFile
from .venues import Venue


@attrs.frozen(kw_only=True)
class Flow:
    """One synthetic flow, drawn."""

    name: CompID
    exchange: CompID
    steps: tuple[FlowStep, ...]

    def played(self, places: Collection[int]) -> Flow:
        """Return this flow with some of its steps alone, by their places from 0."""
        kept = frozenset(places)
        steps = tuple(step for place, step in enumerate(self.steps) if place in kept)
        return attrs.evolve(self, steps=steps)


@attrs.frozen(kw_only=True)
class Replay:
    """One LOBSTER replay, its files read."""

    name: CompID
    exchange: CompID
    symbol: Symbol
    messages: tuple[LobsterMessage, ...]
    book: LobsterBook | None


def flows(tables: ScenarioFile, venues: Mapping[CompID, Venue]) -> Iterator[Flow]:
    """Yield the synthetic flows.

    Raises:
        ScenarioError: if one does not suit what it trades.
    """
    for index, table in enumerate(tables.flow):
        where = f"flow[{index}]"
        venue = _venue(venues, table.exchange, f"{where}.exchange")
        settings = table.settings
        instrument = _listed_at(venue, settings.symbol, f"{where}.settings.symbol")
        with blamed_on(f"{where}.settings"):
            steps = generate(settings, instrument, random.Random(settings.seed))
        flow = Flow(name=settings.name, exchange=venue.name, steps=steps)
        yield flow if table.only is None else flow.played(_places(table.only, flow, where))


def _places(numbers: Sequence[int], flow: Flow, where: str) -> Sequence[int]:
    """Return where the steps stand that a table numbers, each of which there must be."""
    for index, number in enumerate(numbers):
        if not 1 <= number <= len(flow.steps):
            raise ScenarioError(
                f"{where}.only[{index}]", f"expected 1 to {len(flow.steps)}, found {number}"
            )
    return [number - 1 for number in numbers]


def replays(tables: ScenarioFile, venues: Mapping[CompID, Venue], folder: Path) -> Iterator[Replay]:
    """Yield the replays; paths are relative to *folder*.

    Raises:
        ScenarioError: if a file cannot be read, or is not what it has to be.
    """
    for index, table in enumerate(tables.replay):
        where = f"replay[{index}]"
        venue = _venue(venues, table.exchange, f"{where}.exchange")
        instrument = _listed_at(venue, table.symbol, f"{where}.symbol")
        if instrument.price_decimals != PRICE_DECIMALS:
            raise ScenarioError(
                f"{where}.symbol",
                f"a LOBSTER file has {PRICE_DECIMALS} price decimals, "
                f"{table.symbol} has {instrument.price_decimals}",
            )
        yield _replay(table, venue, folder, where)


def _replay(table: ReplayTable, venue: Venue, folder: Path, where: str) -> Replay:
    text = _text(folder, table.messages, f"{where}.messages")
    with blamed_on(f"{where}.messages"):
        messages = parse_messages(text, str(table.messages))
    book = None
    if table.book is not None:
        rows = _text(folder, table.book, f"{where}.book")
        with blamed_on(f"{where}.book"):
            book = parse_book(rows, str(table.book), rows=len(messages))
    return Replay(
        name=CompID(table.name),
        exchange=venue.name,
        symbol=Symbol(table.symbol),
        messages=messages,
        book=book,
    )


def _text(folder: Path, path: Path, where: str) -> str:
    try:
        return (folder / path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # a path may hold what no path can
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScenarioError(where, f"cannot read {folder / path}: {reason}") from None


def _venue(venues: Mapping[CompID, Venue], name: str, where: str) -> Venue:
    if name not in venues:
        raise ScenarioError(where, unknown("exchange", name, venues))
    return venues[CompID(name)]


def _listed_at(venue: Venue, symbol: str, where: str) -> Instrument:
    if symbol not in venue.instruments:
        raise ScenarioError(
            where, unknown(f"instrument of {venue.name}", symbol, venue.instruments)
        )
    return venue.instruments[Symbol(symbol)]
