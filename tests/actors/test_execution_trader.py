"""Habits: what a trader does unasked, on floors where nobody writes his steps."""

from __future__ import annotations

import pytest
from floors import play, rows
from hypothesis import given
from hypothesis import strategies as st

BOTH = "{ claims_whatever_is_available = true, works_in_children_of = %d }"

FLOW = """
[[flow]]
exchange = "CME"
  [flow.settings]
  symbol = "MNQU3"
  start_mid = "15352.00"
  seed = 3
  duration_s = "30"
  orders_per_second = "10"
  max_qty = 20
"""


def test_a_trader_without_habits_does_nothing_unasked() -> None:
    told = play("0s PM1 stage P1 buy 10 for 123")

    assert not [line for line in told.table() if line.startswith("ET")]


def test_a_trader_claims_whatever_is_available_and_leaves_it_at_that() -> None:
    told = play(
        "0s PM1 stage P1 buy 10 for 123\n1s PM2 stage P2 buy 10 for 456",
        habits={"ET1": "{ claims_whatever_is_available = true }"},
    )

    assert [line for line in told.table() if line.startswith("ET")] == rows("""
        ET1 > SSE-A Claim: P1
        ET1 > SSE-A Claim: P2
    """)


def test_a_trader_works_what_he_owns_in_children_one_after_the_other() -> None:
    told = play(
        """
        0s PM1 stage P1 buy 10 @ 15352.00 for 123
        1s ET1 claim P1
        2s LP enter o1 sell 7 @ 15352.00
        3s LP enter o2 sell 9 @ 15352.00
        """,
        habits={"ET1": "{ works_in_children_of = 4 }"},
    )

    assert [line for line in told.table() if line.startswith("ET1")] == rows("""
        ET1 > SSE-A Claim: P1
        ET1 > CME-A NewChildOrder: ET1-1 Buy 4 MNQU3 @ 15352.00, parent P1
        ET1 > CME-A NewChildOrder: ET1-2 Buy 4 MNQU3 @ 15352.00, parent P1
        ET1 > CME-A NewChildOrder: ET1-3 Buy 2 MNQU3 @ 15352.00, parent P1
    """)
    [parent] = told.result.windows()["ET1"].staged.values()
    assert parent.status == "Filled"


@pytest.mark.parametrize("loser", ["ET1", "ET2"])
def test_who_does_not_own_an_order_does_not_work_it(loser: str) -> None:
    owner = "ET2" if loser == "ET1" else "ET1"
    told = play(
        f"0s PM1 stage P1 buy 10 @ 15352.00 for 123\n1s {owner} claim P1\n2s {loser} claim P1",
        habits=dict.fromkeys(("ET1", "ET2"), "{ works_in_children_of = 4 }"),
    )

    assert {child.sender_comp_id for child in told.payloads("NewChildOrder", to="CME-A")} == {owner}


# fmt: off
STOPS = {
    "a child he cancels": ("3s ET1 cancel ET1-1", "Claimed", 0),
    "a child he cancels when it has traded":
        ("3s LP enter o1 sell 1 @ 15352.00\n4s ET1 cancel ET1-1", "Partially Filled", 1),
}
# fmt: on


@pytest.mark.parametrize(("steps", "status", "cum"), STOPS.values(), ids=STOPS.keys())
def test_a_trader_does_not_replace(steps: str, status: str, cum: int) -> None:
    told = play(
        f"0s PM1 stage P1 buy 10 @ 15352.00 for 123\n1s ET1 claim P1\n{steps}",
        habits={"ET1": "{ works_in_children_of = 4 }"},
    )

    [parent] = told.result.windows()["ET1"].staged.values()
    assert (parent.status, parent.cum_qty, parent.working_qty) == (status, cum, 0)


def test_at_the_market_a_trader_goes_on_until_nobody_offers() -> None:
    told = play(
        """
        0s LP enter o1 sell 3 @ 15352.00
        0s LP enter o2 sell 4 @ 15353.00
        1s PM1 stage P1 buy 20 for 123
        2s ET1 claim P1
        """,
        habits={"ET1": "{ works_in_children_of = 5 }"},
    )

    assert [line for line in told.to("ET1") if line.startswith("Child")] == rows("""
        ChildAck ET1-1 working 5 @ market
        ChildFill ET1-1 3 @ 15352.00, cum 3, leaves 2
        ChildFill ET1-1 2 @ 15353.00, cum 5, leaves 0
        ChildAck ET1-2 working 5 @ market
        ChildFill ET1-2 2 @ 15353.00, cum 2, leaves 3
        ChildCanceled ET1-2 cum 2
        ChildReject ET1-3: ord_type MARKET: expected an offer to trade with [REJ-5]
    """)


@given(
    size=st.integers(5, 40),  # few enough children for the time that the flow lasts
    links=st.lists(
        st.builds(
            "{} {}ms {}ms".format,
            st.sampled_from(
                ["ET1 SSE-A", "ET1 CME-A", "SSE-A ET1", "CME-A ET1", "CME-A CME", "CME-A SSE-A"]
            ),
            st.integers(0, 400),
            st.integers(0, 400),
        ),
        max_size=4,
        unique_by=lambda link: link.rsplit(" ", 2)[0],
    ),
    seed=st.integers(0, 10_000),
)
def test_a_trader_never_asks_for_more_than_is_free_and_works_until_all_is_filled(
    size: int, links: list[str], seed: int
) -> None:
    told = play(
        "2s PM1 stage P1 buy 40 @ 15353.00 for 123",
        habits={"ET1": BOTH % size, "ET2": BOTH % size},
        links=links,
        seed=seed,
        in_place=True,
        extra=FLOW,
    )

    assert not told.payloads("ChildReject") + told.payloads("ChildRefused")
    assert len({child.sender_comp_id for child in told.payloads("NewChildOrder", to="CME-A")}) == 1
    for user in ("PM1", "ET1", "ET2"):
        [parent] = told.result.windows()[user].staged.values()
        assert (parent.status, parent.cum_qty) == ("Filled", 40)
