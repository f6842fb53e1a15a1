"""What a venue refuses, rule by rule: who hears what, and that nothing has changed.

X trades in steps of 5 and lots of 2, at most 100 a time; nothing protects its market
orders.  PROTECTED is the same with protection.
"""

from __future__ import annotations

from typing import Any

import pytest
from oracle.shorthand import request
from stories import X, market, say, standing

from floorproof.market.exchange import Exchange
from floorproof.market.fix import (
    CxlRejReason,
    CxlRejResponseTo,
    OrdRejReason,
    OrdType,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import ClOrdID, CompID
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
)

# The last trade was at 100.  ALPHA's a1 has bought 4 of 20 and waits for the rest; a2
# offers 20, a3 and a4 are stops that wait.  BRAVO offers at 110, and bids at 90.
BEFORE = (
    "A a1 BUY 20 @ 100",
    "B b1 SELL 4 @ 100",
    "A a2 SELL 20 @ 140",
    "A a3 BUY 20 STOP 120 @ 130",
    "A a4 SELL 20 STOP 80",
    "B b2 SELL 10 @ 110",
    "B b3 BUY 10 @ 90",
)
PROTECTED = {"protection_points": 20}


def venue(**settings: Any) -> Exchange:
    exchange = market(step=5, round_lot=2, max_order_qty=100, **settings)
    for line in BEFORE:
        answers = say(exchange, line)
        assert " REJECTED" not in answers[0]
    return exchange


def state_of(exchange: Exchange) -> list[object]:
    """Return all that a refused request must not change."""
    book = exchange.book(X)
    return [
        standing(exchange),
        [book.depth(side, 9) for side in Side],
        book.last_px,
        {resting.order_id: resting.order for resting in book},
    ]


def is_refused(line: str, expected: str, exchange: Exchange) -> None:
    """Assert that *line* is refused as *expected*, and leaves no trace."""
    before = state_of(exchange)

    assert say(exchange, line) == [expected]
    assert state_of(exchange) == before
    assert say(exchange, line) == [expected], "it is refused again for what it was refused for"
    (ack,) = exchange.receive(request(f"{line.split()[0]} n BUY 2 @ 5"), 0).reports
    assert isinstance(ack, ExecutionReport)
    assert ack.ord_rej_reason is None, "its name may be used"
    assert ack.order_id == len(BEFORE) + 1, "it has not been counted as an order"


# --- terms ---------------------------------------------------------------------------

ANY, TICK = OrdRejReason.OTHER, OrdRejReason.INVALID_PRICE_INCREMENT
TOO_LARGE, WRONG_QTY = OrdRejReason.ORDER_EXCEEDS_LIMIT, OrdRejReason.INCORRECT_QUANTITY
UNSUPPORTED = OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC

# fmt: off
# What an order, new or changed, may not be: which side and terms, reason, rule and text.
TERMS = {
    "limit without a price": ("BUY 10", ANY, "ORD-1",
        "price missing: expected the limit of a LIMIT order"),
    "stop-limit without a price": ("BUY 10 STOP 120 type=STOP_LIMIT", ANY, "ORD-1",
        "price missing: expected the limit of a STOP_LIMIT order"),
    "stop with a price": ("BUY 10 STOP 120 @ 130 type=STOP", ANY, "ORD-1",
        "price 130: expected none on a STOP order"),
    "limit off tick": ("BUY 10 @ 101", TICK, "ORD-1",
        "price 101: expected a multiple of 5"),
    "limit off tick, below zero": ("BUY 10 @ -1", TICK, "ORD-1",
        "price -1: expected a multiple of 5"),
    "stop-limit off tick": ("BUY 10 STOP 120 @ 131", TICK, "ORD-1",
        "price 131: expected a multiple of 5"),
    "stop without a trigger": ("BUY 10 type=STOP", ANY, "ORD-2",
        "stop_px missing: expected the trigger of a STOP order"),
    "stop-limit without a trigger": ("BUY 10 @ 130 type=STOP_LIMIT", ANY, "ORD-2",
        "stop_px missing: expected the trigger of a STOP_LIMIT order"),
    "limit with a trigger": ("BUY 10 @ 100 STOP 120 type=LIMIT", ANY, "ORD-2",
        "stop_px 120: expected none on a LIMIT order"),
    "trigger off tick": ("BUY 10 STOP 121", TICK, "ORD-2",
        "stop_px 121: expected a multiple of 5"),
    "stop-limit's trigger off tick": ("SELL 10 STOP 79 @ 75", TICK, "ORD-2",
        "stop_px 79: expected a multiple of 5"),
    "stop-limit to buy below its trigger": ("BUY 10 STOP 120 @ 115", ANY, "ORD-3",
        "price 115: expected at or above stop_px 120"),
    "stop-limit to sell above its trigger": ("SELL 10 STOP 80 @ 85", ANY, "ORD-3",
        "price 85: expected at or below stop_px 80"),
    "stop to buy at the last trade": ("BUY 10 STOP 100", ANY, "ORD-4",
        "stop_px 100: expected above the last trade, 100"),
    "stop to buy below the last trade": ("BUY 10 STOP 95 @ 130", ANY, "ORD-4",
        "stop_px 95: expected above the last trade, 100"),
    "stop to sell at the last trade": ("SELL 10 STOP 100", ANY, "ORD-4",
        "stop_px 100: expected below the last trade, 100"),
    "stop to sell above the last trade": ("SELL 10 STOP 105 @ 5", ANY, "ORD-4",
        "stop_px 105: expected below the last trade, 100"),
    "more than the largest": ("BUY 102 @ 100", TOO_LARGE, "ORD-5",
        "order_qty 102: expected at most 100"),
    "more than the largest, off the lot": ("BUY 101 @ 100", TOO_LARGE, "ORD-5",
        "order_qty 101: expected at most 100"),
    "a stop of more than the largest": ("BUY 102 STOP 120", TOO_LARGE, "ORD-5",
        "order_qty 102: expected at most 100"),
    "off the lot": ("BUY 11 @ 100", WRONG_QTY, "ORD-5",
        "order_qty 11: expected a multiple of 2"),
    "a stop off the lot": ("BUY 11 STOP 120", WRONG_QTY, "ORD-5",
        "order_qty 11: expected a multiple of 2"),
    "shows nothing": ("BUY 10 @ 100 show=0", WRONG_QTY, "ORD-6",
        "display_qty 0: expected 1 to order_qty 10"),
    "shows less than nothing": ("BUY 10 @ 100 show=-2", WRONG_QTY, "ORD-6",
        "display_qty -2: expected 1 to order_qty 10"),
    "shows more than itself": ("BUY 10 @ 100 show=12", WRONG_QTY, "ORD-6",
        "display_qty 12: expected 1 to order_qty 10"),
    "shows off the lot": ("BUY 10 @ 100 show=3", WRONG_QTY, "ORD-6",
        "display_qty 3: expected a multiple of 2"),
    "a stop shows off the lot": ("BUY 10 STOP 120 @ 130 show=3", WRONG_QTY, "ORD-6",
        "display_qty 3: expected a multiple of 2"),
    "immediate with a display quantity": ("BUY 10 @ 100 IOC show=2", WRONG_QTY, "ORD-6",
        "display_qty 2: expected none with IMMEDIATE_OR_CANCEL"),
    "fill or kill with a display quantity": ("BUY 10 @ 100 FOK show=2", WRONG_QTY, "ORD-6",
        "display_qty 2: expected none with FILL_OR_KILL"),
    "post-only stop": ("BUY 10 STOP 120 post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found STOP"),
    "post-only stop-limit": ("BUY 10 STOP 120 @ 130 post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found STOP_LIMIT"),
    "post-only immediate": ("BUY 10 @ 90 IOC post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found IMMEDIATE_OR_CANCEL"),
    "post-only fill or kill": ("BUY 10 @ 90 FOK post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found FILL_OR_KILL"),
    "post-only to buy, at the offer": ("BUY 10 @ 110 post", OrdRejReason.BROKER_OPTION, "ORD-8",
        "price 110: expected one that does not meet 110 on a post_only order"),
    "post-only to sell, through the bid": (
        "SELL 10 @ 95 post", OrdRejReason.BROKER_OPTION, "ORD-8",
        "price 95: expected one that does not meet 100 on a post_only order"),
    "till a date without one": ("BUY 10 @ 100 GTD", ANY, "ORD-9",
        "expire_date missing: expected the date of a GOOD_TILL_DATE order"),
    "till a date that is past": ("BUY 10 @ 100 until=2026-01-04", ANY, "ORD-9",
        "expire_date 2026-01-04: expected 2026-01-05 or later"),
    "a stop till a date that is past": ("BUY 10 STOP 120 until=2025-12-31", ANY, "ORD-9",
        "expire_date 2025-12-31: expected 2026-01-05 or later"),
    "for the day, with a date": ("BUY 10 @ 100 DAY until=2026-01-05", ANY, "ORD-9",
        "expire_date 2026-01-05: expected none with DAY"),
    "till canceled, with a date": ("BUY 10 @ 100 GTC until=2026-01-05", ANY, "ORD-9",
        "expire_date 2026-01-05: expected none with GOOD_TILL_CANCEL"),
    "immediate, with a date": ("BUY 10 @ 100 IOC until=2026-01-05", ANY, "ORD-9",
        "expire_date 2026-01-05: expected none with IMMEDIATE_OR_CANCEL"),
}
# What only a new order could be: a change to these types is refused as such (REJ-7), and
# no change has a minimum quantity.
NEW_TERMS = {
    "market with a price": ("BUY 10 @ 110 MARKET", ANY, "ORD-1",
        "price 110: expected none on a MARKET order"),
    "market with a price off tick": ("BUY 10 @ 111 MARKET", ANY, "ORD-1",
        "price 111: expected none on a MARKET order"),
    "market-limit with a price": ("BUY 10 @ 110 MARKET_LIMIT", ANY, "ORD-1",
        "price 110: expected none on a MARKET_LIMIT order"),
    "market with a trigger": ("BUY 10 MARKET STOP 120", ANY, "ORD-2",
        "stop_px 120: expected none on a MARKET order"),
    "market-limit with a trigger": ("BUY 10 MARKET_LIMIT STOP 120", ANY, "ORD-2",
        "stop_px 120: expected none on a MARKET_LIMIT order"),
    "market of more than the largest": ("BUY 102 MARKET", TOO_LARGE, "ORD-5",
        "order_qty 102: expected at most 100"),
    "market off the lot": ("BUY 11 MARKET", WRONG_QTY, "ORD-5",
        "order_qty 11: expected a multiple of 2"),
    "market that shows a part, unprotected": ("BUY 10 MARKET show=2", WRONG_QTY, "ORD-6",
        "display_qty 2: expected none on a MARKET order"),
    "a minimum of nothing": ("BUY 10 @ 100 min=0", WRONG_QTY, "ORD-7",
        "min_qty 0: expected 1 to order_qty 10"),
    "a minimum of less than nothing": ("BUY 10 @ 100 min=-1", WRONG_QTY, "ORD-7",
        "min_qty -1: expected 1 to order_qty 10"),
    "a minimum above its quantity": ("BUY 10 @ 100 min=11", WRONG_QTY, "ORD-7",
        "min_qty 11: expected 1 to order_qty 10"),
    "a stop with a minimum": ("BUY 10 STOP 120 min=2", WRONG_QTY, "ORD-7",
        "min_qty 2: expected none on a STOP order"),
    "a stop-limit with a minimum": ("BUY 10 STOP 120 @ 130 min=2", WRONG_QTY, "ORD-7",
        "min_qty 2: expected none on a STOP_LIMIT order"),
    "a post-only with a minimum": ("BUY 10 @ 90 post min=2", WRONG_QTY, "ORD-7",
        "min_qty 2: expected none on a post_only order"),
    "post-only market": ("BUY 10 MARKET post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found MARKET"),
    "post-only market-limit": ("BUY 10 MARKET_LIMIT post", UNSUPPORTED, "ORD-8",
        "post_only: expected a LIMIT order that may rest, found MARKET_LIMIT"),
}
# fmt: on

ORD = [f"ORD-{number}" for number in range(1, 10)]


@pytest.mark.rule(
    "ORD-1", "ORD-2", "ORD-3", "ORD-4", "ORD-5", "ORD-6", "ORD-7", "ORD-8", "ORD-9", "REJ-2"
)
@pytest.mark.parametrize(
    ("terms", "reason", "rule", "text"),
    [*TERMS.values(), *NEW_TERMS.values()],
    ids=[*TERMS, *NEW_TERMS],
)
def test_an_order_on_such_terms_is_rejected(
    terms: str, reason: OrdRejReason, rule: str, text: str
) -> None:
    is_refused(f"A n {terms}", f"A n REJECTED {reason.name}: {text} [{rule}]", venue())


# The order that is changed is at rest, or a stop that waits.
@pytest.mark.rule("ORD-1", "ORD-2", "ORD-3", "ORD-4", "ORD-5", "ORD-6", "ORD-8", "ORD-9", "REJ-2")
@pytest.mark.parametrize("which", ["at rest", "waiting"])
@pytest.mark.parametrize(("terms", "reason", "rule", "text"), TERMS.values(), ids=TERMS.keys())
def test_a_change_to_such_terms_is_refused(
    terms: str, reason: OrdRejReason, rule: str, text: str, which: str
) -> None:
    side, rest = terms.split(" ", 1)
    changed = {"BUY": ("a1", "a3"), "SELL": ("a2", "a4")}[side][which == "waiting"]
    cxl = CxlRejReason.INVALID_PRICE_INCREMENT if reason is TICK else CxlRejReason.OTHER

    is_refused(
        f"A n CHANGE {side} {changed} {rest}", f"A n REFUSED {cxl.name}: {text} [{rule}]", venue()
    )


def test_every_rule_of_terms_has_its_cases() -> None:
    refused = [rule for _, _, rule, _ in [*TERMS.values(), *NEW_TERMS.values()]]

    assert sorted(set(refused)) == ORD


# fmt: off
# What lies next to the bad terms, and is good: side and terms, and how X is set.
GOOD = {
    "below zero, on tick": ("BUY 10 @ -5", {}),
    "at zero": ("BUY 10 @ 0", {}),
    "stop-limit at its trigger, to buy": ("BUY 10 STOP 120 @ 120", {}),
    "stop-limit at its trigger, to sell": ("SELL 10 STOP 80 @ 80", {}),
    "trigger next to the last trade, to buy": ("BUY 10 STOP 105", {}),
    "trigger next to the last trade, to sell": ("SELL 10 STOP 95", {}),
    "the largest": ("BUY 100 @ 95", {}),
    "one lot": ("BUY 2 @ 95", {}),
    "shows one lot": ("BUY 10 @ 95 show=2", {}),
    "shows all of itself": ("BUY 10 @ 95 show=10", {}),
    "a stop shows a part": ("BUY 10 STOP 120 show=2", {}),
    "market-limit shows a part": ("BUY 10 MARKET_LIMIT show=2", {}),
    "protected market shows a part": ("BUY 10 MARKET show=2", PROTECTED),
    "a minimum of one, off the lot": ("BUY 10 @ 110 min=1", {}),
    "a minimum of all": ("BUY 10 @ 110 min=10", {}),
    "a minimum that shows a part": ("BUY 10 @ 110 min=2 show=2", {}),
    "a minimum, immediate": ("BUY 10 @ 110 min=2 IOC", {}),
    "post-only, a tick away": ("BUY 10 @ 105 post", {}),
    "post-only, till a date": ("SELL 10 @ 105 post until=2026-01-05", {}),
    "till today": ("BUY 10 @ 95 until=2026-01-05", {}),
    "a stop that is immediate once elected": ("BUY 10 STOP 120 IOC", {}),
}
# fmt: on


@pytest.mark.rule("ORD-1", "ORD-2", "ORD-3", "ORD-4", "ORD-5", "ORD-6", "ORD-7", "ORD-8", "ORD-9")
@pytest.mark.parametrize(("terms", "settings"), GOOD.values(), ids=GOOD.keys())
def test_terms_next_to_bad_ones_are_good(terms: str, settings: dict[str, int]) -> None:
    (ack, *_) = say(venue(**settings), f"A n {terms}")

    assert ack == f"A n NEW, leaves {terms.split()[1]} cum 0"


@pytest.mark.rule("ORD-4")
@pytest.mark.parametrize("terms", ["BUY 2 STOP 5", "SELL 2 STOP 500"])
def test_before_the_first_trade_any_trigger_is_good(terms: str) -> None:
    assert say(market(step=5), f"A n {terms}") == ["A n NEW, leaves 2 cum 0"]


@pytest.mark.rule("ORD-1", "ORD-2")
@pytest.mark.parametrize("terms", ["10 @ 101 STOP 121", "10 @ 101 STOP 121 IOC show=3 GTD post"])
def test_the_price_is_looked_at_before_the_trigger(terms: str) -> None:
    assert say(venue(), f"A n BUY {terms}")[0].endswith("[ORD-1]")


# --- in which order objections are made ----------------------------------------------

# Each line has a fault less than the one before, and the first that is left is told.
# fmt: off
IN_ORDER = {
    "new, terms": [
        ("A a1 BUY 101 @ 114 STOP 116 min=200 show=3 IOC until=2026-01-04 post type=STOP_LIMIT",
         "ORD-1"),
        ("A a1 BUY 101 @ 110 STOP 116 min=200 show=3 IOC until=2026-01-04 post", "ORD-2"),
        ("A a1 BUY 101 @ 90 STOP 95 min=200 show=3 IOC until=2026-01-04 post", "ORD-3"),
        ("A a1 BUY 101 @ 100 STOP 95 min=200 show=3 IOC until=2026-01-04 post", "ORD-4"),
        ("A a1 BUY 101 @ 120 STOP 115 min=200 show=3 IOC until=2026-01-04 post", "ORD-5"),
        ("A a1 BUY 10 @ 120 STOP 115 min=200 show=3 IOC until=2026-01-04 post", "ORD-6"),
        ("A a1 BUY 10 @ 120 STOP 115 min=200 IOC until=2026-01-04 post", "ORD-7"),
        ("A a1 BUY 10 @ 120 STOP 115 IOC until=2026-01-04 post", "ORD-8"),
        ("A a1 BUY 10 @ 120 STOP 115 IOC until=2026-01-04", "ORD-9"),
        ("A a1 BUY 10 @ 120 STOP 115 IOC", "REJ-2"),
    ],
    "new, symbol, state, terms, name, nobody": [
        ("A m SELL 11 MARKET symbol=Z", "REJ-6"),
        ("A a9 BUY 10 @ 5 type=MARKET symbol=Y", "ORD-1"),
        ("A a1 BUY 10 MARKET symbol=Y", "REJ-2"),
        ("A a9 BUY 10 MARKET symbol=Y", "REJ-5"),
    ],
    "new, name before whom it would meet": [
        ("A a1 BUY 10 @ 110 post", "REJ-2"),
        ("A a9 BUY 10 @ 110 post", "ORD-8"),
    ],
    "change": [
        ("A a1 CHANGE SELL a9 3 MARKET symbol=Z", "REJ-6"),
        ("A a1 CHANGE SELL a9 3 MARKET", "REJ-2"),
        ("A a9 CHANGE SELL a8 3 MARKET", "REJ-3"),
        ("A a9 CHANGE SELL a1 3 MARKET", "REJ-3"),
        ("A a9 CHANGE BUY a1 3 MARKET", "REJ-7"),
        ("A a9 CHANGE BUY a1 3 @ 110 post", "ORD-5"),
        ("A a9 CHANGE BUY a1 4 @ 110 post", "REJ-4"),
        ("A a9 CHANGE BUY a1 6 @ 110 post", "ORD-8"),
    ],
}
# fmt: on


@pytest.mark.rule("REJ-2", "REJ-3", "REJ-4", "REJ-5", "REJ-6", "REJ-7")
@pytest.mark.parametrize("lines", IN_ORDER.values(), ids=IN_ORDER.keys())
def test_of_several_faults_the_first_is_told(lines: list[tuple[str, str]]) -> None:
    exchange = venue()

    found = [(line, _rule(say(exchange, line))) for line, _ in lines]

    assert found == lines


def _rule(answers: list[str]) -> str:
    (answer,) = answers
    return answer.rpartition("[")[2].rstrip("]")


# fmt: off
IN_A_STATE = {
    "new, closed to it": ("CLOSE", "A n BUY 11 MARKET", "SES-1"),
    "new, must trade at once": ("PRE_OPEN", "A n BUY 11 MARKET", "SES-3"),
    "new, immediate": ("PRE_OPEN", "A n BUY 11 @ 100 IOC", "SES-3"),
    "new, fill or kill": ("PRE_OPEN", "A n BUY 11 @ 100 FOK", "SES-3"),
    "new, a minimum": ("PRE_OPEN", "A n BUY 11 @ 100 min=99", "SES-3"),
    "new, its time in force": ("POST_CLOSE", "A n BUY 11 @ 100", "SES-1"),
    "change, closed to it": ("NO_CANCEL", "A n CHANGE BUY a1 3 MARKET", "SES-1"),
    "change, of an order that there is not": ("NO_CANCEL", "A n CHANGE BUY a9 3 MARKET", "REJ-3"),
    "change, must trade at once": ("PRE_OPEN", "A n CHANGE BUY a1 3 MARKET", "SES-3"),
    "change, the order's time in force": ("POST_CLOSE", "A n CHANGE BUY a1 11 @ 5 GTC", "SES-1"),
    "change, the time in force that it asks for": (
        "POST_CLOSE", "A n CHANGE BUY a5 11 @ 5", "SES-1"),
    "change, the terms": ("POST_CLOSE", "A n CHANGE BUY a5 11 @ 5 GTC", "ORD-5"),
    "cancel, the order's time in force": ("POST_CLOSE", "A n CANCEL BUY a1", "SES-1"),
    "cancel, closed to it": ("NO_CANCEL", "A n CANCEL BUY a1", "SES-1"),
    "cancel, of an order that there is not": ("NO_CANCEL", "A n CANCEL BUY a9", "REJ-3"),
}
# fmt: on


@pytest.mark.rule("SES-1", "SES-3", "REJ-3")
@pytest.mark.parametrize(("state", "line", "rule"), IN_A_STATE.values(), ids=IN_A_STATE.keys())
def test_the_state_is_asked_before_the_terms_and_after_the_order(
    state: str, line: str, rule: str
) -> None:
    exchange = venue()
    say(exchange, "A a5 BUY 2 @ 5 GTC")
    say(exchange, f"! state {state}")
    before = state_of(exchange)

    assert _rule(say(exchange, line)) == rule
    assert state_of(exchange) == before


# --- cancels and changes -------------------------------------------------------------

UNKNOWN = "expected a live order's latest name"

# fmt: off
REQUESTS = {
    "change of an unknown order": ("A n CHANGE BUY a9 10 @ 100", "REJ-3",
        CxlRejReason.UNKNOWN_ORDER, f"orig_cl_ord_id 'a9': {UNKNOWN}"),
    "change of somebody else's order": ("B n CHANGE BUY a1 10 @ 100", "REJ-3",
        CxlRejReason.UNKNOWN_ORDER, f"orig_cl_ord_id 'a1': {UNKNOWN}"),
    "change of a stranger's order": ("C n CHANGE BUY a1 10 @ 100", "REJ-3",
        CxlRejReason.UNKNOWN_ORDER, f"orig_cl_ord_id 'a1': {UNKNOWN}"),
    "change of a filled order": ("B n CHANGE SELL b1 10 @ 100", "REJ-3",
        CxlRejReason.UNKNOWN_ORDER, f"orig_cl_ord_id 'b1': {UNKNOWN}"),
    "change of a stop on the other side": ("A n CHANGE SELL a3 10 STOP 80", "REJ-3",
        CxlRejReason.OTHER, "side SELL: expected BUY, the order's"),
    "change of a stop in another instrument": ("A n CHANGE BUY a3 10 STOP 120 symbol=Y", "REJ-3",
        CxlRejReason.OTHER, "symbol 'Y': expected 'X', the order's"),
    "cancel of an unknown order": ("A n CANCEL BUY a9", "REJ-3", CxlRejReason.UNKNOWN_ORDER,
        f"orig_cl_ord_id 'a9': {UNKNOWN}"),
    "cancel of somebody else's stop": ("B n CANCEL BUY a3", "REJ-3", CxlRejReason.UNKNOWN_ORDER,
        f"orig_cl_ord_id 'a3': {UNKNOWN}"),
    "change to what is filled": ("A n CHANGE BUY a1 4 @ 100", "REJ-4", CxlRejReason.OTHER,
        "order_qty 4: expected more than cum_qty 4, filled so far"),
    "change to less than what is filled": ("A n CHANGE BUY a1 2 @ 100", "REJ-4",
        CxlRejReason.OTHER, "order_qty 2: expected more than cum_qty 4, filled so far"),
    "change to a stop of what is filled": ("A n CHANGE BUY a1 4 STOP 120", "REJ-4",
        CxlRejReason.OTHER, "order_qty 4: expected more than cum_qty 4, filled so far"),
    "change to market": ("A n CHANGE BUY a1 10 MARKET", "REJ-7", CxlRejReason.OTHER,
        "ord_type MARKET: expected one of LIMIT, STOP, STOP_LIMIT"),
    "change to market-limit": ("A n CHANGE BUY a1 10 MARKET_LIMIT", "REJ-7", CxlRejReason.OTHER,
        "ord_type MARKET_LIMIT: expected one of LIMIT, STOP, STOP_LIMIT"),
    "change of a stop to market": ("A n CHANGE BUY a3 10 MARKET", "REJ-7", CxlRejReason.OTHER,
        "ord_type MARKET: expected one of LIMIT, STOP, STOP_LIMIT"),
    "change in an instrument that nobody lists": ("A n CHANGE BUY a1 10 @ 100 symbol=Z", "REJ-6",
        CxlRejReason.OTHER, "symbol 'Z': expected one of X, Y"),
    "cancel in an instrument that nobody lists": ("A n CANCEL BUY a3 symbol=Z", "REJ-6",
        CxlRejReason.OTHER, "symbol 'Z': expected one of X, Y"),
}
# fmt: on


@pytest.mark.rule("REJ-2", "REJ-3", "REJ-4", "REJ-6", "REJ-7")
@pytest.mark.parametrize(("line", "rule", "reason", "text"), REQUESTS.values(), ids=REQUESTS.keys())
def test_a_cancel_or_change_is_refused(
    line: str, rule: str, reason: CxlRejReason, text: str
) -> None:
    sender = line.split()[0]

    is_refused(line, f"{sender} n REFUSED {reason.name}: {text} [{rule}]", venue())


@pytest.mark.rule("REJ-3")
@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("A n CHANGE BUY a1 4 @ 100 user=U", CxlRejResponseTo.ORDER_CANCEL_REPLACE_REQUEST),
        ("A n CANCEL SELL a1 user=U", CxlRejResponseTo.ORDER_CANCEL_REQUEST),
    ],
)
def test_a_refusal_says_of_which_order_and_which_request(
    line: str, answers: CxlRejResponseTo
) -> None:
    (reject,) = venue().receive(request(line), 7).reports

    assert isinstance(reject, OrderCancelReject)
    assert (reject.cl_ord_id, reject.orig_cl_ord_id, reject.order_id) == ("n", "a1", 1)
    assert (reject.target_comp_id, reject.target_sub_id, reject.symbol) == ("A", "U", "X")
    assert (reject.cxl_rej_response_to, reject.transact_time_ns) == (answers, 7)


@pytest.mark.rule("ORD-9", "REJ-3")
def test_a_reject_has_no_order_and_says_the_request_again() -> None:
    entered = request("A n BUY 11 STOP 120 @ 130 show=2 account=1 user=U")

    (reject,) = venue().receive(entered, 7).reports

    assert isinstance(reject, ExecutionReport)
    assert (reject.order_id, reject.leaves_qty, reject.cum_qty) == (None, 0, 0)
    assert (reject.order_qty, reject.price, reject.stop_px, reject.display_qty) == (11, 130, 120, 2)
    assert (reject.ord_type, reject.time_in_force) == (OrdType.STOP_LIMIT, TimeInForce.DAY)
    assert (reject.account, reject.target_sub_id) == ("1", "U")


# --- what no message can say ---------------------------------------------------------

# fmt: off
NO_MESSAGE = {
    "a trigger that is no whole number": ("stop_px", 1.5),
    "a truth for a trigger":             ("stop_px", True),
    "a display quantity in words":       ("display_qty", "2"),
    "a broken display quantity":         ("display_qty", 2.0),
    "a date in words":                   ("expire_date", "2026-01-05"),
    "a truth in numbers":                ("post_only", 1),
    "no quantity":                       ("order_qty", 0),
    "a type off the wire":               ("ord_type", "2"),
    "a time in force off the wire":      ("time_in_force", "0"),
}
# fmt: on


@pytest.mark.parametrize(("field", "value"), NO_MESSAGE.values(), ids=NO_MESSAGE.keys())
def test_a_message_is_not_made_of_such_a_field(field: str, value: object) -> None:
    fields: dict[str, Any] = {
        "sender_comp_id": CompID("A"),
        "cl_ord_id": ClOrdID("n"),
        "symbol": X,
        "side": Side.BUY,
        "order_qty": 2,
        "price": 5,
    }

    with pytest.raises(ValueError, match=f"^{field} must be"):
        NewOrderSingle(**{**fields, field: value})
    with pytest.raises(ValueError, match=f"^{field} must be"):
        OrderCancelReplaceRequest(orig_cl_ord_id=ClOrdID("a"), **{**fields, field: value})


def test_a_minimum_is_a_whole_number() -> None:
    with pytest.raises(ValueError, match=r"^min_qty must be a whole number, was 2\.0$"):
        NewOrderSingle(
            sender_comp_id=CompID("A"),
            cl_ord_id=ClOrdID("n"),
            symbol=X,
            side=Side.BUY,
            order_qty=2,
            price=5,
            min_qty=2.0,  # type: ignore[arg-type]  # that it is refused is the point
        )
