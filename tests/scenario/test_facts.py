# ruff: noqa: E501  # a case is a line
"""An expectation can fail: of a fact that somebody reports, and of values that its fields can have."""

from __future__ import annotations

import ast
import typing
from pathlib import Path
from typing import get_args

import attrs
import msgspec
import pytest
from commands import STAGED_ORDER, command, write

import floorproof
from floorproof.market.rules import Effect
from floorproof.market.wording import LABELS
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.facts import OURS

SRC = Path(floorproof.__file__).parent
STORY = STAGED_ORDER.read_text(encoding="utf-8").partition("[[expect]]")[0]


def refusal(expectation: str, story: str = STORY) -> str:
    """Return why *expectation* is refused, or nothing where it is not."""
    try:
        floorproof.parse(f"{story}[[expect]]\n{expectation}")
    except ScenarioError as error:
        return str(error)
    return ""


# fmt: off
REFUSED = {
    "misspelt, none of it":  ('fact = "unexplaned"\ntimes = 0', "expect[0].fact: no fact named 'unexplaned'; did you mean unexplained?"),
    "misspelt, one of it":   ('fact = "unexplaned"', "expect[0].fact: no fact named 'unexplaned'"),
    "misspelt effect":       ('fact = "effect Rejects"\ntimes = 0', "did you mean effect Reject"),
    "no field of its class": ('fact = "replay_account"\ntimes = 0\nwhere = { mesages = 1 }', "expect[0].where.mesages: no field of the fact 'replay_account' named 'mesages'; did you mean messages"),
    "no key of its table":   ('fact = "not possible"\ntimes = 0\nwhere = { wy = "x" }', "expect[0].where.wy: no field of the fact 'not possible' named 'wy'; did you mean why"),
    "a text alone":          ('fact = "warning"\ntimes = 0\nwhere = { text = "x" }', "expect[0].where.text: no field of the fact 'warning'"),
    "text for a count":      ('fact = "replay_account"\nwhere = { levels = "x" }', "expect[0].where.levels: expected a whole number or \"none\", found 'x'"),
    "text for a code":       ('kind = "StagedReject"\nwhere = { code = "x" }\ntimes = 0', "expect[0].where.code: expected ", "found 'x'"),
    "text for a quantity":   ('kind = "ChildFill"\nwhere = { last_qty = "4" }', "expect[0].where.last_qty: expected a whole number, found '4'"),
    "a number for text":     ('kind = "StagedAck"\nwhere = { account = 123 }', 'expect[0].where.account: expected text or "none", found 123'),
    "a boolean for a number": ('kind = "ChildFill"\nwhere = { last_qty = true }', "expect[0].where.last_qty: expected a whole number, found True"),
    "no price":              ('kind = "ChildFill"\nwhere = { last_px = "high" }', 'expect[0].where.last_px: expected a price in quotes, such as "0.25" or "none", found \'high\''),
    "no side":               ('kind = "ChildFill"\nwhere = { side = "byu" }\ntimes = 0', "expect[0].where.side: expected buy, sell, found 'byu'"),
    "no status of an order": ('order = "P1"\nstate = { status = "Fild" }', "expect[0].state.status: expected ", "Filled", "found 'Fild'"),
    "text for a column":     ('order = "P1"\nstate = { cum_qty = "10" }', "expect[0].state.cum_qty: expected a whole number, found '10'"),
}
TAKEN = {
    "none":              'kind = "StagedAck"\nwhere = { owner = "none" }',
    "a side, in words":  'kind = "ChildFill"\nwhere = { side = "buy" }',
    "a side, as in FIX": 'kind = "ChildFill"\nwhere = { side = "1" }',
    "a price":           'kind = "ChildFill"\nwhere = { last_px = "-15351.50" }',
    "a price in units":  'fact = "came_into_sight"\ntimes = 0\nwhere = { price = 15351, side = "buy" }',
    "an effect":         'fact = "effect Reject"\ntimes = 0\nwhere = { rule_set = "x" }',
    "of a plugin's":     'fact = "published"\ntimes = 0\nwhere = { whatever = 1 }',
}
# fmt: on


@pytest.mark.parametrize(("expectation", "said"), [
    pytest.param(expectation, said, id=name) for name, (expectation, *said) in REFUSED.items()
])  # fmt: skip
def test_what_can_never_be_is_refused(expectation: str, said: list[str]) -> None:
    why = refusal(expectation)

    for fragment in said:
        assert fragment in why


@pytest.mark.parametrize("expectation", TAKEN.values(), ids=TAKEN.keys())
def test_what_can_be_is_taken(expectation: str) -> None:
    assert refusal(expectation) == ""


def test_check_refuses_a_misspelt_fact(tmp_path: Path) -> None:
    scenario = write(tmp_path, f'{STORY}[[expect]]\nfact = "unexplaned"\ntimes = 0\n')

    ran = command("check", scenario)

    assert (ran.status, ran.out) == (2, "")


# --- facts of plugins ------------------------------------------------------------------

PLUGIN = """
from typing import ClassVar
import attrs
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1

@attrs.frozen
class Tells:
    facts: ClassVar[tuple[str, ...]] = ("said",)

    async def run(self, mailbox):
        mailbox.report("said", {"what": "this"})

@attrs.frozen
class Mumbles:
    async def run(self, mailbox):
        mailbox.report("mumbled", "that")

@hookimpl
def participants():
    return {"tells": Tells, "mumbles": Mumbles}
"""


@pytest.mark.parametrize(("kind", "expectation", "status", "said"), [
    ("tells", 'fact = "said"\nwhere = { what = "this" }', 0, ""),
    ("tells", 'fact = "said"\ntimes = 0', 1, ""),
    ("tells", 'fact = "sayd"\ntimes = 0', 2, "expect[0].fact: no fact named 'sayd'; did you mean said?"),
    ("tells", 'fact = "sayd"', 2, "expect[0].fact: no fact named 'sayd'"),
    ("mumbles", 'fact = "mumbled"', 0, ""),
    ("mumbles", 'fact = "mumbld"', 1, ""),
    ("mumbles", 'fact = "mumbld"\ntimes = 0', 2, "expect[0].fact: 'mumbld' is a fact that nobody declares"),
])  # fmt: skip
def test_a_participant_says_which_facts_it_reports_or_none_can_be_excluded(
    kind: str, expectation: str, status: int, said: str, tmp_path: Path
) -> None:
    write(tmp_path, PLUGIN, "own.py")
    story = STORY.replace("[scenario]", '[scenario]\nplugins = ["own.py"]', 1)
    story += f'[[participant]]\nname = "X"\nkind = "{kind}"\n\n'
    scenario = write(tmp_path, f"{story}[[expect]]\n{expectation}")

    ran = command("run", scenario, "--quiet")

    assert ran.status == status
    assert said in ran.err


# --- the list is whole -----------------------------------------------------------------


def reported() -> set[str]:
    """Return the kinds that our code puts on record, as it names them."""
    kinds = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Fact", ".report")):
                kinds.add(ast.unparse(node.args[0]))
    return kinds


def test_every_fact_that_we_report_is_listed_and_no_other() -> None:
    effects = {f"effect {effect.__name__}" for effect in get_args(Effect)}
    passed_on = {"kind", "self._seat", "seat"}  # by the mailbox and the kernel, for others
    named = reported() - passed_on

    assert named - {repr(kind) for kind in OURS} == {"f'effect {type(applied.effect).__name__}'"}
    assert {repr(kind) for kind in OURS if kind not in effects} <= named
    assert effects <= set(OURS)


@pytest.mark.parametrize("cls", dict.fromkeys(LABELS.values()), ids=lambda cls: cls.__name__)
def test_the_types_of_every_message_can_be_read(cls: type) -> None:
    if attrs.has(cls):
        fields = [*attrs.fields_dict(cls)]
    else:
        fields = [field.name for field in msgspec.structs.fields(cls)]

    assert {*fields} <= {*typing.get_type_hints(cls)}
