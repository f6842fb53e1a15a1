"""The matching engine: sessions are who they say they are; administrators pass settings on."""

from __future__ import annotations

import pytest
from floors import play, saying
from oracle.shorthand import request

from floorproof.actors.administrator import Administrator
from floorproof.actors.matching_engine import MatchingEngine
from floorproof.market.exchange import Exchange
from floorproof.market.fix import Side, SubscriptionRequestType
from floorproof.market.identifiers import ClOrdID, CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import MarketDataRequest, NewOrderSingle
from floorproof.market.operations import (
    BustTrade,
    CancelOrders,
    ChangeTradingState,
    MarketOperation,
)
from floorproof.market.sessions import TradingState
from floorproof.market.staging import Permission, SetPermission
from floorproof.market.wording import label
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.kernel import ENVIRONMENT
from floorproof.runtime.participant import Delivery, Fact, Send

OPEN = TradingState(name="OPEN", uncross=True)


def order(session: str) -> NewOrderSingle:
    return NewOrderSingle(
        sender_comp_id=CompID(session),
        cl_ord_id=ClOrdID("a"),
        symbol=Symbol("MNQU3"),
        side=Side.BUY,
        order_qty=1,
        price=1535200,
    )


def test_a_request_in_another_sessions_name_is_put_on_record_and_not_taken() -> None:
    told = play("", guests={"BOT": saying((0, "CME", order("CME-A")))})

    assert [dict(fact) for fact in told.result.facts("session mismatch")] == [
        {"sender": "BOT", "named": "CME-A"}
    ]
    assert [line for line in told.table() if line.startswith("CME")] == []


def test_a_session_of_its_own_is_answered_alone() -> None:
    asks = MarketDataRequest(
        sender_comp_id=CompID("BOT"), md_req_id="m1", symbol=Symbol("MNQU3"), market_depth=2
    )
    told = play("", guests={"BOT": saying((0, "CME", order("BOT")), (1, "CME", asks))})

    assert told.table()[1::2] == [
        "CME > BOT OrderAck: a working 1 @ 15352.00",
        "CME > BOT MarketDataSnapshot: m1 MNQU3, bid 1 @ 15352.00, offer none",
    ]


OPERATIONS = [
    ChangeTradingState(symbol=Symbol("MNQU3"), state="CONTINUOUS"),
    BustTrade(trd_match_id=1),
    CancelOrders(symbol=Symbol("MNQU3")),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: type(each).__name__)
def test_nobody_on_the_floor_operates_a_market(operation: MarketOperation) -> None:
    told = play(
        "0s ET1 enter e1 buy 5 @ 15352.00",
        guests={"BOT": saying((1, "CME", operation))},
    )

    assert [dict(fact) for fact in told.result.facts("session mismatch")] == [
        {"sender": "BOT", "message": type(operation).__name__}
    ]
    assert told.to("ET1") == ["OrderAck e1 working 5 @ 15352.00"]


def test_what_becomes_of_a_market_is_put_on_record_before_anybody_is_told() -> None:
    exchange = Exchange(
        [Instrument(symbol=Symbol("X"), price_decimals=0, ticks=TickTable.uniform(1))],
        {Symbol("X"): Fifo()},
        states=[TradingState(name="CALL", match=False, indicative=True), OPEN],
    )
    engine = MatchingEngine(CompID("CME"), exchange)
    said: list[str] = []
    for message in (
        ChangeTradingState(symbol=Symbol("X"), state="CALL"),
        request("A a1 SELL 5 @ 10"),
        request("B b1 BUY 5 @ 10"),
        ChangeTradingState(symbol=Symbol("X"), state="OPEN"),
        ChangeTradingState(symbol=Symbol("X"), state="SHUT"),
    ):
        sender = getattr(message, "sender_comp_id", ENVIRONMENT)
        for answer in engine.receive(Delivery(message, sender, "CME", 0, 1, 1, 0)):
            said.append(answer.kind if isinstance(answer, Fact) else label(answer.message))

    assert said == [
        "trading state",
        "OrderAck",
        "indicative price", "OrderAck",
        "trading state", "auction", "OrderFill", "OrderFill",
        "operation refused",
    ]  # fmt: skip


def test_a_subscriber_hears_of_everybodys_orders() -> None:
    asks = MarketDataRequest(
        sender_comp_id=CompID("WATCHER"),
        md_req_id="m1",
        symbol=Symbol("MNQU3"),
        subscription_request_type=SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES,
    )
    guests = {"WATCHER": saying((0, "CME", asks)), "BOT": saying((1, "CME", order("BOT")))}
    told = play("", guests=guests)

    assert [line for line in told.table() if line.startswith("CME > WATCHER")] == [
        "CME > WATCHER MarketDataSnapshot: m1 MNQU3, bid none, offer none",
        "CME > WATCHER MarketDataIncrementalRefresh: m1 MNQU3, bid 1 @ 15352.00",
    ]


def test_an_administrators_setting_goes_to_every_gateway_of_staged_orders() -> None:
    setting = SetPermission(user=CompID("ET1"), permission=Permission.CREATION, allowed=True)
    administrator = Administrator([CompID("SSE-A"), CompID("SSE-B")])

    answers = list(administrator.receive(Delivery(setting, "scenario", "ADMIN", 0, 1, 1, 0)))

    assert answers == [Send("SSE-A", setting), Send("SSE-B", setting)]
    with pytest.raises(TypeError, match="an administrator has no use for 'hello'"):
        list(administrator.receive(Delivery("hello", "PM1", "ADMIN", 0, 1, 1, 0)))
