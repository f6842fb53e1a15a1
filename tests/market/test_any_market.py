"""Whatever is asked of a market: the exchange and the plain venue tell the same story.

The streams are `oracle.streams`'; what is compared after each request is every report
and the whole of both books, and on the way the invariants are checked by their names.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import algorithms, auction, streams
from oracle.algorithms import PlainAlgorithm
from oracle.invariants import ALWAYS, IN_FIFO, Step
from oracle.orders import Line, MassTold, QuoteTold, Refused, Standing, Told, Unquoted
from oracle.shorthand import line, request
from oracle.streams import Deed, Entered
from oracle.venue import Heard, PlainVenue

from floorproof.market.auction import (
    AVERAGE_OF_THE_FLIP,
    BAHRAIN_ARTICLE_25,
    CME_INDICATIVE_OPENING,
    NSX_FOUR_STEPS,
    VOLUME_ALONE,
)
from floorproof.market.book import BookEvent, HalfBook, OrderBook, Resting
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Answer
from floorproof.market.fix import MassActionResponse, QuoteStatus, Side
from floorproof.market.identifiers import CompID, Price, Qty, Symbol
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataRequest,
    OrderCancelReject,
    OrderMassActionReport,
)
from floorproof.market.operations import ChangeTradingState
from floorproof.market.quotes import MassQuoteAck, QuoteCancelAck, QuotedOrder
from floorproof.market.rules import Bound, MarketView, VenueRules
from floorproof.plugins.allocation import globex
from floorproof.plugins.fifo import Fifo

LMM = {CompID("BRAVO"): 20, CompID("CHARLIE"): 30}
PLAIN_LMM = {"BRAVO": 20, "CHARLIE": 30}
# fmt: off
ALGORITHMS: dict[str, tuple[Algorithm, PlainAlgorithm]] = {
    "F": (Fifo(), algorithms.f()),
    "C": (globex.CurrencyRoll(), algorithms.c()),
    "A": (globex.Allocation(), algorithms.a()),
    "K": (globex.Configurable(lmm=LMM, top_max=2), algorithms.k(40, PLAIN_LMM, top_max=2)),
    "O": (globex.ThresholdProRata(top_min=3, top_max=4), algorithms.o(top_min=3, top_max=4)),
    "Q": (globex.ThresholdProRataWithLmm(lmm=LMM, top_min=3, top_max=4),
          algorithms.q(PLAIN_LMM, top_min=3, top_max=4)),
    "S": (globex.FifoWithTopAndLmm(lmm=LMM), algorithms.s(PLAIN_LMM)),
    "T": (globex.FifoWithLmm(lmm=LMM), algorithms.t(PLAIN_LMM)),
}
CHAINS = {
    "NSX": NSX_FOUR_STEPS,
    "CME": CME_INDICATIVE_OPENING,
    "Bahrain": BAHRAIN_ARTICLE_25,
    "average": AVERAGE_OF_THE_FLIP,
    "volume": VOLUME_ALONE,
}
# fmt: on
STATES = [*streams.STARTS, *streams.ENDS]


@attrs.frozen
class Setting:
    """What both venues are set up with."""

    algorithm: str = "F"
    protection_points: int | None = None
    chain: str = "NSX"

    def fast(self, rules: VenueRules | None = None) -> Exchange:
        instruments = streams.instruments(self.protection_points)
        symbols = [instrument.symbol for instrument in instruments]
        algorithm, _ = ALGORITHMS[self.algorithm]
        return Exchange(
            instruments,
            dict.fromkeys(symbols, algorithm),
            dict.fromkeys(symbols, rules or VenueRules()),
            boards=streams.BOARDS,
            states=STATES,
            chains=dict.fromkeys(symbols, CHAINS[self.chain]),
            start=datetime.datetime.combine(streams.TODAY, datetime.time(8), tzinfo=datetime.UTC),
        )

    def plain(self) -> PlainVenue:
        instruments = streams.instruments(self.protection_points)
        _, algorithm = ALGORITHMS[self.algorithm]
        return PlainVenue(
            instruments,
            {instrument.symbol: algorithm for instrument in instruments},
            boards=streams.BOARDS,
            today=streams.TODAY,
            chain=self.chain,
        )


@attrs.frozen
class Day:
    """What is drawn; what comes of it is told by `smallest`, in fewer words."""

    setting: Setting
    wished: Sequence[Any] = attrs.field(repr=False)


def settings_of(algorithm: str) -> st.SearchStrategy[Setting]:
    return st.builds(
        Setting,
        st.just(algorithm),
        st.sampled_from([None, 3, 0, 4]),
        st.sampled_from(list(auction.CHAINS)),
    )


# --- what either says, in the same words -------------------------------------------------


def told(answer: Answer) -> Heard:
    """Return what matters of a report of the exchange."""
    match answer:
        case OrderCancelReject():
            return Refused(
                answer.target_comp_id,
                answer.cl_ord_id,
                answer.orig_cl_ord_id,
                answer.cxl_rej_reason,
                _rule(answer.text),
            )
        case OrderMassActionReport():
            accepted = answer.mass_action_response is MassActionResponse.ACCEPTED
            ids = answer.affected_order_ids
            assert answer.total_affected_orders == len(ids)
            return MassTold(answer.target_comp_id, answer.cl_ord_id, accepted, ids)
        case MassQuoteAck():
            entries = (entry for quote_set in answer.quote_sets for entry in quote_set.entries)
            return QuoteTold(
                answer.target_comp_id,
                answer.quote_id,
                answer.quote_status is QuoteStatus.ACCEPTED,
                tuple((entry.quote_entry_id, entry.quote_entry_reject_reason) for entry in entries),
                answer.quote_reject_reason,
            )
        case QuoteCancelAck():
            return Unquoted(
                answer.target_comp_id,
                answer.quote_id,
                tuple((one.quote_entry_id, one.side, one.leaves_qty) for one in answer.canceled),
                answer.quote_reject_reason or answer.unsolicited_cancel_type,
            )
        case ExecutionReport():
            return Told(
                to=answer.target_comp_id,
                cl_ord_id=answer.cl_ord_id,
                order_id=answer.order_id,
                exec_type=answer.exec_type,
                ord_status=answer.ord_status,
                symbol=answer.symbol,
                side=answer.side,
                order_qty=answer.order_qty,
                leaves_qty=answer.leaves_qty,
                cum_qty=answer.cum_qty,
                price=answer.price,
                ord_type=answer.ord_type,
                time_in_force=answer.time_in_force,
                account=answer.account,
                user=answer.target_sub_id,
                last_qty=answer.last_qty,
                last_px=answer.last_px,
                aggressor=answer.aggressor_indicator,
                trade=answer.trd_match_id,
                orig_cl_ord_id=answer.orig_cl_ord_id,
                reason=answer.ord_rej_reason or answer.exec_restatement_reason,
                rule=_rule(answer.text),
            )
        case _:
            raise AssertionError(f"nobody asked for {answer}")


def _rule(text: str) -> str:
    found = re.search(r"\[(ORD-\d+)\]$", text)
    return found[1] if found else ""


def standing(exchange: Exchange, symbol: Symbol) -> Standing:
    """Return the whole market in *symbol*."""
    book, view = exchange.book(symbol), exchange.view(symbol)
    found = view.indicative() if view.state.indicative else None
    return Standing(
        _lines(book.half(Side.BUY)),
        _lines(book.half(Side.SELL)),
        _lines(book.stops(Side.BUY)),
        _lines(book.stops(Side.SELL)),
        book.last_px,
        view.state.name,
        None if found is None else (found.price, found.quantity),
    )


def _lines(half: HalfBook) -> list[Line]:
    return [_line(resting) for level in half for resting in level]


def _line(resting: Resting) -> Line:
    order = resting.order
    return Line(
        order_id=resting.order_id,
        owner=order.sender_comp_id,
        name=order.cl_ord_id,
        side=order.side,
        left=resting.leaves_qty,
        price=order.price,
        shown=0 if resting.waits else resting.shown_qty,
        display=order.display_qty,
        top=not resting.waits and resting.is_top,
        stop_px=order.stop_px if resting.waits else None,
        quote=isinstance(order, QuotedOrder),
    )


# --- asking both ------------------------------------------------------------------------


def ask_fast(exchange: Exchange, deed: Deed, now_ns: int) -> list[Answer]:
    if not isinstance(deed, Entered):
        return exchange.receive(deed, now_ns).reports
    state = None if deed.state is None else deed.state.name
    board = streams.BOARD if deed.symbol is None else None
    change = ChangeTradingState(board=board, symbol=deed.symbol, state=state)
    return exchange.operate(change, now_ns).reports


def ask_plain(venue: PlainVenue, deed: Deed) -> Sequence[Heard]:
    if isinstance(deed, Entered):
        return streams.enter(venue, deed) or []
    return venue.receive(deed)


def asked(deed: Deed) -> str:
    """Return the line that tells *deed*, from which `request` makes it again."""
    return str(deed) if isinstance(deed, Entered) else line(deed)


def differences(one: Any, other: Any) -> Iterator[str]:
    """Yield in which fields two values differ, or the values if they are not of a kind."""
    if type(one) is not type(other) or not attrs.has(type(one)):
        if one != other:
            yield f"{one} / {other}"
        return
    for field in attrs.fields(type(one)):
        fast, plain = getattr(one, field.name), getattr(other, field.name)
        if isinstance(fast, list) and isinstance(plain, list):
            if fast != plain:
                yield from listed(f"{field.name}: ", fast, plain)
        elif fast != plain:
            yield f"{field.name} {fast!r} / {plain!r}"


def listed(what: str, fast: Sequence[object], plain: Sequence[object]) -> Iterator[str]:
    for place in range(max(len(fast), len(plain))):
        one = fast[place] if place < len(fast) else None
        other = plain[place] if place < len(plain) else None
        if one != other:
            about = getattr(one or other, "cl_ord_id", None) or getattr(one or other, "name", "")
            wrong = "; ".join(differences(one, other))
            yield f"{what}{place + 1} ({about}): {wrong}"


def compared(setting: Setting, deeds: Sequence[Deed]) -> dict[Symbol, list[Step]]:
    """Ask both venues the same, and return what the fast one did, by instrument.

    Raises:
        AssertionError: at the first difference, with everything that was asked before.
    """
    fast, plain = setting.fast(), setting.plain()
    steps: dict[Symbol, list[Step]] = {streams.X: [], streams.Y: []}
    for number, deed in enumerate(deeds):
        before = {symbol: standing(fast, symbol) for symbol in steps}

        heard = [told(answer) for answer in ask_fast(fast, deed, number)]
        expected = ask_plain(plain, deed)

        after = {symbol: standing(fast, symbol) for symbol in steps}
        differ = [*listed("report ", heard, expected)]
        for symbol in steps:
            there = plain.markets[symbol].standing()
            differ += [f"{symbol}: {text}" for text in differences(after[symbol], there)]
        if differ:
            lines = [repr(setting), *(asked(one) for one in deeds[: number + 1])]
            raise AssertionError("\n".join([*lines, "the fast one / the plain one:", *differ]))
        for symbol in steps:
            state = fast.view(symbol).state
            steps[symbol].append(
                Step(
                    asked(deed),
                    [one for one in heard if isinstance(one, Told) and one.symbol == symbol],
                    before[symbol],
                    after[symbol],
                    state.match,
                    state.uncross and before[symbol].state != state.name,
                    getattr(deed, "min_qty", None) or 0,
                )
            )
    return steps


def wrong(setting: Setting, deeds: Sequence[Deed]) -> str:
    """Return what is wrong with what comes of *deeds*; nothing, if nothing is."""
    try:
        for of_one in compared(setting, deeds).values():
            for invariant in IN_FIFO if setting.algorithm == "F" else ALWAYS:
                for text in invariant(of_one):
                    lines = [repr(setting), *(asked(one) for one in deeds)]
                    return "\n".join([*lines, f"{invariant.__name__}:", text])
    except AssertionError as difference:
        return str(difference)
    return ""


@pytest.mark.rule("MATCH-1", "MATCH-2", "MATCH-3", "PRIO-1", "PRIO-2", "REP-1", "REP-2", "REP-3")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@streams.unshrunk
@given(st.data())
def test_fast_and_plain_venue_tell_the_same_story(algorithm: str, data: st.DataObject) -> None:
    day = data.draw(st.builds(Day, settings_of(algorithm), streams.wishes()))
    deeds = [*streams.deeds(day.wished, day.setting.plain())]

    difference = streams.smallest(deeds, lambda some: wrong(day.setting, some))

    assert not difference, f"\n{difference}"


# What has been found, in its smallest form, by the name of what was wrong.
STORIES = {
    "FIFO trades what an iceberg hides": (
        Setting(),
        """
        ALPHA a1 SELL 14 @ 50 show=3
        BRAVO b1 BUY 5 @ 50
        """,
    ),
    "TOP is kept as a new slice is shown": (
        Setting("A"),
        """
        ALPHA a1 SELL 9 @ 46 show=1
        BRAVO b1 SELL 9 @ 46 show=2
        CHARLIE c1 BUY 5 @ 46
        """,
    ),
    "an elected stop has no trigger that a change could take off": (
        Setting(protection_points=3),
        """
        ALPHA a1 BUY 5 STOP 50
        BRAVO b1 SELL 1 @ 50
        BRAVO b2 BUY 1 @ 50
        CHARLIE c1 BUY 5 @ 52
        ALPHA a2 CHANGE BUY a1 4 @ 52
        """,
    ),
    "an immediate stop does not wait for the auction, nor rest after it": (
        Setting(protection_points=3),
        """
        ALPHA a1 BUY 5 STOP 50 IOC
        BRAVO b1 BUY 5 STOP 50 FOK
        -- X enters PREOPEN
        CHARLIE c1 SELL 2 @ 50
        BRAVO b2 BUY 2 @ 50
        -- X enters OPEN
        """,
    ),
    "orders expire in the order in which they came": (
        Setting(),
        """
        ALPHA a1 SELL 1 @ 52
        BRAVO b1 SELL 1 @ 54
        ALPHA a2 CHANGE SELL a1 2 @ 52
        -- X enters CLOSE
        """,
    ),
}


@pytest.mark.parametrize(("setting", "story"), STORIES.values(), ids=STORIES)
def test_stories_that_were_told_differently(setting: Setting, story: str) -> None:
    compared(setting, [_deed(text) for text in story.strip().splitlines()])


def _deed(text: str) -> Deed:
    words = text.split()
    if words[0] != "--":
        described = request(text)
        assert not isinstance(described, MarketDataRequest)
        return described
    *who, verb, name = words[1:] if words[-1] != "rejoins" else [*words[1:], ""]
    symbol = None if who[0] == "board" else Symbol(who[0] if verb != "rejoins" else verb)
    return Entered(symbol, {one.name: one for one in STATES}.get(name))


@given(streams.wishes(), settings_of("F"))
def test_history_rebuilds_the_book(wished: Sequence[object], setting: Setting) -> None:
    history: dict[Symbol, list[BookEvent]] = {streams.X: [], streams.Y: []}

    def record(events: Sequence[BookEvent], market: MarketView) -> None:
        history[market.instrument.symbol].extend(events)

    exchange = setting.fast(VenueRules(after_request=(Bound("recorder", record),)))
    for now_ns, deed in enumerate(streams.deeds(wished, setting.plain())):
        ask_fast(exchange, deed, now_ns)

    for symbol, events in history.items():
        rebuilt, book = OrderBook(), exchange.book(symbol)
        rebuilt.apply(events)
        for side in Side:
            assert _lines(rebuilt.half(side)) == _lines(book.half(side))
            assert _lines(rebuilt.stops(side)) == _lines(book.stops(side))
        assert rebuilt.last_px == book.last_px


@given(streams.wishes(), settings_of("F"))
def test_rules_that_object_to_nothing_change_nothing(
    wished: Sequence[object], setting: Setting
) -> None:
    """The loop goes another way where somebody is asked; it must come to the same."""
    nothing = (Bound("nothing", lambda *_about: None),)
    rules = VenueRules(accept_request=nothing, before_match=nothing, before_trade=nothing)
    asking, quiet = setting.fast(rules), setting.fast()

    for now_ns, deed in enumerate(streams.deeds(wished, setting.plain())):
        assert ask_fast(asking, deed, now_ns) == ask_fast(quiet, deed, now_ns)

    for symbol in (streams.X, streams.Y):
        assert standing(asking, symbol) == standing(quiet, symbol)


@given(streams.wishes(), settings_of("F"))
def test_depth_and_best_are_those_of_the_orders(wished: Sequence[object], setting: Setting) -> None:
    exchange = setting.fast()
    book = exchange.book(streams.X)
    for now_ns, deed in enumerate(streams.deeds(wished, setting.plain())):
        ask_fast(exchange, deed, now_ns)
        for side in Side:
            by_price: dict[Price, Qty] = {}
            for resting in book.resting(side):
                price = resting.level.price
                by_price[price] = by_price.get(price, 0) + resting.shown_qty

            assert book.depth(side, 99) == tuple(by_price.items())
            assert book.best(side) == next(iter(by_price), None)
            assert sorted(by_price, reverse=side is Side.BUY) == list(by_price)
