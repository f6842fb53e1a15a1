"""Auctions: the published tables, and whatever else a book may hold against a full scan.

The oracle knows no ranges: it looks at every single price from the best offer to the
best bid, and counts every order anew for each.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import TypeAlias

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.auction import CHAINS as NAIVE
from oracle.auction import Scan, Step, decided, least_surplus, most, nearest, scanned
from oracle.shorthand import order

from floorproof.market.auction import (
    AVERAGE_OF_THE_FLIP,
    AVERAGE_PRICE,
    BAHRAIN_ARTICLE_25,
    CLOSEST_TO_REFERENCE,
    CME_INDICATIVE_OPENING,
    HIGHEST_PRICE,
    MAXIMUM_VOLUME,
    MINIMUM_SURPLUS,
    NSX_FOUR_STEPS,
    VOLUME_ALONE,
    Chain,
    Uncross,
    allocate,
    indicative,
    uncross,
)
from floorproof.market.book import AuctionTraded, OrderBook, Rested
from floorproof.market.fix import Side
from floorproof.market.identifiers import OrderID, Price, Qty
from floorproof.market.instrument import TickBand, TickTable

CHAINS = {
    "NSX": NSX_FOUR_STEPS,
    "CME": CME_INDICATIVE_OPENING,
    "Bahrain": BAHRAIN_ARTICLE_25,
    "average": AVERAGE_OF_THE_FLIP,
    "volume": VOLUME_ALONE,
}

# --- the published tables -------------------------------------------------------------

Case: TypeAlias = tuple[Price, str, str, Price | None, str]

# fmt: off
# Bids and offers of CME's tables, a column each, at the prices from 51 down to 43.
COLUMNS = {
    "T3, O1": ([10, 20, 30, 40, 50, 70, 100, 1, 30], [30, 100, 1, 25, 1, 100, 90, 4, 6]),
    "T4, O2": ([10, 20, 30, 40, 50, 30, 100, 1, 30], [30, 100, 1, 25, 0,  50, 90, 4, 6]),
    "T5":     ([10, 20, 30, 40, 80,  0,  20, 30, 30], [30, 100, 1, 25, 0,  50, 90, 4, 6]),
}
# Tick, bids, offers, reference; then price, quantity, surplus and how many steps it took.
NSX: Mapping[str, Case] = {
    "T1":  (1, "500@640 1000@639 1000@634 500@633", "1000@610 500@640 520@641 550@642 519@643",
            None, "639 1000 BUY 500 step 3"),
    "T2":  (100, "45@13000 95@12900 25@12800 35@12700 25@12600 55@12500 200@12400 80@12300"
            " 60@12200",
            "10@12200 125@12300 155@12400 90@12500 20@12600 10@12700 15@12800 10@12900 50@13000"
            " 35@13100", None, "12400 290 BUY 190 step 1"),
    "T6":  (5, "200@1650", "200@1610", 1600, "1610 200 step 4"),
    "T7":  (5, "200@1650", "200@1610", 1630, "1630 200 step 4"),
    "T8":  (5, "200@1650", "200@1610", 1700, "1650 200 step 4"),
    "T9":  (5, "100@1620", "300@1600", 1610, "1600 100 SELL 200 step 3"),
    "T10": (5, "300@1620", "100@1600", 1605, "1620 100 BUY 200 step 3"),
    "T11": (5, "150@1010 50@1005", "150@1000 50@1010", 1000, "1005 150 BUY 50 step 4"),
    "T12": (5, "100@1020 100@1000", "100@1000 100@1020", 1012, "1010 100 step 4"),
    "T13": (5, "100@1000", "100@1005", 1000, "nothing"),
    "the ETR pause of E11": (5, "200@1650", "500@1500 200@1610", 1000, "1500 200 SELL 300 step 3"),
    "the ETR pause of E13": (5, "50@2600", "100@2580", 1610, "2580 50 SELL 50 step 3"),
    "no bids":   (5, "", "100@1005", 1000, "nothing"),
    "no offers": (5, "100@1005", "", 1000, "nothing"),
    "touching":  (5, "100@1005", "100@1005", 1000, "1005 100 step 1"),
    "the nearer of two ticks":           (5, "1@20", "1@0", 12, "10 1 step 4"),
    "halfway, the higher of two ticks":  (10, "1@30", "1@0", 15, "20 1 step 5"),
    "no reference, the highest":         (5, "1@20", "1@0", None, "20 1 step 5"),
    "one tick between two levels":       (5, "1@10", "1@0", 5, "5 1 step 4"),
    "reference above the balance":       (5, "100@1020 100@1000", "100@1000 100@1020", 1100,
                                          "1015 100 step 4"),
    "reference below the balance":       (5, "100@1020 100@1000", "100@1000 100@1020", 900,
                                          "1005 100 step 4"),
    "below zero":                        (5, "1@-5", "1@-20", -14, "-15 1 step 4"),
    "surplus flips, near the upper end": (5, "150@1010 50@1005", "150@1000 50@1010", 1100,
                                          "1010 150 SELL 50 step 4"),
}
CME: Mapping[str, Case] = {
    "no flip is looked for": (5, "150@1010 50@1005", "150@1000 50@1010", 1000,
                              "1000 150 BUY 50 step 5"),
    "bids left over":   (5, "300@1620", "100@1600", 1605, "1620 100 BUY 200 step 3"),
    "offers left over": (5, "100@1620", "300@1600", 1610, "1600 100 SELL 200 step 4"),
    "the settlement":   (5, "200@1650", "200@1610", 1630, "1630 200 step 5"),
    "no settlement":    (5, "200@1650", "200@1610", None, "1650 200 step 6"),
}
BAHRAIN: Mapping[str, Case] = {
    "pressure is not asked": (5, "300@1620", "100@1600", 1605, "1605 100 BUY 200 step 3"),
    "the higher of two":     (10, "1@30", "1@0", 15, "20 1 step 4"),
}
AVERAGE: Mapping[str, Case] = {
    "on tick":              (5, "1@20", "1@0", 100, "10 1 step 3"),
    "toward a lower close": (5, "1@25", "1@0", 5, "10 1 step 3"),
    "toward a higher close": (5, "1@25", "1@0", 20, "15 1 step 3"),
    "the close is between":  (10, "1@50", "1@20", 35, "40 1 step 3"),
    "no close":             (5, "1@25", "1@0", None, "15 1 step 3"),
    "between integers, down": (1, "1@1", "1@0", 0, "0 1 step 3"),
    "between integers, up": (1, "1@1", "1@0", 1, "1 1 step 3"),
    "at the flip":          (5, "150@1010 50@1005", "150@1000 50@1010", 0,
                             "1005 150 BUY 50 step 3"),
    "around the balance":   (5, "100@1020 100@1000", "100@1000 100@1020", 0, "1010 100 step 3"),
    "pressure on one side": (5, "300@1620", "100@1600", 1605, "1620 100 BUY 200 step 2"),
}
VOLUME: Mapping[str, Case] = {
    "one price":    (5, "100@1005", "100@1005", None, "1005 100 step 1"),
    "several":      (5, "100@1620", "300@1600", 1600, "1620 100 SELL 200 step 2"),
}
# fmt: on
CASES = {"NSX": NSX, "CME": CME, "Bahrain": BAHRAIN, "average": AVERAGE, "volume": VOLUME}

Levels: TypeAlias = Sequence[tuple[Price, Qty]]


def levels(text: str) -> list[tuple[Price, Qty]]:
    """Return the levels of ``quantity@price ...``, as they stand."""
    pairs = (word.split("@") for word in text.split())
    return [(int(price), int(qty)) for qty, price in pairs]


def columns(name: str) -> tuple[Levels, Levels]:
    bids, offers = (list(zip(range(51, 42, -1), side, strict=True)) for side in COLUMNS[name])
    return (
        [(price, qty) for price, qty in bids if qty],
        [(price, qty) for price, qty in reversed(offers) if qty],
    )


def said(found: Uncross | None) -> str:
    if found is None:
        return "nothing"
    surplus = f" {found.surplus_side.name} {found.surplus}" if found.surplus_side else ""
    return f"{found.price} {found.quantity}{surplus} step {found.step}"


@pytest.mark.rule("AUCT-1", "AUCT-2", "AUCT-3", "AUCT-4", "AUCT-5", "AUCT-6")
@pytest.mark.parametrize(
    ("chain", "tick", "bids", "offers", "reference", "expected"),
    [
        pytest.param(chain, *case, id=f"{chain}, {name}")
        for chain, cases in CASES.items()
        for name, case in cases.items()
    ],
)
def test_price_is_found_by_the_chain(
    chain: str, tick: Price, bids: str, offers: str, reference: Price | None, expected: str
) -> None:
    found = uncross(
        levels(bids),
        levels(offers),
        ticks=TickTable.uniform(tick),
        reference=reference,
        chain=CHAINS[chain],
    )

    assert said(found) == expected


@pytest.mark.rule("AUCT-2", "AUCT-3", "AUCT-4")
@pytest.mark.parametrize("chain", ["NSX", "CME"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("T3, O1", "46 200 BUY 20 step 1"),
        ("T4, O2", "47 150 step 2"),
        ("T5", "47 150 BUY 30 step 3"),
    ],
)
def test_price_of_the_cme_tables(chain: str, name: str, expected: str) -> None:
    bids, offers = columns(name)

    found = uncross(bids, offers, ticks=TickTable.uniform(1), reference=None, chain=CHAINS[chain])

    assert said(found) == expected


def test_the_deciding_step_is_named() -> None:
    found = uncross(
        [(20, 1)], [(0, 1)], ticks=TickTable.uniform(5), reference=7, chain=NSX_FOUR_STEPS
    )

    assert found is not None
    assert found.decided_by is CLOSEST_TO_REFERENCE


# --- ticks and levels -----------------------------------------------------------------

# Twos; from 9 on threes; from 27 on tens, of which the first is 30.
BANDS = TickTable((TickBand(0, 2), TickBand(9, 3), TickBand(27, 10)))

# fmt: off
BANDED = {
    "between two bands, nearer to the one above": ("1@40", "1@0", 28, "30"),
    "between two bands, nearer to the one below": ("1@40", "1@0", 26, "24"),
    "in the finest band":         ("1@40", "1@0", 7, "8"),
    "below the first band":       ("1@40", "1@-9", -3, "-2"),
    "the first of its band":      ("1@40", "1@0", 9, "9"),
    "the balance ends in a band": ("1@10 1@1", "1@1 1@10", 100, "9"),
    "the balance starts in one":  ("1@40 1@25", "1@25 1@40", 0, "30"),
    "a reference off every tick": ("1@40", "1@0", 35, "40"),
}
# fmt: on


@pytest.mark.rule("AUCT-1", "AUCT-5")
@pytest.mark.parametrize(
    ("bids", "offers", "reference", "price"), BANDED.values(), ids=BANDED.keys()
)
def test_tick_bands_hold_between_levels(
    bids: str, offers: str, reference: Price, price: str
) -> None:
    found = uncross(
        levels(bids), levels(offers), ticks=BANDS, reference=reference, chain=NSX_FOUR_STEPS
    )

    assert found is not None
    assert str(found.price) == price


def test_a_band_without_a_price_of_its_own_is_passed_over() -> None:
    ticks = TickTable((TickBand(0, 5), TickBand(11, 100), TickBand(14, 5)))

    found = uncross([(20, 1)], [(0, 1)], ticks=ticks, reference=12, chain=NSX_FOUR_STEPS)

    assert said(found) == "10 1 step 4"


def test_a_level_off_tick_is_a_candidate() -> None:
    found = uncross(
        [(1003, 5)], [(1003, 5)], ticks=TickTable.uniform(5), reference=None, chain=VOLUME_ALONE
    )

    assert said(found) == "1003 5 step 1"


# fmt: off
WRONG_LEVELS = {
    "bids worst first":   ("1@10 1@20", "1@5", "best first"),
    "offers worst first": ("1@20", "1@10 1@5", "best first"),
    "a price twice":      ("1@10 1@10", "1@5", "best first"),
    "nothing at a price": ("0@10", "1@5", "above zero"),
    "less than nothing":  ("1@10", "1@5 -1@6", "above zero"),
}
# fmt: on


@pytest.mark.parametrize(("bids", "offers", "why"), WRONG_LEVELS.values(), ids=WRONG_LEVELS.keys())
def test_wrong_levels_are_refused(bids: str, offers: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        uncross(
            levels(bids),
            levels(offers),
            ticks=TickTable.uniform(1),
            reference=None,
            chain=VOLUME_ALONE,
        )


def test_a_chain_begins_with_volume_and_ends_with_one_price() -> None:
    with pytest.raises(ValueError, match="begins with 'maximum volume', was \\['highest price'\\]"):
        Chain((HIGHEST_PRICE,))
    with pytest.raises(ValueError, match=r"ends with .* \(highest price, average price\)"):
        Chain((MAXIMUM_VOLUME, MINIMUM_SURPLUS))
    with pytest.raises(ValueError, match="begins with"):
        Chain(())

    assert Chain((MAXIMUM_VOLUME, AVERAGE_PRICE)).steps[-1].decides


# --- against a full scan --------------------------------------------------------------


# Few prices, so that the sides overlap; some of them off tick, and some below zero.
BIDS = st.dictionaries(st.integers(-4, 30), st.integers(1, 2), max_size=5)
OFFERS = st.dictionaries(st.integers(-12, 22), st.integers(1, 2), max_size=5)
REFERENCES = st.none() | st.integers(-15, 35)
TICKS = st.sampled_from(
    [
        *(TickTable.uniform(increment) for increment in (1, 2, 5)),
        BANDS,
        TickTable((TickBand(-3, 5), TickBand(4, 50), TickBand(13, 3))),
    ]
)


def by_scan(scan: Scan, prices: list[Price], steps: Iterable[Step]) -> str:
    found = decided(scan, prices, steps)
    if found is None:
        return "nothing"
    price, taken = found
    surplus = scan.surplus(price)
    side = f" {'BUY' if surplus > 0 else 'SELL'} {abs(surplus)}" if surplus else ""
    return f"{price} {scan.volume(price)}{side} step {taken}"


@pytest.mark.rule("AUCT-1", "AUCT-2", "AUCT-3", "AUCT-4", "AUCT-5", "AUCT-6")
@pytest.mark.parametrize("chain", CHAINS)
@given(bids=BIDS, offers=OFFERS, ticks=TICKS, reference=REFERENCES)
def test_price_is_that_of_a_full_scan(
    chain: str,
    bids: dict[Price, Qty],
    offers: dict[Price, Qty],
    ticks: TickTable,
    reference: Price | None,
) -> None:
    scan, prices = scanned(bids, offers, ticks.accepts, reference)

    found = uncross(
        sorted(bids.items(), reverse=True),
        sorted(offers.items()),
        ticks=ticks,
        reference=reference,
        chain=CHAINS[chain],
    )

    assert said(found) == by_scan(scan, prices, NAIVE[chain])


def by_three_rules(scan: Scan, prices: list[Price]) -> list[Price] | None:
    """Return what CME's page with three rules says, or None where it says nothing."""
    prices = most(scan, prices)
    surpluses = [scan.surplus(one) for one in prices]
    if len(prices) == 1:
        return prices
    if all(surplus == 0 for surplus in surpluses):
        return nearest(scan, prices)
    if 0 in surpluses:
        return None
    if all(surplus > 0 for surplus in surpluses):
        return [max(prices)]
    if all(surplus < 0 for surplus in surpluses):
        return [min(prices)]
    return least_surplus(scan, prices)


@pytest.mark.rule("AUCT-5")
@given(bids=BIDS, offers=OFFERS, settlement=st.integers(-15, 35))
def test_five_rules_of_cme_agree_with_its_three(
    bids: dict[Price, Qty], offers: dict[Price, Qty], settlement: Price
) -> None:
    ticks = TickTable.uniform(1)
    scan, prices = scanned(bids, offers, ticks.accepts, settlement)

    found = uncross(
        sorted(bids.items(), reverse=True),
        sorted(offers.items()),
        ticks=ticks,
        reference=settlement,
        chain=CME_INDICATIVE_OPENING,
    )

    three = by_three_rules(scan, prices) if prices else None
    assert three is None or (found is not None and found.price in three)


# --- work -----------------------------------------------------------------------------


def calls(bids: Levels, offers: Levels, chain: Chain) -> int:
    """Return how many calls it takes to find a price."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        found = uncross(bids, offers, ticks=TickTable.uniform(1), reference=12_345, chain=chain)
    finally:
        sys.setprofile(before)
    assert found is not None
    return count


@pytest.mark.parametrize("chain", CHAINS)
def test_work_does_not_grow_with_the_ticks_between_levels(chain: str) -> None:
    near = calls([(20_000, 1)], [(1, 1)], CHAINS[chain])

    far = calls([(10**9, 1)], [(1, 1)], CHAINS[chain])

    assert far == near


@pytest.mark.parametrize("chain", CHAINS)
def test_work_grows_as_the_levels_do(chain: str) -> None:
    def work(count: int) -> int:
        prices = range(0, 1000 * count, 1000)
        return calls(
            [(p + 1, 1) for p in reversed(prices)], [(p, 1) for p in prices], CHAINS[chain]
        )

    assert work(300) - work(200) == pytest.approx(work(200) - work(100), abs=10)


def test_levels_that_do_not_overlap_are_not_read() -> None:
    def unread() -> Iterable[tuple[Price, Qty]]:
        yield 10, 1
        yield 9, 1
        raise AssertionError("read on")

    found = uncross(
        unread(), [(10, 1)], ticks=TickTable.uniform(1), reference=None, chain=VOLUME_ALONE
    )

    assert said(found) == "10 1 step 1"


# --- who trades -----------------------------------------------------------------------


def book_of(lines: Iterable[str], filled: Iterable[Qty] = ()) -> OrderBook:
    """Return a book in which *lines* rest, numbered from 1, crossed or not.

    Args:
        filled: how much of each has been filled before.
    """
    book = OrderBook()
    before = itertools.chain(filled, itertools.repeat(0))
    for number, (line, gone) in enumerate(zip(lines, before, strict=False), 1):
        entered = order(line)
        assert entered.price is not None
        leaves_qty = entered.order_qty - gone
        book.apply([Rested(OrderID(number), entered, entered.price, leaves_qty)])
    return book


def described(trades: Iterable[AuctionTraded]) -> str:
    return ", ".join(
        f"#{trade.buy.order_id} #{trade.sell.order_id} {trade.last_qty}@{trade.price}"
        f" leaves {trade.buy.leaves_qty} {trade.sell.leaves_qty}"
        for trade in trades
    )


# fmt: off
ALLOCATIONS = {
    "the ETR pause of E4":  (["A a SELL 200 @ 1610", "B b BUY 200 @ 1610"],
                             "#2 #1 200@1610 leaves 0 0"),
    "price, then time":     (["A a BUY 10 @ 1600", "B b BUY 10 @ 1610", "C c BUY 10 @ 1600",
                              "D d SELL 25 @ 1600"],
                             "#2 #4 10@1600 leaves 0 15, #1 #4 10@1600 leaves 0 5,"
                             " #3 #4 5@1600 leaves 5 0"),
    "walked together":      (["A a BUY 7 @ 1610", "B b BUY 5 @ 1605", "C c SELL 4 @ 1600",
                              "D d SELL 8 @ 1605"],
                             "#1 #3 4@1605 leaves 3 0, #1 #4 3@1605 leaves 0 5,"
                             " #2 #4 5@1605 leaves 0 0"),
    "the last is partial":  (["A a SELL 5 @ 1600", "B b SELL 5 @ 1600", "C c BUY 7 @ 1600"],
                             "#3 #1 5@1600 leaves 2 0, #3 #2 2@1600 leaves 0 3"),
    "limits keep out":      (["A a SELL 5 @ 1600", "B b SELL 5 @ 1610", "C c BUY 7 @ 1600",
                              "D d BUY 9 @ 1595"],
                             "#3 #1 5@1600 leaves 2 0"),
}
# fmt: on


@pytest.mark.rule("AUCT-7")
@pytest.mark.parametrize(("lines", "expected"), ALLOCATIONS.values(), ids=ALLOCATIONS.keys())
def test_orders_trade_by_price_then_time(lines: list[str], expected: str) -> None:
    book = book_of(lines)
    at = indicative(book, ticks=TickTable.uniform(5), reference=1600, chain=NSX_FOUR_STEPS)
    assert at is not None

    assert described(allocate(book, at.price)) == expected


def test_nobody_trades_at_a_price_that_one_side_does_not_reach() -> None:
    book = book_of(["A a BUY 5 @ 19", "B b SELL 5 @ 10"])

    assert [described(allocate(book, price)) for price in (20, 9)] == ["", ""]
    assert described(allocate(book, 12)) == "#1 #2 5@12 leaves 0 0"


@attrs.frozen
class Entered:
    side: Side
    leaves_qty: Qty
    price: Price
    filled_qty: Qty


ORDERS = st.lists(
    st.builds(
        Entered,
        st.sampled_from(Side),
        st.integers(1, 5),
        st.integers(-3, 6),
        st.integers(0, 2),
    ),
    max_size=14,
)


def resting(orders: Iterable[Entered]) -> OrderBook:
    orders = list(orders)
    return book_of(
        [f"A a {o.side.name} {o.leaves_qty + o.filled_qty} @ {o.price}" for o in orders],
        [o.filled_qty for o in orders],
    )


@attrs.frozen
class Day:
    """A book, what its auction came to, and every order with what it did not trade."""

    entered: Mapping[OrderID, Entered]
    at: Uncross
    trades: Sequence[AuctionTraded]
    left: Mapping[OrderID, Qty]

    def queue(self, side: Side) -> list[OrderID]:
        """Return the orders of *side* by price and then by time."""
        sign = -1 if side is Side.BUY else 1
        return sorted(
            (one for one, entered in self.entered.items() if entered.side is side),
            key=lambda one: (sign * self.entered[one].price, one),
        )


def opened(orders: Sequence[Entered], reference: Price | None, chain: Chain) -> Day | None:
    book = resting(orders)
    entered = {OrderID(number): one for number, one in enumerate(orders, 1)}
    at = indicative(book, ticks=TickTable.uniform(2), reference=reference, chain=chain)
    if at is None:
        return None
    trades = allocate(book, at.price)
    left = {one: entered[one].leaves_qty for one in entered}
    for trade in trades:
        for fill in (trade.buy, trade.sell):
            left[fill.order_id] -= trade.last_qty
            assert fill.leaves_qty == left[fill.order_id]
    return Day(entered, at, trades, left)


AUCTIONS = st.tuples(ORDERS, REFERENCES, st.sampled_from(list(CHAINS.values())))


@pytest.mark.rule("AUCT-1")
@given(AUCTIONS)
def test_nothing_is_left_crossed(auction: tuple[list[Entered], Price | None, Chain]) -> None:
    orders, reference, chain = auction

    day = opened(orders, reference, chain)

    left = (
        {one: entered.leaves_qty for one, entered in enumerate(orders, 1)}
        if day is None
        else day.left
    )
    live = [entered for one, entered in enumerate(orders, 1) if left[OrderID(one)]]
    bids = [one.price for one in live if one.side is Side.BUY]
    offers = [one.price for one in live if one.side is Side.SELL]
    assert not bids or not offers or max(bids) < min(offers)


@pytest.mark.rule("AUCT-2", "AUCT-7")
@given(AUCTIONS)
def test_the_most_trades_at_one_price_within_every_limit(
    auction: tuple[list[Entered], Price | None, Chain],
) -> None:
    day = opened(*auction)
    if day is None:
        return

    assert sum(trade.last_qty for trade in day.trades) == day.at.quantity
    assert {trade.price for trade in day.trades} == {day.at.price}
    for trade in day.trades:
        assert trade.last_qty > 0
        assert day.entered[trade.sell.order_id].price <= day.at.price
        assert day.entered[trade.buy.order_id].price >= day.at.price
    assert min(day.left.values()) >= 0
    for price in range(-4, 8):
        bid = sum(o.leaves_qty for o in auction[0] if o.side is Side.BUY and o.price >= price)
        offered = sum(o.leaves_qty for o in auction[0] if o.side is Side.SELL and o.price <= price)
        assert min(bid, offered) <= day.at.quantity


@pytest.mark.rule("AUCT-7")
@given(AUCTIONS)
def test_priority_is_by_price_and_then_by_time(
    auction: tuple[list[Entered], Price | None, Chain],
) -> None:
    day = opened(*auction)
    if day is None:
        return

    for side in Side:
        queue = day.queue(side)
        filled = [(trade.buy if side is Side.BUY else trade.sell).order_id for trade in day.trades]
        in_turn = list(dict.fromkeys(filled))
        assert filled == sorted(filled, key=in_turn.index), "an order trades in one go"
        assert in_turn == queue[: len(in_turn)]
        assert all(day.left[one] == 0 for one in in_turn[:-1])


@pytest.mark.rule("AUCT-9")
@given(AUCTIONS)
def test_asking_changes_nothing(auction: tuple[list[Entered], Price | None, Chain]) -> None:
    orders, reference, chain = auction
    book = resting(orders)
    rest = [
        [(one.order_id, one.order, one.leaves_qty, one.level.price) for one in book.resting(side)]
        for side in Side
    ]
    depth = [book.depth(side, 99) for side in Side]

    first = indicative(book, ticks=BANDS, reference=reference, chain=chain)
    trades = allocate(book, first.price) if first else []

    assert indicative(book, ticks=BANDS, reference=reference, chain=chain) == first
    assert not first or allocate(book, first.price) == trades
    assert [book.depth(side, 99) for side in Side] == depth
    assert rest == [
        [(one.order_id, one.order, one.leaves_qty, one.level.price) for one in book.resting(side)]
        for side in Side
    ]


@pytest.mark.rule("AUCT-8", "AUCT-9")
@given(AUCTIONS)
def test_a_book_counts_as_its_orders_do(
    auction: tuple[list[Entered], Price | None, Chain],
) -> None:
    orders, reference, chain = auction
    sides: dict[Side, dict[Price, Qty]] = {side: {} for side in Side}
    for one in orders:
        sides[one.side][one.price] = sides[one.side].get(one.price, 0) + one.leaves_qty

    found = indicative(resting(orders), ticks=BANDS, reference=reference, chain=chain)

    assert found == uncross(
        sorted(sides[Side.BUY].items(), reverse=True),
        sorted(sides[Side.SELL].items()),
        ticks=BANDS,
        reference=reference,
        chain=chain,
    )
