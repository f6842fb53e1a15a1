"""Where two runs part."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from ..runtime.journal import Entry


def first_difference(
    one: Iterable[Entry], other: Iterable[Entry]
) -> tuple[Entry | None, Entry | None] | None:
    """Return the first entries that are not equal, or None; a journal that has ended has None."""
    for pair in zip_longest(one, other):
        if pair[0] != pair[1]:
            return pair
    return None
