"""`check_plugin` passes what is right, and finds each planted fault."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import attrs
import pytest
from commands import ROOT, STAGED_ORDER, changed, write

import floorproof
from floorproof.market.fix import ExecType, OrdRejReason
from floorproof.market.ledger import Rule
from floorproof.market.messages import ExecutionReport, NewOrderSingle
from floorproof.market.quotes import MassQuote
from floorproof.market.rules import (
    CancelResting,
    MarketView,
    Prevention,
    Publish,
    Reject,
    Remember,
    RestingOrder,
    Schedule,
    SettleEffect,
)
from floorproof.market.sessions import TradingState
from floorproof.plugins.check import check_plugin
from floorproof.plugins.findings import (
    ANSWERS,
    DETERMINISTIC,
    DOCUMENTED,
    FENCED,
    FROZEN,
    KEEPS_CONTRACT,
    PURE,
    Claim,
)
from floorproof.plugins.hookspecs import hookimpl

RULE = Rule("X-1", "Something.", "a book, page 1")


class Provider:
    """A plugin of one rule set, named ``x``."""

    floorproof_contract = 1

    def __init__(self, rule_set: type, *rules: Rule) -> None:
        self._rule_set = rule_set
        self._rules = rules

    @hookimpl
    def rule_sets(self) -> dict[str, type]:
        return {"x": self._rule_set}

    @hookimpl
    def rules(self) -> Sequence[Rule]:
        return self._rules


@attrs.frozen
class Good:
    """Takes part in every phase, remembers and schedules, and does it right."""

    limit: int = 100

    @hookimpl
    def admit_request(self, request: object) -> Reject | None:
        if isinstance(request, MassQuote):
            return Reject(OrdRejReason.OTHER, f"{len(request.entries)} quotes")
        return None

    @hookimpl
    def accept_request(self, request: object, market: MarketView) -> Reject | None:
        if isinstance(request, NewOrderSingle) and request.order_qty > self.limit:
            return Reject(OrdRejReason.ORDER_EXCEEDS_LIMIT, f"after {market.recall('seen')}")
        return None

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder]
    ) -> Sequence[Prevention]:
        own = [it for it in candidates if it.order.sender_comp_id == aggressor.sender_comp_id]
        return [CancelResting(it.order_id) for it in own]

    @hookimpl
    def before_trade(self) -> None: ...

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> Sequence[SettleEffect] | None:
        if not events:
            return None
        seen = market.recall("seen")
        return [Remember("seen", (seen if isinstance(seen, int) else 0) + 1), Schedule(5, "wake")]

    @hookimpl
    def scheduled(self, name: str) -> Sequence[SettleEffect]:
        return [Publish(name)]


@attrs.define
class Thawed:
    width: int = 1


@attrs.frozen
class Counts:
    """Keeps a count to itself, in a setting that can be changed."""

    counts: dict[str, int] = attrs.field(factory=dict)

    @hookimpl
    def accept_request(self) -> None:
        self.counts["asked"] = self.counts.get("asked", 0) + 1


numbers = itertools.count()


@attrs.frozen
class Numbers:
    """Counts in the module, out of sight."""

    @hookimpl
    def accept_request(self) -> Reject:
        return Reject(OrdRejReason.OTHER, str(next(numbers)))


@attrs.frozen
class Draws:
    @hookimpl
    def before_trade(self) -> None:
        random.random()


@attrs.frozen
class LooksAtTheClock:
    """Has its clock from before the fence stood, and hides what comes of asking."""

    @hookimpl
    def accept_request(self) -> None:
        monotonic()

    @hookimpl
    def before_trade(self) -> None:
        with suppress(Exception):
            monotonic()


@attrs.frozen
class Tampers:
    @hookimpl
    def after_request(self, events: list[object]) -> None:
        events.clear()


@attrs.frozen(eq=False)
class Individual:
    """Differs from instance to instance."""

    @hookimpl
    def accept_request(self) -> Reject:
        return Reject(OrdRejReason.OTHER, str(id(self)))


@attrs.frozen
class RejectsInWords:
    @hookimpl
    def accept_request(self) -> Any:
        return "no"


@attrs.frozen
class RefusesQuotesInWords:
    @hookimpl
    def admit_request(self, request: object) -> Any:
        return "no" if isinstance(request, MassQuote) else None


@attrs.frozen
class KnowsOneInstrument:
    """Raises where a message is about an instrument that nobody lists."""

    @hookimpl
    def admit_request(self, request: Any) -> None:
        if not isinstance(request, MassQuote):
            assert request.symbol == "TEST", "listed"


@attrs.frozen
class TooLate:
    """Answers in one phase what belongs to another."""

    @hookimpl
    def after_request(self) -> Any:
        return [Reject(OrdRejReason.OTHER, "too late")]


@attrs.frozen
class RaisesWhenQuiet:
    @hookimpl
    def accept_request(self, market: Any) -> Reject | None:
        return Reject(OrdRejReason.OTHER, "far") if market.last_px > 100 else None


# fmt: off
BROKEN = {
    Thawed:          (FROZEN, "x", "@attrs.frozen"),
    Counts:          (PURE, "x.accept_request", "is {'counts': {'asked': 2}}"),
    Numbers:         (PURE, "x.accept_request", "then Reject("),
    Draws:           (FENCED, "x.before_trade", "calls random.random"),
    LooksAtTheClock: (FENCED, "x.before_trade", "calls time.monotonic"),
    Tampers:         (PURE, "x.after_request", "changed what it was shown"),
    Individual:      (DETERMINISTIC, "x.accept_request", "instead of Reject("),
    RefusesQuotesInWords: (ANSWERS, "x.admit_request", "found 'no'"),
    KnowsOneInstrument: (ANSWERS, "x.admit_request", "raised AssertionError: listed"),
    RejectsInWords:  (ANSWERS, "x.accept_request", "found 'no'"),
    TooLate:         (ANSWERS, "x.after_request", "found [Reject("),
    RaisesWhenQuiet: (ANSWERS, "x.accept_request", "raised TypeError: '>' not supported"),
}
UNDOCUMENTED = {
    "no source":    ((Rule("X-1", "Something.", " "),), "'X-1' lacks its source"),
    "no sentence":  ((Rule("X-1", "", "a book"),), "'X-1' lacks its says"),
    "no id":        ((Rule("", "Something.", "a book"),), "'' lacks its id"),
    "one id twice": ((RULE, RULE), "'X-1' is there twice"),
}
# fmt: on


def test_a_good_rule_set_passes_every_check_in_every_phase() -> None:
    report = check_plugin(Provider(Good, RULE))

    assert report.findings == report.passed, report
    # The contract, the documents and the freeze once; four checks for each of six phases.
    assert len(report.passed) == 3 + 4 * 6


@pytest.mark.parametrize(
    ("rule_set", "fault"), BROKEN.items(), ids=lambda it: getattr(it, "__name__", "")
)
def test_each_planted_fault_is_found(rule_set: type, fault: tuple[Claim, str, str]) -> None:
    check, subject, said = fault

    failures = check_plugin(Provider(rule_set, RULE)).failures

    failed = {(it.check, it.subject): it.text for it in failures}
    assert said in failed.get((check, subject), ""), failures


@pytest.mark.parametrize(("rules", "said"), UNDOCUMENTED.values(), ids=UNDOCUMENTED.keys())
def test_a_rule_without_its_papers_is_found(rules: tuple[Rule, ...], said: str) -> None:
    (failure,) = check_plugin(Provider(Good, *rules)).failures

    assert (failure.check, failure.text) == (DOCUMENTED, said)


def test_rule_sets_without_rules_are_no_fault_and_are_told() -> None:
    report = check_plugin(Provider(Good))

    assert not report.failures
    (skipped,) = report.skipped
    assert (skipped.check, skipped.text) == (
        DOCUMENTED,
        "there are rule sets, and no `rules` hook to say what they implement",
    )


@pytest.mark.parametrize("path", ["README.md", "examples/lotcap/README.md"])
def test_the_plugin_of_a_readme_passes_and_shows_in_a_run(path: str, tmp_path: Path) -> None:
    readme = (ROOT / path).read_text(encoding="utf-8")
    (text,) = [it for it in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "hook" in it]
    write(tmp_path, text, "my_rules.py")
    own = changed(
        STAGED_ORDER.read_text(encoding="utf-8").partition("[[expect]]")[0],
        "[scenario]",
        '[scenario]\nplugins = ["my_rules.py"]',
    )
    venue = 'gateway = "CME-A"\n\n'
    own = changed(own, venue, f'rules = ["max-lots"]\nsettings.max-lots.max_lots = 5\n{venue}')
    for line in ('plugins = ["my_rules.py"]', 'rules = ["max-lots"]'):
        assert line in own
        assert line in readme
    assert "settings.max-lots.max_lots = 5" in readme

    report = check_plugin(tmp_path / "my_rules.py")
    result = floorproof.run(floorproof.parse(own, tmp_path))

    assert not report.failures, report
    refused = {
        entry.payload.text
        for entry in result.journal
        if isinstance(entry.payload, ExecutionReport)
        and entry.payload.exec_type is ExecType.REJECTED
    }
    assert refused == {"at most 5 lots"}


def test_what_does_not_keep_the_contract_fails_at_once() -> None:
    (failure,) = check_plugin(object()).failures

    assert failure.check == KEEPS_CONTRACT
    assert "floorproof_contract says nothing" in failure.text


def test_a_file_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("floorproof_contract = 1\nraise ValueError('no')\n")

    (failure,) = check_plugin(tmp_path / "rules.py").failures

    assert failure.text == "line 2: ValueError: no"


# --- what was not checked is said ----------------------------------------------------


@attrs.frozen
class NeedsSettings:
    width: int
    depth: int = 1

    @hookimpl
    def accept_request(self) -> None: ...


@attrs.frozen
class OnlyGold:
    def applies_to(self, symbol: str) -> bool:
        return symbol == "GCZ3"

    @hookimpl
    def scheduled(self) -> None: ...


@attrs.frozen
class LooksAcross:
    @hookimpl
    def before_trade(self, market: MarketView) -> None:
        market.other(market.instrument.symbol)
        market.other("GCZ3")  # type: ignore[arg-type]  # a plain name is one


def test_a_rule_set_that_needs_settings_is_skipped_until_it_gets_them() -> None:
    plugin = Provider(NeedsSettings, RULE)

    (skipped,) = check_plugin(plugin).skipped
    report = check_plugin(plugin, {"x": {"width": 2}})
    (failure,) = check_plugin(plugin, {"x": {"width": 2, "breadth": 3}}).failures

    assert skipped.text == "needs settings={'x': {...}} with width"
    assert report.findings == report.passed
    assert "raised TypeError" in failure.text


@pytest.mark.parametrize(
    ("rule_set", "symbol", "why"),
    [
        (OnlyGold, "TEST", "takes part in nothing for the instrument 'TEST'"),
        (OnlyGold, "GCZ3", "there was no occasion to ask it"),
        (LooksAcross, "TEST", "asked for another instrument, 'GCZ3', which is not there"),
    ],
)
def test_what_the_made_up_market_does_not_provoke_is_skipped_with_its_reason(
    rule_set: type, symbol: str, why: str
) -> None:
    report = check_plugin(Provider(rule_set, RULE), symbol=symbol)

    assert [finding.text for finding in report.skipped] == [why]
    assert not report.failures


def test_a_report_reads_line_by_line() -> None:
    lines = str(check_plugin(Provider(Thawed, RULE))).splitlines()

    assert lines[0] == "passed   Provider: loads and keeps the contract"
    assert lines[2].startswith("FAILED   x: is frozen (declare its class with")


@attrs.frozen
class Brings:
    """Schedules in a state that it brings, and may bring something else."""

    strange: bool = False

    def trading_states(self) -> list[object]:
        return ["OPEN"] if self.strange else [TradingState(name="PAUSE", match=False)]

    @hookimpl
    def trading_session_changed(self, new: TradingState) -> list[SettleEffect]:
        return [Schedule(5, "wake")] if new.name == "PAUSE" else []

    @hookimpl
    def scheduled(self, name: str) -> list[SettleEffect]:
        return [Publish(name)]


def test_a_rule_set_is_asked_about_the_states_that_it_brings() -> None:
    report = check_plugin(Provider(Brings, RULE))

    assert (report.failures, report.skipped) == ((), ())


def test_what_it_brings_has_to_be_states() -> None:
    (failure,) = check_plugin(Provider(Brings, RULE), {"x": {"strange": True}}).failures

    assert failure.check == "brings trading states"
    assert "trading_states must give states, gave 'OPEN'" in failure.text
