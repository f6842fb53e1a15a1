"""Synthetic orders: what users, the synthetic gateway and exchange gateways say about them.

A synthetic order lives at the synthetic gateway, whose order types work it in child
orders.  The children are its user's own: the gateway enters, changes and cancels them
on his behalf.
"""

from __future__ import annotations

import attrs

from .credentials import ParentOrder
from .identifiers import CompID
from .messages import OrderRequest


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
