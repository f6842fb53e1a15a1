"""One actor in an ``async def`` test, in virtual time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import trio

import floorproof.testing
from floorproof.runtime.clock import VirtualClock
from floorproof.runtime.errors import ActorFailed, StuckFloor
from floorproof.runtime.journal import Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Delivery

MS = 1_000_000


class Gateway:
    """Takes a second over each order."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        if delivery.message == "nonsense":
            raise ValueError("what?")
        yield delivery.reply(f"ack of {delivery.message}", 1000 * MS)


async def patient(mailbox: Mailbox) -> None:
    """Waits a day, then says so to the desk."""
    await trio.sleep(24 * 3600)
    mailbox.send("desk", "good morning")


def floor(clock: VirtualClock, journal: Journal | None = None) -> tuple[Kernel, Mailbox]:
    kernel = Kernel(clock=clock, latency=lambda *_: Latency(MS), journal=journal)
    kernel.add("gateway", lambda _context: Gateway())
    kernel.add("patient", patient)
    return kernel, kernel.guest("desk")


async def test_an_actor_answers_in_virtual_time(virtual_clock: VirtualClock) -> None:
    kernel, desk = floor(virtual_clock)

    async with kernel.running():
        reply = await desk.request("gateway", "P1")
        assert (reply.message, reply.now_ns) == ("ack of P1", 1002 * MS)
        assert trio.current_time() == 1.002
        await trio.sleep(1)
        desk.send("gateway", "P2")
        answer = await desk.receive()

    assert answer.now_ns == 3004 * MS


async def test_a_day_passes_at_once(virtual_clock: VirtualClock) -> None:
    kernel, desk = floor(virtual_clock)

    async with kernel.running():
        message = await desk.receive()

    assert message.message == "good morning"
    assert message.now_ns == 24 * 3600 * 1000 * MS + MS


async def test_what_the_guest_does_is_in_the_journal(virtual_clock: VirtualClock) -> None:
    journal = Journal()
    kernel, desk = floor(virtual_clock, journal)

    async with kernel.running():
        await desk.request("gateway", "P1")
        desk.report("content", True)

    assert [(entry.actor, entry.kind) for entry in journal.entries] == [
        ("gateway", "str"),
        ("desk", "str"),
        ("desk", "content"),
    ]


async def test_a_body_that_waits_for_what_cannot_come_is_told(virtual_clock: VirtualClock) -> None:
    kernel = Kernel(clock=virtual_clock)
    desk = kernel.guest("desk")

    async def body() -> None:
        async with kernel.running():
            await desk.receive()

    with pytest.raises(StuckFloor, match="desk, a guest, waits for a message"):
        await body()


async def test_an_actor_that_raises_ends_the_test(virtual_clock: VirtualClock) -> None:
    kernel, desk = floor(virtual_clock)

    async def body() -> None:
        async with kernel.running():
            desk.send("gateway", "nonsense")
            await desk.receive()

    with pytest.raises(ActorFailed, match=r"gateway raised ValueError: what\?"):
        await body()


def test_a_guest_needs_the_callers_task(virtual_clock: VirtualClock) -> None:
    kernel, _ = floor(virtual_clock)

    with pytest.raises(AssertionError, match=r"run the kernel with running\(\)"):
        kernel.run_to_end()


async def test_a_kernel_with_another_clock_than_its_tests_is_refused(
    virtual_clock: VirtualClock,
) -> None:
    kernel, _ = floor(VirtualClock())
    assert trio.lowlevel.current_clock() is virtual_clock

    with pytest.raises(AssertionError, match="the Trio run has another clock"):
        await kernel.run()


async def test_a_mailbox_is_for_one_task(virtual_clock: VirtualClock) -> None:
    kernel, desk = floor(virtual_clock)

    async def body() -> None:
        async with kernel.running(), trio.open_nursery() as nursery:
            nursery.start_soon(desk.receive)
            nursery.start_soon(desk.receive)

    with pytest.raises(AssertionError, match="desk is one task"):
        await body()


# --- the plugin itself ---------------------------------------------------------------


def test_pytests_start_stays_light() -> None:
    program = (
        "import sys, floorproof.testing.pytest_plugin as plugin\n"
        "heavy = {'trio', 'hypothesis', 'attrs', 'msgspec', 'pytest_trio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert plugin.virtual_clock"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_missing_extra_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        floorproof.testing, "find_spec", lambda name: None if name == "hypothesis" else object()
    )

    with pytest.raises(ImportError, match="needs hypothesis: pip install") as it:
        floorproof.testing.require_extra()

    assert isinstance(it.value, floorproof.testing.MissingExtra)
    assert it.value.missing == ("hypothesis",)
