"""The ledger by name: the rules of a venue, a bundle, a rule set, a plugin.

A venue has the rules that are its own, and those of the rule sets that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..market.ledger import Rule
from ..market.profile import VenueProfile
from .errors import UnknownPlugin
from .manager import Plugin, Plugins

HAVING_RULES = ("venues", "rule_sets", "matching_algorithms", "order_types", "participants")
"""The kinds of what plugins offer that rules may belong to."""


@attrs.frozen
class Section:
    """The rules of one name, such as a rule set's among a venue's."""

    name: str
    rules: tuple[Rule, ...]


def sections(name: str, plugins: Plugins) -> tuple[Section, ...]:
    """Return the rules of whatever is called *name*: its own first, then those it is made of.

    A venue comes before a bundle or a rule set of the same name, these before what else
    is offered, and all of these before a plugin.  A rule stands where it comes first.

    Raises:
        UnknownPlugin: if nothing is called so, or a venue or bundle names what there is not.
        RuleSetsRefused: if the rule sets of a venue or bundle do not go together.
    """
    seen: set[str] = set()
    found = []
    for each in _sections(name, plugins):
        rules = tuple(rule for rule in each.rules if rule.id not in seen)
        seen |= {rule.id for rule in rules}
        if rules:
            found.append(Section(each.name, rules))
    return tuple(found)


def names(plugins: Plugins) -> list[str]:
    """Return every name that `sections` knows."""
    known = {plugin.name for plugin in plugins.listing()}
    return sorted(known.union(*(plugins.offers(kind) for kind in HAVING_RULES)))


def _sections(name: str, plugins: Plugins) -> Iterator[Section]:
    if name in plugins.venues:
        profile: VenueProfile = plugins.venues[name].cls
        yield Section(name, profile.ledger)
        yield from _of_rule_sets(profile.rules, plugins)
    elif name in plugins.rule_sets:
        yield from _of_rule_sets((name,), plugins)
    elif any(name in plugins.offers(kind) for kind in HAVING_RULES):
        yield Section(name, _own(name, plugins))
    else:
        for plugin in plugins.listing():
            if plugin.name == name:
                yield Section(name, plugin.rules)
                return
        raise UnknownPlugin("venue, rule set or plugin", name, names(plugins))


def _of_rule_sets(listed: Sequence[str], plugins: Plugins) -> Iterator[Section]:
    """Yield the rules of what *listed* brings in: of each bundle, then of each rule set."""
    for bundle in _bundles(listed, plugins):
        yield Section(bundle, _own(bundle, plugins))
    for offer in plugins.resolve(listed):
        yield Section(offer.name, _own(offer.name, plugins))


def _bundles(listed: Sequence[str], plugins: Plugins) -> list[str]:
    opened = list(listed)
    found = []
    for each in opened:  # which grows on the way
        members = plugins.rule_sets[each].cls
        if isinstance(members, tuple):
            found.append(each)
            opened += [member for member in members if member not in opened]
    return found


def _own(name: str, plugins: Plugins) -> tuple[Rule, ...]:
    """Return the rules that whoever offers *name* says it has."""
    found: dict[str, Rule] = {}
    for plugin in plugins.listing():
        by_name: Mapping[str, tuple[Rule, ...]] | None = plugin.rules_by_name
        offers = any(offer.name == name for kind in plugin.offers.values() for offer in kind)
        if offers:
            rules = _apart(plugin) if by_name is None else by_name.get(name, ())
            found |= {rule.id: rule for rule in rules}
    return tuple(found.values())


def _apart(plugin: Plugin) -> tuple[Rule, ...]:
    """Return the rules that a plugin does not tell apart: all but those of its venues."""
    of_venues = {rule.id for offer in plugin.offers.get("venues", ()) for rule in offer.cls.ledger}
    return tuple(rule for rule in plugin.rules if rule.id not in of_venues)
