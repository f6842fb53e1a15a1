"""What looks at whole floors, or makes them: invariants, exports and venues."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import attrs
from hypothesis import strategies as st

from ...market.instrument import decimal_text
from ...market.profile import Month, VenueProfile
from ...plugins.findings import ANSWERS, DETERMINISTIC, PURE
from ...plugins.manager import Offer, Plugin, Plugins
from ...plugins.observing import Observer
from ...plugins.watching import Broken, WatchedFloor, Watcher
from ...runtime.errors import FloorproofError, RunError
from ...runtime.journal import Entry, plain_text
from ...scenario.floor import Result, Scenario, run
from .claims import ASSEMBLES, QUIET
from .explore import Timing, Trial
from .floor_day import FloorDay, acting, shown, staging, steps
from .floor_text import at, floor_tables, scenario_of
from .market_day import SYMBOLS
from .rule_sets import measured, said

_SLICER = "TT_ICEBERG"
_SLICED: dict[str, object] = {"display": 3}
"""An order type that acts, and is there wherever floorproof is, with what it needs."""


@attrs.frozen
class AnyFloor:
    """An example: a day of staged orders, or one of orders that act."""

    day: FloorDay
    acts: bool


_floors: st.SearchStrategy[AnyFloor] = st.one_of(
    st.builds(AnyFloor, staging, st.just(False)),
    st.builds(AnyFloor, acting([tuple(_SLICED.items())], {}), st.just(True)),
)


def _scenario(floor: AnyFloor, plugins: Plugins, **more: object) -> Scenario:
    def price(_symbol: str, ticks: int) -> str:
        return decimal_text(100_00 + 25 * ticks, 2)

    order_type = _SLICER if floor.acts else "BROKER"
    what = steps(floor.day, order_type, SYMBOLS, price, lambda _parameters: True)
    return scenario_of(floor_tables(SYMBOLS, what, order_type=order_type) | more, plugins)


def replaced(plugins: Sequence[Plugin], offer: Offer[Any], cls: object) -> Plugins:
    """Return all plugins, with something else in place of what one of them offers."""
    other = attrs.evolve(offer, cls=cls)
    return Plugins(
        attrs.evolve(
            plugin,
            offers={
                kind: tuple(other if each == offer else each for each in offers)
                for kind, offers in plugin.offers.items()
            },
        )
        for plugin in plugins
    )


# --- invariants ----------------------------------------------------------------------


class InvariantBench:
    """One invariant, watching floors on which all is well."""

    kind = "invariants"
    slowness = 3
    strategy = _floors

    def __init__(
        self,
        offer: Offer[type],
        table: Mapping[str, object],
        make: Callable[[], Any],
        plugins: Sequence[Plugin],
    ) -> None:
        self.name = offer.name
        self.subjects = (f"{offer.name}.watch",)
        self._offer = offer
        self._table = table
        self._make = make
        self._plugins = plugins

    def show(self, floor: AnyFloor) -> str:
        return shown(floor.day)

    def run(self, floor: AnyFloor, trial: Trial) -> None:
        subject = self.subjects[0]
        cls: Any = self._offer.cls

        def watch(invariant: Any, watched: WatchedFloor) -> Watcher | None:
            trial.asking = subject
            plain = cls.watch
            # Of one invariant two, and one of another: none may know of the others.
            watchers = [plain(invariant, watched), plain(invariant, watched)]
            watchers.append(self._make().watch(watched))
            if all(each is None for each in watchers):
                return None
            trial.note(subject, PURE)
            if not all(isinstance(each, Watcher) for each in watchers):
                trial.note(subject, ANSWERS, f"found {watchers!r}: expected watchers, or None")
                return None
            return _Watchers(watchers, subject, trial)

        result = self._go(floor, watch, trial)
        if result is not None and trial.executed[subject, PURE]:
            trial.note(subject, ANSWERS)
            broken = [each for each in result.violations if each.invariant == self.name]
            trial.note(subject, QUIET, "".join(each.text for each in broken[:1]))

    def _go(self, floor: AnyFloor, watch: Callable[..., Any], trial: Trial) -> Result | None:
        cls = self._offer.cls
        methods = {"watch": watch, "costly": False, "__module__": cls.__module__}
        other = type(cls.__name__, (cls,), methods)
        scenario = _scenario(
            floor,
            replaced(self._plugins, self._offer, other),
            invariants={"settings": {self.name: dict(self._table)}},
        )
        try:
            return run(scenario, seed=floor.day.seed, in_place=True)
        except RunError as error:
            trial.note(self.subjects[0], ANSWERS, str(error).partition("\n")[0])
        return None

    def timed(self, floor: AnyFloor, timings: dict[str, Timing]) -> None:
        """An invariant's cost is that of a run; `make bench` has it for those that ship."""


class _Watchers(Watcher):
    """Several watchers of one invariant, side by side, and what they see looked after."""

    def __init__(self, watchers: Sequence[Any], subject: str, trial: Trial) -> None:
        self._watchers = watchers
        self._subject = subject
        self._trial = trial
        self._seq = 0
        self.sees = watchers[0].sees  # type: ignore[misc]  # each run has its own
        if not (isinstance(self.sees, tuple) and all(isinstance(it, type) for it in self.sees)):
            trial.note(subject, ANSWERS, f"`sees` must be a tuple of classes, was {self.sees!r}")
            self.sees = ()  # type: ignore[misc]  # as above

    def see(self, entry: Entry) -> Broken | None:
        self._seq = entry.seq
        before = plain_text(entry.payload)
        found = self._agreed("see", [each.see(entry) for each in self._watchers])
        after = plain_text(entry.payload)
        fault = f"changed what it was shown, {before}, to {after}" if before != after else ""
        self._trial.note(self._subject, PURE, fault)
        return found

    def quiet(self, now_ns: int) -> Broken | None:
        return self._agreed("quiet", [each.quiet(now_ns) for each in self._watchers])

    def end(self) -> Broken | None:
        return self._agreed("end", [each.end() for each in self._watchers])

    def _agreed(self, method: str, found: Sequence[object]) -> Broken | None:
        trial, subject = self._trial, self._subject
        said_by = [said(each) for each in found]
        trial.said.append((subject, said_by[0]))
        differing = [each for each in said_by[1:] if each != said_by[0]]
        fault = f"{method}: {said_by[0]}, and {differing[0]} by another" if differing else ""
        trial.note(subject, DETERMINISTIC, fault)
        first = found[0]
        if first is None:
            return None
        if not isinstance(first, Broken) or not str(first.text).strip():
            trial.note(subject, ANSWERS, f"{method} found {first!r}: expected None or Broken")
            return None
        unknown = [seq for seq in first.entries if not 0 < seq <= self._seq]
        if unknown:
            trial.note(subject, ANSWERS, f"{first!r}: there is no entry {unknown[0]} yet")
            return Broken(first.text)
        return first


# --- exports -------------------------------------------------------------------------


class ExportBench:
    """One export, of floors' journals."""

    kind = "exporters"
    slowness = 3
    strategy = _floors

    def __init__(self, offer: Offer[Any], plugins: Plugins) -> None:
        self.name = offer.name
        self.subjects = (offer.name,)
        self._export = offer.cls
        self._plugins = plugins

    def show(self, floor: AnyFloor) -> str:
        return shown(floor.day)

    def run(self, floor: AnyFloor, trial: Trial) -> None:
        entries = list(run(_scenario(floor, self._plugins), seed=1, in_place=True).journal)
        function = getattr(self._export, "export", self._export)
        observer = Observer(self._export, trial, [function.__module__])
        try:
            answer = observer.ask(
                self.name,
                lambda: self._export(entries),
                (entries,),
                lambda found: "" if isinstance(found, bytes) else f"found {found!r}",
                FloorproofError,
            )
        except Exception:
            return  # it has nothing to export here, or the observer has noted it
        trial.said.append((self.name, said(answer)))

    def timed(self, floor: AnyFloor, timings: dict[str, Timing]) -> None:
        entries = list(run(_scenario(floor, self._plugins), seed=1, in_place=True).journal)
        timing = timings.setdefault(self.name, Timing())
        try:
            measured(timing, partial(self._export, entries), bytes)
        except FloorproofError:
            timing.calls = 0


# --- venues --------------------------------------------------------------------------


@attrs.frozen
class TradingDate:
    """An example: a product of the venue, listed on a date for a month so far ahead."""

    day: date
    product: int
    months_ahead: int


class VenueBench:
    """One venue, on any date within its time."""

    kind = "venues"
    slowness = 1

    def __init__(self, offer: Offer[VenueProfile], plugins: Plugins) -> None:
        self.name = offer.name
        self.subjects = (offer.name,)
        self._profile = offer.cls
        self._plugins = plugins
        first = self._profile.since or date(2019, 1, 1)
        last = self._profile.until or first + timedelta(days=4000)
        self.strategy: st.SearchStrategy[TradingDate] = st.builds(
            TradingDate,
            st.dates(first, last - timedelta(days=1)),
            st.integers(0, max(len(self._profile.products) - 1, 0)),
            st.integers(0, 14),
        )

    def show(self, example: TradingDate) -> str:
        return repr(example)

    def run(self, example: TradingDate, trial: Trial) -> None:
        profile, said_of = self._profile, self.name
        trial.asking = self.name
        trial.note(self.name, PURE)
        try:
            zone = zoneinfo.ZoneInfo(profile.time_zone)
            start = datetime(example.day.year, example.day.month, example.day.day, 9, tzinfo=zone)
            scenario = self._scenario(example, start)
        except _NotListed:
            return
        except Exception as error:  # a finding, whatever it is
            trial.note(self.name, ASSEMBLES, f"{type(error).__name__}: {error}")
            return
        trial.note(self.name, ANSWERS)
        try:
            results = [run(scenario, in_place=True) for _ in range(2)]
        except RunError as error:
            trial.note(self.name, ASSEMBLES, str(error).partition("\n")[0])
            return
        again = self._scenario(example, start)
        fault = ""
        if said(again.plan.tables) != said(scenario.plan.tables):
            fault = "its settings differ from one time to the next"
        elif results[0].digest != results[1].digest:
            fault = "two runs of one scenario differ"
        trial.note(self.name, ASSEMBLES, fault)
        trial.said.append((said_of, results[0].digest))

    def _scenario(self, example: TradingDate, start: datetime) -> Scenario:
        instrument: dict[str, Any] = {"symbol": "TEST"}
        products = self._profile.products
        if products:
            product = products[example.product]
            instrument |= {"product": product.code}
            if product.tick is None:
                instrument |= {"tick": "1"}
            if product.months is not None:
                spot = product.spot(start.replace(tzinfo=None))
                month = Month.of(start.date()).plus(example.months_ahead)
                if not product.months.lists(month, spot, start.date()):
                    raise _NotListed
                instrument |= {"month": str(month)}
        else:
            instrument |= {"price_decimals": 0, "tick": "1"}
        order = {"id": "O1", "symbol": "TEST", "side": "buy", "quantity": 1, "price": "100"}
        tables = floor_tables((), [at(1, "LP", "enter", order=order)])
        tables["exchange"][0] |= {"venue": self.name, "instrument": [instrument]}
        tables["scenario"] |= {"start": start}
        return scenario_of(tables, self._plugins)

    def timed(self, example: TradingDate, timings: dict[str, Timing]) -> None:
        """A venue is asked once, as a floor is made."""


class _NotListed(Exception):
    """The product has no contract of that month on that date."""
