"""Maintenance margin of two legs, with the credit for what one offsets of the other."""

from __future__ import annotations

from fractions import Fraction

import attrs

from .identifiers import Qty
from .ledger import Rule

RULES = (
    Rule(
        "MRG-1",
        "The margin of two legs is that of each on its own less a credit of so many per cent for"
        " each contract of the one that is matched by one of the other, whatever the ratio.",
        'TT, "Using TT TWAP to Drive TT Autospreader Instruments", margin requirements; CME'
        " inter-commodity credits, on a 1:1 basis",
    ),
)


@attrs.frozen(kw_only=True)
class MarginLeg:
    """One leg of a position: so many contracts at so much each, neither below zero."""

    rate: Fraction
    """Money for one contract on its own."""

    qty: Qty

    def __attrs_post_init__(self) -> None:
        if self.rate < 0 or self.qty < 0:
            raise ValueError(f"neither is below zero, found {self.qty} at {self.rate}")

    @property
    def total(self) -> Fraction:
        return self.rate * self.qty


@attrs.frozen(kw_only=True)
class Margin:
    """What two legs on opposite sides need.

    Raises:
        ValueError: if the credit is not between nothing and everything.
    """

    a: MarginLeg
    b: MarginLeg
    credit: Fraction = attrs.field()
    """The share that is given back for a matched pair: 7/10 for 70 per cent."""

    @credit.validator
    def _share(self, _field: object, credit: Fraction) -> None:
        if not 0 <= credit <= 1:
            raise ValueError(f"a credit is a share from 0 to 1, was {credit}")

    @property
    def subtotal(self) -> Fraction:
        """Of the legs on their own."""
        return self.a.total + self.b.total

    @property
    def matched_pairs(self) -> Qty:
        """One contract against one, whatever the ratio of the spread."""
        return min(self.a.qty, self.b.qty)

    @property
    def given_back(self) -> Fraction:
        return self.credit * (self.a.rate + self.b.rate) * self.matched_pairs

    @property
    def required(self) -> Fraction:
        return self.subtotal - self.given_back

    @property
    def lines(self) -> tuple[tuple[Fraction, Qty, Fraction], ...]:
        """Rate, quantity and what remains of it: the matched of each leg, then the unmatched."""
        pairs, kept = self.matched_pairs, 1 - self.credit
        matched = [(leg.rate, pairs, leg.rate * pairs * kept) for leg in (self.a, self.b)]
        rest = [
            (leg.rate, leg.qty - pairs, leg.rate * (leg.qty - pairs)) for leg in (self.a, self.b)
        ]
        return (*matched, *(line for line in rest if line[1]))
