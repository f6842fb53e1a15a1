"""What users of the request centre and the centre tell one another.

A message does not name its sender: the centre knows its users by the sessions that their
messages come on, so that nobody can ask in another's name.

Source: CME Group, BrokerTec Drop Copy Groups (Customer Center help); readings in
``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

import attrs

from .firms import EntityName, Gfid, Market, SessionID
from .identifiers import CompID
from .secure_keys import SecretKey


class Step(StrEnum):
    """What a draft of a group is filled in with, in this order."""

    NAME = "name"
    FRONT_END = "front end system"
    FILTERS = "filters"
    FIRMS = "GFID filter"
    """May be left out."""
    SOURCES = "source sender comps"


class RequestKind(StrEnum):
    CREATE_GROUP = "Create Drop Copy Group"
    EDIT_GROUP = "Edit Drop Copy Group"
    DELETE_GROUPS = "Delete Drop Copy Groups"
    GENERATE_KEY = "Generate Key"


class RequestStatus(StrEnum):
    IN_PROGRESS = "In Progress"
    PENDING_APPROVAL = "Pending Approval"
    COMPLETED = "Completed"
    FAILED = "Failed"
    REJECTED = "Rejected"


NEXT: Mapping[RequestStatus, tuple[RequestStatus, ...]] = {
    RequestStatus.IN_PROGRESS: (
        RequestStatus.PENDING_APPROVAL,
        RequestStatus.COMPLETED,
        RequestStatus.FAILED,
    ),
    RequestStatus.PENDING_APPROVAL: (
        RequestStatus.COMPLETED,
        RequestStatus.FAILED,
        RequestStatus.REJECTED,
    ),
    RequestStatus.COMPLETED: (),
    RequestStatus.FAILED: (),
    RequestStatus.REJECTED: (),
}
"""Which status may follow which; a request begins in progress."""


class Method(StrEnum):
    """How a user is sent the code of his second factor."""

    SMS = "SMS code"
    EASE = "EASE"
    """Global support, on the telephone."""
    DUO = "Duo Security"


# --- from users -----------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StartGroup:
    """Press *Create New Group* of a registered entity, for a market."""

    entity: EntityName
    market: Market


@attrs.frozen(kw_only=True)
class AnswerDialog:
    """Press *Proceed* or *Cancel* in the dialog that tells the fee."""

    draft: str
    proceed: bool


@attrs.frozen(kw_only=True)
class FillIn:
    """Fill in one step of a draft; adding sources by firm adds all that the firm has."""

    draft: str
    step: Step
    values: tuple[str, ...] = ()
    gfids: tuple[Gfid, ...] = ()
    """With sources: the firms all of whose sessions are added."""


@attrs.frozen(kw_only=True)
class Submit:
    """Press *Submit*."""

    draft: str


@attrs.frozen(kw_only=True)
class StartEdit:
    """Press *Edit* of a group."""

    entity: EntityName
    group: str


@attrs.frozen(kw_only=True)
class DeleteGroups:
    """Select groups, and press *Delete Group(s)*."""

    entity: EntityName
    groups: tuple[str, ...]


@attrs.frozen(kw_only=True)
class DeleteByTarget:
    """Delete the group of a target session, on the *Target Sessions* tab."""

    target: CompID


@attrs.frozen(kw_only=True)
class Decide:
    """Approve a request or reject it."""

    request_id: str
    approve: bool
    text: str = ""


@attrs.frozen(kw_only=True)
class AskKey:
    """Press *Generate Key* or *Download Key* of a session: a second factor is asked for."""

    session_id: SessionID
    download: bool = False
    method: Method = Method.SMS
    key: str | None = None
    """An Access Key ID, ``oldest`` or ``newest``: to download, or to delete for a third."""


@attrs.frozen(kw_only=True)
class AnswerFactor:
    """Type in the code."""

    challenge: str
    code: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class DeleteKey:
    """Select a key, and confirm its deletion."""

    session_id: SessionID
    key: str


@attrs.frozen(kw_only=True)
class ShowKeys:
    """Press *Show* of a session."""

    session_id: SessionID


@attrs.frozen(kw_only=True)
class ShowGroups:
    """Open the list of an entity's groups."""

    entity: EntityName


@attrs.frozen(kw_only=True)
class ShowExpirations:
    """Open the lists of sessions whose keys expire."""


CentreRequest: TypeAlias = (
    StartGroup
    | AnswerDialog
    | FillIn
    | Submit
    | StartEdit
    | DeleteGroups
    | DeleteByTarget
    | Decide
    | AskKey
    | AnswerFactor
    | DeleteKey
    | ShowKeys
    | ShowGroups
    | ShowExpirations
)


# --- to users -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CentreRefusal:
    """The centre does not do what it was asked."""

    refused: str
    """The request's class."""

    text: str


@attrs.frozen(kw_only=True)
class GroupDialog:
    """How many groups the entity has, and what another one costs."""

    draft: str
    existing: int
    chargeable: bool
    fee: str
    """In US dollars; ``0`` where the amount is not known, or none is due."""


@attrs.frozen(kw_only=True)
class DraftOpen:
    """What a draft holds, and what is next to be filled in."""

    draft: str
    next_step: Step | None
    """None where it can be submitted."""

    available: tuple[str, ...] = ()
    """What can be chosen in the next step, where there is a choice."""


@attrs.frozen(kw_only=True)
class DraftClosed:
    draft: str


@attrs.frozen(kw_only=True)
class RequestUpdate:
    """A request as it stands, for one who may see it: what *My Requests* is made of."""

    request_id: str
    kind: RequestKind
    entity: EntityName
    market: Market
    subject: str
    """The groups, or the session, that it is about."""

    submitted_by: CompID
    status: RequestStatus
    sources: tuple[CompID, ...] = ()
    """The source sender comps that are asked for; an approver is shown those that he may
    approve."""

    fee: str | None = None
    """What a further group costs; None where no fee is due."""

    text: str = ""
    """Why it failed, or was rejected."""

    to_approve: bool = False
    """Whether it waits for whoever this is told."""


@attrs.frozen(kw_only=True)
class FactorCode:
    """The code of a second factor, as the user's telephone shows it."""

    challenge: str
    method: Method
    code: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Banner:
    """What the screen says at once."""

    text: str


@attrs.frozen(kw_only=True)
class Email:
    address: str
    subject: str


@attrs.frozen(kw_only=True)
class KeyFile:
    """A downloaded pair: the flat text file's columns."""

    session_id: SessionID
    access_key_id: str
    secret: SecretKey
    created: str
    expires: str
    environment: str


@attrs.frozen(kw_only=True)
class KeysShown:
    """A session's pairs: no more of each than its Access Key ID, its end and its status."""

    session_id: SessionID
    keys: tuple[tuple[str, str, str], ...]


@attrs.frozen(kw_only=True)
class GroupRow:
    """One group in the list of its entity."""

    name: str
    market: Market
    front_end: str
    filters: tuple[str, ...]
    gfids: tuple[str, ...]
    sources: tuple[CompID, ...]
    targets: tuple[CompID, ...]


@attrs.frozen(kw_only=True)
class GroupsShown:
    entity: EntityName
    groups: tuple[GroupRow, ...]


@attrs.frozen(kw_only=True)
class ExpirationsShown:
    """The sessions whose keys are within four weeks of expiration, by the tool's modules."""

    drop_copy: tuple[SessionID, ...] = ()
    order_entry: tuple[SessionID, ...] = ()
    market_data: tuple[SessionID, ...] = ()


CentreAnswer: TypeAlias = (
    CentreRefusal
    | GroupDialog
    | DraftOpen
    | DraftClosed
    | RequestUpdate
    | FactorCode
    | Banner
    | Email
    | KeyFile
    | KeysShown
    | GroupsShown
    | ExpirationsShown
)


# --- to the exchange's services -------------------------------------------------------


@attrs.frozen(kw_only=True)
class GroupLive:
    """A group copies as this says from now on."""

    group: GroupRow
    entity: EntityName


@attrs.frozen(kw_only=True)
class GroupGone:
    """A group copies no more."""

    entity: EntityName
    name: str


@attrs.frozen(kw_only=True)
class LiveKey:
    """A pair that logons are checked against."""

    access_key_id: str
    secret: SecretKey
    expires_ns: int


@attrs.frozen(kw_only=True)
class KeysLive:
    """The pairs of a session that are good from now on; each until its own end."""

    session_id: SessionID
    keys: tuple[LiveKey, ...]


ServiceUpdate: TypeAlias = GroupLive | GroupGone | KeysLive


@attrs.frozen(kw_only=True)
class ServicesAgain:
    """One of the exchange's services asks what there is: it was away, and may have missed it."""

    groups: tuple[tuple[EntityName, str], ...] = ()
    """Those that it knows of, where it copies."""


@attrs.frozen(kw_only=True)
class ServicesTold:
    """A service that has asked what there is has been told all."""
