"""The invariants of a run: who looks on, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from ..plugins.manager import Plugins
from ..plugins.watching import Broken, Invariant, Sometimes, WatchedFloor, Watcher
from ..runtime.causes import chain
from ..runtime.errors import RunError
from ..runtime.journal import Entry
from .errors import ScenarioError, unknown
from .reading import structure
from .schema import InvariantsTable
from .shelf import Shelf


@attrs.frozen
class Violation:
    """An invariant that did not hold."""

    invariant: str
    text: str
    """What is wrong."""

    seq: int | None
    """The entry at which it was seen; None at a moment of quiet, or at the end."""

    time_ns: int
    """When it was seen, in nanoseconds since the start."""

    entries: tuple[Entry, ...] = attrs.field(repr=False)
    """The entries that led there, by their causes."""


class InvariantFailed(RunError):
    """An invariant raised: it is a bug of the invariant's own."""

    def __init__(self, name: str, entry: Entry | None, error: Exception) -> None:
        at = "at the end" if entry is None else f"at entry {entry.seq}, {entry.kind}"
        super().__init__(f"invariant {name!r} raised {type(error).__name__}: {error}\n  {at}")
        self.name = name
        self.entry = entry
        self.error = error


def chosen_invariants(table: InvariantsTable, shelf: Shelf) -> dict[str, Invariant]:
    """Return the invariants that watch a scenario's runs, by name, with their settings.

    Raises:
        ScenarioError: if the table names one that there is not, or both wants and does not
            want one.
    """
    plugins: Plugins = shelf.plugins
    known = [*plugins.invariants, *plugins.sometimes_invariants]
    for key in ("on", "off"):
        for index, name in enumerate(getattr(table, key)):
            if name not in known:
                where = f"invariants.{key}[{index}]"
                raise ScenarioError(where, unknown("invariant", name, known))
            if key == "off" and name in table.on:
                where = f"invariants.off[{index}]"
                raise ScenarioError(where, f"{name!r} is in `on` as well")
    chosen: dict[str, Invariant] = {}
    for name in plugins.invariants:
        offer = plugins.invariants[name]
        costly = getattr(offer.cls, "costly", False)
        if name in table.off or (costly and name not in table.on):
            continue
        if name in table.on or name in table.settings:
            shelf.take(offer)  # else it only looks on: what is installed changes no run's record
        chosen[name] = _made(table, name, offer.cls)
    for name in table.settings:
        if name not in (*chosen, *plugins.sometimes_invariants):
            where = f"invariants.settings.{name}"
            raise ScenarioError(where, unknown("invariant that watches", name, list(chosen)))
    return chosen


def chosen_sometimes(table: InvariantsTable, shelf: Shelf) -> dict[str, Sometimes]:
    """Return what some run of a scenario should come to, by name, with its settings."""
    offers = shelf.plugins.sometimes_invariants
    return {name: _made(table, name, offers[name].cls) for name in offers if name not in table.off}


def _made(table: InvariantsTable, name: str, cls: type) -> Any:
    return structure(dict(table.settings.get(name, {})), cls, f"invariants.settings.{name}")


_See: TypeAlias = Callable[[Entry], Broken | None]


class Watch:
    """Shows each entry to those who want to see it, and keeps what they found.

    Args:
        watchers: by the name of their invariant.
        entries: the journal's, which grow as the run goes.
    """

    def __init__(self, watchers: Mapping[str, Watcher], entries: Sequence[Entry]) -> None:
        self.violations: list[Violation] = []
        self._watchers = dict(watchers)
        self._entries = entries
        self._seeing: dict[type, list[tuple[str, _See]]] = {}
        self._at_rest: list[tuple[str, Watcher]] = []
        self._time_ns: int | None = None
        self._phase = 0
        self._look()

    def _look(self) -> None:
        """Find out anew who wants to see what, as one that is broken is asked no more."""
        self._seeing = {}
        self._at_rest = [
            (name, watcher)
            for name, watcher in self._watchers.items()
            if type(watcher).quiet is not Watcher.quiet
        ]

    def _who_sees(self, payload: type) -> list[tuple[str, _See]]:
        found = self._seeing[payload] = [
            (name, watcher.see)
            for name, watcher in self._watchers.items()
            if type(watcher).see is not Watcher.see
            and (not watcher.sees or issubclass(payload, watcher.sees))
        ]
        return found

    def __call__(self, entry: Entry) -> None:
        """Take in an entry that has been written.

        Raises:
            InvariantFailed: if an invariant does.
        """
        if entry.time != self._time_ns or entry.phase != self._phase:
            if self._at_rest and self._time_ns is not None:
                self._quiet(self._time_ns, entry)
            self._time_ns, self._phase = entry.time, entry.phase
        payload = type(entry.payload)
        seeing = self._seeing.get(payload)
        for name, see in self._who_sees(payload) if seeing is None else seeing:
            try:
                broken = see(entry)
            except Exception as error:  # an invariant is anybody's code
                raise InvariantFailed(name, entry, error) from error
            if broken is not None:
                self._found(name, broken, entry.time, entry.seq)

    def _quiet(self, now_ns: int, entry: Entry | None) -> None:
        for name, watcher in self._at_rest:
            try:
                broken = watcher.quiet(now_ns)
            except Exception as error:  # an invariant is anybody's code
                raise InvariantFailed(name, entry, error) from error
            if broken is not None:
                self._found(name, broken, now_ns, None)

    def end(self, now_ns: int) -> tuple[Violation, ...]:
        """Have everybody look back on a run that has come to its end, and return what is wrong.

        Raises:
            InvariantFailed: if an invariant does.
        """
        self._quiet(now_ns, None)
        for name, watcher in [*self._watchers.items()]:
            try:
                broken = watcher.end()
            except Exception as error:  # an invariant is anybody's code
                raise InvariantFailed(name, None, error) from error
            if broken is not None:
                self._found(name, broken, now_ns, None)
        return tuple(self.violations)

    def _found(self, name: str, broken: Broken, now_ns: int, seq: int | None) -> None:
        if name not in self._watchers:
            return
        del self._watchers[name]
        self._look()
        seqs = [*broken.entries, *(() if seq is None else (seq,))]
        led_there = chain(self._entries, seqs)
        self.violations.append(Violation(name, broken.text, seq, now_ns, led_there))


def watchers_of(
    invariants: Mapping[str, Invariant], floor: WatchedFloor
) -> Iterator[tuple[str, Watcher]]:
    """Yield who looks on at a run, by the name of the invariant, of those who have reason to.

    Raises:
        InvariantFailed: if an invariant raises.
    """
    for name, invariant in invariants.items():
        try:
            watcher = invariant.watch(floor)
        except Exception as error:  # an invariant is anybody's code
            raise InvariantFailed(name, None, error) from error
        if watcher is not None:
            yield name, watcher
