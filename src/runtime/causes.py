"""Why something happened: the entries of a journal that led there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter

from .journal import Entry


def chain(entries: Sequence[Entry], seqs: Iterable[int]) -> tuple[Entry, ...]:
    """Return the entries numbered *seqs* and all that led to them, in their order.

    Args:
        entries: a journal's, in the order of their ``seq``; those that it does not hold
            are left out.
    """
    found: dict[int, Entry] = {}
    wanted = list(seqs)
    while wanted:
        seq = wanted.pop()
        if seq in found or not seq:
            continue
        place = bisect_left(entries, seq, key=attrgetter("seq"))
        if place < len(entries) and entries[place].seq == seq:
            found[seq] = entries[place]
            wanted.append(entries[place].cause)
    return tuple(found[seq] for seq in sorted(found))
