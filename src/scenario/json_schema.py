"""The scenario file's JSON schema, made from the classes that read it."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs

from ..market.identifiers import Duration, Moment
from ..plugins.manager import Offers
from .reading import in_options
from .schema import ScenarioFile, StepTable, key_of

_TEXT: dict[str, Any] = {"type": "string"}
_DURATION: dict[str, Any] = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ns|us|ms|s|m|h)$"}
_SIMPLE: dict[object, dict[str, Any]] = {
    str: _TEXT,
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Path: _TEXT,
    datetime: {"description": "a time with its offset"},
    date: {"description": "a date"},
    Decimal: {"anyOf": [{"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}, {"type": "integer"}]},
    Fraction: {
        "anyOf": [
            {"type": "string", "pattern": r"^-?\d+(\.\d+|/0*[1-9]\d*)?$"},
            {"type": "integer"},
        ]
    },
    Duration: _DURATION,
    Moment: {"anyOf": [_DURATION, {"description": "a time with its offset"}]},
    Any: {},
    type(None): {"type": "null"},
}


def json_schema(actions: Offers[type]) -> dict[str, Any]:
    """Return the schema of a scenario file, with what each action of a step may hold."""
    schema = _table(ScenarioFile)
    schema["properties"]["step"]["items"] = {
        "anyOf": [_step(name, actions[name].cls) for name in actions]
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _step(name: str, action: type) -> dict[str, Any]:
    own = _table(StepTable)
    of = _table(action)
    del own["properties"]["action"]
    own["properties"]["do"] = {"const": name}
    return {
        "type": "object",
        "description": of["description"],
        "properties": {**own["properties"], **of["properties"]},
        "required": ["at", "who", "do", *of.get("required", [])],
        "additionalProperties": False,
    }


def _table(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties, required = {}, []
    for field in attrs.fields(cls):
        if not field.init:
            continue
        key = key_of(field)
        properties[key] = _of(hints[field.name])
        options = in_options(field.validator)
        if options is not None:
            allowed = {"enum": list(options)}
            is_list = properties[key].get("type") == "array"
            properties[key] = {"type": "array", "items": allowed} if is_list else allowed
        if field.default is attrs.NOTHING:
            required.append(key)
    table: dict[str, Any] = {
        "type": "object",
        "description": (inspect.getdoc(cls) or cls.__name__).partition("\n")[0],
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        table["required"] = required
    return table


def _of(cls: Any) -> dict[str, Any]:
    if cls in _SIMPLE:
        return dict(_SIMPLE[cls])
    if hasattr(cls, "__supertype__"):
        return _of(cls.__supertype__)
    origin, args = get_origin(cls), get_args(cls)
    if origin in (typing.Union, types.UnionType):
        options = [_of(each) for each in args if each is not type(None)]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is tuple:
        if args[-1] is Ellipsis:
            return {"type": "array", "items": _of(args[0])}
        return {"type": "array", "prefixItems": [_of(each) for each in args], "items": False}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(args[1])}
    if isinstance(cls, type) and issubclass(cls, Enum):
        return {"enum": [member.value for member in cls]}
    if attrs.has(cls):
        return _table(cls)
    raise TypeError(f"no schema for {cls!r}")
