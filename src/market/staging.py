"""Staged orders: what desks and gateways say to each other about them.

A staged order rests at the synthetic gateway until an execution trader claims it
and works it with child orders of his own.  A child is an ordinary
`NewOrderSingle` that names its parent; the gateway of its exchange asks the
parent's gateway for room (`ReserveChild`) before the child goes out.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import attrs

from .fix import Side
from .identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID, Symbol
from .messages import check_name, check_price, check_quantity, check_side

BROKER = "BROKER"
"""The type of an order that is staged to an execution desk."""


class Permission(StrEnum):
    """What TT User Setup lets a user do with staged orders.

    Source: TT, "Staging Orders to Execution Traders Who Use Exchange Trader
    Credentials", note on settings.
    """

    CREATION = "staged_order_creation"
    """Staged Order Creation Allowed."""

    MANAGEMENT = "staged_order_management"
    """Staged Order Management Allowed."""


@attrs.frozen(kw_only=True)
class SetPermission:
    """The administrator allows or forbids a user something, from now on."""

    user: CompID
    permission: Permission
    allowed: bool


class StagedStatus(StrEnum):
    """What the Orders and Fills window shows for a staged order.

    Source: TT Order Book reference, "Care order statuses".
    """

    AVAILABLE = "Available"
    CLAIMED = "Claimed"
    WORKING = "Working"
    PARTIALLY_FILLED = "Partially Filled"
    FILLED = "Filled"


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
    STAGED_CHILD_FORBIDDEN = 46


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
    """A child's gateway asks the parent's gateway for room for it.

    For a change of a child, ``order_qty`` is the child's new total.
    """

    sender_comp_id: CompID
    """The gateway that asks."""

    user: CompID
    cl_ord_id: ClOrdID
    """The child, as its user names it."""

    parent_id: StagedOrderID
    symbol: Symbol
    side: Side
    order_qty: Qty
    account: Account | None
    changes: ClOrdID | None = None
    """The child's name so far, when this is a change."""


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
