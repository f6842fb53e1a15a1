"""Which order of a journal is drawn, and what of the journal goes into its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import attrs

from ..market.identifiers import Symbol
from ..market.instrument import Instrument
from ..plugins.synthetic import Market
from ..runtime.journal import Entry
from .errors import ScenarioError, unknown
from .picture import Sheet
from .progress import Moment, Progress, combined, orders_of, trades
from .reading import parse_duration
from .recorded import RecordedRun

if TYPE_CHECKING:
    from ..plugins.synthetic import SyntheticDesk


def chosen_order(
    entries: Sequence[Entry], users: Sequence[str], *, order: str | None, user: str | None
) -> Progress:
    """Return the order that is asked for, as its user saw it.

    Args:
        entries: a run's, their payloads restored.
        users: those on its floor, in their order.
        order: its first name; None for the only one that its user has.
        user: whose window to look into; None for the first that has it.

    Raises:
        ScenarioError: if there is no such user or order, or several orders and no name.
    """
    if user is not None and user not in users:
        raise ScenarioError("--user", unknown("user", user, users))
    seen: dict[str, Progress] = {}
    for each in users if user is None else [user]:
        theirs = orders_of(entries, each)
        if order is None and theirs:
            return _only(each, theirs)
        if order is not None and order in theirs:
            return theirs[order]
        seen |= theirs
    whose = "anybody" if user is None else user
    if order is None:
        raise ScenarioError("--order", f"the journal has no order of {whose}")
    raise ScenarioError("--order", unknown("order", order, list(seen)))


def _only(user: str, orders: Mapping[str, Progress]) -> Progress:
    """Return the order that has no parent, or the only one."""
    first = [order for order in orders.values() if order.parent is None] or [*orders.values()]
    if len(first) > 1:
        raise ScenarioError("--order", f"{user} sees {len(orders)} orders: {', '.join(orders)}")
    return first[0]


def sheet_of(
    recorded: RecordedRun,
    entries: Sequence[Entry],
    progress: Progress,
    *,
    bar: str | None,
    shown_decimals: int | None,
) -> Sheet:
    """Return what is drawn of an order.

    Args:
        bar: how long one bar is, as a scenario writes a duration.

    Raises:
        ScenarioError: if *bar* is no duration, or none at all.
    """
    bar_ns = None
    if bar is not None:
        try:
            bar_ns = parse_duration(bar)
        except ValueError:
            raise ScenarioError("--bar", f"expected a duration such as 5m, found {bar!r}") from None
        if bar_ns < 1_000:
            raise ScenarioError("--bar", f"expected at least 1us, found {bar!r}")
    instrument = recorded.instruments[progress.symbol]
    return Sheet(
        progress=attrs.evolve(progress, prices=_prices(recorded, entries, progress.symbol)),
        start=recorded.tables.scenario.start,
        price_decimals=instrument.price_decimals,
        shown_decimals=instrument.shown_decimals if shown_decimals is None else shown_decimals,
        bar_ns=bar_ns,
    )


def _prices(recorded: RecordedRun, entries: Sequence[Entry], symbol: Symbol) -> tuple[Moment, ...]:
    """Return what *symbol* traded at; of what an order type makes, what its legs imply.

    An implied price is that of the legs' last trades, whoever has made them.
    """
    if symbol in recorded.listed:
        return tuple(trades(entries, symbol))
    maker, made = recorded.made[symbol]
    legs = [list(trades(entries, leg)) for leg in made.legs]

    def implied(prices: Sequence[Fraction]) -> Fraction | None:
        desk = _LastTrades(recorded.instruments, dict(zip(made.legs, prices, strict=True)))
        # All that it is asked for is there.
        market = maker.market(symbol, cast("SyntheticDesk", desk))
        if market is None or not (market.bids and market.offers):
            return None
        return Fraction(market.bids[0][0] + market.offers[0][0], 2)

    return tuple(combined(legs, implied))


_PLENTY = 10**9


@attrs.frozen
class _LastTrades:
    """A desk on which every leg is bid and offered where it was traded last."""

    _instruments: Mapping[Symbol, Instrument]
    _last: Mapping[Symbol, Fraction]

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return self._instruments.get(symbol)

    def market(self, symbol: Symbol) -> Market:
        level = ((int(self._last[symbol]), _PLENTY),)
        return Market(symbol=symbol, bids=level, offers=level)
