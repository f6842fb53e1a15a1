"""The secure logon: a signature over the logon's own fields, and who refuses what.

Eleven values of the logon, as they stand in it, are joined by line feeds and signed with
the session's secret key (HMAC-SHA-256).  The exchange does the same and compares.

Source: CME Group Client Systems Wiki, secure logon (46137617, 457573313) and session
layer logon (46072740); the order of the tags and two vectors from the public tests of
epam/fix-antenna-net-core; readings in ``docs/readings.md``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import attrs

from .firms import FaultTolerance
from .ledger import Rule
from .secure_keys import ACCESS_KEY_ID_LENGTH, SECRET_LENGTH, SecretKey

_WIKI = "CME Group Client Systems Wiki, secure logon (46137617, 457573313)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "LOGON-1",
        "What is signed are tags 34, 49, 50, 52, 57, 108, 142, 369, 1603, 1604 and 1605 in this"
        " order, as they stand in the logon, joined by line feeds; the signature is HMAC-SHA-256"
        " under the decoded secret key, in base64url without padding.",
        _WIKI,
    ),
    Rule(
        "LOGON-2",
        "A logon has 354 = 20, 355 the Access Key ID, 1400 = CME-1-SHA-256, 1401 = 43 and 1402 the"
        " signature.",
        _WIKI,
    ),
    Rule(
        "LOGON-3",
        "A logon whose signature or key is wrong, or whose key has expired or been deleted, is"
        " answered with a Logout, always in the same words.",
        f"{_WIKI}; {_READINGS}, what a bad signature is told",
    ),
    Rule(
        "LOGON-4",
        "A logon whose sending time is more than five seconds from the exchange's is refused.",
        f"{_WIKI}; {_READINGS}, how old a logon may be",
        ("tolerance_s",),
    ),
    Rule(
        "LOGON-5",
        "A heartbeat interval is from 5 to 60 seconds; a logon with another is not acted on.",
        "CME Group Client Systems Wiki, session layer logon (46072740);"
        f" {_READINGS}, heartbeat intervals",
        ("heartbeat_s",),
    ),
    Rule(
        "LOGON-6",
        "On a drop copy session a logon in another SenderCompID than the session's, or whose"
        " seventh character is not N, is ignored.",
        "CME Group Client Systems Wiki, Drop Copy 4.0 (46140051), Logon",
    ),
    Rule(
        "LOGON-7",
        "A logon with an original sending time (122) is answered with a Logout.",
        "CME Group Client Systems Wiki, session layer logon (46105106)",
    ),
    Rule(
        "LOGON-8",
        "A signed value that is missing, empty, or holds what is not printable ASCII is refused.",
        f"{_READINGS}, what may be signed",
    ),
    Rule(
        "LOGON-9",
        "On an order entry session a first logon's indicator is U, N or B; a later one may also"
        " have the one that the answer gave, which is P after U.",
        "CME Group Client Systems Wiki, iLink 2 standard header (46990006), tag 49, and session"
        f" layer logon (46072740); {_READINGS}, the indicator of a later logon",
    ),
)

SIGNED_TAGS = (34, 49, 50, 52, 57, 108, 142, 369, 1603, 1604, 1605)
"""The logon's values that are signed, in their order."""

SCHEME = "CME-1-SHA-256"

TOLERANCE = timedelta(seconds=5)
HEARTBEATS_S = (5, 60)

_SENDING_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)\.(\d{3})", re.ASCII)
# A line feed in a value would let two logons have one canonical text.
_SIGNABLE = re.compile(r"[\x20-\x7e]+", re.ASCII)


class Answer(StrEnum):
    """What the exchange does about a logon that it does not accept."""

    LOGOUT = "logout"
    """It sends a Logout, and closes the connection."""
    NOT_ACTED_ON = "not acted on"
    """The session stays as it is: another logon may follow in time."""
    IGNORED = "ignored"
    """Not even an answer."""


class Reason(StrEnum):
    """Why: for the record, not for whoever tries to log on."""

    COMP_ID = "comp id"
    RESENT = "original sending time"
    NOT_SIGNABLE = "not signable"
    HEARTBEAT = "heartbeat"
    STALE = "stale"
    NOT_SIGNED = "not signed"
    KEY = "key"
    SIGNATURE = "signature"


@attrs.frozen(kw_only=True)
class LogonRefusal:
    """A logon is not accepted."""

    answer: Answer
    reason: Reason
    text: str
    """What a Logout says (tag 58)."""


INVALID_LOGON = "Invalid logon. Logout forced."
INVALID_HEARTBEAT = "Error during logon. Heartbeat tag invalid."


def canonical(fields: Mapping[int, str]) -> str:
    """Return what is signed of a logon (LOGON-1).

    Args:
        fields: the logon's values by tag, as they stand in it.

    Raises:
        ValueError: if a signed value is missing, empty or not printable ASCII; the text
            names the tag.
    """
    for tag in SIGNED_TAGS:
        if not _SIGNABLE.fullmatch(fields.get(tag, "")):
            found = repr(fields[tag]) if tag in fields else "nothing"
            raise ValueError(f"tag {tag} must be printable ASCII, and not empty; found {found}")
    return "\n".join(fields[tag] for tag in SIGNED_TAGS)


def signed(fields: Mapping[int, str], access_key_id: str, secret: SecretKey) -> dict[int, str]:
    """Return the five tags that make a logon a secure one (LOGON-2).

    Raises:
        ValueError: if a value cannot be signed; see `canonical`.
    """
    signature = secret.sign(canonical(fields))
    return {
        354: str(len(access_key_id)),
        355: access_key_id,
        1400: SCHEME,
        1401: str(len(signature)),
        1402: signature,
    }


@attrs.frozen(kw_only=True)
class SecureLogon:
    """Says whether a session accepts a logon."""

    comp_id: str
    """The session's, six characters; a logon's has a seventh."""

    drop_copy: bool = False
    """Whether it is a drop copy session, which ignores others' comp ids and has no backup."""

    assigned: str | None = None
    """The comp id that an earlier logon was given, with its seventh character: later ones may
    have it too.  That of a session that came as undesignated ends in P."""

    keys: Callable[[str, int], SecretKey | None]
    """Returns the secret of an Access Key ID of the session's, if it is good at a moment."""

    tolerance: timedelta = TOLERANCE
    heartbeats_s: tuple[int, int] = HEARTBEATS_S

    def check(self, fields: Mapping[int, str], now_ns: int, start: datetime) -> LogonRefusal | None:
        """Return why a logon is not accepted, or None where it is (LOGON-3 to LOGON-8).

        Args:
            fields: the logon's values by tag, as they stand in it.
            now_ns: the exchange's time, in nanoseconds since *start*.
        """
        comp_id = fields.get(49, "")
        if comp_id not in self._tolerated():
            answer = Answer.IGNORED if self.drop_copy else Answer.LOGOUT
            text = "Invalid SenderCompID (49) tag. Logout forced."
            return LogonRefusal(answer=answer, reason=Reason.COMP_ID, text=text)
        if 122 in fields:
            return _invalid(Reason.RESENT)
        if not self._beats(fields.get(108, "")):
            return LogonRefusal(
                answer=Answer.NOT_ACTED_ON, reason=Reason.HEARTBEAT, text=INVALID_HEARTBEAT
            )
        try:
            text = canonical(fields)
        except ValueError:
            return _invalid(Reason.NOT_SIGNABLE)
        if self._is_stale(fields[52], now_ns, start):
            return _invalid(Reason.STALE)
        access_key_id, signature = fields.get(355, ""), fields.get(1402, "")
        said = (fields.get(354), fields.get(1400), fields.get(1401))
        lengths = (str(ACCESS_KEY_ID_LENGTH), SCHEME, str(SECRET_LENGTH))
        if said != lengths or (len(access_key_id), len(signature)) != (
            ACCESS_KEY_ID_LENGTH,
            SECRET_LENGTH,
        ):
            return _invalid(Reason.NOT_SIGNED)
        secret = self.keys(access_key_id, now_ns)
        if secret is None:
            return _invalid(Reason.KEY)
        if not hmac.compare_digest(secret.sign(text).encode(), signature.encode()):
            return _invalid(Reason.SIGNATURE)
        return None

    def _tolerated(self) -> tuple[str, ...]:
        """Return what a SenderCompID may be, the indicator included."""
        if self.drop_copy:
            return (f"{self.comp_id}{FaultTolerance.NONE}",)
        return (*(f"{self.comp_id}{each}" for each in _FIRST), *filter(None, (self.assigned,)))

    def _beats(self, text: str) -> bool:
        low, high = self.heartbeats_s
        return re.fullmatch(r"\d{1,4}", text, re.ASCII) is not None and low <= int(text) <= high

    def _is_stale(self, text: str, now_ns: int, start: datetime) -> bool:
        found = _SENDING_TIME.fullmatch(text)
        if found is None:
            return True
        year, month, day, hour, minute, second, millisecond = map(int, found.groups())
        try:
            sent = datetime(year, month, day, hour, minute, second, millisecond * 1_000, UTC)
        except ValueError:  # the 99th of a month
            return True
        return abs(start + timedelta(microseconds=now_ns // 1_000) - sent) > self.tolerance


_FIRST = (FaultTolerance.UNDESIGNATED, FaultTolerance.NONE, FaultTolerance.BACKUP)
"""The indicators of a first logon to an order entry session."""


def _invalid(reason: Reason) -> LogonRefusal:
    return LogonRefusal(answer=Answer.LOGOUT, reason=reason, text=INVALID_LOGON)
