"""A message inside a message: what a copy holds, and what is no copy."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.ilink_messages import DIALECT, reports

from floorproof.market.copy_filters import kind_of
from floorproof.wire.copies import (
    MAX_PAYLOAD,
    MSG_TYPE,
    NoCopy,
    Oversized,
    SourceWriter,
    kind_of_text,
    unwrap,
    wrap,
)
from floorproof.wire.fix_header import first_values
from floorproof.wire.fix_text import SOH, parse, write
from floorproof.wire.ilink import Message

START = datetime(2020, 6, 10, 5, 47, 1, 96_000, tzinfo=UTC)

# BrokerTec's test help prints a sample, cut off after 54=2; this is it, ended as it must end.
INNER = (
    "35=8|34=208|369=106|52=20200610-05:47:01.096|49=CME|50=98|56=EIVACPUSP|57=GUSUS|143=US,IL"
    "|1=ACP_ORDER|6=0|11=ACP1591768021071|14=0|17=9848:28271|20=0|37=982167244|38=67|39=0|40=2"
    "|41=0|44=130|48=3273848|54=2|150=0|5979=1591768021096000000"
)


def framed(text: str) -> str:
    pairs = [pair.split("=", 1) for pair in text.split("|")]
    return write([(int(tag), value) for tag, value in pairs]).decode("ascii")


@pytest.mark.rule("DROP-1")
def test_a_copy_has_the_whole_message_after_its_marker_and_says_how_long_that_is() -> None:
    inner = framed(INNER)

    (length, _), (data, payload) = body = wrap(inner)
    outer = write([(35, MSG_TYPE), (34, "185"), *body])

    assert (length, data) == (212, 213)
    assert body[0][1] == str(len("<RTRF>") + len(inner))
    assert payload == f"<RTRF>{inner}"
    copied = unwrap(parse(outer))
    assert (copied.comp_id, copied.msg_seq_num) == ("EIVACPUSP", 208)
    assert copied.request_time == "1591768021096000000"
    assert copied.text == inner
    assert copied.shown == inner.replace(SOH, "|")


@pytest.mark.rule("DROP-1")
@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_a_copy_has_at_most_8000_bytes(over: int, fits: bool) -> None:
    room = MAX_PAYLOAD - len("<RTRF>") - len(framed(f"{INNER}|58=xx")) + 2 + over - 1
    inner = framed(f"{INNER}|58={'x' * room}")

    if fits:
        assert len(wrap(inner)[1][1]) <= MAX_PAYLOAD
        assert unwrap(wrap(inner)).text == inner
    else:
        inner += "x" * (MAX_PAYLOAD + 1 - len("<RTRF>") - len(inner))
        with pytest.raises(Oversized, match="at most 8000 bytes, this one has 8001"):
            wrap(inner)
        with pytest.raises(NoCopy, match="at most 8000 bytes in 213, found 8001"):
            unwrap(((213, f"<RTRF>{inner}"),))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("", "expected <RTRF> first in 213, found ''"),
        (framed(INNER), "expected <RTRF> first in 213"),
        ("<RTRF>", "what is inside is no message"),
        ("<RTRF>" + framed(INNER)[:-1], "what is inside is no message"),
        ("<RTRF>" + framed(INNER).replace("38=67", "38=68"), "a CheckSum"),
        ("<RTRF>" + framed(INNER) + framed(INNER), "one message"),
        ("<RTRF>" + framed("35=8|34=1"), "expected the source's number (34) and comp id (56)"),
        ("<RTRF>" + framed("35=8|34=x|56=X01AAAN"), "expected the source's number"),
    ],
)
def test_what_holds_no_whole_message_is_no_copy(payload: str, says: str) -> None:
    with pytest.raises(NoCopy) as raised:
        unwrap(((212, str(len(payload))), (213, payload)) if payload else ())

    assert says in str(raised.value)


@given(place=st.integers(0, 9_999), byte=st.characters(max_codepoint=127))
def test_any_changed_byte_inside_is_noticed(place: int, byte: str) -> None:
    inner = framed(INNER)
    place %= len(inner)
    changed = inner[:place] + byte + inner[place + 1 :]

    try:
        assert unwrap(((213, f"<RTRF>{changed}"),)).text == inner
    except NoCopy:
        assert changed != inner


@given(st.binary(max_size=60))
def test_garbage_is_no_copy(data: bytes) -> None:
    with pytest.raises(NoCopy):
        unwrap(((213, "<RTRF>" + data.decode("latin-1")),))


def writer() -> SourceWriter:
    dialect = attrs.evolve(DIALECT, operator="X01AAA")
    return SourceWriter(comp_id="X01AAAN", sub_id="G", dialect=dialect, start=START)


@given(reports)
def test_a_report_is_of_the_same_kind_as_its_text(report: Message) -> None:
    text = writer().write(report, 5_000_000)

    fields = first_values(parse(text.encode("ascii")))
    assert kind_of_text(fields) is kind_of(report)
    assert (fields[34], fields[49], fields[50], fields[56]) == ("1", "CME", "G", "X01AAAN")
    assert fields[52] == "20200610-05:47:01.101"


@given(st.lists(reports, max_size=4))
def test_a_writers_numbers_count_what_the_session_was_told(told: list[Message]) -> None:
    one = writer()

    texts = [one.write(report, 0) for report in told]

    numbers = [int(first_values(parse(text.encode("ascii")))[34]) for text in texts]
    assert numbers == [*range(1, len(told) + 1)]


def test_what_is_no_message_to_a_session_is_of_no_kind() -> None:
    for fields in ({}, {35: "D"}, {35: "8", 150: "?"}, {35: "n"}):
        assert kind_of_text(fields) is None
