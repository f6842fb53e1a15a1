"""One digest: however the floor is hosted, whatever Trio's scheduler does, in any process.

The floors here are random: who sends what to whom, when, who waits and for how long,
who raises, and how the links behave.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from floorproof.runtime.choices import Choices, Defaults, Recorded, Seeded
from floorproof.runtime.errors import ReplyTimeout, RunError
from floorproof.runtime.journal import Journal, Recording
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Context, Delivery, Fact, Send

NAMES = ("a", "b", "c", "d")


@attrs.frozen
class Token:
    """What goes round; with no hops left it goes no further."""

    hops: int


@attrs.frozen
class Habit:
    """What a participant does about one message."""

    recipients: tuple[str, ...]
    delay_ns: int
    fact: bool
    draws: bool
    raises: bool
    sleeps_ns: int
    """Only if it waits; a reply is asked for if this is odd."""


@attrs.frozen
class Floor:
    responders: tuple[tuple[Habit, ...], ...]
    runners: tuple[tuple[Habit, ...], ...]
    latencies: tuple[Latency, ...]
    steps: tuple[tuple[int, str, Token], ...]


class Responder:
    """Does its habits, one message after the other, round and round."""

    def __init__(self, context: Context, habits: tuple[Habit, ...]) -> None:
        self._stream = context.stream("delays")
        self._habits = habits
        self._seen = 0

    def start(self) -> Iterator[Answer]:
        yield Send(self._habits[0].recipients[0], Token(2), self._habits[0].delay_ns)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        habit = self._habits[self._seen % len(self._habits)]
        self._seen += 1
        assert isinstance(delivery.message, Token)
        if habit.fact:
            yield Fact("seen", [delivery.sender, delivery.now_ns, self._seen])
        if delivery.message.hops:
            token = Token(delivery.message.hops - 1)
            yield delivery.reply(token, self._delay(habit))
            for recipient in habit.recipients:
                yield Send(recipient, token, self._delay(habit))
        if habit.raises:
            raise ValueError(f"had enough after {self._seen}")

    def _delay(self, habit: Habit) -> int:
        return self._stream.randint(0, 3) if habit.draws else habit.delay_ns


class Runner:
    """Does the same in a loop of its own, and waits in between."""

    def __init__(self, context: Context, habits: tuple[Habit, ...]) -> None:
        self._pure = Responder(context, habits)
        self._habits = habits

    async def run(self, mailbox: Mailbox) -> None:
        for habit in self._habits * 3:
            with trio.move_on_after(habit.sleeps_ns * 4e-9):
                delivery = await mailbox.receive()
                for answer in self._pure.receive(delivery):
                    mailbox.answer(answer)
            await trio.sleep(habit.sleeps_ns * 1e-9)
            if habit.sleeps_ns % 2:
                try:
                    await mailbox.request(habit.recipients[0], Token(1), timeout_ns=5)
                except ReplyTimeout:
                    mailbox.report("timeout", mailbox.now_ns)


names = st.sampled_from(NAMES)
habits = st.lists(
    st.builds(
        Habit,
        recipients=st.lists(names, min_size=1, max_size=2).map(tuple),
        delay_ns=st.integers(0, 3),
        fact=st.booleans(),
        draws=st.booleans(),
        raises=st.integers(0, 15).map(lambda n: n == 15),
        sleeps_ns=st.integers(0, 5),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
latencies = st.builds(Latency, st.integers(0, 3), st.integers(0, 3))
floors = st.builds(
    Floor,
    responders=st.tuples(habits, habits),
    runners=st.tuples(habits, habits),
    latencies=st.lists(latencies, min_size=1, max_size=5).map(tuple),
    steps=st.lists(
        st.tuples(st.integers(0, 6), names, st.builds(Token, st.integers(0, 3))),
        min_size=1,
        max_size=5,
    ).map(tuple),
)


def told(floor: Floor, choices: Choices, *, in_place: bool = False) -> str:
    """Run *floor*; return its journal's length and digest, and how it ended."""

    def latency(sender: str, recipient: str) -> Latency:
        link = NAMES.index(sender) * len(NAMES) + NAMES.index(recipient)
        return floor.latencies[link % len(floor.latencies)]

    journal = Journal()
    kernel = Kernel(choices=choices, journal=journal, latency=latency, in_place=in_place)
    for name, mine in zip("ab", floor.responders, strict=True):
        kernel.add(name, lambda context, mine=mine: Responder(context, mine))
    for name, mine in zip("cd", floor.runners, strict=True):
        kernel.add(name, lambda context, mine=mine: Runner(context, mine))
    for at_ns, recipient, token in floor.steps:
        kernel.schedule(at_ns, recipient, token)
    try:
        kernel.run_to_end()
        outcome = "finished"
    except RunError as error:
        outcome = str(error)
    return f"{journal.count} {journal.digest} at {kernel.now_ns}: {outcome}"


@given(floors, st.integers(0, 2**16))
def test_in_tasks_and_in_place_there_is_one_digest(floor: Floor, seed: int) -> None:
    assert told(floor, Seeded(seed)) == told(floor, Seeded(seed), in_place=True)


@given(floors, st.integers(0, 2**16))
def test_a_recorded_run_repeats_the_seeded_one(floor: Floor, seed: int) -> None:
    seeded = Seeded(seed)
    story = told(floor, seeded)

    assert told(floor, Recorded(seeded.taken)) == story


@given(floors)
def test_a_run_by_default_is_one_with_nothing_recorded(floor: Floor) -> None:
    assert told(floor, Defaults()) == told(floor, Recorded({}))


@given(floors, st.integers(0, 2**16))
def test_trios_scheduler_cannot_be_seen(floor: Floor, seed: int) -> None:
    run: Any = trio._core._run  # private: what Trio promises nobody, we must not depend on
    shuffler, deterministic = run._r, run._ALLOW_DETERMINISTIC_SCHEDULING
    stories = set()
    try:
        for shuffles in (False, True):
            run._ALLOW_DETERMINISTIC_SCHEDULING = shuffles
            for reseeded in range(4):
                run._r = random.Random(reseeded)
                stories.add(told(floor, Seeded(seed)))
    finally:
        run._r, run._ALLOW_DETERMINISTIC_SCHEDULING = shuffler, deterministic

    assert len(stories) == 1


def test_some_of_these_floors_fail_and_most_do_not() -> None:
    """What the properties above would otherwise hold for too cheaply."""
    outcomes = []

    @given(floors)
    def collect(floor: Floor) -> None:
        outcomes.append(told(floor, Defaults()).partition(": ")[2].split()[0])

    collect()

    assert outcomes.count("finished") > 10
    assert len(set(outcomes)) > 2


# --- adding somebody -----------------------------------------------------------------


def test_adding_an_actor_leaves_the_draws_and_choices_of_others_alone() -> None:
    def draws(*extra: str) -> dict[str, int]:
        class Draws:
            def __init__(self, context: Context) -> None:
                self._stream = context.stream("size")

            def receive(self, delivery: Delivery) -> Iterator[Answer]:
                if delivery.sender == "scenario":
                    yield Send("b", self._stream.randint(1, 1000))

        choices = Seeded(5)
        kernel = Kernel(choices=choices, latency=lambda *_: Latency(10, 1000))
        for name in ("a", *extra, "b"):
            kernel.add(name, Draws)
        for n in range(20):
            for name in ("a", *extra):
                kernel.schedule(n, name, "go")
        kernel.run_to_end()
        return dict(choices.taken)

    few, many = draws(), draws("x", "y")

    about_a = {name: value for name, value in many.items() if "a/" in name or "jitter a>" in name}
    assert about_a == {n: v for n, v in few.items() if not n.startswith("order")}
    assert len(many) > len(few)


# --- other processes -----------------------------------------------------------------

RUNS = """
    {first}
    import attrs, sys
    from floorproof.runtime.choices import Seeded
    from floorproof.runtime.journal import Journal
    from floorproof.runtime.kernel import Kernel, Latency
    from floorproof.runtime.participant import Fact, Send

    @attrs.frozen
    class Order:
        id: str
        tags: dict

    class Desk:
        def __init__(self, context):
            self.sizes = context.stream("size")
        def receive(self, delivery):
            desks = {desks}
            for desk in desks:
                if delivery.message.tags["hops"]:
                    hops = delivery.message.tags["hops"] - 1
                    tags = {{"hops": hops, "size": self.sizes.random()}}
                    yield Send(desk, Order(desk, tags))
            yield Fact("sent", {{"to": list(desks)}})

    journal = Journal()
    kernel = Kernel(journal=journal, choices=Seeded(3), latency=lambda *_: Latency(5, 20))
    for name in ("ET1", "ET2", "PM1", "PM2", "CME"):
        kernel.add(name, Desk)
    kernel.schedule(0, "PM1", Order("P1", {{"hops": 3}}))
    kernel.run_to_end()
    print(journal.count, journal.digest)
"""


def digest_in_a_process_of_its_own(hash_seed: str, *, first: str = "", desks: str) -> str:
    program = textwrap.dedent(RUNS).format(first=first, desks=desks)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_every_process_has_one_digest_whatever_its_hash_seed_and_its_imports() -> None:
    desks = '("ET1", "CME")'
    digests = {
        digest_in_a_process_of_its_own(hash_seed, first=first, desks=desks)
        for hash_seed in ("0", "1", "42")
        for first in ("", "import hypothesis")
    }

    assert len(digests) == 1


def test_the_order_of_a_set_shows_under_two_hash_seeds() -> None:
    desks = '{"ET1", "ET2", "PM2", "CME"}'

    one, two = (digest_in_a_process_of_its_own(hash_seed, desks=desks) for hash_seed in "12")

    assert one != two


# A shell that runs the tests in the background has interrupts ignored, and a child
# inherits that; and what runs for ever must not write for ever if nothing ends it.
FOR_EVER = """
    import signal, sys
    from floorproof.runtime.journal import Header, Journal
    from floorproof.runtime.kernel import Kernel
    from floorproof.runtime.participant import Send

    signal.signal(signal.SIGINT, signal.default_int_handler)

    class Echo:
        def receive(self, delivery):
            yield Send(delivery.sender if delivery.sender != "scenario" else "b", 1, 5)

    with open(sys.argv[1], "wb") as file:
        def write(line):
            assert file.tell() < 1 << 28, "nobody interrupts"
            file.write(line + b"\\n")

        journal = Journal(keep=False, write=write)
        journal.begin(Header(version="0", scenario=""))
        kernel = Kernel(journal=journal, in_place=sys.argv[2] == "in place")
        kernel.add("a", lambda context: Echo())
        kernel.add("b", lambda context: Echo())
        kernel.schedule(0, "a", 0)
        print("running", flush=True)
        try:
            kernel.run_to_end()
        except KeyboardInterrupt:
            journal.end("interrupted")
            sys.exit(130)
"""


@pytest.mark.parametrize("hosting", ["tasks", "in place"])
def test_ctrl_c_ends_an_endless_run_and_its_journal_is_good_up_to_there(
    hosting: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    program = [sys.executable, "-c", textwrap.dedent(FOR_EVER), str(path), hosting]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == b"running\n"
            while path.stat().st_size < 1 << 16:  # as far as more than a hundred entries
                assert run.poll() is None
                time.sleep(0.01)
            run.send_signal(signal.SIGINT)
            run.wait(timeout=30)
        finally:
            run.kill()

    assert run.returncode == 130
    recording = Recording(path.read_bytes())
    assert len(recording.entries) > 100
    assert recording.end is None or recording.end.outcome == "interrupted"
    assert [entry.seq for entry in recording] == list(range(1, len(recording.entries) + 1))


def test_importing_the_market_or_the_package_loads_no_trio() -> None:
    program = (
        "import json, sys, floorproof, floorproof.market, floorproof.market.exchange;"
        "import floorproof.testing.pytest_plugin;"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert not {"trio", "hypothesis"} & set(json.loads(done.stdout))
