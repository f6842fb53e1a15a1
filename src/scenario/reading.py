"""From text to tables: strict, and with the path of whatever is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from .errors import ScenarioError
from .schema import Duration, ScenarioFile, StepTable

_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h)")

T = TypeVar("T")


def parse_duration(text: object) -> Duration:
    """Return the nanoseconds that *text* says.

    Raises:
        ValueError: if it is no duration, or not a whole number of nanoseconds.
    """
    if isinstance(text, str) and text.startswith("-"):
        raise ValueError(f"{text!r} is before the start")
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'expected a duration such as "0s", "1.5ms" or "2m", found {_said(text)}')
    ns = Fraction(found[1]) * _UNITS_NS[found[2]]
    if ns.denominator != 1:
        raise ValueError(f"{text!r} is not a whole number of nanoseconds")
    return Duration(int(ns))


def read_scenario(text: str, settings: Mapping[str, str] | None = None) -> ScenarioFile:
    """Return the tables of a scenario file.

    Args:
        settings: values to put in place of the file's, by dotted path
            (``replay.0.messages``); each is read as TOML where it can be, else as text.

    Raises:
        ScenarioError: if the text is no TOML, or does not fit the schema.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError("scenario", f"not a TOML file: {error}") from None
    for path, value in (settings or {}).items():
        _override(tables, path, value)
    return structure(tables, ScenarioFile, "")


def structure(tables: object, cls: type[T], where: str) -> T:
    """Return *tables* as a *cls*.

    Args:
        where: the path of the tables, for the error.

    Raises:
        ScenarioError: with the path of the first thing that does not fit, and of the
            others.
    """
    try:
        return _converter.structure(tables, cls)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as error:
        problems = list(_problems(error, where))
        (path, what), others = problems[0], problems[1:5]
        raise ScenarioError(
            path or "scenario", what, [f"{p or 'scenario'}: {w}" for p, w in others]
        ) from None


# --- what each type takes ------------------------------------------------------------


def _said(value: object) -> str:
    kind = {bool: "a boolean", int: "a number", float: "a number with a point", str: "text"}
    kind |= {dict: "a table", list: "a list"}
    return f"{value!r}, {kind.get(type(value), type(value).__name__)}"


def _exactly(cls: type, called: str) -> Callable[[object, object], object]:
    def take(value: object, to: object) -> object:
        if isinstance(to, type) and issubclass(to, Enum):  # an enumeration of texts is a text
            return _enumeration(value, to)
        if type(value) is not cls:
            raise ValueError(f"expected {called}, found {_said(value)}")
        return value

    return take


def _decimal(value: object, _: object) -> Decimal:
    # A TOML float has been rounded to binary before anybody could see it.
    if type(value) is int:
        return Decimal(value)
    if not isinstance(value, str):
        raise ValueError(f'expected a decimal in quotes, such as "0.25", found {_said(value)}')
    try:
        decimal = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"expected a decimal number, found {value!r}") from None
    if not decimal.is_finite():
        raise ValueError(f"expected a finite decimal number, found {value!r}")
    return decimal


def _datetime(value: object, _: object) -> datetime:
    if not isinstance(value, datetime):
        raise ValueError(f"expected a time such as 2023-07-17T13:30:00Z, found {_said(value)}")
    if value.tzinfo is None:
        raise ValueError(f"expected a time with its offset, such as Z, found {value.isoformat()}")
    return value


def _path(value: object, _: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected the path of a file, found {_said(value)}")
    return Path(value)


def _enumeration(value: object, cls: type[Enum]) -> Enum:
    try:
        return cls(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in cls)
        close = near(str(value), [str(member.value) for member in cls])
        raise ValueError(f"expected one of {known}; found {value!r}{close}") from None


def _text_or_texts(value: object, _: object) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ValueError(f"expected text or a list of texts, found {_said(value)}")


def _step(value: object, _: object) -> StepTable:
    if not isinstance(value, dict):
        raise ValueError(f"expected a table, found {_said(value)}")
    own = {"at", "who", "do"}
    rest = {key: each for key, each in value.items() if key not in own}
    return cast(
        StepTable,
        _step_fields({**{k: value[k] for k in own & set(value)}, "action": rest}, StepTable),
    )


def _is_tuple(cls: Any) -> bool:
    origin: object = get_origin(cls)
    return origin is tuple


def _tuple(cls: Any) -> Callable[[Any, Any], Any]:
    """Return what takes a list, of any length or of that many."""
    args = get_args(cls)
    fixed = None if args[-1] is Ellipsis else len(args)

    def take(value: object, _: object) -> object:
        if not isinstance(value, list) or fixed not in (None, len(value)):
            what = "a list" if fixed is None else f"a list of {fixed}"
            raise ValueError(f"expected {what}, found {_said(value)}")
        taken, problems = [], []
        for index, each in enumerate(value):
            of = args[0] if fixed is None else args[index]
            try:
                taken.append(_converter.structure(each, of))
            except Exception as error:  # gathered, so that all of a list's faults are told
                note = cattrs.IterableValidationNote(f"at index {index}", index, of)
                error.__notes__ = [*getattr(error, "__notes__", ()), note]
                problems.append(error)
        if problems:
            raise cattrs.IterableValidationError(f"in {cls}", problems, cls)
        return tuple(taken)

    return take


def _table(cls: type) -> Callable[[Any, Any], Any]:
    fields = attrs.fields(cls)
    take: Callable[[Any, Any], Any] = make_dict_structure_fn(
        cls,
        _converter,
        _cattrs_forbid_extra_keys=True,
        _cattrs_detailed_validation=True,
        **{  # type: ignore[arg-type]  # overrides by field
            field.name: override(rename=field.metadata["key"])
            for field in fields
            if "key" in field.metadata
        },
    )

    def strict(value: object, to: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"expected a table, found {_said(value)}")
        return take(value, to)

    return strict


_converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
for _plain, _called in (
    (str, "text in quotes"),
    (int, "a whole number"),
    (bool, "true or false"),
):
    _converter.register_structure_hook(_plain, _exactly(_plain, _called))
_converter.register_structure_hook(Decimal, _decimal)
_converter.register_structure_hook(datetime, _datetime)
_converter.register_structure_hook(Path, _path)
_converter.register_structure_hook(Any, lambda value, _: value)
_converter.register_structure_hook_func(
    lambda cls: cls is Duration, lambda value, _: parse_duration(value)
)
_converter.register_structure_hook_factory(_is_tuple, _tuple)
_converter.register_structure_hook_func(lambda cls: cls == str | tuple[str, ...], _text_or_texts)
_converter.register_structure_hook_factory(attrs.has, _table)
_step_fields = _table(StepTable)
_converter.register_structure_hook(StepTable, _step)


# --- overriding ----------------------------------------------------------------------


def _override(tables: Any, path: str, value: str) -> None:
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    where = tables
    keys = path.split(".")
    try:
        for key in keys[:-1]:
            where = where[int(key)] if isinstance(where, list) else where[key]
        if isinstance(where, list):
            where[int(keys[-1])] = parsed
        elif isinstance(where, dict):
            where[keys[-1]] = parsed
        else:
            raise KeyError(keys[-1])
    except (KeyError, IndexError, ValueError, TypeError):
        raise ScenarioError(
            f"--set {path}",
            "expected the path of a key in the scenario, such as replay.0.messages",
        ) from None


# --- saying what is wrong ------------------------------------------------------------


def near(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=2)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def keys_of(cls: type) -> list[str]:
    """Return the keys that a table of this class may have."""
    return [field.metadata.get("key", field.name) for field in attrs.fields(cls) if field.init]


def _problems(error: BaseException, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(error, cattrs.ClassValidationError):
        for inner, note in error.group_exceptions()[0]:
            key = _key_of(error.cl, note.name)
            if isinstance(inner, KeyError):
                yield path, f"the key {key!r} is missing"
            else:
                yield from _problems(inner, f"{path}.{key}" if path else key)
        for other in error.group_exceptions()[1]:
            yield from _problems(other, path)
    elif isinstance(error, cattrs.IterableValidationError):
        for inner, at in error.group_exceptions()[0]:
            where = f"{path}[{at.index}]" if isinstance(at.index, int) else f"{path}.{at.index}"
            yield from _problems(inner, where)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = keys_of(error.cl)
        for key in sorted(error.extra_fields):
            hint = near(key, known) or f"; there are: {', '.join(known)}"
            yield path, f"unknown key {key!r}{hint}"
    elif isinstance(error, KeyError):
        yield path, f"the key {error} is missing"
    else:
        yield path, str(error.args[0]) if error.args else type(error).__name__


def _key_of(cls: type, name: str) -> str:
    for field in attrs.fields(cls):
        if field.name == name:
            return str(field.metadata.get("key", name))
    return name
