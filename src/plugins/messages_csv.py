"""An export of a run's messages for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from ..market.wording import label
from ..runtime.journal import Entry, plain_text
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


def messages_csv(entries: Sequence[Entry]) -> bytes:
    """Return one row for each delivery: seq, time in ns, phase, from, to, message, its fields."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("seq", "time_ns", "phase", "from", "to", "message", "fields"))
    for entry in entries:
        if entry.sender is not None:
            rows.writerow(
                (
                    entry.seq,
                    entry.time,
                    entry.phase,
                    entry.sender,
                    entry.actor,
                    label(entry.payload),
                    plain_text(entry.payload),
                )
            )
    return text.getvalue().encode()


@hookimpl
def exporters() -> Mapping[str, Callable[[Sequence[Entry]], bytes]]:
    return {"messages-csv": messages_csv}
