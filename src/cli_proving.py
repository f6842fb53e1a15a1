"""The commands that look for what must not happen, and that say why it did."""

from __future__ import annotations

from pathlib import Path

import click

from .cli_fuzz import fuzz
from .cli_tools import (
    FOUND_SOMETHING,
    anyway_option,
    check_outputs,
    ends_well,
    in_words,
    naming,
    note_cut,
    recorded_run,
    say,
    until_option,
    written_to,
)
from .market.wording import Wording
from .runtime.causes import chain
from .scenario import story
from .scenario.diagram import sequence_diagram
from .scenario.differences import first_difference, told
from .scenario.errors import ScenarioError

# --- diagram, why, diff --------------------------------------------------------------


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write it there.")
@until_option
@click.option("--most", type=click.IntRange(min=1), help="Draw at most so many messages.")
@ends_well
def diagram(journal: Path, out: Path | None, until: str | None, most: int | None) -> None:
    """Draw the messages of a run as a sequence diagram (Mermaid)."""
    if out is not None:
        check_outputs([journal, out])
    recorded = recorded_run(journal)
    place = None if until is None else recorded.place(until)
    with naming(journal):
        entries = recorded.entries(place)
    start = recorded.tables.scenario.start
    drawn = sequence_diagram(entries, Wording(recorded.instruments), start, most=most)
    if out is None:
        say(drawn.rstrip())
    else:
        with written_to(out) as stream:
            assert stream is not None
            stream.write(drawn.encode())
    note_cut(journal, recorded)


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.argument("seq", type=click.IntRange(min=1))
@anyway_option
@ends_well
def why(journal: Path, seq: int, anyway: bool) -> None:
    """Say what led to one entry of a journal, cause by cause."""
    recorded = recorded_run(journal, anyway=anyway)
    with naming(journal):
        entries = recorded.entries()
    led_there = chain(entries, [seq])
    if not led_there:
        numbers = f"1 to {entries[-1].seq}" if entries else "none: the journal has no entry"
        raise ScenarioError("SEQ", f"expected {numbers}, found {seq}")
    wording, start = Wording(recorded.instruments), recorded.tables.scenario.start
    for entry in led_there:
        say(f"{entry.seq:>6}  {story.clock_time(start, entry.time)}  {in_words(entry, wording)}")
    note_cut(journal, recorded)


@click.command()
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
@anyway_option
@ends_well
def diff(one: Path, other: Path, anyway: bool) -> int:
    """Say where two journals part, and what led there in each."""
    paths = (one, other)
    recordings = [recorded_run(path, anyway=anyway).recording for path in paths]
    difference = first_difference(*(recording.entries for recording in recordings))
    if difference is None:
        count = len(recordings[0].entries)
        say(f"{count:,} entries, no difference")
        return 0
    for path, entry, recording in zip(paths, difference, recordings, strict=True):
        for line in told(str(path), entry, recording.entries):
            say(line)
    return FOUND_SOMETHING


COMMANDS = (fuzz, diagram, why, diff)
