"""Orders as the plain market keeps them, and what it says of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import attrs

from floorproof.market.fix import (
    CxlRejReason,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    QuoteRejectReason,
    Side,
    TimeInForce,
    UnsolicitedCancelType,
)

STOPS = (OrdType.STOP, OrdType.STOP_LIMIT)
AT_ONCE = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)


@attrs.frozen
class Told:
    """What matters of one report."""

    to: str
    cl_ord_id: str
    order_id: int | None
    exec_type: ExecType
    ord_status: OrdStatus
    symbol: str
    side: Side
    order_qty: int
    leaves_qty: int
    cum_qty: int
    price: int | None
    ord_type: OrdType
    time_in_force: TimeInForce
    account: str | None = None
    user: str | None = None
    last_qty: int = 0
    last_px: int | None = None
    aggressor: bool | None = None
    trade: int | None = None
    orig_cl_ord_id: str | None = None
    reason: OrdRejReason | ExecRestatementReason | None = None
    rule: str = ""
    """The rule that its text names, of the table of terms."""

    smp_id: str | None = None
    smp_instruction: str | None = None

    def __str__(self) -> str:
        if self.exec_type is ExecType.REJECTED:
            assert self.reason is not None
            return f"{self.cl_ord_id} rejected {self.reason.name} {self.rule}".rstrip()
        if self.exec_type is ExecType.TRADE:
            return f"{self.cl_ord_id} {self.last_qty}@{self.last_px} leaves {self.leaves_qty}"
        price = "" if self.price is None else f" @{self.price}"
        return f"{self.cl_ord_id} {self.exec_type.name}{price}"


@attrs.frozen
class Refused:
    """What matters of one cancel reject."""

    to: str
    cl_ord_id: str
    orig_cl_ord_id: str
    reason: CxlRejReason
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.cl_ord_id} refused {self.reason.name} {self.rule}".rstrip()


@attrs.frozen
class MassTold:
    """What matters of the answer to one mass action."""

    to: str
    cl_ord_id: str
    accepted: bool
    order_ids: tuple[int, ...] = ()

    def __str__(self) -> str:
        ids = "".join(f" #{order_id}" for order_id in self.order_ids)
        return f"{self.cl_ord_id} mass {'done' if self.accepted else 'refused'}{ids}"


@attrs.frozen
class MessageRefused:
    """What matters of a reject at the level of the session, or of business."""

    to: str
    name: str
    business: bool
    rule: str

    def __str__(self) -> str:
        return f"{self.name} {'business' if self.business else 'session'} reject {self.rule}"


@attrs.frozen
class QuoteTold:
    """What matters of the answer to one mass quote."""

    to: str
    quote_id: str
    accepted: bool
    entries: tuple[tuple[str, QuoteRejectReason | None], ...] = ()
    """Each entry, and why it was refused, if it was."""

    reason: QuoteRejectReason | None = None
    smp_id: str | None = None

    def __str__(self) -> str:
        said = [f" {name}{' ' + why.name if why else ''}" for name, why in self.entries]
        return f"{self.quote_id} quote {'taken' if self.accepted else 'refused'}{''.join(said)}"


@attrs.frozen
class Unquoted:
    """What matters of the word that quotes are gone."""

    to: str
    quote_id: str | None
    """None of what nobody asked for."""

    gone: tuple[tuple[str, Side, int], ...] = ()
    """Each side: its name, and what was left of it."""

    reason: QuoteRejectReason | UnsolicitedCancelType | None = None
    smp_id: str | None = None

    def __str__(self) -> str:
        said = [f" {name} {side.name} {left}" for name, side, left in self.gone]
        why = f" {self.reason.name}" if self.reason else ""
        return f"{self.quote_id} unquoted{''.join(said)}{why}"


@attrs.frozen
class Line:
    """One order of a market as it stands."""

    order_id: int
    owner: str
    name: str
    side: Side
    left: int
    price: int | None
    shown: int = 0
    display: int | None = None
    top: bool = False
    stop_px: int | None = None
    """Of a stop that waits; such an order has nothing to show."""

    quote: bool = False
    """Whether it is a side of a quote, of which nobody hears as it comes or goes."""


@attrs.frozen
class Standing:
    """A whole market as it stands."""

    bids: Sequence[Line]
    offers: Sequence[Line]
    """Both in the order in which they would trade."""

    buy_stops: Sequence[Line]
    sell_stops: Sequence[Line]
    """Both in the order in which they would be elected."""

    last_px: int | None
    state: str = ""
    indicative: tuple[int, int] | None = None
    """Price and quantity of an auction now, where the state publishes them."""


@attrs.define(eq=False, kw_only=True)
class PlainOrder:
    """An order, from its first day to long after its last."""

    order_id: int
    owner: str
    name: str
    symbol: str
    side: Side
    qty: int
    price: int | None
    ord_type: OrdType
    lives: TimeInForce
    stop_px: int | None
    display: int | None
    expire_date: datetime.date | None
    account: str | None
    user: str | None

    quote_set: str | None = None
    """Of a quote's side, the set that it belongs to."""

    smp_id: str | None = None
    smp_instruction: str | None = None

    filled: int = 0
    place: int = 0
    """When it took its place, in the book or among the stops; 0 while it has none."""

    shown: int = 0
    top: bool = False

    @property
    def left(self) -> int:
        return self.qty - self.filled

    @property
    def lives_on(self) -> bool:
        return self.place > 0

    @property
    def waits(self) -> bool:
        """Whether it is a stop that nothing has elected."""
        return self.place > 0 and self.ord_type in STOPS

    @property
    def rests(self) -> bool:
        return self.place > 0 and self.ord_type not in STOPS

    def show(self) -> None:
        """Show a new slice, or all that is left if it hides nothing."""
        self.shown = self.left if self.display is None else min(self.display, self.left)

    def leave(self) -> None:
        self.place = self.shown = 0
        self.top = False

    def gone(self) -> tuple[str, Side, int]:
        """Return what is said of a quote's side that is gone."""
        return self.name, self.side, self.left

    def tell(self, exec_type: ExecType, *, over: bool = False, **more: Any) -> Told:
        """Return a report of this order as it stands; *over*, if nothing of it lives on."""
        told = Told(
            to=self.owner,
            cl_ord_id=self.name,
            order_id=self.order_id,
            exec_type=exec_type,
            ord_status=self._status(exec_type),
            symbol=self.symbol,
            side=self.side,
            order_qty=self.qty,
            leaves_qty=0 if over else self.left,
            cum_qty=self.filled,
            price=self.price,
            ord_type=self.ord_type,
            time_in_force=self.lives,
            account=self.account,
            user=self.user,
            smp_id=self.smp_id,
            smp_instruction=None if self.smp_id is None else self.smp_instruction,
        )
        return attrs.evolve(told, **more)

    def _status(self, exec_type: ExecType) -> OrdStatus:
        if exec_type is ExecType.CANCELED:
            return OrdStatus.CANCELED
        if exec_type is ExecType.EXPIRED:
            return OrdStatus.EXPIRED
        if not self.left:
            return OrdStatus.FILLED
        return OrdStatus.PARTIALLY_FILLED if self.filled else OrdStatus.NEW

    def line(self) -> Line:
        return Line(
            order_id=self.order_id,
            owner=self.owner,
            name=self.name,
            side=self.side,
            left=self.left,
            price=self.price,
            shown=self.shown,
            display=self.display,
            top=self.top,
            stop_px=self.stop_px,
            quote=self.quote_set is not None,
        )
