"""What a drop copy desk got, as a person reads it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from ..market.copy_filters import MessageKind
from ..market.fix import Side
from ..market.told import CopyReceived
from ..runtime.journal import Entry
from ..wire.copies import kind_of_text
from ..wire.fix_header import Fields
from .story import Table, clock_time

_RECONCILIATION = "one-story"
_HEADINGS = ("time", "source", "34", "kind", "says")


def copies(entries: Sequence[Entry], desk: str, start: datetime) -> Table:
    """Return the copies that a desk processed, and those that it knew already."""
    rows = []
    for entry in entries:
        copy = entry.payload
        if entry.sender is None and entry.actor == desk and isinstance(copy, CopyReceived):
            fields = _fields(copy.text)
            kind = kind_of_text(fields)
            again = " (known already)" if entry.kind == "copy known" else ""
            rows.append(
                (
                    clock_time(start, entry.time),
                    copy.source_comp_id,
                    str(copy.msg_seq_num),
                    str(kind or ""),
                    _says(kind, fields) + again,
                )
            )
    count = {0: "no copies", 1: "1 copy"}.get(len(rows), f"{len(rows)} copies")
    title = f"{desk}: {count}"
    return Table(title, _HEADINGS, tuple(rows), frozenset({"34"}))


def reconciled(watched: Collection[str], broken: Collection[str]) -> str | None:
    """Return what the reconciliation comes to, or None where it did not watch.

    Args:
        watched: the invariants that did, by name.
        broken: those that did not hold.
    """
    if _RECONCILIATION not in watched:
        return None
    what = "order entry, drop copy, trades and market data tell"
    if _RECONCILIATION in broken:
        return f"{_RECONCILIATION}: {what} two stories, which are below"
    return f"{_RECONCILIATION}: {what} the same"


def _fields(text: str) -> Fields:
    fields: dict[int, str] = {}
    for pair in text.split("|")[:-1]:
        tag, _, value = pair.partition("=")
        fields.setdefault(int(tag), value)
    return fields


def _says(kind: MessageKind | None, fields: Fields) -> str:
    side = "Buy" if fields.get(54) == Side.BUY else "Sell"
    name, symbol = fields.get(11, ""), fields.get(107, "")
    match kind:
        case MessageKind.FILL | MessageKind.TRADE_CANCEL | MessageKind.TRADE_CORRECTION:
            return (
                f"{name} {side} {fields.get(32, '')} {symbol} @ {fields.get(31, '')},"
                f" leaves {fields.get(151, '')}"
            )
        case MessageKind.ORDER_REJECT | MessageKind.CANCEL_REJECT | MessageKind.SESSION_REJECT:
            return f"{name} {fields.get(58, '')}".strip()
        case MessageKind.MASS_ACTION_REPORT:
            return f"{name} {fields.get(533, '0')} canceled"
        case MessageKind.HEARTBEAT | None:
            return ""
        case _:
            at = f" @ {fields[44]}" if 44 in fields else ""
            return f"{name} {side} {symbol} leaves {fields.get(151, '')}{at}"
