"""Captures: what one server sends over TCP, as a file that Wireshark reads.

Nothing has been on a network.  The frames are what a capture beside the server would
have seen: one connection, opened and closed as TCP does it, and the server's bytes.

Source: pcap's file format (draft-ietf-opsawg-pcap), with nanoseconds; RFC 791, 1071
and 9293.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from enum import IntFlag

import attrs

from .soupbintcp import Sent

MAGIC_NS = 0xA1B23C4D
ETHERNET = 1
SNAPLEN = 0xFFFF
MAX_SEGMENT = 1460

_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_ETHERNET = struct.Struct(">6s6sH")
_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_TCP = struct.Struct(">HHIIBBHHH")
_PSEUDO = struct.Struct(">4s4sBBH")


class _Flag(IntFlag):
    FIN = 0x01
    SYN = 0x02
    PSH = 0x08
    ACK = 0x10


@attrs.frozen
class Host:
    """One end of the connection."""

    mac: bytes
    ip: bytes
    port: int


# Addresses for documentation (RFC 5737, RFC 7042): no capture of anybody's network.
SERVER = Host(bytes.fromhex("00005e005301"), bytes([192, 0, 2, 1]), 26400)
CLIENT = Host(bytes.fromhex("00005e005302"), bytes([192, 0, 2, 2]), 49152)


def capture(sent: Iterable[Sent], server: Host = SERVER, client: Host = CLIENT) -> Iterator[bytes]:
    """Yield a capture file piece by piece: its header, then each frame.

    The connection is opened at the time of the first bytes, and closed at that of the
    last.

    Args:
        sent: what the server sends, each at its time after the start of 1970, UTC.
        server: the end that sends.
        client: the end that listens.

    Raises:
        ValueError: if a time is before 1970 or too late for a capture's four bytes of
            seconds.
    """
    yield _FILE.pack(MAGIC_NS, 2, 4, 0, 0, SNAPLEN, ETHERNET)
    up, down = _Stream(client, server), _Stream(server, client)
    last_ns = None
    for time_ns, data in sent:
        if last_ns is None:
            yield from _records(time_ns, _opened(up, down))
        for start in range(0, len(data), MAX_SEGMENT):
            segment = data[start : start + MAX_SEGMENT]
            yield _record(time_ns, down.frame(_Flag.PSH | _Flag.ACK, up.next, segment))
        last_ns = time_ns
    if last_ns is not None:
        yield from _records(last_ns, _closed(up, down))


@attrs.define(eq=False)
class _Stream:
    """What one end has sent to the other."""

    source: Host
    target: Host
    next: int = 0
    """The sequence number of its next byte; it counts anew after 2^32 of them."""

    frames: int = 0

    def frame(self, flags: _Flag, ack: int, data: bytes = b"") -> bytes:
        """Return the next frame, which counts."""
        source, target = self.source, self.target
        ack = ack if _Flag.ACK in flags else 0
        port, sequence = source.port, self.next
        header = _TCP.pack(port, target.port, sequence, ack, 5 << 4, flags, 0xFFFF, 0, 0)
        pseudo = _PSEUDO.pack(source.ip, target.ip, 0, 6, len(header) + len(data))
        sum_ = checksum(pseudo + header + data)
        segment = header[:16] + sum_.to_bytes(2, "big") + header[18:] + data
        self.next = (self.next + len(data) + bool(flags & (_Flag.SYN | _Flag.FIN))) % 2**32
        identity = self.frames % 2**16
        self.frames += 1
        total = _IPV4.size + len(segment)
        ip = _IPV4.pack(0x45, 0, total, identity, 0x4000, 64, 6, 0, source.ip, target.ip)
        ip = ip[:10] + checksum(ip).to_bytes(2, "big") + ip[12:]
        return _ETHERNET.pack(target.mac, source.mac, 0x0800) + ip + segment


def checksum(data: bytes) -> int:
    """Return the Internet checksum: the complement of the sum of all pairs of bytes."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def _opened(up: _Stream, down: _Stream) -> Iterator[bytes]:
    yield up.frame(_Flag.SYN, 0)
    yield down.frame(_Flag.SYN | _Flag.ACK, up.next)
    yield up.frame(_Flag.ACK, down.next)


def _closed(up: _Stream, down: _Stream) -> Iterator[bytes]:
    yield down.frame(_Flag.FIN | _Flag.ACK, up.next)
    yield up.frame(_Flag.FIN | _Flag.ACK, down.next)
    yield down.frame(_Flag.ACK, up.next)


def _records(time_ns: int, frames: Iterable[bytes]) -> Iterator[bytes]:
    for frame in frames:
        yield _record(time_ns, frame)


def _record(time_ns: int, frame: bytes) -> bytes:
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    if not 0 <= seconds < 2**32:
        raise ValueError(f"time {time_ns} ns: expected 1970 to 2106, as a capture can say")
    return _RECORD.pack(seconds, nanoseconds, len(frame), len(frame)) + frame
