"""Mass quotes at a venue: what enters the book, what keeps its place, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pytest
from oracle.shorthand import request, told

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import (
    OrdRejReason,
    OrdStatus,
    QuoteRejectReason,
    Side,
    SubscriptionRequestType,
    TimeInForce,
)
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    OrderRequest,
)
from floorproof.market.operations import BustTrade, CancelOrders, ChangeTradingState
from floorproof.market.quotes import MassQuoteAck, QuotedOrder
from floorproof.market.quoting import MAX_QUOTE_ENTRIES
from floorproof.market.rules import Bound, MarketView, Reject, RejectLevel, VenueRules
from floorproof.market.sessions import TradingState
from floorproof.plugins.allocation.globex import CurrencyRoll
from floorproof.plugins.fifo import Fifo

X, Y, Z = Symbol("X"), Symbol("Y"), Symbol("Z")
CALL = TradingState(name="CALL", match=False, indicative=True)
OPEN = TradingState(name="OPEN", uncross=True)
RESERVED = TradingState(name="RESERVED", quote=False)
NO_CANCEL = TradingState(name="NO_CANCEL", cancel=False)
LONG = TradingState(name="LONG", lives=(TimeInForce.GOOD_TILL_CANCEL,))
CLOSE = TradingState(name="CLOSE", enter=False, match=False, ends_day=True)
STATES = (CALL, OPEN, RESERVED, NO_CANCEL, LONG, CLOSE)


def venue(*lines: str, rules: VenueRules | None = None, **of_x: Any) -> Exchange:
    """Return a venue of X, Y and Z at which *lines* have happened; Y is pro rata."""
    instruments = [
        Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1))
        for symbol in (X, Y, Z)
    ]
    instruments[0] = attrs.evolve(instruments[0], **of_x)
    algorithms: dict[Symbol, Algorithm] = {X: Fifo(), Y: CurrencyRoll(), Z: Fifo()}
    bound = {} if rules is None else {X: rules}
    exchange = Exchange(instruments, algorithms, bound, states=STATES)
    play(exchange, lines)
    return exchange


def happen(exchange: Exchange, line: str) -> Outcome:
    if line.startswith("! "):
        symbol, state = line.split()[1:]
        return exchange.operate(ChangeTradingState(symbol=Symbol(symbol), state=state), 0)
    return exchange.receive(request(line), 0)


def play(exchange: Exchange, lines: Iterable[str]) -> list[str]:
    return [told(report) for line in lines for report in happen(exchange, line).reports]


def say(exchange: Exchange, *lines: str) -> list[str]:
    return play(exchange, lines)


def book(exchange: Exchange, symbol: Symbol = X) -> list[str]:
    """Return what rests: the offers, best first, and then the bids."""
    return [
        f"{one.order.sender_comp_id} {one.order.cl_ord_id} {one.leaves_qty} @ {one.level.price}"
        for side in (Side.SELL, Side.BUY)
        for one in exchange.book(symbol).resting(side)
    ]


# --- entering -------------------------------------------------------------------------


@pytest.mark.rule("QUOTE-1", "QUOTE-6")
def test_an_entry_is_a_bid_and_an_offer() -> None:
    exchange = venue()

    assert say(exchange, "MM q QUOTE X:5@10/7@12 Y:1@20 Z:-/2@30") == [
        "MM q QUOTE ACCEPTED: q.1, q.2, q.3"
    ]
    assert book(exchange, X) == ["MM q.1 7 @ 12", "MM q.1 5 @ 10"]
    assert book(exchange, Y) == ["MM q.2 1 @ 20"]
    assert book(exchange, Z) == ["MM q.3 2 @ 30"]
    for resting in exchange.book(X).resting(Side.BUY):
        assert isinstance(resting.order, QuotedOrder)
        assert (resting.order.quote_id, resting.order.quote_set_id) == ("q", "S")
        assert resting.order.time_in_force is TimeInForce.DAY


@pytest.mark.rule("QUOTE-6")
def test_a_quote_trades_as_an_order_does_after_its_acknowledgement() -> None:
    exchange = venue("A a SELL 3 @ 10", "A b SELL 9 @ 11", "B c BUY 4 @ 9")

    assert say(exchange, "MM q QUOTE X:5@10/7@11") == [
        "MM q QUOTE ACCEPTED: q.1",
        "A a TRADE 3 @ 10, leaves 0 cum 3",
        "MM q.1 TRADE 3 @ 10, leaves 2 cum 3",
    ]
    assert book(exchange) == ["A b 9 @ 11", "MM q.1 7 @ 11", "MM q.1 2 @ 10", "B c 4 @ 9"]
    assert say(exchange, "C d SELL 1 @ 10", "C e BUY 10 @ 11")[1::3] == [
        "MM q.1 TRADE 1 @ 10, leaves 1 cum 4",
        "A b TRADE 9 @ 11, leaves 0 cum 9",
        "C e TRADE 1 @ 11, leaves 0 cum 10",
    ]


@pytest.mark.rule("QUOTE-2")
def test_what_a_bid_elects_comes_before_the_offer() -> None:
    exchange = venue("A a SELL 1 @ 10", "B s BUY 2 STOP 10 @ 13")

    assert say(exchange, "MM q QUOTE X:1@10/2@12") == [
        "MM q QUOTE ACCEPTED: q.1",
        "A a TRADE 1 @ 10, leaves 0 cum 1",
        "MM q.1 TRADE 1 @ 10, leaves 0 cum 1",
        "B s TRIGGERED, leaves 2 cum 0",
        "B s TRADE 2 @ 13, leaves 0 cum 2",
        "MM q.1 TRADE 2 @ 13, leaves 0 cum 2",
    ]


@pytest.mark.rule("QUOTE-2")
def test_what_a_bid_elects_meets_the_offer_that_stays_as_it_is_by_now() -> None:
    exchange = venue("MM q QUOTE X:1@8/9@12", "A a SELL 1 @ 10", "B s BUY 5 STOP 10 @ 13")

    assert say(exchange, "MM p QUOTE X:1@10/2@12")[3:] == [
        "B s TRIGGERED, leaves 5 cum 0",
        "MM p.1 TRADE 2 @ 12, leaves 0 cum 2",
        "B s TRADE 2 @ 12, leaves 3 cum 2",
    ]
    assert book(exchange) == ["B s 3 @ 13"]


# --- a quote anew ---------------------------------------------------------------------

# fmt: off
# By case: what follows "MM q QUOTE X:5@10/5@12" with B's orders behind it, and the book then.
ANEW = {
    "as it was":            ("X:5@10/5@12", ["p.1 5 @ 12", "b 1 @ 12", "p.1 5 @ 10", "c 1 @ 10"]),
    "smaller":              ("X:4@10/3@12", ["p.1 3 @ 12", "b 1 @ 12", "p.1 4 @ 10", "c 1 @ 10"]),
    "larger":               ("X:6@10/6@12", ["b 1 @ 12", "p.1 6 @ 12", "c 1 @ 10", "p.1 6 @ 10"]),
    "one side larger":      ("X:6@10/4@12", ["p.1 4 @ 12", "b 1 @ 12", "c 1 @ 10", "p.1 6 @ 10"]),
    "elsewhere":            ("X:5@9/5@13",  ["b 1 @ 12", "p.1 5 @ 13", "c 1 @ 10", "p.1 5 @ 9"]),
    "the bid alone":        ("X:5@10",      ["b 1 @ 12", "p.1 5 @ 10", "c 1 @ 10"]),
    "the offer alone":      ("X:-/5@12",    ["p.1 5 @ 12", "b 1 @ 12", "c 1 @ 10"]),
    "neither":              ("X:-",         ["b 1 @ 12", "c 1 @ 10"]),
    "another instrument":   ("Y:5@10/5@12", ["q.1 5 @ 12", "b 1 @ 12", "q.1 5 @ 10", "c 1 @ 10"]),
    "past its own offer":   ("X:5@12/5@14", ["p.1 5 @ 14", "p.1 4 @ 12", "c 1 @ 10"]),
    "past its own bid":     ("X:5@8/5@10",  ["p.1 4 @ 10", "b 1 @ 12", "p.1 5 @ 8"]),
}
# fmt: on


@pytest.mark.rule("QUOTE-1", "QUOTE-2")
@pytest.mark.parametrize(("anew", "left"), ANEW.values(), ids=ANEW.keys())
def test_a_new_entry_takes_the_place_of_the_one_before(anew: str, left: list[str]) -> None:
    exchange = venue("MM q QUOTE X:5@10/5@12", "B b SELL 1 @ 12", "B c BUY 1 @ 10")

    first, *trades = say(exchange, f"MM p QUOTE {anew}")

    assert first == "MM p QUOTE ACCEPTED: p.1"
    assert not any("MM q.1" in line for line in trades)
    assert [line.split(maxsplit=1)[1] for line in book(exchange)] == left


@pytest.mark.rule("QUOTE-2")
def test_what_is_left_decides_whether_a_size_is_raised() -> None:
    exchange = venue("MM q QUOTE X:-/5@12", "B b SELL 1 @ 12", "C x BUY 2 @ 12")
    assert book(exchange) == ["MM q.1 3 @ 12", "B b 1 @ 12"]

    say(exchange, "MM p QUOTE X:-/3@12")
    assert book(exchange) == ["MM p.1 3 @ 12", "B b 1 @ 12"]
    assert say(exchange, "C y BUY 1 @ 12")[1] == "MM p.1 TRADE 1 @ 12, leaves 2 cum 3"

    say(exchange, "MM r QUOTE X:-/3@12")
    assert book(exchange) == ["B b 1 @ 12", "MM r.1 3 @ 12"]
    assert say(exchange, "C z BUY 2 @ 12")[3] == "MM r.1 TRADE 1 @ 12, leaves 2 cum 1"


@pytest.mark.rule("QUOTE-1")
def test_who_quotes_is_a_session_or_a_user_of_it() -> None:
    exchange = venue(
        "MM q QUOTE X:1@10",
        "MM p QUOTE X:2@10 user=ANN",
        "NN q QUOTE X:3@10",
        "MM r QUOTE X:4@9 user=ANN",
    )

    assert book(exchange) == ["MM q.1 1 @ 10", "NN q.1 3 @ 10", "MM r.1 4 @ 9"]


# --- refusals -------------------------------------------------------------------------

_ENTRIES = " ".join(["Z:1@1"] * MAX_QUOTE_ENTRIES)
# fmt: off
WHOLE = {
    "a used name":       ("MM old QUOTE X:1@10",
                          "MM old QUOTE REJECTED DUPLICATE_QUOTE: quote_id 'old': expected a name"
                          " not used before [QUOTE-4]"),
    "no such instrument, first":
                         ("MM q QUOTE U:1@10 X:1@10",
                          "MM q QUOTE REJECTED UNKNOWN_SYMBOL: symbol 'U': expected one of X, Y, Z"
                          " [REJ-6]"),
    "too many entries":  (f"MM q QUOTE {_ENTRIES} X:1@10",
                          "MM q BUSINESS REJECT: 16 entries in 1 quote sets: expected at most 15 of"
                          " either [QUOTE-4]"),
}
ENTRIES = {
    "no such instrument": ("U:1@10", "UNKNOWN_SYMBOL: symbol 'U': expected one of X, Y, Z [REJ-6]"),
    "crossed":            ("X:2@12/2@10", "INVALID_BID_ASK_SPREAD: bid_px 12: expected below"
                                          " offer_px 10 [QUOTE-3]"),
    "locked":             ("X:2@12/2@12", "INVALID_BID_ASK_SPREAD: bid_px 12: expected below"
                                          " offer_px 12 [QUOTE-3]"),
    "off tick":           ("X:2@10/2@13", "INVALID_PRICE: price 13: expected a multiple of 2"
                                          " [ORD-1]"),
    "too large":          ("X:102@10/2@12", "QUOTE_EXCEEDS_LIMIT: order_qty 102: expected at most"
                                            " 100 [ORD-5]"),
    "no multiple of the lot":
                          ("X:2@10/3@12", "OTHER: order_qty 3: expected a multiple of 2 [ORD-5]"),
    "a second in an instrument":
                          ("Z:2@2", "DUPLICATE_QUOTE: symbol 'Z': expected one quote in an"
                                    " instrument [QUOTE-4]"),
}
# fmt: on


@pytest.mark.rule("QUOTE-4")
@pytest.mark.parametrize(("line", "said"), WHOLE.values(), ids=WHOLE.keys())
def test_a_message_that_is_refused_as_a_whole_leaves_what_was_quoted(line: str, said: str) -> None:
    exchange = venue("MM old QUOTE X:5@10/5@12 Z:1@1")

    assert say(exchange, line) == [said]
    assert book(exchange) == ["MM old.1 5 @ 12", "MM old.1 5 @ 10"]
    assert book(exchange, Z) == ["MM old.2 1 @ 1"]
    # What was refused has not used up its name.
    if " old " not in line:
        assert say(exchange, "MM q QUOTE X:1@10") == ["MM q QUOTE ACCEPTED: q.1"]


@pytest.mark.rule("QUOTE-3", "QUOTE-4")
@pytest.mark.parametrize(("entry", "said"), ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_is_refused_by_itself_with_both_its_sides(entry: str, said: str) -> None:
    exchange = venue(
        "MM old QUOTE X:4@10/6@12",
        ticks=TickTable.uniform(2),
        max_order_qty=100,
        round_lot=2,
    )

    assert say(exchange, f"MM q QUOTE Z:1@1 {entry} Y:1@1") == [
        f"MM q QUOTE ACCEPTED: q.1, q.2 {said}, q.3"
    ]
    assert book(exchange) == ["MM old.1 6 @ 12", "MM old.1 4 @ 10"]
    assert book(exchange, Z) == ["MM q.1 1 @ 1"]
    assert book(exchange, Y) == ["MM q.3 1 @ 1"]


@pytest.mark.rule("QUOTE-4")
def test_where_every_entry_is_refused_the_message_is() -> None:
    exchange = venue()

    outcome = happen(exchange, "MM q QUOTE X:1@3/1@2 X:1@1")

    (ack,) = outcome.reports
    assert told(ack).startswith("MM q QUOTE REJECTED: q.1 INVALID_BID_ASK_SPREAD: ")
    assert isinstance(ack, MassQuoteAck)
    assert ack.quote_reject_reason is QuoteRejectReason.INVALID_BID_ASK_SPREAD
    assert ack.no_processed_entries == 0


# fmt: off
IN_STATES = {
    "CALL": False, "OPEN": True, "RESERVED": False, "NO_CANCEL": True, "LONG": False,
    "CLOSE": False, "CONTINUOUS": True,
}
# fmt: on


@pytest.mark.rule("QUOTE-5")
@pytest.mark.parametrize(("state", "taken"), IN_STATES.items(), ids=IN_STATES.keys())
def test_states_that_take_quotes(state: str, taken: bool) -> None:
    exchange = venue(f"! X {state}")

    assert say(exchange, "MM q QUOTE Z:1@1 X:5@10/7@12") == [
        "MM q QUOTE ACCEPTED: q.1, q.2"
        if taken
        else "MM q QUOTE ACCEPTED: q.1, q.2 EXCHANGE_CLOSED: "
        f"state {state}: expected one that takes mass quotes [QUOTE-5]"
    ]
    assert bool(book(exchange)) is taken


def objects_to_bids(level: RejectLevel) -> VenueRules:
    """Return the rules of somebody who wants no bids, only offers."""

    def accept(request: OrderRequest, _: MarketView) -> Reject | None:
        if request.side is Side.BUY:
            return Reject(OrdRejReason.OTHER, "no bids", level)
        return None

    return VenueRules(accept_request=(Bound("offers", accept),))


@pytest.mark.rule("QUOTE-3", "QUOTE-4")
def test_a_rule_set_is_asked_about_each_side() -> None:
    exchange = venue(rules=objects_to_bids(RejectLevel.EXECUTION))

    outcome = happen(exchange, "MM q QUOTE Y:1@1 X:5@10/7@12")

    assert [told(report) for report in outcome.reports] == [
        "MM q QUOTE ACCEPTED: q.1, q.2 OTHER: no bids"
    ]
    assert [applied.rule_set for applied in outcome.effects] == ["offers"]
    assert say(exchange, "MM p QUOTE X:-/7@12") == ["MM p QUOTE ACCEPTED: p.1"]


@pytest.mark.rule("QUOTE-4")
@pytest.mark.parametrize("level", [RejectLevel.BUSINESS, RejectLevel.SESSION])
def test_a_rule_set_can_refuse_the_whole_message(level: RejectLevel) -> None:
    exchange = venue(rules=objects_to_bids(level))

    outcome = happen(exchange, "MM q QUOTE Y:1@1 X:5@10/7@12")

    assert [told(report) for report in outcome.reports] == [f"MM q {level.name} REJECT: no bids"]
    assert len(outcome.effects) == 1
    assert book(exchange, Y) == []


@pytest.mark.rule("QUOTE-4")
@pytest.mark.parametrize("line", ["A a BUY 1 @ 10", "A b CHANGE BUY o 2 @ 10", "A b CANCEL BUY o"])
@pytest.mark.parametrize("level", [RejectLevel.BUSINESS, RejectLevel.SESSION])
def test_an_order_is_refused_at_the_level_that_a_rule_set_says(
    level: RejectLevel, line: str
) -> None:
    def accept(request: OrderRequest, _: MarketView) -> Reject | None:
        return None if request.cl_ord_id == "o" else Reject(OrdRejReason.OTHER, "no", level)

    exchange = venue("A o BUY 1 @ 9", rules=VenueRules(accept_request=(Bound("r", accept),)))

    name = line.split()[1]
    assert say(exchange, line) == [f"A {name} {level.name} REJECT: no"]
    assert book(exchange) == ["A o 1 @ 9"]


# --- canceling ------------------------------------------------------------------------

QUOTED = (
    "MM q QUOTE X:5@10/5@12 Y:5@10/5@12 set=S",
    "MM p QUOTE Z:5@10/5@12 set=T",
    "MM r QUOTE X:1@8 user=ANN set=S",
    "NN q QUOTE X:2@9",
)
# fmt: off
CANCELS = {
    "an instrument":    ("MM z UNQUOTE X", "q.1 BUY 5, q.1 SELL 5, r.1 BUY 1"),
    "two":              ("MM z UNQUOTE Z Y", "q.2 BUY 5, q.2 SELL 5, p.1 BUY 5, p.1 SELL 5"),
    "all":              ("MM z UNQUOTE", "q.1 BUY 5, q.1 SELL 5, q.2 BUY 5, q.2 SELL 5, p.1 BUY 5,"
                                         " p.1 SELL 5, r.1 BUY 1"),
    "all of a user":    ("MM z UNQUOTE user=ANN", "r.1 BUY 1"),
    "a set":            ("MM z UNQUOTE set=T", "p.1 BUY 5, p.1 SELL 5"),
    "a set's bids":     ("MM z UNQUOTE set=S BUY", "q.1 BUY 5, q.2 BUY 5, r.1 BUY 1"),
    "a set's offers":   ("MM z UNQUOTE set=T SELL", "p.1 SELL 5"),
    "no such set":      ("MM z UNQUOTE set=U", ""),
    "nobody's":         ("OO z UNQUOTE", ""),
}
# fmt: on


@pytest.mark.rule("QUOTE-7")
@pytest.mark.parametrize(("line", "gone"), CANCELS.values(), ids=CANCELS.keys())
def test_cancels(line: str, gone: str) -> None:
    exchange = venue(*QUOTED)

    assert say(exchange, line) == [f"{line.split()[0]} z QUOTES CANCELED: {gone}"]
    left = [each for symbol in (X, Y, Z) for each in book(exchange, symbol)]
    assert len(left) == 8 - len(gone.split(", ")) + (not gone)
    assert "NN q.1 2 @ 9" in left


@pytest.mark.rule("QUOTE-7")
def test_a_set_is_canceled_as_it_was_quoted_last() -> None:
    exchange = venue("MM q QUOTE X:5@10 set=S", "MM p QUOTE X:5@10 set=T")

    assert say(exchange, "MM z UNQUOTE set=S") == ["MM z QUOTES CANCELED: "]
    assert say(exchange, "MM y UNQUOTE set=T") == ["MM y QUOTES CANCELED: p.1 BUY 5"]


# fmt: off
REFUSED_CANCELS = {
    "a used name":        ("MM q UNQUOTE", "DUPLICATE_QUOTE: quote_id 'q': expected a name not used"
                                           " before [QUOTE-4]"),
    "no such instrument": ("MM z UNQUOTE X U", "UNKNOWN_SYMBOL: symbol 'U': expected one of X, Y, Z"
                                               " [REJ-6]"),
    "a state":            ("MM z UNQUOTE Z", "EXCHANGE_CLOSED: state NO_CANCEL: expected one that"
                                             " takes cancels [SES-1]"),
}
# fmt: on


@pytest.mark.rule("QUOTE-7")
@pytest.mark.parametrize(("line", "said"), REFUSED_CANCELS.values(), ids=REFUSED_CANCELS.keys())
def test_refused_cancels(line: str, said: str) -> None:
    exchange = venue(*QUOTED, "! Z NO_CANCEL")

    assert say(exchange, line) == [f"MM {line.split()[1]} QUOTES REFUSED {said}"]
    assert len(book(exchange)) == 4
    assert say(exchange, "MM y UNQUOTE")[0].count("p.1") == 0  # which stays, and is not counted


@pytest.mark.rule("QUOTE-7")
def test_an_orders_cancel_and_a_mass_action_leave_quotes_alone() -> None:
    exchange = venue("MM q QUOTE X:5@10/5@12", *(f"MM o{n} BUY 1 @ {n}" for n in range(1, 9)))

    assert say(exchange, "MM x CANCEL BUY q.1")[0].startswith("MM x REFUSED UNKNOWN_ORDER")
    assert say(exchange, "MM c CHANGE BUY q.1 9 @ 10")[0].startswith("MM c REFUSED UNKNOWN_ORDER")
    assert say(exchange, "MM m MASS")[-1].startswith("MM m MASS CANCELED 8")
    assert say(exchange, "MM n MASS symbol=X") == ["MM n MASS CANCELED 0"]
    assert book(exchange) == ["MM q.1 5 @ 12", "MM q.1 5 @ 10"]


# --- what the venue does --------------------------------------------------------------


@pytest.mark.rule("QUOTE-8")
def test_quotes_are_gone_with_the_day() -> None:
    exchange = venue("MM q QUOTE X:5@10/5@12", "A a BUY 1 @ 9 GTC")

    assert say(exchange, "! X CLOSE") == [
        "MM unsolicited QUOTES CANCELED: q.1 BUY 5, EXPIRED",
        "MM unsolicited QUOTES CANCELED: q.1 SELL 5, EXPIRED",
    ]
    assert book(exchange) == ["A a 1 @ 9"]


@pytest.mark.rule("QUOTE-8")
@pytest.mark.parametrize("session", [CompID("MM"), None])
def test_the_venues_people_cancel_quotes_too(session: CompID | None) -> None:
    exchange = venue("MM q QUOTE X:5@10/5@12", "MM a BUY 1 @ 9")

    outcome = exchange.operate(CancelOrders(session=session, symbol=X, text="stop it"), 0)

    assert [told(report) for report in outcome.reports] == [
        "MM unsolicited QUOTES CANCELED: q.1 BUY 5, CANCELED_BY_OPERATIONS",
        "MM unsolicited QUOTES CANCELED: q.1 SELL 5, CANCELED_BY_OPERATIONS",
        "MM a CANCELED, leaves 0 cum 0, OTHER",
    ]


@pytest.mark.rule("QUOTE-6")
def test_quotes_wait_for_an_auction_as_orders_do() -> None:
    exchange = venue("MM q QUOTE X:5@10/5@12", "! X CALL", "A a SELL 3 @ 10")

    assert say(exchange, "! X OPEN") == [
        "MM q.1 TRADE 3 @ 10, leaves 2 cum 3",
        "A a TRADE 3 @ 10, leaves 0 cum 3",
    ]


@pytest.mark.parametrize(
    "then",
    [(), ("MM z UNQUOTE",), ("MM p QUOTE X:-",), ("MM p QUOTE X:5@9",), ("! X CLOSE",)],
)
def test_a_quotes_trade_can_be_busted(then: Sequence[str]) -> None:
    exchange = venue("MM q QUOTE X:5@10", "A a SELL 2 @ 10", *then)

    outcome = exchange.operate(BustTrade(trd_match_id=1), 0)

    (bought, _) = outcome.reports
    left = 0 if then else 3
    assert told(bought) == f"MM q.1 TRADE_CANCEL, leaves {left} cum 0"
    assert isinstance(bought, ExecutionReport)
    assert bought.ord_status is (OrdStatus.CANCELED if then else OrdStatus.NEW)


def test_market_data_hears_of_quotes() -> None:
    exchange = venue("A a BUY 1 @ 10")
    wanted = MarketDataRequest(
        sender_comp_id=CompID("V"),
        md_req_id="m",
        symbol=X,
        subscription_request_type=SubscriptionRequestType.SNAPSHOT_PLUS_UPDATES,
    )
    exchange.receive(wanted, 0)

    outcome = happen(exchange, "MM q QUOTE X:5@10/7@12")

    refreshes = [one for one in outcome.reports if isinstance(one, MarketDataIncrementalRefresh)]
    entries = [(one.md_entry_px, one.md_entry_size) for each in refreshes for one in each.entries]
    assert entries == [(10, 6), (12, 7)]
