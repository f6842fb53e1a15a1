"""Who is registered at the exchange, and its request centre, as a scenario declares them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import attrs

from ..market.centre_messages import GroupRow
from ..market.centre_users import CentreSettings, CentreUser, Right
from ..market.firms import (
    EntityName,
    Firm,
    Registry,
    SenderComp,
    SessionID,
    TargetSession,
    check_gfid,
)
from ..market.identifiers import CompID
from ..market.market_close import MarketCloses
from ..market.request_book import Outcome
from ..market.request_centre import RequestCentre
from ..market.secure_keys import KeyRing, RandomBytes
from ..runtime.choices import Defaults
from ..runtime.participant import Context
from .errors import ScenarioError, blamed_on, unknown
from .profiles import known_zone
from .schema import GroupTable, RegistryTable, RequestCentreTable, ScenarioFile


def registry(tables: ScenarioFile, sessions: Sequence[str]) -> Registry:
    """Return who is registered; nobody where there is no such table.

    Args:
        sessions: who may have a session at an exchange.

    Raises:
        ScenarioError: with the path of what cannot be registered.
    """
    table = tables.registry or RegistryTable()
    with blamed_on("registry"):
        return Registry.of(
            tuple(_firms(table)),
            tuple(_sender_comps(table, sessions)),
            tuple(_targets(table)),
            table.front_ends,
            {SessionID(each): EntityName(of) for each, of in table.market_data.items()},
        )


def _firms(table: RegistryTable) -> Iterator[Firm]:
    for index, firm in enumerate(table.firm):
        where = f"registry.firm[{index}]"
        with blamed_on(f"{where}.gfid"):
            check_gfid(firm.gfid)
        with blamed_on(f"{where}.clearing_firm"):
            clearing = None if firm.clearing_firm is None else check_gfid(firm.clearing_firm)
        yield Firm(gfid=firm.gfid, entity=EntityName(firm.entity), clearing_firm=clearing)


def _sender_comps(table: RegistryTable, sessions: Sequence[str]) -> Iterator[SenderComp]:
    taken: dict[str, str] = {}
    for index, comp in enumerate(table.sender_comp):
        where = f"registry.sender_comp[{index}]"
        if comp.session not in sessions:
            raise ScenarioError(f"{where}.session", unknown("session", comp.session, sessions))
        if comp.session in taken:
            raise ScenarioError(
                f"{where}.session",
                f"{comp.session} has the comp id {taken[comp.session]} already",
            )
        taken[comp.session] = comp.comp_id
        with blamed_on(f"{where}.comp_id"):
            yield SenderComp(
                comp_id=CompID(comp.comp_id),
                kind=comp.kind,
                market=comp.market,
                session=CompID(comp.session),
            )


def _targets(table: RegistryTable) -> Iterator[TargetSession]:
    for index, target in enumerate(table.target):
        with blamed_on(f"registry.target[{index}].comp_id"):
            yield TargetSession(
                comp_id=CompID(target.comp_id),
                entity=EntityName(target.entity),
                kind=target.kind,
                market=target.market,
            )


@attrs.frozen(kw_only=True)
class Centre:
    """A request centre, as it is to be made."""

    name: CompID
    users: tuple[CentreUser, ...]
    registry: Registry
    settings: CentreSettings
    closes: MarketCloses
    keys: tuple[tuple[SessionID, int], ...]
    """Those from before: whose each is, and when it was created."""

    groups: tuple[tuple[EntityName, GroupRow], ...]

    def make(self, context: Context) -> tuple[RequestCentre, Sequence[Outcome]]:
        """Return the centre as a run begins, and what there is from before."""
        centre = RequestCentre(
            self.registry, self.users, self.closes, partial(_random_bytes, context), self.settings
        )
        opening: list[Outcome] = [centre.found(entity, group) for entity, group in self.groups]
        for session_id, created_ns in self.keys:
            centre.keys.found(session_id, created_ns)
        opening += [centre.keys.live(session_id) for session_id in centre.keys.sessions]
        return centre, opening

    def has_good_key(self, session_id: SessionID) -> bool:
        """Return whether a session can log on as the run begins, with a key from before."""
        ring = KeyRing(session_id=session_id, closes=self.closes)
        created = (at_ns for each, at_ns in self.keys if each == session_id)
        return any(ring.expiry_of(at_ns) > 0 for at_ns in created)

    def key_givers(self, session_id: SessionID) -> frozenset[CompID]:
        """Return who may hand a session a key: the centre, and who can have downloaded one."""
        entity = self.registry.key_sessions[session_id].entity
        may = (user for user in self.users if user.has(Right.ADMINISTRATOR))
        return frozenset({self.name, *(user.name for user in may if entity in user.entities)})


def _random_bytes(context: Context, purpose: str) -> RandomBytes:
    stream = context.stream(purpose)
    return lambda count: stream.getrandbits(8 * count).to_bytes(count, "big")


def centre(tables: ScenarioFile, registry: Registry) -> Centre | None:
    """Return the request centre, if there is one.

    Raises:
        ScenarioError: with the path of what cannot be.
    """
    table = tables.request_centre
    if table is None:
        return None
    where = "request_centre"
    zone = known_zone(table.time_zone, f"{where}.time_zone")
    closes = MarketCloses(
        start=tables.scenario.start.astimezone(UTC),
        at=_time(table.market_close, f"{where}.market_close"),
        zone=zone,
        holidays=frozenset(table.holidays),
    )
    daily = table.daily_setup
    made = Centre(
        name=CompID(table.name),
        users=tuple(_users(table, registry)),
        registry=registry,
        settings=CentreSettings(
            fee=table.fee,
            setup_ns=table.setup,
            daily_setup=None if daily is None else _time(daily, f"{where}.daily_setup"),
            codes_per_day=table.codes_per_day,
            source_limits=table.source_limits,
            environment=table.environment,
        ),
        closes=closes,
        keys=tuple(_keys(table, registry, closes)),
        groups=tuple(_groups(table)),
    )
    _check_opening(made)
    return made


def _time(text: str, where: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise ScenarioError(
            where, f'expected a time of day such as "16:00", found {text!r}'
        ) from None


def _users(table: RequestCentreTable, registry: Registry) -> Iterator[CentreUser]:
    for index, user in enumerate(table.user):
        for number, entity in enumerate(user.entities):
            if entity not in registry.entities:
                raise ScenarioError(
                    f"request_centre.user[{index}].entities[{number}]",
                    unknown("registered entity", entity, registry.entities),
                )
        yield CentreUser(
            name=CompID(user.name),
            entities=tuple(map(EntityName, user.entities)),
            rights=user.rights,
            email=user.email,
        )


def _keys(
    table: RequestCentreTable, registry: Registry, closes: MarketCloses
) -> Iterator[tuple[SessionID, int]]:
    for index, key in enumerate(table.key):
        where = f"request_centre.key[{index}]"
        if key.session not in registry.key_sessions:
            known = list(registry.key_sessions)
            raise ScenarioError(f"{where}.session", unknown("session ID", key.session, known))
        created_ns = _noon(key.created, closes)
        if created_ns > 0:
            raise ScenarioError(
                f"{where}.created", f"{key.created} is after the start of the run, {closes.start}"
            )
        yield SessionID(key.session), created_ns


def _noon(day: date, closes: MarketCloses) -> int:
    """Return the middle of a day where the market is, as a moment of the run."""
    noon = datetime.combine(day, time(12), closes.zone).astimezone(UTC)
    return (noon - closes.start) // timedelta(microseconds=1) * 1_000


def _groups(table: RequestCentreTable) -> Iterator[tuple[EntityName, GroupRow]]:
    for group in table.group:
        yield EntityName(group.entity), _group(group)


def _group(group: GroupTable) -> GroupRow:
    return GroupRow(
        name=group.name,
        market=group.market,
        front_end=group.front_end,
        filters=tuple(str(each) for each in group.filters),
        gfids=group.gfids,
        sources=tuple(map(CompID, group.sources)),
        targets=tuple(map(CompID, group.targets)),
    )


def _check_opening(made: Centre) -> None:
    """Check that what there is from before could have come about."""
    streams = Defaults()
    context = Context(made.name, {}, lambda purpose: streams.stream(made.name, purpose))
    trial, _ = attrs.evolve(made, keys=(), groups=()).make(context)
    for index, (entity, group) in enumerate(made.groups):
        where = f"request_centre.group[{index}]"
        if entity not in made.registry.entities:
            raise ScenarioError(
                f"{where}.entity", unknown("registered entity", entity, made.registry.entities)
            )
        with blamed_on(where):
            trial.found(entity, group)
    for index, (session_id, created_ns) in enumerate(made.keys):
        with blamed_on(f"request_centre.key[{index}]"):
            trial.keys.found(session_id, created_ns)
