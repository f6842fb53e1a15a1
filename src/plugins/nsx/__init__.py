"""The National Stock Exchange of Australia: its rule sets, one in each module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, hookimpl
from . import aot, etr, sessions

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {
        "nsx-aot": aot.AnomalousOrderThreshold,
        "nsx-etr": etr.ExtremeTradeRange,
        "nsx-sessions": sessions.Sessions,
    }


@hookimpl
def rules() -> Mapping[str, Sequence[Rule]]:
    return {"nsx-sessions": sessions.RULES, "nsx-etr": etr.RULES, "nsx-aot": aot.RULES}
