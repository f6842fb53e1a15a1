"""Exchanges that name a venue: what its profile says is written into their tables.

After that an exchange is one like any other, as if the scenario had said it all: its
rule sets and their settings, the terms of its instruments, and boards whose timetables
are the venue's hours.  Here the venue's clocks become moments of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from ..market.identifiers import Duration, Symbol
from ..market.profile import (
    Listed,
    Month,
    Product,
    Session,
    Settings,
    VenueProfile,
    sessions_of,
)
from .errors import ScenarioError, blamed_on, unknown
from .schema import (
    BoardTable,
    ExchangeTable,
    InstrumentTable,
    ScenarioFile,
    TransitionTable,
)

FindProfile = Callable[[str], VenueProfile]
"""From a venue's name to its profile; raises a `FloorproofError` if it has none."""

_LONGEST_PAUSE_DAYS = 14
"""No venue is closed for longer than this, so that beyond it nothing is looked for."""


def described(tables: ScenarioFile, profile_of: FindProfile) -> ScenarioFile:
    """Return *tables* in which every exchange says itself what its venue's profile says.

    Raises:
        ScenarioError: if a venue has no profile, or what an exchange says does not go
            with it.
    """
    exchanges = []
    for index, table in enumerate(tables.exchange):
        where = f"exchange[{index}]"
        if table.venue is None:
            _check_undescribed(table, where)
            exchanges.append(table)
        else:
            with blamed_on(f"{where}.venue"):
                profile = profile_of(table.venue)
            day = _Calendar(profile, tables.scenario.start, table.days, f"{where}.venue")
            exchanges.append(_described(table, where, profile, day))
    return attrs.evolve(tables, exchange=tuple(exchanges))


def warnings(tables: ScenarioFile, profile_of: FindProfile) -> Iterator[str]:
    """Yield where a venue may not be as its profile has it: at another time, without its limits.

    Args:
        tables: as `described` has left them.
    """
    for index, table in enumerate(tables.exchange):
        if table.venue is None:
            continue
        where, profile = f"exchange[{index}]", profile_of(table.venue)
        now = tables.scenario.start.astimezone(known_zone(profile.time_zone, f"{where}.venue"))
        if profile.since is not None and now.date() < profile.since:
            when = f"from {profile.since} on"
        elif profile.until is not None and now.date() >= profile.until:
            when = f"before {profile.until}"
        else:
            when = ""
        if when:
            yield (
                f"{where}.venue: {table.venue!r} is described as it was {when}, and the scenario"
                f" begins on {now.date()}"
            )
        products = {product.code: product for product in profile.products}
        for number, each in enumerate(table.instrument):
            product = products.get(each.product or "")
            if product is not None and product.limited and each.reference is None:
                spot = str(product.spot(now.replace(tzinfo=None)))
                if each.month != spot:
                    yield (
                        f"{where}.instrument[{number}]: no reference, so nobody knows the limits"
                        f" of {each.symbol}, which are around its settlement"
                    )


def zone_of(table: ExchangeTable, where: str) -> ZoneInfo | None:
    """Return whose dates an exchange goes by, or None if it does not say.

    Raises:
        ScenarioError: if there is no such zone.
    """
    return None if table.time_zone is None else known_zone(table.time_zone, f"{where}.time_zone")


def _check_undescribed(table: ExchangeTable, where: str) -> None:
    if not table.instrument:
        raise ScenarioError(
            f"{where}.instrument", "expected at least one, as there is no `venue` that has products"
        )
    for number, each in enumerate(table.instrument):
        at = f"{where}.instrument[{number}]"
        if each.product is not None:
            raise ScenarioError(
                f"{at}.product", "expected none, as there is no `venue` that has products"
            )
        _check_plain(each, at)


def _check_plain(table: InstrumentTable, where: str) -> None:
    """Check what an instrument says that is no product's."""
    if table.price_decimals is None:
        raise ScenarioError(where, "the key 'price_decimals' is missing")
    if table.month is not None:
        raise ScenarioError(f"{where}.month", "expected none, as only a `product` has months")


# --- an exchange ----------------------------------------------------------------------


def _described(
    table: ExchangeTable, where: str, profile: VenueProfile, calendar: _Calendar
) -> ExchangeTable:
    products = {product.code: product for product in profile.products}
    instruments = table.instrument or tuple(
        InstrumentTable(symbol=product.code, product=product.code)
        for product in profile.products
        if product.tick is not None
    )
    if not instruments:
        raise ScenarioError(
            f"{where}.instrument", f"expected at least one, as {table.venue!r} has no products"
        )
    of: dict[str, Product | None] = {}
    listed: list[Listed] = []
    filled = []
    for number, each in enumerate(instruments):
        at = f"{where}.instrument[{number}]"
        product = None
        if each.product is None:
            _check_plain(each, at)
        elif each.product in products:
            product = products[each.product]
            each = _filled(each, product, at)
            listed.append(_listed(each, product, calendar.now, at))
        else:
            raise ScenarioError(
                f"{at}.product", unknown(f"product of {table.venue}", str(each.product), products)
            )
        of[each.symbol] = product
        filled.append(each)
    return attrs.evolve(
        table,
        rules=(*profile.rules, *table.rules),
        settings=_merged(_preset(table, where, profile, listed, calendar), table.settings),
        instrument=tuple(filled),
        board=(*table.board, *_boards(table, profile, of, calendar)),
        time_zone=table.time_zone or profile.time_zone,
    )


def _filled(table: InstrumentTable, product: Product, where: str) -> InstrumentTable:
    """Return the table of a contract with what its product says of it."""
    tick = table.tick
    if tick is None and not table.ticks:
        tick = product.tick
        if tick is None:
            raise ScenarioError(
                f"{where}.tick", f"expected one, as {product.code}'s is not known here"
            )
    decimals = table.price_decimals
    if decimals is None:
        ticks = [band.tick for band in table.ticks] if tick is None else [tick]
        decimals = max(len(each.partition(".")[2]) for each in ticks)
    points = table.point_value
    if points is None and product.point_value is not None:
        points = Decimal(product.point_value)
    with blamed_on(f"{where}.tick"):  # which may have more decimals than a price
        return attrs.evolve(
            table,
            tick=tick,
            price_decimals=decimals,
            point_value=points,
            algorithm=table.algorithm or product.algorithm,
        )


def _listed(table: InstrumentTable, product: Product, now: datetime, where: str) -> Listed:
    spot, month = product.spot(now), None
    if table.month is not None:
        with blamed_on(f"{where}.month"):
            month = Month.read(table.month)
        months = product.months
        if months is not None and not months.lists(month, spot, now.date()):
            raise ScenarioError(
                f"{where}.month",
                f"expected a month that {product.code} lists on {now.date()} ({months.says}), of"
                f" which {spot} is the spot month; found {table.month!r}",
            )
    return Listed(
        symbol=Symbol(table.symbol),
        product=product,
        month=month,
        is_spot=month == spot,
        settlement=table.reference,
    )


def _preset(
    table: ExchangeTable,
    where: str,
    profile: VenueProfile,
    listed: Sequence[Listed],
    calendar: _Calendar,
) -> Settings:
    """Return what the venue's rule sets are set to; the function may be anybody's code."""
    try:
        return profile.settings(listed, calendar.windows)
    except Exception as error:  # reported as the venue's
        raise ScenarioError(
            f"{where}.venue",
            f"the settings of {table.venue!r} raised {type(error).__name__}: {error}",
        ) from error


def _merged(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return *preset* with what a scenario says itself, table within table."""
    merged = dict(preset)
    for key, value in own.items():
        known = merged.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            value = _merged(known, value)
        merged[key] = value
    return merged


# --- hours ----------------------------------------------------------------------------


def _boards(
    table: ExchangeTable,
    profile: VenueProfile,
    of: Mapping[str, Product | None],
    calendar: _Calendar,
) -> Iterator[BoardTable]:
    """Yield a board for each product that the file has put on none, with its hours."""
    placed = {symbol for board in table.board for symbol in board.symbols}
    together: dict[str, list[str]] = {}
    for symbol, product in of.items():
        if symbol not in placed:
            name = str(table.venue) if product is None else product.code
            together.setdefault(name, []).append(symbol)
    for name, symbols in together.items():
        product = of[symbols[0]]
        sessions = profile.sessions if product is None else profile.hours(product)
        state, timetable = calendar.timetable(sessions)
        yield BoardTable(name=name, symbols=tuple(symbols), state=state, timetable=timetable)


class _Calendar:
    """The trading dates of a venue that a run is about, and when they are in it."""

    def __init__(self, profile: VenueProfile, start: datetime, days: int, where: str) -> None:
        self._day = profile.day
        self._zone = known_zone(profile.time_zone, where)
        self._start = start.astimezone(UTC)
        self.now = self._start.astimezone(self._zone).replace(tzinfo=None)
        """What time it is by the venue's clock as the run begins."""

        self._days = days
        self._dates = self._trading_dates(profile.sessions)

    def moment_ns(self, local: datetime, zone: ZoneInfo | None = None) -> int:
        """Return when it is *local* by the venue's clock, in nanoseconds of the run."""
        at = local.replace(tzinfo=zone or self._zone).astimezone(UTC)
        return (at - self._start) // timedelta(microseconds=1) * 1_000

    def windows(self, opens: time, closes: time, zone: str) -> list[tuple[int, int]]:
        """Return the stretches from *opens* to *closes* of the run's trading dates."""
        of = known_zone(zone, "time zone")
        found = [
            (
                self.moment_ns(datetime.combine(day, opens), of),
                self.moment_ns(datetime.combine(day, closes), of),
            )
            for day in self._dates
        ]
        return [(max(0, begin), end) for begin, end in found if end > 0]

    def timetable(self, sessions: Sequence[Session]) -> tuple[str, tuple[TransitionTable, ...]]:
        """Return the state that a board begins the run in, and what it enters when."""
        dates = self._trading_dates(sessions)
        before = dates[0] - timedelta(days=_LONGEST_PAUSE_DAYS)
        earlier = [before + timedelta(days=n) for n in range(_LONGEST_PAUSE_DAYS)]
        state, ahead = self._day.closed, []
        for at_ns, name in self._entered(sessions, [*earlier, *dates]):
            if at_ns <= 0:
                state = name
            else:
                ahead.append(TransitionTable(at=Duration(at_ns), state=name))
        return state, tuple(ahead)

    def _trading_dates(self, sessions: Sequence[Session]) -> list[date]:
        """Return the first dates that are not over as the run begins."""
        dates: list[date] = []
        day = self.now.date() - timedelta(days=1)
        while len(dates) < self._days:
            having = sessions_of(sessions, day)
            if having and having[-1].span(day)[1] > self.now:
                dates.append(day)
            day += timedelta(days=1)
        return dates

    def _entered(
        self, sessions: Sequence[Session], dates: Iterable[date]
    ) -> Iterator[tuple[int, str]]:
        """Yield when a board enters what on these trading dates, first to last.

        What would begin before the session before it has closed begins as it has; of
        several such phases the last.
        """
        closed_ns = None
        for day in dates:
            having = sessions_of(sessions, day)
            for number, session in enumerate(having, start=1):
                opens, closes = (self.moment_ns(each) for each in session.span(day))
                phases = {opens + phase.offset_ns: phase.state for phase in self._day.phases}
                if closed_ns is not None:
                    phases = {max(at_ns, closed_ns + 1): phases[at_ns] for at_ns in phases}
                yield from phases.items()
                closed_ns = closes
                yield closes, self._day.closed if number == len(having) else self._day.between


def known_zone(name: str, where: str) -> ZoneInfo:
    """Return the time zone of that name.

    Raises:
        ScenarioError: if there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScenarioError(
            where, f"no time zone named {name!r}: expected a name such as America/Chicago"
        ) from None
