"""Stories of one market, told as a text that a test compares with itself played again.

    with step=25 max_order_qty=9    what X is like, if it is not a plain instrument
    B b1 SELL 5 @ 50                a request, which must not be refused
    > A a1 BUY 1 @ 49               a request, and below it what is answered
        A a1 NEW, leaves 1 cum 0
    ! bust 1                        trade 1 is taken back, and what its sides hear
    ! state CLOSE                   the market enters a state of `STATES`
    = bids a1* 1 @ 49; offers b1* 5 @ 50    how the book stands, in priority

A refusal takes two lines, the second of which is its text.  Of the book, ``b1 8/3 @ 50``
has 8 left and shows 3 of it, ``*`` is the order that is TOP of its side, and stops stand
by their triggers, those that are elected first first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from oracle.shorthand import request, told

from floorproof.market.exchange import Exchange
from floorproof.market.execution import Outcome
from floorproof.market.fix import Side, TimeInForce
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.matching import Algorithm
from floorproof.market.messages import ExecutionReport
from floorproof.market.operations import BustTrade, ChangeTradingState, OperationRefused
from floorproof.market.rules import VenueRules
from floorproof.market.sessions import CONTINUOUS, TradingState
from floorproof.plugins.fifo import Fifo

X, Y = Symbol("X"), Symbol("Y")

STATES = {
    state.name: state
    for state in (
        CONTINUOUS,
        TradingState(name="PRE_OPEN", match=False),
        TradingState(name="NO_CANCEL", match=False, modify=False, cancel=False),
        TradingState(name="OPEN", uncross=True),
        TradingState(name="POST_CLOSE", match=False, lives=(TimeInForce.GOOD_TILL_CANCEL,)),
        TradingState(name="CLOSE", enter=False, modify=False, match=False, ends_day=True),
    )
}
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When a story begins: Monday, 5 January 2026."""


def market(
    *,
    step: int = 1,
    rules: VenueRules | None = None,
    algorithm: Algorithm | None = None,
    **settings: Any,
) -> Exchange:
    """Return a venue of X, an instrument with such *settings*, and of Y, a plain one."""
    instruments = [
        Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(step), **settings),
        Instrument(symbol=Y, price_decimals=0, ticks=TickTable.uniform(1)),
    ]
    return Exchange(
        instruments,
        {X: algorithm or Fifo(), Y: Fifo()},
        {X: rules} if rules else None,
        states=STATES.values(),
        start=START,
    )


def say(exchange: Exchange, line: str) -> list[str]:
    """Have *exchange* hear one line, and return what it answers."""
    if line.startswith("! "):
        return _spoken(_operate(exchange, *line.split()[1:]))
    return _spoken(exchange.receive(request(line.removeprefix("> ")), 0))


def reports_of(exchange: Exchange, line: str, name: str) -> list[ExecutionReport]:
    """Return what is told of the order *name* when *exchange* hears *line*."""
    reports = exchange.receive(request(line), 0).reports
    return [
        report
        for report in reports
        if isinstance(report, ExecutionReport) and report.cl_ord_id == name
    ]


def play(story: str, exchange: Exchange | None = None) -> str:
    """Return *story* with what is really answered, and how the book really stands.

    Args:
        exchange: where it is played; a market of the story's own if there is none.
    """
    exchange = exchange or market(**_settings(story))
    lines = []
    for line in script(story).splitlines():
        if line.startswith("="):
            lines.append(f"= {standing(exchange)}".rstrip())
        elif line.startswith("with "):
            lines.append(line)
        elif line.startswith(("> ", "! ")):
            lines += [line, *map(_indented, say(exchange, line))]
        elif not line.startswith(" "):
            answers = say(exchange, line)
            lines += [line, *(_indented(answer) for answer in answers if _refuses(answer))]
    return "\n".join(lines)


def script(story: str) -> str:
    """Return *story* without what its place in a module adds to it."""
    return dedent(story).strip()


def standing(exchange: Exchange) -> str:
    """Return the book of X, in priority."""
    book = exchange.book(X)
    parts = {
        "bids": [(level.price, one) for level in book.half(Side.BUY) for one in level],
        "offers": [(level.price, one) for level in book.half(Side.SELL) for one in level],
        "buy stops": [(level.price, one) for level in book.stops(Side.BUY) for one in level],
        "sell stops": [(level.price, one) for level in book.stops(Side.SELL) for one in level],
    }
    return "; ".join(
        f"{part} {', '.join(_standing(price, one) for price, one in orders)}"
        for part, orders in parts.items()
        if orders
    )


def _standing(price: int, one: Any) -> str:
    shown = "" if one.shown_qty == one.leaves_qty else f"/{one.shown_qty}"
    top = "*" if one.is_top else ""
    return f"{one.order.cl_ord_id}{top} {one.leaves_qty}{shown} @ {price}"


def _settings(story: str) -> dict[str, Any]:
    first = script(story).splitlines()[0].split()
    pairs = [word.split("=") for word in first[1:]] if first[0] == "with" else []
    return {name: int(value) for name, value in pairs}


def _operate(exchange: Exchange, word: str, about: str) -> Outcome:
    if word == "bust":
        return exchange.operate(BustTrade(trd_match_id=int(about)), 0)
    assert word == "state", f"no operation: {word}"
    return exchange.operate(ChangeTradingState(symbol=X, state=about), 0)


def _spoken(outcome: Outcome) -> list[str]:
    refused = [one for one in outcome.published if isinstance(one, OperationRefused)]
    return [*map(told, outcome.reports), *(one.text for one in refused)]


def _refuses(answer: str) -> bool:
    return " REJECTED" in answer or " REFUSED" in answer


def _indented(answer: str) -> str:
    if _refuses(answer):
        answer = answer.replace(": ", "\n        ", 1)
    return f"    {answer}"
