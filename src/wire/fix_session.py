"""A FIX session as a machine: numbers, logon, heartbeats, resends, logout; no clock, no I/O.

One `Session` is one end.  It is told what happens (the connection stands, bytes came, a
moment has come, the application wants to send) and answers with what to do: bytes to
transmit, messages to hand on, the connection to close.  Whoever owns it keeps its timer:
after every call, `next_timer_ns` says when it wants to be woken.

What must outlast a crash is kept in a mapping that its owner gives it: both numbers, and
every application message that was sent, as the other end may ask for it again.

Source: CME Group Client Systems Wiki, iLink 2 Session Layer, Logon, Heartbeat, Resend
Request and Session Level Reject; docs/readings.md, The FIX session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping

import attrs

from ..market.ledger import Rule
from ..market.secure_logon import INVALID_HEARTBEAT, Answer, LogonRefusal
from .fix_header import (
    STRANGER,
    Fields,
    first_values,
    repeated,
    utc_timestamp,
    wrong_in_header,
)
from .fix_logon import (
    NOT_FIRST,
    NOT_LOGGED_ON,
    CheckLogon,
    SignLogon,
    incomplete,
    is_heartbeat,
    plain_logon,
)
from .fix_session_values import (
    SECOND_NS,
    Disconnect,
    Noted,
    Output,
    Received,
    Role,
    SessionSettings,
    SessionState,
    StateChanged,
    Transmit,
)
from .fix_text import Pairs, Unparsable, parse, write

RETURNED = 20
"""How many characters of an operator's name come back."""

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@attrs.frozen(kw_only=True)
class _Sent:
    """An application message that was sent."""

    msg_type: str
    sending_time: str
    body: Pairs
    sub_id: str | None = None
    poss_resend: bool = False


@attrs.frozen
class _Incoming:
    """A message of the other end's."""

    number: int
    pairs: Pairs
    fields: Fields

    @property
    def msg_type(self) -> str:
        return self.fields[35]


@attrs.define
class _Kept:
    """What outlasts a crash."""

    next_out: int = 1
    next_in: int = 1
    sent: dict[int, _Sent] = attrs.field(factory=dict)
    comp_id: str | None = None
    """The client's comp id with the indicator that the logon gave it."""

    sub_id: str = ""
    location: str = ""


_WIKI = "CME Group Client Systems Wiki, iLink 2 Session Layer"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "FIX-1",
        "Bytes that are no message (length, checksum, what is not ASCII) are not answered and take"
        " no number; the next sound message shows the gap.",
        f"{_WIKI}; {_READINGS}, what is no message",
    ),
    Rule(
        "FIX-2",
        "A number that is too low ends the session, unless the message is a possible duplicate,"
        " which is dropped; one that is too high waits while what is missing is asked for.",
        f"{_WIKI}, Resend Request; {_READINGS}, what came too early",
        ("max_resend",),
    ),
    Rule(
        "FIX-3",
        "What is sent again has its old number, 43 = Y and its first sending time in 122; for"
        " messages of the session itself one gap fill stands. At most so many are sent again for"
        " one request.",
        f"{_WIKI}, Resend Request; {_READINGS}, what is sent again",
        ("max_resend",),
    ),
    Rule(
        "FIX-4",
        "A logon has the next number, and 1 at the beginning of the week; it is answered with a"
        " logon and a test request. 141 = Y is for one that is logged on, with number 1; both"
        " numbers then begin anew.",
        f"{_WIKI}, Logon (46105106)",
    ),
    Rule(
        "FIX-5",
        "Whoever has sent nothing for an interval sends a heartbeat; whoever has heard nothing for"
        " one asks with a test request, and closes the connection after another.",
        f"{_WIKI}, Heartbeat, Test Request; {_READINGS}, how long silence may last",
        ("heartbeat_s", "grace_ns"),
    ),
    Rule(
        "FIX-6",
        "A logout is answered with a logout, and waits until nothing is missing.",
        f"{_WIKI}, Logout; Drop Copy 4.0 (46140051)",
    ),
    Rule(
        "FIX-7",
        "A failover takes the numbers of what the venue sends a large step higher; what is between"
        " is filled with gap fills.",
        "CME Group Client Systems Wiki, Drop Copy 4.0 (46140051)",
        ("failover_step",),
    ),
    Rule(
        "FIX-8",
        "A message with a wrong header is rejected (35 = 3) and keeps its number; a wrong comp id"
        " ends the session. Of a mandatory tag that is empty the reject says null.",
        f"{_WIKI}, validations (47087872); Message Header (46990006)",
    ),
    Rule(
        "FIX-9",
        "What is sent while nobody is connected is numbered and kept: after the next logon it is"
        " asked for. Numbers live for a week.",
        f"{_WIKI}, Logon (46105106); {_READINGS}, what is sent again",
    ),
)


class Session:
    """One end of a session.

    Args:
        settings: which end of which session.
        store: where it keeps what outlasts a crash.
        key: under which name.
        check_logon: what an acceptor asks about comp id, times and signature of a logon;
            without one it asks `plain_logon`, which knows no signature.
        sign_logon: what an initiator adds to its logon.
    """

    def __init__(
        self,
        settings: SessionSettings,
        store: MutableMapping[str, object],
        key: str = "fix session",
        *,
        check_logon: CheckLogon | None = None,
        sign_logon: SignLogon | None = None,
    ) -> None:
        self.settings = settings
        self.state = SessionState.DISCONNECTED
        kept = store.setdefault(key, _Kept())
        assert isinstance(kept, _Kept), f"{key!r} is what a session keeps"
        self._kept = kept
        self._check_logon = check_logon
        self._sign_logon = sign_logon
        self._accepts = settings.role is Role.ACCEPTOR
        self._interval_ns = settings.heartbeat_s * SECOND_NS
        self._since_ns = self._sent_ns = self._heard_ns = 0
        self._tested_ns: int | None = None
        self._waiting: dict[int, _Incoming | None] = {}
        """What came too early, by number; None for what has been dealt with."""

        self._asked: tuple[int, int] | None = None
        """Up to which number the other end was asked to send again, and when."""

        self.is_left = False
        """Whether the other end has logged out from the connection that is or was last."""

        self._leaves: str | None = None
        """The text of a logout that waits until nothing is missing."""

    # --- reading ---------------------------------------------------------------------

    @property
    def is_logged_on(self) -> bool:
        return self.state is SessionState.LOGGED_ON

    @property
    def next_out(self) -> int:
        """The number of the next message that it sends."""
        return self._kept.next_out

    @property
    def next_in(self) -> int:
        """The number of the next message that it expects."""
        return self._kept.next_in

    @property
    def comp_id(self) -> str | None:
        """The client's, with the indicator that a logon gave it; None before the first."""
        return self._kept.comp_id

    @property
    def next_timer_ns(self) -> int | None:
        """When `timer` is to be called; None while there is nothing to wait for."""
        match self.state:
            case SessionState.DISCONNECTED:
                return None
            case SessionState.CONNECTED:
                return self._since_ns + self.settings.logon_timeout_ns
            case SessionState.LOGGING_OUT:
                return self._since_ns + self._interval_ns
            case SessionState.LOGGED_ON:
                return min(self._sent_ns + self._interval_ns, self._silent_ns())

    def _silent_ns(self) -> int:
        """Return when something is done about the other end's silence."""
        since_ns = self._heard_ns if self._tested_ns is None else self._tested_ns
        return since_ns + self._interval_ns + self.settings.grace_ns

    def sent_after(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield what was sent under higher numbers and can be sent again, as it first was."""
        for later in range(number + 1, self._kept.next_out):
            sent = self._kept.sent.get(later)
            if sent is not None:
                yield later, write(self._pairs_of(sent, later, sent.sending_time))

    # --- what happens ----------------------------------------------------------------

    def connected(self, now_ns: int, *, reset: bool = False) -> list[Output]:
        """The connection stands: an initiator logs on, an acceptor waits for that.

        Args:
            reset: whether the logon asks for both numbers to begin anew (FIX 141).
        """
        self.state = SessionState.CONNECTED
        self._since_ns = self._heard_ns = now_ns
        self._forget_gap()
        self._leaves, self.is_left = None, False
        changed = StateChanged(self.state)
        return [changed] if self._accepts else [changed, self._logon(now_ns, reset)]

    def lost(self, _now_ns: int) -> list[Output]:
        """The connection is gone, whoever closed it."""
        if self.state is SessionState.DISCONNECTED:
            return []
        self.state = SessionState.DISCONNECTED
        self._forget_gap()  # what came too early comes again after the next logon
        self._tested_ns = None
        return [StateChanged(self.state)]

    def log_on_again(self, now_ns: int) -> list[Output]:
        """An initiator resets both numbers while it is logged on (FIX 141 = Y, 34 = 1)."""
        assert not self._accepts, "only an initiator logs on"
        return [self._logon(now_ns, reset=True)]

    def log_out(self, now_ns: int, text: str = "") -> list[Output]:
        """End the session, once nothing is missing that the other end was asked for."""
        if self.state is not SessionState.LOGGED_ON:
            return self._close(now_ns, text or "logout")
        if self._waiting:
            self._leaves = text
            return []
        return self._say_logout(now_ns, text)

    def send(
        self,
        msg_type: str,
        body: Pairs,
        now_ns: int,
        *,
        sub_id: str | None = None,
        poss_resend: bool = False,
    ) -> list[Output]:
        """Send an application message, or keep it until the other end asks for it.

        Args:
            sub_id: the operator: whose message it is, or whom it is for.
            poss_resend: whether it may have been sent before under another number (97).

        Raises:
            Unsayable: if a value has no form in the text.  Then nothing was sent.
        """
        number = self._kept.next_out
        sending_time = utc_timestamp(self.settings.start, now_ns)
        sent = _Sent(
            msg_type=msg_type,
            sub_id=sub_id,
            sending_time=sending_time,
            body=body,
            poss_resend=poss_resend,
        )
        data = write(self._pairs_of(sent, number, sending_time))
        self._kept.sent[number] = sent
        self._kept.next_out = number + 1
        if self.state is not SessionState.LOGGED_ON:
            return []
        self._sent_ns = now_ns
        return [Transmit(data, msg_type)]

    def reject(
        self, ref_seq_num: int, text: str, now_ns: int, *, more: Pairs = (), sub_id: str = ""
    ) -> list[Output]:
        """Refuse a message at the level of the session (35=3)."""
        body = ((45, str(ref_seq_num)), (58, text), *more)
        return self.send("3", body, now_ns, sub_id=sub_id or None)

    def end(self, now_ns: int, text: str) -> list[Output]:
        """Tell the other end to go, and close the connection."""
        return self._force_logout(now_ns, text)

    def timer(self, now_ns: int) -> list[Output]:
        """A moment has come; nothing happens if it is too early."""
        due = self.next_timer_ns
        if due is None or now_ns < due:
            return []
        match self.state:
            case SessionState.CONNECTED:
                return self._close(now_ns, "no logon in time")
            case SessionState.LOGGING_OUT:
                return self._close(now_ns, "no logout in answer")
            case _:
                return self._beat(now_ns)

    def _beat(self, now_ns: int) -> list[Output]:
        done: list[Output] = []
        if now_ns >= self._silent_ns():
            if self._tested_ns is not None:
                return self._close(now_ns, "silence")
            self._tested_ns = now_ns
            done.append(self._say("1", ((112, f"TEST{self._kept.next_out}"),), now_ns))
        if now_ns >= self._sent_ns + self._interval_ns:
            done.append(self._say("0", (), now_ns))
        return done

    def fail_over(self) -> None:
        """Let the numbers of what it sends go on a large step higher, as after a failover."""
        self._kept.next_out += self.settings.failover_step

    def begin_week(self) -> None:
        """Begin anew at 1 in both directions; nothing of last week can be asked for.

        Raises:
            ValueError: while the connection stands.
        """
        if self.state is not SessionState.DISCONNECTED:
            raise ValueError(f"a week begins while disconnected, not while {self.state.value}")
        self._restart()

    # --- reading messages ------------------------------------------------------------

    def received(self, data: bytes, now_ns: int) -> list[Output]:
        """Bytes have come: one message, or what was to be one."""
        if self.state is SessionState.DISCONNECTED:
            return [Noted("unread", "the connection is closed")]
        self._heard_ns, self._tested_ns = now_ns, None
        try:
            pairs = parse(data)
        except Unparsable as error:
            return [Noted("unparsable", str(error))]
        fields = first_values(pairs)
        number = fields.get(34, "")
        if not _NUMBER.fullmatch(number) or int(number) == 0:
            return self._force_logout(now_ns, f"MsgSeqNum (34) tag has no value: ({number})")
        message = _Incoming(int(number), pairs, fields)
        if message.msg_type == "A":
            return self._take_logon(message, now_ns)
        if self.state is SessionState.CONNECTED:
            return self._before_logon(message, now_ns)
        if self._is_stranger(fields):
            return self._force_logout(now_ns, self._stranger_text(fields))
        return self._in_place(message, now_ns)

    def _before_logon(self, message: _Incoming, now_ns: int) -> list[Output]:
        if self._accepts:
            return self._force_logout(now_ns, NOT_LOGGED_ON)
        if message.msg_type == "5":
            text = message.fields.get(58, "")
            return [Noted("logon refused", text), *self._failed_logon(now_ns, text)]
        return [Noted("unexpected", f"35={message.msg_type} before the logon was answered")]

    def _in_place(self, message: _Incoming, now_ns: int) -> list[Output]:
        """Deal with a message by its number."""
        kept, number = self._kept, message.number
        if message.msg_type == "4" and message.fields.get(123) != "Y":
            return self._reset(message, now_ns)
        if number < kept.next_in:
            if message.fields.get(43) == "Y":
                return []
            return self._force_logout(now_ns, self._too_low(number))
        if number > kept.next_in:
            return self._too_early(message, now_ns)
        self._waiting[number] = message
        return self._drain(now_ns)

    def _too_low(self, number: int) -> str:
        return f"MsgSeqNum too low, expecting {self._kept.next_in} but received {number}"

    def _too_early(self, message: _Incoming, now_ns: int) -> list[Output]:
        if message.msg_type == "5":
            return self._take_logout(message, now_ns)
        if message.number in self._waiting:
            return []
        done: list[Output] = []
        if message.msg_type == "2":
            # At once: were it to wait for its turn, both ends could wait for each other.
            done += self._take(message, now_ns)
            self._waiting[message.number] = None
        else:
            self._waiting[message.number] = message
        return done + self._ask_again(now_ns)

    def _drain(self, now_ns: int) -> list[Output]:
        """Deal with all that is in its place."""
        kept = self._kept
        done: list[Output] = []
        while kept.next_in in self._waiting and self.state is not SessionState.DISCONNECTED:
            message = self._waiting.pop(kept.next_in)
            kept.next_in += 1
            if message is not None:
                done += self._take(message, now_ns)
        for number in [each for each in self._waiting if each < kept.next_in]:
            del self._waiting[number]  # a gap fill went past it
        if self.state is SessionState.DISCONNECTED:
            return done
        if self._waiting:
            if self._asked is None or kept.next_in > self._asked[0]:
                self._asked = None
                done += self._ask_again(now_ns)
            return done
        self._asked = None
        if self._leaves is not None and self.state is SessionState.LOGGED_ON:
            text, self._leaves = self._leaves, None
            done += self._say_logout(now_ns, text)
        return done

    def _ask_again(self, now_ns: int) -> list[Output]:
        """Ask for what is missing, unless that is on its way."""
        if self._asked is not None and now_ns < self._asked[1] + self._interval_ns:
            return []
        first = self._kept.next_in
        last = min(min(self._waiting) - 1, first + self.settings.max_resend - 1)
        self._asked = (last, now_ns)
        return [self._say("2", ((7, str(first)), (16, str(last))), now_ns)]

    def _take(self, message: _Incoming, now_ns: int) -> list[Output]:
        """Deal with a message that is next."""
        number, fields = message.number, message.fields
        problem = self._wrong_in_header(message)
        if problem is not None:
            return self._refuse(number, *problem, now_ns)
        match message.msg_type:
            case "0":
                return []
            case "1":
                if not fields.get(112):
                    return self._refuse(number, "TestReqID (112) tag is not present", {}, now_ns)
                return [self._say("0", ((112, fields[112]),), now_ns)]
            case "2":
                return self._resend(message, now_ns)
            case "4":
                return self._fill(message, now_ns)
            case "5":
                return self._take_logout(message, now_ns)
            case msg_type:
                dup, again = fields.get(43) == "Y", fields.get(97) == "Y"
                return [Received(number, msg_type, message.pairs, dup, again)]

    def _fill(self, message: _Incoming, now_ns: int) -> list[Output]:
        new, number = message.fields.get(36, ""), message.number
        if not _NUMBER.fullmatch(new) or int(new) <= number:
            text = f"NewSeqNo (36) tag has an incorrect value: ({new}) should be above {number}"
            return self._refuse(number, text, {}, now_ns)
        self._kept.next_in = int(new)
        return []

    def _reset(self, message: _Incoming, now_ns: int) -> list[Output]:
        """Take a sequence reset that is none of a gap: whatever its own number is."""
        new, expected = message.fields.get(36, ""), self._kept.next_in
        if not _NUMBER.fullmatch(new) or int(new) < expected:
            text = f"NewSeqNo (36) tag has an incorrect value: ({new}) should be from {expected}"
            return self._refuse(message.number, text, {}, now_ns)
        self._kept.next_in = int(new)
        return self._drain(now_ns)

    def _resend(self, message: _Incoming, now_ns: int) -> list[Output]:
        """Send again what was asked for: application messages, and gap fills for the rest."""
        number = message.number
        begin, end = message.fields.get(7, ""), message.fields.get(16, "")
        if not (_NUMBER.fullmatch(begin) and _NUMBER.fullmatch(end)):
            text = "BeginSeqNo (7) or EndSeqNo (16) tag has no value"
            return self._refuse(number, text, {}, now_ns)
        newest = self._kept.next_out - 1
        first, last = int(begin), min(int(end) or newest, newest)
        if not 1 <= first <= last:
            text = f"BeginSeqNo (7) tag has an incorrect value: ({begin}) should be 1 to {newest}"
            return self._refuse(number, text, {}, now_ns)
        if last - first >= self.settings.max_resend:
            text = f"Resend of {last - first + 1} messages: at most {self.settings.max_resend}"
            return self._refuse(number, text, {}, now_ns)
        return list(self._again(first, last, now_ns))

    def _again(self, first: int, last: int, now_ns: int) -> Iterator[Output]:
        """Yield what stands for the numbers *first* to *last*."""
        sending_time = self._time(now_ns)
        gap = None
        for number in range(first, last + 1):
            message = self._kept.sent.get(number)
            if message is None:
                gap = gap or number
                continue
            if gap is not None:
                yield self._gap_fill(gap, number, sending_time)
                gap = None
            yield self._once_more(message, number, sending_time)
        if gap is not None:
            yield self._gap_fill(gap, last + 1, sending_time)
        self._sent_ns = now_ns

    def _gap_fill(self, number: int, new: int, sending_time: str) -> Transmit:
        fill = _Sent(msg_type="4", sending_time=sending_time, body=((36, str(new)), (123, "Y")))
        return self._once_more(fill, number, sending_time)

    def _once_more(self, sent: _Sent, number: int, sending_time: str) -> Transmit:
        pairs = self._pairs_of(sent, number, sending_time, again=True)
        return Transmit(write(pairs), sent.msg_type)

    # --- logon and logout ------------------------------------------------------------

    def _logon(self, now_ns: int, reset: bool) -> Output:
        if reset:
            self._restart()
        system, version, vendor = self.settings.application
        body: Pairs = (
            (108, str(self.settings.heartbeat_s)),
            (141, "Y" if reset else "N"),
            (1603, system),
            (1604, version),
            (1605, vendor),
        )
        if self._sign_logon is not None:
            header = self._header("A", self._kept.next_out, self._time(now_ns), None)
            body += self._sign_logon(dict(header + body))
        return self._say("A", body, now_ns)

    def _take_logon(self, message: _Incoming, now_ns: int) -> list[Output]:
        number, fields = message.number, message.fields
        if not self._accepts:
            return self._logon_answered(number, fields, now_ns)
        begins_anew = self.state is not SessionState.CONNECTED
        if begins_anew and (number != 1 or fields.get(141) != "Y"):
            return self._force_logout(now_ns, NOT_FIRST)
        refusal = self._ask_about(fields, now_ns)
        if refusal is not None:
            noted = Noted("logon refused", f"{refusal.reason}: {refusal.text}")
            silent = refusal.answer is not Answer.LOGOUT
            return [noted] if silent else [noted, *self._turn_away(now_ns, refusal.text)]
        if (text := self._incomplete(message)) is not None:
            return [Noted("logon refused", text), *self._turn_away(now_ns, text)]
        if begins_anew:
            self._restart()  # not before it has been checked: a forged one resets nothing
        return self._welcome(number, fields, now_ns)

    def _welcome(self, number: int, fields: Fields, now_ns: int) -> list[Output]:
        kept = self._kept
        # Undefined becomes primary; the other indicators stay as they are.
        kept.comp_id = f"{fields[49][:-1]}P" if fields[49].endswith("U") else fields[49]
        kept.sub_id, kept.location = fields[50], fields[142]
        self._interval_ns = int(fields[108]) * SECOND_NS
        echo = tuple((tag, fields[tag]) for tag in (108, 141, 1603, 1604, 1605) if fields.get(tag))
        done: list[Output] = []
        if self.state is not SessionState.LOGGED_ON:
            self.state = SessionState.LOGGED_ON
            done.append(StateChanged(self.state))
        done.append(self._say("A", echo, now_ns))
        done.append(self._say("1", ((112, f"LOGON{kept.next_out}"),), now_ns))
        return done + self._counted(number, now_ns)

    def _logon_answered(self, number: int, fields: Fields, now_ns: int) -> list[Output]:
        if self._is_stranger(fields):
            return self._force_logout(now_ns, self._stranger_text(fields))
        kept = self._kept
        if fields.get(141) == "Y":
            kept.next_in = 1
            self._forget_gap()
        if number < kept.next_in:
            return self._force_logout(now_ns, self._too_low(number))
        done: list[Output] = []
        if self.state is SessionState.CONNECTED:
            kept.comp_id = fields.get(56, self.settings.sender_comp_id)
            self.state = SessionState.LOGGED_ON
            done.append(StateChanged(self.state))
        return done + self._counted(number, now_ns)

    def _counted(self, number: int, now_ns: int) -> list[Output]:
        """Count a logon, which was dealt with whatever came before it."""
        self._waiting[number] = None
        if number == self._kept.next_in:
            return self._drain(now_ns)
        return self._ask_again(now_ns)

    def _ask_about(self, fields: Fields, now_ns: int) -> LogonRefusal | None:
        if self._check_logon is not None:
            return self._check_logon(fields, now_ns)
        first = tuple(f"{self.settings.target_comp_id}{each}" for each in self.settings.indicators)
        known = self._kept.comp_id
        return plain_logon(fields, now_ns, self.settings, (*first, *((known,) if known else ())))

    def _incomplete(self, message: _Incoming) -> str | None:
        """Return what is missing in a logon that is not refused otherwise, or None."""
        if (problem := self._wrong_in_header(message)) is not None:
            return problem[0]
        first = self.state is SessionState.CONNECTED
        if (text := incomplete(message.fields, first=first)) is not None:
            return text
        if not is_heartbeat(message.fields.get(108, ""), self.settings):
            return INVALID_HEARTBEAT
        if first and message.number < self._kept.next_in:
            return self._too_low(message.number)
        return None

    def _turn_away(self, now_ns: int, text: str) -> list[Output]:
        """Answer a logon with a logout."""
        said = self._say("5", self._logout_body(text), now_ns)
        return [said, *self._failed_logon(now_ns, text)]

    def _failed_logon(self, now_ns: int, text: str) -> list[Output]:
        done = self._close(now_ns, text)
        if self.settings.restarts_after_failed_logon:
            self._restart()
        return done

    def _take_logout(self, message: _Incoming, now_ns: int) -> list[Output]:
        done: list[Output] = []
        self.is_left = self.state is SessionState.LOGGED_ON
        if self.state is not SessionState.LOGGING_OUT:
            done.append(self._say("5", self._logout_body(""), now_ns))
        return [*done, *self._close(now_ns, message.fields.get(58) or "logout")]

    def _say_logout(self, now_ns: int, text: str) -> list[Output]:
        said = self._say("5", self._logout_body(text), now_ns)
        self.state, self._since_ns = SessionState.LOGGING_OUT, now_ns
        return [said, StateChanged(self.state)]

    def _force_logout(self, now_ns: int, text: str) -> list[Output]:
        """Tell the other end to go, and close the connection."""
        said = self._say("5", self._logout_body(text), now_ns)
        return [said, *self._close(now_ns, text)]

    def _logout_body(self, text: str) -> Pairs:
        return (*(((58, text),) if text else ()), (789, str(self._kept.next_in)))

    def _close(self, now_ns: int, text: str) -> list[Output]:
        if self.state is SessionState.DISCONNECTED:
            return []
        return [Disconnect(text), *self.lost(now_ns)]

    # --- writing ---------------------------------------------------------------------

    def _say(
        self, msg_type: str, body: Pairs, now_ns: int, instead: Fields | None = None
    ) -> Output:
        """Send a message of the session itself."""
        header = self._header(msg_type, self._kept.next_out, self._time(now_ns), None)
        if instead:
            header = tuple((tag, instead.get(tag, value)) for tag, value in header)
        data = write(header + body)
        self._kept.next_out += 1
        self._sent_ns = now_ns
        return Transmit(data, msg_type)

    def _refuse(self, number: int, text: str, instead: Fields, now_ns: int) -> list[Output]:
        """Refuse a message whose header, or what it says to the session, is wrong.

        Args:
            instead: what of the reject's own header is not as usual.
        """
        body: Pairs = ((45, str(number)), (58, text))
        sent = _Sent(msg_type="3", sending_time=self._time(now_ns), body=body)
        self._kept.sent[self._kept.next_out] = sent
        return [self._say("3", body, now_ns, instead)]

    def _pairs_of(
        self, sent: _Sent, number: int, sending_time: str, *, again: bool = False
    ) -> Pairs:
        more: Pairs = ()
        if again:
            more = ((43, "Y"), (122, sent.sending_time))
        if sent.poss_resend:
            more += ((97, "Y"),)
        header = self._header(sent.msg_type, number, sending_time, sent.sub_id)
        return header + more + sent.body

    def _header(self, msg_type: str, number: int, sending_time: str, sub_id: str | None) -> Pairs:
        settings, kept = self.settings, self._kept
        first: Pairs = (
            (35, msg_type),
            (34, str(number)),
            (369, str(kept.next_in - 1)),
            (52, sending_time),
        )
        if self._accepts:
            return (
                *first,
                (49, settings.sender_comp_id),
                (50, settings.sender_sub_id),
                (56, kept.comp_id or f"{settings.target_comp_id}N"),
                (57, (sub_id or kept.sub_id).upper()[:RETURNED] or "null"),
                (143, kept.location or settings.sender_location_id),
            )
        return (
            *first,
            (49, kept.comp_id or settings.sender_comp_id),
            (50, sub_id or settings.sender_sub_id),
            (56, settings.target_comp_id),
            (57, settings.target_sub_id),
            (142, settings.sender_location_id),
        )

    def _time(self, now_ns: int) -> str:
        return utc_timestamp(self.settings.start, now_ns)

    # --- headers ---------------------------------------------------------------------

    def _is_stranger(self, fields: Fields) -> bool:
        """Return whether a message's comp id is not the other end's."""
        found, expected = fields.get(49, ""), self.settings.target_comp_id
        if not self._accepts:
            return found != expected
        return found[:-1] != expected

    @staticmethod
    def _stranger_text(fields: Fields) -> str:
        return STRANGER if 49 in fields else "SenderCompId (49) tag is not present"

    def _wrong_in_header(self, message: _Incoming) -> tuple[str, Fields] | None:
        if (text := repeated(message.pairs)) is not None:
            return text, {}
        if not self._accepts:
            return None
        settings = self.settings
        return wrong_in_header(message.fields, settings.sender_comp_id, settings.sender_sub_id)

    # --- numbers ---------------------------------------------------------------------

    def _restart(self) -> None:
        kept = self._kept
        kept.next_out = kept.next_in = 1
        kept.sent.clear()
        self._forget_gap()

    def _forget_gap(self) -> None:
        self._waiting.clear()
        self._asked = None
