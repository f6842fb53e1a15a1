"""What a venue tells: events and refusals as reports, filled in and numbered.

An event of the book concerns one order or two, and their sessions hear of it in one
report each.  What a session has asked for is told by the acknowledgement; `tell` adds
what else has come of it.  On the way it counts the trades for the day's figures, as
nobody else has to look at every one of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import cast

import attrs
import msgspec
from msgspec.structs import force_setattr

from .book import (
    AggressorCanceled,
    AuctionTraded,
    BookEvent,
    Canceled,
    Expired,
    Lapsed,
    Resting,
    Traded,
    Triggered,
)
from .fix import (
    BusinessRejectReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecType,
    MsgType,
    OrdRejReason,
    OrdStatus,
    QuoteStatus,
    UnsolicitedCancelType,
)
from .identifiers import ClOrdID, ExecID, OrderID, Price, Qty
from .messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    OrderStatusRequest,
    VenueReport,
)
from .quotes import CanceledQuote, MassQuote, QuoteCancelAck, QuotedOrder
from .rejects import BusinessMessageReject, SessionReject
from .rules import Reject, RejectLevel
from .venue import Venue

LATEST_TRADES = 1_000
"""How many trades a venue can still bust."""


@attrs.define(eq=False)
class Reporter:
    """Writes the reports of one venue."""

    _venue: Venue
    _exec_ids: Iterator[ExecID] = attrs.field(
        init=False, factory=lambda: cast("Iterator[ExecID]", count(1))
    )
    _trd_match_ids: Iterator[int] = attrs.field(init=False, factory=lambda: count(1))
    _trades: deque[tuple[ExecutionReport, ExecutionReport]] = attrs.field(
        init=False, factory=lambda: deque(maxlen=LATEST_TRADES)
    )
    """Of the latest trades, what both sides were told."""
    _last: dict[OrderID, ExecutionReport] = attrs.field(init=False, factory=dict)
    """Of orders that traded and then left unfilled, the report that said so: as long as
    one of their trades is among the latest, or not much longer."""

    _busts: dict[OrderID, list[tuple[ExecID, Qty]]] = attrs.field(init=False, factory=dict)
    """By order, the reports of what was taken back from it, and how much that was."""

    def report(
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
        exec_ref_id: ExecID | None = None,
    ) -> ExecutionReport:
        """Return the next report, about *order*."""
        # By position: by name, so many fields take seven times as long.
        report = ExecutionReport(
            order.sender_comp_id,
            cl_ord_id or order.cl_ord_id,
            order_id,
            next(self._exec_ids),
            exec_type,
            ord_status,
            order.symbol,
            order.side,
            order.order_qty,
            leaves_qty,
            cum_qty,
            self._venue.now_ns,
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
            order.stop_px,
            order.display_qty,
            exec_ref_id,
        )
        smp_id = order.self_match_prevention_id
        if smp_id is not None:
            # Afterwards: a call with more than 30 arguments takes twice as long.
            instruction = order.self_match_prevention_instruction
            force_setattr(report, "self_match_prevention_id", smp_id)
            force_setattr(report, "self_match_prevention_instruction", instruction)
        return report

    def tell(
        self,
        events: Iterable[BookEvent],
        order: NewOrderSingle,
        order_id: OrderID,
        leaves_qty: Qty,
    ) -> list[VenueReport | QuoteCancelAck]:
        """Return the reports of *events*, less what the acknowledgement of a request says.

        Args:
            order: the aggressor.
            leaves_qty: what of it is open before any of the *events*.
        """
        reports: list[VenueReport | QuoteCancelAck] = []
        report = self.report
        total = order.order_qty
        open_qty, trades, first_px, price, last_qty = leaves_qty, 0, None, 0, 0
        for event in events:
            if type(event) is Traded:
                resting, last_qty, price = event.order, event.last_qty, event.price
                left = event.leaves_qty
                leaves_qty -= last_qty
                trade = next(self._trd_match_ids)
                status = _PARTIALLY_FILLED if left else _FILLED
                cum_qty = resting.order_qty - left
                theirs = report(
                    resting,
                    event.order_id,
                    _TRADE,
                    status,
                    left,
                    cum_qty,
                    last_qty,
                    price,
                    False,
                    trade,
                )
                status = _PARTIALLY_FILLED if leaves_qty else _FILLED
                cum_qty = total - leaves_qty
                ours = report(
                    order,
                    order_id,
                    _TRADE,
                    status,
                    leaves_qty,
                    cum_qty,
                    last_qty,
                    price,
                    True,
                    trade,
                )
                reports += (theirs, ours)
                self._trades.append((theirs, ours))
                trades += 1
                if first_px is None:
                    first_px = price
            elif type(event) is Triggered:
                status = _NEW if leaves_qty == total else _PARTIALLY_FILLED
                cum_qty = total - leaves_qty
                reports.append(
                    report(order, order_id, ExecType.TRIGGERED, status, leaves_qty, cum_qty)
                )
            elif type(event) is AggressorCanceled or (
                type(event) is Canceled and event.reason is not None
            ):
                if type(event.order) is QuotedOrder:
                    reports.append(self._quote_canceled(event, event.order))
                    continue
                canceled = report(
                    event.order,
                    event.order_id,
                    _CANCELED,
                    OrdStatus.CANCELED,
                    0,
                    event.order.order_qty - event.leaves_qty,
                    exec_restatement_reason=event.reason,
                    text=event.text,
                )
                reports.append(self.last(canceled))
            elif type(event) is Lapsed or type(event) is Expired:
                if type(event.order) is QuotedOrder:
                    reports.append(self._quote_canceled(event, event.order))
                    continue
                expired = report(
                    event.order,
                    event.order_id,
                    ExecType.EXPIRED,
                    OrdStatus.EXPIRED,
                    0,
                    event.order.order_qty - event.leaves_qty,
                )
                reports.append(self.last(expired))
        if first_px is not None:
            day = self._venue.listings[order.symbol].day
            day.record(first_px, price, last_qty, open_qty - leaves_qty, trades)
        return reports

    def tell_auction(self, trades: Sequence[AuctionTraded]) -> list[VenueReport]:
        """Return the reports of an auction's *trades*: of each, the buy's and then the sell's."""
        reports: list[VenueReport] = []
        report = self.report
        for trade in trades:
            number = next(self._trd_match_ids)
            sides = [
                report(
                    fill.order,
                    fill.order_id,
                    _TRADE,
                    _PARTIALLY_FILLED if fill.leaves_qty else _FILLED,
                    fill.leaves_qty,
                    fill.order.order_qty - fill.leaves_qty,
                    trade.last_qty,
                    trade.price,
                    trd_match_id=number,
                )
                for fill in (trade.buy, trade.sell)
            ]
            self._trades.append((sides[0], sides[1]))
            reports += sides
        if trades:
            last, volume = trades[-1], sum(trade.last_qty for trade in trades)
            day = self._venue.listings[last.buy.order.symbol].day
            day.record(last.price, last.price, last.last_qty, volume, len(trades))
        return reports

    def last(self, report: ExecutionReport) -> ExecutionReport:
        """Return *report*, with which an order leaves, and keep it for a bust if it traded."""
        order_id = report.order_id
        assert order_id is not None, "only a reject has none"
        if report.cum_qty:
            self._last[order_id] = report
            if len(self._last) > 4 * LATEST_TRADES:  # at most half of them can be wanted
                traded = {side.order_id for sides in self._trades for side in sides}
                self._last = {key: kept for key, kept in self._last.items() if key in traded}
        return report

    def quote_gone(
        self, order: NewOrderSingle, order_id: OrderID, leaves_qty: Qty
    ) -> CanceledQuote:
        """Return the word that one side of a quote has left, and keep what a bust needs of it."""
        if cum_qty := order.order_qty - leaves_qty:
            # Nobody is sent this: of a quote an acknowledgement tells.
            report = self.report
            self.last(report(order, order_id, _CANCELED, OrdStatus.CANCELED, 0, cum_qty))
        return CanceledQuote(
            quote_entry_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            leaves_qty=leaves_qty,
        )

    def _quote_canceled(
        self, event: AggressorCanceled | Canceled | Lapsed | Expired, order: QuotedOrder
    ) -> QuoteCancelAck:
        """Return the word to a session whose quote the venue has canceled (QUOTE-8)."""
        why, text = UnsolicitedCancelType.EXPIRED, ""
        if type(event) is Canceled or type(event) is AggressorCanceled:
            why, text = UnsolicitedCancelType.CANCELED_BY_OPERATIONS, event.text
            if event.reason in _SELF_MATCH:
                why = UnsolicitedCancelType.SELF_MATCH_PREVENTION
        self_match = why is UnsolicitedCancelType.SELF_MATCH_PREVENTION
        return QuoteCancelAck(
            target_comp_id=order.sender_comp_id,
            quote_status=QuoteStatus.CANCELED_FOR_SYMBOLS,
            transact_time_ns=self._venue.now_ns,
            canceled=(self.quote_gone(order, event.order_id, event.leaves_qty),),
            unsolicited_cancel_type=why,
            text=text,
            target_sub_id=order.sender_sub_id,
            self_match_prevention_id=order.self_match_prevention_id if self_match else None,
        )

    @property
    def next_trade(self) -> int:
        """The number that the next trade gets."""
        return cast("int", self._trades[-1][0].trd_match_id) + 1 if self._trades else 1

    def trade(self, trd_match_id: int) -> tuple[ExecutionReport, ExecutionReport] | None:
        """Return what both sides of a trade were told, if it is one of the latest."""
        if not self._trades:
            return None
        place = trd_match_id - cast("int", self._trades[0][0].trd_match_id)
        return self._trades[place] if 0 <= place < len(self._trades) else None

    def latest_trades(self) -> str:
        """Say which trades can be busted."""
        if not self._trades:
            return "nobody has traded"
        first, last = (self._trades[place][0].trd_match_id for place in (0, -1))
        return f"its latest are {first} to {last}"

    def take_back(
        self, told: ExecutionReport, resting: Resting | None, text: str
    ) -> ExecutionReport:
        """Return the report of a bust to one side of the trade, of which it was *told*.

        Args:
            resting: the side's order, less what is taken back, if it still lives.
        """
        order_id, exec_id = told.order_id, next(self._exec_ids)
        assert order_id is not None, "only a reject has none"
        busts = self._busts.setdefault(order_id, [])
        busts.append((exec_id, told.last_qty))
        if resting is not None:
            order, leaves_qty = resting.order, resting.leaves_qty
            cl_ord_id, order_qty = order.cl_ord_id, order.order_qty
            cum_qty = order_qty - leaves_qty
            status = _PARTIALLY_FILLED if cum_qty else _NEW
        else:
            latest = self._last.get(order_id) or next(
                each
                for trade in reversed(self._trades)
                for each in trade
                if each.order_id == order_id
            )
            taken = sum(qty for bust, qty in busts if bust > latest.exec_id)
            cl_ord_id = latest.orig_cl_ord_id or latest.cl_ord_id  # its own, not the cancel's
            order_qty, cum_qty = latest.order_qty - taken, latest.cum_qty - taken
            leaves_qty, status = 0, latest.ord_status
        return msgspec.structs.replace(
            told,
            cl_ord_id=cl_ord_id,
            exec_id=exec_id,
            exec_type=ExecType.TRADE_CANCEL,
            ord_status=status,
            order_qty=order_qty,
            leaves_qty=leaves_qty,
            cum_qty=cum_qty,
            transact_time_ns=self._venue.now_ns,
            text=text,
            exec_ref_id=told.exec_id,
        )

    def status(self, resting: Resting) -> ExecutionReport:
        """Return how an order of the book stands; nothing has happened, and no number is used."""
        order, leaves_qty = resting.order, resting.leaves_qty
        cum_qty = order.order_qty - leaves_qty
        return ExecutionReport(
            target_comp_id=order.sender_comp_id,
            cl_ord_id=order.cl_ord_id,
            order_id=resting.order_id,
            exec_id=ExecID(0),
            exec_type=ExecType.ORDER_STATUS,
            ord_status=_PARTIALLY_FILLED if cum_qty else _NEW,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            leaves_qty=leaves_qty,
            cum_qty=cum_qty,
            transact_time_ns=self._venue.now_ns,
            price=order.price,
            ord_type=order.ord_type,
            time_in_force=order.time_in_force,
            target_sub_id=order.sender_sub_id,
            account=order.account,
            parent_id=order.parent_id,
            stop_px=order.stop_px,
            display_qty=order.display_qty,
            self_match_prevention_id=order.self_match_prevention_id,
            self_match_prevention_instruction=(
                None
                if order.self_match_prevention_id is None
                else order.self_match_prevention_instruction
            ),
        )

    def refusal(
        self,
        request: OrderCancelRequest | OrderCancelReplaceRequest,
        reject: Reject,
        order_id: OrderID | None,
    ) -> OrderCancelReject:
        """Return the answer to a request that is refused."""
        return OrderCancelReject(
            target_comp_id=request.sender_comp_id,
            cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=request.orig_cl_ord_id,
            order_id=order_id,
            cxl_rej_response_to=(
                CxlRejResponseTo.ORDER_CANCEL_REQUEST
                if isinstance(request, OrderCancelRequest)
                else CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
            ),
            cxl_rej_reason=reject.cxl_rej_reason,
            transact_time_ns=self._venue.now_ns,
            symbol=request.symbol,
            target_sub_id=request.sender_sub_id,
            text=reject.text,
        )

    def message_refused(
        self, request: OrderRequest | MassQuote, reject: Reject
    ) -> SessionReject | BusinessMessageReject:
        """Return the answer to a message that is refused, and not only what it asks for."""
        ref_id: str = request.quote_id if isinstance(request, MassQuote) else request.cl_ord_id
        if reject.level is RejectLevel.SESSION:
            return SessionReject(
                target_comp_id=request.sender_comp_id,
                ref_msg_type=_MSG_TYPES[type(request)],
                ref_id=ref_id,
                text=reject.text,
                transact_time_ns=self._venue.now_ns,
                target_sub_id=request.sender_sub_id,
            )
        return BusinessMessageReject(
            target_comp_id=request.sender_comp_id,
            ref_msg_type=_MSG_TYPES[type(request)],
            business_reject_ref_id=ref_id,
            text=reject.text,
            transact_time_ns=self._venue.now_ns,
            business_reject_reason=BusinessRejectReason.OTHER,
            target_sub_id=request.sender_sub_id,
        )


def no_status(request: OrderStatusRequest, reject: Reject, now_ns: int) -> ExecutionReport:
    """Return the answer to a question how an order stands of which there is nothing to say."""
    return ExecutionReport(
        target_comp_id=request.sender_comp_id,
        cl_ord_id=request.cl_ord_id,
        order_id=None,
        exec_id=ExecID(0),
        exec_type=ExecType.ORDER_STATUS,
        ord_status=OrdStatus.REJECTED,
        symbol=request.symbol,
        side=request.side,
        order_qty=0,
        leaves_qty=0,
        cum_qty=0,
        transact_time_ns=now_ns,
        target_sub_id=request.sender_sub_id,
        ord_rej_reason=reject.reason,
        text=reject.text,
    )


_CANCELED, _TRADE = ExecType.CANCELED, ExecType.TRADE
_NEW, _PARTIALLY_FILLED, _FILLED = OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED
_SELF_MATCH = (ExecRestatementReason.SELF_MATCH_OLDEST, ExecRestatementReason.SELF_MATCH_NEWEST)
_MSG_TYPES: Mapping[type, MsgType] = {
    NewOrderSingle: MsgType.NEW_ORDER_SINGLE,
    OrderCancelRequest: MsgType.ORDER_CANCEL_REQUEST,
    OrderCancelReplaceRequest: MsgType.ORDER_CANCEL_REPLACE_REQUEST,
    MassQuote: MsgType.MASS_QUOTE,
}
