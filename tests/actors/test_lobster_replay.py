"""The replay of a LOBSTER file, against the product's own matching."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from floorproof.actors.lobster_replay import Halted, LobsterReplay, ReplayStart
from floorproof.actors.matching_engine import MatchingEngine
from floorproof.market.exchange import Exchange
from floorproof.market.fix import Side, TimeInForce
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from floorproof.market.replay import Account, LevelChange, LevelInSight
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.choices import Choices, Defaults, Seeded
from floorproof.runtime.journal import Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.participant import Answer, Delivery, Fact, Responder, Send
from floorproof.wire.lobster import parse_book, parse_messages
from floorproof.wire.lobster_orders import LobsterOrders

MARKET, VENUE, AAPL = CompID("MARKET"), CompID("XNAS"), Symbol("AAPL")


@attrs.define
class Venue:
    """The product's exchange, in whose mailbox nothing waits."""

    exchange: Exchange

    @classmethod
    def of_tick(cls, tick: int) -> Venue:
        """Return a venue that trades AAPL in units of a hundredth of a cent."""
        aapl = Instrument(symbol=AAPL, price_decimals=4, ticks=TickTable.uniform(tick))
        return cls(Exchange([aapl], {aapl.symbol: Fifo()}))

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        request = delivery.message
        assert isinstance(
            request,
            NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | MarketDataRequest,
        )
        for report in self.exchange.receive(request, delivery.now_ns).reports:
            yield Send(delivery.sender, report)


@attrs.define
class Played:
    """What one replay put on record, and what it sent when."""

    facts: list[tuple[int, Fact]] = attrs.field(factory=list)
    sent: list[tuple[int, object]] = attrs.field(factory=list)

    def of(self, kind: str) -> list[object]:
        return [fact.payload for _, fact in self.facts if fact.kind == kind]

    @property
    def account(self) -> Account:
        [account] = self.of("replay_account")
        assert isinstance(account, Account)
        return account

    @property
    def unexplained(self) -> list[str]:
        return [str(fact) for fact in self.of("unexplained")]

    def orders(self) -> list[str]:
        return [line for at_ns, message in self.sent if (line := _told(at_ns, message)) is not None]


def _told(at_ns: int, message: object) -> str | None:
    match message:
        case NewOrderSingle(cl_ord_id=name, side=side, order_qty=qty, price=price) as order:
            ioc = " IOC" if order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL else ""
            return f"{at_ns} {name}: {side.name} {qty} @ {price}{ioc}"
        case OrderCancelReplaceRequest() as change:
            return f"{at_ns} {change.cl_ord_id}: {change.orig_cl_ord_id} to {change.order_qty}"
        case OrderCancelRequest() as cancel:
            return f"{at_ns} {cancel.cl_ord_id}: cancel {cancel.orig_cl_ord_id}"
        case _:
            return None


def delivery_of(
    message: object, sender: str = MARKET, recipient: str = VENUE, now_ns: int = 0
) -> Delivery:
    return Delivery(message, sender, recipient, rank=0, count=1, nth=1, cause=0, now_ns=now_ns)


def play(replay: LobsterReplay, venue: Venue, latency_ns: int = 0) -> Played:
    """Run *replay* against *venue*: a calendar of deliveries, one after the other."""
    played = Played()
    counter = itertools.count(1)
    calendar: list[tuple[int, int, str, str, object]] = [(0, 0, "floor", MARKET, ReplayStart())]
    while calendar:
        now_ns, _, sender, recipient, message = heapq.heappop(calendar)
        delivery = delivery_of(message, sender, recipient, now_ns)
        participant: Responder = replay if recipient == MARKET else venue
        for answer in participant.receive(delivery):
            if isinstance(answer, Fact):
                played.facts.append((now_ns, answer))
                continue
            if recipient == MARKET and answer.recipient == VENUE:
                played.sent.append((now_ns, answer.message))
            wait_ns = answer.delay_ns + (latency_ns if answer.recipient != recipient else 0)
            heapq.heappush(
                calendar,
                (now_ns + wait_ns, next(counter), recipient, answer.recipient, answer.message),
            )
    return played


def replay_of(messages: str, book: str | None = None) -> LobsterReplay:
    parsed = parse_messages(messages, "messages.csv")
    return LobsterReplay(
        name=MARKET,
        exchange=VENUE,
        symbol=AAPL,
        messages=parsed,
        book=None if book is None else parse_book(book, "book.csv", len(parsed)),
    )


@pytest.fixture
def venue() -> Venue:
    return Venue.of_tick(1)


# Two levels a side.  Before the file the book has 30 at 99, 20 at 101 and 40 at 102.
SMALL_MESSAGES = """\
100.0,1,11,10,100,1
100.000000005,2,11,4,100,1
100.000000005,4,11,2,100,1
100.000000009,7,0,0,-1,-1
100.000000009,7,0,0,1,-1
100.000000010,5,0,7,100,1
100.000000010,3,11,4,100,1
"""
NO_OFFER, NO_BID = "9999999999,0", "-9999999999,0"
SMALL_BOOK = f"""\
101,20,100,10,102,40,99,30
101,20,100,6,102,40,99,30
101,20,100,4,102,40,99,30
101,20,100,4,102,40,99,30
101,20,100,4,102,40,99,30
101,20,100,4,102,40,99,30
101,20,99,30,102,40,{NO_BID}
"""
SMALL_STORY = [
    "0 S-BUY-99: BUY 30 @ 99",
    "0 S-SELL-101: SELL 20 @ 101",
    "0 S-SELL-102: SELL 40 @ 102",
    "0 11: BUY 10 @ 100",
    "5 11/1: 11 to 6",
    "5 A3: SELL 2 @ 100 IOC",
    "10 C7.1: cancel 11/1",
]


@pytest.mark.rule("FLOW-1", "FLOW-2")
def test_each_type_becomes_the_requests_that_make_it_happen(venue: Venue) -> None:
    played = play(replay_of(SMALL_MESSAGES, SMALL_BOOK), venue)

    assert played.orders() == SMALL_STORY
    assert played.account.lines() == (
        "messages 7",
        "top of book equal 7/7",
        "2 levels equal in 7 rows",
        "a level came into sight in 0 rows (0 new, 0 gone, 0 changed)",
        "0 messages name orders from before the file",
        "1 hidden execution leaves the book alone",
        "2 halt messages",
        "0 unexplained",
    )


@pytest.mark.rule("FLOW-2")
def test_halt_goes_on_record_at_its_own_time(venue: Venue) -> None:
    played = play(replay_of(SMALL_MESSAGES), venue)

    halts = [(at_ns, fact.payload) for at_ns, fact in played.facts if fact.kind == "halt"]
    assert halts == [
        (9, Halted(row=4, what="trading halts")),
        (9, Halted(row=5, what="trading resumes")),
    ]


def test_a_late_answer_delays_what_follows_and_nothing_overtakes(venue: Venue) -> None:
    at_once = play(replay_of(SMALL_MESSAGES, SMALL_BOOK), Venue.of_tick(1))

    late = play(replay_of(SMALL_MESSAGES, SMALL_BOOK), venue, latency_ns=50)

    untimed = [line.partition(" ")[2] for line in late.orders()]
    assert untimed == [line.partition(" ")[2] for line in at_once.orders()]
    assert late.account == at_once.account


def test_without_a_book_nothing_is_seeded_and_nothing_compared(venue: Venue) -> None:
    before_file = "100.0,3,5,10,100,1\n100.0,4,6,10,101,-1\n"

    played = play(replay_of(before_file + SMALL_MESSAGES), venue)

    assert played.orders() == [
        *SMALL_STORY[3:5],
        "5 A5: SELL 2 @ 100 IOC",
        "10 C9.1: cancel 11/1",
    ]
    assert played.account.lines() == (
        "messages 9",
        "2 messages name orders from before the file",
        "1 hidden execution leaves the book alone",
        "2 halt messages",
        "book not compared",
    )


@pytest.mark.rule("FLOW-2")
def test_partial_cancel_counts_what_was_filled(venue: Venue) -> None:
    played = play(
        replay_of("100,1,11,10,100,1\n100,4,11,3,100,1\n100,2,11,2,100,1\n100,3,11,5,100,1\n"),
        venue,
    )

    assert played.orders()[2:] == ["0 11/1: 11 to 8", "0 C4.1: cancel 11/1"]
    assert played.unexplained == []


@pytest.mark.rule("FLOW-4")
def test_orders_from_before_the_file_come_off_the_seeded_order(venue: Venue) -> None:
    played = play(
        replay_of(
            "100,1,11,5,99,1\n100,2,7,10,99,1\n100,4,8,20,99,1\n100,4,11,1,99,1\n100,3,9,40,102,-1\n",
            f"""\
101,20,99,35,102,40,{NO_BID}
101,20,99,25,102,40,{NO_BID}
101,20,99,5,102,40,{NO_BID}
101,20,99,4,102,40,{NO_BID}
101,20,99,4,9999999999,0,{NO_BID}
""",
        ),
        venue,
    )

    assert played.orders()[3:] == [
        "0 11: BUY 5 @ 99",
        "0 S-BUY-99/1: S-BUY-99 to 20",
        "0 A3: SELL 20 @ 99 IOC",
        "0 A4: SELL 1 @ 99 IOC",
        "0 C5.1: cancel S-SELL-102",
    ]
    assert played.account.from_before == 3
    assert played.unexplained == []


FIRST_MESSAGES = {
    "new": ("1,10,100,1", "101,20,100,10,102,40,99,30"),
    "partial cancel": ("2,10,100,1", "101,20,100,5,102,40,99,30"),
    "delete": ("3,10,100,1", "101,20,99,30,102,40,98,1"),
    "execution": ("4,10,101,-1", "101,5,100,5,102,40,99,30"),
    "execution of a level": ("4,10,101,-1", "102,40,100,5,103,40,99,30"),
    "hidden execution": ("5,10,101,-1", "102,40,100,5,103,40,99,30"),
}


@pytest.mark.parametrize(("message", "row"), FIRST_MESSAGES.values(), ids=FIRST_MESSAGES.keys())
def test_after_the_first_message_the_book_is_row_1(message: str, row: str, venue: Venue) -> None:
    kind, rest = message.split(",", 1)

    played = play(replay_of(f"100,{kind},1,{rest}", row), venue)

    assert played.account.levels_equal == 1
    assert played.unexplained == []


@pytest.mark.rule("FLOW-3")
def test_a_level_out_of_sight_is_taken_over_when_it_comes_back(venue: Venue) -> None:
    # Bids, two in sight: 100 and 99; 98 falls out of sight in row 1, as 11 arrives, and
    # is changed when it comes back in row 2.  97 is new in row 3.  In row 5 both are
    # back, after 12 and 13 had pushed them out; 98 has gone for good.
    played = play(
        replay_of(
            "100,1,10,5,98,1\n100,1,11,10,100,1\n100,3,11,10,100,1\n100,3,7,30,99,1\n"
            "100,1,12,1,99,1\n100,1,13,1,100,1\n100,3,13,1,100,1\n",
            f"""\
101,20,99,30,{NO_OFFER},98,5
101,20,100,10,{NO_OFFER},99,30
101,20,99,30,{NO_OFFER},98,4
101,20,98,4,{NO_OFFER},97,9
101,20,99,1,{NO_OFFER},98,4
101,20,100,1,{NO_OFFER},99,1
101,20,99,1,{NO_OFFER},97,9
""",
        ),
        venue,
    )

    assert played.of("came_into_sight") == [
        _in_sight(3, 98, "changed", 4, 5),
        _in_sight(4, 97, "new", 9, 0),
        _in_sight(7, 98, "gone", 0, 4),
    ]
    assert played.account.lines()[1:] == (
        "top of book equal 7/7",
        "2 levels equal in 4 rows",
        "a level came into sight in 3 rows (1 new, 1 gone, 1 changed)",
        "1 message names an order from before the file",
        "0 hidden executions leave the book alone",
        "0 unexplained",
    )


@pytest.mark.rule("FLOW-3")
def test_a_level_that_came_back_smaller_lost_its_newest_orders(venue: Venue) -> None:
    played = play(
        replay_of(
            "100,1,10,5,98,1\n100,1,11,5,98,1\n100,1,12,10,100,1\n100,3,12,10,100,1\n",
            f"""\
101,20,99,30,{NO_OFFER},98,5
101,20,99,30,{NO_OFFER},98,10
101,20,100,10,{NO_OFFER},99,30
101,20,99,30,{NO_OFFER},98,4
""",
        ),
        venue,
    )

    assert played.orders()[-2:] == ["0 C4.2: cancel 11", "0 10/1: 10 to 4"]
    assert played.unexplained == []


def _in_sight(row: int, price: int, change: str, expected: int, found: int) -> LevelInSight:
    return LevelInSight(
        row=row,
        side=Side.BUY,
        price=price,
        change=LevelChange(change),
        expected=expected,
        found=found,
    )


# fmt: off
PLANTED = {
    "a quantity in sight": (
        SMALL_MESSAGES, SMALL_BOOK.replace("101,20,100,6,", "101,20,100,7,"),
        ["row 2: bid 100: expected 7, found 6"],
    ),
    "a level in sight": (
        SMALL_MESSAGES, SMALL_BOOK.replace("101,20,100,6,102,40", "101,20,100,6,103,40"),
        ["row 2: offer 102: expected 0, found 40"],  # 103 was out of sight in row 1
    ),
    "a level on a side that was in sight whole": (
        "100,5,0,5,100,1\n100,5,0,5,100,1\n",
        f"101,20,100,10,{NO_OFFER},{NO_BID}\n101,20,100,10,102,5,{NO_BID}\n",
        ["row 2: offer 102: expected 5, found 0"],
    ),
    "an execution of an order that is not first": (
        "100,1,11,5,100,1\n100,1,12,5,100,1\n100,4,12,5,100,1\n", None,
        ["row 3: orders hit: expected 5 of 12, found 5 of 11"],
    ),
    "an execution behind a better price": (
        "100,1,11,5,99,1\n100,1,12,2,100,1\n100,4,11,3,99,1\n", None,
        ["row 3: orders hit: expected 3 of 11, found 2 of 12, 1 of 11"],
    ),
    "an execution of more than there is": (
        "100,1,11,5,100,1\n100,4,11,6,100,1\n", None,
        ["row 2: order 11: expected 6 to take at 100, found 5 at 100"],
    ),
    "an execution at another price": (
        "100,1,11,5,100,1\n100,4,11,5,99,1\n", None,
        ["row 2: order 11: expected 5 to take at 99, found 5 at 100"],
    ),
    "a delete of what has gone": (
        "100,1,11,5,100,1\n100,3,11,5,100,1\n100,3,11,5,100,1\n", None,
        ["row 3: order 11: expected 5 to take at 100, found 0 at 100"],
    ),
    "a delete of less than there is": (
        "100,1,11,5,100,1\n100,3,11,4,100,1\n", None,
        ["row 2: order 11: expected 5 to delete, found 4"],
    ),
    "an order id used twice": (
        "100,1,11,5,100,1\n100,1,11,5,99,1\n", None,
        ["row 2: new order 11: expected a new order id, found one used before"],
    ),
    "a new order that trades": (
        "100,1,11,5,100,1\n100,1,12,5,100,-1\n", None,
        ["row 2: orders hit: expected none, found 5 of 11"],
    ),
    "more from before the file than its level has": (
        "100,5,0,5,100,1\n100,3,7,21,101,-1\n", f"101,20,{NO_BID}\n{NO_OFFER},{NO_BID}\n",
        ["row 2: order 7: expected 21 to take at 101, found 20 at 101"],
    ),
    "an order from before the file where only later ones are": (
        "100,1,11,5,100,1\n100,3,7,5,100,1\n",
        f"101,20,100,5,{NO_OFFER},{NO_BID}\n101,20,100,5,{NO_OFFER},{NO_BID}\n",
        ["row 2: order 7: expected 5 to take at 100, found 0 at 100"],
    ),
}
# fmt: on


@pytest.mark.rule("FLOW-1", "FLOW-3")
@pytest.mark.parametrize(("messages", "book", "expected"), PLANTED.values(), ids=PLANTED.keys())
def test_planted_difference_is_unexplained(
    messages: str, book: str | None, expected: list[str], venue: Venue
) -> None:
    played = play(replay_of(messages, book), venue)

    assert played.unexplained == expected
    assert played.account.unexplained == 1


def test_reject_is_unexplained() -> None:
    replay = replay_of("100,1,11,5,110,1\n100,2,11,1,110,1\n")

    played = play(replay, Venue.of_tick(25))

    [refused, gone] = played.unexplained
    assert refused.startswith("row 1: order 11: expected accepted, found ")
    assert gone == "row 2: order 11: expected 1 to take at 110, found 0 at 110"
    assert played.account.unexplained == 2


def test_refused_change_is_unexplained(venue: Venue) -> None:
    # Somebody else has taken the order off, and the replay is not told.
    orders = LobsterOrders(MARKET, AAPL)
    new, delete = parse_messages("100,1,11,5,100,1\n101,3,11,5,100,1\n", "messages.csv")
    orders.play(new)
    for request in orders.play(delete):
        for answer in venue.receive(delivery_of(request)):
            assert isinstance(answer, Send)
            assert isinstance(answer.message, OrderCancelReject)
            orders.receive(answer.message)

    [objection] = orders.objections()

    assert str(objection).startswith("row 2: cancel or change of 11: expected accepted, found ")
    assert orders.objections() == ()


def test_book_and_messages_must_be_as_many() -> None:
    messages = parse_messages("100,1,11,5,100,1", "messages.csv")
    book = parse_book(f"101,1,100,5\n101,1,{NO_BID}", "book.csv")

    with pytest.raises(ValueError, match="book has 2 rows, messages 1"):
        LobsterReplay(name=MARKET, exchange=VENUE, symbol=AAPL, messages=messages, book=book)


AAPL_ACCOUNT = Account(
    messages=999,
    levels=10,
    top_equal=999,
    levels_equal=985,
    rows_into_sight=14,
    new=10,
    gone=2,
    changed=2,
    from_before=9,
    hidden=61,
    halts=0,
    unexplained=0,
)
AAPL_LINES = (
    "messages 999",
    "top of book equal 999/999",
    "ten levels equal in 985 rows",
    "a level came into sight in 14 rows (10 new, 2 gone, 2 changed)",
    "9 messages name orders from before the file",
    "61 hidden executions leave the book alone",
    "0 unexplained",
)


@pytest.fixture
def aapl(shared: Path) -> LobsterReplay:
    """A replay of 999 real messages, after each of which the ten best levels are known."""
    day = shared / "data" / "lobster" / "AAPL_2012-06-21"
    return replay_of(
        day.with_name(f"{day.name}_message_10.csv").read_text(),
        day.with_name(f"{day.name}_orderbook_10.csv").read_text(),
    )


@pytest.mark.rule("FLOW-1", "FLOW-2", "FLOW-3", "FLOW-4")
def test_aapl_is_replayed_with_nothing_unexplained(aapl: LobsterReplay) -> None:
    played = play(aapl, Venue.of_tick(100))

    assert played.unexplained == []
    assert played.account.lines() == AAPL_LINES


FLOORS = {
    "in tasks": (False, Defaults(), 0),
    "in place": (True, Defaults(), 0),
    "seeded": (True, Seeded(3), 0),
    "seeded, with latency and jitter": (True, Seeded(3), 20_000),
}


@pytest.mark.parametrize(("in_place", "choices", "jitter_ns"), FLOORS.values(), ids=FLOORS.keys())
def test_aapl_comes_out_the_same_on_every_floor(
    in_place: bool, choices: Choices, jitter_ns: int, aapl: LobsterReplay
) -> None:
    journal = Journal()
    kernel = Kernel(
        choices=choices,
        journal=journal,
        in_place=in_place,
        latency=lambda sender, recipient: Latency(0, jitter_ns if sender != recipient else 0),
    )
    kernel.add(VENUE, lambda _context: MatchingEngine(VENUE, Venue.of_tick(100).exchange))
    kernel.add(MARKET, lambda _context: aapl)
    kernel.schedule(0, MARKET, ReplayStart())

    kernel.run_to_end()

    [last] = [entry for entry in journal.entries if entry.kind == "replay_account"]
    assert last.payload == AAPL_ACCOUNT
