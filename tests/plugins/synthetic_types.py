"""Order types that act, as a stranger would write them: small ones for tests of the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.market.fix import OrdType
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.synthetic import SynthStatus
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.synthetic import (
    Accept,
    Amend,
    CancelAsked,
    CancelChild,
    ChildBusted,
    ChildFilled,
    ChildReported,
    Disconnected,
    EditAsked,
    EnterChild,
    Fill,
    Finish,
    LegFill,
    Market,
    MarketMoved,
    PauseAsked,
    Refuse,
    Remember,
    ReplaceChild,
    ResumeAsked,
    SetStatus,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticInstrument,
    SyntheticOrder,
    TakeBack,
    Wake,
    Warn,
    Watch,
    Woken,
)

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class Release:
    """What an order of `Drip` may say."""

    lots: int = 1
    """How much is released at a time."""


@attrs.frozen(kw_only=True)
class Drip:
    """Raises what one long-lived child may have done by so many lots a second."""

    parameters = Release

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield Accept(SynthStatus.WAITING)
        yield Watch(order.symbol)
        yield Wake(desk.now_ns + 1_000_000_000, "drip")
        yield Remember(0)

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        match event:
            case Woken():
                released = min(order.state + order.parameters.lots, order.order_qty)
                yield Remember(released)
                if not order.children:
                    yield SetStatus(SynthStatus.WORKING)
                    yield EnterChild(
                        child="long",
                        symbol=order.symbol,
                        side=order.side,
                        order_qty=order.order_qty,
                        price=order.price,
                        disclosed_qty=released,
                    )
                else:
                    yield ReplaceChild(
                        child="long",
                        order_qty=order.order_qty,
                        price=order.price,
                        disclosed_qty=released,
                    )
                if released < order.order_qty:
                    yield Wake(desk.now_ns + 1_000_000_000, "drip")
            case ChildFilled(child, last_qty, last_px):
                yield Fill(child, last_qty, last_px)
            case ChildBusted(child, last_qty, last_px):
                yield TakeBack(child, last_qty, last_px)
            case ChildReported(child) if order.children[child].is_over:
                yield Finish(SynthStatus.CANCELED, "its child is over")
            case CancelAsked():
                yield CancelChild("long")
            case EditAsked() if event.order_qty % 2:
                yield Refuse("odd quantities are not for us")
            case EditAsked():
                yield Amend.to(event)
            case PauseAsked():
                yield SetStatus(SynthStatus.PAUSED)
            case ResumeAsked():
                yield SetStatus(SynthStatus.WORKING)
            case Disconnected():
                yield SetStatus(SynthStatus.UNMANAGED, "its user has gone")
            case MarketMoved():
                market = desk.market(order.symbol)
                assert market is not None, "it has moved"
                yield Warn(f"{market.symbol} {market.bids[:1]} {market.offers[:1]}")
            case _:
                pass


@attrs.frozen(kw_only=True)
class Double:
    """Makes instruments that are two lots of another, and hosts limit orders in them."""

    of: tuple[str, ...] = ("MNQU3",)

    def instruments(self, listed: Mapping[Symbol, Instrument]) -> Iterator[SyntheticInstrument]:
        for leg in self.of:
            if leg not in listed:
                raise ValueError(f"of: no exchange lists {leg!r}")
            made = attrs.evolve(listed[Symbol(leg)], symbol=Symbol(f"2x{leg}"))
            yield SyntheticInstrument(instrument=made, legs=(Symbol(leg),))

    def market(self, symbol: Symbol, desk: SyntheticDesk) -> Market | None:
        leg = desk.market(Symbol(symbol.removeprefix("2x")))
        if leg is None:
            return None
        return Market(
            symbol=symbol,
            bids=tuple((price, qty // 2) for price, qty in leg.bids if qty > 1),
            offers=tuple((price, qty // 2) for price, qty in leg.offers if qty > 1),
            is_open=leg.is_open,
        )

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        if order.price is None:
            yield Refuse("a limit is wanted")
            return
        yield Accept()
        yield from self._quote(order, order.disclosed_qty, order.price)

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        match event:
            case ChildFilled(child, last_qty, last_px):
                yield LegFill(child, last_qty, last_px)
                legs = sum(each.cum_qty for each in order.children.values())
                if legs // 2 > order.cum_qty:
                    yield Fill(child, legs // 2 - order.cum_qty, last_px)
            case EditAsked():
                yield Amend.to(event)
                for each in order.alive:
                    if each.price != event.price:
                        yield ReplaceChild(
                            child=each.name, order_qty=each.order_qty, price=event.price
                        )
                yield from self._quote(order, event.disclosed_qty, event.price)
            case CancelAsked() if not order.alive:
                yield Finish(SynthStatus.CANCELED)
            case CancelAsked():
                for each in order.alive:
                    yield CancelChild(each.name)
            case ChildReported(child) if order.children[child].is_over and not order.alive:
                yield Finish(SynthStatus.CANCELED)
            case _:
                pass

    @staticmethod
    def _quote(
        order: SyntheticOrder, disclosed_qty: int | None, price: int | None
    ) -> Iterator[SyntheticEffect]:
        disclosed = order.order_qty if disclosed_qty is None else disclosed_qty
        sent = sum(each.order_qty for each in order.children.values())
        if 2 * disclosed > sent:
            yield EnterChild(
                child=str(len(order.children) + 1),
                symbol=Symbol(order.symbol.removeprefix("2x")),
                side=order.side,
                order_qty=2 * disclosed - sent,
                price=price,
                ord_type=OrdType.LIMIT,
            )


@attrs.frozen(kw_only=True)
class Restless:
    """Asks for the market again whenever it is told of it: without an end."""

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield Accept()
        yield Watch(order.symbol)

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        if isinstance(event, MarketMoved):
            yield Watch(order.symbol)


@attrs.frozen(kw_only=True)
class Clumsy:
    """Raises, after it has said what it wants done."""

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield Accept()
        raise RuntimeError("out of its depth")

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        return iter(())


@attrs.frozen(kw_only=True)
class Dice:
    """Draws a number, says it, and is done."""

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        yield Accept()
        yield Finish(text=f"{desk.draw()} {desk.draw()}")

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        return iter(())


@hookimpl
def order_types() -> dict[str, type]:
    return {
        "DRIP": Drip,
        "DOUBLE": Double,
        "RESTLESS": Restless,
        "CLUMSY": Clumsy,
        "DICE": Dice,
    }
