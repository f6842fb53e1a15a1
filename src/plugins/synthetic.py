"""What an order type that acts is, sees and answers: how to write TWAP, or one's own.

A synthetic order lives at the SSE gateway, and its order type works it in child orders.
The gateway keeps the order's figures and its children's; the order type holds settings
only, and is pure: an order, an event and the desk in, effects out.  What it must know
of an order besides is a value that it hands the gateway with `Remember` and finds at
the next event in ``order.state``, so that it survives a restart.

A child's symbol says where it goes: to the exchange that lists it, or to the order type
of the same gateway that makes it (`InstrumentMaker`).  The child of one order type is
the order of another then, and its reports come back as an exchange's do.

All effects of an event are decided before the first is carried out, in their order.
Requests about one child never cross: the gateway sends the next when the one before it
has been answered, so an order type says what it wants last, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Protocol, TypeAlias, runtime_checkable

import attrs

from ..market.credentials import ParentOrder
from ..market.fix import OrdType, Side, TimeInForce
from ..market.identifiers import (
    Account,
    ClOrdID,
    CompID,
    Moment,
    Price,
    Qty,
    StagedOrderID,
    Symbol,
)
from ..market.instrument import Instrument
from ..market.messages import ExecutionReport, VenueReport
from ..market.staging import Permission
from ..market.synthetic import SynthStatus
from .desk import Warn as Warn

# --- what it sees ---------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Child:
    """One child of an order, as the gateway knows it from its reports."""

    name: str
    """As the order type calls it."""

    cl_ord_id: ClOrdID
    """As its user and the exchange gateway call it now."""

    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None
    ord_type: OrdType
    time_in_force: TimeInForce = TimeInForce.DAY
    post_only: bool = False
    disclosed_qty: Qty | None = None
    """Of a child at a synthetic instrument: how much of it may be worked so far."""

    cum_qty: Qty = 0
    is_working: bool = False
    """Whether it has been acknowledged, and is not over."""

    is_over: bool = False
    asked: ReplaceChild | CancelChild | None = None
    """The request that waits for its answer."""

    then: ReplaceChild | CancelChild | None = None
    """What is sent when that has come."""

    requests: int = 0
    """How many have been sent about it."""

    asked_as: ClOrdID | None = None
    """The name of the request that waits for its answer."""

    @property
    def is_canceling(self) -> bool:
        return isinstance(self.asked, CancelChild) or isinstance(self.then, CancelChild)

    @property
    def working_qty(self) -> Qty:
        """What it may still fill, at most, whichever of its changes are taken."""
        if self.is_over:
            return 0
        totals = [_released(self.order_qty, self.disclosed_qty)]
        for request in (self.asked, self.then):
            if isinstance(request, ReplaceChild):
                totals.append(_released(request.order_qty, request.disclosed_qty))
        return max(max(totals) - self.cum_qty, 0)


@attrs.frozen(kw_only=True)
class SyntheticOrder:
    """One synthetic order: a value of this moment."""

    cl_ord_id: ClOrdID
    order_type: str
    originator: CompID
    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None
    time_in_force: TimeInForce
    account: Account | None
    parameters: Any
    """An instance of the order type's ``parameters``, or None where it has none."""

    disclosed_qty: Qty | None = None
    """How much of it may be worked so far, what is filled included; None for all of it."""

    self_match_prevention_id: str | None = None
    """What the gateway gives its children as theirs, when they are entered and when changed."""

    self_match_prevention_instruction: str | None = None

    principal: ParentOrder | None = None
    """Whose the staged order is that it works for, at first or at second hand."""

    staged_parent: StagedOrderID | None = None
    """The staged order that it is a child of."""

    synthetic_parent: tuple[ClOrdID, str] | None = None
    """The synthetic order that it is a child of, and what that calls it."""

    synth_status: SynthStatus = SynthStatus.STARTING
    cum_qty: Qty = 0
    traded: Price = 0
    """The sum of price times quantity over its fills."""

    is_accepted: bool = False
    is_over: bool = False
    is_floating: bool = False
    """Whether it was deleted without its children, of which it is not told any more."""

    children: Mapping[str, Child] = attrs.field(factory=dict)
    """All there have been, by name, in the order in which they were entered."""

    state: Any = None
    """What the order type has handed over with `Remember`."""

    @property
    def leaves_qty(self) -> Qty:
        return 0 if self.is_over else self.order_qty - self.cum_qty

    @property
    def alive(self) -> tuple[Child, ...]:
        """The children that are not over."""
        return tuple(child for child in self.children.values() if not child.is_over)

    @property
    def working_qty(self) -> Qty:
        """What its children may still fill at most; meaningful where they are of its symbol."""
        return sum(child.working_qty for child in self.alive)

    @property
    def room(self) -> Qty:
        """What may be given to a new child so that no more than the order can ever fill."""
        return max(self.leaves_qty - self.working_qty, 0)


@attrs.frozen(kw_only=True)
class Market:
    """One instrument as the gateway's market data has it."""

    symbol: Symbol
    bids: tuple[tuple[Price, Qty], ...]
    """``(price, quantity)``, best first, own orders included."""

    offers: tuple[tuple[Price, Qty], ...]
    last_px: Price | None = None
    volume: Qty = 0
    """How much has been traded since the gateway has watched; it never falls."""

    trading_state: str = ""
    is_open: bool = True
    """Whether its state takes orders, and trades them."""

    takes_market_orders: bool = False

    def side(self, side: Side) -> tuple[tuple[Price, Qty], ...]:
        """Return the levels on which orders of *side* rest, best first."""
        return self.bids if side is Side.BUY else self.offers


@attrs.frozen
class Hours:
    """A stretch of time in which a market is to be open, by its timetable."""

    opens_ns: int
    closes_ns: int | None
    """None where no end of it is known."""


@attrs.frozen(kw_only=True)
class SyntheticInstrument:
    """An instrument that an order type makes of others."""

    instrument: Instrument
    legs: tuple[Symbol, ...]
    """What its market is computed from."""


class SyntheticDesk(Protocol):
    """The gateway as an order type sees it for one order: read-only, as of now."""

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the start of the run."""

    @property
    def name(self) -> CompID:
        """The gateway's own."""

    def may(self, user: CompID, permission: Permission) -> bool:
        """Return whether the administrator allows *user* that."""

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """Return the instrument, an exchange's or a synthetic one, or None if there is none."""

    def is_synthetic(self, symbol: Symbol) -> bool:
        """Return whether an order type of this gateway makes that instrument."""

    def market(self, symbol: Symbol) -> Market | None:
        """Return the market of an instrument, or None while it is not known: see `Watch`."""

    def hours(self, symbol: Symbol) -> tuple[Hours, ...]:
        """Return when its market is to be open, by its timetable; of a spread, all its legs'."""

    def draw(self) -> Fraction:
        """Return the next of this order's own random numbers, from 0 up to but not 1."""


# --- what happens ---------------------------------------------------------------------


@attrs.frozen
class ChildReported:
    """A child has been acknowledged, changed, canceled or refused; or a request about it has.

    ``order.children`` has it as it stands after the report; so it does after the two below.
    """

    child: str
    report: VenueReport


@attrs.frozen
class ChildFilled:
    """A child has traded: for most order types, `Fill`."""

    child: str
    last_qty: Qty
    last_px: Price
    report: ExecutionReport


@attrs.frozen
class ChildBusted:
    """A trade of a child's has been taken back: for most order types, `TakeBack`."""

    child: str
    last_qty: Qty
    last_px: Price
    report: ExecutionReport


@attrs.frozen
class Woken:
    """A moment has come that was asked for with `Wake`."""

    name: str


@attrs.frozen
class MarketMoved:
    """The market of an instrument that was asked for with `Watch` is known, or another."""

    symbol: Symbol
    trades: tuple[tuple[Price, Qty], ...] = ()
    """What was traded, first to last."""


@attrs.frozen(kw_only=True)
class EditAsked:
    """The user asks for other terms, all of which are given; `Amend` takes them, `Refuse` not."""

    order_qty: Qty
    price: Price | None
    disclosed_qty: Qty | None
    parameters: Any


@attrs.frozen
class CancelAsked:
    """The user asks for the order's end: take the children off, and then `Finish` it."""


@attrs.frozen
class PauseAsked:
    """The user asks to take the children off the market until he resumes."""


@attrs.frozen
class ResumeAsked:
    """The user asks to go on."""


@attrs.frozen
class Disconnected:
    """The user's session has ended."""


SyntheticEvent: TypeAlias = (
    ChildReported
    | ChildFilled
    | ChildBusted
    | Woken
    | MarketMoved
    | EditAsked
    | CancelAsked
    | PauseAsked
    | ResumeAsked
    | Disconnected
)


# --- what it answers ------------------------------------------------------------------


@attrs.frozen
class Remember:
    """Keep *state* as the order's ``state`` from now on."""

    state: Any


@attrs.frozen
class Accept:
    """The order is taken; everyone who may see it is told."""

    synth_status: SynthStatus = SynthStatus.WORKING


@attrs.frozen
class Refuse:
    """What was asked is refused; its sender alone is told.  A new order is over with it."""

    text: str


@attrs.frozen(kw_only=True)
class Amend:
    """The order has these terms from now on; everyone who may see it is told."""

    order_qty: Qty
    price: Price | None
    disclosed_qty: Qty | None
    parameters: Any

    @classmethod
    def to(cls, edit: EditAsked) -> Amend:
        """Return what takes all that *edit* asks for."""
        return cls(
            order_qty=edit.order_qty,
            price=edit.price,
            disclosed_qty=edit.disclosed_qty,
            parameters=edit.parameters,
        )


@attrs.frozen
class SetStatus:
    """The order stands otherwise; everyone who may see it is told, unless it stood so already."""

    synth_status: SynthStatus
    text: str = ""


@attrs.frozen
class Fill:
    """The order has traded by *child*; it is over when its whole quantity has."""

    child: str
    last_qty: Qty
    last_px: Price


@attrs.frozen
class LegFill:
    """A leg has traded by *child*, which does not fill the order yet; those who see it are told."""

    child: str
    last_qty: Qty
    last_px: Price


@attrs.frozen
class TakeBack:
    """A trade of *child*'s has been busted: the order is that much less filled."""

    child: str
    last_qty: Qty
    last_px: Price


@attrs.frozen(kw_only=True)
class EnterChild:
    """Enter a child in the user's name, and for the order's account."""

    child: str
    """What the order type will call it: a name that no child of this order has had."""

    symbol: Symbol
    side: Side
    order_qty: Qty
    price: Price | None = None
    """The limit; None on a market order."""

    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    display_qty: Qty | None = None
    """How much an exchange shows of it at a time."""

    post_only: bool = False
    disclosed_qty: Qty | None = None
    """At a synthetic instrument: how much of it may be worked so far."""

    parameters: Any = None
    """At a synthetic instrument: those of the order type that makes it."""


@attrs.frozen(kw_only=True)
class ReplaceChild:
    """Change a child; ``order_qty`` is the new total, what has been filled included."""

    child: str
    order_qty: Qty
    price: Price | None
    disclosed_qty: Qty | None = None


@attrs.frozen
class CancelChild:
    """Cancel what is left of a child.  One that is over is passed over."""

    child: str


@attrs.frozen
class Wake:
    """Have a `Woken` at a moment, in nanoseconds since the start; not before now.

    A name that is asked for again is moved.
    """

    at_ns: int
    name: str


@attrs.frozen
class CancelWake:
    """Have no `Woken` of that name any more."""

    name: str


@attrs.frozen
class Watch:
    """Have a `MarketMoved` when the market is known, if it is not yet, and whenever it changes.

    The gateway subscribes at the venue while a live order watches.
    """

    symbol: Symbol


@attrs.frozen
class Unwatch:
    """Have no more of them."""

    symbol: Symbol


@attrs.frozen
class Plan:
    """Put on record how the order is to be worked from now on; it does nothing else."""

    steps: tuple[tuple[Moment, Qty], ...]
    """From when on, how much of the order in all is to have been released."""


@attrs.frozen
class Finish:
    """The order is over; everyone who may see it is told.

    Nothing is woken or watched for it any more.  Reports of children that still work
    go on to come.
    """

    synth_status: SynthStatus = SynthStatus.FINISHED
    text: str = ""


SyntheticEffect: TypeAlias = (
    Remember
    | Accept
    | Refuse
    | Amend
    | SetStatus
    | Fill
    | LegFill
    | TakeBack
    | EnterChild
    | ReplaceChild
    | CancelChild
    | Wake
    | CancelWake
    | Watch
    | Unwatch
    | Plan
    | Finish
    | Warn
)


class SyntheticOrderType(Protocol):
    """One kind of order that acts.

    Its class may have an attribute ``parameters``: the attrs class of what an order of this
    kind may say.  All its fields have defaults.  A scenario's table is read into it, with
    durations and moments (`floorproof.market.identifiers.Duration` and ``Moment``).
    """

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk, /) -> Iterable[SyntheticEffect]:
        """Return what a new order causes: `Accept` or `Refuse`, now or at a later event."""

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk, /
    ) -> Iterable[SyntheticEffect]:
        """Return what *event* causes for *order*."""


@runtime_checkable
class InstrumentMaker(Protocol):
    """An order type that makes instruments, and hosts the orders in them."""

    def instruments(self, listed: Mapping[Symbol, Instrument], /) -> Iterable[SyntheticInstrument]:
        """Return what this order type's settings make of what exchanges list.

        Raises:
            ValueError: if something cannot be made; it is told before the run starts.
        """

    def market(self, symbol: Symbol, desk: SyntheticDesk, /) -> Market | None:
        """Return the implied market of one of them, or None while a leg's is not known.

        The desk's markets of the legs are without what orders in the instrument have there.
        """


def acts(order_type: object) -> bool:
    """Return whether *order_type* is one of these, rather than one for a desk of people."""
    return hasattr(order_type, "enter")


def _released(order_qty: Qty, disclosed_qty: Qty | None) -> Qty:
    return order_qty if disclosed_qty is None else min(order_qty, disclosed_qty)
