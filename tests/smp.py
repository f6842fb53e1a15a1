"""A venue under CME's self-match prevention, and who of which firm sends what to it."""

from __future__ import annotations

import pytest
from oracle.shorthand import request, told

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side
from floorproof.market.identifiers import CompID, Price, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
)
from floorproof.market.operations import ChangeTradingState
from floorproof.market.sessions import TradingState
from floorproof.plugins.allocation.globex import (
    Allocation,
    Configurable,
    CurrencyRoll,
    FifoWithLmm,
    FifoWithTopAndLmm,
    ThresholdProRata,
    ThresholdProRataWithLmm,
)
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.cme.self_match_prevention import SelfMatchPrevention
from floorproof.plugins.fifo import Fifo

X = Symbol("X")
CALL = TradingState(name="CALL", match=False, indicative=True)
OPEN = TradingState(name="OPEN", uncross=True)

FIRMS = ("100", "200", "300", "400", "500", "600", "700")
SMP = SelfMatchPrevention(
    registered={
        "2345678": ("100",),
        "3456789": ("200",),
        "4567890": ("300",),
        "1234567": ("400",),
        "5678901": ("500",),
        "6789012": ("600",),
        "7890123": ("700",),
        "8901234": ("400",),
        "9012345": ("400", "500"),
    },
    firms={CompID(f"F{firm}"): firm for firm in FIRMS},
)

COULD: dict[str, Algorithm] = {
    "C": CurrencyRoll(),
    "A": Allocation(),
    "K": Configurable(),
    "O": ThresholdProRata(),
    "Q": ThresholdProRataWithLmm(),
    "S": FifoWithTopAndLmm(),
    "T": FifoWithLmm(),
}
ALGORITHMS: dict[str, Algorithm] = {"F": Fifo(), **COULD}

every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS.keys())
every_could = pytest.mark.parametrize("algorithm", COULD.values(), ids=COULD.keys())


def terms(line: str) -> NewOrderSingle | OrderCancelReplaceRequest:
    """Return the order or change that *line* describes."""
    described = request(line)
    assert isinstance(described, NewOrderSingle | OrderCancelReplaceRequest)
    return described


def exchange_with(
    *lines: str,
    algorithm: Algorithm | None = None,
    rule: object | None = SMP,
    protection: Price | None = None,
) -> Exchange:
    """Return a venue of X under *rule* at which *lines* have happened."""
    instrument = Instrument(
        symbol=X, price_decimals=0, ticks=TickTable.uniform(1), protection_points=protection
    )
    manager = venue_manager({} if rule is None else {"rule": rule})
    exchange = Exchange(
        [instrument],
        {X: algorithm or Fifo()},
        {X: venue_rules(manager, X)},
        admit=admission(manager),
        states=(CALL, OPEN),
    )
    for line in lines:
        happen(exchange, line)
    return exchange


def happen(exchange: Exchange, line: str) -> Outcome:
    if line.startswith("! "):
        change = ChangeTradingState(symbol=X, state=line.removeprefix("! "))
        return exchange.operate(change, 0)
    return exchange.receive(request(line), 0)


def say(exchange: Exchange, line: str) -> list[str]:
    return [told(report) for report in happen(exchange, line).reports]


def reports(outcome: Outcome) -> list[ExecutionReport]:
    return [report for report in outcome.reports if isinstance(report, ExecutionReport)]


def book(exchange: Exchange) -> list[str]:
    """Return what rests: the offers, best first, and then the bids."""
    return [
        f"{one.order.cl_ord_id} {one.leaves_qty} @ {one.level.price}"
        for side in (Side.SELL, Side.BUY)
        for one in exchange.book(X).resting(side)
    ]
