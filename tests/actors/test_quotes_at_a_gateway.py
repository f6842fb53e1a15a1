"""Quotes through an exchange gateway: one session for many, and everybody's own names."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from oracle.shorthand import request, told

from floorproof.actors.exchange_gateway import ExchangeGateway, ExchangeGatewayConfig
from floorproof.market.credentials import Credential, Login, Logins
from floorproof.market.exchange import Exchange
from floorproof.market.fix import MsgType, OrdRejReason
from floorproof.market.identifiers import Account, CompID, QuoteID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import NewOrderSingle, OrderRequest
from floorproof.market.quotes import MassQuoteAck, QuoteCancelAck
from floorproof.market.rejects import BusinessMessageReject, SessionReject
from floorproof.market.rules import Bound, MarketView, Reject, RejectLevel, VenueRules
from floorproof.plugins.fifo import Fifo
from floorproof.runtime.choices import Defaults
from floorproof.runtime.participant import Context, Delivery, Fact, Send

X, Y, FAR = Symbol("X"), Symbol("Y"), Symbol("FAR")
GW, CME, OTHER = CompID("GW"), CompID("CME"), CompID("OTHER")


def login(user: str, group: str) -> Login:
    credential = Credential.parse(f"{group}/001/001")
    account = Account(f"A{user}")
    return Login(user=CompID(user), routing=credential, exchange=credential, account=account)


class Gateway:
    """GW with two real venues behind it; MM and NN share an order book, PP is somebody else."""

    def __init__(self, rules: VenueRules | None = None) -> None:
        logins = Logins.of([login("MM", "R01"), login("NN", "R01"), login("PP", "R02")])
        config = ExchangeGatewayConfig(
            logins=logins, exchanges={X: CME, Y: CME, FAR: OTHER}, synthetic_gateways=[]
        )
        streams = Defaults().stream
        context = Context("GW", {}, lambda purpose: streams("GW", purpose))
        self.actor = ExchangeGateway(config, context)
        self.venues: dict[str, Exchange] = {}
        for venue, symbols in ((CME, (X, Y)), (OTHER, (FAR,))):
            instruments = [
                Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1))
                for symbol in symbols
            ]
            of_x = {} if rules is None or venue is not CME else {X: rules}
            self.venues[venue] = Exchange(instruments, dict.fromkeys(symbols, Fifo()), of_x)
        self.to_venues: list[Any] = []

    def say(self, line: str) -> list[str]:
        sent = request(line)
        return self.take(sent, sent.sender_comp_id)

    def take(self, message: object, sender: str) -> list[str]:
        said: list[str] = []
        waiting = [(message, sender)]
        while waiting:
            message, sender = waiting.pop(0)
            delivery = Delivery(message, sender, "GW", 1, 1, 1, 0)
            for answer in [*self.actor.receive(delivery)]:
                if isinstance(answer, Fact):
                    said.append(answer.kind)
                    continue
                assert isinstance(answer, Send)
                sent: Any = answer.message
                if answer.recipient in self.venues:
                    self.to_venues.append(sent)
                    outcome = self.venues[answer.recipient].receive(sent, 0)
                    waiting.extend((each, answer.recipient) for each in outcome.reports)
                else:
                    assert sent.target_comp_id == answer.recipient
                    said.append(told(sent))
        return said


def test_everybody_in_sight_hears_under_the_users_names() -> None:
    gateway = Gateway()

    assert gateway.say("MM q QUOTE X:5@10/5@12") == [
        "MM q QUOTE ACCEPTED: q.1",
        "NN q QUOTE ACCEPTED: q.1",
    ]
    assert gateway.say("NN q QUOTE X:7@9") == [
        "MM q QUOTE ACCEPTED: q.1",
        "NN q QUOTE ACCEPTED: q.1",
    ]
    assert gateway.say("PP s SELL 3 @ 10")[:1] == ["PP s NEW, leaves 3 cum 0"]
    assert gateway.say("PP z UNQUOTE") == ["PP z QUOTES CANCELED: "] * 2  # of either venue
    assert gateway.say("PP t SELL 1 @ 10") == [
        "PP t NEW, leaves 1 cum 0",
        "MM q.1 TRADE 1 @ 10, leaves 1 cum 4",
        "NN q.1 TRADE 1 @ 10, leaves 1 cum 4",
        "PP t TRADE 1 @ 10, leaves 0 cum 1",
    ]
    assert gateway.say("MM z UNQUOTE X") == [
        "MM z QUOTES CANCELED: q.1 BUY 1, q.1 SELL 5",
        "NN z QUOTES CANCELED: q.1 BUY 1, q.1 SELL 5",
    ]
    first, *_ = gateway.to_venues
    assert (first.sender_comp_id, first.sender_sub_id) == (GW, "MM")


def test_cancels_go_to_every_venue_that_they_concern() -> None:
    gateway = Gateway()
    gateway.say("MM q QUOTE FAR:1@5")
    gateway.say("MM p QUOTE X:1@5 Y:1@6")

    assert gateway.say("MM y UNQUOTE Y FAR")[::2] == [
        "MM y QUOTES CANCELED: p.2 BUY 1",
        "MM y QUOTES CANCELED: q.1 BUY 1",
    ]
    assert gateway.say("MM z UNQUOTE")[0] == "MM z QUOTES CANCELED: p.1 BUY 1"


def test_entries_of_another_venue_are_refused_by_themselves() -> None:
    gateway = Gateway()

    assert gateway.say("MM q QUOTE X:1@5 FAR:1@5")[0] == (
        "MM q QUOTE ACCEPTED: q.1, q.2 UNKNOWN_SYMBOL: symbol 'FAR': expected one of X, Y [REJ-6]"
    )


# fmt: off
REFUSED = {
    "used name":       ("MM old QUOTE X:1@5",
                        "MM old QUOTE REJECTED DUPLICATE_QUOTE: MM has used the name old before"),
    "an order's name": ("MM o QUOTE X:1@5",
                        "MM o QUOTE REJECTED DUPLICATE_QUOTE: MM has an order of the name o.1"),
    "not listed":      ("MM q QUOTE Z:1@5",
                        "MM q QUOTE REJECTED UNKNOWN_SYMBOL: GW lists no 'Z'; it lists: X, Y, FAR"),
    "nobody":          ("XX q QUOTE X:1@5",
                        "XX q QUOTE REJECTED OTHER: XX is not logged in here as XX"),
    "a cancel's name": ("MM old UNQUOTE",
                        "MM old QUOTES REFUSED DUPLICATE_QUOTE: MM has used the name old before"),
    "a cancel of what is not listed":
                       ("MM q UNQUOTE X Z",
                        "MM q QUOTES REFUSED UNKNOWN_SYMBOL: GW lists no 'Z'; it lists: X, Y, FAR"),
}
# fmt: on


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_gateway_refuses(line: str, said: str) -> None:
    gateway = Gateway()
    gateway.say("MM old QUOTE X:5@5")
    gateway.say("MM o.1 BUY 1 @ 3")
    sent = len(gateway.to_venues)

    assert gateway.say(line) == [said]
    assert len(gateway.to_venues) == sent


def test_no_order_has_a_quotes_name() -> None:
    gateway = Gateway()
    gateway.say("MM q QUOTE X:5@5")

    assert gateway.say("MM q.1 BUY 1 @ 5") == [
        "MM q.1 REJECTED DUPLICATE_ORDER: MM has used the name q.1 before"
    ]
    assert "NEW" in gateway.say("NN q.1 BUY 1 @ 5")[0]


def refusing(level: RejectLevel) -> VenueRules:
    def accept(request: OrderRequest, _: MarketView) -> Reject | None:
        wanted = isinstance(request, NewOrderSingle) and request.order_qty < 9
        return None if wanted else Reject(OrdRejReason.OTHER, "no", level)

    return VenueRules(accept_request=(Bound("r", accept),))


@pytest.mark.parametrize("level", [RejectLevel.SESSION, RejectLevel.BUSINESS])
def test_a_refused_message_is_told_as_a_reject_of_what_it_asked_for(level: RejectLevel) -> None:
    gateway = Gateway(refusing(level))
    gateway.say("MM a BUY 5 @ 5")

    assert gateway.say("MM b BUY 9 @ 5") == ["MM b REJECTED OTHER: no"]
    assert gateway.say("MM b BUY 8 @ 5")[0] == "MM b NEW, leaves 8 cum 0"  # the name is free
    assert gateway.say("MM c CHANGE BUY a 4 @ 5") == ["MM c REFUSED OTHER: no"]
    assert gateway.say("MM c CANCEL BUY a") == ["MM c REFUSED OTHER: no"]
    assert gateway.say("MM q QUOTE X:9@5") == ["MM q BUSINESS REJECT: no"]
    assert gateway.say("MM q QUOTE Y:9@5")[0] == "MM q QUOTE ACCEPTED: q.1"


FROM_NOBODY = (
    MassQuoteAck(
        target_comp_id=GW,
        quote_id=QuoteID("q"),
        quote_status=msgspec.UNSET,  # type: ignore[arg-type]  # nobody looks at it
        transact_time_ns=0,
    ),
    QuoteCancelAck(
        target_comp_id=GW,
        quote_status=msgspec.UNSET,  # type: ignore[arg-type]  # which no venue sends
        transact_time_ns=0,
    ),
    SessionReject(
        target_comp_id=GW,
        ref_msg_type=MsgType.NEW_ORDER_SINGLE,
        ref_id="a",
        text="",
        transact_time_ns=0,
    ),
    BusinessMessageReject(
        target_comp_id=GW,
        ref_msg_type=MsgType.MASS_QUOTE,
        business_reject_ref_id="q",
        text="",
        transact_time_ns=0,
        business_reject_reason=msgspec.UNSET,  # type: ignore[arg-type]  # which no venue sends
    ),
)


@pytest.mark.parametrize("message", FROM_NOBODY, ids=lambda message: type(message).__name__)
def test_only_a_venue_says_what_a_venue_says(message: object) -> None:
    assert Gateway().take(message, "MM") == ["session mismatch"]
