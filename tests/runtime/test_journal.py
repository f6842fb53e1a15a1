"""The journal: canonical lines, a digest over them, and reading it back, whole or not."""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest

from floorproof.runtime.journal import (
    DamagedJournal,
    Entry,
    Header,
    Journal,
    Recording,
    UnjournalablePayload,
    plain_text,
)


class Side(enum.Enum):
    BUY = "1"


@attrs.frozen
class Order:
    side: Side
    price: int | None
    money: Decimal
    ratio: Fraction


ENTRIES = [
    Entry(1, 0, 0, "CME", "Order", Order(Side.BUY, 5, Decimal("1.50"), Fraction(1, 3)), 0, "PM1"),
    Entry(2, 0, 0, "CME", "refused", {"why": "off tick", "at": [1, 2]}, 1),
    Entry(3, 7, 2, "PM1", "str", "gute Güte\n", 1, "CME"),
]


def recorded(entries: list[Entry] = ENTRIES, *, end: bool = True) -> bytes:
    lines: list[bytes] = []
    journal = Journal(write=lines.append)
    journal.begin(Header(version="0.1", scenario='name = "x"\n', seed=7, plugins={"fifo": "1"}))
    for entry in entries:
        journal.add(entry)
    if end:
        journal.end("finished")
    return b"".join(line + b"\n" for line in lines)


def digest(*entries: Entry, keep: bool = True) -> str:
    journal = Journal(keep=keep)
    for entry in entries:
        journal.add(entry)
    return journal.digest


def test_a_journal_comes_back_as_it_was_written() -> None:
    recording = Recording(recorded())

    assert recording.header.scenario == 'name = "x"\n'
    assert (recording.header.seed, recording.header.plugins) == (7, {"fifo": "1"})
    assert [(e.seq, e.time, e.phase, e.actor, e.kind, e.cause, e.sender) for e in recording] == [
        (e.seq, e.time, e.phase, e.actor, e.kind, e.cause, e.sender) for e in ENTRIES
    ]
    assert [entry.is_delivery for entry in recording] == [True, False, True]
    assert recording.entries[0].payload == {
        "side": "1",
        "price": 5,
        "money": "1.50",
        "ratio": "1/3",
    }
    assert recording.end is not None
    assert (recording.end.entries, recording.end.digest) == (3, digest(*ENTRIES))
    assert recording.cut is None


def test_the_digest_is_over_entries_alone() -> None:
    assert digest(*ENTRIES) == digest(*ENTRIES, keep=False)
    assert digest(*ENTRIES) != digest(*ENTRIES[:2])
    assert digest() != digest(ENTRIES[0])


CHANGES: list[dict[str, Any]] = [
    {"seq": 9},
    {"time": 1},
    {"phase": 1},
    {"actor": "NSX"},
    {"kind": "order"},
    {"payload": None},
    {"cause": 2},
    {"sender": "PM2"},
    {"sender": None},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_field_of_an_entry_counts(change: dict[str, Any]) -> None:
    entry = ENTRIES[0]
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__}

    assert digest(Entry(**fields)) == digest(entry)
    assert digest(Entry(**(fields | change))) != digest(entry)


def test_mappings_and_sets_have_one_form_whatever_their_order() -> None:
    def form(payload: object) -> str:
        return digest(Entry(1, 0, 0, "a", "k", payload, 0))

    assert form({"a": 1, "b": 2}) == form({"b": 2, "a": 1})
    assert form({"x", "y", "z"}) == form(["x", "y", "z"])


NO_FORM: dict[str, object] = {
    "an object": object(),
    "a complex number": 1j,
    "a key of two": {(1, 2): 3},
    "an object deep inside": {"deep": [object()]},
    "half a character": "\ud800",
}


@pytest.mark.parametrize("payload", NO_FORM.values(), ids=NO_FORM.keys())
def test_what_has_no_canonical_form_is_refused_by_name(payload: object) -> None:
    journal = Journal()

    with pytest.raises(UnjournalablePayload, match="Order of PM1: ") as refused:
        journal.add(Entry(1, 0, 0, "CME", "Order", payload, 0, "PM1"))

    assert refused.value.entry is not None
    assert (journal.count, journal.digest) == (0, Journal().digest)


class Guarded:
    """What stands in a journal as something else."""

    def __journal__(self) -> str:
        return "<guarded>"


def test_what_must_not_be_read_stands_in_a_journal_as_what_it_says() -> None:
    assert plain_text({"in": (Guarded(), [Guarded()])}) == '{"in":["<guarded>",["<guarded>"]]}'


def test_the_tail_is_the_last_entries_as_text() -> None:
    journal = Journal(keep=False)
    for seq in range(1, 21):
        journal.add(Entry(seq, 0, 0, "a", "k", None, 0))

    assert [f'"seq":{seq},' in line for seq, line in enumerate(journal.tail, 13)] == [True] * 8
    assert (
        journal.tail[-1]
        == '{"seq":20,"time":0,"phase":0,"actor":"a","kind":"k","payload":null,"cause":0}'
    )
    assert journal.entries == []


def test_asking_for_the_digest_changes_nothing() -> None:
    asked, not_asked = Journal(), Journal()
    for seq in range(1, 200):
        for journal in (asked, not_asked):
            journal.add(Entry(seq, 0, 0, "a", "k", None, 0))
        if seq % 7 == 0:
            assert len(asked.digest) == 32
        assert asked.tail == not_asked.tail

    assert asked.digest == not_asked.digest


# --- reading what is not whole -------------------------------------------------------


def test_a_journal_that_was_cut_off_anywhere_is_good_up_to_there() -> None:
    whole = recorded()
    first = whole.index(b"\n") + 1

    for cut in range(first, len(whole)):
        lines = whole.count(b"\n", 0, cut)
        recording = Recording(whole[:cut])
        in_a_line = whole[cut - 1] != ord("\n")
        assert [entry.seq for entry in recording] == [1, 2, 3][: lines - 1], cut
        assert recording.end is None, cut
        assert recording.cut == (
            f"the journal is cut off in the middle of line {lines + 1}"
            if in_a_line
            else f"the journal stops before its end, after line {lines}"
        )
    for cut in range(first):
        with pytest.raises(DamagedJournal, match=r"^line 1: expected a journal's header"):
            Recording(whole[:cut])


DAMAGE: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "no journal": (lambda _: [b"hello", b""], 1, "expected a journal's header"),
    "another format": (
        lambda lines: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]],
        1,
        "expected journal format 1, found 2",
    ),
    "a line torn in two": (
        lambda lines: [*lines[:2], lines[2][:20], lines[2][20:], *lines[3:]],
        3,
        "expected an entry",
    ),
    "bytes that are no text": (
        lambda lines: [*lines[:2], b"\xff\xfe", *lines[2:]],
        3,
        "expected an entry",
    ),
    "an empty line": (lambda lines: [*lines[:3], b"", *lines[3:]], 4, "expected an entry"),
    "a line after the end": (
        lambda lines: [*lines[:-1], lines[1], b""],
        6,
        "an entry after the end",
    ),
    "text after the end": (lambda lines: [*lines[:-1], b"{"], 6, "text after the end"),
    "a line left out": (lambda lines: [*lines[:2], *lines[3:]], 4, "expected 3 entries"),
    "a changed figure": (
        lambda lines: [*lines[:3], lines[3].replace(b'"time":7', b'"time":8'), *lines[4:]],
        5,
        "expected 3 entries with digest",
    ),
}


@pytest.mark.parametrize(("damage", "line", "text"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_journal_is_refused_with_the_line(
    damage: Callable[[list[bytes]], list[bytes]], line: int, text: str
) -> None:
    data = b"\n".join(damage(recorded().split(b"\n")))

    with pytest.raises(DamagedJournal, match=f"^line {line}: {text}") as damaged:
        Recording(data)

    assert damaged.value.line == line
