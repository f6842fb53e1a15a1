"""The journal: what was delivered and what was reported, in order, with causes.

Its first line says what the run was made of, and its last how it ended; both stand
outside the digest.  Between them is one entry a line, in canonical bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import msgspec

from .errors import FloorproofError

FORMAT = 1


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """What a run is made of."""

    format: int = FORMAT
    version: str
    """floorproof's own."""

    scenario: str
    """The scenario file's text."""

    folder: str = ""
    """What paths in it are relative to, as it was given; empty for the folder of the moment."""

    overrides: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What ``--set`` put in place of values of the file."""

    seed: int | None = None
    choices: Mapping[str, int] | None = None
    """The recorded choices that the run was given, if it was given any."""

    plugins: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Names and versions."""


class Entry(msgspec.Struct, frozen=True, rename={"sender": "from"}, omit_defaults=True, gc=False):
    """One line of a journal: a delivery when it has a sender, else a fact."""

    seq: int
    time: int
    """Nanoseconds since the start of the run."""

    phase: int
    actor: str
    """Who got the message, or who reported the fact."""

    kind: str
    """The message's class, or the fact's kind."""

    payload: Any
    cause: int
    """The ``seq`` of the delivery that this came of; 0 for what came from outside."""

    sender: str | None = None

    @property
    def is_delivery(self) -> bool:
        return self.sender is not None


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """How a run ended."""

    entries: int
    digest: str
    outcome: str
    """``finished``, or the first line of what ended it."""


class UnjournalablePayload(FloorproofError):
    """A message or a fact holds something that has no canonical bytes."""

    def __init__(self, what: str, entry: Entry | None = None) -> None:
        about = "" if entry is None else f"{entry.kind} of {entry.sender or entry.actor}: "
        super().__init__(
            f"{about}{what}; messages and facts are made of attrs classes, structs, numbers, text, "
            "enumerations, tuples and mappings"
        )
        self.what = what
        self.entry = entry


@runtime_checkable
class Guarded(Protocol):
    """A value that must not be read in a journal, and says what stands there for it."""

    def __journal__(self) -> str: ...


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Guarded):
        return value.__journal__()
    raise UnjournalablePayload(f"{value!r} has no canonical form")


_TAIL = 8
_BATCH = 64

_encoder = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")
_entries = msgspec.json.Decoder(Entry)


def plain_text(payload: object) -> str:
    """Return *payload* as the journal writes it."""
    return _encoder.encode(payload).decode()


def as_recorded(entry: Entry) -> Entry:
    """Return *entry* as it is read back from a journal."""
    return _entries.decode(_encoder.encode(entry))


class Journal:
    """Takes a run's entries in order, keeps the digest, and hands each on.

    A float that is not a number, or not finite, is written as ``null``: JSON has no
    other word for it, and looking for one in every payload would cost more than
    writing it.

    Args:
        keep: whether `entries` holds them all in memory.
        write: is given each encoded line without its end; None to write nowhere.

    Attributes:
        watch: is shown each entry once it is written; what it raises ends the run.
    """

    watch: Callable[[Entry], object] | None = None

    def __init__(
        self, *, keep: bool = True, write: Callable[[bytes], object] | None = None
    ) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self._keep = keep
        self._write = write
        self._unhashed: list[bytes] = []
        self._hashed_tail: list[bytes] = []
        self._whole = True
        self.entries: list[Entry] = []
        self.count = 0

    @property
    def digest(self) -> str:
        self._hash()
        return self._digest.hexdigest()

    @property
    def tail(self) -> tuple[str, ...]:
        """The last entries, as text."""
        return tuple(line.decode() for line in (self._hashed_tail + self._unhashed)[-_TAIL:])

    def begin(self, header: Header) -> None:
        if self._write is not None:
            self._write(_encoder.encode(header))

    def add(self, entry: Entry) -> None:
        try:
            line = _encoder.encode(entry)
        except UnjournalablePayload as error:
            raise UnjournalablePayload(error.what, entry) from None
        except (TypeError, ValueError, RecursionError) as error:
            raise UnjournalablePayload(str(error), entry) from error
        self._whole = False
        self._unhashed.append(line)
        if len(self._unhashed) == _BATCH:
            self._hash()
        self.count += 1
        if self._keep:
            self.entries.append(entry)
        if self._write is not None:
            self._write(line)
        self._whole = True
        if self.watch is not None:
            self.watch(entry)

    def _hash(self) -> None:
        """Take what is new into the digest: many lines at once, as each call has its price."""
        lines = self._unhashed
        if lines:
            self._digest.update(b"\n".join(lines))
            self._digest.update(b"\n")
            self._hashed_tail = (self._hashed_tail + lines)[-_TAIL:]
            self._unhashed = []

    def end(self, outcome: str) -> None:
        """Say how the run ended; it may have been interrupted at any moment.

        If that was in the middle of an entry, the journal stays without an end: it is
        good up to there, and says no more than that.
        """
        if self._write is not None and self._whole:
            self._write(
                _encoder.encode(End(entries=self.count, digest=self.digest, outcome=outcome))
            )


class DamagedJournal(FloorproofError):
    """A file is no journal, or a line in the middle of it is not an entry."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line


class Recording:
    """A journal read back.

    Attributes:
        header: what the run was made of.
        entries: all whole entries.
        end: how it ended, or None when the file stops before that.
        cut: what is wrong with the file's end, or None: a run that was killed leaves
            a journal that is good up to there.
    """

    def __init__(self, data: bytes) -> None:
        lines = data.split(b"\n")
        whole, rest = lines[:-1], lines[-1]
        self.cut: str | None = None
        self.end: End | None = None
        if not whole:
            raise DamagedJournal(1, "expected a journal's header, found no whole line")
        try:
            self.header = msgspec.json.decode(whole[0], type=Header)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedJournal(1, f"expected a journal's header: {error}") from None
        if self.header.format != FORMAT:
            raise DamagedJournal(1, f"expected journal format {FORMAT}, found {self.header.format}")
        self.entries: list[Entry] = []
        for number, line in enumerate(whole[1:], start=2):
            if self.end is not None:
                raise DamagedJournal(number, "an entry after the end of the journal")
            try:
                self.entries.append(_entries.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                try:
                    self.end = msgspec.json.decode(line, type=End)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    raise DamagedJournal(number, f"expected an entry: {error}") from None
        if self.end is None:
            where = f"line {len(whole) + 1}"
            self.cut = (
                f"the journal is cut off in the middle of {where}"
                if rest
                else f"the journal stops before its end, after line {len(whole)}"
            )
        elif rest:
            raise DamagedJournal(len(whole) + 1, "text after the end of the journal")
        else:
            self._check(self.end, whole[1:-1])

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    @staticmethod
    def _check(end: End, lines: Sequence[bytes]) -> None:
        digest = hashlib.blake2b(digest_size=16)
        for line in lines:
            digest.update(line)
            digest.update(b"\n")
        if (end.entries, end.digest) != (len(lines), digest.hexdigest()):
            raise DamagedJournal(
                len(lines) + 2,
                f"expected {end.entries} entries with digest {end.digest}, "
                f"found {len(lines)} with {digest.hexdigest()}",
            )
