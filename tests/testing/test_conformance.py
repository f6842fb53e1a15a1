"""The conformance kit passes what is right, and finds each planted fault by its check."""

from __future__ import annotations

import os
from typing import Any

import attrs
import planted_plugins as planted
import pytest
from planted_plugins import RULE, Provider

from floorproof.market.ledger import Rule
from floorproof.plugins.findings import Outcome, Report
from floorproof.plugins.hookspecs import hookimpl
from floorproof.plugins.manager import Plugins, examine
from floorproof.testing.conformance.explore import Effort
from floorproof.testing.conformance.kit import Kit, conform

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
EFFORT = Effort(examples=600 if DEEP else 24, shrink_runs=400 if DEEP else 60, budget_s=30)
INSTALLED = Plugins.discover()


def tried(provider: Provider, effort: Effort = EFFORT, **options: Any) -> Report:
    plugin = examine("planted", "", "a test", provider)
    kit = Kit(plugins=Plugins([*INSTALLED.listing(), plugin]), effort=effort, **options)
    return conform(kit, plugin).report


RIGHT = {
    "rule_sets": planted.GoodRules,
    "matching_algorithms": planted.FirstCome,
    "order_types": planted.Whole,
    "invariants": planted.Invariant,
    "venues": planted.VENUE,
}


@pytest.mark.parametrize(("kind", "offered"), RIGHT.items(), ids=RIGHT.keys())
def test_what_is_right_passes(kind: str, offered: object) -> None:
    report = tried(Provider(kind, offered))

    assert not report.failures, report
    assert len(report.passed) >= 5


# By what it offers and what that is: the check that fails, what is said, and what the
# smallest example has in it.
# fmt: off
RULE_SETS = {
    planted.Thawed: ("x:frozen", "@attrs.frozen", ""),
    planted.RaisesOnQuotes: ("x.accept_request:answers", "raised LookupError: a quote?", "Quote("),
    planted.AnswersLate: ("x.after_request:answers", "found [Reject(", ""),
    planted.RefusesInWords: ("x.admit_request:answers", "found 'no'", "Enter("),
    planted.CancelsStrangers: ("x.before_match:answers", "not among those shown", "side=BUY"),
    planted.InterruptsIntoNothing: (
        "x.before_trade:answers",
        "state 'NIRVANA': the venue has",
        "side=SELL",
    ),
    planted.CountsByItself: ("x.accept_request:pure", "is {'counts': {'asked': 2}}", ""),
    planted.ClearsCandidates: ("x.before_match:pure", "changed what it was shown", ""),
    planted.Draws: ("x.before_trade:fenced", "calls random.random", "side=BUY"),
    planted.Individual: ("x.accept_request:deterministic", "instead of", ""),
    planted.PublishesObjects: ("x.after_request:record", "has no canonical form", ""),
    planted.TooIndifferent: ("x.indifferent:indifferent", "instead of", "Enter("),
    planted.RefusesSettingsSilently: ("x:settings", "{'most': -1} is refused without a word", ""),
    planted.TakesSettingsItCannotUse: (
        "x:settings",
        "takes {'parts': 0}, and then x.accept_request raised Zero",
        "",
    ),
    planted.OpensDifferently: ("x.opening:pure", "], then [", ""),
    planted.CountsMessages: (
        "x.accept_message:pure",
        "is {'counts': {'D': 2}}",
        "Sends(msg_type='D')",
    ),
    planted.EndsTheEnded: ("x.session_ended:answers", "found [EndSession(", "Ends("),
}
ALGORITHMS = {
    planted.LosesTheLast: ("x.allocate:conserves", "handed out", " arrive; there wait"),
    planted.LastCome: (
        "x.allocate:priority",
        "and the earlier 1, which is like it, 0",
        "arrive; there wait\nWaits(",
    ),
    planted.TakesHidden: ("x.allocate:answers", "order 1 cannot get 2", "shown=1"),
    planted.DrainsTheQueue: ("x.allocate:pure", "1)], then []", ""),
    planted.PerhapsWould: ("x.allocate:answers", "`would` must be True or False, was None", ""),
}
ORDER_TYPES = {
    planted.Overfills: ("x:conserves", "synthetic-room: O1 of 1 has filled", "Work("),
    planted.LeavesItsChild: ("x:ends", "of its children work", "Ask(do='cancel')"),
    planted.IgnoresCancels: (
        "x:ends",
        "has been asked to end, and is not over",
        "Ask(do='cancel')",
    ),
    planted.OffTick: ("x.enter:answers", "its price is off tick", "Work("),
    planted.RaisesOnFills: ("x.handle:answers", "raised ArithmeticError: so many?", "Trade("),
    planted.NamesFromAbove: ("x.enter:pure", "order_qty=", "Work("),
    planted.AddsParameters: ("x.enter:pure", "changed what it was shown", "Work("),
    planted.EntersTwice: ("x.enter:answers", "1 is a child of it already", "Work("),
}
INVARIANTS = {
    planted.CriesWolf:          ("x.watch:quiet", "there is something", ""),
    planted.RemembersRuns:      ("x.watch:deterministic", "by another", ""),
    planted.Foretells:          ("x.watch:answers", "there is no entry 2 yet", ""),
    planted.WatchesWithNothing: ("x.watch:answers", "expected watchers, or None", ""),
    planted.RewritesHistory:    ("x.watch:pure", "changed what it was shown", ""),
}
EXPORTS = {
    planted.exports_text:    ("x:answers", "found '", ""),
    planted.drains_entries:  ("x:pure", "changed what it was shown", ""),
    planted.numbers_exports: ("x:pure", ", then b'", ""),
}
VENUES = {
    "no such zone":    (planted.NO_SUCH_ZONE, "x:assembles", "ZoneInfoNotFoundError"),
    "no such rules":   (planted.NO_SUCH_RULES, "x:assembles", "no rule set named 'x-rules'"),
    "fails at times":  (planted.FAILS_AT_TIMES, "x:assembles", "a day that begins later"),
}
# fmt: on

PLANTED = [
    *(("rule_sets", *each) for each in RULE_SETS.items()),
    *(("matching_algorithms", *each) for each in ALGORITHMS.items()),
    *(("order_types", *each) for each in ORDER_TYPES.items()),
    *(("invariants", *each) for each in INVARIANTS.items()),
    *(("exporters", *each) for each in EXPORTS.items()),
]


@pytest.mark.parametrize(
    ("kind", "offered", "found"),
    PLANTED,
    ids=[getattr(each[1], "__name__", "") for each in PLANTED],
)
def test_each_planted_fault_is_found(kind: str, offered: Any, found: tuple[str, str, str]) -> None:
    check, said, example = found

    report = tried(Provider(kind, offered))

    failed = {finding.id: finding for finding in report.failures}
    assert check in failed, report
    assert said in failed[check].text
    assert example in failed[check].example


@pytest.mark.parametrize(("venue", "check", "said"), VENUES.values(), ids=VENUES.keys())
def test_a_venue_that_makes_no_market_is_found(venue: object, check: str, said: str) -> None:
    (failure,) = tried(Provider("venues", venue)).failures

    assert failure.id == check
    assert said in failure.text
    assert "TradingDate(" in failure.example


def test_a_rule_without_its_source_is_found() -> None:
    (failure,) = tried(Provider("rule_sets", planted.GoodRules, Rule("X-1", "so", " "))).failures

    assert failure.id == "planted:documented"


def test_a_plugin_that_hangs_is_named_after_its_budget() -> None:
    effort = attrs.evolve(EFFORT, budget_s=0.3)

    (failure,) = tried(Provider("rule_sets", planted.Hangs), effort).failures

    assert failure.id == "x.accept_request:finishes"
    assert failure.text == "there was no answer in 0.3 s"
    assert "ord_type=" in failure.example


def test_cost_is_told_and_is_a_fault_beyond_a_limit_alone() -> None:
    cost = "x.accept_request:cost"

    free = tried(Provider("rule_sets", planted.Slow))
    bound = tried(Provider("rule_sets", planted.Slow), max_cost=5.0)

    (told,) = [finding for finding in free.passed if finding.id == cost]
    assert told.ratio is not None
    assert told.ratio > 5
    assert [finding.id for finding in bound.failures] == [cost]


def test_what_cannot_be_put_at_an_exchange_is_found() -> None:
    (failure,) = tried(Provider("rule_sets", planted.WrongStates)).failures

    assert failure.id == "x:made"
    assert "trading_states must give states, gave 'OPEN'" in failure.text


# --- what was not tried ---------------------------------------------------------------


@attrs.frozen
class NeverSpeaks:
    def applies_to(self, symbol: str) -> bool:
        return symbol == "GOLD"

    @hookimpl
    def accept_request(self) -> None: ...

    @hookimpl
    def scheduled(self) -> None: ...


def test_what_was_not_tried_counts_as_skipped_and_says_why() -> None:
    apart = tried(Provider("rule_sets", NeverSpeaks))
    there = tried(Provider("rule_sets", NeverSpeaks), symbols=("GOLD", "OTHER"))

    (nowhere,) = apart.skipped
    assert nowhere.text == "takes part in nothing for the instruments TEST, OTHER"
    said = {finding.id: finding.text for finding in there.skipped}
    assert said["x.scheduled:behaves"] == "none of 24 examples has reached it"
    assert "never had anything to say" in said["x.accept_request:answers"]
    assert said["x:settings"] == "it has no settings"
    assert all(finding.executed == 0 for finding in there.skipped)


def test_examples_and_what_is_found_are_the_same_each_time() -> None:
    one, other = (tried(Provider("rule_sets", planted.RaisesOnQuotes, RULE)) for _ in range(2))

    def without_cost(report: Report) -> list[tuple[str, Outcome, int, str]]:
        return [
            (each.id, each.outcome, each.executed, each.example)
            for each in report.findings
            if each.ratio is None
        ]

    assert without_cost(one) == without_cost(other)
