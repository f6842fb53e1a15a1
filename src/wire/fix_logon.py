"""Whether an acceptor takes a logon.

A session that knows no keys asks `plain_logon`; one that does asks
`floorproof.market.secure_logon` instead.  What follows, `incomplete`, is asked of both.

Source: CME Group Client Systems Wiki, iLink 2 Session Layer Logon (46105106) and
validations (47087872).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from ..market.secure_logon import INVALID_HEARTBEAT, Answer, LogonRefusal, Reason
from .fix_header import STRANGER, Fields, parse_utc_timestamp
from .fix_session_values import SessionSettings
from .fix_text import Pairs

CheckLogon: TypeAlias = Callable[[Fields, int], LogonRefusal | None]
"""Given a logon's values by tag and the time: why it is refused, or None."""

SignLogon: TypeAlias = Callable[[Fields], Pairs]
"""Given a logon as it is about to be sent: what is put after it."""

NOT_FIRST = "In session logon message must have 34=1. Logout forced."
NOT_LOGGED_ON = "Non logon message received while not logged on."
NO_RESET = "ResetSeqNumFlag (141) must be N on a first logon. Logout forced."
RESENT = "OrigSendingTime (122) must not be on a logon. Logout forced."

_APPLICATION = {
    1603: "ApplicationSystemName",
    1604: "TradingSystemVersion",
    1605: "ApplicationSystemVendor",
}


def is_heartbeat(text: str, settings: SessionSettings) -> bool:
    """Return whether *text* is a heartbeat interval that an acceptor takes."""
    low, high = settings.heartbeat_bounds
    return text.isdecimal() and len(text) <= 4 and low <= int(text) <= high


def plain_logon(
    fields: Fields, now_ns: int, settings: SessionSettings, comp_ids: tuple[str, ...]
) -> LogonRefusal | None:
    """Return why a logon without a signature is refused, or None.

    Args:
        comp_ids: what its SenderCompID may be, the indicator included.
    """
    if fields.get(49) not in comp_ids:
        text = STRANGER if 49 in fields else "SenderCompId (49) tag is not present"
        return _logout(Reason.COMP_ID, text)
    if 122 in fields:
        return _logout(Reason.RESENT, RESENT)
    if not is_heartbeat(fields.get(108, ""), settings):
        return _logout(Reason.HEARTBEAT, INVALID_HEARTBEAT)
    told = parse_utc_timestamp(fields.get(52, ""))
    if told is None:
        return _logout(Reason.STALE, f"SendingTime (52) tag has no time: ({fields.get(52, ' ')})")
    tolerance = settings.sending_time_tolerance_ns
    if tolerance is not None:
        now = settings.start + timedelta(microseconds=now_ns // 1_000)
        if abs(told - now) > timedelta(microseconds=tolerance // 1_000):
            return _logout(
                Reason.STALE, f"SendingTime (52) tag is out of tolerance: ({fields[52]})"
            )
    return None


def incomplete(fields: Fields, *, first: bool) -> str | None:
    """Return what any logon needs and this one has not.

    Args:
        first: whether nobody is logged on: then numbers are not reset.
    """
    if first and fields.get(141) == "Y":
        return NO_RESET
    for tag, name in _APPLICATION.items():
        if not fields.get(tag):
            return f"{name} ({tag}) tag is not present"
    return None


def _logout(reason: Reason, text: str) -> LogonRefusal:
    return LogonRefusal(answer=Answer.LOGOUT, reason=reason, text=text)
