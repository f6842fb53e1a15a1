"""What CME's self-match prevention costs: W1 with an SMP id on every order, and a curve.

The ids go round by the order's number modulo 50, and all of one session's firm.  The same
requests run through two exchanges, one with `cme-smp` and one without rule sets, each run
in a process of its own, by turns; what differs are the orders that it cancels, which is
said.  The curve is a fill at the touch of a FIFO book under `cme-smp`, which asks about
nobody that is not reached: it must not grow with the orders at rest.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence

import msgspec
from book import ALGORITHMS, INSTRUMENT, SESSION, SYMBOL, Operation, message, operations, request
from measure import ROUNDS, Row, run, say

from floorproof.market.exchange import Exchange
from floorproof.market.fix import Side
from floorproof.market.identifiers import OrderID
from floorproof.market.messages import NewOrderSingle, OrderRequest
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.cme.self_match_prevention import SelfMatchPrevention

IDS = [f"{1_000_000 + number}" for number in range(50)]
RULE_SET = SelfMatchPrevention(registered=dict.fromkeys(IDS, ("400",)), firms={SESSION: "400"})
SIZES = (1_000, 10_000, 100_000)
BATCH, TURNS = 200, 25


def with_id(order: OrderRequest, number: int) -> OrderRequest:
    if isinstance(order, NewOrderSingle):
        return msgspec.structs.replace(order, self_match_prevention_id=IDS[number % len(IDS)])
    return order


def exchange_with(rule_sets: dict[str, object]) -> Exchange:
    manager = venue_manager(rule_sets)
    rules = {SYMBOL: venue_rules(manager, SYMBOL)}
    return Exchange([INSTRUMENT], {SYMBOL: ALGORITHMS["F"]}, rules, admit=admission(manager))


def w1(rule_sets: dict[str, object]) -> None:
    """Run W1, and say how long that took and what `cme-smp` prevented."""
    requests = [with_id(request(one), one.order_id) for one in operations()]
    exchange, preventions = exchange_with(rule_sets), 0
    gc.collect()
    gc.freeze()

    start = time.perf_counter()
    for now_ns, one in enumerate(requests):
        preventions += len(exchange.receive(one, now_ns).effects)
    seconds = time.perf_counter() - start

    say(seconds, operations=len(requests), preventions=preventions)


def curve() -> None:
    """Say how long a fill at the touch takes in books of each size, in nanoseconds, by turns."""
    books = {size: _Deep(size) for size in SIZES}
    gc.collect()
    gc.disable()
    taken: dict[str, list[float]] = {str(size): [] for size in SIZES}
    for _ in range(TURNS):
        for size, deep in books.items():
            taken[str(size)].append(deep.fill() / BATCH * 1e9)
    say(0, **taken)


class _Deep:
    """An exchange under `cme-smp` with so many offers, ten to a price."""

    def __init__(self, orders: int) -> None:
        self._exchange = exchange_with({"cme-smp": RULE_SET})
        self._entered = 0
        for number in range(orders):
            self._exchange.receive(self._order(Side.SELL, 1_000 + number // 10), 0)

    def _order(self, side: Side, price: int) -> OrderRequest:
        self._entered += 1
        order = message(Operation("A", OrderID(self._entered), side, price, 10))
        return with_id(order, 2 * self._entered + (side is Side.BUY))  # never of one id

    def fill(self) -> float:
        """Fill the offers at the touch, one after the other, and put others in their place."""
        prices = [1_000 + number // 10 for number in range(BATCH)]
        takers: Sequence[OrderRequest] = [self._order(Side.BUY, price) for price in prices]
        start = time.perf_counter()
        for taker in takers:
            self._exchange.receive(taker, 0)
        seconds = time.perf_counter() - start
        assert self._exchange.book(SYMBOL).best(Side.BUY) is None, "each is filled"
        for price in prices:
            self._exchange.receive(self._order(Side.SELL, price), 0)
        return seconds


def rows() -> Iterator[Row]:
    """Yield the rate with and without `cme-smp`, and the curve."""
    off, on = [], []
    for _ in range(ROUNDS):
        off.append(run(sys.executable, "self_match.py", "off"))
        on.append(run(sys.executable, "self_match.py", "on"))
    for name, runs in (("smp.off", off), ("smp.on", on)):
        row: Row = {
            "name": name,
            "value": round(statistics.median(one["operations"] / one["seconds"] for one in runs)),
            "unit": "ops/s",
            "preventions": runs[0]["preventions"],
        }
        if name == "smp.on":
            ratios = (
                without["seconds"] / with_it["seconds"]
                for without, with_it in zip(off, on, strict=True)
            )
            row |= {"versus": "smp.off", "ratio": round(statistics.median(ratios), 2)}
        yield row
    said = run(sys.executable, "self_match.py", "curve")
    for size in SIZES:
        small, taken = said[str(SIZES[0])], said[str(size)]
        ratios = (large / least for large, least in zip(taken, small, strict=True))
        yield {
            "name": "smp.curve.fill",
            "orders": size,
            "value": round(statistics.median(taken)),
            "unit": "ns",
            "versus": f"{SIZES[0]} orders",
            "ratio": round(statistics.median(ratios), 2),
            "gc": "off",
        }


def main(what: str) -> None:
    match what:
        case "on":
            w1({"cme-smp": RULE_SET})
        case "off":
            w1({})
        case _:
            curve()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(*sys.argv[1:])
    else:
        for row in rows():
            print(json.dumps(row), flush=True)
