"""Runs that do not come to an end: named, and ended.

What goes on for ever in virtual time is stopped by the kernel, after so many entries.  A
handler or a hook that never returns lets the kernel do nothing: for that a timer of the
system interrupts the process, finds that nothing has been written meanwhile, and raises
right where the run is.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import attrs

MAX_ENTRIES = 1_000_000
"""How many deliveries and facts a run may have."""

PATIENCE_S = 10.0
"""How long, by the clock on the wall, a run may go without a new entry."""

ENDED_AFTER = 5
"""After so many times the patience with a run its process is ended."""


@attrs.frozen
class Limits:
    """How long a run may go on."""

    max_entries: int = MAX_ENTRIES
    patience_s: float = PATIENCE_S


_on_progress: list[Callable[[], object]] = []


def tell_of_progress(call: Callable[[], object]) -> None:
    """Have *call* called, in this process, whenever a watchdog sees that a run gets on."""
    _on_progress.append(call)


class Hung(Exception):
    """Nothing has been written for too long: somebody does not return."""

    def __init__(self, patience_s: float, frame: FrameType | None) -> None:
        where = "" if frame is None else f" ({_place(frame)})"
        super().__init__(f"no answer for {patience_s:g} s{where}")


class HungForGood(BaseException):
    """The same to somebody who has caught a `Hung`."""


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"in {code.co_name}, {code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"


@attrs.define
class Watchdog:
    """Looks on whether a run gets on, and raises in it where it does not.

    Args:
        progress: rises while the run gets on.
    """

    _patience_s: float
    _progress: Callable[[], int]
    barked: Hung | None = attrs.field(init=False, default=None)
    """What it has raised, if it has."""

    _last: int = attrs.field(init=False, default=-1)

    @contextmanager
    def on_guard(self) -> Iterator[None]:
        """Look on for the length of the block.

        Only where the system has such a timer, and in a process's main thread.
        """
        main = threading.current_thread() is threading.main_thread()
        if not (main and hasattr(signal, "setitimer")):
            yield
            return
        before = signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, self._patience_s, self._patience_s)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        now = self._progress()
        if now != self._last:
            self._last = now
            for call in _on_progress:
                call()
            return
        if self.barked is not None:
            raise HungForGood(str(self.barked))
        self.barked = Hung(self._patience_s, frame)
        raise self.barked
