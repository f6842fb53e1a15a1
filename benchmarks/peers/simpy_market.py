"""W3 in SimPy: processes on stores, a bare timeout a message, our book and matching."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Generator, Iterator
from typing import Any

import simpy  # type: ignore[import-not-found]  # only the peers' environment has it

from floorproof.market.book import BookEvent, Canceled, OrderBook, Rested, Traded
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Symbol
from floorproof.market.matching import plan
from floorproof.market.messages import NewOrderSingle

TRADERS = range(1, 101)
LINK_NS = 1_000_000
END_NS = 3_600_000_000_000 - 10_000_000
SYMBOL = Symbol("W3")


class Fifo:
    """Algorithm F, as floorproof's plugin has it; the peers have no plugins."""

    would = True

    def allocate(self, quantity: int, queue: Any) -> Iterator[tuple[Any, int]]:
        for resting in queue:
            leaves_qty = resting.leaves_qty
            if leaves_qty >= quantity:
                yield resting, quantity
                return
            quantity -= leaves_qty
            yield resting, leaves_qty


def main() -> None:
    env = simpy.Environment()
    exchange_in = simpy.Store(env)
    trader_in = {number: simpy.Store(env) for number in TRADERS}
    owner: dict[int, int] = {}
    orders = cancels = trades = traded_qty = check = 0

    def send(store: Any, message: Any) -> None:
        env.timeout(LINK_NS, message).callbacks.append(lambda event: store.put(event.value))

    def exchange() -> Generator[Any, Any, None]:
        nonlocal trades, traded_qty, check
        book, algorithm = OrderBook(), Fifo()
        while True:
            number, order_id, order = yield exchange_in.get()
            events: list[BookEvent]
            if order is None:
                resting = book.get(order_id)
                if resting is not None:
                    book.apply([Canceled(order_id, resting.order, resting.leaves_qty)])
                    send(trader_in[number], ("canceled", order_id, 0))
                continue
            owner[order_id] = number
            events = list(plan(book, algorithm, order, order_id, order.order_qty))
            book.apply(events)
            left = order.order_qty
            for event in events:
                if isinstance(event, Traded):
                    price, qty = event.price, event.last_qty
                    left -= qty
                    trades += 1
                    traded_qty += qty
                    check = (check * 1_000_003 + price * 131 + qty) % (2**61 - 1)
                    resting_id = event.order_id
                    send(trader_in[owner[resting_id]], ("fill", resting_id, event.leaves_qty))
                    send(trader_in[number], ("fill", order_id, left))
                elif isinstance(event, Rested):
                    send(trader_in[number], ("accepted", order_id, left))

    def trader(number: int) -> Generator[Any, Any, None]:
        live: dict[int, None] = {}
        env.process(listen(trader_in[number], live))
        nonlocal orders, cancels
        draw = random.Random(1000 + number).random
        session = CompID(str(number))
        sent = 0
        gap_ns = 1 + int(-math.log(1.0 - draw()) * 3.6e9)
        while env.now + gap_ns < END_NS:
            yield env.timeout(gap_ns)
            side = Side.BUY if draw() < 0.5 else Side.SELL
            ticks = int(-math.log(1.0 - draw()) * 10.0) - 4
            qty = 1 + int(draw() * 100)
            if len(live) >= 5:
                cancels += 1
                send(exchange_in, (number, next(iter(live)), None))
            orders += 1
            sent += 1
            order_id = OrderID(number * 1_000_000 + sent)
            order = NewOrderSingle(
                sender_comp_id=session,
                cl_ord_id=ClOrdID(str(order_id)),
                symbol=SYMBOL,
                side=side,
                order_qty=qty,
                price=100_000 + (-ticks if side is Side.BUY else ticks),
            )
            live[order_id] = None
            send(exchange_in, (number, order_id, order))
            gap_ns = 1 + int(-math.log(1.0 - draw()) * 3.6e9)

    def listen(store: Any, live: dict[int, None]) -> Generator[Any, Any, None]:
        while True:
            _, order_id, left = yield store.get()
            if not left:
                live.pop(order_id, None)

    env.process(exchange())
    for number in TRADERS:
        env.process(trader(number))

    start = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - start
    answers = {
        "orders": orders,
        "cancels": cancels,
        "trades": trades,
        "traded_qty": traded_qty,
        "check": check,
    }
    print(json.dumps({"seconds": seconds, **answers}))


if __name__ == "__main__":
    main()
