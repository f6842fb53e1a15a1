"""What actors may not ask for, and how they are caught."""

from __future__ import annotations

import datetime
import functools
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
from operator import attrgetter
from random import randint as bound_randint
from random import random as bound_random
from random import randrange as bound_randrange
from random import shuffle as bound_shuffle
from secrets import choice as bound_choice
from secrets import randbelow as bound_randbelow
from secrets import randbits as bound_randbits
from secrets import token_bytes as bound_token_bytes
from secrets import token_hex as bound_token_hex
from secrets import token_urlsafe as bound_token_urlsafe
from time import time as bound_time
from typing import Any
from uuid import uuid4 as bound_uuid4

import pytest
import trio

from floorproof.runtime.errors import ActorFailed, FenceBreach
from floorproof.runtime.fence import Fence, unit_of
from floorproof.runtime.kernel import Kernel
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Context, Delivery


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
    "random.choice": lambda: random.choice([1]),
    "secrets.token_hex": lambda: secrets.token_hex(),
    "secrets.choice": lambda: secrets.choice([1]),
    "threading.get_ident": lambda: threading.get_ident(),
    "socket.gethostname": lambda: socket.gethostname(),
}

BOUND_EARLIER: dict[str, Callable[[], object]] = {
    "time.time": lambda: bound_time(),
    "random.random": lambda: bound_random(),
    "random.randint": lambda: bound_randint(1, 6),
    "random.randrange": lambda: bound_randrange(5),
    "random.shuffle": lambda: bound_shuffle([]),
    "uuid.uuid4": lambda: bound_uuid4(),
    "secrets.randbelow": lambda: bound_randbelow(5),
    "secrets.token_bytes": lambda: bound_token_bytes(),
    "secrets.token_hex": lambda: bound_token_hex(),
    "secrets.token_urlsafe": lambda: bound_token_urlsafe(),
    "os.urandom": lambda: os.urandom(1),
    "datetime.now": lambda: bound_datetime.now(),
    "date.today": lambda: datetime.date.today(),
    "random.Random without a seed": lambda: random.Random(),
    "random.SystemRandom": lambda: random.SystemRandom(0).random(),
    "threading.Thread": lambda: threading.Thread(target=print),
    "socket.socket": lambda: socket.socket(),
}

# Under whatever name: they belong to a generator that asks the system.
OF_THE_SYSTEM: dict[str, Callable[[], object]] = {
    "secrets.choice": lambda: bound_choice([1]),
    "secrets.randbits": lambda: bound_randbits(8),
    "SystemRandom().randrange": lambda: random.SystemRandom().randrange(5),
    "Random(7).seed()": lambda: random.Random(7).seed(),
}

ALLOWED: dict[str, Callable[[], object]] = {
    "random.Random(7)": lambda: random.Random(7).random(),
    "datetime(2023, 7, 17)": lambda: datetime.datetime(2023, 7, 17).isoformat(),
    "UUID(int=1)": lambda: uuid.UUID(int=1),
    "trio.current_time()": trio.current_time,
    "sorted": lambda: sorted([2, 1]),
}

DISTRIBUTIONS: dict[str, Callable[[random.Random], object]] = {
    "betavariate": lambda numbers: numbers.betavariate(1, 2),
    "choice": lambda numbers: numbers.choice("abc"),
    "choices": lambda numbers: numbers.choices("abc", [1, 2, 3], k=2),
    "expovariate": lambda numbers: numbers.expovariate(2),
    "gammavariate": lambda numbers: numbers.gammavariate(2, 1),
    "gauss": lambda numbers: numbers.gauss(0, 1),
    "getrandbits": lambda numbers: numbers.getrandbits(70),
    "lognormvariate": lambda numbers: numbers.lognormvariate(0, 1),
    "normalvariate": lambda numbers: numbers.normalvariate(0, 1),
    "paretovariate": lambda numbers: numbers.paretovariate(2),
    "randbytes": lambda numbers: numbers.randbytes(3),
    "randint": lambda numbers: numbers.randint(1, 6),
    "random": lambda numbers: numbers.random(),
    "randrange": lambda numbers: numbers.randrange(5),
    "sample": lambda numbers: numbers.sample(range(100), 3),
    "shuffle": lambda numbers: numbers.shuffle([1, 2, 3]),
    "triangular": lambda numbers: numbers.triangular(0, 2, 1),
    "uniform": lambda numbers: numbers.uniform(0, 1),
    "vonmisesvariate": lambda numbers: numbers.vonmisesvariate(0, 1),
    "weibullvariate": lambda numbers: numbers.weibullvariate(1, 2),
}

OF_TRIO: dict[str, tuple[object, ...]] = {
    "to_thread.run_sync": (int,),
    "open_file": (os.devnull,),
    "run_process": (["true"],),
    "lowlevel.open_process": (["true"],),
    "lowlevel.start_thread_soon": (int, print),
    "open_tcp_stream": ("127.0.0.1", 1),
    "open_tcp_listeners": (0,),
    "serve_tcp": (trio.aclose_forcefully, 0),
    "open_ssl_over_tcp_stream": ("127.0.0.1", 1),
    "open_ssl_over_tcp_listeners": (0, None),
    "serve_ssl_over_tcp": (trio.aclose_forcefully, 0, None),
    "open_unix_socket": ("/nowhere",),
    "open_signal_receiver": (),
    "socket.getaddrinfo": ("127.0.0.1", 1),
    "socket.socket": (),
}
"""What is called of Trio, and with what; nothing is ever reached."""

Awaits = Callable[[], Any]

bound_run_sync, bound_open_file, bound_run_process, bound_open_tcp_stream, bound_socket = (
    trio.to_thread.run_sync,
    trio.open_file,
    trio.run_process,
    trio.open_tcp_stream,
    trio.socket.socket,
)

OF_TRIO_BOUND_EARLIER: dict[str, Awaits] = {
    "trio.to_thread.run_sync": lambda: bound_run_sync(int),
    "trio.open_file": lambda: bound_open_file(os.devnull),
    "trio.run_process": lambda: bound_run_process(["true"]),
    "trio.open_tcp_stream": lambda: bound_open_tcp_stream("127.0.0.1", 1),
    "trio.socket.socket": lambda: bound_socket(),
    "trio.Path": lambda: trio.Path(os.devnull).read_bytes(),
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


@pytest.mark.parametrize("call", OF_THE_SYSTEM.values(), ids=OF_THE_SYSTEM.keys())
def test_a_generator_that_asks_the_system_is_seen_by_the_strict_fence(
    call: Callable[[], object],
) -> None:
    with pytest.raises(ActorFailed, match=r"calls random\.(SystemRandom|Random without a seed)"):
        run(call, strict=True)


def test_every_distribution_is_tried() -> None:
    names = {name for kind in random.Random.__mro__[:2] for name in vars(kind)}
    public = {name for name in names if not name.startswith("_")}

    others = {"seed", "getstate", "setstate", "VERSION"}
    assert public - others - {"binomialvariate"} == set(DISTRIBUTIONS)  # that is Python 3.12's


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
@pytest.mark.parametrize("draw", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS.keys())
def test_seeded_random_numbers_pass(draw: Callable[[random.Random], object], strict: bool) -> None:
    drawn: list[object] = []

    class Draws:
        def __init__(self, context: Context) -> None:
            self._numbers = context.stream("w")

        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            drawn.append(draw(self._numbers))
            drawn.append(draw(random.Random(7)))
            yield from ()

    async def draws(mailbox: Mailbox) -> None:
        drawn.append(draw(mailbox.stream("w")))

    kernel = Kernel(strict=strict)
    kernel.add("answers", Draws)
    kernel.add("waits", draws)
    kernel.schedule(0, "answers", "now")
    kernel.run_to_end()

    assert len(drawn) == 3  # they were called, and nobody objected


def awaited(call: Awaits, *, strict: bool = False) -> None:
    async def runs(_mailbox: Mailbox) -> None:
        answer = call()
        if hasattr(answer, "__await__"):
            await answer

    kernel = Kernel(strict=strict)
    kernel.add("waits", runs)
    kernel.run_to_end()


@pytest.mark.parametrize(("called", "arguments"), OF_TRIO.items(), ids=OF_TRIO.keys())
def test_what_trio_does_outside_the_floor_is_refused(
    called: str, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(ActorFailed) as failed:
        awaited(lambda: attrgetter(called)(trio)(*arguments))

    assert isinstance(failed.value.error, FenceBreach)
    assert failed.value.error.called == f"trio.{called}"


@pytest.mark.parametrize(
    ("called", "call"), OF_TRIO_BOUND_EARLIER.items(), ids=OF_TRIO_BOUND_EARLIER.keys()
)
def test_of_that_too_the_strict_fence_sees_what_was_bound_earlier(
    called: str, call: Awaits
) -> None:
    with pytest.raises(ActorFailed) as failed:
        awaited(call, strict=True)

    assert isinstance(failed.value.error, FenceBreach)
    assert failed.value.error.called == called


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
def test_trio_itself_and_a_library_may_use_a_thread(strict: bool) -> None:
    library = types.ModuleType("library")
    exec(
        "import trio\nasync def reads():\n"
        "    return await trio.Path('/').exists(), await trio.to_thread.run_sync(int)",
        vars(library),
    )

    with Fence([__name__], strict=strict).standing():
        assert trio.run(library.reads) == (True, 0)


def test_an_actor_with_some_of_its_arguments_filled_in_is_fenced() -> None:
    async def looks_at_the_clock(mailbox: Mailbox, n: int, m: int) -> None:
        time.monotonic()

    kernel = Kernel()
    once = functools.partial(looks_at_the_clock, n=1)
    kernel.add("looks", functools.partial(once, m=2))

    with pytest.raises(ActorFailed, match=r"looks raised FenceBreach.*time\.monotonic"):
        kernel.run_to_end()


@pytest.mark.parametrize("strict", [False, True], ids=["every run", "strict"])
@pytest.mark.parametrize("call", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_the_same_in_every_run_passes(call: Callable[[], object], strict: bool) -> None:
    returned: list[object] = []

    run(lambda: returned.append(call()), strict=strict)

    assert len(returned) == 1  # it was called, and nobody objected


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

    told: list[float] = []

    run(lambda: told.append(library.now()), strict=strict)

    assert told[0] > 0


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
        for module in (
            time,
            random,
            uuid,
            secrets,
            threading,
            socket,
            trio,
            trio.to_thread,
            trio.lowlevel,
            trio.socket,
        )
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
