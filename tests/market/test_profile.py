"""Profiles of venues: hours, contract months, last trading days, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

import pytest

from floorproof.market.profile import (
    ContractMonths,
    DayPlan,
    LastTrade,
    Month,
    Phase,
    Product,
    Session,
    VenueProfile,
    sessions_of,
)

NIGHT = Session(opens=time(19), closes=time(7, 45), opens_on=-1)
MORNING = Session(opens=time(8, 30), closes=time(13, 30))
EVENING = Session(
    opens=time(21), closes=time(23, 30), opens_on=-1, closes_on=-1, weekdays=(1, 2, 3, 4)
)
DAY = DayPlan(phases=(Phase("CALL", -60), Phase("OPEN")), between="BREAK", closed="SHUT")
MONDAY, TUESDAY, SATURDAY = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 10)


def test_the_sessions_of_a_date_come_in_their_order_and_may_begin_the_evening_before() -> None:
    sessions = [MORNING, NIGHT, EVENING]

    assert sessions_of(sessions, MONDAY) == [NIGHT, MORNING]
    assert sessions_of(sessions, TUESDAY) == [NIGHT, EVENING, MORNING]
    assert sessions_of(sessions, SATURDAY) == []
    assert NIGHT.span(MONDAY) == (datetime(2026, 1, 4, 19), datetime(2026, 1, 5, 7, 45))
    assert EVENING.span(TUESDAY) == (datetime(2026, 1, 5, 21), datetime(2026, 1, 5, 23, 30))


@pytest.mark.parametrize(("rule", "delivery", "expected"), [
    # 15 March 2026 is a Sunday, 15 August 2026 a Saturday, 15 April 2026 a Wednesday.
    (LastTrade(day=15, at=time(12)), "2026-03", datetime(2026, 3, 13, 12)),
    (LastTrade(day=15, at=time(12)), "2026-08", datetime(2026, 8, 14, 12)),
    (LastTrade(day=15, at=time(12)), "2026-04", datetime(2026, 4, 15, 12)),
    # The last trading day is over as it ends; 31 January 2026 is a Saturday.
    (LastTrade(months_before=2), "2026-03", datetime(2026, 1, 31)),
    (LastTrade(months_before=2), "2026-01", datetime(2025, 11, 29)),
    (LastTrade(), "2026-12", datetime(2027, 1, 1)),
])  # fmt: skip
def test_a_contract_ends_on_the_weekday_that_its_rule_names(
    rule: LastTrade, delivery: str, expected: datetime
) -> None:
    assert rule.of(Month.read(delivery)) == expected


@pytest.mark.parametrize(("rule", "now", "spot"), [
    (None,                              datetime(2026, 3, 31, 23), "2026-03"),
    (LastTrade(day=15, at=time(12)),    datetime(2026, 3, 13, 11, 59), "2026-03"),
    (LastTrade(day=15, at=time(12)),    datetime(2026, 3, 13, 12), "2026-04"),
    (LastTrade(months_before=2),        datetime(2026, 1, 30, 9), "2026-03"),
    (LastTrade(months_before=2),        datetime(2026, 1, 31), "2026-04"),
])  # fmt: skip
def test_the_spot_month_is_the_first_that_is_still_traded(
    rule: LastTrade | None, now: datetime, spot: str
) -> None:
    product = Product(code="P", name="a product", last_trade=rule)

    assert str(product.spot(now)) == spot


def listed(months: ContractMonths, spot: str, today: date, over: int) -> list[str]:
    first = Month.read(spot)
    each = [first.plus(ahead) for ahead in range(-2, over)]
    return [str(month) for month in each if months.lists(month, first, today)]


def test_months_that_are_listed() -> None:
    cycle = ContractMonths(says="", letters="HKNUZ")
    serial = ContractMonths(says="", consecutive=3, alternate_to=9)
    years = ContractMonths(says="", years_ahead=1)

    assert listed(cycle, "2026-03", date(2026, 3, 2), 12) == [
        "2026-03", "2026-05", "2026-07", "2026-09", "2026-12",
    ]  # fmt: skip
    assert listed(serial, "2026-11", date(2026, 11, 2), 15) == [
        "2026-11", "2026-12", "2027-01", "2027-03", "2027-05", "2027-07",
    ]  # fmt: skip
    assert listed(years, "2026-11", date(2026, 9, 2), 30)[-1] == "2027-12"


def profile(**changed: object) -> VenueProfile:
    known: dict[str, object] = {
        "name": "V", "mic": "XXXX", "currency": "USD", "time_zone": "UTC", "rules": (), "day": DAY,
        "sessions": (MORNING,),
    }  # fmt: skip
    return VenueProfile(**(known | changed))  # type: ignore[arg-type]  # as the cases say


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "no length":        (lambda: Session(opens=time(9), closes=time(9)), "must close after it"),
    "backwards":        (lambda: Session(opens=time(19), closes=time(7)), "must close after it"),
    "an eighth day":    (lambda: Session(opens=time(9), closes=time(10), weekdays=(7,)), "7"),
    "phases at once":   (lambda: DayPlan(phases=(Phase("A"), Phase("B")), between="C", closed="C"),
                         "must follow one another"),
    "negative tick":    (lambda: Product(code="P", name="p", tick="-1"), "a decimal as text"),
    "exponent":         (lambda: Product(code="P", name="p", tick="1e3"), "a decimal as text"),
    "short MIC":        (lambda: profile(mic="XKL"), "mic"),
    "currency in full": (lambda: profile(currency="ringgit"), "currency"),
    "no hours":         (lambda: profile(sessions=()), "sessions"),
    "one code twice":   (lambda: profile(products=(Product(code="P", name="p"),) * 2),
                         "two products have the code 'P'"),
    "thirteenth month": (lambda: Month.read("2026-13"), "such as 2026-03, found '2026-13'"),
    "far away":         (lambda: Month.read("3026-01"), "such as 2026-03, found '3026-01'"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
