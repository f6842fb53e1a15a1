"""Positions: average open price, what is realised and what is open, and what they are valued at."""

from __future__ import annotations

from fractions import Fraction

import pytest
from case_study import MES, price
from hypothesis import given
from hypothesis import strategies as st

from floorproof.market.exposure import notional
from floorproof.market.fix import Side
from floorproof.market.pnl import Position, Quotes, average_price, mark_price

BUY, SELL = Side.BUY, Side.SELL

# fmt: off
HISTORIES = {
    # fills; net, average open price, realised in dollars, PnL at 4495.00
    "nothing":                 ("", 0, None, "0", "0"),
    "opened":                  ("B 2 4490.00", 2, "4490.00", "0", "50"),
    "grown":                   ("B 1 4490.00, B 3 4494.00", 4, "4493.00", "0", "40"),
    "shrunk":                  ("B 2 4490.00, S 1 4492.00", 1, "4490.00", "10", "35"),
    "closed":                  ("B 2 4490.00, S 2 4492.00", 0, None, "20", "20"),
    "through zero":            ("B 2 4490.00, S 5 4492.00", -3, "4492.00", "20", "-25"),
    "short earns as it falls": ("S 4 4500.00", -4, "4500.00", "0", "100"),
    "short shrunk at a loss":  ("S 4 4500.00, B 1 4501.00", -3, "4500.00", "-5", "70"),
    "closed and opened again": ("B 1 4490.00, S 1 4491.00, S 1 4496.00", -1, "4496.00", "5", "10"),
}
# fmt: on


@pytest.mark.rule("PNL-2")
@pytest.mark.parametrize("row", HISTORIES.values(), ids=HISTORIES.keys())
def test_a_position_is_reckoned_from_its_fills(
    row: tuple[str, int, str | None, str, str],
) -> None:
    fills, net, avg_open, realised, pnl = row
    held = Position(instrument=MES)

    for fill in filter(None, fills.split(", ")):
        side, qty, at = fill.split()
        held = held.filled(BUY if side == "B" else SELL, int(qty), price(at))

    assert held.net_qty == net
    assert held.avg_open == (None if avg_open is None else price(avg_open))
    assert held.realised == Fraction(realised)
    assert held.pnl(price("4495.00")) == Fraction(pnl)


@pytest.mark.rule("PNL-2")
@given(
    st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 5), st.integers(-5, 5)), max_size=12),
    st.integers(-5, 5),
)
def test_profit_is_what_came_in_plus_what_is_left(
    fills: list[tuple[Side, int, int]], mark: int
) -> None:
    held = Position(instrument=MES)
    cash = Fraction(0)
    for side, qty, at in fills:
        before = held
        held = held.filled(side, qty, at)
        cash -= notional(MES, at, qty if side is BUY else -qty)
        if abs(held.net_qty) < abs(before.net_qty) and held.net_qty * before.net_qty > 0:
            assert held.avg_open == before.avg_open

    assert held.pnl(mark) == cash + notional(MES, mark, held.net_qty)
    assert (held.avg_open is None) == (held.net_qty == 0)


def test_a_fill_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a quantity above zero, was 0"):
        Position(instrument=MES).filled(BUY, 0, 1)


# fmt: off
MARKS = {
    "last inside the market":      (Quotes(bid=10, ask=14, last=13, settle=1), 13),
    "last on the bid":             (Quotes(bid=10, ask=14, last=10), 10),
    "last on the ask":             (Quotes(bid=10, ask=14, last=14), 14),
    "last outside: the middle":    (Quotes(bid=10, ask=14, last=15), 12),
    "no last: the middle":         (Quotes(bid=10, ask=13), Fraction(23, 2)),
    "bid above the last":          (Quotes(bid=10, last=9), 10),
    "bid below the last":          (Quotes(bid=10, last=12), 12),
    "ask below the last":          (Quotes(ask=10, last=12), 10),
    "ask above the last":          (Quotes(ask=10, last=9), 9),
    "last alone":                  (Quotes(last=9, indicative=1), 9),
    "indicative":                  (Quotes(bid=10, indicative=8, settle=9), 8),
    "bid above the settlement":    (Quotes(bid=10, settle=9), 10),
    "ask above the settlement":    (Quotes(ask=10, settle=9), 9),
    "settlement":                  (Quotes(settle=9, close=8), 9),
    "close":                       (Quotes(close=8), 8),
    "nothing known":               (Quotes(), None),
}
# fmt: on


@pytest.mark.rule("PNL-3")
@pytest.mark.parametrize(("quotes", "mark"), MARKS.values(), ids=MARKS.keys())
def test_positions_are_valued_down_a_waterfall(quotes: Quotes, mark: object) -> None:
    assert mark_price(quotes) == mark


def test_an_average_is_weighted_by_quantity() -> None:
    assert average_price([(10, 1), (13, 2)]) == 12
    assert average_price([]) is None
