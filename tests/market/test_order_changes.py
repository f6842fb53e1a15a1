"""What becomes of orders at rest: changes, who is TOP, the end of the day, mass cancels.

What a change costs is CME's ("iLink 2 Tag Modification") where that says something.
"""

from __future__ import annotations

import pytest
from oracle.shorthand import request
from stories import X, market, play, say, script, standing

from floorproof.market.fix import ExecType, MassActionResponse, OrdStatus, Side
from floorproof.market.messages import ExecutionReport, OrderMassActionReport

# --- changes -------------------------------------------------------------------------

CHANGES = {
    "display lowered: it keeps its place, and shows less at once": """
        A a1 BUY 9 @ 50 show=4
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 show=2
            A a2 REPLACED, leaves 9 cum 0
        = bids a2* 9/2 @ 50, b1 1 @ 50
    """,
    "display lowered while a slice is half used": """
        A a1 BUY 9 @ 50 show=4
        B b1 BUY 1 @ 50
        C c1 SELL 3 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 show=2
            A a2 REPLACED, leaves 6 cum 3
        = bids a2* 6/1 @ 50, b1 1 @ 50
    """,
    "display introduced": """
        A a1 BUY 9 @ 50
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 show=2
            A a2 REPLACED, leaves 9 cum 0
        = bids a2* 9/2 @ 50, b1 1 @ 50
    """,
    "display raised: to the back": """
        A a1 BUY 9 @ 50 show=2
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 show=3
            A a2 REPLACED, leaves 9 cum 0
        = bids b1 1 @ 50, a2 9/3 @ 50
    """,
    "display dropped: to the back": """
        A a1 BUY 9 @ 50 show=2
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50
            A a2 REPLACED, leaves 9 cum 0
        = bids b1 1 @ 50, a2 9 @ 50
    """,
    "an iceberg's quantity lowered: what it shows stays": """
        A a1 BUY 9 @ 50 show=4
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 5 @ 50 show=4
            A a2 REPLACED, leaves 5 cum 0
        > C c1 SELL 3 @ 50
            C c1 NEW, leaves 3 cum 0
            A a2 TRADE 3 @ 50, leaves 2 cum 3
            C c1 TRADE 3 @ 50, leaves 0 cum 3
        > A a3 CHANGE BUY a2 4 @ 50 show=4
            A a3 REPLACED, leaves 1 cum 3
        = bids a3* 1 @ 50, b1 1 @ 50
    """,
    "an iceberg's quantity raised: to the back": """
        A a1 BUY 9 @ 50 show=4
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 10 @ 50 show=4
            A a2 REPLACED, leaves 10 cum 0
        = bids b1 1 @ 50, a2 10/4 @ 50
    """,
    "date": """
        A a1 BUY 9 @ 50 until=2026-01-05
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 until=2026-01-06
            A a2 REPLACED, leaves 9 cum 0
        = bids a2* 9 @ 50, b1 1 @ 50
    """,
    "day, then good till canceled": """
        A a1 BUY 9 @ 50
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 GTC
            A a2 REPLACED, leaves 9 cum 0
        = bids a2* 9 @ 50, b1 1 @ 50
    """,
    "post-only, taken off": """
        A a1 BUY 9 @ 50 post
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50
            A a2 REPLACED, leaves 9 cum 0
        = bids a2* 9 @ 50, b1 1 @ 50
    """,
    "immediate": """
        A a1 BUY 9 @ 50
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 9 @ 50 IOC
            A a2 REPLACED, leaves 9 cum 0
            A a2 EXPIRED, leaves 0 cum 0
        = bids b1 1 @ 50
    """,
    "fill or kill: too little, and the order is gone": """
        A a1 BUY 9 @ 50
        B b1 SELL 1 @ 51
        > A a2 CHANGE BUY a1 9 @ 51 FOK
            A a2 REPLACED, leaves 9 cum 0
            A a2 EXPIRED, leaves 0 cum 0
        = offers b1* 1 @ 51
    """,
    "fill or kill is about what is left": """
        B b0 SELL 4 @ 50
        A a1 BUY 9 @ 50
        B b1 SELL 5 @ 51
        > A a2 CHANGE BUY a1 9 @ 51 FOK
            A a2 REPLACED, leaves 5 cum 4
            B b1 TRADE 5 @ 51, leaves 0 cum 5
            A a2 TRADE 5 @ 51, leaves 0 cum 9
        =
    """,
    "a stop's trigger: behind those of the new one": """
        A a1 BUY 1 STOP 52 @ 60
        B b1 BUY 1 STOP 53 @ 60
        > A a2 CHANGE BUY a1 1 STOP 53 @ 60
            A a2 REPLACED, leaves 1 cum 0
        = buy stops b1 1 @ 53, a2 1 @ 53
    """,
    "a stop's quantity lowered, and renamed: it keeps its place": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        > A a2 CHANGE BUY a1 4 STOP 52 @ 60 user=U
            A a2 REPLACED, leaves 4 cum 0
        = buy stops a2 4 @ 52, b1 1 @ 52
    """,
    "a stop's quantity raised: behind the others of its trigger": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        > A a2 CHANGE BUY a1 6 STOP 52 @ 60
            A a2 REPLACED, leaves 6 cum 0
        = buy stops b1 1 @ 52, a2 6 @ 52
    """,
    "a stop's limit: behind the others of its trigger": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        > A a2 CHANGE BUY a1 5 STOP 52 @ 59
            A a2 REPLACED, leaves 5 cum 0
        = buy stops b1 1 @ 52, a2 5 @ 52
    """,
    "a stop's account: behind the others of its trigger": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        > A a2 CHANGE BUY a1 5 STOP 52 @ 60 account=1
            A a2 REPLACED, leaves 5 cum 0
        = buy stops b1 1 @ 52, a2 5 @ 52
    """,
    "a stop-limit becomes a stop: behind the others of its trigger": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        > A a2 CHANGE BUY a1 5 STOP 52
            A a2 REPLACED, leaves 5 cum 0
        = buy stops b1 1 @ 52, a2 5 @ 52
    """,
    "a stop that comes back to its trigger has lost its place": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 BUY 1 STOP 52 @ 60
        A a2 CHANGE BUY a1 5 STOP 53 @ 60
        > A a3 CHANGE BUY a2 5 STOP 52 @ 60
            A a3 REPLACED, leaves 5 cum 0
        = buy stops b1 1 @ 52, a3 5 @ 52
    """,
    "a stop becomes a limit order, and trades at once": """
        A a1 BUY 5 STOP 52 @ 60
        B b1 SELL 2 @ 51
        > A a2 CHANGE BUY a1 5 @ 51
            A a2 REPLACED, leaves 5 cum 0
            B b1 TRADE 2 @ 51, leaves 0 cum 2
            A a2 TRADE 2 @ 51, leaves 3 cum 2
        = bids a2* 3 @ 51
    """,
    "a limit order becomes a stop, and back, behind the others": """
        A a1 BUY 5 @ 50
        B b1 BUY 1 @ 50
        > A a2 CHANGE BUY a1 5 STOP 52 @ 53
            A a2 REPLACED, leaves 5 cum 0
        = bids b1 1 @ 50; buy stops a2 5 @ 52
        > A a3 CHANGE BUY a2 5 @ 50
            A a3 REPLACED, leaves 5 cum 0
        = bids b1 1 @ 50, a3 5 @ 50
    """,
    "a stop that is changed is elected by its new trigger alone": """
        A a1 BUY 5 STOP 52 @ 60
        A a2 CHANGE BUY a1 5 STOP 54 @ 60
        B b1 SELL 1 @ 53
        B b2 SELL 1 @ 54
        C c1 BUY 1 @ 53
        = offers b2 1 @ 54; buy stops a2 5 @ 54
        > C c2 BUY 1 @ 54
            C c2 NEW, leaves 1 cum 0
            B b2 TRADE 1 @ 54, leaves 0 cum 1
            C c2 TRADE 1 @ 54, leaves 0 cum 1
            A a2 TRIGGERED, leaves 5 cum 0
        = bids a2* 5 @ 60
    """,
    "an elected stop keeps its place like the limit order that it is": """
        A a1 BUY 5 STOP 52 @ 52
        B b1 SELL 1 @ 52
        C c1 BUY 1 @ 52
        B b2 BUY 1 @ 52
        > A a2 CHANGE BUY a1 4 @ 52
            A a2 REPLACED, leaves 4 cum 0
        = bids a2* 4 @ 52, b2 1 @ 52
    """,
    "an elected stop may wait for a trigger again": """
        A a1 BUY 5 STOP 52 @ 52
        B b1 SELL 1 @ 52
        C c1 BUY 1 @ 52
        > A a2 CHANGE BUY a1 5 STOP 53 @ 54
            A a2 REPLACED, leaves 5 cum 0
        = buy stops a2 5 @ 53
    """,
    "what began as a market order keeps its place like the limit order that it is": """
        with protection_points=2
        B b1 SELL 1 @ 50
        A a1 BUY 5 MARKET
        B b2 BUY 1 @ 52
        > A a2 CHANGE BUY a1 4 @ 52
            A a2 REPLACED, leaves 3 cum 1
        = bids a2* 3 @ 52, b2 1 @ 52
    """,
    "a change elects stops with what it trades": """
        C c1 BUY 1 STOP 51 @ 60
        A a1 BUY 1 @ 50
        B b1 SELL 1 @ 51
        B b2 SELL 1 @ 52
        > A a2 CHANGE BUY a1 1 @ 51
            A a2 REPLACED, leaves 1 cum 0
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            A a2 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRIGGERED, leaves 1 cum 0
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            C c1 TRADE 1 @ 52, leaves 0 cum 1
        =
    """,
}


@pytest.mark.rule("PRIO-1", "PRIO-2", "REP-2", "TYPE-3")
@pytest.mark.parametrize("story", CHANGES.values(), ids=CHANGES.keys())
def test_a_change(story: str) -> None:
    assert play(story) == script(story)


@pytest.mark.rule("PRIO-2")
def test_a_change_says_the_terms_anew() -> None:
    exchange = market()
    say(exchange, "A a1 BUY 9 @ 50 show=2 post until=2026-01-06 account=1 user=U")

    (ack,) = exchange.receive(request("A a2 CHANGE BUY a1 9 @ 49"), 7).reports

    assert isinstance(ack, ExecutionReport)
    assert (ack.exec_type, ack.ord_status) == (ExecType.REPLACED, OrdStatus.NEW)
    assert (ack.cl_ord_id, ack.orig_cl_ord_id, ack.transact_time_ns) == ("a2", "a1", 7)
    (resting,) = exchange.book(X).resting(Side.BUY)
    assert resting.order == request("A a2 BUY 9 @ 49")


@pytest.mark.rule("PRIO-2")
def test_a_changed_order_that_is_filled_in_part_says_so() -> None:
    exchange = market()
    say(exchange, "A a1 BUY 9 @ 50")
    say(exchange, "B b1 SELL 2 @ 50")

    (ack,) = exchange.receive(request("A a2 CHANGE BUY a1 8 @ 50"), 0).reports

    assert isinstance(ack, ExecutionReport)
    assert ack.ord_status is OrdStatus.PARTIALLY_FILLED
    assert (ack.order_qty, ack.leaves_qty, ack.cum_qty) == (8, 6, 2)


# --- TOP -----------------------------------------------------------------------------

TOPS = {
    "the first order of a side is TOP, and the one that betters it": """
        A a1 BUY 1 @ 50
        B b1 BUY 1 @ 50
        = bids a1* 1 @ 50, b1 1 @ 50
        C c1 BUY 1 @ 51
        = bids c1* 1 @ 51, a1 1 @ 50, b1 1 @ 50
    """,
    "a worse one is not, nor is TOP passed on": """
        A a1 BUY 1 @ 50
        B b1 BUY 1 @ 49
        C c1 BUY 1 @ 50
        A x1 CANCEL BUY a1
        = bids c1 1 @ 50, b1 1 @ 49
        C x2 CANCEL BUY c1
        = bids b1 1 @ 49
    """,
    "once bettered, it is not TOP again": """
        A a1 BUY 1 @ 50
        B b1 BUY 1 @ 51
        B x1 CANCEL BUY b1
        = bids a1 1 @ 50
    """,
    "who comes back to the best price that was left opens it anew": """
        A a1 BUY 1 @ 50
        B b1 BUY 1 @ 51
        B x1 CANCEL BUY b1
        B b2 BUY 1 @ 51
        = bids b2* 1 @ 51, a1 1 @ 50
    """,
    "the rest of an aggressor may be TOP": """
        B b1 SELL 1 @ 50
        A a1 BUY 2 @ 50
        = bids a1* 1 @ 50
    """,
    "it stays TOP filled in part, and as an iceberg that comes back": """
        A a1 SELL 9 @ 50 show=2
        B b1 SELL 1 @ 50
        C c1 BUY 2 @ 50
        = offers b1 1 @ 50, a1* 7/2 @ 50
    """,
    "it stays TOP through a change that keeps its place, and no other": """
        A a1 BUY 5 @ 50
        B b1 BUY 5 @ 50
        A a2 CHANGE BUY a1 4 @ 50
        = bids a2* 4 @ 50, b1 5 @ 50
        A a3 CHANGE BUY a2 5 @ 50
        = bids b1 5 @ 50, a3 5 @ 50
    """,
    "alone at its price, a change that costs the place opens it anew": """
        A a1 BUY 5 @ 50
        A a2 CHANGE BUY a1 6 @ 50
        = bids a2* 6 @ 50
    """,
    "both sides have their own": """
        A a1 BUY 5 @ 50
        B b1 SELL 5 @ 55
        A a2 BUY 5 @ 49
        B b2 SELL 5 @ 54
        = bids a1* 5 @ 50, a2 5 @ 49; offers b2* 5 @ 54, b1 5 @ 55
    """,
    "an auction gives TOP to nobody, and takes it": """
        A a1 BUY 5 @ 50
        ! state PRE_OPEN
        B b1 BUY 5 @ 50
        = bids a1* 5 @ 50, b1 5 @ 50
        C c1 BUY 5 @ 51
        D d1 SELL 5 @ 60
        ! state CONTINUOUS
        = bids c1 5 @ 51, a1 5 @ 50, b1 5 @ 50; offers d1 5 @ 60
        A a2 BUY 5 @ 52
        = bids a2* 5 @ 52, c1 5 @ 51, a1 5 @ 50, b1 5 @ 50; offers d1 5 @ 60
    """,
    "a stop is not TOP while it waits": """
        A a1 BUY 5 STOP 50 @ 60
        = buy stops a1 5 @ 50
    """,
    "an elected stop that rests at a new best price is": """
        A a1 BUY 5 STOP 50 @ 60
        B b1 SELL 1 @ 50
        C c1 BUY 1 @ 50
        = bids a1* 5 @ 60
    """,
}


@pytest.mark.rule("MATCH-4")
@pytest.mark.parametrize("story", TOPS.values(), ids=TOPS.keys())
def test_who_is_top(story: str) -> None:
    assert play(story) == script(story)


# --- how long an order lives ---------------------------------------------------------

LIVES = {
    "day orders end with the day, at rest or waiting": """
        A a1 BUY 1 @ 49
        A a2 BUY 1 STOP 60
        A a3 BUY 9 @ 49 show=2
        A a4 BUY 1 @ 49 GTC
        A a5 BUY 1 STOP 60 @ 61 GTC
        ! state CLOSE
            A a1 EXPIRED, leaves 0 cum 0
            A a2 EXPIRED, leaves 0 cum 0
            A a3 EXPIRED, leaves 0 cum 0
        = bids a4 1 @ 49; buy stops a5 1 @ 60
    """,
    "good till today ends, good till tomorrow stays": """
        A a1 BUY 1 @ 49 until=2026-01-05
        A a2 BUY 1 @ 49 until=2026-01-06
        A a3 SELL 1 STOP 40 until=2026-01-05
        A a4 SELL 1 STOP 40 until=2026-01-06
        ! state CLOSE
            A a1 EXPIRED, leaves 0 cum 0
            A a3 EXPIRED, leaves 0 cum 0
        = bids a2 1 @ 49; sell stops a4 1 @ 40
    """,
    "of an order that is filled in part the rest expires": """
        B b1 SELL 2 @ 49
        A a1 BUY 5 @ 49
        ! state CLOSE
            A a1 EXPIRED, leaves 0 cum 2
        =
    """,
    "a stop to trade at once waits no longer than the day": """
        A a1 BUY 1 STOP 60 @ 61 IOC
        A a2 BUY 1 STOP 60 FOK
        ! state CLOSE
            A a1 EXPIRED, leaves 0 cum 0
            A a2 EXPIRED, leaves 0 cum 0
        =
    """,
    "a change says anew how long the order lives": """
        A a1 BUY 1 @ 49
        A a2 CHANGE BUY a1 1 @ 49 GTC
        B b1 BUY 1 @ 49 GTC
        B b2 CHANGE BUY b1 1 @ 49 until=2026-01-05
        ! state CLOSE
            B b2 EXPIRED, leaves 0 cum 0
        = bids a2* 1 @ 49
    """,
    "what began as a market order is good till canceled": """
        with protection_points=5
        B b1 SELL 1 @ 50 GTC
        A a1 BUY 2 MARKET GTC
        ! state CLOSE
        = bids a1* 1 @ 55
    """,
}


@pytest.mark.rule("SES-5")
@pytest.mark.parametrize("story", LIVES.values(), ids=LIVES.keys())
def test_the_end_of_the_day(story: str) -> None:
    assert play(story) == script(story)


# --- mass cancels --------------------------------------------------------------------

MASS_CANCELS = {
    "all of a session, at rest or waiting, in all instruments": """
        A a1 BUY 5 @ 49
        B b1 SELL 1 @ 49
        A a2 SELL 1 STOP 40 user=U
        A a3 SELL 1 @ 60 account=1
        A a4 SELL 1 @ 60 symbol=Y
        B b2 SELL 1 @ 60
        > A m1 MASS
            A m1 CANCELED, leaves 0 cum 1
            A m1 CANCELED, leaves 0 cum 0
            A m1 CANCELED, leaves 0 cum 0
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 4: #1 #3 #4 #5
        = offers b2 1 @ 60
    """,
    "one instrument's": """
        A a1 BUY 5 @ 49
        A a2 BUY 5 @ 49 symbol=Y
        > A m1 MASS symbol=Y
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #2
        = bids a1* 5 @ 49
    """,
    "one side's, stops too": """
        A a1 BUY 5 @ 49
        A a2 SELL 5 @ 51
        A a3 BUY 5 STOP 60
        > A m1 MASS BUY
            A m1 CANCELED, leaves 0 cum 0
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 2: #1 #3
        = offers a2* 5 @ 51
    """,
    "one user's": """
        A a1 BUY 5 @ 49 user=U
        A a2 BUY 5 @ 49 user=V
        A a3 BUY 5 @ 49
        > A m1 MASS user=U
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        = bids a2 5 @ 49, a3 5 @ 49
    """,
    "one account's": """
        A a1 BUY 5 @ 49 account=1
        A a2 BUY 5 @ 49 account=2
        A a3 BUY 5 @ 49
        > A m1 MASS account=1
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        = bids a2 5 @ 49, a3 5 @ 49
    """,
    "all filters together": """
        A a1 BUY 5 @ 49 account=1 user=U
        A a2 BUY 5 @ 49 account=1
        A a3 BUY 5 @ 49 user=U
        A a4 SELL 5 @ 51 account=1 user=U
        A a5 BUY 5 @ 49 account=1 user=U symbol=Y
        > A m1 MASS BUY account=1 user=U symbol=X
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        = bids a2 5 @ 49, a3 5 @ 49; offers a4* 5 @ 51
    """,
    "the oldest first, whatever has lost its place": """
        A a1 BUY 5 @ 49
        A a2 BUY 5 @ 49
        A a3 CHANGE BUY a1 6 @ 49
        > A m1 MASS
            A m1 CANCELED, leaves 0 cum 0
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 2: #1 #2
        =
    """,
    "good till canceled too, and icebergs": """
        A a1 BUY 9 @ 49 GTC show=2
        > A m1 MASS
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        =
    """,
    "nothing fits, and that is an answer": """
        A a1 BUY 5 @ 49
        > A m1 MASS SELL
            A m1 MASS CANCELED 0
        = bids a1* 5 @ 49
    """,
    "its name is used up": """
        A a1 BUY 5 @ 49
        A m1 MASS SELL
        > A m1 MASS
            A m1 MASS REFUSED
                cl_ord_id 'm1': expected a name not used before [REJ-2]
        > A m1 BUY 1 @ 48
            A m1 REJECTED DUPLICATE_ORDER
                cl_ord_id 'm1': expected a name not used before [REJ-2]
        > A x1 CANCEL BUY m1
            A x1 REFUSED UNKNOWN_ORDER
                orig_cl_ord_id 'm1': expected a live order's latest name [REJ-3]
        = bids a1* 5 @ 49
    """,
    "a name that the session has used is refused": """
        A a1 BUY 5 @ 49
        > A a1 MASS
            A a1 MASS REFUSED
                cl_ord_id 'a1': expected a name not used before [REJ-2]
        = bids a1* 5 @ 49
    """,
    "an instrument that nobody lists is refused, and the name stays free": """
        A a1 BUY 5 @ 49
        > A m1 MASS symbol=Z
            A m1 MASS REFUSED
                symbol 'Z': expected one of X, Y [REJ-6]
        > A m1 MASS symbol=X
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        =
    """,
    "a state that lets nobody cancel refuses": """
        A a1 BUY 5 @ 49
        ! state NO_CANCEL
        > A m1 MASS symbol=X
            A m1 MASS REFUSED
                state NO_CANCEL: expected one that takes cancels [SES-1]
        = bids a1* 5 @ 49
    """,
    "without an instrument, orders stay where the state lets nobody cancel": """
        A a1 BUY 5 @ 49
        A a2 BUY 5 @ 49 symbol=Y
        ! state NO_CANCEL
        > A m1 MASS
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #2
        = bids a1* 5 @ 49
    """,
    "orders stay whose time in force the state does not take": """
        A a1 BUY 5 @ 49
        A a2 BUY 5 @ 49 GTC
        ! state POST_CLOSE
        > A m1 MASS symbol=X
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #2
        = bids a1* 5 @ 49
    """,
    "it cancels in a state that takes no other request": """
        A a1 BUY 5 @ 49 GTC
        ! state CLOSE
        > A m1 MASS symbol=X
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #1
        =
    """,
    "a cancel elects nobody": """
        C c1 BUY 1 STOP 51 @ 60
        A a1 BUY 5 @ 49
        > A m1 MASS
            A m1 CANCELED, leaves 0 cum 0
            A m1 MASS CANCELED 1: #2
        = buy stops c1 1 @ 51
    """,
}


@pytest.mark.rule("REP-5", "REJ-2", "REJ-6", "SES-1")
@pytest.mark.parametrize("story", MASS_CANCELS.values(), ids=MASS_CANCELS.keys())
def test_a_mass_cancel(story: str) -> None:
    assert play(story) == script(story)


@pytest.mark.rule("REP-5")
def test_a_mass_cancel_names_itself_and_each_order() -> None:
    exchange = market()
    say(exchange, "A a1 BUY 9 @ 50 user=U account=1")
    say(exchange, "B b1 SELL 2 @ 50")

    canceled, answer = exchange.receive(request("A m1 MASS user=U"), 7).reports

    assert isinstance(canceled, ExecutionReport)
    assert (canceled.cl_ord_id, canceled.orig_cl_ord_id) == ("m1", "a1")
    assert (canceled.ord_status, canceled.exec_restatement_reason) == (OrdStatus.CANCELED, None)
    assert (canceled.order_qty, canceled.leaves_qty, canceled.cum_qty) == (9, 0, 2)
    assert isinstance(answer, OrderMassActionReport)
    assert (answer.target_comp_id, answer.target_sub_id, answer.cl_ord_id) == ("A", "U", "m1")
    assert answer.mass_action_response is MassActionResponse.ACCEPTED
    assert (answer.affected_order_ids, answer.total_affected_orders) == ((1,), 1)
    assert (answer.transact_time_ns, answer.text) == (7, "")


@pytest.mark.rule("REP-5")
def test_a_refused_mass_cancel_cancels_nothing() -> None:
    exchange = market()
    say(exchange, "A a1 BUY 9 @ 50")

    (answer,) = exchange.receive(request("A m1 MASS symbol=Z"), 0).reports

    assert isinstance(answer, OrderMassActionReport)
    assert answer.mass_action_response is MassActionResponse.REJECTED
    assert (answer.affected_order_ids, answer.total_affected_orders) == ((), 0)
    assert standing(exchange) == "bids a1* 9 @ 50"
