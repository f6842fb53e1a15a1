"""Synthetic orders with an SMP id: what their children carry, and what prevention does to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from algos import PLUGINS, SLICERS, enter, step, text
from floors import Told
from sliced import last_update, row, sent

import floorproof
from floorproof.market.identifiers import ClOrdID
from floorproof.market.messages import NewOrderSingle, OrderCancelReplaceRequest
from floorproof.plugins.slicing.slicer import Slicer
from floorproof.runtime.errors import EndlessInstant

EXAMPLES = Path(__file__).parents[3] / "examples"
ID = "1234567"
MARKET = "0s LP enter b1 buy 50 @ 100\n0s LP enter s1 sell 50 @ 101\n"
TYPES = (*SLICERS, "TT_ICEBERG", "TT_TIME_SLICED")
RULES = 'gateway = "CME-A"\nrules = ["cme-smp"]\n[exchange.settings.cme-smp]\n' + (
    f'registered.{ID} = ["AAA"]\nfirms = {{ "CME-A" = "AAA" }}\n'
)


def protected(made: str) -> str:
    """Return a floor's text with self-match prevention at its exchange."""
    return made.replace('name = "CME"\ngateway = "CME-A"', f'name = "CME"\n{RULES}')


def own(at: str, name: str, order: str, **keys: Any) -> str:
    """Return a step with an order of ET2, of the same desk and with its SMP id."""
    side, quantity, symbol, _, price = order.split()
    table = {"id": name, "side": side, "symbol": symbol, "quantity": int(quantity)}
    return step(at, "ET2", "enter", {"order": {**table, "price": price, "smp_id": ID, **keys}})


def scenario_of(
    order: str,
    more: str = "",
    *,
    steps: str = "",
    order_type: str = "TT_TWAP",
    smp: str | None = ID,
    instruction: str | None = None,
    **parameters: Any,
) -> floorproof.Scenario:
    keys = {"smp_id": smp, "smp_instruction": instruction}
    said = {key: value for key, value in keys.items() if value is not None}
    made = enter("1s", "ET1", "t1", order_type, order, parameters=parameters, **said)
    return floorproof.parse(protected(text(MARKET + steps, more=made + more, types=TYPES)), PLUGINS)


def play(order: str, more: str = "", **options: Any) -> Told:
    return Told(floorproof.run(scenario_of(order, more, **options)))


def asked(told: Told) -> list[str]:
    """Return what the gateway has asked of the exchange, but for what SMP is said of it."""
    return [line.partition(", SMP")[0] for line in sent(told)]


def ids(told: Told) -> set[tuple[str | None, str | None]]:
    """Return the SMP ids and instructions of all orders and changes of the gateway."""
    requests = [
        entry.payload.request
        for entry in told.messages
        if entry.sender == "SSE-A" and hasattr(entry.payload, "request")
    ]
    return {
        (each.self_match_prevention_id, each.self_match_prevention_instruction)
        for each in requests
        if isinstance(each, NewOrderSingle | OrderCancelReplaceRequest)
    }


AGGRESSIVE: dict[str, Any] = {"duration": "3s", "max_display": 40, "style": "aggressive"}


@pytest.mark.rule("SLICE-6", "SMP-1", "SMP-2")
@pytest.mark.parametrize("instruction", [None, "O"])
def test_the_desks_resting_order_goes_and_the_twap_trades_behind_it(
    instruction: str | None,
) -> None:
    told = play(
        "buy 7 MNQU3", own("0.5s", "m1", "sell 5 MNQU3 @ 100.50"),
        instruction=instruction, **AGGRESSIVE,
    )  # fmt: skip

    assert ids(told) == {(ID, instruction)}
    assert [fill.last_px for fill in told.payloads("SyntheticFill", "ET1")] == [10_100] * 3
    (canceled,) = told.payloads("OrderCanceled", "ET2")
    assert (canceled.cl_ord_id, canceled.exec_restatement_reason) == ("m1", "103")
    assert row(told).synth_status == "Finished"


def test_without_an_id_it_trades_with_the_desks_own() -> None:
    told = play("buy 7 MNQU3", own("0.5s", "m1", "sell 5 MNQU3 @ 100.50"), smp=None, **AGGRESSIVE)

    assert ids(told) == {(None, None)}
    assert not told.payloads("OrderCanceled", "ET2")
    assert told.payloads("SyntheticFill", "ET1")[0].last_px == 10_050


@pytest.mark.rule("SLICE-6", "TWAP-5")
def test_a_child_that_goes_itself_is_carried_slice_by_slice() -> None:
    told = play(
        "buy 7 MNQU3", own("0.5s", "m1", "sell 5 MNQU3 @ 100.50"),
        instruction="N", **AGGRESSIVE,
    )  # fmt: skip

    # One attempt a slice, and one for the end, none of which is repeated.
    assert asked(told) == [
        "1 x1 Buy 3 @ market IOC",
        "2 x2 Buy 6 @ market IOC",
        "3 x3 Buy 7 @ market IOC",
        "4 x4 Buy 7 @ market IOC",
    ]
    reports = told.payloads("ChildCanceled", "ET1")
    assert [report.exec_restatement_reason for report in reports] == ["107"] * 4
    assert not told.payloads("SyntheticFill")
    assert last_update(told).endswith("7 not filled")


@pytest.mark.rule("SLICE-6")
def test_what_is_carried_is_taken_once_the_desks_own_has_gone() -> None:
    told = play(
        "buy 7 MNQU3",
        own("0.5s", "m1", "sell 5 MNQU3 @ 100.50") + step("2.5s", "ET2", "cancel", {"order": "m1"}),
        instruction="N",
        **AGGRESSIVE,
    )

    assert [fill.last_qty for fill in told.payloads("SyntheticFill", "ET1")] == [7]
    assert row(told).synth_status == "Finished"


@pytest.mark.rule("SLICE-6")
def test_a_child_at_rest_that_is_prevented_waits_for_its_slices_end() -> None:
    told = play(
        "buy 2 MNQU3",
        own("1.5s", "m1", "sell 1 MNQU3 @ 100", time_in_force="ioc"),
        steps="1.2s LP enter h sell 50 @ 100 ioc\n1.6s LP enter b2 buy 50 @ 100\n",
        duration="2s", max_display=50, style="passive",
    )  # fmt: skip

    canceled = told.payloads("ChildCanceled", "ET1")[0]
    assert (canceled.cl_ord_id, canceled.exec_restatement_reason) == ("t1/p1", "103")
    # Nothing is asked between the cancel and the second slice, whatever the market does.
    assert asked(told) == [
        "1 p1 Buy 1 @ 100.00",
        "2 x2 Buy 1 @ market IOC",
        "2 p3 Buy 1 @ 100.00",
        "3 p3.1: cancel p3",
        "3 x4 Buy 1 @ market IOC",
    ]
    assert row(told).cum_qty == 2


@pytest.mark.rule("SLICE-6")
def test_two_orders_of_one_desk_do_not_chase_one_another_for_ever() -> None:
    other = enter(
        "1.5s", "ET2", "t2", "TT_TIME_SLICED", "sell 6 MNQU3 @ 100.50", smp_id=ID,
        parameters={"interval": "1s", "display": 2},
    )  # fmt: skip
    told = play(
        "buy 6 MNQU3 @ 100.50", other, order_type="TT_TIME_SLICED", interval="1s", display=2
    )

    reasons = [
        report.exec_restatement_reason
        for report in told.payloads("ChildCanceled", "SSE-A")
        if report.exec_restatement_reason
    ]
    assert 0 < len(reasons) <= 12
    assert set(reasons) == {"103"}


# --- an iceberg ----------------------------------------------------------------------


def iceberg() -> Told:
    more = own("2s", "m1", "sell 1 MNQU3 @ 100.50", time_in_force="ioc")
    return play(
        "buy 6 MNQU3 @ 100.50", more + step("3s", "ET1", "resume", {"order": "t1"}),
        order_type="TT_ICEBERG", display=4,
    )  # fmt: skip


@pytest.mark.rule("SLICE-6", "ICEBERG-1")
def test_an_iceberg_whose_child_is_prevented_is_paused_and_goes_on_when_asked() -> None:
    told = iceberg()

    assert asked(told) == ["1 p1 Buy 4 @ 100.50", "3 p2 Buy 4 @ 100.50"]
    updates = [line for line in told.to("ET1", "1s") if line.startswith("SyntheticUpdate")]
    assert "Paused" in updates[0]
    assert "self-match prevention" in updates[0]
    assert row(told).synth_status == "Working"


# --- the Would If Price --------------------------------------------------------------


def would_if() -> Told:
    return play(
        "buy 6 MNQU3 @ 101", own("1.5s", "m1", "sell 5 MNQU3 @ 100.50"),
        instruction="N", duration="2s", max_display=50, would_if_price="100.50",
    )  # fmt: skip


@pytest.mark.rule("SLICE-6", "TWAP-12")
def test_a_would_if_price_that_is_the_desks_own_is_tried_once() -> None:
    told = would_if()

    takes = [line for line in asked(told) if line.split()[1].startswith("w")]
    assert takes == ["1.5 w2 Buy 5 @ 100.50 IOC"]


def test_without_the_rule_neither_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slicer, "_prevented", lambda *_: None)

    assert row(iceberg()).synth_status == "Working"
    assert asked(iceberg()) == ["1 p1 Buy 4 @ 100.50"]
    with pytest.raises(EndlessInstant):
        would_if()


# --- changes, children of children, a restart ----------------------------------------


@pytest.mark.rule("SMP-10")
def test_changes_of_the_order_and_of_its_children_keep_the_id() -> None:
    edit = {"order": "t1", "symbol": "MNQU3", "type": "TT_TWAP", "quantity": 9}
    told = play(
        "buy 6 MNQU3 @ 101", step("1.6s", "ET1", "edit", edit),
        steps="1.2s LP enter b2 buy 5 @ 100.25\n", instruction="N", duration="3s", max_display=50,
    )  # fmt: skip

    requests = [
        entry.payload
        for entry in told.messages
        if entry.actor == "CME" and isinstance(entry.payload, OrderCancelReplaceRequest)
    ]
    assert requests, "the child follows the bid"
    assert ids(told) == {(ID, "N")}
    assert told.result.windows()["ET1"].synthetic[ClOrdID("t1")].order_qty == 9


def test_a_child_of_a_child_has_the_id() -> None:
    told = play("buy 4 2xMNQU3 @ 101", instruction="N", duration="3s", max_display=50)

    children = told.payloads("ChildAck", "CME-A")
    assert children
    assert {child.self_match_prevention_id for child in children} == {ID}
    assert ids(told) == {(ID, "N")}


@pytest.mark.parametrize("name", ["autospreader", "autospreader_hedges"])
def test_a_spreads_quotes_and_hedges_have_the_id(name: str) -> None:
    made = (EXAMPLES / f"{name}.toml").read_text()
    marked = made.replace('id = "sp1"', f'id = "sp1", smp_id = "{ID}"')
    assert marked != made
    told = Told(floorproof.run(floorproof.parse(marked, EXAMPLES)))

    assert told.payloads("SyntheticFill")
    assert ids(told) == {(ID, None)}


@pytest.mark.rule("SMP-6", "SMP-7")
@pytest.mark.parametrize(
    ("keys", "why"),
    [({"smp": "7654321"}, "expected one registered to the firm AAA"),
     ({"instruction": "X"}, "expected N or O")],
)  # fmt: skip
def test_an_id_that_the_exchange_refuses_is_refused_child_by_child(
    keys: dict[str, str], why: str
) -> None:
    told = play("buy 7 MNQU3", **keys, **AGGRESSIVE)

    rejects = told.payloads("ChildReject", "ET1")
    assert len(rejects) == 4
    assert all(why in reject.text for reject in rejects)
    assert last_update(told).endswith("7 not filled")
