"""Which of a session's messages a drop copy group has copied.

A group has filters, by CME's names; each admits some kinds of message.  A message that
several of a group's filters admit is copied once, one that none admits is not copied.

Sources: CME Group, BrokerTec Drop Copy Groups (Customer Center help), Available
communication types; CME Group Client Systems Wiki, Drop Copy 4.0 (46140051); readings
in ``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from .fix import ExecType
from .ledger import Rule
from .messages import ExecutionReport, OrderCancelReject, OrderMassActionReport
from .quotes import MassQuoteAck, QuoteCancelAck
from .rejects import BusinessMessageReject, SessionReject

_HELP = "CME Group, BrokerTec Drop Copy Groups (Customer Center help), communication types"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "COPY-1",
        "A group's filters say which kinds of message are copied; what two of them admit is copied"
        " once, and what none admits is not.",
        _HELP,
    ),
    Rule(
        "COPY-2",
        "Order rejects and cancel rejects are copied with the session level rejects; business"
        " level rejects and everything about mass quotes but their fills never are.",
        f"{_HELP}; {_READINGS}, rejects on drop copy",
        ("order_rejects",),
    ),
    Rule(
        "COPY-3",
        "What self-match prevention cancels is copied as any cancel; a quote that it cancels is"
        " not.",
        f"{_READINGS}, self-match prevention on drop copy",
    ),
)


class CopyFilter(StrEnum):
    """A type of communication that a group may have copied, by the request tool's name."""

    ACKNOWLEDGEMENT = "Acknowledgement"
    ORDER_ENTRY = "Execution - Order Entry"
    CREATE_CANCEL_MODIFY = "Execution - Create / Cancel / Modify"
    ELIMINATION = "Execution - Elimination"
    FILL_NOTICE = "Trade - Fill Notice"
    TRADE_CANCEL = "Trade - Trade Cancel"
    HEARTBEAT = "Heartbeat"
    ORDER_MASS_ACTION = "Order Mass Action"
    REJECT = "Reject"
    TRADE_BUSTS = "Trade Busts"
    """Another name for `TRADE_CANCEL`."""


class MessageKind(StrEnum):
    """What a session may be told, as filters tell it apart."""

    NEW_ORDER_ACK = "new order ack (39=0)"
    CANCEL_ACK = "cancel ack (39=4)"
    UNSOLICITED_CANCEL = "unsolicited cancel (39=4, 378)"
    MODIFY_ACK = "modify ack (39=5)"
    TRIGGERED = "stop triggered (150=L)"
    FILL = "fill (39=1, 39=2)"
    ELIMINATION = "elimination (39=C)"
    TRADE_CANCEL = "trade cancel (39=H)"
    TRADE_CORRECTION = "trade correction (39=G)"
    ORDER_REJECT = "order reject (39=8)"
    CANCEL_REJECT = "cancel reject (35=9)"
    SESSION_REJECT = "session level reject (35=3)"
    BUSINESS_REJECT = "business level reject (35=j)"
    MASS_ACTION_REPORT = "order mass action report (35=BZ)"
    QUOTE_ACK = "quote acknowledgement (35=b)"
    QUOTE_CANCEL = "quote cancel acknowledgement (35=b)"
    STATUS = "order status (150=I)"
    HEARTBEAT = "heartbeat (35=0)"
    TEST_REQUEST = "test request (35=1)"
    RESEND_REQUEST = "resend request (35=2)"
    SEQUENCE_RESET = "sequence reset (35=4)"
    LOGON = "logon (35=A)"
    LOGOUT = "logout (35=5)"


_BUST = (CopyFilter.TRADE_CANCEL, CopyFilter.TRADE_BUSTS)

ADMITTED_BY: Mapping[MessageKind, tuple[CopyFilter, ...]] = {
    MessageKind.NEW_ORDER_ACK: (
        CopyFilter.ACKNOWLEDGEMENT,
        CopyFilter.ORDER_ENTRY,
        CopyFilter.CREATE_CANCEL_MODIFY,
    ),
    MessageKind.CANCEL_ACK: (CopyFilter.ACKNOWLEDGEMENT, CopyFilter.CREATE_CANCEL_MODIFY),
    MessageKind.UNSOLICITED_CANCEL: (CopyFilter.CREATE_CANCEL_MODIFY,),
    MessageKind.MODIFY_ACK: (CopyFilter.ACKNOWLEDGEMENT, CopyFilter.CREATE_CANCEL_MODIFY),
    MessageKind.TRIGGERED: (CopyFilter.CREATE_CANCEL_MODIFY,),
    MessageKind.FILL: (CopyFilter.FILL_NOTICE,),
    MessageKind.ELIMINATION: (CopyFilter.ELIMINATION,),
    MessageKind.TRADE_CANCEL: _BUST,
    MessageKind.TRADE_CORRECTION: _BUST,
    MessageKind.ORDER_REJECT: (CopyFilter.REJECT,),
    MessageKind.CANCEL_REJECT: (CopyFilter.REJECT,),
    MessageKind.SESSION_REJECT: (CopyFilter.REJECT,),
    MessageKind.BUSINESS_REJECT: (),
    MessageKind.MASS_ACTION_REPORT: (CopyFilter.ORDER_MASS_ACTION,),
    MessageKind.QUOTE_ACK: (),
    MessageKind.QUOTE_CANCEL: (),
    MessageKind.STATUS: (),
    MessageKind.HEARTBEAT: (CopyFilter.HEARTBEAT,),
    MessageKind.TEST_REQUEST: (),
    MessageKind.RESEND_REQUEST: (),
    MessageKind.SEQUENCE_RESET: (),
    MessageKind.LOGON: (),
    MessageKind.LOGOUT: (),
}
"""Of each kind, the filters that admit it."""

ORDER_REJECTS = (MessageKind.ORDER_REJECT, MessageKind.CANCEL_REJECT)
"""What `REJECT` admits by default only (COPY-2)."""


def admits(
    filters: Collection[CopyFilter], kind: MessageKind, *, order_rejects: bool = True
) -> bool:
    """Return whether a message of *kind* is copied for a group with *filters* (COPY-1).

    Args:
        order_rejects: whether `CopyFilter.REJECT` admits `ORDER_REJECTS` too.
    """
    if kind in ORDER_REJECTS and not order_rejects:
        return False
    return any(each in filters for each in ADMITTED_BY[kind])


_OF_REPORTS: Mapping[ExecType, MessageKind] = {
    ExecType.NEW: MessageKind.NEW_ORDER_ACK,
    ExecType.CANCELED: MessageKind.CANCEL_ACK,
    ExecType.REPLACED: MessageKind.MODIFY_ACK,
    ExecType.REJECTED: MessageKind.ORDER_REJECT,
    ExecType.EXPIRED: MessageKind.ELIMINATION,
    ExecType.TRADE: MessageKind.FILL,
    ExecType.TRADE_CANCEL: MessageKind.TRADE_CANCEL,
    ExecType.TRIGGERED: MessageKind.TRIGGERED,
    ExecType.ORDER_STATUS: MessageKind.STATUS,
}


def kind_of(message: object) -> MessageKind | None:
    """Return what kind of message a venue's word to a session is.

    Returns:
        None for what is told on no order entry session, such as market data.
    """
    match message:
        case ExecutionReport(exec_type=ExecType.CANCELED) if (
            message.exec_restatement_reason is not None
        ):
            return MessageKind.UNSOLICITED_CANCEL
        case ExecutionReport():
            return _OF_REPORTS[message.exec_type]
        case OrderCancelReject():
            return MessageKind.CANCEL_REJECT
        case OrderMassActionReport():
            return MessageKind.MASS_ACTION_REPORT
        case SessionReject():
            return MessageKind.SESSION_REJECT
        case BusinessMessageReject():
            return MessageKind.BUSINESS_REJECT
        case MassQuoteAck():
            return MessageKind.QUOTE_ACK
        case QuoteCancelAck():
            return MessageKind.QUOTE_CANCEL
        case _:
            return None
