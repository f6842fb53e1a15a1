"""Two rule sets about prices: a day's limits, and bands around a price that moves.

Both look at a price as its order is entered or changed.  Limits are absolute: nothing
ever trades beyond them, whichever way an order has come to its price.  Bands only keep
out what is entered too far from the market.  Where both are loaded, limits are asked
first.

A price that is written in the settings is an exact decimal, and is held against prices
in the instrument's units: a limit between two of these lies between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, hookimpl
from . import bands, held, limits

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"price-limits": limits.PriceLimits, "price-bands": bands.PriceBands}


@hookimpl
def invariants() -> Mapping[str, type]:
    return {"limits-held": held.LimitsHeld}


@hookimpl
def rules() -> Mapping[str, Sequence[Rule]]:
    return {"price-limits": limits.RULES, "price-bands": bands.RULES}
