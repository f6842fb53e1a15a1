"""The SSE gateway, one delivery at a time: what it keeps, and whom it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from floors import EXCHANGE_TRADERS

from floorproof.actors.sse_gateway import SseGateway, SseGatewayConfig
from floorproof.market.credentials import Credential, Login, Logins
from floorproof.market.fix import Side
from floorproof.market.identifiers import Account, ClOrdID, CompID, StagedOrderID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import NewOrderSingle
from floorproof.market.permissions import Permissions
from floorproof.market.staging import (
    Claim,
    NewStagedOrder,
    Permission,
    ReserveChild,
    SetPermission,
)
from floorproof.market.wording import Wording, label
from floorproof.plugins.desk import Announce, DeskEffect, Keep, Warn
from floorproof.plugins.staged.order_type import Staged
from floorproof.runtime.choices import Defaults
from floorproof.runtime.participant import Context, Delivery, Fact

MNQ = Instrument(symbol=Symbol("MNQU3"), price_decimals=0, ticks=TickTable.uniform(1))
WORDING = Wording({MNQ.symbol: MNQ})
CME_A = CompID("CME-A")


def on_sse(users: str) -> Logins:
    return Logins.of(
        Login(
            user=CompID(user),
            routing=Credential.parse(routing),
            exchange=Credential.parse(exchange),
            account=None if account == "-" else Account(account),
        )
        for user, gateway, routing, exchange, account in map(str.split, users.strip().splitlines())
        if gateway == "SSE-A"
    )


CONFIG = SseGatewayConfig(
    logins=on_sse(EXCHANGE_TRADERS),
    permissions=Permissions(
        {
            CompID("ET1"): {(Permission.MANAGEMENT, None): True},
            CompID("ET2"): {(Permission.MANAGEMENT, None): True},
            CompID("PM1"): {(Permission.CREATION, None): True},
            CompID("PM2"): {(Permission.CREATION, None): True, (Permission.MANAGEMENT, None): True},
        }
    ),
    order_types={"BROKER": Staged()},
    listed={CME_A: {MNQ.symbol: MNQ}},
    accounts={Account("123"): (CompID("PM1"),), Account("456"): (CompID("PM2"),)},
    administrators=[CompID("ADMIN")],
)


class Gateway:
    """SSE-A; what it answers as lines, ``who: message``."""

    def __init__(self, config: SseGatewayConfig = CONFIG, store: Any = None) -> None:
        self.store: dict[str, object] = {} if store is None else store
        streams = Defaults().stream
        context = Context("SSE-A", self.store, lambda purpose: streams("SSE-A", purpose))
        self.actor = SseGateway(config, context)

    @property
    def parents(self) -> dict[object, object]:
        """Return what it keeps, as a value."""
        kept: Any = self.store["parents"]
        return dict(kept)

    def take(self, message: object, sender: str) -> list[str]:
        told = []
        for answer in self.actor.receive(Delivery(message, sender, "SSE-A", 1, 1, 1, 0)):
            if isinstance(answer, Fact):
                told.append(f"{answer.kind}: {answer.payload}")
                continue
            said: Any = answer.message
            assert said.target_comp_id == answer.recipient
            told.append(f"{answer.recipient}: {label(said)} {WORDING.key_fields(said)}")
        return told

    def stage(self, user: str = "PM1", name: str = "P1", **fields: object) -> list[str]:
        order = NewStagedOrder(
            sender_comp_id=CompID(user),
            staged_order_id=StagedOrderID(name),
            staged_type="BROKER",
            gateway=CME_A,
            symbol=MNQ.symbol,
            side=Side.BUY,
            order_qty=10,
            account=Account("123"),
        )
        return self.take(attrs.evolve(order, **fields), user)  # type: ignore[arg-type]  # by name

    def claim(self, user: str, name: str = "P1", sender: str = "") -> list[str]:
        claim = Claim(sender_comp_id=CompID(user), staged_order_id=StagedOrderID(name))
        return self.take(claim, sender or user)

    def reserve(self, user: str, qty: int, name: str = "P1") -> list[str]:
        ask = ReserveChild(
            sender_comp_id=CME_A,
            user=CompID(user),
            parent_id=StagedOrderID(name),
            order=NewOrderSingle(
                sender_comp_id=CompID(user),
                cl_ord_id=ClOrdID("C1"),
                symbol=MNQ.symbol,
                side=Side.BUY,
                order_qty=qty,
                price=100,
            ),
        )
        return self.take(ask, "CME-A")


@pytest.fixture
def gateway() -> Gateway:
    gateway = Gateway()
    gateway.stage()
    return gateway


@pytest.mark.rule("STAGE-2")
def test_a_new_order_is_told_of_to_its_audience_by_name() -> None:
    assert Gateway().stage() == [
        f"{user}: StagedAck P1 Available, owner none, leaves 10" for user in ("ET1", "ET2", "PM1")
    ]


@pytest.mark.rule("STAGE-3")
def test_who_may_manage_and_does_not_see_an_order_is_told_what_a_stranger_is(
    gateway: Gateway,
) -> None:
    before = gateway.parents

    [hidden] = gateway.claim("PM2", "P1")
    [unknown] = gateway.claim("PM2", "P7")

    assert hidden == "PM2: StagedReject P1 Claim refused, 44: P1 is not in PM2's window"
    assert unknown == hidden.replace("P1", "P7")
    assert gateway.parents == before


@pytest.mark.rule("STAGE-5")
def test_a_child_of_what_its_user_does_not_see_is_refused_as_of_what_there_is_not(
    gateway: Gateway,
) -> None:
    [hidden] = gateway.reserve("PM2", 1, "P1")
    [unknown] = gateway.reserve("PM2", 1, "P7")

    assert hidden == "CME-A: ChildRefused C1 of PM2, 46: P1 is not in PM2's window"
    assert unknown == hidden.replace("P1", "P7")


@pytest.mark.rule("STAGE-3", "STAGE-4")
def test_a_claim_in_anothers_name_is_refused_to_who_sent_it(gateway: Gateway) -> None:
    before = gateway.parents

    assert gateway.claim("ET1", sender="ET2") == [
        "ET2: StagedReject P1 Claim refused, 44: P1 is not in ET2's window"
    ]
    assert gateway.parents == before


def test_a_name_is_used_once_and_the_first_order_stays_as_it_is(gateway: Gateway) -> None:
    before = gateway.parents

    assert gateway.stage("PM2", "P1", order_qty=99) == [
        "PM2: StagedReject P1 NewStagedOrder refused, 5: the name P1 has been used"
    ]
    assert gateway.parents == before


def test_a_refused_order_does_not_use_its_name_up() -> None:
    gateway = Gateway()
    gateway.stage("ET1")

    assert gateway.stage("PM1")[0] == "ET1: StagedAck P1 Available, owner none, leaves 10"


# fmt: off
SETTINGS = {
    "permitted":        ([("ET1", True)],                  True),
    "permitted twice":  ([("ET1", True), ("ET1", True)],   True),
    "revoked":          ([("ET1", True), ("ET1", False)],  False),
    "somebody else":    ([("ET2", True)],                  False),
}
# fmt: on


@pytest.mark.rule("STAGE-1")
@pytest.mark.parametrize(("given", "taken"), SETTINGS.values(), ids=SETTINGS.keys())
def test_the_administrators_word_counts_from_then_on(
    given: list[tuple[str, bool]], taken: bool
) -> None:
    gateway = Gateway()
    for user, allowed in given:
        setting = SetPermission(user=CompID(user), permission=Permission.CREATION, allowed=allowed)
        assert gateway.take(setting, "ADMIN") == []

    assert (len(gateway.stage("ET1")) == 3) is taken
    assert gateway.claim("ET2", "P1")[0].startswith("ET1: StagedUpdate") is taken


def test_what_it_knows_survives_a_restart(gateway: Gateway) -> None:
    gateway.claim("ET1")
    gateway.take(
        SetPermission(user=CompID("ET2"), permission=Permission.MANAGEMENT, allowed=False), "ADMIN"
    )

    again = Gateway(store=gateway.store)

    assert again.claim("ET2") == [
        "ET2: StagedReject P1 Claim refused, 44: ET2 may not manage staged orders"
    ]
    assert again.reserve("ET1", 10) == ["CME-A: ChildReserved C1 of ET1 in P1"]


@attrs.frozen
class FailsHalfWay:
    """An order type that raises after it has said what to keep."""

    def submit(self, request: NewStagedOrder, desk: object) -> Iterator[DeskEffect]:
        yield Warn("about to fail")
        yield Announce(request)
        raise ZeroDivisionError

    def handle(self, parent: object, event: object, desk: object) -> Iterator[DeskEffect]:
        yield Keep(parent)  # type: ignore[arg-type]  # any value will do
        raise ZeroDivisionError


def test_an_order_type_that_raises_leaves_nothing_half_done(gateway: Gateway) -> None:
    broken = attrs.evolve(CONFIG, order_types={"BROKER": FailsHalfWay()})
    again = Gateway(broken, gateway.store)
    before = again.parents

    with pytest.raises(ZeroDivisionError):
        again.stage("PM1", "P2")
    with pytest.raises(ZeroDivisionError):
        again.claim("ET1")

    assert again.parents == before


def test_a_message_of_no_use_is_an_error(gateway: Gateway) -> None:
    with pytest.raises(TypeError, match="an SSE gateway has no use for 'hello'"):
        gateway.take("hello", "PM1")


def test_only_an_administrators_setting_is_made(gateway: Gateway) -> None:
    setting = SetPermission(user=CompID("ET1"), permission=Permission.CREATION, allowed=True)

    told = gateway.take(setting, "ET1")

    assert told == ["not an administrator: {'sender': 'ET1'}"]
    assert gateway.stage("ET1", "P2") == [
        "ET1: StagedReject P2 NewStagedOrder refused, 43: ET1 may not create staged orders"
    ]
