"""A venue's trades, as sessions are told of them, as they are printed, and as its day has them.

A trade is put together from what its two sides are told, each told in a report, in FIX text,
or to drop copy.  Whoever subscribes to market data, and whoever makes a public feed, sees
trades printed; the venue's figures of the day count them.  All of these are one story: the same
trades, in the order of their numbers, with the same quantities and prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from ...market.book import AuctionTraded, Traded
from ...market.fix import ExecType, MDEntryType, Side, SubscriptionRequestType
from ...market.identifiers import CompID, Price, Qty, Symbol
from ...market.messages import (
    ExecutionReport,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataSnapshot,
)
from ...market.record import TradeBusted, symbol_of
from ...market.shown import VenueRecord
from ...market.statistics import Day
from ...runtime.journal import Entry
from ..watching import Broken, WatchedFloor
from .beside import first_difference, side_by_side, up_to

SEEN = (MarketDataRequest, MarketDataSnapshot, MarketDataIncrementalRefresh, VenueRecord)
"""What trades are printed in, and what that depends on."""


@attrs.frozen(kw_only=True)
class Fill:
    """What one side is told of a trade, or of its being taken back."""

    number: int
    """That of the trade at its venue."""

    session: CompID
    symbol: Symbol
    side: Side
    qty: Qty
    price: Price | None
    is_bust: bool = False

    @property
    def signed_qty(self) -> Qty:
        """What it does to the session's position."""
        return self.qty if (self.side is Side.BUY) is not self.is_bust else -self.qty


@attrs.define
class _Trade:
    """A trade, as far as its sides have been told."""

    symbol: Symbol
    qty: Qty
    price: Price | None
    cause: int
    """The entry that the venue was handling when it came about, or one after that."""

    seq: int
    fills: dict[Side, Fill] = attrs.field(factory=dict)
    busts: set[Side] = attrs.field(factory=set)


@attrs.define
class _Prints:
    """What somebody saw printed of an instrument."""

    symbol: Symbol
    since: int
    """The entry with which it began, in the venue's hands; 0 for the beginning of the run."""

    until: int | None = None
    seen: list[tuple[Qty, Price]] = attrs.field(factory=list)
    seqs: list[int] = attrs.field(factory=list)
    volume: Qty | None = None
    """The day's, as it was published last."""

    def see(self, qty: Qty, price: Price, seq: int) -> None:
        self.seen.append((qty, price))
        self.seqs.append(seq)


@attrs.define
class _Market:
    """One venue's trades, from all who tell of them."""

    trades: dict[int, _Trade] = attrs.field(factory=dict)
    asked: dict[tuple[CompID, str], int] = attrs.field(factory=dict)
    """By listener and name, the request for a subscription."""

    prints: dict[tuple[CompID, str], _Prints] = attrs.field(factory=dict)
    """By listener and the subscription's name; of a feed, by its instrument."""

    ended: list[tuple[CompID, _Prints]] = attrs.field(factory=list)
    busts: dict[CompID, set[int]] = attrs.field(factory=dict)
    """By feed, the trades that were taken back."""


class TradeBook:
    """Puts together what is told of trades, and says where it parts."""

    def __init__(self, floor: WatchedFloor) -> None:
        self._floor = floor
        self._markets = {venue: _Market() for venue in floor.exchange_of.values()}
        self._missed: set[tuple[CompID, CompID]] = set()
        """From and to: whose prints got lost, or came twice or out of order."""

    # --- what is told ------------------------------------------------------------------

    def told(self, venue: CompID, fill: Fill, entry: Entry) -> Broken | None:
        """Take in what a side was told, again or for the first time."""
        trades = self._markets[venue].trades
        trade = trades.get(fill.number)
        if trade is None:
            trade = _Trade(fill.symbol, fill.qty, fill.price, entry.cause, entry.seq)
            trades[fill.number] = trade
        elif entry.cause < trade.cause:
            trade.cause = entry.cause
        if fill.is_bust:
            trade.busts.add(fill.side)
            if fill.qty == trade.qty:
                return None
        else:
            known = trade.fills.setdefault(fill.side, fill)
            if (fill.qty, fill.price, fill.symbol) == (trade.qty, trade.price, trade.symbol):
                if known.session == fill.session:
                    return None
                other = known
            else:
                other = next(iter(trade.fills.values()))
            return self._disagree(venue, fill, other, trade)
        return self._disagree(venue, fill, next(iter(trade.fills.values()), fill), trade)

    def _disagree(self, venue: CompID, fill: Fill, other: Fill, trade: _Trade) -> Broken:
        text = side_by_side(
            f"trade {fill.number} of {venue} is told differently",
            (f"to {other.session}", f"to {fill.session}"),
            [(self._say(other), self._say(fill))],
        )
        return Broken(text, (trade.seq,))

    def _say(self, fill: Fill) -> str:
        what = "trade cancel: " if fill.is_bust else ""
        return f"{what}{fill.side.name.lower()} {self._show(fill.symbol, fill.qty, fill.price)}"

    def _show(self, symbol: Symbol, qty: Qty, price: Price | None) -> str:
        at = "" if price is None else f" @ {self._floor.instruments[symbol].show(price)}"
        return f"{qty} {symbol}{at}"

    # --- what is printed ---------------------------------------------------------------

    def see(self, entry: Entry) -> None:
        """Take in something of `SEEN`, on its way from a venue or to one."""
        payload, actor, sender = entry.payload, CompID(entry.actor), CompID(entry.sender or "")
        match payload:
            case MarketDataRequest() if actor in self._markets:
                self._asked(self._markets[actor], sender, payload, entry.seq)
            case MarketDataSnapshot() if sender in self._markets:
                market, key = self._markets[sender], (actor, payload.md_req_id)
                if market.asked.get(key) == entry.cause:
                    self._end(market, key)
                    volume = payload.statistics.volume
                    market.prints[key] = _Prints(payload.symbol, entry.cause, volume=volume)
            case MarketDataIncrementalRefresh() if sender in self._markets:
                prints = self._markets[sender].prints.get((actor, payload.md_req_id))
                if prints is not None:
                    _refreshed(prints, payload, entry.seq)
            case VenueRecord() if sender in self._markets:
                self._recorded(self._markets[sender], actor, payload, entry.seq)

    def _asked(
        self, market: _Market, listener: CompID, request: MarketDataRequest, seq: int
    ) -> None:
        key = (listener, request.md_req_id)
        match request.subscription_request_type:
            case SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES:
                market.asked[key] = seq
            case SubscriptionRequestType.DISABLE_PREVIOUS:
                prints = market.prints.get(key)
                if prints is not None and prints.until is None and prints.symbol == request.symbol:
                    prints.until = seq
            case SubscriptionRequestType.SNAPSHOT:
                pass

    @staticmethod
    def _end(market: _Market, key: tuple[CompID, str]) -> None:
        if key in market.prints:
            market.ended.append((key[0], market.prints.pop(key)))

    @staticmethod
    def _recorded(market: _Market, feed: CompID, record: VenueRecord, seq: int) -> None:
        for happening in record.happened:
            if isinstance(happening, Traded | AuctionTraded):
                symbol = symbol_of(happening)
                prints = market.prints.setdefault((feed, symbol), _Prints(symbol, 0))
                prints.see(happening.last_qty, happening.price, seq)
            elif isinstance(happening, TradeBusted):
                market.busts.setdefault(feed, set()).add(happening.trd_match_id)

    def missed(self, sender: CompID, recipient: CompID) -> None:
        """Expect no whole story of prints on a way on which one of them got lost."""
        self._missed.add((sender, recipient))

    # --- whether it is one story -------------------------------------------------------

    def positions(self) -> Mapping[tuple[CompID, Symbol], Qty]:
        """Return what sessions' trades come to, by session and instrument, busts taken off."""
        positions: dict[tuple[CompID, Symbol], Qty] = {}
        for market in self._markets.values():
            for trade in market.trades.values():
                for side, fill in trade.fills.items():
                    if side not in trade.busts:
                        key = (fill.session, fill.symbol)
                        positions[key] = positions.get(key, 0) + fill.signed_qty
        return positions

    def differences(self, venue: CompID) -> Iterator[Broken]:
        """Yield where the stories of a venue part, all of whose sessions have been told all."""
        market = self._markets[venue]
        yield from self._one_sided(venue, market)
        causes = _causes(market.trades)
        listeners = [(who, prints) for (who, _), prints in market.prints.items()]
        for listener, prints in (*market.ended, *listeners):
            if (venue, listener) not in self._missed:
                yield from self._misprinted(venue, market, listener, prints, causes)
        for feed, busts in market.busts.items():
            told = {number for number, trade in market.trades.items() if trade.busts}
            if told != busts and (venue, feed) not in self._missed:
                number = min(told ^ busts)
                whom, whom_not = ("sides", "feed") if number in told else ("feed", "sides")
                yield Broken(
                    f"{venue} takes back trade {number} before its {whom}, not its {whom_not}"
                )
        exchange = getattr(self._floor.participant(venue), "exchange", None)
        if exchange is not None:
            for symbol, at in self._floor.exchange_of.items():
                if at == venue:
                    yield from self._miscounted(venue, market, symbol, exchange.day(symbol))

    def _one_sided(self, venue: CompID, market: _Market) -> Iterator[Broken]:
        for number, trade in sorted(market.trades.items()):
            for what, sides in (("trade", trade.fills.keys()), ("bust of trade", trade.busts)):
                if len(sides) == 1:
                    (side,) = sides
                    only = side.name.lower()
                    yield Broken(
                        f"of {what} {number} of {venue} only the {only} side was ever told:"
                        f" {self._show(trade.symbol, trade.qty, trade.price)}",
                        (trade.seq,),
                    )

    def _misprinted(
        self,
        venue: CompID,
        market: _Market,
        listener: CompID,
        prints: _Prints,
        causes: Mapping[int, int],
    ) -> Iterator[Broken]:
        numbers = [
            number
            for number, cause in causes.items()
            if market.trades[number].symbol == prints.symbol
            and prints.since < cause
            and (prints.until is None or cause < prints.until)
        ]
        trades = [market.trades[number] for number in numbers]
        place = first_difference([(trade.qty, trade.price) for trade in trades], prints.seen)
        if place is None:
            return
        symbol = prints.symbol
        left = [
            f"trade {number}: {self._show(symbol, trade.qty, trade.price)}"
            for number, trade in zip(numbers, trades, strict=True)
        ]
        right = [self._show(symbol, qty, price) for qty, price in prints.seen]
        seqs = [*(each.seq for each in trades[place:][:1]), *prints.seqs[place:][:1]]
        yield Broken(
            side_by_side(
                f"{venue} prints other trades in {symbol} than it tells its sessions,"
                f" at print {place + 1}",
                ("sessions were told", f"{listener} saw printed"),
                up_to(place, left, right),
            ),
            tuple(seqs),
        )

    def _miscounted(
        self, venue: CompID, market: _Market, symbol: Symbol, day: Day
    ) -> Iterator[Broken]:
        today = [
            trade
            for number, trade in market.trades.items()
            if trade.symbol == symbol and number >= day.first_trade
        ]
        volume = sum(trade.qty for trade in today if not trade.busts)
        if (len(today), volume) != (day.trades, day.volume):
            yield Broken(
                side_by_side(
                    f"{venue} counts other trades in {symbol} than it tells its sessions",
                    ("sessions were told", "the day's figures"),
                    [(_figures(len(today), volume), _figures(day.trades, day.volume))],
                )
            )
        for (listener, _), prints in market.prints.items():
            published = prints.volume
            if prints.symbol != symbol or prints.until is not None or published is None:
                continue
            if published != volume and (venue, listener) not in self._missed:
                yield Broken(
                    f"{venue} publishes a volume of {published} in {symbol} to {listener}, where"
                    f" sessions were told of {volume}"
                )


def fill_of(report: ExecutionReport, session: CompID) -> Fill | None:
    """Return what a report tells a side of a trade, or None where it is about none."""
    is_bust = report.exec_type is ExecType.TRADE_CANCEL
    if report.trd_match_id is None or not (is_bust or report.exec_type is ExecType.TRADE):
        return None
    return Fill(
        number=report.trd_match_id,
        session=session,
        symbol=report.symbol,
        side=report.side,
        qty=report.last_qty,
        price=report.last_px,
        is_bust=is_bust,
    )


def _refreshed(prints: _Prints, refresh: MarketDataIncrementalRefresh, seq: int) -> None:
    for each in refresh.entries:
        if each.md_entry_type is MDEntryType.TRADE:
            assert each.md_entry_px is not None, "a trade has a price"
            assert each.md_entry_size is not None, "and a quantity"
            prints.see(each.md_entry_size, each.md_entry_px, seq)
        elif each.md_entry_type is MDEntryType.TRADE_VOLUME:
            prints.volume = each.md_entry_size or 0


def _causes(trades: Mapping[int, _Trade]) -> dict[int, int]:
    """Return what each trade came of, by number: what is told again is told later."""
    causes: dict[int, int] = {}
    latest: int | None = None
    for number in sorted(trades, reverse=True):
        cause = trades[number].cause
        latest = cause if latest is None else min(latest, cause)
        causes[number] = latest
    return dict(sorted(causes.items()))


def _figures(count: int, volume: Qty) -> str:
    return f"{count} trade{'' if count == 1 else 's'}, volume {volume}"


def fill_of_text(fields: Mapping[str, str], session: CompID, floor: WatchedFloor) -> Fill | None:
    """Return what a message in FIX text tells a side of a trade, or None where it is about none.

    Args:
        fields: its values, by tag.
    """
    is_bust = fields.get("150") == ExecType.TRADE_CANCEL
    if fields.get("35") != "8" or not (is_bust or fields.get("150") in ("1", "2")):
        return None
    number = _NUMBER.search(fields.get("19", "") if is_bust else fields.get("17", ""))
    symbol = Symbol(fields.get("107", ""))
    if number is None or symbol not in floor.instruments:
        return None
    price = fields.get("31")
    return Fill(
        number=int(number[1]),
        session=session,
        symbol=symbol,
        side=Side(fields["54"]),
        qty=int(fields["32"]),
        price=None if price is None else floor.instruments[symbol].to_price(price),
        is_bust=is_bust,
    )


_NUMBER = re.compile(r"TN([0-9]+)$", re.ASCII)
"""The number of a trade, at the end of what names a fill (17), or of what names it again (19)."""
