"""The commands.  Each is thin: what it does lives in the rooms, what it prints is here."""

from __future__ import annotations

import functools
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec

import click
from rich.console import Console
from rich.progress import Progress

from . import cli_conform, cli_proving, cli_time
from .cli_tools import (
    FOUND_SOMETHING,
    anyway_option,
    check_outputs,
    complain,
    ends_well,
    naming,
    note_cut,
    print_table,
    recorded_run,
    say,
    scenario_file,
    set_option,
    settings_of,
    until_option,
    write_line,
    written_to,
)
from .market.wording import Wording
from .plugins.hookspecs import ShortForm
from .plugins.manager import Offers, Plugins
from .plugins.rulebook import Section, sections
from .plugins.venue_facts import facts
from .runtime.journal import plain_text
from .scenario import picture, story
from .scenario.chart import chosen_order, sheet_of
from .scenario.copy_story import copies, reconciled
from .scenario.errors import ScenarioError, blamed_on, unknown
from .scenario.expect import Verdict, windows
from .scenario.floor import Result, load
from .scenario.floor import run as run_scenario
from .scenario.json_schema import json_schema
from .scenario.ledger import tests_by_rule
from .scenario.sweeps import sweeps
from .scenario.verify import WAYS, hypothesis_installed
from .scenario.verify import verify as verify_seeds

P = ParamSpec("P")


class _Commands(click.Group):
    """Our commands, and those that plugins bring."""

    @functools.cached_property
    def _plugins(self) -> Plugins:
        return Plugins.discover()

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._plugins.commands})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        own = super().get_command(ctx, name)
        if own is None and name in self._plugins.commands:
            return self._plugins.commands[name].cls
        return own


@click.group(cls=_Commands)
@click.version_option(package_name="floorproof")
def main() -> None:
    """A proving ground for trading floors."""


for each in (*cli_proving.COMMANDS, *cli_time.COMMANDS, cli_conform.conform):
    main.add_command(each)


# --- run -----------------------------------------------------------------------------


class _Run(click.Command):
    """``run``, with the options that the exports of installed plugins have."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if _OPTIONS not in ctx.meta:  # click asks again and again
            ctx.meta[_OPTIONS] = [*self._short_forms(Plugins.discover().exporters)]
        return [*super().get_params(ctx), *ctx.meta[_OPTIONS]]

    def _short_forms(self, exporters: Offers[Callable[..., bytes]]) -> Iterator[click.Option]:
        taken = {each for parameter in self.params for each in parameter.opts}
        for name in exporters:
            export = exporters[name].cls
            if isinstance(export, ShortForm) and f"--{name}" not in taken:
                printed: dict[str, Any] = {"is_flag": False, "flag_value": _PRINTED}
                yield click.Option(
                    [f"--{name}"],
                    **(printed if export.is_text else {}),
                    metavar="[FILE]" if export.is_text else "FILE",
                    help=export.help,
                    expose_value=False,
                    callback=partial(_export_as, name),
                )


def _export_as(
    name: str, context: click.Context, _parameter: click.Parameter, file: str | None
) -> None:
    """Take note of an option that stands for ``--export``."""
    if file is not None:
        context.meta.setdefault(_SHORT_FORMS, {})[name] = file


_PRINTED = "-"
"""The file that stands for the output."""

_OPTIONS, _SHORT_FORMS = "floorproof.cli.options", "floorproof.cli.short_forms"


@main.command(cls=_Run)
@scenario_file
@set_option
@click.option("--seed", type=click.IntRange(min=0), help="Where the run's choices come from.")
@click.option("--journal", type=click.Path(path_type=Path), help="Write the journal here.")
@click.option("--in-place", is_flag=True, help="Host those who only answer without tasks.")
@click.option("--export", "exports", multiple=True, metavar="NAME=FILE", callback=settings_of)
@click.option("--quiet", is_flag=True, help="Print no tables.")
@click.pass_context
@ends_well
def run(
    context: click.Context,
    file: Path,
    settings: dict[str, str],
    seed: int | None,
    journal: Path | None,
    in_place: bool,
    exports: dict[str, str],
    quiet: bool,
) -> int:
    """Run a scenario, and show what was said and where everybody stands."""
    scenario = load(file, settings)
    installed = scenario.plan.shelf.plugins
    wanted = [*exports.items(), *context.meta.get(_SHORT_FORMS, {}).items()]
    chosen = [(Path(path), _exporter(name, installed)) for name, path in wanted]
    files = [path for path, _ in chosen if str(path) != _PRINTED]
    check_outputs([file, *([journal] if journal else []), *files])
    for warning in scenario.warnings:
        complain(f"warning: {warning}")
    with written_to(journal) as stream:
        write = None if stream is None else partial(write_line, stream)
        result = run_scenario(scenario, seed=seed, in_place=in_place, write=write)
    exported = [(path, export(result.journal)) for path, export in chosen]
    for path, data in exported:
        if str(path) != _PRINTED:
            with written_to(path) as stream:
                assert stream is not None
                stream.write(data)
    if not quiet:
        _tell(result)
    for path, data in exported:
        if str(path) == _PRINTED:
            say(data.decode("utf-8", "replace").rstrip("\n"))
    _judge(result)
    _say_invariants(result)
    say(f"digest {result.digest}")
    return 0 if result.held else FOUND_SOMETHING


def _exporter(name: str, installed: Plugins) -> Callable[..., bytes]:
    with blamed_on("--export"):
        return installed.exporters[name].cls


def _tell(result: Result) -> None:
    scenario = result.scenario
    tables = scenario.plan.tables
    start = tables.scenario.start
    apart = (
        *scenario.plan.market_sessions,
        *scenario.plan.feed_participants,
        *scenario.plan.copying.participants,
    )
    say(scenario.name)
    say()
    table = story.messages(result.journal, scenario.wording, start, apart=apart)
    if table.rows:
        print_table(table)
    left_out = story.left_out(result.journal, apart)
    if left_out:
        more = "and " if table.rows else ""
        say(f"{more}{left_out:,} messages to and from {', '.join(apart)}")
    for reader in scenario.plan.feed_readers:
        if reader.is_shown:
            say()
            print_table(story.feed(result.journal, reader.feed, reader.name, start))
    for desk in scenario.plan.copying.desks:
        say()
        print_table(copies(result.journal, desk.name, start))
    told = reconciled(result.invariants, [each.invariant for each in result.violations])
    if told is not None:
        say()
        say(told)
    for account in result.facts("replay_account"):
        say()
        for line in account.lines():
            say(line)
    for each in sweeps(result.journal, scenario.wording):
        say()
        print_table(each)
    windows_at_end = result.windows()
    side_by_side = story.positions(windows_at_end)
    if side_by_side is not None:
        say()
        print_table(side_by_side)
    screen = story.Screen(scenario.wording, start, scenario.plan.exchange_of)
    for user, window in windows_at_end.items():
        for each in screen.tables(user, window):
            say()
            print_table(each)
    say()
    say(f"ended at {story.clock_time(start, result.end_ns)}")


def _judge(result: Result) -> None:
    verdicts = result.verdicts
    if not verdicts:
        return
    failed = [verdict for verdict in verdicts if not verdict.held]
    say(f"{len(verdicts)} expectation{'s' * (len(verdicts) > 1)}, {len(failed)} failed")
    for verdict in failed:
        _explain(verdict)


def _say_invariants(result: Result) -> None:
    """Say who watched, and of what did not hold the entries that led there."""
    if not result.invariants:
        return
    many = "s" * (len(result.invariants) > 1)
    say(f"{len(result.invariants)} invariant{many}, {len(result.violations)} broken")
    for each in result.violations:
        at = "" if each.seq is None else f", at entry {each.seq}"
        say(f"  {each.invariant}: {each.text}{at}")
        for entry in each.entries:
            say(f"    {plain_text(entry)}")


def _explain(verdict: Verdict) -> None:
    say(f"  {verdict.where}: {verdict.says}")
    say(f"    but {verdict.failure}")
    for entry in verdict.entries:
        say(f"    {plain_text(entry)}")


# --- check, schema -------------------------------------------------------------------


@main.command()
@scenario_file
@set_option
@ends_well
def check(file: Path, settings: dict[str, str]) -> None:
    """Say whether a scenario can be run, without running it."""
    scenario = load(file, settings)
    for warning in scenario.warnings:
        say(f"warning: {warning}")
    tables = scenario.plan.tables
    say(
        f"{file}: {len(scenario.plan.names)} participants, {len(tables.step)} steps, "
        f"{len(tables.expect)} expectations; it can be run"
    )


@main.command()
@ends_well
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    say(json.dumps(json_schema(Plugins.discover().scenario_actions), indent=2))


# --- verify --------------------------------------------------------------------------


@main.command()
@scenario_file
@set_option
@click.option("--seeds", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--strict", is_flag=True, help="Watch every call of participants and plugins.")
@ends_well
def verify(file: Path, settings: dict[str, str], seeds: int, strict: bool) -> int:
    """Run each seed three ways in separate processes, and compare."""
    load(file, settings)  # bad input is told once, and before anything is started
    if not hypothesis_installed():
        complain("note: Hypothesis is not installed, so no process imports it")
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("runs", total=seeds * len(WAYS))
        found = verify_seeds(
            file,
            seeds,
            settings=settings,
            strict=strict,
            progress=lambda: bar.advance(task),
        )
    for divergence in found.divergences:
        say(f"seed {divergence.seed} diverges:")
        for way, outcome in divergence.outcomes:
            say(f"  {way}: {_first_line(outcome)}")
        say("  the first entry that differs:")
        for line in divergence.lines:
            say(f"    {line}")
    for seed, text in found.failures:
        say(f"seed {seed} fails, the same each way: {_first_line(text)}")
    longer = [seed for seed, text in found.failures if "\n" in text]
    if longer:
        again = ["floorproof", "run", str(file), "--seed", str(longer[0])]
        again += [each for key, value in settings.items() for each in ("--set", f"{key}={value}")]
        unless = ", unless only --strict sees it" if strict else ""
        say(f"the rest of it{unless}: {shlex.join(again)}")
    summary = f"{seeds} seeds, {len(found.divergences)} divergences"
    say(summary + (f", {len(found.failures)} failures" if found.failures else ""))
    return FOUND_SOMETHING if found.divergences or found.failures else 0


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


# --- show ----------------------------------------------------------------------------


@main.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--user", required=True, help="Whose Orders and Fills window.")
@until_option
@anyway_option
@ends_well
def show(journal: Path, user: str, until: str | None, anyway: bool) -> None:
    """Show a user's Orders and Fills window as of a moment, from a journal."""
    recorded = recorded_run(journal, anyway=anyway)
    if user not in recorded.users:
        raise ScenarioError("--user", unknown("user", user, recorded.users))
    place = recorded.last if until is None else recorded.place(until)
    start = recorded.tables.scenario.start
    with naming(journal):
        entries = recorded.entries(place)
    screen = story.Screen(Wording(recorded.instruments), start, recorded.exchange_of)
    window = windows(entries, [user])[user]
    for table in screen.tables(user, window):
        print_table(table)
        say()
    if recorded.last.count:
        say(f"as of {story.clock_time(start, place.time_ns)}")
    note_cut(journal, recorded)


# --- requests ------------------------------------------------------------------------


@main.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--user", required=True, help="Whose My Requests.")
@until_option
@ends_well
def requests(journal: Path, user: str, until: str | None) -> None:
    """List a user's requests at the request centre as of a moment, from a journal."""
    recorded = recorded_run(journal)
    if user not in recorded.centre_users:
        what = unknown("user of the request centre", user, recorded.centre_users)
        raise ScenarioError("--user", what)
    place = recorded.last if until is None else recorded.place(until)
    start = recorded.tables.scenario.start
    with naming(journal):
        entries = recorded.entries(place)
    print_table(story.requests(entries, user, start))
    if recorded.last.count:
        say(f"as of {story.date_and_time(start, place.time_ns)}")
    note_cut(journal, recorded)


# --- chart ---------------------------------------------------------------------------


@main.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.svg|png|html")
@click.option("--order", help="Which order; not needed where its user has one alone.")
@click.option("--user", help="Whose window it is in; by default the first who has it.")
@click.option("--bar", metavar="T", help="How long one bar is: 5m. By default, at most 100 bars.")
@click.option("--decimals", type=click.IntRange(0, 12), help="How many decimals prices show.")
@ends_well
def chart(
    journal: Path,
    out: Path,
    order: str | None,
    user: str | None,
    bar: str | None,
    decimals: int | None,
) -> None:
    """Draw an order's fills in the price of its market, and how it went along."""
    form = out.suffix.removeprefix(".")
    if form not in picture.FORMATS:
        endings = ", ".join(f".{each}" for each in picture.FORMATS)
        raise ScenarioError("--out", f"expected a file that ends in {endings}, found {str(out)!r}")
    check_outputs([journal, out])
    recorded = recorded_run(journal)
    with naming(journal):
        entries = recorded.entries()
    progress = chosen_order(entries, recorded.users, order=order, user=user)
    sheet = sheet_of(recorded, entries, progress, bar=bar, shown_decimals=decimals)
    data = picture.draw(sheet, form)
    with written_to(out) as stream:
        assert stream is not None
        stream.write(data)
    for label, value in sheet.figures:
        say(f"{label}: {value}")
    note_cut(journal, recorded)


# --- plugins, rules ------------------------------------------------------------------


@main.command()
@ends_well
def plugins() -> None:
    """List the plugins that are installed, and what each provides."""
    rows = []
    for plugin in Plugins.discover().listing():
        provides = "; ".join(
            f"{kind.replace('_', ' ')}: {', '.join(names)}"
            for kind, names in plugin.provides.items()
        )
        if plugin.error:
            provides = f"cannot be used: {plugin.error}"
        rows.append((plugin.name, plugin.version, provides or "rules of the ledger", plugin.source))
    print_table(story.Table("", ("plugin", "version", "provides", "from"), tuple(rows)))


@main.command()
@ends_well
def venues() -> None:
    """List the venues that a scenario may name, and what each is."""
    installed = Plugins.discover()
    rows = []
    for name in installed.venues:
        profile = installed.venues[name].cls
        products = ", ".join(product.code for product in profile.products)
        rows.append(
            (name, profile.mic, profile.currency, profile.time_zone, products, profile.name)
        )
    print_table(
        story.Table("", ("venue", "MIC", "currency", "zone", "products", "name"), tuple(rows))
    )


@main.command()
@click.argument("name", required=False)
@click.option("--against", metavar="NAME", help="Tell in what NAME's rules differ from these.")
@click.option("--source", metavar="NAME", help="Only rules from a document of that name.")
@ends_well
def rules(name: str | None, against: str | None, source: str | None) -> None:
    """List the rules that floorproof and its plugins implement, with their sources.

    With NAME, those of a venue, a bundle, a rule set, an algorithm or a plugin.
    """
    installed = Plugins.discover()
    if against is not None:
        if name is None:
            raise ScenarioError("--against", "expected a NAME to hold against it")
        _tell_difference(name, against, installed, source)
        return
    if name is None:
        found = tuple(Section("", (rule,)) for rule in installed.ledger())
    else:
        with blamed_on("rules"):
            found = sections(name, installed)
        if name in installed.venues:
            for about, text in facts(installed.venues[name].cls).items():
                say(f"    {about}: {text}")
            say()
    _tell_rules(_from_source(found, source))


def _from_source(found: Iterable[Section], source: str | None) -> list[Section]:
    """Return the rules among *found* that are from a document of that name.

    Raises:
        ScenarioError: if none is.
    """
    if source is None:
        return list(found)
    every = [rule for section in found for rule in section.rules]
    kept = [
        Section(section.name, rules)
        for section in found
        if (rules := tuple(r for r in section.rules if source.lower() in r.source.lower()))
    ]
    if not kept:
        parts = (part.strip() for rule in every for part in rule.source.split(";"))
        documents = sorted({part.partition(",")[0] for part in parts})
        raise ScenarioError("--source", unknown("document", source, documents))
    return kept


def _tell_rules(found: Sequence[Section]) -> None:
    shown_by = tests_by_rule(_python_files(Path.cwd() / "tests"))  # in a checkout
    for section in found:
        for rule in section.rules:
            say(f"{rule.id}  {rule.says}")
            if section.name:
                say(f"    of: {section.name}")
            say(f"    source: {rule.source}")
            if rule.parameters:
                say(f"    parameters: {', '.join(rule.parameters)}")
            for test in shown_by.get(rule.id, ()):
                say(f"    shown by {test}")
    say(f"{sum(len(section.rules) for section in found)} rules")


def _tell_difference(name: str, against: str, installed: Plugins, source: str | None) -> None:
    """Tell what one name has and another has not: facts of venues first, then rules."""
    with blamed_on("rules"):
        ours = sections(name, installed)
    with blamed_on("--against"):
        theirs = sections(against, installed)
    if name in installed.venues and against in installed.venues:
        one, other = (facts(installed.venues[each].cls) for each in (name, against))
        for about in dict.fromkeys([*one, *other]):
            if one.get(about) != other.get(about):
                say(f"    {about}: {one.get(about, 'none')}")
                say(f"        {against}: {other.get(about, 'none')}")
        say()
    everything = _from_source([*ours, *theirs], source)
    wanted = {rule.id for section in everything for rule in section.rules}
    by_id = [
        {rule.id: (rule, section.name) for section in each for rule in section.rules}
        for each in (ours, theirs)
    ]
    mine, others = ({id: it for id, it in each.items() if id in wanted} for each in by_id)
    for sign, here, there in (("+", mine, others), ("-", others, mine)):
        for id, (rule, of) in here.items():
            if id not in there:
                say(f"{sign} {rule.id}  {rule.says}")
                say(f"    of: {of}")
                say(f"    source: {rule.source}")
    only_mine, only_theirs = len(mine.keys() - others), len(others.keys() - mine)
    both = len(mine.keys() & others)
    say(f"{only_mine} rules only in {name}, {only_theirs} only in {against}, {both} in both")


def _python_files(folder: Path) -> Iterable[tuple[str, str]]:
    for path in sorted(folder.rglob("test_*.py")):
        yield str(path.relative_to(folder.parent)), path.read_text(encoding="utf-8")
