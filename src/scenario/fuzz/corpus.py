"""What a search keeps: how far it is, what has been reached, and the runs that are worth it.

A corpus is a folder.  ``corpus.json`` says what it was made with, how far the search is and
what was reached; ``runs/`` has a file for each run that failed, or that came to something
new.  Files are put in place whole: a search that is stopped at any moment goes on from there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic

import attrs
import msgspec

from ...plugins.watching import Goal
from ...runtime.errors import FloorproofError
from ..errors import ScenarioError
from ..floor import Scenario
from ..provenance import Provenance, differences, of_scenario
from ..reach import Cell, Place, Reach
from .failures import Failure
from .search import Ran

FORMAT = 1
MOST_OF_A_CAUSE = 5
"""How many runs that fail for one cause are kept."""

_EVERY_S = 2.0
"""How often the state is written while a search goes on."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that was worth keeping."""

    seed: int
    failures: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What was wrong, by cause."""

    choices: Mapping[str, int] | None = None
    """What was chosen, of a run that fails."""

    new: Sequence[tuple[str, str, str]] = ()
    """The places of the map that it was the first to reach."""


class _Reached(msgspec.Struct, frozen=True):
    goal: str
    order_type: str
    state: str
    runs: int
    first: int


class _State(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    made: Provenance
    next: int
    """The seed that comes next."""

    runs: int
    goals: Mapping[str, Sequence[str]]
    reached: Sequence[_Reached]


class CorpusDiffers(FloorproofError):
    """A corpus was made with something else than what is to be searched."""

    def __init__(self, folder: Path, how: Sequence[str]) -> None:
        super().__init__(
            f"corpus {folder} was made with something else:"
            + "".join(f"\n  {each}" for each in how)
            + "\n--rerun runs what it has kept again, and begins anew"
        )
        self.folder = folder
        self.how = tuple(how)


@attrs.define
class Corpus:
    """The corpus of one search."""

    folder: Path
    made: Provenance
    next: int = 1
    """The seed that the search goes on with."""

    reach: Reach = attrs.field(factory=Reach)
    kept: dict[int, _Kept] = attrs.field(factory=dict)
    """By seed."""

    differs: tuple[str, ...] = ()
    """In what the corpus was another, where it is run again."""

    _saved: float = attrs.field(init=False, factory=monotonic)

    @property
    def known(self) -> tuple[Ran, ...]:
        """The runs that are known to fail."""
        return tuple(
            Ran(
                kept.seed,
                tuple(Failure(cause, text) for cause, text in kept.failures.items()),
                choices=kept.choices,
            )
            for kept in self.kept.values()
            if kept.failures
        )

    @property
    def worth(self) -> tuple[int, ...]:
        """The seeds that were kept for what they reached alone."""
        return tuple(kept.seed for kept in self.kept.values() if not kept.failures)

    def take(self, ran: Ran, new: Sequence[Cell]) -> None:
        """Take in a seed's run, and keep it if it fails, or was the first to reach *new*.

        Raises:
            ScenarioError: if it cannot be written.
        """
        self.next = max(self.next, ran.seed + 1)
        known = [cause for kept in self.kept.values() for cause in kept.failures]
        fails = any(known.count(cause) < MOST_OF_A_CAUSE for cause in ran.causes)
        if fails or new:
            self.keep(ran, new, fails)
        if monotonic() - self._saved > _EVERY_S:
            self.save()

    def keep(self, ran: Ran, new: Sequence[Cell], fails: bool) -> None:
        """Keep a run: because it *fails*, or for what it was the first to reach."""
        kept = self.kept[ran.seed] = _Kept(
            seed=ran.seed,
            failures={each.cause: each.text for each in ran.failures} if fails else {},
            choices=ran.choices if fails else None,
            new=tuple(tuple(cell) for cell in new),  # type: ignore[misc]  # a cell is three texts
        )
        _put(self._file(ran.seed), msgspec.json.encode(kept))

    def drop(self, seed: int) -> None:
        """Forget a run: it is not worth it any more."""
        del self.kept[seed]
        with contextlib.suppress(OSError):
            self._file(seed).unlink()

    def _file(self, seed: int) -> Path:
        return self.folder / "runs" / f"{seed}.json"

    def save(self) -> None:
        """Write down how far the search is.

        Raises:
            ScenarioError: if that cannot be done.
        """
        state = _State(
            format=FORMAT,
            made=self.made,
            next=self.next,
            runs=self.reach.runs,
            goals={name: goal.rules for name, goal in self.reach.goals.items()},
            reached=[
                _Reached(*cell, place.runs, place.first)
                for cell, place in sorted(self.reach.places.items())
            ],
        )
        _put(self.folder / "corpus.json", msgspec.json.format(msgspec.json.encode(state)))
        self._saved = monotonic()


def open_corpus(folder: Path, scenario: Scenario, *, rerun: bool) -> Corpus:
    """Return the corpus in *folder*, which is made if there is none.

    Args:
        rerun: whether one that was made with something else is begun anew, with what it has
            kept.

    Raises:
        CorpusDiffers: if it was made with something else, unless *rerun*.
        ScenarioError: if it cannot be read, or the folder cannot be made.
    """
    now = of_scenario(scenario)
    file = folder / "corpus.json"
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        if not file.exists():
            return Corpus(folder, now)
        state = msgspec.json.decode(file.read_bytes(), type=_State)
        kept = [*_kept(folder / "runs")]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(str(folder), f"expected a corpus of floorproof fuzz: {error}") from None
    except OSError as error:
        raise ScenarioError(str(folder), f"cannot use it as a corpus: {error.strerror}") from None
    how = tuple(differences(state.made, now))
    if state.format != FORMAT:
        how = (f"corpus format {state.format}, and this is {FORMAT}", *how)
    by_seed = {each.seed: each for each in sorted(kept, key=lambda each: each.seed)}
    if how and not rerun:
        raise CorpusDiffers(folder, how)
    if how:
        return Corpus(folder, now, kept=by_seed, differs=how)
    reach = Reach(
        state.runs,
        {name: Goal(name, tuple(rules)) for name, rules in state.goals.items()},
        {
            Cell(each.goal, each.order_type, each.state): Place(each.runs, each.first)
            for each in state.reached
        },
    )
    # What was kept after the state was last written will come again.
    by_seed = {seed: each for seed, each in by_seed.items() if seed < state.next}
    return Corpus(folder, now, state.next, reach, by_seed)


def _kept(folder: Path) -> Iterator[_Kept]:
    for file in folder.glob("*.json"):
        yield msgspec.json.decode(file.read_bytes(), type=_Kept)


def _put(file: Path, data: bytes) -> None:
    """Put *data* in place at once: whoever is interrupted leaves the file as it was."""
    beside = file.with_name(file.name + ".part")
    try:
        beside.write_bytes(data)
        os.replace(beside, file)
    except OSError as error:
        raise ScenarioError(str(file), f"cannot write: {error.strerror}") from None


def run_again(
    corpus: Corpus, of_known: Callable[[Ran], Ran], of_seed: Callable[[int], Ran]
) -> Iterator[tuple[Ran, Ran]]:
    """Yield each run that is known to fail, and what it comes to now.

    What does not fail any more is kept no longer.  In a corpus that was made with something
    else the others are run again as well, and kept if they still reach something new.

    Args:
        of_known: runs what fails, by its choices.
        of_seed: runs a seed.
    """
    for known in corpus.known:
        now = of_known(known)
        if not now.failures:
            corpus.drop(known.seed)
        yield known, now
    if corpus.differs:
        for seed in corpus.worth:
            corpus.drop(seed)
            ran = of_seed(seed)
            new = corpus.reach.new(ran.cells)
            corpus.reach.add(seed, ran.cells)
            if new:
                corpus.keep(ran, new, bool(ran.failures))
