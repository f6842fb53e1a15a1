"""The ledger of rules against the documents and the tests that it leads to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from floorproof.plugins.manager import Plugins
from floorproof.scenario import ledger

ROOT = Path(__file__).parents[1]
RULES = Plugins.discover().ledger()


def ours() -> list[str]:
    """Return the ids of the rules that ship with floorproof, whatever else is installed."""
    shipped = [plugin for plugin in Plugins.discover().listing() if "floorproof" in plugin.source]
    return [rule.id for plugin in shipped for rule in plugin.rules]


def headings() -> list[str]:
    text = (ROOT / "docs" / "readings.md").read_text(encoding="utf-8")
    return re.findall(r"^### (.+)$", text, flags=re.MULTILINE)


def shown() -> dict[str, list[str]]:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return ledger.tests_by_rule((str(path), path.read_text(encoding="utf-8")) for path in files)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_something_and_where_that_is_documented(rule: object) -> None:
    assert getattr(rule, "says", "").endswith(".")
    assert getattr(rule, "source", "")


def test_every_rule_of_ours_is_shown_by_a_test() -> None:
    marked = shown()

    assert [rule for rule in ours() if rule not in marked] == []


def test_every_mark_names_a_rule() -> None:
    known = {rule.id for rule in RULES}

    strangers = {rule: tests for rule, tests in shown().items() if rule not in known}

    # Those that the ledger's own tests make up are in text, not in marks.
    assert strangers == {}


def test_every_reading_that_a_rule_cites_has_its_heading() -> None:
    cited = {
        rule.id: match.group(1).strip()
        for rule in RULES
        for match in re.finditer(r"docs/readings\.md, ([^;]+)", rule.source)
    }

    assert cited
    assert {id: title for id, title in cited.items() if title not in headings()} == {}


def readings() -> dict[str, str]:
    """Return the text of each reading, by its heading."""
    text = (ROOT / "docs" / "readings.md").read_text(encoding="utf-8")
    sections = re.split(r"^#{2,3} ", text, flags=re.MULTILINE)[1:]
    named = {title: rest for title, _, rest in (each.partition("\n") for each in sections)}
    return {title: named[title] for title in headings()}


@pytest.mark.parametrize("title", headings())
def test_every_reading_names_a_test_that_there_is(title: str) -> None:
    named = re.findall(r"`(tests/[^`]*)`", readings()[title])

    assert named
    assert [path for path in named if not re.fullmatch(r"tests/.+\.py", path)] == []
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_marks_are_read_from_functions_classes_and_modules() -> None:
    text = """
import pytest
pytestmark = pytest.mark.rule("M-1")

@pytest.mark.rule("F-1", "F-2")
def test_f(): ...

@pytest.mark.rule("C-1")
class TestC:
    def test_m(self): ...
"""

    marked = ledger.tests_by_rule([("tests/test_x.py", text)])

    assert marked == {
        "M-1": ["tests/test_x.py"],
        "F-1": ["tests/test_x.py::test_f"],
        "F-2": ["tests/test_x.py::test_f"],
        "C-1": ["tests/test_x.py::TestC"],
    }
