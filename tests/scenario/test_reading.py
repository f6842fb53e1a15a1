# ruff: noqa: E501  # a case is a line
"""From text to tables: durations, types and settings."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import validators
from hypothesis import given
from hypothesis import strategies as st

from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.reading import parse_duration, read_scenario, structure
from floorproof.scenario.schema import key_of, keys_of

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9}

# fmt: off
DURATIONS = {
    "0s": 0, "0ns": 0, "7ns": 7, "1us": 1_000, "1.5ms": 1_500_000, "2m": 120_000_000_000,
    "0.000000001s": 1, "90 s": 90_000_000_000, "1h": 3_600_000_000_000, "007s": 7_000_000_000,
    "8784h": 366 * 24 * 3_600_000_000_000,
}
NO_DURATIONS = {
    "": "expected a duration", "5": "expected a duration", "s": "expected a duration",
    "1,5s": "expected a duration", ".5s": "expected a duration", "1.s": "expected a duration",
    "1e3s": "expected a duration", "1 sec": "expected a duration", "+1s": "expected a duration",
    " 1s": "expected a duration", "1S": "expected a duration", "٣s": "expected a duration",
    "-1s": "is before the start", "0.5ns": "is not a whole number of nanoseconds",
    "1.0000000001s": "is not a whole number of nanoseconds",
    "8785h": "is longer than a run can be, which is 366 days",
}
# fmt: on


@pytest.mark.parametrize(("text", "ns"), DURATIONS.items())
def test_a_duration_is_so_many_nanoseconds(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(("text", "said"), NO_DURATIONS.items())
def test_what_is_no_duration_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@given(st.integers(0, 8_784), st.sampled_from(sorted(UNITS)))
def test_a_duration_reads_back_exactly(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == number * UNITS[unit]


@given(st.integers(0, 10**15))
def test_a_nanosecond_is_never_lost_in_a_decimal(ns: int) -> None:
    whole, rest = divmod(ns, 10**9)

    assert parse_duration(f"{whole}.{rest:09}s") == ns


@given(st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.none(), st.booleans()))
def test_whatever_is_read_as_a_duration_is_one_or_a_value_error(text: object) -> None:
    try:
        ns = parse_duration(text)
    except ValueError:
        return
    assert 0 <= ns <= 366 * 24 * 3_600 * 10**9


# --- tables ----------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Settings:
    """Settings such as a plugin has them."""

    lots: int = attrs.field(validator=validators.gt(0))
    share: Decimal = Decimal(1)
    mode: str = attrs.field(default="day", validator=validators.in_(("day", "night")))
    spare: str | None = attrs.field(
        default=None, validator=validators.optional(validators.in_(("a", "b")))
    )
    names: tuple[str, ...] = attrs.field(default=(), metadata={"key": "of"})
    most: int | None = attrs.field(default=None)

    @most.validator
    def _above_lots(self, _field: object, most: int | None) -> None:
        if most is not None and most < self.lots:
            raise ValueError(f"most must be at least lots {self.lots}, was {most}")


@attrs.frozen
class Choleric:
    """A class that objects as a whole."""

    lots: int

    def __attrs_post_init__(self) -> None:
        raise RuntimeError("never")


# fmt: off
PROBLEMS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "missing":          ({}, ["x: the key 'lots' is missing"]),
    "misspelt":         ({"lotz": 1}, ["x: unknown key 'lotz'; did you mean lots?"]),
    "unknown, missing": ({"zzz": 1}, ["x: unknown key 'zzz' (there are: lots, share, mode, spare, of, most)", "x: the key 'lots' is missing"]),
    "out of range":     ({"lots": 0}, ["x.lots: must be > 0, was 0"]),
    "no option":        ({"lots": 1, "mode": "dya"}, ["x.mode: expected one of day, night; found 'dya'; did you mean day?"]),
    "no option, optional": ({"lots": 1, "spare": "c"}, ["x.spare: expected one of a, b; found 'c'"]),
    "own validator":    ({"lots": 3, "most": 2}, ["x.most: most must be at least lots 3, was 2"]),
    "two validators":   ({"lots": 0, "mode": "x"}, ["x.lots: must be > 0, was 0", "x.mode: expected one of day, night; found 'x'"]),
    "no list":          ({"lots": 1, "of": "a"}, ["x.of: expected a list, found 'a', text"]),
    "in a list":        ({"lots": 1, "of": ["a", 2, "b", 3]}, ["x.of[1]: expected text in quotes, found 2, a number", "x.of[3]: expected text in quotes, found 3, a number"]),
    "a float":          ({"lots": 1, "share": 0.5}, ['x.share: expected a decimal in quotes, such as "0.25", found 0.5, a number with a point']),
    "no number":        ({"lots": 1, "share": "NaN"}, ["x.share: expected a decimal number, found 'NaN'"]),
    "a field's name":   ({"lots": 1, "names": []}, ["x: unknown key 'names' (there are: lots, share, mode, spare, of, most)"]),
}
# fmt: on


@pytest.mark.parametrize(("tables", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_what_is_wrong_with_a_table_is_told_with_its_path(
    tables: dict[str, Any], said: list[str]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        structure(tables, Settings, "x")

    assert [f"{caught.value.where}: {caught.value.what}", *caught.value.more] == said


def test_a_table_is_taken_by_its_keys() -> None:
    settings = structure({"lots": 2, "share": "0.25", "of": ["a"], "spare": "b"}, Settings, "x")

    assert settings == Settings(lots=2, share=Decimal("0.25"), names=("a",), spare="b")


def test_a_class_that_objects_as_a_whole_is_told_as_it_is() -> None:
    with pytest.raises(ScenarioError, match="x: never"):
        structure({"lots": 1}, Choleric, "x")


def test_validators_are_on_again_after_a_fault() -> None:
    with pytest.raises(ScenarioError):
        structure({"lots": 0}, Settings, "x")

    with pytest.raises(ValueError, match="lots"):
        Settings(lots=0)


def test_keys_are_the_fields_but_where_a_field_says_otherwise() -> None:
    assert keys_of(Settings) == ["lots", "share", "mode", "spare", "of", "most"]
    assert key_of(attrs.fields(Settings).names) == "of"


# --- settings from outside -------------------------------------------------------------

TEXT = """
[scenario]
name = "x"
start = 2023-07-17T13:30:00Z

[[replay]]
name = "MARKET"
exchange = "CME"
symbol = "X"
messages = "here.csv"
"""

# fmt: off
OVERRIDES = {
    "text in quotes": ("scenario.name", '"7"', lambda file: file.scenario.name == "7"),
    "text without":   ("scenario.name", "another name", lambda file: file.scenario.name == "another name"),
    "a path":         ("replay.0.messages", "/data/a=b.csv", lambda file: file.replay[0].messages == Path("/data/a=b.csv")),
    "a new key":      ("replay.0.book", "book.csv", lambda file: file.replay[0].book == Path("book.csv")),
    "a whole entry":  ("replay.0", '{ name = "N", exchange = "E", symbol = "S", messages = "m" }', lambda file: file.replay[0].name == "N"),
    "a time":         ("scenario.start", "2024-01-01T00:00:00Z", lambda file: file.scenario.start == datetime(2024, 1, 1, tzinfo=UTC)),
}
# fmt: on


@pytest.mark.parametrize(("path", "value", "took"), OVERRIDES.values(), ids=OVERRIDES.keys())
def test_a_setting_takes_the_place_of_the_file_s(path: str, value: str, took: Any) -> None:
    assert took(read_scenario(TEXT, {path: value}))
