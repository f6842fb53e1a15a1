"""The request centre's book of requests: what was submitted, what becomes of it, who hears.

A request is set up after its time, waits for whose approval it needs, and then makes a
group copy, or another, or none; whoever may see it is told how it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs

from .centre_messages import (
    NEXT,
    CentreAnswer,
    Decide,
    GroupGone,
    GroupLive,
    GroupRow,
    RequestKind,
    RequestStatus,
    RequestUpdate,
    ServiceUpdate,
)
from .centre_users import CentreSettings, CentreUser, Refused, Right
from .copy_groups import CopyGroups
from .firms import EntityName, Market, Registry
from .identifiers import CompID
from .market_close import MarketCloses


@attrs.frozen(kw_only=True)
class Tell:
    """What a user is told."""

    user: CompID
    message: CentreAnswer


Outcome: TypeAlias = Tell | ServiceUpdate
"""What comes of a request: somebody is told, or the exchange's services are."""


@attrs.define(kw_only=True)
class Request:
    """Something that was submitted."""

    request_id: str
    kind: RequestKind
    entity: EntityName
    market: Market
    groups: tuple[str, ...]
    """Those that it is about, by the names that they have."""

    submitted_by: CompID
    status: RequestStatus = RequestStatus.IN_PROGRESS
    wanted: GroupRow | None = None
    awaiting: tuple[EntityName, ...] = ()
    guarantors: tuple[EntityName, ...] = ()
    """Whose approval it needs, or needed."""

    fee: str | None = None
    text: str = ""
    due_ns: int = 0
    subject: str = ""

    @property
    def is_open(self) -> bool:
        return bool(NEXT[self.status])

    def move(self, status: RequestStatus) -> None:
        assert status in NEXT[self.status], f"{self.status} is not followed by {status}"
        self.status = status


class RequestBook:
    """All requests of one centre, in the order in which they were submitted.

    Args:
        registry: who is registered.
        users: who may use the centre, by name.
        closes: when the market closes, for requests that are set up once a day.
        groups: the groups that copy, which requests change.
        settings: what differs between environments.
    """

    def __init__(
        self,
        registry: Registry,
        users: Mapping[CompID, CentreUser],
        closes: MarketCloses,
        groups: CopyGroups,
        settings: CentreSettings,
    ) -> None:
        self._registry = registry
        self._users = users
        self._closes = closes
        self._groups = groups
        self._settings = settings
        self._requests: dict[str, Request] = {}
        self._requested: dict[EntityName, int] = {}

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests.values())

    @property
    def due_ns(self) -> int | None:
        """When a request is next set up; None where none waits for that."""
        due = (
            request.due_ns
            for request in self._requests.values()
            if request.status is RequestStatus.IN_PROGRESS
        )
        return min(due, default=None)

    def existing(self, entity: EntityName) -> int:
        """Return how many groups an entity has or is about to have."""
        coming = [
            request for request in self._open(entity) if request.kind is RequestKind.CREATE_GROUP
        ]
        return len(self._groups.of(entity)) + len(coming)

    def _open(self, entity: EntityName) -> list[Request]:
        return [each for each in self._requests.values() if each.entity == entity and each.is_open]

    def names(self, entity: EntityName) -> list[str]:
        """Return the names that an entity's groups have, or are about to have."""
        coming = [each.wanted.name for each in self._open(entity) if each.wanted is not None]
        return [*(group.name for group in self._groups.of(entity)), *coming]

    # --- submitting -------------------------------------------------------------------

    def new(
        self,
        kind: RequestKind,
        user: CentreUser,
        entity: EntityName,
        market: Market,
        groups: tuple[str, ...],
        now_ns: int,
    ) -> Request:
        """Put a request on the book."""
        number = self._requested[entity] = self._requested.get(entity, 0) + 1
        request = Request(
            request_id=f"{entity}/{number}",
            kind=kind,
            entity=entity,
            market=market,
            groups=groups,
            submitted_by=user.name,
            subject=", ".join(groups),
            due_ns=self._due_ns(now_ns),
        )
        self._requests[request.request_id] = request
        return request

    def _due_ns(self, now_ns: int) -> int:
        daily = self._settings.daily_setup
        if daily is None:
            return now_ns + self._settings.setup_ns
        return attrs.evolve(self._closes, at=daily).first_at_or_after(now_ns)

    def filed(self, request: Request, now_ns: int) -> Iterator[Outcome]:
        """Tell of a request that has just been submitted; set it up if its time has come."""
        yield from self.told(request)
        if request.due_ns <= now_ns:
            yield from self._validated(request)

    def check_free(self, entity: EntityName, groups: Iterable[str]) -> None:
        """Check that nothing else is asked of *groups*."""
        for name in groups:
            for request in self._open(entity):
                if name in request.groups:
                    raise Refused(f"the request {request.request_id} is about {name!r} already")

    # --- what becomes of a request ----------------------------------------------------

    def due(self, now_ns: int) -> list[Outcome]:
        """Return what time has brought: requests that are set up."""
        outcomes: list[Outcome] = []
        due = [
            request
            for request in self._requests.values()
            if request.status is RequestStatus.IN_PROGRESS and request.due_ns <= now_ns
        ]
        for request in sorted(due, key=lambda each: each.due_ns):
            outcomes += self._validated(request)
        return outcomes

    def _validated(self, request: Request) -> Iterator[Outcome]:
        """Let a request go on once it has been looked at (REQ-3)."""
        if request.guarantors:
            request.awaiting = request.guarantors
            request.move(RequestStatus.PENDING_APPROVAL)
            yield from self.told(request)
        else:
            yield from self._set_up(request)

    def decide(self, user: CentreUser, message: Decide) -> Iterator[Outcome]:
        """Take an approval, or a rejection (REQ-4).

        Raises:
            Refused: if nothing waits for that of this user.
        """
        request = self._requests.get(message.request_id)
        mine = [] if request is None else [e for e in request.awaiting if e in user.entities]
        if request is None or not mine or not user.has(Right.APPROVER):
            raise Refused("there is no such request that waits for your approval")
        if not message.approve:
            request.awaiting = ()
            request.text = message.text
            request.move(RequestStatus.REJECTED)
            yield from self.told(request)
            return
        request.awaiting = tuple(each for each in request.awaiting if each not in mine)
        if request.awaiting:
            yield from self.told(request)
        else:
            yield from self._set_up(request)

    def _set_up(self, request: Request) -> Iterator[Outcome]:
        """Make true what was asked for, or say why it cannot be."""
        entity = request.entity
        changes: list[ServiceUpdate] = []
        try:
            if request.wanted is None:
                for name in request.groups:
                    self._groups.remove(entity, name)
                    changes.append(GroupGone(entity=entity, name=name))
            else:
                group = self._groups.with_targets(entity, request.wanted)
                (old,) = request.groups
                if request.kind is RequestKind.EDIT_GROUP:
                    self._groups.remove(entity, old)
                    if old != group.name:
                        changes.append(GroupGone(entity=entity, name=old))
                self._groups.put(entity, group)
                request.wanted = group
                changes.append(GroupLive(group=group, entity=entity))
            request.move(RequestStatus.COMPLETED)
        except Refused as refused:
            request.text = str(refused)
            request.move(RequestStatus.FAILED)
        yield from changes
        yield from self.told(request)

    # --- telling ----------------------------------------------------------------------

    def told(self, request: Request) -> Iterator[Tell]:
        """Tell whoever may see a request how it stands."""
        wanted = request.wanted.sources if request.wanted else ()
        update = RequestUpdate(
            request_id=request.request_id,
            kind=request.kind,
            entity=request.entity,
            market=request.market,
            subject=request.subject,
            submitted_by=request.submitted_by,
            status=request.status,
            sources=wanted,
            fee=request.fee,
            text=request.text,
        )
        for user in self._users.values():
            guarantees = [
                each
                for each in request.guarantors
                if each in user.entities and Right.APPROVER in user.rights
            ]
            waits = any(each in request.awaiting for each in guarantees)
            if user.name == request.submitted_by:
                yield Tell(user=user.name, message=attrs.evolve(update, to_approve=waits))
            elif guarantees and request.status is not RequestStatus.IN_PROGRESS:
                comps = self._registry.sender_comps
                theirs = tuple(
                    each for each in wanted if self._registry.guarantor(comps[each]) in guarantees
                )
                # Fees, and why something failed, are between the entity and the exchange.
                text = request.text if request.status is RequestStatus.REJECTED else ""
                shown = attrs.evolve(update, sources=theirs, fee=None, text=text, to_approve=waits)
                yield Tell(user=user.name, message=shown)
