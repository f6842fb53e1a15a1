"""A planted bug: self-match prevention that looks among one trader's own orders alone.

An SMP id is a firm's: two traders of one desk who have the same must not meet either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from floorproof.market.messages import NewOrderSingle
from floorproof.market.rules import MarketView, Prevention, RestingOrder
from floorproof.plugins.cme.self_match_prevention import SelfMatchPrevention
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class OneTrader(SelfMatchPrevention):
    """The rule set ``smp-one-trader``."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        own = [one for one in candidates if one.order.sender_sub_id == aggressor.sender_sub_id]
        return super().before_match(aggressor, own, market)


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"smp-one-trader": OneTrader}
