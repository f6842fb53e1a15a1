"""A venue's profile in words, fact by fact, so that two can be held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ..market.profile import WEEKDAYS, DayPlan, Product, Session, VenueProfile

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def facts(profile: VenueProfile) -> dict[str, str]:
    """Return what *profile* says, by what it is about."""
    known = {
        "name": profile.name,
        "MIC": profile.mic,
        "currency": profile.currency,
        "time zone": profile.time_zone,
        "rule sets": ", ".join(profile.rules),
        "described": _described(profile),
        "hours": _hours(profile.sessions),
        "states": _states(profile.day),
    }
    for product in profile.products:
        known[f"product {product.code}"] = _product(product)
    return {about: text for about, text in known.items() if text}


def _described(profile: VenueProfile) -> str:
    parts = []
    if profile.since is not None:
        parts.append(f"as from {profile.since}")
    if profile.until is not None:
        parts.append(f"until {profile.until}, exclusive")
    return ", ".join(parts)


def _hours(sessions: Sequence[Session]) -> str:
    return ", ".join(map(_session, sessions))


def _session(session: Session) -> str:
    opens, closes = f"{session.opens:%H:%M}", f"{session.closes:%H:%M}"
    if session.closes_on < 0:
        hours = f"{opens}-{closes}{_before(session.closes_on)}"
    elif session.opens_on < 0:
        hours = f"{opens}{_before(session.opens_on)} to {closes}"
    else:
        hours = f"{opens}-{closes}"
    if session.weekdays == WEEKDAYS:
        return hours
    return f"{hours} ({' '.join(_DAYS[each] for each in session.weekdays)})"


def _before(days: int) -> str:
    return " the day before" if days == -1 else f" {-days} days before"


def _states(day: DayPlan) -> str:
    around = ", ".join(f"{phase.state} {_offset(phase.offset_ns)}" for phase in day.phases)
    return f"{around}; between sessions {day.between}; after the last {day.closed}"


def _offset(ns: int) -> str:
    if ns == 0:
        return "at the open"
    seconds = Decimal(abs(ns)) / 10**9
    minutes, rest = divmod(seconds, 60)
    length = f"{minutes} min" if minutes and not rest else f"{seconds.normalize():f} s"
    return f"{length} {'before' if ns < 0 else 'after'} it"


def _product(product: Product) -> str:
    return ", ".join(_about(product))


def _about(product: Product) -> Iterator[str]:
    yield product.name
    if product.size:
        yield product.size
    if product.tick is not None:
        worth = ""
        if product.point_value is not None:
            money = Decimal(product.tick) * Decimal(product.point_value)
            worth = f" = {money.normalize():f}"
        yield f"tick {product.tick}{worth}"
    if product.currency is not None:
        yield product.currency
    if product.settlement:
        yield product.settlement
    if product.months is not None:
        yield f"months: {product.months.says}"
    if product.sessions:
        yield f"hours: {_hours(product.sessions)}"
    yield f"algorithm {product.algorithm}"
