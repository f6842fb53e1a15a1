"""Rule sets in other company and in other orders: which do not commute, and which do not agree.

A scenario lists rule sets in an order that somebody chose.  Where nothing declares that order
(``after``, ``requires``, ``conflicts``), another one should come to the same.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path
from time import monotonic

import attrs
import msgspec

from ...plugins.errors import RuleSetsRefused
from ...runtime.choices import Seeded
from ...runtime.errors import FloorproofError
from ..floor import Scenario, load
from ..plan import Plan
from ..reading import read_scenario
from .failures import outcome
from .shrink import fewest
from .watchdog import ENDED_AFTER, Limits
from .workers import WorkerEnded, spread

NO_ORDER, CONFLICT, ALONE = "do not commute", "conflict", "fails by itself"
"""What can be found of rule sets."""

_MOST = 5
"""How many rule sets are put together at most."""


@attrs.frozen
class Finding:
    """Something about rule sets that nobody has declared."""

    kind: str
    """`NO_ORDER`, `CONFLICT` or `ALONE`."""

    exchange: str
    rule_sets: tuple[str, ...]
    seed: int
    text: str

    @property
    def about(self) -> tuple[str, str, frozenset[str]]:
        """What it is about, whichever seed shows it."""
        return self.kind, self.exchange, frozenset(self.rule_sets)


@attrs.frozen
class _Told:
    """What a run told: its moments, each without an order, and how it failed."""

    moments: Mapping[int, tuple[str, ...]]
    causes: Mapping[str, str]
    """What was wrong, by cause."""

    @property
    def digest(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for time, lines in self.moments.items():
            digest.update(f"{time}\\n".encode())
            digest.update("\\n".join(lines).encode())
        return digest.hexdigest()


@attrs.define(slots=False)
class Combinations:
    """Runs a scenario with subsets of what rule sets there are."""

    scenario: Scenario
    limits: Limits = attrs.field(factory=Limits)
    _bases: dict[int, tuple[str, ...]] = attrs.field(init=False, factory=dict)

    @cached_property
    def admissible(self) -> Mapping[str, tuple[str, ...]]:
        """By exchange, the rule sets that it could have besides what it needs, each by itself."""
        return {
            exchange: tuple(
                name
                for name in self._rule_sets
                if name not in (*self._own(place), *self._needed(place))
                and self._refusal(place, [*self._needed(place), name]) is None
            )
            for place, exchange in enumerate(self._exchanges)
        }

    @cached_property
    def left_out(self) -> Mapping[str, str]:
        """The rule sets that no exchange could have, and why."""
        known = {name for names in self.admissible.values() for name in names}
        for place in range(len(self._exchanges)):
            known.update(self._own(place), self._needed(place))
        return {
            name: self._refusal(0, [*self._needed(0), name]) or ""
            for name in self._rule_sets
            if name not in known
        }

    def try_one(self, seed: int) -> tuple[Finding, ...]:
        """Return what is found with the rule sets, and their order, that *seed* draws."""
        source = random.Random(seed)
        place = source.randrange(len(self._exchanges))
        known = self.admissible[self._exchanges[place]]
        if not known:
            return ()
        many = min(len(known), source.randint(2, _MOST))
        drawn = [*self._needed(place), *source.sample(known, many)]
        source.shuffle(drawn)
        names = self._settled(place, drawn)
        if self._refusal(place, names) is not None:
            return ()
        first = self._run(place, names, seed)
        if first.causes:
            return tuple(self._conflicts(place, names, seed, first.causes))
        swaps = list(range(len(names) - 1))
        source.shuffle(swaps)
        for swap in swaps:
            other = _swapped(names, swap)
            if self._is_settled(other) and self._refusal(place, other) is None:
                return tuple(self._commutes(place, names, swap, seed, first))
        return ()

    # --- what is possible ------------------------------------------------------------

    @cached_property
    def _rule_sets(self) -> tuple[str, ...]:
        offers = self.scenario.plan.shelf.plugins.rule_sets
        return tuple(name for name in offers if not isinstance(offers[name].cls, tuple))

    @cached_property
    def _exchanges(self) -> tuple[str, ...]:
        return tuple(table.name for table in self.scenario.plan.tables.exchange)

    def _own(self, place: int) -> tuple[str, ...]:
        """Return the rule sets that an exchange has by its venue, whatever the file lists."""
        table = self.scenario.plan.tables.exchange[place]
        written = read_scenario(self.scenario.text, self.scenario.overrides).exchange[place].rules
        return tuple(name for name in table.rules if name not in written)

    def _needed(self, place: int) -> tuple[str, ...]:
        """Return the rule sets that the file lists, if the exchange cannot do without them."""
        if place not in self._bases:
            tables = read_scenario(self.scenario.text, self.scenario.overrides)
            alone = self._refusal(place, ()) is None
            self._bases[place] = () if alone else tuple(tables.exchange[place].rules)
        return self._bases[place]

    def _with(self, place: int, names: Sequence[str]) -> Scenario:
        """Return the scenario with other rule sets at one exchange, and without expectations.

        Raises:
            FloorproofError: if that cannot be run.
        """
        scenario = self.scenario
        tables = read_scenario(scenario.text, scenario.overrides)
        exchanges = list(tables.exchange)
        table = exchanges[place]
        settings = {key: value for key, value in table.settings.items() if key in names}
        exchanges[place] = attrs.evolve(table, rules=tuple(names), settings=settings)
        changed = attrs.evolve(tables, exchange=tuple(exchanges), expect=())
        plan = Plan(changed, scenario.plan.shelf.plugins, scenario.folder)
        return attrs.evolve(scenario, plan=plan)

    def _refusal(self, place: int, names: Sequence[str]) -> str | None:
        try:
            self._with(place, names)
        except FloorproofError as error:
            return str(error)
        return None

    def _is_settled(self, names: Sequence[str]) -> bool:
        try:
            self.scenario.plan.shelf.plugins.resolve(names)
        except RuleSetsRefused:
            return False
        return True

    def _settled(self, place: int, names: Sequence[str]) -> list[str]:
        """Return *names* in an order that what they declare allows, without those that do not
        go with others."""
        chosen, moved = list(names), set[tuple[str, ...]]()
        while True:
            try:
                self.scenario.plan.shelf.plugins.resolve(chosen)
            except RuleSetsRefused as refused:
                pair = refused.rule_sets
                both = [name for name in pair if name in chosen]
                others = [name for name in chosen if name not in self._needed(place)]
                if len(both) == 2 and pair not in moved:
                    moved.add(pair)
                    chosen.remove(both[1])
                    chosen.insert(chosen.index(both[0]), both[1])
                else:
                    at_fault = [name for name in both if name in others] or others
                    if not at_fault:
                        return chosen
                    chosen.remove(at_fault[-1])
                continue
            others = [name for name in chosen if name not in self._needed(place)]
            if self._refusal(place, chosen) is None or not others:
                return chosen
            chosen.remove(others[-1])  # each goes by itself, and not with the others

    # --- what comes of it ------------------------------------------------------------

    def _run(self, place: int, names: Sequence[str], seed: int) -> _Told:
        lines: list[bytes] = []
        found = outcome(
            self._with(place, names), Seeded(seed), limits=self.limits, write=lines.append
        )
        return _Told(_moments(lines), {failure.cause: failure.text for failure in found.failures})

    def _conflicts(
        self, place: int, names: Sequence[str], seed: int, causes: Mapping[str, str]
    ) -> Iterator[Finding]:
        base = self._needed(place)
        for cause, text in causes.items():

            def fails(kept: Sequence[str], cause: str = cause) -> bool:
                left = [name for name in names if name in kept or name in base]
                if self._refusal(place, left) is not None:
                    return False
                return cause in self._run(place, left, seed).causes

            needed = tuple(fewest([name for name in names if name not in base], fails))
            if needed:  # else the scenario fails without any of them
                kind = CONFLICT if len(needed) > 1 else ALONE
                yield Finding(kind, self._exchanges[place], needed, seed, f"{cause}: {text}")

    def _commutes(
        self, place: int, names: Sequence[str], swap: int, seed: int, first: _Told
    ) -> Iterator[Finding]:
        if self._run(place, _swapped(names, swap), seed).digest == first.digest:
            return
        pair, base = tuple(names[swap : swap + 2]), self._needed(place)

        def both_ways(others: Sequence[str]) -> tuple[_Told, _Told] | None:
            kept = [name for name in names if name in (*others, *pair, *base)]
            turned = _swapped(kept, kept.index(pair[0]))
            for each in (kept, turned):
                if not self._is_settled(each) or self._refusal(place, each) is not None:
                    return None
            return self._run(place, kept, seed), self._run(place, turned, seed)

        def differs(others: Sequence[str]) -> bool:
            told = both_ways(others)
            return told is not None and told[0].digest != told[1].digest

        needed = fewest([name for name in names if name not in (*pair, *base)], differs)
        told = both_ways(needed)
        assert told is not None, "it has been run"
        company = f" (with {', '.join(needed)})" if needed else ""
        yield Finding(
            NO_ORDER,
            self._exchanges[place],
            pair,
            seed,
            f"{pair[0]} first{company}: {_first_apart(*told)}",
        )


def _swapped(names: Sequence[str], place: int) -> list[str]:
    return [*names[:place], names[place + 1], names[place], *names[place + 2 :]]


def _moments(lines: Sequence[bytes]) -> dict[int, tuple[str, ...]]:
    """Return what a journal tells at each moment, in no order, and without its numbers."""
    moments: dict[int, list[str]] = {}
    for line in lines:
        entry = msgspec.json.decode(line)
        if "seq" not in entry:
            continue  # the header and the end
        told = {key: value for key, value in entry.items() if key not in _NUMBERS}
        moments.setdefault(entry["time"], []).append(msgspec.json.encode(told).decode())
    return {time: tuple(sorted(told)) for time, told in moments.items()}


_NUMBERS = ("seq", "phase", "cause", "time")


def _first_apart(one: _Told, other: _Told) -> str:
    """Return what is told only one way, at the first moment that differs."""
    for time in sorted({*one.moments, *other.moments}):
        told = [set(each.moments.get(time, ())) for each in (one, other)]
        if told[0] != told[1]:
            ways = [min(told[way] - told[1 - way], default="nothing") for way in (0, 1)]
            return f"{ways[0]}; the other way round: {ways[1]}"
    return "the same is told in another number"


def try_all(
    path: Path,
    combinations: Combinations,
    seeds: Sequence[int],
    *,
    jobs: int,
    seconds: float | None = None,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Finding, ...]]:
    """Yield what each of *seeds* finds, in their order.

    Args:
        path: where the scenario was read from, for other processes to read it.
        jobs: how many processes.
        seconds: stop after that time by the clock on the wall.
        progress: is called after each seed.
    """
    until = None if seconds is None else monotonic() + seconds
    limits = combinations.limits
    make = (
        partial(getattr, combinations, "try_one")
        if jobs == 1
        else partial(_in_process, path, dict(combinations.scenario.overrides), limits)
    )
    patience_s = ENDED_AFTER * limits.patience_s
    running = spread(make, seeds, jobs=jobs, lost=_lost, patience_s=patience_s)
    with closing(running):
        for _, findings in running:
            progress()
            yield findings
            if until is not None and monotonic() > until:
                return


def _in_process(
    path: Path, settings: Mapping[str, str], limits: Limits
) -> Callable[[int], tuple[Finding, ...]]:
    return Combinations(load(path, settings), limits).try_one


def _lost(ended: WorkerEnded) -> tuple[Finding, ...]:
    text = f"the run ended its process, or could not be interrupted ({ended.stack})"
    return (Finding(ALONE, "some exchange", ("one of the rule sets",), ended.number, text),)
