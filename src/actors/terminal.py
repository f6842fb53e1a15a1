"""A trading screen: what its user's acts become, and what its window holds.

What a person cannot do at a screen never leaves it: nobody claims, works or cancels
what his window does not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..market.fix import OrdType, TimeInForce
from ..market.identifiers import ClOrdID, CompID
from ..market.messages import (
    STOPS,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
    OrderStatusRequest,
    Terms,
)
from ..market.staging import (
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    Claim,
    HoldStagedOrder,
    RejectRequest,
    StagedRequest,
    Unclaim,
)
from ..market.synthetic import (
    CancelSyntheticOrder,
    Disconnect,
    EditSyntheticOrder,
    PauseSyntheticOrder,
    ResumeSyntheticOrder,
    SyntheticRequest,
)
from ..market.terminal import (
    Act,
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
    StagedAct,
    SyntheticAct,
    UnclaimOrder,
)
from ..market.window import OrderRow, StagedRow, SyntheticRow, Window
from ..runtime.participant import Answer, Delivery, Fact, Send


@attrs.define(eq=False)
class Terminal:
    """One user's screen.

    Facts: ``not possible``, an act for which the window has no button.
    """

    user: CompID
    window: Window = attrs.field(init=False, factory=Window)
    _typed: dict[ClOrdID, Terms] = attrs.field(init=False, factory=dict)
    """Of the orders that were sent from here, what was sent: no report repeats all of it."""

    def act(self, act: Act) -> Iterator[Answer]:
        """Return what the user's *act* sends."""
        match act:
            case Enter(request=request, gateway=gateway):
                if isinstance(request, NewOrderSingle):
                    self._typed[request.cl_ord_id] = request
                yield Send(gateway, request)
            case (
                ClaimOrder(staged_order_id=name)
                | UnclaimOrder(staged_order_id=name)
                | CancelStaged(staged_order_id=name)
                | ChangeStaged(staged_order_id=name)
                | HoldStaged(staged_order_id=name)
                | AnswerRequest(staged_order_id=name)
            ):
                row = self.window.staged.get(name)
                if row is None:
                    yield self._impossible(act, f"{name} is not in the window")
                    return
                asked = self._asked(act, row)
                if asked is None:
                    yield self._impossible(act, f"no request of {name} waits for approval")
                    return
                yield Send(row.held_by, asked)
            case EnterChild(staged_order_id=name):
                row = self.window.staged.get(name)
                if row is None:
                    yield self._impossible(act, f"{name} is not in the window")
                    return
                child = NewOrderSingle(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    symbol=act.symbol or row.symbol,
                    side=act.side or row.side,
                    order_qty=act.order_qty,
                    price=act.price,
                    ord_type=OrdType.MARKET if act.price is None else OrdType.LIMIT,
                    account=act.account,
                    parent_id=name,
                    parent_gateway=row.held_by,
                    self_match_prevention_id=act.self_match_prevention_id,
                    self_match_prevention_instruction=act.self_match_prevention_instruction,
                )
                self._typed[child.cl_ord_id] = child
                yield Send(row.gateway, child)
            case CancelWorking(orig_cl_ord_id=name) if self._synthetic(name) is not None:
                yield from self._about(name, act)
            case EditSynthetic(cl_ord_id=name) | PauseSynthetic(cl_ord_id=name):
                yield from self._about(name, act)
            case ResumeSynthetic(cl_ord_id=name):
                yield from self._about(name, act)
            case LogOff(gateway=gateway):
                yield Send(gateway, Disconnect(sender_comp_id=self.user))
            case CancelWorking(orig_cl_ord_id=name):
                order = self._own(name)
                if order is None:
                    yield self._impossible(act, f"{self.user} has no order {name} that works")
                    return
                if act.keeps_children:
                    yield self._impossible(act, f"{name} is no synthetic order: it has no children")
                    return
                cancel = OrderCancelRequest(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    orig_cl_ord_id=name,
                    symbol=order.symbol,
                    side=order.side,
                )
                yield Send(order.gateway, cancel)
            case ChangeWorking(orig_cl_ord_id=name):
                order = self._own(name)
                if order is None:
                    yield self._impossible(act, f"{self.user} has no order {name} that works")
                    return
                change = self._changed(act, order)
                self._typed[act.cl_ord_id] = change
                yield Send(order.gateway, change)
            case AskStatus(cl_ord_id=name):
                asked_of = self.window.own(self.user, name)
                if asked_of is None:
                    yield self._impossible(act, f"{self.user} has no order {name} at a venue")
                    return
                status = OrderStatusRequest(
                    sender_comp_id=self.user,
                    cl_ord_id=name,
                    symbol=asked_of.symbol,
                    side=asked_of.side,
                )
                yield Send(asked_of.gateway, status)
            case CancelAll(gateway=gateway):
                action = OrderMassActionRequest(
                    sender_comp_id=self.user,
                    cl_ord_id=act.cl_ord_id,
                    symbol=act.symbol,
                    side=act.side,
                )
                yield Send(gateway, action)

    def show(self, delivery: Delivery) -> None:
        """Take a gateway's message into the window."""
        self.window.show(delivery.message, CompID(delivery.sender), delivery.now_ns)

    def _asked(self, act: StagedAct, row: StagedRow) -> StagedRequest | None:
        """Return the request that *act* makes, or None where there is none to answer."""
        user, name = self.user, row.staged_order_id
        match act:
            case ClaimOrder():
                return Claim(sender_comp_id=user, staged_order_id=name)
            case UnclaimOrder():
                return Unclaim(sender_comp_id=user, staged_order_id=name)
            case CancelStaged():
                return CancelStagedOrder(sender_comp_id=user, staged_order_id=name)
            case HoldStaged():
                return HoldStagedOrder(sender_comp_id=user, staged_order_id=name)
            case ChangeStaged():
                price = row.price if act.price is None else act.price
                return ChangeStagedOrder(
                    sender_comp_id=user,
                    staged_order_id=name,
                    symbol=act.symbol or row.symbol,
                    side=act.side or row.side,
                    order_qty=row.order_qty if act.order_qty is None else act.order_qty,
                    price=None if act.ord_type is OrdType.MARKET else price,
                )
            case AnswerRequest():
                number = row.request_no if act.request_no is None else act.request_no
                if number is None:
                    return None
                if not act.approve:
                    return RejectRequest(
                        sender_comp_id=user, staged_order_id=name, request_no=number
                    )
                return ApproveRequest(
                    sender_comp_id=user, staged_order_id=name, request_no=number, push=act.push
                )

    def _synthetic(self, name: ClOrdID) -> SyntheticRow | None:
        row = self.window.synthetic.get(name)
        return row if row is not None and row.originator == self.user else None

    def _about(self, name: ClOrdID, act: CancelWorking | SyntheticAct) -> Iterator[Answer]:
        """Ask the gateway that holds a synthetic order what *act* asks of it."""
        row = self._synthetic(name)
        if row is None:
            yield self._impossible(act, f"{self.user} has no synthetic order {name}")
            return
        match act:
            case CancelWorking():
                request: SyntheticRequest = CancelSyntheticOrder(
                    sender_comp_id=self.user, cl_ord_id=name, keeps_children=act.keeps_children
                )
            case PauseSynthetic():
                request = PauseSyntheticOrder(sender_comp_id=self.user, cl_ord_id=name)
            case ResumeSynthetic():
                request = ResumeSyntheticOrder(sender_comp_id=self.user, cl_ord_id=name)
            case EditSynthetic():
                request = EditSyntheticOrder(
                    sender_comp_id=self.user,
                    cl_ord_id=name,
                    order_qty=act.order_qty,
                    price=act.price,
                    disclosed_qty=act.disclosed_qty,
                    parameters=act.parameters,
                )
        yield Send(row.held_by, request)

    def _changed(self, act: ChangeWorking, order: OrderRow) -> OrderCancelReplaceRequest:
        """Return the request that *act* makes, with what it does not say as it was."""
        ord_type, lives = act.ord_type or order.ord_type, act.time_in_force or order.time_in_force
        if act.ord_type is None and order.price is not None and ord_type not in STOPS:
            ord_type = OrdType.LIMIT  # whatever it came as, it is one now that it rests
        price, stop_px, expire_date = act.price, act.stop_px, act.expire_date
        typed = self._typed.get(act.orig_cl_ord_id)
        post_only, smp_id = act.post_only, act.self_match_prevention_id
        instruction = act.self_match_prevention_instruction
        if typed is not None:
            post_only = typed.post_only if post_only is None else post_only
            smp_id = typed.self_match_prevention_id if smp_id is None else smp_id
            if instruction is None:
                instruction = typed.self_match_prevention_instruction
        if price is None and ord_type in _WITH_PRICE:
            price = order.price
        if stop_px is None and ord_type in STOPS:
            stop_px = order.stop_px
        if expire_date is None and lives is TimeInForce.GOOD_TILL_DATE:
            expire_date = None if typed is None else typed.expire_date
        return OrderCancelReplaceRequest(
            sender_comp_id=self.user,
            cl_ord_id=act.cl_ord_id,
            orig_cl_ord_id=act.orig_cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            order_qty=act.order_qty,
            price=price,
            ord_type=ord_type,
            time_in_force=lives,
            account=order.account,
            stop_px=stop_px,
            display_qty=order.display_qty if act.display_qty is None else act.display_qty,
            expire_date=expire_date,
            post_only=bool(post_only),
            self_match_prevention_id=smp_id,
            self_match_prevention_instruction=instruction,
        )

    def _own(self, cl_ord_id: ClOrdID) -> OrderRow | None:
        order = self.window.own(self.user, cl_ord_id)
        return order if order is not None and order.is_alive else None

    def _impossible(self, act: Act, why: str) -> Fact:
        return Fact("not possible", {"act": type(act).__name__, "why": why})


_WITH_PRICE = (OrdType.LIMIT, OrdType.STOP_LIMIT)
