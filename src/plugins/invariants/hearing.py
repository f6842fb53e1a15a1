"""Who has heard everything that he was told: what a fault has lost, nobody can add up."""

from __future__ import annotations

import attrs

from ...runtime.faults import Fault

_LATE = ("delay", "pause", "slow", "skew")
"""What loses nothing, and changes no order."""


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
