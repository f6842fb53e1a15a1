"""What commands share: how they end, what they take, and how they print and write."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ParamSpec

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from .market.wording import Wording, label
from .runtime.errors import FenceBreach, FloorproofError, RunError
from .runtime.journal import Entry, Recording, plain_text
from .scenario import story
from .scenario.errors import ScenarioError
from .scenario.origins import foreign
from .scenario.recorded import RecordedRun

P = ParamSpec("P")

FOUND_SOMETHING, BAD_INPUT, INTERRUPTED = 1, 2, 130

_TONES = {"request": "cyan", "ack": "", "fill": "green", "reject": "red"}
_NO_WRAP = 10_000  # columns: a terminal wraps better than a table does


def say(text: str = "") -> None:
    click.echo(text)


def complain(text: str) -> None:
    click.echo(text, err=True)


def ends_well(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn what a command returns or raises into its exit status, without a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            status = command(*args, **kwargs) or 0
        except KeyboardInterrupt:
            complain("interrupted")
            status = INTERRUPTED
        except (RunError, FenceBreach) as error:
            complain(f"error: {error}")
            status = FOUND_SOMETHING
        except FloorproofError as error:
            complain(f"error: {error}")
            status = BAD_INPUT
        sys.exit(status)

    return wrapped


# --- what they take ------------------------------------------------------------------


def settings_of(
    _context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    settings = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals):
            raise click.BadParameter(f"expected {parameter.metavar}, found {each!r}")
        if key in settings:
            raise click.BadParameter(f"{key!r} is given twice")
        settings[key] = value
    return settings


scenario_file = click.argument("file", type=click.Path(path_type=Path))
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    callback=settings_of,
    help="Put VALUE in place of the file's, by dotted path (replay.0.messages).",
)


until_option = click.option(
    "--until",
    metavar="T|SEQ",
    help="As of then: 90s after the start, 13:30:04.5, or the number of an entry.",
)
anyway_option = click.option(
    "--anyway",
    is_flag=True,
    help="Go on with a journal of another floorproof, or of other plugins.",
)


# --- what they read and write --------------------------------------------------------


def recorded_run(journal: Path, *, anyway: bool = True) -> RecordedRun:
    """Return what a journal holds.

    Raises:
        ScenarioError: if it cannot be read; also, unless *anyway*, if it was written by another
            floorproof or with other plugins than there are here.
    """
    try:
        data = journal.read_bytes()
    except OSError as error:
        raise ScenarioError(str(journal), f"cannot read: {error.strerror}") from None
    with naming(journal):
        recording = Recording(data)
        differs = foreign(recording.header)
        if differs and not anyway:
            raise ScenarioError("the journal", f"{'; '.join(differs)}; --anyway goes on")
        recorded = RecordedRun(recording)
    for each in differs:
        complain(f"note: {journal}: {each}")
    return recorded


def note_cut(journal: Path, recorded: RecordedRun) -> None:
    if recorded.recording.cut is not None:
        complain(f"note: {journal}: {recorded.recording.cut}; shown is what stands before that")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    try:
        yield
    except FloorproofError as error:
        raise ScenarioError(str(path), str(error)) from None


def check_outputs(paths: Sequence[Path]) -> None:
    """Check that what a run writes can be written, before it runs and anything is.

    Args:
        paths: the scenario first, which must not be written over.

    Raises:
        ScenarioError: if one cannot, or two are the same file.
    """
    for index, path in enumerate(paths[1:], start=1):
        folder = path.parent
        what = None
        if path.resolve() in [other.resolve() for other in paths[:index]]:
            what = "that is the scenario itself" if index == 1 else "it is written to already"
        elif path.is_dir():
            what = "it is a folder"
        elif not folder.is_dir():
            what = f"there is no folder {str(folder)!r}"
        elif not os.access(path if path.exists() else folder, os.W_OK):
            what = "permission denied"
        if what is not None:
            raise ScenarioError(str(path), f"cannot write: {what}")


@contextmanager
def written_to(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    try:
        with path.open("wb") as stream:
            yield stream
    except OSError as error:
        raise ScenarioError(str(path), f"cannot write: {error.strerror}") from None


def write_line(stream: BinaryIO, line: bytes) -> None:
    stream.write(line + b"\n")


# --- tables --------------------------------------------------------------------------


def print_table(table: story.Table) -> None:
    """Print a table: in colour where that shows, in plain columns elsewhere."""
    if table.title:
        say(table.title)
    if not table.rows:
        return
    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for heading in table.headings:
        drawn.add_column(
            heading, justify="right" if heading in table.numbers else "left", no_wrap=True
        )
    for index, row in enumerate(table.rows):
        style = _TONES[table.tones[index]] if table.tones else ""
        drawn.add_row(*(Text(cell) for cell in row), style=style)
    console = Console(width=_NO_WRAP, highlight=False)
    with console.capture() as capture:
        console.print(drawn)
    for line in capture.get().splitlines():
        say(line.rstrip())


def in_words(entry: Entry, wording: Wording) -> str:
    """Return an entry of a recorded run on one line."""
    if entry.sender is None:
        return f"{entry.actor} reports {entry.kind}: {plain_text(entry.payload)}"
    # What only a plugin knows is told as the journal has it.
    plain = isinstance(entry.payload, Mapping)
    word = entry.kind if plain else label(entry.payload)
    fields = plain_text(entry.payload) if plain else wording.key_fields(entry.payload)
    return f"{entry.sender} > {entry.actor}  {word}" + (f": {fields}" if fields else "")
