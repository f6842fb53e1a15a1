"""The kit's door: a plugin in, a report of all that was tried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from ...market.identifiers import Symbol
from ...plugins.check import documented, skipped, thaw
from ...plugins.findings import (
    ANSWERS,
    FROZEN,
    KEEPS_CONTRACT,
    MADE,
    PURE,
    Claim,
    Finding,
    Outcome,
    Report,
)
from ...plugins.manager import KINDS, Offer, Plugin, Plugins
from ...scenario.errors import ScenarioError
from .algorithms import AlgorithmBench
from .claims import COST, SETTINGS
from .explore import Bench, Effort, Explored, Timing, Trial, explore
from .floors import ExportBench, InvariantBench, VenueBench
from .given import bad_tables, chosen, made, refusal
from .market_day import SYMBOLS
from .order_types import OrderTypeBench
from .rule_sets import NotHere, RuleSetBench
from .sessions import SessionBench

Settings = Mapping[str, Mapping[str, object]]
"""By the name of what is offered, its table as a scenario would have it."""

_TRIED = (
    "matching_algorithms",
    "rule_sets",
    "order_types",
    "invariants",
    "exporters",
    "venues",
)
"""What there are benches for; other kinds can be judged within a scenario of their own only."""


@attrs.frozen(kw_only=True)
class Kit:
    """How a plugin is tried, and among which others."""

    plugins: Plugins
    """All there are, the plugin itself included: some require others."""

    settings: Settings = attrs.field(factory=dict)
    symbols: tuple[Symbol, Symbol] = SYMBOLS
    effort: Effort = attrs.field(factory=Effort)
    max_cost: float | None = None
    """How many times an empty one's a plugin's cost may be; None for no limit."""

    def benches(self, plugin: Plugin, kind: str) -> Iterator[tuple[Offer[Any], Fitted]]:
        """Yield what is offered of a kind, each with what it can be tried on."""
        for offer in plugin.offers.get(kind, ()):
            if not isinstance(offer.cls, tuple):  # a bundle is its members
                yield offer, self._fitted(kind, offer)

    def _fitted(self, kind: str, offer: Offer[Any]) -> Fitted:
        if kind == "exporters":
            return Fitted(benches=(ExportBench(offer, self.plugins),))
        if kind == "venues":
            return Fitted(benches=(VenueBench(offer, self.plugins),))
        given = self.settings.get(offer.name, {})
        try:
            table = chosen(offer.cls, given, f"settings.{offer.name}")
        except ScenarioError as refused:
            if given:
                raise
            return Fitted(why=f"needs settings, and takes none that were tried: {refused}")
        fit = partial(self._bench, kind, offer)
        try:
            return Fitted(table=table, benches=tuple(fit(table)), again=fit)
        except NotHere as error:
            return Fitted(table=table, why=str(error))
        except Exception as error:  # a finding, whatever it is
            return Fitted(table=table, fault=f"raised {type(error).__name__}: {error}")

    def _bench(self, kind: str, offer: Offer[Any], table: Mapping[str, object]) -> list[Bench[Any]]:
        make = partial(made, offer.cls, table, f"settings.{offer.name}")
        if kind == "matching_algorithms":
            return [AlgorithmBench(offer.name, make)]
        if kind == "order_types":
            everybody = self.plugins.listing()
            return [OrderTypeBench(offer, table, make, everybody, self.symbols)]
        if kind == "invariants":
            return [InvariantBench(offer, table, make, self.plugins.listing())]
        required = {
            each.name: make if each.name == offer.name else self._maker(each)
            for each in self.plugins.resolve([offer.name])
        }
        benches: list[Bench[Any]] = []
        rule_sets = RuleSetBench(offer.name, make, required, self.symbols)
        if rule_sets.subjects:
            benches.append(rule_sets)
        sessions = SessionBench(offer.name, make)
        if sessions.subjects:
            benches.append(sessions)
        if not benches:
            raise NotHere(f"takes part in nothing for the instruments {', '.join(self.symbols)}")
        return benches

    def _maker(self, offer: Offer[type]) -> Callable[[], object]:
        where = f"settings.{offer.name}"
        table = chosen(offer.cls, self.settings.get(offer.name, {}), where)
        return partial(made, offer.cls, table, where)


@attrs.frozen(kw_only=True)
class Fitted:
    """One thing that is offered, ready to be tried; or why it is not."""

    table: Mapping[str, object] = attrs.field(factory=dict)
    benches: tuple[Bench[Any], ...] = ()
    again: Callable[[Mapping[str, object]], list[Bench[Any]]] | None = None
    """Makes the benches anew for other settings."""

    why: str = ""
    fault: str = ""


@attrs.frozen(kw_only=True)
class Tried:
    """One bench, and the examples that it was tried on."""

    kind: str
    name: str
    number: int
    """Which of the benches of that name it is."""

    bench: Bench[Any]
    examples: Sequence[Any]


@attrs.frozen
class Conformed:
    """What came of a plugin."""

    report: Report
    tried: tuple[Tried, ...] = ()
    settings: Settings = attrs.field(factory=dict)
    """What each thing that it offers was tried with."""


def conform(kit: Kit, plugin: Plugin) -> Conformed:
    """Return what is right and what is wrong with a plugin that has been loaded.

    Raises:
        ScenarioError: if settings that were given are refused.
    """
    findings = [Finding(KEEPS_CONTRACT, plugin.name, Outcome.PASSED), *documented(plugin)]
    tried: list[Tried] = []
    settings: dict[str, Mapping[str, object]] = {}
    for kind in KINDS:
        if kind not in _TRIED:
            names = [offer.name for offer in plugin.offers.get(kind, ())]
            why = f"{kind.replace('_', ' ')} show what they are worth in a scenario of their own"
            findings += [skipped(name, why) for name in names]
            continue
        for offer, fitted in kit.benches(plugin, kind):
            settings[offer.name] = fitted.table
            findings += _offered(kit, offer, fitted, tried)
    return Conformed(Report(tuple(findings)), tuple(tried), settings)


def _offered(kit: Kit, offer: Offer[Any], fitted: Fitted, tried: list[Tried]) -> Iterator[Finding]:
    if fitted.why:
        yield skipped(offer.name, fitted.why)
        return
    if fitted.fault:
        yield _finding(MADE, offer.name, 1, fitted.fault)
        return
    if fitted.again is not None:
        fault = thaw(made(offer.cls, fitted.table, offer.name))
        yield _finding(FROZEN, offer.name, 1, fault)
    for number, bench in enumerate(fitted.benches):
        found = explore(bench, kit.effort)
        yield from _judged(bench, found)
        if found.hung:
            continue
        tried.append(
            Tried(
                kind=bench.kind,
                name=offer.name,
                number=number,
                bench=bench,
                examples=found.examples,
            )
        )
        yield from _costs(bench, found, kit.max_cost)
        if fitted.again is not None and not number:
            yield from _of_settings(offer, fitted, found)


def _finding(
    check: Claim, subject: str, executed: int, fault: str = "", example: str = ""
) -> Finding:
    outcome = Outcome.FAILED if fault else Outcome.PASSED
    return Finding(check, subject, outcome, fault, executed, example)


def _judged(bench: Bench[Any], found: Explored[Any]) -> Iterator[Finding]:
    executed = found.tally.executed
    keys = dict.fromkeys([*executed, *found.failing])
    for subject in dict.fromkeys([*bench.subjects, *(key[0] for key in keys)]):
        claims = [claim for of, claim in keys if of == subject]
        asked = executed[subject, PURE] or any((subject, each) in found.failing for each in claims)
        if subject in bench.subjects and not asked:
            yield skipped(subject, f"none of {len(found.examples)} examples has reached it")
            continue
        is_silent = not executed[subject, ANSWERS] and (subject, ANSWERS) not in found.failing
        if subject in bench.subjects and is_silent:
            times = executed[subject, PURE]
            why = f"it was asked {times:,} times, and never had anything to say"
            yield skipped(subject, why, ANSWERS)
        for claim in claims:
            fault, example = found.failing.get((subject, claim), ("", None))
            count = executed[subject, claim]
            if fault:
                yield _finding(claim, subject, max(count, 1), fault, bench.show(example))
            elif count:
                yield _finding(claim, subject, count)


_TIMED = 6  # examples that are measured


def _costs(bench: Bench[Any], found: Explored[Any], most: float | None) -> Iterator[Finding]:
    timings: dict[str, Timing] = {}
    for example in found.examples[-_TIMED:]:
        bench.timed(example, timings)
    for subject, timing in timings.items():
        if not timing.calls:
            continue
        ratio = timing.taken_ns / max(timing.empty_ns, 1)
        each_us = timing.taken_ns / timing.calls / 1000
        text = f"{ratio:.1f} times an empty one, {each_us:.1f} µs a call"
        over = most is not None and ratio > most
        outcome = Outcome.FAILED if over else Outcome.PASSED
        if over:
            text += f"; at most {most:g} times is allowed"
        yield Finding(COST, subject, outcome, text, timing.calls, ratio=round(ratio, 2))


_RUNS_OF_ODD = 3


def _of_settings(offer: Offer[Any], fitted: Fitted, found: Explored[Any]) -> Iterator[Finding]:
    assert fitted.again is not None, "it has been fitted"
    executed = 0
    for table in bad_tables(offer.cls, fitted.table):
        executed += 1
        takes, fault = refusal(offer.cls, table)
        if takes and not fault:
            fault = _with_odd(fitted.again, table, found.examples[-_RUNS_OF_ODD:])
        if fault:
            yield _finding(SETTINGS, offer.name, executed, fault)
            return
    if executed:
        yield _finding(SETTINGS, offer.name, executed)
    else:
        yield skipped(offer.name, "it has no settings", SETTINGS)


def _with_odd(
    again: Callable[[Mapping[str, object]], list[Bench[Any]]],
    table: Mapping[str, object],
    examples: Sequence[Any],
) -> str:
    """Return what goes wrong with settings that were taken, or nothing."""
    try:
        benches = again(table)
    except (NotHere, ScenarioError):
        return ""  # refused before the run, by what knows the instruments
    except Exception as error:  # a finding, whatever it is
        return f"takes {dict(table)!r}, and then raised {type(error).__name__}: {error}"
    for example in examples:
        trial = Trial()
        benches[0].run(example, trial)
        for (subject, claim), fault in trial.faults.items():
            if claim is ANSWERS:
                return f"takes {dict(table)!r}, and then {subject} {fault}"
    return ""
