"""BMD, Bursa Malaysia Derivatives: crude palm oil on CME Globex."""

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
from ..price_checks import limits
from .bmd_limits import RULES as LIMIT_RULES
from .bmd_limits import SteppedLimits

floorproof_contract = CONTRACT_VERSION

_FCPO = "Bursa Malaysia Derivatives, FCPO contract specifications"
_MANUAL = "Bursa Malaysia Derivatives, trading manual (August 2010)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "BMD-1",
        "FCPO is 25 tonnes of crude palm oil, with a tick of 1 MYR a tonne; FUPO is the same in"
        " USD, with a tick of a quarter, settled in cash.",
        _FCPO,
    ),
    Rule(
        "BMD-2",
        "FCPO trades from 10:30 to 12:30 and from 14:30 to 18:00 by Malaysia's clocks, and from"
        " 21:00 to 23:30 on Monday to Thursday for the next trading date.",
        f"{_FCPO}, trading hours (26 February 2018); {_READINGS}, the trading date of after-hours",
    ),
    Rule(
        "BMD-3",
        "In the last 30 seconds before each open nothing is changed or canceled.",
        f"{_MANUAL}, trading states",
    ),
    Rule(
        "BMD-4",
        "Market orders are not taken before the open.",
        f"{_MANUAL}, trading states",
    ),
    Rule(
        "BMD-5",
        "FCPO is listed for the spot month and the next eleven, and then for every other month up"
        " to 36; it trades for the last time at noon on the 15th of the delivery month, or on the"
        " business day before.",
        f"{_FCPO}, contract months and final trading day; {_READINGS}, alternate months of FCPO",
    ),
)

_EXPIRY = LastTrade(day=15, at=time(12))


def _settings(listed: Sequence[Listed], _windows: Windows) -> Settings:
    limited = [
        each.symbol
        for each in listed
        if each.product.limited and each.settlement is not None and not each.is_spot
    ]
    return {"bmd-limits": {"symbols": limited}}


def _unsettled(code: str, name: str, settlement: str = "") -> Product:
    """Return a product of which little more than its code is known here."""
    return Product(code=code, name=name, settlement=settlement)


VENUE = VenueProfile(
    name="Bursa Malaysia Derivatives Berhad",
    mic="XKLS",
    currency="MYR",
    time_zone="Asia/Kuala_Lumpur",
    rules=("bmd",),
    day=DAY,
    sessions=(
        Session(
            opens=time(21), closes=time(23, 30), opens_on=-1, closes_on=-1, weekdays=(1, 2, 3, 4)
        ),
        Session(opens=time(10, 30), closes=time(12, 30)),
        Session(opens=time(14, 30), closes=time(18)),
    ),
    products=(
        Product(
            code="FCPO",
            name="crude palm oil futures",
            size="25 tonnes",
            tick="1",
            point_value="25",
            settlement="physical",
            months=ContractMonths(
                says="the spot month, the next 11, then every other one up to 36",
                consecutive=12,
                alternate_to=36,
            ),
            last_trade=_EXPIRY,
            limited=True,
        ),
        Product(
            code="FUPO",
            name="USD crude palm oil futures",
            size="25 tonnes",
            tick="0.25",
            point_value="25",
            currency="USD",
            settlement="cash",
        ),
        _unsettled("FKLI", "KLCI index futures", "cash"),
        _unsettled("OKLI", "options on FKLI", "cash"),
        _unsettled("FKB3", "3-month KLIBOR futures", "cash"),
        _unsettled("FMG3", "3-year MGS futures", "cash"),
        _unsettled("FMG5", "5-year MGS futures", "cash"),
        _unsettled("FPKO", "palm kernel oil futures"),
        _unsettled("FPOL", "palm olein futures"),
        _unsettled("FGLD", "gold futures"),
        _unsettled("OCPO", "options on FCPO"),
        _unsettled("SSF", "single stock futures"),
    ),
    since=date(2018, 2, 26),
    settings=_settings,
    ledger=RULES,
)


@hookimpl
def rule_sets() -> Mapping[str, type | Bundle]:
    return {"bmd": ("cme", "bmd-limits"), "bmd-limits": SteppedLimits}


@hookimpl
def venues() -> Mapping[str, VenueProfile]:
    return {"bmd": VENUE}


@hookimpl
def rules() -> Mapping[str, Sequence[Rule]]:
    return {"bmd-limits": (*LIMIT_RULES, *limits.RULES)}
