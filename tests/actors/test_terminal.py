# ruff: noqa: E501  # a case is a line
"""Screens: what acts become, and what a window has no button for."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import msgspec
import pytest

from floorproof.actors.execution_trader import ExecutionTrader, Habits
from floorproof.actors.portfolio_manager import PortfolioManager
from floorproof.actors.terminal import Terminal
from floorproof.market.fix import ExecType, OrdStatus, OrdType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, ExecID, StagedOrderID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)
from floorproof.market.staging import (
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    Claim,
    HoldStagedOrder,
    NewStagedOrder,
    RejectRequest,
    StagedAck,
    StagedStatus,
    StagedUpdate,
    Unclaim,
)
from floorproof.market.terminal import (
    Act,
    AnswerRequest,
    CancelAll,
    CancelStaged,
    CancelWorking,
    ChangeStaged,
    ChangeWorking,
    ClaimOrder,
    Enter,
    EnterChild,
    HoldStaged,
    UnclaimOrder,
)
from floorproof.runtime.participant import Delivery, Fact, Send

ET1, P1, MNQ = CompID("ET1"), StagedOrderID("P1"), Symbol("MNQU3")

ACK = StagedAck(
    target_comp_id=ET1,
    staged_order_id=P1,
    staged_type="BROKER",
    status=StagedStatus.AVAILABLE,
    owner=None,
    gateway=CompID("CME-A"),
    symbol=MNQ,
    side=Side.BUY,
    order_qty=10,
    leaves_qty=10,
    price=100,
    account=Account("123"),
    originator=CompID("PM1"),
    routing_mgt="TTORDAB/001/001",
    exchange_mgt="TTSSE/SE1/001",
    text="",
)
NEW = ExecutionReport(
    target_comp_id=ET1,
    cl_ord_id=ClOrdID("a"),
    order_id=None,
    exec_id=ExecID(1),
    exec_type=ExecType.NEW,
    ord_status=OrdStatus.NEW,
    symbol=MNQ,
    side=Side.SELL,
    order_qty=5,
    leaves_qty=5,
    cum_qty=0,
    transact_time_ns=0,
    price=101,
    target_sub_id=ET1,
    account=Account("E1"),
)
FILLED = msgspec.structs.replace(
    NEW, exec_type=ExecType.TRADE, ord_status=OrdStatus.FILLED, leaves_qty=0, cum_qty=5,
    last_qty=5, last_px=101,
)  # fmt: skip
ANOTHERS = msgspec.structs.replace(NEW, target_sub_id=CompID("ET2"))


def delivery(message: object, sender: str) -> Delivery:
    return Delivery(message, sender, "ET1", 1, 1, 1, 0)


def screen(*shown: object) -> Terminal:
    """Return ET1's screen after what he was told."""
    terminal = Terminal(ET1)
    for message in shown:
        terminal.show(delivery(message, "SSE-A" if isinstance(message, StagedAck) else "CME-A"))
    return terminal


claim = ClaimOrder(staged_order_id=P1)
child = EnterChild(staged_order_id=P1, cl_ord_id=ClOrdID("C1"), order_qty=4, price=99)
cancel = CancelWorking(cl_ord_id=ClOrdID("x"), orig_cl_ord_id=ClOrdID("a"))
change = ChangeWorking(cl_ord_id=ClOrdID("b"), orig_cl_ord_id=ClOrdID("a"), order_qty=3)

# fmt: off
IMPOSSIBLE = {
    "claim before the order has come":   ([],         claim,  "P1 is not in the window"),
    "unclaim before the order has come": ([],         UnclaimOrder(staged_order_id=P1),
                                          "P1 is not in the window"),
    "answer before it has come":         ([],         AnswerRequest(staged_order_id=P1, approve=True),
                                          "P1 is not in the window"),
    "answer to what nobody has asked":   ([ACK],      AnswerRequest(staged_order_id=P1, approve=True),
                                          "no request of P1 waits for approval"),
    "child before the order has come":   ([],         child,  "P1 is not in the window"),
    "cancel before it is acknowledged":  ([],         cancel, "ET1 has no order a that works"),
    "change before it is acknowledged":  ([],         change, "ET1 has no order a that works"),
    "cancel of a filled order":          ([FILLED],   cancel, "ET1 has no order a that works"),
    "change of a filled order":          ([FILLED],   change, "ET1 has no order a that works"),
    "cancel of another's order":         ([ANOTHERS], cancel, "ET1 has no order a that works"),
    "change of another's order":         ([ANOTHERS], change, "ET1 has no order a that works"),
}
# fmt: on


@pytest.mark.parametrize(("shown", "act", "why"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_the_window_does_not_show_never_leaves_the_screen(
    shown: list[object], act: Act, why: str
) -> None:
    [fact] = screen(*shown).act(act)

    assert fact == Fact("not possible", {"act": type(act).__name__, "why": why})


def sent(terminal: Terminal, act: Act) -> tuple[str, Any]:
    [send] = terminal.act(act)
    assert isinstance(send, Send)
    return send.recipient, send.message


def test_a_claim_goes_to_the_gateway_that_holds_the_order() -> None:
    assert sent(screen(ACK), claim) == ("SSE-A", Claim(sender_comp_id=ET1, staged_order_id=P1))


PENDING = StagedUpdate(
    target_comp_id=ET1,
    staged_order_id=P1,
    status=StagedStatus.PENDING_CHANGE_APPROVAL,
    owner=ET1,
    cum_qty=0,
    leaves_qty=10,
    working_qty=0,
    free_qty=10,
    symbol=MNQ,
    order_qty=10,
    price=100,
    traded=0,
    request_no=3,
)


def staged_change(qty: int, price: int | None, **fields: object) -> ChangeStagedOrder:
    change = ChangeStagedOrder(
        sender_comp_id=ET1,
        staged_order_id=P1,
        symbol=MNQ,
        side=Side.BUY,
        order_qty=qty,
        price=price,
    )
    return attrs.evolve(change, **fields)  # type: ignore[arg-type]  # by name, from a table


# fmt: off
STAGED_ACTS: dict[str, tuple[Act, object]] = {
    "unclaim": (UnclaimOrder(staged_order_id=P1),
                Unclaim(sender_comp_id=ET1, staged_order_id=P1)),
    "cancel":  (CancelStaged(staged_order_id=P1),
                CancelStagedOrder(sender_comp_id=ET1, staged_order_id=P1)),
    "hold":    (HoldStaged(staged_order_id=P1),
                HoldStagedOrder(sender_comp_id=ET1, staged_order_id=P1)),
    "change of the quantity":  (ChangeStaged(staged_order_id=P1, order_qty=12),
                                staged_change(12, 100)),
    "change of the price":     (ChangeStaged(staged_order_id=P1, price=101),
                                staged_change(10, 101)),
    "change to the market":    (ChangeStaged(staged_order_id=P1, ord_type=OrdType.MARKET),
                                staged_change(10, None)),
    "change of what never changes":
        (ChangeStaged(staged_order_id=P1, symbol=Symbol("MESU3"), side=Side.SELL),
         staged_change(10, 100, symbol=Symbol("MESU3"), side=Side.SELL)),
    "approve": (AnswerRequest(staged_order_id=P1, approve=True),
                ApproveRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=3)),
    "approve and push":
        (AnswerRequest(staged_order_id=P1, approve=True, push=True),
         ApproveRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=3, push=True)),
    "reject another than the window shows":
        (AnswerRequest(staged_order_id=P1, approve=False, request_no=1),
         RejectRequest(sender_comp_id=ET1, staged_order_id=P1, request_no=1)),
}
# fmt: on


@pytest.mark.parametrize(("act", "request_"), STAGED_ACTS.values(), ids=STAGED_ACTS.keys())
def test_what_is_done_to_a_staged_order_goes_to_the_gateway_that_holds_it(
    act: Act, request_: object
) -> None:
    assert sent(screen(ACK, PENDING), act) == ("SSE-A", request_)


def test_a_child_has_its_parents_side_and_instrument_and_goes_to_its_exchange() -> None:
    gateway, order = sent(screen(ACK), child)

    assert gateway == "CME-A"
    assert order == NewOrderSingle(
        sender_comp_id=ET1,
        cl_ord_id=ClOrdID("C1"),
        symbol=MNQ,
        side=Side.BUY,
        order_qty=4,
        price=99,
        parent_id=P1,
        parent_gateway=CompID("SSE-A"),
    )


def test_a_child_without_a_price_is_a_market_order() -> None:
    _, order = sent(screen(ACK), attrs.evolve(child, price=None))

    assert (order.ord_type, order.price) == (OrdType.MARKET, None)


def test_a_child_may_be_typed_with_another_side_which_the_gateway_refuses() -> None:
    _, order = sent(screen(ACK), attrs.evolve(child, side=Side.SELL, symbol=Symbol("MESU3")))

    assert (order.side, order.symbol) == (Side.SELL, "MESU3")


def test_a_cancel_takes_side_and_instrument_from_the_window() -> None:
    assert sent(screen(NEW), cancel) == (
        "CME-A",
        OrderCancelRequest(
            sender_comp_id=ET1,
            cl_ord_id=ClOrdID("x"),
            orig_cl_ord_id=ClOrdID("a"),
            symbol=MNQ,
            side=Side.SELL,
        ),
    )


@pytest.mark.parametrize(("typed", "price"), [(None, 101), (102, 102)], ids=["kept", "another"])
def test_a_change_keeps_what_is_not_typed(typed: int | None, price: int) -> None:
    assert sent(screen(NEW), attrs.evolve(change, price=typed)) == (
        "CME-A",
        OrderCancelReplaceRequest(
            sender_comp_id=ET1,
            cl_ord_id=ClOrdID("b"),
            orig_cl_ord_id=ClOrdID("a"),
            symbol=MNQ,
            side=Side.SELL,
            order_qty=3,
            price=price,
            time_in_force=TimeInForce.DAY,
            account=Account("E1"),
        ),
    )


STOP = msgspec.structs.replace(
    NEW, ord_type=OrdType.STOP_LIMIT, stop_px=105, price=107, display_qty=2,
    time_in_force=TimeInForce.GOOD_TILL_DATE,
)  # fmt: skip
AT_MARKET = msgspec.structs.replace(NEW, ord_type=OrdType.MARKET, price=101)

# fmt: off
CHANGES: dict[str, tuple[object, dict[str, Any], dict[str, Any]]] = {
    "nothing of a stop":     (STOP, {}, {"ord_type": OrdType.STOP_LIMIT, "price": 107, "stop_px": 105, "display_qty": 2}),
    "a stop's trigger":      (STOP, {"stop_px": 104}, {"ord_type": OrdType.STOP_LIMIT, "price": 107, "stop_px": 104}),
    "a stop to a limit":     (STOP, {"ord_type": OrdType.LIMIT}, {"ord_type": OrdType.LIMIT, "price": 107, "stop_px": None}),
    "a stop-limit to a stop": (STOP, {"ord_type": OrdType.STOP}, {"ord_type": OrdType.STOP, "price": None, "stop_px": 105}),
    "a limit to a stop-limit": (NEW, {"ord_type": OrdType.STOP_LIMIT, "stop_px": 99}, {"price": 101, "stop_px": 99}),
    "what is left of a market order": (AT_MARKET, {}, {"ord_type": OrdType.LIMIT, "price": 101}),
    "to a market order":     (NEW, {"ord_type": OrdType.MARKET}, {"ord_type": OrdType.MARKET, "price": None}),
    "how long it lives":     (STOP, {"time_in_force": TimeInForce.DAY}, {"time_in_force": TimeInForce.DAY, "expire_date": None}),
    "its date":              (STOP, {"expire_date": date(2026, 3, 2)}, {"time_in_force": TimeInForce.GOOD_TILL_DATE, "expire_date": date(2026, 3, 2)}),
    "what it displays":      (STOP, {"display_qty": 1}, {"display_qty": 1}),
    "that it only rests":    (NEW, {"post_only": True}, {"post_only": True}),
}
# fmt: on


@pytest.mark.parametrize(("shown", "typed", "sent"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_of_what_is_typed_and_of_what_goes_with_it(
    shown: object, typed: dict[str, Any], sent: dict[str, Any]
) -> None:
    (answer,) = screen(shown).act(attrs.evolve(change, **typed))

    assert isinstance(answer, Send)
    assert {field: getattr(answer.message, field) for field in sent} == sent


def test_a_change_repeats_what_the_user_typed_and_no_report_repeats() -> None:
    until = date(2026, 3, 2)
    order = NewOrderSingle(
        sender_comp_id=ET1, cl_ord_id=ClOrdID("a"), symbol=MNQ, side=Side.SELL, order_qty=5,
        price=101, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_date=until, post_only=True,
    )  # fmt: skip
    terminal = screen()
    list(terminal.act(Enter(request=order, gateway=CompID("CME-A"))))
    acknowledged = msgspec.structs.replace(NEW, time_in_force=TimeInForce.GOOD_TILL_DATE)
    terminal.show(delivery(acknowledged, "CME-A"))

    (first,) = terminal.act(change)
    changed = msgspec.structs.replace(
        acknowledged,
        exec_type=ExecType.REPLACED,
        cl_ord_id=ClOrdID("b"),
        orig_cl_ord_id=ClOrdID("a"),
    )
    terminal.show(delivery(changed, "CME-A"))
    again = attrs.evolve(change, cl_ord_id=ClOrdID("c"), orig_cl_ord_id=ClOrdID("b"))
    (second,) = terminal.act(again)

    for sent in (first, second):
        assert isinstance(sent, Send)
        assert isinstance(sent.message, OrderCancelReplaceRequest)
        assert (sent.message.expire_date, sent.message.post_only) == (until, True)


def test_of_two_orders_of_one_name_the_one_that_works_is_canceled() -> None:
    terminal = screen(FILLED)
    terminal.show(delivery(NEW, "NSX-A"))

    assert sent(terminal, cancel)[0] == "NSX-A"


@pytest.mark.parametrize(
    "user", [PortfolioManager(ET1), ExecutionTrader(ET1, Habits())], ids=["PM", "ET"]
)
def test_every_users_acts_go_by_his_screen(user: PortfolioManager | ExecutionTrader) -> None:
    order = NewStagedOrder(
        sender_comp_id=ET1, staged_order_id=P1, staged_type="BROKER", gateway=CompID("CME-A"),
        symbol=MNQ, side=Side.BUY, order_qty=10,
    )  # fmt: skip
    enter = Enter(request=order, gateway=CompID("SSE-A"))

    assert list(user.receive(delivery(enter, "scenario"))) == [Send("SSE-A", order)]
    assert [type(each) for each in user.receive(delivery(claim, "scenario"))] == [Fact]
    everything = CancelAll(cl_ord_id=ClOrdID("m"), gateway=CompID("CME-A"), side=Side.BUY)
    assert list(user.receive(delivery(everything, "scenario"))) == [
        Send(
            "CME-A",
            OrderMassActionRequest(
                sender_comp_id=ET1, cl_ord_id=ClOrdID("m"), side=Side.BUY, sender_sub_id=None
            ),
        )
    ]
    assert list(user.receive(delivery(ACK, "SSE-A"))) == []
    assert [type(each) for each in user.receive(delivery(claim, "scenario"))] == [Send]
