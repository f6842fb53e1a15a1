"""The map of what runs have reached: a table for a person, and all of it for a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import shorten
from typing import Any

from .reach import ENTERED, Reach, RuleCount
from .story import Table

_MANY = 4
"""How many order types, or states, are named in a row."""

_SENTENCE = 60
"""How much of what a rule says, in characters."""


def table(reach: Reach, says: Mapping[str, str], word: str = "seed") -> Table:
    """Return what was reached, a goal a row.

    Args:
        says: what each rule of the ledger says, by its id.
        word: what numbers the runs.
    """
    rows = []
    for goal in reach.reached:
        if goal == ENTERED:
            continue
        cells = reach.cells_of(goal)
        first = min(place.first for place in cells.values())
        rows.append(
            (
                goal,
                _named(cell.order_type for cell in cells),
                _named(cell.state for cell in cells),
                f"{max(place.runs for place in cells.values()):,}",
                str(first),
                shorten(says.get(goal, ""), _SENTENCE, placeholder=" …"),
            )
        )
    headings = ("reached", "with", "in", "runs", f"first {word}", "")
    return Table("", headings, tuple(rows), frozenset(headings[3:5]))


def _named(words: Iterable[str]) -> str:
    found = sorted({word for word in words if word})
    more = f", and {len(found) - _MANY} more" if len(found) > _MANY else ""
    return ", ".join(found[:_MANY]) + more


def summary(reach: Reach, rules: RuleCount) -> list[str]:
    """Return, a line each, what was never reached, and how many rules were."""
    lines = []
    if reach.never:
        lines.append(f"never reached: {', '.join(_grouped(reach.never))}")
    lines.append(
        f"rules: {len(rules.reached):,} reached, {len(rules.never):,} never reached,"
        f" {len(rules.untold):,} that nothing looks out for"
    )
    return lines


def _grouped(names: Iterable[str]) -> list[str]:
    """Return names with the numbers of one kind of rule together: ``STAGE-1 5 14``."""
    groups: dict[str, str] = {}
    for name in names:
        kind, dash, number = name.rpartition("-")
        if dash and number.isdecimal() and kind in groups:
            groups[kind] += f" {number}"
        else:
            groups[kind if dash and number.isdecimal() else name] = name
    return list(groups.values())


def as_json(reach: Reach, rules: RuleCount, says: Mapping[str, str]) -> dict[str, Any]:
    """Return all of the map.

    Args:
        says: what each rule of the ledger says, by its id.
    """
    return {
        "runs": reach.runs,
        "reached": [
            {
                "goal": goal,
                "says": says.get(goal),
                "rules": list(reach.goals[goal].rules) if goal in reach.goals else [],
                "places": [
                    {
                        "order_type": cell.order_type,
                        "state": cell.state,
                        "runs": place.runs,
                        "first": place.first,
                    }
                    for cell, place in reach.cells_of(goal).items()
                ],
                "missed": [
                    {"order_type": cell.order_type, "state": cell.state}
                    for cell in reach.missed(goal)
                ],
            }
            for goal in reach.reached
        ],
        "never": [
            {"goal": goal, "says": says.get(goal), "rules": list(reach.goals[goal].rules)}
            for goal in reach.never
        ],
        "rules": {
            "reached": list(rules.reached),
            "never": {rule: says.get(rule) for rule in rules.never},
            "untold": {rule: says.get(rule) for rule in rules.untold},
        },
    }
