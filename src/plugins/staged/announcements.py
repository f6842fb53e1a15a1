"""How a staged order is kept, and what everybody or one user is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...market.staging import (
    ChildRefused,
    NewStagedOrder,
    RejectCode,
    ReserveChild,
    StagedExecType,
    StagedReject,
    StagedRequest,
    StagedUpdate,
)
from ..desk import Announce, DeskEffect, Keep, Tell
from .order import StagedOrder


def announced(order: StagedOrder, answered: StagedExecType | None = None) -> Iterator[DeskEffect]:
    """Keep *order*, and tell everyone who may see it how it stands."""
    yield Keep(attrs.evolve(order, shown_qty=order.working_qty))
    yield Announce(
        StagedUpdate(
            target_comp_id=order.originator,
            staged_order_id=order.staged_order_id,
            status=order.status,
            owner=order.owner,
            cum_qty=order.cum_qty,
            leaves_qty=order.leaves_qty,
            working_qty=order.working_qty,
            free_qty=order.free_qty,
            symbol=order.symbol,
            order_qty=order.order_qty,
            price=order.price,
            traded=order.traded,
            request_no=None if order.pending is None else order.pending.request_no,
            answered=answered,
        )
    )


def refused(request: NewStagedOrder | StagedRequest, code: RejectCode, text: str) -> Tell:
    """Return the refusal of *request*, to its sender alone."""
    return Tell(
        StagedReject(
            target_comp_id=request.sender_comp_id,
            staged_order_id=request.staged_order_id,
            refused=type(request).__name__,
            code=code,
            text=text,
        )
    )


def child_refused(ask: ReserveChild, code: RejectCode, text: str) -> Tell:
    """Return the refusal of a child, to its gateway alone."""
    return Tell(
        ChildRefused(
            target_comp_id=ask.sender_comp_id,
            user=ask.user,
            cl_ord_id=ask.cl_ord_id,
            parent_id=ask.parent_id,
            code=code,
            text=text,
        )
    )
