"""What an action of a scenario's step is, and the actions that ship with floorproof.

An action is an attrs class: its fields are what the step's table may hold.  Before the
run starts, `instructions` turns it into messages; what it cannot turn is bad input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

import attrs
from attrs import validators

from ..market.fix import OrdType, Side, TimeInForce
from ..market.identifiers import Account, ClOrdID, CompID, Price, Qty, StagedOrderID
from ..market.instrument import Instrument
from ..market.messages import NewOrderSingle
from ..market.staging import BROKER, NewStagedOrder, Permission, SetPermission
from ..market.terminal import CancelWorking, ChangeWorking, ClaimOrder, Enter, EnterChild
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

    def exchange_gateway(self, symbol: str, name: str | None) -> CompID:
        """Return the gateway *name*, or the one of the exchange that lists *symbol*."""

    def is_administrator(self, user: str) -> bool: ...


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


def _price(text: str | None, instrument: Instrument) -> Price | None:
    """Return the price that *text* says, which must be on tick."""
    if text is None:
        return None
    price = instrument.to_price(text)
    if not instrument.ticks.accepts(price):
        step = instrument.show(instrument.ticks.increment_at(price))
        raise ValueError(f"{instrument.symbol}: price {text} is off tick, which is {step}")
    return price


_positive = validators.gt(0)


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
            price=_price(order.price, instrument),
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
                price=_price(order.price, instrument),
                account=Account(order.account) if order.account else None,
                symbol=instrument.symbol,
                side=_side(order.side) if order.side else None,
            ),
        )


_TIMES_IN_FORCE = {"day": TimeInForce.DAY, "ioc": TimeInForce.IMMEDIATE_OR_CANCEL}


@attrs.frozen(kw_only=True)
class OrderTable:
    """A plain order as a step describes it."""

    id: str = attrs.field(validator=validators.min_len(1))
    symbol: str
    side: str = attrs.field(validator=validators.in_(tuple(_SIDES)))
    quantity: Qty = attrs.field(validator=_positive)
    price: str | None = None
    """The limit; without it a market order."""

    time_in_force: str = attrs.field(
        default="day", validator=validators.in_(tuple(_TIMES_IN_FORCE))
    )
    account: str | None = None
    gateway: str | None = None


@attrs.frozen(kw_only=True)
class EnterAction:
    """A user sends a plain order to an exchange."""

    order: OrderTable

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        order = self.order
        instrument = plan.instrument(order.symbol)
        price = _price(order.price, instrument)
        request = NewOrderSingle(
            sender_comp_id=who,
            cl_ord_id=ClOrdID(order.id),
            symbol=instrument.symbol,
            side=_side(order.side),
            order_qty=order.quantity,
            price=price,
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            time_in_force=_TIMES_IN_FORCE[order.time_in_force],
            account=Account(order.account) if order.account else None,
        )
        gateway = plan.exchange_gateway(order.symbol, order.gateway)
        yield Instruction(who, Enter(request=request, gateway=gateway))


@attrs.frozen(kw_only=True)
class CancelAction:
    """A user cancels an order of his that works."""

    order: str
    id: str | None = None
    """The name of the request; the order's with ``-cancel`` where none is given."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            CancelWorking(
                cl_ord_id=ClOrdID(self.id or f"{self.order}-cancel"),
                orig_cl_ord_id=ClOrdID(self.order),
            ),
        )


@attrs.frozen(kw_only=True)
class ChangeAction:
    """A user changes quantity or price of an order of his that works."""

    order: str
    id: str = attrs.field(validator=validators.min_len(1))
    """The order's name from then on."""

    symbol: str
    quantity: Qty = attrs.field(validator=_positive)
    """The new total, what has been filled included."""

    price: str | None = None
    """The new limit; the old one stays where none is given."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        yield Instruction(
            who,
            ChangeWorking(
                cl_ord_id=ClOrdID(self.id),
                orig_cl_ord_id=ClOrdID(self.order),
                order_qty=self.quantity,
                price=_price(self.price, plan.instrument(self.symbol)),
            ),
        )


@attrs.frozen(kw_only=True)
class _Setting:
    """What the administrator sets for a user."""

    user: str
    permission: Permission

    allowed: ClassVar = True

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        if not plan.is_administrator(who):
            raise ValueError(f"only an administrator sets permissions, {who} is none")
        setting = SetPermission(
            user=plan.user(self.user), permission=self.permission, allowed=self.allowed
        )
        yield Instruction(who, setting)


@attrs.frozen(kw_only=True)
class Permit(_Setting):
    """The administrator allows a user something."""


@attrs.frozen(kw_only=True)
class Revoke(_Setting):
    """The administrator forbids a user something."""

    allowed: ClassVar = False


@hookimpl
def scenario_actions() -> Mapping[str, type[Any]]:
    return {
        "stage": Stage,
        "claim": ClaimAction,
        "child": ChildAction,
        "enter": EnterAction,
        "cancel": CancelAction,
        "change": ChangeAction,
        "permit": Permit,
        "revoke": Revoke,
    }
