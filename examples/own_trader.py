"""Somebody's own trader on the floor: any ``async def run(mailbox)`` will do.

It takes the seat of ET1 in the moving market, with ET1's logins.  It waits for a
staged order, claims it, thinks for half a second (of virtual time), and then works it
with one child at a time, asking its gateway and waiting for the answers.

    python examples/own_trader.py
"""

from __future__ import annotations

from pathlib import Path

import trio

import floorproof
from floorproof.market.fix import ExecType
from floorproof.market.identifiers import ClOrdID, CompID
from floorproof.market.messages import ExecutionReport, NewOrderSingle
from floorproof.market.staging import Claim, StagedAck, StagedReject, StagedUpdate
from floorproof.runtime.mailbox import Mailbox

ME = CompID("ET1")
CLIP = 125


async def patient_trader(mailbox: Mailbox) -> None:
    """Claim the first staged order that comes up, and work it in clips."""
    order, gateway = await first_order(mailbox)
    mailbox.send(gateway, Claim(sender_comp_id=ME, staged_order_id=order.staged_order_id))
    if not await claimed(mailbox):
        return
    await trio.sleep(0.5)
    for clip in range(1, order.order_qty // CLIP + 1):
        child = NewOrderSingle(
            sender_comp_id=ME,
            cl_ord_id=ClOrdID(f"clip-{clip}"),
            symbol=order.symbol,
            side=order.side,
            order_qty=CLIP,
            price=order.price,
            parent_id=order.staged_order_id,
            parent_gateway=CompID(gateway),
        )
        mailbox.send(order.gateway, child)
        await filled(mailbox, child.cl_ord_id)


async def first_order(mailbox: Mailbox) -> tuple[StagedAck, str]:
    """Return the first staged order in the window, and the gateway that holds it."""
    while True:
        delivery = await mailbox.receive()
        if isinstance(delivery.message, StagedAck):
            return delivery.message, delivery.sender


async def claimed(mailbox: Mailbox) -> bool:
    """Return whether the claim was the first."""
    while True:
        match (await mailbox.receive()).message:
            case StagedUpdate(owner=owner) if owner is not None:
                return owner == ME
            case StagedReject():
                return False
            case _:
                pass


async def filled(mailbox: Mailbox, cl_ord_id: ClOrdID) -> None:
    """Wait until a child has nothing left."""
    async for delivery in mailbox:
        match delivery.message:
            case ExecutionReport(exec_type=ExecType.TRADE, leaves_qty=0) as report:
                if report.cl_ord_id == cl_ord_id:
                    return
            case _:
                pass


def main() -> None:
    path = Path(__file__).with_name("staged_order_in_a_moving_market.toml")
    floor = floorproof.Floor(floorproof.load(path))
    floor.add("ET1", patient_trader)
    for seed in range(1, 6):
        result = floor.run(seed=seed)
        order = next(iter(result.windows()["PM1"].staged.values()))
        print(
            f"seed {seed}: {order.owner} won the claim, {order.status.value.lower()} "
            f"{order.cum_qty} of {order.order_qty}, digest {result.digest}"
        )


if __name__ == "__main__":
    main()
