"""How an order stands, for the session whose it is: as the book has it, and at no cost."""

from __future__ import annotations

from typing import Any

import pytest
from oracle.shorthand import request

from floorproof.market.exchange import Exchange
from floorproof.market.fix import ExecType, OrdRejReason, OrdStatus, Side
from floorproof.market.identifiers import ClOrdID, CompID, OrderID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport, OrderStatusRequest
from floorproof.plugins.fifo import Fifo


def exchange_with(*lines: str) -> Exchange:
    """Return a venue of X (tick 0.25) and Y that has received *lines*."""
    exchange = Exchange(
        [
            Instrument(symbol=Symbol("X"), price_decimals=2, ticks=TickTable.uniform(25)),
            Instrument(symbol=Symbol("Y"), price_decimals=0, ticks=TickTable.uniform(1)),
        ],
        dict.fromkeys([Symbol("X"), Symbol("Y")], Fifo()),
    )
    for line in lines:
        exchange.receive(request(line), 0)
    return exchange


def asked(
    exchange: Exchange,
    session: str,
    name: str,
    side: Side = Side.BUY,
    symbol: str = "X",
    order_id: int | None = None,
) -> ExecutionReport:
    """Return the answer, which is all that comes of the question."""
    question = OrderStatusRequest(
        sender_comp_id=CompID(session),
        cl_ord_id=ClOrdID(name),
        symbol=Symbol(symbol),
        side=side,
        order_id=None if order_id is None else OrderID(order_id),
    )
    outcome = exchange.receive(question, 7)
    (report,) = outcome.reports
    assert isinstance(report, ExecutionReport)
    assert [*outcome.effects, *outcome.published, *outcome.happened] == []
    assert report.exec_type is ExecType.ORDER_STATUS
    assert (report.exec_id, report.last_qty, report.transact_time_ns) == (0, 0, 7)
    return report


# fmt: off
LIVE = {
    "at rest":
        (["A a BUY 10 @ 50"], "NEW 0+10 of 10 @ 50"),
    "traded":
        (["A a BUY 10 @ 50", "B b SELL 4 @ 50"], "PARTIALLY_FILLED 4+6 of 10 @ 50"),
    "an iceberg":
        (["A a BUY 10 @ 50 show=2", "B b SELL 3 @ 50"], "PARTIALLY_FILLED 3+7 of 10 @ 50 show 2"),
    "a stop":
        (["B b SELL 1 @ 50", "C c BUY 1 @ 50", "A a BUY 10 STOP 75 @ 100"],
         "NEW 0+10 of 10 @ 100 stop 75"),
    "changed":
        (["A z BUY 10 @ 50", "B b SELL 4 @ 50", "A a CHANGE BUY z 8 @ 25"],
         "PARTIALLY_FILLED 4+4 of 8 @ 25"),
    "what has rested of an aggressor":
        (["B b SELL 4 @ 50", "A a BUY 10 @ 50"], "PARTIALLY_FILLED 4+6 of 10 @ 50"),
}
# fmt: on


@pytest.mark.rule("REP-6")
@pytest.mark.parametrize(("lines", "stands"), LIVE.values(), ids=LIVE.keys())
def test_a_live_order_stands_as_the_book_has_it(lines: list[str], stands: str) -> None:
    report = asked(exchange_with(*lines), "A", "a")

    said = f"{report.ord_status.name} {report.cum_qty}+{report.leaves_qty} of {report.order_qty}"
    said += f" @ {report.price}"
    said += f" show {report.display_qty}" if report.display_qty else ""
    said += f" stop {report.stop_px}" if report.stop_px else ""
    assert said == stands
    assert report.order_id is not None
    assert report.ord_rej_reason is None


# fmt: off
NOT_LIVE = {
    "never entered":       (["A b BUY 1 @ 50"],                            {}),
    "of another session":  (["B a BUY 1 @ 50"],                            {}),
    "canceled":            (["A a BUY 1 @ 50", "A x CANCEL BUY a"],        {}),
    "filled":              (["A a BUY 1 @ 50", "B b SELL 1 @ 50"],         {}),
    "expired":             (["A a BUY 1 @ 50 IOC"],                        {}),
    "renamed":             (["A a BUY 2 @ 50", "A b CHANGE BUY a 1 @ 50"], {}),
    "a cancel's name":     (["A z BUY 1 @ 50", "A a CANCEL BUY z"],        {}),
    "a mass action's":     (["A z BUY 1 @ 50", "A a MASS"],                {}),
    "of the other side":   (["A a BUY 1 @ 50"],                            {"side": Side.SELL}),
    "elsewhere":           (["A a BUY 1 @ 50"],                            {"symbol": "Y"}),
    "of another number":   (["A a BUY 1 @ 50"],                            {"order_id": 2}),
}
# fmt: on


@pytest.mark.rule("REP-6")
@pytest.mark.parametrize(("lines", "where"), NOT_LIVE.values(), ids=NOT_LIVE.keys())
def test_whatever_is_not_live_is_unknown(lines: list[str], where: dict[str, Any]) -> None:
    report = asked(exchange_with(*lines), "A", "a", **where)

    assert (report.ord_status, report.order_id) == (OrdStatus.REJECTED, None)
    assert report.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER
    assert (report.leaves_qty, report.cum_qty) == (0, 0)
    assert "is live by that name [REP-6]" in report.text


def test_the_number_of_the_order_may_be_said() -> None:
    exchange = exchange_with("B b BUY 1 @ 25", "A a BUY 1 @ 50")

    assert asked(exchange, "A", "a", order_id=2).ord_status is OrdStatus.NEW


@pytest.mark.rule("REP-6", "REJ-6")
def test_an_instrument_that_is_not_listed_is_named() -> None:
    report = asked(exchange_with(), "A", "a", symbol="Z")

    assert report.ord_rej_reason is OrdRejReason.UNKNOWN_SYMBOL
    assert report.text == "symbol 'Z': expected one of X, Y [REJ-6]"


@pytest.mark.rule("REP-6")
def test_a_question_changes_nothing_and_uses_up_no_name_or_number() -> None:
    lines = ["A a BUY 5 @ 50", "B b SELL 2 @ 50", "A c BUY 3 @ 25", "A d CHANGE BUY c 2 @ 25"]
    plain, busy = exchange_with(), exchange_with()

    for line in [*lines, "B e SELL 9 @ 25"]:
        for name in ("a", "c", "d", "e", "new"):
            asked(busy, "A", name)
            asked(busy, "STRANGER", name)
        assert busy.receive(request(line), 0).reports == plain.receive(request(line), 0).reports

    assert busy.day(Symbol("X")).statistics() == plain.day(Symbol("X")).statistics()
    new = request("A new BUY 1 @ 25")
    assert busy.receive(new, 0).reports == plain.receive(new, 0).reports


@pytest.mark.parametrize(
    ("field", "value"), [("side", "1"), ("cl_ord_id", ""), ("symbol", None), ("order_id", "2")]
)
def test_what_can_be_no_question_is_refused(field: str, value: object) -> None:
    fields = {"sender_comp_id": "A", "cl_ord_id": "a", "symbol": "X", "side": Side.BUY}

    with pytest.raises(ValueError, match=f"{field} must be"):
        OrderStatusRequest(**{**fields, field: value})  # type: ignore[arg-type]  # by name, and wrong
