"""The oracle itself: what the sources print as worked examples, and its own invariants."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import algorithms, auction, streams
from oracle.algorithms import InLine, PlainAlgorithm
from oracle.invariants import ALWAYS, IN_FIFO, Invariant, Step
from oracle.orders import Told
from oracle.shorthand import line, request
from oracle.venue import Heard, PlainVenue

from floorproof.market.exchange import Request
from floorproof.market.fix import TimeInForce
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import MarketDataRequest, OrderStatusRequest
from floorproof.market.sessions import CONTINUOUS, Board, TradingState

# --- allocation: CME's worked examples --------------------------------------------------

# The queue in time order: quantity, and T for the order that is top; who is called what
# matters to the lead market makers alone, who are named by their place.
# fmt: off
EXAMPLES = {
    "E1":  (algorithms.a(), "10T 5 20 50 75", [60], ["10 3 6 16 25"]),
    "E2":  (algorithms.c(), "2 42 56", [50, 50], ["1 21 28", "1 21 28"]),
    "E3":  (algorithms.a(), "2T 56 42", [50, 50], ["2 28 20", "0 28 22"]),
    "E4":  (algorithms.o(top_min=10, top_max=100), "150T 8 160", [200], ["124 3 73"]),
    "E5":  (algorithms.q({"3": 40}, top_min=25, top_max=250), "300T 15 160", [400], ["278 8 114"]),
    "E6":  (algorithms.k(40, {"2": 10, "3": 20}), "2T 51 47 100 1 1 1 1", [202],
            ["2 51 47 98 1 1 1 1"]),
    "E7, minimum 1": (algorithms.k(40, {}, 1), "1T 100 30 80 30 60", [8], ["1 4 1 1 0 1"]),
    "E7, minimum 2": (algorithms.k(40, {}), "1T 100 30 80 30 60", [8], ["1 4 1 1 0 1"]),
    "E8":  (algorithms.k(0, {"2": 20, "3": 10}), "1T 59 40", [50], ["1 30 19"]),
    "E9":  (algorithms.k(100, {"2": 20, "3": 10}), "1T 59 40", [50], ["1 45 4"]),
    "E10": (algorithms.t({"2": 20, "3": 80}), "100 100 100", [30, 30], ["0 6 24", "0 6 24"]),
    "E11": (algorithms.t({"2": 20, "3": 80}), "10 10 10", [30], ["10 10 10"]),
    "E12": (algorithms.t({"1": 50, "2": 60}), "10 10", [1], ["1 0"]),
    "E13": (algorithms.s({"2": 10, "3": 20}), "10T 10 10 10", [40], ["10 10 10 10"]),
    "E14": (algorithms.s({"2": 20, "3": 80}), "100T 100 100", [30, 30], ["30 0 0", "30 0 0"]),
    "F":   (algorithms.f(), "5 5 5", [7], ["5 2 0"]),
}
# fmt: on


@pytest.mark.parametrize(
    ("algorithm", "queue", "quantities", "expected"), EXAMPLES.values(), ids=EXAMPLES
)
def test_worked_examples_of_allocation(
    algorithm: PlainAlgorithm, queue: str, quantities: Sequence[int], expected: Sequence[str]
) -> None:
    sizes = [int(word.rstrip("T")) for word in queue.split()]
    left = list(sizes)
    tops = [word.endswith("T") for word in queue.split()]
    for quantity, shares in zip(quantities, expected, strict=True):
        lines = [
            InLine(place, str(place), sizes[place - 1], left[place - 1], left[place - 1], top)
            for place, top in enumerate(tops, 1)
            if left[place - 1]
        ]

        got = dict(algorithm.allocate(quantity, lines))

        assert " ".join(str(got.get(place, 0)) for place in range(1, len(left) + 1)) == shares
        for place, share in got.items():
            left[place - 1] -= share


def test_top_trades_first_and_then_the_largest() -> None:
    queue = [InLine(n, str(n), q, q, q, n == 3) for n, q in enumerate([10, 30, 5, 20], 1)]

    assert algorithms.a().allocate(35, queue) == [(3, 5), (2, 15), (4, 10), (1, 5)]


# --- auctions: the published tables -----------------------------------------------------

COLUMNS = {
    "T3": ("10 20 30 40 50 70 100 1 30", "30 100 1 25 1 100 90 4 6", (46, 200)),
    "T4": ("10 20 30 40 50 30 100 1 30", "30 100 1 25 0 50 90 4 6", (47, 150)),
    "T5": ("10 20 30 40 80 0 20 30 30", "30 100 1 25 0 50 90 4 6", (47, 150)),
}
# fmt: off
TABLES = {
    "T1":  (1, "500@640 1000@639 1000@634 500@633", "1000@610 500@640 520@641 550@642 519@643",
            None, (639, 1000)),
    "T2":  (100, "45@13000 95@12900 25@12800 35@12700 25@12600 55@12500 200@12400 80@12300"
            " 60@12200", "10@12200 125@12300 155@12400 90@12500 20@12600 10@12700 15@12800"
            " 10@12900 50@13000 35@13100", None, (12400, 290)),
    "T6":  (5, "200@1650", "200@1610", 1600, (1610, 200)),
    "T7":  (5, "200@1650", "200@1610", 1630, (1630, 200)),
    "T8":  (5, "200@1650", "200@1610", 1700, (1650, 200)),
    "T9":  (5, "100@1620", "300@1600", 1610, (1600, 100)),
    "T10": (5, "300@1620", "100@1600", 1605, (1620, 100)),
    "T11": (5, "150@1010 50@1005", "150@1000 50@1010", 1000, (1005, 150)),
    "T12": (5, "100@1020 100@1000", "100@1000 100@1020", 1012, (1010, 100)),
    "T13": (5, "100@1000", "100@1005", 1000, None),
}
# fmt: on


def priced(
    bids: dict[int, int], offers: dict[int, int], tick: int, reference: int | None
) -> tuple[int, int] | None:
    scan, prices = auction.scanned(bids, offers, lambda price: price % tick == 0, reference)
    found = auction.decided(scan, prices, auction.CHAINS["NSX"])
    return found and (found[0], scan.volume(found[0]))


def levels(text: str) -> dict[int, int]:
    return {int(price): int(qty) for qty, price in (word.split("@") for word in text.split())}


@pytest.mark.parametrize(
    ("tick", "bids", "offers", "reference", "expected"), TABLES.values(), ids=TABLES
)
def test_worked_tables_of_auctions(
    tick: int, bids: str, offers: str, reference: int | None, expected: tuple[int, int] | None
) -> None:
    assert priced(levels(bids), levels(offers), tick, reference) == expected


@pytest.mark.parametrize(("bids", "offers", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_worked_columns_of_auctions(bids: str, offers: str, expected: tuple[int, int]) -> None:
    by_price = [
        {price: int(qty) for price, qty in zip(range(51, 42, -1), side.split(), strict=True)}
        for side in (bids, offers)
    ]
    sides = [{price: qty for price, qty in side.items() if qty} for side in by_price]

    assert priced(sides[0], sides[1], 1, None) == expected


# --- whole days, told as a blotter ------------------------------------------------------

PREOPEN = TradingState(name="PREOPEN", match=False, immediate=False, indicative=True)
OPEN = TradingState(name="OPEN", uncross=True)
POSTCLOSE = TradingState(
    name="POSTCLOSE",
    match=False,
    immediate=False,
    lives=(TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_DATE),
)
CLOSE = TradingState(
    name="CLOSE", enter=False, modify=False, cancel=False, match=False, ends_day=True
)
STATES = {state.name: state for state in (PREOPEN, OPEN, POSTCLOSE, CLOSE)}


def venue(
    tick: int = 1,
    points: int | None = None,
    algorithm: PlainAlgorithm | None = None,
    lot: int = 1,
) -> PlainVenue:
    instruments = [
        Instrument(
            symbol=Symbol(symbol),
            price_decimals=0,
            ticks=TickTable.uniform(tick),
            max_order_qty=1000,
            round_lot=lot,
            protection_points=points,
        )
        for symbol in ("X", "Y")
    ]
    return PlainVenue(
        instruments,
        {instrument.symbol: algorithm or algorithms.f() for instrument in instruments},
        boards=[Board(name="B", symbols=(Symbol("X"), Symbol("Y")), state=CONTINUOUS)],
        today=datetime.date(2026, 1, 5),
    )


def asked(text: str) -> Request:
    return request(text)


def play(market: PlainVenue, lines: Sequence[str]) -> list[str]:
    """Return what is told; ``-- STATE`` puts X into a state, ``-- B STATE`` its board."""
    heard: list[Heard] = []
    for text in lines:
        if text.startswith("--"):
            *board, name = text.split()[1:]
            state = STATES.get(name)
            if board:
                assert state is not None
                heard += market.put_board(board[0], state)
            else:
                heard += market.put("X", state)
        else:
            message = asked(text)
            assert not isinstance(message, MarketDataRequest | OrderStatusRequest)
            heard += market.receive(message)
    return [str(one) for one in heard]


def book(market: PlainVenue, symbol: str = "X") -> str:
    standing = market.markets[symbol].standing()
    sides = [standing.bids, standing.offers, standing.buy_stops, standing.sell_stops]
    return " | ".join(
        " ".join(
            f"{one.name}{'^' if one.top else ''} {one.shown}/{one.left}@{one.price}"
            if one.stop_px is None
            else f"{one.name} {one.left} at {one.stop_px}"
            for one in side
        )
        for side in sides
    )


def quiet(told: Sequence[str]) -> list[str]:
    """Return *told* without acknowledgements of orders."""
    return [line for line in told if " NEW" not in line]


def test_market_with_protection_as_cme_prints_it() -> None:
    market = venue(tick=25, points=600)
    told = play(
        market,
        [
            "A a SELL 2 @ 90025",
            "A b SELL 3 @ 90300",
            "A c SELL 3 @ 90550",
            "A d SELL 3 @ 90675",
            "B m BUY 10 MARKET",
        ],
    )

    assert told[4] == "m NEW @90625"
    assert told[5::2] == ["a 2@90025 leaves 0", "b 3@90300 leaves 0", "c 3@90550 leaves 0"]
    assert book(market) == "m^ 2/2@90625 | d 3/3@90675 |  | "


def test_market_with_protection_as_cme_prints_it_for_a_sale() -> None:
    market = venue(tick=25, points=600)
    bids = ["A a BUY 2 @ 90000", "A b BUY 3 @ 89900", "A c BUY 3 @ 89650", "A d BUY 3 @ 89300"]
    told = play(market, [*bids, "B m SELL 10 MARKET"])

    assert told[4] == "m NEW @89400"
    assert book(market) == "d 3/3@89300 | m^ 2/2@89400 |  | "


def test_protection_rounds_towards_the_touch_and_the_trigger() -> None:
    market = venue(tick=10, points=15)
    told = play(
        market,
        [
            "A a SELL 1 @ 100",
            "B s BUY 2 STOP 100",
            "B u BUY 2 STOP 130",
            "C m BUY 2 MARKET",
        ],
    )

    assert told[3:] == [
        "m NEW @110",
        "a 1@100 leaves 0",
        "m 1@100 leaves 1",
        "s TRIGGERED @110",
    ]
    assert book(market) == "m^ 1/1@110 s 2/2@110 |  | u 2 at 130 | "


def test_market_limit_trades_at_the_touch_alone() -> None:
    market = venue()
    told = play(market, ["A a SELL 2 @ 50", "A b SELL 2 @ 51", "B m BUY 5 MARKET_LIMIT"])

    assert told[2:] == ["m NEW @50", "a 2@50 leaves 0", "m 2@50 leaves 3"]
    assert play(market, ["B n SELL 1 MARKET_LIMIT", "C o SELL 9 MARKET"])[-1] == "o CANCELED"
    assert play(market, ["C p SELL 1 MARKET", "C q SELL 1 MARKET_LIMIT"]) == [
        "p rejected BROKER_OPTION",
        "q rejected BROKER_OPTION",
    ]


def test_an_iceberg_goes_to_the_back_with_each_slice() -> None:
    market = venue()
    play(market, ["A a SELL 10 @ 50 show=3", "B b SELL 4 @ 50", "C c SELL 5 @ 50 show=2"])

    assert play(market, ["D d BUY 14 @ 50"])[1::2] == [
        "a 3@50 leaves 7",
        "b 4@50 leaves 0",
        "c 2@50 leaves 3",
        "a 3@50 leaves 4",
        "c 2@50 leaves 1",
    ]
    assert book(market) == " | a^ 3/4@50 c 1/1@50 |  | "


def test_stops_elect_stops() -> None:
    market = venue()
    told = play(
        market,
        [
            "A a SELL 1 @ 50",
            "A b SELL 1 @ 52",
            "A c SELL 1 @ 54",
            "B t BUY 1 STOP 52",  # elected by s's trade
            "B s BUY 1 STOP 50",
            "C v SELL 1 STOP 51",
            "C u BUY 1 STOP 50 @ 50",
            "D d BUY 1 @ 50",
        ],
    )[7:]

    assert told == [
        "d NEW @50",
        "a 1@50 leaves 0",
        "d 1@50 leaves 0",
        "s TRIGGERED",
        "b 1@52 leaves 0",
        "s 1@52 leaves 0",
        "u TRIGGERED @50",
        "v TRIGGERED",
        "u 1@50 leaves 0",
        "v 1@50 leaves 0",
        "t TRIGGERED",
        "c 1@54 leaves 0",
        "t 1@54 leaves 0",
    ]


def test_all_or_nothing_and_a_minimum() -> None:
    market = venue()
    play(market, ["A a SELL 6 @ 50 show=1", "A b SELL 4 @ 51"])

    assert quiet(play(market, ["B b BUY 11 @ 51 FOK", "B c BUY 7 @ 50 min=7"])) == [
        "b EXPIRED @51",
        "c EXPIRED @50",
    ]
    assert quiet(play(market, ["B d BUY 7 @ 50 min=6"]))[-1] == "d 1@50 leaves 1"
    assert quiet(play(market, ["C e BUY 4 @ 51 FOK"]))[-1] == "e 4@51 leaves 0"


def test_an_auction_takes_stops_along() -> None:
    market = venue(points=2)
    told = play(
        market,
        [
            "A z BUY 1 @ 48",
            "A y SELL 1 @ 48",
            "A s BUY 5 STOP 50",
            "A t BUY 5 STOP 49 IOC",
            "-- PREOPEN",
            "A w BUY 1 @ 50 IOC",
            "A a BUY 5 @ 50",
            "B b SELL 9 @ 50",
            "-- OPEN",
        ],
    )

    assert quiet(told)[2:] == [
        "w rejected EXCHANGE_CLOSED",
        "s TRIGGERED @52",
        "s 5@50 leaves 0",
        "b 5@50 leaves 4",
        "a 4@50 leaves 1",
        "b 4@50 leaves 0",
        "t TRIGGERED @51",
        "t EXPIRED @51",
    ]


def test_only_the_order_that_betters_the_market_is_top() -> None:
    market = venue()
    play(market, ["A a BUY 1 @ 50", "B b BUY 1 @ 50", "C c BUY 1 @ 49"])
    assert book(market).startswith("a^ 1/1@50 b 1/1@50 c 1/1@49")

    play(market, ["B d BUY 5 @ 51"])
    assert book(market).startswith("d^ 5/5@51 a 1/1@50")

    play(market, ["A s SELL 2 @ 51"])
    assert book(market).startswith("d^ 3/3@51 a 1/1@50")

    play(market, ["B e CHANGE BUY d 4 @ 51"])
    assert book(market).startswith("e^ 2/2@51 a 1/1@50")

    play(market, ["B x CANCEL BUY e"])
    assert book(market).startswith("a 1/1@50 b 1/1@50")

    play(market, ["-- PREOPEN", "C f BUY 1 @ 60"])
    assert book(market).startswith("f 1/1@60 a 1/1@50")


def test_a_mass_action_cancels_what_it_names() -> None:
    market = venue()
    told = play(
        market,
        [
            "A a BUY 1 @ 50 account=Q",
            "A b SELL 1 @ 60 symbol=Y",
            "A c BUY 1 STOP 70 user=U",
            "B d BUY 1 @ 40",
            "A m MASS symbol=X account=Q",
            "A m MASS",
            "A n MASS SELL",
            "-- CLOSE",
            "A o MASS symbol=X",
            "A p MASS",
            "A q MASS symbol=Z",
        ],
    )

    assert told[4:] == [
        "m CANCELED @50",
        "m mass done #1",
        "m mass refused",
        "n CANCELED @60",
        "n mass done #2",
        "c EXPIRED",
        "d EXPIRED @40",
        "o mass refused",
        "p mass done",
        "q mass refused",
    ]


def test_what_is_good_for_the_day_ends_with_it() -> None:
    market = venue()
    told = play(
        market,
        [
            "A a BUY 1 @ 50",
            "A b BUY 1 @ 50 GTC",
            "A c BUY 1 @ 50 until=2026-01-05",
            "A d BUY 1 @ 50 until=2026-01-06",
            "A e BUY 1 @ 50 until=2026-01-04",
            "A f SELL 1 STOP 40",
            "-- CLOSE",
            "A g BUY 1 @ 50",
            "A x CANCEL BUY b",
            "-- POSTCLOSE",
            "A h BUY 1 @ 50",
            "A i CHANGE BUY b 1 @ 51",
            "A j CHANGE BUY b 1 @ 51 GTC",
        ],
    )

    assert quiet(told) == [
        "e rejected OTHER ORD-9",
        "a EXPIRED @50",
        "c EXPIRED @50",
        "f EXPIRED",
        "g rejected EXCHANGE_CLOSED",
        "x refused OTHER",
        "h rejected EXCHANGE_CLOSED",
        "i refused OTHER",
        "j REPLACED @51",
    ]


def test_boards_pass_by_those_with_a_state_of_their_own() -> None:
    market = venue()
    play(market, ["-- B PREOPEN", "-- PREOPEN", "A a BUY 1 @ 50", "B b SELL 1 @ 50"])
    play(market, ["A c BUY 1 @ 50 symbol=Y", "B d SELL 1 @ 50 symbol=Y"])

    assert play(market, ["-- B OPEN"]) == ["c 1@50 leaves 0", "d 1@50 leaves 0"]
    with pytest.raises(ValueError, match="crossed"):
        market.put("X", TradingState(name="OPEN"))
    assert play(market, ["-- REJOIN"]) == ["a 1@50 leaves 0", "b 1@50 leaves 0"]


# fmt: off
TERMS = {
    "A a BUY 5":                            "rejected OTHER ORD-1",
    "A a BUY 5 MARKET @ 50":                "rejected OTHER ORD-1",
    "A a BUY 5 STOP 60 @ 61 type=STOP":     "rejected OTHER ORD-1",
    "A a BUY 5 @ 51":                       "rejected INVALID_PRICE_INCREMENT ORD-1",
    "A a BUY 5 type=STOP":                  "rejected OTHER ORD-2",
    "A a BUY 5 @ 50 STOP 60 type=LIMIT":    "rejected OTHER ORD-2",
    "A a BUY 5 STOP 61":                    "rejected INVALID_PRICE_INCREMENT ORD-2",
    "A a BUY 5 STOP 60 @ 58":               "rejected OTHER ORD-3",
    "A a SELL 5 STOP 40 @ 42":              "rejected OTHER ORD-3",
    "A a BUY 5 STOP 50":                    "rejected OTHER ORD-4",
    "A a SELL 5 STOP 50":                   "rejected OTHER ORD-4",
    "A a BUY 1005 @ 50":                    "rejected ORDER_EXCEEDS_LIMIT ORD-5",
    "A a BUY 6 @ 50":                       "rejected INCORRECT_QUANTITY ORD-5",
    "A a BUY 5 @ 50 show=0":                "rejected INCORRECT_QUANTITY ORD-6",
    "A a BUY 5 @ 50 show=10":               "rejected INCORRECT_QUANTITY ORD-6",
    "A a BUY 10 @ 50 show=3":               "rejected INCORRECT_QUANTITY ORD-6",
    "A a BUY 10 @ 50 show=5 IOC":           "rejected INCORRECT_QUANTITY ORD-6",
    "A a BUY 10 MARKET show=5":             "rejected INCORRECT_QUANTITY ORD-6",
    "A a BUY 10 @ 50 min=11":               "rejected INCORRECT_QUANTITY ORD-7",
    "A a BUY 10 STOP 60 min=1":             "rejected INCORRECT_QUANTITY ORD-7",
    "A a BUY 10 @ 50 min=1 post":           "rejected INCORRECT_QUANTITY ORD-7",
    "A a BUY 10 @ 50 post FOK":             "rejected UNSUPPORTED_ORDER_CHARACTERISTIC ORD-8",
    "A a BUY 10 STOP 60 post":              "rejected UNSUPPORTED_ORDER_CHARACTERISTIC ORD-8",
    "A a BUY 10 @ 50 GTD":                  "rejected OTHER ORD-9",
    "A a BUY 10 @ 50 DAY until=2026-02-01": "rejected OTHER ORD-9",
    "A a BUY 10 @ 60 post":                 "rejected BROKER_OPTION ORD-8",
    "A a BUY 10 @ 48 post":                 "NEW @48",
    "A a BUY 10 MARKET_LIMIT show=5":       "NEW @60",
}
# fmt: on


@pytest.mark.parametrize(("text", "expected"), TERMS.items(), ids=TERMS)
def test_terms(text: str, expected: str) -> None:
    market = venue(tick=2, lot=5)
    play(market, ["Z z BUY 5 @ 50", "Z y SELL 5 @ 50", "Z x SELL 5 @ 60"])

    assert play(market, [text])[0] == f"a {expected}"
    assert request(line(request(text))) == request(text)


# fmt: off
CHANGES = {
    "lowered":              ("A a BUY 9 @ 50",         "A b CHANGE BUY a 8 @ 50",
                             "b 8/8 z"),
    "as it was":            ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 @ 50 GTC user=U",
                             "b 9/9 z"),
    "raised":               ("A a BUY 9 @ 50",         "A b CHANGE BUY a 10 @ 50",
                             "z b 10/10"),
    "another account":      ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 @ 50 account=Q",
                             "z b 9/9"),
    "hides some":           ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 @ 50 show=4",
                             "b 4/9 z"),
    "hides more":           ("A a BUY 9 @ 50 show=4",  "A b CHANGE BUY a 9 @ 50 show=3",
                             "b 3/9 z"),
    "hides less":           ("A a BUY 9 @ 50 show=4",  "A b CHANGE BUY a 9 @ 50 show=5",
                             "z b 5/9"),
    "hides nothing":        ("A a BUY 9 @ 50 show=4",  "A b CHANGE BUY a 9 @ 50",
                             "z b 9/9"),
    "lowered below its tip":("A a BUY 9 @ 50 show=4",  "A b CHANGE BUY a 3 @ 50 show=3",
                             "b 3/3 z"),
    "immediate":            ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 @ 50 IOC",
                             "z"),
    "becomes a stop":       ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 STOP 60",
                             "z, b"),
    "a stop no more":       ("A a BUY 9 STOP 60",      "A b CHANGE BUY a 9 @ 50",
                             "z b 9/9"),
    "market":               ("A a BUY 9 @ 50",         "A b CHANGE BUY a 9 MARKET",
                             "a 9/9 z"),
}
# fmt: on


@pytest.mark.parametrize(("first", "then", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_keeps_its_place(first: str, then: str, expected: str) -> None:
    market = venue()
    play(market, [first, "Z z BUY 1 @ 50", then])

    standing = market.markets["X"].standing()
    told = " ".join(
        one.name if one.name == "z" else f"{one.name} {one.shown}/{one.left}"
        for one in standing.bids
    )
    stops = "".join(f", {one.name}" for one in standing.buy_stops)
    assert told + stops == expected


# --- its own invariants -----------------------------------------------------------------

LMM = {"BRAVO": 20, "CHARLIE": 30}
# fmt: off
ALGORITHMS = {
    "F": algorithms.f(),
    "C": algorithms.c(),
    "A": algorithms.a(),
    "K": algorithms.k(40, LMM),
    "O": algorithms.o(top_min=3, top_max=4),
    "Q": algorithms.q(LMM, top_min=3, top_max=4),
    "S": algorithms.s(LMM),
    "T": algorithms.t(LMM),
}
# fmt: on


def a_venue(algorithm: PlainAlgorithm, points: int | None, chain: str = "NSX") -> PlainVenue:
    return PlainVenue(
        streams.instruments(points),
        dict.fromkeys((streams.X, streams.Y), algorithm),
        boards=streams.BOARDS,
        today=streams.TODAY,
        chain=chain,
    )


def walked(market: PlainVenue, deeds: Sequence[streams.Deed]) -> dict[str, list[Step]]:
    """Return, by instrument, the steps that *market* takes with *deeds*."""
    steps: dict[str, list[Step]] = {symbol: [] for symbol in market.markets}
    for deed in deeds:
        before = {symbol: one.standing() for symbol, one in market.markets.items()}
        states = {symbol: one.state for symbol, one in market.markets.items()}
        heard: Sequence[Heard] | None
        if isinstance(deed, streams.Entered):
            text, min_qty = str(deed), 0
            heard = streams.enter(market, deed)
        else:
            text, min_qty = line(deed), getattr(deed, "min_qty", 0) or 0
            heard = market.receive(deed)
        for symbol, one in market.markets.items():
            told = [it for it in heard or () if isinstance(it, Told) and it.symbol == symbol]
            entered = heard is not None and isinstance(deed, streams.Entered)
            changed = one.state != states[symbol] or bool(told)
            uncrossed = entered and one.state.uncross and changed
            steps[symbol].append(
                Step(
                    text,
                    told,
                    before[symbol],
                    one.standing(),
                    one.state.match,
                    uncrossed,
                    min_qty,
                )
            )
    return steps


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@streams.unshrunk
@given(streams.wishes(), st.sampled_from([None, 0, 3, 4]), st.sampled_from(list(auction.CHAINS)))
def test_invariants_hold_in_the_plain_venue(
    algorithm: str, wished: list[object], points: int | None, chain: str
) -> None:
    chosen = ALGORITHMS[algorithm]
    deeds = list(streams.deeds(wished, a_venue(chosen, points, chain)))

    invariants: Sequence[Invariant] = IN_FIFO if algorithm == "F" else ALWAYS

    def wrong(some: Sequence[streams.Deed]) -> str:
        for of_one in walked(a_venue(chosen, points, chain), some).values():
            for invariant in invariants:
                for text in invariant(of_one):
                    story = "\n".join(step.asked for step in of_one)
                    return f"{story}\n{invariant.__name__}:\n{text}"
        return ""

    broken = streams.smallest(deeds, wrong)

    assert not broken, f"\n{broken}"
