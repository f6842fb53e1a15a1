"""Order types that slice: TT TWAP, and its sisters iceberg, time sliced and time duration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, hookimpl
from .rules import RULES
from .sisters import Iceberg, TimeDuration, TimeSliced
from .twap import Twap

floorproof_contract = CONTRACT_VERSION


@hookimpl
def order_types() -> Mapping[str, type]:
    return {
        "TT_TWAP": Twap,
        "TT_ICEBERG": Iceberg,
        "TT_TIME_SLICED": TimeSliced,
        "TT_TIME_DURATION": TimeDuration,
    }


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES
