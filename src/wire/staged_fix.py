"""What FIX says of a staged order and of its children: TT's tags, and the standard ones.

Sources: TT FIX, ``StagedOrderMsg`` (16106), ``StagedOrderStatus`` (16109), ``StagedOrderOwner``
(16110), ``NoLinks`` (16112) with ``LinkID`` and ``LinkType``; ``docs/readings.md``, the FIX view
of staged orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from ..market.identifiers import CompID
from ..market.instrument import Instrument
from ..market.ledger import Rule
from ..market.messages import ExecutionReport
from ..market.staging import (
    ParentPartialFill,
    StagedAck,
    StagedExecType,
    StagedStatus,
    StagedUpdate,
)
from ..market.window import average
from .fix_text import Pair, Pairs

RULES = (
    Rule(
        "STAGE-27",
        "A staged order is handled manually (21 = 3); who owns it is in 16109 and 16110, and a"
        " child is linked to it (16114 = 7).",
        "TT FIX, tags 21, 16106, 16109, 16110, 16112 to 16114;"
        " docs/readings.md, the FIX view of staged orders",
    ),
)

Told: TypeAlias = StagedAck | StagedUpdate | ParentPartialFill


class StagedOrderStatus(StrEnum):
    """Tag 16109."""

    AVAILABLE = "A"
    OWNED = "O"


class LinkType(StrEnum):
    """Tag 16114: what an order is to the one that 16113 names."""

    STAGED_CHILD = "7"


_MANUAL = "3"
_SINGLE_SECURITY = "1"

_PENDING = {
    StagedStatus.PENDING_CANCEL_APPROVAL: "6",
    StagedStatus.PENDING_CANCEL: "6",
    StagedStatus.PENDING_CHANGE_APPROVAL: "E",
}
_OVER = {StagedStatus.FILLED: "2", StagedStatus.CANCELED: "4"}


def staged_pairs(told: Told, instrument: Instrument) -> Pairs:
    """Return the execution report (35 = 8) that *told* is, as far as it carries its fields.

    Args:
        instrument: the order's, whose decimals prices are written in.
    """
    return tuple(_pairs(told, instrument))


def _pairs(told: Told, instrument: Instrument) -> Iterator[Pair]:
    cum_qty = 0 if isinstance(told, StagedAck) else told.cum_qty
    yield 35, "8"
    yield 11, told.staged_order_id
    yield 150, _exec_type(told)
    yield 39, _PENDING.get(told.status) or _OVER.get(told.status) or ("1" if cum_qty else "0")
    yield 55, told.symbol
    if isinstance(told, StagedAck):
        yield 54, told.side.value
        if told.account is not None:
            yield 1, told.account
    if isinstance(told, ParentPartialFill):
        yield 32, str(told.last_qty)
        yield 31, instrument.show(told.last_px)
    else:
        yield 38, str(told.order_qty)
        yield 40, "1" if told.price is None else "2"
        if told.price is not None:
            yield 44, instrument.show(told.price)
    yield 14, str(cum_qty)
    yield 151, str(told.leaves_qty)
    if isinstance(told, StagedUpdate):
        px = average(told.traded, told.cum_qty, instrument.price_decimals) or Decimal(0)
        yield 6, str(px)
    yield 21, _MANUAL
    yield 442, _SINGLE_SECURITY
    if isinstance(told, StagedAck) and told.text:
        yield 16106, told.text
    yield from _ownership(told.owner)


def _ownership(owner: CompID | None) -> Iterator[Pair]:
    yield 16109, (StagedOrderStatus.OWNED if owner else StagedOrderStatus.AVAILABLE).value
    if owner:
        yield 16110, owner


def _exec_type(told: Told) -> str:
    match told:
        case StagedAck():
            return "0"
        case ParentPartialFill():
            return "F"
        case StagedUpdate(status=StagedStatus.CANCELED):
            return "4"
        case StagedUpdate(status=status) if status in _PENDING:
            return _PENDING[status]
        case StagedUpdate(answered=StagedExecType.STAGE_ORDER_APPROVAL_OF_PENDING_ACCEPTED):
            return "5"  # a cancel that is approved is one of those above
        case StagedUpdate():
            return "D"  # it has another owner, or its children stand otherwise


def child_links(report: ExecutionReport) -> Pairs:
    """Return what links a child to its staged order; nothing of an order that is no child."""
    if report.parent_id is None:
        return ()
    return ((16112, "1"), (16113, report.parent_id), (16114, LinkType.STAGED_CHILD.value))
