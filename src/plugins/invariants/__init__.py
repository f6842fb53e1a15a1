"""The invariants that ship with floorproof: what must hold on every floor."""

from __future__ import annotations

from collections.abc import Mapping

from ..hookspecs import CONTRACT_VERSION, hookimpl
from .agreement import Agreement
from .books import UncrossedBooks
from .drop_copy import OneStory
from .fills import FilledOnce, PositionsConserve
from .lives import MassCancels, TimesInForce
from .orders import BothSides, OrderQuantities
from .priority import PriceTimePriority
from .staging import OneOwner, ParentFills, StagedAudience
from .synthetic import ParentRoom, SyntheticRoom

floorproof_contract = CONTRACT_VERSION


@hookimpl
def invariants() -> Mapping[str, type]:
    return {
        "agreement": Agreement,
        "both-sides": BothSides,
        "filled-once": FilledOnce,
        "mass-cancels": MassCancels,
        "one-owner": OneOwner,
        "one-story": OneStory,
        "order-quantities": OrderQuantities,
        "parent-fills": ParentFills,
        "parent-room": ParentRoom,
        "positions-conserve": PositionsConserve,
        "price-time-priority": PriceTimePriority,
        "staged-audience": StagedAudience,
        "synthetic-room": SyntheticRoom,
        "times-in-force": TimesInForce,
        "uncrossed-books": UncrossedBooks,
    }
