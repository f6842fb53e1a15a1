"""Autospreader: one order for a spread of several instruments, worked leg by leg."""

from __future__ import annotations

from collections.abc import Sequence

from ...market.ledger import Rule
from ..hookspecs import CONTRACT_VERSION, hookimpl
from .rules import RULES

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES
