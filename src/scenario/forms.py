"""The forms that an expectation can have, and whether one is well formed.

An expectation that can never fail is worse than none, so a key that its form does not
look at is refused, and so is a name or a field that nothing has, a value that a field
can never have, and a fact that nobody reports.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, get_args, get_origin

import attrs
import msgspec

from ..market.window import OrderRow, StagedRow, SyntheticRow
from ..market.wording import LABELS
from ..runtime.kernel import ENVIRONMENT
from .errors import ScenarioError, listed, near, unknown
from .facts import Facts
from .schema import ExpectTable, key_of

FORMS = {
    "kind": ("where", "from", "to", "times"),
    "sequence": (),
    "nothing_to": (),
    "order": ("user", "state"),
    "fact": ("by", "where", "times"),
}
"""By the key that makes the form, what else it looks at."""

PRICE_FIELDS = ("price", "last_px", "stop_px")
"""Fields that a scenario writes as the instrument's prices are written."""

_ROWS = (StagedRow, SyntheticRow, OrderRow)
_COLUMNS = sorted({field.name for row in _ROWS for field in attrs.fields(row)})


@attrs.frozen
class Line:
    """One line of a sequence: ``StagedAck SSE-A > PM1``."""

    kind: str
    sender: str
    recipient: str

    @classmethod
    def parse(cls, text: str) -> Line:
        """Return the line that *text* says; names may have spaces in them.

        Raises:
            ValueError: if it is none.
        """
        kind, _, names = text.strip().partition(" ")
        sender, arrow, recipient = names.partition(" > ")
        if not (kind and sender.strip() and arrow and recipient.strip()):
            raise ValueError(f'expected "StagedAck SSE-A > PM1", found {text!r}')
        return cls(kind, sender.strip(), recipient.strip())


def check_expectations(
    tables: Sequence[ExpectTable], names: Iterable[str], users: Iterable[str], facts: Facts
) -> None:
    """Check that each of *tables* has one form, and names what there is.

    Raises:
        ScenarioError: for the first that does not.
    """
    checker = _Checker(list(names), list(users), facts)
    for index, table in enumerate(tables):
        checker.check(table, f"expect[{index}]")


@attrs.frozen
class _Checker:
    names: list[str]
    users: list[str]
    facts: Facts

    def check(self, table: ExpectTable, where: str) -> None:
        form = _form(table, where)
        for key in ("where", "state"):
            _check_values(getattr(table, key), f"{where}.{key}")
        if table.kind is not None:
            _check_message(table.kind, table.where, where)
        if table.fact is not None:
            self._check_fact(table.fact, table, where)
        for number, text in enumerate(table.sequence):
            self._check_line(text, f"{where}.sequence[{number}]")
        if table.sender is not None:
            self._check_name(table.sender, f"{where}.from", outside=True)
        for number, name in enumerate(table.to or ()):
            self._check_name(name, f"{where}.to[{number}]")
        for key in ("nothing_to", "by"):
            if getattr(table, key) is not None:
                self._check_name(getattr(table, key), f"{where}.{key}")
        if table.user is not None and table.user not in self.users:
            raise ScenarioError(f"{where}.user", unknown("user", table.user, self.users))
        if form == "order" and not table.state:
            raise ScenarioError(f"{where}.state", "expected columns and their values, found none")
        for key, value in table.state.items():
            if key not in _COLUMNS:
                raise ScenarioError(f"{where}.state.{key}", unknown("column", key, _COLUMNS))
            hints = [hint for row in _ROWS if (hint := _hints(row).get(key)) is not None]
            _check_value(value, key, hints, f"{where}.state.{key}")

    def _check_fact(self, kind: str, table: ExpectTable, where: str) -> None:
        known = self.facts.known
        if kind not in known:
            if self.facts.others and table.times:
                return  # a misspelt one fails
            what = unknown("fact", kind, known)
            if self.facts.others:
                what = (
                    f"{kind!r} is a fact that nobody declares, so that it cannot be said to be "
                    f"absent{near(kind, known)} (a participant's class declares `facts`)"
                )
            raise ScenarioError(f"{where}.fact", what)
        holds = known[kind]
        if isinstance(holds, type):
            _check_fields(f"the fact {kind!r}", holds, table.where, where)
        elif holds is not None:
            for key in table.where:
                if key not in holds:
                    what = unknown(f"field of the fact {kind!r}", key, holds)
                    raise ScenarioError(f"{where}.where.{key}", what)

    def _check_line(self, text: str, where: str) -> None:
        try:
            line = Line.parse(text)
        except ValueError as error:
            raise ScenarioError(where, str(error)) from None
        if line.kind not in LABELS:
            raise ScenarioError(where, unknown("message", line.kind, LABELS))
        self._check_name(line.sender, where, outside=True)
        self._check_name(line.recipient, where)

    def _check_name(self, name: str, where: str, *, outside: bool = False) -> None:
        if name not in self.names and not (outside and name == ENVIRONMENT):
            raise ScenarioError(where, unknown("participant", name, self.names))


def _form(table: ExpectTable, where: str) -> str:
    """Return the key that makes the form of *table*."""
    default = ExpectTable()
    given = [
        key_of(field)
        for field in attrs.fields(ExpectTable)
        if getattr(table, field.name) != getattr(default, field.name)
    ]
    chosen = [key for key in given if key in FORMS]
    if len(chosen) != 1:
        raise ScenarioError(where, f"expected one of {listed(FORMS)}; found {listed(chosen)}")
    (form,) = chosen
    for key in given:
        if key != form and key not in FORMS[form]:
            looks_at = f"{form} and {listed(FORMS[form])}" if FORMS[form] else f"{form} alone"
            raise ScenarioError(
                f"{where}.{key}", f"an expectation by {form!r} looks at {looks_at}, not at {key!r}"
            )
    return form


def _check_message(kind: str, fields: Mapping[str, Any], where: str) -> None:
    cls = LABELS.get(kind)
    if cls is None:
        raise ScenarioError(f"{where}.kind", unknown("message", kind, LABELS))
    _check_fields(kind, cls, fields, where)


def _check_fields(what: str, cls: type, fields: Mapping[str, Any], where: str) -> None:
    hints = _hints(cls)
    for field, value in fields.items():
        if field not in hints:
            raise ScenarioError(f"{where}.where.{field}", unknown(f"field of {what}", field, hints))
        _check_value(value, field, [hints[field]], f"{where}.where.{field}")


def _hints(cls: type) -> dict[str, Any]:
    """Return the fields of a class, which attrs or msgspec has made, with their types."""
    hints = typing.get_type_hints(cls)
    fields = attrs.fields(cls) if attrs.has(cls) else msgspec.structs.fields(cls)
    return {field.name: hints[field.name] for field in fields}


# --- whether a field can have a value -------------------------------------------------


def _check_value(value: object, field: str, hints: Iterable[Any], where: str) -> None:
    kinds = [kind for hint in hints for kind in _kinds(hint)]
    if not any(_can_be(value, field, kind) for kind in kinds):
        known = list(dict.fromkeys(each for kind in kinds for each in _words(field, kind)))
        raise ScenarioError(where, f"expected {' or '.join(known)}, found {value!r}")


def _kinds(hint: Any) -> list[Any]:
    if hasattr(hint, "__supertype__"):
        return _kinds(hint.__supertype__)
    if get_origin(hint) in (typing.Union, types.UnionType):
        return [kind for each in get_args(hint) for kind in _kinds(each)]
    return [hint]


def _can_be(value: object, field: str, kind: Any) -> bool:
    """Return whether a field of type *kind* is ever what a scenario writes as *value*."""
    if kind is type(None):
        return value == "none"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value in [*_names(kind), *(member.value for member in kind)]
    if kind is int and field in PRICE_FIELDS and isinstance(value, str):
        return re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII) is not None
    if kind in (int, str, bool):
        return type(value) is kind
    return True  # what it holds, its type does not tell


def _names(kind: type[Enum]) -> list[object]:
    """Return how a scenario writes an enumeration: by name where the value is one character."""
    return [member.name.lower() if len(str(member.value)) == 1 else member.value for member in kind]


def _words(field: str, kind: Any) -> list[str]:
    if kind is type(None):
        return ['"none"']
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [listed(map(str, _names(kind)))]
    if kind is int and field in PRICE_FIELDS:
        return ['a price in quotes, such as "0.25"']
    return [{int: "a whole number", str: "text", bool: "true or false"}.get(kind, "something else")]


def _check_values(values: object, where: str) -> None:
    if isinstance(values, float):
        # Prices are compared as people write them, and a float has been rounded already.
        raise ScenarioError(where, f'expected a decimal in quotes, such as "0.25", found {values}')
    if isinstance(values, dict):
        for key, value in values.items():
            _check_values(value, f"{where}.{key}")
