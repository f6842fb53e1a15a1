"""A participant whose session with a venue speaks FIX text, without its knowing.

What it sends the venue becomes text on the way out, and what the venue says becomes
messages again on the way in; its own code is the same on either line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import attrs
import msgspec

from ..market.centre_messages import KeyFile
from ..market.fix import MsgType
from ..market.fix_line import (
    ConnectSession,
    Disconnected,
    DisconnectSession,
    FixText,
    LogOutSession,
    SessionEvent,
)
from ..market.identifiers import CompID
from ..market.messages import ExecutionReport, OrderStatusRequest
from ..market.rejects import SessionReject
from ..market.working import Working
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Context, Delivery, Fact, Responder, Send
from ..wire.fix_session_values import Output, Received, SessionState
from ..wire.fix_text import Unsayable
from ..wire.ilink import Refused, decode, encode, is_request, message_type
from ..wire.ilink_names import Request, name_of
from .exchange_gateway import ExchangeGateway
from .fix_end import EndConfig, FixEnd, SessionDue
from .session_keys import KeyFiles


class ConnectAgain(msgspec.Struct, frozen=True, gc=False):
    """To itself: a session that has lost its connection is to have another."""

    peer: CompID


@attrs.define
class _Client:
    """One of a participant's sessions."""

    end: FixEnd
    held: list[Request]
    """What waits for a logon that is under way; it outlasts a crash."""

    has_left: bool = False
    """Whether it has logged out, and does not want to be connected."""


class FixClient:
    """Puts a participant's sessions between it and its venues.

    Receives:
        `FixText` and `Disconnected` from venues; `ConnectSession`, `DisconnectSession` and
        `LogOutSession` from the scenario; whatever its participant receives; of a session
        with secure keys also `KeyFile`, from the request centre and those who manage them there.
    Sends:
        `Connected`, `Disconnected` and `FixText` to venues; whatever its participant sends.

    A session with secure keys logs on once it has been given one, and signs with the newest.
    A request waits while its session logs on, also for a key from before the run.  Where there
    is no connection, or the text has no form for it, the participant gets a `SessionReject`
    from its own end.

    Facts: ``session`` (`SessionEvent`), what becomes of the sessions; ``session mismatch``.
    """

    def __init__(self, inner: Responder, configs: Sequence[EndConfig], context: Context) -> None:
        self._inner = inner
        self._name = context.name
        self._is_back = "began" in context.store
        """Whether it has been made again after a crash."""

        context.store["began"] = True
        self._keys = KeyFiles(context.store)
        self._clients = {
            config.peer: _Client(
                FixEnd(self._keys.signing(config), context),
                context.store.setdefault(f"held for {config.peer}", []),  # type: ignore[arg-type]  # what survives a crash is untyped
            )
            for config in configs
        }
        self._now_ns = 0

    def start(self) -> Iterator[Answer]:
        begin = getattr(self._inner, "start", None)
        if begin is not None:
            yield from self._passed(begin(), None)
        for client in self._clients.values():
            config = client.end.config
            if not (config.connects and self._keys.can_log_on(config)):
                continue
            if self._is_back:  # what time it is, a message will tell
                yield Send(self._name, ConnectAgain(client.end.peer))
            else:
                yield from self._connect(client)

    def working(self) -> Iterator[Working]:
        """Yield what its participant, a gateway, believes to work."""
        assert isinstance(self._inner, ExchangeGateway), "asked of a gateway alone"
        yield from self._inner.working()

    def unanswered(self) -> Iterator[str]:
        """Yield the requests of its participant, a gateway, that have had no answer."""
        assert isinstance(self._inner, ExchangeGateway), "asked of a gateway alone"
        yield from self._inner.unanswered()

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = now_ns = delivery.now_ns
        client = self._clients.get(CompID(delivery.sender))
        match delivery.message:
            case FixText() as text if client is not None:
                if client.end.is_current(text):
                    data = text.text.encode("latin-1", "replace")
                    yield from self._do(client, client.end.session.received(data, now_ns), delivery)
            case Disconnected() as cut if client is not None:
                if client.end.is_current(cut):
                    yield from self._do(client, client.end.session.lost(now_ns), delivery)
            case SessionDue(peer) if delivery.sender == delivery.recipient:
                mine = self._clients[peer]
                yield from self._do(mine, mine.end.due(now_ns), delivery)
            case KeyFile() as file if self._keys.takes(file, delivery.sender):
                yield from self._take_key(file)
            case ConnectAgain(peer) if delivery.sender == delivery.recipient:
                lost = self._clients[peer]
                if lost.end.session.state is SessionState.DISCONNECTED and not lost.has_left:
                    yield from self._connect(lost)
            case FixText() | Disconnected() | SessionDue() | KeyFile() | ConnectAgain() as message:
                yield Fact(
                    "session mismatch",
                    {"sender": delivery.sender, "message": type(message).__name__},
                )
            case ConnectSession() | DisconnectSession() | LogOutSession() as act:
                yield from self._act(act, delivery)
            case _:
                yield from self._passed(self._inner.receive(delivery), delivery)

    def _take_key(self, file: KeyFile) -> Iterator[Answer]:
        """Sign with a key from now on; log on with the first."""
        ends = [client for client in self._clients.values() if client.end.config.connects]
        waiting = [each for each in ends if not self._keys.can_log_on(each.end.config)]
        self._keys.take(file)
        for client in waiting:
            yield from self._connect(client)

    # --- what a scenario does --------------------------------------------------------

    def _act(
        self, act: ConnectSession | DisconnectSession | LogOutSession, delivery: Delivery
    ) -> Iterator[Answer]:
        if delivery.sender != ENVIRONMENT:
            named = type(act).__name__
            yield Fact("session mismatch", {"sender": delivery.sender, "message": named})
            return
        client = self._clients[act.venue]
        client.has_left = isinstance(act, LogOutSession)
        yield from client.end.act(
            act, delivery.now_ns, partial(self._do, client, delivery=delivery)
        )

    def _connect(self, client: _Client) -> Iterator[Answer]:
        yield from client.end.connect(self._now_ns, partial(self._do, client, delivery=None))

    # --- from the participant to the venue -------------------------------------------

    def _passed(self, answers: Iterable[Answer], delivery: Delivery | None) -> Iterator[Answer]:
        """Yield what the participant answered, with its requests to venues as text."""
        for answer in answers:
            if isinstance(answer, Send) and is_request(answer.message):
                client = self._clients.get(CompID(answer.recipient))
                if client is not None:
                    yield from self._say(client, answer.message, delivery)
                    continue
            if isinstance(answer, Send) and isinstance(answer.message, OrderStatusRequest):
                client = self._clients.get(CompID(answer.recipient))
                if client is not None:
                    yield from self._unsaid(client, answer.message, delivery)
                    continue
            yield answer

    def _unsaid(
        self, client: _Client, question: OrderStatusRequest, delivery: Delivery | None
    ) -> Iterator[Answer]:
        """Refuse a question at this end, as the dialect has no text for it."""
        reject = SessionReject(
            target_comp_id=question.sender_comp_id,
            ref_msg_type=MsgType.ORDER_STATUS_REQUEST,
            ref_id=question.cl_ord_id,
            text=f"an order status request (35=H) has no text in the session with"
            f" {client.end.peer}",
            transact_time_ns=self._now_ns,
            target_sub_id=question.sender_sub_id,
        )
        yield from self._hand_in(client, reject, delivery)

    def _say(
        self, client: _Client, request: Request, delivery: Delivery | None
    ) -> Iterator[Answer]:
        session = client.end.session
        config = client.end.config
        waits = config.awaits_key and not self._keys.can_log_on(config)
        if waits or session.state is SessionState.CONNECTED or delivery is None:
            client.held.append(request)
            return
        if not session.is_logged_on:
            text = f"the session with {client.end.peer} is {session.state.value}"
            yield from self._refuse(client, request, text, delivery)
            return
        try:
            said = encode(request, client.end.talk(self._now_ns, returns=False))
            number = session.next_out
            outputs = session.send(said.msg_type, said.body, self._now_ns, sub_id=said.sub_id)
        except Unsayable as error:
            yield from self._refuse(client, request, str(error), delivery)
            return
        client.end.names.asked(said.msg_type, request, number)
        yield from self._do(client, outputs, delivery)

    def _refuse(
        self, client: _Client, request: Request, text: str, delivery: Delivery
    ) -> Iterator[Answer]:
        """Refuse a request at this end, as nothing can be sent."""
        reject = SessionReject(
            target_comp_id=request.sender_comp_id,
            ref_msg_type=MsgType(message_type(request)),
            ref_id=name_of(request),
            text=text,
            transact_time_ns=self._now_ns,
            target_sub_id=request.sender_sub_id,
        )
        yield from self._hand_in(client, reject, delivery)

    # --- from the venue to the participant -------------------------------------------

    def _do(
        self, client: _Client, outputs: Iterable[Output], delivery: Delivery | None
    ) -> Iterator[Answer]:
        yield from client.end.carry_out(
            outputs,
            self._now_ns,
            partial(self._take, client, delivery),
            partial(self._changed, client, delivery),
        )

    def _take(
        self, client: _Client, delivery: Delivery | None, received: Received
    ) -> Iterator[Answer]:
        talk = client.end.talk(self._now_ns, returns=True)
        try:
            message = decode(received.msg_type, received.fields, talk)
        except Refused as error:
            yield Fact("session", SessionEvent(client.end.peer, "not understood", error.text))
            return
        if isinstance(message, ExecutionReport):
            client.end.names.told(message)
        yield from self._hand_in(client, message, delivery)

    def _hand_in(
        self, client: _Client, message: object, delivery: Delivery | None
    ) -> Iterator[Answer]:
        """Let the participant have a message as if the venue itself had sent it."""
        assert delivery is not None, "nothing comes before the first delivery"
        told = msgspec.structs.replace(delivery, message=message, sender=client.end.peer)
        yield from self._passed(self._inner.receive(told), told)

    def _changed(
        self, client: _Client, delivery: Delivery | None, state: SessionState
    ) -> Iterator[Answer]:
        again_ns = client.end.config.reconnect_ns
        if state is SessionState.DISCONNECTED and again_ns is not None and not client.has_left:
            yield Send(self._name, ConnectAgain(client.end.peer), again_ns, background=True)
        if state is SessionState.CONNECTED or not client.held or delivery is None:
            return
        held = [*client.held]
        client.held.clear()
        for request in held:
            yield from self._say(client, request, delivery)
