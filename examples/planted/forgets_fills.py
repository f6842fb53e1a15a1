"""A planted bug: a synthetic gateway that writes down what users do, and not what fills.

After a restart its staged orders are where somebody last had a hand in them: the fills of
their children since then are lost, though nobody has failed to tell it of any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

import attrs

from floorproof.market.fix import ExecType
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.in_front import InFront
from floorproof.runtime.participant import Answer, Context, Delivery, Factory, Participant

floorproof_contract = CONTRACT_VERSION

WRITTEN = "written"


class Forgetful(InFront):
    """Has a store of its own, and writes it down after all but fills."""

    def __init__(self, make: Factory, context: Context) -> None:
        written = context.store.setdefault(WRITTEN, {})
        assert isinstance(written, dict)
        self._context = attrs.evolve(context, store=deepcopy(written))
        self._disk = context.store
        super().__init__(make(self._context))

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        answers = [*super().receive(delivery)]
        report = delivery.message
        if not (isinstance(report, ExecutionReport) and report.exec_type is ExecType.TRADE):
            self._disk[WRITTEN] = deepcopy(dict(self._context.store))
        yield from answers


@attrs.frozen
class Forgets:
    """The kind ``forgets-fills``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Forgetful(make, context)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"forgets-fills": Forgets}
