"""Whatever is sent: the fast exchange and the naive one tell the same story."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.exchange import NaiveExchange, Refused, Told

from floorproof.market.book import (
    AggressorCanceled,
    BookEvent,
    Canceled,
    Expired,
    OrderBook,
    Replaced,
    Rested,
    Traded,
    Withdrawn,
)
from floorproof.market.exchange import Answer, Exchange, Request
from floorproof.market.fix import ExecType, OrdType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from floorproof.market.rules import Bound, MarketView, VenueRules
from floorproof.plugins.fifo import Fifo

SYMBOL = Symbol("X")
TICK = 2
MAX_ORDER_QTY = 8


@attrs.frozen
class Ask:
    """A request, less the names, which depend on what has been asked before."""

    kind: str
    session: CompID
    side: Side
    order_qty: Qty
    price: Price | None
    ord_type: OrdType
    lives: TimeInForce
    account: Account | None
    names_again: int | None
    """Which of the session's earlier names is used once more; mostly none."""

    names_order: int
    """Which of its live orders a cancel or change is about; 0 for a name that leads nowhere."""

    keeps_price: bool
    """Whether a change leaves the price as it was."""


mostly_limit = st.sampled_from([OrdType.LIMIT] * 5 + [OrdType.MARKET])
mostly_day = st.sampled_from([TimeInForce.DAY] * 4 + [TimeInForce.IMMEDIATE_OR_CANCEL])


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    ord_type = draw(mostly_limit)
    side = draw(st.sampled_from(Side))
    # Few prices and small quantities, so that orders meet, and more often than not do
    # not, so that they queue; 3 is off tick.
    away = draw(st.sampled_from([2, 2, 2, 2, 0, 0, -2, 3]))
    price = -away if side is Side.BUY else away
    price_fits = draw(st.integers(0, 15)) > 0
    return Ask(
        kind=draw(st.sampled_from(["new", "new", "new", "cancel", "change", "change", "change"])),
        session=draw(st.sampled_from([CompID("ALPHA"), CompID("BRAVO")])),
        side=side,
        order_qty=draw(st.integers(1, MAX_ORDER_QTY + 1)),
        price=price if (ord_type is OrdType.LIMIT) == price_fits else None,
        ord_type=ord_type,
        lives=draw(mostly_day),
        account=draw(st.sampled_from([None] * 5 + [Account("A")])),
        names_again=draw(st.sampled_from([None] * 15 + [0])),
        names_order=draw(st.integers(0, 9)),
        keeps_price=draw(st.booleans()),
    )


def requests_of(stream: Sequence[Ask]) -> list[Request]:
    """Return *stream* with names: mostly new ones, and cancels and changes of live orders.

    The naive exchange is asked along the way which orders live.
    """
    naive = NaiveExchange(TICK, MAX_ORDER_QTY)
    requests: list[Request] = []
    for number, ask in enumerate(stream):
        name = ClOrdID(f"n{number}")
        used = [one for session, one in naive.names if session == ask.session]
        if used and ask.names_again is not None:
            name = ClOrdID(used[ask.names_again])
        orig, side, price = ClOrdID("n0"), ask.side, ask.price
        live = [one for one in naive.orders if one.since and one.owner == ask.session]
        if live and ask.names_order and ask.kind != "new":
            old = live[ask.names_order % len(live)]
            orig, side = ClOrdID(old.name), old.side
            if ask.keeps_price:
                price = old.price
        if ask.kind == "new":
            requests.append(
                NewOrderSingle(
                    sender_comp_id=ask.session,
                    cl_ord_id=name,
                    symbol=SYMBOL,
                    side=side,
                    order_qty=ask.order_qty,
                    price=price,
                    ord_type=ask.ord_type,
                    time_in_force=ask.lives,
                    account=ask.account,
                )
            )
        elif ask.kind == "cancel":
            requests.append(
                OrderCancelRequest(
                    sender_comp_id=ask.session,
                    cl_ord_id=name,
                    orig_cl_ord_id=orig,
                    symbol=SYMBOL,
                    side=side,
                )
            )
        else:
            requests.append(
                OrderCancelReplaceRequest(
                    sender_comp_id=ask.session,
                    cl_ord_id=name,
                    orig_cl_ord_id=orig,
                    symbol=SYMBOL,
                    side=side,
                    order_qty=ask.order_qty,
                    price=price,
                    ord_type=ask.ord_type,
                    time_in_force=ask.lives,
                    account=ask.account,
                )
            )
        naive.receive(requests[-1])
    return requests


streams = st.lists(asks(), min_size=10, max_size=50).map(requests_of)


def fast_exchange(history: list[BookEvent] | None = None) -> Exchange:
    """Return an exchange; whatever happens in its book is added to *history*."""

    def record(events: Sequence[BookEvent], _market: MarketView) -> None:
        if history is not None:
            history.extend(events)

    instrument = Instrument(
        symbol=SYMBOL,
        price_decimals=0,
        ticks=TickTable.uniform(TICK),
        max_order_qty=MAX_ORDER_QTY,
    )
    rules = VenueRules(after_request=(Bound("recorder", record),))
    return Exchange([instrument], {"F": Fifo()}, {SYMBOL: rules})


def told(answer: Answer) -> Told | Refused:
    """Return what matters of a report of the fast exchange."""
    if isinstance(answer, OrderCancelReject):
        return Refused(
            answer.target_comp_id, answer.cl_ord_id, answer.orig_cl_ord_id, answer.cxl_rej_reason
        )
    assert isinstance(answer, ExecutionReport)
    return Told(
        answer.target_comp_id,
        answer.cl_ord_id,
        answer.order_id,
        answer.exec_type,
        answer.ord_status,
        answer.leaves_qty,
        answer.cum_qty,
        answer.order_qty,
        answer.price,
        answer.last_qty,
        answer.last_px,
        answer.aggressor_indicator,
        answer.trd_match_id,
        answer.orig_cl_ord_id,
        answer.ord_rej_reason or answer.exec_restatement_reason,
    )


def standing(book: OrderBook) -> list[tuple[OrderID, str, str, Price, Qty]]:
    """Return the whole of *book*, in price-time priority, bids first."""
    return [
        (
            resting.order_id,
            resting.order.sender_comp_id,
            resting.order.cl_ord_id,
            resting.level.price,
            resting.leaves_qty,
        )
        for side in Side
        for resting in book.resting(side)
    ]


@pytest.mark.rule("MATCH-1", "MATCH-2", "MATCH-3", "PRIO-1", "PRIO-2", "REP-1", "REP-2", "REP-3")
@given(streams)
def test_fast_and_naive_exchange_tell_the_same_story(requests: list[Request]) -> None:
    fast, naive = fast_exchange(), NaiveExchange(TICK, MAX_ORDER_QTY)

    for now_ns, request in enumerate(requests):
        reports = [told(answer) for answer in fast.receive(request, now_ns).reports]

        assert reports == naive.receive(request)
        assert standing(fast.book(SYMBOL)) == [
            (order.order_id, order.owner, order.name, order.price, order.left)
            for side in Side
            for order in naive.resting(side)
        ]


@given(streams)
def test_history_rebuilds_the_book(requests: list[Request]) -> None:
    history: list[BookEvent] = []
    exchange = fast_exchange(history)
    for now_ns, request in enumerate(requests):
        exchange.receive(request, now_ns)

    rebuilt = OrderBook()
    rebuilt.apply(history)

    assert standing(rebuilt) == standing(exchange.book(SYMBOL))


@given(streams)
def test_depth_and_best_are_those_of_the_orders(requests: list[Request]) -> None:
    exchange = fast_exchange()
    book = exchange.book(SYMBOL)
    for now_ns, request in enumerate(requests):
        exchange.receive(request, now_ns)
        for side in Side:
            by_price: dict[Price, Qty] = {}
            for resting in book.resting(side):
                price = resting.level.price
                by_price[price] = by_price.get(price, 0) + resting.leaves_qty

            assert book.depth(side, 99) == tuple(by_price.items())
            assert book.best(side) == next(iter(by_price), None)
            assert sorted(by_price, reverse=side is Side.BUY) == list(by_price)


@given(streams)
def test_no_crossed_book(requests: list[Request]) -> None:
    exchange = fast_exchange()
    book = exchange.book(SYMBOL)
    for now_ns, request in enumerate(requests):
        exchange.receive(request, now_ns)

        bid, offer = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or offer is None or bid < offer


@given(streams)
def test_quantity_is_conserved(requests: list[Request]) -> None:
    """What came into the market rests, was traded, or was taken off: nothing else."""
    history: list[BookEvent] = []
    exchange = fast_exchange(history)
    entered = 0
    for now_ns, request in enumerate(requests):
        for report in exchange.receive(request, now_ns).reports:
            if isinstance(report, ExecutionReport) and report.exec_type in (
                ExecType.NEW,
                ExecType.REPLACED,
            ):
                entered += report.leaves_qty

    gone = 0
    replaced = dict[OrderID, Qty]()
    for event in history:
        match event:
            case Traded():
                gone += 2 * event.last_qty
                replaced[event.order_id] = event.leaves_qty
            case Rested():
                replaced[event.order_id] = event.leaves_qty
            case Replaced():  # in place: the new quantity came in, the old one went
                gone += replaced[event.order_id]
                replaced[event.order_id] = event.leaves_qty
            case Canceled() | Withdrawn() | AggressorCanceled() | Expired():
                gone += event.leaves_qty
    resting = sum(qty for *_, qty in standing(exchange.book(SYMBOL)))
    assert entered == resting + gone


@given(streams)
def test_no_fill_beyond_a_limit(requests: list[Request]) -> None:
    exchange = fast_exchange()
    for now_ns, request in enumerate(requests):
        for report in exchange.receive(request, now_ns).reports:
            if isinstance(report, ExecutionReport) and report.last_px is not None:
                if report.price is None:
                    assert report.ord_type is OrdType.MARKET
                elif report.side is Side.BUY:
                    assert report.last_px <= report.price
                else:
                    assert report.last_px >= report.price


@given(streams)
def test_nobody_trades_before_those_in_front_of_him(requests: list[Request]) -> None:
    """Price-time priority, read off the book as it stood before each request."""
    history: list[BookEvent] = []
    exchange = fast_exchange(history)
    book = exchange.book(SYMBOL)
    for now_ns, request in enumerate(requests):
        queue = {
            side: [(one.order_id, one.leaves_qty) for one in book.resting(side)] for side in Side
        }
        history.clear()
        exchange.receive(request, now_ns)

        trades = [event for event in history if isinstance(event, Traded)]
        if trades:
            front = queue[trades[0].order.side][: len(trades)]
            assert [trade.order_id for trade in trades] == [order_id for order_id, _ in front]
            for trade, (_, leaves_qty) in zip(trades[:-1], front, strict=False):
                assert trade.last_qty == leaves_qty
