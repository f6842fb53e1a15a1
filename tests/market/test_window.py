"""The Orders and Fills window: rows and columns from what a user has been told."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    Side,
)
from floorproof.market.identifiers import Account, ClOrdID, CompID, ExecID, StagedOrderID, Symbol
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.market.staging import (
    ParentPartialFill,
    RejectCode,
    StagedAck,
    StagedReject,
    StagedStatus,
    StagedUpdate,
)
from floorproof.market.window import OrderRow, StagedRow, Window, average

ET1, ET2 = CompID("ET1"), CompID("ET2")
P1, MNQ = StagedOrderID("P1"), Symbol("MNQU3")

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
    text="by the close",
)


def update(
    status: str,
    cum: int,
    working: int,
    *,
    owner: str = "ET2",
    qty: int = 10,
    price: int = 100,
    traded: int = 0,
    request_no: int | None = None,
) -> StagedUpdate:
    return StagedUpdate(
        target_comp_id=ET1,
        staged_order_id=P1,
        status=StagedStatus(status),
        owner=CompID(owner),
        cum_qty=cum,
        leaves_qty=qty - cum,
        working_qty=working,
        free_qty=qty - cum - working,
        symbol=MNQ,
        order_qty=qty,
        price=price,
        traded=traded,
        request_no=request_no,
    )


def parent_fill(last: int, px: int, cum: int, working: int) -> ParentPartialFill:
    return ParentPartialFill(
        target_comp_id=ET1,
        staged_order_id=P1,
        child_id=ClOrdID("C1"),
        symbol=MNQ,
        last_qty=last,
        last_px=px,
        cum_qty=cum,
        leaves_qty=10 - cum,
        working_qty=working,
        status=StagedStatus.FILLED if cum == 10 else StagedStatus.PARTIALLY_FILLED,
        owner=ET2,
    )


def child(
    name: str, exec_type: ExecType, qty: int, cum: int = 0, *, leaves: int | None = None,
    last: int = 0, px: int = 100, orig: str = "", user: str = "ET2", to: str = "ET1",
) -> ExecutionReport:  # fmt: skip
    """Return a report of a child: alive with what is left, unless *leaves* says otherwise."""
    left = qty - cum if leaves is None else leaves
    status = {
        ExecType.CANCELED: OrdStatus.CANCELED,
        ExecType.EXPIRED: OrdStatus.EXPIRED,
        ExecType.REJECTED: OrdStatus.REJECTED,
    }.get(exec_type)
    if status is None:
        status = OrdStatus.NEW if not cum else OrdStatus.PARTIALLY_FILLED
        status = status if left else OrdStatus.FILLED
    return ExecutionReport(
        target_comp_id=CompID(to),
        cl_ord_id=ClOrdID(name),
        order_id=None,
        exec_id=ExecID(1),
        exec_type=exec_type,
        ord_status=status,
        symbol=MNQ,
        side=Side.BUY,
        order_qty=qty,
        leaves_qty=left,
        cum_qty=cum,
        transact_time_ns=0,
        price=px,
        last_qty=last,
        last_px=px if last else None,
        orig_cl_ord_id=ClOrdID(orig) if orig else None,
        target_sub_id=CompID(user),
        parent_id=P1,
    )


def after(*messages: object) -> Window:
    """Return a window after *messages*, one a nanosecond."""
    window = Window()
    for now_ns, message in enumerate(messages, start=1):
        sender = "CME-A" if isinstance(message, ExecutionReport | OrderCancelReject) else "SSE-A"
        window.show(message, CompID(sender), now_ns)
    return window


NEW, TRADE, REPLACED = ExecType.NEW, ExecType.TRADE, ExecType.REPLACED
CANCELED, EXPIRED, REJECTED = ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED

# --- orders --------------------------------------------------------------------------

# fmt: off
ORDERS = {
    # what came                                               name   OrdQty, ExeQty, RemQty, status
    "acknowledged":      ([child("C1", NEW, 6)],              ["C1   6 0 6 NEW"]),
    "partly filled":     ([child("C1", NEW, 6),
                           child("C1", TRADE, 6, 4, last=4)], ["C1   6 4 2 PARTIALLY_FILLED"]),
    "filled":            ([child("C1", NEW, 6),
                           child("C1", TRADE, 6, 4, last=4),
                           child("C1", TRADE, 6, 6, last=2)], ["C1   6 6 0 FILLED"]),
    "canceled":          ([child("C1", NEW, 6),
                           child("x", CANCELED, 6, leaves=0, orig="C1")],
                                                              ["C1   6 0 0 CANCELED"]),
    "canceled unasked":  ([child("C1", NEW, 6),
                           child("C1", CANCELED, 6, leaves=0)],
                                                              ["C1   6 0 0 CANCELED"]),
    "eliminated":        ([child("C1", NEW, 6),
                           child("C1", TRADE, 6, 4, last=4),
                           child("C1", EXPIRED, 6, 4, leaves=0)],
                                                              ["C1   6 4 0 EXPIRED"]),
    "changed":           ([child("C1", NEW, 6),
                           child("C1a", REPLACED, 8, orig="C1")],
                                                              ["C1a  8 0 8 NEW"]),
    "changed twice, then canceled":
                         ([child("C1", NEW, 6),
                           child("C1a", REPLACED, 8, orig="C1"),
                           child("C1b", REPLACED, 7, orig="C1a"),
                           child("x", CANCELED, 7, leaves=0, orig="C1b")],
                                                              ["C1b  7 0 0 CANCELED"]),
    "rejected":          ([child("C1", REJECTED, 6, leaves=0)], []),
    "each in the place where it came up":
                         ([child("C1", NEW, 6), child("C2", NEW, 4), child("C3", NEW, 1),
                           child("C2", TRADE, 4, 4, last=4),
                           child("C1a", REPLACED, 5, orig="C1"),
                           child("C1a", TRADE, 5, 1, last=1)],
                          ["C1a 5 1 4 PARTIALLY_FILLED", "C2 4 4 0 FILLED", "C3 1 0 1 NEW"]),
    "two users' orders of one name":
                         ([child("C1", NEW, 6, user="ET1"), child("C1", NEW, 4),
                           child("x", CANCELED, 4, leaves=0, orig="C1")],
                          ["C1 6 0 6 NEW", "C1 4 0 0 CANCELED"]),
}
# fmt: on


def line(row: OrderRow) -> str:
    return f"{row.cl_ord_id} {row.order_qty} {row.cum_qty} {row.leaves_qty} {row.ord_status.name}"


@pytest.mark.parametrize(("messages", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_the_orders_pane_shows(messages: list[object], expected: list[str]) -> None:
    window = after(*messages)

    assert list(map(line, window.orders.values())) == [" ".join(row.split()) for row in expected]
    for (gateway, user, name), row in window.orders.items():
        assert (gateway, user, name) == (row.gateway, row.user, row.cl_ord_id)


def test_an_orders_row_has_its_terms_and_its_latest_time() -> None:
    [row] = after(child("C1", NEW, 6), child("C1a", REPLACED, 6, px=101, orig="C1")).orders.values()

    assert (row.side, row.symbol, row.price, row.parent_id) == (Side.BUY, MNQ, 101, P1)
    assert (row.user, row.gateway, row.time_ns) == (ET2, "CME-A", 2)


def test_what_an_order_has_traded_survives_a_change() -> None:
    [row] = after(
        child("C1", NEW, 6),
        child("C1", TRADE, 6, 4, last=4, px=99),
        child("C1a", REPLACED, 8, 4, px=101, orig="C1"),
        child("C1a", TRADE, 8, 8, last=4, px=101),
    ).orders.values()

    assert average(row.traded, row.cum_qty, 0) == Decimal("100.00")


# fmt: off
OWN = {
    "one's own":            ("ET2", "C1",  "NEW"),
    "another's":            ("ET1", "C1",  None),
    "none of that name":    ("ET2", "C9",  None),
    "under its old name":   ("ET2", "C2",  None),
    "under its new name":   ("ET2", "C2a", "NEW"),
    "one that is over":     ("ET2", "C3",  "CANCELED"),
}
# fmt: on


@pytest.mark.parametrize(("user", "name", "status"), OWN.values(), ids=OWN.keys())
def test_own_finds_a_users_order_by_its_latest_name(
    user: str, name: str, status: str | None
) -> None:
    window = after(
        child("C1", NEW, 6),
        child("C2", NEW, 2),
        child("C2a", REPLACED, 3, orig="C2"),
        child("C3", NEW, 2),
        child("x", CANCELED, 2, leaves=0, orig="C3"),
    )

    row = window.own(CompID(user), ClOrdID(name))

    assert (row and row.ord_status.name) == status


# --- staged orders -------------------------------------------------------------------


def test_a_staged_order_comes_up_with_all_that_the_acknowledgement_says() -> None:
    [row] = after(ACK).staged.values()

    assert row == StagedRow(
        staged_order_id=P1,
        held_by=CompID("SSE-A"),
        gateway=CompID("CME-A"),
        symbol=MNQ,
        side=Side.BUY,
        order_qty=10,
        price=100,
        account=Account("123"),
        originator=CompID("PM1"),
        text="by the close",
        status=StagedStatus.AVAILABLE,
        owner=None,
        time_ns=1,
        free_qty=10,
    )


# fmt: off
STAGED = {
    # what came after the acknowledgement         status, owner, cum, working, free, traded
    "claimed":   ([update("Claimed", 0, 0)],      ("Claimed", "ET2", 0, 0, 10, 0)),
    "working":   ([update("Working", 0, 6)],      ("Working", "ET2", 0, 6, 4, 0)),
    "a fill":    ([update("Working", 0, 6), parent_fill(4, 100, 4, 2)],
                                                  ("Partially Filled", "ET2", 4, 2, 4, 400)),
    "filled at two prices":
                 ([parent_fill(4, 100, 4, 6), parent_fill(6, 102, 10, 0)],
                                                  ("Filled", "ET2", 10, 0, 0, 1012)),
    "a fill taken back":
                 ([parent_fill(4, 100, 4, 6), update("Working", 0, 6)],
                                                  ("Working", "ET2", 0, 6, 4, 0)),
}
# fmt: on


@pytest.mark.parametrize(("messages", "expected"), STAGED.values(), ids=STAGED.keys())
def test_a_staged_row_shows(messages: list[object], expected: tuple[object, ...]) -> None:
    row = after(ACK, *messages).staged[P1]

    columns = (row.status, row.owner, row.cum_qty, row.working_qty, row.free_qty, row.traded)
    assert columns == expected
    assert row.time_ns == 1 + len(messages)


def test_a_bust_takes_the_parents_line_of_that_trade_off() -> None:
    fills = after(
        ACK,
        parent_fill(4, 100, 4, 6),
        parent_fill(2, 101, 6, 4),
        parent_fill(1, 100, 7, 3),
        update("Partially Filled", 5, 3, traded=500),  # 2 @ 101 is gone
    ).fills

    assert [(fill.last_qty, fill.last_px) for fill in fills] == [(4, 100), (1, 100)]


def test_a_staged_row_shows_changed_terms_and_the_request_that_waits() -> None:
    row = after(ACK, update("Pending Change Approval", 0, 0, request_no=1)).staged[P1]
    assert (row.order_qty, row.price, row.request_no) == (10, 100, 1)

    row = after(ACK, update("Claimed", 0, 0, qty=12, price=101)).staged[P1]
    assert (row.order_qty, row.price, row.request_no) == (12, 101, None)


# --- fills ---------------------------------------------------------------------------


def test_the_fills_pane_has_a_line_of_the_child_and_one_of_its_parent() -> None:
    fills = after(
        ACK,
        child("C1", NEW, 10),
        child("C1", TRADE, 10, 4, last=4),
        parent_fill(4, 100, 4, 6),
        child("C1", TRADE, 10, 10, last=6, px=99),
        parent_fill(6, 99, 10, 0),
    ).fills

    assert [
        (fill.order, fill.last_qty, fill.last_px, fill.is_full, fill.is_staged, fill.parent_id)
        for fill in fills
    ] == [
        ("C1", 4, 100, False, False, "P1"),
        ("P1", 4, 100, False, True, None),
        ("C1", 6, 99, True, False, "P1"),
        ("P1", 6, 99, True, True, None),
    ]


# --- what has no place in it ---------------------------------------------------------

CANCEL_REJECT = OrderCancelReject(
    target_comp_id=ET1,
    cl_ord_id=ClOrdID("x"),
    orig_cl_ord_id=ClOrdID("C1"),
    order_id=None,
    cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
    cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
    transact_time_ns=0,
    symbol=MNQ,
)
STAGED_REJECT = StagedReject(
    target_comp_id=ET1,
    staged_order_id=P1,
    refused="Claim",
    code=RejectCode.CLAIM_STAGED_FORBIDDEN,
    text="",
)


@pytest.mark.parametrize(
    "message",
    [CANCEL_REJECT, STAGED_REJECT, child("C1", REJECTED, 6, leaves=0), "anything else"],
    ids=["cancel reject", "staged reject", "order reject", "anything else"],
)
def test_rejects_leave_a_window_as_it_is(message: object) -> None:
    told = [ACK, child("C1", NEW, 6), update("Working", 0, 6)]

    assert after(*told, message) == after(*told)


def test_a_report_to_the_session_itself_is_the_sessions_own_order() -> None:
    own = msgspec.structs.replace(child("a", NEW, 5), target_sub_id=None, parent_id=None)

    assert after(own).own(ET1, ClOrdID("a")) is not None


# --- average price -------------------------------------------------------------------

# fmt: off
AVERAGES = {
    "of nothing":              (0,      0, 2, None),
    "of one price":            (461550, 3, 2, "1538.5000"),
    "between two":             (10 + 11, 2, 0, "10.50"),
    "a third, rounded down":   (100,    3, 0, "33.33"),
    "two thirds, rounded up":  (200,    3, 0, "66.67"),
    "below zero":              (-200,   3, 0, "-66.67"),
}
# fmt: on


@pytest.mark.parametrize(
    ("traded", "qty", "decimals", "expected"), AVERAGES.values(), ids=AVERAGES.keys()
)
def test_average_price_has_two_decimals_more_than_the_instrument(
    traded: int, qty: int, decimals: int, expected: str | None
) -> None:
    price = average(traded, qty, decimals)

    assert (None if price is None else str(price)) == expected
