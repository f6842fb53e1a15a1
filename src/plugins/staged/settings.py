"""What the order type ``BROKER`` is set up with."""

from __future__ import annotations

import attrs
from attrs import validators

from ...market.identifiers import Price, Qty, Symbol
from ...market.staging import RejectCode
from ..desk import Desk


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of staged orders at one gateway."""

    staging_enabled: bool = True
    """Whether the gateway takes staged orders at all."""

    max_order_qty: Qty | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(0))
    )
    """The largest staged order; None for any size.  The venue's own limit is for children."""

    originator_cancel_immediate: bool = False
    """Whether an originator cancels what somebody owns without his approval."""

    newer_request_replaces: bool = False
    """Whether a request that comes while one waits for approval takes its place; otherwise
    it is refused."""

    def objection(
        self, order_qty: Qty, price: Price | None, symbol: Symbol, desk: Desk
    ) -> tuple[RejectCode, str] | None:
        """Return why there can be no staged order of this size at this price."""
        instrument = desk.instrument(symbol)
        assert instrument is not None, "the gateway takes listed instruments only"
        if price is not None and not instrument.ticks.accepts(price):
            step = instrument.show(instrument.ticks.increment_at(price))
            text = f"price {instrument.show(price)} is not a multiple of {step}"
            return RejectCode.INVALID_PRICE, text
        if self.max_order_qty is not None and order_qty > self.max_order_qty:
            text = f"quantity {order_qty} is above the largest, {self.max_order_qty}"
            return RejectCode.INVALID_QTY, text
        return None
