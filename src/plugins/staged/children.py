"""A staged order's children: what they may be, what they report, how they are canceled."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...market.fix import CxlRejReason, ExecType, OrdType, Side
from ...market.identifiers import Account, ClOrdID, CompID, Price
from ...market.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from ...market.staging import (
    CancelStagedOrder,
    ChildReserved,
    ParentPartialFill,
    Permission,
    RejectCode,
    ReserveChild,
    StagedExecType,
)
from ..desk import Announce, AskOnBehalf, Desk, DeskEffect, Keep, Tell
from .announcements import announced, child_refused, refused
from .order import Child, ChildKey, StagedOrder
from .permissions import acts_as_owner, is_held_to_price, may_manage

# --- what they may be ----------------------------------------------------------------


def reserve(order: StagedOrder, ask: ReserveChild, desk: Desk) -> Iterator[DeskEffect]:
    """Answer a child's gateway, which asks for room for it."""
    key = (ask.sender_comp_id, ask.user, ask.changes or ask.cl_ord_id)
    child = order.children[key] if ask.changes else None
    objection = _objection(order, ask, child, desk)
    if objection is not None:
        yield child_refused(ask, *objection)
        return
    if child:
        held_for = child.asking(ask.request)
    else:
        held_for = Child(order_qty=ask.request.order_qty, terms=ask.request)
    yield Keep(order.with_child(key, held_for))
    yield Tell(
        ChildReserved(
            target_comp_id=ask.sender_comp_id,
            user=ask.user,
            cl_ord_id=ask.cl_ord_id,
            parent_id=order.staged_order_id,
            originator=order.originator,
            account=order.account,
            beneficiaries=tuple(desk.beneficiaries(order)),
        )
    )


def _objection(
    order: StagedOrder, ask: ReserveChild, child: Child | None, desk: Desk
) -> tuple[RejectCode, str] | None:
    """Return why there is no room for the child, or for the change of *child*."""
    name = order.staged_order_id
    held = child.working_qty if child else 0
    wanted = ask.request.order_qty - (child.cum_qty if child else 0)
    if not desk.may(ask.user, Permission.OMS):
        return RejectCode.STAGED_CHILD_FORBIDDEN, f"{ask.user} may not use the OMS"
    if not acts_as_owner(ask.user, order, desk):
        owner = f"is owned by {order.owner}" if order.owner else "has no owner"
        return RejectCode.STAGED_CHILD_FORBIDDEN, f"{name} {owner}"
    if order.is_over:
        return RejectCode.STAGED_CHILD_FORBIDDEN, order.end
    if order.blocked and (child is None or wanted > held):
        return RejectCode.STAGED_ALREADY_IN_PENDING, order.blocked
    if (ask.request.symbol, ask.request.side) != (order.symbol, order.side):
        return (
            RejectCode.NOT_ALLOWED,
            f"a child of {name} has its side and its instrument, {order.symbol}",
        )
    if _is_anothers(ask.request.account, order, ask.user, desk):
        return (
            RejectCode.NOT_ALLOWED,
            f"account {ask.request.account} is neither {name}'s nor the desk's",
        )
    if is_held_to_price(ask.user, order, desk) and _is_worse(ask.request.price, order):
        instrument = desk.instrument(order.symbol)
        assert instrument is not None
        assert order.price is not None
        price = "the market" if ask.request.price is None else instrument.show(ask.request.price)
        limit = instrument.show(order.price)
        return (
            RejectCode.INVALID_PRICE,
            f"{ask.cl_ord_id} at {price} is worse than {name}'s limit, {limit}",
        )
    if wanted - held > order.free_qty:
        return (
            RejectCode.CHILD_ORDER_QTY_CHANGE_FORBIDDEN if child else RejectCode.INVALID_QTY,
            f"{name} has {order.free_qty + held} free, {ask.cl_ord_id} asks for {wanted}",
        )
    return None


def _is_anothers(account: Account | None, order: StagedOrder, user: CompID, desk: Desk) -> bool:
    """Return whether *account* is another customer's.

    An account is the desk's own when all who have it could work the order themselves,
    or when nobody's login has it.
    """
    if account is None or account == order.account:
        return False
    holders = desk.holders(account)
    return user not in holders and not all(
        may_manage(holder, order, desk) and desk.sees(holder, order) for holder in holders
    )


def _is_worse(price: Price | None, order: StagedOrder) -> bool:
    """Return whether a child at *price* may trade where the order's limit does not let it."""
    if order.price is None:
        return False
    if price is None:
        return True
    return price > order.price if order.side is Side.BUY else price < order.price


# --- what they report ----------------------------------------------------------------


def reported(order: StagedOrder, gateway: CompID, report: ExecutionReport) -> Iterator[DeskEffect]:
    """Take in what an exchange says of a child."""
    user = report.target_sub_id
    assert user is not None, "a child belongs to a user"
    # What answers a request names the request, and then the child.
    key = (gateway, user, report.orig_cl_ord_id or report.cl_ord_id)
    child = attrs.evolve(order.children[key], is_acked=True)
    match report.exec_type:
        case ExecType.NEW | ExecType.TRIGGERED:
            yield from announced(order.with_child(key, child))
        case ExecType.TRADE:
            yield from _traded(order, key, child, report)
        case ExecType.REPLACED:
            changed = attrs.evolve(
                child.answered(report.cl_ord_id),
                order_qty=report.order_qty,
                terms=child.asked.get(report.cl_ord_id, child.terms),
            )
            renamed = (gateway, user, report.cl_ord_id)
            yield from announced(order.without_child(key).with_child(renamed, changed))
        case ExecType.TRADE_CANCEL:
            assert report.last_px is not None
            child = attrs.evolve(child, cum_qty=report.cum_qty, order_qty=report.order_qty)
            busted = attrs.evolve(
                order.with_child(key, child),
                cum_qty=order.cum_qty - report.last_qty,
                traded=order.traded - report.last_qty * report.last_px,
            )
            yield from announced(_ended(busted))
        case ExecType.CANCELED | ExecType.EXPIRED:
            over = order.with_child(key, attrs.evolve(child, is_over=True))
            yield from announced(_ended(over))
        case ExecType.REJECTED:
            yield from _take_back(order.without_child(key))  # its name may be used again
        case ExecType.ORDER_STATUS:
            pass  # nothing has happened


def _traded(
    order: StagedOrder, key: ChildKey, child: Child, report: ExecutionReport
) -> Iterator[DeskEffect]:
    assert report.last_px is not None
    child = attrs.evolve(child, cum_qty=report.cum_qty, is_over=report.leaves_qty == 0)
    filled = attrs.evolve(
        order.with_child(key, child),
        cum_qty=order.cum_qty + report.last_qty,
        traded=order.traded + report.last_qty * report.last_px,
    )
    filled = _ended(filled)
    # A request that waits for an answer has come too late once there is nothing left.
    late = filled.pending if filled.is_over else None
    if late is not None:
        filled = attrs.evolve(filled, pending=None)
    yield Keep(attrs.evolve(filled, shown_qty=filled.working_qty))
    yield Announce(
        ParentPartialFill(
            target_comp_id=order.originator,
            staged_order_id=order.staged_order_id,
            child_id=report.cl_ord_id,
            symbol=order.symbol,
            last_qty=report.last_qty,
            last_px=report.last_px,
            cum_qty=filled.cum_qty,
            leaves_qty=filled.leaves_qty,
            working_qty=filled.working_qty,
            status=filled.status,
            owner=filled.owner,
        )
    )
    if late is not None:
        yield refused(late.request, RejectCode.CANCEL_REPLACE_STAGED_FORBIDDEN, filled.end)


def _ended(order: StagedOrder) -> StagedOrder:
    """Return *order* as it is once the last of the children that are canceled is over."""
    if order.canceled_for is None or order.working_qty:
        return order
    return attrs.evolve(order, canceled_for=None, is_canceled=not order.is_filled)


def not_done(
    order: StagedOrder, gateway: CompID, reject: OrderCancelReject
) -> Iterator[DeskEffect]:
    """Take in that an exchange refuses to change or to cancel a child.

    The child may have another name by now, so the request is found by its own.
    """
    user = reject.target_sub_id
    assert user is not None, "a child belongs to a user"
    for key, child in order.children.items():
        if key[:2] != (gateway, user):
            continue
        if reject.cl_ord_id in child.asked:
            yield from _take_back(order.with_child(key, child.answered(reject.cl_ord_id)))
            return
        if reject.cl_ord_id == child.canceled_by:
            kept = order.with_child(key, attrs.evolve(child, canceled_by=None))
            yield from _not_canceled(kept, key, reject)
            return


def _take_back(order: StagedOrder) -> Iterator[DeskEffect]:
    """Keep *order* without what the exchange has refused.

    It never was at the exchange, so nobody but its sender has heard of it: unless
    something else was announced meanwhile, which counted it as working.
    """
    if order.working_qty < order.shown_qty:
        yield from announced(order)
    else:
        yield Keep(order)


# --- canceling and changing them -----------------------------------------------------


def cancel(
    order: StagedOrder, by: CompID, answered: StagedExecType | None = None
) -> Iterator[DeskEffect]:
    """Cancel *order*: at once where nothing works, else when the last child is over."""
    if not order.working_qty:
        yield from announced(attrs.evolve(order, pending=None, is_canceled=True), answered)
        return
    order = attrs.evolve(order, pending=None, canceled_for=by)
    cancels = []
    for key, _child in [*order.working()]:
        order, effect = _canceling(order, key)
        cancels.append(effect)
    yield from announced(order, answered)
    yield from cancels


def _canceling(order: StagedOrder, key: ChildKey) -> tuple[StagedOrder, AskOnBehalf]:
    """Return *order* with a child's cancel under way, and what asks for it."""
    gateway, user, name = key
    order, request_name = _named(order, name)
    child = attrs.evolve(order.children[key], canceled_by=request_name)
    request = OrderCancelRequest(
        sender_comp_id=user,
        cl_ord_id=request_name,
        orig_cl_ord_id=name,
        symbol=order.symbol,
        side=order.side,
    )
    return order.with_child(key, child), AskOnBehalf(gateway, request)


def _named(order: StagedOrder, child: ClOrdID) -> tuple[StagedOrder, ClOrdID]:
    """Return a name for a request about *child*, which its user will hardly have used."""
    number = order.child_requests + 1
    return attrs.evolve(order, child_requests=number), ClOrdID(f"{child}:{number}")


def _not_canceled(
    order: StagedOrder, key: ChildKey, reject: OrderCancelReject
) -> Iterator[DeskEffect]:
    """Go on with canceling *order*, one child of which was not canceled."""
    by = order.canceled_for
    if by is None or not order.children[key].working_qty:
        yield Keep(order)  # it traded first, or was canceled by its user
        return
    renamed = reject.orig_cl_ord_id != key[2]  # a change of its user's was before us
    if renamed or reject.cxl_rej_reason is CxlRejReason.DUPLICATE_CL_ORD_ID:
        order, effect = _canceling(order, key)
        yield Keep(order)
        yield effect
        return
    request = CancelStagedOrder(sender_comp_id=by, staged_order_id=order.staged_order_id)
    yield from announced(attrs.evolve(order, canceled_for=None))
    yield refused(
        request,
        RejectCode.CANCEL_REPLACE_STAGED_FORBIDDEN,
        f"child {key[2]} of {key[1]} still works: {reject.text}",
    )


def push(order: StagedOrder) -> Iterator[DeskEffect]:
    """Give the children that work at a limit the order's price.

    A child with a change of its own under way, and one without a limit, stays as it is.
    """
    changes = []
    for key, child in [*order.working()]:
        gateway, user, name = key
        terms = child.terms
        if (
            terms is None
            or child.asked
            or order.price in (None, terms.price)
            or terms.ord_type not in (OrdType.LIMIT, OrdType.STOP_LIMIT)
        ):
            continue
        order, request_name = _named(order, name)
        request = OrderCancelReplaceRequest(
            sender_comp_id=user,
            cl_ord_id=request_name,
            orig_cl_ord_id=name,
            symbol=order.symbol,
            side=order.side,
            order_qty=child.order_qty,
            price=order.price,
            **{field: getattr(terms, field) for field in _AS_BEFORE},
        )
        order = order.with_child(key, child.asking(request))
        changes.append(AskOnBehalf(gateway, request))
    if changes:
        yield Keep(order)
        yield from changes


_AS_BEFORE = tuple(
    field
    for field in OrderCancelReplaceRequest.__struct_fields__
    if field
    not in (
        "sender_comp_id",
        "cl_ord_id",
        "orig_cl_ord_id",
        "symbol",
        "side",
        "order_qty",
        "price",
        "sender_sub_id",
    )
)
"""What of a child's terms a pushed price leaves as it is."""
