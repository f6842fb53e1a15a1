"""What a search was made with: whether another one would come to the same."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

import msgspec

from .floor import Scenario, installed_version


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What decides, besides its choices, what happens in a run."""

    version: str
    """floorproof's own."""

    scenario: str
    """The scenario's text."""

    overrides: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What ``--set`` puts in place of values of it."""

    plugins: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Names and versions of those that the scenario uses."""


def of_scenario(scenario: Scenario) -> Provenance:
    """Return what a run of *scenario* would be made with now."""
    return Provenance(
        version=installed_version(),
        scenario=scenario.text,
        overrides=dict(scenario.overrides),
        plugins=dict(sorted(scenario.plan.shelf.used.items())),
    )


def differences(then: Provenance, now: Provenance) -> Iterator[str]:
    """Yield in what *then* is another than *now*, a phrase each."""
    if then.version != now.version:
        yield f"floorproof {then.version}, and this is {now.version}"
    if then.scenario != now.scenario:
        yield f"another text of the scenario ({_first_line(then.scenario, now.scenario)})"
    for key in sorted({*then.overrides, *now.overrides}):
        before, after = then.overrides.get(key), now.overrides.get(key)
        if before != after:
            yield f"--set {key}: {_or_nothing(before)}, and now {_or_nothing(after)}"
    for name in sorted({*then.plugins, *now.plugins}):
        before, after = then.plugins.get(name), now.plugins.get(name)
        if before != after:
            yield f"plugin {name}: {_or_nothing(before)}, and now {_or_nothing(after)}"


def _or_nothing(value: str | None) -> str:
    return "none" if value is None else repr(value)


def _first_line(then: str, now: str) -> str:
    """Return the first line that differs, as it was or as it is."""
    for line in difflib.unified_diff(then.splitlines(), now.splitlines(), lineterm="", n=0):
        if line[0] in "+-" and line[:3] not in ("+++", "---") and line[1:].strip():
            return f"{'it had' if line[0] == '-' else 'it has'} {line[1:].strip()!r}"
    return "blank lines"
