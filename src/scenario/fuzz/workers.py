"""Work by numbers, over processes: what each number comes to, in their order.

A worker that does not come back is ended, and what it was at is told as its number's result:
nothing is lost, and no other number is.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

import attrs

from .watchdog import tell_of_progress

R = TypeVar("R")

_CHUNK = 8
"""How many numbers a process gets at a time."""


class WorkerEnded(Exception):
    """A process ended, or was ended, in the middle of a number."""

    def __init__(self, number: int, stack: str) -> None:
        super().__init__(f"the process that ran {number} ended")
        self.number = number
        self.stack = stack
        """Where it was, as far as is known: the innermost line first."""


@attrs.define
class _Worker(Generic[R]):
    """A process, and what it has been given and has not given back."""

    process: SpawnProcess
    connection: Connection
    stack: Path
    todo: deque[int] = attrs.field(factory=deque)


def spread(
    make: Callable[[], Callable[[int], R]],
    numbers: Sequence[int],
    *,
    jobs: int,
    lost: Callable[[WorkerEnded], R],
    patience_s: float,
) -> Generator[tuple[int, R]]:
    """Yield what each of *numbers* comes to, in their order.

    Args:
        make: makes, in each process, what is called with each number; it is pickled, and so
            is what comes of a number.
        jobs: how many processes; with one, it is this one.
        lost: says what a number comes to whose process has ended in the middle of it.
        patience_s: a number that takes longer without end is somebody's bug, and its process
            is ended: what it calls may look after itself in a shorter time.
    """
    if jobs == 1:
        work = make()
        for number in numbers:
            yield number, work(number)
        return
    with tempfile.TemporaryDirectory() as folder:
        pool = _Pool(make, jobs, lost, patience_s, Path(folder))
        try:
            yield from pool.run(deque(numbers))
        finally:
            pool.close()


class _Pool(Generic[R]):
    def __init__(
        self,
        make: Callable[[], Callable[[int], R]],
        jobs: int,
        lost: Callable[[WorkerEnded], R],
        patience_s: float,
        folder: Path,
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._make = make
        self._lost = lost
        self._patience_s = patience_s
        self._folder = folder
        self._started = 0
        self._workers = [self._start() for _ in range(jobs)]

    def _start(self) -> _Worker[R]:
        mine, its = self._context.Pipe()
        self._started += 1
        stack = self._folder / f"stack {self._started}"
        process = self._context.Process(
            target=_work, args=(self._make, its, self._patience_s, stack), daemon=True
        )
        process.start()
        its.close()
        return _Worker(process, mine, stack)

    def run(self, left: deque[int]) -> Iterator[tuple[int, R]]:
        order = deque(left)
        done: dict[int, R] = {}
        for worker in self._workers:
            self._give(worker, left)
        while order:
            by_connection: dict[Any, _Worker[R]] = {
                worker.connection: worker for worker in self._workers if worker.todo
            }
            for connection in wait(list(by_connection)):
                worker = by_connection[connection]
                try:
                    result = worker.connection.recv()
                except EOFError:
                    number = worker.todo.popleft()
                    done[number] = self._lost(WorkerEnded(number, _read(worker.stack)))
                    left.extendleft(reversed(worker.todo))
                    self._replace(worker)
                    self._give(self._workers[-1], left)
                else:
                    if isinstance(result, Exception):
                        raise result
                    done[worker.todo.popleft()] = result
                    if not worker.todo:
                        self._give(worker, left)
            while order and order[0] in done:
                number = order.popleft()
                yield number, done.pop(number)

    def _give(self, worker: _Worker[R], left: deque[int]) -> None:
        # The fewer are left, the less each gets: nobody waits for one who has many.
        many = max(1, min(_CHUNK, len(left) // (2 * len(self._workers))))
        chunk = [left.popleft() for _ in range(min(many, len(left)))]
        if chunk:
            worker.todo.extend(chunk)
            worker.connection.send(chunk)

    def _replace(self, worker: _Worker[R]) -> None:
        worker.connection.close()
        worker.process.join()
        self._workers.remove(worker)
        self._workers.append(self._start())

    def close(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()


def _work(
    make: Callable[[], Callable[[int], object]],
    connection: Connection,
    patience_s: float,
    stack: Path,
) -> None:
    """Be a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever has started it ends it
    with stack.open("w") as stream:

        def give_time() -> None:
            """What Python itself cannot interrupt ends the process after that time."""
            faulthandler.dump_traceback_later(patience_s, exit=True, file=stream)

        tell_of_progress(give_time)
        try:
            work = make()
            while True:
                for number in connection.recv():
                    give_time()
                    result = work(number)
                    faulthandler.cancel_dump_traceback_later()
                    connection.send(result)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # whoever has started it is gone
        except Exception as error:  # to be raised there
            faulthandler.cancel_dump_traceback_later()
            connection.send(error)


def _read(stack: Path) -> str:
    """Return where a process was: the lines of its innermost frames."""
    lines = [line.strip() for line in stack.read_text(errors="replace").splitlines()]
    return "; ".join([line for line in lines if line.startswith("File ")][:3])
