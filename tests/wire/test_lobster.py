"""LOBSTER files: what a line means, and what a bad one gets."""

from __future__ import annotations

import pytest

from floorproof.market.fix import Side
from floorproof.market.replay import BookDepth
from floorproof.wire.lobster import (
    LobsterBook,
    LobsterError,
    LobsterMessage,
    LobsterType,
    parse_book,
    parse_messages,
)

GOOD = "34200.5,1,11,18,5853300,1\n"


def message(
    time_ns: int, type: int, order_id: int, size: int, price: int, direction: int
) -> LobsterMessage:
    return LobsterMessage(
        row=1,
        time_ns=time_ns,
        type=LobsterType(type),
        order_id=order_id,
        size=size,
        price=price,
        side=Side.BUY if direction == 1 else Side.SELL,
    )


T0 = 34_200_000_000_000  # half past nine

# fmt: off
MESSAGES = {
    "new buy order": ("34200.004241176,1,11,18,5853300,1", (T0 + 4_241_176, 1, 11, 18, 5853300, 1)),
    "new sell order": (
        "34200.004241176,1,11,18,5853300,-1",
        (T0 + 4_241_176, 1, 11, 18, 5853300, -1),
    ),
    "partial cancel": ("34200.1,2,7,5,100,1", (T0 + 100_000_000, 2, 7, 5, 100, 1)),
    "delete": ("34200.1,3,7,5,100,1", (T0 + 100_000_000, 3, 7, 5, 100, 1)),
    "execution": ("34200.1,4,7,5,100,1", (T0 + 100_000_000, 4, 7, 5, 100, 1)),
    "hidden execution": ("34200.1,5,0,5,101,-1", (T0 + 100_000_000, 5, 0, 5, 101, -1)),
    "halt": ("34200.1,7,0,0,-1,-1", (T0 + 100_000_000, 7, 0, 0, -1, -1)),
    "trading resumes": ("34200.1,7,0,0,1,-1", (T0 + 100_000_000, 7, 0, 0, 1, -1)),
    "with an attribution": ("34200.1,1,7,5,100,1,null", (T0 + 100_000_000, 1, 7, 5, 100, 1)),
    "whole seconds": ("34200,1,7,5,100,1", (T0, 1, 7, 5, 100, 1)),
    "midnight": ("0.000000001,1,7,5,100,1", (1, 1, 7, 5, 100, 1)),
    "trailing zeros": ("34200.100000000000,1,7,5,100,1", (T0 + 100_000_000, 1, 7, 5, 100, 1)),
    "more than a float keeps": (
        "99999999.123456789,1,7,5,100,1",
        (99999999_123456789, 1, 7, 5, 100, 1),
    ),
    "blanks after commas": ("34200.1, 1, 7, 5, 100, 1", (T0 + 100_000_000, 1, 7, 5, 100, 1)),
}

BAD_MESSAGES = {
    "nothing": ("", 1, "a message", "an empty file"),
    "an empty line": (GOOD + "\n" + GOOD, 2, "6 fields", "1 in ''"),
    "cut off": (GOOD + "34201.1,1,12,18,58", 2, "6 fields", "5 in '34201.1,1,12,18,58'"),
    "cut off in a sign": (GOOD + "34201.1,1,12,18,58,-", 2, "the direction (column 6)", "'-'"),
    "eight fields": ("34200.1,1,7,5,100,1,a,b", 1, "6 fields", "8 in"),
    "a header": ("time,type,id,size,price,direction", 1, "a time (column 1)", "'time'"),
    "a negative time": ("-1.0,1,7,5,100,1", 1, "a time (column 1)", "'-1.0'"),
    "picoseconds": ("34200.1234567891,1,7,5,100,1", 1, "to the nanosecond", "'34200.1234567891'"),
    "an exponent": ("3.42e4,1,7,5,100,1", 1, "a time (column 1)", "'3.42e4'"),
    "time goes backwards": (
        GOOD + "34200.499999999,1,8,5,100,1", 2,
        "a time no earlier than that of line 1", "34200.499999999",
    ),
    "an unknown type": (
        "34200.1,9,7,5,100,1", 1,
        "a type (column 2) among 1, 2, 3, 4, 5, 7", "'9'",
    ),
    "no type": ("34200.1,,7,5,100,1", 1, "the type (column 2), an integer", "''"),
    "an order without id": (
        "34200.1,1,0,5,100,1", 1,
        "the order id (column 3), an integer of at least 1", "'0'",
    ),
    "a word for an id": ("34200.1,1,x7,5,100,1", 1, "the order id (column 3)", "'x7'"),
    "underscores": ("34200.1,1,1_0,5,100,1", 1, "the order id (column 3)", "'1_0'"),
    "size 0": ("34200.1,1,7,0,100,1", 1, "the size (column 4), an integer of at least 1", "'0'"),
    "half a share": ("34200.1,1,7,0.5,100,1", 1, "the size (column 4)", "'0.5'"),
    "price 0": ("34200.1,1,7,5,0,1", 1, "the price (column 5)", "'0'"),
    "an endless price": ("34200.1,1,7,5," + "9" * 5000 + ",1", 1, "the price (column 5)", "9"),
    "direction 0": ("34200.1,1,7,5,100,0", 1, "a direction (column 6) of 1 or -1", "'0'"),
    "an unknown halt": (
        "34200.1,7,0,0,2,-1", 1,
        "-1, 0 or 1 as the price (column 5) of a halt", "'2'",
    ),
}

NO_OFFER, NO_BID = "9999999999,0", "-9999999999,0"

BOOKS = {
    "both sides": ("101,5,100,6,102,7,99,8", BookDepth(((100, 6), (99, 8)), ((101, 5), (102, 7)))),
    "no second offer": (
        f"101,5,100,6,{NO_OFFER},99,8",
        BookDepth(((100, 6), (99, 8)), ((101, 5),)),
    ),
    "no bid": (f"101,5,{NO_BID},102,7,{NO_BID}", BookDepth((), ((101, 5), (102, 7)))),
    "empty": (f"{NO_OFFER},{NO_BID},{NO_OFFER},{NO_BID}", BookDepth((), ())),
}

BAD_BOOKS = {
    "nothing": ("", 1, "the levels of a book", "an empty file"),
    "cut off": (
        "101,5,100,6,102,7,99,8\n101,5,100,6,10", 2,
        "8 fields, as on line 1", "5 in '101,5,100,6,10'",
    ),
    "half a level": ("101,5,100", 1, "four fields a level", "3 in '101,5,100'"),
    "a word": ("101,5,100,six", 1, "the bid size (column 4), an integer of at least 0", "'six'"),
    "a price without size": (
        "101,0,100,6", 1,
        "size 0 with price 9999999999, and only there", "0 with 101",
    ),
    "size at an absent level": (
        "101,5,-9999999999,6", 1,
        "size 0 with price -9999999999", "6 with -9999999999",
    ),
    "a hole": (f"101,5,{NO_BID},102,7,99,8", 1, "no bid level after an absent one", "8 at 99"),
    "bids that rise": (
        "101,5,99,6,102,7,100,8", 1,
        "bid prices from best to worst", "100 after 99",
    ),
    "offers that fall": (
        "102,5,99,6,101,7,98,8", 1,
        "ask prices from best to worst", "101 after 102",
    ),
    "one price twice": (
        "101,5,99,6,101,7,98,8", 1,
        "ask prices from best to worst", "101 after 101",
    ),
    "one bid price twice": (
        "101,5,99,6,102,7,99,8", 1,
        "bid prices from best to worst", "99 after 99",
    ),
    "a row too few": ("101,5,100,6", 2, "2 lines, one a message", "the end of the file"),
    "a row too many": ("101,5,100,6\n" * 3, 3, "the end of the file after 2 lines", "101,5,100,6"),
}
# fmt: on


@pytest.mark.parametrize(("line", "expected"), MESSAGES.values(), ids=MESSAGES.keys())
def test_message_line_means(line: str, expected: tuple[int, int, int, int, int, int]) -> None:
    assert parse_messages(line + "\n", "day.csv") == (message(*expected),)


@pytest.mark.parametrize(
    ("text", "line", "expected", "found"), BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys()
)
def test_bad_message_is_named_by_file_and_line(
    text: str, line: int, expected: str, found: str
) -> None:
    with pytest.raises(LobsterError) as caught:
        parse_messages(text, "day.csv")

    error = caught.value
    assert (error.name, error.line) == ("day.csv", line)
    assert expected in error.expected
    assert found in error.found
    assert str(error).startswith(f"day.csv, line {line}: expected {error.expected}, found ")


def test_messages_of_one_moment_keep_their_order() -> None:
    one, other = parse_messages(GOOD + "34200.5,3,11,18,5853300,1\r\n", "day.csv")

    assert (one.type, other.type) == (LobsterType.NEW, LobsterType.DELETE)
    assert (one.row, other.row) == (1, 2)
    assert one.time_ns == other.time_ns


@pytest.mark.parametrize(("line", "expected"), BOOKS.values(), ids=BOOKS.keys())
def test_book_line_means(line: str, expected: BookDepth) -> None:
    assert parse_book(line, "book.csv") == LobsterBook(2, (expected,))


@pytest.mark.parametrize(
    ("text", "line", "expected", "found"), BAD_BOOKS.values(), ids=BAD_BOOKS.keys()
)
def test_bad_book_is_named_by_file_and_line(
    text: str, line: int, expected: str, found: str
) -> None:
    with pytest.raises(LobsterError) as caught:
        parse_book(text, "book.csv", rows=2)

    error = caught.value
    assert (error.name, error.line) == ("book.csv", line)
    assert expected in error.expected
    assert found in error.found
