"""What an order that arrives meets, step by step, as CME's page on self-match prevention shows it.

Only orders with an SMP id are told so.  What was there and what became of it is read from
what the owners of all the orders heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ..market.fix import ExecRestatementReason, ExecType, Side, UnsolicitedCancelType
from ..market.identifiers import ClOrdID, CompID, Price, Qty, Symbol
from ..market.messages import ExecutionReport
from ..market.quotes import MassQuoteAck, QuoteCancelAck
from ..market.wording import Wording
from ..runtime.journal import Entry
from .story import Table

_HEADINGS = ("step", "remaining", "resting order", "of", "SMP id", "action")
_NUMBERS = frozenset({"step", "remaining"})
_ARRIVALS = (ExecType.NEW, ExecType.REPLACED, ExecType.TRIGGERED)
_OVER = (ExecType.CANCELED, ExecType.EXPIRED)


@attrs.define(kw_only=True, eq=False)
class _Order:
    """One order, or one side of a quote, as its owner knows it."""

    owner: CompID
    name: ClOrdID
    symbol: Symbol
    side: Side
    price: Price | None
    left: Qty
    smp: str
    """Its SMP id, with its instruction if it has one."""

    is_quote: bool = False


@attrs.define(kw_only=True, eq=False)
class _Sweep:
    """One order's way through the other side."""

    order: _Order
    time_ns: int
    """When it arrived, at its venue."""

    arrived: Qty
    other_side: Sequence[tuple[_Order, Qty]]
    """Whom it could have met, best price first and then the oldest, with what each had left."""

    steps: list[tuple[_Order, Qty, str]] = attrs.field(factory=list)
    """What happened to whom, and what of the aggressor remained before."""

    ended: str = ""


def sweeps(entries: Iterable[Entry], wording: Wording) -> Iterator[Table]:
    """Yield a table for each order with an SMP id that met somebody, or could have."""
    for sweep in _read(entries):
        order = sweep.order
        if order.smp and (sweep.steps or sweep.ended):
            yield _table(sweep, wording)


def _table(sweep: _Sweep, wording: Wording) -> Table:
    order, rows = sweep.order, []
    numbers = {id(step): number for number, step in enumerate(sweep.steps, 1)}
    for resting, left in sweep.other_side:
        shown = f"{left} @ {wording.price(resting.symbol, resting.price)}"
        of = f"{resting.owner} {resting.name}{' (quote)' if resting.is_quote else ''}"
        mine = [step for step in sweep.steps if step[0] is resting]
        for step in mine:
            _, remaining, action = step
            rows.append((str(numbers[id(step)]), str(remaining), shown, of, resting.smp, action))
        if not mine:
            rows.append(("", "", shown, of, resting.smp, ""))
    end = sweep.ended or (
        f"the remaining {order.left} @ {wording.price(order.symbol, order.price)} rest"
        if order.left
        else "filled"
    )
    rows.append(("", str(order.left) if not sweep.ended else "0", "", "", "", end))
    what = f"{wording.side(order.side)} {sweep.arrived} {order.symbol}"
    at = wording.price(order.symbol, order.price)
    quote = " (quote)" if order.is_quote else ""
    title = f"{order.owner} {order.name}{quote}: {what} @ {at}, SMP {order.smp}"
    return Table(title, _HEADINGS, tuple(rows), _NUMBERS)


@attrs.define(eq=False)
class _Reader:
    """Keeps who is in the books, and the aggressors of the moment."""

    book: dict[tuple[CompID, ClOrdID, Side], _Order] = attrs.field(factory=dict)
    """By owner, name and side, in the order in which they came to rest."""

    now: list[_Sweep] = attrs.field(factory=list)
    """Those of the latest message: one, or each side of each of its quotes."""

    done: list[_Sweep] = attrs.field(factory=list)

    # --- one message -----------------------------------------------------------------

    def reported(self, report: ExecutionReport, owner: CompID) -> None:
        key = (owner, report.cl_ord_id, report.side)
        if report.exec_type in _ARRIVALS:
            self._arrived(report, owner)
        elif report.exec_type is ExecType.TRADE:
            self._traded(report, key)
        elif report.exec_type in _OVER:
            self._gone(report, (owner, report.orig_cl_ord_id or report.cl_ord_id, report.side))

    def quoted(self, ack: MassQuoteAck, owner: CompID) -> None:
        self.now = []
        for entry in (entry for quote_set in ack.quote_sets for entry in quote_set.entries):
            if entry.quote_entry_reject_reason is not None:
                continue
            for key, order in [*self.book.items()]:
                if order.is_quote and (order.owner, order.symbol) == (owner, entry.symbol):
                    del self.book[key]
            for side, price, size in (
                (Side.BUY, entry.bid_px, entry.bid_size),
                (Side.SELL, entry.offer_px, entry.offer_size),
            ):
                if size:
                    order = _Order(
                        owner=owner,
                        name=entry.quote_entry_id,
                        symbol=entry.symbol,
                        side=side,
                        price=price,
                        left=size,
                        smp=ack.self_match_prevention_id or "",
                        is_quote=True,
                    )
                    self._arrives(order, ack.transact_time_ns)

    def unquoted(self, ack: QuoteCancelAck, owner: CompID) -> None:
        prevented = ack.unsolicited_cancel_type is UnsolicitedCancelType.SELF_MATCH_PREVENTION
        for one in ack.canceled:
            order = self.book.pop((owner, one.quote_entry_id, one.side), None)
            if order is not None and prevented:
                self._step(order, "quote canceled (9775 = H)")

    # --- what it says ----------------------------------------------------------------

    def _arrived(self, report: ExecutionReport, owner: CompID) -> None:
        self.now = []
        name = report.orig_cl_ord_id or report.cl_ord_id
        self.book.pop((owner, name, report.side), None)
        smp = report.self_match_prevention_id or ""
        if report.self_match_prevention_instruction:
            smp += f" {report.self_match_prevention_instruction}"
        order = _Order(
            owner=owner,
            name=report.cl_ord_id,
            symbol=report.symbol,
            side=report.side,
            price=report.price,
            left=report.leaves_qty,
            smp=smp,
        )
        self._arrives(order, report.transact_time_ns)

    def _arrives(self, order: _Order, now_ns: int) -> None:
        sign = 1 if order.side is Side.BUY else -1

        def rank(one: _Order) -> int:
            return sign * (one.price or 0)

        within = sorted(
            (
                one
                for one in self.book.values()
                if one.symbol == order.symbol and one.side is order.side.opposite
                if order.price is None or rank(one) <= sign * order.price
            ),
            key=rank,
        )
        sweep = _Sweep(
            order=order,
            time_ns=now_ns,
            arrived=order.left,
            other_side=[(one, one.left) for one in within],
        )
        self.now.append(sweep)
        self.done.append(sweep)
        self.book[order.owner, order.name, order.side] = order

    def _traded(self, report: ExecutionReport, key: tuple[CompID, ClOrdID, Side]) -> None:
        order = self.book.get(key)
        if order is None:
            return
        if report.aggressor_indicator is False:
            assert report.last_px is not None
            self._step(order, f"{report.last_qty} traded")
        order.left = report.leaves_qty
        if not order.left:
            del self.book[key]

    def _gone(self, report: ExecutionReport, key: tuple[CompID, ClOrdID, Side]) -> None:
        order = self.book.pop(key, None)
        if order is None:
            return
        reason = report.exec_restatement_reason
        if reason is ExecRestatementReason.SELF_MATCH_OLDEST:
            self._step(order, "canceled (378 = 103)")
        for sweep in self.now:
            if order is sweep.order and sweep.time_ns == report.transact_time_ns:
                why = "eliminated"
                if reason is ExecRestatementReason.SELF_MATCH_NEWEST:
                    why = "canceled (378 = 107)"
                sweep.ended = f"the remaining {order.left} {why}"
                order.left = 0

    def _step(self, resting: _Order, action: str) -> None:
        for sweep in self.now:
            order = sweep.order
            if order.symbol == resting.symbol and order.side is resting.side.opposite:
                sweep.steps.append((resting, order.left, action))


def _read(entries: Iterable[Entry]) -> Sequence[_Sweep]:
    reader = _Reader()
    for entry in entries:
        said = entry.payload
        if entry.sender is None or not isinstance(
            said, ExecutionReport | MassQuoteAck | QuoteCancelAck
        ):
            continue
        owner = said.target_sub_id or said.target_comp_id
        if said.target_comp_id != owner:
            continue  # somebody else who may see it, or the gateway on the way
        match said:
            case ExecutionReport():
                reader.reported(said, owner)
            case MassQuoteAck():
                reader.quoted(said, owner)
            case QuoteCancelAck():
                reader.unquoted(said, owner)
    return reader.done
