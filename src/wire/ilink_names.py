"""What one end of a session remembers of its requests, as the text needs more than a message says.

A cancel has the venue's number of its order, a report comes in capitals, a reject says of
its request only under which number it was sent.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ..market.identifiers import Account, ClOrdID, CompID, OrderID
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)
from ..market.quotes import MassQuote, QuoteCancel
from .fix_session import RETURNED

Request: TypeAlias = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderMassActionRequest
    | MassQuote
    | QuoteCancel
)


def name_of(request: Request) -> str:
    """Return the client's name for *request*."""
    return request.quote_id if isinstance(request, MassQuote | QuoteCancel) else request.cl_ord_id


def as_returned(name: str) -> str:
    """Return what comes back of an operator's or an account's name."""
    return name.upper()[:RETURNED]


@attrs.define
class Names:
    """One end's memory; it belongs to what outlasts a crash."""

    order_ids: dict[ClOrdID, OrderID] = attrs.field(factory=dict)
    """The venue's number of each order, by every name that the order has had."""

    latest: dict[OrderID, ClOrdID] = attrs.field(factory=dict)
    firsts: dict[ClOrdID, ClOrdID] = attrs.field(factory=dict)
    """By the name of each request, the name that its order came with."""

    accounts: dict[ClOrdID, Account | None] = attrs.field(factory=dict)
    numbers: dict[tuple[str, str], int] = attrs.field(factory=dict)
    """Under which number a request was sent, by its type and name."""

    requests: dict[int, tuple[str, str]] = attrs.field(factory=dict)
    spelled: dict[str, str] = attrs.field(factory=dict)
    """How a name was written of which capitals come back."""

    def asked(self, msg_type: str, request: Request, number: int) -> None:
        """Remember a request that was sent, or that came, under *number*."""
        name = name_of(request)
        self.numbers[msg_type, name] = number
        self.requests[number] = (msg_type, name)
        self._spell(request.sender_sub_id)
        if not isinstance(request, OrderCancelRequest | QuoteCancel):
            self._spell(request.account)
        match request:
            case NewOrderSingle(cl_ord_id=name, account=account):
                self.firsts[name] = name
                self.accounts[name] = account
            case OrderCancelReplaceRequest(cl_ord_id=name, orig_cl_ord_id=orig, account=account):
                self.firsts[name] = self.firsts.get(orig, orig)
                self.accounts[name] = account
            case OrderCancelRequest(cl_ord_id=name, orig_cl_ord_id=orig):
                self.firsts[name] = self.firsts.get(orig, orig)
            case _:
                pass  # it names no order

    def told(self, report: ExecutionReport) -> None:
        """Remember what a report says of its order's names."""
        order_id = report.order_id
        if order_id is None:
            return
        orig = report.orig_cl_ord_id
        self.order_ids[orig or report.cl_ord_id] = order_id
        if orig is None or report.leaves_qty:  # the name of a cancel does not become the order's
            self.order_ids[report.cl_ord_id] = order_id
            self.latest[order_id] = report.cl_ord_id

    def _spell(self, name: CompID | Account | None) -> None:
        if name is not None:
            self.spelled[as_returned(name)] = name
