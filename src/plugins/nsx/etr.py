"""NSX's extreme trade range (``nsx-etr``): a trade too far from a reference pauses the market.

The range is around a price that only auctions move.  A trade in continuous matching that
would be outside does not happen: the order that would have made it joins the book, if it
can rest, and the instrument alone goes into a call of two minutes.  That ends with an
auction, and a range around its price.

In which order all that is published is part of the rule: the start says that the pause is
scheduled before it halts the instrument, the end returns to normal trading first and says
last that it was triggered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import validators

from ...market.fix import Side
from ...market.identifiers import Price, Symbol
from ...market.instrument import Instrument
from ...market.ledger import Rule
from ...market.rules import (
    HIGHEST,
    LOWEST,
    ChangeState,
    Fills,
    Indifferent,
    Interrupt,
    MarketView,
    Publish,
    Remainder,
    Remember,
    Schedule,
    SettleEffect,
    Unschedule,
)
from ...market.sessions import TradingState
from ...wire.itch import ActionReason, ActionState, AttributeType, EventStatus
from ...wire.public import PublicAction, PublicAttribute, PublicEvent
from ..hookspecs import hookimpl
from .attributes import (
    PercentBand,
    ReferenceRange,
    check_bands,
    check_references,
    check_settings,
    first_reference,
    on_or_off,
    range_around,
)
from .sessions import CB_AUCT, CB_AUCT_END, MATCH_REJOIN

_PAGE = 'NSX, "Extreme Trade Range (ETR)"'
_CODES = 'NSX, NETS ITCH, "System event codes"'
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "NSX-ETR-1",
        "A trade above the reference price by more than the upper percentage of it, or below it"
        " by more than the lower one, does not happen; one exactly at a limit does.",
        f"{_PAGE}, determining ETR ranges; {_READINGS}, the printed event inside its range;"
        f" {_READINGS}, the limits of a range are exact and inside",
    ),
    Rule(
        "NSX-ETR-2",
        "Reference price and percentages are whole numbers, scaled by the instrument's price"
        " decimals; the percentages are those of the band that the reference price is in.",
        f"{_PAGE}, example; {_READINGS}, percentages by the reference price",
        ("bands",),
    ),
    Rule(
        "NSX-ETR-3",
        "Each trade of continuous matching is held against both limits, whichever side brought"
        " it, and after a change as well; auctions are not, and without a reference price"
        " nothing is.",
        f"{_PAGE}; {_READINGS}, which trades the range is for",
    ),
    Rule(
        "NSX-ETR-4",
        "What an order would trade inside the range trades first; or nothing of it does, where"
        " the venue is set so.",
        f"{_READINGS}, the part of an order inside the range",
        ("trigger",),
    ),
    Rule(
        "NSX-ETR-5",
        "What is left of the order that caused the event joins the book if it is a limit order"
        " that may rest; of a market or an immediate order it is taken off.",
        f"{_PAGE}, start of the ETR event",
    ),
    Rule(
        "NSX-ETR-6",
        "A fill-or-kill order that could trade in full only outside the range trades nothing and"
        " causes the event; one that could not trade in full anyway causes none.",
        f"{_READINGS}, fill or kill at the range",
    ),
    Rule(
        "NSX-ETR-7",
        "As an event starts CB_AUCT is scheduled for the moment, the instrument halted, CB_AUCT"
        " triggered and CB_AUCT_END scheduled; then comes the indicative price, if any.",
        f"{_PAGE}, start of the ETR event; {_READINGS}, the trading state of a halted instrument",
        ("pause_ns", "halted_as"),
    ),
    Rule(
        "NSX-ETR-8",
        "As an event ends the instrument returns to normal trading, the auction trades, the"
        " attributes are published, and CB_AUCT_END is triggered.",
        f"{_PAGE}, end of the ETR event",
    ),
    Rule(
        "NSX-ETR-9",
        "Only auctions move the reference price: to their price, if anything traded.",
        f"{_PAGE}, end of the ETR event; {_READINGS}, the reference price of a day",
        ("references",),
    ),
    Rule(
        "NSX-ETR-10",
        "After an auction without a trade the reference price stays, and is published again.",
        f"{_READINGS}, an auction without a trade",
        ("republish_unchanged", "without_trades"),
    ),
    Rule(
        "NSX-ETR-11",
        "A pause ends in the state that the board has by then, with an auction if that matches.",
        f"{_CODES}, CB_AUCT_END; {_READINGS}, a board that moves on during a pause",
    ),
    Rule(
        "NSX-ETR-12",
        "Who puts the instrument into another state during a pause cancels its end.",
        f"{_READINGS}, a halt during a pause",
    ),
    Rule(
        "NSX-ETR-13",
        "Each end allows a next event, which pauses for the full time anew; no event starts"
        " during a pause.",
        f"{_READINGS}, one pause after another",
    ),
)


class Trigger(StrEnum):
    """What becomes of what the order that causes an event could trade inside the range."""

    SWEEP_THEN_PAUSE = "sweep_then_pause"
    NO_FILL = "no_fill"


class WithoutTrades(StrEnum):
    """What the reference price is after an auction in which nothing traded."""

    UNCHANGED = "unchanged"
    MID = "mid"
    """Half way from the best bid to the best offer, down to a whole unit."""

    LAST_TRADE = "last_trade"


_END = "end"
_RANGE = "range"


@attrs.frozen(kw_only=True)
class ExtremeTradeRange:
    """Pause an instrument before it trades outside a range."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Interrupt": ("NSX-ETR-1", "NSX-ETR-3"),
        "Schedule": ("NSX-ETR-7",),
        "ChangeState": ("NSX-ETR-8",),
    }

    trigger: Trigger = attrs.field(
        default=Trigger.SWEEP_THEN_PAUSE, validator=validators.instance_of(Trigger)
    )
    pause_ns: int = attrs.field(
        default=120_000_000_000, validator=[validators.instance_of(int), validators.ge(1)]
    )
    """How long a pause is, from the event."""

    republish_unchanged: bool = attrs.field(default=True, validator=on_or_off)
    """Whether attributes are published after an auction that has not moved them."""

    without_trades: WithoutTrades = attrs.field(
        default=WithoutTrades.UNCHANGED, validator=validators.instance_of(WithoutTrades)
    )
    halted_as: ActionState = attrs.field(
        default=ActionState.SUSPENDED, validator=validators.instance_of(ActionState)
    )
    """The trading state that is published as a pause starts."""

    bands: tuple[PercentBand, ...] = attrs.field(
        default=(PercentBand("0", "60", "60"),), validator=check_bands
    )
    """The percentages, by the reference price."""

    references: Mapping[Symbol, str] = attrs.field(factory=dict, validator=check_references)
    """The reference price that an instrument's day begins with, where it is not its own."""

    symbols: tuple[Symbol, ...] | None = None
    """The instruments that have a range, if not all do."""

    def applies_to(self, symbol: Symbol) -> bool:
        return self.symbols is None or symbol in self.symbols

    def trading_states(self) -> Sequence[TradingState]:
        return CB_AUCT, CB_AUCT_END

    def check_instrument(self, instrument: Instrument) -> None:
        check_settings(instrument, self.bands, self.references)

    def range(self, market: MarketView) -> ReferenceRange | None:
        """Return the range in force, or None while there is no reference price."""
        known = market.recall(_RANGE)
        if isinstance(known, ReferenceRange):
            return known
        instrument = market.instrument
        reference = first_reference(instrument, self.references)
        if reference is None:
            return None
        return range_around(reference, self.bands, instrument.price_decimals)

    def opening(self, market: MarketView) -> tuple[PublicAttribute, ...]:
        """Return the range in force as it is published; a feed begins with it, too."""
        return _published(market.instrument.symbol, self.range(market))

    # --- an event starts -------------------------------------------------------------

    def indifferent(self, market: MarketView) -> Indifferent:
        """Return the trades that are inside the range."""
        allowed = self.range(market)
        if allowed is None:
            return Indifferent(trades=(LOWEST, HIGHEST))
        lowest, highest = allowed.lowest, allowed.highest
        return Indifferent(
            trades=(
                LOWEST if lowest is None else lowest,
                HIGHEST if highest is None else highest,
            )
        )

    @hookimpl
    def before_trade(self, price: int, quantity: int, market: MarketView) -> Interrupt | None:
        allowed = self.range(market)
        if allowed is None or price in allowed:
            return None
        instrument = market.instrument
        return Interrupt(
            state=CB_AUCT.name,
            fills=Fills.WITHHOLD if self.trigger is Trigger.NO_FILL else Fills.KEEP,
            remainder=Remainder.REST_IF_LIMIT,
            text=f"trade at {instrument.show(price)}: expected {allowed.show(instrument)},"
            " the extreme trade range [NSX-ETR-1]",
        )

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        if new.name == CB_AUCT.name:
            return [*self._start(market)]
        effects: list[SettleEffect] = [*_called_off(new, market)]
        if market.auction is not None or (new.uncross and old.indicative):
            effects += self._after_auction(market)
        return effects

    def _start(self, market: MarketView) -> Iterator[SettleEffect]:
        symbol, now_ns = market.instrument.symbol, market.now_ns
        end_ns = now_ns + self.pause_ns
        yield Schedule(self.pause_ns, CB_AUCT_END.name)
        yield Remember(_END, end_ns)
        yield _event(symbol, CB_AUCT.name, EventStatus.SCHEDULED, now_ns)
        yield Publish(
            PublicAction(
                symbol=symbol,
                trading_state=self.halted_as,
                reason=ActionReason.ETR,
            )
        )
        yield _event(symbol, CB_AUCT.name, EventStatus.TRIGGERED, now_ns)
        yield _event(symbol, CB_AUCT_END.name, EventStatus.SCHEDULED, end_ns)

    # --- and ends --------------------------------------------------------------------

    @hookimpl
    def scheduled(self, name: str, market: MarketView) -> list[SettleEffect]:
        symbol, board_state = market.instrument.symbol, market.board_state
        rejoin: list[SettleEffect] = [ChangeState(None)]
        if board_state.match and not board_state.uncross:
            rejoin.insert(0, ChangeState(CB_AUCT_END.name))
        return [
            Remember(_END, None),  # so that leaving the pause does not count as calling it off
            _back_to_normal(symbol),
            *rejoin,
            _event(symbol, CB_AUCT_END.name, EventStatus.TRIGGERED, market.now_ns),
        ]

    def _after_auction(self, market: MarketView) -> Iterator[SettleEffect]:
        """Yield the range as an auction leaves it."""
        symbol, found = market.instrument.symbol, self.range(market)
        reference = self._new_reference(market)
        if reference is not None:
            found = range_around(reference, self.bands, market.instrument.price_decimals)
            yield Remember(_RANGE, found)
        elif not self.republish_unchanged:
            return
        yield from map(Publish, _published(symbol, found))

    def _new_reference(self, market: MarketView) -> Price | None:
        """Return what the reference price is from now on, or None if it stays."""
        if market.auction is not None:
            return market.auction.price
        match self.without_trades:
            case WithoutTrades.UNCHANGED:
                return None
            case WithoutTrades.LAST_TRADE:
                return market.last_px
            case WithoutTrades.MID:
                bid, offer = market.best_px(Side.BUY), market.best_px(Side.SELL)
                return None if bid is None or offer is None else (bid + offer) // 2


def _called_off(new: TradingState, market: MarketView) -> Iterator[SettleEffect]:
    """Yield what is said where somebody has ended a pause before its time."""
    end_ns = market.recall(_END)
    if not isinstance(end_ns, int):
        return
    symbol = market.instrument.symbol
    yield Unschedule(CB_AUCT_END.name)
    yield Remember(_END, None)
    yield _event(symbol, CB_AUCT_END.name, EventStatus.CANCELED, end_ns)
    if new.match:
        yield _back_to_normal(symbol)
    if market.own_state is None:
        for status in (EventStatus.SCHEDULED, EventStatus.TRIGGERED):
            yield _event(symbol, MATCH_REJOIN, status, market.now_ns)


def _event(symbol: Symbol, code: str, status: EventStatus, scheduled_time_ns: int) -> Publish:
    return Publish(
        PublicEvent(
            event_code=code,
            event_status=status,
            scheduled_time_ns=scheduled_time_ns,
            symbol=symbol,
        )
    )


def _back_to_normal(symbol: Symbol) -> Publish:
    return Publish(
        PublicAction(
            symbol=symbol,
            trading_state=ActionState.ACTIVE,
            reason=ActionReason.NORMAL,
        )
    )


def _published(symbol: Symbol, found: ReferenceRange | None) -> tuple[PublicAttribute, ...]:
    if found is None:
        return ()
    return tuple(
        PublicAttribute(symbol=symbol, attribute_type=kind, attribute_value=value)
        for kind, value in (
            (AttributeType.ETR_REFERENCE, found.reference),
            (AttributeType.ETR_UPPER_PERCENT, found.upper_percent),
            (AttributeType.ETR_LOWER_PERCENT, found.lower_percent),
        )
    )
