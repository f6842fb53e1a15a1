"""Which rules belong to which name, and how `floorproof rules` tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time

import attrs
import pytest
from commands import command

from floorproof.market.ledger import Rule
from floorproof.market.profile import DayPlan, Phase, Session, VenueProfile
from floorproof.plugins.errors import RuleSetsRefused, UnknownPlugin
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugins
from floorproof.plugins.rulebook import names, sections


@attrs.frozen
class First:
    @hookimpl
    def accept_request(self) -> None: ...


@attrs.frozen
class Second:
    after = ("first",)

    @hookimpl
    def accept_request(self) -> None: ...


OF_FIRST, OF_SECOND = Rule("F-1", "First.", "a book"), Rule("S-1", "Second.", "a book")
OF_BOTH, OF_DAY = Rule("B-1", "Both.", "a book"), Rule("D-1", "A day.", "an almanac")
OF_TOWN, OF_VILLAGE = Rule("T-1", "A town.", "an atlas"), Rule("V-1", "Few.", "an atlas")
PROFILE = VenueProfile(
    name="Town Hall",
    mic="XTWN",
    currency="USD",
    time_zone="UTC",
    rules=("day",),
    day=DayPlan(phases=(Phase("OPEN"),), between="SHUT", closed="SHUT"),
    sessions=(Session(opens=time(9), closes=time(17)),),
    ledger=(OF_TOWN,),
)


class Provider:
    floorproof_contract = CONTRACT_VERSION

    @hookimpl
    def rule_sets(self) -> Mapping[str, object]:
        return {"first": First, "second": Second, "day": ("second", "first"), "bad": ("gone",)}

    @hookimpl
    def venues(self) -> Mapping[str, VenueProfile]:
        return {"town": PROFILE}

    @hookimpl
    def rules(self) -> Mapping[str, Sequence[Rule]]:
        return {
            "day": [OF_DAY],
            "first": [OF_FIRST, OF_BOTH],
            "second": [OF_SECOND, OF_BOTH],
        }


class Plain:
    """One that does not tell its rule sets apart."""

    floorproof_contract = CONTRACT_VERSION

    @hookimpl
    def rule_sets(self) -> Mapping[str, object]:
        return {"plain": First}

    @hookimpl
    def venues(self) -> Mapping[str, VenueProfile]:
        return {"village": attrs.evolve(PROFILE, ledger=(OF_VILLAGE,), rules=("plain",))}

    @hookimpl
    def rules(self) -> Sequence[Rule]:
        return [OF_FIRST]


PLUGINS = Plugins.of({"hall": Provider(), "plain-plugin": Plain()})


@pytest.mark.parametrize(("name", "expected"), [
    ("first",        "first F-1 B-1"),
    ("day",          "day D-1 | first F-1 B-1 | second S-1"),
    ("town",         "town T-1 | day D-1 | first F-1 B-1 | second S-1"),
    ("hall",         "hall T-1 D-1 F-1 B-1 S-1"),
    ("plain",        "plain F-1"),
    ("village",      "village V-1 | plain F-1"),
    ("plain-plugin", "plain-plugin V-1 F-1"),
])  # fmt: skip
def test_a_name_has_its_own_rules_and_those_of_what_it_is_made_of(name: str, expected: str) -> None:
    found = [" ".join([each.name, *(r.id for r in each.rules)]) for each in sections(name, PLUGINS)]

    assert " | ".join(found) == expected


def test_nothing_of_that_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownPlugin, match="no venue, rule set or plugin named 'twon'") as unknown:
        sections("twon", PLUGINS)

    assert unknown.value.nearest == ("town",)
    assert {"town", "day", "hall", "plain-plugin"} <= set(names(PLUGINS))


def test_a_bundle_of_what_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownPlugin, match="no rule set named 'gone'"):
        sections("bad", PLUGINS)


@attrs.frozen
class Third:
    @hookimpl
    def accept_request(self) -> None: ...


class Unsettled(Provider):
    @hookimpl
    def rule_sets(self) -> Mapping[str, object]:
        return {"first": First, "second": Third, "day": ("second", "first")}


def test_a_bundle_whose_order_nothing_settles_is_refused() -> None:
    with pytest.raises(RuleSetsRefused, match="both implement accept_request"):
        sections("day", Plugins.of({"hall": Unsettled()}))


# --- the command ---------------------------------------------------------------------


def test_rules_of_a_rule_set_say_whose_they_are() -> None:
    ran = command("rules", "price-bands")

    lines = ran.out.splitlines()
    assert ran.status == 0
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "BAND-1", "BAND-2", "BAND-3", "3",
    ]  # fmt: skip
    assert lines.count("    of: price-bands") == 3
    assert "    parameters: variation" in lines
    assert any("test_price_checks.py::" in line for line in lines)


def test_rules_against_another_name_are_the_difference() -> None:
    ran = command("rules", "price-bands", "--against", "price-limits")

    heads = [line for line in ran.out.splitlines() if line.startswith(("+", "-"))]
    assert [head[:8].strip() for head in heads] == [
        "+ BAND-1", "+ BAND-2", "+ BAND-3", "- LIMIT-", "- LIMIT-", "- LIMIT-", "- LIMIT-",
    ]  # fmt: skip
    assert ran.out.splitlines()[-1] == (
        "3 rules only in price-bands, 4 only in price-limits, 0 in both"
    )


def test_rules_against_itself_are_none() -> None:
    ran = command("rules", "nsx-etr", "--against", "nsx-etr")

    (last,) = ran.out.splitlines()
    assert last.startswith("0 rules only in nsx-etr, 0 only in nsx-etr, ")


def test_rules_of_one_source_are_those_that_name_it() -> None:
    ran = command("rules", "--source", "bahrain bourse")

    rules = [line.split()[0] for line in ran.out.splitlines()[:-1] if not line.startswith(" ")]
    assert rules == ["AUCT-3", "AUCT-5"]


@pytest.mark.parametrize(("asked", "said"), [
    (["price-band"], "error: rules: no venue, rule set or plugin named 'price-band'; did you mean"),
    (["nsx-etr", "--against", "nsx-art"], "error: --against: no venue, rule set or plugin named"),
    (["--against", "nsx-etr"], "error: --against: expected a NAME to hold against it"),
    (["price-bands", "--source", "NSX"], "error: --source: no document named 'NSX' (there are:"),
])  # fmt: skip
def test_rules_that_are_asked_for_wrongly_are_refused(asked: list[str], said: str) -> None:
    ran = command("rules", *asked)

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(said)
