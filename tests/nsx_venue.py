"""A venue of two NSX shares for tests, and a line for whatever happens there."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.shorthand import request

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.identifiers import Price, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.operations import ChangeTradingState
from floorproof.market.sessions import Board, TradingState, Transition
from floorproof.plugins.binding import trading_states, venue_manager, venue_rules
from floorproof.plugins.fifo import Fifo
from floorproof.plugins.nsx.aot import AnomalousOrderThreshold
from floorproof.plugins.nsx.etr import ExtremeTradeRange
from floorproof.plugins.nsx.sessions import Sessions

X, Y = Symbol("X"), Symbol("Y")
SECOND = 1_000_000_000
BARE = TradingState(name="BARE")
"""Matches, and does not uncross."""

# fmt: off
BOUNDARIES = [
    (1000,  60_000,  3, 1600, 1601, 400, 399),
    (995,   60_000,  3, 1592, 1593, 398, 397),
    (333,   60_000,  3, 532, 533, 134, 133),
    (1610,  60_000,  3, 2576, 2577, 644, 643),
    (10000, 600_000, 4, 16000, 16001, 4000, 3999),
    (100,   6000,    2, 160, 161, 40, 39),
    (5,     100_000, 3, 10, 11, 1, None),
]
# fmt: on
"""B, D and d, decimals; the last price inside and the first outside, above and below
(section 1.6)."""


def nsx_with(
    *lines: str,
    etr: ExtremeTradeRange | None = None,
    aot: AnomalousOrderThreshold | None = None,
    sessions: Sessions | None = None,
    state: str | None = "OPEN",
    timetable: Sequence[tuple[int, str]] = (),
    decimals: int = 3,
    tick: int = 5,
    reference: Price | None = 1000,
    protection: Price | None = None,
    ticks: TickTable | None = None,
    recorded: bool = False,
) -> Exchange:
    """Return a venue of X and Y on board NCRP (or on none) at which *lines* have happened."""
    instruments = [
        Instrument(
            symbol=symbol,
            price_decimals=decimals,
            ticks=TickTable.uniform(tick) if ticks is None else ticks,
            reference_px=reference,
            protection_points=protection,
        )
        for symbol in (X, Y)
    ]
    given_sets = {"nsx-etr": etr, "nsx-aot": aot, "nsx-sessions": sessions}
    rule_sets = {name: each for name, each in given_sets.items() if each is not None}
    manager = venue_manager(rule_sets)
    known = {each.name: each for each in (*Sessions().trading_states(), BARE)}
    for each in rule_sets.values():
        known |= {state.name: state for state in trading_states(each)}
    boards = []
    if state is not None:
        transitions = tuple(Transition(at_ns=at * SECOND, state=known[s]) for at, s in timetable)
        boards = [Board(name="NCRP", symbols=(X, Y), state=known[state], timetable=transitions)]
    exchange = Exchange(
        instruments,
        dict.fromkeys((X, Y), Fifo()),
        {symbol: venue_rules(manager, symbol) for symbol in (X, Y)},
        boards=boards,
        states=known.values(),
        recorded=recorded,
    )
    for line in lines:
        say(exchange, line)
    return exchange


def say(exchange: Exchange, line: str, at: int = 0) -> Outcome:
    """Have a request, a change of X's state (``! HALT``), of the board's (``!! PREOPEN``), or
    the end of a pause (``end``) happen, so many seconds after the start."""
    if line == "end":
        return exchange.scheduled("nsx-etr", X, "CB_AUCT_END", at * SECOND)
    if line.startswith("!"):
        state = line.lstrip("! ")
        operation = (
            ChangeTradingState(board="NCRP", state=state)
            if line.startswith("!!")
            else ChangeTradingState(symbol=X, state=None if state == "MATCH_REJOIN" else state)
        )
        return exchange.operate(operation, at * SECOND)
    return exchange.receive(request(line), at * SECOND)
