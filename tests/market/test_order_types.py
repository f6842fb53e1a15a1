"""Orders at the market, at once and post-only: each a story, told as sessions hear it.

The figures of the protected market orders are CME's ("Order types and protections").
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from oracle.shorthand import request, told
from stories import market, play, reports_of, say, script, standing

from floorproof.market.fix import OrdType
from floorproof.market.identifiers import Price, Qty
from floorproof.market.messages import (
    NewOrderSingle,
)
from floorproof.market.rules import (
    Bound,
    CancelAggressor,
    CancelResting,
    Fills,
    Interrupt,
    MarketView,
    Prevention,
    Remainder,
    RestingOrder,
    StopSweep,
    VenueRules,
)

# --- at the market -------------------------------------------------------------------

AT_THE_MARKET = {
    "protection, to buy: CME's figures": """
        with protection_points=600
        B b1 SELL 2 @ 90025
        B b2 SELL 3 @ 90300
        B b3 SELL 3 @ 90550
        B b4 SELL 5 @ 90675
        > A a1 BUY 10 MARKET
            A a1 NEW, leaves 10 cum 0
            B b1 TRADE 2 @ 90025, leaves 0 cum 2
            A a1 TRADE 2 @ 90025, leaves 8 cum 2
            B b2 TRADE 3 @ 90300, leaves 0 cum 3
            A a1 TRADE 3 @ 90300, leaves 5 cum 5
            B b3 TRADE 3 @ 90550, leaves 0 cum 3
            A a1 TRADE 3 @ 90550, leaves 2 cum 8
        = bids a1* 2 @ 90625; offers b4 5 @ 90675
    """,
    "protection, to sell: CME's figures": """
        with protection_points=600
        B b1 BUY 2 @ 90000
        B b2 BUY 3 @ 89900
        B b3 BUY 3 @ 89650
        B b4 BUY 5 @ 89300
        > A a1 SELL 10 MARKET
            A a1 NEW, leaves 10 cum 0
            B b1 TRADE 2 @ 90000, leaves 0 cum 2
            A a1 TRADE 2 @ 90000, leaves 8 cum 2
            B b2 TRADE 3 @ 89900, leaves 0 cum 3
            A a1 TRADE 3 @ 89900, leaves 5 cum 5
            B b3 TRADE 3 @ 89650, leaves 0 cum 3
            A a1 TRADE 3 @ 89650, leaves 2 cum 8
        = bids b4 5 @ 89300; offers a1* 2 @ 89400
    """,
    "what rests of a protected order is a limit order": """
        with protection_points=3
        B b1 SELL 1 @ 50
        A a1 BUY 4 MARKET
        A a2 CHANGE BUY a1 3 @ 53
        > B b2 SELL 5 @ 53
            B b2 NEW, leaves 5 cum 0
            A a2 TRADE 2 @ 53, leaves 0 cum 3
            B b2 TRADE 2 @ 53, leaves 3 cum 2
        = offers b2* 3 @ 53
    """,
    "an offer at the protection limit trades, one tick beyond it does not": """
        with protection_points=2
        B b1 SELL 1 @ 50
        B b2 SELL 1 @ 52
        B b3 SELL 1 @ 53
        > A a1 BUY 3 MARKET
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 2 cum 1
            B b2 TRADE 1 @ 52, leaves 0 cum 1
            A a1 TRADE 1 @ 52, leaves 1 cum 2
        = bids a1* 1 @ 52; offers b3 1 @ 53
    """,
    "protection of no points trades at the touch alone": """
        with protection_points=0
        B b1 SELL 1 @ 50
        B b2 SELL 1 @ 51
        > A a1 BUY 2 MARKET
            A a1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 1 cum 1
        = bids a1* 1 @ 50; offers b2 1 @ 51
    """,
    "protection, to buy, is rounded down to a tick": """
        with step=25 protection_points=60
        B b1 SELL 1 @ 100
        > A a1 BUY 2 MARKET
            A a1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 100, leaves 0 cum 1
            A a1 TRADE 1 @ 100, leaves 1 cum 1
        = bids a1* 1 @ 150
    """,
    "protection, to sell, is rounded up to a tick": """
        with step=25 protection_points=60
        B b1 BUY 1 @ 100
        > A a1 SELL 2 MARKET
            A a1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 100, leaves 0 cum 1
            A a1 TRADE 1 @ 100, leaves 1 cum 1
        = offers a1* 1 @ 50
    """,
    "a protected order's rest shows as much as it wants": """
        with protection_points=5
        B b1 SELL 1 @ 50
        > A a1 BUY 9 MARKET GTC show=3
            A a1 NEW, leaves 9 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 8 cum 1
        = bids a1* 8/3 @ 55
    """,
    "a protected immediate order's rest expires": """
        with protection_points=1
        B b1 SELL 1 @ 50
        B b2 SELL 1 @ 52
        > A a1 BUY 2 MARKET IOC
            A a1 NEW, leaves 2 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 1 cum 1
            A a1 EXPIRED, leaves 0 cum 1
        = offers b2 1 @ 52
    """,
    "a protected fill or kill counts no offer beyond its protection": """
        with protection_points=1
        B b1 SELL 1 @ 50
        B b2 SELL 1 @ 52
        > A a1 BUY 2 MARKET FOK
            A a1 NEW, leaves 2 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 1 @ 50, b2 1 @ 52
    """,
    "a protected order has nobody to trade with": """
        with protection_points=600
        B b1 BUY 1 @ 50
        > A a1 BUY 1 MARKET
            A a1 REJECTED BROKER_OPTION
                ord_type MARKET: expected an offer to trade with [REJ-5]
        = bids b1* 1 @ 50
    """,
    "no protection: all there is, and the rest is canceled": """
        B b1 SELL 1 @ 50
        B b2 SELL 1 @ 5000
        > A a1 BUY 3 MARKET GTC
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 2 cum 1
            B b2 TRADE 1 @ 5000, leaves 0 cum 1
            A a1 TRADE 1 @ 5000, leaves 1 cum 2
            A a1 CANCELED, leaves 0 cum 2, MARKET_OPTION
        =
    """,
    "no protection, immediate: the rest expires": """
        B b1 SELL 1 @ 50
        > A a1 BUY 3 MARKET IOC
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 2 cum 1
            A a1 EXPIRED, leaves 0 cum 1
        =
    """,
    "no protection, fill or kill: one short": """
        B b1 SELL 2 @ 50
        > A a1 BUY 3 MARKET FOK
            A a1 NEW, leaves 3 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50
    """,
    "no protection, minimum quantity: the rest is canceled": """
        B b1 SELL 2 @ 50
        > A a1 BUY 3 MARKET min=2
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 1 cum 2
            A a1 CANCELED, leaves 0 cum 2, MARKET_OPTION
        =
    """,
    "market-limit, to buy: the touch alone": """
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 5 MARKET_LIMIT
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
        = bids a1* 3 @ 50; offers b2 2 @ 51
    """,
    "market-limit, to sell: the touch alone": """
        B b1 BUY 2 @ 50
        B b2 BUY 2 @ 49
        > A a1 SELL 5 MARKET_LIMIT
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
        = bids b2 2 @ 49; offers a1* 3 @ 50
    """,
    "market-limit goes by the touch, whatever protects market orders": """
        with protection_points=600
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 5 MARKET_LIMIT show=2
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
        = bids a1* 3/2 @ 50; offers b2 2 @ 51
    """,
    "market-limit, immediate: the rest expires": """
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 5 MARKET_LIMIT IOC
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
            A a1 EXPIRED, leaves 0 cum 2
        = offers b2 2 @ 51
    """,
    "market-limit, fill or kill: the touch is one short": """
        B b1 SELL 4 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 5 MARKET_LIMIT FOK
            A a1 NEW, leaves 5 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 4 @ 50, b2 2 @ 51
    """,
    "market-limit has nobody to trade with": """
        > A a1 SELL 1 MARKET_LIMIT
            A a1 REJECTED BROKER_OPTION
                ord_type MARKET_LIMIT: expected a bid to trade with [REJ-5]
        =
    """,
}


@pytest.mark.rule("TYPE-1", "TYPE-2", "REP-2", "REP-3", "REJ-5")
@pytest.mark.parametrize("story", AT_THE_MARKET.values(), ids=AT_THE_MARKET.keys())
def test_an_order_at_the_market(story: str) -> None:
    assert play(story) == script(story)


@pytest.mark.rule("TYPE-1", "TYPE-2")
@pytest.mark.parametrize(("ord_type", "limit"), [("MARKET", 56), ("MARKET_LIMIT", 50)])
def test_a_limit_is_told_from_the_start_and_the_type_once_it_rests(
    ord_type: str, limit: int
) -> None:
    exchange = market(protection_points=6)
    say(exchange, "B b1 SELL 1 @ 50")

    ack, fill = reports_of(exchange, f"A a1 BUY 3 {ord_type}", "a1")
    (later,) = reports_of(exchange, f"B b2 SELL 1 @ {limit}", "a1")

    assert [report.price for report in (ack, fill, later)] == [limit] * 3
    assert [report.ord_type.name for report in (ack, fill, later)] == [ord_type, ord_type, "LIMIT"]


@pytest.mark.rule("TYPE-1")
def test_without_protection_no_limit_is_told() -> None:
    exchange = market()
    say(exchange, "B b1 SELL 1 @ 50")

    told_of_it = reports_of(exchange, "A a1 BUY 3 MARKET", "a1")

    assert {report.price for report in told_of_it} == {None}
    assert {report.ord_type for report in told_of_it} == {OrdType.MARKET}


# --- at once, or not at all ----------------------------------------------------------

AT_ONCE = {
    "fill or kill, enough": """
        B b1 SELL 2 @ 50
        B b2 SELL 1 @ 50
        > A a1 BUY 3 @ 50 FOK
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 1 cum 2
            B b2 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 0 cum 3
        =
    """,
    "fill or kill, one short": """
        B b1 SELL 2 @ 50
        > A a1 BUY 3 @ 50 FOK
            A a1 NEW, leaves 3 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50
    """,
    "fill or kill, nobody": """
        > A a1 BUY 3 @ 50 FOK
            A a1 NEW, leaves 3 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        =
    """,
    "fill or kill, across levels": """
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 4 @ 51 FOK
            A a1 NEW, leaves 4 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 2 cum 2
            B b2 TRADE 2 @ 51, leaves 0 cum 2
            A a1 TRADE 2 @ 51, leaves 0 cum 4
        =
    """,
    "fill or kill, the last level is beyond its limit": """
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 4 @ 50 FOK
            A a1 NEW, leaves 4 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50, b2 2 @ 51
    """,
    "fill or kill counts what is hidden": """
        B b1 SELL 5 @ 50 show=1
        B b2 SELL 1 @ 50
        > A a1 BUY 6 @ 50 FOK
            A a1 NEW, leaves 6 cum 0
            B b1 TRADE 1 @ 50, leaves 4 cum 1
            A a1 TRADE 1 @ 50, leaves 5 cum 1
            B b2 TRADE 1 @ 50, leaves 0 cum 1
            A a1 TRADE 1 @ 50, leaves 4 cum 2
            B b1 TRADE 1 @ 50, leaves 3 cum 2
            A a1 TRADE 1 @ 50, leaves 3 cum 3
            B b1 TRADE 1 @ 50, leaves 2 cum 3
            A a1 TRADE 1 @ 50, leaves 2 cum 4
            B b1 TRADE 1 @ 50, leaves 1 cum 4
            A a1 TRADE 1 @ 50, leaves 1 cum 5
            B b1 TRADE 1 @ 50, leaves 0 cum 5
            A a1 TRADE 1 @ 50, leaves 0 cum 6
        =
    """,
    "fill or kill, one short of what is hidden": """
        B b1 SELL 5 @ 50 show=1
        > A a1 BUY 6 @ 50 FOK
            A a1 NEW, leaves 6 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 5/1 @ 50
    """,
    "a fill or kill that trades nothing elects nothing": """
        C c1 BUY 1 STOP 50 @ 60
        B b1 SELL 2 @ 50
        > A a1 BUY 3 @ 50 FOK
            A a1 NEW, leaves 3 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50; buy stops c1 1 @ 50
    """,
    "immediate, to sell, in part": """
        B b1 BUY 2 @ 50
        B b2 BUY 2 @ 49
        > A a1 SELL 3 @ 50 IOC
            A a1 NEW, leaves 3 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 1 cum 2
            A a1 EXPIRED, leaves 0 cum 2
        = bids b2 2 @ 49
    """,
    "minimum quantity, exactly: the rest rests": """
        B b1 SELL 2 @ 50
        > A a1 BUY 5 @ 50 min=2
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
        = bids a1* 3 @ 50
    """,
    "minimum quantity, one short: all of it expires": """
        B b1 SELL 2 @ 50
        > A a1 BUY 5 @ 50 min=3
            A a1 NEW, leaves 5 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50
    """,
    "minimum quantity, nobody": """
        > A a1 BUY 5 @ 50 min=1
            A a1 NEW, leaves 5 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        =
    """,
    "minimum quantity, immediate: the rest expires": """
        B b1 SELL 2 @ 50
        > A a1 BUY 5 @ 50 IOC min=2
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
            A a1 EXPIRED, leaves 0 cum 2
        =
    """,
    "minimum quantity of all there is to the order": """
        B b1 SELL 2 @ 50
        B b2 SELL 3 @ 51
        > A a1 BUY 5 @ 51 min=5
            A a1 NEW, leaves 5 cum 0
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            A a1 TRADE 2 @ 50, leaves 3 cum 2
            B b2 TRADE 3 @ 51, leaves 0 cum 3
            A a1 TRADE 3 @ 51, leaves 0 cum 5
        =
    """,
    "minimum quantity counts what is hidden, and other levels": """
        B b1 SELL 4 @ 50 show=1
        B b2 SELL 1 @ 51
        > A a1 BUY 9 @ 51 min=5 show=2
            A a1 NEW, leaves 9 cum 0
            B b1 TRADE 1 @ 50, leaves 3 cum 1
            A a1 TRADE 1 @ 50, leaves 8 cum 1
            B b1 TRADE 1 @ 50, leaves 2 cum 2
            A a1 TRADE 1 @ 50, leaves 7 cum 2
            B b1 TRADE 1 @ 50, leaves 1 cum 3
            A a1 TRADE 1 @ 50, leaves 6 cum 3
            B b1 TRADE 1 @ 50, leaves 0 cum 4
            A a1 TRADE 1 @ 50, leaves 5 cum 4
            B b2 TRADE 1 @ 51, leaves 0 cum 1
            A a1 TRADE 1 @ 51, leaves 4 cum 5
        = bids a1* 4/2 @ 51
    """,
    "a minimum quantity is spent once it has traded": """
        B b1 SELL 2 @ 50
        A a1 BUY 5 @ 50 min=2
        > C c1 SELL 1 @ 50
            C c1 NEW, leaves 1 cum 0
            A a1 TRADE 1 @ 50, leaves 2 cum 3
            C c1 TRADE 1 @ 50, leaves 0 cum 1
        = bids a1* 2 @ 50
    """,
    "a minimum quantity is spent when the order is changed": """
        B b1 SELL 2 @ 50
        A a1 BUY 5 @ 50 min=2
        > A a2 CHANGE BUY a1 6 @ 49
            A a2 REPLACED, leaves 4 cum 2
        = bids a2* 4 @ 49
    """,
    "a market-limit order has a minimum quantity too": """
        B b1 SELL 2 @ 50
        B b2 SELL 2 @ 51
        > A a1 BUY 5 MARKET_LIMIT min=3
            A a1 NEW, leaves 5 cum 0
            A a1 EXPIRED, leaves 0 cum 0
        = offers b1* 2 @ 50, b2 2 @ 51
    """,
}


@pytest.mark.rule("REP-2", "ORD-7")
@pytest.mark.parametrize("story", AT_ONCE.values(), ids=AT_ONCE.keys())
def test_what_has_to_trade_at_once(story: str) -> None:
    assert play(story) == script(story)


def no_b1(
    _order: NewOrderSingle, resting: Sequence[RestingOrder], _market: MarketView
) -> list[Prevention]:
    return [CancelResting(one.order_id) for one in resting if one.order.cl_ord_id == "b1"]


def no_more_after_b1(
    _order: NewOrderSingle, resting: Sequence[RestingOrder], _market: MarketView
) -> list[Prevention]:
    return [CancelAggressor(text="no more") for one in resting if one.order.cl_ord_id != "b1"]


def no_further_than_50(remainder: Remainder) -> VenueRules:
    def stopped(price: Price, _qty: Qty, _market: MarketView) -> StopSweep | None:
        return StopSweep(remainder, text="no further") if price > 50 else None

    return VenueRules(before_trade=(Bound("stop", stopped),))


def interrupt_beyond_50(fills: Fills) -> VenueRules:
    def interrupted(price: Price, _qty: Qty, _market: MarketView) -> Interrupt | None:
        return Interrupt(state="PRE_OPEN", fills=fills) if price > 50 else None

    return VenueRules(before_trade=(Bound("interrupt", interrupted),))


PREVENT_B1 = VenueRules(before_match=(Bound("prevent", no_b1),))
END_AFTER_B1 = VenueRules(before_match=(Bound("end", no_more_after_b1),))
STOP_AT_50 = no_further_than_50(Remainder.REST)
CANCEL_AT_50 = no_further_than_50(Remainder.CANCEL)
INTERRUPT_THEN_STOP = VenueRules(
    before_trade=(*interrupt_beyond_50(Fills.KEEP).before_trade, *STOP_AT_50.before_trade)
)
LIMITS_REST = no_further_than_50(Remainder.REST_IF_LIMIT)

# Offered are b1's 2 at 50, and b2's 2 at 51.
# fmt: off
UNDER_RULES = {
    "fill or kill, enough but for whom it may not meet": (
        PREVENT_B1, "3 @ 51 FOK", ["EXPIRED, leaves 0 cum 0"], 0),
    "fill or kill, enough without whom it may not meet": (
        PREVENT_B1, "2 @ 51 FOK", ["TRADE 2 @ 51, leaves 0 cum 2"], 1),
    "fill or kill, ended by a rule": (
        END_AFTER_B1, "3 @ 51 FOK", ["CANCELED, leaves 0 cum 0, OTHER"], 1),
    "fill or kill, done before the rule": (
        END_AFTER_B1, "2 @ 51 FOK", ["TRADE 2 @ 50, leaves 0 cum 2"], 0),
    "fill or kill, stopped by a rule": (
        STOP_AT_50, "3 @ 51 FOK", ["EXPIRED, leaves 0 cum 0"], 1),
    "minimum quantity, enough but for whom it may not meet": (
        PREVENT_B1, "4 @ 51 min=3", ["EXPIRED, leaves 0 cum 0"], 0),
    "minimum quantity, enough without whom it may not meet": (
        PREVENT_B1, "4 @ 51 min=2", ["TRADE 2 @ 51, leaves 2 cum 2"], 1),
    "minimum quantity, ended by a rule": (
        END_AFTER_B1, "4 @ 51 min=3", ["CANCELED, leaves 0 cum 0, OTHER"], 1),
    "minimum quantity, reached before the rule": (
        END_AFTER_B1, "4 @ 51 min=2",
        ["TRADE 2 @ 50, leaves 2 cum 2", "CANCELED, leaves 0 cum 2, OTHER"], 1),
    "minimum quantity, stopped by a rule": (
        STOP_AT_50, "4 @ 51 min=3", ["EXPIRED, leaves 0 cum 0"], 1),
    "minimum quantity, reached before it was stopped": (
        STOP_AT_50, "4 @ 51 min=2", ["TRADE 2 @ 50, leaves 2 cum 2"], 1),
    "fill or kill, interrupted": (
        interrupt_beyond_50(Fills.KEEP), "3 @ 51 FOK", ["EXPIRED, leaves 0 cum 0"], 1),
    "fill or kill, interrupted, and not enough anyway": (
        interrupt_beyond_50(Fills.KEEP), "5 @ 52 FOK", ["EXPIRED, leaves 0 cum 0"], 0),
    "fill or kill, interrupted, and not enough inside its limit": (
        interrupt_beyond_50(Fills.WITHHOLD), "5 @ 51 FOK", ["EXPIRED, leaves 0 cum 0"], 0),
    "fill or kill, interrupted, and stopped later": (
        INTERRUPT_THEN_STOP, "4 @ 51 FOK", ["EXPIRED, leaves 0 cum 0"], 0),
    "minimum quantity, interrupted, and not enough anyway": (
        interrupt_beyond_50(Fills.KEEP), "6 @ 51 min=5", ["EXPIRED, leaves 0 cum 0"], 0),
    "minimum quantity, missed because it was interrupted": (
        interrupt_beyond_50(Fills.KEEP), "4 @ 51 min=3", ["EXPIRED, leaves 0 cum 0"], 1),
    "minimum quantity, reached before it was interrupted": (
        interrupt_beyond_50(Fills.KEEP), "4 @ 51 min=2", ["TRADE 2 @ 50, leaves 2 cum 2"], 1),
    "minimum quantity, reached by fills that were withheld": (
        interrupt_beyond_50(Fills.WITHHOLD), "4 @ 51 min=2", ["EXPIRED, leaves 0 cum 0"], 1),
    "limit, stopped by a rule that cancels": (
        CANCEL_AT_50, "4 @ 51",
        ["TRADE 2 @ 50, leaves 2 cum 2", "CANCELED, leaves 0 cum 2, OTHER"], 1),
    "limit, stopped by a rule under which limit orders rest": (
        LIMITS_REST, "4 @ 51", ["TRADE 2 @ 50, leaves 2 cum 2"], 1),
    "immediate, stopped by a rule under which limit orders rest": (
        LIMITS_REST, "4 @ 51 IOC", ["TRADE 2 @ 50, leaves 2 cum 2", "EXPIRED, leaves 0 cum 2"], 1),
    "limit, stopped by a rule": (
        STOP_AT_50, "4 @ 51", ["TRADE 2 @ 50, leaves 2 cum 2"], 1),
    "immediate, stopped by a rule": (
        STOP_AT_50, "4 @ 51 IOC",
        ["TRADE 2 @ 50, leaves 2 cum 2", "EXPIRED, leaves 0 cum 2"], 1),
    "market, stopped by a rule": (
        STOP_AT_50, "4 MARKET",
        ["TRADE 2 @ 50, leaves 2 cum 2", "CANCELED, leaves 0 cum 2, OTHER"], 1),
}
# fmt: on


@pytest.mark.rule("REP-2")
@pytest.mark.parametrize(
    ("rules", "terms", "expected", "on_record"), UNDER_RULES.values(), ids=UNDER_RULES.keys()
)
def test_what_would_trade_is_judged_with_what_rules_forbid(
    rules: VenueRules, terms: str, expected: list[str], on_record: int
) -> None:
    exchange = market(rules=rules)
    say(exchange, "B b1 SELL 2 @ 50")
    say(exchange, "B b2 SELL 2 @ 51")
    before = standing(exchange)

    outcome = exchange.receive(request(f"A a1 BUY {terms}"), 0)

    heard = [told(report) for report in outcome.reports]
    assert [line for line in heard if line.startswith("A a1")][1:] == [
        f"A a1 {line}" for line in expected
    ]
    assert len(outcome.effects) == on_record
    if "cum 0" in expected[-1]:
        assert standing(exchange) == before


@pytest.mark.parametrize("ord_type", ["MARKET", "MARKET_LIMIT"])
def test_a_market_order_that_is_protected_does_not_rest_where_limit_orders_do(
    ord_type: str,
) -> None:
    def stopped(price: Price, _qty: Qty, _market: MarketView) -> StopSweep:
        return StopSweep(Remainder.REST_IF_LIMIT, text=f"not at {price}")

    exchange = market(rules=VenueRules(before_trade=(Bound("stop", stopped),)), protection_points=9)
    say(exchange, "B b1 SELL 2 @ 50")

    outcome = exchange.receive(request(f"A a1 BUY 4 {ord_type}"), 0)

    assert told(outcome.reports[-1]) == "A a1 CANCELED, leaves 0 cum 0, OTHER"


# --- post-only -----------------------------------------------------------------------

POST_ONLY = {
    "it rests": """
        B b1 SELL 1 @ 50
        > A a1 BUY 1 @ 49 post
            A a1 NEW, leaves 1 cum 0
        = bids a1* 1 @ 49; offers b1* 1 @ 50
    """,
    "it is refused where it would trade": """
        B b1 SELL 1 @ 50
        > A a1 BUY 1 @ 50 post
            A a1 REJECTED BROKER_OPTION
                price 50: expected one that does not meet 50 on a post_only order [ORD-8]
        = offers b1* 1 @ 50
    """,
    "it is refused where it would trade better, to sell": """
        B b1 BUY 1 @ 50
        > A a1 SELL 1 @ 48 post GTC
            A a1 REJECTED BROKER_OPTION
                price 48: expected one that does not meet 50 on a post_only order [ORD-8]
        = bids b1* 1 @ 50
    """,
    "it is refused where it would just trade, to sell": """
        B b1 BUY 1 @ 50
        > A a1 SELL 1 @ 50 post
            A a1 REJECTED BROKER_OPTION
                price 50: expected one that does not meet 50 on a post_only order [ORD-8]
        > A a1 SELL 1 @ 51 post
            A a1 NEW, leaves 1 cum 0
        = bids b1* 1 @ 50; offers a1* 1 @ 51
    """,
    "it may be an iceberg": """
        > A a1 BUY 9 @ 49 post show=2
            A a1 NEW, leaves 9 cum 0
        = bids a1* 9/2 @ 49
    """,
    "at rest it trades like any other": """
        A a1 BUY 1 @ 49 post
        > B b1 SELL 1 @ 49
            B b1 NEW, leaves 1 cum 0
            A a1 TRADE 1 @ 49, leaves 0 cum 1
            B b1 TRADE 1 @ 49, leaves 0 cum 1
        =
    """,
    "a stop out of sight is nobody whom it would trade with": """
        B b1 SELL 1 STOP 50 @ 40
        > A a1 BUY 1 @ 50 post
            A a1 NEW, leaves 1 cum 0
        = bids a1* 1 @ 50; sell stops b1 1 @ 50
    """,
    "a change that would trade is refused, and the order stays": """
        A a1 BUY 1 @ 49 post
        B b1 SELL 1 @ 50
        > A a2 CHANGE BUY a1 1 @ 50 post
            A a2 REFUSED OTHER
                price 50: expected one that does not meet 50 on a post_only order [ORD-8]
        > A a2 CHANGE BUY a1 1 @ 50
            A a2 REPLACED, leaves 1 cum 0
            B b1 TRADE 1 @ 50, leaves 0 cum 1
            A a2 TRADE 1 @ 50, leaves 0 cum 1
        =
    """,
    "an order becomes post-only, and keeps its place": """
        A a1 BUY 2 @ 49
        B b1 BUY 1 @ 49
        > A a2 CHANGE BUY a1 1 @ 49 post
            A a2 REPLACED, leaves 1 cum 0
        = bids a2* 1 @ 49, b1 1 @ 49
    """,
    "where the state does not match it may be entered, and crosses": """
        ! state PRE_OPEN
        B b1 SELL 1 @ 50
        > A a1 BUY 1 @ 51 post
            A a1 NEW, leaves 1 cum 0
        = bids a1 1 @ 51; offers b1 1 @ 50
    """,
    "where the state does not match it may be changed, and crosses": """
        ! state PRE_OPEN
        B b1 SELL 1 @ 50
        A a1 BUY 1 @ 49 post
        > A a2 CHANGE BUY a1 1 @ 51 post
            A a2 REPLACED, leaves 1 cum 0
        = bids a2 1 @ 51; offers b1 1 @ 50
    """,
    "the book that it has crossed trades in an auction, and matches in no state without": """
        ! state PRE_OPEN
        B b1 SELL 1 @ 50
        A a1 BUY 1 @ 51 post
        ! state CONTINUOUS
            state 'CONTINUOUS': expected one that uncrosses the book of X, or does not match
        = bids a1 1 @ 51; offers b1 1 @ 50
        ! state OPEN
            A a1 TRADE 1 @ 51, leaves 0 cum 1
            B b1 TRADE 1 @ 51, leaves 0 cum 1
        =
    """,
}


@pytest.mark.rule("ORD-8")
@pytest.mark.parametrize("story", POST_ONLY.values(), ids=POST_ONLY.keys())
def test_a_post_only_order(story: str) -> None:
    assert play(story) == script(story)
