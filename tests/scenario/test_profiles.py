# ruff: noqa: E501  # a case is a line
"""Exchanges that name a venue: what its profile writes into them, and when it is there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest

import floorproof
from floorproof.market.auction import CHAINS, Chain
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.profile import (
    ContractMonths,
    DayPlan,
    LastTrade,
    Listed,
    Phase,
    Product,
    Session,
    VenueProfile,
    Windows,
)
from floorproof.market.sessions import TradingState
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.floor import Scenario, parse
from floorproof.scenario.venues import Venue

MINUTE = 60 * 10**9


@attrs.frozen
class States:
    """The states of the town, and what else its profile may set."""

    caps: Mapping[str, int] = attrs.field(factory=dict)
    windows: tuple[tuple[int, int], ...] = ()

    def trading_states(self) -> Sequence[TradingState]:
        closed = TradingState(name="SHUT", enter=False, match=False, ends_day=True)
        return [
            TradingState(name="CALL", match=False, indicative=True),
            TradingState(name="OPEN", uncross=True),
            attrs.evolve(closed, name="LUNCH", ends_day=False),
            closed,
        ]

    def auction_chain(self) -> Chain:
        return CHAINS["cme"]


@attrs.frozen
class Extra:
    level: int = 0


def settings(listed: Sequence[Listed], windows: Windows) -> Mapping[str, Mapping[str, object]]:
    return {
        "town-states": {
            "caps": {each.symbol: 5 for each in listed if not each.is_spot},
            "windows": [
                list(each) for each in windows(time(16, 25), time(16, 30), "Asia/Singapore")
            ],
        }
    }


def raises(listed: Sequence[Listed], windows: Windows) -> Mapping[str, Mapping[str, object]]:
    raise TypeError(f"{len(listed)} are too many")


NIGHT = Session(opens=time(17), closes=time(7), opens_on=-1)
MORNING = Session(opens=time(8, 30), closes=time(13))
TOWN = VenueProfile(
    name="Town Hall",
    mic="XTWN",
    currency="USD",
    time_zone="America/Chicago",
    rules=("town",),
    day=DayPlan(
        phases=(Phase("CALL", -15 * MINUTE), Phase("OPEN")), between="LUNCH", closed="SHUT"
    ),
    sessions=(NIGHT, MORNING),
    products=(
        Product(
            code="WHT",
            name="wheat",
            tick="0.25",
            point_value="50",
            months=ContractMonths(says="serial months", consecutive=4),
            last_trade=LastTrade(day=15, at=time(12)),
        ),
        Product(code="PIG", name="pigs", tick="1", limited=True),
        Product(code="OIL", name="oil", tick="1", sessions=(MORNING,), algorithm="C"),
        Product(code="RYE", name="rye"),
    ),
    since=datetime(2025, 1, 1).date(),
    until=datetime(2026, 6, 1).date(),
    settings=settings,
)
BARE = attrs.evolve(TOWN, products=(), rules=())


class Provider:
    floorproof_contract = CONTRACT_VERSION

    @hookimpl
    def rule_sets(self) -> Mapping[str, object]:
        return {"town-states": States, "town": ("town-states",), "extra": Extra}

    @hookimpl
    def venues(self) -> Mapping[str, VenueProfile]:
        return {
            "town": TOWN,
            "bare": BARE,
            "broken": attrs.evolve(TOWN, settings=raises),
            "always": attrs.evolve(
                TOWN,
                sessions=(Session(opens=time(17), closes=time(17), opens_on=-1),),
                products=TOWN.products[:1],
            ),
            "lost": attrs.evolve(TOWN, time_zone="Atlantic/Atlantis"),
        }


INSTALLED = Plugins.discover()
PLUGINS = Plugins([*INSTALLED.listing(), *Plugins.of({"town": Provider()}).listing()])
MONDAY = "2026-03-02T08:00:00-06:00"
"""Between the night's session and the morning's, in Chicago's winter."""


def scenario(exchange: str, start: str = MONDAY) -> Scenario:
    text = f'[scenario]\nname = "s"\nstart = {start}\n[[exchange]]\nname = "X"\n{exchange}'
    return parse(text, plugins=PLUGINS)


def venue(exchange: str, start: str = MONDAY) -> Venue:
    return scenario(exchange, start).plan.venues[CompID("X")]


def instrument(**keys: object) -> str:
    said = "\n".join(f"{key} = {value!r}" for key, value in keys.items())
    return f"[[exchange.instrument]]\n{said}\n"


def test_a_venue_alone_lists_its_products_with_their_terms() -> None:
    made = venue('venue = "town"')

    assert {
        symbol: (
            each.show(each.ticks.bands[0].min_price_increment),
            each.point_value,
            each.algorithm,
        )
        for symbol, each in made.instruments.items()
    } == {
        "WHT": ("0.25", Decimal(50), "F"),
        "PIG": ("1", Decimal(1), "F"),
        "OIL": ("1", Decimal(1), "C"),
    }
    assert list(made.rule_sets) == ["town-states"]
    assert set(made.chains.values()) == {CHAINS["cme"]}


def test_what_an_exchange_says_itself_goes_before_its_venue() -> None:
    made = venue(
        'venue = "town"\nrules = ["extra"]\n'
        "settings.town-states.caps.OILX = 7\nsettings.extra.level = 3\n"
        + instrument(symbol="W1", product="WHT", tick="0.5", algorithm="K", auction="bahrain")
        + instrument(symbol="OILX", product="OIL", point_value="10", price_decimals=2)
        + instrument(symbol="OWN", price_decimals=0, tick="5")
    )

    assert [str(each.ticks.bands[0].min_price_increment) for each in made.instruments.values()] == [
        "5", "100", "5",
    ]  # fmt: skip
    assert [each.algorithm for each in made.instruments.values()] == ["K", "C", "F"]
    assert made.instruments[Symbol("OILX")].point_value == 10
    assert made.chains[Symbol("W1")] == CHAINS["bahrain"]
    states, extra = made.rule_sets.values()
    assert isinstance(states, States)
    assert states.caps == {"W1": 5, "OILX": 7}
    assert extra == Extra(3)


@pytest.mark.parametrize(("month", "spot"), [
    ("2026-03", True), ("2026-04", False), ("2026-06", False),
])  # fmt: skip
def test_a_contract_of_the_spot_month_is_told_from_the_others(month: str, spot: bool) -> None:
    made = venue('venue = "town"\n' + instrument(symbol="W", product="WHT", month=month))

    (states,) = made.rule_sets.values()
    assert isinstance(states, States)
    assert ("W" not in states.caps) is spot


# --- hours ---------------------------------------------------------------------------


def clock(made: Venue, board: str, start: str) -> list[str]:
    """Return a board's day by the venue's clock, what it begins in first."""
    (day,) = [each for each in made.boards if each.name == board]
    begin = datetime.fromisoformat(start)
    zone = ZoneInfo("America/Chicago")
    moments = [
        (begin + timedelta(microseconds=each.at_ns // 1000)).astimezone(UTC).astimezone(zone)
        for each in day.timetable
    ]
    return [
        str(day.state),
        *(f"{at:%a %H:%M} {each.state}" for at, each in zip(moments, day.timetable, strict=True)),
    ]


HOURS = {
    "between two sessions": (MONDAY, "WHT", 1, "LUNCH | Mon 08:15 CALL | Mon 08:30 OPEN | Mon 13:00 SHUT"),
    "in the call":          ("2026-03-02T14:20:00Z", "WHT", 1, "CALL | Mon 08:30 OPEN | Mon 13:00 SHUT"),
    "at the open":          ("2026-03-02T14:30:00Z", "WHT", 1, "OPEN | Mon 13:00 SHUT"),
    "in the night":         ("2026-03-02T23:30:00-06:00", "WHT", 1,
                             "OPEN | Tue 07:00 LUNCH | Tue 08:15 CALL | Tue 08:30 OPEN | Tue 13:00 SHUT"),
    "after the close":      ("2026-03-02T13:00:00-06:00", "OIL", 1,
                             "SHUT | Tue 08:15 CALL | Tue 08:30 OPEN | Tue 13:00 SHUT"),
    "over a weekend":       ("2026-03-06T14:00:00-06:00", "WHT", 1,
                             "SHUT | Sun 16:45 CALL | Sun 17:00 OPEN | Mon 07:00 LUNCH"
                             " | Mon 08:15 CALL | Mon 08:30 OPEN | Mon 13:00 SHUT"),
    "two days":             (MONDAY, "OIL", 2,
                             "SHUT | Mon 08:15 CALL | Mon 08:30 OPEN | Mon 13:00 SHUT"
                             " | Tue 08:15 CALL | Tue 08:30 OPEN | Tue 13:00 SHUT"),
    # Chicago's clocks go forward on Sunday, 8 March 2026, at two in the morning.
    "as summer begins":     ("2026-03-06T14:00:00-06:00", "OIL", 1,
                             "SHUT | Mon 08:15 CALL | Mon 08:30 OPEN | Mon 13:00 SHUT"),
}  # fmt: skip


@pytest.mark.parametrize(("start", "board", "days", "expected"), HOURS.values(), ids=HOURS.keys())
def test_boards_go_by_the_venues_clock(start: str, board: str, days: int, expected: str) -> None:
    made = venue(f'venue = "town"\ndays = {days}', start)

    assert " | ".join(clock(made, board, start)) == expected


def test_where_a_session_follows_the_other_at_once_its_last_phase_begins_as_that_closes() -> None:
    made = venue('venue = "always"\ndays = 2')

    assert " | ".join(clock(made, "WHT", MONDAY)) == (
        "OPEN | Mon 17:00 SHUT | Mon 17:00 OPEN | Tue 17:00 SHUT"
    )


def test_the_hours_of_summer_are_an_hour_earlier_elsewhere() -> None:
    (winter, summer) = (
        venue('venue = "town"', start).boards[1].timetable[1].at_ns
        for start in ("2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z")
    )

    assert winter - summer == 60 * MINUTE


def test_a_board_of_the_files_own_goes_before_the_hours() -> None:
    made = venue('venue = "town"\nboard = [{ name = "MINE", symbols = ["WHT"], state = "OPEN" }]\n')

    assert [(board.name, board.symbols) for board in made.boards] == [
        ("MINE", ("WHT",)),
        ("PIG", ("PIG",)),
        ("OIL", ("OIL",)),
    ]


def test_contracts_of_one_product_share_a_board_and_strangers_go_by_the_venues_hours() -> None:
    made = venue(
        'venue = "town"\n'
        + instrument(symbol="W1", product="WHT")
        + instrument(symbol="O1", product="OIL")
        + instrument(symbol="W2", product="WHT")
        + instrument(symbol="OWN", price_decimals=0, tick="5")
    )

    assert [(board.name, board.symbols) for board in made.boards] == [
        ("WHT", ("W1", "W2")),
        ("OIL", ("O1",)),
        ("town", ("OWN",)),
    ]
    assert made.boards[2].timetable == made.boards[0].timetable


def test_windows_are_of_the_trading_date_and_in_a_zone_of_their_own() -> None:
    # Singapore's 16:25 of Tuesday is 02:25 in Chicago's winter.
    (states,) = venue('venue = "town"', "2026-03-03T00:00:00-06:00").rule_sets.values()
    # When half of a window is over, and when all of it is.
    (within,) = venue('venue = "town"', "2026-03-03T02:27:00-06:00").rule_sets.values()
    (late,) = venue('venue = "town"', "2026-03-03T02:30:00-06:00").rule_sets.values()

    assert isinstance(states, States)
    assert isinstance(within, States)
    assert isinstance(late, States)
    assert states.windows == ((145 * MINUTE, 150 * MINUTE),)
    assert within.windows == ((0, 3 * MINUTE),)
    assert late.windows == ()


def test_a_venues_dates_are_those_of_its_zone() -> None:
    made = venue('venue = "town"', "2026-03-03T01:00:00Z")
    plain = venue(instrument(symbol="A", price_decimals=0, tick="1"), "2026-03-03T01:00:00Z")
    zoned = venue(
        'time_zone = "Asia/Tokyo"\n' + instrument(symbol="A", price_decimals=0, tick="1"),
        "2026-03-02T22:00:00Z",
    )

    assert [each.start.isoformat() for each in (made, plain, zoned)] == [
        "2026-03-02T19:00:00-06:00",
        "2026-03-03T01:00:00+00:00",
        "2026-03-03T07:00:00+09:00",
    ]


# --- what is wrong -------------------------------------------------------------------

BAD = {
    "unknown venue":    ('venue = "twon"', "exchange[0].venue: no venue named 'twon'; did you mean 'town'?"),
    "a broken venue":   ('venue = "broken"', "exchange[0].venue: the settings of 'broken' raised TypeError: 3 are too many"),
    "unknown zone":     ('venue = "lost"', "exchange[0].venue: no time zone named 'Atlantic/Atlantis'"),
    "own unknown zone": ('time_zone = "Texas"\n' + instrument(symbol="A", price_decimals=0, tick="1"),
                         "exchange[0].time_zone: no time zone named 'Texas'"),
    "no products":      ('venue = "bare"', "exchange[0].instrument: expected at least one, as 'bare' has no"),
    "nothing at all":   ("", "exchange[0].instrument: expected at least one, as there is no `venue`"),
    "no venue":         (instrument(symbol="A", product="WHT"), "exchange[0].instrument[0].product: expected none"),
    "unknown product":  ('venue = "town"\n' + instrument(symbol="A", product="WHEAT"),
                         "exchange[0].instrument[0].product: no product of town named 'WHEAT'; did you mean WHT?"),
    "no tick":          ('venue = "town"\n' + instrument(symbol="A", product="RYE"),
                         "exchange[0].instrument[0].tick: expected one, as RYE's is not known here"),
    "a fine tick":      ('venue = "town"\n' + instrument(symbol="A", product="WHT", tick="0.0000000001"),
                         "exchange[0].instrument[0].tick: 'price_decimals' must be <= 9: 10"),
    "no decimals":      ('venue = "town"\n' + instrument(symbol="A", tick="1"),
                         "exchange[0].instrument[0]: the key 'price_decimals' is missing"),
    "no decimals, bare": (instrument(symbol="A", tick="1"),
                         "exchange[0].instrument[0]: the key 'price_decimals' is missing"),
    "no month":         ('venue = "town"\n' + instrument(symbol="A", product="WHT", month="March"),
                         "exchange[0].instrument[0].month: expected a month such as 2026-03, found 'March'"),
    "a month too late": ('venue = "town"\n' + instrument(symbol="A", product="WHT", month="2026-07"),
                         "exchange[0].instrument[0].month: expected a month that WHT lists on 2026-03-02"
                         " (serial months), of which 2026-03 is the spot month; found '2026-07'"),
    "a month of none":  ('venue = "town"\n' + instrument(symbol="A", price_decimals=0, tick="1", month="2026-03"),
                         "exchange[0].instrument[0].month: expected none, as only a `product` has months"),
    "too many days":    ('venue = "town"\ndays = 251', "exchange[0].days: must be <= 250, was 251"),
    "its rules again":  ('venue = "town"\nrules = ["town"]', "exchange[0].rules: rule set 'town' is listed twice"),
    "a wrong setting":  ('venue = "town"\nsettings.town-states.caps.WHT = "x"',
                         "exchange[0].settings.town-states.caps.WHT: expected a whole number"),
}  # fmt: skip


@pytest.mark.parametrize(("exchange", "said"), BAD.values(), ids=BAD.keys())
def test_what_does_not_go_with_a_venue_is_refused_where_it_stands(exchange: str, said: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        scenario(exchange)

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("start", "said"), [
    ("2024-12-31T12:00:00Z", "from 2025-01-01 on, and the scenario begins on 2024-12-31"),
    ("2026-06-01T12:00:00Z", "before 2026-06-01, and the scenario begins on 2026-06-01"),
    # In Chicago it is still May.
    ("2026-06-01T04:00:00Z", ""),
])  # fmt: skip
def test_a_venue_that_was_not_so_then_is_warned_of(start: str, said: str) -> None:
    warned = " ".join(
        scenario('venue = "town"\n' + instrument(symbol="A", product="OIL"), start).warnings
    )

    assert said in warned
    assert bool(warned) is bool(said)


@pytest.mark.parametrize(("terms", "warned"), [
    ({"product": "PIG"}, True),
    ({"product": "PIG", "month": "2026-04"}, True),
    ({"product": "PIG", "month": "2026-03"}, False),  # the spot month has no limits
    ({"product": "PIG", "reference": "50"}, False),
    ({"product": "WHT"}, False),
    ({"price_decimals": 0, "tick": "1"}, False),
], ids=str)  # fmt: skip
def test_limits_that_nobody_knows_are_warned_of(terms: dict[str, object], warned: bool) -> None:
    said = scenario('venue = "town"\n' + instrument(symbol="A", **terms)).warnings

    assert (
        list(said)
        == [
            "exchange[0].instrument[0]: no reference, so nobody knows the limits of A, which are around"
            " its settlement"
        ]
        * warned
    )


def test_a_run_goes_through_the_venues_day() -> None:
    result = floorproof.run(scenario('venue = "town"'))

    entered = [(each.symbol, each.trading_state) for each in result.facts("trading state")]
    assert [state for symbol, state in entered if symbol == "WHT"] == ["CALL", "OPEN", "SHUT"]
    assert result.end_ns == 300 * MINUTE


# --- the page ------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "venues.md").read_text(encoding="utf-8")
(BMD, WINDOW) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
(PLUGIN,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_scenario_of_the_page_is_one() -> None:
    text = f'[scenario]\nname = "s"\nstart = 2026-03-03T11:00:00+08:00\n{BMD}'

    made = parse(text, plugins=INSTALLED).plan.venues[CompID("BMD")]

    assert made.instruments[Symbol("FCPOJ6")].show(4000) == "4000"
    assert [board.name for board in made.boards] == ["FCPO"]


def test_the_plugin_of_the_page_is_a_venue(tmp_path: Path) -> None:
    (tmp_path / "hall.py").write_text(PLUGIN, encoding="utf-8")
    text = (
        '[scenario]\nname = "s"\nstart = 2026-03-03T09:00:00-05:00\nplugins = ["hall.py"]\n'
        '[[exchange]]\nname = "HALL"\nvenue = "town-hall"\n'
    )

    made = parse(text, tmp_path)
    result = floorproof.run(made)

    (window,) = [
        each
        for name, each in made.plan.venues[CompID("HALL")].rule_sets.items()
        if name == "settlement-window"
    ]
    assert getattr(window, "name", "") == "noon"
    assert [each.trading_state for each in result.facts("trading state")] == [
        "PRE-OPEN", "OPENING", "OPEN", "CLOSE FINAL",
    ]  # fmt: skip
    assert result.end_ns == 420 * MINUTE


def test_the_window_of_the_page_is_one() -> None:
    text = (
        '[scenario]\nname = "s"\nstart = 2026-03-03T09:00:00-05:00\n[[exchange]]\nname = "X"\n'
        'rules = ["settlement-window"]\n[[exchange.instrument]]\nsymbol = "NCL"\n'
        f'price_decimals = 0\ntick = "1"\n{WINDOW}'
    )

    assert parse(text, plugins=INSTALLED).name == "s"
