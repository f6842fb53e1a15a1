"""The price of an auction, by trying every price: no ranges, and every order counted anew.

Which steps a venue goes through, and in which order, is a list in `CHAINS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

Quantities: TypeAlias = Mapping[int, int]
"""By price, what all orders there come to."""


@attrs.frozen
class Scan:
    """Every price, with what is bid there or above and offered there or below."""

    bid: Quantities
    offered: Quantities
    reference: int | None

    def volume(self, price: int) -> int:
        return min(self.bid[price], self.offered[price])

    def surplus(self, price: int) -> int:
        return self.bid[price] - self.offered[price]

    def far(self, price: int) -> int:
        return abs(price - self.reference) if self.reference is not None else 0


Step: TypeAlias = Callable[[Scan, list[int]], list[int]]


def most(scan: Scan, prices: list[int]) -> list[int]:
    return [one for one in prices if not any(scan.volume(p) > scan.volume(one) for p in prices)]


def least_surplus(scan: Scan, prices: list[int]) -> list[int]:
    return [
        one
        for one in prices
        if not any(abs(scan.surplus(p)) < abs(scan.surplus(one)) for p in prices)
    ]


def pressure(scan: Scan, prices: list[int]) -> list[int]:
    buying = [one for one in prices if scan.surplus(one) > 0]
    selling = [one for one in prices if scan.surplus(one) < 0]
    if buying == prices:
        return [max(prices)]
    if selling == prices:
        return [min(prices)]
    # All but those from which the next one up, or down, is still on the same side.
    return [
        one
        for one in prices
        if not (one in buying and one < max(buying)) and not (one in selling and one > min(selling))
    ]


def buyers(scan: Scan, prices: list[int]) -> list[int]:
    return [max(prices)] if all(scan.surplus(one) > 0 for one in prices) else prices


def sellers(scan: Scan, prices: list[int]) -> list[int]:
    return [min(prices)] if all(scan.surplus(one) < 0 for one in prices) else prices


def nearest(scan: Scan, prices: list[int]) -> list[int]:
    return [one for one in prices if not any(scan.far(p) < scan.far(one) for p in prices)]


def highest(_scan: Scan, prices: list[int]) -> list[int]:
    return [max(prices)]


def average(scan: Scan, prices: list[int]) -> list[int]:
    twice = min(prices) + max(prices)
    if scan.reference is not None and 2 * scan.reference < twice:
        return [max(one for one in prices if 2 * one <= twice)]
    return [min(one for one in prices if 2 * one >= twice)]


CHAINS: Mapping[str, Sequence[Step]] = {
    "NSX": (most, least_surplus, pressure, nearest, highest),
    "CME": (most, least_surplus, buyers, sellers, nearest, highest),
    "Bahrain": (most, least_surplus, nearest, highest),
    "average": (most, pressure, average),
    "volume": (most, highest),
}


def scanned(
    bids: Quantities,
    offers: Quantities,
    on_tick: Callable[[int], bool],
    reference: int | None,
) -> tuple[Scan, list[int]]:
    """Return what would trade at each candidate price, and those prices."""
    if not bids or not offers:
        return Scan({}, {}, reference), []
    prices = [
        price
        for price in range(min(offers), max(bids) + 1)
        if on_tick(price) or price in bids or price in offers
    ]
    scan = Scan(
        {price: sum(qty for at, qty in bids.items() if at >= price) for price in prices},
        {price: sum(qty for at, qty in offers.items() if at <= price) for price in prices},
        reference,
    )
    return scan, prices


def decided(scan: Scan, prices: list[int], steps: Iterable[Step]) -> tuple[int, int] | None:
    """Return the price that *steps* leave, and how many of them it took; None if there is none."""
    for taken, step in enumerate(steps if prices else (), 1):
        prices = step(scan, prices)
        if len(prices) == 1:
            return prices[0], taken
    return None
