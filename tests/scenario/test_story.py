"""What a printed story shows of markets: what becomes public, and positions side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import EXAMPLES, STAGED_ORDER, changed, command, write

import floorproof
from floorproof.market.identifiers import Symbol
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.operations import (
    AuctionResult,
    BustTrade,
    IndicativePrice,
    OperationRefused,
    SecurityStatus,
)
from floorproof.market.wording import Wording
from floorproof.scenario.story import positions

AUCTION = EXAMPLES / "opening_auction.toml"
NCL = Symbol("NCL")


def lines(out: str, *words: str) -> list[str]:
    """Return the rows that hold one of *words*, each with single blanks."""
    rows = [" ".join(line.split()) for line in out.splitlines()]
    return [row for row in rows if any(word in row for word in words)]


def test_what_becomes_of_a_market_stands_where_it_comes_about() -> None:
    told = lines(command("run", AUCTION).out, "SecurityStatus", "AuctionResult", "Indicative")

    assert told == [
        "09:58:30.000 NSX IndicativePrice NCL 60 @ 10.10",
        "09:58:50.000 NSX IndicativePrice NCL 110 @ 10.10",
        "10:00:00.000 NSX SecurityStatus NCL OPEN",
        "10:00:00.000 NSX AuctionResult NCL 110 @ 10.10",
        "10:02:00.000 NSX SecurityStatus NCL HALT",
        "10:03:00.000 NSX IndicativePrice NCL 10 @ 10.00",
        "10:04:00.000 NSX SecurityStatus NCL OPEN",
        "10:04:00.000 NSX AuctionResult NCL 10 @ 10.00",
        "10:06:00.000 NSX SecurityStatus NCL CLOSE",
    ]


SAID = {
    "NCL OPEN": SecurityStatus(symbol=NCL, trading_state="OPEN", transact_time_ns=0),
    "NCL 5 @ 10.05": IndicativePrice(symbol=NCL, price=1005, quantity=5, transact_time_ns=0),
    "NCL none": AuctionResult(symbol=NCL, price=None, quantity=0, transact_time_ns=0),
    "BustTrade: no": OperationRefused(operation=BustTrade(trd_match_id=1), text="no"),
}


@pytest.mark.parametrize(("said", "news"), SAID.items())
def test_news_is_said_in_a_line(said: str, news: object) -> None:
    share = Instrument(symbol=NCL, price_decimals=2, ticks=TickTable.uniform(5))

    assert Wording({NCL: share}).key_fields(news) == said


def test_positions_stand_side_by_side_where_several_contracts_traded() -> None:
    result = floorproof.run(floorproof.load(EXAMPLES / "matching_algorithms.toml"))

    table = positions(result.windows())

    assert table is not None
    assert table.headings == ("user", "FUT-F", "FUT-C", "FUT-A", "FUT-K")
    assert table.rows == (
        ("EARLY", "-10", "-5", "-10", "-10"),
        ("LARGE", "-20", "-18", "-15", "-16"),
        ("MIDDLE", "0", "-7", "-5", "-3"),
        ("SMALL", "0", "0", "0", "-1"),
        ("BUYER", "+30", "+30", "+30", "+30"),
    )


def test_positions_of_one_contract_are_left_to_the_windows() -> None:
    assert positions(floorproof.run(floorproof.load(STAGED_ORDER)).windows()) is None
    assert "Positions" not in command("run", STAGED_ORDER).out


def test_a_window_shows_triggers_displays_types_and_lives(tmp_path: Path) -> None:
    text = AUCTION.read_text(encoding="utf-8")
    text = changed(text, "quantity = 40, ", "quantity = 40, display = 10, ")
    text = changed(text, 'stop = "10.05", price = "10.20"', 'stop = "10.50", price = "10.60"')

    told = lines(
        command("run", write(tmp_path, text)).out, "b2 BANK BANK", "d1 DESK DESK", "OrdQty"
    )

    heading = "B/S Contract Exch OrdQty ExeQty RemQty WrkQty"
    assert (
        f"{heading} AvgPrc Price Display Type TIF Status TTOrderID Originator CurrentUser Time"
        in told
    )
    assert "B NCL NSX 40 0 40 40 9.50 10 Limit GTC Working b2 BANK BANK 09:59:00.000" in told
    assert f"{heading} Price Trigger Type TIF Status TTOrderID Originator CurrentUser Time" in told
    assert (
        "B NCL NSX 30 0 0 0 10.60 10.50 StopLimit Day Eliminated d1 DESK DESK 10:06:00.000" in told
    )
