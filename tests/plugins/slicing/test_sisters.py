"""TWAP's sisters on whole floors: iceberg, time sliced, time duration."""

from __future__ import annotations

from typing import Any

import pytest
from algos import PLUGINS, SLICERS, enter, run, step, text
from floors import Told
from hypothesis import given, settings
from hypothesis import strategies as st
from sliced import LINKS, MOVES, at_the_exchange, check, last_update, row, sent

import floorproof

MARKET = "0s LP enter b1 buy 50 @ 100\n0s LP enter s1 sell 50 @ 101\n"
TYPES = (*SLICERS, "TT_ICEBERG", "TT_TIME_SLICED", "TT_TIME_DURATION")


def play(
    order_type: str, order: str, steps: str = "", *, more: str = "", **parameters: Any
) -> Told:
    made = enter("1s", "ET1", "t1", order_type, order, parameters=parameters)
    return run(MARKET + steps, more=made + more, types=TYPES)


# --- iceberg -------------------------------------------------------------------------


@pytest.mark.rule("ICEBERG-1", "SLICE-2")
def test_the_next_child_of_an_iceberg_comes_when_the_one_before_is_filled() -> None:
    told = play(
        "TT_ICEBERG",
        "buy 10 MNQU3 @ 100.50",
        "2s LP enter h1 sell 2 @ 100.50 ioc\n3s LP enter h2 sell 9 @ 100.50\n",
        display=4,
    )

    # A part of the first is no reason for the next; all that comes fills all of them.
    assert sent(told) == [
        "1 p1 Buy 4 @ 100.50",
        "3 p2 Buy 4 @ 100.50",
        "3 p3 Buy 2 @ 100.50",
    ]
    assert (row(told).cum_qty, row(told).synth_status) == (10, "Finished")


@pytest.mark.rule("SLICE-3")
def test_an_iceberg_may_show_a_share_that_varies_and_rest_beside_the_market() -> None:
    told = play(
        "TT_ICEBERG", "buy 10 MNQU3 @ 101", display_percent=25, anchor="bid", offset_ticks=1
    )

    assert sent(told) == ["1 p1 Buy 3 @ 100.25"]


# --- time sliced ---------------------------------------------------------------------


@pytest.mark.rule("SLICED-1")
def test_a_time_sliced_order_enters_a_child_at_every_interval() -> None:
    told = play("TT_TIME_SLICED", "buy 5 MNQU3", display=2, interval="500ms", child="market")

    assert sent(told) == [
        "1 x1 Buy 2 @ market IOC",
        "1.5 x2 Buy 2 @ market IOC",
        "2 x3 Buy 1 @ market IOC",
    ]


LEFT: dict[str, list[str]] = {
    "leave": ["1 p1 Buy 2 @ 99.00", "2 p2 Buy 2 @ 99.00"],
    "payup": ["1 p1 Buy 2 @ 99.00", "2 p1.1: p1 to Buy 2 @ 99.50", "2 p2 Buy 2 @ 99.00"],
    "merge": ["1 p1 Buy 2 @ 99.00", "2 p1.1: cancel p1", "2 p2 Buy 4 @ 99.00"],
    "gotomarket": [
        "1 p1 Buy 2 @ 99.00",
        "2 p1.1: cancel p1",
        "2 x2 Buy 2 @ 99.50 IOC",
        "2 p3 Buy 4 @ 99.00",
    ],
}


@pytest.mark.rule("SLICE-5")
@pytest.mark.parametrize(("leftover", "expected"), LEFT.items(), ids=LEFT.keys())
def test_what_becomes_of_what_a_slice_leaves(leftover: str, expected: list[str]) -> None:
    told = play(
        "TT_TIME_SLICED",
        "buy 8 MNQU3 @ 99.50",
        display=2,
        interval="1s",
        leftover=leftover,
        payup_ticks=2,
        anchor="same",
        offset_ticks=-4,
    )

    assert sent(told)[: len(expected)] == expected


# --- time duration -------------------------------------------------------------------


@pytest.mark.rule("DURATION-1")
def test_the_pages_example_is_one_child_a_minute() -> None:
    told = play("TT_TIME_DURATION", "buy 40 MNQU3", display=4, duration="10m", child="market")

    assert sent(told) == [
        f"{1 + 60 * number} x{number + 1} Buy 4 @ market IOC" for number in range(10)
    ]


@pytest.mark.rule("DURATION-1")
def test_an_interval_cuts_the_quantity() -> None:
    told = play(
        "TT_TIME_DURATION",
        "buy 10 MNQU3",
        slice_type="interval",
        interval="1s",
        duration="4s",
        child="market",
    )

    assert [line.split()[3] for line in sent(told)] == ["2", "3", "2", "3"]


@pytest.mark.rule("DURATION-1")
@pytest.mark.parametrize("action", ["cancel", "gotomarket"])
def test_what_is_left_at_the_end_is_canceled_or_taken(action: str) -> None:
    told = play(
        "TT_TIME_DURATION",
        "buy 4 MNQU3 @ 101",
        display=2,
        duration="2s",
        anchor="bid",
        end_time_action=action,
    )

    assert sent(told)[:2] == ["1 p1 Buy 2 @ 100.00", "2 p2 Buy 2 @ 100.00"]
    assert sent(told)[2:4] == ["3 p1.1: cancel p1", "3 p2.1: cancel p2"]
    if action == "cancel":
        assert last_update(told) == "SyntheticUpdate t1 Finished, cum 0, leaves 0: 4 not filled"
    else:
        assert sent(told)[4:] == ["3 x3 Buy 4 @ 101.00 IOC"]
        assert row(told).cum_qty == 4


# --- refusals ------------------------------------------------------------------------

# fmt: off
REFUSED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "no display":     ("TT_ICEBERG", "buy 9 MNQU3 @ 99", {},
                       "display: expected either it or display_percent"),
    "two displays":   ("TT_ICEBERG", "buy 9 MNQU3 @ 99", {"display": 1, "display_percent": 1},
                       "display: expected either it or display_percent"),
    "large display":  ("TT_ICEBERG", "buy 9 MNQU3 @ 99", {"display": 10},
                       "display 10: expected a whole number from 1 to 9"),
    "variance":       ("TT_ICEBERG", "buy 9 MNQU3 @ 99", {"display": 2, "variance": 101},
                       "variance 101: expected a whole number from 0 to 100"),
    "no limit":       ("TT_ICEBERG", "buy 9 MNQU3", {"display": 2},
                       "price: expected a limit, which slices rest at"),
    "no interval":    ("TT_TIME_SLICED", "buy 9 MNQU3 @ 99", {"display": 2},
                       "interval 0s: expected at least 0.01s"),
    "short interval": ("TT_TIME_SLICED", "buy 9 MNQU3 @ 99", {"display": 2, "interval": "9ms"},
                       "interval 0.009s: expected at least 0.01s"),
    "made":           ("TT_TIME_SLICED", "buy 9 2xMNQU3 @ 99", {"display": 2, "interval": "1s"},
                       "2xMNQU3: expected an exchange's instrument, for a TT_TIME_SLICED order"),
    "past its end":   ("TT_TIME_DURATION", "buy 9 MNQU3 @ 99", {"display": 2, "end": "0.5s"},
                       "end 0.5s: expected after the start and now, 1s"),
    "two times":      ("TT_TIME_DURATION", "buy 9 MNQU3 @ 99",
                       {"display": 2, "end": "9s", "duration": "1s"},
                       "duration: expected either it or start and end, found both"),
    "short slices":   ("TT_TIME_DURATION", "buy 9 MNQU3 @ 99", {"display": 2, "duration": "40ms"},
                       "duration: 5 slices of 0.008s, expected at least 0.01s each"),
    "two cuts":       ("TT_TIME_DURATION", "buy 9 MNQU3 @ 99",
                       {"display": 2, "slice_type": "interval", "interval": "1s"},
                       "display: expected none where slices are cut by an interval"),
}
# fmt: on


@pytest.mark.parametrize(
    ("order_type", "order", "parameters", "why"), REFUSED.values(), ids=REFUSED.keys()
)
def test_a_sister_that_may_not_be_is_refused(
    order_type: str, order: str, parameters: dict[str, Any], why: str
) -> None:
    told = play(order_type, order, **parameters)

    assert [each.text for each in told.payloads("SyntheticReject")] == [why]
    assert sent(told) == []


# --- edits ---------------------------------------------------------------------------

ICE: dict[str, Any] = {"display": 4}
EVERY: dict[str, Any] = {"display": 3, "interval": "1s"}
WITHIN: dict[str, Any] = {"display": 3, "duration": "3s"}

# The order, when it is edited, and how; what its gateway asks of the exchange from then on.
# fmt: off
TAKEN: dict[str, tuple[tuple[str, str, dict[str, Any]], str, dict[str, Any], list[str]]] = {
    "iceberg, more":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", ICE), "2s", {"quantity": 12},
         ["2 p1.1: cancel p1", "2 p2 Buy 4 @ 100.50"]),
    "iceberg, another display":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", ICE), "2s", {"parameters": {"display": 2}},
         ["2 p1.1: cancel p1", "2 p2 Buy 2 @ 100.50"]),
    "iceberg, another limit moves what works":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", ICE), "2s", {"price": "100.25"},
         ["2 p1.1: p1 to Buy 4 @ 100.25"]),
    "time sliced, more":
        (("TT_TIME_SLICED", "buy 6 MNQU3 @ 101", EVERY), "1.5s", {"quantity": 9},
         ["1.5 p2 Buy 3 @ 101.00", "2.5 p3 Buy 3 @ 101.00"]),
    "time sliced, another interval":
        (("TT_TIME_SLICED", "buy 9 MNQU3 @ 101", EVERY), "1.5s", {"parameters": {"interval": "2s"}},
         ["1.5 p2 Buy 3 @ 101.00", "3.5 p3 Buy 3 @ 101.00"]),
    "time sliced, leftovers from now on merged":
        (("TT_TIME_SLICED", "buy 9 MNQU3 @ 100", EVERY), "2.5s",
         {"parameters": {"leftover": "merge"}},
         ["2.5 p1.1: cancel p1", "2.5 p2.1: cancel p2", "2.5 p3 Buy 3 @ 100.00",
          "3.5 p3.1: cancel p3", "3.5 p4 Buy 6 @ 100.00",
          "4.5 p4.1: cancel p4", "4.5 p5 Buy 9 @ 100.00"]),
    "time duration, longer":
        (("TT_TIME_DURATION", "buy 9 MNQU3 @ 101", WITHIN), "1.5s",
         {"parameters": {"duration": "5s"}},
         ["1.5 p2 Buy 3 @ 101.00", "3.75 p3 Buy 3 @ 101.00"]),
}
REFUSED_EDITS: dict[str, tuple[tuple[str, str, dict[str, Any]], str, dict[str, Any], str]] = {
    "large display":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", ICE), "2s", {"parameters": {"display": 9}},
         "display 9: expected a whole number from 1 to 8"),
    "two displays":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", ICE), "2s", {"parameters": {"display_percent": 9}},
         "display: expected either it or display_percent"),
    "less than is filled":
        (("TT_TIME_SLICED", "buy 9 MNQU3 @ 101", EVERY), "2.5s", {"quantity": 5},
         "order_qty 5: expected at least what is filled, 6"),
    "less than works":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 100.50", {"display": 4}), "2s",
         {"quantity": 3, "parameters": {"display": 2}},
         "order_qty 3: expected at least what is filled and works, 4"),
    "short interval":
        (("TT_TIME_SLICED", "buy 9 MNQU3 @ 101", EVERY), "1.5s",
         {"parameters": {"interval": "1ms"}}, "interval 0.001s: expected at least 0.01s"),
    "an end that is past":
        (("TT_TIME_DURATION", "buy 9 MNQU3 @ 101", WITHIN), "2.5s",
         {"parameters": {"duration": "1s"}}, "end 2s: expected after the start and now, 2.5s"),
    "an end too near":
        (("TT_TIME_DURATION", "buy 9 MNQU3 @ 101", WITHIN), "1.995s",
         {"parameters": {"duration": "1s"}},
         "duration: 2 slices of 0.0025s, expected at least 0.01s each"),
    "finished":
        (("TT_ICEBERG", "buy 8 MNQU3 @ 101", ICE), "9s", {"quantity": 12}, "t1 is Finished"),
}
# fmt: on


def edited(order: tuple[str, str, dict[str, Any]], at: str, asked: dict[str, Any]) -> Told:
    table = {"order": "t1", "symbol": "MNQU3", "type": order[0], **asked}
    return play(order[0], order[1], more=step(at, "ET1", "edit", table), **order[2])


@pytest.mark.rule("SLICE-1", "TWAP-10")
@pytest.mark.parametrize(("order", "at", "asked", "then"), TAKEN.values(), ids=TAKEN.keys())
def test_an_edited_sister_works_what_is_left_anew(
    order: tuple[str, str, dict[str, Any]], at: str, asked: dict[str, Any], then: list[str]
) -> None:
    told = edited(order, at, asked)

    assert told.payloads("SyntheticReject") == []
    before = sent(play(order[0], order[1], **order[2]))
    lines = sent(told)
    kept = [line for line in before if float(line.split()[0]) < float(at.removesuffix("s"))]
    assert lines == [*kept, *then]
    check(told, asked.get("quantity", 9))


@pytest.mark.parametrize(
    ("order", "at", "asked", "why"), REFUSED_EDITS.values(), ids=REFUSED_EDITS.keys()
)
def test_an_edit_that_may_not_be_leaves_a_sister_as_it_is(
    order: tuple[str, str, dict[str, Any]], at: str, asked: dict[str, Any], why: str
) -> None:
    told = edited(order, at, asked)

    assert [each.text for each in told.payloads("SyntheticReject")] == [why]
    assert sent(told) == sent(play(order[0], order[1], **order[2]))


# --- whatever meets on the way -------------------------------------------------------

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("TT_ICEBERG", {"display": 4, "variance": 50}),
    ("TT_ICEBERG", {"display": 4, "anchor": "bid"}),
    *(
        ("TT_TIME_SLICED", {"display": 4, "interval": "700ms", "leftover": left, "anchor": "same"})
        for left in ("leave", "payup", "merge", "gotomarket")
    ),
    ("TT_TIME_SLICED", {"display": 4, "interval": "700ms", "child": "market"}),
    ("TT_TIME_DURATION", {"display": 4, "duration": "3s", "leftover": "merge"}),
    (
        "TT_TIME_DURATION",
        {
            "slice_type": "interval",
            "interval": "900ms",
            "duration": "4s",
            "end_time_action": "gotomarket",
        },
    ),
]


@pytest.mark.rule("SLICE-1", "SLICE-2", "SLICE-4")
@settings(max_examples=settings().max_examples // 2)
@given(
    st.sampled_from(KINDS),
    MOVES,
    st.lists(
        st.tuples(st.integers(15, 50), st.sampled_from(["pause", "resume", "cancel"])), max_size=3
    ),
    st.integers(1, 10**6),
)
def test_any_sister_meets_any_market(
    kind: tuple[str, dict[str, Any]],
    moves: list[tuple[int, str, int, int, bool]],
    asked: list[tuple[int, str]],
    seed: int,
) -> None:
    steps = ["0s LP enter b buy 9 @ 99.75", "0s LP enter s sell 9 @ 100.25"]
    for number, (tenth, side, qty, ticks, immediate) in enumerate(moves):
        price = f"{(10_000 + 25 * ticks) / 100:.2f}"
        ioc = " ioc" if immediate else ""
        steps.append(f"{tenth / 10}s LP enter m{number} {side} {qty} @ {price}{ioc}")
    more = enter("1s", "ET1", "t1", kind[0], "buy 12 MNQU3 @ 100.25", parameters=kind[1])
    for tenth, what in sorted(asked):
        more += step(f"{tenth / 10}s", "ET1", what, {"order": "t1"})
    made = text("\n".join(steps), more=more, types=TYPES, links=LINKS)

    told = Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=seed, in_place=True))

    check(told, 12)
    if "cancel" in [what for _, what in asked]:
        assert at_the_exchange(told)[-1].working == 0
