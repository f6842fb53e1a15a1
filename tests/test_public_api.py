"""A Python program runs floors without the command line, and puts its own people on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs
import msgspec
import pytest
import trio
from commands import MOVING_MARKET, STAGED_ORDER, changed

import floorproof
from floorproof.market.identifiers import CompID, StagedOrderID
from floorproof.market.messages import ExecutionReport
from floorproof.market.staging import Claim, StagedAck, StagedReject, StagedStatus, StagedUpdate
from floorproof.runtime.choices import Defaults, Recorded, Seeded
from floorproof.runtime.errors import FloorproofError, RunError
from floorproof.runtime.journal import Entry, Recording
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Delivery, Send
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.recorded import RecordedRun

P1 = StagedOrderID("P1")


@pytest.fixture(scope="module")
def moving_market() -> floorproof.Scenario:
    return floorproof.load(MOVING_MARKET)


# --- loading and running ---------------------------------------------------------------


def test_a_run_hands_out_what_happened() -> None:
    scenario = floorproof.load(STAGED_ORDER)

    result = floorproof.run(scenario, seed=1)

    assert isinstance(result, floorproof.Result)
    assert scenario.name == "staged order, typical workflow"
    assert result.scenario is scenario
    assert result.seed == 1
    assert result.held
    assert [verdict.held for verdict in result.verdicts] == [True] * 9
    assert result.end_ns == 7_000_000_000
    assert [entry.seq for entry in result.journal] == list(range(1, len(result.journal) + 1))
    row = result.windows()["PM1"].staged[P1]
    assert (row.status, row.owner, row.cum_qty) == (StagedStatus.FILLED, "ET2", 10)
    assert not result.windows()["PM2"].staged
    assert result.facts("not possible") == ()


def test_facts_come_in_the_order_in_which_they_were_put_on_record() -> None:
    text = STAGED_ORDER.read_text(encoding="utf-8").partition("[[expect]]")[0]
    for order in ("P8", "P9"):
        text += f'[[step]]\nat = "9s"\nwho = "ET2"\ndo = "claim"\norder = "{order}"\n'

    facts = floorproof.run(floorproof.parse(text)).facts("not possible")

    assert [fact["why"] for fact in facts] == ["P8 is not in the window", "P9 is not in the window"]


@attrs.frozen
class Whereabouts:
    """Notes the task in which it is asked, once, at the start."""

    found: list[str]

    def start(self) -> list[Send]:
        self.found.append(trio.lowlevel.current_task().name)
        return []

    def receive(self, delivery: Delivery) -> list[Send]:
        return []


@pytest.mark.parametrize(("hosting", "own_task"), [("tasks", True), ("in-place", False)])
def test_a_scenario_says_how_its_participants_are_hosted(hosting: str, own_task: bool) -> None:
    text = STAGED_ORDER.read_text(encoding="utf-8")
    floor = floorproof.Floor(floorproof.parse(text, settings={"scenario.hosting": hosting}))
    found: list[str] = []
    floor.add("PROBE", lambda _context: Whereabouts(found))

    floor.run()

    assert [name == "floorproof PROBE" for name in found] == [own_task]


def test_a_journal_begins_with_the_choices_that_the_run_was_given() -> None:
    lines: list[bytes] = []
    given = {"order ET2>SSE-A 1": 3}

    floorproof.run(floorproof.load(STAGED_ORDER), choices=Recorded(given), write=lines.append)

    recording = Recording(b"".join(line + b"\n" for line in lines))
    assert recording.header.choices == given
    assert recording.header.seed is None


def test_a_text_is_a_scenario_and_settings_change_it() -> None:
    text = STAGED_ORDER.read_text(encoding="utf-8")

    scenario = floorproof.parse(text, settings={"step.0.order.quantity": "12"})

    assert floorproof.run(scenario).windows()["PM1"].staged[P1].order_qty == 12


def test_what_cannot_be_run_is_an_error_with_its_place() -> None:
    text = changed(STAGED_ORDER.read_text(encoding="utf-8"), "quantity = 10", "quantity = 0")

    with pytest.raises(ScenarioError) as caught:
        floorproof.parse(text)

    assert isinstance(caught.value, FloorproofError)
    assert caught.value.where == "step[0].order.quantity"
    assert caught.value.what == "must be > 0, was 0"
    assert caught.value.more == ()


def test_one_scenario_runs_again_and_again(moving_market: floorproof.Scenario) -> None:
    first = floorproof.run(moving_market, seed=4, in_place=True)
    floorproof.run(moving_market, seed=5, in_place=True)

    assert floorproof.run(moving_market, seed=4).digest == first.digest


# --- choices ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_recorded_choices_repeat_a_seeded_run(
    moving_market: floorproof.Scenario, seed: int
) -> None:
    seeded = floorproof.run(moving_market, seed=seed, in_place=True)

    recorded = floorproof.run(moving_market, choices=Recorded(seeded.choices), in_place=True)

    assert seeded.choices
    assert recorded.digest == seeded.digest
    assert recorded.journal == seeded.journal
    assert recorded.seed is None


def test_without_a_seed_every_choice_is_its_default(moving_market: floorproof.Scenario) -> None:
    digests = {
        floorproof.run(moving_market, choices=choices, in_place=True).digest
        for choices in (None, Defaults(), Recorded({}))
    }

    assert len(digests) == 1
    assert floorproof.run(moving_market, choices=Seeded(1), in_place=True).digest not in digests


# --- people of one's own ---------------------------------------------------------------


async def sleepy_claimer(mailbox: Mailbox) -> None:
    """ET1, who claims half a second after he has seen an order."""
    async for delivery in mailbox:
        match delivery.message:
            case StagedAck(staged_order_id=name):
                await trio.sleep(0.5)
                claim = Claim(sender_comp_id=CompID(mailbox.name), staged_order_id=name)
                mailbox.send(delivery.sender, claim)
            case StagedUpdate(owner="ET1"):
                mailbox.report("claimed at", mailbox.now_ns)
            case _:
                pass  # the story has more than he cares for


def test_a_program_s_own_trader_takes_a_user_s_seat() -> None:
    floor = floorproof.Floor(floorproof.load(STAGED_ORDER))
    floor.add("ET1", sleepy_claimer)

    result = floor.run(seed=1)

    assert result.facts("claimed at")[0] == 500_000_000
    row = result.windows()["PM1"].staged[P1]
    assert row.owner == "ET1", "half a second is before ET2, who claims after one"
    refused = [entry for entry in result.journal if isinstance(entry.payload, StagedReject)]
    assert refused[0].actor == "ET2"
    assert not result.held
    assert floor.run(seed=1).digest == result.digest, "a floor runs again"


def test_whoever_is_new_on_the_floor_comes_last() -> None:
    async def greeter(mailbox: Mailbox) -> None:
        mailbox.report("here", mailbox.name)

    scenario = floorproof.load(STAGED_ORDER)
    floor = floorproof.Floor(scenario)
    floor.add("GREETER", greeter)

    result = floor.run()

    assert result.facts("here") == ("GREETER",)
    assert floorproof.run(scenario).facts("here") == (), "the scenario stays as it was"


def test_a_trader_that_raises_ends_the_run_with_its_name() -> None:
    async def broken(mailbox: Mailbox) -> None:
        async for _ in mailbox:
            raise ZeroDivisionError("one by none")

    floor = floorproof.Floor(floorproof.load(STAGED_ORDER))
    floor.add("ET1", broken)
    lines: list[bytes] = []

    with pytest.raises(RunError, match="ET1 raised ZeroDivisionError: one by none"):
        floor.run(write=lines.append)

    recording = Recording(b"".join(line + b"\n" for line in lines))
    assert recording.end is not None
    assert recording.end.outcome == "ET1 raised ZeroDivisionError: one by none"


# --- journals --------------------------------------------------------------------------


@pytest.mark.parametrize("path", [STAGED_ORDER, MOVING_MARKET], ids=lambda path: path.stem)
def test_a_journal_reads_back_as_it_was_written(path: Path) -> None:
    lines: list[bytes] = []
    result = floorproof.run(floorproof.load(path), seed=2, write=lines.append)

    recording = Recording(b"".join(line + b"\n" for line in lines))

    assert recording.cut is None
    assert recording.end is not None
    assert (recording.end.outcome, recording.end.digest) == ("finished", result.digest)
    assert recording.header.seed == 2
    assert recording.header.scenario == path.read_text(encoding="utf-8")
    restored = RecordedRun(recording).entries()
    assert len(restored) == len(result.journal)
    for ours, theirs in zip(result.journal, restored, strict=True):
        assert head(ours) == head(theirs)
        assert numbers(ours.payload) == numbers(theirs.payload)
        if isinstance(ours.payload, ExecutionReport | StagedAck | StagedUpdate):
            assert theirs.payload == ours.payload, "messages of the floor are messages again"


def head(entry: Entry) -> tuple[object, ...]:
    return (
        entry.seq, entry.time, entry.phase, entry.actor, entry.kind, entry.cause, entry.sender
    )  # fmt: skip


def numbers(payload: object) -> list[int]:
    """Return every number in a payload, in the order of its fields' names."""
    if isinstance(payload, int):
        return [payload]
    if isinstance(payload, list | tuple):
        return [each for value in payload for each in numbers(value)]
    if isinstance(payload, Mapping):
        return [each for key in sorted(payload) for each in numbers(payload[key])]
    if isinstance(payload, msgspec.Struct):
        return numbers(msgspec.structs.asdict(payload))
    cls = type(payload)
    if attrs.has(cls):
        return numbers({field.name: getattr(payload, field.name) for field in attrs.fields(cls)})
    assert payload is None or isinstance(payload, str), f"what is {payload!r}?"
    return []


def test_a_journal_knows_what_the_run_was_made_of() -> None:
    lines: list[bytes] = []
    settings = {"step.0.order.quantity": "12"}
    floorproof.run(floorproof.load(STAGED_ORDER, settings), write=lines.append)

    header = Recording(b"".join(line + b"\n" for line in lines)).header

    assert header.overrides == settings
    assert header.seed is None
    assert list(header.plugins) == ["actions", "fifo", "staged"]


# --- names -----------------------------------------------------------------------------


def test_the_package_says_what_it_has() -> None:
    assert {"Floor", "Result", "Scenario", "load", "parse", "run"} <= set(dir(floorproof))
    assert set(floorproof.__all__) <= set(dir(floorproof))


def test_what_the_package_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'laod'"):
        _ = floorproof.laod


@pytest.mark.parametrize(
    "name", ["floorproof", "floorproof.market.book", "floorproof.wire.lobster"]
)
def test_the_pure_domain_loads_no_trio(name: str) -> None:
    code = f"import sys, {name}; sys.exit('trio' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
