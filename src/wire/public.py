"""What NSX tells the public beside orders and trades: values that its feed encodes.

Rule sets publish them (`floorproof.market.rules.Publish`).  The codes are those of the
messages [S], [H] and [X] (`floorproof.wire.itch`); times are nanoseconds of the run, and
instruments have their symbols: the feed knows what time it is and which book is whose.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs
import msgspec
from attrs import validators

from ..market.identifiers import Price, Symbol
from .itch import ActionReason, ActionState, AttributeType, EventStatus


@attrs.frozen(kw_only=True)
class PublicEvent:
    """Something that happens to a board, an instrument or the whole venue, or will ([S])."""

    event_code: str = attrs.field(validator=validators.min_len(1))
    event_status: EventStatus
    scheduled_time_ns: int
    """When it is to happen; the moment itself where that is at once."""

    board: str = ""
    """Whose event it is; of neither a board nor an instrument, it is the whole venue's."""

    symbol: Symbol | None = None


@attrs.frozen(kw_only=True)
class PublicAction:
    """An instrument is halted, or returns to normal trading ([H])."""

    symbol: Symbol
    trading_state: ActionState
    reason: ActionReason


class PublicAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """A reference price, or a percentage, of an instrument, in units of its prices ([X]).

    (A struct, as there may be one for each trade.)
    """

    symbol: Symbol
    attribute_type: AttributeType
    attribute_value: Price | None
    """None where there is none."""


PublicValue: TypeAlias = PublicEvent | PublicAction | PublicAttribute
