"""The request centre's keys: each session's ring, and the second factors asked for them."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import date

import attrs

from .centre_messages import (
    AnswerFactor,
    AskKey,
    DeleteKey,
    FactorCode,
    KeyFile,
    KeysLive,
    KeysShown,
    LiveKey,
)
from .centre_users import CentreSettings
from .firms import Registry, SessionID
from .identifiers import CompID
from .market_close import MarketCloses
from .secure_keys import KeyEvent, KeyPair, KeyRefused, KeyRing, RandomBytes

OLDEST, NEWEST = "oldest", "newest"


@attrs.frozen(kw_only=True)
class _Challenge:
    """A second factor that was asked for, and the code that answers it."""

    user: CompID
    request: AskKey
    key: str | None
    """The Access Key ID that the request names."""

    code: str = attrs.field(repr=False)


class KeyDesk:
    """Every session's keys, and who has been asked for a code.

    Args:
        registry: which sessions may have keys.
        closes: when keys end.
        random_source: where the bytes of each session's keys and of each user's codes come
            from, by purpose.
        settings: how many codes a user is sent, and what a file says that it is for.
    """

    def __init__(
        self,
        registry: Registry,
        closes: MarketCloses,
        random_source: Callable[[str], RandomBytes],
        settings: CentreSettings,
    ) -> None:
        self._closes = closes
        self._random_source = random_source
        self._sources: dict[str, RandomBytes] = {}
        self._settings = settings
        self._rings = {
            session_id: KeyRing(session_id=session_id, closes=closes)
            for session_id in registry.key_sessions
        }
        self._challenges: dict[str, _Challenge] = {}
        self._asked: dict[CompID, int] = {}
        self._codes: dict[tuple[CompID, date], int] = {}

    def ring(self, session_id: SessionID) -> KeyRing:
        return self._rings[session_id]

    @property
    def sessions(self) -> tuple[SessionID, ...]:
        """The sessions that have had keys."""
        return tuple(session_id for session_id, ring in self._rings.items() if ring.pairs)

    def _random(self, whose: str) -> RandomBytes:
        if whose not in self._sources:
            self._sources[whose] = self._random_source(whose)
        return self._sources[whose]

    @property
    def next_due_ns(self) -> int | None:
        due = (ring.next_due_ns for ring in self._rings.values())
        return min((each for each in due if each is not None), default=None)

    def found(self, session_id: SessionID, created_ns: int) -> KeyPair:
        """Generate a pair as of a moment, which may be before the run."""
        ring = self._rings[session_id]
        self._rings[session_id], _ = ring.generate(self._random(session_id), created_ns)
        return self._rings[session_id].pairs[-1]

    def advance(self, now_ns: int) -> tuple[KeyEvent, ...]:
        """Let time catch up with every ring, and return what that brought."""
        events: list[KeyEvent] = []
        for session_id in self._rings:
            events += self._take(session_id, self._rings[session_id].advance(now_ns))
        return tuple(events)

    def _take(
        self, session_id: SessionID, changed: tuple[KeyRing, tuple[KeyEvent, ...]]
    ) -> tuple[KeyEvent, ...]:
        self._rings[session_id], events = changed
        return events

    def pending(self, now_ns: int) -> tuple[SessionID, ...]:
        """Return the sessions of which a key is within four weeks of its end."""
        return tuple(
            session_id
            for session_id, ring in self._rings.items()
            if any(pair.pending_from_ns <= now_ns < pair.expires_ns for pair in ring.active)
        )

    def live(self, session_id: SessionID) -> KeysLive:
        """Return the pairs that logons are checked against from now on."""
        return KeysLive(
            session_id=session_id,
            keys=tuple(
                LiveKey(
                    access_key_id=pair.access_key_id,
                    secret=pair.secret,
                    expires_ns=pair.expires_ns,
                )
                for pair in self._rings[session_id].active
            ),
        )

    def show(self, session_id: SessionID, now_ns: int) -> KeysShown:
        """Return a session's pairs without their secrets."""
        return KeysShown(
            session_id=session_id,
            keys=tuple(
                (pair.access_key_id, str(self._closes.date_of(pair.expires_ns)), str(pair.status))
                for pair in self._rings[session_id].advance(now_ns)[0].pairs
            ),
        )

    def newest_file(self, session_id: SessionID) -> KeyFile | None:
        """Return the file of a session's newest pair, if it has one that is active."""
        active = self._rings[session_id].active
        return self._file(active[-1]) if active else None

    # --- second factors ---------------------------------------------------------------

    def ask(self, user: CompID, request: AskKey, now_ns: int) -> FactorCode:
        """Send *user* a code, without which nothing happens.

        Raises:
            KeyRefused: if what he asks for could not be done now, or he has been sent his
                codes for today.
        """
        key = self._named(request.session_id, request.key, now_ns)
        if request.download:
            self._pair(request.session_id, key, now_ns)
            today = (user, self._closes.date_of(now_ns))
            if self._codes.get(today, 0) >= self._settings.codes_per_day:
                raise KeyRefused(f"you have been sent {self._settings.codes_per_day} codes today")
            self._codes[today] = self._codes.get(today, 0) + 1
        else:
            self._rings[request.session_id].check_generate(key, now_ns)
        number = self._asked[user] = self._asked.get(user, 0) + 1
        code = f"{int.from_bytes(self._random(user)(4), 'big') % 1_000_000:06}"
        challenge = f"{user}/{number}"
        # Whoever asks again has lost the code before.
        for name, open_one in list(self._challenges.items()):
            if open_one.user == user:
                del self._challenges[name]
        self._challenges[challenge] = _Challenge(user=user, request=request, key=key, code=code)
        return FactorCode(challenge=challenge, method=request.method, code=code)

    def answer(
        self, user: CompID, message: AnswerFactor, now_ns: int
    ) -> KeyFile | tuple[KeyEvent, ...]:
        """Return the file that was asked for, or what generating a pair has brought.

        Raises:
            KeyRefused: if the code is wrong, in which case it is spent, or what was asked
                for can no longer be done.
        """
        challenge = self._challenges.get(message.challenge)
        if challenge is None or challenge.user != user:
            raise KeyRefused("no code has been asked of you for that")
        del self._challenges[message.challenge]
        if not hmac.compare_digest(challenge.code.encode(), message.code.encode()):
            raise KeyRefused("the code is wrong: nothing has been generated or downloaded")
        request = challenge.request
        if request.download:
            return self._file(self._pair(request.session_id, challenge.key, now_ns))
        ring = self._rings[request.session_id]
        return self._take(
            request.session_id,
            ring.generate(self._random(request.session_id), now_ns, challenge.key),
        )

    def delete(self, message: DeleteKey, now_ns: int) -> tuple[KeyEvent, ...]:
        """Delete a pair, and return what that has brought.

        Raises:
            KeyRefused: if the session has no such pair.
        """
        key = self._named(message.session_id, message.key, now_ns)
        pair = self._pair(message.session_id, key, now_ns)
        ring = self._rings[message.session_id]
        return self._take(message.session_id, ring.delete(pair.access_key_id, now_ns))

    def _active(self, session_id: SessionID, now_ns: int) -> Iterator[KeyPair]:
        yield from self._rings[session_id].advance(now_ns)[0].active

    def _named(self, session_id: SessionID, key: str | None, now_ns: int) -> str | None:
        """Return the Access Key ID that *key* says, where it says which by age."""
        active = list(self._active(session_id, now_ns))
        if key in (OLDEST, NEWEST) and active:
            return active[0 if key == OLDEST else -1].access_key_id
        return key

    def _pair(self, session_id: SessionID, key: str | None, now_ns: int) -> KeyPair:
        active = list(self._active(session_id, now_ns))
        for pair in active:
            if key in (None, pair.access_key_id) and (key is not None or len(active) == 1):
                return pair
        found = ", ".join(pair.access_key_id for pair in active) or "none"
        raise KeyRefused(f"say which key of {session_id}: it has {found}")

    def _file(self, pair: KeyPair) -> KeyFile:
        return KeyFile(
            session_id=pair.session_id,
            access_key_id=pair.access_key_id,
            secret=pair.secret,
            created=str(self._closes.date_of(pair.created_ns)),
            expires=str(self._closes.date_of(pair.expires_ns)),
            environment=self._settings.environment,
        )
