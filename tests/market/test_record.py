"""The record of a venue: everything that happens, once, in the order in which it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from oracle import streams
from oracle.beside import Setting
from oracle.shorthand import request
from oracle.streams import Entered

from floorproof.market.book import OrderBook
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side, SubscriptionRequestType
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import MarketDataIncrementalRefresh, MarketDataRequest
from floorproof.market.operations import (
    AuctionResult,
    BustTrade,
    ChangeTradingState,
    IndicativePrice,
    OperationRefused,
    SecurityStatus,
)
from floorproof.market.record import Received, TradeBusted, book_events, symbol_of
from floorproof.market.rules import Bound, MarketView, Publish, SettleEffect, VenueRules
from floorproof.market.sessions import TradingState
from floorproof.plugins.fifo import Fifo

X, Y = Symbol("X"), Symbol("Y")
STATES = [
    TradingState(name="CALL", match=False, indicative=True),
    TradingState(name="OPEN", uncross=True),
]


def venue(*lines: str, rules: VenueRules | None = None, recorded: bool = True) -> Exchange:
    listed = [
        Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1)) for symbol in (X, Y)
    ]
    exchange = Exchange(
        listed,
        dict.fromkeys((X, Y), Fifo()),
        {} if rules is None else {X: rules},
        states=STATES,
        recorded=recorded,
    )
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def enter(exchange: Exchange, state: str) -> Outcome:
    return exchange.operate(ChangeTradingState(symbol=X, state=state), 0)


def told(outcome: Outcome) -> list[str]:
    return [_said(happening) for happening in outcome.happened]


def _said(happening: Any) -> str:
    match happening:
        case Received(session):
            return f"of {session}"
        case SecurityStatus(trading_state=state):
            return state
        case IndicativePrice() | AuctionResult():
            return f"{type(happening).__name__} {happening.quantity} @ {happening.price}"
        case Publish(message):
            return f"Publish {message}"
        case TradeBusted(number):
            return f"TradeBusted {number}"
        case _:
            return type(happening).__name__


def test_a_request_is_named_before_what_comes_of_it() -> None:
    exchange = venue("A a1 SELL 5 @ 51")

    assert told(exchange.receive(request("B b1 BUY 7 @ 51"), 0)) == ["of B", "Traded", "Rested"]
    assert told(exchange.receive(request("B b2 BUY 7 MARKET @ 51"), 0)) == []  # refused


def test_a_call_and_its_auction_are_on_record_among_the_events_of_the_book() -> None:
    exchange = venue()

    happened = [told(enter(exchange, "CALL"))]
    for line in ("A a1 SELL 5 @ 50", "B b1 BUY 3 @ 52", "B b1c CANCEL BUY b1", "B b2 BUY 5 @ 51"):
        happened.append(told(exchange.receive(request(line), 0)))
    happened.append(told(enter(exchange, "OPEN")))
    happened.append(told(exchange.operate(BustTrade(trd_match_id=1), 0)))

    assert happened == [
        ["CALL"],
        ["of A", "Rested"],
        ["of B", "Rested", "IndicativePrice 3 @ 50"],
        ["of B", "Canceled", "IndicativePrice 0 @ None"],
        ["of B", "Rested", "IndicativePrice 5 @ 51"],
        ["OPEN", "AuctionTraded", "AuctionResult 5 @ 51"],
        ["TradeBusted 1"],
    ]


def test_what_a_rule_set_publishes_stands_where_it_comes_about() -> None:
    def settled(_events: Sequence[object], _market: MarketView) -> Sequence[SettleEffect]:
        return [Publish("settled")]

    def changed(
        _old: TradingState, new: TradingState, _market: MarketView
    ) -> Sequence[SettleEffect]:
        return [Publish(f"entered {new}")]

    rules = VenueRules(
        after_request=(Bound("r", settled),), trading_session_changed=(Bound("r", changed),)
    )
    exchange = venue("A a1 BUY 2 STOP 50", rules=rules)
    enter(exchange, "CALL")
    for line in ("A a2 SELL 5 @ 50", "B b1 BUY 3 @ 50"):
        exchange.receive(request(line), 0)

    assert told(enter(exchange, "OPEN")) == [
        "OPEN",
        "AuctionTraded",
        "AuctionResult 3 @ 50",
        "Publish entered OPEN",
        "Triggered",
        "Traded",
        "Publish settled",
    ]


def test_a_subscription_neither_takes_from_the_record_nor_ends_it() -> None:
    exchange = venue()

    def subscribe(wanted: SubscriptionRequestType) -> None:
        exchange.receive(
            MarketDataRequest(
                sender_comp_id=CompID("C"),
                md_req_id="m",
                symbol=X,
                subscription_request_type=wanted,
            ),
            0,
        )

    subscribe(SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES)
    with_both = exchange.receive(request("A a1 SELL 5 @ 51"), 0)
    in_another_book = exchange.receive(request("A a2 SELL 5 @ 51 symbol=Y"), 0)
    subscribe(SubscriptionRequestType.DISABLE_PREVIOUS)
    alone = exchange.receive(request("A a3 SELL 5 @ 51"), 0)

    heard = [isinstance(each.reports[-1], MarketDataIncrementalRefresh)
             for each in (with_both, in_another_book, alone)]  # fmt: skip
    assert heard == [True, False, False]
    for outcome in (with_both, in_another_book, alone):
        assert told(outcome) == ["of A", "Rested"]


def test_without_a_record_nothing_is_kept() -> None:
    exchange = venue("A a1 SELL 5 @ 51", recorded=False)

    outcome = exchange.receive(request("B b1 BUY 7 @ 51"), 0)

    assert outcome.happened == ()
    assert exchange.book(X).tape is None
    assert told(enter(exchange, "CALL")) == []


def lines_of(book: OrderBook) -> list[tuple[object, ...]]:
    return [
        (each.order_id, each.order, each.leaves_qty, each.shown_qty, each.level.price)
        for side in Side
        for half in (book.half(side), book.stops(side))
        for level in half
        for each in level
    ]


def do(exchange: Exchange, deeds: Iterable[Any]) -> Iterable[Outcome]:
    for number, deed in enumerate(deeds):
        if isinstance(deed, Entered):
            yield exchange.operate(deed.operation, number)
        else:
            yield exchange.receive(deed, number)


@given(streams.wishes())
def test_the_record_rebuilds_the_books_and_holds_what_is_public(wished: list[Any]) -> None:
    setting = Setting(recorded=True)
    exchange, plain = setting.fast(), setting.plain()
    rebuilt = {X: OrderBook(), Y: OrderBook()}

    for outcome in do(exchange, streams.deeds(wished, plain)):
        for event in book_events(outcome.happened):
            rebuilt[symbol_of(event)].apply([event])
        public = [news for news in outcome.published if not isinstance(news, OperationRefused)]
        kinds = (SecurityStatus, IndicativePrice, AuctionResult, Publish)
        assert [one for one in outcome.happened if isinstance(one, kinds)] == public
        for symbol, book in rebuilt.items():
            assert lines_of(book) == lines_of(exchange.book(symbol))
