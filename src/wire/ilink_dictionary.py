"""The data dictionary of CME's iLink 2 order entry: fields, and the messages that they make.

Everything that the dialect says about a tag stands in two tables.  `FIELDS` has a row for
each tag: its name, type and values.  `MESSAGES` has a layout for each message: its tags in
the order in which we write them, whether one must be there, and which field of which class
in the market it says, in which form (`floorproof.wire.ilink_forms`).

Tags from 20000 are ours: they carry a true figure where CME prints another one.

Source: CME Group Client Systems Wiki, iLink 2 message pages (46596619 New Order, 46924418,
46236317, 46203112, 46139997, 46400718, 47088215, 46465582, 46432723, 46465746, 46990055);
docs/readings.md, FIX order entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import attrs

from ..market.fix import (
    BusinessRejectReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    MassActionResponse,
    MsgType,
    OrdType,
    QuoteCancelType,
    QuoteRejectReason,
    QuoteStatus,
    Side,
    UnsolicitedCancelType,
)
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
)
from ..market.quotes import (
    CanceledQuote,
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuoteEntry,
    QuoteEntryAck,
    QuoteSet,
    QuoteSetAck,
)
from ..market.rejects import BusinessMessageReject, SessionReject
from . import ilink_forms as form
from .ilink_forms import Coded, Fixed, Form

# --- fields ---------------------------------------------------------------------------


class FieldType(StrEnum):
    STRING = "String"
    CHAR = "Char"
    INT = "Int"
    PRICE = "Price"
    BOOLEAN = "Boolean"
    TIME = "UTCTimestamp"
    DATE = "LocalMktDate"
    GROUP = "NumInGroup"


_PATTERNS = {
    FieldType.CHAR: re.compile(r"[ -~]"),
    FieldType.PRICE: re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?"),
    FieldType.BOOLEAN: re.compile(r"[YN]"),
    FieldType.TIME: re.compile(r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?"),
    FieldType.DATE: re.compile(r"[0-9]{8}"),
    FieldType.GROUP: re.compile(r"[0-9]{1,3}"),
}
_INT = re.compile(r"-?[0-9]+")
_REPORTED_PRICE = re.compile(r"(?=.{1,20}$)[+-]?[0-9]+(\.[0-9]{1,9})?")
"""Nine digits on either side are what clients may send; what trades elsewhere may be more."""


@attrs.frozen
class Field:
    """One tag."""

    tag: int
    name: str
    type: FieldType
    size: int | None = None
    """How many characters a text, or digits a number, may have."""

    values: tuple[str, ...] = ()
    """What it may be; empty for anything of the type."""

    def takes(self, text: str, *, reported: bool = False) -> bool:
        """Return whether *text* is a value of this field."""
        return text in self.values if self.values else self.fits(text, reported=reported)

    def fits(self, text: str, *, reported: bool = False) -> bool:
        """Return whether *text* is of this field's type, and no longer than it may be.

        Args:
            reported: whether it is the venue that says it, whose prices may be longer.
        """
        if reported and self.type is FieldType.PRICE:
            return bool(_REPORTED_PRICE.fullmatch(text))
        if self.type is FieldType.STRING:
            return self.size is None or len(text) <= self.size
        if self.type is FieldType.INT:
            digits = text.lstrip("-")
            return bool(_INT.fullmatch(text)) and (self.size is None or len(digits) <= self.size)
        return bool(_PATTERNS[self.type].fullmatch(text))

    @property
    def expected(self) -> str:
        """Return what it takes, in words."""
        if self.values:
            return " or ".join(self.values)
        return self.type.value if self.size is None else f"{self.type.value}({self.size})"


_S, _C, _I, _P = FieldType.STRING, FieldType.CHAR, FieldType.INT, FieldType.PRICE
_B, _T, _D, _G = FieldType.BOOLEAN, FieldType.TIME, FieldType.DATE, FieldType.GROUP
_OPEN = ("104", "105", "106", "108", "109", "110", "111")

# fmt: off
FIELDS: Mapping[int, Field] = {field.tag: field for field in (
    Field(1,     "Account",                        _S, 12),
    Field(6,     "AvgPx",                          _P),
    Field(11,    "ClOrdID",                        _S, 20),
    Field(14,    "CumQty",                         _I, 9),
    Field(17,    "ExecID",                         _S, 40),
    Field(18,    "ExecInst",                       _S, None, ("6",)),
    Field(19,    "ExecRefID",                      _S, 40),
    Field(20,    "ExecTransType",                  _C, 1, ("0", "1", "2", "3")),
    Field(21,    "HandlInst",                      _C, 1, ("1",)),
    Field(31,    "LastPx",                         _P),
    Field(32,    "LastQty",                        _I, 9),
    Field(37,    "OrderID",                        _I, 17),
    Field(38,    "OrderQty",                       _I, 9),
    Field(39,    "OrdStatus",                      _C, 1, tuple("012458CGHU")),
    Field(40,    "OrdType",                        _C, 1, tuple(OrdType)),
    Field(41,    "OrigClOrdID",                    _S, 20),
    Field(44,    "Price",                          _P),
    Field(45,    "RefSeqNum",                      _I, 9),
    Field(48,    "SecurityID",                     _I, 12),
    Field(54,    "Side",                           _C, 1, tuple(Side)),
    Field(55,    "Symbol",                         _S, 6),
    Field(58,    "Text",                           _S),
    Field(59,    "TimeInForce",                    _C, 1, ("0", "1", "3", "6")),
    Field(60,    "TransactTime",                   _T),
    Field(75,    "TradeDate",                      _D),
    Field(99,    "StopPx",                         _P),
    Field(102,   "CxlRejReason",                   _I, 6),
    Field(103,   "OrdRejReason",                   _I, 6),
    Field(107,   "SecurityDesc",                   _S, 20),
    Field(110,   "MinQty",                         _I, 9),
    Field(117,   "QuoteID",                        _S, 10),
    Field(131,   "QuoteReqID",                     _S, 23),
    Field(132,   "BidPx",                          _P),
    Field(133,   "OfferPx",                        _P),
    Field(134,   "BidSize",                        _I, 9),
    Field(135,   "OfferSize",                      _I, 9),
    Field(150,   "ExecType",                       _C, 1, tuple("012458CGHLI")),
    Field(151,   "LeavesQty",                      _I, 9),
    Field(204,   "CustomerOrFirm",                 _I, 1, ("0", "1")),
    Field(210,   "MaxShow",                        _I, 9),
    Field(295,   "NoQuoteEntries",                 _G),
    Field(296,   "NoQuoteSets",                    _G),
    Field(297,   "QuoteAckStatus",                 _I, 3, tuple(QuoteStatus)),
    Field(298,   "QuoteCancelType",                _I, 3, tuple(QuoteCancelType)),
    Field(299,   "QuoteEntryID",                   _S, 10),
    Field(300,   "QuoteRejectReason",              _I, 3, tuple(QuoteRejectReason)),
    Field(302,   "QuoteSetID",                     _S, 3),
    Field(304,   "TotQuoteEntries",                _I, 3),
    Field(311,   "UnderlyingSymbol",               _S, 20),
    Field(337,   "ContraTrader",                   _S, 20),
    Field(368,   "QuoteEntryRejectReason",         _I, 3, tuple(QuoteRejectReason)),
    Field(371,   "RefTagID",                       _S, 23),
    Field(372,   "RefMsgType",                     _S, 2),
    Field(373,   "SessionRejectReason",            _I, 2),
    Field(375,   "ContraBroker",                   _S, 7),
    Field(378,   "ExecRestatementReason",          _I, 3, (*ExecRestatementReason, *_OPEN)),
    Field(379,   "BusinessRejectRefID",            _S, 32),
    Field(380,   "BusinessRejectReason",           _I, 1, tuple(BusinessRejectReason)),
    Field(432,   "ExpireDate",                     _D),
    Field(434,   "CxlRejResponseTo",               _C, 1, tuple(CxlRejResponseTo)),
    Field(442,   "MultiLegReportingType",          _C, 1, ("1", "2", "3")),
    Field(527,   "SecondaryExecID",                _S, 40),
    Field(533,   "TotalAffectedOrders",            _I, 9),
    Field(534,   "NoAffectedOrders",               _G),
    Field(535,   "AffectedOrderID",                _I, 17),
    Field(1028,  "ManualOrderIndicator",           _B),
    Field(1031,  "CustOrderHandlingInst",          _C, 1, tuple("WYCGHD")),
    Field(1057,  "AggressorIndicator",             _B),
    Field(1300,  "MarketSegmentID",                _S, 20),
    Field(1369,  "MassActionReportID",             _S, 20),
    Field(1373,  "MassActionType",                 _I, 1, ("3",)),
    Field(1374,  "MassActionScope",                _I, 2, ("1", "9")),
    Field(1375,  "MassActionResponse",             _C, 1, tuple(MassActionResponse)),
    Field(5149,  "Memo",                           _S, 75),
    Field(5979,  "RequestTime",                    _I, 20),
    Field(6115,  "MassCancelRequestType",          _I, 3, ("100", "101")),
    Field(7928,  "SelfMatchPreventionID",          _S, 12),
    Field(8000,  "SelfMatchPreventionInstruction", _C, 1, ("N", "O")),
    Field(9702,  "CtiCode",                        _C, 1, tuple("1234")),
    Field(9717,  "CorrelationClOrdID",             _S, 32),
    Field(9768,  "OFMOverride",                    _B),
    Field(9771,  "MMAccount",                      _S, 12),
    Field(9772,  "NoProcessedEntries",             _I, 3),
    Field(9774,  "CancelledSymbol",                _S, 20),
    Field(9775,  "UnsolicitedCancelType",          _C, 1, tuple(UnsolicitedCancelType)),
    Field(37711, "MDTradeEntryID",                 _I, 9),
    Field(20014, "TrueCumQty",                     _I, 9),
    Field(20019, "TrueExecRefID",                  _I, 17),
    Field(20039, "TrueOrdStatus",                  _C, 1),
    Field(20060, "TrueTransactTime",               _I, 20),
    Field(20102, "TrueCxlRejReason",               _I, 2),
    Field(20103, "TrueOrdRejReason",               _I, 2),
)}
# fmt: on


# --- messages -------------------------------------------------------------------------


class Need(StrEnum):
    """Whether a tag must be there."""

    FIX = "Y"
    """FIX wants it."""
    CME = "Y*"
    """CME does."""
    CONDITIONAL = "C"
    OPTIONAL = "N"


@attrs.frozen
class Row:
    """One tag of a message."""

    tag: int
    need: Need
    form: Form
    """How it is said and heard."""

    field: str = ""
    """Which field of the message's class it says; none for what only the wire has."""


@attrs.frozen
class Group:
    """A group that repeats: how often, and the rows of each; the first begins each."""

    count: Row
    cls: type | None
    """The class of each; None where each is one value."""

    rows: tuple[Row | Group, ...]


@attrs.frozen
class Layout:
    """One message."""

    msg_type: str
    name: str
    cls: type
    comes_in: bool
    """Whether it is a client's."""

    rows: tuple[Row | Group, ...]


def _at(tag: int, need: str, form: Form, field: str = "") -> Row:
    return Row(tag, Need(need), form, field)


_INSTRUCTION = _at(8000, "N", form.WORD, "self_match_prevention_instruction")

# fmt: off
_ORDER = (
    _at(1,     "Y*", form.ACCOUNT,                     "account"),
    _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
    _at(18,    "N",  form.POST_ONLY,                   "post_only"),
    _at(21,    "N",  Fixed("1")),
    _at(38,    "Y*", form.NUMBER,                      "order_qty"),
    _at(40,    "Y",  Coded(OrdType),                   "ord_type"),
    _at(44,    "C",  form.PRICE,                       "price"),
    _at(54,    "Y",  Coded(Side),                      "side"),
    _at(55,    "Y",  form.GROUP),
    _at(59,    "N",  form.TIME_IN_FORCE,               "time_in_force"),
    _at(60,    "Y",  form.NOW),
    _at(99,    "C",  form.PRICE,                       "stop_px"),
    _at(107,   "Y*", form.SYMBOL,                      "symbol"),
)
_TERMS = (
    _at(204,   "Y*", form.SETTING),
    _at(210,   "N",  form.NUMBER,                      "display_qty"),
    _at(432,   "C",  form.DATE,                        "expire_date"),
    _at(1028,  "Y*", form.MANUAL),
    _at(1031,  "Y",  Fixed("Y")),
)
_SMP = (
    _at(7928,  "N",  form.WORD,                        "self_match_prevention_id"),
    _INSTRUCTION,
    _at(9702,  "Y*", form.SETTING),
    _at(9717,  "Y",  form.FIRST_NAME),
)
_QUOTE = (
    _at(299,   "Y",  form.CL_ORD_ID,                   "quote_entry_id"),
    _at(55,    "Y",  form.GROUP),
    _at(107,   "Y",  form.SYMBOL,                      "symbol"),
    _at(132,   "C",  form.QUOTE_PX,                    "bid_px"),
    _at(133,   "C",  form.QUOTE_PX,                    "offer_px"),
    _at(134,   "C",  form.QUOTE_SIZE,                  "bid_size"),
    _at(135,   "C",  form.QUOTE_SIZE,                  "offer_size"),
)

_LAYOUTS = (
    Layout("D", "New Order", NewOrderSingle, True, (
        *_ORDER,
        _at(110,   "N",  form.MIN_QTY,                     "min_qty"),
        *_TERMS,
        _at(5149,  "N",  form.PARENT,                      "parent_id"),
        _at(5149,  "N",  form.PARENT_GATEWAY,              "parent_gateway"),
        *_SMP,
    )),
    Layout("G", "Order Cancel/Replace Request", OrderCancelReplaceRequest, True, (
        *_ORDER,
        _at(37,    "Y*", form.ORDER_ID_OF_REQUEST),
        _at(41,    "N",  form.ORIG_OF_REQUEST,             "orig_cl_ord_id"),
        _at(110,   "N",  form.MIN_QTY),
        *_TERMS,
        *_SMP,
        _at(9768,  "N",  Fixed("Y")),
    )),
    Layout("F", "Order Cancel Request", OrderCancelRequest, True, (
        _at(1,     "Y*", form.ACCOUNT_OF_ORDER),
        _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
        _at(37,    "Y*", form.ORDER_ID_OF_REQUEST),
        _at(41,    "N",  form.ORIG_OF_REQUEST,             "orig_cl_ord_id"),
        _at(54,    "Y",  Coded(Side),                      "side"),
        _at(55,    "N",  form.GROUP),
        _at(60,    "Y",  form.NOW),
        _at(107,   "Y*", form.SYMBOL,                      "symbol"),
        _at(1028,  "Y*", form.MANUAL),
        _at(9717,  "Y",  form.FIRST_NAME),
    )),
    Layout("CA", "Order Mass Action Request", OrderMassActionRequest, True, (
        _at(1,     "C",  form.WORD,                        "account"),
        _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
        _at(54,    "N",  Coded(Side),                      "side"),
        _at(60,    "Y",  form.NOW),
        _at(107,   "C",  form.MASS_SYMBOL,                 "symbol"),
        _at(1028,  "Y*", form.MANUAL),
        _at(1300,  "C",  form.MASS_SEGMENT),
        _at(1373,  "Y",  Fixed("3")),
        _at(1374,  "Y",  form.MASS_SCOPE),
        _at(6115,  "N",  form.MASS_TYPE,                   "sender_sub_id"),
    )),
    Layout("i", "Mass Quote", MassQuote, True, (
        _at(117,   "Y",  form.WORD,                        "quote_id"),
        _at(131,   "N",  form.WORD,                        "quote_req_id"),
        _at(204,   "Y*", form.SETTING),
        _at(1028,  "Y*", form.MANUAL),
        _at(1031,  "Y",  Fixed("Y")),
        _at(7928,  "N",  form.WORD,                        "self_match_prevention_id"),
        _INSTRUCTION,
        _at(9702,  "Y*", form.SETTING),
        _at(9771,  "Y*", form.ACCOUNT,                     "account"),
        Group(_at(296, "Y", form.COUNT, "quote_sets"), QuoteSet, (
            _at(302,   "Y",  form.WORD,                        "quote_set_id"),
            _at(311,   "N",  form.WORD,                        "underlying_symbol"),
            _at(304,   "Y",  form.total("entries")),
            Group(_at(295, "Y", form.COUNT, "entries"), QuoteEntry, _QUOTE),
        )),
    )),
    Layout("Z", "Quote Cancel", QuoteCancel, True, (
        _at(117,   "Y",  form.WORD,                        "quote_id"),
        _at(298,   "Y",  Coded(QuoteCancelType),           "quote_cancel_type"),
        _at(302,   "C",  form.WORD,                        "quote_set_id"),
        _at(134,   "N",  form.BIDS_ONLY,                   "side"),
        _at(135,   "N",  form.OFFERS_ONLY),
        _at(1028,  "Y*", form.MANUAL),
        Group(_at(295, "C", form.COUNT, "symbols"), None, (
            _at(107,   "Y",  form.SYMBOL),
        )),
    )),
    Layout("8", "Execution Report", ExecutionReport, False, (
        _at(1,     "Y*", form.ACCOUNT,                     "account"),
        _at(6,     "Y",  Fixed("0")),
        _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
        _at(14,    "Y",  form.CUM_QTY),
        _at(17,    "Y",  form.EXEC_ID,                     "exec_id"),
        _at(19,    "C",  form.EXEC_REF_ID,                 "trd_match_id"),
        _at(20,    "Y",  form.TRANSACTION),
        _at(31,    "C",  form.PRICE,                       "last_px"),
        _at(32,    "C",  form.LAST_QTY,                    "last_qty"),
        _at(37,    "Y",  form.ORDER_ID,                    "order_id"),
        _at(38,    "Y",  form.NUMBER,                      "order_qty"),
        _at(39,    "Y",  form.ORD_STATUS,                  "ord_status"),
        _at(40,    "Y",  Coded(OrdType),                   "ord_type"),
        _at(41,    "N",  form.ORIG_CL_ORD_ID,              "orig_cl_ord_id"),
        _at(44,    "C",  form.PRICE,                       "price"),
        _at(48,    "N",  form.SECURITY_ID),
        _at(54,    "Y",  Coded(Side),                      "side"),
        _at(55,    "Y",  form.GROUP),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(59,    "N",  form.TIME_IN_FORCE,               "time_in_force"),
        _at(60,    "Y",  form.TIME),
        _at(75,    "N",  form.TRADE_DATE),
        _at(99,    "C",  form.PRICE,                       "stop_px"),
        _at(103,   "C",  form.ORD_REJ_REASON),
        _at(107,   "Y*", form.SYMBOL,                      "symbol"),
        _at(110,   "N",  form.MIN_QTY),
        _at(150,   "Y",  form.EXEC_TYPE,                   "exec_type"),
        _at(151,   "Y",  form.NUMBER,                      "leaves_qty"),
        _at(210,   "N",  form.NUMBER,                      "display_qty"),
        _at(337,   "C",  Fixed("TRADE", on_fills=True)),
        _at(375,   "C",  Fixed("CME000A", on_fills=True)),
        _at(378,   "C",  Coded(ExecRestatementReason),     "exec_restatement_reason"),
        _at(432,   "N",  form.EXPIRE_DATE_OF_REPORT),
        _at(442,   "C",  Fixed("1", on_fills=True)),
        _at(527,   "C",  form.SECONDARY_EXEC_ID),
        _at(1028,  "Y*", form.MANUAL),
        _at(1057,  "C",  form.BOOLEAN,                     "aggressor_indicator"),
        _at(5149,  "N",  form.PARENT_OF_REPORT,            "parent_id"),
        _at(5979,  "Y*", form.REQUEST_TIME,                "transact_time_ns"),
        _at(7928,  "N",  form.WORD,                        "self_match_prevention_id"),
        _INSTRUCTION,
        _at(9717,  "Y",  form.FIRST_NAME),
        _at(37711, "C",  form.TRADE_ENTRY),
        _at(20014, "N",  form.TRUE_CUM_QTY,                "cum_qty"),
        _at(20019, "N",  form.NUMBER,                      "exec_ref_id"),
        _at(20039, "N",  form.TRUE_ORD_STATUS),
        _at(20103, "N",  form.TRUE_ORD_REJ_REASON,         "ord_rej_reason"),
    )),
    Layout("9", "Order Cancel Reject", OrderCancelReject, False, (
        _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
        _at(17,    "Y*", form.CL_ORD_ID),
        _at(37,    "Y",  form.ORDER_ID,                    "order_id"),
        _at(39,    "Y",  Fixed("U")),
        _at(41,    "N",  form.ORIG_CL_ORD_ID,              "orig_cl_ord_id"),
        _at(48,    "N",  form.SECURITY_ID),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(60,    "Y*", form.TIME),
        _at(102,   "Y",  form.CXL_REJ_REASON),
        _at(107,   "Y*", form.SYMBOL,                      "symbol"),
        _at(434,   "Y",  Coded(CxlRejResponseTo),          "cxl_rej_response_to"),
        _at(1028,  "Y*", form.MANUAL),
        _at(5149,  "N",  form.PARENT_OF_REPORT,            "parent_id"),
        _at(5979,  "Y*", form.REQUEST_TIME,                "transact_time_ns"),
        _at(20102, "N",  form.TRUE_CXL_REJ_REASON,         "cxl_rej_reason"),
    )),
    Layout("BZ", "Order Mass Action Report", OrderMassActionReport, False, (
        _at(11,    "Y",  form.CL_ORD_ID,                   "cl_ord_id"),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(60,    "Y*", form.TIME),
        _at(1028,  "Y*", form.MANUAL),
        _at(1369,  "Y",  form.CL_ORD_ID),
        _at(1373,  "Y",  Fixed("3")),
        _at(1375,  "Y",  Coded(MassActionResponse),        "mass_action_response"),
        _at(533,   "N",  form.total("total_affected_orders")),
        _at(5979,  "Y*", form.REQUEST_TIME,                "transact_time_ns"),
        Group(_at(534, "N", form.COUNT, "affected_order_ids"), None, (
            _at(535,   "Y",  form.AFFECTED_ID),
        )),
    )),
    Layout("b", "Quote Acknowledgment", MassQuoteAck, False, (
        _at(117,   "Y",  form.WORD,                        "quote_id"),
        _at(297,   "Y",  Coded(QuoteStatus),               "quote_status"),
        _at(300,   "C",  Coded(QuoteRejectReason),         "quote_reject_reason"),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(60,    "Y*", form.TIME),
        _at(5979,  "Y*", form.REQUEST_TIME,                "transact_time_ns"),
        _at(7928,  "N",  form.WORD,                        "self_match_prevention_id"),
        _at(9771,  "Y*", form.ACCOUNT,                     "account"),
        _at(9772,  "Y",  form.total("no_processed_entries")),
        Group(_at(296, "N", form.COUNT, "quote_sets"), QuoteSetAck, (
            _at(302,   "Y",  form.WORD,                        "quote_set_id"),
            Group(_at(295, "Y", form.COUNT, "entries"), QuoteEntryAck, (
                *_QUOTE,
                _at(368,   "N",  Coded(QuoteRejectReason),         "quote_entry_reject_reason"),
                _at(58,    "N",  form.TEXT,                        "text"),
            )),
        )),
    )),
    Layout("b", "Quote Cancel Acknowledgment", QuoteCancelAck, False, (
        _at(117,   "N",  form.WORD,                        "quote_id"),
        _at(297,   "Y",  Coded(QuoteStatus),               "quote_status"),
        _at(300,   "C",  Coded(QuoteRejectReason),         "quote_reject_reason"),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(60,    "Y*", form.TIME),
        _at(5979,  "Y*", form.REQUEST_TIME,                "transact_time_ns"),
        _at(7928,  "N",  form.WORD,                        "self_match_prevention_id"),
        _at(9775,  "C",  Coded(UnsolicitedCancelType),     "unsolicited_cancel_type"),
        Group(_at(295, "N", form.COUNT, "canceled"), CanceledQuote, (
            _at(299,   "Y",  form.CL_ORD_ID,                   "quote_entry_id"),
            _at(9774,  "Y",  form.SYMBOL,                      "symbol"),
            _at(54,    "Y",  Coded(Side),                      "side"),
            _at(151,   "Y",  form.NUMBER,                      "leaves_qty"),
        )),
    )),
    Layout("3", "Session Level Reject", SessionReject, False, (
        _at(45,    "Y",  form.REF_SEQ_NUM),
        _at(45,    "Y",  form.REF_TYPE,                    "ref_msg_type"),
        _at(45,    "Y",  form.REF_ID,                      "ref_id"),
        _at(58,    "N",  form.TEXT,                        "text"),
        _at(371,   "N",  form.WORD,                        "ref_tag_id"),
        _at(373,   "N",  form.WORD,                        "session_reject_reason"),
        _at(1028,  "C",  form.MANUAL),
        _at(5979,  "N",  form.REQUEST_TIME,                "transact_time_ns"),
    )),
    Layout("j", "Business Level Reject", BusinessMessageReject, False, (
        _at(45,    "Y",  form.REF_SEQ_NUM),
        _at(58,    "Y*", form.TEXT,                        "text"),
        _at(372,   "Y",  Coded(MsgType),                   "ref_msg_type"),
        _at(379,   "N",  form.WORD,                        "business_reject_ref_id"),
        _at(380,   "Y",  Coded(BusinessRejectReason),      "business_reject_reason"),
        _at(1028,  "Y*", form.MANUAL),
        _at(20060, "N",  form.REQUEST_TIME,                "transact_time_ns"),
    )),
)
# fmt: on

LAYOUTS: Mapping[type, Layout] = {layout.cls: layout for layout in _LAYOUTS}
"""By the class of the message."""

_BY_TYPE = {layout.msg_type: layout for layout in reversed(_LAYOUTS)}


def layout_of(msg_type: str, tags: frozenset[int]) -> Layout | None:
    """Return the layout of a message, or None where the dialect has none.

    Args:
        tags: those that it has: of the two acknowledgements only that of a mass quote
            says how many entries were processed (9772).
    """
    if msg_type == "b" and 9772 not in tags:
        return LAYOUTS[QuoteCancelAck]
    return _BY_TYPE.get(msg_type)
