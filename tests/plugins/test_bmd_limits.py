# ruff: noqa: E501  # a case is a line
"""BMD's limits: 10 %, a cooling-off, an interruption, 15 %; and that broken ones are told apart.

The steps are those of `reference/cme.md`, section 2.4.  Every contract is settled at 4000,
so that 10 % are 3600 to 4400 and 15 % are 3400 to 4600.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from venue_days import VenueDay, described, replacing

from floorproof.market.identifiers import Symbol
from floorproof.market.rules import MarketView, Remember, SettleEffect
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.plugins.partners import bmd, bmd_limits
from floorproof.plugins.partners.bmd_limits import LimitsWidened, SteppedLimits
from floorproof.plugins.price_checks.limits import DailyLimits
from floorproof.scenario.errors import ScenarioError

MALAYSIA = "Asia/Kuala_Lumpur"
TUESDAY = "2026-03-03T11:00:00+08:00"
"""In the morning's session; the spot month is March."""

MONTHS = {"SPOT": "2026-03", "APR": "2026-04", "MAY": "2026-05", "JUN": "2026-06"}
VENUE = 'venue = "bmd"\ndays = 2\n{settings}\n' + "".join(
    f'[[exchange.instrument]]\nsymbol = "{symbol}"\nproduct = "FCPO"\nmonth = "{month}"\n'
    'reference = "4000"\nprotection = "500"\n'
    for symbol, month in MONTHS.items()
)


class Desk(VenueDay):
    """A day at BMD, on which orders have short words and names of their own."""

    def __init__(
        self, settings: str = "", start: str = TUESDAY, plugins: Plugins | None = None
    ) -> None:
        super().__init__(VENUE.format(settings=settings), start, MALAYSIA, plugins=plugins)
        self._number = 0

    def order(self, symbol: str, line: str) -> bool:
        """Return whether an order such as ``BUY 1 @ 4400`` is taken."""
        self._number += 1
        said = self.say(f"A o{self._number} {line} symbol={symbol}")
        return not any("REJECTED" in each for each in said)

    def trade(self, symbol: str, price: int, qty: int = 1) -> None:
        assert self.order(symbol, f"SELL {qty} @ {price}")
        self._number += 1
        said = self.say(f"B o{self._number} BUY {qty} @ {price} symbol={symbol}")
        assert any(f"TRADE {qty} @ {price}" in each for each in said), said

    def widest(self, symbol: str) -> str:
        """Return the limits in force, by the orders that are taken next to each."""
        for low, high in ((3600, 4400), (3400, 4600)):
            if not self.order(symbol, f"BUY 1 @ {high + 1} IOC"):
                assert not self.order(symbol, f"SELL 1 @ {low - 1} IOC")
                assert self.order(symbol, f"BUY 1 @ {low} IOC")
                assert self.order(symbol, f"SELL 1 @ {high} IOC")
                return f"{low} to {high}"
        return "none"

    def states(self) -> str:
        return " ".join(self.state(symbol) for symbol in MONTHS)


OPEN = "OPEN OPEN OPEN OPEN"


@pytest.mark.rule("BMD-LIM-1")
def test_a_contract_moves_ten_percent_but_in_its_spot_month() -> None:
    day = Desk()

    assert [day.widest(symbol) for symbol in MONTHS] == ["none", *["3600 to 4400"] * 3]


@pytest.mark.rule("BMD-LIM-1")
def test_nothing_trades_beyond_a_limit_however_it_comes_to_its_price() -> None:
    day = Desk()
    day.trade("APR", 4390)
    assert day.order("APR", "SELL 2 @ 4395")
    assert day.order("APR", "SELL 2 @ 4400 GTC")
    said = day.say("M m1 BUY 9 MARKET symbol=APR")

    # Protection alone would have let it go to 4895; what is left is canceled.
    assert [line.split(",")[0] for line in said if line.startswith("M m1")] == [
        "M m1 NEW", "M m1 TRADE 2 @ 4395", "M m1 TRADE 2 @ 4400", "M m1 CANCELED",
    ]  # fmt: skip


# --- the steps ------------------------------------------------------------------------

STEPS = """
11:00 4400 traded        | OPEN OPEN OPEN OPEN             | 3600 to 4400
11:09:59.999             | OPEN OPEN OPEN OPEN             | 3600 to 4400
11:10                    | OPEN RESERVED RESERVED RESERVED | 3600 to 4400
11:14:59.999             | OPEN RESERVED RESERVED RESERVED | 3600 to 4400
11:15                    | OPEN OPENING OPENING OPENING    | 3400 to 4600
11:15:00.001             | OPEN OPEN OPEN OPEN             | 3400 to 4600
12:30                    | CLOSED                          | 3400 to 4600
14:30:01                 | OPEN OPEN OPEN OPEN             | 3400 to 4600
17:59:59                 | OPEN OPEN OPEN OPEN             | 3400 to 4600
21:00:01                 | OPEN OPEN OPEN OPEN             | 3600 to 4400
"""


def limits_of(day: Desk, symbol: str) -> str:
    rule_set: Any = day.venue.rule_sets["bmd-limits"]
    limits: DailyLimits = rule_set.limits_now(day.exchange.view(Symbol(symbol), "bmd-limits"))
    return f"{float(limits.low):.0f} to {float(limits.high):.0f}"


def played(day: Desk) -> str:
    """Return the steps as *day* goes through them after APR has traded at 4400."""
    lines = []
    for number, line in enumerate(STEPS.strip().splitlines()):
        clock, *_ = line.split()
        if number:
            day.at(clock)
        else:
            day.trade("APR", 4400)
        states, limits = day.states(), {limits_of(day, symbol) for symbol in ("APR", "MAY", "JUN")}
        if "CLOSE" in states:
            states = "CLOSED"
        lines.append(
            f"{line.partition('|')[0]}| {states:31} | {' or '.join(sorted(limits))}".rstrip()
        )
    return "\n" + "\n".join(lines) + "\n"


@pytest.mark.rule("BMD-LIM-2", "BMD-LIM-3")
def test_a_limit_that_is_reached_widens_after_a_cooling_off_and_an_interruption() -> None:
    day = Desk()

    assert played(day) == STEPS
    assert not day.refused
    widened = [each for each in day.published if isinstance(each, LimitsWidened)]
    assert [each.symbol for each in widened] == ["APR", "MAY", "JUN"]
    assert {(float(each.low), float(each.high)) for each in widened} == {(3400, 4600)}


@pytest.mark.rule("BMD-LIM-2", "BMD-LIM-3")
def test_orders_are_taken_while_it_is_interrupted_and_the_end_is_an_auction() -> None:
    day = Desk()
    day.trade("APR", 3600)
    day.at("11:12")
    assert day.order("MAY", "SELL 3 @ 4000")
    assert day.order("MAY", "BUY 2 @ 4100")
    assert not day.order("MAY", "BUY 1 @ 4401")
    assert not day.order("MAY", "BUY 1 MARKET")
    reopening = day.at("11:15")
    day.at("11:15:01")
    trade = day.say("C c BUY 1 @ 4600 symbol=MAY")

    assert len([line for line in reopening if " TRADE 2 @ " in line]) == 2
    assert any(" TRADE 1 @ " in line for line in trade)
    assert day.states() == OPEN


@pytest.mark.rule("BMD-LIM-2")
def test_a_limit_of_15_percent_sets_nothing_going() -> None:
    day = Desk()
    day.trade("APR", 4400)
    day.at("11:20")
    day.trade("MAY", 4600)
    day.at("11:45")

    assert day.states() == OPEN
    assert limits_of(day, "MAY") == "3400 to 4600"


@pytest.mark.rule("BMD-LIM-2")
def test_a_bid_at_the_limit_and_a_trade_in_the_spot_month_set_nothing_going() -> None:
    day = Desk()
    assert day.order("APR", "BUY 5 @ 4400")
    day.trade("SPOT", 4400)
    day.trade("MAY", 4399)
    day.at("11:10")

    assert day.states() == OPEN


@pytest.mark.rule("BMD-LIM-2")
def test_a_halted_contract_stays_halted() -> None:
    day = Desk()
    day.trade("APR", 4400)
    day.put("MAY", "PAUSE")
    day.at("11:12")
    interrupted = day.states()
    day.at("11:20")

    assert interrupted == "OPEN RESERVED PAUSE RESERVED"
    assert day.states() == "OPEN OPEN PAUSE OPEN"


@pytest.mark.rule("BMD-LIM-2")
@pytest.mark.parametrize(
    "settings", ["cooling_off_ns = 60_000_000_000\ninterruption_ns = 120_000_000_000"]
)
def test_lengths_are_settings(settings: str) -> None:
    day = Desk("".join(f"settings.bmd-limits.{line}\n" for line in settings.splitlines()))
    day.trade("APR", 4400)
    seen = [
        (day.at(clock), day.states().split()[1])[1]
        for clock in ("11:00:59", "11:01", "11:02:59", "11:03:01")
    ]

    assert seen == ["OPEN", "RESERVED", "RESERVED", "OPEN"]
    assert limits_of(day, "APR") == "3400 to 4600"


def test_a_contract_that_the_venue_does_not_list_is_passed_over() -> None:
    day = Desk('settings.bmd-limits.symbols = ["GONE", "APR", "MAY"]')
    day.trade("APR", 4400)
    day.at("11:12")

    assert day.states() == "OPEN RESERVED RESERVED OPEN"


# --- the older text -------------------------------------------------------------------

OLDER = 'settings.bmd-limits.trigger = "three"'


@pytest.mark.rule("BMD-LIM-4")
def test_by_the_older_text_it_takes_three_contracts() -> None:
    day = Desk(OLDER)
    day.trade("APR", 4400)
    day.trade("MAY", 3600)
    day.trade("SPOT", 4400)
    day.at("11:15")
    two = day.states()
    day.trade("MAY", 3700)  # which leaves its limit again
    day.trade("JUN", 4400)
    day.at("11:30")
    left = day.states()
    day.trade("MAY", 3600)
    day.at("11:40")

    assert two == left == OPEN
    assert day.states() == "OPEN RESERVED RESERVED RESERVED"


@pytest.mark.rule("BMD-LIM-4")
def test_a_trade_of_the_day_before_does_not_count_among_the_three() -> None:
    day = Desk(OLDER)
    day.trade("APR", 4400)
    day.trade("MAY", 4400)
    day.at("21:30")
    day.trade("JUN", 4400)
    day.at("21:45")

    assert day.states() == OPEN


# --- late in a session ----------------------------------------------------------------

# When 4400 trades; which limits then hold in this session, and which in the next.
LATE: Mapping[str, tuple[str, str, str, str, str]] = {
    "in time":            ("12:00", "12:29:59", "3400 to 4600", "14:31", "3400 to 4600"),
    "late, morning":      ("12:00:00.001", "12:29:59", "3600 to 4400", "14:31", "3400 to 4600"),
    "at the end":         ("12:29:59", "12:29:59.9", "3600 to 4400", "14:31", "3400 to 4600"),
    "in time, afternoon": ("17:30", "17:59:59", "3400 to 4600", "21:01", "3600 to 4400"),
    "late, afternoon":    ("17:30:00.001", "17:59:59", "3600 to 4400", "21:01", "3600 to 4400"),
    "late, evening":      ("23:15", "23:29:59", "3600 to 4400", "10:31", "3400 to 4600"),
}  # fmt: skip


@pytest.mark.rule("BMD-LIM-5")
@pytest.mark.parametrize(("clock", "then", "now", "later", "next"), LATE.values(), ids=LATE.keys())
def test_late_in_a_session_the_wider_limit_waits_for_the_next(
    clock: str, then: str, now: str, later: str, next: str
) -> None:
    day = Desk()
    day.at(clock)
    day.trade("MAY", 4400)
    day.at(then)
    session = {day.widest(symbol) for symbol in ("APR", "MAY", "JUN")}
    day.at(later)

    assert session == {now}
    assert {day.widest(symbol) for symbol in ("APR", "MAY", "JUN")} == {next}
    assert day.states() == OPEN


@pytest.mark.rule("BMD-LIM-5")
def test_late_the_contracts_are_not_interrupted() -> None:
    day = Desk()
    day.at("12:10")
    day.trade("MAY", 4400)
    day.at("12:25")

    assert day.states() == OPEN


@pytest.mark.rule("BMD-LIM-3", "LIMIT-4")
def test_as_the_day_ends_what_is_left_beyond_its_limits_is_canceled() -> None:
    day = Desk()
    day.trade("APR", 4400)
    day.at("11:20")
    day.say("A beyond BUY 1 @ 4500 GTC symbol=APR")
    day.say("A inside BUY 1 @ 4400 GTC symbol=APR")
    day.say("A waits BUY 1 @ 3450 GTC symbol=APR")
    day.say("A day BUY 1 @ 4000 symbol=APR")

    said = day.at("18:00")

    assert [line.split(",")[0] for line in said] == ["A day EXPIRED", "A beyond CANCELED"]


# --- what is wrong --------------------------------------------------------------------

BAD = {
    "no number":        ('first = "ten"', "bmd-limits.first", "must be a decimal as text"),
    "a number":         ("first = 10", "bmd-limits.first", "expected text"),
    "nothing":          ('first = "0"', "bmd-limits.first", "must be above 0"),
    "all":              ('second = "100"', "bmd-limits.second", "must be a decimal as text"),
    "narrower":         ('second = "10"', "bmd-limits.second", "must be above 'first', was 10 with 10"),
    "unknown trigger":  ('trigger = "two"', "bmd-limits.trigger", "expected one of any, three"),
    "no time":          ("cooling_off_ns = 0", "bmd-limits.cooling_off_ns", "must be >= 1"),
    "misspelt":         ("late = 1", "bmd-limits", "unknown key 'late'"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "where", "said"), BAD.values(), ids=BAD.keys())
def test_a_wrong_setting_is_refused_where_it_stands(line: str, where: str, said: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        Desk(f"settings.bmd-limits.{line}")

    assert str(refused.value).startswith(f"exchange[0].settings.{where}")
    assert said in str(refused.value)


def test_limits_of_a_contract_without_a_settlement_are_refused() -> None:
    bare = 'venue = "bmd"\ninstrument = [{ symbol = "APR", product = "FCPO", month = "2026-04" }]\n'

    assert described(bare, TUESDAY).rule_sets["bmd-limits"] == SteppedLimits()
    with pytest.raises(ScenarioError, match="APR: expected a reference above zero, the settlement"):
        described(f'{bare}settings.bmd-limits.symbols = ["APR"]', TUESDAY)


def test_limits_that_are_asked_for_by_name_bring_the_states_along() -> None:
    made = described(
        'rules = ["bmd-limits"]\n[[exchange.instrument]]\nsymbol = "X"\nprice_decimals = 0\ntick = "1"\n',
        TUESDAY,
    )

    assert list(made.rule_sets) == ["cme-market", "bmd-limits"]


# --- negative controls ----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AtOnce(SteppedLimits):
    """Widens as the limit is reached."""

    @hookimpl
    def after_request(self, events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        effects = SteppedLimits.after_request(self, events, market)
        begun = any(isinstance(each, Remember) and each.key == "begun" for each in effects)
        return [*effects, Remember("wide", True)] if begun else effects


@attrs.frozen(kw_only=True)
class WhenInterrupted(SteppedLimits):
    """Widens as the interruption begins."""

    def limits_now(self, market: MarketView) -> DailyLimits:
        reserved = market.state.name == "RESERVED"
        return DailyLimits("3400", "4600") if reserved else SteppedLimits.limits_now(self, market)


@attrs.frozen(kw_only=True)
class ForEver(SteppedLimits):
    """Keeps the wider limit on the next day."""

    def _end_of_day(self, market: MarketView) -> Iterator[SettleEffect]:
        yield from ()


@attrs.frozen(kw_only=True)
class OneAlone(SteppedLimits):
    """Interrupts the contract whose limit was reached, and no other."""

    @hookimpl
    def scheduled(self, name: str, market: MarketView) -> list[SettleEffect]:
        mine = {None, market.instrument.symbol}
        return [
            effect
            for effect in SteppedLimits.scheduled(self, name, market)
            if getattr(effect, "symbol", None) in mine
        ]


@attrs.frozen(kw_only=True)
class Quoted(SteppedLimits):
    """Takes a price next to the limit for one at it."""

    def _is_at_limit(self, market: MarketView) -> bool:
        last_px = market.last_px
        return last_px is not None and not 3602 <= last_px <= 4398


def broken(rule_set: type) -> Plugins:
    """Return what is installed, with another class for BMD's limits."""

    class Provider:
        floorproof_contract = CONTRACT_VERSION

        @hookimpl
        def rule_sets(self) -> Mapping[str, object]:
            return {"bmd": ("cme", "bmd-limits"), "bmd-limits": rule_set}

        venues = staticmethod(bmd.venues)

    return replacing("bmd", Provider())


def test_the_same_limits_by_another_door_play_the_same() -> None:
    assert played(Desk(plugins=broken(SteppedLimits))) == STEPS


@pytest.mark.parametrize("rule_set", [AtOnce, WhenInterrupted, ForEver, OneAlone])
def test_the_steps_tell_a_broken_copy(rule_set: type) -> None:
    assert played(Desk(plugins=broken(rule_set))) != STEPS


def test_a_trade_next_to_the_limit_tells_a_broken_copy() -> None:
    for rule_set, states in ((SteppedLimits, OPEN), (Quoted, "OPEN RESERVED RESERVED RESERVED")):
        day = Desk(plugins=broken(rule_set))
        day.trade("MAY", 4399)
        day.at("11:10")

        assert day.states() == states


# --- properties -----------------------------------------------------------------------

FLOW = st.lists(
    st.tuples(
        st.integers(0, 20),  # minutes until it comes
        st.sampled_from(["APR", "MAY", "JUN"]),
        st.sampled_from(["BUY", "SELL"]),
        st.sampled_from([3390, 3400, 3500, 3599, 3600, 4000, 4400, 4401, 4500, 4600, 4610]),
        st.sampled_from(["", "IOC", "GTC"]),
    ),
    max_size=25,
)


@given(FLOW)
def test_no_trade_is_ever_outside_the_limits_in_force_and_no_book_stays_crossed(
    flow: list[tuple[int, str, str, int, str]],
) -> None:
    day = Desk(plugins=PLUGINS)
    minutes = 11 * 60
    for number, (wait, symbol, side, price, lives) in enumerate(flow):
        minutes = min(minutes + wait, 18 * 60 + 30)
        said = day.at(f"{minutes // 60}:{minutes % 60:02}")
        limits = limits_of(day, symbol)
        low, _, high = limits.partition(" to ")
        said += day.say(f"A o{number} {side} 1 @ {price} {lives} symbol={symbol}")
        traded = [int(line.split()[5].rstrip(",")) for line in said if " TRADE " in line]
        assert all(3400 <= each <= 4600 for each in traded)
        if limits == "3600 to 4400":
            assert all(int(low) <= each <= int(high) for each in traded[-2:])
        for each in ("APR", "MAY", "JUN"):
            view = day.exchange.view(Symbol(each))
            assert not (view.state.match and day.exchange.book(Symbol(each)).is_crossed)
    assert not day.refused


PLUGINS = Plugins.discover()


def test_the_rule_set_is_the_one_that_the_plugin_offers() -> None:
    assert PLUGINS.rule_sets["bmd-limits"].cls is bmd_limits.SteppedLimits
