"""A venue and its sessions in FIX text, moved message by message, without a floor."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NoReturn

import attrs

from floorproof.actors.fix_client import FixClient
from floorproof.actors.fix_end import EndConfig
from floorproof.actors.fix_venue import FixVenue
from floorproof.actors.matching_engine import MatchingEngine
from floorproof.market.exchange import Exchange
from floorproof.market.fix_line import FixText
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument
from floorproof.plugins.binding import session_rules, venue_manager
from floorproof.runtime.participant import Answer, Context, Delivery, Fact, Send
from floorproof.wire.fix_header import utc_timestamp
from floorproof.wire.fix_session_values import Role, SessionSettings
from floorproof.wire.ilink_forms import Dialect, Talk

START = datetime(2023, 7, 17, 13, 30, tzinfo=UTC)
VENUE = CompID("CME")


@attrs.define(eq=False)
class Trader:
    """Sends the venue what it is told to, and keeps what the venue says."""

    heard: list[object] = attrs.field(factory=list)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        if delivery.sender == "scenario":
            yield Send(VENUE, delivery.message)
        else:
            self.heard.append(delivery.message)


@attrs.define(eq=False)
class Desk:
    """Traders, each with a session, and their venue; time stands still unless it is moved."""

    exchange: Exchange
    instruments: Mapping[Symbol, Instrument]
    sessions: Mapping[str, tuple[str, str | None]]
    """By name: the comp id, and the market segment of an MSGW session."""

    operators: tuple[str, ...] = ()
    order_id_required: bool = True
    rule_sets: Mapping[str, object] = attrs.field(factory=dict)
    """Those that are asked about sessions."""

    now_ns: int = 0
    traders: dict[str, Trader] = attrs.field(init=False, factory=dict)
    texts: list[str] = attrs.field(init=False, factory=list)
    """Every message in text, as people print it."""

    facts: list[str] = attrs.field(init=False, factory=list)
    _seats: dict[str, FixClient | FixVenue] = attrs.field(init=False, factory=dict)
    _queue: deque[tuple[str, Send]] = attrs.field(init=False, factory=deque)

    def __attrs_post_init__(self) -> None:
        ends = []
        for name, (comp_id, segment) in self.sessions.items():
            client, acceptor = self._ends(name, comp_id, segment)
            self.traders[name] = trader = Trader()
            self._seats[name] = FixClient(trader, [client], _context(name))
            ends.append(acceptor)
        engine = MatchingEngine(VENUE, self.exchange)
        rules = session_rules(venue_manager(self.rule_sets))
        self._seats[VENUE] = FixVenue(engine, ends, _context(VENUE), rules)
        for name in self.sessions:
            seat = self._seats[name]
            assert isinstance(seat, FixClient)
            self._take(name, seat.start())
            self._run()

    def _ends(self, name: str, comp_id: str, segment: str | None) -> tuple[EndConfig, EndConfig]:
        dialect = Dialect(
            session=CompID(name),
            operator=comp_id,
            instruments=self.instruments,
            start=START,
            order_id_required=self.order_id_required,
        )
        client = SessionSettings(
            role=Role.INITIATOR,
            sender_comp_id=f"{comp_id}N",
            target_comp_id="CME",
            sender_sub_id=comp_id,
            target_sub_id=segment or "G",
            start=START,
        )
        acceptor = attrs.evolve(
            client,
            role=Role.ACCEPTOR,
            sender_comp_id="CME",
            target_comp_id=comp_id,
            sender_sub_id=segment or "G",
        )
        return (
            EndConfig(peer=VENUE, settings=client, dialect=dialect),
            EndConfig(
                peer=CompID(name), settings=acceptor, dialect=dialect, operators=self.operators
            ),
        )

    # --- what happens ----------------------------------------------------------------

    def send(self, who: str, request: object) -> None:
        """Let *who* send a request to the venue, and everything that comes of it happen."""
        self._deliver("scenario", Send(who, request))
        self._run()

    def say(self, sender: str, recipient: str, message: object) -> None:
        """Let *sender* send *recipient* anything, and everything that comes of it happen."""
        self._deliver(sender, Send(recipient, message))
        self._run()

    def do(self, who: str, act: object) -> None:
        """Let the scenario do something to *who*'s session."""
        self.send(who, act)

    def raw(self, who: str, data: bytes) -> list[str]:
        """Let the venue get bytes on *who*'s line; return what it says, as people print it."""
        before = len(self.texts)
        connection = self.connection(who)
        self._deliver(who, Send(VENUE, FixText(connection, data.decode("latin-1"))))
        for sender, send in [each for each in self._queue if each[1].recipient == who]:
            self._queue.remove((sender, send))  # nobody is there to read it
            if isinstance(send.message, FixText):
                self.texts.append(f"{sender} {send.message.shown}")
        self._run()
        return self.texts[before:]

    def connection(self, who: str) -> int:
        client = self._seats[who]
        assert isinstance(client, FixClient)
        return client._clients[VENUE].end.connection

    def venue_expects(self, who: str) -> int:
        """Return the number that the venue expects next from *who*."""
        venue = self._seats[VENUE]
        assert isinstance(venue, FixVenue)
        return venue._ends[CompID(who)].session.next_in

    def is_logged_on(self, who: str) -> bool:
        venue = self._seats[VENUE]
        assert isinstance(venue, FixVenue)
        return venue._ends[CompID(who)].session.is_logged_on

    def talk(self, who: str) -> Talk:
        """Return what *who*'s end knows as it is about to say something."""
        client = self._seats[who]
        assert isinstance(client, FixClient)
        return client._clients[VENUE].end.talk(self.now_ns, returns=False)

    def header(self, who: str, msg_type: str) -> list[tuple[int, str]]:
        """Return a client's header for the message that the venue expects next."""
        comp_id, segment = self.sessions[who]
        return [
            (35, msg_type),
            (34, str(self.venue_expects(who))),
            (52, utc_timestamp(START, self.now_ns)),
            (49, f"{comp_id}N"),
            (50, "ET1"),
            (56, "CME"),
            (57, segment or "G"),
            (142, "US,IL"),
        ]

    def _run(self) -> None:
        while self._queue:
            sender, send = self._queue.popleft()
            self._deliver(sender, send)

    def _deliver(self, sender: str, send: Send) -> None:
        if isinstance(send.message, FixText):
            self.texts.append(f"{sender} {send.message.shown}")
        delivery = Delivery(send.message, sender, send.recipient, 0, 0, 0, 0, now_ns=self.now_ns)
        self._take(send.recipient, self._seats[send.recipient].receive(delivery))

    def _take(self, name: str, answers: Iterator[Answer]) -> None:
        for answer in answers:
            if isinstance(answer, Fact):
                self.facts.append(f"{name} {answer.kind} {answer.payload}")
            elif not answer.delay_ns:  # a session's timer: nobody waits for it here
                self._queue.append((name, answer))


def _context(name: str) -> Context:
    def no_stream(purpose: str) -> NoReturn:
        raise AssertionError(f"{name} draws no random numbers for {purpose}")

    return Context(name, {}, no_stream)
