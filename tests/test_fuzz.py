"""Looking for what must not happen: what is found, how small it gets, and what is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from commands import EXAMPLES, STAGED_ORDER, Ran, assert_refused, changed, command, write
from floors import floor

import floorproof
from floorproof.scenario.floor import load
from floorproof.scenario.fuzz.export import told_choices
from floorproof.scenario.fuzz.search import search

PLANTED = EXAMPLES / "planted" / "claim_race.toml"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """What fuzz says of the planted race, and the folder of what it wrote."""
    out = tmp_path_factory.mktemp("fuzz") / "out"
    return command("fuzz", PLANTED, "--seeds", "24", "--jobs", "1", "--out", out), out


# --- a planted race ------------------------------------------------------------------


def test_a_default_run_does_not_show_the_race() -> None:
    assert command("run", PLANTED).status == 0


def test_the_race_is_found_and_made_small(found: tuple[Ran, Path]) -> None:
    ran, _ = found

    assert ran.status == 1
    assert ran.out.startswith(
        "invariant one-owner: P1 is ET2's, and then ET1's, with no time between\n"
    )
    assert "  shrunk to 3 steps and 1 choice in " in ran.out
    last = ran.out.splitlines()[-1]
    assert last.startswith("24 seeds, ")
    assert last.endswith(" failures of 1 cause")


def test_what_is_written_fails_without_a_seed(found: tuple[Ran, Path]) -> None:
    _, out = found
    small = out / "invariant_one_owner.toml"

    ran = command("run", small)

    assert ran.status == 1
    assert "one-owner: P1 is ET2's, and then ET1's" in ran.out
    tables = tomllib.loads(small.read_text())
    assert [(step["who"], step["do"]) for step in tables["step"]] == [
        ("PM1", "stage"),
        ("ET2", "claim"),
        ("ET1", "claim"),
    ]
    assert tables["choices"] == {"jitter ET1>SSE-A 1": 1}
    assert tables["flow"][0]["only"] == []
    assert "expect" not in tables


def test_what_is_written_keeps_the_searched_files_own_words(found: tuple[Ran, Path]) -> None:
    _, out = found

    text = (out / "invariant_one_owner.toml").read_text()

    assert text.startswith("# Shrunk by floorproof fuzz: invariant one-owner\n# P1 is ET2's")
    assert "# Across the ocean: a claim may take four times as long as it should." in text


def test_the_test_that_is_written_fails_by_itself(found: tuple[Ran, Path]) -> None:
    _, out = found

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", out, out],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
        check=False,
    )

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "one-owner" in ran.stdout
    assert "1 failed" in ran.stdout


def test_the_story_has_a_diagram_and_says_what_was_chosen(found: tuple[Ran, Path]) -> None:
    _, out = found

    text = (out / "invariant_one_owner.md").read_text()

    assert "- message 1 from ET1 to SSE-A takes 1 ns longer\n" in text
    assert "```mermaid\nsequenceDiagram\n" in text
    assert ": Claim P1\n" in text
    assert "Note over p0,p3: P1 is ET2's, and then ET1's, with no time between\n" in text
    assert "`floorproof run invariant_one_owner.toml`" in text


def test_how_many_processes_search_does_not_matter() -> None:
    scenario = load(PLANTED)
    took: list[int] = []

    alone = search(PLANTED, scenario, range(1, 21), settings={}, jobs=1)
    together = search(
        PLANTED,
        scenario,
        range(1, 21),
        settings={},
        jobs=2,
        took=lambda ran, _new: took.append(ran.seed),
    )

    assert alone == together
    assert took == [*range(1, 21)]
    assert alone.failed


CHOICES = {
    "order A>B 2": (1, "message 2 from A to B is put back 1 place"),
    "order A>B 3": (4, "message 3 from A to B is put back 4 places"),
    "jitter A>B 2": (900, "message 2 from A to B takes 900 ns longer"),
    "drop A>B 2": (1, "message 2 from A to B is lost"),
    "duplicate A>B 2": (5_000_000, "message 2 from A to B arrives again 5 ms later"),
    "delay A>B 2": (
        5_000_001,
        "message 2 from A to B is 5,000,001 ns late, and those behind it wait",
    ),
    "reorder A>B 2": (1, "message 2 from A to B is 1 ns late, and is overtaken"),
    "cut A>B 2": (1, "from message 2 from A to B on, A does not reach B for 1 ns"),
    "partition A>B 2": (1, "from message 2 from A to B on, neither reaches the other for 1 ns"),
    "pause A>A 2": (1, "A gets nothing for 1 ns from his message 2 on"),
    "crash A>A 2": (7_000_000, "A crashes at his message 2, and is back after 7 ms"),
    "draw A/gaps 2": (1, "draw A/gaps 2 is 1"),
}


@pytest.mark.parametrize(("name", "told"), CHOICES.items())
def test_choices_are_told_as_sentences(name: str, told: tuple[int, str]) -> None:
    value, sentence = told

    assert list(told_choices({name: value})) == [sentence]


# --- floors without a bug ------------------------------------------------------------


def test_nothing_is_found_where_there_is_nothing() -> None:
    ran = command("fuzz", STAGED_ORDER, "--seeds", "10", "--jobs", "1")

    assert ran.status == 0
    assert ran.out.endswith("\n10 seeds, 0 failures\n")


def test_a_search_stops_when_its_time_is_over() -> None:
    ran = command("fuzz", STAGED_ORDER, "--seeds", "5000", "--jobs", "1", "--minutes", "0.0001")

    assert ran.status == 0
    seeds, *rest = ran.out.splitlines()[-1].split()
    assert 1 <= int(seeds) < 100
    assert rest == ["seeds,", "0", "failures"]


# --- other failures ------------------------------------------------------------------

RACE = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET1 claim P1
    1s ET2 claim P1
    2s ET1 child C1 of P1 6 @ 15351.50
"""
LINKS = ("execution_trader SSE-A 1ms 1ms",)


def test_an_expectation_that_some_seeds_miss_keeps_its_steps(tmp_path: Path) -> None:
    expects = '[[expect]]\norder = "P1"\nuser = "PM1"\nstate = { owner = "ET1" }'
    path = write(tmp_path, floor(RACE, links=LINKS, extra=expects))

    ran = command("fuzz", path, "--seeds", "20", "--jobs", "1", "--out", tmp_path / "out")

    assert ran.status == 1
    assert ran.out.startswith("expect[0]: P1 ends in PM1's window with owner ET1, but ")
    small = tomllib.loads((tmp_path / "out" / "expect_0.toml").read_text())
    assert len(small["step"]) == 4
    assert len(small["choices"]) == 1
    assert command("run", tmp_path / "out" / "expect_0.toml").status == 1


RAISES = """
import attrs
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class NoSix:
    @hookimpl
    def accept_request(self, request, market):
        if getattr(request, "order_qty", 0) == 6:
            raise ZeroDivisionError("six")


@hookimpl
def rule_sets():
    return {"no-six": NoSix}
"""


def test_a_plugin_that_raises_is_a_failure_and_its_path_is_carried_over(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    write(tmp_path / "plugins", RAISES, "no_six.py")
    text = changed(
        floor(RACE, links=LINKS), "[scenario]\n", '[scenario]\nplugins = ["plugins/no_six.py"]\n'
    )
    text = changed(text, 'gateway = "CME-A"\n', 'gateway = "CME-A"\nrules = ["no-six"]\n')
    path = write(tmp_path, text)
    out = tmp_path / "deep" / "out"

    ran = command("fuzz", path, "--seeds", "8", "--jobs", "1", "--out", out)

    assert ran.status == 1
    assert ran.out.startswith("CME: rule set no-six raised ZeroDivisionError: ")
    (small,) = out.glob("*.toml")
    assert tomllib.loads(small.read_text())["scenario"]["plugins"] == ["../../plugins/no_six.py"]
    again = command("run", small)
    assert again.status == 1
    assert "six" in again.err


def test_what_set_says_is_written_down(tmp_path: Path) -> None:
    name = "scenario.name"
    ran = command(
        "fuzz", PLANTED, "--seeds", "8", "--jobs", "1", "--out", tmp_path, "--set", f"{name}=other"
    )

    assert ran.status == 1
    small = tomllib.loads((tmp_path / "invariant_one_owner.toml").read_text())
    assert small["scenario"]["name"] == "other"


LEAK = """
import attrs
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Fact

floorproof_contract = CONTRACT_VERSION
runs = []


@attrs.frozen
class Counts:
    def start(self):
        runs.append(None)
        yield Fact("count", len(runs))

    def receive(self, delivery):
        return ()


@hookimpl
def participants():
    return {"counts": Counts}
"""


def test_a_scenario_that_is_not_reproducible_is_not_searched(tmp_path: Path) -> None:
    write(tmp_path, LEAK, "leak.py")
    text = changed(
        floor(RACE, extra='[[participant]]\nname = "LEAK"\nkind = "counts"'),
        "[scenario]\n",
        '[scenario]\nplugins = ["leak.py"]\n',
    )

    ran = command("fuzz", write(tmp_path, text), "--seeds", "8", "--jobs", "1")

    assert ran.status == 1
    assert ran.out == ""
    assert "seed 1 is not reproducible, in place and in place again:\n  in place: " in ran.err
    assert "count" in ran.err  # the first entries that differ


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_run(tmp_path: Path) -> None:
    path = write(tmp_path, "a file", "out")

    assert_refused(command("fuzz", PLANTED, "--out", path), "cannot write: it is no folder")


# --- what a scenario has written down ------------------------------------------------


def test_written_choices_are_made_and_a_seed_comes_before_them(tmp_path: Path) -> None:
    late = '[choices]\n"jitter ET1>SSE-A 1" = 900_000'
    path = write(tmp_path, floor(RACE, links=LINKS, extra=late))
    plain = write(tmp_path, floor(RACE, links=LINKS), "plain.toml")

    written = floorproof.run(load(path))

    assert dict(written.choices) == {"jitter ET1>SSE-A 1": 900_000}
    assert written.digest != floorproof.run(load(plain)).digest
    assert floorproof.run(load(path), seed=3).digest == floorproof.run(load(plain), seed=3).digest


# fmt: off
WRONG = {
    '[choices]\n"late ET1" = 1':                'expected names such as "order ET1>SSE-A 3", found',
    '[choices]\n"order ET1>SSE-A 0" = 1':       'expected names such as "order ET1>SSE-A 3", found',
    '[choices]\n"order ET1>SSE-A 1" = -1':      "order ET1>SSE-A 1: expected a number from 0",
    '[choices]\n"order ET1>SSE-A 1" = "x"':     "choices",
}
# fmt: on


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_a_choice_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, floor(RACE, extra=text))

    assert_refused(command("check", path), said)


def test_a_flow_plays_those_of_its_steps_that_are_named(tmp_path: Path) -> None:
    flow = (
        '[[flow]]\nexchange = "CME"\nonly = [1, 3]\n'
        'settings = { symbol = "MNQU3", start_mid = "15351.00", duration_s = "5" }'
    )
    plan = load(write(tmp_path, floor("", extra=flow))).plan
    every = load(write(tmp_path, floor("", extra=flow.replace("only = [1, 3]\n", "")))).plan

    assert plan.flows[0].steps == (every.flows[0].steps[0], every.flows[0].steps[2])
    for wrong in ("[0]", "[1, 9999]"):
        path = write(tmp_path, floor("", extra=flow.replace("[1, 3]", wrong)))
        assert_refused(command("check", path), "flow[0].only[", "expected 1 to ")
