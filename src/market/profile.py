"""What is known of a venue before anybody writes a scenario about it.

A profile says what a venue is called, what is traded there and when, and which rule sets
it has.  Its times are those of the venue's own clocks, without a zone: whoever makes a
floor of it turns them into moments of a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeAlias

import attrs
from attrs import validators

from .identifiers import Symbol
from .ledger import Rule

MONTH_CODES = "FGHJKMNQUVXZ"
"""The futures industry's letters for January to December."""

WEEKDAYS = (0, 1, 2, 3, 4)
"""Monday to Friday, as `datetime.date.weekday` counts."""


class Month(NamedTuple):
    """A month of a year, such as that in which a contract is delivered."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Month:
        """Return the month that *text* means: ``2026-03``.

        Raises:
            ValueError: if it means none.
        """
        found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
        if found is None or not 1900 <= int(found[1]) < 3000:
            raise ValueError(f"expected a month such as 2026-03, found {text!r}")
        return cls(int(found[1]), int(found[2]))

    def plus(self, months: int) -> Month:
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)

    def until(self, other: Month) -> int:
        """Return how many months *other* is after this one."""
        return (other.year - self.year) * 12 + other.month - self.month

    @property
    def code(self) -> str:
        """The letter that symbols have for it."""
        return MONTH_CODES[self.month - 1]

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


# --- hours ----------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Session:
    """One stretch of trading in a trading date, by the venue's clock."""

    opens: time
    closes: time

    opens_on: int = attrs.field(default=0, validator=[validators.ge(-6), validators.le(0)])
    """How many days from the trading date it opens: -1 for the evening before."""

    closes_on: int = attrs.field(default=0, validator=[validators.ge(-6), validators.le(0)])

    weekdays: tuple[int, ...] = attrs.field(
        default=WEEKDAYS,
        validator=[validators.min_len(1), validators.deep_iterable(validators.in_(range(7)))],
    )
    """The trading dates that have it, Monday being 0."""

    def span(self, trading_date: date) -> tuple[datetime, datetime]:
        """Return from when to when it is, of a trading date that has it."""
        opens = datetime.combine(trading_date + timedelta(days=self.opens_on), self.opens)
        closes = datetime.combine(trading_date + timedelta(days=self.closes_on), self.closes)
        return opens, closes

    def __attrs_post_init__(self) -> None:
        opens, closes = self.span(date(2026, 1, 5))
        if closes <= opens:
            raise ValueError(f"a session must close after it opens, was {opens} to {closes}")


def sessions_of(sessions: Sequence[Session], trading_date: date) -> list[Session]:
    """Return the sessions that a trading date has, first to last."""
    having = [each for each in sessions if trading_date.weekday() in each.weekdays]
    return sorted(having, key=lambda session: session.span(trading_date))


@attrs.frozen
class Phase:
    """From a moment before or after a session's open on, a board is in a state."""

    state: str
    offset_ns: int = 0
    """Nanoseconds from the open; below zero, before it."""


@attrs.frozen(kw_only=True)
class DayPlan:
    """The states of a board in the course of a trading date, by their names."""

    phases: tuple[Phase, ...] = attrs.field(validator=validators.min_len(1))
    """Around the open of each session."""

    between: str
    """From the close of a session that is not the date's last."""

    closed: str
    """From the close of the date's last session."""

    @phases.validator
    def _in_order(self, _attribute: object, phases: tuple[Phase, ...]) -> None:
        offsets = [phase.offset_ns for phase in phases]
        if sorted(set(offsets)) != offsets:
            raise ValueError(f"the phases of a day must follow one another, were at {offsets}")


# --- products -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class LastTrade:
    """When a contract can be traded for the last time."""

    day: int | None = None
    """The day of the month, or the weekday before it; None for the month's last weekday."""

    at: time | None = None
    """None for the end of that day's trading."""

    months_before: int = 0
    """Of the month this many before the delivery month."""

    def of(self, delivery: Month) -> datetime:
        """Return the moment after which a contract is not traded any more."""
        month = delivery.plus(-self.months_before)
        following = month.plus(1)
        day = date(following.year, following.month, 1) - timedelta(days=1)
        if self.day is not None:
            day = date(month.year, month.month, self.day)
        while day.weekday() not in WEEKDAYS:
            day -= timedelta(days=1)
        if self.at is None:
            return datetime.combine(day + timedelta(days=1), time())
        return datetime.combine(day, self.at)


@attrs.frozen(kw_only=True)
class ContractMonths:
    """Which delivery months are listed."""

    says: str

    letters: str = MONTH_CODES
    """The months of a year that there are, by their codes."""

    consecutive: int | None = None
    """So many from the spot month on, which is one of them; None for no such limit."""

    alternate_to: int | None = None
    """After these every other one, until so many months from the spot month."""

    years_ahead: int | None = None
    """All of this year and of so many years after it."""

    def lists(self, month: Month, spot: Month, today: date) -> bool:
        """Return whether *month* is listed while *spot* is the spot month."""
        ahead = spot.until(month)
        if ahead < 0 or month.code not in self.letters:
            return False
        if self.years_ahead is not None:
            return month.year <= today.year + self.years_ahead
        if self.consecutive is None or ahead < self.consecutive:
            return True
        beyond = ahead - self.consecutive
        return self.alternate_to is not None and ahead < self.alternate_to and beyond % 2 == 1


_DECIMAL = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)


def _decimal(_product: object, field: attrs.Attribute[Any], found: str | None) -> None:
    if found is not None and not _DECIMAL.fullmatch(found):
        raise ValueError(f"'{field.name}' must be a decimal as text, was {found!r}")


@attrs.frozen(kw_only=True)
class Product:
    """What is traded under one code: a kind of contract, of which each month is one."""

    code: str = attrs.field(validator=validators.min_len(1))
    name: str
    size: str = ""
    """What one contract is for, with its unit; empty where that is not known."""

    tick: str | None = attrs.field(default=None, validator=_decimal)
    """None where it is not known: a scenario that lists the product has to say it."""

    point_value: str | None = attrs.field(default=None, validator=_decimal)
    """Money per contract for a move of 1.0 in the price."""

    currency: str | None = None
    """Where it is another than the venue's."""

    settlement: str = ""

    months: ContractMonths | None = None
    last_trade: LastTrade | None = None
    """None where it is not known: the spot month is then that of the calendar."""

    algorithm: str = "F"

    limited: bool = False
    """Whether a day's limits are around its settlement, except in the spot month."""

    sessions: tuple[Session, ...] = ()
    """When it is traded, if not at the venue's hours."""

    def spot(self, now: datetime) -> Month:
        """Return the first delivery month that is still traded, by the venue's clock."""
        month = Month.of(now)
        if self.last_trade is None:
            return month
        while self.last_trade.of(month) <= now:
            month = month.plus(1)
        return month


@attrs.frozen(kw_only=True)
class Listed:
    """One contract of a run: what a venue's rule sets are set up for."""

    symbol: Symbol
    product: Product
    month: Month | None
    is_spot: bool
    """Whether its delivery month is the spot month; False where it has none."""

    settlement: str | None
    """The price that it was settled at last, as the scenario has it."""


Windows: TypeAlias = Callable[[time, time, str], Sequence[tuple[int, int]]]
"""From two times of day in a time zone to the stretches between them, one in each trading
date of a run, in nanoseconds since its start."""

Settings: TypeAlias = Mapping[str, Mapping[str, object]]
"""For each rule set what its table in a scenario would say."""


def no_settings(_listed: Sequence[Listed], _windows: Windows) -> Settings:
    """Return nothing: a venue whose rule sets go by their defaults."""
    return {}


# --- the venue ------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class VenueProfile:
    """A venue: what ``venue = "NAME"`` stands for in a scenario."""

    name: str = attrs.field(validator=validators.min_len(1))
    """In full."""

    mic: str = attrs.field(validator=validators.matches_re(r"[A-Z0-9]{4}"))
    """Its code by ISO 10383."""

    currency: str = attrs.field(validator=validators.matches_re(r"[A-Z]{3}"))
    time_zone: str
    """The zone of its clocks, by its name in the IANA database."""

    rules: tuple[str, ...]
    """Its rule sets and bundles, as a scenario would list them."""

    day: DayPlan
    sessions: tuple[Session, ...] = attrs.field(validator=validators.min_len(1))
    """Its hours, for products that have none of their own."""

    products: tuple[Product, ...] = attrs.field(default=())
    since: date | None = None
    """From when on it has been as described here, or None if that is not known."""

    until: date | None = None
    """The first day on which it was not so any more."""

    settings: Callable[[Sequence[Listed], Windows], Settings] = no_settings
    """What its rule sets are set to, for the contracts of a run."""

    ledger: tuple[Rule, ...] = ()
    """The rules that are its own: what it trades and when, and where it differs."""

    @products.validator
    def _told_apart(self, _attribute: object, products: tuple[Product, ...]) -> None:
        codes = [product.code for product in products]
        for code in codes:
            if codes.count(code) > 1:
                raise ValueError(f"two products have the code {code!r}")

    def hours(self, product: Product) -> tuple[Session, ...]:
        """Return when *product* is traded."""
        return product.sessions or self.sessions
