"""Drop copy in FIX text: who gets what, once and in order, whatever becomes of his session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from copy_floors import GROUPS, SOURCES, TARGETS, copies, run, scenario, story
from hypothesis import given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.actors.copy_gateway import READ_ONLY, CopyGateway, CopyGatewayConfig
from floorproof.actors.drop_copy_client import DropCopyClient
from floorproof.market.centre_messages import GroupGone, KeyFile
from floorproof.market.copy_filters import CopyFilter, admits, kind_of
from floorproof.market.firms import EntityName, SenderComp
from floorproof.market.fix_line import SOH, Connected, FixText
from floorproof.market.identifiers import CompID
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.runtime.choices import Recorded
from floorproof.runtime.participant import Answer, Context, Delivery, Send
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.floor import Floor
from floorproof.wire.copies import kind_of_text, unwrap, wrap
from floorproof.wire.fix_header import first_values
from floorproof.wire.fix_text import Pairs, parse, write

FEW = settings().max_examples // 4
"""Whole floors take their time."""


def told(result: floorproof.Result, session: str) -> list[ExecutionReport | OrderCancelReject]:
    return [
        entry.payload
        for entry in result.journal
        if entry.actor == session
        and entry.sender == "CME"
        and isinstance(entry.payload, ExecutionReport | OrderCancelReject)
    ]


@pytest.mark.rule("COPY-1", "DROP-1", "DROP-4", "DROP-5")
@pytest.mark.parametrize("kind", ["CGW", "MSGW"])
def test_each_desk_gets_what_its_groups_filters_admit_of_its_sources(kind: str) -> None:
    result = run(scenario(kind=kind))

    assert result.violations == ()
    for desk, (filters, sources) in GROUPS.items():
        mine = copies(result, desk)
        assert mine
        assert {copy.source_comp_id[:6] for copy in mine} <= set(sources)
        for session, comp in SOURCES.items():
            heard = [copy.msg_seq_num for copy in mine if copy.source_comp_id[:6] == comp]
            meant = [
                number
                for number, report in enumerate(told(result, session), start=1)
                if comp in sources
                and admits([CopyFilter(each) for each in filters], kind_of(report))  # type: ignore[arg-type]  # it is one
            ]
            assert heard == meant


def test_a_copy_is_inside_as_the_session_was_told_and_outside_the_desks_own() -> None:
    result = run(scenario())

    texts = [
        entry.payload.text
        for entry in result.journal
        if entry.actor == "COPY-C" and isinstance(entry.payload, FixText)
    ]
    outer = [parse(text.encode("ascii")) for text in texts]
    for fields in map(first_values, outer):
        assert (fields[49], fields[50], fields[56]) == ("CME", "G", "C10000N")
    inner = [unwrap(each) for each in outer if first_values(each)[35] == "n"]
    assert [each.fields[56] for each in inner if each.fields[56][:6] not in SOURCES.values()] == []


@pytest.mark.rule("FIX-7", "DROP-2")
@pytest.mark.parametrize("fix", [False, True], ids=["messages", "FIX text"])
def test_a_cut_off_desk_catches_up_and_a_failover_tells_nothing_twice(fix: bool) -> None:
    steps = [
        (1, "cut_off", "COPY-A"),
        (3, "connect", "COPY-A"),
        (4, "fail_over", "COPY-C"),
        (5, "log_out", "COPY-B"),
        (6, "connect", "COPY-B"),
    ]
    quiet, stirred = run(scenario(fix=fix)), run(scenario(steps, fix=fix))

    assert story(stirred) == []
    for desk in GROUPS:
        heard, same = copies(quiet, desk), copies(stirred, desk)
        assert [(c.source_comp_id, c.msg_seq_num) for c in heard] == [
            (c.source_comp_id, c.msg_seq_num) for c in same
        ]
    known = [entry for entry in stirred.journal if entry.kind == "copy known"]
    assert {entry.actor for entry in known} == {"COPY-C"}
    assert len(known) == 3
    outer = [
        int(first_values(parse(entry.payload.text.encode("latin-1")))[34])
        for entry in stirred.journal
        if (entry.sender, entry.actor) == ("DROPCOPY", "COPY-C")
        and isinstance(entry.payload, FixText)
    ]
    assert max(after - before for before, after in pairwise(outer)) == 4_001


@pytest.mark.rule("DROP-4")
def test_a_gateway_asks_for_what_got_lost_on_its_way_to_it() -> None:
    faults = '[faults]\ndrop = 1\nlinks = ["CME>DROPCOPY"]\n'
    whole, lossy = scenario(seconds=3), scenario(seconds=3, extra=faults)

    quiet, result = run(whole), run(lossy, choices=Recorded({"drop CME>DROPCOPY 5": 1}))

    assert len(result.facts("fault")) == 1
    assert story(result) == []
    for desk in GROUPS:
        heard, same = copies(quiet, desk), copies(result, desk)
        assert sorted((c.source_comp_id, c.msg_seq_num) for c in heard) == sorted(
            (c.source_comp_id, c.msg_seq_num) for c in same
        )


def test_a_source_in_fix_text_is_copied_as_it_was_first_told_also_while_it_is_away() -> None:
    steps = [(2, "cut_off", "ALPHA"), (5, "connect", "ALPHA")]
    result = run(scenario(steps, fix=True))

    assert story(result) == []
    first = {}
    for entry in result.journal:
        if entry.actor == "ALPHA" and isinstance(entry.payload, FixText):
            text = entry.payload.text
            fields = first_values(parse(text.encode("ascii")))
            if fields.get(43) != "Y":
                first[int(fields[34])] = text.replace(SOH, "|")
    mine = {copy.msg_seq_num: copy.text for copy in copies(result, "COPY-A")}
    both = mine.keys() & first.keys()
    assert both
    assert [mine[number] for number in both] == [first[number] for number in both]
    assert mine.keys() - first.keys(), "what was told while it was away came with 43=Y, or later"
    # Heartbeats of the source are copied too, where a filter admits them.
    kinds = {kind_of_text(first_values(_pairs(text))) for text in mine.values()}
    assert len(kinds) > 3


def _pairs(text: str) -> list[tuple[int, str]]:
    return [(int(t), v) for t, v in (pair.split("=", 1) for pair in text.split("|")[:-1])]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_it_is_the_same_however_it_is_hosted(seed: int | None) -> None:
    text = scenario([(1, "cut_off", "COPY-A"), (2, "connect", "COPY-A")], seconds=3)

    assert run(text, seed=seed).digest == run(text, seed=seed, in_place=True).digest


# --- logons ---------------------------------------------------------------------------


@pytest.mark.rule("LOGON-1", "KEY-5")
def test_without_a_key_nobody_logs_on() -> None:
    result = run(scenario(keys=False, seconds=2))

    assert not [entry for entry in result.journal if isinstance(entry.payload, Connected)]
    assert all(copies(result, desk) == [] for desk in GROUPS)
    assert story(result) == []


def test_where_logons_need_no_keys_none_are_asked_for() -> None:
    result = run(scenario(keys=False, seconds=2, service="secure = false"))

    assert all(copies(result, desk) for desk in GROUPS)
    assert story(result) == []


@pytest.mark.rule("KEY-5", "LOGON-3")
def test_a_deleted_key_keeps_a_desk_out_until_it_has_another() -> None:
    centre = """
[[request_centre.user]]
name = "ADMIN1"
entities = ["ALPHA"]
rights = ["administrator"]
[[step]]
at = "1s"
who = "ADMIN1"
do = "delete_key"
session = "A10000"
key = "oldest"
[[step]]
at = "4s"
who = "ADMIN1"
do = "generate_key"
session = "A10000"
"""
    steps = [
        (2, "cut_off", "COPY-A"),
        (3, "connect", "COPY-A"),
        (5, "connect", "COPY-A"),
    ]
    text = scenario(steps, extra=centre)

    result = run(text)

    events = [
        f"{entry.time // 1_000_000_000} {entry.payload.event} {entry.payload.text}".rstrip()
        for entry in result.journal
        if entry.kind == "session" and entry.actor == "COPY-A"
    ]
    assert events == [
        "0 connected",
        "0 logged on",
        "2 disconnected",
        "3 connected",
        "3 logon refused Invalid logon. Logout forced.",
        "3 closed Invalid logon. Logout forced.",
        "3 disconnected",
        "5 connected",
        "5 logged on",
    ]
    assert story(result) == []
    assert [copy.msg_seq_num for copy in copies(result, "COPY-A")] == [
        *range(1, len(told(result, "ALPHA")) + 1)
    ]


# --- read only, and garbage -----------------------------------------------------------


class Intruder:
    """Has a desk's seat, and says what it likes once it is logged on."""

    def __init__(self, context: Context, inner: object, says: list[str]) -> None:
        self._inner = inner
        self._says = says

    def start(self) -> Iterator[Answer]:
        yield from self._inner.start()  # type: ignore[attr-defined]  # it has one

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        yield from self._inner.receive(delivery)  # type: ignore[attr-defined]  # it only answers
        if self._says and isinstance(delivery.message, FixText) and "35=n" in delivery.message.text:
            says, self._says = self._says, []
            for text in says:
                yield Send("DROPCOPY", FixText(delivery.message.connection, text))


def framed(number: int, msg_type: str, **more: str) -> str:
    header = [(35, msg_type), (34, str(number)), (369, "0"), (52, "20230717-13:30:00.000")]
    header += [(49, "A10000N"), (50, "A10000"), (56, "CME"), (57, "G"), (142, "US,IL")]
    return write([*header, *((int(tag[1:]), value) for tag, value in more.items())]).decode()


def intruding(says: list[str]) -> floorproof.Result:
    parsed = floorproof.parse(scenario(seconds=1))
    desk = next(each for each in parsed.plan.copying.desks if each.name == "COPY-A")
    floor = Floor(parsed)
    floor.add(
        "COPY-A",
        lambda context: Intruder(context, DropCopyClient(desk.ends, context), says),
    )
    return floor.run()


def refused(result: floorproof.Result) -> list[str]:
    return [
        first_values(parse(entry.payload.text.encode("ascii")))[58]
        for entry in result.journal
        if entry.actor == "COPY-A"
        and isinstance(entry.payload, FixText)
        and f"{SOH}35=3{SOH}" in entry.payload.text
    ]


@pytest.mark.rule("DROP-3")
@pytest.mark.parametrize("msg_type", ["D", "F", "G", "CA", "i", "Z", "H", "n"])
def test_whatever_looks_like_an_order_is_refused(msg_type: str) -> None:
    # The logon was 1, the answer to the test request 2, a resend request 3 or nothing.
    result = intruding([framed(number, msg_type, _11="o1") for number in (3, 4)])

    assert READ_ONLY in refused(result)
    assert not [
        entry for entry in result.journal if entry.sender == "DROPCOPY" and entry.actor == "CME"
    ]


@settings(max_examples=25)
@given(
    garbage=st.lists(st.binary(max_size=40).map(lambda data: data.decode("latin-1")), max_size=3)
)
def test_garbage_on_a_session_ends_nothing_but_itself(garbage: list[str]) -> None:
    result = intruding([*garbage, "8=FIX.4.2" + SOH])

    assert story(result) == []
    assert copies(result, "COPY-C")


# --- negative controls ----------------------------------------------------------------


class CopiesTwice(CopyGateway):
    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        yield from super()._copy(comp, text)
        if f"{SOH}34=7{SOH}" in text:
            yield from super()._copy(comp, text)


class SkipsAKind(CopyGateway):
    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        if f"{SOH}150=4{SOH}" not in text:
            yield from super()._copy(comp, text)


class Leaks(CopyGateway):
    def _targets(self, comp: SenderComp, fields: object) -> list[CompID]:
        return [*super()._targets(comp, fields), CompID("D10000")]  # type: ignore[arg-type]  # passed on as it comes


class Reorders(CopyGateway):
    """Keeps one copy back until the next has gone."""

    _held: tuple[SenderComp, str] | None = None

    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        if self._held is None and f"{SOH}34=5{SOH}" in text:
            self._held = (comp, text)
            return
        yield from super()._copy(comp, text)
        if self._held is not None and self._held[1]:
            held, self._held = self._held, (comp, "")
            yield from super()._copy(*held)


class AltersATag(CopyGateway):
    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        pairs = [(tag, "1" if tag == 32 else value) for tag, value in parse(text.encode("ascii"))]
        yield from super()._copy(comp, write(pairs).decode("ascii"))


class LosesOnResend(CopyGateway):
    """Copies nothing while a desk is away."""

    def _send(self, target: CompID, body: object, *, again: bool = False) -> Iterator[Answer]:
        if self._ends[target].session.is_logged_on:
            yield from super()._send(target, body, again=again)  # type: ignore[arg-type]  # passed on as it comes


FAULTS = {
    "copies twice": (CopiesTwice, "the copies of COPY-"),
    "skips a kind": (SkipsAKind, "the copies of COPY-"),
    "leaks to another firm": (Leaks, "the copies of COPY-D differ"),
    "reorders": (Reorders, "the copies of COPY-"),
    "alters a tag": (AltersATag, "the copies of COPY-"),
    "loses what a desk is not there for": (LosesOnResend, "the copies of COPY-"),
}


@pytest.mark.parametrize(("fault", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_gateway_that_is_broken_is_caught(fault: type[CopyGateway], says: str) -> None:
    steps = [(1, "cut_off", "COPY-A"), (3, "connect", "COPY-A")]

    result = run(scenario(steps), gateway=fault)

    [found] = story(result)
    assert says in found
    assert "sessions were told" in found
    assert "> " in found


def test_without_a_fault_the_same_floor_holds() -> None:
    steps = [(1, "cut_off", "COPY-A"), (3, "connect", "COPY-A")]

    assert story(run(scenario(steps), gateway=CopyGateway)) == []


# --- whatever happens -----------------------------------------------------------------

_desks = st.sampled_from([*TARGETS])
_acts = st.sampled_from(["cut_off", "connect", "fail_over", "log_out", "connect"])
_steps = st.lists(
    st.tuples(st.integers(0, 60).map(lambda tenths: tenths / 10), _acts, _desks), max_size=8
).map(sorted)
_filters = st.lists(st.sampled_from([*CopyFilter]), min_size=1, max_size=4, unique=True)
_MAY = {
    "COPY-A": ["X01AAA"],
    "COPY-B": ["X02BBB"],
    "COPY-C": ["X01AAA", "X02BBB"],
    "COPY-D": ["X03DDD"],
}
_groups = st.fixed_dictionaries(
    {},
    optional={
        desk: st.tuples(
            _filters.map(lambda chosen: tuple(map(str, chosen))),
            st.lists(st.sampled_from(may), min_size=1, unique=True).map(tuple),
        )
        for desk, may in _MAY.items()
    },
)


@settings(max_examples=FEW)
@given(steps=_steps, groups=_groups, seed=st.integers(0, 9), fix=st.booleans())
def test_one_story_whatever_becomes_of_sessions_and_nobody_reads_what_is_not_his(
    steps: list[tuple[float, str, str]],
    groups: dict[str, tuple[tuple[str, ...], tuple[str, ...]]],
    seed: int,
    fix: bool,
) -> None:
    text = scenario(steps, groups=groups, seconds=4, fix=fix)

    result = run(text, seed=seed, in_place=True)

    assert story(result) == []
    for entry in result.journal:
        if entry.actor not in TARGETS or entry.sender is None:
            continue
        if isinstance(entry.payload, KeyFile):
            assert entry.payload.session_id == TARGETS[entry.actor][0]
        if isinstance(entry.payload, FixText):
            _, sources = groups.get(entry.actor, ((), ()))
            others = [comp for comp in SOURCES.values() if comp not in sources]
            assert not [comp for comp in others if comp in entry.payload.text]


_entities = st.sampled_from(["ALPHA", "BRAVO", "CLEAR"])
_subsets = st.lists(st.sampled_from([*SOURCES.values()]), min_size=1, unique=True).map(tuple)


@st.composite
def _registered(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Return firms, targets and groups, whosever they are, and whoever clears for whom."""
    gfids = ["AAA", "BBB", "CCC", "DDD"]
    clearing = st.one_of(st.none(), st.sampled_from(gfids))
    firms = {gfid: (draw(_entities), draw(clearing)) for gfid in gfids}
    owners = st.sampled_from(sorted({entity for entity, _ in firms.values()}))
    targets = {desk: (target, draw(owners)) for desk, (target, _) in TARGETS.items()}
    groups = {
        desk: (draw(_filters.map(lambda chosen: tuple(map(str, chosen)))), draw(_subsets))
        for desk in TARGETS
    }
    return firms, targets, groups


@pytest.mark.rule("REQ-6", "COPY-1")
@settings(max_examples=FEW)
@given(registered=_registered(), seed=st.integers(0, 9))
def test_nobody_receives_a_byte_of_what_is_not_theirs(
    registered: tuple[Any, Any, Any], seed: int
) -> None:
    """Whoever wants what is none of his is refused; the others get their own and nothing else."""
    firms, targets, groups = registered

    def may(entity: str) -> list[str]:
        def guarantor(gfid: str) -> str:
            found: str = firms[firms[gfid][1] or gfid][0]
            return found

        return [c for c in SOURCES.values() if entity in (firms[c[3:]][0], guarantor(c[3:]))]

    wrong = [d for d, (_, sources) in groups.items() if {*sources} - {*may(targets[d][1])}]
    if wrong:
        with pytest.raises(ScenarioError, match="is not available"):
            floorproof.parse(scenario(groups=groups, firms=firms, targets=targets))
    groups = {desk: group for desk, group in groups.items() if desk not in wrong}
    text = scenario(groups=groups, firms=firms, targets=targets, seconds=1)

    result = run(text, seed=seed, in_place=True)

    assert story(result) == []
    for entry in result.journal:
        if entry.actor in TARGETS and entry.sender is not None:
            assert entry.sender in ("DROPCOPY", "DROPCOPY-CME", "CENTRE", entry.actor)
            said = str(entry.payload)
            others = [target for desk, (target, _) in targets.items() if desk != entry.actor]
            _, sources = groups.get(entry.actor, ((), ()))
            others += [comp for comp in SOURCES.values() if comp not in sources]
            assert [each for each in others if each in said] == []


@pytest.mark.rule("FIX-3", "DROP-4")
def test_a_long_absence_is_caught_up_in_requests_of_the_most_that_may_be_asked() -> None:
    steps = [(1, "cut_off", "COPY-C"), (6, "connect", "COPY-C")]
    service = "max_resend = 5"

    result = run(scenario(steps, service=service))

    asked = []
    for entry in result.journal:
        if entry.sender == "COPY-C" and isinstance(entry.payload, FixText):
            fields = first_values(parse(entry.payload.text.encode("ascii")))
            if fields[35] == "2":
                asked.append(int(fields[16]) - int(fields[7]) + 1)
    assert len(asked) > 5
    assert max(asked) == 5
    assert story(result) == []
    quiet = copies(run(scenario(service=service)), "COPY-C")
    assert [each.text for each in copies(result, "COPY-C")] == [each.text for each in quiet]


def test_the_gateway_takes_nothing_from_strangers() -> None:
    """Reports, groups and keys that somebody else sends are on record, and change nothing."""

    class Stranger:
        def start(self) -> Iterator[Answer]:
            yield Send("DROPCOPY", GroupGone(entity=EntityName("ALPHA"), name="COPY-A"))
            yield Send("DROPCOPY", Connected(1))
            yield Send("DROPCOPY", FixText(1, framed(1, "A")))

        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            raise AssertionError("nobody answers him")

    floor = Floor(floorproof.parse(scenario(seconds=2)))
    floor.add("STRANGER", lambda _context: Stranger())

    result = floor.run()

    mismatches = [entry.payload for entry in result.journal if entry.kind == "session mismatch"]
    assert [each["message"] for each in mismatches] == ["GroupGone", "Connected", "FixText"]
    assert copies(result, "COPY-A")
    assert story(result) == []


def test_a_message_that_is_too_long_to_be_copied_is_on_record_and_the_rest_goes_on() -> None:
    class Narrow(CopyGateway):
        def _wrapped(self, text: str) -> Pairs:
            return wrap(text, max_payload=300)

    result = run(scenario(seconds=3), gateway=Narrow)

    left_out = [entry.payload for entry in result.journal if entry.kind == "not copied"]
    assert left_out
    assert {each.why[:31] for each in left_out} == {"a copy has at most 300 bytes, th"[:31]}
    assert copies(result, "COPY-C")
    assert story(result) == []


def test_a_gateway_is_made_of_what_the_plan_says() -> None:
    plan = floorproof.parse(scenario(kind="MSGW")).plan

    assert {name: config.segment for name, config in plan.copying.gateways.items()} == {
        "DROPCOPY-CME": "01"
    }
    assert isinstance(plan.copying.gateways[CompID("DROPCOPY-CME")], CopyGatewayConfig)
