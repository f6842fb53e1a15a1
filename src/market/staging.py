"""Staged orders: what desks and gateways say to each other about them.

A staged order rests at the synthetic gateway until an execution trader claims it
and works it with child orders of his own.  A child is an ordinary
`NewOrderSingle` that names its parent; the gateway of its exchange asks the
parent's gateway for room (`ReserveChild`) before the child goes out.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TypeAlias

import attrs

from .fix import Side
from .identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID, Symbol
from .messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    Terms,
    check_name,
    check_price,
    check_quantity,
    check_side,
)

BROKER = "BROKER"
"""The type of an order that is staged to an execution desk."""


class Permission(StrEnum):
    """What a user may do with staged orders.

    Sources: TT, "Staging Orders to Execution Traders Who Use Exchange Trader
    Credentials", note on settings, for the two of X_TRADER; TT, "Care order
    permissions", for the others, which are given for a user and an account.
    """

    CREATION = "staged_order_creation"
    """Staged Order Creation Allowed: may stage."""

    MANAGEMENT = "staged_order_management"
    """Staged Order Management Allowed: may claim, and work what he owns."""

    SUBMIT = "submit_staged_orders"
    """May stage into the account."""

    MANAGE_OWN = "manage_own_staged_orders"
    """May claim and work what he has staged himself."""

    MANAGE_OTHERS = "manage_orders_staged_by_others"
    """May claim and work what others have staged."""

    UNCLAIM_OTHERS = "unclaim_orders_owned_by_others"
    """May make an order that somebody else owns available again."""

    MANAGE_WITHOUT_CLAIMING = "manage_staged_orders_without_claiming"
    """May do all that an owner may, whoever owns the order; brings the three above with it."""

    ONLY_PRICE_IMPROVEMENTS = "only_allow_price_improvements_on_child_orders"
    """Is held to the parent's price: his children's limits are never worse."""

    OMS = "oms_allowed"
    """OMS Allowed, of the user alone: without it every act on a staged order is refused."""


@attrs.frozen(kw_only=True)
class SetPermission:
    """The administrator allows or forbids a user something, from now on."""

    user: CompID
    permission: Permission
    allowed: bool
    account: Account | None = None
    """For the orders of this account; None for all but those that have a setting of their own."""


class StagedStatus(StrEnum):
    """What the Orders and Fills window shows for a staged order.

    Source: TT Order Book reference, "Care order statuses".
    """

    AVAILABLE = "Available"
    CLAIMED = "Claimed"
    WORKING = "Working"
    PARTIALLY_FILLED = "Partially Filled"
    FILLED = "Filled"
    PENDING_CANCEL_APPROVAL = "Pending Cancel Approval"
    PENDING_CHANGE_APPROVAL = "Pending Change Approval"
    PENDING_CANCEL = "Pending Cancel"
    """To be canceled; the cancels of its working children are under way."""

    CANCELED = "Canceled"


class RejectCode(IntEnum):
    """Why a request about a staged order is refused.

    Source: TT Core SDK, ``RejectCode``; which code goes with which refusal is our
    reading (``docs/readings.md``, "Reject codes of staged orders").
    """

    INVALID_QTY = 4
    NOT_ALLOWED = 5
    INCORRECT_INSTRUMENT_TYPE = 13
    INVALID_PRICE = 28
    CHILD_ORDER_QTY_CHANGE_FORBIDDEN = 39
    SUBMIT_STAGED_FORBIDDEN = 43
    CLAIM_STAGED_FORBIDDEN = 44
    CANCEL_REPLACE_STAGED_FORBIDDEN = 45
    STAGED_CHILD_FORBIDDEN = 46
    STAGED_ALREADY_IN_PENDING = 47
    STAGED_ORDER_CANCEL_REJECTED_BY_CLAIMANT = 55
    STAGED_ORDER_REPLACE_REJECTED_BY_CLAIMANT = 56
    STALE_STAGED_ORDER_REPLACE_ACCEPTED_BY_CLAIMANT = 57
    STAGED_ORDER_NEW_PENDING_REQUEST_ARRIVED = 58
    STAGED_ORDER_CANCEL_REJECTED_CHILD_NOS_UNACKED = 64


class StagedExecType(IntEnum):
    """What became of an owner's answer to a request.

    Source: TT Core SDK, ``ExecType``.
    """

    STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED = 27
    STAGE_ORDER_REJECTION_OF_PENDING_ACCEPTED = 28


@attrs.frozen(kw_only=True)
class NewStagedOrder:
    """A request to stage an order to an execution desk.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    staged_order_id: StagedOrderID
    staged_type: str
    """The order type that hosts it, by its plugin's name: ``BROKER`` for the desk."""

    gateway: CompID
    """The gateway of the exchange that lists the contract: the children's way out."""

    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None = None
    account: Account | None = None
    text: str = ""
    """Instructions for the desk."""

    def __attrs_post_init__(self) -> None:
        check_quantity(self.order_qty)
        check_price(self.price)
        check_side(self.side)
        check_name(self.staged_order_id, "staged_order_id")


@attrs.frozen(kw_only=True)
class Claim:
    """An execution trader asks to own a staged order."""

    sender_comp_id: CompID
    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class Unclaim:
    """An owner gives a staged order up, or somebody who may takes it from him.

    The order is available again, with its fills and with the children that work.
    """

    sender_comp_id: CompID
    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class CancelStagedOrder:
    """A request to cancel a staged order, and the children that work for it."""

    sender_comp_id: CompID
    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class ChangeStagedOrder:
    """A request to change a staged order to these terms, all of them.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    staged_order_id: StagedOrderID
    symbol: Symbol
    side: Side
    """Instrument and side are the order's own: they never change."""

    order_qty: Qty
    """The new total, what has been filled included."""

    price: Price | None = None
    """The new limit; None makes it a market order."""

    def __attrs_post_init__(self) -> None:
        check_quantity(self.order_qty)
        check_price(self.price)
        check_side(self.side)


@attrs.frozen(kw_only=True)
class HoldStagedOrder:
    """A request to hold a staged order, which no gateway grants."""

    sender_comp_id: CompID
    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class ApproveRequest:
    """The owner lets the originator's request to cancel or to change be done."""

    sender_comp_id: CompID
    staged_order_id: StagedOrderID
    request_no: int
    push: bool = False
    """Whether children that work get the new price at once."""


@attrs.frozen(kw_only=True)
class RejectRequest:
    """The owner does not let the originator's request to cancel or to change be done."""

    sender_comp_id: CompID
    staged_order_id: StagedOrderID
    request_no: int


StagedRequest: TypeAlias = (
    Claim
    | Unclaim
    | CancelStagedOrder
    | ChangeStagedOrder
    | HoldStagedOrder
    | ApproveRequest
    | RejectRequest
)
"""What users ask of a staged order that there is."""


def forbidden(request: StagedRequest) -> RejectCode:
    """Return the code that refuses *request* to who may not make it, or not now."""
    match request:
        case Claim() | Unclaim():
            return RejectCode.CLAIM_STAGED_FORBIDDEN
        case HoldStagedOrder():
            return RejectCode.NOT_ALLOWED
        case _:
            return RejectCode.CANCEL_REPLACE_STAGED_FORBIDDEN


@attrs.frozen(kw_only=True)
class ApprovalRequest:
    """The owner is asked whether the originator's request may be done."""

    target_comp_id: CompID
    staged_order_id: StagedOrderID
    request_no: int
    """The order's requests for approval are numbered from 1."""

    originator: CompID
    change: ChangeStagedOrder | None
    """What he asks to change; None where he asks to cancel the order."""


@attrs.frozen(kw_only=True)
class StagedAck:
    """The gateway has a new staged order; to everyone who may see it."""

    target_comp_id: CompID
    staged_order_id: StagedOrderID
    staged_type: str
    status: StagedStatus
    owner: CompID | None
    gateway: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    leaves_qty: Qty
    price: Price | None
    account: Account | None
    originator: CompID
    routing_mgt: str
    exchange_mgt: str
    text: str


@attrs.frozen(kw_only=True)
class StagedUpdate:
    """A staged order has changed hands or state; to everyone who may see it."""

    target_comp_id: CompID
    staged_order_id: StagedOrderID
    status: StagedStatus
    owner: CompID | None
    cum_qty: Qty
    leaves_qty: Qty
    working_qty: Qty
    """What is in the market in children."""

    free_qty: Qty
    """What may still be given to a new child."""

    symbol: Symbol
    order_qty: Qty
    price: Price | None
    traded: Price
    """The sum of price times quantity over its fills, in the price's units."""

    request_no: int | None = None
    """The request that waits for approval, if one does."""

    answered: StagedExecType | None = None
    """The answer to a request that this update carries out, if it does."""


@attrs.frozen(kw_only=True)
class StagedReject:
    """A request about a staged order is refused; to its sender only."""

    target_comp_id: CompID
    staged_order_id: StagedOrderID
    refused: str
    """The request, by its class name."""

    code: RejectCode
    text: str


@attrs.frozen(kw_only=True)
class ParentPartialFill:
    """A child of a staged order has traded: one of these for each fill of a child."""

    target_comp_id: CompID
    staged_order_id: StagedOrderID
    child_id: ClOrdID
    symbol: Symbol
    last_qty: Qty
    last_px: Price
    cum_qty: Qty
    leaves_qty: Qty
    working_qty: Qty
    status: StagedStatus
    owner: CompID | None


@attrs.frozen(kw_only=True)
class ReserveChild:
    """A child's gateway asks the parent's gateway for room for it."""

    sender_comp_id: CompID
    """The gateway that asks."""

    user: CompID
    parent_id: StagedOrderID
    order: NewOrderSingle | None = None
    """A new child, as its user sent it."""

    change: OrderCancelReplaceRequest | None = None
    """Or the change of a child: its ``order_qty`` is the child's new total."""

    @property
    def request(self) -> Terms:
        """The child or the change of one, whichever it is."""
        request = self.order or self.change
        assert request is not None, "room is asked for something"
        return request

    @property
    def cl_ord_id(self) -> ClOrdID:
        """The child, as its user names it from now on."""
        return self.request.cl_ord_id

    @property
    def changes(self) -> ClOrdID | None:
        """The child's name so far, when this is a change."""
        return None if self.change is None else self.change.orig_cl_ord_id


@attrs.frozen(kw_only=True)
class ChildReserved:
    """The parent has room for the child, and holds it until the child is over.

    Carries what the child's gateway needs to know of the parent in order to tell
    those who may see the child.
    """

    target_comp_id: CompID
    user: CompID
    cl_ord_id: ClOrdID
    parent_id: StagedOrderID
    originator: CompID
    account: Account | None
    beneficiaries: tuple[CompID, ...]
    """Whom the parent is for."""


@attrs.frozen(kw_only=True)
class ChildRefused:
    """The parent may not have this child."""

    target_comp_id: CompID
    user: CompID
    cl_ord_id: ClOrdID
    parent_id: StagedOrderID
    code: RejectCode
    text: str
