"""The tables of a scenario file, as classes.

The names are the desk's: tick, quantity, account.  What a table may hold is what its
class has fields for; `floorproof.scenario.reading` turns text into these, and says
what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
from attrs import validators

from ..actors.execution_trader import Habits
from ..market.auction import CHAINS
from ..market.centre_users import Right
from ..market.copy_filters import CopyFilter
from ..market.firms import GatewayKind, Market
from ..market.identifiers import Duration
from ..market.staging import Permission
from ..market.wording import TIMES_IN_FORCE
from ..wire.itch import AssetType
from .flow import SyntheticFlow

Settings = Mapping[str, Any]
"""The settings of a plugin's class, checked against that class."""

ROLES = ("portfolio_manager", "execution_trader", "administrator")
GATEWAY_KINDS = ("sse", "exchange")
HOSTINGS = ("tasks", "in-place")

_not_negative: Any = validators.ge(0)


def key_of(field: attrs.Attribute[Any]) -> str:
    """Return the key that stands for a field in a table."""
    return str(field.metadata.get("key", field.alias))


def keys_of(cls: type) -> list[str]:
    """Return the keys that a table of this class may have."""
    return [key_of(field) for field in attrs.fields(cls) if field.init]


def check_name(name: str) -> None:
    """Check that a name can stand in a table, and in a sequence beside its arrow.

    Raises:
        ValueError: if it cannot.
    """
    if not name:
        raise ValueError(f"must not be empty, was {name!r}")
    if not name.isprintable() or name != name.strip() or ">" in name:
        raise ValueError(
            f"expected printable text without > and without blanks around it, found {name!a}"
        )


_CHOICE = re.compile(r"[a-z]+ .+>.+ [1-9]\d*|draw .+/.+ [1-9]\d*", re.ASCII)


def _choices(_table: object, _field: object, choices: Mapping[str, int]) -> None:
    for name, value in choices.items():
        if not _CHOICE.fullmatch(name):
            raise ValueError(f'expected names such as "order ET1>SSE-A 3", found {name!r}')
        if value < 0:
            raise ValueError(f"{name}: expected a number from 0, found {value}")


def _named(_table: object, _field: object, name: str) -> None:
    check_name(name)


@attrs.frozen(kw_only=True)
class ScenarioTable:
    """``[scenario]``: what the file is about."""

    name: str = attrs.field(validator=validators.min_len(1))
    start: datetime
    """When the run begins, with its offset; times in a run count from here."""

    description: str = ""
    hosting: str = attrs.field(default="tasks", validator=validators.in_(HOSTINGS))
    """Whether participants that only answer run in tasks of their own, or are called in place."""

    plugins: tuple[str, ...] = ()
    """Local files that hold plugins, relative to the scenario."""


@attrs.frozen(kw_only=True)
class GatewayTable:
    """``[[gateway]]``: users' way in."""

    name: str = attrs.field(validator=_named)
    kind: str = attrs.field(validator=validators.in_(GATEWAY_KINDS))
    order_types: tuple[str, ...] = ("BROKER",)
    """At an SSE gateway: the order types that it hosts."""

    settings: Mapping[str, Settings] = attrs.field(factory=dict)
    """At an SSE gateway: each order type's own table."""

    shared_books: tuple[tuple[str, str], ...] = ()
    """Pairs of ``Member/Group`` that share an order book although they differ."""


@attrs.frozen(kw_only=True)
class TickBandTable:
    """One band of a tick table: from this price upwards, this tick."""

    start: str
    tick: str


@attrs.frozen(kw_only=True)
class InstrumentTable:
    """``[[exchange.instrument]]``: what is traded in one order book."""

    symbol: str = attrs.field(validator=_named)
    product: str | None = None
    """The venue's code of what it is a contract of; what is not said here, that says."""

    month: str | None = None
    """The contract's delivery month, such as ``"2026-03"``."""

    price_decimals: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(0), validators.le(9)])
    )
    """Without it a product's: as many as its tick has."""

    tick: str | None = None
    ticks: tuple[TickBandTable, ...] = ()
    """Instead of ``tick``, where the tick depends on the price."""

    algorithm: str | None = None
    """Without it the product's, or F."""

    matching: Settings = attrs.field(factory=dict)
    """The settings of the algorithm."""

    point_value: Decimal | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(Decimal(0)))
    )
    """Without it the product's, or 1."""

    max_order_qty: int | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(0))
    )
    round_lot: int = attrs.field(default=1, validator=validators.ge(1))
    """What quantities are multiples of."""

    market_orders: bool = True
    """Whether it takes market and market-limit orders."""

    protection: str | None = None
    """How far, in points of the price, a market order or an elected stop may trade away
    from the touch or its trigger; without it nothing protects them."""

    reference: str | None = None
    """The price that an auction refers to before the first trade."""

    auction: str | None = attrs.field(
        default=None, validator=validators.optional(validators.in_(tuple(CHAINS)))
    )
    """How an auction's price is chosen (`floorproof.market.auction.CHAINS`); without it as the
    venue's rule sets have it, or else ``nsx``."""


@attrs.frozen(kw_only=True)
class StateTable:
    """``[[exchange.state]]``: what a market takes while it is in this state."""

    name: str = attrs.field(validator=_named)
    enter: bool = True
    modify: bool = True
    cancel: bool = True
    match: bool = True
    """Whether orders trade as they arrive."""

    report: bool = True
    """Whether trades made elsewhere may be reported."""

    quote: bool | None = None
    """Whether it takes mass quotes; if it takes new orders and matches, unless it is given."""

    immediate: bool | None = None
    """Whether it takes orders that must trade at once; as ``match``, unless it is given."""

    indicative: bool = False
    """Whether the price and quantity of an auction at the moment are published."""

    uncross: bool = False
    """Whether it begins with the auction."""

    ends_day: bool = False
    """Whether orders for the day, or until a date that has come, expire as it begins."""

    lives: tuple[str, ...] = attrs.field(
        default=tuple(TIMES_IN_FORCE),
        validator=validators.deep_iterable(validators.in_(tuple(TIMES_IN_FORCE))),
    )
    """The times in force of the orders that may be entered, modified or canceled."""


@attrs.frozen(kw_only=True)
class TransitionTable:
    """``[[exchange.board.timetable]]``: when the board enters which state."""

    at: Duration
    state: str


@attrs.frozen(kw_only=True)
class BoardTable:
    """``[[exchange.board]]``: instruments that go through the day together."""

    name: str = attrs.field(validator=_named)
    symbols: tuple[str, ...] = attrs.field(validator=validators.min_len(1))
    state: str
    """The one that the run begins in."""

    timetable: tuple[TransitionTable, ...] = ()


@attrs.frozen(kw_only=True)
class FeedBookTable:
    """``[[exchange.feed.book]]``: what a feed says of one instrument."""

    symbol: str
    orderbook: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(1), validators.lt(2**32)])
    )
    """Its number on the feed; without it, its place among the exchange's instruments."""

    board: str | None = None
    """Without it the name of the board that it is on, or NCRP."""

    product: str = ""
    isin: str = ""
    security_name: str = ""
    currency: str = "AUD"
    asset_type: AssetType = AssetType.EQUITY


@attrs.frozen(kw_only=True)
class FeedTable:
    """``[[exchange.feed]]``: a public feed of the exchange (NETS ITCH over SoupBinTCP)."""

    name: str = attrs.field(validator=_named)
    session: str | None = None
    """The name of its session, up to ten letters and digits; without it, the date."""

    firms: Mapping[str, int] = attrs.field(factory=dict)
    """The firm number of each session at the exchange; orders of others name no firm."""

    book: tuple[FeedBookTable, ...] = ()


_SECOND_NS = 1_000_000_000


@attrs.frozen(kw_only=True)
class FixSessionTable:
    """``[[exchange.session]]``: one that speaks FIX text; its comp id is in ``[registry]``."""

    name: str
    """Who has it: a gateway, a flow, a participant."""

    segment: str | None = attrs.field(
        default=None, validator=validators.optional(validators.matches_re("[0-9]{2}"))
    )
    """The market segment that it leads to (FIX 57), if that is one: an MSGW session."""

    indicator: str = attrs.field(default="N", validator=validators.in_(("N", "U")))
    """The seventh character of its comp id: no fault tolerance, or not yet designated."""

    heartbeat: Duration = attrs.field(
        default=Duration(30 * _SECOND_NS), validator=validators.ge(Duration(_SECOND_NS))
    )
    location: str = attrs.field(default="US,IL", validator=validators.min_len(1))
    connects: bool = True
    """Whether it connects and logs on as the run begins."""

    operators: tuple[str, ...] = ()
    """Who may send over it (FIX 50); anybody where none is given."""

    manual: bool = True
    """Whether people send what is sent (FIX 1028)."""

    reconnect: Duration | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(Duration(0)))
    )
    """How long after it has lost its connection it connects again; it waits for a step without."""

    max_resend: int = attrs.field(default=2_500, validator=validators.ge(1))
    largest_order: int = attrs.field(default=99_999, validator=validators.ge(1))
    """An order for more is refused by the session."""

    secure: bool = False
    """Whether its logons are signed with secure keys, those of the first three characters of its
    comp id, which a request centre has."""

    order_id_required: bool = True
    """Whether a cancel and a change must have the venue's number of the order (FIX 37)."""

    @heartbeat.validator
    def _whole(self, _field: object, found: int) -> None:
        if found % _SECOND_NS:
            raise ValueError(f"expected whole seconds, was {found} ns")


@attrs.frozen(kw_only=True)
class ExchangeTable:
    """``[[exchange]]``: a venue with its instruments and its rule sets."""

    name: str = attrs.field(validator=_named)
    gateway: str | None = None
    """The exchange gateway that leads here; none where only sessions of its own trade."""

    rules: tuple[str, ...] = ()
    """Beside the venue's own, if it has a profile."""

    settings: Mapping[str, Settings] = attrs.field(factory=dict)
    """Each rule set's own table."""

    venue: str | None = None
    """The profile of a venue: its products, hours, states and rule sets, and how these are
    set.  What the other keys say goes before."""

    days: int = attrs.field(default=1, validator=[validators.ge(1), validators.le(250)])
    """How many trading dates of the venue the timetables of its boards are for."""

    time_zone: str | None = None
    """Whose dates it goes by; without it those of the start as the file has it."""

    instrument: tuple[InstrumentTable, ...] = ()
    """Where a venue has none, each of its products is listed once, under its code."""

    state: tuple[StateTable, ...] = ()
    board: tuple[BoardTable, ...] = ()
    feed: tuple[FeedTable, ...] = ()
    comp_id: str = attrs.field(default="CME", validator=validators.matches_re("[0-9A-Z]{1,7}"))
    """What sessions in FIX text call it (FIX 56)."""

    session: tuple[FixSessionTable, ...] = ()
    """Those that speak FIX text; all others speak in messages."""


@attrs.frozen(kw_only=True)
class LoginTable:
    """``[[user.login]]``: a user's credentials at one gateway."""

    gateway: str
    routing_mgt: str
    exchange_mgt: str | tuple[str, ...]
    """The membership that orders go out on; of several the first is used."""

    account: str | None = None


@attrs.frozen(kw_only=True)
class AccountTable:
    """``[[user.account]]``: what a user may do with staged orders of one account."""

    account: str = attrs.field(validator=validators.min_len(1))
    permissions: tuple[Permission, ...] = ()


@attrs.frozen(kw_only=True)
class UserTable:
    """``[[user]]``: a person at a screen."""

    name: str = attrs.field(validator=_named)
    role: str = attrs.field(validator=validators.in_(ROLES))
    permissions: tuple[Permission, ...] = ()
    """For all accounts."""

    account: tuple[AccountTable, ...] = ()
    oms_allowed: bool = True
    """Whether he may do anything with staged orders."""

    login: tuple[LoginTable, ...] = ()
    habits: Habits = attrs.field(factory=Habits)
    """What an execution trader does unasked."""


@attrs.frozen(kw_only=True)
class LinkTable:
    """``[[link]]``: how long messages take from a sender, or a role, to a recipient."""

    sender: str = attrs.field(metadata={"key": "from"})
    """A name or a role; a name comes before a role."""

    recipient: str = attrs.field(metadata={"key": "to"})
    latency: Duration = attrs.field(default=Duration(0), validator=_not_negative)
    jitter: Duration = attrs.field(default=Duration(0), validator=_not_negative)
    """How much longer it may take, as a choice of the run."""


@attrs.frozen(kw_only=True)
class FaultsTable:
    """``[faults]``: what may go wrong in a run that has a seed, or choices written down.

    See `floorproof.runtime.faults.FaultPlan` for what each kind is.
    """

    drop: int = attrs.field(default=0, validator=_not_negative)
    """How many messages are lost at most; so of each kind."""

    duplicate: int = attrs.field(default=0, validator=_not_negative)
    delay: int = attrs.field(default=0, validator=_not_negative)
    reorder: int = attrs.field(default=0, validator=_not_negative)
    cut: int = attrs.field(default=0, validator=_not_negative)
    partition: int = attrs.field(default=0, validator=_not_negative)
    pause: int = attrs.field(default=0, validator=_not_negative)
    crash: int = attrs.field(default=0, validator=_not_negative)
    slow: int = attrs.field(default=0, validator=_not_negative)
    skew: int = attrs.field(default=0, validator=_not_negative)
    one_in: int = attrs.field(default=50, validator=validators.ge(1))
    """How rare a fault is: one of so many messages has it, while there may be more."""

    longest: Duration = attrs.field(
        default=Duration(100_000_000), validator=validators.gt(Duration(0))
    )
    """How long a delay, a cut, a pause, an outage or one message of somebody slow lasts at most."""

    queue: int = attrs.field(default=8, validator=validators.ge(1))
    """How many messages wait for somebody slow at most; the next that comes is dropped."""

    clock_off: Duration = attrs.field(
        default=Duration(50_000_000), validator=validators.gt(Duration(0))
    )
    """How far a clock is off at most, ahead or behind."""

    until: Duration | None = None
    """From then on nothing goes wrong any more, what is cut is healed, and who was slow has
    caught up; clocks stay as they are."""

    settle: Duration = attrs.field(default=Duration(0), validator=_not_negative)
    """How long the floor goes on after that, and within which it must agree (`agreement`)."""

    links: tuple[str, ...] = ()
    """The links that are not reliable, as ``"ET1>SSE-A"``; all if there are none."""

    sessions: tuple[str, ...] = ()
    """The links with a session that asks again for what it has missed: there messages are late
    at most, and somebody who was down has them once he is back."""

    actors: tuple[str, ...] = ()
    """Those who may pause, crash and be slow, and whose clocks may be off."""


@attrs.frozen(kw_only=True)
class FlowTable:
    """``[[flow]]``: a session that trades a seeded synthetic flow."""

    exchange: str
    settings: SyntheticFlow
    only: tuple[int, ...] | None = None
    """The numbers of the steps that are played of it, from 1; all if there is no such key."""


@attrs.frozen(kw_only=True)
class ReplayTable:
    """``[[replay]]``: a session that plays a LOBSTER file, and compares book for book."""

    name: str = attrs.field(validator=_named)
    exchange: str
    symbol: str
    messages: Path
    """The message file, relative to the scenario."""

    book: Path | None = None
    """The order book file that belongs to it."""


@attrs.frozen(kw_only=True)
class DropCopyTable:
    """``[[drop_copy]]``: a third party that gets copies of what sessions are told."""

    name: str = attrs.field(validator=_named)
    sessions: tuple[str, ...] = ()
    """The sessions at the exchanges that it watches, all of them and everything: gateways,
    flows, participants."""

    target: str | None = None
    """Instead, the target session that it logs on to, in FIX text; what it gets is what the
    drop copy group has that the session serves."""

    connects: bool = True
    """Whether it logs on as the run begins, or as soon as it has its secure key."""

    heartbeat: Duration = attrs.field(
        default=Duration(30_000_000_000), validator=validators.ge(Duration(1_000_000_000))
    )
    operator: str | None = None
    """Who logs on (FIX 50); without it the target's comp id."""

    location: str = "US,IL"


@attrs.frozen(kw_only=True)
class CopyServiceTable:
    """``[drop_copy_service]``: the exchange's side of drop copy."""

    name: str = attrs.field(default="DROPCOPY", validator=_named)
    """The gateway for sources on convenience gateways; each exchange's own has a dash and the
    exchange's name behind it."""

    secure: bool = True
    """Whether logons are signed with secure keys."""

    order_rejects: bool = True
    """Whether the filter Reject admits order and cancel rejects too."""

    overlap: int = attrs.field(default=3, validator=_not_negative)
    """How many copies are sent again, as possible resends, after a failover."""

    failover_step: int = attrs.field(default=4_000, validator=validators.ge(1))
    max_resend: int = attrs.field(default=2_500, validator=validators.ge(1))


@attrs.frozen(kw_only=True)
class FeedReaderTable:
    """``[[feed_reader]]``: somebody who knows the market from a feed's bytes alone."""

    name: str = attrs.field(validator=_named)
    feed: str
    at: Duration = attrs.field(default=Duration(0), validator=_not_negative)
    """When it logs in; it gets all messages of the session."""

    shown: bool = False
    """Whether ``run`` prints what it reads, with the book beside each message."""


@attrs.frozen(kw_only=True)
class FirmTable:
    """``[[registry.firm]]``: a Globex firm."""

    gfid: str
    entity: str = attrs.field(validator=_named)
    """The registered entity that it belongs to."""

    clearing_firm: str | None = None
    """The firm that guarantees it; without one it clears for itself."""


@attrs.frozen(kw_only=True)
class SenderCompTable:
    """``[[registry.sender_comp]]``: a firm's order entry session."""

    comp_id: str
    """Three characters of the session, three of the firm."""

    session: str
    """Who has it on the floor: a gateway, a flow, a participant."""

    kind: GatewayKind = GatewayKind.CGW
    market: Market = Market.GLOBEX


@attrs.frozen(kw_only=True)
class TargetTable:
    """``[[registry.target]]``: a drop copy session that an entity has been assigned."""

    comp_id: str
    entity: str
    kind: GatewayKind = GatewayKind.CGW
    market: Market = Market.GLOBEX


@attrs.frozen(kw_only=True)
class RegistryTable:
    """``[registry]``: who is registered at the exchange."""

    front_ends: tuple[str, ...] = ()
    """The front end systems that a drop copy group may be given."""

    market_data: Mapping[str, str] = attrs.field(factory=dict)
    """The entity of each market data session that secure keys may belong to."""

    firm: tuple[FirmTable, ...] = ()
    sender_comp: tuple[SenderCompTable, ...] = ()
    target: tuple[TargetTable, ...] = ()


@attrs.frozen(kw_only=True)
class CentreUserTable:
    """``[[request_centre.user]]``: a person who uses the request centre."""

    name: str = attrs.field(validator=_named)
    entities: tuple[str, ...] = attrs.field(validator=validators.min_len(1))
    rights: tuple[Right, ...] = ()
    email: str = ""


@attrs.frozen(kw_only=True)
class KeyTable:
    """``[[request_centre.key]]``: a secure key pair from before the run."""

    session: str
    """The first three characters of an order entry session's comp id, a target's comp id, or
    a market data session."""

    created: date


@attrs.frozen(kw_only=True)
class GroupTable:
    """``[[request_centre.group]]``: a drop copy group from before the run."""

    entity: str
    name: str
    front_end: str
    filters: tuple[CopyFilter, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    market: Market = Market.GLOBEX
    gfids: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RequestCentreTable:
    """``[request_centre]``: where groups and keys are asked for."""

    name: str = attrs.field(default="CENTRE", validator=_named)
    fee: Decimal = attrs.field(default=Decimal(0), validator=validators.ge(Decimal(0)))
    """What every group but the first costs, in US dollars."""

    setup: Duration = attrs.field(default=Duration(0), validator=_not_negative)
    """How long a request is in progress."""

    daily_setup: str | None = None
    """Instead, the time of day at which requests are set up, such as ``"16:00"``."""

    codes_per_day: int = attrs.field(default=10, validator=_not_negative)
    source_limits: bool = False
    environment: str = "Production"
    market_close: str = "16:00"
    """The time of day that keys end with."""

    time_zone: str = "America/Chicago"
    holidays: tuple[date, ...] = ()
    """Weekdays without a market close."""

    user: tuple[CentreUserTable, ...] = ()
    key: tuple[KeyTable, ...] = ()
    group: tuple[GroupTable, ...] = ()


@attrs.frozen(kw_only=True)
class ParticipantTable:
    """``[[participant]]``: a participant that a plugin offers."""

    name: str = attrs.field(validator=_named)
    kind: str
    in_front: bool = False
    """Whether it stands in front of the participant of that name, whom there is already."""

    settings: Settings = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class InvariantsTable:
    """``[invariants]``: which of them watch, besides all that are not costly."""

    on: tuple[str, ...] = ()
    """Costly ones that watch as well."""

    off: tuple[str, ...] = ()
    """Those that do not."""

    settings: Settings = attrs.field(factory=dict)
    """A table for each that has settings, by its name."""


@attrs.frozen(kw_only=True)
class StepTable:
    """``[[step]]``: who does what, when.  What else it holds is the action's."""

    at: Duration
    who: str
    do: str
    action: Settings
    """All other keys."""


@attrs.frozen(kw_only=True)
class ExpectTable:
    """``[[expect]]``: what must hold; one of its forms."""

    kind: str | None = None
    """A message by the desk's word for it (`floorproof.market.wording`)."""

    where: Settings = attrs.field(factory=dict)
    """Fields of the message and their values."""

    sender: str | None = attrs.field(default=None, metadata={"key": "from"})
    to: tuple[str, ...] | None = None
    """Who gets it, and nobody else does."""

    times: int = attrs.field(default=1, validator=_not_negative)
    """How often each of them gets it."""

    sequence: tuple[str, ...] = ()
    """Messages in this order: ``"StagedAck SSE-A > PM1"``, with others in between or not."""

    nothing_to: str | None = None
    """A participant that gets no message at all."""

    order: str | None = None
    """A staged order, or an order, by name: how it stands at the end, in ``state``."""

    user: str | None = None
    """In whose window; where none is given, in every window that shows it."""

    state: Settings = attrs.field(factory=dict)

    fact: str | None = None
    """A kind of journal fact: ``times`` of them, from ``by``, with ``where`` in them.

    Known are those of `floorproof.scenario.facts` and those that the class of a
    ``[[participant]]`` declares in ``facts``.  Another may be expected where such a
    class declares nothing; that there is none of it cannot be, as it might be misspelt.
    """

    by: str | None = None


@attrs.frozen(kw_only=True)
class ScenarioFile:
    """A whole file."""

    scenario: ScenarioTable
    gateway: tuple[GatewayTable, ...] = ()
    exchange: tuple[ExchangeTable, ...] = ()
    user: tuple[UserTable, ...] = ()
    link: tuple[LinkTable, ...] = ()
    faults: FaultsTable = attrs.field(factory=FaultsTable)
    flow: tuple[FlowTable, ...] = ()
    replay: tuple[ReplayTable, ...] = ()
    drop_copy: tuple[DropCopyTable, ...] = ()
    feed_reader: tuple[FeedReaderTable, ...] = ()
    drop_copy_service: CopyServiceTable = attrs.field(factory=CopyServiceTable)
    registry: RegistryTable | None = None
    request_centre: RequestCentreTable | None = None
    participant: tuple[ParticipantTable, ...] = ()
    invariants: InvariantsTable = attrs.field(factory=InvariantsTable)
    choices: Mapping[str, int] = attrs.field(factory=dict, validator=_choices)
    """What the environment chooses where no seed says so, by the name of the choice as
    a run records it (``"order ET1>SSE-A 3"``); each other is 0, the default."""
    step: tuple[StepTable, ...] = ()
    expect: tuple[ExpectTable, ...] = ()
