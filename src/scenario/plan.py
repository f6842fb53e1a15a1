"""What a scenario declares, checked: every name leads somewhere before anything runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ..actors.market_flow import FlowStep
from ..market.credentials import Credential, Login, Logins, SharedBooks, books_apart
from ..market.identifiers import Account, CompID, Symbol
from ..market.instrument import Instrument, TickBand, TickTable
from ..market.matching import Algorithm
from ..market.staging import Permission
from ..market.window import OrderRow, StagedRow
from ..market.wording import LABELS
from ..plugins.actions import Instruction
from ..plugins.binding import venue_manager, venue_rules
from ..plugins.desk import OrderType
from ..plugins.manager import Offer, Plugins
from ..runtime.errors import FloorproofError
from ..runtime.kernel import ENVIRONMENT, Latency
from ..wire.lobster import (
    PRICE_DECIMALS,
    LobsterBook,
    LobsterError,
    LobsterMessage,
    parse_book,
    parse_messages,
)
from .errors import ScenarioError
from .flow import generate
from .reading import near, structure
from .schema import (
    ROLES,
    ExchangeTable,
    ExpectTable,
    InstrumentTable,
    LoginTable,
    ReplayTable,
    ScenarioFile,
    UserTable,
)

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Venue:
    """One exchange, as it is to be made."""

    name: CompID
    gateway: CompID | None
    instruments: Mapping[Symbol, Instrument]
    algorithms: Mapping[str, Algorithm]
    rule_sets: Mapping[str, object]
    """Instances with their settings, in the order in which they are asked."""


@attrs.frozen(kw_only=True)
class Replay:
    """One LOBSTER replay, its files read."""

    name: CompID
    exchange: CompID
    symbol: Symbol
    messages: tuple[LobsterMessage, ...]
    book: LobsterBook | None


@attrs.frozen(kw_only=True)
class TimedInstruction:
    """What a step comes to."""

    at_ns: int
    instruction: Instruction


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"no {what} named {name!r}{near(name, names)} (there are: {', '.join(names) or 'none'})"


class Plan:
    """A checked scenario: who and what is on the floor, ready to be made.

    Raises:
        ScenarioError: for the first thing that is wrong, with its path.
    """

    def __init__(self, tables: ScenarioFile, plugins: Plugins, folder: Path) -> None:
        self.tables = tables
        self._plugins = plugins
        self._folder = folder
        self.used: dict[str, str] = {}
        """The plugins that this scenario uses, and their versions."""

        self.fenced: list[str] = []
        """The modules of what plugins contribute."""

        self.names = self._all_names()
        self._roles = {user.name: user.role for user in tables.user}
        self._gateways = {gateway.name: gateway for gateway in tables.gateway}
        self.venues = {venue.name: venue for venue in self._venues()}
        self._exchange_of = {
            symbol: venue for venue in self.venues.values() for symbol in venue.instruments
        }
        self.logins = self._logins()
        self.accounts = self._accounts()
        self.order_types = self._order_types()
        self.flows = self._flows()
        self.replays = tuple(self._replays())
        self.participants = tuple(self._participants())
        self._check_rest()
        self.instructions = tuple(self._steps())
        self._check_expectations()
        self.warnings = tuple(self._warn())

    # --- what is on the floor --------------------------------------------------------

    @property
    def instruments(self) -> dict[Symbol, Instrument]:
        return {
            symbol: instrument
            for venue in self.venues.values()
            for symbol, instrument in venue.instruments.items()
        }

    @property
    def market_sessions(self) -> tuple[CompID, ...]:
        """The sessions that stand for the rest of the market."""
        return (*self.flows, *(replay.name for replay in self.replays))

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

    def permissions(self) -> dict[CompID, tuple[Permission, ...]]:
        return {CompID(user.name): user.permissions for user in self.tables.user}

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
            raise ValueError(_unknown("instrument", symbol, instruments))
        return instruments[Symbol(symbol)]

    def user(self, name: str) -> CompID:
        if name not in self._roles:
            raise ValueError(_unknown("user", name, self._roles))
        return CompID(name)

    def sse_gateway(self, user: str, name: str | None) -> CompID:
        own = [gateway for gateway in self.gateways("sse") if self._has_login(user, gateway)]
        if name is not None:
            if name not in own:
                raise ValueError(f"{user} is not logged in at {name!r}, but at: {_listed(own)}")
            return CompID(name)
        if len(own) != 1:
            raise ValueError(
                f"{user} is logged in at {len(own)} SSE gateways ({_listed(own)}): "
                "say which with `via`"
            )
        return own[0]

    def exchange_gateway(self, symbol: str, name: str | None) -> CompID:
        venue = self._exchange_of.get(Symbol(symbol))
        if name is not None:
            if name not in self._gateways:
                raise ValueError(_unknown("gateway", name, self._gateways))
            return CompID(name)
        if venue is None:
            raise ValueError(_unknown("instrument", symbol, self._exchange_of))
        if venue.gateway is None:
            raise ValueError(f"no gateway leads to {venue.name}, which lists {symbol}")
        return venue.gateway

    def is_administrator(self, user: str) -> bool:
        return self._roles.get(user) == "administrator"

    def _has_login(self, user: str, gateway: str) -> bool:
        return CompID(user) in self.logins[CompID(gateway)].by_user

    # --- names -----------------------------------------------------------------------

    def _all_names(self) -> dict[str, str]:
        """Return where each name is declared; a name is declared once."""
        names: dict[str, str] = {ENVIRONMENT: "the environment's own name"}
        for key in ("user", "gateway", "exchange", "replay", "drop_copy", "participant"):
            for index, table in enumerate(getattr(self.tables, key)):
                self._declare(names, table.name, f"{key}[{index}].name")
        for index, flow in enumerate(self.tables.flow):
            self._declare(names, flow.settings.name, f"flow[{index}].settings.name")
        del names[ENVIRONMENT]
        return names

    @staticmethod
    def _declare(names: dict[str, str], name: str, where: str) -> None:
        if name in names:
            raise ScenarioError(where, f"the name {name!r} is taken ({names[name]})")
        names[name] = where

    def _use(self, offer: Offer[T]) -> T:
        self.used[offer.plugin] = offer.version
        module = getattr(offer.cls, "__module__", None)
        if module is not None:
            self.fenced.append(module)
        return offer.cls

    # --- exchanges -------------------------------------------------------------------

    def _venues(self) -> Iterator[Venue]:
        seen: dict[str, str] = {}
        for index, table in enumerate(self.tables.exchange):
            where = f"exchange[{index}]"
            if table.gateway is not None:
                gateway = self._gateways.get(table.gateway)
                if gateway is None or gateway.kind != "exchange":
                    known = self.gateways("exchange")
                    raise ScenarioError(
                        f"{where}.gateway", _unknown("exchange gateway", table.gateway, known)
                    )
            instruments: dict[Symbol, Instrument] = {}
            algorithms: dict[str, Algorithm] = {}
            for number, each in enumerate(table.instrument):
                at = f"{where}.instrument[{number}]"
                if each.symbol in seen:
                    raise ScenarioError(
                        f"{at}.symbol", f"{each.symbol!r} is listed already, at {seen[each.symbol]}"
                    )
                seen[each.symbol] = at
                instruments[Symbol(each.symbol)] = _instrument(each, at)
                with _refused(f"{at}.algorithm"):
                    cls = self._use(self._plugins.matching_algorithms[each.algorithm])
                algorithms[each.algorithm] = cls()
            yield Venue(
                name=CompID(table.name),
                gateway=CompID(table.gateway) if table.gateway else None,
                instruments=instruments,
                algorithms=algorithms,
                rule_sets=self._rule_sets(table, where),
            )

    def _rule_sets(self, table: ExchangeTable, where: str) -> dict[str, object]:
        with _refused(f"{where}.rules"):
            offers = self._plugins.resolve(table.rules)
        names = [offer.name for offer in offers]
        for name in table.settings:
            if name not in names:
                raise ScenarioError(
                    f"{where}.settings.{name}", _unknown("rule set of this exchange", name, names)
                )
        rule_sets: dict[str, object] = {
            offer.name: structure(
                dict(table.settings.get(offer.name, {})),
                self._use(offer),
                f"{where}.settings.{offer.name}",
            )
            for offer in offers
        }
        with _refused(f"{where}.rules"):
            manager = venue_manager(rule_sets)
            for instrument in table.instrument:
                venue_rules(manager, Symbol(instrument.symbol))
        return rule_sets

    # --- users -----------------------------------------------------------------------

    def _logins(self) -> dict[CompID, Logins]:
        by_gateway: dict[str, list[Login]] = {name: [] for name in self._gateways}
        routed: set[tuple[str, str]] = set()
        for user in self.tables.user:
            if user.role == "execution_trader":
                routed |= {(each.gateway, each.routing_mgt) for each in user.login}
        for index, user in enumerate(self.tables.user):
            self._check_user(user, f"user[{index}]")
            for number, table in enumerate(user.login):
                where = f"user[{index}].login[{number}]"
                login = self._login(user, table, where)
                if any(other.user == login.user for other in by_gateway[table.gateway]):
                    raise ScenarioError(
                        where, f"{user.name} has two logins at {table.gateway}, one is allowed"
                    )
                key = (table.gateway, str(login.exchange))
                if login.routing.is_ttord and key not in routed:
                    raise ScenarioError(
                        f"{where}.exchange_mgt",
                        f"{login.routing} maps to {login.exchange}, which no execution trader "
                        f"holds at {table.gateway}",
                    )
                by_gateway[table.gateway].append(login)
        return {
            CompID(name): Logins.of(logins, self._shared_books(name))
            for name, logins in by_gateway.items()
        }

    def _check_user(self, user: UserTable, where: str) -> None:
        habits = user.habits
        idle = not (habits.claims_whatever_is_available or habits.works_in_children_of)
        if user.role != "execution_trader" and not idle:
            raise ScenarioError(f"{where}.habits", f"{user.name} is no execution trader")
        if user.role == "administrator" and (user.login or user.permissions):
            raise ScenarioError(
                where, f"{user.name} is an administrator, who has no logins and no permissions"
            )

    def _login(self, user: UserTable, table: LoginTable, where: str) -> Login:
        if table.gateway not in self._gateways:
            raise ScenarioError(
                f"{where}.gateway", _unknown("gateway", table.gateway, self._gateways)
            )
        first = table.exchange_mgt if isinstance(table.exchange_mgt, str) else table.exchange_mgt[0]
        if not first:
            raise ScenarioError(
                f"{where}.exchange_mgt",
                f"{table.routing_mgt} maps to no exchange trader; expected Member/Group/Trader",
            )
        with _refused(f"{where}.routing_mgt"):
            routing = Credential.parse(table.routing_mgt)
        with _refused(f"{where}.exchange_mgt"):
            login = Login(
                user=CompID(user.name),
                routing=routing,
                exchange=Credential.parse(first),
                account=Account(table.account) if table.account else None,
            )
        if not routing.is_ttord and login.exchange != routing:
            raise ScenarioError(
                f"{where}.exchange_mgt",
                f"{routing} is a direct login, whose exchange credential is its own; "
                f"found {login.exchange}",
            )
        return login

    def _shared_books(self, gateway: str) -> SharedBooks:
        pairs = []
        for index, pair in enumerate(self._gateways[gateway].shared_books):
            books = [tuple(book.split("/")) for book in pair]
            if not all(len(book) == 2 and all(book) for book in books):
                at = [each.name for each in self.tables.gateway].index(gateway)
                raise ScenarioError(
                    f"gateway[{at}].shared_books[{index}]",
                    f"expected two of the form Member/Group, found {list(pair)}",
                )
            pairs.append(frozenset((book[0], book[1]) for book in books))
        return frozenset(pairs)

    def _accounts(self) -> dict[Account, tuple[CompID, ...]]:
        accounts: dict[Account, tuple[CompID, ...]] = {}
        for logins in self.logins.values():
            for login in logins.by_user.values():
                if login.account and login.user not in accounts.get(login.account, ()):
                    accounts[login.account] = (*accounts.get(login.account, ()), login.user)
        return accounts

    # --- what else plugins bring -----------------------------------------------------

    def _order_types(self) -> dict[CompID, dict[str, OrderType]]:
        types: dict[CompID, dict[str, OrderType]] = {}
        for index, gateway in enumerate(self.tables.gateway):
            if gateway.kind != "sse":
                if gateway.settings:
                    raise ScenarioError(
                        f"gateway[{index}].settings", "only an SSE gateway has order types"
                    )
                continue
            for name in gateway.settings:
                if name not in gateway.order_types:
                    raise ScenarioError(
                        f"gateway[{index}].settings.{name}",
                        _unknown("order type of this gateway", name, gateway.order_types),
                    )
            mine: dict[str, Any] = {}
            for name in gateway.order_types:
                with _refused(f"gateway[{index}].order_types"):
                    cls = self._use(self._plugins.order_types[name])
                mine[name] = structure(
                    dict(gateway.settings.get(name, {})), cls, f"gateway[{index}].settings.{name}"
                )
            types[CompID(gateway.name)] = mine
        return types

    def _participants(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for index, table in enumerate(self.tables.participant):
            with _refused(f"participant[{index}].kind"):
                cls = self._use(self._plugins.participants[table.kind])
            settings = dict(table.settings)
            where = f"participant[{index}].settings"
            structure(settings, cls, where)
            # A participant has state: each run gets one of its own.
            yield table.name, partial(structure, settings, cls, where)

    # --- the market ------------------------------------------------------------------

    def _venue(self, name: str, where: str) -> Venue:
        if name not in self.venues:
            raise ScenarioError(where, _unknown("exchange", name, self.venues))
        return self.venues[CompID(name)]

    def _listed_at(self, venue: Venue, symbol: str, where: str) -> Instrument:
        if symbol not in venue.instruments:
            what = f"instrument of {venue.name}"
            raise ScenarioError(where, _unknown(what, symbol, venue.instruments))
        return venue.instruments[Symbol(symbol)]

    def _flows(self) -> dict[CompID, tuple[CompID, tuple[FlowStep, ...]]]:
        flows = {}
        for index, table in enumerate(self.tables.flow):
            where = f"flow[{index}]"
            venue = self._venue(table.exchange, f"{where}.exchange")
            settings = table.settings
            instrument = self._listed_at(venue, settings.symbol, f"{where}.settings.symbol")
            with _refused(f"{where}.settings"):
                steps = generate(settings, instrument, random.Random(settings.seed))
            flows[settings.name] = (venue.name, steps)
        return flows

    def _replays(self) -> Iterator[Replay]:
        for index, table in enumerate(self.tables.replay):
            where = f"replay[{index}]"
            venue = self._venue(table.exchange, f"{where}.exchange")
            instrument = self._listed_at(venue, table.symbol, f"{where}.symbol")
            if instrument.price_decimals != PRICE_DECIMALS:
                raise ScenarioError(
                    f"{where}.symbol",
                    f"a LOBSTER file has {PRICE_DECIMALS} price decimals, "
                    f"{table.symbol} has {instrument.price_decimals}",
                )
            yield self._replay(table, venue, where)

    def _replay(self, table: ReplayTable, venue: Venue, where: str) -> Replay:
        text = self._file(table.messages, f"{where}.messages")
        book = None
        with _refused(where):
            messages = parse_messages(text, str(table.messages))
            if table.book is not None:
                rows = self._file(table.book, f"{where}.book")
                book = parse_book(rows, str(table.book), rows=len(messages))
        return Replay(
            name=CompID(table.name),
            exchange=venue.name,
            symbol=Symbol(table.symbol),
            messages=messages,
            book=book,
        )

    def _file(self, path: Path, where: str) -> str:
        try:
            return (self._folder / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ScenarioError(where, f"cannot read {path}: {reason}") from None

    # --- links, copies, steps, expectations ------------------------------------------

    def _check_rest(self) -> None:
        senders = [*self.names, *ROLES]
        for index, link in enumerate(self.tables.link):
            if link.sender not in senders:
                raise ScenarioError(
                    f"link[{index}].from", _unknown("participant or role", link.sender, senders)
                )
            self._named(link.recipient, f"link[{index}].to")
        sessions = [
            *self.gateways("exchange"),
            *self.market_sessions,
            *(name for name, _ in self.participants),
        ]
        for index, desk in enumerate(self.tables.drop_copy):
            for number, session in enumerate(desk.sessions):
                if session not in sessions:
                    raise ScenarioError(
                        f"drop_copy[{index}].sessions[{number}]",
                        _unknown("session", session, sessions),
                    )

    def _named(self, name: str, where: str) -> None:
        if name not in self.names:
            raise ScenarioError(where, _unknown("participant", name, self.names))

    def _steps(self) -> Iterator[TimedInstruction]:
        for index, step in enumerate(self.tables.step):
            where = f"step[{index}]"
            self._named(step.who, f"{where}.who")
            with _refused(f"{where}.do"):
                cls = self._use(self._plugins.scenario_actions[step.do])
            action: Any = structure(dict(step.action), cls, where)
            with _refused(where):
                for instruction in action.instructions(CompID(step.who), self):
                    yield TimedInstruction(at_ns=step.at, instruction=instruction)

    def _check_expectations(self) -> None:
        rows = {field.name for cls in (StagedRow, OrderRow) for field in attrs.fields(cls)}
        for index, table in enumerate(self.tables.expect):
            where = f"expect[{index}]"
            self._check_form(table, where)
            if table.kind is not None:
                self._check_message(table.kind, table.where, where)
            for number, line in enumerate(table.sequence):
                self._check_line(line, f"{where}.sequence[{number}]")
            for name in (table.sender, *(table.to or ()), table.nothing_to, table.user, table.by):
                if name is not None:
                    self._named(name, where)
            for key in table.state:
                if key not in rows:
                    raise ScenarioError(f"{where}.state", _unknown("column", key, sorted(rows)))

    @staticmethod
    def _check_form(table: ExpectTable, where: str) -> None:
        forms = {
            "kind": table.kind,
            "sequence": table.sequence,
            "nothing_to": table.nothing_to,
            "order": table.order,
            "fact": table.fact,
        }
        chosen = [name for name, value in forms.items() if value]
        if len(chosen) != 1:
            raise ScenarioError(
                where, f"expected one of {', '.join(forms)}; found {_listed(chosen)}"
            )

    @staticmethod
    def _check_message(kind: str, fields: Iterable[str], where: str) -> None:
        cls = LABELS.get(kind)
        if cls is None:
            raise ScenarioError(f"{where}.kind", _unknown("message", kind, LABELS))
        known = [field.name for field in attrs.fields(cls)]
        for field in fields:
            if field not in known:
                raise ScenarioError(f"{where}.where", _unknown(f"field of {kind}", field, known))

    def _check_line(self, line: str, where: str) -> None:
        parts = line.split()
        if len(parts) != 4 or parts[2] != ">":
            raise ScenarioError(where, f'expected "StagedAck SSE-A > PM1", found {line!r}')
        self._check_message(parts[0], (), where)
        if parts[1] != ENVIRONMENT:
            self._named(parts[1], where)
        self._named(parts[3], where)

    def _warn(self) -> Iterator[str]:
        """Yield what is allowed and seldom meant."""
        for held in self.gateways("sse"):
            for traded in self.gateways("exchange"):
                for one, other in books_apart(self.logins[held], self.logins[traded]):
                    yield (
                        f"{one} and {other} share an order book at {held} but not at {traded}: "
                        "each sees the other's staged orders and not their children"
                    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _instrument(table: InstrumentTable, where: str) -> Instrument:
    if (table.tick is None) == (not table.ticks):
        raise ScenarioError(where, "expected either tick or ticks")
    bare = Instrument(
        symbol=Symbol(table.symbol),
        price_decimals=table.price_decimals,
        ticks=TickTable.uniform(1),
        point_value=table.point_value,
        algorithm=table.algorithm,
        max_order_qty=table.max_order_qty,
    )
    with _refused(f"{where}.tick" if table.tick is not None else f"{where}.ticks"):
        if table.tick is not None:
            ticks = TickTable.uniform(bare.to_price(table.tick))
        else:
            ticks = TickTable(
                tuple(
                    TickBand(bare.to_price(band.start), bare.to_price(band.tick))
                    for band in table.ticks
                )
            )
    return attrs.evolve(bare, ticks=ticks)


def instruments_of(tables: ScenarioFile) -> dict[Symbol, Instrument]:
    """Return what the exchanges of a scenario list, and nothing checked but that.

    Raises:
        ScenarioError: if an instrument cannot be.
    """
    return {
        Symbol(table.symbol): _instrument(table, f"exchange[{index}].instrument[{number}]")
        for index, exchange in enumerate(tables.exchange)
        for number, table in enumerate(exchange.instrument)
    }


class _refused:
    """Gives an error of something that a scenario names the place where it names it."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, _cls: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, ScenarioError):
            return
        if isinstance(error, FloorproofError | ValueError | LobsterError):
            text = str(error.args[0]) if error.args else type(error).__name__
            raise ScenarioError(self._where, text) from None
