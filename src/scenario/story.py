"""A run as a person reads it: the messages, and each user's window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR

import attrs

from ..actors.fix_end import SessionDue
from ..market.fix import OrdStatus, Side, TimeInForce
from ..market.identifiers import Price, Qty, Symbol
from ..market.my_requests import MyRequests
from ..market.operations import AuctionResult, IndicativePrice, OperationRefused, SecurityStatus
from ..market.rules import TellsItself
from ..market.synthetic import MultiLegReportingType
from ..market.window import FillRow, OrderRow, QuoteRow, Window, average
from ..market.wording import ORDER_TYPES, TIMES_IN_FORCE, Wording, label
from ..runtime.journal import Entry
from ..wire.itch import decode
from ..wire.itch_book import ItchReader
from ..wire.itch_session import FeedMessages, FeedSession
from ..wire.itch_text import tell


@attrs.frozen
class Table:
    """Rows of text under headings; numbers are those columns that line up on the right."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    tones: tuple[str, ...] = ()
    """What each row is, for whoever can show colour: ``request``, ``ack``, ``fill``, ``reject``."""


def clock_time(start: datetime, now_ns: int) -> str:
    """Return a moment of the run as the time of day at *start*'s offset.

    It shows milliseconds, and what is needed beyond them; from the second day on, the day.
    """
    whole, rest = divmod(now_ns, 1_000)
    moment = start + timedelta(microseconds=whole)
    day = "" if moment.date() == start.date() else f"{moment:%Y-%m-%d} "
    shown = f"{day}{moment:%H:%M:%S.%f}"
    return f"{shown}{rest:03}" if rest else shown.removesuffix("000")


def date_and_time(start: datetime, now_ns: int) -> str:
    """Return a moment of the run with its day, at *start*'s offset."""
    shown = clock_time(start, now_ns)
    return shown if " " in shown else f"{start:%Y-%m-%d} {shown}"


def _tone(word: str) -> str:
    if word.endswith(("Reject", "Refused")):
        return "reject"
    if word.endswith("Fill"):
        return "fill"
    if word.endswith(("Ack", "Update", "Changed", "Reserved")):
        return "ack"
    return "request"


def messages(
    entries: Sequence[Entry],
    wording: Wording,
    start: datetime,
    *,
    apart: Sequence[str] = (),
) -> Table:
    """Return the messages of a run, one row for what one sender tells several alike.

    What becomes public of a market is among them, where it comes about.

    Args:
        apart: participants whose traffic is counted under the table, not shown: the
            rest of the market, of which there is much.
    """
    rows: list[list[str]] = []
    last: tuple[object, ...] = ()
    tones = []
    for entry in entries:
        if entry.sender is None and (said := _made_public(entry, wording)) is not None:
            time = clock_time(start, entry.time)
            rows.append([time, entry.actor, "", label(entry.payload), said])
            tones.append(_tone(label(entry.payload)))
            last = ()
        if entry.sender in (None, "scenario", entry.actor):  # to oneself: a timer
            continue
        if isinstance(entry.payload, SessionDue):
            continue  # a timer that nobody has to know of
        if entry.actor in apart or entry.sender in apart:
            continue
        word = label(entry.payload)
        told = (entry.time, entry.phase, entry.sender, word, wording.key_fields(entry.payload))
        if told == last:
            rows[-1][2] += f", {entry.actor}"
            continue
        last = told
        time = clock_time(start, entry.time)
        rows.append([time, entry.sender, entry.actor, word, told[-1]])
        tones.append(_tone(word))
    return Table(
        "",
        ("time", "from", "to", "message", "key fields"),
        tuple(tuple(row) for row in rows),
        tones=tuple(tones),
    )


def _made_public(entry: Entry, wording: Wording) -> str | None:
    """Return what a fact says that has become public, or None if it has not."""
    message = entry.payload
    if isinstance(message, _MADE_PUBLIC):
        return wording.key_fields(message)
    if entry.kind == "published" and isinstance(message, TellsItself):
        return message.told(wording.instruments[message.symbol])
    return None


_MADE_PUBLIC = (SecurityStatus, IndicativePrice, AuctionResult, OperationRefused)


def left_out(entries: Sequence[Entry], apart: Sequence[str]) -> int:
    """Return how many messages `messages` counts and does not show."""
    return sum(
        entry.sender not in (None, "scenario") and (entry.actor in apart or entry.sender in apart)
        for entry in entries
    )


def feed(entries: Sequence[Entry], name: str, reader: str, start: datetime) -> Table:
    """Return what a public feed has told, with the book beside each message.

    Args:
        name: the feed's.
        reader: who is shown to read it.
    """
    own = [entry for entry in entries if entry.sender is None and entry.actor == name]
    start_ns = next(
        entry.payload.start_ns for entry in own if isinstance(entry.payload, FeedSession)
    )
    told = [
        message
        for entry in own
        if isinstance(entry.payload, FeedMessages)
        for message in entry.payload.messages
    ]

    def clock(time_ns: int) -> str:
        return clock_time(start, time_ns - start_ns)

    book = ItchReader()
    rows: list[tuple[str, ...]] = []
    for number, message in enumerate(told, start=1):
        line = tell(book, decode(message), clock)
        if line.letter != "T":  # which the times of the others say already
            said = f"{line.letter}  {line.text}"
            rows.append((clock(line.time_ns), str(number), said, line.bids, line.offers))
    headings = ("time", "#", "message", "bids", "offers")
    return Table(f"{name}, as {reader} reads it", headings, tuple(rows), frozenset({"#"}))


def requests(entries: Sequence[Entry], user: str, start: datetime) -> Table:
    """Return a user's *My Requests*: what he submitted, and what he may approve."""
    mine = MyRequests()
    for entry in entries:
        if entry.sender is not None and entry.actor == user:
            mine.show(entry.payload, entry.time)
    title = f"{user}: My Requests" if mine.rows else f"{user}: My Requests is empty"
    rows = tuple(
        (
            each.request_id,
            str(each.market),
            str(each.kind),
            each.subject,
            each.submitted_by,
            str(each.status),
            "to approve" if each.to_approve else "",
            each.fee or "",
            date_and_time(start, at_ns),
            each.text,
        )
        for at_ns, each in mine.rows.values()
    )
    return _used(Table(title, _REQUESTS, rows)) if rows else Table(title, (), ())


_REQUESTS = (
    "Request",
    "Market",
    "Type",
    "Subject",
    "Submitted by",
    "Status",
    "To do",
    "Fee (USD)",
    "Updated",
    "Reason",
)


def positions(windows: Mapping[str, Window]) -> Table | None:
    """Return what everybody has bought (+) and sold (-), by contract, side by side.

    Args:
        windows: each user's.

    Returns:
        None where fewer than two contracts have been traded: then the windows say it.
    """
    traded: dict[str, dict[Symbol, list[Qty]]] = {}
    contracts: dict[Symbol, None] = {}
    for user, window in windows.items():
        for row in _all(window):
            contracts.setdefault(row.symbol)
            if row.user == user and row.cum_qty:
                sign = 1 if row.side is Side.BUY else -1
                traded.setdefault(user, {}).setdefault(row.symbol, []).append(sign * row.cum_qty)
    having = [each for each in contracts if any(each in mine for mine in traded.values())]
    if len(having) < 2:
        return None
    rows = tuple(
        (user, *(_signed(traded.get(user, {}).get(each, [])) for each in having))
        for user, window in windows.items()
        if any(row.user == user for row in _all(window))
    )
    return Table("Positions", ("user", *having), rows, frozenset(having))


def _all(window: Window) -> Iterator[OrderRow | QuoteRow]:
    yield from window.orders.values()
    yield from window.quotes.values()


def _signed(quantities: Sequence[Qty]) -> str:
    net = sum(quantities)
    return f"{net:+d}" if net else "0"


_STATUS = {
    OrdStatus.NEW: "Working",
    OrdStatus.PARTIALLY_FILLED: "Partially Filled",
    OrdStatus.FILLED: "Filled",
    OrdStatus.CANCELED: "Canceled",
    OrdStatus.REJECTED: "Rejected",
    OrdStatus.EXPIRED: "Eliminated",
}

_ORDERS = (
    "B/S",
    "Contract",
    "Exch",
    "OrdQty",
    "ExeQty",
    "RemQty",
    "WrkQty",
    "AvgPrc",
    "Price",
    "Trigger",
    "Display",
    "Type",
    "TIF",
    "Status",
    "Staged",
    "TTOrderID",
    "ParentID",
    "Originator",
    "CurrentUser",
    "Account",
    "StageMsg",
    "Time",
)
_FILLS = ("Time", "B/S", "Contract", "FillQty", "Price", "P/F", "FillType", "OrderID", "ParentID")
_NUMBERS = frozenset(
    {"OrdQty", "ExeQty", "RemQty", "WrkQty", "AvgPrc", "Price", "Trigger", "Display", "FillQty"}
)
_TYPES = {of: word.replace("_", " ").title().replace(" ", "") for word, of in ORDER_TYPES.items()}
_LIVES = {of: "Day" if word == "day" else word.upper() for word, of in TIMES_IN_FORCE.items()}


@attrs.frozen
class Screen:
    """Draws one user's Orders and Fills window."""

    wording: Wording
    start: datetime
    exchanges: Mapping[Symbol, str]
    """Where each instrument is listed."""

    def tables(self, user: str, window: Window) -> Iterator[Table]:
        orders = (
            *self._staged(window),
            *self._synthetic(window),
            *self._orders(window),
            *self._quotes(window),
        )
        if not orders:
            yield Table(f"{user}: Orders and Fills is empty", (), ())
            return
        yield _used(Table(f"{user}: Orders", _ORDERS, orders, _NUMBERS))
        if window.fills:
            yield _used(Table(f"{user}: Fills", _FILLS, tuple(self._fills(window)), _NUMBERS))

    def _average(self, symbol: Symbol, traded: Price, qty: Qty) -> str:
        instrument = self.wording.instruments.get(symbol)
        price = average(traded, qty, instrument.price_decimals if instrument else 0)
        if price is None or instrument is None or instrument.shown_decimals is None:
            return "" if price is None else str(price)
        return f"{price:.{min(instrument.shown_decimals, instrument.price_decimals) + 2}f}"

    def _shown(self, symbol: Symbol, price: Price | None, side: Side | None = None) -> str:
        """Return a price as a window shows it: of an order a bid rounded down, an offer up."""
        instrument = self.wording.instruments.get(symbol)
        if price is None or instrument is None:
            return "" if price is None else str(price)
        if side is None:
            return instrument.show_on_screen(price)
        return instrument.show_on_screen(price, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)

    def _staged(self, window: Window) -> Iterator[tuple[str, ...]]:
        for row in window.staged.values():
            yield (
                self.wording.side(row.side)[0],
                row.symbol,
                self.exchanges.get(row.symbol, ""),
                str(row.order_qty),
                str(row.cum_qty),
                str(row.order_qty - row.cum_qty),
                str(row.working_qty),
                self._average(row.symbol, row.traded, row.cum_qty),
                "" if row.price is None else self.wording.price(row.symbol, row.price),
                "",
                "",
                "Limit" if row.price is not None else "Market",
                "Day",
                row.status.value,
                "Staged",
                row.staged_order_id,
                "",
                row.originator,
                row.owner or "",
                row.account or "",
                row.text,
                clock_time(self.start, row.time_ns),
            )

    def _synthetic(self, window: Window) -> Iterator[tuple[str, ...]]:
        for row in window.synthetic.values():
            exchange = self.exchanges.get(row.symbol)
            yield (
                self.wording.side(row.side)[0],
                row.symbol,
                f"{exchange}*" if exchange else "ASE",
                str(row.order_qty),
                str(row.cum_qty),
                str(row.leaves_qty),
                "",
                self._average(row.symbol, row.traded, row.cum_qty),
                self._shown(row.symbol, row.price, row.side),
                "",
                "",
                row.order_type,
                "",
                row.synth_status.value,
                "",
                row.cl_ord_id,
                row.parent_id or "",
                row.originator,
                row.originator,
                row.account or "",
                row.text,
                clock_time(self.start, row.time_ns),
            )

    def _orders(self, window: Window) -> Iterator[tuple[str, ...]]:
        for row in window.orders.values():
            yield (
                self.wording.side(row.side)[0],
                row.symbol,
                self.exchanges.get(row.symbol, ""),
                str(row.order_qty),
                str(row.cum_qty),
                str(row.leaves_qty),
                str(row.leaves_qty),
                self._average(row.symbol, row.traded, row.cum_qty),
                "" if row.price is None else self.wording.price(row.symbol, row.price),
                "" if row.stop_px is None else self.wording.price(row.symbol, row.stop_px),
                "" if row.display_qty is None else str(row.display_qty),
                _TYPES[row.ord_type],
                _LIVES[row.time_in_force],
                _STATUS[row.ord_status],
                "",
                row.cl_ord_id,
                row.parent_id or "",
                row.user,
                row.user,
                row.account or "",
                "",
                clock_time(self.start, row.time_ns),
            )

    def _quotes(self, window: Window) -> Iterator[tuple[str, ...]]:
        for row in window.quotes.values():
            yield (
                self.wording.side(row.side)[0],
                row.symbol,
                self.exchanges.get(row.symbol, ""),
                str(row.leaves_qty + row.cum_qty),
                str(row.cum_qty),
                str(row.leaves_qty),
                str(row.leaves_qty),
                self._average(row.symbol, row.traded, row.cum_qty),
                self.wording.price(row.symbol, row.price),
                "",
                "",
                "Quote",
                _LIVES[TimeInForce.DAY],
                "Working" if row.leaves_qty else "Gone",
                "",
                row.quote_entry_id,
                "",
                row.user,
                row.user,
                row.account or "",
                "",
                clock_time(self.start, row.time_ns),
            )

    def _fills(self, window: Window) -> Iterator[tuple[str, ...]]:
        for fill in window.fills:
            yield (
                clock_time(self.start, fill.time_ns),
                self.wording.side(fill.side)[0],
                fill.symbol,
                str(fill.last_qty),
                self._shown(fill.symbol, fill.last_px),
                "F" if fill.is_full else "P",
                _fill_type(fill),
                fill.order,
                fill.parent_id or "",
            )


def _used(table: Table) -> Table:
    """Return *table* without the columns in which nothing stands."""
    kept = [index for index in range(len(table.headings)) if any(row[index] for row in table.rows)]
    return attrs.evolve(
        table,
        headings=tuple(table.headings[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
    )


def _fill_type(fill: FillRow) -> str:
    if fill.is_staged:
        return "Staged"
    if fill.is_synthetic:
        return _SYNTHETIC_FILLS[fill.multi_leg_reporting_type]
    return "Outright"


_SYNTHETIC_FILLS = {
    MultiLegReportingType.SINGLE_SECURITY: "Synthetic",
    MultiLegReportingType.LEG: "Spread leg",
    MultiLegReportingType.MULTILEG: "Spread",
}
