"""Autospreader: one order for a spread of several instruments, worked leg by leg.

`spread` says what a spread is, `formula`, `pricing` and `hedging` reckon, `worker`
decides what an order does, and `order_type` is what the gateway hosts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, hookimpl
from .order_type import Autospreader
from .rules import RULES
from .watch import HedgesFitQuotes

floorproof_contract = CONTRACT_VERSION


@hookimpl
def order_types() -> Mapping[str, type]:
    return {"autospreader": Autospreader}


@hookimpl
def invariants() -> Mapping[str, type]:
    return {"hedges-fit-quotes": HedgesFitQuotes}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES
