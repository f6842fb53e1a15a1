"""What tests of the order types that slice share: what was sent, and what must hold of it."""

from __future__ import annotations

import attrs
from floors import Told
from hypothesis import strategies as st

from floorproof.market.fix import ExecType
from floorproof.market.identifiers import ClOrdID
from floorproof.market.messages import ExecutionReport
from floorproof.market.window import SyntheticRow

LINKS = (
    "SSE-A CME-A 20ms 200ms",
    "CME-A CME 10ms 150ms",
    "CME CME-A 10ms 150ms",
    "CME-A SSE-A 20ms 200ms",
    "CME SSE-A 5ms 300ms",
    "ET1 SSE-A 1ms 50ms",
)


MOVES = st.lists(
    st.tuples(
        st.integers(0, 59),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 9),
        st.integers(-4, 4),
        st.booleans(),
    ),
    max_size=14,
)
"""What others do: when, in tenths of a second, which side, how much, so many ticks away."""


def row(told: Told) -> SyntheticRow:
    return told.result.windows()["ET1"].synthetic[ClOrdID("t1")]


def sent(told: Told) -> list[str]:
    """Return what the gateway has asked of the exchange, with the second of each."""
    lines = []
    for entry in told.messages:
        if entry.sender == "SSE-A" and entry.actor == "CME-A":
            fields = told.result.scenario.wording.key_fields(entry.payload)
            said = fields.removeprefix("ET1: t1/").partition(", parent")[0].replace("t1/", "")
            lines.append(f"{entry.time / 1e9:g} {said.replace(' MNQU3', '')}")
    return lines


def last_update(told: Told) -> str:
    return [line for line in told.to("ET1") if line.startswith("SyntheticUpdate")][-1]


@attrs.frozen
class Account:
    """What the exchange has of one order's children at one moment."""

    working: int = 0
    filled: int = 0


def at_the_exchange(told: Told) -> list[Account]:
    """Return what works at the exchange and what has been filled, after each of its reports."""
    alive: dict[int, int] = {}
    filled, accounts = 0, [Account()]
    for entry in told.messages:
        report = entry.payload
        if (entry.sender, entry.actor) != ("CME", "CME-A") or not report.parent_id:
            continue
        if not isinstance(report, ExecutionReport):
            continue
        if report.exec_type is ExecType.REJECTED:
            continue
        assert report.order_id is not None
        alive[report.order_id] = report.leaves_qty
        if report.exec_type is ExecType.TRADE:
            filled += report.last_qty
        accounts.append(Account(sum(alive.values()), filled))
    return accounts


def check(told: Told, quantity: int) -> None:
    """Check what must hold of the order ``t1``, which never asked for more than *quantity*."""
    assert told.result.violations == ()
    for account in at_the_exchange(told):
        assert account.working <= quantity - account.filled
    fills = told.payloads("SyntheticFill", "ET1")
    children = [
        report
        for report in told.payloads("ChildFill", "ET1")
        if report.parent_id and not report.parent_id.startswith("t1/")
    ]
    assert [(fill.last_qty, fill.last_px) for fill in fills] == [
        (fill.last_qty, fill.last_px) for fill in children
    ]
    row = told.result.windows()["ET1"].synthetic.get(ClOrdID("t1"))
    if row is None:
        return
    assert row.cum_qty == sum(fill.last_qty for fill in fills)
    assert row.traded == sum(fill.last_qty * fill.last_px for fill in fills)
    if row.synth_status not in ("Working", "Paused", "Waiting"):
        orders = told.result.windows()["ET1"].orders.values()
        assert not [order for order in orders if order.is_alive and order.parent_id == "t1"]
