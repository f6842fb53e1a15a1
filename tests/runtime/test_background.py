"""What waits in the background: delivered at its time, and no reason for a floor to go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trio

from floorproof.runtime.choices import Seeded
from floorproof.runtime.journal import Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Context, Delivery, Send

both_hostings = pytest.mark.parametrize("in_place", [False, True], ids=["tasks", "in place"])


class Beats:
    """Wakes itself every ten nanoseconds, and tells somebody."""

    def __init__(self, context: Context, to: str = "hears", *, beats: bool = True) -> None:
        self._name, self._to, self._beats = context.name, to, beats

    def start(self) -> Iterator[Answer]:
        yield Send(self._name, "beat", 10, background=self._beats)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        if delivery.message == "beat":
            yield Send(self._to, "heartbeat")
            yield Send(self._name, "beat", 10, background=True)


class Hears:
    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


def told(kernel: Kernel, journal: Journal) -> list[tuple[int, str]]:
    kernel.run_to_end()
    return [(entry.time, f"{entry.actor} {entry.payload}") for entry in journal.entries]


def floor(in_place: bool, latency_ns: int = 0) -> tuple[Kernel, Journal]:
    journal = Journal()

    def latency(_sender: str, _recipient: str) -> Latency:
        return Latency(latency_ns)

    kernel = Kernel(journal=journal, in_place=in_place, latency=latency)
    kernel.add("beats", Beats)
    kernel.add("hears", lambda _context: Hears())
    return kernel, journal


@both_hostings
def test_a_floor_with_nothing_else_to_come_is_over_at_once(in_place: bool) -> None:
    kernel, journal = floor(in_place)

    assert told(kernel, journal) == []
    assert kernel.now_ns == 0


@both_hostings
def test_it_is_delivered_in_its_place_while_something_else_is_to_come(in_place: bool) -> None:
    kernel, journal = floor(in_place)
    kernel.schedule(25, "hears", "step")

    assert told(kernel, journal) == [
        (10, "beats beat"),
        (10, "hears heartbeat"),
        (20, "beats beat"),
        (20, "hears heartbeat"),
        (25, "hears step"),
    ]
    assert kernel.now_ns == 25


@both_hostings
def test_what_comes_of_it_is_not_in_the_background_itself(in_place: bool) -> None:
    """A heartbeat that is under way arrives, although nobody else has anything to do."""
    kernel, journal = floor(in_place, latency_ns=7)
    kernel.schedule(11, "hears", "step")

    assert told(kernel, journal) == [
        (10, "beats beat"),
        (11, "hears step"),
        (17, "hears heartbeat"),
    ]


@both_hostings
def test_a_floor_on_which_somebody_sleeps_goes_on(in_place: bool) -> None:
    kernel, journal = floor(in_place)

    async def sleeps(mailbox: Mailbox) -> None:
        await trio.sleep(15e-9)
        mailbox.send("hears", "awake")

    kernel.add("sleeps", sleeps)

    assert told(kernel, journal) == [
        (10, "beats beat"),
        (10, "hears heartbeat"),
        (15, "hears awake"),
    ]


@both_hostings
@pytest.mark.parametrize("seed", range(5))
def test_links_with_jitter_change_nothing_about_it(in_place: bool, seed: int) -> None:
    journal = Journal()
    kernel = Kernel(
        journal=journal,
        in_place=in_place,
        choices=Seeded(seed),
        latency=lambda _sender, _recipient: Latency(3, 5),
    )
    kernel.add("beats", Beats)
    kernel.add("hears", lambda _context: Hears())
    kernel.schedule(35, "hears", "step")

    said = told(kernel, journal)

    assert [(at, what) for at, what in said if what == "beats beat"] == [
        (10, "beats beat"),
        (20, "beats beat"),
        (30, "beats beat"),
    ]
    assert said[-1][0] <= 30 + 8


def test_nobody_misses_it_when_a_run_ends() -> None:
    kernel, journal = floor(in_place=True)
    kernel.schedule(5, "hears", "step")

    assert told(kernel, journal) == [(5, "hears step")]
    assert [entry.kind for entry in journal.entries] == ["str"]
