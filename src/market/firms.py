"""Who is registered at an exchange: entities, their firms, and the firms' sessions.

A *registered entity* is a customer.  It has firms, each known by its Globex firm id
(GFID), and a firm has order entry sessions, each known by the first six characters of
its SenderCompID: three of the session and three of the firm.  A seventh says what the
connection is for (`FaultTolerance`).  A firm may be guaranteed by a clearing firm.

Sources: CME Group, iLink 2 standard header (wiki 46990006); Drop Copy 4.0 (wiki
46140051); readings in ``docs/readings.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NewType, TypeVar

import attrs
from attrs import validators

from .identifiers import CompID
from .ledger import Rule

RULES = (
    Rule(
        "FIRM-1",
        "The comp id of an order entry session has six characters, three of the session and three"
        " of its firm (the GFID); on the wire a seventh says what the connection is for.",
        "CME Group Client Systems Wiki, iLink 2 standard header (46990006), tag 49",
    ),
    Rule(
        "FIRM-2",
        "A firm belongs to one registered entity, and another firm may guarantee it: its clearing"
        " firm, whose entity may see what the guaranteed firm's sessions are told.",
        "CME Group Client Systems Wiki, Drop Copy 4.0 (46140051);"
        " docs/readings.md, what a clearing firm sees",
    ),
)

Gfid = NewType("Gfid", str)
"""A Globex firm id: three capital letters or digits."""

EntityName = NewType("EntityName", str)
"""A registered entity, by name."""

SessionID = NewType("SessionID", str)
"""What secure keys belong to: of an order entry session the first three characters of its
comp id, of a drop copy target session all six."""

_GFID = re.compile(r"[0-9A-Z]{3}", re.ASCII)
_COMP_ID = re.compile(r"[0-9A-Z]{6}", re.ASCII)

T = TypeVar("T")
K = TypeVar("K", bound=str)


class GatewayKind(StrEnum):
    """Which kind of gateway a session leads to."""

    CGW = "CGW"
    """A convenience gateway: one session for all market segments."""
    MSGW = "MSGW"
    """A market segment gateway: one session, with a stream of its own for each segment."""


class Module(StrEnum):
    """Which module of the request centre lists a session."""

    DROP_COPY = "Drop Copy"
    ORDER_ENTRY = "Order Entry"
    MARKET_DATA = "Market Data"


class Market(StrEnum):
    """The markets that sessions and groups are for."""

    BROKERTEC_EU = "BrokerTec EU"
    BROKERTEC_US = "BrokerTec U.S."
    GLOBEX = "Globex"


class FaultTolerance(StrEnum):
    """The seventh character of a SenderCompID."""

    UNDESIGNATED = "U"
    PRIMARY = "P"
    BACKUP = "B"
    NONE = "N"
    """No fault tolerance: the only one of drop copy sessions."""


def check_gfid(gfid: str) -> Gfid:
    """Return *gfid* if it is one.

    Raises:
        ValueError: if not.
    """
    if not isinstance(gfid, str) or not _GFID.fullmatch(gfid):
        raise ValueError(f"a GFID is three capital letters or digits, found {gfid!r}")
    return Gfid(gfid)


def check_comp_id(comp_id: str) -> CompID:
    """Return *comp_id* if it can be a session's: without the seventh character.

    Raises:
        ValueError: if not.
    """
    if not isinstance(comp_id, str) or not _COMP_ID.fullmatch(comp_id):
        raise ValueError(f"a comp id is six capital letters or digits, found {comp_id!r}")
    return CompID(comp_id)


@attrs.frozen(kw_only=True)
class Firm:
    """A Globex firm."""

    gfid: Gfid = attrs.field(converter=check_gfid)
    entity: EntityName = attrs.field(validator=validators.min_len(1))
    clearing_firm: Gfid | None = attrs.field(
        default=None, converter=attrs.converters.optional(check_gfid)
    )
    """Who guarantees it; None where it clears for itself."""


@attrs.frozen(kw_only=True)
class SenderComp:
    """An order entry session.

    Raises:
        ValueError: if ``comp_id`` is none.
    """

    comp_id: CompID = attrs.field(converter=check_comp_id)
    kind: GatewayKind = GatewayKind.CGW
    market: Market = Market.GLOBEX
    session: CompID
    """Who has it on the floor: a gateway, a flow, a participant."""

    @property
    def session_id(self) -> SessionID:
        return SessionID(self.comp_id[:3])

    @property
    def gfid(self) -> Gfid:
        return Gfid(self.comp_id[3:])


@attrs.frozen(kw_only=True)
class TargetSession:
    """A drop copy session that an entity has been assigned: copies go out on it."""

    comp_id: CompID = attrs.field(converter=check_comp_id)
    entity: EntityName
    kind: GatewayKind = GatewayKind.CGW
    market: Market = Market.GLOBEX
    session: CompID | None = None
    """Who has it on the floor; None where nobody is connected."""

    @property
    def session_id(self) -> SessionID:
        return SessionID(self.comp_id)


@attrs.frozen(kw_only=True)
class KeySession:
    """A session that secure keys may belong to."""

    session_id: SessionID
    entity: EntityName
    module: Module
    market: Market = Market.GLOBEX


@attrs.frozen(kw_only=True)
class Registry:
    """All that is registered, in the order of registration.

    Raises:
        ValueError: if something is registered twice, or belongs to what is not registered.
    """

    firms: Mapping[Gfid, Firm] = attrs.field(factory=dict)
    sender_comps: Mapping[CompID, SenderComp] = attrs.field(factory=dict)
    targets: Mapping[CompID, TargetSession] = attrs.field(factory=dict)
    front_ends: tuple[str, ...] = ()
    """The application labels that a group may be given."""

    market_data: Mapping[SessionID, EntityName] = attrs.field(factory=dict)
    """Whose each market data session is, where such sessions log on with keys."""

    @classmethod
    def of(
        cls,
        firms: Iterable[Firm] = (),
        sender_comps: Iterable[SenderComp] = (),
        targets: Iterable[TargetSession] = (),
        front_ends: Iterable[str] = (),
        market_data: Mapping[SessionID, EntityName] | None = None,
    ) -> Registry:
        by_gfid = _by("GFID", ((firm.gfid, firm) for firm in firms))
        by_comp = _by("comp id", ((comp.comp_id, comp) for comp in sender_comps))
        registry = cls(
            firms=by_gfid,
            sender_comps=by_comp,
            targets=_by("target session", ((each.comp_id, each) for each in targets)),
            front_ends=tuple(front_ends),
            market_data=dict(market_data or {}),
        )
        for firm in by_gfid.values():
            if firm.clearing_firm is not None and firm.clearing_firm not in by_gfid:
                raise ValueError(
                    f"{firm.gfid} clears through {firm.clearing_firm!r}, which is no firm here;"
                    f" there are: {_listed(by_gfid)}"
                )
        for comp in by_comp.values():
            if comp.gfid not in by_gfid:
                raise ValueError(
                    f"{comp.comp_id} is a session of the firm {comp.gfid!r}, which is not"
                    f" registered; there are: {_listed(by_gfid)}"
                )
        for target in registry.targets.values():
            if target.entity not in registry.entities:
                raise ValueError(
                    f"{target.comp_id} belongs to the entity {target.entity!r}, which has no firm;"
                    f" there are: {_listed(registry.entities)}"
                )
            if target.comp_id in by_comp:
                raise ValueError(f"{target.comp_id} is an order entry session already")
        for session_id, entity in registry.market_data.items():
            if entity not in registry.entities:
                raise ValueError(
                    f"{session_id} belongs to the entity {entity!r}, which has no firm;"
                    f" there are: {_listed(registry.entities)}"
                )
        _check_key_sessions(registry)
        return registry

    @property
    def entities(self) -> tuple[EntityName, ...]:
        return tuple(dict.fromkeys(firm.entity for firm in self.firms.values()))

    def entity_of(self, comp: SenderComp) -> EntityName:
        """Return whose session *comp* is."""
        return self.firms[comp.gfid].entity

    def guarantor(self, comp: SenderComp) -> EntityName:
        """Return the entity that guarantees what *comp* trades: its own, or its clearing firm's."""
        firm = self.firms[comp.gfid]
        return self.firms[firm.clearing_firm or firm.gfid].entity

    @property
    def key_sessions(self) -> Mapping[SessionID, KeySession]:
        """The sessions that secure keys may belong to: order entry, drop copy, market data."""
        return {each.session_id: each for each in _key_sessions(self)}

    def sources_for(self, entity: EntityName, market: Market) -> tuple[SenderComp, ...]:
        """Return the sessions that *entity* may have copied: its own, and those it clears."""
        return tuple(
            comp
            for comp in self.sender_comps.values()
            if comp.market is market and entity in (self.entity_of(comp), self.guarantor(comp))
        )


def _key_sessions(registry: Registry) -> Iterator[KeySession]:
    for comp in registry.sender_comps.values():
        entity = registry.entity_of(comp)
        yield KeySession(
            session_id=comp.session_id,
            entity=entity,
            module=Module.ORDER_ENTRY,
            market=comp.market,
        )
    for target in registry.targets.values():
        yield KeySession(
            session_id=target.session_id,
            entity=target.entity,
            module=Module.DROP_COPY,
            market=target.market,
        )
    for session_id, entity in registry.market_data.items():
        yield KeySession(session_id=session_id, entity=entity, module=Module.MARKET_DATA)


def _check_key_sessions(registry: Registry) -> None:
    """Check that all comps of one session ID are one entity's: they share their keys."""
    seen: dict[SessionID, KeySession] = {}
    for each in _key_sessions(registry):
        if seen.setdefault(each.session_id, each) != each:
            raise ValueError(
                f"the session ID {each.session_id} belongs to {seen[each.session_id].entity}"
                f" ({seen[each.session_id].module}, {seen[each.session_id].market}), and cannot"
                f" belong to {each.entity} ({each.module}, {each.market})"
            )


def _by(what: str, named: Iterable[tuple[K, T]]) -> dict[K, T]:
    found: dict[K, T] = {}
    for name, each in named:
        if name in found:
            raise ValueError(f"the {what} {name} is registered twice")
        found[name] = each
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
