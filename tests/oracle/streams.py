"""Streams of requests that hit what the rules tell apart.

A wish says what somebody is up to; the request that comes of it depends on the market
at the time (where the touch is, which orders live, how much is within reach), and the
plain venue is asked for that.  Terms drawn at random seldom meet such cases: an order
for exactly what a level has, a stop next to the touch, a change that lowers the
quantity and nothing else.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import attrs
import msgspec
from hypothesis import Phase, settings
from hypothesis import strategies as st

from floorproof.market.fix import OrdType, QuoteCancelType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, QuoteID, Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)
from floorproof.market.operations import ChangeTradingState
from floorproof.market.quotes import MassQuote, QuoteCancel, QuoteEntry, QuoteSet
from floorproof.market.sessions import Board, TradingState

from .market import PlainMarket
from .orders import PlainOrder
from .venue import Asked, PlainVenue

TODAY = datetime.date(2026, 1, 5)
TICK = 2
MIDDLE = 0  # so that prices are also zero, and below
MAX_ORDER_QTY = 40
SESSIONS = [CompID("ALPHA"), CompID("BRAVO"), CompID("CHARLIE")]
X, Y = Symbol("X"), Symbol("Y")
BOARD = "B"


def instruments(protection_points: int | None) -> list[Instrument]:
    """Return the two that all streams are about."""
    return [
        Instrument(
            symbol=symbol,
            price_decimals=0,
            ticks=TickTable.uniform(TICK),
            max_order_qty=MAX_ORDER_QTY,
            protection_points=protection_points,
            reference_px=MIDDLE,
        )
        for symbol in (X, Y)
    ]


# fmt: off
OPEN = TradingState(name="OPEN", uncross=True)
PREOPEN = TradingState(name="PREOPEN", match=False, indicative=True)
NO_CANCEL = TradingState(name="NO_CANCEL", match=False, indicative=True, modify=False, cancel=False)
HALT = TradingState(name="HALT", match=False, enter=False, modify=False)
CLOSING = TradingState(name="CLOSING", match=False, uncross=True)
CLOSE = TradingState(name="CLOSE", match=False, enter=False, modify=False, cancel=False,
                     uncross=True, ends_day=True)
POST_CLOSE = TradingState(name="POST_CLOSE", match=False,
                          lives=(TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_DATE))
UNAUCTIONED = TradingState(name="UNAUCTIONED")
# fmt: on
BOARDS = [Board(name=BOARD, symbols=(X, Y), state=OPEN)]
STARTS = [*[PREOPEN] * 6, NO_CANCEL, HALT, CLOSING, CLOSE, *[POST_CLOSE] * 2, OPEN]
ENDS = [*[OPEN] * 5, CLOSING, CLOSE, UNAUCTIONED]


@attrs.frozen
class Entered:
    """A state is entered: by the board, or by an instrument alone (None: it rejoins)."""

    symbol: Symbol | None
    state: TradingState | None

    @property
    def operation(self) -> ChangeTradingState:
        """What the exchange's operator asks for."""
        state = None if self.state is None else self.state.name
        board = BOARD if self.symbol is None else None
        return ChangeTradingState(board=board, symbol=self.symbol, state=state)

    def __str__(self) -> str:
        who = f"board {BOARD}" if self.symbol is None else self.symbol
        return f"-- {who} {'rejoins' if self.state is None else f'enters {self.state.name}'}"


Deed: TypeAlias = Asked | Entered
Terms = TypeVar("Terms", NewOrderSingle, OrderCancelReplaceRequest)

BUILD = ["rest", "rest", "join", "join", "join", "better", "iceberg", "join and hide"]
ENTER = [
    *BUILD,
    *BUILD,
    *["cross"] * 2,
    "sweep",
    *["part"] * 7,
    *["level"] * 3,
    "market",
    "market-limit",
    "immediate",
    *["kill"] * 2,
    *["minimum"] * 2,
    "post",
    *["stop"] * 4,
    *["stop-limit"] * 3,
]
AT_ONCE = ["market", "market-limit", "immediate", "kill", "minimum"]
CHANGE = [
    *["lower"] * 2,
    "lower to what is filled",
    "raise",
    "rename",
    *["reprice"] * 2,
    "reprice to trade",
    "change the account",
    "change the user",
    *["show less"] * 2,
    "show more",
    "hide nothing",
    "make good till canceled",
    "make good for the day",
    "make immediate",
    "make it fill or kill",
    "make post-only",
    "make a stop",
    "make a stop-limit",
    "make a limit",
    "make a market order",
    "use a former name",
    "name no order",
    "the wrong side",
]
QUOTES = [*["quote"] * 3, *["quote again"] * 3, "quote across", "quote wrongly", *["unquote"] * 2]
INTENTS = [*ENTER, *ENTER, *CHANGE, *["cancel"] * 2, "mass", *QUOTES]


@attrs.frozen
class Wish:
    """What somebody is up to."""

    intent: str
    session: CompID
    side: Side
    size: int
    far: int
    """How far from the touch, or from an exact fit."""

    about: int
    """Which one, where there are several."""

    odd: str
    """What is odd about it, if anything."""


# fmt: off
ODDITIES = [
    *[""] * 40, *["until canceled"] * 3, *["until a date"] * 3, *["the other instrument"] * 5,
    "no such instrument", "a used name", "the wrong side", "as large as it is",
    *["a wrong term"] * 3,
]
# fmt: on


def _wishes(intents: Sequence[str], odd: Sequence[str]) -> st.SearchStrategy[Wish]:
    return st.builds(
        Wish,
        st.sampled_from(intents),
        st.sampled_from(SESSIONS),
        st.sampled_from(Side),
        st.integers(1, 8),
        st.integers(0, 3),
        st.integers(0, 19),
        st.sampled_from(odd),
    )


@attrs.frozen
class Spell:
    """A while in another state, of a board or of an instrument alone, and how it ends."""

    state: TradingState
    end: TradingState
    symbol: Symbol | None
    rejoins: bool
    start: int
    length: int

    def bounds(self) -> tuple[Entered, Entered]:
        end = None if self.symbol is not None and self.rejoins else self.end
        return Entered(self.symbol, self.state), Entered(self.symbol, end)


SPELLS = st.builds(
    Spell,
    st.sampled_from(STARTS),
    st.sampled_from(ENDS),
    st.sampled_from([None, None, X, Y]),
    st.booleans(),
    st.integers(0, 50),
    st.integers(3, 16),
)


Tags: TypeAlias = tuple[str | None, str | None]
_TAGGED = (NewOrderSingle, OrderCancelReplaceRequest, MassQuote)


@attrs.define
class Crowd:
    """Turns wishes into what is asked, one after the other."""

    venue: PlainVenue
    tags: Callable[[Wish], Tags] | None = None
    """The tags of self-match prevention that what is wished for is sent with."""

    asked: int = 0
    former: dict[int, list[str]] = attrs.field(factory=dict)
    said: list[tuple[CompID, ClOrdID]] = attrs.field(factory=list)
    quoted: list[QuoteID] = attrs.field(factory=list)

    def deed(self, wish: Wish | Entered) -> Deed:
        """Return what comes of *wish*, and let the plain venue carry it out."""
        if isinstance(wish, Entered):
            enter(self.venue, wish)
            return wish
        request = self._request(wish)
        if self.tags is not None and isinstance(request, _TAGGED):
            smp_id, instruction = self.tags(wish)
            request = msgspec.structs.replace(
                request,
                self_match_prevention_id=smp_id,
                self_match_prevention_instruction=instruction,
            )
        names = {order.order_id: order.name for order in self.venue.orders}
        self.venue.receive(request)
        for order in self.venue.orders:
            name = names.get(order.order_id, order.name)
            if name != order.name:
                self.former.setdefault(order.order_id, []).append(name)
        return request

    def _request(self, wish: Wish) -> Asked:
        self.asked += 1
        name = ClOrdID(f"{wish.session[0].lower()}{self.asked}")
        mine = [one for session, one in self.said if session == wish.session]
        if mine and wish.odd == "a used name":
            name = mine[-1 - wish.about % len(mine)]
        self.said.append((wish.session, name))
        symbol = {"the other instrument": Y, "no such instrument": Symbol("Z")}.get(wish.odd, X)
        if wish.intent in QUOTES:
            used = self.quoted[-1 - wish.about % 5 :][:1] if wish.odd == "a used name" else []
            quote_id = used[0] if used else QuoteID(f"{name}q")
            self.quoted.append(quote_id)
            if wish.intent == "unquote":
                return self._unquote(wish, quote_id, symbol)
            return self._quote(wish, quote_id, symbol)
        if wish.intent == "mass":
            return OrderMassActionRequest(
                sender_comp_id=wish.session,
                cl_ord_id=name,
                symbol=symbol if wish.about % 2 else None,
                side=wish.side if wish.about % 3 else None,
                account=Account("Q") if wish.far == 3 else None,
                sender_sub_id=CompID("u1") if wish.far == 2 else None,
            )
        live = [
            one
            for one in self.venue.orders
            if one.lives_on
            and one.owner == wish.session
            # Now and then a quote, which is none that a request about orders finds.
            and (one.quote_set is None or wish.about == 3)
        ]
        if wish.intent in ENTER or not live:
            return self._order(wish, name, symbol)
        order = live[wish.about % len(live)]
        side = order.side
        if "the wrong side" in (wish.odd, wish.intent):
            side = side.opposite
        elsewhere = wish.odd in ("the other instrument", "no such instrument") and wish.about % 2
        symbol = symbol if elsewhere else Symbol(order.symbol)
        orig = ClOrdID(order.name)
        if wish.intent == "use a former name" and order.order_id in self.former:
            orig = ClOrdID(self.former[order.order_id][-1])
        if wish.intent == "name no order":
            orig = name
        if wish.intent == "cancel" or (wish.intent in CHANGE[-3:] and wish.about % 2):
            return OrderCancelRequest(
                sender_comp_id=wish.session,
                cl_ord_id=name,
                orig_cl_ord_id=orig,
                symbol=symbol,
                side=side,
            )
        change = OrderCancelReplaceRequest(
            sender_comp_id=wish.session,
            cl_ord_id=name,
            orig_cl_ord_id=orig,
            symbol=symbol,
            side=side,
            order_qty=order.qty,
            price=order.price,
            ord_type=order.ord_type,
            time_in_force=order.lives,
            sender_sub_id=None if order.user is None else CompID(order.user),
            account=None if order.account is None else Account(order.account),
            stop_px=order.stop_px,
            display_qty=order.display,
            expire_date=order.expire_date,
        )
        market = self.venue.markets[order.symbol]
        if TimeInForce.DAY not in market.state.lives and wish.about % 4 == 0:
            wish = attrs.evolve(wish, intent="make good for the day")
        terms = self._changed(wish, order, market)
        return _odd(wish, msgspec.structs.replace(change, **terms))

    def _order(self, wish: Wish, name: ClOrdID, symbol: Symbol) -> NewOrderSingle:
        market = self.venue.markets.get(symbol, self.venue.markets["X"])
        if not market.state.match and wish.intent in AT_ONCE and wish.about % 5:
            wish = attrs.evolve(wish, intent="rest")
        terms = {"order_qty": wish.size, "price": _near(wish), **_wanted(wish, market)}
        if not market.state.match and wish.intent in BUILD:
            terms["price"] = 2 * MIDDLE - terms["price"]  # across
        after_the_day = TimeInForce.DAY not in market.state.lives and wish.about % 4 > 0
        if (wish.odd == "until canceled" or after_the_day) and "time_in_force" not in terms:
            terms["time_in_force"] = TimeInForce.GOOD_TILL_CANCEL
        elif wish.odd == "until a date" and "time_in_force" not in terms:
            terms["time_in_force"] = TimeInForce.GOOD_TILL_DATE
            days = wish.about % 3 - wish.about // 19  # yesterday is too late
            terms["expire_date"] = TODAY + datetime.timedelta(days=days)
        if terms["order_qty"] > MAX_ORDER_QTY and wish.odd != "as large as it is":
            terms["order_qty"] = MAX_ORDER_QTY
        order = NewOrderSingle(
            sender_comp_id=wish.session,
            cl_ord_id=name,
            symbol=symbol,
            side=wish.side,
            account=Account("Q") if wish.about % 5 == 0 else None,
            sender_sub_id=CompID("u1") if wish.about % 7 == 0 else None,
            **terms,
        )
        return _odd(wish, order)

    def _quote(self, wish: Wish, quote_id: QuoteID, symbol: Symbol) -> MassQuote:
        """Return quotes in one instrument, or in both; in a user's name now and then."""
        user = CompID("u1") if wish.about % 7 == 0 else None
        first = self._entry(wish, quote_id, symbol, user, 1)
        entries = [first]
        if wish.about % 3 == 0:
            other = symbol if wish.odd else Y
            entries.append(self._entry(wish, quote_id, other, user, 2))
        if wish.odd == "the wrong side":
            entries.append(self._entry(wish, quote_id, Symbol("Z"), user, 3))
        by_set = "ST"[wish.size % 2]
        return MassQuote(
            sender_comp_id=wish.session,
            quote_id=quote_id,
            quote_sets=(QuoteSet(quote_set_id=by_set, entries=tuple(entries)),),
            sender_sub_id=user,
            account=Account("Q") if wish.about % 5 == 0 else None,
        )

    def _entry(
        self, wish: Wish, quote_id: QuoteID, symbol: Symbol, user: CompID | None, number: int
    ) -> QuoteEntry:
        market = self.venue.markets.get(symbol, self.venue.markets["X"])
        old = {
            one.side: one
            for one in market.orders
            if one.lives_on and one.quote_set is not None
            if (one.owner, one.user) == (wish.session, user)
        }
        sides: dict[Side, tuple[int, int] | None] = {}
        for side in Side:
            sign = 1 if side is Side.BUY else -1
            price, size = MIDDLE - sign * TICK * (1 + wish.far), wish.size
            if wish.intent == "quote again" and side in old:
                price = old[side].price or MIDDLE
                size = max(1, old[side].left + wish.about % 3 - 1)
            if wish.intent == "quote across" and side is wish.side:
                other = market.best(side.opposite)
                price = MIDDLE if other is None else other
            sides[side] = (price, size)
        match wish.intent, wish.about % 6:
            case "quote across", _:  # the other side steps back
                side = wish.side.opposite
                away = sides[wish.side]
                assert away is not None
                sign = 1 if side is Side.BUY else -1
                sides[side] = (away[0] - sign * TICK * (1 + wish.far), wish.size)
            case "quote wrongly", 0:
                sides[wish.side] = (MIDDLE + 1, 1)
            case "quote wrongly", 1:
                sides[wish.side] = (MIDDLE, MAX_ORDER_QTY + 1)
            case "quote wrongly", 2:
                sides = dict.fromkeys(Side, (MIDDLE, wish.size))
            case "quote wrongly", 3:
                sides = dict.fromkeys(Side)
            case _, 4 | 5:
                sides[wish.side] = None
            case _:
                pass
        bid, offer = sides[Side.BUY], sides[Side.SELL]
        return QuoteEntry(
            quote_entry_id=ClOrdID(f"{quote_id}.{number}"),
            symbol=symbol,
            bid_px=None if bid is None else bid[0],
            bid_size=0 if bid is None else bid[1],
            offer_px=None if offer is None else offer[0],
            offer_size=0 if offer is None else offer[1],
        )

    def _unquote(self, wish: Wish, quote_id: QuoteID, symbol: Symbol) -> QuoteCancel:
        kinds = [QuoteCancelType.SYMBOLS, QuoteCancelType.ALL, QuoteCancelType.QUOTE_SET]
        kind = kinds[wish.about % 3]
        of_set = kind is QuoteCancelType.QUOTE_SET
        symbols = (symbol, Y) if wish.far else (symbol,)
        return QuoteCancel(
            sender_comp_id=wish.session,
            quote_id=quote_id,
            quote_cancel_type=kind,
            symbols=symbols if kind is QuoteCancelType.SYMBOLS else (),
            quote_set_id="ST"[wish.size % 2] if of_set else None,
            side=wish.side if of_set and wish.far else None,
            sender_sub_id=CompID("u1") if wish.far == 3 else None,
        )

    def _changed(self, wish: Wish, order: PlainOrder, market: PlainMarket) -> dict[str, Any]:
        other = market.best(order.side.opposite)
        sign = 1 if order.side is Side.BUY else -1
        reference = other if other is not None else MIDDLE
        near = _near(attrs.evolve(wish, side=order.side))
        trigger = _beyond(market, order.side, wish)
        stopped: dict[str, Any] = {"ord_type": OrdType.STOP, "price": None, "stop_px": trigger}
        match wish.intent:
            case "lower":
                return {"order_qty": max(order.filled + 1, order.qty - wish.size)}
            case "lower to what is filled":
                return {"order_qty": order.filled or order.qty}
            case "raise":
                return {"order_qty": order.qty + (wish.size + 1) // 2}
            case "reprice":
                return stopped if order.ord_type is OrdType.STOP else {"price": near}
            case "reprice to trade" if not order.waits:
                return {"price": reference + sign * TICK * (wish.far - 1)}
            case "change the account":
                return {"account": None if order.account else Account("Q")}
            case "change the user":
                return {"sender_sub_id": None if order.user else CompID("u1")}
            case "show less":
                return {"display_qty": max(1, (order.display or min(order.left, 4)) - wish.far)}
            case "show more":
                return {"display_qty": min(order.qty, (order.display or 1) + wish.far)}
            case "hide nothing":
                return {"display_qty": None}
            case "make good till canceled":
                return {"time_in_force": TimeInForce.GOOD_TILL_CANCEL, "expire_date": None}
            case "make good for the day":
                return {"time_in_force": TimeInForce.DAY, "expire_date": None}
            case "make immediate":
                return {"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL, **_PLAIN}
            case "make it fill or kill":
                return {"time_in_force": TimeInForce.FILL_OR_KILL, **_PLAIN}
            case "make post-only":
                price = reference - sign * TICK * (wish.far - 1)
                return {**_LIMIT, "price": price, "post_only": True}
            case "make a stop":
                return stopped
            case "make a stop-limit":
                price = trigger + sign * TICK * wish.far
                return {**stopped, "ord_type": OrdType.STOP_LIMIT, "price": price}
            case "make a limit":
                return {**_LIMIT, "price": near}
            case "make a market order":
                return {"ord_type": OrdType.MARKET, "price": None, "stop_px": None}
            case _:  # nothing but the name
                return {}


_PLAIN: dict[str, Any] = {"display_qty": None, "expire_date": None}
_LIMIT: dict[str, Any] = {"ord_type": OrdType.LIMIT, "stop_px": None}


def _near(wish: Wish) -> int:
    """Return a price on the order's own side of the middle, or across it now and then."""
    sign = 1 if wish.side is Side.BUY else -1
    return MIDDLE - sign * TICK * (-wish.far if wish.about == 7 else wish.far)


def _beyond(market: PlainMarket, side: Side, wish: Wish) -> int:
    """Return a trigger that the next trades may reach; now and then one behind them."""
    sign = 1 if side is Side.BUY else -1
    start = market.last_px
    start = market.best(side.opposite) if start is None else start
    start = MIDDLE if start is None else start
    start += start % TICK * sign
    return start + sign * TICK * (0 if wish.about == 7 else 1 + wish.far // 2)


def _wanted(wish: Wish, market: PlainMarket) -> dict[str, Any]:
    """Return the terms that make an order what is wished for."""
    sign = 1 if wish.side is Side.BUY else -1
    own, other = market.best(wish.side), market.best(wish.side.opposite)
    touch = other if other is not None else MIDDLE
    reach = [
        one
        for one in market.resting(wish.side.opposite)
        if one.price is not None and sign * one.price <= sign * (touch + sign * TICK * wish.far)
    ]
    at_touch = sum(one.left for one in reach if one.price == other)
    fits = max(1, sum(one.left for one in reach) + wish.about % 3 - 1)
    through = touch + sign * TICK * wish.far
    trigger = _beyond(market, wish.side, wish)
    match wish.intent:
        case "join" if own is not None:
            return {"price": own}
        case "better" if own is not None:
            return {"price": own + sign * TICK}
        case "iceberg":
            return {"order_qty": wish.size + 6, "display_qty": 1 + wish.about % 3}
        case "join and hide" if own is not None:
            return {"price": own, "order_qty": wish.size + 6, "display_qty": 1 + wish.about % 3}
        case "part":
            return {"price": touch, "order_qty": max(1, at_touch * (1 + wish.about % 4) // 5)}
        case "cross":
            return {"price": touch}
        case "sweep":
            return {"price": through, "order_qty": 2 * wish.size + wish.about}
        case "level":
            return {"price": touch, "order_qty": max(1, at_touch + wish.about % 3 - 1)}
        case "market":
            lives = [TimeInForce.DAY, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL]
            return {
                "ord_type": OrdType.MARKET,
                "price": None,
                "order_qty": wish.size * (1 + wish.far),
                "time_in_force": lives[wish.about % 3],
            }
        case "market-limit":
            return {
                "ord_type": OrdType.MARKET_LIMIT,
                "price": None,
                "order_qty": at_touch + wish.size,
                "display_qty": 1 if wish.about % 3 == 0 else None,
            }
        case "immediate":
            return {"price": through, "time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}
        case "kill":
            return {
                "price": through,
                "order_qty": fits,
                "time_in_force": TimeInForce.FILL_OR_KILL,
            }
        case "minimum":
            # Now and then all of it, or more than that.
            return {"price": through, "order_qty": max(1, fits + wish.size - 2), "min_qty": fits}
        case "post":
            price = touch - sign * TICK * (1 if wish.about % 4 else 0)
            return {"price": price, "post_only": True}
        case "stop" | "stop-limit":
            lives = [
                *[TimeInForce.DAY] * 4,
                TimeInForce.GOOD_TILL_CANCEL,
                TimeInForce.IMMEDIATE_OR_CANCEL,
                TimeInForce.FILL_OR_KILL,
            ]
            tif = lives[wish.about % 7]
            show = 1 + wish.about % 2 if wish.about < 7 and wish.about % 7 < 5 else None
            if wish.intent == "stop":
                limit, ord_type = None, OrdType.STOP
            else:
                limit, ord_type = trigger + sign * TICK * wish.far, OrdType.STOP_LIMIT
            return {
                "ord_type": ord_type,
                "price": limit,
                "stop_px": trigger,
                "time_in_force": tif,
                "display_qty": None if show is None else min(show, wish.size),
            }
        case _:
            return {}


def _odd(wish: Wish, terms: Terms) -> Terms:
    """Return *terms*, wrong in one way if the wish is for that."""
    if wish.odd != "a wrong term":
        return terms
    wrong: list[dict[str, Any]] = [
        {"price": None},
        {"price": MIDDLE},
        {"price": MIDDLE + 1},
        {"stop_px": MIDDLE},
        {"stop_px": None},
        {"stop_px": MIDDLE + 1},
        {"order_qty": MAX_ORDER_QTY + 1},
        {"display_qty": terms.order_qty + 1},
        {"display_qty": 1},
        {"post_only": True},
        {"time_in_force": TimeInForce.GOOD_TILL_DATE},
        {"expire_date": TODAY},
        {"expire_date": TODAY - datetime.timedelta(days=1)},
        {"ord_type": OrdType.STOP},
        {"ord_type": OrdType.LIMIT},
    ]
    if isinstance(terms, NewOrderSingle):
        wrong += [{"min_qty": terms.order_qty + 1}, {"min_qty": 1}]
    return msgspec.structs.replace(terms, **wrong[wish.about % len(wrong)])


def enter(venue: PlainVenue, entered: Entered) -> Sequence[Any] | None:
    """Let *venue* do so; return what it tells, or None if it will not."""
    try:
        if entered.symbol is not None:
            return venue.put(entered.symbol, entered.state)
        assert entered.state is not None
        return venue.put_board(BOARD, entered.state)
    except ValueError:
        return None


@st.composite
def wishes(draw: st.DrawFn, least: int = 20, most: int = 50) -> list[Any]:
    """Draw a day: mostly requests, and a few spells in other states than the open one."""
    queues = _wishes(BUILD, [""])
    wished: list[Any] = draw(st.lists(queues, min_size=8, max_size=12))
    wished += draw(st.lists(_wishes(INTENTS, ODDITIES), min_size=least, max_size=most))
    for spell in draw(st.lists(SPELLS, max_size=3)):
        first, last = spell.bounds()
        start = min(spell.start, len(wished))
        wished.insert(start, first)
        wished.insert(min(start + 1 + spell.length, len(wished)), last)
    return wished


def deeds(
    wished: Sequence[Any], venue: PlainVenue, tags: Callable[[Wish], Tags] | None = None
) -> Iterator[Deed]:
    """Yield what comes of *wished*, in a market that starts like *venue*, which is used up."""
    crowd = Crowd(venue, tags)
    for wish in wished:
        yield crowd.deed(wish)


# --- making a failure small -------------------------------------------------------------

_profile = settings.default  # by now it is loaded
SHRINKS = _profile is not None and Phase.shrink in _profile.phases

unshrunk = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""For tests that make what they have found smaller themselves, with `smallest`.

Hypothesis would make the wishes smaller, of which each depends on those before it; that
took minutes, and this takes a second.
"""


def smallest(asked: Sequence[Deed], wrong: Callable[[Sequence[Deed]], str]) -> str:
    """Return what is *wrong*, with nothing asked that could be left out; or nothing.

    Where the profile has no shrinking, it is what is wrong with all of it.
    """
    found = wrong(asked)
    place = len(asked) if SHRINKS else 0
    while found and place:
        place -= 1
        fewer = [*asked[:place], *asked[place + 1 :]]
        if still := wrong(fewer):
            asked, found, place = fewer, still, len(fewer)
    return found
