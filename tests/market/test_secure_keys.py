"""Secure key pairs: how long each lives, how many there may be, and what is told of them.

The clock of these tests is the calendar of Chicago: a moment is written as its local time.
"""

from __future__ import annotations

import copy
import pickle
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from floorproof.market.firms import SessionID
from floorproof.market.market_close import MarketCloses, a_year_after
from floorproof.market.secure_keys import (
    FOUR_WEEKS_NS,
    KeyDeleted,
    KeyEvent,
    KeyExpired,
    KeyExpiryMoved,
    KeyExpiryPending,
    KeyGenerated,
    KeyPair,
    KeyRefused,
    KeyRing,
    KeyStatus,
    SecretKey,
)

CHICAGO = ZoneInfo("America/Chicago")
START = datetime(2023, 1, 2, 15, 0, tzinfo=UTC)
CLOSES = MarketCloses(start=START, holidays=frozenset({date(2024, 5, 27)}))
SESSION = SessionID("717NEX")


def at(text: str) -> int:
    """Return the moment of a local time, ``2023-03-01 16:00``."""
    local = datetime.fromisoformat(text).replace(tzinfo=CHICAGO)
    return (local - START) // timedelta(microseconds=1) * 1_000


def when(moment_ns: int) -> str:
    local = (START + timedelta(microseconds=moment_ns // 1_000)).astimezone(CHICAGO)
    return local.strftime("%Y-%m-%d %H:%M")


def ring() -> KeyRing:
    return KeyRing(session_id=SESSION, closes=CLOSES)


class Keys:
    """A ring as its owner sees it, with keys named in the order of their creation: A, B, C."""

    def __init__(self, seed: int = 0) -> None:
        self.ring = ring()
        self.random = random.Random(seed)
        self.events: list[KeyEvent] = []

    def do(self, line: str) -> list[str]:
        """Do ``2023-03-01 12:00 generate`` or ``... delete A``, and return what happened."""
        day, time, verb, *names = line.split()
        moment = at(f"{day} {time}")
        match verb:
            case "generate":
                named = self.id(names[0]) if names else None
                self.ring, events = self.ring.generate(self.random.randbytes, moment, named)
            case "delete":
                self.ring, events = self.ring.delete(self.id(names[0]), moment)
            case _:
                self.ring, events = self.ring.advance(moment)
        self.events += events
        return [self.said(event) for event in events]

    def id(self, name: str) -> str:
        index = ord(name) - ord("A")
        pairs = self.ring.pairs
        return pairs[index].access_key_id if index < len(pairs) else name

    def said(self, event: KeyEvent) -> str:
        ids = [pair.access_key_id for pair in self.ring.pairs]
        name = "ABCDEF"[ids.index(event.access_key_id)]
        match event:
            case KeyGenerated():
                return f"{name} until {when(event.expires_ns)}"
            case KeyExpiryMoved():
                return f"{name} only until {when(event.expires_ns)}"
            case KeyDeleted():
                return f"{name} deleted"
            case KeyExpiryPending():
                return f"{name} ends soon, {when(event.expires_ns)}"
            case KeyExpired():
                return f"{name} expired"


# Each a session's life: what its owner does, and what comes of it.  2023-03-01 is a Wednesday.
# fmt: off
LIVES: dict[str, list[tuple[str, list[str]]]] = {
    "twelve months, at that day's close": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2024-02-02 15:59 look", []),
        ("2024-02-02 16:00 look", ["A ends soon, 2024-03-01 16:00"]),
        ("2024-02-20 10:00 look", []),
        ("2024-03-01 15:59 look", []),
        ("2024-03-01 16:00 look", ["A expired"]),
        ("2024-03-01 16:01 generate", ["B until 2025-03-03 16:00"]),
    ],
    "after the close of the day of its creation": [
        ("2023-03-01 23:59 generate", ["A until 2024-03-01 16:00"]),
    ],
    "a year later is a Saturday: Monday's close": [
        ("2023-03-02 12:00 generate", ["A until 2024-03-04 16:00"]),
    ],
    "a year later is a holiday: the next day's close": [
        ("2023-05-27 12:00 generate", ["A until 2024-05-28 16:00"]),
    ],
    "created on 29 February": [
        ("2024-02-29 12:00 generate", ["A until 2025-02-28 16:00"]),
    ],
    "the second in the last four weeks leaves the first its own end": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2024-02-02 16:00 generate", ["A ends soon, 2024-03-01 16:00",
                                       "B until 2025-02-03 16:00"]),
        ("2024-03-01 16:00 look", ["A expired"]),
    ],
    "a third deletes one, and the one that is left ends in four weeks": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2024-02-05 12:00 generate", ["A ends soon, 2024-03-01 16:00",
                                       "B until 2025-02-05 16:00"]),
        ("2024-02-06 12:00 generate A", ["A deleted", "B only until 2024-03-05 16:00",
                                         "C until 2025-02-06 16:00"]),
        ("2024-02-06 16:00 look", ["B ends soon, 2024-03-05 16:00"]),
        ("2024-03-05 16:00 look", ["B expired"]),
    ],
    "a third that deletes the newer leaves the older its earlier end": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2024-02-05 12:00 generate", ["A ends soon, 2024-03-01 16:00",
                                       "B until 2025-02-05 16:00"]),
        ("2024-02-06 12:00 generate B", ["B deleted", "C until 2025-02-06 16:00"]),
    ],
    "four weeks that end after a close last to the next": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2024-02-05 12:00 generate", ["A ends soon, 2024-03-01 16:00",
                                       "B until 2025-02-05 16:00"]),
        ("2024-02-09 17:00 generate A", ["A deleted", "B only until 2024-03-11 16:00",
                                         "C until 2025-02-10 16:00"]),
    ],
    "without any left there may be another at once": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2023-03-01 12:01 delete A", ["A deleted"]),
        ("2023-03-01 12:02 generate", ["B until 2024-03-01 16:00"]),
    ],
    "nobody looked for two years": [
        ("2023-03-01 12:00 generate", ["A until 2024-03-01 16:00"]),
        ("2025-03-01 12:00 look", ["A ends soon, 2024-03-01 16:00", "A expired"]),
    ],
}

REFUSED: dict[str, tuple[list[str], str, str]] = {
    "a second before the last four weeks": (
        ["2023-03-01 12:00 generate"], "2024-02-02 15:59 generate",
        "717NEX has a key pair that is not within four weeks of its expiration"),
    "a third without saying which goes": (
        ["2023-03-01 12:00 generate", "2024-02-05 12:00 generate"], "2024-02-06 12:00 generate",
        "717NEX has two key pairs, .* and .*: say which is deleted for a third"),
    "a third for a pair that is gone": (
        ["2023-03-01 12:00 generate", "2024-02-05 12:00 generate", "2024-02-06 12:00 generate A"],
        "2024-02-07 12:00 generate A", "717NEX has no key pair '.*' to delete"),
    "one for another while there are not two": (
        ["2023-03-01 12:00 generate"], "2024-02-05 12:00 generate A",
        "717NEX has fewer than two key pairs"),
    "deleting what is deleted": (
        ["2023-03-01 12:00 generate", "2023-03-01 12:01 delete A"], "2023-03-01 12:02 delete A",
        "717NEX has no active key pair"),
    "deleting what has expired": (
        ["2023-03-01 12:00 generate"], "2024-03-01 16:00 delete A",
        "717NEX has no active key pair"),
    "deleting what never was": ([], "2023-03-01 12:00 delete A", "no active key pair 'A'"),
}
# fmt: on


@pytest.mark.rule("KEY-2", "KEY-3", "KEY-4", "KEY-5", "KEY-6")
@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES.keys())
def test_the_life_of_a_sessions_keys(life: list[tuple[str, list[str]]]) -> None:
    keys = Keys()

    told = [(line, keys.do(line)) for line, _ in life]

    assert told == life


@pytest.mark.rule("KEY-3", "KEY-4", "KEY-5")
@pytest.mark.parametrize(("before", "then", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_leaves_the_keys_as_they_are(
    before: list[str], then: str, says: str
) -> None:
    keys = Keys()
    for line in before:
        keys.do(line)
    was = keys.ring

    with pytest.raises(KeyRefused, match=says):
        keys.do(then)

    assert keys.ring == was


@pytest.mark.rule("KEY-1")
def test_a_pair_has_its_lengths_and_is_good_at_once() -> None:
    keys = Keys()
    keys.do("2023-03-01 12:00 generate")

    (pair,) = keys.ring.pairs
    assert (len(pair.access_key_id), len(pair.secret.reveal())) == (20, 43)
    assert keys.ring.good(pair.access_key_id, at("2023-03-01 12:00")) is pair
    assert keys.ring.good("x" * 20, at("2023-03-01 12:00")) is None


@pytest.mark.rule("KEY-5")
def test_a_pair_is_bad_from_its_close_on_even_if_nobody_looked() -> None:
    keys = Keys()
    keys.do("2023-03-01 12:00 generate")
    (pair,) = keys.ring.pairs

    assert keys.ring.good(pair.access_key_id, at("2024-03-01 16:00") - 1) is pair
    assert keys.ring.good(pair.access_key_id, at("2024-03-01 16:00")) is None


def test_the_same_random_bytes_make_the_same_pairs_and_others_make_others() -> None:
    one, same, other = Keys(1), Keys(1), Keys(2)
    for keys in (one, same, other):
        keys.do("2023-03-01 12:00 generate")

    assert one.ring == same.ring
    assert one.ring.pairs[0].secret != other.ring.pairs[0].secret


def test_a_random_source_that_repeats_itself_is_told_so() -> None:
    stuck, _ = ring().generate(bytes, at("2023-03-01 12:00"))

    with pytest.raises(ValueError, match="it repeats itself"):
        stuck.generate(bytes, at("2024-02-20 12:00"))


# --- secrets --------------------------------------------------------------------------

TEXT = "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4"


@pytest.mark.rule("KEY-7")
def test_a_secret_shows_its_fingerprint_alone() -> None:
    secret = SecretKey(TEXT)
    pair = KeyPair(
        session_id=SESSION, access_key_id="a" * 20, secret=secret, created_ns=0, expires_ns=1
    )
    shown = [repr(secret), str(secret), f"{secret}", f"{pair}", repr([pair]), repr(attrs.astuple)]
    shown += [repr({"secret": secret}), secret.fingerprint, repr(pair)]

    assert all(TEXT not in text for text in shown)
    assert repr(secret) == f"<secret key {secret.fingerprint}>"
    assert not hasattr(secret, "__dict__")


@pytest.mark.rule("KEY-7")
def test_a_secret_is_neither_pickled_nor_copied_nor_written_as_json() -> None:
    secret = SecretKey(TEXT)

    for write in (pickle.dumps, copy.copy, msgspec.json.encode):
        with pytest.raises(TypeError) as raised:
            write(secret)
        assert TEXT not in str(raised.value)


@pytest.mark.rule("KEY-7")
@pytest.mark.parametrize("text", ["", TEXT[:-1], TEXT + "A", TEXT[:-1] + "5", TEXT[:-1] + "=", "ü"])
def test_what_is_no_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="a secret key") as raised:
        SecretKey(text)

    assert not text or text not in str(raised.value)


# --- closes ---------------------------------------------------------------------------


@given(st.integers(0, 3 * 366 * 24 * 3_600).map(lambda seconds: seconds * 1_000_000_000))
def test_the_first_close_is_at_four_in_chicago_on_a_trading_day(moment_ns: int) -> None:
    close_ns = CLOSES.first_at_or_after(moment_ns)

    local = datetime.fromisoformat(when(close_ns))
    assert close_ns >= moment_ns
    assert (local.hour, local.minute) == (16, 0)
    assert local.weekday() < 5
    assert local.date() not in CLOSES.holidays
    # No trading day's close lies between.
    day = CLOSES.date_of(moment_ns)
    while day < local.date():
        between = datetime.combine(day, CLOSES.at, CHICAGO)
        passed = (between - START) // timedelta(microseconds=1) * 1_000 < moment_ns
        assert passed or day.weekday() >= 5 or day in CLOSES.holidays
        day += timedelta(days=1)


def test_another_exchange_closes_at_its_own_time_in_its_own_zone() -> None:
    kuala_lumpur = MarketCloses(
        start=START, at=datetime(1, 1, 1, 18).time(), zone=ZoneInfo("Asia/Kuala_Lumpur")
    )

    assert kuala_lumpur.date_of(at("2023-03-01 18:00")) == date(2023, 3, 2)
    assert when(kuala_lumpur.first_at_or_after(at("2023-03-01 18:00"))) == "2023-03-02 04:00"


def test_a_year_after_is_the_same_day() -> None:
    assert a_year_after(date(2023, 2, 28)) == date(2024, 2, 28)
    assert a_year_after(date(2024, 2, 29)) == date(2025, 2, 28)


# --- any life -------------------------------------------------------------------------


class AnyLife(RuleBasedStateMachine):
    """Keys against a plain reading of the rules: a list of pairs with their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = ring()
        self.random = random.Random(7)
        self.now = 0
        self.told: list[KeyEvent] = []

    def alive(self) -> list[KeyPair]:
        return [
            pair
            for pair in self.ring.pairs
            if pair.status is not KeyStatus.DELETED and pair.expires_ns > self.now
        ]

    @rule(hours=st.sampled_from([1, 23, 24, 24 * 7, 24 * 27, 24 * 28, 24 * 300]))
    def wait(self, hours: int) -> None:
        self.now += hours * 3_600 * 1_000_000_000

    @rule()
    def wait_until_something_is_due(self) -> None:
        self.now = max(self.now, self.ring.next_due_ns or 0)

    @rule()
    def look(self) -> None:
        self.ring, events = self.ring.advance(self.now)
        self.told += events

    @rule(which=st.sampled_from([None, 0, 1]))
    def generate(self, which: int | None) -> None:
        alive = self.alive()
        named = None if which is None or which >= len(alive) else alive[which].access_key_id
        if len(alive) == 2:
            allowed = named is not None
        elif alive:
            allowed = named is None and alive[0].expires_ns - self.now <= FOUR_WEEKS_NS
        else:
            allowed = named is None
        try:
            self.ring, events = self.ring.generate(self.random.randbytes, self.now, named)
        except KeyRefused:
            assert not allowed
        else:
            assert allowed
            self.told += events
            assert self.ring.good(self.ring.pairs[-1].access_key_id, self.now)
            for pair in self.alive()[:-1]:
                assert pair.expires_ns <= CLOSES.first_at_or_after(self.now + FOUR_WEEKS_NS)

    @precondition(lambda self: self.ring.pairs)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.ring.pairs))
        try:
            self.ring, events = self.ring.delete(pair.access_key_id, self.now)
        except KeyRefused:
            assert pair not in self.alive()
        else:
            self.told += events
            assert self.ring.good(pair.access_key_id, self.now) is None

    @invariant()
    def never_more_than_two(self) -> None:
        assert len(self.alive()) <= 2

    @invariant()
    def good_is_alive(self) -> None:
        good = [p for p in self.ring.pairs if self.ring.good(p.access_key_id, self.now)]
        assert good == self.alive()

    @invariant()
    def nobody_lives_longer_than_a_year_and_all_end_with_a_close(self) -> None:
        for pair in self.ring.pairs:
            assert pair.expires_ns == CLOSES.first_at_or_after(pair.expires_ns)
            assert pair.expires_ns <= self.ring.expiry_of(pair.created_ns)

    @invariant()
    def everything_is_told_once(self) -> None:
        for kind in (KeyExpiryPending, KeyExpired, KeyDeleted, KeyGenerated):
            ids = [event.access_key_id for event in self.told if isinstance(event, kind)]
            assert len(ids) == len(set(ids))

    @invariant()
    def ids_differ(self) -> None:
        ids = [pair.access_key_id for pair in self.ring.pairs]
        assert len(ids) == len(set(ids))


TestAnyLife = AnyLife.TestCase
