"""Mass quotes: what a market maker sends a venue, and what the venue answers.

A quote is a bid and an offer of one session in one instrument, or one of the two; a mass
quote is a message of many.  Messages are values, as in `floorproof.market.messages`.

What a quote trades is reported as an order's trade is, in an `ExecutionReport` whose
``cl_ord_id`` is the quote's ``quote_entry_id``; everything else about it is said here.

Source: CME Group Client Systems Wiki, iLink 2 Mass Quote, Quote Cancel and Quote
Acknowledgment (35=i, Z, b).
"""

from __future__ import annotations

import msgspec

from .fix import QuoteCancelType, QuoteRejectReason, QuoteStatus, Side, UnsolicitedCancelType
from .identifiers import Account, ClOrdID, CompID, Price, Qty, QuoteID, Symbol
from .messages import NewOrderSingle, check_name, check_price, check_side, check_text


class QuoteEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a session bids and offers in one instrument, from now on.

    It takes the place of what that session has quoted there before.  A side without a
    size is not quoted, and an entry without any cancels what there is (on the wire:
    price and size zero).

    Raises:
        ValueError: if a size is no whole number of zero or more, or a side has a size
            and no price, or a price and no size.
    """

    quote_entry_id: ClOrdID
    """Its name in reports and acknowledgements (FIX 299); unique within the message."""

    symbol: Symbol
    bid_px: Price | None = None
    """The bid's limit (FIX 132)."""

    bid_size: Qty = 0
    """How much is bid for (FIX 134)."""

    offer_px: Price | None = None
    """The offer's limit (FIX 133)."""

    offer_size: Qty = 0
    """How much is offered (FIX 135)."""

    def __post_init__(self) -> None:
        check_name(self.quote_entry_id, "quote_entry_id")
        check_name(self.symbol, "symbol")
        for side, px, size in (
            ("bid", self.bid_px, self.bid_size),
            ("offer", self.offer_px, self.offer_size),
        ):
            if type(size) is not int or size < 0:
                raise ValueError(f"{side}_size must be a whole number, zero or more, was {size!r}")
            check_price(px)
            if (px is None) is not (size == 0):
                raise ValueError(
                    f"{side}_px and {side}_size must be both there or neither,"
                    f" were {px!r} and {size!r}"
                )

    @property
    def sides(self) -> tuple[tuple[Side, Price, Qty], ...]:
        """What is quoted: side, price and size, the bid first."""
        bid, offer = self.bid_px, self.offer_px
        quoted: tuple[tuple[Side, Price, Qty], ...] = ()
        if bid is not None:
            quoted = ((Side.BUY, bid, self.bid_size),)
        if offer is not None:
            quoted += ((Side.SELL, offer, self.offer_size),)
        return quoted


class QuoteSet(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Quotes that are sent together, and may be canceled together.

    Raises:
        ValueError: if it has no entries, or a name is none.
    """

    quote_set_id: str
    """FIX 302."""

    entries: tuple[QuoteEntry, ...]
    underlying_symbol: str | None = None
    """FIX 311."""

    def __post_init__(self) -> None:
        check_name(self.quote_set_id, "quote_set_id")
        if not self.entries:
            raise ValueError(f"quote set {self.quote_set_id}: must have entries")


class MassQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to quote many instruments at once (FIX ``35=i``).

    Raises:
        ValueError: if a field is not what it must be in any market, there is no quote
            set, or two entries have one name.
    """

    sender_comp_id: CompID
    quote_id: QuoteID
    """The name of this request (FIX 117)."""

    quote_sets: tuple[QuoteSet, ...]
    sender_sub_id: CompID | None = None
    """The user for whom the session sends it (FIX 50), where that is not the session itself."""

    account: Account | None = None
    """The market maker's (CME 9771)."""

    quote_req_id: str | None = None
    """The request for a quote that this answers, if any (FIX 131)."""

    self_match_prevention_id: str | None = None
    """Of all its quotes: whom they may not trade with (FIX 2362; 7928 in FIX 4.2)."""

    self_match_prevention_instruction: str | None = None
    """Whatever a session sent as 8000, which no mass quote can have."""

    def __post_init__(self) -> None:
        check_name(self.quote_id, "quote_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        if not self.quote_sets:
            raise ValueError("quote_sets must not be empty")
        if self.account is not None:
            check_text(self.account, "account")
        if self.self_match_prevention_id is not None:
            check_text(self.self_match_prevention_id, "self_match_prevention_id")
        if self.self_match_prevention_instruction is not None:
            check_text(self.self_match_prevention_instruction, "self_match_prevention_instruction")
        names = [entry.quote_entry_id for entry in self.entries]
        if len(set(names)) != len(names):
            raise ValueError(f"quote_entry_id must be unique in a message, were {names}")

    @property
    def entries(self) -> tuple[QuoteEntry, ...]:
        """All its entries, set by set; how many there are is FIX 304."""
        return tuple(entry for quote_set in self.quote_sets for entry in quote_set.entries)


class QuoteEntryAck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of one entry of a mass quote."""

    quote_entry_id: ClOrdID
    symbol: Symbol
    bid_px: Price | None = None
    bid_size: Qty = 0
    offer_px: Price | None = None
    offer_size: Qty = 0
    quote_entry_reject_reason: QuoteRejectReason | None = None
    """FIX 368; None of an entry that was taken."""

    text: str = ""


class QuoteSetAck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of the entries of one quote set, in their order."""

    quote_set_id: str
    entries: tuple[QuoteEntryAck, ...]


class MassQuoteAck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The venue's word on a mass quote (FIX ``35=b``); what its quotes trade comes after it."""

    target_comp_id: CompID
    quote_id: QuoteID
    quote_status: QuoteStatus
    """`QuoteStatus.REJECTED` where every entry was refused."""

    transact_time_ns: int
    quote_sets: tuple[QuoteSetAck, ...] = ()
    """Empty where the message was refused as a whole."""

    quote_reject_reason: QuoteRejectReason | None = None
    """Why every entry was refused (FIX 300)."""

    text: str = ""
    target_sub_id: CompID | None = None
    account: Account | None = None
    self_match_prevention_id: str | None = None
    """As it was sent."""

    @property
    def no_processed_entries(self) -> int:
        """How many entries were taken (CME 9772)."""
        return sum(
            entry.quote_entry_reject_reason is None
            for quote_set in self.quote_sets
            for entry in quote_set.entries
        )


class QuoteCancel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request to cancel quotes of a session (FIX ``35=Z``).

    Raises:
        ValueError: if a field is not what it must be in any market, or what the type of
            cancel needs is missing, or what another needs is there.
    """

    sender_comp_id: CompID
    quote_id: QuoteID
    """The name of this request (FIX 117)."""

    quote_cancel_type: QuoteCancelType
    symbols: tuple[Symbol, ...] = ()
    """Of which instruments, where it is for instruments."""

    quote_set_id: str | None = None
    """Of which set, where it is for a set (FIX 302)."""

    side: Side | None = None
    """Of a set, the bids or the offers alone (on the wire 134=0 or 135=0); None for both."""

    sender_sub_id: CompID | None = None

    def __post_init__(self) -> None:
        check_name(self.quote_id, "quote_id")
        check_name(self.sender_comp_id, "sender_comp_id")
        if type(self.quote_cancel_type) is not QuoteCancelType:
            raise ValueError(
                f"quote_cancel_type must be a QuoteCancelType, was {self.quote_cancel_type!r}"
            )
        for symbol in self.symbols:
            check_name(symbol, "symbol")
        for_set = self.quote_cancel_type is QuoteCancelType.QUOTE_SET
        if bool(self.symbols) is not (self.quote_cancel_type is QuoteCancelType.SYMBOLS):
            raise ValueError("symbols must be there if the cancel is for instruments, and only so")
        if (self.quote_set_id is not None) is not for_set:
            raise ValueError("quote_set_id must be there if the cancel is for a set, and only so")
        if self.side is not None:
            check_side(self.side)
            if not for_set:
                raise ValueError("side must be there only if the cancel is for a set")


class CanceledQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One side of a quote that is no longer in the book."""

    quote_entry_id: ClOrdID
    symbol: Symbol
    """CME 9774."""

    side: Side
    leaves_qty: Qty
    """What was left of it."""


class QuoteCancelAck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The venue's word that quotes are gone, or why they are not (FIX ``35=b``)."""

    target_comp_id: CompID
    quote_status: QuoteStatus
    transact_time_ns: int
    canceled: tuple[CanceledQuote, ...] = ()
    """The oldest first."""

    quote_id: QuoteID | None = None
    """The request that is answered; None of what nobody asked for."""

    unsolicited_cancel_type: UnsolicitedCancelType | None = None
    """Why the venue canceled what nobody asked it to (CME 9775)."""

    quote_reject_reason: QuoteRejectReason | None = None
    text: str = ""
    target_sub_id: CompID | None = None
    self_match_prevention_id: str | None = None
    """The quote's, where self-match prevention canceled it."""


class QuotedOrder(NewOrderSingle, frozen=True, kw_only=True, gc=False):
    """One side of a quote as a book and a rule set see it: a limit order for the day.

    Its ``cl_ord_id`` is the quote's ``quote_entry_id``.  Nobody sends one by itself.
    """

    quote_id: QuoteID
    """The mass quote that it came with."""

    quote_set_id: str
