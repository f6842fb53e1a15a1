"""From the rule sets of an exchange to what its instruments ask.

This is the one place that knows pluggy's backward order: it asks first whoever was
registered last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import pluggy

from ..market.auction import Chain
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..market.rules import Bound, MarketView, VenueRules
from ..market.session_rules import SessionRules
from ..market.sessions import Board, TradingState
from .contract import (
    ADMISSION,
    ARGUMENTS,
    RULE_HOOKS,
    RULE_SET_HOOKS,
    SESSION_HOOKS,
    new_manager,
    register,
)
from .errors import PluginRefused, RuleSetsRefused


def venue_manager(rule_sets: Mapping[str, object]) -> pluggy.PluginManager:
    """Return an exchange's own manager, which asks *rule_sets* first to last.

    Args:
        rule_sets: instances, with their settings, in the order in which they are
            asked (`Plugins.resolve`), by name.

    Raises:
        PluginRefused: if one does not keep the contract.
        RuleSetsRefused: if two are the same class with the same settings.
    """
    manager = new_manager()
    for name, rule_set in reversed([*rule_sets.items()]):
        for other, registered in manager.list_name_plugin():
            if registered == rule_set:  # which pluggy would take for one and the same
                raise RuleSetsRefused(
                    f"rule sets {name!r} and {other!r} are the same, {rule_set!r}: leave one out",
                    (name, other),
                )
        register(manager, rule_set, name, RULE_SET_HOOKS)
    return manager


def venue_rules(manager: pluggy.PluginManager, symbol: Symbol) -> VenueRules:
    """Return whom an instrument asks in each phase, in order.

    A rule set whose ``applies_to(symbol)`` is false is left out.  A phase in which
    nobody takes part is an empty tuple: there, matching pays nothing.

    Raises:
        PluginRefused: if what a rule set says of itself is no answer to that.
    """
    asked = {name for name, rule_set in manager.list_name_plugin() if _applies(rule_set, symbol)}
    return VenueRules(
        **{
            hook: tuple(
                Bound(
                    implementation.plugin_name,
                    _positional(implementation, ARGUMENTS[hook]),
                    getattr(implementation.plugin, "indifferent", None),
                    _is_level_by_level(implementation),
                )
                for implementation in reversed(getattr(manager.hook, hook).get_hookimpls())
                if implementation.plugin_name in asked
            )
            for hook in RULE_HOOKS
        }
    )


def admission(manager: pluggy.PluginManager) -> tuple[Bound, ...]:
    """Return whom an exchange asks about a message before it looks at it, in order."""
    return _of_the_venue(manager, ADMISSION)


def session_rules(manager: pluggy.PluginManager) -> SessionRules:
    """Return whom a venue's sessions in FIX text ask, in order."""
    return SessionRules(**{hook: _of_the_venue(manager, hook) for hook in SESSION_HOOKS})


def _of_the_venue(manager: pluggy.PluginManager, hook: str) -> tuple[Bound, ...]:
    """Return who takes part in what is asked of no instrument."""
    return tuple(
        Bound(implementation.plugin_name, _positional(implementation, ARGUMENTS[hook]))
        for implementation in reversed(getattr(manager.hook, hook).get_hookimpls())
    )


def trading_states(rule_set: object) -> Iterator[TradingState]:
    """Yield the states that *rule_set* brings to its venue.

    Raises:
        PluginRefused: if it brings something else.
    """
    supply = getattr(rule_set, "trading_states", None)
    for state in () if supply is None else supply():
        if not isinstance(state, TradingState):
            name = type(rule_set).__name__
            raise PluginRefused(name, f"trading_states must give states, gave {state!r}")
        yield state


def auction_chain(rule_sets: Mapping[str, object]) -> Chain | None:
    """Return the chain that *rule_sets* bring to their venue, or None if none brings one.

    Raises:
        PluginRefused: if one brings something else.
        RuleSetsRefused: if two bring different ones.
    """
    found: tuple[str, Chain] | None = None
    for name, rule_set in rule_sets.items():
        supply = getattr(rule_set, "auction_chain", None)
        if supply is None:
            continue
        chain = supply()
        if not isinstance(chain, Chain):
            raise PluginRefused(name, f"auction_chain must give a chain, gave {chain!r}")
        if found is not None and found[1] != chain:
            raise RuleSetsRefused(
                f"rule sets {found[0]!r} and {name!r} choose an auction's price in different"
                " ways: leave one out",
                (found[0], name),
            )
        found = (name, chain)
    return None if found is None else found[1]


def opening(rule_set: object, market: MarketView) -> Iterator[object]:
    """Yield what a public feed says of an instrument for *rule_set* as it begins."""
    supply = getattr(rule_set, "opening", None)
    if supply is not None and _applies(rule_set, market.instrument.symbol):
        yield from supply(market)


def announced(rule_set: object, board: Board) -> Iterator[object]:
    """Yield what a public feed says of a board's day for *rule_set* as it begins."""
    supply = getattr(rule_set, "announced", None)
    yield from () if supply is None else supply(board)


def cross_types(rule_set: object, states: Iterable[str]) -> dict[str, str]:
    """Return of which auction an indicative price is, by state, as far as *rule_set* says."""
    say = getattr(rule_set, "cross_type", None)
    return {} if say is None else {state: say(state) for state in states}


def check_instrument(rule_set: object, instrument: Instrument) -> None:
    """Check that the settings of *rule_set* go with an instrument, if it is asked about it.

    Raises:
        ValueError: whatever *rule_set* has against that.
    """
    check = getattr(rule_set, "check_instrument", None)
    if check is not None and _applies(rule_set, instrument.symbol):
        check(instrument)


def with_firms(
    rule_set: object, firms: Mapping[CompID, str], registered: Collection[str]
) -> object:
    """Return *rule_set* with the firms of sessions, if it wants to know them.

    Args:
        firms: the executing firm (GFID) of each registered session.
        registered: all firms that there are.

    Raises:
        ValueError: if its settings say something else.
    """
    method = getattr(rule_set, "with_firms", None)
    return rule_set if method is None else method(firms, registered)


def _applies(rule_set: object, symbol: Symbol) -> bool:
    applies_to = getattr(rule_set, "applies_to", None)
    return applies_to is None or bool(applies_to(symbol))


def _is_level_by_level(implementation: pluggy.HookImpl) -> bool:
    found = getattr(implementation.plugin, "level_by_level", False)
    if not isinstance(found, bool):  # a method, say, which would be taken for a yes
        raise PluginRefused(
            implementation.plugin_name, f"`level_by_level` must be a bool, was {found!r}"
        )
    return found


def _positional(
    implementation: pluggy.HookImpl, arguments: tuple[str, ...]
) -> Callable[..., object]:
    """Return *implementation* as a callable that takes all *arguments*, in their order.

    pluggy lets an implementation name only the arguments that it wants.  One that
    names all of them in order is called as it is; others pay for one more call.
    """
    function: Callable[..., object] = implementation.function
    if implementation.argnames == arguments:
        return function
    wanted = [arguments.index(name) for name in implementation.argnames]

    def ask(*asked: object) -> object:
        return function(*[asked[place] for place in wanted])

    return ask
