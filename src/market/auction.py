"""Auctions: the one price at which a book uncrosses, and who trades with whom at it.

Nothing here changes a book.  Asked before the auction, `uncross` tells the
indicative price and quantity; asked at the auction, the very same function tells
the price, and `allocate` the trades.

The *candidate prices* are all prices on tick from the best offer up to the best
bid, whether or not an order rests there, and the price of every level in between.
From one level to the next nothing changes, so that candidates are kept as ranges,
at most two for a level: it makes no difference how many ticks lie between.

Which candidate it is, a `Chain` of tie-breakers decides.  Each keeps some of what
the one before it left, until a single price remains.  After maximum volume what is
kept has no gaps, since with a rising price bids only fall away and offers only join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TypeAlias

import attrs

from .book import AuctionFill, AuctionTraded, Election, HalfBook, OrderBook, Resting
from .fix import Side
from .identifiers import Price, Qty
from .instrument import Instrument, TickTable
from .ledger import Rule
from .messages import IMMEDIATE, NewOrderSingle
from .stops import triggered

RULES = (
    Rule(
        "AUCT-1",
        "An auction has one price, found among all ticks from the best offer to the best bid;"
        " without a bid at or above an offer there is neither a price nor a trade.",
        'ASX, "Trading phases", on the opening price; UNSW, trading engine course, appendix of'
        " additional reading, session 3",
    ),
    Rule(
        "AUCT-2",
        "The auction price is one at which the most would trade: at each price the smaller of"
        " all bids there or above and all offers there or below.",
        'ASX, "Trading phases", step 1; CME, "Cumulative Quantity and Price Determination" and'
        ' "Rules to Determine the Indicative Opening Price", rule 1',
    ),
    Rule(
        "AUCT-3",
        "Among prices of equal volume it is one that leaves the smallest surplus.",
        'ASX, "Trading phases", step 2; CME, "Rules to Determine the Indicative Opening Price",'
        " rule 2; Bahrain Bourse, Article 25",
    ),
    Rule(
        "AUCT-4",
        "If the surplus is of bids at all of the remaining prices it is the highest of them, if"
        " of offers the lowest.",
        'ASX, "Trading phases", step 3; CME, "Rules to Determine the Indicative Opening Price",'
        " rules 3 and 4",
    ),
    Rule(
        "AUCT-5",
        "Where pressure decides nothing, it is the remaining price closest to the reference.",
        'ASX, "Trading phases", step 4; CME, "Rules to Determine the Indicative Opening Price",'
        " rule 5; Bahrain Bourse, Article 25",
    ),
    Rule(
        "AUCT-6",
        "A venue may instead take the average of the prices at which pressure flips, rounded to"
        " a tick toward the previous close.",
        'csxpeng.blogspot.com, "Example on how to compute opening", January 2011',
    ),
    Rule(
        "AUCT-7",
        "Orders trade by price and then by time, whatever the instrument's algorithm: the best"
        " bid with the best offer, all at the auction price.",
        'CME, "Rules to Determine the Indicative Opening Price", on opening trades; NSX, NETS'
        ' ITCH, "Orderbook management"; MarketGrid, "Auction"',
    ),
    Rule(
        "AUCT-8",
        "Quantity that is not displayed counts in full.",
        'CME, "Cumulative Quantity and Price Determination"; MOEX, "Opening auction"',
    ),
    Rule(
        "AUCT-9",
        "The indicative price and quantity are those of an auction at that moment.",
        'NSX, NETS ITCH, "Indicative price/quantity [I]"',
    ),
    Rule(
        "AUCT-10",
        "Stops that the price elects and that can rest join with their limits, behind what"
        " rests, and the price is found again, until it elects no more.",
        'CME, "Rules to Determine the Indicative Opening Price", on stop orders',
    ),
)


# --- what an auction comes to ---------------------------------------------------------


@attrs.frozen(kw_only=True)
class Uncross:
    """At what price how much would trade, and how that was decided."""

    price: Price
    quantity: Qty

    surplus: Qty
    """What finds no counterparty although its limit allows the price."""

    surplus_side: Side | None
    """Which side has too much of it, or None when there is no surplus."""

    step: int
    """How many steps of the chain it took, from 1."""

    decided_by: TieBreaker
    """The last of those steps."""


@attrs.frozen
class Opening:
    """What an auction of a book comes to, with the stops that it elects."""

    uncross: Uncross | None
    """Its price and quantity, or None if nothing would trade."""

    joining: tuple[tuple[Resting, NewOrderSingle], ...] = ()
    """The stops that join it, in the order in which they are elected, each as it then works."""


# --- how the price is chosen ----------------------------------------------------------


@attrs.frozen
class PriceRange:
    """Neighbouring candidate prices, at all of which the same would trade."""

    lowest: Price
    highest: Price

    buy_qty: Qty
    """Of all bids at these prices or above."""

    sell_qty: Qty
    """Of all offers at these prices or below."""

    @property
    def volume(self) -> Qty:
        return min(self.buy_qty, self.sell_qty)

    @property
    def surplus(self) -> Qty:
        """Of bids when above zero, of offers when below."""
        return self.buy_qty - self.sell_qty

    def at(self, price: Price) -> PriceRange:
        """Return the range that is *price* alone."""
        return PriceRange(price, price, self.buy_qty, self.sell_qty)


Narrow: TypeAlias = Callable[[Sequence[PriceRange], Price | None, TickTable], Sequence[PriceRange]]
"""From the ranges that were kept so far, lowest first, and the reference price (if there
is one) to those that are kept now: at least one, and again lowest first."""


@attrs.frozen
class TieBreaker:
    """One step of a chain: which of the prices that are left it keeps."""

    name: str
    narrow: Narrow = attrs.field(repr=False)

    decides: bool = False
    """Whether it always leaves a single price."""


@attrs.frozen
class Chain:
    """The steps by which a venue chooses its auction price.

    Raises:
        ValueError: if it does not begin with maximum volume, without which the auction
            would leave a crossed book, or does not end with a step that decides.
    """

    steps: tuple[TieBreaker, ...] = attrs.field()

    @steps.validator
    def _from_volume_to_one_price(self, _attribute: object, steps: tuple[TieBreaker, ...]) -> None:
        names = [step.name for step in steps]
        if not steps or steps[0] != MAXIMUM_VOLUME:
            raise ValueError(f"a chain begins with {MAXIMUM_VOLUME.name!r}, was {names}")
        if not steps[-1].decides:
            known = ", ".join(step.name for step in (HIGHEST_PRICE, AVERAGE_PRICE))
            raise ValueError(f"a chain ends with a step that decides ({known}), was {names}")


def uncross(
    bids: Iterable[tuple[Price, Qty]],
    offers: Iterable[tuple[Price, Qty]],
    *,
    ticks: TickTable,
    reference: Price | None,
    chain: Chain,
) -> Uncross | None:
    """Return the price at which the two sides would trade, or None if nothing would.

    The work grows with the number of levels that overlap; levels beyond the other
    side's best are not read.

    Args:
        bids: ``(price, quantity)`` of each level, best first, with all its quantity,
            displayed or not.
        offers: the same of the other side.
        reference: the price that a step may refer to (a last trade, a settlement, a
            previous close: which one is the venue's choice), on tick or not; or None.

    Raises:
        ValueError: if a level has no quantity, or levels are not best first.
    """
    bids, offers = iter(bids), iter(offers)
    bid, offer = next(bids, None), next(offers, None)
    if bid is None or offer is None or bid[0] < offer[0]:
        return None
    buys = _reaching(bid, bids, offer[0], -1)
    sells = _reaching(offer, offers, bid[0], 1)
    return _decided(buys, sells, ticks, reference, chain)


def indicative(
    book: OrderBook, *, ticks: TickTable, reference: Price | None, chain: Chain
) -> Uncross | None:
    """Return what an auction of *book* would come to now (see `uncross`)."""
    return uncross(
        _levels(book.half(Side.BUY)),
        _levels(book.half(Side.SELL)),
        ticks=ticks,
        reference=reference,
        chain=chain,
    )


def opening(
    book: OrderBook, instrument: Instrument, *, reference: Price | None, chain: Chain
) -> Opening:
    """Return what an auction of *book* would come to now, the stops that it elects included.

    A stop that could not rest, as it works without a limit or at once, does not join: the
    auction's trades elect it.
    """
    bids, offers, election = _Auctioned(book.bids), _Auctioned(book.offers), Election(book)
    joining: list[tuple[Resting, NewOrderSingle]] = []
    while True:
        bid, offer = bids.best, offers.best
        if bid is None or offer is None or bid < offer:
            assert not joining, "who joins does not part the two sides"
            return Opening(None)
        buys, sells = bids.reaching(offer), offers.reaching(bid)
        found = _decided(buys, sells, instrument.ticks, reference, chain)
        known = len(joining)
        for stop in election.at(found.price):
            order = triggered(stop.order, instrument)
            if order.price is not None and order.time_in_force not in IMMEDIATE:
                joining.append((stop, order))
                half = bids if order.side is Side.BUY else offers
                half.add(order.price, stop.leaves_qty)
        if len(joining) == known:
            return Opening(found, tuple(joining))


def allocate(book: OrderBook, price: Price) -> list[AuctionTraded]:
    """Return who trades how much with whom when *book* uncrosses at *price*.

    The book stays as it is.  On both sides better prices come first, then earlier
    arrivals: the first bid meets the first offer until one of them is filled and the
    next takes its place, as long as both have an order whose limit allows the price.

    Returns:
        The trades in that order; at the price that `indicative` finds they add up to
        its quantity.
    """
    trades: list[AuctionTraded] = []
    buys = takewhile(lambda one: one.level.price >= price, book.resting(Side.BUY))
    sells = takewhile(lambda one: one.level.price <= price, book.resting(Side.SELL))
    buy, sell = next(buys, None), next(sells, None)
    bought = sold = 0  # by these two
    while buy is not None and sell is not None:
        last_qty = min(buy.leaves_qty - bought, sell.leaves_qty - sold)
        bought += last_qty
        sold += last_qty
        trades.append(
            AuctionTraded(
                AuctionFill(buy.order_id, buy.order, buy.leaves_qty - bought),
                AuctionFill(sell.order_id, sell.order, sell.leaves_qty - sold),
                price,
                last_qty,
            )
        )
        if bought == buy.leaves_qty:
            buy, bought = next(buys, None), 0
        if sold == sell.leaves_qty:
            sell, sold = next(sells, None), 0
    return trades


# --- tie-breakers ---------------------------------------------------------------------


def _maximum_volume(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    most = max(prices.volume for prices in kept)
    return [prices for prices in kept if prices.volume == most]


def _minimum_surplus(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    least = min(abs(prices.surplus) for prices in kept)
    return [prices for prices in kept if abs(prices.surplus) == least]


# Of several prices of the most volume, the highest that leaves a surplus of bids is a
# level's, and so is the lowest that leaves one of offers: of the ranges between levels,
# where bids are left over the offers of the next level up would trade as well.


def _buy_pressure(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    return kept[-1:] if all(prices.surplus > 0 for prices in kept) else kept


def _sell_pressure(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    return kept[:1] if all(prices.surplus < 0 for prices in kept) else kept


def _market_pressure(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    # The surplus only falls as the price rises: first it is of bids, then of offers.
    buying = [prices for prices in kept if prices.surplus > 0]
    balanced = [prices for prices in kept if prices.surplus == 0]
    selling = [prices for prices in kept if prices.surplus < 0]
    return [*buying[-1:], *balanced, *selling[:1]]


def _closest_to_reference(
    kept: Sequence[PriceRange], reference: Price | None, ticks: TickTable
) -> Sequence[PriceRange]:
    if reference is None:
        return kept
    below, above = _around(kept, reference, reference, ticks)
    if below is None or above is None:
        only = below or above
        assert only is not None, "something is always kept"
        return [only]
    further = (reference - below.lowest) - (above.lowest - reference)
    if below == above or further < 0:
        return [below]
    return [above] if further > 0 else [below, above]


def _highest_price(
    kept: Sequence[PriceRange], _reference: Price | None, _ticks: TickTable
) -> Sequence[PriceRange]:
    return [kept[-1].at(kept[-1].highest)]


def _average_price(
    kept: Sequence[PriceRange], reference: Price | None, ticks: TickTable
) -> Sequence[PriceRange]:
    twice = kept[0].lowest + kept[-1].highest  # the average may fall between two integers
    below, above = _around(kept, twice // 2, -(-twice // 2), ticks)
    assert below is not None, "no average is below all prices"
    assert above is not None, "no average is above all prices"
    return [below if reference is not None and 2 * reference < twice else above]


MAXIMUM_VOLUME = TieBreaker("maximum volume", _maximum_volume)
"""Keep the prices at which the most would trade."""

MINIMUM_SURPLUS = TieBreaker("minimum surplus", _minimum_surplus)
"""Keep the prices that leave the least of what could trade there without a counterparty."""

BUY_PRESSURE = TieBreaker("buy pressure", _buy_pressure)
"""Keep the highest price if all leave a surplus of bids."""

SELL_PRESSURE = TieBreaker("sell pressure", _sell_pressure)
"""Keep the lowest price if all leave a surplus of offers."""

MARKET_PRESSURE = TieBreaker("market pressure", _market_pressure)
"""Keep where the pressure flips: from the highest price that leaves a surplus of bids to
the lowest that leaves one of offers.  That is one price if all the surplus is on one side."""

CLOSEST_TO_REFERENCE = TieBreaker("closest to the reference", _closest_to_reference)
"""Keep the price nearest to the reference, or the two that are equally near; without a
reference keep all."""

HIGHEST_PRICE = TieBreaker("highest price", _highest_price, decides=True)

AVERAGE_PRICE = TieBreaker("average price", _average_price, decides=True)
"""Keep the average of the lowest and the highest price; where that is no candidate, the
next one toward the reference.  Without a reference, or with one that is the average
itself, it is the next one up."""


# --- chains ---------------------------------------------------------------------------

NSX_FOUR_STEPS = Chain(
    (
        MAXIMUM_VOLUME,
        MINIMUM_SURPLUS,
        MARKET_PRESSURE,
        CLOSEST_TO_REFERENCE,
        HIGHEST_PRICE,
    )
)
"""The Australian four steps.

NSX publishes that it has a theoretical opening price, not how it is chosen; this is
ASX's rule.  The fifth step is ours: step 4 with two prices equally near, or without a
reference.

Source: ASX, "Trading phases".
"""

CME_INDICATIVE_OPENING = Chain(
    (
        MAXIMUM_VOLUME,
        MINIMUM_SURPLUS,
        BUY_PRESSURE,
        SELL_PRESSURE,
        CLOSEST_TO_REFERENCE,
        HIGHEST_PRICE,
    )
)
"""CME Globex's five rules; the reference is the settlement.  The sixth step is ours.

The page that has three rules instead says the same wherever it says anything.

Source: CME, "Rules to Determine the Indicative Opening Price".
"""

BAHRAIN_ARTICLE_25 = Chain((MAXIMUM_VOLUME, MINIMUM_SURPLUS, CLOSEST_TO_REFERENCE, HIGHEST_PRICE))
"""Bahrain Bourse's; the reference is the last close.

Source: Bahrain Bourse rules, Article 25.
"""

AVERAGE_OF_THE_FLIP = Chain((MAXIMUM_VOLUME, MARKET_PRESSURE, AVERAGE_PRICE))
"""The most volume where the pressure flips, else the average; the reference is the
previous close.

Source: csxpeng.blogspot.com, "Example on how to compute opening", January 2011.
"""

VOLUME_ALONE = Chain((MAXIMUM_VOLUME, HIGHEST_PRICE))
"""Of venues that publish no tie-breaker.  The second step is ours.

Sources: NZX, "Anatomy of a trading day"; MarketGrid, "Auction".
"""

CHAINS: Mapping[str, Chain] = {
    "nsx": NSX_FOUR_STEPS,
    "cme": CME_INDICATIVE_OPENING,
    "bahrain": BAHRAIN_ARTICLE_25,
    "average": AVERAGE_OF_THE_FLIP,
    "volume": VOLUME_ALONE,
}
"""All of them, by the names that scenarios have for them."""


# --- candidate prices -----------------------------------------------------------------


def _levels(half: HalfBook) -> Iterator[tuple[Price, Qty]]:
    for level in half:
        yield level.price, level.qty


class _Auctioned:
    """One side of a book, read as far as it meets the other, with the stops that join it."""

    def __init__(self, half: HalfBook) -> None:
        self.best = None if half.best is None else half.best.price
        self._sign = half.sign
        self._unread = iter(half)
        self._next = next(self._unread, None)
        self._levels: dict[Price, Qty] = {}

    def add(self, price: Price, qty: Qty) -> None:
        self._levels[price] = self._levels.get(price, 0) + qty
        if self.best is None or (price - self.best) * self._sign < 0:
            self.best = price

    def reaching(self, limit: Price) -> dict[Price, Qty]:
        """Return the levels that reach *limit*, the other side's best, in no order."""
        sign = self._sign
        while self._next is not None and (self._next.price - limit) * sign <= 0:
            self.add(self._next.price, self._next.qty)
            self._next = next(self._unread, None)
        return {price: qty for price, qty in self._levels.items() if (price - limit) * sign <= 0}


def _decided(
    buys: dict[Price, Qty],
    sells: dict[Price, Qty],
    ticks: TickTable,
    reference: Price | None,
    chain: Chain,
) -> Uncross:
    """Return what the *chain* makes of the levels of both sides that reach the other's best."""
    kept: Sequence[PriceRange] = _candidates(buys, sells, ticks)
    for step, breaker in enumerate(chain.steps, 1):
        kept = breaker.narrow(kept, reference, ticks)
        if kept[0].lowest == kept[-1].highest:
            (found,) = kept
            return Uncross(
                price=found.lowest,
                quantity=found.volume,
                surplus=abs(found.surplus),
                surplus_side=_side_of(found.surplus),
                step=step,
                decided_by=breaker,
            )
    raise AssertionError(f"{breaker} decides, and has left {kept}")


def _reaching(
    best: tuple[Price, Qty], behind: Iterator[tuple[Price, Qty]], limit: Price, sign: int
) -> dict[Price, Qty]:
    """Return the levels of one side that reach *limit*, the other side's best, best first."""
    reaching: dict[Price, Qty] = {}
    level: tuple[Price, Qty] | None = best
    last: Price | None = None
    while level is not None:
        price, qty = level
        if qty <= 0:
            raise ValueError(f"a level has a quantity above zero, was {qty} at {price}")
        if last is not None and sign * price <= sign * last:
            raise ValueError(f"levels must be best first, was {price} after {last}")
        if sign * price > sign * limit:
            break
        reaching[price] = qty
        last = price
        level = next(behind, None)
    return reaching


def _candidates(
    buys: dict[Price, Qty], sells: dict[Price, Qty], ticks: TickTable
) -> list[PriceRange]:
    """Return the candidate prices, lowest first.

    A level counts whether or not it is on tick (its orders were valid when they came):
    were it left out, what rests there could be crossed after the auction.
    """
    # Two sorted runs: sorting them is one pass.
    prices = sorted([*buys, *(price for price in sells if price not in buys)])
    buy_qty, sell_qty = sum(buys.values()), 0
    candidates: list[PriceRange] = []
    for index, price in enumerate(prices):
        if index:
            lowest = ticks.at_or_above(prices[index - 1] + 1)
            highest = ticks.at_or_below(price - 1)
            if lowest <= highest:
                candidates.append(PriceRange(lowest, highest, buy_qty, sell_qty))
        sell_qty += sells.get(price, 0)
        candidates.append(PriceRange(price, price, buy_qty, sell_qty))
        buy_qty -= buys.get(price, 0)
    return candidates


def _around(
    kept: Sequence[PriceRange], low: Price, high: Price, ticks: TickTable
) -> tuple[PriceRange | None, PriceRange | None]:
    """Return the last kept price up to *low*, and the first from *high*."""
    below = above = None
    for prices in reversed(kept):
        if prices.lowest <= low:
            within = prices.highest > low
            below = prices.at(ticks.at_or_below(low) if within else prices.highest)
            break
    for prices in kept:
        if prices.highest >= high:
            within = prices.lowest < high
            above = prices.at(ticks.at_or_above(high) if within else prices.lowest)
            break
    return below, above


def _side_of(surplus: Qty) -> Side | None:
    if not surplus:
        return None
    return Side.BUY if surplus > 0 else Side.SELL
