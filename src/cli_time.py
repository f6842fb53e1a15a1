"""The command that goes back in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from .cli_tools import (
    anyway_option,
    ends_well,
    in_words,
    naming,
    note_cut,
    recorded_run,
    say,
    until_option,
)
from .market.wording import Wording
from .scenario import story
from .scenario.errors import ScenarioError
from .scenario.recorded import Place, RecordedRun
from .scenario.states import Tree, differences, lines
from .scenario.time_machine import Standing, scenario_of, stand_at


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@until_option
@click.option("--from", "since", metavar="T|SEQ", help="Show what has changed from there on.")
@click.option("--to", metavar="T|SEQ", help="Until where; the end without it.")
@click.option("--actor", "actors", multiple=True, metavar="NAME", help="Whose state; also several.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the scenario lies, if not where the run found it.",
)
@anyway_option
@ends_well
def replay(
    journal: Path,
    until: str | None,
    since: str | None,
    to: str | None,
    actors: Sequence[str],
    scenario: Path | None,
    anyway: bool,
) -> None:
    """Run a journal's run again up to any moment, and show what participants hold there.

    Each entry is held against the journal; the first that differs is told, and ends it.
    """
    if to is not None and since is None:
        raise ScenarioError("--to", "expected --from as well; one moment is --until")
    if until is not None and since is not None:
        raise ScenarioError("--until", "expected one moment, or two with --from and --to")
    recorded = recorded_run(journal, anyway=anyway)
    places = _places(recorded, until, since, to)
    with naming(journal):
        again = scenario_of(recorded, scenario, anyway=anyway)
    standings = stand_at(recorded, again, places, actors)
    if since is None:
        _show(recorded, standings[0], states=bool(actors))
    else:
        _show_changes(recorded, *standings)
    if standings[-1].ended:
        say(f"the run ended there: {standings[-1].ended}")
    count = places[-1].count
    say(f"{count:,} {'entry' if count == 1 else 'entries'}, as recorded")
    note_cut(journal, recorded)


def _places(
    recorded: RecordedRun, until: str | None, since: str | None, to: str | None
) -> tuple[Place, ...]:
    if since is None:
        place = recorded.last if until is None else recorded.place(until)
        return (recorded.at_rest(place),)
    first = recorded.at_rest(recorded.place(since, "--from"))
    last = recorded.at_rest(recorded.last if to is None else recorded.place(to, "--to"))
    if last.count < first.count:
        raise ScenarioError("--to", f"expected a moment after {since}, found {to}")
    return first, last


def _show(recorded: RecordedRun, standing: Standing, *, states: bool) -> None:
    if states:
        for name, tree in standing.states.items():
            say(name)
            _say_lines(tree)
            say()
    else:
        _say_moment(recorded, standing.place)
        say(f"--actor shows what one of these holds: {', '.join(standing.states)}")
    say(f"as of {_when(recorded, standing.place)}")


def _say_lines(tree: Tree) -> None:
    for line in lines(tree, "  "):
        say(line)


def _say_moment(recorded: RecordedRun, place: Place) -> None:
    """Say what came last, with all that came with it."""
    written = recorded.entries(place)
    wording, start = Wording(recorded.instruments), recorded.tables.scenario.start
    for entry in written:
        if (entry.time, entry.phase) == (written[-1].time, written[-1].phase):
            said = in_words(entry, wording)
            say(f"{entry.seq:>6}  {story.clock_time(start, entry.time)}  {said}")


def _show_changes(recorded: RecordedRun, before: Standing, after: Standing) -> None:
    changed = _changes(before.states, after.states)
    for name, changes in changed.items():
        say(name)
        for line in changes:
            say(f"  {line}")
        say()
    if not changed:
        say("nobody's state has changed")
    say(f"from {_when(recorded, before.place)} to {_when(recorded, after.place)}")


def _changes(before: Mapping[str, Tree], after: Mapping[str, Tree]) -> dict[str, list[str]]:
    changes = {name: list(differences(before[name], after[name])) for name in before}
    return {name: each for name, each in changes.items() if each}


def _when(recorded: RecordedRun, place: Place) -> str:
    """Return a place in words: which entry is its last, and what time it is."""
    at = story.clock_time(recorded.tables.scenario.start, place.time_ns)
    if not place.count:
        return f"{at}, before the first entry"
    return f"{at}, after entry {recorded.recording.entries[place.count - 1].seq}"


COMMANDS = (replay,)
