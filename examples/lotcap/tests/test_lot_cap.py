"""What the plugin's author tests: the contract, and the rules one by one."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import floorproof_lotcap
import pytest
from floorproof_lotcap.lot_cap import LotCap

from floorproof.market.auction import Uncross
from floorproof.market.book import Rested
from floorproof.market.fix import Side
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Price, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
    Statistics,
)
from floorproof.market.rules import MarketView, Remember, RestingOrder
from floorproof.market.sessions import CONTINUOUS, Board, TradingState
from floorproof.plugins.check import check_plugin


def test_the_plugin_keeps_the_contract() -> None:
    settings = {"lot-cap": {"max_lots": 5, "max_lots_per_user": 8}}

    report = check_plugin(floorproof_lotcap, settings)

    assert not report.failures, report
    assert not report.skipped, report


# fmt: off
CASES = {
    "as many as allowed":            ("new    5", 0, None),
    "one too many":                  ("new    6", 0, "6 lots, and an order may have 5"),
    "a change to as many":           ("change 5", 0, None),
    "a change to one too many":      ("change 6", 0, "6 lots, and an order may have 5"),
    "a cancel always passes":        ("cancel 0", 8, None),
    "the user's last lots":          ("new    3", 5, None),
    "one more than the user's last": (
        "new    4", 5, "4 lots more than the 5 that ET1 has used, and a user may use 8"
    ),
    "a change is not counted anew":  ("change 4", 5, None),
}
# fmt: on


@pytest.mark.parametrize(("asked", "used", "text"), CASES.values(), ids=CASES.keys())
def test_lot_cap_refuses_what_goes_past_a_cap(asked: str, used: int, text: str | None) -> None:
    reject = LotCap(max_lots=5, max_lots_per_user=8).accept_request(request(asked), market(used))

    assert (reject and reject.text) == text


def test_lots_that_come_to_rest_are_remembered_on_top_of_those_before() -> None:
    rested = Rested(OrderID(1), order(3), 100, 2)

    effects = LotCap(max_lots=5).after_request([rested], market(used=4))

    assert effects == [Remember("ET1", 6)]


def order(lots: int) -> NewOrderSingle:
    return NewOrderSingle(
        sender_comp_id=CompID("CME-A"),
        sender_sub_id=CompID("ET1"),
        cl_ord_id=ClOrdID("1"),
        symbol=Symbol("MNQU3"),
        side=Side.BUY,
        order_qty=lots,
        price=100,
    )


def request(text: str) -> OrderRequest:
    what, lots = text.split()
    if what == "new":
        return order(int(lots))
    if what == "change":
        return OrderCancelReplaceRequest(
            sender_comp_id=CompID("CME-A"),
            sender_sub_id=CompID("ET1"),
            cl_ord_id=ClOrdID("2"),
            orig_cl_ord_id=ClOrdID("1"),
            symbol=Symbol("MNQU3"),
            side=Side.BUY,
            order_qty=int(lots),
            price=100,
        )
    return OrderCancelRequest(
        sender_comp_id=CompID("CME-A"),
        cl_ord_id=ClOrdID("2"),
        orig_cl_ord_id=ClOrdID("1"),
        symbol=Symbol("MNQU3"),
        side=Side.BUY,
    )


INSTRUMENT = Instrument(symbol=Symbol("MNQU3"), price_decimals=2, ticks=TickTable.uniform(25))


@attrs.frozen
class Market:
    """A market with an empty book, and what the rule set has remembered."""

    memory: Mapping[str, object]
    instrument: Instrument = INSTRUMENT
    now_ns: int = 0
    last_px: Price | None = None
    state: TradingState = CONTINUOUS
    board_state: TradingState = CONTINUOUS
    board: Board | None = None
    own_state: TradingState | None = None
    auction: Uncross | None = None
    statistics: Statistics = attrs.field(factory=Statistics)

    def indicative(self) -> Uncross | None:
        return None

    def best_px(self, side: Side) -> Price | None:
        return None

    def order(self, order_id: OrderID) -> RestingOrder | None:
        return None

    def recall(self, key: str) -> object:
        return self.memory.get(key)

    def other(self, symbol: Symbol) -> MarketView:
        raise KeyError(symbol)


def market(used: int) -> Market:
    return Market({"ET1": used})
