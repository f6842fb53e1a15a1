"""From text to tables: strict, and with the path of whatever is wrong."""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import cattrs
from attrs import validators

from ..market.identifiers import Duration, Moment
from .errors import ScenarioError, listed, near
from .schema import ScenarioFile, StepTable, key_of

_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*(ns|us|ms|s|m|h)", re.ASCII)
_LONGEST_NS = 366 * 24 * 3_600_000_000_000
_LONG = 60  # characters of a wrong value that are worth showing
_LARGEST = 10**18  # so that whatever is added up stays within 64 bits
_QUOTIENT = re.compile(r"([+-]?\d{1,18})/(\d{1,18})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)

T = TypeVar("T")

_start: ContextVar[datetime | None] = ContextVar("start", default=None)
"""When the run begins, for moments that are written as times of day."""


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
    if ns > _LONGEST_NS:
        raise ValueError(f"{text!r} is longer than a run can be, which is 366 days")
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
    except (ValueError, RecursionError) as error:  # tomllib's own is a ValueError
        raise ScenarioError("scenario", f"not a TOML file: {error}") from None
    for path, value in (settings or {}).items():
        override(tables, path, value)
    return structure(tables, ScenarioFile, "")


def structure(tables: object, cls: type[T], where: str, start: datetime | None = None) -> T:
    """Return *tables* as a *cls*.

    Args:
        where: the path of the tables, for the error.
        start: when the run begins, where times of day may stand for moments.

    Raises:
        ScenarioError: with the path of the first thing that does not fit, and of the
            others.
    """
    token = _start.set(start)
    try:
        return _converter.structure(tables, cls)
    except Exception as error:  # a class may be a plugin's, and object with anything
        problems = list(_problems(error, where))
        (path, what), others = problems[0], problems[1:5]
        raise ScenarioError(
            path or "scenario", what, [f"{p or 'scenario'}: {w}" for p, w in others]
        ) from None
    finally:
        _start.reset(token)


# --- what each type takes ------------------------------------------------------------


def _said(value: object) -> str:
    kind = {bool: "a boolean", int: "a number", float: "a number with a point", str: "text"}
    kind |= {dict: "a table", list: "a list"}
    text = repr(value)
    if len(text) > _LONG:
        text = f"{text[:_LONG]}..."
    return f"{text}, {kind.get(type(value), type(value).__name__)}"


def _exactly(cls: type, called: str) -> Callable[[object, object], object]:
    def take(value: object, to: object) -> object:
        if isinstance(to, type) and issubclass(to, Enum):  # an enumeration of texts is a text
            return _enumeration(value, to)
        if type(value) is not cls:
            raise ValueError(f"expected {called}, found {_said(value)}")
        if isinstance(value, int) and abs(value) >= _LARGEST:
            raise ValueError("expected a whole number of at most 18 digits, found a longer one")
        return value

    return take


def _decimal(value: object, _: object) -> Decimal:
    # A TOML float has been rounded to binary before anybody could see it.
    if type(value) is int:
        return Decimal(value)
    if not isinstance(value, str):
        raise ValueError(f'expected a decimal in quotes, such as "0.25", found {_said(value)}')
    # Neither exponents nor infinities: `1e999999999` would keep a machine busy for ever.
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f"expected a decimal number, found {value!r}")
    return Decimal(value)


def _fraction(value: object, target: object) -> Fraction:
    """Read a decimal, or a quotient of two whole numbers."""
    if isinstance(value, str) and (found := _QUOTIENT.fullmatch(value)):
        if not int(found[2]):
            raise ValueError(f"expected a quotient by something else than 0, found {value!r}")
        return Fraction(int(found[1]), int(found[2]))
    return Fraction(_decimal(value, target))


def _datetime(value: object, _: object) -> datetime:
    if not isinstance(value, datetime):
        raise ValueError(f"expected a time such as 2023-07-17T13:30:00Z, found {_said(value)}")
    if value.tzinfo is None:
        raise ValueError(f"expected a time with its offset, such as Z, found {value.isoformat()}")
    if not 1900 <= value.year < 3000:
        raise ValueError(f"expected a year from 1900 to 2999, found {value.isoformat()}")
    return value


def _moment(value: object, _: object) -> Moment:
    if isinstance(value, datetime):
        start = _start.get()
        if start is None:
            raise ValueError(f"expected a duration since the start, found {value.isoformat()}")
        since = _datetime(value, None) - start
        if since < timedelta(0):
            raise ValueError(f"{value.isoformat()} is before the start")
        return Moment(since // timedelta(microseconds=1) * 1_000)
    return Moment(parse_duration(value))


def _date(value: object, _: object) -> date:
    if type(value) is not date:
        raise ValueError(f"expected a date such as 2023-07-17, found {_said(value)}")
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


class _Wrong(Exception):
    """What is wrong with one table."""

    def __init__(self, problems: Sequence[tuple[str | None, Exception]]) -> None:
        super().__init__(problems)
        self.problems = problems
        """Each with the key that it concerns, or None for the table as a whole."""


def _is_mapping(cls: Any) -> bool:
    origin: object = get_origin(cls)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _mapping(cls: Any) -> Callable[[Any, Any], Any]:
    """Return what takes a table whose keys are the file's to choose."""
    of = get_args(cls)[1]

    def take(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"expected a table, found {_said(value)}")
        problems: list[tuple[str | None, Exception]] = []
        taken: dict[str, object] = {}
        for key, each in value.items():
            try:
                taken[key] = _converter.structure(each, of)
            except Exception as error:  # gathered, so that all of a table's faults are told
                problems.append((key, error))
        if problems:
            raise _Wrong(problems)
        return taken

    return take


def _table(cls: type) -> Callable[[Any, Any], Any]:
    """Return what makes a *cls* of a table, and gathers all that is wrong with it."""
    hints = typing.get_type_hints(cls)
    fields = {key_of(field): field for field in attrs.fields(cls) if field.init}

    def take(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"expected a table, found {_said(value)}")
        problems: list[tuple[str | None, Exception]] = []
        strangers = [key for key in value if key not in fields]
        for key in strangers:
            hint = near(key, fields) or f" (there are: {listed(fields)})"
            problems.append((None, ValueError(f"unknown key {key!r}{hint}")))
        taken: dict[str, object] = {}
        for key, field in fields.items():
            if key in value:
                try:
                    taken[field.alias] = _converter.structure(value[key], hints[field.name])
                except Exception as error:  # gathered, so that all of a table's faults are told
                    problems.append((key, error))
            elif field.default is attrs.NOTHING and not near(key, strangers):
                problems.append((None, ValueError(f"the key {key!r} is missing")))
        if problems:
            raise _Wrong(problems)
        try:
            return cls(**taken)
        except Exception as error:  # a class may be a plugin's, and object with anything
            raise _Wrong(list(_objections(cls, taken)) or [(None, error)]) from None

    return take


def _objections(cls: type, taken: Mapping[str, object]) -> Iterator[tuple[str, Exception]]:
    """Yield what each field's own validator has against its value."""
    try:
        with validators.disabled():
            unchecked = cls(**taken)
    except Exception:  # the class objects for a reason of its own, which is told as it is
        return
    for field in attrs.fields(cls):
        if field.init and field.validator is not None:
            value = getattr(unchecked, field.name)
            try:
                field.validator(unchecked, field, value)
            except Exception as error:  # as above
                yield key_of(field), ValueError(_objection(field, value, error))


def _objection(field: attrs.Attribute[Any], value: object, error: Exception) -> str:
    """Return what a validator says, without the field's name, which the path has already."""
    options = in_options(field.validator)
    if options is not None:
        found = [each for each in _each(value) if each not in options]
        if found:
            hint = near(found[0], options) if isinstance(found[0], str) else ""
            return f"expected one of {listed(map(str, options))}; found {found[0]!r}{hint}"
    text = str(error.args[0]) if error.args else type(error).__name__
    if re.match(rf"Length of '{field.name}' must be >= 1\b", text) and not value:
        return f"must not be empty, was {value!r}"
    must = re.match(rf"'{field.name}' (must be .*): ", text)
    return f"{must[1]}, was {_shown(value)}" if must else text


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _each(value: object) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)


def in_options(validator: object) -> Sequence[Any] | None:
    """Return what an `attrs.validators.in_` allows, also each of several; else None."""
    for wrapping in ("validator", "member_validator"):  # of an optional, of a deep_iterable
        validator = getattr(validator, wrapping, validator)
    options = getattr(validator, "options", None)
    return None if options is None else tuple(options)


_converter = cattrs.Converter(detailed_validation=True)
for _plain, _called in (
    (str, "text in quotes"),
    (int, "a whole number"),
    (bool, "true or false"),
):
    _converter.register_structure_hook(_plain, _exactly(_plain, _called))
_converter.register_structure_hook(Decimal, _decimal)
_converter.register_structure_hook(Fraction, _fraction)
_converter.register_structure_hook(datetime, _datetime)
_converter.register_structure_hook(date, _date)
_converter.register_structure_hook(Path, _path)
_converter.register_structure_hook(Any, lambda value, _: value)
_converter.register_structure_hook_func(
    lambda cls: cls is Duration, lambda value, _: parse_duration(value)
)
_converter.register_structure_hook_func(lambda cls: cls is Moment, _moment)
_converter.register_structure_hook_factory(_is_tuple, _tuple)
_converter.register_structure_hook_factory(_is_mapping, _mapping)
_converter.register_structure_hook_func(lambda cls: cls == str | tuple[str, ...], _text_or_texts)
_converter.register_structure_hook_factory(attrs.has, _table)
_step_fields = _table(StepTable)
_converter.register_structure_hook(StepTable, _step)


# --- overriding ----------------------------------------------------------------------


def override(tables: Any, path: str, value: str) -> None:
    """Put *value* in place of what *tables* have at a dotted path; see `read_scenario`.

    Raises:
        ScenarioError: if the path leads nowhere.
    """
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
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


def _problems(error: BaseException, path: str) -> Iterator[tuple[str, str]]:
    """Yield each problem with its path, in the order of the file's classes."""
    if isinstance(error, _Wrong):
        for key, inner in error.problems:
            yield from _problems(inner, _below(path, key))
    elif isinstance(error, cattrs.IterableValidationError):
        for inner, note in error.group_exceptions()[0]:
            at = f"[{note.index}]" if isinstance(note.index, int) else f".{note.index}"
            yield from _problems(inner, path + at)
    else:
        yield path, str(error.args[0]) if error.args else type(error).__name__


def _below(path: str, key: str | None) -> str:
    if key is None:
        return path
    return f"{path}.{key}" if path else key
