"""What a spread order remembers: its quotes and hedges, what each leg has filled, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from fractions import Fraction

import attrs

from ...market.identifiers import Price, Qty
from ...market.synthetic import SynthStatus
from ..synthetic import CancelChild
from .post_hedge import Rest
from .spread import ListedSpread


class Role(Enum):
    """What a child is for."""

    QUOTE = "quote"
    HEDGE = "hedge"


@attrs.frozen(kw_only=True)
class Note:
    """What a spread order knows of one child, besides what the gateway knows."""

    leg: int
    """The place of its leg, from 0."""

    role: Role
    leans: tuple[Price, ...] = ()
    """What the quote leaned on, as it has been accepted; its own price in its leg."""

    next_leans: tuple[Price, ...] = ()
    """What the change that is under way leans on."""

    asked: tuple[object, ...] = ()
    """The latest request about it, so that one that was refused is not made again."""

    refused: tuple[object, ...] = ()

    converted_qty: Qty = 0
    """How many contracts of a quote have become a hedge."""

    may_convert: bool = True

    rest: Rest = attrs.field(factory=Rest)
    """Of a hedge: how long it has rested, and what has been done about it."""

    next_rest: Rest | None = None
    """The same once the change that is under way has been taken."""

    wakes_ns: int | None = None
    """When it is looked at next."""

    @property
    def goes_to_market(self) -> bool:
        """Whether it is a hedge that is being taken off, to be entered at the market."""
        return self.role is Role.HEDGE and self.asked[:1] == (CancelChild,)


@attrs.frozen(kw_only=True)
class LegWork:
    """What one leg has come to."""

    quoted: Qty = 0
    """Contracts that its quotes have filled."""

    hedged: Qty = 0
    """Contracts that have been sent as hedges."""

    is_pulled: bool = False
    """Whether its quotes are off because there was too little to lean on, and stay off."""

    shrunk_to: Qty | None = None
    """The most that it quotes until a quote of it trades, because no more could be hedged."""

    fills: tuple[tuple[Price, Qty], ...] = ()
    """All of them, of quotes and of hedges, first to last; what is forfeited as filled, too."""

    @property
    def filled(self) -> Qty:
        return sum(qty for _, qty in self.fills)


@attrs.frozen
class Ending:
    """Why a spread order takes its quotes off for good, and what it is then."""

    synth_status: SynthStatus
    text: str = ""


@attrs.frozen(kw_only=True)
class Work:
    """What one spread order remembers."""

    legs: tuple[LegWork, ...]
    notes: Mapping[str, Note] = attrs.field(factory=dict)
    """By the child's name."""

    sniped: Qty = 0
    """Units that were traded in all legs at once."""

    leans: tuple[Price, ...] = ()
    """What the latest quote that was filled leaned on: where hedges are sent."""

    by: str = ""
    """The child that was filled last."""

    clips: Qty = 0
    """Of an order that reloads: how many clips may be worked so far."""

    is_reloading: bool = False
    is_paused: bool = False
    ending: Ending | None = None

    def units(self, spread: ListedSpread) -> Fraction:
        """Return the units that fills have begun: of quotes, by the ratio, and of snipes."""
        legs = zip(spread.legs, self.legs, strict=True)
        return sum(
            (own.quoted / leg.size for leg, own in legs if own.quoted), Fraction(self.sniped)
        )

    def afresh(self) -> Work:
        """Return the same without what thin markets have done to its quotes."""
        legs = tuple(attrs.evolve(leg, is_pulled=False, shrunk_to=None) for leg in self.legs)
        return attrs.evolve(self, legs=legs)

    def with_leg(self, number: int, leg: LegWork) -> Work:
        legs = tuple(leg if place == number else own for place, own in enumerate(self.legs))
        return attrs.evolve(self, legs=legs)

    def with_note(self, child: str, note: Note) -> Work:
        return attrs.evolve(self, notes={**self.notes, child: note})
