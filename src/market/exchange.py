"""The exchange of one venue: requests in, reports out; no clock, no I/O, no mailbox.

Each request is decided whole before anything changes.  First what rule sets have
against the message by itself, then the exchange's own objections, then those of the
rule sets, then the plan of `matching.plan`; only then is the plan applied and reported.
A request that is refused has changed nothing, its name included, which may be used again.

Orders are known to their session by its name for them, and that name is the
latest accepted one: after a change, the older names lead nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import TypeAlias, cast, get_args

import msgspec

from . import market_data, objections, operations, quoting, sessions, statistics, stops
from .auction import NSX_FOUR_STEPS, Chain
from .book import BookEvent, Canceled, OrderBook, Replaced, Rested, Resting, Withdrawn
from .execution import Answer, Execution, Outcome
from .fix import (
    ExecType,
    MassActionResponse,
    OrdStatus,
    OrdType,
    Side,
)
from .identifiers import ClOrdID, CompID, OrderID, Qty, Symbol
from .instrument import Instrument
from .ledger import Rule
from .market_data import MarketData
from .matching import Algorithm, Asked, plan
from .messages import (
    IMMEDIATE,
    STOPS,
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
    OrderRequest,
    OrderStatusRequest,
)
from .objections import objection_of_state, objection_to_order
from .operations import (
    BustTrade,
    CancelOrders,
    ChangeTradingState,
    MarketOperation,
    OperationRefused,
    SecurityStatus,
)
from .quotes import MassQuote, QuoteCancel, QuotedOrder
from .quoting import Quoting
from .record import Received, TradeBusted
from .reports import Reporter, no_status
from .rules import (
    Admitted,
    Applied,
    Bound,
    MarketView,
    Question,
    Reject,
    RejectLevel,
    RuleFailed,
    VenueRules,
)
from .sessions import CONTINUOUS, Board, TradingState
from .statistics import Day
from .venue import EPOCH, Listing, Venue

_MODIFY = "CME Group Client Systems Wiki, iLink 2 tag modification (46073155)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "PRIO-1",
        "A change that raises an order's quantity or what it displays, or gives it another"
        " price, trigger, type or account, sends it to the back of the queue; at a price that"
        " crosses it trades first.",
        _MODIFY,
    ),
    Rule(
        "PRIO-2",
        "A change that lowers the quantity or what is displayed, or only renames the order or"
        " gives it another time in force or user, leaves the order in its place.",
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
        "What is left of an immediate-or-cancel order expires; so does all of an order of which"
        " too little would trade at once (fill or kill, minimum quantity), without a trade.",
        "CME Group Client Systems Wiki, iLink 2 Elimination (46989899)",
    ),
    Rule(
        "REP-3",
        "What is left of a market order is canceled, with reason 8 (market option).",
        f"{_READINGS}, market orders",
    ),
    Rule(
        "REP-4",
        "Of a stop that is elected its owner hears before its trades; of those that one request"
        " elects, the ones of earlier trades come first, then buys by rising and sells by"
        " falling trigger, then the oldest.",
        f"{_READINGS}, order of elected stops",
    ),
    Rule(
        "REP-5",
        "A mass action cancels what fits of its session's orders, the oldest first; each is"
        " reported, then the action.",
        "CME Group Client Systems Wiki, iLink 2 Order Mass Action (46139997, 46400718)",
    ),
    Rule(
        "REP-6",
        "A session that asks how an order of its own stands hears it as the book has it, and"
        " nothing changes; a name that leads to no live order of its own is an unknown order.",
        f"{_READINGS}, order status",
    ),
    *objections.RULES,
    *stops.RULES,
    *sessions.RULES,
    *operations.RULES,
    *statistics.RULES,
    *market_data.RULES,
    *quoting.RULES,
)

Request: TypeAlias = (
    OrderRequest
    | OrderMassActionRequest
    | MassQuote
    | QuoteCancel
    | MarketDataRequest
    | OrderStatusRequest
)


class Exchange:
    """The instruments of one venue, and the orders in them.

    Args:
        instruments: what is traded.
        algorithms: the matching algorithm of each instrument.
        rules: the rule sets of an instrument; none where a symbol is missing.
        boards: instruments that go through the day together; one that is on none is
            always open.
        states: those that something may enter apart from what the boards lead to.
        admit: the rule sets that are asked whether a message is looked at, in order.
        chains: how an instrument's auction chooses its price; `NSX_FOUR_STEPS` where a
            symbol is missing.
        start: what time it is at the venue, by its own calendar, when a run begins.
        recorded: whether everything that happens goes on record (`Outcome.happened`).

    Raises:
        ValueError: if two instruments have one symbol, one has no algorithm or is on two
            boards, or two states differ that have one name.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        algorithms: Mapping[Symbol, Algorithm],
        rules: Mapping[Symbol, VenueRules] | None = None,
        *,
        admit: Iterable[Bound] = (),
        boards: Iterable[Board] = (),
        states: Iterable[TradingState] = (),
        chains: Mapping[Symbol, Chain] | None = None,
        start: datetime = EPOCH,
        recorded: bool = False,
    ) -> None:
        self._venue = Venue(start)
        self._admit = tuple(admit)
        self._listings = self._venue.listings
        self._reporter = Reporter(self._venue)
        self._report = self._reporter.report
        self._execution = Execution(self._venue, self._reporter)
        self._quoting = Quoting(self._venue, self._execution, self._reporter, self._new_order_id)
        self._market_data = MarketData(self._venue)
        self._feeds = self._market_data.feeds
        self._names: defaultdict[CompID, dict[ClOrdID, OrderID]] = defaultdict(dict)
        """By session, every name it has used, and the order that it led to."""
        self._busted: set[int] = set()
        self._order_ids = cast("Iterator[OrderID]", count(1))
        self._next_order_id = next(self._order_ids)
        for instrument in instruments:
            symbol = instrument.symbol
            if symbol in self._listings:
                raise ValueError(f"two instruments have the symbol {symbol!r}")
            if symbol not in algorithms:
                raise ValueError(f"{symbol}: no algorithm; given for: {', '.join(algorithms)}")
            chain = (chains or {}).get(symbol, NSX_FOUR_STEPS)
            self._listings[symbol] = Listing(instrument, algorithms[symbol], chain)
        self._venue.open(boards, states)
        for symbol, venue_rules in (rules or {}).items():
            self._venue.bind(symbol, venue_rules)
        if recorded:
            self._venue.record()

    # --- reading ---------------------------------------------------------------------

    def view(self, symbol: Symbol, rule_set: str = "") -> MarketView:
        """Return an instrument as *rule_set* sees it.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return self._venue.view(symbol, rule_set)

    def book(self, symbol: Symbol) -> OrderBook:
        """Return the book of an instrument: to be read, never written.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return self._listings[symbol].book

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(self._listings)

    def remembered(self, symbol: Symbol) -> Mapping[tuple[str, str], object]:
        """Return what rule sets remember of an instrument, by rule set and key.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return self._listings[symbol].memory

    def day(self, symbol: Symbol) -> Day:
        """Return the figures of an instrument's day: to be read, never written.

        Raises:
            KeyError: if the venue has no such instrument.
        """
        return self._listings[symbol].day

    # --- what happens ----------------------------------------------------------------

    def receive(self, request: Request, now_ns: int) -> Outcome:
        """Carry *request* out, or refuse it, and return what it came to.

        Raises:
            RuleFailed: if a rule set raises.
        """
        self._venue.now_ns = now_ns
        if now_ns >= self._execution.wake_ns:
            return self._after_what_is_due(request)
        return self._receive(request)

    def _receive(self, request: Request) -> Outcome:
        # By the type itself, and the commonest first, as in `OrderBook.apply`.
        if self._admit and (refused := self._refused_unseen(request)) is not None:
            outcome = refused
        elif type(request) is NewOrderSingle:
            outcome = self._enter(request)
        elif type(request) is OrderCancelRequest:
            outcome = self._cancel(request)
        elif type(request) is OrderCancelReplaceRequest:
            outcome = self._replace(request)
        elif type(request) is OrderMassActionRequest:
            outcome = self._cancel_all(request)
        elif type(request) is MassQuote:
            outcome = self._quoting.quote(request)
        elif type(request) is QuoteCancel:
            outcome = self._quoting.cancel(request)
        elif type(request) is OrderStatusRequest:
            return Outcome([self._status(request)])
        else:
            assert type(request) is MarketDataRequest
            answer = self._market_data.answer(request)
            return Outcome([] if answer is None else [answer])
        if self._venue.is_heard:
            return self._published(outcome, request.sender_comp_id)
        return outcome

    def _after_what_is_due(self, request: Request) -> Outcome:
        """Return what comes first at this moment, and then what *request* came to."""
        outcome = Outcome()
        self._execution.catch_up(outcome)
        outcome = self._published(outcome)
        then = self._receive(request)
        outcome.reports += then.reports
        outcome.record(*then.effects)
        outcome.publish(*then.published)
        outcome.happened = (*outcome.happened, *then.happened)
        return outcome

    def scheduled(self, rule_set: str, symbol: Symbol, name: str, now_ns: int) -> Outcome:
        """Let *rule_set* act at a moment that it asked for with `Schedule`.

        Nothing happens if it has since asked for another moment, or for none.

        Raises:
            RuleFailed: if the rule set raises.
        """
        self._venue.now_ns = now_ns
        outcome = Outcome()
        self._execution.begin_date(outcome)
        self._execution.scheduled(rule_set, symbol, name, outcome)
        return self._published(outcome)

    def due(self) -> Mapping[tuple[str, Symbol, str], int]:
        """Return when `scheduled` is to be called, by rule set, symbol and name."""
        return self._execution.due()

    def recover(self, now_ns: int) -> Outcome:
        """Make up for what was due while the venue was away.

        Raises:
            RuleFailed: if a rule set raises.
        """
        self._venue.now_ns = now_ns
        outcome = Outcome()
        self._execution.begin_date(outcome)
        self._execution.make_up(outcome)
        return self._published(outcome)

    def operate(self, operation: MarketOperation, now_ns: int) -> Outcome:
        """Do what the venue's own people want, or say why that cannot be.

        Raises:
            RuleFailed: if a rule set raises.
        """
        self._venue.now_ns = now_ns
        outcome = Outcome()
        if isinstance(operation, ChangeTradingState) and operation.board is not None:
            self._execution.begin_date(outcome)
        else:
            self._execution.catch_up(outcome)
        match operation:
            case ChangeTradingState():
                self._execution.change_state(operation, outcome)
            case BustTrade():
                self._bust(operation, outcome)
            case CancelOrders():
                self._cancel_orders(operation, outcome)
        return self._published(outcome)

    # --- requests --------------------------------------------------------------------

    def _refused_unseen(self, request: Request) -> Outcome | None:
        """Return the answer to a message that a rule set does not let in, or None."""
        kind = type(request)
        if kind is not NewOrderSingle and kind not in _ADMITTED:
            return None
        for rule in self._admit:
            try:
                reject = cast("Reject | None", rule.ask(request))
            except Exception as error:  # whatever a stranger's rule raises is named as its own
                raise RuleFailed(rule.rule_set, "admit_request", (request,)) from error
            if reject is None:
                continue
            if isinstance(request, MassQuote):
                return self._quoting.refuse(request, reject, rule.rule_set)
            return self._refuse(cast("OrderRequest", request), reject, rule.rule_set)
        return None

    def _enter(self, order: NewOrderSingle) -> Outcome:
        listing = self._listings.get(order.symbol)
        if listing is None:
            return self._refuse(order, objections.unknown_symbol(self._venue, order.symbol))
        names = self._names[order.sender_comp_id]
        objection = objection_to_order(order, listing, names, self._venue)
        if objection is not None:
            return self._refuse(order, objection)
        if listing.accept and (refusal := _refusal_of_order(listing, order)) is not None:
            return self._refuse(order, *refusal)

        order_id, qty, asked = self._next_order_id, order.order_qty, None
        if listing.is_plain and order.ord_type is _LIMIT:  # as nearly always
            if listing.asks and not listing.lets_trade(order):
                asked = Asked(listing.prevent, listing.guard)
            events = plan(listing.book, listing.algorithm, order, order_id, qty, asked)
            if asked is not None and asked.effects:
                self._execution.check_interrupts(asked)
        else:
            order = self._protected(order, listing)
            asked = Asked(listing.prevent, listing.guard) if listing.asks else None
            events = self._execution.plan(listing, order, order_id, qty, asked)

        self._next_order_id = next(self._order_ids)
        names[order.cl_ord_id] = order_id
        listing.book.apply(events)
        reports: list[Answer] = [self._report(order, order_id, _EXEC_NEW, _NEW, qty, 0)]
        has_rested = type(events[0]) is Rested
        if not has_rested:  # else the acknowledgement has said it
            reports += self._reporter.tell(events, order, order_id, qty)
        if listing.is_plain and (asked is None or not asked.effects):
            outcome = Outcome(reports)
            if listing.traded and not has_rested:
                self._execution.settle(listing, events, outcome)
            return outcome
        return self._followed(listing, events, asked, reports)

    def _new_order_id(self) -> OrderID:
        order_id, self._next_order_id = self._next_order_id, next(self._order_ids)
        return order_id

    @staticmethod
    def _protected(order: NewOrderSingle, listing: Listing) -> NewOrderSingle:
        """Return *order* with the limit that a market or market-limit order trades to."""
        if order.ord_type is _LIMIT or order.ord_type in STOPS:
            return order
        touch = listing.book.best(order.side.opposite)
        assert touch is not None, "an objection otherwise"
        return stops.protected(order, listing.instrument, touch)

    def _cancel(self, request: OrderCancelRequest) -> Outcome:
        resting = self._find(request)
        if isinstance(resting, Reject):
            return self._refuse(request, resting)
        listing = self._listings[request.symbol]
        order, order_id, leaves_qty = resting.order, resting.order_id, resting.leaves_qty
        state = listing.state
        if state is not CONTINUOUS:
            objection = objection_of_state(order, state, state.cancel, "cancels")
            if objection is not None:
                return self._refuse(request, objection)
        if listing.accept and (refusal := _refusal_of_cancel(listing, request)) is not None:
            return self._refuse(request, *refusal)

        self._names[request.sender_comp_id][request.cl_ord_id] = order_id
        events = [Canceled(order_id, order, leaves_qty)]
        listing.book.apply(events)
        reports: list[Answer] = [self._canceled(request, order, order_id, leaves_qty)]
        if listing.is_plain:
            return Outcome(reports)
        return self._followed(listing, events, None, reports)

    def _replace(self, request: OrderCancelReplaceRequest) -> Outcome:
        resting = self._find(request)
        if isinstance(resting, Reject):
            return self._refuse(request, resting)
        listing = self._listings[request.symbol]
        old = resting.order
        cum_qty = old.order_qty - resting.leaves_qty
        objection = objections.objection_to_change(request, old, cum_qty, listing, self._venue)
        if objection is not None:
            return self._refuse(request, objection)
        if (refusal := _refusal(listing.accept, request)) is not None:
            return self._refuse(request, *refusal)

        order_id = resting.order_id
        order = msgspec.structs.replace(
            old,
            cl_ord_id=request.cl_ord_id,
            order_qty=request.order_qty,
            price=request.price,
            ord_type=request.ord_type,
            time_in_force=request.time_in_force,
            sender_sub_id=request.sender_sub_id,
            account=request.account,
            stop_px=request.stop_px,
            min_qty=None,  # it was for the moment of entry
            display_qty=request.display_qty,
            expire_date=request.expire_date,
            post_only=request.post_only,
            self_match_prevention_id=request.self_match_prevention_id,
            self_match_prevention_instruction=request.self_match_prevention_instruction,
        )
        leaves_qty = order.order_qty - cum_qty
        events: list[BookEvent]
        asked = None
        if _keeps_priority(old, order):
            events = [Replaced(order_id, order, leaves_qty)]
        else:
            asked = Asked(listing.prevent, listing.guard)
            events = [
                Withdrawn(order_id, old, resting.leaves_qty),
                *self._execution.plan(listing, order, order_id, leaves_qty, asked),
            ]

        self._names[request.sender_comp_id][request.cl_ord_id] = order_id
        listing.book.apply(events)
        status = OrdStatus.PARTIALLY_FILLED if cum_qty else _NEW
        ack = self._report(
            order,
            order_id,
            ExecType.REPLACED,
            status,
            leaves_qty,
            cum_qty,
            orig_cl_ord_id=old.cl_ord_id,
        )
        reports: list[Answer] = [ack]
        reports += self._reporter.tell(events, order, order_id, leaves_qty)
        return self._followed(listing, events, asked, reports)

    def _status(self, request: OrderStatusRequest) -> ExecutionReport:
        """Return how an order stands (REP-6)."""
        now_ns, listing = self._venue.now_ns, self._listings.get(request.symbol)
        if listing is None:
            objection = objections.unknown_symbol(self._venue, request.symbol)
            return no_status(request, objection, now_ns)
        order_id = self._names.get(request.sender_comp_id, {}).get(request.cl_ord_id)
        resting = None if order_id is None else listing.book.get(order_id)
        if (
            resting is None
            or resting.order.cl_ord_id != request.cl_ord_id
            or resting.order.side is not request.side
            or request.order_id not in (None, order_id)
        ):
            return no_status(request, objections.not_live(request), now_ns)
        return self._reporter.status(resting)

    def _cancel_all(self, request: OrderMassActionRequest) -> Outcome:
        """Cancel whatever fits of a session's orders; each instrument is a request of its own."""
        session, symbol = request.sender_comp_id, request.symbol
        objection = None
        if symbol is not None and symbol not in self._listings:
            objection = objections.unknown_symbol(self._venue, request.symbol)
        elif request.cl_ord_id in self._names[session]:
            objection = objections.used_name(request)
        elif symbol is not None and not self._listings[symbol].state.cancel:
            objection = objections.refused_by(self._listings[symbol].state, "cancels")
        if objection is not None:
            return Outcome([self._mass_report(request, objection=objection)])
        fitting = [
            Canceled(resting.order_id, resting.order, resting.leaves_qty)
            for listing, resting in self._live(session, symbol)
            if _fits(resting.order, request)
            and listing.state.cancel
            and resting.order.time_in_force in listing.state.lives
        ]
        fitting.sort(key=lambda event: event.order_id)
        self._names[session][request.cl_ord_id] = _NO_ORDER
        reports: list[Answer] = [
            self._canceled(request, event.order, event.order_id, event.leaves_qty)
            for event in fitting
        ]
        ids = tuple(event.order_id for event in fitting)
        outcome = Outcome([*reports, self._mass_report(request, ids)])
        self._execution.take_off(fitting, outcome)
        return outcome

    def _canceled(
        self,
        request: OrderCancelRequest | OrderMassActionRequest,
        order: NewOrderSingle,
        order_id: OrderID,
        leaves_qty: Qty,
    ) -> ExecutionReport:
        """Return the word that *order* was canceled because its session asked."""
        cum_qty = order.order_qty - leaves_qty
        report = self._report(
            order,
            order_id,
            _EXEC_CANCELED,
            _CANCELED,
            0,
            cum_qty,
            cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=order.cl_ord_id,
        )
        return self._reporter.last(report) if cum_qty else report

    def _mass_report(
        self,
        request: OrderMassActionRequest,
        order_ids: tuple[OrderID, ...] = (),
        objection: Reject | None = None,
    ) -> OrderMassActionReport:
        return OrderMassActionReport(
            target_comp_id=request.sender_comp_id,
            cl_ord_id=request.cl_ord_id,
            mass_action_response=(
                MassActionResponse.ACCEPTED if objection is None else MassActionResponse.REJECTED
            ),
            transact_time_ns=self._venue.now_ns,
            affected_order_ids=order_ids,
            target_sub_id=request.sender_sub_id,
            text="" if objection is None else objection.text,
        )

    # --- operations ------------------------------------------------------------------

    def _bust(self, bust: BustTrade, outcome: Outcome) -> None:
        """Take a trade back (OPS-1)."""
        number = bust.trd_match_id
        sides = self._reporter.trade(number)
        if sides is None or number in self._busted:
            text = f"trade {number} has been busted"
            if number not in self._busted:
                text = f"the venue has no trade {number}; {self._reporter.latest_trades()}"
            outcome.publish(OperationRefused(operation=bust, text=text))
            return
        self._busted.add(number)
        if self._venue.is_recorded:
            self._venue.tape.append(TradeBusted(number))
        bought, _ = sides
        self._market_data.revised.add(bought.symbol)
        self._listings[bought.symbol].day.take_back(number, bought.last_qty)
        for told in sides:
            assert told.order_id is not None, "only a reject has none"
            book = self._listings[told.symbol].book
            resting = book.get(told.order_id)
            if resting is not None:
                # Its quantity shrinks with what it has executed: what is left stays as it is.
                order_qty = resting.order.order_qty - told.last_qty
                order = msgspec.structs.replace(resting.order, order_qty=order_qty)
                book.apply([Replaced(told.order_id, order, resting.leaves_qty)])
            outcome.reports.append(self._reporter.take_back(told, resting, bust.text))

    def _cancel_orders(self, operation: CancelOrders, outcome: Outcome) -> None:
        """Cancel what an operation means, the oldest first (OPS-2)."""
        symbol = operation.symbol
        if symbol is not None and symbol not in self._listings:
            text = f"symbol {symbol!r}: expected one of {', '.join(self._listings)}"
            outcome.publish(OperationRefused(operation=operation, text=text))
            return
        reason, text = operation.reason, operation.text
        meant = [
            Canceled(resting.order_id, resting.order, resting.leaves_qty, reason, text)
            for listing, resting in self._live(operation.session, symbol)
            if operation.user in (None, resting.order.sender_sub_id)
            and resting.order.time_in_force in operation.lives
            and (listing.state.cancel or not operation.where_allowed)
        ]
        self._execution.take_off(meant, outcome)

    # --- finding ---------------------------------------------------------------------

    def _live(
        self, session: CompID | None, symbol: Symbol | None
    ) -> Iterator[tuple[Listing, Resting]]:
        """Yield the live orders of a session, of an instrument, or all, in no order."""
        listings = self._listings
        ids: set[OrderID] = set()
        if session is not None:
            ids = {*self._names.get(session, {}).values(), *self._quoting.of(session)}
        for listing in listings.values() if symbol is None else (listings[symbol],):
            book = listing.book
            if session is not None and len(ids) < len(book):
                mine = map(book.get, ids)
                yield from ((listing, resting) for resting in mine if resting is not None)
            else:
                for resting in book:
                    if session in (None, resting.order.sender_comp_id):
                        yield listing, resting

    def _find(self, request: OrderCancelRequest | OrderCancelReplaceRequest) -> Resting | Reject:
        """Return the order that *request* is about, or why there is none."""
        listing = self._listings.get(request.symbol)
        if listing is None:
            return objections.unknown_symbol(self._venue, request.symbol)
        names = self._names[request.sender_comp_id]
        if request.cl_ord_id in names:
            return objections.used_name(request)
        resting = None
        if (order_id := names.get(request.orig_cl_ord_id)) is not None:
            resting = listing.book.get(order_id) or self._in_another_book(order_id)
        if resting is None or resting.order.cl_ord_id != request.orig_cl_ord_id:
            return objections.no_such_order(request)
        order = resting.order
        if order.side is not request.side or order.symbol != request.symbol:
            return objections.wrong_place(request, order)
        return resting

    def _in_another_book(self, order_id: OrderID) -> Resting | None:
        """Return an order that is not where its request says."""
        books = (listing.book.get(order_id) for listing in self._listings.values())
        return next((found for found in books if found is not None), None)

    # --- answering -------------------------------------------------------------------

    def _followed(
        self,
        listing: Listing,
        events: Sequence[BookEvent],
        asked: Asked | None,
        reports: list[Answer],
    ) -> Outcome:
        """Return what a request came to that has been applied, and what follows from it."""
        outcome = Outcome(reports)
        self._execution.follow(listing, events, asked, outcome)
        return outcome

    def _published(self, outcome: Outcome, session: CompID | None = None) -> Outcome:
        """Return *outcome* with what subscribers to market data hear of it, and the record.

        Args:
            session: whose request it was, if it was one.
        """
        if self._feeds:
            entered = [news for news in outcome.published if isinstance(news, SecurityStatus)]
            outcome.reports += self._market_data.publish(entered)
        tape = self._venue.tape
        if self._venue.is_recorded and tape:
            outcome.happened = [*tape] if session is None else [Received(session), *tape]
        tape.clear()
        return outcome

    def _refuse(self, request: OrderRequest, reject: Reject, rule_set: str = "") -> Outcome:
        """Answer *request* with a reject, of *rule_set* or of the exchange itself."""
        effects = [Applied(rule_set, request.symbol, reject)] if rule_set else []
        if reject.level is not RejectLevel.EXECUTION:
            return Outcome([self._reporter.message_refused(request, reject)], effects)
        if isinstance(request, NewOrderSingle):
            report = self._report(
                request,
                None,
                ExecType.REJECTED,
                OrdStatus.REJECTED,
                0,
                0,
                ord_rej_reason=reject.reason,
                text=reject.text,
            )
            return Outcome([report], effects)
        order_id = self._names[request.sender_comp_id].get(request.orig_cl_ord_id) or None
        return Outcome([self._reporter.refusal(request, reject, order_id)], effects)


def _keeps_priority(old: NewOrderSingle, new: NewOrderSingle) -> bool:
    """Return whether a change leaves the order in its place (PRIO-1, PRIO-2).

    An order that has become immediate has no place: it trades, or it expires.
    """
    return (
        new.order_qty <= old.order_qty
        and new.price == old.price
        and new.stop_px == old.stop_px
        and new.ord_type is old.ord_type
        and new.account == old.account
        and new.time_in_force not in IMMEDIATE
        and _shows_no_more(old.display_qty, new.display_qty)
    )


def _shows_no_more(old: Qty | None, new: Qty | None) -> bool:
    return old is None or (new is not None and new <= old)


def _fits(order: NewOrderSingle, request: OrderMassActionRequest) -> bool:
    """Return whether a mass action means *order*; quotes are canceled as quotes (QUOTE-7)."""
    return (
        not isinstance(order, QuotedOrder)
        and order.sender_comp_id == request.sender_comp_id
        and request.side in (None, order.side)
        and request.account in (None, order.account)
        and request.sender_sub_id in (None, order.sender_sub_id)
    )


def _refusal_of_order(listing: Listing, order: NewOrderSingle) -> tuple[Reject, str] | None:
    """Return the first rule set's reject of a new order, and whose it is."""
    if not listing.is_heeded:
        listing.heed()
    lowest_offer, highest_bid = listing.orders_pass
    limit = order.price
    if limit is not None and (
        limit <= highest_bid if order.side is _BUY else limit >= lowest_offer
    ):
        return None
    return _refusal(listing.accept, order)


def _refusal_of_cancel(listing: Listing, request: OrderCancelRequest) -> tuple[Reject, str] | None:
    if not listing.is_heeded:
        listing.heed()
    return None if listing.cancels_pass else _refusal(listing.accept, request)


def _refusal(accept: Iterable[Question], request: OrderRequest) -> tuple[Reject, str] | None:
    """Return the first rule set's reject of *request*, and whose it is."""
    for question in accept:
        # As `Question.first`, but without its call: this is asked of every request.
        try:
            reject: Reject | None = question.ask(request, question.market)
        except Exception as error:  # whatever a stranger's rule raises is named as its own
            raise question.failed(request) from error
        if reject is not None:
            return reject, question.rule_set
    return None


_ADMITTED = frozenset(get_args(Admitted))
_EXEC_NEW, _EXEC_CANCELED = ExecType.NEW, ExecType.CANCELED
_NEW, _CANCELED = OrdStatus.NEW, OrdStatus.CANCELED
_LIMIT, _BUY = OrdType.LIMIT, Side.BUY
_NO_ORDER = OrderID(0)
