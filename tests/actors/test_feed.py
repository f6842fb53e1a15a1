"""The public feed on a floor: what it sends, who may read it, and that it is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nsx_floor
import pytest
from msgspec.structs import replace

import floorproof
from floorproof.actors import feed
from floorproof.actors.feed import FeedServer
from floorproof.actors.feed_reader import FeedReader, LoginRejected
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.operations import IndicativePrice
from floorproof.market.shown import VenueRecord
from floorproof.runtime.errors import RunError
from floorproof.runtime.participant import Answer, Delivery, Fact, Send
from floorproof.scenario.floor import Result
from floorproof.wire import itch
from floorproof.wire.itch import AddOrder, OrderVerb, Timestamp, encode
from floorproof.wire.itch_feed import ItchFeed, ListedBook
from floorproof.wire.soupbintcp import (
    Login,
    Packet,
    PacketType,
    RejectReason,
    SoupError,
    StreamBytes,
    frame,
    login_accepted,
    login_rejected,
    login_request,
    packets,
)

X = Symbol("X")
LATE = '[[feed_reader]]\nname = "LATE"\nfeed = "ITCH"\nat = "201.5s"\n'


def run(orders: list[nsx_floor.Order] = nsx_floor.E13, more: str = "", **how: Any) -> Result:
    return floorproof.run(floorproof.parse(nsx_floor.text(orders, more)), **how)


def stream(result: Result, reader: str) -> bytes:
    """Return all bytes that *reader* got."""
    got = nsx_floor.payloads(result.journal, StreamBytes, reader)
    return b"".join(each.data for each in got)


# --- what is sent ----------------------------------------------------------------------


@pytest.mark.rule("ITCH-7", "ITCH-8", "NSX-ETR-7", "NSX-ETR-8", "NSX-ETR-13")
def test_two_pauses_in_a_row_are_told_message_by_message() -> None:
    result = run()

    assert [each.letters for each in nsx_floor.told(result.journal)] == [
        "TSFLMRXXXXH",
        "TA",
        "TSAHSSI",
        "THCCXXXS",
        "TA",
        "TA",
        "TESAHSSI",
        "THCCXXXS",
    ]
    firsts = [each.first for each in nsx_floor.told(result.journal)]
    assert firsts == [1, 12, 14, 21, 29, 31, 33, 41]


@pytest.mark.rule("ITCH-9")
def test_readers_get_the_same_bytes_whenever_they_log_in() -> None:
    result = run(more=LATE)

    on_time, late = (
        [packet.payload for _, packet in packets(stream(result, reader))]
        for reader in ("TAPE", "LATE")
    )
    told = [data for each in nsx_floor.told(result.journal) for data in each.messages]
    assert on_time == late == [b"      NSX1" + b"1".rjust(20), *told]


def test_the_same_run_tells_the_same_bytes_however_it_is_hosted() -> None:
    tasks, in_place = run(more=LATE), run(more=LATE, in_place=True, seed=3)

    assert tasks.digest == in_place.digest
    assert stream(tasks, "TAPE") == stream(in_place, "TAPE")


def test_messages_say_when_the_venue_acted_however_late_the_feed_hears_of_it() -> None:
    slow = '[[link]]\nfrom = "NSX"\nto = "ITCH"\nlatency = "1700ms"\n'

    assert nsx_floor.messages(run(more=slow).journal) == nsx_floor.messages(run().journal)


def test_a_venue_without_a_feed_sends_no_record() -> None:
    text = nsx_floor.text()
    start, end = text.index("  [[exchange.feed]]"), text.index("[[user]]")

    result = floorproof.run(floorproof.parse(text[:start] + text[end:]))

    assert not [entry for entry in result.journal if isinstance(entry.payload, VenueRecord)]


# --- logins ----------------------------------------------------------------------------


def server() -> FeedServer:
    ticks = TickTable.uniform(1)
    instrument = Instrument(symbol=X, price_decimals=0, ticks=ticks)
    books = [ListedBook(instrument=instrument, orderbook=7)]
    made = FeedServer(CompID("NSX"), ItchFeed(books, 0), (), "NSX1")
    assert [type(each) for each in made.start()] == [Fact, Fact]
    return made


def deliver(to: Any, message: object, sender: str = "R") -> list[Answer]:
    return [*to.receive(Delivery(message, sender, "ITCH", 0, 1, 1, 0))]


def log_in(to: FeedServer, login: Login) -> list[Packet]:
    request = StreamBytes(frame(login_request(login)))
    (answer,) = deliver(to, request)
    assert isinstance(answer, Send)
    assert isinstance(answer.message, StreamBytes)
    return [packet for _, packet in packets(answer.message.data)]


SPIN = 6
"""How many messages such a feed begins with: T, S, L, M, R, H."""


@pytest.mark.rule("ITCH-9")
@pytest.mark.parametrize(
    ("asked", "number", "replayed"),
    [(1, 1, SPIN), (3, 3, SPIN - 2), (SPIN, SPIN, 1), (SPIN + 1, SPIN + 1, 0), (0, SPIN + 1, 0)],
)
def test_a_reader_gets_what_it_asks_for(asked: int, number: int, replayed: int) -> None:
    accepted, *rest = log_in(server(), Login(session="NSX1", next_number=asked))

    assert accepted == login_accepted("NSX1", number)
    assert len(rest) == replayed
    assert {packet.type for packet in rest} <= {PacketType.SEQUENCED_DATA}


@pytest.mark.rule("ITCH-9")
@pytest.mark.parametrize(
    "login", [Login(session="NSX2"), Login(next_number=SPIN + 2)], ids=["session", "number"]
)
def test_what_there_is_not_cannot_be_read(login: Login) -> None:
    made = server()

    assert log_in(made, login) == [Packet(PacketType.LOGIN_REJECTED, b"S")]
    assert [type(each) for each in deliver(made, record(), "NSX")] == [Fact]


def test_who_logs_out_gets_no_more() -> None:
    made = server()
    log_in(made, Login())
    told = [type(each) for each in deliver(made, record(), "NSX")]
    heartbeat = frame(Packet(PacketType.CLIENT_HEARTBEAT))
    deliver(made, StreamBytes(heartbeat + frame(Packet(PacketType.LOGOUT_REQUEST))))

    assert told == [Fact, Send]
    assert [type(each) for each in deliver(made, record(), "NSX")] == [Fact]


def record() -> VenueRecord:
    """Return one of which something is told: the market enters a call, with a price."""
    number = next(_prices)
    price = IndicativePrice(symbol=X, price=number, quantity=1, transact_time_ns=0)
    return VenueRecord(0, (price,))


_prices = iter(range(1, 100))


def test_a_feed_hears_its_own_venue_alone() -> None:
    assert deliver(server(), record(), "CME") == [
        Fact("session mismatch", {"sender": "CME", "message": "VenueRecord"})
    ]
    with pytest.raises(TypeError, match="a feed has no use for 'what'"):
        deliver(server(), "what")


def test_of_a_moment_that_nobody_sees_nothing_is_told() -> None:
    assert deliver(server(), VenueRecord(5, ()), "NSX") == []


# --- reading ---------------------------------------------------------------------------


def reader_of(*messages: itch.Message) -> FeedReader:
    reader = FeedReader(CompID("ITCH"))
    data = frame(login_accepted("NSX1", 1))
    for message in messages:
        data += frame(Packet(PacketType.SEQUENCED_DATA, encode(message)))
    assert deliver(reader, StreamBytes(data)) == []
    return reader


def add(number: int, quantity: int, price: int) -> AddOrder:
    return AddOrder(0, number, OrderVerb.BUY, quantity, 7, price)


def test_a_reader_knows_which_message_was_about_which_price_level_last() -> None:
    reader = reader_of(
        Timestamp(0), add(1, 5, 10), add(2, 5, 11), add(3, 5, 10), itch.OrderReplace(0, 2, 4, 5, 9)
    )

    assert reader.number == 5
    assert [*reader.touched.items()] == [
        ((7, OrderVerb.BUY, 10), 4),
        ((7, OrderVerb.BUY, 11), 5),
        ((7, OrderVerb.BUY, 9), 5),
    ]


def test_what_no_server_sends_to_a_reader_is_an_error() -> None:
    data = frame(Packet(PacketType.SEQUENCED_DATA, encode(Timestamp(0))))
    with pytest.raises(SoupError, match="offset 0: expected a packet of a session that has begun"):
        deliver(FeedReader(CompID("ITCH")), StreamBytes(data))
    rejected = frame(login_rejected(RejectReason.SESSION_UNAVAILABLE))
    with pytest.raises(LoginRejected, match="ITCH rejects the login, reason 'S'"):
        deliver(FeedReader(CompID("ITCH")), StreamBytes(rejected))
    with pytest.raises(TypeError, match="a reader of a feed has no use for 'what'"):
        deliver(FeedReader(CompID("ITCH")), "what")


# --- the books are the venue's ----------------------------------------------------------


def broken(result: Result) -> list[str]:
    return [each.text for each in result.violations if each.invariant == "feed-books"]


SLOW = """
[[link]]
from = "ITCH"
to = "TAPE"
latency = "300s"
[[link]]
from = "NSX"
to = "ITCH"
latency = "30s"
"""


@pytest.mark.parametrize("more", ["", LATE, SLOW], ids=["at once", "late", "far away"])
def test_readers_come_to_the_venues_books(more: str) -> None:
    result = run(more=more)

    assert "feed-books" in result.invariants
    assert broken(result) == []


def test_without_a_reader_nothing_is_compared() -> None:
    text = nsx_floor.text()
    start = text.index("[[feed_reader]]")

    result = floorproof.run(floorproof.parse(text[:start] + text[text.index("[[user]]") :]))

    assert "feed-books" not in result.invariants
    records = nsx_floor.payloads(result.journal, VenueRecord, "ITCH")
    assert records
    assert not any(record.shown for record in records)


def distorted(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], **how: Any) -> Result:
    """Run the floor with a feed that sends *change* of each message."""
    monkeypatch.setattr(feed, "encode", lambda message: encode(change(message)))
    return run(**how)


@pytest.mark.parametrize("more", ["", LATE, SLOW], ids=["at once", "late", "far away"])
def test_a_book_that_is_another_than_the_venues_is_found(
    monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    def one_less(message: Any) -> Any:
        if isinstance(message, AddOrder) and message.order_number == 5:
            return replace(message, quantity=message.quantity - 1)
        return message

    def shorter(message: Any) -> Any:
        if isinstance(message, itch.OrderExecutedWithPrice) and message.order_number == 5:
            return replace(message, executed_quantity=message.executed_quantity - 1)
        return one_less(message)

    result = distorted(monkeypatch, shorter, more=more)

    assert not result.held
    (text,) = broken(result)
    assert text == (
        "after message 40 of ITCH, as TAPE reads it, buy orders of X @ 2.600 are 49 by the"
        " feed, and 50 at the venue"
    )


def test_a_level_that_the_venue_has_not_touched_is_compared_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = distorted(
        monkeypatch,
        lambda message: (
            replace(message, price=message.price + 5) if isinstance(message, AddOrder) else message
        ),
        orders=nsx_floor.E4[:1],
    )

    (text,) = broken(result)
    assert "sell orders of X @ 1.615 are 200 by the feed, and none at the venue" in text


def test_a_message_that_cannot_be_true_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="expected an order number that was never used, found 1"):
        distorted(
            monkeypatch,
            lambda message: (
                replace(message, order_number=1) if isinstance(message, AddOrder) else message
            ),
        )
