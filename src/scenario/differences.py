"""Where two runs part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from ..runtime.causes import chain
from ..runtime.journal import Entry, plain_text


def first_difference(
    one: Iterable[Entry], other: Iterable[Entry]
) -> tuple[Entry | None, Entry | None] | None:
    """Return the first entries that are not equal, or None; a journal that has ended has None."""
    for pair in zip_longest(one, other):
        if pair[0] != pair[1]:
            return pair
    return None


def told(whose: str, entry: Entry | None, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield in lines what one of two runs has where they part, and what led there."""
    yield f"{whose}: {'nothing more' if entry is None else plain_text(entry)}"
    if entry is not None:
        for cause in chain(entries, [entry.cause]):
            yield f"    because of {plain_text(cause)}"
