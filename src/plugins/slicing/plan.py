"""How an order is cut into slices: how many, how large, and when each begins.

Everything here is exact.  A moment is rounded down to a nanosecond only when somebody is
to be woken.

Sources: TT, "TT Time Weighted Average Price (TWAP)"; TT, "TT Time Sliced Order" for the
rounding of a percentage.  Readings in ``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import attrs
from attrs import validators

from ...market.identifiers import Qty

SPREAD = Fraction(99, 100)
"""How far the quantities of passive slices vary: by 99 % of their mean, either way."""


@attrs.frozen(kw_only=True)
class Schedule:
    """The slices of an order, from one moment to another."""

    sizes: tuple[Qty, ...] = attrs.field(validator=validators.min_len(1))
    """How much is released as each slice begins; 0 where round lots make it wait."""

    start_ns: int
    duration_ns: int = attrs.field(validator=validators.ge(0))
    """From the start of the first slice to the end of the last."""

    @property
    def slices(self) -> int:
        return len(self.sizes)

    def begins(self, number: int) -> Fraction:
        """Return when slice *number* begins, from 1, in nanoseconds since the run's start.

        One after the last is the end.
        """
        return self.start_ns + Fraction((number - 1) * self.duration_ns, self.slices)

    def wake_ns(self, number: int) -> int:
        """Return the first nanosecond that is not before slice *number* begins."""
        return ceil(self.begins(number))

    def begun(self, now_ns: int) -> int:
        """Return how many slices have begun by now; one more than there are is the end."""
        if now_ns < self.start_ns:
            return 0
        if not self.duration_ns:
            return self.slices + 1
        passed = floor(Fraction((now_ns - self.start_ns) * self.slices, self.duration_ns))
        return min(passed, self.slices) + 1

    def released(self, number: int) -> Qty:
        """Return how much has been released once slice *number* has begun."""
        return sum(self.sizes[: max(number, 0)])


def half_up(x: Fraction) -> int:
    """Return *x* as a whole number: .5 and over goes up."""
    return floor(x + Fraction(1, 2))


def share(quantity: Qty, percent: int) -> Qty:
    """Return that percentage of *quantity* as a display quantity, at least 1 (SLICE-3)."""
    return max(1, half_up(Fraction(quantity * percent, 100)))


def even(quantity: Qty, size: Qty) -> tuple[Qty, ...]:
    """Return slices of *size*, the last of what is left."""
    full, rest = divmod(quantity, size)
    return (size,) * full + ((rest,) if rest else ())


def randomised(quantity: Qty, percent: int, draw: Callable[[], Fraction]) -> tuple[Qty, ...]:
    """Return slices that vary around half of the display quantity (TWAP-3).

    Args:
        percent: the largest slice, as a percentage of *quantity*.
        draw: random numbers from 0 up to but not 1, one a slice, the last slice aside.
    """
    cap = share(quantity, percent)
    base = Fraction(quantity * percent, 200)
    count = ceil(quantity / max(Fraction(1), base))
    sizes, rest = [], quantity
    for later in range(count - 1, 0, -1):
        lowest, highest = max(1, rest - cap * later), min(cap, rest - later)
        wanted = half_up(base * (1 + SPREAD * (2 * draw() - 1)))
        size = min(max(wanted, lowest), highest)
        sizes.append(size)
        rest -= size
    return (*sizes, rest)


def varied(quantity: Qty, size: Qty, percent: int, draw: Callable[[], Fraction]) -> tuple[Qty, ...]:
    """Return slices of about *size*, each up to *percent* % more or less, and at least 1."""
    if not percent:
        return even(quantity, size)
    sizes, rest = [], quantity
    while rest:
        part = Fraction(percent, 100) * (2 * draw() - 1)
        sizes.append(min(rest, max(1, half_up(size * (1 + part)))))
        rest -= sizes[-1]
    return tuple(sizes)


def in_round_lots(sizes: Sequence[Qty], round_lot: Qty) -> tuple[Qty, ...]:
    """Return *sizes* with each put off until it is a whole number of round lots (TWAP-4)."""
    released, planned, merged = 0, 0, []
    for size in sizes:
        planned += size
        now = planned // round_lot * round_lot - released
        merged.append(now)
        released += now
    return tuple(merged)


def split(quantity: Qty, count: int) -> tuple[Qty, ...]:
    """Return *count* slices as equal as whole numbers can be, the smaller first."""
    ends = [number * quantity // count for number in range(count + 1)]
    return tuple(end - start for start, end in pairwise(ends))


def at_most(sizes: Sequence[Qty], count: int) -> tuple[Qty, ...]:
    """Return *sizes* put together into no more than *count* slices."""
    if len(sizes) <= count:
        return tuple(sizes)
    ends = [number * len(sizes) // count for number in range(count + 1)]
    return tuple(sum(sizes[start:end]) for start, end in pairwise(ends))
