"""The invariants that ship: each holds on floors as they are, and is broken by what it is for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import attrs
import copy_floors
import msgspec
import pytest
from floors import play
from hypothesis import given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.market.copy_groups import CopySetup
from floorproof.market.credentials import Logins
from floorproof.market.fix import ExecType, Side, TimeInForce
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.matching import Algorithm
from floorproof.market.messages import ExecutionReport
from floorproof.market.sessions import TradingState
from floorproof.market.staging import ParentPartialFill, StagedAck, StagedUpdate
from floorproof.plugins.invariants import invariants
from floorproof.runtime.faults import Fault, FaultPlan
from floorproof.runtime.journal import Entry
from floorproof.scenario.watch import Watch, watchers_of

WORKED = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    2s ET1 claim P1
    3s ET2 child C1 of P1 6 @ 15351.50
    4s LP enter o1 sell 4 @ 15351.50
    5s LP enter o2 sell 2 @ 15351.25
    6s ET2 child C2 of P1 4 @ 15352.00
    7s LP enter o3 sell 3 @ 15352.00
    8s ET2 cancel C2
"""
RUN = play(WORKED).result


@attrs.frozen
class Floor:
    """A floor as its scenario has it, with nobody on it."""

    scenario: floorproof.Scenario

    @property
    def instruments(self) -> Mapping[Symbol, Instrument]:
        return self.scenario.plan.instruments

    @property
    def exchange_of(self) -> Mapping[Symbol, CompID]:
        return self.scenario.plan.exchange_of

    @property
    def fault_plan(self) -> FaultPlan | None:
        return self.scenario.plan.faults

    @property
    def drop_copy(self) -> CopySetup | None:
        return self.scenario.plan.copying.setup(self.scenario.plan.registry)

    @property
    def users(self) -> Sequence[CompID]:
        return tuple(map(CompID, self.scenario.users))

    @property
    def logins(self) -> Mapping[CompID, Logins]:
        return self.scenario.plan.logins

    @property
    def feed_readers(self) -> Mapping[CompID, CompID]:
        return {reader.name: reader.feed for reader in self.scenario.plan.feed_readers}

    @property
    def states(self) -> Mapping[CompID, Mapping[str, TradingState]]:
        return {name: venue.states for name, venue in self.scenario.plan.venues.items()}

    @property
    def order_types(self) -> Mapping[CompID, Mapping[str, object]]:
        return self.scenario.plan.order_types

    def gateways(self, kind: str) -> Sequence[CompID]:
        return self.scenario.plan.gateways(kind)

    def algorithm(self, symbol: Symbol) -> Algorithm:
        return self.scenario.plan.venues[self.exchange_of[symbol]].algorithms[symbol]

    def start(self, exchange: CompID) -> datetime:
        return self.scenario.plan.venues[exchange].start

    def rule_sets(self, exchange: CompID) -> Mapping[str, object]:
        return self.scenario.plan.venues[exchange].rule_sets

    def participant(self, name: str) -> object:
        return None


def found(entries: Sequence[Entry]) -> dict[str, str]:
    """Return what the invariants find wrong with a journal, by name."""
    every = {name: cls() for name, cls in invariants().items()}
    seen: list[Entry] = []
    watch = Watch(dict(watchers_of(every, Floor(RUN.scenario))), seen)
    for entry in entries:
        seen.append(entry)
        watch(entry)
    return {each.invariant: each.text for each in watch.end(entries[-1].time)}


Changed: TypeAlias = Callable[[Any], Any]


def altered(which: Callable[[Entry], bool], how: Changed | None, nth: int = 0) -> list[Entry]:
    """Return the run's journal with one entry's payload changed, or without that entry."""
    places = [place for place, entry in enumerate(RUN.journal) if which(entry)]
    entries = list(RUN.journal)
    entry = entries.pop(places[nth])
    if how is not None:
        entries.insert(places[nth], msgspec.structs.replace(entry, payload=how(entry.payload)))
    return entries


def of_exchange(exec_type: ExecType) -> Callable[[Entry], bool]:
    def which(entry: Entry) -> bool:
        report = entry.payload
        told = isinstance(report, ExecutionReport) and entry.sender == "CME"
        return told and report.exec_type is exec_type

    return which


def told_of_parent(kind: type, user: str) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry.payload, kind) and entry.actor == user


def to_gateway(exec_type: ExecType) -> Callable[[Entry], bool]:
    def which(entry: Entry) -> bool:
        report = entry.payload
        told = isinstance(report, ExecutionReport) and entry.actor == "SSE-A"
        return told and report.exec_type is exec_type

    return which


def told_to(exec_type: ExecType, user: str) -> Callable[[Entry], bool]:
    def which(entry: Entry) -> bool:
        report = entry.payload
        told = isinstance(report, ExecutionReport) and entry.actor == user
        return told and report.exec_type is exec_type

    return which


def struct(**changes: object) -> Changed:
    return lambda payload: msgspec.structs.replace(payload, **changes)


def evolved(**changes: object) -> Changed:
    return lambda payload: attrs.evolve(payload, **changes)


def test_floors_as_they_are_break_nothing() -> None:
    assert found(RUN.journal) == {}
    # Drop copy has a floor of its own, in `tests/actors/test_copy_gateway.py`.
    # And there are no faults here after which to agree: `test_agreement.py` has them.
    apart = ("agreement", "one-story")
    assert RUN.invariants == tuple(name for name in invariants() if name not in apart)
    assert RUN.violations == ()


IOC = TimeInForce.IMMEDIATE_OR_CANCEL

# The invariant, which entry is changed, how, and what is said.
BREAKS: dict[str, tuple[str, list[Entry], str]] = {
    "a fill of more than was left": (
        "order-quantities",
        altered(of_exchange(ExecType.TRADE), struct(last_qty=5)),
        "(CME-A-1) had filled 0, fills 5, and has filled 4",
    ),
    "a quantity that is lost": (
        "order-quantities",
        altered(of_exchange(ExecType.TRADE), struct(leaves_qty=1)),
        "(CME-A-1) of 6 has filled 4 and has 1 left, which makes 5",
    ),
    "filled and canceled both": (
        "order-quantities",
        altered(of_exchange(ExecType.CANCELED), struct(cum_qty=4)),
        "had filled 3, fills 0, and has filled 4",
    ),
    "a canceled order with something left": (
        "order-quantities",
        altered(of_exchange(ExecType.CANCELED), struct(leaves_qty=1)),
        "is over with 1 left",
    ),
    "a fill that is told twice": (
        "order-quantities",
        [*RUN.journal, *(each for each in RUN.journal if of_exchange(ExecType.TRADE)(each))],
        "is over, and then: trade",
    ),
    "a fill that nobody was told of": (
        "order-quantities",
        altered(of_exchange(ExecType.TRADE), None),
        "had filled 0, fills 2, and has filled 6",
    ),
    "an order that stands otherwise than was told": (
        "order-quantities",
        altered(of_exchange(ExecType.TRADE), struct(exec_type=ExecType.ORDER_STATUS, exec_id=0)),
        "(CME-A-1) had filled 0, fills 0, and has filled 4",
    ),
    "two buyers in a trade": (
        "both-sides",
        altered(of_exchange(ExecType.TRADE), struct(side=Side.SELL)),
        "trade 1 of CME has two sides that sell",
    ),
    "two prices of a trade": (
        "both-sides",
        altered(of_exchange(ExecType.TRADE), struct(last_px=1535100), nth=1),
        "trade 1 of CME is 4 at 1535150 to one side, and 4 at 1535100 to the other",
    ),
    "a trade that one side alone hears of": (
        "both-sides",
        altered(of_exchange(ExecType.TRADE), None, nth=1),
        "of trade 1 of CME only the buy side was ever told",
    ),
    "two owners": (
        "one-owner",
        altered(told_of_parent(StagedUpdate, "PM1"), evolved(owner="ET1")),
        "P1 is ET1's, and then ET2's, with no time between",
    ),
    "a child's fill that the parent has not": (
        "parent-fills",
        [each for each in RUN.journal if not isinstance(each.payload, ParentPartialFill)],
        "a child of P1 has filled 4, and P1 has not",
    ),
    "a parent's fill that no child has": (
        "parent-fills",
        altered(to_gateway(ExecType.TRADE), None),
        "P1 fills 4, and no child of it has",
    ),
    "a parent that fills more than its child": (
        "parent-fills",
        altered(told_of_parent(ParentPartialFill, "PM1"), evolved(last_qty=5)),
        "P1 fills 5 and has filled 4 in all, where its children have filled 4 and 4",
    ),
    "a parent that counts a fill twice": (
        "parent-fills",
        altered(told_of_parent(ParentPartialFill, "PM1"), evolved(cum_qty=8), nth=1),
        "P1 fills 2 and has filled 8 in all, where its children have filled 2 and 6",
    ),
    "a fill that a gateway tells twice": (
        "filled-once",
        [
            again
            for each in RUN.journal
            for again in ([each, each] if told_to(ExecType.TRADE, "LP")(each) else [each])
        ],
        "tells LP of the fill of 4 of o1 in trade 1 a second time",
    ),
    "a fill that its user never hears of": (
        "positions-conserve",
        altered(told_to(ExecType.TRADE, "LP"), None),
        "LP holds -9 MNQU3, and was told of -5",
    ),
    "a fill with another sign than the other side's": (
        "positions-conserve",
        altered(of_exchange(ExecType.TRADE), struct(last_qty=1)),
        "3 MNQU3 more were sold than the other way",
    ),
    "a fill while somebody bid more": (
        "price-time-priority",
        altered(of_exchange(ExecType.NEW), struct(side=Side.BUY, price=1535175), nth=1),
        "CME-A-1 buys 4 MNQU3 at 15351.50, and CME-A-2 rests at a better price, 15351.75",
    ),
    "more children than the parent has room for": (
        "parent-room",
        altered(of_exchange(ExecType.NEW), struct(leaves_qty=60)),
        "P1 of 10 has filled 0, and 60 of its children work",
    ),
    "an order that must trade at once, and rests": (
        "times-in-force",
        altered(of_exchange(ExecType.TRADE), struct(time_in_force=IOC)),
        "CME-A-1 must trade at once, and trades at rest",
    ),
    "somebody who is not told": (
        "staged-audience",
        altered(told_of_parent(StagedAck, "ET1"), None),
        "ET1 may see P1, and is not told of a StagedAck",
    ),
    "somebody who must not be told": (
        "staged-audience",
        [
            msgspec.structs.replace(each, actor="PM2") if isinstance(each.payload, StagedUpdate)
            else each for each in RUN.journal
        ],
        "PM2 is told of P1, and may not see it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "entries", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_each_is_broken_by_what_it_is_for(name: str, entries: list[Entry], said: str) -> None:
    broken = found(entries)

    assert said in broken[name], broken


def test_every_invariant_is_shown_to_break() -> None:
    # `synthetic-room` in `tests/plugins/slicing/test_races.py`, on a floor with such orders.
    # `mass-cancels`, as most of them once more, in `tests/test_gallery.py`.
    elsewhere = {"agreement", "uncrossed-books", "one-story", "synthetic-room", "mass-cancels"}
    assert {name for name, _, _ in BREAKS.values()} | elsewhere == set(invariants())


def fault(kind: str, message: str = "ExecutionReport", recipient: str = "CME-A") -> Entry:
    befell = Fault(kind, "CME", recipient, message, 0)
    return msgspec.structs.replace(
        RUN.journal[0], sender=None, actor=recipient, kind="fault", payload=befell
    )


ONE_SIDE = altered(of_exchange(ExecType.TRADE), None, nth=1)
CRASHED = msgspec.structs.replace(
    fault("crash"), kind="lost", payload={"sender": "CME", "message": "ExecutionReport"}
)


@pytest.mark.parametrize(
    "entry",
    [*map(fault, ("drop", "cut", "partition", "overflow", "crash")), CRASHED],
    ids=["drop", "cut", "partition", "overflow", "crash", "lost while down"],
)
def test_what_is_lost_is_held_against_nobody_who_cannot_ask_again(entry: Entry) -> None:
    broken = found([entry, *ONE_SIDE])

    assert "both-sides" not in broken
    assert entry is CRASHED or "order-quantities" not in broken


@pytest.mark.parametrize(
    "entry",
    [
        fault("delay"),
        fault("duplicate"),
        fault("drop", message="MarketDataIncrementalRefresh"),
        fault("drop", message="OrderCancelReject", recipient="LP"),
    ],
    ids=["late", "twice", "other news", "to somebody else"],
)
def test_what_no_loss_explains_is_held_against_the_exchange(entry: Entry) -> None:
    assert "only the buy side was ever told" in found([entry, *ONE_SIDE])["both-sides"]


def test_no_more_trades_are_one_sided_than_reports_were_lost() -> None:
    sides = [each for each in ONE_SIDE if of_exchange(ExecType.TRADE)(each)]
    two = [each for each in ONE_SIDE if each is not sides[1]]

    assert "2 such trades, reports lost: 1" in found([fault("drop"), *two])["both-sides"]
    assert "both-sides" not in found([fault("drop"), fault("cut"), *two])


def test_what_the_network_delivers_twice_was_told_once() -> None:
    is_fill = of_exchange(ExecType.TRADE)
    again = next(each for each in RUN.journal if is_fill(each))

    assert "both-sides" not in found([fault("duplicate"), *RUN.journal, again])
    assert "both-sides" in found([*RUN.journal, again])
    assert "both-sides" in found([fault("duplicate"), *RUN.journal, again, again])


def test_a_loss_is_no_excuse_for_what_others_are_told_of_their_orders() -> None:
    entries = altered(of_exchange(ExecType.TRADE), struct(leaves_qty=1))

    assert "order-quantities" in found([fault("drop", recipient="LP"), *entries])
    assert "order-quantities" not in found([fault("drop"), *entries])


LINKS = ("CME>ALPHA", "CME>BRAVO", "CME>DELTA")


@settings(max_examples=settings().max_examples // 4)
@given(
    seed=st.integers(1, 999),
    kind=st.sampled_from(["drop", "duplicate", "reorder", "cut", "partition", "crash"]),
    fix=st.booleans(),
)
def test_sessions_in_messages_that_lose_reports_break_nothing(
    seed: int, kind: str, fix: bool
) -> None:
    links, actors = json.dumps(LINKS), json.dumps(["ALPHA", "BRAVO", "CME"])
    faults = f"[faults]\n{kind} = 4\none_in = 8\nlinks = {links}\nactors = {actors}\n"
    scenario = floorproof.parse(copy_floors.scenario(seconds=3, fix=fix, extra=faults))

    result = floorproof.run(scenario, seed=seed, in_place=True)

    assert result.violations == ()


@given(seed=st.integers(1, 200))
def test_races_and_latencies_break_nothing(seed: int) -> None:
    jitter = ["ET1 SSE-A 1ms 900us", "ET2 SSE-A 1ms 900us", "SSE-A ET2 0s 2ms", "LP CME-A 0s 2s"]

    assert play(WORKED, seed=seed, links=jitter).result.violations == ()
