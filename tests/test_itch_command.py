# ruff: noqa: E501  # a case is a line
"""run --itch and --pcap, and floorproof itch: a feed in files, sound and damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nsx_floor
import pytest
from commands import STAGED_ORDER, Ran, changed, command, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.wire.itch import AddOrder, Message, OrderVerb, Timestamp, encode
from floorproof.wire.soupbintcp import (
    Packet,
    PacketType,
    frame,
    login_accepted,
    packets,
    session_messages,
)

LATEST = 48
"""The number of the floor's last message."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Ran]:
    """The files of two pauses in a row, and what the run has printed."""
    folder = tmp_path_factory.mktemp("feed")
    scenario = write(
        folder, changed(nsx_floor.text(), 'feed = "ITCH"', 'feed = "ITCH"\nshown = true')
    )
    feed, capture = folder / "feed.itch", folder / "feed.pcap"
    ran = command("run", scenario, "--itch", feed, "--pcap", capture)
    assert (ran.status, ran.err) == (0, "")
    return feed, capture, ran


def test_the_file_holds_what_the_feed_has_told(written: tuple[Path, Path, Ran]) -> None:
    feed, _, _ = written
    told = nsx_floor.told(floorproof.run(floorproof.parse(nsx_floor.text())).journal)

    found = [packet for _, packet in packets(feed.read_bytes())]

    assert found[0] == login_accepted("NSX1", 1)
    assert found[-1] == Packet(PacketType.END_OF_SESSION)
    messages = [each.message for each in session_messages(feed.read_bytes())]
    assert messages == [message for each in told for message in each.messages]
    heartbeats = [packet for packet in found if packet.type is PacketType.SERVER_HEARTBEAT]
    # 322 seconds; none in the seconds 1, 2, 122, 200, 201, 202 and 322, that bring a message.
    assert len(heartbeats) == 322 - 7


def test_a_feed_is_printed_message_by_message_with_its_books(
    written: tuple[Path, Path, Ran],
) -> None:
    feed, _, _ = written

    ran = command("itch", feed)

    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["#", "time", "(UTC)", "message", "bids", "|", "offers"]
    assert lines[1].split(None, 2) == ["1", "T", "2026-01-05 00:30:00.000000000"]
    assert [line.split()[0] for line in lines[1 : 1 + LATEST]] == [
        str(n + 1) for n in range(LATEST)
    ]
    (added,) = [line for line in lines if line.split()[:1] == ["16"]]
    assert added.split()[:3] == ["16", "00:30:02.000000000", "A"]
    assert "X add #2 buy 200 @ 1.610, NSX-A" in added
    assert added.endswith("200 @ 1.610 | 200 @ 1.610")
    assert lines[1 + LATEST :] == [
        "",
        "X: last 2.580, volume 350",
        "    previous close 1.000",
        "    ETR reference 2.580",
        "    ETR upper limit 60.000 %",
        "    ETR lower limit 60.000 %",
        "    bids  offers",
        "          #4 50 @ 2.580",
        "",
        "48 messages",
    ]


def test_a_run_prints_what_a_reader_reads(written: tuple[Path, Path, Ran]) -> None:
    _, _, ran = written
    lines = ran.out.splitlines()
    start = lines.index("ITCH, as TAPE reads it")

    assert lines[start + 1].split() == ["time", "#", "message", "bids", "offers"]
    rows = [line for line in lines[start + 2 : lines.index("", start)] if "CB_AUCT" in line]
    assert [row.split("S  ")[1] for row in rows] == [
        "CB_AUCT of X scheduled for 00:30:02.000",
        "CB_AUCT of X triggered",
        "CB_AUCT_END of X scheduled for 00:32:02.000",
        "CB_AUCT_END of X triggered",
        "CB_AUCT of X scheduled for 00:33:22.000",
        "CB_AUCT of X triggered",
        "CB_AUCT_END of X scheduled for 00:35:22.000",
        "CB_AUCT_END of X triggered",
    ]


# --- damaged files ---------------------------------------------------------------------


def sound() -> bytes:
    """Return a session of three messages: a base at 33, orders at 45 and 86."""
    messages: list[Message] = [Timestamp(0), add(1), add(2)]
    data = frame(login_accepted("S", 1))
    data += b"".join(frame(Packet(PacketType.SEQUENCED_DATA, encode(each))) for each in messages)
    return data + frame(Packet(PacketType.END_OF_SESSION))


def add(number: int) -> AddOrder:
    return AddOrder(0, number, OrderVerb.BUY, 5, 7, 100)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data[: data.rindex(old)] + new + data[data.rindex(old) + len(old) :]

    return change


ADD_2 = encode(add(2))
# fmt: off
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "truncated packet": (lambda data: data[:100], 2, "offset 88: expected 39 bytes of a packet 'S', found 12"),
    "truncated length": (lambda data: data[:87], 2, "offset 86: expected two bytes of a packet's length, found 1"),
    "no end": (lambda data: data[:-3], 3, "offset 127: expected the end of the session, found the end of the stream"),
    "a length of nothing": (replaced(b"\0\x27S" + ADD_2, b"\0\0S" + ADD_2), 2, "offset 86: expected a packet's length of at least 1, found 0"),
    "wrong length of a packet": (replaced(b"\0\x01Z", b"\0\x02Z"), 3, "offset 127: expected a length of 1 of a packet 'Z', found 2"),
    "wrong length of a message": (replaced(b"\0\x27S" + ADD_2, b"\0\x26S" + ADD_2[:-1]), 2, "offset 126: Add Order [A]: expected 38 bytes, found 37"),
    "unknown type of a packet": (replaced(b"\0\x27S" + ADD_2, b"\0\x27Q" + ADD_2), 2, "offset 88: expected the type of a packet (A, J, S, H, Z, +, L, U, R, O), found 'Q'"),
    "unknown type of a message": (replaced(ADD_2, b"Q" + ADD_2[1:]), 2, "offset 89: expected the type of a message"),
    "a code that there is not": (replaced(ADD_2, ADD_2[:13] + b"Q" + ADD_2[14:]), 2, "offset 102: Add Order [A], order_verb: expected one of 'B', 'S', found 'Q'"),
    "a sequence gap": (replaced(b"\0\x27S" + ADD_2, frame(login_accepted("S", 5)) + b"\0\x27S" + ADD_2), 2, "offset 86: expected 3 as the next sequence number, found 5"),
    "an order twice": (replaced(ADD_2, encode(add(1))), 2, "offset 89: Add Order [A]: expected an order number that was never used, found 1"),
    "nothing at all": (lambda _: b"", 0, "offset 0: expected the end of the session, found the end of the stream"),
    "another file": (lambda _: b"# a scenario", 0, "offset 2: expected the type of a packet"),
}
# fmt: on


@pytest.mark.parametrize(("damage", "kept", "said"), DAMAGES.values(), ids=DAMAGES)
def test_of_a_damaged_file_what_came_before_is_kept(
    tmp_path: Path, damage: Callable[[bytes], bytes], kept: int, said: str
) -> None:
    file = tmp_path / "feed.itch"
    file.write_bytes(damage(sound()))

    ran = command("itch", file)

    assert ran.status == 2
    assert ran.err.startswith(f"error: {file}: {said}")
    assert ran.err.count("\n") == 1
    lines = ran.out.splitlines()
    assert lines[-1] == f"{kept} messages"
    assert [line.split()[1] for line in lines[1 : 1 + kept]] == ["T", *["00:00:00.000000000"] * 2][
        :kept
    ]
    if kept == 2:
        assert "    #1 5 @ 100" in lines


def test_a_file_that_there_is_not_is_said(tmp_path: Path) -> None:
    ran = command("itch", tmp_path / "none")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"error: {tmp_path / 'none'}: cannot read: No such file or directory\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.tuples(st.integers(0, 131), st.integers(0, 255))))
def test_any_bytes_end_with_the_books_or_a_reason(
    tmp_path: Path, drawn: bytes | tuple[int, int]
) -> None:
    data = drawn
    if isinstance(drawn, tuple):
        data = bytes(drawn[1] if place == drawn[0] else each for place, each in enumerate(sound()))
    assert isinstance(data, bytes)
    file = tmp_path / "feed.itch"
    file.write_bytes(data)

    ran = command("itch", file)

    assert ran.status == (2 if ran.err else 0)
    assert ran.err == "" or "offset" in ran.err


# --- runs that have no one feed ----------------------------------------------------------


def test_a_run_without_a_feed_has_nothing_to_write(tmp_path: Path) -> None:
    ran = command("run", STAGED_ORDER, "--quiet", "--itch", tmp_path / "feed")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: the run has no public feed: declare one in [[exchange.feed]]\n"
    assert not (tmp_path / "feed").exists()


def test_a_file_holds_one_feed(tmp_path: Path) -> None:
    second = '  [[exchange.feed]]\n  name = "OTHER"\n\n[[feed_reader]]'
    scenario = write(tmp_path, changed(nsx_floor.text(), "[[feed_reader]]", second))

    ran = command("run", scenario, "--quiet", "--pcap", tmp_path / "feed")

    assert ran.status == 2
    assert ran.err == "error: the run has 2 public feeds, and a file holds one: ITCH, OTHER\n"


# --- Wireshark ---------------------------------------------------------------------------


def test_wireshark_reads_the_capture(written: tuple[Path, Path, Ran]) -> None:
    tshark = os.environ.get("FLOORPROOF_TSHARK") or shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed; FLOORPROOF_TSHARK may name it")
    feed, capture, _ = written
    fields = ["frame.time_epoch", "soupbintcp.packet_type", "soupbintcp.message"]

    ran = subprocess.run(
        [tshark, "-r", capture, "-d", "tcp.port==26400,soupbintcp", "--disable-protocol", "ouch",
         "-T", "fields", *[each for field in fields for each in ("-e", field)], "-Y", "soupbintcp"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    types = [kind.strip("'") for row in rows for kind in row[1].split(",")]
    assert types == [packet.type.value.decode() for _, packet in packets(feed.read_bytes())]
    assert rows[0][0].startswith("1767573000.0")
