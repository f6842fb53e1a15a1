"""A small desk for staged orders, and what happens to them, in a few words each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from floorproof.market.credentials import Credential, Login
from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    OrdType,
    Side,
)
from floorproof.market.identifiers import (
    Account,
    ClOrdID,
    CompID,
    ExecID,
    StagedOrderID,
    Symbol,
)
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from floorproof.market.permissions import Permissions
from floorproof.market.staging import (
    ApprovalRequest,
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    ChildRefused,
    ChildReserved,
    Claim,
    HoldStagedOrder,
    NewStagedOrder,
    ParentPartialFill,
    Permission,
    RejectRequest,
    ReserveChild,
    StagedReject,
    StagedUpdate,
    Unclaim,
)
from floorproof.plugins.desk import (
    Announce,
    AskOnBehalf,
    ChildReport,
    DeskEffect,
    DeskEvent,
    Keep,
    Parent,
    Tell,
)
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=2, ticks=TickTable.uniform(25))
SSE_A, CME_A = CompID("SSE-A"), CompID("CME-A")
P1 = StagedOrderID("P1")

CREATION, MANAGEMENT = Permission.CREATION, Permission.MANAGEMENT

XT = Permissions(
    {
        CompID("ET1"): {(MANAGEMENT, None): True},
        CompID("ET2"): {(MANAGEMENT, None): True},
        CompID("PM1"): {(CREATION, None): True},
        CompID("PM2"): {(CREATION, None): True},
        CompID("PM3"): {(CREATION, None): True},
    }
)
"""X_TRADER's settings: traders manage, customers create."""


@attrs.frozen
class SmallDesk:
    """A desk of two traders and three customers, all of whom see each order but PM2.

    PM3 is a customer who shares the desk's book.  ET2 has an account of his own, and so
    has ET1.
    """

    allowed: Permissions = XT
    accounts: dict[str, tuple[str, ...]] = attrs.field(
        factory=lambda: {
            "123": ("PM1",),
            "456": ("PM2",),
            "789": ("PM3",),
            "E1": ("ET1",),
            "E2": ("ET2",),
        }
    )
    now_ns: int = 0
    name: CompID = SSE_A

    def may(self, user: CompID, permission: Permission, account: Account | None = None, /) -> bool:
        return self.allowed.may(user, permission, account)

    def login(self, user: CompID) -> Login | None:
        trader = Credential("TTSSE", "SE1", user)
        return Login(user=user, routing=trader, exchange=trader)

    def sees(self, user: CompID, parent: Parent) -> bool:
        return user != "PM2"

    def beneficiaries(self, parent: Parent) -> Sequence[CompID]:
        return (CompID("PM1"),)

    def holders(self, account: Account) -> Sequence[CompID]:
        return tuple(map(CompID, self.accounts.get(account, ())))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return MNQ if symbol == MNQ.symbol else None


DESK = SmallDesk()
BROKER = Staged()


def parent(owner: str = "", qty: int = 10, cum: int = 0) -> StagedOrder:
    """Return PM1's order to buy, as the gateway keeps it."""
    return StagedOrder(
        staged_order_id=P1,
        originator=CompID("PM1"),
        gateway=CME_A,
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=qty,
        price=1535200,
        account=Account("123"),
        text="",
        owner=CompID(owner) if owner else None,
        cum_qty=cum,
    )


def stage(
    user: str = "PM1", account: str = "123", price: int | None = 1535200, side: Side = Side.BUY
) -> NewStagedOrder:
    return NewStagedOrder(
        sender_comp_id=CompID(user),
        staged_order_id=P1,
        staged_type="BROKER",
        gateway=CME_A,
        symbol=MNQ.symbol,
        side=side,
        order_qty=10,
        price=price,
        account=Account(account) if account else None,
    )


def claim(user: str) -> Claim:
    return Claim(sender_comp_id=CompID(user), staged_order_id=P1)


def ask(
    name: str,
    qty: int,
    *,
    user: str = "ET2",
    symbol: str = "MNQU3",
    side: Side = Side.BUY,
    price: int | None = 1535150,
    account: str = "",
    changes: str = "",
) -> ReserveChild:
    terms: dict[str, Any] = {
        "sender_comp_id": CompID(user),
        "cl_ord_id": ClOrdID(name),
        "symbol": Symbol(symbol),
        "side": side,
        "order_qty": qty,
        "price": price,
        "ord_type": OrdType.MARKET if price is None else OrdType.LIMIT,
        "account": Account(account) if account else None,
    }
    change = (
        OrderCancelReplaceRequest(orig_cl_ord_id=ClOrdID(changes), **terms) if changes else None
    )
    return ReserveChild(
        sender_comp_id=CME_A,
        user=CompID(user),
        parent_id=P1,
        order=None if changes else NewOrderSingle(**terms),
        change=change,
    )


def report(
    name: str,
    exec_type: ExecType,
    qty: int,
    *,
    leaves: int,
    cum: int,
    last: int = 0,
    orig: str = "",
    user: str = "ET2",
) -> ChildReport:
    """Return what the child's gateway passes on."""
    return ChildReport(
        CME_A,
        ExecutionReport(
            target_comp_id=CompID("SSE-A"),
            cl_ord_id=ClOrdID(name),
            order_id=None,
            exec_id=ExecID(1),
            exec_type=exec_type,
            ord_status=OrdStatus.NEW,
            symbol=MNQ.symbol,
            side=Side.BUY,
            order_qty=qty,
            leaves_qty=leaves,
            cum_qty=cum,
            transact_time_ns=0,
            last_qty=last,
            last_px=1535150 if last else None,
            orig_cl_ord_id=ClOrdID(orig) if orig else None,
            target_sub_id=CompID(user),
            parent_id=P1,
        ),
    )


def change_refused(
    name: str, orig: str, user: str = "ET2", reason: CxlRejReason = CxlRejReason.OTHER
) -> ChildReport:
    return ChildReport(
        CME_A,
        OrderCancelReject(
            target_comp_id=CompID("SSE-A"),
            cl_ord_id=ClOrdID(name),
            orig_cl_ord_id=ClOrdID(orig),
            order_id=None,
            cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST,
            cxl_rej_reason=reason,
            transact_time_ns=0,
            symbol=MNQ.symbol,
            target_sub_id=CompID(user),
            parent_id=P1,
            text="closed",
        ),
    )


def after(
    order: StagedOrder, *events: DeskEvent, desk: SmallDesk = DESK, by: Staged = BROKER
) -> StagedOrder:
    """Return *order* as the order type leaves it after *events*."""
    for event in events:
        for effect in by.handle(order, event, desk):
            if isinstance(effect, Keep):
                assert isinstance(effect.parent, StagedOrder)
                order = effect.parent
    return order


def handled(
    order: StagedOrder, event: DeskEvent, desk: SmallDesk = DESK, by: Staged = BROKER
) -> list[DeskEffect]:
    return list(by.handle(order, event, desk))


def unclaim(user: str) -> Unclaim:
    return Unclaim(sender_comp_id=CompID(user), staged_order_id=P1)


def cancel(user: str) -> CancelStagedOrder:
    return CancelStagedOrder(sender_comp_id=CompID(user), staged_order_id=P1)


def change(
    user: str,
    qty: int = 10,
    price: int | None = 1535200,
    *,
    symbol: str = "MNQU3",
    side: Side = Side.BUY,
) -> ChangeStagedOrder:
    return ChangeStagedOrder(
        sender_comp_id=CompID(user),
        staged_order_id=P1,
        symbol=Symbol(symbol),
        side=side,
        order_qty=qty,
        price=price,
    )


def hold(user: str) -> HoldStagedOrder:
    return HoldStagedOrder(sender_comp_id=CompID(user), staged_order_id=P1)


def approve(user: str, number: int = 1, *, push: bool = False) -> ApproveRequest:
    return ApproveRequest(
        sender_comp_id=CompID(user), staged_order_id=P1, request_no=number, push=push
    )


def reject(user: str, number: int = 1) -> RejectRequest:
    return RejectRequest(sender_comp_id=CompID(user), staged_order_id=P1, request_no=number)


# --- how an order of 10 may stand ----------------------------------------------------

AVAILABLE = parent()
CLAIMED = parent("ET2")
WORKED = after(CLAIMED, ask("C1", 6), report("C1", ExecType.NEW, 6, leaves=6, cum=0))
"""ET2 owns it, and works 6 of 10."""

PARTLY_FILLED = after(WORKED, report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4))
"""4 are filled, 2 work, 4 are free."""

FILLED = after(
    CLAIMED,
    ask("C1", 10),
    report("C1", ExecType.NEW, 10, leaves=10, cum=0),
    report("C1", ExecType.TRADE, 10, leaves=0, cum=10, last=10),
)
RELEASED = after(PARTLY_FILLED, unclaim("ET2"))
"""Nobody's, with 4 filled and 2 working."""


# --- what is told of it --------------------------------------------------------------


def said(effects: Iterable[DeskEffect]) -> list[str]:
    """Return effects in words, without what is kept."""
    return [line for effect in effects if (line := _said(effect))]


def _said(effect: DeskEffect) -> str:
    match effect:
        case Announce(StagedUpdate() as update):
            answer = f", {update.answered.value}" if update.answered else ""
            return (
                f"{update.status}, {update.owner or 'nobody'}, cum {update.cum_qty}, "
                f"working {update.working_qty}, free {update.free_qty}{answer}"
            )
        case Announce(ParentPartialFill() as fill):
            return f"fill {fill.last_qty}: {fill.status}, cum {fill.cum_qty}"
        case Tell(StagedReject() as reject):
            return f"{reject.target_comp_id}: {reject.refused} {reject.code.value}, {reject.text}"
        case Tell(ApprovalRequest() as asks):
            what = "change" if asks.change else "cancel"
            return f"{asks.target_comp_id}: approve {asks.request_no}, {what}?"
        case Tell(ChildReserved() as room):
            return f"room for {room.cl_ord_id}"
        case Tell(ChildRefused() as refused):
            return f"{refused.cl_ord_id} {refused.code.value}, {refused.text}"
        case AskOnBehalf(gateway, OrderCancelRequest() as request):
            return f"{gateway}: cancel {request.orig_cl_ord_id} of {request.sender_comp_id}"
        case AskOnBehalf(gateway, OrderCancelReplaceRequest() as request):
            return (
                f"{gateway}: change {request.orig_cl_ord_id} of {request.sender_comp_id} to "
                f"{request.order_qty} @ {request.price}"
            )
        case Keep():
            return ""
        case other:
            return str(other)
