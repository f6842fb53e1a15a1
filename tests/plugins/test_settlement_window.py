"""Settlement windows: which trades count, and what is published of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from venue_days import VenueDay, described, replacing

from floorproof.market.book import Traded
from floorproof.market.rules import MarketView, SettleEffect
from floorproof.plugins import settlement_window
from floorproof.plugins.check import check_plugin
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.plugins.settlement_window import SettlementWindow, WindowPrice
from floorproof.scenario.errors import ScenarioError

MINUTE = 60 * 10**9
START = "2026-03-02T09:00:00Z"


def venue(windows: str = f"[[{MINUTE}, {2 * MINUTE}]]", tick: str = "1") -> str:
    return (
        'rules = ["settlement-window"]\n'
        f'settings.settlement-window = {{ symbols = ["X"], windows = {windows} }}\n'
        f'[[exchange.instrument]]\nsymbol = "X"\nprice_decimals = 0\ntick = "{tick}"\n'
        '[[exchange.instrument]]\nsymbol = "Y"\nprice_decimals = 0\ntick = "1"\n'
    )


def trade(day: VenueDay, number: int, qty: int, price: int, symbol: str = "X") -> None:
    day.say(f"A a{number} SELL {qty} @ {price} symbol={symbol}")
    day.say(f"B b{number} BUY {qty} @ {price} symbol={symbol}")


def prices(day: VenueDay) -> list[tuple[int, int]]:
    assert all(isinstance(each, WindowPrice) for each in day.published)
    return [(each.price, each.quantity) for each in day.published]


def test_the_plugin_keeps_the_contract() -> None:
    settings = {"symbols": ("TEST",), "windows": ((0, 10**12),)}

    report = check_plugin(settlement_window, {"settlement-window": settings})

    assert not report.failures, report
    assert not report.skipped, report


@pytest.mark.rule("WINDOW-1", "WINDOW-2")
def test_the_trades_from_the_beginning_up_to_the_end_are_weighed() -> None:
    day = VenueDay(venue(), START, "UTC")
    for number, (clock, qty, price) in enumerate([
        ("09:00:59.999999", 50, 90),  # too early
        ("09:01:00", 10, 100),
        ("09:01:30", 30, 104),
        ("09:01:59.999999", 10, 106),
        ("09:02:00", 50, 120),  # too late
    ]):  # fmt: skip
        day.at(clock)
        trade(day, number, qty, price)

    (told,) = day.published

    assert told == WindowPrice(
        name="settlement",
        symbol=told.symbol,
        price=104,  # 5180 over 50 is 103.6
        quantity=50,
        opened_ns=MINUTE,
        closed_ns=2 * MINUTE,
    )


@pytest.mark.rule("WINDOW-1")
@pytest.mark.parametrize(("tick", "fills", "price"), [
    ("1", [(1, 100), (1, 101)], 101),    # 100.5: of two equally near the higher
    ("1", [(2, 100), (1, 101)], 100),
    ("5", [(1, 100), (1, 105)], 105),    # 102.5
    ("5", [(3, 100), (2, 105)], 100),    # 102
    ("5", [(2, 100), (3, 105)], 105),    # 103
    ("5", [(1, 100)], 100),
])  # fmt: skip
def test_the_average_is_the_nearest_tick(
    tick: str, fills: list[tuple[int, int]], price: int
) -> None:
    day = VenueDay(venue(tick=tick), START, "UTC")
    day.at("09:01")
    for number, fill in enumerate(fills):
        trade(day, number, *fill)

    day.at("09:02")

    assert prices(day) == [(price, sum(qty for qty, _ in fills))]


@pytest.mark.rule("WINDOW-3")
def test_of_a_window_without_trades_nothing_is_published_and_each_window_is_of_its_own() -> None:
    day = VenueDay(
        venue(f"[[0, {MINUTE}], [{MINUTE}, {2 * MINUTE}], [{3 * MINUTE}, {4 * MINUTE}]]"),
        START,
        "UTC",
    )
    trade(day, 1, 1, 100)
    day.at("09:02:30")
    trade(day, 2, 5, 150)  # between two windows
    day.at("09:03")
    trade(day, 3, 2, 200)
    day.at("09:05")

    assert prices(day) == [(100, 1), (200, 2)]


def test_trades_of_another_instrument_do_not_count() -> None:
    day = VenueDay(venue(), START, "UTC")
    day.at("09:01")
    trade(day, 1, 1, 100)
    trade(day, 2, 9, 150, "Y")

    day.at("09:02")

    assert prices(day) == [(100, 1)]


def test_a_sweep_counts_trade_by_trade() -> None:
    day = VenueDay(venue(), START, "UTC")
    day.at("09:01")
    day.say("A a1 SELL 1 @ 100")
    day.say("A a2 SELL 3 @ 108")
    day.say("B b1 BUY 4 @ 108")

    day.at("09:02")

    assert prices(day) == [(106, 4)]


BAD = {
    "backwards": ("[[20, 10]]", "windows' must end after they begin, was 20 to 10"),
    "of no length": ("[[10, 10]]", "must end after they begin"),
    "before the start": ("[[-5, 10]]", "must end after they begin"),
    "one in another": ("[[0, 10], [5, 20]]", "must follow one another"),
    "text": ('[["a", "b"]]', "expected a whole number"),
}


@pytest.mark.parametrize(("windows", "said"), BAD.values(), ids=BAD.keys())
def test_a_wrong_window_is_refused(windows: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=r"settings\.settlement-window\.windows") as refused:
        described(venue(windows), START)

    assert said in str(refused.value)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(90, 110)), min_size=1, max_size=8))
def test_the_published_price_is_within_half_a_tick_of_the_average(
    fills: list[tuple[int, int]],
) -> None:
    day = VenueDay(venue(), START, "UTC")
    day.at("09:01")
    for number, fill in enumerate(fills):
        trade(day, number, *fill)

    day.at("09:02")

    ((price, quantity),) = prices(day)
    average = Fraction(sum(qty * px for qty, px in fills), quantity)
    assert quantity == sum(qty for qty, _ in fills)
    assert abs(price - average) <= Fraction(1, 2)


# --- negative controls ----------------------------------------------------------------

TRADES = (
    ("09:00:59.999999", 50, 90), ("09:01:00", 10, 100), ("09:01:30", 30, 104),
    ("09:01:59.999999", 10, 106), ("09:02:00", 50, 120),
)  # fmt: skip


def published(plugins: Plugins | None) -> list[tuple[int, int]]:
    day = VenueDay(venue(), START, "UTC", plugins=plugins)
    for number, (clock, qty, price) in enumerate(TRADES):
        day.at(clock)
        trade(day, number, qty, price)
    day.at("09:05")
    return prices(day)


@attrs.frozen(kw_only=True)
class Later(SettlementWindow):
    """Begins after the moment at which its window does."""

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> list[SettleEffect] | None:
        if any(market.now_ns == begin for begin, _ in self.windows):
            return None
        return SettlementWindow.after_request(self, events, market)


@attrs.frozen(kw_only=True)
class Unweighted(SettlementWindow):
    """Counts every trade alike."""

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> list[SettleEffect] | None:
        lots = [
            msgspec.structs.replace(each, last_qty=1) for each in events if isinstance(each, Traded)
        ]
        return SettlementWindow.after_request(self, lots, market)


@attrs.frozen(kw_only=True)
class AllDay(SettlementWindow):
    def _window(self, now_ns: int) -> tuple[int, int] | None:
        return self.windows[0] if now_ns < self.windows[0][1] else None


def with_window(rule_set: type) -> Plugins:
    class Provider:
        floorproof_contract = CONTRACT_VERSION

        @hookimpl
        def rule_sets(self) -> Mapping[str, object]:
            return {"settlement-window": rule_set}

    return replacing("settlement-window", Provider())


def test_the_same_window_by_another_door_is_the_same() -> None:
    assert published(with_window(SettlementWindow)) == published(None) == [(104, 50)]


@pytest.mark.parametrize("rule_set", [Later, Unweighted, AllDay])
def test_a_broken_window_is_told_apart(rule_set: type) -> None:
    assert published(with_window(rule_set)) != published(None)
