"""A floorproof plugin: caps on the lots of an order and of a user.

The module is the provider that the entry point names; the rule set is in `lot_cap`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from floorproof.market.ledger import Rule
from floorproof.plugins.hookspecs import hookimpl

from .lot_cap import LotCap

floorproof_contract = 1


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"lot-cap": LotCap}


@hookimpl
def rules() -> Sequence[Rule]:
    return [
        Rule(
            "lot-cap.order",
            "No order, and no order as changed, is of more than max_lots lots.",
            "examples/lotcap/README.md",
            parameters=("max_lots",),
        ),
        Rule(
            "lot-cap.user",
            "A user leaves at most max_lots_per_user lots in the books of a venue's instrument"
            " in one run, whatever becomes of them.",
            "examples/lotcap/README.md",
            parameters=("max_lots_per_user",),
        ),
    ]
