"""The messages of NSX's public feed (NETS ITCH), one by one: values to bytes and back.

What a message looks like on the wire stands in one table, `LAYOUTS`, a row a field;
everything else here works from it.  Integers are big-endian, texts are left-justified
and padded with blanks.  Prices and quantities are integers with as many decimals as the
book's `OrderbookDirectory` says.

All messages but `Timestamp` say when they were made in nanoseconds after the latest
`Timestamp`: `floorproof.wire.itch_feed` writes these, `floorproof.wire.itch_book`
keeps them.

Source: docs.nsx.com.au/ncd, "ITCH introduction" and a page for each message; where
these are cut short, Open Markets Initiative, "NsxAustralia Nets Itch v4.2.55".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from functools import partial
from typing import Any, TypeAlias

import attrs
import msgspec

UNAVAILABLE_PX = 0x7FFF_FFFF_FFFF_FFFF
"""The price that stands where there is none."""

NOT_TRADEABLE_QTY = 0xFFFF_FFFF_FFFF_FFFF
"""The minimum quantity of a book in which nobody can trade."""


class ItchError(ValueError):
    """A message cannot be written, or bytes are none.

    Attributes:
        message: what kind of message it is, or "" where nothing says so.
        field: which of its fields is wrong, or "".
        expected: what should have stood there.
        found: what stood there.
        offset: where in what was read the error is; None of a message to be written.
    """

    def __init__(
        self, message: str, field: str, expected: str, found: str, offset: int | None = None
    ) -> None:
        place = "" if offset is None else f"offset {offset}: "
        about = ", ".join(part for part in (message, field) if part)
        about = f"{about}: " if about else ""
        super().__init__(f"{place}{about}expected {expected}, found {found}")
        self.message = message
        self.field = field
        self.expected = expected
        self.found = found
        self.offset = offset


# --- codes ---------------------------------------------------------------------------


class OrderVerb(StrEnum):
    """Which side an order is on."""

    BUY = "B"
    SELL = "S"


class EventStatus(StrEnum):
    SCHEDULED = "S"
    CANCELED = "C"
    TRIGGERED = "T"


class ActionState(StrEnum):
    ACTIVE = "T"
    SUSPENDED = "V"


class ActionReason(StrEnum):
    NONE = " "
    NORMAL = "N"
    ETR = "H"
    """Halted because a trade would have been outside the extreme trade range."""
    SUPERVISORY = "S"


class AttributeType(StrEnum):
    PREVIOUS_CLOSE = "R"
    CLOSE = "C"
    ETR_REFERENCE = "B"
    ETR_UPPER_PERCENT = "D"
    ETR_LOWER_PERCENT = "d"
    AOT_REFERENCE = "A"
    AOT_UPPER_PERCENT = "P"
    AOT_LOWER_PERCENT = "p"


class CrossType(StrEnum):
    NONE = " "
    OPENING = "O"
    INTRADAY = "I"
    CLOSING = "C"


class TradeIndicator(StrEnum):
    REGULAR = " "
    BLOCK = "B"
    """A block trade or special crossing."""


class TradeSource(StrEnum):
    """What kind of trade was reported; only with `TradeIndicator.BLOCK`."""

    NONE = " "
    AUTOTRADE = "A"
    BEST_EXECUTION = "B"
    OFF_MARKET_CROSSING = "C"
    DIRECTED = "D"
    BELOW_MARKETABLE_PARCEL = "E"
    FORWARD_DELIVERY = "F"
    INDEX_CROSSING = "I"
    BUY_BACK = "K"
    MARRIAGE_CROSSING = "M"
    OUTSIDE_MARKET_HOURS = "N"
    OVERSEAS_EXCHANGE = "O"
    BLOCK_CROSSING_OR_LOAN = "P"
    BELOW_MARKETABLE_PARCEL_TOO = "Q"
    STRATEGY = "R"
    SHORT_SALE = "S"
    FOREIGN_TO_FOREIGN = "U"
    BOOK_VALUE_SWITCH = "V"
    PORTFOLIO_CROSSING = "X"
    SPECIAL = "Y"
    UNDERWRITING_OR_APPROVAL = "Z"


class BreakReason(StrEnum):
    SUPERVISORY = "S"


class AssetType(StrEnum):
    DEBT = "D"
    EQUITY = "E"
    INDEX = "I"


class Printable(Enum):
    """Whether an execution counts in the volume; a message says True or False."""

    YES = "Y"
    NO = "N"


# --- messages ------------------------------------------------------------------------


class Timestamp(msgspec.Struct, frozen=True, gc=False):
    """From when the nanoseconds of the messages that follow are counted [T]."""

    nanosecond: int
    """After the start of 1970, UTC."""


class SystemEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of the whole system, a board, one of its products or a book [S]."""

    timestamp: int
    group: str
    product: str
    orderbook: int
    event_code: str
    event_status: EventStatus
    scheduled_time: int


class PriceTickSize(msgspec.Struct, frozen=True, gc=False):
    """One band of a table of price steps [L]."""

    timestamp: int
    tick_size_table_id: int
    tick_size: int
    price_start: int


class QuantityTickSize(msgspec.Struct, frozen=True, gc=False):
    """One band of a table of quantity steps [M]."""

    timestamp: int
    tick_size_table_id: int
    tick_size: int
    quantity_start: int


class OrderbookDirectory(msgspec.Struct, frozen=True, gc=False):
    """What is traded in one order book [R]."""

    timestamp: int
    orderbook: int
    isin: str
    security_code: str
    security_name: str
    currency: str
    board: str
    product: str
    minimum_quantity: int
    quantity_tick_size_table_id: int
    quantity_decimals: int
    price_tick_size_table_id: int
    price_decimals: int
    listing: int = 0
    expiry: int = 0
    asset_type: AssetType = AssetType.EQUITY
    settle_date: int = 0
    reference: str = ""
    remarks: str = ""


class OrderbookTradingAction(msgspec.Struct, frozen=True, gc=False):
    """Whether a book trades, and why (not) [H]."""

    timestamp: int
    orderbook: int
    trading_state: ActionState
    reason: ActionReason


class OrderbookAttribute(msgspec.Struct, frozen=True, gc=False):
    """A reference price, or a percentage, of a book; both with the price's decimals [X]."""

    timestamp: int
    orderbook: int
    attribute_value: int
    attribute_type: AttributeType
    reason: str = ""


class FirmDirectory(msgspec.Struct, frozen=True, gc=False):
    """A firm, and its number [F]."""

    timestamp: int
    firm_id: int
    firm_code: str


class AddOrder(msgspec.Struct, frozen=True, gc=False):
    """An order joins a book [A]."""

    timestamp: int
    order_number: int
    order_verb: OrderVerb
    quantity: int
    orderbook: int
    price: int
    firm_id: int = 0


class OrderExecuted(msgspec.Struct, frozen=True, gc=False):
    """An order in the book trades at its price [E]."""

    timestamp: int
    order_number: int
    executed_quantity: int
    match_number: int
    printable: bool = True
    aggressor_firm_id: int = 0


class OrderExecutedWithPrice(msgspec.Struct, frozen=True, gc=False):
    """An order in the book trades at an auction's price [C]."""

    timestamp: int
    order_number: int
    executed_quantity: int
    match_number: int
    printable: bool
    execution_price: int


class OrderDelete(msgspec.Struct, frozen=True, gc=False):
    """An order leaves the book whole [D]."""

    timestamp: int
    order_number: int


class OrderReplace(msgspec.Struct, frozen=True, gc=False):
    """An order has another price, quantity or number [U]."""

    timestamp: int
    original_order_number: int
    new_order_number: int
    quantity: int
    price: int


class IndicativePriceQuantity(msgspec.Struct, frozen=True, gc=False):
    """At what price how much an auction would trade, and the best bid and offer [I]."""

    timestamp: int
    theoretical_opening_quantity: int
    orderbook: int
    best_bid: int
    best_offer: int
    theoretical_opening_price: int
    cross_type: CrossType
    best_bid_size: int
    best_offer_size: int


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A trade of what no book shows [P]."""

    timestamp: int
    executed_quantity: int
    orderbook: int
    printable: bool
    execution_price: int
    match_number: int
    trade_indicator: TradeIndicator = TradeIndicator.REGULAR
    buy_firm_id: int = 0
    sell_firm_id: int = 0
    trade_source: TradeSource = TradeSource.NONE


class BrokenTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade is taken back [B]."""

    timestamp: int
    match_number: int
    reason: BreakReason = BreakReason.SUPERVISORY


class News(msgspec.Struct, frozen=True, gc=False):
    """A piece of news about a book [N]."""

    timestamp: int
    orderbook: int
    news_id: int
    firm_code: str = ""
    title: str = ""
    reference: str = ""
    text: str = ""


class IndexMember(msgspec.Struct, frozen=True, gc=False):
    """What weight a book has in an index [Y]."""

    timestamp: int
    index_orderbook: int
    member_orderbook: int
    weight: int


class IndexValue(msgspec.Struct, frozen=True, gc=False):
    """What an index stands at [Z]."""

    timestamp: int
    index_orderbook: int
    index_value: int


Message: TypeAlias = (
    Timestamp
    | SystemEvent
    | PriceTickSize
    | QuantityTickSize
    | OrderbookDirectory
    | OrderbookTradingAction
    | OrderbookAttribute
    | FirmDirectory
    | AddOrder
    | OrderExecuted
    | OrderExecutedWithPrice
    | OrderDelete
    | OrderReplace
    | IndicativePriceQuantity
    | Trade
    | BrokenTrade
    | News
    | IndexMember
    | IndexValue
)


# --- what they look like -------------------------------------------------------------


class Kind(Enum):
    """How a field's bytes are read."""

    UNSIGNED = "unsigned integer"
    SIGNED = "signed integer"
    ALPHA = "text, padded with blanks"
    CODE = "one letter of some"
    ZERO_ENDED = "text, ended by a zero byte"


@attrs.frozen
class Field:
    """One row of a layout."""

    name: str
    offset: int
    """From the message's first byte.  Of a text that is ended by a zero byte: where it
    begins if those before it are as long as they can be."""

    length: int
    """In bytes; of a text that is ended by a zero byte the most, that byte included."""

    kind: Kind
    meaning: str
    codes: type[Enum] | None = None


@attrs.frozen
class Layout:
    """One message on the wire."""

    letter: str
    name: str
    message: type[Message]
    length: int
    """In bytes; the most, where texts are ended by a zero byte."""

    fields: tuple[Field, ...]


_U, _S, _A, _C, _Z = Kind
_STAMP = Field("timestamp", 1, 4, _U, "ns after the latest Timestamp")
_BOOK = Field("orderbook", 5, 4, _U, "its id")
_TICK_TABLE = Field("tick_size_table_id", 5, 4, _U, "looked up from the Orderbook Directory")

# A row: name, offset, length, kind, meaning, codes.  Byte 0 is the message's type.
# fmt: off
LAYOUTS: tuple[Layout, ...] = (
    Layout("T", "Timestamp", Timestamp, 9, (
        Field("nanosecond",                     1,   8, _U, "ns after the start of 1970, UTC"),
    )),
    Layout("S", "System Event", SystemEvent, 62, (
        _STAMP,
        Field("group",                          5,  20, _A, "board; blank if not about one"),
        Field("product",                       25,  12, _A, "blank if not about one"),
        Field("orderbook",                     37,   4, _U, "0 if not about one"),
        Field("event_code",                    41,  12, _A, "what happens"),
        Field("event_status",                  53,   1, _C, "and how far it is", EventStatus),
        Field("scheduled_time",                54,   8, _U, "ns after the start of 1970, UTC"),
    )),
    Layout("L", "Price Tick Size", PriceTickSize, 25, (
        _STAMP, _TICK_TABLE,
        Field("tick_size",                      9,   8, _U, "step"),
        Field("price_start",                   17,   8, _U, "first price with this step"),
    )),
    Layout("M", "Quantity Tick Size", QuantityTickSize, 25, (
        _STAMP, _TICK_TABLE,
        Field("tick_size",                      9,   8, _U, "step"),
        Field("quantity_start",                17,   8, _U, "first quantity with this step"),
    )),
    Layout("R", "Orderbook Directory", OrderbookDirectory, 321, (
        _STAMP, _BOOK,
        Field("isin",                           9,  12, _A, "blank if there is none"),
        Field("security_code",                 21, 100, _A, "ticker"),
        Field("security_name",                121, 100, _A, ""),
        Field("currency",                     221,   3, _A, ""),
        Field("board",                        224,  20, _A, "NCRP equities, NDBT debt, ..."),
        Field("product",                      244,  12, _A, ""),
        Field("minimum_quantity",             256,   8, _U, "2^64-1: not tradeable"),
        Field("quantity_tick_size_table_id",  264,   4, _U, "to Quantity Tick Size"),
        Field("quantity_decimals",            268,   4, _U, ""),
        Field("price_tick_size_table_id",     272,   4, _U, "to Price Tick Size"),
        Field("price_decimals",               276,   4, _U, ""),
        Field("listing",                      280,   8, _U, "YYYYMMDDHHMMSS, 0 for none"),
        Field("expiry",                       288,   8, _U, "YYYYMMDDHHMMSS, 0 for none"),
        Field("asset_type",                   296,   1, _C, "", AssetType),
        Field("settle_date",                  297,   4, _U, "YYYYMMDD"),
        Field("reference",                    301,  12, _A, "reserved"),
        Field("remarks",                      313,   8, _A, "of a conditional market"),
    )),
    Layout("H", "Orderbook Trading Action", OrderbookTradingAction, 11, (
        _STAMP, _BOOK,
        Field("trading_state",                  9,   1, _C, "whether it trades", ActionState),
        Field("reason",                        10,   1, _C, "why (not)", ActionReason),
    )),
    Layout("X", "Orderbook Attribute", OrderbookAttribute, 19, (
        _STAMP, _BOOK,
        Field("attribute_value",                9,   8, _S, "with the price's decimals"),
        Field("attribute_type",                17,   1, _C, "", AttributeType),
        Field("reason",                        18,   1, _A, "reserved"),
    )),
    Layout("F", "Firm Directory", FirmDirectory, 39, (
        _STAMP,
        Field("firm_id",                        5,   4, _U, ""),
        Field("firm_code",                      9,  30, _A, ""),
    )),
    Layout("A", "Add Order", AddOrder, 38, (
        _STAMP,
        Field("order_number",                   5,   8, _U, "lower is earlier at a price"),
        Field("order_verb",                    13,   1, _C, "which side", OrderVerb),
        Field("quantity",                      14,   8, _U, "what it shows"),
        Field("orderbook",                     22,   4, _U, "its id"),
        Field("price",                         26,   8, _S, ""),
        Field("firm_id",                       34,   4, _U, "0 if not applicable"),
    )),
    Layout("E", "Order Executed", OrderExecuted, 34, (
        _STAMP,
        Field("order_number",                   5,   8, _U, "the resting order"),
        Field("executed_quantity",             13,   8, _U, ""),
        Field("match_number",                  21,   8, _U, "unique in the day"),
        Field("printable",                     29,   1, _C, "counts in the volume", Printable),
        Field("aggressor_firm_id",             30,   4, _U, "0 if not applicable"),
    )),
    Layout("C", "Order Executed with Price", OrderExecutedWithPrice, 38, (
        _STAMP,
        Field("order_number",                   5,   8, _U, "either order of the match"),
        Field("executed_quantity",             13,   8, _U, ""),
        Field("match_number",                  21,   8, _U, "that of both its messages"),
        Field("printable",                     29,   1, _C, "counts in the volume", Printable),
        Field("execution_price",               30,   8, _S, "the auction's"),
    )),
    Layout("D", "Order Delete", OrderDelete, 13, (
        _STAMP,
        Field("order_number",                   5,   8, _U, ""),
    )),
    Layout("U", "Order Replace", OrderReplace, 37, (
        _STAMP,
        Field("original_order_number",          5,   8, _U, ""),
        Field("new_order_number",              13,   8, _U, "another if it lost its place"),
        Field("quantity",                      21,   8, _U, "what it shows, the new total"),
        Field("price",                         29,   8, _S, ""),
    )),
    Layout("I", "Indicative Price/Quantity", IndicativePriceQuantity, 58, (
        _STAMP,
        Field("theoretical_opening_quantity",   5,   8, _U, "that would trade"),
        Field("orderbook",                     13,   4, _U, "its id"),
        Field("best_bid",                      17,   8, _S, ""),
        Field("best_offer",                    25,   8, _S, ""),
        Field("theoretical_opening_price",     33,   8, _S, "at which it would"),
        Field("cross_type",                    41,   1, _C, "which auction", CrossType),
        Field("best_bid_size",                 42,   8, _U, "all that is shown there"),
        Field("best_offer_size",               50,   8, _U, "all that is shown there"),
    )),
    Layout("P", "Trade", Trade, 44, (
        _STAMP,
        Field("executed_quantity",              5,   8, _U, ""),
        Field("orderbook",                     13,   4, _U, "its id"),
        Field("printable",                     17,   1, _C, "counts in the volume", Printable),
        Field("execution_price",               18,   8, _S, ""),
        Field("match_number",                  26,   8, _U, "unique in the day"),
        Field("trade_indicator",               34,   1, _C, "what kind", TradeIndicator),
        Field("buy_firm_id",                   35,   4, _U, "0 if not applicable"),
        Field("sell_firm_id",                  39,   4, _U, "0 if not applicable"),
        Field("trade_source",                  43,   1, _C, "of a block trade", TradeSource),
    )),
    Layout("B", "Broken Trade", BrokenTrade, 14, (
        _STAMP,
        Field("match_number",                   5,   8, _U, ""),
        Field("reason",                        13,   1, _C, "", BreakReason),
    )),
    Layout("N", "News", News, 892, (
        _STAMP, _BOOK,
        Field("news_id",                        9,   4, _U, ""),
        Field("firm_code",                     13,  30, _A, ""),
        Field("title",                         43,  81, _Z, ""),
        Field("reference",                    124, 256, _Z, ""),
        Field("text",                         380, 512, _Z, ""),
    )),
    Layout("Y", "Index Member", IndexMember, 21, (
        _STAMP,
        Field("index_orderbook",                5,   4, _U, "the index"),
        Field("member_orderbook",               9,   4, _U, "its member"),
        Field("weight",                        13,   8, _U, ""),
    )),
    Layout("Z", "Index Value", IndexValue, 17, (
        _STAMP,
        Field("index_orderbook",                5,   4, _U, "the index"),
        Field("index_value",                    9,   8, _U, ""),
    )),
)
# fmt: on


# --- to bytes and back ---------------------------------------------------------------


def encode(message: Message) -> bytes:
    """Return *message* as it is sent.

    Raises:
        ItchError: if a value does not fit its field; the first that does not is named.
    """
    codec = _BY_CLASS[type(message)]
    values = [codec.type, *msgspec.structs.astuple(message)]
    try:
        for column, write in codec.writers:
            values[column] = write(values[column])
        if not codec.zero_ended:
            return codec.fixed.pack(*values)
        columns = len(values) - codec.zero_ended
        return codec.fixed.pack(*values[:columns]) + b"".join(values[columns:])
    except (struct.error, KeyError, ValueError, TypeError, AttributeError):
        raise _unfit(codec.layout, message) from None


def decode(data: bytes, at: int = 0) -> Message:
    """Return the message that *data* is.

    Args:
        data: the bytes of one message and nothing else.
        at: where in the whole that is being read it begins, for errors to say.

    Raises:
        ItchError: if it is none; with the offset of what is wrong.
    """
    if not data:
        raise ItchError("", "", "a message", "no byte", at)
    codec = _BY_TYPE.get(data[:1])
    if codec is None:
        known = ", ".join(layout.letter for layout in LAYOUTS)
        raise ItchError("", "", f"the type of a message ({known})", _shown(data[:1]), at)
    layout, size = codec.layout, codec.fixed.size
    if len(data) < size or (len(data) > size and not codec.zero_ended):
        least = "at least " if codec.zero_ended else ""
        end = at + min(len(data), size)
        raise ItchError(_title(layout), "", f"{least}{size} bytes", f"{len(data)}", end)
    _, *values = codec.fixed.unpack_from(data)
    try:
        for column, read in codec.readers:
            values[column] = read(values[column])
    except (KeyError, ValueError):
        raise _misread(layout, data, at) from None
    if codec.zero_ended:
        values += _zero_ended_texts(layout, data, at)
    return layout.message(*values)


def layout_of(message: Message | type[Message]) -> Layout:
    """Return what such a message looks like."""
    return _BY_CLASS[message if isinstance(message, type) else type(message)].layout


_Convert: TypeAlias = Callable[[Any], Any]


@attrs.frozen
class _Codec:
    """A layout, made ready for use."""

    layout: Layout
    type: bytes
    fixed: struct.Struct
    """The bytes up to the first text that is ended by a zero byte, the type first."""

    writers: tuple[tuple[int, _Convert], ...]
    """Which values are no integers, counting the type, and what makes them bytes."""

    readers: tuple[tuple[int, _Convert], ...]
    """The other way round, not counting the type."""

    zero_ended: int
    """How many texts, all at the end."""


def _codec(layout: Layout) -> _Codec:
    parts, zero_ended = [">c"], 0
    writers: list[tuple[int, _Convert]] = []
    readers: list[tuple[int, _Convert]] = []
    for column, field in enumerate(layout.fields):
        match field.kind:
            case Kind.UNSIGNED:
                parts.append({4: "I", 8: "Q"}[field.length])
            case Kind.SIGNED:
                parts.append({8: "q"}[field.length])
            case Kind.ALPHA:
                parts.append(f"{field.length}s")
                writers.append((column + 1, partial(_padded, field.length)))
                readers.append((column, _unpadded))
            case Kind.CODE:
                assert field.length == 1
                parts.append("c")
                to_bytes, to_value = _codes(field)
                writers.append((column + 1, to_bytes.__getitem__))
                readers.append((column, to_value.__getitem__))
            case Kind.ZERO_ENDED:
                zero_ended += 1
                writers.append((column + 1, partial(_zero_ended, field.length)))
    return _Codec(
        layout,
        layout.letter.encode(),
        struct.Struct("".join(parts)),
        tuple(writers),
        tuple(readers),
        zero_ended,
    )


def _codes(field: Field) -> tuple[dict[object, bytes], dict[bytes, object]]:
    """Return the bytes of each value of a code, and the value of each byte."""
    assert field.codes is not None
    to_value: dict[bytes, object] = {
        code.value.encode(): code is Printable.YES if field.codes is Printable else code
        for code in field.codes
    }
    return {value: byte for byte, value in to_value.items()}, to_value


def _padded(length: int, text: str) -> bytes:
    if len(text) > length or text[-1:] == " " or not (text.isascii() and text.isprintable()):
        raise ValueError
    return text.encode("ascii").ljust(length)


def _unpadded(data: bytes) -> str:
    text = data.decode("ascii")
    if not text.isprintable():
        raise ValueError
    return text.rstrip(" ")


def _zero_ended(length: int, text: str) -> bytes:
    if len(text) >= length or not (text.isascii() and "\0" not in text):
        raise ValueError
    return text.encode("ascii") + b"\0"


def _zero_ended_texts(layout: Layout, data: bytes, at: int) -> Iterator[str]:
    fields = [field for field in layout.fields if field.kind is Kind.ZERO_ENDED]
    start = fields[0].offset
    for field in fields:
        end = data.find(b"\0", start, start + field.length)
        if end < 0:
            found = f"{len(data[start : start + field.length])} bytes without one"
            expected = f"a zero byte within {field.length} bytes"
            raise ItchError(_title(layout), field.name, expected, found, at + start)
        text = data[start:end]
        if not text.isascii():
            raise ItchError(_title(layout), field.name, "ASCII", _shown(text), at + start)
        yield text.decode("ascii")
        start = end + 1
    if start < len(data):
        found = f"{len(data) - start} bytes more"
        raise ItchError(_title(layout), "", f"the end after {start} bytes", found, at + start)


# --- errors --------------------------------------------------------------------------


def _title(layout: Layout) -> str:
    return f"{layout.name} [{layout.letter}]"


def _shown(data: bytes) -> str:
    text = repr(data)[1:]
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unfit(layout: Layout, message: Message) -> ItchError:
    """Return the error of the first field of *message* whose value does not fit."""
    for field in layout.fields:
        value = getattr(message, field.name)
        if (expected := _expectation(field, value)) is not None:
            found = repr(value)
            found = found if len(found) <= 60 else f"{found[:57]}..."
            return ItchError(_title(layout), field.name, expected, found)
    raise AssertionError(f"every field of {message!r} fits")


def _expectation(field: Field, value: object) -> str | None:
    """Return what *field* needs if *value* is not it."""
    if field.kind in (Kind.UNSIGNED, Kind.SIGNED):
        bits = 8 * field.length
        low, high = (0, 2**bits - 1)
        if field.kind is Kind.SIGNED:
            low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if isinstance(value, int) and low <= value <= high:
            return None
        return f"an integer from {low} to {high}"
    if field.kind is Kind.CODE:
        to_bytes, _ = _codes(field)
        if value.__hash__ is not None and value in to_bytes:
            return None
        return f"one of {', '.join(map(_code, to_bytes))}"
    write = _padded if field.kind is Kind.ALPHA else _zero_ended
    if isinstance(value, str):
        try:
            write(field.length, value)
        except ValueError:
            pass
        else:
            return None
    if field.kind is Kind.ALPHA:
        return f"printable ASCII, at most {field.length} long, without a blank at its end"
    return f"ASCII without a zero, at most {field.length - 1} long"


def _misread(layout: Layout, data: bytes, at: int) -> ItchError:
    """Return the error of the first field of *data* that holds none of its values."""
    for field in layout.fields:
        part = data[field.offset : field.offset + field.length]
        place = at + field.offset
        if field.kind is Kind.CODE:
            to_bytes, to_value = _codes(field)
            if part not in to_value:
                expected = f"one of {', '.join(map(_code, to_bytes))}"
                return ItchError(_title(layout), field.name, expected, _shown(part), place)
        if field.kind is Kind.ALPHA:
            try:
                _unpadded(part)
            except ValueError:
                expected = "printable ASCII"
                return ItchError(_title(layout), field.name, expected, _shown(part), place)
    raise AssertionError("every field reads")


def _code(value: object) -> str:
    return repr(value.value if isinstance(value, StrEnum) else value)


_BY_CLASS: dict[type, _Codec] = {layout.message: _codec(layout) for layout in LAYOUTS}
_BY_TYPE = {codec.type: codec for codec in _BY_CLASS.values()}
