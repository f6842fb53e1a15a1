"""Secure key pairs: what a session logs on with, and how long each pair lives.

A pair is an Access Key ID, which may be seen, and a secret key, which may not.  All pairs
of one session make up its `KeyRing`, a value: what is done to it gives another ring, and
says what happened.  A pair ends with a market close; until then time alone changes
nothing, so that `KeyRing.advance` can be asked late, and `KeyRing.next_due_ns` says when
it has something to tell.

Where random bytes come from is an argument: the run's stream in a simulation, the
`secrets` module where a secret has to be one.

Sources: CME Group, BrokerTec Drop Copy Groups, Secure Key Pairs; CME Group Client
Systems Wiki, secure logon (46137617, 457573313); readings in ``docs/readings.md``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

import attrs

from .firms import SessionID
from .ledger import Rule
from .market_close import MarketCloses, a_year_after

_SEED = "CME Group, BrokerTec Drop Copy Groups (Customer Center help), Secure Key Pairs"
_WIKI = "CME Group Client Systems Wiki, secure logon (46137617, 457573313)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "KEY-1",
        "A pair is an Access Key ID of 20 characters and a secret key of 43, which are 32 bytes in"
        " base64url; it is good for a logon at once.",
        _WIKI,
    ),
    Rule(
        "KEY-2",
        "A pair expires twelve months after the day of its creation, with that day's market close"
        " or the next one.",
        f"{_SEED}; {_READINGS}, the close that a key ends with",
        ("market_close",),
    ),
    Rule(
        "KEY-3",
        "A session may have a second pair only in the last 28 days of its first; the first then"
        " lives for at most 28 days more, and ends with a market close.",
        f"{_SEED}, Pending Expiration; {_READINGS}, four weeks of a key",
    ),
    Rule(
        "KEY-4",
        "Whoever generates a third pair says which of the two is deleted at once; the one that is"
        " left expires with the market close in 28 days, unless its own end is earlier.",
        f"{_SEED}; {_READINGS}, the third pair",
    ),
    Rule(
        "KEY-5",
        "A pair that is deleted, or has expired, is good for no logon from that moment on.",
        f"{_SEED}, Delete Keys",
    ),
    Rule(
        "KEY-6",
        "Administrators are told once, as a pair enters its last 28 days; from then until it ends"
        " its session is listed with those that expire.",
        f"{_SEED}, Pending Expiration",
    ),
    Rule(
        "KEY-7",
        "A secret key stands in no journal, text or error: there its fingerprint does.",
        f"{_READINGS}, secrets on record",
    ),
)

RandomBytes: TypeAlias = Callable[[int], bytes]
"""Returns that many random bytes."""

ACCESS_KEY_ID_LENGTH = 20
SECRET_LENGTH = 43

_TRIES = 8

FOUR_WEEKS_NS = 28 * 24 * 3_600 * 1_000_000_000


def base64url(data: bytes) -> str:
    """Return *data* in base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class SecretKey:
    """A secret key, which shows its fingerprint and nothing else.

    Raises:
        ValueError: if *text* is no key; the error does not have it either.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", text, re.ASCII):
            raise ValueError("a secret key is 43 characters of base64url")
        # The last character has two bits to spare; a key has one spelling.
        if base64url(_decoded(text)) != text:
            raise ValueError("a secret key's last character has bits that no byte takes")
        self.__text = text

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> SecretKey:
        return cls(base64url(random_bytes(32)))

    def reveal(self) -> str:
        """Return the key itself, for the file that its owner downloads."""
        return self.__text

    def sign(self, text: str) -> str:
        """Return the HMAC-SHA-256 of *text* under this key, in base64url without padding."""
        digest = hmac.new(_decoded(self.__text), text.encode("ascii"), hashlib.sha256).digest()
        return base64url(digest)

    @property
    def fingerprint(self) -> str:
        """What stands for the key on record: 16 digits of its SHA-256."""
        return hashlib.sha256(self.__text.encode("ascii")).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretKey):
            return NotImplemented
        return hmac.compare_digest(self.__text, other.__text)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"<secret key {self.fingerprint}>"

    def __reduce__(self) -> str:
        raise TypeError("a secret key is not pickled")

    def __journal__(self) -> str:
        return repr(self)


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=")
    except binascii.Error:
        raise ValueError("a secret key is 43 characters of base64url") from None


class KeyStatus(StrEnum):
    ACTIVE = "Active"
    EXPIRED = "Expired"
    DELETED = "Deleted"


@attrs.frozen(kw_only=True)
class KeyPair:
    """One pair of a session."""

    session_id: SessionID
    access_key_id: str
    secret: SecretKey
    created_ns: int
    expires_ns: int
    """The market close that it ends with: at that moment it is no longer good."""

    status: KeyStatus = KeyStatus.ACTIVE
    pending: bool = False
    """Whether administrators have been told that it ends within four weeks."""

    @property
    def pending_from_ns(self) -> int:
        return self.expires_ns - FOUR_WEEKS_NS

    def is_good(self, now_ns: int) -> bool:
        """Return whether a logon with it is accepted at a moment."""
        return self.status is KeyStatus.ACTIVE and now_ns < self.expires_ns


class KeyRefused(ValueError):
    """Something cannot be done with a session's keys; the text says why."""


# --- what happens to keys -------------------------------------------------------------


@attrs.frozen(kw_only=True)
class KeyGenerated:
    session_id: SessionID
    access_key_id: str
    expires_ns: int
    fingerprint: str


@attrs.frozen(kw_only=True)
class KeyExpiryMoved:
    """A pair ends earlier than it would have, because there is a newer one."""

    session_id: SessionID
    access_key_id: str
    expires_ns: int


@attrs.frozen(kw_only=True)
class KeyDeleted:
    session_id: SessionID
    access_key_id: str


@attrs.frozen(kw_only=True)
class KeyExpiryPending:
    """A pair has entered its last four weeks."""

    session_id: SessionID
    access_key_id: str
    expires_ns: int


@attrs.frozen(kw_only=True)
class KeyExpired:
    session_id: SessionID
    access_key_id: str
    expires_ns: int


KeyEvent: TypeAlias = KeyGenerated | KeyExpiryMoved | KeyDeleted | KeyExpiryPending | KeyExpired


# --- a session's keys -----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class KeyRing:
    """All pairs that a session has had, in the order of their creation.

    Every operation first lets time catch up (`advance`), and says what that brought too.
    """

    session_id: SessionID
    closes: MarketCloses
    pairs: tuple[KeyPair, ...] = ()

    @property
    def active(self) -> tuple[KeyPair, ...]:
        """Those that have neither expired nor been deleted as of the last operation."""
        return tuple(pair for pair in self.pairs if pair.status is KeyStatus.ACTIVE)

    def good(self, access_key_id: str, now_ns: int) -> KeyPair | None:
        """Return the pair of that Access Key ID, if a logon with it is accepted now."""
        for pair in self.pairs:
            if pair.access_key_id == access_key_id and pair.is_good(now_ns):
                return pair
        return None

    @property
    def next_due_ns(self) -> int | None:
        """When time alone next changes something; None where it does not."""
        due = [pair.expires_ns if pair.pending else pair.pending_from_ns for pair in self.active]
        return min(due, default=None)

    def advance(self, now_ns: int) -> tuple[KeyRing, tuple[KeyEvent, ...]]:
        """Return the ring as of now, with the notices and expiries since it was last asked.

        Returns:
            The events in the order of their moments; a pair is pending before it expires.
        """
        pairs: list[KeyPair] = []
        events: list[tuple[int, KeyEvent]] = []
        for pair in self.pairs:
            if pair.status is KeyStatus.ACTIVE:
                if not pair.pending and now_ns >= pair.pending_from_ns:
                    pair = attrs.evolve(pair, pending=True)
                    events.append((pair.pending_from_ns, _told(KeyExpiryPending, pair)))
                if now_ns >= pair.expires_ns:
                    pair = attrs.evolve(pair, status=KeyStatus.EXPIRED)
                    events.append((pair.expires_ns, _told(KeyExpired, pair)))
            pairs.append(pair)
        events.sort(key=lambda event: event[0])
        return attrs.evolve(self, pairs=tuple(pairs)), tuple(event for _, event in events)

    def check_generate(self, delete: str | None, now_ns: int) -> None:
        """Check that a pair can be generated now, before anybody is asked for a code.

        Args:
            delete: where there are two pairs, the Access Key ID of the one to delete.

        Raises:
            KeyRefused: if it cannot.
        """
        ring, _ = self.advance(now_ns)
        active = ring.active
        known = " and ".join(pair.access_key_id for pair in active)
        if len(active) < 2:
            if delete is not None:
                raise KeyRefused(
                    f"{self.session_id} has fewer than two key pairs: none is deleted for a new one"
                )
            if active and not active[0].pending:
                raise KeyRefused(
                    f"{self.session_id} has a key pair that is not within four weeks of its"
                    " expiration: there cannot be a second one yet"
                )
        elif delete is None:
            raise KeyRefused(
                f"{self.session_id} has two key pairs, {known}: say which is deleted for a third"
            )
        elif delete not in [pair.access_key_id for pair in active]:
            raise KeyRefused(
                f"{self.session_id} has no key pair {delete!r} to delete; it has {known}"
            )

    def generate(
        self, random_bytes: RandomBytes, now_ns: int, delete: str | None = None
    ) -> tuple[KeyRing, tuple[KeyEvent, ...]]:
        """Return the ring with a new pair (KEY-1 to KEY-4).

        Raises:
            KeyRefused: if there cannot be another; see `check_generate`.
        """
        self.check_generate(delete, now_ns)
        ring, events = self.advance(now_ns)
        told = list(events)
        if delete is not None:
            ring, deleted = ring.delete(delete, now_ns)
            told += deleted
        earlier = self.closes.first_at_or_after(now_ns + FOUR_WEEKS_NS)
        pairs: list[KeyPair] = []
        for pair in ring.pairs:
            if pair.status is KeyStatus.ACTIVE and pair.expires_ns > earlier:
                pair = attrs.evolve(pair, expires_ns=earlier)
                told.append(_told(KeyExpiryMoved, pair))
            pairs.append(pair)
        access_key_id = self._new_id(random_bytes)
        new = KeyPair(
            session_id=self.session_id,
            access_key_id=access_key_id,
            secret=SecretKey.generate(random_bytes),
            created_ns=now_ns,
            expires_ns=self.expiry_of(now_ns),
        )
        told.append(
            KeyGenerated(
                session_id=self.session_id,
                access_key_id=new.access_key_id,
                expires_ns=new.expires_ns,
                fingerprint=new.secret.fingerprint,
            )
        )
        # A pair whose end has moved may be in its last four weeks by that.
        ring, pending = attrs.evolve(ring, pairs=(*pairs, new)).advance(now_ns)
        return ring, (*told, *pending)

    def _new_id(self, random_bytes: RandomBytes) -> str:
        taken = [pair.access_key_id for pair in self.pairs]
        for _ in range(_TRIES):
            access_key_id = base64url(random_bytes(15))
            if access_key_id not in taken:
                return access_key_id
        raise ValueError(f"the random source gave {_TRIES} ids that are taken: it repeats itself")

    def expiry_of(self, created_ns: int) -> int:
        """Return the close that a pair created at a moment ends with (KEY-2)."""
        return self.closes.first_on_or_after(a_year_after(self.closes.date_of(created_ns)))

    def delete(self, access_key_id: str, now_ns: int) -> tuple[KeyRing, tuple[KeyEvent, ...]]:
        """Return the ring without that pair being good any longer (KEY-5).

        Raises:
            KeyRefused: if it has no such pair that is active.
        """
        ring, events = self.advance(now_ns)
        if access_key_id not in [pair.access_key_id for pair in ring.active]:
            raise KeyRefused(f"{self.session_id} has no active key pair {access_key_id!r}")
        pairs = tuple(
            attrs.evolve(pair, status=KeyStatus.DELETED)
            if pair.access_key_id == access_key_id
            else pair
            for pair in ring.pairs
        )
        deleted = KeyDeleted(session_id=self.session_id, access_key_id=access_key_id)
        return attrs.evolve(ring, pairs=pairs), (*events, deleted)


_Dated: TypeAlias = type[KeyExpiryMoved] | type[KeyExpiryPending] | type[KeyExpired]


def _told(event: _Dated, pair: KeyPair) -> KeyEvent:
    return event(
        session_id=pair.session_id,
        access_key_id=pair.access_key_id,
        expires_ns=pair.expires_ns,
    )
