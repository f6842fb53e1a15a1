"""The order type ``BROKER``: staged to a desk, claimed, and worked in children."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ...market.messages import OrderCancelReject
from ...market.staging import (
    NewStagedOrder,
    Permission,
    RejectCode,
    ReserveChild,
    StagedAck,
)
from ..desk import Announce, ChildReport, Desk, DeskEffect, DeskEvent, Keep, Parent, Warn
from .announcements import refused
from .children import not_done, reported, reserve
from .order import StagedOrder
from .permissions import may_stage
from .requests import asked
from .settings import Settings


@attrs.frozen(kw_only=True)
class Staged(Settings):
    """The order type ``BROKER``: staged to a desk, claimed, and worked in children."""

    def submit(self, request: NewStagedOrder, desk: Desk) -> Iterator[DeskEffect]:
        user = request.sender_comp_id
        objection = self._forbidden(request, desk) or self.objection(
            request.order_qty, request.price, request.symbol, desk
        )
        if objection is not None:
            yield refused(request, *objection)
            return
        login = desk.login(user)
        assert login is not None, "the gateway takes orders of its own users only"
        order = StagedOrder(
            staged_order_id=request.staged_order_id,
            originator=user,
            gateway=request.gateway,
            symbol=request.symbol,
            side=request.side,
            order_qty=request.order_qty,
            price=request.price,
            account=request.account,
            text=request.text,
        )
        yield Keep(order)
        if request.account and not desk.holders(request.account):
            yield Warn(
                f"{order.staged_order_id} is for account {request.account}, which nobody has"
            )
        yield Announce(
            StagedAck(
                target_comp_id=user,
                staged_order_id=order.staged_order_id,
                staged_type=request.staged_type,
                status=order.status,
                owner=None,
                gateway=order.gateway,
                symbol=order.symbol,
                side=order.side,
                order_qty=order.order_qty,
                leaves_qty=order.leaves_qty,
                price=order.price,
                account=order.account,
                originator=user,
                routing_mgt=str(login.routing),
                exchange_mgt=str(login.exchange),
                text=order.text,
            )
        )

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk) -> Iterator[DeskEffect]:
        assert isinstance(parent, StagedOrder)
        match event:
            case ReserveChild():
                return reserve(parent, event, desk)
            case ChildReport(gateway, report):
                if isinstance(report, OrderCancelReject):
                    return not_done(parent, gateway, report)
                return reported(parent, gateway, report)
            case request:
                return asked(parent, request, desk, self)

    def _forbidden(self, request: NewStagedOrder, desk: Desk) -> tuple[RejectCode, str] | None:
        user = request.sender_comp_id
        if not self.staging_enabled:
            return RejectCode.SUBMIT_STAGED_FORBIDDEN, "staging is disabled here"
        if not desk.may(user, Permission.OMS):
            return RejectCode.SUBMIT_STAGED_FORBIDDEN, f"{user} may not use the OMS"
        if not may_stage(user, request.account, desk):
            return RejectCode.SUBMIT_STAGED_FORBIDDEN, f"{user} may not create staged orders"
        return None
