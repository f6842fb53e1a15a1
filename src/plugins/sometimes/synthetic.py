"""How synthetic orders stand, fill and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ...market.identifiers import ClOrdID
from ...market.synthetic import (
    SyntheticAck,
    SyntheticFill,
    SyntheticReject,
    SyntheticUpdate,
    SynthStatus,
)
from ...runtime.journal import Entry
from ..synthetic import acts
from ..watching import Goal, Lookout, Reached, SearchedFloor

_REFUSED = "a request about a synthetic order is refused"
_STATUSES = (
    SynthStatus.WORKING,
    SynthStatus.PAUSED,
    SynthStatus.CANCELED,
    SynthStatus.FINISHED,
    SynthStatus.FAILED,
)


@attrs.frozen
class SyntheticOrders:
    """How the orders of each synthetic order type come to stand."""

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        hosted = (each for types in floor.order_types.values() for each in types.values())
        return _Synthetic() if any(map(acts, hosted)) else None


def _stands(status: SynthStatus) -> str:
    return f"a synthetic order is {status.value}"


@attrs.define
class _Synthetic(Lookout):
    sees = (SyntheticAck, SyntheticFill, SyntheticUpdate, SyntheticReject)

    _types: dict[ClOrdID, str] = attrs.field(init=False, factory=dict)

    @property
    def goals(self) -> Sequence[Goal]:
        stands = (Goal(_stands(status)) for status in _STATUSES)
        return (Goal("SLICE-2"), *stands, Goal(_REFUSED))

    def see(self, entry: Entry) -> Iterator[Reached]:
        told = entry.payload
        if entry.sender is None:
            return
        if isinstance(told, SyntheticAck):
            self._types[told.cl_ord_id] = told.order_type
        kind = self._types.get(told.cl_ord_id, "")
        match told:
            case SyntheticAck() | SyntheticUpdate():
                yield Reached(_stands(told.synth_status), told.symbol, kind)
            case SyntheticFill():
                yield Reached("SLICE-2", told.symbol, kind)
                if told.leaves_qty == 0:
                    yield Reached(_stands(told.synth_status), told.symbol, kind)
            case SyntheticReject():
                yield Reached(_REFUSED, None, kind)
            case _:
                pass
