"""What market makers do at a screen: mass quotes, and canceling them."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from attrs import validators

from ..market.fix import QuoteCancelType, Side
from ..market.identifiers import Account, ClOrdID, CompID, Qty, QuoteID
from ..market.quotes import MassQuote, QuoteCancel, QuoteEntry, QuoteSet
from ..market.terminal import Enter
from .actions import FloorPlan, Instruction, price_on_tick


@attrs.frozen(kw_only=True)
class QuoteEntryTable:
    """A quote in one instrument as a step describes it; without a side it cancels."""

    id: str = attrs.field(validator=validators.min_len(1))
    """The name of its fills; unique in the message."""

    symbol: str
    bid: str | None = None
    bid_size: Qty = attrs.field(default=0, validator=validators.ge(0))
    offer: str | None = None
    offer_size: Qty = attrs.field(default=0, validator=validators.ge(0))
    set: str = attrs.field(default="1", validator=validators.min_len(1))
    """The quote set that it belongs to."""


@attrs.frozen(kw_only=True)
class MassQuoteTable:
    """A mass quote as a step describes it."""

    id: str = attrs.field(validator=validators.min_len(1))
    entries: tuple[QuoteEntryTable, ...] = attrs.field(validator=validators.min_len(1))
    account: str | None = None
    gateway: str | None = None

    smp_id: str | None = None
    """The self-match prevention id of all its quotes."""

    smp_instruction: str | None = None
    """What no mass quote can have: the venue ignores or refuses it."""


@attrs.frozen(kw_only=True)
class QuoteAction:
    """A user quotes several instruments at once, in place of what he has quoted there."""

    quote: MassQuoteTable

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        quote = self.quote
        sets: dict[str, list[QuoteEntry]] = {}
        for entry in quote.entries:
            instrument = plan.instrument(entry.symbol)
            quoted = QuoteEntry(
                quote_entry_id=ClOrdID(entry.id),
                symbol=instrument.symbol,
                bid_px=price_on_tick(entry.bid, instrument),
                bid_size=entry.bid_size,
                offer_px=price_on_tick(entry.offer, instrument),
                offer_size=entry.offer_size,
            )
            sets.setdefault(entry.set, []).append(quoted)
        request = MassQuote(
            sender_comp_id=who,
            quote_id=QuoteID(quote.id),
            quote_sets=tuple(
                QuoteSet(quote_set_id=name, entries=tuple(entries))
                for name, entries in sets.items()
            ),
            account=Account(quote.account) if quote.account else None,
            self_match_prevention_id=quote.smp_id,
            self_match_prevention_instruction=quote.smp_instruction,
        )
        gateway = plan.exchange_gateway(quote.entries[0].symbol, quote.gateway)
        yield Instruction(who, Enter(request=request, gateway=gateway))


_SIDES = {"bids": Side.BUY, "offers": Side.SELL}


@attrs.frozen(kw_only=True)
class CancelQuotes:
    """A user cancels all his quotes behind a gateway, or those of instruments or of a set."""

    id: str = attrs.field(validator=validators.min_len(1))
    """The name of the request itself."""

    symbols: tuple[str, ...] = ()
    set: str | None = None
    side: str | None = attrs.field(
        default=None, validator=validators.optional(validators.in_(tuple(_SIDES)))
    )
    """Of a set, the bids or the offers alone."""

    gateway: str | None = None

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        if self.symbols and self.set is not None:
            raise ValueError("expected either symbols or a set, found both")
        of_all = QuoteCancelType.ALL if self.set is None else QuoteCancelType.QUOTE_SET
        request = QuoteCancel(
            sender_comp_id=who,
            quote_id=QuoteID(self.id),
            quote_cancel_type=QuoteCancelType.SYMBOLS if self.symbols else of_all,
            symbols=tuple(plan.instrument(symbol).symbol for symbol in self.symbols),
            quote_set_id=self.set,
            side=None if self.side is None else _SIDES[self.side],
        )
        gateway = plan.exchange_gateway(self.symbols[0] if self.symbols else None, self.gateway)
        yield Instruction(who, Enter(request=request, gateway=gateway))
