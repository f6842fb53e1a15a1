"""Going back in a run: its journal is run again up to a moment, and the floor looked at there.

A journal holds what a run is made of, and the same makes the same run.  So any moment is had
again by running up to it, and what is run is held against the journal entry by entry: what
differs is told at once, and no state is shown of a run that is not the journal's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from ..runtime.choices import Choices, Recorded, Seeded
from ..runtime.errors import FloorproofError, RunError
from ..runtime.journal import Entry, Header, as_recorded
from ..runtime.kernel import Kernel
from .differences import told
from .errors import ScenarioError, unknown
from .floor import Floor, Scenario, parse
from .recorded import Place, RecordedRun
from .states import Tree, state_of


@attrs.frozen
class Standing:
    """The floor at one moment."""

    place: Place
    states: Mapping[str, Tree]
    """What each who was asked for holds, by name."""

    ended: str = ""
    """What ended the run there, if that is its last moment and it did not finish."""


class Diverged(RunError):
    """A run that is done again differs from its journal.

    Attributes:
        recorded: the first entry of the journal that differs; None if it has no more.
        again: what the run has in its place; None if it has ended.
        lines: both, with what led there.
    """

    def __init__(
        self, recorded: Sequence[Entry], again: Sequence[Entry], place: int, note: str
    ) -> None:
        both = [each[place] if place < len(each) else None for each in (recorded, again)]
        self.recorded, self.again = both
        self.lines = (
            *told("the journal", self.recorded, recorded),
            *told("the run again", self.again, again),
        )
        super().__init__(
            f"entry {place + 1} is not as recorded: the journal is of another floorproof, of other"
            f" plugins, or of a run with participants of a program's own{note}\n  "
            + "\n  ".join(self.lines)
        )


class _Enough(Exception):  # no error: what was wanted has been seen
    """The last moment that was asked for is over."""


def scenario_of(recorded: RecordedRun, file: Path | None, *, anyway: bool = False) -> Scenario:
    """Return the scenario that a journal was written of.

    Args:
        file: where it lies, if not where the run found it.
        anyway: take the file as it is now, even if it is not what the journal holds.

    Raises:
        FloorproofError: if it can no longer be run, or the file holds another one.
    """
    header = recorded.recording.header
    text = header.scenario
    folder = Path(header.folder)
    if file is not None:
        folder = file.parent
        try:
            now = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ScenarioError("--scenario", f"cannot read {file}: {reason}") from None
        if now != text and not anyway:
            raise ScenarioError(
                "--scenario", f"{file} is not what the journal was written of; see --anyway"
            )
        text = now
    try:
        return parse(text, folder, header.overrides)
    except FloorproofError as error:
        if file is not None:
            raise
        raise ScenarioError(
            "the journal's scenario", f"{error}\n  --scenario FILE says where it lies"
        ) from None


def stand_at(
    recorded: RecordedRun, scenario: Scenario, places: Sequence[Place], names: Sequence[str]
) -> tuple[Standing, ...]:
    """Run a journal's run again, and return how *names* stand at each of *places*.

    Whatever comes at one moment is over there: the states are those at rest.  One that waits
    (``run``) may have gone on to its next timer.

    Args:
        places: of *recorded*, in its order.
        names: of those who are looked at; all without.

    Raises:
        ScenarioError: if somebody of *names* is not on the floor.
        Diverged: at the first entry that is not as recorded.
    """
    floor = Floor(scenario)
    for name in names:
        if name not in floor.names:
            raise ScenarioError("--actor", unknown("participant", name, floor.names))
    return _Machine(recorded, floor, places, names or floor.names).run()


class _Machine:
    def __init__(
        self,
        recorded: RecordedRun,
        floor: Floor,
        places: Sequence[Place],
        names: Sequence[str],
    ) -> None:
        self._recorded = recorded.recording.entries
        end = recorded.recording.end
        self._is_whole = end is not None and end.outcome == "finished"
        self._header = recorded.recording.header
        self._floor = floor
        self._places = places
        self._names = names
        self._again: list[Entry] = []
        self._standing: list[Standing] = []
        self._kernel: Kernel | None = None

    def run(self) -> tuple[Standing, ...]:
        ended = ""
        try:
            self._floor.run(
                seed=self._header.seed,
                choices=_choices(self._header),
                in_place=True,
                look=self._look,
            )
        except _Enough:
            return tuple(self._standing)
        except Diverged:
            raise
        except RunError as error:
            ended = str(error).partition("\n")[0]
        if len(self._again) < self._places[-1].count:
            note = f"; it ended: {ended}" if ended else ""
            raise Diverged(self._recorded, self._again, len(self._again), note)
        for place in self._places[len(self._standing) :]:
            self._stand(place, ended)
        return tuple(self._standing)

    def _look(self, kernel: Kernel, entry: Entry) -> None:
        self._kernel = kernel
        done = len(self._again)
        # Before anybody has done anything about this entry.
        while len(self._standing) < len(self._places):
            place = self._places[len(self._standing)]
            is_end = self._is_whole and place.count == len(self._recorded)
            if place.count > done or is_end:
                break
            self._stand(place)
        if len(self._standing) == len(self._places):
            raise _Enough
        self._again.append(as_recorded(entry))
        if done >= len(self._recorded) or self._recorded[done] != self._again[done]:
            raise Diverged(self._recorded, self._again, done, "")

    def _stand(self, place: Place, ended: str = "") -> None:
        states = {name: self._state(name) for name in self._names}
        self._standing.append(Standing(place, states, ended))

    def _state(self, name: str) -> Tree:
        instruments = self._floor.scenario.plan.instruments
        if self._kernel is None:
            return {}
        participant = self._kernel.participant(name)
        if participant is None:
            return {"down, and has put down": state_of(self._kernel.store(name), instruments)}
        return state_of(participant, instruments)


def _choices(header: Header) -> Choices | None:
    """Return what made a run's choices; None for what its scenario says."""
    if header.seed is not None:
        return Seeded(header.seed)
    return None if header.choices is None else Recorded(header.choices)
