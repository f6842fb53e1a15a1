"""The secure keys of sessions, at either end of the line: who signs logons, and who checks them.

What both hold outlasts a crash: a key file lies on a disk, and the exchange has written
down which pairs are good.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime
from functools import partial

import attrs

from ..market.centre_messages import KeyFile, KeysLive, LiveKey
from ..market.firms import SessionID
from ..market.identifiers import CompID
from ..market.secure_keys import SecretKey
from ..market.secure_logon import LogonRefusal, SecureLogon, signed
from ..wire.fix_text import Pairs
from .fix_end import EndConfig


class KeyFiles:
    """At a client's end: the newest key file of each of its sessions."""

    def __init__(self, store: MutableMapping[str, object]) -> None:
        files: dict[SessionID, KeyFile] = {}
        self._files: dict[SessionID, KeyFile] = store.setdefault("key files", files)  # type: ignore[assignment]  # what survives a crash is untyped
        self._givers: dict[SessionID, frozenset[CompID]] = {}

    def signing(self, config: EndConfig) -> EndConfig:
        """Return a client's end whose logons are signed, if it has keys at all."""
        if config.key_session is None:
            return config
        self._givers[config.key_session] = config.key_givers
        return attrs.evolve(config, sign_logon=partial(self._sign, config.key_session))

    def can_log_on(self, config: EndConfig) -> bool:
        """Return whether an end needs no key, or has one."""
        return config.key_session is None or config.key_session in self._files

    def takes(self, file: KeyFile, sender: str) -> bool:
        """Return whether a file is for one of the sessions, and from somebody who may give it."""
        return sender in self._givers.get(file.session_id, ())

    def take(self, file: KeyFile) -> None:
        """Keep a file in place of the one before."""
        self._files[file.session_id] = file

    def _sign(self, session_id: SessionID, fields: Mapping[int, str]) -> Pairs:
        """Return what makes a logon a secure one; nothing where there is no key."""
        file = self._files.get(session_id)
        if file is None:
            return ()
        return tuple(signed(fields, file.access_key_id, file.secret).items())


class LiveKeys:
    """At the exchange's end: the pairs that are good for each session."""

    def __init__(self, store: MutableMapping[str, object]) -> None:
        keys: dict[SessionID, tuple[LiveKey, ...]] = {}
        self._keys: dict[SessionID, tuple[LiveKey, ...]] = store.setdefault("live keys", keys)  # type: ignore[assignment]  # what survives a crash is untyped

    def take(self, live: KeysLive) -> None:
        """Check logons of a session against these from now on."""
        self._keys[live.session_id] = live.keys

    def check(
        self,
        session_id: SessionID,
        fields: Mapping[int, str],
        now_ns: int,
        start: datetime,
        *,
        comp_id: str,
        drop_copy: bool = False,
        assigned: str | None = None,
    ) -> LogonRefusal | None:
        """Return why a logon is not accepted, or None; see `SecureLogon`."""
        guard = SecureLogon(
            comp_id=comp_id,
            drop_copy=drop_copy,
            assigned=assigned,
            keys=partial(self._secret, session_id),
        )
        return guard.check(fields, now_ns, start)

    def _secret(self, session_id: SessionID, access_key_id: str, now_ns: int) -> SecretKey | None:
        for key in self._keys.get(session_id, ()):
            if key.access_key_id == access_key_id and now_ns < key.expires_ns:
                return key.secret
        return None
