"""The matching engine: one venue's exchange core on the floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

import attrs

from ..market.exchange import Exchange
from ..market.execution import Outcome
from ..market.fix import ExecType
from ..market.identifiers import CompID, Symbol
from ..market.messages import (
    DropCopy,
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
    OrderStatusRequest,
    VenueReport,
)
from ..market.operations import (
    AuctionResult,
    BustTrade,
    CancelOrders,
    ChangeTradingState,
    IndicativePrice,
    OperationRefused,
    SecurityStatus,
)
from ..market.quotes import MassQuote, QuoteCancel
from ..market.rules import Publish, Schedule
from ..market.shown import VenueRecord, shown_after
from ..market.told import Report, ToldAgain
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Delivery, Fact, Send
from .copy_feed import CopyFeed


@attrs.frozen
class RuleSetDue:
    """To itself: a moment has come that a rule set asked for."""

    rule_set: str
    symbol: Symbol
    name: str


@attrs.frozen
class Recover:
    """To itself: it is back, and what rule sets have asked for is on nobody's calendar."""


class MatchingEngine:
    """Takes requests from sessions, and answers each with the venue's reports.

    Receives:
        `NewOrderSingle`, `OrderCancelRequest`, `OrderCancelReplaceRequest`,
        `OrderMassActionRequest`, `OrderStatusRequest`, `MassQuote`, `QuoteCancel` and
        `MarketDataRequest`, each from the session that it names; `MarketOperation` from the
        venue's own people, who are not on the floor; `ToldAgain` from copy gateways.
    Sends:
        `ExecutionReport` and `OrderCancelReject` to the session of every order that is
        touched, and a `DropCopy` of each to whoever watches that session, but of how an order
        stands, which the one who asks hears alone;
        `OrderMassActionReport`; `MassQuoteAck` and `QuoteCancelAck`; `SessionReject` and
        `BusinessMessageReject` of a message that is refused as such; `MarketDataSnapshot`
        or its reject; to those who have subscribed to an instrument
        `MarketDataIncrementalRefresh` and `SecurityStatus`; to the venue's feeds a
        `VenueRecord` of whatever has happened.

    Facts: ``effect`` and its kind, whatever a rule set had done; ``published``, what goes to the
    public feed; ``trading state``, ``indicative price`` and ``auction``, what became of an
    instrument; ``operation refused``; ``session mismatch``, a request in another session's name,
    or an operation of somebody's.

    It survives a crash as it stands: the venue has written down what it does before it says
    so.  What rule sets were to do meanwhile it makes up for.

    Args:
        name: the engine's own, under which it asks itself to wake up.
        exchange: the venue's core.
        watchers: the drop copies that watch each session.
        feeds: the venue's public feeds, each with whether anybody reads it, so that it can
            be checked; the exchange has to keep a record where there are any.
        copiers: the drop copy gateways that copy each session, which are told all of it.
    """

    def __init__(
        self,
        name: CompID,
        exchange: Exchange,
        watchers: Mapping[CompID, Sequence[CompID]] | None = None,
        feeds: Mapping[CompID, bool] | None = None,
        copiers: Mapping[CompID, Sequence[CompID]] | None = None,
    ) -> None:
        self._name = name
        self.exchange = exchange
        self._watchers = watchers or {}
        self._feeds = feeds or {}
        self.copiers = copiers or {}
        self.copy_feed = CopyFeed(self.copiers)

    def copies_told(self, session: CompID) -> int:
        """Return how much of what a session was told drop copy has been told."""
        return self.copy_feed.count(session)

    def start(self) -> Iterator[Answer]:
        if self.exchange.due():
            yield Send(self._name, Recover())

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case (
                NewOrderSingle()
                | OrderCancelRequest()
                | OrderCancelReplaceRequest()
                | OrderMassActionRequest()
                | MassQuote()
                | QuoteCancel()
                | MarketDataRequest()
                | OrderStatusRequest() as request
            ):
                if request.sender_comp_id != delivery.sender:
                    yield Fact(
                        "session mismatch",
                        {"sender": delivery.sender, "named": request.sender_comp_id},
                    )
                    return
                yield from self._answer(
                    self.exchange.receive(request, delivery.now_ns), delivery.now_ns
                )
            case ChangeTradingState() | BustTrade() | CancelOrders() as operation:
                if delivery.sender != ENVIRONMENT:
                    named = type(operation).__name__
                    yield Fact("session mismatch", {"sender": delivery.sender, "message": named})
                    return
                yield from self._answer(
                    self.exchange.operate(operation, delivery.now_ns), delivery.now_ns
                )
            case RuleSetDue(rule_set, symbol, name):
                yield from self._answer(
                    self.exchange.scheduled(rule_set, symbol, name, delivery.now_ns),
                    delivery.now_ns,
                )
            case ToldAgain() as asked:
                yield from self.copy_feed.again(CompID(delivery.sender), asked)
            case Recover():
                yield from self._answer(self.exchange.recover(delivery.now_ns), delivery.now_ns)
                for (rule_set, symbol, name), due_ns in self.exchange.due().items():
                    due = RuleSetDue(rule_set, symbol, name)
                    yield Send(self._name, due, due_ns - delivery.now_ns)
            case other:
                raise TypeError(f"a matching engine has no use for {other!r}")

    def _answer(self, outcome: Outcome, now_ns: int) -> Iterator[Answer]:
        for news in outcome.published:
            match news:
                case SecurityStatus():
                    yield Fact("trading state", news)
                case IndicativePrice():
                    yield Fact("indicative price", news)
                case AuctionResult():
                    yield Fact("auction", news)
                case OperationRefused():
                    yield Fact("operation refused", news)
                case Publish(message):
                    yield Fact("published", message)
        for report in outcome.reports:
            session = report.target_comp_id
            assert session is not None, "only a status on record has no addressee"
            yield Send(session, report)
            if self._watchers and _is_watched(report):
                for watcher in self._watchers.get(session, ()):
                    yield Send(watcher, DropCopy(source_comp_id=session, report=report))
            if self.copiers and session in self.copy_feed and isinstance(report, Report):
                yield from self.copy_feed.tell(session, report)
        for applied in outcome.effects:
            yield Fact(f"effect {type(applied.effect).__name__}", applied)
            match applied.effect:
                case Schedule(delay_ns, name):
                    due = RuleSetDue(applied.rule_set, applied.symbol, name)
                    yield Send(self._name, due, delay_ns)
                case _:
                    pass  # carried out by the exchange itself
        if outcome.happened:
            yield from self._record(outcome, now_ns)

    def _record(self, outcome: Outcome, now_ns: int) -> Iterator[Answer]:
        """Tell the venue's feeds what has happened."""
        happened = tuple(outcome.happened)
        for feed, is_read in self._feeds.items():
            shown = tuple(shown_after(happened, self.exchange.book)) if is_read else ()
            yield Send(feed, VenueRecord(now_ns, happened, shown))


def _is_watched(report: object) -> TypeGuard[VenueReport]:
    """Return whether those who watch a session are told of *report* as well."""
    if isinstance(report, ExecutionReport):
        return report.exec_type is not ExecType.ORDER_STATUS
    return isinstance(report, OrderCancelReject)
