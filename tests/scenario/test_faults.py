"""A scenario that says what may go wrong: what it says, and what its floor bears."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import EXAMPLES, assert_refused, command, write
from floors import floor

import floorproof
from floorproof.runtime.choices import Recorded, Seeded
from floorproof.runtime.faults import FaultPlan

WORKED = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    3s ET2 child C1 of P1 6 @ 15351.50
    4s LP enter o1 sell 4 @ 15351.50
    5s ET2 child C2 of P1 4 @ 15352.00
    6s LP enter o2 sell 6 @ 15351.25
"""


def played(faults: str, choices: dict[str, int], *, in_place: bool = False) -> floorproof.Result:
    scenario = floorproof.parse(floor(WORKED, extra=faults))
    return floorproof.run(scenario, choices=Recorded(choices), in_place=in_place)


def test_a_table_says_what_may_go_wrong() -> None:
    text = '[faults]\ndrop = 2\ncrash = 1\nactors = ["CME"]\nlinks = ["ET1>SSE-A"]\nuntil = "5s"\n'
    text += 'one_in = 7\nlongest = "2ms"\nslow = 3\nqueue = 2\nskew = 1\nclock_off = "3ms"'

    plan = floorproof.parse(floor(WORKED, extra=text)).plan.faults

    assert plan == FaultPlan(
        drop=2,
        crash=1,
        one_in=7,
        longest_ns=2_000_000,
        slow=3,
        queue=2,
        skew=1,
        clock_off_ns=3_000_000,
        until_ns=5_000_000_000,
        links=(("ET1", "SSE-A"),),
        actors=("CME",),
    )
    assert floorproof.parse(floor(WORKED)).plan.faults is None


def test_nothing_goes_wrong_without_a_seed() -> None:
    text = "[faults]\ndrop = 5\none_in = 1"
    plain = floorproof.run(floorproof.parse(floor(WORKED)))

    faulty = floorproof.run(floorproof.parse(floor(WORKED, extra=text)))

    assert faulty.digest == plain.digest


# fmt: off
WRONG = {
    'drop = -1':                               "faults.drop",
    'one_in = 0':                              "faults.one_in",
    'longest = "0s"':                          "faults.longest",
    'settle = "1s"':                           "faults.settle: expected `until`",
    'queue = 0':                               "faults.queue",
    'clock_off = "0s"':                        "faults.clock_off",
    'skew = 1':                                "faults.skew: expected `actors` to say who",
    'slow = 1':                                "faults.slow: expected `actors` to say who",
    'crash = 1':                               "faults.crash: expected `actors` to say who",
    'pause = 1\nactors = ["CMA"]':             "faults.actors[0]: no participant named 'CMA'",
    'drop = 1\nlinks = ["ET1"]':               "faults.links[0]: expected a link such as",
    'drop = 1\nlinks = ["ET1>SSE-B"]':         "faults.links[0]: no participant named 'SSE-B'",
    'drop = 1\nsessions = ["ET1>SSE-B"]':      "faults.sessions[0]: no participant named 'SSE-B'",
    'lose = 1':                                "unknown key 'lose'",
}
# fmt: on


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_a_table_that_is_wrong_is_refused_with_its_path(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, floor(WORKED, extra=f"[faults]\n{text}"))

    assert_refused(command("check", path), said)


# --- what a floor bears --------------------------------------------------------------

LATE = (
    '[faults]\ndelay = 4\npause = 4\none_in = 6\nlongest = "3s"\nactors = ["CME", "CME-A", "SSE-A"]'
)


@pytest.mark.parametrize("seed", range(1, 21))
def test_what_is_late_breaks_nothing(seed: int) -> None:
    scenario = floorproof.parse(floor(WORKED, extra=LATE))

    result = floorproof.run(scenario, choices=Seeded(seed), in_place=True)

    assert result.violations == ()


CRASH = '[faults]\ncrash = 1\nlongest = "500ms"\nactors = ["CME", "CME-A", "SSE-A"]'


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
@pytest.mark.parametrize(
    "crash",
    ["crash CME>CME 2", "crash CME-A>CME-A 1", "crash SSE-A>SSE-A 2"],
)
def test_a_venue_and_gateways_are_back_with_all_that_they_had_said(
    crash: str, in_place: bool
) -> None:
    """Each goes down as a message comes that the others then have to do without."""
    result = played(CRASH, {crash: 400_000_000}, in_place=in_place)

    assert len(result.facts("fault")) == 1
    assert result.violations == ()
    # What rested before the crash has traded after it, and what was staged was worked.
    window = result.windows()["ET2"]
    assert window.fills or crash.startswith("crash SSE-A")


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_fill_that_is_lost_on_its_way_to_the_parent_is_found(in_place: bool) -> None:
    """There is no session between the gateways that would ask for it again."""
    result = played("[faults]\ndrop = 1", {"drop CME-A>SSE-A 3": 1}, in_place=in_place)

    (violation,) = result.violations
    assert violation.invariant == "parent-fills"
    assert violation.text == "exchanges have filled 10 for P1, and SSE-A knows of 6"


SKEW = '[faults]\nskew = 40\nclock_off = "40s"\nactors = '


@pytest.mark.parametrize(
    ("example", "seed"),
    [("drop_copy", 11), ("nsx_etr", 4), ("staged_order_lifecycle", 4), ("twap", 8)],
)
def test_clocks_that_are_off_break_nothing(example: str, seed: int) -> None:
    path = EXAMPLES / f"{example}.toml"
    names = list(floorproof.load(path).plan.names)
    text = f"{path.read_text(encoding='utf-8')}\n{SKEW}{json.dumps(names)}"

    result = floorproof.run(
        floorproof.parse(text, path.parent), choices=Seeded(seed), in_place=True
    )

    assert result.facts("fault")
    assert result.violations == ()


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_venue_stamps_what_it_says_by_its_own_clock(in_place: bool) -> None:
    choices = {"skew CME>CME 1": 2 * 30_000_000 - 1}

    result = played('[faults]\nskew = 1\nactors = ["CME"]', choices, in_place=in_place)

    report = next(each for each in result.journal if each.kind == "ExecutionReport")
    assert report.payload.transact_time_ns == report.time + 30_000_000
    assert result.violations == ()


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_gateway_that_cannot_keep_up_loses_what_finds_no_room(in_place: bool) -> None:
    text = '[faults]\nslow = 1\nqueue = 1\nlongest = "20s"\nactors = ["CME-A"]'

    result = played(text, {"slow CME-A>CME-A 1": 20_000_000_000}, in_place=in_place)

    assert [fault.kind for fault in result.facts("fault")][:2] == ["slow", "overflow"]


SESSIONS = """[faults]
drop = 3
duplicate = 3
delay = 3
reorder = 3
cut = 2
partition = 2
crash = 2
one_in = 8
longest = "500ms"
links = ["CME>CME-A", "CME-A>SSE-A"]
sessions = ["CME>CME-A", "CME-A>SSE-A", "SSE-A>CME-A"]
actors = ["CME", "SSE-A", "CME-A"]
"""


@pytest.mark.parametrize("seed", range(1, 31))
def test_where_there_is_a_session_nothing_is_lost(seed: int) -> None:
    """What was missed is asked for again: it comes late, once, and in order."""
    result = floorproof.run(
        floorproof.parse(floor(WORKED, extra=SESSIONS)), choices=Seeded(seed), in_place=True
    )

    assert result.violations == ()
    assert {fault.kind for fault in result.facts("fault")} <= {"delay", "crash"}
    assert not [lost for lost in result.facts("lost") if lost["sender"] in ("CME", "CME-A")]


def test_a_report_waits_for_a_gateway_that_is_down() -> None:
    lossy = SESSIONS.replace('sessions = ["CME>CME-A", "CME-A>SSE-A", "SSE-A>CME-A"]\n', "")
    crash = {"crash SSE-A>SSE-A 5": 400_000_000}

    with_it, without = played(SESSIONS, crash), played(lossy, crash)

    assert with_it.violations == ()
    assert [each.invariant for each in without.violations] == ["parent-fills"]
