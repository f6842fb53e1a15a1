"""What users of the request centre do in a scenario's steps, and the centre's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import validators

from ..market import centre_rules, copy_filters
from ..market.centre_acts import CreateGroup, EditGroup, TakeKey
from ..market.centre_messages import (
    Decide,
    DeleteByTarget,
    DeleteGroups,
    DeleteKey,
    Method,
    ShowExpirations,
    ShowGroups,
    ShowKeys,
)
from ..market.copy_filters import CopyFilter
from ..market.firms import EntityName, Gfid, Market, SessionID
from ..market.identifiers import CompID
from ..market.ledger import Rule
from ..wire import copies
from .actions import FloorPlan, Instruction
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


def _user(who: CompID, plan: FloorPlan) -> CompID:
    if not plan.is_centre_user(who):
        raise ValueError(f"only a user of the request centre does that, {who} is none")
    return who


@attrs.frozen(kw_only=True)
class CreateGroupAction:
    """A user asks for a new drop copy group."""

    entity: str
    name: str
    front_end: str
    filters: tuple[CopyFilter, ...]
    sources: tuple[str, ...] = ()
    """Source sender comps."""

    source_firms: tuple[str, ...] = ()
    """Firms all of whose available sender comps are sources."""

    gfids: tuple[str, ...] = ()
    """The GFID filter; without one no firm is left out."""

    market: Market = Market.GLOBEX
    proceed: bool = True
    """What the dialog that tells the fee is answered with."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        act = CreateGroup(
            entity=EntityName(self.entity),
            market=self.market,
            name=self.name,
            front_end=self.front_end,
            filters=tuple(map(str, self.filters)),
            gfids=self.gfids,
            sources=self.sources,
            source_gfids=tuple(map(Gfid, self.source_firms)),
            proceed=self.proceed,
        )
        yield Instruction(_user(who, plan), act)


@attrs.frozen(kw_only=True)
class EditGroupAction:
    """A user asks for a change of a drop copy group; what the step does not say stays as it is."""

    entity: str
    group: str
    name: str | None = None
    front_end: str | None = None
    filters: tuple[CopyFilter, ...] | None = None
    gfids: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    source_firms: tuple[str, ...] = ()

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        act = EditGroup(
            entity=EntityName(self.entity),
            group=self.group,
            name=self.name,
            front_end=self.front_end,
            filters=None if self.filters is None else tuple(map(str, self.filters)),
            gfids=self.gfids,
            sources=self.sources,
            source_gfids=tuple(map(Gfid, self.source_firms)),
        )
        yield Instruction(_user(who, plan), act)


@attrs.frozen(kw_only=True)
class DeleteGroupsAction:
    """A user asks for groups to be deleted, or for that of a target session."""

    entity: str | None = None
    groups: tuple[str, ...] = ()
    target: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        if (self.target is None) is (self.entity is None):
            raise ValueError("expected either an entity with its groups, or a target")
        if self.entity is None:
            assert self.target is not None
            yield Instruction(_user(who, plan), DeleteByTarget(target=CompID(self.target)))
        else:
            deletion = DeleteGroups(entity=EntityName(self.entity), groups=self.groups)
            yield Instruction(_user(who, plan), deletion)


@attrs.frozen(kw_only=True)
class ApproveRequest:
    """A user approves a request that waits for him."""

    request: str
    """Its id: the entity, a slash, and the number of its request."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(_user(who, plan), Decide(request_id=self.request, approve=True))


@attrs.frozen(kw_only=True)
class RejectRequestAction:
    """A user rejects a request that waits for him."""

    request: str
    text: str = ""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        decision = Decide(request_id=self.request, approve=False, text=self.text)
        yield Instruction(_user(who, plan), decision)


@attrs.frozen(kw_only=True)
class GenerateKey:
    """A user generates a secure key pair of a session, and downloads it."""

    session: str
    method: Method = Method.SMS
    delete: str | None = None
    """Of two pairs, the one to delete for a third: an Access Key ID, ``oldest`` or ``newest``."""

    right_code: bool = True
    """Whether he types in the code that he is sent."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        act = TakeKey(
            session_id=SessionID(self.session),
            method=self.method,
            key=self.delete,
            right_code=self.right_code,
        )
        yield Instruction(_user(who, plan), act)


@attrs.frozen(kw_only=True)
class DownloadKey:
    """A user downloads a secure key pair."""

    session: str
    key: str | None = None
    """An Access Key ID, ``oldest`` or ``newest``; needed where there are two."""

    method: Method = Method.SMS
    right_code: bool = True

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        act = TakeKey(
            session_id=SessionID(self.session),
            generate=False,
            method=self.method,
            key=self.key,
            right_code=self.right_code,
        )
        yield Instruction(_user(who, plan), act)


@attrs.frozen(kw_only=True)
class DeleteKeyAction:
    """A user deletes a secure key pair."""

    session: str
    key: str
    """An Access Key ID, ``oldest`` or ``newest``."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        deletion = DeleteKey(session_id=SessionID(self.session), key=self.key)
        yield Instruction(_user(who, plan), deletion)


@attrs.frozen(kw_only=True)
class Look:
    """A user looks at an entity's groups, a session's keys, or the keys that expire."""

    entity: str | None = None
    session: str | None = None
    expirations: bool = attrs.field(default=False, validator=validators.instance_of(bool))

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        user = _user(who, plan)
        if (self.entity is not None) + (self.session is not None) + self.expirations != 1:
            raise ValueError("expected one of: entity, session, expirations")
        if self.entity is not None:
            yield Instruction(user, ShowGroups(entity=EntityName(self.entity)))
        elif self.session is not None:
            yield Instruction(user, ShowKeys(session_id=SessionID(self.session)))
        else:
            yield Instruction(user, ShowExpirations())


@hookimpl
def scenario_actions() -> Mapping[str, type[Any]]:
    return {
        "create_group": CreateGroupAction,
        "edit_group": EditGroupAction,
        "delete_groups": DeleteGroupsAction,
        "approve_request": ApproveRequest,
        "reject_request": RejectRequestAction,
        "generate_key": GenerateKey,
        "download_key": DownloadKey,
        "delete_key": DeleteKeyAction,
        "look_up": Look,
    }


@hookimpl
def rules() -> Sequence[Rule]:
    return (*copy_filters.RULES, *centre_rules.RULES, *copies.RULES)
