"""Orders that show a part of themselves, each a story; how the rest comes to light."""

from __future__ import annotations

import pytest
from stories import X, market, play, reports_of, say, script, standing

from floorproof.market.fix import Side
from floorproof.plugins.allocation.globex import CurrencyRoll

ICEBERGS = {
    "others see what it shows": """
        > A a1 SELL 10 @ 50 show=3
            A a1 NEW, leaves 10 cum 0
        = offers a1* 10/3 @ 50
    """,
    "a part of what is shown keeps its place": """
        A a1 SELL 10 @ 50 show=3
        B b1 SELL 2 @ 50
        > C c1 BUY 2 @ 50
            C c1 NEW, leaves 2 cum 0
            A a1 TRADE 2 @ 50, leaves 8 cum 2
            C c1 TRADE 2 @ 50, leaves 0 cum 2
        = offers a1* 8/1 @ 50, b1 2 @ 50
    """,
    "what is shown is used up: the next slice is behind": """
        A a1 SELL 10 @ 50 show=3
        B b1 SELL 2 @ 50
        > C c1 BUY 3 @ 50
            C c1 NEW, leaves 3 cum 0
            A a1 TRADE 3 @ 50, leaves 7 cum 3
            C c1 TRADE 3 @ 50, leaves 0 cum 3
        = offers b1 2 @ 50, a1* 7/3 @ 50
    """,
    "all that is shown goes before a slice that came back": """
        A a1 SELL 10 @ 50 show=3
        B b1 SELL 2 @ 50
        > C c1 BUY 6 @ 50
            C c1 NEW, leaves 6 cum 0
            A a1 TRADE 3 @ 50, leaves 7 cum 3
            C c1 TRADE 3 @ 50, leaves 3 cum 3
            B b1 TRADE 2 @ 50, leaves 0 cum 2
            C c1 TRADE 2 @ 50, leaves 1 cum 5
            A a1 TRADE 1 @ 50, leaves 6 cum 4
            C c1 TRADE 1 @ 50, leaves 0 cum 6
        = offers a1* 6/2 @ 50
    """,
    "several slices in one sweep, alone at its price": """
        A a1 SELL 10 @ 50 show=3
        > C c1 BUY 8 @ 50
            C c1 NEW, leaves 8 cum 0
            A a1 TRADE 3 @ 50, leaves 7 cum 3
            C c1 TRADE 3 @ 50, leaves 5 cum 3
            A a1 TRADE 3 @ 50, leaves 4 cum 6
            C c1 TRADE 3 @ 50, leaves 2 cum 6
            A a1 TRADE 2 @ 50, leaves 2 cum 8
            C c1 TRADE 2 @ 50, leaves 0 cum 8
        = offers a1* 2/1 @ 50
    """,
    "the last slice is smaller": """
        A a1 SELL 10 @ 50 show=3
        C c1 BUY 9 @ 50
        > C c2 BUY 1 @ 50
            C c2 NEW, leaves 1 cum 0
            A a1 TRADE 1 @ 50, leaves 0 cum 10
            C c2 TRADE 1 @ 50, leaves 0 cum 1
        =
    """,
    "the last slice is smaller, in one sweep": """
        A a1 SELL 10 @ 50 show=4
        B b1 SELL 1 @ 51
        > C c1 BUY 11 @ 51
            C c1 NEW, leaves 11 cum 0
            A a1 TRADE 4 @ 50, leaves 6 cum 4
            C c1 TRADE 4 @ 50, leaves 7 cum 4
            A a1 TRADE 4 @ 50, leaves 2 cum 8
            C c1 TRADE 4 @ 50, leaves 3 cum 8
            A a1 TRADE 2 @ 50, leaves 0 cum 10
            C c1 TRADE 2 @ 50, leaves 1 cum 10
            B b1 TRADE 1 @ 51, leaves 0 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 11
        =
    """,
    "two icebergs take turns": """
        A a1 SELL 5 @ 50 show=2
        B b1 SELL 5 @ 50 show=1
        > C c1 BUY 8 @ 50
            C c1 NEW, leaves 8 cum 0
            A a1 TRADE 2 @ 50, leaves 3 cum 2
            C c1 TRADE 2 @ 50, leaves 6 cum 2
            B b1 TRADE 1 @ 50, leaves 4 cum 1
            C c1 TRADE 1 @ 50, leaves 5 cum 3
            A a1 TRADE 2 @ 50, leaves 1 cum 4
            C c1 TRADE 2 @ 50, leaves 3 cum 5
            B b1 TRADE 1 @ 50, leaves 3 cum 2
            C c1 TRADE 1 @ 50, leaves 2 cum 6
            A a1 TRADE 1 @ 50, leaves 0 cum 5
            C c1 TRADE 1 @ 50, leaves 1 cum 7
            B b1 TRADE 1 @ 50, leaves 2 cum 3
            C c1 TRADE 1 @ 50, leaves 0 cum 8
        = offers b1 2/1 @ 50
    """,
    "slices that came back keep their order for the next aggressor": """
        A a1 SELL 6 @ 50 show=2
        B b1 SELL 6 @ 50 show=1
        D d1 SELL 3 @ 50
        C c1 BUY 3 @ 50
        = offers d1 3 @ 50, a1* 4/2 @ 50, b1 5/1 @ 50
        > C c2 BUY 5 @ 50
            C c2 NEW, leaves 5 cum 0
            D d1 TRADE 3 @ 50, leaves 0 cum 3
            C c2 TRADE 3 @ 50, leaves 2 cum 3
            A a1 TRADE 2 @ 50, leaves 2 cum 4
            C c2 TRADE 2 @ 50, leaves 0 cum 5
        = offers b1 5/1 @ 50, a1* 2 @ 50
    """,
    "a level is exhausted, hidden parts and all, before the next": """
        A a1 SELL 5 @ 50 show=1
        B b1 SELL 5 @ 51
        > C c1 BUY 6 @ 51
            C c1 NEW, leaves 6 cum 0
            A a1 TRADE 1 @ 50, leaves 4 cum 1
            C c1 TRADE 1 @ 50, leaves 5 cum 1
            A a1 TRADE 1 @ 50, leaves 3 cum 2
            C c1 TRADE 1 @ 50, leaves 4 cum 2
            A a1 TRADE 1 @ 50, leaves 2 cum 3
            C c1 TRADE 1 @ 50, leaves 3 cum 3
            A a1 TRADE 1 @ 50, leaves 1 cum 4
            C c1 TRADE 1 @ 50, leaves 2 cum 4
            A a1 TRADE 1 @ 50, leaves 0 cum 5
            C c1 TRADE 1 @ 50, leaves 1 cum 5
            B b1 TRADE 1 @ 51, leaves 4 cum 1
            C c1 TRADE 1 @ 51, leaves 0 cum 6
        = offers b1 4 @ 51
    """,
    "an iceberg arrives: it trades in full, and hides its rest": """
        B b1 SELL 7 @ 50
        > A a1 BUY 10 @ 50 show=2
            A a1 NEW, leaves 10 cum 0
            B b1 TRADE 7 @ 50, leaves 0 cum 7
            A a1 TRADE 7 @ 50, leaves 3 cum 7
        = bids a1* 3/2 @ 50
    """,
    "an iceberg arrives, and less is left than it shows": """
        B b1 SELL 9 @ 50
        > A a1 BUY 10 @ 50 show=2
            A a1 NEW, leaves 10 cum 0
            B b1 TRADE 9 @ 50, leaves 0 cum 9
            A a1 TRADE 9 @ 50, leaves 1 cum 9
        = bids a1* 1 @ 50
    """,
    "an iceberg that shows all of itself hides nothing": """
        > A a1 BUY 10 @ 50 show=10
            A a1 NEW, leaves 10 cum 0
        = bids a1* 10 @ 50
    """,
    "a canceled iceberg takes what it hid with it": """
        A a1 BUY 10 @ 50 show=2
        B b1 BUY 1 @ 50
        > A x1 CANCEL BUY a1
            A x1 CANCELED, leaves 0 cum 0
        = bids b1 1 @ 50
    """,
}


@pytest.mark.rule("MATCH-2", "MATCH-3", "ORD-6")
@pytest.mark.parametrize("story", ICEBERGS.values(), ids=ICEBERGS.keys())
def test_an_iceberg(story: str) -> None:
    assert play(story) == script(story)


SHARED = {
    "what is shown is shared first, then what comes back, as long as there is quantity": """
        A a1 SELL 10 @ 50 show=2
        B b1 SELL 10 @ 50
        > C c1 BUY 15 @ 50
            C c1 NEW, leaves 15 cum 0
            B b1 TRADE 10 @ 50, leaves 0 cum 10
            C c1 TRADE 10 @ 50, leaves 5 cum 10
            A a1 TRADE 2 @ 50, leaves 8 cum 2
            C c1 TRADE 2 @ 50, leaves 3 cum 12
            A a1 TRADE 2 @ 50, leaves 6 cum 4
            C c1 TRADE 2 @ 50, leaves 1 cum 14
            A a1 TRADE 1 @ 50, leaves 5 cum 5
            C c1 TRADE 1 @ 50, leaves 0 cum 15
        = offers a1* 5/1 @ 50
    """,
    "less than what is shown is shared in proportion to that": """
        A a1 SELL 90 @ 50 show=2
        B b1 SELL 8 @ 50
        > C c1 BUY 5 @ 50
            C c1 NEW, leaves 5 cum 0
            B b1 TRADE 4 @ 50, leaves 4 cum 4
            C c1 TRADE 4 @ 50, leaves 1 cum 4
            A a1 TRADE 1 @ 50, leaves 89 cum 1
            C c1 TRADE 1 @ 50, leaves 0 cum 5
        = offers a1* 89/1 @ 50, b1 4 @ 50
    """,
    "a level that is taken whole goes in time order, slice by slice": """
        A a1 SELL 4 @ 50 show=2
        B b1 SELL 5 @ 50
        > C c1 BUY 9 @ 50 FOK
            C c1 NEW, leaves 9 cum 0
            A a1 TRADE 2 @ 50, leaves 2 cum 2
            C c1 TRADE 2 @ 50, leaves 7 cum 2
            B b1 TRADE 5 @ 50, leaves 0 cum 5
            C c1 TRADE 5 @ 50, leaves 2 cum 7
            A a1 TRADE 2 @ 50, leaves 0 cum 4
            C c1 TRADE 2 @ 50, leaves 0 cum 9
        =
    """,
    "slices that came back share what is left": """
        A a1 SELL 12 @ 50 show=4
        B b1 SELL 12 @ 50 show=4
        > C c1 BUY 12 @ 50
            C c1 NEW, leaves 12 cum 0
            A a1 TRADE 4 @ 50, leaves 8 cum 4
            C c1 TRADE 4 @ 50, leaves 8 cum 4
            B b1 TRADE 4 @ 50, leaves 8 cum 4
            C c1 TRADE 4 @ 50, leaves 4 cum 8
            A a1 TRADE 2 @ 50, leaves 6 cum 6
            C c1 TRADE 2 @ 50, leaves 2 cum 10
            B b1 TRADE 2 @ 50, leaves 6 cum 6
            C c1 TRADE 2 @ 50, leaves 0 cum 12
        = offers a1* 6/2 @ 50, b1 6/2 @ 50
    """,
    "icebergs come back in the order in which they stood, whoever traded first": """
        A a1 SELL 10 @ 50 show=2
        B b1 SELL 10 @ 50 show=4
        > C c1 BUY 6 @ 50
            C c1 NEW, leaves 6 cum 0
            B b1 TRADE 4 @ 50, leaves 6 cum 4
            C c1 TRADE 4 @ 50, leaves 2 cum 4
            A a1 TRADE 2 @ 50, leaves 8 cum 2
            C c1 TRADE 2 @ 50, leaves 0 cum 6
        = offers a1* 8/2 @ 50, b1 6/4 @ 50
    """,
}


@pytest.mark.rule("MATCH-8", "MATCH-14")
@pytest.mark.parametrize("story", SHARED.values(), ids=SHARED.keys())
def test_an_iceberg_where_a_level_is_shared(story: str) -> None:
    assert play(story, market(algorithm=CurrencyRoll())) == script(story)


@pytest.mark.rule("ORD-6")
def test_depth_never_counts_what_is_hidden() -> None:
    exchange = market()
    shown = []

    for line in (
        "A a1 SELL 10 @ 50 show=3",  # 3 of 10
        "B b1 SELL 2 @ 50",  # and 2
        "C c1 BUY 1 @ 50",  # 2 of 9, and 2
        "C c2 BUY 2 @ 50",  # 2, and 3 of 7
        "C c3 BUY 3 @ 50",  # 2 of 6
        "A a2 CHANGE SELL a1 10 @ 50 show=1",  # 1 of 6
        "A a3 CHANGE SELL a2 10 @ 50 show=5",  # 5 of 6
        "A a4 CHANGE SELL a3 10 @ 50",  # 6
        "A a5 CHANGE SELL a4 9 @ 50 show=4",  # 4 of 5
        "C c4 BUY 4 @ 50",  # the last 1
        "B b2 SELL 8 @ 50 show=2",  # and 2 of 8
        "A x1 CANCEL SELL a5",  # 2 of 8
        "B b3 SELL 1 @ 50",  # 2 of 8, and 1
        "B x2 CANCEL SELL b2",  # 1
        "B x3 CANCEL SELL b3",
    ):
        say(exchange, line)
        shown.append(exchange.book(X).depth(Side.SELL, 1))

    quantities = [sum(qty for _, qty in levels) for levels in shown]
    assert quantities == [3, 5, 4, 5, 2, 1, 5, 6, 4, 1, 3, 2, 3, 1, 0]
    assert shown[-1] == ()


def test_reports_tell_all_that_is_left_and_what_is_displayed() -> None:
    exchange = market()

    (ack,) = reports_of(exchange, "A a1 SELL 10 @ 50 show=3", "a1")
    fills = reports_of(exchange, "C c1 BUY 4 @ 50", "a1")

    assert [report.leaves_qty for report in (ack, *fills)] == [10, 7, 6]
    assert {report.display_qty for report in (ack, *fills)} == {3}


@pytest.mark.rule("AUCT-6")
def test_in_an_auction_hidden_quantity_counts_and_keeps_its_place() -> None:
    exchange = market()
    for line in (
        "! state PRE_OPEN",
        "A a1 SELL 10 @ 50 show=2",
        "B b1 SELL 5 @ 50",
        "C c1 BUY 7 @ 50",
    ):
        say(exchange, line)

    reports = say(exchange, "! state OPEN")

    assert reports == [
        "C c1 TRADE 7 @ 50, leaves 0 cum 7",
        "A a1 TRADE 7 @ 50, leaves 3 cum 7",
    ]
    assert standing(exchange) == "offers a1 3/2 @ 50, b1 5 @ 50"
