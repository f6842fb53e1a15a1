"""SoupBinTCP 3.0: how messages lie in a stream, and what a session is made of.

A packet is its length in two bytes (which counts what follows), a letter, and a
payload.  Messages of a session are numbered from 1 by being counted: no packet has its
number, so that only a server that says what comes next can make one miss.

Source: docs.nsx.com.au/ncd, "ITCH introduction"; Nasdaq, "SoupBinTCP 3.00".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TypeAlias

import attrs
import msgspec

SECOND_NS = 1_000_000_000
MAX_PAYLOAD = 0xFFFF - 1

Sent: TypeAlias = tuple[int, bytes]
"""Bytes, and when they are sent: in nanoseconds, from any start."""


class SoupError(ValueError):
    """Bytes are no packets, or a packet cannot be written.

    Attributes:
        offset: where in what was read it is wrong; None of what was to be written.
        expected: what should have stood there.
        found: what stood there.
    """

    def __init__(self, offset: int | None, expected: str, found: str) -> None:
        place = "" if offset is None else f"offset {offset}: "
        super().__init__(f"{place}expected {expected}, found {found}")
        self.offset = offset
        self.expected = expected
        self.found = found


class PacketType(Enum):
    """The letter of a packet."""

    LOGIN_ACCEPTED = b"A"
    LOGIN_REJECTED = b"J"
    SEQUENCED_DATA = b"S"
    SERVER_HEARTBEAT = b"H"
    END_OF_SESSION = b"Z"
    DEBUG = b"+"
    LOGIN_REQUEST = b"L"
    UNSEQUENCED_DATA = b"U"
    CLIENT_HEARTBEAT = b"R"
    LOGOUT_REQUEST = b"O"


PAYLOADS: dict[PacketType, int | None] = {
    PacketType.LOGIN_ACCEPTED: 30,  # session 10, next sequence number 20
    PacketType.LOGIN_REJECTED: 1,  # A: not authorised, S: session unavailable
    PacketType.SEQUENCED_DATA: None,  # one message
    PacketType.SERVER_HEARTBEAT: 0,
    PacketType.END_OF_SESSION: 0,
    PacketType.DEBUG: None,  # text
    PacketType.LOGIN_REQUEST: 46,  # user 6, password 10, session 10, sequence number 20
    PacketType.UNSEQUENCED_DATA: None,
    PacketType.CLIENT_HEARTBEAT: 0,
    PacketType.LOGOUT_REQUEST: 0,
}
"""How many bytes each type carries; None for any."""


@attrs.frozen
class Packet:
    """One packet."""

    type: PacketType
    payload: bytes = b""


@attrs.frozen
class Sequenced:
    """One message of a session."""

    number: int
    """Its place, from 1."""

    offset: int
    """Where in the stream the message begins, its packet's three bytes before it."""

    message: bytes


class StreamBytes(msgspec.Struct, frozen=True, gc=False):
    """What one end of a connection sends to the other at one moment: whole packets."""

    data: bytes


@attrs.frozen
class Login:
    """Who wants which messages of a session."""

    user: str = ""
    password: str = ""
    session: str = ""
    """Blank for the current one."""

    next_number: int = 1
    """The first message that is wanted; 0 for those alone that are yet to come."""


class RejectReason(Enum):
    """Why a login is rejected."""

    NOT_AUTHORIZED = b"A"
    SESSION_UNAVAILABLE = b"S"


# --- writing -------------------------------------------------------------------------


def frame(packet: Packet) -> bytes:
    """Return *packet* as it is sent.

    Raises:
        SoupError: if its payload has not the length of its type.
    """
    size, found = PAYLOADS[packet.type], len(packet.payload)
    if size is not None and found != size:
        raise SoupError(None, f"{size} bytes in a packet {_name(packet.type)}", f"{found}")
    if found > MAX_PAYLOAD:
        raise SoupError(None, f"at most {MAX_PAYLOAD} bytes in a packet", f"{found}")
    return (1 + found).to_bytes(2, "big") + packet.type.value + packet.payload


def login_accepted(session: str, next_number: int) -> Packet:
    """Return the packet that begins a session's stream.

    Raises:
        SoupError: if the session's name is not of up to ten letters and digits, or the
            number not from 1 and of up to 20 digits.
    """
    if not (len(session) <= 10 and session.isascii() and session.isalnum()):
        raise SoupError(None, "a session of 1 to 10 letters and digits", repr(session))
    if not 1 <= next_number < 10**20:
        raise SoupError(None, "a sequence number from 1, of up to 20 digits", f"{next_number}")
    payload = f"{session:>10}{next_number:>20}"
    return Packet(PacketType.LOGIN_ACCEPTED, payload.encode("ascii"))


def login_request(login: Login) -> Packet:
    """Return the packet with which a client begins.

    Raises:
        SoupError: if a text is longer than its field, or not printable ASCII, or the number
            is below zero or of more than 20 digits.
    """
    payload = ""
    texts = (("user", login.user, 6), ("password", login.password, 10))
    for name, text, length in (*texts, ("session", login.session, 10)):
        if len(text) > length or not (text.isascii() and text.isprintable()):
            raise SoupError(None, f"a {name} of up to {length} printable letters", repr(text))
        payload += f"{text:<{length}}" if name != "session" else f"{text:>{length}}"
    if not 0 <= login.next_number < 10**20:
        what = "a sequence number from 0, of up to 20 digits"
        raise SoupError(None, what, f"{login.next_number}")
    return Packet(PacketType.LOGIN_REQUEST, f"{payload}{login.next_number:>20}".encode("ascii"))


def login_rejected(reason: RejectReason) -> Packet:
    return Packet(PacketType.LOGIN_REJECTED, reason.value)


def session_stream(
    messages: Iterable[Sent],
    session: str,
    *,
    start_ns: int,
    end_ns: int | None = None,
) -> Iterator[Sent]:
    """Yield what a server sends of a whole session: each packet, and when.

    Login accepted comes first, then a packet for each message; a heartbeat whenever a
    second has passed in which nothing was sent; last the end of the session.

    Args:
        messages: those of the session, with the time of each.
        session: its name.
        start_ns: when it begins.
        end_ns: when it ends; None for the time of the last message.

    Raises:
        SoupError: if a message is too long, or comes before the one before it, before
            the session's start or after its end.
    """
    yield start_ns, frame(login_accepted(session, 1))
    last_ns = start_ns
    for time_ns, message in messages:
        if time_ns < last_ns or (end_ns is not None and time_ns > end_ns):
            until = "" if end_ns is None else f" to {end_ns}"
            raise SoupError(None, f"a message at {last_ns} ns{until}", f"one at {time_ns} ns")
        yield from _heartbeats(last_ns, time_ns)
        yield time_ns, frame(Packet(PacketType.SEQUENCED_DATA, message))
        last_ns = time_ns
    if end_ns is not None:
        yield from _heartbeats(last_ns, end_ns)
        last_ns = end_ns
    yield last_ns, frame(Packet(PacketType.END_OF_SESSION))


def _heartbeats(last_ns: int, next_ns: int) -> Iterator[Sent]:
    """Yield a heartbeat for each second between two packets, if they are further apart."""
    heartbeat = frame(Packet(PacketType.SERVER_HEARTBEAT))
    for time_ns in range(last_ns + SECOND_NS, next_ns, SECOND_NS):
        yield time_ns, heartbeat


# --- reading -------------------------------------------------------------------------


def packets(data: bytes) -> Iterator[tuple[int, Packet]]:
    """Yield the packets of a stream, each with its offset, as far as they are sound.

    Raises:
        SoupError: at the first that is cut off, has a type that there is not, or has
            another length than its type.
    """
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < 2:
            raise SoupError(offset, "two bytes of a packet's length", f"{end - offset}")
        length = int.from_bytes(data[offset : offset + 2], "big")
        if length == 0:
            raise SoupError(offset, "a packet's length of at least 1", "0")
        found = end - offset - 2
        if found == 0:
            raise SoupError(offset + 2, f"{length} bytes of a packet", "the end")
        try:
            packet_type = PacketType(data[offset + 2 : offset + 3])
        except ValueError:
            known = ", ".join(_name(known).strip("'") for known in PacketType)
            what = f"the type of a packet ({known})"
            raise SoupError(offset + 2, what, repr(data[offset + 2 : offset + 3])[1:]) from None
        size = PAYLOADS[packet_type]
        if size is not None and length != 1 + size:
            what = f"a length of {1 + size} of a packet {_name(packet_type)}"
            raise SoupError(offset, what, f"{length}")
        if found < length:
            what = f"{length} bytes of a packet {_name(packet_type)}"
            raise SoupError(offset + 2, what, f"{found}")
        yield offset, Packet(packet_type, data[offset + 3 : offset + 2 + length])
        offset += 2 + length


def login_of(offset: int, packet: Packet) -> Login:
    """Return what a login request wants.

    Raises:
        SoupError: if its sequence number is none.
    """
    payload = packet.payload
    digits = payload[26:].strip(b" ")
    if not digits.isdigit():
        raise SoupError(offset + 29, "a sequence number from 0", repr(payload[26:])[1:])
    user, password, session = (
        part.decode("latin-1").strip(" ") for part in (payload[:6], payload[6:16], payload[16:26])
    )
    return Login(user, password, session, int(digits))


def session_messages(data: bytes) -> Iterator[Sequenced]:
    """Yield the messages of one session, numbered, as far as its stream is sound.

    Raises:
        SoupError: as `packets`; if the stream does not begin with login accepted, if
            the number of one is not that of the message that comes next, or if it does
            not end with the end of the session.
    """
    number, ended = None, False
    for offset, packet in packets(data):
        if ended:
            raise SoupError(offset, "nothing after the end of the session", _told(packet))
        if packet.type is PacketType.LOGIN_ACCEPTED:
            found = _next_number(offset, packet)
            if number is not None and found != number:
                raise SoupError(offset, f"{number} as the next sequence number", f"{found}")
            number = found
        elif number is None:
            raise SoupError(offset, "login accepted before anything else", _told(packet))
        elif packet.type is PacketType.SEQUENCED_DATA:
            yield Sequenced(number, offset + 3, packet.payload)
            number += 1
        elif packet.type is PacketType.END_OF_SESSION:
            ended = True
        elif packet.type not in (PacketType.SERVER_HEARTBEAT, PacketType.DEBUG):
            raise SoupError(offset, "a packet that a server sends in a session", _told(packet))
    if not ended:
        raise SoupError(len(data), "the end of the session", "the end of the stream")


def _next_number(offset: int, packet: Packet) -> int:
    digits = packet.payload[10:].strip(b" ")
    if not digits.isdigit() or int(digits) == 0:
        raise SoupError(offset + 13, "a sequence number from 1", repr(packet.payload[10:])[1:])
    return int(digits)


def _told(packet: Packet) -> str:
    return f"a packet {_name(packet.type)}"


def _name(packet_type: PacketType) -> str:
    return repr(packet_type.value.decode())
