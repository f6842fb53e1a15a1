"""Price limits and price bands: who is refused, and that nothing trades beyond a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.shorthand import request, told
from settings import assert_setting_refused, with_settings
from venue_days import refused, replacing

import floorproof
from floorproof.market.exchange import Exchange
from floorproof.market.fix import CxlRejReason, ExecType, OrdRejReason
from floorproof.market.identifiers import Price, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.market.operations import ChangeTradingState
from floorproof.market.rules import MarketView
from floorproof.market.sessions import TradingState
from floorproof.plugins import price_checks
from floorproof.plugins.binding import venue_manager, venue_rules
from floorproof.plugins.check import check_plugin
from floorproof.plugins.errors import RuleSetsRefused
from floorproof.plugins.fifo import Fifo
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.plugins.price_checks.bands import PriceBands
from floorproof.plugins.price_checks.limits import DailyLimits, PriceLimits, ProductLimits
from floorproof.scenario.floor import parse

X, Y = Symbol("X"), Symbol("Y")
CALL = TradingState(name="CALL", match=False, indicative=True)
OPEN = TradingState(name="OPEN", uncross=True)
CLOSE = TradingState(name="CLOSE", match=False, uncross=True, ends_day=True)


def limits(*days: tuple[str, str], dormant: bool = True) -> PriceLimits:
    of_days = tuple(DailyLimits(low, high) for low, high in days)
    return PriceLimits({X: ProductLimits(of_days, dormant)})


def bands(variation: str) -> PriceBands:
    return PriceBands({X: variation})


def exchange_with(
    *lines: str,
    rules: Sequence[object],
    decimals: int = 0,
    reference: Price | None = None,
    protection: Price | None = None,
) -> Exchange:
    """Return a venue of X under *rules* and Y under none, at which *lines* have happened."""
    instruments = [
        Instrument(
            symbol=symbol,
            price_decimals=decimals,
            ticks=TickTable.uniform(1),
            reference_px=reference,
            protection_points=protection,
        )
        for symbol in (X, Y)
    ]
    manager = venue_manager({type(each).__name__: each for each in rules})
    exchange = Exchange(
        instruments,
        dict.fromkeys((X, Y), Fifo()),
        {symbol: venue_rules(manager, symbol) for symbol in (X, Y)},
        states=(CALL, OPEN, CLOSE),
    )
    for line in lines:
        say(exchange, line)
    return exchange


def say(exchange: Exchange, line: str) -> list[str]:
    if line.startswith("! "):
        change = ChangeTradingState(symbol=X, state=line.removeprefix("! "))
        return [told(report) for report in exchange.operate(change, 0).reports]
    return [told(report) for report in exchange.receive(request(line), 0).reports]


# --- the plugin -----------------------------------------------------------------------


def test_the_plugin_keeps_the_contract() -> None:
    test, days = Symbol("TEST"), (DailyLimits("95", "105"), DailyLimits("90", "100"))

    report = check_plugin(
        price_checks,
        {
            "price-limits": {"limits": {test: ProductLimits(days)}},
            "price-bands": {"variation": {test: "3"}},
        },
    )

    assert not report.failures, report
    assert [skipped.subject for skipped in report.skipped] == ["invariants"]


def test_limits_are_asked_before_bands_or_not_together() -> None:
    plugins = Plugins.discover()

    asked = plugins.resolve(["price-limits", "price-bands"])
    assert [offer.name for offer in asked] == ["price-limits", "price-bands"]
    with pytest.raises(RuleSetsRefused, match="list 'price-limits' first"):
        plugins.resolve(["price-bands", "price-limits"])


def test_an_instrument_without_settings_is_left_alone() -> None:
    exchange = exchange_with(rules=[limits(("40", "60")), bands("1")], reference=50)

    assert refused(say(exchange, "A a1 BUY 1 @ 99 symbol=Y")) == []
    assert len(refused(say(exchange, "A a1 BUY 1 @ 99"))) == 1


# --- limits ---------------------------------------------------------------------------

_HIGH = "expected at most 60, the day's limit [LIMIT-1]"
_LOW = "expected at least 40, the day's limit [LIMIT-1]"
# fmt: off
AT_THE_LIMITS = {
    "buy at the high":           ("A n BUY 1 @ 60", ""),
    "buy above it":              ("A n BUY 1 @ 61", f"price 61: {_HIGH}"),
    "buy at the low":            ("A n BUY 1 @ 40", ""),
    "buy below it":              ("A n BUY 1 @ 39", f"price 39: {_LOW}"),
    "sell at the high":          ("A n SELL 1 @ 60", ""),
    "sell above it":             ("A n SELL 1 @ 61", f"price 61: {_HIGH}"),
    "sell at the low":           ("A n SELL 1 @ 40", ""),
    "sell below it":             ("A n SELL 1 @ 39", f"price 39: {_LOW}"),
    "immediate":                 ("A n SELL 1 @ 61 IOC", f"price 61: {_HIGH}"),
    "stop-limit":                ("A n BUY 1 STOP 55 @ 61", f"price 61: {_HIGH}"),
    "stop that is protected":    ("A n BUY 1 STOP 58", ""),
    "one that goes beyond":      ("A n BUY 1 STOP 59", f"protected stop_px 61: {_HIGH}"),
    "to sell, protected":        ("A n SELL 1 STOP 42", ""),
    "to sell, beyond":           ("A n SELL 1 STOP 41", f"protected stop_px 39: {_LOW}"),
    "market":                    ("A n BUY 1 MARKET", ""),
}
# fmt: on


@pytest.mark.rule("LIMIT-1")
@pytest.mark.parametrize(("line", "text"), AT_THE_LIMITS.values(), ids=AT_THE_LIMITS.keys())
def test_a_price_outside_the_limits_is_refused(line: str, text: str) -> None:
    rules = [limits(("40", "60"))]
    exchange = exchange_with("C c1 SELL 9 @ 50", "C c2 BUY 9 @ 48", rules=rules, protection=2)

    expected = [f"A n REJECTED ORDER_EXCEEDS_LIMIT: {text}"] if text else []
    assert refused(say(exchange, line)) == expected


@pytest.mark.rule("LIMIT-1")
def test_a_change_to_outside_is_refused_and_the_order_stays() -> None:
    exchange = exchange_with("A a1 BUY 1 @ 50", rules=[limits(("40", "60"))])

    assert say(exchange, "A a2 CHANGE BUY a1 1 @ 61") == [f"A a2 REFUSED OTHER: price 61: {_HIGH}"]
    assert say(exchange, "A a2 CHANGE BUY a1 1 @ 60") == ["A a2 REPLACED, leaves 1 cum 0"]
    assert say(exchange, "A x CANCEL BUY a2") == ["A x CANCELED, leaves 0 cum 0"]


@pytest.mark.rule("LIMIT-1")
def test_limits_between_two_prices_are_exact() -> None:
    rules = [limits(("-0.300000000000000001", "0.299999999999999999"))]
    exchange = exchange_with(rules=rules, decimals=1)

    prices = [
        price for price in range(-5, 6) if refused(say(exchange, f"A n{price} BUY 1 @ {price}"))
    ]

    assert prices == [-5, -4, 3, 4, 5]


# fmt: off
DORMANT = {
    "buy below, good till canceled":  ("A n BUY 1 @ 39 GTC", True, True),
    "buy below, good till a date":    ("A n BUY 1 @ 39 until=2026-01-30", True, True),
    "sell above":                     ("A n SELL 1 @ 61 GTC", True, True),
    "buy above":                      ("A n BUY 1 @ 61 GTC", True, False),
    "sell below":                     ("A n SELL 1 @ 39 GTC", True, False),
    "for the day":                    ("A n BUY 1 @ 39", True, False),
    "product that does not have it":  ("A n BUY 1 @ 39 GTC", False, False),
}
# fmt: on


@pytest.mark.rule("LIMIT-2")
@pytest.mark.parametrize(("line", "dormant", "taken"), DORMANT.values(), ids=DORMANT.keys())
def test_who_may_wait_outside_the_limits(line: str, dormant: bool, taken: bool) -> None:
    exchange = exchange_with(rules=[limits(("40", "60"), dormant=dormant)])

    assert bool(refused(say(exchange, line))) is not taken


@pytest.mark.rule("LIMIT-2", "LIMIT-4")
def test_cme_example_of_an_order_that_waits_for_the_next_days_limits() -> None:
    rules = [limits(("5612", "6212"), ("5412", "6012"))]
    exchange = exchange_with("A a1 BUY 10 @ 5600 GTC", rules=rules)

    assert len(refused(say(exchange, "B b1 SELL 10 @ 5600"))) == 1
    say(exchange, "! CLOSE")
    say(exchange, "! OPEN")

    assert say(exchange, "B b1 SELL 10 @ 5600") == [
        "B b1 NEW, leaves 10 cum 0",
        "A a1 TRADE 10 @ 5600, leaves 0 cum 10",
        "B b1 TRADE 10 @ 5600, leaves 0 cum 10",
    ]


@pytest.mark.rule("LIMIT-3")
def test_a_market_order_trades_up_to_the_limit_and_no_further() -> None:
    exchange = exchange_with(
        "A a1 SELL 1 @ 60", "A a2 SELL 5 @ 61 GTC", rules=[limits(("40", "60"))]
    )

    outcome = exchange.receive(request("B b1 BUY 3 MARKET"), 0)

    assert [told(report) for report in outcome.reports][2:] == [
        "B b1 TRADE 1 @ 60, leaves 2 cum 1",
        "B b1 CANCELED, leaves 0 cum 1, OTHER",
    ]
    last = outcome.reports[-1]
    assert isinstance(last, ExecutionReport)
    assert last.text == "trade at 61: expected at most 60, the day's limit [LIMIT-3]"


@pytest.mark.rule("LIMIT-3")
def test_what_is_protected_beyond_the_limit_does_not_rest_there() -> None:
    exchange = exchange_with("A a1 SELL 1 @ 59", rules=[limits(("40", "60"))], protection=2)

    outcome = exchange.receive(request("B b1 BUY 3 MARKET"), 0)

    last = outcome.reports[-1]
    assert isinstance(last, ExecutionReport)
    assert (last.exec_type, last.cum_qty) == (ExecType.CANCELED, 1)
    assert last.text == "price 61: expected at most 60, the day's limit [LIMIT-3]"
    assert len(exchange.book(X)) == 0


@pytest.mark.rule("LIMIT-4")
def test_as_the_day_ends_orders_beyond_the_next_days_limits_are_canceled() -> None:
    rules = [limits(("40", "60"), ("30", "50"))]
    exchange = exchange_with(
        "A a1 BUY 1 @ 51 GTC",
        "A a2 BUY 1 @ 50 GTC",
        "A a3 SELL 1 @ 55 GTC",
        "A a4 BUY 1 STOP 56 @ 57 GTC",
        "A a5 SELL 1 @ 58",
        "A a6 BUY 1 @ 52",
        "A a7 CHANGE BUY a6 1 @ 52 GTC",
        rules=rules,
    )

    answers = say(exchange, "! CLOSE")

    assert sorted(answers) == [
        "A a1 CANCELED, leaves 0 cum 0, OTHER",
        "A a4 CANCELED, leaves 0 cum 0, OTHER",
        "A a5 EXPIRED, leaves 0 cum 0",
        "A a7 CANCELED, leaves 0 cum 0, OTHER",
    ]
    say(exchange, "! OPEN")
    assert len(refused(say(exchange, "A n BUY 1 @ 51"))) == 1
    assert refused(say(exchange, "A n BUY 1 @ 30")) == []


# --- bands ----------------------------------------------------------------------------

# fmt: off
AT_THE_BANDS = {
    "bid at the edge":     ("A n BUY 1 @ 53", ""),
    "bid beyond":          ("A n BUY 1 @ 54", "price 54: expected at most 53"),
    "bid far below":       ("A n BUY 1 @ 1", ""),
    "offer at the edge":   ("A n SELL 1 @ 47", ""),
    "offer beyond":        ("A n SELL 1 @ 46", "price 46: expected at least 47"),
    "offer far above":     ("A n SELL 1 @ 99", ""),
    "immediate":           ("A n BUY 1 @ 54 IOC", "price 54: expected at most 53"),
    "stop-limit":          ("A n BUY 1 STOP 51 @ 54", "price 54: expected at most 53"),
    "stop":                ("A n BUY 1 STOP 99", ""),
    "market":              ("A n BUY 1 MARKET", ""),
}
# fmt: on


@pytest.mark.rule("BAND-1")
@pytest.mark.parametrize(("line", "text"), AT_THE_BANDS.values(), ids=AT_THE_BANDS.keys())
def test_a_price_outside_the_band_is_refused(line: str, text: str) -> None:
    exchange = exchange_with("C c1 SELL 9 @ 60", rules=[bands("3")], reference=50)

    why = f"{text}, within 3 of the reference 50 [BAND-1]"
    expected = [f"A n REJECTED PRICE_EXCEEDS_CURRENT_PRICE_BAND: {why}"] if text else []
    assert refused(say(exchange, line)) == expected


@pytest.mark.rule("BAND-1")
def test_a_variation_between_two_prices_is_exact() -> None:
    exchange = exchange_with(rules=[bands("0.29999999999999999")], decimals=1, reference=10)

    assert refused(say(exchange, "A a1 BUY 1 @ 12")) == []
    assert refused(say(exchange, "A a2 BUY 1 @ 13")) == [
        "A a2 REJECTED PRICE_EXCEEDS_CURRENT_PRICE_BAND: price 1.3: expected at most 1.2, within"
        " 0.29999999999999999 of the reference 1.0 [BAND-1]"
    ]


def highest_bid(exchange: Exchange) -> int:
    """Return the highest price at which a bid would be taken, in 1 to 99."""
    view = exchange.view(X)
    rule_set = bands("3")

    def taken(price: int) -> bool:
        asked = request(f"Z z BUY 1 @ {price}")
        return rule_set.accept_request(asked, view) is None  # type: ignore[arg-type]  # all that it asks of a market

    return max(price for price in range(1, 100) if taken(price))


@pytest.mark.rule("BAND-2")
def test_the_band_moves_with_the_reference() -> None:
    exchange = exchange_with(rules=[bands("3")], reference=50)
    found = [("settlement", highest_bid(exchange))]

    for name, *lines in [
        ("before the first indicative price", "! CALL"),
        ("indicative", "A a1 SELL 1 @ 52", "B b1 BUY 2 @ 52"),
        ("indicative again", "B b2 BUY 2 @ 53", "A a2 SELL 3 @ 53"),
        ("last trade", "! OPEN"),
        ("next trade", "A a3 SELL 1 @ 54", "B b3 BUY 3 @ 54"),
        ("no indicative price", "! CALL"),
    ]:
        for line in lines:
            assert refused(say(exchange, line)) == [], line
        found.append((name, highest_bid(exchange)))

    assert found == [
        ("settlement", 53),
        ("before the first indicative price", 53),
        ("indicative", 55),
        ("indicative again", 56),
        ("last trade", 56),
        ("next trade", 57),
        ("no indicative price", 53),
    ]


@pytest.mark.rule("BAND-2")
def test_without_any_reference_nothing_is_checked() -> None:
    exchange = exchange_with(rules=[bands("3")])

    assert refused(say(exchange, "A a1 BUY 1 @ 9999")) == []


@pytest.mark.rule("BAND-3")
def test_a_change_is_checked_as_a_new_order() -> None:
    exchange = exchange_with("A a1 BUY 1 @ 50", rules=[bands("3")], reference=50)

    outcome = exchange.receive(request("A a2 CHANGE BUY a1 1 @ 54"), 0)
    (reject,) = outcome.reports

    assert isinstance(reject, OrderCancelReject)
    assert reject.cxl_rej_reason is CxlRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND
    assert say(exchange, "A a3 CHANGE BUY a1 1 @ 53") == ["A a3 REPLACED, leaves 1 cum 0"]


def test_limits_have_the_first_word() -> None:
    exchange = exchange_with(rules=[limits(("45", "55")), bands("3")], reference=50)

    (reject,) = exchange.receive(request("A a1 BUY 1 @ 56"), 0).reports

    assert isinstance(reject, ExecutionReport)
    assert reject.ord_rej_reason is OrdRejReason.ORDER_EXCEEDS_LIMIT


# --- properties -----------------------------------------------------------------------

asks = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["@", "@", "@", "MARKET", "MARKET_LIMIT", "STOP", "STOP @"]),
    st.integers(1, 4),
    st.integers(38, 62),
    st.integers(0, 4),
    st.sampled_from(["", "GTC", "IOC"]),
    st.sampled_from(["", "", "", "", "CALL", "OPEN", "CLOSE"]),
)
DAYS = [("45", "55"), ("48", "58"), ("42", "52"), ("50", "50")]


def _line(name: str, ask: tuple[str, str, int, int, int, str, str]) -> str:
    side, kind, qty, price, more, lives, _ = ask
    limit = price + more if side == "BUY" else price - more
    terms = {"@": f"@ {price}", "STOP": f"STOP {price}", "STOP @": f"STOP {price} @ {limit}"}
    return f"{'AB'[qty % 2]} {name} {side} {qty} {terms.get(kind, kind)} {lives}"


@pytest.mark.rule("LIMIT-3", "LIMIT-4")
@given(st.lists(asks, max_size=60), st.sampled_from([None, 0, 3]))
def test_nothing_ever_trades_outside_the_days_limits(
    asked: list[tuple[str, str, int, int, int, str, str]], protection: int | None
) -> None:
    exchange = exchange_with(rules=[limits(*DAYS)], reference=50, protection=protection)
    day, state = 0, ""
    for number, ask in enumerate(asked):
        low, high = map(int, DAYS[min(day, len(DAYS) - 1)])
        if ask[-1] and ask[-1] != state:
            state = ask[-1]
            change = ChangeTradingState(symbol=X, state=state)
            outcome = exchange.operate(change, number)
            day += state == "CLOSE"
        else:
            outcome = exchange.receive(request(_line(f"n{number}", ask)), number)
        for report in outcome.reports:
            if isinstance(report, ExecutionReport) and report.exec_type is ExecType.TRADE:
                assert report.last_px is not None
                assert low <= report.last_px <= high
        low, high = map(int, DAYS[min(day, len(DAYS) - 1)])
        bids, offers = exchange.book(X).bids.best, exchange.book(X).offers.best
        assert bids is None or bids.price <= high
        assert offers is None or offers.price >= low


@pytest.mark.rule("BAND-1", "BAND-2")
@given(st.lists(asks, max_size=40))
def test_no_order_is_taken_beyond_the_band_as_it_stands(
    asked: list[tuple[str, str, int, int, int, str, str]],
) -> None:
    exchange = exchange_with(rules=[bands("4")], reference=50)
    for number, ask in enumerate(asked):
        side, kind, _, price, *_ = ask
        if ask[-1] in ("CALL", "OPEN"):
            exchange.operate(ChangeTradingState(symbol=X, state=ask[-1]), number)
        view = exchange.view(X)
        found = view.indicative()
        px = view.last_px if view.state.match else None if found is None else found.price
        reference = 50 if px is None else px

        outcome = exchange.receive(request(_line(f"n{number}", ask)), number)

        first = outcome.reports[0]
        assert isinstance(first, ExecutionReport)
        out = price > reference + 4 if side == "BUY" else price < reference - 4
        banded = first.ord_rej_reason is OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND
        refused_before = first.exec_type is ExecType.REJECTED and not banded
        if kind == "@" and not refused_before:
            assert banded is out


# --- settings -------------------------------------------------------------------------

# fmt: off
BAD = {
    "low is missing":  ("price-limits", 'limits.MNQU3.days = [{ high = "1" }]', "'low' is missing"),
    "no day":          ("price-limits", "limits.MNQU3.days = []", "limits"),
    "a float":         ("price-limits", 'limits.MNQU3.days = [{ low = 1.5, high = "2" }]', "low"),
    "no decimal":      ("price-limits", 'limits.MNQU3.days = [{ low = "1e3", high = "2" }]',
                        "must be a decimal as text, such as \"12.50\", was '1e3'"),
    "the wrong way":   ("price-limits", 'limits.MNQU3.days = [{ low = "3", high = "2" }]',
                        "'low' must be at most 'high', was 3 with 2"),
    "a whole number":  ("price-bands", "variation = { MNQU3 = 12 }", "variation"),
    "no number":       ("price-bands", 'variation = { MNQU3 = "wide" }',
                        "MNQU3 must be a decimal as text, such as \"12.50\": 'wide'"),
    "below zero":      ("price-bands", 'variation = { MNQU3 = "-1" }',
                        "'variation' of MNQU3 must not be below zero: -1"),
}
# fmt: on


@pytest.mark.parametrize(("rule_set", "line", "said"), BAD.values(), ids=BAD.keys())
def test_a_wrong_setting_is_refused_before_the_run(rule_set: str, line: str, said: str) -> None:
    assert_setting_refused(rule_set, line, said)


def test_a_scenario_may_have_both() -> None:
    text = with_settings(
        "price-limits", 'limits.MNQU3.days = [{ low = "14000.00", high = "16000.00" }]'
    ).replace('rules = ["price-limits"]', 'rules = ["price-limits", "price-bands"]')
    text = text.replace(
        "[exchange.settings.price-limits]",
        '[exchange.settings.price-bands]\nvariation = { MNQU3 = "100.00" }\n'
        "[exchange.settings.price-limits]",
    )

    (venue,) = floorproof.parse(text).plan.venues.values()
    assert [*venue.rule_sets] == ["price-limits", "price-bands"]


def test_without_settings_nothing_is_checked_and_nobody_is_asked() -> None:
    exchange = exchange_with("A a1 SELL 1 @ 99", rules=[PriceLimits(), PriceBands()], reference=50)

    assert say(exchange, "B b1 BUY 1 @ 99")[-1].split()[2] == "TRADE"
    assert venue_rules(venue_manager({"price-limits": PriceLimits()}), X).accept_request == ()


# --- the invariant --------------------------------------------------------------------


@attrs.frozen
class Careless(PriceLimits):
    """Looks at prices as they are entered, and not at trades."""

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> None:
        return None


@attrs.frozen
class Forgetful(PriceLimits):
    """Goes on with the first day's limits."""

    def limits_now(self, market: MarketView) -> DailyLimits:
        return self.limits[market.instrument.symbol].days[0]


def provider(rule_set: type) -> object:
    class Provider:
        floorproof_contract = CONTRACT_VERSION
        invariants = staticmethod(price_checks.invariants)

        @hookimpl
        def rule_sets(self) -> Mapping[str, object]:
            return {"price-limits": rule_set, "price-bands": PriceBands}

    return Provider()


FLOOR = """
[scenario]
name = "a market order beyond the limit, and a second day"
start = 2026-03-02T09:00:00Z
[[gateway]]
name = "G"
kind = "exchange"
[[exchange]]
name = "X"
gateway = "G"
rules = ["price-limits"]
settings.price-limits.limits.A.days = [{ low = "40", high = "60" }, { low = "50", high = "70" }]
instrument = [{ symbol = "A", price_decimals = 0, tick = "1" }]
state = [
  { name = "OPEN" },
  { name = "CLOSE", enter = false, modify = false, match = false, ends_day = true },
]
board = [{ name = "B", symbols = ["A"], state = "OPEN", timetable = [
  { at = "1h", state = "CLOSE" }, { at = "2h", state = "OPEN" },
] }]
[[user]]
name = "U"
role = "execution_trader"
login = [{ gateway = "G", routing_mgt = "U/U/001", exchange_mgt = "U/U/001" }]
"""


def entered(at: str, name: str, terms: str) -> str:
    return (
        f'[[step]]\nat = "{at}"\nwho = "U"\ndo = "enter"\n'
        f'order = {{ id = "{name}", symbol = "A", {terms} }}\n'
    )


STEPS = (
    entered("1s", "s1", 'side = "sell", quantity = 1, price = "60"')
    + entered("2s", "s2", 'side = "sell", quantity = 1, price = "68", time_in_force = "gtc"')
    + entered("3s", "b1", 'side = "buy", quantity = 2, type = "market"')
    + entered("7201s", "s3", 'side = "sell", quantity = 1, price = "70"')
    + entered("7202s", "b2", 'side = "buy", quantity = 2, price = "70"')
)


@pytest.mark.rule("LIMIT-3")
def test_no_trade_is_outside_the_limits_in_force_and_the_invariant_says_so() -> None:
    result = floorproof.run(parse(FLOOR + STEPS, plugins=replacing("price-checks", price_checks)))

    traded = [each.payload.last_px for each in result.journal if _is_fill(each)]
    assert traded == [60, 60, 68, 68, 70, 70]
    assert "limits-held" in result.invariants
    assert result.violations == ()


def _is_fill(entry: Any) -> bool:
    report = entry.payload
    return entry.sender == "X" and getattr(report, "exec_type", None) is ExecType.TRADE


@pytest.mark.parametrize(("rule_set", "said"), [
    (Careless, "A has traded at 68, outside 40 to 60"),
    (Forgetful, ""),  # which trades less than it may, and nothing that it may not
])  # fmt: skip
def test_a_trade_outside_breaks_the_invariant(rule_set: type, said: str) -> None:
    plugins = replacing("price-checks", provider(rule_set))

    broken = floorproof.run(parse(FLOOR + STEPS, plugins=plugins)).violations

    assert [each.text for each in broken] == ([said] if said else [])


def test_an_exchange_without_limits_is_not_looked_at() -> None:
    bare = FLOOR.replace('rules = ["price-limits"]\n', "")
    bare = "\n".join(line for line in bare.splitlines() if not line.startswith("settings"))

    assert "limits-held" not in floorproof.run(parse(bare)).invariants
