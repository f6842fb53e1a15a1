"""The order type BROKER: what it refuses and why, and what holds whatever happens to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from floorproof.market.credentials import Credential, Login
from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    Side,
)
from floorproof.market.identifiers import (
    Account,
    ClOrdID,
    CompID,
    ExecID,
    StagedOrderID,
    Symbol,
)
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport, OrderCancelReject
from floorproof.market.staging import (
    ChildRefused,
    ChildReserved,
    Claim,
    NewStagedOrder,
    ParentPartialFill,
    Permission,
    ReserveChild,
    StagedReject,
    StagedStatus,
    StagedUpdate,
)
from floorproof.plugins.desk import (
    Announce,
    ChildReport,
    DeskEffect,
    DeskEvent,
    Keep,
    Parent,
    Tell,
    Warn,
)
from floorproof.plugins.staged import Staged, StagedOrder

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=2, ticks=TickTable.uniform(25))
SSE_A, CME_A = CompID("SSE-A"), CompID("CME-A")
P1 = StagedOrderID("P1")

CREATION, MANAGEMENT = Permission.CREATION, Permission.MANAGEMENT


@attrs.frozen
class SmallDesk:
    """A desk of two traders and three customers, all of whom see each order but PM2.

    PM3 is a customer who shares the desk's book.  ET2 has an account of his own, and so
    has ET1.
    """

    allowed: dict[str, tuple[Permission, ...]] = attrs.field(
        factory=lambda: {
            "ET1": (MANAGEMENT,),
            "ET2": (MANAGEMENT,),
            "PM1": (CREATION,),
            "PM2": (CREATION,),
            "PM3": (CREATION,),
        }
    )
    accounts: dict[str, tuple[str, ...]] = attrs.field(
        factory=lambda: {
            "123": ("PM1",),
            "456": ("PM2",),
            "789": ("PM3",),
            "E1": ("ET1",),
            "E2": ("ET2",),
        }
    )
    now_ns: int = 0
    name: CompID = SSE_A

    def may(self, user: CompID, permission: Permission) -> bool:
        return permission in self.allowed.get(user, ())

    def login(self, user: CompID) -> Login | None:
        trader = Credential("TTSSE", "SE1", user)
        return Login(user=user, routing=trader, exchange=trader)

    def sees(self, user: CompID, parent: Parent) -> bool:
        return user != "PM2"

    def beneficiaries(self, parent: Parent) -> Sequence[CompID]:
        return (CompID("PM1"),)

    def holders(self, account: Account) -> Sequence[CompID]:
        return tuple(map(CompID, self.accounts.get(account, ())))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return MNQ if symbol == MNQ.symbol else None


DESK = SmallDesk()


def parent(owner: str = "", qty: int = 10, cum: int = 0) -> StagedOrder:
    """Return PM1's order to buy, as the gateway keeps it."""
    return StagedOrder(
        staged_order_id=P1,
        originator=CompID("PM1"),
        gateway=CME_A,
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=qty,
        price=1535200,
        account=Account("123"),
        text="",
        owner=CompID(owner) if owner else None,
        cum_qty=cum,
    )


def stage(
    user: str = "PM1", account: str = "123", price: int | None = 1535200, side: Side = Side.BUY
) -> NewStagedOrder:
    return NewStagedOrder(
        sender_comp_id=CompID(user),
        staged_order_id=P1,
        staged_type="BROKER",
        gateway=CME_A,
        symbol=MNQ.symbol,
        side=side,
        order_qty=10,
        price=price,
        account=Account(account) if account else None,
    )


def claim(user: str) -> Claim:
    return Claim(sender_comp_id=CompID(user), staged_order_id=P1)


def ask(
    name: str,
    qty: int,
    *,
    user: str = "ET2",
    symbol: str = "MNQU3",
    side: Side = Side.BUY,
    account: str = "",
    changes: str = "",
) -> ReserveChild:
    return ReserveChild(
        sender_comp_id=CME_A,
        user=CompID(user),
        cl_ord_id=ClOrdID(name),
        parent_id=P1,
        symbol=Symbol(symbol),
        side=side,
        order_qty=qty,
        account=Account(account) if account else None,
        changes=ClOrdID(changes) if changes else None,
    )


def report(
    name: str,
    exec_type: ExecType,
    qty: int,
    *,
    leaves: int,
    cum: int,
    last: int = 0,
    orig: str = "",
    user: str = "ET2",
) -> ChildReport:
    """Return what the child's gateway passes on."""
    return ChildReport(
        CME_A,
        ExecutionReport(
            target_comp_id=CompID("SSE-A"),
            cl_ord_id=ClOrdID(name),
            order_id=None,
            exec_id=ExecID(1),
            exec_type=exec_type,
            ord_status=OrdStatus.NEW,
            symbol=MNQ.symbol,
            side=Side.BUY,
            order_qty=qty,
            leaves_qty=leaves,
            cum_qty=cum,
            transact_time_ns=0,
            last_qty=last,
            last_px=1535150 if last else None,
            orig_cl_ord_id=ClOrdID(orig) if orig else None,
            target_sub_id=CompID(user),
            parent_id=P1,
        ),
    )


def change_refused(name: str, orig: str, user: str = "ET2") -> ChildReport:
    return ChildReport(
        CME_A,
        OrderCancelReject(
            target_comp_id=CompID("SSE-A"),
            cl_ord_id=ClOrdID(name),
            orig_cl_ord_id=ClOrdID(orig),
            order_id=None,
            cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST,
            cxl_rej_reason=CxlRejReason.OTHER,
            transact_time_ns=0,
            symbol=MNQ.symbol,
            target_sub_id=CompID(user),
            parent_id=P1,
        ),
    )


def after(order: StagedOrder, *events: DeskEvent, desk: SmallDesk = DESK) -> StagedOrder:
    """Return *order* as the order type leaves it after *events*."""
    for event in events:
        for effect in Staged().handle(order, event, desk):
            if isinstance(effect, Keep):
                assert isinstance(effect.parent, StagedOrder)
                order = effect.parent
    return order


def handled(order: StagedOrder, event: DeskEvent, desk: SmallDesk = DESK) -> list[DeskEffect]:
    return list(Staged().handle(order, event, desk))


WORKED = after(parent("ET2"), ask("C1", 6), report("C1", ExecType.NEW, 6, leaves=6, cum=0))
"""ET2 owns it, and works 6 of 10."""


# --- staging -------------------------------------------------------------------------

# fmt: off
REFUSED_AT_ENTRY = {
    "without permission":
        (Staged(), "ET1", 1535200, 43, "ET1 may not create staged orders"),
    "price off tick":
        (Staged(), "PM1", 1535210, 28, "price 15352.10 is not a multiple of 0.25"),
    "staging disabled":
        (Staged(staging_enabled=False), "PM1", 1535200, 43, "staging is disabled here"),
}
# fmt: on


@pytest.mark.rule("STAGE-1", "STAGE-10")
@pytest.mark.parametrize(
    ("order_type", "user", "price", "code", "text"),
    REFUSED_AT_ENTRY.values(),
    ids=REFUSED_AT_ENTRY.keys(),
)
def test_a_staged_order_is_refused_to_its_sender_alone(
    order_type: Staged, user: str, price: int, code: int, text: str
) -> None:
    [effect] = order_type.submit(stage(user, price=price), DESK)

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, StagedReject)
    assert (effect.message.target_comp_id, effect.message.refused) == (user, "NewStagedOrder")
    assert (effect.message.code, effect.message.text) == (code, text)


@pytest.mark.rule("STAGE-2")
def test_a_staged_order_is_kept_and_then_acknowledged_to_all_who_see_it() -> None:
    keep, announce = Staged().submit(stage(), DESK)

    assert keep == Keep(parent())
    assert isinstance(announce, Announce)
    ack: Any = announce.message
    assert (ack.status, ack.owner, ack.leaves_qty) == (StagedStatus.AVAILABLE, None, 10)


# fmt: off
ACCOUNTS = {
    "his own":          ("123", []),
    "none":             ("",    []),
    "one nobody has":   ("999", ["P1 is for account 999, which nobody has"]),
}
# fmt: on


@pytest.mark.rule("STAGE-9")
@pytest.mark.parametrize(("account", "warnings"), ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_an_account_that_nobody_has_is_taken_with_a_warning(
    account: str, warnings: list[str]
) -> None:
    effects = list(Staged().submit(stage(account=account), DESK))

    assert isinstance(effects[0], Keep)
    assert [effect.text for effect in effects if isinstance(effect, Warn)] == warnings


# --- claiming ------------------------------------------------------------------------

# fmt: off
REFUSED_CLAIMS = {
    "no management permission": (parent(),              "PM1", "PM1 may not manage staged orders"),
    "already owned":            (parent("ET2"),         "ET1", "P1 is already owned by ET2"),
    "already one's own":        (parent("ET2"),         "ET2", "P1 is already owned by ET2"),
    "filled":                   (parent("ET2", cum=10), "ET1", "P1 is filled"),
}
# fmt: on


@pytest.mark.rule("STAGE-3", "STAGE-4")
@pytest.mark.parametrize(
    ("order", "user", "text"), REFUSED_CLAIMS.values(), ids=REFUSED_CLAIMS.keys()
)
def test_a_claim_is_refused_with_44_to_its_sender_alone(
    order: StagedOrder, user: str, text: str
) -> None:
    [effect] = handled(order, claim(user))

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, StagedReject)
    assert (effect.message.target_comp_id, effect.message.refused) == (user, "Claim")
    assert (effect.message.code, effect.message.text) == (44, text)


@pytest.mark.rule("STAGE-4")
def test_a_claim_gives_an_available_order_its_owner() -> None:
    keep, announce = handled(parent(), claim("ET1"))

    assert keep == Keep(parent("ET1"))
    assert isinstance(announce, Announce)
    update: Any = announce.message
    assert (update.status, update.owner, update.free_qty) == (StagedStatus.CLAIMED, "ET1", 10)


# --- children ------------------------------------------------------------------------

# fmt: off
REFUSED_CHILDREN = {
    "not the owner":       (ask("X", 1, user="ET1"), 46, "P1 is owned by ET2"),
    "beyond free":         (ask("X", 5), 4, "P1 has 4 free, X asks for 5"),
    "change beyond free":  (ask("X", 11, changes="C1"), 39, "P1 has 10 free, X asks for 11"),
    "other side":          (ask("X", 1, side=Side.SELL), 5,
                            "a child of P1 has its side and its instrument, MNQU3"),
    "other instrument":    (ask("X", 1, symbol="MESU3"), 5,
                            "a child of P1 has its side and its instrument, MNQU3"),
    "another PM's account": (ask("X", 1, account="456"), 5,
                            "account 456 is neither P1's nor the desk's"),
    "account of a PM in the desk's book": (ask("X", 1, account="789"), 5,
                            "account 789 is neither P1's nor the desk's"),
    "change to another PM's account": (ask("X", 6, account="456", changes="C1"), 5,
                            "account 456 is neither P1's nor the desk's"),
}
# fmt: on


@pytest.mark.rule("STAGE-5", "STAGE-6", "STAGE-7")
@pytest.mark.parametrize(
    ("asked", "code", "text"), REFUSED_CHILDREN.values(), ids=REFUSED_CHILDREN.keys()
)
def test_a_child_is_refused_to_its_gateway_alone(asked: ReserveChild, code: int, text: str) -> None:
    [effect] = handled(WORKED, asked)

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, ChildRefused)
    assert (effect.message.target_comp_id, effect.message.user) == ("CME-A", asked.user)
    assert (effect.message.code, effect.message.text) == (code, text)


@pytest.mark.rule("STAGE-5")
def test_nobody_works_an_order_without_an_owner() -> None:
    [effect] = handled(parent(), ask("C1", 1))

    assert isinstance(effect, Tell)
    assert isinstance(effect.message, ChildRefused)
    assert (effect.message.code, effect.message.text) == (46, "P1 has no owner")


@pytest.mark.rule("STAGE-7")
@pytest.mark.parametrize(
    "account", ["", "123", "E2", "E1", "HOUSE"], ids=["none", "parent's", "own", "desk's", "house"]
)
def test_a_child_goes_into_any_account_that_is_no_other_customers(account: str) -> None:
    keep, tell = handled(WORKED, ask("C2", 4, account=account))

    assert isinstance(keep, Keep)
    assert isinstance(tell, Tell)
    assert isinstance(tell.message, ChildReserved)
    assert tell.message.beneficiaries == ("PM1",)


# --- room ----------------------------------------------------------------------------

# fmt: off
ROOM = {
    # what happens to an order of 10 that ET2 owns                       working, free, status
    "asked":            ([ask("C1", 6)],                                        6, 4, "Working"),
    "rejected":         ([ask("C1", 6),
                          report("C1", ExecType.REJECTED, 6, leaves=0, cum=0)], 0, 10, "Claimed"),
    "partly filled":    ([ask("C1", 6),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4)],
                                                                        2, 4, "Partially Filled"),
    "canceled":         ([ask("C1", 6),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=0, orig="C1")],
                                                                                0, 10, "Claimed"),
    "partly filled, then canceled":
                        ([ask("C1", 6),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=4, orig="C1")],
                                                                        0, 6, "Partially Filled"),
    "expired":          ([ask("C1", 6),
                          report("C1", ExecType.EXPIRED, 6, leaves=0, cum=0)],  0, 10, "Claimed"),
    "a larger quantity asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1")],           9, 1, "Working"),
    "a larger quantity refused":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"), change_refused("C1a", "C1")],
                                                                                6, 4, "Working"),
    "a larger quantity given":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1a", ExecType.REPLACED, 9, leaves=9, cum=0, orig="C1")],
                                                                                9, 1, "Working"),
    "a smaller quantity asked keeps the room":
                        ([ask("C1", 6), ask("C1a", 2, changes="C1")],           6, 4, "Working"),
    "a smaller quantity given":
                        ([ask("C1", 6), ask("C1a", 2, changes="C1"),
                          report("C1a", ExecType.REPLACED, 2, leaves=2, cum=0, orig="C1")],
                                                                                2, 8, "Working"),
    "a fill while a larger quantity is asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4)],
                                                                        5, 1, "Partially Filled"),
    "filled while a larger quantity is asked":
                        ([ask("C1", 6), ask("C1a", 9, changes="C1"),
                          report("C1", ExecType.TRADE, 6, leaves=0, cum=6, last=6),
                          change_refused("C1a", "C1")],
                                                                        0, 4, "Partially Filled"),
    "filled whole":     ([ask("C1", 10),
                          report("C1", ExecType.TRADE, 10, leaves=0, cum=10, last=10)],
                                                                                0, 0, "Filled"),
    # Names of requests that came to nothing may be used again.
    "a rejected child's name used again":
                        ([ask("C1", 6),
                          report("C1", ExecType.REJECTED, 6, leaves=0, cum=0),
                          ask("C1", 7)],                                        7, 3, "Working"),
    "a rejected child's name used for a cancel":
                        ([ask("C1", 6), ask("x", 1),
                          report("x", ExecType.REJECTED, 1, leaves=0, cum=0),
                          report("x", ExecType.CANCELED, 6, leaves=0, cum=0, orig="C1")],
                                                                                0, 10, "Claimed"),
    # Two changes of one child are under way; the venue refuses one.
    "the first of two changes refused":
                        ([ask("C1", 2), ask("C1a", 5, changes="C1"), ask("C1b", 9, changes="C1"),
                          change_refused("C1a", "C1")],                         9, 1, "Working"),
    "the first of two changes refused, the second given":
                        ([ask("C1", 2), ask("C1a", 9, changes="C1"), ask("C1b", 5, changes="C1"),
                          change_refused("C1a", "C1"),
                          report("C1b", ExecType.REPLACED, 5, leaves=5, cum=0, orig="C1")],
                                                                                5, 5, "Working"),
    "the first of two changes given, the second refused":
                        ([ask("C1", 2), ask("C1a", 5, changes="C1"), ask("C1b", 9, changes="C1"),
                          report("C1a", ExecType.REPLACED, 5, leaves=5, cum=0, orig="C1"),
                          change_refused("C1b", "C1")],                         5, 5, "Working"),
    "a cancel refused while a change is under way":
                        ([ask("C1", 2), ask("C1a", 9, changes="C1"), change_refused("x", "C1")],
                                                                                9, 1, "Working"),
}
# fmt: on


@pytest.mark.rule("STAGE-6")
@pytest.mark.parametrize(("events", "working", "free", "status"), ROOM.values(), ids=ROOM.keys())
def test_what_children_hold_and_what_is_free_after(
    events: list[DeskEvent], working: int, free: int, status: str
) -> None:
    order = after(parent("ET2"), *events)

    assert (order.working_qty, order.free_qty, order.status) == (working, free, status)


@pytest.mark.rule("STAGE-8")
def test_a_childs_fill_is_announced_as_its_parents_of_the_same_quantity_and_price() -> None:
    effects = handled(WORKED, report("C1", ExecType.TRADE, 6, leaves=2, cum=4, last=4))

    [fill] = [effect.message for effect in effects if isinstance(effect, Announce)]
    assert isinstance(fill, ParentPartialFill)
    assert (fill.child_id, fill.last_qty, fill.last_px) == ("C1", 4, 1535150)
    assert (fill.cum_qty, fill.leaves_qty, fill.working_qty) == (4, 6, 2)


def updates(effects: Iterable[DeskEffect]) -> list[tuple[int, int]]:
    """Return working and free quantity of the updates among *effects*."""
    return [
        (effect.message.working_qty, effect.message.free_qty)
        for effect in effects
        if isinstance(effect, Announce) and isinstance(effect.message, StagedUpdate)
    ]


def test_a_rejected_child_that_nobody_has_heard_of_is_not_announced() -> None:
    order = after(parent("ET2"), ask("C1", 6))

    assert not updates(handled(order, report("C1", ExecType.REJECTED, 6, leaves=0, cum=0)))


def test_a_rejected_child_that_windows_count_as_working_is_taken_back() -> None:
    order = after(
        parent("ET2"),
        ask("C1", 6),
        ask("C2", 3),
        report("C1", ExecType.NEW, 6, leaves=6, cum=0),  # shows 9 working
    )

    rejected = handled(order, report("C2", ExecType.REJECTED, 3, leaves=0, cum=0))

    assert updates(rejected) == [(6, 4)]


def test_a_refused_change_that_windows_count_as_working_is_taken_back() -> None:
    order = after(
        WORKED,
        ask("C1a", 9, changes="C1"),
        report("C1", ExecType.TRADE, 6, leaves=5, cum=1, last=1),  # shows 8 working
    )

    assert updates(handled(order, change_refused("C1a", "C1"))) == [(5, 4)]


# --- whatever happens ----------------------------------------------------------------


@attrs.define
class Working:
    """A child at the venue, as the venue has it."""

    user: str
    order_qty: int
    cum_qty: int = 0
    is_live: bool = False
    """Acknowledged, and not over."""


@attrs.define
class Change:
    """A change of a child that the venue has yet to answer."""

    name: str
    orig: str
    order_qty: int


users = st.sampled_from(["ET1", "ET2", "PM1"])
names = st.sampled_from(["a", "b", "c", "d", "e"])
quantities = st.integers(1, 12)


class AnyWorkingOfAStagedOrder(RuleBasedStateMachine):
    """Claims, children and the venue's word on them, in any order a gateway lets through."""

    def __init__(self) -> None:
        super().__init__()
        self.order = parent()
        self.children: dict[str, Working] = {}
        """At the venue, or on the way there, by their latest name."""

        self.changes: list[Change] = []
        self.over: list[Working] = []
        self.used: set[str] = set()
        self.first_owner: str | None = None
        self.shown = (0, 10)
        """Working and free, as windows have it."""

    def handle(self, event: DeskEvent) -> list[DeskEffect]:
        effects = handled(self.order, event)
        for effect in effects:
            match effect:
                case Keep(kept):
                    assert isinstance(kept, StagedOrder)
                    self.order = kept
                case Announce(StagedUpdate() as update):
                    self.shown = (update.working_qty, update.free_qty)
                case Announce(ParentPartialFill() as fill):
                    self.shown = (fill.working_qty, fill.leaves_qty - fill.working_qty)
                case _:
                    pass
        return effects

    @initialize(qty=st.integers(8, 14))
    def staged(self, qty: int) -> None:
        self.order = parent(qty=qty)
        self.shown = (0, qty)

    @rule(user=users)
    def claim(self, user: str) -> None:
        before = self.order

        effects = self.handle(claim(user))

        if user == "PM1" or self.first_owner is not None:
            assert self.order == before
            assert [type(effect) for effect in effects] == [Tell]
        else:
            self.first_owner = user

    @rule(
        user=users,
        name=names,
        qty=quantities,
        side=st.sampled_from([Side.BUY, Side.BUY, Side.BUY, Side.SELL]),
        symbol=st.sampled_from(["MNQU3", "MNQU3", "MNQU3", "MESU3"]),
        account=st.sampled_from(["", "123", "E2", "456"]),
    )
    def ask(self, user: str, name: str, qty: int, side: Side, symbol: str, account: str) -> None:
        if name in self.used:
            return
        before = self.order
        room = self.true_free()

        asked = ask(name, qty, user=user, side=side, symbol=symbol, account=account)
        [*_, told] = self.handle(asked)

        assert isinstance(told, Tell)
        if isinstance(told.message, ChildRefused):
            assert self.order == before
            assert (
                user != self.first_owner
                or (side, symbol) != (Side.BUY, "MNQU3")
                or account == "456"
                or qty > room
            )
        else:
            assert (user, side, symbol) == (self.first_owner, Side.BUY, "MNQU3")
            assert account != "456"
            self.used.add(name)
            self.children[name] = Working(user, qty)

    def pick(self, data: st.DataObject, *, live: bool) -> tuple[str, Working]:
        return data.draw(
            st.sampled_from(
                [(name, child) for name, child in self.children.items() if child.is_live is live]
            )
        )

    def has(self, *, live: bool) -> bool:
        return any(child.is_live is live for child in self.children.values())

    @precondition(lambda self: self.has(live=False))
    @rule(data=st.data(), taken=st.booleans())
    def venue_answers_a_new_child(self, data: st.DataObject, taken: bool) -> None:
        name, child = self.pick(data, live=False)
        if taken:
            child.is_live = True
            self.handle(
                report(name, ExecType.NEW, child.order_qty, leaves=child.order_qty, cum=0,
                       user=child.user)
            )  # fmt: skip
        else:
            del self.children[name]
            self.used.remove(name)
            self.handle(
                report(name, ExecType.REJECTED, child.order_qty, leaves=0, cum=0, user=child.user)
            )

    @precondition(lambda self: self.has(live=True))
    @rule(data=st.data())
    def child_trades(self, data: st.DataObject) -> None:
        name, child = self.pick(data, live=True)
        last = data.draw(st.integers(1, child.order_qty - child.cum_qty))
        child.cum_qty += last
        leaves = child.order_qty - child.cum_qty
        if not leaves:
            self.end(name)

        effects = self.handle(
            report(name, ExecType.TRADE, child.order_qty, leaves=leaves, cum=child.cum_qty,
                   last=last, user=child.user)
        )  # fmt: skip

        fills = [effect.message for effect in effects if isinstance(effect, Announce)]
        assert [type(fill) for fill in fills] == [ParentPartialFill]

    @precondition(lambda self: self.has(live=True))
    @rule(data=st.data(), how=st.sampled_from(["asked", "unasked", "expired"]), request=names)
    def child_ends(self, data: st.DataObject, how: str, request: str) -> None:
        name, child = self.pick(data, live=True)
        if how == "asked" and request in self.used:
            return
        self.end(name)
        if how == "asked":
            self.used.add(request)
        self.handle(
            report(
                request if how == "asked" else name,
                ExecType.EXPIRED if how == "expired" else ExecType.CANCELED,
                child.order_qty,
                leaves=0,
                cum=child.cum_qty,
                orig=name if how == "asked" else "",
                user=child.user,
            )
        )

    @precondition(lambda self: self.has(live=True))
    @rule(data=st.data(), request=names, qty=quantities)
    def change(self, data: st.DataObject, request: str, qty: int) -> None:
        name, child = self.pick(data, live=True)
        if request in self.used:
            return

        [*_, told] = self.handle(ask(request, qty, user=child.user, changes=name))

        assert isinstance(told, Tell)
        if isinstance(told.message, ChildReserved):
            self.used.add(request)
            self.changes.append(Change(request, name, qty))
        else:
            assert qty > child.order_qty

    @precondition(lambda self: self.changes)
    @rule(data=st.data(), taken=st.booleans())
    def venue_answers_a_change(self, data: st.DataObject, taken: bool) -> None:
        change = self.changes.pop(0)
        child = self.children.get(change.orig)
        if taken and child is not None and child.is_live and change.order_qty > child.cum_qty:
            del self.children[change.orig]
            self.children[change.name] = child
            child.order_qty = change.order_qty
            leaves = child.order_qty - child.cum_qty
            self.handle(
                report(change.name, ExecType.REPLACED, change.order_qty, leaves=leaves,
                       cum=child.cum_qty, orig=change.orig, user=child.user)
            )  # fmt: skip
        else:
            self.used.discard(change.name)
            assert self.order.owner is not None
            self.handle(change_refused(change.name, change.orig, self.order.owner))

    def end(self, name: str) -> None:
        self.over.append(self.children.pop(name))

    def true_free(self) -> int:
        """Return what is surely free: its quantity less all that is done and may yet be."""
        held = 0
        for name, child in self.children.items():
            asked = [change.order_qty for change in self.changes if change.orig == name]
            held += max(child.order_qty, *asked) if asked else child.order_qty
        return self.order.order_qty - held - sum(child.cum_qty for child in self.over)

    @invariant()
    def quantity_is_conserved(self) -> None:
        order = self.order
        assert 0 <= order.cum_qty <= order.order_qty
        assert order.cum_qty + order.working_qty + order.free_qty == order.order_qty

    @invariant()
    def parent_has_filled_what_its_children_have(self) -> None:
        children = [*self.children.values(), *self.over]
        assert self.order.cum_qty == sum(child.cum_qty for child in children)

    @invariant()
    def free_is_what_no_child_can_ever_fill(self) -> None:
        assert self.order.free_qty <= self.true_free()

    @invariant()
    def nothing_is_held_for_ever(self) -> None:
        if not self.changes:
            assert self.order.free_qty == self.true_free()

    @invariant()
    def windows_never_count_more_as_working_than_is(self) -> None:
        assert self.shown[0] <= self.order.working_qty
        assert self.shown[1] >= self.order.free_qty

    @invariant()
    def the_first_claim_settles_the_owner(self) -> None:
        assert self.order.owner == self.first_owner

    @invariant()
    def status_is_the_tables(self) -> None:
        order = self.order
        if order.cum_qty == order.order_qty:
            status = "Filled"
        elif order.owner is None:
            status = "Available"
        elif order.cum_qty:
            status = "Partially Filled"
        else:
            status = "Working" if self.children else "Claimed"
        assert order.status == status


TestAnyWorkingOfAStagedOrder = pytest.mark.rule("STAGE-4", "STAGE-5", "STAGE-6", "STAGE-8")(
    AnyWorkingOfAStagedOrder.TestCase
)
