"""The order-flow replay: one session that makes a venue's book follow a LOBSTER file.

Each line of the file is played alone: its requests go out with a request for the
book behind them, and the book that comes back closes the line, since messages of
one sender never overtake each other.  Only then does the next line begin, at its
own time or, if that has passed, at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ..market.fix import Side
from ..market.identifiers import CompID, Symbol
from ..market.messages import (
    ExecutionReport,
    MarketDataRequest,
    MarketDataSnapshot,
    OrderCancelReject,
)
from ..market.rejects import BusinessMessageReject, SessionReject
from ..market.replay import (
    BookDepth,
    LevelDifference,
    LevelInSight,
    Tally,
    Unexplained,
    level_differences,
)
from ..runtime.participant import Answer, Delivery, Fact, Send
from ..wire.lobster import LobsterBook, LobsterMessage, LobsterType
from ..wire.lobster_orders import LobsterOrders, seed_depth

_HALT_TELLS = {-1: "trading halts", 0: "quoting resumes", 1: "trading resumes"}


@attrs.frozen
class ReplayStart:
    """Begin.  The file's times count from the moment of this delivery."""


@attrs.frozen
class ReplayDue:
    """The replay's timer: the file's next line is due."""

    row: int


@attrs.frozen(kw_only=True)
class Halted:
    """The file says that trading halts or resumes (a journal fact)."""

    row: int
    what: str


@attrs.define(eq=False, kw_only=True)
class LobsterReplay:
    """Plays a LOBSTER message file as orders of its own, and compares book for book.

    Receives:
        `ReplayStart`, once; reports and books from the venue; its own timer.
    Sends:
        Orders, changes and cancels to the venue, and a request for the book after
        those of each line.
    Puts on record:
        ``halt`` (`Halted`), ``came_into_sight`` (`LevelInSight`), ``unexplained``
        (`Unexplained`, one for each thing that differs), and at the end
        ``replay_account`` (`floorproof.market.replay.Account`).
    """

    name: CompID
    """The participant, which is also its session with the venue."""

    exchange: CompID
    symbol: Symbol
    """An instrument with four price decimals, as the file's prices have."""

    messages: tuple[LobsterMessage, ...]
    book: LobsterBook | None = attrs.field(default=None)
    """The file's book after each message; without it nothing is seeded and nothing compared."""

    _orders: LobsterOrders = attrs.field(init=False)
    _tally: Tally = attrs.field(init=False)
    _next: int = attrs.field(init=False, default=0)
    _start_ns: int = attrs.field(init=False, default=0)
    _before: BookDepth | None = attrs.field(init=False, default=None)
    _taking_over: bool = attrs.field(init=False, default=False)

    @book.validator
    def _one_row_a_message(self, _attribute: object, book: LobsterBook | None) -> None:
        if book is not None and len(book.rows) != len(self.messages):
            raise ValueError(
                f"book has {len(book.rows)} rows, messages {len(self.messages)}:"
                " they must be as many"
            )

    @_orders.default
    def _fresh_orders(self) -> LobsterOrders:
        return LobsterOrders(self.name, self.symbol)

    @_tally.default
    def _fresh_tally(self) -> Tally:
        return Tally(None if self.book is None else self.book.levels)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case ExecutionReport() | OrderCancelReject() as report:
                self._orders.receive(report)
            case SessionReject(ref_id=name, text=text):
                self._orders.refused(name, text)
            case BusinessMessageReject(business_reject_ref_id=name, text=text):
                self._orders.refused(name, text)
            case MarketDataSnapshot() as snapshot:
                yield from self._close(snapshot, delivery.now_ns)
            case ReplayDue():
                yield from self._play()
            case ReplayStart():
                yield from self._start(delivery.now_ns)
            case unexpected:
                raise TypeError(f"{self.name} has no use for {unexpected!r}")

    def _start(self, now_ns: int) -> Iterator[Answer]:
        self._start_ns = now_ns
        if self.book is not None and self.messages:
            for order in self._orders.seed(seed_depth(self.book.rows[0], self.messages[0])):
                yield Send(self.exchange, order)
        yield from self._proceed(now_ns)

    def _proceed(self, now_ns: int) -> Iterator[Answer]:
        """Go on to the next line, at its own time."""
        if self._next == len(self.messages):
            yield Fact("replay_account", self._tally.account())
            return
        since_first_ns = self.messages[self._next].time_ns - self.messages[0].time_ns
        early_ns = self._start_ns + since_first_ns - now_ns
        if early_ns > 0:
            yield Send(self.name, ReplayDue(self.messages[self._next].row), early_ns)
        else:
            yield from self._play()

    def _play(self) -> Iterator[Answer]:
        message = self.messages[self._next]
        for request in self._orders.play(message):
            yield Send(self.exchange, request)
        if message.type is LobsterType.HALT:
            yield Fact("halt", Halted(row=message.row, what=_HALT_TELLS[message.price]))
        yield self._ask_for_book(str(message.row))

    def _close(self, snapshot: MarketDataSnapshot, now_ns: int) -> Iterator[Answer]:
        """Compare, take over what came into sight, and end the line when nothing is under way."""
        differences: tuple[LevelDifference, ...] = ()
        if self.book is not None:
            expected = self.book.rows[self._next]
            found = BookDepth(snapshot.bids, snapshot.offers)
            differences = level_differences(expected, found, self._before, self.book.levels)
            if not self._taking_over:
                self._tally.compared(expected, found)
                came = [level for level in differences if level.came_into_sight]
                if came:
                    yield from self._take_over(came)
                    return
        yield from self._end(differences)
        yield from self._proceed(now_ns)

    def _take_over(self, levels: list[LevelDifference]) -> Iterator[Answer]:
        row = self.messages[self._next].row
        self._taking_over = True
        self._tally.came_into_sight(levels)
        for level in levels:
            yield Fact(
                "came_into_sight",
                LevelInSight(
                    row=row,
                    side=level.side,
                    price=level.price,
                    change=level.change,
                    expected=level.expected_qty,
                    found=level.found_qty,
                ),
            )
        for request in self._orders.take_over(levels):
            yield Send(self.exchange, request)
        yield self._ask_for_book(f"{row}/taken over")

    def _end(self, differences: Iterable[LevelDifference]) -> Iterator[Answer]:
        message = self.messages[self._next]
        unexplained = [
            *self._orders.objections(),
            *(_unexplained(message.row, level) for level in differences),
        ]
        for difference in unexplained:
            yield Fact("unexplained", difference)
        self._tally.messages += 1
        self._tally.hidden += message.type is LobsterType.HIDDEN_EXECUTION
        self._tally.halts += message.type is LobsterType.HALT
        self._tally.from_before = self._orders.from_before
        if unexplained:
            self._tally.unexplained()
        if self.book is not None:
            self._before = self.book.rows[self._next]
        self._taking_over = False
        self._next += 1

    def _ask_for_book(self, md_req_id: str) -> Send:
        # Twice as deep as the file: a level of ours that the file no longer has must
        # not push one that it does have out of what we get.
        depth = 1 if self.book is None else 2 * self.book.levels
        request = MarketDataRequest(
            sender_comp_id=self.name,
            md_req_id=md_req_id,
            symbol=self.symbol,
            market_depth=depth,
        )
        return Send(self.exchange, request)


def _unexplained(row: int, level: LevelDifference) -> Unexplained:
    what = f"{'bid' if level.side is Side.BUY else 'offer'} {level.price}"
    return Unexplained(
        row=row, what=what, expected=str(level.expected_qty), found=str(level.found_qty)
    )
