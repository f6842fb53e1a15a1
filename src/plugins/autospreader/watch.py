"""The invariant of spreads: what hedges is never more than the quotes that were filled need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

import attrs

from ...market.fix import ExecType
from ...market.identifiers import ClOrdID, CompID, OrderID, Qty, Symbol
from ...market.messages import ExecutionReport
from ...market.synthetic import NewSyntheticOrder
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor, Watcher
from .hedging import hedge_target
from .order_type import Autospreader
from .spread import ListedSpread, listed


@attrs.frozen
class HedgesFitQuotes:
    """Nobody hedges a fill of a spread's quote twice: hedges are what the fills need, or less.

    Judged are spreads of which one leg quotes, where every contract of another leg is a
    hedge.  What is busted counts as it was, as hedges do not follow busts.

    Source: TT, Autospreader, "Autospreader orders"; ``docs/readings.md``, hedges of
    fractional ratios.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        spreads: dict[Symbol, ListedSpread] = {}
        for gateway in floor.gateways("sse"):
            for order_type in floor.order_types[gateway].values():
                if isinstance(order_type, Autospreader):
                    for settings in order_type.spread:
                        spread = listed(settings, floor.instruments.get)
                        if sum(leg.quotes for leg in spread.legs) == 1:
                            spreads[spread.name] = spread
        if not spreads:
            return None
        exchanges = frozenset(floor.exchange_of.values())
        return _Hedges(frozenset(floor.gateways("sse")), exchanges, spreads)


@attrs.define
class _Legs:
    """A spread order, and what exchanges have said of its children."""

    seq: int
    spread: ListedSpread
    filled: dict[Symbol, Qty] = attrs.field(factory=dict)
    working: dict[tuple[Symbol, OrderID], Qty] = attrs.field(factory=dict)

    def take_in(self, report: ExecutionReport) -> None:
        assert report.order_id is not None, "it has come to the exchange"
        symbol = report.symbol
        if report.exec_type is ExecType.TRADE:
            self.filled[symbol] = self.filled.get(symbol, 0) + report.last_qty
        key = (symbol, report.order_id)
        if report.leaves_qty:
            self.working[key] = report.leaves_qty
        else:
            self.working.pop(key, None)

    def too_much(self) -> str | None:
        """Return which leg has more than hedges may come to, or None."""
        (quoting,) = (leg for leg in self.spread.legs if leg.quotes)
        units = self.filled.get(quoting.symbol, 0) / quoting.size
        hedge_round = Fraction(self.spread.settings.hedge_round)
        for leg in self.spread.legs:
            if leg.quotes or not leg.trades:
                continue
            needed = hedge_target(leg.size, units, hedge_round)
            filled = self.filled.get(leg.symbol, 0)
            working = sum(qty for (symbol, _), qty in self.working.items() if symbol == leg.symbol)
            if filled + working > needed:
                return (
                    f"{filled} {leg.symbol} are filled and {working} work to hedge"
                    f" {self.filled.get(quoting.symbol, 0)} {quoting.symbol}, which need {needed}"
                )
        return None


@attrs.define
class _Hedges(Watcher):
    sees = (NewSyntheticOrder, ExecutionReport)

    _gateways: Collection[str]
    _exchanges: Collection[str]
    _spreads: Mapping[Symbol, ListedSpread]
    _orders: dict[tuple[CompID, ClOrdID], _Legs] = attrs.field(init=False, factory=dict)

    def see(self, entry: Entry) -> Broken | None:
        match entry.payload:
            case NewSyntheticOrder() as new if entry.actor in self._gateways:
                spread = self._spreads.get(new.symbol)
                key = (new.sender_comp_id, new.cl_ord_id)
                known = self._orders.get(key)
                if spread is not None and (known is None or not known.filled):
                    self._orders[key] = _Legs(entry.seq, spread)
            case ExecutionReport(parent_id=str() as parent, order_id=int()) as report if (
                entry.sender in self._exchanges and report.target_sub_id is not None
            ):
                order = self._orders.get((report.target_sub_id, ClOrdID(parent)))
                if order is None:
                    return None
                order.take_in(report)
                wrong = order.too_much()
                return None if wrong is None else Broken(f"of {parent} {wrong}", (order.seq,))
            case _:
                pass
        return None
