"""What a venue does with mass quotes: who quotes what, and what becomes of it.

A quote is two orders of its session, or one; once they stand in the book, matching knows
them as it knows any other order.  What is decided here is which of them a message
enters, keeps and takes off, and in which words it is answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs
import msgspec

from . import objections
from .book import BookEvent, Canceled, OrderBook, Replaced, Resting
from .execution import Execution, Outcome
from .fix import (
    OrdRejReason,
    QuoteCancelType,
    QuoteRejectReason,
    QuoteStatus,
    Side,
    TimeInForce,
)
from .identifiers import CompID, OrderID, Price, Qty, QuoteID, Symbol
from .ledger import Rule
from .matching import Asked
from .quotes import (
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuotedOrder,
    QuoteEntry,
    QuoteEntryAck,
    QuoteSetAck,
)
from .reports import Reporter
from .rules import Applied, Reject, RejectLevel
from .venue import Venue

MAX_QUOTE_ENTRIES = 15
"""The most entries, and the most quote sets, that one mass quote may have."""

_PAGE = "CME Group Client Systems Wiki, iLink 2 Mass Quote (46432723)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "QUOTE-1",
        "Whoever quotes has one quote in an instrument: a new entry takes the place of what he"
        " has quoted there, a side that it does not quote is gone, and so are both where it"
        " quotes neither.",
        f"{_PAGE}; {_READINGS}, one quote in an instrument",
    ),
    Rule(
        "QUOTE-2",
        "Each side of a quote is an order for the day that arrives, the bid first. One whose"
        " price stays and whose size is not raised above what is left keeps its place.",
        f"{_PAGE}; {_READINGS}, a quote's place in the queue",
    ),
    Rule(
        "QUOTE-3",
        "A quote is taken whole or not at all, and its bid is below its offer; each side is held"
        " to the instrument's prices and quantities as an order is.",
        _PAGE,
    ),
    Rule(
        "QUOTE-4",
        "An entry is refused by itself, and so is every further one in an instrument. The whole"
        " message is refused where its first entry is in no instrument that is listed or its name"
        " has been used, and at the level of business where it has more than 15 entries or sets,"
        " or a rule set refuses it so.",
        f"{_PAGE}; {_READINGS}, what refuses a whole mass quote",
    ),
    Rule(
        "QUOTE-5",
        "Mass quotes are taken only in states that say so: those that take orders and match,"
        " unless they say otherwise.",
        f"{_PAGE}; {_READINGS}, one quote in an instrument",
    ),
    Rule(
        "QUOTE-6",
        "A mass quote is acknowledged before what its quotes trade; a trade is reported as an"
        " order's is, under the name of the quote's entry.",
        f"{_PAGE}, fills of quotes (11, 299)",
    ),
    Rule(
        "QUOTE-7",
        "Quotes are canceled by instrument, by quote set (both sides or one) or all at once; an"
        " order's cancel and a mass action leave them alone.",
        "CME Group Client Systems Wiki, iLink 2 Mass Quote (46432723), Quote Cancel, 298",
    ),
    Rule(
        "QUOTE-8",
        "Of a quote that the venue cancels its session hears in a quote cancel acknowledgement"
        " that nobody asked for, which says why (9775).",
        "CME Group Client Systems Wiki, iLink 2 Quote Acknowledgment (46235982, 46728078)",
    ),
)

_Key: TypeAlias = tuple[CompID, "CompID | None", Symbol]
"""Whose quote it is, session and user, and where."""


@attrs.frozen
class _Judged:
    """One entry of a mass quote, and what was found of it."""

    quote_set_id: str
    entry: QuoteEntry
    refusal: QuoteEntryAck | None

    def ack(self) -> QuoteEntryAck:
        return _answered(self.entry) if self.refusal is None else self.refusal


@attrs.define(eq=False)
class Quoting:
    """The quotes of one venue."""

    _venue: Venue
    _execution: Execution
    _reporter: Reporter
    _new_order_id: Callable[[], OrderID]
    _used: defaultdict[CompID, set[QuoteID]] = attrs.field(
        init=False, factory=lambda: defaultdict(set)
    )
    """By session, the names of its requests."""

    _sides: dict[_Key, dict[Side, OrderID]] = attrs.field(init=False, factory=dict)
    """The orders that a quote last was; some of them may have left the book."""

    # --- mass quotes -----------------------------------------------------------------

    def quote(self, request: MassQuote) -> Outcome:
        """Carry a mass quote out, entry by entry, or say what of it is refused."""
        if (refused := self._refused_whole(request)) is not None:
            return refused
        outcome = Outcome()
        judged: list[_Judged] = []
        quoted: set[Symbol] = set()
        for quote_set in request.quote_sets:
            for entry in quote_set.entries:
                refusal = None
                found = self._objection(request, quote_set.quote_set_id, entry, quoted, outcome)
                if found is not None:
                    reason, reject = found
                    if reject.level is not RejectLevel.EXECUTION:
                        outcome.reports.append(self._reporter.message_refused(request, reject))
                        return outcome
                    refusal = _answered(entry, reason, reject.text)
                judged.append(_Judged(quote_set.quote_set_id, entry, refusal))
        self._used[request.sender_comp_id].add(request.quote_id)
        outcome.reports.append(self._ack(request, judged))
        for one in judged:
            if one.refusal is None:
                self._put(request, one, outcome)
        return outcome

    def _refused_whole(self, request: MassQuote) -> Outcome | None:
        """Return the answer to a mass quote of which no entry is looked at, or None."""
        listings, entries = self._venue.listings, request.entries
        if request.quote_id in self._used[request.sender_comp_id]:
            reason = QuoteRejectReason.DUPLICATE_QUOTE
            text = f"quote_id {request.quote_id!r}: expected a name not used before [QUOTE-4]"
        elif max(len(entries), len(request.quote_sets)) > MAX_QUOTE_ENTRIES:
            text = (
                f"{len(entries)} entries in {len(request.quote_sets)} quote sets: expected at most"
                f" {MAX_QUOTE_ENTRIES} of either [QUOTE-4]"
            )
            reject = Reject(OrdRejReason.OTHER, text, RejectLevel.BUSINESS)
            return Outcome([self._reporter.message_refused(request, reject)])
        elif entries[0].symbol not in listings:
            reason = QuoteRejectReason.UNKNOWN_SYMBOL
            text = objections.unknown_symbol(self._venue, entries[0].symbol).text
        else:
            return None
        return self._rejected(request, reason, text)

    def refuse(self, request: MassQuote, reject: Reject, rule_set: str) -> Outcome:
        """Answer a mass quote that *rule_set* does not let in."""
        if reject.level is RejectLevel.EXECUTION:
            reason, _ = _coded(reject)
            outcome = self._rejected(request, reason, reject.text)
        else:
            outcome = Outcome([self._reporter.message_refused(request, reject)])
        outcome.record(Applied(rule_set, request.entries[0].symbol, reject))
        return outcome

    def _rejected(self, request: MassQuote, reason: QuoteRejectReason, text: str) -> Outcome:
        ack = self._ack(request, ())
        refused = msgspec.structs.replace(
            ack, quote_status=QuoteStatus.REJECTED, quote_reject_reason=reason, text=text
        )
        return Outcome([refused])

    def _objection(
        self,
        request: MassQuote,
        quote_set_id: str,
        entry: QuoteEntry,
        quoted: set[Symbol],
        outcome: Outcome,
    ) -> tuple[QuoteRejectReason, Reject] | None:
        """Return why an entry is refused, or None; what a rule set answers goes on record.

        Args:
            quoted: the instruments of the entries before; this one's is added.
        """
        listing = self._venue.listings.get(entry.symbol)
        if listing is None:
            return _coded(objections.unknown_symbol(self._venue, entry.symbol))
        if entry.symbol in quoted:
            text = f"symbol {entry.symbol!r}: expected one quote in an instrument [QUOTE-4]"
            return _coded(Reject(OrdRejReason.DUPLICATE_ORDER, text))
        quoted.add(entry.symbol)
        if not listing.state.quote or TimeInForce.DAY not in listing.state.lives:
            return _coded(objections.refused_by(listing.state, "mass quotes", "QUOTE-5"))
        sides = [_side(request, quote_set_id, entry, *side) for side in entry.sides]
        for side in sides:
            if (reject := objections.objection_to_quote(side, listing, self._venue)) is not None:
                return _coded(reject)
        bid, offer = entry.bid_px, entry.offer_px
        if bid is not None and offer is not None and bid >= offer:
            show = listing.instrument.show
            text = f"bid_px {show(bid)}: expected below offer_px {show(offer)} [QUOTE-3]"
            return QuoteRejectReason.INVALID_BID_ASK_SPREAD, Reject(OrdRejReason.OTHER, text)
        for side in sides:
            for question in listing.accept:
                reject = question.first(side)
                if reject is not None:
                    outcome.record(Applied(question.rule_set, entry.symbol, reject))
                    return _coded(reject)
        return None

    def _ack(self, request: MassQuote, judged: Iterable[_Judged]) -> MassQuoteAck:
        sets: dict[str, list[QuoteEntryAck]] = {}
        refusals: list[QuoteEntryAck | None] = []
        for one in judged:
            sets.setdefault(one.quote_set_id, []).append(one.ack())
            refusals.append(one.refusal)
        of_all = None
        if (first := next(iter(refusals), None)) is not None and None not in refusals:
            of_all = first.quote_entry_reject_reason
        return MassQuoteAck(
            target_comp_id=request.sender_comp_id,
            quote_id=request.quote_id,
            quote_status=QuoteStatus.ACCEPTED if of_all is None else QuoteStatus.REJECTED,
            transact_time_ns=self._venue.now_ns,
            quote_sets=tuple(
                QuoteSetAck(quote_set_id=name, entries=tuple(acks)) for name, acks in sets.items()
            ),
            quote_reject_reason=of_all,
            target_sub_id=request.sender_sub_id,
            account=request.account,
            self_match_prevention_id=request.self_match_prevention_id,
        )

    def _put(self, request: MassQuote, judged: _Judged, outcome: Outcome) -> None:
        """Enter what an entry quotes, in place of what was quoted before."""
        entry = judged.entry
        listing = self._venue.listings[entry.symbol]
        wanted = {side: (px, size) for side, px, size in entry.sides}
        key = (request.sender_comp_id, request.sender_sub_id, entry.symbol)
        of_one: dict[Side, OrderID] = {}
        first: list[BookEvent] = []
        for side, resting in self._live(key):
            order_id, left = resting.order_id, resting.leaves_qty
            if _keeps_its_place(resting, wanted.get(side)):
                px, size = wanted.pop(side)
                traded = resting.order.order_qty - left
                order = self._sent(request, judged, side, px, size)
                order = msgspec.structs.replace(order, order_qty=traded + size)
                of_one[side] = order_id
                first.append(Replaced(order_id, order, size))
            else:
                self._reporter.quote_gone(resting.order, order_id, left)
                first.append(Canceled(order_id, resting.order, left))
        if first:  # so that a new bid, or a stop that it elects, never meets a former offer
            listing.book.apply(first)
            self._execution.follow(listing, first, None, outcome)
        self._sides[key] = of_one
        for side, (px, size) in wanted.items():
            order = self._sent(request, judged, side, px, size)
            of_one[side] = order_id = self._new_order_id()
            asked = Asked(listing.prevent, listing.guard) if listing.asks else None
            events = self._execution.plan(listing, order, order_id, size, asked)
            listing.book.apply(events)
            outcome.reports += self._reporter.tell(events, order, order_id, size)
            self._execution.follow(listing, events, asked, outcome)

    @staticmethod
    def _sent(request: MassQuote, judged: _Judged, side: Side, px: Price, size: Qty) -> QuotedOrder:
        """Return one side of a quote as it enters the book: without an instruction."""
        order = _side(request, judged.quote_set_id, judged.entry, side, px, size)
        return msgspec.structs.replace(order, self_match_prevention_instruction=None)

    # --- cancels ---------------------------------------------------------------------

    def cancel(self, request: QuoteCancel) -> Outcome:
        """Cancel the quotes that *request* means, the oldest first (QUOTE-7).

        Quotes whose state lets nobody cancel stay, and are not counted; only a request
        about one instrument is refused for that.
        """
        objection = self._objection_to_cancel(request)
        if objection is not None:
            reason, reject = _coded(objection)
            refused = msgspec.structs.replace(
                self._canceled(request, ()),
                quote_status=QuoteStatus.REJECTED,
                quote_reject_reason=reason,
                text=reject.text,
            )
            return Outcome([refused])
        self._used[request.sender_comp_id].add(request.quote_id)
        meant = [
            Canceled(resting.order_id, resting.order, resting.leaves_qty)
            for (session, user, symbol), sides in self._sides.items()
            if session == request.sender_comp_id
            and request.sender_sub_id in (None, user)
            and (not request.symbols or symbol in request.symbols)
            and self._venue.listings[symbol].state.cancel
            for side, resting in _resting(self._venue.listings[symbol].book, sides)
            if _means(request, side, resting)
        ]
        meant.sort(key=lambda event: event.order_id)
        outcome = Outcome([self._canceled(request, meant)])
        self._execution.take_off(meant, outcome)
        return outcome

    def _objection_to_cancel(self, request: QuoteCancel) -> Reject | None:
        if request.quote_id in self._used[request.sender_comp_id]:
            return Reject(
                OrdRejReason.DUPLICATE_ORDER,
                f"quote_id {request.quote_id!r}: expected a name not used before [QUOTE-4]",
            )
        for symbol in request.symbols:
            if symbol not in self._venue.listings:
                return objections.unknown_symbol(self._venue, symbol)
        if len(request.symbols) == 1:
            state = self._venue.listings[request.symbols[0]].state
            if not state.cancel:
                return objections.refused_by(state, "cancels")
        return None

    def _canceled(self, request: QuoteCancel, canceled: Iterable[Canceled]) -> QuoteCancelAck:
        return QuoteCancelAck(
            target_comp_id=request.sender_comp_id,
            quote_status=_STATUS[request.quote_cancel_type],
            transact_time_ns=self._venue.now_ns,
            canceled=tuple(
                self._reporter.quote_gone(event.order, event.order_id, event.leaves_qty)
                for event in canceled
            ),
            quote_id=request.quote_id,
            target_sub_id=request.sender_sub_id,
        )

    # --- finding ---------------------------------------------------------------------

    def of(self, session: CompID) -> Iterator[OrderID]:
        """Yield the orders that the quotes of *session* are, or were at last."""
        for (quoting, _, _), sides in self._sides.items():
            if quoting == session:
                yield from sides.values()

    def _live(self, key: _Key) -> Iterator[tuple[Side, Resting]]:
        yield from _resting(self._venue.listings[key[2]].book, self._sides.get(key, {}))


def _resting(book: OrderBook, sides: Mapping[Side, OrderID]) -> Iterator[tuple[Side, Resting]]:
    for side, order_id in sides.items():
        resting = book.get(order_id)
        if resting is not None:
            yield side, resting


def _side(
    request: MassQuote, quote_set_id: str, entry: QuoteEntry, side: Side, px: Price, size: Qty
) -> QuotedOrder:
    """Return one side of a quote as an order, with whatever its message says."""
    return QuotedOrder(
        sender_comp_id=request.sender_comp_id,
        cl_ord_id=entry.quote_entry_id,
        symbol=entry.symbol,
        side=side,
        order_qty=size,
        price=px,
        sender_sub_id=request.sender_sub_id,
        account=request.account,
        self_match_prevention_id=request.self_match_prevention_id,
        self_match_prevention_instruction=request.self_match_prevention_instruction,
        quote_id=request.quote_id,
        quote_set_id=quote_set_id,
    )


def _keeps_its_place(resting: Resting, wanted: tuple[Price, Qty] | None) -> bool:
    """Return whether a side that is quoted anew stays where it stands (QUOTE-2)."""
    if wanted is None:
        return False
    price, size = wanted
    return price == resting.order.price and size <= resting.leaves_qty


def _means(request: QuoteCancel, side: Side, resting: Resting) -> bool:
    """Return whether a cancel is about one side of a quote."""
    if request.quote_set_id is None:
        return True
    order = resting.order
    assert isinstance(order, QuotedOrder)
    return order.quote_set_id == request.quote_set_id and request.side in (None, side)


def _coded(reject: Reject) -> tuple[QuoteRejectReason, Reject]:
    """Return *reject* with the code that it has where it is about a quote."""
    return _REASONS.get(reject.reason, QuoteRejectReason.OTHER), reject


def _answered(
    entry: QuoteEntry, reason: QuoteRejectReason | None = None, text: str = ""
) -> QuoteEntryAck:
    """Return what is said of an entry that is taken, or is refused for a reason."""
    return QuoteEntryAck(
        quote_entry_id=entry.quote_entry_id,
        symbol=entry.symbol,
        bid_px=entry.bid_px,
        bid_size=entry.bid_size,
        offer_px=entry.offer_px,
        offer_size=entry.offer_size,
        quote_entry_reject_reason=reason,
        text=text,
    )


_REASONS = {
    OrdRejReason.UNKNOWN_SYMBOL: QuoteRejectReason.UNKNOWN_SYMBOL,
    OrdRejReason.EXCHANGE_CLOSED: QuoteRejectReason.EXCHANGE_CLOSED,
    OrdRejReason.ORDER_EXCEEDS_LIMIT: QuoteRejectReason.QUOTE_EXCEEDS_LIMIT,
    OrdRejReason.DUPLICATE_ORDER: QuoteRejectReason.DUPLICATE_QUOTE,
    OrdRejReason.INVALID_PRICE_INCREMENT: QuoteRejectReason.INVALID_PRICE,
    OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND: QuoteRejectReason.INVALID_PRICE,
}
_STATUS = {
    QuoteCancelType.SYMBOLS: QuoteStatus.CANCELED_FOR_SYMBOLS,
    QuoteCancelType.ALL: QuoteStatus.CANCELED_ALL,
    QuoteCancelType.QUOTE_SET: QuoteStatus.CANCELED_FOR_QUOTE_SET,
}
