"""A drop copy desk with a target session: who gets the copies, at his own end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from ..market.centre_messages import KeyFile
from ..market.fix_line import (
    ConnectSession,
    Disconnected,
    DisconnectSession,
    FixText,
    LogOutSession,
    SessionEvent,
)
from ..market.identifiers import CompID
from ..market.told import CopyReceived
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Context, Delivery, Fact
from ..wire.copies import MSG_TYPE, Copied, NoCopy, unwrap
from ..wire.fix_session_values import Output, Received
from .fix_end import EndConfig, FixEnd, SessionDue
from .session_keys import KeyFiles


class DropCopyClient:
    """Logs on to drop copy, asks for what it has missed, and processes each copy once.

    Receives:
        `FixText` and `Disconnected` from the exchange's copy gateways; `KeyFile` from the
        request centre and from those who manage its keys there; `ConnectSession`,
        `DisconnectSession` and `LogOutSession` from the scenario.
    Sends:
        `Connected`, `FixText` and `Disconnected` to the gateways.

    Facts: ``copy`` (`CopyReceived`), each copy as it is processed; ``copy known``, a possible
    resend of what was processed before; ``session`` (`SessionEvent`).

    Args:
        configs: its end of each session; one with a ``key_session`` does not log on before
            it has been given a key.
    """

    def __init__(self, configs: Sequence[EndConfig], context: Context) -> None:
        self._keys = KeyFiles(context.store)
        self._ends = {
            config.peer: FixEnd(self._keys.signing(config), context) for config in configs
        }
        processed = context.store.setdefault("processed", {})
        assert isinstance(processed, dict), "its own"
        self._processed: dict[tuple[str, str, int], None] = processed
        """Gateway's name and source's comp id and request time, and number of what was."""

        self._now_ns = 0

    def start(self) -> Iterator[Answer]:
        for end in self._ends.values():
            if end.config.connects and self._keys.can_log_on(end.config):
                yield from self._connect(end)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = delivery.now_ns
        end = self._ends.get(CompID(delivery.sender))
        match delivery.message:
            case FixText() as text if end is not None:
                if end.is_current(text):
                    data = text.text.encode("latin-1", "replace")
                    yield from self._do(end, end.session.received(data, self._now_ns))
            case Disconnected() as cut if end is not None:
                if end.is_current(cut):
                    yield from self._do(end, end.session.lost(self._now_ns))
            case SessionDue(peer) if delivery.sender == delivery.recipient:
                mine = self._ends[peer]
                yield from self._do(mine, mine.due(self._now_ns))
            case KeyFile() as file if self._keys.takes(file, delivery.sender):
                ends = self._ends.values()
                waiting = [each for each in ends if not self._keys.can_log_on(each.config)]
                self._keys.take(file)
                for each in waiting:
                    if each.config.connects and self._keys.can_log_on(each.config):
                        yield from self._connect(each)
            case ConnectSession() | DisconnectSession() | LogOutSession() as act if (
                delivery.sender == ENVIRONMENT
            ):
                end = self._ends[act.venue]
                yield from end.act(act, self._now_ns, partial(self._do, end))
            case message:
                named = {"sender": delivery.sender, "message": type(message).__name__}
                yield Fact("session mismatch", named)

    def next_in(self, gateway: CompID) -> int | None:
        """Return the number of the next message from a gateway; None while logged off."""
        session = self._ends[gateway].session
        return session.next_in if session.is_logged_on else None

    def _connect(self, end: FixEnd) -> Iterator[Answer]:
        yield from end.connect(self._now_ns, partial(self._do, end))

    def _do(self, end: FixEnd, outputs: Iterable[Output]) -> Iterator[Answer]:
        yield from end.carry_out(outputs, self._now_ns, partial(self._take, end))

    def _take(self, end: FixEnd, received: Received) -> Iterator[Answer]:
        if received.msg_type != MSG_TYPE:
            text = f"35={received.msg_type} on a drop copy session"
            yield Fact("session", SessionEvent(end.peer, "not understood", text))
            return
        try:
            copied = unwrap(received.fields)
        except NoCopy as error:
            yield Fact("session", SessionEvent(end.peer, "not understood", str(error)))
            return
        source = f"{end.peer} {copied.comp_id}"
        known = (source, copied.request_time, copied.msg_seq_num)
        if received.poss_resend and known in self._processed:
            yield Fact("copy known", self._told(end, copied))
            return
        self._processed[known] = None
        yield Fact("copy", self._told(end, copied))

    @staticmethod
    def _told(end: FixEnd, copied: Copied) -> CopyReceived:
        return CopyReceived(
            gateway=end.peer,
            source_comp_id=copied.comp_id,
            msg_seq_num=copied.msg_seq_num,
            text=copied.shown,
        )
