"""Drop copy sessions as a scenario declares them: the exchange's gateways, and the desks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import attrs

from ..actors.copy_gateway import CopyGatewayConfig
from ..actors.fix_end import EndConfig
from ..market.copy_groups import CopySetup
from ..market.firms import GatewayKind, Registry, SenderComp, SessionID, TargetSession
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..wire.copies import SourceWriter
from ..wire.fix_session_values import Role, SessionSettings
from ..wire.ilink_forms import Dialect
from .errors import ScenarioError, unknown
from .registered import Centre
from .schema import CopyServiceTable, DropCopyTable, ScenarioFile
from .venues import Venue

_SECOND_NS = 1_000_000_000


@attrs.frozen(kw_only=True)
class CopyDesk:
    """A drop copy desk with a target session, and its end of it at each gateway."""

    name: CompID
    target: TargetSession
    ends: tuple[EndConfig, ...]


@attrs.frozen(kw_only=True)
class Copying:
    """All of drop copy that speaks FIX, as it is to be made."""

    gateways: Mapping[CompID, CopyGatewayConfig] = attrs.field(factory=dict)
    desks: tuple[CopyDesk, ...] = ()

    def copiers(self, venue: CompID) -> dict[CompID, tuple[CompID, ...]]:
        """Return the gateways that are told what each session is told at a venue."""
        copiers: dict[CompID, tuple[CompID, ...]] = {}
        for name, gateway in self.gateways.items():
            if venue in gateway.venues:
                for session in gateway.sources:
                    copiers[session] = (*copiers.get(session, ()), name)
        return copiers

    @property
    def participants(self) -> tuple[CompID, ...]:
        """Gateways and desks: their traffic is text."""
        return (*self.gateways, *(desk.name for desk in self.desks))

    def setup(self, registry: Registry) -> CopySetup | None:
        """Return how it is set up, for whoever looks on; None where there are no desks."""
        if not self.desks:
            return None
        one = next(iter(self.gateways.values()))
        return CopySetup(
            registry=registry,
            centre=one.centre,
            gateways={name: gateway.kind for name, gateway in self.gateways.items()},
            segments={name: gateway.segment for name, gateway in self.gateways.items()},
            desks={desk.target.comp_id: desk.name for desk in self.desks},
            order_rejects=one.order_rejects,
            start=one.start,
        )


def copying(
    tables: ScenarioFile,
    venues: Mapping[CompID, Venue],
    registry: Registry,
    centre: Centre | None,
) -> Copying:
    """Return drop copy as *tables* have it.

    Raises:
        ScenarioError: if a desk has no target session, or one that it cannot have.
    """
    targets = dict(_targets(tables, registry))
    if not targets:
        return Copying()
    if centre is None:
        raise ScenarioError(
            "drop_copy", "a target session serves a drop copy group: expected a [request_centre]"
        )
    service = tables.drop_copy_service
    gateways: dict[CompID, CopyGatewayConfig] = {}
    ends: dict[CompID, list[EndConfig]] = {CompID(table.name): [] for table, _ in targets.values()}
    start = tables.scenario.start
    instruments = {
        symbol: instrument
        for venue in venues.values()
        for symbol, instrument in venue.instruments.items()
    }
    for name, kind, segment, where in _gateways(service, venues):
        served = {t: table for t, (table, of) in targets.items() if of.kind is kind}
        if not served:
            continue
        acceptors = {}
        for target, table in served.items():
            client, acceptor = _settings(table, target, service, segment, tables)
            dialect = Dialect(
                session=CompID(table.name), operator=target, instruments=instruments, start=start
            )
            acceptors[target] = EndConfig(
                peer=CompID(table.name), settings=acceptor, dialect=dialect
            )
            ends[CompID(table.name)].append(
                EndConfig(
                    peer=name,
                    settings=client,
                    dialect=dialect,
                    connects=table.connects,
                    key_session=SessionID(target) if service.secure else None,
                    key_givers=centre.key_givers(SessionID(target)),
                )
            )
        gateways[name] = CopyGatewayConfig(
            kind=kind,
            segment=segment,
            sources={c.session: c for c in registry.sender_comps.values() if c.kind is kind},
            writers=partial(_writer, tables, instruments, segment),
            targets=acceptors,
            venues=where,
            centre=centre.name,
            start=start,
            is_guarded=service.secure,
            order_rejects=service.order_rejects,
            overlap=service.overlap,
        )
    desks = tuple(
        CopyDesk(
            name=CompID(table.name),
            target=of,
            ends=tuple(ends[CompID(table.name)]),
        )
        for table, of in targets.values()
    )
    return Copying(gateways=gateways, desks=desks)


def _targets(
    tables: ScenarioFile, registry: Registry
) -> Iterator[tuple[CompID, tuple[DropCopyTable, TargetSession]]]:
    taken: dict[str, str] = {}
    for index, table in enumerate(tables.drop_copy):
        where = f"drop_copy[{index}]"
        if (table.target is None) is not bool(table.sessions):
            raise ScenarioError(where, "expected either sessions that it watches, or a target")
        if table.target is None:
            continue
        if table.target not in registry.targets:
            what = unknown("target session", table.target, registry.targets)
            raise ScenarioError(f"{where}.target", what)
        if table.target in taken:
            raise ScenarioError(
                f"{where}.target", f"{taken[table.target]} has the session {table.target} already"
            )
        taken[table.target] = table.name
        target = CompID(table.target)
        yield target, (table, registry.targets[target])


def _gateways(
    service: CopyServiceTable, venues: Mapping[CompID, Venue]
) -> Iterator[tuple[CompID, GatewayKind, str, tuple[CompID, ...]]]:
    """Yield each gateway's name, its kind, its segment, and the venues whose sessions it copies."""
    yield CompID(service.name), GatewayKind.CGW, "G", tuple(venues)
    for number, venue in enumerate(venues, start=1):
        name = CompID(f"{service.name}-{venue}")
        yield name, GatewayKind.MSGW, f"{number:02}", (venue,)


def _settings(
    table: DropCopyTable,
    target: str,
    service: CopyServiceTable,
    segment: str,
    tables: ScenarioFile,
) -> tuple[SessionSettings, SessionSettings]:
    """Return the two ends of a session: the desk's and the exchange's."""
    client = SessionSettings(
        role=Role.INITIATOR,
        sender_comp_id=f"{target}N",
        target_comp_id="CME",
        sender_sub_id=table.operator or target,
        target_sub_id=segment,
        sender_location_id=table.location,
        start=tables.scenario.start,
        heartbeat_s=table.heartbeat // _SECOND_NS,
        max_resend=service.max_resend,
        failover_step=service.failover_step,
        restarts_after_failed_logon=True,
    )
    acceptor = attrs.evolve(
        client,
        role=Role.ACCEPTOR,
        sender_comp_id="CME",
        target_comp_id=target,
        sender_sub_id=segment,
        indicators="N",
    )
    return client, acceptor


def _writer(
    tables: ScenarioFile, instruments: Mapping[Symbol, Instrument], segment: str, comp: SenderComp
) -> SourceWriter:
    start = tables.scenario.start
    dialect = Dialect(
        session=comp.session, operator=comp.comp_id, instruments=instruments, start=start
    )
    return SourceWriter(comp_id=f"{comp.comp_id}N", sub_id=segment, dialect=dialect, start=start)


def names(tables: ScenarioFile) -> Sequence[tuple[str, str]]:
    """Return the names that the service takes, and where the file says so."""
    if not any(table.target for table in tables.drop_copy):
        return ()
    name = tables.drop_copy_service.name
    venues = [f"{name}-{exchange.name}" for exchange in tables.exchange]
    return [(each, "drop_copy_service.name") for each in (name, *venues)]
