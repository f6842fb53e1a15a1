"""TWAP over a spread: what it follows, with its own quote in the market."""

from __future__ import annotations

import pytest
from commands import EXAMPLES

import floorproof
from floorproof.market.fix import ExecType
from floorproof.market.messages import ExecutionReport

DAY = (EXAMPLES / "twap_autospreader_constant.toml").read_text()
DEEPER = """
[[step]]
at = "0s"
who = "LP"
do = "enter"
order = { id = "n0", symbol = "MNQU3", side = "buy", quantity = 1000, price = "15300.00" }
"""
LEAVES = """
[[step]]
at = "100s"
who = "LP"
do = "cancel"
order = "n1"
"""
BESIDE = """
[[step]]
at = "90s"
who = "LP"
do = "enter"
order = { id = "n3", symbol = "MNQU3", side = "buy", quantity = 5, price = "15349.50" }
"""


def quoted(*more: str, latency: str = "1ms") -> list[str]:
    """Return the prices that MNQ is quoted at in the order's first slice, one after the other."""
    text = DAY.replace("T16:00:00-04:00", "T09:36:00-04:00").replace(
        "max_display = 3", "max_display = 50"
    )
    text = text.replace('latency = "1ms"', f'latency = "{latency}"')
    result = floorproof.run(floorproof.parse(text + "".join(more)))
    mnq = next(each for name, each in result.scenario.plan.instruments.items() if name == "MNQU3")
    return [
        mnq.show(report.price)
        for entry in result.journal
        if entry.actor == "FM1"
        and entry.time < 150 * 10**9
        and isinstance(report := entry.payload, ExecutionReport)
        and report.exec_type in (ExecType.NEW, ExecType.REPLACED)
        and report.symbol == mnq.symbol
        and report.price is not None
    ]


@pytest.mark.parametrize("latency", ["0s", "1ms", "250ms"])
def test_an_order_does_not_chase_its_own_quote(latency: str) -> None:
    # Bid of the spread: 15350.75 / 4492.75, or 3.4167 on tick; a quote at that times 4492.50.
    # When everybody else has left, the quote is MNQ's best bid: it goes below the next, at once.
    assert quoted(DEEPER, LEAVES, latency=latency) == ["15349.50", "15298.75"]


def test_an_order_beside_its_quote_is_somebody_elses() -> None:
    # 15349.50 / 4492.75 is 3.4165 on tick, and the quote at 15348.50.
    assert quoted(DEEPER, BESIDE, LEAVES) == ["15349.50", "15348.50"]
