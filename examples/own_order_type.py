"""An order type of one's own, in one page: a limit order that follows its market.

It works the whole order in one child at the best price of its own side, so many ticks
further from or nearer to the market, and moves with it; never beyond the order's limit.
``examples/own_order_type.toml`` runs it, and ``docs/order_types.md`` explains it.  It takes
market data for what is true now; the slicers of floorproof know that it lags.  Nor does it
know of others like it: two in one market that are to be nearer than the best chase each other.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from floorproof.market.fix import Side
from floorproof.market.identifiers import Price
from floorproof.market.synthetic import SynthStatus
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.synthetic import (
    Accept,
    CancelAsked,
    CancelChild,
    ChildFilled,
    ChildReported,
    EditAsked,
    EnterChild,
    Fill,
    Finish,
    MarketMoved,
    Refuse,
    ReplaceChild,
    SyntheticDesk,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
    Watch,
)

floorproof_contract = CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class PegParameters:
    """What an order may say."""

    ticks: int = 0
    """How far from the best price of its own side; above 0 is nearer to the other side."""


@attrs.frozen(kw_only=True)
class Peg:
    """The order type: settings only, and it has none."""

    parameters = PegParameters

    def enter(self, order: SyntheticOrder, desk: SyntheticDesk) -> Iterator[SyntheticEffect]:
        if desk.is_synthetic(order.symbol):
            yield Refuse(f"{order.symbol} has no best price of its own")
            return
        yield Accept()
        yield Watch(order.symbol)

    def handle(
        self, order: SyntheticOrder, event: SyntheticEvent, desk: SyntheticDesk
    ) -> Iterator[SyntheticEffect]:
        child = order.children.get("1")
        match event:
            case MarketMoved():
                price = self._price(order, desk)
                if price is None:
                    return
                if child is None:
                    yield EnterChild(
                        child="1",
                        symbol=order.symbol,
                        side=order.side,
                        order_qty=order.order_qty,
                        price=price,
                    )
                elif not child.is_canceling and price != child.price:
                    yield ReplaceChild(child="1", order_qty=order.order_qty, price=price)
            case ChildFilled(name, last_qty, last_px):
                yield Fill(name, last_qty, last_px)
            case ChildReported() if child is not None and child.is_over:
                yield Finish(SynthStatus.CANCELED)
            case CancelAsked() if child is None:
                yield Finish(SynthStatus.CANCELED)
            case CancelAsked():
                yield CancelChild("1")
            case EditAsked():
                yield Refuse("cancel it and enter another")
            case _:
                pass

    @staticmethod
    def _price(order: SyntheticOrder, desk: SyntheticDesk) -> Price | None:
        """Return where the child belongs, or None while nobody else is on its side."""
        market, instrument = desk.market(order.symbol), desk.instrument(order.symbol)
        assert market is not None, "it has moved"
        assert instrument is not None, "it is listed"
        own = {child.price: child.working_qty for child in order.alive}
        for price, qty in market.side(order.side):
            if qty > own.get(price, 0):
                parameters: PegParameters = order.parameters
                nearer = parameters.ticks * instrument.ticks.increment_at(price)
                if order.side is Side.BUY:
                    price += nearer
                    return price if order.price is None else min(price, order.price)
                price -= nearer
                return price if order.price is None else max(price, order.price)
        return None


@hookimpl
def order_types() -> dict[str, type]:
    return {"PEG": Peg}
