"""The market of CME Globex: its states, its opening, and what protects its orders.

The rule set ``cme-market`` brings the states, says how an opening finds its price and what
the feed calls each state.  Everything about prices that an instrument has settings for is
of the rule sets beside it in the bundle ``cme``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from enum import IntEnum
from typing import ClassVar

import attrs

from ...market.auction import CME_INDICATIVE_OPENING, Chain
from ...market.fix import OrdRejReason, OrdType, TimeInForce
from ...market.identifiers import Price, Symbol
from ...market.ledger import Rule
from ...market.messages import OrderCancelRequest, OrderRequest
from ...market.profile import DayPlan, Phase, Session, VenueProfile
from ...market.rules import MarketView, Publish, Reject, SettleEffect
from ...market.sessions import TradingState
from ..hookspecs import CONTRACT_VERSION, hookimpl
from ..ordering import Bundle

floorproof_contract = CONTRACT_VERSION

_STATES = "CME Group Client Systems Wiki, market states (457671426, 78446621)"
_OPENING = 'CME Group Client Systems Wiki, "Rules to Determine the Indicative Opening Price"'
_TYPES = "CME Group Client Systems Wiki, order types (46727472, 78466661)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "CMKT-1",
        "Each state takes what CME's table has for it: orders that rest and cross in PRE-OPEN and"
        " RESERVED, new ones alone in PRE-OPEN NO CANCEL, everything in OPEN, PRE-CROSS and CROSS,"
        " cancels in PAUSE, orders good beyond the day in POST-CLOSE, and nothing elsewhere.",
        f"{_STATES}; {_READINGS}, states of Globex",
    ),
    Rule(
        "CMKT-2",
        "OPENING begins with the auction, and takes no requests; CLOSE FINAL ends the day.",
        _STATES,
    ),
    Rule(
        "CMKT-3",
        "Before the opening no order is taken that must trade at once, a market order neither.",
        f"{_STATES}; {_READINGS}, market orders before the opening",
    ),
    Rule(
        "CMKT-4",
        "An opening's price is found by the five rules of the indicative opening price, and what"
        " these refer to is the settlement.",
        f"{_OPENING} (457225139, 457324962)",
        ("auction", "reference"),
    ),
    Rule(
        "CMKT-5",
        "A market order and a stop trade no further than their protection points, and are refused"
        " where an instrument has none.",
        f"{_TYPES}, market with protection, stop with protection; {_READINGS}, unprotected orders",
        ("protection",),
    ),
    Rule(
        "CMKT-6",
        "Each state that is entered is told by its status (326), its event (1174) and, where it"
        " halts, the reason (327).",
        f"public copies of the MDP 3.0 schema; {_READINGS}, what the feed calls a state",
    ),
    Rule(
        "CMKT-7",
        "Mass quotes are taken in OPEN alone.",
        f"{_STATES}; CME Group Client Systems Wiki, iLink 2 Mass Quote (46432723)",
    ),
)

CME = (
    Rule(
        "CME-1",
        "A trading date begins the evening before at 17:00 and ends at 16:00, by Chicago's clocks.",
        f"{_READINGS}, hours of Globex",
    ),
    Rule(
        "CME-2",
        "PRE-OPEN begins half an hour before each open, and PRE-OPEN NO CANCEL 30 seconds before"
        " it.",
        f"{_STATES}; {_READINGS}, lengths of the phases before an open",
    ),
)

# --- states ---------------------------------------------------------------------------

_NOTHING = TradingState(name="NOTHING", enter=False, modify=False, cancel=False, match=False)
_BEYOND_THE_DAY = (TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_DATE)

PRE_OPEN = TradingState(name="PRE-OPEN", match=False, indicative=True)
NO_CANCEL = attrs.evolve(PRE_OPEN, name="PRE-OPEN NO CANCEL", modify=False, cancel=False)
OPENING = attrs.evolve(_NOTHING, name="OPENING", uncross=True)
OPEN = TradingState(name="OPEN")
PAUSE = attrs.evolve(_NOTHING, name="PAUSE", cancel=True)
RESERVED = TradingState(name="RESERVED", match=False)
PRE_CROSS = TradingState(name="PRE-CROSS", quote=False)
CROSS = TradingState(name="CROSS", quote=False)
CLOSE_NOT_FINAL = attrs.evolve(_NOTHING, name="CLOSE NOT FINAL")
CLOSE_FINAL = attrs.evolve(_NOTHING, name="CLOSE FINAL", ends_day=True)
POST_CLOSE = TradingState(name="POST-CLOSE", match=False, lives=_BEYOND_THE_DAY)
FORBIDDEN = attrs.evolve(_NOTHING, name="FORBIDDEN")

STATES = (
    PRE_OPEN,
    NO_CANCEL,
    OPENING,
    OPEN,
    PAUSE,
    RESERVED,
    PRE_CROSS,
    CROSS,
    CLOSE_NOT_FINAL,
    CLOSE_FINAL,
    POST_CLOSE,
    FORBIDDEN,
)


class SecurityTradingStatus(IntEnum):
    """What a market is in, on the feed (326)."""

    TRADING_HALT = 2
    CLOSE = 4
    NEW_PRICE_INDICATION = 15
    READY_TO_TRADE = 17
    NOT_AVAILABLE = 18
    PRE_OPEN = 21
    PRE_CROSS = 24
    CROSS = 25
    POST_CLOSE = 26


class SecurityTradingEvent(IntEnum):
    """What else there is about it (1174)."""

    NONE = 0
    NO_CANCEL = 1


class HaltReason(IntEnum):
    """Why it does not trade (327)."""

    GROUP_SCHEDULE = 0
    MARKET_EVENT = 2


@attrs.frozen(kw_only=True)
class TradingStatus:
    """An instrument's market as the feed tells of it."""

    symbol: Symbol
    security_trading_status: SecurityTradingStatus
    security_trading_event: SecurityTradingEvent = SecurityTradingEvent.NONE
    halt_reason: HaltReason = HaltReason.GROUP_SCHEDULE


_STATUS = SecurityTradingStatus
STATUSES: Mapping[str, SecurityTradingStatus] = {
    PRE_OPEN.name: _STATUS.PRE_OPEN,
    NO_CANCEL.name: _STATUS.PRE_OPEN,
    OPENING.name: _STATUS.NEW_PRICE_INDICATION,
    OPEN.name: _STATUS.READY_TO_TRADE,
    PAUSE.name: _STATUS.TRADING_HALT,
    RESERVED.name: _STATUS.PRE_OPEN,
    PRE_CROSS.name: _STATUS.PRE_CROSS,
    CROSS.name: _STATUS.CROSS,
    CLOSE_NOT_FINAL.name: _STATUS.CLOSE,
    CLOSE_FINAL.name: _STATUS.CLOSE,
    POST_CLOSE.name: _STATUS.POST_CLOSE,
    FORBIDDEN.name: _STATUS.NOT_AVAILABLE,
}
"""What the feed calls each state."""


# --- the rule set ---------------------------------------------------------------------


@attrs.frozen
class Market:
    """Bring Globex's states and opening to a venue, and see that its orders are protected."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Reject": ("CMKT-5",),
        "Publish": ("CMKT-6",),
    }

    after: ClassVar[tuple[str, ...]] = ("cme-smp",)

    def trading_states(self) -> Sequence[TradingState]:
        return STATES

    def auction_chain(self) -> Chain:
        return CME_INDICATIVE_OPENING

    @hookimpl
    def auction_reference(self, market: MarketView) -> Price | None:
        return market.instrument.reference_px

    @hookimpl
    def accept_request(self, request: OrderRequest, market: MarketView) -> Reject | None:
        if isinstance(request, OrderCancelRequest) or request.ord_type not in _PROTECTED:
            return None
        if market.instrument.protection_points is not None:
            return None
        return Reject(
            OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
            f"ord_type {request.ord_type.name}: expected one that needs no protection, as"
            f" {request.symbol} has no protection points [CMKT-5]",
        )

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        status = STATUSES.get(new.name)
        if status is None:
            return []
        no_cancel = new.name == NO_CANCEL.name
        reserved = new.name == RESERVED.name
        return [
            Publish(
                TradingStatus(
                    symbol=market.instrument.symbol,
                    security_trading_status=status,
                    security_trading_event=(
                        SecurityTradingEvent.NO_CANCEL if no_cancel else SecurityTradingEvent.NONE
                    ),
                    halt_reason=(
                        HaltReason.MARKET_EVENT if reserved else HaltReason.GROUP_SCHEDULE
                    ),
                )
            )
        ]


_PROTECTED = (OrdType.MARKET, OrdType.STOP)


# --- the venue ------------------------------------------------------------------------

OPENING_NS = 1_000_000
"""How long the opening takes."""

_SECOND_NS = 1_000_000_000

DAY = DayPlan(
    phases=(
        Phase(PRE_OPEN.name, -1800 * _SECOND_NS),
        Phase(NO_CANCEL.name, -30 * _SECOND_NS),
        Phase(OPENING.name),
        Phase(OPEN.name, OPENING_NS),
    ),
    between=CLOSE_NOT_FINAL.name,
    closed=CLOSE_FINAL.name,
)

VENUE = VenueProfile(
    name="CME Globex",
    mic="XCME",
    currency="USD",
    time_zone="America/Chicago",
    rules=("cme",),
    day=DAY,
    sessions=(Session(opens=time(17), closes=time(16), opens_on=-1),),
    ledger=CME,
)


@hookimpl
def rule_sets() -> Mapping[str, type | Bundle]:
    return {
        "cme": ("cme-smp", "cme-market", "price-limits", "price-bands"),
        "cme-market": Market,
    }


@hookimpl
def venues() -> Mapping[str, VenueProfile]:
    return {"cme": VENUE}


@hookimpl
def rules() -> Mapping[str, Sequence[Rule]]:
    return {"cme-market": RULES}
