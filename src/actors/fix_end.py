"""One end of a FIX session on the floor: what the machine answers becomes messages and timers.

`floorproof.actors.fix_client` and `floorproof.actors.fix_venue` put it between a
participant that knows nothing of it and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs
import msgspec

from ..market.firms import SessionID
from ..market.fix_line import (
    Connected,
    ConnectSession,
    Disconnected,
    DisconnectSession,
    FixText,
    LogOutSession,
    SessionEvent,
)
from ..market.identifiers import CompID
from ..runtime.participant import Answer, Context, Fact, Send
from ..wire.fix_logon import CheckLogon, SignLogon
from ..wire.fix_session import Session
from ..wire.fix_session_values import (
    Disconnect,
    Noted,
    Output,
    Received,
    SessionSettings,
    SessionState,
    StateChanged,
    Transmit,
)
from ..wire.ilink_forms import Dialect, Talk
from ..wire.ilink_names import Names


class SessionDue(msgspec.Struct, frozen=True, gc=False):
    """To itself: a session wants to be woken."""

    peer: CompID


@attrs.frozen(kw_only=True)
class EndConfig:
    """What one end is set up with."""

    peer: CompID
    """Who is at the other end, by name on the floor."""

    settings: SessionSettings
    dialect: Dialect
    connects: bool = True
    """At a client's end: whether it connects as the run begins."""

    reconnect_ns: int | None = None
    """At a client's end: how long after it has lost its connection it connects again; None for
    never."""

    operators: tuple[str, ...] = ()
    """At a venue's end: who may send over the session (50); none for anybody."""

    key_session: SessionID | None = None
    """Whose secure keys its logons are signed with, and checked against; None for none."""

    key_givers: frozenset[CompID] = frozenset()
    """At a client's end: who may hand it a key file."""

    awaits_key: bool = False
    """At a client's end: whether a key from before the run is on its way as the run begins."""

    check_logon: CheckLogon | None = None
    sign_logon: SignLogon | None = None


class FixEnd:
    """A session with its memory, its connection and its timer."""

    def __init__(self, config: EndConfig, context: Context) -> None:
        self.peer = config.peer
        self.config = config
        self.session = Session(
            config.settings,
            context.store,
            f"session with {config.peer}",
            check_logon=config.check_logon,
            sign_logon=config.sign_logon,
        )
        names = context.store.setdefault(f"names with {config.peer}", Names())
        assert isinstance(names, Names), "this end's own"
        self.names = names
        memory: dict[str, dict[str, object]] = {}
        self.memory: dict[str, dict[str, object]] = context.store.setdefault(  # type: ignore[assignment]  # what survives a crash is untyped
            f"memory of {config.peer}", memory
        )
        """What rule sets remember of the session, by rule set and key."""

        self.was_on = False
        """Whether somebody was logged on before the session's state changed last."""

        self.connection = 0
        self._store = context.store
        self._name = context.name
        self._woken_ns: int | None = None
        """When the timer that is on its way comes."""

    def talk(self, now_ns: int, *, returns: bool) -> Talk:
        return Talk(dialect=self.config.dialect, names=self.names, now_ns=now_ns, returns=returns)

    def is_current(self, message: FixText | Disconnected) -> bool:
        """Return whether a message belongs to the connection that stands."""
        return message.connection == self.connection

    def due(self, now_ns: int) -> list[Output]:
        """The timer has come."""
        if self._woken_ns is not None and now_ns >= self._woken_ns:
            self._woken_ns = None
        return self.session.timer(now_ns)

    def connect(
        self, now_ns: int, do: Callable[[list[Output]], Iterator[Answer]]
    ) -> Iterator[Answer]:
        """At a client's end: connect, and log on.

        Args:
            do: carries out what the session answers.
        """
        # It outlasts a crash: what is still on its way belongs to no later connection.
        key = f"connections to {self.peer}"
        count = self._store.get(key, 0)
        assert isinstance(count, int), "this end's own"
        self.connection = self._store[key] = count + 1
        yield Send(self.peer, Connected(self.connection))
        yield from do(self.session.connected(now_ns))

    def act(
        self,
        act: ConnectSession | DisconnectSession | LogOutSession,
        now_ns: int,
        do: Callable[[list[Output]], Iterator[Answer]],
    ) -> Iterator[Answer]:
        """At a client's end: do what a scenario does to the session, if it can be done."""
        is_down = self.session.state is SessionState.DISCONNECTED
        match act:
            case ConnectSession() if is_down:
                yield from self.connect(now_ns, do)
            case ConnectSession():
                yield Fact("session", SessionEvent(self.peer, "not done", "it is connected"))
            case _ if is_down:
                yield Fact("session", SessionEvent(self.peer, "not done", "it is not connected"))
            case DisconnectSession():
                yield Send(self.peer, Disconnected(self.connection, "cut off"))
                yield from do(self.session.lost(now_ns))
            case LogOutSession(text=text):
                yield from do(self.session.log_out(now_ns, text))

    def carry_out(
        self,
        outputs: Iterable[Output],
        now_ns: int,
        take: Callable[[Received], Iterable[Answer]],
        changed: Callable[[SessionState], Iterable[Answer]] = lambda _state: (),
    ) -> Iterator[Answer]:
        """Yield what the session's answers come to on the floor, first to last.

        Args:
            take: says what comes of an application message.
            changed: says what comes of the session's being in another state; nothing unless given.
        """
        for output in outputs:
            match output:
                case Transmit(data):
                    yield Send(self.peer, FixText(self.connection, data.decode("latin-1")))
                case Received():
                    yield from take(output)
                case Disconnect(text):
                    yield Send(self.peer, Disconnected(self.connection, text))
                    yield Fact("session", SessionEvent(self.peer, "closed", text))
                case StateChanged(state):
                    yield Fact("session", SessionEvent(self.peer, state.value))
                    yield from changed(state)
                case Noted(kind, text):
                    yield Fact("session", SessionEvent(self.peer, kind, text))
        yield from self._wake_up(now_ns)

    def _wake_up(self, now_ns: int) -> Iterator[Answer]:
        """Have the session woken when it wants to be, in the background."""
        due_ns = self.session.next_timer_ns
        if due_ns is None or (self._woken_ns is not None and self._woken_ns <= due_ns):
            return
        self._woken_ns = due_ns
        delay_ns = max(0, due_ns - now_ns)
        yield Send(self._name, SessionDue(self.peer), delay_ns, background=True)
