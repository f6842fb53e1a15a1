"""What TT's case study claims, measured on a few seeds.

Source: TT, "Using TT TWAP to Drive TT Autospreader Instruments".
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from fractions import Fraction
from types import ModuleType

import pytest
from commands import EXAMPLES

import floorproof

PROGRAM = EXAMPLES / "twap_claims.py"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("twap_claims", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_small_slices_track_the_market_better_than_large_ones(program: ModuleType) -> None:
    # Four seeds of one contract tell 30 from 3; a spread, and what lies between, need more.
    large, small = (
        [program.day(seed, program.Way(program.MNQ, "default", display)) for seed in range(4)]
        for display in (30, 3)
    )

    assert program.tracking_error(large) > 2 * program.tracking_error(small)


@pytest.mark.parametrize("number", [0, 1], ids=["spread", "outright"])
def test_default_takes_less_than_aggressive_which_takes_all(
    program: ModuleType, number: int
) -> None:
    calm, bold = (program.day(0, way) for way in program.STYLES[number])

    assert calm.taken < calm.filled
    assert bold.taken == bold.filled


@pytest.mark.parametrize("quantities", [(33, 45), (32, 44)])
def test_the_spread_earns_whenever_mnq_is_ahead_by_a_tenth_of_a_point(
    program: ModuleType, quantities: tuple[int, int]
) -> None:
    instruments = floorproof.load(program.SCENARIO).plan.instruments

    tried = list(program.exits(instruments, quantities))

    assert len(tried) > 3_500  # MES moves by 898 points at most, four ticks each
    assert all(each.mnq - each.mes >= Fraction(1, 1000) for each in tried)
    assert all(abs(move) <= Fraction(1, 10) for each in tried for move in (each.mnq, each.mes))
    assert all(each.earned > 0 for each in tried)
    # Were it no tenth of a point, it would lose: with 33/45 and both at 3 % below, $74.25.
    assert any(each.earned < 0 for each in program.exits(instruments, quantities, Fraction(0)))


def made_up(program: ModuleType, **taken: int) -> dict[object, list[object]]:
    """Return two days of each way, on which large slices stray further and styles take so much."""
    return {
        way: [
            program.Day(over_market=sign * way.max_display, taken=taken[way.style], filled=33)
            for sign in (-1, 1)
        ]
        for way in program.WAYS
    }


def test_the_command_prints_a_table_and_what_holds(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "measure", lambda *_: made_up(program, default=11, aggressive=33))
    monkeypatch.setattr(sys, "argv", ["twap_claims.py"])

    program.main()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 seeds, each worked in every way")
    assert [line.split()[:3] for line in lines[2:8]] == [
        ["MNQ-MES", "default", "30"],
        ["MNQ-MES", "default", "10"],
        ["MNQ-MES", "default", "3"],
        ["MNQ-MES", "aggressive", "3"],
        ["MNQU3", "default", "3"],
        ["MNQU3", "aggressive", "3"],
    ]
    assert lines[2].split()[4:] == ["30.000", "+0.000", "30.000", "33.3%", "100.0%"]
    assert [line.rpartition(": ")[2] for line in lines[8:11]] == ["holds"] * 3
    assert lines[-2].startswith("33/45: 3,576 exits of MES, a gain at all of them")


def test_the_command_says_what_does_not_hold(program: ModuleType) -> None:
    days = made_up(program, default=33, aggressive=33)
    days[program.FALLING[0]] = days[program.FALLING[2]]

    lines = list(program.report(days))

    assert [line.rpartition(": ")[2] for line in lines[-3:]] == ["does not hold"] * 3


@pytest.mark.parametrize("arguments", [["--seeds", "1"], ["--jobs", "0"]])
def test_a_number_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    ran = subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True)

    assert ran.returncode == 2
    assert f"{arguments[0]}: expected at least" in ran.stderr
