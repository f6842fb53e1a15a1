"""The request centre: who may have which sessions copied, and who may log on with what.

Users of registered entities create, edit and delete drop copy groups in steps, have them
approved by those who clear the sessions, and manage the secure keys of their sessions.
The centre is a state machine: `RequestCentre.receive` takes what a user asks, and says
what that tells whom; `due` does what time brings.

What a user has no rights to looks to him exactly like what there is not: drafts and
requests are counted per user and per entity, and a refusal has the same words for both.

Sources: CME Group, BrokerTec Drop Copy Groups (Customer Center help); CME Group, Request
Center help; CME Group Client Systems Wiki, Drop Copy 4.0 (46140051); readings in
``docs/readings.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import attrs

from .centre_messages import (
    NEXT,
    AnswerDialog,
    AnswerFactor,
    AskKey,
    Banner,
    CentreAnswer,
    CentreRefusal,
    CentreRequest,
    Decide,
    DeleteByTarget,
    DeleteGroups,
    DeleteKey,
    DraftClosed,
    Email,
    ExpirationsShown,
    FillIn,
    GroupDialog,
    GroupGone,
    GroupLive,
    GroupRow,
    GroupsShown,
    KeyFile,
    RequestKind,
    RequestStatus,
    RequestUpdate,
    ServiceUpdate,
    ShowExpirations,
    ShowGroups,
    ShowKeys,
    StartEdit,
    StartGroup,
    Submit,
)
from .centre_users import CentreSettings, CentreUser, Refused, Right
from .copy_groups import CopyGroups
from .firms import EntityName, Market, Module, Registry, SessionID
from .group_drafts import Drafts
from .identifiers import CompID
from .key_desk import KeyDesk
from .ledger import Rule
from .market_close import MarketCloses
from .secure_keys import KeyEvent, KeyExpiryPending, KeyGenerated, KeyRefused, RandomBytes

_HELP = "CME Group, BrokerTec Drop Copy Groups (Customer Center help)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "REQ-1",
        "A group is created in steps: its name, its front end system, its filters, a GFID filter"
        " if one is wanted, its sources; each is checked as it is filled in.",
        f"{_HELP}, Creating a Drop Copy Group",
    ),
    Rule(
        "REQ-2",
        "A dialog tells how many groups the entity has and whether another one costs a fee, which"
        " it does for all but the first; nothing goes on before the user proceeds, and the fee"
        " stands on the request.",
        f"{_HELP}, Creating a Drop Copy Group; {_READINGS}, the fee of a group",
        ("fee",),
    ),
    Rule(
        "REQ-3",
        "A request is In Progress until it has been validated, then waits for its approvals if it"
        " needs any, and ends Completed, Failed or Rejected.",
        f"{_HELP}, Submit; {_READINGS}, statuses of a request",
        ("setup", "daily_setup"),
    ),
    Rule(
        "REQ-4",
        "What a clearing firm of another entity guarantees is copied only after one of its"
        " approvers has approved; nobody else can.",
        f"{_HELP}, My Requests; CME Group Client Systems Wiki, Drop Copy 4.0 (46140051);"
        f" {_READINGS}, who approves",
    ),
    Rule(
        "REQ-5",
        "Only a completed group copies; while an edit is not completed, what it changes stays as"
        " it was.",
        f"{_READINGS}, statuses of a request",
    ),
    Rule(
        "REQ-6",
        "A group's sources are sessions of its own entity's firms and of firms that these clear,"
        " in its market and its GFID filter; there may be any number, unless the newer limits of"
        " 1,000 CGW and 5,000 MSGW sources for a target session are on.",
        f"{_HELP}, Creating a Drop Copy Group; {_READINGS}, how many sources",
        ("source_limits",),
    ),
    Rule(
        "REQ-7",
        "Target sessions are assigned, of the kind that the sources need, and are no other group's;"
        " whoever deletes a group, or the group of a target session, deletes no session.",
        f"{_HELP}, Editing and Deleting",
    ),
    Rule(
        "REQ-8",
        "An administrator creates, edits and deletes groups and keys, an approver approves, a"
        " viewer looks; the front end system of a group is changed only with a right of its own.",
        f"{_HELP}, Editing Drop Copy Groups; {_READINGS}, rights in the request centre",
    ),
    Rule(
        "REQ-9",
        "What a user has no rights to is refused in the words in which what does not exist is.",
        f"{_READINGS}, rights in the request centre",
    ),
    Rule(
        "REQ-10",
        "Generating and downloading a key need a second factor; where it fails there is no key, and"
        " no file. A user is sent at most ten codes for downloads a day.",
        f"{_HELP}, Generating Keys for Drop Copy Sessions; {_READINGS}, ten codes a day",
        ("codes_per_day",),
    ),
    Rule(
        "REQ-11",
        "A new key is told by a banner and an e-mail, and stands in My Requests; of a key that"
        " exists only its Access Key ID is shown.",
        f"{_HELP}, Generating Keys for Drop Copy Sessions",
    ),
)


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


class RequestCentre:
    """The state of all groups, requests and keys.

    Args:
        registry: who is registered.
        users: who may use the centre.
        closes: when the market closes, which also says what a day is.
        random_source: returns where random bytes come from, by purpose: each session's
            keys and each user's codes have a source of their own.
        settings: what differs between environments.
    """

    def __init__(
        self,
        registry: Registry,
        users: Iterable[CentreUser],
        closes: MarketCloses,
        random_source: Callable[[str], RandomBytes],
        settings: CentreSettings | None = None,
    ) -> None:
        self._registry = registry
        self._users = {user.name: user for user in users}
        self._settings = settings or CentreSettings()
        self._closes = closes
        self._groups = CopyGroups(registry, self._settings.source_limits)
        self._drafts = Drafts(registry, self._groups)
        self._requests: dict[str, Request] = {}
        self._requested: dict[EntityName, int] = {}
        self.keys = KeyDesk(registry, closes, random_source, self._settings)

    # --- what there is ----------------------------------------------------------------

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that was ever submitted, in order."""
        return tuple(self._requests.values())

    def groups(self, entity: EntityName) -> tuple[GroupRow, ...]:
        """Return the groups of an entity that copy."""
        return self._groups.of(entity)

    @property
    def requests_due_ns(self) -> int | None:
        """When a request is next set up; None where none waits for that."""
        due = (
            request.due_ns
            for request in self._requests.values()
            if request.status is RequestStatus.IN_PROGRESS
        )
        return min(due, default=None)

    @property
    def next_due_ns(self) -> int | None:
        """When time alone next does something; None where it does not."""
        due = (self.requests_due_ns, self.keys.next_due_ns)
        return min((each for each in due if each is not None), default=None)

    def found(self, entity: EntityName, group: GroupRow) -> GroupLive:
        """Take in a group that exists from before.

        Raises:
            Refused: if it could not have been created.
        """
        self._groups.found(entity, group)
        return GroupLive(group=group, entity=entity)

    # --- what is asked ----------------------------------------------------------------

    def receive(self, user: CompID, message: CentreRequest, now_ns: int) -> list[Outcome]:
        """Return what comes of *message*, which came on *user*'s session.

        Whatever cannot be done is answered with a `CentreRefusal`, and changes nothing.
        """
        outcomes = self.due(now_ns)
        try:
            if user not in self._users:
                raise Refused("you are no user of the request centre")
            # A list, as everything is done or refused before anything is told.
            outcomes += list(self._receive(self._users[user], message, now_ns))
        except (Refused, KeyRefused) as refused:
            refusal = CentreRefusal(refused=type(message).__name__, text=str(refused))
            outcomes.append(Tell(user=user, message=refusal))
        return outcomes

    def _receive(self, user: CentreUser, message: CentreRequest, now_ns: int) -> Iterator[Outcome]:
        me = user.name
        match message:
            case StartGroup():
                yield Tell(user=me, message=self._start(user, message))
            case AnswerDialog():
                draft = self._drafts.get(user, message.draft, proceeded=False)
                if message.proceed:
                    draft.proceeded = True
                    yield Tell(user=me, message=self._drafts.opened(draft))
                else:
                    self._drafts.drop(draft)
                    yield Tell(user=me, message=DraftClosed(draft=draft.id))
            case FillIn():
                draft = self._drafts.get(user, message.draft)
                self._drafts.fill_in(user, draft, message, self._names(draft.entity))
                yield Tell(user=me, message=self._drafts.opened(draft))
            case Submit():
                yield from self._submit(user, message, now_ns)
            case StartEdit():
                entity = user.check(message.entity, Right.ADMINISTRATOR)
                group = self._groups.get(entity, message.group)
                if group is None:
                    raise Refused(f"there is no such group: {message.group!r}")
                self._check_free(entity, (group.name,))
                draft = self._drafts.edit(user, entity, group)
                yield Tell(user=me, message=self._drafts.opened(draft))
            case DeleteGroups():
                yield from self._delete(user, message.entity, message.groups, now_ns)
            case DeleteByTarget():
                yield from self._delete_by_target(user, message, now_ns)
            case Decide():
                yield from self._decide(user, message)
            case ShowGroups():
                entity = user.check(message.entity, *Right)
                shown = GroupsShown(entity=entity, groups=self.groups(entity))
                yield Tell(user=me, message=shown)
            case AskKey():
                user.check(self._owner(message.session_id), Right.ADMINISTRATOR)
                yield Tell(user=me, message=self.keys.ask(me, message, now_ns))
            case AnswerFactor():
                yield from self._answer_factor(user, message, now_ns)
            case DeleteKey():
                user.check(self._owner(message.session_id), Right.ADMINISTRATOR)
                events = self.keys.delete(message, now_ns)
                yield Tell(user=me, message=Banner(text="The key has been deleted."))
                yield from self._key_news(events)
            case ShowKeys():
                user.check(self._owner(message.session_id), *Right)
                yield Tell(user=me, message=self.keys.show(message.session_id, now_ns))
            case ShowExpirations():
                yield Tell(user=me, message=self._expirations(user, now_ns))

    def _owner(self, session_id: SessionID) -> EntityName | None:
        """Return whose session it is, for its keys."""
        session = self._registry.key_sessions.get(session_id)
        return None if session is None else session.entity

    # --- creating a group -------------------------------------------------------------

    def _start(self, user: CentreUser, message: StartGroup) -> GroupDialog:
        entity = user.check(message.entity, Right.ADMINISTRATOR)
        existing = self._existing(entity)
        draft = self._drafts.new(user, entity, message.market, chargeable=existing > 0)
        return GroupDialog(
            draft=draft.id,
            existing=existing,
            chargeable=draft.chargeable,
            fee=str(self._settings.fee if draft.chargeable else 0),
        )

    def _existing(self, entity: EntityName) -> int:
        """Return how many groups an entity has or is about to have."""
        coming = [
            request for request in self._open(entity) if request.kind is RequestKind.CREATE_GROUP
        ]
        return len(self.groups(entity)) + len(coming)

    def _open(self, entity: EntityName) -> list[Request]:
        return [each for each in self._requests.values() if each.entity == entity and each.is_open]

    def _names(self, entity: EntityName) -> list[str]:
        """Return the names that an entity's groups have, or are about to have."""
        coming = [each.wanted.name for each in self._open(entity) if each.wanted is not None]
        return [*(group.name for group in self.groups(entity)), *coming]

    # --- submitting -------------------------------------------------------------------

    def _submit(self, user: CentreUser, message: Submit, now_ns: int) -> Iterator[Outcome]:
        draft = self._drafts.get(user, message.draft)
        entity = user.check(draft.entity, Right.ADMINISTRATOR)
        group, old = draft.group, draft.editing
        if draft.next_step is not None:
            raise Refused(f"{draft.id} is not complete; next is: {draft.next_step.value}")
        if group.name in self._names(entity) and not (old and group.name == old.name):
            raise Refused(f"{entity} has a group {group.name!r} already")
        self._groups.check_sources(entity, group)
        if old is not None:
            if self._groups.get(entity, old.name) != old:
                raise Refused(f"the group {old.name!r} has changed meanwhile: start again")
            self._check_free(entity, (old.name,))
        elif draft.chargeable is not (self._existing(entity) > 0):
            self._drafts.drop(draft)
            raise Refused("what the dialog said of the fee is out of date: start again")
        self._drafts.drop(draft)
        kind = RequestKind.CREATE_GROUP if old is None else RequestKind.EDIT_GROUP
        names = (group.name if old is None else old.name,)
        request = self._request(kind, user, entity, group.market, names, now_ns)
        request.wanted = group
        added = [each for each in group.sources if old is None or each not in old.sources]
        request.guarantors = tuple(
            each for each in self._groups.guarantors(added) if each != entity
        )
        request.fee = str(self._settings.fee) if draft.chargeable else None
        yield from self._filed(request, now_ns)

    def _request(
        self,
        kind: RequestKind,
        user: CentreUser,
        entity: EntityName,
        market: Market,
        groups: tuple[str, ...],
        now_ns: int,
    ) -> Request:
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

    def _filed(self, request: Request, now_ns: int) -> Iterator[Outcome]:
        yield from self._told(request)
        if request.due_ns <= now_ns:
            yield from self._validated(request)

    def _check_free(self, entity: EntityName, groups: Iterable[str]) -> None:
        """Check that nothing else is asked of *groups*."""
        for name in groups:
            for request in self._open(entity):
                if name in request.groups:
                    raise Refused(f"the request {request.request_id} is about {name!r} already")

    # --- deleting ---------------------------------------------------------------------

    def _delete(
        self, user: CentreUser, entity: EntityName, names: tuple[str, ...], now_ns: int
    ) -> Iterator[Outcome]:
        user.check(entity, Right.ADMINISTRATOR)
        if not names:
            raise Refused("no group is selected")
        if len(set(names)) < len(names):
            raise Refused("a group is selected twice")
        groups = [self._groups.get(entity, name) for name in names]
        if None in groups:
            raise Refused(f"there is no such group: {names[groups.index(None)]!r}")
        self._check_free(entity, names)
        market = next(group.market for group in groups if group is not None)
        kind = RequestKind.DELETE_GROUPS
        request = self._request(kind, user, entity, market, names, now_ns)
        yield from self._filed(request, now_ns)

    def _delete_by_target(
        self, user: CentreUser, message: DeleteByTarget, now_ns: int
    ) -> Iterator[Outcome]:
        session = self._registry.targets.get(message.target)
        entity = user.check(session.entity if session else None, Right.ADMINISTRATOR)
        for group in self.groups(entity):
            if message.target in group.targets:
                yield from self._delete(user, entity, (group.name,), now_ns)
                return
        raise Refused(f"no group copies to {message.target}")

    # --- what becomes of a request ----------------------------------------------------

    def due(self, now_ns: int) -> list[Outcome]:
        """Return what time has brought: requests that are set up, keys that end."""
        outcomes: list[Outcome] = []
        due = [
            request
            for request in self._requests.values()
            if request.status is RequestStatus.IN_PROGRESS and request.due_ns <= now_ns
        ]
        for request in sorted(due, key=lambda each: each.due_ns):
            outcomes += self._validated(request)
        outcomes += self._key_news(self.keys.advance(now_ns))
        return outcomes

    def _validated(self, request: Request) -> Iterator[Outcome]:
        """Let a request go on once it has been looked at (REQ-3)."""
        if request.guarantors:
            request.awaiting = request.guarantors
            request.move(RequestStatus.PENDING_APPROVAL)
            yield from self._told(request)
        else:
            yield from self._set_up(request)

    def _decide(self, user: CentreUser, message: Decide) -> Iterator[Outcome]:
        request = self._requests.get(message.request_id)
        mine = [] if request is None else [e for e in request.awaiting if e in user.entities]
        if request is None or not mine or not user.has(Right.APPROVER):
            raise Refused("there is no such request that waits for your approval")
        if not message.approve:
            request.awaiting = ()
            request.text = message.text
            request.move(RequestStatus.REJECTED)
            yield from self._told(request)
            return
        request.awaiting = tuple(each for each in request.awaiting if each not in mine)
        if request.awaiting:
            yield from self._told(request)
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
        yield from self._told(request)

    # --- telling ----------------------------------------------------------------------

    def _told(self, request: Request) -> Iterator[Tell]:
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

    # --- keys -------------------------------------------------------------------------

    def _answer_factor(
        self, user: CentreUser, message: AnswerFactor, now_ns: int
    ) -> Iterator[Outcome]:
        answered = self.keys.answer(user.name, message, now_ns)
        if isinstance(answered, KeyFile):
            yield Tell(user=user.name, message=answered)
            return
        for event in answered:
            if isinstance(event, KeyGenerated):
                session = self._registry.key_sessions[event.session_id]
                request = self._request(
                    RequestKind.GENERATE_KEY, user, session.entity, session.market, (), now_ns
                )
                request.subject = f"{event.session_id} {event.access_key_id}"
                request.move(RequestStatus.COMPLETED)
                subject = f"A secure key of {event.session_id} has been generated"
                yield Tell(user=user.name, message=Banner(text=f"{subject}."))
                yield Tell(user=user.name, message=Email(address=user.email, subject=subject))
                yield from self._told(request)
        yield from self._key_news(answered)

    def _key_news(self, events: Iterable[KeyEvent]) -> Iterator[Outcome]:
        """Tell administrators what is pending, and the services which keys are good."""
        changed: dict[SessionID, None] = {}
        for event in events:
            if not isinstance(event, KeyExpiryPending):
                changed[event.session_id] = None
                continue
            session = self._registry.key_sessions[event.session_id]
            day = self._closes.date_of(event.expires_ns)
            for user in self._users.values():
                if session.entity in user.entities and Right.ADMINISTRATOR in user.rights:
                    subject = f"A secure key of {event.session_id} expires on {day}"
                    yield Tell(user=user.name, message=Email(address=user.email, subject=subject))
        for session_id in changed:
            yield self.keys.live(session_id)

    def _expirations(self, user: CentreUser, now_ns: int) -> ExpirationsShown:
        pending: dict[Module, list[SessionID]] = {module: [] for module in Module}
        for session_id in self.keys.pending(now_ns):
            session = self._registry.key_sessions[session_id]
            if session.entity in user.entities:
                pending[session.module].append(session_id)
        return ExpirationsShown(
            drop_copy=tuple(pending[Module.DROP_COPY]),
            order_entry=tuple(pending[Module.ORDER_ENTRY]),
            market_data=tuple(pending[Module.MARKET_DATA]),
        )
