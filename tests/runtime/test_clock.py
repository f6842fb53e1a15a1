"""When a float deadline is due, in whole nanoseconds."""

from __future__ import annotations

import math

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from floorproof.runtime.clock import NS_PER_SECOND, VirtualClock, first_ns_at, seconds_at

YEAR_NS = 366 * 24 * 3600 * NS_PER_SECOND

in_a_year = st.integers(1, YEAR_NS)
deadlines = st.floats(0, YEAR_NS / NS_PER_SECOND) | in_a_year.map(lambda ns: ns / NS_PER_SECOND)


def shown(ns: int) -> float:
    return ns / NS_PER_SECOND


@given(deadlines)
@example(30266313.898847878)  # in nanoseconds, rounded, it is below itself
def test_a_deadline_is_due_at_the_first_nanosecond_that_is_not_below_it(deadline: float) -> None:
    ns = first_ns_at(deadline)

    assert ns is not None
    assert shown(ns) >= deadline
    assert ns == 0 or shown(ns - 1) < deadline


@given(in_a_year, st.integers(1, YEAR_NS))
def test_a_timeout_is_never_early_and_at_most_a_float_late(now_ns: int, timeout_ns: int) -> None:
    due_ns = first_ns_at(seconds_at(now_ns + timeout_ns))

    assert due_ns is not None
    late_ns = due_ns - now_ns - timeout_ns
    assert 0 <= late_ns <= math.ulp(shown(due_ns)) * NS_PER_SECOND + 1


@pytest.mark.parametrize("deadline", [math.inf, 1e300, 1e20, 2.0**63], ids=str)
def test_a_deadline_after_centuries_never_comes(deadline: float) -> None:
    assert first_ns_at(deadline) is None


@given(st.integers(0, YEAR_NS), st.lists(st.floats(0, 10), min_size=1, max_size=5))
def test_no_deadline_comes_back_for_ever(start_ns: int, sleeps: list[float]) -> None:
    async def sleep() -> None:
        for seconds in sleeps:
            await trio.sleep(seconds)

    clock = VirtualClock()
    clock.move_to(start_ns)

    trio.run(sleep, clock=clock)

    assert clock.current_time() >= shown(start_ns)


def test_without_a_kernel_the_clock_jumps_to_the_next_deadline() -> None:
    async def wait() -> float:
        await trio.sleep(3600)
        return trio.current_time()

    assert trio.run(wait, clock=VirtualClock()) == 3600.0


def test_a_clock_does_not_run_backwards() -> None:
    clock = VirtualClock()
    clock.move_to(2)

    with pytest.raises(AssertionError, match="backwards"):
        clock.move_to(1)
