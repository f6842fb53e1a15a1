"""The order type ``autospreader``: it makes spreads of what exchanges list, and works them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import ceil

import attrs

from ...market.fix import Side, TimeInForce
from ...market.identifiers import Price, Qty, Symbol
from ...market.instrument import Instrument
from ...market.synthetic import SynthStatus
from ..synthetic import (
    Amend,
    CancelAsked,
    ChildBusted,
    ChildFilled,
    ChildReported,
    Disconnected,
    EditAsked,
    Market,
    MarketMoved,
    PauseAsked,
    Refuse,
    ResumeAsked,
    SetStatus,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticInstrument,
    SyntheticOrder,
    Watch,
    Woken,
)
from .parameters import SpreadParameters
from .pricing import implied
from .risk import objection_to_risk
from .spread import Disconnect, ListedSpread, Spread, listed
from .turn import leg_market
from .worker import RELOAD, Worker

_LIVES = (TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL)


@attrs.frozen(kw_only=True)
class Autospreader:
    """``[gateway.settings.autospreader]``: the spreads of a gateway.

    Raises:
        ValueError: if two have one name.
    """

    parameters = SpreadParameters

    spread: tuple[Spread, ...] = ()

    def __attrs_post_init__(self) -> None:
        names = [spread.name for spread in self.spread]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"there are {names.count(name)} spreads of the name {name!r}")

    # --- the instruments --------------------------------------------------------------

    def instruments(self, listed: Mapping[Symbol, Instrument]) -> Iterable[SyntheticInstrument]:
        """Return the spreads, each among what is *listed*.

        Raises:
            ValueError: if one cannot be made of it, or has the name of what is listed.
        """
        for settings in self.spread:
            if Symbol(settings.name) in listed:
                raise ValueError(f"spread {settings.name} has the name of what an exchange lists")
            legs = tuple(listed.get(Symbol(leg.symbol)) for leg in settings.leg)
            made = _listed(settings, legs)
            yield SyntheticInstrument(
                instrument=made.instrument, legs=tuple(leg.symbol for leg in made.legs)
            )

    def market(self, symbol: Symbol, desk: SyntheticDesk) -> Market | None:
        """Return the implied market of a spread, one level of each side, rounded to its tick."""
        spread = self._spread(symbol, desk)
        assert spread is not None, "it is one of ours"
        markets = [desk.market(leg.symbol) for leg in spread.legs]
        known = [market for market in markets if market is not None]
        if len(known) < len(markets):
            return None
        sides: dict[Side, tuple[tuple[Price, Qty], ...]] = {}
        for side in Side:  # whoever sells at the implied bid meets buyers of the spread there
            found = implied(spread, [leg_market(each) for each in known], side.opposite)
            levels = found is not None and found.qty > 0
            sides[side] = (
                ((spread.price_of(found.price, side), found.qty),) if found and levels else ()
            )
        closed = [market for market in known if not market.is_open]
        return Market(
            symbol=symbol,
            bids=sides[Side.BUY],
            offers=sides[Side.SELL],
            trading_state=(closed or known)[0].trading_state,
            is_open=not closed,
        )

    # --- the orders -------------------------------------------------------------------

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterable[SyntheticEffect]:
        spread = self._spread(order.symbol, desk)
        if spread is None:
            known = ", ".join(each.name for each in self.spread) or "none"
            return [Refuse(f"{order.symbol} is no spread here; there are: {known}")]
        objection = _objection(spread, order)
        if objection:
            return [Refuse(objection)]
        worker = Worker(spread, order, desk)
        for leg in spread.legs:
            worker.say(Watch(leg.symbol))
        worker.work_on()
        return worker.effects()

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterable[SyntheticEffect]:
        spread = self._spread(order.symbol, desk)
        assert spread is not None, "an order in anything else was refused"
        worker = Worker(spread, order, desk)
        match event:
            case ChildReported(child, report):
                worker.reported(child, report)
            case ChildFilled(child, last_qty, last_px):
                worker.filled(child, last_qty, last_px)
            case ChildBusted(child, last_qty, _):
                worker.busted(child, last_qty)
            case EditAsked():
                why = _objection_to_edit(spread, order, event, worker)
                if why:
                    return [Refuse(why)]
                worker.say(Amend.to(event))
                worker.amended(
                    attrs.evolve(
                        order,
                        order_qty=event.order_qty,
                        price=event.price,
                        disclosed_qty=event.disclosed_qty,
                    )
                )
            case CancelAsked():
                if worker.work.ending is not None and not worker.any_quote:
                    return [Refuse(f"{order.cl_ord_id} is canceled: only its hedges work on")]
                worker.end(SynthStatus.CANCELED)
            case Disconnected() if spread.settings.disconnect is Disconnect.CANCEL:
                worker.end(SynthStatus.CANCELED, f"{order.originator} is disconnected")
            case PauseAsked() | ResumeAsked():
                pausing = isinstance(event, PauseAsked)
                if not order.is_accepted:  # to refuse it now would refuse the order
                    worker.pause(pausing)
                elif worker.work.is_paused == pausing or worker.work.ending is not None:
                    return [Refuse(f"{order.cl_ord_id} is {order.synth_status}")]
                else:
                    worker.pause(pausing)
                    status = SynthStatus.PAUSED if pausing else SynthStatus.WORKING
                    worker.say(SetStatus(status))
            case Woken(name) if name == RELOAD:
                worker.reload()
            case Woken() | MarketMoved() | Disconnected():
                pass
        worker.work_on()
        return worker.effects()

    def _spread(self, symbol: Symbol, desk: SyntheticDesk) -> ListedSpread | None:
        for settings in self.spread:
            if settings.name == symbol:
                legs = tuple(desk.instrument(Symbol(leg.symbol)) for leg in settings.leg)
                return _listed(settings, legs)
        return None


@lru_cache
def _listed(settings: Spread, legs: Sequence[Instrument | None]) -> ListedSpread:
    known = {str(leg.symbol): leg for leg in legs if leg is not None}
    return listed(settings, lambda symbol: known.get(symbol))


def _objection(spread: ListedSpread, order: SyntheticOrder) -> str:
    """Return why a new order is refused before any of it is sent, or nothing."""
    if order.price is None:
        return "a spread order has a limit price"
    if not spread.instrument.ticks.accepts(order.price):
        return _off_tick(spread, order.price)
    life = order.time_in_force
    if life not in _LIVES:
        return "a spread order is for the day, good till cancel, or immediate or cancel"
    if life is TimeInForce.GOOD_TILL_CANCEL:
        for leg in spread.legs:
            if leg.quotes and not leg.settings.native_gtc:
                return f"{leg.symbol}, which quotes, takes no orders that are good till cancel"
    parameters = order.parameters
    assert isinstance(parameters, SpreadParameters), "the gateway has read them into it"
    clip = parameters.reload_qty
    if clip is not None and clip > order.order_qty:
        return f"reload_qty {clip}: expected at most the order's quantity, {order.order_qty}"
    return objection_to_risk(spread, order.order_qty)


def _objection_to_edit(
    spread: ListedSpread, order: SyntheticOrder, edit: EditAsked, worker: Worker
) -> str:
    if worker.work.ending is not None:
        return f"{order.cl_ord_id} is being canceled"
    if edit.parameters != order.parameters:
        return "a spread order keeps its parameters"
    if edit.price is None:
        return "a spread order has a limit price"
    if not spread.instrument.ticks.accepts(edit.price):
        return _off_tick(spread, edit.price)
    begun = ceil(worker.work.units(spread))
    if edit.order_qty < begun:
        return f"order_qty {edit.order_qty}: expected at least what has been begun, {begun}"
    return objection_to_risk(spread, edit.order_qty)


def _off_tick(spread: ListedSpread, price: Price) -> str:
    instrument = spread.instrument
    tick = instrument.ticks.increment_at(price)
    return f"price {instrument.show(price)} is not a multiple of {instrument.show(tick)}"
