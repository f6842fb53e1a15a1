"""The SSE gateway: home of staged orders and of every other synthetic order type.

It knows who is logged in, who may do what and who may see what; what an order *is*
and does belongs to the order types, which load as plugins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from ..market.credentials import Login, Logins, ParentOrder
from ..market.identifiers import Account, CompID, StagedOrderID, Symbol
from ..market.instrument import Instrument
from ..market.messages import (
    ExecutionReport,
    MarketDataIncrementalRefresh,
    MarketDataRequestReject,
    MarketDataSnapshot,
    NewOrderSingle,
    OrderCancelReject,
    OrderRequest,
    VenueReport,
)
from ..market.operations import SecurityStatus
from ..market.permissions import Permissions
from ..market.staging import (
    ChildRefused,
    ChildReserved,
    NewStagedOrder,
    Permission,
    RejectCode,
    ReserveChild,
    SetPermission,
    StagedReject,
    StagedRequest,
    forbidden,
)
from ..market.synthetic import (
    CancelSyntheticOrder,
    Disconnect,
    EditSyntheticOrder,
    NewSyntheticOrder,
    OnBehalf,
    PauseSyntheticOrder,
    ResumeSyntheticOrder,
)
from ..plugins.desk import (
    Announce,
    AskOnBehalf,
    ChildReport,
    DeskEffect,
    Keep,
    OrderType,
    Parent,
    Tell,
    Warn,
)
from ..runtime.participant import Answer, Context, Delivery, Fact, Send
from .synthetic_host import SyntheticHost, SyntheticHostConfig, WakeAgain, WakeUp


@attrs.frozen(kw_only=True)
class SseGatewayConfig:
    """What one SSE gateway is set up with."""

    logins: Logins
    permissions: Permissions
    """What users may do at the start."""

    order_types: Mapping[str, OrderType]
    listed: Mapping[CompID, Mapping[Symbol, Instrument]]
    """What is listed behind each exchange gateway of the floor."""

    accounts: Mapping[Account, Sequence[CompID]]
    """Who has each account, on any gateway."""

    administrators: Sequence[CompID] = ()
    """Who may change permissions."""

    synthetic: SyntheticHostConfig = attrs.field(factory=SyntheticHostConfig)
    """The order types that act, and the markets that they act in."""


class SseGateway:
    """Takes staged orders, claims and what happens to children; tells who may see.

    Receives:
        `NewStagedOrder` and what else users ask of staged orders (`StagedRequest`);
        `ReserveChild`, `ExecutionReport` and `OrderCancelReject` about children from
        exchange gateways; `SetPermission` from an administrator; requests about synthetic
        orders from users, and market data from exchanges (`synthetic_host`).
    Sends:
        What the order types say, to the audience of the order on this gateway or to
        one user alone; `ChildReserved` or `ChildRefused` to the child's gateway, and
        `OnBehalf` what an order type has done to a child;
        `MarketDataRequest` to exchanges.

    Facts: ``warning``, an order type's; ``not an administrator``, a setting that
    somebody else sent, which is not made; ``session mismatch``, what only an exchange
    gateway may say from somebody else.
    """

    def __init__(self, config: SseGatewayConfig, context: Context) -> None:
        self._config = config
        self._context = context
        store = context.store
        self._parents: dict[StagedOrderID, tuple[str, Parent]] = store.setdefault("parents", {})  # type: ignore[assignment]  # what survives a crash is untyped
        store.setdefault("permissions", config.permissions)
        self._now_ns = 0
        self._host = SyntheticHost(config.synthetic, self, context)

    def start(self) -> Iterator[Answer]:
        if self._host.is_waiting:  # it is back from a crash
            yield Send(self.name, WakeAgain())

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = delivery.now_ns
        match delivery.message:
            case WakeAgain() if delivery.sender == self.name:
                yield from self._host.wake_again()
            case (
                NewSyntheticOrder()
                | EditSyntheticOrder()
                | CancelSyntheticOrder()
                | PauseSyntheticOrder()
                | ResumeSyntheticOrder() as request
            ):
                yield from self._host.request(request, CompID(delivery.sender))
            case Disconnect() as gone:
                yield from self._host.disconnect(gone, CompID(delivery.sender))
            case (
                MarketDataSnapshot()
                | MarketDataIncrementalRefresh()
                | MarketDataRequestReject()
                | SecurityStatus() as news
            ):
                yield from self._host.market_news(news, CompID(delivery.sender))
            case WakeUp() | ChildReserved() | ChildRefused() | OnBehalf() as own if (
                delivery.sender == self.name
            ):
                yield from self._own(own)
            case NewStagedOrder() as order:
                yield from self._stage(order, CompID(delivery.sender))
            case request if isinstance(request, StagedRequest):
                yield from self._request(request, CompID(delivery.sender))
            case ReserveChild() | ExecutionReport() | OrderCancelReject() as message if (
                delivery.sender not in self._config.listed
            ):
                # Whoever could ask in a gateway's name would be told of others' orders.
                yield Fact(
                    "session mismatch",
                    {"sender": delivery.sender, "message": type(message).__name__},
                )
            case ReserveChild() as ask:
                yield from self._reserve(attrs.evolve(ask, sender_comp_id=CompID(delivery.sender)))
            case ExecutionReport() | OrderCancelReject() as report if self._host.has(
                report.parent_id
            ):
                yield from self._host.reported(report)
            case ExecutionReport() | OrderCancelReject() as report:
                yield from self._child(report, CompID(delivery.sender))
            case SetPermission() as setting if delivery.sender in self._config.administrators:
                self._set(setting)
            case SetPermission():
                yield Fact("not an administrator", {"sender": delivery.sender})
            case other:
                raise TypeError(f"an SSE gateway has no use for {other!r}")

    # --- the desk, as order types see it ---------------------------------------------

    @property
    def now_ns(self) -> int:
        return self._now_ns

    @property
    def name(self) -> CompID:
        return CompID(self._context.name)

    @property
    def _permissions(self) -> Permissions:
        return self._context.store["permissions"]  # type: ignore[return-value]  # as above

    def may(self, user: CompID, permission: Permission, account: Account | None = None, /) -> bool:
        return self._permissions.may(user, permission, account)

    def login(self, user: CompID) -> Login | None:
        return self._config.logins.by_user.get(user)

    def sees(self, user: CompID, parent: Parent) -> bool:
        return user in self._config.logins.audience(parent.originator, parent.account)

    def beneficiaries(self, parent: Parent) -> Sequence[CompID]:
        order = ParentOrder(originator=parent.originator, account=parent.account)
        return self._config.logins.beneficiaries(order)

    def holders(self, account: Account) -> Sequence[CompID]:
        return self._config.accounts.get(account, ())

    def instrument(self, symbol: Symbol) -> Instrument | None:
        for instruments in self._config.listed.values():
            if symbol in instruments:
                return instruments[symbol]
        return None

    def parents(self) -> Iterator[tuple[Parent, Sequence[CompID]]]:
        """Yield every staged order with those who may see it."""
        for _, parent in self._parents.values():
            yield parent, self._config.logins.audience(parent.originator, parent.account)

    # --- requests --------------------------------------------------------------------

    def _stage(self, order: NewStagedOrder, sender: CompID) -> Iterator[Answer]:
        code, why = RejectCode.NOT_ALLOWED, ""
        listed = self._config.listed.get(order.gateway)
        order_type = self._config.order_types.get(order.staged_type)
        if order.sender_comp_id != sender or self.login(sender) is None:
            code = RejectCode.SUBMIT_STAGED_FORBIDDEN
            why = f"{order.sender_comp_id} is not logged in here as {sender}"
        elif order.staged_order_id in self._parents or self._host.has(order.staged_order_id):
            why = f"the name {order.staged_order_id} has been used"
        elif order_type is None:
            known = ", ".join(self._config.order_types) or "none"
            why = f"there is no order type {order.staged_type!r} here; there are: {known}"
        elif listed is None:
            why = f"{order.gateway!r} is not a gateway of an exchange"
        elif order.symbol not in listed:
            code = RejectCode.INCORRECT_INSTRUMENT_TYPE
            why = f"{order.gateway} lists no single instrument {order.symbol!r}"
        if why or order_type is None:
            yield self._send(_reject(order, sender, code, why))
            return
        yield from self._carry_out(order.staged_type, None, order_type.submit(order, self))

    def _request(self, request: StagedRequest, sender: CompID) -> Iterator[Answer]:
        found = self._parents.get(request.staged_order_id)
        # Who may not see an order is not told that it exists.
        if found is None or request.sender_comp_id != sender or not self.sees(sender, found[1]):
            text = f"{request.staged_order_id} is not in {sender}'s window"
            yield self._send(_reject(request, sender, forbidden(request), text))
            return
        type_name, parent = found
        effects = self._config.order_types[type_name].handle(parent, request, self)
        yield from self._carry_out(type_name, parent, effects)

    def _reserve(self, ask: ReserveChild) -> Iterator[Answer]:
        found = self._parents.get(ask.parent_id)
        if found is None or not self.sees(ask.user, found[1]):
            yield self._send(
                ChildRefused(
                    target_comp_id=ask.sender_comp_id,
                    user=ask.user,
                    cl_ord_id=ask.cl_ord_id,
                    parent_id=ask.parent_id,
                    code=RejectCode.STAGED_CHILD_FORBIDDEN,
                    text=f"{ask.parent_id} is not in {ask.user}'s window",
                )
            )
            return
        type_name, parent = found
        effects = self._config.order_types[type_name].handle(parent, ask, self)
        yield from self._carry_out(type_name, parent, effects)

    def _child(
        self, report: ExecutionReport | OrderCancelReject, gateway: CompID
    ) -> Iterator[Answer]:
        assert report.parent_id is not None, "an exchange gateway passes on children only"
        type_name, parent = self._parents[report.parent_id]
        event = ChildReport(gateway, report)
        effects = self._config.order_types[type_name].handle(parent, event, self)
        yield from self._carry_out(type_name, parent, effects)

    def _set(self, setting: SetPermission) -> None:
        self._context.store["permissions"] = self._permissions.after(setting)

    # --- the host of order types that act ---------------------------------------------

    @property
    def logins(self) -> Logins:
        return self._config.logins

    def is_staged(self, name: StagedOrderID) -> bool:
        return name in self._parents

    def reserve(self, ask: ReserveChild) -> Iterator[Answer]:
        yield from self._reserve(ask)

    def child_reported(self, report: VenueReport) -> Iterator[Answer]:
        yield from self._child(report, self.name)

    def _own(self, message: WakeUp | ChildReserved | ChildRefused | OnBehalf) -> Iterator[Answer]:
        """Go on with what an order that lives here has asked of another that does."""
        match message:
            case WakeUp():
                yield from self._host.woken(message)
            case ChildReserved():
                yield from self._host.reserved(message)
            case ChildRefused():
                yield from self._host.refused(message)
            case OnBehalf():
                yield from self._host.on_behalf(message)

    # --- effects ---------------------------------------------------------------------

    def _carry_out(
        self, type_name: str, parent: Parent | None, effects: Iterable[DeskEffect]
    ) -> Iterator[Answer]:
        for effect in list(effects):  # all decided before anything is done
            match effect:
                case Keep(parent):
                    self._parents[parent.staged_order_id] = (type_name, parent)
                case Tell(message):
                    yield self._send(message)
                case Announce(message):
                    assert parent is not None, "an order is kept before it is announced"
                    audience = self._config.logins.audience(parent.originator, parent.account)
                    for user in audience:
                        yield Send(user, attrs.evolve(message, target_comp_id=user))  # type: ignore[misc]  # a message of the order type's
                case AskOnBehalf(gateway, request):
                    assert parent is not None, "what is asked for is an order's child"
                    yield Send(gateway, self._on_behalf(parent, request))
                case Warn(text):
                    yield Fact("warning", text)

    def _on_behalf(self, parent: Parent, request: OrderRequest) -> OnBehalf:
        order = ParentOrder(
            originator=parent.originator,
            account=parent.account,
            beneficiaries=tuple(self.beneficiaries(parent)),
        )
        return OnBehalf(
            sender_comp_id=self.name,
            on_behalf_of_comp_id=request.sender_comp_id,
            request=request,
            parent=order if isinstance(request, NewOrderSingle) else None,
            parent_id=parent.staged_order_id,
        )

    @staticmethod
    def _send(message: object) -> Send:
        recipient: str = message.target_comp_id  # type: ignore[attr-defined]  # as above
        return Send(recipient, message)


def _reject(
    request: NewStagedOrder | StagedRequest, user: CompID, code: RejectCode, text: str
) -> StagedReject:
    return StagedReject(
        target_comp_id=user,
        staged_order_id=request.staged_order_id,
        refused=type(request).__name__,
        code=code,
        text=text,
    )
