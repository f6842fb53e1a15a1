"""The messages of the feed: to the byte, at every bound, and what bytes that are none get."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.itch_messages import MESSAGES, beyond, bounds, of, plain

from floorproof.wire.itch import (
    LAYOUTS,
    ActionReason,
    ActionState,
    AddOrder,
    AttributeType,
    CrossType,
    EventStatus,
    IndicativePriceQuantity,
    ItchError,
    Kind,
    Layout,
    Message,
    News,
    OrderbookAttribute,
    OrderbookTradingAction,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderVerb,
    SystemEvent,
    Timestamp,
    decode,
    encode,
    layout_of,
)

by_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)

# --- byte for byte --------------------------------------------------------------------

AT = 250_000_000
T0, T1 = 1767573000250000000, 1767573120250000000


def event(code: str, status: EventStatus, time_ns: int) -> SystemEvent:
    return SystemEvent(AT, "", "", 7, code, status, time_ns)


# Half past midnight UTC on 5 January 2026, and book 7 a quarter of a second later.
# fmt: off
VECTORS: dict[str, tuple[Message, str]] = {
    "base": (Timestamp(1767573000000000000), "541887ae474b925000"),
    "reference": (
        OrderbookAttribute(AT, 7, 1000, AttributeType.ETR_REFERENCE),
        "580ee6b2800000000700000000000003e84220"),
    "upper percentage": (
        OrderbookAttribute(AT, 7, 60000, AttributeType.ETR_UPPER_PERCENT),
        "580ee6b28000000007000000000000ea604420"),
    "lower percentage": (
        OrderbookAttribute(AT, 7, 60000, AttributeType.ETR_LOWER_PERCENT),
        "580ee6b28000000007000000000000ea606420"),
    "pause scheduled": (
        event("CB_AUCT", EventStatus.SCHEDULED, T0),
        "530ee6b280" + 32 * "20" + "0000000743425f41554354202020202053" "1887ae475a790280"),
    "pause triggered": (
        event("CB_AUCT", EventStatus.TRIGGERED, T0),
        "530ee6b280" + 32 * "20" + "0000000743425f41554354202020202054" "1887ae475a790280"),
    "end scheduled": (
        event("CB_AUCT_END", EventStatus.SCHEDULED, T1),
        "530ee6b280" + 32 * "20" + "0000000743425f415543545f454e442053" "1887ae634b07b280"),
    "buy order": (
        AddOrder(AT, 103, OrderVerb.BUY, 200, 7, 1650, 12),
        "410ee6b28000000000000000674200000000000000c80000000700000000000006720000000c"),
    "halt": (
        OrderbookTradingAction(AT, 7, ActionState.SUSPENDED, ActionReason.ETR),
        "480ee6b280000000075648"),
    "indicative price": (
        IndicativePriceQuantity(AT, 200, 7, 1650, 1610, 1610, CrossType.INTRADAY, 200, 200),
        "490ee6b28000000000000000c8000000070000000000000672000000000000064a000000000000064a49"
        "00000000000000c800000000000000c8"),
    "execution": (
        OrderExecuted(AT, 101, 100, 1, True, 12),
        "450ee6b280000000000000006500000000000000640000000000000001590000000c"),
    "execution in an auction": (
        OrderExecutedWithPrice(AT, 103, 200, 2, True, 1610),
        "430ee6b280000000000000006700000000000000c8000000000000000259000000000000064a"),
}
# fmt: on


@pytest.mark.parametrize(("message", "digits"), VECTORS.values(), ids=VECTORS.keys())
def test_a_message_is_these_bytes(message: Message, digits: str) -> None:
    assert encode(message).hex() == digits
    assert decode(bytes.fromhex(digits)) == message


# --- the table ------------------------------------------------------------------------

SIZES = {
    "T": 9, "S": 62, "L": 25, "M": 25, "R": 321, "H": 11, "X": 19, "F": 39, "A": 38, "E": 34,
    "C": 38, "D": 13, "U": 37, "I": 58, "P": 44, "B": 14, "N": 892, "Y": 21, "Z": 17,
}  # fmt: skip


def test_there_are_these_messages_of_these_lengths() -> None:
    assert {layout.letter: layout.length for layout in LAYOUTS} == SIZES


@by_layout
def test_fields_follow_one_another_to_the_end(layout: Layout) -> None:
    ends = [1, *(field.offset + field.length for field in layout.fields)]

    assert [field.offset for field in layout.fields] == ends[:-1]
    assert ends[-1] == layout.length


@by_layout
def test_a_class_has_the_fields_of_its_layout_in_their_order(layout: Layout) -> None:
    names = [field.name for field in msgspec.structs.fields(layout.message)]

    assert names == [field.name for field in layout.fields]
    assert layout_of(layout.message) is layout


@by_layout
def test_only_the_base_says_no_time_after_it(layout: Layout) -> None:
    assert (layout.fields[0].name == "timestamp") == (layout.message is not Timestamp)


# --- there and back -------------------------------------------------------------------


@by_layout
@given(data=st.data())
def test_decode_undoes_encode(layout: Layout, data: st.DataObject) -> None:
    message = data.draw(of(layout))

    written = encode(message)

    assert decode(written) == message
    assert encode(decode(written)) == written
    assert len(written) <= layout.length
    assert len(written) == layout.length or layout.message is News


@by_layout
def test_every_field_holds_its_bounds(layout: Layout) -> None:
    for field in layout.fields:
        for value in bounds(field):
            message = plain(layout, **{field.name: value})
            read = decode(encode(message))
            assert read == message
            assert type(getattr(read, field.name)) is type(value)


@by_layout
def test_a_field_stands_where_its_layout_says(layout: Layout) -> None:
    blank = encode(plain(layout))
    for field in layout.fields:
        for value in bounds(field)[1:]:
            written = encode(plain(layout, **{field.name: value}))
            if field.kind is Kind.ZERO_ENDED:
                continue
            changed = {at for at, (a, b) in enumerate(zip(blank, written, strict=True)) if a != b}
            assert changed <= {*range(field.offset, field.offset + field.length)}


def test_the_longest_news_is_as_long_as_it_can_be() -> None:
    news = News(0, 1, 2, "FIRM", 80 * "t", 255 * "r", 511 * "x")

    assert len(encode(news)) == 892
    assert decode(encode(news)) == news


# --- what cannot be written -----------------------------------------------------------


@by_layout
def test_what_does_not_fit_is_refused_by_name(layout: Layout) -> None:
    for field in layout.fields:
        for value in beyond(field):
            with pytest.raises(ItchError) as raised:
                encode(plain(layout, **{field.name: value}))
            error = raised.value
            assert (error.message, error.field) == (f"{layout.name} [{layout.letter}]", field.name)
            assert error.offset is None
            assert error.expected
            assert repr(value)[:40] in error.found


# fmt: off
UNFIT: dict[str, tuple[Message, str]] = {
    "negative": (
        AddOrder(0, -1, OrderVerb.BUY, 1, 7, 1),
        "Add Order [A], order_number: expected an integer from 0 to 18446744073709551615,"
        " found -1"),
    "too large a price": (
        AddOrder(0, 1, OrderVerb.BUY, 1, 7, 2**63),
        "Add Order [A], price: expected an integer from -9223372036854775808 to"
        " 9223372036854775807, found 9223372036854775808"),
    "later than four bytes": (
        AddOrder(2**32, 1, OrderVerb.BUY, 1, 7, 1),
        "Add Order [A], timestamp: expected an integer from 0 to 4294967295, found 4294967296"),
    "too long": (
        SystemEvent(0, "", "", 7, "CB_AUCT_ENDED", EventStatus.TRIGGERED, 0),
        "System Event [S], event_code: expected printable ASCII, at most 12 long, without a"
        " blank at its end, found 'CB_AUCT_ENDED'"),
    "no such code": (
        AddOrder(0, 1, "X", 1, 7, 1),  # type: ignore[arg-type]  # on purpose
        "Add Order [A], order_verb: expected one of 'B', 'S', found 'X'"),
    "no flag": (
        OrderExecuted(0, 1, 1, 1, "Y"),  # type: ignore[arg-type]  # on purpose
        "Order Executed [E], printable: expected one of True, False, found 'Y'"),
    "too long a text": (
        News(0, 1, 2, title=81 * "t"),
        "News [N], title: expected ASCII without a zero, at most 80 long, found"
        f" '{56 * 't'}..."),
    "the first of two": (
        AddOrder(0, 1, OrderVerb.BUY, -1, 7, None),  # type: ignore[arg-type]  # on purpose
        "Add Order [A], quantity: expected an integer from 0 to 18446744073709551615, found -1"),
}
# fmt: on


@pytest.mark.parametrize(("message", "said"), UNFIT.values(), ids=UNFIT.keys())
def test_an_error_of_writing_says_what_was_expected(message: Message, said: str) -> None:
    with pytest.raises(ItchError) as raised:
        encode(message)

    assert str(raised.value) == said


# --- what cannot be read --------------------------------------------------------------

ADD = bytes.fromhex(VECTORS["buy order"][1])
NEWS = encode(News(0, 1, 2, "FIRM", "title", "ref", "text"))
KNOWN = ", ".join(layout.letter for layout in LAYOUTS)

# fmt: off
UNREADABLE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 100, "expected a message, found no byte"),
    "no such type": (b"Q123", 100, f"expected the type of a message ({KNOWN}), found 'Q'"),
    "no letter": (b"\xff", 100, rf"expected the type of a message ({KNOWN}), found '\xff'"),
    "cut off": (ADD[:20], 120, "Add Order [A]: expected 38 bytes, found 20"),
    "too long": (ADD + b"!", 138, "Add Order [A]: expected 38 bytes, found 39"),
    "no such code": (
        ADD[:13] + b"X" + ADD[14:], 113,
        "Add Order [A], order_verb: expected one of 'B', 'S', found 'X'"),
    "no such flag": (
        encode(OrderExecuted(0, 1, 1, 1))[:29] + b"y\0\0\0\0", 129,
        "Order Executed [E], printable: expected one of True, False, found 'y'"),
    "no text": (
        b"F" + bytes(8) + 29 * b"x" + b"\x80", 109,
        rf"Firm Directory [F], firm_code: expected printable ASCII, found '{29 * 'x'}\x80'"),
    "zeros in a text": (
        b"F" + bytes(8) + 30 * b"\0", 109,
        "Firm Directory [F], firm_code: expected printable ASCII, found"
        " '" + (14 * r"\x00") + "..."),
    "news cut off early": (NEWS[:30], 130, "News [N]: expected at least 43 bytes, found 30"),
    "news cut off in a text": (
        NEWS[:-1], 153, "News [N], text: expected a zero byte within 512 bytes, found 4 bytes"
        " without one"),
    "news with too long a text": (
        NEWS[:43] + 81 * b"t" + b"\0\0\0", 143,
        "News [N], title: expected a zero byte within 81 bytes, found 81 bytes without one"),
    "news with more": (
        NEWS + b"!!", 158, "News [N]: expected the end after 58 bytes, found 2 bytes more"),
    "news that is no ASCII": (
        NEWS[:43] + b"\x80\0\0\0", 143, r"News [N], title: expected ASCII, found '\x80'"),
}
# fmt: on


@pytest.mark.parametrize(("data", "offset", "said"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_error_of_reading_says_where_and_why(data: bytes, offset: int, said: str) -> None:
    with pytest.raises(ItchError) as raised:
        decode(data, at=100)

    assert str(raised.value) == f"offset {offset}: {said}"
    assert raised.value.offset == offset


LETTERS = st.sampled_from([layout.letter.encode() for layout in LAYOUTS])


@given(st.binary(max_size=80) | st.builds(bytes.__add__, LETTERS, st.binary(max_size=900)))
def test_any_bytes_are_a_message_or_an_error_inside_them(data: bytes) -> None:
    message = survive(data)

    assert message is None or encode(message) == data


@given(MESSAGES, st.data())
def test_a_message_with_a_byte_changed_is_a_message_or_an_error_inside_it(
    message: Message, data: st.DataObject
) -> None:
    written = bytearray(encode(message))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] = data.draw(st.integers(0, 255))

    survive(bytes(written))


def survive(data: bytes) -> Message | None:
    """Return the message that *data* is; None if it is none, and the error says where."""
    offset: int | None
    try:
        return decode(data)
    except ItchError as error:
        offset = error.offset
    assert offset is not None
    assert 0 <= offset <= len(data)
    return None


@by_layout
def test_a_message_that_is_cut_off_anywhere_is_none(layout: Layout) -> None:
    written = encode(plain(layout))

    for length in range(len(written)):
        with pytest.raises(ItchError):
            decode(written[:length])


def test_every_code_is_one_letter_of_its_own() -> None:
    for field in itertools.chain.from_iterable(layout.fields for layout in LAYOUTS):
        if field.codes is not None:
            letters: list[Any] = [code.value for code in field.codes]
            assert len({*letters}) == len(letters)
            assert {len(letter) for letter in letters} == {1}
