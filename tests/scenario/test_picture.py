"""The picture of an order, and the command that draws it."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest
from commands import MOVING_MARKET, Ran, assert_refused, command, write

from floorproof.market.fix import Side
from floorproof.market.identifiers import Symbol
from floorproof.scenario.picture import FORMATS, Sheet, draw
from floorproof.scenario.progress import Fill, Moment, Planned, Progress

SECOND = 1_000_000_000
NEW_YORK = timezone(timedelta(hours=-4))


def sheet(**changes: Any) -> Sheet:
    """Return a sheet with a buy of 10 over a minute: filled 4 at 101 and 5 at 104."""
    order = Progress(
        order="P1",
        symbol=Symbol("MNQU3"),
        side=Side.BUY,
        order_qty=10,
        start_ns=0,
        end_ns=60 * SECOND,
        prices=tuple(Moment(at * SECOND, Fraction(10_000 + at)) for at in range(0, 60, 5)),
        fills=(Fill(10 * SECOND, Fraction(10_100), 4), Fill(40 * SECOND, Fraction(10_400), 5)),
        plan=(Planned(0, 5), Planned(30 * SECOND, 10)),
    )
    settings: dict[str, Any] = {
        "progress": order,
        "start": datetime(2023, 7, 17, 9, 30, tzinfo=NEW_YORK),
        "price_decimals": 2,
    }
    return Sheet(**{**settings, **changes})


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chart") / "journal"
    assert command("run", MOVING_MARKET, "--journal", path, "--quiet").status == 0
    return path


def charted(journal: Path, out: Path, *arguments: str) -> Ran:
    return command("chart", journal, "--out", out, *arguments)


# --- what is drawn -------------------------------------------------------------------


def test_the_figures_say_how_the_order_did_against_its_market() -> None:
    assert dict(sheet().figures) == {
        "Order": "P1",
        "Filled": "9 of 10",
        "Fills": "2",
        "Average fill price": "102.6667",
        "Market's time-weighted average": "100.2750",
        "Worse than the market by": "2.3917 (238.5 bp)",
    }


def test_a_sellers_higher_price_is_better() -> None:
    seller = attrs.evolve(sheet().progress, side=Side.SELL)

    assert ("Better than the market by", "2.3917 (238.5 bp)") in sheet(progress=seller).figures


def test_prices_are_rounded_to_the_decimals_that_are_asked_for() -> None:
    assert sheet(shown_decimals=1).price(Fraction(10_267)) == "102.7"
    assert sheet(shown_decimals=0).price(Fraction(-10_267)) == "-103"
    assert sheet(price_decimals=4, shown_decimals=3).price(Fraction(34_170)) == "3.417"


# The length of an order, and of one bar.
SPANS = {0: 1, 100: 1, 101: 5, 3_600: 60, 23_400: 300, 86_400 * 300: 86_400}


@pytest.mark.parametrize(("length_s", "span_s"), SPANS.items())
def test_bars_are_as_short_as_a_hundred_of_them_can_be(length_s: int, span_s: int) -> None:
    order = attrs.evolve(sheet().progress, end_ns=length_s * SECOND)

    assert sheet(progress=order).span_ns == span_s * SECOND


def test_times_are_those_of_the_runs_own_offset() -> None:
    assert sheet().time(5 * SECOND) == datetime(2023, 7, 17, 9, 30, 5)


@pytest.mark.parametrize("form", FORMATS)
def test_one_sheet_is_drawn_in_the_same_bytes_each_time(form: str) -> None:
    assert draw(sheet(), form) == draw(sheet(), form)
    changed = attrs.evolve(sheet().progress, fills=sheet().progress.fills[:1])
    assert draw(sheet(progress=changed), form) != draw(sheet(), form)


def test_every_fill_is_a_white_dot() -> None:
    drawn = draw(sheet(), "svg").decode()

    dots = re.search(r'<g id="fills">(.*?)</g>', drawn, re.DOTALL)
    assert dots is not None
    assert dots[1].count("fill: #ffffff") == len(sheet().progress.fills)


@pytest.mark.parametrize(
    "bare",
    [
        {"prices": (), "fills": (), "plan": ()},
        {"prices": (), "plan": ()},
        {"fills": ()},
        {"end_ns": 0, "fills": ()},
    ],
    ids=["nothing", "no market", "no fill", "a moment"],
)
def test_what_there_is_not_is_not_drawn(bare: dict[str, Any]) -> None:
    order = attrs.evolve(sheet().progress, **bare)

    for form in FORMATS:
        assert draw(sheet(progress=order), form)


def test_a_page_needs_nothing_besides_and_lists_the_fills() -> None:
    page = draw(sheet(), "html").decode()

    assert "09:30:40.000000</td><td>5</td><td>104.00</td><td>9</td>" in page
    assert not re.search(r'(src|href)="(?!#)', page.replace("xlink:href", "href"))
    assert "<title>Buy 10 MNQU3, P1</title>" in page


def test_no_other_form_is_drawn() -> None:
    with pytest.raises(ValueError, match="expected one of svg, png, html, found 'gif'"):
        draw(sheet(), "gif")


# --- the command ---------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_chart_draws_an_order_and_says_what_it_came_to(
    journal: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"chart.{form}"

    ran = charted(journal, out)

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[:3] == ["Order: P1", "Filled: 500 of 500", "Fills: 12"]
    start = {"svg": b"<?xml", "png": b"\x89PNG", "html": b"<!doctype html>"}[form]
    assert out.read_bytes().startswith(start)


def test_chart_draws_the_order_that_is_named(journal: Path, tmp_path: Path) -> None:
    ran = charted(journal, tmp_path / "chart.svg", "--user", "ET1", "--order", "ET1-2")

    assert ran.out.splitlines()[:2] == ["Order: ET1-2", "Filled: 100 of 100"]


# What is asked, and what is said of it.
# fmt: off
REFUSED = {
    "another form":      (("--out", "x.gif"), "expected a file that ends in .svg, .png, .html"),
    "no such folder":    (("--out", "no/x.svg"), "there is no folder 'no'"),
    "no such user":      (("--user", "PM9"), "no user named 'PM9'"),
    "no such order":     (("--order", "P9"), "no order named 'P9'"),
    "not his order":     (("--order", "P1", "--user", "PM2"), "no order named 'P1'"),
    "no orders":         (("--user", "PM2"), "--order: the journal has no order of PM2"),
    "no duration":       (("--bar", "5"), "--bar: expected a duration such as 5m, found '5'"),
    "a bar of nothing":  (("--bar", "0s"), "--bar: expected at least 1us, found '0s'"),
}
# fmt: on


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_chart_says_what_is_wrong_and_writes_nothing(
    journal: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "chart.svg"

    assert_refused(charted(journal, out, *arguments), said)
    assert not out.exists()


def test_chart_does_not_write_over_the_journal(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal.svg"
    path.write_bytes(journal.read_bytes())

    assert_refused(charted(path, path), "cannot write")
    assert path.read_bytes() == journal.read_bytes()


def test_chart_draws_what_stands_before_the_cut_of_a_journal(journal: Path, tmp_path: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    path = write(tmp_path, "".join(lines[: len(lines) // 2]), "cut")

    ran = charted(path, tmp_path / "chart.svg")

    assert ran.status == 0
    assert "the journal stops before its end" in ran.err


def test_chart_says_which_extra_it_needs(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    ran = charted(journal, tmp_path / "chart.svg")

    assert_refused(ran, "pip install 'floorproof[charts]'")
    assert not (tmp_path / "chart.svg").exists()
