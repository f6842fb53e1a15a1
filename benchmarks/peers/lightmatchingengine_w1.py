"""W1 through lightmatchingengine: python lightmatchingengine_w1.py OPERATIONS.csv

Runs in the peers' environment, which has no floorproof.  Prints one JSON line.
"""

from __future__ import annotations

import csv
import gc
import json
import sys
import time

from lightmatchingengine.lightmatchingengine import (  # type: ignore[import-not-found]  # not in ours
    LightMatchingEngine,
    Side,
)

MOD = 2**61 - 1


def main() -> None:
    with open(sys.argv[1], newline="") as file:
        operations = [
            (
                row["op"] == "C",
                int(row["id"]),
                Side.BUY if row["side"] == "B" else Side.SELL,
                int(row["price"]),
                int(row["qty"]),
            )
            for row in csv.DictReader(file)
        ]
    engine = LightMatchingEngine()
    trades_seen = traded_qty = check = 0
    gc.collect()
    gc.freeze()  # as ours does: the collector stays on, and does not walk what was read

    start = time.perf_counter()
    for cancel, order_id, side, price, qty in operations:
        if cancel:
            engine.cancel_order(order_id, "W1")
        else:
            order, trades = engine.add_order("W1", price, qty, side)
            assert order.order_id == order_id
            for trade in trades:
                if trade.order_id != order_id:  # it also reports the aggressor's, once a level
                    trades_seen += 1
                    traded_qty += trade.trade_qty
                    check = (check * 1_000_003 + trade.trade_price * 131 + trade.trade_qty) % MOD
    seconds = time.perf_counter() - start

    book = engine.order_books["W1"]
    answers = {
        "seconds": seconds,
        "trades": trades_seen,
        "traded_qty": traded_qty,
        "resting": sum(len(queue) for half in (book.bids, book.asks) for queue in half.values()),
        "check": check,
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
