"""The National Stock Exchange of Australia: its rule sets, one in each module, and its feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, ShortForm, hookimpl
from . import aot, etr, itch, sessions, watch

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {
        "nsx-aot": aot.AnomalousOrderThreshold,
        "nsx-etr": etr.ExtremeTradeRange,
        "nsx-sessions": sessions.Sessions,
    }


@hookimpl
def invariants() -> Mapping[str, type]:
    return {"feed-books": watch.FeedBooks, "trade-ranges": watch.TradeRanges}


@hookimpl
def exporters() -> Mapping[str, ShortForm]:
    return itch.EXPORTERS


@hookimpl
def commands() -> Mapping[str, click.Command]:
    return {"itch": itch.command}


@hookimpl
def rules() -> Mapping[str, Sequence[Rule]]:
    return {"nsx-sessions": sessions.RULES, "nsx-etr": etr.RULES, "nsx-aot": aot.RULES}
