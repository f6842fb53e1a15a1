# ruff: noqa: E501  # a case is a line
"""Each form of expectation holds when it came true, and says what was found when it did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import STAGED_ORDER, command, write

import floorproof
from floorproof.scenario.expect import Verdict
from floorproof.scenario.forms import Line

# The example without its own expectations: ET2 claims P1 before ET1, and works 10 lots.
STORY = STAGED_ORDER.read_text(encoding="utf-8").partition("[[expect]]")[0]

# An expectation, and what it says of itself.
# fmt: off
HOLD = {
    "goes to these":      ('kind = "StagedAck"\nto = ["ET1", "ET2", "PM1"]', "StagedAck goes to ET1, ET2, PM1 and to nobody else, once each"),
    "with fields":        ('kind = "StagedReject"\nwhere = { code = 44 }\nto = ["ET1"]', "StagedReject (code 44) goes to ET1 and to nobody else, once each"),
    "fields in words":    ('kind = "NewChildOrder"\nwhere = { side = "buy", price = "15351.50" }\nfrom = "ET2"', "NewChildOrder (side buy, price 15351.50) from ET2 is delivered once"),
    "so many times":      ('kind = "ParentPartialFill"\nto = ["ET1", "ET2", "PM1"]\ntimes = 3', "ParentPartialFill goes to ET1, ET2, PM1 and to nobody else, 3 times each"),
    "from one of them":   ('kind = "ChildAck"\nfrom = "CME"\ntimes = 2', "ChildAck from CME is delivered twice"),
    "goes to nobody":     ('kind = "ChildCanceled"\nto = []', "ChildCanceled goes to nobody"),
    "not at all":         ('kind = "CancelReject"\ntimes = 0', "CancelReject is delivered not at all"),
    "in order":           ('sequence = ["Claim ET2 > SSE-A", "Claim ET1 > SSE-A", "ChildFill CME-A > PM1"]', "3 messages come in this order: Claim ET2 > SSE-A; Claim ET1 > SSE-A; ChildFill CME-A > PM1"),
    "twice the same":     ('sequence = ["ChildFill CME-A > PM1", "ChildFill CME-A > PM1", "ChildFill CME-A > PM1"]', "3 messages come in this order: ChildFill CME-A > PM1; ChildFill CME-A > PM1; ChildFill CME-A > PM1"),
    "silence":            ('nothing_to = "PM2"', "PM2 gets no message"),
    "a staged order":     ('order = "P1"\nstate = { status = "Filled", owner = "ET2", cum_qty = 10, price = "15352.00" }', "P1 ends with status Filled, owner ET2, cum_qty 10, price 15352.00"),
    "a child":            ('order = "C1"\nstate = { ord_status = "filled", leaves_qty = 0, parent_id = "P1" }', "C1 ends with ord_status filled, leaves_qty 0, parent_id P1"),
    "in one window":      ('order = "o3"\nuser = "LP"\nstate = { ord_status = "partially_filled", account = "none" }', "o3 ends in LP's window with ord_status partially_filled, account none"),
    "no such fact":       ('fact = "not possible"\ntimes = 0', "'not possible' is on record not at all"),
}
# An expectation that fails, what it was that came true instead, and the entries shown.
FAIL = {
    "went to others":     ('kind = "StagedAck"\nto = ["ET1", "PM2"]', "PM2 got it not at all, ET2 got it once, PM1 got it once", ["StagedAck"] * 3),
    "too few times":      ('kind = "ParentPartialFill"\nto = ["ET1", "ET2", "PM1"]\ntimes = 4', "ET1 got it 3 times, ET2 got it 3 times, PM1 got it 3 times", ["ParentPartialFill"] * 8),
    "went to somebody":   ('kind = "StagedReject"\nto = []', "ET1 got it once", ["StagedReject"]),
    "other fields":       ('kind = "StagedReject"\nwhere = { code = 43 }', "it was delivered not at all", ["StagedReject"]),
    "other price":        ('kind = "ChildFill"\nwhere = { last_px = "15351.25" }\nto = ["PM1"]', "PM1 got it not at all", ["ExecutionReport"] * 8),
    "other sender":       ('kind = "Claim"\nfrom = "PM1"', "it was delivered not at all", ["Claim", "Claim"]),
    "never came":         ('kind = "CancelReject"', "it was delivered not at all", []),
    "came after all":     ('kind = "StagedReject"\ntimes = 0', "it was delivered once", ["StagedReject"]),
    "the other order":    ('sequence = ["Claim ET1 > SSE-A", "Claim ET2 > SSE-A"]', "'Claim ET2 > SSE-A' does not come after entry 12", ["Claim", "StagedReject"]),
    "not even once":      ('sequence = ["Cancel ET1 > SSE-A"]', "'Cancel ET1 > SSE-A' does not come", ["Enter", "NewStagedOrder"]),
    "no silence":         ('nothing_to = "ET1"', "ET1 got", ["StagedAck", "StagedUpdate"]),
    "other state":        ('order = "P1"\nstate = { owner = "ET1", cum_qty = 10 }', "in ET1's window owner is 'ET2'", ["ExecutionReport"]),
    "other child's state": ('order = "C1"\nuser = "PM1"\nstate = { leaves_qty = 3 }', "in PM1's window leaves_qty is 0", ["ExecutionReport", "ExecutionReport"]),
    "in nobody's window": ('order = "P9"\nstate = { owner = "ET1" }', "no window shows P9", []),
    "not in this window": ('order = "P1"\nuser = "PM2"\nstate = { owner = "ET2" }', "no window shows P1", []),
    "no fact":            ('fact = "not possible"\nby = "ET1"', "it is on record not at all", []),
}
# fmt: on


def judged(expectation: str, story: str = STORY) -> Verdict:
    (verdict,) = floorproof.run(floorproof.parse(f"{story}[[expect]]\n{expectation}")).verdicts
    return verdict


@pytest.mark.parametrize(("expectation", "says"), HOLD.values(), ids=HOLD.keys())
def test_an_expectation_that_came_true_holds(expectation: str, says: str) -> None:
    verdict = judged(expectation)

    assert (verdict.held, verdict.says, verdict.where) == (True, says, "expect[0]")


@pytest.mark.parametrize(("expectation", "found", "kinds"), FAIL.values(), ids=FAIL.keys())
def test_an_expectation_that_did_not_says_what_was_found(
    expectation: str, found: str, kinds: list[str]
) -> None:
    verdict = judged(expectation)

    assert not verdict.held
    assert verdict.failure is not None
    assert verdict.failure.startswith(found)
    assert [entry.kind for entry in verdict.entries][: len(kinds)] == kinds
    assert bool(verdict.entries) == bool(kinds)


# ET2 claims what nobody has staged: his window has no button for that.
FACT = '[[step]]\nat = "9s"\nwho = "ET2"\ndo = "claim"\norder = "P9"\n\n'


@pytest.mark.parametrize(("expectation", "failure"), [
    ('fact = "not possible"', None),
    ('fact = "not possible"\nby = "ET2"\nwhere = { act = "ClaimOrder" }', None),
    ('fact = "not possible"\nby = "ET1"', "it is on record not at all"),
    ('fact = "not possible"\nwhere = { act = "EnterChild" }', "it is on record not at all"),
    ('fact = "not possible"\ntimes = 2', "it is on record once"),
])  # fmt: skip
def test_facts_are_counted_by_who_put_them_on_record(expectation: str, failure: str | None) -> None:
    verdict = judged(expectation, STORY + FACT)

    assert verdict.failure == failure
    assert [entry.kind for entry in verdict.entries] == ["not possible"] * (failure is not None)


def test_a_run_whose_expectations_fail_says_which_and_exits_1(tmp_path: Path) -> None:
    expectations = '[[expect]]\nnothing_to = "PM2"\n[[expect]]\nkind = "StagedReject"\nto = ["ET2"]'
    scenario = write(tmp_path, f"{STORY}{expectations}")

    ran = command("run", scenario)

    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    start = lines.index("2 expectations, 1 failed")
    assert lines[start + 1 : start + 3] == [
        "  expect[1]: StagedReject goes to ET2 and to nobody else, once each",
        "    but ET2 got it not at all, ET1 got it once",
    ]
    assert lines[start + 3].startswith('    {"seq":13,"time":2000000000,"phase":2,"actor":"ET1"')
    assert lines[-1].startswith("digest ")


@pytest.mark.parametrize(("text", "line"), [
    ("Claim ET2 > SSE-A", Line("Claim", "ET2", "SSE-A")),
    ("  Claim  ET2  >  SSE-A  ", Line("Claim", "ET2", "SSE-A")),
    ("Claim the desk > SSE A", Line("Claim", "the desk", "SSE A")),
])  # fmt: skip
def test_names_in_a_sequence_may_have_blanks_in_them(text: str, line: Line) -> None:
    assert Line.parse(text) == line


@pytest.mark.parametrize(
    "text", ["", "Claim", "Claim ET2", "Claim > SSE-A", "Claim ET2 > ", "ET2>SSE"]
)
def test_what_is_no_line_of_a_sequence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Line.parse(text)
