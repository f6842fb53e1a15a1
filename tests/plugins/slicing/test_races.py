"""What holds for every order that slices, whatever meets on the way: whole floors of chance.

The market moves, somebody trades with what rests, latencies differ, messages of one moment
come in any order, and the user edits, pauses, resumes and cancels when he likes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from algos import PLUGINS, SLICERS, enter, run, step, text
from floors import Told
from hypothesis import given, settings
from hypothesis import strategies as st
from sliced import LINKS, MOVES, Account, at_the_exchange, check

import floorproof
from floorproof.market.identifiers import ClOrdID
from floorproof.market.messages import ExecutionReport
from floorproof.market.synthetic import SynthStatus
from floorproof.plugins.slicing.slicer import Slicer
from floorproof.plugins.synthetic import Finish
from floorproof.runtime.errors import RunError

ASKED = st.lists(
    st.tuples(
        st.integers(11, 59),
        st.sampled_from(["pause", "resume", "cancel", "fewer", "more", "faster", "slower"]),
    ),
    max_size=4,
)
ORDERS = st.fixed_dictionaries(
    {
        "max_display": st.sampled_from([10, 30, 60, 100]),
        "style": st.sampled_from(["aggressive", "default", "passive"]),
    },
    optional={"would_if_price": st.sampled_from(["99.50", "100.25", "101.00"])},
)

_ASKS: dict[str, dict[str, Any]] = {
    "fewer": {"quantity": 9},
    "more": {"quantity": 14},
    "faster": {"parameters": {"duration": "3s"}},
    "slower": {"parameters": {"duration": "6s", "max_display": 20}},
}
QUANTITY = 12


def floor_of(
    order: dict[str, Any],
    moves: Sequence[tuple[int, str, int, int, bool]],
    asked: Sequence[tuple[int, str]],
    limit: str,
    order_type: str = "TT_TWAP",
    symbol: str = "MNQU3",
) -> str:
    """Return a floor in which a market moves, and a user works an order."""
    steps = ["0s LP enter b buy 9 @ 99.75", "0s LP enter s sell 9 @ 100.25"]
    for number, (tenth, side, qty, ticks, immediate) in enumerate(moves):
        price = 10_000 + 25 * ticks
        ioc = " ioc" if immediate else ""
        steps.append(f"{tenth / 10}s LP enter m{number} {side} {qty} @ {price / 100:.2f}{ioc}")
    more = enter("1s", "ET1", "t1", order_type, f"buy {QUANTITY} {symbol}{limit}", parameters=order)
    for tenth, what in asked:
        table: dict[str, Any] = {"order": "t1"}
        if what in _ASKS:
            table |= {"symbol": symbol, "type": order_type, **_ASKS[what]}
        more += step(f"{tenth / 10}s", "ET1", "edit" if what in _ASKS else what, table)
    return text("\n".join(steps), more=more, types=SLICERS, links=LINKS)


@pytest.mark.rule("SLICE-1", "SLICE-2", "SLICE-4")
@settings(max_examples=settings().max_examples // 2)
@given(ORDERS, MOVES, ASKED, st.sampled_from(["", " @ 100.25", " @ 101"]), st.integers(1, 10**6))
def test_any_twap_meets_any_market(
    order: dict[str, Any],
    moves: list[tuple[int, str, int, int, bool]],
    asked: list[tuple[int, str]],
    limit: str,
    seed: int,
) -> None:
    made = floor_of({"duration": "4s", **order}, moves, sorted(asked), limit)

    told = Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=seed, in_place=True))

    check(told, 14 if "more" in [what for _, what in asked] else QUANTITY)


@pytest.mark.rule("SLICE-4")
@settings(max_examples=settings().max_examples // 3)
@given(ORDERS, MOVES, st.integers(15, 48), st.integers(1, 10**6))
def test_a_cancel_leaves_no_orphan(
    order: dict[str, Any],
    moves: list[tuple[int, str, int, int, bool]],
    tenth: int,
    seed: int,
) -> None:
    made = floor_of({"duration": "4s", **order}, moves, [(tenth, "cancel")], " @ 101")

    told = Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=seed, in_place=True))

    assert told.payloads("CancelSyntheticOrder")
    row = told.result.windows()["ET1"].synthetic[ClOrdID("t1")]
    assert row.synth_status in ("Canceled", "Finished")
    assert at_the_exchange(told)[-1].working == 0


@pytest.mark.rule("SLICE-1", "SLICE-4")
@settings(max_examples=settings().max_examples // 4)
@given(
    st.sampled_from(["aggressive", "default", "passive"]),
    MOVES,
    st.lists(
        st.tuples(st.integers(11, 59), st.sampled_from(["pause", "resume", "cancel"])), max_size=3
    ),
    st.integers(1, 10**6),
)
def test_any_twap_in_a_made_instrument_meets_any_market(
    style: str,
    moves: list[tuple[int, str, int, int, bool]],
    asked: list[tuple[int, str]],
    seed: int,
) -> None:
    order = {"duration": "4s", "max_display": 30, "style": style}
    made = floor_of(order, moves, sorted(asked), " @ 101", symbol="2xMNQU3")

    told = Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=seed, in_place=True))

    check_made(told, QUANTITY, lots=2)


def check_made(told: Told, quantity: int, lots: int) -> None:
    """Check a TWAP whose instrument is so many lots of the leg that is traded for it."""
    assert told.result.violations == ()
    legs: dict[int, tuple[int, int]] = {}
    for entry in told.messages:
        report = entry.payload
        if (entry.sender, entry.actor) != ("CME", "CME-A") or not isinstance(
            report, ExecutionReport
        ):
            continue
        if report.parent_id and report.order_id is not None:
            legs[report.order_id] = report.cum_qty, report.leaves_qty
            # Filled and working: never more than the legs of the whole order.
            assert sum(map(sum, legs.values())) <= lots * quantity
    row = told.result.windows()["ET1"].synthetic.get(ClOrdID("t1"))
    if row is None:
        return
    assert row.cum_qty == sum(cum for cum, _ in legs.values()) // lots
    if row.synth_status in ("Canceled", "Finished"):
        assert not any(leaves for _, leaves in legs.values())


# --- negative controls ----------------------------------------------------------------


def _impatient(slicer: Slicer) -> bool:
    """Send the market order without awaiting the cancel of what rests."""
    work, order = slicer.work, slicer.order
    for child in order.alive:
        if child.name.startswith("p"):
            slicer._cancel(child)
    if work.crossed:
        return False
    slicer.now(crossed=True)
    return slicer._enter_crossing(work.cross_to - order.cum_qty)


def _careless(slicer: Slicer, text: str = "") -> None:
    """Be over at once, whatever still works."""
    slicer.say(Finish(SynthStatus.CANCELED))
    slicer.order = attrs.evolve(slicer.order, is_over=True)


BROKEN: dict[str, tuple[str, Callable[..., Any], list[tuple[int, str]]]] = {
    "does not await the cancel": ("_crosses", _impatient, []),
    "leaves its children behind": ("stop", _careless, [(20, "cancel")]),
}


@pytest.mark.parametrize(("method", "broken", "asked"), BROKEN.values(), ids=BROKEN.keys())
def test_a_slicer_that_is_broken_is_found_out(
    method: str,
    broken: Callable[..., Any],
    asked: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Slicer, method, broken)
    order = {"duration": "4s", "style": "passive", "max_display": 100}
    # What rests is hit while its cancel is under way, at the end of the first slice.
    moves = [(2, "sell", 9, 1, False), (3, "sell", 9, 1, False), (30, "sell", 30, -1, True)]
    made = floor_of(order, [] if asked else moves, asked, "")

    with pytest.raises((AssertionError, RunError)):  # the gateway itself finds an overfill
        check(Told(floorproof.run(floorproof.parse(made, PLUGINS))), QUANTITY)
    monkeypatch.undo()
    check(Told(floorproof.run(floorproof.parse(made, PLUGINS))), QUANTITY)


def _hasty(slicer: Slicer) -> bool:
    """Send the market order, and only then the cancel of what rests."""
    work, order = slicer.work, slicer.order
    if work.crossed:
        return False
    resting = [child for child in order.alive if child.name.startswith("p")]
    slicer.now(crossed=True)
    entered = slicer._enter_crossing(work.cross_to - order.cum_qty)
    for child in resting:
        slicer._cancel(child)
    return entered


def test_a_twap_that_leaves_its_spread_behind_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = {"duration": "4s", "style": "passive", "max_display": 30}
    made = floor_of(order, [], [(20, "cancel")], " @ 101", symbol="2xMNQU3")
    check_made(Told(floorproof.run(floorproof.parse(made, PLUGINS))), QUANTITY, lots=2)
    monkeypatch.setattr(Slicer, "stop", _careless)

    with pytest.raises(AssertionError):
        check_made(Told(floorproof.run(floorproof.parse(made, PLUGINS))), QUANTITY, lots=2)


def test_a_run_says_by_itself_that_more_works_than_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = {"duration": "4s", "style": "passive", "max_display": 100}
    made = floor_of(order, [], [], "")
    assert floorproof.run(floorproof.parse(made, PLUGINS)).violations == ()
    # The gateway finds the overfill only where what rests is hit meanwhile: here nobody does.
    monkeypatch.setattr(Slicer, "_crosses", _hasty)

    (violation,) = floorproof.run(floorproof.parse(made, PLUGINS)).violations

    assert violation.invariant == "synthetic-room"
    assert violation.text == "t1 of 12 has filled 0, and 22 of its children work"


def test_on_a_quiet_floor_all_of_it_is_bought() -> None:
    told = run(
        "0s LP enter s sell 20 @ 100",
        more=enter("1s", "ET1", "t1", "TT_TWAP", "buy 12 MNQU3", parameters={"duration": "4s"}),
        types=SLICERS,
    )

    check(told, QUANTITY)
    assert at_the_exchange(told)[-1] == Account(0, 12)
