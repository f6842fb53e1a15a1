"""What is wrong with a plugin, or with what a scenario asks of plugins."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from ..runtime.errors import FloorproofError


class UnknownPlugin(FloorproofError):
    """A scenario names something that no loaded plugin offers."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], broken: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        self.nearest = tuple(difflib.get_close_matches(name, self.known))
        self.broken = dict(broken or {})
        """The plugins that did not load, and why: one of them may be what was meant."""
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"no {self.kind} named {self.name!r}"
        if self.nearest:
            text += f"; did you mean {' or '.join(map(repr, self.nearest))}?"
        text += f" (installed: {', '.join(self.known) or 'none'})"
        for plugin, error in self.broken.items():
            text += f"\n  plugin {plugin!r} offers nothing, as it did not load: {error}"
        return text


class PluginRefused(FloorproofError):
    """A plugin does not keep the contract, or cannot be loaded."""

    def __init__(self, plugin: str, why: str) -> None:
        super().__init__(f"plugin {plugin!r}: {why}")
        self.plugin = plugin
        self.why = why


class NameClash(FloorproofError):
    """Two plugins offer the same name, so a scenario cannot say which it means."""

    def __init__(self, kind: str, name: str, offered_by: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.offered_by = tuple(offered_by)
        super().__init__(f"{kind} {name!r} is offered by {' and by '.join(self.offered_by)}")


class RuleSetsRefused(FloorproofError):
    """An exchange's rule sets cannot be loaded together, or their order is not settled."""

    def __init__(self, text: str, rule_sets: Iterable[str]) -> None:
        super().__init__(text)
        self.rule_sets = tuple(rule_sets)
        """Those that do not go together: two, or the members of a cycle."""


class OrderTypeFailed(FloorproofError):
    """An order type raised; nothing of what it was asked about has been done."""

    def __init__(self, order_type: str, order: str, asked: object, error: Exception) -> None:
        super().__init__(
            f"order type {order_type!r} raised {type(error).__name__}: {error}\n"
            f"  about {order}: {asked!r}"
        )
        self.order_type = order_type
        self.order = order
        self.asked = asked


class EndlessEffects(FloorproofError):
    """Order types answer each other without an end within one moment."""

    def __init__(self, gateway: str, steps: int, last: Iterable[str]) -> None:
        self.last = tuple(last)
        super().__init__(
            f"{gateway}: one delivery came to more than {steps} events of its order types; "
            f"the next would be {', '.join(self.last)}"
        )
