"""The map of what runs have reached: which goals, with which orders, in which states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import EXAMPLES, assert_refused, changed, command, write
from floors import floor

from floorproof.plugins.watching import Goal
from floorproof.scenario.floor import Floor, load
from floorproof.scenario.reach import ENTERED, Cell, Place, Reach, Sightings, rule_count
from floorproof.scenario.watch import InvariantFailed


def sightings(path: Path, seed: int | None = None) -> Sightings:
    found = Sightings()
    Floor(load(path)).run(seed=seed, in_place=True, sightings=found)
    return found


def reached(found: Sightings) -> set[str]:
    return {cell.goal for cell in found.cells}


# --- what ships with floorproof ------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "goal"),
    [
        ("cme_smp_fifo.toml", "an SMP cancel between two fills"),
        ("staged_order_lifecycle.toml", "a staged order changes hands after a fill"),
        ("staged_order_lifecycle.toml", "STAGE-14"),
        ("nsx_etr.toml", "NSX-ETR-1"),
        ("nsx_aot.toml", "NSX-AOT-1"),
        ("opening_auction.toml", "AUCT-7"),
        ("twap.toml", "SLICE-2"),
        ("twap.toml", "a synthetic order is Finished"),
        ("staged_order.toml", "STAGE-8"),
    ],
)
def test_an_example_reaches_what_it_is_about(example: str, goal: str) -> None:
    found = sightings(EXAMPLES / example)

    assert goal in reached(found)
    assert goal in found.goals


def test_only_what_could_be_reached_is_a_goal() -> None:
    goals = sightings(EXAMPLES / "nsx_etr.toml").goals

    assert "NSX-ETR-1" in goals
    assert not [name for name in goals if "SMP" in name or "staged" in name]


def test_what_is_reached_belongs_to_the_state_in_which_its_request_came() -> None:
    found = sightings(EXAMPLES / "nsx_etr.toml")

    places = {(cell.order_type, cell.state) for cell in found.cells if cell.goal == "NSX-ETR-1"}

    # The interrupt changes the state; the order that brought it about came before that.
    assert places
    assert {state for _, state in places} == {"OPEN"}


def test_faults_are_goals_of_scenarios_that_have_them(tmp_path: Path) -> None:
    faults = '[faults]\ndrop = 1\ndelay = 1\none_in = 1\nlinks = ["PM1>SSE-A"]\n'
    steps = "\n".join(f"{n}s PM1 stage P{n} buy 10 @ 15352.00 for 123" for n in range(5))
    path = write(tmp_path, floor(steps, extra=faults))

    runs = [sightings(path, seed) for seed in range(1, 9)]

    assert {"fault: drop", "fault: delay"} <= set(runs[0].goals)
    assert {"fault: drop", "fault: delay"} == {
        goal for run in runs for goal in reached(run) if goal.startswith("fault")
    }


# --- a plugin's own ------------------------------------------------------------------

OWN = '''
"""Looks out for claims by a user."""

import attrs

from floorproof.market.staging import Claim
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.watching import Goal, Lookout, Reached

floorproof_contract = CONTRACT_VERSION


class Looks(Lookout):
    sees = (Claim,)

    def __init__(self, user):
        self.user = user

    @property
    def goals(self):
        return (Goal(f"{self.user} claims", ("STAGE-3",)), Goal("nobody gets here"))

    def see(self, entry):
        if entry.sender == self.user:
            yield Reached(f"{self.user} claims", order_type="BROKER")
        if self.user == "ET1":
            raise ZeroDivisionError("looked")


@attrs.frozen
class Claims:
    user: str = "ET2"

    def look_out(self, floor):
        return Looks(self.user) if self.user in floor.users else None


@hookimpl
def sometimes_invariants():
    return {"claims": Claims}
'''
STEPS = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
"""


def own(folder: Path, extra: str = "") -> Path:
    write(folder, OWN, "own.py")
    text = changed(floor(STEPS, extra=extra), "[scenario]\n", '[scenario]\nplugins = ["own.py"]\n')
    return write(folder, text)


def test_a_plugin_says_what_some_run_should_come_to(tmp_path: Path) -> None:
    found = sightings(own(tmp_path))

    assert found.cells[Cell("ET2 claims", "BROKER", "")] == 1
    assert "nobody gets here" in found.goals
    assert "nobody gets here" not in reached(found)


def test_it_has_settings_and_can_be_off(tmp_path: Path) -> None:
    other = sightings(own(tmp_path, '[invariants.settings.claims]\nuser = "ET3"'))
    off = sightings(own(tmp_path, '[invariants]\noff = ["claims"]'))

    assert not [name for name in (*other.goals, *off.goals) if "claims" in name and "ET" in name]
    path = own(tmp_path, '[invariants]\noff = ["clams"]')
    assert_refused(command("check", path), "invariants.off[0]", "claims")


def test_one_that_raises_is_named(tmp_path: Path) -> None:
    path = own(tmp_path, '[invariants.settings.claims]\nuser = "ET1"')

    with pytest.raises(InvariantFailed, match=r"'claims' raised ZeroDivisionError: looked"):
        sightings(path)


# --- many runs -----------------------------------------------------------------------

A, B = Cell("a", "limit", "OPEN"), Cell("b", "market", "OPEN")


def test_runs_add_up() -> None:
    reach = Reach(goals={name: Goal(name) for name in ("a", "b", "c")})

    assert reach.new([A]) == (A,)
    reach.add(7, [A])
    assert reach.new([A, B]) == (B,)
    reach.add(3, [A, B])

    assert reach.places == {A: Place(2, 3), B: Place(1, 3)}
    assert reach.reached == ("a", "b")
    assert reach.never == ("c",)


def test_what_a_goal_missed_is_of_the_orders_and_states_there_were() -> None:
    reach = Reach(goals={"a": Goal("a")})
    reach.add(1, [A, Cell(ENTERED, "limit", "OPEN"), Cell(ENTERED, "limit", "HALT")])

    assert [*reach.missed("a")] == [Cell("a", "limit", "HALT")]


def test_rules_are_reached_by_their_goals() -> None:
    reach = Reach(goals={"a": Goal("a", ("R-1", "R-2")), "R-3": Goal("R-3")})
    reach.add(1, [A])

    count = rule_count(reach, ["R-1", "R-2", "R-3", "R-4", "R-5"], ["R-3", "R-4"])

    assert (count.reached, count.never, count.untold) == (("R-1", "R-2"), ("R-3",), ("R-4",))


def test_fuzz_ends_with_the_map_and_writes_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "map.json"

    ran = command("fuzz", own(tmp_path), "--seeds", "4", "--jobs", "1", "--map", file)

    assert ran.status == 0
    (row,) = [line for line in ran.out.splitlines() if line.startswith("ET2 claims")]
    assert row.split()[2:] == ["BROKER", "4", "1"]
    assert "never reached: " in ran.out
    assert "nobody gets here" in ran.out
    told = json.loads(file.read_text())
    assert told["runs"] == 4
    (claims,) = [each for each in told["reached"] if each["goal"] == "ET2 claims"]
    assert claims["rules"] == ["STAGE-3"]
    assert claims["places"] == [{"order_type": "BROKER", "state": "", "runs": 4, "first": 1}]
    assert "STAGE-3" in told["rules"]["reached"]
    assert "nobody gets here" in [each["goal"] for each in told["never"]]
