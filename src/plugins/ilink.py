"""iLink 2: sessions in FIX 4.2 text between a venue and those who trade there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..market.ledger import Rule
from ..wire import fix_session, ilink
from .fix_export import EXPORTERS
from .hookspecs import CONTRACT_VERSION, ShortForm, hookimpl
from .session_actions import ACTIONS

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rules() -> Sequence[Rule]:
    return (*fix_session.RULES, *ilink.RULES)


@hookimpl
def scenario_actions() -> Mapping[str, type[Any]]:
    return ACTIONS


@hookimpl
def exporters() -> Mapping[str, ShortForm]:
    return EXPORTERS
