"""W1, 200,000 operations on one book; and how a book takes growing to a million orders.

W1 goes through the bare core and through a whole exchange.

The stream (60 % limit adds around a random-walk mid, 30 % cancels of a random live
order, 10 % limit orders priced to trade) is made here, from SplitMix64 with seed 1,
so it is the same everywhere; its digest and the answers of three independent books
are at the bottom, and a run that ends with others is refused.

Beside ours run lightmatchingengine, pyorderbook and cython-orderbook, on the same terms:

- Each run has a process of its own, ours and the peers' by turns; a ratio is the
  median of the ratios of one turn.
- Outside the clock, on all sides: reading the operations.  For the core these are
  orders and ids, for the exchange the messages of a session, for a peer the
  arguments that it takes, be they numbers or orders.  Inside: every operation, and
  folding its trades.
- The garbage collector is on, on all sides, and on all sides what was made before
  the clock started is set aside (`gc.freeze`): the collector walks what the book
  keeps, not two hundred thousand inputs that no venue would have lying about.

The exchange is run twice: without rule sets, which then cost nothing, and with one
that is asked about every request and every meeting and objects to none.
"""

from __future__ import annotations

import csv
import gc
import hashlib
import json
import math
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import attrs
from measure import CHECK_BASE, CHECK_MODULUS, Row, in_turn, rates, run, say

from floorproof.market.book import BookEvent, Canceled, OrderBook, Rested, Traded
from floorproof.market.exchange import Exchange, Request
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import plan
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelRequest,
    OrderRequest,
)
from floorproof.market.rules import MarketView, RestingOrder
from floorproof.plugins import fifo
from floorproof.plugins.binding import venue_manager, venue_rules
from floorproof.plugins.hookspecs import hookimpl

SYMBOL = Symbol("W1")
SESSION = CompID("W1")
INSTRUMENT = Instrument(symbol=SYMBOL, price_decimals=0, ticks=TickTable.uniform(1))
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

    @classmethod
    def of(cls, row: dict[str, str]) -> Operation:
        side = Side.BUY if row["side"] == "B" else Side.SELL
        return cls(row["op"], OrderID(int(row["id"])), side, int(row["price"]), int(row["qty"]))


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


def request(operation: Operation) -> OrderRequest:
    if operation.kind != "C":
        return message(operation)
    return OrderCancelRequest(
        sender_comp_id=SESSION,
        cl_ord_id=ClOrdID(f"c{operation.order_id}"),
        orig_cl_ord_id=ClOrdID(str(operation.order_id)),
        symbol=SYMBOL,
        side=operation.side,
    )


# --- the drivers ---------------------------------------------------------------------


def through_core(stream: Sequence[Operation]) -> None:
    """Run *stream* through `plan` and `OrderBook.apply`."""
    requests = [
        (operation.order_id, None if operation.kind == "C" else message(operation))
        for operation in stream
    ]
    book, algorithm = OrderBook(), ALGORITHMS["F"]
    trades = traded_qty = check = 0
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
            if type(event) is Traded:
                trades += 1
                traded_qty += event.last_qty
                check = (check * CHECK_BASE + event.price * 131 + event.last_qty) % CHECK_MODULUS
    seconds = time.perf_counter() - start

    say(seconds, trades=trades, traded_qty=traded_qty, resting=len(book), check=check)


def through_exchange(stream: Sequence[Operation], rule_sets: dict[str, object]) -> None:
    """Run *stream* through `Exchange.receive`, which makes every report."""
    requests: list[Request] = [*map(request, stream)]
    rules = venue_rules(venue_manager(rule_sets), SYMBOL)
    exchange = Exchange([INSTRUMENT], {SYMBOL: ALGORITHMS["F"]}, {SYMBOL: rules})
    trades = traded_qty = check = 0
    _set_aside()

    start = time.perf_counter()
    for now_ns, one in enumerate(requests):
        for report in exchange.receive(one, now_ns).reports:
            if type(report) is ExecutionReport and report.aggressor_indicator:
                price, qty = report.last_px, report.last_qty
                assert price is not None
                trades += 1
                traded_qty += qty
                check = (check * CHECK_BASE + price * 131 + qty) % CHECK_MODULUS
    seconds = time.perf_counter() - start

    resting = len(exchange.book(SYMBOL))
    say(seconds, trades=trades, traded_qty=traded_qty, resting=resting, check=check)


@attrs.frozen
class NothingToObject:
    """A rule set that is asked about every request and every meeting, and lets all pass."""

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> None:
        return None

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> None:
        return None


def bytes_per_order(orders: int = 1_000_000) -> None:
    """Say what an order at rest takes of memory, by what holds it.

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

    exchange = Exchange([INSTRUMENT], {SYMBOL: ALGORITHMS["F"]})
    tracemalloc.start()
    for number in range(orders):
        operation = Operation("A", OrderID(1000 + number), Side.BUY, number % 1000, 10)
        exchange.receive(message(operation), 0)
    sizes["exchange"] = tracemalloc.get_traced_memory()[0] / orders
    tracemalloc.stop()
    say(0, **sizes)


def _set_aside() -> None:
    """Keep the collector, which stays on, from walking what was made before the clock starts."""
    gc.collect()
    gc.freeze()


# --- the curve -----------------------------------------------------------------------

SIZES = (1_000, 10_000, 100_000, 1_000_000)
STEPS = ("best", "add", "add.anywhere", "cancel", "cancel.anywhere", "fill")
BATCH = 100
BATCHES = 25
TURNS = 15
LOT = 10
"""The quantity of every order here."""


class Crowd:
    """A book of so many orders, half of them bids, and what is done to it.

    Each step returns the seconds that a batch of it takes, and is then undone.  Adds and
    cancels are either where the smallest book has orders as well, at the same prices, or
    anywhere: then they come upon memory that nobody has touched for long.

    Args:
        levels: how many a side has, next to each other; None where each order has one of
            its own, every other price is free, and an order that is added opens a level.
    """

    def __init__(self, orders: int, levels: int | None) -> None:
        self._book = OrderBook()
        self._random = random.Random(orders)
        self._size = orders
        self._step = 1 if levels else 2
        self._levels = levels or orders // 2
        for number in range(orders):
            side = (Side.BUY, Side.SELL)[number % 2]
            self._rest(self._order(number, side, number // 2 % self._levels))

    def _order(self, number: int, side: Side, level: int, beside: int = 0) -> NewOrderSingle:
        """Return an order at a level of *side*, counted from the touch."""
        away = -1 if side is Side.BUY else 1
        price = away * (1 + self._step * level + beside)
        return message(Operation("A", OrderID(number), side, price, LOT))

    def _rest(self, order: NewOrderSingle) -> None:
        assert order.price is not None
        self._book.apply([Rested(OrderID(int(order.cl_ord_id)), order, order.price, LOT)])

    def _enter(self, orders: Sequence[NewOrderSingle]) -> float:
        book, algorithm = self._book, ALGORITHMS["F"]
        numbered = [(OrderID(int(order.cl_ord_id)), order) for order in orders]
        start = time.perf_counter()
        for order_id, order in numbered:
            book.apply(plan(book, algorithm, order, order_id, LOT))
        return time.perf_counter() - start

    def best(self) -> float:
        """Ask for the best price."""
        book, side = self._book, Side.BUY
        start = time.perf_counter()
        for _ in range(BATCH):
            book.best(side)
        return time.perf_counter() - start

    def add(self, among: int = SIZES[0]) -> float:
        """Add orders that meet nobody, on either side."""
        draw, beside = self._random.randrange, self._step - 1
        levels = min(self._levels, among // 2)
        orders = [
            self._order(number, (Side.BUY, Side.SELL)[draw(2)], draw(levels), beside)
            for number in range(self._size, self._size + BATCH)
        ]
        seconds = self._enter(orders)
        for number, order in enumerate(orders, self._size):
            self._book.apply([Canceled(OrderID(number), order, LOT)])
        return seconds

    def cancel(self, among: int = SIZES[0]) -> float:
        """Cancel orders, in no order."""
        book, orders = self._book, []
        order_ids = [OrderID(one) for one in self._random.sample(range(among), BATCH)]
        start = time.perf_counter()
        for order_id in order_ids:
            resting = book.get(order_id)
            assert resting is not None
            orders.append(resting.order)
            book.apply([Canceled(order_id, resting.order, resting.leaves_qty)])
        seconds = time.perf_counter() - start
        for order in orders:
            self._rest(order)
        return seconds

    def fill(self) -> float:
        """Fill the order at the touch, whole, and the next one."""
        filled = [one.order for one in islice(self._book.resting(Side.BUY), BATCH)]
        orders = [
            message(Operation("M", OrderID(number), Side.SELL, order.price, LOT))
            for number, order in enumerate(filled, self._size)
            if order.price is not None
        ]
        seconds = self._enter(orders)
        assert len(self._book) == self._size - BATCH
        for order in filled:
            self._rest(order)
        return seconds

    def take(self, step: str) -> float:
        match step:
            case "best":
                return self.best()
            case "add":
                return self.add()
            case "add.anywhere":
                return self.add(self._size)
            case "cancel":
                return self.cancel()
            case "cancel.anywhere":
                return self.cancel(self._size)
            case _:
                return self.fill()


def curve(levels: int | None) -> None:
    """Say what each step takes in books of each size: in nanoseconds, by turns.

    The collector is off: it would walk what a batch has made, or now and then, whatever
    the step, the whole book.
    """
    gc.disable()
    crowds = {size: Crowd(size, levels) for size in SIZES}
    taken: dict[str, list[float]] = {f"{step} {size}": [] for step in STEPS for size in SIZES}
    for _ in range(TURNS):
        for step in STEPS:
            for size, crowd in crowds.items():
                batches = [crowd.take(step) for _ in range(BATCHES)]
                taken[f"{step} {size}"].append(statistics.median(batches) / BATCH * 1e9)
    say(0, **taken)


def curve_rows() -> Iterator[Row]:
    """Yield what one operation takes in growing books, beside the smallest of them."""
    for shape, levels in (("ten levels a side", "10"), ("a level an order", "")):
        said = run(sys.executable, "book.py", "curve", levels)
        for step in STEPS:
            small = said[f"{step} {SIZES[0]}"]
            for size in SIZES:
                taken = said[f"{step} {size}"]
                ratios = (large / least for large, least in zip(taken, small, strict=True))
                yield {
                    "name": f"book.curve.{step}",
                    "levels": shape,
                    "orders": size,
                    "value": round(statistics.median(taken)),
                    "unit": "ns",
                    "versus": f"{SIZES[0]} orders",
                    "ratio": round(statistics.median(ratios), 2),
                    "gc": "off",
                }


# --- the rows ------------------------------------------------------------------------


def rows() -> Iterator[Row]:
    """Yield W1 beside its peers, the curve, and what an order takes of memory."""
    lines = ["op,id,side,price,qty", *map(Operation.row, operations())]
    text = "".join(f"{line}\n" for line in lines)
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == SHA256, f"not the same work: sha256 {digest}, expected {SHA256}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w1.csv"
        path.write_text(text)
        ours = {
            "book.core": ("core", str(path)),
            "book.exchange": ("exchange", str(path)),
            "book.exchange.rules": ("rules", str(path)),
        }
        peers = {peer: (f"peers/{script}_w1.py", (str(path),)) for peer, script in PEERS.items()}
        mine, theirs = in_turn("book.py", ours, peers, ANSWERS)
    yield from rates("ops/s", len(lines) - 1, mine, theirs)
    yield from curve_rows()
    sizes = run(sys.executable, "book.py", "memory")
    for name in ("book", "exchange"):
        yield {"name": f"book.memory.{name}", "value": round(sizes[name]), "unit": "B an order"}


PEERS = {
    "lightmatchingengine": "lightmatchingengine",
    "pyorderbook": "pyorderbook",
    "cython-orderbook": "cython_orderbook",
}
SHA256 = "0bdc4122e75d9f40fb7bf8e3e4c7da0c654d23433088955c27bd42c130fe5577"
ANSWERS = {
    "trades": 68_979,
    "traded_qty": 1_760_333,
    "resting": 9_970,
    "check": 38415514951843471,
}


def main(what: str, path: str = "") -> None:
    if what == "memory":
        return bytes_per_order()
    if what == "curve":
        return curve(int(path) if path else None)
    with open(path, newline="") as file:
        stream = [*map(Operation.of, csv.DictReader(file))]
    if what == "core":
        return through_core(stream)
    return through_exchange(
        stream, {"nothing to object": NothingToObject()} if what == "rules" else {}
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        main(*sys.argv[1:])
    else:
        for row in rows():
            print(json.dumps(row), flush=True)
