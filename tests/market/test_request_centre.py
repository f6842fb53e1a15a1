"""The request centre: groups in steps, approvals, rights, and keys behind a second factor.

Alpha and Bravo trade and are cleared by Clear; Delta clears for itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from floorproof.actors.session_keys import LiveKeys
from floorproof.market.centre_messages import (
    NEXT,
    AnswerDialog,
    AnswerFactor,
    AskKey,
    Banner,
    CentreRefusal,
    CentreRequest,
    Decide,
    DeleteByTarget,
    DeleteGroups,
    DeleteKey,
    DraftClosed,
    DraftOpen,
    Email,
    ExpirationsShown,
    FactorCode,
    FillIn,
    GroupDialog,
    GroupGone,
    GroupLive,
    GroupRow,
    KeyFile,
    KeysLive,
    KeysShown,
    Method,
    RequestKind,
    RequestStatus,
    RequestUpdate,
    ShowExpirations,
    ShowGroups,
    ShowKeys,
    StartEdit,
    StartGroup,
    Step,
    Submit,
)
from floorproof.market.centre_users import CentreSettings, CentreUser, Refused, Right
from floorproof.market.copy_filters import CopyFilter
from floorproof.market.copy_groups import SOURCE_LIMITS
from floorproof.market.firms import (
    EntityName,
    Firm,
    GatewayKind,
    Gfid,
    Market,
    Registry,
    SenderComp,
    SessionID,
    TargetSession,
)
from floorproof.market.identifiers import CompID
from floorproof.market.market_close import MarketCloses
from floorproof.market.request_book import Outcome, Request, Tell
from floorproof.market.request_centre import RequestCentre
from floorproof.market.secure_keys import RandomBytes
from floorproof.market.secure_logon import signed
from floorproof.wire.fix_header import utc_timestamp

START = datetime(2023, 7, 17, 13, 30, tzinfo=UTC)  # a Monday, 8:30 in Chicago
HOUR = 3_600 * 1_000_000_000
DAY = 24 * HOUR
CLOSES = MarketCloses(start=START)

ALPHA, BRAVO, CLEAR, DELTA = map(EntityName, ("Alpha", "Bravo", "Clear", "Delta"))
GLOBEX = Market.GLOBEX
ADMIN = (Right.ADMINISTRATOR, Right.FRONT_END)


def user(name: str, entity: EntityName, *rights: Right) -> CentreUser:
    email = f"{name.lower()}@example.com"
    return CentreUser(name=CompID(name), entities=(entity,), rights=rights, email=email)


USERS = (
    user("ADMIN1", ALPHA, *ADMIN),
    user("ADMIN2", ALPHA, Right.ADMINISTRATOR),
    user("VIEWER", ALPHA, Right.VIEWER),
    user("APPROVER", CLEAR, Right.APPROVER),
    user("CLERK", CLEAR, *ADMIN),
    user("OTHER", BRAVO, *ADMIN, Right.APPROVER),
    user("DORA", DELTA, *ADMIN),
    user("DAVE", DELTA, Right.APPROVER),
)

FIRMS = (
    Firm(gfid=Gfid("AAA"), entity=ALPHA, clearing_firm=Gfid("CCC")),
    Firm(gfid=Gfid("BBB"), entity=BRAVO, clearing_firm=Gfid("CCC")),
    Firm(gfid=Gfid("CCC"), entity=CLEAR),
    Firm(gfid=Gfid("DDD"), entity=DELTA),
    Firm(gfid=Gfid("EEE"), entity=ALPHA, clearing_firm=Gfid("DDD")),
)
MSGW = {"X02AAA", "X06DDD"}
COMPS = ("X01AAA", "X02AAA", "X03BBB", "X04CCC", "X05DDD", "X06DDD", "X07DDD")
TARGETS = {"A10000": ALPHA, "A20000": ALPHA, "C10000": CLEAR, "D10000": DELTA, "D20000": DELTA}


def registry(comps: Iterable[str] = COMPS) -> Registry:
    return Registry.of(
        FIRMS,
        [
            SenderComp(
                comp_id=CompID(comp),
                session=CompID(comp),
                kind=GatewayKind.MSGW if comp in MSGW else GatewayKind.CGW,
            )
            for comp in comps
        ],
        [
            TargetSession(
                comp_id=CompID(target),
                entity=entity,
                kind=GatewayKind.MSGW if target == "A20000" else GatewayKind.CGW,
            )
            for target, entity in TARGETS.items()
        ],
        front_ends=("TT", "CQG"),
        market_data={SessionID("MD1"): ALPHA},
    )


def sources_of_chance(purpose: str) -> RandomBytes:
    return random.Random(purpose).randbytes


class World:
    """A centre, and what everybody has been told."""

    def __init__(self, comps: Iterable[str] = COMPS, **settings: Any) -> None:
        self.centre = RequestCentre(
            registry(comps), USERS, CLOSES, sources_of_chance, CentreSettings(**settings)
        )
        self.now = 0
        self.told: dict[str, list[object]] = {user.name: [] for user in USERS}
        self.services: list[object] = []

    def take(self, outcomes: Iterable[Outcome]) -> list[object]:
        messages: list[object] = []
        for outcome in outcomes:
            if isinstance(outcome, Tell):
                self.told.setdefault(outcome.user, []).append(outcome.message)
                messages.append(outcome.message)
            else:
                self.services.append(outcome)
        return messages

    def does(self, name: str, message: CentreRequest) -> Any:
        """Return the first thing that *name* is told when he asks for that."""
        before = len(self.told.get(name, []))
        self.take(self.centre.receive(CompID(name), message, self.now))
        return self.told[name][before]

    def wait(self, delay_ns: int) -> None:
        self.now += delay_ns
        self.take(self.centre.due(self.now))

    def steps(
        self,
        name: str = "DORA",
        entity: EntityName = DELTA,
        group: str = "Desk",
        sources: tuple[str, ...] = ("X05DDD",),
        gfids: tuple[str, ...] = (),
        filters: tuple[str, ...] = (CopyFilter.FILL_NOTICE,),
    ) -> str:
        """Go through all steps of a new group, and return the draft."""
        draft: str = self.does(name, StartGroup(entity=entity, market=GLOBEX)).draft
        self.does(name, AnswerDialog(draft=draft, proceed=True))
        for step, values in (
            (Step.NAME, (group,)),
            (Step.FRONT_END, ("TT",)),
            (Step.FILTERS, filters),
            (Step.FIRMS, gfids),
            (Step.SOURCES, sources),
        ):
            answer = self.does(name, FillIn(draft=draft, step=step, values=values))
            assert isinstance(answer, DraftOpen), answer
        return draft

    def creates(self, name: str = "DORA", entity: EntityName = DELTA, **terms: Any) -> Any:
        return self.does(name, Submit(draft=self.steps(name, entity, **terms)))

    def updates(self, name: str) -> list[RequestUpdate]:
        return [each for each in self.told[name] if isinstance(each, RequestUpdate)]

    def statuses(self, name: str) -> list[str]:
        return [each.status.value for each in self.updates(name)]

    def group(self, entity: EntityName, name: str) -> GroupRow | None:
        return next((each for each in self.centre.groups(entity) if each.name == name), None)


def refusal(answer: object) -> str:
    assert isinstance(answer, CentreRefusal), answer
    return answer.text


# --- creating a group -----------------------------------------------------------------


@pytest.mark.rule("REQ-1", "REQ-2", "REQ-3", "REQ-7")
def test_a_group_is_created_step_by_step() -> None:
    world = World()

    dialog = world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX))
    assert dialog == GroupDialog(draft="DORA/1", existing=0, chargeable=False, fee="0")
    steps: list[tuple[CentreRequest, Step | None, tuple[str, ...]]] = [
        (AnswerDialog(draft="DORA/1", proceed=True), Step.NAME, ()),
        (FillIn(draft="DORA/1", step=Step.NAME, values=("Desk",)), Step.FRONT_END, ("TT", "CQG")),
        (
            FillIn(draft="DORA/1", step=Step.FRONT_END, values=("TT",)),
            Step.FILTERS,
            tuple(CopyFilter),
        ),
        (
            FillIn(draft="DORA/1", step=Step.FILTERS, values=("Reject", "Acknowledgement")),
            Step.FIRMS,
            ("DDD",),
        ),
        (
            FillIn(draft="DORA/1", step=Step.FIRMS, values=("DDD",)),
            Step.SOURCES,
            ("X05DDD", "X06DDD", "X07DDD"),
        ),
        (FillIn(draft="DORA/1", step=Step.SOURCES, values=("X05DDD",)), None, ()),
    ]
    for message, next_step, available in steps:
        opened = world.does("DORA", message)
        assert opened == DraftOpen(draft="DORA/1", next_step=next_step, available=available)
    assert world.services == []

    world.does("DORA", Submit(draft="DORA/1"))

    group = GroupRow(
        name="Desk",
        market=GLOBEX,
        front_end="TT",
        filters=("Acknowledgement", "Reject"),
        gfids=("DDD",),
        sources=(CompID("X05DDD"),),
        targets=(CompID("D10000"),),
    )
    assert world.statuses("DORA") == ["In Progress", "Completed"]
    assert world.centre.groups(DELTA) == (group,)
    assert world.services == [GroupLive(group=group, entity=DELTA)]


@pytest.mark.rule("REQ-2")
def test_every_group_but_the_first_costs_a_fee_that_stands_on_its_request() -> None:
    world = World(fee=Decimal("250.00"))
    world.creates(group="One")

    dialog = world.does("DORA", StartGroup(entity=DELTA, market=Market.BROKERTEC_EU))
    assert (dialog.existing, dialog.chargeable, dialog.fee) == (1, True, "250.00")
    world.does("DORA", AnswerDialog(draft=dialog.draft, proceed=False))
    world.creates(group="Two")

    assert [each.fee for each in world.updates("DORA")] == [None, None, "250.00", "250.00"]


@pytest.mark.rule("REQ-2")
def test_an_unknown_amount_is_flagged_all_the_same() -> None:
    world = World()
    world.creates(group="One")

    dialog = world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX))

    assert (dialog.chargeable, dialog.fee) == (True, "0")


@pytest.mark.rule("REQ-2")
def test_two_drafts_do_not_make_two_free_groups() -> None:
    world = World()
    first = world.steps(group="One")
    second = world.steps(group="Two")

    world.does("DORA", Submit(draft=first))
    answer = world.does("DORA", Submit(draft=second))

    assert "out of date" in refusal(answer)
    assert len(world.centre.groups(DELTA)) == 1


def test_a_dialog_that_is_canceled_leaves_nothing() -> None:
    world = World()
    draft = world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX)).draft

    closed = world.does("DORA", AnswerDialog(draft=draft, proceed=False))
    again = world.does("DORA", FillIn(draft=draft, step=Step.NAME, values=("x",)))

    assert closed == DraftClosed(draft=draft)
    assert refusal(again) == "you have no such draft"


def fill(step: Step, *values: str, gfids: tuple[str, ...] = ()) -> FillIn:
    return FillIn(draft="DORA/1", step=step, values=values, gfids=tuple(map(Gfid, gfids)))


NAMED = fill(Step.NAME, "Desk")
UP_TO_FILTERS = [NAMED, fill(Step.FRONT_END, "TT"), fill(Step.FILTERS, "Reject")]

# What has been filled in before, what is filled in then, and why that is refused.
# fmt: off
BAD_STEPS: dict[str, tuple[list[FillIn], CentreRequest, str]] = {
    "the second step first": ([], fill(Step.FRONT_END, "TT"), "next is: name"),
    "sources before filters": ([NAMED, fill(Step.FRONT_END, "TT")], fill(Step.SOURCES, "X05DDD"),
                               "next is: filters"),
    "a step again": ([NAMED], NAMED, "next is: front end system"),
    "after the last": ([*UP_TO_FILTERS, fill(Step.SOURCES, "X05DDD")], NAMED, "next is: submit"),
    "submitting half of it": (UP_TO_FILTERS, Submit(draft="DORA/1"),
                              "DORA/1 is not complete; next is: GFID filter"),
    "no name": ([], fill(Step.NAME, ""), "printable text"),
    "a name of two lines": ([], fill(Step.NAME, "a\nb"), "printable text"),
    "blanks around a name": ([], fill(Step.NAME, " a"), "printable text"),
    "two names": ([], fill(Step.NAME, "a", "b"), "expected a name, found 2 values"),
    "an unknown front end": ([NAMED], fill(Step.FRONT_END, "XY"), "there are: TT, CQG"),
    "an unknown filter": (UP_TO_FILTERS[:2], fill(Step.FILTERS, "Fills"), "no filter 'Fills'"),
    "no filter": (UP_TO_FILTERS[:2], fill(Step.FILTERS), "at least one filter"),
    "an unknown firm": (UP_TO_FILTERS, fill(Step.FIRMS, "ZZZ"), "no firm 'ZZZ' is available"),
    "another entity's firm": (UP_TO_FILTERS, fill(Step.FIRMS, "AAA"), "no firm 'AAA' is available"),
    "no source": (UP_TO_FILTERS, fill(Step.SOURCES), "at least one source"),
    "an unknown comp": (UP_TO_FILTERS, fill(Step.SOURCES, "X99DDD"), "'X99DDD' is not available"),
    "another entity's comp": (UP_TO_FILTERS, fill(Step.SOURCES, "X01AAA"),
                              "'X01AAA' is not available"),
    "a comp twice": (UP_TO_FILTERS, fill(Step.SOURCES, "X05DDD", "X05DDD"), "named twice"),
    "a firm without a comp": (UP_TO_FILTERS, fill(Step.SOURCES, gfids=("AAA",)),
                              "of the firm 'AAA' is available"),
    "the dialog again": ([], AnswerDialog(draft="DORA/1", proceed=True), "has been answered"),
    "a draft that there is not": ([], Submit(draft="DORA/9"), "you have no such draft"),
}
# fmt: on


@pytest.mark.rule("REQ-1", "REQ-6")
@pytest.mark.parametrize(("before", "then", "says"), BAD_STEPS.values(), ids=BAD_STEPS.keys())
def test_a_step_that_is_refused_leaves_the_draft_as_it_was(
    before: list[FillIn], then: CentreRequest, says: str
) -> None:
    world = World()
    world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX))
    world.does("DORA", AnswerDialog(draft="DORA/1", proceed=True))
    for message in before:
        assert isinstance(world.does("DORA", message), DraftOpen)

    assert says in refusal(world.does("DORA", then))

    rest = [*UP_TO_FILTERS, fill(Step.SOURCES, "X05DDD")][len(before) :]
    for message in rest:
        assert isinstance(world.does("DORA", message), DraftOpen)
    world.does("DORA", Submit(draft="DORA/1"))
    assert world.group(DELTA, "Desk")


def test_nothing_goes_on_before_the_dialog_is_answered() -> None:
    world = World()
    world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX))

    for message in (NAMED, Submit(draft="DORA/1")):
        assert "has not been answered" in refusal(world.does("DORA", message))


def test_a_name_is_taken_by_a_group_and_by_a_request() -> None:
    world = World(setup_ns=HOUR)
    first, second = world.steps(group="A"), world.steps(group="A")
    world.does("DORA", Submit(draft=first))

    assert "has a group 'A' already" in refusal(world.does("DORA", Submit(draft=second)))
    world.wait(HOUR)
    draft = world.does("DORA", StartGroup(entity=DELTA, market=GLOBEX)).draft
    world.does("DORA", AnswerDialog(draft=draft, proceed=True))
    answer = world.does("DORA", FillIn(draft=draft, step=Step.NAME, values=("A",)))
    assert "has a group 'A' already" in refusal(answer)
    world.creates("CLERK", CLEAR, group="A", sources=("X04CCC",))
    assert world.statuses("CLERK") == ["In Progress"]


@pytest.mark.rule("REQ-6")
def test_sources_are_added_by_firm_within_the_gfid_filter() -> None:
    world = World()
    draft = world.does("CLERK", StartGroup(entity=CLEAR, market=GLOBEX)).draft
    world.does("CLERK", AnswerDialog(draft=draft, proceed=True))
    for step, values in (
        (Step.NAME, ("All",)),
        (Step.FRONT_END, ("TT",)),
        (Step.FILTERS, ("Reject",)),
        (Step.FIRMS, ("BBB", "CCC")),
    ):
        opened = world.does("CLERK", FillIn(draft=draft, step=step, values=values))
    assert opened.available == ("X03BBB", "X04CCC")

    beyond = FillIn(draft=draft, step=Step.SOURCES, values=("X01AAA",))
    assert "'X01AAA' is not available" in refusal(world.does("CLERK", beyond))
    by_firm = (Gfid("CCC"), Gfid("BBB"))
    world.does("CLERK", FillIn(draft=draft, step=Step.SOURCES, values=(), gfids=by_firm))
    world.does("CLERK", Submit(draft=draft))

    group = world.group(CLEAR, "All")
    assert group is not None
    assert group.sources == ("X03BBB", "X04CCC")


@pytest.mark.rule("REQ-6")
@pytest.mark.parametrize(("limits", "status"), [(False, "Completed"), (True, "Failed")])
def test_more_sources_than_a_target_takes_fail_where_the_newer_limits_are_on(
    limits: bool, status: str
) -> None:
    count = SOURCE_LIMITS[GatewayKind.CGW] + 1
    comps = tuple(f"{chr(65 + n // 100)}{n % 100:02}DDD" for n in range(count))
    world = World(comps, source_limits=limits)
    says = "1001 CGW sources are more than the 1000"

    world.creates(sources=comps)

    assert world.statuses("DORA") == ["In Progress", status]
    assert (says in world.updates("DORA")[-1].text) is limits
    old = attrs.evolve(GROUP, sources=tuple(map(CompID, comps)))
    with pytest.raises(Refused, match=says if limits else "is another group's"):
        world.centre.found(DELTA, old)


@pytest.mark.rule("REQ-7")
def test_a_group_gets_a_target_session_of_each_kind_that_it_needs_or_fails() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, group="Both", sources=("X01AAA", "X02AAA"))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))
    world.creates(group="One")
    world.creates(group="MSGW", sources=("X06DDD",))

    both = world.group(ALPHA, "Both")
    assert both is not None
    assert both.targets == ("A10000", "A20000")
    assert world.statuses("DORA")[-1] == "Failed"
    assert world.updates("DORA")[-1].text == "no MSGW target session of Delta is left for Globex"
    assert world.group(DELTA, "MSGW") is None


# --- approval -------------------------------------------------------------------------


@pytest.mark.rule("REQ-3", "REQ-4", "REQ-5")
def test_what_a_clearing_firm_guarantees_waits_for_its_approval() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))
    assert world.statuses("ADMIN1") == ["In Progress", "Pending Approval"]
    assert world.services == []
    [asked] = world.updates("APPROVER")
    assert (asked.request_id, asked.to_approve, asked.sources) == ("Alpha/1", True, ("X01AAA",))

    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))

    assert world.statuses("ADMIN1")[-1] == "Completed"
    assert [each.to_approve for each in world.updates("APPROVER")] == [True, False]
    assert world.group(ALPHA, "Desk")


@pytest.mark.rule("REQ-3", "REQ-4")
def test_a_request_that_is_rejected_says_why_to_both() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))

    world.does("APPROVER", Decide(request_id="Alpha/1", approve=False, text="not yet"))

    for name in ("ADMIN1", "APPROVER"):
        last = world.updates(name)[-1]
        assert (last.status, last.text) == (RequestStatus.REJECTED, "not yet")
    assert world.services == []
    assert world.group(ALPHA, "Desk") is None


@pytest.mark.rule("REQ-4", "REQ-9")
def test_who_guarantees_sees_his_own_sources_and_neither_the_fee_nor_what_fails() -> None:
    world = World((*COMPS, "X08EEE"), fee=Decimal(100))
    world.creates("ADMIN1", ALPHA, group="First", sources=("X01AAA",))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))

    world.creates("ADMIN1", ALPHA, group="Second", sources=("X01AAA", "X08EEE"))
    for name, own in (("APPROVER", "X01AAA"), ("DAVE", "X08EEE")):
        asked = world.updates(name)[-1]
        assert (asked.sources, asked.fee, asked.to_approve) == ((own,), None, True)
        world.does(name, Decide(request_id="Alpha/2", approve=True))

    mine = world.updates("ADMIN1")[-1]
    assert (mine.status, mine.sources) == (RequestStatus.FAILED, ("X01AAA", "X08EEE"))
    assert (mine.fee, mine.text) == ("100", "no CGW target session of Alpha is left for Globex")
    for name, own in (("APPROVER", "X01AAA"), ("DAVE", "X08EEE")):
        told = world.updates(name)[-1]
        assert (told.status, told.sources, told.fee, told.text) == (mine.status, (own,), None, "")


@pytest.mark.rule("REQ-4")
def test_a_clearing_firms_own_group_of_what_it_clears_needs_no_approval() -> None:
    world = World()

    world.creates("CLERK", CLEAR, sources=("X01AAA", "X03BBB", "X04CCC"))

    assert world.statuses("CLERK") == ["In Progress", "Completed"]


@pytest.mark.rule("REQ-4", "REQ-9")
@pytest.mark.parametrize("name", [each.name for each in USERS if each.name != "APPROVER"])
@pytest.mark.parametrize("approve", [True, False])
def test_nobody_else_decides(name: str, approve: bool) -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))

    answer = world.does(name, Decide(request_id="Alpha/1", approve=approve))
    no_such = world.does(name, Decide(request_id="Alpha/99", approve=approve))

    assert answer == no_such
    assert refusal(answer) == "there is no such request that waits for your approval"
    assert world.centre.requests[0].status is RequestStatus.PENDING_APPROVAL


def test_a_request_is_decided_once() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=False))

    assert refusal(world.does("APPROVER", Decide(request_id="Alpha/1", approve=True)))
    assert world.centre.requests[0].status is RequestStatus.REJECTED


@pytest.mark.rule("REQ-3")
@pytest.mark.parametrize("old", RequestStatus)
@pytest.mark.parametrize("new", RequestStatus)
def test_no_status_follows_another_but_as_the_table_has_it(
    old: RequestStatus, new: RequestStatus
) -> None:
    allowed = {
        ("In Progress", "Pending Approval"),
        ("In Progress", "Completed"),
        ("In Progress", "Failed"),
        ("Pending Approval", "Completed"),
        ("Pending Approval", "Failed"),
        ("Pending Approval", "Rejected"),
    }
    request = Request(
        request_id="r",
        kind=RequestKind.CREATE_GROUP,
        entity=DELTA,
        market=GLOBEX,
        groups=(),
        submitted_by=CompID("DORA"),
        status=old,
    )

    if (old.value, new.value) in allowed:
        request.move(new)
        assert request.status is new
    else:
        with pytest.raises(AssertionError, match="is not followed by"):
            request.move(new)
    assert (new in NEXT[old]) == ((old.value, new.value) in allowed)


@pytest.mark.rule("REQ-3")
def test_a_request_is_in_progress_until_it_is_set_up() -> None:
    world = World(setup_ns=HOUR)
    world.creates()
    assert world.centre.next_due_ns == HOUR
    world.wait(HOUR - 1)
    assert world.statuses("DORA") == ["In Progress"]

    world.wait(1)

    assert world.statuses("DORA") == ["In Progress", "Completed"]
    assert world.centre.next_due_ns is None


@pytest.mark.rule("REQ-3")
def test_the_test_environment_sets_up_once_a_day() -> None:
    world = World(daily_setup=time(16, 0))
    world.creates()

    assert world.centre.next_due_ns == CLOSES.first_at_or_after(0) == 7.5 * HOUR
    world.wait(8 * HOUR)
    assert world.statuses("DORA") == ["In Progress", "Completed"]


# --- editing and deleting -------------------------------------------------------------


@pytest.mark.rule("REQ-5")
def test_an_edit_leaves_the_group_as_it_was_until_it_is_completed() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))
    before = world.group(ALPHA, "Desk")
    world.services.clear()

    draft = world.does("ADMIN1", StartEdit(entity=ALPHA, group="Desk")).draft
    world.does("ADMIN1", FillIn(draft=draft, step=Step.SOURCES, values=("X01AAA", "X02AAA")))
    world.does("ADMIN1", FillIn(draft=draft, step=Step.NAME, values=("Floor",)))
    world.does("ADMIN1", Submit(draft=draft))
    assert world.statuses("ADMIN1")[-1] == "Pending Approval"
    assert world.updates("APPROVER")[-1].subject == "Desk"
    assert (world.group(ALPHA, "Desk"), world.services) == (before, [])

    world.does("APPROVER", Decide(request_id="Alpha/2", approve=True))

    assert world.group(ALPHA, "Desk") is None
    after = world.group(ALPHA, "Floor")
    assert after is not None
    assert (after.sources, after.targets) == (("X01AAA", "X02AAA"), ("A10000", "A20000"))
    assert world.services == [
        GroupGone(entity=ALPHA, name="Desk"),
        GroupLive(group=after, entity=ALPHA),
    ]


@pytest.mark.rule("REQ-5")
def test_an_edit_may_keep_the_groups_own_name_and_take_no_other() -> None:
    world = World()
    world.creates()
    world.creates(group="Floor", sources=("X07DDD",))
    draft = world.does("DORA", StartEdit(entity=DELTA, group="Desk")).draft

    other = world.does("DORA", FillIn(draft=draft, step=Step.NAME, values=("Floor",)))
    assert "has a group 'Floor' already" in refusal(other)
    own = world.does("DORA", FillIn(draft=draft, step=Step.NAME, values=("Desk",)))
    assert isinstance(own, DraftOpen)
    world.does("DORA", FillIn(draft=draft, step=Step.FILTERS, values=(CopyFilter.REJECT,)))
    world.does("DORA", Submit(draft=draft))

    desk = world.group(DELTA, "Desk")
    assert desk is not None
    assert desk.filters == (CopyFilter.REJECT,)


@pytest.mark.rule("REQ-4", "REQ-5")
def test_an_edit_that_is_rejected_changes_nothing_and_one_without_new_sources_asks_nobody() -> None:
    world = World()
    world.creates("ADMIN1", ALPHA, sources=("X01AAA",))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))
    before = world.group(ALPHA, "Desk")
    draft = world.does("ADMIN1", StartEdit(entity=ALPHA, group="Desk")).draft
    world.does("ADMIN1", FillIn(draft=draft, step=Step.SOURCES, values=("X02AAA",)))
    world.does("ADMIN1", Submit(draft=draft))
    world.does("APPROVER", Decide(request_id="Alpha/2", approve=False))
    assert world.group(ALPHA, "Desk") == before

    draft = world.does("ADMIN1", StartEdit(entity=ALPHA, group="Desk")).draft
    world.does("ADMIN1", FillIn(draft=draft, step=Step.FILTERS, values=("Reject",)))
    world.does("ADMIN1", Submit(draft=draft))

    assert world.statuses("ADMIN1")[-1] == "Completed"
    assert before is not None
    assert world.group(ALPHA, "Desk") == attrs.evolve(before, filters=("Reject",))


@pytest.mark.rule("REQ-8")
@pytest.mark.parametrize(("name", "may"), [("ADMIN1", True), ("ADMIN2", False)])
def test_changing_the_front_end_system_needs_a_right_of_its_own(name: str, may: bool) -> None:
    world = World()
    world.creates("ADMIN2", ALPHA, sources=("X01AAA",))
    world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))
    draft = world.does(name, StartEdit(entity=ALPHA, group="Desk")).draft

    answer = world.does(name, FillIn(draft=draft, step=Step.FRONT_END, values=("CQG",)))
    same = world.does(name, FillIn(draft=draft, step=Step.FRONT_END, values=("TT",)))

    assert isinstance(answer, DraftOpen) is may
    assert may or "needs a right of its own" in refusal(answer)
    assert isinstance(same, DraftOpen)


def test_a_group_is_changed_by_one_request_at_a_time() -> None:
    world = World(setup_ns=HOUR)
    world.creates()
    world.wait(HOUR)
    one = world.does("DORA", StartEdit(entity=DELTA, group="Desk")).draft
    other = world.does("DORA", StartEdit(entity=DELTA, group="Desk")).draft
    world.does("DORA", Submit(draft=one))

    refused = [
        world.does("DORA", Submit(draft=other)),
        world.does("DORA", StartEdit(entity=DELTA, group="Desk")),
        world.does("DORA", DeleteGroups(entity=DELTA, groups=("Desk",))),
        world.does("DORA", DeleteByTarget(target=CompID("D10000"))),
    ]
    assert {refusal(each) for each in refused} == {"the request Delta/2 is about 'Desk' already"}


def test_an_edit_of_what_has_changed_meanwhile_starts_again() -> None:
    world = World()
    world.creates()
    one = world.does("DORA", StartEdit(entity=DELTA, group="Desk")).draft
    other = world.does("DORA", StartEdit(entity=DELTA, group="Desk")).draft
    world.does("DORA", FillIn(draft=one, step=Step.FILTERS, values=("Reject",)))
    world.does("DORA", Submit(draft=one))

    assert "has changed meanwhile" in refusal(world.does("DORA", Submit(draft=other)))


@pytest.mark.rule("REQ-7")
def test_several_groups_are_deleted_at_once_and_their_target_sessions_are_free_again() -> None:
    world = World()
    world.creates(group="One")
    world.creates(group="Two", sources=("X07DDD",))
    world.services.clear()

    world.does("DORA", DeleteGroups(entity=DELTA, groups=("One", "Two")))

    assert world.updates("DORA")[-1].subject == "One, Two"
    assert world.services == [
        GroupGone(entity=DELTA, name="One"),
        GroupGone(entity=DELTA, name="Two"),
    ]
    world.creates(group="Three")
    three = world.group(DELTA, "Three")
    assert three is not None
    assert three.targets == ("D10000",)


@pytest.mark.rule("REQ-7")
def test_deleting_on_the_target_sessions_tab_removes_the_group_and_not_the_session() -> None:
    world = World()
    world.creates(group="One")
    world.creates(group="Two", sources=("X07DDD",))

    world.does("DORA", DeleteByTarget(target=CompID("D20000")))
    again = world.does("DORA", DeleteByTarget(target=CompID("D20000")))

    assert [group.name for group in world.centre.groups(DELTA)] == ["One"]
    assert refusal(again) == "no group copies to D20000"
    assert isinstance(world.does("DORA", ShowKeys(session_id=SessionID("D20000"))), KeysShown)


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ((), "no group is selected"),
        (("Desk", "Desk"), "selected twice"),
        (("Desk", "Dusk"), "no such group: 'Dusk'"),
    ],
)
def test_a_deletion_that_is_refused_deletes_nothing(groups: tuple[str, ...], says: str) -> None:
    world = World()
    world.creates()

    answer = world.does("DORA", DeleteGroups(entity=DELTA, groups=groups))

    assert says in refusal(answer)
    assert world.group(DELTA, "Desk")


# --- rights ---------------------------------------------------------------------------

ASKED: list[tuple[CentreRequest, str]] = [
    (StartGroup(entity=ALPHA, market=GLOBEX), "administrator"),
    (StartEdit(entity=ALPHA, group="Desk"), "administrator"),
    (DeleteGroups(entity=ALPHA, groups=("Desk",)), "administrator"),
    (DeleteByTarget(target=CompID("A10000")), "administrator"),
    (AskKey(session_id=SessionID("A10000")), "administrator"),
    (DeleteKey(session_id=SessionID("A10000"), key="oldest"), "administrator"),
    (ShowGroups(entity=ALPHA), "anybody"),
    (ShowKeys(session_id=SessionID("A10000")), "anybody"),
]


@pytest.mark.rule("REQ-8", "REQ-9")
@pytest.mark.parametrize(("message", "who"), ASKED, ids=[type(each).__name__ for each, _ in ASKED])
def test_who_may_do_what(message: CentreRequest, who: str) -> None:
    for user in USERS:
        world = World()
        world.creates("ADMIN1", ALPHA, sources=("X01AAA",))
        world.does("APPROVER", Decide(request_id="Alpha/1", approve=True))
        world.take(world.centre.due(0))
        world.centre.keys.found(SessionID("A10000"), -340 * DAY)
        may = user.entities == (ALPHA,) and (who == "anybody" or Right.ADMINISTRATOR in user.rights)

        answer = world.does(user.name, message)

        if may:
            assert not isinstance(answer, CentreRefusal), (user.name, answer)
        else:
            assert refusal(answer) == (
                "there is no such registered entity, or you have no such right there"
            )


def test_whoever_is_no_user_is_told_so() -> None:
    assert "no user" in refusal(World().does("MALLORY", ShowExpirations()))


@pytest.mark.rule("REQ-9")
def test_another_users_draft_is_no_draft() -> None:
    world = World()
    world.steps()

    for name in ("ADMIN1", "CLERK"):
        theirs = world.does(name, Submit(draft="DORA/1"))
        assert theirs == world.does(name, Submit(draft="NOBODY/1"))


# --- keys -----------------------------------------------------------------------------

D1 = SessionID("D10000")


def generated(world: World, name: str = "DORA", session: SessionID = D1, **more: Any) -> Any:
    code = world.does(name, AskKey(session_id=session, **more))
    return world.does(name, AnswerFactor(challenge=code.challenge, code=code.code))


@pytest.mark.rule("REQ-10", "REQ-11")
@pytest.mark.parametrize("method", Method)
def test_a_key_is_generated_after_the_second_factor(method: Method) -> None:
    world = World()

    code = world.does("DORA", AskKey(session_id=D1, method=method))
    assert (code.challenge, code.method, len(code.code)) == ("DORA/1", method, 6)
    assert world.centre.keys.ring(D1).pairs == ()
    world.does("DORA", AnswerFactor(challenge="DORA/1", code=code.code))

    (pair,) = world.centre.keys.ring(D1).pairs
    banner, email, update = world.told["DORA"][1:]
    assert banner == Banner(text="A secure key of D10000 has been generated.")
    assert email == Email(
        address="dora@example.com", subject="A secure key of D10000 has been generated"
    )
    assert isinstance(update, RequestUpdate)
    assert (update.kind, update.status) == (RequestKind.GENERATE_KEY, RequestStatus.COMPLETED)
    assert update.subject == f"D10000 {pair.access_key_id}"
    [live] = world.services
    assert isinstance(live, KeysLive)
    assert [key.access_key_id for key in live.keys] == [pair.access_key_id]


@pytest.mark.rule("REQ-10")
@pytest.mark.parametrize("code", ["", "000000", "1", "not a code", "\u0661"])
def test_a_wrong_code_leaves_no_pair_and_is_spent(code: str) -> None:
    world = World()
    right = world.does("DORA", AskKey(session_id=D1))

    answer = world.does("DORA", AnswerFactor(challenge="DORA/1", code=code))
    again = world.does("DORA", AnswerFactor(challenge="DORA/1", code=right.code))

    assert "the code is wrong" in refusal(answer)
    assert "no code has been asked" in refusal(again)
    assert world.centre.keys.ring(D1).pairs == ()
    assert (world.updates("DORA"), world.services) == ([], [])


def test_a_code_is_in_no_text() -> None:
    world = World()
    asked = world.does("DORA", AskKey(session_id=D1))
    assert isinstance(asked, FactorCode)
    answer = AnswerFactor(challenge=asked.challenge, code=f"{asked.code}1")

    texts = [repr(asked), repr(answer), refusal(world.does("DORA", answer))]

    assert [text for text in texts if asked.code in text] == []


@pytest.mark.rule("REQ-10")
def test_somebody_elses_code_is_no_code() -> None:
    world = World()
    code = world.does("DORA", AskKey(session_id=D1))

    answer = world.does("ADMIN1", AnswerFactor(challenge="DORA/1", code=code.code))

    assert "no code has been asked" in refusal(answer)
    assert world.centre.keys.ring(D1).pairs == ()


@pytest.mark.rule("REQ-10")
def test_asking_again_spends_the_code_before() -> None:
    world = World()
    first = world.does("DORA", AskKey(session_id=D1))
    world.does("DORA", AskKey(session_id=D1))

    answer = world.does("DORA", AnswerFactor(challenge=first.challenge, code=first.code))

    assert "no code has been asked" in refusal(answer)


@pytest.mark.rule("REQ-10")
def test_a_key_is_downloaded_as_often_as_codes_are_sent_ten_times_a_day() -> None:
    world = World()
    generated(world)
    (pair,) = world.centre.keys.ring(D1).pairs

    files = [generated(world, download=True) for _ in range(10)]
    assert {file.secret for file in files} == {pair.secret}
    assert files[0] == KeyFile(
        session_id=D1,
        access_key_id=pair.access_key_id,
        secret=pair.secret,
        created="2023-07-17",
        expires="2024-07-17",
        environment="Production",
    )
    eleventh = world.does("DORA", AskKey(session_id=D1, download=True))
    assert refusal(eleventh) == "you have been sent 10 codes today"
    assert isinstance(world.does("DORA", AskKey(session_id=D1)), CentreRefusal)

    world.wait(DAY)

    assert isinstance(generated(world, download=True), KeyFile)


@pytest.mark.rule("REQ-10")
def test_a_download_with_a_wrong_code_gives_no_file_and_counts() -> None:
    world = World(codes_per_day=1)
    generated(world)
    world.does("DORA", AskKey(session_id=D1, download=True))

    answer = world.does("DORA", AnswerFactor(challenge="DORA/2", code="no"))

    assert "the code is wrong" in refusal(answer)
    assert "1 codes today" in refusal(world.does("DORA", AskKey(session_id=D1, download=True)))


@pytest.mark.rule("REQ-11")
def test_of_keys_that_exist_no_more_than_the_id_is_shown() -> None:
    world = World()
    generated(world)
    (pair,) = world.centre.keys.ring(D1).pairs
    world.does("DORA", DeleteKey(session_id=D1, key="newest"))

    shown = world.does("DORA", ShowKeys(session_id=D1))

    assert shown == KeysShown(session_id=D1, keys=((pair.access_key_id, "2024-07-17", "Deleted"),))
    assert pair.secret.reveal() not in repr(world.told)


@pytest.mark.parametrize("key", [None, "oldest", "newest", "x" * 20])
def test_a_key_that_there_is_not_is_neither_downloaded_nor_deleted(key: str | None) -> None:
    world = World()

    assert "it has none" in refusal(
        world.does("DORA", AskKey(session_id=D1, download=True, key=key))
    )
    assert "it has none" in refusal(world.does("DORA", DeleteKey(session_id=D1, key=key or "")))


@pytest.mark.rule("KEY-3", "KEY-4", "KEY-6")
def test_a_key_is_renewed_in_its_last_four_weeks() -> None:
    world = World()
    world.centre.keys.found(D1, -340 * DAY)
    world.centre.keys.found(SessionID("X05"), -340 * DAY)
    world.centre.keys.found(SessionID("MD1"), -340 * DAY)

    world.take(world.centre.due(world.now))

    emails = [each.subject for each in world.told["DORA"] if isinstance(each, Email)]
    assert emails == [
        "A secure key of X05 expires on 2023-08-11",
        "A secure key of D10000 expires on 2023-08-11",
    ]
    listed = world.does("DORA", ShowExpirations())
    assert listed == ExpirationsShown(drop_copy=(D1,), order_entry=(SessionID("X05"),))
    assert world.does("ADMIN2", ShowExpirations()) == ExpirationsShown(
        market_data=(SessionID("MD1"),)
    )
    assert world.does("CLERK", ShowExpirations()) == ExpirationsShown()

    assert isinstance(generated(world), Banner)
    assert "say which is deleted" in refusal(world.does("DORA", AskKey(session_id=D1)))
    assert isinstance(generated(world, key="oldest"), Banner)
    assert len(world.centre.keys.ring(D1).active) == 2

    world.wait(29 * DAY)
    assert len(world.centre.keys.ring(D1).active) == 1
    assert world.does("DORA", ShowExpirations()) == ExpirationsShown()


# --- groups from before ---------------------------------------------------------------

GROUP = GroupRow(
    name="Old",
    market=GLOBEX,
    front_end="TT",
    filters=("Reject",),
    gfids=(),
    sources=(CompID("X05DDD"),),
    targets=(CompID("D10000"),),
)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, ""),
        ({"name": ""}, "printable text"),
        ({"front_end": "XY"}, "no front end system 'XY'"),
        ({"filters": ()}, "at least one filter"),
        ({"sources": ()}, "at least one source"),
        ({"sources": ("X01AAA",)}, "'X01AAA' is not available"),
        ({"targets": ("Z00000",)}, "Delta has no target session 'Z00000' for Globex"),
        ({"targets": ("A10000",)}, "Delta has no target session 'A10000' for Globex"),
        ({"sources": ("X05DDD", "X05DDD")}, "a source sender comp is named twice"),
        ({"targets": ("D10000", "D10000")}, "a target session is named twice"),
        ({"targets": ()}, "a CGW source needs a CGW target session"),
        ({"sources": ("X06DDD",)}, "a MSGW source needs a MSGW target session"),
        ({"market": Market.BROKERTEC_EU}, "'X05DDD' is not available"),
    ],
)
def test_a_group_from_before_must_be_one_that_could_have_been_created(
    changed: dict[str, Any], says: str
) -> None:
    world = World()

    if says:
        with pytest.raises(Refused, match=says):
            world.centre.found(DELTA, attrs.evolve(GROUP, **changed))
        assert world.centre.groups(DELTA) == ()
    else:
        assert world.centre.found(DELTA, GROUP) == GroupLive(group=GROUP, entity=DELTA)
        with pytest.raises(Refused, match="has a group 'Old' already"):
            world.centre.found(DELTA, GROUP)
        with pytest.raises(Refused, match="D10000 is another group's"):
            world.centre.found(DELTA, attrs.evolve(GROUP, name="New"))


# --- whatever is asked ----------------------------------------------------------------

_ids = st.sampled_from(["DORA/1", "DORA/2", "ADMIN1/1", "CLERK/1"])
_sessions = st.sampled_from(["D10000", "A10000", "X05", "X01", "MD1", "nope"]).map(SessionID)
_entities = st.sampled_from([ALPHA, CLEAR, DELTA, EntityName("Zulu")])
_names = st.sampled_from(["Desk", "Floor"])
_values = {
    Step.NAME: _names,
    Step.FRONT_END: st.sampled_from(["TT", "CQG", "XY"]),
    Step.FILTERS: st.sampled_from([*CopyFilter]).map(str),
    Step.FIRMS: st.sampled_from(["AAA", "CCC", "DDD"]),
    Step.SOURCES: st.sampled_from([*COMPS, "X99DDD"]),
}


def fill_ins(draft: str) -> st.SearchStrategy[FillIn]:
    return st.sampled_from(Step).flatmap(
        lambda step: st.lists(_values[step], max_size=2).map(
            lambda values: FillIn(draft=draft, step=step, values=tuple(values))
        )
    )


ANYTHING: st.SearchStrategy[CentreRequest] = st.one_of(
    st.builds(StartGroup, entity=_entities, market=st.just(GLOBEX)),
    st.builds(AnswerDialog, draft=_ids, proceed=st.booleans()),
    _ids.flatmap(fill_ins),
    st.builds(Submit, draft=_ids),
    st.builds(StartEdit, entity=_entities, group=_names),
    st.builds(DeleteGroups, entity=_entities, groups=st.lists(_names, max_size=2).map(tuple)),
    st.builds(DeleteByTarget, target=st.sampled_from(["D10000", "A10000"]).map(CompID)),
    st.builds(
        Decide,
        request_id=st.sampled_from(["Alpha/1", "Alpha/2", "Delta/1"]),
        approve=st.booleans(),
    ),
    st.builds(
        AskKey,
        session_id=_sessions,
        download=st.booleans(),
        key=st.sampled_from([None, "oldest"]),
    ),
    st.builds(AnswerFactor, challenge=_ids, code=st.just("000000")),
    st.builds(DeleteKey, session_id=_sessions, key=st.just("oldest")),
    st.builds(ShowKeys, session_id=_sessions),
    st.builds(ShowGroups, entity=_entities),
    st.just(ShowExpirations()),
)


def busy(world: World, name: str, entity: EntityName, sources: tuple[str, ...]) -> None:
    """Let an entity have groups, requests, drafts and keys."""
    world.creates(name, entity, sources=sources)
    world.creates(name, entity, group="Floor", sources=sources)
    world.steps(name, entity, group="Third", sources=sources)
    for session in (s for s in ("D10000", "X05") if entity == DELTA):
        generated(world, name, SessionID(session))


@pytest.mark.rule("REQ-9")
@given(asked=st.lists(st.tuples(st.sampled_from(["ADMIN1", "VIEWER", "OTHER"]), ANYTHING)))
def test_a_user_learns_nothing_of_entities_that_he_has_no_rights_to(
    asked: list[tuple[str, CentreRequest]],
) -> None:
    """Whether Delta and Clear are busy or have nothing, Alpha and Bravo hear the same."""
    quiet, loud = World(), World()
    busy(loud, "DORA", DELTA, ("X05DDD",))
    busy(loud, "CLERK", CLEAR, ("X04CCC",))
    # What a user can know of a request that he may not decide is that there is none.
    for world in (quiet, loud):
        for name, message in asked:
            world.does(name, message)

    for name in ("ADMIN1", "VIEWER", "OTHER"):
        assert quiet.told[name] == loud.told[name]


class AnyCentre(RuleBasedStateMachine):
    """Whatever users ask, at whatever times."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(setup_ns=HOUR, fee=Decimal(100))
        self.seen: dict[str, RequestStatus] = {}
        self.history: list[tuple[RequestStatus, RequestStatus]] = []

    @rule(name=st.sampled_from([user.name for user in USERS]), message=ANYTHING)
    def ask(self, name: str, message: CentreRequest) -> None:
        answer = self.world.does(name, message)
        if isinstance(answer, FactorCode):
            self.world.does(name, AnswerFactor(challenge=answer.challenge, code=answer.code))

    @rule(name=st.sampled_from(["DORA", "ADMIN1", "CLERK"]), group=_names)
    def create(self, name: str, group: str) -> None:
        user = next(each for each in USERS if each.name == name)
        (entity,) = user.entities
        own = {DELTA: "X05DDD", ALPHA: "X01AAA", CLEAR: "X03BBB"}[entity]
        taken = [
            each.wanted.name
            for each in self.world.centre.requests
            if each.wanted and each.entity == entity and each.is_open
        ]
        if group not in [*taken, *(each.name for each in self.world.centre.groups(entity))]:
            self.world.creates(name, entity, group=group, sources=(own,))

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        for request in self.world.centre.requests:
            if request.awaiting:
                self.world.does("APPROVER", Decide(request_id=request.request_id, approve=approve))

    @rule(
        owner=st.sampled_from(
            [("DORA", "D10000"), ("ADMIN1", "A10000"), ("ADMIN1", "X01"), ("CLERK", "C10000")]
        )
    )
    def take_key(self, owner: tuple[str, str]) -> None:
        """A key is generated where there can be another, and the newest is downloaded."""
        name, session = owner
        for download in (False, True):
            key = "newest" if download else None
            asked = AskKey(session_id=SessionID(session), download=download, key=key)
            answer = self.world.does(name, asked)
            if isinstance(answer, FactorCode):
                self.world.does(name, AnswerFactor(challenge=answer.challenge, code=answer.code))

    @rule(
        number=st.integers(0, 9),
        changed=st.sampled_from([None] * 9 + [34, 49, 52, 57, 108, 142, 355, 1402, 1605]),
        late=st.sampled_from([0, 0, 0, 5, 6]),
        ahead_ns=st.sampled_from([0, 0, 27 * DAY, 340 * DAY, 380 * DAY]),
    )
    def log_on(self, number: int, changed: int | None, late: int, ahead_ns: int) -> None:
        """A key is good for its own session, from its download to its end, and for nothing else."""
        told = (message for messages in self.world.told.values() for message in messages)
        files = [message for message in told if isinstance(message, KeyFile)]
        if not files:
            return
        file, live = files[number % len(files)], LiveKeys({})
        for update in self.world.services:
            if isinstance(update, KeysLive):
                live.take(update)
        is_target = file.session_id in TARGETS
        comp_id = file.session_id if is_target else f"{file.session_id}AAA"
        # Also later than the centre has had anything to do: keys end by themselves.
        now_ns = self.world.now + ahead_ns
        sent_ns = now_ns - late * 1_000_000_000
        fields = {34: "1", 49: f"{comp_id}N", 50: "ME", 57: "G", 108: "30", 142: "US", 369: "0"}
        fields |= {52: utc_timestamp(START, sent_ns), 1603: "a", 1604: "1", 1605: "us"}
        fields |= signed(fields, file.access_key_id, file.secret)
        if changed is not None:
            fields[changed] = fields[changed][:-1] + ("0" if fields[changed][-1] != "0" else "1")

        refusal = live.check(
            file.session_id, fields, now_ns, START, comp_id=comp_id, drop_copy=is_target
        )

        ring = self.world.centre.keys.ring(file.session_id)
        pair = ring.good(file.access_key_id, now_ns)
        is_good = pair is not None and changed is None and late <= 5
        assert (refusal is None) is is_good

    @rule(delay_ns=st.sampled_from([1, HOUR, DAY, 27 * DAY, 340 * DAY]))
    def wait(self, delay_ns: int) -> None:
        self.world.wait(delay_ns)

    @rule()
    def wait_until_due(self) -> None:
        due = self.world.centre.next_due_ns
        if due is not None:
            self.world.wait(max(0, due - self.world.now))

    @invariant()
    def statuses_follow_the_table(self) -> None:
        for name in self.world.told:
            latest: dict[str, RequestStatus] = {}
            for update in self.world.updates(name):
                old = latest.get(update.request_id)
                assert old is None or update.status is old or update.status in NEXT[old]
                latest[update.request_id] = update.status

    @invariant()
    def the_services_know_exactly_the_groups_that_copy(self) -> None:
        live: dict[tuple[str, str], GroupRow] = {}
        for update in self.world.services:
            match update:
                case GroupLive(group=group, entity=entity):
                    live[entity, group.name] = group
                case GroupGone(entity=entity, name=name):
                    del live[entity, name]
                case _:
                    pass  # is about keys
        entities = (ALPHA, BRAVO, CLEAR, DELTA)
        assert live == {
            (entity, group.name): group
            for entity in entities
            for group in self.world.centre.groups(entity)
        }

    @invariant()
    def no_target_serves_two_groups_and_none_serves_a_stranger(self) -> None:
        serving = [
            (target, entity)
            for entity in (ALPHA, BRAVO, CLEAR, DELTA)
            for group in self.world.centre.groups(entity)
            for target in group.targets
        ]
        assert len({target for target, _ in serving}) == len(serving)
        assert all(TARGETS[target] == entity for target, entity in serving)

    @invariant()
    def nobody_has_copied_what_is_not_his(self) -> None:
        firms = {firm.gfid: firm for firm in FIRMS}
        for entity in (ALPHA, BRAVO, CLEAR, DELTA):
            for group in self.world.centre.groups(entity):
                for source in group.sources:
                    firm = firms[Gfid(source[3:])]
                    clearing = firms[firm.clearing_firm or firm.gfid]
                    assert entity in (firm.entity, clearing.entity)

    @invariant()
    def the_services_know_exactly_the_keys_that_are_good(self) -> None:
        live: dict[str, KeysLive] = {}
        for update in self.world.services:
            if isinstance(update, KeysLive):
                live[update.session_id] = update
        for session_id, keys in live.items():
            known = {k.access_key_id for k in keys.keys if k.expires_ns > self.world.now}
            ring = self.world.centre.keys.ring(SessionID(session_id))
            good = {p.access_key_id for p in ring.pairs if p.is_good(self.world.now)}
            assert known == good

    @invariant()
    def all_but_an_entitys_first_group_have_a_fee(self) -> None:
        for entity in (ALPHA, CLEAR, DELTA):
            made = [
                request
                for request in self.world.centre.requests
                if request.entity == entity and request.kind is RequestKind.CREATE_GROUP
            ]
            if made:
                assert made[0].fee is None
            held = self.world.centre.groups(entity)
            free = [each for each in made if each.fee is None and each.is_open]
            assert len(free) + bool(held) <= 1


TestAnyCentre = AnyCentre.TestCase
