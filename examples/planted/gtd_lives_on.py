"""A planted bug: what is good till a date is looked at as a day ends, and never at midnight.

On a venue that has no state that ends its day, an order outlives its date.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from floorproof.market.execution import Execution, Outcome
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION


def begin_date(execution: Execution, outcome: Outcome) -> None:
    """Do nothing as a new date begins."""


@attrs.frozen
class GtdLivesOn:
    """The kind ``gtd-lives-on``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), Execution, "begin_date", begin_date)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"gtd-lives-on": GtdLivesOn}
