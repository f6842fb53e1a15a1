"""Whatever is sent: the fast exchange and the naive one tell the same story."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.exchange import NaiveExchange, NaiveOrder, Refused, Told

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
from floorproof.market.exchange import Exchange, Request
from floorproof.market.execution import Answer
from floorproof.market.fix import ExecType, OrdType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, OrderID, Price, Qty, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderRequest,
)
from floorproof.market.rules import Bound, MarketView, VenueRules
from floorproof.plugins.fifo import Fifo

SYMBOL = Symbol("X")
TICK = 2
MAX_ORDER_QTY = 8


# What a request is meant to be.  Terms drawn at random seldom hit the cases that the
# rules tell apart, such as a change that lowers the quantity and nothing else.
INTENTS = [
    *["enter"] * 8,
    *["cancel"] * 2,
    "rename",
    *["lower"] * 2,
    "lower to what is filled",
    *["raise"] * 2,
    *["reprice"] * 2,
    "change the account",
    "change the user",
    "make immediate",
    "change anything",
    "use a former name",
    "name no order",
]


@attrs.frozen
class Ask:
    """What a session wants, less the names, which depend on what has been asked before."""

    intent: str
    session: CompID
    side: Side
    order_qty: Qty
    price: Price | None
    ord_type: OrdType
    lives: TimeInForce
    account: Account | None
    about: int
    """Which of its live orders a cancel or change is about."""

    uses_a_name_twice: bool


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    intent = draw(st.sampled_from(INTENTS))
    ord_type = OrdType.LIMIT
    if intent in ("enter", "change anything") and draw(st.integers(0, 5)) == 5:
        ord_type = OrdType.MARKET
    side = draw(st.sampled_from(Side))
    # Few prices and small quantities, so that orders meet, and more often than not do
    # not, so that they queue; 3 is off tick.
    away = draw(st.sampled_from([2, 2, 2, 2, 2, 0, 0, -2, 3]))
    price = -away if side is Side.BUY else away
    price_fits = draw(st.integers(0, 15)) < 15
    lives = TimeInForce.DAY
    if intent in ("enter", "change anything") and draw(st.integers(0, 5)) == 5:
        lives = TimeInForce.IMMEDIATE_OR_CANCEL
    return Ask(
        intent=intent,
        session=draw(st.sampled_from([CompID("ALPHA"), CompID("BRAVO")])),
        side=side,
        order_qty=draw(st.integers(1, MAX_ORDER_QTY + 1)),
        price=price if (ord_type is OrdType.LIMIT) == price_fits else None,
        ord_type=ord_type,
        lives=lives,
        account=draw(st.sampled_from([None, None, None, Account("A")])),
        about=draw(st.integers(0, 9)),
        uses_a_name_twice=draw(st.integers(0, 15)) == 15,
    )


@attrs.define
class Sessions:
    """Gives what sessions ask for the names that it has at the time.

    The naive exchange is asked along the way which orders live.
    """

    naive: NaiveExchange = attrs.field(factory=lambda: NaiveExchange(TICK, MAX_ORDER_QTY))
    former: dict[int, list[str]] = attrs.field(factory=dict)
    """By order, the names that it has had before its present one."""

    said: dict[CompID, list[ClOrdID]] = attrs.field(factory=dict)
    """The names that each has used, also those of refused requests."""

    asked: int = 0

    def request(self, ask: Ask) -> OrderRequest:
        request = self._named(ask)
        before = {order.order_id: order.name for order in self.naive.orders}
        self.naive.receive(request)
        for order in self.naive.orders:
            name = before.get(order.order_id, order.name)
            if name != order.name:
                self.former.setdefault(order.order_id, []).append(name)
        return request

    def _named(self, ask: Ask) -> OrderRequest:
        self.asked += 1
        name = ClOrdID(f"n{self.asked}")
        said = self.said.setdefault(ask.session, [])
        if said and ask.uses_a_name_twice:
            name = said[-1 - ask.about % len(said)]
        said.append(name)
        live = [one for one in self.naive.orders if one.since and one.owner == ask.session]
        if not live or ask.intent == "enter":
            return self._order(ask, name)
        return self._about(live[ask.about % len(live)], ask, name)

    def _order(self, ask: Ask, name: ClOrdID) -> NewOrderSingle:
        return NewOrderSingle(
            sender_comp_id=ask.session,
            cl_ord_id=name,
            symbol=SYMBOL,
            side=ask.side,
            order_qty=ask.order_qty,
            price=ask.price,
            ord_type=ask.ord_type,
            time_in_force=ask.lives,
            account=ask.account,
        )

    def _about(self, order: NaiveOrder, ask: Ask, name: ClOrdID) -> OrderRequest:
        orig = ClOrdID(order.name)
        account = None if order.account is None else Account(order.account)
        if ask.intent == "name no order":
            orig = name
        if ask.intent == "use a former name" and order.order_id in self.former:
            orig = ClOrdID(self.former[order.order_id][-1])
        if ask.intent == "cancel" or (ask.intent == "use a former name" and ask.about % 2):
            side = ask.side if ask.about == 9 else order.side
            return OrderCancelRequest(
                sender_comp_id=ask.session,
                cl_ord_id=name,
                orig_cl_ord_id=orig,
                symbol=SYMBOL,
                side=side,
            )
        change = OrderCancelReplaceRequest(
            sender_comp_id=ask.session,
            cl_ord_id=name,
            orig_cl_ord_id=orig,
            symbol=SYMBOL,
            side=order.side,
            order_qty=order.qty,
            price=order.price,
            account=account,
        )
        match ask.intent:
            case "lower":
                lower = max(order.filled + 1, order.qty - ask.order_qty)
                return msgspec.structs.replace(change, order_qty=lower)
            case "lower to what is filled":
                return msgspec.structs.replace(change, order_qty=order.filled or order.qty)
            case "raise":
                return msgspec.structs.replace(change, order_qty=order.qty + (1 + ask.about) // 2)
            case "reprice":
                return msgspec.structs.replace(change, price=ask.price)
            case "change the account":
                return msgspec.structs.replace(change, account=None if account else Account("A"))
            case "change the user":
                return msgspec.structs.replace(change, sender_sub_id=CompID(f"user {ask.about}"))
            case "make immediate":
                return msgspec.structs.replace(
                    change, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL
                )
            case "change anything":
                return msgspec.structs.replace(
                    change,
                    side=ask.side,
                    order_qty=ask.order_qty,
                    price=ask.price,
                    ord_type=ask.ord_type,
                    time_in_force=ask.lives,
                    account=ask.account,
                )
            case _:  # "rename", or nothing but the wrong name
                return change


def requests_of(stream: Sequence[Ask]) -> list[Request]:
    """Return *stream* as requests: mostly new names, and cancels and changes of live orders."""
    sessions = Sessions()
    return [sessions.request(ask) for ask in stream]


# Long enough for queues to form; lists of any length are mostly short ones.
streams = st.lists(asks(), min_size=30, max_size=50).map(requests_of)


def fast_exchange(
    history: list[BookEvent] | None = None, rules: VenueRules | None = None
) -> Exchange:
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
    recorder = (Bound("recorder", record),)
    rules = attrs.evolve(rules or VenueRules(), after_request=recorder)
    return Exchange([instrument], {instrument.symbol: Fifo()}, {SYMBOL: rules})


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

    book = exchange.book(SYMBOL)
    assert (standing(rebuilt), rebuilt.last_px) == (standing(book), book.last_px)


@given(streams)
def test_rules_that_object_to_nothing_change_nothing(requests: list[Request]) -> None:
    """The loop goes another way where somebody is asked; it must come to the same."""
    nothing = (Bound("nothing", lambda *_about: None),)
    rules = VenueRules(accept_request=nothing, before_match=nothing, before_trade=nothing)
    asking, quiet = fast_exchange(rules=rules), fast_exchange()

    for now_ns, request in enumerate(requests):
        assert asking.receive(request, now_ns).reports == quiet.receive(request, now_ns).reports

    assert standing(asking.book(SYMBOL)) == standing(quiet.book(SYMBOL))


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
            case _:
                raise AssertionError(f"no request here leads to {event}")
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
