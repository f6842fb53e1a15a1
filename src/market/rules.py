"""What a rule set may see of a market, and what it may answer.

A rule looks at values and returns *effects*, which are values too.  It never
changes anything itself: the exchange has one interpreter that carries effects
out, and puts each on record under the rule set's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import attrs
import msgspec
from attrs import validators

from .fix import CxlRejReason, ExecRestatementReason, OrdRejReason, Side
from .identifiers import OrderID, Price, Qty, Symbol
from .instrument import Instrument
from .messages import NewOrderSingle, OrderCancelReplaceRequest, OrderRequest, Statistics
from .quotes import MassQuote
from .sessions import Board, TradingState

if TYPE_CHECKING:
    from .auction import Uncross  # which stands on the book, and the book's rules on this


class RestingOrder(msgspec.Struct, frozen=True, gc=False):
    """An order in the book, as a rule sees it: a value of this moment.

    (A struct like the events of the book, as there is one for each order that is reached.)
    """

    order_id: OrderID
    order: NewOrderSingle
    """As its last accepted request left it."""

    price: Price
    """The level that it stands at: its limit, or the trigger of a stop that waits."""

    leaves_qty: Qty
    shown_qty: Qty
    """What of that is displayed."""

    is_top: bool = False
    """Whether it is the order that bettered its side of the market."""


class MarketView(Protocol):
    """One instrument as one rule set sees it: read-only, live, as of the last commit."""

    @property
    def instrument(self) -> Instrument: ...

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the start of the run."""

    @property
    def state(self) -> TradingState:
        """The state that the instrument is in."""

    @property
    def board_state(self) -> TradingState:
        """The state of its board, which may be another."""

    @property
    def board(self) -> Board | None:
        """The board that it is on, with its timetable; None if it is on none."""

    @property
    def own_state(self) -> TradingState | None:
        """The state that it has been put into without its board, or None if it has not."""

    @property
    def auction(self) -> Uncross | None:
        """What the auction came to that its present state began with.

        None if that state began without one, or nothing traded in it.
        """

    @property
    def last_px(self) -> Price | None:
        """The price of the latest trade, or None before the first one."""

    @property
    def statistics(self) -> Statistics:
        """What has been traded on the venue's day."""

    def indicative(self) -> Uncross | None:
        """Return what an auction would come to now, or None if nothing would trade."""

    def best_px(self, side: Side) -> Price | None:
        """Return the best price of *side*, or None when nobody rests there."""

    def order(self, order_id: OrderID) -> RestingOrder | None:
        """Return a resting order of this instrument, or None."""

    def recall(self, key: str) -> object:
        """Return what this rule set last remembered under *key*, or None."""

    def other(self, symbol: Symbol) -> MarketView:
        """Return the view of another instrument of the venue.

        Raises:
            KeyError: if the venue has no such instrument.
        """


# --- effects -------------------------------------------------------------------------


class RejectLevel(Enum):
    """In which of the protocol's ways a reject is said."""

    EXECUTION = "execution"
    SESSION = "session"
    BUSINESS = "business"


@attrs.frozen
class Reject:
    """Answer the request with this reject, and do nothing else."""

    reason: OrdRejReason
    text: str
    level: RejectLevel = RejectLevel.EXECUTION
    cxl_rej_reason: CxlRejReason = CxlRejReason.OTHER
    """The reason where the refused request is a cancel or a change."""


@attrs.frozen
class CancelResting:
    """The resting order may not meet the aggressor: cancel it, and go on."""

    order_id: OrderID
    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    text: str = ""


@attrs.frozen
class CancelAggressor:
    """The aggressor may not meet what comes next: cancel what is left of it."""

    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    text: str = ""


class Remainder(Enum):
    """What becomes of an aggressor whose sweep was stopped."""

    REST = "rest"
    REST_IF_LIMIT = "rest if limit"
    """What is left of a limit order rests; of what was to trade at the market, protected or
    not, it is canceled."""

    CANCEL = "cancel"


@attrs.frozen
class StopSweep:
    """The aggressor trades no further; what it has traded so far stands.

    Raises:
        TypeError: if *remainder* is none: another value would be taken for a cancel.
    """

    remainder: Remainder = attrs.field(validator=validators.instance_of(Remainder))
    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    text: str = ""


class Fills(Enum):
    """What becomes of the trades that an interrupted aggressor would have made."""

    KEEP = "keep"
    WITHHOLD = "withhold"


@attrs.frozen(kw_only=True)
class Interrupt:
    """This trade would interrupt the market: the aggressor trades no further.

    The instrument enters another state once what stands of the request has been done.
    Where too little would have traded anyway (fill or kill, a minimum quantity), there
    would have been no trade, and nothing is interrupted.

    Raises:
        TypeError: if *fills* or *remainder* is none.
    """

    state: str
    """One that the venue knows, and that does not match or else uncrosses."""

    fills: Fills = attrs.field(default=Fills.KEEP, validator=validators.instance_of(Fills))
    remainder: Remainder = attrs.field(
        default=Remainder.REST, validator=validators.instance_of(Remainder)
    )
    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    text: str = ""
    then: tuple[SettleEffect, ...] = ()
    """What else is done, after the state has changed."""


@runtime_checkable
class TellsItself(Protocol):
    """A published message that a story shows; others are on record, and not shown."""

    @property
    def symbol(self) -> Symbol: ...

    def told(self, instrument: Instrument) -> str:
        """Return what it says of *instrument*, for a person."""


# What may come of every trade, and its record, are structs, which are made several times as
# fast as frozen attrs classes.


class Publish(msgspec.Struct, frozen=True):
    """Put *message* on the venue's public feed; a story shows it if it is `TellsItself`."""

    message: object


class Remember(msgspec.Struct, frozen=True):
    """Keep *value* for this rule set; `MarketView.recall` gives it back."""

    key: str
    value: object


@attrs.frozen
class Schedule:
    """Ask the rule set's `scheduled` hook after *delay_ns*, under *name*.

    A second one with a name that is still due takes the place of the first.  It comes
    before every request that arrives at the same nanosecond, and before what is done to
    an instrument then; the change of a board comes before it.
    """

    delay_ns: int = attrs.field(validator=validators.ge(0))
    name: str


@attrs.frozen
class Unschedule:
    """Forget what is due under *name*; nothing happens if nothing is."""

    name: str


@attrs.frozen
class CancelOrder:
    """Take a resting order off the book."""

    order_id: OrderID
    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    text: str = ""


@attrs.frozen
class ChangeState:
    """Put an instrument into a state of its own, or let it rejoin its board.

    A change that cannot be made (`floorproof.market.operations`) is put on record as
    refused.
    """

    state: str | None
    symbol: Symbol | None = None
    """Which instrument; None for the one that the rule set was asked about."""


Prevention: TypeAlias = CancelResting | CancelAggressor
Guard: TypeAlias = StopSweep | Interrupt
SettleEffect: TypeAlias = Publish | Remember | Schedule | Unschedule | CancelOrder | ChangeState
Effect: TypeAlias = Reject | Prevention | Guard | SettleEffect


class Applied(msgspec.Struct, frozen=True):
    """An effect that was carried out, for the record."""

    rule_set: str
    symbol: Symbol
    effect: Effect


# --- how the exchange asks -----------------------------------------------------------

Admitted: TypeAlias = NewOrderSingle | OrderCancelReplaceRequest | MassQuote
"""What may bring orders into a book: rule sets are asked whether a venue looks at it at all."""

AdmitRequest: TypeAlias = Callable[[Admitted], Reject | None]
AcceptRequest: TypeAlias = Callable[[OrderRequest, MarketView], Reject | None]
BeforeMatch: TypeAlias = Callable[
    [NewOrderSingle, Sequence[RestingOrder], MarketView], Sequence[Prevention] | None
]
BeforeTrade: TypeAlias = Callable[[Price, Qty, MarketView], Guard | None]
AfterRequest: TypeAlias = Callable[[Sequence[object], MarketView], Sequence[SettleEffect] | None]
AfterTrades: TypeAlias = AfterRequest
Scheduled: TypeAlias = Callable[[str, MarketView], Sequence[SettleEffect] | None]
StateChanged: TypeAlias = Callable[
    [TradingState, TradingState, MarketView], Sequence[SettleEffect] | None
]
AuctionReference: TypeAlias = Callable[[MarketView], Price | None]


LOWEST, HIGHEST = -(2**63), 2**63
"""Below and above every price."""


class Indifferent(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule set has nothing against, so that it need not be asked.

    It holds until the rule set next remembers something.  A rule set may be asked all the
    same: this is for speed, and changes nothing.
    """

    trades: tuple[Price, Price] | None = None
    """No trade at these prices, nor at any between; None to be asked of each."""

    orders: tuple[Price, Price] | None = None
    """No new offer from the first price upwards, no new bid up to the second, and no cancel;
    None to be asked of each."""

    last_px: Price | None = None
    """No trades of which the last is at this price, as ``after_trades`` hears of them; None
    to hear of all."""


@attrs.frozen
class Bound:
    """One rule set's answer to one question, bound to a plain callable."""

    rule_set: str
    ask: Callable[..., object]
    indifferent: Callable[[MarketView], Indifferent] | None = None
    """What says how far the question need not be put, if it says so at all."""

    level_by_level: bool = False
    """Of ``before_match``, whether an aggressor that *could* trade with any order is held
    against those of each price as it comes to them, and not against all of them beforehand."""


@attrs.frozen(kw_only=True)
class VenueRules:
    """The rule sets of one instrument: for each phase who is asked, in order.

    What is asked before a request's instrument is looked for (`AdmitRequest`) is a venue's.

    A phase that no rule set takes part in is an empty tuple, and costs nothing.
    """

    accept_request: tuple[Bound, ...] = ()
    before_match: tuple[Bound, ...] = ()
    before_trade: tuple[Bound, ...] = ()
    after_request: tuple[Bound, ...] = ()
    after_trades: tuple[Bound, ...] = ()
    scheduled: tuple[Bound, ...] = ()
    trading_session_changed: tuple[Bound, ...] = ()
    auction_reference: tuple[Bound, ...] = ()


class RuleFailed(Exception):
    """A rule raised, or answered with something that it was not asked about.

    Nothing of the request has been applied.  The exceptions are ``after_request`` and
    ``after_trades``, which look at a request that has been: that stands, and none of the
    effects that rule sets answered with has been carried out.  A mass quote is as many
    requests as it has sides: those before stand.
    """

    def __init__(self, rule_set: str, hook: str, asked: object) -> None:
        super().__init__(f"rule set {rule_set!r} raised in {hook} on {asked!r}")
        self.rule_set = rule_set
        self.hook = hook
        self.asked = asked

    def __str__(self) -> str:
        cause = self.__cause__
        why = "" if cause is None else f": {type(cause).__name__}: {cause}"
        return super().__str__() + why


@attrs.frozen
class Question:
    """What one rule set is asked in one phase, about the instrument that it is bound to."""

    rule_set: str
    hook: str
    ask: Callable[..., Any]
    market: MarketView
    indifferent: Callable[[MarketView], Indifferent] | None = None
    level_by_level: bool = False

    def indifference(self) -> Indifferent:
        """Return how far the question need not be put.

        Raises:
            RuleFailed: from whatever the rule set raised.
        """
        if self.indifferent is None:
            return Indifferent()
        try:
            return self.indifferent(self.market)
        except Exception as error:  # as below
            raise RuleFailed(self.rule_set, "indifferent", self.market.instrument.symbol) from error

    def first(self, *about: object) -> Any:
        """Return the answer, where the first that is not None is final.

        Raises:
            RuleFailed: from whatever the rule set raised.
        """
        try:
            return self.ask(*about, self.market)
        except Exception as error:  # whatever a stranger's rule raises is named as its own
            raise self.failed(*about) from error

    def survey(self, *about: object, among: Any) -> tuple[Any, ...]:
        """Return the answers, where all count.

        Args:
            among: the classes (or their union) that an answer may be of.

        Raises:
            RuleFailed: from whatever the rule set raised, or if an answer is none of
                those that the phase has.
        """
        try:
            answers = self.ask(*about, self.market)
            if not answers:
                return ()
            for answer in (answers := tuple(answers)):
                if not isinstance(answer, among):
                    raise TypeError(f"{self.hook} may not answer {answer!r}")
        except Exception as error:  # as above
            raise self.failed(*about) from error
        return answers

    def failed(self, *about: object) -> RuleFailed:
        return RuleFailed(self.rule_set, self.hook, about)
