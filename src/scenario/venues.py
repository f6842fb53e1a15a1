"""Exchanges as a scenario declares them: instruments, algorithms, rule sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument, TickBand, TickTable
from ..market.matching import Algorithm
from ..plugins.binding import venue_manager, venue_rules
from .errors import ScenarioError, blamed_on, unknown
from .reading import structure
from .schema import ExchangeTable, InstrumentTable, ScenarioFile
from .shelf import Shelf


@attrs.frozen(kw_only=True)
class Venue:
    """One exchange, as it is to be made."""

    name: CompID
    gateway: CompID | None
    instruments: Mapping[Symbol, Instrument]
    algorithms: Mapping[Symbol, Algorithm]
    """Each instrument's own, with its settings."""

    rule_sets: Mapping[str, object]
    """Instances with their settings, in the order in which they are asked."""


def venues(tables: ScenarioFile, shelf: Shelf) -> Iterator[Venue]:
    """Yield the exchanges in the order of the file.

    Raises:
        ScenarioError: if one cannot be made.
    """
    instruments = instruments_of(tables)
    gateways = [gateway.name for gateway in tables.gateway if gateway.kind == "exchange"]
    for index, table in enumerate(tables.exchange):
        where = f"exchange[{index}]"
        if table.gateway is not None and table.gateway not in gateways:
            raise ScenarioError(
                f"{where}.gateway", unknown("exchange gateway", table.gateway, gateways)
            )
        yield Venue(
            name=CompID(table.name),
            gateway=None if table.gateway is None else CompID(table.gateway),
            instruments={
                Symbol(each.symbol): instruments[Symbol(each.symbol)] for each in table.instrument
            },
            algorithms=_algorithms(table, where, shelf),
            rule_sets=_rule_sets(table, where, shelf),
        )


def instruments_of(tables: ScenarioFile) -> dict[Symbol, Instrument]:
    """Return what the exchanges of a scenario list, and nothing checked but that.

    Raises:
        ScenarioError: if an instrument cannot be, or two have one symbol.
    """
    instruments: dict[Symbol, Instrument] = {}
    places: dict[str, str] = {}
    for index, exchange in enumerate(tables.exchange):
        for number, table in enumerate(exchange.instrument):
            where = f"exchange[{index}].instrument[{number}]"
            if table.symbol in places:
                raise ScenarioError(
                    f"{where}.symbol",
                    f"{table.symbol!r} is listed already, at {places[table.symbol]}",
                )
            places[table.symbol] = where
            instruments[Symbol(table.symbol)] = _instrument(table, where)
    return instruments


def _instrument(table: InstrumentTable, where: str) -> Instrument:
    if (table.tick is None) == (not table.ticks):
        found = "neither" if table.tick is None else "both"
        raise ScenarioError(where, f"expected either tick or ticks, found {found}")
    bare = Instrument(
        symbol=Symbol(table.symbol),
        price_decimals=table.price_decimals,
        ticks=TickTable.uniform(1),
        point_value=table.point_value,
        algorithm=table.algorithm,
        max_order_qty=table.max_order_qty,
    )
    if table.tick is not None:
        ticks = TickTable.uniform(_tick(bare, table.tick, f"{where}.tick"))
    else:
        with blamed_on(f"{where}.ticks"):
            ticks = TickTable(tuple(_bands(bare, table, f"{where}.ticks")))
    return attrs.evolve(bare, ticks=ticks)


def _bands(bare: Instrument, table: InstrumentTable, where: str) -> Iterator[TickBand]:
    for index, band in enumerate(table.ticks):
        with blamed_on(f"{where}[{index}].start"):
            start = bare.to_price(band.start)
        yield TickBand(start, _tick(bare, band.tick, f"{where}[{index}].tick"))


def _tick(bare: Instrument, text: str, where: str) -> int:
    with blamed_on(where):
        tick = bare.to_price(text)
    if tick <= 0:
        raise ScenarioError(where, f"a tick must be > 0, was {text!r}")
    return tick


def _algorithms(table: ExchangeTable, where: str, shelf: Shelf) -> dict[Symbol, Algorithm]:
    algorithms: dict[Symbol, Algorithm] = {}
    for number, each in enumerate(table.instrument):
        at = f"{where}.instrument[{number}]"
        with blamed_on(f"{at}.algorithm"):
            cls: type[Any] = shelf.take(shelf.plugins.matching_algorithms[each.algorithm])
        algorithms[Symbol(each.symbol)] = structure(dict(each.matching), cls, f"{at}.matching")
    return algorithms


def _rule_sets(table: ExchangeTable, where: str, shelf: Shelf) -> dict[str, object]:
    with blamed_on(f"{where}.rules"):
        offers = shelf.plugins.resolve(table.rules)
    names: Sequence[str] = [offer.name for offer in offers]
    for name in table.settings:
        if name not in names:
            raise ScenarioError(
                f"{where}.settings.{name}", unknown("rule set of this exchange", name, names)
            )
    rule_sets: dict[str, object] = {
        offer.name: structure(
            dict(table.settings.get(offer.name, {})),
            shelf.take(offer),
            f"{where}.settings.{offer.name}",
        )
        for offer in offers
    }
    with blamed_on(f"{where}.rules"):
        manager = venue_manager(rule_sets)
        for instrument in table.instrument:
            venue_rules(manager, Symbol(instrument.symbol))
    return rule_sets
