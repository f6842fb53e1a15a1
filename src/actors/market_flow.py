"""The rest of the market: a session that enters the orders of a flow made beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs
from attrs import validators

from ..market.fix import ExecType
from ..market.identifiers import ClOrdID, CompID
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
)
from ..market.rejects import BusinessMessageReject, SessionReject
from ..runtime.participant import Answer, Delivery, Fact, Send

FlowRequest: TypeAlias = NewOrderSingle | OrderCancelRequest


@attrs.frozen
class FlowStep:
    """One step of a flow: what is sent, and when.

    Every step stands alone, so that a shrinker can leave any of them out.
    """

    at_ns: int = attrs.field(validator=validators.ge(0))
    """Nanoseconds since the start of the run."""

    request: FlowRequest


@attrs.frozen(kw_only=True)
class FlowRejected:
    """The venue refused an order of the flow (a journal fact): the flow does not suit it."""

    cl_ord_id: ClOrdID
    text: str


@attrs.frozen(kw_only=True)
class MarketFlow:
    """Sends the requests of a flow to a venue as their time comes.

    Receives:
        `FlowStep`, at its time, from the environment; reports from the venue.
    Sends:
        The step's request, to the venue.
    Puts on record:
        ``flow_rejected`` (`FlowRejected`) for an order refused.  A cancel refused is
        nothing unusual: its order has traded meanwhile.
    """

    name: CompID
    exchange: CompID

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case FlowStep(request=request):
                yield Send(self.exchange, request)
            case ExecutionReport(exec_type=ExecType.REJECTED) as report:
                refused = FlowRejected(cl_ord_id=report.cl_ord_id, text=report.text)
                yield Fact("flow_rejected", refused)
            case SessionReject() as reject:
                refused = FlowRejected(cl_ord_id=ClOrdID(reject.ref_id), text=reject.text)
                yield Fact("flow_rejected", refused)
            case BusinessMessageReject() as reject:
                name = ClOrdID(reject.business_reject_ref_id)
                yield Fact("flow_rejected", FlowRejected(cl_ord_id=name, text=reject.text))
            case ExecutionReport() | OrderCancelReject():
                pass  # on record already, as a delivery
            case unexpected:
                raise TypeError(f"{self.name} has no use for {unexpected!r}")
