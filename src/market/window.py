"""The Orders and Fills window: what one user knows, from the messages he has got.

A window is a fold over deliveries.  The screen's program keeps one to know what its
user may press; `floorproof show` makes one from a journal, as of any moment.

Columns: TT Order Book and Order and Fills window, cut to what floorproof has.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import attrs

from .fix import ExecType, OrdStatus, OrdType, Side, TimeInForce
from .identifiers import Account, ClOrdID, CompID, ExecID, Price, Qty, StagedOrderID, Symbol
from .messages import ExecutionReport
from .quotes import MassQuoteAck, QuoteCancelAck, QuoteEntry
from .staging import ParentPartialFill, StagedAck, StagedStatus, StagedUpdate
from .synthetic import (
    MultiLegReportingType,
    SyntheticAck,
    SyntheticFill,
    SyntheticUpdate,
    SynthStatus,
)


@attrs.define(kw_only=True)
class StagedRow:
    """One staged order in the window."""

    staged_order_id: StagedOrderID
    held_by: CompID
    """The synthetic gateway that holds it."""

    gateway: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None
    account: Account | None
    originator: CompID
    text: str
    status: StagedStatus
    owner: CompID | None
    time_ns: int
    cum_qty: Qty = 0
    working_qty: Qty = 0
    free_qty: Qty = 0
    traded: Price = 0
    """The sum of price times quantity over its fills."""

    request_no: int | None = None
    """The request that waits for the owner's approval, if one does."""


@attrs.define(kw_only=True)
class OrderRow:
    """One order at an exchange, in the window of somebody who sees it."""

    cl_ord_id: ClOrdID
    gateway: CompID
    user: CompID
    symbol: Symbol
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    order_qty: Qty
    leaves_qty: Qty
    cum_qty: Qty
    price: Price | None
    account: Account | None
    parent_id: StagedOrderID | None
    ord_status: OrdStatus
    time_ns: int
    traded: Price = 0
    stop_px: Price | None = None
    display_qty: Qty | None = None

    @property
    def is_alive(self) -> bool:
        return self.ord_status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)


@attrs.define(kw_only=True)
class QuoteRow:
    """One side of what somebody quotes in one instrument."""

    quote_entry_id: ClOrdID
    gateway: CompID
    user: CompID
    symbol: Symbol
    side: Side
    price: Price
    account: Account | None
    time_ns: int
    leaves_qty: Qty
    """What is quoted; 0 of a quote that is gone."""

    cum_qty: Qty = 0
    """What this side has traded, earlier quotes of the user in the instrument included."""

    traded: Price = 0
    """The sum of price times quantity over that."""


@attrs.define(kw_only=True)
class SyntheticRow:
    """One synthetic order in the window."""

    cl_ord_id: ClOrdID
    held_by: CompID
    """The synthetic gateway that holds it."""

    order_type: str
    originator: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    leaves_qty: Qty
    price: Price | None
    account: Account | None
    parent_id: StagedOrderID | None
    synth_status: SynthStatus
    time_ns: int
    cum_qty: Qty = 0
    traded: Price = 0
    """The sum of price times quantity over its fills."""

    text: str = ""
    """What was said of it last."""


@attrs.frozen(kw_only=True)
class FillRow:
    """One line of the fills pane."""

    time_ns: int
    side: Side
    symbol: Symbol
    last_qty: Qty
    last_px: Price
    is_full: bool
    """P or F in the window: whether the order is done with it."""

    order: str
    """The child's or the order's name; the staged order's on a parent's fill."""

    parent_id: StagedOrderID | None
    is_staged: bool
    """Whether this is the staged order's own line rather than its child's."""

    exec_id: ExecID | None = None
    """The report that told of it; None of a staged order's or a synthetic one's own."""

    is_synthetic: bool = False
    """Whether it is a synthetic order's own line rather than its child's."""

    multi_leg_reporting_type: MultiLegReportingType = MultiLegReportingType.SINGLE_SECURITY
    """Of a synthetic order's line: whether a leg or the spread has traded."""


def average(traded: Price, qty: Qty, decimals: int) -> Decimal | None:
    """Return the average price in the instrument's decimals and two more, or None at 0."""
    if not qty:
        return None
    units = Fraction(traded, qty) * 100
    return Decimal(round(units)).scaleb(-(decimals + 2))


@attrs.define
class Window:
    """What one user sees: staged orders, orders and fills, in the order they came up."""

    staged: dict[StagedOrderID, StagedRow] = attrs.Factory(dict)
    orders: dict[tuple[CompID, CompID, ClOrdID], OrderRow] = attrs.Factory(dict)
    """By gateway, user and the order's latest name."""

    synthetic: dict[ClOrdID, SyntheticRow] = attrs.Factory(dict)
    quotes: dict[tuple[CompID, CompID, Symbol, Side], QuoteRow] = attrs.Factory(dict)
    """By gateway, user, instrument and side."""

    fills: list[FillRow] = attrs.Factory(list)

    def show(self, message: object, sender: CompID, now_ns: int) -> None:
        """Take in one message from *sender*; what has no place in the window is passed over.

        So is what is told of an order that was never shown, as a fault has lost that message.
        """
        match message:
            case StagedAck():
                self.staged[message.staged_order_id] = StagedRow(
                    staged_order_id=message.staged_order_id,
                    held_by=sender,
                    gateway=message.gateway,
                    symbol=message.symbol,
                    side=message.side,
                    order_qty=message.order_qty,
                    price=message.price,
                    account=message.account,
                    originator=message.originator,
                    text=message.text,
                    status=message.status,
                    owner=message.owner,
                    time_ns=now_ns,
                    free_qty=message.order_qty,
                )
            case StagedUpdate() if message.staged_order_id in self.staged:
                row = self.staged[message.staged_order_id]
                if message.cum_qty < row.cum_qty:
                    self._parent_taken_back(row, message)
                row.status, row.owner = message.status, message.owner
                row.cum_qty, row.working_qty = message.cum_qty, message.working_qty
                row.free_qty, row.time_ns = message.free_qty, now_ns
                row.order_qty, row.price = message.order_qty, message.price
                row.traded, row.request_no = message.traded, message.request_no
            case ParentPartialFill() if message.staged_order_id in self.staged:
                self._parent_filled(message, now_ns)
            case SyntheticAck():
                self.synthetic[message.cl_ord_id] = SyntheticRow(
                    cl_ord_id=message.cl_ord_id,
                    held_by=sender,
                    order_type=message.order_type,
                    originator=message.originator,
                    symbol=message.symbol,
                    side=message.side,
                    order_qty=message.order_qty,
                    leaves_qty=message.leaves_qty,
                    price=message.price,
                    account=message.account,
                    parent_id=message.parent_id,
                    synth_status=message.synth_status,
                    time_ns=now_ns,
                )
            case SyntheticUpdate() if message.cl_ord_id in self.synthetic:
                order = self.synthetic[message.cl_ord_id]
                order.synth_status, order.text = message.synth_status, message.text
                order.order_qty, order.price = message.order_qty, message.price
                order.cum_qty, order.leaves_qty = message.cum_qty, message.leaves_qty
                order.time_ns = now_ns
            case SyntheticFill() if message.cl_ord_id in self.synthetic:
                self._synthetic_filled(message, now_ns)
            case ExecutionReport() if message.exec_type not in _OF_NO_CHANGE:
                self._reported(message, sender, now_ns)
            case MassQuoteAck():
                self._quoted(message, sender, now_ns)
            case QuoteCancelAck():
                user = message.target_sub_id or message.target_comp_id
                for gone in message.canceled:
                    quote = self.quotes.get((sender, user, gone.symbol, gone.side))
                    if quote is not None:
                        quote.leaves_qty, quote.time_ns = 0, now_ns
            case _:
                pass

    def own(self, user: CompID, cl_ord_id: ClOrdID) -> OrderRow | None:
        """Return *user*'s own order of that name, or None.

        Where he has several, on different gateways, it is one that works, if one does.
        """
        mine = [
            row for row in self.orders.values() if row.user == user and row.cl_ord_id == cl_ord_id
        ]
        return next((row for row in mine if row.is_alive), mine[0] if mine else None)

    def _parent_filled(self, fill: ParentPartialFill, now_ns: int) -> None:
        row = self.staged[fill.staged_order_id]
        row.status, row.owner = fill.status, fill.owner
        row.cum_qty, row.working_qty, row.time_ns = fill.cum_qty, fill.working_qty, now_ns
        row.free_qty = fill.leaves_qty - fill.working_qty
        row.traded += fill.last_qty * fill.last_px
        self.fills.append(
            FillRow(
                time_ns=now_ns,
                side=row.side,
                symbol=row.symbol,
                last_qty=fill.last_qty,
                last_px=fill.last_px,
                is_full=fill.leaves_qty == 0,
                order=fill.staged_order_id,
                parent_id=None,
                is_staged=True,
            )
        )

    def _synthetic_filled(self, fill: SyntheticFill, now_ns: int) -> None:
        order = self.synthetic[fill.cl_ord_id]
        is_leg = fill.multi_leg_reporting_type is MultiLegReportingType.LEG
        order.synth_status, order.time_ns = fill.synth_status, now_ns
        order.cum_qty, order.leaves_qty = fill.cum_qty, fill.leaves_qty
        if not is_leg:
            order.traded += fill.last_qty * fill.last_px
        self.fills.append(
            FillRow(
                time_ns=now_ns,
                side=fill.side,
                symbol=fill.symbol,
                last_qty=fill.last_qty,
                last_px=fill.last_px,
                is_full=fill.leaves_qty == 0,
                order=fill.cl_ord_id,
                parent_id=order.parent_id,
                is_staged=False,
                is_synthetic=True,
                multi_leg_reporting_type=fill.multi_leg_reporting_type,
            )
        )

    def _quoted(self, ack: MassQuoteAck, sender: CompID, now_ns: int) -> None:
        """Show what the venue has taken of a mass quote in place of what was quoted before."""
        user = ack.target_sub_id or ack.target_comp_id
        for entry in (entry for quote_set in ack.quote_sets for entry in quote_set.entries):
            if entry.quote_entry_reject_reason is not None:
                continue
            quoted = QuoteEntry(
                quote_entry_id=entry.quote_entry_id,
                symbol=entry.symbol,
                bid_px=entry.bid_px,
                bid_size=entry.bid_size,
                offer_px=entry.offer_px,
                offer_size=entry.offer_size,
            )
            for side in Side:
                before = self.quotes.get((sender, user, entry.symbol, side))
                if before is not None:
                    before.leaves_qty, before.time_ns = 0, now_ns
            for side, price, size in quoted.sides:
                key = (sender, user, entry.symbol, side)
                before = self.quotes.get(key)
                self.quotes[key] = QuoteRow(
                    quote_entry_id=entry.quote_entry_id,
                    gateway=sender,
                    user=user,
                    symbol=entry.symbol,
                    side=side,
                    price=price,
                    account=ack.account,
                    time_ns=now_ns,
                    leaves_qty=size,
                    cum_qty=before.cum_qty if before else 0,
                    traded=before.traded if before else 0,
                )

    def _filled(self, report: ExecutionReport, now_ns: int) -> Price:
        """Show a fill, and return what it was worth."""
        assert report.last_px is not None
        self.fills.append(
            FillRow(
                time_ns=now_ns,
                side=report.side,
                symbol=report.symbol,
                last_qty=report.last_qty,
                last_px=report.last_px,
                is_full=report.leaves_qty == 0,
                order=report.cl_ord_id,
                parent_id=report.parent_id,
                is_staged=False,
                exec_id=report.exec_id,
            )
        )
        return report.last_qty * report.last_px

    def _taken_back(self, report: ExecutionReport) -> Price:
        """Show a busted fill no longer, and return what it was worth."""
        assert report.last_px is not None
        self.fills = [
            fill
            for fill in self.fills
            if fill.exec_id != report.exec_ref_id or fill.symbol != report.symbol
        ]
        return report.last_qty * report.last_px

    def _traded_with_quote(self, report: ExecutionReport, quote: QuoteRow, now_ns: int) -> None:
        if report.exec_type is ExecType.TRADE:
            quote.traded += self._filled(report, now_ns)
            quote.cum_qty += report.last_qty
            quote.leaves_qty, quote.time_ns = report.leaves_qty, now_ns
        elif report.exec_type is ExecType.TRADE_CANCEL:
            quote.traded -= self._taken_back(report)
            quote.cum_qty -= report.last_qty

    def _parent_taken_back(self, row: StagedRow, update: StagedUpdate) -> None:
        """Take the parent's line of a bust off: an update tells of one trade, by what is gone."""
        last_qty, gone = row.cum_qty - update.cum_qty, row.traded - update.traded
        for index in reversed(range(len(self.fills))):
            fill = self.fills[index]
            if (
                fill.is_staged
                and fill.order == row.staged_order_id
                and (fill.last_qty == last_qty and fill.last_qty * fill.last_px == gone)
            ):
                del self.fills[index]
                return

    def _reported(self, report: ExecutionReport, sender: CompID, now_ns: int) -> None:
        user = report.target_sub_id or report.target_comp_id
        quote = self.quotes.get((sender, user, report.symbol, report.side))
        if quote is not None and quote.quote_entry_id == report.cl_ord_id:
            self._traded_with_quote(report, quote, now_ns)
            return
        key = (sender, user, report.orig_cl_ord_id or report.cl_ord_id)
        before = self.orders.get(key)
        traded = before.traded if before else 0
        if report.exec_type is ExecType.TRADE:
            traded += self._filled(report, now_ns)
        elif report.exec_type is ExecType.TRADE_CANCEL:
            traded -= self._taken_back(report)
        name = report.cl_ord_id
        if report.orig_cl_ord_id and report.exec_type is not ExecType.REPLACED and before:
            name = before.cl_ord_id  # a cancel request's name does not become the order's
        row = OrderRow(
            cl_ord_id=name,
            gateway=sender,
            user=user,
            symbol=report.symbol,
            side=report.side,
            ord_type=report.ord_type,
            time_in_force=report.time_in_force,
            order_qty=report.order_qty,
            leaves_qty=report.leaves_qty,
            cum_qty=report.cum_qty,
            price=report.price,
            account=report.account,
            parent_id=report.parent_id,
            ord_status=report.ord_status,
            time_ns=now_ns,
            traded=traded,
            stop_px=report.stop_px,
            display_qty=report.display_qty,
        )
        if before is None or name == before.cl_ord_id:
            self.orders[sender, user, name] = row
        else:  # under its new name, in its old place
            self.orders = {
                (sender, user, name) if each == key else each: row if each == key else kept
                for each, kept in self.orders.items()
            }


_OF_NO_CHANGE = (ExecType.REJECTED, ExecType.ORDER_STATUS)
"""What a report says with which no order has changed."""
