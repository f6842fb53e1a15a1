"""What an action of a scenario's step is, and the actions that ship with floorproof.

An action is an attrs class: its fields are what the step's table may hold.  Before the
run starts, `instructions` turns it into messages; what it cannot turn is bad input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, Protocol

import attrs
from attrs import validators

from ..market.fix import OrdType, Side
from ..market.identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID
from ..market.instrument import Instrument
from ..market.messages import NewOrderSingle
from ..market.operations import BustTrade, CancelOrders, ChangeTradingState
from ..market.permissions import check_pair
from ..market.staging import BROKER, NewStagedOrder, Permission, SetPermission
from ..market.synthetic import NewSyntheticOrder
from ..market.terminal import (
    AnswerRequest,
    AskStatus,
    CancelAll,
    CancelStaged,
    CancelWorking,
    ChangeStaged,
    ChangeWorking,
    ClaimOrder,
    EditSynthetic,
    Enter,
    EnterChild,
    HoldStaged,
    LogOff,
    PauseSynthetic,
    ResumeSynthetic,
    UnclaimOrder,
)
from ..market.wording import ORDER_TYPES, TIMES_IN_FORCE
from .hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class Instruction:
    """Have *recipient* get *message* from outside, at the step's time."""

    recipient: str
    message: object


class FloorPlan(Protocol):
    """Who and what is on the floor, as a scenario declares it.

    Every method raises `ValueError`, which names what it was asked and what there is,
    if there is no such thing.
    """

    def instrument(self, symbol: str) -> Instrument: ...

    def user(self, name: str) -> CompID:
        """Return the user's name, if there is such a user."""

    def sse_gateway(self, user: str, name: str | None) -> CompID:
        """Return the SSE gateway *name*, or the only one that *user* is logged in to."""

    def exchange_gateway(self, symbol: str | None, name: str | None) -> CompID:
        """Return the gateway *name*, or that of *symbol*'s exchange, or the only one."""

    def synthetic(
        self, user: str, order_type: str | None, symbol: str, via: str | None
    ) -> tuple[CompID, str, type | None] | None:
        """Return who hosts a synthetic order, its order type, and the class of its parameters.

        Args:
            order_type: what the step says, or None.
            via: an SSE gateway; None for the only one that *user* is logged in to.

        Returns:
            None where the step is about a plain order of an exchange.
        """

    def structure(self, table: Mapping[str, Any], cls: type, where: str) -> Any:
        """Return a table as a plugin's class, with times of day as moments of the run.

        Args:
            where: its place in the step, for what is wrong with it.
        """

    def is_administrator(self, user: str) -> bool: ...

    def is_centre_user(self, user: str) -> bool:
        """Return whether somebody uses the exchange's request centre."""

    def exchange(self, symbol: str | None, name: str | None) -> CompID:
        """Return the exchange *name*, or the one that lists *symbol*, or the only one."""

    def board(self, name: str, exchange: str | None) -> CompID:
        """Return the exchange that has the board *name*: *exchange*, or the only one that does."""

    def state(self, exchange: CompID, name: str) -> str:
        """Return the state's name, if *exchange* has such a state."""

    def fix_session(self, name: str, exchange: str | None) -> tuple[CompID, CompID]:
        """Return whose session in FIX text it is, and the venue: *exchange*, or the only one."""

    def session(self, name: str) -> CompID:
        """Return the session's name, if somebody on the floor has such a session."""


class Action(Protocol):
    """One kind of step."""

    def instructions(self, who: CompID, plan: FloorPlan, /) -> Iterator[Instruction]:
        """Return what *who* doing this means on the floor.

        Raises:
            ValueError: if it cannot be done; the text says why.
        """


_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


def _side(text: str) -> Side:
    if text not in _SIDES:
        raise ValueError(f"side must be buy or sell, was {text!r}")
    return _SIDES[text]


def price_on_tick(text: str | None, instrument: Instrument) -> Price | None:
    """Return the price that *text* says, which must be on tick."""
    if text is None:
        return None
    price = instrument.to_price(text)
    if not instrument.ticks.accepts(price):
        step = instrument.show(instrument.ticks.increment_at(price))
        raise ValueError(f"{instrument.symbol}: price {text} is off tick, which is {step}")
    return price


_positive = validators.gt(0)


def _one_of(words: Mapping[str, Any]) -> Any:
    return validators.optional(validators.in_(tuple(words)))


def only_administrators(who: CompID, plan: FloorPlan, do_what: str) -> None:
    """Check that *who* is an administrator.

    Raises:
        ValueError: if he is none; the text says that only one does *do_what*.
    """
    if not plan.is_administrator(who):
        raise ValueError(f"only an administrator {do_what}, {who} is none")


@attrs.frozen(kw_only=True)
class StagedOrderTable:
    """A staged order as a step describes it."""

    id: str = attrs.field(validator=validators.min_len(1))
    symbol: str
    side: str = attrs.field(validator=validators.in_(tuple(_SIDES)))
    quantity: Qty = attrs.field(validator=_positive)
    type: str = BROKER
    price: str | None = None
    """The limit; without it the order has none."""

    account: str | None = None
    text: str = ""
    gateway: str | None = None
    """The exchange gateway for its children, where the symbol does not settle it."""


@attrs.frozen(kw_only=True)
class Stage:
    """A user stages an order to the desk."""

    order: StagedOrderTable
    via: str | None = None
    """The SSE gateway, where the user is logged in to several."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        order = self.order
        instrument = plan.instrument(order.symbol)
        request = NewStagedOrder(
            sender_comp_id=who,
            staged_order_id=StagedOrderID(order.id),
            staged_type=order.type,
            gateway=plan.exchange_gateway(order.symbol, order.gateway),
            symbol=instrument.symbol,
            side=_side(order.side),
            order_qty=order.quantity,
            price=price_on_tick(order.price, instrument),
            account=Account(order.account) if order.account else None,
            text=order.text,
        )
        yield Instruction(who, Enter(request=request, gateway=plan.sse_gateway(who, self.via)))


@attrs.frozen(kw_only=True)
class ClaimAction:
    """An execution trader claims a staged order."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, ClaimOrder(staged_order_id=StagedOrderID(self.order)))


@attrs.frozen(kw_only=True)
class UnclaimAction:
    """The owner of a staged order gives it up, or somebody who may takes it from him."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, UnclaimOrder(staged_order_id=StagedOrderID(self.order)))


@attrs.frozen(kw_only=True)
class CancelStagedAction:
    """A user cancels a staged order, or asks its owner to let it be canceled."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, CancelStaged(staged_order_id=StagedOrderID(self.order)))


@attrs.frozen(kw_only=True)
class ChangeStagedAction:
    """A user changes a staged order, or asks its owner to; what is not said stays as it is."""

    order: str
    symbol: str
    """The order's own: an instrument never changes."""

    quantity: Qty | None = attrs.field(default=None, validator=validators.optional(_positive))
    """The new total, what has been filled included."""

    price: str | None = None
    type: str | None = attrs.field(
        default=None, validator=validators.optional(validators.in_(("market",)))
    )
    """``market`` takes the order's limit away; a price makes it a limit order."""

    side: str | None = attrs.field(default=None, validator=_one_of(_SIDES))
    """The order's own: a side never changes."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        if self.type == "market" and self.price is not None:
            raise ValueError(f"a market order has no price, found {self.price!r}")
        instrument = plan.instrument(self.symbol)
        yield Instruction(
            who,
            ChangeStaged(
                staged_order_id=StagedOrderID(self.order),
                order_qty=self.quantity,
                price=price_on_tick(self.price, instrument),
                ord_type=ORDER_TYPES[self.type] if self.type else None,
                symbol=instrument.symbol,
                side=_side(self.side) if self.side else None,
            ),
        )


@attrs.frozen(kw_only=True)
class HoldAction:
    """A user puts a staged order on hold, which is refused him."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, HoldStaged(staged_order_id=StagedOrderID(self.order)))


@attrs.frozen(kw_only=True)
class _Answer:
    """The owner of a staged order answers what its originator asks for."""

    order: str
    request: int | None = attrs.field(default=None, validator=validators.optional(_positive))
    """Which request of the order, from 1; the one that the window shows where none is given."""


@attrs.frozen(kw_only=True)
class Approve(_Answer):
    """The owner of a staged order approves what its originator asks for."""

    push: bool = False
    """Whether children that work get the new price at once."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            AnswerRequest(
                staged_order_id=StagedOrderID(self.order),
                approve=True,
                request_no=self.request,
                push=self.push,
            ),
        )


@attrs.frozen(kw_only=True)
class Reject(_Answer):
    """The owner of a staged order rejects what its originator asks for."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            AnswerRequest(
                staged_order_id=StagedOrderID(self.order), approve=False, request_no=self.request
            ),
        )


@attrs.frozen(kw_only=True)
class ChildTable:
    """A child order as a step describes it."""

    id: str = attrs.field(validator=validators.min_len(1))
    parent: str
    symbol: str
    quantity: Qty = attrs.field(validator=_positive)
    side: str | None = attrs.field(
        default=None, validator=validators.optional(validators.in_(tuple(_SIDES)))
    )
    """The parent's, unless one is given."""

    price: str | None = None
    """The limit; without it the child is a market order."""

    account: str | None = None

    smp_id: str | None = None
    """The self-match prevention id; orders with equal ids do not trade with one another."""

    smp_instruction: str | None = None
    """Who goes when they would meet: ``N``, the one that arrives, or ``O``, the one that rests."""


@attrs.frozen(kw_only=True)
class ChildAction:
    """The owner of a staged order works it with a child."""

    order: ChildTable

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        order = self.order
        instrument = plan.instrument(order.symbol)
        yield Instruction(
            who,
            EnterChild(
                staged_order_id=StagedOrderID(order.parent),
                cl_ord_id=ClOrdID(order.id),
                order_qty=order.quantity,
                price=price_on_tick(order.price, instrument),
                account=Account(order.account) if order.account else None,
                symbol=instrument.symbol,
                side=_side(order.side) if order.side else None,
                self_match_prevention_id=order.smp_id,
                self_match_prevention_instruction=order.smp_instruction,
            ),
        )


@attrs.frozen(kw_only=True)
class OrderTable:
    """A plain order as a step describes it."""

    id: str = attrs.field(validator=validators.min_len(1))
    symbol: str
    side: str = attrs.field(validator=validators.in_(tuple(_SIDES)))
    quantity: Qty = attrs.field(validator=_positive)
    price: str | None = None
    """The limit; without it a market order, unless there is a ``type``."""

    type: str | None = None
    """``limit``, ``market`` and the like at an exchange; or an order type of the SSE gateway."""

    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    """Those of an order type of the SSE gateway."""

    parent: str | None = None
    """The staged order that an order of the SSE gateway is a child of."""

    stop: str | None = None
    """A stop's trigger."""

    time_in_force: str = attrs.field(default="day", validator=validators.in_(tuple(TIMES_IN_FORCE)))
    expires: date | None = None
    """The last day of an order that is good till a date."""

    display: int | None = None
    """How much others see of it at a time."""

    minimum: int | None = None
    """What has to trade at once, or nothing does."""

    post_only: bool = False
    """Whether it may only rest, never trade as it arrives."""

    account: str | None = None
    gateway: str | None = None

    smp_id: str | None = None
    """The self-match prevention id; orders with equal ids do not trade with one another."""

    smp_instruction: str | None = None
    """Who goes when they would meet: ``N``, the one that arrives, or ``O``, the one that rests."""


@attrs.frozen(kw_only=True)
class EnterAction:
    """A user sends a plain order to an exchange, or one of an order type to the SSE gateway."""

    order: OrderTable
    via: str | None = None
    """The SSE gateway, where the user is logged in to several."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        order = self.order
        instrument = plan.instrument(order.symbol)
        hosted = plan.synthetic(who, order.type, order.symbol, self.via)
        if hosted is not None:
            yield self._synthetic(who, plan, *hosted)
            return
        if self.via is not None:
            raise ValueError("via: a plain order goes to its exchange's gateway")
        for key in ("parameters", "parent"):
            if getattr(order, key):
                raise ValueError(f"order.{key}: a plain order of an exchange has none")
        price = price_on_tick(order.price, instrument)
        usual = OrdType.MARKET if price is None else OrdType.LIMIT
        request = NewOrderSingle(
            sender_comp_id=who,
            cl_ord_id=ClOrdID(order.id),
            symbol=instrument.symbol,
            side=_side(order.side),
            order_qty=order.quantity,
            price=price,
            ord_type=ORDER_TYPES[order.type] if order.type else usual,
            time_in_force=TIMES_IN_FORCE[order.time_in_force],
            account=Account(order.account) if order.account else None,
            stop_px=price_on_tick(order.stop, instrument),
            min_qty=order.minimum,
            display_qty=order.display,
            expire_date=order.expires,
            post_only=order.post_only,
            self_match_prevention_id=order.smp_id,
            self_match_prevention_instruction=order.smp_instruction,
        )
        gateway = plan.exchange_gateway(order.symbol, order.gateway)
        yield Instruction(who, Enter(request=request, gateway=gateway))

    def _synthetic(
        self, who: CompID, plan: FloorPlan, gateway: CompID, order_type: str, cls: type | None
    ) -> Instruction:
        order = self.order
        instrument = plan.instrument(order.symbol)
        for key in _PLAIN:
            if getattr(order, key):
                raise ValueError(f"order.{key}: a {order_type} order has none")
        if order.parameters and cls is None:
            raise ValueError(f"order.parameters: a {order_type} order has none")
        request = NewSyntheticOrder(
            sender_comp_id=who,
            cl_ord_id=ClOrdID(order.id),
            order_type=order_type,
            symbol=instrument.symbol,
            side=_side(order.side),
            order_qty=order.quantity,
            price=None if order.price is None else instrument.to_price(order.price),
            time_in_force=TIMES_IN_FORCE[order.time_in_force],
            account=Account(order.account) if order.account else None,
            parameters=None
            if cls is None
            else plan.structure(order.parameters, cls, "order.parameters"),
            parent_id=StagedOrderID(order.parent) if order.parent else None,
            self_match_prevention_id=order.smp_id,
            self_match_prevention_instruction=order.smp_instruction,
        )
        return Instruction(who, Enter(request=request, gateway=gateway))


_PLAIN = ("stop", "expires", "display", "minimum", "post_only", "gateway")
"""What only a plain order has."""


@attrs.frozen(kw_only=True)
class EditAction:
    """A user changes a synthetic order of his; what the step does not say stays as it is."""

    order: str
    symbol: str
    type: str | None = None
    """Its order type."""

    quantity: Qty | None = attrs.field(default=None, validator=validators.optional(_positive))
    """The new total, what has been filled included."""

    price: str | None = None
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    via: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        instrument = plan.instrument(self.symbol)
        hosted = plan.synthetic(who, self.type, self.symbol, self.via)
        if hosted is None:
            raise ValueError("type: expected an order type of the SSE gateway (see `change`)")
        _, order_type, cls = hosted
        changed: dict[str, Any] = {}
        if self.parameters:
            if cls is None:
                raise ValueError(f"parameters: a {order_type} order has none")
            given = plan.structure(self.parameters, cls, "parameters")
            changed = {key: getattr(given, key) for key in self.parameters}
        yield Instruction(
            who,
            EditSynthetic(
                cl_ord_id=ClOrdID(self.order),
                order_qty=self.quantity,
                price=None if self.price is None else instrument.to_price(self.price),
                parameters=changed,
            ),
        )


@attrs.frozen(kw_only=True)
class PauseAction:
    """A user takes a synthetic order's children off the market."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, PauseSynthetic(cl_ord_id=ClOrdID(self.order)))


@attrs.frozen(kw_only=True)
class LogOffAction:
    """A user's session at an SSE gateway ends."""

    via: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, LogOff(gateway=plan.sse_gateway(who, self.via)))


@attrs.frozen(kw_only=True)
class CancelAction:
    """A user cancels an order of his that works."""

    order: str
    id: str | None = None
    """The name of the request; the order's with ``-cancel`` where none is given."""

    keep_children: bool = False
    """Of a synthetic order: whether it goes alone, and its children stay with nobody to manage
    them."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            CancelWorking(
                cl_ord_id=ClOrdID(self.id or f"{self.order}-cancel"),
                orig_cl_ord_id=ClOrdID(self.order),
                keeps_children=self.keep_children,
            ),
        )


@attrs.frozen(kw_only=True)
class StatusAction:
    """A user asks the venue how an order of his stands."""

    order: str

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(who, AskStatus(cl_ord_id=ClOrdID(self.order)))


@attrs.frozen(kw_only=True)
class ChangeAction:
    """A user changes an order of his that works; what the step does not say stays as it is."""

    order: str
    id: str = attrs.field(validator=validators.min_len(1))
    """The order's name from then on."""

    symbol: str
    quantity: Qty = attrs.field(validator=_positive)
    """The new total, what has been filled included."""

    price: str | None = None
    """The new limit; the old one stays where none is given."""

    type: str | None = attrs.field(default=None, validator=_one_of(ORDER_TYPES))
    stop: str | None = None
    time_in_force: str | None = attrs.field(default=None, validator=_one_of(TIMES_IN_FORCE))
    expires: date | None = None
    display: int | None = None
    post_only: bool | None = None
    smp_id: str | None = None
    smp_instruction: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        instrument = plan.instrument(self.symbol)
        yield Instruction(
            who,
            ChangeWorking(
                cl_ord_id=ClOrdID(self.id),
                orig_cl_ord_id=ClOrdID(self.order),
                order_qty=self.quantity,
                price=price_on_tick(self.price, instrument),
                ord_type=ORDER_TYPES[self.type] if self.type else None,
                time_in_force=TIMES_IN_FORCE[self.time_in_force] if self.time_in_force else None,
                stop_px=price_on_tick(self.stop, instrument),
                display_qty=self.display,
                expire_date=self.expires,
                post_only=self.post_only,
                self_match_prevention_id=self.smp_id,
                self_match_prevention_instruction=self.smp_instruction,
            ),
        )


@attrs.frozen(kw_only=True)
class MassCancelAction:
    """A user cancels all his orders behind a gateway, or those of an instrument or a side."""

    id: str = attrs.field(validator=validators.min_len(1))
    """The name of the request itself."""

    symbol: str | None = None
    side: str | None = attrs.field(default=None, validator=_one_of(_SIDES))
    gateway: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            CancelAll(
                cl_ord_id=ClOrdID(self.id),
                gateway=plan.exchange_gateway(self.symbol, self.gateway),
                symbol=plan.instrument(self.symbol).symbol if self.symbol else None,
                side=_side(self.side) if self.side else None,
            ),
        )


# --- what administrators do ----------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Setting:
    """What the administrator sets for a user."""

    user: str
    permission: Permission
    account: str | None = None
    """For orders of this account; without it for all that have no setting of their own."""

    allowed: ClassVar = True

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "sets permissions")
        check_pair(self.permission, self.account)
        setting = SetPermission(
            user=plan.user(self.user),
            permission=self.permission,
            allowed=self.allowed,
            account=Account(self.account) if self.account else None,
        )
        yield Instruction(who, setting)


@attrs.frozen(kw_only=True)
class Permit(_Setting):
    """The administrator allows a user something."""


@attrs.frozen(kw_only=True)
class Revoke(_Setting):
    """The administrator forbids a user something."""

    allowed: ClassVar = False


@attrs.frozen(kw_only=True)
class Halt:
    """The administrator puts an instrument into a state of its own."""

    symbol: str
    state: str = "HALT"

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "halts a market")
        exchange = plan.exchange(self.symbol, None)
        symbol, state = plan.instrument(self.symbol).symbol, plan.state(exchange, self.state)
        yield Instruction(exchange, ChangeTradingState(symbol=symbol, state=state))


@attrs.frozen(kw_only=True)
class Resume:
    """The administrator lets an instrument rejoin its board, or a user goes on with an order."""

    symbol: str | None = None
    order: str | None = None
    """A synthetic order that is paused."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        if (self.symbol is None) == (self.order is None):
            raise ValueError("expected either a symbol or an order")
        if self.order is not None:
            yield Instruction(who, ResumeSynthetic(cl_ord_id=ClOrdID(self.order)))
            return
        assert self.symbol is not None, "one of the two is given"
        only_administrators(who, plan, "resumes a market")
        symbol = plan.instrument(self.symbol).symbol
        yield Instruction(plan.exchange(symbol, None), ChangeTradingState(symbol=symbol))


@attrs.frozen(kw_only=True)
class ChangeStateAction:
    """The administrator puts a board, or an instrument, into a state."""

    state: str
    board: str | None = None
    symbol: str | None = None
    exchange: str | None = None
    """Where several exchanges have a board of that name."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "changes a state")
        if (self.board is None) == (self.symbol is None):
            raise ValueError("expected either a board or a symbol")
        if self.board is None:
            exchange = plan.exchange(self.symbol, self.exchange)
        else:
            exchange = plan.board(self.board, self.exchange)
        change = ChangeTradingState(
            board=self.board,
            symbol=plan.instrument(self.symbol).symbol if self.symbol is not None else None,
            state=plan.state(exchange, self.state),
        )
        yield Instruction(exchange, change)


@attrs.frozen(kw_only=True)
class Bust:
    """The administrator takes a trade back."""

    trade: int = attrs.field(validator=_positive)
    """Its number at the exchange: trades are numbered from 1."""

    exchange: str | None = None
    """Where there are several."""

    text: str = ""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "busts trades")
        bust = BustTrade(trd_match_id=self.trade, text=self.text)
        yield Instruction(plan.exchange(None, self.exchange), bust)


@attrs.frozen(kw_only=True)
class CancelOrdersAction:
    """The administrator cancels the orders of a user, of a session, or in an instrument."""

    user: str | None = None
    session: str | None = None
    """A session at the exchange: a gateway, a flow, a participant."""

    symbol: str | None = None
    exchange: str | None = None
    """Where there are several, and no symbol says which."""

    text: str = ""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "cancels others' orders")
        if self.user is None and self.session is None and self.symbol is None:
            raise ValueError("expected a user, a session or a symbol")
        operation = CancelOrders(
            session=None if self.session is None else plan.session(self.session),
            user=None if self.user is None else plan.user(self.user),
            symbol=None if self.symbol is None else plan.instrument(self.symbol).symbol,
            text=self.text,
        )
        yield Instruction(plan.exchange(self.symbol, self.exchange), operation)


@hookimpl
def scenario_actions() -> Mapping[str, type[Any]]:
    from .quote_actions import CancelQuotes, QuoteAction  # which stand on this module

    return {
        "stage": Stage,
        "claim": ClaimAction,
        "unclaim": UnclaimAction,
        "release": UnclaimAction,
        "cancel_staged": CancelStagedAction,
        "change_staged": ChangeStagedAction,
        "approve": Approve,
        "reject": Reject,
        "hold": HoldAction,
        "child": ChildAction,
        "enter": EnterAction,
        "cancel": CancelAction,
        "edit": EditAction,
        "pause": PauseAction,
        "log_off": LogOffAction,
        "change": ChangeAction,
        "status": StatusAction,
        "mass_cancel": MassCancelAction,
        "quote": QuoteAction,
        "cancel_quotes": CancelQuotes,
        "permit": Permit,
        "revoke": Revoke,
        "halt": Halt,
        "resume": Resume,
        "change_state": ChangeStateAction,
        "bust": Bust,
        "cancel_orders": CancelOrdersAction,
    }
