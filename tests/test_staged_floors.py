"""Staged orders on whole floors: requests and their answers, races, and whatever users do."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from floors import Told, floor, play, road, rows
from hypothesis import given
from hypothesis import strategies as st

import floorproof
from floorproof.market.fix import ExecType
from floorproof.market.identifiers import StagedOrderID
from floorproof.market.staging import Claim, ParentPartialFill, StagedRequest, StagedUpdate
from floorproof.market.window import StagedRow
from floorproof.market.wording import label
from floorproof.plugins.desk import ChildReport
from floorproof.plugins.staged.order_type import Staged

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
                                   "ChangeStagedOrder refused, 5: P1 cannot go to the market"
                                   " once it works"),
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


# --- races ---------------------------------------------------------------------------

WORKING = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    2s ET2 child C1 of P1 6 @ 15351.50
"""
JITTER = [
    "LP CME-A 1ms 20ms",
    "execution_trader SSE-A 1ms 20ms",
    "SSE-A CME-A 1ms 20ms",
    "CME-A SSE-A 1ms 20ms",
    "CME CME-A 1ms 5ms",
]


def agrees(told: Told) -> None:
    """Assert that windows agree with one another, and parents with their children."""
    assert told.result.violations == ()
    shown = told.result.windows()
    for user in ("PM1", "ET1", "ET2"):
        [parent] = shown[user].staged.values()
        children = [order for order in shown[user].orders.values() if order.parent_id]
        assert parent.cum_qty == sum(child.cum_qty for child in children)
        assert parent.traded == sum(child.traded for child in children)
        assert parent.working_qty == sum(child.leaves_qty for child in children)
        if parent.status in ("Canceled", "Filled"):
            assert not any(child.is_alive for child in children), "no orphan"
            assert (parent.working_qty, parent.free_qty) == (0, 0)
        else:
            assert parent.cum_qty + parent.working_qty + parent.free_qty == parent.order_qty
            assert parent.status not in ("Pending Cancel",), "a cancel comes to an end"
        assert parent == attrs.evolve(row(told), time_ns=parent.time_ns)


@pytest.mark.rule("STAGE-16")
def test_a_fill_that_crosses_with_the_cancel_of_its_parent_counts() -> None:
    ends = set()
    for seed in range(1, 31):
        told = play(
            f"{WORKING}\n3s LP enter o1 sell 4 @ 15351.50\n3s ET2 cancel_staged P1",
            links=JITTER,
            seed=seed,
        )
        agrees(told)
        assert row(told).status == "Canceled"
        ends.add(row(told).cum_qty)

    assert ends == {0, 4}, "either may be first"


@pytest.mark.rule("STAGE-16")
def test_what_fills_all_of_an_order_that_is_being_canceled_fills_it() -> None:
    ends = set()
    for seed in range(1, 31):
        told = play(
            """
            0s PM1 stage P1 buy 6 @ 15352.00 for 123
            1s ET2 claim P1
            2s ET2 child C1 of P1 6 @ 15351.50
            3s PM1 cancel_staged P1
            4s ET2 approve P1
            4s LP enter o1 sell 6 @ 15351.50
            """,
            links=JITTER,
            seed=seed,
        )
        agrees(told)
        ends.add((row(told).status.value, row(told).cum_qty))

    assert ends == {("Filled", 6), ("Canceled", 0)}


@pytest.mark.rule("STAGE-14")
def test_a_second_claim_races_with_the_unclaim() -> None:
    owners = set()
    for seed in range(1, 21):
        told = play(f"{WORKING}\n3s ET2 unclaim P1\n3s ET1 claim P1", links=JITTER, seed=seed)
        agrees(told)
        owners.add(row(told).owner)

    assert owners == {None, "ET1"}


@pytest.mark.rule("STAGE-16")
def test_a_child_that_is_renamed_on_the_way_is_canceled_under_its_new_name() -> None:
    told = play(
        f"{WORKING}\n3s ET2 change C1 to C1a 5 @ 15351.75\n3010ms ET2 cancel_staged P1",
        links=["CME-A CME 50ms"],
    )

    agrees(told)
    assert row(told).status == "Canceled"
    assert [
        (sent.request.cl_ord_id, sent.request.orig_cl_ord_id)
        for entry in told.messages
        if label(sent := entry.payload) == "OnBehalf Cancel"
    ] == [("C1:1", "C1"), ("C1a:2", "C1a")]


@pytest.mark.rule("STAGE-17")
def test_64_no_cancel_while_a_child_is_on_its_way() -> None:
    told = play(
        f"{WORKING}\n2010ms PM1 cancel_staged P1\n3s PM1 cancel_staged P1",
        links=["CME CME-A 50ms"],
    )

    assert told.to("PM1", since="2s")[0] == (
        "StagedReject P1 CancelStagedOrder refused, 64: child C1 of ET2 is not acknowledged yet"
    )
    assert row(told).status == "Pending Cancel Approval"


@pytest.mark.rule("STAGE-22", "STAGE-23")
def test_57_an_approval_crosses_with_a_newer_request() -> None:
    told = play(
        """
        0s PM1 stage P1 buy 10 @ 15352.00 for 123
        1s ET2 claim P1
        2s PM1 change_staged P1 12
        3s PM1 change_staged P1 14
        3s ET2 approve P1
        4s ET2 approve P1
        """,
        links=["SSE-A ET2 500ms", "ET2 SSE-A 500ms"],
        broker="newer_request_replaces = true",
    )

    assert told.to("PM1", since="3s")[0] == (
        "StagedReject P1 ChangeStagedOrder refused, 58: request 2 has arrived after it"
    )
    assert "StagedReject P1 ApproveRequest refused, 57: request 1 of P1 waits no more" in (
        told.to("ET2")
    )
    assert row(told).order_qty == 14


def test_a_cancel_that_the_exchange_does_not_take_leaves_the_order_as_it_was() -> None:
    closed = """
[[exchange.state]]
name = "CLOSED"
enter = false
modify = false
cancel = false
match = false
"""
    text = floor(f"{WORKING}\n4s ET2 cancel_staged P1")
    text = text.replace('[[exchange.instrument]]\nsymbol = "MNQU3"', f"{closed}\n"
                        '[[exchange.instrument]]\nsymbol = "MNQU3"')  # fmt: skip
    text += '\n[[step]]\nat = "3s"\nwho = "ADMIN"\ndo = "change_state"\nsymbol = "MNQU3"\n'
    text += 'state = "CLOSED"'

    told = Told(floorproof.run(floorproof.parse(text)))

    assert row(told).status == "Working"
    refused = told.to("ET2", since="4s")
    assert refused[-1].startswith(
        "StagedReject P1 CancelStagedOrder refused, 45: child C1 of ET2 still works: "
    )


# --- whatever users do ---------------------------------------------------------------

sizes = st.integers(1, 6)
totals = st.integers(4, 16)
limits = st.sampled_from(["15351.50", "15351.75", "15352.00"])


@st.composite
def acts(draw: st.DrawFn) -> str:
    """Return steps: all that can be done to a staged order, and sellers that meet its children."""
    lines = ["0s PM1 stage P1 buy 12 @ 15352.00 for 123", "50ms ET2 claim P1"]
    for number in range(draw(st.integers(8, 24))):
        trader = draw(st.sampled_from(["ET2", "ET2", "ET1"]))
        child = f"C{draw(st.integers(0, 3))}"
        what = draw(
            st.sampled_from(
                [
                    f"{trader} child {child} of P1 {draw(sizes)} @ {draw(limits)}",
                    f"{trader} child {child} of P1 {draw(sizes)} @ {draw(limits)}",
                    f"{trader} change {child} to D{number} {draw(sizes)} @ {draw(limits)}",
                    f"{trader} cancel {child}",
                    f"{trader} claim P1",
                    f"{trader} unclaim P1",
                    f"{trader} cancel_staged P1",
                    f"{trader} approve P1{draw(st.sampled_from(['', ' push']))}",
                    f"{trader} approve P1",
                    f"{trader} reject P1",
                    "PM1 cancel_staged P1",
                    f"PM1 change_staged P1 {draw(totals)} @ {draw(limits)}",
                    f"LP enter o{number} sell {draw(sizes)} @ {draw(limits)}",
                    f"LP enter o{number} sell {draw(sizes)} @ {draw(limits)}",
                ]
            )
        )
        lines.append(f"{draw(st.integers(10, 60))}0ms {what}")
    return "\n".join(lines)


roads = st.tuples(
    road("execution_trader", "SSE-A"),
    road("portfolio_manager", "SSE-A"),
    road("SSE-A", "ET1"),
    road("execution_trader", "CME-A"),
    road("CME-A", "SSE-A"),
    road("SSE-A", "CME-A"),
    road("CME-A", "CME"),
    road("CME", "CME-A"),
)
ENDS = ("Filled", "Canceled")


@pytest.mark.rule("STAGE-6", "STAGE-8", "STAGE-14", "STAGE-15", "STAGE-16", "STAGE-21", "STAGE-23")
@given(
    steps=acts(),
    links=roads,
    seed=st.integers(0, 10_000),
    broker=st.sampled_from(
        ["", "newer_request_replaces = true", "originator_cancel_immediate = true"]
    ),
)
def test_windows_agree_whatever_users_do_and_however_long_it_takes(
    steps: str, links: tuple[str, ...], seed: int, broker: str
) -> None:
    told = play(steps, links=links, seed=seed, broker=broker, in_place=True)

    agrees(told)
    assert told.to("PM2") == []
    status, waiting = "Available", 0
    for entry in told.messages:
        message = entry.payload
        if entry.actor == "SSE-A" and isinstance(message, StagedRequest):
            answers = [each for each in told.messages if each.cause == entry.seq]
            assert answers, "a request always has an answer"
        if entry.actor != "PM1":
            continue
        match message:
            case StagedUpdate() | ParentPartialFill():
                assert status not in ENDS, "an order that is over stays over"
                status = message.status
                assert message.working_qty <= message.leaves_qty
            case _:
                pass
        if isinstance(message, StagedUpdate):
            left = message.working_qty + message.free_qty
            assert message.cum_qty + left == message.order_qty or status == "Canceled"
            assert (message.request_no is not None) == (
                status in ("Pending Cancel Approval", "Pending Change Approval")
            )
            waiting = max(waiting, message.request_no or 0)
    # Whoever asks for approval is told what came of it, once for each request.
    asked = [entry for entry in told.messages if label(entry.payload) == "ApprovalRequest"]
    assert [entry.payload.request_no for entry in asked] == [*range(1, len(asked) + 1)]


# --- and that it would be seen -------------------------------------------------------


def test_two_owners_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Staged.handle

    def broken(self: Staged, parent: Any, event: Any, desk: Any) -> Any:
        if isinstance(event, Claim):
            parent = attrs.evolve(parent, owner=None)
        return handle(self, parent, event, desk)

    monkeypatch.setattr(Staged, "handle", broken)
    told = play("0s PM1 stage P1 buy 10 for 123\n1s ET1 claim P1\n1s ET2 claim P1")

    assert [each.invariant for each in told.result.violations] == ["one-owner"]


def test_a_lost_fill_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Staged.handle

    def broken(self: Staged, parent: Any, event: Any, desk: Any) -> Any:
        trades = isinstance(event, ChildReport) and (
            getattr(event.report, "exec_type", None) is ExecType.TRADE
        )
        if trades and parent.canceled_for:
            return ()
        return handle(self, parent, event, desk)

    monkeypatch.setattr(Staged, "handle", broken)
    told = play(
        f"{WORKING}\n3s LP enter o1 sell 4 @ 15351.50\n3s ET2 cancel_staged P1",
        links=["SSE-A CME-A 10ms", "CME-A SSE-A 10ms"],
    )

    assert told.result.violations != ()
    with pytest.raises(AssertionError):
        agrees(told)
