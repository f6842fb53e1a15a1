"""What a spread is: its legs, its formula, and the instrument that it makes.

A `Spread` is what a scenario file says; a `ListedSpread` is the same among instruments
that are listed, and knows how prices of legs and of the spread hang together.

Sources: TT, Autospreader, "Spread configuration" and "Autospreader reference"; defaults
of TT API's spread details form; ``docs/readings.md``, Autospreader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

import attrs
from attrs import validators

from ...market.exposure import AnyPrice, points, rounded
from ...market.fix import Side
from ...market.identifiers import Price, Symbol
from ...market.instrument import Instrument, TickTable
from .formula import Formula, FormulaError
from .post_hedge import PostHedge

_MOST_QUOTING = 5
_MOST_HOLDERS = 20
_LEAN_NAMES = ("ThisLeg.DisclosedRemainingQuantity", "ThisLeg.Ratio")


_read = lru_cache(Formula)


class PriceFormula(StrEnum):
    """How a spread's price is made of its legs' (TT FIX 16703)."""

    PRICE_DIFF = "price_diff"
    """The sum of price times multiplier, which carries the sign."""
    RATIO = "ratio"
    """Price times multiplier of the first leg over that of the second."""
    NET_CHANGE = "net_change"
    """The sum of ticks since the settlement times multiplier."""
    CUSTOM = "custom"
    """A formula of the trader's over ``Leg1``, ``Leg2`` and so on."""


class ThinMarket(StrEnum):
    """What a quote does where a leg shows less than its minimum lean quantity."""

    LAST_LEVEL = "last_level"
    """It leans on the last level that is visible (TT)."""
    ALL_OR_NONE = "all_or_none"
    """It is pulled, and not entered again (XT, All or None)."""
    ALL_OR_NONE_RESUBMIT = "all_or_none_resubmit"
    """It is pulled, and comes back with the quantity (XT, All or None w/ Resubmit)."""
    DYNAMIC_INSIDE = "dynamic_inside"
    """It leans on the inside alone, and shrinks to what that hedges (XT, Dynamic Inside Lean)."""


class ParentFill(StrEnum):
    """How many units of a spread its legs' fills make."""

    FLOOR = "floor"
    """As many as have all the contracts that whole-contract hedging sends for them."""
    STRICT = "strict"
    """As TT's page prints it: by the exact ratio."""


class Requote(StrEnum):
    """How a quote moves."""

    CHANGE = "change"
    CANCEL_NEW = "cancel_new"
    """Canceled, and entered anew once it is gone."""


class Disconnect(StrEnum):
    """What becomes of a spread order whose user's connection breaks."""

    LEAVE = "leave"
    CANCEL = "cancel"
    """Quotes go, hedges stay."""


class HedgeType(StrEnum):
    """What a hedge goes out as (pre-hedge rule)."""

    LIMIT = "limit"
    MARKET = "market"
    POST_ONLY = "post_only"
    """A limit that is refused where it would trade at once: the order is legged then."""
    MARKET_LIMIT = "market_limit"
    """At the inside alone, where what is left rests (MLM)."""


class HedgeLife(StrEnum):
    """How long a hedge lives, where a pre-hedge rule says so."""

    IMMEDIATE_OR_CANCEL = "ioc"
    FILL_OR_KILL = "fok"


class Forfeit(StrEnum):
    """What is counted of a hedge that is never sent (pre-hedge rule)."""

    LEGGED = "legged"
    """Nothing: the units stay legged."""
    FILLED = "filled"
    """All of it, at the price that was leaned on."""


class ConvertQuote(StrEnum):
    """Whether a quote becomes the hedge that its own leg needs (TT FIX 16757)."""

    OFF = "off"
    """A new hedge goes out, then the quote is cut or canceled."""
    ATTEMPT = "attempt"
    """It does, unless a change of it is pending."""
    ALWAYS = "always"
    """It does, once no change of it is pending."""
    ALWAYS_PRESERVE_QUEUE = "always_preserve_queue"
    """As always, but where only part of it is needed it is cut, and a new hedge goes out."""


@attrs.frozen(kw_only=True)
class SpreadLeg:
    """``[[gateway.settings.autospreader.spread.leg]]``: one leg.

    Raises:
        ValueError: if a field is not what it can be in any spread.
    """

    symbol: str = attrs.field(validator=validators.min_len(1))
    ratio: Decimal | None = None
    """Contracts per spread unit; below zero the leg is sold as the spread is bought.  Never
    enters the price.  1 in the first leg and -1 in the others, unless it is given."""

    multiplier: Fraction | None = None
    """The weight of the price in the formula: whole, decimal or a fraction.  As ``ratio``, and 1
    in every leg of a ratio, unless it is given."""

    quoting: bool = True
    """Active Quoting: whether this leg posts quotes."""

    hedging: bool = True
    """Enable Hedging; a leg that quotes is hedged anyhow, one that does neither is a pricing
    component only."""

    min_lean_qty: str = _LEAN_NAMES[0]
    """What must be there in this leg for others to lean on it, as a formula."""

    pay_up_ticks: int = attrs.field(default=0, validator=[validators.ge(-99), validators.le(99)])
    """How much more aggressive than the lean a hedge is priced, in ticks of the leg."""

    queue_holders: int = attrs.field(
        default=0, validator=[validators.ge(0), validators.le(_MOST_HOLDERS)]
    )
    """How many price levels behind the quote have an order too."""

    convert_quote_to_hedge: ConvertQuote = ConvertQuote.OFF
    hedge_type: HedgeType = HedgeType.LIMIT
    hedge_life: HedgeLife | None = None
    """As the spread order, unless it is given."""

    forfeit: Forfeit | None = None
    """Whether the leg's hedges are not sent at all, and what they count as then."""

    post_hedge: tuple[PostHedge, ...] = ()
    """What becomes of a hedge that rests; the first rule whose moment has come acts."""

    native_gtc: bool = True
    """Whether the leg's exchange takes orders that are good till cancel."""

    settle: Decimal | None = None
    """The settlement that a net change starts from."""

    max_worst_case: int | None = attrs.field(
        default=None, validator=validators.optional(validators.ge(0))
    )
    """The most contracts that a spread order may come to in this leg, at the worst."""

    def __attrs_post_init__(self) -> None:
        for field in ("ratio", "multiplier"):
            if getattr(self, field) == 0:
                raise ValueError(f"the {field} of leg {self.symbol} must not be 0")
        if self.hedge_type is HedgeType.POST_ONLY and self.hedge_life is not None:
            raise ValueError(
                f"leg {self.symbol}: hedges that only rest have no hedge_life {self.hedge_life}"
            )
        if self.forfeit is not None and self.post_hedge:
            raise ValueError(f"leg {self.symbol} forfeits its hedges: no post_hedge rule sees any")
        for name in _read(self.min_lean_qty).names:
            if name not in _LEAN_NAMES:
                raise FormulaError(
                    f"min_lean_qty of leg {self.symbol} names {name!r};"
                    f" there are: {', '.join(_LEAN_NAMES)}"
                )
        self.lean_qty(Fraction(1))

    def lean_qty(self, disclosed: Fraction, ratio: Fraction = Fraction(1)) -> Fraction:
        """Return the minimum lean quantity while *disclosed* contracts of the leg remain.

        Raises:
            FormulaError: if its formula divides by zero.
        """
        values = dict(zip(_LEAN_NAMES, (disclosed, ratio), strict=True))
        return _read(self.min_lean_qty).value(values)


@attrs.frozen(kw_only=True, cache_hash=True)
class Spread:
    """``[[gateway.settings.autospreader.spread]]``: a spread as a trader configures it.

    Raises:
        ValueError: if it cannot be one.
    """

    name: str = attrs.field(validator=validators.min_len(1))
    formula: PriceFormula = PriceFormula.PRICE_DIFF
    custom: str | None = None
    """The formula of a ``custom`` spread."""

    leg: tuple[SpreadLeg, ...]
    tick: Decimal | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(Decimal(0)))
    )
    """The spread's tick; a difference of prices has the finest of its legs' without it."""

    price_decimals: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(0), validators.le(9)])
    )
    """The decimals of its prices: two more than its tick has, unless it is given, for average
    prices of fills are seldom on tick."""

    shown_decimals: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(0), validators.le(9)])
    )
    """How many decimals implied prices are shown with; all, unless it is given."""

    parent_fill: ParentFill = ParentFill.FLOOR
    hedge_round: Decimal = attrs.field(
        default=Decimal(1), validator=[validators.gt(Decimal(0)), validators.le(Decimal(1))]
    )
    """From which part of a contract on a hedge is sent: 1 for whole contracts only."""

    thin_market: ThinMarket = ThinMarket.LAST_LEVEL
    inside_slop: int = attrs.field(default=0, validator=validators.ge(0))
    """How many spread ticks worse than the order's price a working quote may come to."""

    outside_slop: int = attrs.field(default=0, validator=validators.ge(0))
    """How many spread ticks better it may come to."""

    requote: Requote = Requote.CHANGE
    prevent_quote_cross: bool = False
    """Whether a quote stays one tick short of what it would trade with at once."""

    quote_increment: int = attrs.field(default=1, validator=validators.ge(1))
    """Minimum Increment Quote: quotes are rounded down to multiples of it."""

    disconnect: Disconnect = Disconnect.LEAVE

    def __attrs_post_init__(self) -> None:
        _check_formula(self)
        if len(self.leg) < 2:
            raise ValueError(f"spread {self.name} has {len(self.leg)} legs, expected two or more")
        symbols = [leg.symbol for leg in self.leg]
        for symbol in symbols:
            if symbols.count(symbol) > 1:
                raise ValueError(f"spread {self.name} has leg {symbol} more than once")
        quoting = sum(leg.quoting for leg in self.leg)
        if not quoting:
            raise ValueError(f"no leg of spread {self.name} is quoting: at least one must")
        if quoting > _MOST_QUOTING:
            raise ValueError(
                f"{quoting} legs of spread {self.name} are quoting: at most {_MOST_QUOTING} may"
            )
        holding = sum(leg.queue_holders > 0 for leg in self.leg)
        if holding > _MOST_QUOTING:
            raise ValueError(
                f"{holding} legs of spread {self.name} have queue holders:"
                f" at most {_MOST_QUOTING} may"
            )
        for number, leg in enumerate(self.leg):
            if leg.queue_holders and not leg.quoting:
                raise ValueError(f"leg {leg.symbol} has queue holders and does not quote")
            self._check_direction(number, leg)

    def ratio(self, number: int) -> Fraction:
        """Return the ratio of a leg, by its place from 0."""
        ratio = self.leg[number].ratio
        return Fraction(ratio) if ratio is not None else Fraction(1 if number == 0 else -1)

    def multiplier(self, number: int) -> Fraction:
        """Return the multiplier of a leg, by its place from 0."""
        multiplier = self.leg[number].multiplier
        if multiplier is not None:
            return multiplier
        return Fraction(1 if number == 0 or self.formula is PriceFormula.RATIO else -1)

    def _check_direction(self, number: int, leg: SpreadLeg) -> None:
        """Check that buying the spread buys what its price rises with (not of a custom one)."""
        if self.formula is PriceFormula.CUSTOM:
            return
        multiplier, ratio = self.multiplier(number), self.ratio(number)
        if self.formula is PriceFormula.RATIO:
            rises = (self.multiplier(0) * self.multiplier(1) > 0) == (number == 0)
        else:
            rises = multiplier > 0
        if rises != (ratio > 0):
            raise ValueError(
                f"the price of spread {self.name} {'rises' if rises else 'falls'} with leg"
                f" {leg.symbol}, which the ratio {ratio} {'buys' if ratio > 0 else 'sells'}"
            )


def _check_formula(spread: Spread) -> None:
    if (spread.formula is PriceFormula.CUSTOM) != (spread.custom is not None):
        raise ValueError(
            f"spread {spread.name} is {spread.formula}: expected `custom`, a formula, for a"
            " custom spread and for no other"
        )
    if spread.formula is PriceFormula.RATIO and len(spread.leg) != 2:
        raise ValueError(f"spread {spread.name} is a ratio of two legs, found {len(spread.leg)}")
    for leg in spread.leg:
        if (leg.settle is not None) != (spread.formula is PriceFormula.NET_CHANGE):
            raise ValueError(
                f"leg {leg.symbol} of spread {spread.name}: expected `settle` in each leg of a"
                " net change and in no other"
            )


# --- a spread among instruments that are listed ---------------------------------------


@attrs.frozen(kw_only=True)
class ListedLeg:
    """A leg and its instrument."""

    name: str
    """As formulas call it: Leg1, Leg2 and so on."""

    settings: SpreadLeg = attrs.field(repr=False)
    instrument: Instrument = attrs.field(repr=False)
    ratio: Fraction
    """Below zero where the leg is sold as the spread is bought."""

    @property
    def symbol(self) -> Symbol:
        return self.instrument.symbol

    @property
    def size(self) -> Fraction:
        """Contracts per spread unit."""
        return abs(self.ratio)

    @property
    def quotes(self) -> bool:
        return self.settings.quoting

    @property
    def trades(self) -> bool:
        """Whether the leg is traded at all; else it is a pricing component."""
        return self.settings.quoting or self.settings.hedging

    def side(self, side: Side) -> Side:
        """Return the side of this leg for a spread order of *side*."""
        return side if self.ratio > 0 else side.opposite


@attrs.frozen(kw_only=True)
class ListedSpread:
    """A spread whose legs are all listed."""

    settings: Spread = attrs.field(repr=False)
    legs: tuple[ListedLeg, ...]
    formula: Formula
    instrument: Instrument = attrs.field(repr=False)
    """What is traded as the spread: its tick and its decimals."""

    @property
    def name(self) -> Symbol:
        return self.instrument.symbol

    @property
    def ratios(self) -> tuple[Fraction, ...]:
        """Contracts per unit of the legs that are traded."""
        return tuple(leg.size for leg in self.legs if leg.trades)

    def value(self, prices: Sequence[AnyPrice]) -> Fraction:
        """Return the spread's price in points, from one price of each leg.

        Raises:
            FormulaError: if the formula divides by zero.
        """
        return self.formula.value(self._in_points(prices))

    def price_of(self, value: Fraction, side: Side) -> Price:
        """Return the price on tick at *value* points: for a bid down, for an offer up."""
        units = value * Fraction(10**self.instrument.price_decimals)
        if side is Side.BUY:
            return self.instrument.ticks.at_or_below(floor(units))
        return self.instrument.ticks.at_or_above(ceil(units))

    def shown(self, value: Fraction, side: Side) -> Decimal:
        """Return *value* as an implied bid, rounded down, or as an implied offer, rounded up."""
        decimals = self.settings.shown_decimals
        if decimals is None:
            decimals = self.instrument.price_decimals
        return rounded(value, decimals, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)

    def leg_price(self, number: int, target: Price, prices: Sequence[AnyPrice]) -> Fraction:
        """Return the price of a leg at which the spread is at *target*, in the leg's units.

        Args:
            number: the leg's place, from 0.
            prices: one of each leg; that of the leg itself does not matter.

        Raises:
            FormulaError: if there is no such price, or the spread's price goes the other
                way than the leg's ratio there.
        """
        leg, values = self.legs[number], self._in_points(prices)
        function = self.formula.of(leg.name, values)
        solution = function.solve(points(self.instrument, target))
        rises = function.rises_at(solution)
        if rises != (leg.ratio > 0):
            raise FormulaError(
                f"{self.formula.text!r} {'rises' if rises else 'falls'} with {leg.name} at"
                f" {solution}, which the ratio {leg.ratio} {'buys' if leg.ratio > 0 else 'sells'}"
            )
        return solution * Fraction(10**leg.instrument.price_decimals)

    def _in_points(self, prices: Sequence[AnyPrice]) -> dict[str, Fraction]:
        pairs = zip(self.legs, prices, strict=True)
        return {leg.name: points(leg.instrument, price) for leg, price in pairs}


def listed(spread: Spread, listing: Callable[[Symbol], Instrument | None]) -> ListedSpread:
    """Return *spread* among instruments that are listed.

    Args:
        listing: the instrument of a symbol, or None where no exchange lists it.

    Raises:
        ValueError: if a leg is not listed, the formula names something else than a leg or
            cannot be solved for a leg that quotes, or the spread has no tick.
    """
    legs = []
    for number, settings in enumerate(spread.leg):
        instrument = listing(Symbol(settings.symbol))
        if instrument is None:
            raise ValueError(
                f"leg {settings.symbol!r} of spread {spread.name} is listed at no exchange"
            )
        if instrument.round_lot != 1:
            raise ValueError(
                f"leg {settings.symbol} of spread {spread.name} is traded in lots of"
                f" {instrument.round_lot}: hedging counts contracts one by one"
            )
        name, ratio = f"Leg{number + 1}", spread.ratio(number)
        legs.append(ListedLeg(name=name, settings=settings, instrument=instrument, ratio=ratio))
    formula = _formula(spread, legs)
    _check_solvable(spread, legs, formula)
    return ListedSpread(
        settings=spread, legs=tuple(legs), formula=formula, instrument=_instrument(spread, legs)
    )


def _formula(spread: Spread, legs: Sequence[ListedLeg]) -> Formula:
    if spread.custom is not None:
        return Formula(spread.custom)
    terms = []
    for number, leg in enumerate(legs):
        weight = _weight(spread.multiplier(number))
        price = leg.name
        if leg.settings.settle is not None:
            price = f"({leg.name} - {leg.settings.settle:f}) / {_text(_tick(leg))}"
        terms.append(f"({price} * {weight})")
    return Formula((" / " if spread.formula is PriceFormula.RATIO else " + ").join(terms))


def _weight(multiplier: Fraction) -> str:
    if _is_decimal(multiplier):
        return _text(multiplier)
    return f"{multiplier.numerator} / {multiplier.denominator}"


def _is_decimal(value: Fraction) -> bool:
    """Return whether *value* is a decimal number of 18 decimals at most."""
    return (value * 10**18).denominator == 1


def _text(value: Fraction) -> str:
    """Return a fraction that is a decimal as one."""
    decimals = 0
    while (value * 10**decimals).denominator != 1:
        decimals += 1
    return f"{rounded(value, decimals, ROUND_FLOOR):f}"


def _tick(leg: ListedLeg) -> Fraction:
    return points(leg.instrument, leg.instrument.ticks.increment_at(0))


def _check_solvable(spread: Spread, legs: Sequence[ListedLeg], formula: Formula) -> None:
    names = [leg.name for leg in legs]
    # Prices that no formula was written for: what fails there fails in general.
    values = {name: Fraction(1_000_003 + 7919 * place, 997) for place, name in enumerate(names)}
    for name in formula.names:
        if name not in values:
            raise FormulaError(
                f"the formula of spread {spread.name} names {name!r}; its legs are:"
                f" {', '.join(names)}"
            )
    for leg in legs:
        if leg.quotes:
            formula.of(leg.name, values).solve(Fraction(1_000_033, 991))


def _instrument(spread: Spread, legs: Sequence[ListedLeg]) -> Instrument:
    tick = spread.tick
    if tick is None:
        if spread.formula is not PriceFormula.PRICE_DIFF:
            raise ValueError(f"spread {spread.name} is {spread.formula}: expected its `tick`")
        finest = min(_tick(leg) * abs(spread.multiplier(n)) for n, leg in enumerate(legs))
        if not _is_decimal(finest):
            raise ValueError(
                f"the finest tick of the legs of spread {spread.name} is {finest}, which is no"
                " decimal: expected its `tick`"
            )
        tick = Decimal(_text(finest))
    exponent = tick.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a tick is a finite number"
    of_tick = max(0, -exponent)
    decimals = of_tick + 2 if spread.price_decimals is None else spread.price_decimals
    if not of_tick <= decimals <= 9:
        raise ValueError(
            f"prices of spread {spread.name} have {decimals} decimals, and its tick has {of_tick}:"
            " expected as many at least, and 9 at most"
        )
    return Instrument(
        symbol=Symbol(spread.name),
        price_decimals=decimals,
        ticks=TickTable.uniform(int(tick.scaleb(decimals))),
        shown_decimals=spread.shown_decimals,
    )
