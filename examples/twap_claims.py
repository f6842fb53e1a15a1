"""What TT's case study claims, measured: the same day over many seeds, in each way to work it.

Each seed is another market for ``twap_autospreader.toml`` (the flow of both contracts) and
other choices of the run (the sizes of random slices).  On each of them the order is worked
in four ways.  The last claim is arithmetic, and is tried for every pair of moves.

    python examples/twap_claims.py [--seeds 200] [--jobs 2]

Source: TT, "Using TT TWAP to Drive TT Autospreader Instruments".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from math import ceil
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from statistics import fmean, pstdev
from typing import NamedTuple

import floorproof
from floorproof.market.exposure import money
from floorproof.market.fix import ExecType, Side
from floorproof.market.identifiers import Price, Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.messages import ExecutionReport
from floorproof.market.pnl import Leg, overall
from floorproof.scenario.progress import combined, orders_of, time_weighted, trades

SCENARIO = Path(__file__).parent / "twap_autospreader.toml"
MANAGER, ORDER = "FM1", "tw1"
MNQ, MES = Symbol("MNQU3"), Symbol("MESU3")
OPENS_NS, CLOSES_NS = 60 * 10**9, (60 + 390 * 60) * 10**9
SPREAD_DECIMALS = 6
"""Of the spread's price, as the journal has it."""

ORDER_QTY = 33

# The last claim: the page's prices of entry, and how far they move.
ENTRY: Mapping[Symbol, Price] = {MNQ: 1_535_100, MES: 449_250}
HELD = ((33, 45), (32, 44))
FURTHEST, AHEAD = Fraction(10, 100), Fraction(1, 1000)


class Way(NamedTuple):
    """How the order is worked."""

    symbol: Symbol
    style: str
    max_display: int


SPREAD = Symbol("MNQ-MES")
FALLING = tuple(Way(SPREAD, "default", display) for display in (30, 10, 3))
STYLES = tuple(
    (Way(symbol, "default", 3), Way(symbol, "aggressive", 3)) for symbol in (SPREAD, MNQ)
)
WAYS = tuple(dict.fromkeys([*FALLING, *(way for pair in STYLES for way in pair)]))


class Day(NamedTuple):
    """What one day has come to; what is left of the order, it has not been filled."""

    over_market: float
    """Average fill price over the market's time-weighted average, in basis points of it."""

    taken: int
    """How much of the quoting leg was filled by orders that met others as they arrived."""

    filled: int


def scenario(seed: int, way: Way) -> floorproof.Scenario:
    """Return the case study with another market, worked in another way."""
    settings: Mapping[str, str] = {
        "flow.0.settings.seed": f"{2 * seed + 1}",
        "flow.1.settings.seed": f"{2 * seed + 2}",
        "step.0.order.symbol": way.symbol,
        "step.0.order.parameters.max_display": f"{way.max_display}",
        "step.0.order.parameters.style": way.style,
    }
    return floorproof.load(SCENARIO, settings)


def day(seed: int, way: Way) -> Day:
    """Run one, and measure it."""
    result = floorproof.run(scenario(seed, way), seed=seed)
    assert not result.violations, f"seed {seed}, {way}: {result.violations}"
    own = orders_of(result.journal, MANAGER)[ORDER].average_price
    legs = [list(trades(result.journal, leg)) for leg in (MNQ, MES)]
    prices = legs[0]
    if way.symbol == SPREAD:
        prices = list(combined(legs, lambda last: last[0] / last[1] * 10**SPREAD_DECIMALS))
    market = time_weighted(prices, OPENS_NS, CLOSES_NS)
    assert own is not None, "it has been filled"
    assert market is not None, "there were trades"
    over = own / market - 1
    quotes = list(quoted(result))
    taken = sum(qty for qty, is_taken in quotes if is_taken)
    return Day(float(over * 10_000), taken, sum(qty for qty, _ in quotes))


def quoted(result: floorproof.Result) -> Iterator[tuple[int, bool]]:
    """Yield each fill of MNQ, which quotes: how much, and whether the order took it on arrival.

    One that did has traded at its venue at the moment at which it was entered or changed.
    """
    arrived: dict[str, int] = {}
    for entry in result.journal:
        report = entry.payload
        if entry.actor != MANAGER or not isinstance(report, ExecutionReport):
            continue
        if report.exec_type in (ExecType.NEW, ExecType.REPLACED):
            arrived[report.cl_ord_id] = report.transact_time_ns
        elif report.exec_type is ExecType.TRADE and report.symbol == MNQ:
            yield report.last_qty, arrived[report.cl_ord_id] == report.transact_time_ns


def measured(seed: int) -> tuple[Day, ...]:
    """Return one seed's day, in each of the ways."""
    return tuple(day(seed, way) for way in WAYS)


def measure(seeds: int, jobs: int = 1) -> dict[Way, list[Day]]:
    """Return the days of all ways, seed by seed."""
    if jobs == 1:
        days = [measured(seed) for seed in range(seeds)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            days = list(pool.map(measured, range(seeds), chunksize=4))
    return dict(zip(WAYS, map(list, zip(*days, strict=True)), strict=True))


def tracking_error(days: Sequence[Day]) -> float:
    """Return the standard deviation of what is paid over the market, in basis points."""
    return pstdev(each.over_market for each in days)


def taken_share(days: Sequence[Day]) -> Fraction:
    """Return how much of what was filled was taken."""
    return Fraction(sum(each.taken for each in days), sum(each.filled for each in days))


# --- what the spread earns --------------------------------------------------------------


class Exit(NamedTuple):
    """One pair of exits, as moves from the entry, and what it earns."""

    earned: Fraction
    mnq: Fraction
    mes: Fraction


def exits(
    instruments: Mapping[Symbol, Instrument], quantities: tuple[int, int], ahead: Fraction = AHEAD
) -> Iterator[Exit]:
    """Yield, for each exit of MES within the moves, the one of MNQ that earns least.

    That is the lowest one on tick at which MNQ has outperformed MES by *ahead*: the long leg
    earns more with every tick above it, so that no other pair has to be tried.
    """
    mnq, mes = (instruments[symbol].ticks for symbol in (MNQ, MES))
    lowest, highest = (
        {symbol: ENTRY[symbol] * (1 + move) for symbol in ENTRY} for move in (-FURTHEST, FURTHEST)
    )
    short = mes.at_or_above(ceil(lowest[MES]))
    while short <= highest[MES]:
        move = Fraction(short, ENTRY[MES]) - 1
        long = mnq.at_or_above(ceil(max(ENTRY[MNQ] * (1 + move + ahead), lowest[MNQ])))
        if long <= highest[MNQ]:
            prices = {MNQ: (Side.BUY, long), MES: (Side.SELL, short)}
            legs = [
                Leg(
                    instrument=instruments[symbol],
                    side=side,
                    qty=qty,
                    entry=ENTRY[symbol],
                    exit=price,
                )
                for (symbol, (side, price)), qty in zip(prices.items(), quantities, strict=True)
            ]
            yield Exit(overall(legs), Fraction(long, ENTRY[MNQ]) - 1, move)
        short += mes.increment_at(short)


def earnings() -> Iterator[str]:
    """Yield what the last claim comes to, for each reading of the quantities."""
    instruments = floorproof.load(SCENARIO).plan.instruments
    for quantities in HELD:
        tried = list(exits(instruments, quantities))
        worst, losing = min(tried), [each for each in tried if each.earned <= 0]
        text = f"no gain at {len(losing)} of them" if losing else "a gain at all of them"
        least = f"{money(worst.earned)} at MNQ {percent(worst.mnq)}, MES {percent(worst.mes)}"
        held = f"{quantities[0]}/{quantities[1]}"
        yield f"{held}: {len(tried):,} exits of MES, {text}; the least {least}"


# --- what is printed --------------------------------------------------------------------


def percent(move: Fraction) -> str:
    return f"{float(move):+.3%}"


def report(days: Mapping[Way, Sequence[Day]]) -> Iterator[str]:
    """Yield the table, and whether each claim holds."""
    seeds = len(days[WAYS[0]])
    yield f"{seeds} seeds, each worked in every way; over the market in basis points of it"
    titles = (
        "order in",
        "style",
        "max display",
        "tracking error",
        "mean",
        "mean size",
        "taken",
        "filled",
    )
    yield "{:<10}{:<12}{:>12}{:>16}{:>8}{:>11}{:>8}{:>8}".format(*titles)
    for way, theirs in days.items():
        over = [each.over_market for each in theirs]
        share = Fraction(sum(each.filled for each in theirs), seeds * ORDER_QTY)
        yield (
            f"{way.symbol:<10}{way.style:<12}{way.max_display:>10} %{tracking_error(theirs):>16.3f}"
            f"{fmean(over):>+8.3f}{fmean(map(abs, over)):>11.3f}"
            f"{float(taken_share(theirs)):>8.1%}{float(share):>8.1%}"
        )
    errors = [tracking_error(days[way]) for way in FALLING]
    falls = errors[0] > errors[1] > errors[2]
    yield f"tracking error falls from Max Display 30 to 10 to 3: {holds(falls)}"
    for pair in STYLES:
        calm, bold = (taken_share(days[way]) for way in pair)
        yield f"in {pair[0].symbol} Default takes less than Aggressive: {holds(calm < bold)}"


def holds(claim: bool) -> str:
    return "holds" if claim else "does not hold"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200, help="how many days (200)")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="processes at a time")
    asked = parser.parse_args()
    if asked.seeds < 2:
        parser.error(f"--seeds: expected at least 2, found {asked.seeds}")
    if asked.jobs < 1:
        parser.error(f"--jobs: expected at least 1, found {asked.jobs}")
    for line in report(measure(asked.seeds, asked.jobs)):
        print(line)
    print("MNQ ahead of MES by 0.1 point or more, both within 10 % of 15351.00 and 4492.50:")
    for line in earnings():
        print(line)


if __name__ == "__main__":
    main()
