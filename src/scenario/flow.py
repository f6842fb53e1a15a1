"""Synthetic order flow: a market for those who have no recorded one.

Orders arrive as a Poisson process around a mid that walks at random; some are
marketable, and some are later canceled.  All of it is drawn before the run, as
steps, so that one can be left out without changing another.

Every number is an integer or a `Decimal`, the random ones too: exponential
waiting times are drawn from random bits by comparison alone (`exponential`), so
that no float and no mathematical library stands between a seed and its prices.
"""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import attrs
from attrs import validators

from ..actors.market_flow import FlowRequest, FlowStep
from ..market.fix import Side, TimeInForce
from ..market.identifiers import ClOrdID, CompID, Price, Qty, Symbol
from ..market.instrument import Instrument
from ..market.messages import NewOrderSingle, OrderCancelRequest

_NS = 1_000_000_000
_BITS = 53
_ONE = 1 << _BITS

_positive = validators.gt(Decimal(0))
_not_negative = validators.ge(Decimal(0))
_FLOW = CompID("FLOW")
_share = [validators.ge(Decimal(0)), validators.le(Decimal(1))]


@attrs.frozen(kw_only=True)
class SyntheticFlow:
    """The settings of a synthetic flow.

    Raises:
        ValueError: if a setting is out of its range; the message names it.
    """

    symbol: Symbol
    """The instrument that it trades."""

    start_mid: str
    """The mid at the start, as a person writes the price; on tick."""

    name: CompID = _FLOW
    """The session that sends it."""

    seed: int = 1
    """The flow's own seed, for the `random.Random` that `generate` gets: so every run of
    a scenario meets the same flow, whatever its seed."""

    duration_s: Decimal = attrs.field(default=Decimal(60), validator=_positive)
    """How long orders arrive, in seconds from the start of the run."""

    orders_per_second: Decimal = attrs.field(default=Decimal(10), validator=_positive)
    """Mean number of requests a second, new orders and cancels together (Poisson)."""

    mid_moves_per_second: Decimal = attrs.field(default=Decimal(1), validator=_not_negative)
    """Mean number of steps of the mid a second (Poisson), each one tick up or down."""

    mean_distance_ticks: Decimal = attrs.field(default=Decimal(3), validator=_positive)
    """Mean distance of a passive order from the mid, in ticks (exponential, in whole
    ticks rounded up: at least one)."""

    marketable_share: Decimal = attrs.field(default=Decimal("0.2"), validator=_share)
    """Which part of the new orders is immediate-or-cancel, priced through the mid; 0 to 1."""

    marketable_reach_ticks: int = attrs.field(default=5, validator=validators.ge(0))
    """How far through the mid a marketable order is priced, in ticks."""

    cancel_share: Decimal = attrs.field(default=Decimal("0.3"), validator=_share)
    """Which part of the requests cancels one of the flow's live orders; 0 to 1.  When
    none is live, a new order takes its place."""

    min_qty: Qty = attrs.field(default=1, validator=validators.ge(1))
    max_qty: Qty = attrs.field(default=10)
    """Sizes are uniform from ``min_qty`` to ``max_qty``, in contracts or shares."""

    opening_levels: int = attrs.field(default=5, validator=validators.ge(0))
    """How many price levels a side has at the start, one order each, from one tick off the mid."""

    @max_qty.validator
    def _not_below_min_qty(self, _attribute: object, max_qty: Qty) -> None:
        if max_qty < self.min_qty:
            raise ValueError(f"max_qty must be at least min_qty {self.min_qty}, was {max_qty}")


def generate(
    settings: SyntheticFlow, instrument: Instrument, rng: random.Random
) -> tuple[FlowStep, ...]:
    """Return the steps of a flow, in the order of their times.

    Orders are called ``F1``, ``F2`` and so on, in the order of the steps; a cancel
    takes a number too.  A cancel names an order that is alive if the flow trades
    with itself alone; where others trade with it, the venue may refuse some.

    Args:
        rng: all randomness comes from it; the same state gives the same steps.

    Raises:
        ValueError: if the settings do not suit the instrument; the message names
            the setting.
    """
    if settings.symbol != instrument.symbol:
        raise ValueError(f"symbol is {settings.symbol!r}, the instrument's {instrument.symbol!r}")
    if instrument.max_order_qty is not None and settings.max_qty > instrument.max_order_qty:
        raise ValueError(
            f"max_qty must be at most the instrument's {instrument.max_order_qty},"
            f" was {settings.max_qty}"
        )
    return tuple(_Generator(settings, instrument, rng).steps())


@attrs.define(eq=False)
class _Alive:
    """An order of the flow as it rests if nobody else trades."""

    order: NewOrderSingle
    price: Price
    leaves_qty: Qty


@attrs.define(eq=False)
class _Generator:
    _settings: SyntheticFlow
    _instrument: Instrument
    _rng: random.Random
    _mid: Price = attrs.field(init=False)
    _requests: int = attrs.field(init=False, default=0)
    _alive: list[_Alive] = attrs.field(init=False, factory=list)

    @_mid.default
    def _start_mid(self) -> Price:
        try:
            mid = self._instrument.to_price(self._settings.start_mid)
        except ValueError as error:
            raise ValueError(f"start_mid: {error}") from None
        if not self._instrument.ticks.accepts(mid):
            raise ValueError(f"start_mid {self._settings.start_mid} is off tick")
        return mid

    def steps(self) -> list[FlowStep]:
        settings = self._settings
        steps = [FlowStep(0, order) for order in self._opening()]
        end_ns = int(settings.duration_s * _NS)
        next_request_ns = self._wait_ns(settings.orders_per_second)
        # Where the mid never moves, its next move lies behind the end.
        moves = settings.mid_moves_per_second
        next_move_ns = self._wait_ns(moves) if moves else end_ns
        while next_request_ns < end_ns:
            if next_move_ns <= next_request_ns:
                self._move_mid()
                next_move_ns += self._wait_ns(moves)
                continue
            steps.append(FlowStep(next_request_ns, self._request()))
            next_request_ns += self._wait_ns(settings.orders_per_second)
        return steps

    def _opening(self) -> list[FlowRequest]:
        return [
            self._enter(side, distance)
            for distance in range(1, self._settings.opening_levels + 1)
            for side in Side
        ]

    def _request(self) -> FlowRequest:
        settings, rng = self._settings, self._rng
        if self._happens(settings.cancel_share) and self._alive:
            return self._cancel(self._alive.pop(rng.randrange(len(self._alive))))
        side = Side.BUY if rng.getrandbits(1) else Side.SELL
        if self._happens(settings.marketable_share):
            return self._enter(side, -settings.marketable_reach_ticks, immediate=True)
        mean = Fraction(settings.mean_distance_ticks)
        return self._enter(side, -(-exponential(rng) * mean // _ONE) or 1)

    def _enter(self, side: Side, distance_ticks: int, immediate: bool = False) -> NewOrderSingle:
        """Return an order on *side*, so many ticks on its own side of the mid."""
        away = -distance_ticks if side is Side.BUY else distance_ticks
        price = self._price(away)
        order = NewOrderSingle(
            sender_comp_id=self._settings.name,
            cl_ord_id=self._next_id(),
            symbol=self._settings.symbol,
            side=side,
            order_qty=self._rng.randint(self._settings.min_qty, self._settings.max_qty),
            price=price,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if immediate else TimeInForce.DAY,
        )
        leaves_qty = self._trade(order)
        if leaves_qty and not immediate:
            self._alive.append(_Alive(order, price, leaves_qty))
        return order

    def _cancel(self, alive: _Alive) -> OrderCancelRequest:
        return OrderCancelRequest(
            sender_comp_id=self._settings.name,
            cl_ord_id=self._next_id(),
            orig_cl_ord_id=alive.order.cl_ord_id,
            symbol=self._settings.symbol,
            side=alive.order.side,
        )

    def _trade(self, order: NewOrderSingle) -> Qty:
        """Take what *order* would trade off the orders that are alive, and return what is left."""
        assert order.price is not None
        sign = 1 if order.side is Side.BUY else -1
        meets = [
            (sign * alive.price, alive)
            for alive in self._alive
            if alive.order.side is not order.side and sign * alive.price <= sign * order.price
        ]
        meets.sort(key=lambda ranked: ranked[0])  # stable: earlier orders stay first
        leaves_qty = order.order_qty
        for _, alive in meets:
            last_qty = min(leaves_qty, alive.leaves_qty)
            leaves_qty -= last_qty
            alive.leaves_qty -= last_qty
        if meets:
            self._alive = [alive for alive in self._alive if alive.leaves_qty]
        return leaves_qty

    def _move_mid(self) -> None:
        up = bool(self._rng.getrandbits(1))
        # A price that starts above zero stays there: an outright has no other.
        if self._mid > 0 and self._price(-1) == self._mid:
            up = True
        self._mid = self._price(1 if up else -1)

    def _price(self, ticks: int) -> Price:
        """Return the price so many ticks above the mid: one above zero, if the mid is."""
        price, table = self._mid, self._instrument.ticks
        for _ in range(abs(ticks)):
            if ticks > 0:
                price += table.increment_at(price)
                continue
            lower = price - table.increment_at(price - 1)
            if lower <= 0 < self._mid:
                break
            price = lower
        return price

    def _next_id(self) -> ClOrdID:
        self._requests += 1
        return ClOrdID(f"F{self._requests}")

    def _wait_ns(self, per_second: Decimal) -> int:
        return int(exponential(self._rng) * _NS // (Fraction(per_second) * _ONE))

    def _happens(self, share: Decimal) -> bool:
        return self._rng.getrandbits(_BITS) < share * _ONE


def exponential(rng: random.Random) -> int:
    """Return an exponential variate of mean 1, in units of ``2**-53``.

    By comparing uniform draws only: of a falling run of them the first is taken,
    if the run is of odd length, with the number of runs that were not before it.

    Source:
        J. von Neumann, "Various techniques used in connection with random digits" (1951).
    """
    runs = 0
    while True:
        first = last = rng.getrandbits(_BITS)
        length = 1
        while (draw := rng.getrandbits(_BITS)) < last:
            last = draw
            length += 1
        if length % 2:
            return runs * _ONE + first
        runs += 1
