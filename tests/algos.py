"""Floors with order types that act, for tests that read along (see `floors`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from floors import Told, floor

import floorproof
from floorproof.runtime.choices import Choices

STRANGERS = ("BROKER", "DRIP", "DOUBLE", "RESTLESS", "CLUMSY", "DICE")
SLICERS = ("BROKER", "TT_TWAP", "DOUBLE")
PLUGINS = Path(__file__).parent / "plugins"


def text(steps: str, *, more: str = "", types: Sequence[str] = STRANGERS, **options: Any) -> str:
    """Return a floor whose SSE-A hosts such order types; *more* is more steps, as TOML."""
    made = floor(steps, **options)
    made = made.replace("[scenario]", '[scenario]\nplugins = ["synthetic_types.py"]')
    return made.replace('kind = "sse"', f'kind = "sse"\norder_types = {list(types)}') + more


def enter(at: str, who: str, name: str, order_type: str, order: str, **keys: Any) -> str:
    """Return a step that enters a synthetic order: ``"buy 4 MNQU3 @ 100"``."""
    side, quantity, symbol, *price = order.split()
    table = {"id": name, "type": order_type, "side": side, "symbol": symbol}
    rest: dict[str, Any] = {**table, "quantity": int(quantity), **keys}
    if price:
        rest["price"] = price[1]
    return step(at, who, "enter", {"order": rest})


def step(at: str, who: str, do: str, table: Mapping[str, Any]) -> str:
    """Return a step as the file has it."""
    lines = "\n".join(f"{key} = {_toml(value)}" for key, value in table.items())
    return f'\n[[step]]\nat = "{at}"\nwho = "{who}"\ndo = "{do}"\n{lines}\n'


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def run(
    steps: str,
    *,
    more: str = "",
    seed: int | None = None,
    choices: Choices | None = None,
    in_place: bool = False,
    types: Sequence[str] = STRANGERS,
    **options: Any,
) -> Told:
    """Run such a floor; see `floors.play`."""
    guests = options.pop("guests", {})
    scenario = floorproof.parse(text(steps, more=more, types=types, **options), PLUGINS)
    made = floorproof.Floor(scenario)
    for name, guest in guests.items():
        made.add(name, guest)
    return Told(made.run(seed=seed, choices=choices, in_place=in_place))
