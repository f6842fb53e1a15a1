"""With whom an aggressor could trade where the algorithm is not FIFO: both readings.

P1, P2, X5 and X6 of `reference/cme.md` with orders at each price held against the aggressor as
it comes to them; `test_cme_smp.py` has the reading that its example needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from smp import SMP, X, book, every_algorithm, every_could, exchange_with, happen, reports, say

from floorproof.market.fix import ExecType
from floorproof.market.matching import Algorithm
from floorproof.plugins.allocation.globex import Configurable, CurrencyRoll
from floorproof.plugins.cme.self_match_prevention import CouldSpan

EACH_LEVEL = attrs.evolve(SMP, could_span=CouldSpan.EACH_LEVEL)

P_1301 = (
    "F100 s1 SELL 500 @ 1301 id=2345678",
    "F200 s2 SELL 300 @ 1301 id=3456789",
    "F300 s3 SELL 200 @ 1301 id=4567890",
    "F500 s4 SELL 500 @ 1301 id=5678901",
)
OTHER_1302 = "F700 s7 SELL 30 @ 1302 id=7890123"
AGGRESSOR = "F400 n BUY 1000 @ 1302 id=1234567"
# fmt: off
FILLS: dict[str, tuple[Algorithm, list[int]]] = {
    "C":              (CurrencyRoll(), [334, 200, 133, 333]),
    "K, 100 % FIFO":  (Configurable(fifo_percent=100), [500, 300, 200, 0]),
}
# fmt: on


@pytest.mark.rule("SMP-5")
@pytest.mark.parametrize("instruction", ["instr=N", "instr=O", ""])
@pytest.mark.parametrize(("algorithm", "fills"), FILLS.values(), ids=FILLS.keys())
def test_p1_and_p2_an_own_order_that_is_not_come_to_stays(
    algorithm: Algorithm, fills: list[int], instruction: str
) -> None:
    own = "F400 s6 SELL 20 @ 1302 id=1234567 instr=O"
    exchange = exchange_with(*P_1301, own, OTHER_1302, algorithm=algorithm, rule=EACH_LEVEL)

    outcome = happen(exchange, f"{AGGRESSOR} {instruction}")

    filled = dict.fromkeys(("s1", "s2", "s3", "s4"), 0)
    for report in reports(outcome)[1:]:
        assert (report.exec_type, report.last_px) == (ExecType.TRADE, 1301)
        if report.cl_ord_id != "n":
            filled[report.cl_ord_id] += report.last_qty
    assert [*filled.values()] == fills
    assert book(exchange)[-2:] == ["s6 20 @ 1302", "s7 30 @ 1302"]


@pytest.mark.rule("SMP-5", "SMP-11")
@every_could
def test_at_the_price_of_the_trade_both_readings_are_one(algorithm: Algorithm) -> None:
    own = "F400 s6 SELL 20 @ 1301 id=1234567 instr=O"
    stories = []
    for rule in (SMP, EACH_LEVEL):
        for instruction in ("instr=N", "instr=O"):
            exchange = exchange_with(*P_1301, own, algorithm=algorithm, rule=rule)
            stories.append((say(exchange, f"{AGGRESSOR} {instruction}"), book(exchange)))

    assert stories[:2] == stories[2:]
    assert stories[0][0] == [
        "F400 n NEW, leaves 1000 cum 0",
        "F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST",
    ]
    assert stories[1][0][1] == "F400 s6 CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"


# fmt: off
AT_1301 = "F100 a SELL 10 @ 1301"
OWN = "F400 own SELL 20 @ 1302 id=1234567"
AT_1302 = "F100 b SELL 5 @ 1302"
FAR = "F400 far SELL 5 @ 1303 id=1234567"
FILL_OF_A = ["F100 a TRADE 10 @ 1301, leaves 0 cum 10"]
# What arrives, what is told of it in either reading, and what rests then.
COMING: dict[str, tuple[str, list[str], list[str]]] = {
    "N: what has traded stands": (
        "BUY 30 @ 1302 instr=N",
        [*FILL_OF_A,
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 n CANCELED, leaves 0 cum 10, SELF_MATCH_NEWEST"],
        ["own 20 @ 1302", "b 5 @ 1302", "far 5 @ 1303"]),
    "O: the own order goes between two fills": (
        "BUY 30 @ 1302 instr=O",
        [*FILL_OF_A,
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 b TRADE 5 @ 1302, leaves 0 cum 5",
         "F400 n TRADE 5 @ 1302, leaves 15 cum 15"],
        ["far 5 @ 1303", "n 15 @ 1302"]),
    "X6: filled at the better price": (
        "BUY 10 @ 1303 instr=O",
        [*FILL_OF_A, "F400 n TRADE 10 @ 1301, leaves 0 cum 10"],
        ["own 20 @ 1302", "b 5 @ 1302", "far 5 @ 1303"]),
    "at market, each price in turn": (
        "BUY 30 MARKET",
        [*FILL_OF_A,
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 b TRADE 5 @ 1302, leaves 0 cum 5",
         "F400 n TRADE 5 @ 1302, leaves 15 cum 15",
         "F400 far CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 n CANCELED, leaves 0 cum 15, MARKET_OPTION"],
        []),
    "fill or kill, enough without its own": (
        "BUY 15 @ 1302 FOK",
        [*FILL_OF_A,
         "F400 n TRADE 10 @ 1301, leaves 5 cum 10",
         "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 b TRADE 5 @ 1302, leaves 0 cum 5",
         "F400 n TRADE 5 @ 1302, leaves 0 cum 15"],
        ["far 5 @ 1303"]),
    "fill or kill, enough only with its own": (
        "BUY 16 @ 1302 FOK",
        ["F400 n EXPIRED, leaves 0 cum 0"],
        ["a 10 @ 1301", "own 20 @ 1302", "b 5 @ 1302", "far 5 @ 1303"]),
    "fill or kill that prevention ends": (
        "BUY 15 @ 1302 FOK instr=N",
        ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        ["a 10 @ 1301", "own 20 @ 1302", "b 5 @ 1302", "far 5 @ 1303"]),
    "minimum, met before prevention ends it": (
        "BUY 30 @ 1302 min=10 instr=N",
        [*FILL_OF_A,
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 n CANCELED, leaves 0 cum 10, SELF_MATCH_NEWEST"],
        ["own 20 @ 1302", "b 5 @ 1302", "far 5 @ 1303"]),
}
# fmt: on


@pytest.mark.rule("SMP-5", "SMP-11", "SMP-12")
@every_could
@pytest.mark.parametrize(("arrives", "said", "left"), COMING.values(), ids=COMING.keys())
def test_as_the_aggressor_comes_to_a_price(
    algorithm: Algorithm, arrives: str, said: list[str], left: list[str]
) -> None:
    exchange = exchange_with(AT_1301, OWN, AT_1302, FAR, algorithm=algorithm, rule=EACH_LEVEL)

    ack, *rest = say(exchange, f"F400 n {arrives} id=1234567")

    assert " NEW" in ack
    assert rest == said
    assert book(exchange) == left


@pytest.mark.rule("SMP-5")
@every_could
def test_who_shows_another_slice_has_been_asked_about(algorithm: Algorithm) -> None:
    exchange = exchange_with(
        "F400 own SELL 9 @ 50 show=3 id=1234567",
        "F100 ice SELL 9 @ 50 show=3",
        algorithm=algorithm,
        rule=EACH_LEVEL,
    )

    said = say(exchange, "F400 n BUY 9 @ 50 id=1234567")

    assert said[1] == "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"
    assert said[-1] == "F400 n TRADE 3 @ 50, leaves 0 cum 9"
    assert book(exchange) == []


@pytest.mark.rule("SMP-4")
@pytest.mark.parametrize("instruction", ["instr=N", "instr=O", ""])
def test_fifo_knows_no_difference(instruction: str) -> None:
    lines = (AT_1301, OWN, AT_1302, FAR)
    one, other = exchange_with(*lines), exchange_with(*lines, rule=EACH_LEVEL)
    arrives = f"F400 n BUY 40 @ 1303 id=1234567 {instruction}"

    assert say(one, arrives) == say(other, arrives)
    assert book(one) == book(other)


@pytest.mark.rule("SMP-9")
@every_algorithm
def test_nothing_is_prevented_in_an_opening_either(algorithm: Algorithm) -> None:
    exchange = exchange_with(
        "! CALL",
        "F400 a BUY 10 @ 52 id=1234567 instr=N",
        "F400 b SELL 10 @ 50 id=1234567",
        algorithm=algorithm,
        rule=EACH_LEVEL,
    )

    found: Sequence[str] = say(exchange, "! OPEN")

    assert [line.partition(" @")[0] for line in found] == ["F400 a TRADE 10", "F400 b TRADE 10"]
    assert exchange.view(X).last_px is not None
