"""Synthetic orders: what users, the synthetic gateway and exchange gateways say about them.

A synthetic order lives at the synthetic gateway, whose order types work it in child
orders.  The children are its user's own: the gateway enters, changes and cancels them
on his behalf.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

import attrs

from .credentials import ParentOrder
from .fix import Side, TimeInForce
from .identifiers import Account, ClOrdID, CompID, Moment, Price, Qty, StagedOrderID, Symbol
from .messages import (
    OrderRequest,
    check_name,
    check_price,
    check_quantity,
    check_side,
    check_text,
)


@attrs.frozen(kw_only=True)
class OnBehalf:
    """A synthetic gateway makes a request for a user of the exchange gateway.

    The request is as the user himself would send it, and its reports go where they
    would go then, and to the synthetic gateway.
    """

    sender_comp_id: CompID
    """The synthetic gateway, where the parent of the order lives."""

    on_behalf_of_comp_id: CompID
    """The user (FIX 115)."""

    request: OrderRequest
    parent: ParentOrder | None = None
    """On a new order: whose its parent is, for who may see the child."""

    parent_id: StagedOrderID | None = None
    """On a change or a cancel: the child's parent, which its reject names even where the
    child is not known any more."""


class SynthStatus(StrEnum):
    """Where a synthetic order stands.

    Source: TT Core SDK, ``SynthStatus``, whose numbers are those of `code`.
    """

    STARTING = "Starting"
    WAITING = "Waiting"
    PENDING_TRIGGER = "Pending Trigger"
    WORKING = "Working"
    PAUSED = "Paused"
    HELD = "Held"
    FAILED = "Failed"
    CANCELED = "Canceled"
    RECOVERING = "Recovering"
    FINISHED = "Finished"
    PAUSING = "Pausing"
    STOPPING = "Stopping"
    RESUMING = "Resuming"
    RECOVERY_FAILED = "Recovery Failed"
    EXPIRED = "Expired"
    HOLDING = "Holding"
    UNMANAGED = "Unmanaged"
    PENDING_CLEANUP = "Pending Cleanup"

    @property
    def code(self) -> int:
        """The number that TT's software has for it."""
        return list(SynthStatus).index(self)


class MultiLegReportingType(StrEnum):
    """Tag 442: what a fill is of."""

    SINGLE_SECURITY = "1"
    LEG = "2"
    MULTILEG = "3"


# --- what users ask -------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class NewSyntheticOrder:
    """A request to enter an order that an order type of the synthetic gateway works.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The order's name, unique on its gateway among all orders that live there."""

    order_type: str
    """The order type, by its plugin's name (TT FIX 16847)."""

    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    account: Account | None = None
    parameters: Any = None
    """An instance of the order type's class of parameters; None for its defaults."""

    parent_id: StagedOrderID | None = None
    """The staged order on the same gateway that this one is a child of."""

    disclosed_qty: Qty | None = None
    """How much of it may be worked so far, what is filled included; None for all of it."""

    self_match_prevention_id: str | None = None
    """What its children at an exchange have as theirs, and children's children."""

    self_match_prevention_instruction: str | None = None

    text: str = ""

    def __attrs_post_init__(self) -> None:
        check_quantity(self.order_qty)
        check_price(self.price)
        check_side(self.side)
        check_name(self.cl_ord_id, "cl_ord_id")
        check_name(self.order_type, "order_type")
        check_name(self.symbol, "symbol")
        for field in ("self_match_prevention_id", "self_match_prevention_instruction"):
            if getattr(self, field) is not None:
                check_text(getattr(self, field), field)


@attrs.frozen(kw_only=True)
class EditSyntheticOrder:
    """A request to change a synthetic order; what it does not say stays as it is.

    Raises:
        ValueError: if a field is not what it must be in any market.
    """

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    """The order's name, which stays."""

    order_qty: Qty | None = None
    """The new total: what has been filled counts towards it."""

    price: Price | None = None
    disclosed_qty: Qty | None = None
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    """By the name of the parameter, those that change."""

    def __attrs_post_init__(self) -> None:
        if self.order_qty is not None:
            check_quantity(self.order_qty)
        check_price(self.price)
        check_name(self.cl_ord_id, "cl_ord_id")


@attrs.frozen(kw_only=True)
class CancelSyntheticOrder:
    """A request to cancel what is left of a synthetic order, its children first."""

    sender_comp_id: CompID
    cl_ord_id: ClOrdID
    keeps_children: bool = False
    """Whether the order alone goes: its children stay where they are, and nobody manages them."""


@attrs.frozen(kw_only=True)
class PauseSyntheticOrder:
    """A request to take a synthetic order's children off the market until it is resumed."""

    sender_comp_id: CompID
    cl_ord_id: ClOrdID


@attrs.frozen(kw_only=True)
class ResumeSyntheticOrder:
    """A request to go on with an order that was paused."""

    sender_comp_id: CompID
    cl_ord_id: ClOrdID


@attrs.frozen(kw_only=True)
class Disconnect:
    """A user's session at the synthetic gateway has ended; his orders do as they are set to."""

    sender_comp_id: CompID


# --- what they are told ---------------------------------------------------------------


@attrs.frozen(kw_only=True)
class SyntheticAck:
    """The gateway has a new synthetic order; to everyone who may see it."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    order_type: str
    originator: CompID
    synth_status: SynthStatus
    symbol: Symbol
    side: Side
    order_qty: Qty
    leaves_qty: Qty
    price: Price | None
    account: Account | None
    parent_id: StagedOrderID | None
    """The order that this one is a child of, if it is one."""

    parameters: Any
    self_match_prevention_id: str | None = None
    self_match_prevention_instruction: str | None = None


@attrs.frozen(kw_only=True)
class SyntheticUpdate:
    """A synthetic order stands otherwise: changed, paused, over; to everyone who may see it."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    synth_status: SynthStatus
    symbol: Symbol
    order_qty: Qty
    price: Price | None
    cum_qty: Qty
    leaves_qty: Qty
    """What may still be filled; 0 once the order is over."""

    text: str = ""


@attrs.frozen(kw_only=True)
class SyntheticFill:
    """A child has traded: one of these for each fill of a child, to everyone who may see it."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    child_id: ClOrdID
    symbol: Symbol
    """The order's own; of a leg's fill, the leg's."""

    side: Side
    last_qty: Qty
    last_px: Price
    cum_qty: Qty
    """Of the order, whose own quantity a leg's fill does not change."""

    leaves_qty: Qty
    synth_status: SynthStatus
    multi_leg_reporting_type: MultiLegReportingType = MultiLegReportingType.SINGLE_SECURITY


@attrs.frozen(kw_only=True)
class OrderSchedule:
    """On which schedule an order is worked from now on; on record at its gateway."""

    cl_ord_id: ClOrdID
    steps: tuple[tuple[Moment, Qty], ...]
    """From when on, in nanoseconds since the run's start, how much of the order in all is to
    have been released."""


@attrs.frozen(kw_only=True)
class SyntheticReject:
    """A request about a synthetic order is refused; to its sender only."""

    target_comp_id: CompID
    cl_ord_id: ClOrdID
    refused: str
    """The request, by its class name."""

    text: str


SyntheticRequest: TypeAlias = (
    NewSyntheticOrder
    | EditSyntheticOrder
    | CancelSyntheticOrder
    | PauseSyntheticOrder
    | ResumeSyntheticOrder
)
"""What users ask about one synthetic order."""
