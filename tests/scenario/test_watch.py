"""Who looks on at a run: what a plugin's invariant is shown, and what comes of what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import assert_refused, command, write
from floors import floor

import floorproof
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.watch import InvariantFailed

STEPS = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
"""
NOBODY_CLAIMS = '''
"""A floor on which nobody may claim anything."""

import attrs

from floorproof.market.staging import Claim, StagedAck
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.watching import Broken, Watcher

floorproof_contract = CONTRACT_VERSION


class Claims(Watcher):
    sees = (StagedAck, Claim)

    def __init__(self, whose):
        self.whose = whose
        self.ack = 0

    def see(self, entry):
        if isinstance(entry.payload, StagedAck):
            self.ack = entry.seq
        elif entry.sender == self.whose:
            name = entry.payload.staged_order_id
            return Broken(f"{self.whose} claims {name}", (self.ack,))


class Silence(Watcher):
    """Breaks where the SSE gateway holds an order; and at the end, if asked."""

    def __init__(self, floor, at_end):
        self.floor = floor
        self.at_end = at_end

    def quiet(self, now_ns):
        held = self.floor.participant("SSE-A")._parents
        if held and not self.at_end:
            return Broken(f"{len(held)} at {now_ns}")

    def end(self):
        if self.at_end:
            return Broken("it is over")


@attrs.frozen
class NobodyClaims:
    whose: str = "ET2"

    def watch(self, floor):
        return Claims(self.whose) if self.whose in floor.users else None


@attrs.frozen
class NothingHeld:
    costly = True
    at_end: bool = False

    def watch(self, floor):
        return Silence(floor, self.at_end)


@attrs.frozen
class Raises:
    costly = True
    where: str = "see"

    def watch(self, floor):
        if self.where == "watch":
            raise RuntimeError("no")
        cls = type("Raising", (Watcher,), {self.where: lambda *_: 1 / 0})
        return cls()


@hookimpl
def invariants():
    return {"nobody-claims": NobodyClaims, "nothing-held": NothingHeld, "raises": Raises}
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, NOBODY_CLAIMS, "watches.py")
    return tmp_path


def scenario(folder: Path, invariants: str = "") -> Path:
    text = floor(STEPS, extra=invariants)
    text = text.replace("[scenario]\n", '[scenario]\nplugins = ["watches.py"]\n', 1)
    return write(folder, text)


def ran(folder: Path, invariants: str = "", *, in_place: bool = False) -> floorproof.Result:
    return floorproof.run(floorproof.load(scenario(folder, invariants)), in_place=in_place)


OFF = '[invariants]\noff = ["nobody-claims"]'
HELD = '[invariants]\noff = ["nobody-claims"]\non = ["nothing-held"]'


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_what_is_broken_comes_with_all_that_led_there(folder: Path, in_place: bool) -> None:
    result = ran(folder, in_place=in_place)

    (violation,) = result.violations
    assert (violation.invariant, violation.text) == ("nobody-claims", "ET2 claims P1")
    told = [(entry.kind, entry.actor) for entry in violation.entries]
    assert told == [
        ("Enter", "PM1"),  # the step, which the order comes of, which its ack comes of
        ("NewStagedOrder", "SSE-A"),
        ("StagedAck", "PM1"),
        ("ClaimOrder", "ET2"),
        ("Claim", "SSE-A"),
    ]
    assert violation.seq == violation.entries[-1].seq
    assert violation.time_ns == 1_000_000_000
    assert not result.held


def test_run_says_what_is_broken_and_exits_1(folder: Path) -> None:
    told = command("run", scenario(folder), "--quiet")

    lines = told.out.splitlines()
    assert told.status == 1
    assert re.fullmatch(r"\d+ invariants, 1 broken", lines[0])
    assert lines[1].startswith("  nobody-claims: ET2 claims P1, at entry ")
    assert '"kind":"NewStagedOrder"' in lines[3]
    assert lines[-1].startswith("digest ")


def test_who_watches_changes_nothing_of_a_run(folder: Path) -> None:
    watched, alone = ran(folder), ran(folder, OFF)

    assert watched.digest == alone.digest
    assert "nobody-claims" not in alone.invariants
    assert alone.held


def test_settings_are_the_scenarios(folder: Path) -> None:
    settings = '[invariants.settings.nobody-claims]\nwhose = "ET1"'

    assert ran(folder, settings).held


def test_an_invariant_that_has_nothing_to_look_at_does_not_watch(folder: Path) -> None:
    settings = '[invariants.settings.nobody-claims]\nwhose = "ET7"'

    assert "nobody-claims" not in ran(folder, settings).invariants


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_costly_one_watches_where_it_is_named_and_may_look_at_states(
    folder: Path, in_place: bool
) -> None:
    assert "nothing-held" not in ran(folder).invariants

    (violation,) = ran(folder, HELD, in_place=in_place).violations

    # In the quiet after the gateway had the order, nobody had anything to do.
    assert (violation.text, violation.seq, violation.time_ns) == ("1 at 0", None, 0)


def test_the_end_is_looked_back_from(folder: Path) -> None:
    at_end = HELD + "\n[invariants.settings.nothing-held]\nat_end = true"

    (violation,) = ran(folder, at_end).violations

    assert (violation.text, violation.entries) == ("it is over", ())


@pytest.mark.parametrize("where", ["watch", "see", "quiet", "end"])
def test_one_that_raises_ends_the_run_by_name(folder: Path, where: str) -> None:
    text = f'[invariants]\non = ["raises"]\n[invariants.settings.raises]\nwhere = "{where}"'

    with pytest.raises(InvariantFailed, match="invariant 'raises' raised") as failed:
        ran(folder, text)
    assert isinstance(failed.value.error, RuntimeError | ZeroDivisionError)

    told = command("run", scenario(folder, text))
    assert told.status == 1
    assert "invariant 'raises' raised" in told.err


# fmt: off
WRONG = {
    'on = ["nobody-clams"]':                       "on[0]: no invariant named 'nobody-clams'",
    'off = ["nothing"]':                           "off[0]: no invariant named 'nothing'",
    'on = ["raises"]\noff = ["raises"]':           "off[0]: 'raises' is in `on` as well",
    '[invariants.settings.raises]\nwhere = "see"': "no invariant that watches named 'raises'",
    '[invariants.settings.one-owner]\nmost = 2':   "unknown key 'most'",
    'only = ["one-owner"]':                        "unknown key 'only'",
}
# fmt: on


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_a_table_that_is_wrong_is_refused_with_its_path(folder: Path, text: str, said: str) -> None:
    path = scenario(folder, f"[invariants]\n{text}")

    with pytest.raises(ScenarioError):
        floorproof.load(path)
    assert_refused(command("run", path), said)


CROSSING = """
import attrs
from floorproof.market.rules import Remainder, StopSweep
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class NoTrades:
    @hookimpl
    def before_trade(self, price, quantity, market):
        return StopSweep(Remainder.REST)


@hookimpl
def rule_sets():
    return {"no-trades": NoTrades}
"""


@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_book_that_is_left_crossed_is_found(tmp_path: Path, in_place: bool) -> None:
    write(tmp_path, CROSSING, "crossing.py")
    text = floor("0s LP enter o1 sell 4 @ 15351.50\n1s ET1 enter o2 buy 4 @ 15352.00")
    text = text.replace("[scenario]\n", '[scenario]\nplugins = ["crossing.py"]\n', 1)
    text = text.replace('gateway = "CME-A"\n', 'gateway = "CME-A"\nrules = ["no-trades"]\n', 1)

    result = floorproof.run(floorproof.load(write(tmp_path, text)), in_place=in_place)

    (violation,) = result.violations
    assert violation.invariant == "uncrossed-books"
    assert violation.text == (
        "MNQU3 at CME matches in state 'CONTINUOUS', bid 15352.00 and offered 15351.50"
    )
