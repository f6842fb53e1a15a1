"""A search as it goes: runs that do not end, processes that do, and what it keeps for the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import EXAMPLES, STAGED_ORDER, assert_refused, changed, command, write
from floors import floor

from floorproof.runtime.errors import EndlessRun
from floorproof.scenario.floor import Floor, load
from floorproof.scenario.fuzz.search import search
from floorproof.scenario.fuzz.watchdog import Hung, Limits, Watchdog

PLANTED = EXAMPLES / "planted" / "claim_race.toml"
RACE = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET1 claim P1
    2s ET1 child C1 of P1 6 @ 15351.50
"""

# --- runs that do not end ------------------------------------------------------------

PLUGIN = """
import attrs
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Send

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class Hangs:
    @hookimpl
    def accept_request(self, request, market):
        while True:
            {body}


@attrs.frozen
class Echo:
    def start(self):
        yield Send("ECHO", "again", 1_000)

    def receive(self, delivery):
        yield Send("ECHO", "again", 1_000)


@hookimpl
def rule_sets():
    return {{"hangs": Hangs}}


@hookimpl
def participants():
    return {{"echo": Echo}}
"""
ECHO = '[[participant]]\nname = "ECHO"\nkind = "echo"'


def hanging(folder: Path, body: str = "pass", extra: str = "", rules: str = "hangs") -> Path:
    write(folder, PLUGIN.format(body=body), "hangs.py")
    text = changed(floor(RACE, extra=extra), "[scenario]\n", '[scenario]\nplugins = ["hangs.py"]\n')
    if rules:
        text = changed(text, 'gateway = "CME-A"\n', f'gateway = "CME-A"\nrules = ["{rules}"]\n')
    return write(folder, text)


SWALLOWS = """
            try:
                while True:
                    pass
            except Exception:
                pass
"""


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        pytest.param("pass", "CME: rule set hangs hangs", id="returns never"),
        pytest.param(SWALLOWS.strip(), "the run hangs", id="swallows what ends it"),
    ],
)
def test_a_hook_that_never_returns_is_found_and_named(
    tmp_path: Path, body: str, cause: str
) -> None:
    path = hanging(tmp_path, body)

    found = search(path, load(path), [1, 2], settings={}, jobs=1, limits=Limits(patience_s=0.1))

    assert [ran.causes for ran in found.failed] == [(cause,), (cause,)]
    assert "no answer for 0.1 s (in accept_request, hangs.py:" in found.failed[0].failures[0].text


def test_a_search_over_processes_loses_no_seed_to_a_process_that_ends(tmp_path: Path) -> None:
    path = hanging(tmp_path, "__import__('os')._exit(3)")

    found = search(path, load(path), range(1, 4), settings={}, jobs=2, limits=Limits(patience_s=5))

    assert found.seeds == 3
    assert [(ran.seed, ran.causes) for ran in found.failed] == [
        (seed, ("the run hangs",)) for seed in (1, 2, 3)
    ]


def test_what_python_cannot_interrupt_is_ended_with_its_process(tmp_path: Path) -> None:
    # The handler runs when the call comes back, which is never.
    block = (
        "__import__('signal').pthread_sigmask(0, [14]); import ctypes; ctypes.CDLL(None).pause()"
    )
    path = hanging(tmp_path, f"{block}")

    found = search(
        path, load(path), range(1, 3), settings={}, jobs=2, limits=Limits(patience_s=0.2)
    )

    assert [ran.seed for ran in found.failed] == [1, 2]
    assert 'hangs.py", line ' in found.failed[0].failures[0].text


def test_what_gets_on_is_left_alone_however_slow_it_is() -> None:
    entries = iter(range(1_000_000))
    gets_on = Watchdog(0.01, lambda: next(entries))
    stands = Watchdog(0.01, lambda: 7)

    with gets_on.on_guard():
        _busy(0.1)
    with pytest.raises(Hung), stands.on_guard():
        _busy(10)

    assert gets_on.barked is None
    assert stands.barked is not None


def _busy(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def test_what_goes_on_for_ever_in_virtual_time_is_ended(tmp_path: Path) -> None:
    path = hanging(tmp_path, extra=ECHO, rules="")

    with pytest.raises(EndlessRun, match=r"more than 500 .* had messages: ECHO"):
        Floor(load(path)).run(max_entries=500)
    ran = command("fuzz", path, "--seeds", "2", "--jobs", "1", "--max-entries", "500")

    assert ran.status == 1
    assert ran.out.startswith("the run does not end: more than ")
    assert "  shrunk to 0 steps and 0 choices in " in ran.out


def test_a_hook_that_hangs_is_shrunk_and_written(tmp_path: Path) -> None:
    path = hanging(tmp_path)
    out = tmp_path / "out"

    ran = command(
        *("fuzz", path, "--seeds", "1", "--jobs", "1", "--patience", "0.1"),
        *("--shrink-runs", "3", "--out", out),
    )

    assert ran.status == 1
    assert ran.out.startswith("CME: rule set hangs hangs: ")
    assert (out / "cme_rule_set_hangs_hangs.md").exists()


# --- a corpus ------------------------------------------------------------------------


def fuzz(path: Path, folder: Path, seeds: int, *more: str) -> Any:
    return command(
        *("fuzz", path, "--seeds", str(seeds), "--jobs", "1", "--corpus", folder),
        *("--shrink-runs", "1", *more),
    )


def test_a_corpus_keeps_what_failed_or_was_new_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"

    first = fuzz(PLANTED, folder, 12)
    second = fuzz(PLANTED, folder, 24)
    at_once = fuzz(PLANTED, tmp_path / "other", 24)

    assert first.status == second.status == 1
    assert first.out.endswith(" failures of 1 cause\n")
    assert "known failures run again, " in second.out
    assert "going on at seed 13, up to 24\n" in second.out
    one, other = (
        json.loads((each / "corpus.json").read_text()) for each in (folder, tmp_path / "other")
    )
    assert one == other, "stopped in between or not, the same has been reached"
    assert at_once.status == 1
    kept = {int(file.stem) for file in (folder / "runs").iterdir()}
    assert 1 in kept, "the first run is new all over"
    failing = [json.loads((folder / "runs" / f"{seed}.json").read_text()) for seed in kept]
    assert 0 < len([each for each in failing if each.get("failures")]) <= 5
    assert all(each["choices"] for each in failing if each.get("failures"))


def test_a_corpus_that_is_done_goes_on_with_new_seeds(tmp_path: Path) -> None:
    fuzz(STAGED_ORDER, tmp_path / "corpus", 5)

    again = fuzz(STAGED_ORDER, tmp_path / "corpus", 5)

    assert "going on at seed 6, up to 10\n" in again.out


def test_a_known_failure_that_is_mended_is_told_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    fuzz(PLANTED, folder, 12)
    state = folder / "corpus.json"
    (failing, *_) = (
        file for file in (folder / "runs").iterdir() if b'"failures"' in file.read_bytes()
    )
    mended = json.loads(failing.read_text())
    mended["choices"] = {}  # as if what was chosen did no harm any more
    failing.write_text(json.dumps(mended))

    again = fuzz(PLANTED, folder, 12)

    assert f"seed {failing.stem} does not fail any more: invariant one-owner\n" in again.out
    assert not failing.exists()
    assert state.exists()


def test_a_corpus_of_something_else_is_refused_or_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    fuzz(PLANTED, folder, 12)
    state = json.loads((folder / "corpus.json").read_text())
    state["made"]["version"] = "0.0.1"
    state["made"]["plugins"]["staged"] = "0.0.2"
    state["made"]["scenario"] = state["made"]["scenario"].replace("[[gateway]]", "[[gate]]", 1)
    (folder / "corpus.json").write_text(json.dumps(state))

    refused = fuzz(PLANTED, folder, 12)
    again = fuzz(PLANTED, folder, 12, "--rerun")

    assert_refused(
        refused,
        "made with something else",
        "floorproof 0.0.1, and this is ",
        "another text of the scenario (it had '[[gate]]')",
        "plugin staged: '0.0.2', and now ",
        "--rerun",
    )
    assert "floorproof 0.0.1, and this is " in again.out
    assert "still fail\n" in again.out
    assert "going on" not in again.out
    assert fuzz(PLANTED, folder, 13).out.count("going on at seed 13") == 1


@pytest.mark.parametrize("text", ["{", '{"format": 1}', "[]"])
def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, text, "corpus.json")

    assert_refused(fuzz(PLANTED, tmp_path, 3), "expected a corpus of floorproof fuzz")


def test_rerun_needs_a_corpus() -> None:
    assert_refused(command("fuzz", PLANTED, "--rerun"), "--rerun: expected a --corpus")


def test_a_search_that_is_interrupted_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    arguments = ["fuzz", str(STAGED_ORDER), "--seeds", "100000", "--jobs", "2"]
    arguments += ["--corpus", str(folder)]
    # What is started in a shell's background is deaf to interrupts unless it says so.
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    started = subprocess.Popen(
        [sys.executable, "-c", f"{hears}from floorproof.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    deadline = time.monotonic() + 60
    while not (folder / "corpus.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)

    assert started.returncode == 130, err
    assert "Traceback" not in err
    state = json.loads((folder / "corpus.json").read_text())
    assert f"stopped before seed {state['next']:,}; the same command goes on there\n" in out
    assert state["next"] > 1
    assert not list(folder.rglob("*.part"))
