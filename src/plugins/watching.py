"""What an invariant is: something that must hold in every run, and looks on as it goes.

An invariant's class holds settings, as every plugin's does.  For each run it gives a
watcher, which keeps what it must remember, sees the journal's entries as they are
written, and says when what must hold does not.

A *sometimes* invariant is the other way round: something that some run should come to.  Its
lookout sees the entries too, and says what has come about; over many runs that makes a map of
what was reached and what never was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

import attrs

from ..market.copy_groups import CopySetup
from ..market.credentials import Logins
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..market.matching import Algorithm
from ..market.sessions import TradingState
from ..runtime.faults import FaultPlan
from ..runtime.journal import Entry


class WatchedFloor(Protocol):
    """The floor of one run, as an invariant may know it; to be read, never written."""

    @property
    def instruments(self) -> Mapping[Symbol, Instrument]:
        """Whatever is listed."""

    @property
    def exchange_of(self) -> Mapping[Symbol, CompID]:
        """The exchange, by the name of its engine, that lists each instrument."""

    @property
    def users(self) -> Sequence[CompID]:
        """Those whom the scenario names as users."""

    @property
    def logins(self) -> Mapping[CompID, Logins]:
        """Who is logged in, by gateway."""

    @property
    def feed_readers(self) -> Mapping[CompID, CompID]:
        """Whoever reads a public feed, and the feed's name."""

    @property
    def drop_copy(self) -> CopySetup | None:
        """How drop copy is set up, where desks have target sessions."""

    @property
    def fault_plan(self) -> FaultPlan | None:
        """What may go wrong, or None where nothing may."""

    @property
    def states(self) -> Mapping[CompID, Mapping[str, TradingState]]:
        """By exchange, the trading states that its instruments may be in, by name."""

    @property
    def order_types(self) -> Mapping[CompID, Mapping[str, object]]:
        """By synthetic gateway, its order types with their settings, by name."""

    def gateways(self, kind: str) -> Sequence[CompID]:
        """Return the gateways of a kind, ``sse`` or ``exchange``."""

    def algorithm(self, symbol: Symbol) -> Algorithm:
        """Return the matching algorithm of what an exchange lists."""

    def start(self, exchange: CompID) -> datetime:
        """Return when the run begins, by an exchange's own calendar."""

    def rule_sets(self, exchange: CompID) -> Mapping[str, object]:
        """Return an exchange's rule sets with their settings, in the order they are asked."""

    def participant(self, name: str) -> object:
        """Return somebody on the floor, whose state may be read in `Watcher.quiet`."""


@attrs.frozen
class Broken:
    """What must hold does not."""

    text: str
    """What is wrong, as a sentence without an end: ``C1 has filled 7 of 6``."""

    entries: tuple[int, ...] = ()
    """The ``seq`` of entries that belong to the story besides the one that was seen."""


class Watcher:
    """Looks on at one run.  Each method returns None while all is well.

    After the first `Broken` it is asked no more.
    """

    sees: ClassVar[tuple[type, ...]] = ()
    """The classes of the payloads that it is shown; none for every entry."""

    def see(self, entry: Entry) -> Broken | None:
        """Take in an entry as it is written.

        A delivery's entry comes before its recipient has it, and the facts that come of it
        after all the deliveries of that moment.
        """
        return None

    def quiet(self, now_ns: int) -> Broken | None:
        """Look at participants' states: nobody has anything to do before the next delivery."""
        return None

    def end(self) -> Broken | None:
        """Look back, as nothing is left to happen."""
        return None


class Invariant(Protocol):
    """Something that must hold: an attrs class of settings.

    A class may say ``costly = True``: it then watches only where a scenario names it.
    """

    def watch(self, floor: WatchedFloor, /) -> Watcher | None:
        """Return who looks on at a run, or None where the floor has nothing to look at."""


# --- what some run should come to ----------------------------------------------------


class SearchedFloor(WatchedFloor, Protocol):
    """The floor of one run of many, as a sometimes invariant may know it."""

    @property
    def faults(self) -> Sequence[str]:
        """The kinds of faults that a run may have."""


@attrs.frozen
class Goal:
    """Something that some run should come to."""

    name: str
    """A rule's id, or what comes about: ``an SMP cancel between two fills``."""

    rules: tuple[str, ...] = ()
    """The ids of the rules in the ledger that it shows; its own name, where that is one."""


@attrs.frozen
class Reached:
    """A run has come to a goal."""

    goal: str

    symbol: Symbol | None = None
    """Where it was reached: the map has the state that the instrument was in.  None for what
    belongs to no market."""

    order_type: str | None = None
    """With which type of order; None for that of the request which the entry came of."""


class Lookout:
    """Looks out in one run for what some run should come to."""

    sees: ClassVar[tuple[type, ...]] = ()
    """The classes of the payloads that it is shown; none for every entry."""

    @property
    def goals(self) -> Sequence[Goal]:
        """What could be reached on this floor.  What a run reaches besides is in the map, too."""
        return ()

    def see(self, entry: Entry) -> Iterable[Reached]:
        """Take in an entry as it is written, and return what it shows to have come about."""
        return ()


class Sometimes(Protocol):
    """What some run should come to: an attrs class of settings.

    It looks on where many runs are searched (``floorproof fuzz``), and never changes one.
    """

    def look_out(self, floor: SearchedFloor, /) -> Lookout | None:
        """Return who looks out in a run, or None where the floor has nothing to reach."""
