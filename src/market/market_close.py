"""Moments of a run as dates and closes: when a day's market closes, and what comes of it.

Secure keys live by the calendar and end with a market close, while a run counts
nanoseconds from its start.  `MarketCloses` is the table between the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs
from attrs import validators

_US = timedelta(microseconds=1)

CHICAGO = ZoneInfo("America/Chicago")

SATURDAY = 5


@attrs.frozen(kw_only=True)
class MarketCloses:
    """When a market closes: once on every weekday that is no holiday.

    Source:
        ``docs/readings.md``, the close that a key ends with.
    """

    start: datetime
    """When the run begins; moments are nanoseconds from then."""

    at: time = attrs.field(default=time(16, 0), validator=validators.instance_of(time))
    zone: ZoneInfo = CHICAGO
    holidays: frozenset[date] = frozenset()
    """Weekdays without a close."""

    def date_of(self, moment_ns: int) -> date:
        """Return the calendar day of a moment, where the market is."""
        return self._at(moment_ns).astimezone(self.zone).date()

    def first_on_or_after(self, day: date) -> int:
        """Return the first close on *day* or later, as a moment."""
        while day.weekday() >= SATURDAY or day in self.holidays:
            day += timedelta(days=1)
        close = datetime.combine(day, self.at, self.zone)
        return (close.astimezone(UTC) - self.start.astimezone(UTC)) // _US * 1_000

    def first_at_or_after(self, moment_ns: int) -> int:
        """Return the first close at or after a moment."""
        close_ns = self.first_on_or_after(self.date_of(moment_ns))
        if close_ns >= moment_ns:
            return close_ns
        return self.first_on_or_after(self.date_of(moment_ns) + timedelta(days=1))

    def _at(self, moment_ns: int) -> datetime:
        return self.start + timedelta(microseconds=moment_ns // 1_000)


def a_year_after(day: date) -> date:
    """Return the same day of the next year: of 29 February, the 28th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)
