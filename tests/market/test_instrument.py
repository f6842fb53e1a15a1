"""Instruments: which prices are valid, and how people write them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument, TickBand, TickTable

QUARTERS = TickTable.uniform(25)
BANDED = TickTable((TickBand(0, 1), TickBand(100, 5), TickBand(1000, 10)))
LATE = TickTable((TickBand(100, 5), TickBand(1000, 10)))

# fmt: off
TICKS = {
    "uniform, on":                   (QUARTERS, 1_500_025, 25, True),
    "uniform, off":                  (QUARTERS, 1_500_010, 25, False),
    "uniform, zero":                 (QUARTERS, 0,         25, True),
    "uniform, negative on":          (QUARTERS, -350,      25, True),
    "uniform, negative off":         (QUARTERS, -351,      25, False),
    "first band":                    (BANDED,   99,         1, True),
    "where the second band begins":  (BANDED,   100,        5, True),
    "second band, off":              (BANDED,   101,        5, False),
    "last of the second band":       (BANDED,   995,        5, True),
    "where the third band begins":   (BANDED,   1000,      10, True),
    "third band, off":               (BANDED,   1005,      10, False),
    "below zero, the first band":    (BANDED,   -7,         1, True),
    "below the first band":          (LATE,     95,         5, True),
    "below the first band, off":     (LATE,     94,         5, False),
}

PRICES = {
    "whole":             (2, "15000",    1_500_000, "15000.00"),
    "with decimals":     (2, "15000.25", 1_500_025, "15000.25"),
    "fewer decimals":    (2, "0.5",      50,        "0.50"),
    "zeros at the end":  (2, "1.2500",   125,       "1.25"),
    "negative":          (2, "-3.50",    -350,      "-3.50"),
    "zero":              (2, "0",        0,         "0.00"),
    "no decimals":       (0, "7",        7,         "7"),
    "a plus":            (2, "+1.25",    125,       "1.25"),
    "tiny":              (9, "0.000000001", 1,      "0.000000001"),
    "a small one":       (7, "0.0000005", 5,        "0.0000005"),
    "LOBSTER's":         (4, "585.33",   5_853_300, "585.3300"),
    "long":              (9, "123456789012345678.123456789", 123456789012345678123456789,
                          "123456789012345678.123456789"),
}

BAD_PRICES = {
    "a word":            ("high",    "is not a decimal price"),
    "nothing":           ("",        "is not a decimal price"),
    "a comma":           ("1,25",    "is not a decimal price"),
    "a fraction":        ("1/4",     "is not a decimal price"),
    "too many decimals": ("1.255",   "has more than 2 decimals"),
    "an exponent":       ("1E3",     "is not a decimal price"),
    "infinite":          ("Infinity", "is not a decimal price"),
    "not a number":      ("NaN",     "is not a decimal price"),
    "underscores":       ("15_000",  "is not a decimal price"),
    "a point at the end": ("15.",    "is not a decimal price"),
    "other digits":      ("\u0661\u0662", "is not a decimal price"),
    "a price of no market": ("9" * 19, "is not a decimal price"),
}

BAD_TABLES = {
    "no band":              (),
    "bands that fall":      (TickBand(100, 5), TickBand(0, 1)),
    "one start for two":    (TickBand(0, 1), TickBand(0, 5)),
}
# fmt: on


def instrument(price_decimals: int) -> Instrument:
    return Instrument(symbol=Symbol("MNQU3"), price_decimals=price_decimals, ticks=QUARTERS)


@pytest.mark.parametrize(
    ("table", "price", "increment", "accepted"), TICKS.values(), ids=TICKS.keys()
)
def test_tick_table(table: TickTable, price: int, increment: int, accepted: bool) -> None:
    assert table.increment_at(price) == increment
    assert table.accepts(price) is accepted


@pytest.mark.parametrize("bands", BAD_TABLES.values(), ids=BAD_TABLES.keys())
def test_bands_must_rise(bands: tuple[TickBand, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least one band|must rise"):
        TickTable(bands)


@pytest.mark.parametrize("increment", [0, -5])
def test_increment_must_be_positive(increment: int) -> None:
    with pytest.raises(ValueError, match="min_price_increment"):
        TickTable.uniform(increment)


@pytest.mark.parametrize(
    ("price_decimals", "text", "price", "shown"), PRICES.values(), ids=PRICES.keys()
)
def test_price_text(price_decimals: int, text: str, price: int, shown: str) -> None:
    assert instrument(price_decimals).to_price(text) == price
    assert instrument(price_decimals).show(price) == shown


@pytest.mark.parametrize(("text", "message"), BAD_PRICES.values(), ids=BAD_PRICES.keys())
def test_text_that_is_no_price_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"MNQU3: .*{message}"):
        instrument(2).to_price(text)


@given(st.integers(0, 9), st.integers(-(10**18) + 1, 10**18 - 1))
def test_a_price_survives_being_written_and_read(price_decimals: int, price: int) -> None:
    it = instrument(price_decimals)

    assert it.to_price(it.show(price)) == price


@pytest.mark.parametrize("price_decimals", [-1, 10])
def test_price_decimals_have_bounds(price_decimals: int) -> None:
    with pytest.raises(ValueError, match="price_decimals"):
        instrument(price_decimals)


@pytest.mark.parametrize(
    ("shown_decimals", "rounding", "text"),
    [
        (3, ROUND_FLOOR, "3.416"),
        (3, ROUND_CEILING, "3.417"),
        (3, ROUND_HALF_UP, "3.417"),
        (0, ROUND_HALF_UP, "3"),
        (None, ROUND_FLOOR, "3.416973"),
        (8, ROUND_FLOOR, "3.416973"),
    ],
)
def test_a_screen_may_show_fewer_decimals(
    shown_decimals: int | None, rounding: str, text: str
) -> None:
    spread = Instrument(
        symbol=Symbol("MNQ-MES"),
        price_decimals=6,
        ticks=TickTable.uniform(100),
        shown_decimals=shown_decimals,
    )

    assert spread.show_on_screen(3_416_973, rounding) == text
