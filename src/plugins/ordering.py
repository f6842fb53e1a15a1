"""Which rule sets an exchange gets, and in which order they are asked.

pluggy knows no order but first and last.  Rule sets declare theirs (``after``), and
what they do not declare the scenario's list settles.  What neither settles is
refused, rather than left to the order of a dict or of an installation.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

import attrs

from .errors import RuleSetsRefused, UnknownPlugin


@attrs.frozen
class Declaration:
    """What a rule set says of its place among others.

    The names may be those of bundles, which stand for all their members.
    """

    hooks: tuple[str, ...] = ()
    """The hooks that it implements.  Order matters only where two share one."""

    after: tuple[str, ...] = ()
    """Those that are asked before it, where they are loaded."""

    requires: tuple[str, ...] = ()
    """Those that are loaded with it."""

    conflicts: tuple[str, ...] = ()
    """Those that it cannot be loaded with."""


Bundle: TypeAlias = tuple[str, ...]
"""Several rule sets, or bundles, under one name.  It settles no order among them."""

Declared: TypeAlias = Mapping[str, Declaration | Bundle]


def resolve(listed: Sequence[str], declared: Declared) -> tuple[str, ...]:
    """Return the rule sets to load, in the order in which they are asked.

    ``after`` comes first, then the list.  What comes in by a bundle stands at the
    bundle's place in the list; what is required, just before the first that brought
    it in.  Between two that both came in, and share a hook, only ``after`` settles
    anything.  Where no hook can tell the difference names decide, so that neither
    the order within a bundle nor that of *declared* matters.

    Args:
        listed: the names in the scenario, of rule sets and of bundles.
        declared: every rule set and bundle that there is, by name.

    Raises:
        UnknownPlugin: if a name is listed, required or bundled that is not declared.
        RuleSetsRefused: if a name is listed twice, two rule sets conflict, the list
            contradicts ``after``, the order goes round in a circle, or two rule
            sets share a hook and nothing settles which is asked first.
    """
    arrivals = _load(listed, declared)
    rule_sets = _without_bundles(arrivals, declared)
    _refuse_conflicts(rule_sets, arrivals, declared)

    before = {
        name: _others(name, rule_set.after, rule_sets, declared)
        for name, rule_set in rule_sets.items()
    }
    # From the front of a sequence without circles, so that each builds on those before it.
    earlier: dict[str, frozenset[str]] = {}
    for name in _sequence(before, arrivals):
        earlier[name] = before[name].union(*(earlier[other] for other in before[name]))

    for first, second in itertools.combinations(sorted(rule_sets, key=arrivals.__getitem__), 2):
        both_listed = arrivals[first].listed and arrivals[second].listed
        if second in earlier[first]:
            if both_listed:
                raise RuleSetsRefused(
                    f"rule set {first!r} is listed before {second!r}, and by `after` it is asked"
                    f" after it: list {second!r} first",
                    (first, second),
                )
        elif first in earlier[second]:
            pass  # settled by `after`
        elif both_listed:
            before[second] |= {first}
        elif shared := [h for h in rule_sets[first].hooks if h in rule_sets[second].hooks]:
            if not arrivals[first].listed and not arrivals[second].listed:
                raise RuleSetsRefused(
                    f"nothing settles whether rule set {first!r} ({arrivals[first].how}) or"
                    f" {second!r} ({arrivals[second].how}) is asked first, and both implement"
                    f" {', '.join(shared)}: list both, in the order that is meant",
                    (first, second),
                )
            before[second] |= {first}
    return _sequence(before, arrivals)


@attrs.frozen(order=True)
class _Arrival:
    """How a rule set came to be loaded; the lesser stands first where that settles it."""

    place: int
    """Where in the list the name stands that brought it in."""

    listed: bool
    """Whether that is its own name.  What a name brings in stands before it."""

    name: str
    how: str = attrs.field(order=False)


def _load(listed: Sequence[str], declared: Declared) -> dict[str, _Arrival]:
    """Return what *listed* brings in: by name, how."""
    arrivals: dict[str, _Arrival] = {}
    for place, name in enumerate(listed):
        if name in listed[:place]:
            raise RuleSetsRefused(f"rule set {name!r} is listed twice", (name,))
        arrivals[name] = _Arrival(place, listed=True, name=name, how="listed")

    # What is listed stays where it is listed, whoever else brings it in.
    waiting = list(arrivals.values())
    while waiting:
        bringer = waiting.pop(0)
        match _find(bringer.name, declared):
            case Declaration(requires=brought):
                how = f"required by {bringer.name!r}"
            case brought:
                how = f"of the bundle {bringer.name!r}"
        arriving = [
            _Arrival(bringer.place, listed=False, name=name, how=how)
            for name in sorted(brought)
            if name not in arrivals
        ]
        arrivals |= {arrival.name: arrival for arrival in arriving}
        waiting = arriving + waiting
    return arrivals


def _find(name: str, declared: Declared) -> Declaration | Bundle:
    try:
        return declared[name]
    except KeyError:
        raise UnknownPlugin("rule set", name, declared) from None


def _without_bundles(names: Iterable[str], declared: Declared) -> dict[str, Declaration]:
    """Return the rule sets among *names*: a bundle has done its work once it is opened."""
    found = {name: declared[name] for name in sorted(names)}
    return {name: it for name, it in found.items() if isinstance(it, Declaration)}


def _others(
    name: str, named: Iterable[str], rule_sets: Mapping[str, Declaration], declared: Declared
) -> frozenset[str]:
    """Return those of *named*, bundles opened, that are loaded, without *name* itself."""
    opened = list(dict.fromkeys(named))
    for each in opened:  # which grows on the way
        members = declared.get(each)
        if isinstance(members, tuple):
            opened += [member for member in members if member not in opened]
    return frozenset(each for each in opened if each in rule_sets and each != name)


def _refuse_conflicts(
    rule_sets: Mapping[str, Declaration], arrivals: Mapping[str, _Arrival], declared: Declared
) -> None:
    for name, rule_set in rule_sets.items():
        for other in sorted(_others(name, rule_set.conflicts, rule_sets, declared)):
            raise RuleSetsRefused(
                f"rule set {name!r} ({arrivals[name].how}) conflicts with"
                f" {other!r} ({arrivals[other].how}): leave one out",
                (name, other),
            )


def _sequence(
    before: Mapping[str, frozenset[str]], arrivals: Mapping[str, _Arrival]
) -> tuple[str, ...]:
    """Return the names, the earliest arrival first that those *before* it allow."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(before):
        sorter.add(name, *sorted(before[name]))
    try:
        sorter.prepare()
    except CycleError as error:
        *circle, again = error.args[1]
        raise RuleSetsRefused(
            "the order of rule sets goes round in a circle: "
            + ", which is asked before ".join(map(repr, [*circle, again])),
            circle,
        ) from None
    sequence: list[str] = []
    ready: list[_Arrival] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, arrivals[name])
        sequence.append(heapq.heappop(ready).name)
        sorter.done(sequence[-1])
    return tuple(sequence)
