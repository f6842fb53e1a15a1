"""Who has heard everything that he was told: what a fault has lost, nobody can add up."""

from __future__ import annotations

import attrs

from ...runtime.faults import Fault
from ...runtime.journal import Entry

_LATE = ("delay", "pause", "slow", "skew")
"""What loses nothing, and changes no order."""

_LOSSES = ("drop", "cut", "partition", "overflow", "crash")
"""What the message is lost at that a fault names."""


def lost(entry: Entry) -> tuple[str, str] | None:
    """Return of whom and of which class a message is that an entry puts on record as lost."""
    if entry.sender is not None:
        return None
    match entry.payload:
        case Fault(kind=kind, sender=sender, message=message) if kind in _LOSSES:
            return sender, message
        case {"sender": str(sender), "message": str(message)} if entry.kind == "lost":
            return sender, message
        case _:
            return None


@attrs.define
class Hearing:
    """Keeps who has lost something, or heard it twice or out of order."""

    _deaf: set[str] = attrs.field(init=False, factory=set)

    def befell(self, fault: Fault) -> None:
        """Take note of a fault."""
        if fault.kind not in _LATE:
            self._deaf.add(fault.recipient)
        if fault.kind == "partition":
            self._deaf.add(fault.sender)

    def is_sound(self, *names: str) -> bool:
        """Return whether all of *names* have heard everything, once and in order, so far."""
        return self._deaf.isdisjoint(names)

    @property
    def is_whole(self) -> bool:
        """Whether that is so of everybody."""
        return not self._deaf
