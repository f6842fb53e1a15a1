"""The plugins that a scenario may take from, and what it has taken."""

from __future__ import annotations

from typing import TypeVar

import attrs

from ..plugins.manager import Offer, Plugins

T = TypeVar("T")


@attrs.define
class Shelf:
    """Hands out what plugins offer, and keeps the bill."""

    plugins: Plugins
    used: dict[str, str] = attrs.field(factory=dict, init=False)
    """The plugins that something was taken of, and their versions."""

    modules: list[str] = attrs.field(factory=list, init=False)
    """The modules of what was taken: their code takes part in the run."""

    def take(self, offer: Offer[T]) -> T:
        self.used[offer.plugin] = offer.version
        module = getattr(offer.cls, "__module__", None)
        if module is not None and module not in self.modules:
            self.modules.append(module)
        return offer.cls
