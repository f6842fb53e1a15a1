"""A floor for an example, by the tables of a scenario: a desk, a gateway, an exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...market.identifiers import Symbol
from ...plugins.manager import Plugins
from ...scenario.floor import Scenario
from ...scenario.plan import Plan
from ...scenario.reading import structure
from ...scenario.schema import ScenarioFile

Table = dict[str, Any]

_LOGINS = {
    "ET1": {"SSE-A": ("TTSSE/SE1/001", "TTSSE/SE1/001"), "CME-A": ("ABC/ABC/ABC", "ABC/ABC/ABC")},
    "ET2": {"SSE-A": ("TTSSE/SE1/002", "TTSSE/SE1/002"), "CME-A": ("ABC/ABC/ABF", "ABC/ABC/ABF")},
    "PM1": {
        "SSE-A": ("TTORDAB/001/001", "TTSSE/SE1/001"),
        "CME-A": ("TTORDAB/001/001", "ABC/ABC/ABC"),
    },
    "LP": {"CME-A": ("XYZ/XYZ/001", "XYZ/XYZ/001")},
}
"""By user and gateway, the routing and the exchange credential."""

_ACCOUNT = "123"


def floor_tables(
    symbols: Sequence[Symbol],
    steps: Sequence[Table],
    *,
    order_type: str = "BROKER",
    settings: Mapping[str, object] | None = None,
) -> Table:
    """Return a scenario's tables: two traders and a manager, and LP, who trades with them."""
    gateway: Table = {"name": "SSE-A", "kind": "sse", "order_types": [order_type]}
    if settings:
        gateway["settings"] = {order_type: dict(settings)}
    listed = [
        {"symbol": symbol, "price_decimals": 2, "tick": "0.25", "protection": "5"}
        for symbol in symbols
    ]
    links = [("execution_trader", "SSE-A"), ("SSE-A", "CME-A"), ("CME-A", "CME"), ("CME", "CME-A")]
    return {
        "scenario": {"name": "conformance", "start": START},
        "gateway": [gateway, {"name": "CME-A", "kind": "exchange"}],
        "exchange": [{"name": "CME", "gateway": "CME-A", "instrument": listed}],
        "user": [_user(name) for name in _LOGINS],
        "link": [
            {"from": sender, "to": to, "latency": "1ms", "jitter": "3ms"} for sender, to in links
        ],
        "step": list(steps),
    }


def scenario_of(tables: Table, plugins: Plugins) -> Scenario:
    """Return the scenario of these tables, as if a file had them.

    Raises:
        FloorproofError: if it cannot be run; the text says where and why.
    """
    return Scenario("", Plan(structure(tables, ScenarioFile, ""), plugins, Path()))


START = datetime(2023, 7, 17, 13, 30, tzinfo=UTC)


def _user(name: str) -> Table:
    role, may = "execution_trader", ["staged_order_management"]
    if name == "PM1":
        role, may = "portfolio_manager", ["staged_order_creation"]
    logins = [
        {"gateway": gateway, "routing_mgt": routing, "exchange_mgt": exchange}
        for gateway, (routing, exchange) in _LOGINS[name].items()
    ]
    if name == "PM1":
        logins = [{**login, "account": _ACCOUNT} for login in logins]
    return {"name": name, "role": role, "permissions": may, "login": logins}


def at(ms: int, who: str, do: str, **keys: object) -> Table:
    """Return a step."""
    return {"at": f"{ms}ms", "who": who, "do": do, **keys}
