"""Everything that may go wrong should, in some run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ...runtime.faults import Fault
from ...runtime.journal import Entry
from ..watching import Goal, Lookout, Reached, SearchedFloor


@attrs.frozen
class EachFault:
    """Each kind of fault that the scenario has."""

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        return _Faults(tuple(floor.faults)) if floor.faults else None


@attrs.frozen
class _Faults(Lookout):
    sees = (Fault,)

    _kinds: Sequence[str]

    @property
    def goals(self) -> Sequence[Goal]:
        return tuple(Goal(f"fault: {kind}") for kind in self._kinds)

    def see(self, entry: Entry) -> Iterator[Reached]:
        yield Reached(f"fault: {entry.payload.kind}", order_type="")
