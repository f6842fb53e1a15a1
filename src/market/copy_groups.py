"""Drop copy groups: which sessions may be whose source, and which target sessions serve whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from .centre_messages import GroupRow
from .centre_users import Refused
from .copy_filters import CopyFilter
from .firms import EntityName, GatewayKind, Registry, SenderComp
from .identifiers import CompID

SOURCE_LIMITS: Mapping[GatewayKind, int] = {GatewayKind.CGW: 1_000, GatewayKind.MSGW: 5_000}
"""The newer caps on sources for each target session."""


@attrs.frozen(kw_only=True)
class CopySetup:
    """How drop copy is set up on a floor, for whoever looks on."""

    registry: Registry
    centre: CompID
    """Who says what groups there are."""

    gateways: Mapping[CompID, GatewayKind]
    """The exchange's copy gateways, and the kind of sources of each."""

    segments: Mapping[CompID, str]
    """What stands in a copied message for each gateway's sources (FIX 50)."""

    desks: Mapping[CompID, CompID]
    """Of each target session on the floor, whose it is."""

    order_rejects: bool = True
    start: datetime


def has_copied(group: GroupRow, comp: SenderComp) -> bool:
    """Return whether a session is one of a group's sources, and in its GFID filter."""
    return comp.comp_id in group.sources and (not group.gfids or comp.gfid in group.gfids)


class CopyGroups:
    """The groups that copy, and what any group must be.

    Args:
        registry: who is registered.
        source_limits: whether `SOURCE_LIMITS` hold.
    """

    def __init__(self, registry: Registry, source_limits: bool = False) -> None:
        self._registry = registry
        self._source_limits = source_limits
        self._live: dict[tuple[EntityName, str], GroupRow] = {}

    def get(self, entity: EntityName, name: str) -> GroupRow | None:
        return self._live.get((entity, name))

    def of(self, entity: EntityName) -> tuple[GroupRow, ...]:
        return tuple(group for (owner, _), group in self._live.items() if owner == entity)

    def __iter__(self) -> Iterator[tuple[EntityName, GroupRow]]:
        return ((entity, group) for (entity, _), group in self._live.items())

    def put(self, entity: EntityName, group: GroupRow) -> None:
        self._live[entity, group.name] = group

    def remove(self, entity: EntityName, name: str) -> None:
        del self._live[entity, name]

    def found(self, entity: EntityName, group: GroupRow) -> None:
        """Take in a group that exists from before.

        Raises:
            Refused: if it could not have been created.
        """
        check_name(group.name)
        if (entity, group.name) in self._live:
            raise Refused(f"{entity} has a group {group.name!r} already")
        self.check_front_end(group.front_end)
        filters(group.filters)
        self.check_sources(entity, group)
        if len(set(group.sources)) < len(group.sources):
            raise Refused("a source sender comp is named twice")
        if len(set(group.targets)) < len(group.targets):
            raise Refused("a target session is named twice")
        for kind in self._kinds(group):
            self._check_limit(group, kind)
        for target in group.targets:
            session = self._registry.targets.get(target)
            if session is None or (session.entity, session.market) != (entity, group.market):
                raise Refused(f"{entity} has no target session {target!r} for {group.market}")
            if target in self._assigned():
                raise Refused(f"the target session {target} is another group's")
        missing = [kind for kind in self._kinds(group) if kind not in self._served(group.targets)]
        if missing:
            raise Refused(f"a {missing[0]} source needs a {missing[0]} target session")
        self.put(entity, group)

    # --- what a group must be ---------------------------------------------------------

    def available(self, entity: EntityName, group: GroupRow) -> tuple[SenderComp, ...]:
        """Return the sessions that may be sources of *group*: in its market and GFID filter."""
        return tuple(
            comp
            for comp in self._registry.sources_for(entity, group.market)
            if not group.gfids or comp.gfid in group.gfids
        )

    def firms(self, entity: EntityName, group: GroupRow) -> tuple[str, ...]:
        """Return the firms that a GFID filter of *group* may name."""
        comps = self._registry.sources_for(entity, group.market)
        return tuple(dict.fromkeys(comp.gfid for comp in comps))

    def check_front_end(self, front_end: str) -> None:
        """Raises: Refused: if there is no such front end system."""
        if front_end not in self._registry.front_ends:
            known = ", ".join(self._registry.front_ends) or "none"
            raise Refused(f"no front end system {front_end!r}; there are: {known}")

    def check_sources(self, entity: EntityName, group: GroupRow) -> None:
        """Check that *group* has sources, and that *entity* may have each of them copied.

        Raises:
            Refused: if not; what is another's is said to be what is not there.
        """
        if not group.sources:
            raise Refused("a group needs at least one source sender comp")
        available = [comp.comp_id for comp in self.available(entity, group)]
        for source in group.sources:
            if source not in available:
                raise Refused(f"the source sender comp {source!r} is not available")

    def guarantors(self, sources: Iterable[CompID]) -> tuple[EntityName, ...]:
        """Return who guarantees what *sources* trade, each once."""
        comps = (self._registry.sender_comps[source] for source in sources)
        return tuple(dict.fromkeys(self._registry.guarantor(comp) for comp in comps))

    # --- target sessions --------------------------------------------------------------

    def with_targets(self, entity: EntityName, group: GroupRow) -> GroupRow:
        """Return *group* with the target sessions that its sources need.

        Raises:
            Refused: if none is left, or one has too many sources.
        """
        targets = list(group.targets)
        for kind in self._kinds(group):
            self._check_limit(group, kind)
            if kind in self._served(targets):
                continue
            taken = self._assigned()
            free = [
                each.comp_id
                for each in self._registry.targets.values()
                if (each.entity, each.market, each.kind) == (entity, group.market, kind)
                and each.comp_id not in taken
            ]
            if not free:
                raise Refused(f"no {kind} target session of {entity} is left for {group.market}")
            targets.append(free[0])
        return attrs.evolve(group, targets=tuple(targets))

    def _check_limit(self, group: GroupRow, kind: GatewayKind) -> None:
        comps = [self._registry.sender_comps[source] for source in group.sources]
        count = sum(comp.kind is kind for comp in comps)
        if self._source_limits and count > SOURCE_LIMITS[kind]:
            raise Refused(
                f"{count} {kind} sources are more than the {SOURCE_LIMITS[kind]} that a target"
                " session takes"
            )

    def _assigned(self) -> list[CompID]:
        return [target for group in self._live.values() for target in group.targets]

    def _kinds(self, group: GroupRow) -> list[GatewayKind]:
        """Return the kinds of gateway that a group's sources are on."""
        comps = (self._registry.sender_comps[source] for source in group.sources)
        return list(dict.fromkeys(comp.kind for comp in comps))

    def _served(self, targets: Iterable[CompID]) -> list[GatewayKind]:
        return [self._registry.targets[target].kind for target in targets]


def check_name(name: str) -> None:
    """Raises: Refused: if *name* cannot be a group's."""
    if not name or not name.isprintable() or name != name.strip():
        raise Refused(f"a group's name is printable text without blanks around it: {name!r}")


def filters(values: Sequence[str]) -> tuple[str, ...]:
    """Return the filters of those names, in their own order.

    Raises:
        Refused: if there is none of a name, or no name.
    """
    known = tuple(CopyFilter)
    for value in values:
        if value not in known:
            raise Refused(f"no filter {value!r}; there are: {', '.join(known)}")
    if not values:
        raise Refused("a group needs at least one filter")
    return tuple(each for each in known if each in values)
