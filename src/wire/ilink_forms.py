"""How each field of a message is said in FIX text, and heard from it.

A form is a pair of functions: `say` gives the value of a tag for a message, or None where
the tag is left out; `hear` gives the value of the message's field from the tags.  What is
printed otherwise than it is (CME writes 14=0 on a cancel) has a second tag for the true
figure, which is there only where it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import attrs

from ..market.fix import (
    CxlRejReason,
    ExecType,
    MsgType,
    OrdRejReason,
    OrdStatus,
    Side,
    TimeInForce,
)
from ..market.identifiers import ClOrdID, CompID, OrderID, Price, Symbol
from ..market.instrument import Instrument, TickTable
from .fix_header import Fields, parse_utc_timestamp, utc_timestamp
from .fix_text import Unsayable
from .ilink_names import Names

NO_ACCOUNT = "NONE"
"""What stands in tag 1 of an order without an account, as it must have one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUTURE = re.compile(r"([0-9A-Z]+?)[FGHJKMNQUVXZ][0-9]{1,2}", re.ASCII)


@attrs.frozen(kw_only=True)
class Dialect:
    """What both ends of a session agree on, and the text does not say."""

    session: CompID
    """The session's name on the floor, in the market's messages."""

    operator: str
    """Who sends what names no user (50)."""

    instruments: Mapping[Symbol, Instrument]
    start: datetime
    groups: Mapping[Symbol, str] = attrs.field(factory=dict)
    """Group codes (55) of instruments; of others they are made of their symbols."""

    manual: bool = True
    """Whether people send what is sent (1028)."""

    customer_or_firm: str = "0"
    cti_code: str = "4"
    market_segment_id: str = "ALL"
    """What a mass action for no instrument is for (1300)."""

    largest_order_qty: int = 99_999
    """An order for more is refused by the session."""

    order_id_required: bool = True
    """Whether a cancel and a change must have the venue's number of the order (37)."""

    @property
    def epoch_ns(self) -> int:
        """Nanoseconds from 1970 to the start of the run."""
        return (self.start - _EPOCH) // timedelta(microseconds=1) * 1_000

    def instrument(self, symbol: str) -> Instrument:
        """Return an instrument, or one without decimals for a symbol that nobody lists."""
        known = self.instruments.get(Symbol(symbol))
        if known is not None:
            return known
        return Instrument(symbol=Symbol(symbol), price_decimals=0, ticks=TickTable.uniform(1))

    def group(self, symbol: str) -> str:
        """Return the group code of an instrument (55)."""
        if (known := self.groups.get(Symbol(symbol))) is not None:
            return known
        future = _FUTURE.fullmatch(symbol)
        return (future[1] if future else symbol)[:6]


@attrs.frozen(kw_only=True)
class Talk:
    """What is known where a message is said or heard."""

    dialect: Dialect
    names: Names
    now_ns: int = 0
    header: Fields = attrs.field(factory=dict)
    returns: bool = False
    """Whether it is the venue that speaks: then names come in capitals."""


class Form(Protocol):
    """How one tag is said and heard."""

    def say(self, message: Any, field: str, tag: int, talk: Talk) -> str | None:
        """Return the tag's value, or None where it is left out.

        Raises:
            Unsayable: if the message's value has no form.
        """

    def hear(self, fields: Fields, tag: int, talk: Talk) -> object:
        """Return the field's value.

        Raises:
            ValueError: if the tags do not make one; the text says what was expected.
        """


@attrs.frozen
class _Form:
    """A form of two functions."""

    say: Callable[[Any, str, int, Talk], str | None]
    hear: Callable[[Fields, int, Talk], object]


def _only_said(_fields: Fields, _tag: int, _talk: Talk) -> object:
    raise AssertionError("nothing in the market is heard from this tag")


def _not_said(_message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    return None


def _said(function: Callable[[Any, Talk], str | None]) -> Form:
    """Return the form of a tag from which nothing is heard."""
    return _Form(lambda message, _field, _tag, talk: function(message, talk), _only_said)


def _heard(function: Callable[[Fields, Talk], object]) -> Form:
    """Return the form of a field that has no tag of its own."""
    return _Form(_not_said, lambda fields, _tag, talk: function(fields, talk))


def _value(message: Any, field: str) -> Any:
    """Return a field's value; an entry of a group may be a value itself."""
    return getattr(message, field) if field else message


# --- plain values ---------------------------------------------------------------------


@attrs.frozen
class Fixed:
    """Always the same; with ``on_fills`` on fills alone."""

    text: str
    on_fills: bool = False

    def say(self, message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
        return None if self.on_fills and message.exec_type is not ExecType.TRADE else self.text

    def hear(self, fields: Fields, tag: int, talk: Talk) -> object:
        return _only_said(fields, tag, talk)


@attrs.frozen
class Coded:
    """An enumeration whose members are what stands on the wire."""

    cls: type[StrEnum]

    def say(self, message: Any, field: str, _tag: int, _talk: Talk) -> str | None:
        value = getattr(message, field)
        return None if value is None else str(value.value)

    def hear(self, fields: Fields, tag: int, _talk: Talk) -> object:
        return self.cls(fields[tag]) if tag in fields else None


def _say_word(message: Any, field: str, _tag: int, _talk: Talk) -> str | None:
    word: str | None = _value(message, field)
    return word


def _say_number(message: Any, field: str, _tag: int, _talk: Talk) -> str | None:
    number = _value(message, field)
    return None if number is None else str(number)


def _hear_number(fields: Fields, tag: int, _talk: Talk) -> int | None:
    return int(fields[tag]) if tag in fields else None


WORD = _Form(_say_word, lambda fields, tag, _talk: fields.get(tag))
NUMBER = _Form(_say_number, _hear_number)
SETTING = _Form(
    lambda _message, _field, tag, talk: (
        talk.dialect.customer_or_firm if tag == 204 else talk.dialect.cti_code
    ),
    _only_said,
)
MANUAL = _said(lambda _message, talk: "Y" if talk.dialect.manual else "N")
BOOLEAN = _Form(
    lambda message, field, _tag, _talk: {None: None, True: "Y", False: "N"}[_value(message, field)],
    lambda fields, tag, _talk: fields[tag] == "Y" if tag in fields else None,
)
COUNT = NUMBER
"""How often a group repeats: whoever writes the group says it."""


def total(field: str) -> Form:
    """Return the form of a number of things, which is heard from the things themselves."""

    def say(message: Any, _talk: Talk) -> str:
        found = getattr(message, field)
        return str(found if isinstance(found, int) else len(found))

    return _said(say)


# --- texts ----------------------------------------------------------------------------

_ESCAPED = re.compile(r"[^ -\[\]-~]")
_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


def escaped(text: str) -> str:
    """Return *text* in printable ASCII: anything else, and a backslash, as Python writes it."""
    return _ESCAPED.sub(
        lambda found: "\\\\" if found[0] == "\\" else ascii(found[0])[1:-1]
        .replace("\\n", "\\x0a").replace("\\r", "\\x0d").replace("\\t", "\\x09"),
        text,
    )  # fmt: skip


def unescaped(text: str) -> str:
    """Return what `escaped` made *text* of; a backslash that is none of its stays."""
    return _ESCAPE.sub(
        lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16) % 0x110000), text
    )


def _say_text(message: Any, field: str, _tag: int, _talk: Talk) -> str | None:
    return escaped(getattr(message, field)) or None


TEXT = _Form(_say_text, lambda fields, tag, _talk: unescaped(fields.get(tag, "")))


def _say_parent(message: Any, _field: str, tag: int, _talk: Talk) -> str | None:
    if message.parent_id is None:
        return None
    gateway = message.parent_gateway or ""
    if ">" in gateway:
        raise Unsayable(tag, gateway, "a gateway's name without >")
    return escaped(f"{gateway}>{message.parent_id}")


def _parent(fields: Fields) -> tuple[str | None, str | None]:
    """Return the gateway and the parent that a memo (5149) is about."""
    gateway, arrow, parent = unescaped(fields.get(5149, "")).partition(">")
    return (gateway or None, parent) if arrow and parent else (None, None)


_MEMO = 75
"""How much of a memo comes back: what has been said in as much does, whole."""

PARENT = _Form(_say_parent, lambda fields, _tag, _talk: _parent(fields)[1])
PARENT_GATEWAY = _heard(lambda fields, _talk: _parent(fields)[0])
PARENT_OF_REPORT = _Form(
    lambda message, field, _tag, _talk: escaped(getattr(message, field) or "")[:_MEMO] or None,
    lambda fields, tag, _talk: unescaped(fields[tag]) if tag in fields else None,
)


# --- accounts, names ------------------------------------------------------------------


def _said_account(account: str | None, tag: int, talk: Talk) -> str:
    if account is None:
        return NO_ACCOUNT
    if account.upper() == NO_ACCOUNT:
        raise Unsayable(tag, account, f"an account other than {NO_ACCOUNT}, which stands for none")
    return account.upper() if talk.returns else account


def _hear_account(fields: Fields, tag: int, talk: Talk) -> str | None:
    account = fields.get(tag)
    if account is None or account.upper() == NO_ACCOUNT:
        return None
    return talk.names.spelled.get(account, account) if talk.returns else account


def _say_cl_ord_id(message: Any, field: str, tag: int, _talk: Talk) -> str:
    name: str = getattr(message, field or "cl_ord_id")
    if name == _NO_NAME:
        raise Unsayable(tag, name, f"a name other than {_NO_NAME}, which stands for none")
    return name


def _hear_cl_ord_id(fields: Fields, tag: int, _talk: Talk) -> str:
    if fields[tag] == _NO_NAME:
        raise ValueError(f"a name other than {_NO_NAME}, which stands for none")
    return fields[tag]


def _orig_of_request(fields: Fields, _tag: int, talk: Talk) -> ClOrdID:
    """Return which order a cancel or a change is for: the number (37) decides.

    A name (41) that the same order has had is left as it is said: the venue refuses one
    that is no longer the order's.
    """
    name, number = fields.get(41), fields.get(37)
    if number is not None:
        order_id = OrderID(int(number))
        if name is None:
            return talk.names.latest.get(order_id, _NO_NAME)
        if talk.names.order_ids.get(ClOrdID(name), order_id) != order_id:
            return _NO_NAME
    return ClOrdID(name or _NO_NAME)


def _say_first_name(message: Any, talk: Talk) -> str:
    name: ClOrdID = message.cl_ord_id
    orig: ClOrdID | None = getattr(message, "orig_cl_ord_id", None)
    firsts = talk.names.firsts
    return firsts.get(name) or firsts.get(orig or name) or orig or name


def _say_order_id(message: Any, talk: Talk) -> str | None:
    order_id = talk.names.order_ids.get(message.orig_cl_ord_id)
    return None if order_id is None else str(order_id)


_NO_NAME = ClOrdID("0")

ACCOUNT = _Form(
    lambda message, field, tag, talk: _said_account(getattr(message, field), tag, talk),
    _hear_account,
)
ACCOUNT_OF_ORDER = _said(
    lambda message, talk: _said_account(talk.names.accounts.get(message.orig_cl_ord_id), 1, talk)
)
CL_ORD_ID = _Form(_say_cl_ord_id, _hear_cl_ord_id)
ORIG_OF_REQUEST = _Form(_say_cl_ord_id, _orig_of_request)
ORIG_CL_ORD_ID = _Form(
    lambda message, field, _tag, _talk: getattr(message, field) or _NO_NAME,
    lambda fields, tag, _talk: None if fields.get(tag, _NO_NAME) == _NO_NAME else fields[tag],
)
FIRST_NAME = _said(_say_first_name)
ORDER_ID_OF_REQUEST = _said(_say_order_id)
ORDER_ID = _Form(
    lambda message, field, _tag, _talk: str(getattr(message, field) or 0),
    lambda fields, tag, _talk: int(fields[tag]) or None,
)
AFFECTED_ID = NUMBER


# --- instruments and prices -----------------------------------------------------------


def _symbol(fields: Fields) -> str:
    return fields.get(107) or fields.get(9774) or ""


def _say_price(message: Any, field: str, _tag: int, talk: Talk) -> str | None:
    price: Price | None = getattr(message, field)
    return None if price is None else talk.dialect.instrument(message.symbol).show(price)


def _hear_price(fields: Fields, tag: int, talk: Talk) -> Price | None:
    if tag not in fields:
        return None
    symbol = _symbol(fields)
    text = fields[tag]
    if Symbol(symbol) not in talk.dialect.instruments:
        text = text.partition(".")[0]  # nobody lists it, so that the venue refuses it anyway
    return talk.dialect.instrument(symbol).to_price(text)


def _say_security_id(message: Any, talk: Talk) -> str | None:
    listed = [*talk.dialect.instruments]
    return str(listed.index(message.symbol) + 1) if message.symbol in listed else None


SYMBOL = _Form(_say_word, lambda fields, tag, _talk: Symbol(fields[tag]))
GROUP = _said(lambda message, talk: talk.dialect.group(message.symbol))
SECURITY_ID = _said(_say_security_id)
PRICE = _Form(_say_price, _hear_price)


# --- terms of orders ------------------------------------------------------------------


def _kills(fields: Fields) -> bool:
    """Return whether an immediate order must trade whole: CME's fill or kill."""
    return fields.get(59) == TimeInForce.IMMEDIATE_OR_CANCEL and fields.get(110) == fields[38]


def _say_time_in_force(message: Any, field: str, _tag: int, _talk: Talk) -> str:
    lives: TimeInForce = getattr(message, field)
    if lives is TimeInForce.FILL_OR_KILL:
        return TimeInForce.IMMEDIATE_OR_CANCEL
    return lives


def _hear_time_in_force(fields: Fields, tag: int, _talk: Talk) -> TimeInForce:
    if _kills(fields):
        return TimeInForce.FILL_OR_KILL
    return TimeInForce(fields.get(tag, TimeInForce.DAY))


def _say_min_qty(message: Any, _field: str, tag: int, _talk: Talk) -> str | None:
    min_qty = getattr(message, "min_qty", None)
    if message.time_in_force is not TimeInForce.FILL_OR_KILL:
        return None if min_qty is None else str(min_qty)
    if min_qty is not None:
        raise Unsayable(tag, min_qty, "no minimum quantity of a fill-or-kill order")
    return str(message.order_qty)


def _hear_min_qty(fields: Fields, tag: int, talk: Talk) -> int | None:
    return None if _kills(fields) else _hear_number(fields, tag, talk)


def _say_date(message: Any, field: str, _tag: int, _talk: Talk) -> str | None:
    day: date | None = getattr(message, field)
    return None if day is None else f"{day.year:04}{day.month:02}{day.day:02}"


def _hear_date(fields: Fields, tag: int, _talk: Talk) -> date | None:
    text = fields.get(tag)
    if text is None or text == _NO_DATE:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError(f"a date, found {text}") from None


_NO_DATE = "00000000"

TIME_IN_FORCE = _Form(_say_time_in_force, _hear_time_in_force)
MIN_QTY = _Form(_say_min_qty, _hear_min_qty)
POST_ONLY = _Form(
    lambda message, field, _tag, _talk: "6" if getattr(message, field) else None,
    lambda fields, tag, _talk: tag in fields,
)
DATE = _Form(_say_date, _hear_date)


# --- times ----------------------------------------------------------------------------


def _hear_epoch(fields: Fields, tag: int, talk: Talk) -> int:
    if tag in fields:
        return int(fields[tag]) - talk.dialect.epoch_ns
    sent = parse_utc_timestamp(talk.header.get(52, ""))
    return 0 if sent is None else (sent - talk.dialect.start) // timedelta(microseconds=1) * 1_000


NOW = _said(lambda _message, talk: utc_timestamp(talk.dialect.start, talk.now_ns))
TIME = _said(lambda message, talk: utc_timestamp(talk.dialect.start, message.transact_time_ns))
REQUEST_TIME = _Form(
    lambda message, field, _tag, talk: str(talk.dialect.epoch_ns + getattr(message, field)),
    _hear_epoch,
)


# --- mass actions and quotes ----------------------------------------------------------


def _hear_mass_symbol(fields: Fields, tag: int, _talk: Talk) -> Symbol | None:
    if fields.get(1374) != "1":
        return None
    if tag not in fields:
        raise ValueError("an instrument where 1374 is 1, found none")
    return Symbol(fields[tag])


def _say_mass_type(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    if message.sender_sub_id is not None:
        return "100"
    return None if message.account is None else "101"


MASS_SYMBOL = _Form(_say_word, _hear_mass_symbol)
MASS_SCOPE = _said(lambda message, _talk: "9" if message.symbol is None else "1")
MASS_SEGMENT = _said(
    lambda message, talk: talk.dialect.market_segment_id if message.symbol is None else None
)
MASS_TYPE = _Form(
    _say_mass_type,
    lambda fields, tag, talk: talk.header.get(50) if fields.get(tag) == "100" else None,
)


def _say_quote(message: Any, field: str, _tag: int, talk: Talk) -> str | None:
    """Say one side of a quote: not at all where only the other is quoted, 0 where none is."""
    side = field.partition("_")[0]
    if not getattr(message, f"{side}_size"):
        return None if message.bid_size or message.offer_size else "0"
    value = getattr(message, field)
    if field.endswith("size"):
        return str(value)
    return talk.dialect.instrument(message.symbol).show(value)


def _hear_quote_px(fields: Fields, tag: int, talk: Talk) -> Price | None:
    size = fields.get(_SIZE_OF[tag], "0")
    return _hear_price(fields, tag, talk) if int(size) else None


_SIZE_OF = {132: 134, 133: 135}

QUOTE_PX = _Form(_say_quote, _hear_quote_px)
QUOTE_SIZE = _Form(_say_quote, lambda fields, tag, _talk: int(fields.get(tag, "0")))


def _hear_side(fields: Fields, _tag: int, _talk: Talk) -> Side | None:
    if (134 in fields) == (135 in fields):
        return None
    return Side.BUY if 134 in fields else Side.SELL


BIDS_ONLY = _Form(
    lambda message, _field, _tag, _talk: "0" if message.side is Side.BUY else None, _hear_side
)
OFFERS_ONLY = _said(lambda message, _talk: "0" if message.side is Side.SELL else None)


# --- reports --------------------------------------------------------------------------

_TRADED = re.compile(r"TN([0-9]{1,12})", re.ASCII)
_GONE = (ExecType.CANCELED, ExecType.EXPIRED)


def _printed_cum_qty(exec_type: ExecType, cum_qty: int) -> int:
    """Return what CME writes as CumQty: nothing of a cancel or an elimination."""
    return 0 if exec_type in _GONE else cum_qty


def _exec_type(fields: Fields) -> ExecType:
    text = fields[150]
    return ExecType.TRADE if text in "12" else ExecType(text)


def _printed_status(message: Any) -> str:
    """Return what CME writes as OrdStatus."""
    match message.exec_type:
        case ExecType.REPLACED:
            return "5"
        case ExecType.TRADE_CANCEL:
            return "H"
        case _:
            return str(message.ord_status.value)


def _status(printed: str, cum_qty: int) -> OrdStatus:
    """Return what a status that CME prints stands for."""
    if printed in "5H":
        return OrdStatus.PARTIALLY_FILLED if cum_qty else OrdStatus.NEW
    return OrdStatus(printed)


def _true_cum_qty(fields: Fields) -> int:
    return int(fields[20014] if 20014 in fields else fields[14])


def _say_true_cum_qty(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    true: int = message.cum_qty
    return None if _printed_cum_qty(message.exec_type, true) == true else str(true)


def _say_true_status(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    true: OrdStatus = message.ord_status
    return None if _status(_printed_status(message), message.cum_qty) is true else true.value


def _hear_status(fields: Fields, tag: int, _talk: Talk) -> OrdStatus:
    if 20039 in fields:
        return OrdStatus(fields[20039])
    return _status(fields[39], _true_cum_qty(fields))


def _say_exec_id(message: Any, field: str, _tag: int, _talk: Talk) -> str:
    exec_id, trade = getattr(message, field), message.trd_match_id
    if trade is None or message.exec_type is not ExecType.TRADE:
        return str(exec_id)
    return f"{exec_id}:M:{trade}TN{trade:07}"


def _hear_exec_id(fields: Fields, tag: int, _talk: Talk) -> int:
    number = fields[tag].partition(":")[0]
    if not number.isdecimal():
        raise ValueError(f"a number before the first colon, found {fields[tag]}")
    return int(number)


def _say_exec_ref_id(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    if message.exec_type is not ExecType.TRADE_CANCEL or message.trd_match_id is None:
        return None
    return f"TN{message.trd_match_id:07}"


def _hear_trade(fields: Fields, _tag: int, _talk: Talk) -> int | None:
    found = _TRADED.search(fields.get(19, "")) or _TRADED.search(fields[17])
    return int(found[1]) if found else None


def _say_exec_type(message: Any, _field: str, _tag: int, _talk: Talk) -> str:
    if message.exec_type is not ExecType.TRADE:
        return str(message.exec_type.value)
    return "2" if message.ord_status is OrdStatus.FILLED else "1"


def _on_trade(message: Any, _talk: Talk) -> str | None:
    if message.exec_type is not ExecType.TRADE or message.trd_match_id is None:
        return None
    return str(message.trd_match_id)


def _secondary_exec_id(message: Any, talk: Talk) -> str | None:
    """Return the order's number, the date and the trade's number, as CME's sample runs them on."""
    trade = _on_trade(message, talk)
    if trade is None:
        return None
    day = utc_timestamp(talk.dialect.start, message.transact_time_ns)[:8]
    return f"{message.order_id}{day}{trade}"


SECONDARY_EXEC_ID = _said(_secondary_exec_id)
CUM_QTY = _said(lambda message, _talk: str(_printed_cum_qty(message.exec_type, message.cum_qty)))
TRUE_CUM_QTY = _Form(_say_true_cum_qty, lambda fields, _tag, _talk: _true_cum_qty(fields))
ORD_STATUS = _Form(lambda message, _field, _tag, _talk: _printed_status(message), _hear_status)
TRUE_ORD_STATUS = _Form(_say_true_status, _only_said)
EXEC_ID = _Form(_say_exec_id, _hear_exec_id)
EXEC_REF_ID = _Form(_say_exec_ref_id, _hear_trade)
EXEC_TYPE = _Form(_say_exec_type, lambda fields, _tag, _talk: _exec_type(fields))
_TRANSACTIONS = {ExecType.TRADE_CANCEL: "1", ExecType.ORDER_STATUS: "3"}
TRANSACTION = _said(lambda message, _talk: _TRANSACTIONS.get(message.exec_type, "0"))
LAST_QTY = _Form(
    lambda message, field, _tag, _talk: str(getattr(message, field) or "") or None,
    lambda fields, tag, _talk: int(fields.get(tag, "0")),
)
TRADE_ENTRY = _said(_on_trade)
TRADE_DATE = _said(
    lambda message, talk: (
        utc_timestamp(talk.dialect.start, message.transact_time_ns)[:8]
        if message.exec_type is ExecType.TRADE
        else None
    )
)
EXPIRE_DATE_OF_REPORT = _said(
    lambda message, _talk: None if message.time_in_force is TimeInForce.GOOD_TILL_DATE else _NO_DATE
)


# --- rejects --------------------------------------------------------------------------

GENERAL = "7000"
"""CME's code for a reject of another kind."""

ORD_REJ_CODES: Mapping[OrdRejReason, str] = {
    OrdRejReason.EXCHANGE_CLOSED: "1003",
    OrdRejReason.INVALID_PRICE_INCREMENT: "1011",
    OrdRejReason.UNKNOWN_SYMBOL: "2047",
    OrdRejReason.ORDER_EXCEEDS_LIMIT: "2115",
    OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND: "2179",
    OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC: "2311",
    OrdRejReason.INCORRECT_QUANTITY: "2501",
}
"""CME's codes for the standard's reasons (103)."""

CXL_REJ_CODES: Mapping[CxlRejReason, str] = {
    CxlRejReason.UNKNOWN_ORDER: "2045",
    CxlRejReason.INVALID_PRICE_INCREMENT: "1011",
    CxlRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND: "2179",
}
"""CME's codes for the standard's reasons (102)."""

RULE_CODES: Mapping[str, tuple[str, str]] = {
    "ORD-3": ("2058", "2059"),
    "ORD-4": ("2061", "2060"),
    "ORD-5": ("2115", "2115"),
    "ORD-6": ("2046", "2046"),
    "ORD-9": ("2019", "2019"),
    "REJ-5": ("2013", "2013"),
    "SES-1": ("1003", "1003"),
    "SES-3": ("2130", "2130"),
}
"""CME's codes where they are finer than the standard's: by the rule that refused a buy, a sell."""

_RULE = re.compile(r"\[([A-Z]+-[0-9]+)\]$", re.ASCII)


def _code(text: str, side: Side, otherwise: str) -> str:
    """Return CME's code for a refusal, which ends with its rule."""
    found = _RULE.search(text)
    buy, sell = RULE_CODES.get(found[1] if found else "", (otherwise, otherwise))
    return buy if side is Side.BUY else sell


def _ord_rej_code(message: Any) -> str | None:
    reason: OrdRejReason | None = message.ord_rej_reason
    if reason is None:
        return None
    return _code(message.text, message.side, ORD_REJ_CODES.get(reason, GENERAL))


def _cxl_rej_code(message: Any) -> str:
    # A cancel reject says no side; none of the codes that differ by side is a cancel's.
    return _code(message.text, Side.BUY, CXL_REJ_CODES.get(message.cxl_rej_reason, GENERAL))


def _reasons(codes: Mapping[Any, str], other: StrEnum) -> Mapping[str, StrEnum]:
    return {code: reason for reason, code in codes.items()} | {GENERAL: other}


_ORD_REJ_REASONS = _reasons(ORD_REJ_CODES, OrdRejReason.OTHER)
_CXL_REJ_REASONS = _reasons(CXL_REJ_CODES, CxlRejReason.OTHER)


def _hear_ord_rej_reason(fields: Fields, tag: int, _talk: Talk) -> StrEnum | None:
    if tag in fields:
        return OrdRejReason(fields[tag])
    return _ORD_REJ_REASONS.get(fields[103], OrdRejReason.OTHER) if 103 in fields else None


def _hear_cxl_rej_reason(fields: Fields, tag: int, _talk: Talk) -> StrEnum:
    if tag in fields:
        return CxlRejReason(fields[tag])
    return _CXL_REJ_REASONS.get(fields[102], CxlRejReason.OTHER)


def _say_true_ord_rej_reason(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    code, true = _ord_rej_code(message), message.ord_rej_reason
    if code is None or _ORD_REJ_REASONS.get(code, OrdRejReason.OTHER) is true:
        return None
    return str(true.value)


def _say_true_cxl_rej_reason(message: Any, _field: str, _tag: int, _talk: Talk) -> str | None:
    code, true = _cxl_rej_code(message), message.cxl_rej_reason
    return None if _CXL_REJ_REASONS.get(code, CxlRejReason.OTHER) is true else str(true.value)


def _say_ref_seq_num(message: Any, talk: Talk) -> str:
    name = getattr(message, "ref_id", None) or message.business_reject_ref_id
    return str(talk.names.numbers.get((message.ref_msg_type, name), 0))


def _request(fields: Fields, talk: Talk) -> tuple[str, str]:
    """Return type and name of the request that a reject is about."""
    number = int(fields[45])
    if number not in talk.names.requests:
        raise ValueError(f"the number of a request, found {number}")
    return talk.names.requests[number]


ORD_REJ_REASON = _said(lambda message, _talk: _ord_rej_code(message))
TRUE_ORD_REJ_REASON = _Form(_say_true_ord_rej_reason, _hear_ord_rej_reason)
CXL_REJ_REASON = _said(lambda message, _talk: _cxl_rej_code(message))
TRUE_CXL_REJ_REASON = _Form(_say_true_cxl_rej_reason, _hear_cxl_rej_reason)
REF_SEQ_NUM = _said(_say_ref_seq_num)
REF_TYPE = _heard(lambda fields, talk: MsgType(_request(fields, talk)[0]))
REF_ID = _heard(lambda fields, talk: _request(fields, talk)[1])
