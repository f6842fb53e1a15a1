"""What a venue lists, and how a rule set sees it.

A view is live and read-only: the rule set that holds one sees each instrument as of the
last commit, and of what is remembered only what it has remembered itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from .book import OrderBook
from .fix import Side
from .identifiers import OrderID, Price, Symbol
from .instrument import Instrument
from .matching import Algorithm, as_value
from .rules import Bound, MarketView, Question, RestingOrder, VenueRules


@attrs.define(eq=False)
class Listing:
    """One instrument of a venue: its book, and the rule sets that are asked about it."""

    instrument: Instrument
    algorithm: Algorithm
    step: Price | None = attrs.field(init=False)
    """The smallest step of a price, or None where that depends on the price."""

    book: OrderBook = attrs.field(init=False, factory=OrderBook)
    memory: dict[tuple[str, str], object] = attrs.field(init=False, factory=dict)
    """What rule sets remember, by rule set and key."""

    accept: tuple[Question, ...] = attrs.field(init=False, default=())
    prevent: tuple[Question, ...] = attrs.field(init=False, default=())
    guard: tuple[Question, ...] = attrs.field(init=False, default=())
    settle: tuple[Question, ...] = attrs.field(init=False, default=())
    scheduled: tuple[Question, ...] = attrs.field(init=False, default=())
    asks: bool = attrs.field(init=False, default=False)
    """Whether anybody is asked while a request is planned."""

    @step.default
    def _the_only_step(self) -> Price | None:
        bands = self.instrument.ticks.bands
        return bands[0].min_price_increment if len(bands) == 1 else None


@attrs.define(eq=False)
class Venue:
    """The instruments of one venue, and what time it is there."""

    listings: dict[Symbol, Listing] = attrs.field(init=False, factory=dict)
    now_ns: int = attrs.field(init=False, default=0)

    def view(self, symbol: Symbol, rule_set: str) -> MarketView:
        """Return an instrument as *rule_set* sees it.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return _View(self, self.listings[symbol], rule_set)

    def bind(self, symbol: Symbol, rules: VenueRules) -> None:
        """Have *rules* asked about an instrument.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        listing = self.listings[symbol]

        def phase(hook: str, rule_sets: Iterable[Bound]) -> tuple[Question, ...]:
            return tuple(
                Question(bound.rule_set, hook, bound.ask, self.view(symbol, bound.rule_set))
                for bound in rule_sets
            )

        listing.accept = phase("accept_request", rules.accept_request)
        listing.prevent = phase("before_match", rules.before_match)
        listing.guard = phase("before_trade", rules.before_trade)
        listing.asks = bool(listing.prevent or listing.guard)
        listing.settle = phase("after_request", rules.after_request)
        listing.scheduled = phase("scheduled", rules.scheduled)


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

    def best_px(self, side: Side) -> Price | None:
        return self._listing.book.best(side)

    def order(self, order_id: OrderID) -> RestingOrder | None:
        resting = self._listing.book.get(order_id)
        return None if resting is None else as_value(resting)

    def recall(self, key: str) -> object:
        return self._listing.memory.get((self._rule_set, key))

    def other(self, symbol: Symbol) -> MarketView:
        return self._venue.view(symbol, self._rule_set)
