# ruff: noqa: E501  # a case is a line
"""CME's market: states, opening, limits and bands, protection, and the bundle they come in.

The tables are those of `reference/cme.md`, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from venue_days import VenueDay, described, refused, replacing

from floorproof.market.auction import CME_INDICATIVE_OPENING, NSX_FOUR_STEPS
from floorproof.market.identifiers import Price, Symbol
from floorproof.market.rules import MarketView, SettleEffect
from floorproof.market.sessions import TradingState
from floorproof.plugins.binding import auction_chain
from floorproof.plugins.check import check_plugin
from floorproof.plugins.cme import market
from floorproof.plugins.cme.market import STATES, HaltReason, SecurityTradingEvent, TradingStatus
from floorproof.plugins.errors import RuleSetsRefused
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.scenario.errors import ScenarioError

X = Symbol("X")
START = "2026-03-02T09:00:00-06:00"
CHICAGO = "America/Chicago"


def globex(
    settings: str = "", *, board: str = "OPEN", plugins: Plugins | None = None, **terms: object
) -> VenueDay:
    """Return a venue of X under CME's rules, on a board that stays as it is."""
    known: dict[str, object] = {"symbol": "X", "price_decimals": 0, "tick": "1"}
    said = "\n".join(f"{key} = {value!r}" for key, value in (known | terms).items())
    return VenueDay(
        f'rules = ["cme"]\n{settings}\nboard = [{{ name = "B", symbols = ["X"], state = "{board}" }}]\n'
        f"[[exchange.instrument]]\n{said}\n",
        START,
        CHICAGO,
        plugins=plugins,
    )


# --- the plugin and its bundle --------------------------------------------------------


def test_the_plugin_keeps_the_contract() -> None:
    report = check_plugin(market)

    assert not report.failures, report


def test_the_bundle_is_asked_in_one_order_whatever_order_it_is_written_in() -> None:
    plugins = Plugins.discover()

    asked = [offer.name for offer in plugins.resolve(["cme"])]

    assert asked == ["cme-smp", "cme-market", "price-limits", "price-bands"]
    with pytest.raises(RuleSetsRefused, match="list 'cme-smp' first"):
        plugins.resolve(["cme-market", "cme-smp"])


def test_a_scenario_may_set_each_of_a_bundles_rule_sets() -> None:
    made = described(
        'rules = ["cme"]\nsettings.price-bands.variation.X = "5"\n'
        'settings.price-limits.limits.X.days = [{ low = "40", high = "60" }]\n'
        '[[exchange.instrument]]\nsymbol = "X"\nprice_decimals = 0\ntick = "1"\n',
        START,
    )

    assert list(made.rule_sets) == ["cme-smp", "cme-market", "price-limits", "price-bands"]
    assert made.chains[X] is CME_INDICATIVE_OPENING


def test_a_bundle_has_no_settings_of_its_own() -> None:
    with pytest.raises(ScenarioError, match="no rule set of this exchange named 'cme'"):
        globex("settings.cme.level = 1")


# --- states ---------------------------------------------------------------------------

#                        enter modify cancel match immediate; the same of GTC where it differs
STATE_TABLE = {
    "PRE-OPEN":           "yes yes yes no  no",
    "PRE-OPEN NO CANCEL": "yes no  no  no  no",
    "OPENING":            "no  no  no  no  no",
    "OPEN":               "yes yes yes yes yes",
    "PAUSE":              "no  no  yes no  no",
    "RESERVED":           "yes yes yes no  no",
    "PRE-CROSS":          "yes yes yes yes yes",
    "CROSS":              "yes yes yes yes yes",
    "CLOSE NOT FINAL":    "no  no  no  no  no",
    "CLOSE FINAL":        "no  no  no  no  no",
    "POST-CLOSE":         "no  no  no  no  no;  yes yes yes",
    "FORBIDDEN":          "no  no  no  no  no",
}  # fmt: skip
DAY_PROBES = {
    "enter": ["B b1 BUY 1 @ 90"],
    "modify": ["A a2 CHANGE SELL a1 4 @ 100", "A a2 CHANGE SELL a1 6 @ 101"],
    "cancel": ["A x CANCEL SELL a1"],
    "immediate": [
        "B b1 BUY 1 @ 100 IOC", "B b1 BUY 1 @ 100 FOK", "B b1 BUY 1 MARKET", "B b1 BUY 1 MARKET_LIMIT",
    ],
}  # fmt: skip
GTC_PROBES = {
    "enter": ["B b1 BUY 1 @ 90 GTC"],
    "modify": ["A g2 CHANGE SELL g1 4 @ 110 GTC"],
    "cancel": ["A x CANCEL SELL g1"],
}
CELLS = [
    pytest.param(state, probe, word == "yes", id=f"{state}: {name}, {probe}")
    for state, row in STATE_TABLE.items()
    for probes, words in zip((DAY_PROBES, GTC_PROBES), (row.split(";") * 2)[:2], strict=True)
    for name, word in zip(
        ("enter", "modify", "cancel", "match", "immediate"), words.split(), strict=False
    )
    for probe in probes.get(name, ())
    if state != "CLOSE FINAL" or name in ("enter", "immediate")  # there is nothing of the day left
]


@pytest.mark.rule("CMKT-1", "CMKT-3")
@pytest.mark.parametrize(("state", "probe", "taken"), CELLS)
def test_a_state_takes_what_the_published_table_says(state: str, probe: str, taken: bool) -> None:
    day = globex(protection="5")
    day.say("A a1 SELL 5 @ 100")
    day.say("A g1 SELL 5 @ 110 GTC")
    day.put("X", state)

    said = day.say(probe)

    assert (not refused(said)) is taken, said


@pytest.mark.rule("CMKT-1")
@pytest.mark.parametrize(("state", "matches"), [
    (state, row.split()[3] == "yes") for state, row in STATE_TABLE.items() if row.startswith("yes")
])  # fmt: skip
def test_orders_that_cross_trade_or_rest(state: str, matches: bool) -> None:
    day = globex()
    day.say("A a1 SELL 5 @ 100")
    day.put("X", state)

    said = day.say("B b1 BUY 5 @ 101")

    assert any("TRADE" in line for line in said) is matches
    assert day.exchange.book(X).is_crossed is not matches


@pytest.mark.rule("CMKT-2")
def test_the_opening_trades_and_takes_nothing_and_the_final_close_ends_the_day() -> None:
    day = globex(board="PRE-OPEN")
    for line in ("A a1 SELL 5 @ 100", "B b1 BUY 3 @ 101", "B b2 BUY 1 @ 90 GTC"):
        day.say(line)

    opening = day.put("X", "OPENING")
    late = day.say("B b3 BUY 1 @ 100")
    closing = day.put("X", "CLOSE FINAL")

    # The buyer hears first of each trade.
    assert opening == [
        "B b1 TRADE 3 @ 100, leaves 0 cum 3",
        "A a1 TRADE 3 @ 100, leaves 2 cum 3",
    ]
    assert refused(late)
    assert closing == ["A a1 EXPIRED, leaves 0 cum 3"]


@pytest.mark.rule("CMKT-1")
def test_before_the_opening_an_indicative_price_is_told() -> None:
    shown = {state.name for state in STATES if state.indicative}

    assert shown == {"PRE-OPEN", "PRE-OPEN NO CANCEL"}


@pytest.mark.rule("CMKT-7")
def test_mass_quotes_are_for_the_open_market() -> None:
    assert [state.name for state in STATES if state.quote] == ["OPEN"]


# The feed's codes: 326, 1174, 327.
CODES = {
    "PRE-OPEN": (21, 0, 0), "PRE-OPEN NO CANCEL": (21, 1, 0), "OPENING": (15, 0, 0),
    "OPEN": (17, 0, 0), "PAUSE": (2, 0, 0), "RESERVED": (21, 0, 2), "PRE-CROSS": (24, 0, 0),
    "CROSS": (25, 0, 0), "CLOSE NOT FINAL": (4, 0, 0), "CLOSE FINAL": (4, 0, 0),
    "POST-CLOSE": (26, 0, 0), "FORBIDDEN": (18, 0, 0),
}  # fmt: skip


@pytest.mark.rule("CMKT-6")
@pytest.mark.parametrize(("state", "codes"), CODES.items(), ids=CODES.keys())
def test_the_feed_tells_each_state_by_its_codes(state: str, codes: tuple[int, int, int]) -> None:
    day = globex(board="CROSS" if state != "CROSS" else "OPEN")

    day.put("X", state)

    (told,) = day.published
    assert isinstance(told, TradingStatus)
    assert (told.symbol, told.security_trading_status) == (X, codes[0])
    assert (told.security_trading_event, told.halt_reason) == codes[1:]


def test_the_table_of_codes_knows_every_state_and_no_other() -> None:
    assert set(CODES) == set(STATE_TABLE) == {state.name for state in STATES}
    assert {SecurityTradingEvent.NO_CANCEL, HaltReason.MARKET_EVENT} == {1, 2}


def test_a_state_of_a_venues_own_has_no_code() -> None:
    day = globex('state = [{ name = "LUNCH", match = false }]')

    day.put("X", "LUNCH")

    assert (day.state("X"), day.published) == ("LUNCH", [])


# --- the opening ----------------------------------------------------------------------

OPENINGS = {
    # Rule 1, and rule 2 with its two prices of equal volume.
    "O1": ("10@51 20@50 30@49 40@48 50@47 70@46 100@45 1@44 30@43",
           "30@51 100@50 1@49 25@48 1@47 100@46 90@45 4@44 6@43", None, "200 @ 46"),
    "O2": ("10@51 20@50 30@49 40@48 50@47 30@46 100@45 1@44 30@43",
           "30@51 100@50 1@49 25@48 50@46 90@45 4@44 6@43", None, "150 @ 47"),
    # Rules 3, 4 and 5: the surplus is of bids, of offers, of neither.
    "bids left":   ("300@62", "100@60", 61, "100 @ 62"),
    "offers left": ("100@62", "300@60", 61, "100 @ 60"),
    "none left":   ("200@65", "200@61", 63, "200 @ 63"),
    "none, far":   ("200@65", "200@61", 70, "200 @ 65"),
}  # fmt: skip


@pytest.mark.rule("CMKT-4")
@pytest.mark.parametrize(
    ("bids", "offers", "settlement", "expected"), OPENINGS.values(), ids=OPENINGS.keys()
)
def test_the_opening_finds_the_published_price(
    bids: str, offers: str, settlement: int | None, expected: str
) -> None:
    terms: dict[str, Any] = {} if settlement is None else {"reference": str(settlement)}
    day = globex(board="PRE-OPEN", **terms)
    for number, each in enumerate(bids.split() + offers.split()):
        side = "BUY" if number < len(bids.split()) else "SELL"
        day.say(f"P{number} o{number} {side} {each.replace('@', ' @ ')}")
    quantity, price = map(int, expected.split(" @ "))
    found = day.exchange.view(X).indicative()

    trades = [line for line in day.put("X", "OPENING") if " TRADE " in line]

    assert found is not None
    assert (found.price, found.quantity) == (price, quantity)
    assert {int(line.split()[5].rstrip(",")) for line in trades} == {price}
    assert sum(int(line.split()[3]) for line in trades) == 2 * quantity


@pytest.mark.rule("CMKT-4")
def test_the_reference_is_the_settlement_also_after_a_trade() -> None:
    day = globex(reference="63")
    day.say("A a1 SELL 1 @ 65")
    day.say("B b1 BUY 1 @ 65")
    day.put("X", "PRE-OPEN")
    day.say("A a2 SELL 200 @ 61")
    day.say("B b2 BUY 200 @ 65")

    (trade, _) = day.put("X", "OPENING")

    assert "200 @ 63" in trade


@pytest.mark.rule("CMKT-4")
def test_a_stop_that_the_price_elects_joins_with_its_limit() -> None:
    day = globex(board="PRE-OPEN", protection="3")
    for line in ("A a1 SELL 10 @ 50", "B b1 BUY 4 @ 51", "C c1 BUY 3 STOP 50 @ 52"):
        day.say(line)

    said = day.put("X", "OPENING")

    assert said[0] == "C c1 TRIGGERED, leaves 3 cum 0"
    assert sum(" TRADE " in line for line in said) == 4


def test_a_chain_that_an_instrument_names_goes_before_the_venues() -> None:
    made = described(
        'rules = ["cme"]\n[[exchange.instrument]]\nsymbol = "X"\nprice_decimals = 0\n'
        'tick = "1"\nauction = "nsx"\n',
        START,
    )

    assert made.chains[X] is NSX_FOUR_STEPS


@attrs.frozen
class AnotherChain:
    def auction_chain(self) -> object:
        return NSX_FOUR_STEPS

    @hookimpl
    def scheduled(self) -> None: ...


def test_two_ways_to_choose_a_price_are_refused() -> None:
    with pytest.raises(RuleSetsRefused, match="'a' and 'b' choose an auction's price"):
        auction_chain({"a": market.Market(), "b": AnotherChain()})


# --- limits and bands -----------------------------------------------------------------

TODAY = '[{ low = "5612", high = "6212" }, { low = "5412", high = "6012" }]'


@pytest.mark.rule("LIMIT-2", "LIMIT-4")
def test_an_order_good_till_canceled_waits_outside_the_limits_until_they_reach_it() -> None:
    day = globex(f"settings.price-limits.limits.X.days = {TODAY}")

    waits = day.say("A a1 BUY 10 @ 5600 GTC")
    day.put("X", "CLOSE FINAL")
    day.put("X", "PRE-OPEN")
    day.put("X", "OPENING")
    day.put("X", "OPEN")
    trade = day.say("B b1 SELL 10 @ 5600")

    assert refused(waits) == []
    assert [line.split(",")[0] for line in trade[1:]] == [
        "A a1 TRADE 10 @ 5600",
        "B b1 TRADE 10 @ 5600",
    ]


@pytest.mark.rule("LIMIT-2")
def test_where_a_product_has_it_so_nothing_waits_outside_the_limits() -> None:
    day = globex(
        f"settings.price-limits.limits.X.days = {TODAY}\n"
        "settings.price-limits.limits.X.dormant = false"
    )

    assert len(refused(day.say("A a1 BUY 10 @ 5600 GTC"))) == 1


BANDS = 'settings.price-bands.variation.X = "5"\nsettings.price-limits.limits.X.days = [{ low = "90", high = "112" }]'
# What has happened in which state, the order, and what the reject says of it.
BANDED: dict[str, tuple[str, list[str], str, str]] = {
    "settlement before an IOP":     ("PRE-OPEN", [], "P p BUY 1 @ 106", "at most 105, within 5 of the reference 100"),
    "no further above":             ("PRE-OPEN", [], "P p BUY 1 @ 105", ""),
    "an offer below":               ("PRE-OPEN", [], "P p SELL 1 @ 94", "at least 95, within 5"),
    "an offer above is not banded": ("PRE-OPEN", [], "P p SELL 1 @ 106", ""),
    "IOP":                          ("PRE-OPEN", ["A a SELL 1 @ 104", "B b BUY 1 @ 104"], "P p BUY 1 @ 110",
                                     "at most 109, within 5 of the reference 104"),
    "IOP in no-cancel":             ("PRE-OPEN NO CANCEL", ["A a SELL 1 @ 104", "B b BUY 1 @ 104"], "P p BUY 1 @ 110",
                                     "at most 109"),
    "settlement without a trade":   ("OPEN", [], "P p BUY 1 @ 106", "at most 105"),
    "last trade":                   ("OPEN", ["A a SELL 1 @ 98", "B b BUY 1 @ 98"], "P p BUY 1 @ 104",
                                     "at most 103, within 5 of the reference 98"),
    "limits come first":            ("OPEN", [], "P p BUY 1 @ 113", "at most 112, the day's limit"),
    "bands do not widen limits":    ("OPEN", ["A a SELL 1 @ 104", "B b BUY 1 @ 104", "A a2 SELL 1 @ 109", "B b2 BUY 1 @ 109"],
                                     "P p BUY 1 @ 113", "at most 112, the day's limit"),
}  # fmt: skip


@pytest.mark.rule("BAND-1", "BAND-2")
@pytest.mark.parametrize(("state", "before", "order", "said"), BANDED.values(), ids=BANDED.keys())
def test_bands_are_around_the_reference_of_the_state_and_behind_the_limits(
    state: str, before: list[str], order: str, said: str
) -> None:
    day = globex(BANDS, reference="100", board=state)
    for line in before:
        assert refused(day.say(line)) == []

    told = refused(day.say(order))

    assert bool(told) is bool(said)
    assert all(said in line for line in told)


# --- protection -----------------------------------------------------------------------

PROTECTED = {
    "buy": (
        ["S s1 SELL 2 @ 90025", "S s2 SELL 3 @ 90300", "S s3 SELL 3 @ 90550", "S s4 SELL 9 @ 90675"],
        "B b BUY 10 MARKET", "2 @ 90025, 3 @ 90300, 3 @ 90550", 90625,
    ),
    "sell": (
        ["S s1 BUY 2 @ 90000", "S s2 BUY 3 @ 89900", "S s3 BUY 3 @ 89650", "S s4 BUY 9 @ 89300"],
        "B b SELL 10 MARKET", "2 @ 90000, 3 @ 89900, 3 @ 89650", 89400,
    ),
}  # fmt: skip


@pytest.mark.rule("CMKT-5")
@pytest.mark.parametrize(
    ("book", "order", "fills", "rests"), PROTECTED.values(), ids=PROTECTED.keys()
)
def test_a_market_order_trades_as_far_as_its_protection_and_rests_there(
    book: list[str], order: str, fills: str, rests: int
) -> None:
    day = globex(tick="25", protection="600")
    for line in book:
        day.say(line)

    said = day.say(order)

    traded = [
        line.split(" TRADE ")[1].split(",")[0] for line in said if line.startswith("B b TRADE")
    ]
    assert ", ".join(traded) == fills
    (side,) = {each.order.side for each in day.exchange.book(X) if each.order.cl_ord_id == "b"}
    best = next(iter(day.exchange.book(X).half(side)))
    assert (best.price, best.qty) == (rests, 2)


@pytest.mark.rule("CMKT-5")
@pytest.mark.parametrize("order", ["B b BUY 1 MARKET", "B b BUY 1 STOP 120"])
def test_nothing_trades_unprotected(order: str) -> None:
    day = globex()
    day.say("A a SELL 1 @ 100")

    (said,) = day.say(order)

    assert "expected one that needs no protection, as X has no protection points [CMKT-5]" in said


def test_what_needs_no_protection_is_taken_without() -> None:
    day = globex()
    day.say("A a SELL 2 @ 100")

    said = [*day.say("B b1 BUY 1 MARKET_LIMIT"), *day.say("B b2 BUY 1 STOP 120 @ 121")]

    assert refused(said) == []
    assert refused(day.say("B b3 CHANGE BUY b2 1 STOP 120"))


# --- properties -----------------------------------------------------------------------

PRICES = st.integers(95, 105)
FLOW = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 9), PRICES), min_size=1, max_size=12
)


@given(FLOW, st.integers(94, 106))
def test_an_opening_leaves_nothing_crossed_and_trades_what_was_indicated(
    flow: list[tuple[str, int, int]], settlement: int
) -> None:
    day = globex(board="PRE-OPEN", reference=str(settlement))
    for number, (side, qty, price) in enumerate(flow):
        day.say(f"P{number} o{number} {side} {qty} @ {price}")
    found = day.exchange.view(X).indicative()

    trades = [line for line in day.put("X", "OPENING") if " TRADE " in line]
    day.put("X", "OPEN")

    assert day.state("X") == "OPEN"
    assert not day.refused
    assert not day.exchange.book(X).is_crossed
    bought, sold = trades[::2], trades[1::2]
    assert len(bought) == len(sold)
    assert sum(int(line.split()[3]) for line in bought) == (0 if found is None else found.quantity)


# --- negative controls ----------------------------------------------------------------


def described_by(plugins: Plugins | None) -> list[str]:
    """Return what CME's market does, in a line each: states, an opening, protection, codes."""
    lines = []
    for state in STATE_TABLE:
        day = globex(protection="5", plugins=plugins)
        for line in ("A a1 SELL 5 @ 100", "A g1 SELL 5 @ 110 GTC", "A g2 SELL 5 @ 111 GTC"):
            day.say(line)
        day.put("X", state)
        probes = (
            "B b1 BUY 1 @ 100", "B b2 BUY 1 @ 90 GTC", "B b3 BUY 1 MARKET", "A g3 CHANGE SELL g1 4 @ 110 GTC",
            "A x CANCEL SELL g2",
        )  # fmt: skip
        taken = ["yes" if not refused(day.say(probe)) else "no" for probe in probes]
        codes = [int(each.security_trading_status) for each in day.published]
        lines.append(f"{state}: {' '.join(taken)}, {codes}")
    day = globex(reference="63", plugins=plugins)
    for line in ("A a1 SELL 1 @ 65", "B b1 BUY 1 @ 65"):
        day.say(line)
    day.put("X", "PRE-OPEN")
    for line in ("A a2 SELL 200 @ 61", "B b2 BUY 200 @ 65"):
        day.say(line)
    lines += day.put("X", "OPENING")
    lines += refused(day.say("C c BUY 1 STOP 70"))
    day.put("X", "OPEN")
    return lines + refused(day.say("C c BUY 1 STOP 70"))


@attrs.frozen
class LastTradeRefers(market.Market):
    @hookimpl
    def auction_reference(self, market: MarketView) -> Price | None:
        return market.last_px


@attrs.frozen
class AnotherTable(market.Market):
    """Takes cancels before the open to the last."""

    def trading_states(self) -> Sequence[TradingState]:
        return [
            attrs.evolve(each, cancel=True) if each == market.NO_CANCEL else each for each in STATES
        ]


@attrs.frozen
class EndlessDay(market.Market):
    def trading_states(self) -> Sequence[TradingState]:
        return [attrs.evolve(each, ends_day=False, enter=True) for each in STATES]


@attrs.frozen
class Unprotected(market.Market):
    @hookimpl
    def accept_request(self, request: object, market: MarketView) -> None:
        return None


@attrs.frozen
class Silent(market.Market):
    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        return []


def with_market(rule_set: type) -> Plugins:
    class Provider:
        floorproof_contract = CONTRACT_VERSION
        venues = staticmethod(market.venues)

        @hookimpl
        def rule_sets(self) -> Mapping[str, object]:
            return {**market.rule_sets(), "cme-market": rule_set}

    return replacing("cme", Provider())


def test_the_same_market_by_another_door_is_the_same() -> None:
    assert described_by(with_market(market.Market)) == described_by(None)


@pytest.mark.parametrize(
    "rule_set", [LastTradeRefers, AnotherTable, EndlessDay, Unprotected, Silent]
)
def test_a_broken_market_is_told_apart(rule_set: type) -> None:
    assert described_by(with_market(rule_set)) != described_by(None)
