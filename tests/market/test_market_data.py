"""What subscribers to market data are told, and that they then see what the engine does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import algorithms, streams
from oracle.shorthand import request
from oracle.streams import Entered
from oracle.venue import PlainVenue

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import (
    ExecType,
    MDEntryType,
    MDReqRejReason,
    MDUpdateAction,
    Side,
    SubscriptionRequestType,
)
from floorproof.market.identifiers import CompID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.market_data import apply_entries
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataEntry,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    Statistics,
)
from floorproof.market.operations import (
    BustTrade,
    CancelOrders,
    ChangeTradingState,
    SecurityStatus,
)
from floorproof.market.sessions import TradingState
from floorproof.market.wording import Wording
from floorproof.plugins.fifo import Fifo

X, Y = Symbol("X"), Symbol("Y")
STATES = [
    TradingState(name="CALL", match=False, indicative=True),
    TradingState(name="OPEN", uncross=True),
    TradingState(name="CLOSE", match=False, uncross=True, ends_day=True),
]
UPDATES = SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES
DISABLE = SubscriptionRequestType.DISABLE_PREVIOUS
WORDING = Wording({})


def exchange_with(*lines: str) -> Exchange:
    exchange = Exchange(
        [
            Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1))
            for symbol in (X, Y)
        ],
        dict.fromkeys((X, Y), Fifo()),
        states=STATES,
    )
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def ask(
    exchange: Exchange,
    wanted: SubscriptionRequestType = UPDATES,
    name: str = "m1",
    *,
    session: str = "C",
    symbol: str = "X",
    depth: int = 0,
) -> Outcome:
    return exchange.receive(
        MarketDataRequest(
            sender_comp_id=CompID(session),
            md_req_id=name,
            symbol=Symbol(symbol),
            market_depth=depth,
            subscription_request_type=wanted,
        ),
        0,
    )


def put(exchange: Exchange, state: str) -> Outcome:
    return exchange.operate(ChangeTradingState(symbol=X, state=state), 0)


def updates(outcome: Outcome) -> list[str]:
    """Return what subscribers hear, a line each: to whom, and what."""
    return [
        f"{report.target_comp_id} {WORDING.key_fields(report)}"
        for report in outcome.reports
        if isinstance(report, MarketDataIncrementalRefresh | SecurityStatus)
    ]


def hear(exchange: Exchange, line: str) -> list[str]:
    return updates(exchange.receive(request(line), 0))


# --- what is told ---------------------------------------------------------------------

BOOK = ("A a1 SELL 5 @ 51", "A a2 SELL 9 @ 52 show=2", "A a3 BUY 4 @ 49", "A a4 BUY 3 STOP 60")

# fmt: off
CHANGES = {
    "a level opens":        ("B b1 BUY 2 @ 50", ["bid 2 @ 50"]),
    "a level grows":        ("B b1 BUY 2 @ 49", ["bid 6 @ 49"]),
    "a level goes":         ("A x CANCEL BUY a3", ["bid 49 gone"]),
    "a level shrinks":      ("A x CHANGE SELL a1 3 @ 51", ["offer 3 @ 51"]),
    "an order moves":       ("A x CHANGE SELL a1 5 @ 53", ["offer 51 gone", "offer 5 @ 53"]),
    "an order is renamed":  ("A x CHANGE SELL a1 5 @ 51", []),
    "an iceberg's rest":    ("A x CHANGE SELL a2 8 @ 52 show=2", []),
    "a stop waits":         ("B b1 SELL 2 STOP 40", []),
    "a stop is canceled":   ("A x CANCEL BUY a4", []),
    "an order is refused":  ("B b1 BUY 2 MARKET @ 50", []),
    "nobody to trade with": ("B b1 BUY 2 @ 50 IOC", []),
    "a mass action":        ("A m MASS", ["bid 49 gone", "offer 51 gone", "offer 52 gone"]),
    "a trade": ("B b1 BUY 2 @ 51", [
        "trade 2 @ 51", "offer 3 @ 51", "open 51", "high 51", "low 51", "volume 2"]),
    "an iceberg comes back": ("B b1 BUY 7 @ 52", [
        "trade 5 @ 51", "trade 2 @ 52", "offer 51 gone", "open 51", "high 52", "low 51",
        "volume 7"]),
}
# fmt: on


@pytest.mark.rule("MKD-1", "MKD-2")
@pytest.mark.parametrize(("line", "entries"), CHANGES.values(), ids=CHANGES.keys())
def test_a_subscriber_hears_what_a_request_has_changed(line: str, entries: list[str]) -> None:
    exchange = exchange_with(*BOOK)
    ask(exchange)

    heard = hear(exchange, line)

    assert heard == ([f"C m1 X, {', '.join(entries)}"] if entries else [])


@pytest.mark.rule("MKD-2")
def test_a_snapshot_shows_the_whole_book_the_day_and_the_state() -> None:
    exchange = exchange_with(*BOOK, "B b1 BUY 7 @ 52")

    (snapshot,) = ask(exchange).reports

    assert snapshot == MarketDataSnapshot(
        target_comp_id=CompID("C"),
        md_req_id="m1",
        symbol=X,
        bids=((49, 4),),
        offers=((52, 2),),
        last_px=52,
        statistics=Statistics(
            open_px=51, high_px=52, low_px=51, last_px=52, last_qty=2, volume=7, trades=2
        ),
        trading_state="CONTINUOUS",
    )


@pytest.mark.rule("MKD-1")
def test_a_subscriber_to_some_levels_hears_of_those_that_come_into_sight() -> None:
    exchange = exchange_with("A a1 SELL 1 @ 51", "A a2 SELL 2 @ 52", "A a3 SELL 3 @ 53")
    ask(exchange, depth=2)

    heard = [
        hear(exchange, line)
        for line in ("B b1 SELL 1 @ 54", "A x CANCEL SELL a1", "B b2 SELL 7 @ 50")
    ]

    assert heard == [
        [],
        ["C m1 X, offer 51 gone, offer 3 @ 53"],
        ["C m1 X, offer 53 gone, offer 7 @ 50"],
    ]


def test_each_subscription_hears_under_its_own_name() -> None:
    exchange = exchange_with()
    ask(exchange, name="all")
    ask(exchange, name="touch", depth=1)
    ask(exchange, name="all", session="D")
    ask(exchange, name="other", symbol="Y")

    assert hear(exchange, "A a1 BUY 2 @ 50") == [
        "C all X, bid 2 @ 50",
        "D all X, bid 2 @ 50",
        "C touch X, bid 2 @ 50",
    ]
    assert hear(exchange, "A a2 BUY 2 @ 49 symbol=Y") == ["C other Y, bid 2 @ 49"]


def test_an_update_comes_after_the_reports() -> None:
    exchange = exchange_with("A a1 SELL 1 @ 51")
    ask(exchange)

    reports = exchange.receive(request("B b1 BUY 1 @ 51"), 0).reports

    assert [type(report).__name__ for report in reports] == [
        *["ExecutionReport"] * 3,
        "MarketDataIncrementalRefresh",
    ]


@pytest.mark.rule("MKD-1", "MKD-4")
def test_a_subscriber_hears_of_states_and_of_what_they_bring() -> None:
    exchange = exchange_with()
    ask(exchange)
    ask(exchange, name="touch", depth=1)

    told = [updates(put(exchange, "CALL"))]
    told.append(hear(exchange, "A a1 SELL 5 @ 50"))
    told.append(hear(exchange, "B b1 BUY 3 @ 52"))
    told.append(updates(put(exchange, "OPEN")))
    told.append(updates(put(exchange, "CLOSE")))
    told.append(updates(put(exchange, "CALL")))

    figures = "open 50, high 50, low 50, volume 3"
    assert told == [
        ["C X CALL"],
        [*both("offer 5 @ 50")],
        [*both("bid 3 @ 52")],
        ["C X OPEN", *both(f"trade 3 @ 50, bid 52 gone, offer 2 @ 50, {figures}")],
        ["C X CLOSE", *both("offer 50 gone, close 50")],
        ["C X CALL", *both("open none, high none, low none, volume none")],
    ]


def both(entries: str) -> Iterator[str]:
    for name in ("m1", "touch"):
        yield f"C {name} X, {entries}"


def test_a_bust_and_the_venues_cancels_are_told() -> None:
    exchange = exchange_with("A a1 SELL 5 @ 51", "B b1 BUY 2 @ 51", "B b2 BUY 1 @ 51")
    ask(exchange)

    busted = updates(exchange.operate(BustTrade(trd_match_id=1), 0))
    canceled = updates(exchange.operate(CancelOrders(session=CompID("A")), 0))

    assert busted == ["C m1 X, volume 1"]
    assert canceled == ["C m1 X, offer 51 gone"]


def test_of_several_instruments_those_that_were_subscribed_to_first_are_told_of_first() -> None:
    exchange = exchange_with("A x1 BUY 5 @ 50", "A y1 BUY 5 @ 50 symbol=Y")
    ask(exchange, name="y", symbol="Y")
    ask(exchange, name="x")

    outcome = exchange.receive(request("A m MASS"), 0)

    told = [one for one in outcome.reports if isinstance(one, MarketDataIncrementalRefresh)]
    assert [(one.md_req_id, one.symbol) for one in told] == [("y", "Y"), ("x", "X")]


def test_a_bust_of_orders_that_are_gone_is_told_too() -> None:
    exchange = exchange_with("A a1 SELL 2 @ 51", "B b1 BUY 2 @ 51")
    ask(exchange)

    assert updates(exchange.operate(BustTrade(trd_match_id=1), 0)) == ["C m1 X, volume none"]


def test_nothing_is_kept_where_nobody_has_subscribed() -> None:
    exchange = exchange_with(*BOOK)
    ask(exchange, SubscriptionRequestType.SNAPSHOT)
    assert exchange.book(X).tape is None

    ask(exchange)
    assert exchange.book(X).tape == []
    assert exchange.book(Y).tape is None

    ask(exchange, DISABLE)
    assert exchange.book(X).tape is None
    assert hear(exchange, "B b1 BUY 2 @ 50") == []


# --- bad requests ---------------------------------------------------------------------

DUPLICATE = MDReqRejReason.DUPLICATE_MD_REQ_ID
# fmt: off
REFUSALS: dict[str, tuple[dict[str, Any], str, MDReqRejReason | None]] = {
    "unknown symbol": (
        {"symbol": "Z", "name": "m2"},
        "symbol 'Z': expected one of X, Y [REJ-6]", MDReqRejReason.UNKNOWN_SYMBOL),
    "name of a subscription": (
        {}, "md_req_id 'm1': expected one that is no subscription's [MKD-3]", DUPLICATE),
    "snapshot under that name": (
        {"wanted": SubscriptionRequestType.SNAPSHOT},
        "md_req_id 'm1': expected one that is no subscription's [MKD-3]", DUPLICATE),
    "that name in another book": (
        {"symbol": "Y"}, "md_req_id 'm1': expected one that is no subscription's [MKD-3]",
        DUPLICATE),
    "end of nothing": (
        {"wanted": DISABLE, "name": "m2"}, "md_req_id 'm2': expected a subscription's [MKD-3]",
        None),
    "end of another session's": (
        {"wanted": DISABLE, "session": "D"}, "md_req_id 'm1': expected a subscription's [MKD-3]",
        None),
    "end in another book": (
        {"wanted": DISABLE, "symbol": "Y"},
        "symbol 'Y': expected 'X', the subscription's [MKD-3]", None),
}
# fmt: on


@pytest.mark.rule("MKD-3")
@pytest.mark.parametrize(("asked", "text", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_bad_request_is_refused_and_changes_nothing(
    asked: dict[str, Any], text: str, reason: MDReqRejReason | None
) -> None:
    exchange = exchange_with()
    ask(exchange)

    (reject,) = ask(exchange, **asked).reports

    assert reject == MarketDataRequestReject(
        target_comp_id=CompID(asked.get("session", "C")),
        md_req_id=asked.get("name", "m1"),
        text=text,
        md_req_rej_reason=reason,
    )
    assert hear(exchange, "A a1 BUY 2 @ 50") == ["C m1 X, bid 2 @ 50"]


@pytest.mark.rule("MKD-3")
def test_the_name_of_a_subscription_that_has_ended_is_free() -> None:
    exchange = exchange_with()
    ask(exchange)

    assert ask(exchange, DISABLE).reports == []
    (snapshot,) = ask(exchange).reports

    assert isinstance(snapshot, MarketDataSnapshot)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"market_depth": -1}, "market_depth"), ({"subscription_request_type": "1"}, "SubscriptionR")],
)
def test_a_request_that_is_none_is_not_made(fields: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        MarketDataRequest(sender_comp_id=CompID("C"), md_req_id="m", symbol=X, **fields)


# --- rebuilt --------------------------------------------------------------------------


@attrs.define
class Subscriber:
    """Believes nothing but what it is told."""

    depth: int
    bids: dict[Price, Qty] = attrs.field(factory=dict)
    offers: dict[Price, Qty] = attrs.field(factory=dict)
    figures: dict[MDEntryType, int | None] = attrs.field(factory=dict)
    trades: list[tuple[Price | None, Qty | None]] = attrs.field(factory=list)

    def show(self, snapshot: MarketDataSnapshot) -> None:
        self.bids, self.offers = dict(snapshot.bids), dict(snapshot.offers)

    def refresh(self, entries: tuple[MarketDataEntry, ...]) -> None:
        assert entries, "a refresh says something"
        for entry in entries:
            match entry.md_entry_type:
                case MDEntryType.BID | MDEntryType.OFFER:
                    self._level(entry)
                case MDEntryType.TRADE:
                    assert entry.md_update_action is MDUpdateAction.NEW
                    self.trades.append((entry.md_entry_px, entry.md_entry_size))
                case MDEntryType.TRADE_VOLUME:
                    self._figure(entry, entry.md_entry_size)
                case _:
                    gone = entry.md_update_action is MDUpdateAction.DELETE
                    self._figure(entry, None if gone else entry.md_entry_px)

    def _level(self, entry: MarketDataEntry) -> None:
        levels = self.bids if entry.md_entry_type is MDEntryType.BID else self.offers
        price, size = entry.md_entry_px, entry.md_entry_size
        assert price is not None
        if entry.md_update_action is MDUpdateAction.DELETE:
            del levels[price]
            return
        assert size is not None
        assert size > 0
        assert (price in levels) is (entry.md_update_action is MDUpdateAction.CHANGE)
        assert levels.get(price) != size, "nothing has changed"
        levels[price] = size

    def _figure(self, entry: MarketDataEntry, figure: int | None) -> None:
        known = self.figures.get(entry.md_entry_type)
        assert known != figure, "nothing has changed"
        assert (known is None) is (entry.md_update_action is MDUpdateAction.NEW)
        self.figures[entry.md_entry_type] = figure

    def sees(self) -> list[list[tuple[Price, Qty]]]:
        return [sorted(self.bids.items(), reverse=True), sorted(self.offers.items())]


def visible(exchange: Exchange, depth: int) -> list[list[tuple[Price, Qty]]]:
    """Return what the engine's orders show, order by order."""
    sides = []
    for side in (Side.BUY, Side.SELL):
        levels: dict[Price, Qty] = {}
        for resting in exchange.book(X).resting(side):
            assert resting.order.price is not None
            levels.setdefault(resting.order.price, 0)
            levels[resting.order.price] += resting.shown_qty
        sides.append([*levels.items()][: depth or None])
    return sides


def figures_of(day: Statistics) -> dict[MDEntryType, int | None]:
    return {
        MDEntryType.OPENING_PRICE: day.open_px,
        MDEntryType.TRADING_SESSION_HIGH_PRICE: day.high_px,
        MDEntryType.TRADING_SESSION_LOW_PRICE: day.low_px,
        MDEntryType.CLOSING_PRICE: day.close_px,
        MDEntryType.TRADE_VOLUME: day.volume or None,
    }


def follow(deeds: Iterator[Any], exchange: Exchange, start: int) -> None:
    """Have subscribers join at deed *start*, and compare after each what they see."""
    subscribers = {"all": Subscriber(0), "touch": Subscriber(1), "three": Subscriber(3)}
    state = ""
    for number, deed in enumerate(deeds):
        if number == start:
            for name, subscriber in subscribers.items():
                (snapshot,) = ask(exchange, name=name, depth=subscriber.depth).reports
                assert isinstance(snapshot, MarketDataSnapshot)
                subscriber.show(snapshot)
                subscriber.figures = figures_of(snapshot.statistics)
                state = snapshot.trading_state
        if isinstance(deed, Entered):
            outcome = exchange.operate(deed.operation, number)
        else:
            outcome = exchange.receive(deed, number)
        trades = []
        for report in outcome.reports:
            if isinstance(report, ExecutionReport) and report.symbol == X:
                if report.exec_type is ExecType.TRADE and report.side is Side.BUY:
                    trades.append((report.last_px, report.last_qty))
            elif isinstance(report, SecurityStatus):
                assert report.symbol == X
                state = report.trading_state
            elif isinstance(report, MarketDataIncrementalRefresh):
                subscribers[report.md_req_id].refresh(report.entries)
        if number >= start:
            for subscriber in subscribers.values():
                assert subscriber.sees() == visible(exchange, subscriber.depth)
                assert subscriber.trades == trades
                subscriber.trades.clear()
                known = {**dict.fromkeys(figures_of(Statistics())), **subscriber.figures}
                assert known == figures_of(exchange.view(X).statistics)
            assert state == exchange.view(X).state.name


@pytest.mark.rule("MKD-1", "MKD-2", "MKD-4")
@given(streams.wishes(), st.sampled_from([None, 0, 3]), st.integers(0, 20))
def test_a_book_that_is_rebuilt_is_the_one_that_the_engine_shows(
    wished: list[Any], protection_points: int | None, start: int
) -> None:
    instruments = streams.instruments(protection_points)
    symbols = [instrument.symbol for instrument in instruments]
    exchange = Exchange(
        instruments,
        dict.fromkeys(symbols, Fifo()),
        boards=streams.BOARDS,
        states=[*streams.STARTS, *streams.ENDS],
        start=datetime.combine(streams.TODAY, time(8), tzinfo=UTC),
    )
    plain = PlainVenue(
        instruments,
        dict.fromkeys(symbols, algorithms.f()),
        boards=streams.BOARDS,
        today=streams.TODAY,
        chain="NSX",
    )

    follow(streams.deeds(wished, plain), exchange, start)


def test_entries_make_a_subscribers_own_book_follow() -> None:
    bids, offers = {49: 4}, {51: 5, 52: 2}
    exchange = exchange_with(*BOOK)
    ask(exchange)

    for line in ("B b1 BUY 7 @ 52", "B b2 BUY 1 @ 49", "A x CANCEL BUY a3"):
        for report in exchange.receive(request(line), 0).reports:
            if isinstance(report, MarketDataIncrementalRefresh):
                apply_entries(bids, offers, report.entries)

    assert (bids, offers) == ({49: 1}, {52: 2})
