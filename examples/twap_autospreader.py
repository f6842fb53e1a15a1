"""TT's case study as a report: a day of TWAP over a spread, and what it has earned.

It runs ``twap_autospreader.toml`` (or, with ``--constant``, the variant whose market
stands still) and reckons everything from the run's fills: the page's own are the exit
moves, the rates of margin and the credit.

    python examples/twap_autospreader.py [--constant] [--seed N]

Source: TT, "Using TT TWAP to Drive TT Autospreader Instruments"; ``docs/readings.md``,
margin and profit.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import floorproof
from floorproof.market.exposure import (
    contracts_for,
    money,
    moved,
    notional,
    points,
    quantity_ratio,
    ratio_shown,
    rounded,
    spread_price_shown,
    tick_value,
)
from floorproof.market.fix import ExecType, Side
from floorproof.market.identifiers import Price, Qty, Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.margin import Margin, MarginLeg
from floorproof.market.messages import ExecutionReport
from floorproof.market.pnl import Leg, average_price, overall
from floorproof.market.synthetic import MultiLegReportingType, SyntheticFill
from floorproof.scenario.progress import orders_of

EXAMPLES = Path(__file__).parent
FILES = {
    False: EXAMPLES / "twap_autospreader.toml",
    True: EXAMPLES / "twap_autospreader_constant.toml",
}
MANAGER, ORDER, SPREAD = "FM1", "tw1", "tw1/p1"
MNQ, MES = Symbol("MNQU3"), Symbol("MESU3")
RATIO = Fraction("1.366")

# What the page says.
EXPOSURE = Fraction(1_000_000)
EXITS = {"1": ("0.05", "0.02"), "2": ("-0.03", "-0.03"), "3": ("0.03", "0.04")}
RATES = {MNQ: Fraction(1680), MES: Fraction(1120)}
CREDIT = Fraction("0.70")


class Trade(NamedTuple):
    """One fill of a leg, as the fund manager was told."""

    time_ns: int
    symbol: Symbol
    child: str
    qty: Qty
    price: Price


class Sent(NamedTuple):
    """One hedge, as the exchange acknowledged it."""

    time_ns: int
    child: str
    qty: Qty


def trades(result: floorproof.Result) -> list[Trade]:
    """Return the fills of the spread's legs, first to last."""
    return [
        Trade(entry.time, fill.symbol, child_of(fill.child_id), fill.last_qty, fill.last_px)
        for entry in result.journal
        if entry.actor == MANAGER
        and isinstance(fill := entry.payload, SyntheticFill)
        and fill.cl_ord_id == SPREAD
        and fill.multi_leg_reporting_type is MultiLegReportingType.LEG
    ]


def hedges(result: floorproof.Result) -> list[Sent]:
    """Return the hedges, in the order in which they went out."""
    return [
        Sent(entry.time, child_of(report.cl_ord_id), report.order_qty)
        for entry in result.journal
        if entry.actor == MANAGER
        and isinstance(report := entry.payload, ExecutionReport)
        and report.exec_type is ExecType.NEW
        and report.symbol == MES
    ]


def child_of(cl_ord_id: str) -> str:
    """Return what the spread order calls a child, whatever its changes are called."""
    return cl_ord_id.removeprefix(f"{SPREAD}/").partition(".")[0]


class Report:
    """What a run has come to; each table as lines."""

    def __init__(self, result: floorproof.Result) -> None:
        self.fills = trades(result)
        self.hedges = hedges(result)
        self.plan = orders_of(result.journal, MANAGER)[ORDER].plan
        """The order's slices, as the SSE gateway has recorded them."""

        self.instruments: Mapping[Symbol, Instrument] = result.scenario.plan.instruments
        self.filled = {
            symbol: sum(fill.qty for fill in self.fills if fill.symbol == symbol)
            for symbol in (MNQ, MES)
        }
        self.averages = {symbol: self._average(symbol) for symbol in (MNQ, MES)}
        self.paid_in_full = {
            symbol: contracts_for(EXPOSURE, self._notional(symbol), ROUND_DOWN)
            for symbol in (MNQ, MES)
        }
        """How many contracts the exposure pays in full: those of the page's exits."""

    def _average(self, symbol: Symbol) -> Fraction:
        average = average_price(
            (fill.price, fill.qty) for fill in self.fills if fill.symbol == symbol
        )
        assert average is not None, f"{symbol} has traded"
        return average

    def _notional(self, symbol: Symbol, qty: Qty = 1) -> Fraction:
        return notional(self.instruments[symbol], self.averages[symbol], qty)

    def _shown(self, symbol: Symbol, price: Fraction) -> str:
        return f"{rounded(points(self.instruments[symbol], price), 2, ROUND_HALF_UP)}"

    def spread_price(self, mnq: Fraction | Price, mes: Fraction | Price) -> Fraction:
        """Return the price of MNQ over that of MES."""
        return points(self.instruments[MNQ], mnq) / points(self.instruments[MES], mes)

    def entry(self) -> list[str]:
        """The page's entry table, and the ratio that it is sized by."""
        rows = [
            (
                symbol,
                self._shown(symbol, self.averages[symbol]),
                self.filled[symbol],
                money(self._notional(symbol, self.filled[symbol])),
                money(tick_value(self.instruments[symbol])),
            )
            for symbol in (MNQ, MES)
        ]
        ratio = quantity_ratio(self._notional(MNQ), self._notional(MES))
        price = self.spread_price(self.averages[MNQ], self.averages[MES])
        return [
            *table(("Contract", "Average", "Quantity", "Notional", "Tick value"), rows),
            f"spread price {spread_price_shown(price)}, quantity ratio {ratio_shown(ratio)}",
        ]

    def schedule(self) -> list[str]:
        """Fill by fill of MNQ: the slice that it ends, and the hedges that were sent for it."""
        quotes = [fill for fill in self.fills if fill.symbol == MNQ]
        rows = []
        units = hedged = 0
        for number, quote in enumerate(quotes):
            ends = quotes[number + 1].time_ns if number + 1 < len(quotes) else None
            sent = [
                hedge
                for hedge in self.hedges
                if hedge.time_ns >= quote.time_ns and (ends is None or hedge.time_ns < ends)
            ]
            names = [hedge.child for hedge in sent]
            prices = [
                self._shown(MES, Fraction(fill.price)) for fill in self.fills if fill.child in names
            ]
            units += quote.qty
            begins = next(each.time_ns for each in self.plan if each.cum_qty >= units)
            hedged += sum(hedge.qty for hedge in sent)
            rows.append(
                (
                    units,
                    self._clock(begins),
                    self._clock(quote.time_ns),
                    self._shown(MNQ, Fraction(quote.price)),
                    sum(hedge.qty for hedge in sent),
                    hedged,
                    f"{rounded(RATIO * units - hedged, 3, ROUND_DOWN)}",
                    " ".join(prices),
                )
            )
        titles = ("k", "Starts", "MNQ trades", "at", "MES now", "in all", "Carried", "at")
        return table(titles, rows)

    def _clock(self, time_ns: int) -> str:
        """Return the time since the first slice began."""
        return clock(Fraction(time_ns - self.plan[0].time_ns, 10**9))

    def margin(self) -> list[str]:
        """Maintenance margin, each leg on its own and after the credit."""
        rows: list[tuple[object, ...]] = []
        lines = ("MNQ, matched", "MES, matched", "MES, unmatched")
        for name, held in self.readings().items():
            a, b = (MarginLeg(rate=RATES[symbol], qty=held[symbol]) for symbol in (MNQ, MES))
            margin = Margin(a=a, b=b, credit=CREDIT)
            rows += [
                (name, "MNQ", money(a.rate), a.qty, money(a.total)),
                (name, "MES", money(b.rate), b.qty, money(b.total)),
                (name, "subtotal", "", "", money(margin.subtotal)),
                *(
                    (name, line, money(rate), qty, money(left))
                    for line, (rate, qty, left) in zip(lines, margin.lines, strict=True)
                ),
                (name, "after credit", "", "", money(margin.required)),
            ]
        return table(("Reading", "Line", "Rate", "Quantity", "Total"), rows)

    def readings(self) -> dict[str, Mapping[Symbol, Qty]]:
        """Return the quantities of the two readings, by what they are called."""
        named = (("as printed", self.paid_in_full), ("as entered", self.filled))
        return {f"{held[MNQ]}/{held[MES]} {name}": held for name, held in named}

    def exits(self) -> list[str]:
        """The page's three exits, in both readings."""
        rows: list[tuple[object, ...]] = []
        for scenario, moves in EXITS.items():
            at = {
                symbol: moved(self.instruments[symbol], self.averages[symbol], Fraction(move))
                for symbol, move in zip((MNQ, MES), moves, strict=True)
            }
            for held in self.readings().values():
                legs = [
                    Leg(
                        instrument=self.instruments[symbol],
                        side=side,
                        qty=held[symbol],
                        entry=self.averages[symbol],
                        exit=at[symbol],
                    )
                    for symbol, side in ((MNQ, Side.BUY), (MES, Side.SELL))
                ]
                rows += [
                    (
                        scenario,
                        leg.instrument.symbol,
                        self._shown(leg.instrument.symbol, Fraction(leg.exit)),
                        leg.qty,
                        f"{rounded(leg.ticks, 2, ROUND_HALF_UP).normalize():f}",
                        money(leg.pnl),
                        "",
                    )
                    for leg in legs
                ]
                price = spread_price_shown(self.spread_price(at[MNQ], at[MES]))
                rows.append((scenario, "both", f"{price}", "", "", "", money(overall(legs))))
        return table(("Exit", "Contract", "Price", "Quantity", "Ticks", "PnL", "Overall"), rows)

    def lines(self) -> list[str]:
        """Return all of it."""
        parts = {
            "Entry": self.entry(),
            "Schedule and fills": self.schedule(),
            "Maintenance margin": self.margin(),
            "Exits": self.exits(),
        }
        return [line for title, part in parts.items() for line in (title, *part, "")]


def clock(seconds: Fraction) -> str:
    """Return so many seconds as ``h:mm:ss.mmm``, cut off."""
    whole = rounded(seconds, 3, ROUND_DOWN)
    minutes, left = int(whole // 60), whole % 60
    return f"{minutes // 60}:{minutes % 60:02d}:{left:06.3f}"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return *rows* in columns, numbers to the right."""
    cells = [[*titles], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    return ["  ".join(map(str.rjust, row, widths)).rstrip() for row in cells]


def report(*, constant: bool = False, seed: int | None = None) -> Report:
    """Run the case study, and return what it has come to."""
    scenario = floorproof.load(FILES[constant])
    result = floorproof.run(scenario, seed=seed)
    assert result.held, "the order is filled"
    return Report(result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--constant", action="store_true", help="on a market that stands still")
    parser.add_argument("--seed", type=int, help="of the run's latencies and orders of messages")
    asked = parser.parse_args()
    for line in report(constant=asked.constant, seed=asked.seed).lines():
        print(line)


if __name__ == "__main__":
    main()
