"""Whether something keeps the contract of `hookspecs`, asked before anything is called."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import attrs
import pluggy

from ..market.rules import VenueRules
from ..market.session_rules import SessionRules
from . import hookspecs
from .errors import PluginRefused


def _hooks() -> tuple[str, ...]:
    """Return the names of all hooks, in the order in which the contract has them."""
    return tuple(name for name, spec in vars(hookspecs).items() if hasattr(spec, "floorproof_spec"))


ADMISSION = "admit_request"
"""What a rule set may implement of its whole exchange, whatever the instrument."""

RULE_HOOKS = tuple(field.name for field in attrs.fields(VenueRules))
"""What it may implement of an instrument: the phases of a request, and what is scheduled."""

SESSION_HOOKS = tuple(field.name for field in attrs.fields(SessionRules))
"""What it may implement besides: questions about sessions in FIX text."""

RULE_SET_HOOKS = (ADMISSION, *RULE_HOOKS, *SESSION_HOOKS)
PROVIDER_HOOKS = tuple(name for name in _hooks() if name not in RULE_SET_HOOKS)
"""What a plugin may implement: each says what it offers of one kind."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(getattr(hookspecs, name)).parameters) for name in _hooks()
}
"""Of each hook, its arguments in the order in which an exchange passes them."""


def new_manager() -> pluggy.PluginManager:
    """Return a manager that knows the contract and no plugin."""
    manager = pluggy.PluginManager("floorproof")
    manager.add_hookspecs(hookspecs)
    return manager


def register(
    manager: pluggy.PluginManager, plugin: object, name: str, allowed: tuple[str, ...]
) -> tuple[str, ...]:
    """Register *plugin* under *name*, and return which hooks it implements.

    *plugin* may also be a rule set's class, whose hooks are then known before
    there is an instance.

    Raises:
        PluginRefused: if it implements a hook that is not *allowed*, asks a hook
            for an argument that it does not have, or wants a say in the order.
    """
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        text = " ".join(str(error).split())  # pluggy breaks its lines
        raise PluginRefused(name, f"{text} (it may implement: {', '.join(allowed)})") from error
    implemented = []
    for hook in _hooks():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin is plugin:
                _check(implementation, name, hook, allowed)
                implemented.append(hook)
    return tuple(implemented)


def _check(implementation: pluggy.HookImpl, name: str, hook: str, allowed: tuple[str, ...]) -> None:
    if hook not in allowed:
        raise PluginRefused(
            name, f"{hook} does not belong here (it may implement: {', '.join(allowed)})"
        )
    # These would reorder or rewrite what other plugins say, unseen by whoever reads
    # the scenario: `after` is how a rule set says where it stands.
    for option in ("wrapper", "hookwrapper", "tryfirst", "trylast"):
        if getattr(implementation, option):
            raise PluginRefused(name, f"{hook} is marked {option}: declare `after` instead")
    function = implementation.function
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise PluginRefused(name, f"{hook} must return its answer: it may not await or yield")
