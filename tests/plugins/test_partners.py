# ruff: noqa: E501  # a case is a line
"""The exchanges that Globex hosts: who they are, what they trade when, and where they differ.

The tables are those of `reference/cme.md`, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from commands import command
from oracle.shorthand import request
from venue_days import VenueDay, described, refused

from floorproof.market.exchange import Request
from floorproof.market.fix import Side
from floorproof.market.identifiers import Symbol
from floorproof.market.messages import NewOrderSingle
from floorproof.market.profile import Month, Product, VenueProfile
from floorproof.plugins.check import check_plugin
from floorproof.plugins.manager import Plugins
from floorproof.plugins.partners import bmd, gme, mgex
from floorproof.plugins.price_checks.limits import PriceLimits
from floorproof.plugins.settlement_window import SettlementWindow, WindowPrice
from floorproof.plugins.venue_facts import facts
from floorproof.scenario.errors import ScenarioError

INSTALLED = Plugins.discover()
CHICAGO, MALAYSIA = "America/Chicago", "Asia/Kuala_Lumpur"
MINUTE = 60 * 10**9


def profile(name: str) -> VenueProfile:
    return INSTALLED.venues[name].cls


def product(venue: str, code: str) -> Product:
    (found,) = [each for each in profile(venue).products if each.code == code]
    return found


# --- who they are ---------------------------------------------------------------------

# MIC, currency, zone, the bundle, and what is beside `cme` in it.
VENUES = {
    "cme":  ("XCME", "USD", CHICAGO, "cme", ""),
    "gme":  ("DUMX", "USD", CHICAGO, "gme", "settlement-window"),
    "mgex": ("XMGE", "USD", CHICAGO, "mgex", "settlement-window"),
    "bmd":  ("XKLS", "MYR", MALAYSIA, "bmd", "bmd-limits"),
}  # fmt: skip
GLOBEX = ["cme-smp", "cme-market", "price-limits", "price-bands"]


@pytest.mark.rule("GME-1", "MGEX-1", "BMD-1")
@pytest.mark.parametrize(("name", "expected"), VENUES.items(), ids=VENUES.keys())
def test_a_venue_is_what_the_published_table_says(name: str, expected: tuple[str, ...]) -> None:
    mic, currency, zone, bundle, more = expected
    known = profile(name)

    assert (known.mic, known.currency, known.time_zone) == (mic, currency, zone)
    assert known.rules == (bundle,)
    asked = [offer.name for offer in INSTALLED.resolve(known.rules)]
    assert asked == [*GLOBEX, *more.split()]


@pytest.mark.parametrize("plugin", [gme, mgex, bmd], ids=["gme", "mgex", "bmd"])
def test_the_plugins_keep_the_contract(plugin: object) -> None:
    report = check_plugin(plugin, {"bmd-limits": {"symbols": ("TEST",)}})

    assert not report.failures, report


# What one tick is, and what it is worth.
PRODUCTS = {
    ("gme", "OQD"):  ("0.01", "10", "USD", "1,000 barrels", "physical"),
    ("gme", "ZGD"):  ("0.01", "10", "USD", "1,000 barrels", "cash"),
    ("gme", "BDS"):  ("0.01", "10", "USD", "1,000 barrels", "cash"),
    ("mgex", "MWE"): ("0.25", "12.5", "USD", "5,000 bushels", "physical"),
    ("bmd", "FCPO"): ("1", "25", "MYR", "25 tonnes", "physical"),
    ("bmd", "FUPO"): ("0.25", "6.25", "USD", "25 tonnes", "cash"),
}  # fmt: skip


@pytest.mark.rule("GME-1", "MGEX-1", "BMD-1")
@pytest.mark.parametrize(("of", "expected"), PRODUCTS.items(), ids=map(str, PRODUCTS))
def test_a_products_terms_are_those_of_its_contract(
    of: tuple[str, str], expected: tuple[str, ...]
) -> None:
    venue, code = of
    known = product(venue, code)
    tick, worth, currency, size, settlement = expected
    assert known.point_value is not None

    assert known.tick == tick
    assert Decimal(tick) * Decimal(known.point_value) == Decimal(worth)
    assert (known.currency or profile(venue).currency, known.size) == (currency, size)
    assert known.settlement.startswith(settlement)
    made = described(f'venue = "{venue}"', "2025-03-04T12:00:00Z")
    instrument = made.instruments[Symbol(code)]
    assert instrument.show(instrument.ticks.bands[0].min_price_increment) == tick
    assert instrument.point_value * Decimal(tick) == Decimal(worth)
    assert instrument.algorithm == "F"


def test_products_of_which_no_tick_is_known_need_one() -> None:
    codes = {"FKLI", "OKLI", "FKB3", "FMG3", "FMG5", "FPKO", "FPOL", "FGLD", "OCPO", "SSF"}
    start = "2026-03-03T12:00:00Z"

    assert {each.code for each in profile("bmd").products if each.tick is None} == codes
    assert set(described('venue = "bmd"', start).instruments) == {"FCPO", "FUPO"}
    with pytest.raises(ScenarioError, match="as FKLI's is not known here"):
        described('venue = "bmd"\ninstrument = [{ symbol = "K", product = "FKLI" }]', start)
    made = described(
        'venue = "bmd"\ninstrument = [{ symbol = "K", product = "FKLI", tick = "0.5" }]', start
    )
    assert made.instruments[Symbol("K")].price_decimals == 1


@pytest.mark.rule("GME-1")
def test_the_tick_of_the_rulebook_may_be_said() -> None:
    made = described(
        'venue = "gme"\ninstrument = [{ symbol = "B", product = "BDS", tick = "0.001" }]',
        "2026-03-03T12:00:00Z",
    )

    assert made.instruments[Symbol("B")].price_decimals == 3


# --- when they trade ------------------------------------------------------------------


def week(venue: str, start: str, days: int) -> list[str]:
    """Return when a venue opens and closes in a week, by its own clock."""
    known = profile(venue)
    made = described(f'venue = "{venue}"\ndays = {days}', start)
    begin = datetime.fromisoformat(start).astimezone(UTC)
    zone = ZoneInfo(known.time_zone)
    return [
        f"{(begin + timedelta(microseconds=each.at_ns // 1000)).astimezone(zone):%a %H:%M} {each.state}"
        for each in made.boards[0].timetable
        if each.state.name in ("OPENING", "CLOSE NOT FINAL", "CLOSE FINAL")
    ]


SATURDAY = "2025-03-01T12:00:00Z"
GME_WEEK = [
    "Sun 16:00 OPENING", "Mon 16:00 CLOSE FINAL", "Mon 16:45 OPENING", "Tue 16:00 CLOSE FINAL",
    "Tue 16:45 OPENING", "Wed 16:00 CLOSE FINAL", "Wed 16:45 OPENING", "Thu 16:00 CLOSE FINAL",
    "Thu 16:45 OPENING", "Fri 16:00 CLOSE FINAL",
]  # fmt: skip
MGEX_WEEK = [
    f"{day} {what}"
    for evening, morning in (("Sun", "Mon"), ("Mon", "Tue"), ("Tue", "Wed"), ("Wed", "Thu"), ("Thu", "Fri"))
    for day, what in (
        (evening, "19:00 OPENING"), (morning, "07:45 CLOSE NOT FINAL"),
        (morning, "08:30 OPENING"), (morning, "13:30 CLOSE FINAL"),
    )
]  # fmt: skip
BMD_WEEK = [
    f"{day} {what}"
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri")
    for what in (
        "10:30 OPENING", "12:30 CLOSE NOT FINAL", "14:30 OPENING", "18:00 CLOSE FINAL",
        "21:00 OPENING", "23:30 CLOSE NOT FINAL",
    )
    if day != "Fri" or what < "19"
]  # fmt: skip
CME_WEEK = [
    f"{day} {what}"
    for evening, next_day in (("Sun", "Mon"), ("Mon", "Tue"), ("Tue", "Wed"), ("Wed", "Thu"), ("Thu", "Fri"))
    for day, what in ((evening, "17:00 OPENING"), (next_day, "16:00 CLOSE FINAL"))
]  # fmt: skip


@pytest.mark.rule("CME-1", "GME-2", "MGEX-2", "BMD-2")
@pytest.mark.parametrize(("venue", "expected"), [
    ("gme", GME_WEEK), ("mgex", MGEX_WEEK), ("bmd", BMD_WEEK),
])  # fmt: skip
def test_a_venues_week_is_the_published_one(venue: str, expected: list[str]) -> None:
    assert week(venue, SATURDAY, 5) == expected


@pytest.mark.rule("CME-1")
def test_globexs_own_week() -> None:
    made = described(
        'venue = "cme"\ndays = 5\n[[exchange.instrument]]\nsymbol = "X"\nprice_decimals = 0\ntick = "1"\n',
        SATURDAY,
    )
    begin, zone = datetime.fromisoformat(SATURDAY), ZoneInfo(CHICAGO)
    told = [
        f"{(begin + timedelta(microseconds=each.at_ns // 1000)).astimezone(zone):%a %H:%M} {each.state}"
        for each in made.boards[0].timetable
        if each.state.name in ("OPENING", "CLOSE FINAL")
    ]

    assert told == CME_WEEK


@pytest.mark.rule("CME-2", "BMD-3")
@pytest.mark.parametrize(("venue", "start", "zone", "open_at", "before"), [
    ("gme",  "2025-03-03T12:00:00-06:00", CHICAGO, "16:45", "CLOSE FINAL"),
    ("mgex", "2025-03-04T07:50:00-06:00", CHICAGO, "8:30", "CLOSE NOT FINAL"),
    # Of a trading date the evening before is the first session.
    ("bmd",  "2025-03-04T09:00:00+08:00", MALAYSIA, "10:30", "CLOSE NOT FINAL"),
    ("bmd",  "2025-03-04T13:00:00+08:00", MALAYSIA, "14:30", "CLOSE NOT FINAL"),
    ("bmd",  "2025-03-04T19:00:00+08:00", MALAYSIA, "21:00", "CLOSE FINAL"),
])  # fmt: skip
def test_half_an_hour_before_an_open_orders_are_taken_and_30_seconds_before_none_is_canceled(
    venue: str, start: str, zone: str, open_at: str, before: str
) -> None:
    code = {"gme": "OQD", "mgex": "MWE", "bmd": "FCPO"}[venue]
    day = VenueDay(f'venue = "{venue}"\ndays = 2', start, zone)
    at = datetime.strptime(open_at, "%H:%M")
    states = []
    for seconds in (-1800.001, -1800, -30.001, -30, -0.001, 0, 0.001):
        clock = at + timedelta(seconds=seconds)
        day.at(f"{clock:%H:%M:%S.%f}")
        states.append(day.state(code))

    assert states == [
        before, "PRE-OPEN", "PRE-OPEN", "PRE-OPEN NO CANCEL", "PRE-OPEN NO CANCEL", "OPENING", "OPEN",
    ]  # fmt: skip


@pytest.mark.rule("BMD-3", "BMD-4")
def test_before_bmds_open_no_market_order_is_taken_and_at_last_nothing_is_taken_back() -> None:
    day = VenueDay(
        'venue = "bmd"\ninstrument = [{ symbol = "FCPO", product = "FCPO", protection = "50" }]',
        "2025-03-04T09:00:00+08:00",
        MALAYSIA,
    )
    day.at("10:00")
    early = day.say("A a1 BUY 1 @ 4000 symbol=FCPO")
    market = day.say("A a2 BUY 1 MARKET symbol=FCPO")
    limit = day.say("A a9 BUY 1 MARKET_LIMIT symbol=FCPO")
    changed = day.say("A a3 CHANGE BUY a1 2 @ 4000 symbol=FCPO")
    day.at("10:29:30")
    late = day.say("B b1 SELL 1 @ 4000 symbol=FCPO")
    change = day.say("A a4 CHANGE BUY a3 1 @ 4000 symbol=FCPO")
    cancel = day.say("A a5 CANCEL BUY a3 symbol=FCPO")
    opening = day.at("10:30")
    day.at("10:30:01")
    open_market = day.say("B b2 SELL 1 MARKET symbol=FCPO")

    assert not refused([*early, *changed, *late, *open_market])
    assert all(len(refused(said)) == 1 for said in (market, limit, change, cancel))
    assert "in state PRE-OPEN" in market[0]
    assert [line.split(",")[0] for line in opening] == [
        "A a3 TRADE 1 @ 4000",
        "B b1 TRADE 1 @ 4000",
    ]


# --- contracts ------------------------------------------------------------------------

# The spot month at a moment, and which months are listed then.
MONTHS = {
    # The spot month, the next 11, then every other one up to 36.
    ("bmd", "FCPO", "2026-03-03T11:00"): ("2026-03", "2026-03 2026-04 2027-02 2027-04 2029-02",
                                          "2026-02 2027-03 2027-05 2029-01 2029-03 2029-04"),
    # 15 March 2026 is a Sunday: Friday noon.
    ("bmd", "FCPO", "2026-03-13T11:59"): ("2026-03", "2026-03", "2026-02"),
    ("bmd", "FCPO", "2026-03-13T12:00"): ("2026-04", "2026-04 2027-03 2027-05", "2026-03 2027-04"),
    # Of this year and the next five; in March what is delivered in May is the first.
    ("gme", "OQD", "2026-03-03T10:00"):  ("2026-05", "2026-05 2031-12", "2026-04 2032-01"),
    ("gme", "OQD", "2026-03-31T23:59"):  ("2026-05", "2026-05", "2026-04"),
    ("gme", "OQD", "2026-04-01T00:00"):  ("2026-06", "2026-06", "2026-05"),
    ("gme", "BDS", "2026-03-03T10:00"):  ("2026-03", "2026-03 2029-02", "2026-02 2029-03"),
    ("mgex", "MWE", "2025-03-04T09:00"): ("2025-03", "2025-03 2025-05 2025-07 2025-09 2025-12",
                                          "2025-04 2025-08 2025-11"),
}  # fmt: skip


@pytest.mark.rule("GME-5", "MGEX-1", "BMD-5")
@pytest.mark.parametrize(("of", "expected"), MONTHS.items(), ids=map(str, MONTHS))
def test_the_months_that_are_listed_are_the_published_ones(
    of: tuple[str, str, str], expected: tuple[str, str, str]
) -> None:
    venue, code, clock = of
    spot, listed, others = expected
    known, now = product(venue, code), datetime.fromisoformat(clock)
    months = known.months
    assert months is not None

    assert str(known.spot(now)) == spot
    for each in listed.split():
        assert months.lists(Month.read(each), known.spot(now), now.date()), each
    for each in others.split():
        assert not months.lists(Month.read(each), known.spot(now), now.date()), each


@pytest.mark.rule("GME-5", "BMD-5")
@pytest.mark.parametrize(("venue", "code", "delivery", "expected"), [
    ("gme", "OQD", "2026-05", datetime(2026, 4, 1)),    # as 31 March ends
    ("gme", "OQD", "2026-04", datetime(2026, 2, 28)),   # as Friday, 27 February, ends
    ("bmd", "FCPO", "2026-04", datetime(2026, 4, 15, 12)),
    ("bmd", "FCPO", "2026-03", datetime(2026, 3, 13, 12)),
])  # fmt: skip
def test_a_contract_trades_for_the_last_time_when_its_rule_says(
    venue: str, code: str, delivery: str, expected: datetime
) -> None:
    rule = product(venue, code).last_trade
    assert rule is not None

    assert rule.of(Month.read(delivery)) == expected


# --- GME's marker ---------------------------------------------------------------------


@pytest.mark.rule("GME-4")
@pytest.mark.parametrize(("start", "hours"), [
    ("2026-01-06T00:00:00-06:00", 14),  # Central Standard Time: 16:25 is 02:25
    ("2026-07-07T00:00:00-05:00", 13),  # Central Daylight Time: 16:25 is 03:25
])  # fmt: skip
def test_the_marker_is_of_five_minutes_in_singapore(start: str, hours: int) -> None:
    (window,) = marker(start, "OQD").windows

    opens = (16 * 60 + 25 - hours * 60) * MINUTE
    assert window == (opens, opens + 5 * MINUTE)
    dubai = datetime.fromisoformat(start).astimezone(ZoneInfo("Asia/Dubai"))
    assert dubai.hour == hours - 4


def marker(start: str, *contracts: str) -> SettlementWindow:
    listed = ", ".join(contracts)
    tables = f"instrument = [{listed}]" if listed != "OQD" else ""
    rule_set = described(f'venue = "gme"\n{tables}', start).rule_sets["settlement-window"]
    assert isinstance(rule_set, SettlementWindow)
    return rule_set


@pytest.mark.rule("GME-4")
def test_the_marker_is_of_the_nearby_month_alone() -> None:
    contracts = [
        f'{{ symbol = "{month}", product = "OQD", month = "{month}" }}'
        for month in ("2026-04", "2026-05", "2026-06")
    ]

    found = marker("2026-02-02T12:00:00-06:00", *contracts)

    assert (found.name, found.symbols) == ("marker", ("2026-04",))


@pytest.mark.rule("GME-3", "GME-4")
def test_a_day_at_gme_ends_with_its_marker_and_knows_no_limit() -> None:
    day = VenueDay(
        'venue = "gme"\ninstrument = [{ symbol = "OQD", product = "OQD", reference = "80.00" }]',
        "2026-01-06T01:00:00-06:00",
        CHICAGO,
    )
    for clock, qty, price in (
        ("02:24:59", 9, 7000), ("02:25:00", 2, 8000), ("02:29:59", 1, 8003), ("02:30:00", 9, 20000),
    ):  # fmt: skip
        day.at(clock)
        name = clock.replace(":", "")
        day.say(f"A a{name} SELL {qty} @ {price} symbol=OQD")
        said = day.say(f"B b{name} BUY {qty} @ {price} symbol=OQD")
        assert f"TRADE {qty} @ {price}" in said[-1]

    (told,) = [each for each in day.published if isinstance(each, WindowPrice)]
    assert (told.name, told.price, told.quantity) == ("marker", 8001, 3)


# --- MGEX's limits and settlement -----------------------------------------------------

WHEAT = (
    'venue = "mgex"\n'
    '[[exchange.instrument]]\nsymbol = "MWEH5"\nproduct = "MWE"\nmonth = "2025-03"\nreference = "600.00"\n'
    '[[exchange.instrument]]\nsymbol = "MWEK5"\nproduct = "MWE"\nmonth = "2025-05"\nreference = "600.00"\n'
    '[[exchange.instrument]]\nsymbol = "MWEN5"\nproduct = "MWE"\nmonth = "2025-07"\n'
)
MORNING = "2025-03-04T09:00:00-06:00"


@pytest.mark.rule("MGEX-3")
@pytest.mark.parametrize(("symbol", "line", "taken"), [
    ("MWEK5", "A a BUY 1 @ 66000", True),   # 660.00
    ("MWEK5", "A a BUY 1 @ 66025", False),
    ("MWEK5", "A a SELL 1 @ 54000", True),
    ("MWEK5", "A a SELL 1 @ 53975", False),
    ("MWEH5", "A a BUY 1 @ 66025", True),   # its spot month
    ("MWEN5", "A a BUY 1 @ 66025", True),   # nobody knows where it was settled
])  # fmt: skip
def test_spring_wheat_moves_sixty_cents_but_in_its_spot_month(
    symbol: str, line: str, taken: bool
) -> None:
    day = VenueDay(WHEAT, MORNING, CHICAGO)

    said = day.say(f"{line} symbol={symbol}")

    assert bool(refused(said)) is not taken
    assert all("the day's limit [LIMIT-1]" in each for each in refused(said))


def test_a_limit_of_spring_wheat_does_not_go_below_zero() -> None:
    limits = described(WHEAT.replace("600.00", "50.00"), MORNING).rule_sets["price-limits"]
    assert isinstance(limits, PriceLimits)

    ((low, high),) = [(each.low, each.high) for each in limits.limits[Symbol("MWEK5")].days]
    assert (Decimal(low), Decimal(high)) == (Decimal(0), Decimal(110))


@pytest.mark.rule("MGEX-4")
def test_spring_wheat_is_settled_by_the_minute_of_its_window() -> None:
    day = VenueDay(WHEAT, MORNING, CHICAGO)
    for clock, qty, price in (
        ("13:13:59", 9, 59000), ("13:14:00", 1, 60000), ("13:14:59.999", 1, 60100), ("13:15:00", 9, 61000),
    ):  # fmt: skip
        day.at(clock)
        name = clock.replace(":", "")
        day.say(f"A a{name} SELL {qty} @ {price} symbol=MWEN5")
        day.say(f"B b{name} BUY {qty} @ {price} symbol=MWEN5")

    (told,) = [each for each in day.published if isinstance(each, WindowPrice)]
    assert (told.name, told.symbol, told.price) == ("settlement", "MWEN5", 60050)


@pytest.mark.rule("MGEX-5")
def test_mgex_has_left_globex() -> None:
    known = profile("mgex")

    assert (known.since, known.until) == (date(2013, 4, 8), date(2025, 6, 30))
    assert "until 2025-06-30, exclusive" in facts(known)["described"]


# --- SMP ------------------------------------------------------------------------------

FIRMS = ("100", "200", "300", "400", "500", "600", "700")
IDS = {
    "100": "2345678", "200": "3456789", "300": "4567890", "400": "1234567", "500": "5678901",
    "600": "6789012", "700": "7890123",
}  # fmt: skip
SMP = "settings.cme-smp.firms = { " + ", ".join(f'F{firm} = "{firm}"' for firm in FIRMS) + " }\n"
SMP += "".join(f'settings.cme-smp.registered.{id} = ["{firm}"]\n' for firm, id in IDS.items())
# The price 1301 in ticks, and where the venue is open.
MARKETS = {
    "cme": ("cme", "X", 1, "2025-03-04T10:00:00-06:00", CHICAGO,
            'symbol = "X"\nprice_decimals = 0\ntick = "1"\n'),
    "gme": ("gme", "OQD", 1, "2025-03-04T10:00:00-06:00", CHICAGO,
            'symbol = "OQD"\nproduct = "OQD"\nreference = "13.00"\n'),
    "mgex": ("mgex", "MWE", 25, "2025-03-04T10:00:00-06:00", CHICAGO,
             'symbol = "MWE"\nproduct = "MWE"\nreference = "325.00"\n'),
    "bmd": ("bmd", "FCPO", 1, "2025-03-04T11:00:00+08:00", MALAYSIA,
            'symbol = "FCPO"\nproduct = "FCPO"\nreference = "1300"\n'),
}  # fmt: skip


def with_id(line: str) -> Request:
    """Return the order of a line, with its firm's SMP id; ``instr=`` is its instruction."""
    words = line.split()
    instruction = next((word[6:] for word in words if word.startswith("instr=")), None)
    order = request(" ".join(word for word in words if not word.startswith("instr=")))
    assert isinstance(order, NewOrderSingle)
    return msgspec.structs.replace(
        order,
        self_match_prevention_id=IDS[order.sender_comp_id[1:]],
        self_match_prevention_instruction=instruction,
    )


def scenario_of_the_page(
    venue: str, resting: Sequence[tuple[str, int, int, str]]
) -> tuple[list[str], VenueDay]:
    """Return what the page's aggressor does to a book, in ticks, and the venue after it."""
    name, symbol, step, start, zone, terms = MARKETS[venue]
    day = VenueDay(f'venue = "{name}"\n{SMP}[[exchange.instrument]]\n{terms}', start, zone, with_id)
    for firm, qty, price, instruction in resting:
        said = day.say(f"F{firm} f{firm} SELL {qty} @ {price * step} {instruction} symbol={symbol}")
        assert not refused(said)
    told = day.say(f"F400 agg BUY 1000 @ {1302 * step} instr=O symbol={symbol}")
    steps = []
    for line in told[1:]:
        words = line.replace(",", "").split()
        if words[0] == "F400" and words[2] == "TRADE":
            steps.append(f"{words[3]} @ {int(words[5]) // step}")
        elif words[2] == "CANCELED":
            steps.append(f"{words[1]} canceled")
    return steps, day


def book(day: VenueDay, venue: str, side: Side) -> list[tuple[int, int]]:
    _, symbol, step, *_ = MARKETS[venue]
    return [
        (one.leaves_qty, level.price // step)
        for level in day.exchange.book(Symbol(symbol)).half(side)
        for one in level
    ]


@pytest.mark.rule("SMP-1", "SMP-4")
@pytest.mark.parametrize("venue", MARKETS)
def test_f1_no_self_match_is_reached_on_any_venue(venue: str) -> None:
    steps, day = scenario_of_the_page(venue, [
        ("100", 10, 1301, ""), ("200", 20, 1301, ""), ("300", 30, 1301, ""), ("500", 500, 1301, ""),
        ("600", 450, 1302, ""), ("400", 20, 1302, "instr=O"), ("700", 30, 1302, ""),
    ])  # fmt: skip

    assert steps == ["10 @ 1301", "20 @ 1301", "30 @ 1301", "500 @ 1301", "440 @ 1302"]
    assert book(day, venue, Side.SELL) == [(10, 1302), (20, 1302), (30, 1302)]
    assert book(day, venue, Side.BUY) == []


@pytest.mark.rule("SMP-2", "SMP-3", "SMP-4")
@pytest.mark.parametrize("venue", MARKETS)
def test_f2_the_resting_order_goes_between_two_fills_on_any_venue(venue: str) -> None:
    steps, day = scenario_of_the_page(venue, [
        ("100", 10, 1301, ""), ("200", 20, 1301, ""), ("300", 30, 1301, ""), ("500", 500, 1301, ""),
        ("600", 10, 1302, ""), ("400", 20, 1302, "instr=N"), ("700", 30, 1302, ""),
    ])  # fmt: skip

    assert steps == [
        "10 @ 1301", "20 @ 1301", "30 @ 1301", "500 @ 1301", "10 @ 1302", "f400 canceled", "30 @ 1302",
    ]  # fmt: skip
    assert book(day, venue, Side.SELL) == []
    assert book(day, venue, Side.BUY) == [(400, 1302)]


def test_what_the_venues_tables_say_is_in_the_listing() -> None:
    known: Mapping[str, str] = facts(profile("bmd"))

    assert known["MIC"] == "XKLS"
    assert known["hours"] == (
        "21:00-23:30 the day before (Tue Wed Thu Fri), 10:30-12:30, 14:30-18:00"
    )
    assert "PRE-OPEN NO CANCEL 30 s before it" in known["states"]
    assert known["product FCPO"].startswith(
        "crude palm oil futures, 25 tonnes, tick 1 = 25, physical"
    )
    assert "USD" in known["product FUPO"]


# --- the ledger -----------------------------------------------------------------------


def test_the_ledger_of_a_venue_begins_with_what_it_is() -> None:
    ran = command("rules", "bmd")

    lines = ran.out.splitlines()
    assert ran.status == 0
    assert lines[:4] == [
        "    name: Bursa Malaysia Derivatives Berhad",
        "    MIC: XKLS",
        "    currency: MYR",
        "    time zone: Asia/Kuala_Lumpur",
    ]
    ids = [line.split()[0] for line in lines[:-1] if line and not line.startswith(" ")]
    assert ids[:5] == [f"BMD-{number}" for number in range(1, 6)]
    assert {"CMKT-1", "SMP-1", "BAND-1", "LIMIT-1", "BMD-LIM-5"} <= set(ids)
    assert len(ids) == len(set(ids)) == int(lines[-1].split()[0])


def test_what_a_venue_has_that_cme_has_not_is_told() -> None:
    ran = command("rules", "bmd", "--against", "cme")

    lines = ran.out.splitlines()
    heads = [line.split()[:2] for line in lines if line.startswith(("+", "-"))]
    own = [*(f"BMD-{n}" for n in range(1, 6)), *(f"BMD-LIM-{n}" for n in range(1, 6))]
    assert heads == [*(["+", id] for id in own), ["-", "CME-1"], ["-", "CME-2"]]
    assert lines[lines.index("    currency: MYR") + 1] == "        cme: USD"
    assert lines[-1].startswith("10 rules only in bmd, 2 only in cme, ")


@pytest.mark.parametrize("venue", ["gme", "mgex", "bmd"])
def test_each_rule_of_a_venue_names_its_source_and_a_test(venue: str) -> None:
    ran = command("rules", venue, "--source", "contract" if venue != "mgex" else "Wheat")

    blocks = re.split(r"\n(?=\S)", ran.out)
    assert len(blocks) > 2
    assert all(
        "\n    source: " in each and "\n    shown by tests/" in each for each in blocks[1:-1]
    )


def test_the_venues_are_listed() -> None:
    ran = command("venues")

    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert {"bmd", "cme", "gme", "mgex"} <= set(rows)
    assert re.match(
        r"mgex +XMGE +USD +America/Chicago +MWE +Minneapolis Grain Exchange", rows["mgex"]
    )
