"""The feed: what is told of what happens, in which order, and that a book follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import streams
from oracle.beside import Setting
from oracle.shorthand import request
from oracle.streams import Entered

from floorproof.market.book import AuctionFill, AuctionTraded, Canceled, Rested, Traded
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import ExecType, Side, TimeInForce
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickBand, TickTable
from floorproof.market.messages import ExecutionReport, NewOrderSingle
from floorproof.market.operations import (
    AuctionResult,
    BustTrade,
    CancelOrders,
    ChangeTradingState,
    IndicativePrice,
    SecurityStatus,
)
from floorproof.market.record import Received
from floorproof.market.rules import Publish
from floorproof.market.sessions import TradingState as MarketState
from floorproof.plugins.fifo import Fifo
from floorproof.wire.itch import (
    UNAVAILABLE_PX,
    ActionReason,
    ActionState,
    AddOrder,
    AttributeType,
    BrokenTrade,
    EventStatus,
    FirmDirectory,
    IndicativePriceQuantity,
    Message,
    OrderbookAttribute,
    OrderbookDirectory,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    PriceTickSize,
    QuantityTickSize,
    SystemEvent,
    Timestamp,
    Trade,
    decode,
    encode,
)
from floorproof.wire.itch_book import ImpossibleFeed, ItchReader
from floorproof.wire.itch_feed import ItchFeed, ListedBook
from floorproof.wire.public import PublicAction, PublicAttribute, PublicEvent

X, Y = Symbol("X"), Symbol("Y")
SECOND = 1_000_000_000
START = 1_767_573_000 * SECOND
FIRMS = {CompID("A"): 12, CompID("B"): 13}
STATES = [
    MarketState(name="PREOPEN", match=False, indicative=True),
    MarketState(name="CB_AUCT", match=False, indicative=True),
    MarketState(name="OPEN", uncross=True),
    MarketState(name="CLOSE", match=False, uncross=True, ends_day=True),
]


def instruments() -> list[Instrument]:
    ticks = TickTable.uniform(1)
    return [Instrument(symbol=symbol, price_decimals=0, ticks=ticks) for symbol in (X, Y)]


def feed_of(listed: Iterable[Instrument]) -> ItchFeed:
    books = [ListedBook(instrument=one, orderbook=7 + at) for at, one in enumerate(listed)]
    return ItchFeed(books, START, FIRMS)


def tell(messages: Iterable[Message]) -> list[str]:
    """Return messages as text, without their times and without bases."""
    return [_text(message) for message in messages if not isinstance(message, Timestamp)]


def _text(message: Message) -> str:
    match message:
        case AddOrder(_, number, verb, quantity, book, price, firm):
            return f"A #{number} {verb} {quantity}@{price} book={book} firm={firm}"
        case OrderExecuted(_, number, quantity, match, _, firm):
            return f"E #{number} {quantity} m{match} firm={firm}"
        case OrderExecutedWithPrice(_, number, quantity, match, counts, price):
            return f"C #{number} {quantity}@{price} m{match}{'' if counts else ' not counted'}"
        case OrderDelete(_, number):
            return f"D #{number}"
        case OrderReplace(_, old, new, quantity, price):
            return f"U #{old} #{new} {quantity}@{price}"
        case IndicativePriceQuantity():
            price = message.theoretical_opening_price
            top = "none" if price == UNAVAILABLE_PX else price
            bid = "none" if message.best_bid == UNAVAILABLE_PX else message.best_bid
            offer = "none" if message.best_offer == UNAVAILABLE_PX else message.best_offer
            return (
                f"I {message.theoretical_opening_quantity}@{top}"
                f" bid {message.best_bid_size}@{bid}"
                f" offer {message.best_offer_size}@{offer} {message.cross_type}"
            )
        case Trade(_, quantity, book, counts, price, match, _, buy, sell):
            return (
                f"P {quantity}@{price} m{match} buy={buy} sell={sell} book={book}"
                f"{'' if counts else ' not counted'}"
            )
        case BrokenTrade(_, match):
            return f"B m{match}"
        case SystemEvent(_, group, _, book, code, status, at):
            return f"S {code} {status} {at - START} {group or book}"
        case OrderbookTradingAction(_, book, state, reason):
            return f"H {state}{reason} {book}"
        case OrderbookAttribute(_, book, value, kind):
            return f"X {kind}={value} {book}"
        case FirmDirectory(_, number, code):
            return f"F {number} {code}"
        case PriceTickSize(_, table, step, start) | QuantityTickSize(_, table, step, start):
            return f"{'L' if isinstance(message, PriceTickSize) else 'M'} {table} {step} {start}"
        case OrderbookDirectory():
            return f"R {message.orderbook} {message.security_code}"
        case _:
            raise AssertionError(message)


# --- an exchange that is listened to --------------------------------------------------


@attrs.define
class Listened:
    """An exchange, and the feed of what happens there."""

    exchange: Exchange
    feed: ItchFeed
    now_ns: int = 0

    def ask(self, asked: Any) -> tuple[Outcome, list[Message]]:
        return self._follow(self.exchange.receive(asked, self.now_ns))

    def hear(self, line: str) -> list[str]:
        return tell(self.ask(request(line))[1])

    def operate(self, operation: Any) -> tuple[Outcome, list[Message]]:
        return self._follow(self.exchange.operate(operation, self.now_ns))

    def enter(self, state: str) -> list[str]:
        return tell(self.operate(ChangeTradingState(symbol=X, state=state))[1])

    def _follow(self, outcome: Outcome) -> tuple[Outcome, list[Message]]:
        return outcome, self.feed.follow(outcome.happened, self.now_ns)


def market_of(*lines: str) -> Listened:
    algorithms = dict.fromkeys((X, Y), Fifo())
    exchange = Exchange(instruments(), algorithms, states=STATES, recorded=True)
    market = Listened(exchange, feed_of(instruments()))
    for line in lines:
        market.hear(line)
    return market


# --- what is told ---------------------------------------------------------------------

# Orders #1 to #4 on the feed; the stop is nobody's business.
BOOK = (
    "A a1 SELL 5 @ 51",
    "A a2 SELL 9 @ 52 show=2",
    "A a0 BUY 3 STOP 60",
    "A a3 BUY 4 @ 49",
    "B b0 SELL 1 @ 52",
)

# fmt: off
CHANGES: dict[str, tuple[list[str], list[str]]] = {
    "rests": (["B b1 BUY 2 @ 50"], ["A #5 B 2@50 book=7 firm=13"]),
    "in another book": (["B b1 BUY 2 @ 50 symbol=Y"], ["A #5 B 2@50 book=8 firm=13"]),
    "of no known firm": (["C c1 BUY 2 @ 50"], ["A #5 B 2@50 book=7 firm=0"]),
    "an iceberg rests": (["B b1 BUY 9 @ 50 show=3"], ["A #5 B 3@50 book=7 firm=13"]),
    "is refused": (["B b1 BUY 2 MARKET @ 50"], []),
    "a stop waits": (["B b1 SELL 2 STOP 40"], []),
    "a stop is canceled": (["A x CANCEL BUY a0"], []),
    "a stop is changed": (["A x CHANGE BUY a0 2 STOP 60"], []),
    "nobody to trade with": (["B b1 BUY 2 @ 50 IOC"], []),
    "is canceled": (["A x CANCEL BUY a3"], ["D #3"]),
    "a mass action": (["A m MASS"], ["D #1", "D #2", "D #3"]),
    "is filled in part": (["B b1 BUY 2 @ 51"], ["E #1 2 m1 firm=13"]),
    "is filled": (["B b1 BUY 5 @ 51"], ["E #1 5 m1 firm=13"]),
    "a rest of an aggressor": (
        ["B b1 BUY 7 @ 51"], ["E #1 5 m1 firm=13", "A #5 B 2@51 book=7 firm=13"]),
    "a rest that expires": (["B b1 BUY 7 @ 51 IOC"], ["E #1 5 m1 firm=13"]),
    "a rest that is canceled": (["B b1 SELL 7 MARKET"], ["E #3 4 m1 firm=13"]),
    "smaller": (["A x CHANGE SELL a1 3 @ 51"], ["U #1 #1 3@51"]),
    "larger": (["A x CHANGE SELL a1 6 @ 51"], ["U #1 #5 6@51"]),
    "moved": (["A x CHANGE SELL a1 5 @ 53"], ["U #1 #5 5@53"]),
    "renamed": (["A x CHANGE SELL a1 5 @ 51"], []),
    "an iceberg's hidden part is smaller": (["A x CHANGE SELL a2 8 @ 52 show=2"], []),
    "an iceberg shows less": (["A x CHANGE SELL a2 9 @ 52 show=1"], ["U #2 #2 1@52"]),
    "an iceberg shows more": (["A x CHANGE SELL a2 9 @ 52 show=3"], ["U #2 #5 3@52"]),
    "moved to trade in part": (
        ["B y CHANGE SELL b0 9 @ 49"], ["E #3 4 m1 firm=13", "U #4 #5 5@49"]),
    "moved to trade in full": (
        ["A x CHANGE BUY a3 4 @ 52"], ["D #3", "E #1 4 m1 firm=12"]),
    "moved to trade and rest": (
        ["A x CHANGE BUY a3 7 @ 51"], ["E #1 5 m1 firm=12", "U #3 #5 2@51"]),
    "becomes a stop": (["A x CHANGE SELL a1 5 STOP 40"], ["D #1"]),
    "an iceberg comes back": (
        ["B b1 BUY 7 @ 52"],
        ["E #1 5 m1 firm=13", "E #2 2 m2 firm=13", "A #5 S 2@52 book=7 firm=12"]),
    "an iceberg comes back twice": (
        ["B b1 BUY 12 @ 52"],
        ["E #1 5 m1 firm=13", "E #2 2 m2 firm=13", "E #4 1 m3 firm=13",
         "P 2@52 m4 buy=13 sell=12 book=7", "P 2@52 m5 buy=13 sell=12 book=7",
         "A #5 S 2@52 book=7 firm=12"]),
    "an iceberg comes back and is hit again": (
        ["B b1 BUY 9 @ 52"],
        ["E #1 5 m1 firm=13", "E #2 2 m2 firm=13", "E #4 1 m3 firm=13",
         "P 1@52 m4 buy=13 sell=12 book=7", "A #5 S 1@52 book=7 firm=12"]),
    "an iceberg is used up": (
        ["B b1 BUY 20 @ 52"],
        ["E #1 5 m1 firm=13", "E #2 2 m2 firm=13", "E #4 1 m3 firm=13",
         "P 2@52 m4 buy=13 sell=12 book=7", "P 2@52 m5 buy=13 sell=12 book=7",
         "P 2@52 m6 buy=13 sell=12 book=7", "P 1@52 m7 buy=13 sell=12 book=7",
         "A #5 B 5@52 book=7 firm=13"]),
    "a stop is elected": (
        ["B b1 SELL 1 @ 60", "B b2 SELL 1 @ 61", "B b3 BUY 16 @ 60"],
        ["A #5 S 1@60 book=7 firm=13", "A #6 S 1@61 book=7 firm=13",
         "E #1 5 m1 firm=13", "E #2 2 m2 firm=13", "E #4 1 m3 firm=13",
         "P 2@52 m4 buy=13 sell=12 book=7", "P 2@52 m5 buy=13 sell=12 book=7",
         "P 2@52 m6 buy=13 sell=12 book=7", "P 1@52 m7 buy=13 sell=12 book=7",
         "E #5 1 m8 firm=13", "E #6 1 m9 firm=12"]),
}
# fmt: on


@pytest.mark.rule("ITCH-1", "ITCH-2", "ITCH-4", "ITCH-5")
@pytest.mark.parametrize(("lines", "messages"), CHANGES.values(), ids=CHANGES.keys())
def test_a_feed_tells_what_a_request_changes(lines: list[str], messages: list[str]) -> None:
    market = market_of(*BOOK)

    told = [message for line in lines for message in market.hear(line)]

    assert told == messages


# --- auctions and states --------------------------------------------------------------


@pytest.mark.rule("ITCH-3", "ITCH-6")
def test_a_call_tells_what_would_trade_and_then_what_does() -> None:
    market = market_of()

    told = [market.enter("PREOPEN")]
    told += [market.hear(line) for line in (
        "A a1 SELL 5 @ 50",
        "B b1 BUY 3 @ 52",
        "B b2 BUY 1 @ 48",  # changes nothing of it
        "B b3 BUY 2 @ 53",
        "A a2 SELL 4 @ 50",
        "B x CANCEL BUY b1",
        "B y CANCEL BUY b3",
        "B z CANCEL BUY b2",
    )]  # fmt: skip

    assert told == [
        [],
        ["A #1 S 5@50 book=7 firm=12"],
        ["A #2 B 3@52 book=7 firm=13", "I 3@50 bid 3@52 offer 5@50 O"],
        ["A #3 B 1@48 book=7 firm=13"],
        ["A #4 B 2@53 book=7 firm=13", "I 5@52 bid 2@53 offer 5@50 O"],
        ["A #5 S 4@50 book=7 firm=12", "I 5@50 bid 2@53 offer 9@50 O"],
        ["D #2", "I 2@50 bid 2@53 offer 9@50 O"],
        ["D #4", "I 0@none bid 1@48 offer 9@50 O"],
        ["D #3"],
    ]


@pytest.mark.rule("ITCH-3")
def test_of_an_auctions_trades_both_sides_are_told_and_one_counts() -> None:
    market = market_of()
    market.enter("PREOPEN")
    for line in ("A a1 SELL 5 @ 50", "B b1 BUY 3 @ 52", "B b2 BUY 4 @ 51"):
        market.hear(line)

    assert market.enter("OPEN") == [
        "C #2 3@51 m1",
        "C #1 3@51 m1 not counted",
        "C #3 2@51 m2",
        "C #1 2@51 m2 not counted",
    ]
    assert market.feed.reader.book(7).volume == 5


@pytest.mark.rule("ITCH-4")
def test_an_iceberg_in_an_auction_keeps_its_place_and_its_number() -> None:
    market = market_of()
    market.enter("PREOPEN")
    for line in ("A a1 SELL 9 @ 50 show=2", "A a2 SELL 9 @ 50", "B b1 BUY 3 @ 50"):
        market.hear(line)

    told = market.enter("OPEN")

    assert told == [
        "U #1 #1 4@50",
        "C #3 3@50 m1",
        "C #1 2@50 m1 not counted",
        "P 1@50 m1 buy=13 sell=12 book=7 not counted",
    ]
    assert market.hear("B b2 BUY 1 @ 50") == ["E #1 1 m2 firm=13"]


def test_an_iceberg_that_an_auction_uses_up_leaves() -> None:
    market = market_of()
    market.enter("PREOPEN")
    for line in ("A a1 SELL 9 @ 50", "B b1 BUY 9 @ 50 show=2"):
        market.hear(line)

    assert market.enter("OPEN") == [
        "C #2 2@50 m1",
        "C #1 9@50 m1 not counted",
        "P 7@50 m1 buy=13 sell=12 book=7",
    ]
    assert not market.feed.reader.orders
    assert market.feed.reader.book(7).volume == 9


def test_a_stop_that_joins_an_auction_is_added_before_it() -> None:
    market = market_of("A a1 BUY 2 STOP 51 @ 55")
    market.enter("PREOPEN")
    for line in ("A a2 SELL 5 @ 51", "B b1 BUY 1 @ 52"):
        market.hear(line)

    assert market.enter("OPEN") == [
        "A #3 B 2@55 book=7 firm=12",
        "C #3 2@51 m1",
        "C #1 2@51 m1 not counted",
        "C #2 1@51 m2",
        "C #1 1@51 m2 not counted",
    ]


def test_what_ends_with_the_day_is_deleted() -> None:
    market = market_of("A a1 BUY 2 @ 50", "A a2 BUY 2 @ 49 GTC", "A a3 BUY 2 STOP 60")

    assert market.enter("CLOSE") == ["D #1"]


def test_a_bust_and_the_venues_cancels_are_told() -> None:
    market = market_of("A a1 SELL 5 @ 51", "B b1 BUY 2 @ 51", "B b2 BUY 1 @ 50")

    busted = tell(market.operate(BustTrade(trd_match_id=1))[1])
    refused = tell(market.operate(BustTrade(trd_match_id=1))[1])
    canceled = tell(market.operate(CancelOrders(session=CompID("A")))[1])

    assert (busted, refused, canceled) == (["B m1"], [], ["D #1"])


def test_the_touch_is_told_in_an_auction_although_price_and_quantity_stay() -> None:
    market = market_of()
    market.enter("PREOPEN")
    for line in ("A a1 SELL 5 @ 50", "B b1 BUY 5 @ 52"):
        market.hear(line)

    assert market.hear("B b2 BUY 1 @ 49") == ["A #3 B 1@49 book=7 firm=13"]
    assert market.hear("B b3 BUY 1 @ 52")[1:] == ["I 5@52 bid 6@52 offer 5@50 O"]


# --- the extreme trade range ----------------------------------------------------------


def order(session: str, side: Side, qty: Qty, price: Price, display: Qty | None = None) -> Any:
    return NewOrderSingle(
        sender_comp_id=CompID(session),
        cl_ord_id=ClOrdID("any"),
        symbol=X,
        side=side,
        order_qty=qty,
        price=price,
        time_in_force=TimeInForce.DAY,
        display_qty=display,
    )


def system(code: str, status: str, time_ns: int) -> PublicEvent:
    return PublicEvent(
        event_code=code, event_status=EventStatus(status), scheduled_time_ns=time_ns, symbol=X
    )


def action(state: str, reason: str) -> PublicAction:
    return PublicAction(symbol=X, trading_state=ActionState(state), reason=ActionReason(reason))


def attribute(kind: str, value: int) -> PublicAttribute:
    return PublicAttribute(symbol=X, attribute_type=AttributeType(kind), attribute_value=value)


def entered(state: str) -> SecurityStatus:
    return SecurityStatus(symbol=X, trading_state=state, transact_time_ns=0)


@pytest.mark.rule("ITCH-7")
def test_an_event_of_the_extreme_trade_range_is_told_in_nsxs_order() -> None:
    """E5 of the reference: sell 100 @ 1600 and 200 @ 1610, then buy 300 @ 1650."""
    feed = feed_of(instruments())
    first, second = order("A", Side.SELL, 100, 1600), order("A", Side.SELL, 200, 1610)
    buy = order("B", Side.BUY, 300, 1650)
    t0, t1 = 250_000_000, 120_250_000_000
    feed.follow([Rested(OrderID(1), first, 1600, 100), Rested(OrderID(2), second, 1610, 200)], 0)

    start = feed.follow(
        [
            Received(CompID("B")),
            Traded(OrderID(1), first, 1600, 100, 0),
            Rested(OrderID(3), buy, 1650, 200),
            entered("CB_AUCT"),
            Publish(system("CB_AUCT", "S", t0)),
            Publish(action("V", "H")),
            Publish(system("CB_AUCT", "T", t0)),
            Publish(system("CB_AUCT_END", "S", t1)),
            IndicativePrice(symbol=X, price=1610, quantity=200, transact_time_ns=t0),
        ],
        t0,
    )
    end = feed.follow(
        [
            Publish(action("T", "N")),
            entered("OPEN"),
            AuctionTraded(
                AuctionFill(OrderID(3), buy, 0), AuctionFill(OrderID(2), second, 0), 1610, 200
            ),
            AuctionResult(symbol=X, price=1610, quantity=200, transact_time_ns=t1),
            Publish(attribute("B", 1610)),
            Publish(attribute("D", 60000)),
            Publish(attribute("d", 60000)),
            Publish(system("CB_AUCT_END", "T", t1)),
        ],
        t1,
    )

    assert tell(start) == [
        "E #1 100 m1 firm=13",
        f"S CB_AUCT S {t0} 7",
        "A #3 B 200@1650 book=7 firm=13",
        "H VH 7",
        f"S CB_AUCT T {t0} 7",
        f"S CB_AUCT_END S {t1} 7",
        "I 200@1610 bid 200@1650 offer 200@1610 I",
    ]
    assert {message.timestamp for message in start if not isinstance(message, Timestamp)} == {t0}
    assert tell(end) == [
        "H TN 7",
        "C #3 200@1610 m2",
        "C #2 200@1610 m2 not counted",
        "X B=1610 7",
        "X D=60000 7",
        "X d=60000 7",
        f"S CB_AUCT_END T {t1} 7",
    ]


@pytest.mark.rule("ITCH-7")
def test_without_an_order_that_rests_everything_is_told_as_it_happened() -> None:
    feed = feed_of(instruments())
    first = order("A", Side.SELL, 100, 1600)
    feed.follow([Rested(OrderID(1), first, 1600, 100)], 0)

    told = feed.follow(
        [
            Traded(OrderID(1), first, 1600, 60, 40),
            entered("CB_AUCT"),
            Publish(system("CB_AUCT", "S", 5)),
            Publish(action("V", "H")),
            Publish(system("CB_AUCT", "T", 5)),
        ],
        5,
    )

    assert [line.split()[0] for line in tell(told)] == ["E", "S", "H", "S"]


def test_an_attribute_without_a_value_is_told_as_unavailable() -> None:
    feed = feed_of(instruments())
    none = PublicAttribute(
        symbol=X, attribute_type=AttributeType.ETR_REFERENCE, attribute_value=None
    )

    assert tell(feed.follow([Publish(none)], 0)) == [f"X B={UNAVAILABLE_PX} 7"]


# --- times, and the start -------------------------------------------------------------


@pytest.mark.rule("ITCH-8")
def test_a_base_comes_for_each_second_in_which_anything_happens() -> None:
    market = market_of()
    told: list[tuple[int, str]] = []
    for now_ns in (0, 999_999_999, SECOND, 2 * SECOND - 1, 9 * SECOND + 5):
        market.now_ns = now_ns
        _, messages = market.ask(request(f"A a{now_ns} BUY 1 @ 50"))
        told += [
            (message.nanosecond - START, "T")
            if isinstance(message, Timestamp)
            else (getattr(message, "timestamp", -1), "A")
            for message in messages
        ]

    assert told == [
        (0, "T"),
        (0, "A"),
        (999_999_999, "A"),
        (SECOND, "T"),
        (0, "A"),
        (999_999_999, "A"),
        (9 * SECOND, "T"),
        (5, "A"),
    ]


def test_nothing_is_told_of_a_second_in_which_nothing_is_seen() -> None:
    market = market_of()
    market.now_ns = 5 * SECOND

    assert market.ask(request("A a1 BUY 1 STOP 60"))[1] == []


def test_a_feed_begins_with_what_there_is() -> None:
    banded = TickTable((TickBand(0, 1), TickBand(100, 5)))
    books = [
        ListedBook(instrument=Instrument(symbol=X, price_decimals=3, ticks=banded), orderbook=7),
        ListedBook(
            instrument=Instrument(
                symbol=Y, price_decimals=2, ticks=TickTable.uniform(5), round_lot=10
            ),
            orderbook=9,
            board="NDBT",
        ),
    ]
    feed = ItchFeed(books, START, {CompID("B"): 13, CompID("A"): 12, CompID("A2"): 12})

    told = feed.spin(
        [
            PublicEvent(
                event_code="PREOPEN",
                event_status=EventStatus.SCHEDULED,
                scheduled_time_ns=60 * SECOND,
                board="NCRP",
            ),
            attribute("B", 1000),
            attribute("D", 60000),
            action("V", " "),
        ],
        0,
    )

    assert told[0] == Timestamp(START)
    assert tell(told) == [
        "S IPXS-SOM T 0 0",
        "F 12 A",
        "F 13 B",
        "L 1 1 0",
        "L 1 5 100",
        "L 2 5 0",
        "M 1 1 0",
        "M 2 10 0",
        "R 7 X",
        "X B=1000 7",
        "X D=60000 7",
        "H V  7",
        "R 9 Y",
        "H TN 9",
        f"S PREOPEN S {60 * SECOND} NCRP",
    ]
    directories = [message for message in told if isinstance(message, OrderbookDirectory)]
    assert [
        (each.price_tick_size_table_id, each.quantity_tick_size_table_id, each.price_decimals)
        for each in directories
    ] == [(1, 1, 3), (2, 2, 2)]


# --- what cannot be told --------------------------------------------------------------


def test_what_cannot_have_happened_is_not_told() -> None:
    feed = feed_of(instruments())
    sell = order("A", Side.SELL, 5, 50)
    feed.follow([Rested(OrderID(1), sell, 50, 5)], 0)

    with pytest.raises(ImpossibleFeed, match="expected from 1 to 5 executed of order 1, found 6"):
        feed.follow([Traded(OrderID(1), sell, 50, 6, 0)], 0)


def test_an_instrument_that_is_not_listed_is_not_told() -> None:
    feed = feed_of(instruments()[:1])

    with pytest.raises(KeyError, match="'Y'"):
        feed.follow([IndicativePrice(symbol=Y, price=1, quantity=1, transact_time_ns=0)], 0)


def test_an_order_that_nobody_sees_leaves_in_silence() -> None:
    feed = feed_of(instruments())

    assert feed.follow([Canceled(OrderID(1), order("A", Side.BUY, 5, 50), 5)], 0) == []


# --- rebuilt --------------------------------------------------------------------------


def visible(exchange: Exchange, symbol: Symbol, side: Side) -> list[tuple[Price, Qty]]:
    """Return what the engine's orders show, one by one in their priority."""
    return [
        (resting.level.price, resting.shown_qty) for resting in exchange.book(symbol).resting(side)
    ]


def known(reader: ItchReader, book: int, verb: OrderVerb) -> list[tuple[int, int]]:
    return [(each.price, each.quantity) for each in reader.book(book).orders(verb)]


def deal(market: Listened, deeds: Iterable[Any]) -> Iterator[tuple[Outcome, list[Message]]]:
    """Have *deeds* done, and yield what came of each, and the feed's messages."""
    for number, deed in enumerate(deeds):
        market.now_ns = number * 400_000_000
        if isinstance(deed, Entered):
            yield market.operate(deed.operation)
        else:
            yield market.ask(deed)


@pytest.mark.rule("ITCH-1", "ITCH-2", "ITCH-3", "ITCH-4", "ITCH-5", "ITCH-6", "ITCH-8")
@given(streams.wishes(), st.sampled_from([None, 0, 3]))
def test_a_book_that_is_rebuilt_is_the_one_that_the_engine_shows(
    wished: list[Any], protection_points: int | None
) -> None:
    listed = streams.instruments(protection_points)
    setting = Setting(protection_points=protection_points, recorded=True)
    exchange, plain = setting.fast(), setting.plain()
    market, reader = Listened(exchange, feed_of(listed)), ItchReader()
    volume = {X: 0, Y: 0}
    sent: list[bytes] = []

    for outcome, messages in deal(market, streams.deeds(wished, plain)):
        sent += [encode(message) for message in messages]
        for data in sent[-len(messages) :] if messages else []:
            reader.apply(decode(data))
        matched: dict[int | None, None] = {}
        for report in outcome.reports:
            if isinstance(report, ExecutionReport) and report.exec_type is ExecType.TRADE:
                matched[report.trd_match_id] = None
                if report.side is Side.BUY:
                    volume[report.symbol] += report.last_qty
        assert [*dict.fromkeys(_matches(messages))] == [*matched]
        for book, symbol in ((7, X), (8, Y)):
            for side, verb in ((Side.BUY, OrderVerb.BUY), (Side.SELL, OrderVerb.SELL)):
                assert known(reader, book, verb) == visible(exchange, symbol, side)
            assert reader.book(book).volume == volume[symbol]
            assert reader.book(book).last_px == exchange.book(symbol).last_px
            indicated = exchange.view(symbol).indicative()
            if exchange.view(symbol).state.indicative and indicated is not None:
                told = reader.book(book).indicative
                assert told is not None
                assert told.theoretical_opening_price == indicated.price
                assert told.theoretical_opening_quantity == indicated.quantity
                assert (told.best_bid, told.best_bid_size) == reader.book(book).best(OrderVerb.BUY)


def _matches(messages: Iterable[Message]) -> Iterator[int]:
    for message in messages:
        if isinstance(message, OrderExecuted | OrderExecutedWithPrice | Trade):
            yield message.match_number
