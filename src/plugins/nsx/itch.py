"""NSX's public feed outside of a run: ``run --itch``, ``run --pcap``, and ``itch``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ...runtime.errors import FloorproofError
from ...runtime.journal import Entry
from ...wire import itch, itch_book, itch_text, pcap, soupbintcp
from ...wire.itch_session import FeedMessages, FeedSession, sent
from ..hookspecs import ShortForm

BAD_INPUT = 2


class NoOneFeed(FloorproofError):
    """A run has no public feed to export, or several."""


def itch_file(entries: Sequence[Entry]) -> bytes:
    """Return a run's public feed as the SoupBinTCP packets of its session."""
    return b"".join(data for _, data in _sent(entries))


def pcap_file(entries: Sequence[Entry]) -> bytes:
    """Return a run's public feed as a capture of the connection that it would be sent on."""
    return b"".join(pcap.capture(_sent(entries)))


def _sent(entries: Sequence[Entry]) -> Iterator[soupbintcp.Sent]:
    sessions: dict[str, FeedSession] = {}
    told: list[tuple[int, FeedMessages]] = []
    for entry in entries:
        if entry.sender is None and isinstance(entry.payload, FeedSession):
            sessions[entry.actor] = entry.payload
        elif entry.sender is None and isinstance(entry.payload, FeedMessages):
            told.append((entry.time, entry.payload))
    if not sessions:
        raise NoOneFeed("the run has no public feed: declare one in [[exchange.feed]]")
    if len(sessions) > 1:
        names = ", ".join(sessions)
        raise NoOneFeed(f"the run has {len(sessions)} public feeds, and a file holds one: {names}")
    (session,) = sessions.values()
    return sent(session, told, entries[-1].time)


EXPORTERS = {
    "itch": ShortForm(itch_file, "Write the public feed as SoupBinTCP packets of ITCH messages."),
    "pcap": ShortForm(pcap_file, "Write the public feed as a capture that Wireshark reads."),
}


# --- the command ---------------------------------------------------------------------

_WIDTH = 78  # of a message in words: most are shorter


@click.command("itch")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Print a public feed message by message, and the books that follow from it.

    FILE holds the SoupBinTCP packets of one session, as `run --itch` writes them.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        _refuse(f"{file}: cannot read: {error.strerror}")
    reader, count, wrong = itch_book.ItchReader(), 0, ""
    click.echo(f"{'#':>6}  {'time (UTC)':18}  {'message':<{_WIDTH + 3}}  bids | offers")
    try:
        for sequenced in soupbintcp.session_messages(data):
            message = itch.decode(sequenced.message, sequenced.offset)
            try:
                line = itch_text.tell(reader, message)
            except itch_book.ImpossibleFeed as impossible:
                wrong = f"offset {sequenced.offset}: {impossible}"
                break
            count = sequenced.number
            click.echo(_row(count, line))
    except (soupbintcp.SoupError, itch.ItchError) as error:
        wrong = str(error)
    click.echo()
    for orderbook in sorted(reader.books):
        for text in itch_text.book_lines(reader.books[orderbook]):
            click.echo(text)
        click.echo()
    click.echo(f"{count} messages")
    if wrong:
        _refuse(f"{file}: {wrong}")


def _row(number: int, line: itch_text.Line) -> str:
    time = "" if line.letter == "T" else itch_text.utc_time(line.time_ns)
    book = f"{line.bids} | {line.offers}" if line.bids else ""
    return f"{number:>6}  {time:18}  {line.letter}  {line.text:<{_WIDTH}}  {book}".rstrip()


def _refuse(text: str) -> None:
    click.echo(f"error: {text}", err=True)
    sys.exit(BAD_INPUT)
