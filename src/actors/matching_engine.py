"""The matching engine: one venue's exchange core on the floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..market.exchange import Exchange, Outcome
from ..market.identifiers import CompID, Symbol
from ..market.messages import (
    DropCopy,
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from ..market.rules import Publish, Schedule
from ..runtime.participant import Answer, Delivery, Fact, Send


@attrs.frozen
class RuleSetDue:
    """To itself: a moment has come that a rule set asked for."""

    rule_set: str
    symbol: Symbol
    name: str


class MatchingEngine:
    """Takes requests from sessions, and answers each with the venue's reports.

    Receives:
        `NewOrderSingle`, `OrderCancelRequest`, `OrderCancelReplaceRequest` and
        `MarketDataRequest`, each from the session that it names.
    Sends:
        `ExecutionReport` and `OrderCancelReject` to the session of every order that is
        touched, and a `DropCopy` of each to whoever watches that session;
        `MarketDataSnapshot` or its reject.

    Facts: ``effect`` and its kind, whatever a rule set had done; ``published``, what goes to the
    public feed; ``session mismatch``, a request in another session's name.

    Args:
        name: the engine's own, under which it asks itself to wake up.
        exchange: the venue's core.
        watchers: the drop copies that watch each session.
    """

    def __init__(
        self,
        name: CompID,
        exchange: Exchange,
        watchers: Mapping[CompID, Sequence[CompID]] | None = None,
    ) -> None:
        self._name = name
        self._exchange = exchange
        self._watchers = watchers or {}

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case (
                NewOrderSingle()
                | OrderCancelRequest()
                | OrderCancelReplaceRequest()
                | MarketDataRequest() as request
            ):
                if request.sender_comp_id != delivery.sender:
                    yield Fact(
                        "session mismatch",
                        {"sender": delivery.sender, "named": request.sender_comp_id},
                    )
                    return
                yield from self._answer(self._exchange.receive(request, delivery.now_ns))
            case RuleSetDue(rule_set, symbol, name):
                yield from self._answer(
                    self._exchange.scheduled(rule_set, symbol, name, delivery.now_ns)
                )
            case other:
                raise TypeError(f"a matching engine has no use for {other!r}")

    def _answer(self, outcome: Outcome) -> Iterator[Answer]:
        for report in outcome.reports:
            session = report.target_comp_id
            yield Send(session, report)
            if self._watchers and isinstance(report, ExecutionReport | OrderCancelReject):
                for watcher in self._watchers.get(session, ()):
                    yield Send(watcher, DropCopy(source_comp_id=session, report=report))
        for applied in outcome.effects:
            yield Fact(f"effect {type(applied.effect).__name__}", applied)
            match applied.effect:
                case Publish(message):
                    yield Fact("published", message)
                case Schedule(delay_ns, name):
                    due = RuleSetDue(applied.rule_set, applied.symbol, name)
                    yield Send(self._name, due, delay_ns)
                case _:
                    pass  # carried out by the exchange itself
