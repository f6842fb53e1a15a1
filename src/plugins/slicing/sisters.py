"""TWAP's sisters: TT Iceberg, TT Time Sliced and TT Time Duration.

Sources: TT, "TT Iceberg order", "TT Time Sliced order", "TT Time Duration order"; TT FIX
4.4 dictionary.  Readings in ``docs/readings.md``, the sister slicers.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

import attrs

from ...market.identifiers import Duration, Moment, Qty
from ...market.instrument import Instrument
from ..synthetic import SyntheticDesk, SyntheticOrder
from .kind import (
    HOUR_NS,
    Sliced,
    began,
    objection_to_both,
    objection_to_hours,
    objection_to_range,
    objection_to_terms,
    seconds,
    span_of,
)
from .plan import Schedule, in_round_lots, share, split, varied
from .tactics import Anchor, AtEnd, Leftover, Tactics, instrument_of

INTERVAL_NS_MIN = 10_000_000
"""The shortest interval of a time-sliced order, and of a time-duration order."""

_NONE = Duration(0)
_FAR_NS = 366 * 24 * HOUR_NS
"""The end of what has none."""


class ChildType(StrEnum):
    """How each slice goes out."""

    LIMIT = "limit"
    MARKET = "market"


class EndTimeAction(StrEnum):
    """TT FIX 16906."""

    CANCEL = "cancel"
    GOTOMARKET = "gotomarket"


class SliceType(StrEnum):
    """What a time-duration order is cut by."""

    INTERVAL = "interval"
    DISCLOSE = "disclose"


@attrs.frozen(kw_only=True)
class Disclosing:
    """What orders say that show a quantity at a time: as a number, or as a percentage."""

    display: Qty | None = None
    display_percent: int | None = None
    variance: int = 0
    """How far slices vary from that, in percent of it, from 0 to 100."""

    anchor: Anchor = Anchor.LIMIT
    """From what a slice's limit is reckoned."""

    offset_ticks: int = 0
    """How far from it, towards the other side."""

    def size(self, quantity: Qty) -> Qty:
        """Return the display quantity of so large an order (SLICE-3)."""
        if self.display is not None:
            return self.display
        assert self.display_percent is not None, "an order without either is refused"
        return share(quantity, self.display_percent)

    def objection(self, order: SyntheticOrder, instrument: Instrument, *, rests: bool) -> str:
        """Return what is wrong with it, or nothing.

        Args:
            rests: whether slices are limit orders.
        """
        if (self.display is None) == (self.display_percent is None):
            return "display: expected either it or display_percent"
        if self.display is not None:
            why = objection_to_range("display", self.display, 1, order.order_qty)
        else:
            why = objection_to_range("display_percent", self.display_percent, 1, 100)
        why = why or objection_to_range("variance", self.variance, 0, 100)
        if not why and rests and self.anchor is Anchor.LIMIT and order.price is None:
            why = "price: expected a limit, which slices rest at"
        return why or objection_to_terms(order, instrument)


@attrs.frozen(kw_only=True)
class IcebergParameters(Disclosing):
    """What an iceberg order may say."""


@attrs.frozen(kw_only=True)
class TimeSlicedParameters(Disclosing):
    """What a time-sliced order may say."""

    interval: Duration = _NONE
    """From one slice to the next, at least 10 ms."""

    child: ChildType = ChildType.LIMIT
    leftover: Leftover = Leftover.LEAVE
    """What becomes of what a slice has not filled when the next begins (16909)."""

    payup_ticks: int = 1


@attrs.frozen(kw_only=True)
class TimeDurationParameters(Disclosing):
    """What a time-duration order may say: a duration, or a start and an end."""

    duration: Duration | None = None
    start: Moment | None = None
    end: Moment | None = None
    slice_type: SliceType = SliceType.DISCLOSE
    interval: Duration = _NONE
    """With ``slice_type = "interval"``: from one slice to the next."""

    child: ChildType = ChildType.LIMIT
    leftover: Leftover = Leftover.LEAVE
    payup_ticks: int = 1
    end_time_action: EndTimeAction = EndTimeAction.CANCEL


def _sizes(order: SyntheticOrder, quantity: Qty, desk: SyntheticDesk) -> tuple[Qty, ...]:
    parameters: Disclosing = order.parameters
    size = min(parameters.size(order.order_qty), quantity)
    sizes = varied(quantity, size, parameters.variance, desk.draw)
    return in_round_lots(sizes, instrument_of(order, desk).round_lot)


def _by_clock(order: SyntheticOrder, at_end: AtEnd) -> Tactics:
    """Return how slices that begin by the clock are worked."""
    parameters: TimeSlicedParameters | TimeDurationParameters = order.parameters
    return Tactics(
        at_market=parameters.child is ChildType.MARKET,
        anchor=parameters.anchor,
        offset_ticks=parameters.offset_ticks,
        follows=parameters.anchor is Anchor.LIMIT,
        leftover=parameters.leftover,
        payup_ticks=parameters.payup_ticks,
        at_end=at_end,
        limit=order.price,
    )


def _objection_to_made(order: SyntheticOrder, desk: SyntheticDesk) -> str:
    if desk.is_synthetic(order.symbol):
        return f"{order.symbol}: expected an exchange's instrument, for a {order.order_type} order"
    return ""


def _objection_to_haste(order: SyntheticOrder, left_ns: int) -> str:
    """Return that so much time is too short for what is left of a time-duration order."""
    parameters: TimeDurationParameters = order.parameters
    if parameters.slice_type is SliceType.INTERVAL:
        return ""  # the interval is given
    left = order.order_qty - order.cum_qty
    slices = max(1, ceil(Fraction(left, parameters.size(order.order_qty))))
    if left_ns >= slices * INTERVAL_NS_MIN:
        return ""
    each = seconds(left_ns // slices)
    return f"duration: {slices} slices of {each}, expected at least 0.01s each"


@attrs.frozen(kw_only=True)
class _Sister(Sliced):
    """A slicer that has no end, unless it says another span."""

    def span(self, order: SyntheticOrder, began_ns: int) -> tuple[int, int]:
        return began_ns, began_ns + _FAR_NS

    def replans(self, old: Any, new: Any) -> bool:
        return bool(old != new)


@attrs.frozen(kw_only=True)
class Iceberg(_Sister):
    """The order type ``TT_ICEBERG``: the next child when the one before it is filled."""

    parameters: ClassVar[type] = IcebergParameters

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk) -> Tactics:
        parameters: IcebergParameters = order.parameters
        return Tactics(
            by_clock=False,
            anchor=parameters.anchor,
            offset_ticks=parameters.offset_ticks,
            follows=parameters.anchor is Anchor.LIMIT,
            leftover=Leftover.LEAVE,
            at_end=AtEnd.WORK_ON,
            limit=order.price,
        )

    def schedule(
        self,
        order: SyntheticOrder,
        quantity: Qty,
        start_ns: int,
        end_ns: int,
        desk: SyntheticDesk,
    ) -> Schedule:
        sizes = tuple(size for size in _sizes(order, quantity, desk) if size)
        return Schedule(sizes=sizes, start_ns=start_ns, duration_ns=end_ns - start_ns)

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        parameters: IcebergParameters = order.parameters
        return _objection_to_made(order, desk) or parameters.objection(
            order, instrument_of(order, desk), rests=True
        )


@attrs.frozen(kw_only=True)
class TimeSliced(_Sister):
    """The order type ``TT_TIME_SLICED``: a child of its display quantity at every interval."""

    parameters: ClassVar[type] = TimeSlicedParameters

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk) -> Tactics:
        parameters: TimeSlicedParameters = order.parameters
        at_market = parameters.child is ChildType.MARKET
        return _by_clock(order, AtEnd.FINISH if at_market else AtEnd.WORK_ON)

    def schedule(
        self,
        order: SyntheticOrder,
        quantity: Qty,
        start_ns: int,
        end_ns: int,
        desk: SyntheticDesk,
    ) -> Schedule:
        parameters: TimeSlicedParameters = order.parameters
        sizes = _sizes(order, quantity, desk)
        duration_ns = parameters.interval * len(sizes)
        return Schedule(sizes=sizes, start_ns=start_ns, duration_ns=duration_ns)

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        parameters: TimeSlicedParameters = order.parameters
        if parameters.interval < INTERVAL_NS_MIN:
            return f"interval {seconds(parameters.interval)}: expected at least 0.01s"
        rests = parameters.child is ChildType.LIMIT
        return _objection_to_made(order, desk) or parameters.objection(
            order, instrument_of(order, desk), rests=rests
        )


@attrs.frozen(kw_only=True)
class TimeDuration(_Sister):
    """The order type ``TT_TIME_DURATION``: slices that fit between a start and an end."""

    parameters: ClassVar[type] = TimeDurationParameters

    def tactics(self, order: SyntheticOrder, desk: SyntheticDesk) -> Tactics:
        parameters: TimeDurationParameters = order.parameters
        at_market = parameters.end_time_action is EndTimeAction.GOTOMARKET
        return _by_clock(order, AtEnd.FINISH if at_market else AtEnd.CANCEL)

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
        parameters: TimeDurationParameters = order.parameters
        if parameters.slice_type is SliceType.INTERVAL:
            count = max(1, (end_ns - start_ns) // parameters.interval)
            sizes = in_round_lots(split(quantity, count), instrument_of(order, desk).round_lot)
        else:
            sizes = _sizes(order, quantity, desk)
        return Schedule(sizes=sizes, start_ns=start_ns, duration_ns=end_ns - start_ns)

    def objection(self, order: SyntheticOrder, desk: SyntheticDesk) -> str:
        parameters: TimeDurationParameters = order.parameters
        both = objection_to_both(parameters)
        if both:
            return both
        start_ns, end_ns = self.span(order, began(order, desk))
        if end_ns <= max(start_ns, desk.now_ns):
            latest = seconds(max(start_ns, desk.now_ns))
            return f"end {seconds(end_ns)}: expected after the start and now, {latest}"
        rests = parameters.child is ChildType.LIMIT
        checked = parameters
        if parameters.slice_type is SliceType.INTERVAL:
            if parameters.interval < INTERVAL_NS_MIN:
                return f"interval {seconds(parameters.interval)}: expected at least 0.01s"
            if parameters.display is not None or parameters.display_percent is not None:
                return "display: expected none where slices are cut by an interval"
            checked = attrs.evolve(parameters, display=1)
        return (
            _objection_to_made(order, desk)
            or checked.objection(order, instrument_of(order, desk), rests=rests)
            or _objection_to_haste(order, end_ns - max(start_ns, desk.now_ns))
            or objection_to_hours(
                order.symbol, max(start_ns, desk.now_ns), end_ns, desk.hours(order.symbol)
            )
        )
