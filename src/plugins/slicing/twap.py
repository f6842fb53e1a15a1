"""TT TWAP: an order worked in equal slices of time.

Sources: TT, "TT Time Weighted Average Price (TWAP)"; readings in ``docs/readings.md``.
"""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

import attrs
from attrs import validators

from ...market.fix import Side
from ...market.identifiers import Duration, Moment, Price, Qty
from ...market.instrument import Instrument
from ..synthetic import SyntheticDesk, SyntheticOrder
from .kind import (
    Sliced,
    began,
    objection_to_both,
    objection_to_hours,
    objection_to_range,
    objection_to_terms,
    off_tick,
    seconds,
    span_of,
)
from .plan import Schedule, at_most, even, in_round_lots, randomised, share
from .tactics import AtEnd, Tactics, instrument_of

SLICE_NS_MIN = 100_000_000
"""The shortest slice."""


class TwapStyle(IntEnum):
    """TT FIX 17008."""

    AGGRESSIVE = 0
    DEFAULT = 1
    PASSIVE = 2


@attrs.frozen(kw_only=True)
class TwapParameters:
    """What a TWAP order may say.

    Either a duration, from its entry; or a start and an end, where the start is its entry
    and the end an hour later unless they are given.  Its limit price is the order's own.
    """

    duration: Duration | None = None
    """TT FIX 16944 and 16945."""

    start: Moment | None = None
    """TT FIX 16946."""

    end: Moment | None = None
    """TT FIX 16947."""

    max_display: int = 10
    """The largest slice, as a percentage of the order, from 1 to 100 (17007)."""

    style: str = "default"
    """``aggressive``, ``default`` or ``passive`` (17008)."""

    would_if_price: str | None = None
    """At this price or better all that is offered is taken (17009)."""


@attrs.frozen(kw_only=True)
class Twap(Sliced):
    """The order type ``TT_TWAP``."""

    parameters: ClassVar[type] = TwapParameters

    peel_every: Qty = attrs.field(default=10, validator=validators.ge(0))
    """In Default style, after how many lots traded in the market a lot is taken at it;
    0 is never."""

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk) -> Tactics:
        parameters: TwapParameters = order.parameters
        style = _style(parameters)
        instrument = instrument_of(order, desk)
        peels = style is TwapStyle.DEFAULT and not desk.is_synthetic(order.symbol)
        return Tactics(
            at_market=style is TwapStyle.AGGRESSIVE,
            peel_every=self.peel_every if peels else 0,
            at_end=AtEnd.FINISH if order.price is None else AtEnd.WORK_ON,
            would_if=_would_if(parameters, instrument),
            limit=order.price,
        )

    def span(self, order: SyntheticOrder, began_ns: int) -> tuple[int, int]:
        return span_of(order.parameters, began_ns)

    def schedule(
        self,
        order: SyntheticOrder,
        quantity: Qty,
        start_ns: int,
        end_ns: int,
        desk: SyntheticDesk,
    ) -> Schedule:
        parameters: TwapParameters = order.parameters
        instrument = instrument_of(order, desk)
        percent = parameters.max_display
        if _style(parameters) is TwapStyle.AGGRESSIVE:
            sizes = even(quantity, share(quantity, percent))
        else:
            sizes = randomised(quantity, percent, desk.draw)
        # A plan that is made anew may have less time than its slices would take.
        sizes = at_most(sizes, max(1, (end_ns - start_ns) // SLICE_NS_MIN))
        return Schedule(
            sizes=in_round_lots(sizes, instrument.round_lot),
            start_ns=start_ns,
            duration_ns=end_ns - start_ns,
        )

    def replans(self, old: Any, new: Any) -> bool:
        """Return whether anything but the Would If Price has changed (TWAP-10)."""
        return bool(attrs.evolve(old, would_if_price=new.would_if_price) != new)

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        parameters: TwapParameters = order.parameters
        instrument = instrument_of(order, desk)
        return (
            objection_to_terms(order, instrument)
            or objection_to_range("max_display", parameters.max_display, 1, 100)
            or _objection_to_style(parameters)
            or _objection_to_would_if(order, parameters, instrument)
            or self._objection_to_time(order, desk)
        )

    def _objection_to_time(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        parameters: TwapParameters = order.parameters
        both = objection_to_both(parameters)
        if both:
            return both
        start_ns, end_ns = self.span(order, began(order, desk))
        if end_ns <= start_ns:
            return f"end {seconds(end_ns)}: expected after the start, {seconds(start_ns)}"
        if end_ns <= desk.now_ns:
            return f"end {seconds(end_ns)}: expected after now, {seconds(desk.now_ns)}"
        from_ns = max(start_ns, desk.now_ns)
        slices = _slices(order.order_qty - order.cum_qty, parameters)
        if (end_ns - from_ns) < slices * SLICE_NS_MIN:
            each = seconds((end_ns - from_ns) // slices)
            return f"duration: {slices} slices of {each}, expected at least 0.1s each"
        return objection_to_hours(order.symbol, from_ns, end_ns, desk.hours(order.symbol))


def _style(parameters: TwapParameters) -> TwapStyle:
    return TwapStyle[parameters.style.upper()]


def _objection_to_style(parameters: TwapParameters) -> str:
    known = [style.name.lower() for style in TwapStyle]
    if parameters.style in known:
        return ""
    return f"style {parameters.style!r}: expected one of {', '.join(known)}"


def _would_if(parameters: TwapParameters, instrument: Instrument) -> Price | None:
    text = parameters.would_if_price
    return None if text is None else instrument.to_price(text)


def _objection_to_would_if(
    order: SyntheticOrder, parameters: TwapParameters, instrument: Instrument
) -> str:
    try:
        price = _would_if(parameters, instrument)
    except ValueError as error:
        return f"would_if_price: {error}"
    if price is None:
        return ""
    sign = 1 if order.side is Side.BUY else -1
    if order.price is not None and sign * price > sign * order.price:
        at = "at most" if order.side is Side.BUY else "at least"
        shown = instrument.show(price)
        return f"would_if_price {shown}: expected {at} the limit, {instrument.show(order.price)}"
    return off_tick("would_if_price", price, instrument)


def _slices(quantity: Qty, parameters: TwapParameters) -> int:
    """Return how many slices so much of an order has."""
    percent = parameters.max_display
    if not quantity:
        return 1
    if _style(parameters) is TwapStyle.AGGRESSIVE:
        return ceil(Fraction(quantity, share(quantity, percent)))
    return ceil(quantity / max(Fraction(1), Fraction(quantity * percent, 200)))
