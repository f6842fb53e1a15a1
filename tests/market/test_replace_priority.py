"""Which changes of an order cost it its place in the queue.

Source: CME Group Client Systems Wiki, iLink 2 Tag Modification.
"""

from __future__ import annotations

import pytest
from oracle.shorthand import request, told

from floorproof.market.exchange import Exchange
from floorproof.market.fix import Side
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.plugins.fifo import Fifo

X = Symbol("X")


def exchange_with(*lines: str) -> Exchange:
    """Return an exchange that has received *lines*, and refused none of them."""
    instrument = Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))
    exchange = Exchange([instrument], {instrument.symbol: Fifo()})
    for line in lines:
        assert say(exchange, line)[0].split()[2] in ("NEW,", "REPLACED,")
    return exchange


def say(exchange: Exchange, line: str) -> list[str]:
    return [told(report) for report in exchange.receive(request(line), 0).reports]


def bids(exchange: Exchange) -> str:
    """Return the buy side in priority, as ``name quantity``."""
    queue = exchange.book(X).resting(Side.BUY)
    return ", ".join(f"{resting.order.cl_ord_id} {resting.leaves_qty}" for resting in queue)


# ALPHA's a1 stands in front of BRAVO's b1 at 50, with an account and a user.
QUEUE = ("ALPHA a1 BUY 10 @ 50 account=1 user=PM", "BRAVO b1 BUY 10 @ 50")

# fmt: off
CHANGES = {
    "quantity down":       ("6 @ 50 account=1 user=PM",      "a2 6, b1 10"),
    "quantity up":         ("11 @ 50 account=1 user=PM",     "b1 10, a2 11"),
    "name only":           ("10 @ 50 account=1 user=PM",     "a2 10, b1 10"),
    "user":                ("10 @ 50 account=1 user=ET",     "a2 10, b1 10"),
    "account":             ("10 @ 50 account=2 user=PM",     "b1 10, a2 10"),
    "account taken off":   ("10 @ 50 user=PM",               "b1 10, a2 10"),
    "price down":          ("10 @ 49 account=1 user=PM",     "b1 10, a2 10"),
    "price up":            ("10 @ 51 account=1 user=PM",     "a2 10, b1 10"),
    "down, other account": ("6 @ 50 account=2 user=PM",      "b1 10, a2 6"),
    "down, price up":      ("6 @ 51 account=1 user=PM",      "a2 6, b1 10"),
    "time in force":       ("10 @ 50 IOC account=1 user=PM", "b1 10"),
}
# fmt: on


@pytest.mark.rule("PRIO-1", "PRIO-2")
@pytest.mark.parametrize(("terms", "queue"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_keeps_or_costs_the_place(terms: str, queue: str) -> None:
    exchange = exchange_with(*QUEUE)

    reports = say(exchange, f"ALPHA a2 CHANGE BUY a1 {terms}")

    assert reports[0] == f"ALPHA a2 REPLACED, leaves {terms.split()[0]} cum 0"
    assert bids(exchange) == queue


@pytest.mark.rule("PRIO-1")
def test_a_price_that_goes_and_comes_back_has_lost_its_place() -> None:
    exchange = exchange_with(
        "ALPHA a1 BUY 10 @ 50",
        "BRAVO b1 BUY 10 @ 50",
        "ALPHA a2 CHANGE BUY a1 10 @ 51",
        "ALPHA a3 CHANGE BUY a2 10 @ 50",
    )

    assert bids(exchange) == "b1 10, a3 10"


@pytest.mark.rule("PRIO-2")
def test_fills_count_towards_the_new_quantity() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "BRAVO b1 BUY 10 @ 50", "C c1 SELL 4 @ 50")

    reports = say(exchange, "ALPHA a2 CHANGE BUY a1 7 @ 50")

    assert reports == ["ALPHA a2 REPLACED, leaves 3 cum 4"]
    assert bids(exchange) == "a2 3, b1 10"


@pytest.mark.rule("PRIO-1")
def test_a_partly_filled_order_that_asks_for_more_goes_to_the_back() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "BRAVO b1 BUY 10 @ 50", "C c1 SELL 4 @ 50")

    say(exchange, "ALPHA a2 CHANGE BUY a1 11 @ 50")

    assert bids(exchange) == "b1 10, a2 7"


@pytest.mark.rule("PRIO-1")
def test_a_price_that_crosses_trades_at_once() -> None:
    exchange = exchange_with("BRAVO b1 SELL 4 @ 52", "ALPHA a1 BUY 10 @ 50")

    reports = say(exchange, "ALPHA a2 CHANGE BUY a1 10 @ 53")

    assert reports == [
        "ALPHA a2 REPLACED, leaves 10 cum 0",
        "BRAVO b1 TRADE 4 @ 52, leaves 0 cum 4",
        "ALPHA a2 TRADE 4 @ 52, leaves 6 cum 4",
    ]
    assert exchange.book(X).depth(Side.BUY, 1) == ((53, 6),)


@pytest.mark.rule("REP-2")
def test_an_order_changed_to_immediate_trades_or_expires() -> None:
    exchange = exchange_with("BRAVO b1 SELL 4 @ 52", "ALPHA a1 BUY 10 @ 50")

    reports = say(exchange, "ALPHA a2 CHANGE BUY a1 10 @ 52 IOC")

    assert reports[2:] == [
        "ALPHA a2 TRADE 4 @ 52, leaves 6 cum 4",
        "ALPHA a2 EXPIRED, leaves 0 cum 4",
    ]
    assert len(exchange.book(X)) == 0


@pytest.mark.rule("REJ-3")
def test_only_the_latest_name_is_valid() -> None:
    exchange = exchange_with("ALPHA a1 BUY 10 @ 50", "ALPHA a2 CHANGE BUY a1 9 @ 50")

    by_old_name = say(exchange, "ALPHA x1 CANCEL BUY a1")
    by_new_name = say(exchange, "ALPHA x1 CANCEL BUY a2")

    assert by_old_name == [
        "ALPHA x1 REFUSED UNKNOWN_ORDER:"
        " orig_cl_ord_id 'a1': expected a live order's latest name [REJ-3]"
    ]
    assert by_new_name == ["ALPHA x1 CANCELED, leaves 0 cum 0"]
