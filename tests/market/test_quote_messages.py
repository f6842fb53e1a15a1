"""Mass quotes as messages: what none can be, and what a window makes of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from floorproof.market.fix import (
    ExecType,
    OrdStatus,
    QuoteCancelType,
    QuoteRejectReason,
    QuoteStatus,
    Side,
    UnsolicitedCancelType,
)
from floorproof.market.identifiers import ClOrdID, CompID, ExecID, OrderID, QuoteID, Symbol
from floorproof.market.messages import ExecutionReport
from floorproof.market.quotes import (
    CanceledQuote,
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuoteEntry,
    QuoteEntryAck,
    QuoteSet,
    QuoteSetAck,
)
from floorproof.market.window import Window

MM, GW, X = CompID("MM"), CompID("CME-A"), Symbol("X")
ONE = ClOrdID("1")
ENTRY: dict[str, Any] = {
    "quote_entry_id": ONE,
    "symbol": X,
    "bid_px": 10,
    "bid_size": 5,
    "offer_px": 12,
    "offer_size": 7,
}
QUOTE = MassQuote(
    sender_comp_id=MM,
    quote_id=QuoteID("Q1"),
    quote_sets=(QuoteSet(quote_set_id="S", entries=(QuoteEntry(**ENTRY),)),),
)
CANCEL = QuoteCancel(
    sender_comp_id=MM, quote_id=QuoteID("Z1"), quote_cancel_type=QuoteCancelType.ALL
)

# fmt: off
WRONG_ENTRIES = {
    "a size below zero":       ({"bid_size": -1}, "bid_size must be a whole number, zero or more"),
    "half a lot":              ({"offer_size": 0.5}, "offer_size must be a whole number"),
    "a truth as size":         ({"offer_size": True}, "offer_size must be a whole number"),
    "a float as price":        ({"bid_px": 10.0}, "price must be a whole number"),
    "a price without a size":  ({"bid_size": 0}, "bid_px and bid_size must be both there or"),
    "a size without a price":  ({"offer_px": None}, "offer_px and offer_size must be both there"),
    "no name":                 ({"quote_entry_id": ""}, "quote_entry_id must be text"),
    "no instrument":           ({"symbol": ""}, "symbol must be text"),
}
TWICE = QuoteSet(quote_set_id="T", entries=QUOTE.quote_sets[0].entries)
WRONG_MESSAGES: dict[str, tuple[object, dict[str, Any], str]] = {
    "no name":              (QUOTE, {"quote_id": ""}, "quote_id must be text"),
    "no session":           (QUOTE, {"sender_comp_id": ""}, "sender_comp_id must be text"),
    "no set":               (QUOTE, {"quote_sets": ()}, "quote_sets must not be empty"),
    "an empty set":         (TWICE, {"entries": ()}, "quote set T: must have entries"),
    "a set without a name": (TWICE, {"quote_set_id": ""}, "quote_set_id must be text"),
    "one name twice":       (QUOTE, {"quote_sets": (QUOTE.quote_sets[0], TWICE)},
                             "quote_entry_id must be unique in a message"),
    "an account of no":     (QUOTE, {"account": 7}, "account must be text, was 7"),
    "an id of no text":     (QUOTE, {"self_match_prevention_id": 1}, "must be text, was 1"),
    "an instruction of no": (QUOTE, {"self_match_prevention_instruction": 1}, "must be text"),
    "all, of instruments":  (CANCEL, {"symbols": (X,)}, "symbols must be there if"),
    "of no instrument":     (CANCEL, {"quote_cancel_type": QuoteCancelType.SYMBOLS},
                             "symbols must be there if"),
    "of no set":            (CANCEL, {"quote_cancel_type": QuoteCancelType.QUOTE_SET},
                             "quote_set_id must be there if"),
    "all, of a set":        (CANCEL, {"quote_set_id": "S"}, "quote_set_id must be there if"),
    "all of a side":        (CANCEL, {"side": Side.BUY}, "side must be there only if"),
    "the wire's type":      (CANCEL, {"quote_cancel_type": "4"}, "must be a QuoteCancelType"),
    "the wire's side":      (CANCEL, {"side": "1"}, "side must be Side.BUY or Side.SELL"),
}
# fmt: on


@pytest.mark.parametrize(("fields", "text"), WRONG_ENTRIES.values(), ids=WRONG_ENTRIES.keys())
def test_an_entry_that_could_be_none_does_not_come_to_be(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        QuoteEntry(**(ENTRY | fields))


@pytest.mark.parametrize(
    ("message", "fields", "text"), WRONG_MESSAGES.values(), ids=WRONG_MESSAGES.keys()
)
def test_a_message_that_could_be_none_does_not_come_to_be(
    message: msgspec.Struct, fields: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        msgspec.structs.replace(message, **fields)


def test_what_an_entry_quotes() -> None:
    assert QuoteEntry(**ENTRY).sides == ((Side.BUY, 10, 5), (Side.SELL, 12, 7))
    assert QuoteEntry(quote_entry_id=ONE, symbol=X).sides == ()
    assert QuoteEntry(quote_entry_id=ONE, symbol=X, offer_px=0, offer_size=1).sides == (
        (Side.SELL, 0, 1),
    )


# --- a window -------------------------------------------------------------------------


def ack(quote_entry_id: str, **sides: Any) -> MassQuoteAck:
    entry = QuoteEntryAck(quote_entry_id=ClOrdID(quote_entry_id), symbol=X, **sides)
    return MassQuoteAck(
        target_comp_id=MM,
        quote_id=QuoteID("Q"),
        quote_status=QuoteStatus.ACCEPTED,
        transact_time_ns=0,
        quote_sets=(QuoteSetAck(quote_set_id="S", entries=(entry,)),),
        target_sub_id=MM,
    )


def traded(name: str, side: Side, qty: int, px: int, leaves: int, **more: Any) -> ExecutionReport:
    fields = {"exec_type": ExecType.TRADE, "exec_id": ExecID(1), **more}
    return ExecutionReport(
        target_comp_id=MM,
        cl_ord_id=ClOrdID(name),
        order_id=OrderID(1),
        ord_status=OrdStatus.PARTIALLY_FILLED,
        symbol=X,
        side=side,
        order_qty=5,
        leaves_qty=leaves,
        cum_qty=5 - leaves,
        transact_time_ns=0,
        last_qty=qty,
        last_px=px,
        target_sub_id=MM,
        **fields,
    )


def shown(window: Window) -> list[str]:
    return [
        f"{row.quote_entry_id} {row.side.name} {row.leaves_qty} @ {row.price} cum {row.cum_qty}"
        for row in window.quotes.values()
    ]


def test_a_window_shows_both_sides_and_what_they_trade() -> None:
    window = Window()
    window.show(ack("1", bid_px=10, bid_size=5, offer_px=12, offer_size=7), GW, 1)
    window.show(traded("1", Side.BUY, 3, 10, 2), GW, 2)

    assert shown(window) == ["1 BUY 2 @ 10 cum 3", "1 SELL 7 @ 12 cum 0"]
    assert not window.orders
    assert [(fill.order, fill.last_qty, fill.is_full) for fill in window.fills] == [("1", 3, False)]

    bust = traded("1", Side.BUY, 1, 10, 2, exec_type=ExecType.TRADE_CANCEL, exec_ref_id=ExecID(1))
    window.show(bust, GW, 3)
    assert shown(window)[0] == "1 BUY 2 @ 10 cum 2"
    assert not window.fills


def test_a_quote_takes_the_place_of_the_one_before_and_a_refused_one_of_none() -> None:
    window = Window()
    window.show(ack("1", bid_px=10, bid_size=5, offer_px=12, offer_size=7), GW, 1)
    window.show(traded("1", Side.BUY, 3, 10, 2), GW, 2)
    window.show(ack("2", bid_px=9, bid_size=4), GW, 3)
    assert shown(window) == ["2 BUY 4 @ 9 cum 3", "1 SELL 0 @ 12 cum 0"]

    refused = {"quote_entry_reject_reason": QuoteRejectReason.OTHER, "text": "no"}
    window.show(ack("3", **refused), GW, 4)
    assert shown(window) == ["2 BUY 4 @ 9 cum 3", "1 SELL 0 @ 12 cum 0"]


def test_a_canceled_quote_shows_nothing_more() -> None:
    window = Window()
    gone = QuoteCancelAck(
        target_comp_id=MM,
        quote_status=QuoteStatus.CANCELED_FOR_SYMBOLS,
        transact_time_ns=0,
        canceled=(CanceledQuote(quote_entry_id=ONE, symbol=X, side=Side.SELL, leaves_qty=7),),
        unsolicited_cancel_type=UnsolicitedCancelType.SELF_MATCH_PREVENTION,
        target_sub_id=MM,
    )
    window.show(gone, GW, 1)
    assert not window.quotes

    window.show(ack("1", bid_px=10, bid_size=5, offer_px=12, offer_size=7), GW, 2)
    window.show(gone, GW, 3)
    assert shown(window) == ["1 BUY 5 @ 10 cum 0", "1 SELL 0 @ 12 cum 0"]
