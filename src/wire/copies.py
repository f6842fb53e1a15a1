"""Drop copies on the wire: a whole message of one session inside a message of another.

A copy (35=n) has in 213 the marker ``<RTRF>`` and the complete original, with its own
header, number and checksum, and in 212 how long that is.

Source: CME Group Client Systems Wiki, Drop Copy encapsulated message (664928333) and
message specification (665714714); readings in ``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ..market.copy_filters import MessageKind
from ..market.ledger import Rule
from ..market.messages import ExecutionReport
from .fix_header import Fields, first_values, utc_timestamp
from .fix_text import SOH, Pairs, Unparsable, parse, write
from .ilink import Message, encode
from .ilink_forms import Dialect, Talk
from .ilink_names import Names

_WIKI = "CME Group Client Systems Wiki, Drop Copy"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "DROP-1",
        "A copy (35 = n) has the complete original with its own header, number and checksum in 213,"
        " after the marker <RTRF>, and its length in 212: at most 8,000 bytes.",
        f"{_WIKI} encapsulated message (664928333)",
        ("max_payload",),
    ),
    Rule(
        "DROP-2",
        "What may have been sent before has 97 = Y in its outer header; whoever gets it compares"
        " the request time (5979) and the source's number (34) inside with what he has"
        " processed.",
        f"{_WIKI}, possible resend (46175422); {_READINGS}, possible resends",
    ),
    Rule(
        "DROP-3",
        "A drop copy session is read only: whatever is sent over it that is not the session's own"
        " is rejected.",
        f"{_WIKI} 4.0 (46140051); {_READINGS}, orders on a drop copy session",
    ),
    Rule(
        "DROP-4",
        "What a session is told is copied once to each group that has it, in its order, from the"
        " moment the group is completed; a desk that was away gets it when it asks.",
        f"{_WIKI} 4.0 (46140051); {_READINGS}, what a source that speaks no FIX is copied as",
    ),
    Rule(
        "DROP-5",
        "CGW sources come in one stream, MSGW sources in one for each market segment.",
        f"{_WIKI} 4.0 (46140051); {_READINGS}, which stream a copy is in",
    ),
)

MSG_TYPE = "n"
PREFIX = "<RTRF>"
MAX_PAYLOAD = 8_000
"""The most bytes that 213 may have."""


class NoCopy(ValueError):
    """A message is no copy; the text says what was expected."""


class Oversized(ValueError):
    """A message is too long to be copied."""


@attrs.frozen(kw_only=True)
class Copied:
    """A copied message."""

    comp_id: str
    """The source's comp id, with its seventh character (FIX 56)."""

    msg_seq_num: int
    """Its number on the source's session."""

    request_time: str
    """FIX 5979, or nothing on a message that has none."""

    fields: Fields
    text: str
    """All of it, a character a byte."""

    @property
    def shown(self) -> str:
        """Return it as people print it."""
        return self.text.replace(SOH, "|")


def wrap(text: str, max_payload: int = MAX_PAYLOAD) -> Pairs:
    """Return the body of the copy of a message.

    Raises:
        Oversized: if it does not fit.
    """
    payload = PREFIX + text
    if len(payload) > max_payload:
        raise Oversized(f"a copy has at most {max_payload} bytes, this one has {len(payload)}")
    return ((212, str(len(payload))), (213, payload))


def unwrap(pairs: Pairs) -> Copied:
    """Return what a copy has inside.

    Raises:
        NoCopy: if that is no whole message.
    """
    payload = first_values(pairs).get(213, "")
    if not payload.startswith(PREFIX):
        raise NoCopy(f"expected {PREFIX} first in 213, found {payload[:20]!r}")
    if len(payload) > MAX_PAYLOAD:
        raise NoCopy(f"expected at most {MAX_PAYLOAD} bytes in 213, found {len(payload)}")
    text = payload.removeprefix(PREFIX)
    try:
        fields = first_values(parse(text.encode("latin-1")))
    except Unparsable as error:
        raise NoCopy(f"what is inside is no message: {error}") from None
    number = fields.get(34, "")
    if not (number.isascii() and number.isdecimal() and fields.get(56)):
        raise NoCopy("expected the source's number (34) and comp id (56) inside")
    return Copied(
        comp_id=fields[56],
        msg_seq_num=int(number),
        request_time=fields.get(5979, ""),
        fields=fields,
        text=text,
    )


_OF_REPORTS: Mapping[str, MessageKind] = {
    "0": MessageKind.NEW_ORDER_ACK,
    "1": MessageKind.FILL,
    "2": MessageKind.FILL,
    "4": MessageKind.CANCEL_ACK,
    "5": MessageKind.MODIFY_ACK,
    "8": MessageKind.ORDER_REJECT,
    "C": MessageKind.ELIMINATION,
    "G": MessageKind.TRADE_CORRECTION,
    "H": MessageKind.TRADE_CANCEL,
    "I": MessageKind.STATUS,
    "L": MessageKind.TRIGGERED,
}

_OF_TYPES: Mapping[str, MessageKind] = {
    "0": MessageKind.HEARTBEAT,
    "1": MessageKind.TEST_REQUEST,
    "2": MessageKind.RESEND_REQUEST,
    "3": MessageKind.SESSION_REJECT,
    "4": MessageKind.SEQUENCE_RESET,
    "5": MessageKind.LOGOUT,
    "9": MessageKind.CANCEL_REJECT,
    "A": MessageKind.LOGON,
    "BZ": MessageKind.MASS_ACTION_REPORT,
    "j": MessageKind.BUSINESS_REJECT,
}


def kind_of_text(fields: Fields) -> MessageKind | None:
    """Return what kind of message a text to a session is, or None for one that is none."""
    msg_type = fields.get(35, "")
    if msg_type == "8":
        kind = _OF_REPORTS.get(fields.get(150, ""))
        if kind is MessageKind.CANCEL_ACK and 378 in fields:
            return MessageKind.UNSOLICITED_CANCEL
        return kind
    if msg_type == "b":
        return MessageKind.QUOTE_ACK if 9772 in fields else MessageKind.QUOTE_CANCEL
    return _OF_TYPES.get(msg_type)


@attrs.define
class SourceWriter:
    """Writes what a session is told as FIX text, where the session itself speaks none.

    Its numbers count what it was told from 1, as its session would.
    """

    comp_id: str
    """With its seventh character."""

    sub_id: str
    """``G`` on a convenience gateway, else the market segment."""

    dialect: Dialect
    start: datetime
    location: str = "US,IL"
    _names: Names = attrs.field(init=False, factory=Names)
    number: int = attrs.field(init=False, default=0)
    """That of the last message."""

    def write(self, report: Message, now_ns: int) -> str:
        """Return *report* as the next message of its session.

        Raises:
            Unsayable: if a value has no form in the text; its number is used up.
        """
        self.number += 1
        if isinstance(report, ExecutionReport):
            self._names.told(report)
        talk = Talk(dialect=self.dialect, names=self._names, now_ns=now_ns, returns=True)
        said = encode(report, talk)
        operator = said.sub_id or self.dialect.operator
        header: Pairs = (
            (35, said.msg_type),
            (34, str(self.number)),
            (369, "0"),
            (52, utc_timestamp(self.start, now_ns)),
            (49, "CME"),
            (50, self.sub_id),
            (56, self.comp_id),
            (57, operator.upper()[:20]),
            (143, self.location),
        )
        return write(header + said.body).decode("latin-1")
