"""W1: 200,000 operations on one book, through the bare core and through a whole exchange.

The stream (60 % limit adds around a random-walk mid, 30 % cancels of a random live
order, 10 % limit orders priced to trade) is made here, from SplitMix64 with seed 1,
so it is the same everywhere; its digest and the answers of three independent books
are at the bottom, and a run that ends with others is refused.

`rows` runs lightmatchingengine on the same operations, in turn with ours, in a
Python of its own.  Outside the clock, on both sides: reading the operations.  For
the core these are orders and ids, for the exchange the messages of a session, for
the peer the arguments that it takes.
"""

from __future__ import annotations

import gc
import hashlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from floorproof.market.book import BookEvent, Canceled, OrderBook, Rested, Traded
from floorproof.market.exchange import Exchange, Request
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import plan
from floorproof.market.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from floorproof.plugins import fifo

HERE = Path(__file__).parent
PEERS_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
ROUNDS = 5
SYMBOL = Symbol("W1")
SESSION = CompID("W1")
ALGORITHMS = {name: algorithm() for name, algorithm in fifo.matching_algorithms().items()}


# --- the stream ----------------------------------------------------------------------


@attrs.frozen
class Operation:
    kind: str
    """A adds, M is priced to trade, C cancels (and repeats the order's side and price)."""

    order_id: OrderID
    side: Side
    price: Price
    qty: Qty

    def row(self) -> str:
        side = "B" if self.side is Side.BUY else "S"
        return f"{self.kind},{self.order_id},{side},{self.price},{self.qty}"


class SplitMix64:
    """Steele, Lea and Flood's generator: small, and the same in every language."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def bits(self) -> int:
        mask = (1 << 64) - 1
        self._state = (self._state + 0x9E3779B97F4A7C15) & mask
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        return self.bits() % n

    def unit(self) -> float:
        return (self.bits() >> 11) / (1 << 53)


def operations(count: int = 200_000, seed: int = 1) -> Iterator[Operation]:
    """Yield the operations; a book of our own tells which orders live and where it trades."""
    rng = SplitMix64(seed)
    book = OrderBook()
    live: list[OrderID] = []
    place: dict[OrderID, int] = {}

    def apply(events: list[BookEvent]) -> None:
        for event in events:
            if isinstance(event, Rested):
                place[event.order_id] = len(live)
                live.append(event.order_id)
            elif isinstance(event, Canceled) or (
                isinstance(event, Traded) and not event.leaves_qty
            ):
                hole, last = place.pop(event.order_id), live.pop()
                if last != event.order_id:
                    live[hole] = last
                    place[last] = hole
        book.apply(events)

    mid, entered = 10_000, 0
    for _ in range(count):
        if rng.below(50) == 0:
            mid += 1 if rng.below(2) else -1
        u = rng.unit()
        if 0.60 <= u < 0.90 and live:
            resting = book.get(live[rng.below(len(live))])
            assert resting is not None
            order = resting.order
            assert order.price is not None
            yield Operation("C", resting.order_id, order.side, order.price, 0)
            apply([Canceled(resting.order_id, order, resting.leaves_qty)])
            continue
        side = (Side.BUY, Side.SELL)[rng.below(2)]
        away = -1 if side is Side.BUY else 1
        qty = 1 + rng.below(100)
        touch = book.best(side.opposite)
        if u >= 0.90 and touch is not None:
            kind, price = "M", touch - away * rng.below(4)
        else:
            distance = 1 + min(99, int(-math.log(1.0 - rng.unit()) * 10.0))
            kind, price = "A", mid + away * distance
        entered += 1
        operation = Operation(kind, OrderID(entered), side, price, qty)
        yield operation
        apply(plan(book, ALGORITHMS["F"], message(operation), operation.order_id, qty))


def message(operation: Operation) -> NewOrderSingle:
    return NewOrderSingle(
        sender_comp_id=SESSION,
        cl_ord_id=ClOrdID(str(operation.order_id)),
        symbol=SYMBOL,
        side=operation.side,
        order_qty=operation.qty,
        price=operation.price,
    )


# --- the drivers ---------------------------------------------------------------------


@attrs.define
class Answers:
    trades: int = 0
    traded_qty: int = 0
    resting: int = 0
    check: int = 0

    def fold(self, price: Price, qty: Qty) -> None:
        self.trades += 1
        self.traded_qty += qty
        self.check = (self.check * 1_000_003 + price * 131 + qty) % (2**61 - 1)


def through_core(stream: list[Operation]) -> tuple[float, Answers]:
    """Return operations a second through `plan` and `OrderBook.apply`, and the answers."""
    requests = [
        (operation.order_id, None if operation.kind == "C" else message(operation))
        for operation in stream
    ]
    book, algorithm, answers = OrderBook(), ALGORITHMS["F"], Answers()
    _set_aside()

    start = time.perf_counter()
    for order_id, order in requests:
        events: list[BookEvent]
        if order is None:
            resting = book.get(order_id)
            assert resting is not None
            events = [Canceled(order_id, resting.order, resting.leaves_qty)]
        else:
            events = plan(book, algorithm, order, order_id, order.order_qty)
        book.apply(events)
        for event in events:
            if isinstance(event, Traded):
                answers.fold(event.price, event.last_qty)
    seconds = time.perf_counter() - start

    answers.resting = len(book)
    return len(stream) / seconds, answers


def through_exchange(stream: list[Operation]) -> tuple[float, Answers]:
    """Return operations a second through `Exchange.receive`, every report made."""
    requests: list[Request] = [
        message(operation)
        if operation.kind != "C"
        else OrderCancelRequest(
            sender_comp_id=SESSION,
            cl_ord_id=ClOrdID(f"c{operation.order_id}"),
            orig_cl_ord_id=ClOrdID(str(operation.order_id)),
            symbol=SYMBOL,
            side=operation.side,
        )
        for operation in stream
    ]
    instrument = Instrument(symbol=SYMBOL, price_decimals=0, ticks=TickTable.uniform(1))
    exchange, answers = Exchange([instrument], ALGORITHMS), Answers()
    _set_aside()

    start = time.perf_counter()
    for now_ns, request in enumerate(requests):
        for report in exchange.receive(request, now_ns).reports:
            if isinstance(report, ExecutionReport) and report.aggressor_indicator:
                assert report.last_px is not None
                answers.fold(report.last_px, report.last_qty)
    seconds = time.perf_counter() - start

    answers.resting = len(exchange.book(SYMBOL))
    return len(stream) / seconds, answers


def through_peer(python: Path, csv: Path) -> tuple[float, Answers]:
    """Return the same of lightmatchingengine, which runs in *python*."""
    driver = HERE / "peers" / "lightmatchingengine_w1.py"
    run = subprocess.run(
        [str(python), str(driver), str(csv)], check=True, capture_output=True, text=True
    )
    told = json.loads(run.stdout)
    return told.pop("ops_per_s"), Answers(**told)


def bytes_per_order(orders: int = 1_000_000) -> dict[str, float]:
    """Return what an order at rest takes of memory, by what holds it.

    ``book`` is the core's share.  ``exchange`` counts also the message that the
    order came in, its name, and what the venue keeps to find it by that name.
    """
    sizes = {}
    one = message(Operation("A", OrderID(1), Side.BUY, 1, 10))
    book = OrderBook()
    tracemalloc.start()
    for number in range(orders):
        order_id = OrderID(1000 + number)
        book.apply([Rested(order_id, one, number % 1000, 10)])
    sizes["book"] = tracemalloc.get_traced_memory()[0] / orders
    tracemalloc.stop()
    del book

    instrument = Instrument(symbol=SYMBOL, price_decimals=0, ticks=TickTable.uniform(1))
    exchange = Exchange([instrument], ALGORITHMS)
    tracemalloc.start()
    for number in range(orders):
        operation = Operation("A", OrderID(1000 + number), Side.BUY, number % 1000, 10)
        exchange.receive(message(operation), 0)
    sizes["exchange"] = tracemalloc.get_traced_memory()[0] / orders
    tracemalloc.stop()
    return sizes


# --- the rows ------------------------------------------------------------------------


def rows(python: Path = PEERS_PYTHON, rounds: int = ROUNDS) -> Iterator[dict[str, Any]]:
    """Yield one row a measurement; *python* has lightmatchingengine.

    Raises:
        ValueError: if the stream or an answer is not the one that is known.
    """
    stream = [*operations()]
    text = "".join(f"{line}\n" for line in ("op,id,side,price,qty", *map(Operation.row, stream)))
    _expect("sha256 of the stream", hashlib.sha256(text.encode()).hexdigest(), SHA256)
    speeds: dict[str, list[float]] = {"core": [], "exchange": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "w1.csv"
        csv.write_text(text)
        drivers: dict[str, Callable[[], tuple[float, Answers]]] = {
            "core": lambda: through_core(stream),
            "exchange": lambda: through_exchange(stream),
            "peer": lambda: through_peer(python, csv),
        }
        for _ in range(rounds):
            for name, driver in drivers.items():
                speed, answers = driver()
                _expect(f"answers of the {name}", answers, ANSWERS)
                speeds[name].append(speed)
    for name in ("core", "exchange"):
        in_turn = zip(speeds[name], speeds["peer"], strict=True)
        yield {
            "name": f"book.w1.{name}",
            "value": round(statistics.median(speeds[name])),
            "unit": "ops/s",
            "versus": "lightmatchingengine",
            "ratio": round(statistics.median(ours / theirs for ours, theirs in in_turn), 2),
        }
    run = subprocess.run(
        [sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True
    )
    for name, size in json.loads(run.stdout).items():
        yield {"name": f"{name}.memory_per_order", "value": round(size), "unit": "B"}


def _set_aside() -> None:
    """Keep the collector, which stays on, from walking what was made before the clock starts."""
    gc.collect()
    gc.freeze()


def _expect(what: str, found: object, known: object) -> None:
    if found != known:
        raise ValueError(f"{what}: expected {known!r}, found {found!r}")


SHA256 = "0bdc4122e75d9f40fb7bf8e3e4c7da0c654d23433088955c27bd42c130fe5577"
ANSWERS = Answers(trades=68_979, traded_qty=1_760_333, resting=9_970, check=38415514951843471)


if __name__ == "__main__":
    if sys.argv[1:] == ["--memory"]:
        print(json.dumps(bytes_per_order()))
    else:
        for row in rows(Path(sys.argv[1]) if sys.argv[1:] else PEERS_PYTHON):
            print(json.dumps(row))
