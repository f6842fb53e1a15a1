"""Bands around a price that moves: what is entered too far from it is refused (``price-bands``)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any, ClassVar

import attrs

from ...market.fix import CxlRejReason, OrdRejReason, Side
from ...market.identifiers import Price, Symbol
from ...market.ledger import Rule
from ...market.messages import NewOrderSingle, OrderCancelReplaceRequest, OrderRequest
from ...market.rules import MarketView, Reject
from ..hookspecs import hookimpl
from .decimals import DECIMAL, units

_BANDS = "CME Group Client Systems Wiki, price banding (457320464)"

RULES = (
    Rule(
        "BAND-1",
        "A bid above the reference price plus the variation is refused, and an offer below the"
        " reference price minus it; orders without a price are not checked.",
        f"{_BANDS}, 103: 2179",
        ("variation",),
    ),
    Rule(
        "BAND-2",
        "The reference is the last trade while the market matches, and the indicative price"
        " while it does not; where there is none, the settlement.",
        f"{_BANDS}, reference price; docs/readings.md, the reference of a band",
    ),
    Rule(
        "BAND-3",
        "A change is checked as a new order would be.",
        f"{_BANDS}; docs/readings.md, the reference of a band",
    ),
)


def _variations(_settings: object, field: attrs.Attribute[Any], found: Mapping[Any, Any]) -> None:
    for symbol, variation in found.items():
        if not isinstance(variation, str) or not DECIMAL.fullmatch(variation):
            raise ValueError(
                f"'{field.name}' of {symbol} must be a decimal as text, such as \"12.50\":"
                f" {variation!r}"
            )
        if Fraction(variation) < 0:
            raise ValueError(f"'{field.name}' of {symbol} must not be below zero: {variation}")


@attrs.frozen
class PriceBands:
    """Refuse bids too far above the market, and offers too far below it."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Reject": ("BAND-1",),
    }

    after: ClassVar[tuple[str, ...]] = ("price-limits", "cme-smp", "cme-market")

    variation: Mapping[Symbol, str] = attrs.field(factory=dict, validator=_variations)
    """How far from the reference an order may be on the far side of the market; an instrument
    that is missing has no band."""

    def applies_to(self, symbol: Symbol) -> bool:
        return symbol in self.variation

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if not isinstance(request, NewOrderSingle | OrderCancelReplaceRequest):
            return None
        price, reference = request.price, self.reference(market)
        if price is None or reference is None:
            return None
        instrument, text = market.instrument, self.variation[request.symbol]
        variation = floor(units(text, instrument.price_decimals))
        if request.side is Side.BUY:
            if price <= reference + variation:
                return None
            where, edge = "at most", reference + variation
        else:
            if price >= reference - variation:
                return None
            where, edge = "at least", reference - variation
        return Reject(
            OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND,
            f"price {instrument.show(price)}: expected {where} {instrument.show(edge)}, within"
            f" {text} of the reference {instrument.show(reference)} [BAND-1]",
            cxl_rej_reason=CxlRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND,
        )

    def reference(self, market: MarketView) -> Price | None:
        """Return the price that the band is around (BAND-2); None where there is none yet."""
        if market.state.match:
            px = market.last_px
        else:
            found = market.indicative()
            px = None if found is None else found.price
        return market.instrument.reference_px if px is None else px
