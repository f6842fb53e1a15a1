"""Comparing a book of ours with a record of the real one that sees only so many levels.

Such a record reports only what happens inside its levels.  What happens to a
level while it is outside shows when the level comes back into sight: there may be
an order that nobody announced, or one missing.  That, and nothing else, may
differ; every other difference is unexplained, and means that the replay is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

import attrs
from attrs import validators

from .fix import Side
from .identifiers import Price, Qty
from .ledger import Rule

RULES = (
    Rule(
        "FLOW-1",
        "A visible execution of the file is an immediate-or-cancel order of the other side at"
        " its price, and hits exactly the order that the file names.",
        'LOBSTER, "Output structure", message file, type 4',
    ),
    Rule(
        "FLOW-2",
        "A partial cancel keeps the order's place; a hidden execution and a halt leave the"
        " book alone.",
        'LOBSTER, "Output structure", message file, types 2, 5 and 7',
    ),
    Rule(
        "FLOW-3",
        "The book may differ from the file's only at a price that lay outside the file's levels"
        " one row before; it is then taken over.",
        'LOBSTER, "Output structure", orderbook file; docs/readings.md, levels out of sight',
    ),
    Rule(
        "FLOW-4",
        "A message that names an order from before the file takes its quantity from the order"
        " that stands in for them at its price.",
        "docs/readings.md, orders from before the file",
    ),
)

Levels: TypeAlias = tuple[tuple[Price, Qty], ...]
"""``(price, quantity)``, best price first."""

_COUNTED = {1: "one level", 5: "five levels", 10: "ten levels"}


@attrs.frozen
class BookDepth:
    """The best levels of both sides of a book."""

    bids: Levels
    offers: Levels

    def of(self, side: Side) -> Levels:
        return self.bids if side is Side.BUY else self.offers

    def cut(self, levels: int) -> BookDepth:
        """Return the best *levels* of it."""
        return BookDepth(self.bids[:levels], self.offers[:levels])


class LevelChange(StrEnum):
    """How a level of the record differs from ours."""

    NEW = "new"
    """The record has it, and we have nothing at that price."""

    GONE = "gone"
    """We have it, and the record has nothing at that price."""

    CHANGED = "changed"
    """Both have it, with different quantities."""


@attrs.frozen(kw_only=True)
class LevelDifference:
    """One price at which the record and our book disagree."""

    side: Side
    price: Price
    expected_qty: Qty
    """What the record has there; 0 for nothing."""

    found_qty: Qty
    """What our book has there; 0 for nothing."""

    came_into_sight: bool
    """Whether the price lay outside the record's levels one row before."""

    @property
    def change(self) -> LevelChange:
        if self.found_qty == 0:
            return LevelChange.NEW
        return LevelChange.CHANGED if self.expected_qty else LevelChange.GONE


def level_differences(
    expected: BookDepth, found: BookDepth, before: BookDepth | None, levels: int
) -> tuple[LevelDifference, ...]:
    """Return where *found* is not what the record expects, bids first, best price first.

    Only prices that the record can see are compared: on a side where it shows all
    its levels, those no worse than the last of them.

    Args:
        expected: the record's row.
        found: our book.  It should be deeper than the record: each level too many
            in it pushes one that the record does see further down.
        before: the record's previous row, or None if there is none; then nothing
            can have come into sight.
        levels: how many levels of each side the record shows at most, from 1.
    """
    differences: list[LevelDifference] = []
    for side in Side:
        theirs, ours = dict(expected.of(side)), dict(found.of(side))
        known = () if before is None else before.of(side)
        seen_before = known if len(known) >= levels else ()
        complete = len(theirs) < levels
        last = None if complete else expected.of(side)[-1][0]
        prices = theirs.keys() | {p for p in ours if last is None or not _worse(side, p, last)}
        for price in sorted(prices, reverse=side is Side.BUY):
            expected_qty, found_qty = theirs.get(price, 0), ours.get(price, 0)
            if expected_qty != found_qty:
                differences.append(
                    LevelDifference(
                        side=side,
                        price=price,
                        expected_qty=expected_qty,
                        found_qty=found_qty,
                        came_into_sight=bool(seen_before)
                        and _worse(side, price, seen_before[-1][0]),
                    )
                )
    return tuple(differences)


@attrs.frozen(kw_only=True)
class LevelInSight:
    """A level that came back into the record's sight otherwise than we had it (a journal fact)."""

    row: int
    side: Side
    price: Price
    change: LevelChange
    expected: Qty
    found: Qty


@attrs.frozen(kw_only=True)
class Unexplained:
    """A difference between the record and the replay that nothing explains (a journal fact)."""

    row: int
    """The record's line number, from 1."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.what}: expected {self.expected}, found {self.found}"


@attrs.frozen(kw_only=True)
class Account:
    """What came of a replay, counted."""

    messages: int
    levels: int | None = attrs.field(validator=validators.optional(validators.ge(1)))
    """How many levels of each side were compared, or None where there was no record to compare."""

    top_equal: int
    levels_equal: int
    rows_into_sight: int
    new: int
    gone: int
    changed: int
    from_before: int
    hidden: int
    halts: int
    unexplained: int
    """How many rows have a difference that nothing explains."""

    def lines(self) -> tuple[str, ...]:
        """Return the account as a person reads it; what did not occur in any file is left out."""
        lines = [f"messages {self.messages}"]
        if self.levels is not None:
            counted = _COUNTED.get(self.levels, f"{self.levels} levels")
            lines += [
                f"top of book equal {self.top_equal}/{self.messages}",
                f"{counted} equal in {_rows(self.levels_equal)}",
                f"a level came into sight in {_rows(self.rows_into_sight)}"
                f" ({self.new} new, {self.gone} gone, {self.changed} changed)",
            ]
        name = "message names an order" if self.from_before == 1 else "messages name orders"
        lines.append(f"{self.from_before} {name} from before the file")
        leave = "execution leaves" if self.hidden == 1 else "executions leave"
        lines.append(f"{self.hidden} hidden {leave} the book alone")
        if self.halts:
            lines.append(f"{self.halts} halt {'message' if self.halts == 1 else 'messages'}")
        if self.levels is not None or self.unexplained:
            lines.append(f"{self.unexplained} unexplained")
        if self.levels is None:
            lines.append("book not compared")
        return tuple(lines)


@attrs.define
class Tally:
    """Counts a replay as it goes, for its `Account`."""

    levels: int | None
    """How many levels of each side are compared, or None where there is nothing to compare."""

    messages: int = 0
    from_before: int = 0
    hidden: int = 0
    halts: int = 0
    _top_equal: int = 0
    _levels_equal: int = 0
    _rows_into_sight: int = 0
    _unexplained: int = 0
    _changes: dict[LevelChange, int] = attrs.field(
        init=False, factory=lambda: dict.fromkeys(LevelChange, 0)
    )

    def compared(self, expected: BookDepth, found: BookDepth) -> None:
        """Count one row, as it is before any level is taken over."""
        assert self.levels is not None
        self._top_equal += found.cut(1) == expected.cut(1)
        self._levels_equal += found.cut(self.levels) == expected

    def came_into_sight(self, differences: Iterable[LevelDifference]) -> None:
        """Count the levels that one row brought into sight."""
        changes = [difference.change for difference in differences]
        self._rows_into_sight += bool(changes)
        for change in changes:
            self._changes[change] += 1

    def unexplained(self) -> None:
        """Count one row that has a difference which nothing explains."""
        self._unexplained += 1

    def account(self) -> Account:
        return Account(
            messages=self.messages,
            levels=self.levels,
            top_equal=self._top_equal,
            levels_equal=self._levels_equal,
            rows_into_sight=self._rows_into_sight,
            new=self._changes[LevelChange.NEW],
            gone=self._changes[LevelChange.GONE],
            changed=self._changes[LevelChange.CHANGED],
            from_before=self.from_before,
            hidden=self.hidden,
            halts=self.halts,
            unexplained=self._unexplained,
        )


def _worse(side: Side, price: Price, than: Price) -> bool:
    return price < than if side is Side.BUY else price > than


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
