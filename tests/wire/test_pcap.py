"""Captures: read back by a plain parser of ours, and by tshark where it is installed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.wire.itch import AttributeType, OrderbookAttribute, Timestamp, encode
from floorproof.wire.pcap import CLIENT, SERVER, capture, checksum
from floorproof.wire.soupbintcp import SECOND_NS, Sent, session_stream

T0 = 1_767_573_000_250_000_000


@attrs.frozen
class Frame:
    """What a capture says of one frame."""

    time_ns: int
    source: bytes
    flags: int
    sequence: int
    ack: int
    data: bytes


def frames(data: bytes) -> list[Frame]:
    """Read a capture, and check all of its headers on the way."""
    header = struct.unpack("<IHHiIII", data[:24])
    assert header == (0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    read, at = [], 24
    while at < len(data):
        seconds, nanoseconds, kept, length = struct.unpack("<IIII", data[at : at + 16])
        assert kept == length
        assert nanoseconds < SECOND_NS
        frame = data[at + 16 : at + 16 + kept]
        assert len(frame) == kept
        at += 16 + kept
        assert frame[12:14] == b"\x08\x00"
        ip, tcp = frame[14:34], frame[34:]
        assert ip[0] == 0x45
        assert ip[9] == 6
        assert int.from_bytes(ip[2:4], "big") == len(frame) - 14
        assert ones_sum(ip) == 0xFFFF
        assert ones_sum(ip[12:20] + bytes([0, 6]) + len(tcp).to_bytes(2, "big") + tcp) == 0xFFFF
        assert tcp[12] == 5 << 4
        port, _, sequence, ack = struct.unpack(">HHII", tcp[:12])
        assert port == (SERVER if ip[12:16] == SERVER.ip else CLIENT).port
        time_ns = seconds * SECOND_NS + nanoseconds
        read.append(Frame(time_ns, ip[12:16], tcp[13], sequence, ack, tcp[20:]))
    return read


def ones_sum(data: bytes) -> int:
    """Add in ones' complement, a pair of bytes after the other: all ones if a sum is right."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_a_checksum_is_that_of_the_standards_example() -> None:
    """RFC 1071, section 3."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


def test_a_connection_is_opened_used_and_closed() -> None:
    read = frames(b"".join(capture([(T0, b"ab"), (T0 + 5, b"cde")])))

    told = [
        (each.time_ns - T0, each.source == SERVER.ip, each.flags, each.sequence, each.ack)
        for each in read
    ]
    assert told == [
        (0, False, 0x02, 0, 0),  # SYN
        (0, True, 0x12, 0, 1),  # SYN, ACK
        (0, False, 0x10, 1, 1),
        (0, True, 0x18, 1, 1),  # PSH, ACK
        (5, True, 0x18, 3, 1),
        (5, True, 0x11, 6, 1),  # FIN, ACK
        (5, False, 0x11, 1, 7),
        (5, True, 0x10, 7, 2),
    ]
    assert [each.data for each in read if each.data] == [b"ab", b"cde"]


@given(st.lists(st.tuples(st.integers(0, 9 * SECOND_NS), st.binary(max_size=3000)), max_size=5))
def test_what_was_sent_is_read_back_in_order(gaps: list[tuple[int, bytes]]) -> None:
    sent, time_ns = [], T0
    for gap, data in gaps:
        time_ns += gap
        sent.append((time_ns, data))

    read = frames(b"".join(capture(sent)))

    stream = b""
    for each in read:
        if each.data:
            assert each.source == SERVER.ip
            assert each.sequence == 1 + len(stream)
            stream += each.data
    assert stream == b"".join(data for _, data in sent)
    assert [each.time_ns for each in read] == sorted(each.time_ns for each in read)


def test_nothing_sent_is_an_empty_capture() -> None:
    assert frames(b"".join(capture([]))) == []


@pytest.mark.parametrize("time_ns", [-1, 2**32 * SECOND_NS])
def test_a_time_that_a_capture_cannot_say_is_refused(time_ns: int) -> None:
    with pytest.raises(ValueError, match=f"time {time_ns} ns: expected 1970 to 2106"):
        [*capture([(time_ns, b"a")])]


def test_the_latest_time_is_taken() -> None:
    latest = 2**32 * SECOND_NS - 1

    assert frames(b"".join(capture([(latest, b"a")])))[0].time_ns == latest


# --- Wireshark ------------------------------------------------------------------------

INFO = ("soupbintcp.session", "_ws.col.Info")


@pytest.fixture
def tshark() -> str:
    """Wireshark's command; `FLOORPROOF_TSHARK` says where else it is."""
    found = os.environ.get("FLOORPROOF_TSHARK") or shutil.which("tshark")
    if found is None:
        pytest.skip("tshark is not installed")
    return found


def dissect(tshark: str, path: Path, *options: str) -> list[str]:
    port = f"tcp.port=={SERVER.port},soupbintcp"
    checked = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    # Wireshark takes some messages for those of OUCH, an order entry protocol.
    ours = ["-d", port, "--disable-protocol", "ouch"]
    command = [tshark, "-r", str(path), *ours, *checked, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def fields(*names: str) -> list[str]:
    return ["-T", "fields", *(part for name in names for part in ("-e", name))]


def test_wireshark_reads_a_session(tshark: str, tmp_path: Path) -> None:
    attribute = OrderbookAttribute(250_000_000, 7, 1000, AttributeType.ETR_REFERENCE)
    messages: list[Sent] = [
        (T0, encode(Timestamp(T0 - 250_000_000))),
        (T0, encode(attribute)),
        (T0 + SECOND_NS * 3 // 2, encode(attribute)),
    ]
    path = tmp_path / "feed.pcap"
    path.write_bytes(b"".join(capture(session_stream(messages, "DAY1", start_ns=T0))))

    read = dissect(tshark, path, "-Y", "soupbintcp", *fields("soupbintcp.packet_type", *INFO))
    wrong = "tcp.checksum.status == 0 or ip.checksum.status == 0 or tcp.analysis.flags"

    assert [[part.strip("' ") for part in line.split("\t")] for line in read] == [
        ["A", "DAY1", "Login Accepted"],
        ["S", "", "Sequenced Data, SeqNum = 1"],
        ["S", "", "Sequenced Data, SeqNum = 2"],
        ["H", "", "Server Heartbeat"],
        ["S", "", "Sequenced Data, SeqNum = 3"],
        ["Z", "", "End of Session"],
    ]
    assert dissect(tshark, path, "-Y", f"_ws.malformed or {wrong}") == []
