"""``floorproof conform``: a plugin, tried by what it declares."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from .cli_tools import BAD_INPUT, FOUND_SOMETHING, complain, ends_well, print_table, say
from .market.identifiers import Symbol
from .plugins.errors import PluginRefused
from .plugins.findings import DOCUMENTED, KEEPS_CONTRACT, Finding, Outcome, Report
from .scenario.errors import ScenarioError, unknown
from .scenario.story import Table

if TYPE_CHECKING:
    from .testing.conformance.expected import Judged
    from .testing.conformance.explore import Effort
    from .testing.conformance.reference import Loaded


@click.command()
@click.argument("plugin")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    help="A TOML file: a table of settings for each name that is offered.",
)
@click.option("--symbol", "symbols", multiple=True, help="An instrument to ask about; at most two.")
@click.option("--expect", type=click.Path(path_type=Path), help="A file of failures to expect.")
@click.option("--profile", type=click.Choice(["ci", "deep"]), default="ci", show_default=True)
@click.option("--examples", type=click.IntRange(min=1), help="How many; else as the profile says.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How many seconds one example may take.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    help="How many times an empty plugin's a question's cost may be.",
)
@click.option("--in-process", is_flag=True, help="Start no other processes with other hash seeds.")
@click.option("--json", "as_json", is_flag=True, help="Print all findings as one JSON object.")
@ends_well
def conform(
    plugin: str,
    settings_file: Path | None,
    symbols: tuple[str, ...],
    expect: Path | None,
    profile: str,
    examples: int | None,
    seed: int,
    budget: float,
    max_cost: float | None,
    in_process: bool,
    as_json: bool,
) -> int:
    """Try a PLUGIN by what it offers: an installed name, a file, a folder, a module.

    Its rule sets, matching algorithms, order types, invariants, exports and venues are asked
    what Hypothesis draws.  Exits 1 if a check fails that is not expected to, or passes that is.
    """
    from .testing.conformance.elsewhere import compare
    from .testing.conformance.expected import judge, read_expected
    from .testing.conformance.explore import DEEP, Effort
    from .testing.conformance.kit import Kit
    from .testing.conformance.kit import conform as tried_out
    from .testing.conformance.market_day import SYMBOLS

    expected = {} if expect is None else read_expected(expect)
    settings = {} if settings_file is None else _settings(settings_file)
    effort = attrs.evolve(DEEP if profile == "deep" else Effort(), seed=seed, budget_s=budget)
    if examples is not None:
        effort = attrs.evolve(effort, examples=examples)
    try:
        loaded = _loaded(plugin, effort)
    except PluginRefused as refused:
        failed = Finding(KEEPS_CONTRACT, refused.plugin, Outcome.FAILED, refused.why)
        return _end(plugin, judge(Report((failed,)), expected), effort, {}, as_json)
    _check_names(settings, loaded, settings_file)
    kit = Kit(
        plugins=loaded.plugins,
        settings=settings,
        symbols=_symbols(symbols, SYMBOLS),
        effort=effort,
        max_cost=max_cost,
    )
    conformed = tried_out(kit, loaded.plugin)
    findings = conformed.report.findings
    if not in_process:
        findings = (*findings, *compare(plugin, kit, conformed.tried))
    judged: Judged = judge(Report(findings), expected)
    return _end(plugin, judged, effort, conformed.settings, as_json)


def _loaded(plugin: str, effort: Effort) -> Loaded:
    """Return the plugin, if it can be loaded within the budget."""
    from .testing.conformance.explore import Hangs, budget
    from .testing.conformance.reference import load

    try:
        with budget(effort.budget_s):
            return load(plugin)
    except Hangs:
        why = f"it was not loaded after {effort.budget_s:g} s"
        raise PluginRefused(plugin, why) from None


def _settings(path: Path) -> dict[str, Mapping[str, object]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(str(path), f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # tomllib's own is one, and that of wrong UTF-8
        raise ScenarioError(str(path), f"not a TOML file: {error}") from None
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ScenarioError(f"{path}: {name}", f"expected a table of settings, found {table!r}")
    return tables


def _check_names(settings: Mapping[str, object], loaded: Loaded, path: Path | None) -> None:
    """Check that somebody offers what settings are for: one file may serve many plugins."""
    listing = loaded.plugins.listing()
    offered = {name for each in listing for names in each.provides.values() for name in names}
    for name in settings:
        if name not in offered:
            raise ScenarioError(str(path), unknown("name that is offered", name, sorted(offered)))


def _symbols(given: tuple[str, ...], usual: tuple[Symbol, Symbol]) -> tuple[Symbol, Symbol]:
    named = tuple(dict.fromkeys(map(Symbol, given)))
    if len(named) > len(usual) or not all(named):
        raise ScenarioError("--symbol", f"expected one or two names, found {', '.join(given)!r}")
    others = [each for each in usual if each not in named]
    first, second, *_ = *named, *others
    return first, second


# --- what is printed -----------------------------------------------------------------


def _end(
    plugin: str,
    judged: Judged,
    effort: Effort,
    settings: Mapping[str, Mapping[str, object]],
    as_json: bool,
) -> int:
    """Print what was found, and return the exit status."""
    findings = judged.report.findings
    if as_json:
        say(json.dumps(_as_json(plugin, judged, effort, settings), indent=2, default=str))
    else:
        for name, table in settings.items():
            if table:
                said = ", ".join(f"{key} = {value!r}" for key, value in table.items())
                say(f"{name} is tried with {said}")
        _print(judged)
    if not judged.held:
        return FOUND_SOMETHING
    papers = (KEEPS_CONTRACT, DOCUMENTED)
    if not any(each.executed and each.check not in papers for each in findings):
        complain(f"error: {plugin}: nothing that it offers could be tried")
        return BAD_INPUT
    return 0


def _print(judged: Judged) -> None:
    findings = judged.report.findings
    rows = []
    for subject in dict.fromkeys(each.subject for each in findings):
        of_it = [each for each in findings if each.subject == subject]
        executed = [each for each in of_it if each.executed]
        failed = [each for each in of_it if each.outcome is Outcome.FAILED]
        cost = next((f"{each.ratio:g}x" for each in of_it if each.ratio is not None), "")
        rows.append(
            (
                subject,
                f"{len(executed)}",
                f"{sum(each.executed for each in executed):,}",
                f"{len(failed) or ''}",
                f"{len(of_it) - len(executed) or ''}",
                cost,
            )
        )
    headings = ("tried", "checks", "executed", "failed", "skipped", "cost")
    print_table(Table("", headings, tuple(rows), frozenset(headings[1:])))
    for each in judged.report.skipped:
        say(f"skipped {each.id}: {each.text}")
    for check in judged.unexecuted:
        say(f"skipped {check}: expected to fail, and not executed")
    for finding, reason in judged.expected:
        say(f"\nfailed as expected ({reason}): {finding.id}")
    for finding in judged.passing:
        say(f"\nFAILED {finding.id}: it was expected to fail, and passes: expect it no more")
    for finding in judged.unexpected:
        say(f"\nFAILED {finding.id} ({finding.check})")
        say(f"  {finding.text}")
        for line in finding.example.splitlines():
            say(f"    {line}")
    say()
    say(_summary(judged))


def _summary(judged: Judged) -> str:
    report = judged.report
    executed = sum(each.executed for each in report.findings)
    parts = [f"{len(report.passed)} checks passed"]
    for many, said in (
        (len(judged.unexpected), "failed"),
        (len(judged.passing), "passed that were expected to fail"),
        (len(judged.expected), "failed as expected"),
        (len(report.skipped), "skipped"),
    ):
        if many:
            parts.append(f"{many} {said}")
    return f"{', '.join(parts)}; executed {executed:,} times"


def _as_json(
    plugin: str,
    judged: Judged,
    effort: Effort,
    settings: Mapping[str, Mapping[str, object]],
) -> dict[str, object]:
    expected = {finding.id: reason for finding, reason in judged.expected}
    return {
        "plugin": plugin,
        "held": judged.held,
        "examples": effort.examples,
        "seed": effort.seed,
        "settings": settings,
        "findings": [
            {
                "id": each.id,
                "subject": each.subject,
                "check": each.check,
                "outcome": each.outcome.name.lower(),
                "executed": each.executed,
                "text": each.text,
                "example": each.example,
                "ratio": each.ratio,
                "expected": expected.get(each.id),
            }
            for each in judged.report.findings
        ],
        "passing": [each.id for each in judged.passing],
        "unexecuted": list(judged.unexecuted),
    }
