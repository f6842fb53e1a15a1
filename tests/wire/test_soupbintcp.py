"""SoupBinTCP: packets to the byte, the heartbeats of a session, and streams that are cut off."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.wire.soupbintcp import (
    PAYLOADS,
    SECOND_NS,
    Packet,
    PacketType,
    Sent,
    Sequenced,
    SoupError,
    frame,
    login_accepted,
    packets,
    session_messages,
    session_stream,
)

REFERENCE = bytes.fromhex("580ee6b2800000000700000000000003e84220")
"""An Orderbook Attribute."""

LOGIN = b"\x00\x1fA" + b"DAY1".rjust(10) + b"1".rjust(20)
HEARTBEAT, END = b"\x00\x01H", b"\x00\x01Z"

# fmt: off
FRAMES = {
    "a message": (Packet(PacketType.SEQUENCED_DATA, REFERENCE), b"\x00\x14S" + REFERENCE),
    "login accepted": (login_accepted("DAY1", 1), LOGIN),
    "a heartbeat": (Packet(PacketType.SERVER_HEARTBEAT), HEARTBEAT),
    "the end": (Packet(PacketType.END_OF_SESSION), END),
    "a login request": (Packet(PacketType.LOGIN_REQUEST, 46 * b" "), b"\x00\x2fL" + 46 * b" "),
    "rejected": (Packet(PacketType.LOGIN_REJECTED, b"A"), b"\x00\x02JA"),
    "debug": (Packet(PacketType.DEBUG, b"hello"), b"\x00\x06+hello"),
    "an empty message": (Packet(PacketType.SEQUENCED_DATA), b"\x00\x01S"),
    "the longest": (
        Packet(PacketType.SEQUENCED_DATA, 65534 * b"x"), b"\xff\xffS" + 65534 * b"x"),
}
# fmt: on


@pytest.mark.parametrize(("packet", "data"), FRAMES.values(), ids=FRAMES.keys())
def test_a_packet_is_these_bytes(packet: Packet, data: bytes) -> None:
    assert frame(packet) == data
    assert [*packets(data)] == [(0, packet)]


# fmt: off
UNFRAMED = {
    "too long": (Packet(PacketType.SEQUENCED_DATA, 65535 * b"x"),
                 "expected at most 65534 bytes in a packet, found 65535"),
    "a heartbeat with more": (Packet(PacketType.SERVER_HEARTBEAT, b"x"),
                              "expected 0 bytes in a packet 'H', found 1"),
}
LOGINS = {
    "no name": ("", 1, "expected a session of 1 to 10 letters and digits, found ''"),
    "a long name": ("ELEVENCHARS", 1, "a session of 1 to 10 letters and digits"),
    "a blank": ("DAY 1", 1, "a session of 1 to 10 letters and digits"),
    "number 0": ("DAY1", 0, "expected a sequence number from 1, of up to 20 digits, found 0"),
    "a long number": ("DAY1", 10**20, "a sequence number from 1, of up to 20 digits"),
}
# fmt: on


@pytest.mark.parametrize(("packet", "said"), UNFRAMED.values(), ids=UNFRAMED.keys())
def test_a_packet_that_cannot_be_is_not_written(packet: Packet, said: str) -> None:
    with pytest.raises(SoupError) as raised:
        frame(packet)

    assert str(raised.value) == said


@pytest.mark.parametrize(("session", "number", "said"), LOGINS.values(), ids=LOGINS.keys())
def test_a_login_that_cannot_be_is_not_written(session: str, number: int, said: str) -> None:
    with pytest.raises(SoupError, match=said):
        login_accepted(session, number)


# --- a session ------------------------------------------------------------------------


def told(sent: list[Sent]) -> list[str]:
    """Return what was sent when, in tenths of a second: a letter, and the message's text."""
    lines = []
    for time_ns, data in sent:
        ((_, packet),) = packets(data)
        text = packet.payload.decode() if packet.type is PacketType.SEQUENCED_DATA else ""
        lines.append(f"{time_ns // 100_000_000} {packet.type.value.decode()} {text}".strip())
    return lines


# Times in tenths of a second.
# fmt: off
SESSIONS: dict[str, tuple[list[tuple[int, str]], int, int | None, list[str]]] = {
    "empty": ([], 0, None, ["0 A", "0 Z"]),
    "silent": ([], 0, 25, ["0 A", "10 H", "20 H", "25 Z"]),
    "one message": ([(3, "a")], 0, None, ["0 A", "3 S a", "3 Z"]),
    "two at once": ([(3, "a"), (3, "b")], 3, None, ["3 A", "3 S a", "3 S b", "3 Z"]),
    "within a second": ([(0, "a"), (9, "b")], 0, None, ["0 A", "0 S a", "9 S b", "9 Z"]),
    "a second apart": ([(0, "a"), (10, "b")], 0, None, ["0 A", "0 S a", "10 S b", "10 Z"]),
    "more than that": ([(0, "a"), (11, "b")], 0, 11,
                       ["0 A", "0 S a", "10 H", "11 S b", "11 Z"]),
    "three": ([(5, "a"), (35, "b")], 0, None,
              ["0 A", "5 S a", "15 H", "25 H", "35 S b", "35 Z"]),
    "silence at the end": ([(5, "a")], 0, 30, ["0 A", "5 S a", "15 H", "25 H", "30 Z"]),
}
# fmt: on


@pytest.mark.parametrize(("at", "start", "end", "lines"), SESSIONS.values(), ids=SESSIONS.keys())
def test_a_session_sends_a_heartbeat_for_each_silent_second(
    at: list[tuple[int, str]], start: int, end: int | None, lines: list[str]
) -> None:
    tenth = SECOND_NS // 10
    messages = [(time * tenth, text.encode()) for time, text in at]
    end_ns = None if end is None else end * tenth

    sent = [*session_stream(messages, "DAY1", start_ns=start * tenth, end_ns=end_ns)]

    assert told(sent) == lines


@given(
    st.lists(st.tuples(st.integers(0, 3 * SECOND_NS), st.binary(max_size=20)), max_size=8),
    st.integers(0, 3 * SECOND_NS),
)
def test_nothing_is_silent_for_longer_and_every_message_is_read_back(
    gaps: list[tuple[int, bytes]], silence_ns: int
) -> None:
    times = [*itertools.accumulate(gap for gap, _ in gaps)]
    messages = [(time, data) for time, (_, data) in zip(times, gaps, strict=True)]
    end_ns = (times[-1] if times else 0) + silence_ns

    sent = [*session_stream(messages, "DAY1", start_ns=0, end_ns=end_ns)]
    stream = b"".join(data for _, data in sent)

    assert all(
        0 <= later - earlier <= SECOND_NS for (earlier, _), (later, _) in itertools.pairwise(sent)
    )
    read = [*session_messages(stream)]
    assert [each.message for each in read] == [data for _, data in messages]
    assert [each.number for each in read] == [*range(1, len(messages) + 1)]
    assert all(
        stream[each.offset : each.offset + len(each.message)] == each.message for each in read
    )


# fmt: off
DISORDER = {
    "backwards": ([(5, b"a"), (4, b"b")], 9, "expected a message at 5 ns to 9, found one at 4 ns"),
    "before the start": ([(-1, b"a")], 9, "expected a message at 0 ns to 9, found one at -1 ns"),
    "after the end": ([(10, b"a")], 9, "expected a message at 0 ns to 9, found one at 10 ns"),
}
# fmt: on


@pytest.mark.parametrize(("messages", "end_ns", "said"), DISORDER.values(), ids=DISORDER.keys())
def test_messages_out_of_time_are_refused(messages: list[Sent], end_ns: int, said: str) -> None:
    with pytest.raises(SoupError) as raised:
        [*session_stream(messages, "DAY1", start_ns=0, end_ns=end_ns)]

    assert str(raised.value) == said


# --- bad streams ----------------------------------------------------------------------

ONE = LOGIN + b"\x00\x03Sab"
AT = len(LOGIN)
AFTER = len(ONE)
# fmt: off
STREAMS: dict[str, tuple[bytes, list[bytes], int, str]] = {
    "cut off in a length": (
        ONE + b"\x00", [b"ab"], AFTER, "expected two bytes of a packet's length, found 1"),
    "cut off after it": (
        ONE + b"\x00\x03", [b"ab"], AFTER + 2, "expected 3 bytes of a packet, found the end"),
    "cut off in a message": (
        ONE + b"\x00\x09Sxy", [b"ab"], AFTER + 2, "expected 9 bytes of a packet 'S', found 3"),
    "no length": (
        ONE + b"\x00\x00", [b"ab"], AFTER, "expected a packet's length of at least 1, found 0"),
    "an unknown type": (
        ONE + b"\x00\x01Q", [b"ab"], AFTER + 2,
        "expected the type of a packet (A, J, S, H, Z, +, L, U, R, O), found 'Q'"),
    "a heartbeat's length": (
        ONE + b"\x00\x02Hx", [b"ab"], AFTER, "expected a length of 1 of a packet 'H', found 2"),
    "a login's length": (
        b"\x00\x1eA" + 29 * b" ", [], 0, "expected a length of 31 of a packet 'A', found 30"),
    "no login": (
        b"\x00\x03Sab", [], 0, "expected login accepted before anything else, found a packet 'S'"),
    "no number": (
        b"\x00\x1fA" + 30 * b" ", [], 13,
        f"expected a sequence number from 1, found '{20 * ' '}'"),
    "no end": (
        ONE, [b"ab"], AFTER, "expected the end of the session, found the end of the stream"),
    "nothing at all": (
        b"", [], 0, "expected the end of the session, found the end of the stream"),
    "something after the end": (
        ONE + END + HEARTBEAT, [b"ab"], AFTER + 3,
        "expected nothing after the end of the session, found a packet 'H'"),
    "a gap": (
        ONE + frame(login_accepted("DAY1", 3)), [b"ab"], AFTER,
        "expected 2 as the next sequence number, found 3"),
    "what a client sends": (
        ONE + b"\x00\x01R", [b"ab"], AFTER,
        "expected a packet that a server sends in a session, found a packet 'R'"),
}
# fmt: on


@pytest.mark.parametrize(
    ("stream", "messages", "offset", "said"), STREAMS.values(), ids=STREAMS.keys()
)
def test_a_bad_stream_is_read_as_far_as_it_is_sound(
    stream: bytes, messages: list[bytes], offset: int, said: str
) -> None:
    read: list[Sequenced] = []

    with pytest.raises(SoupError) as raised:
        read.extend(session_messages(stream))

    assert [each.message for each in read] == messages
    assert str(raised.value) == f"offset {offset}: {said}"


def test_a_session_that_is_joined_again_goes_on() -> None:
    stream = ONE + frame(login_accepted("DAY1", 2)) + b"\x00\x03Scd" + END

    read = [*session_messages(stream)]

    assert [(each.number, each.message) for each in read] == [(1, b"ab"), (2, b"cd")]


@given(st.binary(max_size=60) | st.binary(max_size=60).map(LOGIN.__add__))
def test_any_bytes_are_a_session_or_an_error_inside_them(stream: bytes) -> None:
    offset: int | None = 0
    try:
        for _ in session_messages(stream):
            pass
    except SoupError as error:
        offset = error.offset

    assert offset is not None
    assert 0 <= offset <= len(stream)


def test_a_stream_that_is_cut_off_anywhere_is_none() -> None:
    stream = ONE + HEARTBEAT + END

    for length in range(len(stream)):
        with pytest.raises(SoupError):
            [*session_messages(stream[:length])]


def test_every_type_has_its_length() -> None:
    assert PAYLOADS.keys() == {*PacketType}
