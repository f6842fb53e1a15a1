"""TT TWAP on whole floors: its styles, its end, what its user may ask, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from algos import PLUGINS as FOLDER
from algos import SLICERS, enter, run, step, text
from floors import Told
from sliced import last_update, row, sent

import floorproof

MARKET = """
    0s LP enter b1 buy 50 @ 100
    0s LP enter s1 sell 50 @ 101
"""


def twap(order: str, at: str = "1s", parent: str | None = None, **parameters: Any) -> str:
    more = {"parent": parent} if parent else {}
    return enter(
        at, "ET2" if parent else "ET1", "t1", "TT_TWAP", order, parameters=parameters, **more
    )


def ask(at: str, do: str, **table: Any) -> str:
    return step(at, "ET1", do, {"order": "t1", **table})


def edit(at: str, **table: Any) -> str:
    return ask(at, "edit", symbol="MNQU3", type="TT_TWAP", **table)


def play(steps: str = MARKET, *, more: str, **options: Any) -> Told:
    return run(steps, more=more, types=SLICERS, **options)


# --- styles --------------------------------------------------------------------------


@pytest.mark.rule("TWAP-1", "TWAP-5", "SLICE-2")
def test_aggressive_takes_each_slice_as_it_begins() -> None:
    told = play(more=twap("buy 7 MNQU3", duration="3s", max_display=40, style="aggressive"))

    assert sent(told) == [
        "1 x1 Buy 3 @ market IOC",
        "2 x2 Buy 3 @ market IOC",
        "3 x3 Buy 1 @ market IOC",
    ]
    fills = told.payloads("SyntheticFill", "ET1")
    assert [(fill.last_qty, fill.cum_qty, fill.child_id) for fill in fills] == [
        (3, 3, "t1/x1"),
        (3, 6, "t1/x2"),
        (1, 7, "t1/x3"),
    ]
    assert (row(told).synth_status, row(told).traded) == ("Finished", 7 * 10_100)


@pytest.mark.rule("TWAP-6")
def test_passive_rests_at_the_bid_and_takes_what_is_left_at_the_slices_end() -> None:
    told = play(
        MARKET + "1.5s LP enter h1 sell 51 @ 100",
        more=twap("buy 2 MNQU3", duration="2s", max_display=50, style="passive"),
    )

    # The bid before ours, then ours, is hit; the second slice is left, and taken.
    assert sent(told) == [
        "1 p1 Buy 1 @ 100.00",
        "2 p2 Buy 1 @ 100.00",
        "3 p2.1: cancel p2",
        "3 x3 Buy 1 @ market IOC",
    ]
    assert [fill.last_px for fill in told.payloads("SyntheticFill", "ET1")] == [10_000, 10_100]


@pytest.mark.rule("TWAP-6")
def test_a_passive_slice_follows_the_best_bid_of_the_others() -> None:
    told = play(
        MARKET
        + "1.2s LP enter b2 buy 5 @ 100.50\n1.4s LP enter b3 buy 5 @ 100.75\n1.6s LP cancel b3\n"
        + "1.7s LP cancel b2",
        more=twap("buy 1 MNQU3", duration="1s", style="passive"),
    )

    assert sent(told) == [
        "1 p1 Buy 1 @ 100.00",
        "1.2 p1.1: p1 to Buy 1 @ 100.50",
        "1.4 p1.2: p1.1 to Buy 1 @ 100.75",
        "1.6 p1.3: p1.2 to Buy 1 @ 100.50",
        "1.7 p1.4: p1.3 to Buy 1 @ 100.00",
        "2 p1.5: cancel p1.4",
        "2 x2 Buy 1 @ market IOC",
    ]


@pytest.mark.rule("TWAP-6")
@pytest.mark.parametrize("late", ["CME SSE-A 70ms", "CME-A SSE-A 70ms"])
def test_a_slice_does_not_chase_itself_where_market_data_or_reports_are_late(late: str) -> None:
    told = play(
        MARKET + "2s LP enter b2 buy 1 @ 100.50\n3s LP cancel b2\n4s LP enter b3 buy 2 @ 100.25",
        more=twap("buy 3 MNQU3", duration="5s", max_display=100, style="aggressive").replace(
            "aggressive", "passive"
        ),
        links=["SSE-A CME-A 40ms", late],
        seed=3,
    )

    changes = [line.rpartition("@ ")[2] for line in sent(told) if " to " in line]
    assert changes == ["100.50", "100.00", "100.25"]


@pytest.mark.rule("TWAP-6")
def test_with_nobody_else_on_its_side_a_slice_stays_where_it_was() -> None:
    told = play(
        MARKET + "1.2s LP cancel b1",
        more=twap("buy 1 MNQU3", duration="1s", style="passive"),
    )

    assert sent(told)[1] == "2 p1.1: cancel p1"


@pytest.mark.rule("TWAP-7")
def test_default_takes_a_lot_off_for_every_ten_traded() -> None:
    told = play(
        MARKET + "1.2s LP enter t buy 25 @ 101 ioc\n1.4s LP enter u buy 5 @ 101 ioc",
        more=twap("buy 8 MNQU3", duration="1s", max_display=100),
        seed=2,
    )

    lines = sent(told)
    resting = int(lines[0].split()[3])
    # 25 traded: two lots; the lots themselves trade, which makes it three before the fifth more.
    peeled = [line for line in lines if line.startswith("1.2 ")]
    assert peeled[:4] == [
        f"1.2 p1.1: p1 to Buy {resting - 1} @ 100.00",
        "1.2 x2 Buy 1 @ market IOC",
        f"1.2 p1.2: p1.1 to Buy {resting - 2} @ 100.00",
        "1.2 x3 Buy 1 @ market IOC",
    ]
    assert len(peeled) == 4
    assert [line for line in lines if line.startswith("1.4 ")] == [
        f"1.4 p1.3: p1.2 to Buy {resting - 3} @ 100.00",
        "1.4 x4 Buy 1 @ market IOC",
    ]


@pytest.mark.rule("TWAP-7")
@pytest.mark.parametrize(("style", "every"), [("passive", 10), ("default", 0)])
def test_nothing_is_peeled_off_a_passive_slice_or_where_that_is_switched_off(
    style: str, every: int
) -> None:
    made = text(
        MARKET + "1.2s LP enter t buy 25 @ 101 ioc",
        more=twap("buy 8 MNQU3", duration="1s", max_display=100, style=style),
        types=SLICERS,
    )
    settings = f"[gateway.settings.TT_TWAP]\npeel_every = {every}\n[gateway.settings.BROKER]"

    told = Told(
        floorproof.run(
            floorproof.parse(made.replace("[gateway.settings.BROKER]", settings), FOLDER)
        )
    )

    assert not [line for line in sent(told) if line.startswith("1.2 ")]


@pytest.mark.rule("TWAP-8", "ORD-10")
def test_five_ticks_through_the_market_stand_in_for_a_market_order() -> None:
    made = text(
        MARKET,
        more=twap("buy 2 MNQU3", duration="1s", max_display=100, style="aggressive")
        + step("5s", "LP", "enter", {"order": {
            "id": "m", "symbol": "MNQU3", "side": "buy", "quantity": 1, "type": "market"}}),
        types=SLICERS,
    )  # fmt: skip
    made = made.replace("max_order_qty = 1000", "max_order_qty = 1000\nmarket_orders = false")

    told = Told(floorproof.run(floorproof.parse(made, FOLDER)))

    assert sent(told) == ["1 x1 Buy 2 @ 102.25 IOC"]
    assert told.to("LP", "5s")[-1] == (
        "OrderReject m: ord_type MARKET: expected one with a price, in MNQU3 [ORD-10]"
    )


@pytest.mark.rule("TWAP-6")
def test_what_a_thin_market_leaves_is_carried_into_the_next_slice() -> None:
    told = play(
        "0s LP enter b1 buy 50 @ 100\n0s LP enter s1 sell 1 @ 101\n2.5s LP enter s2 sell 9 @ 101",
        more=twap("buy 4 MNQU3", duration="2s", max_display=50, style="aggressive"),
    )

    assert sent(told) == [
        "1 x1 Buy 2 @ market IOC",
        "2 x2 Buy 3 @ market IOC",
        "3 x3 Buy 3 @ market IOC",
    ]
    assert told.result.facts("warning")[0] == "t1: 1 are carried into slice 1"
    assert row(told).cum_qty == 4


# --- the end -------------------------------------------------------------------------


@pytest.mark.rule("TWAP-9")
def test_without_a_limit_an_order_is_finished_with_its_last_market_order() -> None:
    told = play(
        "0s LP enter b1 buy 50 @ 100\n0s LP enter s1 sell 1 @ 101",
        more=twap("buy 3 MNQU3", duration="2s", max_display=50, style="aggressive"),
    )

    assert last_update(told) == "SyntheticUpdate t1 Finished, cum 1, leaves 0: 2 not filled"


@pytest.mark.rule("TWAP-9")
def test_with_a_limit_no_slice_pays_more_and_the_rest_stays_at_it() -> None:
    told = play(
        MARKET + "0s LP enter b2 buy 5 @ 100.75\n9s LP enter s2 sell 9 @ 100.50",
        more=twap("buy 4 MNQU3 @ 100.50", duration="2s", max_display=100, style="passive"),
    )

    lines = sent(told)
    assert {line.rpartition("@ ")[2] for line in lines if " to " in line or "Buy" in line} <= {
        "100.50", "100.50 IOC",
    }  # fmt: skip
    assert lines[-1] == "3 p" + lines[-1].split()[1][1:] + " Buy 4 @ 100.50"
    # It rests on after its time, and what comes fills it.
    assert (row(told).cum_qty, row(told).synth_status) == (4, "Finished")


@pytest.mark.rule("TWAP-9")
def test_what_rests_at_the_limit_ends_as_its_child_does() -> None:
    told = play(
        MARKET + "9s ET1 cancel t1/p3",
        more=twap("buy 1 MNQU3 @ 99", duration="1s", style="passive"),
    )

    assert last_update(told) == "SyntheticUpdate t1 Canceled, cum 0, leaves 0: its child is over"


# --- what its user asks --------------------------------------------------------------


@pytest.mark.rule("TWAP-10")
def test_another_quantity_or_time_makes_another_plan_of_what_is_left() -> None:
    told = play(
        more=twap("buy 4 MNQU3", duration="4s", max_display=25, style="aggressive")
        + edit("2.5s", quantity=10, parameters={"max_display": 50, "duration": "6s"})
    )

    # Two are filled; the other eight, four at a time, over the 4.5 s that are left.
    assert sent(told) == [
        "1 x1 Buy 1 @ market IOC",
        "2 x2 Buy 1 @ market IOC",
        "2.5 x3 Buy 4 @ market IOC",
        "4.75 x4 Buy 4 @ market IOC",
    ]


@pytest.mark.rule("TWAP-10")
def test_what_works_is_canceled_before_a_new_plan_begins() -> None:
    told = play(
        more=twap("buy 4 MNQU3", duration="4s", max_display=100, style="passive")
        + edit("1.5s", parameters={"style": "aggressive", "max_display": 50}),
        links=["SSE-A CME-A 100ms"],
    )

    first, cancel, *then = sent(told)
    assert first.startswith("1.1 p1 Buy")
    assert cancel == "1.6 p1.1: cancel p1"
    assert then == ["1.7 x2 Buy 2 @ market IOC", "3.4 x3 Buy 2 @ market IOC"]


@pytest.mark.rule("TWAP-10")
def test_another_limit_moves_what_works_and_keeps_the_plan() -> None:
    told = play(
        more=twap("buy 1 MNQU3 @ 99", duration="2s", style="passive") + edit("2s", price="99.50")
    )

    assert sent(told)[:2] == ["1 p1 Buy 1 @ 99.00", "2 p1.1: p1 to Buy 1 @ 99.50"]


@pytest.mark.rule("TWAP-11")
def test_a_paused_order_is_off_the_market_and_goes_on_with_what_it_missed() -> None:
    told = play(
        more=twap("buy 4 MNQU3", duration="4s", max_display=25, style="aggressive")
        + ask("1.5s", "pause")
        + ask("3.5s", "resume")
    )

    assert sent(told) == [
        "1 x1 Buy 1 @ market IOC",
        "3.5 x2 Buy 2 @ market IOC",
        "4 x3 Buy 1 @ market IOC",
    ]
    updates = [each.synth_status.value for each in told.payloads("SyntheticUpdate", "ET1")]
    assert updates == ["Paused", "Working"]


@pytest.mark.rule("TWAP-11")
def test_pausing_cancels_what_works_first() -> None:
    told = play(
        more=twap("buy 1 MNQU3", duration="4s", style="passive")
        + ask("1.5s", "pause")
        + ask("2.5s", "resume"),
        links=["SSE-A CME-A 100ms"],
    )

    assert sent(told)[:3] == [
        "1.1 p1 Buy 1 @ 100.00",
        "1.6 p1.1: cancel p1",
        "2.6 p2 Buy 1 @ 100.00",
    ]
    updates = [each.synth_status.value for each in told.payloads("SyntheticUpdate", "ET1")]
    assert updates == ["Pausing", "Paused", "Working"]


@pytest.mark.rule("SLICE-4")
def test_a_canceled_order_is_over_when_its_last_child_is() -> None:
    told = play(
        more=twap("buy 9 MNQU3", duration="4s", max_display=100, style="passive")
        + ask("1.5s", "cancel"),
        links=["SSE-A CME-A 100ms"],
    )

    assert sent(told)[-1] == "1.6 p1.1: cancel p1"
    updates = [each.synth_status.value for each in told.payloads("SyntheticUpdate", "ET1")]
    assert updates == ["Stopping", "Canceled"]


def test_an_order_with_a_start_waits_for_it_in_either_of_its_forms() -> None:
    for start in ("3s", "2023-07-17T13:30:03Z"):
        more = twap("buy 2 MNQU3", start=start, end="5s", max_display=50, style="aggressive")
        if start != "3s":
            more = more.replace(f'"{start}"', start)
        told = play(more=more)

        assert sent(told) == ["3 x1 Buy 1 @ market IOC", "4 x2 Buy 1 @ market IOC"]
        assert told.payloads("SyntheticAck", "ET1")[0].synth_status == "Waiting"


# --- would if ------------------------------------------------------------------------


@pytest.mark.rule("TWAP-12")
def test_what_is_offered_at_the_would_if_price_is_taken_and_the_rest_planned_anew() -> None:
    told = play(
        MARKET + "2.5s LP enter s2 sell 3 @ 100.25",
        more=twap(
            "buy 8 MNQU3", duration="4s", max_display=50, style="passive", would_if_price="100.50"
        ),
        seed=1,
    )

    lines = sent(told)
    at = lines.index(next(line for line in lines if " w" in line))
    assert ": cancel p" in lines[at - 1]
    assert lines[at].partition(" ")[0] == "2.5"
    assert lines[at].endswith("Buy 3 @ 100.50 IOC")
    # A new plan for what is left, from that moment to the same end.
    assert lines[at + 1].startswith("2.5 p")
    assert row(told).cum_qty == 8


# --- what is refused -----------------------------------------------------------------

CLOSING = """
[[exchange.state]]
name = "CLOSED"
enter = false
match = false
[[exchange.board]]
name = "DAY"
symbols = ["MNQU3"]
state = "CONTINUOUS"
timetable = [{ at = "100s", state = "CLOSED" }]
"""

# fmt: off
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "display below 1":   ("buy 9 MNQU3", {"max_display": 0},
                          "max_display 0: expected a whole number from 1 to 100"),
    "display above 100": ("buy 9 MNQU3", {"max_display": 101},
                          "max_display 101: expected a whole number from 1 to 100"),
    "style":             ("buy 9 MNQU3", {"style": "gentle"},
                          "style 'gentle': expected one of aggressive, default, passive"),
    "no time":           ("buy 9 MNQU3", {"duration": "0s"},
                          "end 1s: expected after the start, 1s"),
    "end before start":  ("buy 9 MNQU3", {"start": "50s", "end": "40s"},
                          "end 40s: expected after the start, 50s"),
    "end before now":    ("buy 9 MNQU3", {"end": "0.5s"},
                          "end 0.5s: expected after the start, 1s"),
    "both times":        ("buy 9 MNQU3", {"duration": "5s", "end": "40s"},
                          "duration: expected either it or start and end, found both"),
    "short slices":      ("buy 9 MNQU3", {"duration": "0.8s", "max_display": 1},
                          "duration: 9 slices of 0.088888888s, expected at least 0.1s each"),
    "after the close":   ("buy 9 MNQU3", {"start": "90s", "end": "101s"},
                          "from 90s to 101s: MNQU3 is not open all that time"),
    "limit off tick":    ("buy 9 MNQU3 @ 100.10", {"duration": "9s"},
                          "price 100.10: expected a multiple of 0.25"),
    "would off tick":    ("buy 9 MNQU3", {"duration": "9s", "would_if_price": "100.1"},
                          "would_if_price 100.10: expected a multiple of 0.25"),
    "would no price":    ("buy 9 MNQU3", {"duration": "9s", "would_if_price": "soon"},
                          "would_if_price: MNQU3: 'soon' is not a decimal price"),
    "would above limit": ("buy 9 MNQU3 @ 100", {"duration": "9s", "would_if_price": "100.25"},
                          "would_if_price 100.25: expected at most the limit, 100.00"),
    "would below limit": ("sell 9 MNQU3 @ 100", {"duration": "9s", "would_if_price": "99.75"},
                          "would_if_price 99.75: expected at least the limit, 100.00"),
}
# fmt: on


def closing(more: str, **options: Any) -> Told:
    made = text(MARKET, more=more, types=SLICERS, **options)
    made = made.replace("[[exchange.instrument]]", CLOSING + "[[exchange.instrument]]", 1)
    return Told(floorproof.run(floorproof.parse(made, FOLDER)))


@pytest.mark.rule("TWAP-13")
@pytest.mark.parametrize(("order", "parameters", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_an_order_that_may_not_be_is_refused_and_sends_nothing(
    order: str, parameters: dict[str, Any], why: str
) -> None:
    told = closing(twap(order, **parameters))

    assert [each.text for each in told.payloads("SyntheticReject")] == [why]
    assert sent(told) == []


@pytest.mark.rule("TWAP-13")
def test_an_order_in_a_closed_market_is_refused() -> None:
    told = closing(twap("buy 9 MNQU3", at="200s", duration="9s"))

    assert [each.text for each in told.payloads("SyntheticReject")] == [
        "from 200s to 209s: MNQU3 is not open all that time"
    ]


@pytest.mark.rule("TWAP-13")
def test_an_order_in_a_halted_market_is_refused_and_its_name_is_free() -> None:
    made = text(
        MARKET,
        more=step("0.5s", "ADMIN", "halt", {"symbol": "MNQU3"})
        + twap("buy 2 MNQU3", duration="2s", style="aggressive", max_display=100)
        + step("2s", "ADMIN", "resume", {"symbol": "MNQU3"})
        + twap("buy 2 MNQU3", at="3s", duration="2s", style="aggressive", max_display=100),
        types=SLICERS,
    ).replace(
        "[[exchange.instrument]]",
        '[[exchange.state]]\nname = "HALT"\nenter = false\nmatch = false\n[[exchange.instrument]]',
        1,
    )

    told = Told(floorproof.run(floorproof.parse(made, FOLDER)))

    assert [each.text for each in told.payloads("SyntheticReject")] == [
        "the market of MNQU3 is in state HALT"
    ]
    assert row(told).cum_qty == 2


@pytest.mark.rule("TWAP-13")
def test_round_lots_bind_the_quantity() -> None:
    made = text(MARKET, more=twap("buy 9 MNQU3", duration="9s"), types=SLICERS)
    made = made.replace("max_order_qty = 1000", "max_order_qty = 1000\nround_lot = 5")

    told = Told(floorproof.run(floorproof.parse(made, FOLDER)))

    assert [each.text for each in told.payloads("SyntheticReject")] == [
        "order_qty 9: expected a multiple of the round lot, 5"
    ]


# fmt: off
EDITS = {
    "less than is filled": (edit("2.5s", quantity=1),
                            "order_qty 1: expected at least what is filled, 2"),
    "an end that is past": (edit("3.5s", parameters={"duration": "2s"}),
                            "end 3s: expected after now, 3.5s"),
    "no such display":     (edit("2.5s", parameters={"max_display": 200}),
                            "max_display 200: expected a whole number from 1 to 100"),
    "off tick":            (edit("2.5s", price="100.10"),
                            "price 100.10: expected a multiple of 0.25"),
    "resumed, not paused": (ask("2.5s", "resume"), "t1 is Working"),
    "paused twice":        (ask("2.5s", "pause") + ask("2.6s", "pause"), "t1 is Paused"),
    "finished":            (edit("9s", quantity=20), "t1 is Finished"),
    "canceled when over":  (ask("9s", "cancel"), "t1 is Finished"),
}
# fmt: on


@pytest.mark.rule("TWAP-13")
@pytest.mark.parametrize(("asked", "why"), EDITS.values(), ids=EDITS.keys())
def test_what_may_not_be_asked_is_refused_and_changes_nothing(asked: str, why: str) -> None:
    told = play(more=twap("buy 4 MNQU3", duration="4s", max_display=25, style="aggressive") + asked)

    assert [each.text for each in told.payloads("SyntheticReject")] == [why]
    assert row(told).cum_qty == (2 if "Paused" in why else 4)


# --- with others ---------------------------------------------------------------------


def test_a_staged_order_is_worked_by_its_owners_twap() -> None:
    told = play(
        MARKET + "0s PM1 stage P1 buy 10 @ 101 for 123\n0.5s ET2 claim P1",
        more=twap("buy 6 MNQU3", parent="P1", duration="2s", max_display=50, style="aggressive"),
    )

    fills = [line for line in told.to("PM1") if line.startswith("ParentPartialFill")]
    assert fills == [
        "ParentPartialFill P1 3 @ 101.00 by t1, cum 3, leaves 7, Partially Filled",
        "ParentPartialFill P1 3 @ 101.00 by t1, cum 6, leaves 4, Partially Filled",
    ]
    staged = told.result.windows()["PM1"].staged
    assert [(each.cum_qty, each.working_qty, each.free_qty) for each in staged.values()] == [
        (6, 0, 4)
    ]


@pytest.mark.parametrize("style", ["aggressive", "default", "passive"])
def test_in_a_made_instrument_one_child_does_it_all(style: str) -> None:
    made = "buy 4 2xMNQU3" if style == "aggressive" else "buy 4 2xMNQU3 @ 105"
    told = play(more=twap(made, duration="4s", max_display=25, style=style))

    acks = [each.cl_ord_id for each in told.payloads("SyntheticAck", "ET1")]
    assert acks == ["t1", "t1/p1"]
    legs = [line for line in told.to("ET1") if " leg Buy MNQU3 " in line]
    assert legs
    assert row(told).cum_qty == 4
