"""A venue some of whose sessions speak FIX text, without its engine's knowing.

Source: CME Group Client Systems Wiki, iLink 2 Session Layer; docs/readings.md, FIX order
entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import attrs
import msgspec

from ..market.centre_messages import KeysLive, ServicesAgain, ServicesTold
from ..market.exchange import Exchange
from ..market.fix_line import (
    Connected,
    Disconnected,
    FailOverSession,
    FixText,
    SessionEvent,
)
from ..market.identifiers import CompID
from ..market.messages import ExecutionReport
from ..market.operations import CancelOrders
from ..market.rules import Bound, Remember
from ..market.secure_logon import LogonRefusal
from ..market.session_rules import (
    CancelSession,
    EndSession,
    RefuseMessage,
    SessionRules,
    SessionView,
    ask,
)
from ..market.told import SourceReport, ToldAgain
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Context, Delivery, Fact, Send
from ..wire.fix_header import Fields, first_values
from ..wire.fix_logon import CheckLogon
from ..wire.fix_session_values import Output, Received, SessionState, Transmit
from ..wire.fix_text import Pairs, Unsayable
from ..wire.ilink import Message, Refused, decode, encode, is_request, speaks
from .copy_feed import CopyFeed
from .fix_end import EndConfig, FixEnd, SessionDue
from .matching_engine import MatchingEngine
from .session_keys import LiveKeys


class FixVenue:
    """Puts a venue's sessions between its engine and those who trade there.

    Receives:
        `Connected`, `FixText` and `Disconnected` from those who have a session;
        `FailOverSession` from the scenario; `KeysLive` from the request centre; whatever the
        engine receives, also from participants who speak no FIX.
    Sends:
        `FixText` and `Disconnected` to those who have a session; whatever the engine sends;
        to drop copy a `SourceText` of whatever those sessions are told; to the request centre
        `ServicesAgain` when it is back after a crash.

    What cannot be read as a message is refused (35=3, or 35=j for quotes) and goes no
    further: the engine does not hear of it.

    Facts: ``session`` (`SessionEvent`), what becomes of the sessions; ``session mismatch``.
    """

    def __init__(
        self,
        engine: MatchingEngine,
        configs: Sequence[EndConfig],
        context: Context,
        rules: SessionRules | None = None,
        centre: CompID | None = None,
    ) -> None:
        """Args: centre: who says which secure keys are good, where sessions have any."""
        self._engine = engine
        self._centre = centre
        self._keys = LiveKeys(context.store)
        self._ends = {
            config.peer: FixEnd(attrs.evolve(config, check_logon=self._guard(config)), context)
            for config in configs
        }
        self._rules = rules or SessionRules()
        self._copy_feed = CopyFeed(engine.copiers, context.store)
        copied = context.store.setdefault("copied", {})
        assert isinstance(copied, dict), "its own"
        self._has_run = "has run" in context.store
        context.store["has run"] = True
        self._copied: dict[CompID, int] = copied
        """The number of the last message to each session that drop copy was told of."""

        self._now_ns = 0

    @property
    def exchange(self) -> Exchange:
        """The engine's core, for whoever watches it."""
        return self._engine.exchange

    def copies_told(self, session: CompID) -> int:
        """Return how much of what a session was told drop copy has been told."""
        feed = self._copy_feed if session in self._ends else self._engine.copy_feed
        return feed.count(session)

    def start(self) -> Iterator[Answer]:
        yield from self._engine.start()  # which says nothing to sessions by that
        if self._has_run and self._centre is not None:
            yield Send(self._centre, ServicesAgain())

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = now_ns = delivery.now_ns
        sender = CompID(delivery.sender)
        end = self._ends.get(sender)
        match delivery.message:
            case Connected(connection) if end is not None:
                outputs = end.session.lost(now_ns)
                end.connection = connection
                yield from self._do(end, [*outputs, *end.session.connected(now_ns)], delivery)
            case FixText() as text if end is not None:
                if end.is_current(text):
                    data = text.text.encode("latin-1", "replace")
                    yield from self._do(end, end.session.received(data, now_ns), delivery)
                elif text.connection > end.connection:
                    # Of before this venue was made again: it knows of no connection.
                    yield Send(end.peer, Disconnected(text.connection, "no such connection"))
            case Disconnected() as cut if end is not None:
                if end.is_current(cut):
                    yield from self._do(end, end.session.lost(now_ns), delivery)
            case SessionDue(peer) if delivery.sender == delivery.recipient:
                due = self._ends[peer]
                yield from self._do(due, due.due(now_ns), delivery)
            case FailOverSession(session) if delivery.sender == ENVIRONMENT:
                self._ends[session].session.fail_over()
            case KeysLive() as live if sender == self._centre:
                self._keys.take(live)
            case ServicesTold() if sender == self._centre:
                pass
            case ToldAgain(after) as asked:
                yield from self._copy_feed.again(sender, asked)
                others = tuple(each for each in after if each[0] not in self._ends)
                told = msgspec.structs.replace(delivery, message=ToldAgain(others))
                yield from self._engine.receive(told)
            case (
                Connected()
                | FixText()
                | Disconnected()
                | SessionDue()
                | FailOverSession()
                | KeysLive()
                | ServicesTold()
            ) as message:
                named = type(message).__name__
                yield Fact("session mismatch", {"sender": delivery.sender, "message": named})
            case _:
                yield from self._passed(self._engine.receive(delivery), delivery)

    def _guard(self, config: EndConfig) -> CheckLogon | None:
        """Return what checks the logons of a session with secure keys."""
        key_session = config.key_session
        if key_session is None:
            return config.check_logon
        settings = config.settings

        def check(fields: Fields, now_ns: int) -> LogonRefusal | None:
            return self._keys.check(
                key_session,
                fields,
                now_ns,
                settings.start,
                comp_id=settings.target_comp_id,
                assigned=self._ends[config.peer].session.comp_id,
            )

        return check

    def _do(self, end: FixEnd, outputs: Iterable[Output], delivery: Delivery) -> Iterator[Answer]:
        outputs = list(outputs)
        yield from end.carry_out(
            outputs,
            self._now_ns,
            partial(self._take, end, delivery),
            partial(self._changed, end, delivery),
        )
        if end.peer in self._copy_feed:
            beats = [
                out.data for out in outputs if isinstance(out, Transmit) and out.msg_type == "0"
            ]
            yield from self._copied_to(end, beats)

    def _copied_to(self, end: FixEnd, beats: Sequence[bytes]) -> Iterator[Answer]:
        """Let drop copy know what a session was told since it last was, as it was told."""
        known = self._copied.get(end.peer, 0)
        if end.session.next_out <= known:  # its numbers have begun anew
            known = 0
        texts = [data for _, data in end.session.sent_after(known)]
        self._copied[end.peer] = end.session.next_out - 1
        for data in (*texts, *beats):
            yield from self._copy_feed.tell(end.peer, data.decode("latin-1"))

    def _changed(self, end: FixEnd, delivery: Delivery, state: SessionState) -> Iterator[Answer]:
        was_on, end.was_on = end.was_on, state in _ON
        if state is not SessionState.DISCONNECTED or not was_on:
            return
        for bound in self._rules.session_ended:
            about = (end.session.is_left, self._view(end, bound))
            for effect in ask(bound, "session_ended", (CancelSession, Remember), *about):
                yield from self._apply(end, bound, effect, delivery)

    # --- rule sets -------------------------------------------------------------------

    def _view(self, end: FixEnd, bound: Bound) -> SessionView:
        return SessionView(
            name=end.peer,
            comp_id=end.config.settings.target_comp_id,
            now_ns=self._now_ns,
            remembered=end.memory.setdefault(bound.rule_set, {}),
        )

    def _apply(
        self, end: FixEnd, bound: Bound, effect: object, delivery: Delivery
    ) -> Iterator[Answer]:
        if isinstance(effect, Remember):
            end.memory.setdefault(bound.rule_set, {})[effect.key] = effect.value
            return
        assert isinstance(effect, CancelSession), "asked for nothing else"
        operation = CancelOrders(
            session=end.peer,
            text=effect.text,
            reason=effect.reason,
            lives=effect.lives,
            where_allowed=True,
        )
        told = msgspec.structs.replace(delivery, message=operation, sender=ENVIRONMENT)
        yield from self._passed(self._engine.receive(told), delivery)

    def _objection(
        self, end: FixEnd, received: Received
    ) -> tuple[Bound, RefuseMessage | EndSession] | None:
        """Return the first rule set's objection to a message, before it is read."""
        for bound in self._rules.accept_message:
            about = (received.msg_type, self._view(end, bound))
            among = (RefuseMessage, EndSession, Remember)
            for effect in ask(bound, "accept_message", among, *about):
                if isinstance(effect, Remember):
                    end.memory.setdefault(bound.rule_set, {})[effect.key] = effect.value
                elif isinstance(effect, RefuseMessage | EndSession):
                    return bound, effect
        return None

    def _object(
        self, end: FixEnd, received: Received, effect: RefuseMessage | EndSession
    ) -> list[Output]:
        """Return what the session says of an objection."""
        if isinstance(effect, EndSession):
            return end.session.end(self._now_ns, effect.text)
        fields = first_values(received.fields)
        quote = fields.get(117, "")[:23] if received.msg_type == "i" else ""
        more: Pairs = (
            *(((371, quote),) if quote else ()),
            (373, effect.session_reject_reason),
            *(((1028, fields[1028]),) if fields.get(1028) else ()),
        )
        return end.session.reject(
            received.msg_seq_num, effect.text, self._now_ns, more=more, sub_id=fields.get(50, "")
        )

    # --- from those who trade --------------------------------------------------------

    def _take(self, end: FixEnd, delivery: Delivery, received: Received) -> Iterator[Answer]:
        if end.session.state is SessionState.DISCONNECTED:
            return  # a message before it, out of the same gap, has ended the session
        talk = end.talk(self._now_ns, returns=False)
        fields = first_values(received.fields)
        objection = self._objection(end, received)
        if objection is not None:
            bound, effect = objection
            yield Fact(
                "session", SessionEvent(end.peer, f"refused by {bound.rule_set}", effect.text)
            )
            yield from self._do(end, self._object(end, received, effect), delivery)
            return
        try:
            user, operators = fields.get(50, ""), end.config.operators
            if operators and user not in operators:
                known = " or ".join(operators)
                raise Refused(
                    f"SenderSubId (50) tag has an incorrect value: ({user}) should be {known}"
                )
            request = decode(received.msg_type, received.fields, talk)
        except Refused as refused:
            yield from self._refuse(end, received, refused, delivery)
            return
        assert is_request(request), "a venue decodes nothing else"
        end.names.asked(received.msg_type, request, received.msg_seq_num)
        told = msgspec.structs.replace(delivery, message=request, sender=end.peer)
        yield from self._passed(self._engine.receive(told), delivery)

    def _refuse(
        self, end: FixEnd, received: Received, refused: Refused, delivery: Delivery
    ) -> Iterator[Answer]:
        """Refuse what is no message of the dialect, at the level that is meant."""
        fields, number = first_values(received.fields), received.msg_seq_num
        user = fields.get(50)
        manual: Pairs = ((1028, fields[1028]),) if fields.get(1028) else ()
        if refused.reason is None:
            outputs = end.session.reject(
                number, refused.text, self._now_ns, more=manual, sub_id=user or ""
            )
        else:
            quote = fields.get(117)
            body: Pairs = (
                (45, str(number)),
                (58, refused.text),
                (372, received.msg_type),
                *(((379, quote[:32]),) if quote else ()),
                (380, refused.reason.value),
                *manual,
            )
            outputs = end.session.send("j", body, self._now_ns, sub_id=user)
        yield from self._do(end, outputs, delivery)

    # --- from the engine -------------------------------------------------------------

    def _passed(self, answers: Iterable[Answer], delivery: Delivery) -> Iterator[Answer]:
        """Yield what the engine answered, with what it tells FIX sessions as text."""
        for answer in answers:
            if (
                isinstance(answer, Send)
                and isinstance(answer.message, SourceReport)
                and answer.message.source_comp_id in self._ends
            ):
                continue  # drop copy is told the text itself, with what the session adds
            if isinstance(answer, Send) and speaks(answer.message):
                end = self._ends.get(CompID(answer.recipient))
                if end is not None:
                    yield from self._say(end, answer.message, delivery)
                    continue
            yield answer

    def _say(self, end: FixEnd, report: Message, delivery: Delivery) -> Iterator[Answer]:
        if isinstance(report, ExecutionReport):
            end.names.told(report)
        try:
            said = encode(report, end.talk(self._now_ns, returns=True))
        except Unsayable as error:
            yield Fact("session", SessionEvent(end.peer, "not told", str(error)))
            return
        outputs = end.session.send(said.msg_type, said.body, self._now_ns, sub_id=said.sub_id)
        yield from self._do(end, outputs, delivery)


_ON = (SessionState.LOGGED_ON, SessionState.LOGGING_OUT)
