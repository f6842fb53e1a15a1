# ruff: noqa: E501  # a case is a line
"""The feed in words: every message can be said, and the book beside it is the one after it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.itch_messages import of

from floorproof.wire.itch import (
    LAYOUTS,
    UNAVAILABLE_PX,
    ActionReason,
    ActionState,
    AddOrder,
    AttributeType,
    BrokenTrade,
    CrossType,
    EventStatus,
    FirmDirectory,
    IndexMember,
    IndexValue,
    IndicativePriceQuantity,
    Layout,
    Message,
    News,
    OrderbookAttribute,
    OrderbookDirectory,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    SystemEvent,
    Timestamp,
    Trade,
)
from floorproof.wire.itch_book import ImpossibleFeed, ItchReader
from floorproof.wire.itch_text import Line, book_lines, tell, utc_date, utc_time

SECOND = 1_000_000_000
T = Timestamp(1_767_573_000 * SECOND)
R = OrderbookDirectory(0, 7, "", "NCL", "", "AUD", "NCRP", "", 1, 1, 0, 1, 3)
F = FirmDirectory(0, 12, "ARGO")
SELL = AddOrder(1, 1, OrderVerb.SELL, 200, 7, 1610, 12)
BUY = AddOrder(2, 2, OrderVerb.BUY, 300, 7, 1600)
NONE = UNAVAILABLE_PX

# What came before, a message, its words, and the book beside it.
# fmt: off
WORDS: dict[str, tuple[list[Message], Message, str, str]] = {
    "T": ([], Timestamp(T.nanosecond + 5), "2026-01-05 00:30:00.000000005", ""),
    "S": ([], SystemEvent(0, "", "", 7, "CB_AUCT_END", EventStatus.SCHEDULED, T.nanosecond + 120 * SECOND),
          "CB_AUCT_END of NCL scheduled for 00:32:00.000000000", ""),
    "S canceled": ([], SystemEvent(0, "", "", 7, "CB_AUCT_END", EventStatus.CANCELED, T.nanosecond),
                   "CB_AUCT_END of NCL canceled for 00:30:00.000000000", ""),
    "S of a board": ([], SystemEvent(0, "NCRP", "ORD", 0, "OPEN", EventStatus.TRIGGERED, T.nanosecond),
                     "OPEN of NCRP ORD triggered", ""),
    "S of all": ([], SystemEvent(0, "", "", 0, "IPXS-SOM", EventStatus.TRIGGERED, 0),
                 "IPXS-SOM of the whole system triggered", ""),
    "R": ([], R, "book 7 is NCL on NCRP, 3 decimals, price steps 1, from 1", ""),
    "H": ([SELL], OrderbookTradingAction(3, 7, ActionState.SUSPENDED, ActionReason.ETR),
          "NCL is suspended, a trade would have left the extreme trade range", "none | 200 @ 1.610"),
    "X": ([], OrderbookAttribute(0, 7, 60_000, AttributeType.ETR_UPPER_PERCENT), "NCL ETR upper limit 60.000 %", ""),
    "X none": ([], OrderbookAttribute(0, 7, NONE, AttributeType.ETR_REFERENCE), "NCL ETR reference none", ""),
    "F": ([], F, "firm 12 is ARGO", ""),
    "A": ([], SELL, "NCL add #1 sell 200 @ 1.610, ARGO", "none | 200 @ 1.610"),
    "A of another book": ([], AddOrder(0, 1, OrderVerb.BUY, 5, 9, -15), "book 9 add #1 buy 5 @ -15", "5 @ -15 | none"),
    "E": ([SELL], OrderExecuted(3, 1, 50, 8, True, 12), "NCL trade 8 of #1 50 @ 1.610, 150 left against ARGO", "none | 150 @ 1.610"),
    "E all": ([SELL], OrderExecuted(3, 1, 200, 8, False, 13), "NCL trade 8 of #1 200 @ 1.610, all of it against firm 13 (counted already)", "none | none"),
    "C": ([SELL], OrderExecutedWithPrice(3, 1, 50, 8, True, 1605), "NCL auction trade 8 of #1 sell 50 @ 1.605, 150 left", "none | 150 @ 1.610"),
    "D": ([SELL, BUY], OrderDelete(3, 1), "NCL delete #1", "300 @ 1.600 | none"),
    "U": ([SELL], OrderReplace(3, 1, 4, 100, 1620), "NCL change #1 as #4 to 100 @ 1.620", "none | 100 @ 1.620"),
    "U smaller": ([SELL], OrderReplace(3, 1, 1, 100, 1610), "NCL change #1 to 100 @ 1.610", "none | 100 @ 1.610"),
    "I": ([], IndicativePriceQuantity(0, 200, 7, 1650, 1610, 1610, CrossType.INTRADAY, 200, 250),
          "NCL intra-day auction would trade 200 @ 1.610; bid 200 @ 1.650, offer 250 @ 1.610", "none | none"),
    "I none": ([], IndicativePriceQuantity(0, 0, 7, NONE, 1610, NONE, CrossType.NONE, 0, 250),
               "NCL auction would trade none; bid none, offer 250 @ 1.610", "none | none"),
    "P": ([], Trade(0, 5, 7, True, 1610, 8, buy_firm_id=12), "NCL hidden trade 8 5 @ 1.610, bought by ARGO", ""),
    "B": ([Trade(0, 5, 7, True, 1610, 8)], BrokenTrade(0, 8), "trade 8 is broken", ""),
    "N": ([], News(0, 7, 3, "ARGO", "A profit"), "NCL news 3: A profit", ""),
    "Y": ([], IndexMember(0, 90, 7, 5), "book 7 is in index 90, weight 5", ""),
    "Z": ([], IndexValue(0, 90, 5000), "index 90 stands at 5000", ""),
}
# fmt: on


def reader_of(*messages: Message) -> ItchReader:
    reader = ItchReader()
    for message in messages:
        reader.apply(message)
    return reader


def beside(line: Line) -> str:
    return f"{line.bids} | {line.offers}" if line.bids else ""


@pytest.mark.parametrize(("before", "message", "text", "book"), WORDS.values(), ids=WORDS)
def test_a_message_is_said(before: list[Message], message: Message, text: str, book: str) -> None:
    line = tell(reader_of(T, R, F, *before), message)

    assert (line.text, beside(line)) == (text, book)


def test_a_line_shows_three_levels_and_that_there_are_more() -> None:
    orders = [AddOrder(0, number, OrderVerb.BUY, 5, 7, 1000 + number) for number in range(2, 6)]

    line = tell(reader_of(T, R, *orders), SELL)

    assert line.bids == "5 @ 1.005, 5 @ 1.004, 5 @ 1.003, ..."
    assert (line.time_ns, line.letter) == (T.nanosecond + 1, "A")


def test_times_are_said_by_the_clock_that_is_given() -> None:
    event = SystemEvent(0, "", "", 7, "CB_AUCT", EventStatus.SCHEDULED, 5)

    assert (
        tell(reader_of(T, R), event, lambda at: f"<{at}>").text
        == "CB_AUCT of NCL scheduled for <5>"
    )


def test_a_book_is_shown_at_the_end_order_by_order() -> None:
    attribute = OrderbookAttribute(2, 7, 1610, AttributeType.ETR_REFERENCE)
    reader = reader_of(T, R, SELL, BUY, attribute)
    reader.apply(AddOrder(3, 3, OrderVerb.SELL, 5, 7, 1610))

    assert [*book_lines(reader.books[7])] == [
        "NCL: last none, volume 0",
        "    ETR reference 1.610",
        "    bids            offers",
        "    #2 300 @ 1.600  #1 200 @ 1.610",
        "                    #3 5 @ 1.610",
    ]


def test_moments_are_said_to_the_nanosecond() -> None:
    assert utc_time(T.nanosecond + 250_000_001) == "00:30:00.250000001"
    assert utc_date(T.nanosecond) == "2026-01-05"
    assert utc_date(2**64 - 1) == "2554-07-21"


@given(st.sampled_from(LAYOUTS).flatmap(lambda layout: st.tuples(st.just(layout), of(layout))))
def test_every_message_can_be_said(drawn: tuple[Layout, Message]) -> None:
    layout, message = drawn
    reader = reader_of(Timestamp(0), R)

    try:
        line = tell(reader, message)
    except ImpossibleFeed:
        return  # it is about an order that there is not
    assert line.letter == layout.letter
    assert line.text
