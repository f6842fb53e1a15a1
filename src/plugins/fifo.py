"""Matching algorithm F: first in, first out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from ..market.identifiers import Qty
from ..market.ledger import Rule
from ..market.matching import Queued
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class Fifo:
    """The orders of a price are filled one after the other, the oldest first."""

    would: ClassVar[bool] = True

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Sequence[tuple[Queued, Qty]]:
        (resting,) = queue  # the one that has been reached
        shown_qty = resting.shown_qty
        return ((resting, quantity if quantity < shown_qty else shown_qty),)


@hookimpl
def matching_algorithms() -> Mapping[str, type]:
    return {"F": Fifo}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


_MATCHING = "CME Group Client Systems Wiki, matching algorithm steps (46437544, 457218521)"

RULES = (
    Rule(
        "MATCH-1",
        "An order that arrives trades with the best opposite price first, and no further than"
        " its limit.",
        f"{_MATCHING}, step 1 (price)",
    ),
    Rule(
        "MATCH-2",
        "At one price, orders trade in the order of their priority timestamps, each in full"
        " before the next.",
        f"{_MATCHING}, FIFO",
    ),
    Rule(
        "MATCH-3",
        "A trade is at the resting order's price.",
        "docs/readings.md, price of a trade",
    ),
)
