"""What a person does at a trading screen, as the screen's program is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import attrs

from .fix import OrdType, Side, TimeInForce
from .identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID, Symbol
from .messages import NewOrderSingle
from .quotes import MassQuote, QuoteCancel
from .staging import NewStagedOrder
from .synthetic import NewSyntheticOrder


@attrs.frozen(kw_only=True)
class Enter:
    """Send a new order, quotes or a cancel of quotes to a gateway."""

    request: NewStagedOrder | NewSyntheticOrder | NewOrderSingle | MassQuote | QuoteCancel
    gateway: CompID


@attrs.frozen(kw_only=True)
class ClaimOrder:
    """Press the Claim button of a staged order."""

    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class UnclaimOrder:
    """Press the Unclaim button of a staged order."""

    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class CancelStaged:
    """Cancel a staged order, or ask its owner to let it be canceled."""

    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class ChangeStaged:
    """Change a staged order, or ask its owner to; what is None stays as it is."""

    staged_order_id: StagedOrderID
    order_qty: Qty | None = None
    price: Price | None = None
    ord_type: OrdType | None = None
    """A market order keeps no price."""

    symbol: Symbol | None = None
    side: Side | None = None
    """The screen lets one type another, and the gateway refuses it."""


@attrs.frozen(kw_only=True)
class HoldStaged:
    """Put a staged order on hold."""

    staged_order_id: StagedOrderID


@attrs.frozen(kw_only=True)
class AnswerRequest:
    """Approve what the originator of a staged order asks for, or reject it."""

    staged_order_id: StagedOrderID
    approve: bool
    request_no: int | None = None
    """None for the one that the window shows."""

    push: bool = False
    """Whether an approved price goes to the children that work as well."""


@attrs.frozen(kw_only=True)
class EnterChild:
    """Send a child of a staged order that this trader owns."""

    staged_order_id: StagedOrderID
    cl_ord_id: ClOrdID
    order_qty: Qty
    price: Price | None = None
    """The child's limit; None for a market order."""

    account: Account | None = None
    symbol: Symbol | None = None
    side: Side | None = None
    """None for the parent's; the screen lets one type another, and the gateway refuses it."""

    self_match_prevention_id: str | None = None
    self_match_prevention_instruction: str | None = None


@attrs.frozen(kw_only=True)
class CancelWorking:
    """Cancel one of one's own working orders."""

    cl_ord_id: ClOrdID
    orig_cl_ord_id: ClOrdID
    keeps_children: bool = False
    """Of a synthetic order: whether its children stay where they are, and nobody manages them."""


@attrs.frozen(kw_only=True)
class AskStatus:
    """Ask the venue how one of one's own orders stands."""

    cl_ord_id: ClOrdID


@attrs.frozen(kw_only=True)
class ChangeWorking:
    """Change one of one's own working orders; what is None stays as it is.

    A price, a trigger or a date goes where the order's new type or time in force has none.
    """

    cl_ord_id: ClOrdID
    orig_cl_ord_id: ClOrdID
    order_qty: Qty
    price: Price | None = None
    ord_type: OrdType | None = None
    time_in_force: TimeInForce | None = None
    stop_px: Price | None = None
    display_qty: Qty | None = None
    expire_date: date | None = None
    post_only: bool | None = None
    self_match_prevention_id: str | None = None
    self_match_prevention_instruction: str | None = None


@attrs.frozen(kw_only=True)
class CancelAll:
    """Cancel all of one's own orders behind a gateway that fit."""

    cl_ord_id: ClOrdID
    gateway: CompID
    symbol: Symbol | None = None
    side: Side | None = None


StagedAct: TypeAlias = (
    ClaimOrder | UnclaimOrder | CancelStaged | ChangeStaged | HoldStaged | AnswerRequest
)
"""What is done to a staged order in the window."""


@attrs.frozen(kw_only=True)
class EditSynthetic:
    """Change a synthetic order of one's own; what is not given stays as it is."""

    cl_ord_id: ClOrdID
    order_qty: Qty | None = None
    price: Price | None = None
    disclosed_qty: Qty | None = None
    parameters: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PauseSynthetic:
    """Pause a synthetic order of one's own."""

    cl_ord_id: ClOrdID


@attrs.frozen(kw_only=True)
class ResumeSynthetic:
    """Go on with a synthetic order of one's own that is paused."""

    cl_ord_id: ClOrdID


@attrs.frozen(kw_only=True)
class LogOff:
    """End one's session at a synthetic gateway."""

    gateway: CompID


SyntheticAct: TypeAlias = EditSynthetic | PauseSynthetic | ResumeSynthetic
"""What one does to a synthetic order that is in the window."""

Act: TypeAlias = (
    Enter
    | StagedAct
    | EnterChild
    | CancelWorking
    | ChangeWorking
    | CancelAll
    | AskStatus
    | EditSynthetic
    | PauseSynthetic
    | ResumeSynthetic
    | LogOff
)
