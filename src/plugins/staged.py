"""Staged orders: a portfolio manager's order that an execution desk claims and works.

Sources: TT, "Staging Orders to Execution Traders Who Use Exchange Trader
Credentials" (typical and alternate workflow); TT, "What is order staging?"; TT, "Care
order" pages for statuses and claims.  Readings in ``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from ..market.fix import ExecType, Side
from ..market.identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID, Symbol
from ..market.ledger import Rule
from ..market.messages import ExecutionReport, OrderCancelReject
from ..market.staging import (
    BROKER,
    ChildRefused,
    ChildReserved,
    Claim,
    NewStagedOrder,
    ParentPartialFill,
    Permission,
    RejectCode,
    ReserveChild,
    StagedAck,
    StagedReject,
    StagedStatus,
    StagedUpdate,
)
from .desk import Announce, ChildReport, Desk, DeskEffect, DeskEvent, Keep, Parent, Tell, Warn
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION

_WORKFLOW = 'TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials"'

RULES = (
    Rule(
        "STAGE-1",
        "Only a user with Staged Order Creation Allowed may stage; a refusal goes to him alone.",
        f"{_WORKFLOW}, note on settings",
    ),
    Rule(
        "STAGE-2",
        "A new staged order is acknowledged to everyone who may see it on the synthetic gateway.",
        f"{_WORKFLOW}, step 2",
    ),
    Rule(
        "STAGE-3",
        "Only a user with Staged Order Management Allowed who sees the order may claim it.",
        'TT, "What is order staging?"; docs/readings.md, who may claim and who may work',
    ),
    Rule(
        "STAGE-4",
        "The first claim wins; a later one is refused and told who owns the order.",
        f"{_WORKFLOW}, step 3",
    ),
    Rule(
        "STAGE-5",
        "Only the owner may send children of a staged order.",
        f"{_WORKFLOW}, step 3; docs/readings.md, who may claim and who may work",
    ),
    Rule(
        "STAGE-6",
        "Children never ask for more than the parent has free: its quantity less what children"
        " have filled and still work.",
        'TT, "What is order staging?" and "Staged Order Management";'
        " docs/readings.md, free quantity",
    ),
    Rule(
        "STAGE-7",
        "A child has its parent's side and instrument, and never another customer's account.",
        'TT, "Staged Order Management"; docs/readings.md, the account of a child',
    ),
    Rule(
        "STAGE-8",
        "Each fill of a child makes one partial fill of its parent, of the same quantity and"
        " price, for everyone who may see the parent.",
        f"{_WORKFLOW}, step 5",
    ),
    Rule(
        "STAGE-9",
        "A staged order for an account that nobody has is taken, with a warning.",
        "docs/readings.md, an account that nobody has",
    ),
    Rule(
        "STAGE-10",
        "With staging disabled at the gateway every staged order is refused.",
        'TT, Synthetic SE configuration files, "RequestUnsolicitedEvents";'
        " docs/readings.md, staging disabled",
        ("staging_enabled",),
    ),
)

ChildKey: TypeAlias = tuple[CompID, CompID, ClOrdID]
"""A child's gateway, its user, and its latest name."""


@attrs.frozen(kw_only=True)
class Child:
    """What the parent knows of one child."""

    order_qty: Qty
    cum_qty: Qty = 0
    asked: Mapping[ClOrdID, Qty] = attrs.field(factory=dict)
    """The totals of changes that the exchange has yet to answer, by the request's name.

    Several may be under way; any of them may be the one that is taken.
    """

    is_over: bool = False

    @property
    def working_qty(self) -> Qty:
        """What the child may still fill, at most."""
        return 0 if self.is_over else max([self.order_qty, *self.asked.values()]) - self.cum_qty

    def asking(self, request: ClOrdID, order_qty: Qty) -> Child:
        return attrs.evolve(self, asked={**self.asked, request: order_qty})

    def answered(self, request: ClOrdID) -> Child:
        left = {name: qty for name, qty in self.asked.items() if name != request}
        return attrs.evolve(self, asked=left)


@attrs.frozen(kw_only=True)
class StagedOrder:
    """One staged order: a value of this moment."""

    staged_order_id: StagedOrderID
    originator: CompID
    gateway: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None
    account: Account | None
    text: str
    owner: CompID | None = None
    cum_qty: Qty = 0
    traded: Price = 0
    """The sum of price times quantity over the fills of its children."""

    children: Mapping[ChildKey, Child] = attrs.field(factory=dict)
    shown_qty: Qty = 0
    """What windows have as working, from the latest announcement."""

    @property
    def leaves_qty(self) -> Qty:
        return self.order_qty - self.cum_qty

    @property
    def working_qty(self) -> Qty:
        return sum(child.working_qty for child in self.children.values())

    @property
    def free_qty(self) -> Qty:
        free = self.leaves_qty - self.working_qty
        assert 0 <= free <= self.order_qty, "children have taken more than the parent has"
        return free

    @property
    def status(self) -> StagedStatus:
        """What windows show.

        Source: TT Order Book reference, care order statuses; ``docs/readings.md``,
        status of an unclaimed order.
        """
        if self.cum_qty == self.order_qty:
            return StagedStatus.FILLED
        if self.owner is None:
            return StagedStatus.AVAILABLE
        if self.cum_qty:
            return StagedStatus.PARTIALLY_FILLED
        return StagedStatus.WORKING if self.working_qty else StagedStatus.CLAIMED

    def with_child(self, key: ChildKey, child: Child) -> StagedOrder:
        return attrs.evolve(self, children={**self.children, key: child})

    def without_child(self, key: ChildKey) -> StagedOrder:
        others = {name: child for name, child in self.children.items() if name != key}
        return attrs.evolve(self, children=others)


@attrs.frozen(kw_only=True)
class Staged:
    """The order type ``BROKER``: staged to a desk, claimed, and worked in children."""

    staging_enabled: bool = True
    """Whether the gateway takes staged orders at all."""

    def submit(self, request: NewStagedOrder, desk: Desk) -> Iterator[DeskEffect]:
        user = request.sender_comp_id
        if not self.staging_enabled:
            yield _refuse(request, RejectCode.SUBMIT_STAGED_FORBIDDEN, "staging is disabled here")
            return
        if not desk.may(user, Permission.CREATION):
            yield _refuse(
                request,
                RejectCode.SUBMIT_STAGED_FORBIDDEN,
                f"{user} may not create staged orders",
            )
            return
        instrument = desk.instrument(request.symbol)
        assert instrument is not None, "the gateway takes listed instruments only"
        if request.price is not None and not instrument.ticks.accepts(request.price):
            yield _refuse(
                request,
                RejectCode.INVALID_PRICE,
                f"price {instrument.show(request.price)} is not a multiple of "
                f"{instrument.show(instrument.ticks.increment_at(request.price))}",
            )
            return
        login = desk.login(user)
        assert login is not None, "the gateway takes orders of its own users only"
        order = StagedOrder(
            staged_order_id=request.staged_order_id,
            originator=user,
            gateway=request.gateway,
            symbol=request.symbol,
            side=request.side,
            order_qty=request.order_qty,
            price=request.price,
            account=request.account,
            text=request.text,
        )
        yield Keep(order)
        if request.account and not desk.holders(request.account):
            yield Warn(
                f"{order.staged_order_id} is for account {request.account}, which nobody has"
            )
        yield Announce(
            StagedAck(
                target_comp_id=user,
                staged_order_id=order.staged_order_id,
                staged_type=request.staged_type,
                status=order.status,
                owner=None,
                gateway=order.gateway,
                symbol=order.symbol,
                side=order.side,
                order_qty=order.order_qty,
                leaves_qty=order.leaves_qty,
                price=order.price,
                account=order.account,
                originator=user,
                routing_mgt=str(login.routing),
                exchange_mgt=str(login.exchange),
                text=order.text,
            )
        )

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk) -> Iterator[DeskEffect]:
        assert isinstance(parent, StagedOrder)
        match event:
            case Claim():
                return _claim(parent, event, desk)
            case ReserveChild():
                return _reserve(parent, event, desk)
            case ChildReport(gateway, report):
                if isinstance(report, OrderCancelReject):
                    return _not_changed(parent, gateway, report)
                return _reported(parent, gateway, report)


def _claim(order: StagedOrder, claim: Claim, desk: Desk) -> Iterator[DeskEffect]:
    user = claim.sender_comp_id
    if not desk.may(user, Permission.MANAGEMENT):
        why = f"{user} may not manage staged orders"
    elif order.status is StagedStatus.FILLED:
        why = f"{order.staged_order_id} is filled"
    elif order.owner is not None:
        why = f"{order.staged_order_id} is already owned by {order.owner}"
    else:
        yield from _announce(attrs.evolve(order, owner=user))
        return
    yield _refuse(claim, RejectCode.CLAIM_STAGED_FORBIDDEN, why)


def _reserve(order: StagedOrder, ask: ReserveChild, desk: Desk) -> Iterator[DeskEffect]:
    key = (ask.sender_comp_id, ask.user, ask.changes or ask.cl_ord_id)
    child = order.children[key] if ask.changes else None
    if order.owner != ask.user:
        owner = f"is owned by {order.owner}" if order.owner else "has no owner"
        yield _refuse_child(
            ask, RejectCode.STAGED_CHILD_FORBIDDEN, f"{order.staged_order_id} {owner}"
        )
        return
    if (ask.symbol, ask.side) != (order.symbol, order.side):
        yield _refuse_child(
            ask,
            RejectCode.NOT_ALLOWED,
            f"a child of {order.staged_order_id} has its side and its instrument, {order.symbol}",
        )
        return
    if _is_anothers(ask.account, order, ask.user, desk):
        yield _refuse_child(
            ask,
            RejectCode.NOT_ALLOWED,
            f"account {ask.account} is neither {order.staged_order_id}'s nor the desk's",
        )
        return
    held = child.working_qty if child else 0
    wanted = ask.order_qty - (child.cum_qty if child else 0)
    if wanted - held > order.free_qty:
        yield _refuse_child(
            ask,
            RejectCode.CHILD_ORDER_QTY_CHANGE_FORBIDDEN if child else RejectCode.INVALID_QTY,
            f"{order.staged_order_id} has {order.free_qty + held} free, "
            f"{ask.cl_ord_id} asks for {wanted}",
        )
        return
    if child:
        held_for = child.asking(ask.cl_ord_id, ask.order_qty)
    else:
        held_for = Child(order_qty=ask.order_qty)
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


def _is_anothers(account: Account | None, order: StagedOrder, user: CompID, desk: Desk) -> bool:
    """Return whether *account* is another customer's.

    An account is the desk's own when all who have it could work the order themselves,
    or when nobody's login has it.
    """
    if account is None or account == order.account:
        return False
    holders = desk.holders(account)
    return user not in holders and not all(
        desk.may(holder, Permission.MANAGEMENT) and desk.sees(holder, order) for holder in holders
    )


def _reported(order: StagedOrder, gateway: CompID, report: ExecutionReport) -> Iterator[DeskEffect]:
    user = report.target_sub_id
    assert user is not None, "a child belongs to a user"
    # What answers a request names the request, and then the child.
    key = (gateway, user, report.orig_cl_ord_id or report.cl_ord_id)
    child = order.children[key]
    match report.exec_type:
        case ExecType.NEW:
            yield from _announce(order)
        case ExecType.TRADE:
            child = attrs.evolve(child, cum_qty=report.cum_qty, is_over=report.leaves_qty == 0)
            assert report.last_px is not None
            filled = attrs.evolve(
                order.with_child(key, child),
                cum_qty=order.cum_qty + report.last_qty,
                traded=order.traded + report.last_qty * report.last_px,
            )
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
        case ExecType.REPLACED:
            changed = attrs.evolve(child.answered(report.cl_ord_id), order_qty=report.order_qty)
            renamed = (gateway, user, report.cl_ord_id)
            yield from _announce(order.without_child(key).with_child(renamed, changed))
        case ExecType.TRIGGERED:
            yield from _announce(order)
        case ExecType.TRADE_CANCEL:
            child = attrs.evolve(child, cum_qty=report.cum_qty, order_qty=report.order_qty)
            assert report.last_px is not None
            busted = attrs.evolve(
                order.with_child(key, child),
                cum_qty=order.cum_qty - report.last_qty,
                traded=order.traded - report.last_qty * report.last_px,
            )
            yield from _announce(busted)
        case ExecType.CANCELED | ExecType.EXPIRED:
            yield from _announce(order.with_child(key, attrs.evolve(child, is_over=True)))
        case ExecType.REJECTED:
            yield from _take_back(order.without_child(key))  # its name may be used again


def _not_changed(
    order: StagedOrder, gateway: CompID, reject: OrderCancelReject
) -> Iterator[DeskEffect]:
    """Give back what a change that the exchange refused had been given.

    The child may have another name by now, so the change is found by its own.
    """
    user = reject.target_sub_id
    assert user is not None, "a child belongs to a user"
    for key, child in order.children.items():
        if key[:2] == (gateway, user) and reject.cl_ord_id in child.asked:
            yield from _take_back(order.with_child(key, child.answered(reject.cl_ord_id)))
            return


def _announce(order: StagedOrder) -> Iterator[DeskEffect]:
    """Keep *order*, and tell everyone who may see it how it stands."""
    yield Keep(attrs.evolve(order, shown_qty=order.working_qty))
    yield Announce(_update(order))


def _take_back(order: StagedOrder) -> Iterator[DeskEffect]:
    """Keep *order* without what the exchange has refused.

    It never was at the exchange, so nobody but its sender has heard of it: unless
    something else was announced meanwhile, which counted it as working.
    """
    if order.working_qty < order.shown_qty:
        yield from _announce(order)
    else:
        yield Keep(order)


def _update(order: StagedOrder) -> StagedUpdate:
    return StagedUpdate(
        target_comp_id=order.originator,
        staged_order_id=order.staged_order_id,
        status=order.status,
        owner=order.owner,
        cum_qty=order.cum_qty,
        leaves_qty=order.leaves_qty,
        working_qty=order.working_qty,
        free_qty=order.free_qty,
        order_qty=order.order_qty,
        price=order.price,
        traded=order.traded,
    )


def _refuse(request: NewStagedOrder | Claim, code: RejectCode, text: str) -> Tell:
    return Tell(
        StagedReject(
            target_comp_id=request.sender_comp_id,
            staged_order_id=request.staged_order_id,
            refused=type(request).__name__,
            code=code,
            text=text,
        )
    )


def _refuse_child(ask: ReserveChild, code: RejectCode, text: str) -> Tell:
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


@hookimpl
def order_types() -> Mapping[str, type]:
    return {BROKER: Staged}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES
