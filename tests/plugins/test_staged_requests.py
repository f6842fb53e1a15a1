"""The order type BROKER: the table of its machine, what may change, and every refusal.

An order of 10 lots of PM1's, owned by ET2 where it is owned; what is told, in words.
"""

from __future__ import annotations

import attrs
import pytest
from desks import (
    AVAILABLE,
    CLAIMED,
    DESK,
    FILLED,
    PARTLY_FILLED,
    RELEASED,
    WORKED,
    XT,
    SmallDesk,
    after,
    approve,
    ask,
    cancel,
    change,
    change_refused,
    claim,
    handled,
    hold,
    parent,
    reject,
    report,
    said,
    stage,
    unclaim,
)

from floorproof.market.fix import CxlRejReason, ExecType, Side
from floorproof.market.identifiers import Account, CompID
from floorproof.market.permissions import Permissions
from floorproof.market.staging import Permission, SetPermission
from floorproof.plugins.desk import DeskEvent
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

NEW, TRADE, CANCELED = ExecType.NEW, ExecType.TRADE, ExecType.CANCELED

CANCEL_ASKED = after(PARTLY_FILLED, cancel("PM1"))
CHANGE_ASKED = after(PARTLY_FILLED, change("PM1", 12, 1535225))
CANCELED_ORDER = after(CLAIMED, cancel("ET2"))
CANCELING = after(PARTLY_FILLED, cancel("ET2"))
"""The cancel of C1, of which 2 work, is under way."""

OVER = report("C1:1", CANCELED, 6, leaves=0, cum=4, orig="C1")
"""What the exchange says of that cancel."""

# --- the table -----------------------------------------------------------------------

# fmt: off
TRANSITIONS: dict[str, tuple[StagedOrder, DeskEvent, list[str]]] = {
    # ownership
    "available, claim":
        (AVAILABLE, claim("ET1"), ["Claimed, ET1, cum 0, working 0, free 10"]),
    "claimed, claim of another":
        (CLAIMED, claim("ET1"), ["ET1: Claim 44, P1 is already owned by ET2"]),
    "working, claim of another":
        (WORKED, claim("ET1"), ["ET1: Claim 44, P1 is already owned by ET2"]),
    "partly filled, claim of another":
        (PARTLY_FILLED, claim("ET1"), ["ET1: Claim 44, P1 is already owned by ET2"]),
    "claimed, unclaim":
        (CLAIMED, unclaim("ET2"), ["Available, nobody, cum 0, working 0, free 10"]),
    "working, unclaim":
        (WORKED, unclaim("ET2"), ["Available, nobody, cum 0, working 6, free 4"]),
    "partly filled, unclaim":
        (PARTLY_FILLED, unclaim("ET2"), ["Available, nobody, cum 4, working 2, free 4"]),
    "available again, second claimer":
        (RELEASED, claim("ET1"), ["Partially Filled, ET1, cum 4, working 2, free 4"]),

    # children
    "claimed, child":
        (CLAIMED, ask("C1", 6), ["room for C1"]),
    "claimed, child acknowledged":
        (after(CLAIMED, ask("C1", 6)), report("C1", NEW, 6, leaves=6, cum=0),
         ["Working, ET2, cum 0, working 6, free 4"]),
    "working, child fills in part":
        (WORKED, report("C1", TRADE, 6, leaves=2, cum=4, last=4),
         ["fill 4: Partially Filled, cum 4"]),
    "partly filled, last fill":
        (after(PARTLY_FILLED, ask("C2", 4), report("C2", NEW, 4, leaves=4, cum=0),
               report("C2", TRADE, 4, leaves=0, cum=4, last=4)),
         report("C1", TRADE, 6, leaves=0, cum=6, last=2),
         ["fill 2: Filled, cum 10"]),
    "partly filled, last child canceled":
        (PARTLY_FILLED, report("x", CANCELED, 6, leaves=0, cum=4, orig="C1"),
         ["Partially Filled, ET2, cum 4, working 0, free 6"]),
    "working, last child canceled":
        (WORKED, report("x", CANCELED, 6, leaves=0, cum=0, orig="C1"),
         ["Claimed, ET2, cum 0, working 0, free 10"]),
    "available again, child fills":
        (RELEASED, report("C1", TRADE, 6, leaves=1, cum=5, last=1), ["fill 1: Available, cum 5"]),
    "pending, child fills":
        (CANCEL_ASKED, report("C1", TRADE, 6, leaves=1, cum=5, last=1),
         ["fill 1: Pending Cancel Approval, cum 5"]),

    # cancel by the originator
    "available, cancel":
        (AVAILABLE, cancel("PM1"), ["Canceled, nobody, cum 0, working 0, free 0"]),
    "available again, cancel":
        (RELEASED, cancel("PM1"), ["Pending Cancel, nobody, cum 4, working 2, free 4",
                                   "CME-A: cancel C1 of ET2"]),
    "claimed, cancel":
        (CLAIMED, cancel("PM1"), ["Pending Cancel Approval, ET2, cum 0, working 0, free 10",
                                  "ET2: approve 1, cancel?"]),
    "partly filled, cancel":
        (PARTLY_FILLED, cancel("PM1"), ["Pending Cancel Approval, ET2, cum 4, working 2, free 4",
                                        "ET2: approve 1, cancel?"]),
    "pending cancel, approved, nothing works":
        (after(CLAIMED, cancel("PM1")), approve("ET2"),
         ["Canceled, ET2, cum 0, working 0, free 0, 27"]),
    "pending cancel, approved, a child works":
        (CANCEL_ASKED, approve("ET2"), ["Pending Cancel, ET2, cum 4, working 2, free 4, 27",
                                        "CME-A: cancel C1 of ET2"]),
    "pending cancel, rejected":
        (CANCEL_ASKED, reject("ET2"),
         ["Partially Filled, ET2, cum 4, working 2, free 4, 28",
          "PM1: CancelStagedOrder 55, ET2 does not approve"]),
    "pending cancel, rejected, before any child":
        (after(CLAIMED, cancel("PM1")), reject("ET2"),
         ["Claimed, ET2, cum 0, working 0, free 10, 28",
          "PM1: CancelStagedOrder 55, ET2 does not approve"]),
    "pending cancel, filled":
        (after(CLAIMED, ask("C1", 10), report("C1", NEW, 10, leaves=10, cum=0), cancel("PM1")),
         report("C1", TRADE, 10, leaves=0, cum=10, last=10),
         ["fill 10: Filled, cum 10", "PM1: CancelStagedOrder 45, P1 is filled"]),

    # cancel by the owner
    "claimed, cancel of the owner":
        (CLAIMED, cancel("ET2"), ["Canceled, ET2, cum 0, working 0, free 0"]),
    "partly filled, cancel of the owner":
        (PARTLY_FILLED, cancel("ET2"), ["Pending Cancel, ET2, cum 4, working 2, free 4",
                                        "CME-A: cancel C1 of ET2"]),
    "pending cancel, cancel of the owner":
        (CANCEL_ASKED, cancel("ET2"), ["Pending Cancel, ET2, cum 4, working 2, free 4",
                                       "CME-A: cancel C1 of ET2"]),
    "pending change, cancel of the owner":
        (CHANGE_ASKED, cancel("ET2"), ["PM1: ChangeStagedOrder 56, ET2 cancels P1",
                                       "Pending Cancel, ET2, cum 4, working 2, free 4",
                                       "CME-A: cancel C1 of ET2"]),

    # while children are canceled
    "canceling, the last child is over":
        (CANCELING, OVER, ["Canceled, ET2, cum 4, working 0, free 0"]),
    "canceling, a child fills in part":
        (CANCELING, report("C1", TRADE, 6, leaves=1, cum=5, last=1),
         ["fill 1: Pending Cancel, cum 5"]),
    "canceling, the child fills":
        (CANCELING, report("C1", TRADE, 6, leaves=0, cum=6, last=2), ["fill 2: Canceled, cum 6"]),
    "canceling, all of it fills":
        (after(CLAIMED, ask("C1", 10), report("C1", NEW, 10, leaves=10, cum=0), cancel("ET2")),
         report("C1", TRADE, 10, leaves=0, cum=10, last=10),
         ["fill 10: Filled, cum 10"]),
    "canceling, the user cancels the child first":
        (CANCELING, report("x", CANCELED, 6, leaves=0, cum=4, orig="C1"),
         ["Canceled, ET2, cum 4, working 0, free 0"]),
    "canceled, the cancel comes too late for the child":
        (after(CANCELING, report("x", CANCELED, 6, leaves=0, cum=4, orig="C1")),
         change_refused("C1:1", "C1"), []),
    "canceling, the exchange refuses":
        (CANCELING, change_refused("C1:1", "C1"),
         ["Partially Filled, ET2, cum 4, working 2, free 4",
          "ET2: CancelStagedOrder 45, child C1 of ET2 still works: closed"]),
    "canceling, the child has another name by now":
        (after(PARTLY_FILLED, ask("C1a", 6, changes="C1"), cancel("ET2"),
               report("C1a", ExecType.REPLACED, 6, leaves=2, cum=4, orig="C1")),
         change_refused("C1:1", "C1"), ["CME-A: cancel C1a of ET2"]),
    "canceling, its user has used the name of the request":
        (CANCELING, change_refused("C1:1", "C1", reason=CxlRejReason.DUPLICATE_CL_ORD_ID),
         ["CME-A: cancel C1 of ET2"]),
    "canceling, a change of the child is refused":
        (after(PARTLY_FILLED, ask("C1a", 6, changes="C1"), cancel("ET2")),
         change_refused("C1a", "C1"), []),
    "canceling, another cancel":
        (CANCELING, cancel("PM1"), ["PM1: CancelStagedOrder 47, P1 is being canceled"]),
    "canceling, unclaim":
        (CANCELING, unclaim("ET2"), ["ET2: Unclaim 47, P1 is being canceled"]),
    "canceling without an owner, claim":
        (after(RELEASED, cancel("PM1")), claim("ET1"), ["ET1: Claim 47, P1 is being canceled"]),
    "canceled, a trade is taken back":
        (after(CANCELING, OVER), report("C1", ExecType.TRADE_CANCEL, 2, leaves=0, cum=0, last=4),
         ["Canceled, ET2, cum 0, working 0, free 0"]),
    "filled, a trade is taken back":
        (FILLED, report("C1", ExecType.TRADE_CANCEL, 6, leaves=0, cum=6, last=4),
         ["Partially Filled, ET2, cum 6, working 0, free 4"]),

    # changes
    "available, change":
        (AVAILABLE, change("PM1", 12), ["Available, nobody, cum 0, working 0, free 12"]),
    "claimed, change":
        (CLAIMED, change("PM1", 12), ["Pending Change Approval, ET2, cum 0, working 0, free 10",
                                      "ET2: approve 1, change?"]),
    "partly filled, change":
        (PARTLY_FILLED, change("PM1", 12),
         ["Pending Change Approval, ET2, cum 4, working 2, free 4",
          "ET2: approve 1, change?"]),
    "pending change, approved":
        (CHANGE_ASKED, approve("ET2"), ["Partially Filled, ET2, cum 4, working 2, free 6, 27"]),
    "pending change, rejected":
        (CHANGE_ASKED, reject("ET2"),
         ["Partially Filled, ET2, cum 4, working 2, free 4, 28",
          "PM1: ChangeStagedOrder 56, ET2 does not approve"]),
    "pending change, filled":
        (after(CLAIMED, ask("C1", 10), report("C1", NEW, 10, leaves=10, cum=0), change("PM1", 12)),
         report("C1", TRADE, 10, leaves=0, cum=10, last=10),
         ["fill 10: Filled, cum 10", "PM1: ChangeStagedOrder 45, P1 is filled"]),
    "approved down to what is filled":
        (after(PARTLY_FILLED, report("x", CANCELED, 6, leaves=0, cum=4, orig="C1"),
               change("PM1", 4)),
         approve("ET2"), ["Filled, ET2, cum 4, working 0, free 0, 27"]),
    "owner changes the price":
        (PARTLY_FILLED, change("ET2", 10, 1535225),
         ["Partially Filled, ET2, cum 4, working 2, free 4"]),

    # the ends
    "filled, claim":      (FILLED, claim("ET1"), ["ET1: Claim 44, P1 is filled"]),
    "filled, unclaim":    (FILLED, unclaim("ET2"), ["ET2: Unclaim 44, P1 is filled"]),
    "filled, cancel":     (FILLED, cancel("PM1"), ["PM1: CancelStagedOrder 45, P1 is filled"]),
    "filled, change":     (FILLED, change("PM1", 12), ["PM1: ChangeStagedOrder 45, P1 is filled"]),
    "filled, approve":    (FILLED, approve("ET2"), ["ET2: ApproveRequest 57, request 1 of P1"
                                                    " waits no more"]),
    "filled, child":      (FILLED, ask("X", 1), ["X 46, P1 is filled"]),
    "canceled, claim":    (CANCELED_ORDER, claim("ET1"), ["ET1: Claim 44, P1 is canceled"]),
    "canceled, unclaim":  (CANCELED_ORDER, unclaim("ET2"), ["ET2: Unclaim 44, P1 is canceled"]),
    "canceled, cancel":   (CANCELED_ORDER, cancel("ET2"),
                           ["ET2: CancelStagedOrder 45, P1 is canceled"]),
    "canceled, change":   (CANCELED_ORDER, change("PM1", 12),
                           ["PM1: ChangeStagedOrder 45, P1 is canceled"]),
    "canceled, child":    (CANCELED_ORDER, ask("X", 1), ["X 46, P1 is canceled"]),
}
# fmt: on


@pytest.mark.rule("STAGE-4", "STAGE-14", "STAGE-15", "STAGE-16", "STAGE-18", "STAGE-23")
@pytest.mark.parametrize(("order", "event", "told"), TRANSITIONS.values(), ids=TRANSITIONS.keys())
def test_the_table_of_the_machine(order: StagedOrder, event: DeskEvent, told: list[str]) -> None:
    assert said(handled(order, event)) == told


# --- every refusal -------------------------------------------------------------------

UNACKED = after(CLAIMED, ask("C1", 6))
REPLACES = Staged(newer_request_replaces=True)

# fmt: off
FAILURES: dict[str, tuple[StagedOrder, DeskEvent, list[str]]] = {
    "44, claim without management":
        (AVAILABLE, claim("PM1"), ["PM1: Claim 44, PM1 may not manage staged orders"]),
    "44, unclaim of another's":
        (CLAIMED, unclaim("ET1"), ["ET1: Unclaim 44, P1 is owned by ET2"]),
    "44, unclaim of nobody's":
        (AVAILABLE, unclaim("ET1"), ["ET1: Unclaim 44, P1 has no owner"]),
    "45, cancel of neither":
        (CLAIMED, cancel("ET1"), ["ET1: CancelStagedOrder 45, P1 is neither ET1's nor owned by"
                                  " him"]),
    "45, cancel of an available order, not its originator's":
        (AVAILABLE, cancel("ET1"), ["ET1: CancelStagedOrder 45, P1 is neither ET1's nor owned by"
                                    " him"]),
    "45, change of neither":
        (CLAIMED, change("ET1", 12), ["ET1: ChangeStagedOrder 45, P1 is neither ET1's nor owned"
                                      " by him"]),
    "45, answer of the originator":
        (CANCEL_ASKED, approve("PM1"), ["PM1: ApproveRequest 45, P1 is not owned by PM1"]),
    "45, answer of another trader":
        (CANCEL_ASKED, reject("ET1"), ["ET1: RejectRequest 45, P1 is not owned by ET1"]),
    "46, child of another trader's":
        (CLAIMED, ask("X", 1, user="ET1"), ["X 46, P1 is owned by ET2"]),
    "46, child of who has given it up":
        (RELEASED, ask("X", 1), ["X 46, P1 has no owner"]),
    "46, change of a child by who has given it up":
        (RELEASED, ask("C1a", 6, changes="C1"), ["C1a 46, P1 has no owner"]),
    "47, child while a cancel waits":
        (CANCEL_ASKED, ask("X", 1), ["X 47, request 1 of P1 waits for approval"]),
    "47, child while a change waits":
        (CHANGE_ASKED, ask("X", 1), ["X 47, request 1 of P1 waits for approval"]),
    "47, child while it is being canceled":
        (CANCELING, ask("X", 1), ["X 47, P1 is being canceled"]),
    "47, a larger child while a cancel waits":
        (CANCEL_ASKED, ask("C1a", 7, changes="C1"),
         ["C1a 47, request 1 of P1 waits for approval"]),
    "no refusal, a child at another price while a cancel waits":
        (CANCEL_ASKED, ask("C1a", 6, changes="C1", price=1535175), ["room for C1a"]),
    "47, unclaim while a cancel waits":
        (CANCEL_ASKED, unclaim("ET2"), ["ET2: Unclaim 47, request 1 of P1 waits for approval"]),
    "47, second request":
        (CANCEL_ASKED, cancel("PM1"),
         ["PM1: CancelStagedOrder 47, request 1 of P1 waits for approval"]),
    "47, second request of another kind":
        (CANCEL_ASKED, change("PM1", 12),
         ["PM1: ChangeStagedOrder 47, request 1 of P1 waits for approval"]),
    "47, the owner's price while a change waits":
        (CHANGE_ASKED, change("ET2", 10, 1535225),
         ["ET2: ChangeStagedOrder 47, request 1 of P1 waits for approval"]),
    "57, approval of what waits no more":
        (after(CHANGE_ASKED, reject("ET2")), approve("ET2"),
         ["ET2: ApproveRequest 57, request 1 of P1 waits no more"]),
    "57, approval of the request before":
        (after(CHANGE_ASKED, reject("ET2"), change("PM1", 14)), approve("ET2", 1),
         ["ET2: ApproveRequest 57, request 1 of P1 waits no more"]),
    "57, rejection of what waits no more":
        (after(CHANGE_ASKED, approve("ET2")), reject("ET2"),
         ["ET2: RejectRequest 57, request 1 of P1 waits no more"]),
    "64, the owner's cancel":
        (UNACKED, cancel("ET2"),
         ["ET2: CancelStagedOrder 64, child C1 of ET2 is not acknowledged yet"]),
    "64, the originator's cancel":
        (UNACKED, cancel("PM1"),
         ["PM1: CancelStagedOrder 64, child C1 of ET2 is not acknowledged yet"]),
    "4, child beyond free":
        (WORKED, ask("X", 5), ["X 4, P1 has 4 free, X asks for 5"]),
    "39, change of a child beyond free":
        (WORKED, ask("C1a", 11, changes="C1"), ["C1a 39, P1 has 10 free, C1a asks for 11"]),
    "5, child on the other side":
        (WORKED, ask("X", 1, side=Side.SELL),
         ["X 5, a child of P1 has its side and its instrument, MNQU3"]),
    "5, hold":
        (CLAIMED, hold("PM1"), ["PM1: HoldStagedOrder 5, a staged order cannot be held"]),
}
# fmt: on


@pytest.mark.rule(
    "STAGE-3", "STAGE-5", "STAGE-6", "STAGE-7", "STAGE-17", "STAGE-21", "STAGE-22", "STAGE-26"
)
@pytest.mark.parametrize(("order", "event", "told"), FAILURES.values(), ids=FAILURES.keys())
def test_every_refusal_and_its_code(order: StagedOrder, event: DeskEvent, told: list[str]) -> None:
    assert said(handled(order, event)) == told
    if not told[0].startswith("room"):
        assert after(order, event) == order, "a refusal changes nothing"


@pytest.mark.rule("STAGE-22")
@pytest.mark.parametrize(
    ("newer", "named"),
    [(cancel("PM1"), "cancel"), (change("PM1", 14), "change")],
    ids=["cancel", "change"],
)
def test_58_a_newer_request_may_take_the_place_of_the_older(newer: DeskEvent, named: str) -> None:
    effects = handled(CHANGE_ASKED, newer, by=REPLACES)
    order = after(CHANGE_ASKED, newer, by=REPLACES)

    assert said(effects)[0] == "PM1: ChangeStagedOrder 58, request 2 has arrived after it"
    assert said(effects)[-1] == f"ET2: approve 2, {named}?"
    assert said(handled(order, approve("ET2", 1))) == [
        "ET2: ApproveRequest 57, request 1 of P1 waits no more"
    ]


@pytest.mark.rule("STAGE-15")
def test_an_originators_cancel_may_need_no_approval() -> None:
    at_once = Staged(originator_cancel_immediate=True)

    assert said(handled(PARTLY_FILLED, cancel("PM1"), by=at_once)) == [
        "Pending Cancel, ET2, cum 4, working 2, free 4",
        "CME-A: cancel C1 of ET2",
    ]
    assert said(handled(CHANGE_ASKED, cancel("PM1"), by=at_once))[0] == (
        "PM1: ChangeStagedOrder 58, a newer request of PM1 is done"
    )
    assert said(handled(UNACKED, cancel("PM1"), by=at_once)) == [
        "PM1: CancelStagedOrder 64, child C1 of ET2 is not acknowledged yet"
    ]


@pytest.mark.rule("STAGE-15")
def test_who_owns_what_he_has_staged_needs_nobodys_approval() -> None:
    own = attrs.evolve(parent("ET2"), originator=CompID("ET2"))

    assert said(handled(own, change("ET2", 12))) == ["Claimed, ET2, cum 0, working 0, free 12"]
    assert said(handled(own, cancel("ET2"))) == ["Canceled, ET2, cum 0, working 0, free 0"]


# --- canceling several children ------------------------------------------------------


@pytest.mark.rule("STAGE-16")
def test_an_order_is_canceled_once_the_last_of_its_children_is_over() -> None:
    order = after(
        CLAIMED,
        ask("C1", 3),
        report("C1", NEW, 3, leaves=3, cum=0),
        ask("C2", 4),
        report("C2", NEW, 4, leaves=4, cum=0),
        ask("C3", 2),
        report("C3", NEW, 2, leaves=2, cum=0),
        report("C3", TRADE, 2, leaves=0, cum=2, last=2),  # over before: not canceled
    )

    asked = said(handled(order, cancel("ET2")))
    order = after(order, cancel("ET2"), report("C2:2", CANCELED, 4, leaves=0, cum=0, orig="C2"))

    assert asked[1:] == ["CME-A: cancel C1 of ET2", "CME-A: cancel C2 of ET2"]
    assert (order.status, order.working_qty) == ("Pending Cancel", 3)
    assert said(handled(order, report("C1", TRADE, 3, leaves=1, cum=2, last=2))) == [
        "fill 2: Pending Cancel, cum 4"
    ]
    order = after(order, report("C1", TRADE, 3, leaves=1, cum=2, last=2))
    assert said(handled(order, report("C1:1", CANCELED, 3, leaves=0, cum=2, orig="C1"))) == [
        "Canceled, ET2, cum 4, working 0, free 0"
    ]


@pytest.mark.rule("STAGE-16")
def test_children_of_who_owned_it_before_are_canceled_in_his_name() -> None:
    order = after(
        RELEASED, claim("ET1"), ask("D1", 3, user="ET1"), report("D1", NEW, 3, leaves=3, cum=0,
                                                                 user="ET1"),
    )  # fmt: skip

    assert said(handled(order, cancel("ET1"))) == [
        "Pending Cancel, ET1, cum 4, working 5, free 1",
        "CME-A: cancel C1 of ET2",
        "CME-A: cancel D1 of ET1",
    ]


# --- what may change -----------------------------------------------------------------

# fmt: off
CHANGES: dict[str, tuple[StagedOrder, DeskEvent, list[str]]] = {
    "instrument":
        (AVAILABLE, change("PM1", symbol="MESU3"),
         ["PM1: ChangeStagedOrder 5, P1 keeps its side and its instrument, MNQU3"]),
    "side":
        (CLAIMED, change("ET2", side=Side.SELL),
         ["ET2: ChangeStagedOrder 5, P1 keeps its side and its instrument, MNQU3"]),
    "price off tick":
        (AVAILABLE, change("PM1", 10, 1535210),
         ["PM1: ChangeStagedOrder 28, price 15352.10 is not a multiple of 0.25"]),
    "quantity below what is filled and works":
        (PARTLY_FILLED, change("PM1", 5),
         ["PM1: ChangeStagedOrder 4, P1 has 6 filled and working, 5 is less"]),
    "quantity, by the owner":
        (CLAIMED, change("ET2", 12),
         ["ET2: ChangeStagedOrder 45, the quantity of P1 is PM1's to change"]),
    "order type, by the owner":
        (CLAIMED, change("ET2", 10, None),
         ["ET2: ChangeStagedOrder 45, the order type of P1 is PM1's to change"]),
    "order type, by the originator":
        (CLAIMED, change("PM1", 10, None),
         ["Pending Change Approval, ET2, cum 0, working 0, free 10",
          "ET2: approve 1, change?"]),
    "to the market once it works":
        (WORKED, change("PM1", 10, None),
         ["PM1: ChangeStagedOrder 5, P1 cannot go to the market once it works"]),
    "to the market once it is filled in part":
        (PARTLY_FILLED, change("PM1", 10, None),
         ["PM1: ChangeStagedOrder 5, P1 cannot go to the market once it works"]),
    "to the market once it has worked, though nobody owns it":
        (RELEASED, change("PM1", 10, None),
         ["PM1: ChangeStagedOrder 5, P1 cannot go to the market once it works"]),
}
# fmt: on


@pytest.mark.rule("STAGE-18", "STAGE-19", "STAGE-20", "STAGE-26")
@pytest.mark.parametrize(("order", "event", "told"), CHANGES.values(), ids=CHANGES.keys())
def test_what_may_change(order: StagedOrder, event: DeskEvent, told: list[str]) -> None:
    assert said(handled(order, event)) == told


@pytest.mark.rule("STAGE-18")
def test_no_order_is_larger_than_the_largest() -> None:
    small = Staged(max_order_qty=11)

    assert said(handled(AVAILABLE, change("PM1", 12), by=small)) == [
        "PM1: ChangeStagedOrder 4, quantity 12 is above the largest, 11"
    ]
    assert said(Staged(max_order_qty=9).submit(stage(), DESK)) == [
        "PM1: NewStagedOrder 4, quantity 10 is above the largest, 9"
    ]


@pytest.mark.rule("STAGE-18", "STAGE-23")
def test_an_approved_change_is_the_orders_terms() -> None:
    order = after(CHANGE_ASKED, approve("ET2"))

    assert (order.order_qty, order.price, order.pending) == (12, 1535225, None)
    assert after(CHANGE_ASKED, reject("ET2")) == attrs.evolve(PARTLY_FILLED, requests=1)


@pytest.mark.rule("STAGE-25")
def test_an_approved_price_is_pushed_to_children_that_work_at_a_limit() -> None:
    order = after(
        CLAIMED,
        ask("C1", 3),
        report("C1", NEW, 3, leaves=3, cum=0),
        ask("C2", 2, price=None),
        report("C2", NEW, 2, leaves=2, cum=0),  # at the market
        ask("C3", 1, price=1535225),
        report("C3", NEW, 1, leaves=1, cum=0),  # there already
        ask("C4", 4),
        report("C4", NEW, 4, leaves=4, cum=0),
        report("C4", TRADE, 4, leaves=0, cum=4, last=4),  # over
        change("PM1", 10, 1535225),
    )

    assert said(handled(order, approve("ET2"))) == [
        "Partially Filled, ET2, cum 4, working 6, free 0, 27"
    ]
    assert said(handled(order, approve("ET2", push=True)))[1:] == [
        "CME-A: change C1 of ET2 to 3 @ 1535225"
    ]
    order = after(
        order,
        approve("ET2", push=True),
        report("C1:1", ExecType.REPLACED, 3, leaves=3, cum=0, orig="C1"),
    )
    [terms] = [child.terms for (_, _, name), child in order.children.items() if name == "C1:1"]
    assert terms is not None
    assert terms.price == 1535225
    assert (order.working_qty, order.free_qty) == (6, 0)


# --- permissions ---------------------------------------------------------------------

MANAGE_OWN, MANAGE_OTHERS = Permission.MANAGE_OWN, Permission.MANAGE_OTHERS
SUBMIT, UNCLAIM = Permission.SUBMIT, Permission.UNCLAIM_OTHERS
WITHOUT, HELD = Permission.MANAGE_WITHOUT_CLAIMING, Permission.ONLY_PRICE_IMPROVEMENTS
OMS = Permission.OMS


def permitted(user: str, *permissions: Permission, account: str = "", start: Permissions = XT
              ) -> SmallDesk:  # fmt: skip
    """Return a desk where *user* has these in addition."""
    for permission in permissions:
        start = start.after(
            SetPermission(
                user=CompID(user),
                permission=permission,
                allowed=True,
                account=Account(account) if account else None,
            )
        )
    return SmallDesk(allowed=start)


NOBODY = Permissions({})
OWN = attrs.evolve(AVAILABLE, originator=CompID("ET1"))

# fmt: off
ALLOWED: dict[str, tuple[tuple[Permission, ...], str, StagedOrder, DeskEvent, str]] = {
    # ET1 has these, for this account (the order's is 123)             what comes first
    "manage others', claim":         ((MANAGE_OTHERS,), "123", AVAILABLE, claim("ET1"), "Claimed"),
    "manage others', all accounts":  ((MANAGE_OTHERS,), "", AVAILABLE, claim("ET1"), "Claimed"),
    "manage others', another account":
        ((MANAGE_OTHERS,), "456", AVAILABLE, claim("ET1"), "ET1: Claim 44"),
    "manage others', his own":       ((MANAGE_OTHERS,), "123", OWN, claim("ET1"), "ET1: Claim 44"),
    "manage own, his own":           ((MANAGE_OWN,), "123", OWN, claim("ET1"), "Claimed"),
    "manage own, another's":         ((MANAGE_OWN,), "123", AVAILABLE, claim("ET1"),
                                      "ET1: Claim 44"),
    "manage others', unclaim":       ((MANAGE_OTHERS,), "123", CLAIMED, unclaim("ET1"),
                                      "ET1: Unclaim 44"),
    "unclaim others', forced":       ((UNCLAIM,), "123", PARTLY_FILLED, unclaim("ET1"),
                                      "Available, nobody, cum 4, working 2, free 4"),
    "unclaim others', another account":
        ((UNCLAIM,), "456", CLAIMED, unclaim("ET1"), "ET1: Unclaim 44"),
    "unclaim others', while a request waits":
        ((UNCLAIM,), "123", CANCEL_ASKED, unclaim("ET1"), "ET1: Unclaim 47"),
    "unclaim others', claim":        ((UNCLAIM,), "123", AVAILABLE, claim("ET1"), "ET1: Claim 44"),
    "without claiming, claim":       ((WITHOUT,), "123", AVAILABLE, claim("ET1"), "Claimed"),
    "without claiming, his own":     ((WITHOUT,), "123", OWN, claim("ET1"), "Claimed"),
    "without claiming, unclaim":     ((WITHOUT,), "123", CLAIMED, unclaim("ET1"), "Available"),
    "without claiming, child of nobody's":
        ((WITHOUT,), "123", AVAILABLE, ask("X", 1, user="ET1"), "room for X"),
    "without claiming, child of another's":
        ((WITHOUT,), "123", CLAIMED, ask("X", 1, user="ET1"), "room for X"),
    "without claiming, child while a request waits":
        ((WITHOUT,), "123", CANCEL_ASKED, ask("X", 1, user="ET1"), "X 47"),
    "without claiming, another account":
        ((WITHOUT,), "456", CLAIMED, ask("X", 1, user="ET1"), "X 46"),
    "without claiming, cancel":      ((WITHOUT,), "123", CLAIMED, cancel("ET1"), "Canceled"),
    "without claiming, approve":     ((WITHOUT,), "123", CHANGE_ASKED, approve("ET1"),
                                      "Partially Filled"),
    "without claiming, price":       ((WITHOUT,), "123", CLAIMED, change("ET1", 10, 1535225),
                                      "Claimed"),
    "held to price, without claiming on":
        ((WITHOUT, HELD), "123", CLAIMED, ask("X", 1, user="ET1", price=1535225), "room for X"),
}
# fmt: on


@pytest.mark.rule("STAGE-11", "STAGE-12", "STAGE-14")
@pytest.mark.parametrize(
    ("permissions", "account", "order", "event", "first"), ALLOWED.values(), ids=ALLOWED.keys()
)
def test_what_permissions_for_an_account_allow(
    permissions: tuple[Permission, ...],
    account: str,
    order: StagedOrder,
    event: DeskEvent,
    first: str,
) -> None:
    desk = permitted("ET1", *permissions, account=account, start=NOBODY)

    assert said(handled(order, event, desk))[0].startswith(first)


@pytest.mark.rule("STAGE-1", "STAGE-11")
@pytest.mark.parametrize(("account", "taken"), [("123", True), ("456", False), ("", False)])
def test_who_may_submit_for_an_account_stages_into_it_alone(account: str, taken: bool) -> None:
    desk = permitted("ET1", SUBMIT, account="123", start=NOBODY)

    told = said(Staged().submit(stage("ET1", account), desk))

    assert (told != ["ET1: NewStagedOrder 43, ET1 may not create staged orders"]) is taken


@pytest.mark.rule("STAGE-12")
def test_what_comes_with_managing_without_claiming_can_be_taken_away() -> None:
    both = permitted("ET1", WITHOUT, start=NOBODY).allowed
    less = both.after(SetPermission(user=CompID("ET1"), permission=UNCLAIM, allowed=False))

    assert said(handled(CLAIMED, unclaim("ET1"), SmallDesk(allowed=both)))[0].startswith("Avail")
    assert said(handled(CLAIMED, unclaim("ET1"), SmallDesk(allowed=less))) == [
        "ET1: Unclaim 44, P1 is owned by ET2"
    ]


@pytest.mark.rule("STAGE-11")
def test_what_is_set_for_an_account_counts_before_what_is_set_for_all() -> None:
    for_all = permitted("ET1", MANAGE_OTHERS, start=NOBODY).allowed
    forbidden = for_all.after(
        SetPermission(
            user=CompID("ET1"), permission=MANAGE_OTHERS, allowed=False, account=Account("123")
        )
    )

    assert forbidden.may(CompID("ET1"), MANAGE_OTHERS, Account("456"))
    assert not forbidden.may(CompID("ET1"), MANAGE_OTHERS, Account("123"))
    assert forbidden.may(CompID("ET1"), MANAGE_OTHERS)


# fmt: off
WITHOUT_OMS: dict[str, tuple[DeskEvent, str]] = {
    "claim":   (claim("ET2"),   "ET2: Claim 44, ET2 may not use the OMS"),
    "unclaim": (unclaim("ET2"), "ET2: Unclaim 44, ET2 may not use the OMS"),
    "cancel":  (cancel("ET2"),  "ET2: CancelStagedOrder 45, ET2 may not use the OMS"),
    "change":  (change("ET2"),  "ET2: ChangeStagedOrder 45, ET2 may not use the OMS"),
    "approve": (approve("ET2"), "ET2: ApproveRequest 45, ET2 may not use the OMS"),
    "reject":  (reject("ET2"),  "ET2: RejectRequest 45, ET2 may not use the OMS"),
    "hold":    (hold("ET2"),    "ET2: HoldStagedOrder 5, ET2 may not use the OMS"),
    "child":   (ask("X", 1),    "X 46, ET2 may not use the OMS"),
}
# fmt: on


@pytest.mark.rule("STAGE-13")
@pytest.mark.parametrize(("event", "told"), WITHOUT_OMS.values(), ids=WITHOUT_OMS.keys())
def test_without_oms_allowed_every_act_is_refused(event: DeskEvent, told: str) -> None:
    setting = SetPermission(user=CompID("ET2"), permission=OMS, allowed=False)
    desk = SmallDesk(allowed=XT.after(setting))

    assert said(handled(CANCEL_ASKED, event, desk)) == [told]


@pytest.mark.rule("STAGE-13")
def test_without_oms_allowed_nothing_is_staged() -> None:
    setting = SetPermission(user=CompID("PM1"), permission=OMS, allowed=False)

    assert said(Staged().submit(stage(), SmallDesk(allowed=XT.after(setting)))) == [
        "PM1: NewStagedOrder 43, PM1 may not use the OMS"
    ]


# fmt: off
SOLD = attrs.evolve(CLAIMED, side=Side.SELL)
AT_MARKET = attrs.evolve(CLAIMED, price=None)
HELD_TO_PRICE: dict[str, tuple[StagedOrder, DeskEvent, str]] = {
    "buy, at the limit":    (CLAIMED, ask("X", 1, price=1535200), "room for X"),
    "buy, below":           (CLAIMED, ask("X", 1, price=1535175), "room for X"),
    "buy, above":           (CLAIMED, ask("X", 1, price=1535225),
                             "X 28, X at 15352.25 is worse than P1's limit, 15352.00"),
    "sell, at the limit":   (SOLD, ask("X", 1, side=Side.SELL, price=1535200), "room for X"),
    "sell, above":          (SOLD, ask("X", 1, side=Side.SELL, price=1535225), "room for X"),
    "sell, below":          (SOLD, ask("X", 1, side=Side.SELL, price=1535175),
                             "X 28, X at 15351.75 is worse than P1's limit, 15352.00"),
    "at the market":        (CLAIMED, ask("X", 1, price=None),
                             "X 28, X at the market is worse than P1's limit, 15352.00"),
    "a change to above":    (WORKED, ask("X", 6, price=1535225, changes="C1"),
                             "X 28, X at 15352.25 is worse than P1's limit, 15352.00"),
    "no limit to hold to":  (AT_MARKET, ask("X", 1, price=None), "room for X"),
    "the parent's price":   (CLAIMED, change("ET2", 10, 1535175),
                             "ET2: ChangeStagedOrder 28, ET2 is held to the price of P1"),
}
# fmt: on


@pytest.mark.rule("STAGE-19", "STAGE-24")
@pytest.mark.parametrize(
    ("order", "event", "told"), HELD_TO_PRICE.values(), ids=HELD_TO_PRICE.keys()
)
def test_28_who_is_held_to_price_does_no_worse(
    order: StagedOrder, event: DeskEvent, told: str
) -> None:
    assert said(handled(order, event, permitted("ET2", HELD, account="123"))) == [told]
