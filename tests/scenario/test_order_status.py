"""The step `status`: how an order stands, also after the exchange was down."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from commands import assert_refused, command, write
from floors import floor, play

import floorproof
from floorproof.market.wording import label
from floorproof.runtime.choices import Recorded, Seeded

STEPS = """
    0s LP enter o1 buy 10 @ 15351.00
    1s ET1 enter e1 sell 4 @ 15351.00
    2s LP status o1
    5s LP status o1
"""
STANDS = "CME-A > LP OrderStatus: o1 partially filled, cum 4, leaves 6 @ 15351.00"


@pytest.mark.rule("REP-6")
def test_a_user_asks_and_he_alone_is_answered() -> None:
    told = play(STEPS)

    assert told.result.violations == ()
    assert [line for line in told.table() if "Status" in line] == [
        "LP > CME-A StatusRequest: Buy MNQU3 o1",
        STANDS,
        "LP > CME-A StatusRequest: Buy MNQU3 o1",
        STANDS,
    ]
    without = play("\n".join(STEPS.splitlines()[:3]))
    assert told.result.windows()["LP"].orders == without.result.windows()["LP"].orders


@pytest.mark.rule("REP-6")
@pytest.mark.parametrize("in_place", [False, True], ids=["in tasks", "in place"])
def test_after_a_crash_an_exchange_answers_as_before(in_place: bool) -> None:
    """It goes down as the first question comes, which is lost, and is back for the second."""
    text = '[faults]\ncrash = 1\nlongest = "500ms"\nactors = ["CME"]'
    scenario = floorproof.parse(floor(STEPS, extra=text))

    whole, crashed = (
        floorproof.run(scenario, choices=Recorded(choices), in_place=in_place)
        for choices in ({}, {"crash CME>CME 3": 400_000_000})
    )

    (fault,) = crashed.facts("fault")
    assert (fault.kind, fault.message) == ("crash", "OrderStatusRequest")
    assert crashed.violations == ()
    before, after = (
        [
            msgspec.structs.replace(entry.payload, transact_time_ns=0)
            for entry in result.journal
            if entry.actor == "LP" and label(entry.payload) == "OrderStatus"
        ]
        for result in (whole, crashed)
    )
    assert len(before) == 2
    assert after == before[:1]


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_question_breaks_no_invariant_whatever_goes_wrong(seed: int) -> None:
    text = (
        '[faults]\ncrash = 1\ndelay = 3\npause = 2\nduplicate = 2\none_in = 4\nlongest = "900ms"\n'
        'actors = ["CME", "CME-A"]'
    )
    steps = STEPS + "6s ET1 enter e2 sell 6 @ 15351.00\n6s LP status o1\n7s LP status o1\n"
    scenario = floorproof.parse(floor(steps, extra=text))

    result = floorproof.run(scenario, choices=Seeded(seed), in_place=True)

    assert result.violations == ()


def test_drop_copy_does_not_hear_of_it() -> None:
    clearing = '[[drop_copy]]\nname = "CLEARING"\nsessions = ["CME-A"]'

    told = play(STEPS, extra=clearing)

    copied = [line for line in told.table() if "Copy of" in line]
    assert copied
    assert not [line for line in copied if "Status" in line]


def test_what_no_venue_has_is_not_asked_for() -> None:
    told = play("0s LP status o9")

    assert [dict(fact) for fact in told.result.facts("not possible")] == [
        {"act": "AskStatus", "why": "LP has no order o9 at a venue"}
    ]


def test_a_step_without_its_order_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, floor(STEPS).replace('order = "o1"', 'ordre = "o1"', 1))

    assert_refused(command("check", path), "step[2]", "ordre", "order")
