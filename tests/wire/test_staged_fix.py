"""What FIX says of staged orders."""

from __future__ import annotations

import attrs
import pytest

from floorproof.market.fix import ExecType, OrdStatus, Side
from floorproof.market.identifiers import Account, ClOrdID, CompID, ExecID, StagedOrderID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport
from floorproof.market.staging import (
    ParentPartialFill,
    StagedAck,
    StagedExecType,
    StagedStatus,
    StagedUpdate,
)
from floorproof.wire.fix_text import write
from floorproof.wire.staged_fix import Told, child_links, staged_pairs

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=2, ticks=TickTable.uniform(25))
PM1, ET2, P1 = CompID("PM1"), CompID("ET2"), StagedOrderID("P1")

ACK = StagedAck(
    target_comp_id=PM1,
    staged_order_id=P1,
    staged_type="BROKER",
    status=StagedStatus.AVAILABLE,
    owner=None,
    gateway=CompID("CME-A"),
    symbol=MNQ.symbol,
    side=Side.BUY,
    order_qty=10,
    leaves_qty=10,
    price=1535200,
    account=Account("123"),
    originator=PM1,
    routing_mgt="TTORDAB/001/001",
    exchange_mgt="TTSSE/SE1/001",
    text="by the close",
)
UPDATE = StagedUpdate(
    target_comp_id=PM1,
    staged_order_id=P1,
    status=StagedStatus.PARTIALLY_FILLED,
    owner=ET2,
    cum_qty=4,
    leaves_qty=6,
    working_qty=2,
    free_qty=4,
    symbol=MNQ.symbol,
    order_qty=10,
    price=None,
    traded=4 * 1535150,
)
FILL = ParentPartialFill(
    target_comp_id=PM1,
    staged_order_id=P1,
    child_id=ClOrdID("C1"),
    symbol=MNQ.symbol,
    last_qty=4,
    last_px=1535150,
    cum_qty=4,
    leaves_qty=6,
    working_qty=2,
    status=StagedStatus.PARTIALLY_FILLED,
    owner=ET2,
)

# fmt: off
WHOLE: dict[str, tuple[Told, str]] = {
    "acknowledgement": (ACK, "35=8 11=P1 150=0 39=0 55=MNQU3 54=1 1=123 38=10 40=2 44=15352.00 14=0"
                             " 151=10 21=3 442=1 16106=by the close 16109=A"),
    "update":          (UPDATE, "35=8 11=P1 150=D 39=1 55=MNQU3 38=10 40=1 14=4 151=6 6=15351.5000"
                                " 21=3 442=1 16109=O 16110=ET2"),
    "fill":            (FILL, "35=8 11=P1 150=F 39=1 55=MNQU3 32=4 31=15351.50 14=4 151=6 21=3"
                              " 442=1 16109=O 16110=ET2"),
}
APPROVED = StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED
NOT_APPROVED = StagedExecType.STAGE_ORDER_REJECTION_OF_PENDING_ACCEPTED
STANDING: dict[str, tuple[StagedStatus, StagedExecType | None, int, str, str]] = {
    # status                                                 answer, filled   150, 39
    "available":               (StagedStatus.AVAILABLE,               None, 0, "D", "0"),
    "available, with fills":   (StagedStatus.AVAILABLE,               None, 4, "D", "1"),
    "claimed":                 (StagedStatus.CLAIMED,                 None, 0, "D", "0"),
    "working":                 (StagedStatus.WORKING,                 None, 0, "D", "0"),
    "a cancel waits":          (StagedStatus.PENDING_CANCEL_APPROVAL, None, 4, "6", "6"),
    "a change waits":          (StagedStatus.PENDING_CHANGE_APPROVAL, None, 4, "E", "E"),
    "a change is approved":    (StagedStatus.PARTIALLY_FILLED,    APPROVED, 4, "5", "1"),
    "a change is not":         (StagedStatus.PARTIALLY_FILLED, NOT_APPROVED, 4, "D", "1"),
    "a cancel is approved":    (StagedStatus.PENDING_CANCEL,      APPROVED, 4, "6", "6"),
    "canceled":                (StagedStatus.CANCELED,            APPROVED, 4, "4", "4"),
    "filled":                  (StagedStatus.FILLED,              APPROVED, 4, "5", "2"),
}
# fmt: on


@pytest.mark.rule("STAGE-27")
@pytest.mark.parametrize(("told", "said"), WHOLE.values(), ids=WHOLE.keys())
def test_what_is_told_of_a_staged_order_as_an_execution_report(told: Told, said: str) -> None:
    pairs = staged_pairs(told, MNQ)

    assert " ".join(f"{tag}={value}" for tag, value in pairs) == said
    assert write(pairs).startswith(b"8=FIX.4.2\x01")  # it can be sent


@pytest.mark.rule("STAGE-27")
@pytest.mark.parametrize(
    ("status", "answered", "cum", "exec_type", "ord_status"),
    STANDING.values(),
    ids=STANDING.keys(),
)
def test_how_an_order_stands_in_fix(
    status: StagedStatus,
    answered: StagedExecType | None,
    cum: int,
    exec_type: str,
    ord_status: str,
) -> None:
    update = attrs.evolve(
        UPDATE, status=status, answered=answered, cum_qty=cum, leaves_qty=10 - cum, traded=0
    )

    pairs = dict(staged_pairs(update, MNQ))

    assert (pairs[150], pairs[39]) == (exec_type, ord_status)


@pytest.mark.rule("STAGE-27")
@pytest.mark.parametrize(
    ("parent", "links"),
    [(P1, ((16112, "1"), (16113, "P1"), (16114, "7"))), (None, ())],
    ids=["a child", "no child"],
)
def test_a_child_is_linked_to_its_staged_order(
    parent: StagedOrderID | None, links: tuple[tuple[int, str], ...]
) -> None:
    report = ExecutionReport(
        target_comp_id=ET2,
        cl_ord_id=ClOrdID("C1"),
        order_id=None,
        exec_id=ExecID(1),
        exec_type=ExecType.NEW,
        ord_status=OrdStatus.NEW,
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=6,
        leaves_qty=6,
        cum_qty=0,
        transact_time_ns=0,
        parent_id=parent,
    )

    assert child_links(report) == links
