"""The markets that a synthetic gateway watches for the orders that live there.

It subscribes to an instrument at its venue while somebody needs it, and keeps the book
as the venue's market data tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeAlias

import attrs

from ..market.fix import MDEntryType, Side, SubscriptionRequestType
from ..market.identifiers import ClOrdID, CompID, Price, Qty, Symbol
from ..market.market_data import apply_entries
from ..market.messages import (
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
)
from ..market.operations import SecurityStatus
from ..market.sessions import TradingState
from ..plugins.synthetic import Child, Hours, Market, ReplaceChild
from ..runtime.participant import Send

MarketNews: TypeAlias = (
    MarketDataSnapshot | MarketDataIncrementalRefresh | MarketDataRequestReject | SecurityStatus
)
Watcher: TypeAlias = tuple[ClOrdID, Symbol]
"""An order, and what it asked to watch: the instrument itself, or one that is made of it."""

_Levels: TypeAlias = dict[tuple[Side, Price], Qty]


@attrs.frozen(kw_only=True)
class VenueOf:
    """What the gateway knows of the market that an instrument is traded in."""

    exchange: CompID
    gateway: CompID | None
    """The exchange gateway that leads there, if one does."""

    states: Mapping[str, TradingState] = attrs.field(factory=dict)
    hours: tuple[Hours, ...] = (Hours(0, None),)
    takes_market_orders: bool = True


@attrs.define(eq=False)
class _Feed:
    """One instrument that somebody watches."""

    md_req_id: str
    is_known: bool = False
    bids: dict[Price, Qty] = attrs.field(factory=dict)
    offers: dict[Price, Qty] = attrs.field(factory=dict)
    last_px: Price | None = None
    volume: Qty = 0
    trading_state: str = ""
    watchers: dict[Watcher, None] = attrs.field(factory=dict)
    left: _Levels = attrs.field(factory=dict)
    """What own orders have taken off, and market data shows yet: it comes later than reports."""

    market: Market | None = None
    """As it stands; None where it has to be made."""

    def shown(self, side: Side, price: Price) -> Qty:
        return (self.bids if side is Side.BUY else self.offers).get(price, 0)


class WatchedMarkets:
    """The gateway's subscriptions, and the books that come of them.

    Args:
        name: the gateway's own.
        venues: of each instrument that an exchange lists.
        store: what survives a restart.
    """

    def __init__(
        self,
        name: CompID,
        venues: Mapping[Symbol, VenueOf],
        store: MutableMapping[str, object],
    ) -> None:
        self._name = name
        self._venues = venues
        self._feeds: dict[Symbol, _Feed] = store.setdefault("feeds", {})  # type: ignore[assignment]  # what survives a crash is untyped
        self._counted: dict[str, int] = store.setdefault("subscriptions", {"n": 0})  # type: ignore[assignment]  # as above

    def watch(self, watcher: Watcher, symbol: Symbol) -> Iterator[Send]:
        """Subscribe *watcher* to *symbol*, which an exchange lists."""
        feed = self._feeds.get(symbol)
        if feed is None:
            self._counted["n"] += 1
            feed = self._feeds[symbol] = _Feed(f"{self._name}-MD{self._counted['n']}")
            yield self._request(symbol, feed, SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES)
        feed.watchers[watcher] = None

    def unwatch(self, watcher: Watcher, symbol: Symbol) -> Iterator[Send]:
        feed = self._feeds.get(symbol)
        if feed is None or watcher not in feed.watchers:
            return
        del feed.watchers[watcher]
        if not feed.watchers:
            del self._feeds[symbol]
            yield self._request(symbol, feed, SubscriptionRequestType.DISABLE_PREVIOUS)

    def watched_by(self, order: ClOrdID) -> list[tuple[Watcher, Symbol]]:
        """Return everything that an order watches."""
        return [
            (watcher, symbol)
            for symbol, feed in self._feeds.items()
            for watcher in feed.watchers
            if watcher[0] == order
        ]

    def watchers(self, symbol: Symbol) -> tuple[Watcher, ...]:
        """Return who watches *symbol*, in the order in which they came."""
        feed = self._feeds.get(symbol)
        return () if feed is None else tuple(feed.watchers)

    def market(self, symbol: Symbol) -> Market | None:
        """Return what is known of a market, or None before the venue has said anything."""
        feed = self._feeds.get(symbol)
        if feed is None or not feed.is_known:
            return None
        if feed.market is None:
            venue = self._venues[symbol]
            state = venue.states.get(feed.trading_state)
            feed.market = Market(
                symbol=symbol,
                bids=tuple(sorted(feed.bids.items(), reverse=True)),
                offers=tuple(sorted(feed.offers.items())),
                last_px=feed.last_px,
                volume=feed.volume,
                trading_state=feed.trading_state,
                is_open=state is None or (state.enter and state.match),
                takes_market_orders=venue.takes_market_orders
                and (state is None or state.immediate),
            )
        return feed.market

    def without(self, symbol: Symbol, own: Iterable[Child]) -> Market | None:
        """Return a market as `market` does, without what *own* have in it."""
        market = self.market(symbol)
        if market is None:
            return None
        hidden = dict(self._feeds[symbol].left)
        for child in own:
            for price, qty in _may_show(child):
                if child.symbol == symbol:
                    at = (child.side, price)
                    hidden[at] = hidden.get(at, 0) + qty
        if not hidden:
            return market
        bids, offers = (
            tuple(
                (price, qty - hidden.get((side, price), 0))
                for price, qty in market.side(side)
                if qty > hidden.get((side, price), 0)
            )
            for side in (Side.BUY, Side.SELL)
        )
        return attrs.evolve(market, bids=bids, offers=offers)

    def leaves(self, before: Child, after: Child) -> None:
        """Note what a child has taken off its price, which market data will say later."""
        feed = self._feeds.get(before.symbol)
        if feed is None or before.price is None:
            return
        stays = _resting_qty(after) if after.price == before.price else 0
        gone = min(_resting_qty(before) - stays, feed.shown(before.side, before.price))
        if gone > 0:
            at = (before.side, before.price)
            feed.left[at] = feed.left.get(at, 0) + gone

    def take(
        self, news: MarketNews, sender: CompID
    ) -> tuple[Symbol, tuple[tuple[Price, Qty], ...]] | None:
        """Take in what a venue says, and return the instrument and what was traded.

        What comes late, of a subscription that has ended, is passed over: None.
        """
        if isinstance(news, MarketDataRequestReject):
            raise ValueError(f"{sender} refuses {news.md_req_id}: {news.text}")
        feed = self._feeds.get(news.symbol)
        if feed is None or sender != self._venues[news.symbol].exchange:
            return None
        feed.market = None
        if isinstance(news, SecurityStatus):
            if not feed.is_known:
                return None  # the snapshot will say it
            feed.trading_state = news.trading_state
            return news.symbol, ()
        if news.md_req_id != feed.md_req_id:
            return None
        if isinstance(news, MarketDataSnapshot):
            feed.bids, feed.offers = dict(news.bids), dict(news.offers)
            feed.left.clear()
            feed.last_px, feed.trading_state = news.last_px, news.trading_state
            feed.is_known = True
            return news.symbol, ()
        before = {at: feed.shown(*at) for at in feed.left}
        apply_entries(feed.bids, feed.offers, news.entries)
        for at, qty in before.items():
            feed.left[at] -= max(qty - feed.shown(*at), 0)
            if feed.left[at] <= 0:
                del feed.left[at]
        trades = []
        for entry in news.entries:
            if entry.md_entry_type is MDEntryType.TRADE:
                assert entry.md_entry_px is not None, "a trade has a price"
                assert entry.md_entry_size is not None, "and a quantity"
                trades.append((entry.md_entry_px, entry.md_entry_size))
        if trades:
            feed.last_px = trades[-1][0]
            feed.volume += sum(qty for _, qty in trades)
        return news.symbol, tuple(trades)

    def _request(self, symbol: Symbol, feed: _Feed, kind: SubscriptionRequestType) -> Send:
        request = MarketDataRequest(
            sender_comp_id=self._name,
            md_req_id=feed.md_req_id,
            symbol=symbol,
            subscription_request_type=kind,
        )
        return Send(self._venues[symbol].exchange, request)


def _may_show(child: Child) -> Iterator[tuple[Price, Qty]]:
    """Yield where market data may have a child: where reports do, or where it is to go.

    Market data may come before the report of what it shows.
    """
    left = child.order_qty - child.cum_qty  # of one that is on its way, too
    if child.price is not None and left:
        yield child.price, left
    asked = child.asked
    if isinstance(asked, ReplaceChild) and asked.price is not None and asked.price != child.price:
        yield asked.price, asked.order_qty - child.cum_qty


def _resting_qty(child: Child) -> Qty:
    """Return how much of a child rests at its price, by its reports."""
    return child.order_qty - child.cum_qty if child.is_working else 0
