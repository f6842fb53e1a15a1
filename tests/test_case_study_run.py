"""TT's case study as a run: its printed figures, from the run's fills alone.

Source: TT, "Using TT TWAP to Drive TT Autospreader Instruments".
"""

from __future__ import annotations

import importlib.util
import re
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from types import ModuleType

import pytest
from commands import EXAMPLES, ROOT, command

from floorproof.plugins.autospreader.hedging import hedge_target

PROGRAM = EXAMPLES / "twap_autospreader.py"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("twap_autospreader", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines]


# fmt: off
EXITS = {
    # exit: price of the spread; what 32/44 earns, as printed, and what 33/45 does
    "1": ("3.518", "$49,120.00 -$19,745.00 $29,375.00", "$50,655.00 -$20,193.75 $30,461.25"),
    "2": ("3.417", "-$29,472.00 $29,645.00 $173.00", "-$30,393.00 $30,318.75 -$74.25"),
    "3": ("3.384", "$29,472.00 -$39,545.00 -$10,073.00", "$30,393.00 -$40,443.75 -$10,050.75"),
}
# fmt: on
MARGIN = {
    # of the legs, and together; after the credit, of the legs' pairs, of what is alone, together
    "32/44": "$53,760.00 $49,280.00 $103,040.00 $16,128.00 $10,752.00 $13,440.00 $40,320.00",
    "33/45": "$55,440.00 $50,400.00 $105,840.00 $16,632.00 $11,088.00 $13,440.00 $41,160.00",
}
HEDGES = [int(each) for each in "112112112121121121121211211211212"]


@pytest.mark.rule("CALC-1", "CALC-2", "CALC-3", "PNL-1", "MRG-1")
def test_a_market_that_stands_still_makes_the_printed_figures(program: ModuleType) -> None:
    report = program.report(constant=True)

    assert words(report.entry())[1:] == [
        ["MNQU3", "15351.00", "33", "$1,013,166.00", "$0.50"],
        ["MESU3", "4492.50", "45", "$1,010,812.50", "$1.25"],
        ["spread", "price", "3.417,", "quantity", "ratio", "1.366"],
    ]
    margin = words(report.margin())[1:]
    for reading, totals in MARGIN.items():
        assert " ".join(row[-1] for row in margin if row[0] == reading) == totals
    matched = [row[-2] for row in margin if row[-4].endswith("matched")]
    assert matched == ["32", "32", "12", "33", "33", "12"]
    exits = words(report.exits())[1:]
    for number, (price, printed, entered) in EXITS.items():
        rows = [row for row in exits if row[0] == number]
        assert " ".join(row[-1] for row in rows) == f"{printed} {entered}"
        assert [row[2] for row in rows if row[1] == "both"] == [price, price]


@pytest.mark.rule("ASE-11")
def test_slices_and_their_hedges_are_those_of_the_schedule(program: ModuleType) -> None:
    rows = words(program.report(constant=True).schedule())[1:]

    assert [row[0] for row in rows] == [str(k) for k in range(1, 34)]
    assert [int(row[4]) for row in rows] == HEDGES
    assert [int(row[5]) for row in rows] == [*accumulate(HEDGES)]
    assert [Fraction(row[6]) for row in rows] == [
        Fraction("1.366") * k - sum(HEDGES[:k]) for k in range(1, 34)
    ]
    starts = {int(row[0]): row[1] for row in rows}
    assert (starts[1], starts[2], starts[12]) == ("0:00:00.000", "0:11:49.090", "2:10:00.000")
    assert starts[33] == "6:18:10.909"


@pytest.mark.rule("ASE-5", "ASE-11")
@pytest.mark.parametrize("seed", [None, 1])
def test_on_two_books_of_flow_there_are_33_and_45(program: ModuleType, seed: int | None) -> None:
    report = program.report(seed=seed)

    assert report.filled == {"MNQU3": 33, "MESU3": 45}
    for row in words(report.schedule())[1:]:
        assert int(row[5]) == hedge_target(Fraction("1.366"), Fraction(row[0]))
    mnq, mes = (Decimal(row[1]) for row in words(report.entry())[1:3])
    assert abs(mnq - 15351) < 10
    assert abs(mes - Decimal("4492.50")) < 10


def test_the_picture_in_the_readme_is_what_the_command_draws(tmp_path: Path) -> None:
    journal, out = tmp_path / "journal", tmp_path / "order.svg"
    scenario = EXAMPLES / "twap_autospreader.toml"
    assert command("run", scenario, "--journal", journal, "--quiet").status == 0
    picture = (ROOT / "docs" / "twap_autospreader.svg").read_text()

    # As README.md says.
    told = "--user FM1 --order tw1 --bar 5m --out"
    assert f"floorproof chart run.journal {told} order.svg" in (ROOT / "README.md").read_text()
    assert command("chart", journal, *told.split(), out).status == 0

    assert "](docs/twap_autospreader.svg)" in (ROOT / "README.md").read_text()
    assert said(out.read_text()) == said(picture)
    assert len(said(picture)[1]) == 33


def said(picture: str) -> tuple[list[str], list[str]]:
    """Return a picture's texts, and where its dots are."""
    dots = re.search(r'<g id="fills">(.*?)</g>', picture, re.DOTALL)
    assert dots is not None
    return re.findall("<!-- (.*?) -->", picture), re.findall(r'<path d="M ([\d. ]+)', dots[1])
