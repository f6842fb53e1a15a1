"""The header of a FIX message at CME: times, and what is wrong with one.

Source: CME Group Client Systems Wiki, iLink 2 Message Header (46990006, 46170608) and
Session Layer validations (47087872), whose texts these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from .fix_text import Pair, Pairs

Fields: TypeAlias = Mapping[int, str]
"""Of a message, the first value of each tag."""

STRANGER = "Invalid SenderCompID (49) tag. Logout forced."

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?", re.ASCII)
_HEADER = {
    34: "MsgSeqNum",
    43: "PossDupFlag",
    49: "SenderCompId",
    50: "SenderSubId",
    52: "SendingTime",
    56: "TargetCompId",
    57: "TargetSubId",
    97: "PossResend",
    122: "OrigSendingTime",
    142: "SenderLocationId",
    369: "LastMsgSeqNumProcessed",
}
_MANDATORY = ((49, 56), (50, 57), (52, 0), (142, 143))
"""A tag, and the one in which a reject says ``null`` of it if it was empty."""

HEADER_TAGS = frozenset({8, 9, 35, 128, 143, *_HEADER})
"""What is the session's, and no part of what a message says."""


def first_values(pairs: Iterable[Pair]) -> dict[int, str]:
    """Return the first value of each tag."""
    fields: dict[int, str] = {}
    for tag, value in pairs:
        fields.setdefault(tag, value)
    return fields


def repeated(pairs: Pairs) -> str | None:
    """Return what is wrong with a header in which a tag stands twice."""
    tags = [tag for tag, _ in pairs if tag in _HEADER]
    again = next((tag for index, tag in enumerate(tags) if tag in tags[:index]), None)
    return None if again is None else f"{_HEADER[again]} ({again}) tag appears more than once"


def wrong_in_header(fields: Fields, target: str, sub_id: str) -> tuple[str, Fields] | None:
    """Return what is wrong with the header of a client's message.

    Args:
        target: the comp id that it must be for.
        sub_id: the gateway or the market segment that it must be for.

    Returns:
        The text of the reject, and what of the reject's own header is not as usual.
    """
    if not fields.get(35):
        return "MsgType (35) tag has no value", {}
    for tag, echo in _MANDATORY:
        if not fields.get(tag):
            return f"{_HEADER[tag]} ({tag}) tag is not present", {
                echo: "null"
            } if tag in fields else {}
    if fields.get(56) != target:
        found = fields.get(56, " ")
        return f"TargetCompId (56) tag has an incorrect value: ({found}) should be {target}", {}
    if fields.get(57) != sub_id:
        found = fields.get(57, " ")
        return f"TargetSubId (57) tag has an incorrect value: ({found}), should be {sub_id}", {}
    if parse_utc_timestamp(fields[52]) is None:
        return f"SendingTime (52) tag has an incorrect value: ({fields[52]})", {}
    return None


# --- times ----------------------------------------------------------------------------


def utc_timestamp(start: datetime, now_ns: int) -> str:
    """Return a moment of a run as FIX writes it, with milliseconds.

    Args:
        start: when the run begins, with its offset.
        now_ns: nanoseconds since then.
    """
    # By hand: what formats dates asks the system's clock library, which a run must not.
    at = start.astimezone(UTC) + timedelta(microseconds=now_ns // 1_000)
    day = f"{at.year:04}{at.month:02}{at.day:02}"
    return f"{day}-{at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond // 1_000:03}"


def parse_utc_timestamp(text: str) -> datetime | None:
    """Return the moment that FIX writes as *text*, or None if it is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, millisecond = (
        int(part or 0) for part in found.groups()
    )
    try:
        return datetime(year, month, day, hour, minute, second, millisecond * 1_000, UTC)
    except ValueError:
        return None
