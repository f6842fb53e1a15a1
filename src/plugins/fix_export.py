"""An export of what sessions said in FIX text."""

from __future__ import annotations

from collections.abc import Sequence

from ..market.fix_line import FixText
from ..runtime.errors import FloorproofError
from ..runtime.journal import Entry
from .hookspecs import ShortForm


class NoFixText(FloorproofError):
    """A run has nothing in FIX text."""


def fix_text(entries: Sequence[Entry]) -> bytes:
    """Return every message in FIX text as it arrived, one a line, with a bar for SOH.

    Raises:
        NoFixText: if there is none.
    """
    lines = [entry.payload.shown for entry in entries if isinstance(entry.payload, FixText)]
    if not lines:
        raise NoFixText("no session speaks FIX text: declare one in [[exchange.session]]")
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


EXPORTERS = {
    "fix": ShortForm(fix_text, "Print every message in FIX text, or write them all.", is_text=True)
}
