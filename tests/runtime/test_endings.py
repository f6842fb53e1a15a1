"""How a run ends: nothing left to do, somebody stuck, somebody raised, or Ctrl-C."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import trio

from floorproof.runtime.clock import VirtualClock
from floorproof.runtime.errors import ActorFailed, FloorproofError, StuckFloor
from floorproof.runtime.journal import End, Header, Journal, Recording, UnjournalablePayload
from floorproof.runtime.kernel import Kernel
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Context, Delivery, Fact, Factory, Run, Send

both_hostings = pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])


class Chokes:
    """Answers each message, and raises at the one it chokes on."""

    def __init__(self, on: object) -> None:
        self._on = on

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield Fact("seen", delivery.message)
        if delivery.message == self._on:
            try:
                raise KeyError("no such order")
            except KeyError as error:
                raise ValueError(f"cannot do {self._on}") from error


class Quiet:
    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


class Mutters:
    """Raises before anything was sent to it."""

    def start(self) -> Iterator[Answer]:
        raise RuntimeError("not today")
        yield Send("nobody", "never")

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


def chokes(on: object) -> Factory:
    return lambda _context: Chokes(on)


def quiet(_context: Context) -> Quiet:
    return Quiet()


async def reads(mailbox: Mailbox) -> None:
    async for delivery in mailbox:
        mailbox.report("read", delivery.message)


def run(
    floor: dict[str, Factory | Run],
    *steps: tuple[int, str, object],
    in_place: bool = False,
) -> Journal:
    """Run a floor to its end, and return its journal."""
    journal = Journal()
    play(floor, *steps, in_place=in_place, journal=journal)
    return journal


def play(
    floor: dict[str, Factory | Run],
    *steps: tuple[int, str, object],
    in_place: bool = False,
    journal: Journal,
) -> None:
    kernel = Kernel(journal=journal, in_place=in_place)
    for name, make in floor.items():
        kernel.add(name, make)
    for at_ns, recipient, message in steps:
        kernel.schedule(at_ns, recipient, message)
    kernel.run_to_end()


# --- finished, or stuck --------------------------------------------------------------


@both_hostings
def test_a_floor_where_all_wait_and_nothing_is_scheduled_has_finished(in_place: bool) -> None:
    journal = run({"reads": reads, "quiet": quiet}, (5, "reads", "hi"), in_place=in_place)

    assert [entry.payload for entry in journal.entries] == ["hi", "hi"]


def test_waiting_for_a_reply_that_can_no_longer_come_is_reported() -> None:
    async def asks(mailbox: Mailbox) -> None:
        await mailbox.request("quiet", "are you there?")

    with pytest.raises(StuckFloor) as stuck:
        run({"asks": asks, "reads": reads, "quiet": quiet})

    assert stuck.value.waits == ("asks waits for a reply from quiet to 'are you there?'",)


def test_waiting_for_what_is_not_on_the_calendar_is_reported() -> None:
    async def hangs(mailbox: Mailbox) -> None:
        await mailbox.receive()
        await trio.Event().wait()

    with pytest.raises(StuckFloor, match="hangs waits for something that is not on the calendar"):
        run({"hangs": hangs, "reads": reads}, (0, "hangs", "go"), (9, "reads", "later"))


@both_hostings
def test_what_comes_for_a_participant_that_is_over_is_put_on_record(in_place: bool) -> None:
    async def reads_one(mailbox: Mailbox) -> None:
        mailbox.report("read", (await mailbox.receive()).message)

    steps = ((0, "once", "a"), (0, "once", "b"), (3, "once", "c"), (4, "quiet", "d"))
    journal = run({"once": reads_one, "quiet": quiet}, *steps, in_place=in_place)

    assert [(entry.kind, entry.cause) for entry in journal.entries if not entry.is_delivery] == [
        ("read", 1),
        ("undeliverable", 2),
        ("undeliverable", 5),
    ]


def test_what_an_actor_does_when_told_to_go_is_on_record() -> None:
    async def says_goodbye(mailbox: Mailbox) -> None:
        try:
            await mailbox.receive()
        finally:
            mailbox.report("goodbye", mailbox.name)

    journal = run({"b": says_goodbye, "a": says_goodbye})

    assert [entry.payload for entry in journal.entries] == ["b", "a"]


def test_what_an_actor_sends_when_told_to_go_is_undeliverable() -> None:
    def says(delay_ns: int) -> Run:
        async def says_goodbye(mailbox: Mailbox) -> None:
            try:
                async for _ in mailbox:
                    pass
            finally:
                mailbox.report("goodbye", mailbox.name)
                mailbox.send("quiet", 1, delay_ns)
                mailbox.send("reads", "bye")

        return says_goodbye

    floor: dict[str, Factory | Run] = {"b": says(5), "a": says(0), "quiet": quiet, "reads": reads}
    for _ in range(10):
        journal = run(floor, (0, "a", "hi"))

        facts = [entry for entry in journal.entries if not entry.is_delivery]
        assert [(fact.actor, fact.kind, fact.payload, fact.cause) for fact in facts] == [
            ("b", "goodbye", "b", 0),
            ("a", "goodbye", "a", 1),
            ("reads", "undeliverable", {"message": "str"}, 0),
            ("quiet", "undeliverable", {"message": "int"}, 1),
            ("reads", "undeliverable", {"message": "str"}, 1),
            ("quiet", "undeliverable", {"message": "int"}, 0),
        ]


def test_a_factory_that_returns_a_coroutine_is_refused_and_its_coroutine_closed() -> None:
    made = []

    def calls_instead_of_naming(context: Context) -> Any:
        made.append(reads(cast(Mailbox, context)))
        return made[0]

    with pytest.raises(FloorproofError, match="reads is no participant: <coroutine object"):
        run({"reads": calls_instead_of_naming})

    assert inspect.getcoroutinestate(made[0]) == inspect.CORO_CLOSED


def test_an_actor_that_raises_when_told_to_go_does_not_get_away_with_it() -> None:
    async def slams_the_door(mailbox: Mailbox) -> None:
        try:
            await mailbox.receive()
        finally:
            raise ValueError("slam")

    with pytest.raises(ActorFailed, match="slams raised ValueError: slam"):
        run({"slams": slams_the_door})


# --- somebody raised -----------------------------------------------------------------


@both_hostings
def test_an_actor_that_raises_stops_the_run_with_its_name_its_message_and_the_tail(
    in_place: bool,
) -> None:
    steps = ((0, "book", "b1"), (7, "book", "b2"), (9, "book", "b3"))

    with pytest.raises(ActorFailed) as failed:
        run({"book": chokes("b2")}, *steps, in_place=in_place)

    assert (failed.value.actor, failed.value.message) == ("book", "b2")
    assert isinstance(failed.value.error, ValueError)
    assert failed.value.__cause__ is failed.value.error
    assert isinstance(failed.value.error.__cause__, KeyError)
    assert '"kind":"seen","payload":"b2"' in failed.value.tail[-1]
    assert str(failed.value).startswith(
        "book raised ValueError: cannot do b2\n  handling 'b2'\n  the journal's last entries:"
    )


@both_hostings
def test_of_two_that_raise_in_one_superstep_the_first_by_order_is_named(in_place: bool) -> None:
    for order in (("a", "b"), ("b", "a")):
        floor: dict[str, Factory | Run] = {name: chokes("x") for name in order}
        for first, second in (("a", "b"), ("b", "a")):
            with pytest.raises(ActorFailed) as failed:
                run(floor, (1, first, "x"), (1, second, "x"), in_place=in_place)
            assert failed.value.actor == first


def test_of_two_that_raise_at_their_timers_the_first_by_rank_is_named() -> None:
    async def raises(mailbox: Mailbox) -> None:
        await mailbox.receive()
        await trio.sleep(1)
        raise ValueError(mailbox.name)

    for _ in range(10):
        with pytest.raises(ActorFailed) as failed:
            run({"b": raises, "a": raises}, (0, "a", "x"), (0, "b", "x"))
        assert failed.value.actor == "b"


def test_a_failure_leaves_one_journal_in_both_hostings() -> None:
    floor: dict[str, Factory | Run] = {"a": chokes("x"), "b": chokes("x"), "quiet": quiet}
    steps = [(1, "b", "w"), *((2, name, "x") for name in "abab"), (2, "quiet", "y"), (3, "a", "z")]
    digests = set()
    for in_place in (False, True):
        journal = Journal()
        with pytest.raises(ActorFailed):
            play(floor, *steps, in_place=in_place, journal=journal)
        digests.add((journal.count, journal.digest))

    assert len(digests) == 1


@both_hostings
def test_raising_before_the_first_message_is_said_so(in_place: bool) -> None:
    with pytest.raises(ActorFailed, match=r"mutters raised RuntimeError.*\n  before its first"):
        run({"mutters": lambda _context: Mutters(), "reads": reads}, in_place=in_place)


@both_hostings
def test_an_answer_that_is_neither_send_nor_fact_is_its_authors_failure(in_place: bool) -> None:
    class Sloppy:
        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            yield "hello"  # type: ignore[misc]  # the mistake

    with pytest.raises(ActorFailed, match="sloppy answered with 'hello', expected a Send or a"):
        run({"sloppy": lambda _context: Sloppy()}, (0, "sloppy", "x"), in_place=in_place)


def test_whoever_steps_the_floor_is_not_blamed_for_what_others_do() -> None:
    # `reads` is the last to go idle, so the responder in place is called from its task.
    journal = Journal()
    kernel = Kernel(journal=journal)
    kernel.add("reads", reads)
    kernel.add("book", chokes("x"), in_place=True)
    kernel.schedule(1, "reads", "hi")
    kernel.schedule(2, "book", "x")

    with pytest.raises(ActorFailed) as failed:
        kernel.run_to_end()

    assert failed.value.actor == "book"


def test_nor_for_a_message_that_has_no_canonical_form() -> None:
    expected = r"^object of scenario: <object .* has no canonical form"
    with pytest.raises(UnjournalablePayload, match=expected):
        run({"reads": reads}, (1, "reads", "hi"), (2, "reads", object()))


def test_what_is_no_participant_is_refused_before_the_run() -> None:
    kernel = Kernel()
    kernel.add("chair", lambda _context: 42)  # type: ignore[arg-type]  # the mistake

    with pytest.raises(Exception, match="chair is no participant: 42 has neither"):
        kernel.run_to_end()


async def test_a_failure_is_raised_though_the_tests_own_body_has_ended(
    virtual_clock: VirtualClock,
) -> None:
    kernel = Kernel(clock=virtual_clock, journal=Journal())
    kernel.add("book", chokes("x"))
    kernel.add("helper", lambda _context: Forwards())
    me = kernel.guest("me")

    async def body() -> None:
        async with kernel.running():
            me.send("helper", "x")
            await me.receive()  # in the superstep in which the book raises

    with pytest.raises(ActorFailed, match="book raised"):
        await body()


class Forwards:
    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield Send("book", delivery.message)
        yield Send("me", delivery.message)


# --- Ctrl-C --------------------------------------------------------------------------


@both_hostings
def test_an_interrupt_leaves_a_readable_journal(in_place: bool, tmp_path: Path) -> None:
    class Interrupted:
        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            yield Fact("seen", delivery.message)
            if delivery.message == 2:
                raise KeyboardInterrupt
            yield Send("reads", delivery.message)

    path = tmp_path / "journal.jsonl"
    with path.open("wb") as file:
        journal = Journal(keep=False, write=lambda line: file.write(line + b"\n"))
        journal.begin(Header(version="0", scenario=""))
        floor: dict[str, Factory | Run] = {"desk": lambda _context: Interrupted(), "reads": reads}
        with pytest.raises(KeyboardInterrupt):
            play(floor, (1, "desk", 1), (2, "desk", 2), in_place=in_place, journal=journal)
        journal.end("interrupted")

    recording = Recording(path.read_bytes())
    assert [(entry.kind, entry.payload) for entry in recording] == [
        ("int", 1),
        ("seen", 1),
        ("int", 1),
        ("read", 1),
        ("int", 2),
    ]
    assert recording.end == End(entries=5, digest=journal.digest, outcome="interrupted")


def test_an_interrupt_in_the_middle_of_an_entry_leaves_a_journal_without_an_end() -> None:
    written: list[bytes] = []

    def write(line: bytes) -> None:
        if b'"payload":2' in line:
            raise KeyboardInterrupt
        written.append(line + b"\n")

    journal = Journal(write=write)
    journal.begin(Header(version="0", scenario=""))
    with pytest.raises(KeyboardInterrupt):
        play({"quiet": quiet}, (1, "quiet", 1), (2, "quiet", 2), journal=journal)
    journal.end("interrupted")

    recording = Recording(b"".join(written))
    assert [entry.payload for entry in recording] == [1]
    assert recording.end is None
    assert recording.cut == "the journal stops before its end, after line 2"
