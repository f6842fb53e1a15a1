"""What NSX tells the public beside orders and trades: values that an ITCH feed encodes.

The names and codes are those of the messages [S], [H] and [X].  Times are nanoseconds of
the run; whoever encodes them knows what time it is at the venue.
"""

from __future__ import annotations

from enum import StrEnum

import attrs
from attrs import validators

from ...market.identifiers import Price, Symbol


class EventStatus(StrEnum):
    """Where a system event stands."""

    SCHEDULED = "S"
    TRIGGERED = "T"
    CANCELED = "C"


@attrs.frozen(kw_only=True)
class SystemEvent:
    """Something that happens to a board or to one instrument, or will ([S])."""

    event_code: str = attrs.field(validator=validators.min_len(1))
    event_status: EventStatus
    scheduled_time_ns: int
    """When it is to happen; the moment itself where that is at once."""

    board: str = ""
    """Whose event it is; of neither a board nor an instrument, it is the whole venue's."""

    symbol: Symbol | None = None


class TradingActionState(StrEnum):
    """Whether an instrument is traded."""

    ACTIVE = "T"
    SUSPENDED = "V"


class TradingActionReason(StrEnum):
    """Why that has changed."""

    NORMAL = "N"
    EXTREME_TRADE_RANGE = "H"
    NONE = " "


@attrs.frozen(kw_only=True)
class TradingAction:
    """An instrument is halted, or returns to normal trading ([H])."""

    symbol: Symbol
    trading_state: TradingActionState
    reason: TradingActionReason


class AttributeType(StrEnum):
    """What an attribute of an instrument is."""

    ETR_REFERENCE = "B"
    ETR_UPPER_PERCENT = "D"
    ETR_LOWER_PERCENT = "d"
    AOT_REFERENCE = "A"
    AOT_UPPER_PERCENT = "P"
    AOT_LOWER_PERCENT = "p"


@attrs.frozen(kw_only=True)
class OrderbookAttribute:
    """An attribute of an instrument, in units of its prices ([X]); percentages, too."""

    symbol: Symbol
    attribute_type: AttributeType
    attribute_value: Price
