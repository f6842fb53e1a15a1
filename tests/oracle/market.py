"""A second market, written from the rules for plainness: lists, and full scans.

One instrument: its orders, its state, and what happens when an order arrives, a stop is
elected or an auction is held.  It shares values with the fast one (messages,
enumerations, the instrument, trading states), and nothing else.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Sequence

import attrs

from floorproof.market.fix import (
    ExecRestatementReason,
    ExecType,
    OrdType,
    Side,
    TimeInForce,
    UnsolicitedCancelType,
)
from floorproof.market.instrument import Instrument
from floorproof.market.sessions import TradingState

from . import auction
from .algorithms import InLine, PlainAlgorithm
from .orders import AT_ONCE, Line, PlainOrder, Standing, Told, Unquoted
from .self_match import PlainSelfMatch
from .terms import on_tick, toward


@attrs.define(eq=False)
class PlainMarket:
    """One instrument; every question is answered by looking through all its orders."""

    instrument: Instrument
    algorithm: PlainAlgorithm
    chain: Sequence[auction.Step]
    state: TradingState
    _moments: Iterator[int]
    _trades: Iterator[int]
    """Both are the venue's."""

    orders: list[PlainOrder] = attrs.field(factory=list)
    last_px: int | None = None
    smp: PlainSelfMatch | None = None
    """Who may not trade with one another, where somebody sees to that."""

    auction_reference: int | None = None
    """What a rule set wants an auction to refer to, if one does."""

    told: list[Told | Unquoted] = attrs.field(factory=list)
    """What has happened since somebody last took it."""

    def take(self) -> list[Told | Unquoted]:
        told, self.told = self.told, []
        return told

    # --- reading ---------------------------------------------------------------------

    def resting(self, side: Side) -> list[PlainOrder]:
        """Return the orders at rest on *side*, best price first, then the oldest."""
        return sorted(
            (one for one in self.orders if one.rests and one.side is side),
            key=lambda one: (_rank(one.side, one.price), one.place),
        )

    def stops(self, side: Side) -> list[PlainOrder]:
        """Return the stops that wait on *side*, in the order in which they are elected."""
        return sorted(
            (one for one in self.orders if one.waits and one.side is side),
            key=lambda one: (-_rank(one.side, one.stop_px), one.place),
        )

    def best(self, side: Side) -> int | None:
        return next((one.price for one in self.resting(side)), None)

    def crosses(self) -> bool:
        bid, offer = self.best(Side.BUY), self.best(Side.SELL)
        return bid is not None and offer is not None and bid >= offer

    def meets_somebody(self, side: Side, price: int) -> bool:
        """Return whether an order of *side* at *price* would trade at once."""
        other = self.best(side.opposite)
        return other is not None and _reaches(side, price, other)

    def standing(self) -> Standing:
        def lines(orders: list[PlainOrder]) -> list[Line]:
            return [one.line() for one in orders]

        found = self.auction_price()[0] if self.state.indicative else None
        return Standing(
            lines(self.resting(Side.BUY)),
            lines(self.resting(Side.SELL)),
            lines(self.stops(Side.BUY)),
            lines(self.stops(Side.SELL)),
            self.last_px,
            self.state.name,
            found,
        )

    # --- an order arrives --------------------------------------------------------------

    def protect(self, order: PlainOrder) -> None:
        """Give a market or market-limit order its limit, if it is to have one."""
        touch = self.best(order.side.opposite)
        points = self.instrument.protection_points
        if order.ord_type is OrdType.MARKET_LIMIT:
            order.price = touch
        elif order.ord_type is OrdType.MARKET and points is not None and touch is not None:
            order.price = self._away(order.side, touch, points)

    def arrive(self, order: PlainOrder, least: int = 0) -> None:
        """Let *order* trade, then rest, wait or end; and whatever that elects after it.

        Args:
            least: its minimum quantity.
        """
        if order.stop_px is not None:
            order.place = next(self._moments)
            return
        self._elected_by(self._match(order, least))

    def _match(self, order: PlainOrder, least: int) -> list[int]:
        """Let *order* trade, and rest or end; return the prices at which it traded."""
        if order.lives is TimeInForce.FILL_OR_KILL:
            least = order.left
        if least:
            # Whether enough would trade is seen in a copy of everything.
            elsewhere, tried = copy.deepcopy((self, order))
            _, ended = elsewhere._sweep(tried)
            if tried.filled - order.filled < least:
                self._end_or_kill(order, ended=ended)
                return []
        prices, ended = self._sweep(order)
        if ended:
            self._end_or_kill(order, ended=True)
        elif order.left:
            self._rest_or_end(order)
        return prices

    def _end_or_kill(self, order: PlainOrder, *, ended: bool) -> None:
        if ended:
            self._end(order, ExecType.CANCELED, ExecRestatementReason.SELF_MATCH_NEWEST)
        else:
            self._end(order, ExecType.EXPIRED)

    def _sweep(self, order: PlainOrder) -> tuple[list[int], bool]:
        """Let *order* trade.

        Returns:
            The prices at which it did, and whether it is to go as it would meet its like.
        """
        prices: list[int] = []
        one_by_one = not self.algorithm.steps  # in F, and nowhere else
        price_by_price = self.smp is not None and self.smp.price_by_price
        beforehand = not one_by_one and not price_by_price
        if beforehand and self._goes_for_its_like(order, self._reach(order)):
            return prices, True
        while order.left and (within_reach := self._reach(order)):
            level = [one for one in within_reach if one.price == within_reach[0].price]
            if not one_by_one:
                if self._goes_for_its_like(order, level):
                    return prices, True
                if level := [one for one in level if one.rests]:
                    self._trade_with(level, order, prices)
                continue
            for one in level:
                if not order.left:
                    break
                if not self._is_one(order, one):
                    self._trade_with([one], order, prices)
                elif self._goes(order, [one]):
                    return prices, True
                else:
                    self._prevent(one)
        return prices, False

    def _reach(self, order: PlainOrder) -> list[PlainOrder]:
        """Return whom *order* could trade with, best price first, then the oldest."""
        return [one for one in self.resting(order.side.opposite) if self._may_meet(order, one)]

    def _goes_for_its_like(self, order: PlainOrder, met: Sequence[PlainOrder]) -> bool:
        """Cancel those of *met* that *order* is one with, or return that it goes itself."""
        own = [one for one in met if self._is_one(order, one)]
        if own and self._goes(order, own):
            return True
        for one in own:
            self._prevent(one)
        return False

    def _is_one(self, order: PlainOrder, other: PlainOrder) -> bool:
        return self.smp is not None and self.smp.is_one(order, other)

    def _goes(self, order: PlainOrder, own: Sequence[PlainOrder]) -> bool:
        return self.smp is not None and self.smp.the_aggressor_goes(order, own)

    def _prevent(self, resting: PlainOrder) -> None:
        """Cancel an order that would have met its like."""
        if resting.quote_set is None:
            self._end(resting, ExecType.CANCELED, ExecRestatementReason.SELF_MATCH_OLDEST)
            return
        resting.leave()
        why = UnsolicitedCancelType.SELF_MATCH_PREVENTION
        gone = (resting.gone(),)
        self.told.append(Unquoted(resting.owner, None, gone, why, resting.smp_id))

    def _may_meet(self, order: PlainOrder, other: PlainOrder) -> bool:
        if not self.state.match:
            return False
        assert other.price is not None
        return order.price is None or _reaches(order.side, order.price, other.price)

    def _trade_with(self, level: list[PlainOrder], order: PlainOrder, prices: list[int]) -> None:
        """Let *order* trade once around with what *level* shows."""
        queue = [
            InLine(one.order_id, one.owner, one.qty, one.left, one.shown, one.top) for one in level
        ]
        for order_id, quantity in self.algorithm.allocate(order.left, queue):
            (one,) = (one for one in level if one.order_id == order_id)
            assert one.price is not None
            one.shown -= quantity
            self._trade(one, order, quantity, one.price, aggressor=order)
            prices.append(one.price)
            if not one.left:
                one.leave()
        for one in level:  # whose place was before another's comes back before him
            if one.left and not one.shown:
                one.place = next(self._moments)
                one.show()

    def _trade(
        self,
        first: PlainOrder,
        second: PlainOrder,
        quantity: int,
        price: int,
        aggressor: PlainOrder | None,
    ) -> None:
        trade = next(self._trades)
        self.last_px = price
        for one in (first, second):
            one.filled += quantity
            self.told.append(
                one.tell(
                    ExecType.TRADE,
                    last_qty=quantity,
                    last_px=price,
                    aggressor=None if aggressor is None else one is aggressor,
                    trade=trade,
                )
            )

    def _rest_or_end(self, order: PlainOrder) -> None:
        if order.lives in AT_ONCE:
            self._end(order, ExecType.EXPIRED)
        elif order.price is None:
            self._end(order, ExecType.CANCELED, ExecRestatementReason.MARKET_OPTION)
        else:
            self._rest(order, may_be_top=self.state.match)

    def _rest(self, order: PlainOrder, *, may_be_top: bool) -> None:
        """Put *order* behind all others at its price."""
        best = self.best(order.side)
        if best is None or _rank(order.side, order.price) < _rank(order.side, best):
            for one in self.resting(order.side):
                one.top = False
            order.top = may_be_top
        order.ord_type = OrdType.LIMIT
        order.place = next(self._moments)
        order.show()

    def _end(
        self, order: PlainOrder, why: ExecType, reason: ExecRestatementReason | None = None
    ) -> None:
        order.leave()
        if order.quote_set is not None:
            expired = UnsolicitedCancelType.EXPIRED
            self.told.append(Unquoted(order.owner, None, (order.gone(),), expired))
            return
        self.told.append(order.tell(why, over=True, reason=reason))

    # --- stops -----------------------------------------------------------------------

    def _elected_by(self, prices: list[int]) -> None:
        """Let the stops that trades at *prices* elect arrive, and what they elect in turn."""
        queue: list[PlainOrder] = []
        self._queue_up(prices, queue)
        while queue:
            order = queue.pop(0)
            self._trigger(order)
            self._queue_up(self._match(order, 0), queue)

    def _queue_up(self, prices: list[int], queue: list[PlainOrder]) -> None:
        for price in prices:
            for stop in self._elected_at(price):
                stop.leave()
                queue.append(stop)

    def _elected_at(self, price: int) -> list[PlainOrder]:
        """Return the stops that a trade at *price* elects: buys first, then sells."""
        return [
            stop
            for side in Side
            for stop in self.stops(side)
            if stop.stop_px is not None and _reaches(side, price, stop.stop_px)
        ]

    def _trigger(self, order: PlainOrder) -> None:
        """Turn a stop into the order that it becomes."""
        order.price = self._limit_of(order)
        order.ord_type = OrdType.MARKET if order.price is None else OrdType.LIMIT
        order.stop_px = None
        self.told.append(order.tell(ExecType.TRIGGERED))

    def _limit_of(self, stop: PlainOrder) -> int | None:
        """Return the limit that *stop* has once it is elected, or None for none."""
        points = self.instrument.protection_points
        if stop.ord_type is OrdType.STOP_LIMIT or points is None:
            return stop.price
        assert stop.stop_px is not None
        return self._away(stop.side, stop.stop_px, points)

    def _away(self, side: Side, price: int, points: int) -> int:
        """Return *price* and *points* more to pay, or less to get, on tick."""
        limit = price + points if side is Side.BUY else price - points
        return toward(self.instrument, limit, price)

    # --- auctions, and states ----------------------------------------------------------

    def enter(self, state: TradingState, today: datetime.date) -> None:
        """Enter *state*, with what it does as it is entered."""
        self.state = state
        if state.uncross:
            self._uncross()
        if state.ends_day:
            for order in self.orders:
                due = order.expire_date is not None and order.expire_date <= today
                for_now = order.lives is TimeInForce.DAY or order.lives in AT_ONCE
                if order.lives_on and (for_now or due):
                    self._end(order, ExecType.EXPIRED)
        if state.match and self.last_px is not None:
            self._elected_by([self.last_px])

    def auction_price(self) -> tuple[tuple[int, int] | None, list[PlainOrder]]:
        """Return price and quantity of an auction now, and the stops that join it."""
        joined: list[PlainOrder] = []
        while True:
            found = self._price_with(joined)
            if found is None:
                return None, joined
            more = [
                stop
                for stop in self._elected_at(found[0])
                if stop not in joined and self._may_join(stop)
            ]
            if not more:
                return found, joined
            joined += more

    def _may_join(self, stop: PlainOrder) -> bool:
        """Return whether *stop*, elected, can wait in the book for the auction."""
        return self._limit_of(stop) is not None and stop.lives not in AT_ONCE

    def _price_with(self, joined: list[PlainOrder]) -> tuple[int, int] | None:
        sides: dict[Side, dict[int, int]] = {side: {} for side in Side}
        for order in self.orders:
            if order.rests or order in joined:
                limit = self._limit_of(order) if order in joined else order.price
                assert limit is not None
                at = sides[order.side]
                at[limit] = at.get(limit, 0) + order.left
        reference = self.auction_reference
        reference = self.last_px if reference is None else reference
        reference = self.instrument.reference_px if reference is None else reference
        scan, prices = auction.scanned(
            sides[Side.BUY],
            sides[Side.SELL],
            lambda price: on_tick(self.instrument, price),
            reference,
        )
        found = auction.decided(scan, prices, self.chain)
        return None if found is None else (found[0], scan.volume(found[0]))

    def _uncross(self) -> None:
        found, joined = self.auction_price()
        if found is None:
            return
        price, quantity = found
        for stop in joined:
            stop.leave()
            self._trigger(stop)
            self._rest(stop, may_be_top=False)
        while quantity:
            buy, sell = self.resting(Side.BUY)[0], self.resting(Side.SELL)[0]
            last_qty = min(buy.left, sell.left, quantity)
            quantity -= last_qty
            self._trade(buy, sell, last_qty, price, aggressor=None)
            for one in (buy, sell):
                # What is shown goes first, and whoever is left over keeps his place.
                one.shown -= last_qty
                if not one.left:
                    one.leave()
                elif one.shown <= 0:
                    one.show()


def _rank(side: Side, price: int | None) -> int:
    """Return a number that is the lower, the better *price* is for the other side."""
    assert price is not None
    return -price if side is Side.BUY else price


def _reaches(side: Side, price: int, other: int) -> bool:
    """Return whether *price* is *other* or beyond: above it for a buy, below for a sell."""
    return price >= other if side is Side.BUY else price <= other
