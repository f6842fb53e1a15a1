"""Whatever is asked of a market: the exchange and the plain venue tell the same story.

The streams are `oracle.streams`'; what is compared after each request is every report
and the whole of both books, and on the way the invariants are checked by their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import auction, streams
from oracle.beside import (
    ALGORITHMS,
    STATES,
    Setting,
    ask_fast,
    compared,
    lines_of,
    standing,
    wrong,
)
from oracle.shorthand import request
from oracle.streams import Deed, Entered

from floorproof.market.book import BookEvent, OrderBook
from floorproof.market.fix import Side
from floorproof.market.identifiers import Price, Qty, Symbol
from floorproof.market.messages import MarketDataRequest, OrderStatusRequest
from floorproof.market.rules import Bound, MarketView, VenueRules


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
        assert not isinstance(described, MarketDataRequest | OrderStatusRequest)
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
            assert lines_of(rebuilt.half(side)) == lines_of(book.half(side))
            assert lines_of(rebuilt.stops(side)) == lines_of(book.stops(side))
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
