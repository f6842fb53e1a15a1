"""The sessions of a floor that speak FIX text, as a scenario declares them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from ..actors.fix_end import EndConfig
from ..market.firms import GatewayKind, Registry, SenderComp
from ..market.identifiers import CompID
from ..wire.fix_session_values import Role, SessionSettings
from ..wire.ilink_dictionary import FIELDS
from ..wire.ilink_forms import Dialect
from .errors import ScenarioError, blamed_on, unknown
from .registered import Centre
from .schema import ExchangeTable, FixSessionTable, ScenarioFile
from .venues import Venue

_SECOND_NS = 1_000_000_000
_SYMBOL = FIELDS[107]


@attrs.frozen(kw_only=True)
class FixSession:
    """A session that speaks FIX text, and its two ends."""

    owner: CompID
    venue: CompID
    client_end: EndConfig
    venue_end: EndConfig


def fix_sessions(
    tables: ScenarioFile,
    venues: Mapping[CompID, Venue],
    registry: Registry,
    sessions: Collection[str],
    centre: Centre | None,
) -> Iterator[FixSession]:
    """Yield the sessions of all exchanges, in the order of the file.

    Args:
        sessions: who may have a session at an exchange.

    Raises:
        ScenarioError: if one cannot be.
    """
    comps = {comp.session: comp for comp in registry.sender_comps.values()}
    for index, exchange in enumerate(tables.exchange):
        seen: list[str] = []
        for number, table in enumerate(exchange.session):
            where = f"exchange[{index}].session[{number}]"
            if table.name not in sessions:
                raise ScenarioError(f"{where}.name", unknown("session", table.name, sessions))
            if table.name in seen:
                raise ScenarioError(
                    f"{where}.name", f"{table.name} has a session at {exchange.name} already"
                )
            seen.append(table.name)
            venue = venues[CompID(exchange.name)]
            _check_symbols(venue, where)
            comp = comps.get(CompID(table.name))
            if comp is None:
                raise ScenarioError(
                    f"{where}.name",
                    f"{table.name} has no comp id: expected a [[registry.sender_comp]] with"
                    f' session = "{table.name}"',
                )
            _check_kind(table, comp, where)
            if table.secure and centre is None:
                raise ScenarioError(
                    f"{where}.secure", "secure keys are a request centre's: expected one"
                )
            with blamed_on(where):
                yield _session(table, exchange, venue, comp, centre)


def _check_kind(table: FixSessionTable, comp: SenderComp, where: str) -> None:
    """Check that a session to one market segment says which, and no other does."""
    if (comp.kind is GatewayKind.MSGW) != (table.segment is not None):
        expected = "the market segment" if table.segment is None else "no market segment"
        raise ScenarioError(
            f"{where}.segment", f"{comp.comp_id} is a {comp.kind} session: expected {expected}"
        )


def _check_symbols(venue: Venue, where: str) -> None:
    for symbol in venue.instruments:
        if not symbol.isascii() or not _SYMBOL.fits(symbol):
            raise ScenarioError(
                where, f"{symbol!r} has no place in FIX text: expected ASCII of at most 20"
            )


def _session(
    table: FixSessionTable,
    exchange: ExchangeTable,
    venue: Venue,
    comp: SenderComp,
    centre: Centre | None,
) -> FixSession:
    dialect = Dialect(
        session=CompID(table.name),
        operator=comp.comp_id,
        instruments=venue.instruments,
        start=venue.start,
        manual=table.manual,
        market_segment_id=table.segment or "ALL",
        largest_order_qty=table.largest_order,
        order_id_required=table.order_id_required,
    )
    client = SessionSettings(
        role=Role.INITIATOR,
        sender_comp_id=f"{comp.comp_id}{table.indicator}",
        target_comp_id=exchange.comp_id,
        sender_sub_id=comp.comp_id,
        target_sub_id=table.segment or "G",
        sender_location_id=table.location,
        start=venue.start,
        heartbeat_s=table.heartbeat // _SECOND_NS,
        max_resend=table.max_resend,
    )
    acceptor = attrs.evolve(
        client,
        role=Role.ACCEPTOR,
        sender_comp_id=exchange.comp_id,
        target_comp_id=comp.comp_id,
        sender_sub_id=table.segment or "G",
    )
    key_session, givers, awaits_key = None, frozenset[CompID](), False
    if table.secure:
        assert centre is not None, "seen to by the caller"
        key_session, givers = comp.session_id, centre.key_givers(comp.session_id)
        awaits_key = table.connects and key_session in {each for each, _ in centre.keys}
    return FixSession(
        owner=CompID(table.name),
        venue=venue.name,
        client_end=EndConfig(
            peer=venue.name,
            settings=client,
            dialect=dialect,
            connects=table.connects,
            reconnect_ns=table.reconnect,
            key_session=key_session,
            key_givers=givers,
            awaits_key=awaits_key,
        ),
        venue_end=EndConfig(
            peer=CompID(table.name),
            settings=acceptor,
            dialect=dialect,
            operators=(*table.operators, comp.comp_id) if table.operators else (),
            key_session=key_session,
        ),
    )
