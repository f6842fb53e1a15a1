"""From what happens at a venue to the messages of its public feed (NETS ITCH).

A feed shows less than there is: what orders display, who they are only by firm, no stop
that waits and no order that never rests.  It numbers orders anew, since a number says
which is earlier at a price: an order that gives up its place gets another one, and so
does an iceberg that comes back.

The messages go through an `ItchReader` before they are handed out.  It knows for the
feed what has been shown, and no message can leave that the ones before it make
impossible.

Source: docs.nsx.com.au/ncd, "Orderbook management", "Event message flow", "ITCH
introduction"; docs/readings.md, the public feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TypeAlias

import attrs

from ..market.book import (
    AggressorCanceled,
    Armed,
    AuctionTraded,
    BookEvent,
    Canceled,
    Expired,
    Lapsed,
    Refreshed,
    Replaced,
    Rested,
    Traded,
    Triggered,
    Withdrawn,
)
from ..market.fix import Side
from ..market.identifiers import CompID, OrderID, Price, Qty, Symbol
from ..market.instrument import Instrument
from ..market.ledger import Rule
from ..market.messages import NewOrderSingle
from ..market.operations import AuctionResult, IndicativePrice, SecurityStatus
from ..market.record import Happening, Received, TradeBusted
from ..market.rules import Publish
from ..market.sessions import CONTINUOUS
from .itch import (
    UNAVAILABLE_PX,
    ActionReason,
    ActionState,
    AddOrder,
    AssetType,
    AttributeType,
    BrokenTrade,
    CrossType,
    EventStatus,
    FirmDirectory,
    IndicativePriceQuantity,
    Message,
    OrderbookAttribute,
    OrderbookDirectory,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    PriceTickSize,
    QuantityTickSize,
    SystemEvent,
    Timestamp,
    Trade,
)
from .itch_book import ItchReader, ShownOrder
from .public import PublicAction, PublicAttribute, PublicEvent, PublicValue

SECOND_NS = 1_000_000_000

_MANAGEMENT = 'NSX, NETS ITCH, "Orderbook management"'

RULES = (
    Rule(
        "ITCH-1",
        "An order that comes to rest is added with what it displays; one that never rests, and"
        " a stop that waits, is not told.",
        f'{_MANAGEMENT}; NSX, NETS ITCH, "Add order [A]"',
    ),
    Rule(
        "ITCH-2",
        "Of a trade while the market matches the resting order's execution is told, at the"
        " order's price; one that is filled has left without another message.",
        f'{_MANAGEMENT}; NSX, NETS ITCH, "Order executed [E]"',
    ),
    Rule(
        "ITCH-3",
        "Of a trade in an auction the executions of both orders are told, with the auction's"
        " price and one match number, the buy order first.",
        f'{_MANAGEMENT}; NSX, NETS ITCH, "Order executed with price [C]"; docs/readings.md, the'
        " two sides of an auction's trade",
    ),
    Rule(
        "ITCH-4",
        "What trades and was not displayed is told as a trade, and changes no book.",
        'NSX, NETS ITCH, "Trade [P]"; docs/readings.md, icebergs on the feed',
    ),
    Rule(
        "ITCH-5",
        "A changed order that keeps its place keeps its number; one that gives it up gets"
        " another. Of a change that nobody sees nothing is told.",
        'NSX, NETS ITCH, "Order replace [U]"; NSX, FIX order entry, "Order identification"',
    ),
    Rule(
        "ITCH-6",
        "In an auction state the indicative price and quantity are told with the best bid and"
        " offer whenever one of these is another; once more when nothing would trade any more.",
        'NSX, NETS ITCH, "Indicative price/quantity [I]"; docs/readings.md, when the feed tells'
        " the indicative price",
    ),
    Rule(
        "ITCH-7",
        "An event that is scheduled for this very moment is told before the order that brought"
        " it about is added.",
        "NSX, Extreme Trade Range (ETR), behaviour during an ETR event",
    ),
    Rule(
        "ITCH-8",
        "Messages say their time in nanoseconds after the latest timestamp message; one comes"
        " for each second in which anything happens.",
        'NSX, NETS ITCH, "ITCH introduction"; docs/readings.md, timestamps of the feed',
    ),
)


# --- what is told --------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ListedBook:
    """An instrument as the feed's directory has it."""

    instrument: Instrument
    orderbook: int
    board: str = "NCRP"
    product: str = ""
    isin: str = ""
    security_name: str = ""
    currency: str = "AUD"
    asset_type: AssetType = AssetType.EQUITY

    state: str = CONTINUOUS.name
    """The one that it begins in."""


NSX_CROSS_TYPES: Mapping[str, CrossType] = {
    "PREOPEN": CrossType.OPENING,
    "PRECLOSE": CrossType.CLOSING,
    "CB_AUCT": CrossType.INTRADAY,
    "HALT": CrossType.INTRADAY,
}
"""Of which auction an indicative price is, by the name of the state."""


# --- the feed ------------------------------------------------------------------------


@attrs.define(eq=False)
class ItchFeed:
    """The feed of one venue, from the start of a session on.

    Trades are numbered as the venue numbers them: all of its books have to be listed,
    and all their events told.
    """

    books: Sequence[ListedBook]
    start_ns: int
    """When the run starts, after the start of 1970, UTC."""

    firms: Mapping[CompID, int] = attrs.field(factory=dict)
    """By session, its firm's number; the feed names no firm of one that is not here."""

    cross_types: Mapping[str, CrossType] = attrs.field(default=NSX_CROSS_TYPES)
    reader: ItchReader = attrs.field(init=False, factory=ItchReader)
    """What somebody knows who has had every message."""

    _listed: dict[Symbol, ListedBook] = attrs.field(init=False)
    _states: dict[Symbol, str] = attrs.field(init=False)

    _numbers: dict[OrderID, int] = attrs.field(init=False, factory=dict)
    """Of the orders that are shown."""

    _order_numbers: Iterator[int] = attrs.field(init=False, factory=lambda: count(1))
    _match_numbers: Iterator[int] = attrs.field(init=False, factory=lambda: count(1))
    _returning: dict[OrderID, tuple[Refreshed, Qty]] = attrs.field(init=False, factory=dict)
    """Icebergs that have come back and are not shown yet, with what they will show."""

    _indicated: dict[Symbol, tuple[Price, Qty]] = attrs.field(init=False, factory=dict)
    _told: dict[Symbol, tuple[int, ...]] = attrs.field(init=False, factory=dict)
    """Of each instrument, the latest indicative price with what goes with it."""

    _said: list[Message] = attrs.field(init=False, factory=list)
    _at: int = attrs.field(init=False, default=0)
    _base_ns: int = attrs.field(init=False, default=0)

    @_listed.default
    def _by_symbol(self) -> dict[Symbol, ListedBook]:
        return {book.instrument.symbol: book for book in self.books}

    @_states.default
    def _first_states(self) -> dict[Symbol, str]:
        return {book.instrument.symbol: book.state for book in self.books}

    def spin(self, known: Iterable[PublicValue], now_ns: int) -> list[Message]:
        """Return what opens the feed: what there is, and what is known of it.

        Args:
            known: the attributes of each book but its previous close; the action of one
                that is not traded as normal; and what is scheduled.
            now_ns: when that is, after the start of the run.
        """
        told = [*known]
        self._begin(now_ns)
        start = PublicEvent(
            event_code="IPXS-SOM", event_status=EventStatus.TRIGGERED, scheduled_time_ns=now_ns
        )
        self._event(start)
        firms: dict[int, CompID] = {}
        for session, number in self.firms.items():
            firms.setdefault(number, session)
        for number in sorted(firms):
            self._say(FirmDirectory(self._at, number, firms[number]))
        ticks = [*dict.fromkeys(book.instrument.ticks for book in self.books)]
        for table, each in enumerate(ticks, 1):
            for band in each.bands:
                step = band.min_price_increment
                self._say(PriceTickSize(self._at, table, step, max(0, band.from_price)))
        lots = [*dict.fromkeys(book.instrument.round_lot for book in self.books)]
        for table, lot in enumerate(lots, 1):
            self._say(QuantityTickSize(self._at, table, lot, 0))
        for book in self.books:
            instrument = book.instrument
            self._say(
                OrderbookDirectory(
                    self._at,
                    book.orderbook,
                    isin=book.isin,
                    security_code=instrument.symbol,
                    security_name=book.security_name,
                    currency=book.currency,
                    board=book.board,
                    product=book.product,
                    minimum_quantity=instrument.round_lot,
                    quantity_tick_size_table_id=1 + lots.index(instrument.round_lot),
                    quantity_decimals=0,
                    price_tick_size_table_id=1 + ticks.index(instrument.ticks),
                    price_decimals=instrument.price_decimals,
                    asset_type=book.asset_type,
                )
            )
            about = [each for each in told if each.symbol == instrument.symbol]
            attributes = [each for each in about if isinstance(each, PublicAttribute)]
            if instrument.reference_px is not None:
                attributes.append(
                    PublicAttribute(
                        symbol=instrument.symbol,
                        attribute_type=AttributeType.PREVIOUS_CLOSE,
                        attribute_value=instrument.reference_px,
                    )
                )
            for value in sorted(attributes, key=lambda value: _SPUN[value.attribute_type]):
                self._attribute(value)
            normal = PublicAction(
                symbol=instrument.symbol,
                trading_state=ActionState.ACTIVE,
                reason=ActionReason.NORMAL,
            )
            actions = [each for each in about if isinstance(each, PublicAction)]
            self._action(actions[-1] if actions else normal)
        for event in told:
            if isinstance(event, PublicEvent):
                self._event(event)
        return self._end()

    def follow(self, happenings: Iterable[Happening], now_ns: int) -> list[Message]:
        """Return the messages of what has happened at one moment, first to last.

        Of what rule sets publish, `PublicValue` is told, and for anything else there is no
        message.

        Args:
            happenings: what came of one request, operation or scheduled moment.
            now_ns: when that was, after the start of the run.

        Raises:
            ImpossibleFeed: if that cannot have happened after what was told before.
            KeyError: if it is about an instrument that is not listed.
        """
        self._begin(now_ns)
        told = _in_order(happenings, now_ns)
        symbols: dict[Symbol | None, None] = {}
        withdrawn: dict[OrderID, int] = {}
        aggressor: CompID | None = None
        for place, happening in enumerate(told):
            if not isinstance(happening, Traded | Refreshed | Canceled):
                self._return()
            match happening:
                case Received(session):
                    aggressor = session
                case Traded():
                    self._trade(happening, aggressor)
                case Rested():
                    self._rest(happening, withdrawn)
                case Refreshed(order_id, _, shown_qty):
                    self._returning.pop(order_id, None)
                    self._returning[order_id] = happening, shown_qty
                case Canceled(order_id) | Lapsed(order_id):
                    self._returning.pop(order_id, None)
                    self._delete(order_id)
                case Replaced():
                    self._replace(happening)
                case Withdrawn(order_id):
                    number = self._numbers.get(order_id)
                    if number is not None and _rests(order_id, told[place + 1 :]):
                        withdrawn[order_id] = number
                    else:
                        self._delete(order_id)
                case Triggered(_, order):
                    aggressor = order.sender_comp_id
                case AuctionTraded():
                    self._auction_trade(happening)
                case Armed() | Expired() | AggressorCanceled() | AuctionResult():
                    pass  # nobody sees it, or it has been told trade by trade
                case SecurityStatus(symbol=symbol, trading_state=state):
                    self._enter(symbol, state)
                case IndicativePrice(symbol=symbol, price=price, quantity=quantity):
                    self._indicated.pop(symbol, None)
                    if price is not None:
                        self._indicated[symbol] = price, quantity
                case PublicAttribute():
                    self._attribute(happening)
                case PublicAction():
                    self._action(happening)
                case PublicEvent():
                    self._event(happening)
                case TradeBusted(number):
                    self._say(BrokenTrade(self._at, number))
            symbols[_symbol_of(happening)] = None
        self._return()
        for about in symbols:
            if about is not None:
                self._indicate(about)
        return self._end()

    # --- orders ----------------------------------------------------------------------

    def _rest(self, event: Rested, withdrawn: dict[OrderID, int]) -> None:
        order, price = event.order, event.price
        shown_qty = _displayed(order, event.leaves_qty)
        replaced = withdrawn.pop(event.order_id, None)
        if replaced is None:
            self._add(event.order_id, order, price, shown_qty)
            return
        number = self._numbers[event.order_id] = next(self._order_numbers)
        self._say(OrderReplace(self._at, replaced, number, shown_qty, price))

    def _add(self, order_id: OrderID, order: NewOrderSingle, price: Price, shown: Qty) -> None:
        number = self._numbers[order_id] = next(self._order_numbers)
        orderbook, firm = self._listed[order.symbol].orderbook, self._firm(order.sender_comp_id)
        verb = _VERBS[order.side]
        self._say(AddOrder(self._at, number, verb, shown, orderbook, price, firm))

    def _return(self) -> None:
        """Show the icebergs that have come back, in the order in which they did."""
        for order_id, (event, shown_qty) in self._returning.items():
            assert event.order.price is not None, "it rests"
            self._add(order_id, event.order, event.order.price, shown_qty)
        self._returning.clear()

    def _delete(self, order_id: OrderID) -> None:
        """Take an order off the book that shows it, if one does."""
        number = self._numbers.pop(order_id, None)
        if number is not None:
            self._say(OrderDelete(self._at, number))

    def _replace(self, event: Replaced) -> None:
        number = self._numbers.get(event.order_id)
        if number is None:
            return  # a stop
        shown = self.reader.orders[number]
        quantity = min(shown.quantity, _displayed(event.order, event.leaves_qty))
        if quantity != shown.quantity:
            self._say(OrderReplace(self._at, number, number, quantity, shown.price))

    # --- trades ----------------------------------------------------------------------

    def _trade(self, event: Traded, aggressor: CompID | None) -> None:
        order, order_id, quantity = event.order, event.order_id, event.last_qty
        match_number = next(self._match_numbers)
        number = self._numbers.get(order_id)
        ours, theirs = self._firm(order.sender_comp_id), self._firm(aggressor)
        if number is not None:
            if quantity == self.reader.orders[number].quantity:
                del self._numbers[order_id]
            self._say(OrderExecuted(self._at, number, quantity, match_number, True, theirs))
            return
        buy, sell = (ours, theirs) if order.side is Side.BUY else (theirs, ours)
        self._hidden(order.symbol, event.price, quantity, match_number, True, buy, sell)
        refreshed, shown_qty = self._returning[order_id]
        if event.leaves_qty:
            self._returning[order_id] = refreshed, shown_qty - quantity
        else:
            del self._returning[order_id]

    def _auction_trade(self, event: AuctionTraded) -> None:
        match_number, price, quantity = next(self._match_numbers), event.price, event.last_qty
        executed: list[tuple[ShownOrder, Qty]] = []
        for fill in (event.buy, event.sell):
            shown = self.reader.orders[self._numbers[fill.order_id]]
            executed.append((shown, min(quantity, shown.quantity)))
            if quantity >= shown.quantity and fill.leaves_qty:
                # It shows a new slice where it stands: added to the old one, which is to go.
                both = shown.quantity + _displayed(fill.order, fill.leaves_qty)
                number = shown.number
                self._say(OrderReplace(self._at, number, number, both, shown.price))
            if not fill.leaves_qty:
                del self._numbers[fill.order_id]
        buy, sell = (self._firm(fill.order.sender_comp_id) for fill in (event.buy, event.sell))
        # Both sides tell of one trade: the buy's counts in the volume.
        for (shown, shown_qty), counts in zip(executed, (True, False), strict=True):
            self._say(
                OrderExecutedWithPrice(
                    self._at, shown.number, shown_qty, match_number, counts, price
                )
            )
        for (_, shown_qty), counts in zip(executed, (True, False), strict=True):
            if shown_qty < quantity:
                hidden, symbol = quantity - shown_qty, event.buy.order.symbol
                self._hidden(symbol, price, hidden, match_number, counts, buy, sell)

    def _hidden(
        self,
        symbol: Symbol,
        price: Price,
        quantity: Qty,
        match_number: int,
        counts: bool,
        buy: int,
        sell: int,
    ) -> None:
        orderbook = self._listed[symbol].orderbook
        self._say(
            Trade(
                self._at,
                quantity,
                orderbook,
                counts,
                price,
                match_number,
                buy_firm_id=buy,
                sell_firm_id=sell,
            )
        )

    # --- states, auctions, values ----------------------------------------------------

    def _enter(self, symbol: Symbol, state: str) -> None:
        self._states[symbol] = state
        self._indicated.pop(symbol, None)
        self._told.pop(symbol, None)

    def _action(self, action: PublicAction) -> None:
        orderbook, state = self._listed[action.symbol].orderbook, action.trading_state
        self._say(OrderbookTradingAction(self._at, orderbook, state, action.reason))

    def _indicate(self, symbol: Symbol) -> None:
        """Tell what an auction would come to, if that or the touch is news."""
        indicated, told = self._indicated.get(symbol), self._told.get(symbol)
        if indicated is None and told is None:
            return
        orderbook = self._listed[symbol].orderbook
        book = self.reader.book(orderbook)
        price, quantity = indicated or (UNAVAILABLE_PX, 0)
        bid, bid_size = book.best(OrderVerb.BUY) or (UNAVAILABLE_PX, 0)
        offer, offer_size = book.best(OrderVerb.SELL) or (UNAVAILABLE_PX, 0)
        news = (price, quantity, bid, bid_size, offer, offer_size)
        if news == told:
            return
        if indicated is None:
            del self._told[symbol]
        else:
            self._told[symbol] = news
        cross_type = self.cross_types.get(self._states[symbol], CrossType.NONE)
        self._say(
            IndicativePriceQuantity(
                self._at,
                theoretical_opening_quantity=quantity,
                orderbook=orderbook,
                best_bid=bid,
                best_offer=offer,
                theoretical_opening_price=price,
                cross_type=cross_type,
                best_bid_size=bid_size,
                best_offer_size=offer_size,
            )
        )

    def _attribute(self, value: PublicAttribute) -> None:
        orderbook = self._listed[value.symbol].orderbook
        number = value.attribute_value
        number = UNAVAILABLE_PX if number is None else number
        self._say(OrderbookAttribute(self._at, orderbook, number, value.attribute_type))

    def _event(self, event: PublicEvent) -> None:
        orderbook = 0 if event.symbol is None else self._listed[event.symbol].orderbook
        self._say(
            SystemEvent(
                self._at,
                group=event.board,
                product="",
                orderbook=orderbook,
                event_code=event.event_code,
                event_status=event.event_status,
                scheduled_time=self.start_ns + event.scheduled_time_ns,
            )
        )

    def _firm(self, session: CompID | None) -> int:
        return 0 if session is None else self.firms.get(session, 0)

    # --- saying ----------------------------------------------------------------------

    def _begin(self, now_ns: int) -> None:
        self._at = (self.start_ns + now_ns) % SECOND_NS
        self._base_ns = self.start_ns + now_ns - self._at

    def _say(self, message: Message) -> None:
        if self.reader.base_ns != self._base_ns:
            self._put(Timestamp(self._base_ns))
        self._put(message)

    def _put(self, message: Message) -> None:
        self.reader.apply(message)
        self._said.append(message)

    def _end(self) -> list[Message]:
        said, self._said = self._said, []
        return said


_Told: TypeAlias = (
    Received
    | BookEvent
    | SecurityStatus
    | IndicativePrice
    | AuctionResult
    | PublicValue
    | TradeBusted
)


def _in_order(happenings: Iterable[Happening], now_ns: int) -> list[_Told]:
    """Return *happenings* as they are told: as they happened, but for one thing (ITCH-7)."""
    told: list[_Told] = []
    for happening in _tellable(happenings):
        place = len(told)
        match told[-2:]:
            case [Rested(_, order), SecurityStatus(symbol=symbol)] if order.symbol == symbol:
                if _is_immediate(happening, symbol, now_ns):
                    place -= 2
        told.insert(place, happening)
    return told


def _tellable(happenings: Iterable[Happening]) -> Iterator[_Told]:
    for happening in happenings:
        if not isinstance(happening, Publish):
            yield happening
        elif isinstance(happening.message, PublicValue):
            yield happening.message


def _is_immediate(happening: _Told, symbol: Symbol, now_ns: int) -> bool:
    return (
        isinstance(happening, PublicEvent)
        and happening.symbol == symbol
        and happening.event_status is EventStatus.SCHEDULED
        and happening.scheduled_time_ns == now_ns
    )


def _rests(order_id: OrderID, later: Iterable[_Told]) -> bool:
    """Return whether an order that has given up its place comes to rest."""
    own = (
        event
        for event in later
        if isinstance(event, Rested | Armed | Expired | AggressorCanceled)
        and event.order_id == order_id
    )
    return isinstance(next(own, None), Rested)


def _displayed(order: NewOrderSingle, leaves_qty: Qty) -> Qty:
    return leaves_qty if order.display_qty is None else min(order.display_qty, leaves_qty)


def _symbol_of(happening: _Told) -> Symbol | None:
    match happening:
        case AuctionTraded(buy):
            return buy.order.symbol
        case SecurityStatus() | IndicativePrice() | AuctionResult():
            return happening.symbol
        case PublicAttribute() | PublicAction() | PublicEvent():
            return happening.symbol
        case Received() | TradeBusted():
            return None
        case _:
            return happening.order.symbol


_SPUN = {kind: place for place, kind in enumerate(AttributeType)}
"""In which order a book's attributes are told at the start."""

_VERBS = {Side.BUY: OrderVerb.BUY, Side.SELL: OrderVerb.SELL}
