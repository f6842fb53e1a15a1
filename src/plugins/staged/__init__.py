"""Staged orders: a portfolio manager's order that an execution desk claims and works.

Sources: TT, "Staging Orders to Execution Traders Who Use Exchange Trader
Credentials" (typical and alternate workflow); TT, "What is order staging?" and
"Staged Order Management" (X_TRADER); TT, "Care order" pages for statuses, claims,
requests and permissions.  Readings in ``docs/readings.md``, the whole machine in
``docs/staged.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...market.ledger import Rule
from ...market.staging import BROKER
from ...wire import staged_fix
from ..hookspecs import CONTRACT_VERSION, hookimpl
from .order import StagedOrder
from .order_type import Staged
from .rules import RULES

__all__ = ["Staged", "StagedOrder"]

floorproof_contract = CONTRACT_VERSION


@hookimpl
def order_types() -> Mapping[str, type]:
    return {BROKER: Staged}


@hookimpl
def rules() -> Sequence[Rule]:
    return (*RULES, *staged_fix.RULES)
