"""The invariant of limits: no trade is outside those in force at its moment."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import attrs

from ...market.fix import ExecType
from ...market.identifiers import CompID, Price, Symbol
from ...market.instrument import Instrument
from ...market.messages import ExecutionReport
from ...market.rules import Applied, Remember
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher
from .limits import DailyLimits, LimitRules


@attrs.frozen
class LimitsHeld:
    """No trade is outside the limits of its instrument, whichever rule set has these."""

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        limited = {
            (exchange, name, symbol): _Limited(floor.instruments[symbol], rule_set)
            for symbol, exchange in floor.exchange_of.items()
            for name, rule_set in floor.rule_sets(exchange).items()
            if isinstance(rule_set, LimitRules) and rule_set.applies_to(symbol)
        }
        return _Trades(limited) if limited else None


@attrs.define
class _Limited:
    """An instrument with limits, and what their rule set has remembered of it.

    It stands for the market where the rule set is asked which limits are in force.
    """

    instrument: Instrument
    _rule_set: LimitRules
    _memory: dict[str, object] = attrs.field(factory=dict, init=False)
    _in_force: list[tuple[int, DailyLimits]] = attrs.field(factory=list, init=False)
    """Limits, and since when."""

    def recall(self, key: str) -> object:
        return self._memory.get(key)

    def remember(self, key: str, value: object, now_ns: int) -> None:
        before = self.now()
        self._memory[key] = value
        if not self._in_force:
            self._in_force.append((0, before))
        if self.now() != before:
            self._in_force.append((now_ns, self.now()))

    def now(self) -> DailyLimits:
        return self._rule_set.limits_now(cast(Any, self))

    def at(self, moment_ns: int) -> list[DailyLimits]:
        """Return the limits in force at a moment; two where they changed just then."""
        known = self._in_force or [(0, self.now())]
        ends = [*(since_ns for since_ns, _ in known[1:]), moment_ns]
        return [
            limits
            for (since_ns, limits), until_ns in zip(known, ends, strict=True)
            if since_ns <= moment_ns <= until_ns
        ]

    def allows(self, price: Price, limits: DailyLimits) -> bool:
        return limits.lowest(self.instrument) <= price <= limits.highest(self.instrument)


@attrs.define
class _Trades(Watcher):
    sees: ClassVar[tuple[type, ...]] = (ExecutionReport, Applied)

    _limited: dict[tuple[CompID, str, Symbol], _Limited]

    def see(self, entry: Entry) -> Broken | None:
        match entry.payload:
            case Applied(rule_set, symbol, Remember(key, value)):
                limited = self._limited.get((CompID(entry.actor), rule_set, symbol))
                if limited is not None:
                    limited.remember(key, value, entry.time)
            case ExecutionReport(exec_type=ExecType.TRADE) as report:
                return self._outside(entry, report)
            case _:
                pass
        return None

    def _outside(self, entry: Entry, report: ExecutionReport) -> Broken | None:
        price = report.last_px
        if price is None:
            return None
        for (exchange, _, symbol), limited in self._limited.items():
            if exchange != entry.sender or symbol != report.symbol:
                continue
            allowed = limited.at(report.transact_time_ns)
            if not any(limited.allows(price, each) for each in allowed):
                expected = " or ".join(f"{each.low} to {each.high}" for each in allowed)
                shown = limited.instrument.show(price)
                return Broken(f"{symbol} has traded at {shown}, outside {expected}")
        return None
