"""Which message goes under which filter: every kind, every filter."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest

from floorproof.market import messages, quotes, rejects
from floorproof.market.copy_filters import ADMITTED_BY, CopyFilter, MessageKind, admits, kind_of
from floorproof.market.fix import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecType,
    MassActionResponse,
    MsgType,
    OrdStatus,
    QuoteStatus,
    Side,
)
from floorproof.market.identifiers import ClOrdID, CompID, ExecID, QuoteID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderMassActionReport,
)
from floorproof.market.quotes import MassQuoteAck, QuoteCancelAck
from floorproof.market.rejects import BusinessMessageReject, SessionReject

# A column for each filter: acknowledgement, order entry, create / cancel / modify, elimination,
# fill notice, trade cancel, heartbeat, mass action, reject, trade busts.
# fmt: off
TABLE = {                              # Ack OE CCM El Fil TC HB OMA Rej Bust
    MessageKind.NEW_ORDER_ACK:          "x   x  x   .  .   .  .  .   .   .",
    MessageKind.CANCEL_ACK:             "x   .  x   .  .   .  .  .   .   .",
    MessageKind.UNSOLICITED_CANCEL:     ".   .  x   .  .   .  .  .   .   .",
    MessageKind.MODIFY_ACK:             "x   .  x   .  .   .  .  .   .   .",
    MessageKind.TRIGGERED:              ".   .  x   .  .   .  .  .   .   .",
    MessageKind.ELIMINATION:            ".   .  .   x  .   .  .  .   .   .",
    MessageKind.FILL:                   ".   .  .   .  x   .  .  .   .   .",
    MessageKind.TRADE_CANCEL:           ".   .  .   .  .   x  .  .   .   x",
    MessageKind.TRADE_CORRECTION:       ".   .  .   .  .   x  .  .   .   x",
    MessageKind.HEARTBEAT:              ".   .  .   .  .   .  x  .   .   .",
    MessageKind.MASS_ACTION_REPORT:     ".   .  .   .  .   .  .  x   .   .",
    MessageKind.SESSION_REJECT:         ".   .  .   .  .   .  .  .   x   .",
    MessageKind.CANCEL_REJECT:          ".   .  .   .  .   .  .  .   x   .",
    MessageKind.ORDER_REJECT:           ".   .  .   .  .   .  .  .   x   .",
    MessageKind.BUSINESS_REJECT:        ".   .  .   .  .   .  .  .   .   .",
    MessageKind.QUOTE_ACK:              ".   .  .   .  .   .  .  .   .   .",
    MessageKind.QUOTE_CANCEL:           ".   .  .   .  .   .  .  .   .   .",
    MessageKind.STATUS:                 ".   .  .   .  .   .  .  .   .   .",
    MessageKind.TEST_REQUEST:           ".   .  .   .  .   .  .  .   .   .",
    MessageKind.RESEND_REQUEST:         ".   .  .   .  .   .  .  .   .   .",
    MessageKind.SEQUENCE_RESET:         ".   .  .   .  .   .  .  .   .   .",
    MessageKind.LOGON:                  ".   .  .   .  .   .  .  .   .   .",
    MessageKind.LOGOUT:                 ".   .  .   .  .   .  .  .   .   .",
}
# fmt: on


@pytest.mark.rule("COPY-1", "COPY-2", "COPY-3")
@pytest.mark.parametrize("kind", MessageKind, ids=str)
def test_a_kind_of_message_under_each_filter(kind: MessageKind) -> None:
    found = ["x" if admits([each], kind) else "." for each in CopyFilter]

    assert found == TABLE[kind].split()
    assert not admits([], kind)
    assert admits(list(CopyFilter), kind) == ("x" in found)


@pytest.mark.rule("COPY-2")
def test_order_and_cancel_rejects_can_be_left_out() -> None:
    for kind in (MessageKind.ORDER_REJECT, MessageKind.CANCEL_REJECT):
        assert not admits([CopyFilter.REJECT], kind, order_rejects=False)
    assert admits([CopyFilter.REJECT], MessageKind.SESSION_REJECT, order_rejects=False)


def test_every_kind_has_its_row() -> None:
    assert list(ADMITTED_BY) == list(MessageKind)
    assert list(TABLE) == sorted(MessageKind, key=list(TABLE).index)


ME, NAME, MNQ = CompID("ME"), ClOrdID("o1"), Symbol("MNQU3")
REPORT = ExecutionReport(
    target_comp_id=ME,
    cl_ord_id=NAME,
    order_id=None,
    exec_id=ExecID(1),
    exec_type=ExecType.NEW,
    ord_status=OrdStatus.NEW,
    symbol=MNQ,
    side=Side.BUY,
    order_qty=1,
    leaves_qty=1,
    cum_qty=0,
    transact_time_ns=0,
)


def report(exec_type: ExecType, reason: ExecRestatementReason | None = None) -> ExecutionReport:
    return msgspec.structs.replace(REPORT, exec_type=exec_type, exec_restatement_reason=reason)


SAID: list[tuple[Any, MessageKind]] = [
    (report(ExecType.NEW), MessageKind.NEW_ORDER_ACK),
    (report(ExecType.CANCELED), MessageKind.CANCEL_ACK),
    (
        report(ExecType.CANCELED, ExecRestatementReason.SELF_MATCH_OLDEST),
        MessageKind.UNSOLICITED_CANCEL,
    ),
    (report(ExecType.REPLACED), MessageKind.MODIFY_ACK),
    (report(ExecType.REJECTED), MessageKind.ORDER_REJECT),
    (report(ExecType.EXPIRED), MessageKind.ELIMINATION),
    (report(ExecType.TRADE), MessageKind.FILL),
    (report(ExecType.TRADE_CANCEL), MessageKind.TRADE_CANCEL),
    (report(ExecType.TRIGGERED), MessageKind.TRIGGERED),
    (report(ExecType.ORDER_STATUS), MessageKind.STATUS),
    (
        OrderCancelReject(
            target_comp_id=ME,
            cl_ord_id=NAME,
            orig_cl_ord_id=NAME,
            order_id=None,
            cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
            cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
            transact_time_ns=0,
            symbol=MNQ,
        ),
        MessageKind.CANCEL_REJECT,
    ),
    (
        OrderMassActionReport(
            target_comp_id=ME,
            cl_ord_id=NAME,
            mass_action_response=MassActionResponse.ACCEPTED,
            transact_time_ns=0,
        ),
        MessageKind.MASS_ACTION_REPORT,
    ),
    (
        SessionReject(
            target_comp_id=ME,
            ref_msg_type=MsgType.NEW_ORDER_SINGLE,
            ref_id="o1",
            text="no",
            transact_time_ns=0,
        ),
        MessageKind.SESSION_REJECT,
    ),
    (
        BusinessMessageReject(
            target_comp_id=ME,
            ref_msg_type=MsgType.MASS_QUOTE,
            business_reject_ref_id="q",
            text="no",
            transact_time_ns=0,
            business_reject_reason=BusinessRejectReason.OTHER,
        ),
        MessageKind.BUSINESS_REJECT,
    ),
    (
        MassQuoteAck(
            target_comp_id=ME,
            quote_id=QuoteID("q"),
            quote_status=QuoteStatus.ACCEPTED,
            transact_time_ns=0,
        ),
        MessageKind.QUOTE_ACK,
    ),
    (
        QuoteCancelAck(
            target_comp_id=ME, quote_status=QuoteStatus.CANCELED_ALL, transact_time_ns=0
        ),
        MessageKind.QUOTE_CANCEL,
    ),
]


@pytest.mark.parametrize(("message", "kind"), SAID, ids=[kind for _, kind in SAID])
def test_what_kind_a_message_is(message: object, kind: MessageKind) -> None:
    assert kind_of(message) is kind


def test_market_data_is_of_no_kind() -> None:
    assert kind_of("what only a plugin knows") is None


def test_every_answer_to_a_session_is_of_a_kind() -> None:
    """A message class that comes later must be thought about here."""
    told = {
        cls
        for module in (messages, quotes, rejects)
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__
        and "target_comp_id" in cls.__annotations__
        and not cls.__name__.startswith("MarketData")
    }

    assert told == {type(message) for message, _ in SAID}
    assert {message.exec_type for message, _ in SAID if type(message) is ExecutionReport} == set(
        ExecType
    )
