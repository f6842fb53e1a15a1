"""`floorproof conform`: what it prints, how it exits, and what it makes of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from commands import ROOT, write

from floorproof.cli import main

LOTCAP = str(ROOT / "examples" / "lotcap" / "floorproof_lotcap")
TWIN = str(ROOT / "examples" / "planted" / "lot_cap.py")
PURE = "lot-cap-twin.accept_request:pure"
DETERMINISTIC = "lot-cap-twin.accept_request:deterministic"

IN_ANY_ORDER = """
import attrs
from floorproof.market.fix import OrdRejReason
from floorproof.market.rules import Reject
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1


@attrs.frozen
class Unordered:
    @hookimpl
    def accept_request(self, request):
        return Reject(OrdRejReason.OTHER, " ".join({request.cl_ord_id, request.symbol, "any"}))


@hookimpl
def rule_sets():
    return {"unordered": Unordered}
"""


def conform(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["conform", "--examples", "10", *arguments])


def test_the_example_package_conforms_in_other_processes_too() -> None:
    result = conform(LOTCAP)

    assert result.exit_code == 0, result.output
    assert "lot-cap is tried with max_lots = 5\n" in result.output
    assert "failed" not in result.output.splitlines()[-1]
    rows = {line.split()[0]: line.split() for line in result.output.splitlines() if line}
    assert int(rows["lot-cap.accept_request"][1]) == 7  # one of them by two other processes


def test_its_broken_twin_fails_by_the_check_that_it_breaks_with_the_smallest_example() -> None:
    result = conform(TWIN, "--in-process")

    assert result.exit_code == 1
    _, _, failure = result.output.partition(f"FAILED {PURE} ")
    assert "is {'max_lots_per_user': 5, '_used': {'ALPHA': 2}}" in failure
    example = failure.split("\n\n")[0].splitlines()[2:]
    assert [line.strip() for line in example] == [
        "an exchange that matches first in, first out",
        "Enter(session='ALPHA', symbol=0, side=BUY, qty=1, price=99)",
    ]


def test_json_has_every_finding() -> None:
    told = json.loads(conform(TWIN, "--in-process", "--json").stdout)

    assert told["held"] is False
    assert told["settings"] == {"lot-cap-twin": {"max_lots_per_user": 5}}
    by_id = {each["id"]: each for each in told["findings"]}
    assert by_id[PURE]["outcome"] == "failed"
    assert by_id[PURE]["executed"] > 10
    assert by_id["lot-cap-twin.accept_request:fenced"]["outcome"] == "passed"
    assert by_id["lot-cap-twin.accept_request:cost"]["ratio"] > 0


def test_the_order_of_a_set_shows_in_other_processes_alone(tmp_path: Path) -> None:
    path = str(write(tmp_path, IN_ANY_ORDER, "unordered.py"))

    here = conform(path, "--in-process")
    elsewhere = conform(path)

    assert here.exit_code == 0, here.output
    assert elsewhere.exit_code == 1
    assert "FAILED unordered.accept_request:elsewhere" in elsewhere.output
    assert "answers differ under PYTHONHASHSEED=1 and 2" in elsewhere.output


# --- expected failures ----------------------------------------------------------------


def expecting(tmp_path: Path, *checks: str) -> str:
    return str(write(tmp_path, "\n".join(f'"{each}" = "known"' for each in checks), "x.toml"))


def test_failures_that_are_expected_do_not_fail(tmp_path: Path) -> None:
    result = conform(TWIN, "--in-process", "--expect", expecting(tmp_path, PURE, DETERMINISTIC))

    assert result.exit_code == 0, result.output
    assert f"failed as expected (known): {PURE}" in result.output
    assert "2 failed as expected" in result.output.splitlines()[-1]


def test_an_expected_failure_that_passes_fails(tmp_path: Path) -> None:
    fine = "lot-cap-twin.accept_request:fenced"
    path = expecting(tmp_path, PURE, DETERMINISTIC, fine)

    result = conform(TWIN, "--in-process", "--expect", path)

    assert result.exit_code == 1
    assert f"FAILED {fine}: it was expected to fail, and passes" in result.output


def test_an_expected_failure_that_was_not_tried_is_told(tmp_path: Path) -> None:
    untried = "lot-cap-twin.accept_request:indifferent"
    path = expecting(tmp_path, PURE, DETERMINISTIC, untried)

    result = conform(TWIN, "--in-process", "--expect", path)

    assert result.exit_code == 0
    assert f"skipped {untried}: expected to fail, and not executed" in result.output


# --- a plugin that cannot be tried ----------------------------------------------------


def test_a_plugin_that_does_not_keep_the_contract_fails(tmp_path: Path) -> None:
    result = conform(str(write(tmp_path, "floorproof_contract = 7", "old.py")))

    assert result.exit_code == 1
    assert "contract (loads and keeps the contract)" in result.output
    assert "floorproof_contract says 7, this floorproof has 1" in result.output


def test_a_plugin_that_hangs_as_it_is_loaded_is_named(tmp_path: Path) -> None:
    path = str(write(tmp_path, "while True: pass", "endless.py"))

    result = conform(path, "--budget", "1.5")

    assert result.exit_code == 1
    assert "it was not loaded after 1.5 s" in result.output


SETTINGS = [LOTCAP, "--settings", "FILE"]
EXPECT = [LOTCAP, "--in-process", "--expect", "FILE"]
THREE = [LOTCAP, "--symbol", "A", "--symbol", "B", "--symbol", "C"]
NOWHERE = [LOTCAP, "--settings", "nowhere.toml"]

# fmt: off
BAD = {
    "an unknown name":        (["stagd"], None, "no plugin named 'stagd'; did you mean 'staged'"),
    "nothing to try":         (["actions"], None, "nothing that it offers could be tried"),
    "a bad setting":          (SETTINGS, "lot-cap.max_lots = 0", "settings.lot-cap.max_lots"),
    "settings of nobody":     (SETTINGS, "lotcap.max_lots = 5", "did you mean lot-cap"),
    "settings of no table":   (SETTINGS, "lot-cap = 5", "expected a table of settings, found 5"),
    "settings that are none": (SETTINGS, "?", "not a TOML file"),
    "no such settings":       (NOWHERE, None, "nowhere.toml: cannot be read"),
    "three instruments":      (THREE, None, "expected one or two"),
    "an unknown check":       (EXPECT, '"lot-cup:pure" = "so"', "no check named 'lot-cup:pure'"),
    "no reason":              (EXPECT, '"lot-cap:pure" = ""', '`"SUBJECT:CHECK" = "reason"`'),
}
# fmt: on


@pytest.mark.parametrize(("arguments", "text", "said"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_told(
    arguments: list[str], text: str | None, said: str, tmp_path: Path
) -> None:
    if text is not None:
        path = str(write(tmp_path, text, "given.toml"))
        arguments = [path if each == "FILE" else each for each in arguments]

    result = conform(*arguments)

    assert result.exit_code == 2, result.output
    assert said in result.output


def test_a_file_that_is_not_there_is_a_plugin_that_fails() -> None:
    result = conform("nowhere.py")

    assert result.exit_code == 1
    assert "cannot be read: No such file or directory" in result.output
