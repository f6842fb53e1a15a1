"""Hypothesis as the owner of a run's choices: what it explores, finds, keeps and makes small."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from commands import EXAMPLES, STAGED_ORDER, assert_refused, command, write
from floors import floor
from hypothesis import given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.market.staging import StagedUpdate
from floorproof.runtime.choices import Choice, Counted, Drawn, Recorded
from floorproof.scenario.floor import load, parse, run
from floorproof.scenario.fuzz import examples
from floorproof.scenario.fuzz.examples import search_examples

PLANTED = EXAMPLES / "planted" / "claim_race.toml"
RACE = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET1 claim P1
    1s ET2 claim P1
"""


# --- what is drawn -------------------------------------------------------------------


def drawn(*numbers: int, asked: int = 40) -> Drawn:
    given = iter(numbers)
    return Drawn(lambda bound: min(bound, next(given)), Counted(asked={"jitter": asked}))


def values(choices: Drawn, many: int) -> list[int]:
    return [choices.choose(Choice("jitter", "A", "B", n), 9) for n in range(1, many + 1)]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        pytest.param((0,), [0, 0, 0, 0, 0], id="nothing"),
        pytest.param((1, 7, 0), [7, 0, 0, 0, 0], id="the first"),
        pytest.param((3, 7, 1, 5, 0), [0, 0, 7, 5, 0], id="the third and the next"),
        pytest.param((2, 0, 1, 5, 0), [0, 0, 5, 0, 0], id="a value may be none"),
    ],
)
def test_few_of_many_choices_are_made(numbers: tuple[int, ...], expected: list[int]) -> None:
    choices = drawn(*numbers)

    assert values(choices, 5) == expected
    assert dict(choices.taken) == {
        f"jitter A>B {place}": value for place, value in enumerate(expected, 1) if value
    }


def test_what_stops_the_drawing_waits_for_the_run_to_end() -> None:
    choices = drawn(1, 7)  # and then there are no more numbers

    assert values(choices, 3) == [7, 0, 0]
    assert isinstance(choices.stopped, StopIteration)


def test_a_kind_that_is_rare_is_drawn_by_itself() -> None:
    bounds: list[int] = []

    def draw(bound: int) -> int:
        bounds.append(bound)
        return 0

    choices = Drawn(draw, Counted(asked={"jitter": 400, "drop": 400}, rare={"drop"}))
    choices.choose(Choice("jitter", "A", "B", 1), 9)
    choices.rarely(Choice("drop", "A", "B", 1), 1, 50)

    assert bounds == [40, 400], "about twenty of the one, and two of the other"


def at_random(number: int, counted: Counted) -> Drawn:
    source = random.Random(number)
    return Drawn(lambda bound: source.randint(0, bound), counted)


@settings(max_examples=10)
@given(number=st.integers(0, 2**32))
def test_any_drawn_run_is_repeated_by_its_record(number: int) -> None:
    scenario = parse(floor(RACE, links=("execution_trader SSE-A 1ms 1ms",)))
    choices = at_random(number, Counted(asked={"jitter": 8}))

    first = run(scenario, choices=choices, in_place=True)
    again = run(scenario, choices=Recorded(dict(choices.taken)))

    assert again.digest == first.digest


# --- what is explored ----------------------------------------------------------------


def test_what_is_simultaneous_is_seen_in_other_orders() -> None:
    scenario = parse(floor(RACE))
    counted = Counted()
    default = run(scenario, choices=counted, in_place=True)

    owners = {
        owner(run(scenario, choices=at_random(number, counted), in_place=True))
        for number in range(12)
    }

    assert counted.asked["order"], "there is a choice of it"
    assert owner(default) == "ET1"
    assert owners == {"ET1", "ET2"}


def owner(result: floorproof.Result) -> str:
    """Return who owns the order in the end."""
    told = [entry.payload for entry in result.journal if isinstance(entry.payload, StagedUpdate)]
    assert told[-1].owner is not None
    return told[-1].owner


# --- what is found -------------------------------------------------------------------


def test_it_finds_a_planted_race_makes_it_small_and_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "out"

    ran = command("fuzz", PLANTED, "--engine", "hypothesis", "--seeds", "30", "--out", out)

    assert ran.status == 1
    assert ran.out.startswith("invariant one-owner: ")
    assert "  shrunk to 3 steps and 1 choice in " in ran.out
    small = tomllib.loads((out / "invariant_one_owner.toml").read_text())
    assert len(small["choices"]) == 1
    assert command("run", out / "invariant_one_owner.toml").status == 1
    story = (out / "invariant_one_owner.md").read_text()
    assert "from example " in story
    assert "Fails for it: examples " in story


def test_hypothesis_itself_makes_what_fails_small() -> None:
    found = search_examples(load(PLANTED), 30)

    choices = found.failed[0].choices
    assert choices is not None
    assert len(choices) <= 2
    assert sum(choices.values()) <= 2


def test_what_failed_is_in_its_database_and_comes_first(tmp_path: Path) -> None:
    scenario = load(PLANTED)
    search_examples(scenario, 30, database=tmp_path)

    numbers: list[int] = []
    again = search_examples(
        scenario, 30, database=tmp_path, took=lambda ran, _new: numbers.append(len(ran.causes))
    )

    assert numbers[0] == 1, "the first run of a second search fails"
    assert again.failed


def test_without_a_database_the_same_is_drawn_each_time() -> None:
    scenario = load(STAGED_ORDER)

    first, again = search_examples(scenario, 8), search_examples(scenario, 8)

    assert (first.seeds, first.reach) == (again.seeds, again.reach)


def test_nothing_is_found_where_there_is_nothing() -> None:
    ran = command("fuzz", STAGED_ORDER, "--engine", "hypothesis", "--seeds", "10")

    assert ran.status == 0
    assert ran.out.endswith(" examples, 0 failures\n")
    assert "first example" in ran.out


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(examples, "find_spec", lambda _name: None)

    ran = command("fuzz", write(tmp_path, floor(RACE)), "--engine", "hypothesis")

    assert_refused(ran, "--engine hypothesis: needs hypothesis: pip install 'floorproof[testing]'")
