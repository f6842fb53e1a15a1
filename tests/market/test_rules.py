"""Rule sets, as an exchange asks them and does what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, cast

import attrs
import pytest
from oracle.shorthand import order, request, told

from floorproof.market.book import Traded
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import OrdRejReason, Side
from floorproof.market.identifiers import OrderID, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import Algorithm, Queued
from floorproof.market.messages import NewOrderSingle, OrderRequest
from floorproof.market.rules import (
    HIGHEST,
    LOWEST,
    Admitted,
    Applied,
    Bound,
    CancelAggressor,
    CancelOrder,
    CancelResting,
    Guard,
    Indifferent,
    Interrupt,
    MarketView,
    Prevention,
    Publish,
    Question,
    Reject,
    RejectLevel,
    Remainder,
    Remember,
    RestingOrder,
    RuleFailed,
    Schedule,
    SettleEffect,
    StopSweep,
    Unschedule,
    VenueRules,
)
from floorproof.plugins.fifo import Fifo

X, Y = Symbol("X"), Symbol("Y")
OFFERS = ("ALPHA a1 SELL 10 @ 50", "BRAVO b1 SELL 10 @ 50", "ALPHA a2 SELL 10 @ 51")


@attrs.frozen
class LargestFirst:
    """A *could* algorithm: the largest order of a price trades first."""

    would: bool = False

    def allocate(self, quantity: Qty, queue: Iterable[Queued]) -> Sequence[tuple[Queued, Qty]]:
        fills = []
        for resting in sorted(queue, key=lambda one: -one.leaves_qty):
            if fill := min(quantity, resting.leaves_qty):
                fills.append((resting, fill))
                quantity -= fill
        return fills


def exchange_with(rules: VenueRules, *lines: str, algorithm: Algorithm | None = None) -> Exchange:
    """Return a venue of X under *rules*, and of Y under none, that has received *lines*."""
    instruments = [
        Instrument(symbol=Symbol(symbol), price_decimals=0, ticks=TickTable.uniform(1))
        for symbol in "XY"
    ]
    exchange = Exchange(instruments, dict.fromkeys([X, Y], algorithm or Fifo()), {X: rules})
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def say(exchange: Exchange, line: str, now_ns: int = 0) -> list[str]:
    return [told(report) for report in exchange.receive(request(line), now_ns).reports]


def offers(exchange: Exchange) -> list[tuple[str, int]]:
    queue = exchange.book(X).resting(Side.SELL)
    return [(resting.order.cl_ord_id, resting.leaves_qty) for resting in queue]


# --- admit ---------------------------------------------------------------------------

A1 = "ALPHA a1 BUY 6 @ 50"
# fmt: off
# What the exchange itself would refuse, and what of it is told where a rule set comes first.
UNSEEN = {
    "an instrument not listed": (f"{A1} symbol=Z", "REJECTED"),
    "a change of no order":     ("ALPHA a1 CHANGE BUY x 6 @ 50", "REFUSED"),
    "no offer at market":       ("ALPHA a1 BUY 6 MARKET", "REJECTED"),
    "an order":                 (A1, "REJECTED"),
    "a mass quote":             ("ALPHA a1 QUOTE X:5@50", "QUOTE REJECTED"),
    "one that cancels":         ("ALPHA a1 QUOTE X:-", "QUOTE REJECTED"),
    "one of no instrument":     ("ALPHA a1 QUOTE Z:5@50", "QUOTE REJECTED"),
}
LEVELS = {
    RejectLevel.EXECUTION: "",
    RejectLevel.SESSION:   "SESSION REJECT",
    RejectLevel.BUSINESS:  "BUSINESS REJECT",
}
# fmt: on


def admitting(*admit: Bound, rules: VenueRules | None = None) -> Exchange:
    instrument = Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))
    return Exchange([instrument], {X: Fifo()}, {X: rules or VenueRules()}, admit=admit)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("line", "as_ever"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_is_not_admitted_nobody_looks_at(line: str, as_ever: str, level: RejectLevel) -> None:
    def never(*_about: object) -> NoReturn:
        raise AssertionError("asked")

    asked = []

    def closed(message: Admitted) -> Reject | None:
        asked.append(message)
        return Reject(OrdRejReason.EXCHANGE_CLOSED, "closed", level)

    exchange = admitting(
        Bound("lets all in", lambda _message: None),
        Bound("closed", closed),
        Bound("never", never),
        rules=VenueRules(accept_request=(Bound("never", never),)),
    )
    message = request(line)

    outcome = exchange.receive(message, 0)

    (said,) = map(told, outcome.reports)
    assert said.startswith(f"ALPHA a1 {LEVELS[level] or as_ever}")
    assert said.endswith("closed")
    (applied,) = outcome.effects
    assert (applied.rule_set, applied.effect) == (
        "closed", Reject(OrdRejReason.EXCHANGE_CLOSED, "closed", level)
    )  # fmt: skip
    assert asked == [message]
    assert [*exchange.book(X)] == []


def test_a_message_that_was_not_admitted_has_not_used_up_its_name() -> None:
    shut = [True]
    exchange = admitting(
        Bound("door", lambda _message: Reject(OrdRejReason.OTHER, "no") if shut else None)
    )

    assert "REJECTED" in say(exchange, A1)[0]
    assert "REJECTED" in say(exchange, "ALPHA q QUOTE X:5@50")[0]
    shut.clear()
    assert "NEW" in say(exchange, A1)[0]
    assert "ACCEPTED" in say(exchange, "ALPHA q QUOTE X:5@49")[0]


def test_cancels_are_not_put_to_who_admits() -> None:
    asked: list[object] = []
    exchange = admitting(Bound("door", asked.append))
    for line in (A1, "ALPHA x CANCEL BUY a1", "ALPHA y UNQUOTE", "ALPHA z MASS"):
        say(exchange, line)

    assert asked == [request(A1)]


def test_who_admits_and_raises_is_named() -> None:
    exchange = admitting(Bound("door", lambda _message: 1 // 0))

    with pytest.raises(RuleFailed, match=r"'door' raised in admit_request .*ZeroDivisionError"):
        say(exchange, A1)


# --- accept --------------------------------------------------------------------------


def test_the_first_objection_is_final_and_on_record() -> None:
    asked = []

    def too_many(asked_request: OrderRequest, _market: MarketView) -> Reject | None:
        asked.append("too many")
        if isinstance(asked_request, NewOrderSingle) and asked_request.order_qty > 5:
            return Reject(OrdRejReason.ORDER_EXCEEDS_LIMIT, "order_qty 6: expected at most 5")
        return None

    def never(_request: OrderRequest, _market: MarketView) -> Reject | None:
        asked.append("never")
        return Reject(OrdRejReason.OTHER, "never")

    rules = VenueRules(accept_request=(Bound("cap", too_many), Bound("closed", never)))
    exchange = exchange_with(rules)

    outcome = exchange.receive(request("ALPHA a1 BUY 6 @ 50"), 0)

    assert [told(report) for report in outcome.reports] == [
        "ALPHA a1 REJECTED ORDER_EXCEEDS_LIMIT: order_qty 6: expected at most 5"
    ]
    assert [applied.rule_set for applied in outcome.effects] == ["cap"]
    assert asked == ["too many"]


def test_a_rule_refuses_cancels_and_changes_too() -> None:
    closed: list[bool] = []

    def gate(_request: OrderRequest, _market: MarketView) -> Reject | None:
        return Reject(OrdRejReason.EXCHANGE_CLOSED, "closed") if closed else None

    exchange = exchange_with(VenueRules(accept_request=(Bound("gate", gate),)), *OFFERS)
    closed.append(True)

    assert say(exchange, "ALPHA x CANCEL SELL a1") == ["ALPHA x REFUSED OTHER: closed"]
    assert say(exchange, "ALPHA x CHANGE SELL a1 5 @ 50") == ["ALPHA x REFUSED OTHER: closed"]
    assert offers(exchange) == [("a1", 10), ("b1", 10), ("a2", 10)]


def test_rules_are_asked_about_nothing_that_the_exchange_refuses_itself() -> None:
    def fail(*_about: object) -> NoReturn:
        raise AssertionError("asked")

    exchange = exchange_with(VenueRules(accept_request=(Bound("never", fail),)))

    assert "REJECTED" in say(exchange, "ALPHA a1 BUY 1 MARKET")[0]
    assert "REFUSED" in say(exchange, "ALPHA x CANCEL BUY a1")[0]


# --- prevent -------------------------------------------------------------------------

Prevent = Callable[
    [NewOrderSingle, Sequence[RestingOrder], MarketView], Sequence[Prevention] | None
]


def own_orders_go(
    aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], _market: MarketView
) -> list[Prevention]:
    return [
        CancelResting(one.order_id)
        for one in candidates
        if one.order.sender_comp_id == aggressor.sender_comp_id
    ]


def own_order_stops(
    aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], _market: MarketView
) -> list[Prevention] | None:
    owners = [one.order.sender_comp_id for one in candidates]
    return [CancelAggressor()] if aggressor.sender_comp_id in owners else None


# fmt: off
PREVENTIONS: dict[str, tuple[Algorithm, Prevent, str, list[str]]] = {
    "would, own order goes when it is reached": (
        Fifo(), own_orders_go, "BRAVO b2 BUY 15 @ 51", [
        "ALPHA a1 TRADE 10 @ 50, leaves 0 cum 10",
        "BRAVO b2 TRADE 10 @ 50, leaves 5 cum 10",
        "BRAVO b1 CANCELED, leaves 0 cum 0, OTHER",
        "ALPHA a2 TRADE 5 @ 51, leaves 5 cum 5",
        "BRAVO b2 TRADE 5 @ 51, leaves 0 cum 15"]),
    "would, own order not reached": (
        Fifo(), own_orders_go, "BRAVO b2 BUY 10 @ 51", [
        "ALPHA a1 TRADE 10 @ 50, leaves 0 cum 10",
        "BRAVO b2 TRADE 10 @ 50, leaves 0 cum 10"]),
    "would, aggressor goes when it reaches its own": (
        Fifo(), own_order_stops, "BRAVO b2 BUY 15 @ 51", [
        "ALPHA a1 TRADE 10 @ 50, leaves 0 cum 10",
        "BRAVO b2 TRADE 10 @ 50, leaves 5 cum 10",
        "BRAVO b2 CANCELED, leaves 0 cum 10, OTHER"]),
    "could, all own orders inside the limit go first": (
        LargestFirst(), own_orders_go, "ALPHA a3 BUY 5 @ 51", [
        "ALPHA a1 CANCELED, leaves 0 cum 0, OTHER",
        "ALPHA a2 CANCELED, leaves 0 cum 0, OTHER",
        "BRAVO b1 TRADE 5 @ 50, leaves 5 cum 5",
        "ALPHA a3 TRADE 5 @ 50, leaves 0 cum 5"]),
    "could, own order beyond the limit stays": (
        LargestFirst(), own_orders_go, "ALPHA a3 BUY 5 @ 50", [
        "ALPHA a1 CANCELED, leaves 0 cum 0, OTHER",
        "BRAVO b1 TRADE 5 @ 50, leaves 5 cum 5",
        "ALPHA a3 TRADE 5 @ 50, leaves 0 cum 5"]),
    "could, aggressor goes before any fill": (
        LargestFirst(), own_order_stops, "BRAVO b2 BUY 5 @ 51", [
        "BRAVO b2 CANCELED, leaves 0 cum 0, OTHER"]),
}
# fmt: on


@pytest.mark.parametrize(
    ("algorithm", "prevent", "aggressor", "expected"),
    PREVENTIONS.values(),
    ids=PREVENTIONS.keys(),
)
def test_who_may_not_meet(
    algorithm: Algorithm, prevent: Prevent, aggressor: str, expected: list[str]
) -> None:
    rules = VenueRules(before_match=(Bound("own", prevent),))
    exchange = exchange_with(rules, *OFFERS, algorithm=algorithm)

    ack, *reports = say(exchange, aggressor)

    assert " NEW, " in ack
    assert reports == expected


def test_an_order_that_one_rule_set_canceled_is_not_shown_to_the_next() -> None:
    shown: list[list[OrderID]] = []

    def look(
        _aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], _market: MarketView
    ) -> None:
        shown.append([one.order_id for one in candidates])

    rules = VenueRules(before_match=(Bound("own", own_orders_go), Bound("look", look)))
    exchange = exchange_with(rules, *OFFERS, algorithm=LargestFirst())

    say(exchange, "BRAVO b2 BUY 5 @ 51")

    assert shown == [[1, 3]]


# fmt: off
# By aggressor: what the rule set that is asked by level is shown, one time after the other, and
# the one that is not; under the algorithm in which the aggressor could trade with any order.
BY_LEVEL = {
    "BRAVO b2 BUY 5 @ 51":      ([[1]], [[1, 2, 3]]),
    "BRAVO b2 BUY 10 @ 51":     ([[1]], [[1, 2, 3]]),
    "BRAVO b2 BUY 15 @ 51":     ([[1], [3]], [[1, 2, 3]]),
    "BRAVO b2 BUY 15 @ 50":     ([[1]], [[1, 2]]),
    "BRAVO b2 BUY 15 MARKET":   ([[1], [3]], [[1, 2, 3]]),
    "ALPHA a9 BUY 15 @ 51":     ([[2]], [[1, 2, 3]]),
    "BRAVO b2 BUY 15 @ 51 FOK": ([[1], [3]], [[1, 2, 3]]),
}
# fmt: on


@pytest.mark.parametrize(("aggressor", "shown"), BY_LEVEL.items(), ids=BY_LEVEL.keys())
def test_who_is_asked_level_by_level_is_shown_each_price_as_it_is_reached(
    aggressor: str, shown: tuple[list[list[int]], list[list[int]]]
) -> None:
    """The one that is not is asked first, wherever it stands, and cancels the own orders."""
    by_level: list[list[OrderID]] = []
    at_once: list[list[OrderID]] = []

    def look(
        _aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], _market: MarketView
    ) -> None:
        by_level.append([one.order_id for one in candidates])

    def own(
        aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> list[Prevention]:
        at_once.append([one.order_id for one in candidates])
        return own_orders_go(aggressor, candidates, market)

    rules = VenueRules(before_match=(Bound("look", look, level_by_level=True), Bound("own", own)))
    exchange = exchange_with(rules, *OFFERS, algorithm=LargestFirst())

    say(exchange, aggressor)

    assert (by_level, at_once) == shown


def test_a_rule_set_that_wants_to_hear_by_level_may_end_the_aggressor_there() -> None:
    own = Bound("own", own_order_stops, level_by_level=True)
    exchange = exchange_with(VenueRules(before_match=(own,)), *OFFERS, algorithm=LargestFirst())

    assert say(exchange, "BRAVO x CANCEL SELL b1") == ["BRAVO x CANCELED, leaves 0 cum 0"]
    say(exchange, "BRAVO b2 SELL 10 @ 51")
    assert say(exchange, "BRAVO b3 BUY 15 @ 51")[1:] == [
        "ALPHA a1 TRADE 10 @ 50, leaves 0 cum 10",
        "BRAVO b3 TRADE 10 @ 50, leaves 5 cum 10",
        "BRAVO b3 CANCELED, leaves 0 cum 10, OTHER",
    ]


def test_a_changed_order_is_shown_as_changed() -> None:
    exchange = exchange_with(
        VenueRules(before_match=(Bound("own", own_orders_go),)), *OFFERS, "ALPHA a3 BUY 5 @ 40"
    )

    assert say(exchange, "ALPHA a4 CHANGE BUY a3 5 @ 50") == [
        "ALPHA a4 REPLACED, leaves 5 cum 0",
        "ALPHA a1 CANCELED, leaves 0 cum 0, OTHER",
        "BRAVO b1 TRADE 5 @ 50, leaves 5 cum 5",
        "ALPHA a4 TRADE 5 @ 50, leaves 0 cum 5",
    ]


# --- guard ---------------------------------------------------------------------------

# fmt: off
STOPS = {
    "rest":             (Remainder.REST,   "CHARLIE c1 BUY 15 @ 51",     [], (51, 5)),
    "cancel":           (Remainder.CANCEL, "CHARLIE c1 BUY 15 @ 51",
                         ["CHARLIE c1 CANCELED, leaves 0 cum 10, OTHER"], None),
    "immediate":        (Remainder.REST,   "CHARLIE c1 BUY 15 @ 51 IOC",
                         ["CHARLIE c1 EXPIRED, leaves 0 cum 10"], None),
    "no price to rest": (Remainder.REST,   "CHARLIE c1 BUY 15 MARKET",
                         ["CHARLIE c1 CANCELED, leaves 0 cum 10, OTHER"], None),
}
# fmt: on


@pytest.mark.parametrize(
    ("remainder", "aggressor", "rest", "bid"), STOPS.values(), ids=STOPS.keys()
)
def test_a_stopped_sweep_keeps_its_fills(
    remainder: Remainder, aggressor: str, rest: list[str], bid: tuple[int, int] | None
) -> None:
    def not_above_50(price: int, _quantity: int, _market: MarketView) -> StopSweep | None:
        return StopSweep(remainder) if price > 50 else None

    rules = VenueRules(before_trade=(Bound("range", not_above_50),))
    exchange = exchange_with(rules, "ALPHA a1 SELL 10 @ 50", "ALPHA a2 SELL 10 @ 51")

    outcome = exchange.receive(request(aggressor), 0)

    assert [told(report) for report in outcome.reports[3:]] == rest
    assert exchange.book(X).depth(Side.BUY, 1) == (() if bid is None else (bid,))
    assert offers(exchange) == [("a2", 10)]
    assert outcome.effects == [Applied("range", X, StopSweep(remainder))]


# --- settle --------------------------------------------------------------------------


def count_trades(events: Sequence[object], market: MarketView) -> list[SettleEffect]:
    """Remember how many trades there were, and tell the public of each."""
    trades = [event for event in events if isinstance(event, Traded)]
    before = market.recall("trades") or 0
    assert isinstance(before, int)
    if not trades:
        return []
    return [Remember("trades", before + len(trades)), *(Publish(trade.price) for trade in trades)]


def test_what_is_remembered_is_recalled_by_its_own_rule_set_only() -> None:
    rules = VenueRules(
        after_request=(Bound("tape", count_trades), Bound("other", lambda *_about: None))
    )
    exchange = exchange_with(rules, *OFFERS, "CHARLIE c1 BUY 20 @ 50")

    outcome = exchange.receive(request("CHARLIE c2 BUY 1 @ 51"), 0)

    assert exchange.view(X, "tape").recall("trades") == 3
    assert exchange.view(X, "other").recall("trades") is None
    assert outcome.effects == [
        Applied("tape", X, Remember("trades", 3)),
        Applied("tape", X, Publish(51)),
    ]


def test_a_rule_takes_an_order_off_the_book() -> None:
    def off_with_1(events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        return [CancelOrder(OrderID(1), text="off")] if len(events) == 1 else []

    exchange = exchange_with(VenueRules(after_request=(Bound("off", off_with_1),)))

    assert say(exchange, "ALPHA a1 SELL 10 @ 50") == [
        "ALPHA a1 NEW, leaves 10 cum 0",
        "ALPHA a1 CANCELED, leaves 0 cum 0, OTHER",
    ]
    assert say(exchange, "ALPHA a2 SELL 10 @ 50") == ["ALPHA a2 NEW, leaves 10 cum 0"]
    assert offers(exchange) == [("a2", 10)]


def test_a_view_shows_the_market_after_the_request() -> None:
    seen: list[object] = []

    def look(_events: Sequence[object], market: MarketView) -> None:
        one = market.order(OrderID(1))
        seen.append(
            (market.now_ns, market.last_px, market.best_px(Side.SELL), one and one.leaves_qty)
        )
        assert market.other(Symbol("Y")).best_px(Side.BUY) is None

    exchange = exchange_with(VenueRules(after_request=(Bound("look", look),)))

    say(exchange, "ALPHA a1 SELL 10 @ 50", 1)
    say(exchange, "BRAVO b1 BUY 4 @ 50", 2)
    say(exchange, "BRAVO b2 BUY 6 @ 50", 3)

    assert seen == [(1, None, 50, 10), (2, 50, 50, 6), (3, 50, None, None)]


def test_after_trades_is_asked_only_where_something_has_traded() -> None:
    asked: list[list[str]] = []

    def look(events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        asked.append([type(event).__name__ for event in events])
        return [Publish(market.last_px)]

    exchange = exchange_with(VenueRules(after_trades=(Bound("look", look),)), *OFFERS)
    for line in ("C c1 BUY 1 @ 40", "C c1x CANCEL BUY c1", "C c2 BUY 1 @ 40 IOC"):
        exchange.receive(request(line), 0)
    assert asked == []

    outcome = exchange.receive(request("C c3 BUY 1 @ 50"), 0)
    exchange.receive(request("C c4 SELL 1 STOP 45"), 0)
    exchange.receive(request("C c5 BUY 1 @ 44"), 0)

    assert asked == [["Traded"]]
    assert outcome.published == [Publish(50)]


def test_what_a_rule_set_is_indifferent_to_it_is_not_asked_until_it_remembers() -> None:
    orders: list[str] = []
    trades: list[int] = []

    def accept(asked: OrderRequest, _market: MarketView) -> None:
        orders.append(asked.cl_ord_id)

    def guard(price: int, _quantity: int, _market: MarketView) -> None:
        trades.append(price)

    def move(_events: Sequence[object], _market: MarketView) -> list[SettleEffect]:
        return [Remember("edge", 60)]

    def indifferent(market: MarketView) -> Indifferent:
        edge = market.recall("edge") or 50
        assert isinstance(edge, int)
        return Indifferent(trades=(0, edge), orders=(45, edge))

    rules = VenueRules(
        accept_request=(Bound("r", accept, indifferent),),
        before_trade=(Bound("r", guard, indifferent),),
        after_trades=(Bound("r", move),),
    )
    exchange = exchange_with(rules)
    for line in (
        "A a1 SELL 1 @ 50", "A a2 SELL 1 @ 44", "A a3 CANCEL SELL a2", "B b1 BUY 1 @ 51",
        "A a4 SELL 1 @ 55", "B b2 BUY 1 @ 55", "A a5 SELL 1 @ 61", "B b3 BUY 1 @ 61",
        "B b4 BUY 1 MARKET",
    ):  # fmt: skip
        exchange.receive(request(line), 0)

    assert orders == ["a2", "b1", "b3"]  # a market order without an offer is refused before
    assert trades == [50, 61]  # b1 might have traded beyond the edge


def test_one_who_is_asked_of_everything_has_everybody_asked() -> None:
    asked: list[str] = []

    def of_all(name: str) -> Callable[..., None]:
        return lambda *_about: asked.append(name)

    rules = VenueRules(
        accept_request=(
            Bound("some", of_all("some"), lambda _market: Indifferent(orders=(LOWEST, HIGHEST))),
            Bound("all", of_all("all")),
        )
    )
    exchange_with(rules, "A a1 SELL 1 @ 50", "A a2 CANCEL SELL a1")

    assert asked == ["some", "all", "some", "all"]


def test_trades_that_leave_the_last_price_are_not_heard_of_where_nobody_wants_to() -> None:
    heard: list[tuple[str, int | None]] = []

    def hear(name: str) -> Callable[..., list[SettleEffect]]:
        def after_trades(_events: Sequence[object], market: MarketView) -> list[SettleEffect]:
            heard.append((name, market.last_px))
            return [Remember("last", market.last_px)]

        return after_trades

    def indifferent(market: MarketView) -> Indifferent:
        last_px = market.recall("last")
        assert last_px is None or isinstance(last_px, int)
        return Indifferent(last_px=last_px)

    lines = (
        "A a1 SELL 3 @ 50", "B b1 BUY 1 @ 50", "B b2 BUY 1 @ 50", "A a2 SELL 1 @ 51",
        "B b3 BUY 2 @ 51", "A a3 SELL 1 @ 51", "B b4 BUY 1 @ 51", "A a4 SELL 1 @ 50",
        "B b5 BUY 1 @ 50",
    )  # fmt: skip
    one = Bound("one", hear("one"), indifferent)
    exchange_with(VenueRules(after_trades=(one,)), *lines)
    moves = [("one", 50), ("one", 51), ("one", 50)]
    assert heard == moves  # b3 trades at 50, and then at 51

    heard.clear()  # one who wants to hear of all is enough
    exchange_with(VenueRules(after_trades=(one, Bound("all", hear("all")))), *lines)
    assert [px for name, px in heard if name == "all"] == [50, 50, 51, 51, 50]
    assert len(heard) == 10


def test_indifference_that_raises_is_the_rule_sets_own_fault() -> None:
    def fail(_market: MarketView) -> Indifferent:
        raise ValueError("no idea")

    rules = VenueRules(accept_request=(Bound("bad", lambda *_about: None, fail),))

    with pytest.raises(RuleFailed, match="'bad' raised in indifferent on 'X': ValueError: no idea"):
        exchange_with(rules, "A a1 SELL 1 @ 50")


# --- scheduled -----------------------------------------------------------------------


def alarm(delays: Sequence[int | None]) -> tuple[VenueRules, list[str]]:
    """Return rules that schedule after each request (None: unschedule), and what rang."""
    left = [*delays]
    rang: list[str] = []

    def after_request(_events: Sequence[object], _market: MarketView) -> list[SettleEffect]:
        delay = left.pop(0)
        return [Unschedule("alarm") if delay is None else Schedule(delay, "alarm")]

    def scheduled(name: str, market: MarketView) -> list[SettleEffect]:
        rang.append(f"{name} at {market.now_ns}")
        return [CancelOrder(OrderID(1))]

    rules = VenueRules(
        after_request=(Bound("alarm", after_request),), scheduled=(Bound("alarm", scheduled),)
    )
    return rules, rang


def test_a_scheduled_moment_comes_once() -> None:
    rules, rang = alarm([10])
    exchange = exchange_with(rules, "ALPHA a1 SELL 10 @ 50")

    outcome = exchange.scheduled("alarm", X, "alarm", 10)

    assert [told(report) for report in outcome.reports] == [
        "ALPHA a1 CANCELED, leaves 0 cum 0, OTHER"
    ]
    assert exchange.scheduled("alarm", X, "alarm", 10) == Outcome()
    assert rang == ["alarm at 10"]


def test_a_later_schedule_takes_the_place_of_the_first() -> None:
    rules, rang = alarm([10, 20])
    exchange = exchange_with(rules, "ALPHA a1 SELL 10 @ 50", "ALPHA a2 SELL 10 @ 50")

    assert exchange.scheduled("alarm", X, "alarm", 10) == Outcome()
    exchange.scheduled("alarm", X, "alarm", 20)

    assert rang == ["alarm at 20"]


def test_what_is_unscheduled_does_not_come() -> None:
    rules, rang = alarm([10, None])
    exchange = exchange_with(rules, "ALPHA a1 SELL 10 @ 50", "ALPHA a2 SELL 10 @ 50")

    assert exchange.scheduled("alarm", X, "alarm", 10) == Outcome()
    assert rang == []


# --- a rule that raises --------------------------------------------------------------


def fail_on_the_second(name: str) -> Callable[..., None]:
    """Return a rule that raises when it is asked about the second of something."""
    asked = []

    def fail(*about: object) -> None:
        asked.append(about)
        if len(asked) == 2:
            raise ZeroDivisionError(name)

    return fail


@pytest.mark.parametrize("hook", ["before_match", "before_trade"])
def test_a_rule_that_raises_leaves_nothing_half_done(hook: str) -> None:
    rules = attrs.evolve(VenueRules(), **{hook: (Bound("faulty", fail_on_the_second(hook)),)})
    exchange = exchange_with(rules, *OFFERS)

    with pytest.raises(RuleFailed, match=f"rule set 'faulty' raised in {hook}") as failure:
        exchange.receive(request("CHARLIE c1 BUY 15 @ 50"), 0)

    assert isinstance(failure.value.__cause__, ZeroDivisionError)
    assert offers(exchange) == [("a1", 10), ("b1", 10), ("a2", 10)]
    (ack, *fills) = exchange.receive(request("CHARLIE c1 BUY 15 @ 50"), 0).reports
    assert told(ack) == "CHARLIE c1 NEW, leaves 15 cum 0"
    assert len(fills) == 4


def test_a_change_whose_rule_raises_leaves_the_order_as_it_was() -> None:
    rules = VenueRules(before_trade=(Bound("faulty", fail_on_the_second("before_trade")),))
    exchange = exchange_with(rules, *OFFERS, "CHARLIE c1 BUY 15 @ 49")

    with pytest.raises(RuleFailed):
        exchange.receive(request("CHARLIE c2 CHANGE BUY c1 15 @ 50"), 0)

    assert say(exchange, "CHARLIE x1 CANCEL BUY c1") == ["CHARLIE x1 CANCELED, leaves 0 cum 0"]


def test_no_settle_effect_is_carried_out_when_one_rule_set_raises() -> None:
    faulty = fail_on_the_second("after_request")
    rules = VenueRules(after_request=(Bound("tape", count_trades), Bound("faulty", faulty)))
    exchange = exchange_with(rules, "ALPHA a1 SELL 10 @ 50")

    with pytest.raises(RuleFailed):
        exchange.receive(request("BRAVO b1 BUY 1 @ 50"), 0)

    assert exchange.view(X, "tape").recall("trades") is None


def test_a_rule_that_cancels_an_order_it_was_not_shown_is_at_fault() -> None:
    def wrong(*_about: object) -> list[Prevention]:
        return [CancelResting(OrderID(99))]

    exchange = exchange_with(VenueRules(before_match=(Bound("wrong", wrong),)), *OFFERS)

    with pytest.raises(RuleFailed, match="rule set 'wrong' raised in before_match"):
        exchange.receive(order("CHARLIE c1 BUY 1 @ 50"), 0)


def test_an_answer_that_its_phase_does_not_have_is_at_fault() -> None:
    def wrong(*_about: object) -> list[object]:
        return [Publish("fine"), CancelAggressor()]

    exchange = exchange_with(VenueRules(after_request=(Bound("wrong", wrong),)))

    with pytest.raises(RuleFailed) as failure:
        exchange.receive(order("CHARLIE c1 BUY 1 @ 50"), 0)

    assert "may not answer CancelAggressor" in str(failure.value.__cause__)


def test_what_a_rule_raised_is_told_with_its_name_its_hook_and_the_error() -> None:
    def ask(order: str, limits: Any) -> object:
        return limits[order]

    caps = Question("caps", "accept_request", ask, market=cast(Any, {}))

    with pytest.raises(RuleFailed) as caught:
        caps.first("a1")

    assert str(caught.value) == (
        "rule set 'caps' raised in accept_request on ('a1',): KeyError: 'a1'"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: StopSweep("halted"),  # type: ignore[arg-type]  # a text, not a remainder
        lambda: Interrupt(state="PAUSE", fills="keep"),  # type: ignore[arg-type]  # its value
        lambda: Interrupt(state="PAUSE", remainder=None),  # type: ignore[arg-type]  # nothing
    ],
    ids=["a remainder in words", "fills by their value", "no remainder"],
)
def test_a_guard_takes_no_word_for_what_becomes_of_an_order(wrong: Callable[[], Guard]) -> None:
    with pytest.raises(TypeError, match=r"'(remainder|fills)' must be <enum"):
        wrong()
