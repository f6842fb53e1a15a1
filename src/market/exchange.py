"""The exchange of one venue: requests in, reports out; no clock, no I/O, no mailbox.

Each request is decided whole before anything changes.  First the exchange's own
objections, then those of the rule sets, then the plan of `matching.plan`; only
then is the plan applied and reported.  A request that is refused has changed
nothing, its name included, which may be used again.

Orders are known to their session by its name for them, and that name is the
latest accepted one: after a change, the older names lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import attrs

from .book import (
    AggressorCanceled,
    BookEvent,
    Canceled,
    Expired,
    OrderBook,
    Replaced,
    Rested,
    Resting,
    Traded,
    Withdrawn,
)
from .fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from .identifiers import ClOrdID, CompID, ExecID, OrderID, Price, Qty, Symbol
from .instrument import Instrument
from .ledger import Rule
from .matching import Algorithm, Asked, as_value, plan
from .messages import (
    ExecutionReport,
    ExecutionReportDraft,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    VenueReport,
)
from .rules import (
    Applied,
    Bound,
    CancelOrder,
    MarketView,
    Publish,
    Question,
    Reject,
    Remember,
    RestingOrder,
    Schedule,
    SettleEffect,
    Unschedule,
    VenueRules,
)

_MODIFY = "CME Group Client Systems Wiki, iLink 2 Tag Modification"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "PRIO-1",
        "A change that raises an order's quantity, or gives it another price or account, sends"
        " it to the back of the queue; at a price that crosses it trades first.",
        _MODIFY,
    ),
    Rule(
        "PRIO-2",
        "A change that lowers the quantity, or only renames the order or gives it another time"
        " in force or user, leaves the order in its place.",
        _MODIFY,
    ),
    Rule(
        "REP-1",
        "An order is acknowledged before its trades; of each trade the resting order's owner"
        " hears first, then the aggressor's.",
        f"{_READINGS}, order of reports",
    ),
    Rule(
        "REP-2",
        "What is left of an immediate-or-cancel order expires.",
        "CME Group Client Systems Wiki, iLink 2 Execution Report - Elimination",
    ),
    Rule(
        "REP-3",
        "What is left of a market order is canceled, with reason 8 (market option).",
        f"{_READINGS}, market orders",
    ),
    Rule(
        "REJ-1",
        "An order whose terms the instrument does not admit is refused: price missing, given"
        " with a market order, or off tick; quantity above the largest.",
        "FIX 5.0 SP2, ExecutionReport, OrdRejReason (103)",
    ),
    Rule(
        "REJ-2",
        "A session's name for a request is used once; a refused request does not use it up.",
        f"{_READINGS}, names of requests",
    ),
    Rule(
        "REJ-3",
        "A cancel or change is refused unless it names a live order of its own session by its"
        " latest name, on the same side of the same instrument.",
        "CME Group Client Systems Wiki, iLink 2 Order Cancel Reject (102: 2045, 2048, 2051)",
    ),
    Rule(
        "REJ-4",
        "A change to a quantity that is not above what has been filled is refused.",
        f"{_READINGS}, change below the filled quantity",
    ),
    Rule(
        "REJ-5",
        "A market order is refused when nobody rests on the other side.",
        "CME Group Client Systems Wiki, iLink 2 reject reasons (103: 2013)",
    ),
)

Request: TypeAlias = OrderRequest | MarketDataRequest
Answer: TypeAlias = VenueReport | MarketDataSnapshot | MarketDataRequestReject


@attrs.define
class Outcome:
    """What a request, or a scheduled moment, came to."""

    reports: list[Answer] = attrs.field(factory=list)
    """In the order in which they came about; each names its addressee."""

    effects: list[Applied] = attrs.field(factory=list)
    """What rule sets had done, in the order in which it was done.

    Whoever hosts the exchange acts on two kinds: a `Publish` goes to the public
    feed, a `Schedule` wants `Exchange.scheduled` to be called after its delay.
    """


@attrs.define(eq=False)
class _Market:
    """One instrument of the venue."""

    instrument: Instrument
    algorithm: Algorithm
    book: OrderBook = attrs.field(factory=OrderBook)
    last_px: Price | None = None
    memory: dict[tuple[str, str], object] = attrs.field(factory=dict)
    """What rule sets remember, by rule set and key."""

    accept: tuple[Question, ...] = ()
    prevent: tuple[Question, ...] = ()
    guard: tuple[Question, ...] = ()
    settle: tuple[Question, ...] = ()
    scheduled: tuple[Question, ...] = ()


@attrs.frozen(eq=False)
class _View:
    """One instrument as one rule set sees it (`rules.MarketView`)."""

    _exchange: Exchange
    _market: _Market
    _rule_set: str

    @property
    def instrument(self) -> Instrument:
        return self._market.instrument

    @property
    def now_ns(self) -> int:
        return self._exchange.now_ns

    @property
    def last_px(self) -> Price | None:
        return self._market.last_px

    def best_px(self, side: Side) -> Price | None:
        return self._market.book.best(side)

    def order(self, order_id: OrderID) -> RestingOrder | None:
        resting = self._market.book.get(order_id)
        return None if resting is None else as_value(resting)

    def recall(self, key: str) -> object:
        return self._market.memory.get((self._rule_set, key))

    def other(self, symbol: Symbol) -> MarketView:
        return self._exchange.view(symbol, self._rule_set)


class Exchange:
    """The instruments of one venue, and the orders in them.

    Args:
        instruments: what is traded.
        algorithms: the matching algorithms that the instruments name.
        rules: the rule sets of an instrument; none where a symbol is missing.

    Raises:
        ValueError: if two instruments have one symbol, or one names an algorithm
            that is not given.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        algorithms: Mapping[str, Algorithm],
        rules: Mapping[Symbol, VenueRules] | None = None,
    ) -> None:
        self.now_ns = 0
        self._markets: dict[Symbol, _Market] = {}
        self._names: dict[CompID, dict[ClOrdID, OrderID]] = {}
        """By session, every name it has used, and the order that it led to."""
        self._due: dict[tuple[str, Symbol, str], int] = {}
        """By rule set, symbol and name, the moment that `Schedule` asked for."""
        self._last_order_id = 0
        self._last_exec_id = 0
        self._last_trd_match_id = 0
        for instrument in instruments:
            if instrument.symbol in self._markets:
                raise ValueError(f"two instruments have the symbol {instrument.symbol!r}")
            if instrument.algorithm not in algorithms:
                raise ValueError(
                    f"{instrument.symbol}: no algorithm {instrument.algorithm!r};"
                    f" given: {', '.join(algorithms) or 'none'}"
                )
            market = _Market(instrument, algorithms[instrument.algorithm])
            self._markets[instrument.symbol] = market
        for symbol, venue_rules in (rules or {}).items():
            self._bind(symbol, venue_rules)

    def _bind(self, symbol: Symbol, rules: VenueRules) -> None:
        def phase(hook: str, rule_sets: Iterable[Bound]) -> tuple[Question, ...]:
            return tuple(
                Question(bound.rule_set, hook, bound.ask, self.view(symbol, bound.rule_set))
                for bound in rule_sets
            )

        market = self._markets[symbol]
        market.accept = phase("accept_request", rules.accept_request)
        market.prevent = phase("before_match", rules.before_match)
        market.guard = phase("before_trade", rules.before_trade)
        market.settle = phase("after_request", rules.after_request)
        market.scheduled = phase("scheduled", rules.scheduled)

    # --- reading ---------------------------------------------------------------------

    def view(self, symbol: Symbol, rule_set: str = "") -> MarketView:
        """Return an instrument as *rule_set* sees it.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return _View(self, self._markets[symbol], rule_set)

    def book(self, symbol: Symbol) -> OrderBook:
        """Return the book of an instrument: to be read, never written.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return self._markets[symbol].book

    # --- what happens ----------------------------------------------------------------

    def receive(self, request: Request, now_ns: int) -> Outcome:
        """Carry *request* out, or refuse it, and return what it came to.

        Raises:
            RuleFailed: if a rule set raises.
        """
        self.now_ns = now_ns
        match request:
            case NewOrderSingle():
                return self._enter(request)
            case OrderCancelRequest():
                return self._cancel(request)
            case OrderCancelReplaceRequest():
                return self._replace(request)
            case MarketDataRequest():
                return self._show(request)

    def scheduled(self, rule_set: str, symbol: Symbol, name: str, now_ns: int) -> Outcome:
        """Let *rule_set* act at a moment that it asked for with `Schedule`.

        Nothing happens if it has since asked for another moment, or for none.

        Raises:
            RuleFailed: if the rule set raises.
        """
        self.now_ns = now_ns
        if self._due.get((rule_set, symbol, name)) != now_ns:
            return Outcome()
        market = self._markets[symbol]
        asked = [question for question in market.scheduled if question.rule_set == rule_set]
        answers = _answers(asked, name)
        del self._due[rule_set, symbol, name]
        outcome = Outcome()
        self._carry_out(answers, market, outcome)
        return outcome

    # --- requests --------------------------------------------------------------------

    def _enter(self, order: NewOrderSingle) -> Outcome:
        market = self._markets.get(order.symbol)
        if market is None:
            return self._refuse(order, self._unknown_symbol(order.symbol))
        names = self._names.get(order.sender_comp_id)
        if names is None:
            names = self._names[order.sender_comp_id] = {}
        objection = _objection_to_terms(market.instrument, order)
        if objection is None and order.cl_ord_id in names:
            objection = _used_name(order)
        if objection is None and order.price is None:
            objection = _nobody_to_trade_with(market.book, order)
        if objection is not None:
            return self._refuse(order, objection)
        if market.accept and (refusal := _refusal(market.accept, order)) is not None:
            return self._refuse(order, *refusal)

        order_id = OrderID(self._last_order_id + 1)
        qty = order.order_qty
        asked = Asked(market.prevent, market.guard) if market.prevent or market.guard else None
        events = plan(market.book, market.algorithm, order, order_id, qty, asked)

        self._last_order_id = order_id
        names[order.cl_ord_id] = order_id
        ack = self._report(order, order_id, _EXEC_NEW, _NEW, qty, 0)
        return self._commit(market, events, asked, ack, order, qty)

    def _cancel(self, request: OrderCancelRequest) -> Outcome:
        found = self._find(request)
        if isinstance(found, Reject):
            return self._refuse(request, found)
        market, resting = found
        if (refusal := _refusal(market.accept, request)) is not None:
            return self._refuse(request, *refusal)

        order, order_id, leaves_qty = resting.order, resting.order_id, resting.leaves_qty
        self._names[request.sender_comp_id][request.cl_ord_id] = order_id
        ack = self._report(
            order,
            order_id,
            _EXEC_CANCELED,
            _CANCELED,
            0,
            order.order_qty - leaves_qty,
            cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=order.cl_ord_id,
        )
        return self._commit(market, [Canceled(order_id, order, leaves_qty)], None, ack, order, 0)

    def _replace(self, request: OrderCancelReplaceRequest) -> Outcome:
        found = self._find(request)
        if isinstance(found, Reject):
            return self._refuse(request, found)
        market, resting = found
        old = resting.order
        cum_qty = old.order_qty - resting.leaves_qty
        objection = _objection_to_change(request, cum_qty)
        objection = objection or _objection_to_terms(market.instrument, request)
        if objection is not None:
            return self._refuse(request, objection)
        if (refusal := _refusal(market.accept, request)) is not None:
            return self._refuse(request, *refusal)

        order_id = resting.order_id
        order = attrs.evolve(
            old,
            cl_ord_id=request.cl_ord_id,
            order_qty=request.order_qty,
            price=request.price,
            time_in_force=request.time_in_force,
            sender_sub_id=request.sender_sub_id,
            account=request.account,
        )
        leaves_qty = order.order_qty - cum_qty
        events: list[BookEvent]
        asked = None
        if _keeps_priority(old, order):
            events = [Replaced(order_id, order, leaves_qty)]
        else:
            asked = Asked(market.prevent, market.guard)
            events = [
                Withdrawn(order_id, old, resting.leaves_qty),
                *plan(market.book, market.algorithm, order, order_id, leaves_qty, asked),
            ]

        self._names[request.sender_comp_id][request.cl_ord_id] = order_id
        ack = self._report(
            order,
            order_id,
            ExecType.REPLACED,
            _PARTIALLY_FILLED if cum_qty else _NEW,
            leaves_qty,
            cum_qty,
            orig_cl_ord_id=old.cl_ord_id,
        )
        return self._commit(market, events, asked, ack, order, leaves_qty)

    def _show(self, request: MarketDataRequest) -> Outcome:
        market = self._markets.get(request.symbol)
        if market is None:
            text = self._unknown_symbol(request.symbol).text
            reject = MarketDataRequestReject(
                target_comp_id=request.sender_comp_id, md_req_id=request.md_req_id, text=text
            )
            return Outcome([reject])
        snapshot = MarketDataSnapshot(
            target_comp_id=request.sender_comp_id,
            md_req_id=request.md_req_id,
            symbol=request.symbol,
            bids=market.book.depth(Side.BUY, request.market_depth),
            offers=market.book.depth(Side.SELL, request.market_depth),
            last_px=market.last_px,
        )
        return Outcome([snapshot])

    def _find(
        self, request: OrderCancelRequest | OrderCancelReplaceRequest
    ) -> tuple[_Market, Resting] | Reject:
        """Return the order that *request* is about, and where it rests, or why not."""
        market = self._markets.get(request.symbol)
        if market is None:
            return self._unknown_symbol(request.symbol)
        names = self._names.get(request.sender_comp_id, {})
        if request.cl_ord_id in names:
            return _used_name(request)
        order_id = names.get(request.orig_cl_ord_id)
        resting = None if order_id is None else market.book.get(order_id)
        if resting is None and order_id is not None:
            # Not in this book: the request may be wrong about the symbol.
            books = (other.book.get(order_id) for other in self._markets.values())
            resting = next((found for found in books if found is not None), None)
        if resting is None or resting.order.cl_ord_id != request.orig_cl_ord_id:
            return _reject(
                f"orig_cl_ord_id {request.orig_cl_ord_id!r}: expected a live order's latest name",
                cxl=CxlRejReason.UNKNOWN_ORDER,
            )
        order = resting.order
        if request.symbol != order.symbol:
            return _reject(f"symbol {request.symbol!r}: expected {order.symbol!r}, the order's")
        if request.side is not order.side:
            return _reject(f"side {request.side.name}: expected {order.side.name}, the order's")
        return market, resting

    def _unknown_symbol(self, symbol: Symbol) -> Reject:
        return _reject(
            f"symbol {symbol!r}: expected one of {', '.join(self._markets)}",
            OrdRejReason.UNKNOWN_SYMBOL,
        )

    # --- carrying out ----------------------------------------------------------------

    def _commit(
        self,
        market: _Market,
        events: list[BookEvent],
        asked: Asked | None,
        ack: ExecutionReport,
        order: NewOrderSingle,
        leaves_qty: Qty,
    ) -> Outcome:
        """Make a finished plan true, and tell: the acknowledgement first, then what happened.

        Args:
            order: whose request it is, as that leaves it.
            leaves_qty: what of it is open before any of the *events*.
        """
        market.book.apply(events)
        reports: list[Answer] = [ack]
        if type(events[0]) is not Rested:  # the commonest plan has nothing more to tell
            self._tell(market, events, reports, order, ack.order_id, leaves_qty)
        outcome = Outcome(reports, [] if asked is None else asked.effects)
        if market.settle:
            self._carry_out(_answers(market.settle, tuple(events)), market, outcome)
        return outcome

    def _tell(
        self,
        market: _Market,
        events: Iterable[BookEvent],
        reports: list[Answer],
        order: NewOrderSingle,
        order_id: OrderID | None,
        leaves_qty: Qty,
    ) -> None:
        """Add the reports of *events* that an aggressor met with to *reports*."""
        report = self._report
        total = order.order_qty
        for event in events:
            match event:
                case Traded():
                    resting, last_qty, price = event.order, event.last_qty, event.price
                    left = event.leaves_qty
                    leaves_qty -= last_qty
                    market.last_px = price
                    trd_match_id = self._last_trd_match_id = self._last_trd_match_id + 1
                    reports.append(
                        report(
                            resting,
                            event.order_id,
                            _EXEC_TRADE,
                            _PARTIALLY_FILLED if left else _FILLED,
                            left,
                            resting.order_qty - left,
                            last_qty,
                            price,
                            False,
                            trd_match_id,
                        )
                    )
                    reports.append(
                        report(
                            order,
                            order_id,
                            _EXEC_TRADE,
                            _PARTIALLY_FILLED if leaves_qty else _FILLED,
                            leaves_qty,
                            total - leaves_qty,
                            last_qty,
                            price,
                            True,
                            trd_match_id,
                        )
                    )
                case Canceled(reason=None) | Rested() | Replaced() | Withdrawn():
                    pass  # the acknowledgement has said it
                case Canceled() | AggressorCanceled():
                    reports.append(
                        report(
                            event.order,
                            event.order_id,
                            _EXEC_CANCELED,
                            _CANCELED,
                            0,
                            event.order.order_qty - event.leaves_qty,
                            exec_restatement_reason=event.reason,
                            text=event.text,
                        )
                    )
                case Expired():
                    cum_qty = event.order.order_qty - event.leaves_qty
                    reports.append(
                        report(order, order_id, ExecType.EXPIRED, OrdStatus.EXPIRED, 0, cum_qty)
                    )

    def _carry_out(
        self,
        answers: Iterable[tuple[str, SettleEffect]],
        market: _Market,
        outcome: Outcome,
    ) -> None:
        """Carry out the effects that rule sets answered with; all have been asked before.

        What an effect does is not put to the rule sets again.
        """
        symbol = market.instrument.symbol
        for rule_set, effect in answers:
            match effect:
                case Remember(key, value):
                    market.memory[rule_set, key] = value
                case Schedule(delay_ns, name):
                    self._due[rule_set, symbol, name] = self.now_ns + delay_ns
                case Unschedule(name):
                    self._due.pop((rule_set, symbol, name), None)
                case CancelOrder(order_id, reason, text):
                    resting = market.book.get(order_id)
                    if resting is not None:  # else something was faster
                        order = resting.order
                        events = [Canceled(order_id, order, resting.leaves_qty, reason, text)]
                        market.book.apply(events)
                        self._tell(market, events, outcome.reports, order, order_id, 0)
                case Publish():
                    pass  # to whoever hosts the exchange
            outcome.effects.append(Applied(rule_set, symbol, effect))

    # --- reports ---------------------------------------------------------------------

    def _report(
        self,
        order: NewOrderSingle,
        order_id: OrderID | None,
        exec_type: ExecType,
        ord_status: OrdStatus,
        leaves_qty: Qty,
        cum_qty: Qty,
        last_qty: Qty = 0,
        last_px: Price | None = None,
        aggressor_indicator: bool | None = None,
        trd_match_id: int | None = None,
        cl_ord_id: ClOrdID | None = None,
        orig_cl_ord_id: ClOrdID | None = None,
        ord_rej_reason: OrdRejReason | None = None,
        exec_restatement_reason: ExecRestatementReason | None = None,
        text: str = "",
    ) -> ExecutionReport:
        exec_id = self._last_exec_id = self._last_exec_id + 1
        return ExecutionReportDraft(  # by position: 26 keywords would take as long again, twice
            order.sender_comp_id,
            cl_ord_id or order.cl_ord_id,
            order_id,
            ExecID(exec_id),
            exec_type,
            ord_status,
            order.symbol,
            order.side,
            order.order_qty,
            leaves_qty,
            cum_qty,
            self.now_ns,
            order.price,
            last_qty,
            last_px,
            aggressor_indicator,
            trd_match_id,
            order.ord_type,
            order.time_in_force,
            orig_cl_ord_id,
            order.sender_sub_id,
            order.account,
            order.parent_id,
            ord_rej_reason,
            exec_restatement_reason,
            text,
        ).seal()

    def _refuse(self, request: OrderRequest, reject: Reject, rule_set: str = "") -> Outcome:
        """Answer *request* with a reject, of *rule_set* or of the exchange itself."""
        outcome = Outcome()
        if rule_set:
            outcome.effects.append(Applied(rule_set, request.symbol, reject))
        if isinstance(request, NewOrderSingle):
            outcome.reports.append(
                self._report(
                    request,
                    None,
                    ExecType.REJECTED,
                    OrdStatus.REJECTED,
                    0,
                    0,
                    ord_rej_reason=reject.reason,
                    text=reject.text,
                )
            )
            return outcome
        names = self._names.get(request.sender_comp_id, {})
        outcome.reports.append(
            OrderCancelReject(
                target_comp_id=request.sender_comp_id,
                cl_ord_id=request.cl_ord_id,
                orig_cl_ord_id=request.orig_cl_ord_id,
                order_id=names.get(request.orig_cl_ord_id),
                cxl_rej_response_to=(
                    CxlRejResponseTo.ORDER_CANCEL_REQUEST
                    if isinstance(request, OrderCancelRequest)
                    else CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
                ),
                cxl_rej_reason=reject.cxl_rej_reason,
                transact_time_ns=self.now_ns,
                symbol=request.symbol,
                target_sub_id=request.sender_sub_id,
                text=reject.text,
            )
        )
        return outcome


# --- objections ----------------------------------------------------------------------


def _reject(
    text: str,
    reason: OrdRejReason = OrdRejReason.OTHER,
    cxl: CxlRejReason = CxlRejReason.OTHER,
) -> Reject:
    return Reject(reason, text, cxl_rej_reason=cxl)


def _objection_to_terms(
    instrument: Instrument, request: NewOrderSingle | OrderCancelReplaceRequest
) -> Reject | None:
    """Return why *instrument* does not admit an order on such terms, or None."""
    price, qty = request.price, request.order_qty
    if request.ord_type is _LIMIT:
        if price is None:
            return _reject("price missing: expected the limit of a LIMIT order")
        if not instrument.ticks.accepts(price):
            step = instrument.show(instrument.ticks.increment_at(price))
            return _reject(
                f"price {instrument.show(price)}: expected a multiple of {step}",
                OrdRejReason.INVALID_PRICE_INCREMENT,
                CxlRejReason.INVALID_PRICE_INCREMENT,
            )
    elif price is not None:
        return _reject(f"price {instrument.show(price)}: expected none on a MARKET order")
    if instrument.max_order_qty is not None and qty > instrument.max_order_qty:
        return _reject(
            f"order_qty {qty}: expected at most {instrument.max_order_qty}",
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
        )
    return None


def _objection_to_change(request: OrderCancelReplaceRequest, cum_qty: Qty) -> Reject | None:
    """Return why an order of which *cum_qty* is filled may not be changed so, or None."""
    if request.ord_type is not OrdType.LIMIT:
        return _reject(f"ord_type {request.ord_type.name}: expected LIMIT, the order's")
    if request.order_qty <= cum_qty:
        return _reject(
            f"order_qty {request.order_qty}: expected more than cum_qty {cum_qty}, filled so far"
        )
    return None


def _used_name(request: OrderRequest) -> Reject:
    return _reject(
        f"cl_ord_id {request.cl_ord_id!r}: expected a name not used before",
        OrdRejReason.DUPLICATE_ORDER,
        CxlRejReason.DUPLICATE_CL_ORD_ID,
    )


def _nobody_to_trade_with(book: OrderBook, order: NewOrderSingle) -> Reject | None:
    if book.best(order.side.opposite) is not None:
        return None
    wanted = "an offer" if order.side is Side.BUY else "a bid"
    return _reject(
        f"ord_type {order.ord_type.name}: expected {wanted} to trade with",
        OrdRejReason.BROKER_OPTION,
    )


def _keeps_priority(old: NewOrderSingle, new: NewOrderSingle) -> bool:
    """Return whether a change leaves the order in its place (PRIO-1, PRIO-2).

    An order that has become immediate has no place: it trades, or it expires.
    """
    return (
        new.order_qty <= old.order_qty
        and new.price == old.price
        and new.account == old.account
        and new.time_in_force is not TimeInForce.IMMEDIATE_OR_CANCEL
    )


def _refusal(accept: Iterable[Question], request: OrderRequest) -> tuple[Reject, str] | None:
    """Return the first rule set's reject of *request*, and whose it is."""
    for question in accept:
        reject: Reject | None = question.first(request)
        if reject is not None:
            return reject, question.rule_set
    return None


def _answers(questions: Iterable[Question], about: object) -> list[tuple[str, SettleEffect]]:
    """Ask all, before anything of what they answer is carried out."""
    return [
        (question.rule_set, effect)
        for question in questions
        for effect in question.survey(about, among=SettleEffect)
    ]


_LIMIT = OrdType.LIMIT
_EXEC_NEW, _EXEC_CANCELED, _EXEC_TRADE = ExecType.NEW, ExecType.CANCELED, ExecType.TRADE
_NEW, _CANCELED = OrdStatus.NEW, OrdStatus.CANCELED
_PARTIALLY_FILLED, _FILLED = OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED
