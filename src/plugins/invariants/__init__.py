"""The invariants that ship with floorproof: what must hold on every floor."""

from __future__ import annotations

from collections.abc import Mapping

from ..hookspecs import CONTRACT_VERSION, hookimpl
from .agreement import Agreement
from .books import UncrossedBooks
from .drop_copy import OneStory
from .orders import BothSides, OrderQuantities
from .staging import OneOwner, ParentFills, StagedAudience
from .synthetic import SyntheticRoom

floorproof_contract = CONTRACT_VERSION


@hookimpl
def invariants() -> Mapping[str, type]:
    return {
        "agreement": Agreement,
        "both-sides": BothSides,
        "one-owner": OneOwner,
        "one-story": OneStory,
        "order-quantities": OrderQuantities,
        "parent-fills": ParentFills,
        "staged-audience": StagedAudience,
        "synthetic-room": SyntheticRoom,
        "uncrossed-books": UncrossedBooks,
    }
