"""A second exchange: what sessions may ask of it, and when; its markets do the rest."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import TypeAlias

import attrs

from floorproof.market.fix import (
    CxlRejReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    QuoteRejectReason,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)
from floorproof.market.quotes import MassQuote, QuoteCancel, QuoteEntry
from floorproof.market.sessions import CONTINUOUS, Board, TradingState

from .algorithms import PlainAlgorithm
from .auction import CHAINS
from .market import PlainMarket
from .orders import (
    AT_ONCE,
    STOPS,
    MassTold,
    MessageRefused,
    PlainOrder,
    QuoteTold,
    Refused,
    Told,
    Unquoted,
)
from .self_match import PlainSelfMatch
from .terms import faults, on_tick

Asked: TypeAlias = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderMassActionRequest
    | MassQuote
    | QuoteCancel
)
Named: TypeAlias = (
    NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderMassActionRequest
)
Heard: TypeAlias = Told | Refused | MassTold | MessageRefused | QuoteTold | Unquoted

MARKETS = (OrdType.MARKET, OrdType.MARKET_LIMIT)


class Refusal(Exception):
    """Ends a request, with the reason that an order's, or a change's, reject gives."""

    def __init__(
        self,
        order: OrdRejReason = OrdRejReason.OTHER,
        change: CxlRejReason = CxlRejReason.OTHER,
        rule: str = "",
    ) -> None:
        super().__init__(order.name, change.name, rule)
        self.order, self.change, self.rule = order, change, rule


class PlainVenue:
    """Answers every request as the rules say."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        algorithms: Mapping[Symbol, PlainAlgorithm],
        *,
        boards: Iterable[Board] = (),
        today: datetime.date = datetime.date(2026, 1, 5),
        chain: str = "NSX",
        smp: PlainSelfMatch | None = None,
    ) -> None:
        moments, trades = count(1), count(1)
        self.today = today
        self.smp = smp
        boards = list(boards)
        self.boards = {board.name: list(board.symbols) for board in boards}
        self.board_states = {board.name: board.state for board in boards}
        self.own_states: dict[str, TradingState] = {}
        self.names: list[tuple[str, str]] = []
        self.quote_names: list[tuple[str, str]] = []
        self.orders: list[PlainOrder] = []
        self.markets = {
            str(one.symbol): PlainMarket(
                one, algorithms[one.symbol], CHAINS[chain], CONTINUOUS, moments, trades
            )
            for one in instruments
        }
        for symbol, market in self.markets.items():
            market.state = self._board_state(symbol)
            market.smp = smp

    # --- requests ----------------------------------------------------------------------

    def receive(self, request: Asked) -> list[Heard]:
        match request:
            case NewOrderSingle():
                return self._new(request)
            case OrderCancelRequest():
                return self._cancel(request)
            case OrderCancelReplaceRequest():
                return self._change(request)
            case OrderMassActionRequest():
                return self._mass_cancel(request)
            case MassQuote():
                return self._quote(request)
            case QuoteCancel():
                return self._unquote(request)

    def _new(self, request: NewOrderSingle) -> list[Heard]:
        if refused := self._smp_refuses(request, request.cl_ord_id):
            return refused
        try:
            market = self._market(request.symbol)
            self._check_state(request, market.state, market.state.enter, request.time_in_force)
            self._check_terms(request, market)
            self._check_name(request)
            if request.ord_type in MARKETS and market.best(request.side.opposite) is None:
                raise Refusal(OrdRejReason.BROKER_OPTION)
            self._check_post_only(request, market)
        except Refusal as refusal:
            return [_rejected(request, refusal)]
        self._use_name(request)
        order = PlainOrder(
            order_id=len(self.orders) + 1,
            owner=request.sender_comp_id,
            name=request.cl_ord_id,
            symbol=request.symbol,
            side=request.side,
            qty=request.order_qty,
            price=request.price,
            ord_type=request.ord_type,
            lives=request.time_in_force,
            stop_px=request.stop_px,
            display=request.display_qty,
            expire_date=request.expire_date,
            account=request.account,
            user=request.sender_sub_id,
            smp_id=request.self_match_prevention_id,
            smp_instruction=request.self_match_prevention_instruction,
        )
        self.orders.append(order)
        market.orders.append(order)
        market.protect(order)
        market.told.append(order.tell(ExecType.NEW))
        market.arrive(order, least=request.min_qty or 0)
        return [*market.take()]

    def _cancel(self, request: OrderCancelRequest) -> list[Heard]:
        try:
            order, market = self._find(request)
            self._check_state(request, market.state, market.state.cancel, order.lives)
        except Refusal as refusal:
            return [_refused(request, refusal)]
        self._use_name(request)
        return [_canceled(order, request)]

    def _change(self, request: OrderCancelReplaceRequest) -> list[Heard]:
        if refused := self._smp_refuses(request, request.cl_ord_id):
            return refused
        try:
            order, market = self._find(request)
            may = market.state.modify
            self._check_state(request, market.state, may, order.lives, request.time_in_force)
            if request.ord_type in MARKETS:
                raise Refusal
            self._check_terms(request, market, request.stop_px == order.stop_px)
            if request.order_qty <= order.filled:
                raise Refusal
            self._check_post_only(request, market)
        except Refusal as refusal:
            return [_refused(request, refusal)]
        self._use_name(request)
        keeps_its_place = (
            request.order_qty <= order.qty
            and request.price == order.price
            and request.account == order.account
            and request.ord_type is order.ord_type
            and request.stop_px == order.stop_px
            and _hides_no_less(request.display_qty, order.display)
            and request.time_in_force not in AT_ONCE
        )
        order.name = request.cl_ord_id
        order.qty = request.order_qty
        order.price = request.price
        order.ord_type = request.ord_type
        order.lives = request.time_in_force
        order.stop_px = request.stop_px
        order.display = request.display_qty
        order.expire_date = request.expire_date
        order.account = request.account
        order.user = request.sender_sub_id
        order.smp_id = request.self_match_prevention_id
        order.smp_instruction = request.self_match_prevention_instruction
        ack = attrs.evolve(order.tell(ExecType.REPLACED), orig_cl_ord_id=request.orig_cl_ord_id)
        if keeps_its_place:
            if order.rests:
                most = order.left if order.display is None else min(order.display, order.left)
                order.shown = min(order.shown, most)
            return [ack]
        order.leave()
        market.told.append(ack)
        market.arrive(order)
        return [*market.take()]

    def _mass_cancel(self, request: OrderMassActionRequest) -> list[Heard]:
        try:
            if request.symbol is not None:
                self._market(request.symbol)
            self._check_name(request)
            if request.symbol is not None and not self._market(request.symbol).state.cancel:
                raise Refusal
        except Refusal:
            return [MassTold(request.sender_comp_id, request.cl_ord_id, False)]
        self._use_name(request)
        heard: list[Heard] = []
        canceled = []
        for order in self.orders:
            state = self.markets[order.symbol].state
            if (
                order.lives_on
                and order.quote_set is None
                and order.owner == request.sender_comp_id
                and request.symbol in (None, order.symbol)
                and request.side in (None, order.side)
                and request.account in (None, order.account)
                and request.sender_sub_id in (None, order.user)
                and state.cancel
                and order.lives in state.lives
            ):
                heard.append(_canceled(order, request))
                canceled.append(order.order_id)
        answer = MassTold(request.sender_comp_id, request.cl_ord_id, True, tuple(canceled))
        return [*heard, answer]

    # --- quotes ------------------------------------------------------------------------

    def _quote(self, request: MassQuote) -> list[Heard]:
        to, name = request.sender_comp_id, request.quote_id
        if refused := self._smp_refuses(request, name):
            return refused
        if (to, name) in self.quote_names:
            return [_no_quote(request, QuoteRejectReason.DUPLICATE_QUOTE)]
        if request.entries[0].symbol not in self.markets:
            return [_no_quote(request, QuoteRejectReason.UNKNOWN_SYMBOL)]
        faults = [
            self._fault(entry, [one.symbol for one in request.entries[:place]])
            for place, entry in enumerate(request.entries)
        ]
        self.quote_names.append((to, name))
        of_all = None if None in faults else faults[0]
        said = tuple(
            (str(entry.quote_entry_id), fault)
            for entry, fault in zip(request.entries, faults, strict=True)
        )
        smp_id = request.self_match_prevention_id
        heard: list[Heard] = [QuoteTold(to, name, of_all is None, said, of_all, smp_id)]
        for quote_set in request.quote_sets:
            for entry in quote_set.entries:
                if faults[request.entries.index(entry)] is None:
                    heard += self._put_quote(request, quote_set.quote_set_id, entry)
        return heard

    def _fault(self, entry: QuoteEntry, before: Sequence[str]) -> QuoteRejectReason | None:
        """Return what is wrong with an entry, if anything is.

        Args:
            before: the instruments of the entries before it.
        """
        market = self.markets.get(entry.symbol)
        if market is None:
            return QuoteRejectReason.UNKNOWN_SYMBOL
        if entry.symbol in before:
            return QuoteRejectReason.DUPLICATE_QUOTE
        if not market.state.quote or TimeInForce.DAY not in market.state.lives:
            return QuoteRejectReason.EXCHANGE_CLOSED
        largest, lot = market.instrument.max_order_qty, market.instrument.round_lot
        for px, size in ((entry.bid_px, entry.bid_size), (entry.offer_px, entry.offer_size)):
            if px is None:
                continue
            if not on_tick(market.instrument, px):
                return QuoteRejectReason.INVALID_PRICE
            if largest is not None and size > largest:
                return QuoteRejectReason.QUOTE_EXCEEDS_LIMIT
            if size % lot:
                return QuoteRejectReason.OTHER
        bid, offer = entry.bid_px, entry.offer_px
        if bid is not None and offer is not None and bid >= offer:
            return QuoteRejectReason.INVALID_BID_ASK_SPREAD
        return None

    def _put_quote(self, request: MassQuote, quote_set: str, entry: QuoteEntry) -> list[Heard]:
        market = self.markets[entry.symbol]
        wanted = {
            Side.BUY: (entry.bid_px, entry.bid_size),
            Side.SELL: (entry.offer_px, entry.offer_size),
        }
        for old in market.orders:
            whose = (request.sender_comp_id, request.sender_sub_id)
            if not old.lives_on or old.quote_set is None or (old.owner, old.user) != whose:
                continue
            price, size = wanted[old.side]
            if price != old.price or size > old.left:
                old.leave()
                continue
            # It keeps its place.
            old.name, old.quote_set, old.account = entry.quote_entry_id, quote_set, request.account
            old.smp_id = request.self_match_prevention_id
            old.qty = old.filled + size
            old.show()
            del wanted[old.side]
        for side, (price, size) in wanted.items():
            if price is None:
                continue
            order = PlainOrder(
                order_id=len(self.orders) + 1,
                owner=request.sender_comp_id,
                name=entry.quote_entry_id,
                symbol=entry.symbol,
                side=side,
                qty=size,
                price=price,
                ord_type=OrdType.LIMIT,
                lives=TimeInForce.DAY,
                stop_px=None,
                display=None,
                expire_date=None,
                account=request.account,
                user=request.sender_sub_id,
                quote_set=quote_set,
                smp_id=request.self_match_prevention_id,
            )
            self.orders.append(order)
            market.orders.append(order)
            market.arrive(order)
        return [*market.take()]

    def _unquote(self, request: QuoteCancel) -> list[Heard]:
        to, name = request.sender_comp_id, request.quote_id
        reason = None
        if (to, name) in self.quote_names:
            reason = QuoteRejectReason.DUPLICATE_QUOTE
        elif not all(symbol in self.markets for symbol in request.symbols):
            reason = QuoteRejectReason.UNKNOWN_SYMBOL
        elif len(request.symbols) == 1 and not self.markets[request.symbols[0]].state.cancel:
            reason = QuoteRejectReason.EXCHANGE_CLOSED
        if reason is not None:
            return [Unquoted(to, name, reason=reason)]
        self.quote_names.append((to, name))
        gone = []
        for order in self.orders:
            if (
                order.lives_on
                and order.quote_set is not None
                and order.owner == to
                and request.sender_sub_id in (None, order.user)
                and (not request.symbols or order.symbol in request.symbols)
                and request.quote_set_id in (None, order.quote_set)
                and request.side in (None, order.side)
                and self.markets[order.symbol].state.cancel
            ):
                order.leave()
                gone.append(order.gone())
        return [Unquoted(to, name, tuple(gone))]

    # --- what a request has to pass ----------------------------------------------------

    def _smp_refuses(
        self, request: NewOrderSingle | OrderCancelReplaceRequest | MassQuote, name: str
    ) -> list[Heard]:
        """Return the reject of a message whose SMP id or instruction is wrong, or nothing."""
        if self.smp is None:
            return []
        rule = self.smp.objects(
            request.sender_comp_id,
            request.self_match_prevention_id,
            request.self_match_prevention_instruction,
        )
        business = isinstance(request, MassQuote)
        return [MessageRefused(request.sender_comp_id, name, business, rule)] if rule else []

    def _market(self, symbol: str) -> PlainMarket:
        if symbol not in self.markets:
            raise Refusal(OrdRejReason.UNKNOWN_SYMBOL)
        return self.markets[symbol]

    def _check_name(self, request: Named) -> None:
        if (request.sender_comp_id, request.cl_ord_id) in self.names:
            raise Refusal(OrdRejReason.DUPLICATE_ORDER, CxlRejReason.DUPLICATE_CL_ORD_ID)

    def _use_name(self, request: Named) -> None:
        self.names.append((request.sender_comp_id, request.cl_ord_id))

    def _check_state(
        self, request: Named, state: TradingState, may: bool, *lives: TimeInForce
    ) -> None:
        at_once = (
            isinstance(request, NewOrderSingle | OrderCancelReplaceRequest)
            and (
                request.ord_type in MARKETS
                or (request.ord_type not in STOPS and request.time_in_force in AT_ONCE)
            )
        ) or (isinstance(request, NewOrderSingle) and request.min_qty is not None)
        if not may or (at_once and not state.immediate):
            raise Refusal(OrdRejReason.EXCHANGE_CLOSED)
        if any(one not in state.lives for one in lives):
            raise Refusal(OrdRejReason.EXCHANGE_CLOSED)

    def _check_terms(
        self,
        request: NewOrderSingle | OrderCancelReplaceRequest,
        market: PlainMarket,
        same_trigger: bool = False,
    ) -> None:
        last_px = None if same_trigger else market.last_px
        for rule, reason in faults(request, market.instrument, last_px, self.today):
            off_tick = reason is OrdRejReason.INVALID_PRICE_INCREMENT
            cxl = CxlRejReason.INVALID_PRICE_INCREMENT if off_tick else CxlRejReason.OTHER
            raise Refusal(reason, cxl, rule)

    def _check_post_only(
        self, request: NewOrderSingle | OrderCancelReplaceRequest, market: PlainMarket
    ) -> None:
        if request.post_only and market.state.match:
            assert request.price is not None
            if market.meets_somebody(request.side, request.price):
                raise Refusal(OrdRejReason.BROKER_OPTION, rule="ORD-8")

    def _find(
        self, request: OrderCancelRequest | OrderCancelReplaceRequest
    ) -> tuple[PlainOrder, PlainMarket]:
        market = self._market(request.symbol)
        self._check_name(request)
        for order in self.orders:
            if (
                order.lives_on
                and order.quote_set is None
                and order.owner == request.sender_comp_id
                and order.name == request.orig_cl_ord_id
            ):
                if order.side is not request.side or order.symbol != request.symbol:
                    raise Refusal
                return order, market
        raise Refusal(change=CxlRejReason.UNKNOWN_ORDER)

    # --- states --------------------------------------------------------------------------

    def put(self, symbol: str, state: TradingState | None) -> list[Heard]:
        """Put an instrument into a *state* of its own, or let it rejoin its board.

        Raises:
            ValueError: if it is crossed, and the state would match without an auction.
        """
        entered = self._board_state(symbol) if state is None else state
        if self._would_match_crossed(symbol, entered):
            raise ValueError(f"{symbol} is crossed, and {entered.name} has no auction")
        if state is None:
            self.own_states.pop(symbol, None)
        else:
            self.own_states[symbol] = state
        return self._enter([symbol], entered)

    def put_board(self, board: str, state: TradingState) -> list[Heard]:
        """Let *board* change, and the instruments on it that have no state of their own.

        One that is crossed does not follow into a state that would match without an auction.
        """
        self.board_states[board] = state
        follow = [
            symbol
            for symbol in self.boards[board]
            if symbol not in self.own_states and not self._would_match_crossed(symbol, state)
        ]
        return self._enter(follow, state)

    def _board_state(self, symbol: str) -> TradingState:
        for board, symbols in self.boards.items():
            if symbol in symbols:
                return self.board_states[board]
        return CONTINUOUS

    def _would_match_crossed(self, symbol: str, state: TradingState) -> bool:
        return state.match and not state.uncross and self.markets[symbol].crosses()

    def _enter(self, symbols: Sequence[str], state: TradingState) -> list[Heard]:
        heard: list[Heard] = []
        for symbol in symbols:
            if self.markets[symbol].state != state:
                self.markets[symbol].enter(state, self.today)
            heard += self.markets[symbol].take()
        return heard


def _hides_no_less(new: int | None, old: int | None) -> bool:
    """Return whether a display quantity is lowered, introduced or left alone."""
    if new is None:
        return old is None
    return old is None or new <= old


def _canceled(order: PlainOrder, request: OrderCancelRequest | OrderMassActionRequest) -> Told:
    order.leave()
    told = order.tell(ExecType.CANCELED, over=True)
    return attrs.evolve(told, cl_ord_id=request.cl_ord_id, orig_cl_ord_id=order.name)


def _rejected(request: NewOrderSingle, refusal: Refusal) -> Told:
    return Told(
        to=request.sender_comp_id,
        cl_ord_id=request.cl_ord_id,
        order_id=None,
        exec_type=ExecType.REJECTED,
        ord_status=OrdStatus.REJECTED,
        symbol=request.symbol,
        side=request.side,
        order_qty=request.order_qty,
        leaves_qty=0,
        cum_qty=0,
        price=request.price,
        ord_type=request.ord_type,
        time_in_force=request.time_in_force,
        account=request.account,
        user=request.sender_sub_id,
        reason=refusal.order,
        rule=refusal.rule,
        smp_id=request.self_match_prevention_id,
        smp_instruction=(
            request.self_match_prevention_instruction if request.self_match_prevention_id else None
        ),
    )


def _no_quote(request: MassQuote, reason: QuoteRejectReason) -> QuoteTold:
    return QuoteTold(
        request.sender_comp_id,
        request.quote_id,
        False,
        reason=reason,
        smp_id=request.self_match_prevention_id,
    )


def _refused(request: OrderCancelRequest | OrderCancelReplaceRequest, refusal: Refusal) -> Refused:
    return Refused(
        request.sender_comp_id,
        request.cl_ord_id,
        request.orig_cl_ord_id,
        refusal.change,
        refusal.rule,
    )
