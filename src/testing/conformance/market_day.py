"""What may happen at an exchange in the course of an example, step by step, and its doing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import attrs
import msgspec
from hypothesis import strategies as st

from ...market.auction import Chain
from ...market.exchange import Exchange, Request
from ...market.execution import Outcome
from ...market.fix import OrdType, QuoteCancelType, Side, TimeInForce
from ...market.identifiers import ClOrdID, CompID, Price, Qty, QuoteID, Symbol
from ...market.instrument import Instrument, TickTable
from ...market.matching import Algorithm
from ...market.messages import (
    STOPS,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionRequest,
)
from ...market.operations import BustTrade, ChangeTradingState
from ...market.quotes import MassQuote, QuoteCancel, QuoteEntry, QuoteSet
from ...market.rules import Bound, VenueRules
from ...market.sessions import CONTINUOUS, Board, TradingState
from ...plugins.allocation.globex import CurrencyRoll
from ...plugins.fifo import Fifo

SYMBOLS = (Symbol("TEST"), Symbol("OTHER"))
"""The two instruments, unless somebody wants others."""

BOARD = "DAY"
SESSIONS = (CompID("ALPHA"), CompID("BRAVO"))
FIRMS = {SESSIONS[0]: "001", SESSIONS[1]: "002"}

STATES = (
    TradingState(name="PREOPEN", match=False, indicative=True),
    TradingState(name="OPEN", uncross=True),
    TradingState(name="PAUSE", enter=False, match=False),
    TradingState(name="HALT", enter=False, modify=False, match=False),
    TradingState(name="CLOSE", enter=False, modify=False, match=False, ends_day=True),
)
"""Besides `CONTINUOUS`, and what rule sets bring."""

ALGORITHMS: tuple[Algorithm, ...] = (Fifo(), CurrencyRoll())
"""One that would trade, and one that could."""


# --- what may happen -----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Enter:
    """A session enters an order, for itself or for a user of its own."""

    session: CompID
    symbol: int
    """Which of the two instruments, 0 or 1."""

    side: Side
    qty: Qty
    price: Price
    """The limit; of a stop, its trigger too; of a market order, nothing."""

    ord_type: OrdType = OrdType.LIMIT
    life: TimeInForce = TimeInForce.DAY
    user: str | None = None
    smp: str | None = None
    cancels: str = "O"
    """Who goes where it would meet its own: O for the older, N for the newer order."""

    display: Qty | None = None


@attrs.frozen(kw_only=True)
class Change:
    """The session of an order, counted from the latest, changes it."""

    latest: int
    qty: Qty
    price: Price


@attrs.frozen
class Cancel:
    latest: int


@attrs.frozen
class CancelAll:
    session: CompID


@attrs.frozen(kw_only=True)
class Quote:
    """A session bids and offers, in one instrument or in both."""

    session: CompID
    symbols: tuple[int, ...]
    bid: Price
    spread: Price
    qty: Qty
    smp: str | None = None


@attrs.frozen
class CancelQuotes:
    session: CompID


@attrs.frozen
class Enters:
    """The board, or an instrument alone, is put into one of the venue's states."""

    state: int
    symbol: int | None = None


@attrs.frozen
class Bust:
    """The venue takes a trade back, by its number."""

    trade: int


@attrs.frozen
class Wait:
    ns: int


Step: TypeAlias = Enter | Change | Cancel | CancelAll | Quote | CancelQuotes | Enters | Bust | Wait


@attrs.frozen
class Day:
    """One example: what happens, and which algorithm shares what arrives."""

    steps: tuple[Step, ...]
    pro_rata: bool = False


_SECOND_NS = 1_000_000_000
_prices = st.one_of(
    st.integers(98, 102), st.integers(90, 110), st.sampled_from((1, 20, 80, 120, 200, 10_000))
)
_qtys = st.one_of(st.integers(1, 12), st.sampled_from((100, 1_000_000)))
_sessions = st.sampled_from(SESSIONS)
_symbols = st.sampled_from((0, 0, 0, 1))
_smp = st.sampled_from((None, None, "1000001", "1000002"))

_enter = st.builds(
    Enter,
    session=_sessions,
    symbol=_symbols,
    side=st.sampled_from(Side),
    qty=_qtys,
    price=_prices,
    ord_type=st.sampled_from((OrdType.LIMIT,) * 4 + tuple(OrdType)),
    life=st.sampled_from((TimeInForce.DAY,) * 3 + tuple(TimeInForce)),
    user=st.sampled_from((None, "T1", "T2")),
    smp=_smp,
    cancels=st.sampled_from(("O", "N")),
    display=st.sampled_from((None, None, None, 1, 3)),
)
_quote = st.builds(
    Quote,
    session=_sessions,
    symbols=st.sampled_from(((0,), (0, 1))),
    bid=_prices,
    spread=st.integers(1, 4),
    qty=st.integers(1, 12),
    smp=_smp,
)
_plain = st.builds(
    Enter,
    session=_sessions,
    symbol=st.just(0),
    side=st.sampled_from(Side),
    qty=st.integers(1, 12),
    price=st.integers(99, 101),
    user=st.sampled_from((None, None, "T1", "T2")),
    smp=_smp,
    cancels=st.sampled_from(("O", "N")),
)
_wait = st.builds(
    Wait, st.sampled_from((1, _SECOND_NS, 90 * _SECOND_NS, 900 * _SECOND_NS, 86_400 * _SECOND_NS))
)
_rare: st.SearchStrategy[Step] = st.one_of(
    st.builds(Change, latest=st.integers(0, 4), qty=_qtys, price=_prices),
    st.builds(Cancel, st.integers(0, 4)),
    st.builds(Enters, st.integers(0, 12), st.sampled_from((None, None, 0))),
    st.builds(CancelAll, _sessions),
    st.builds(CancelQuotes, _sessions),
    st.builds(Bust, st.integers(1, 5)),
    _wait,
)
_trading: st.SearchStrategy[Step] = st.one_of(_plain, _plain, _plain, _enter, _enter, _quote)


def _lists(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    return st.lists(steps, max_size=12)


# In three parts, as a list of Hypothesis's is short by itself; with trades before all else.
days: st.SearchStrategy[Day] = st.builds(
    lambda first, then, last, pro_rata: Day((*first, *then, *last), pro_rata),
    _lists(_trading),
    _lists(st.one_of(_trading, _rare, _wait)),
    _lists(st.one_of(_trading, _rare)),
    st.booleans(),
)


def shown(day: Day) -> str:
    """Return an example line by line, without what is as usual."""
    lines = [f"an exchange that matches {'pro rata' if day.pro_rata else 'first in, first out'}"]
    return "\n".join([*lines, *map(told, day.steps)])


def told(step: Any) -> str:
    """Return a step as it is made, without what is as usual."""
    fields = attrs.fields(type(step))
    given = [(field, getattr(step, field.name)) for field in fields]
    said = [
        f"{field.name}={getattr(value, 'name', repr(value))}"
        for field, value in given
        if field.default is attrs.NOTHING or value != field.default
    ]
    return f"{type(step).__name__}({', '.join(said)})"


# --- its doing -----------------------------------------------------------------------


def instruments(symbols: Sequence[Symbol]) -> tuple[Instrument, ...]:
    """Return the two instruments: whole prices, around 100."""
    return tuple(
        Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1), reference_px=100)
        for symbol in symbols
    )


def board(symbols: Sequence[Symbol]) -> Board:
    return Board(name=BOARD, symbols=tuple(symbols), state=CONTINUOUS)


class Market:
    """An exchange on which a day goes by, one outcome after the other."""

    def __init__(
        self,
        day: Day,
        symbols: Sequence[Symbol],
        rules: Mapping[Symbol, VenueRules],
        admit: Sequence[Bound],
        states: Sequence[TradingState],
        chain: Chain | None,
    ) -> None:
        algorithm = ALGORITHMS[day.pro_rata]
        self._symbols = symbols
        self.states = (CONTINUOUS, *states)
        self.exchange = Exchange(
            instruments(symbols),
            dict.fromkeys(symbols, algorithm),
            rules,
            boards=[board(symbols)],
            states=states,
            chains=None if chain is None else dict.fromkeys(symbols, chain),
            admit=admit,
            start=datetime(2026, 1, 5, 13, 30, tzinfo=UTC),
        )
        self._day = day
        self._now_ns = 0
        self._sent: list[NewOrderSingle] = []
        self._number = 0

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what each step comes to, and what comes due between them.

        Raises:
            RuleFailed: if a rule set raises.
        """
        for step in self._day.steps:
            if isinstance(step, Wait):
                yield from self._wait(self._now_ns + step.ns)
            elif isinstance(step, Enters | Bust):
                yield self.exchange.operate(self._operation(step), self._now_ns)
            elif (request := self._request(step)) is not None:
                outcome = self.exchange.receive(request, self._now_ns)
                self._take_names(outcome)
                yield outcome
            yield from self._wait(self._now_ns)

    def _wait(self, until_ns: int) -> Iterator[Outcome]:
        for _ in range(_MOST_MOMENTS):
            due = {key: at for key, at in self.exchange.due().items() if at <= until_ns}
            if not due:
                break
            key = min(due, key=lambda each: (due[each], each))
            self._now_ns = max(self._now_ns, due[key])
            yield self.exchange.scheduled(*key, self._now_ns)
        self._now_ns = until_ns

    def _operation(self, step: Enters | Bust) -> ChangeTradingState | BustTrade:
        if isinstance(step, Bust):
            return BustTrade(trd_match_id=step.trade)
        state = self.states[step.state % len(self.states)].name
        if step.symbol is None:
            return ChangeTradingState(board=BOARD, state=state)
        return ChangeTradingState(symbol=self._symbols[step.symbol], state=state)

    def _request(self, step: Step) -> Request | None:
        self._number += 1
        name = f"{self._number}"
        match step:
            case Enter():
                self._sent.append(self._order(step, ClOrdID(name)))
                return self._sent[-1]
            case Change() | Cancel():
                sent = self._latest(step.latest)
                return None if sent is None else _about(sent, step, ClOrdID(name))
            case CancelAll(session):
                return OrderMassActionRequest(sender_comp_id=session, cl_ord_id=ClOrdID(name))
            case Quote():
                return self._quote(step, name)
            case CancelQuotes(session):
                return QuoteCancel(
                    sender_comp_id=session,
                    quote_id=QuoteID(name),
                    quote_cancel_type=QuoteCancelType.ALL,
                )
            case _:
                return None  # that is nobody's request

    def _order(self, step: Enter, name: ClOrdID) -> NewOrderSingle:
        at_market = step.ord_type in (OrdType.MARKET, OrdType.MARKET_LIMIT, OrdType.STOP)
        until_date = step.life is TimeInForce.GOOD_TILL_DATE
        return NewOrderSingle(
            sender_comp_id=step.session,
            sender_sub_id=None if step.user is None else CompID(step.user),
            cl_ord_id=name,
            symbol=self._symbols[step.symbol],
            side=step.side,
            order_qty=step.qty,
            price=None if at_market else step.price,
            ord_type=step.ord_type,
            time_in_force=step.life,
            stop_px=step.price if step.ord_type in STOPS else None,
            display_qty=step.display,
            expire_date=date(2026, 1, 6) if until_date else None,
            self_match_prevention_id=step.smp,
            self_match_prevention_instruction=None if step.smp is None else step.cancels,
        )

    def _quote(self, step: Quote, name: str) -> MassQuote:
        entries = tuple(
            QuoteEntry(
                quote_entry_id=ClOrdID(f"{name}.{symbol}"),
                symbol=self._symbols[symbol],
                bid_px=step.bid,
                bid_size=step.qty,
                offer_px=step.bid + step.spread,
                offer_size=step.qty,
            )
            for symbol in step.symbols
        )
        return MassQuote(
            sender_comp_id=step.session,
            quote_id=QuoteID(name),
            quote_sets=(QuoteSet(quote_set_id="1", entries=entries),),
            self_match_prevention_id=step.smp,
        )

    def _latest(self, latest: int) -> NewOrderSingle | None:
        return self._sent[-1 - latest] if latest < len(self._sent) else None

    def _take_names(self, outcome: Outcome) -> None:
        """Keep what orders are called after a change."""
        for report in outcome.reports:
            if isinstance(report, ExecutionReport) and report.orig_cl_ord_id is not None:
                for index, order in enumerate(self._sent):
                    if (order.sender_comp_id, order.cl_ord_id) == (
                        report.target_comp_id,
                        report.orig_cl_ord_id,
                    ):
                        renamed = msgspec.structs.replace(order, cl_ord_id=report.cl_ord_id)
                        self._sent[index] = renamed


_MOST_MOMENTS = 200
"""So often a rule set is called back in one wait; one that asks for more goes on later."""


def _about(
    order: NewOrderSingle, step: Change | Cancel, name: ClOrdID
) -> OrderCancelReplaceRequest | OrderCancelRequest:
    """Return a request about an order."""
    if isinstance(step, Cancel):
        return OrderCancelRequest(
            sender_comp_id=order.sender_comp_id,
            sender_sub_id=order.sender_sub_id,
            cl_ord_id=name,
            orig_cl_ord_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
        )
    return OrderCancelReplaceRequest(
        sender_comp_id=order.sender_comp_id,
        sender_sub_id=order.sender_sub_id,
        cl_ord_id=name,
        orig_cl_ord_id=order.cl_ord_id,
        symbol=order.symbol,
        side=order.side,
        order_qty=step.qty,
        price=None if order.price is None else step.price,
        ord_type=order.ord_type,
        time_in_force=order.time_in_force,
        stop_px=order.stop_px,
        self_match_prevention_id=order.self_match_prevention_id,
        self_match_prevention_instruction=order.self_match_prevention_instruction,
        expire_date=order.expire_date,
    )
