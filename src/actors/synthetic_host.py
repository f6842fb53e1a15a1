"""The synthetic gateway's host of order types that act: it keeps the orders, they decide.

Everything that a request, a report, a wake or a move of the market causes is worked off
in one queue before the next delivery: effects, what they cause at orders that live at
the same gateway, and so on.  The queue is bounded, so that order types that answer each
other for ever are found out.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Protocol, TypeAlias

import attrs

from ..market.credentials import Logins, ParentOrder
from ..market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
)
from ..market.identifiers import ClOrdID, CompID, ExecID, Price, Qty, StagedOrderID, Symbol
from ..market.instrument import Instrument
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    VenueReport,
)
from ..market.staging import ChildRefused, ChildReserved, Permission, ReserveChild
from ..market.synthetic import (
    CancelSyntheticOrder,
    Disconnect,
    EditSyntheticOrder,
    MultiLegReportingType,
    NewSyntheticOrder,
    OnBehalf,
    OrderSchedule,
    PauseSyntheticOrder,
    ResumeSyntheticOrder,
    SyntheticAck,
    SyntheticFill,
    SyntheticReject,
    SyntheticRequest,
    SyntheticUpdate,
    SynthStatus,
)
from ..plugins.desk import Warn
from ..plugins.errors import EndlessEffects, OrderTypeFailed
from ..plugins.synthetic import (
    Accept,
    Amend,
    CancelAsked,
    CancelChild,
    CancelWake,
    Child,
    ChildBusted,
    ChildFilled,
    ChildReported,
    Disconnected,
    EditAsked,
    EnterChild,
    Fill,
    Finish,
    Hours,
    InstrumentMaker,
    LegFill,
    Market,
    MarketMoved,
    PauseAsked,
    Plan,
    Refuse,
    Remember,
    ReplaceChild,
    ResumeAsked,
    SetStatus,
    SyntheticEffect,
    SyntheticEvent,
    SyntheticInstrument,
    SyntheticOrder,
    SyntheticOrderType,
    TakeBack,
    Unwatch,
    Wake,
    Watch,
    Woken,
)
from ..runtime.participant import Answer, Context, Fact, Send
from .watched_markets import MarketNews, VenueOf, WatchedMarkets

STEPS_MAX = 10_000
"""How many events one delivery may come to."""


@attrs.frozen(kw_only=True)
class SyntheticHostConfig:
    """What the host is set up with."""

    order_types: Mapping[str, SyntheticOrderType] = attrs.field(factory=dict)
    instruments: Mapping[Symbol, Instrument] = attrs.field(factory=dict)
    """What exchanges list."""

    venues: Mapping[Symbol, VenueOf] = attrs.field(factory=dict)


@attrs.frozen
class WakeUp:
    """To itself: a moment has come that an order type asked for."""

    cl_ord_id: ClOrdID
    name: str
    number: int


@attrs.frozen
class WakeAgain:
    """To itself: it is back, and what its orders wait for is on nobody's calendar."""


class Home(Protocol):
    """The gateway that the host is part of."""

    @property
    def now_ns(self) -> int: ...
    @property
    def name(self) -> CompID: ...
    @property
    def logins(self) -> Logins: ...
    def may(self, user: CompID, permission: Permission) -> bool: ...
    def is_staged(self, name: StagedOrderID) -> bool:
        """Return whether a staged order of that name lives here."""

    def reserve(self, ask: ReserveChild) -> Iterator[Answer]:
        """Ask a staged order for room; the answer comes as a message to the gateway itself."""

    def child_reported(self, report: VenueReport) -> Iterator[Answer]:
        """Tell a staged order of a child of its own that lives here."""


@attrs.frozen
class _Asking:
    """The request that an event is about."""

    refused: str
    """By its class name."""

    by_parent: bool = False
    """Whether the order's parent asks, and not its user."""

    staged_name: ClOrdID | None = None
    """The request's name at the staged parent, where that asks, or has given room for it."""


_NEW = _Asking(NewSyntheticOrder.__name__)
_Task: TypeAlias = Callable[[], Iterator[Answer]]


class SyntheticHost:
    """Keeps the synthetic orders of one gateway."""

    def __init__(self, config: SyntheticHostConfig, home: Home, context: Context) -> None:
        self._config = config
        self._home = home
        self._stream = context.stream
        self._streams: dict[ClOrdID, random.Random] = {}
        store = context.store
        self.markets = WatchedMarkets(CompID(context.name), config.venues, store)
        self._orders: dict[ClOrdID, SyntheticOrder] = store.setdefault("synthetic", {})  # type: ignore[assignment]  # what survives a crash is untyped
        self._named: dict[ClOrdID, tuple[ClOrdID, str]] = store.setdefault("children", {})  # type: ignore[assignment]  # as above
        """Every name that a child has had, to its order and what that calls it."""
        self._waiting: dict[ClOrdID, NewSyntheticOrder | EditSyntheticOrder] = store.setdefault(  # type: ignore[assignment]  # as above
            "waiting for room", {}
        )
        self._as_staged: dict[ClOrdID, ClOrdID] = store.setdefault("as staged", {})  # type: ignore[assignment]  # as above
        """What a staged parent calls an order, where that was changed."""
        self._wakes: dict[tuple[ClOrdID, str], int] = store.setdefault("wakes", {})  # type: ignore[assignment]  # as above
        self._wake_at: dict[tuple[ClOrdID, str], int] = store.setdefault("wake at", {})  # type: ignore[assignment]  # as above
        """When each of these is due, by the gateway's own clock."""
        self._implied: dict[Symbol, Market | None] = store.setdefault("implied", {})  # type: ignore[assignment]  # as above
        self._counts: dict[str, int] = store.setdefault("counts", {})  # type: ignore[assignment]  # as above
        self._drawn: dict[ClOrdID, int] = store.setdefault("drawn", {})  # type: ignore[assignment]  # as above
        self._queue: deque[tuple[str, _Task]] = deque()
        self._made: dict[Symbol, tuple[str, SyntheticInstrument]] = {
            made.instrument.symbol: (name, made)
            for name, order_type in config.order_types.items()
            if isinstance(order_type, InstrumentMaker)
            for made in order_type.instruments(config.instruments)
        }

    def has(self, name: str | None) -> bool:
        """Return whether a synthetic order of that name lives here, or did."""
        return name in self._orders or name in self._waiting

    # --- requests --------------------------------------------------------------------

    def request(self, request: SyntheticRequest, sender: CompID) -> Iterator[Answer]:
        """Do what a user asks."""
        if isinstance(request, NewSyntheticOrder):
            why = self._objection(request, sender)
            if why:
                yield self._reject(request.cl_ord_id, sender, type(request).__name__, why)
            elif request.parent_id is None:
                yield from self._run("a new order", lambda: self._create(request))
            else:
                self._waiting[request.cl_ord_id] = request
                yield from self._home.reserve(self._room_for(request, request.parent_id))
            return
        order = self._orders.get(request.cl_ord_id)
        kind = type(request).__name__
        if order is None or request.sender_comp_id != sender or order.originator != sender:
            why = f"{sender} has no synthetic order {request.cl_ord_id} here"
        elif order.is_over:
            why = f"{order.cl_ord_id} is {order.synth_status}"
        else:
            yield from self._ask(order, request, _Asking(kind))
            return
        yield self._reject(request.cl_ord_id, sender, kind, why)

    def on_behalf(self, asked: OnBehalf) -> Iterator[Answer]:
        """Cancel or change an order that is a staged order's child, as that one's type asks."""
        request, user = asked.request, asked.on_behalf_of_comp_id
        if isinstance(request, NewOrderSingle):
            raise TypeError(f"{request.cl_ord_id}: children that live here are synthetic orders")
        for order in list(self._orders.values()):
            known_as = self._as_staged.get(order.cl_ord_id, order.cl_ord_id)
            if (order.originator, known_as) == (user, request.orig_cl_ord_id):
                break
        else:
            raise KeyError(f"{user} has no order {request.orig_cl_ord_id} here")
        kind = type(request).__name__
        asking = _Asking(kind, by_parent=True, staged_name=request.cl_ord_id)
        if isinstance(request, OrderCancelRequest):
            event: SyntheticEvent = CancelAsked()
        else:
            edit = EditSyntheticOrder(
                sender_comp_id=user,
                cl_ord_id=order.cl_ord_id,
                order_qty=request.order_qty,
                price=request.price,
            )
            event = _edited(order, edit)
        name = order.cl_ord_id
        if order.is_over:
            effects: list[SyntheticEffect] = [Refuse(f"{name} is {order.synth_status}")]
            yield from self._run(kind, lambda: self._apply(name, effects, asking))
        else:
            yield from self._run(kind, lambda: self._tell(name, event, asking))

    def disconnect(self, request: Disconnect, sender: CompID) -> Iterator[Answer]:
        """Let a user's orders do as they are set to when he goes; those of other orders stay."""
        for order in list(self._orders.values()):
            is_his = order.originator == sender == request.sender_comp_id
            if is_his and not order.is_over and order.synthetic_parent is None:
                task = partial(self._tell, order.cl_ord_id, Disconnected())
                yield from self._run(f"the disconnection of {sender}", task)

    def _objection(self, request: NewSyntheticOrder, sender: CompID) -> str:
        if request.sender_comp_id != sender or sender not in self._home.logins.by_user:
            return f"{request.sender_comp_id} is not logged in here as {sender}"
        if self.has(request.cl_ord_id) or self._home.is_staged(StagedOrderID(request.cl_ord_id)):
            return f"the name {request.cl_ord_id} has been used"
        if request.order_type not in self._config.order_types:
            known = ", ".join(self._config.order_types) or "none"
            return f"there is no order type {request.order_type!r} here; there are: {known}"
        if self._instrument(request.symbol) is None:
            known = ", ".join([*self._config.instruments, *self._made])
            return f"no instrument {request.symbol!r} is known here; there are: {known}"
        made = self._made.get(request.symbol)
        if made is None and self._config.venues[request.symbol].gateway is None:
            return f"no gateway leads to the exchange of {request.symbol}"
        if made is not None and request.parent_id is not None:
            return f"{request.symbol} is no exchange's instrument: {request.parent_id} has none"
        cls = getattr(self._config.order_types[request.order_type], "parameters", None)
        if request.parameters is not None and (
            cls is None or not isinstance(request.parameters, cls)
        ):
            wanted = cls.__name__ if cls else "none"
            return f"parameters: expected {wanted}, found {type(request.parameters).__name__}"
        return ""

    def _create(
        self,
        request: NewSyntheticOrder,
        principal: ParentOrder | None = None,
        synthetic_parent: tuple[ClOrdID, str] | None = None,
    ) -> Iterator[Answer]:
        order_type = self._config.order_types[request.order_type]
        cls = getattr(order_type, "parameters", None)
        parameters = request.parameters
        if parameters is None and cls is not None:
            parameters = cls()
        order = SyntheticOrder(
            cl_ord_id=request.cl_ord_id,
            order_type=request.order_type,
            originator=request.sender_comp_id,
            symbol=request.symbol,
            side=request.side,
            order_qty=request.order_qty,
            price=request.price,
            time_in_force=request.time_in_force,
            account=request.account,
            parameters=parameters,
            disclosed_qty=request.disclosed_qty,
            self_match_prevention_id=request.self_match_prevention_id,
            self_match_prevention_instruction=request.self_match_prevention_instruction,
            principal=principal,
            staged_parent=request.parent_id,
            synthetic_parent=synthetic_parent,
        )
        self._orders[order.cl_ord_id] = order
        desk = _Desk(self, order.cl_ord_id)
        effects = self._decide(order, "enter", lambda: order_type.enter(order, desk))
        yield from self._apply(order.cl_ord_id, effects, _NEW)

    def _ask(
        self, order: SyntheticOrder, request: SyntheticRequest, asking: _Asking
    ) -> Iterator[Answer]:
        """Have an order's type decide about a request."""
        match request:
            case CancelSyntheticOrder(keeps_children=True):
                yield from self._delete(order, asking)
                return
            case CancelSyntheticOrder():
                event: SyntheticEvent = CancelAsked()
            case PauseSyntheticOrder():
                event = PauseAsked()
            case ResumeSyntheticOrder():
                event = ResumeAsked()
            case EditSyntheticOrder():
                why = self._objection_to_edit(order, request)
                if why:
                    yield self._reject(order.cl_ord_id, order.originator, asking.refused, why)
                    return
                qty = request.order_qty
                if order.staged_parent is not None and qty not in (None, order.order_qty):
                    yield from self._reserve_edit(order, request)
                    return
                event = _edited(order, request)
            case _:
                raise TypeError(f"{request!r} is about no order that there is")
        name = order.cl_ord_id
        yield from self._run(type(event).__name__, lambda: self._tell(name, event, asking))

    def _delete(self, order: SyntheticOrder, asking: _Asking) -> Iterator[Answer]:
        """End an order and leave its children where they are: nobody manages them any more."""
        name = order.cl_ord_id
        parent = order.synthetic_parent[0] if order.synthetic_parent else order.staged_parent
        why = ""
        if parent is not None:
            why = f"{name} is a child of {parent}, which would miss what its children fill"
        elif any(child.symbol in self._made for child in order.alive):
            why = f"{name} has children that are orders of {self._home.name}"
        elif not order.is_accepted:
            why = f"{name} has not been taken yet"
        if why:
            yield self._reject(name, order.originator, asking.refused, why)
            return
        order = attrs.evolve(order, is_floating=True)
        left = len(order.alive)
        text = f"deleted, with {left} children left to themselves" if left else "deleted"
        yield from self._finish(order, SynthStatus.CANCELED, text)

    def _objection_to_edit(self, order: SyntheticOrder, edit: EditSyntheticOrder) -> str:
        if not order.is_accepted:
            return f"{order.cl_ord_id} is {order.synth_status}"
        if edit.order_qty is not None and edit.order_qty < order.cum_qty:
            return f"order_qty {edit.order_qty}: expected at least what is filled, {order.cum_qty}"
        fields = attrs.fields_dict(type(order.parameters)) if order.parameters is not None else {}
        for name in edit.parameters:
            if name not in fields:
                return f"no parameter {name!r}; there are: {', '.join(fields) or 'none'}"
        try:
            _edited(order, edit)
        except ValueError as error:
            return str(error)
        return ""

    # --- room at a staged parent -----------------------------------------------------

    def _room_for(self, request: NewSyntheticOrder, parent_id: StagedOrderID) -> ReserveChild:
        order = NewOrderSingle(
            sender_comp_id=request.sender_comp_id,
            cl_ord_id=request.cl_ord_id,
            symbol=request.symbol,
            side=request.side,
            order_qty=request.order_qty,
            price=request.price,
            ord_type=OrdType.MARKET if request.price is None else OrdType.LIMIT,
            time_in_force=request.time_in_force,
            account=request.account,
            parent_id=parent_id,
            parent_gateway=self._home.name,
            self_match_prevention_id=request.self_match_prevention_id,
            self_match_prevention_instruction=request.self_match_prevention_instruction,
        )
        return ReserveChild(
            sender_comp_id=self._home.name,
            user=request.sender_comp_id,
            parent_id=parent_id,
            order=order,
        )

    def _reserve_edit(self, order: SyntheticOrder, request: EditSyntheticOrder) -> Iterator[Answer]:
        assert order.staged_parent is not None, "its room is a staged order's"
        assert request.order_qty is not None, "it is the quantity that needs room"
        name = ClOrdID(f"{order.cl_ord_id}~{self._count('edits')}")
        self._waiting[name] = request
        price = order.price if request.price is None else request.price
        change = OrderCancelReplaceRequest(
            sender_comp_id=order.originator,
            cl_ord_id=name,
            orig_cl_ord_id=self._as_staged.get(order.cl_ord_id, order.cl_ord_id),
            symbol=order.symbol,
            side=order.side,
            order_qty=request.order_qty,
            price=price,
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            time_in_force=order.time_in_force,
            account=order.account,
            self_match_prevention_id=order.self_match_prevention_id,
            self_match_prevention_instruction=order.self_match_prevention_instruction,
        )
        yield from self._home.reserve(
            ReserveChild(
                sender_comp_id=self._home.name,
                user=order.originator,
                parent_id=order.staged_parent,
                change=change,
            )
        )

    def reserved(self, reserved: ChildReserved) -> Iterator[Answer]:
        """A staged parent has room."""
        request = self._waiting.pop(reserved.cl_ord_id)
        if isinstance(request, NewSyntheticOrder):
            principal = ParentOrder(
                originator=reserved.originator,
                account=reserved.account,
                beneficiaries=reserved.beneficiaries,
            )
            new = request
            yield from self._run("a new order", lambda: self._create(new, principal))
            return
        order = self._orders[request.cl_ord_id]
        asking = _Asking(type(request).__name__, staged_name=reserved.cl_ord_id)
        why = order.is_over and f"{order.cl_ord_id} is {order.synth_status}"
        why = why or self._objection_to_edit(order, request)
        if why:  # something has happened since it was asked
            effects: list[SyntheticEffect] = [Refuse(why)]
            yield from self._run("an edit", lambda: self._apply(order.cl_ord_id, effects, asking))
            return
        event = _edited(order, request)
        yield from self._run("an edit", lambda: self._tell(order.cl_ord_id, event, asking))

    def refused(self, refused: ChildRefused) -> Iterator[Answer]:
        """A staged parent has no room, or does not want the child."""
        request = self._waiting.pop(refused.cl_ord_id)
        text = f"{refused.code.value} {refused.code.name}: {refused.text}"
        yield self._reject(request.cl_ord_id, refused.user, type(request).__name__, text)

    # --- what happens ----------------------------------------------------------------

    def reported(self, report: VenueReport) -> Iterator[Answer]:
        """An exchange gateway passes on what became of a child."""
        found = self._named.get(report.orig_cl_ord_id or report.cl_ord_id)
        if found is None:
            return
        if isinstance(report, OrderCancelReject) and report.cl_ord_id not in self._named:
            return  # its user's own request was refused, and nothing has changed
        name, child = found
        yield from self._run(
            f"a report of {child}", lambda: self._child_reported(name, child, report)
        )

    def market_news(self, news: MarketNews, sender: CompID) -> Iterator[Answer]:
        """A venue says what has changed of a market."""
        taken = self.markets.take(news, sender)
        if taken is None:
            return
        symbol, trades = taken
        moved: dict[Symbol, bool] = {}
        for name, asked in self.markets.watchers(symbol):
            if asked == symbol:
                event = MarketMoved(symbol, trades)
            else:
                if asked not in moved:
                    moved[asked] = self._has_moved(asked)
                if not moved[asked]:
                    continue
                event = MarketMoved(asked)
            yield from self._run(f"a move of {asked}", partial(self._tell, name, event))

    def woken(self, wake: WakeUp) -> Iterator[Answer]:
        if self._wakes.get((wake.cl_ord_id, wake.name)) != wake.number:
            return  # moved, or not wanted any more
        del self._wakes[wake.cl_ord_id, wake.name]
        self._wake_at.pop((wake.cl_ord_id, wake.name), None)
        event = Woken(wake.name)
        yield from self._run(wake.name, lambda: self._tell(wake.cl_ord_id, event))

    @property
    def is_waiting(self) -> bool:
        """Whether anybody has asked to be woken."""
        return bool(self._wakes)

    def wake_again(self) -> Iterator[Send]:
        """Ask once more for all moments that orders wait for: a restart has lost them."""
        now_ns = self._home.now_ns
        for (name, what), number in self._wakes.items():
            late_ns = max(self._wake_at[name, what] - now_ns, 0)
            yield Send(self._home.name, WakeUp(name, what, number), late_ns)

    def _has_moved(self, symbol: Symbol) -> bool:
        before, now = self._implied.get(symbol), self._market(symbol)
        self._implied[symbol] = now
        return now is not None and now != before

    # --- the queue -------------------------------------------------------------------

    def _run(self, what: str, task: _Task) -> Iterator[Answer]:
        self._queue.append((what, task))
        steps = 0
        while self._queue:
            what, task = self._queue.popleft()
            steps += 1
            if steps > STEPS_MAX:
                last = [what, *(each for each, _ in list(self._queue)[:3])]
                self._queue.clear()
                raise EndlessEffects(self._home.name, STEPS_MAX, last)
            yield from task()

    def _then(self, what: str, task: _Task) -> None:
        self._queue.append((what, task))

    def _decide(
        self,
        order: SyntheticOrder,
        asked: object,
        decide: Callable[[], Iterable[SyntheticEffect]],
    ) -> list[SyntheticEffect]:
        """Return all that an order type answers, before any of it is done (P8)."""
        try:
            return list(decide())
        except Exception as error:  # an order type is anybody's code
            raise OrderTypeFailed(order.order_type, order.cl_ord_id, asked, error) from error

    def _tell(
        self, name: ClOrdID, event: SyntheticEvent, asking: _Asking = _NEW
    ) -> Iterator[Answer]:
        order = self._orders.get(name)
        if order is None or order.is_floating:
            return
        if order.is_over and not isinstance(event, _OF_CHILDREN):
            return
        order_type, desk = self._config.order_types[order.order_type], _Desk(self, name)
        effects = self._decide(order, event, lambda: order_type.handle(order, event, desk))
        yield from self._apply(name, effects, asking)

    def _child_reported(self, name: ClOrdID, child: str, report: VenueReport) -> Iterator[Answer]:
        order = self._orders[name]
        known = _after(order.children[child], report)
        if isinstance(report, ExecutionReport) and report.exec_type is ExecType.REPLACED:
            self._named[report.cl_ord_id] = (name, child)
        self._keep_child(name, known)
        yield from self._tell(name, _event(child, report))
        after = self._orders[name].children[child]
        if order.is_floating:
            return  # what was asked of it and not sent is not asked any more
        if after.then is not None and after.asked is None and after.is_working:
            self._keep_child(name, attrs.evolve(after, then=None))
            yield from self._request_child(self._orders[name], after.then)

    def _keep_child(self, name: ClOrdID, child: Child) -> None:
        order = self._orders[name]
        before = order.children.get(child.name)
        if before is not None and order.symbol in self._made:
            self.markets.leaves(before, child)
        children = {**order.children, child.name: child}
        self._orders[name] = attrs.evolve(order, children=children)

    # --- effects ---------------------------------------------------------------------

    def _apply(
        self, name: ClOrdID, effects: list[SyntheticEffect], asking: _Asking
    ) -> Iterator[Answer]:
        for effect in effects:
            order = self._orders.get(name)
            if order is None:
                return  # it has been refused
            match effect:
                case Remember(state):
                    self._orders[name] = attrs.evolve(order, state=state)
                case Accept(status):
                    yield from self._accept(order, status)
                case Refuse(text):
                    yield from self._refuse(order, text, asking)
                case Amend():
                    yield from self._amend(order, effect, asking)
                case SetStatus(status, text):
                    if status is not order.synth_status or text:
                        self._orders[name] = order = attrs.evolve(order, synth_status=status)
                        yield from self._announce(order, self._update(order, text))
                case Fill():
                    yield from self._fill(order, effect)
                case LegFill(by, last_qty, last_px):
                    leg = order.children[by]
                    fill = self._fill_of(order, leg, last_qty, last_px)
                    fill = attrs.evolve(
                        fill,
                        symbol=leg.symbol,
                        side=leg.side,
                        multi_leg_reporting_type=MultiLegReportingType.LEG,
                    )
                    yield from self._announce(order, fill)
                case TakeBack(_, last_qty, last_px):
                    taken = order.cum_qty - last_qty, order.traded - last_qty * last_px
                    self._orders[name] = order = attrs.evolve(
                        order, cum_qty=taken[0], traded=taken[1]
                    )
                    yield from self._announce(order, self._update(order, "a trade is taken back"))
                    self._report_up(order, ExecType.TRADE_CANCEL, last_qty, last_px)
                case EnterChild():
                    yield from self._enter_child(order, effect)
                case ReplaceChild() | CancelChild():
                    yield from self._request_child(order, effect)
                case Wake(at_ns, what):
                    yield self._wake(order, at_ns, what)
                case CancelWake(what):
                    self._wakes.pop((name, what), None)
                    self._wake_at.pop((name, what), None)
                case Watch(symbol):
                    yield from self._watch(order, symbol)
                case Unwatch(symbol):
                    for each in self._legs(symbol):
                        yield from self.markets.unwatch((name, symbol), each)
                case Plan(steps):
                    yield Fact("schedule", OrderSchedule(cl_ord_id=name, steps=steps))
                case Finish(status, text):
                    yield from self._finish(order, status, text)
                case Warn(text):
                    yield Fact("warning", text)

    def _accept(self, order: SyntheticOrder, status: SynthStatus) -> Iterator[Answer]:
        order = attrs.evolve(order, is_accepted=True, synth_status=status)
        self._orders[order.cl_ord_id] = order
        parent = order.synthetic_parent
        ack = SyntheticAck(
            target_comp_id=order.originator,
            cl_ord_id=order.cl_ord_id,
            order_type=order.order_type,
            originator=order.originator,
            synth_status=status,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            leaves_qty=order.leaves_qty,
            price=order.price,
            account=order.account,
            parent_id=order.staged_parent if parent is None else StagedOrderID(parent[0]),
            parameters=order.parameters,
            self_match_prevention_id=order.self_match_prevention_id,
            self_match_prevention_instruction=order.self_match_prevention_instruction,
        )
        yield from self._announce(order, ack)
        self._report_up(order, ExecType.NEW)

    def _refuse(self, order: SyntheticOrder, text: str, asking: _Asking) -> Iterator[Answer]:
        if not order.is_accepted:
            # It never was, so that its name may be used again.
            yield from self._forget(order.cl_ord_id)
            del self._orders[order.cl_ord_id]
            yield self._reject(order.cl_ord_id, order.originator, asking.refused, text)
            order = attrs.evolve(order, is_over=True)
            self._report_up(order, ExecType.REJECTED, text=text)
            return
        if not asking.by_parent:
            yield self._reject(order.cl_ord_id, order.originator, asking.refused, text)
        if asking.by_parent or asking.staged_name is not None:
            self._refuse_up(order, text, asking)

    def _amend(self, order: SyntheticOrder, amend: Amend, asking: _Asking) -> Iterator[Answer]:
        order = attrs.evolve(
            order,
            order_qty=amend.order_qty,
            price=amend.price,
            disclosed_qty=amend.disclosed_qty,
            parameters=amend.parameters,
        )
        self._orders[order.cl_ord_id] = order
        yield from self._announce(order, self._update(order, "changed"))
        if order.synthetic_parent is not None:
            self._report_up(order, ExecType.REPLACED)
        elif asking.staged_name is not None:
            was = self._as_staged.get(order.cl_ord_id, order.cl_ord_id)
            self._as_staged[order.cl_ord_id] = asking.staged_name
            self._report_up(order, ExecType.REPLACED, orig=was)

    def _fill(self, order: SyntheticOrder, fill: Fill) -> Iterator[Answer]:
        assert 0 < fill.last_qty <= order.order_qty - order.cum_qty, "no more than is asked for"
        cum_qty = order.cum_qty + fill.last_qty
        is_over = order.is_over or cum_qty == order.order_qty
        order = attrs.evolve(
            order,
            cum_qty=cum_qty,
            traded=order.traded + fill.last_qty * fill.last_px,
            is_over=is_over,
            synth_status=SynthStatus.FINISHED if is_over else order.synth_status,
        )
        self._orders[order.cl_ord_id] = order
        child = order.children[fill.child]
        yield from self._announce(order, self._fill_of(order, child, fill.last_qty, fill.last_px))
        self._report_up(order, ExecType.TRADE, fill.last_qty, fill.last_px)
        if is_over:
            yield from self._forget(order.cl_ord_id)

    def _finish(self, order: SyntheticOrder, status: SynthStatus, text: str) -> Iterator[Answer]:
        if order.is_over:
            return
        order = attrs.evolve(order, is_over=True, synth_status=status)
        self._orders[order.cl_ord_id] = order
        yield from self._announce(order, self._update(order, text))
        expired = status is SynthStatus.EXPIRED
        self._report_up(order, ExecType.EXPIRED if expired else ExecType.CANCELED, text=text)
        yield from self._forget(order.cl_ord_id)

    def _forget(self, name: ClOrdID) -> Iterator[Answer]:
        """Wake and watch nothing for an order any more."""
        for key in [key for key in self._wakes if key[0] == name]:
            del self._wakes[key]
            self._wake_at.pop(key, None)
        for watcher, symbol in self.markets.watched_by(name):
            yield from self.markets.unwatch(watcher, symbol)

    # --- children --------------------------------------------------------------------

    def _enter_child(self, order: SyntheticOrder, enter: EnterChild) -> Iterator[Answer]:
        assert order.is_accepted, f"{order.cl_ord_id} has not been accepted yet"
        assert not order.is_over, f"{order.cl_ord_id} is {order.synth_status}"
        assert enter.child not in order.children, f"{enter.child} is a child of it already"
        cl_ord_id = ClOrdID(f"{order.cl_ord_id}/{enter.child}")
        child = Child(
            name=enter.child,
            cl_ord_id=cl_ord_id,
            symbol=enter.symbol,
            side=enter.side,
            order_qty=enter.order_qty,
            price=enter.price,
            ord_type=enter.ord_type,
            time_in_force=enter.time_in_force,
            post_only=enter.post_only,
            disclosed_qty=enter.disclosed_qty,
        )
        self._named[cl_ord_id] = (order.cl_ord_id, enter.child)
        self._keep_child(order.cl_ord_id, child)
        made = self._made.get(enter.symbol)
        if made is not None:
            request = NewSyntheticOrder(
                sender_comp_id=order.originator,
                cl_ord_id=cl_ord_id,
                order_type=made[0],
                symbol=enter.symbol,
                side=enter.side,
                order_qty=enter.order_qty,
                price=enter.price,
                time_in_force=enter.time_in_force,
                account=order.account,
                parameters=enter.parameters,
                disclosed_qty=enter.disclosed_qty,
                self_match_prevention_id=order.self_match_prevention_id,
                self_match_prevention_instruction=order.self_match_prevention_instruction,
            )
            parent = (order.cl_ord_id, enter.child)
            self._then(
                f"a child of {order.cl_ord_id}",
                lambda: self._create(request, order.principal, parent),
            )
            return
        sent = NewOrderSingle(
            sender_comp_id=order.originator,
            cl_ord_id=cl_ord_id,
            symbol=enter.symbol,
            side=enter.side,
            order_qty=enter.order_qty,
            price=enter.price,
            ord_type=enter.ord_type,
            time_in_force=enter.time_in_force,
            account=order.account,
            parent_id=StagedOrderID(order.cl_ord_id),
            display_qty=enter.display_qty,
            post_only=enter.post_only,
            self_match_prevention_id=order.self_match_prevention_id,
            self_match_prevention_instruction=order.self_match_prevention_instruction,
        )
        principal = order.principal or ParentOrder(
            originator=order.originator, account=order.account
        )
        yield self._send(enter.symbol, order, sent, principal)

    def _request_child(
        self, order: SyntheticOrder, request: ReplaceChild | CancelChild
    ) -> Iterator[Answer]:
        """Send a request about a child, or keep it until the one before is answered."""
        child = order.children[request.child]
        if child.is_over:
            return
        if not child.is_working or child.asked is not None:
            if not isinstance(child.then, CancelChild):
                self._keep_child(order.cl_ord_id, attrs.evolve(child, then=request))
            return
        number = child.requests + 1
        name = ClOrdID(f"{order.cl_ord_id}/{child.name}.{number}")
        if child.symbol in self._made:
            name = child.cl_ord_id  # its own order type keeps its name
        self._named[name] = (order.cl_ord_id, child.name)
        self._keep_child(
            order.cl_ord_id,
            attrs.evolve(child, asked=request, asked_as=name, requests=number, then=None),
        )
        if child.symbol in self._made:
            self._then(f"a request about {name}", lambda: self._ask_child(name, request))
            return
        if isinstance(request, CancelChild):
            sent: OrderRequest = OrderCancelRequest(
                sender_comp_id=order.originator,
                cl_ord_id=name,
                orig_cl_ord_id=child.cl_ord_id,
                symbol=child.symbol,
                side=child.side,
            )
        else:
            sent = OrderCancelReplaceRequest(
                sender_comp_id=order.originator,
                cl_ord_id=name,
                orig_cl_ord_id=child.cl_ord_id,
                symbol=child.symbol,
                side=child.side,
                order_qty=request.order_qty,
                price=request.price,
                ord_type=OrdType.LIMIT,
                time_in_force=child.time_in_force,
                account=order.account,
                post_only=child.post_only,
                self_match_prevention_id=order.self_match_prevention_id,
                self_match_prevention_instruction=order.self_match_prevention_instruction,
            )
        yield self._send(child.symbol, order, sent)

    def _ask_child(self, name: ClOrdID, request: ReplaceChild | CancelChild) -> Iterator[Answer]:
        """Ask an order that lives here what its parent wants of it."""
        order = self._orders.get(name)
        if order is None or order.is_over:
            return
        if isinstance(request, CancelChild):
            event: SyntheticEvent = CancelAsked()
        else:
            event = EditAsked(
                order_qty=request.order_qty,
                price=request.price,
                disclosed_qty=request.disclosed_qty,
                parameters=order.parameters,
            )
        asking = _Asking(type(request).__name__, by_parent=True)
        yield from self._tell(name, event, asking)

    def _send(
        self,
        symbol: Symbol,
        order: SyntheticOrder,
        request: OrderRequest,
        principal: ParentOrder | None = None,
    ) -> Send:
        gateway = self._config.venues[symbol].gateway
        if gateway is None:
            raise ValueError(f"no gateway leads to the exchange of {symbol}")
        asked = OnBehalf(
            sender_comp_id=self._home.name,
            on_behalf_of_comp_id=order.originator,
            request=request,
            parent=principal,
            parent_id=StagedOrderID(order.cl_ord_id),
        )
        return Send(gateway, asked)

    # --- what a parent is told -------------------------------------------------------

    def _report_up(
        self,
        order: SyntheticOrder,
        exec_type: ExecType,
        last_qty: Qty = 0,
        last_px: Price | None = None,
        *,
        orig: ClOrdID | None = None,
        text: str = "",
    ) -> None:
        """Tell an order's parent, if it has one, as an exchange would."""
        name = self._as_staged.get(order.cl_ord_id, order.cl_ord_id)
        if order.synthetic_parent is not None:
            parent_id = StagedOrderID(order.synthetic_parent[0])
            name = order.cl_ord_id
        elif order.staged_parent is not None:
            parent_id = order.staged_parent
        else:
            return
        report = ExecutionReport(
            target_comp_id=self._home.name,
            cl_ord_id=name,
            order_id=None,
            exec_id=ExecID(self._count("reports")),
            exec_type=exec_type,
            ord_status=_ord_status(order, exec_type),
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            leaves_qty=order.leaves_qty,
            cum_qty=order.cum_qty,
            transact_time_ns=self._home.now_ns,
            price=order.price,
            last_qty=last_qty,
            last_px=last_px,
            time_in_force=order.time_in_force,
            orig_cl_ord_id=orig,
            target_sub_id=order.originator,
            account=order.account,
            parent_id=parent_id,
            ord_rej_reason=OrdRejReason.OTHER if exec_type is ExecType.REJECTED else None,
            text=text,
        )
        self._tell_up(order, report)

    def _refuse_up(self, order: SyntheticOrder, text: str, asking: _Asking) -> None:
        name = self._as_staged.get(order.cl_ord_id, order.cl_ord_id)
        parent = order.synthetic_parent
        reject = OrderCancelReject(
            target_comp_id=self._home.name,
            cl_ord_id=asking.staged_name or name,
            orig_cl_ord_id=name,
            order_id=None,
            cxl_rej_response_to=(
                CxlRejResponseTo.ORDER_CANCEL_REQUEST
                if "Cancel" in asking.refused
                else CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
            ),
            cxl_rej_reason=CxlRejReason.OTHER,
            transact_time_ns=self._home.now_ns,
            symbol=order.symbol,
            target_sub_id=order.originator,
            parent_id=order.staged_parent if parent is None else StagedOrderID(parent[0]),
            text=text,
        )
        self._tell_up(order, reject)

    def _tell_up(self, order: SyntheticOrder, report: VenueReport) -> None:
        if order.synthetic_parent is not None:
            name, child = order.synthetic_parent
            self._then(
                f"a report of {order.cl_ord_id}",
                lambda: self._child_reported(name, child, report),
            )
        elif order.staged_parent is not None:
            self._then(f"a report of {order.cl_ord_id}", lambda: self._home.child_reported(report))

    # --- messages --------------------------------------------------------------------

    def _announce(self, order: SyntheticOrder, message: object) -> Iterator[Answer]:
        audience = self._home.logins.audience(order.originator, order.account, order.principal)
        for user in audience:
            yield Send(user, attrs.evolve(message, target_comp_id=user))  # type: ignore[misc]  # one of ours

    def _update(self, order: SyntheticOrder, text: str) -> SyntheticUpdate:
        return SyntheticUpdate(
            target_comp_id=order.originator,
            cl_ord_id=order.cl_ord_id,
            synth_status=order.synth_status,
            symbol=order.symbol,
            order_qty=order.order_qty,
            price=order.price,
            cum_qty=order.cum_qty,
            leaves_qty=order.leaves_qty,
            text=text,
        )

    def _fill_of(
        self, order: SyntheticOrder, child: Child, last_qty: Qty, last_px: Price
    ) -> SyntheticFill:
        is_made = order.symbol in self._made
        return SyntheticFill(
            target_comp_id=order.originator,
            cl_ord_id=order.cl_ord_id,
            child_id=child.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            last_qty=last_qty,
            last_px=last_px,
            cum_qty=order.cum_qty,
            leaves_qty=order.leaves_qty,
            synth_status=order.synth_status,
            multi_leg_reporting_type=(
                MultiLegReportingType.MULTILEG if is_made else MultiLegReportingType.SINGLE_SECURITY
            ),
        )

    @staticmethod
    def _reject(name: ClOrdID, user: CompID, refused: str, text: str) -> Send:
        reject = SyntheticReject(target_comp_id=user, cl_ord_id=name, refused=refused, text=text)
        return Send(user, reject)

    # --- wakes and markets -----------------------------------------------------------

    def _wake(self, order: SyntheticOrder, at_ns: int, name: str) -> Send:
        delay_ns = at_ns - self._home.now_ns
        if delay_ns < 0:
            raise ValueError(
                f"{order.order_type} asks to be woken {-delay_ns} ns before now ({name!r})"
            )
        number = self._wakes[order.cl_ord_id, name] = self._count("wakes")
        self._wake_at[order.cl_ord_id, name] = at_ns
        return Send(self._home.name, WakeUp(order.cl_ord_id, name, number), delay_ns)

    def _watch(self, order: SyntheticOrder, symbol: Symbol) -> Iterator[Answer]:
        name = order.cl_ord_id
        known = self._market(symbol) is not None
        for leg in self._legs(symbol):
            yield from self.markets.watch((name, symbol), leg)
        if known:
            self._then(f"the market of {symbol}", lambda: self._tell(name, MarketMoved(symbol)))

    def _legs(self, symbol: Symbol) -> tuple[Symbol, ...]:
        made = self._made.get(symbol)
        return (symbol,) if made is None else made[1].legs

    def _instrument(self, symbol: Symbol) -> Instrument | None:
        made = self._made.get(symbol)
        return self._config.instruments.get(symbol) if made is None else made[1].instrument

    def _market(self, symbol: Symbol) -> Market | None:
        made = self._made.get(symbol)
        if made is None:
            return self.markets.market(symbol)
        maker = self._config.order_types[made[0]]
        assert isinstance(maker, InstrumentMaker), "it makes instruments"
        return maker.market(symbol, _Desk(self, None, symbol))

    def _market_without(self, symbol: Symbol, made: Symbol) -> Market | None:
        """Return a leg's market without what orders in what is made of it have there.

        An order that follows the market of a spread would chase its own quote else.
        """
        orders = (order for order in self._orders.values() if order.symbol == made)
        return self.markets.without(symbol, [child for order in orders for child in order.alive])

    def _count(self, what: str) -> int:
        self._counts[what] = count = self._counts.get(what, 0) + 1
        return count

    def _draw(self, name: ClOrdID) -> Fraction:
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = self._stream(f"order {name}")
            for _ in range(self._drawn.get(name, 0)):  # made again after a crash
                stream.getrandbits(_BITS)
        self._drawn[name] = self._drawn.get(name, 0) + 1
        return Fraction(stream.getrandbits(_BITS), 1 << _BITS)


_BITS = 53


@attrs.frozen
class _Desk:
    """The gateway as an order type sees it for one order, or for what it makes."""

    _host: SyntheticHost
    _order: ClOrdID | None
    _made: Symbol | None = None
    """The instrument whose market is to be computed."""

    @property
    def now_ns(self) -> int:
        return self._host._home.now_ns

    @property
    def name(self) -> CompID:
        return self._host._home.name

    def may(self, user: CompID, permission: Permission) -> bool:
        return self._host._home.may(user, permission)

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return self._host._instrument(symbol)

    def is_synthetic(self, symbol: Symbol) -> bool:
        return symbol in self._host._made

    def market(self, symbol: Symbol) -> Market | None:
        if self._made is not None:
            return self._host._market_without(symbol, self._made)
        return self._host._market(symbol)

    def hours(self, symbol: Symbol) -> tuple[Hours, ...]:
        found: tuple[Hours, ...] = (Hours(0, None),)
        for leg in self._host._legs(symbol):
            found = _both(found, self._host._config.venues[leg].hours)
        return found

    def draw(self) -> Fraction:
        assert self._order is not None, "only an order draws"
        return self._host._draw(self._order)


def _both(one: tuple[Hours, ...], other: tuple[Hours, ...]) -> tuple[Hours, ...]:
    """Return when both are open."""
    found = []
    for a in one:
        for b in other:
            opens = max(a.opens_ns, b.opens_ns)
            ends = [end for end in (a.closes_ns, b.closes_ns) if end is not None]
            closes = min(ends, default=None)
            if closes is None or opens < closes:
                found.append(Hours(opens, closes))
    return tuple(sorted(found, key=lambda each: each.opens_ns))


def _edited(order: SyntheticOrder, edit: EditSyntheticOrder) -> EditAsked:
    """Return an edit as an order's type gets it: with all its terms."""
    parameters = order.parameters
    if edit.parameters:
        parameters = attrs.evolve(parameters, **edit.parameters)
    return EditAsked(
        order_qty=order.order_qty if edit.order_qty is None else edit.order_qty,
        price=order.price if edit.price is None else edit.price,
        disclosed_qty=(order.disclosed_qty if edit.disclosed_qty is None else edit.disclosed_qty),
        parameters=parameters,
    )


_OF_CHILDREN = (ChildReported, ChildFilled, ChildBusted)
"""What an order is told of though it is over."""


def _event(child: str, report: VenueReport) -> SyntheticEvent:
    if isinstance(report, ExecutionReport) and report.last_px is not None:
        if report.exec_type is ExecType.TRADE:
            return ChildFilled(child, report.last_qty, report.last_px, report)
        if report.exec_type is ExecType.TRADE_CANCEL:
            return ChildBusted(child, report.last_qty, report.last_px, report)
    return ChildReported(child, report)


def _after(child: Child, report: VenueReport) -> Child:
    """Return *child* as it stands after a report of it."""
    if isinstance(report, OrderCancelReject):
        if report.cl_ord_id != child.asked_as:
            return child
        return attrs.evolve(child, asked=None, asked_as=None)
    match report.exec_type:
        case ExecType.NEW:
            return attrs.evolve(child, is_working=True)
        case ExecType.TRADE if report.leaves_qty:
            return attrs.evolve(child, cum_qty=report.cum_qty)
        case ExecType.TRADE:
            return _over(child, report.cum_qty)
        case ExecType.TRADE_CANCEL:
            return attrs.evolve(child, cum_qty=report.cum_qty, order_qty=report.order_qty)
        case ExecType.REPLACED:
            asked = child.asked
            disclosed = asked.disclosed_qty if isinstance(asked, ReplaceChild) else None
            return attrs.evolve(
                child,
                cl_ord_id=report.cl_ord_id,
                order_qty=report.order_qty,
                price=report.price,
                disclosed_qty=disclosed,
                asked=None,
                asked_as=None,
            )
        case ExecType.CANCELED | ExecType.EXPIRED | ExecType.REJECTED:
            return _over(child, report.cum_qty)
        case _:
            return child


def _over(child: Child, cum_qty: Qty) -> Child:
    return attrs.evolve(
        child,
        cum_qty=cum_qty,
        is_working=False,
        is_over=True,
        asked=None,
        asked_as=None,
        then=None,
    )


def _ord_status(order: SyntheticOrder, exec_type: ExecType) -> OrdStatus:
    by_type = {
        ExecType.REJECTED: OrdStatus.REJECTED,
        ExecType.CANCELED: OrdStatus.CANCELED,
        ExecType.EXPIRED: OrdStatus.EXPIRED,
    }
    if exec_type in by_type:
        return by_type[exec_type]
    if order.cum_qty == order.order_qty:
        return OrdStatus.FILLED
    return OrdStatus.PARTIALLY_FILLED if order.cum_qty else OrdStatus.NEW
