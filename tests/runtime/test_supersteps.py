"""What is delivered when, and in which order at one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from floorproof.runtime.choices import Choices, Defaults, Seeded
from floorproof.runtime.errors import EndlessInstant, UnknownRecipient
from floorproof.runtime.journal import Entry, Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Delivery, Fact, Factory, Run, Send

SECOND = 1_000_000_000


class Quiet:
    """Takes what comes, and says nothing."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


class Opens:
    """Says its lines at the start, then nothing more."""

    def __init__(self, *lines: Answer) -> None:
        self._lines = lines

    def start(self) -> Iterator[Answer]:
        yield from self._lines

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


class Echo:
    """Sends every message back."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield Send(delivery.sender, delivery.message)


def of(participant: object) -> Factory:
    return lambda _context: participant  # type: ignore[return-value]  # any of the above


def no_latency(_sender: str, _recipient: str) -> Latency:
    return Latency()


def played(
    floor: Mapping[str, Factory | Run],
    *,
    steps: tuple[tuple[int, str, object], ...] = (),
    latency: Callable[[str, str], Latency] = no_latency,
    choices: Choices | None = None,
    in_place: bool = False,
    max_phases: int = 10_000,
) -> list[Entry]:
    """Return the journal of a floor that was run to its end."""
    journal = Journal()
    kernel = Kernel(
        journal=journal,
        choices=choices or Defaults(),
        latency=latency,
        in_place=in_place,
        max_phases=max_phases,
    )
    for name, make in floor.items():
        kernel.add(name, make)
    for at_ns, recipient, message in steps:
        kernel.schedule(at_ns, recipient, message)
    kernel.run_to_end()
    return journal.entries


def moments(entries: list[Entry]) -> list[tuple[int, int, str, object]]:
    return [(entry.time, entry.phase, entry.actor, entry.payload) for entry in entries]


# --- phases and latency --------------------------------------------------------------


@pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])
def test_what_is_sent_without_latency_lands_in_the_next_phase(in_place: bool) -> None:
    floor = {"echo": of(Echo()), "first": of(Opens(Send("echo", "a"), Send("echo", "b", 5)))}

    entries = played(floor, in_place=in_place)

    assert moments(entries) == [
        (0, 1, "echo", "a"),
        (0, 2, "first", "a"),
        (5, 0, "echo", "b"),
        (5, 1, "first", "b"),
    ]


def test_a_message_takes_its_links_latency_after_its_senders_delay() -> None:
    def latency(sender: str, recipient: str) -> Latency:
        return Latency({("a", "b"): 30, ("b", "a"): 4}.get((sender, recipient), 0))

    floor = {"a": of(Opens(Send("b", "there", 100))), "b": of(Echo())}

    entries = played(floor, latency=latency)

    assert moments(entries) == [(130, 0, "b", "there"), (134, 0, "a", "there")]


def test_a_step_from_outside_arrives_at_its_time_whatever_the_latency() -> None:
    entries = played(
        {"a": of(Quiet())},
        steps=((7, "a", "late"), (0, "a", "early")),
        latency=lambda *_: Latency(1000),
    )

    assert moments(entries) == [(0, 0, "a", "early"), (7, 0, "a", "late")]


class Serves(Echo):
    """Echoes, and begins."""

    def start(self) -> Iterator[Answer]:
        yield Send("pong", "ball", 3)


@pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])
def test_an_instant_without_end_names_those_who_keep_it_going(in_place: bool) -> None:
    floor = {"ping": of(Serves()), "pong": of(Echo()), "idle": of(Quiet())}

    with pytest.raises(EndlessInstant, match=r"more than 50 phases at 3 ns.*: ping") as endless:
        played(floor, steps=((3, "idle", "news"),), in_place=in_place, max_phases=50)

    assert (endless.value.now_ns, endless.value.names) == (3, ("ping",))


def test_a_recipient_that_nobody_knows_is_refused_with_the_names_there_are() -> None:
    kernel = Kernel()
    kernel.add("a", of(Quiet()))

    with pytest.raises(UnknownRecipient, match="there are: a"):
        kernel.schedule(0, "b", "hello")


@pytest.mark.parametrize("delay_ns", [-1, 0.5], ids=str)
def test_a_delay_is_whole_nanoseconds_from_0(delay_ns: int) -> None:
    kernel = Kernel()
    kernel.add("a", of(Quiet()))

    with pytest.raises(ValueError, match="whole nanoseconds"):
        kernel.schedule(delay_ns, "a", "hello")


# --- order at one instant ------------------------------------------------------------


def test_simultaneous_messages_come_by_senders_rank_then_by_its_count() -> None:
    floor = {
        "book": of(Quiet()),
        "late": of(Opens(Send("book", "late 1", 9))),
        "zed": of(
            Opens(Send("book", "zed 2", 9), Send("book", "zed 1", 8), Send("book", "z 3", 9))
        ),
        "alf": of(Opens(Send("book", "alf", 9))),
    }

    entries = played(floor, steps=((9, "book", "outside"),))

    assert [entry.payload for entry in entries] == [
        "zed 1",
        "outside",
        "late 1",
        "zed 2",
        "z 3",
        "alf",
    ]


def test_a_planted_race_is_lost_by_each_under_some_seed() -> None:
    def winner(seed: int) -> object:
        floor = {
            "desk": of(Quiet()),
            "et1": of(Opens(Send("desk", "et1"))),
            "et2": of(Opens(Send("desk", "et2"))),
        }
        return played(floor, choices=Seeded(seed))[0].payload

    winners = [winner(seed) for seed in range(1, 41)]

    assert min(winners.count("et1"), winners.count("et2")) >= 5


@given(
    seed=st.integers(0, 2**32),
    delays=st.lists(st.integers(0, 30), min_size=2, max_size=12),
    jitter_ns=st.integers(1, 40),
)
def test_messages_of_one_link_never_overtake_each_other(
    seed: int, delays: list[int], jitter_ns: int
) -> None:
    sends = [Send("b", (delay, n), delay) for n, delay in enumerate(delays)]

    entries = played(
        {"a": of(Opens(*sends)), "b": of(Quiet()), "c": of(Opens(*sends))},
        latency=lambda *_: Latency(5, jitter_ns),
        choices=Seeded(seed),
    )

    for sender in "ac":
        arrived = [entry.payload for entry in entries if entry.sender == sender]
        assert arrived == sorted((delay, n) for n, delay in enumerate(delays))
    assert all(
        entry.payload[0] + 5 <= entry.time <= max(delays) + 5 + jitter_ns for entry in entries
    )


# --- facts ---------------------------------------------------------------------------


class Reports:
    def __init__(self, name: str) -> None:
        self._name = name

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield Fact("saw", (self._name, delivery.message, 1))
        yield Fact("saw", (self._name, delivery.message, 2))


@pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])
def test_facts_follow_the_deliveries_they_come_of_and_name_them(in_place: bool) -> None:
    entries = played(
        {"b": of(Reports("b")), "a": of(Reports("a"))},
        steps=((1, "a", "x"), (1, "b", "y"), (1, "a", "z")),
        in_place=in_place,
    )

    assert [(entry.kind, entry.payload) for entry in entries] == [
        ("str", "x"),
        ("str", "y"),
        ("str", "z"),
        ("saw", ("a", "x", 1)),
        ("saw", ("a", "x", 2)),
        ("saw", ("b", "y", 1)),
        ("saw", ("b", "y", 2)),
        ("saw", ("a", "z", 1)),
        ("saw", ("a", "z", 2)),
    ]
    assert [entry.cause for entry in entries] == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert [entry.seq for entry in entries] == list(range(1, 10))


# --- timers --------------------------------------------------------------------------


async def _reads(mailbox: Mailbox) -> None:
    async for delivery in mailbox:
        mailbox.report("read", delivery.message)


def _wakes(*at_s: float) -> Run:
    async def run(mailbox: Mailbox) -> None:
        for seconds in at_s:
            await trio.sleep_until(seconds)
            mailbox.report("woke", mailbox.now_ns)

    return run


def test_at_one_instant_deliveries_come_before_timers() -> None:
    floor: dict[str, Factory | Run] = {"wakes": _wakes(1.0, 2.0), "reads": _reads}

    entries = played(floor, steps=((SECOND, "reads", "news"), (2 * SECOND + 1, "reads", "late")))

    assert [(entry.kind, entry.payload) for entry in entries] == [
        ("str", "news"),
        ("read", "news"),
        ("woke", SECOND),
        ("woke", 2 * SECOND),
        ("str", "late"),
        ("read", "late"),
    ]


def test_what_timers_cause_comes_by_rank_with_the_last_delivery_as_cause() -> None:
    async def waits_then_tells(mailbox: Mailbox) -> None:
        delivery = await mailbox.receive()
        await trio.sleep(1)
        mailbox.report("told", mailbox.name)
        mailbox.send("reads", (mailbox.name, delivery.message))

    floor: dict[str, Factory | Run] = {"reads": of(Quiet())}
    floor |= dict.fromkeys(("c", "a", "b"), waits_then_tells)
    # b hears first: had its timer's effects the place of its delivery, they would come first.
    steps = ((0, "b", "1"), (0, "a", "2"), (0, "c", "3"))

    entries = played(floor, steps=steps)

    told = [entry for entry in entries if entry.kind == "told"]
    assert [(entry.actor, entry.cause) for entry in told] == [("c", 3), ("a", 2), ("b", 1)]
    heard = [entry for entry in entries if entry.actor == "reads"]
    assert [(entry.payload, entry.cause) for entry in heard] == [
        (("c", "3"), 3),
        (("a", "2"), 2),
        (("b", "1"), 1),
    ]
    assert {entry.time for entry in heard} == {SECOND}


def test_ordinary_trio_waits_in_virtual_time() -> None:
    async def patient(mailbox: Mailbox) -> None:
        with trio.move_on_after(5) as scope:
            await mailbox.receive()
        mailbox.report("gave up", scope.cancelled_caught)
        mailbox.report("now", (mailbox.now_ns, trio.current_time()))

    entries = played({"patient": patient}, steps=((6 * SECOND, "patient", "too late"),))

    assert [entry.payload for entry in entries][:2] == [True, (5 * SECOND, 5.0)]


def test_child_tasks_of_an_actor_keep_working() -> None:
    async def parent(mailbox: Mailbox) -> None:
        done: list[float] = []

        async def child(seconds: float) -> None:
            await trio.sleep(seconds)
            done.append(seconds)

        async with trio.open_nursery() as nursery:
            for seconds in (3, 1, 2):
                nursery.start_soon(child, seconds)
            delivery = await mailbox.receive()  # idle, while its children are not
        mailbox.report("done", [delivery.message, *done])

    entries = played({"parent": parent, "echo": of(Quiet())}, steps=((2 * SECOND, "parent", "hi"),))

    assert entries[-1].payload == ["hi", 1, 2, 3]
    assert entries[-1].time == 3 * SECOND


def test_sends_are_values() -> None:
    assert Send("a", 1) == Send("a", 1, 0)
    assert (
        repr(Send("a", 1))
        == "Send(recipient='a', message=1, delay_ns=0, in_reply_to=0, background=False)"
    )
