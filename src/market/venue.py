"""What a venue lists, and how a rule set sees it.

A view is live and read-only: the rule set that holds one sees each instrument as of the
last commit, and of what is remembered only what it has remembered itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import attrs

from .auction import Chain, Opening, Uncross, opening
from .book import OrderBook
from .fix import Side
from .identifiers import OrderID, Price, Qty, Symbol
from .instrument import Instrument
from .matching import Algorithm, as_value
from .messages import NewOrderSingle, Statistics
from .record import Happening
from .rules import (
    HIGHEST,
    LOWEST,
    Bound,
    Indifferent,
    MarketView,
    Question,
    RestingOrder,
    VenueRules,
)
from .sessions import CONTINUOUS, Board, TradingState, states_by_name
from .statistics import Day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.define(eq=False)
class Listing:
    """One instrument of a venue: its book, and the rule sets that are asked about it."""

    instrument: Instrument
    algorithm: Algorithm
    step: Price | None = attrs.field(init=False)
    """The smallest step of a price, or None where that depends on the price."""

    chain: Chain
    """How it chooses an auction's price."""

    state: TradingState = attrs.field(init=False, default=CONTINUOUS)
    """The one that it is in: its own, or its board's."""

    own_state: TradingState | None = attrs.field(init=False, default=None)
    """Where it has been put without its board."""

    board: BoardState | None = attrs.field(init=False, default=None)
    auction: Uncross | None = attrs.field(init=False, default=None)
    """What traded in the auction that its state began with, if it did and anything has."""

    indicated: tuple[Price | None, Qty] = attrs.field(init=False, default=(None, 0))
    """The indicative price and quantity that were published last; at first there is none."""

    book: OrderBook = attrs.field(init=False, factory=OrderBook)
    _found: tuple[Price | None, Opening] | None = attrs.field(init=False, default=None)
    """The reference of the auction that was looked into last, and what it came to."""

    day: Day = attrs.field(init=False, factory=Day)
    memory: dict[tuple[str, str], object] = attrs.field(init=False, factory=dict)
    """What rule sets remember, by rule set and key."""

    accept: tuple[Question, ...] = attrs.field(init=False, default=())
    prevent: tuple[Question, ...] = attrs.field(init=False, default=())
    guard: tuple[Question, ...] = attrs.field(init=False, default=())
    settle: tuple[Question, ...] = attrs.field(init=False, default=())
    traded: tuple[Question, ...] = attrs.field(init=False, default=())
    scheduled: tuple[Question, ...] = attrs.field(init=False, default=())
    changed: tuple[Question, ...] = attrs.field(init=False, default=())
    refer: tuple[Question, ...] = attrs.field(init=False, default=())
    asks: bool = attrs.field(init=False, default=False)
    """Whether anybody is asked while a request is planned."""

    trades_pass: tuple[Price, Price] = attrs.field(init=False, default=(HIGHEST, LOWEST))
    """Trades from the first price to the second nobody has anything against."""

    orders_pass: tuple[Price, Price] = attrs.field(init=False, default=(HIGHEST, LOWEST))
    """Nor against new offers from the first price upwards, and bids up to the second."""

    cancels_pass: bool = attrs.field(init=False, default=False)
    quiet_px: Price | None = attrs.field(init=False, default=None)
    """Of trades that leave this as the last price nobody wants to hear."""

    is_heeded: bool = attrs.field(init=False, default=False)
    """Whether the four above are as the rule sets have them by now (`heed`)."""

    _indifference: dict[str, Indifferent] = attrs.field(init=False, factory=dict)
    """By rule set, what it said since it last remembered something."""

    is_plain: bool = attrs.field(init=False, default=True)
    """Whether an order that arrives is matched, and nothing but that follows from it unless
    a rule set that is asked meanwhile has something done.

    Kept, as it is asked of every request (`consider`).
    """

    @step.default
    def _the_only_step(self) -> Price | None:
        bands = self.instrument.ticks.bands
        return bands[0].min_price_increment if len(bands) == 1 else None

    def consider(self) -> None:
        """Find out whether it is plain, after anything that could have changed that."""
        self.is_plain = (
            not self.settle
            and self.state.match
            and not self.state.indicative
            and self.book.buy_stops.best is None
            and self.book.sell_stops.best is None
        )

    def remember(self, rule_set: str, key: str, value: object) -> None:
        """Keep *value* for a rule set, which may from now on be indifferent to other things."""
        self.memory[rule_set, key] = value
        self._indifference.pop(rule_set, None)
        self.is_heeded = False

    def heed(self) -> None:
        """Find out what rule sets need not be asked, after one has remembered something."""
        self.trades_pass = self.orders_pass = _NONE
        self.cancels_pass, self.quiet_px = False, None
        if self.guard and not self.prevent:
            self.trades_pass = _common([self._of(each).trades for each in self.guard])
        if self.accept:
            orders = [self._of(each).orders for each in self.accept]
            self.orders_pass, self.cancels_pass = _common(orders), None not in orders
        if self.traded:
            last = {self._of(each).last_px for each in self.traded}
            self.quiet_px = last.pop() if len(last) == 1 else None
        self.is_heeded = True

    def _of(self, question: Question) -> Indifferent:
        """Return how far a question need not be put."""
        if question.indifferent is None:
            return _ASKED_OF_ALL
        found = self._indifference.get(question.rule_set)
        if found is None:
            found = self._indifference[question.rule_set] = question.indifference()
        return found

    def is_quiet(self) -> bool:
        """Return whether nobody wants to hear of trades that have left the last price as it is."""
        if not self.is_heeded:
            self.heed()
        return self.quiet_px is not None and self.quiet_px == self.book.last_px

    def lets_trade(self, order: NewOrderSingle) -> bool:
        """Return whether nobody has anything against the trades of a limit order that arrives."""
        if not self.is_heeded:
            self.heed()
        lowest, highest = self.trades_pass
        limit = order.price
        assert limit is not None, "it has a limit"
        # It trades between the touch and its limit.
        touch = (self.book.offers if order.side is _BUY else self.book.bids).best
        return lowest <= limit <= highest and (touch is None or lowest <= touch.price <= highest)

    @property
    def board_state(self) -> TradingState:
        """The state of its board; an instrument that is on none is always open."""
        return CONTINUOUS if self.board is None else self.board.state

    def reference_px(self) -> Price | None:
        """Return what an auction refers to: what a rule set says, the last trade, a settlement."""
        for question in self.refer:
            answer: Price | None = question.first()
            if answer is not None:
                return answer
        last_px = self.book.last_px
        return self.instrument.reference_px if last_px is None else last_px

    def opening(self) -> Opening:
        """Return what an auction would come to now.

        It is found anew only where the book or the reference has changed since.
        """
        reference = self.reference_px()
        book, found = self.book, self._found
        if book.has_changed or found is None or found[0] != reference:
            opened = opening(book, self.instrument, reference=reference, chain=self.chain)
            self._found = found = (reference, opened)
            book.has_changed = False
        return found[1]


_NONE: tuple[Price, Price] = (HIGHEST, LOWEST)
_ASKED_OF_ALL = Indifferent()


def _common(ranges: Sequence[tuple[Price, Price] | None]) -> tuple[Price, Price]:
    """Return what is in all of *ranges*: nothing, if one of them is not known."""
    lowest, highest = LOWEST, HIGHEST
    for each in ranges:
        if each is None:
            return _NONE
        lowest, highest = max(lowest, each[0]), min(highest, each[1])
    return lowest, highest


@attrs.define(eq=False)
class BoardState:
    """A board, and the state that it is in."""

    board: Board
    state: TradingState


@attrs.define(eq=False)
class Venue:
    """The instruments of one venue, and what time it is there."""

    start: datetime = EPOCH
    """What time it is there, by its own calendar, when a run begins."""

    listings: dict[Symbol, Listing] = attrs.field(init=False, factory=dict)
    boards: dict[str, BoardState] = attrs.field(init=False, factory=dict)
    states: dict[str, TradingState] = attrs.field(init=False, factory=dict)
    now_ns: int = attrs.field(init=False, default=0)
    tape: list[Happening] = attrs.field(init=False, factory=list)
    """What has happened, of what somebody wants to know, since this was told last."""

    is_recorded: bool = attrs.field(init=False, default=False)
    """Whether everything that happens goes on the tape (`record`)."""

    is_heard: bool = attrs.field(init=False, default=False)
    """Whether anything does."""

    def record(self) -> None:
        """Have everything that happens from now on put on the tape."""
        self.is_recorded = self.is_heard = True
        for listing in self.listings.values():
            listing.book.tape = self.tape

    def today(self) -> date:
        """Return the venue's date."""
        return (self.start + timedelta(microseconds=self.now_ns // 1000)).date()

    def tomorrow_ns(self) -> int:
        """Return the moment at which the venue's next date begins."""
        midnight = datetime.combine(self.today(), time(), self.start.tzinfo) + timedelta(days=1)
        return (midnight - self.start) // timedelta(microseconds=1) * 1000

    def view(self, symbol: Symbol, rule_set: str) -> MarketView:
        """Return an instrument as *rule_set* sees it.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return _View(self, self.listings[symbol], rule_set)

    def open(self, boards: Iterable[Board], states: Iterable[TradingState]) -> None:
        """Have the instruments go through the day on *boards*.

        Raises:
            ValueError: if an instrument is on two boards, or a board has one that the
                venue does not list; if two states differ that have one name.
        """
        boards = [*boards]
        known = [CONTINUOUS, *states]
        for board in boards:
            if board.name in self.boards:
                raise ValueError(f"two boards have the name {board.name!r}")
            self.boards[board.name] = on = BoardState(board, board.state)
            known += board.states()
            for symbol in board.symbols:
                if symbol not in self.listings:
                    raise ValueError(f"board {board.name}: the venue lists no {symbol!r}")
                listing = self.listings[symbol]
                if listing.board is not None:
                    other = listing.board.board.name
                    raise ValueError(f"board {board.name}: {symbol} is on board {other} already")
                listing.board, listing.state = on, board.state
                listing.consider()
        self.states = states_by_name(known)

    def bind(self, symbol: Symbol, rules: VenueRules) -> None:
        """Have *rules* asked about an instrument.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        listing = self.listings[symbol]

        def phase(hook: str, rule_sets: Iterable[Bound]) -> tuple[Question, ...]:
            return tuple(
                Question(
                    bound.rule_set,
                    hook,
                    bound.ask,
                    self.view(symbol, bound.rule_set),
                    bound.indifferent,
                    bound.level_by_level,
                )
                for bound in rule_sets
            )

        listing.accept = phase("accept_request", rules.accept_request)
        listing.prevent = phase("before_match", rules.before_match)
        listing.guard = phase("before_trade", rules.before_trade)
        listing.asks = bool(listing.prevent or listing.guard)
        listing.settle = phase("after_request", rules.after_request)
        listing.traded = phase("after_trades", rules.after_trades)
        listing.scheduled = phase("scheduled", rules.scheduled)
        listing.changed = phase("trading_session_changed", rules.trading_session_changed)
        listing.refer = phase("auction_reference", rules.auction_reference)
        listing.consider()


@attrs.frozen(eq=False)
class _View:
    """One instrument as one rule set sees it (`rules.MarketView`)."""

    _venue: Venue
    _listing: Listing
    _rule_set: str

    @property
    def instrument(self) -> Instrument:
        return self._listing.instrument

    @property
    def now_ns(self) -> int:
        return self._venue.now_ns

    @property
    def last_px(self) -> Price | None:
        return self._listing.book.last_px

    @property
    def state(self) -> TradingState:
        return self._listing.state

    @property
    def board_state(self) -> TradingState:
        return self._listing.board_state

    @property
    def board(self) -> Board | None:
        on = self._listing.board
        return None if on is None else on.board

    @property
    def own_state(self) -> TradingState | None:
        return self._listing.own_state

    @property
    def auction(self) -> Uncross | None:
        return self._listing.auction

    @property
    def statistics(self) -> Statistics:
        return self._listing.day.statistics()

    def indicative(self) -> Uncross | None:
        return self._listing.opening().uncross

    def best_px(self, side: Side) -> Price | None:
        return self._listing.book.best(side)

    def order(self, order_id: OrderID) -> RestingOrder | None:
        resting = self._listing.book.get(order_id)
        return None if resting is None else as_value(resting)

    def recall(self, key: str) -> object:
        return self._listing.memory.get((self._rule_set, key))

    def other(self, symbol: Symbol) -> MarketView:
        return self._venue.view(symbol, self._rule_set)


_BUY = Side.BUY
