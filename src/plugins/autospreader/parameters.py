"""What an order in a spread may say besides side, quantity and price."""

from __future__ import annotations

import attrs
from attrs import validators

from ...market.identifiers import Duration, Qty


@attrs.frozen(kw_only=True)
class SpreadParameters:
    """``[step.parameters]`` of an Autospreader order.

    Raises:
        ValueError: if a parameter is not what it can be in any order.

    Source:
        TT, Autospreader, "Submitting a sniper order" and "Submitting a reload order".
    """

    sniper: bool = False
    """Whether it quotes nothing, and trades all legs at once when price and size are there."""

    reload_qty: Qty | None = attrs.field(
        default=None, validator=validators.optional(validators.ge(1))
    )
    """Reload: how many units a clip has; None for an order that does not reload."""

    max_exposure: Qty = attrs.field(default=1, validator=validators.ge(1))
    """How many clips may be worked at once."""

    reload_delay: Duration = attrs.field(default=Duration(0), validator=validators.ge(Duration(0)))
    """How long after a clip is filled the next one is worked."""
