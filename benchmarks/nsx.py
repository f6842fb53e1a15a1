"""NSX's rule sets on W1, and its feed's messages to bytes and back.

W1's exchange runs without rule sets, and with `nsx-etr` and `nsx-aot` set to ranges that never
fire: the trades stay W1's, so that what is measured is being watched (and telling the new
reference of the threshold after each trade at another price, which is a part of it).
All variants take turns in one process and are measured in its CPU time.

Messages are those of that market's feed.  Beside them runs Python's `struct` alone, on
the same fields, which are bytes and numbers already.
"""

from __future__ import annotations

import gc
import json
import statistics
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs
from book import ALGORITHMS, ANSWERS, INSTRUMENT, SYMBOL, operations, request
from measure import Row

from floorproof.market.exchange import Exchange, Request
from floorproof.market.fix import ExecType
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.binding import venue_manager, venue_rules
from floorproof.plugins.nsx.aot import AnomalousOrderThreshold
from floorproof.plugins.nsx.attributes import PercentBand
from floorproof.plugins.nsx.etr import ExtremeTradeRange
from floorproof.wire.itch import Kind, Message, decode, encode, layout_of
from floorproof.wire.itch_feed import ItchFeed, ListedBook

TURNS = 7
WIDE = (PercentBand("0", "1000000", "100"),)
LISTED = attrs.evolve(INSTRUMENT, reference_px=10_000)
ETR, AOT = ExtremeTradeRange(bands=WIDE), AnomalousOrderThreshold(bands=WIDE)
RULE_SETS: Mapping[str, Mapping[str, object]] = {
    "without": {},
    "nsx-etr": {"nsx-etr": ETR},
    "nsx-aot": {"nsx-aot": AOT},
    "nsx-etr and nsx-aot": {"nsx-etr": ETR, "nsx-aot": AOT},
}


def exchange_with(rule_sets: Mapping[str, object], *, recorded: bool = False) -> Exchange:
    rules = venue_rules(venue_manager(rule_sets), SYMBOL)
    return Exchange([LISTED], {SYMBOL: ALGORITHMS["F"]}, {SYMBOL: rules}, recorded=recorded)


def w1(requests: Sequence[Request], rule_sets: Mapping[str, object]) -> float:
    """Return the CPU seconds of W1 under *rule_sets*."""
    exchange, trades = exchange_with(rule_sets), 0
    start = time.process_time()
    for now_ns, one in enumerate(requests):
        for report in exchange.receive(one, now_ns).reports:
            if type(report) is ExecutionReport and report.exec_type is ExecType.TRADE:
                trades += 1
    seconds = time.process_time() - start
    found = (trades, len(exchange.book(SYMBOL)))
    expected = (2 * ANSWERS["trades"], ANSWERS["resting"])
    assert found == expected, f"not the same work: {found}, expected {expected}"
    return seconds


def told(requests: Sequence[Request]) -> list[Message]:
    """Return what the feed of W1's market tells."""
    exchange = exchange_with(RULE_SETS["nsx-etr and nsx-aot"], recorded=True)
    feed = ItchFeed([ListedBook(instrument=LISTED, orderbook=1)], 0)
    messages = feed.spin((), 0)
    for now_ns, one in enumerate(requests):
        messages += feed.follow(exchange.receive(one, now_ns).happened, now_ns)
    return messages


def raw(message: Message) -> tuple[struct.Struct, tuple[object, ...]]:
    """Return a message's format for `struct`, and its fields as that takes them."""
    codes = {Kind.UNSIGNED: {4: "I", 8: "Q"}, Kind.SIGNED: {8: "q"}}
    parts = [
        codes[field.kind][field.length] if field.kind in codes else f"{field.length}s"
        for field in layout_of(message).fields
    ]
    found = struct.Struct(">c" + "".join(parts))
    return found, found.unpack(encode(message))


def rate(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def rows() -> Iterator[Row]:
    """Yield W1 with and without the rule sets, and the messages beside `struct`."""
    requests = [*map(request, operations())]
    messages = told(requests)
    data = [encode(message) for message in messages]
    raws = [raw(message) for message in messages]
    assert [decode(each) for each in data] == messages
    gc.collect()
    gc.freeze()
    runs: dict[str, list[float]] = {name: [] for name in RULE_SETS}
    for _ in range(TURNS):
        for name, rule_sets in RULE_SETS.items():
            runs[name].append(w1(requests, rule_sets))
    for name, seconds in runs.items():
        ratios = (without / its for without, its in zip(runs["without"], seconds, strict=True))
        yield {
            "name": f"nsx.W1, {name}",
            "value": round(len(requests) / statistics.median(seconds)),
            "unit": "ops/s",
            "versus": "the same without rule sets",
            "ratio": round(statistics.median(ratios), 2),
        }
    works: Mapping[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "encode": (
            lambda: [encode(message) for message in messages],
            lambda: [found.pack(*values) for found, values in raws],
        ),
        "decode": (
            lambda: [decode(each) for each in data],
            lambda: [found.unpack(each) for (found, _), each in zip(raws, data, strict=True)],
        ),
    }
    for name, (ours, alone) in works.items():
        pairs = [(rate(ours), rate(alone)) for _ in range(TURNS)]
        yield {
            "name": f"itch.{name}",
            "value": round(len(messages) / statistics.median(mine for mine, _ in pairs)),
            "unit": "messages/s",
            "versus": "struct alone, the same fields",
            "ratio": round(statistics.median(theirs / mine for mine, theirs in pairs), 2),
        }


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row), flush=True)
