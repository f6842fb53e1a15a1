"""Whether what a scenario expects came true, and if not, what happened instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import attrs

from ..market.fix import Side
from ..market.identifiers import ClOrdID, CompID, Price, StagedOrderID, Symbol
from ..market.window import OrderRow, StagedRow, SyntheticRow, Window
from ..market.wording import Wording, label
from ..runtime.journal import Entry
from .forms import PRICE_FIELDS, Line
from .schema import ExpectTable


@attrs.frozen
class Verdict:
    """What became of one expectation."""

    where: str
    """Its place in the file."""

    says: str
    """The expectation as a sentence."""

    failure: str | None = None
    """What was found instead, or None where it came true."""

    entries: tuple[Entry, ...] = ()
    """On failure, the journal entries that led there."""

    @property
    def held(self) -> bool:
        return self.failure is None


def windows(entries: Sequence[Entry], users: Sequence[str]) -> dict[str, Window]:
    """Return each user's window after *entries*."""
    shown = {user: Window() for user in users}
    for entry in entries:
        if entry.sender is not None and entry.actor in shown:
            shown[entry.actor].show(entry.payload, CompID(entry.sender), entry.time)
    return shown


class Judge:
    """Holds a run's entries against expectations."""

    def __init__(self, entries: Sequence[Entry], users: Sequence[str], wording: Wording) -> None:
        self._messages = [entry for entry in entries if entry.sender is not None]
        self._facts = [entry for entry in entries if entry.sender is None]
        self._windows = windows(entries, users)
        self._wording = wording

    def judge(self, expected: Sequence[ExpectTable]) -> tuple[Verdict, ...]:
        return tuple(self._judge(table, f"expect[{index}]") for index, table in enumerate(expected))

    def _judge(self, table: ExpectTable, where: str) -> Verdict:
        if table.kind is not None:
            return self._delivered(table, where)
        if table.sequence:
            return self._in_order(table, where)
        if table.nothing_to is not None:
            return self._silent(table.nothing_to, where)
        if table.order is not None:
            return self._stands(table, table.order, where)
        return self._on_record(table, where)

    # --- messages --------------------------------------------------------------------

    def _delivered(self, table: ExpectTable, where: str) -> Verdict:
        found = [
            entry
            for entry in self._messages
            if label(entry.payload) == table.kind
            and table.sender in (None, entry.sender)
            and self._has(entry.payload, table.where)
        ]
        what = f"{table.kind}{_fields(table.where)}"
        what += f" from {table.sender}" if table.sender else ""
        if table.to is None:
            says = f"{what} is delivered {_times(table.times)}"
            if len(found) == table.times:
                return Verdict(where, says)
            return Verdict(
                where, says, f"it was delivered {_times(len(found))}", self._led_to(found, table)
            )
        got = {name: sum(entry.actor == name for entry in found) for name in self._names(found)}
        wanted = {name: table.times for name in table.to if table.times}
        if wanted:
            says = (
                f"{what} goes to {', '.join(wanted)} and to nobody else, {_times(table.times)} each"
            )
        else:
            says = f"{what} goes to nobody"
        if got == wanted:
            return Verdict(where, says)
        parts = []
        for name in [*wanted, *(name for name in got if name not in wanted)]:
            if got.get(name, 0) != wanted.get(name, 0):
                parts.append(f"{name} got it {_times(got.get(name, 0))}")
        return Verdict(where, says, ", ".join(parts), self._led_to(found, table))

    def _led_to(self, found: list[Entry], table: ExpectTable) -> tuple[Entry, ...]:
        """Return what to look at: the messages found, else those of that kind at all."""
        return tuple(
            found or [each for each in self._messages if label(each.payload) == table.kind]
        )[-8:]

    @staticmethod
    def _names(found: list[Entry]) -> list[str]:
        return list(dict.fromkeys(entry.actor for entry in found))

    def _in_order(self, table: ExpectTable, where: str) -> Verdict:
        says = f"{len(table.sequence)} messages come in this order: {'; '.join(table.sequence)}"
        position, last = 0, None
        for line in table.sequence:
            wanted = Line.parse(line)
            for index in range(position, len(self._messages)):
                entry = self._messages[index]
                if wanted == Line(label(entry.payload), str(entry.sender), entry.actor):
                    position, last = index + 1, entry
                    break
            else:
                after = f" after entry {last.seq}" if last is not None else ""
                seen = self._messages[max(0, position - 1) : position + 7]
                return Verdict(where, says, f"{line!r} does not come{after}", tuple(seen))
        return Verdict(where, says)

    def _silent(self, name: str, where: str) -> Verdict:
        found = [entry for entry in self._messages if entry.actor == name]
        says = f"{name} gets no message"
        if not found:
            return Verdict(where, says)
        return Verdict(where, says, f"{name} got {len(found)}", tuple(found[:8]))

    # --- where things stand ----------------------------------------------------------

    def _stands(self, table: ExpectTable, order: str, where: str) -> Verdict:
        whose = f" in {table.user}'s window" if table.user else ""
        says = f"{order} ends{whose} with {_pairs(table.state)}"
        rows = list(self._rows(order, table.user))
        if not rows:
            return Verdict(where, says, f"no window shows {order}")
        for user, row in rows:
            wrong = [
                f"{key} is {self._plain(row, key)!r}"
                for key, value in table.state.items()
                if not self._same(row, key, value)
            ]
            if wrong:
                entries = [
                    entry
                    for entry in self._messages
                    if entry.actor == user and _names_order(entry.payload, order)
                ]
                found = f"in {user}'s window {', '.join(wrong)}"
                return Verdict(where, says, found, tuple(entries[-8:]))
        return Verdict(where, says)

    def _rows(
        self, order: str, user: str | None
    ) -> Iterator[tuple[str, StagedRow | SyntheticRow | OrderRow]]:
        for name, window in self._windows.items():
            if user not in (None, name):
                continue
            if StagedOrderID(order) in window.staged:
                yield name, window.staged[StagedOrderID(order)]
            if ClOrdID(order) in window.synthetic:
                yield name, window.synthetic[ClOrdID(order)]
            for row in window.orders.values():
                if row.cl_ord_id == ClOrdID(order):
                    yield name, row

    # --- facts -----------------------------------------------------------------------

    def _on_record(self, table: ExpectTable, where: str) -> Verdict:
        found = [
            entry
            for entry in self._facts
            if entry.kind == table.fact
            and table.by in (None, entry.actor)
            and self._has(entry.payload, table.where)
        ]
        by = f" by {table.by}" if table.by else ""
        says = f"{table.fact!r}{_fields(table.where)} is on record {_times(table.times)}{by}"
        if len(found) == table.times:
            return Verdict(where, says)
        near = found or [entry for entry in self._facts if entry.kind == table.fact]
        return Verdict(where, says, f"it is on record {_times(len(found))}", tuple(near[:8]))

    # --- comparing -------------------------------------------------------------------

    def _has(self, payload: object, fields: Mapping[str, Any]) -> bool:
        return all(self._same(payload, key, value) for key, value in fields.items())

    def _same(self, holder: object, key: str, wanted: Any) -> bool:
        return self._plain(holder, key) == wanted or (
            isinstance(value := _get(holder, key), Enum) and value.value == wanted
        )

    def _plain(self, holder: object, key: str) -> object:
        """Return a field as a scenario writes it."""
        value = _get(holder, key)
        symbol = _get(holder, "symbol")
        if key in PRICE_FIELDS and isinstance(value, int) and isinstance(symbol, str):
            return self._wording.price(Symbol(symbol), Price(value))
        if isinstance(value, Side):
            return value.name.lower()
        if isinstance(value, Enum):
            return value.name.lower() if len(str(value.value)) == 1 else value.value
        return "none" if value is None else value


def _get(holder: object, key: str) -> object:
    return holder.get(key) if isinstance(holder, Mapping) else getattr(holder, key, None)


def _names_order(message: object, order: str) -> bool:
    return order in (
        getattr(message, "staged_order_id", None),
        getattr(message, "cl_ord_id", None),
        getattr(message, "parent_id", None),
    )


def _times(count: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _pairs(state: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in state.items())


def _fields(fields: Mapping[str, object]) -> str:
    return f" ({_pairs(fields)})" if fields else ""
