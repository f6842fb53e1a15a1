"""The ledger of the rules that every floor has: who sees what, how a venue answers,
what its feed tells, how positions are reckoned, and who may log on."""

from __future__ import annotations

from collections.abc import Sequence

from ..market import (
    auction,
    credentials,
    exchange,
    exposure,
    firms,
    margin,
    pnl,
    replay,
    secure_keys,
    secure_logon,
)
from ..market.ledger import Rule
from ..wire import itch_feed, itch_session
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rules() -> Sequence[Rule]:
    return (
        *auction.RULES,
        *credentials.RULES,
        *exchange.RULES,
        *exposure.RULES,
        *margin.RULES,
        *pnl.RULES,
        *replay.RULES,
        *itch_feed.RULES,
        *firms.RULES,
        *secure_keys.RULES,
        *secure_logon.RULES,
        *itch_session.RULES,
    )
