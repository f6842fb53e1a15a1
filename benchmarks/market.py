"""W3: a small complete market, an hour of a hundred noise traders and one exchange.

The exchange is the product's: `MatchingEngine` around `Exchange`, with algorithm F,
which acknowledges every order and reports everything.  The SimPy program beside it
has the same book and the same matching, and answers with bare tuples.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Iterator

import attrs
from measure import CHECK_BASE, CHECK_MODULUS, Row, in_turn, rates, say

from floorproof.actors.matching_engine import MatchingEngine
from floorproof.market.exchange import Exchange
from floorproof.market.fix import ExecType, Side
from floorproof.market.identifiers import ClOrdID, CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
)
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.journal import Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.participant import Answer, Delivery, Send

TRADERS = range(1, 101)
LINK = Latency(1_000_000)
END_NS = 3_600_000_000_000 - 10_000_000
REFERENCE = 100_000
MOST_LIVE = 5
EXCHANGE = CompID("exchange")
SYMBOL = Symbol("W3")

ANSWERS = {
    "orders": 100_607,
    "cancels": 43_946,
    "trades": 55_613,
    "traded_qty": 1_419_477,
    "check": 526419302170029658,
}


@attrs.frozen
class Wake:
    """A trader's timer."""


WAKE = Wake()


class Tape:
    """What was done; trades as their aggressors hear of them, which is in their order."""

    def __init__(self) -> None:
        self.orders = self.cancels = self.trades = self.traded_qty = self.check = 0

    def trade(self, price: int, qty: int) -> None:
        self.trades += 1
        self.traded_qty += qty
        self.check = (self.check * CHECK_BASE + price * 131 + qty) % CHECK_MODULUS


class NoiseTrader:
    """Wakes at random, cancels its oldest order if it has many, and sends a random one."""

    def __init__(self, number: int, tape: Tape) -> None:
        self._name = CompID(f"trader {number}")
        self._draw = random.Random(1000 + number).random
        self._tape = tape
        self._sent = 0
        self._live: dict[ClOrdID, Side] = {}
        """From sending until executed in full or canceled, the oldest first."""

    def start(self) -> Iterator[Answer]:
        yield Send(self._name, WAKE, self._gap_ns())

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        message = delivery.message
        if isinstance(message, ExecutionReport):
            if message.aggressor_indicator:
                assert message.last_px is not None
                self._tape.trade(message.last_px, message.last_qty)
            if not message.leaves_qty:
                canceled = message.exec_type is ExecType.CANCELED
                name = message.orig_cl_ord_id if canceled else message.cl_ord_id
                assert name is not None
                self._live.pop(name, None)
        elif isinstance(message, Wake):
            yield from self._act(delivery.now_ns)
        else:
            assert isinstance(message, OrderCancelReject)  # it was filled on the way

    def _act(self, now_ns: int) -> Iterator[Answer]:
        draw = self._draw
        side = Side.BUY if draw() < 0.5 else Side.SELL
        ticks = int(-math.log(1.0 - draw()) * 10.0) - 4
        order = NewOrderSingle(
            sender_comp_id=self._name,
            cl_ord_id=ClOrdID(f"o{self._sent}"),
            symbol=SYMBOL,
            side=side,
            order_qty=1 + int(draw() * 100),
            price=REFERENCE + (-ticks if side is Side.BUY else ticks),
        )
        if len(self._live) >= MOST_LIVE:
            oldest, its_side = next(iter(self._live.items()))
            self._tape.cancels += 1
            yield Send(
                EXCHANGE,
                OrderCancelRequest(
                    sender_comp_id=self._name,
                    cl_ord_id=ClOrdID(f"c{self._sent}"),
                    orig_cl_ord_id=oldest,
                    symbol=SYMBOL,
                    side=its_side,
                ),
            )
        self._tape.orders += 1
        self._sent += 1
        self._live[order.cl_ord_id] = side
        yield Send(EXCHANGE, order)
        gap_ns = self._gap_ns()
        if now_ns + gap_ns < END_NS:
            yield Send(self._name, WAKE, gap_ns)

    def _gap_ns(self) -> int:
        return 1 + int(-math.log(1.0 - self._draw()) * 3.6e9)


def floor(kernel: Kernel, tape: Tape) -> None:
    instrument = Instrument(symbol=SYMBOL, price_decimals=0, ticks=TickTable.uniform(1))
    engine = MatchingEngine(EXCHANGE, Exchange([instrument], {instrument.symbol: Fifo()}))
    kernel.add(EXCHANGE, lambda _context: engine)
    for number in TRADERS:
        trader = NoiseTrader(number, tape)
        kernel.add(f"trader {number}", lambda _context, trader=trader: trader)


def once(hosting: str, journalled: str) -> None:
    kernel = Kernel(
        journal=Journal(keep=False) if journalled == "journal" else None,
        latency=lambda _sender, _recipient: LINK,
        in_place=hosting == "in place",
    )
    tape = Tape()
    floor(kernel, tape)

    start = time.perf_counter()
    kernel.run_to_end()
    say(time.perf_counter() - start, **vars(tape))


def rows() -> Iterator[Row]:
    """Yield W3, hosted either way, journal off and on, beside SimPy's; and its memory."""
    ours = {
        f"W3, {hosting}{', journalled' if journal else ''}": (hosting, journal)
        for hosting in ("tasks", "in place")
        for journal in ("", "journal")
    }
    peer = {"simpy": ("peers/simpy_market.py", ())}
    mine, theirs = in_turn("market.py", ours, peer, ANSWERS)
    yield from rates("orders/s", ANSWERS["orders"], mine, theirs, "SimPy, the same market")
    yield {
        "name": "W3, in place, peak RSS",
        "value": round(max(said["peak_rss_mb"] for said in mine["W3, in place"]), 1),
        "unit": "MB",
    }


if __name__ == "__main__":
    once(*sys.argv[1:])
