"""Market data: who hears of an instrument, and what of it has changed for him.

While somebody has subscribed to an instrument the events that are applied to its book go
on the venue's tape as well.  After each request the tape says which price levels to look at again;
what these show then is held against what subscribers have been shown, and the
difference is what they are told.  Nobody's subscription costs the others anything, and
nothing of an instrument that nobody has subscribed to is on the tape, unless the venue
keeps a record of everything (`floorproof.market.record`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TypeAlias

import attrs

from .book import (
    AggressorCanceled,
    Armed,
    AuctionTraded,
    BookEvent,
    Expired,
    OrderBook,
    Traded,
)
from .fix import MDEntryType, MDReqRejReason, MDUpdateAction, Side, SubscriptionRequestType
from .identifiers import CompID, Price, Qty, Symbol
from .ledger import Rule
from .messages import (
    MarketDataEntry,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    Statistics,
)
from .objections import unknown_symbol
from .operations import SecurityStatus
from .record import book_events, symbol_of
from .venue import Listing, Venue

RULES = (
    Rule(
        "MKD-1",
        "After a request or an operation its subscribers hear of the trades, of each price level"
        " that shows another quantity, and of each of the day's figures that is another; of"
        " nothing if there is none of that.",
        "FIX 5.0 SP2, Market Data Incremental Refresh (35=X); docs/readings.md, market data",
    ),
    Rule(
        "MKD-2",
        "Market data shows what orders display, by price level: no hidden quantity, and no stop"
        " that waits.",
        "FIX 5.0 SP2, AggregatedBook (266), DisplayQty (1138)",
    ),
    Rule(
        "MKD-3",
        "A request for market data is refused if the venue does not list the instrument, if its"
        " session has a subscription of that name already, or is to end one that there is not.",
        "FIX 5.0 SP2, MDReqID (262), MDReqRejReason (281)",
    ),
    Rule(
        "MKD-4",
        "A session that has subscribed to an instrument hears of each state that it enters, once.",
        "FIX 5.0 SP2, Security Status (35=f)",
    ),
)

Update: TypeAlias = MarketDataIncrementalRefresh | SecurityStatus
"""What a subscriber is told unasked."""

Levels: TypeAlias = Mapping[Price, Qty]
"""What price levels of one side show."""


# --- what has changed -----------------------------------------------------------------


def touched(events: Iterable[BookEvent]) -> dict[Side, set[Price]]:
    """Return the price levels that *events* may have changed."""
    prices: dict[Side, set[Price]] = {side: set() for side in Side}
    for event in events:
        if isinstance(event, AuctionTraded):
            orders = [event.buy.order, event.sell.order]
        elif isinstance(event, AggressorCanceled | Expired | Armed):
            continue  # it is in no price level
        else:
            orders = [event.order]
        for order in orders:
            if order.price is not None:
                prices[order.side].add(order.price)
    return prices


def trade_entries(events: Iterable[BookEvent]) -> Iterator[MarketDataEntry]:
    """Yield what *events* are to the tape: each trade, in order."""
    for event in events:
        if isinstance(event, Traded | AuctionTraded):
            yield MarketDataEntry(
                MDUpdateAction.NEW, MDEntryType.TRADE, event.price, event.last_qty
            )


def level_entries(side: Side, before: Levels, after: Levels) -> Iterator[MarketDataEntry]:
    """Yield what has changed of price levels: those that are gone, then the others, best first."""
    entry_type = MDEntryType.BID if side is Side.BUY else MDEntryType.OFFER
    best_first = side is Side.BUY
    for price in sorted(before, reverse=best_first):
        if price not in after:
            yield MarketDataEntry(MDUpdateAction.DELETE, entry_type, price)
    for price in sorted(after, reverse=best_first):
        if price not in before:
            yield MarketDataEntry(MDUpdateAction.NEW, entry_type, price, after[price])
        elif before[price] != after[price]:
            yield MarketDataEntry(MDUpdateAction.CHANGE, entry_type, price, after[price])


def figure_entries(before: Statistics, after: Statistics) -> Iterator[MarketDataEntry]:
    """Yield what has changed of the day's figures.  A volume of nothing is none."""
    for entry_type, field in _FIGURES.items():
        was, figure = getattr(before, field), getattr(after, field)
        if was != figure:
            yield MarketDataEntry(_action(was, figure), entry_type, figure)
    was, figure = before.volume or None, after.volume or None
    if was != figure:
        action = _action(was, figure)
        yield MarketDataEntry(action, MDEntryType.TRADE_VOLUME, None, figure)


def _action(was: int | None, figure: int | None) -> MDUpdateAction:
    if figure is None:
        return MDUpdateAction.DELETE
    return MDUpdateAction.NEW if was is None else MDUpdateAction.CHANGE


_FIGURES = {
    MDEntryType.OPENING_PRICE: "open_px",
    MDEntryType.TRADING_SESSION_HIGH_PRICE: "high_px",
    MDEntryType.TRADING_SESSION_LOW_PRICE: "low_px",
    MDEntryType.CLOSING_PRICE: "close_px",
}


# --- who hears of it ------------------------------------------------------------------

_Name: TypeAlias = tuple[CompID, str]
"""A subscription: its session, and the name that the session has given it."""


@attrs.define(eq=False)
class _Channel:
    """Those who have subscribed to as many levels, and what they have been shown."""

    depth: int
    shown: dict[Side, dict[Price, Qty]]
    subscribers: dict[_Name, None] = attrs.field(init=False, factory=dict)
    """In the order in which they came."""

    def changes(self, book: OrderBook, prices: Mapping[Side, set[Price]]) -> list[MarketDataEntry]:
        """Return what *book* shows otherwise by now, which is shown with that."""
        entries: list[MarketDataEntry] = []
        for side, shown in self.shown.items():
            if self.depth:
                before, after = {**shown}, dict(book.depth(side, self.depth))
            else:
                before = {price: shown[price] for price in prices[side] if price in shown}
                after = dict(book.showing(side, prices[side]))
            entries += level_entries(side, before, after)
            for price in before:
                del shown[price]
            shown.update(after)
        return entries


@attrs.define(eq=False)
class _Feed:
    """One instrument that somebody has subscribed to."""

    number: int
    """Those that somebody has subscribed to first are told of first."""

    listing: Listing
    statistics: Statistics
    """As subscribers have been told."""

    channels: dict[int, _Channel] = attrs.field(init=False, factory=dict)
    """By depth."""

    def is_revised(self) -> bool:
        """Return whether a figure is another although nobody has traded."""
        day, told = self.listing.day, self.statistics
        return (
            day.volume != told.volume  # of a bust
            or day.close_px != told.close_px
            or day.open_px != told.open_px  # of another day
        )

    def sessions(self) -> Iterable[CompID]:
        """Return who has subscribed, each once."""
        return dict.fromkeys(
            session for channel in self.channels.values() for session, _ in channel.subscribers
        )


@attrs.define(eq=False)
class MarketData:
    """The subscriptions of one venue."""

    _venue: Venue
    _subscriptions: dict[_Name, tuple[Symbol, int]] = attrs.field(init=False, factory=dict)
    """Of each, its instrument and depth."""

    feeds: dict[Symbol, _Feed] = attrs.field(init=False, factory=dict)
    revised: set[Symbol] = attrs.field(init=False, factory=set)
    """Of which instruments a figure is another although nothing was done to the book."""

    _numbers: Iterator[int] = attrs.field(init=False, factory=count)

    def answer(
        self, request: MarketDataRequest
    ) -> MarketDataSnapshot | MarketDataRequestReject | None:
        """Return the answer to *request*; None is to have done what was asked."""
        objection = self._objection(request)
        if objection is not None:
            text, reason = objection
            return MarketDataRequestReject(
                target_comp_id=request.sender_comp_id,
                md_req_id=request.md_req_id,
                text=text,
                md_req_rej_reason=reason,
            )
        match request.subscription_request_type:
            case SubscriptionRequestType.DISABLE_PREVIOUS:
                self._unsubscribe((request.sender_comp_id, request.md_req_id))
                return None
            case SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES:
                self._subscribe(request)
            case SubscriptionRequestType.SNAPSHOT:
                pass
        return self._snapshot(request)

    def publish(self, statuses: Iterable[SecurityStatus]) -> list[Update]:
        """Return what subscribers are told of what has happened since the last time.

        Args:
            statuses: the states that have been entered.
        """
        events_of: dict[Symbol, list[BookEvent]] = {symbol: [] for symbol in self.revised}
        for event in book_events(self._venue.tape):
            events_of.setdefault(symbol_of(event), []).append(event)
        entered: dict[Symbol, list[SecurityStatus]] = {}
        for status in statuses:
            events_of.setdefault(status.symbol, [])
            entered.setdefault(status.symbol, []).append(status)
        self.revised.clear()
        feeds = [self.feeds[symbol] for symbol in events_of if symbol in self.feeds]
        updates: list[Update] = []
        for feed in sorted(feeds, key=lambda feed: feed.number):
            symbol = feed.listing.instrument.symbol
            updates += (
                attrs.evolve(status, target_comp_id=session)
                for status in entered.get(symbol, ())
                for session in feed.sessions()
            )
            if events_of[symbol] or feed.is_revised():
                updates += _refreshes(feed, events_of[symbol])
        return updates

    def _objection(self, request: MarketDataRequest) -> tuple[str, MDReqRejReason | None] | None:
        """Return why *request* is refused (MKD-3), or None."""
        symbol, name = request.symbol, request.md_req_id
        if symbol not in self._venue.listings:
            return unknown_symbol(self._venue, request.symbol).text, MDReqRejReason.UNKNOWN_SYMBOL
        subscribed = self._subscriptions.get((request.sender_comp_id, name))
        if request.subscription_request_type is not SubscriptionRequestType.DISABLE_PREVIOUS:
            if subscribed is None:
                return None
            text = f"md_req_id {name!r}: expected one that is no subscription's [MKD-3]"
            return text, MDReqRejReason.DUPLICATE_MD_REQ_ID
        if subscribed is None:
            return f"md_req_id {name!r}: expected a subscription's [MKD-3]", None
        if subscribed[0] != symbol:
            text = f"symbol {symbol!r}: expected {subscribed[0]!r}, the subscription's [MKD-3]"
            return text, None
        return None

    def _snapshot(self, request: MarketDataRequest) -> MarketDataSnapshot:
        listing = self._venue.listings[request.symbol]
        book, depth = listing.book, request.market_depth or None
        return MarketDataSnapshot(
            target_comp_id=request.sender_comp_id,
            md_req_id=request.md_req_id,
            symbol=request.symbol,
            bids=book.depth(Side.BUY, depth),
            offers=book.depth(Side.SELL, depth),
            last_px=book.last_px,
            statistics=listing.day.statistics(),
            trading_state=listing.state.name,
        )

    def _subscribe(self, request: MarketDataRequest) -> None:
        symbol, depth = request.symbol, request.market_depth
        listing = self._venue.listings[symbol]
        feed = self.feeds.get(symbol)
        if feed is None:
            listing.book.tape = self._venue.tape
            self._venue.is_heard = True
            number, statistics = next(self._numbers), listing.day.statistics()
            feed = self.feeds[symbol] = _Feed(number, listing, statistics)
        channel = feed.channels.get(depth)
        if channel is None:
            shown = {side: dict(listing.book.depth(side, depth or None)) for side in Side}
            channel = feed.channels[depth] = _Channel(depth, shown)
        name = (request.sender_comp_id, request.md_req_id)
        channel.subscribers[name] = None
        self._subscriptions[name] = symbol, depth

    def _unsubscribe(self, name: _Name) -> None:
        symbol, depth = self._subscriptions.pop(name)
        feed = self.feeds[symbol]
        del feed.channels[depth].subscribers[name]
        if not feed.channels[depth].subscribers:
            del feed.channels[depth]
        if not feed.channels:
            del self.feeds[symbol]
            self._venue.is_heard = self._venue.is_recorded or bool(self.feeds)
            if not self._venue.is_recorded:
                feed.listing.book.tape = None


def _refreshes(feed: _Feed, tape: Sequence[BookEvent]) -> Iterator[MarketDataIncrementalRefresh]:
    """Yield what the tape and the figures come to for each subscriber, and take note of these."""
    prices, trades = touched(tape), [*trade_entries(tape)]
    statistics = feed.listing.day.statistics()
    figures = [*figure_entries(feed.statistics, statistics)]
    for channel in feed.channels.values():
        entries = (*trades, *channel.changes(feed.listing.book, prices), *figures)
        if entries:
            for session, md_req_id in channel.subscribers:
                yield MarketDataIncrementalRefresh(
                    target_comp_id=session,
                    md_req_id=md_req_id,
                    symbol=feed.listing.instrument.symbol,
                    entries=entries,
                )
    feed.statistics = statistics


def apply_entries(
    bids: dict[Price, Qty], offers: dict[Price, Qty], entries: Sequence[MarketDataEntry]
) -> None:
    """Make what a refresh says of price levels true of a subscriber's own."""
    for entry in entries:
        if entry.md_entry_type not in (MDEntryType.BID, MDEntryType.OFFER):
            continue
        levels = bids if entry.md_entry_type is MDEntryType.BID else offers
        assert entry.md_entry_px is not None, "a level has a price"
        if entry.md_entry_size is None:
            del levels[entry.md_entry_px]
        else:
            levels[entry.md_entry_px] = entry.md_entry_size
