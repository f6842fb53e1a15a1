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

from .centre_messages import (
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
from .firms import EntityName, Module, Registry, SessionID
from .group_drafts import Drafts
from .identifiers import CompID
from .key_desk import KeyDesk
from .market_close import MarketCloses
from .request_book import Outcome, Request, RequestBook, Tell
from .secure_keys import KeyEvent, KeyExpiryPending, KeyGenerated, KeyRefused, RandomBytes


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
        self._book = RequestBook(registry, self._users, closes, self._groups, self._settings)
        self.keys = KeyDesk(registry, closes, random_source, self._settings)

    # --- what there is ----------------------------------------------------------------

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that was ever submitted, in order."""
        return tuple(self._book)

    def groups(self, entity: EntityName) -> tuple[GroupRow, ...]:
        """Return the groups of an entity that copy."""
        return self._groups.of(entity)

    @property
    def requests_due_ns(self) -> int | None:
        """When a request is next set up; None where none waits for that."""
        return self._book.due_ns

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

    def known(self, groups: Iterable[tuple[EntityName, str]]) -> Iterator[ServiceUpdate]:
        """Yield what a service has to know that knew of *groups*, and may have missed since."""
        live = [(entity, group) for entity, group in self._groups]
        names = [(entity, group.name) for entity, group in live]
        for entity, name in groups:
            if (entity, name) not in names:
                yield GroupGone(entity=entity, name=name)
        for entity, group in live:
            yield GroupLive(group=group, entity=entity)
        for session_id in self.keys.sessions:
            yield self.keys.live(session_id)

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
                self._drafts.fill_in(user, draft, message, self._book.names(draft.entity))
                yield Tell(user=me, message=self._drafts.opened(draft))
            case Submit():
                yield from self._submit(user, message, now_ns)
            case StartEdit():
                entity = user.check(message.entity, Right.ADMINISTRATOR)
                group = self._groups.get(entity, message.group)
                if group is None:
                    raise Refused(f"there is no such group: {message.group!r}")
                self._book.check_free(entity, (group.name,))
                draft = self._drafts.edit(user, entity, group)
                yield Tell(user=me, message=self._drafts.opened(draft))
            case DeleteGroups():
                yield from self._delete(user, message.entity, message.groups, now_ns)
            case DeleteByTarget():
                yield from self._delete_by_target(user, message, now_ns)
            case Decide():
                yield from self._book.decide(user, message)
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
        existing = self._book.existing(entity)
        draft = self._drafts.new(user, entity, message.market, chargeable=existing > 0)
        return GroupDialog(
            draft=draft.id,
            existing=existing,
            chargeable=draft.chargeable,
            fee=str(self._settings.fee if draft.chargeable else 0),
        )

    # --- submitting -------------------------------------------------------------------

    def _submit(self, user: CentreUser, message: Submit, now_ns: int) -> Iterator[Outcome]:
        draft = self._drafts.get(user, message.draft)
        entity = user.check(draft.entity, Right.ADMINISTRATOR)
        group, old = draft.group, draft.editing
        if draft.next_step is not None:
            raise Refused(f"{draft.id} is not complete; next is: {draft.next_step.value}")
        if group.name in self._book.names(entity) and not (old and group.name == old.name):
            raise Refused(f"{entity} has a group {group.name!r} already")
        self._groups.check_sources(entity, group)
        if old is not None:
            if self._groups.get(entity, old.name) != old:
                raise Refused(f"the group {old.name!r} has changed meanwhile: start again")
            self._book.check_free(entity, (old.name,))
        elif draft.chargeable is not (self._book.existing(entity) > 0):
            self._drafts.drop(draft)
            raise Refused("what the dialog said of the fee is out of date: start again")
        self._drafts.drop(draft)
        kind = RequestKind.CREATE_GROUP if old is None else RequestKind.EDIT_GROUP
        names = (group.name if old is None else old.name,)
        request = self._book.new(kind, user, entity, group.market, names, now_ns)
        request.wanted = group
        added = [each for each in group.sources if old is None or each not in old.sources]
        request.guarantors = tuple(
            each for each in self._groups.guarantors(added) if each != entity
        )
        request.fee = str(self._settings.fee) if draft.chargeable else None
        yield from self._book.filed(request, now_ns)

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
        self._book.check_free(entity, names)
        market = next(group.market for group in groups if group is not None)
        kind = RequestKind.DELETE_GROUPS
        request = self._book.new(kind, user, entity, market, names, now_ns)
        yield from self._book.filed(request, now_ns)

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

    # --- what time brings -------------------------------------------------------------

    def due(self, now_ns: int) -> list[Outcome]:
        """Return what time has brought: requests that are set up, keys that end."""
        return [*self._book.due(now_ns), *self._key_news(self.keys.advance(now_ns))]

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
                request = self._book.new(
                    RequestKind.GENERATE_KEY, user, session.entity, session.market, (), now_ns
                )
                request.subject = f"{event.session_id} {event.access_key_id}"
                request.move(RequestStatus.COMPLETED)
                subject = f"A secure key of {event.session_id} has been generated"
                yield Tell(user=user.name, message=Banner(text=f"{subject}."))
                yield Tell(user=user.name, message=Email(address=user.email, subject=subject))
                yield from self._book.told(request)
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
