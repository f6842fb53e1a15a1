"""An order's way through its market: what a journal says of its fills and of the price.

Everything here is exact.  Prices are fractions of the instrument's units, so that the
price of a spread, which has no ticks of its own to be a whole number of, is one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

import attrs

from ..market.fix import ExecType, OrdStatus, Side
from ..market.identifiers import Qty, Symbol
from ..market.messages import ExecutionReport
from ..market.staging import ParentPartialFill, StagedAck, StagedStatus, StagedUpdate
from ..market.synthetic import (
    MultiLegReportingType,
    OrderSchedule,
    SyntheticAck,
    SyntheticFill,
    SyntheticUpdate,
    SynthStatus,
)
from ..runtime.journal import Entry


@attrs.frozen
class Moment:
    """A price that holds from a moment on."""

    time_ns: int
    price: Fraction


@attrs.frozen
class Bar:
    """What a price did in one span of time."""

    start_ns: int
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction


@attrs.frozen
class Fill:
    """One execution of the order."""

    time_ns: int
    price: Fraction
    qty: Qty


@attrs.frozen
class Planned:
    """How much of the order is to have been sent from a moment on."""

    time_ns: int
    cum_qty: Qty


@attrs.frozen(kw_only=True)
class Progress:
    """One order from its entry to its end.

    Raises:
        ValueError: if the order has ended before it began.
    """

    order: str
    symbol: Symbol
    side: Side
    order_qty: Qty
    start_ns: int
    end_ns: int
    prices: tuple[Moment, ...]
    """What the market traded at, in order of time; from before the start too."""

    fills: tuple[Fill, ...]
    plan: tuple[Planned, ...] = ()
    """Its schedule, where it has one; one that is made anew takes the place of what was to come."""

    parent: str | None = None
    """The order that it is a child of."""

    def __attrs_post_init__(self) -> None:
        if self.end_ns < self.start_ns:
            raise ValueError(f"{self.order} ends at {self.end_ns} ns, before {self.start_ns} ns")

    @property
    def cum_qty(self) -> Qty:
        return sum(fill.qty for fill in self.fills)

    @property
    def average_price(self) -> Fraction | None:
        """The average of the fills' prices, each as often as it has quantity."""
        qty = self.cum_qty
        return (
            sum((fill.price * fill.qty for fill in self.fills), Fraction()) / qty if qty else None
        )

    @property
    def market_average(self) -> Fraction | None:
        """The time-weighted average price of the market while the order was alive."""
        return time_weighted(self.prices, self.start_ns, self.end_ns)


def time_weighted(prices: Sequence[Moment], start_ns: int, end_ns: int) -> Fraction | None:
    """Return the average of a price over a span, each value as long as it held.

    Where the first price comes after the start, the average begins with it.  None if
    there is no price before the end.
    """
    total, held_ns = Fraction(), 0
    for this, after in pairwise([*prices, Moment(end_ns, Fraction())]):
        begin, end = max(this.time_ns, start_ns), min(after.time_ns, end_ns)
        if end > begin:
            total += this.price * (end - begin)
            held_ns += end - begin
    if held_ns:
        return total / held_ns
    # A span of no length has the price of its moment.
    before = [each.price for each in prices if each.time_ns <= end_ns]
    return before[-1] if before else None


def bars(prices: Iterable[Moment], start_ns: int, end_ns: int, span_ns: int) -> Iterator[Bar]:
    """Yield a bar for every span from *start_ns* on in which there is a price.

    A span in which nothing traded has no bar of its own making: it holds the last
    price, as a line on a screen would.
    """
    if span_ns <= 0:
        raise ValueError(f"expected a bar of some length, found {span_ns} ns")
    ordered = sorted(prices, key=lambda each: each.time_ns)
    last: Fraction | None = None
    index = 0
    while index < len(ordered) and ordered[index].time_ns < start_ns:
        last = ordered[index].price
        index += 1
    for begin in range(start_ns, max(end_ns, start_ns + 1), span_ns):
        inside = [] if last is None else [last]
        traded = False
        while index < len(ordered) and ordered[index].time_ns < min(begin + span_ns, end_ns + 1):
            if not traded:
                traded, inside = True, []
            inside.append(ordered[index].price)
            index += 1
        if inside:
            last = inside[-1]
            yield Bar(begin, inside[0], max(inside), min(inside), last)


def trades(entries: Iterable[Entry], symbol: Symbol) -> Iterator[Moment]:
    """Yield what an instrument traded at, once a trade, from both sides' reports."""
    seen: set[int] = set()
    for entry in entries:
        report = entry.payload
        if (
            entry.sender is not None
            and isinstance(report, ExecutionReport)
            and report.exec_type is ExecType.TRADE
            and report.symbol == symbol
            and report.trd_match_id is not None
            and report.last_px is not None
            and report.trd_match_id not in seen
        ):
            seen.add(report.trd_match_id)
            yield Moment(report.transact_time_ns, Fraction(report.last_px))


def combined(
    legs: Sequence[Sequence[Moment]], price: Callable[[Sequence[Fraction]], Fraction | None]
) -> Iterator[Moment]:
    """Yield the price of a combination, each time that one of its legs has another.

    Args:
        legs: each leg's prices, in order of time.
        price: the combination's, from its legs' in their order; None where it has none.
    """
    changes = sorted(
        ((each.time_ns, leg, each.price) for leg, prices in enumerate(legs) for each in prices),
        key=lambda change: change[:2],
    )
    latest: dict[int, Fraction] = {}
    for index, (time_ns, leg, value) in enumerate(changes):
        latest[leg] = value
        is_last_of_its_moment = index + 1 == len(changes) or changes[index + 1][0] != time_ns
        if is_last_of_its_moment and len(latest) == len(legs):
            found = price([latest[leg] for leg in range(len(legs))])
            if found is not None:
                yield Moment(time_ns, found)


# --- from a journal ------------------------------------------------------------------


_Key: TypeAlias = tuple[str, str, str]
"""An order's gateway, whose it is, and a name that it has had."""


@attrs.define(kw_only=True, eq=False)
class _Followed:
    """What one user has been told of one order."""

    name: str
    """Its first."""

    owner: str
    symbol: Symbol
    side: Side
    order_qty: Qty
    start_ns: int
    parent: str | None = None
    plan: tuple[Planned, ...] = ()
    end_ns: int | None = None
    fills: dict[object, Fill] = attrs.field(factory=dict)
    """By the report's id; one that is busted is taken out again."""


_OF_NO_CHANGE = (ExecType.REJECTED, ExecType.ORDER_STATUS)
_ENDS = (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.EXPIRED)
_STAGED_ENDS = (StagedStatus.FILLED, StagedStatus.CANCELED)
_SYNTHETIC_ENDS = (SynthStatus.FINISHED, SynthStatus.CANCELED, SynthStatus.FAILED)


def orders_of(entries: Iterable[Entry], user: str) -> Mapping[str, Progress]:
    """Return every order that *user* was told of, without prices, in the order they came up.

    An order goes by its first name; where two are called the same, by whose it is as well
    (``ET1/C1``).

    Args:
        entries: a run's, their payloads restored.
    """
    followed: dict[_Key, _Followed] = {}
    plans: dict[_Key, tuple[Planned, ...]] = {}
    last_ns = 0
    for entry in entries:
        last_ns = entry.time
        if not entry.is_delivery and isinstance(entry.payload, OrderSchedule):
            key: _Key = (entry.actor, "", entry.payload.cl_ord_id)
            plans[key] = _planned_anew(plans.get(key, ()), entry.payload, entry.time)
        if entry.actor != user or entry.sender is None:
            continue
        match entry.payload:
            case StagedAck() | ParentPartialFill() | StagedUpdate() as message:
                _staged(followed, entry.sender, message, entry)
            case SyntheticAck() | SyntheticFill() | SyntheticUpdate() as message:
                _synthetic(followed, entry.sender, message, entry)
            case ExecutionReport() as report if report.exec_type not in _OF_NO_CHANGE:
                _reported(followed, entry.sender, report)
            case _:
                pass
    for key, plan in plans.items():
        if key in followed:  # it is one that the user was told of
            followed[key].plan = plan
    orders = list(dict.fromkeys(followed.values()))
    names = [order.name for order in orders]
    return {
        name if names.count(name) == 1 else f"{order.owner}/{name}": Progress(
            order=name,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            start_ns=order.start_ns,
            end_ns=last_ns if order.end_ns is None else order.end_ns,
            prices=(),
            fills=tuple(order.fills.values()),
            plan=order.plan,
            parent=order.parent,
        )
        for order in orders
        for name in [order.name]
    }


def _planned_anew(
    plan: Iterable[Planned], schedule: OrderSchedule, now_ns: int
) -> tuple[Planned, ...]:
    """Return what has come of *plan* by now, and from now on another."""
    begun = [each for each in plan if each.time_ns < now_ns]
    return (*begun, *(Planned(at_ns, qty) for at_ns, qty in schedule.steps))


def _staged(
    followed: dict[_Key, _Followed],
    gateway: str,
    message: StagedAck | StagedUpdate | ParentPartialFill,
    entry: Entry,
) -> None:
    key = (gateway, "", message.staged_order_id)
    if isinstance(message, StagedAck):
        followed[key] = _Followed(
            name=message.staged_order_id,
            owner=message.originator,
            symbol=message.symbol,
            side=message.side,
            order_qty=message.order_qty,
            start_ns=entry.time,
        )
        return
    order = followed[key]
    if isinstance(message, StagedUpdate):
        order.order_qty = message.order_qty
    else:
        order.fills[entry.seq] = Fill(entry.time, Fraction(message.last_px), message.last_qty)
    if message.status in _STAGED_ENDS:
        order.end_ns = entry.time


def _synthetic(
    followed: dict[_Key, _Followed],
    gateway: str,
    message: SyntheticAck | SyntheticFill | SyntheticUpdate,
    entry: Entry,
) -> None:
    key = (gateway, "", message.cl_ord_id)
    if isinstance(message, SyntheticAck):
        followed[key] = _Followed(
            name=message.cl_ord_id,
            owner=message.originator,
            symbol=message.symbol,
            side=message.side,
            order_qty=message.order_qty,
            start_ns=entry.time,
            parent=message.parent_id,
        )
        return
    order = followed[key]
    if isinstance(message, SyntheticUpdate):
        order.order_qty = message.order_qty
    elif message.multi_leg_reporting_type is not MultiLegReportingType.LEG:
        order.fills[entry.seq] = Fill(entry.time, Fraction(message.last_px), message.last_qty)
    order.end_ns = entry.time if message.synth_status in _SYNTHETIC_ENDS else None


def _reported(followed: dict[_Key, _Followed], gateway: str, report: ExecutionReport) -> None:
    time_ns, owner = report.transact_time_ns, report.target_sub_id or report.target_comp_id
    key = (gateway, owner, report.orig_cl_ord_id or report.cl_ord_id)
    if key not in followed:
        followed[key] = _Followed(
            name=report.cl_ord_id,
            owner=owner,
            symbol=report.symbol,
            side=report.side,
            order_qty=report.order_qty,
            start_ns=time_ns,
            parent=report.parent_id,
        )
    order = followed[key]
    followed[gateway, owner, report.cl_ord_id] = order
    order.order_qty = report.order_qty
    if report.exec_type is ExecType.TRADE:
        assert report.last_px is not None, "a fill has a price"
        fill = Fill(time_ns, Fraction(report.last_px), report.last_qty)
        order.fills[report.exec_id] = fill
    elif report.exec_type is ExecType.TRADE_CANCEL:
        order.fills.pop(report.exec_ref_id, None)
    order.end_ns = time_ns if report.ord_status in _ENDS else None
