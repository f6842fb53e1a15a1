"""What is wrong with a scenario."""

from __future__ import annotations

from collections.abc import Sequence

from ..runtime.errors import FloorproofError


class ScenarioError(FloorproofError):
    """A scenario cannot be run; it says where, what was expected and what was found."""

    def __init__(self, where: str, what: str, more: Sequence[str] = ()) -> None:
        lines = [f"{where}: {what}", *(f"  also {line}" for line in more)]
        super().__init__("\n".join(lines))
        self.where = where
        self.what = what
        self.more = tuple(more)
