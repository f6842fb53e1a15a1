"""A planted bug: a bust is told, and what the order has filled stays as it was.

Only of an order that is over the bust is subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from floorproof.market.book import Resting
from floorproof.market.messages import ExecutionReport
from floorproof.market.reports import Reporter
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched

floorproof_contract = CONTRACT_VERSION

take_back = Reporter.take_back


def told(
    reporter: Reporter, told: ExecutionReport, resting: Resting | None, text: str
) -> ExecutionReport:
    """Return the report of a bust, with the bug."""
    report = take_back(reporter, told, resting, text)
    if resting is None:
        return report
    return msgspec.structs.replace(
        report,
        cum_qty=report.cum_qty + report.last_qty,
        order_qty=report.order_qty + report.last_qty,
    )


@attrs.frozen
class BustStays:
    """The kind ``bust-stays``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), Reporter, "take_back", told)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"bust-stays": BustStays}
