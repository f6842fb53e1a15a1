"""What some run should come to, as far as floorproof itself knows: the map of a search."""

from __future__ import annotations

from collections.abc import Mapping

from ..hookspecs import CONTRACT_VERSION, hookimpl
from .faults import EachFault
from .rule_sets import EachEffect
from .staging import StagedOrders
from .synthetic import SyntheticOrders
from .trading import Trading

floorproof_contract = CONTRACT_VERSION


@hookimpl
def sometimes_invariants() -> Mapping[str, type]:
    return {
        "each-effect": EachEffect,
        "each-fault": EachFault,
        "staged-orders": StagedOrders,
        "synthetic-orders": SyntheticOrders,
        "trading": Trading,
    }
