"""MGEX, the Minneapolis Grain Exchange, as it was on CME Globex, until June 2025."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal

from ...market.ledger import Rule
from ...market.profile import (
    ContractMonths,
    Listed,
    Product,
    Session,
    Settings,
    VenueProfile,
    Windows,
)
from ..cme.market import DAY
from ..hookspecs import CONTRACT_VERSION, hookimpl
from ..ordering import Bundle

floorproof_contract = CONTRACT_VERSION

_WHEAT = "wikinvest.com, Spring Wheat Futures"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "MGEX-1",
        "MWE is 5,000 bushels of hard red spring wheat, quoted in cents a bushel with a tick of a"
        " quarter, for March, May, July, September and December.",
        f"{_WHEAT}, contract specifications",
    ),
    Rule(
        "MGEX-2",
        "A trading date begins the evening before at 19:00, breaks from 07:45 to 08:30, and ends"
        " at 13:30, by Chicago's clocks.",
        "Grainnet, MGEX announces new trading hours (8 April 2013)",
    ),
    Rule(
        "MGEX-3",
        "A contract trades at most 60 cents from its settlement, but in its spot month at any"
        " price.",
        f"{_WHEAT}, daily limits; {_READINGS}, limits of spring wheat",
        ("limits", "reference", "month"),
    ),
    Rule(
        "MGEX-4",
        "Contracts are settled by the minute from 13:14:00 to 13:14:59 by Chicago's clocks.",
        f"{_WHEAT}, settlement; {_READINGS}, the settlement of spring wheat",
        ("windows",),
    ),
    Rule(
        "MGEX-5",
        "MGEX has left Globex for a platform of its own: what is said of it is of the time before"
        " 30 June 2025.",
        f"csidata.com, MGEX; {_READINGS}, venues that have changed",
    ),
)

LIMIT = Decimal(60)
"""How many cents a bushel from the settlement a price may be."""

SETTLEMENT = (time(13, 14), time(13, 15), "America/Chicago")


def _settings(listed: Sequence[Listed], windows: Windows) -> Settings:
    limits = {
        each.symbol: {
            "days": [
                {
                    "low": f"{max(Decimal(0), Decimal(each.settlement) - LIMIT):f}",
                    "high": f"{Decimal(each.settlement) + LIMIT:f}",
                }
            ]
        }
        for each in listed
        if each.product.limited and each.settlement is not None and not each.is_spot
    }
    return {
        "price-limits": {"limits": limits},
        "settlement-window": {
            "symbols": [each.symbol for each in listed],
            "windows": [list(window) for window in windows(*SETTLEMENT)],
        },
    }


VENUE = VenueProfile(
    name="Minneapolis Grain Exchange (MIAX Futures Exchange since October 2024)",
    mic="XMGE",
    currency="USD",
    time_zone="America/Chicago",
    rules=("mgex",),
    day=DAY,
    sessions=(
        Session(opens=time(19), closes=time(7, 45), opens_on=-1),
        Session(opens=time(8, 30), closes=time(13, 30)),
    ),
    products=(
        Product(
            code="MWE",
            name="hard red spring wheat futures",
            size="5,000 bushels",
            tick="0.25",
            point_value="50",
            settlement="physical",
            months=ContractMonths(says="March, May, July, September, December", letters="HKNUZ"),
            limited=True,
        ),
    ),
    since=date(2013, 4, 8),
    until=date(2025, 6, 30),
    settings=_settings,
    ledger=RULES,
)


@hookimpl
def rule_sets() -> Mapping[str, type | Bundle]:
    return {"mgex": ("cme", "settlement-window")}


@hookimpl
def venues() -> Mapping[str, VenueProfile]:
    return {"mgex": VENUE}
