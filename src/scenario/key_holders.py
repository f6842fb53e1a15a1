"""Who has secure keys on a floor: those who log on with them, and those who check that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..market.centre_acts import TakeKey
from ..market.firms import SessionID
from ..market.identifiers import CompID
from .copying import Copying
from .fix_sessions import FixSession
from .registered import Centre


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


def warnings(
    centre: Centre | None,
    copying: Copying,
    fix_sessions: Sequence[FixSession],
    acts: Iterable[object],
) -> Iterator[str]:
    """Yield the sessions that have no key to log on with, and are never given one.

    Args:
        acts: what the scenario has anybody do.
    """
    taken = {act.session_id for act in acts if isinstance(act, TakeKey) and act.generate}
    ends = [(each.owner, each.client_end) for each in fix_sessions]
    ends += [(desk.name, end) for desk in copying.desks for end in desk.ends]
    warned: set[tuple[CompID, SessionID]] = set()
    for owner, end in ends:
        session_id = end.key_session
        if centre is None or session_id is None or session_id in taken:
            continue
        if not centre.has_good_key(session_id) and (owner, session_id) not in warned:
            warned.add((owner, session_id))
            yield (
                f"{owner} never logs on: its session is secure, and {session_id} has no key that is"
                f" good as the run begins (a [[request_centre.key]]) and is given none (a step"
                f" generate_key)"
            )


def _add(known: dict[SessionID, tuple[CompID, ...]], session: FixSession, name: CompID) -> None:
    key_session = session.client_end.key_session
    if key_session is not None and name not in known.get(key_session, ()):
        known[key_session] = (*known.get(key_session, ()), name)
