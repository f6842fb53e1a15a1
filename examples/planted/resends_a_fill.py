"""A planted bug: an exchange gateway that is back from a crash tells its last fill again.

It cannot know who has heard of it, says nothing of a possible resend, and whoever adds up
what he is told has the fill twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.fix import ExecType
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.in_front import InFront, message_of
from floorproof.runtime.participant import Answer, Context, Delivery, Factory, Participant, Send

floorproof_contract = CONTRACT_VERSION

LAST = "last fill"


class Resends(InFront):
    """Keeps what it said last of a fill, and says it again as it begins."""

    def __init__(self, make: Factory, context: Context) -> None:
        self._store = context.store
        super().__init__(make(context))

    def start(self) -> Iterator[Answer]:
        last = self._store.get(LAST)
        if isinstance(last, Send):
            yield last
        yield from super().start()

    def said(self, answer: Answer, delivery: Delivery) -> Iterator[Answer]:
        report = message_of(answer)
        if isinstance(report, ExecutionReport) and report.exec_type is ExecType.TRADE:
            self._store[LAST] = answer
        yield answer


@attrs.frozen
class ResendsAFill:
    """The kind ``resends-a-fill``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Resends(make, context)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"resends-a-fill": ResendsAFill}
