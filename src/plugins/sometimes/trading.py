"""What exchanges tell of orders: fills, refusals by rule, and how one crosses the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import attrs

from ...market.fix import ExecRestatementReason, ExecType
from ...market.identifiers import ClOrdID, OrderID, Price, Symbol
from ...market.messages import IMMEDIATE, ExecutionReport, OrderCancelReject
from ...market.rejects import BusinessMessageReject, SessionReject
from ...market.wording import order_kind
from ...runtime.journal import Entry
from ..watching import Goal, Lookout, Reached, SearchedFloor

BY_RULE = re.compile(r"\[([A-Z]+(?:-[A-Z]+)*-\d+)\]$")
"""How a text ends that names the rule which refuses, or cancels."""

_IN_PARTS = "an order is filled in parts"
_FILL_BEFORE_CANCEL = "a fill comes before the cancel of its order"

_ALWAYS = (
    Goal("MATCH-1", ("MATCH-3",)),
    Goal("MATCH-2"),
    Goal(_IN_PARTS),
    Goal(_FILL_BEFORE_CANCEL),
    *map(Goal, ("REP-2", "REP-3", "TYPE-3")),
    *(Goal(f"ORD-{number}") for number in range(1, 11)),
    *(Goal(f"REJ-{number}") for number in range(2, 8)),
)
_WITH_STATES = tuple(map(Goal, ("SES-1", "SES-3")))
_WITH_AUCTIONS = (Goal("AUCT-7", ("AUCT-1", "SES-4")),)
_WITH_DAYS = (Goal("SES-5"),)


@attrs.frozen
class Trading:
    """What becomes of orders at exchanges, by the rule that shows in it."""

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        exchanges = frozenset(floor.exchange_of.values())
        if not exchanges:
            return None
        states = [state for known in floor.states.values() for state in known.values()]
        goals = (
            *_ALWAYS,
            *(_WITH_STATES if len(states) > 1 else ()),
            *(_WITH_AUCTIONS if any(state.uncross for state in states) else ()),
            *(_WITH_DAYS if any(state.ends_day for state in states) else ()),
        )
        return _Reports(exchanges, goals)


@attrs.define
class _Reports(Lookout):
    sees = (ExecutionReport, OrderCancelReject, SessionReject, BusinessMessageReject)

    _exchanges: Collection[str]
    _goals: Sequence[Goal]
    _last: tuple[int, OrderID | None, Price | None] = attrs.field(
        init=False, default=(0, None, None)
    )
    """Of the latest aggressor's fill: the entry that it came of, the order and the price."""

    _filled: set[tuple[str, ClOrdID]] = attrs.field(init=False, factory=set)
    """Orders that are filled, by session and name."""

    @property
    def goals(self) -> Sequence[Goal]:
        return self._goals

    def see(self, entry: Entry) -> Iterable[Reached]:
        if entry.sender not in self._exchanges:
            return ()
        match entry.payload:
            case ExecutionReport() as report:
                return self._report(report, entry)
            case OrderCancelReject() as reject:
                return self._refused(reject)
            case reject:
                return _by_rule(reject.text)

    def _report(self, report: ExecutionReport, entry: Entry) -> Iterator[Reached]:
        kind = order_kind(report)
        match report.exec_type:
            case ExecType.TRADE:
                yield from self._fill(report, kind, entry)
            case ExecType.EXPIRED:
                rule = "REP-2" if report.time_in_force in IMMEDIATE or report.cum_qty == 0 else ""
                yield Reached(rule or "SES-5", report.symbol, kind)
            case ExecType.TRIGGERED:
                yield Reached("TYPE-3", report.symbol, kind)
            case ExecType.CANCELED if (
                report.exec_restatement_reason is ExecRestatementReason.MARKET_OPTION
            ):
                yield Reached("REP-3", report.symbol, kind)
            case _:
                pass
        yield from _by_rule(report.text, report.symbol, kind)

    def _fill(self, report: ExecutionReport, kind: str, entry: Entry) -> Iterator[Reached]:
        if report.leaves_qty == 0:
            self._filled.add((report.target_comp_id, report.cl_ord_id))
        elif report.cum_qty > report.last_qty:
            yield Reached(_IN_PARTS, report.symbol, kind)
        if report.aggressor_indicator is None:
            yield Reached("AUCT-7", report.symbol, kind)
        elif report.aggressor_indicator:
            yield Reached("MATCH-1", report.symbol, kind)
            fill = entry.cause, report.order_id, report.last_px
            if fill == self._last:
                yield Reached("MATCH-2", report.symbol, kind)
            self._last = fill

    def _refused(self, reject: OrderCancelReject) -> Iterator[Reached]:
        if (reject.target_comp_id, reject.orig_cl_ord_id) in self._filled:
            yield Reached(_FILL_BEFORE_CANCEL, reject.symbol)
        yield from _by_rule(reject.text, reject.symbol)


def _by_rule(
    text: str, symbol: Symbol | None = None, order_type: str | None = None
) -> Iterator[Reached]:
    named = BY_RULE.search(text)
    if named is not None:
        yield Reached(named[1], symbol, order_type)
