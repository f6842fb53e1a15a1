"""Who has secure keys on a floor: those who log on with them, and those who check that."""

from __future__ import annotations

from collections.abc import Sequence

from ..market.firms import SessionID
from ..market.identifiers import CompID
from .copying import Copying
from .fix_sessions import FixSession


def key_owners(
    copying: Copying, fix_sessions: Sequence[FixSession]
) -> dict[SessionID, tuple[CompID, ...]]:
    """Return who logs on with the keys of each session; comp ids of one session ID share them."""
    owners: dict[SessionID, tuple[CompID, ...]] = {
        desk.target.session_id: (desk.name,) for desk in copying.desks
    }
    for each in fix_sessions:
        _add(owners, each, each.owner)
    return owners


def key_services(
    copying: Copying, fix_sessions: Sequence[FixSession]
) -> dict[SessionID, tuple[CompID, ...]]:
    """Return who checks the logons of each session."""
    services = {desk.target.session_id: tuple(copying.gateways) for desk in copying.desks}
    for each in fix_sessions:
        _add(services, each, each.venue)
    return services


def _add(known: dict[SessionID, tuple[CompID, ...]], session: FixSession, name: CompID) -> None:
    key_session = session.client_end.key_session
    if key_session is not None and name not in known.get(key_session, ()):
        known[key_session] = (*known.get(key_session, ()), name)
