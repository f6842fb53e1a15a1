"""The order type BROKER: staging, claiming, children, and the room that they have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from desks import (
    DESK,
    WORKED,
    after,
    ask,
    change_refused,
    claim,
    handled,
    parent,
    report,
    stage,
)

from floorproof.market.fix import ExecType, Side
from floorproof.market.staging import (
    ChildRefused,
    ChildReserved,
    ParentPartialFill,
    ReserveChild,
    StagedReject,
    StagedStatus,
    StagedUpdate,
)
from floorproof.plugins.desk import Announce, DeskEffect, DeskEvent, Keep, Tell, Warn
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

# --- staging -------------------------------------------------------------------------

# fmt: off
REFUSED_AT_ENTRY = {
    "without permission":
        (Staged(), "ET1", 1535200, 43, "ET1 may not create staged orders"),
    "price off tick":
        (Staged(), "PM1", 1535210, 28, "price 15352.10 is not a multiple of 0.25"),
    "staging disabled":
        (Staged(staging_enabled=False), "PM1", 1535200, 43, "staging is disabled here"),
}
# fmt: on


@pytest.mark.rule("STAGE-1", "STAGE-10")
@pytest.mark.parametrize(
    ("order_type", "user", "price", "code", "text"),
    REFUSED_AT_ENTRY.values(),
    ids=REFUSED_AT_ENTRY.keys(),
)
def test_a_staged_order_is_refused_to_its_sender_alone(
    order_type: Staged, user: str, price: int, code: int, text: str
) -> None:
    [effect] = order_type.submit(stage(user, price=price), DESK)

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, StagedReject)
    assert (effect.message.target_comp_id, effect.message.refused) == (user, "NewStagedOrder")
    assert (effect.message.code, effect.message.text) == (code, text)


@pytest.mark.rule("STAGE-2")
def test_a_staged_order_is_kept_and_then_acknowledged_to_all_who_see_it() -> None:
    keep, announce = Staged().submit(stage(), DESK)

    assert keep == Keep(parent())
    assert isinstance(announce, Announce)
    ack: Any = announce.message
    assert (ack.status, ack.owner, ack.leaves_qty) == (StagedStatus.AVAILABLE, None, 10)


# fmt: off
ACCOUNTS = {
    "his own":          ("123", []),
    "none":             ("",    []),
    "one nobody has":   ("999", ["P1 is for account 999, which nobody has"]),
}
# fmt: on


@pytest.mark.rule("STAGE-9")
@pytest.mark.parametrize(("account", "warnings"), ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_an_account_that_nobody_has_is_taken_with_a_warning(
    account: str, warnings: list[str]
) -> None:
    effects = list(Staged().submit(stage(account=account), DESK))

    assert isinstance(effects[0], Keep)
    assert [effect.text for effect in effects if isinstance(effect, Warn)] == warnings


# --- claiming ------------------------------------------------------------------------

# fmt: off
REFUSED_CLAIMS = {
    "no management permission": (parent(),              "PM1", "PM1 may not manage staged orders"),
    "already owned":            (parent("ET2"),         "ET1", "P1 is already owned by ET2"),
    "already one's own":        (parent("ET2"),         "ET2", "P1 is already owned by ET2"),
    "filled":                   (parent("ET2", cum=10), "ET1", "P1 is filled"),
}
# fmt: on


@pytest.mark.rule("STAGE-3", "STAGE-4")
@pytest.mark.parametrize(
    ("order", "user", "text"), REFUSED_CLAIMS.values(), ids=REFUSED_CLAIMS.keys()
)
def test_a_claim_is_refused_with_44_to_its_sender_alone(
    order: StagedOrder, user: str, text: str
) -> None:
    [effect] = handled(order, claim(user))

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, StagedReject)
    assert (effect.message.target_comp_id, effect.message.refused) == (user, "Claim")
    assert (effect.message.code, effect.message.text) == (44, text)


@pytest.mark.rule("STAGE-4")
def test_a_claim_gives_an_available_order_its_owner() -> None:
    keep, announce = handled(parent(), claim("ET1"))

    assert keep == Keep(parent("ET1"))
    assert isinstance(announce, Announce)
    update: Any = announce.message
    assert (update.status, update.owner, update.free_qty) == (StagedStatus.CLAIMED, "ET1", 10)


# --- children ------------------------------------------------------------------------

# fmt: off
REFUSED_CHILDREN = {
    "not the owner":       (ask("X", 1, user="ET1"), 46, "P1 is owned by ET2"),
    "beyond free":         (ask("X", 5), 4, "P1 has 4 free, X asks for 5"),
    "change beyond free":  (ask("X", 11, changes="C1"), 39, "P1 has 10 free, X asks for 11"),
    "other side":          (ask("X", 1, side=Side.SELL), 5,
                            "a child of P1 has its side and its instrument, MNQU3"),
    "other instrument":    (ask("X", 1, symbol="MESU3"), 5,
                            "a child of P1 has its side and its instrument, MNQU3"),
    "another PM's account": (ask("X", 1, account="456"), 5,
                            "account 456 is neither P1's nor the desk's"),
    "account of a PM in the desk's book": (ask("X", 1, account="789"), 5,
                            "account 789 is neither P1's nor the desk's"),
    "change to another PM's account": (ask("X", 6, account="456", changes="C1"), 5,
                            "account 456 is neither P1's nor the desk's"),
}
# fmt: on


@pytest.mark.rule("STAGE-5", "STAGE-6", "STAGE-7")
@pytest.mark.parametrize(
    ("asked", "code", "text"), REFUSED_CHILDREN.values(), ids=REFUSED_CHILDREN.keys()
)
def test_a_child_is_refused_to_its_gateway_alone(asked: ReserveChild, code: int, text: str) -> None:
    [effect] = handled(WORKED, asked)

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, ChildRefused)
    assert (effect.message.target_comp_id, effect.message.user) == ("CME-A", asked.user)
    assert (effect.message.code, effect.message.text) == (code, text)


@pytest.mark.rule("STAGE-5")
def test_nobody_works_an_order_without_an_owner() -> None:
    [effect] = handled(parent(), ask("C1", 1))

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, ChildRefused)
    assert (effect.message.code, effect.message.text) == (46, "P1 has no owner")


@pytest.mark.rule("STAGE-7")
@pytest.mark.parametrize(
    "account", ["", "123", "E2", "E1", "HOUSE"], ids=["none", "parent's", "own", "desk's", "house"]
)
def test_a_child_goes_into_any_account_that_is_no_other_customers(account: str) -> None:
    keep, tell = handled(WORKED, ask("C2", 4, account=account))

    assert isinstance(keep, Keep)
    assert isinstance(tell, Tell)
    assert isinstance(tell.message, ChildReserved)
    assert tell.message.beneficiaries == ("PM1",)


# --- room ----------------------------------------------------------------------------

# fmt: off
ROOM = {
    # what happens to an order of 10 that ET2 owns                       working, free, status
    "asked":            ([ask("C1", 6)],                                        6, 4, "Working"),
    "rejected":         ([ask("C1", 6),
                          report("C1", ExecType.REJECTED, 6, leaves=0, cum=0)], 0, 10, "Claimed"),
    "partly filled":    ([ask("C1", 6),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4)],
                                                                        2, 4, "Partially Filled"),
    "canceled":         ([ask("C1", 6),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=0, orig="C1")],
                                                                                0, 10, "Claimed"),
    "partly filled, then canceled":
                        ([ask("C1", 6),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=4, orig="C1")],
                                                                        0, 6, "Partially Filled"),
    "expired":          ([ask("C1", 6),
                          report("C1", ExecType.EXPIRED, 6, leaves=0, cum=0)],  0, 10, "Claimed"),
    "a larger quantity asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1")],           9, 1, "Working"),
    "a larger quantity refused":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"), change_refused("C1a", "C1")],
                                                                                6, 4, "Working"),
    "a larger quantity given":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1a", ExecType.REPLACED, 9, leaves=9, cum=0, orig="C1")],
                                                                                9, 1, "Working"),
    "a smaller quantity asked keeps the room":
                        ([ask("C1", 6), ask("C1a", 2, changes="C1")],           6, 4, "Working"),
    "a smaller quantity given":
                        ([ask("C1", 6), ask("C1a", 2, changes="C1"),
                          report("C1a", ExecType.REPLACED, 2, leaves=2, cum=0, orig="C1")],
                                                                                2, 8, "Working"),
    "a fill while a larger quantity is asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4)],
                                                                        5, 1, "Partially Filled"),
    "filled while a larger quantity is asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1", ExecType.TRADE, 6, leaves=0, cum=6, last=6),
                          change_refused("C1a", "C1")],
                                                                        0, 4, "Partially Filled"),
    "filled whole":     ([ask("C1", 10),
                          report("C1", ExecType.TRADE, 10, leaves=0, cum=10, last=10)],
                                                                                0, 0, "Filled"),
    # Names of requests that came to nothing may be used again.
    "a rejected child's name used again":
                        ([ask("C1", 6),
                          report("C1", ExecType.REJECTED, 6, leaves=0, cum=0),
                          ask("C1", 7)],                                        7, 3, "Working"),
    "a rejected child's name used for a cancel":
                        ([ask("C1", 6), ask("x", 1),
                          report("x", ExecType.REJECTED, 1, leaves=0, cum=0),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=0, orig="C1")],
                                                                                0, 10, "Claimed"),
    # Two changes of one child are under way; the venue refuses one.
    "the first of two changes refused":
                        ([ask("C1", 2), ask("C1a", 5, changes="C1"), ask("C1b", 9, changes="C1"),
                          change_refused("C1a", "C1")],                         9, 1, "Working"),
    "the first of two changes refused, the second given":
                        ([ask("C1", 2), ask("C1a", 9, changes="C1"), ask("C1b", 5, changes="C1"),
                          change_refused("C1a", "C1"),
                          report("C1b", ExecType.REPLACED, 5, leaves=5, cum=0, orig="C1")],
                                                                                5, 5, "Working"),
    "the first of two changes given, the second refused":
                        ([ask("C1", 2), ask("C1a", 5, changes="C1"), ask("C1b", 9, changes="C1"),
                          report("C1a", ExecType.REPLACED, 5, leaves=5, cum=0, orig="C1"),
                          change_refused("C1b", "C1")],                         5, 5, "Working"),
    "a cancel refused while a change is under way":
                        ([ask("C1", 2), ask("C1a", 9, changes="C1"), change_refused("x", "C1")],
                                                                                9, 1, "Working"),
}
# fmt: on


@pytest.mark.rule("STAGE-6")
@pytest.mark.parametrize(("events", "working", "free", "status"), ROOM.values(), ids=ROOM.keys())
def test_what_children_hold_and_what_is_free_after(
    events: list[DeskEvent], working: int, free: int, status: str
) -> None:
    order = after(parent("ET2"), *events)

    assert (order.working_qty, order.free_qty, order.status) == (working, free, status)


@pytest.mark.rule("STAGE-8")
def test_a_childs_fill_is_announced_as_its_parents_of_the_same_quantity_and_price() -> None:
    effects = handled(WORKED, report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4))

    [fill] = [effect.message for effect in effects if isinstance(effect, Announce)]
    assert isinstance(fill, ParentPartialFill)
    assert (fill.child_id, fill.last_qty, fill.last_px) == ("C1", 4, 1535150)
    assert (fill.cum_qty, fill.leaves_qty, fill.working_qty) == (4, 6, 2)


def updates(effects: Iterable[DeskEffect]) -> list[tuple[int, int]]:
    """Return working and free quantity of the updates among *effects*."""
    return [
        (effect.message.working_qty, effect.message.free_qty)
        for effect in effects
        if isinstance(effect, Announce) and isinstance(effect.message, StagedUpdate)
    ]


def test_a_rejected_child_that_nobody_has_heard_of_is_not_announced() -> None:
    order = after(parent("ET2"), ask("C1", 6))

    assert not updates(handled(order, report("C1", ExecType.REJECTED, 6, leaves=0, cum=0)))


def test_a_rejected_child_that_windows_count_as_working_is_taken_back() -> None:
    order = after(
        parent("ET2"),
        ask("C1", 6),
        ask("C2", 3),
        report("C1", ExecType.NEW, 6, leaves=6, cum=0),  # shows 9 working
    )

    rejected = handled(order, report("C2", ExecType.REJECTED, 3, leaves=0, cum=0))

    assert updates(rejected) == [(6, 4)]


def test_a_refused_change_that_windows_count_as_working_is_taken_back() -> None:
    order = after(
        WORKED,
        ask("C1a", 9, changes="C1"),
        report("C1", ExecType.TRADE, 6, leaves=5, cum=1, last=1),  # shows 8 working
    )

    assert updates(handled(order, change_refused("C1a", "C1"))) == [(5, 4)]
