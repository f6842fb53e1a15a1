"""The spread of TT's case study, and how tests of spreads write markets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
from case_study import MES, MNQ, contract, price

from floorproof.market.instrument import Instrument
from floorproof.plugins.autospreader.pricing import LegMarket
from floorproof.plugins.autospreader.spread import (
    ListedSpread,
    PriceFormula,
    Spread,
    SpreadLeg,
    listed,
)

RTY = contract("RTYU3", "5")
CAPPED = attrs.evolve(contract("CAPPED", "1"), max_order_qty=1)
SPREAD = """
[[gateway.settings.autospreader.spread]]
name = "MNQ-MES"
formula = "ratio"
tick = "0.0001"

  [[gateway.settings.autospreader.spread.leg]]
  symbol = "MNQU3"
  ratio = "1"

  [[gateway.settings.autospreader.spread.leg]]
  symbol = "MESU3"
  ratio = "-1.366"
  quoting = false
"""
"""The spread of the case study as a scenario has it."""

INSTRUMENTS = {str(each.symbol): each for each in (MNQ, MES, RTY, CAPPED)}


def leg(symbol: str, ratio: str, **settings: Any) -> SpreadLeg:
    return SpreadLeg(symbol=symbol, ratio=Decimal(ratio), **settings)


def case_study(**settings: Any) -> Spread:
    """Return the spread of the case study: MNQ quotes, MES hedges, price over price."""
    own = {
        "name": "MNQ-MES",
        "formula": PriceFormula.RATIO,
        "leg": (leg("MNQU3", "1"), leg("MESU3", "-1.366", quoting=False)),
        "tick": Decimal("0.0001"),
        "shown_decimals": 3,
    }
    return Spread(**{**own, **settings})


def difference(*legs: SpreadLeg, **settings: Any) -> Spread:
    """Return MNQ less MES, one to one, both quoting, unless other legs are given."""
    both = (leg("MNQU3", "1"), leg("MESU3", "-1"))
    return Spread(name="MNQ-MES", leg=legs or both, **settings)


def on_floor(spread: Spread, others: Mapping[str, Instrument] | None = None) -> ListedSpread:
    known = {**INSTRUMENTS, **(others or {})}
    return listed(spread, lambda symbol: known.get(str(symbol)))


def market(text: str) -> LegMarket:
    """Return the market that *text* shows: ``"15350.75 15350.50x2 / 15351.00x3"``."""
    bids, _, offers = text.partition("/")

    def levels(side: str) -> tuple[tuple[int, int], ...]:
        pairs = (level.partition("x") for level in side.split())
        return tuple((price(at), int(qty or 10)) for at, _, qty in pairs)

    return LegMarket(bids=levels(bids), offers=levels(offers))
