"""A floor: everything that a scenario declares, made and run."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from ..actors.administrator import Administrator
from ..actors.centre_user import CentreUserDesk
from ..actors.copy_gateway import CopyGateway, CopyGatewayConfig
from ..actors.drop_copy import DropCopyDesk
from ..actors.drop_copy_client import DropCopyClient
from ..actors.exchange_gateway import ExchangeGateway, ExchangeGatewayConfig
from ..actors.execution_trader import ExecutionTrader
from ..actors.feed import FeedServer
from ..actors.feed_reader import FeedReader
from ..actors.fix_client import FixClient
from ..actors.fix_end import EndConfig
from ..actors.fix_venue import FixVenue
from ..actors.lobster_replay import LobsterReplay, ReplayStart
from ..actors.market_flow import MarketFlow
from ..actors.matching_engine import MatchingEngine
from ..actors.portfolio_manager import PortfolioManager
from ..actors.request_centre import CentreConfig, RequestCentreDesk
from ..actors.sse_gateway import SseGateway, SseGatewayConfig
from ..actors.synthetic_host import SyntheticHostConfig
from ..actors.watched_markets import VenueOf
from ..market.copy_groups import CopySetup
from ..market.credentials import Logins
from ..market.exchange import Exchange
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..market.matching import Algorithm
from ..market.operations import ChangeTradingState
from ..market.sessions import TradingState
from ..market.window import Window
from ..market.wording import Wording
from ..plugins.binding import admission, session_rules, venue_manager, venue_rules
from ..plugins.manager import Plugins
from ..plugins.synthetic import Hours, acts
from ..runtime.choices import Choices, Defaults, Recorded, Seeded
from ..runtime.errors import RunError
from ..runtime.faults import ACTOR_KINDS, CLOCK_KINDS, LINK_KINDS, FaultPlan
from ..runtime.journal import Entry, Header, Journal
from ..runtime.kernel import Kernel
from ..runtime.participant import Context, Factory, Participant, Responder, Run
from .copying import CopyDesk
from .crowd import Flow, Replay
from .errors import ScenarioError, blamed_on
from .expect import Judge, Verdict, windows
from .feeds import Feed, Reader, known, of_venue
from .plan import Plan
from .reach import Sightings
from .reading import read_scenario
from .schema import UserTable
from .venues import Venue
from .watch import Violation, Watch, watchers_of

Look: TypeAlias = Callable[[Kernel, Entry], object]

_ROOMS = ("floorproof.market", "floorproof.plugins", "floorproof.wire", "floorproof.actors")


@attrs.frozen
class Scenario:
    """A scenario that has been read and checked."""

    text: str
    plan: Plan = attrs.field(repr=False)
    overrides: Mapping[str, str] = attrs.field(factory=dict)
    folder: Path = Path()
    """What paths in it are relative to."""

    @property
    def name(self) -> str:
        return self.plan.tables.scenario.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and seldom meant."""
        return self.plan.warnings

    @property
    def wording(self) -> Wording:
        return Wording(self.plan.instruments)

    def reduced(self, steps: Collection[int], flows: Mapping[str, Collection[int]]) -> Scenario:
        """Return this scenario with some of its steps alone; see `Plan.reduced`."""
        return attrs.evolve(self, plan=self.plan.reduced(steps, flows))

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(user.name for user in self.plan.tables.user)


@attrs.frozen(kw_only=True)
class Result:
    """What a run came to."""

    scenario: Scenario = attrs.field(repr=False)
    seed: int | None
    digest: str
    """Of all deliveries and facts; the same for the same scenario and choices."""

    end_ns: int
    """When nothing was left to happen, in nanoseconds since the start."""

    choices: Mapping[str, int] = attrs.field(repr=False)
    """What the run chose; `Recorded` repeats it."""

    journal: tuple[Entry, ...] = attrs.field(repr=False)
    verdicts: tuple[Verdict, ...]
    invariants: tuple[str, ...] = ()
    """Those that watched."""

    violations: tuple[Violation, ...] = ()
    """What must hold and did not: of each invariant the first."""

    @property
    def held(self) -> bool:
        """Whether every expectation came true, and every invariant held."""
        return not self.violations and all(verdict.held for verdict in self.verdicts)

    def windows(self) -> dict[str, Window]:
        """Return every user's window as it stood at the end."""
        return windows(self.journal, self.scenario.users)

    def facts(self, kind: str) -> tuple[Any, ...]:
        """Return what was put on record under *kind*, in order."""
        return tuple(e.payload for e in self.journal if e.sender is None and e.kind == kind)


def parse(
    text: str,
    folder: Path | None = None,
    settings: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
) -> Scenario:
    """Return the scenario that *text* says.

    Args:
        folder: what paths in it are relative to; the current folder by default.
        settings: values to put in place of the file's, by dotted path.
        plugins: what there is besides the scenario's own files; what is installed by
            default.

    Raises:
        FloorproofError: if it cannot be run; the text says where and why.
    """
    tables = read_scenario(text, settings)
    folder = folder or Path()
    if plugins is None:
        with blamed_on("scenario.plugins"):
            plugins = Plugins.discover(tables.scenario.plugins, folder)
    return Scenario(text, Plan(tables, plugins, folder), dict(settings or {}), folder)


def load(path: str | Path, settings: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario in a file; see `parse`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScenarioError(str(path), f"cannot read the scenario: {reason}") from None
    return parse(text, path.parent, settings)


def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    choices: Choices | None = None,
    in_place: bool = False,
    strict: bool = False,
    write: Callable[[bytes], object] | None = None,
) -> Result:
    """Run a scenario as it is; see `Floor.run`."""
    return Floor(scenario).run(
        seed=seed, choices=choices, in_place=in_place, strict=strict, write=write
    )


class Floor:
    """The participants of a scenario, and whoever else is put among them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._makers: dict[str, Factory | Run] = dict(_makers(scenario.plan))

    @property
    def names(self) -> tuple[str, ...]:
        """Who is on it, by rank."""
        return tuple(self._makers)

    def add(self, name: str, make: Factory | Run) -> None:
        """Put a participant of one's own on the floor.

        Where the scenario has somebody of that name, it takes his seat: a program's own
        trader with the logins of the scenario's user.  Else it comes last.

        Args:
            make: an ``async def run(mailbox)``, or what makes a participant from its
                `Context`.
        """
        self._makers[name] = make

    def run(
        self,
        *,
        seed: int | None = None,
        choices: Choices | None = None,
        in_place: bool = False,
        strict: bool = False,
        write: Callable[[bytes], object] | None = None,
        look: Look | None = None,
        sightings: Sightings | None = None,
        max_entries: int | None = None,
    ) -> Result:
        """Run the floor until nothing is left to happen.

        Args:
            seed: where the run's choices come from; None for those that the scenario has
                written down, and the default of each other.
            choices: instead of a seed, for instance `Recorded`.
            in_place: host participants that only answer without a task each.
            strict: watch every call for what differs from run to run.
            write: is given the journal, line by line without ends.
            look: is shown each entry as it is written, and the floor; what it raises ends
                the run.  Invariants do not watch then.
            sightings: take down what the run comes to.
            max_entries: how many deliveries and facts the run may have; any number without.

        Raises:
            RunError: if a participant raised, the floor got stuck, or time did not
                move on.  The journal holds what happened up to there.
            FenceBreach: if a participant asked for what differs from run to run.
        """
        plan = self.scenario.plan
        if choices is None:
            choices = self._choices() if seed is None else Seeded(seed)
        journal = Journal(write=write)
        journal.begin(
            Header(
                version=installed_version(),
                scenario=self.scenario.text,
                folder="" if self.scenario.folder == Path() else self.scenario.folder.as_posix(),
                overrides=self.scenario.overrides,
                seed=seed,
                choices=dict(choices.values) if isinstance(choices, Recorded) else None,
                plugins=dict(sorted(plan.shelf.used.items())),
            )
        )
        kernel = Kernel(
            choices=choices,
            journal=journal,
            latency=plan.latency,
            faults=plan.faults,
            max_entries=max_entries,
            in_place=in_place or plan.tables.scenario.hosting == "in-place",
            strict=strict,
            fenced=[*_ROOMS, *plan.shelf.modules],
        )
        for name, make in self._makers.items():
            kernel.add(name, make)
        self._schedule(kernel)
        floor = _Watched(plan, kernel)
        watchers = dict(watchers_of({} if look is not None else plan.invariants, floor))
        watch = Watch(watchers, journal.entries)
        if look is not None:
            journal.watch = partial(look, kernel)
        else:
            journal.watch = watch if sightings is None else sightings.besides(watch, plan, floor)
        outcome = "interrupted"
        try:
            kernel.run_to_end()
            violations = watch.end(kernel.now_ns)
            outcome = "finished"
        except Exception as error:  # said in the journal, and raised on
            outcome = str(error).partition("\n")[0]
            if isinstance(error, RunError):
                error.broken = tuple(watch.violations)
            raise
        finally:
            journal.end(outcome)
        judge = Judge(journal.entries, self.scenario.users, self.scenario.wording)
        return Result(
            scenario=self.scenario,
            seed=seed,
            digest=journal.digest,
            end_ns=kernel.now_ns,
            choices=dict(choices.taken),
            journal=tuple(journal.entries),
            verdicts=judge.judge(plan.tables.expect),
            invariants=tuple(watchers),
            violations=violations,
        )

    def _choices(self) -> Choices:
        """Return those that the scenario has written down, or the default of each."""
        written = self.scenario.plan.tables.choices
        return Recorded(written) if written else Defaults()

    def _schedule(self, kernel: Kernel) -> None:
        plan = self.scenario.plan
        # First, so that at one instant a board changes before anybody does anything.
        for venue in plan.venues.values():
            for board in venue.boards:
                for transition in board.timetable:
                    change = ChangeTradingState(board=board.name, state=transition.state.name)
                    kernel.schedule(transition.at_ns, venue.name, change)
        for step in plan.instructions:
            kernel.schedule(step.at_ns, step.instruction.recipient, step.instruction.message)
        for flow in plan.flows:
            for flow_step in flow.steps:
                kernel.schedule(flow_step.at_ns, flow.name, flow_step)
        for replay in plan.replays:
            kernel.schedule(0, replay.name, ReplayStart())


@functools.cache
def installed_version() -> str:
    """Return floorproof's own: looking it up takes longer than many a small run."""
    return importlib.metadata.version("floorproof")


@attrs.frozen
class _Watched:
    """The floor of one run, as its invariants know it (`plugins.watching.SearchedFloor`)."""

    _plan: Plan
    _kernel: Kernel

    @property
    def instruments(self) -> Mapping[Symbol, Instrument]:
        return self._plan.instruments

    @property
    def exchange_of(self) -> Mapping[Symbol, CompID]:
        return self._plan.exchange_of

    @property
    def users(self) -> Sequence[CompID]:
        return tuple(CompID(user.name) for user in self._plan.tables.user)

    @property
    def logins(self) -> Mapping[CompID, Logins]:
        return self._plan.logins

    @property
    def feed_readers(self) -> Mapping[CompID, CompID]:
        return {reader.name: reader.feed for reader in self._plan.feed_readers}

    @property
    def drop_copy(self) -> CopySetup | None:
        return self._plan.copying.setup(self._plan.registry)

    @property
    def states(self) -> Mapping[CompID, Mapping[str, TradingState]]:
        return {name: venue.states for name, venue in self._plan.venues.items()}

    @property
    def order_types(self) -> Mapping[CompID, Mapping[str, object]]:
        return self._plan.order_types

    @property
    def faults(self) -> Sequence[str]:
        faults = self._plan.faults
        kinds = (*LINK_KINDS, *ACTOR_KINDS, *CLOCK_KINDS)
        return () if faults is None else tuple(kind for kind in kinds if faults.budget(kind))

    @property
    def fault_plan(self) -> FaultPlan | None:
        return self._plan.faults

    def gateways(self, kind: str) -> Sequence[CompID]:
        return self._plan.gateways(kind)

    def algorithm(self, symbol: Symbol) -> Algorithm:
        return self._plan.venues[self._plan.exchange_of[symbol]].algorithms[symbol]

    def start(self, exchange: CompID) -> datetime:
        return self._plan.venues[exchange].start

    def rule_sets(self, exchange: CompID) -> Mapping[str, object]:
        return self._plan.venues[exchange].rule_sets

    def participant(self, name: str) -> object:
        return self._kernel.participant(name)


# --- who is on the floor, in the order of their ranks --------------------------------


def _makers(plan: Plan) -> Iterator[tuple[str, Factory]]:
    """Yield the participants with their makers, with whoever stands in front of them."""
    for name, make in _makers_behind(plan):
        for seat, stands in plan.in_front:
            if seat == name:
                make = partial(_in_front, stands, make)
        yield name, make


def _in_front(stands: Callable[[], Any], make: Factory, context: Context) -> Participant:
    made: Participant = stands().in_front_of(make, context)
    return made


def _makers_behind(plan: Plan) -> Iterator[tuple[str, Factory]]:
    """Yield the participants with their makers; whoever speaks FIX text is put behind it."""
    for name, make in _plain_makers(plan):
        clients = [each.client_end for each in plan.fix_sessions if each.owner == name]
        venues = [each.venue_end for each in plan.fix_sessions if each.venue == name]
        if clients:
            yield name, partial(_fix_client, make, clients)
        elif venues:
            rules = plan.venues[CompID(name)].rule_sets
            centre = None if plan.centre is None else plan.centre.name
            yield name, partial(_fix_venue, make, venues, rules, centre)
        else:
            yield name, make


def _fix_client(make: Factory, ends: Sequence[EndConfig], context: Context) -> Participant:
    inner = make(context)
    assert isinstance(inner, Responder), "the plan has seen to that"
    return FixClient(inner, ends, context)


def _fix_venue(
    make: Factory,
    ends: Sequence[EndConfig],
    rule_sets: Mapping[str, object],
    centre: CompID | None,
    context: Context,
) -> Participant:
    engine = make(context)
    assert isinstance(engine, MatchingEngine), "only an exchange has such sessions"
    return FixVenue(engine, ends, context, session_rules(venue_manager(rule_sets)), centre)


def _plain_makers(plan: Plan) -> Iterator[tuple[str, Factory]]:
    for user in plan.tables.user:
        yield user.name, _user(user, plan)
    for gateway in plan.tables.gateway:
        name = CompID(gateway.name)
        yield name, _sse(name, plan) if gateway.kind == "sse" else _exchange_gateway(name, plan)
    for venue in plan.venues.values():
        yield venue.name, _engine(venue, plan)
    for feed in plan.feeds:
        yield feed.name, _feed(feed, plan)
    for flow in plan.flows:
        yield flow.name, _flow(flow)
    for replay in plan.replays:
        yield replay.name, _replay(replay)
    for desk in plan.tables.drop_copy:
        if desk.target is None:
            yield desk.name, DropCopyDesk
    for copy_desk in plan.copying.desks:
        yield copy_desk.name, _copy_desk(copy_desk)
    for copier, config in plan.copying.gateways.items():
        yield copier, _copy_gateway(config)
    if plan.centre is not None:
        for centre_user in plan.centre.users:
            yield centre_user.name, _centre_user(plan)
        yield plan.centre.name, _centre(plan)
    for reader in plan.feed_readers:
        yield reader.name, _feed_reader(reader)
    for participant, make in plan.participants:
        yield participant, _participant(make)


def _centre_user(plan: Plan) -> Factory:
    assert plan.centre is not None, "whoever uses it has one"
    name = plan.centre.name
    return lambda _context: CentreUserDesk(name, plan.key_owners)


def _centre(plan: Plan) -> Factory:
    assert plan.centre is not None, "asked for where there is one"
    config = CentreConfig(
        make=plan.centre.make,
        group_services=tuple(plan.copying.gateways),
        key_services=plan.key_services,
        key_owners=plan.key_owners,
    )
    return lambda context: RequestCentreDesk(config, context)


def _durable(make: Factory) -> Factory:
    """Return a factory of somebody who writes everything down before he says anything.

    After a crash he is as he was: all that he knew was in his store.
    """

    def made(context: Context) -> Participant:
        known: Participant | None = context.store.get("participant")  # type: ignore[assignment]  # what survives is untyped
        if known is None:
            context.store["participant"] = known = make(context)
        return known

    return made


def _copy_desk(desk: CopyDesk) -> Factory:
    return lambda context: DropCopyClient(desk.ends, context)


def _copy_gateway(config: CopyGatewayConfig) -> Factory:
    return lambda context: CopyGateway(config, context)


def _participant(make: Callable[[], Any]) -> Factory:
    return lambda _context: make()


def _flow(flow: Flow) -> Factory:
    return lambda _context: MarketFlow(name=flow.name, exchange=flow.exchange)


def _user(user: UserTable, plan: Plan) -> Factory:
    def make(context: Context) -> Participant:
        name = CompID(context.name)
        match user.role:
            case "portfolio_manager":
                return PortfolioManager(name)
            case "execution_trader":
                return ExecutionTrader(name, user.habits)
            case _:
                return Administrator(plan.gateways("sse"))

    return _durable(make)  # a terminal has its book again from the gateways as it logs on


def _sse(name: CompID, plan: Plan) -> Factory:
    acting: dict[str, Any] = {
        kind: each for kind, each in plan.order_types[name].items() if acts(each)
    }
    staged: dict[str, Any] = {
        kind: each for kind, each in plan.order_types[name].items() if kind not in acting
    }
    config = SseGatewayConfig(
        logins=plan.logins[name],
        permissions=plan.permissions(),
        order_types=staged,
        synthetic=SyntheticHostConfig(
            order_types=acting,
            instruments=plan.listed_instruments,
            venues={
                symbol: _venue_of(symbol, venue)
                for venue in plan.venues.values()
                for symbol in venue.instruments
            },
        ),
        listed={
            gateway: {symbol: plan.instruments[symbol] for symbol in plan.listed(gateway)}
            for gateway in plan.gateways("exchange")
        },
        accounts=plan.accounts,
        administrators=plan.administrators,
    )
    return lambda context: SseGateway(config, context)


def _venue_of(symbol: Symbol, venue: Venue) -> VenueOf:
    return VenueOf(
        exchange=venue.name,
        gateway=venue.gateway,
        states=venue.states,
        hours=tuple(_hours(symbol, venue)),
        takes_market_orders=venue.instruments[symbol].market_orders,
    )


def _hours(symbol: Symbol, venue: Venue) -> Iterator[Hours]:
    """Yield when an instrument's market is to be open, by its board's timetable."""
    board = next((board for board in venue.boards if symbol in board.symbols), None)
    if board is None:
        yield Hours(0, None)
        return
    changes = [(0, board.state), *((each.at_ns, each.state) for each in board.timetable)]
    opens_ns: int | None = None
    for at_ns, state in changes:
        is_open = state.enter and state.match
        if is_open and opens_ns is None:
            opens_ns = at_ns
        elif not is_open and opens_ns is not None:
            if at_ns > opens_ns:
                yield Hours(opens_ns, at_ns)
            opens_ns = None
    if opens_ns is not None:
        yield Hours(opens_ns, None)


def _exchange_gateway(name: CompID, plan: Plan) -> Factory:
    config = ExchangeGatewayConfig(
        logins=plan.logins[name],
        exchanges=plan.listed(name),
        synthetic_gateways=plan.gateways("sse"),
    )
    return _durable(lambda context: ExchangeGateway(config, context))


def _engine(venue: Venue, plan: Plan) -> Factory:
    watchers, feeds = plan.watchers(), of_venue(plan.feeds, venue.name)
    copiers = plan.copying.copiers(venue.name)

    def make(context: Context) -> Participant:
        exchange = _exchange(venue, recorded=bool(feeds))
        return MatchingEngine(CompID(context.name), exchange, watchers, feeds, copiers)

    return _durable(make)


def _exchange(venue: Venue, *, recorded: bool = False) -> Exchange:
    manager = venue_manager(venue.rule_sets)
    rules = {symbol: venue_rules(manager, symbol) for symbol in venue.instruments}
    return Exchange(
        venue.instruments.values(),
        venue.algorithms,
        rules,
        admit=admission(manager),
        boards=venue.boards,
        states=venue.states.values(),
        chains=venue.chains,
        start=venue.start,
        recorded=recorded,
    )


def _feed(feed: Feed, plan: Plan) -> Factory:
    venue = plan.venues[feed.venue]
    # As the venue is at the start, which a feed begins with; the venue itself has its own.
    opening = known(venue, _exchange(venue))
    return lambda _context: FeedServer(feed.venue, feed.make(), opening, feed.session)


def _feed_reader(reader: Reader) -> Factory:
    return lambda _context: FeedReader(reader.feed, reader.at_ns)


def _replay(replay: Replay) -> Factory:
    return lambda _context: LobsterReplay(
        name=replay.name,
        exchange=replay.exchange,
        symbol=replay.symbol,
        messages=replay.messages,
        book=replay.book,
    )
