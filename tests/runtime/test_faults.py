"""What goes wrong on a floor: each kind by itself, by choice, and alike however it is hosted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from floorproof.runtime.choices import Choices, Defaults, Recorded, Seeded
from floorproof.runtime.faults import ACTOR_KINDS, CLOCK_KINDS, LINK_KINDS, Fault, FaultPlan
from floorproof.runtime.journal import Entry, Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Context, Delivery, Fact, Send

MS = 1_000_000


class Server:
    """Counts what it gets, in its store, and answers with the count."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._here = 0

    def start(self) -> Iterator[Answer]:
        yield Fact("up", self._context.store.get("count", 0))

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        if delivery.message == "tick":
            yield Fact("tick", delivery.now_ns)
            return
        self._here += 1
        store = self._context.store
        store["count"] = count = int(store.get("count", 0)) + 1  # type: ignore[call-overload]  # ours
        yield Fact("got", [delivery.message, self._here, count])
        yield delivery.reply(f"ack {delivery.message}")
        if delivery.message == "wake":
            yield Send(self._context.name, "tick", 50 * MS)


class Client:
    """Says what the environment tells it to say, and notes what comes back."""

    def __init__(self, context: Context) -> None:
        self._name = context.name

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        if delivery.sender == "scenario":
            yield Send("server", delivery.message)
        else:
            yield Fact("heard", delivery.message)


async def waiting_client(mailbox: Mailbox) -> None:
    async for delivery in mailbox:
        if delivery.sender == "scenario":
            mailbox.send("server", delivery.message)
        else:
            mailbox.report("heard", delivery.message)


@attrs.frozen
class Ran:
    entries: list[Entry]
    digest: str
    taken: Mapping[str, int]

    def facts(self, kind: str) -> list[Any]:
        return [each.payload for each in self.entries if each.sender is None and each.kind == kind]

    @property
    def faults(self) -> list[str]:
        return [f"{each.kind} {each.sender}>{each.recipient}" for each in self.facts("fault")]

    def had(self, name: str) -> list[tuple[int, Any]]:
        """What somebody got from others on the floor, and at which millisecond."""
        return [
            (each.time // MS, each.payload)
            for each in self.entries
            if each.actor == name and each.sender not in (None, "scenario", name)
        ]


def run(
    plan: FaultPlan,
    choices: Choices | Mapping[str, int],
    *,
    says: tuple[tuple[int, str], ...] = ((0, "a"), (10, "b"), (20, "c")),
    in_place: bool = False,
    client: Callable[..., Any] = Client,
) -> Ran:
    """Have a client say things at their milliseconds to a server 1 ms away."""
    journal = Journal()
    chosen = Recorded(choices) if isinstance(choices, Mapping) else choices
    kernel = Kernel(
        choices=chosen,
        journal=journal,
        latency=lambda _sender, _recipient: Latency(MS),
        in_place=in_place,
        faults=plan,
    )
    kernel.add("client", client)
    kernel.add("server", Server)
    for at_ms, text in says:
        kernel.schedule(at_ms * MS, "client", text)
    kernel.run_to_end()
    return Ran(journal.entries, journal.digest, dict(chosen.taken))


ALL = FaultPlan(
    drop=2, duplicate=2, delay=2, reorder=2, cut=1, partition=1, pause=2, crash=2, slow=2, skew=1,
    queue=1, one_in=3, longest_ns=30 * MS, actors=("server", "client"),
)  # fmt: skip
BOTH = pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])


# --- each kind -----------------------------------------------------------------------


def test_nothing_goes_wrong_by_default() -> None:
    plain = run(FaultPlan(), Defaults())

    assert run(ALL, Defaults()).digest == plain.digest
    assert plain.had("server") == [(1, "a"), (11, "b"), (21, "c")]


@BOTH
def test_a_message_is_lost(in_place: bool) -> None:
    ran = run(FaultPlan(drop=1), {"drop client>server 2": 1}, in_place=in_place)

    assert ran.had("server") == [(1, "a"), (21, "c")]
    (fault,) = ran.facts("fault")
    assert fault == Fault("drop", "client", "server", "str", 0)


@BOTH
def test_a_message_arrives_twice(in_place: bool) -> None:
    choices = {"duplicate client>server 1": 5 * MS}

    ran = run(FaultPlan(duplicate=1), choices, in_place=in_place)

    assert ran.had("server") == [(1, "a"), (6, "a"), (11, "b"), (21, "c")]


@BOTH
def test_a_message_is_late_and_those_behind_it_wait(in_place: bool) -> None:
    ran = run(FaultPlan(delay=1), {"delay client>server 1": 15 * MS}, in_place=in_place)

    assert ran.had("server") == [(16, "a"), (16, "b"), (21, "c")]


@BOTH
def test_a_message_is_overtaken(in_place: bool) -> None:
    ran = run(FaultPlan(reorder=1), {"reorder client>server 1": 15 * MS}, in_place=in_place)

    assert ran.had("server") == [(11, "b"), (16, "a"), (21, "c")]


@BOTH
def test_a_link_loses_one_direction_for_a_while(in_place: bool) -> None:
    ran = run(FaultPlan(cut=1), {"cut server>client 1": 15 * MS}, in_place=in_place)

    assert ran.had("server") == [(1, "a"), (11, "b"), (21, "c")]
    assert ran.had("client") == [(22, "ack c")]
    assert ran.faults == ["cut server>client", "cut server>client"]


@BOTH
def test_a_link_loses_both_directions_for_a_while(in_place: bool) -> None:
    ran = run(FaultPlan(partition=1), {"partition server>client 1": 15 * MS}, in_place=in_place)

    assert ran.had("server") == [(1, "a"), (21, "c")]
    assert ran.had("client") == [(22, "ack c")]


@BOTH
def test_somebody_gets_nothing_for_a_while_and_then_all_of_it(in_place: bool) -> None:
    plan = FaultPlan(pause=1, actors=("server",))

    ran = run(plan, {"pause server>server 1": 15 * MS}, in_place=in_place)

    assert ran.had("server") == [(16, "a"), (16, "b"), (21, "c")]


@BOTH
def test_somebody_crashes_and_keeps_what_he_has_stored(in_place: bool) -> None:
    plan = FaultPlan(crash=1, actors=("server",))
    says = ((0, "a"), (10, "b"), (15, "x"), (20, "c"))

    ran = run(plan, {"crash server>server 2": 8 * MS}, says=says, in_place=in_place)

    # b was at its door, and x comes while it is away.
    assert ran.had("server") == [(1, "a"), (21, "c")]
    assert ran.facts("got") == [["a", 1, 1], ["c", 1, 2]]
    assert ran.facts("up") == [0, 1]
    assert ran.facts("lost") == [{"message": "str", "sender": "client"}]
    (restart,) = [each for each in ran.entries if each.kind == "Restart"]
    (up,) = [each for each in ran.entries if each.kind == "up" and each.time]
    assert restart.time == 19 * MS
    assert up.cause == restart.seq


@BOTH
def test_what_comes_from_outside_waits_until_somebody_is_back(in_place: bool) -> None:
    plan = FaultPlan(crash=1, actors=("client",))

    ran = run(plan, {"crash client>client 3": 30 * MS}, in_place=in_place)

    # The client crashes at b, which it says 30 ms later, with c, which comes while it is away.
    assert ran.had("server") == [(1, "a"), (41, "b"), (41, "c")]


@BOTH
def test_what_a_crashed_participant_wanted_to_be_told_is_gone_with_it(in_place: bool) -> None:
    plan = FaultPlan(crash=1, actors=("server",))
    says = ((0, "wake"), (10, "b"), (30, "wake"))

    whole = run(plan, {}, says=says, in_place=in_place)
    ran = run(plan, {"crash server>server 2": MS}, says=says, in_place=in_place)

    assert whole.facts("tick") == [51 * MS, 81 * MS]
    assert ran.facts("tick") == [81 * MS]


def test_who_has_crashed_ends_before_anything_else_happens() -> None:
    """Whichever task Trio runs first: the last to go idle may step the floor on."""
    plan = FaultPlan(crash=1, actors=("b",))

    class Quiet:
        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            yield Fact("got", delivery.message)

    for _ in range(20):
        journal = Journal()
        kernel = Kernel(choices=Recorded({"crash b>b 2": 5 * MS}), journal=journal, faults=plan)
        for name in ("a", "b", "c"):
            kernel.add(name, lambda _context: Quiet())
            for at_ms in (0, 10, 20):
                kernel.schedule(at_ms * MS, name, str(at_ms))
        kernel.run_to_end()

        kinds = [each.kind for each in journal.entries]
        # What is from outside waits until it is back, at 15 ms.
        assert kinds.count("got") == 9
        assert "undeliverable" not in kinds


def test_one_that_waits_crashes_and_is_made_again() -> None:
    def make(context: Context) -> Any:
        class Waits:
            async def run(self, mailbox: Mailbox) -> None:
                mailbox.report("begun", mailbox.store.get("count", 0))
                try:
                    async for delivery in mailbox:
                        mailbox.store["count"] = int(mailbox.store.get("count", 0)) + 1  # type: ignore[call-overload]  # ours
                        if delivery.sender == "scenario":
                            mailbox.send("server", delivery.message)
                finally:
                    mailbox.report("last words", None)  # which nobody hears

        return Waits()

    plan = FaultPlan(crash=1, actors=("client",))

    ran = run(plan, {"crash client>client 2": 5 * MS}, client=make)

    assert ran.facts("begun") == [0, 1]
    assert ran.had("server") == [(1, "a"), (11, "b"), (21, "c")]  # 2 was the answer to a
    assert len(ran.facts("last words")) == 1  # at the end of the run


# --- somebody slow -------------------------------------------------------------------

BURST = ((0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e"), (60, "f"))


@BOTH
def test_somebody_slow_takes_long_over_each_until_he_has_caught_up(in_place: bool) -> None:
    plan = FaultPlan(slow=1, actors=("server",))

    ran = run(plan, {"slow server>server 2": 10 * MS}, says=BURST, in_place=in_place)

    # b comes at 2 ms and takes until 12; f comes long after.
    assert ran.had("server") == [(1, "a"), (2, "b"), (12, "c"), (22, "d"), (32, "e"), (61, "f")]
    assert ran.facts("fault") == [Fault("slow", "client", "server", "str", 10 * MS)]


@BOTH
def test_what_comes_as_too_many_wait_is_dropped_and_put_on_record(in_place: bool) -> None:
    plan = FaultPlan(slow=1, queue=1, actors=("server",))

    ran = run(plan, {"slow server>server 1": 10 * MS}, says=BURST, in_place=in_place)

    # b waits until 11 ms, and c, d and e find no room.
    assert ran.had("server") == [(1, "a"), (11, "b"), (61, "f")]
    dropped = Fault("overflow", "client", "server", "str", 0)
    assert ran.facts("fault")[1:] == [dropped] * 3


@BOTH
def test_what_somebody_slow_tells_himself_is_never_dropped(in_place: bool) -> None:
    plan = FaultPlan(slow=1, queue=1, actors=("server",))
    says = ((0, "wake"), (50, "b"), (51, "c"))

    ran = run(plan, {"slow server>server 2": 10 * MS}, says=says, in_place=in_place)

    # b comes at 51 ms, and after it the tick, which waits; then c finds no room.
    assert [payload for _, payload in ran.had("server")] == ["wake", "b"]
    assert ran.facts("tick") == [61 * MS]
    assert ran.faults[1:] == ["overflow client>server"]


@BOTH
def test_who_is_slow_has_caught_up_when_the_stage_of_faults_is_over(in_place: bool) -> None:
    plan = FaultPlan(slow=1, queue=2, actors=("server",), until_ns=15 * MS)
    says = (*BURST[:3], (15, "g"), (16, "h"), (17, "i"))

    ran = run(plan, {"slow server>server 1": 100 * MS}, says=says, in_place=in_place)

    times = [at_ms for at_ms, _ in ran.had("server")]
    assert times == [1, 15, 15, 16, 17, 18]
    assert ran.faults == ["slow client>server"]


# --- clocks --------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(("value", "off_ns"), [(2 * 7 * MS - 1, 7 * MS), (2 * 7 * MS, -7 * MS)])
def test_a_clock_is_off_and_what_it_measures_is_right(
    value: int, off_ns: int, in_place: bool
) -> None:
    plan = FaultPlan(skew=1, actors=("server",))
    says = ((0, "wake"), (30, "wake"))

    ran = run(plan, {"skew server>server 1": value}, says=says, in_place=in_place)

    assert ran.facts("tick") == [51 * MS + off_ns, 81 * MS + off_ns]
    assert [each.time for each in ran.entries if each.kind == "tick"] == [51 * MS, 81 * MS]
    assert ran.facts("fault") == [Fault("skew", "server", "server", "", off_ns)]
    assert ran.entries[0].kind == "fault"


def test_a_clock_that_is_off_measures_the_waits_of_one_that_waits() -> None:
    async def waits(mailbox: Mailbox) -> None:
        await trio.sleep(0.010)
        mailbox.report("slept", mailbox.now_ns)
        answered = await mailbox.request("server", "a", timeout_ns=3 * MS)
        mailbox.report("answered", [answered.now_ns, mailbox.now_ns])

    journal = Journal()
    plan = FaultPlan(skew=2, actors=("client", "server"))
    kernel = Kernel(
        choices=Recorded({"skew client>client 1": 200 * MS}),
        journal=journal,
        latency=lambda _sender, _recipient: Latency(MS),
        faults=attrs.evolve(plan, clock_off_ns=100 * MS),
    )
    kernel.add("client", waits)
    kernel.add("server", Server)

    kernel.run_to_end()

    told = {each.kind: (each.time, each.payload) for each in journal.entries}
    assert told["slept"] == (10 * MS, -90 * MS)
    assert told["answered"] == (12 * MS, [-88 * MS, -88 * MS])


def test_no_more_clocks_are_off_than_the_plan_allows() -> None:
    plan = FaultPlan(skew=1, actors=("server", "client"))

    skewed = [run(plan, Seeded(seed), in_place=True).faults for seed in range(1, 30)]

    assert {*map(tuple, skewed)} == {(), ("skew client>client",), ("skew server>server",)}


# --- budgets, and an end of it -------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop", "duplicate", "delay", "reorder", "cut", "partition"])
def test_no_more_goes_wrong_than_the_plan_allows(kind: str) -> None:
    says = tuple((at_ms, str(at_ms)) for at_ms in range(0, 400, 2))
    budget: dict[str, Any] = {kind: 3}
    plan = FaultPlan(**budget, one_in=4, longest_ns=MS)

    found = [run(plan, Seeded(seed), says=says) for seed in range(1, 13)]
    begun = [sum(name.startswith(f"{kind} ") for name in ran.taken) for ran in found]

    # The swarm leaves about half of the seeds alone.
    assert set(begun) == {0, 3}


def test_nothing_goes_wrong_after_the_stage_of_faults() -> None:
    plan = FaultPlan(cut=1, drop=1, until_ns=12 * MS)
    choices = {"cut client>server 1": 100 * MS, "drop client>server 3": 1}

    ran = run(plan, choices)

    # The cut is healed at 12 ms, and what is to be lost at 21 ms is not.
    assert ran.had("server") == [(21, "c")]


def test_only_what_the_plan_names_fails() -> None:
    says = tuple((at_ms, str(at_ms)) for at_ms in range(0, 200, 2))
    plan = FaultPlan(drop=50, one_in=2, links=(("server", "client"),))

    ran = next(
        ran for ran in (run(plan, Seeded(seed), says=says) for seed in range(1, 9)) if ran.faults
    )

    assert set(ran.faults) == {"drop server>client"}
    assert len(ran.had("server")) == len(says)


@pytest.mark.parametrize(
    "wrong",
    [
        *({kind: -1} for kind in ("drop", "slow", "skew", "until_ns")),
        *({key: 0} for key in ("one_in", "longest_ns", "queue", "clock_off_ns")),
    ],
)
def test_a_plan_is_refused_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FaultPlan(**wrong)


# --- the same however hosted, and again ----------------------------------------------

MANY = tuple((at_ms, "wake" if at_ms % 5 else str(at_ms)) for at_ms in range(0, 120, 4))


@pytest.mark.parametrize("client", [Client, waiting_client])
@given(seed=st.integers(1, 10_000))
def test_what_goes_wrong_does_not_depend_on_hosting(client: Callable[..., Any], seed: int) -> None:
    in_tasks = run(ALL, Seeded(seed), says=MANY, client=client)
    in_place = run(ALL, Seeded(seed), says=MANY, client=client, in_place=True)

    assert in_tasks.digest == in_place.digest
    assert in_tasks.taken == in_place.taken


@given(seed=st.integers(1, 10_000))
def test_a_run_with_faults_is_repeated_from_what_was_chosen(seed: int) -> None:
    ran = run(ALL, Seeded(seed), says=MANY, in_place=True)

    again = run(ALL, ran.taken, says=MANY, in_place=True)

    assert again.digest == ran.digest


def test_seeds_find_every_kind() -> None:
    kinds = {
        name.partition(" ")[0]
        for seed in range(1, 60)
        for name in run(ALL, Seeded(seed), says=MANY, in_place=True).taken
    }

    assert kinds - {"order"} == {*LINK_KINDS, *ACTOR_KINDS, *CLOCK_KINDS}


# --- and time to settle --------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(("settle_ms", "beats"), [(0, 1), (25, 4)])
def test_a_floor_has_time_to_settle_when_only_its_background_is_left(
    settle_ms: int, beats: int, in_place: bool
) -> None:
    class Beats:
        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            yield Fact("beat", delivery.now_ns)
            yield Send("heart", "beat", 10 * MS, background=True)

    journal = Journal()
    plan = FaultPlan(drop=1, until_ns=5 * MS, settle_ns=settle_ms * MS)
    kernel = Kernel(choices=Defaults(), journal=journal, in_place=in_place, faults=plan)
    kernel.add("heart", lambda _context: Beats())
    kernel.schedule(0, "heart", "beat")

    kernel.run_to_end()

    assert [each.kind for each in journal.entries].count("beat") == beats
