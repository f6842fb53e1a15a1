"""The exchange gateway: names, who is told, and room for children, one delivery at a time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from floors import EXCHANGE_TRADERS

from floorproof.actors.exchange_gateway import ExchangeGateway, ExchangeGatewayConfig
from floorproof.market.credentials import Credential, Login, Logins, ParentOrder
from floorproof.market.exchange import Exchange
from floorproof.market.fix import OrdRejReason, OrdType, Side
from floorproof.market.identifiers import Account, ClOrdID, CompID, StagedOrderID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    OrderStatusRequest,
)
from floorproof.market.staging import ChildRefused, ChildReserved, RejectCode, ReserveChild
from floorproof.market.synthetic import OnBehalf
from floorproof.market.wording import Wording, label
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.choices import Defaults
from floorproof.runtime.participant import Context, Delivery, Fact, Send

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=0, ticks=TickTable.uniform(1))
WORDING = Wording({MNQ.symbol: MNQ})
SSE_A, CME_A, CME = CompID("SSE-A"), CompID("CME-A"), CompID("CME")


def logins(users: str) -> Logins:
    found = []
    for user, gateway, routing, exchange, account in map(str.split, users.strip().splitlines()):
        if gateway == "CME-A":
            found.append(
                Login(
                    user=CompID(user),
                    routing=Credential.parse(routing),
                    exchange=Credential.parse(exchange),
                    account=None if account == "-" else Account(account),
                )
            )
    return Logins.of(found)


class Gateway:
    """CME-A with a real exchange behind it, and a parent's gateway that one plays oneself.

    Lines are ``who: message``, of what it sends to users and to SSE-A.
    """

    def __init__(self) -> None:
        config = ExchangeGatewayConfig(
            logins=logins(EXCHANGE_TRADERS),
            exchanges={MNQ.symbol: CME},
            synthetic_gateways=[SSE_A],
        )
        streams = Defaults().stream
        context = Context("CME-A", {}, lambda purpose: streams("CME-A", purpose))
        self.actor = ExchangeGateway(config, context)
        self.exchange = Exchange([MNQ], {MNQ.symbol: Fifo()})
        self.to_venue: list[str] = []
        self.messages: list[Any] = []

    def take(self, message: object, sender: str) -> list[str]:
        told: list[str] = []
        waiting = [(message, sender)]
        while waiting:
            message, sender = waiting.pop(0)
            delivery = Delivery(message, sender, "CME-A", 1, 1, 1, 0)
            for answer in list(self.actor.receive(delivery)):
                assert isinstance(answer, Send)
                said: Any = answer.message
                text = f"{label(said)} {WORDING.key_fields(said)}"
                if answer.recipient == CME:
                    self.to_venue.append(text)
                    outcome = self.exchange.receive(said, 0)
                    waiting.extend((each, "CME") for each in outcome.reports)
                else:
                    assert getattr(said, "target_comp_id", SSE_A) == answer.recipient
                    self.messages.append(said)
                    told.append(f"{answer.recipient}: {text}")
        return told

    def enter(
        self, user: str, name: str, qty: int, price: int | None = 100, side: Side = Side.BUY,
        account: str = "", parent: str = "",
    ) -> list[str]:  # fmt: skip
        order = NewOrderSingle(
            sender_comp_id=CompID(user),
            cl_ord_id=ClOrdID(name),
            symbol=MNQ.symbol,
            side=side,
            order_qty=qty,
            price=price,
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            account=Account(account) if account else None,
            parent_id=StagedOrderID(parent) if parent else None,
            parent_gateway=SSE_A if parent else None,
        )
        return self.take(order, user)

    def cancel(self, user: str, name: str, orig: str) -> list[str]:
        request = OrderCancelRequest(
            sender_comp_id=CompID(user),
            cl_ord_id=ClOrdID(name),
            orig_cl_ord_id=ClOrdID(orig),
            symbol=MNQ.symbol,
            side=Side.BUY,
        )
        return self.take(request, user)

    def ask(self, user: str, name: str, sender: str = "") -> list[str]:
        question = OrderStatusRequest(
            sender_comp_id=CompID(sender or user),
            cl_ord_id=ClOrdID(name),
            symbol=MNQ.symbol,
            side=Side.BUY,
        )
        return self.take(question, user)

    def change(self, user: str, name: str, orig: str, qty: int, price: int = 100) -> list[str]:
        request = OrderCancelReplaceRequest(
            sender_comp_id=CompID(user),
            cl_ord_id=ClOrdID(name),
            orig_cl_ord_id=ClOrdID(orig),
            symbol=MNQ.symbol,
            side=Side.BUY,
            order_qty=qty,
            price=price,
        )
        return self.take(request, user)

    def reserved(self, user: str, name: str) -> list[str]:
        """Let SSE-A give room: P1 is PM1's."""
        reserved = ChildReserved(
            target_comp_id=CME_A,
            user=CompID(user),
            cl_ord_id=ClOrdID(name),
            parent_id=StagedOrderID("P1"),
            originator=CompID("PM1"),
            account=Account("123"),
            beneficiaries=(CompID("PM1"),),
        )
        return self.take(reserved, "SSE-A")

    def refused(self, user: str, name: str) -> list[str]:
        refused = ChildRefused(
            target_comp_id=CME_A,
            user=CompID(user),
            cl_ord_id=ClOrdID(name),
            parent_id=StagedOrderID("P1"),
            code=RejectCode.INVALID_QTY,
            text="P1 has 0 free",
        )
        return self.take(refused, "SSE-A")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def working(gateway: Gateway) -> Gateway:
    """ET2's child C1 of P1 works 6 at 100."""
    gateway.enter("ET2", "C1", 6, parent="P1")
    gateway.reserved("ET2", "C1")
    return gateway


# --- names ---------------------------------------------------------------------------


def test_two_users_may_use_one_name_and_each_hears_of_his_own(gateway: Gateway) -> None:
    assert gateway.enter("ET1", "a", 1) == ["ET1: OrderAck a working 1 @ 100",
                                            "ET2: OrderAck a working 1 @ 100"]  # fmt: skip
    assert gateway.enter("LP", "a", 2, 99) == ["LP: OrderAck a working 2 @ 99"]
    assert gateway.cancel("LP", "x", "a") == ["LP: OrderCanceled x cum 0"]
    assert gateway.cancel("ET1", "x", "a") == ["ET1: OrderCanceled x cum 0",
                                               "ET2: OrderCanceled x cum 0"]  # fmt: skip
    assert gateway.to_venue == [
        "NewOrder CME-A-1 Buy 1 MNQU3 @ 100",
        "NewOrder CME-A-2 Buy 2 MNQU3 @ 99",
        "Cancel CME-A-3: cancel CME-A-2",
        "Cancel CME-A-4: cancel CME-A-1",
    ]


def test_a_name_is_used_once_though_its_order_is_over(gateway: Gateway) -> None:
    gateway.enter("LP", "a", 1)
    gateway.cancel("LP", "x", "a")

    again = gateway.enter("LP", "a", 1)
    as_a_cancels = gateway.enter("LP", "x", 1)

    assert again == ["LP: OrderReject a: LP has used the name a before"]
    assert as_a_cancels == ["LP: OrderReject x: LP has used the name x before"]


def test_a_refused_request_does_not_use_its_name_up(working: Gateway) -> None:
    by_the_venue = working.enter("LP", "a", 1, None)
    working.change("ET2", "x", "C1", 10)
    by_the_parent = working.refused("ET2", "x")

    assert by_the_venue == [
        "LP: OrderReject a: ord_type MARKET: expected an offer to trade with [REJ-5]"
    ]
    assert working.enter("LP", "a", 1, 90) == ["LP: OrderAck a working 1 @ 90"]
    assert by_the_parent == ["ET2: CancelReject x of C1: 4 INVALID_QTY: P1 has 0 free"]
    assert working.cancel("ET2", "x", "C1")[-1] == "SSE-A: ChildCanceled x cum 0"


def test_after_a_change_the_old_name_leads_nowhere(gateway: Gateway) -> None:
    gateway.enter("LP", "a", 5)

    assert gateway.change("LP", "b", "a", 3) == ["LP: OrderChanged b working 3 @ 100"]

    assert gateway.cancel("LP", "x", "a") == [
        "LP: CancelReject x of a: LP has no working order a at CME-A"
    ]
    assert gateway.cancel("LP", "x", "b") == ["LP: OrderCanceled x cum 0"]
    assert gateway.to_venue[1:] == [
        "Change CME-A-2: CME-A-1 to Buy 3 MNQU3 @ 100",
        "Cancel CME-A-3: cancel CME-A-2",
    ]


# fmt: off
NOT_WORKING = {
    "never entered":  ("LP",  "none"),
    "another's":      ("ET1", "mine"),
    "filled":         ("LP",  "done"),
    "canceled":       ("LP",  "gone"),
}
# fmt: on


@pytest.mark.parametrize(("user", "orig"), NOT_WORKING.values(), ids=NOT_WORKING.keys())
@pytest.mark.parametrize("verb", ["cancel", "change"])
def test_only_ones_own_working_order_is_canceled_or_changed(
    gateway: Gateway, verb: str, user: str, orig: str
) -> None:
    gateway.enter("LP", "mine", 5, 90)
    gateway.enter("LP", "gone", 5, 91)
    gateway.cancel("LP", "x1", "gone")
    gateway.enter("LP", "done", 5, 92)
    gateway.enter("ET1", "hit", 5, 92, Side.SELL)
    sent = len(gateway.to_venue)

    if verb == "cancel":
        told = gateway.cancel(user, "x2", orig)
    else:
        told = gateway.change(user, "x2", orig, 9)

    assert told == [
        f"{user}: CancelReject x2 of {orig}: {user} has no working order {orig} at CME-A"
    ]
    assert len(gateway.to_venue) == sent


@pytest.mark.rule("REP-6")
def test_how_an_order_stands_its_user_alone_is_told_by_his_own_name(gateway: Gateway) -> None:
    gateway.enter("ET1", "a", 5, account="acme")  # which others may see
    gateway.enter("LP", "hit", 2, 100, Side.SELL)
    gateway.change("ET1", "b", "a", 9)

    assert gateway.ask("ET1", "b") == [
        "ET1: OrderStatus b partially filled, cum 2, leaves 7 @ 100",
    ]
    assert gateway.messages[-1].target_comp_id == "ET1"
    assert gateway.to_venue[-1].startswith("StatusRequest Buy MNQU3 CME-A-")
    assert list(gateway.actor.unanswered()) == []
    # It has used nothing up, and the order is where it was.
    assert gateway.cancel("ET1", "b-cancel", "b")[0].startswith("ET1: OrderCanceled")


@pytest.mark.rule("REP-6")
@pytest.mark.parametrize(("user", "orig"), NOT_WORKING.values(), ids=NOT_WORKING.keys())
def test_of_what_does_not_work_the_gateway_says_so_itself(
    gateway: Gateway, user: str, orig: str
) -> None:
    gateway.enter("LP", "mine", 5, 90)
    gateway.enter("LP", "gone", 5, 91)
    gateway.cancel("LP", "x1", "gone")
    gateway.enter("LP", "done", 5, 92)
    gateway.enter("ET1", "hit", 5, 92, Side.SELL)
    sent = len(gateway.to_venue)

    (told,) = gateway.ask(user, orig)

    assert told.startswith(f"{user}: OrderStatus {orig}: cl_ord_id {orig!r}: no BUY order of MNQU3")
    assert len(gateway.to_venue) == sent
    assert gateway.messages[-1].ord_rej_reason is OrdRejReason.UNKNOWN_ORDER


def test_nobody_asks_in_anothers_name(gateway: Gateway) -> None:
    gateway.enter("LP", "mine", 5, 90)

    (told,) = gateway.ask("ET1", "mine", sender="LP")

    assert told.startswith("ET1: OrderStatus mine: cl_ord_id 'mine': no BUY order")


def test_a_change_under_a_name_that_has_been_used_is_refused(gateway: Gateway) -> None:
    gateway.enter("LP", "a", 5)
    gateway.enter("LP", "b", 5)

    assert gateway.change("LP", "b", "a", 3) == [
        "LP: CancelReject b of a: LP has used the name b before"
    ]


# --- who is told ---------------------------------------------------------------------

# fmt: off
PLAIN = {
    "ET2's":                      ("ET2", "",    "ET1 ET2"),
    "PM1's, into his account":    ("PM1", "123", "ET1 ET2 PM1"),
    "ET2's, into PM1's account":  ("ET2", "123", "ET1 ET2 PM1"),
    "LP's":                       ("LP",  "",    "LP"),
}
# fmt: on


@pytest.mark.rule("VIS-2", "VIS-3")
@pytest.mark.parametrize(("user", "account", "audience"), PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_order_is_told_of_to_those_who_see_it_by_name(
    gateway: Gateway, user: str, account: str, audience: str
) -> None:
    told = gateway.enter(user, "a", 1, account=account)

    assert [line.partition(":")[0] for line in told] == audience.split()
    assert {message.target_sub_id for message in gateway.messages} == {user}


def test_a_reject_of_the_venue_goes_to_the_sender_alone(gateway: Gateway) -> None:
    assert gateway.enter("ET1", "a", 1, None) == [
        "ET1: OrderReject a: ord_type MARKET: expected an offer to trade with [REJ-5]"
    ]


def test_a_refused_change_goes_to_the_sender_alone(gateway: Gateway) -> None:
    gateway.enter("ET1", "a", 5)
    gateway.enter("LP", "b", 3, 100, Side.SELL)

    assert gateway.change("ET1", "a1", "a", 2) == [
        "ET1: CancelReject a1 of a:"
        " order_qty 2: expected more than cum_qty 3, filled so far [REJ-4]"
    ]


# --- children ------------------------------------------------------------------------


def test_a_child_goes_out_only_when_its_parent_has_room(gateway: Gateway) -> None:
    assert gateway.enter("ET2", "C1", 6, parent="P1") == ["SSE-A: ReserveChild C1 of ET2: 6 of P1"]
    assert gateway.to_venue == []

    assert gateway.reserved("ET2", "C1") == [
        "ET1: ChildAck C1 working 6 @ 100",
        "ET2: ChildAck C1 working 6 @ 100",
        "PM1: ChildAck C1 working 6 @ 100",
        "SSE-A: ChildAck C1 working 6 @ 100",
    ]
    assert gateway.to_venue == ["NewChildOrder CME-A-1 Buy 6 MNQU3 @ 100, parent P1"]


def test_a_child_without_room_is_rejected_to_its_sender_alone(gateway: Gateway) -> None:
    gateway.enter("ET2", "C1", 6, parent="P1")

    assert gateway.refused("ET2", "C1") == ["ET2: ChildReject C1: 4 INVALID_QTY: P1 has 0 free"]
    assert gateway.to_venue == []


def test_a_child_that_waits_for_room_is_neither_canceled_nor_sent_twice(gateway: Gateway) -> None:
    gateway.enter("ET2", "C1", 6, parent="P1")

    told = gateway.cancel("ET2", "x", "C1")
    again = gateway.enter("ET2", "C1", 6, parent="P1")

    assert told == ["ET2: CancelReject x of C1: ET2 has no working order C1 at CME-A"]
    [reject] = [each for each in gateway.messages if isinstance(each, OrderCancelReject)]
    assert reject.cxl_rej_reason.name == "ORDER_ALREADY_IN_PENDING_STATUS"
    assert again == ["ET2: ChildReject C1: ET2 has used the name C1 before"]
    assert gateway.reserved("ET2", "C1")[1] == "ET2: ChildAck C1 working 6 @ 100"


def test_a_child_that_the_venue_rejects_gives_its_room_back(gateway: Gateway) -> None:
    gateway.enter("ET2", "C1", 6, None, parent="P1")

    assert gateway.reserved("ET2", "C1") == [
        "ET2: ChildReject C1: ord_type MARKET: expected an offer to trade with [REJ-5]",
        "SSE-A: ChildReject C1: ord_type MARKET: expected an offer to trade with [REJ-5]",
    ]


def test_a_childs_change_asks_for_room_under_its_latest_name(working: Gateway) -> None:
    working.change("ET2", "C1a", "C1", 8)

    asked = working.messages[-1]
    assert isinstance(asked, ReserveChild)
    assert (asked.cl_ord_id, asked.changes, asked.request.order_qty) == ("C1a", "C1", 8)
    assert working.reserved("ET2", "C1a") == [
        f"{who}: ChildChanged C1a working 8 @ 100" for who in ("ET1", "ET2", "PM1", "SSE-A")
    ]


def test_a_childs_change_that_the_venue_refuses_gives_its_room_back(working: Gateway) -> None:
    working.enter("LP", "o1", 3, 100, Side.SELL)
    working.change("ET2", "C1a", "C1", 2)

    text = (
        "CancelReject C1a of C1: order_qty 2: expected more than cum_qty 3, filled so far [REJ-4]"
    )
    assert working.reserved("ET2", "C1a") == [f"ET2: {text}", f"SSE-A: {text}"]


def test_a_childs_cancel_asks_for_nothing(working: Gateway) -> None:
    assert working.cancel("ET2", "x", "C1") == [
        f"{who}: ChildCanceled x cum 0" for who in ("ET1", "ET2", "PM1", "SSE-A")
    ]


def test_a_child_that_is_over_while_its_change_waits_is_not_changed(working: Gateway) -> None:
    working.change("ET2", "C1a", "C1", 8)
    working.enter("LP", "o1", 6, 100, Side.SELL)

    told = working.reserved("ET2", "C1a")

    assert [line.partition(" of")[0] for line in told] == [
        "ET2: CancelReject C1a",
        "SSE-A: CancelReject C1a",
    ]


def test_of_two_changes_at_once_the_second_finds_the_name_gone(working: Gateway) -> None:
    working.change("ET2", "C1a", "C1", 8)
    working.change("ET2", "C1b", "C1", 9)

    first = working.reserved("ET2", "C1a")
    second = working.reserved("ET2", "C1b")

    assert first[1] == "ET2: ChildChanged C1a working 8 @ 100"
    assert second[0].startswith("ET2: CancelReject C1b of C1")
    assert working.cancel("ET2", "x", "C1a")[1] == "ET2: ChildCanceled x cum 0"


def test_fills_of_a_child_go_to_all_who_see_it_and_to_its_parent_last(working: Gateway) -> None:
    told = working.enter("LP", "o1", 4, 100, Side.SELL)

    assert told == [
        "LP: OrderAck o1 working 4 @ 100",
        *(f"{who}: ChildFill C1 4 @ 100, cum 4, leaves 2" for who in ("ET1", "ET2", "PM1")),
        "SSE-A: ChildFill C1 4 @ 100, cum 4, leaves 2",
        "LP: OrderFill o1 4 @ 100, cum 4, leaves 0",
    ]


def test_a_message_of_no_use_is_an_error(gateway: Gateway) -> None:
    with pytest.raises(TypeError, match="an exchange gateway has no use for 'hello'"):
        gateway.take("hello", "LP")


def test_reports_carry_the_figures_of_the_venue(working: Gateway) -> None:
    working.enter("LP", "o1", 4, 100, Side.SELL)

    fills = [
        message
        for message in working.messages
        if isinstance(message, ExecutionReport) and message.cl_ord_id == "C1" and message.last_qty
    ]
    assert len({msgspec.structs.replace(fill, target_comp_id=CompID("all")) for fill in fills}) == 1
    assert (fills[0].order_qty, fills[0].cum_qty, fills[0].leaves_qty) == (6, 4, 2)


# --- on a user's behalf --------------------------------------------------------------


def on_behalf(request: OrderRequest, user: str = "ET2") -> OnBehalf:
    parent = ParentOrder(originator=CompID("PM1"), account=Account("123"))
    return OnBehalf(
        sender_comp_id=SSE_A,
        on_behalf_of_comp_id=CompID(user),
        request=request,
        parent=parent if isinstance(request, NewOrderSingle) else None,
    )


def child(name: str, qty: int, price: int = 100) -> NewOrderSingle:
    return NewOrderSingle(
        sender_comp_id=CompID("ET2"),
        cl_ord_id=ClOrdID(name),
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=qty,
        price=price,
        parent_id=StagedOrderID("P1"),
    )


def cancel_of(orig: str, name: str = "x", user: str = "ET2") -> OrderCancelRequest:
    return OrderCancelRequest(
        sender_comp_id=CompID(user),
        cl_ord_id=ClOrdID(name),
        orig_cl_ord_id=ClOrdID(orig),
        symbol=MNQ.symbol,
        side=Side.BUY,
    )


def test_a_childs_gateway_cancels_it_for_its_parents_and_all_who_see_it_hear(
    working: Gateway,
) -> None:
    told = working.take(on_behalf(cancel_of("C1")), "SSE-A")

    assert told == [f"{who}: ChildCanceled x cum 0" for who in ("ET1", "ET2", "PM1", "SSE-A")]


def test_a_child_entered_on_its_users_behalf_asks_nobody_for_room(gateway: Gateway) -> None:
    told = gateway.take(on_behalf(child("C1", 6)), "SSE-A")
    gateway.enter("LP", "s", 2, 100, Side.SELL)
    changed = gateway.take(
        on_behalf(
            OrderCancelReplaceRequest(
                sender_comp_id=CompID("ET2"),
                cl_ord_id=ClOrdID("C1b"),
                orig_cl_ord_id=ClOrdID("C1"),
                symbol=MNQ.symbol,
                side=Side.BUY,
                order_qty=5,
                price=99,
            )
        ),
        "SSE-A",
    )

    audience = ("ET1", "ET2", "PM1", "SSE-A")
    assert told == [f"{who}: ChildAck C1 working 6 @ 100" for who in audience]
    assert changed[0] == "ET1: ChildChanged C1b working 3 @ 99"
    assert [line.partition(":")[0] for line in changed] == list(audience)


# fmt: off
REFUSED_ON_BEHALF = {
    "unknown":       (cancel_of("C9"),
                      "CancelReject x of C9: SSE-A has no working child C9 of ET2's here"),
    "name used":     (cancel_of("C1", "C1"),
                      "CancelReject C1 of C1: ET2 has used the name C1 before"),
    "new name used": (child("C1", 1), "ChildReject C1: ET2 has used the name C1 before"),
}
# fmt: on


@pytest.mark.parametrize(
    ("request_", "said"), REFUSED_ON_BEHALF.values(), ids=REFUSED_ON_BEHALF.keys()
)
def test_what_cannot_be_done_on_behalf_is_refused_to_both(
    working: Gateway, request_: OrderRequest, said: str
) -> None:
    assert working.take(on_behalf(request_), "SSE-A") == [f"ET2: {said}", f"SSE-A: {said}"]


def test_a_gateway_cancels_children_of_its_own_parents_only(gateway: Gateway) -> None:
    gateway.enter("ET2", "a", 1)  # nobody's child

    told = gateway.take(on_behalf(cancel_of("a")), "SSE-A")

    assert told[0] == "ET2: CancelReject x of a: SSE-A has no working child a of ET2's here"


def test_only_a_synthetic_gateway_acts_on_behalf(working: Gateway) -> None:
    delivery = Delivery(on_behalf(cancel_of("C1")), "ET1", "CME-A", 1, 1, 1, 0)

    assert list(working.actor.receive(delivery)) == [
        Fact("session mismatch", {"sender": "ET1", "message": "OnBehalf"})
    ]
