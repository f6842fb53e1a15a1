"""What an exchange asks its rule sets, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest

from floorproof.market.fix import ExecRestatementReason, OrdRejReason
from floorproof.market.identifiers import Symbol
from floorproof.market.rules import Bound, Reject, Remainder, StopSweep, VenueRules
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.errors import PluginRefused, RuleSetsRefused
from floorproof.plugins.hookspecs import hookimpl

MNQ, ES = Symbol("MNQU3"), Symbol("ESU3")


@attrs.frozen
class Says:
    """Takes part in three phases, with all the arguments of each."""

    text: str
    only: str = ""

    def applies_to(self, symbol: Symbol) -> bool:
        return self.only in ("", symbol)

    @hookimpl
    def admit_request(self, request: object) -> Reject:
        return Reject(OrdRejReason.OTHER, f"{self.text}: {request}")

    @hookimpl
    def accept_request(self, request: object, market: object) -> Reject:
        return Reject(OrdRejReason.OTHER, f"{self.text}: {request} in {market}")

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: object) -> StopSweep:
        text = f"{self.text}: {quantity} at {price} in {market}"
        return StopSweep(Remainder.REST, ExecRestatementReason.OTHER, text)


@attrs.frozen
class Terse:
    """Takes only the arguments it wants, in an order of its own."""

    @hookimpl
    def before_trade(self, market: object, price: int) -> StopSweep:
        return StopSweep(Remainder.CANCEL, text=f"{price} in {market}")

    @hookimpl
    def after_request(self) -> Sequence[Any]:
        return ["nothing was asked for"]


def test_rule_sets_are_asked_in_the_order_given() -> None:
    names = ["one", "two", "three"]

    rules = venue_rules(venue_manager({name: Says(name) for name in names}), MNQ)

    assert [bound.rule_set for bound in rules.accept_request] == names
    assert [ask(bound, "R", "M").text for bound in rules.accept_request] == [
        f"{name}: R in M" for name in names
    ]


def test_a_phase_that_nobody_takes_part_in_is_empty() -> None:
    rules = venue_rules(venue_manager({"says": Says("x")}), MNQ)

    assert rules.before_match == rules.after_request == rules.scheduled == ()
    assert venue_rules(venue_manager({}), MNQ) == VenueRules()


def test_a_hook_with_all_its_arguments_is_bound_as_it_is() -> None:
    rule_set = Says("x")

    (bound,) = venue_rules(venue_manager({"says": rule_set}), MNQ).before_trade

    assert bound.ask == rule_set.before_trade
    assert ask(bound, 100, 5, "M").text == "x: 5 at 100 in M"


def test_a_hook_gets_the_arguments_that_it_names() -> None:
    rules = venue_rules(venue_manager({"terse": Terse()}), MNQ)

    assert ask(rules.before_trade[0], 100, 5, "M").text == "100 in M"
    assert ask(rules.after_request[0], [], "M") == ["nothing was asked for"]


def test_a_rule_set_stays_out_of_instruments_that_it_does_not_apply_to() -> None:
    manager = venue_manager({"all": Says("all"), "es": Says("es", only=ES)})

    asked = {
        symbol: [bound.rule_set for bound in venue_rules(manager, symbol).accept_request]
        for symbol in (MNQ, ES)
    }

    assert asked == {MNQ: ["all"], ES: ["all", "es"]}
    # Before anybody has looked for the instrument, all are asked.
    assert [ask(bound, "R").text for bound in admission(manager)] == ["all: R", "es: R"]


def test_the_same_rule_set_under_two_names_is_refused() -> None:
    with pytest.raises(RuleSetsRefused, match="'one' and 'two' are the same") as refused:
        venue_manager({"one": Says("x"), "two": Says("x")})

    assert refused.value.rule_sets == ("one", "two")


@attrs.frozen
class ByLevel:
    level_by_level: object = True

    @hookimpl
    def before_match(self) -> None: ...


def test_a_rule_set_may_be_asked_level_by_level() -> None:
    manager = venue_manager({"by level": ByLevel(), "at once": ByLevel(False)})

    asked = venue_rules(manager, MNQ).before_match

    assert [bound.level_by_level for bound in asked] == [True, False]


def test_level_by_level_is_yes_or_no() -> None:
    manager = venue_manager({"bad": ByLevel(lambda: False)})

    with pytest.raises(PluginRefused, match="`level_by_level` must be a bool, was <function"):
        venue_rules(manager, MNQ)


# --- what a rule set may not be ------------------------------------------------------


class Wrapper:
    @hookimpl(wrapper=True)
    def accept_request(self) -> Iterator[None]:
        return (yield)


class OldWrapper:
    @hookimpl(hookwrapper=True)
    def accept_request(self) -> Iterator[None]:
        yield


class First:
    @hookimpl(tryfirst=True)
    def accept_request(self) -> None: ...


class Last:
    @hookimpl(trylast=True)
    def accept_request(self) -> None: ...


class Misspelt:
    @hookimpl
    def acept_request(self) -> None: ...


class AsksTooMuch:
    @hookimpl
    def accept_request(self, book: object) -> None: ...


class Provider:
    @hookimpl
    def rule_sets(self) -> dict[str, type]:
        return {}


class Waits:
    @hookimpl
    async def accept_request(self) -> None: ...


class Yields:
    @hookimpl
    def after_request(self) -> Iterator[object]:
        yield "lazily"


# fmt: off
REFUSED = {
    Wrapper:     "accept_request is marked wrapper: declare `after` instead",
    OldWrapper:  "accept_request is marked hookwrapper: declare `after` instead",
    First:       "accept_request is marked tryfirst: declare `after` instead",
    Last:        "accept_request is marked trylast: declare `after` instead",
    Misspelt:    "unknown hook 'acept_request'",
    AsksTooMuch: "Argument(s) {'book'} are declared in the hookimpl",
    Provider:    "rule_sets does not belong here (it may implement: admit_request,",
    Waits:       "accept_request must return its answer: it may not await or yield",
    Yields:      "after_request must return its answer: it may not await or yield",
}
# fmt: on


@pytest.mark.parametrize(
    ("cls", "said"), REFUSED.items(), ids=lambda it: getattr(it, "__name__", "")
)
def test_what_would_get_round_the_contract_is_refused(cls: type, said: str) -> None:
    with pytest.raises(PluginRefused) as refused:
        venue_manager({"says": Says("x"), "bad": cls()})

    assert refused.value.plugin == "bad"
    assert said in str(refused.value)


def ask(bound: Bound, *about: object) -> Any:
    return bound.ask(*about)
