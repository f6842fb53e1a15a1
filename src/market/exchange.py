"""The exchange of one venue: requests in, reports out; no clock, no I/O, no mailbox.

Each request is decided whole before anything changes.  First the exchange's own
objections, then those of the rule sets, then the plan of `matching.plan`; only
then is the plan applied and reported.  A request that is refused has changed
nothing, its name included, which may be used again.

Orders are known to their session by its name for them, and that name is the
latest accepted one: after a change, the older names lead nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TypeAlias, cast

import msgspec

from . import objections
from .book import BookEvent, Canceled, OrderBook, Replaced, Rested, Resting, Withdrawn
from .fix import ExecType, OrdStatus, Side, TimeInForce
from .identifiers import ClOrdID, CompID, OrderID, Symbol
from .instrument import Instrument
from .ledger import Rule
from .matching import Algorithm, Asked, plan
from .messages import (
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshot,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    VenueReport,
)
from .objections import objection_to_order, objection_to_terms
from .reports import Reporter
from .rules import (
    Applied,
    CancelOrder,
    MarketView,
    Publish,
    Question,
    Reject,
    Remember,
    Schedule,
    SettleEffect,
    Unschedule,
    VenueRules,
)
from .venue import Listing, Venue

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
    *objections.RULES,
)

Request: TypeAlias = OrderRequest | MarketDataRequest
Answer: TypeAlias = VenueReport | MarketDataSnapshot | MarketDataRequestReject


class Outcome(msgspec.Struct, gc=False):
    """What a request, or a scheduled moment, came to."""

    reports: list[Answer] = msgspec.field(default_factory=list)
    """In the order in which they came about; each names its addressee."""

    effects: Sequence[Applied] = ()
    """What rule sets had done, in the order in which it was done.

    Whoever hosts the exchange acts on two kinds: a `Publish` goes to the public
    feed, a `Schedule` wants `Exchange.scheduled` to be called after its delay.
    """


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
        self._venue = Venue()
        self._listings = self._venue.listings
        self._reporter = Reporter(self._venue)
        self._report = self._reporter.report
        self._names: defaultdict[CompID, dict[ClOrdID, OrderID]] = defaultdict(dict)
        """By session, every name it has used, and the order that it led to."""
        self._due: dict[tuple[str, Symbol, str], int] = {}
        """By rule set, symbol and name, the moment that `Schedule` asked for."""
        self._order_ids = cast("Iterator[OrderID]", count(1))
        self._next_order_id = next(self._order_ids)
        for instrument in instruments:
            if instrument.symbol in self._listings:
                raise ValueError(f"two instruments have the symbol {instrument.symbol!r}")
            if instrument.algorithm not in algorithms:
                raise ValueError(
                    f"{instrument.symbol}: no algorithm {instrument.algorithm!r};"
                    f" given: {', '.join(algorithms) or 'none'}"
                )
            algorithm = algorithms[instrument.algorithm]
            self._listings[instrument.symbol] = Listing(instrument, algorithm)
        for symbol, venue_rules in (rules or {}).items():
            self._venue.bind(symbol, venue_rules)

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

    # --- what happens ----------------------------------------------------------------

    def receive(self, request: Request, now_ns: int) -> Outcome:
        """Carry *request* out, or refuse it, and return what it came to.

        Raises:
            RuleFailed: if a rule set raises.
        """
        self._venue.now_ns = now_ns
        # By the type itself, and the commonest first, as in `OrderBook.apply`.
        if type(request) is NewOrderSingle:
            return self._enter(request)
        if type(request) is OrderCancelRequest:
            return self._cancel(request)
        if type(request) is OrderCancelReplaceRequest:
            return self._replace(request)
        assert type(request) is MarketDataRequest
        return self._show(request)

    def scheduled(self, rule_set: str, symbol: Symbol, name: str, now_ns: int) -> Outcome:
        """Let *rule_set* act at a moment that it asked for with `Schedule`.

        Nothing happens if it has since asked for another moment, or for none.

        Raises:
            RuleFailed: if the rule set raises.
        """
        self._venue.now_ns = now_ns
        if self._due.get((rule_set, symbol, name)) != now_ns:
            return Outcome()
        listing = self._listings[symbol]
        asked = [question for question in listing.scheduled if question.rule_set == rule_set]
        answers = _answers(asked, name)
        del self._due[rule_set, symbol, name]
        return self._carry_out(answers, listing, Outcome())

    # --- requests --------------------------------------------------------------------

    def _enter(self, order: NewOrderSingle) -> Outcome:
        listing = self._listings.get(order.symbol)
        if listing is None:
            return self._refuse(order, objections.unknown_symbol(self._venue, order))
        names = self._names[order.sender_comp_id]
        objection = objection_to_order(order, listing, names)
        if objection is not None:
            return self._refuse(order, objection)
        if listing.accept and (refusal := _refusal(listing.accept, order)) is not None:
            return self._refuse(order, *refusal)

        order_id, qty = self._next_order_id, order.order_qty
        asked = Asked(listing.prevent, listing.guard) if listing.asks else None
        events = plan(listing.book, listing.algorithm, order, order_id, qty, asked)

        self._next_order_id = next(self._order_ids)
        names[order.cl_ord_id] = order_id
        listing.book.apply(events)
        reports: list[Answer] = [self._report(order, order_id, _EXEC_NEW, _NEW, qty, 0)]
        if type(events[0]) is not Rested:  # else the acknowledgement has said it
            reports += self._reporter.tell(events, order, order_id, qty)
        if asked is None and not listing.settle:
            return Outcome(reports)
        return self._settled(listing, events, asked, reports)

    def _cancel(self, request: OrderCancelRequest) -> Outcome:
        resting = self._find(request)
        if isinstance(resting, Reject):
            return self._refuse(request, resting)
        listing = self._listings[request.symbol]
        if listing.accept and (refusal := _refusal(listing.accept, request)) is not None:
            return self._refuse(request, *refusal)

        order, order_id, leaves_qty = resting.order, resting.order_id, resting.leaves_qty
        self._names[request.sender_comp_id][request.cl_ord_id] = order_id
        events = [Canceled(order_id, order, leaves_qty)]
        listing.book.apply(events)
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
        return self._settled(listing, events, None, [ack]) if listing.settle else Outcome([ack])

    def _replace(self, request: OrderCancelReplaceRequest) -> Outcome:
        resting = self._find(request)
        if isinstance(resting, Reject):
            return self._refuse(request, resting)
        listing = self._listings[request.symbol]
        old = resting.order
        cum_qty = old.order_qty - resting.leaves_qty
        objection = objections.objection_to_change(request, cum_qty)
        objection = objection or objection_to_terms(request, listing)
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
            asked = Asked(listing.prevent, listing.guard)
            events = [
                Withdrawn(order_id, old, resting.leaves_qty),
                *plan(listing.book, listing.algorithm, order, order_id, leaves_qty, asked),
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
        return self._settled(listing, events, asked, reports)

    def _show(self, request: MarketDataRequest) -> Outcome:
        listing = self._listings.get(request.symbol)
        if listing is None:
            text = objections.unknown_symbol(self._venue, request).text
            reject = MarketDataRequestReject(
                target_comp_id=request.sender_comp_id, md_req_id=request.md_req_id, text=text
            )
            return Outcome([reject])
        snapshot = MarketDataSnapshot(
            target_comp_id=request.sender_comp_id,
            md_req_id=request.md_req_id,
            symbol=request.symbol,
            bids=listing.book.depth(Side.BUY, request.market_depth),
            offers=listing.book.depth(Side.SELL, request.market_depth),
            last_px=listing.book.last_px,
        )
        return Outcome([snapshot])

    def _find(self, request: OrderCancelRequest | OrderCancelReplaceRequest) -> Resting | Reject:
        """Return the order that *request* is about, or why there is none."""
        listing = self._listings.get(request.symbol)
        if listing is None:
            return objections.unknown_symbol(self._venue, request)
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

    # --- carrying out ----------------------------------------------------------------

    def _settled(
        self,
        listing: Listing,
        events: Sequence[BookEvent],
        asked: Asked | None,
        reports: list[Answer],
    ) -> Outcome:
        """Return what a request came to that has been applied, and what follows from it."""
        outcome = Outcome(reports)
        if asked is not None:
            outcome.effects = asked.effects
        if listing.settle:
            self._carry_out(_answers(listing.settle, tuple(events)), listing, outcome)
        return outcome

    def _carry_out(
        self,
        answers: Iterable[tuple[str, SettleEffect]],
        listing: Listing,
        outcome: Outcome,
    ) -> Outcome:
        """Carry out the effects that rule sets answered with; all have been asked before.

        What an effect does is not put to the rule sets again.
        """
        symbol = listing.instrument.symbol
        effects = [*outcome.effects]
        for rule_set, effect in answers:
            match effect:
                case Remember(key, value):
                    listing.memory[rule_set, key] = value
                case Schedule(delay_ns, name):
                    self._due[rule_set, symbol, name] = self._venue.now_ns + delay_ns
                case Unschedule(name):
                    self._due.pop((rule_set, symbol, name), None)
                case CancelOrder(order_id, reason, text):
                    resting = listing.book.get(order_id)
                    if resting is not None:  # else something was faster
                        order = resting.order
                        events = [Canceled(order_id, order, resting.leaves_qty, reason, text)]
                        listing.book.apply(events)
                        outcome.reports += self._reporter.tell(events, order, order_id, 0)
                case Publish():
                    pass  # to whoever hosts the exchange
            effects.append(Applied(rule_set, symbol, effect))
        outcome.effects = effects
        return outcome

    def _refuse(self, request: OrderRequest, reject: Reject, rule_set: str = "") -> Outcome:
        """Answer *request* with a reject, of *rule_set* or of the exchange itself."""
        effects = [Applied(rule_set, request.symbol, reject)] if rule_set else []
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
        order_id = self._names[request.sender_comp_id].get(request.orig_cl_ord_id)
        return Outcome([self._reporter.refusal(request, reject, order_id)], effects)


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


_EXEC_NEW, _EXEC_CANCELED = ExecType.NEW, ExecType.CANCELED
_NEW, _CANCELED = OrdStatus.NEW, OrdStatus.CANCELED
