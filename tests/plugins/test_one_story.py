"""One story: order entry, drop copy, the engine's trades, and market data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import msgspec
import pytest
from copy_floors import GROUPS, TARGETS, copies, scenario, story
from hypothesis import given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.actors.copy_gateway import CopyGateway
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.firms import SenderComp
from floorproof.market.fix import ExecType, MDEntryType, Side, SubscriptionRequestType
from floorproof.market.fix_line import SOH
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
)
from floorproof.runtime.choices import Recorded
from floorproof.runtime.participant import Answer, Delivery, Send
from floorproof.scenario.floor import Floor

MNQU3 = Symbol("MNQU3")
FEW = settings().max_examples // 4
S = 1_000_000_000


class Watcher:
    """Subscribes to market data from some seconds on, and up to others."""

    def __init__(self, *whens: tuple[float, bool]) -> None:
        self._whens = whens

    def start(self) -> Iterator[Answer]:
        for number, (at, on) in enumerate(self._whens):
            kind = SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES
            request = MarketDataRequest(
                sender_comp_id=CompID("WATCHER"),
                md_req_id="W",
                symbol=MNQU3,
                market_depth=number % 2,
                subscription_request_type=kind if on else SubscriptionRequestType.DISABLE_PREVIOUS,
            )
            yield Send("CME", request, int(at * S))

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from ()


def watched(
    text: str,
    spoil: Callable[[Any], Any] | None = None,
    *,
    whens: tuple[tuple[float, bool], ...] = ((0, True),),
    gateway: type[CopyGateway] | None = None,
    **options: Any,
) -> floorproof.Result:
    """Run a floor with somebody who sees trades printed.

    Args:
        spoil: puts something between the venue and everybody else.
    """
    parsed = floorproof.parse(text)
    floor = Floor(parsed)
    floor.add("WATCHER", lambda _context: Watcher(*whens))
    if gateway is not None:
        for name, config in parsed.plan.copying.gateways.items():
            floor.add(name, lambda context, config=config: gateway(config, context))
    if spoil is not None:
        make: Any = floor._makers["CME"]
        floor.add("CME", lambda context: spoil(make(context)))
    return floor.run(**options)


def prints(result: floorproof.Result) -> list[tuple[int | None, int | None]]:
    return [
        (each.md_entry_px, each.md_entry_size)
        for entry in result.journal
        if isinstance(entry.payload, MarketDataIncrementalRefresh)
        for each in entry.payload.entries
        if each.md_entry_type is MDEntryType.TRADE
    ]


BUST = """
[[step]]
at = "3s"
who = "ADMIN"
do = "bust"
exchange = "CME"
trade = 2
"""


@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
@pytest.mark.parametrize(
    "whens",
    [
        ((0, True),),
        ((1.5, True),),
        ((0, True), (2, False)),
        ((1, True), (2, False), (2.5, True)),
        ((1, True), (1.5, True), (3.5, False)),  # the second is refused
    ],
)
def test_whatever_is_traded_is_told_and_printed_once(
    fix: bool, whens: tuple[tuple[float, bool], ...]
) -> None:
    result = watched(scenario(seconds=4, fix=fix, extra=BUST), whens=whens)

    assert prints(result)
    assert result.violations == ()


# --- negative controls ----------------------------------------------------------------


class Spoiled:
    """A venue that says something else than it has done."""

    def __init__(self, venue: Any) -> None:
        self._venue = venue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        for answer in self._venue.receive(delivery):
            if isinstance(answer, Send):
                yield msgspec.structs.replace(answer, message=self.said(answer.message))
            else:
                yield answer

    def said(self, message: object) -> object:
        return message


class Entries(Spoiled):
    """Changes the third print."""

    count = 0
    changes: Mapping[str, int] = MappingProxyType({})

    def said(self, message: object) -> object:
        if not isinstance(message, MarketDataIncrementalRefresh):
            return message
        entries: list[Any] = []
        for each in message.entries:
            self.count += each.md_entry_type is MDEntryType.TRADE
            spoils = each.md_entry_type is MDEntryType.TRADE and self.count == 3
            entries += self.spoilt(each) if spoils else [each]
        return attrs.evolve(message, entries=tuple(entries))

    def spoilt(self, entry: Any) -> list[Any]:
        return [msgspec.structs.replace(entry, **self.changes)]


class PrintsWhatNobodyIsToldOf(Entries):
    def spoilt(self, entry: Any) -> list[Any]:
        return [entry, entry]


class PrintsNothing(Entries):
    def spoilt(self, entry: Any) -> list[Any]:
        return []


class PrintsAnotherQuantity(Entries):
    changes = MappingProxyType({"md_entry_size": 99})


class PrintsAnotherPrice(Entries):
    changes = MappingProxyType({"md_entry_px": 1})


class PublishesAnotherVolume(Spoiled):
    def said(self, message: object) -> object:
        if not isinstance(message, MarketDataIncrementalRefresh):
            return message
        entries = [
            msgspec.structs.replace(each, md_entry_size=(each.md_entry_size or 0) + 1)
            if each.md_entry_type is MDEntryType.TRADE_VOLUME
            else each
            for each in message.entries
        ]
        return attrs.evolve(message, entries=tuple(entries))


class CountsTwice(Spoiled):
    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        venue.exchange.day(MNQU3).volume = 1


def _engine_of(venue: Any) -> Any:
    return getattr(venue, "_engine", venue)


@attrs.define
class _Core:
    """An exchange's core whose reports are changed before anybody is told."""

    core: Exchange
    spoil: Callable[[ExecutionReport], ExecutionReport | None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.core, name)

    def _spoilt(self, outcome: Outcome) -> Outcome:
        reports: list[Any] = [
            self.spoil(each) if isinstance(each, ExecutionReport) else each
            for each in outcome.reports
        ]
        outcome.reports[:] = [each for each in reports if each is not None]
        return outcome

    def receive(self, request: Any, now_ns: int) -> Outcome:
        return self._spoilt(self.core.receive(request, now_ns))

    def operate(self, operation: Any, now_ns: int) -> Outcome:
        return self._spoilt(self.core.operate(operation, now_ns))


def core(spoil: Callable[[ExecutionReport], ExecutionReport | None]) -> Callable[[Any], Any]:
    """Return what gives a venue a core whose reports are changed."""

    def put(venue: Any) -> Any:
        engine = _engine_of(venue)
        engine.exchange = _Core(engine.exchange, spoil)
        return venue

    return put


def tells_nobody(report: ExecutionReport) -> ExecutionReport | None:
    return None if report.trd_match_id == 3 else report


def tells_the_buyer_alone(report: ExecutionReport) -> ExecutionReport | None:
    return None if (report.trd_match_id, report.side) == (3, Side.SELL) else report


def tells_another_quantity(report: ExecutionReport) -> ExecutionReport:
    if report.trd_match_id != 3:
        return report
    return msgspec.structs.replace(report, last_qty=report.last_qty + 1)


def tells_two_quantities(report: ExecutionReport) -> ExecutionReport:
    if (report.trd_match_id, report.side) != (3, Side.SELL):
        return report
    return msgspec.structs.replace(report, last_qty=report.last_qty + 1)


def tells_no_bust(report: ExecutionReport) -> ExecutionReport | None:
    return None if report.exec_type is ExecType.TRADE_CANCEL else report


def tells_the_seller_of_no_bust(report: ExecutionReport) -> ExecutionReport | None:
    is_it = report.exec_type is ExecType.TRADE_CANCEL and report.side is Side.SELL
    return None if is_it else report


FAULTS: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "a print that nobody is told of": (
        PrintsWhatNobodyIsToldOf,
        (
            "CME prints other trades in MNQU3 than it tells its sessions, at print 4",
            "sessions were told",
            "WATCHER saw printed",
            "      trade 3: ",
            "    > trade 4: ",
        ),
    ),
    "fills without a print": (PrintsNothing, ("at print 3", "    > trade 3: ")),
    "another quantity": (PrintsAnotherQuantity, ("at print 3", " 99 MNQU3 @ 1")),
    "another price": (PrintsAnotherPrice, ("at print 3", "MNQU3 @ 0.01")),
    "another volume": (PublishesAnotherVolume, ("CME publishes a volume of ", "to WATCHER, where")),
    "figures of the day": (
        CountsTwice,
        ("CME counts other trades in MNQU3 than it tells its sessions", "the day's figures"),
    ),
    "a trade that nobody is told of": (core(tells_nobody), ("at print 3", "    > trade 4: ")),
    "a trade of which one side hears": (
        core(tells_the_buyer_alone),
        ("of trade 3 of CME only the buy side was ever told: ",),
    ),
    "fills of another quantity": (core(tells_another_quantity), ("at print 3", "    > trade 3: ")),
    "sides that do not agree": (
        core(tells_two_quantities),
        ("trade 3 of CME is told differently", "    > ", "buy ", "sell ", "to ALPHA"),
    ),
    "a bust that nobody is told of": (
        core(tells_no_bust),
        ("CME counts other trades in MNQU3 than it tells its sessions",),
    ),
    "a bust of which one side hears": (
        core(tells_the_seller_of_no_bust),
        ("of bust of trade 2 of CME only the buy side was ever told",),
    ),
}


@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
@pytest.mark.parametrize(("spoil", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_venue_that_tells_another_story_is_caught(
    spoil: Callable[[Any], Any], says: tuple[str, ...], fix: bool
) -> None:
    [found] = story(watched(scenario(seconds=4, fix=fix, extra=BUST), spoil))

    assert [each for each in says if each not in found] == [], found


class LosesTheLastFill(CopyGateway):
    """Copies no fill after the second second: nothing comes after it that would show it."""

    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        is_fill = f"{SOH}150=1{SOH}" in text or f"{SOH}150=2{SOH}" in text
        if not (is_fill and self._now_ns > 2 * S):
            yield from super()._copy(comp, text)


@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
def test_a_copy_that_is_missing_shows_in_the_position(fix: bool) -> None:
    fills = {"COPY-A": (("Trade - Fill Notice",), ("X01AAA",))}
    text = scenario(seconds=4, fix=fix, groups=fills)

    assert story(watched(text)) == []
    [found] = story(watched(text, gateway=LosesTheLastFill))

    assert "the copies of COPY-A differ from what sessions were told" in found
    assert " nothing" in found
    assert "X01AAA in MNQU3 " in found
    assert " instead of " in found


def test_what_is_on_record_as_not_copied_is_missed_by_nobody() -> None:
    class SaysNotCopied(CopyGateway):
        def _wrapped(self, text: str) -> Any:
            return super()._wrapped(text if f"{SOH}150=2{SOH}" not in text else text * 40)

    result = watched(scenario(seconds=4), gateway=SaysNotCopied)

    assert [each for each in result.journal if each.kind == "not copied"]
    assert story(result) == []


# --- crashes --------------------------------------------------------------------------

BACK = [(at, "connect", desk) for at in (3, 5, 62) for desk in TARGETS]
"""Whoever has lost his connection is told; whoever finds nobody there gives up after a minute."""


def crashed(who: str, message: int, *, fix: bool, kind: str = "CGW") -> floorproof.Result:
    """Run a floor on which somebody is away for most of a second, from one of his messages on."""
    steps = [*BACK, *([(at, "connect", "ALPHA") for at in (3, 5, 62)] if fix else [])]
    faults = f'[faults]\ncrash = 1\nactors = ["{who}"]\nlongest = "1s"\n'
    text = scenario(sorted(steps), seconds=6, fix=fix, kind=kind, extra=faults)
    if kind == "MSGW" and fix:
        text = text.replace('heartbeat = "5s"\n', 'heartbeat = "5s"\nsegment = "01"\n', 1)
    choices = Recorded({f"crash {who}>{who} {message}": 900_000_000})
    return watched(text, choices=choices)


@pytest.mark.rule("DROP-4")
@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
@pytest.mark.parametrize("kind", ["CGW", "MSGW"])
@pytest.mark.parametrize("message", [1, 30, 60, 120])
def test_a_copy_gateway_that_crashes_copies_what_it_was_not_there_for(
    kind: str, fix: bool, message: int
) -> None:
    gateway = "DROPCOPY" if kind == "CGW" else "DROPCOPY-CME"

    result = crashed(gateway, message, fix=fix, kind=kind)

    assert [entry.payload.kind for entry in result.journal if entry.kind == "fault"] == ["crash"]
    assert result.violations == ()
    quiet = watched(scenario(seconds=6, fix=fix, kind=kind)) if not fix else None
    for desk in GROUPS:
        got = [(each.source_comp_id, each.msg_seq_num) for each in copies(result, desk)]
        assert got
        assert len(set(got)) == len(got)
        if quiet is not None:
            meant = [(each.source_comp_id, each.msg_seq_num) for each in copies(quiet, desk)]
            # After an outage sessions come one after the other; each in its own order.
            assert sorted(got) == sorted(meant)


@pytest.mark.rule("DROP-4")
@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
@pytest.mark.parametrize("message", [2, 30, 80])
def test_a_desk_that_crashes_knows_what_it_had_and_gets_the_rest(fix: bool, message: int) -> None:
    result = crashed("COPY-C", message, fix=fix)

    assert [entry.payload.kind for entry in result.journal if entry.kind == "fault"] == ["crash"]
    assert result.violations == ()
    quiet = watched(scenario(seconds=6, fix=fix)) if not fix else None
    got = [(each.source_comp_id, each.msg_seq_num) for each in copies(result, "COPY-C")]
    assert len(set(got)) == len(got)
    if quiet is not None:
        assert got == [(each.source_comp_id, each.msg_seq_num) for each in copies(quiet, "COPY-C")]


def test_a_gateway_that_forgets_in_a_crash_is_caught() -> None:
    """The negative control: it takes up what comes, and asks for nothing."""

    class Forgets(CopyGateway):
        def start(self) -> Iterator[Answer]:
            yield from ()

        def _told(self, venue: CompID, comp: SenderComp, told: Any) -> Iterator[Answer]:
            self._kept.heard[venue, comp.session] = told.number - 1
            yield from super()._told(venue, comp, told)

    faults = '[faults]\ncrash = 1\nactors = ["DROPCOPY"]\nlongest = "1s"\n'
    text = scenario(sorted(BACK), seconds=6, extra=faults)
    choices = Recorded({"crash DROPCOPY>DROPCOPY 120": 900_000_000})

    [found] = story(watched(text, gateway=Forgets, choices=choices))

    assert "differ from what sessions were told" in found


_LINKS = ["CME>DROPCOPY", "DROPCOPY>COPY-A", "COPY-A>DROPCOPY", "CME>ALPHA"]


@settings(max_examples=FEW)
@given(
    link=st.sampled_from(_LINKS),
    actor=st.sampled_from(["DROPCOPY", "COPY-A", "COPY-C", "CME", "ALPHA"]),
    seed=st.integers(0, 99),
    fix=st.booleans(),
)
def test_one_story_whatever_is_lost_on_the_way_and_whoever_crashes(
    link: str, actor: str, seed: int, fix: bool
) -> None:
    kinds = "\n".join(f"{kind} = 1" for kind in ("drop", "duplicate", "reorder", "cut", "crash"))
    steps = [*BACK, *([(at, "connect", "ALPHA") for at in (3, 5, 62)] if fix else [])]
    faults = f'[faults]\n{kinds}\nlinks = ["{link}"]\nactors = ["{actor}"]\none_in = 30\n'

    result = watched(
        scenario(sorted(steps), seconds=4, fix=fix, extra=faults), seed=seed, in_place=True
    )

    assert story(result) == []
