"""The steps in which the orders of one price level share what an aggressor brings.

A step says what each order gets, and knows no other step: it sees what is to be had,
and what each order still asks for.  An algorithm is a list of them, and the last takes
whatever the others have left.

All figures are whole lots.  A percentage is exact, and never a float: 0.07 of 100
must be 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import attrs
import msgspec

from ...market.identifiers import CompID, Qty
from ...market.matching import Queued


class Claim(msgspec.Struct, frozen=True, gc=False):
    """An order of the level as a step finds it."""

    queued: Queued
    left_qty: Qty
    """What it shows, less what earlier steps have given it."""

    got_qty: Qty
    """What the step right before this one has given it."""


class Step(Protocol):
    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        """Return what each of *claims* gets.

        Args:
            quantity: what is to be had, at least one and never more than *claims* have
                left together.
            claims: all orders of the level, in time priority.
        """


def by_step(
    quantity: Qty, queue: Sequence[Queued], steps: Sequence[Step]
) -> list[tuple[Step, Sequence[Qty]]]:
    """Return each step with what it gives the orders of *queue*, until all is given.

    Args:
        steps: the last must give all that it can.
    """
    given: list[tuple[Step, Sequence[Qty]]] = []
    left = [queued.shown_qty for queued in queue]
    got: Sequence[Qty] = [0] * len(queue)
    quantity = min(quantity, sum(left))
    for step in steps:
        if not quantity:
            break
        got = step.share(quantity, list(map(Claim, queue, left, got)))
        given.append((step, got))
        left = [qty - share for qty, share in zip(left, got, strict=True)]
        quantity -= sum(got)
        assert quantity >= 0, f"{step} gives more than there is: {got}"
        assert min(left) >= 0, f"{step} gives an order more than it shows: {got}"
    assert not quantity, f"{steps} leave {quantity}"
    return given


@attrs.frozen
class Top:
    """The order that bettered the market comes before all others."""

    at_least: Qty
    """How large an order must have been entered to count."""

    at_most: Qty | None
    """How much it gets here; None for all of it."""

    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        most = quantity if self.at_most is None else min(quantity, self.at_most)
        return [min(most, claim.left_qty) if self._counts(claim) else 0 for claim in claims]

    def _counts(self, claim: Claim) -> bool:
        return claim.queued.is_top and claim.queued.order.order_qty >= self.at_least


@attrs.frozen
class Lmm:
    """Each lead market maker, a user or a session, gets a percentage of its own.

    It is handed to its orders in time order.

    An order that has been filled as TOP, in the step right before, has no part in it.
    """

    percentages: Mapping[CompID, Decimal]

    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        # All shares are of the same quantity: nobody's depends on who was served before,
        # unless more has been promised than there is.
        due = Counter({maker: rounded_down(quantity, of) for maker, of in self.percentages.items()})
        shares = []
        for claim in claims:
            order = claim.queued.order
            user = order.sender_sub_id
            maker = order.sender_comp_id
            if user is not None and user in self.percentages:
                maker = user
            share = 0 if claim.got_qty else min(claim.left_qty, due[maker], quantity)
            due[maker] -= share
            quantity -= share
            shares.append(share)
        return shares


@attrs.frozen
class Fifo:
    """A percentage is handed out in time order: all of it, or the FIFO part of a split."""

    percentage: Decimal = Decimal(100)

    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        quantity = rounded_half_up(quantity, self.percentage)
        shares = []
        for claim in claims:
            shares.append(min(quantity, claim.left_qty))
            quantity -= shares[-1]
        return shares


@attrs.frozen
class ProRata:
    """Each order gets its part of what all of them ask for, rounded down."""

    minimum: Qty
    """A smaller share is none."""

    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        total = sum(claim.left_qty for claim in claims)
        shares = (claim.left_qty * quantity // total for claim in claims)
        return [share if share >= self.minimum else 0 for share in shares]


@attrs.frozen
class Leveling:
    """Whom the pro rata step, right before, gave nothing gets one lot, the largest first."""

    def share(self, quantity: Qty, claims: Sequence[Claim]) -> Sequence[Qty]:
        without = [
            place for place, claim in enumerate(claims) if claim.left_qty and not claim.got_qty
        ]
        without.sort(key=lambda place: -claims[place].left_qty)  # a tie stays in time order
        leveled = set(without[:quantity])
        return [int(place in leveled) for place in range(len(claims))]


def rounded_down(quantity: Qty, percentage: Decimal) -> Qty:
    """Return so much of *quantity*, in whole lots that are surely covered."""
    # In integers: Decimal's own arithmetic rounds to 28 digits.
    numerator, denominator = percentage.as_integer_ratio()
    return quantity * numerator // (100 * denominator)


def rounded_half_up(quantity: Qty, percentage: Decimal) -> Qty:
    """Return so much of *quantity*, in the nearest whole lots; a half counts as one more."""
    numerator, denominator = percentage.as_integer_ratio()
    return (2 * quantity * numerator + 100 * denominator) // (200 * denominator)
