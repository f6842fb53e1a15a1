# ruff: noqa: E501  # a case is a line
"""NSX's rules as the public feed tells of them: every message goes through its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import pytest
from nsx_venue import BOUNDARIES, SECOND, X, Y, nsx_with, say
from oracle.shorthand import request

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side
from floorproof.market.identifiers import CompID
from floorproof.market.rules import (
    ChangeState,
    Indifferent,
    MarketView,
    Remember,
    SettleEffect,
)
from floorproof.market.sessions import TradingState
from floorproof.plugins.binding import announced, opening
from floorproof.plugins.hookspecs import hookimpl
from floorproof.plugins.nsx.aot import AnomalousOrderThreshold
from floorproof.plugins.nsx.attributes import PercentBand, range_around
from floorproof.plugins.nsx.etr import ExtremeTradeRange, Trigger
from floorproof.plugins.nsx.sessions import Sessions
from floorproof.wire import itch_feed
from floorproof.wire.itch import (
    UNAVAILABLE_PX,
    AddOrder,
    IndicativePriceQuantity,
    Message,
    OrderbookAttribute,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    SystemEvent,
    Timestamp,
    Trade,
    decode,
    encode,
)
from floorproof.wire.itch_book import ItchReader
from floorproof.wire.itch_feed import ItchFeed, ListedBook
from floorproof.wire.public import PublicValue

START = 1_767_573_000 * SECOND
BOOKS = {X: 7, Y: 8}
FIRMS = {CompID("A"): 11, CompID("B"): 12}

ETR = ExtremeTradeRange()
NO_FILL = ExtremeTradeRange(trigger=Trigger.NO_FILL)


# --- a venue that is listened to through bytes ------------------------------------------


@attrs.define
class Fed:
    """A venue, and somebody who knows of it from the bytes of its feed alone."""

    exchange: Exchange
    feed: ItchFeed
    reader: ItchReader = attrs.field(factory=ItchReader)
    sent: list[bytes] = attrs.field(factory=list)

    def take(self, messages: Iterable[Message]) -> list[Message]:
        """Send messages, read them back, and compare the books."""
        read = []
        for message in messages:
            data = encode(message)
            self.sent.append(data)
            read.append(decode(data))
            self.reader.apply(read[-1])
        for symbol, orderbook in BOOKS.items():
            for side, verb in ((Side.BUY, OrderVerb.BUY), (Side.SELL, OrderVerb.SELL)):
                rebuilt = [
                    (each.price, each.quantity) for each in self.reader.book(orderbook).orders(verb)
                ]
                shown = [
                    (each.level.price, each.shown_qty)
                    for each in self.exchange.book(symbol).resting(side)
                ]
                assert rebuilt == shown
        return read

    def hear(self, outcome: Outcome, now_ns: int) -> list[Message]:
        return self.take(self.feed.follow(outcome.happened, now_ns))

    def say(self, line: str, at: int = 0) -> list[str]:
        return tell(self.hear(say(self.exchange, line, at), at * SECOND))


def fed(*lines: str, **settings: Any) -> Fed:
    """Return a venue at which *lines* have happened, and been told."""
    rule_sets = {
        f"nsx-{name}": settings[name] for name in ("etr", "aot", "sessions") if settings.get(name)
    }
    exchange = nsx_with(recorded=True, **settings)
    views = [
        (exchange.view(symbol, name), each) for symbol in BOOKS for name, each in rule_sets.items()
    ]
    board = exchange.view(X).board
    known: list[Any] = [value for view, each in views for value in opening(each, view)]
    known += (
        []
        if board is None
        else [value for each in rule_sets.values() for value in announced(each, board)]
    )
    assert all(isinstance(value, PublicValue) for value in known)
    books = [
        ListedBook(
            instrument=exchange.view(symbol).instrument,
            orderbook=orderbook,
            state=exchange.view(symbol).state.name,
        )
        for symbol, orderbook in BOOKS.items()
    ]
    told = Fed(exchange, ItchFeed(books, START, FIRMS))
    told.take(told.feed.spin(known, 0))
    for line in lines:
        told.say(line)
    return told


def tell(messages: Iterable[Message]) -> list[str]:
    """Return messages as text, without the bases of their times."""
    return [_text(message) for message in messages if not isinstance(message, Timestamp)]


def _text(message: Message) -> str:
    match message:
        case AddOrder(_, number, verb, quantity, _, price):
            return f"A #{number} {verb} {quantity}@{price}"
        case OrderExecuted(_, number, quantity, match):
            return f"E #{number} {quantity} m{match}"
        case OrderExecutedWithPrice(_, number, quantity, match, _, price):
            return f"C #{number} {quantity}@{price} m{match}"
        case OrderDelete(_, number):
            return f"D #{number}"
        case OrderReplace(_, old, new, quantity, price):
            return f"U #{old} #{new} {quantity}@{price}"
        case Trade(_, quantity, _, _, price, match):
            return f"P {quantity}@{price} m{match}"
        case IndicativePriceQuantity():
            price, quantity = (
                message.theoretical_opening_price,
                message.theoretical_opening_quantity,
            )
            return f"I {quantity}@{'none' if price == UNAVAILABLE_PX else price} {message.cross_type}".rstrip()
        case SystemEvent(_, group, _, orderbook, code, status, at):
            of = group or ("" if orderbook == BOOKS[X] else f"book {orderbook}")
            return f"S {code} {status} {(at - START) // SECOND} {of}".rstrip()
        case OrderbookTradingAction(_, _, state, reason):
            return f"H {state}{reason}".rstrip()
        case OrderbookAttribute(_, _, value, kind):
            return f"X {kind} {value}"
        case _:
            raise AssertionError(message)


def starts(*added: str, at: int = 0, top: str = "") -> list[str]:
    """Return what is told as a pause starts, in NSX's order."""
    return [
        f"S CB_AUCT S {at}", *added, "H VH", f"S CB_AUCT T {at}", f"S CB_AUCT_END S {at + 120}",
        *([f"I {top} I"] if top else []),
    ]  # fmt: skip


def ends(*crosses: str, reference: int = 1000, percent: int = 60_000, at: int = 120) -> list[str]:
    """Return what is told as a pause ends, in NSX's order."""
    return [
        "H TN", *crosses, f"X B {reference}", f"X D {percent}", f"X d {percent}", f"S CB_AUCT_END T {at}",
    ]  # fmt: skip


# --- E1 to E18 -------------------------------------------------------------------------

OFFERS = ["A a1 SELL 100 @ 1600", "A a2 SELL 200 @ 1610"]  # #1 and #2
# fmt: off
# What rests, what arrives, what is told of it, and what at the end of the pause, if there is one.
Case = tuple[Sequence[str], str, Sequence[str], Sequence[str] | None]
SCENARIOS: Mapping[str, Case] = {
    "E1 at the limit":     (["A a1 SELL 100 @ 1600"], "B b1 BUY 100 @ 1600", ["E #1 100 m1"], None),
    "E2 the trade counts": (["A a1 SELL 100 @ 1595"], "B b1 BUY 100 @ 1700", ["E #1 100 m1"], None),
    "E3 nobody there":     ([], "B b1 BUY 100 @ 1700", ["A #1 B 100@1700"], None),
    "E4 beyond":           (["A a1 SELL 200 @ 1610"], "B b1 BUY 200 @ 1610", starts("A #2 B 200@1610", top="200@1610"),
                            ends("C #2 200@1610 m1", "C #1 200@1610 m1", reference=1610)),
    "E5 part inside":      (OFFERS, "B b1 BUY 300 @ 1650", ["E #1 100 m1", *starts("A #3 B 200@1650", top="200@1610")],
                            ends("C #3 200@1610 m2", "C #2 200@1610 m2", reference=1610)),
    "E6 below":            (["A a1 BUY 100 @ 395"], "B b1 SELL 100 @ 395", starts("A #2 S 100@395", top="100@395"),
                            ends("C #1 100@395 m1", "C #2 100@395 m1", reference=395)),
    "E6 at the lower":     (["A a1 BUY 100 @ 400"], "B b1 SELL 100 @ 400", ["E #1 100 m1"], None),
    "E7 immediate":        (OFFERS, "B b1 BUY 300 @ 1650 IOC", ["E #1 100 m1", *starts()], ends()),
    "E8 market":           (OFFERS, "B b1 BUY 300 MARKET", ["E #1 100 m1", *starts()], ends()),
    "E9 fill or kill":     (OFFERS, "B b1 BUY 300 @ 1650 FOK", starts(), ends()),
    "E10 not enough":      (OFFERS, "B b1 BUY 400 @ 1650 FOK", [], None),
    "E14 a change":        (["B b0 BUY 100 @ 1500", "A a1 SELL 100 @ 1610"], "B b1 CHANGE BUY b0 100 @ 1650",
                            starts("U #1 #3 100@1650", top="100@1610"), ends("C #3 100@1610 m1", "C #2 100@1610 m1", reference=1610)),
    "E16 the misprint":    (["A a1 SELL 100 @ 1010"], "B b1 BUY 100 @ 1010", ["E #1 100 m1"], None),
    "E18 first bad tick":  (["A a1 SELL 100 @ 1605"], "B b1 BUY 100 @ 1605", starts("A #2 B 100@1605", top="100@1605"),
                            ends("C #2 100@1605 m1", "C #1 100@1605 m1", reference=1605)),
    "an iceberg":          (OFFERS, "B b1 BUY 300 @ 1650 show=50", ["E #1 100 m1", *starts("A #3 B 50@1650", top="200@1610")],
                            ends("C #3 50@1610 m2", "C #2 200@1610 m2", "P 150@1610 m2", reference=1610)),
    "a trade before":      (["A a1 SELL 100 @ 1595", "B b0 BUY 100 @ 1595", "A a2 SELL 100 @ 1700"], "B b1 BUY 100 @ 1700",
                            starts("A #3 B 100@1700", top="100@1700"), ends("C #3 100@1700 m2", "C #2 100@1700 m2", reference=1700)),
}
UNDER_NO_FILL: Mapping[str, Case] = {
    "E5 part inside":      (OFFERS, "B b1 BUY 300 @ 1650", starts("A #3 B 300@1650", top="300@1610"),
                            ends("C #3 100@1610 m1", "C #1 100@1610 m1", "C #3 200@1610 m2", "C #2 200@1610 m2", reference=1610)),
    "E7 immediate":        (OFFERS, "B b1 BUY 300 @ 1650 IOC", starts(), ends()),
    "E4 beyond":           SCENARIOS["E4 beyond"],
    "E1 at the limit":     SCENARIOS["E1 at the limit"],
}
# fmt: on


def plays(case: Case, etr: ExtremeTradeRange) -> tuple[list[str], list[str] | None]:
    """Return what is told of what arrives, and at the end of the pause, if there is one."""
    before, arrives, _, _ = case
    told = fed(*before, etr=etr, sessions=Sessions())
    at_once = told.say(arrives)
    paused = told.exchange.view(X).state.name == "CB_AUCT"
    return at_once, told.say("end", 120) if paused else None


@pytest.mark.rule("ITCH-7", "NSX-ETR-4", "NSX-ETR-5", "NSX-ETR-7", "NSX-ETR-8")
@pytest.mark.parametrize("case", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_is_told_message_by_message(case: Case) -> None:
    assert plays(case, ETR) == (case[2], case[3])


@pytest.mark.rule("NSX-ETR-4")
@pytest.mark.parametrize("case", UNDER_NO_FILL.values(), ids=UNDER_NO_FILL)
def test_a_scenario_is_told_where_nothing_is_filled(case: Case) -> None:
    assert plays(case, NO_FILL) == (case[2], case[3])


@pytest.mark.rule("NSX-ETR-1", "NSX-ETR-2")
@pytest.mark.parametrize(
    ("reference", "percentage", "decimals", "high", "too_high", "low", "too_low"), BOUNDARIES
)
def test_the_feed_tells_each_boundary(
    reference: int, percentage: int, decimals: int, high: int, too_high: int, low: int, too_low: int | None
) -> None:  # fmt: skip
    for price, breaks in ((high, False), (too_high, True), (low, False), (too_low, True)):
        if price is not None:
            told = at_boundary(ETR, reference, percentage, decimals, price)
            assert (told[0] == "S CB_AUCT S 0") is breaks, price
            assert (told == ["E #1 1 m1"]) is not breaks


def at_boundary(
    etr: ExtremeTradeRange, reference: int, percentage: int, decimals: int, price: int
) -> list[str]:
    percent = str(percentage / 10**decimals)
    etr = attrs.evolve(etr, bands=(PercentBand("0", percent, percent),))
    told = fed(etr=etr, decimals=decimals, tick=1, reference=reference)
    attributes = told.reader.book(BOOKS[X]).attributes
    assert [attributes[kind] for kind in "BDd"] == [reference, percentage, percentage]  # type: ignore[index]  # by its letter
    told.say(f"A a1 SELL 1 @ {price}")
    return told.say(f"B b1 BUY 1 @ {price}")


# --- E5 byte for byte ------------------------------------------------------------------

T0 = "0ee6b280"
BLANK = "20" * 32
# fmt: off
E5_START = [
    "541887ae474b925000",
    f"45{T0}000000000000006500000000000000640000000000000001590000000c",
    f"53{T0}{BLANK}0000000743425f415543542020202020531887ae475a790280",
    f"41{T0}00000000000000674200000000000000c80000000700000000000006720000000c",
    f"48{T0}000000075648",
    f"53{T0}{BLANK}0000000743425f415543542020202020541887ae475a790280",
    f"53{T0}{BLANK}0000000743425f415543545f454e4420531887ae634b07b280",
    f"49{T0}00000000000000c8000000070000000000000672000000000000064a000000000000064a4900000000000000c800000000000000c8",
]
E5_END = [
    "541887ae633c210000",
    f"48{T0}00000007544e",
    f"43{T0}000000000000006700000000000000c8000000000000000259000000000000064a",
    f"43{T0}000000000000006600000000000000c800000000000000024e000000000000064a",
    f"58{T0}00000007000000000000064a4220",
    f"58{T0}00000007000000000000ea604420",
    f"58{T0}00000007000000000000ea606420",
    f"53{T0}{BLANK}0000000743425f415543545f454e4420541887ae634b07b280",
]
# fmt: on


@pytest.mark.rule("ITCH-2", "ITCH-3", "ITCH-7", "ITCH-8", "NSX-ETR-7", "NSX-ETR-8")
def test_e5_is_told_byte_for_byte() -> None:
    """The vectors of the page, where orders are #101 to #103 and it is a quarter past a second."""
    told = fed(etr=ETR, sessions=Sessions())
    for number in range(100):
        told.say(f"A o{number} SELL 1 @ 1000 symbol=Y")
    told.say("A m MASS")
    for line in OFFERS:
        told.say(line)
    t0, t1 = SECOND // 4, 120 * SECOND + SECOND // 4

    before = len(told.sent)
    told.hear(told.exchange.receive(request("B b1 BUY 300 @ 1650"), t0), t0)
    start, begin_end = [data.hex() for data in told.sent[before:]], len(told.sent)
    told.hear(told.exchange.scheduled("nsx-etr", X, "CB_AUCT_END", t1), t1)

    # The base of the first second has been told before.
    assert start == E5_START[1:]
    assert told.sent[0].hex() == E5_START[0]
    assert [data.hex() for data in told.sent[begin_end:]] == E5_END


# --- what follows an event -------------------------------------------------------------


@pytest.mark.rule("NSX-ETR-4", "NSX-ETR-8")
def test_e11_an_order_during_the_pause() -> None:
    told = fed(*OFFERS, "B b1 BUY 300 @ 1650", etr=ETR)

    assert told.say("A a3 SELL 500 @ 1500", 30) == ["A #4 S 500@1500", "I 200@1500 I"]
    assert told.say("end", 120) == ends("C #3 200@1500 m2", "C #4 200@1500 m2", reference=1500)


@pytest.mark.rule("NSX-ETR-10", "ITCH-6")
def test_e12_a_cancel_during_the_pause() -> None:
    told = fed(*OFFERS, "B b1 BUY 300 @ 1650", etr=ETR)

    assert told.say("B b2 CANCEL BUY b1", 30) == ["D #3", "I 0@none I"]
    assert told.say("end", 120) == ends()


@pytest.mark.rule("NSX-ETR-9", "NSX-ETR-13")
def test_e13_a_second_pause() -> None:
    told = fed("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR)
    told.say("end", 120)
    told.say("A a3 SELL 100 @ 2575", 200)
    told.say("A a4 SELL 100 @ 2580", 201)

    assert told.say("B b3 BUY 150 @ 2600", 202) == [
        "E #3 100 m2",
        *starts("A #5 B 50@2600", at=202, top="50@2580"),
    ]
    assert told.say("end", 322) == ends(
        "C #5 50@2580 m3", "C #4 50@2580 m3", reference=2580, at=322
    )


@pytest.mark.rule("NSX-ETR-13", "NSX-SES-1")
@pytest.mark.parametrize("terms", ["MARKET", "@ 1610 IOC", "@ 1610 FOK", "MARKET_LIMIT"])
def test_e15_what_is_refused_is_not_told(terms: str) -> None:
    told = fed("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, sessions=Sessions())

    assert told.say(f"B b2 BUY 100 {terms}", 30) == []


@pytest.mark.rule("NSX-ETR-3")
def test_e17_without_a_reference_no_attribute_is_told_and_nothing_checked() -> None:
    told = fed("A a1 SELL 100 @ 9000", etr=ETR, reference=None)

    assert told.reader.book(BOOKS[X]).attributes == {}
    assert told.say("B b1 BUY 100 @ 9000") == ["E #1 100 m1"]


@pytest.mark.rule("NSX-ETR-11", "ITCH-6")
def test_e19_the_board_moves_on_during_the_pause() -> None:
    timetable = [(60, "PRECLOSE")]
    told = fed(
        "A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, sessions=Sessions(), timetable=timetable
    )  # fmt: skip

    # Y, which goes along, is announced for the board.
    assert told.say("!! PRECLOSE", 60) == ["S PRECLOSE T 60 NCRP"]
    assert told.say("end", 120) == ["H TN", "S CB_AUCT_END T 120", "I 200@1610 C"]


@pytest.mark.rule("NSX-ETR-12", "NSX-SES-4", "NSX-SES-5")
def test_e20_a_halt_during_the_pause() -> None:
    told = fed("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ETR, sessions=Sessions())

    assert told.say("! HALT", 60) == [
        "S CB_AUCT_END C 120", "S HALT S 60", "S HALT T 60", "H V", "I 200@1610 I",
    ]  # fmt: skip
    assert told.say("end", 120) == []
    assert told.say("! MATCH_REJOIN", 180) == [
        "C #2 200@1610 m1", "C #1 200@1610 m1", "X B 1610", "X D 60000", "X d 60000",
        "S MATCH_REJOIN S 180", "S MATCH_REJOIN T 180", "H TN",
    ]  # fmt: skip


@pytest.mark.rule("NSX-ETR-2", "NSX-ETR-9")
def test_e21_the_auction_leads_into_another_band() -> None:
    bands = (PercentBand("0", "60", "60"), PercentBand("1.500", "40", "40"))
    told = fed("A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ExtremeTradeRange(bands=bands))

    assert told.say("end", 120) == ends(
        "C #2 200@1610 m1", "C #1 200@1610 m1", reference=1610, percent=40_000
    )
    attributes = told.reader.book(BOOKS[X]).attributes
    assert [attributes[kind] for kind in "BDd"] == [1610, 40_000, 40_000]  # type: ignore[index]  # by its letter
    # The limits of these are 2254 and 966.
    for price, event in ((2255, True), (2250, False), (965, True), (970, False)):
        again = fed(
            "A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610", etr=ExtremeTradeRange(bands=bands)
        )
        again.say("end", 120)
        again.say(f"A a2 SELL 1 @ {price}", 121)
        assert (again.say(f"B b2 BUY 1 @ {price}", 122)[0] == "S CB_AUCT S 122") is event


# --- the anomalous order threshold ------------------------------------------------------


@pytest.mark.rule("NSX-AOT-1", "NSX-AOT-2")
def test_the_pages_anomalous_orders_are_not_told() -> None:
    """A = 370, P = p = 38000: the highest bid is 0.51 and the lowest offer 0.23."""
    told = fed(aot=AnomalousOrderThreshold(), tick=1, reference=370)
    attributes = told.reader.book(BOOKS[X]).attributes

    assert [attributes[kind] for kind in "APp"] == [370, 38_000, 38_000]  # type: ignore[index]  # by its letter
    assert told.say("B b1 BUY 1 @ 511") == told.say("A a1 SELL 1 @ 229") == []
    assert told.say("B b2 BUY 1 @ 510") == ["A #1 B 1@510"]
    assert told.say("A a2 SELL 1 @ 511") == ["A #2 S 1@511"]
    assert told.say("A a3 SELL 1 @ 230") == ["E #1 1 m1", "X A 510"]


@pytest.mark.rule("NSX-ETR-8", "NSX-AOT-2")
def test_as_a_pause_ends_the_threshold_follows_the_range() -> None:
    told = fed(
        "A a1 SELL 200 @ 1610", "B b1 BUY 200 @ 1610",
        etr=ETR, aot=AnomalousOrderThreshold(bands=(PercentBand("0", "90", "90"),)),
    )  # fmt: skip

    assert told.say("end", 120)[-5:] == [
        "X B 1610", "X D 60000", "X d 60000", "X A 1610", "S CB_AUCT_END T 120",
    ]  # fmt: skip


# --- sessions ---------------------------------------------------------------------------

# What a state takes of: a new order, a change, a cancel (section 3.1, and NZX's table for the rest).
PERMISSIONS = {
    "ENQUIRY": "- - -",
    "PREOPEN": "A U D",
    "OPEN": "A U D",
    "HALT": "A U D",
    "PRECLOSE": "A U D",
    "CLOSE": "- - -",
    "ADJUST": "- U D",
    "SUSPENSION": "- - D",
}


@pytest.mark.rule("NSX-SES-1", "NSX-SES-2", "NSX-SES-3")
@pytest.mark.parametrize(("state", "takes"), PERMISSIONS.items())
def test_of_each_session_what_it_takes_is_told(state: str, takes: str) -> None:
    told = fed("A a1 SELL 2 @ 1200 GTC", "A a2 SELL 2 @ 1300 GTC", sessions=Sessions(), etr=ETR)
    if state != "OPEN":
        assert told.say(f"!! {state}")[:2] == [f"S {state} S 0 NCRP", f"S {state} T 0 NCRP"]

    heard = [
        told.say("B b1 BUY 1 @ 1000"),
        told.say("A c1 CHANGE SELL a1 1 @ 1200 GTC"),
        told.say("A c2 CANCEL SELL a2"),
    ]

    letters = [messages[0][0] if messages else "-" for messages in heard]
    assert " ".join(letters) == takes


@pytest.mark.rule("NSX-SES-3", "NSX-SES-7", "ITCH-6")
def test_a_day_of_the_board_is_told_from_announcement_to_auction() -> None:
    told = fed(
        sessions=Sessions(), etr=ETR, state="PREOPEN",
        timetable=[(10, "OPEN"), (20, "PRECLOSE"), (30, "CLOSE")],
    )  # fmt: skip
    events = [(each.event_code, each.event_status.value) for each in told.reader.events]
    assert events == [("IPXS-SOM", "T"), ("OPEN", "S"), ("PRECLOSE", "S"), ("CLOSE", "S")]

    assert told.say("A a1 SELL 5 @ 1000", 1) == ["A #1 S 5@1000"]
    assert told.say("B b1 BUY 3 @ 1010", 2) == ["A #2 B 3@1010", "I 3@1000 O"]
    assert told.say("!! OPEN", 10) == [
        "C #2 3@1000 m1", "C #1 3@1000 m1", "X B 1000", "X D 60000", "X d 60000", "S OPEN T 10 NCRP",
        "X B 1000", "X D 60000", "X d 60000",
    ]  # fmt: skip
    assert told.say("!! PRECLOSE", 20) == ["S PRECLOSE T 20 NCRP"]
    assert told.say("B b2 BUY 2 @ 1000", 21) == ["A #3 B 2@1000", "I 2@1000 C"]
    assert told.say("!! CLOSE", 30)[:2] == ["C #3 2@1000 m2", "C #1 2@1000 m2"]


# --- negative controls -------------------------------------------------------------------


def wrong(etr: ExtremeTradeRange) -> set[str]:
    """Return what in the tables above a rule set gets wrong."""
    cases = {name for name, case in SCENARIOS.items() if plays(case, etr) != (case[2], case[3])}
    for reference, percentage, decimals, *prices in BOUNDARIES:
        for price, breaks in zip(prices, (False, True, False, True), strict=True):
            if price is not None:
                told = at_boundary(etr, reference, percentage, decimals, price)
                if (told[0] == "S CB_AUCT S 0") is not breaks:
                    cases.add(f"boundary of {reference}")
    return cases


def test_the_rule_set_gets_nothing_wrong() -> None:
    assert wrong(ETR) == set()


@attrs.frozen(kw_only=True)
class Asked(ExtremeTradeRange):
    """Wants to be asked of every trade."""

    def indifferent(self, market: MarketView) -> Indifferent:
        return Indifferent()


@attrs.frozen(kw_only=True)
class Exclusive(Asked):
    """Has a trade at a limit cause an event."""

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> Any:
        allowed = self.range(market)
        if allowed is not None and price in (allowed.lowest, allowed.highest):
            price = price + 1 if price == allowed.highest else price - 1
        return super().before_trade(price, quantity, market)


@attrs.frozen(kw_only=True)
class Rounded(Asked):
    """Rounds its limits to the nearest price."""

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> Any:
        allowed = self.range(market)
        assert allowed is not None
        whole = 100 * 10**market.instrument.price_decimals
        for percent, edge in ((allowed.upper_percent, 1), (-allowed.lower_percent, -1)):
            limit = (2 * allowed.reference * (whole + percent) + whole) // (2 * whole)
            if price == limit and price * edge > 0:
                return None
        return super().before_trade(price, quantity, market)


@attrs.frozen(kw_only=True)
class OfTheOrder(Asked):
    """Looks at the price of the order instead of the trade's."""

    limits: list[int] = attrs.field(factory=list)

    @hookimpl
    def accept_request(self, request: Any, market: MarketView) -> None:
        self.limits.append(getattr(request, "price", None) or 0)

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> Any:
        return super().before_trade(self.limits[-1] or price, quantity, market)


@attrs.frozen(kw_only=True)
class InAuctions(ExtremeTradeRange):
    """Holds the auction's price against the range, too."""

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        before = self.range(market)
        effects = super().trading_session_changed(old, new, market)
        if market.auction is not None and before is not None and market.auction.price not in before:
            effects = [*effects, ChangeState("CB_AUCT")]
        return effects


@attrs.frozen(kw_only=True)
class FollowsTrades(ExtremeTradeRange):
    """Moves the reference with each trade."""

    @hookimpl
    def after_request(self, events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        if market.last_px is None:
            return []
        return [Remember("range", range_around(market.last_px, self.bands, 3))]


@pytest.mark.parametrize(
    ("etr", "among"),
    [
        (Exclusive(), {"E1 at the limit", "E6 at the lower"}),
        (Rounded(), {"boundary of 333"}),
        (OfTheOrder(), {"E2 the trade counts"}),
        (InAuctions(), {"E4 beyond", "E5 part inside", "E6 below"}),
        (FollowsTrades(), {"a trade before"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_rule_that_is_wrong_is_caught(etr: ExtremeTradeRange, among: set[str]) -> None:
    assert among <= wrong(etr)


def test_a_feed_that_halts_before_it_adds_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = itch_feed._in_order

    def late(happenings: Any, now_ns: int) -> Any:
        told = right(happenings, now_ns)
        return sorted(told, key=lambda each: type(each).__name__ == "Rested")

    monkeypatch.setattr(itch_feed, "_in_order", late)

    assert "E4 beyond" in wrong(ETR)
