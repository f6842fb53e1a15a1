"""Globex's matching algorithms C, A, K, O, Q, S and T: each its settings and its steps.

What they have in common is `Stepwise`, with the one exception to all their steps.
Who is TOP is the book's affair, and who is a lead market maker (LMM) the scenario's.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

import attrs
from attrs import validators

from ...market.identifiers import CompID, Qty
from ...market.ledger import Rule
from ...market.matching import Queued
from ..hookspecs import CONTRACT_VERSION, hookimpl
from .steps import Fifo, Leveling, Lmm, ProRata, Step, Top, by_step

floorproof_contract = CONTRACT_VERSION


@hookimpl
def matching_algorithms() -> Mapping[str, type]:
    return {
        "A": Allocation,
        "C": CurrencyRoll,
        "K": Configurable,
        "O": ThresholdProRata,
        "Q": ThresholdProRataWithLmm,
        "S": FifoWithTopAndLmm,
        "T": FifoWithLmm,
    }


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


class Stepwise(abc.ABC):
    """An algorithm that shares a whole price level, one step after the other."""

    would: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def steps(self) -> Sequence[Step]:
        """What is done with each level, first to last."""

    def allocate(self, quantity: Qty, queue: Sequence[Queued]) -> Sequence[tuple[Queued, Qty]]:
        """Share *quantity* among what the orders of *queue* show.

        Returns:
            Who gets how much: the order filled as TOP, then the largest fill first.  Where
            the aggressor takes the whole level, in time order.
        """
        if quantity >= sum(queued.leaves_qty for queued in queue):
            return [(queued, queued.shown_qty) for queued in queue]  # the FIFO exception
        given = by_step(quantity, queue, self.steps)
        totals = map(sum, zip(*(shares for _, shares in given), strict=True))
        as_top = next((shares for step, shares in given if isinstance(step, Top)), [0] * len(queue))
        fills = [
            (top > 0, total, queued)
            for top, total, queued in zip(as_top, totals, queue, strict=True)
            if total
        ]
        fills.sort(key=lambda fill: fill[:2], reverse=True)  # which leaves ties in time order
        return [(queued, total) for _, total, queued in fills]


# --- settings ------------------------------------------------------------------------


def _exact(percentage: Decimal | int) -> Decimal:
    """Return *percentage* as what it was meant to be: a float has been rounded already."""
    if isinstance(percentage, bool) or not isinstance(percentage, Decimal | int):
        raise ValueError(f"expected a whole number or a Decimal, found {percentage!r}")
    return Decimal(percentage)


def _exact_or_none(percentage: Decimal | int | None) -> Decimal | None:
    return None if percentage is None else _exact(percentage)


def _all_exact(percentages: Mapping[CompID, Decimal | int]) -> Mapping[CompID, Decimal]:
    return {maker: _exact(percentage) for maker, percentage in percentages.items()}


def _percentage(_algorithm: object, field: attrs.Attribute[Any], found: Decimal | None) -> None:
    if found is not None and not _is_percentage(found):
        raise ValueError(f"'{field.name}' must be from 0 to 100 %: {found}")


def _percentages(_algorithm: object, _field: object, found: Mapping[CompID, Decimal]) -> None:
    for maker, percentage in found.items():
        if not _is_percentage(percentage):
            raise ValueError(f"{maker} is granted {percentage} %, expected from 0 to 100 %")


def _cap(algorithm: Any, _field: object, cap: Decimal | None) -> None:
    percentages = algorithm.lmm.values()
    if cap is not None and sum(map(Fraction, percentages)) > Fraction(cap):
        granted = " + ".join(map(str, percentages))
        raise ValueError(f"market makers are granted {granted} %, expected at most {cap} %")


def _is_percentage(found: Decimal) -> bool:
    return found.is_finite() and 0 <= found <= 100


def _at_least_top_min(algorithm: Any, field: attrs.Attribute[Any], top_max: Qty | None) -> None:
    if top_max is not None and top_max < algorithm.top_min:
        raise ValueError(
            f"'{field.name}' must be at least top_min, which is {algorithm.top_min}: {top_max}"
        )


_lots: Any = [validators.instance_of(int), validators.ge(1)]
_top_max: Any = [validators.optional(_lots), _at_least_top_min]


# --- the algorithms ------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
class WithTop(Stepwise):
    """An algorithm with a TOP step."""

    top_min: Qty = attrs.field(default=1, validator=_lots)
    """How large an order must have been entered to be filled as TOP."""

    top_max: Qty | None = attrs.field(default=None, validator=_top_max)
    """The most that an order gets as TOP; what is left of it takes part in the other steps."""


@attrs.frozen(kw_only=True, slots=False)
class WithLmm(Stepwise):
    """An algorithm that knows lead market makers."""

    lmm: Mapping[CompID, Decimal] = attrs.field(
        factory=dict, converter=_all_exact, validator=_percentages
    )
    """Their sessions, and what percentage each is granted."""

    lmm_cap: Decimal | None = attrs.field(
        default=None, converter=_exact_or_none, validator=[_percentage, _cap]
    )
    """What they may be granted together, where a market allows less than everything."""


@attrs.frozen(kw_only=True)
class CurrencyRoll(Stepwise):
    """C: pro rata, as in the calendar rolls of currency futures."""

    minimum: Qty = attrs.field(default=2, validator=_lots)
    """The least that the pro rata step gives an order; a smaller share is none."""

    @property
    def steps(self) -> Sequence[Step]:
        return [ProRata(self.minimum), Fifo()]


@attrs.frozen(kw_only=True)
class Allocation(WithTop):
    """A: pro rata with TOP."""

    minimum: Qty = attrs.field(default=2, validator=_lots)

    @property
    def steps(self) -> Sequence[Step]:
        return [Top(self.top_min, self.top_max), ProRata(self.minimum), Fifo()]


@attrs.frozen(kw_only=True)
class Configurable(WithTop, WithLmm):
    """K: a split between FIFO and pro rata, with TOP, lead market makers and leveling."""

    fifo_percent: Decimal = attrs.field(
        default=Decimal(40), converter=_exact, validator=_percentage
    )
    """How much of what TOP and LMM leave goes FIFO; the rest goes pro rata."""

    minimum: Qty = attrs.field(default=2, validator=_lots)
    leveling: bool = attrs.field(default=True, validator=validators.instance_of(bool))

    @property
    def steps(self) -> Sequence[Step]:
        return [
            Top(self.top_min, self.top_max),
            Lmm(self.lmm),
            Fifo(self.fifo_percent),
            ProRata(self.minimum),
            *([Leveling()] if self.leveling else []),
            Fifo(),
        ]


@attrs.frozen(kw_only=True)
class ThresholdProRata(WithTop):
    """O: pro rata with TOP, and thresholds for both."""

    minimum: Qty = attrs.field(default=1, validator=_lots)

    @property
    def steps(self) -> Sequence[Step]:
        return [Top(self.top_min, self.top_max), ProRata(self.minimum), Fifo()]


@attrs.frozen(kw_only=True)
class ThresholdProRataWithLmm(WithTop, WithLmm):
    """Q: as O, with lead market makers."""

    minimum: Qty = attrs.field(default=1, validator=_lots)

    @property
    def steps(self) -> Sequence[Step]:
        return [
            Top(self.top_min, self.top_max),
            Lmm(self.lmm),
            ProRata(self.minimum),
            Fifo(),
        ]


@attrs.frozen(kw_only=True)
class FifoWithTopAndLmm(WithTop, WithLmm):
    """S: FIFO with TOP and lead market makers."""

    @property
    def steps(self) -> Sequence[Step]:
        return [Top(self.top_min, self.top_max), Lmm(self.lmm), Fifo()]


@attrs.frozen(kw_only=True)
class FifoWithLmm(WithLmm):
    """T: FIFO with lead market makers."""

    @property
    def steps(self) -> Sequence[Step]:
        return [Lmm(self.lmm), Fifo()]


# --- the ledger ----------------------------------------------------------------------

_STEPS = "CME Group Client Systems Wiki, matching algorithm steps (46437544, 457218521)"
_PAGES = "cmegroup.com/confluence/pages/diffpagesbyversion.action?pageId"
_TOP_AND_EXCEPTION = f"{_PAGES}=101286569, versions 8 and 9"
_PRO_RATA = f"{_PAGES}=101286568, versions 8 and 9"
_ADVISORY = "CME Globex advisory of 2008-05-12"
_LMM_PAGE = "cme.com/trading/get/abt/functionality/lmm.html"
_TOP_BOUNDS = ("top_min", "top_max")
_MAKERS = ("lmm", "lmm_cap")

RULES = (
    Rule(
        "MATCH-4",
        "TOP: the order that bettered the market is filled before all others of its price.",
        f"{_STEPS}, TOP; {_TOP_AND_EXCEPTION}",
    ),
    Rule(
        "MATCH-5",
        "An order below the TOP minimum is not filled as TOP, and none for more than the TOP"
        " maximum; what is left of it takes part in the other steps.",
        f"{_STEPS}, TOP; {_TOP_AND_EXCEPTION}; docs/readings.md, who is filled as TOP",
        _TOP_BOUNDS,
    ),
    Rule(
        "MATCH-6",
        "Each lead market maker gets its percentage, rounded down, of what TOP has left, the"
        " same quantity for all of them, and no more than its orders show.",
        f"{_STEPS}, LMM; {_LMM_PAGE}; docs/readings.md, percentages of market makers",
        _MAKERS,
    ),
    Rule(
        "MATCH-7",
        "The orders of one lead market maker share what is due to it in time order; one that"
        " was filled as TOP has no part in it.",
        f"{_STEPS}, LMM; {_LMM_PAGE}; docs/readings.md, several orders of one market maker",
    ),
    Rule(
        "MATCH-8",
        "Pro rata: an order gets its part of what all orders of its price have left, rounded"
        " down; a share below the minimum is none.",
        f"{_STEPS}, Pro Rata; {_PRO_RATA}",
        ("minimum",),
    ),
    Rule(
        "MATCH-9",
        "Split: a percentage of what TOP and LMM have left goes FIFO, rounded half up, and the"
        " rest pro rata.",
        f"{_STEPS}, Split FIFO/Pro Rata; docs/readings.md, rounding of the split",
        ("fifo_percent",),
    ),
    Rule(
        "MATCH-10",
        "Leveling: orders that got nothing in the pro rata step get one lot each, the largest"
        " remaining quantity first, then the oldest.",
        f"{_STEPS}, Leveling; {_ADVISORY}; docs/readings.md, who is leveled",
        ("leveling",),
    ),
    Rule(
        "MATCH-11",
        "What the other steps leave goes FIFO.",
        f"{_STEPS}, FIFO; {_PRO_RATA}",
    ),
    Rule(
        "MATCH-12",
        "FIFO exception: an aggressor that takes all of a price, hidden quantity included, fills"
        " it in time order.",
        f"{_TOP_AND_EXCEPTION}; docs/readings.md, the FIFO exception",
    ),
    Rule(
        "MATCH-13",
        "Fills at one price come in this order: the order filled as TOP, then the largest, then"
        " the oldest.",
        f"{_STEPS}, Pro Rata; docs/readings.md, sequence of fills at a price",
    ),
    Rule("MATCH-14", "Algorithm C: Pro Rata, FIFO.", _STEPS),
    Rule("MATCH-15", "Algorithm A: TOP, Pro Rata, FIFO.", _STEPS),
    Rule(
        "MATCH-16",
        "Algorithm K: TOP, LMM, a FIFO share, a Pro Rata share, Leveling if it is on, FIFO.",
        _STEPS,
        ("leveling",),
    ),
    Rule("MATCH-17", "Algorithm O: TOP, Pro Rata, FIFO, with thresholds of its own.", _STEPS),
    Rule("MATCH-18", "Algorithm Q: TOP, LMM, Pro Rata, FIFO.", _STEPS),
    Rule("MATCH-19", "Algorithm S: TOP, LMM, FIFO.", _STEPS),
    Rule("MATCH-20", "Algorithm T: LMM, FIFO.", _STEPS),
)
