"""W1 through cython-orderbook: python cython_orderbook_w1.py OPERATIONS.csv

Its orders, which number themselves, are made before the clock starts, as our messages
are; their prices are whole numbers, which is less work for it than the Decimals that its
own examples have.  Its log of trades is emptied as it is read, lest it grow.
"""

from __future__ import annotations

import csv
import gc
import json
import sys
import time
from typing import Any

from cython_orderbook import (  # type: ignore[import-not-found]  # not in ours
    Order,
    OrderBook,
    OrderSide,
)

MOD = 2**61 - 1


def main() -> None:
    orders: dict[str, Any] = {}
    operations: list[tuple[bool, Any]] = []
    with open(sys.argv[1], newline="") as file:
        for row in csv.DictReader(file):
            if row["op"] == "C":
                operations.append((True, orders[row["id"]].order_id))
                continue
            side = OrderSide.BID if row["side"] == "B" else OrderSide.ASK
            order = Order(side=side, original_quantity=int(row["qty"]), price=int(row["price"]))
            orders[row["id"]] = order
            operations.append((False, order))
    book = OrderBook()
    log = book.trade_log
    trades_seen = traded_qty = check = 0
    del orders
    gc.collect()
    gc.freeze()  # as ours does: the collector stays on, and does not walk what was read

    start = time.perf_counter()
    for cancel, what in operations:
        if cancel:
            book.cancel_order(what)
        else:
            book.add_limit_order(what)
            if log:
                for trade in log:
                    price, qty = trade.price, trade.quantity_filled
                    trades_seen += 1
                    traded_qty += qty
                    check = (check * 1_000_003 + price * 131 + qty) % MOD
                log.clear()
    seconds = time.perf_counter() - start

    answers = {
        "seconds": seconds,
        "trades": trades_seen,
        "traded_qty": traded_qty,
        "resting": len(book.orders),
        "check": check,
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
