"""Every rule set of a venue should take part, in some run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from ...market.rules import Applied
from ...runtime.journal import Entry
from ..contract import RULE_HOOKS
from ..watching import Goal, Lookout, Reached, SearchedFloor
from .trading import BY_RULE

_REFUSES, _PREVENTS, _GUARDS, _SETTLES = "refuses", "prevents", "guards", "settles"

_BY_HOOK = {
    "accept_request": _REFUSES,
    "before_match": _PREVENTS,
    "before_trade": _GUARDS,
    "after_request": _SETTLES,
    "after_trades": _SETTLES,
    "scheduled": _SETTLES,
    "trading_session_changed": _SETTLES,
}
_BY_EFFECT = {
    "Reject": _REFUSES,
    "CancelResting": _PREVENTS,
    "CancelAggressor": _PREVENTS,
    "Interrupt": _GUARDS,
    "StopSweep": _GUARDS,
}


@attrs.frozen
class EachEffect:
    """What each rule set has done in each phase that it takes part in.

    A rule set whose class says which rules its effects show (``signs``) has these for goals,
    each effect's; another one its name and what it does.
    """

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        rule_sets = {
            name: rule_set
            for exchange in dict.fromkeys(floor.exchange_of.values())
            for name, rule_set in floor.rule_sets(exchange).items()
        }
        return _Effects(rule_sets) if rule_sets else None


@attrs.define
class _Effects(Lookout):
    sees = (Applied,)

    _rule_sets: Mapping[str, object]

    @property
    def goals(self) -> Sequence[Goal]:
        found = [
            goal for name, rule_set in self._rule_sets.items() for goal in _goals(name, rule_set)
        ]
        return tuple(dict.fromkeys(found))

    def see(self, entry: Entry) -> Iterator[Reached]:
        applied: Applied = entry.payload
        effect = type(applied.effect).__name__
        signs = _signs(self._rule_sets.get(applied.rule_set))
        if signs:
            named = BY_RULE.search(getattr(applied.effect, "text", ""))
            # One of its refusals shows one of its rules.
            refused = effect == "Reject" and named is not None
            for rule in (named[1],) if refused and named else signs.get(effect, ()):
                yield Reached(rule, applied.symbol)
        else:
            does = _BY_EFFECT.get(effect, _SETTLES)
            yield Reached(f"{applied.rule_set} {does}", applied.symbol)


def _signs(rule_set: Any) -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = getattr(rule_set, "signs", {})
    return found


def _goals(name: str, rule_set: object) -> Iterator[Goal]:
    signs = _signs(rule_set)
    if signs:
        for rules in signs.values():
            yield from map(Goal, rules)
        return
    for hook in RULE_HOOKS:
        if hook in _BY_HOOK and hasattr(rule_set, hook):
            yield Goal(f"{name} {_BY_HOOK[hook]}")
