"""Rule sets in other company: pairs that do not commute, and conflicts that nobody declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import STAGED_ORDER, assert_refused, changed, command, write
from floors import floor

from floorproof.scenario.floor import load
from floorproof.scenario.fuzz.combinations import ALONE, CONFLICT, NO_ORDER, Combinations

STEPS = """
    0s LP enter L1 sell 4 @ 15351.50
    1s LP enter L2 sell 6 @ 15352.50
    2s LP enter L3 buy 4 @ 15351.50
"""

PLANTED = '''
import attrs
from floorproof.market.fix import OrdRejReason
from floorproof.market.rules import ChangeState, Publish, Reject
from floorproof.market.sessions import TradingState
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class NoSixes:
    """Refuses orders for six."""

    {no_sixes}

    @hookimpl
    def accept_request(self, request, market):
        if getattr(request, "order_qty", 0) == 6:
            return Reject(OrdRejReason.OTHER, "six")


@attrs.frozen
class NotSoHigh:
    """Refuses orders at a price that L2 has."""

    @hookimpl
    def accept_request(self, request, market):
        if getattr(request, "price", None) == 1535250:
            return Reject(OrdRejReason.OTHER, "too high")


@attrs.frozen
class Pauses:
    """Puts an instrument that has traded into a state of its own."""

    def trading_states(self):
        return (TradingState(name="PAUSED", match=False),)

    @hookimpl
    def after_trades(self, events, market):
        return [ChangeState("PAUSED")]


@attrs.frozen
class KnowsStates:
    """Knows all states that there are, as it thinks."""

    {knows}

    @hookimpl
    def trading_session_changed(self, old, new, market):
        if new.name == "PAUSED":
            raise KeyError(new.name)
        return []


@attrs.frozen
class Harmless:
    @hookimpl
    def after_trades(self, events, market):
        return [Publish("traded")]


@attrs.frozen
class Broken:
    @hookimpl
    def after_request(self, events, market):
        raise ZeroDivisionError("always")


@attrs.frozen
class NeedsSettings:
    whose: str

    @hookimpl
    def after_request(self, events, market):
        return []


@hookimpl
def rule_sets():
    return {{{offered}}}
'''
CLASSES = {
    "no-sixes": "NoSixes",
    "not-so-high": "NotSoHigh",
    "pauses": "Pauses",
    "knows-states": "KnowsStates",
    "harmless": "Harmless",
    "broken": "Broken",
    "needs-settings": "NeedsSettings",
}


def planted(folder: Path, *offered: str, no_sixes: str = "", knows: str = "") -> Path:
    names = ", ".join(f'"{name}": {CLASSES[name]}' for name in offered)
    write(folder, PLANTED.format(offered=names, no_sixes=no_sixes, knows=knows), "planted.py")
    text = changed(floor(STEPS), "[scenario]\n", '[scenario]\nplugins = ["planted.py"]\n')
    return write(folder, text)


def found(path: Path, seeds: int = 12) -> dict[tuple[str, frozenset[str]], str]:
    """Return what is found of the planted rule sets alone, and what is said of it."""
    combinations = Combinations(load(path))
    mine = {
        name: tuple(each for each in names if each in CLASSES)
        for name, names in combinations.admissible.items()
    }
    combinations.admissible = mine
    return {
        (finding.kind, frozenset(finding.rule_sets)): finding.text
        for seed in range(1, seeds + 1)
        for finding in combinations.try_one(seed)
    }


def test_two_that_do_not_commute_are_found_among_others(tmp_path: Path) -> None:
    path = planted(tmp_path, "no-sixes", "not-so-high", "harmless")

    findings = found(path)

    assert set(findings) == {(NO_ORDER, frozenset({"no-sixes", "not-so-high"}))}
    (text,) = findings.values()
    assert "six" in text
    assert "too high" in text
    assert "harmless" not in text


def test_two_whose_order_is_declared_are_not_turned_round(tmp_path: Path) -> None:
    path = planted(
        tmp_path, "no-sixes", "not-so-high", "harmless", no_sixes='after = ("not-so-high",)'
    )

    assert not found(path)


def test_two_that_fail_together_and_not_alone_are_an_undeclared_conflict(tmp_path: Path) -> None:
    path = planted(tmp_path, "pauses", "knows-states", "harmless")

    findings = found(path)

    assert set(findings) == {(CONFLICT, frozenset({"pauses", "knows-states"}))}
    assert "rule set knows-states raised KeyError" in next(iter(findings.values()))


def test_two_that_declare_a_conflict_are_not_put_together(tmp_path: Path) -> None:
    path = planted(tmp_path, "pauses", "knows-states", "harmless", knows='conflicts = ("pauses",)')

    assert not found(path)


def test_one_that_fails_by_itself_is_no_conflict(tmp_path: Path) -> None:
    path = planted(tmp_path, "broken", "harmless", "no-sixes")

    assert set(found(path)) == {(ALONE, frozenset({"broken"}))}


def test_two_that_commute_are_not_found(tmp_path: Path) -> None:
    assert not found(planted(tmp_path, "pauses", "harmless", "no-sixes"))


def test_the_command_says_what_it_has_tried_and_found(tmp_path: Path) -> None:
    path = planted(tmp_path, "no-sixes", "not-so-high", "needs-settings")

    ran = command("fuzz", path, "--plugins", "--seeds", "90", "--jobs", "1")

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith("CME: ")
    assert "no-sixes" in lines[0]
    assert any(line.startswith("left out: needs-settings: ") for line in lines)
    assert any(
        "'no-sixes'" in line
        and "'not-so-high'" in line
        and "do not commute, and nothing declares their order, seed " in line
        for line in lines
    )
    assert lines[-1].startswith("90 seeds, ")


def test_over_processes_the_same_is_found(tmp_path: Path) -> None:
    path = planted(tmp_path, "no-sixes", "not-so-high")

    alone = command("fuzz", path, "--plugins", "--seeds", "16", "--jobs", "1")
    together = command("fuzz", path, "--plugins", "--seeds", "16", "--jobs", "2")

    assert alone == together


@pytest.mark.parametrize("other", ["--corpus", "--out", "--map"])
def test_what_it_does_not_do_is_refused(tmp_path: Path, other: str) -> None:
    ran = command("fuzz", STAGED_ORDER, "--plugins", other, tmp_path / "other")

    assert_refused(ran, "--plugins: expected no --engine, --corpus, --out or --map")
