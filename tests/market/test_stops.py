"""Stops: what elects them, in which order, and what they are then; each a story."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from oracle.shorthand import request, told
from sortedcontainers import SortedDict
from stories import X, market, play, reports_of, say, script, standing

from floorproof.market.book import Level
from floorproof.market.fix import ExecType, OrdStatus, OrdType, Side
from floorproof.market.identifiers import CompID, OrderID, Price, Qty
from floorproof.market.messages import (
    MarketDataRequest,
    MarketDataSnapshot,
    NewOrderSingle,
)
from floorproof.market.rules import (
    Bound,
    CancelResting,
    Interrupt,
    MarketView,
    Prevention,
    RestingOrder,
    VenueRules,
)

STOPS = {
    "a stop waits unseen, and trades with nobody": """
        > A a1 BUY 5 STOP 52 @ 53
            A a1 NEW, leaves 5 cum 0
        > B b1 SELL 5 @ 53
            B b1 NEW, leaves 5 cum 0
        = offers b1* 5 @ 53; buy stops a1 5 @ 52
    """,
    "a stop to buy is elected by a trade at its trigger": """
        A a1 BUY 5 STOP 52 @ 53
        B b1 SELL 1 @ 52
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
        = bids a1* 5 @ 53
    """,
    "a stop to buy is not elected by a trade below its trigger": """
        A a1 BUY 5 STOP 52 @ 53
        B b1 SELL 1 @ 51
        > C c1 BUY 1 @ 51
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 1
        = buy stops a1 5 @ 52
    """,
    "a stop to sell is elected by a trade at its trigger": """
        A a1 SELL 5 STOP 48 @ 47
        B b1 BUY 1 @ 48
        > C c1 SELL 1 @ 48
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 48, leaves 0 cum 1
            C c1 TRADE 1 @ 48, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
        = offers a1* 5 @ 47
    """,
    "a stop to sell is not elected by a trade above its trigger": """
        A a1 SELL 5 STOP 48 @ 47
        B b1 BUY 1 @ 49
        > C c1 SELL 1 @ 49
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 49, leaves 0 cum 1
            C c1 TRADE 1 @ 49, leaves 0 cum 1
        = sell stops a1 5 @ 48
    """,
    "a trade that skips its trigger elects a stop to buy": """
        A a1 BUY 5 STOP 52 @ 53
        B b1 SELL 1 @ 60
        > C c1 BUY 1 @ 60
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 60, leaves 0 cum 1
            C c1 TRADE 1 @ 60, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
        = bids a1* 5 @ 53
    """,
    "a trade that skips its trigger elects a stop to sell": """
        A a1 SELL 5 STOP 48 @ 47
        B b1 BUY 1 @ 40
        > C c1 SELL 1 @ 40
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 40, leaves 0 cum 1
            C c1 TRADE 1 @ 40, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
        = offers a1* 5 @ 47
    """,
    "a stop-limit that is elected trades to its limit and rests there": """
        A a1 BUY 9 STOP 52 @ 54
        B b1 SELL 1 @ 52
        B b2 SELL 2 @ 53
        B b3 SELL 2 @ 54
        B b4 SELL 2 @ 55
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 9 cum 0
            B b2 TRADE 2 @ 53, leaves 0 cum 2
            A a1 TRADE 2 @ 53, leaves 7 cum 2
            B b3 TRADE 2 @ 54, leaves 0 cum 2
            A a1 TRADE 2 @ 54, leaves 5 cum 4
        = bids a1* 5 @ 54; offers b4 2 @ 55
    """,
    "protection of a stop to buy is counted from its trigger, not from the touch": """
        with protection_points=3
        A a1 BUY 9 STOP 52
        B b1 SELL 1 @ 53
        B b2 SELL 2 @ 55
        B b3 SELL 2 @ 56
        > C c1 BUY 1 @ 53
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 53, leaves 0 cum 1
            C c1 TRADE 1 @ 53, leaves 0 cum 1
            A a1 TRIGGERED, leaves 9 cum 0
            B b2 TRADE 2 @ 55, leaves 0 cum 2
            A a1 TRADE 2 @ 55, leaves 7 cum 2
        = bids a1* 7 @ 55; offers b3 2 @ 56
    """,
    "protection of a stop to sell is counted from its trigger": """
        with protection_points=3
        A a1 SELL 9 STOP 48
        B b1 BUY 1 @ 47
        B b2 BUY 2 @ 45
        B b3 BUY 2 @ 44
        > C c1 SELL 1 @ 47
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 47, leaves 0 cum 1
            C c1 TRADE 1 @ 47, leaves 0 cum 1
            A a1 TRIGGERED, leaves 9 cum 0
            B b2 TRADE 2 @ 45, leaves 0 cum 2
            A a1 TRADE 2 @ 45, leaves 7 cum 2
        = bids b3 2 @ 44; offers a1* 7 @ 45
    """,
    "protection of a stop to buy is rounded towards its trigger": """
        with step=25 protection_points=60
        A a1 BUY 2 STOP 100
        B b1 SELL 1 @ 100
        > C c1 BUY 1 @ 100
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 100, leaves 0 cum 1
            C c1 TRADE 1 @ 100, leaves 0 cum 1
            A a1 TRIGGERED, leaves 2 cum 0
        = bids a1* 2 @ 150
    """,
    "protection of a stop to sell is rounded towards its trigger": """
        with step=25 protection_points=60
        A a1 SELL 2 STOP 100
        B b1 BUY 1 @ 100
        > C c1 SELL 1 @ 100
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 100, leaves 0 cum 1
            C c1 TRADE 1 @ 100, leaves 0 cum 1
            A a1 TRIGGERED, leaves 2 cum 0
        = offers a1* 2 @ 50
    """,
    "a stop without protection is a market order: its rest is canceled": """
        A a1 BUY 5 STOP 52
        B b1 SELL 1 @ 52
        B b2 SELL 2 @ 99
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
            B b2 TRADE 2 @ 99, leaves 0 cum 2
            A a1 TRADE 2 @ 99, leaves 3 cum 2
            A a1 CANCELED, leaves 0 cum 2, MARKET_OPTION
        =
    """,
    "a stop without protection finds nobody": """
        A a1 BUY 5 STOP 52 GTC
        B b1 SELL 1 @ 52
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
            A a1 CANCELED, leaves 0 cum 0, MARKET_OPTION
        =
    """,
    "an immediate stop without protection expires": """
        A a1 BUY 5 STOP 52 IOC
        B b1 SELL 1 @ 52
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        =
    """,
    "an immediate stop waits, and is immediate once it is elected": """
        A a1 BUY 5 STOP 52 @ 53 IOC
        B b1 SELL 1 @ 52
        B b2 SELL 2 @ 53
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 5 cum 0
            B b2 TRADE 2 @ 53, leaves 0 cum 2
            A a1 TRADE 2 @ 53, leaves 3 cum 2
            A a1 EXPIRED, leaves 0 cum 2
        =
    """,
    "a fill or kill stop is judged when it is elected: enough": """
        A a1 BUY 2 STOP 52 @ 53 FOK
        B b1 SELL 1 @ 52
        B b2 SELL 2 @ 53
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 2 cum 0
            B b2 TRADE 2 @ 53, leaves 0 cum 2
            A a1 TRADE 2 @ 53, leaves 0 cum 2
        =
    """,
    "a fill or kill stop is judged when it is elected: one short": """
        A a1 BUY 3 STOP 52 @ 53 FOK
        B b1 SELL 1 @ 52
        B b2 SELL 2 @ 53
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 3 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b2 2 @ 53
    """,
    "an iceberg that waits hides nothing before it is elected, and then as any": """
        A a1 BUY 9 STOP 52 @ 53 show=2
        B b1 SELL 1 @ 52
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRIGGERED, leaves 9 cum 0
        = bids a1* 9/2 @ 53
    """,
    "a stop's rest is behind the aggressor's, at the same price": """
        A a1 BUY 2 STOP 52 @ 53
        B b1 SELL 1 @ 52
        > C c1 BUY 4 @ 53
            C c1 NEW, leaves 4 cum 0
            B b1 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 3 cum 1
            A a1 TRIGGERED, leaves 2 cum 0
        = bids c1* 3 @ 53, a1 2 @ 53
    """,
    "buys go by rising trigger, then by time": """
        A a1 BUY 1 STOP 53 @ 70
        A a2 BUY 1 STOP 52 @ 70
        A a3 BUY 1 STOP 54 @ 70
        A a4 BUY 1 STOP 52 @ 70
        B b1 SELL 1 @ 54
        > C c1 BUY 1 @ 54
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 54, leaves 0 cum 1
            C c1 TRADE 1 @ 54, leaves 0 cum 1
            A a2 TRIGGERED, leaves 1 cum 0
            A a4 TRIGGERED, leaves 1 cum 0
            A a1 TRIGGERED, leaves 1 cum 0
            A a3 TRIGGERED, leaves 1 cum 0
        = bids a2* 1 @ 70, a4 1 @ 70, a1 1 @ 70, a3 1 @ 70
    """,
    "sells go by falling trigger, then by time": """
        A a1 SELL 1 STOP 47 @ 30
        A a2 SELL 1 STOP 48 @ 30
        A a3 SELL 1 STOP 46 @ 30
        A a4 SELL 1 STOP 48 @ 30
        B b1 BUY 1 @ 46
        > C c1 SELL 1 @ 46
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 46, leaves 0 cum 1
            C c1 TRADE 1 @ 46, leaves 0 cum 1
            A a2 TRIGGERED, leaves 1 cum 0
            A a4 TRIGGERED, leaves 1 cum 0
            A a1 TRIGGERED, leaves 1 cum 0
            A a3 TRIGGERED, leaves 1 cum 0
        = offers a2* 1 @ 30, a4 1 @ 30, a1 1 @ 30, a3 1 @ 30
    """,
    "stops of an earlier trade go first, whatever their triggers": """
        A a1 BUY 1 STOP 53 @ 60
        A a2 BUY 1 STOP 51 @ 60
        A a3 BUY 1 STOP 52 @ 60
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 53
        > C c1 BUY 2 @ 53
            C c1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 1 cum 1
            B b2 TRADE 1 @ 53, leaves 0 cum 1
            C c1 TRADE 1 @ 53, leaves 0 cum 2
            A a2 TRIGGERED, leaves 1 cum 0
            A a3 TRIGGERED, leaves 1 cum 0
            A a1 TRIGGERED, leaves 1 cum 0
        = bids a2* 1 @ 60, a3 1 @ 60, a1 1 @ 60
    """,
    "a sell that an earlier trade has elected goes before the buy of a later one": """
        A a1 BUY 1 STOP 53 @ 60
        A a2 SELL 1 STOP 52 @ 52
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 53
        > C c1 BUY 2 @ 53
            C c1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 1 cum 1
            B b2 TRADE 1 @ 53, leaves 0 cum 1
            C c1 TRADE 1 @ 53, leaves 0 cum 2
            A a2 TRIGGERED, leaves 1 cum 0
            A a1 TRIGGERED, leaves 1 cum 0
            A a2 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRADE 1 @ 52, leaves 0 cum 1
        =
    """,
    "each is elected by the first trade that reaches it, and once": """
        A a1 BUY 1 STOP 51 @ 51
        A a2 BUY 1 STOP 53 @ 53
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 52
        B b3 SELL 1 @ 53
        > C c1 BUY 3 @ 53
            C c1 NEW, leaves 3 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 2 cum 1
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 1 cum 2
            B b3 TRADE 1 @ 53, leaves 0 cum 1
            C c1 TRADE 1 @ 53, leaves 0 cum 3
            A a1 TRIGGERED, leaves 1 cum 0
            A a2 TRIGGERED, leaves 1 cum 0
        = bids a2* 1 @ 53, a1 1 @ 51
    """,
    "an aggressor is done before the first stop that it elects": """
        A a1 BUY 1 STOP 51 @ 60
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 52
        B b3 SELL 1 @ 53
        > C c1 BUY 2 @ 52
            C c1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 1 cum 1
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 2
            A a1 TRIGGERED, leaves 1 cum 0
            B b3 TRADE 1 @ 53, leaves 0 cum 1
            A a1 TRADE 1 @ 53, leaves 0 cum 1
        =
    """,
    "a cascade: an elected stop's trade elects the next": """
        A a1 BUY 1 STOP 51 @ 52
        A a2 BUY 1 STOP 52 @ 53
        A a3 BUY 1 STOP 53 @ 54
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 52
        B b3 SELL 1 @ 53
        > C c1 BUY 1 @ 51
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 1
            A a1 TRIGGERED, leaves 1 cum 0
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRADE 1 @ 52, leaves 0 cum 1
            A a2 TRIGGERED, leaves 1 cum 0
            B b3 TRADE 1 @ 53, leaves 0 cum 1
            A a2 TRADE 1 @ 53, leaves 0 cum 1
            A a3 TRIGGERED, leaves 1 cum 0
        = bids a3* 1 @ 54
    """,
    "what a cascade elects joins the end of the queue": """
        A a1 BUY 1 STOP 51 @ 60
        A a2 BUY 1 STOP 51 @ 60
        A a3 BUY 1 STOP 53 @ 60
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 53
        B b3 SELL 2 @ 55
        > C c1 BUY 1 @ 51
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 1
            A a1 TRIGGERED, leaves 1 cum 0
            B b2 TRADE 1 @ 53, leaves 0 cum 1
            A a1 TRADE 1 @ 53, leaves 0 cum 1
            A a2 TRIGGERED, leaves 1 cum 0
            B b3 TRADE 1 @ 55, leaves 1 cum 1
            A a2 TRADE 1 @ 55, leaves 0 cum 1
            A a3 TRIGGERED, leaves 1 cum 0
            B b3 TRADE 1 @ 55, leaves 0 cum 2
            A a3 TRADE 1 @ 55, leaves 0 cum 1
        =
    """,
    "an elected stop meets the rest of an aggressor": """
        A a1 SELL 3 STOP 48 @ 40
        B b1 BUY 1 @ 48
        > C c1 SELL 3 @ 48
            C c1 NEW, leaves 3 cum 0
            B b1 TRADE 1 @ 48, leaves 0 cum 1
            C c1 TRADE 1 @ 48, leaves 2 cum 1
            A a1 TRIGGERED, leaves 3 cum 0
        > B b2 BUY 4 @ 48
            B b2 NEW, leaves 4 cum 0
            A a1 TRADE 3 @ 40, leaves 0 cum 3
            B b2 TRADE 3 @ 40, leaves 1 cum 3
            C c1 TRADE 1 @ 48, leaves 1 cum 2
            B b2 TRADE 1 @ 48, leaves 0 cum 4
        = offers c1 1 @ 48
    """,
    "of one trade the buys go before the sells, and here they meet": """
        A a1 SELL 2 STOP 55 @ 50
        A a2 BUY 2 STOP 45 @ 51
        B b1 BUY 1 @ 50
        > C c1 SELL 1 @ 50
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            C c1 TRADE 1 @ 50, leaves 0 cum 1
            A a2 TRIGGERED, leaves 2 cum 0
            A a1 TRIGGERED, leaves 2 cum 0
            A a2 TRADE 2 @ 51, leaves 0 cum 2
            A a1 TRADE 2 @ 51, leaves 0 cum 2
        =
    """,
    "a stop that was canceled is not elected": """
        A a1 BUY 1 STOP 51 @ 60
        A x1 CANCEL BUY a1
        B b1 SELL 1 @ 51
        > C c1 BUY 1 @ 51
            C c1 NEW, leaves 1 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 1
        =
    """,
    "a trade that was before it elects nothing": """
        B b1 SELL 2 @ 51
        C c1 BUY 1 @ 51
        A a1 SELL 1 STOP 50 @ 40
        > A a2 BUY 1 STOP 52 @ 60
            A a2 NEW, leaves 1 cum 0
        = offers b1* 1 @ 51; buy stops a2 1 @ 52; sell stops a1 1 @ 50
    """,
    "of an order that is filled in part, a stop is what is left": """
        B b1 SELL 1 @ 50
        A a1 BUY 5 @ 50
        A a2 CHANGE BUY a1 5 STOP 52 @ 53
        B b2 SELL 1 @ 52
        B b3 SELL 9 @ 53
        > C c1 BUY 1 @ 52
            C c1 NEW, leaves 1 cum 0
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
            A a2 TRIGGERED, leaves 4 cum 1
            B b3 TRADE 4 @ 53, leaves 5 cum 4
            A a2 TRADE 4 @ 53, leaves 0 cum 5
        = offers b3 5 @ 53
    """,
}


@pytest.mark.rule("TYPE-3", "TYPE-4", "REP-2", "REP-3", "REP-4")
@pytest.mark.parametrize("story", STOPS.values(), ids=STOPS.keys())
def test_a_stop(story: str) -> None:
    assert play(story) == script(story)


# fmt: off
ELECTED = {
    "stop-limit":            (None, "STOP 52 @ 53",  OrdType.LIMIT,  53),
    "stop with protection":  (3,    "STOP 52",       OrdType.LIMIT,  55),
    "stop, no protection":   (None, "STOP 52",       OrdType.MARKET, None),
    "protection is not for a stop-limit": (3, "STOP 52 @ 53", OrdType.LIMIT, 53),
}
# fmt: on


@pytest.mark.rule("TYPE-3", "TYPE-4")
@pytest.mark.parametrize(("points", "terms", "ord_type", "limit"), ELECTED.values(), ids=ELECTED)
def test_an_elected_stop_is_told_what_it_has_become(
    points: int | None, terms: str, ord_type: OrdType, limit: int | None
) -> None:
    exchange = market(protection_points=points)
    (ack,) = reports_of(exchange, f"A a1 BUY 9 {terms}", "a1")
    say(exchange, "B b1 SELL 1 @ 52")

    elected = reports_of(exchange, "C c1 BUY 1 @ 52", "a1")[0]

    assert (ack.ord_type, ack.stop_px) == (request_type(terms), 52)
    assert (elected.exec_type, elected.ord_status) == (ExecType.TRIGGERED, OrdStatus.NEW)
    assert (elected.ord_type, elected.price, elected.stop_px) == (ord_type, limit, None)


def request_type(terms: str) -> OrdType:
    entered = request(f"A a BUY 1 {terms}")
    assert isinstance(entered, NewOrderSingle)
    return entered.ord_type


@pytest.mark.rule("TYPE-3")
def test_a_stop_is_in_no_snapshot_and_no_depth() -> None:
    exchange = market()
    say(exchange, "A a1 BUY 5 STOP 52 @ 53")
    say(exchange, "A a2 SELL 5 STOP 48")

    (snapshot,) = exchange.receive(
        MarketDataRequest(sender_comp_id=CompID("C"), md_req_id="1", symbol=X, market_depth=5), 0
    ).reports

    assert isinstance(snapshot, MarketDataSnapshot)
    assert (snapshot.bids, snapshot.offers) == ((), ())
    assert exchange.book(X).best(Side.BUY) is None
    assert len(exchange.book(X)) == 2


@pytest.mark.rule("REP-4")
def test_where_an_interruption_ends_a_cascade_the_others_wait_on() -> None:
    def halt(price: Price, _qty: Qty, _market: MarketView) -> Interrupt | None:
        return Interrupt(state="PRE_OPEN") if price >= 55 else None

    exchange = market(rules=VenueRules(before_trade=(Bound("halt", halt),)))
    for line in (
        "A a1 BUY 1 STOP 51 @ 60",
        "A a2 BUY 1 STOP 51 @ 60",
        "B b1 SELL 1 @ 51",
        "B b2 SELL 1 @ 55",
    ):
        say(exchange, line)

    assert say(exchange, "C c1 BUY 1 @ 51")[3:] == ["A a1 TRIGGERED, leaves 1 cum 0"]
    assert standing(exchange) == "bids a1* 1 @ 60; offers b2 1 @ 55; buy stops a2 1 @ 51"


@pytest.mark.rule("TYPE-3", "REP-4")
def test_stops_that_an_interruption_left_behind_are_elected_as_the_market_matches_again() -> None:
    def halt(price: Price, _qty: Qty, _market: MarketView) -> Interrupt | None:
        return Interrupt(state="PRE_OPEN") if price >= 55 else None

    exchange = market(rules=VenueRules(before_trade=(Bound("halt", halt),)))
    for line in (
        "A a1 BUY 1 STOP 50 @ 60",
        "A a2 BUY 1 STOP 51 @ 54",
        "A a3 BUY 1 STOP 52 @ 54",
        "A a4 BUY 1 STOP 50 @ 54",
        "B b1 SELL 1 @ 51",
        "B b2 SELL 1 @ 55",
        "C c1 BUY 1 @ 51",
        "B x CANCEL SELL b2",
    ):
        say(exchange, line)
    assert standing(exchange) == "bids a1* 1 @ 60; buy stops a4 1 @ 50, a2 1 @ 51, a3 1 @ 52"

    assert say(exchange, "! state OPEN") == [
        "A a4 TRIGGERED, leaves 1 cum 0",
        "A a2 TRIGGERED, leaves 1 cum 0",
    ]
    assert standing(exchange).endswith("buy stops a3 1 @ 52")


def test_the_work_of_a_cascade_grows_as_its_stops_do() -> None:
    looked_at = 0

    class Counting(SortedDict[int, Level]):
        def __getitem__(self, rank: int) -> Level:
            nonlocal looked_at
            looked_at += 1
            return super().__getitem__(rank)

    exchange = market()
    for number in range(1, 101):
        say(exchange, f"A s{number} BUY 1 STOP {number} @ 300")
    exchange.book(X).buy_stops.by_rank = Counting(exchange.book(X).buy_stops.by_rank)
    say(exchange, "B b0 SELL 1 @ 100")
    say(exchange, "B b1 SELL 100 @ 200")

    assert len(say(exchange, "C c1 BUY 1 @ 100")) == 3 + 100 * 3

    assert looked_at <= 300


@pytest.mark.rule("REP-4", "SES-4")
def test_a_stop_that_an_auction_on_the_way_has_triggered_is_not_triggered_twice() -> None:
    def auction(price: Price, _qty: Qty, view: MarketView) -> Interrupt | None:
        found = price >= 55 and view.state.name != "OPEN"
        return Interrupt(state="OPEN") if found else None

    exchange = market(rules=VenueRules(before_trade=(Bound("auction", auction),)))
    for line in (
        "A a1 BUY 1 STOP 51 @ 60",
        "A a2 BUY 1 STOP 51 @ 60",
        "B b1 SELL 1 @ 51",
        "B b2 SELL 2 @ 55",
    ):
        say(exchange, line)

    reports = say(exchange, "C c1 BUY 1 @ 51")[3:]

    assert [report.split(",")[0] for report in reports] == [
        "A a1 TRIGGERED",
        "A a2 TRIGGERED",
        "A a1 TRADE 1 @ 55",
        "B b2 TRADE 1 @ 55",
        "A a2 TRADE 1 @ 55",
        "B b2 TRADE 1 @ 55",
    ]
    assert standing(exchange) == ""


@pytest.mark.rule("REP-4")
def test_rule_sets_are_asked_about_an_elected_stop_and_told_of_all_that_came_of_it() -> None:
    seen: list[list[str]] = []

    def no_b1(
        _order: NewOrderSingle, resting: Sequence[RestingOrder], _market: MarketView
    ) -> list[Prevention]:
        return [CancelResting(one.order_id) for one in resting if one.order.cl_ord_id == "b1"]

    def note(events: Sequence[object], _market: MarketView) -> None:
        seen.append([type(event).__name__ for event in events])

    rules = VenueRules(
        before_match=(Bound("prevent", no_b1),), after_request=(Bound("note", note),)
    )
    exchange = market(rules=rules)
    for line in (
        "A a1 BUY 2 STOP 51 @ 60",
        "B b1 SELL 1 @ 52",
        "B b2 SELL 1 @ 51",
        "B b3 SELL 2 @ 53",
    ):
        say(exchange, line)

    outcome = exchange.receive(request("C c1 BUY 1 @ 51"), 0)

    assert [told(report) for report in outcome.reports][3:] == [
        "A a1 TRIGGERED, leaves 2 cum 0",
        "B b1 CANCELED, leaves 0 cum 0, OTHER",
        "B b3 TRADE 2 @ 53, leaves 0 cum 2",
        "A a1 TRADE 2 @ 53, leaves 0 cum 2",
    ]
    assert [applied.effect for applied in outcome.effects] == [CancelResting(OrderID(2))]
    assert seen[-1] == ["Traded", "Triggered", "Canceled", "Traded"]
