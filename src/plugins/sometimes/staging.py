"""What becomes of staged orders: who may, who wins, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ...market.identifiers import CompID, StagedOrderID, Symbol
from ...market.staging import (
    ApprovalRequest,
    ParentPartialFill,
    RejectCode,
    StagedAck,
    StagedExecType,
    StagedReject,
    StagedStatus,
    StagedUpdate,
)
from ...runtime.journal import Entry
from ..watching import Goal, Lookout, Reached, SearchedFloor

_CLAIMED = "a staged order is claimed"
_TWO_FILLS = "children of one parent fill it in parts"
_AFTER_FILL = "a staged order changes hands after a fill"

_BY_CODE: Mapping[RejectCode, str] = {
    RejectCode.SUBMIT_STAGED_FORBIDDEN: "STAGE-1",
    RejectCode.CLAIM_STAGED_FORBIDDEN: "STAGE-4",
    RejectCode.STAGED_CHILD_FORBIDDEN: "STAGE-5",
    RejectCode.INVALID_QTY: "STAGE-6",
    RejectCode.STAGED_ORDER_CANCEL_REJECTED_CHILD_NOS_UNACKED: "STAGE-17",
    RejectCode.INVALID_PRICE: "STAGE-24",
    RejectCode.STAGED_ALREADY_IN_PENDING: "STAGE-21",
    RejectCode.STAGED_ORDER_NEW_PENDING_REQUEST_ARRIVED: "STAGE-22",
}
"""Which rule a refusal shows.  A claim that comes too late has the code of one that was not
allowed, and shows its rule where somebody owns the order."""

_BY_STATUS: Mapping[StagedStatus, str] = {
    StagedStatus.PENDING_CANCEL_APPROVAL: "STAGE-15",
    StagedStatus.PENDING_CHANGE_APPROVAL: "STAGE-18",
    StagedStatus.PENDING_CANCEL: "STAGE-16",
}
_OTHERS = ("STAGE-2", "STAGE-8", "STAGE-14", "STAGE-23")


@attrs.frozen
class StagedOrders:
    """What a staged order goes through, by the rule that shows in it."""

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        return _Staged() if floor.gateways("sse") else None


@attrs.define
class _Known:
    """A staged order, as it was last told."""

    symbol: Symbol
    order_type: str
    owner: CompID | None
    cum_qty: int = 0
    last_owner: CompID | None = None


@attrs.define
class _Staged(Lookout):
    sees = (StagedAck, StagedUpdate, StagedReject, ParentPartialFill, ApprovalRequest)

    _orders: dict[StagedOrderID, _Known] = attrs.field(init=False, factory=dict)

    @property
    def goals(self) -> Sequence[Goal]:
        rules = (*_OTHERS, *_BY_CODE.values(), *_BY_STATUS.values())
        return (
            Goal(_CLAIMED, ("STAGE-3",)),
            Goal(_TWO_FILLS),
            Goal(_AFTER_FILL),
            *map(Goal, sorted(rules, key=lambda rule: int(rule.rpartition("-")[2]))),
        )

    def see(self, entry: Entry) -> Iterator[Reached]:
        if entry.sender is None:
            return
        told = entry.payload
        name: StagedOrderID = told.staged_order_id
        if isinstance(told, StagedAck):
            self._orders[name] = _Known(told.symbol, told.staged_type, told.owner)
            yield Reached("STAGE-2", told.symbol, told.staged_type)
            return
        known = self._orders.get(name)
        symbol, kind = (None, "") if known is None else (known.symbol, known.order_type)
        for goal in self._of(told, known):
            yield Reached(goal, symbol, kind)

    def _of(self, told: object, known: _Known | None) -> Iterator[str]:
        match told:
            case StagedReject(code=RejectCode.CLAIM_STAGED_FORBIDDEN) if (
                known is None or known.owner is None
            ):
                pass  # a claim that was not allowed, which STAGE-3 says
            case StagedReject(code=code) if code in _BY_CODE:
                yield _BY_CODE[code]
            case StagedUpdate(status=status, owner=owner, answered=answered) if known is not None:
                if status in _BY_STATUS:
                    yield _BY_STATUS[status]
                if isinstance(answered, StagedExecType):
                    yield "STAGE-23"
                yield from self._hands(known, owner)
            case ParentPartialFill(last_qty=last_qty, cum_qty=cum_qty) if known is not None:
                yield "STAGE-8"
                if cum_qty > last_qty:
                    yield _TWO_FILLS
                known.cum_qty = cum_qty
            case _:
                pass

    @staticmethod
    def _hands(known: _Known, owner: CompID | None) -> Iterator[str]:
        if known.owner is None and owner is not None:
            yield _CLAIMED
            if known.cum_qty and owner != known.last_owner:
                yield _AFTER_FILL
        elif known.owner is not None and owner is None:
            yield "STAGE-14"
            known.last_owner = known.owner
        known.owner = owner
