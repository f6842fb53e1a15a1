"""Virtual time: a clock for Trio that moves only when nothing can run.

Trio asks its clock `deadline_to_sleep_time` precisely when no task is runnable.
That moment *is* the quiet of the floor, so the clock uses the question to wake
whoever drives it, and hands over Trio's next deadline.

Time is counted in integer nanoseconds; Trio's own unit is the float second.  A
deadline is due at the first nanosecond whose float is not below it.
"""

from __future__ import annotations

import math

import outcome
import trio

NS_PER_SECOND = 1_000_000_000

NEVER = 2**63 / NS_PER_SECOND
"""The second, some 292 years from the start, from which on a deadline never comes."""


def first_ns_at(deadline: float) -> int | None:
    """Return the first nanosecond whose float second is not below *deadline*.

    Returns:
        None for a deadline that never comes.
    """
    if deadline >= NEVER:
        return None
    ns = max(0, math.ceil(deadline * NS_PER_SECOND))
    # The product above is off by some units late in a long run; the division is exact
    # to the last bit, and it is what `current_time` shows.
    while ns > 0 and (ns - 1) / NS_PER_SECOND >= deadline:
        ns -= 1
    while ns / NS_PER_SECOND < deadline:
        ns += 1
    return ns


def seconds_at(ns: int) -> float:
    """Return the first float second that is not due before nanosecond *ns*.

    From 104 days on, floats are coarser than nanoseconds: then it comes some later.
    """
    seconds = ns / NS_PER_SECOND
    due_ns = first_ns_at(seconds)
    return seconds if due_ns is None or due_ns >= ns else math.nextafter(seconds, math.inf)


class VirtualClock(trio.abc.Clock):
    """A clock that stands still while anything runs.

    While a kernel is parked on it (`wait_for_quiet`), the kernel says when time
    moves.  With nobody parked, as in a test of one actor, it jumps to the next
    deadline.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._parked: trio.lowlevel.Task | None = None

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return self._seconds

    def deadline_to_sleep_time(self, deadline: float) -> float:
        if deadline <= self._seconds:
            return 0.0  # due already: Trio expires it before it asks again
        if self._parked is not None:
            kernel, self._parked = self._parked, None
            trio.lowlevel.reschedule(kernel, outcome.Value(deadline))
            return 0.0
        if deadline == math.inf:
            return math.inf  # only a thread or a signal can end this wait
        self._seconds = deadline
        return 0.0

    async def wait_for_quiet(self) -> float:
        """Sleep until no other task can run; return Trio's next deadline, in seconds."""
        assert self._parked is None, "a clock is driven by one kernel at a time"

        def abandon(_raise_cancel: object) -> trio.lowlevel.Abort:
            self._parked = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._parked = trio.lowlevel.current_task()
        deadline: float = await trio.lowlevel.wait_task_rescheduled(abandon)
        return deadline

    def move_to(self, now_ns: int) -> None:
        """Show *now_ns*; timers due by then expire when the caller next waits."""
        seconds = now_ns / NS_PER_SECOND
        assert seconds >= self._seconds, "time does not run backwards"
        self._seconds = seconds

    def move_to_just_before(self, deadline: float) -> None:
        """Show the last moment before *deadline*, so that deliveries come before its timers."""
        self._seconds = max(self._seconds, math.nextafter(deadline, -math.inf))
