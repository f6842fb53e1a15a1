"""Public feeds as a scenario declares them, and who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from ..market.exchange import Exchange
from ..market.identifiers import CompID, Symbol
from ..plugins.binding import announced, cross_types, opening
from ..wire.itch import CrossType, ItchError, encode
from ..wire.itch_feed import NSX_CROSS_TYPES, ItchFeed, ListedBook
from ..wire.public import PublicValue
from ..wire.soupbintcp import SoupError, login_accepted
from .errors import ScenarioError, unknown
from .schema import FeedBookTable, FeedTable, ScenarioFile
from .venues import Venue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Feed:
    """A feed, as it is to be made."""

    name: CompID
    venue: CompID
    session: str
    books: Sequence[ListedBook]
    firms: Mapping[CompID, int]
    cross_types: Mapping[str, CrossType]
    start_ns: int
    """When the run starts, after the start of 1970, UTC."""

    is_read: bool
    """Whether anybody reads it."""

    def make(self) -> ItchFeed:
        return ItchFeed(self.books, self.start_ns, self.firms, self.cross_types)


@attrs.frozen(kw_only=True)
class Reader:
    """A reader of a feed, as it is to be made."""

    name: CompID
    feed: CompID
    at_ns: int
    is_shown: bool
    """Whether what it reads is printed."""


def readers(tables: ScenarioFile) -> Iterator[Reader]:
    """Yield who reads a feed, in the order of the file.

    Raises:
        ScenarioError: if one reads a feed that there is not.
    """
    feeds = [feed.name for exchange in tables.exchange for feed in exchange.feed]
    for index, table in enumerate(tables.feed_reader):
        if table.feed not in feeds:
            raise ScenarioError(f"feed_reader[{index}].feed", unknown("feed", table.feed, feeds))
        yield Reader(
            name=CompID(table.name),
            feed=CompID(table.feed),
            at_ns=table.at,
            is_shown=table.shown,
        )


def feeds(
    tables: ScenarioFile, venues: Mapping[CompID, Venue], sessions: Sequence[str]
) -> Iterator[Feed]:
    """Yield the feeds in the order of the file.

    Args:
        sessions: who may have a session at an exchange.

    Raises:
        ScenarioError: if one cannot be made, or could not tell what it begins with.
    """
    start = tables.scenario.start
    start_ns = (start - _EPOCH) // timedelta(microseconds=1) * 1000
    for index, exchange in enumerate(tables.exchange):
        venue = venues[CompID(exchange.name)]
        for number, table in enumerate(exchange.feed):
            where = f"exchange[{index}].feed[{number}]"
            if start_ns < 0:
                raise ScenarioError(where, "a feed counts from 1970, which the run starts before")
            for session in table.firms:
                if session not in sessions:
                    raise ScenarioError(f"{where}.firms", unknown("session", session, sessions))
            feed = Feed(
                name=CompID(table.name),
                venue=venue.name,
                session=f"{start:%Y%m%d}" if table.session is None else table.session,
                books=tuple(_books(table, venue, where)),
                firms={CompID(session): firm for session, firm in table.firms.items()},
                cross_types=_cross_types(venue),
                start_ns=start_ns,
                is_read=any(reader.feed == table.name for reader in tables.feed_reader),
            )
            _check(feed, venue, where)
            yield feed


def known(venue: Venue, exchange: Exchange) -> tuple[PublicValue, ...]:
    """Return what the rule sets of a venue let a feed say as it begins."""
    values = [
        value
        for symbol in venue.instruments
        for name, rule_set in venue.rule_sets.items()
        for value in opening(rule_set, exchange.view(symbol, name))
    ]
    values += (
        value
        for board in venue.boards
        for rule_set in venue.rule_sets.values()
        for value in announced(rule_set, board)
    )
    return tuple(value for value in values if isinstance(value, PublicValue))


def _books(table: FeedTable, venue: Venue, where: str) -> Iterator[ListedBook]:
    said: dict[str, FeedBookTable] = {}
    for number, each in enumerate(table.book):
        at = f"{where}.book[{number}].symbol"
        if each.symbol not in venue.instruments:
            what = f"instrument of {venue.name}"
            raise ScenarioError(at, unknown(what, each.symbol, venue.instruments))
        if each.symbol in said:
            raise ScenarioError(at, f"{each.symbol} has a table already")
        said[each.symbol] = each
    boards = {symbol: board for board in venue.boards for symbol in board.symbols}
    taken: dict[int, Symbol] = {}
    for place, (symbol, instrument) in enumerate(venue.instruments.items(), start=1):
        book = said.get(symbol)
        orderbook = place if book is None or book.orderbook is None else book.orderbook
        if orderbook in taken:
            raise ScenarioError(
                f"{where}.book", f"{taken[orderbook]} and {symbol} both have the number {orderbook}"
            )
        taken[orderbook] = symbol
        board = boards.get(symbol)
        listed = ListedBook(
            instrument=instrument,
            orderbook=orderbook,
            board="NCRP" if board is None else board.name,
        )
        if board is not None:
            listed = attrs.evolve(listed, state=board.state.name)
        if book is not None:
            listed = attrs.evolve(
                listed,
                board=listed.board if book.board is None else book.board,
                product=book.product,
                isin=book.isin,
                security_name=book.security_name,
                currency=book.currency,
                asset_type=book.asset_type,
            )
        yield listed


def _cross_types(venue: Venue) -> dict[str, CrossType]:
    found = dict(NSX_CROSS_TYPES)
    for rule_set in venue.rule_sets.values():
        said = cross_types(rule_set, venue.states)
        found |= {state: CrossType(letter) for state, letter in said.items()}
    return found


def _check(feed: Feed, venue: Venue, where: str) -> None:
    """Check that a feed can tell what it begins with, before anything runs."""
    try:
        login_accepted(feed.session, 1)
    except SoupError as error:
        raise ScenarioError(f"{where}.session", str(error)) from None
    exchange = Exchange(
        venue.instruments.values(), venue.algorithms, boards=venue.boards,
        states=venue.states.values(),
    )  # fmt: skip
    for message in feed.make().spin(known(venue, exchange), 0):
        try:
            encode(message)
        except ItchError as error:
            raise ScenarioError(where, str(error)) from None


def of_venue(feeds: Iterable[Feed], venue: CompID) -> dict[CompID, bool]:
    """Return the feeds of a venue, each with whether anybody reads it."""
    return {feed.name: feed.is_read for feed in feeds if feed.venue == venue}
