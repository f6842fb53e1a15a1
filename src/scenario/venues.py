"""Exchanges as a scenario declares them: instruments, algorithms, rule sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from ..market.auction import CHAINS, NSX_FOUR_STEPS, Chain
from ..market.firms import Registry
from ..market.identifiers import CompID, Price, Symbol
from ..market.instrument import Instrument, TickBand, TickTable
from ..market.matching import Algorithm
from ..market.sessions import CONTINUOUS, Board, TradingState, Transition
from ..market.wording import TIMES_IN_FORCE
from ..plugins.binding import (
    auction_chain,
    check_instrument,
    trading_states,
    venue_manager,
    venue_rules,
    with_firms,
)
from .errors import ScenarioError, blamed_on, unknown
from .profiles import zone_of
from .reading import structure
from .schema import BoardTable, ExchangeTable, InstrumentTable, ScenarioFile, StateTable
from .shelf import Shelf

_FIFO = "F"
"""The algorithm of an instrument for which nobody has said one."""


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

    chains: Mapping[Symbol, Chain]
    """How each instrument's auction chooses its price."""

    states: Mapping[str, TradingState]
    """By name, what an instrument or a board can be put into."""

    boards: Sequence[Board]

    start: datetime
    """When the run begins, by the venue's own calendar."""


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
        listed = {
            Symbol(each.symbol): instruments[Symbol(each.symbol)] for each in table.instrument
        }
        rule_sets = _rule_sets(table, where, shelf, listed.values())
        states = _states(table, where, rule_sets)
        yield Venue(
            name=CompID(table.name),
            gateway=None if table.gateway is None else CompID(table.gateway),
            instruments=listed,
            algorithms=_algorithms(table, where, shelf),
            rule_sets=rule_sets,
            chains=_chains(table, where, rule_sets),
            states=states,
            boards=tuple(_boards(table, where, states)),
            start=_start(tables.scenario.start, zone_of(table, where)),
        )


def _start(start: datetime, zone: ZoneInfo | None) -> datetime:
    """Return *start* as the clock of a venue shows it; its offset stays for the whole run."""
    if zone is None:
        return start
    local = start.astimezone(zone)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()))


def with_registered_firms(venue: Venue, registry: Registry, where: str) -> Venue:
    """Return *venue* with rule sets that know whose the registered sessions are.

    Raises:
        ScenarioError: if a rule set's settings say something else.
    """
    if not registry.firms:
        return venue
    firms = {comp.session: comp.gfid for comp in registry.sender_comps.values()}
    rule_sets = {}
    for name, rule_set in venue.rule_sets.items():
        with blamed_on(f"{where}.settings.{name}"):
            rule_sets[name] = with_firms(rule_set, firms, registry.firms)
    return attrs.evolve(venue, rule_sets=rule_sets)


def warnings(tables: ScenarioFile, venues: Mapping[CompID, Venue]) -> Iterator[str]:
    """Yield the changes of a timetable that are refused if orders have come to cross."""
    for index, table in enumerate(tables.exchange):
        for number, board in enumerate(venues[CompID(table.name)].boards):
            before = board.state
            for place, transition in enumerate(board.timetable):
                state = transition.state
                if state.match and not state.uncross and before.enter and not before.match:
                    yield (
                        f"exchange[{index}].board[{number}].timetable[{place}]: {state} matches "
                        f"and does not uncross; it is not entered if orders cross after {before}"
                    )
                before = state


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
    if table.price_decimals is None:
        raise ScenarioError(where, "the key 'price_decimals' is missing")
    if (table.tick is None) == (not table.ticks):
        found = "neither" if table.tick is None else "both"
        raise ScenarioError(where, f"expected either tick or ticks, found {found}")
    bare = Instrument(
        symbol=Symbol(table.symbol),
        price_decimals=table.price_decimals,
        ticks=TickTable.uniform(1),
        point_value=Decimal(1) if table.point_value is None else table.point_value,
        algorithm=table.algorithm or _FIFO,
        max_order_qty=table.max_order_qty,
        round_lot=table.round_lot,
        market_orders=table.market_orders,
    )
    if table.tick is not None:
        ticks = TickTable.uniform(_tick(bare, table.tick, f"{where}.tick"))
    else:
        with blamed_on(f"{where}.ticks"):
            ticks = TickTable(tuple(_bands(bare, table, f"{where}.ticks")))
    return attrs.evolve(
        bare,
        ticks=ticks,
        protection_points=_protection(bare, table.protection, f"{where}.protection"),
        reference_px=_price(bare, table.reference, f"{where}.reference"),
    )


def _price(bare: Instrument, text: str | None, where: str) -> Price | None:
    with blamed_on(where):
        return None if text is None else bare.to_price(text)


def _protection(bare: Instrument, text: str | None, where: str) -> Price | None:
    points = _price(bare, text, where)
    if points is not None and points < 0:
        raise ScenarioError(where, f"must be >= 0, was {text!r}")
    return points


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


# --- states and boards ---------------------------------------------------------------


def _states(
    table: ExchangeTable, where: str, rule_sets: Mapping[str, object]
) -> dict[str, TradingState]:
    """Return the states of a venue by name.

    These are the one that there always is, those of its rule sets, and those of the file.
    """
    states = {CONTINUOUS.name: CONTINUOUS}
    places = {CONTINUOUS.name: "it is the state of what is on no board, and takes everything"}
    for name, rule_set in rule_sets.items():
        with blamed_on(f"{where}.rules"):
            brought = [*trading_states(rule_set)]
        for state in brought:
            if states.setdefault(state.name, state) != state:
                raise ScenarioError(
                    f"{where}.rules",
                    f"rule set {name!r} brings another state {state.name!r} than there is already"
                    f" ({places[state.name]})",
                )
            places.setdefault(state.name, f"rule set {name!r} brings it")
    for number, each in enumerate(table.state):
        at = f"{where}.state[{number}]"
        with blamed_on(f"{at}.immediate"):
            state = _state(each)
        known = states.setdefault(state.name, state)
        if known != state:
            raise ScenarioError(
                f"{at}.name", f"{state.name!r} is another state already ({places[state.name]})"
            )
        places.setdefault(state.name, at)
    return states


def _state(table: StateTable) -> TradingState:
    return TradingState(
        name=table.name,
        enter=table.enter,
        modify=table.modify,
        cancel=table.cancel,
        match=table.match,
        report=table.report,
        quote=table.enter and table.match if table.quote is None else table.quote,
        immediate=table.match if table.immediate is None else table.immediate,
        indicative=table.indicative,
        uncross=table.uncross,
        ends_day=table.ends_day,
        lives=tuple(TIMES_IN_FORCE[word] for word in TIMES_IN_FORCE if word in table.lives),
    )


def _boards(
    table: ExchangeTable, where: str, states: Mapping[str, TradingState]
) -> Iterator[Board]:
    symbols = [each.symbol for each in table.instrument]
    names: dict[str, str] = {}
    on: dict[str, str] = {}
    for number, each in enumerate(table.board):
        at = f"{where}.board[{number}]"
        if each.name in names:
            raise ScenarioError(
                f"{at}.name", f"the name {each.name!r} is taken ({names[each.name]})"
            )
        names[each.name] = f"{at}.name"
        for place, symbol in enumerate(each.symbols):
            if symbol not in symbols:
                raise ScenarioError(
                    f"{at}.symbols[{place}]",
                    unknown(f"instrument of {table.name}", symbol, symbols),
                )
            if symbol in on:
                raise ScenarioError(
                    f"{at}.symbols[{place}]", f"{symbol} is on board {on[symbol]!r} already"
                )
            on[symbol] = each.name
        yield Board(
            name=each.name,
            symbols=tuple(map(Symbol, each.symbols)),
            state=_known_state(each.state, table, states, f"{at}.state"),
            timetable=tuple(_timetable(each, table, states, f"{at}.timetable")),
        )


def _timetable(
    board: BoardTable, table: ExchangeTable, states: Mapping[str, TradingState], where: str
) -> Iterator[Transition]:
    before_ns = None
    for number, each in enumerate(board.timetable):
        if before_ns is not None and each.at <= before_ns:
            raise ScenarioError(
                f"{where}[{number}].at", "expected a moment after that of the line before it"
            )
        before_ns = each.at
        state = _known_state(each.state, table, states, f"{where}[{number}].state")
        yield Transition(at_ns=each.at, state=state)


def _known_state(
    name: str, table: ExchangeTable, states: Mapping[str, TradingState], where: str
) -> TradingState:
    if name not in states:
        raise ScenarioError(where, unknown(f"state of {table.name}", name, states))
    return states[name]


# --- algorithms and rule sets --------------------------------------------------------


def _algorithms(table: ExchangeTable, where: str, shelf: Shelf) -> dict[Symbol, Algorithm]:
    algorithms: dict[Symbol, Algorithm] = {}
    for number, each in enumerate(table.instrument):
        at = f"{where}.instrument[{number}]"
        with blamed_on(f"{at}.algorithm"):
            cls: type[Any] = shelf.take(shelf.plugins.matching_algorithms[each.algorithm or _FIFO])
        algorithms[Symbol(each.symbol)] = structure(dict(each.matching), cls, f"{at}.matching")
    return algorithms


def _chains(
    table: ExchangeTable, where: str, rule_sets: Mapping[str, object]
) -> dict[Symbol, Chain]:
    """Return how each instrument's auction chooses its price."""
    with blamed_on(f"{where}.rules"):
        of_venue = auction_chain(rule_sets)
    return {
        Symbol(each.symbol): CHAINS[each.auction]
        if each.auction is not None
        else of_venue or NSX_FOUR_STEPS
        for each in table.instrument
    }


def _rule_sets(
    table: ExchangeTable, where: str, shelf: Shelf, instruments: Iterable[Instrument]
) -> dict[str, object]:
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
    for name, rule_set in rule_sets.items():
        with blamed_on(f"{where}.settings.{name}"):
            for each in instruments:
                check_instrument(rule_set, each)
    return rule_sets
