"""What actors may not ask for, and how they are caught."""

from __future__ import annotations

import datetime
import os
import random
import secrets
import socket
import sys
import threading
import time
import types
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime as bound_datetime
from random import randint as bound_randint
from random import random as bound_random
from time import time as bound_time
from uuid import uuid4 as bound_uuid4

import pytest
import trio

from floorproof.runtime.errors import ActorFailed, FenceBreach
from floorproof.runtime.fence import Fence, unit_of
from floorproof.runtime.kernel import Kernel
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Delivery


class Calls:
    """Calls something when it gets a message."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._call()
        yield from ()


class CallsAndHushes(Calls):
    """The same, and does as if nothing had happened."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        try:
            self._call()
        except Exception:
            yield from ()


def run(
    call: Callable[[], object],
    *,
    strict: bool = False,
    in_place: bool = False,
    participant: type[Calls] = Calls,
) -> None:
    kernel = Kernel(strict=strict, in_place=in_place)
    kernel.add("calls", lambda _context: participant(call))
    kernel.schedule(0, "calls", "now")
    kernel.run_to_end()


THROUGH_THE_MODULE: dict[str, Callable[[], object]] = {
    "time.time": lambda: time.time(),
    "time.perf_counter_ns": lambda: time.perf_counter_ns(),
    "time.sleep": lambda: time.sleep(0),
    "random.random": lambda: random.random(),
    "random.shuffle": lambda: random.shuffle([]),
    "uuid.uuid4": lambda: uuid.uuid4(),
    "secrets.token_hex": lambda: secrets.token_hex(),
    "threading.get_ident": lambda: threading.get_ident(),
    "socket.gethostname": lambda: socket.gethostname(),
}

BOUND_EARLIER: dict[str, Callable[[], object]] = {
    "time.time": lambda: bound_time(),
    "random.random": lambda: bound_random(),
    "random.randint": lambda: bound_randint(1, 6),
    "uuid.uuid4": lambda: bound_uuid4(),
    "os.urandom": lambda: os.urandom(1),
    "datetime.now": lambda: bound_datetime.now(),
    "date.today": lambda: datetime.date.today(),
    "random.Random without a seed": lambda: random.Random(),
    "random.SystemRandom": lambda: random.SystemRandom(0).random(),
    "threading.Thread": lambda: threading.Thread(target=print),
    "socket.socket": lambda: socket.socket(),
}

ALLOWED: dict[str, Callable[[], object]] = {
    "random.Random(7)": lambda: random.Random(7).random(),
    "datetime(2023, 7, 17)": lambda: datetime.datetime(2023, 7, 17).isoformat(),
    "UUID(int=1)": lambda: uuid.UUID(int=1),
    "trio.current_time()": trio.current_time,
    "sorted": lambda: sorted([2, 1]),
}

both_hostings = pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])


@both_hostings
@pytest.mark.parametrize(
    ("called", "call"), THROUGH_THE_MODULE.items(), ids=THROUGH_THE_MODULE.keys()
)
def test_a_call_through_the_module_is_refused(
    called: str, call: Callable[[], object], in_place: bool
) -> None:
    with pytest.raises(ActorFailed, match=f"calls {called}: that differs from run") as failed:
        run(call, in_place=in_place)

    assert isinstance(failed.value.error, FenceBreach)
    assert failed.value.error.called == called
    assert failed.value.error.module == __name__


@pytest.mark.parametrize(("called", "call"), BOUND_EARLIER.items(), ids=BOUND_EARLIER.keys())
def test_a_name_that_was_bound_earlier_is_seen_by_the_strict_fence(
    called: str, call: Callable[[], object]
) -> None:
    with pytest.raises(ActorFailed) as failed:
        run(call, strict=True)

    assert isinstance(failed.value.error, FenceBreach)
    assert failed.value.error.called == called


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
@pytest.mark.parametrize("call", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_the_same_in_every_run_passes(call: Callable[[], object], strict: bool) -> None:
    run(call, strict=strict)


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
def test_an_actor_that_swallows_the_refusal_does_not_get_away_with_it(strict: bool) -> None:
    with pytest.raises(FenceBreach, match=r"calls time\.time"):
        run(lambda: time.time(), strict=strict, participant=CallsAndHushes)


def test_one_that_waits_is_fenced_too() -> None:
    async def looks_at_the_clock(mailbox: Mailbox) -> None:
        await trio.sleep(1)
        time.monotonic()

    kernel = Kernel()
    kernel.add("looks", looks_at_the_clock)

    with pytest.raises(ActorFailed, match=r"looks raised FenceBreach.*time\.monotonic"):
        kernel.run_to_end()


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
def test_modules_that_take_no_part_in_the_run_are_left_alone(strict: bool) -> None:
    library = types.ModuleType("library")
    exec("import time\ndef now():\n    return time.time()", vars(library))

    run(library.now, strict=strict)


def test_modules_that_are_named_are_fenced() -> None:
    plugin = types.ModuleType("plugin.of.somebody")
    exec("import time\ndef now():\n    return time.time()", vars(plugin))
    kernel = Kernel(fenced=["plugin"])
    kernel.add("calls", lambda _context: Calls(plugin.now))
    kernel.schedule(0, "calls", "now")

    with pytest.raises(ActorFailed, match=r"plugin\.of\.somebody, line 3, calls time\.time"):
        kernel.run_to_end()


@pytest.mark.parametrize("fails", [False, True], ids=["finished", "failed"])
@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
def test_afterwards_everything_is_as_it_was(strict: bool, fails: bool) -> None:
    before = {
        module.__name__: dict(vars(module))
        for module in (time, random, uuid, secrets, threading, socket)
    }
    profiler = sys.getprofile()

    if fails:
        with pytest.raises(ActorFailed):
            run(lambda: time.time(), strict=strict)
    else:
        run(lambda: None, strict=strict)

    for name, names in before.items():
        assert vars(sys.modules[name]) == names
    assert sys.getprofile() is profiler
    assert time.time() > 0


def test_a_fence_inside_a_fence_leaves_the_outer_one_standing() -> None:
    outer, inner = Fence([__name__]), Fence(["somebody.else"])

    with outer.standing():
        with inner.standing():
            pass
        with pytest.raises(FenceBreach):
            time.time()


UNITS = {
    "tests.runtime.test_fence": "tests",
    "my_trader": "my_trader",
    "floorproof.actors.portfolio_manager": "floorproof.actors",
    "floorproof.runtime.kernel": "floorproof.runtime",
}


@pytest.mark.parametrize(("module", "unit"), UNITS.items(), ids=UNITS.keys())
def test_a_package_is_fenced_whole_and_of_ours_the_room(module: str, unit: str) -> None:
    assert unit_of(module) == unit
