"""A planted bug: an extreme trade range around the last trade.

Only auctions move the reference price.  Where each trade does, the market walks as far as it
likes, one step after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from floorproof.market.rules import MarketView, Remember, SettleEffect
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.nsx.attributes import range_around
from floorproof.plugins.nsx.etr import ExtremeTradeRange

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class FollowsTrades(ExtremeTradeRange):
    """The rule set ``etr-follows-trades``."""

    @hookimpl
    def after_trades(
        self, events: Sequence[object], market: MarketView
    ) -> Sequence[SettleEffect] | None:
        reference = market.last_px
        assert reference is not None, "something has traded"
        decimals = market.instrument.price_decimals
        return [Remember("range", range_around(reference, self.bands, decimals))]


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"etr-follows-trades": FollowsTrades}
