"""The forms that an expectation can have, and whether one is well formed.

An expectation that can never fail is worse than none, so a key that its form does not
look at is refused, and so is a name or a field that nothing has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ..market.window import OrderRow, StagedRow
from ..market.wording import LABELS
from ..runtime.kernel import ENVIRONMENT
from .errors import ScenarioError, listed, unknown
from .schema import ExpectTable, key_of

FORMS = {
    "kind": ("where", "from", "to", "times"),
    "sequence": (),
    "nothing_to": (),
    "order": ("user", "state"),
    "fact": ("by", "where", "times"),
}
"""By the key that makes the form, what else it looks at."""

_COLUMNS = sorted(
    {field.name for row in (attrs.fields(StagedRow), attrs.fields(OrderRow)) for field in row}
)


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
    tables: Sequence[ExpectTable], names: Iterable[str], users: Iterable[str]
) -> None:
    """Check that each of *tables* has one form, and names what there is.

    Raises:
        ScenarioError: for the first that does not.
    """
    checker = _Checker(list(names), list(users))
    for index, table in enumerate(tables):
        checker.check(table, f"expect[{index}]")


@attrs.frozen
class _Checker:
    names: list[str]
    users: list[str]

    def check(self, table: ExpectTable, where: str) -> None:
        form = _form(table, where)
        if table.kind is not None:
            _check_message(table.kind, table.where, where)
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
        for key in table.state:
            if key not in _COLUMNS:
                raise ScenarioError(f"{where}.state.{key}", unknown("column", key, _COLUMNS))
        for key in ("where", "state"):
            _check_values(getattr(table, key), f"{where}.{key}")

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


def _check_message(kind: str, fields: Iterable[str], where: str) -> None:
    cls = LABELS.get(kind)
    if cls is None:
        raise ScenarioError(f"{where}.kind", unknown("message", kind, LABELS))
    known = [field.name for field in attrs.fields(cls)]
    for field in fields:
        if field not in known:
            raise ScenarioError(f"{where}.where.{field}", unknown(f"field of {kind}", field, known))


def _check_values(values: object, where: str) -> None:
    if isinstance(values, float):
        # Prices are compared as people write them, and a float has been rounded already.
        raise ScenarioError(where, f'expected a decimal in quotes, such as "0.25", found {values}')
    if isinstance(values, dict):
        for key, value in values.items():
            _check_values(value, f"{where}.{key}")
