"""NSX's anomalous order threshold (``nsx-aot``): no order too far beyond the market.

It is about the limit of an order, not about a trade, and on the far side of the market
alone: a bid too high, an offer too low.  Its reference price follows every trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from ...market.fix import CxlRejReason, OrdRejReason, Side
from ...market.identifiers import Price, Symbol
from ...market.instrument import Instrument
from ...market.ledger import Rule
from ...market.messages import OrderCancelRequest, OrderRequest
from ...market.rules import (
    HIGHEST,
    LOWEST,
    Indifferent,
    MarketView,
    Publish,
    Reject,
    Remember,
    SettleEffect,
)
from ...wire.itch import AttributeType
from ...wire.public import PublicAttribute
from ..hookspecs import hookimpl
from .attributes import (
    PercentBand,
    ReferenceRange,
    check_bands,
    check_references,
    check_settings,
    first_reference,
    on_or_off,
    range_around,
)

_PAGE = 'NSX, "Anomalous Order Threshold (AOT)"'
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "NSX-AOT-1",
        "A bid above the reference price by more than the upper percentage of it is refused, and"
        " an offer below it by more than the lower one; at a limit neither is, nor is an order"
        " without a price.",
        f"{_PAGE}; {_READINGS}, the printed threshold of 0.25; {_READINGS}, the limits of a range"
        " are exact and inside",
        ("bands",),
    ),
    Rule(
        "NSX-AOT-2",
        "The reference price is the last trade's, and before the first one that of the day before;"
        " as it moves it is published, with the percentages where they are others.",
        _PAGE,
        ("references",),
    ),
    Rule(
        "NSX-AOT-3",
        "A change is checked as a new order would be, and orders in an auction are as others are.",
        f"{_READINGS}, what the threshold is for",
        ("in_auctions",),
    ),
)

_RANGE = "range"


@attrs.frozen(kw_only=True)
class AnomalousOrderThreshold:
    """Refuse bids too far above the last trade, and offers too far below it."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Reject": ("NSX-AOT-1",),
        "Publish": ("NSX-AOT-2",),
    }

    in_auctions: bool = attrs.field(default=True, validator=on_or_off)
    """Whether orders are checked where the market does not match."""

    bands: tuple[PercentBand, ...] = attrs.field(
        default=(PercentBand("0", "38", "38"),), validator=check_bands
    )
    """The percentages, by the reference price."""

    references: Mapping[Symbol, str] = attrs.field(factory=dict, validator=check_references)
    """The reference price before the first trade, where it is not the instrument's own."""

    symbols: tuple[Symbol, ...] | None = None
    """The instruments that have a threshold, if not all do."""

    def applies_to(self, symbol: Symbol) -> bool:
        return self.symbols is None or symbol in self.symbols

    def check_instrument(self, instrument: Instrument) -> None:
        check_settings(instrument, self.bands, self.references)

    def range(self, market: MarketView) -> ReferenceRange | None:
        """Return the range in force, or None while there is no reference price."""
        known = market.recall(_RANGE)
        if isinstance(known, ReferenceRange):
            return known
        reference = first_reference(market.instrument, self.references)
        return None if reference is None else self._around(reference, market)

    def opening(self, market: MarketView) -> tuple[PublicAttribute, ...]:
        """Return the range in force as a feed begins with it."""
        found = self.range(market)
        return () if found is None else _published(market.instrument.symbol, found)

    def indifferent(self, market: MarketView) -> Indifferent:
        """Return the orders that are not anomalous, and the last price that it refers to."""
        allowed = self.range(market)
        if allowed is None:
            return Indifferent(orders=(LOWEST, HIGHEST))
        lowest, highest = allowed.lowest, allowed.highest
        return Indifferent(
            orders=(
                LOWEST if lowest is None else lowest,
                HIGHEST if highest is None else highest,
            ),
            last_px=allowed.reference,
        )

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if isinstance(request, OrderCancelRequest) or request.price is None:
            return None
        if not self.in_auctions and not market.state.match:
            return None
        allowed, price = self.range(market), request.price
        if allowed is None:
            return None
        if request.side is Side.BUY:
            edge, expected = allowed.highest, "at most"
            if edge is None or price <= edge:
                return None
        else:
            edge, expected = allowed.lowest, "at least"
            if edge is None or price >= edge:
                return None
        show = market.instrument.show
        return Reject(
            OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND,
            f"price {show(price)}: expected {expected} {show(edge)}, by the reference"
            f" {show(allowed.reference)} of the anomalous order threshold [NSX-AOT-1]",
            cxl_rej_reason=CxlRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND,
        )

    @hookimpl
    def after_trades(
        self, events: Sequence[object], market: MarketView
    ) -> list[SettleEffect] | None:
        last_px, before = market.last_px, self.range(market)
        if last_px is None or (before is not None and before.reference == last_px):
            return None
        found = self._around(last_px, market)
        published = _published(market.instrument.symbol, found, before)
        return [Remember(_RANGE, found), *map(Publish, published)]

    def _around(self, reference: Price, market: MarketView) -> ReferenceRange:
        return range_around(reference, self.bands, market.instrument.price_decimals)


def _published(
    symbol: Symbol, found: ReferenceRange, before: ReferenceRange | None = None
) -> tuple[PublicAttribute, ...]:
    """Return the attributes of a range, without percentages that are the same as before."""
    attributes = [(AttributeType.AOT_REFERENCE, found.reference)]
    if before is None or before.upper_percent != found.upper_percent:
        attributes.append((AttributeType.AOT_UPPER_PERCENT, found.upper_percent))
    if before is None or before.lower_percent != found.lower_percent:
        attributes.append((AttributeType.AOT_LOWER_PERCENT, found.lower_percent))
    return tuple(
        [
            PublicAttribute(symbol=symbol, attribute_type=kind, attribute_value=value)
            for kind, value in attributes
        ]
    )
