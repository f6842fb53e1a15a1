"""A day's lowest and highest price: nothing ever trades beyond (``price-limits``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import ClassVar

import attrs
from attrs import validators

from ...market.book import Armed, Replaced, Rested
from ...market.fix import ExecRestatementReason, OrdRejReason, OrdType, Side, TimeInForce
from ...market.identifiers import OrderID, Price, Symbol
from ...market.instrument import Instrument
from ...market.ledger import Rule
from ...market.messages import NewOrderSingle, OrderCancelRequest, OrderRequest, Terms
from ...market.rules import (
    CancelOrder,
    MarketView,
    Reject,
    Remainder,
    Remember,
    SettleEffect,
    StopSweep,
)
from ...market.sessions import TradingState
from ..hookspecs import hookimpl
from .decimals import decimal, units

_LIMITS = "CME Group Client Systems Wiki, price limits (46924168)"

RULES = (
    Rule(
        "LIMIT-1",
        "No order is taken, and none changed, at a price outside the day's limits.",
        f"{_LIMITS}, 103: 2137",
        ("limits",),
    ),
    Rule(
        "LIMIT-2",
        "Where the product has it so, an order that is good beyond the day may be to buy below"
        " the low limit, or to sell above the high one: it rests until the limits reach it.",
        f"{_LIMITS}, GTC and GTD orders; docs/readings.md, orders outside the limits",
        ("dormant",),
    ),
    Rule(
        "LIMIT-3",
        "Nothing trades outside the day's limits: what is left of an order that would is"
        " canceled, and so is what would rest to buy above the high limit or to sell below the"
        " low one.",
        f"{_LIMITS}; docs/readings.md, orders outside the limits",
        ("limits",),
    ),
    Rule(
        "LIMIT-4",
        "As a day ends the next day's limits take over; an order that is left to buy above the"
        " high one or to sell below the low one is canceled.",
        f"{_LIMITS}; docs/readings.md, orders outside the limits",
        ("limits",),
    ),
)


@attrs.frozen
class DailyLimits:
    """The lowest and the highest price of one day.

    Raises:
        ValueError: if one is no decimal, or the low limit is above the high one.
    """

    low: str = attrs.field(validator=decimal)
    high: str = attrs.field(validator=decimal)

    @high.validator
    def _not_below_low(self, _attribute: object, high: str) -> None:
        if Fraction(self.low) > Fraction(high):
            raise ValueError(f"'low' must be at most 'high', was {self.low} with {high}")

    def lowest(self, instrument: Instrument) -> Price:
        """Return the lowest price in units that is not below the low limit."""
        return ceil(units(self.low, instrument.price_decimals))

    def highest(self, instrument: Instrument) -> Price:
        """Return the highest price in units that is not above the high limit."""
        return floor(units(self.high, instrument.price_decimals))


@attrs.frozen
class ProductLimits:
    """The limits of one instrument."""

    days: tuple[DailyLimits, ...] = attrs.field(
        validator=[
            validators.min_len(1),
            validators.deep_iterable(validators.instance_of(DailyLimits)),
        ],
    )
    """Day by day; the last ones stay."""

    dormant: bool = attrs.field(default=True, validator=validators.instance_of(bool))
    """Whether orders good beyond the day may wait outside."""


class LimitRules:
    """What holds of limits whoever sets them; a rule set that has some builds on it.

    A hook that it adds to (the end of a day, for one) it implements itself.
    """

    __slots__ = ()

    def applies_to(self, symbol: Symbol) -> bool:
        """Return whether an instrument has limits."""
        raise NotImplementedError

    def limits_now(self, market: MarketView) -> DailyLimits:
        """Return the limits in force, which the instrument and what is remembered tell."""
        raise NotImplementedError

    def may_wait_outside(self, symbol: Symbol) -> bool:
        """Return whether orders good beyond the day may wait outside."""
        raise NotImplementedError

    def may_narrow(self, market: MarketView) -> bool:
        """Return whether an order that is inside today may be outside on another day."""
        raise NotImplementedError

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if isinstance(request, OrderCancelRequest):
            return None
        field, price = _works_at(request, market.instrument)
        if price is None:
            return None
        today, instrument = self.limits_now(market), market.instrument
        low, high = today.lowest(instrument), today.highest(instrument)
        if low <= price <= high:
            return None
        beyond = price > high if request.side is Side.BUY else price < low
        stays = request.time_in_force in _BEYOND_THE_DAY and not beyond
        if stays and self.may_wait_outside(request.symbol):
            return None
        expected = f"at most {today.high}" if price > high else f"at least {today.low}"
        return Reject(
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
            f"{field} {instrument.show(price)}: expected {expected}, the day's limit [LIMIT-1]",
        )

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> StopSweep | None:
        today, instrument = self.limits_now(market), market.instrument
        if price > today.highest(instrument):
            expected = f"at most {today.high}"
        elif price < today.lowest(instrument):
            expected = f"at least {today.low}"
        else:
            return None
        text = f"trade at {instrument.show(price)}: expected {expected}, the day's limit [LIMIT-3]"
        return StopSweep(Remainder.CANCEL, ExecRestatementReason.OTHER, text)

    @hookimpl
    def after_request(self, events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        rested = [event.order_id for event in events if isinstance(event, Rested)]
        effects: list[SettleEffect] = [*_beyond(rested, market, "LIMIT-3", self.limits_now(market))]
        staying: list[OrderID] = []
        if self.may_narrow(market):
            for event in events:
                if isinstance(event, Rested | Armed | Replaced) and _stays(event.order):
                    staying.append(event.order_id)
        # One by one, as what is remembered goes on record each time.
        known = _count(market)
        effects += (Remember(f"{_STAYING} {known + n}", one) for n, one in enumerate(staying))
        if staying:
            effects.append(Remember(_STAYING, known + len(staying)))
        return effects

    def canceled_by(self, tomorrow: DailyLimits, market: MarketView) -> Iterator[CancelOrder]:
        """Yield the end of the orders that the next day's limits leave on their wrong side."""
        known = [market.recall(f"{_STAYING} {n}") for n in range(_count(market))]
        order_ids = [OrderID(each) for each in known if isinstance(each, int)]
        return _beyond(order_ids, market, "LIMIT-4", tomorrow)


@attrs.frozen
class PriceLimits(LimitRules):
    """Refuse prices outside a day's limits, and see that nothing trades there."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Reject": ("LIMIT-1",),
        "StopSweep": ("LIMIT-3",),
    }

    after: ClassVar[tuple[str, ...]] = ("cme-smp", "cme-market")

    limits: Mapping[Symbol, ProductLimits] = attrs.field(factory=dict)
    """An instrument that is missing has none."""

    def applies_to(self, symbol: Symbol) -> bool:
        return symbol in self.limits

    def limits_now(self, market: MarketView) -> DailyLimits:
        days = self._days(market)
        return days[min(_day(market), len(days) - 1)]

    def may_wait_outside(self, symbol: Symbol) -> bool:
        return self.limits[symbol].dormant

    def may_narrow(self, market: MarketView) -> bool:
        return _day(market) + 1 < len(self._days(market))

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        if not new.ends_day:
            return []
        days, day = self._days(market), _day(market) + 1
        tomorrow = days[min(day, len(days) - 1)]
        return [Remember(_DAY, day), *self.canceled_by(tomorrow, market)]

    def _days(self, market: MarketView) -> Sequence[DailyLimits]:
        return self.limits[market.instrument.symbol].days


def _beyond(
    order_ids: Sequence[OrderID], market: MarketView, rule: str, limits: DailyLimits
) -> Iterator[CancelOrder]:
    """Yield the end of those orders that would be the best ones, where nothing may trade."""
    instrument = market.instrument
    for order_id in dict.fromkeys(order_ids):
        resting = market.order(order_id)
        if resting is None:
            continue
        _, price = _works_at(resting.order, instrument)
        if price is None:
            continue
        if resting.order.side is Side.BUY and price > limits.highest(instrument):
            expected = f"at most {limits.high}"
        elif resting.order.side is Side.SELL and price < limits.lowest(instrument):
            expected = f"at least {limits.low}"
        else:
            continue
        text = f"price {instrument.show(price)}: expected {expected}, the day's limit [{rule}]"
        yield CancelOrder(order_id, ExecRestatementReason.OTHER, text)


def _works_at(terms: Terms, instrument: Instrument) -> tuple[str, Price | None]:
    """Return the price that an order works at, or would if it were elected, and where it is from.

    A market order has none, and neither has a stop that works as one.
    """
    points, trigger = instrument.protection_points, terms.stop_px
    if terms.ord_type is not OrdType.STOP or points is None or trigger is None:
        return "price", terms.price
    if terms.side is Side.BUY:
        return "protected stop_px", instrument.ticks.at_or_below(trigger + points)
    return "protected stop_px", instrument.ticks.at_or_above(trigger - points)


def _day(market: MarketView) -> int:
    day = market.recall(_DAY)
    return day if isinstance(day, int) else 0


def _count(market: MarketView) -> int:
    """Return how many orders have been noted that may see another day."""
    count = market.recall(_STAYING)
    return count if isinstance(count, int) else 0


def _stays(order: NewOrderSingle) -> bool:
    return order.time_in_force in _BEYOND_THE_DAY


_DAY, _STAYING = "day", "staying"
_BEYOND_THE_DAY = (TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_DATE)
