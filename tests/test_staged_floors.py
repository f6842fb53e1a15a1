"""Staged orders on whole floors: requests and their answers, races, and whatever users do."""

from __future__ import annotations

import pytest
from floors import Told, play, rows

from floorproof.market.identifiers import StagedOrderID
from floorproof.market.window import StagedRow

P1 = StagedOrderID("P1")

LIFECYCLE = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    2s ET2 child C1 of P1 6 @ 15351.50
    3s LP enter o1 sell 4 @ 15351.50
    4s PM1 change_staged P1 12 @ 15352.25
    5s ET2 child C2 of P1 1 @ 15351.50
    6s ET2 approve P1 push
    7s ET2 unclaim P1
    8s ET1 claim P1
    9s ET1 child D1 of P1 3 @ 15351.00
    10s PM1 cancel_staged P1
    11s ET1 reject P1
    12s PM1 cancel_staged P1
    13s ET1 approve P1
    14s PM1 cancel_staged P1
"""
LIFECYCLE_TABLE = """
    PM1   > SSE-A       NewStagedOrder: P1 BROKER Buy 10 MNQU3 @ 15352.00, account 123
    SSE-A > ET1 ET2 PM1 StagedAck: P1 Available, owner none, leaves 10
    ET2   > SSE-A       Claim: P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Claimed, owner ET2, cum 0, working 0, free 10
    ET2   > CME-A       NewChildOrder: C1 Buy 6 MNQU3 @ 15351.50, parent P1
    CME-A > ET1 ET2 PM1 ChildAck: C1 working 6 @ 15351.50
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Working, owner ET2, cum 0, working 6, free 4
    CME-A > ET1 ET2 PM1 ChildFill: C1 4 @ 15351.50, cum 4, leaves 2
    SSE-A > ET1 ET2 PM1 ParentPartialFill: P1 4 @ 15351.50 by C1, cum 4, leaves 6, Partially Filled
    PM1   > SSE-A       ChangeStagedOrder: P1 to Buy 12 MNQU3 @ 15352.25
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Pending Change Approval, owner ET2, cum 4, working 2, free 4
    SSE-A > ET2         ApprovalRequest: 1 of PM1: change P1 to Buy 12 MNQU3 @ 15352.25
    ET2   > CME-A       NewChildOrder: C2 Buy 1 MNQU3 @ 15351.50, parent P1
    CME-A > ET2         ChildReject: C2: 47 STAGED_ALREADY_IN_PENDING: request 1 of P1 waits for approval
    ET2   > SSE-A       ApproveRequest: 1 of P1, for its children too
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Partially Filled, owner ET2, cum 4, working 2, free 6, approved
    SSE-A > CME-A       OnBehalf Change: ET2: C1:1: C1 to Buy 6 MNQU3 @ 15352.25
    CME-A > ET1 ET2 PM1 ChildChanged: C1:1 working 2 @ 15352.25
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Partially Filled, owner ET2, cum 4, working 2, free 6
    ET2   > SSE-A       Unclaim: P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Available, owner none, cum 4, working 2, free 6
    ET1   > SSE-A       Claim: P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Partially Filled, owner ET1, cum 4, working 2, free 6
    ET1   > CME-A       NewChildOrder: D1 Buy 3 MNQU3 @ 15351.00, parent P1
    CME-A > ET1 ET2 PM1 ChildAck: D1 working 3 @ 15351.00
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Partially Filled, owner ET1, cum 4, working 5, free 3
    PM1   > SSE-A       CancelStagedOrder: P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Pending Cancel Approval, owner ET1, cum 4, working 5, free 3
    SSE-A > ET1         ApprovalRequest: 2 of PM1: cancel P1
    ET1   > SSE-A       RejectRequest: 2 of P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Partially Filled, owner ET1, cum 4, working 5, free 3, not approved
    SSE-A > PM1         StagedReject: P1 CancelStagedOrder refused, 55: ET1 does not approve
    PM1   > SSE-A       CancelStagedOrder: P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Pending Cancel Approval, owner ET1, cum 4, working 5, free 3
    SSE-A > ET1         ApprovalRequest: 3 of PM1: cancel P1
    ET1   > SSE-A       ApproveRequest: 3 of P1
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Pending Cancel, owner ET1, cum 4, working 5, free 3, approved
    SSE-A > CME-A       OnBehalf Cancel: ET2: C1:1:2: cancel C1:1
    SSE-A > CME-A       OnBehalf Cancel: ET1: D1:3: cancel D1
    CME-A > ET1 ET2 PM1 ChildCanceled: C1:1:2 cum 4
    CME-A > ET1 ET2 PM1 ChildCanceled: D1:3 cum 0
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Pending Cancel, owner ET1, cum 4, working 3, free 5
    SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Canceled, owner ET1, cum 4, working 0, free 0
    PM1   > SSE-A       CancelStagedOrder: P1
    SSE-A > PM1         StagedReject: P1 CancelStagedOrder refused, 45: P1 is canceled
"""  # noqa: E501  # a row is a line
BEHALF = ["SSE-A OnBehalf Cancel", "SSE-A OnBehalf Change"]


@pytest.mark.rule(
    "STAGE-14", "STAGE-15", "STAGE-16", "STAGE-18", "STAGE-21", "STAGE-23", "STAGE-25"
)
@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_a_life_of_requests_and_answers_message_by_message(in_place: bool) -> None:
    told = play(LIFECYCLE, in_place=in_place)

    assert told.table(inside=BEHALF, without=["LP"]) == rows(LIFECYCLE_TABLE)
    assert told.to("PM2") == []


def row(told: Told, user: str = "PM1") -> StagedRow:
    return told.result.windows()[user].staged[P1]


def test_windows_show_changed_terms_and_how_it_ended() -> None:
    told = play(LIFECYCLE)

    for user in ("PM1", "ET1", "ET2"):
        shown = row(told, user)
        assert (shown.status, shown.owner, shown.request_no) == ("Canceled", "ET1", None)
        assert (shown.order_qty, shown.price, shown.cum_qty) == (12, 1535225, 4)
    waiting = told.windows("10s")["ET1"].staged[P1]
    assert (waiting.status, waiting.request_no) == ("Pending Cancel Approval", 2)


# What nobody but a program in a seat can do, and what is refused at once.
# fmt: off
REFUSED = {
    "unclaim another's":          ("ET1 unclaim P1", "Unclaim refused, 44: P1 is owned by ET2"),
    "cancel another's":           ("ET1 cancel_staged P1",
                                   "CancelStagedOrder refused, 45: P1 is neither ET1's nor owned"
                                   " by him"),
    "change another's":           ("ET1 change_staged P1 12",
                                   "ChangeStagedOrder refused, 45: P1 is neither ET1's nor owned"
                                   " by him"),
    "hold":                       ("ET2 hold P1",
                                   "HoldStagedOrder refused, 5: a staged order cannot be held"),
    "another side":               ("PM1 change_staged P1 10 sell",
                                   "ChangeStagedOrder refused, 5: P1 keeps its side and its"
                                   " instrument, MNQU3"),
    "another instrument":         ("PM1 change_staged P1 10 on MESU3",
                                   "ChangeStagedOrder refused, 5: P1 keeps its side and its"
                                   " instrument, MNQU3"),
    "less than filled and works": ("PM1 change_staged P1 5",
                                   "ChangeStagedOrder refused, 4: P1 has 6 filled and working,"
                                   " 5 is less"),
    "to the market once it works": ("PM1 change_staged P1 market",
                                   "ChangeStagedOrder refused, 5: P1 cannot go to the market,"
                                   " it is Working"),
    "approve what nobody asks":   ("ET2 approve P1 request 7",
                                   "ApproveRequest refused, 57: request 7 of P1 waits no more"),
}
# fmt: on


@pytest.mark.rule("STAGE-14", "STAGE-15", "STAGE-18", "STAGE-20", "STAGE-23", "STAGE-26")
@pytest.mark.parametrize(("request_", "answer"), REFUSED.values(), ids=REFUSED.keys())
def test_a_request_is_refused_to_its_sender_alone(request_: str, answer: str) -> None:
    sender = request_.split()[0]
    told = play(
        f"""
        0s PM1 stage P1 buy 10 @ 15352.00 for 123
        1s ET2 claim P1
        2s ET2 child C1 of P1 6 @ 15351.50
        10s {request_}
        """
    )

    assert told.table(since="10s")[1:] == [f"SSE-A > {sender} StagedReject: P1 {answer}"]
    assert told.windows("9s") == told.windows("10s")


@pytest.mark.rule("STAGE-1", "STAGE-11", "STAGE-12", "STAGE-13", "STAGE-14", "STAGE-24")
def test_permissions_for_an_account_while_the_floor_runs() -> None:
    told = play(
        """
        0s PM1 stage P1 buy 10 @ 15352.00 for 123
        1s ET1 stage P2 buy 5 for 123
        2s ADMIN permit ET1 submit_staged_orders for 123
        3s ET1 stage P2 buy 5 for 456
        4s ET1 stage P2 buy 5 for 123
        5s ET2 claim P1
        6s ET1 unclaim P1
        7s ADMIN permit ET1 unclaim_orders_owned_by_others for 123
        8s ET1 unclaim P1
        9s ET2 claim P1
        10s ADMIN permit ET2 only_allow_price_improvements_on_child_orders for 123
        11s ET2 child C1 of P1 4 @ 15352.25
        12s ADMIN permit ET1 manage_staged_orders_without_claiming for 123
        13s ET1 child C1 of P1 4 @ 15352.25
        14s ADMIN revoke ET1 oms_allowed
        15s ET1 child C2 of P1 4 @ 15352.25
        """,
    )

    assert told.to("ET1", since="1s")[0].endswith("43: ET1 may not create staged orders")
    assert told.to("ET1", since="3s")[0].endswith("43: ET1 may not create staged orders")
    assert told.to("ET1", since="4s")[0] == "StagedAck P2 Available, owner none, leaves 5"
    assert told.to("ET1", since="6s")[0].endswith("44: P1 is owned by ET2")
    assert told.to("ET2", since="8s")[0] == (
        "StagedUpdate P1 Available, owner none, cum 0, working 0, free 10"
    )
    assert told.to("ET2", since="11s")[0] == (
        "ChildReject C1: 28 INVALID_PRICE: C1 at 15352.25 is worse than P1's limit, 15352.00"
    )
    assert told.to("ET1", since="13s")[0] == "ChildAck C1 working 4 @ 15352.25"
    assert told.to("ET1", since="15s")[0] == (
        "ChildReject C2: 46 STAGED_CHILD_FORBIDDEN: ET1 may not use the OMS"
    )


@pytest.mark.rule("STAGE-15")
def test_settings_of_the_order_type_come_from_the_scenario() -> None:
    told = play(
        """
        0s PM1 stage P1 buy 10 for 123
        1s PM1 stage P2 buy 11 for 123
        2s ET2 claim P1
        3s PM1 cancel_staged P1
        """,
        broker="originator_cancel_immediate = true\nmax_order_qty = 10",
    )

    assert told.to("PM1", since="1s")[0] == (
        "StagedReject P2 NewStagedOrder refused, 4: quantity 11 is above the largest, 10"
    )
    assert row(told).status == "Canceled"
    assert told.payloads("ApprovalRequest") == []
