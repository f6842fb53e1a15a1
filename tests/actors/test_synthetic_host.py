"""The host of order types that act: what it does with their effects, on whole floors.

The order types are strangers' (`synthetic_types`), written against public names.
"""

from __future__ import annotations

import tomllib
from typing import Any

import attrs
import pytest
from algos import PLUGINS, enter, run, step, text
from floors import saying

import floorproof
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, StagedOrderID, Symbol
from floorproof.market.messages import OrderCancelReplaceRequest
from floorproof.market.synthetic import (
    CancelSyntheticOrder,
    EditSyntheticOrder,
    NewSyntheticOrder,
)
from floorproof.runtime.errors import RunError
from floorproof.scenario.errors import ScenarioError

OFFERS = "0s LP enter s1 sell 20 @ 100"
DRIP = enter("1s", "ET1", "t1", "DRIP", "buy 4 MNQU3 @ 100.00")


def test_an_order_works_its_child_in_its_users_name_and_each_fill_is_its_own() -> None:
    told = run(OFFERS, more=enter("1s", "ET1", "t1", "DRIP", "buy 4 MNQU3 @ 100"))

    # The gateway's own traffic is left out: two who share a book see it all.
    assert told.table("1s", inside=["SSE-A OnBehalf NewChildOrder"], without=["LP"]) == [
        "ET1 > SSE-A NewSyntheticOrder: t1 DRIP Buy 4 MNQU3 @ 100.00",
        "SSE-A > ET1 ET2 SyntheticAck: t1 DRIP Waiting, Buy 4 MNQU3 @ 100.00",
        "SSE-A > ET1 ET2 SyntheticUpdate: t1 Working, cum 0, leaves 4",
        "SSE-A > CME-A OnBehalf NewChildOrder: ET1: t1/long Buy 4 MNQU3 @ 100.00, parent t1",
        "CME-A > ET1 ET2 ChildAck: t1/long working 4 @ 100.00",
        "CME-A > ET1 ET2 ChildFill: t1/long 4 @ 100.00, cum 4, leaves 0",
        "SSE-A > ET1 ET2 SyntheticFill: t1 4 @ 100.00 by t1/long, cum 4, leaves 0",
    ]
    row = told.result.windows()["ET1"].synthetic[ClOrdID("t1")]
    assert (row.synth_status, row.cum_qty, row.leaves_qty) == ("Finished", 4, 0)


def test_the_gateway_watches_a_market_while_an_order_that_lives_needs_it() -> None:
    told = run(OFFERS, more=enter("1s", "ET1", "t1", "DRIP", "buy 4 MNQU3 @ 100"))

    asked = [each.payload for each in told.messages if each.kind == "MarketDataRequest"]
    assert [str(each.subscription_request_type.name) for each in asked] == [
        "SNAPSHOT_PLUS_UPDATES",
        "DISABLE_PREVIOUS",
    ]
    assert told.result.facts("warning") == (
        "MNQU3 () ((10000, 20),)",
        "MNQU3 () ((10000, 16),)",
    )


# --- nesting -------------------------------------------------------------------------


def test_the_child_of_one_order_type_is_the_order_of_another() -> None:
    told = run(
        OFFERS,
        more=enter("1s", "ET1", "t1", "DRIP", "buy 3 2xMNQU3 @ 100", parameters={"lots": 2}),
    )

    lines = told.table("1s", inside=["SSE-A OnBehalf NewChildOrder"], without=["LP", "ET2"])
    assert lines == [
        "ET1 > SSE-A NewSyntheticOrder: t1 DRIP Buy 3 2xMNQU3 @ 100.00",
        "SSE-A > ET1 SyntheticAck: t1 DRIP Waiting, Buy 3 2xMNQU3 @ 100.00",
        "SSE-A > ET1 SyntheticUpdate: t1 Working, cum 0, leaves 3",
        "SSE-A > ET1 SyntheticAck: t1/long DOUBLE Working, Buy 3 2xMNQU3 @ 100.00",
        "SSE-A > CME-A OnBehalf NewChildOrder: ET1: t1/long/1 Buy 4 MNQU3 @ 100.00, parent t1/long",
        "CME-A > ET1 ChildAck: t1/long/1 working 4 @ 100.00",
        "CME-A > ET1 ChildFill: t1/long/1 4 @ 100.00, cum 4, leaves 0",
        "SSE-A > ET1 SyntheticFill: t1/long leg Buy MNQU3 4 @ 100.00 by t1/long/1, cum 0, leaves 3",
        "SSE-A > ET1 SyntheticFill: t1/long 2 @ 100.00 by t1/long/1, cum 2, leaves 1",
        "SSE-A > ET1 SyntheticFill: t1 2 @ 100.00 by t1/long, cum 2, leaves 1",
        # A second later the disclosed quantity is raised, and the rest is worked.
        "SSE-A > ET1 SyntheticUpdate: t1/long Working, cum 2, leaves 1: changed",
        "SSE-A > CME-A OnBehalf NewChildOrder: ET1: t1/long/2 Buy 2 MNQU3 @ 100.00, parent t1/long",
        "CME-A > ET1 ChildAck: t1/long/2 working 2 @ 100.00",
        "CME-A > ET1 ChildFill: t1/long/2 2 @ 100.00, cum 2, leaves 0",
        "SSE-A > ET1 SyntheticFill: t1/long leg Buy MNQU3 2 @ 100.00 by t1/long/2, cum 2, leaves 1",
        "SSE-A > ET1 SyntheticFill: t1/long 1 @ 100.00 by t1/long/2, cum 3, leaves 0",
        "SSE-A > ET1 SyntheticFill: t1 1 @ 100.00 by t1/long, cum 3, leaves 0",
    ]


def test_a_made_market_moves_as_its_leg_does() -> None:
    told = run(
        "0s LP enter s1 sell 20 @ 100\n3s LP enter s2 sell 1 @ 100\n4s LP enter s3 sell 1 @ 100",
        more=enter("1s", "ET1", "t1", "DRIP", "buy 1 2xMNQU3 @ 99"),
    )

    # One lot more is no more of an instrument of two; and its own bid is none of its market,
    # though market data, which is here before the report, has it.
    assert told.result.facts("warning") == (
        "2xMNQU3 () ((10000, 10),)",
        "2xMNQU3 () ((10000, 11),)",
    )


def test_canceling_an_order_takes_the_children_of_its_children_off() -> None:
    told = run(
        "5s ET1 cancel t1",
        more=enter("1s", "ET1", "t1", "DRIP", "buy 3 2xMNQU3 @ 100"),
    )

    lines = told.table("5s", without=["ET2"])
    assert lines[0] == "ET1 > SSE-A CancelSyntheticOrder: t1"
    assert lines[-2:] == [
        "SSE-A > ET1 SyntheticUpdate: t1/long Canceled, cum 0, leaves 0",
        "SSE-A > ET1 SyntheticUpdate: t1 Canceled, cum 0, leaves 0: its child is over",
    ]
    window = told.result.windows()["ET1"]
    assert [row.leaves_qty for row in window.orders.values()] == [0, 0, 0]


def test_a_user_may_enter_an_order_in_a_made_instrument_himself() -> None:
    order = {"id": "d1", "symbol": "2xMNQU3", "side": "buy", "quantity": 1, "price": "100"}
    told = run(OFFERS, more=step("1s", "ET1", "enter", {"order": order}))

    assert "SyntheticFill d1 1 @ 100.00 by d1/1, cum 1, leaves 0" in told.to("ET1")


# --- under a staged order ------------------------------------------------------------

STAGED = """
    0s LP enter s1 sell 20 @ 100
    0s PM1 stage P1 buy 10 @ 100 for 123
    0.5s ET2 claim P1
"""


def test_an_order_under_a_staged_one_takes_its_room_and_fills_it() -> None:
    told = run(STAGED, more=enter("1s", "ET2", "t1", "DRIP", "buy 4 MNQU3 @ 100", parent="P1"))

    assert told.table("1s", without=["LP"]) == [
        "ET2 > SSE-A NewSyntheticOrder: t1 DRIP Buy 4 MNQU3 @ 100.00, parent P1",
        "SSE-A > ET1 ET2 PM1 SyntheticAck: t1 DRIP Waiting, Buy 4 MNQU3 @ 100.00",
        "SSE-A > ET1 ET2 PM1 StagedUpdate: P1 Working, owner ET2, cum 0, working 4, free 6",
        "SSE-A > ET1 ET2 PM1 SyntheticUpdate: t1 Working, cum 0, leaves 4",
        "CME-A > ET1 ET2 PM1 ChildAck: t1/long working 4 @ 100.00",
        "CME-A > ET1 ET2 PM1 ChildFill: t1/long 4 @ 100.00, cum 4, leaves 0",
        "SSE-A > ET1 ET2 PM1 SyntheticFill: t1 4 @ 100.00 by t1/long, cum 4, leaves 0",
        "SSE-A > ET1 ET2 PM1 ParentPartialFill: P1 4 @ 100.00 by t1, cum 4, leaves 6, "
        "Partially Filled",
    ]


def test_a_staged_order_gives_no_more_room_than_it_has() -> None:
    edits = "".join(
        step(at, "ET2", "edit", {"order": "t1", "symbol": "MNQU3", "type": "DRIP", **keys})
        for at, keys in {
            "2s": {"quantity": 12},
            "3s": {"quantity": 8},
            "4s": {"quantity": 9},
            "5s": {"quantity": 2},
        }.items()
    )
    told = run(
        "0s PM1 stage P1 buy 10 @ 100 for 123\n0.5s ET2 claim P1",
        more=enter("1s", "ET2", "t0", "DRIP", "buy 11 MNQU3 @ 100", parent="P1")
        + enter("1s", "ET2", "t1", "DRIP", "buy 4 MNQU3 @ 100", parent="P1")
        + edits,
    )

    assert [line for line in told.to("ET2") if line.startswith("SyntheticReject")] == [
        "SyntheticReject t0 NewSyntheticOrder refused: 4 INVALID_QTY: "
        "P1 has 10 free, t0 asks for 11",
        "SyntheticReject t1 EditSyntheticOrder refused: 39 CHILD_ORDER_QTY_CHANGE_FORBIDDEN: "
        "P1 has 10 free, t1~1 asks for 12",
        "SyntheticReject t1 EditSyntheticOrder refused: odd quantities are not for us",
    ]
    # What was given for the edit that was refused has been given back.
    updates = [line for line in told.to("ET2") if line.startswith("StagedUpdate")]
    assert updates[-1] == "StagedUpdate P1 Working, owner ET2, cum 0, working 2, free 8"


def test_canceling_a_staged_order_takes_the_orders_under_it_off() -> None:
    told = run(
        "0s PM1 stage P1 buy 10 @ 100 for 123\n0.5s ET2 claim P1\n4s ET2 cancel_staged P1",
        more=enter("1s", "ET2", "t1", "DRIP", "buy 4 MNQU3 @ 100", parent="P1"),
    )

    lines = [line for line in told.to("PM1", "4s") if "Update" in line]
    assert lines[-2:] == [
        "SyntheticUpdate t1 Canceled, cum 0, leaves 0: its child is over",
        "StagedUpdate P1 Canceled, owner ET2, cum 0, working 0, free 0",
    ]
    assert all(not row.leaves_qty for row in told.result.windows()["ET2"].orders.values())


def test_a_price_that_is_pushed_to_the_orders_under_a_staged_one_arrives() -> None:
    told = run(
        "0s PM1 stage P1 buy 10 @ 100 for 123\n0.5s ET2 claim P1\n"
        "4s PM1 change_staged P1 @ 99\n5s ET2 approve P1 push",
        more=enter("1s", "ET2", "t1", "DRIP", "buy 4 MNQU3 @ 100", parent="P1"),
    )

    assert "SyntheticUpdate t1 Working, cum 0, leaves 4: changed" in told.to("PM1", "5s")
    row = told.result.windows()["PM1"].synthetic[ClOrdID("t1")]
    assert row.price == 9_900


# --- what is refused -----------------------------------------------------------------

ET1, MNQ = CompID("ET1"), Symbol("MNQU3")


def new(**fields: Any) -> NewSyntheticOrder:
    order = NewSyntheticOrder(
        sender_comp_id=ET1,
        cl_ord_id=ClOrdID("t1"),
        order_type="DRIP",
        symbol=MNQ,
        side=Side.BUY,
        order_qty=4,
        price=10_000,
    )
    return attrs.evolve(order, **fields)


def edit(**fields: Any) -> EditSyntheticOrder:
    return EditSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t1"), **fields)


# fmt: off
REFUSED = {
    "another's name":    ([new(sender_comp_id=CompID("ET2"))], "ET2 is not logged in here as ET1"),
    "unknown type":      ([new(order_type="TWIP")], "there is no order type 'TWIP' here; there are:"
                          " DRIP, DOUBLE, RESTLESS, CLUMSY, DICE"),
    "unknown symbol":    ([new(symbol=Symbol("ESU3"))], "no instrument 'ESU3' is known here; there"
                          " are: MNQU3, MESU3, 2xMNQU3"),
    "wrong parameters":  ([new(parameters={"lots": 2})],
                          "parameters: expected Release, found dict"),
    "parameters of none":([new(order_type="DICE", parameters=3)],
                          "parameters: expected none, found int"),
    "name used":         ([new(), new()], "the name t1 has been used"),
    "unknown order":     ([CancelSyntheticOrder(sender_comp_id=ET1, cl_ord_id=ClOrdID("t9"))],
                          "ET1 has no synthetic order t9 here"),
    "unknown parameter": ([new(), edit(parameters={"lot": 2})],
                          "no parameter 'lot'; there are: lots"),
    "by its type":       ([new(), edit(order_qty=5)], "odd quantities are not for us"),
    "over":              ([new(order_type="DICE"), edit(order_qty=5)], "t1 is Finished"),
    "a made instrument of a staged order": (
        [new(symbol=Symbol("2xMNQU3"), parent_id=StagedOrderID("P1"))],
        "2xMNQU3 is no exchange's instrument: P1 has none"),
    "another's order":   ([new(), CancelSyntheticOrder(sender_comp_id=CompID("ET2"),
                                                       cl_ord_id=ClOrdID("t1"))],
                          "ET1 has no synthetic order t1 here"),
}
# fmt: on


@pytest.mark.parametrize(("requests", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_to_its_sender_alone(
    requests: list[object], why: str
) -> None:
    said = [(number, "SSE-A", request) for number, request in enumerate(requests)]

    told = run("", guests={"ET1": saying(*said)})

    refused = [each for each in told.messages if each.kind == "SyntheticReject"]
    assert [(each.actor, each.payload.text) for each in refused] == [("ET1", why)]


MISSED = "t1/long is a child of t1, which would miss what its children fill"
# fmt: off
DELETED = {
    "a child":          ("t1/long", MISSED),
    "a child's parent": ("t1", "t1 has children that are orders of SSE-A"),
}
# fmt: on


@pytest.mark.parametrize(("name", "why"), DELETED.values(), ids=DELETED.keys())
def test_an_order_among_orders_is_not_deleted_without_its_children(name: str, why: str) -> None:
    deletes = step("5s", "ET1", "cancel", {"order": name}) + "keep_children = true\n"

    told = run("", more=enter("1s", "ET1", "t1", "DRIP", "buy 3 2xMNQU3 @ 100") + deletes)

    assert told.to("ET1", "5s") == [f"SyntheticReject {name} CancelSyntheticOrder refused: {why}"]


def test_only_who_is_logged_in_enters_an_order() -> None:
    told = run("", guests={"LP": saying((0, "SSE-A", new(sender_comp_id=CompID("LP"))))})

    assert told.to("LP") == [
        "SyntheticReject t1 NewSyntheticOrder refused: LP is not logged in here as LP"
    ]


def test_a_child_is_its_order_types_to_change_and_its_users_to_cancel() -> None:
    change = OrderCancelReplaceRequest(
        sender_comp_id=ET1,
        cl_ord_id=ClOrdID("x"),
        orig_cl_ord_id=ClOrdID("t1/long.3"),
        symbol=MNQ,
        side=Side.BUY,
        order_qty=9,
        price=10_000,
    )
    told = run("", guests={"ET1": saying((0, "SSE-A", new()), (9, "CME-A", change))})
    canceled = run(
        "2.5s ET1 cancel t1/long", more=enter("1s", "ET1", "t1", "DRIP", "buy 4 MNQU3 @ 9")
    )

    assert told.to("ET1")[-1].startswith("CancelReject x of t1/long.3: 46")
    assert canceled.to("ET1")[-1] == (
        "SyntheticUpdate t1 Canceled, cum 0, leaves 0: its child is over"
    )


# --- the machinery -------------------------------------------------------------------


def test_an_order_type_that_never_comes_to_an_end_stops_the_run_and_is_named() -> None:
    with pytest.raises(RunError, match=r"more than 10000 events of its order types.*MNQU3"):
        run("", more=enter("1s", "ET1", "t1", "RESTLESS", "buy 4 MNQU3 @ 100"))


def test_an_order_type_that_raises_stops_the_run_and_is_named() -> None:
    with pytest.raises(RunError, match="order type 'CLUMSY' raised RuntimeError: out of its depth"):
        run("", more=enter("1s", "ET1", "t1", "CLUMSY", "buy 4 MNQU3 @ 100"))


def test_each_order_draws_from_a_stream_of_its_own_and_a_record_repeats_it() -> None:
    more = enter("1s", "ET1", "a", "DICE", "buy 1 MNQU3") + enter(
        "2s", "ET1", "b", "DICE", "buy 1 MNQU3"
    )
    first, second = run("", more=more, seed=3), run("", more=more, seed=4)

    drawn = [update.text for update in first.payloads("SyntheticUpdate", "ET1")]
    assert len(set(" ".join(drawn).split())) == 4
    assert [update.text for update in second.payloads("SyntheticUpdate", "ET1")] != drawn
    recorded = {name for name in first.result.choices if name.startswith("draw SSE-A/order a")}
    assert recorded == {"draw SSE-A/order a 1", "draw SSE-A/order a 2"}


def test_pause_resume_and_the_end_of_a_session_are_the_order_types_to_answer() -> None:
    told = run(
        "",
        more=DRIP
        + step("3s", "ET1", "pause", {"order": "t1"})
        + step("4s", "ET1", "resume", {"order": "t1"})
        + step("5s", "ET1", "log_off", {}),
    )

    updates = told.payloads("SyntheticUpdate", "ET1")
    assert [(each.synth_status.value, each.text) for each in updates][-3:] == [
        ("Paused", ""),
        ("Working", ""),
        ("Unmanaged", "its user has gone"),
    ]


def test_a_screen_has_no_button_for_what_it_does_not_show() -> None:
    told = run("", more=step("3s", "ET1", "pause", {"order": "t1"}))

    assert told.result.facts("not possible") == (
        {"act": "PauseSynthetic", "why": "ET1 has no synthetic order t1"},
    )


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_floors_with_such_orders_have_one_digest(seed: int | None, in_place: bool) -> None:
    scenario = floorproof.parse(
        text(
            STAGED,
            more=enter("1s", "ET2", "t1", "DRIP", "buy 4 MNQU3 @ 100", parent="P1")
            + enter("1s", "ET1", "t2", "DRIP", "buy 3 2xMNQU3 @ 100"),
            links=["SSE-A CME-A 3ms 2ms", "CME SSE-A 1ms 4ms", "CME-A SSE-A 1ms 3ms"],
        ),
        PLUGINS,
    )

    told = floorproof.run(scenario, seed=seed)

    assert floorproof.run(scenario, seed=seed, in_place=in_place).digest == told.digest
    row = told.windows()["ET1"].synthetic[ClOrdID("t2")]
    assert (row.cum_qty, row.synth_status) == (3, "Finished")


# fmt: off
BAD = {
    "unknown type": (enter("1s", "ET1", "t1", "DRIB", "buy 1 MNQU3"),
                     "step[0]", "no order type named 'DRIB'; did you mean DRIP?"),
    "unknown parameter": (enter("1s", "ET1", "t1", "DRIP", "buy 1 MNQU3", parameters={"lot": 2}),
                          "step[0]", "step[0].order.parameters: unknown key 'lot'"),
    "no parameters": (enter("1s", "ET1", "t1", "DICE", "buy 1 MNQU3", parameters={"lot": 2}),
                      "step[0]", "a DICE order has none"),
    "a plain order's": (enter("1s", "ET1", "t1", "limit", "buy 1 MNQU3 @ 9", parent="P1"),
                        "step[0]", "order.parent: a plain order of an exchange has none"),
    "a stop": (enter("1s", "ET1", "t1", "DRIP", "buy 1 MNQU3 @ 9", stop="7"),
               "step[0]", "order.stop: a DRIP order has none"),
    "no login": (enter("1s", "LP", "t1", "DRIP", "buy 1 MNQU3 @ 9"),
                 "step[0]", "no order type named 'DRIP'"),
    "made elsewhere": (step("1s", "PM1", "stage", {"order": {
        "id": "P", "symbol": "2xMNQU3", "side": "buy", "quantity": 1}}),
        "step[0]", "2xMNQU3 is made by DOUBLE, and listed at no exchange"),
}
# fmt: on


@pytest.mark.parametrize(("more", "where", "what"), BAD.values(), ids=BAD.keys())
def test_a_step_that_cannot_be_is_refused_before_the_run(more: str, where: str, what: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        floorproof.parse(text("", more=more), PLUGINS)

    assert what in str(refused.value)


def test_what_an_order_type_cannot_make_is_refused_before_the_run() -> None:
    made = text("").replace(
        "[gateway.settings.BROKER]",
        '[gateway.settings.DOUBLE]\nof = ["ESU3"]\n[gateway.settings.BROKER]',
    )
    assert tomllib.loads(made)

    with pytest.raises(ScenarioError, match="of: no exchange lists 'ESU3'"):
        floorproof.parse(made, PLUGINS)
