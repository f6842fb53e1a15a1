"""Section 1.5's table: in which of CME's states self-match prevention applies."""

from __future__ import annotations

import pytest
from oracle.shorthand import request, told
from smp import SMP, X

from floorproof.market.exchange import Exchange
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.operations import ChangeTradingState
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.cme.market import STATES
from floorproof.plugins.fifo import Fifo

PREVENTED = ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"]
# fmt: off
# What comes of an own order that would meet one at rest, besides its acknowledgement or reject.
TABLE: dict[str, list[str]] = {
    "PRE-OPEN":           [],
    "PRE-OPEN NO CANCEL": [],
    "OPENING":            [],
    "OPEN":               PREVENTED,
    "PAUSE":              [],
    "RESERVED":           [],
    "PRE-CROSS":          PREVENTED,
    "CROSS":              PREVENTED,
    "CLOSE NOT FINAL":    [],
    "CLOSE FINAL":        [],
    "POST-CLOSE":         [],
    "FORBIDDEN":          [],
}
# fmt: on


def venue() -> Exchange:
    """Return a venue with an own offer that lives beyond the day."""
    instrument = Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))
    manager = venue_manager({"cme-smp": SMP})
    exchange = Exchange(
        [instrument],
        {X: Fifo()},
        {X: venue_rules(manager, X)},
        admit=admission(manager),
        states=STATES,
    )
    exchange.receive(request("F400 own SELL 10 @ 50 GTC id=1234567"), 0)
    return exchange


def enter(exchange: Exchange, state: str) -> list[str]:
    change = ChangeTradingState(symbol=X, state=state)
    return [told(report) for report in exchange.operate(change, 0).reports]


def test_the_table_has_every_state() -> None:
    assert [*TABLE] == [state.name for state in STATES]


@pytest.mark.rule("SMP-9")
@pytest.mark.parametrize(("state", "expected"), TABLE.items(), ids=TABLE.keys())
def test_where_self_matches_are_prevented(state: str, expected: list[str]) -> None:
    exchange = venue()
    enter(exchange, state)

    _, *said = exchange.receive(request("F400 n BUY 10 @ 50 GTC id=1234567"), 0).reports

    assert [told(report) for report in said] == expected


@pytest.mark.rule("SMP-9")
def test_the_opening_resolves_without_it_and_what_comes_after_has_it() -> None:
    exchange = venue()
    enter(exchange, "PRE-OPEN")
    exchange.receive(request("F400 n BUY 4 @ 52 GTC id=1234567 instr=N"), 0)

    assert [line.partition(",")[0] for line in enter(exchange, "OPENING")] == [
        "F400 n TRADE 4 @ 50",
        "F400 own TRADE 4 @ 50",
    ]
    enter(exchange, "OPEN")
    _, said = exchange.receive(request("F400 m BUY 6 @ 50 id=1234567"), 0).reports
    assert told(said) == "F400 own CANCELED, leaves 0 cum 4, SELF_MATCH_OLDEST"
