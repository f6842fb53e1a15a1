"""Whatever happens on an NSX venue: what its feed tells holds together, by the bytes alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsx_venue import SECOND, X, nsx_with
from oracle.shorthand import request

from floorproof.actors.feed import FeedServer
from floorproof.actors.feed_reader import FeedReader
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side
from floorproof.market.identifiers import CompID
from floorproof.market.instrument import TickBand, TickTable
from floorproof.market.operations import ChangeTradingState
from floorproof.market.rules import Schedule
from floorproof.market.shown import VenueRecord
from floorproof.plugins.binding import opening
from floorproof.plugins.nsx.attributes import PercentBand
from floorproof.plugins.nsx.etr import ExtremeTradeRange, Trigger
from floorproof.plugins.nsx.sessions import Sessions
from floorproof.runtime.participant import Delivery, Send
from floorproof.wire.itch import (
    UNAVAILABLE_PX,
    ActionReason,
    AttributeType,
    EventStatus,
    IndicativePriceQuantity,
    Message,
    OrderbookAttribute,
    OrderbookTradingAction,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderVerb,
    SystemEvent,
    Timestamp,
    Trade,
    decode,
    encode,
)
from floorproof.wire.itch_book import ItchReader
from floorproof.wire.itch_feed import ItchFeed, ListedBook
from floorproof.wire.soupbintcp import Login, StreamBytes, frame, login_request, packets

PAUSE_NS = 3 * SECOND
BOOK = 1


@attrs.define
class Follower:
    """Believes nothing but the bytes of a feed, and holds each message against the rules."""

    decimals: int
    reader: ItchReader = attrs.field(factory=ItchReader)
    paused: bool = False
    """Whether CB_AUCT has been triggered and its end has not."""

    halted: bool = False
    """Whether it has been told that a trade would have left the range."""

    tov: int | None = None
    """What an auction would trade, as was told last."""

    crossed: int = 0
    """What the auction of this moment has told by now, of both sides."""

    has_uncrossed: bool = False
    """Whether an auction has traded in this moment."""

    def moment(self, sent: Sequence[bytes]) -> None:
        """Read what is told at one moment."""
        self.crossed, self.has_uncrossed = 0, False
        messages = [decode(data) for data in sent]
        times = {each.timestamp for each in messages if not isinstance(each, Timestamp)}
        assert len(times) <= 1  # all that an event starts with has one time
        for message in messages:
            self.before(message)
            self.reader.apply(message)
        book = self.reader.book(BOOK)
        if self.has_uncrossed:
            assert self.crossed == 2 * (self.tov or 0)
            self.tov = None
            if not self.paused:
                bid, offer = book.best(OrderVerb.BUY), book.best(OrderVerb.SELL)
                assert bid is None or offer is None or bid[0] < offer[0]

    def before(self, message: Message) -> None:
        match message:
            case OrderExecuted(_, number):
                assert not self.halted
                self.inside(self.reader.orders[number].price)
            case OrderExecutedWithPrice(_, _, quantity):
                self.crossed += quantity
                self.has_uncrossed = True
            case Trade(_, quantity, _, _, price, number):
                if number in self.reader.matches and self.reader.matches[number].in_auction:
                    self.crossed += quantity  # the hidden part of one side
                else:
                    self.inside(price)
            case OrderbookTradingAction(_, _, _, reason):
                if reason is ActionReason.ETR:
                    assert not self.halted
                self.halted = reason is ActionReason.ETR
            case SystemEvent(_, _, _, orderbook, code, status) if orderbook == BOOK:
                if (code, status) == ("CB_AUCT", EventStatus.TRIGGERED):
                    assert not self.paused
                    self.paused = True
                elif code == "CB_AUCT_END" and status is not EventStatus.SCHEDULED:
                    assert self.paused
                    self.paused = self.halted = False
            case OrderbookAttribute(_, orderbook, value, kind) if orderbook == BOOK:
                known = self.reader.book(BOOK).attributes.get(kind)
                if known not in (None, value):  # only an auction moves the range
                    assert self.has_uncrossed
            case IndicativePriceQuantity():
                price = message.theoretical_opening_price
                assert (price == UNAVAILABLE_PX) is (not message.theoretical_opening_quantity)
                assert message.orderbook == BOOK  # nobody trades in the other
                self.tov = message.theoretical_opening_quantity
            case _:
                pass

    def inside(self, price: int) -> None:
        """Check that a print is inside the range that the feed has told last."""
        attributes = self.reader.book(BOOK).attributes
        reference = attributes[AttributeType.ETR_REFERENCE]
        k = 100 * 10**self.decimals
        up = attributes[AttributeType.ETR_UPPER_PERCENT]
        down = attributes[AttributeType.ETR_LOWER_PERCENT]
        assert (price - reference) * k <= reference * up
        assert (reference - price) * k <= reference * down


@attrs.define
class Driven:
    """A venue, its feed, and what comes due."""

    exchange: Exchange
    feed: ItchFeed
    known: tuple[Any, ...] = ()
    """What the feed begins with."""

    records: list[tuple[int, Sequence[Any]]] = attrs.field(factory=list)
    """What has happened, and when, moment by moment."""

    moments: list[list[bytes]] = attrs.field(factory=list)
    now: int = 0
    due: list[int] = attrs.field(factory=list)

    def told(self, messages: Iterable[Message]) -> None:
        self.moments.append([encode(message) for message in messages])

    def after(self, outcome: Outcome) -> None:
        self.due += [
            self.now + each.effect.delay_ns
            for each in outcome.effects
            if isinstance(each.effect, Schedule)
        ]
        self.records.append((self.now, outcome.happened))
        self.told(self.feed.follow(outcome.happened, self.now))

    def wait(self, ns: int) -> None:
        until = self.now + ns
        for due in sorted(each for each in self.due if each < until):
            self.now = due
            self.after(self.exchange.scheduled("nsx-etr", X, "CB_AUCT_END", due))
        self.due = [each for each in self.due if each >= until]
        self.now = until

    def operate(self, word: str) -> None:
        state = word.lstrip("! ")
        board = "NCRP" if word.startswith("!!") else None
        change = ChangeTradingState(
            board=board,
            symbol=None if board else X,
            state=None if state == "MATCH_REJOIN" else state,
        )
        self.after(self.exchange.operate(change, self.now))


ticks = st.one_of(
    st.integers(1, 7).map(TickTable.uniform),
    st.tuples(st.integers(1, 3), st.integers(20, 200), st.integers(2, 10)).map(
        lambda drawn: TickTable((TickBand(0, drawn[0]), TickBand(drawn[1] * 30, drawn[2])))
    ),
)
kinds = ["", "", "", "", "IOC", "FOK", "MARKET", "STOP", "show=1", "CANCEL", "CHANGE"]
flows = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.sampled_from(kinds),
        st.integers(1, 5),
        st.integers(-12, 12),
        st.sampled_from([""] * 14 + ["! HALT", "! MATCH_REJOIN", "!! PREOPEN", "!! OPEN"]),
        st.integers(0, 2 * SECOND),
    ),
    min_size=10,
    max_size=40,
)
Flow = list[tuple[str, str, int, int, str, int]]


@st.composite
def days(draw: st.DrawFn) -> tuple[Driven, int]:
    """Draw a venue at which a flow has happened, and the decimals of its prices."""
    flow, table = draw(flows), draw(ticks)
    decimals, around = draw(st.integers(0, 6)), draw(st.integers(20, 4000))
    reference = table.at_or_above(around)
    up, down = (str(draw(st.integers(0, 30))) for _ in range(2))
    start = str(draw(st.integers(1, 40))) if decimals else "100"
    etr = ExtremeTradeRange(
        trigger=draw(st.sampled_from(Trigger)),
        bands=(PercentBand("0", up, down), PercentBand(start, down, up)),
        pause_ns=PAUSE_NS,
    )
    exchange = nsx_with(
        etr=etr,
        sessions=Sessions(),
        decimals=decimals,
        ticks=table,
        reference=reference,
        recorded=True,
    )
    view = exchange.view(X, "nsx-etr")
    books = [ListedBook(instrument=view.instrument, orderbook=BOOK, state="OPEN")]
    other = exchange.view("Y", "nsx-etr").instrument  # type: ignore[arg-type]  # a plain name is one
    feed = ItchFeed([*books, ListedBook(instrument=other, orderbook=2)], 0)
    driven = Driven(exchange, feed, tuple(opening(etr, view)))
    driven.told(feed.spin(driven.known, 0))
    live = {"BUY": "n", "SELL": "n"}
    for number, (side, kind, qty, off, operation, wait) in enumerate(flow):
        driven.wait(wait)
        if operation:
            driven.operate(operation)
        name, session = f"n{number}", "AB"[number % 2]
        price = table.at_or_above(max(1, reference + off * max(1, reference // 40)))
        match kind:
            case "CANCEL":
                line = f"A {name} CANCEL {side} {live[side]}"
            case "CHANGE":
                line = f"A {name} CHANGE {side} {live[side]} {qty} @ {price}"
            case "MARKET":
                line = f"{session} {name} {side} {qty} MARKET"
            case "STOP":
                line = f"{session} {name} {side} {qty} STOP {price}"
            case _:
                line = f"{session} {name} {side} {max(qty, 2)} @ {price} {kind}"
        if session == "A" and kind != "CANCEL":
            live[side] = name
        driven.after(driven.exchange.receive(request(line), driven.now))
    return driven, decimals


@pytest.mark.rule(
    "ITCH-2", "ITCH-3", "ITCH-6", "ITCH-8", "NSX-ETR-1", "NSX-ETR-7", "NSX-ETR-8", "NSX-ETR-9"
)
@given(days())
def test_a_feed_keeps_the_rules_of_its_venue(day: tuple[Driven, int]) -> None:
    driven, decimals = day
    follower = Follower(decimals)

    for moment in driven.moments:
        follower.moment(moment)

    assert follower.paused is (driven.exchange.view(X).state.name == "CB_AUCT")
    for side, verb in ((Side.BUY, OrderVerb.BUY), (Side.SELL, OrderVerb.SELL)):
        assert [
            (each.price, each.quantity) for each in follower.reader.book(BOOK).orders(verb)
        ] == [(each.level.price, each.shown_qty) for each in driven.exchange.book(X).resting(side)]


@pytest.mark.rule("ITCH-9")
@given(days(), st.data())
def test_a_reader_who_logs_in_late_gets_the_same_bytes_and_the_same_books(
    day: tuple[Driven, int], data: st.DataObject
) -> None:
    driven, _ = day
    venue, on_time, late = CompID("NSX"), FeedReader(CompID("F")), FeedReader(CompID("F"))
    got: dict[str, bytes] = {"on time": b"", "late": b""}
    server = FeedServer(venue, ItchFeed(driven.feed.books, 0), driven.known, "1")
    assert [*server.start()]

    def give(message: object, sender: str) -> None:
        for answer in server.receive(Delivery(message, sender, "F", 0, 1, 1, 0)):
            if isinstance(answer, Send) and isinstance(answer.message, StreamBytes):
                got[answer.recipient] += answer.message.data
                reader = on_time if answer.recipient == "on time" else late
                reader.receive(Delivery(answer.message, "F", answer.recipient, 0, 1, 1, 0))

    login = StreamBytes(frame(login_request(Login())))
    give(login, "on time")
    when = data.draw(st.integers(0, len(driven.records)))
    for number, (now_ns, happened) in enumerate(driven.records):
        if number == when:
            give(login, "late")
        give(VenueRecord(now_ns, tuple(happened)), venue)
    if when == len(driven.records):
        give(login, "late")

    assert got["late"] == got["on time"]
    sent = [packet.payload for _, packet in packets(got["late"])][1:]
    assert sent == [each for moment in driven.moments for each in moment]
    assert late.number == on_time.number == len(sent)
    for orderbook, book in on_time.reader.books.items():
        for verb in OrderVerb:
            assert [attrs.astuple(each) for each in book.orders(verb)] == [
                attrs.astuple(each) for each in late.reader.book(orderbook).orders(verb)
            ]


def test_time_is_told_often_enough_for_four_bytes() -> None:
    driven, _ = _quiet_day()
    bases = [decode(each) for moment in driven.moments for each in moment]
    base = None
    for message in bases:
        if isinstance(message, Timestamp):
            base = message.nanosecond
        else:
            assert base is not None
            assert message.timestamp < SECOND  # so far from 4.29 s that it cannot overflow


def _quiet_day() -> tuple[Driven, int]:
    exchange = nsx_with(etr=ExtremeTradeRange(), recorded=True)
    listed = [
        ListedBook(instrument=exchange.view(symbol).instrument, orderbook=number)  # type: ignore[arg-type]  # a plain name is one
        for number, symbol in enumerate("XY", start=1)
    ]
    driven = Driven(exchange, ItchFeed(listed, 0))
    driven.told(driven.feed.spin((), 0))
    for number, gap in enumerate((0, 1, 3 * SECOND, 5 * SECOND - 1, 4_294_967_296, 60 * SECOND)):
        driven.wait(gap)
        driven.after(exchange.receive(request(f"A n{number} BUY 1 @ 1000"), driven.now))
    return driven, 3
