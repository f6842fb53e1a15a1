"""A run as a sequence diagram, in Mermaid's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ..market.wording import Wording, label
from ..runtime.journal import Entry
from ..runtime.kernel import ENVIRONMENT
from .story import clock_time

_OWN = str.maketrans({";": "#59;", "#": "#35;"})
"""A semicolon ends a statement there, and a hash begins an entity."""


def sequence_diagram(
    entries: Sequence[Entry],
    wording: Wording,
    start: datetime,
    *,
    most: int | None = None,
    notes: Sequence[tuple[int, str]] = (),
) -> str:
    """Return the messages of *entries* as a diagram; participants come as they first speak.

    Args:
        most: how many messages are drawn at most; the diagram says what is left out.
        notes: what is written across everybody after an entry, by its ``seq``.
    """
    messages = [entry for entry in entries if entry.sender not in (None, ENVIRONMENT)]
    drawn = messages if most is None else messages[:most]
    names = list(dict.fromkeys(name for entry in drawn for name in (entry.sender, entry.actor)))
    lines = ["sequenceDiagram"]
    lines += [
        f"    participant p{place} as {_plain(str(name))}" for place, name in enumerate(names)
    ]
    places = {name: f"p{place}" for place, name in enumerate(names)}
    everybody = f"p0,p{len(names) - 1}" if len(names) > 1 else "p0"
    waiting = sorted(notes)
    last_time: int | None = None
    for entry in drawn:
        while waiting and waiting[0][0] < entry.seq:
            lines.append(f"    Note over {everybody}: {_plain(waiting.pop(0)[1])}")
        if entry.time != last_time:
            lines.append(f"    Note over {everybody}: {clock_time(start, entry.time)}")
            last_time = entry.time
        said = " ".join(_said(entry, wording))
        lines.append(f"    {places[entry.sender]}->>{places[entry.actor]}: {_plain(said)}")
    if len(drawn) < len(messages):
        left = len(messages) - len(drawn)
        lines.append(f"    Note over {everybody}: and {left:,} messages more")
    lines += [f"    Note over {everybody}: {_plain(text)}" for _, text in waiting if names]
    return "\n".join(lines) + "\n"


def _said(entry: Entry, wording: Wording) -> Iterator[str]:
    yield label(entry.payload)
    fields = wording.key_fields(entry.payload)
    if fields:
        yield fields


def _plain(text: str) -> str:
    """Return *text* without what Mermaid would read as its own."""
    return " ".join(text.translate(_OWN).split())
