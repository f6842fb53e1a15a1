"""`verify` finds what differs between two runs of one seed, and the fence what could."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from commands import MOVING_MARKET, STAGED_ORDER, changed, command, process, write

import floorproof
from floorproof.market.identifiers import StagedOrderID

SCENARIO = """
[scenario]
name = "a leak"
start = 2023-07-17T13:30:00Z
plugins = ["leak.py"]

[[participant]]
name = "LEAK"
kind = "leak"
"""

# A participant that puts on record what it should not know.
PLUGIN = """
import datetime
import time
from time import time as bound_earlier
import attrs
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1
runs = []

@attrs.frozen
class Leak:
    async def run(self, mailbox):
        mailbox.report("before", "the same each time")
        mailbox.report("leak", LEAK)

@hookimpl
def participants():
    return {"leak": Leak}
"""

SET = 'list({"ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT"})'
THROUGH_THE_MODULE = "time.time_ns()"
BOUND_EARLIER = "str(bound_earlier())"
DATETIME_NOW = "str(datetime.datetime.now())"
OUTLIVES_A_RUN = "runs.append(1) or len(runs)"
NONE = '"nothing"'


def leaking(folder: Path, leak: str) -> Path:
    write(folder, changed(PLUGIN, "LEAK)", f"{leak})"), "leak.py")
    return write(folder, SCENARIO)


def test_a_scenario_without_leaks_never_diverges(tmp_path: Path) -> None:
    ran = command("verify", leaking(tmp_path, NONE), "--seeds", "2", "--strict")

    assert (ran.status, ran.out, ran.err) == (0, "2 seeds, 0 divergences\n", "")


@pytest.mark.parametrize(
    "leak",
    [SET, BOUND_EARLIER, DATETIME_NOW, OUTLIVES_A_RUN],
    ids=["order of a set", "name bound earlier", "datetime.now", "outlives a run"],
)
def test_verify_shows_the_first_entry_that_differs(leak: str, tmp_path: Path) -> None:
    seeds = "2" if leak == OUTLIVES_A_RUN else "1"

    ran = command("verify", leaking(tmp_path, leak), "--seeds", seeds)

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0] == "seed 1 diverges:"
    assert [line.partition(": ")[0] for line in lines[1:4]] == [
        "  in tasks",
        "  in tasks, another hash seed, Hypothesis imported",
        "  in place",
    ]
    assert lines[4] == "  the first entry that differs:"
    for line in lines[5:7]:
        assert '"seq":2,' in line, "the first entry is the same"
        assert '"kind":"leak"' in line
    assert lines[5].partition(": ")[2] != lines[6].partition(": ")[2]
    assert lines[-1] == f"{seeds} seeds, {seeds} divergences"


def test_the_clock_through_its_module_is_refused_in_every_run(tmp_path: Path) -> None:
    ran = process("run", leaking(tmp_path, THROUGH_THE_MODULE))

    assert ran.status == 1
    assert "Traceback" not in ran.err
    line = changed(PLUGIN, "LEAK)", "").splitlines().index('        mailbox.report("leak", ') + 1
    assert ran.err.startswith("error: LEAK raised FenceBreach: floorproof_file_leak_")
    assert f", line {line}, calls time.time_ns: that differs from run to run" in ran.err


@pytest.mark.parametrize(("leak", "called"), [
    (THROUGH_THE_MODULE, "time.time_ns"),
    (BOUND_EARLIER, "time.time"),
    (DATETIME_NOW, "datetime.now"),
])  # fmt: skip
def test_strict_sees_every_clock_in_every_seed(leak: str, called: str, tmp_path: Path) -> None:
    ran = command("verify", leaking(tmp_path, leak), "--seeds", "2", "--strict")

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[2].startswith("the rest of it, unless only --strict sees it: floorproof run ")
    assert len(lines) == 4
    for seed, line in zip((1, 2), lines, strict=False):
        assert line.startswith(f"seed {seed} fails, the same each way: LEAK raised FenceBreach: ")
        assert f"calls {called}: " in line
    assert ran.out.splitlines()[-1] == "2 seeds, 0 divergences, 2 failures"


def test_of_an_error_the_first_line_is_told_and_where_the_rest_is(tmp_path: Path) -> None:
    leak = '{}["a / b"]'

    ran = command("verify", leaking(tmp_path, leak), "--seeds", "2", "--set", "scenario.name=x y")

    path = tmp_path / "scenario.toml"
    assert ran.out.splitlines() == [
        "seed 1 fails, the same each way: LEAK raised KeyError: 'a / b'",
        "seed 2 fails, the same each way: LEAK raised KeyError: 'a / b'",
        f"the rest of it: floorproof run {path} --seed 1 --set 'scenario.name=x y'",
        "2 seeds, 0 divergences, 2 failures",
    ]


def test_what_a_participant_prints_neither_counts_nor_blocks(tmp_path: Path) -> None:
    leak = 'print("no outcome") or __import__("sys").stderr.write("x" * 500_000) and "x"'

    ran = command("verify", leaking(tmp_path, leak), "--seeds", "1")

    assert (ran.status, ran.out) == (0, "1 seeds, 0 divergences\n")


def test_a_process_that_dies_is_told_with_what_it_said(tmp_path: Path) -> None:
    leak = '__import__("sys").stderr.write("out of memory") and __import__("os")._exit(9)'

    ran = command("verify", leaking(tmp_path, leak), "--seeds", "1")

    assert ran.status == 1
    assert "error: the process that runs seeds in tasks failed:\nout of memory" in ran.err


def test_settings_reach_the_processes() -> None:
    setting = ("--set", "step.0.order.quantity=4")

    ran = command("verify", STAGED_ORDER, "--seeds", "1", *setting)

    assert (ran.status, ran.out) == (0, "1 seeds, 0 divergences\n")


def test_the_moving_market_never_diverges() -> None:
    ran = command("verify", MOVING_MARKET, "--seeds", "50")

    assert (ran.status, ran.out, ran.err) == (0, "50 seeds, 0 divergences\n", "")


def test_each_trader_wins_the_claim_under_some_seeds() -> None:
    scenario = floorproof.load(MOVING_MARKET)

    owners = Counter(
        floorproof.run(scenario, seed=seed, in_place=True)
        .windows()["PM1"]
        .staged[StagedOrderID("P1")]
        .owner
        for seed in range(1, 51)
    )

    assert set(owners) == {"ET1", "ET2"}
    assert min(owners.values()) >= 5
