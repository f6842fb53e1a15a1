"""LOBSTER files: the order flow of one Nasdaq stock on one day, and its book.

A *message* file has a line for each event inside the book's best levels::

    time, type, order id, size, price, direction [, attribution]

and an *orderbook* file has, on the line of the same number, the book after it::

    ask price, ask size, bid price, bid size, and so on for each level

Times are decimal seconds after midnight, prices are dollars times 10,000.  The
direction belongs to the limit order, also on an execution: 1 is a buy order.

Source: LOBSTER, "Output structure" (lobsterdata.com), and the README that comes
with its sample files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from enum import IntEnum

import attrs

from ..market.fix import Side
from ..market.identifiers import Price, Qty
from ..market.replay import BookDepth, Levels

PRICE_DECIMALS = 4
"""Prices in the files count units of ``10**-4`` dollars."""

ABSENT_OFFER = 9_999_999_999
ABSENT_BID = -9_999_999_999
"""The prices that stand, with size 0, where the book has no level."""

_TIME = re.compile(r"(\d{1,9})(?:\.(\d{1,9})0*)?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


class LobsterError(ValueError):
    """A line is not what it has to be.

    Attributes:
        name: the file.
        line: the line's number, from 1.
        expected: what should have stood there.
        found: what stood there.
    """

    def __init__(self, name: str, line: int, expected: str, found: str) -> None:
        super().__init__(f"{name}, line {line}: expected {expected}, found {found}")
        self.name = name
        self.line = line
        self.expected = expected
        self.found = found


class LobsterType(IntEnum):
    """The second column of a message file."""

    NEW = 1
    """A limit order joins the book."""

    PARTIAL_CANCEL = 2
    """An order becomes smaller by ``size``, and keeps its place."""

    DELETE = 3
    """An order leaves the book whole; ``size`` is what was left of it."""

    EXECUTION = 4
    """An order in the book trades."""

    HIDDEN_EXECUTION = 5
    """An order that nobody could see trades; the book stays as it is."""

    HALT = 7
    """Trading halts (price -1), quoting resumes (0), or trading resumes (1)."""


@attrs.frozen(kw_only=True)
class LobsterMessage:
    """One line of a message file."""

    row: int
    """Its line number, from 1."""

    time_ns: int
    """Nanoseconds after midnight."""

    type: LobsterType
    order_id: int
    """0 where the order is hidden, or there is none."""

    size: Qty
    price: Price
    """In units of ``10**-4`` dollars; on a halt what happens (`LobsterType.HALT`)."""

    side: Side
    """The limit order's side, also on an execution; without meaning on a halt."""


@attrs.frozen
class LobsterBook:
    """An orderbook file: how many levels it shows, and the book after each message."""

    levels: int
    rows: tuple[BookDepth, ...]


def parse_messages(text: str, name: str) -> tuple[LobsterMessage, ...]:
    """Return the messages of a file, first to last.

    Args:
        text: the whole file.
        name: what errors call it.

    Raises:
        LobsterError: at the first line that is malformed or truncated, or earlier
            in time than the one before it; or if there is no line.
    """
    messages: list[LobsterMessage] = []
    last_ns = 0
    for line in _lines(text, name, "a message"):
        message = _message(line)
        if message.time_ns < last_ns:
            raise line.error(f"a time no earlier than that of line {line.number - 1}", line.text)
        last_ns = message.time_ns
        messages.append(message)
    return tuple(messages)


def parse_book(text: str, name: str, rows: int | None = None) -> LobsterBook:
    """Return the book after each message, with the levels that are absent left out.

    Args:
        text: the whole file.
        name: what errors call it.
        rows: how many lines there have to be: as many as messages.  None for any.

    Raises:
        LobsterError: at the first line that is malformed or truncated, has another
            number of levels than the first one, or has levels out of order; or if
            there are not *rows* lines.
    """
    depths: list[BookDepth] = []
    columns = 0
    for line in _lines(text, name, "the levels of a book"):
        if rows is not None and line.number > rows:
            raise line.error(f"the end of the file after {rows} lines, one a message", line.text)
        columns = columns or _columns(line)
        if len(line.fields) != columns:
            raise line.error(
                f"{columns} fields, as on line 1", f"{len(line.fields)} in {line.text!r}"
            )
        depths.append(
            BookDepth(
                bids=_levels(line, Side.BUY, columns), offers=_levels(line, Side.SELL, columns)
            )
        )
    if rows is not None and len(depths) < rows:
        raise LobsterError(
            name, len(depths) + 1, f"{rows} lines, one a message", "the end of the file"
        )
    return LobsterBook(columns // 4, tuple(depths))


@attrs.frozen
class _Line:
    name: str
    number: int
    text: str
    fields: tuple[str, ...]

    def error(self, expected: str, found: str) -> LobsterError:
        return LobsterError(self.name, self.number, expected, found)

    def integer(self, column: int, what: str, low: int | None = None) -> int:
        """Return the field in *column*, from 0, which is *what* and no less than *low*."""
        field = self.fields[column]
        if _INTEGER.fullmatch(field):
            value = int(field)
            if low is None or value >= low:
                return value
        bound = "" if low is None else f" of at least {low}"
        raise self.error(f"{what} (column {column + 1}), an integer{bound}", repr(field))


def _lines(text: str, name: str, what: str) -> Iterator[_Line]:
    lines = text.splitlines()
    if not lines:
        raise LobsterError(name, 1, what, "an empty file")
    for number, line in enumerate(lines, 1):
        yield _Line(name, number, line, tuple(field.strip() for field in line.split(",")))


def _message(line: _Line) -> LobsterMessage:
    if len(line.fields) not in (6, 7):
        raise line.error(
            "6 fields (time, type, order id, size, price, direction), or 7 with an attribution",
            f"{len(line.fields)} in {line.text!r}",
        )
    time_ns = _time_ns(line)
    kind = line.integer(1, "the type")
    if kind not in [*LobsterType]:
        raise line.error(
            f"a type (column 2) among {', '.join(str(int(known)) for known in LobsterType)}",
            repr(line.fields[1]),
        )
    kind = LobsterType(kind)
    names_an_order = kind not in (LobsterType.HIDDEN_EXECUTION, LobsterType.HALT)
    is_halt = kind is LobsterType.HALT
    order_id = line.integer(2, "the order id", 1 if names_an_order else 0)
    size = line.integer(3, "the size", 0 if is_halt else 1)
    price = line.integer(4, "the price", None if is_halt else 1)
    if is_halt and price not in (-1, 0, 1):
        raise line.error("-1, 0 or 1 as the price (column 5) of a halt", repr(line.fields[4]))
    direction = line.integer(5, "the direction")
    if direction not in (1, -1):
        raise line.error("a direction (column 6) of 1 or -1", repr(line.fields[5]))
    return LobsterMessage(
        row=line.number,
        time_ns=time_ns,
        type=kind,
        order_id=order_id,
        size=size,
        price=price,
        side=Side.BUY if direction == 1 else Side.SELL,
    )


def _time_ns(line: _Line) -> int:
    # Not through a float: 34200.004241176 has more digits than one keeps apart.
    matched = _TIME.fullmatch(line.fields[0])
    if matched is None:
        raise line.error(
            "a time (column 1) in decimal seconds, to the nanosecond", repr(line.fields[0])
        )
    seconds, fraction = matched.groups()
    return int(seconds) * 1_000_000_000 + int((fraction or "").ljust(9, "0"))


def _columns(line: _Line) -> int:
    columns = len(line.fields)
    if columns % 4:
        raise line.error(
            "four fields a level (ask price, ask size, bid price, bid size)",
            f"{columns} in {line.text!r}",
        )
    return columns


def _levels(line: _Line, side: Side, columns: int) -> Levels:
    offset, who, absent = (2, "bid", ABSENT_BID) if side is Side.BUY else (0, "ask", ABSENT_OFFER)
    levels: list[tuple[Price, Qty]] = []
    ended = False
    for column in range(offset, columns, 4):
        price = line.integer(column, f"the {who} price")
        size = line.integer(column + 1, f"the {who} size", 0)
        if (price == absent) != (size == 0):
            raise line.error(
                f"size 0 with price {absent}, and only there (columns {column + 1} and"
                f" {column + 2})",
                f"{size} with {price}",
            )
        if size and ended:
            raise line.error(f"no {who} level after an absent one", f"{size} at {price}")
        if size:
            levels.append((price, size))
        else:
            ended = True
    for (better, _), (worse, _) in itertools.pairwise(levels):
        if better == worse or (better < worse) != (side is Side.SELL):
            raise line.error(f"{who} prices from best to worst", f"{worse} after {better}")
    return tuple(levels)
