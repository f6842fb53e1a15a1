"""Drop copy: all that the watched session is told, in order, and nothing of others."""

from __future__ import annotations

import pytest
from floors import Told, play

from floorproof.actors.drop_copy import DropCopyDesk
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.runtime.choices import Defaults
from floorproof.runtime.participant import Context, Delivery

STEPS = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    2s ET2 child C1 of P1 6 @ 15351.50
    3s LP enter o1 sell 4 @ 15351.50
    4s ET2 change C1 to C1a 3
    5s ET2 cancel C1
    6s ET2 child C2 of P1 4
    7s LP enter o2 sell 1 @ 15353.00
    8s ET2 child C3 of P1 4
    9s LP cancel o9
"""
FLOW = """
[[flow]]
exchange = "CME"
settings = { symbol = "MESU3", start_mid = "4500.00", duration_s = "10", orders_per_second = "4" }
"""
CLEARING = """
[[drop_copy]]
name = "CLEARING"
sessions = ["CME-A"]
"""
REGULATOR = """
[[drop_copy]]
name = "REGULATOR"
sessions = ["FLOW", "CME-A"]
"""


def copied(told: Told, desk: str) -> list[object]:
    return [entry.payload.report for entry in told.messages if entry.actor == desk]


def told_to(told: Told, *sessions: str) -> list[object]:
    return [
        entry.payload
        for entry in told.messages
        if entry.sender == "CME"
        and entry.actor in sessions
        and isinstance(entry.payload, ExecutionReport | OrderCancelReject)
    ]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_desk_gets_a_copy_of_all_that_its_sessions_are_told_in_order(seed: int | None) -> None:
    told = play(STEPS, extra=FLOW + CLEARING + REGULATOR, seed=seed)

    kinds = {type(each) for each in copied(told, "CLEARING")}
    assert kinds == {ExecutionReport, OrderCancelReject}
    assert copied(told, "CLEARING") == told_to(told, "CME-A")
    assert copied(told, "REGULATOR") == told_to(told, "CME-A", "FLOW")
    for entry in told.messages:
        if entry.actor in ("CLEARING", "REGULATOR"):
            assert entry.payload.source_comp_id == entry.payload.report.target_comp_id


def test_a_copy_names_the_user_and_the_parent_of_a_child() -> None:
    told = play(STEPS, extra=CLEARING)

    [ack, *_] = told.payloads("Copy of ChildAck", to="CLEARING")
    assert (ack.report.target_sub_id, ack.report.parent_id) == ("ET2", "P1")


def test_without_a_desk_nobody_gets_copies_and_the_rest_hears_the_same() -> None:
    alone, watched = play(STEPS), play(STEPS, extra=CLEARING)

    assert [line for line in watched.table() if "Copy of" not in line] == alone.table()


def test_a_drop_copy_session_is_read_only() -> None:
    streams = Defaults().stream
    desk = DropCopyDesk(Context("CLEARING", {}, lambda purpose: streams("CLEARING", purpose)))

    with pytest.raises(TypeError, match="a drop copy session takes no 'hello'"):
        desk.receive(Delivery("hello", "LP", "CLEARING", 1, 1, 1, 0))
