"""GME, the Gulf Mercantile Exchange (formerly DME, Dubai): Oman crude oil on CME Globex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time

from ...market.ledger import Rule
from ...market.profile import (
    ContractMonths,
    LastTrade,
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

_SUMMARY = "GME (DME), contract summary of OQD"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "GME-1",
        "OQD is 1,000 barrels of Oman crude oil, with a tick of 0.01 USD a barrel; ZGD is the same"
        " settled in cash; BDS is Brent's Singapore marker against Oman.",
        f"{_SUMMARY}; GME (DME), contract summary of ZGD; {_READINGS}, the tick of BDS",
        ("tick",),
    ),
    Rule(
        "GME-2",
        "A trading date begins at 16:00 on Sunday, and at 16:45 of the evening before on other"
        " days, and ends at 16:00, by Chicago's clocks.",
        f"GME (DME), trading hours; {_READINGS}, hours of GME",
    ),
    Rule("GME-3", "No daily limit holds a price.", f"{_SUMMARY}, maximum daily price fluctuation"),
    Rule(
        "GME-4",
        "The daily marker price is the trade-weighted average of the nearby month from 16:25 to"
        " 16:30 by Singapore's clocks.",
        f"{_SUMMARY}, daily marker price; {_READINGS}, the marker's window",
        ("windows",),
    ),
    Rule(
        "GME-5",
        "OQD is listed for the months of this year and the next five, and trades for the last time"
        " on the last trading day of the second month before the delivery month; BDS is listed for"
        " 36 months.",
        f"{_SUMMARY}, listed months and last trading day",
    ),
)

MARKER = (time(16, 25), time(16, 30), "Asia/Singapore")
"""The window of the daily marker price."""

_LAST_TRADE = LastTrade(months_before=2)
_YEARS = ContractMonths(says="this year and the next five", years_ahead=5)


def _settings(listed: Sequence[Listed], windows: Windows) -> Settings:
    nearby = [
        each.symbol
        for each in listed
        if each.product.code == "OQD" and (each.month is None or each.is_spot)
    ]
    return {
        "settlement-window": {
            "name": "marker",
            "symbols": nearby,
            "windows": [list(window) for window in windows(*MARKER)],
        }
    }


VENUE = VenueProfile(
    name="Gulf Mercantile Exchange, formerly Dubai Mercantile Exchange",
    mic="DUMX",
    currency="USD",
    time_zone="America/Chicago",
    rules=("gme",),
    day=DAY,
    sessions=(
        Session(opens=time(16), closes=time(16), opens_on=-1, weekdays=(0,)),
        Session(opens=time(16, 45), closes=time(16), opens_on=-1, weekdays=(1, 2, 3, 4)),
    ),
    products=(
        Product(
            code="OQD",
            name="Oman crude oil futures",
            size="1,000 barrels",
            tick="0.01",
            point_value="1000",
            settlement="physical, FOB",
            months=_YEARS,
            last_trade=_LAST_TRADE,
        ),
        Product(
            code="ZGD",
            name="Oman crude oil financial futures",
            size="1,000 barrels",
            tick="0.01",
            point_value="1000",
            settlement="cash",
        ),
        Product(
            code="BDS",
            name="Brent (Singapore marker) against Oman futures",
            size="1,000 barrels",
            tick="0.01",
            point_value="1000",
            settlement="cash, monthly average of the markers' difference",
            months=ContractMonths(says="36 months", consecutive=36),
        ),
        Product(code="OQE", name="Oman crude oil European options", settlement="option"),
    ),
    since=date(2009, 2, 2),
    settings=_settings,
    ledger=RULES,
)


@hookimpl
def rule_sets() -> Mapping[str, type | Bundle]:
    return {"gme": ("cme", "settlement-window")}


@hookimpl
def venues() -> Mapping[str, VenueProfile]:
    return {"gme": VENUE}
