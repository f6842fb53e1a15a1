"""What users ask of a staged order: each request's guards, and where it leads.

The table of the machine is in ``docs/staged.md``.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...market.identifiers import CompID
from ...market.staging import (
    ApprovalRequest,
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    Claim,
    HoldStagedOrder,
    Permission,
    RejectCode,
    RejectRequest,
    StagedExecType,
    StagedRequest,
    Unclaim,
    forbidden,
)
from ..desk import Desk, DeskEffect, Tell
from .announcements import announced, refused
from .children import cancel, push
from .order import Pending, StagedOrder
from .permissions import acts_as_owner, is_held_to_price, may_manage, may_unclaim_others
from .settings import Settings

_FORBIDDEN = RejectCode.CANCEL_REPLACE_STAGED_FORBIDDEN


def asked(
    order: StagedOrder, request: StagedRequest, desk: Desk, settings: Settings
) -> Iterator[DeskEffect]:
    """Return what *request*, of a user who sees *order*, causes."""
    user = request.sender_comp_id
    if not desk.may(user, Permission.OMS):
        yield refused(request, forbidden(request), f"{user} may not use the OMS")
        return
    match request:
        case Claim():
            yield from _claim(order, request, desk)
        case Unclaim():
            yield from _unclaim(order, request, desk)
        case CancelStagedOrder():
            yield from _cancel(order, request, desk, settings)
        case ChangeStagedOrder():
            yield from _change(order, request, desk, settings)
        case ApproveRequest() | RejectRequest():
            yield from _answer(order, request, desk)
        case HoldStagedOrder():
            yield refused(request, forbidden(request), "a staged order cannot be held")


# --- ownership -----------------------------------------------------------------------


def _claim(order: StagedOrder, claim: Claim, desk: Desk) -> Iterator[DeskEffect]:
    user = claim.sender_comp_id
    if not may_manage(user, order, desk):
        yield refused(claim, forbidden(claim), f"{user} may not manage staged orders")
    elif order.is_over:
        yield refused(claim, forbidden(claim), order.end)
    elif order.owner is not None:
        text = f"{order.staged_order_id} is already owned by {order.owner}"
        yield refused(claim, forbidden(claim), text)
    elif order.blocked:
        yield refused(claim, RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked)
    else:
        yield from announced(attrs.evolve(order, owner=user))


def _unclaim(order: StagedOrder, unclaim: Unclaim, desk: Desk) -> Iterator[DeskEffect]:
    user = unclaim.sender_comp_id
    if order.is_over:
        yield refused(unclaim, forbidden(unclaim), order.end)
    elif order.owner is None:
        yield refused(unclaim, forbidden(unclaim), f"{order.staged_order_id} has no owner")
    elif order.owner != user and not may_unclaim_others(user, order, desk):
        text = f"{order.staged_order_id} is owned by {order.owner}"
        yield refused(unclaim, forbidden(unclaim), text)
    elif order.blocked:
        yield refused(unclaim, RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked)
    else:
        yield from announced(attrs.evolve(order, owner=None))


# --- life ----------------------------------------------------------------------------


def _cancel(
    order: StagedOrder, request: CancelStagedOrder, desk: Desk, settings: Settings
) -> Iterator[DeskEffect]:
    user = request.sender_comp_id
    objection = _no_business(order, user, desk)
    if objection is None and order.canceled_for is not None:
        objection = RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked
    if objection is None:
        objection = _unacked(order)
    if objection is not None:
        yield refused(request, *objection)
    elif _is_free_to_act(order, user, desk) or settings.originator_cancel_immediate:
        yield from _superseded(order, user)
        yield from cancel(order, user)
    else:
        yield from _await(order, request, settings)


def _unacked(order: StagedOrder) -> tuple[RejectCode, str] | None:
    for (_, user, name), child in order.children.items():
        if not child.is_acked:
            return (
                RejectCode.STAGED_ORDER_CANCEL_REJECTED_CHILD_NOS_UNACKED,
                f"child {name} of {user} is not acknowledged yet",
            )
    return None


def _superseded(order: StagedOrder, by: CompID) -> Iterator[DeskEffect]:
    """Answer what waits for approval when *by*, who needs none, does something else."""
    if order.pending is None:
        return
    request = order.pending.request
    if by == order.originator:
        code = RejectCode.STAGED_ORDER_NEW_PENDING_REQUEST_ARRIVED
        yield refused(request, code, f"a newer request of {by} is done")
    elif isinstance(request, ChangeStagedOrder):
        code = RejectCode.STAGED_ORDER_REPLACE_REJECTED_BY_CLAIMANT
        yield refused(request, code, f"{by} cancels {order.staged_order_id}")


def _change(
    order: StagedOrder, request: ChangeStagedOrder, desk: Desk, settings: Settings
) -> Iterator[DeskEffect]:
    user = request.sender_comp_id
    objection = _no_business(order, user, desk)
    if objection is None and order.canceled_for is not None:
        objection = RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked
    if objection is None:
        objection = _cannot_become(order, request, desk, settings)
    if objection is None and user != order.originator:
        objection = _not_the_owners(order, request, desk)
        if objection is None and order.blocked:
            objection = RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked
    if objection is not None:
        yield refused(request, *objection)
    elif _is_free_to_act(order, user, desk):
        yield from _superseded(order, user)
        yield from announced(_changed(attrs.evolve(order, pending=None), request))
    else:
        yield from _await(order, request, settings)


def _cannot_become(
    order: StagedOrder, request: ChangeStagedOrder, desk: Desk, settings: Settings
) -> tuple[RejectCode, str] | None:
    """Return why nobody can change the order so."""
    name = order.staged_order_id
    if (request.symbol, request.side) != (order.symbol, order.side):
        return RejectCode.NOT_ALLOWED, f"{name} keeps its side and its instrument, {order.symbol}"
    taken = order.cum_qty + order.working_qty
    if request.price is None and order.price is not None and taken:
        return RejectCode.NOT_ALLOWED, f"{name} cannot go to the market once it works"
    objection = settings.objection(request.order_qty, request.price, order.symbol, desk)
    if objection is not None:
        return objection
    if request.order_qty < taken:
        return (
            RejectCode.INVALID_QTY,
            f"{name} has {taken} filled and working, {request.order_qty} is less",
        )
    return None


def _not_the_owners(
    order: StagedOrder, request: ChangeStagedOrder, desk: Desk
) -> tuple[RejectCode, str] | None:
    """Return why an owner may not change the order so: the price alone is his."""
    user, name = request.sender_comp_id, order.staged_order_id
    if request.order_qty != order.order_qty:
        return _FORBIDDEN, f"the quantity of {name} is {order.originator}'s to change"
    if (request.price is None) != (order.price is None):
        return _FORBIDDEN, f"the order type of {name} is {order.originator}'s to change"
    if request.price != order.price and is_held_to_price(user, order, desk):
        return RejectCode.INVALID_PRICE, f"{user} is held to the price of {name}"
    return None


def _changed(order: StagedOrder, request: ChangeStagedOrder) -> StagedOrder:
    return attrs.evolve(order, order_qty=request.order_qty, price=request.price)


def _no_business(order: StagedOrder, user: CompID, desk: Desk) -> tuple[RejectCode, str] | None:
    """Return why *user* may neither cancel nor change the order, nor answer such requests."""
    if user != order.originator and not acts_as_owner(user, order, desk):
        return _FORBIDDEN, f"{order.staged_order_id} is neither {user}'s nor owned by him"
    if order.is_over:
        return _FORBIDDEN, order.end
    return None


def _is_free_to_act(order: StagedOrder, user: CompID, desk: Desk) -> bool:
    """Return whether *user*, who has business here, needs nobody's approval."""
    return order.owner is None or acts_as_owner(user, order, desk)


# --- requests that wait for approval -------------------------------------------------


def _await(
    order: StagedOrder, request: CancelStagedOrder | ChangeStagedOrder, settings: Settings
) -> Iterator[DeskEffect]:
    """Have the originator's *request* wait for the owner's answer."""
    if order.pending is not None and not settings.newer_request_replaces:
        yield refused(request, RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked)
        return
    if order.pending is not None:
        yield refused(
            order.pending.request,
            RejectCode.STAGED_ORDER_NEW_PENDING_REQUEST_ARRIVED,
            f"request {order.requests + 1} has arrived after it",
        )
    pending = Pending(request_no=order.requests + 1, request=request)
    yield from announced(attrs.evolve(order, pending=pending, requests=pending.request_no))
    assert order.owner is not None, "who owns nothing is asked for nothing"
    yield Tell(
        ApprovalRequest(
            target_comp_id=order.owner,
            staged_order_id=order.staged_order_id,
            request_no=pending.request_no,
            originator=order.originator,
            change=request if isinstance(request, ChangeStagedOrder) else None,
        )
    )


def _answer(
    order: StagedOrder, answer: ApproveRequest | RejectRequest, desk: Desk
) -> Iterator[DeskEffect]:
    user, name = answer.sender_comp_id, order.staged_order_id
    if not acts_as_owner(user, order, desk):
        yield refused(answer, _FORBIDDEN, f"{name} is not owned by {user}")
        return
    pending = order.pending
    if pending is None or pending.request_no != answer.request_no:
        yield refused(
            answer,
            RejectCode.STALE_STAGED_ORDER_REPLACE_ACCEPTED_BY_CLAIMANT,
            f"request {answer.request_no} of {name} waits no more",
        )
        return
    before = attrs.evolve(order, pending=None)
    match answer, pending.request:
        case RejectRequest(), asked_for:
            kept = StagedExecType.STAGE_ORDER_REJECTION_OF_PENDING_ACCEPTED
            yield from announced(before, kept)
            code = (
                RejectCode.STAGED_ORDER_CANCEL_REJECTED_BY_CLAIMANT
                if isinstance(asked_for, CancelStagedOrder)
                else RejectCode.STAGED_ORDER_REPLACE_REJECTED_BY_CLAIMANT
            )
            yield refused(asked_for, code, f"{user} does not approve")
        case ApproveRequest(), CancelStagedOrder():
            done = StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED
            yield from cancel(before, order.originator, done)
        case ApproveRequest(push=pushed), ChangeStagedOrder() as change:
            done = StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED
            changed = _changed(before, change)
            yield from announced(changed, done)
            if pushed:
                yield from push(changed)
