"""How an order is cut into slices: the worked plans, and what holds for all."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.plugins.slicing.plan import (
    Schedule,
    at_most,
    even,
    half_up,
    in_round_lots,
    randomised,
    share,
    split,
    varied,
)

S = 1_000_000_000
DAY_S = 390 * 60

AGGRESSIVE = {
    (33, 3): (1, [1] * 33),
    (33, 1): (1, [1] * 33),
    (33, 4): (1, [1] * 33),
    (33, 5): (2, [2] * 16 + [1]),
    (33, 10): (3, [3] * 11),
    (100, 10): (10, [10] * 10),
    (1000, 7): (70, [70] * 14 + [20]),
    (7, 10): (1, [1] * 7),
}
DRAWS = (
    ".025 .375 .725 .075 .425 .775 .125 .475 .825 .175 "
    ".525 .875 .225 .575 .925 .275 .625 .975 .325 .675"
)
DRAWN = [1, 4, 7, 1, 4, 8, 1, 5, 8, 2, 5, 9, 2, 6, 9, 3, 6, 10, 3, 6]


@pytest.mark.rule("TWAP-2")
@pytest.mark.parametrize(("order", "expected"), AGGRESSIVE.items(), ids=str)
def test_aggressive_plans(order: tuple[int, int], expected: tuple[int, list[int]]) -> None:
    quantity, percent = order
    cap, sizes = expected

    assert share(quantity, percent) == cap
    assert list(even(quantity, cap)) == sizes


@pytest.mark.rule("TWAP-3")
@pytest.mark.parametrize("percent", [1, 3])
def test_one_lot_slices_are_not_random(percent: int) -> None:
    assert randomised(33, percent, lambda: Fraction(1, 2)) == (1,) * 33


@pytest.mark.rule("TWAP-3")
def test_the_default_plan_of_the_draws() -> None:
    draws = iter([Fraction(u) for u in DRAWS.split()])

    assert list(randomised(100, 10, lambda: next(draws))) == DRAWN


@pytest.mark.rule("TWAP-4")
def test_round_lots_wait_until_one_is_due() -> None:
    assert in_round_lots(even(20, share(20, 10)), 5) == (0, 0, 5, 0, 5, 0, 0, 5, 0, 5)


@pytest.mark.rule("SLICE-3")
@pytest.mark.parametrize(
    ("quantity", "percent", "display"),
    [(33, 1, 1), (33, 3, 1), (33, 4, 1), (33, 5, 2), (50, 5, 3), (30, 5, 2), (49, 5, 2)],
)
def test_a_percentage_is_rounded_half_up_and_at_least_one(
    quantity: int, percent: int, display: int
) -> None:
    assert share(quantity, percent) == display


@pytest.mark.rule("TWAP-1")
def test_the_case_studys_slices_begin_every_11_minutes_49_seconds() -> None:
    schedule = Schedule(sizes=(1,) * 33, start_ns=0, duration_ns=DAY_S * S)

    period = schedule.begins(2) - schedule.begins(1)
    assert period == Fraction(7800 * S, 11)
    assert int(period) // S == 11 * 60 + 49
    whole = [k for k in range(1, 34) if schedule.begins(k) % (60 * S) == 0]
    assert whole == [1, 12, 23]
    assert int(schedule.begins(33)) // 1_000_000 == (6 * 3600 + 18 * 60 + 10) * 1000 + 909
    assert schedule.begins(34) == DAY_S * S


def test_eleven_slices_of_three_begin_every_35_minutes() -> None:
    schedule = Schedule(sizes=(3,) * 11, start_ns=0, duration_ns=DAY_S * S)

    assert int(schedule.begins(2)) // 10_000_000 == (35 * 60 + 27) * 100 + 27


seeds = st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=30)


def drawing(numbers: list[int]) -> Iterator[Fraction]:
    while True:
        for number in numbers:
            yield Fraction(number, 2**53)


@pytest.mark.rule("TWAP-3")
@given(st.integers(1, 3000), st.integers(1, 100), seeds)
def test_any_random_plan_adds_up_within_its_cap(
    quantity: int, percent: int, numbers: list[int]
) -> None:
    draws = drawing(numbers)

    sizes = randomised(quantity, percent, lambda: next(draws))

    assert sum(sizes) == quantity
    assert all(1 <= size <= share(quantity, percent) for size in sizes)


@pytest.mark.rule("TWAP-1")
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=50),
    st.integers(0, 10**15),
    st.integers(1, 10**15),
)
def test_slices_of_any_schedule_are_equally_long(
    sizes: list[int], start_ns: int, duration_ns: int
) -> None:
    schedule = Schedule(sizes=tuple(sizes), start_ns=start_ns, duration_ns=duration_ns)

    starts = [schedule.begins(k) for k in range(1, len(sizes) + 2)]
    assert starts[0] == start_ns
    assert starts[-1] == start_ns + duration_ns
    assert {later - earlier for earlier, later in pairwise(starts)} == {
        Fraction(duration_ns, len(sizes))
    }
    if duration_ns >= 2 * len(sizes):
        for number in range(1, len(sizes) + 2):
            at_ns = schedule.wake_ns(number)
            assert schedule.begun(at_ns) == number
            assert schedule.begun(at_ns - 1) == number - 1


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 9))
def test_round_lots_are_never_early_and_never_a_lot_late(sizes: list[int], lot: int) -> None:
    merged = in_round_lots(sizes, lot)

    for number in range(1, len(sizes) + 1):
        planned, released = sum(sizes[:number]), sum(merged[:number])
        assert released % lot == 0
        assert 0 <= planned - released < lot


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 50))
def test_slices_put_together_lose_nothing(sizes: list[int], count: int) -> None:
    merged = at_most(sizes, count)

    assert sum(merged) == sum(sizes)
    assert len(merged) == min(len(sizes), count)


@given(st.integers(0, 999), st.integers(1, 60))
def test_a_split_is_as_equal_as_can_be(quantity: int, count: int) -> None:
    sizes = split(quantity, count)

    assert (sum(sizes), len(sizes)) == (quantity, count)
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 500), st.integers(1, 60), st.integers(0, 100), seeds)
def test_varied_slices_add_up_within_their_variance(
    quantity: int, size: int, percent: int, numbers: list[int]
) -> None:
    draws = drawing(numbers)

    sizes = varied(quantity, size, percent, lambda: next(draws))

    assert sum(sizes) == quantity
    highest = half_up(size * (1 + Fraction(percent, 100)))
    lowest = max(1, half_up(size * (1 - Fraction(percent, 100))))
    assert all(each <= highest for each in sizes)
    assert all(each >= lowest for each in sizes[:-1])
