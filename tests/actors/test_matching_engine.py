"""The matching engine: sessions are who they say they are; administrators pass settings on."""

from __future__ import annotations

import pytest
from floors import play, saying

from floorproof.actors.administrator import Administrator
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, Symbol
from floorproof.market.messages import MarketDataRequest, NewOrderSingle
from floorproof.market.staging import Permission, SetPermission
from floorproof.runtime.participant import Delivery, Send


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


def test_an_administrators_setting_goes_to_every_gateway_of_staged_orders() -> None:
    setting = SetPermission(user=CompID("ET1"), permission=Permission.CREATION, allowed=True)
    administrator = Administrator([CompID("SSE-A"), CompID("SSE-B")])

    answers = list(administrator.receive(Delivery(setting, "scenario", "ADMIN", 0, 1, 1, 0)))

    assert answers == [Send("SSE-A", setting), Send("SSE-B", setting)]
    with pytest.raises(TypeError, match="an administrator has no use for 'hello'"):
        list(administrator.receive(Delivery("hello", "PM1", "ADMIN", 0, 1, 1, 0)))
