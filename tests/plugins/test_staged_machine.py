"""Whatever happens to a staged order: requests, answers and children's reports in any order.

The venue is a queue away: what is asked of it is under way for a while, and so is what it
says.  Fills cross with cancels, changes with approvals, and every order of them is tried.
What ought to come of each is told by a model of a few lines, from the table alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from desks import (
    P1,
    XT,
    SmallDesk,
    approve,
    ask,
    cancel,
    change,
    change_refused,
    claim,
    parent,
    reject,
    report,
    unclaim,
)
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from floorproof.market.fix import ExecType
from floorproof.market.identifiers import Account, CompID
from floorproof.market.messages import OrderCancelReject, OrderCancelRequest
from floorproof.market.permissions import Permissions
from floorproof.market.staging import (
    ApprovalRequest,
    ApproveRequest,
    CancelStagedOrder,
    ChangeStagedOrder,
    ChildRefused,
    ChildReserved,
    Claim,
    ParentPartialFill,
    Permission,
    ReserveChild,
    SetPermission,
    StagedReject,
    StagedRequest,
    Unclaim,
)
from floorproof.plugins.desk import (
    Announce,
    AskOnBehalf,
    ChildReport,
    Desk,
    DeskEffect,
    DeskEvent,
    Keep,
    Parent,
    Tell,
)
from floorproof.plugins.staged.order import StagedOrder
from floorproof.plugins.staged.order_type import Staged

LIMIT, BETTER, WORSE = 1535200, 1535175, 1535225


def _permissions() -> Permissions:
    """ET2 unclaims others' orders, ET1 is held to price, BOSS needs no claim; all for 123."""
    given = XT
    for user, permission in (
        ("ET2", Permission.UNCLAIM_OTHERS),
        ("ET1", Permission.ONLY_PRICE_IMPROVEMENTS),
        ("BOSS", Permission.MANAGE_WITHOUT_CLAIMING),
    ):
        given = given.after(
            SetPermission(
                user=CompID(user), permission=permission, allowed=True, account=Account("123")
            )
        )
    return given


DESK = SmallDesk(allowed=_permissions())

# Whoever owns the order more often than not: else little comes of it.
users = st.sampled_from(["owner", "owner", "owner", "PM1", "PM1", "ET1", "ET2", "BOSS", "PM3"])
quantities = st.integers(1, 5)
totals = st.integers(2, 15)
prices = st.sampled_from([LIMIT, BETTER, WORSE])


@attrs.define
class AtVenue:
    """A child as the venue has it."""

    user: str
    name: str
    qty: int
    cum: int = 0
    alive: bool = True
    fills: list[tuple[int, int]] = attrs.Factory(list)
    """Quantities and prices."""


@attrs.define
class Known:
    """A child as the parent's gateway has been told of it."""

    user: str
    qty: int
    price: int
    cum: int = 0
    asked: dict[str, tuple[int, int]] = attrs.Factory(dict)
    acked: bool = False
    over: bool = False

    @property
    def working(self) -> int:
        totals = [self.qty, *(qty for qty, _ in self.asked.values())]
        return 0 if self.over else max(totals) - self.cum


class AnyStagedOrder(RuleBasedStateMachine):
    """PM1's order to buy, among three traders and a stranger."""

    order_type = Staged()
    so_far = ""
    """What has happened before anything is drawn: see `has_happened`."""

    def __init__(self) -> None:
        super().__init__()
        self.order = parent()
        # The model of the parent.
        self.owner: str | None = None
        self.qty, self.price = 10, LIMIT
        self.cum = self.traded = 0
        self.canceling = self.canceled = False
        self.pending: tuple[int, CancelStagedOrder | ChangeStagedOrder] | None = None
        self.asked = self.answered = 0
        """Requests for approval, and how many of them have been answered."""

        self.known: dict[str, Known] = {}
        # The venue, and what is under way to it and back.
        self.venue: list[AtVenue] = []
        self.to_venue: list[tuple[Any, ...]] = []
        self.to_parent: list[ChildReport] = []
        self.ours: dict[str, Known] = {}
        """The children of the gateway's own cancels, by the cancels' names."""

        self.names = 0

    # --- what the model says ---------------------------------------------------------

    @property
    def working(self) -> int:
        return sum(child.working for child in self.known.values())

    @property
    def free(self) -> int:
        return 0 if self.canceled else self.qty - self.cum - self.working

    @property
    def over(self) -> bool:
        return self.canceled or self.cum == self.qty

    def acts(self, user: str) -> bool:
        return user in (self.owner, "BOSS")

    def who(self, user: str) -> str:
        return (self.owner or "ET2") if user == "owner" else user

    @property
    def status(self) -> str:
        if self.over:
            return "Canceled" if self.canceled else "Filled"
        if self.canceling:
            return "Pending Cancel"
        if self.pending:
            is_cancel = isinstance(self.pending[1], CancelStagedOrder)
            return f"Pending {'Cancel' if is_cancel else 'Change'} Approval"
        if self.owner is None:
            return "Available"
        if self.cum:
            return "Partially Filled"
        return "Working" if self.working else "Claimed"

    # --- driving ---------------------------------------------------------------------

    def handle(self, event: DeskEvent) -> list[DeskEffect]:
        before = self.order
        effects = list(self.order_type.handle(before, event, DESK))
        for effect in effects:
            match effect:
                case Keep(kept):
                    assert isinstance(kept, StagedOrder)
                    self.order = kept
                case AskOnBehalf(gateway, request):
                    assert gateway == "CME-A"
                    name, orig = request.cl_ord_id, request.orig_cl_ord_id  # type: ignore[union-attr]  # no new orders here
                    child = self.known[orig]
                    assert (request.side, request.symbol) == (before.side, before.symbol)
                    assert request.sender_comp_id == child.user
                    if isinstance(request, OrderCancelRequest):
                        self.ours[name] = child
                        self.to_venue.append(("cancel", name, orig, child.user))
                    else:
                        qty, price = request.order_qty, request.price or 0
                        assert (qty, price) == (child.qty, self.order.price)
                        assert not child.asked
                        child.asked[name] = (qty, price)
                        self.to_venue.append(("change", name, orig, qty, child.user))
                case Tell(ApprovalRequest() as asks):
                    assert asks.target_comp_id == self.owner
                case Tell(StagedReject() as refused):
                    assert refused.staged_order_id == P1
                case _:
                    pass
        return effects

    def asks(self, request: StagedRequest, code: int | None) -> list[DeskEffect]:
        """Make *request*, which ought to be refused with *code*, or be done."""
        before = self.order
        effects = self.handle(request)
        mine = [
            effect.message.code
            for effect in effects
            if isinstance(effect, Tell)
            and isinstance(effect.message, StagedReject)
            and effect.message.target_comp_id == request.sender_comp_id
            and effect.message.refused == type(request).__name__
            and effect.message.code not in (55, 56, 58)
        ]
        assert mine == ([] if code is None else [code])
        if code is not None:
            assert self.order == before, "a refusal changes nothing"
            assert len(effects) == 1
        return effects

    def answers(self, effects: list[DeskEffect], *codes: int) -> None:
        """Assert that the originator is told *codes* of requests that waited."""
        told = [
            effect.message.code
            for effect in effects
            if isinstance(effect, Tell)
            and isinstance(effect.message, StagedReject)
            and effect.message.target_comp_id == "PM1"
        ]
        assert told == list(codes)

    @initialize(qty=st.integers(8, 14), owner=st.sampled_from(["", "ET1", "ET2"]), works=quantities)
    def staged(self, qty: int, owner: str, works: int) -> None:
        self.order = parent(qty=qty)
        self.qty = qty
        if owner:
            self.claim(owner)
            self.child(owner, works, LIMIT)
            self.venue_takes_the_next_request(True)
            self.parent_hears()
        self.has_happened()

    def has_happened(self) -> None:
        """Bring the order to where a fault can show soon."""
        if self.so_far and self.owner is None:
            self.claim("ET2")
            self.child("ET2", 5, LIMIT)
            self.venue_takes_the_next_request(True)
            self.parent_hears()
        match self.so_far:
            case "a fill":
                child = self.venue[0]
                child.cum, child.alive = 1, child.qty > 1
                child.fills.append((1, 1535150))
                self.say(child, ExecType.TRADE, last=1)
                self.parent_hears()
            case "a change of a child":
                [name] = self.known
                user = self.known[name].user
                assert self.reserve(ask("C0r", 5, user=user, price=LIMIT, changes=name), None)
                self.known[name].asked["C0r"] = (5, LIMIT)
                self.to_venue.append(("change", "C0r", name, 5, user))
            case "a request":
                self.change("PM1", self.qty + 1, LIMIT)
            case _:
                pass

    # --- ownership -------------------------------------------------------------------

    @rule(user=users)
    def claim(self, user: str) -> None:
        user = self.who(user)
        may = user in ("ET1", "ET2", "BOSS")
        code = 44 if not may or self.over or self.owner else 47 if self.canceling else None
        self.asks(claim(user), code)
        if code is None:
            self.owner = user

    @rule(user=users)
    def unclaim(self, user: str) -> None:
        user = self.who(user)
        may = user in (self.owner, "ET2", "BOSS")
        code = 44 if self.over or self.owner is None or not may else None
        if code is None and (self.pending or self.canceling):
            code = 47
        self.asks(unclaim(user), code)
        if code is None:
            self.owner = None

    # --- requests --------------------------------------------------------------------

    @rule(user=users)
    def cancel(self, user: str) -> None:
        user = self.who(user)
        code = None
        if (user != "PM1" and not self.acts(user)) or self.over:
            code = 45
        elif self.canceling:
            code = 47
        elif not all(child.acked for child in self.known.values()):
            code = 64
        elif user == "PM1" and self.owner is not None and self.pending:
            code = 47
        effects = self.asks(cancel(user), code)
        if code is not None:
            return
        if self.owner is None or self.acts(user):
            was_change = self.pending and isinstance(self.pending[1], ChangeStagedOrder)
            self.answers(effects, *([56] if was_change else []))
            self.answered += self.pending is not None
            self.begin_cancel(effects)
        else:
            self.waits(cancel(user))

    def begin_cancel(self, effects: list[DeskEffect]) -> None:
        self.pending = None
        self.canceling = True
        asked = [
            effect.request.orig_cl_ord_id
            for effect in effects
            if isinstance(effect, AskOnBehalf) and isinstance(effect.request, OrderCancelRequest)
        ]
        assert sorted(asked) == sorted(name for name, each in self.known.items() if each.working)
        self.settle()

    def waits(self, request: CancelStagedOrder | ChangeStagedOrder) -> None:
        self.asked += 1
        self.pending = (self.asked, request)

    @rule(user=users, qty=totals, price=prices)
    def change(self, user: str, qty: int, price: int) -> None:
        user = self.who(user)
        code = None
        if (user != "PM1" and not self.acts(user)) or self.over:
            code = 45
        elif self.canceling:
            code = 47
        elif qty < self.cum + self.working:
            code = 4
        elif user != "PM1" and qty != self.qty:
            code = 45
        elif user == "ET1" and price != self.price:
            code = 28
        elif self.pending:
            code = 47
        self.asks(change(user, qty, price), code)
        if code is not None:
            return
        if self.owner is None or self.acts(user):
            self.qty, self.price = qty, price
        else:
            self.waits(change(user, qty, price))

    @precondition(lambda self: self.asked)
    @rule(
        user=users,
        off=st.sampled_from([0, 0, 0, -1, 1]),
        yes=st.sampled_from([True, True, False]),
        push=st.booleans(),
    )
    def answer(self, user: str, off: int, yes: bool, push: bool) -> None:
        user = self.who(user)
        number = max(1, self.asked + off)
        code = None
        if not self.acts(user):
            code = 45
        elif self.pending is None or self.pending[0] != number:
            code = 57
        request = approve(user, number, push=push) if yes else reject(user, number)
        effects = self.asks(request, code)
        if code is not None:
            return
        assert self.pending is not None
        self.answered += 1
        asked_for = self.pending[1]
        self.pending = None
        is_cancel = isinstance(asked_for, CancelStagedOrder)
        if not yes:
            self.answers(effects, 55 if is_cancel else 56)
        elif isinstance(asked_for, CancelStagedOrder):
            self.begin_cancel(effects)
        else:
            self.qty, self.price = asked_for.order_qty, asked_for.price or 0

    # --- children --------------------------------------------------------------------

    @rule(user=users, qty=quantities, price=prices)
    def child(self, user: str, qty: int, price: int) -> None:
        user = self.who(user)
        code = None
        if not self.acts(user) or self.over:
            code = 46
        elif self.pending or self.canceling:
            code = 47
        elif user == "ET1" and price > self.price:
            code = 28
        elif qty > self.free:
            code = 4
        name = f"C{self.names}"
        if self.reserve(ask(name, qty, user=user, price=price), code):
            self.names += 1
            self.known[name] = Known(user, qty, price)
            self.to_venue.append(("new", name, qty, user))

    def reserve(self, asked: ReserveChild, code: int | None) -> bool:
        before = self.order
        effects = self.handle(asked)
        [told] = [effect for effect in effects if isinstance(effect, Tell)]
        if isinstance(told.message, ChildRefused):
            assert told.message.code == code
            assert self.order == before
            return False
        assert isinstance(told.message, ChildReserved)
        assert code is None
        return True

    def some(self, data: st.DataObject) -> str:
        return data.draw(
            st.sampled_from(
                [n for n, child in self.known.items() if child.acked and not child.over]
            )
        )

    @property
    def has_some(self) -> bool:
        return any(child.acked and not child.over for child in self.known.values())

    @precondition(lambda self: self.has_some)
    @rule(data=st.data(), qty=quantities, price=prices)
    def change_child(self, data: st.DataObject, qty: int, price: int) -> None:
        name = self.some(data)
        child = self.known[name]
        more = qty - child.cum - child.working
        code = None
        if not self.acts(child.user) or self.over:
            code = 46
        elif (self.pending or self.canceling) and more > 0:
            code = 47
        elif child.user == "ET1" and price > self.price:
            code = 28
        elif more > self.free:
            code = 39
        request = f"{name}r{self.names}"
        asked = ask(request, qty, user=child.user, price=price, changes=name)
        if self.reserve(asked, code):
            self.names += 1
            child.asked[request] = (qty, price)
            self.to_venue.append(("change", request, name, qty, child.user))

    @precondition(lambda self: self.has_some)
    @rule(data=st.data())
    def user_cancels_child(self, data: st.DataObject) -> None:
        name = self.some(data)
        self.names += 1
        self.to_venue.append(("cancel", f"x{self.names}", name, self.known[name].user))

    # --- the venue -------------------------------------------------------------------

    def at_venue(self, name: str) -> AtVenue | None:
        return next((each for each in self.venue if each.name == name and each.alive), None)

    def say(self, child: AtVenue, exec_type: ExecType, **fields: Any) -> None:
        leaves = child.qty - child.cum if child.alive else 0
        name = fields.pop("name", child.name)
        self.to_parent.append(
            report(
                name, exec_type, child.qty, leaves=leaves, cum=child.cum, user=child.user, **fields
            )
        )

    @precondition(lambda self: self.to_venue)
    @rule(taken=st.sampled_from([True, True, True, False]))
    def venue_takes_the_next_request(self, taken: bool) -> None:
        match self.to_venue.pop(0):
            case ("new", name, qty, user):
                child = AtVenue(user, name, qty)
                if taken:
                    self.venue.append(child)
                    self.say(child, ExecType.NEW)
                else:
                    child.alive = False
                    self.say(child, ExecType.REJECTED)
            case ("change", request, orig, qty, user):
                found = self.at_venue(orig)
                if found and taken and qty > found.cum:
                    found.name, found.qty = request, qty
                    self.say(found, ExecType.REPLACED, orig=orig)
                else:
                    self.to_parent.append(change_refused(request, orig, user))
            case ("cancel", request, orig, user):
                found = self.at_venue(orig)
                if found and taken:
                    found.alive = False
                    self.say(found, ExecType.CANCELED, name=request, orig=orig)
                else:
                    self.to_parent.append(change_refused(request, orig, user))
            case other:
                raise AssertionError(other)

    @precondition(lambda self: any(child.alive for child in self.venue))
    @rule(data=st.data(), whole=st.booleans())
    def child_trades(self, data: st.DataObject, whole: bool) -> None:
        child = data.draw(st.sampled_from([each for each in self.venue if each.alive]))
        leaves = child.qty - child.cum
        last = leaves if whole else data.draw(st.integers(1, leaves))
        child.cum += last
        child.alive = child.cum < child.qty
        child.fills.append((last, 1535150))
        self.say(child, ExecType.TRADE, last=last)

    @precondition(lambda self: any(child.fills for child in self.venue))
    @rule(data=st.data())
    def trade_is_taken_back(self, data: st.DataObject) -> None:
        child = data.draw(st.sampled_from([each for each in self.venue if each.fills]))
        last, _ = child.fills.pop()
        child.cum -= last
        child.qty -= last  # a bust shrinks the order
        self.say(child, ExecType.TRADE_CANCEL, last=last)

    # --- and what comes back ---------------------------------------------------------

    @precondition(lambda self: self.to_parent)
    @rule()
    def parent_hears(self) -> None:
        event = self.to_parent.pop(0)
        effects = self.handle(event)
        if isinstance(event.report, OrderCancelReject):
            self.heard_refusal(event.report, effects)
            return
        told = event.report
        name = told.orig_cl_ord_id or told.cl_ord_id
        child = self.known[name]
        child.acked = True
        match told.exec_type:
            case ExecType.TRADE:
                assert told.last_px is not None
                child.cum, child.over = told.cum_qty, told.leaves_qty == 0
                self.cum += told.last_qty
                self.traded += told.last_qty * told.last_px
                fills = [
                    (effect.message.last_qty, effect.message.last_px)
                    for effect in effects
                    if isinstance(effect, Announce)
                    and isinstance(effect.message, ParentPartialFill)
                ]
                assert fills == [(told.last_qty, told.last_px)], "one for each fill of a child"
                if self.cum == self.qty and self.pending:
                    self.pending = None
                    self.answered += 1
                    self.answers(effects, 45)
            case ExecType.TRADE_CANCEL:
                assert told.last_px is not None
                child.cum, child.qty = told.cum_qty, told.order_qty
                self.cum -= told.last_qty
                self.traded -= told.last_qty * told.last_px
            case ExecType.REPLACED:
                qty, price = child.asked.pop(told.cl_ord_id)
                child.qty, child.price = qty, price
                self.known[told.cl_ord_id] = self.known.pop(name)
            case ExecType.CANCELED:
                child.over = True
            case ExecType.REJECTED:
                del self.known[name]
            case _:
                pass
        self.settle()

    def heard_refusal(self, told: OrderCancelReject, effects: list[DeskEffect]) -> None:
        request, orig = told.cl_ord_id, told.orig_cl_ord_id
        for child in self.known.values():
            child.asked.pop(request, None)
        again = [
            effect.request.orig_cl_ord_id  # type: ignore[union-attr]  # no new orders here
            for effect in effects
            if isinstance(effect, AskOnBehalf)
        ]
        ours = self.ours.get(request)
        expected = []
        if ours is not None and self.canceling and ours.working:
            if self.known.get(orig) is ours:
                self.canceling = False  # it works, and the venue will not cancel it
            else:  # under another name: a change of its user's was before us
                expected = [name for name, each in self.known.items() if each is ours]
        assert again == expected
        self.settle()

    def settle(self) -> None:
        if self.canceling and not self.working:
            self.canceling = False
            self.canceled = self.cum < self.qty

    # --- what holds ------------------------------------------------------------------

    @invariant()
    def quantity_is_conserved(self) -> None:
        order = self.order
        assert 0 <= order.cum_qty <= order.order_qty
        assert order.cum_qty + order.working_qty + order.free_qty + order.cxl_qty == order.order_qty

    @invariant()
    def parent_is_as_the_model_has_it(self) -> None:
        order = self.order
        assert (order.order_qty, order.price) == (self.qty, self.price)
        assert (order.cum_qty, order.traded) == (self.cum, self.traded)
        assert (order.working_qty, order.free_qty) == (self.working, self.free)
        assert order.owner == self.owner
        assert order.status == self.status

    @invariant()
    def parent_has_filled_what_its_children_have(self) -> None:
        under_way = sum(
            event.report.last_qty * (1 if event.report.exec_type is ExecType.TRADE else -1)
            for event in self.to_parent
            if not isinstance(event.report, OrderCancelReject)
        )
        assert self.order.cum_qty + under_way == sum(child.cum for child in self.venue)

    @invariant()
    def children_can_never_fill_more_than_there_is(self) -> None:
        largest = {child.name: child.qty for child in self.venue if child.alive}
        for request in self.to_venue:
            if request[0] == "new":
                largest[request[1]] = request[2]
            elif request[0] == "change" and request[2] in largest:
                largest[request[2]] = max(largest[request[2]], request[3])
        done = sum(child.cum for child in self.venue if not child.alive)
        assert sum(largest.values()) + done <= self.order.order_qty

    @invariant()
    def nothing_works_for_an_order_that_is_over(self) -> None:
        if self.order.is_canceled:
            assert not any(child.alive for child in self.venue)
            assert not any(request[0] == "new" for request in self.to_venue)

    @invariant()
    def every_request_for_approval_is_answered_once(self) -> None:
        assert self.asked == self.answered + (self.pending is not None)

    def teardown(self) -> None:
        """Let all that is under way arrive: a cancel then has come to its end."""
        for _ in range(1000):
            if self.to_venue:
                self.venue_takes_the_next_request(True)
            elif self.to_parent:
                self.parent_hears()
            else:
                break
        assert not self.canceling, "a cancel comes to an end"
        self.parent_is_as_the_model_has_it()
        assert self.order.working_qty == sum(
            child.qty - child.cum for child in self.venue if child.alive
        )


TestAnyStagedOrder = pytest.mark.rule(
    "STAGE-4",
    "STAGE-5",
    "STAGE-6",
    "STAGE-8",
    "STAGE-14",
    "STAGE-15",
    "STAGE-16",
    "STAGE-17",
    "STAGE-18",
    "STAGE-20",
    "STAGE-21",
    "STAGE-23",
    "STAGE-24",
)(AnyStagedOrder.TestCase)


# --- and that it would be seen -------------------------------------------------------


@attrs.frozen(kw_only=True)
class Broken(Staged):
    """The order type with a fault in it."""

    fault: Callable[[StagedOrder, DeskEvent, Desk], Iterator[DeskEffect] | None]
    """What it does of its own; None where it does as it should."""

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk) -> Iterator[DeskEffect]:
        assert isinstance(parent, StagedOrder)
        own = self.fault(parent, event, desk)
        return super().handle(parent, event, desk) if own is None else own


def right(order: StagedOrder, event: DeskEvent, desk: SmallDesk = DESK) -> Iterator[DeskEffect]:
    return Staged().handle(order, event, desk)


def kept(effects: Iterator[DeskEffect], **fields: Any) -> Iterator[DeskEffect]:
    """Yield *effects*, with *fields* of what is kept as they ought not to be."""
    for effect in effects:
        if isinstance(effect, Keep) and isinstance(effect.parent, StagedOrder):
            yield Keep(attrs.evolve(effect.parent, **fields))
        else:
            yield effect


def two_owners(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """The last claim wins."""
    if isinstance(event, Claim) and not order.blocked:
        return right(attrs.evolve(order, owner=None), event)
    return None


def anybodys_child(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    if isinstance(event, ReserveChild) and order.owner:
        return kept(right(attrs.evolve(order, owner=event.user), event), owner=order.owner)
    return None


def children_while_a_request_waits(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    if isinstance(event, ReserveChild) and order.pending:
        return kept(right(attrs.evolve(order, pending=None), event), pending=order.pending)
    return None


def children_while_canceling(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    if isinstance(event, ReserveChild) and order.canceled_for:
        free = attrs.evolve(order, canceled_for=None)
        return kept(right(free, event), canceled_for=order.canceled_for)
    return None


def lost_fill(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """What a child fills while it is being canceled is not counted."""
    if _is(event, ExecType.TRADE) and order.canceled_for:
        return iter([Keep(order)])
    return None


def fill_and_cancel(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """A canceled child gives back all of its quantity, and not what is left of it."""
    if _is(event, ExecType.CANCELED) and isinstance(event, ChildReport):
        return kept(right(order, event), cum_qty=order.cum_qty - event.report.cum_qty)  # type: ignore[union-attr]  # a report that is no reject
    return None


def fill_twice(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """What a child has filled is counted again as it is canceled."""
    if _is(event, ExecType.CANCELED) and order.canceled_for:
        last = order.working_qty
        return kept(right(order, event), cum_qty=order.cum_qty + last)
    return None


def canceled_at_once(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """The order is over before its children are."""
    if isinstance(event, CancelStagedOrder):
        return _at_once(right(order, event))
    return None


def _at_once(effects: Iterator[DeskEffect]) -> Iterator[DeskEffect]:
    for effect in effects:
        match effect:
            case Keep(StagedOrder(canceled_for=str()) as order):
                yield Keep(attrs.evolve(order, canceled_for=None, is_canceled=True))
            case _:
                yield effect


def orphan(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """One child is forgotten when the order is canceled."""
    if isinstance(event, CancelStagedOrder):
        return _all_but_one(right(order, event))
    return None


def _all_but_one(effects: Iterator[DeskEffect]) -> Iterator[DeskEffect]:
    skipped = False
    for effect in effects:
        if isinstance(effect, AskOnBehalf) and not skipped:
            skipped = True
        else:
            yield effect


def new_name_forgotten(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """A child that was renamed before its cancel came is not canceled again."""
    if isinstance(event, ChildReport) and isinstance(event.report, OrderCancelReject):
        effects = [*right(order, event)]
        if any(isinstance(effect, AskOnBehalf) for effect in effects):
            return iter([Keep(order)])
    return None


def unacknowledged(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """An order is canceled while a child is on its way."""
    if isinstance(event, CancelStagedOrder):
        acked = {key: attrs.evolve(child, is_acked=True) for key, child in order.children.items()}
        return right(attrs.evolve(order, children=acked), event)
    return None


def stale_approval(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """Any request number will do."""
    if isinstance(event, ApproveRequest) and order.pending:
        return right(order, attrs.evolve(event, request_no=order.pending.request_no))
    return None


def unclaimed_with_its_fills(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """An order that is given up forgets what it has filled."""
    if isinstance(event, Unclaim):
        return kept(right(order, event), cum_qty=0)
    return None


def less_than_works(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """A quantity may be cut to what is filled, whatever works."""
    if isinstance(event, ChangeStagedOrder) and (event.symbol, event.sender_comp_id) == (
        order.symbol,
        order.originator,
    ):
        idle = {key: attrs.evolve(child, is_over=True) for key, child in order.children.items()}
        return kept(right(attrs.evolve(order, children=idle), event), children=order.children)
    return None


def worse_price(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """Nobody is held to the parent's price."""
    if isinstance(event, ReserveChild):
        return right(order, event, SmallDesk(allowed=XT.after(_BOSS)))
    return None


def silent_fill(order: StagedOrder, event: DeskEvent, desk: Desk) -> Any:
    """Nobody is told of a fill of an order that nobody owns."""
    if _is(event, ExecType.TRADE) and order.owner is None:
        return (effect for effect in right(order, event) if not isinstance(effect, Announce))
    return None


_BOSS = SetPermission(
    user=CompID("BOSS"), permission=Permission.MANAGE_WITHOUT_CLAIMING, allowed=True
)


def _is(event: DeskEvent, exec_type: ExecType) -> bool:
    return (
        isinstance(event, ChildReport)
        and not isinstance(event.report, OrderCancelReject)
        and event.report.exec_type is exec_type
    )


FAULTS: dict[Any, str] = {
    # the fault                       what has happened before
    two_owners: "",
    anybodys_child: "",
    children_while_a_request_waits: "a request",
    children_while_canceling: "",
    lost_fill: "",
    fill_and_cancel: "a fill",
    fill_twice: "",
    canceled_at_once: "",
    orphan: "",
    new_name_forgotten: "a change of a child",
    unacknowledged: "",
    stale_approval: "a request",
    unclaimed_with_its_fills: "a fill",
    less_than_works: "a child",
    worse_price: "",
    silent_fill: "",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_would_be_found(fault: Any) -> None:
    class Faulty(AnyStagedOrder):
        order_type = Broken(fault=fault)
        so_far = FAULTS[fault]

    with pytest.raises((AssertionError, KeyError)):
        run_state_machine_as_test(
            Faulty,
            settings=settings(
                max_examples=1000,
                stateful_step_count=30,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
            ),
        )
