"""The exchange gateway: users' way to a venue, and the venue's word to all who may see.

It is one session at the venue for many users.  Users name their orders as they like;
the gateway gives each request a name of its own session, and translates back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs
import msgspec

from ..market.credentials import Logins, ParentOrder
from ..market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    MassActionResponse,
    MsgType,
    OrdRejReason,
    OrdStatus,
)
from ..market.identifiers import ClOrdID, CompID, ExecID, StagedOrderID, Symbol
from ..market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
    OrderStatusRequest,
)
from ..market.objections import not_live
from ..market.quotes import MassQuote, MassQuoteAck, QuoteCancel, QuoteCancelAck
from ..market.rejects import BusinessMessageReject, SessionReject
from ..market.reports import no_status
from ..market.staging import ChildRefused, ChildReserved, ReserveChild
from ..market.synthetic import OnBehalf
from ..market.working import Working
from ..runtime.participant import Answer, Context, Delivery, Fact, Send
from .quote_routing import QuoteRouting


@attrs.frozen(kw_only=True)
class ExchangeGatewayConfig:
    """What one exchange gateway is set up with."""

    logins: Logins
    exchanges: Mapping[Symbol, CompID]
    """The matching engine of each instrument that is listed behind this gateway."""

    synthetic_gateways: Sequence[CompID]
    """Where parents of children may live."""


@attrs.define(kw_only=True, eq=False)
class _Order:
    """One user's order, as the gateway knows it."""

    user: CompID
    cl_ord_id: ClOrdID
    """As the user named it last, and the venue accepted."""

    session_id: ClOrdID
    """As the venue knows it."""

    symbol: Symbol
    audience: tuple[CompID, ...]
    parent_id: StagedOrderID | None = None
    parent_gateway: CompID | None = None


_Change: TypeAlias = OrderCancelRequest | OrderCancelReplaceRequest


@attrs.frozen
class _Waiting:
    """A request that waits for its parent's room."""

    request: NewOrderSingle | OrderCancelReplaceRequest
    order: _Order | None
    """The order that a change is for."""


class ExchangeGateway:
    """Passes users' requests on to the venue, and its reports to everyone who may see.

    Receives:
        `NewOrderSingle`, `OrderCancelRequest`, `OrderCancelReplaceRequest`,
        `OrderMassActionRequest`, `OrderStatusRequest`, `MassQuote` and `QuoteCancel` from users;
        `ExecutionReport`, `OrderCancelReject`, `OrderMassActionReport`, `MassQuoteAck`,
        `QuoteCancelAck`, `SessionReject` and `BusinessMessageReject` from matching engines;
        `ChildReserved`, `ChildRefused` and `OnBehalf` from SSE gateways.
    Sends:
        Requests, in its own session's name, to matching engines; `ReserveChild` to
        SSE gateways; reports to the audience of each order and quote, by name, and those about
        a child to its parent's gateway as well, after them; rejects to the sender, and
        to the SSE gateway that asked on his behalf; how an order stands, to its user alone.  What
        a venue refuses at the level of its session, which users have no part in, they hear as
        the reject of their order or change.

    Facts: ``session mismatch``, what only a venue or an SSE gateway may say from
    somebody else.
    """

    def __init__(self, config: ExchangeGatewayConfig, context: Context) -> None:
        self._config = config
        self._name = CompID(context.name)
        self._orders: dict[ClOrdID, _Order] = {}
        """By the name of every request of this session."""

        self._latest: dict[tuple[CompID, ClOrdID], _Order] = {}
        """By user and the order's latest name."""

        self._used: set[tuple[CompID, ClOrdID]] = set()
        self._waiting: dict[tuple[CompID, ClOrdID], _Waiting] = {}
        self._names: dict[ClOrdID, ClOrdID] = {}
        """The user's name for each request of this session."""

        self._sent: dict[str, NewOrderSingle | _Change] = {}
        """What was sent, by name, until the venue answers."""

        self._quotes = QuoteRouting(
            self._name,
            config.logins,
            config.exchanges,
            lambda user, name: (user, name) in self._used,
        )

        self._requests = 0
        self._rejects = 0
        self._now_ns = 0

    def working(self) -> Iterator[Working]:
        """Yield the orders that work, as far as this gateway knows, or that it has sent."""
        for order in self._latest.values():
            yield Working(
                session_id=order.session_id,
                user=order.user,
                cl_ord_id=order.cl_ord_id,
                symbol=order.symbol,
                audience=order.audience,
                parent_id=order.parent_id,
            )

    def unanswered(self) -> Iterator[str]:
        """Yield the requests that a venue or a parent has not answered yet, in words."""
        for name, request in self._sent.items():
            yield f"{type(request).__name__} {name}"
        for user, cl_ord_id in self._waiting:
            yield f"{user}'s {cl_ord_id}, which waits for its parent's room"

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        self._now_ns = delivery.now_ns
        match delivery.message:
            case NewOrderSingle() as order:
                return self._enter(order, CompID(delivery.sender))
            case OrderCancelRequest() | OrderCancelReplaceRequest() as change:
                return self._change(change, CompID(delivery.sender))
            case OrderMassActionRequest() as action:
                return self._cancel_all(action, CompID(delivery.sender))
            case OrderStatusRequest() as question:
                return self._ask(question, CompID(delivery.sender))
            case MassQuote() as quote:
                return self._quotes.quote(quote, CompID(delivery.sender), delivery.now_ns)
            case QuoteCancel() as cancel:
                return self._quotes.cancel(cancel, CompID(delivery.sender), delivery.now_ns)
            case (
                ExecutionReport()
                | OrderCancelReject()
                | OrderMassActionReport()
                | MassQuoteAck()
                | QuoteCancelAck()
                | SessionReject()
                | BusinessMessageReject() as message
            ) if delivery.sender not in self._config.exchanges.values():
                return self._mismatch(message, delivery.sender)
            case ChildReserved() | ChildRefused() | OnBehalf() as message if (
                delivery.sender not in self._config.synthetic_gateways
            ):
                return self._mismatch(message, delivery.sender)
            case OnBehalf() as asked:
                return self._on_behalf(asked, CompID(delivery.sender))
            case ExecutionReport(exec_type=ExecType.ORDER_STATUS) as report:
                return self._stands(report)
            case SessionReject(ref_msg_type=MsgType.ORDER_STATUS_REQUEST) as unsaid:
                return self._not_asked(unsaid)
            case ExecutionReport() as report if self._quotes.knows(report.cl_ord_id):
                return self._quotes.reported(report)
            case ExecutionReport() as report:
                return self._report(report)
            case MassQuoteAck() as ack:
                return self._quotes.acknowledged(ack)
            case QuoteCancelAck() as gone:
                return self._quotes.canceled(gone)
            case (
                SessionReject(ref_id=name)
                | BusinessMessageReject(business_reject_ref_id=name) as reject
            ):
                if self._quotes.knows(name):
                    return self._quotes.refused(reject)
                return self._message_refused(name, reject.text)
            case OrderCancelReject() as reject:
                return self._refused_by_venue(reject)
            case OrderMassActionReport() as report:
                return self._canceled_all(report)
            case ChildReserved() as reserved:
                return self._reserved(reserved)
            case ChildRefused() as refused:
                return self._refused_by_parent(refused)
            case other:
                raise TypeError(f"an exchange gateway has no use for {other!r}")

    @staticmethod
    def _mismatch(message: object, sender: str) -> Iterator[Answer]:
        yield Fact("session mismatch", {"sender": sender, "message": type(message).__name__})

    # --- from users ------------------------------------------------------------------

    def _enter(self, order: NewOrderSingle, user: CompID) -> Iterator[Answer]:
        objection = self._objection(order, user)
        if objection is not None:
            yield self._reject(order, user, *objection)
            return
        self._used.add((user, order.cl_ord_id))
        if order.parent_id is None:
            audience = self._config.logins.audience(user, order.account)
            yield self._forward(order, user, audience)
            return
        assert order.parent_gateway is not None, "an objection otherwise"
        self._waiting[user, order.cl_ord_id] = _Waiting(order, None)
        yield Send(
            order.parent_gateway,
            ReserveChild(
                sender_comp_id=self._name, user=user, parent_id=order.parent_id, order=order
            ),
        )

    def _objection(self, order: NewOrderSingle, user: CompID) -> tuple[OrdRejReason, str] | None:
        if order.sender_comp_id != user or user not in self._config.logins.by_user:
            return (
                OrdRejReason.BROKER_OPTION,
                f"{order.sender_comp_id} is not logged in here as {user}",
            )
        if order.symbol not in self._config.exchanges:
            known = ", ".join(self._config.exchanges)
            return (
                OrdRejReason.UNKNOWN_SYMBOL,
                f"{self._name} lists no {order.symbol!r}; it lists: {known}",
            )
        if (user, order.cl_ord_id) in self._used or self._quotes.is_quote(user, order.cl_ord_id):
            return (
                OrdRejReason.DUPLICATE_ORDER,
                f"{user} has used the name {order.cl_ord_id} before",
            )
        if order.parent_id is not None and (
            order.parent_gateway not in self._config.synthetic_gateways
        ):
            known = ", ".join(self._config.synthetic_gateways) or "none"
            return (
                OrdRejReason.BROKER_OPTION,
                f"{order.parent_gateway!r} holds no staged orders; gateways that do: {known}",
            )
        return None

    def _on_behalf(self, asked: OnBehalf, gateway: CompID) -> Iterator[Answer]:
        """Do for a user what the gateway of his order's parent asks.

        It holds the parent, so that there is nobody to ask for room.
        """
        user, request = asked.on_behalf_of_comp_id, asked.request
        if isinstance(request, NewOrderSingle):
            request = msgspec.structs.replace(request, parent_gateway=gateway)
            objection = self._objection(request, user)
            if objection is not None:
                yield from self._told(self._reject(request, user, *objection), gateway)
                return
            self._used.add((user, request.cl_ord_id))
            audience = self._config.logins.audience(user, request.account, asked.parent)
            yield self._forward(request, user, audience)
            return
        order = self._latest.get((user, request.orig_cl_ord_id))
        if order is None or order.parent_gateway != gateway:
            text = f"{gateway} has no working child {request.orig_cl_ord_id} of {user}'s here"
            reason = CxlRejReason.UNKNOWN_ORDER
        elif (user, request.cl_ord_id) in self._used:
            text = f"{user} has used the name {request.cl_ord_id} before"
            reason = CxlRejReason.DUPLICATE_CL_ORD_ID
        else:
            self._used.add((user, request.cl_ord_id))
            yield self._forward_change(request, order)
            return
        reject = self._cancel_rejected(request, user, reason, text)
        reject = attrs.evolve(reject, parent_id=asked.parent_id)
        yield from self._told(Send(user, reject), gateway)

    @staticmethod
    def _told(reject: Send, gateway: CompID) -> Iterator[Send]:
        """Yield a reject for its user, and for the gateway that asked on his behalf."""
        yield reject
        message: ExecutionReport | OrderCancelReject = reject.message  # type: ignore[assignment]  # one of its own
        if isinstance(message, ExecutionReport):
            yield Send(gateway, msgspec.structs.replace(message, target_comp_id=gateway))
        else:
            yield Send(gateway, attrs.evolve(message, target_comp_id=gateway))

    def _change(self, change: _Change, user: CompID) -> Iterator[Answer]:
        order = self._latest.get((user, change.orig_cl_ord_id))
        if change.sender_comp_id != user or order is None:
            yield self._cancel_reject(
                change,
                user,
                CxlRejReason.ORDER_ALREADY_IN_PENDING_STATUS
                if (user, change.orig_cl_ord_id) in self._waiting
                else CxlRejReason.UNKNOWN_ORDER,
                f"{user} has no working order {change.orig_cl_ord_id} at {self._name}",
            )
            return
        if (user, change.cl_ord_id) in self._used:
            yield self._cancel_reject(
                change,
                user,
                CxlRejReason.DUPLICATE_CL_ORD_ID,
                f"{user} has used the name {change.cl_ord_id} before",
            )
            return
        self._used.add((user, change.cl_ord_id))
        if isinstance(change, OrderCancelRequest) or order.parent_id is None:
            yield self._forward_change(change, order)
            return
        assert order.parent_gateway is not None, "a child came from a parent's gateway"
        self._waiting[user, change.cl_ord_id] = _Waiting(change, order)
        yield Send(
            order.parent_gateway,
            ReserveChild(
                sender_comp_id=self._name, user=user, parent_id=order.parent_id, change=change
            ),
        )

    def _cancel_all(self, action: OrderMassActionRequest, user: CompID) -> Iterator[Answer]:
        """Pass a user's mass action on, to every venue that it may concern."""
        text = ""
        if action.sender_comp_id != user or user not in self._config.logins.by_user:
            text = f"{action.sender_comp_id} is not logged in here as {user}"
        elif action.symbol is not None and action.symbol not in self._config.exchanges:
            known = ", ".join(self._config.exchanges)
            text = f"{self._name} lists no {action.symbol!r}; it lists: {known}"
        elif (user, action.cl_ord_id) in self._used:
            text = f"{user} has used the name {action.cl_ord_id} before"
        if text:
            yield Send(
                user,
                OrderMassActionReport(
                    target_comp_id=user,
                    cl_ord_id=action.cl_ord_id,
                    mass_action_response=MassActionResponse.REJECTED,
                    transact_time_ns=self._now_ns,
                    target_sub_id=user,
                    text=text,
                ),
            )
            return
        self._used.add((user, action.cl_ord_id))
        exchanges = self._config.exchanges
        concerned = [exchanges[action.symbol]] if action.symbol else exchanges.values()
        sent = msgspec.structs.replace(
            action,
            sender_comp_id=self._name,
            cl_ord_id=self._session_name(action.cl_ord_id),
            sender_sub_id=user,
        )
        for venue in dict.fromkeys(concerned):
            yield Send(venue, sent)

    def _ask(self, question: OrderStatusRequest, user: CompID) -> Iterator[Answer]:
        """Pass on a user's question how an order of his stands."""
        order = self._latest.get((user, question.cl_ord_id))
        if question.sender_comp_id != user or order is None:
            told = no_status(question, not_live(question), self._now_ns)
            yield Send(user, msgspec.structs.replace(told, target_comp_id=user))
            return
        sent = msgspec.structs.replace(
            question, sender_comp_id=self._name, cl_ord_id=order.session_id, sender_sub_id=user
        )
        yield Send(self._config.exchanges[order.symbol], sent)

    # --- from the parent's gateway ---------------------------------------------------

    def _reserved(self, reserved: ChildReserved) -> Iterator[Answer]:
        waiting = self._waiting.pop((reserved.user, reserved.cl_ord_id))
        if waiting.order is not None:
            assert isinstance(waiting.request, OrderCancelReplaceRequest)
            yield self._forward_change(waiting.request, waiting.order)
            return
        assert isinstance(waiting.request, NewOrderSingle)
        parent = ParentOrder(
            originator=reserved.originator,
            account=reserved.account,
            beneficiaries=reserved.beneficiaries,
        )
        audience = self._config.logins.audience(reserved.user, waiting.request.account, parent)
        yield self._forward(waiting.request, reserved.user, audience)

    def _refused_by_parent(self, refused: ChildRefused) -> Iterator[Answer]:
        waiting = self._waiting.pop((refused.user, refused.cl_ord_id))
        self._used.discard((refused.user, refused.cl_ord_id))
        text = f"{refused.code.value} {refused.code.name}: {refused.text}"
        if isinstance(waiting.request, NewOrderSingle):
            yield self._reject(waiting.request, refused.user, OrdRejReason.BROKER_OPTION, text)
        else:
            yield self._cancel_reject(
                waiting.request, refused.user, CxlRejReason.BROKER_OPTION, text
            )

    # --- to the venue ----------------------------------------------------------------

    def _session_name(self, cl_ord_id: ClOrdID) -> ClOrdID:
        self._requests += 1
        name = ClOrdID(f"{self._name}-{self._requests}")
        self._names[name] = cl_ord_id
        return name

    def _forward(self, order: NewOrderSingle, user: CompID, audience: tuple[CompID, ...]) -> Send:
        name = self._session_name(order.cl_ord_id)
        known = _Order(
            user=user,
            cl_ord_id=order.cl_ord_id,
            session_id=name,
            symbol=order.symbol,
            audience=audience,
            parent_id=order.parent_id,
            parent_gateway=order.parent_gateway if order.parent_id is not None else None,
        )
        self._orders[name] = self._latest[user, order.cl_ord_id] = known
        sent = msgspec.structs.replace(
            order, sender_comp_id=self._name, cl_ord_id=name, sender_sub_id=user
        )
        self._sent[name] = sent
        return Send(self._config.exchanges[order.symbol], sent)

    def _forward_change(self, change: _Change, order: _Order) -> Send:
        name = self._session_name(change.cl_ord_id)
        self._orders[name] = order
        sent: _Change = msgspec.structs.replace(
            change,
            sender_comp_id=self._name,
            cl_ord_id=name,
            orig_cl_ord_id=order.session_id,
            sender_sub_id=order.user,
        )
        self._sent[name] = sent
        return Send(self._config.exchanges[order.symbol], sent)

    # --- from the venue --------------------------------------------------------------

    def _report(self, report: ExecutionReport) -> Iterator[Answer]:
        orig = report.orig_cl_ord_id
        self._sent.pop(report.cl_ord_id, None)
        # What a mass action cancels is known by its own name alone.
        order = self._orders.get(report.cl_ord_id) or self._orders[orig or report.cl_ord_id]
        told = msgspec.structs.replace(
            report,
            target_comp_id=order.user,
            cl_ord_id=self._names[report.cl_ord_id],
            orig_cl_ord_id=None if orig is None else self._names[orig],
        )
        if report.exec_type is ExecType.REJECTED:
            self._forget(order)
            self._used.discard((order.user, order.cl_ord_id))
            audience: tuple[CompID, ...] = (order.user,)
        else:
            audience = order.audience
            if report.exec_type is ExecType.REPLACED:
                del self._latest[order.user, order.cl_ord_id]
                order = attrs.evolve(order, cl_ord_id=told.cl_ord_id, session_id=report.cl_ord_id)
                self._orders[report.cl_ord_id] = order
                self._latest[order.user, order.cl_ord_id] = order
            if report.leaves_qty == 0:
                self._forget(order)
        for user in audience:
            yield Send(user, msgspec.structs.replace(told, target_comp_id=user))
        if order.parent_gateway is not None:
            yield Send(
                order.parent_gateway,
                msgspec.structs.replace(told, target_comp_id=order.parent_gateway),
            )

    def _stands(self, report: ExecutionReport) -> Iterator[Answer]:
        """Tell a user how his order stands: nothing has happened that others would hear of."""
        user, name = self._orders[report.cl_ord_id].user, self._names[report.cl_ord_id]
        yield Send(user, msgspec.structs.replace(report, target_comp_id=user, cl_ord_id=name))

    def _not_asked(self, reject: SessionReject) -> Iterator[Answer]:
        """Tell a user that his question has no text in the session with the venue."""
        user = self._orders[ClOrdID(reject.ref_id)].user
        name = self._names[ClOrdID(reject.ref_id)]
        yield Send(user, msgspec.structs.replace(reject, target_comp_id=user, ref_id=name))

    def _refused_by_venue(self, reject: OrderCancelReject) -> Iterator[Answer]:
        self._sent.pop(reject.cl_ord_id, None)
        order = self._orders[reject.cl_ord_id]
        told = attrs.evolve(
            reject,
            target_comp_id=order.user,
            cl_ord_id=self._names[reject.cl_ord_id],
            orig_cl_ord_id=self._names[reject.orig_cl_ord_id],
            parent_id=order.parent_id,
        )
        self._used.discard((order.user, told.cl_ord_id))
        yield Send(order.user, told)
        if order.parent_gateway is not None:
            yield Send(
                order.parent_gateway, attrs.evolve(told, target_comp_id=order.parent_gateway)
            )

    def _message_refused(self, name: str, text: str) -> Iterator[Answer]:
        """Tell of a message that the venue has refused as the reject of what it asked for."""
        request = self._sent[name]
        user = request.sender_sub_id
        assert user is not None, "this session's requests name their user"
        if isinstance(request, NewOrderSingle):
            reason = OrdRejReason.OTHER
            yield from self._report(self._rejected(request, user, reason, text))
        else:
            yield from self._refused_by_venue(
                self._cancel_rejected(request, user, CxlRejReason.OTHER, text)
            )

    def _canceled_all(self, report: OrderMassActionReport) -> Iterator[Answer]:
        user = report.target_sub_id
        assert user is not None, "this session's requests name their user"
        name = self._names[report.cl_ord_id]
        if report.mass_action_response is MassActionResponse.REJECTED:
            self._used.discard((user, name))
        yield Send(user, msgspec.structs.replace(report, target_comp_id=user, cl_ord_id=name))

    def _forget(self, order: _Order) -> None:
        self._latest.pop((order.user, order.cl_ord_id), None)

    # --- the gateway's own rejects ---------------------------------------------------

    def _reject(self, order: NewOrderSingle, user: CompID, reason: OrdRejReason, text: str) -> Send:
        return Send(user, self._rejected(order, user, reason, text))

    def _rejected(
        self, order: NewOrderSingle, user: CompID, reason: OrdRejReason, text: str
    ) -> ExecutionReport:
        self._rejects += 1
        return ExecutionReport(
            target_comp_id=user,
            cl_ord_id=order.cl_ord_id,
            order_id=None,
            exec_id=ExecID(self._rejects),
            exec_type=ExecType.REJECTED,
            ord_status=OrdStatus.REJECTED,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
            leaves_qty=0,
            cum_qty=0,
            transact_time_ns=self._now_ns,
            price=order.price,
            ord_type=order.ord_type,
            time_in_force=order.time_in_force,
            target_sub_id=user,
            account=order.account,
            parent_id=order.parent_id,
            ord_rej_reason=reason,
            text=text,
        )

    def _cancel_reject(
        self, change: _Change, user: CompID, reason: CxlRejReason, text: str
    ) -> Send:
        return Send(user, self._cancel_rejected(change, user, reason, text))

    def _cancel_rejected(
        self, change: _Change, user: CompID, reason: CxlRejReason, text: str
    ) -> OrderCancelReject:
        return OrderCancelReject(
            target_comp_id=user,
            cl_ord_id=change.cl_ord_id,
            orig_cl_ord_id=change.orig_cl_ord_id,
            order_id=None,
            cxl_rej_response_to=(
                CxlRejResponseTo.ORDER_CANCEL_REQUEST
                if isinstance(change, OrderCancelRequest)
                else CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST
            ),
            cxl_rej_reason=reason,
            transact_time_ns=self._now_ns,
            symbol=change.symbol,
            target_sub_id=user,
            text=text,
        )
