# ruff: noqa: E501  # a case is a line
"""Feeds in scenario files: what they may say, and what is refused before the run."""

from __future__ import annotations

import re
from pathlib import Path

import nsx_floor
import pytest
from commands import EXAMPLES, assert_refused, changed, command, write

import floorproof
from floorproof.scenario.errors import ScenarioError
from floorproof.wire.itch import AssetType, FirmDirectory, OrderbookDirectory

FEED = '  [[exchange.feed]]\n  name = "ITCH"\n'
FIRMS = 'firms = { "NSX-A" = 12 }'
BOOK = 'symbol = "X"\n    orderbook = 7\n'
READER = '[[feed_reader]]\nname = "TAPE"\nfeed = "ITCH"\n'

# fmt: off
BAD: dict[str, tuple[str, str, str]] = {
    "a reader of nothing": ('feed = "ITCH"', 'feed = "ITHC"', "feed_reader[0].feed: no feed named 'ITHC'; did you mean ITCH?"),
    "a name that is taken": ('name = "TAPE"', 'name = "ITCH"', "the name 'ITCH' is taken"),
    "a feed's name that is taken": ('name = "ITCH"', 'name = "NSX"', "exchange[0].feed[0].name: the name 'NSX' is taken"),
    "an unknown key": (FEED, f"{FEED}  firm = 3\n", "exchange[0].feed[0]: unknown key 'firm'; did you mean firms?"),
    "an unknown session": (FIRMS, 'firms = { "NSX-B" = 12 }', "exchange[0].feed[0].firms: no session named 'NSX-B'; did you mean NSX-A?"),
    "a firm beyond four bytes": (FIRMS, f'firms = {{ "NSX-A" = {2**32} }}', "exchange[0].feed[0]: Firm Directory [F], firm_id: expected an integer from 0 to 4294967295"),
    "a session's name": ('session = "NSX1"', 'session = "NSX-2026-01-05"', "exchange[0].feed[0].session: expected a session of 1 to 10 letters and digits, found 'NSX-2026-01-05'"),
    "an unknown book": (BOOK, BOOK.replace('"X"', '"Y"'), "exchange[0].feed[0].book[0].symbol: no instrument of NSX named 'Y'"),
    "a book twice": (BOOK, f'{BOOK}    [[exchange.feed.book]]\n    symbol = "X"\n', "exchange[0].feed[0].book[1].symbol: X has a table already"),
    "a book's number": (BOOK, BOOK.replace("7", "0"), "exchange[0].feed[0].book[0].orderbook"),
    "a text too long": (BOOK, f'{BOOK}    isin = "AU0000000000X"\n', "exchange[0].feed[0]: Orderbook Directory [R], isin: expected printable ASCII, at most 12 long"),
    "a text of other letters": (BOOK, f'{BOOK}    security_name = "Größe"\n', "security_name: expected printable ASCII"),
    "an asset type": (BOOK, f'{BOOK}    asset_type = "F"\n', "exchange[0].feed[0].book[0].asset_type: expected one of D, E, I"),
    "a board's name too long": ('name = "NCRP"', 'name = "THE_BOARD_OF_EQUITIES"', "board: expected printable ASCII, at most 20 long"),
    "before 1970": ("start = 2026-01-05", "start = 1969-12-31", "exchange[0].feed[0]: a feed counts from 1970, which the run starts before"),
    "a login before the start": (READER, f'{READER}at = "-1s"\n', "feed_reader[0].at"),
}
# fmt: on


@pytest.mark.parametrize(("old", "new", "said"), BAD.values(), ids=BAD)
def test_a_wrong_feed_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert_refused(command("run", write(tmp_path, changed(nsx_floor.text(), old, new))), said)


def test_two_books_may_not_have_one_number() -> None:
    other = '  [[exchange.instrument]]\n  symbol = "Y"\n  price_decimals = 2\n  tick = "0.01"\n'
    text = changed(nsx_floor.text(), "  [[exchange.board]]", f"{other}\n  [[exchange.board]]")

    with pytest.raises(ScenarioError, match="X and Y both have the number 2"):
        floorproof.parse(changed(text, "orderbook = 7", "orderbook = 2"))


def test_a_feed_says_of_a_book_what_the_file_does() -> None:
    more = (
        '    product = "ORD"\n    isin = "AU000000XXX1"\n    security_name = "X Limited"\n'
        '    board = "NETP"\n    currency = "NZD"\n    asset_type = "D"\n'
    )

    result = floorproof.run(floorproof.parse(changed(nsx_floor.text(), BOOK, BOOK + more)))

    (book,) = [
        each for each in nsx_floor.messages(result.journal) if isinstance(each, OrderbookDirectory)
    ]
    assert (book.orderbook, book.security_code, book.security_name) == (7, "X", "X Limited")
    assert (book.board, book.product, book.isin) == ("NETP", "ORD", "AU000000XXX1")
    assert (book.currency, book.asset_type) == ("NZD", AssetType.DEBT)


def test_a_feed_of_which_nothing_is_said_has_what_it_needs() -> None:
    text = nsx_floor.text()
    start, end = text.index("  session ="), text.index("[[feed_reader]]")

    result = floorproof.run(floorproof.parse(text[:start] + "\n" + text[end:]))

    messages = nsx_floor.messages(result.journal)
    (book,) = [each for each in messages if isinstance(each, OrderbookDirectory)]
    assert (book.orderbook, book.board, book.currency) == (1, "NCRP", "AUD")
    assert not [each for each in messages if isinstance(each, FirmDirectory)]
    (session,) = result.facts("feed session")
    assert session.session == "20260105"


def test_what_a_feed_tells_may_be_expected() -> None:
    expect = '[[expect]]\nfact = "feed"\nby = "ITCH"\nwhere = { letters = "TSAHSSI" }\n'

    assert floorproof.run(floorproof.parse(nsx_floor.text(more=expect))).held
    assert not floorproof.run(floorproof.parse(nsx_floor.text([], expect))).held


def test_what_the_page_on_nsx_shows_is_a_scenario() -> None:
    page = (EXAMPLES.parent / "docs" / "nsx.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    text = '[scenario]\nname = "a day"\nstart = 2026-01-05T00:30:00Z\n[[gateway]]\nname = "NSX-A"\nkind = "exchange"\n'

    result = floorproof.run(floorproof.parse(text + shown))

    assert result.held
    assert nsx_floor.told(result.journal)[0].letters == "TSFLMRXXXXXXXHSSS"
