"""floorproof: a proving ground for trading floors.

    >>> import floorproof
    >>> result = floorproof.run(floorproof.load("examples/staged_order.toml"), seed=1)
    >>> result.held, result.digest

Names come on demand: importing a room of the pure domain loads no Trio.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .scenario.floor import Floor, Result, Scenario, load, parse, run

_WHERE = dict.fromkeys(("Floor", "Result", "Scenario", "load", "parse", "run"), ".scenario.floor")

__all__ = ["Floor", "Result", "Scenario", "load", "parse", "run"]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
