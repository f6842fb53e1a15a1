"""``floorproof fuzz``: the search for a run that breaks something."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs
import click
from rich.console import Console
from rich.progress import Progress, TaskID

from .cli_tools import (
    FOUND_SOMETHING,
    check_outputs,
    complain,
    ends_well,
    print_table,
    say,
    scenario_file,
    set_option,
    written_to,
)
from .runtime.choices import Recorded
from .scenario import reach_told
from .scenario.errors import ScenarioError
from .scenario.floor import Scenario, load
from .scenario.fuzz import hunt
from .scenario.fuzz.combinations import (
    ALONE,
    CONFLICT,
    NO_ORDER,
    Combinations,
    Finding,
    try_all,
)
from .scenario.fuzz.corpus import Corpus, open_corpus, run_again
from .scenario.fuzz.examples import require_hypothesis, search_examples
from .scenario.fuzz.export import counted
from .scenario.fuzz.failures import of_seed, outcome
from .scenario.fuzz.hunt import Unshrunk
from .scenario.fuzz.search import Ran, Searched, search
from .scenario.fuzz.watchdog import MAX_ENTRIES, PATIENCE_S, Limits
from .scenario.reach import Cell, Reach, owned_rules, rule_count


@click.command()
@scenario_file
@set_option
@click.option("--seeds", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes; one a core.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Stop after that.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for what is found.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="All of the map, as JSON.")
@click.option("--corpus", "folder", type=click.Path(path_type=Path), help="Keep runs, and go on.")
@click.option("--rerun", is_flag=True, help="Begin a corpus of something else anew.")
@click.option(
    "--engine",
    type=click.Choice(["seeds", "hypothesis"]),
    default="seeds",
    show_default=True,
    help="Who owns the choices.",
)
@click.option("--plugins", is_flag=True, help="Try other rule sets, in other orders.")
@click.option("--shrink-runs", type=click.IntRange(min=1), default=2_000, show_default=True)
@click.option(
    "--max-entries",
    type=click.IntRange(min=1),
    default=MAX_ENTRIES,
    show_default=True,
    help="A run with more deliveries and facts does not end.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE_S,
    show_default=True,
    help="Seconds without an entry, and somebody hangs.",
)
@ends_well
def fuzz(
    file: Path,
    settings: dict[str, str],
    seeds: int,
    jobs: int | None,
    minutes: float | None,
    out: Path | None,
    map_file: Path | None,
    folder: Path | None,
    rerun: bool,
    engine: str,
    plugins: bool,
    shrink_runs: int,
    max_entries: int,
    patience: float,
) -> int:
    """Search seeds for a run that breaks something, and make it small.

    Each cause is shrunk: steps, flow, interleaving and latencies together.  With --out it
    becomes a scenario that fails by itself, a test that does, and its story.  At the end
    stands what the runs have reached, and what they never have.

    With --engine hypothesis the runs are Hypothesis's examples, as many as --seeds says and
    those that make a failure small; its database is in the --corpus.

    With --plugins each seed draws rule sets from those that are installed, and an order
    of them.  It says which do not commute though nothing declares their order, and which
    fail together and not alone.
    """
    if plugins and (engine != "seeds" or folder is not None or out is not None or map_file):
        raise ScenarioError("--plugins", "expected no --engine, --corpus, --out or --map with it")
    if engine == "hypothesis":
        require_hypothesis("--engine hypothesis")
    if out is not None and out.exists() and not out.is_dir():
        raise ScenarioError(str(out), "cannot write: it is no folder")
    if rerun and folder is None:
        raise ScenarioError("--rerun", "expected a --corpus to begin anew")
    check_outputs([file, *([map_file] if map_file else [])])
    scenario = load(file, settings)
    for warning in scenario.warnings:
        complain(f"warning: {warning}")
    hunt_of = _Hunt(
        file=file,
        scenario=scenario,
        limits=Limits(max_entries, patience),
        jobs=jobs or os.cpu_count() or 1,
        seconds=None if minutes is None else minutes * 60,
        out=out,
        shrink_runs=shrink_runs,
        word="example" if engine == "hypothesis" else "seed",
    )
    if plugins:
        return hunt_of.combine(seeds)
    if engine == "hypothesis":
        searched = hunt_of.examples(seeds, folder)
    else:
        corpus = None if folder is None else open_corpus(folder, scenario, rerun=rerun)
        searched = hunt_of.search(seeds, corpus)
    for cause, failing in hunt.causes_of(searched):
        hunt_of.pursue(cause, failing)
    hunt_of.tell_map(searched.reach, map_file)
    summary = f"{searched.seeds:,} {hunt_of.word}s, {len(searched.failed):,} failures"
    many = len(searched.causes)
    say(summary + (f" of {many} cause{'s' * (many > 1)}" if many else ""))
    return FOUND_SOMETHING if searched.failed else 0


def _of_rule_sets(finding: Finding) -> str:
    names = " and ".join(map(repr, finding.rule_sets))
    match finding.kind:
        case kind if kind == NO_ORDER:
            return f"{names} do not commute, and nothing declares their order"
        case kind if kind == CONFLICT:
            return f"{names} fail together, and declare no conflict"
        case _:
            return f"{names} fails by itself"


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())


@attrs.define
class _Counter:
    """Shows how many runs there were, and how many failed for each cause."""

    _bar: Progress
    _task: TaskID
    _what: str
    _causes: dict[str, int] = attrs.field(init=False, factory=dict)

    def __call__(self, ran: Ran) -> None:
        for cause in ran.causes:
            self._causes[cause] = self._causes.get(cause, 0) + 1
        told = "".join(f", {many} {cause}" for cause, many in self._causes.items())
        self._bar.update(self._task, advance=1, description=f"{self._what}{told}")


@attrs.frozen(kw_only=True)
class _Hunt:
    """One search, from the command's options."""

    file: Path
    scenario: Scenario
    limits: Limits
    jobs: int
    seconds: float | None
    out: Path | None
    shrink_runs: int
    word: str
    """What a run's number is."""

    # --- seeds -----------------------------------------------------------------------

    def search(self, seeds: int, corpus: Corpus | None) -> Searched:
        goals = hunt.check_reproducible(self.scenario, limits=self.limits).goals
        reach = Reach() if corpus is None else corpus.reach
        reach.goals |= {goal.name: goal for goal in goals}
        known = [] if corpus is None else self._run_again(corpus)
        first = 1 if corpus is None else corpus.next
        last = seeds if first <= seeds else first + seeds - 1
        if corpus is not None and first > 1:
            say(f"going on at seed {first:,}, up to {last:,}")
        try:
            searched = self._seeds(range(first, last + 1), reach, corpus)
        except KeyboardInterrupt:
            if corpus is not None:
                corpus.save()
                say(f"stopped before seed {corpus.next:,}; the same command goes on there")
            raise
        if corpus is not None:
            corpus.save()
        return attrs.evolve(searched, failed=(*known, *searched.failed))

    def _seeds(self, seeds: Sequence[int], reach: Reach, corpus: Corpus | None) -> Searched:
        with _progress() as bar:
            count = _Counter(bar, bar.add_task("seeds", total=len(seeds)), "seeds")

            def took(ran: Ran, new: Sequence[Cell]) -> None:
                count(ran)
                if corpus is not None:
                    corpus.take(ran, new)

            return search(
                self.file,
                self.scenario,
                seeds,
                settings=self.scenario.overrides,
                jobs=min(self.jobs, len(seeds)),
                limits=self.limits,
                seconds=self.seconds,
                reach=reach,
                took=took,
            )

    # --- examples --------------------------------------------------------------------

    def examples(self, many: int, folder: Path | None) -> Searched:
        reach = Reach()
        goals = hunt.check_reproducible(self.scenario, limits=self.limits).goals
        reach.goals |= {goal.name: goal for goal in goals}
        with _progress() as bar:
            count = _Counter(bar, bar.add_task("examples", total=many), "examples")
            return search_examples(
                self.scenario,
                many,
                limits=self.limits,
                seconds=self.seconds,
                database=None if folder is None else folder / "hypothesis",
                reach=reach,
                took=lambda ran, _new: count(ran),
            )

    def _run_again(self, corpus: Corpus) -> list[Ran]:
        """Run what is known to fail first, and return what still does."""

        def of_known(known: Ran) -> Ran:
            if known.choices is None:
                return of_one(known.seed)
            found = outcome(self.scenario, Recorded(known.choices), limits=self.limits)
            return Ran(known.seed, found.failures, found.cells, known.choices)

        def of_one(seed: int) -> Ran:
            found = of_seed(self.scenario, seed, self.limits)
            return Ran(seed, found.failures, found.cells, found.choices)

        for each in corpus.differs:
            say(f"corpus {corpus.folder} was made with {each}: run again")
        again = [*run_again(corpus, of_known, of_one)]
        for before, now in again:
            if not now.failures:
                say(f"seed {before.seed} does not fail any more: {', '.join(before.causes)}")
        failing = [now for _, now in again if now.failures]
        if again:
            say(f"{counted(len(again), 'known failure')} run again, {len(failing):,} still fail")
        return failing

    # --- rule sets -------------------------------------------------------------------

    def combine(self, seeds: int) -> int:
        """Try rule sets together, and say what is found of them."""
        combinations = Combinations(self.scenario, self.limits)
        for exchange, names in combinations.admissible.items():
            say(f"{exchange}: {counted(len(names), 'rule set')}: {', '.join(names) or 'none'}")
        for name, why in combinations.left_out.items():
            say(f"left out: {name}: {why}")
        found: dict[object, Finding] = {}
        with _progress() as bar:
            task = bar.add_task("rule sets", total=seeds)
            tried = try_all(
                self.file,
                combinations,
                range(1, seeds + 1),
                jobs=min(self.jobs, seeds),
                seconds=self.seconds,
                progress=lambda: bar.advance(task),
            )
            count = 0
            for findings in tried:
                count += 1
                for finding in findings:
                    found.setdefault(finding.about, finding)
        for finding in found.values():
            say(f"{finding.exchange}: {_of_rule_sets(finding)}, seed {finding.seed}")
            say(f"  {finding.text}")
        kinds = [finding.kind for finding in found.values()]
        say(
            f"{count:,} seeds, {counted(kinds.count(NO_ORDER), 'pair')} that"
            f" {'does' if kinds.count(NO_ORDER) == 1 else 'do'} not commute,"
            f" {counted(kinds.count(CONFLICT), 'undeclared conflict')},"
            f" {counted(kinds.count(ALONE), 'failure')} of one alone"
        )
        return FOUND_SOMETHING if found else 0

    # --- what they come to -----------------------------------------------------------

    def pursue(self, cause: str, failing: Sequence[Ran]) -> None:
        """Make the first of the *failing* runs small, and say and write what comes of it."""
        with _progress() as bar:
            task = bar.add_task(f"shrinking {cause}", total=None)
            found = hunt.shrink(
                self.scenario,
                cause,
                failing,
                limits=self.limits,
                max_runs=self.shrink_runs,
                word=self.word,
                progress=lambda: bar.advance(task),
            )
        say(f"{cause}: {found.failure.text}")
        which = "first" if self.word == "seed" else "smallest"
        say(f"  {counted(len(failing), self.word)}, the {which} is {failing[0].seed}")
        if isinstance(found, Unshrunk):
            say(f"  {found.why}")
            return
        steps, choices, _ = found.variant.size
        small = f"{counted(steps, 'step')} and {counted(choices, 'choice')}"
        say(f"  shrunk to {small} in {counted(found.runs, 'run')}")
        if self.out is not None:
            folder = self.file.parent
            for path in hunt.write(self.scenario, found, folder=folder, out=self.out):
                say(f"  written: {path}")

    def tell_map(self, reach: Reach, file: Path | None) -> None:
        """Say what was reached and what never was, and write all of it into *file*."""
        plan = self.scenario.plan
        ledger = {rule.id: rule.says for rule in plan.shelf.plugins.ledger()}
        rules = rule_count(reach, ledger, owned_rules(plan))
        print_table(reach_told.table(reach, ledger, self.word))
        for line in reach_told.summary(reach, rules):
            say(line)
        with written_to(file) as stream:
            if stream is not None:
                told = reach_told.as_json(reach, rules, ledger)
                stream.write(json.dumps(told, indent=1).encode() + b"\n")
