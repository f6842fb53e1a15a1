"""The exchange's drop copy service: copies what sessions are told to those who may have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

import attrs

from ..market.centre_messages import (
    GroupGone,
    GroupLive,
    GroupRow,
    KeysLive,
    ServicesAgain,
    ServicesTold,
)
from ..market.copy_filters import CopyFilter, admits
from ..market.copy_groups import has_copied
from ..market.firms import EntityName, GatewayKind, SenderComp, SessionID
from ..market.fix_line import Connected, Disconnected, FailOverSession, FixText
from ..market.identifiers import CompID
from ..market.secure_logon import LogonRefusal
from ..market.told import NotCopied, SourceReport, SourceText, ToldAgain
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Context, Delivery, Fact, Send
from ..wire.copies import MSG_TYPE, Oversized, SourceWriter, kind_of_text, wrap
from ..wire.fix_header import Fields, first_values
from ..wire.fix_session_values import Output, Received
from ..wire.fix_text import Pairs, Unsayable, parse
from .fix_end import EndConfig, FixEnd, SessionDue
from .session_keys import LiveKeys

READ_ONLY = "A drop copy session is read only."


@attrs.frozen(kw_only=True)
class CopyGatewayConfig:
    """What one gateway of the service is set up with.

    There is one for all sources on convenience gateways, and one for each market segment's.
    """

    kind: GatewayKind
    segment: str
    """``G``, or the market segment (FIX 50)."""

    sources: Mapping[CompID, SenderComp]
    """By the session's name on the floor."""

    writers: Callable[[SenderComp], SourceWriter]
    """Makes what writes a session's messages where it speaks no FIX itself."""

    targets: Mapping[CompID, EndConfig]
    """By target session's comp id, the gateway's end of it."""

    venues: tuple[CompID, ...]
    """Who may say what sessions were told."""

    centre: CompID
    """Who says what groups there are, and which keys are good."""

    start: datetime
    is_guarded: bool = False
    """Whether logons are signed with secure keys."""

    order_rejects: bool = True
    overlap: int = 3
    """How many copies are sent again as possible resends after a failover."""


@attrs.define
class _Kept:
    """What outlasts a crash, besides what its sessions keep."""

    groups: dict[tuple[EntityName, str], GroupRow] = attrs.field(factory=dict)
    writers: dict[CompID, SourceWriter] = attrs.field(factory=dict)
    copies: dict[CompID, list[Pairs]] = attrs.field(factory=dict)
    """What each target session was sent, in order."""

    heard: dict[tuple[CompID, CompID], int] = attrs.field(factory=dict)
    """By venue and session, the number of the last that it was told of it."""

    connections: dict[CompID, int] = attrs.field(factory=dict)
    """By desk, its connection: it ends with whoever it leads to."""

    has_run: bool = False


class CopyGateway:
    """Copies messages of source sessions to the target sessions of the groups that have them.

    Receives:
        `SourceReport` and `SourceText` from venues; `GroupLive`, `GroupGone`, `KeysLive` and
        `ServicesTold` from the request centre; `Connected`, `FixText` and `Disconnected` from drop
        copy desks; `FailOverSession` from the scenario.
    Sends:
        `FixText` and `Disconnected` to drop copy desks; `ToldAgain` to venues, and `ServicesAgain`
        to the request centre.

    It survives a crash: what it has copied, and under which numbers, is written down. What it
    was not there for, or what got lost on its way here, it asks for.

    Facts: ``session`` (`SessionEvent`); ``session mismatch``; ``not copied`` (`NotCopied`).

    Source:
        CME Group Client Systems Wiki, Drop Copy 4.0 (46140051); docs/readings.md, possible
        resends.
    """

    def __init__(self, config: CopyGatewayConfig, context: Context) -> None:
        self._config = config
        kept = context.store.setdefault("drop copy", _Kept())
        assert isinstance(kept, _Kept), "its own"
        self._kept = kept
        self._keys = LiveKeys(context.store)
        self._ends: dict[CompID, FixEnd] = {}
        self._by_peer: dict[CompID, CompID] = {}
        for target, end in config.targets.items():
            check = partial(self._check_logon, target) if config.is_guarded else None
            made = attrs.evolve(end, check_logon=check)
            self._ends[target] = FixEnd(made, context)
            self._by_peer[end.peer] = target
        self._now_ns = 0

    def start(self) -> Iterator[Answer]:
        if self._kept.has_run:
            yield Send(self._config.centre, ServicesAgain(groups=tuple(self._kept.groups)))
            for desk, connection in self._kept.connections.items():
                yield Send(desk, Disconnected(connection, "connection reset"))
        self._kept.has_run = True

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = delivery.now_ns
        sender = CompID(delivery.sender)
        config = self._config
        match delivery.message:
            case SourceReport() | SourceText() as told if sender in config.venues:
                comp = config.sources.get(told.source_comp_id)
                if comp is not None:
                    yield from self._told(sender, comp, told)
            case GroupLive(entity=entity, group=group) if sender == config.centre:
                self._kept.groups[entity, group.name] = group
            case GroupGone(entity=entity, name=name) if sender == config.centre:
                self._kept.groups.pop((entity, name), None)
            case KeysLive() as live if sender == config.centre:
                self._keys.take(live)
            case ServicesTold() if sender == config.centre:
                # Groups first: what was missed is copied by those that there are now.
                sessions = tuple(config.sources)
                for venue in config.venues:
                    yield Send(venue, self._missed(venue, sessions))
            case Connected() | FixText() | Disconnected() if sender in self._by_peer:
                yield from self._from_desk(self._ends[self._by_peer[sender]], delivery)
            case SessionDue(peer) if sender == delivery.recipient:
                end = self._ends[self._by_peer[peer]]
                yield from self._do(end, end.due(self._now_ns))
            case FailOverSession(session) if sender == ENVIRONMENT:
                yield from self._fail_over(self._by_peer[session])
            case message:
                named = {"sender": delivery.sender, "message": type(message).__name__}
                yield Fact("session mismatch", named)

    def next_out(self, target: CompID) -> int:
        """Return the number of the next message of a target session."""
        return self._ends[target].session.next_out

    def heard(self, venue: CompID, session: CompID) -> int:
        """Return the number of the last that it has of what a session was told at a venue."""
        return self._kept.heard.get((venue, session), 0)

    # --- copying ----------------------------------------------------------------------

    def _told(
        self, venue: CompID, comp: SenderComp, told: SourceReport | SourceText
    ) -> Iterator[Answer]:
        """Copy what a session was told, each once and in order; ask for what is missing."""
        number = self.heard(venue, comp.session) + 1
        if told.number != number:
            if told.number > number:
                yield Send(venue, self._missed(venue, (comp.session,)))
            return
        self._kept.heard[venue, comp.session] = number
        if isinstance(told, SourceText):
            yield from self._copy(comp, told.text)
            return
        writer = self._writer(comp)
        try:
            text = writer.write(told.report, self._now_ns)
        except Unsayable as error:
            yield _not_copied(comp, writer.number, str(error))
        else:
            yield from self._copy(comp, text)

    def _missed(self, venue: CompID, sessions: Sequence[CompID]) -> ToldAgain:
        return ToldAgain(tuple((session, self.heard(venue, session)) for session in sessions))

    def _writer(self, comp: SenderComp) -> SourceWriter:
        if comp.comp_id not in self._kept.writers:
            self._kept.writers[comp.comp_id] = self._config.writers(comp)
        return self._kept.writers[comp.comp_id]

    def _copy(self, comp: SenderComp, text: str) -> Iterator[Answer]:
        fields = first_values(parse(text.encode("latin-1")))
        targets = self._targets(comp, fields)
        if not targets:
            return
        try:
            body = self._wrapped(text)
        except Oversized as error:
            yield _not_copied(comp, int(fields[34]), str(error))
            return
        for target in targets:
            self._kept.copies.setdefault(target, []).append(body)
            yield from self._send(target, body)

    def _wrapped(self, text: str) -> Pairs:
        return wrap(text)

    def _targets(self, comp: SenderComp, fields: Fields) -> Sequence[CompID]:
        """Return the target sessions of the groups that have a message copied (COPY-1)."""
        kind = kind_of_text(fields)
        if kind is None:
            return ()
        return [
            target
            for group in self._kept.groups.values()
            if has_copied(group, comp)
            and admits(
                tuple(map(CopyFilter, group.filters)),
                kind,
                order_rejects=self._config.order_rejects,
            )
            for target in group.targets
            if target in self._ends
        ]

    def _send(self, target: CompID, body: Pairs, *, again: bool = False) -> Iterator[Answer]:
        end = self._ends[target]
        outputs = end.session.send(MSG_TYPE, body, self._now_ns, poss_resend=again)
        yield from self._do(end, outputs)

    def _fail_over(self, target: CompID) -> Iterator[Answer]:
        """Go on with numbers a large step higher, and send again what may not have arrived."""
        self._ends[target].session.fail_over()
        sent = self._sent(target)
        for body in sent[max(0, len(sent) - self._config.overlap) :]:
            yield from self._send(target, body, again=True)

    def _sent(self, target: CompID) -> Sequence[Pairs]:
        return tuple(self._kept.copies.get(target, ()))

    # --- sessions ---------------------------------------------------------------------

    def _from_desk(self, end: FixEnd, delivery: Delivery) -> Iterator[Answer]:
        now_ns = self._now_ns
        match delivery.message:
            case Connected(connection):
                outputs = end.session.lost(now_ns)
                end.connection = self._kept.connections[end.peer] = connection
                yield from self._do(end, [*outputs, *end.session.connected(now_ns)])
            case FixText() as text if end.is_current(text):
                data = text.text.encode("latin-1", "replace")
                began = end.session.next_out == 1
                yield from self._do(end, end.session.received(data, now_ns))
                if end.session.next_out == 1 and not began:
                    # A logon has failed, and the numbers begin anew: what stood under
                    # the old ones is sent under new ones, whether it has arrived or not.
                    target = self._by_peer[end.peer]
                    for body in self._sent(target):
                        yield from self._send(target, body, again=True)
            case FixText() as text if text.connection > end.connection:
                # Of before this gateway was made again: it knows of no connection.
                yield Send(end.peer, Disconnected(text.connection, "no such connection"))
            case Disconnected() as cut if end.is_current(cut):
                yield from self._do(end, end.session.lost(now_ns))
            case _:
                pass  # of a connection that is no more

    def _do(self, end: FixEnd, outputs: Iterable[Output]) -> Iterator[Answer]:
        yield from end.carry_out(outputs, self._now_ns, partial(self._take, end))

    def _take(self, end: FixEnd, received: Received) -> Iterator[Answer]:
        """Refuse whatever is not the session's own: nothing can be sent over it."""
        outputs = end.session.reject(received.msg_seq_num, READ_ONLY, self._now_ns)
        yield from self._do(end, outputs)

    def _check_logon(self, target: CompID, fields: Fields, now_ns: int) -> LogonRefusal | None:
        start = self._config.start
        return self._keys.check(
            SessionID(target), fields, now_ns, start, comp_id=target, drop_copy=True
        )


def _not_copied(comp: SenderComp, number: int, why: str) -> Fact:
    refused = NotCopied(source_comp_id=comp.session, msg_seq_num=number, why=why)
    return Fact("not copied", refused)
