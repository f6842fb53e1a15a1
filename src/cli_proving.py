"""The commands that look for what must not happen, and that say why it did."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from .cli_tools import (
    FOUND_SOMETHING,
    anyway_option,
    check_outputs,
    complain,
    ends_well,
    in_words,
    naming,
    note_cut,
    recorded_run,
    say,
    scenario_file,
    set_option,
    until_option,
    written_to,
)
from .market.wording import Wording
from .runtime.causes import chain
from .scenario import story
from .scenario.diagram import sequence_diagram
from .scenario.differences import first_difference, told
from .scenario.errors import ScenarioError
from .scenario.floor import Scenario, load
from .scenario.fuzz import hunt
from .scenario.fuzz.export import counted
from .scenario.fuzz.hunt import InPlaceOnly
from .scenario.fuzz.search import search

# --- fuzz ----------------------------------------------------------------------------


@click.command()
@scenario_file
@set_option
@click.option("--seeds", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes; one a core.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Stop after that.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for what is found.")
@click.option("--shrink-runs", type=click.IntRange(min=1), default=2_000, show_default=True)
@ends_well
def fuzz(
    file: Path,
    settings: dict[str, str],
    seeds: int,
    jobs: int | None,
    minutes: float | None,
    out: Path | None,
    shrink_runs: int,
) -> int:
    """Search seeds for a run that breaks something, and make it small.

    Each cause is shrunk: steps, flow, interleaving and latencies together.  With --out it
    becomes a scenario that fails by itself, a test that does, and its story.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise ScenarioError(str(out), "cannot write: it is no folder")
    scenario = load(file, settings)
    for warning in scenario.warnings:
        complain(f"warning: {warning}")
    hunt.check_reproducible(scenario)
    with _progress() as bar:
        task = bar.add_task("seeds", total=seeds)
        searched = search(
            file,
            scenario,
            seeds,
            settings=settings,
            jobs=min(jobs or os.cpu_count() or 1, seeds),
            seconds=None if minutes is None else minutes * 60,
            progress=lambda more, _failed: bar.advance(task, more),
        )
    for cause, failing in hunt.causes_of(searched):
        _pursue(scenario, cause, failing, file.parent, out, shrink_runs)
    summary = f"{searched.seeds:,} seeds, {len(searched.failed):,} failures"
    many = len(searched.causes)
    say(summary + (f" of {many} cause{'s' * (many > 1)}" if many else ""))
    return FOUND_SOMETHING if searched.failed else 0


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())


def _pursue(
    scenario: Scenario,
    cause: str,
    failing: Sequence[int],
    folder: Path,
    out: Path | None,
    most_runs: int,
) -> None:
    """Make the first of the *failing* seeds small, and say and write what comes of it."""
    with _progress() as bar:
        task = bar.add_task(f"shrinking {cause}", total=None)
        found = hunt.shrink(
            scenario, cause, failing, max_runs=most_runs, progress=lambda: bar.advance(task)
        )
    say(f"{cause}: {found.failure.text}")
    say(f"  {counted(len(failing), 'seed')}, the first is {failing[0]}")
    if isinstance(found, InPlaceOnly):
        say("  it does not recur with participants in tasks; see floorproof verify")
        return
    steps, choices, _ = found.variant.size
    small = f"{counted(steps, 'step')} and {counted(choices, 'choice')}"
    say(f"  shrunk to {small} in {counted(found.runs, 'run')}")
    if out is not None:
        for path in hunt.write(scenario, found, folder=folder, out=out):
            say(f"  written: {path}")


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
