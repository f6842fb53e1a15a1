"""Two stories beside each other, for whoever is to see where they part."""

from __future__ import annotations

from collections.abc import Sequence

_BEFORE = 2
"""How many lines before the first difference are shown."""


def side_by_side(title: str, headings: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    """Return *rows* under a title; the last one is where they part."""
    width = max(len(left) for left, _ in [headings, *rows])
    lines = [f"      {headings[0]:<{width}}  {headings[1]}"]
    for index, (left, right) in enumerate(rows):
        mark = ">" if index == len(rows) - 1 else " "
        lines.append(f"    {mark} {left:<{width}}  {right}")
    return "\n".join([f"{title}:", *lines, "   "])


def up_to(place: int, left: Sequence[object], right: Sequence[object]) -> list[tuple[str, str]]:
    """Return the lines of two stories up to the one at *place*, where they part."""

    def line(story: Sequence[object], index: int) -> str:
        return str(story[index]) if index < len(story) else "nothing"

    places = range(max(0, place - _BEFORE), place + 1)
    return [(line(left, index), line(right, index)) for index in places]


def first_difference(left: Sequence[object], right: Sequence[object]) -> int | None:
    """Return the place at which two stories part, or None where they are the same."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return None if len(left) == len(right) else min(len(left), len(right))
