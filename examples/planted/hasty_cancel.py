"""A planted bug: a gateway that confirms a cancel before the exchange has.

Most cancels succeed, so it tells the user at once that his order is canceled, with what it
knows to be filled.  Where a fill crosses the cancel, the same lots are canceled and filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import msgspec

from floorproof.market.fix import ExecType, OrdStatus
from floorproof.market.identifiers import ClOrdID
from floorproof.market.messages import ExecutionReport, OrderCancelReject, OrderCancelRequest
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.in_front import InFront, message_of
from floorproof.runtime.participant import Answer, Context, Delivery, Factory, Participant, Send

floorproof_contract = CONTRACT_VERSION


class HastyGateway(InFront):
    """Answers cancels itself, and keeps the exchange's answer back."""

    def __init__(self, inner: Participant) -> None:
        super().__init__(inner)
        self._latest: dict[tuple[str, ClOrdID], ExecutionReport] = {}
        self._confirmed: set[tuple[str, ClOrdID]] = set()

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        request = delivery.message
        if isinstance(request, OrderCancelRequest):
            latest = self._latest.get((delivery.sender, request.orig_cl_ord_id))
            if latest is not None and latest.leaves_qty:
                self._confirmed.add((delivery.sender, request.cl_ord_id))
                yield Send(delivery.sender, _canceled(latest, request))
        yield from super().receive(delivery)

    def said(self, answer: Answer, delivery: Delivery) -> Iterator[Answer]:
        report = message_of(answer)
        if isinstance(report, ExecutionReport | OrderCancelReject):
            if (report.target_comp_id, report.cl_ord_id) in self._confirmed:
                return
            if isinstance(report, ExecutionReport):
                self._latest[report.target_comp_id, report.cl_ord_id] = report
        yield answer


def _canceled(latest: ExecutionReport, request: OrderCancelRequest) -> ExecutionReport:
    return msgspec.structs.replace(
        latest,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        exec_type=ExecType.CANCELED,
        ord_status=OrdStatus.CANCELED,
        leaves_qty=0,
        last_qty=0,
        last_px=None,
        trd_match_id=None,
        aggressor_indicator=None,
    )


@attrs.frozen
class Hasty:
    """The kind ``hasty-cancels``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return HastyGateway(make(context))


@hookimpl
def participants() -> Mapping[str, type]:
    return {"hasty-cancels": Hasty}
