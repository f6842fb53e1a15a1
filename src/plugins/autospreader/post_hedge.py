"""What becomes of a hedge that rests: paid up after a time, or sent to the market.

Rules of a leg are looked at in their order; the first whose moment has come acts.
`steps` decides, and `worker` does what it says and waits for the answer.

Source: TT, "Autospreader rules reference"; ``docs/readings.md``, hedges that rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

import attrs
from attrs import validators

from ...market.fix import Side
from ...market.identifiers import Duration, Price
from ...market.instrument import Instrument
from ..slicing.tactics import THROUGH_TICKS, stepped
from ..synthetic import Child, Market


class PostHedgeKind(StrEnum):
    """What a rule does, and when."""

    PAY_UP = "pay_up"
    """``after`` a time it is priced ``ticks`` more aggressively; so many ``times``."""
    TICKS_AWAY = "ticks_away"
    """To the market, once that is ``ticks`` away from it."""
    TIME = "time"
    """To the market, ``after`` a time."""


@attrs.frozen(kw_only=True)
class PostHedge:
    """``[[gateway.settings.autospreader.spread.leg.post_hedge]]``: one rule.

    Raises:
        ValueError: if it lacks what its kind needs, or has what that does not know.
    """

    rule: PostHedgeKind
    after: Duration | None = attrs.field(
        default=None, validator=validators.optional(validators.gt(Duration(0)))
    )
    """How long the hedge has worked, or how long it is since it was paid up last."""

    ticks: int | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(1), validators.le(99)])
    )
    """In ticks of the leg."""

    times: int = attrs.field(default=1, validator=[validators.ge(1), validators.le(99)])
    """How many times a hedge is paid up."""

    def __attrs_post_init__(self) -> None:
        for field, needs in (
            ("after", self.rule is not PostHedgeKind.TICKS_AWAY),
            ("ticks", self.rule is not PostHedgeKind.TIME),
        ):
            if (getattr(self, field) is not None) != needs:
                expected = f"expected `{field}`" if needs else f"`{field}` means nothing to it"
                raise ValueError(f"post_hedge rule {self.rule}: {expected}")
        if self.times != 1 and self.rule is not PostHedgeKind.PAY_UP:
            raise ValueError(f"post_hedge rule {self.rule}: `times` means nothing to it")


@attrs.frozen
class Paid:
    """What a rule has done to one hedge."""

    times: int
    at_ns: int


@attrs.frozen(kw_only=True)
class Rest:
    """How long a hedge has rested, and what its leg's rules have done to it."""

    since_ns: int = 0
    paid: Mapping[int, Paid] = attrs.field(factory=dict)
    """By the place of the rule."""

    is_done: bool = False
    """Whether it has been sent to the market, after which no rule looks at it."""

    def paid_up(self, place: int, now_ns: int) -> Rest:
        """Return the same after rule number *place* has paid it up once more."""
        times = self.paid[place].times + 1 if place in self.paid else 1
        return attrs.evolve(self, paid={**self.paid, place: Paid(times, now_ns)})

    def due_ns(self, place: int, rule: PostHedge) -> int | None:
        """Return when a rule acts; None for one that has done, or goes by the market."""
        if rule.after is None or self.is_done:
            return None
        paid = self.paid.get(place, Paid(0, self.since_ns))
        if rule.rule is PostHedgeKind.PAY_UP and paid.times == rule.times:
            return None
        return paid.at_ns + rule.after

    def wakes_ns(self, rules: Sequence[PostHedge], now_ns: int) -> int | None:
        """Return the next moment, after now, at which a rule acts."""
        moments = (self.due_ns(place, rule) for place, rule in enumerate(rules))
        return min((at for at in moments if at is not None and at > now_ns), default=None)


@attrs.frozen
class Reprice:
    """Change the hedge's price, after which *rest* holds."""

    price: Price
    rest: Rest


@attrs.frozen
class ToMarket:
    """Take it off, and enter what is left of it at the market."""


Step: TypeAlias = Reprice | ToMarket


def through(instrument: Instrument, market: Market, side: Side) -> Price:
    """Return the limit that stands in for a market order, some ticks through *market*."""
    return stepped(instrument, market.side(side.opposite)[0][0], THROUGH_TICKS, side)


def steps(
    rules: Sequence[PostHedge],
    rest: Rest,
    hedge: Child,
    now_ns: int,
    market: Market,
    instrument: Instrument,
) -> Iterator[Step]:
    """Yield what is to be done about a hedge that rests now, the first rule's first.

    Nothing while its market is not open.  Nothing goes to a market that shows nothing to
    trade with; in one that takes no market orders a limit some ticks through it stands in,
    for which a hedge is changed unless it may only rest.
    """
    side, price = hedge.side, hedge.price
    assert price is not None, "a hedge at the market does not rest"
    if rest.is_done or not market.is_open:
        return
    opposite = market.side(side.opposite)
    for place, rule in enumerate(rules):
        due = rest.due_ns(place, rule)
        has_come = due is not None and due <= now_ns
        if rule.rule is PostHedgeKind.PAY_UP:
            if has_come:
                assert rule.ticks is not None, "it is paid up by some"
                paid = stepped(instrument, price, rule.ticks, side)
                yield Reprice(paid, rest.paid_up(place, now_ns))
            continue
        if not opposite:
            continue
        best = opposite[0][0]
        if rule.ticks is not None:
            reach = stepped(instrument, price, rule.ticks, side)
            has_come = best >= reach if side is Side.BUY else best <= reach
        if not has_come:
            continue
        if market.takes_market_orders or hedge.post_only:
            yield ToMarket()
        else:
            price_through = through(instrument, market, side)
            yield Reprice(price_through, attrs.evolve(rest, is_done=True))
