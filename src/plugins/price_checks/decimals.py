"""Prices as settings have them: exact decimals, held against prices in an instrument's units."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import attrs

DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)


def decimal(_settings: object, field: attrs.Attribute[Any], found: object) -> None:
    if not isinstance(found, str) or not DECIMAL.fullmatch(found):
        raise ValueError(f"'{field.name}' must be a decimal as text, such as \"12.50\": {found!r}")


@lru_cache
def units(text: str, price_decimals: int) -> Fraction:
    """Return what *text* says in the units of an instrument, exactly."""
    scale: int = 10**price_decimals
    return Fraction(text) * scale
