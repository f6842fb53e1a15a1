"""W1 through pyorderbook: python pyorderbook_w1.py OPERATIONS.csv

Its orders, which make an id (a UUID) and a price (a Decimal) of their own, are made
before the clock starts, as our messages are.
"""

from __future__ import annotations

import csv
import gc
import json
import sys
import time
from typing import Any

from pyorderbook import Book, Order, Side  # type: ignore[import-not-found]  # not in ours

MOD = 2**61 - 1


def main() -> None:
    orders: dict[str, Any] = {}
    operations: list[tuple[bool, Any]] = []
    with open(sys.argv[1], newline="") as file:
        for row in csv.DictReader(file):
            if row["op"] != "C":
                side = Side.BID if row["side"] == "B" else Side.ASK
                orders[row["id"]] = Order(side, "W1", int(row["price"]), int(row["qty"]))
            operations.append((row["op"] == "C", orders[row["id"]]))
    book = Book()
    trades_seen = traded_qty = check = 0
    del orders
    gc.collect()
    gc.freeze()  # as ours does: the collector stays on, and does not walk what was read

    start = time.perf_counter()
    for cancel, order in operations:
        if cancel:
            book.cancel(order)
        else:
            for trade in book.match(order).trades:
                price, qty = int(trade.fill_price), trade.fill_quantity
                trades_seen += 1
                traded_qty += qty
                check = (check * 1_000_003 + price * 131 + qty) % MOD
    seconds = time.perf_counter() - start

    answers = {
        "seconds": seconds,
        "trades": trades_seen,
        "traded_qty": traded_qty,
        "resting": len(book.order_map),
        "check": check,
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
