"""The secure logon: the published vectors, and every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.market.firms import SessionID
from floorproof.market.secure_keys import KeyPair, KeyStatus, SecretKey
from floorproof.market.secure_logon import (
    SIGNED_TAGS,
    Answer,
    Reason,
    SecureLogon,
    canonical,
    signed,
)

# Two logons from the public tests of epam/fix-antenna-net-core: Access Key ID, secret key,
# canonical text, signature.
VECTORS = [
    (
        "oNDxM33uE81ohWuVRtWT",
        "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4",
        "1\nB08004N\nMSG\n20170623-14:48:42.855\n92\n60\nUS,NY\n0\nBRIO\n8.0\nABC",
        "oHZ2Dx1ihFAp7kHOFcJPkijm27xfApJFp-ZhsSCxr3s",
    ),
    (
        "dipfNf8kZOOuk7Wz0ZUn",
        "gyJYeacu9T--a1tak4i5S-pBXxwCNK_wUqp9fh5usJ8",
        "1\nU89004N\n0J4L\n20180420-14:21:52.697\nG\n30\nUS\n0\nFIXAntenna .NET Core"
        "\n2.18.1\nB2BITS",
        "V9Xf6SV45lT0-x2fGs7aKJXk5j4SKEkXWmrLAVFNgGA",
    ),
]


@pytest.mark.rule("LOGON-1", "LOGON-2")
@pytest.mark.parametrize(("access_key_id", "secret", "text", "signature"), VECTORS)
def test_the_published_vectors(access_key_id: str, secret: str, text: str, signature: str) -> None:
    fields = dict(zip(SIGNED_TAGS, text.split("\n"), strict=True))

    assert canonical(fields) == text
    assert signed(fields, access_key_id, SecretKey(secret)) == {
        354: "20",
        355: access_key_id,
        1400: "CME-1-SHA-256",
        1401: "43",
        1402: signature,
    }


# --- whether a session accepts it ----------------------------------------------------

ID, SECRET, TEXT, _ = VECTORS[1]
FIELDS: Mapping[int, str] = dict(zip(SIGNED_TAGS, TEXT.split("\n"), strict=True))
START = datetime(2018, 4, 20, 14, 0, tzinfo=UTC)
NS = 1_000_000_000
SENT_NS = round(timedelta(minutes=21, seconds=52, milliseconds=697).total_seconds() * 1_000) * (
    NS // 1_000
)
PAIR = KeyPair(
    session_id=SessionID("U89004"),
    access_key_id=ID,
    secret=SecretKey(SECRET),
    created_ns=0,
    expires_ns=3_600 * NS,
)


def session(*pairs: KeyPair, drop_copy: bool = True) -> SecureLogon:
    def keys(access_key_id: str, now_ns: int) -> SecretKey | None:
        return next(
            (p.secret for p in pairs if p.access_key_id == access_key_id and p.is_good(now_ns)),
            None,
        )

    return SecureLogon(comp_id="U89004", drop_copy=drop_copy, keys=keys)


def logon(secret: str = SECRET, **changed: str) -> dict[int, str]:
    """Return a logon, signed after what *changed* says of it (``_52="..."``)."""
    fields = {**FIELDS, **{int(tag[1:]): value for tag, value in changed.items()}}
    return fields | signed(fields, ID, SecretKey(secret))


def refused(
    fields: Mapping[int, str], *pairs: KeyPair, now_ns: int = SENT_NS, drop_copy: bool = True
) -> tuple[Answer, Reason] | None:
    found = session(*(pairs or (PAIR,)), drop_copy=drop_copy).check(fields, now_ns, START)
    return None if found is None else (found.answer, found.reason)


def test_a_logon_that_is_signed_with_the_sessions_key_is_accepted() -> None:
    assert refused(logon()) is None
    assert refused(logon(), drop_copy=False) is None


OTHER = attrs.evolve(PAIR, access_key_id="x" * 20)
DELETED = attrs.evolve(PAIR, status=KeyStatus.DELETED)
LATER_NS = PAIR.expires_ns

# fmt: off
REFUSALS = {
    "another secret": (logon(VECTORS[0][1]), PAIR, SENT_NS, Answer.LOGOUT, Reason.SIGNATURE),
    "a key of another session": (logon(), OTHER, SENT_NS, Answer.LOGOUT, Reason.KEY),
    "a key that is deleted": (logon(), DELETED, SENT_NS, Answer.LOGOUT, Reason.KEY),
    "a key that has expired": (logon(_52="20180420-15:00:00.000"), PAIR, LATER_NS, Answer.LOGOUT,
                               Reason.KEY),
    "no signature": (dict(FIELDS), PAIR, SENT_NS, Answer.LOGOUT, Reason.NOT_SIGNED),
    "another scheme": (logon() | {1400: "CME-1-SHA-512"}, PAIR, SENT_NS, Answer.LOGOUT,
                       Reason.NOT_SIGNED),
    "a wrong length of the id": (logon() | {354: "21"}, PAIR, SENT_NS, Answer.LOGOUT,
                                 Reason.NOT_SIGNED),
    "a wrong length of the signature": (logon() | {1401: "44"}, PAIR, SENT_NS, Answer.LOGOUT,
                                        Reason.NOT_SIGNED),
    "a padded signature": (logon() | {1401: "44", 1402: logon()[1402] + "="}, PAIR, SENT_NS,
                           Answer.LOGOUT, Reason.NOT_SIGNED),
    "five seconds and one millisecond late": (logon(), PAIR, SENT_NS + 5_001_000_000,
                                              Answer.LOGOUT, Reason.STALE),
    "five seconds and one millisecond early": (logon(), PAIR, SENT_NS - 5_001_000_000,
                                               Answer.LOGOUT, Reason.STALE),
    "no time": (logon(_52="yesterday"), PAIR, SENT_NS, Answer.LOGOUT, Reason.STALE),
    "no day": (logon(_52="20180499-14:21:52.697"), PAIR, SENT_NS, Answer.LOGOUT, Reason.STALE),
    "without milliseconds": (logon(_52="20180420-14:21:52"), PAIR, SENT_NS, Answer.LOGOUT,
                             Reason.STALE),
    "another comp id": (logon(_49="U89005N"), PAIR, SENT_NS, Answer.IGNORED, Reason.COMP_ID),
    "no seventh character": (logon(_49="U89004"), PAIR, SENT_NS, Answer.IGNORED, Reason.COMP_ID),
    "a backup": (logon(_49="U89004B"), PAIR, SENT_NS, Answer.IGNORED, Reason.COMP_ID),
    "an original sending time": (logon() | {122: "20180420-14:21:52.697"}, PAIR, SENT_NS,
                                 Answer.LOGOUT, Reason.RESENT),
    "a heartbeat of 4": (logon(_108="4"), PAIR, SENT_NS, Answer.NOT_ACTED_ON, Reason.HEARTBEAT),
    "a heartbeat of 61": (logon(_108="61"), PAIR, SENT_NS, Answer.NOT_ACTED_ON, Reason.HEARTBEAT),
    "a heartbeat in words": (logon(_108="ten"), PAIR, SENT_NS, Answer.NOT_ACTED_ON,
                             Reason.HEARTBEAT),
    "no version": ({tag: value for tag, value in logon().items() if tag != 1604}, PAIR, SENT_NS,
                   Answer.LOGOUT, Reason.NOT_SIGNABLE),
}
# fmt: on


@pytest.mark.rule("LOGON-3", "LOGON-4", "LOGON-5", "LOGON-6", "LOGON-7", "LOGON-8")
@pytest.mark.parametrize(
    ("fields", "pair", "now_ns", "answer", "reason"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_a_logon_is_refused(
    fields: Mapping[int, str], pair: KeyPair, now_ns: int, answer: Answer, reason: Reason
) -> None:
    assert refused(fields, pair, now_ns=now_ns) == (answer, reason)


def test_the_edges_are_accepted() -> None:
    for late_ns in (-5 * NS, 5 * NS):
        assert refused(logon(), now_ns=SENT_NS + late_ns) is None
    for beats in ("5", "60"):
        assert refused(logon(_108=beats)) is None


def test_an_order_entry_session_may_have_a_backup_and_answers_others() -> None:
    for letter in "UNB":
        assert refused(logon(_49=f"U89004{letter}"), drop_copy=False) is None
    assert refused(logon(_49="U89004P"), drop_copy=False) == (Answer.LOGOUT, Reason.COMP_ID)
    assert refused(logon(_49="U89005N"), drop_copy=False) == (Answer.LOGOUT, Reason.COMP_ID)


@pytest.mark.rule("LOGON-9")
def test_a_later_logon_may_have_the_indicator_that_the_answer_gave() -> None:
    def check(comp_id: str, assigned: str | None, *, drop_copy: bool = False) -> bool:
        guard = attrs.evolve(session(PAIR, drop_copy=drop_copy), assigned=assigned)
        return guard.check(logon(_49=comp_id), SENT_NS, START) is None

    assert check("U89004P", "U89004P")
    assert check("U89004U", "U89004P")
    assert not check("U89004P", None)
    assert not check("U89004P", "U89004N")
    assert not check("U89004P", "U89004P", drop_copy=True)
    assert not check("U89005P", "U89004P")


@pytest.mark.rule("LOGON-3")
def test_what_is_wrong_with_a_key_or_a_signature_is_not_told() -> None:
    texts = set()
    for fields, pair, now_ns, _, reason in REFUSALS.values():
        found = session(pair).check(fields, now_ns, START)
        assert found is not None
        if reason in (Reason.KEY, Reason.SIGNATURE, Reason.NOT_SIGNED, Reason.STALE):
            texts.add(found.text)

    assert texts == {"Invalid logon. Logout forced."}


@pytest.mark.rule("LOGON-1", "LOGON-3")
@given(
    tag=st.sampled_from([*SIGNED_TAGS, 354, 355, 1400, 1401, 1402]),
    place=st.integers(0, 99),
    byte=st.integers(0, 255).map(chr),
)
def test_any_changed_byte_is_refused(tag: int, place: int, byte: str) -> None:
    fields = logon()
    value = fields[tag]
    place %= len(value)
    changed = value[:place] + byte + value[place + 1 :]

    assert (refused(fields | {tag: changed}) is None) == (changed == value)


@pytest.mark.rule("LOGON-8")
@given(first=st.sampled_from(SIGNED_TAGS[:-1]), cut=st.integers(0, 9))
def test_a_line_feed_moves_nothing_from_one_value_to_the_next(first: int, cut: int) -> None:
    """The two have the same canonical text, if line feeds were let through."""
    fields = logon()
    second = SIGNED_TAGS[SIGNED_TAGS.index(first) + 1]
    both = f"{fields[first]}\n{fields[second]}"
    cut = cut % (len(both) - 1) + 1
    moved = fields | {first: both[:cut] + "\n", second: both[cut:]}

    assert refused(moved) is not None
    with pytest.raises(ValueError, match="must be printable ASCII"):
        canonical(moved)
