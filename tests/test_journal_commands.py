"""What journals tell: diagrams, causes, and where two of them part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import STAGED_ORDER, assert_refused, command
from floors import play

from floorproof.runtime.causes import chain
from floorproof.runtime.journal import Entry
from floorproof.scenario.diagram import sequence_diagram


def entry(seq: int, cause: int) -> Entry:
    return Entry(seq, 0, 0, "A", "Kind", None, cause)


# --- causes --------------------------------------------------------------------------


def test_a_chain_holds_every_entry_that_led_there_once_and_in_order() -> None:
    entries = [entry(1, 0), entry(2, 0), entry(3, 1), entry(4, 3), entry(5, 3), entry(6, 2)]

    assert [each.seq for each in chain(entries, [4])] == [1, 3, 4]
    assert [each.seq for each in chain(entries, [5, 4, 6])] == [1, 2, 3, 4, 5, 6]
    assert chain(entries, [9]) == ()
    assert chain(entries[3:], [5]) == (entries[4],)


# --- commands ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journals") / "journal"
    assert command("run", STAGED_ORDER, "--journal", path).status == 0
    return path


def test_diagram_draws_who_says_what_to_whom(journal: Path, tmp_path: Path) -> None:
    ran = command("diagram", journal)

    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[0] == "sequenceDiagram"
    assert lines[1:3] == ["    participant p0 as PM1", "    participant p1 as SSE-A"]
    assert any(line.startswith("    p0->>p1: NewStagedOrder P1 BROKER Buy 10") for line in lines)
    assert "scenario" not in ran.out
    drawn = tmp_path / "drawn.mmd"
    assert command("diagram", journal, "--out", drawn).out == ""
    assert drawn.read_text() == ran.out


def test_diagram_draws_as_much_as_is_asked_for(journal: Path) -> None:
    short = command("diagram", journal, "--most", "3").out
    early = command("diagram", journal, "--until", "1s").out

    assert short.count("->>") == 3
    assert re.search(r"Note over p0,p\d: and \d+ messages more\n$", short)
    assert "->>p1: Claim P1" in early
    assert "Child" not in early


def test_what_a_diagram_says_is_not_taken_for_its_language() -> None:
    told = play("0s PM1 stage P1 buy 10 @ 15352.00 for 123")
    scenario = told.result.scenario

    drawn = sequence_diagram(
        told.result.journal,
        scenario.wording,
        scenario.plan.tables.scenario.start,
        notes=[(1, "a; b\n#c")],
    )

    assert "Note over p0,p3: a#59; b #35;c\n" in drawn


def test_why_tells_the_causes_of_an_entry(journal: Path) -> None:
    fill = next(
        line for line in journal.read_text().splitlines() if '"kind":"ParentPartialFill"' in line
    )
    found = re.match(r'\{"seq":(\d+)', fill)
    assert found is not None

    ran = command("why", journal, found[1])

    told = [" ".join(line.split()[2:]) for line in ran.out.splitlines()]
    assert ran.status == 0
    assert [line.split(":")[0] for line in told] == [
        "scenario > LP Enter",
        "LP > CME-A NewOrder",
        "CME-A > CME NewOrder",
        "CME > CME-A ChildFill",
        "CME-A > SSE-A ChildFill",
        "SSE-A > ET1 ParentPartialFill",
    ]


def test_why_tells_of_no_entry_that_there_is_not(journal: Path) -> None:
    assert_refused(command("why", journal, "99999"), "SEQ: expected 1 to ", "found 99999")


def test_diff_says_where_two_runs_part(journal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    moved = ("--set", "step.1.at=1500ms")
    assert command("run", STAGED_ORDER, "--quiet", "--journal", other, *moved).status == 0

    ran = command("diff", journal, other)

    lines = ran.out.splitlines()
    assert ran.status == 1
    assert lines[0].startswith(f'{journal}: {{"seq":')
    assert '"time":1000000000,' in lines[0]
    assert any('"time":1500000000,' in line and str(other) in line for line in lines)


def test_diff_of_equal_runs_says_so(journal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert command("run", STAGED_ORDER, "--in-place", "--journal", other).status == 0

    ran = command("diff", journal, other)

    assert ran.status == 0
    assert re.fullmatch(r"\d+ entries, no difference\n", ran.out)


def test_diff_says_which_journal_ends_first(journal: Path, tmp_path: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    other = tmp_path / "cut"
    other.write_text("".join(lines[:-2]))

    ran = command("diff", journal, other)

    assert ran.status == 1
    assert f"{other}: nothing more" in ran.out
    assert "    because of " in ran.out
