"""The request centre's messages in words: every one of them."""

from __future__ import annotations

import attrs
import pytest

from floorproof.market.centre_messages import (
    AnswerDialog,
    AnswerFactor,
    AskKey,
    Banner,
    CentreRefusal,
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
    GroupsShown,
    KeyFile,
    KeysLive,
    KeysShown,
    LiveKey,
    Method,
    RequestKind,
    RequestStatus,
    RequestUpdate,
    ServicesAgain,
    ServicesTold,
    ShowExpirations,
    ShowGroups,
    ShowKeys,
    StartEdit,
    StartGroup,
    Step,
    Submit,
)
from floorproof.market.centre_wording import CENTRE_MESSAGES
from floorproof.market.firms import EntityName, Gfid, Market, SessionID
from floorproof.market.identifiers import CompID
from floorproof.market.secure_keys import SecretKey
from floorproof.market.wording import LABELS, Wording, label

ALPHA, S, A1 = EntityName("Alpha"), SessionID("A10000"), CompID("A10000")
SECRET = SecretKey("2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4")
GROUP = GroupRow(
    name="Desk",
    market=Market.GLOBEX,
    front_end="TT",
    filters=("Reject",),
    gfids=(),
    sources=(CompID("X01AAA"),),
    targets=(A1,),
)
UPDATE = RequestUpdate(
    request_id="Alpha/1",
    kind=RequestKind.CREATE_GROUP,
    entity=ALPHA,
    market=Market.GLOBEX,
    subject="Desk",
    submitted_by=CompID("ADMIN1"),
    status=RequestStatus.PENDING_APPROVAL,
)

# fmt: off
SAID: list[tuple[object, str]] = [
    (StartGroup(entity=ALPHA, market=Market.BROKERTEC_EU), "StartGroup of Alpha, BrokerTec EU"),
    (AnswerDialog(draft="A/1", proceed=True), "AnswerDialog A/1 proceed"),
    (AnswerDialog(draft="A/1", proceed=False), "AnswerDialog A/1 cancel"),
    (FillIn(draft="A/1", step=Step.SOURCES, values=("X01AAA",), gfids=(Gfid("CCC"),)),
     "FillIn A/1 source sender comps: X01AAA, CCC"),
    (Submit(draft="A/1"), "Submit A/1"),
    (StartEdit(entity=ALPHA, group="Desk"), "StartEdit Desk of Alpha"),
    (DeleteGroups(entity=ALPHA, groups=("One", "Two")), "DeleteGroups One, Two of Alpha"),
    (DeleteByTarget(target=A1), "DeleteByTarget that of A10000"),
    (Decide(request_id="Alpha/1", approve=True), "Decide approve Alpha/1"),
    (Decide(request_id="Alpha/1", approve=False, text="no"), "Decide reject Alpha/1: no"),
    (AskKey(session_id=S), "AskKey generate for A10000, SMS code"),
    (AskKey(session_id=S, download=True, method=Method.DUO, key="oldest"),
     "AskKey download for A10000, Duo Security, key oldest"),
    (AnswerFactor(challenge="A/1", code="123456"), "AnswerFactor A/1"),
    (DeleteKey(session_id=S, key="oldest"), "DeleteKey of A10000, key oldest"),
    (ShowKeys(session_id=S), "ShowKeys of A10000"),
    (ShowGroups(entity=ALPHA), "ShowGroups of Alpha"),
    (ShowExpirations(), "ShowExpirations "),
    (CentreRefusal(refused="Submit", text="no"), "CentreRefusal Submit: no"),
    (GroupDialog(draft="A/1", existing=0, chargeable=False, fee="0"),
     "GroupDialog A/1 groups 0, free"),
    (GroupDialog(draft="A/1", existing=2, chargeable=True, fee="250.00"),
     "GroupDialog A/1 groups 2, another one costs 250.00 USD"),
    (DraftOpen(draft="A/1", next_step=Step.NAME), "DraftOpen A/1 next is: name"),
    (DraftOpen(draft="A/1", next_step=None), "DraftOpen A/1 next is: submit"),
    (DraftClosed(draft="A/1"), "DraftClosed A/1"),
    (UPDATE, "RequestUpdate Alpha/1 Create Drop Copy Group Desk, Pending Approval"),
    (attrs.evolve(UPDATE, fee="250.00", to_approve=True, text="why"),
     "RequestUpdate Alpha/1 Create Drop Copy Group Desk, Pending Approval, fee 250.00 USD,"
     " to approve: why"),
    (FactorCode(challenge="A/1", method=Method.SMS, code="123456"), "FactorCode A/1 by SMS code"),
    (Banner(text="Done."), "Banner Done."),
    (Email(address="a@b.example", subject="Hello"), "Email to a@b.example: Hello"),
    (KeyFile(session_id=S, access_key_id="k", secret=SECRET, created="2023-01-01",
             expires="2024-01-01", environment="Production"),
     "KeyFile A10000 k, until 2024-01-01"),
    (KeysShown(session_id=S, keys=(("k", "2024-01-01", "Active"),)),
     "KeysShown A10000: k until 2024-01-01 Active"),
    (GroupsShown(entity=ALPHA, groups=(GROUP,)), "GroupsShown Alpha: Desk"),
    (ExpirationsShown(drop_copy=(S,)),
     "ExpirationsShown drop copy A10000; order entry none; market data none"),
    (GroupLive(group=GROUP, entity=ALPHA), "GroupLive Desk of Alpha: X01AAA"),
    (GroupGone(entity=ALPHA, name="Desk"), "GroupGone Desk of Alpha"),
    (KeysLive(session_id=S, keys=(LiveKey(access_key_id="k", secret=SECRET, expires_ns=1),)),
     "KeysLive A10000: k"),
    (ServicesAgain(groups=((ALPHA, "Desk"),)), "ServicesAgain Desk"),
    (ServicesTold(), "ServicesTold "),
]
# fmt: on


@pytest.mark.parametrize(("message", "said"), SAID, ids=[said for _, said in SAID])
def test_a_message_of_the_request_centres_in_words(message: object, said: str) -> None:
    assert f"{label(message)} {Wording({}).key_fields(message)}" == said
    assert SECRET.reveal() not in repr(message)


def test_every_message_is_said_and_has_its_label() -> None:
    assert {type(message) for message, _ in SAID} == set(CENTRE_MESSAGES)
    assert all(LABELS[cls.__name__] is cls for cls in CENTRE_MESSAGES)
