"""What a scenario declares, checked: every name leads somewhere before anything runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from ..market.centre_acts import CENTRE_ACTS
from ..market.identifiers import CompID, Symbol
from ..market.instrument import Instrument
from ..market.permissions import Permissions
from ..market.profile import VenueProfile
from ..market.staging import SetPermission
from ..market.wording import ORDER_TYPES
from ..plugins.actions import Instruction
from ..plugins.desk import OrderType
from ..plugins.manager import Plugins
from ..plugins.synthetic import InstrumentMaker, SyntheticInstrument, SyntheticOrderType, acts
from ..runtime.errors import FloorproofError
from ..runtime.kernel import ENVIRONMENT, Latency
from .copying import copying
from .copying import names as copying_names
from .crowd import flows, replays
from .errors import ScenarioError, blamed_on, listed, unknown
from .facts import facts_of
from .feeds import feeds, readers
from .fix_sessions import fix_sessions
from .forms import check_expectations
from .key_holders import key_owners, key_services
from .key_holders import warnings as key_warnings
from .people import accounts, logins, permissions_of, warnings
from .profiles import described
from .profiles import warnings as profile_warnings
from .reading import structure
from .registered import centre, registry
from .schema import ROLES, ScenarioFile, StepTable, check_name
from .shelf import Shelf
from .venues import Venue, venues, with_registered_firms
from .venues import warnings as market_warnings
from .watch import chosen_invariants, chosen_sometimes
from .weather import fault_plan


@attrs.frozen(kw_only=True)
class TimedInstruction:
    """What a step comes to."""

    step: int
    """The step's place in the file, from 0."""

    at_ns: int
    instruction: Instruction


class Plan:
    """A checked scenario: who and what is on the floor, ready to be made.

    Raises:
        ScenarioError: for the first thing that is wrong, with its path.
    """

    def __init__(self, tables: ScenarioFile, plugins: Plugins, folder: Path) -> None:
        self.shelf = Shelf(plugins)
        self.tables = tables = described(tables, self._profile)
        self.names = _names(tables)
        """Who is on the floor, and where the file declares him."""

        self._roles = {user.name: user.role for user in tables.user}
        self.venues: dict[CompID, Venue] = {
            venue.name: venue for venue in venues(tables, self.shelf)
        }
        self.logins = logins(tables)
        self.accounts = accounts(self.logins)
        self.order_types = self._order_types()
        self.made = self._made()
        """By symbol, what an order type makes: of which gateway, which type, and what."""

        self.flows = tuple(flows(tables, self.venues))
        self.replays = tuple(replays(tables, self.venues, folder))
        self.participants = tuple(self._participants(in_front=False))
        self.in_front = tuple(self._participants(in_front=True))
        self.invariants = chosen_invariants(tables.invariants, self.shelf)
        self.sometimes = chosen_sometimes(tables.invariants, self.shelf)
        self.feeds = tuple(feeds(tables, self.venues, self.sessions))
        self.feed_readers = tuple(readers(tables))
        self.registry = registry(tables, self.sessions)
        self.venues = {
            name: with_registered_firms(venue, self.registry, f"exchange[{index}]")
            for index, (name, venue) in enumerate(self.venues.items())
        }
        self.centre = centre(tables, self.registry)
        self.fix_sessions = tuple(
            fix_sessions(tables, self.venues, self.registry, self.sessions, self.centre)
        )
        self._check_fix_sessions()
        self.copying = copying(tables, self.venues, self.registry, self.centre)
        self.key_owners = key_owners(self.copying, self.fix_sessions)
        self.key_services = key_services(self.copying, self.fix_sessions)
        self._check_links()
        self.faults = fault_plan(tables.faults, self.names)
        self._check_drop_copies()
        self._step = ""
        self.instructions = tuple(self._instructions())
        offers = self.shelf.plugins.participants
        facts = facts_of(offers[table.kind].cls for table in tables.participant)
        check_expectations(tables.expect, self.names, self._roles, facts)
        self.warnings = (
            *warnings(tables, self.logins),
            *profile_warnings(tables, self._profile),
            *market_warnings(tables, self.venues),
            *key_warnings(
                self.centre,
                self.copying,
                self.fix_sessions,
                (each.instruction.message for each in self.instructions),
            ),
        )

    def reduced(self, steps: Collection[int], flows: Mapping[str, Collection[int]]) -> Plan:
        """Return this plan with some of its steps alone.

        Args:
            steps: the places in the file of those that are played, from 0.
            flows: by the flow's name, the places of its steps that are played, from 0.
        """
        kept, reduced = frozenset(steps), copy.copy(self)
        reduced.instructions = tuple(each for each in self.instructions if each.step in kept)
        reduced.flows = tuple(flow.played(flows.get(flow.name, ())) for flow in self.flows)
        return reduced

    # --- what is on the floor --------------------------------------------------------

    @property
    def instruments(self) -> dict[Symbol, Instrument]:
        return self.listed_instruments | {
            symbol: made.instrument for symbol, (_, _, made) in self.made.items()
        }

    @property
    def listed_instruments(self) -> dict[Symbol, Instrument]:
        """What exchanges list, and no order type makes."""
        return {
            symbol: instrument
            for venue in self.venues.values()
            for symbol, instrument in venue.instruments.items()
        }

    @property
    def exchange_of(self) -> dict[Symbol, CompID]:
        """Where each instrument is listed."""
        return {
            symbol: venue.name for venue in self.venues.values() for symbol in venue.instruments
        }

    @property
    def market_sessions(self) -> tuple[CompID, ...]:
        """The sessions that stand for the rest of the market."""
        return (*(flow.name for flow in self.flows), *(replay.name for replay in self.replays))

    @property
    def feed_participants(self) -> tuple[CompID, ...]:
        """The feeds, and who reads them: their traffic is bytes."""
        return (
            *(feed.name for feed in self.feeds),
            *(reader.name for reader in self.feed_readers),
        )

    def gateways(self, kind: str) -> tuple[CompID, ...]:
        return tuple(
            CompID(gateway.name) for gateway in self.tables.gateway if gateway.kind == kind
        )

    def listed(self, gateway: str) -> dict[Symbol, CompID]:
        """Return the instruments behind an exchange gateway, and the venue of each."""
        return {
            symbol: venue.name
            for venue in self.venues.values()
            if venue.gateway == gateway
            for symbol in venue.instruments
        }

    def permissions(self) -> Permissions:
        """Return what users may do as the run begins."""
        return Permissions({CompID(user.name): permissions_of(user) for user in self.tables.user})

    def latency(self, sender: str, recipient: str) -> Latency:
        """Return a link's latency: that of the sender's name, else of his role, else none."""
        for source in (sender, self._roles.get(sender)):
            for link in self.tables.link:
                if (link.sender, link.recipient) == (source, recipient):
                    return Latency(link.latency, link.jitter)
        return Latency()

    def watchers(self) -> dict[CompID, tuple[CompID, ...]]:
        """Return who watches each session."""
        watchers: dict[CompID, tuple[CompID, ...]] = {}
        for desk in self.tables.drop_copy:
            for session in desk.sessions:
                name = CompID(session)
                watchers[name] = (*watchers.get(name, ()), CompID(desk.name))
        return watchers

    # --- what a step may ask (`plugins.actions.FloorPlan`) ---------------------------

    def instrument(self, symbol: str) -> Instrument:
        instruments = self.instruments
        if symbol not in instruments:
            raise ValueError(unknown("instrument", symbol, instruments))
        return instruments[Symbol(symbol)]

    def user(self, name: str) -> CompID:
        if name not in self._roles:
            raise ValueError(unknown("user", name, self._roles))
        return CompID(name)

    def sse_gateway(self, user: str, name: str | None) -> CompID:
        own = self._sse_gateways_of(user)
        if name is not None:
            if name not in own:
                raise ValueError(f"{user} is not logged in at {name!r}, but at: {listed(own)}")
            return CompID(name)
        if not own:
            raise ValueError(f"{user} is logged in at no SSE gateway")
        if len(own) > 1:
            raise ValueError(
                f"{user} is logged in at {len(own)} SSE gateways ({listed(own)}): "
                "say which with `via`"
            )
        return own[0]

    def _sse_gateways_of(self, user: str) -> list[CompID]:
        return [
            gateway
            for gateway in self.gateways("sse")
            if CompID(user) in self.logins[gateway].by_user
        ]

    def synthetic(
        self, user: str, order_type: str | None, symbol: str, via: str | None
    ) -> tuple[CompID, str, type | None] | None:
        made = self.made.get(self.instrument(symbol).symbol)
        if made is None and (order_type is None or order_type in ORDER_TYPES):
            return None
        if made is None and via is None and not self._sse_gateways_of(user):
            raise ValueError(unknown("order type", str(order_type), ORDER_TYPES))
        gateway = self.sse_gateway(user, via if via or made is None else made[0])
        hosted = {name: each for name, each in self.order_types[gateway].items() if acts(each)}
        if made is not None and order_type in (None, "limit"):
            order_type = made[1]
        if order_type is None or order_type not in hosted:
            known = [*ORDER_TYPES, *hosted] if made is None else ["limit", *hosted]
            raise ValueError(unknown("order type", str(order_type), known))
        return gateway, order_type, getattr(hosted[order_type], "parameters", None)

    def structure(self, table: Mapping[str, Any], cls: type, where: str) -> Any:
        return structure(dict(table), cls, f"{self._step}.{where}", self.tables.scenario.start)

    def exchange_gateway(self, symbol: str | None, name: str | None) -> CompID:
        if name is not None or symbol is None:
            return CompID(_chosen("exchange gateway", name, self.gateways("exchange"), "gateway"))
        venue = self.venues[self.exchange(symbol, None)]
        if venue.gateway is None:
            raise ValueError(f"no gateway leads to {venue.name}, which lists {symbol}")
        return venue.gateway

    @property
    def administrators(self) -> tuple[CompID, ...]:
        return tuple(CompID(name) for name, role in self._roles.items() if role == "administrator")

    def is_administrator(self, user: str) -> bool:
        return self._roles.get(user) == "administrator"

    @property
    def centre_users(self) -> tuple[CompID, ...]:
        return () if self.centre is None else tuple(user.name for user in self.centre.users)

    def is_centre_user(self, user: str) -> bool:
        return user in self.centre_users

    def exchange(self, symbol: str | None, name: str | None) -> CompID:
        if symbol is None:
            return CompID(_chosen("exchange", name, tuple(self.venues), "exchange"))
        instrument = self.instrument(symbol)
        if instrument.symbol in self.made:
            made_by = self.made[instrument.symbol][1]
            raise ValueError(f"{symbol} is made by {made_by}, and listed at no exchange")
        venue = self.exchange_of[instrument.symbol]
        if name not in (None, venue):
            raise ValueError(f"{symbol} is listed at {venue}, not at {name!r}")
        return venue

    def board(self, name: str, exchange: str | None) -> CompID:
        boards = {
            venue.name: [board.name for board in venue.boards] for venue in self.venues.values()
        }
        if exchange is not None:
            exchange = self.exchange(None, exchange)
            boards = {venue: names for venue, names in boards.items() if venue == exchange}
        having = tuple(venue for venue, names in boards.items() if name in names)
        if not having:
            known = [each for names in boards.values() for each in names]
            raise ValueError(unknown("board", name, known))
        return CompID(_chosen(f"exchange with a board {name!r}", None, having, "exchange"))

    def state(self, exchange: CompID, name: str) -> str:
        states = self.venues[exchange].states
        if name not in states:
            raise ValueError(unknown(f"state of {exchange}", name, states))
        return name

    def fix_session(self, name: str, exchange: str | None) -> tuple[CompID, CompID]:
        """Return whose session it is, and at which venue."""
        sessions = [(each.owner, each.venue) for each in self.fix_sessions]
        sessions += [(desk.name, end.peer) for desk in self.copying.desks for end in desk.ends]
        at = tuple(venue for owner, venue in sessions if owner == name)
        if not at:
            known = list(dict.fromkeys(owner for owner, _ in sessions))
            raise ValueError(unknown("session in FIX text", name, known))
        venue = _chosen(f"exchange where {name} speaks FIX", exchange, at, "exchange")
        return CompID(name), CompID(venue)

    def session(self, name: str) -> CompID:
        if name not in self.sessions:
            raise ValueError(unknown("session", name, self.sessions))
        return CompID(name)

    @property
    def sessions(self) -> tuple[str, ...]:
        """Who may have a session at an exchange."""
        return (
            *self.gateways("exchange"),
            *self.market_sessions,
            *(name for name, _ in self.participants),
        )

    # --- what plugins bring ----------------------------------------------------------

    def _profile(self, name: str) -> VenueProfile:
        return self.shelf.take(self.shelf.plugins.venues[name])

    def _order_types(self) -> dict[CompID, dict[str, OrderType | SyntheticOrderType]]:
        types: dict[CompID, dict[str, OrderType | SyntheticOrderType]] = {}
        offers = self.shelf.plugins.order_types
        for index, gateway in enumerate(self.tables.gateway):
            where = f"gateway[{index}]"
            if gateway.kind != "sse":
                if gateway.settings:
                    raise ScenarioError(f"{where}.settings", "only an SSE gateway has order types")
                continue
            for name in gateway.settings:
                if name not in gateway.order_types:
                    raise ScenarioError(
                        f"{where}.settings.{name}",
                        unknown("order type of this gateway", name, gateway.order_types),
                    )
            mine: dict[str, Any] = {}
            for number, name in enumerate(gateway.order_types):
                with blamed_on(f"{where}.order_types[{number}]"):
                    cls = self.shelf.take(offers[name])
                settings = dict(gateway.settings.get(name, {}))
                mine[name] = structure(settings, cls, f"{where}.settings.{name}")
            types[CompID(gateway.name)] = mine
        return types

    def _made(self) -> dict[Symbol, tuple[CompID, str, SyntheticInstrument]]:
        made: dict[Symbol, tuple[CompID, str, SyntheticInstrument]] = {}
        listed_anywhere = self.listed_instruments
        for index, gateway in enumerate(self.tables.gateway):
            for name, order_type in self.order_types.get(CompID(gateway.name), {}).items():
                if not isinstance(order_type, InstrumentMaker):
                    continue
                where = f"gateway[{index}].settings.{name}"
                with blamed_on(where):
                    for each in order_type.instruments(listed_anywhere):
                        symbol = each.instrument.symbol
                        if symbol in listed_anywhere or symbol in made:
                            raise ScenarioError(where, f"there is a {symbol!r} already")
                        for leg in each.legs:
                            if leg not in listed_anywhere:
                                what = unknown(f"leg of {symbol}", leg, listed_anywhere)
                                raise ScenarioError(where, what)
                        made[symbol] = (CompID(gateway.name), name, each)
        return made

    def _participants(self, *, in_front: bool) -> Iterator[tuple[str, Callable[[], object]]]:
        for index, table in enumerate(self.tables.participant):
            if table.in_front != in_front:
                continue
            with blamed_on(f"participant[{index}].kind"):
                cls = self.shelf.take(self.shelf.plugins.participants[table.kind])
            if hasattr(cls, "in_front_of") != in_front:
                stands = "stands in front of others" if not in_front else "is somebody himself"
                raise ScenarioError(
                    f"participant[{index}].in_front",
                    f"{table.kind} {stands}: expected `in_front = {str(not in_front).lower()}`",
                )
            settings = dict(table.settings)
            where = f"participant[{index}].settings"
            structure(settings, cls, where)
            # A participant has state: each run gets one of its own.
            yield table.name, partial(structure, settings, cls, where)

    def _check_fix_sessions(self) -> None:
        """Check that whoever speaks FIX text only answers: text comes in between his answers."""
        offers = self.shelf.plugins.participants
        kinds = {
            table.name: offers[table.kind].cls
            for table in self.tables.participant
            if not table.in_front
        }
        for session in self.fix_sessions:
            cls = kinds.get(session.owner)
            if cls is not None and not hasattr(cls, "receive"):
                raise ScenarioError(
                    self._place_of(session.owner, session.venue),
                    f"{session.owner} waits in a task of its own: expected a participant that"
                    " only answers, with receive(delivery)",
                )

    def _place_of(self, owner: CompID, venue: CompID) -> str:
        index = [table.name for table in self.tables.exchange].index(venue)
        number = [table.name for table in self.tables.exchange[index].session].index(owner)
        return f"exchange[{index}].session[{number}].name"

    # --- links, copies, steps --------------------------------------------------------

    def _check_links(self) -> None:
        senders = [*self.names, *ROLES]
        places: dict[tuple[str, str], str] = {}
        for index, link in enumerate(self.tables.link):
            where = f"link[{index}]"
            if link.sender not in senders:
                raise ScenarioError(
                    f"{where}.from", unknown("participant or role", link.sender, senders)
                )
            if link.recipient not in self.names:
                raise ScenarioError(
                    f"{where}.to", unknown("participant", link.recipient, self.names)
                )
            ends = (link.sender, link.recipient)
            if ends in places:
                raise ScenarioError(
                    where, f"the link from {ends[0]} to {ends[1]} is given already, {places[ends]}"
                )
            places[ends] = where

    def _check_drop_copies(self) -> None:
        sessions = self.sessions
        for index, desk in enumerate(self.tables.drop_copy):
            for number, session in enumerate(desk.sessions):
                where = f"drop_copy[{index}].sessions[{number}]"
                if session not in sessions:
                    raise ScenarioError(where, unknown("session", session, sessions))
                if session in desk.sessions[:number]:
                    raise ScenarioError(where, f"{desk.name} watches {session} already")

    def _instructions(self) -> Iterator[TimedInstruction]:
        for index, step in enumerate(self.tables.step):
            self._step = f"step[{index}]"
            for instruction in self._act(step, self._step):
                yield TimedInstruction(step=index, at_ns=step.at, instruction=instruction)

    def _act(self, step: StepTable, where: str) -> list[Instruction]:
        """Return what a step comes to, all of it: an action may be anybody's code."""
        actors = [*self._roles, *(name for name, _ in self.participants), *self.centre_users]
        actors += (desk.name for desk in self.copying.desks)
        if step.who not in actors:
            raise ScenarioError(f"{where}.who", unknown("user", step.who, actors))
        with blamed_on(f"{where}.do"):
            offer = self.shelf.plugins.scenario_actions[step.do]
            cls = self.shelf.take(offer)
        action: Any = structure(dict(step.action), cls, where)
        with blamed_on(where):
            try:
                instructions: list[Instruction] = list(action.instructions(CompID(step.who), self))
            except (FloorproofError, ValueError):
                raise
            except Exception as error:  # an action is anybody's code
                raise ScenarioError(
                    where,
                    f"the action {step.do!r} of plugin {offer.plugin!r} raised "
                    f"{type(error).__name__}: {error}",
                ) from error
        for instruction in instructions:
            if self.is_administrator(instruction.recipient) and not isinstance(
                instruction.message, SetPermission
            ):
                raise ScenarioError(
                    f"{where}.do",
                    f"{instruction.recipient} is an administrator, who sets permissions and "
                    f"cannot {step.do!r}",
                )
            if self.is_centre_user(instruction.recipient) and not isinstance(
                instruction.message, CENTRE_ACTS
            ):
                raise ScenarioError(
                    f"{where}.do",
                    f"{instruction.recipient} is a user of the request centre, and cannot "
                    f"{step.do!r}",
                )
        return instructions


def _chosen(what: str, name: str | None, known: Sequence[str], key: str) -> str:
    """Return *name*, which must be known, or without one the only one that there is.

    Args:
        key: where a scenario says which.
    """
    if name is not None:
        if name not in known:
            raise ValueError(unknown(what, name, known))
        return name
    if len(known) != 1:
        found = f"there are {len(known)} ({listed(known)})" if known else "there is none"
        raise ValueError(f"expected one {what}, {found}: say which with `{key}`")
    return known[0]


_NAMED = ("user", "gateway", "exchange", "replay", "drop_copy", "participant", "feed_reader")
"""The tables that each declare somebody."""


def _names(tables: ScenarioFile) -> dict[str, str]:
    """Return where each name is declared; a name is declared once, and is no role's.

    Raises:
        ScenarioError: for the second that takes a name.
    """
    names = {ENVIRONMENT: "the environment's own name"} | dict.fromkeys(ROLES, "a role's name")
    reserved = list(names)
    declared = [
        (table.name, f"{key}[{index}].name")
        for key in _NAMED
        for index, table in enumerate(getattr(tables, key))
        if not getattr(table, "in_front", False)
    ]
    declared += [
        (feed.name, f"exchange[{index}].feed[{number}].name")
        for index, exchange in enumerate(tables.exchange)
        for number, feed in enumerate(exchange.feed)
    ]
    declared += [
        (flow.settings.name, f"flow[{index}].settings.name")
        for index, flow in enumerate(tables.flow)
    ]
    if tables.request_centre is not None:
        declared.append((tables.request_centre.name, "request_centre.name"))
        declared += [
            (user.name, f"request_centre.user[{index}].name")
            for index, user in enumerate(tables.request_centre.user)
        ]
    declared += copying_names(tables)
    for name, where in declared:
        with blamed_on(where):
            check_name(name)
        if name in names:
            raise ScenarioError(where, f"the name {name!r} is taken ({names[name]})")
        names[name] = where
    for name in reserved:
        del names[name]
    for index, table in enumerate(tables.participant):
        if table.in_front and table.name not in names:
            where = f"participant[{index}].name"
            raise ScenarioError(where, unknown("participant", table.name, names))
    return names
