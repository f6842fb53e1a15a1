"""BMD's limits, which widen in steps (``bmd-limits``).

Once a limit of 10 % is reached, trading goes on inside it for ten minutes; then the
contracts are interrupted for five, and after that the limit is 15 %.  Near the end of a
session there is no time for that: the wider limit waits for the next session, if the day
has one.

Each contract remembers for itself which limit it has.  What set the steps going is
remembered by the contract whose trade did, and the others look it up there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import validators

from ...market.book import AuctionTraded, Traded
from ...market.identifiers import Symbol
from ...market.instrument import Instrument
from ...market.ledger import Rule
from ...market.rules import (
    ChangeState,
    MarketView,
    Publish,
    Remember,
    Schedule,
    SettleEffect,
    Unschedule,
)
from ...market.sessions import TradingState
from ..cme.market import OPENING, OPENING_NS, RESERVED
from ..hookspecs import hookimpl
from ..price_checks.limits import DailyLimits, LimitRules

_STEPS = "Bursa Malaysia Derivatives, FCPO contract specifications, price limits"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "BMD-LIM-1",
        "A contract that is not in its spot month trades at most 10 % from its settlement.",
        f"{_STEPS}; {_READINGS}, which contracts of BMD have limits",
        ("symbols", "first"),
    ),
    Rule(
        "BMD-LIM-2",
        "When a contract trades at the limit, all of them trade on inside 10 % for ten minutes and"
        " are then interrupted for five.",
        f"{_STEPS}; {_READINGS}, what reaches BMD's limit",
        ("cooling_off_ns", "interruption_ns", "trigger"),
    ),
    Rule(
        "BMD-LIM-3",
        "After the interruption the limit is 15 % from the settlement, until the day ends.",
        _STEPS,
        ("second",),
    ),
    Rule(
        "BMD-LIM-4",
        "By the older text it takes three contracts that are at their limits.",
        f"{_STEPS}, older text; {_READINGS}, what reaches BMD's limit",
        ("trigger",),
    ),
    Rule(
        "BMD-LIM-5",
        "Less than 30 minutes before the end of a session 10 % holds for the rest of it, and where"
        " the day has another session 15 % holds in that.",
        f"{_STEPS}; {_READINGS}, steps late in a session",
        ("late_ns",),
    ),
)


class Trigger(StrEnum):
    """What sets the steps going."""

    ANY = "any"
    """One contract that trades at its limit: the newer text."""

    THREE = "three"
    """Three contracts whose last trades were at their limits: the older text."""


@attrs.frozen(kw_only=True)
class _Begun:
    """The day's steps have been set going."""

    late_until_ns: int | None = None
    """When the session ends near whose end that was; None where there was time."""


@attrs.frozen(kw_only=True)
class LimitsWidened:
    """A contract may trade further from its settlement than before."""

    symbol: Symbol
    low: str
    high: str

    def told(self, instrument: Instrument) -> str:
        return f"{self.symbol} {self.low} to {self.high}"


_SECOND_NS = 1_000_000_000
_PERCENT = re.compile(r"\d{1,2}(\.\d{1,6})?", re.ASCII)
_LENGTH = [validators.instance_of(int), validators.ge(1)]


def _percent(_settings: object, field: attrs.Attribute[Any], found: str) -> None:
    if not isinstance(found, str) or not _PERCENT.fullmatch(found):
        raise ValueError(f"'{field.name}' must be a decimal as text, such as \"10\": {found!r}")
    if not Decimal(found):
        raise ValueError(f"'{field.name}' must be above 0: {found!r}")


@attrs.frozen(kw_only=True)
class SteppedLimits(LimitRules):
    """Keep contracts inside 10 % of their settlement, and after a while inside 15 %."""

    after: ClassVar[tuple[str, ...]] = ("cme",)
    requires: ClassVar[tuple[str, ...]] = ("cme-market",)

    symbols: tuple[Symbol, ...] = ()
    """The contracts that have the limits."""

    first: str = attrs.field(default="10", validator=_percent)
    second: str = attrs.field(default="15", validator=_percent)

    trigger: Trigger = attrs.field(default=Trigger.ANY, validator=validators.instance_of(Trigger))
    cooling_off_ns: int = attrs.field(default=600 * _SECOND_NS, validator=_LENGTH)
    """How long trading goes on inside the first limit once it was reached."""

    interruption_ns: int = attrs.field(default=300 * _SECOND_NS, validator=_LENGTH)
    late_ns: int = attrs.field(default=1800 * _SECOND_NS, validator=_LENGTH)
    """So near to the end of a session the steps are not begun."""

    @second.validator
    def _wider(self, _attribute: object, second: str) -> None:
        if Decimal(second) <= Decimal(self.first):
            raise ValueError(f"'second' must be above 'first', was {second} with {self.first}")

    def applies_to(self, symbol: Symbol) -> bool:
        return symbol in self.symbols

    def check_instrument(self, instrument: Instrument) -> None:
        if instrument.reference_px is None or instrument.reference_px <= 0:
            raise ValueError(
                f"{instrument.symbol}: expected a reference above zero, the settlement that"
                " limits are around"
            )

    # --- which limit ------------------------------------------------------------------

    def limits_now(self, market: MarketView) -> DailyLimits:
        percent = self.second if market.recall(_WIDE) is True else self.first
        return _around(market.instrument, percent)

    def may_wait_outside(self, symbol: Symbol) -> bool:
        return True

    def may_narrow(self, market: MarketView) -> bool:
        return True

    # --- reaching it ------------------------------------------------------------------

    @hookimpl
    def after_request(self, events: Sequence[object], market: MarketView) -> list[SettleEffect]:
        effects = LimitRules.after_request(self, events, market)
        if any(isinstance(event, Traded | AuctionTraded) for event in events):
            effects += self._reached(market)
        return effects

    def _reached(self, market: MarketView) -> Iterator[SettleEffect]:
        if self._begun(market) is not None or not self._is_at_limit(market):
            return
        at_limit = sum(map(self._is_at_limit, self._contracts(market)))
        if self.trigger is Trigger.THREE and at_limit < _CONTRACTS:
            return
        end_ns = _end_of_session(market)
        if end_ns is not None and end_ns - market.now_ns < self.late_ns:
            yield Remember(_BEGUN, _Begun(late_until_ns=end_ns))
        else:
            yield Remember(_BEGUN, _Begun())
            yield Schedule(self.cooling_off_ns, _INTERRUPT)

    def _contracts(self, market: MarketView) -> Iterator[MarketView]:
        """Yield the contracts that have the limits, as far as the venue lists them."""
        for symbol in self.symbols:
            with suppress(KeyError):
                yield market.other(symbol)

    def _begun(self, market: MarketView) -> _Begun | None:
        """Return what set the day's steps going, or None."""
        for contract in self._contracts(market):
            begun = contract.recall(_BEGUN)
            if isinstance(begun, _Begun):
                return begun
        return None

    def _is_at_limit(self, market: MarketView) -> bool:
        last_px = market.statistics.last_px  # of today, whatever limits there were before
        if market.recall(_WIDE) is True or last_px is None:
            return False
        instrument, limits = market.instrument, self.limits_now(market)
        low = instrument.ticks.at_or_above(limits.lowest(instrument))
        high = instrument.ticks.at_or_below(limits.highest(instrument))
        return last_px in (low, high)

    # --- the steps --------------------------------------------------------------------

    @hookimpl
    def scheduled(self, name: str, market: MarketView) -> list[SettleEffect]:
        then, goes, state = {
            _INTERRUPT: (Schedule(self.interruption_ns, _REOPEN), None, RESERVED.name),
            _REOPEN: (Schedule(OPENING_NS, _REJOIN), RESERVED.name, OPENING.name),
            _REJOIN: (None, OPENING.name, None),
        }[name]
        changes: list[SettleEffect] = [
            ChangeState(state, each.instrument.symbol)
            for each in self._contracts(market)
            if _own(each) == goes and (goes is not None or each.state.match)
        ]
        return [*changes, then] if then is not None and changes else changes

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        if new.ends_day:
            return [*self._end_of_day(market)]
        begun = self._begun(market)
        if begun is None or market.recall(_WIDE) is True:
            return []
        if begun.late_until_ns is None:
            widens = (old.name, new.name) == (RESERVED.name, OPENING.name)
        else:
            widens = market.now_ns >= begun.late_until_ns
        if not widens:
            return []
        limits = _around(market.instrument, self.second)
        symbol = market.instrument.symbol
        return [
            Remember(_WIDE, True),
            Publish(LimitsWidened(symbol=symbol, low=limits.low, high=limits.high)),
        ]

    def _end_of_day(self, market: MarketView) -> Iterator[SettleEffect]:
        if market.recall(_WIDE) is True:
            yield Remember(_WIDE, False)
        if market.recall(_BEGUN) is not None:
            yield Remember(_BEGUN, None)
            yield from map(Unschedule, (_INTERRUPT, _REOPEN, _REJOIN))
        yield from self.canceled_by(_around(market.instrument, self.first), market)


def _own(market: MarketView) -> str | None:
    return None if market.own_state is None else market.own_state.name


def _end_of_session(market: MarketView) -> int | None:
    """Return when the board closes next, if its timetable says so."""
    for transition in () if market.board is None else market.board.timetable:
        if transition.at_ns > market.now_ns and not transition.state.match:
            return transition.at_ns
    return None


def _around(instrument: Instrument, percent: str) -> DailyLimits:
    """Return the limits that are so many percent from an instrument's settlement."""
    settlement = Decimal(instrument.reference_px or 0).scaleb(-instrument.price_decimals)
    away = settlement * Decimal(percent) / 100
    return DailyLimits(low=_plain(settlement - away), high=_plain(settlement + away))


def _plain(price: Decimal) -> str:
    """Return a price without zeros that say nothing."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_CONTRACTS = 3
_WIDE, _BEGUN = "wide", "begun"
_INTERRUPT, _REOPEN, _REJOIN = "interrupt", "reopen", "rejoin"
