"""The settings that a plugin is tried with: given, chosen where none are, and bad ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import attrs

from ...runtime.errors import FloorproofError
from ...scenario.errors import ScenarioError
from ...scenario.reading import structure
from ...scenario.schema import key_of

_BY_TYPE: Mapping[str, tuple[object, ...]] = {
    "int": (5, 100, 1),
    "str": ("TEST", "10", "ALPHA"),
    "bool": (True,),
    "tuple": ([], ["TEST"], ["ALPHA"]),
    "Mapping": ({},),
    "Decimal": ("10", "1"),
    "Fraction": ("1/2",),
    "Duration": ("1s",),
    "Moment": ("1s",),
}
_ANY: tuple[object, ...] = (5, "TEST", "10", [], ["ALPHA"], {}, True)
_MOST = 300  # combinations that are tried


def made(cls: type, table: Mapping[str, object], where: str) -> Any:
    """Return an instance with the settings of a scenario's table.

    Raises:
        ScenarioError: if it refuses them.
    """
    return structure(dict(table), cls, where)


def chosen(cls: type, table: Mapping[str, object], where: str) -> dict[str, object]:
    """Return *table* with a value for every setting that has none and needs one.

    Raises:
        ScenarioError: if none was found that it takes; the text has its objection.
    """
    needed = [
        field
        for field in attrs.fields(cls)
        if field.init and field.default is attrs.NOTHING and key_of(field) not in table
    ]
    if not needed:
        made(cls, table, where)
        return dict(table)
    candidates = [_candidates(field) for field in needed]
    refused: ScenarioError | None = None
    for values in itertools.islice(itertools.product(*candidates), _MOST):
        tried = {**table, **{key_of(f): v for f, v in zip(needed, values, strict=True)}}
        try:
            made(cls, tried, where)
        except ScenarioError as error:
            refused = refused or error
        else:
            return tried
    assert refused is not None, "something was tried"
    raise refused


def _candidates(field: attrs.Attribute[Any]) -> tuple[object, ...]:
    found = field.type
    if isinstance(found, type) and issubclass(found, Enum):
        return tuple(each.value for each in found)
    said = found if isinstance(found, str) else getattr(found, "__name__", str(found))
    base = str(said).partition("[")[0].partition(" |")[0].rpartition(".")[2]
    return _BY_TYPE.get(base, _ANY)


_BAD: tuple[object, ...] = (-1, 0, 10**17, "", "?", "-1", [], ["?"], {"?": "?"}, True)


def bad_tables(cls: type, table: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Yield *table* with one odd value in place of another, as someone could mistype it."""
    for field in attrs.fields(cls):
        if field.init:
            for value in _BAD:
                yield {**table, key_of(field): value}


def refusal(cls: type, table: Mapping[str, object]) -> tuple[bool, str]:
    """Return whether a class takes a table, and why its refusal is none that helps anybody.

    It is to refuse by a ValueError or a TypeError with a text.
    """
    raised: list[Exception] = []
    plain: Any = cls

    def init(self: Any, *args: object, **kwargs: object) -> None:
        try:
            plain.__init__(self, *args, **kwargs)
        except Exception as error:  # a finding, whatever it is
            raised.append(error)
            raise

    watched = type(cls.__name__, (cls,), {"__init__": init, "__module__": cls.__module__})
    try:
        made(watched, table, "settings")
    except ScenarioError as refused:
        if not raised:
            return False, ""  # refused before it saw any of it, by their types
        error = raised[0]
        if not isinstance(error, ValueError | TypeError | FloorproofError):
            return False, f"{dict(table)!r} raised {type(error).__name__}: {error}"
        if not str(error).strip() or not refused.what.strip():
            return False, f"{dict(table)!r} is refused without a word"
        return False, ""
    return True, ""
