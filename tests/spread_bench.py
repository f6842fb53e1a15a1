"""One spread order on a bench: markets and fills by hand, and what the order does as lines.

The bench stands for the gateway and the exchanges.  It answers every request at once,
unless ``holds`` keeps the answers back until `answer`, so that fills may cross them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import attrs
from spreads import INSTRUMENTS

from floorproof.market.credentials import ParentOrder
from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import ClOrdID, CompID, ExecID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument
from floorproof.market.messages import ExecutionReport, OrderCancelReject, VenueReport
from floorproof.market.staging import Permission
from floorproof.market.synthetic import SynthStatus
from floorproof.plugins.autospreader.order_type import Autospreader
from floorproof.plugins.autospreader.parameters import SpreadParameters
from floorproof.plugins.autospreader.spread import Spread
from floorproof.plugins.desk import Warn
from floorproof.plugins.synthetic import (
    Accept,
    Amend,
    CancelAsked,
    CancelChild,
    Child,
    ChildBusted,
    ChildFilled,
    ChildReported,
    EditAsked,
    EnterChild,
    Fill,
    Finish,
    Hours,
    LegFill,
    Market,
    MarketMoved,
    Refuse,
    Remember,
    ReplaceChild,
    SetStatus,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticOrder,
    Wake,
    Watch,
    Woken,
)

USER = CompID("PM1")
_BOTH = {Side.BUY: "buy", Side.SELL: "sell"}


class Bench:
    """One order in one spread."""

    def __init__(
        self,
        spread: Spread,
        markets: Mapping[str, str],
        *,
        qty: Qty = 1,
        price: str = "3.417",
        side: Side = Side.BUY,
        time_in_force: TimeInForce = TimeInForce.DAY,
        disclosed_qty: Qty | None = None,
        holds: bool = False,
        market_orders: bool = True,
        **parameters: Any,
    ) -> None:
        self.spread = Autospreader(spread=(spread,))
        [made] = self.spread.instruments({Symbol(name): i for name, i in INSTRUMENTS.items()})
        self.made = made.instrument
        self.holds = holds
        self.now_ns = 0
        self.told: list[str] = []
        """What the order has done since it was last read, a line each."""

        self.sent: list[EnterChild] = []
        """All children that were entered."""

        self.fills: list[tuple[Qty, Price]] = []
        self.wakes: dict[str, int] = {}
        self._market_orders = market_orders
        self._books = {symbol: self._market(symbol, text) for symbol, text in markets.items()}
        self._waiting: list[tuple[str, ReplaceChild | CancelChild | None]] = []
        """What has not been answered: of a child its entry (None) or a request."""

        self.order = SyntheticOrder(
            cl_ord_id=ClOrdID("s1"),
            order_type="autospreader",
            originator=USER,
            symbol=self.made.symbol,
            side=side,
            order_qty=qty,
            price=self.made.to_price(price) if price else None,
            time_in_force=time_in_force,
            account=None,
            disclosed_qty=disclosed_qty,
            parameters=SpreadParameters(**parameters),
            principal=ParentOrder(originator=USER, account=None),
        )
        self._apply(self.spread.enter(self.order, self))

    # --- the desk ---------------------------------------------------------------------

    @property
    def name(self) -> CompID:
        return CompID("SSE-A")

    def may(self, _user: CompID, _permission: Permission) -> bool:
        return True

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return INSTRUMENTS.get(str(symbol), self.made)

    def market(self, symbol: Symbol) -> Market | None:
        return self._books.get(str(symbol))

    def is_synthetic(self, symbol: Symbol) -> bool:
        return symbol == self.order.symbol

    def hours(self, _symbol: Symbol) -> tuple[Hours, ...]:
        return (Hours(0, None),)

    def draw(self) -> Fraction:
        raise NotImplementedError("a spread order draws nothing")

    # --- what happens -----------------------------------------------------------------

    def moves(self, symbol: str, text: str, *, is_open: bool = True) -> None:
        """Another market: ``"4492.25x10 / 4492.50x10"``."""
        self._books[symbol] = self._market(symbol, text, is_open=is_open)
        self.event(MarketMoved(Symbol(symbol)))

    def fill(self, child: str, qty: Qty = 1, at: str = "") -> None:
        """A child trades, at its price unless another is given."""
        known = self.order.children[child]
        price = INSTRUMENTS[str(known.symbol)].to_price(at) if at else known.price
        assert price is not None
        left = known.order_qty - known.cum_qty
        assert 0 < qty <= left, f"{child} has {left} left"
        self._report(known, ExecType.TRADE, qty, price)

    def bust(self, child: str, qty: Qty, at: Price) -> None:
        """A trade of a child is taken back."""
        self._report(self.order.children[child], ExecType.TRADE_CANCEL, qty, at)

    def cancels(self, child: str, exec_type: ExecType = ExecType.CANCELED, text: str = "") -> None:
        """The exchange, or somebody else, takes a child off."""
        self._report(self.order.children[child], exec_type, text=text)

    def answer(self, *, refuse: bool = False) -> None:
        """Answer the request that has waited longest."""
        child, request = self._waiting.pop(0)
        known = self.order.children[child]
        if request is None:
            if not known.is_over:
                self._report(known, ExecType.REJECTED if refuse else ExecType.NEW)
        elif refuse or known.is_over:
            self._refuse(known, request)
        elif isinstance(request, CancelChild):
            self._report(known, ExecType.CANCELED)
        elif request.order_qty <= known.cum_qty:
            self._report(known, ExecType.CANCELED)  # there is nothing left of it
        else:
            changed = attrs.evolve(
                known, order_qty=request.order_qty, price=request.price, asked=None
            )
            self._report(changed, ExecType.REPLACED)
        self._send_next(child)

    def answer_all(self) -> None:
        self.holds = False
        while self._waiting:
            self.answer()

    def edit(
        self, qty: Qty | None = None, price: str | None = None, disclosed: Qty | None = None
    ) -> None:
        order = self.order
        self.event(
            EditAsked(
                order_qty=order.order_qty if qty is None else qty,
                price=order.price if price is None else self.made.to_price(price),
                disclosed_qty=order.disclosed_qty if disclosed is None else disclosed,
                parameters=order.parameters,
            )
        )

    def cancel(self) -> None:
        self.event(CancelAsked())

    def wake(self, name: str) -> None:
        self.now_ns = self.wakes.pop(name)
        self.event(Woken(name))

    def event(self, event: SyntheticEvent) -> None:
        if self.order.is_over and not isinstance(event, ChildReported | ChildFilled):
            return
        self._apply(self.spread.handle(self.order, event, self))

    def read(self) -> list[str]:
        """Return what the order has done since the last time."""
        told, self.told = self.told, []
        return told

    def _market(self, symbol: str, text: str, *, is_open: bool = True) -> Market:
        market = _market(symbol, text, is_open=is_open)
        return attrs.evolve(market, takes_market_orders=self._market_orders)

    # --- the gateway and the exchanges ------------------------------------------------

    def _apply(self, effects: Iterable[SyntheticEffect]) -> None:
        for effect in list(effects):
            self._do(effect)
        while self._waiting and not self.holds:
            self.answer()

    def _do(self, effect: SyntheticEffect) -> None:
        order = self.order
        match effect:
            case Remember(state):
                self.order = attrs.evolve(order, state=state)
            case Accept(status):
                self.order = attrs.evolve(order, is_accepted=True, synth_status=status)
                usual = status is SynthStatus.WORKING
                self.told.append("accepted" if usual else f"accepted as {status.value}")
            case Refuse(text):
                self.told.append(f"refused: {text}")
            case Amend():
                self.order = attrs.evolve(
                    order,
                    order_qty=effect.order_qty,
                    price=effect.price,
                    disclosed_qty=effect.disclosed_qty,
                )
            case SetStatus(status, text):
                self.order = attrs.evolve(order, synth_status=status)
                self.told.append(f"{status.value}{text and ': '}{text}")
            case Fill(_, qty, price):
                assert 0 < qty <= order.leaves_qty
                cum = order.cum_qty + qty
                self.order = attrs.evolve(order, cum_qty=cum, is_over=cum == order.order_qty)
                self.fills.append((qty, price))
                self.told.append(f"filled {qty} @ {self.made.show(price)}")
            case LegFill(child, qty, price):
                self.told.append(f"{child} traded {qty} @ {self._show(child, price)}")
            case EnterChild():
                self._enter(effect)
            case ReplaceChild(child=child, order_qty=qty, price=price):
                self.told.append(f"{child} to {qty} @ {self._show(child, price)}")
                self._request(effect)
            case CancelChild(child):
                self.told.append(f"{child} off")
                self._request(effect)
            case Wake(at_ns, name):
                self.wakes[name] = at_ns
            case Finish(status, text):
                self.order = attrs.evolve(order, is_over=True, synth_status=status)
                self.told.append(f"{status.value}{text and ': '}{text}")
            case Warn(text):
                self.told.append(f"warning: {text}")
            case Watch():
                pass
            case _:
                raise AssertionError(f"{effect!r} is nothing that a spread order does")

    def _enter(self, enter: EnterChild) -> None:
        assert self.order.is_accepted
        assert not self.order.is_over
        assert enter.child not in self.order.children
        self.sent.append(enter)
        child = Child(
            name=enter.child,
            cl_ord_id=ClOrdID(f"s1/{enter.child}"),
            symbol=enter.symbol,
            side=enter.side,
            order_qty=enter.order_qty,
            price=enter.price,
            ord_type=enter.ord_type,
            time_in_force=enter.time_in_force,
            post_only=enter.post_only,
        )
        self._keep(child)
        price = enter.ord_type.name.lower().replace("_", " ")
        if enter.price is not None:
            price = self._show(enter.child, enter.price) + " post only" * enter.post_only
        life = {
            TimeInForce.DAY: "",
            TimeInForce.GOOD_TILL_CANCEL: " GTC",
            TimeInForce.IMMEDIATE_OR_CANCEL: " IOC",
            TimeInForce.FILL_OR_KILL: " FOK",
        }[enter.time_in_force]
        what = f"{_BOTH[enter.side]} {enter.order_qty} {enter.symbol} @ {price}{life}"
        self.told.append(f"{enter.child}: {what}")
        assert (enter.price is not None) == (enter.ord_type is OrdType.LIMIT)
        self._waiting.append((enter.child, None))

    def _request(self, request: ReplaceChild | CancelChild) -> None:
        child = self.order.children[request.child]
        if child.is_over:
            return
        if not child.is_working or child.asked is not None:
            if not isinstance(child.then, CancelChild):
                self._keep(attrs.evolve(child, then=request))
            return
        self._keep(attrs.evolve(child, asked=request))
        self._waiting.append((child.name, request))

    def _send_next(self, name: str) -> None:
        child = self.order.children[name]
        if child.then is not None and child.asked is None and child.is_working:
            self._keep(attrs.evolve(child, then=None))
            self._request(child.then)

    def _report(
        self,
        child: Child,
        exec_type: ExecType,
        last_qty: Qty = 0,
        last_px: Price | None = None,
        text: str = "",
    ) -> None:
        cum = child.cum_qty + (-last_qty if exec_type is ExecType.TRADE_CANCEL else last_qty)
        ends = (ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED)
        over = exec_type in ends or cum == child.order_qty
        if exec_type is ExecType.TRADE_CANCEL:
            child = attrs.evolve(child, order_qty=child.order_qty - last_qty)
        known = attrs.evolve(
            child,
            cum_qty=cum,
            is_working=not over and (child.is_working or exec_type is ExecType.NEW),
            is_over=over,
            asked=None if over else child.asked,
            then=None if over else child.then,
        )
        self._keep(known)
        report = ExecutionReport(
            target_comp_id=USER,
            cl_ord_id=child.cl_ord_id,
            order_id=None,
            exec_id=ExecID(0),
            exec_type=exec_type,
            ord_status=OrdStatus.NEW,
            symbol=child.symbol,
            side=child.side,
            order_qty=child.order_qty,
            leaves_qty=0 if over else child.order_qty - cum,
            cum_qty=cum,
            transact_time_ns=self.now_ns,
            price=child.price,
            last_qty=last_qty,
            last_px=last_px,
            text=text,
        )
        if last_px is not None:
            busts = exec_type is ExecType.TRADE_CANCEL
            told = ChildBusted if busts else ChildFilled
            self.event(told(child.name, last_qty, last_px, report))
        else:
            self._tell(child.name, report)

    def _refuse(self, child: Child, request: ReplaceChild | CancelChild) -> None:
        if not child.is_over:
            self._keep(attrs.evolve(child, asked=None))
        cancels = isinstance(request, CancelChild)
        reject = OrderCancelReject(
            target_comp_id=USER,
            cl_ord_id=ClOrdID("r"),
            orig_cl_ord_id=child.cl_ord_id,
            order_id=None,
            cxl_rej_response_to=(
                CxlRejResponseTo.ORDER_CANCEL_REQUEST
                if cancels
                else CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
            ),
            cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
            transact_time_ns=self.now_ns,
            symbol=child.symbol,
        )
        self._tell(child.name, reject)

    def _tell(self, child: str, report: VenueReport) -> None:
        self.event(ChildReported(child, report))

    def _keep(self, child: Child) -> None:
        children = {**self.order.children, child.name: child}
        self.order = attrs.evolve(self.order, children=children)

    def _show(self, child: str, price: Price | None) -> str:
        assert price is not None
        symbol = str(self.order.children[child].symbol)
        return INSTRUMENTS[symbol].show(price)


def _market(symbol: str, text: str, *, is_open: bool = True) -> Market:
    bids, _, offers = text.partition("/")

    def levels(side: str) -> tuple[tuple[Price, Qty], ...]:
        pairs = (level.partition("x") for level in side.split())
        return tuple(
            (INSTRUMENTS[symbol].to_price(price), int(qty or 10)) for price, _, qty in pairs
        )

    return Market(
        symbol=Symbol(symbol),
        bids=levels(bids),
        offers=levels(offers),
        trading_state="OPEN" if is_open else "CLOSED",
        is_open=is_open,
        takes_market_orders=True,
    )
