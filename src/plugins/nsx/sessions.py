"""NSX's trading states, and the system events that tell of them (``nsx-sessions``).

A board goes by its timetable, which is known beforehand: of each change it is published
that it has been triggered.  What nobody could know of (a halt, a return from it, a change
that an administrator makes by hand) is scheduled for the moment, and triggered at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from ...market.identifiers import Symbol
from ...market.ledger import Rule
from ...market.rules import MarketView, Publish, Remember, SettleEffect
from ...market.sessions import Board, TradingState
from ...wire.itch import ActionReason, ActionState, EventStatus
from ...wire.public import PublicAction, PublicEvent
from ..hookspecs import hookimpl

_CODES = 'NSX, NETS ITCH, "System event codes"'
_EVENTS = 'NSX, NETS ITCH, "System event [S]"'
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "NSX-SES-1",
        "Each session code stands for what its market takes: ENQUIRY nothing; PREOPEN, HALT and"
        " CB_AUCT orders that rest, with an indicative price and without trade reports; OPEN and"
        " CB_AUCT_END an auction, and everything after it.",
        f"{_CODES}",
    ),
    Rule(
        "NSX-SES-2",
        "Before the close there are PRECLOSE, a call, and CLOSE, which begins with its auction;"
        " ADJUST takes changes and cancels, SUSPENSION cancels alone.",
        f"{_READINGS}, sessions that NSX's list does not reach",
        ("names",),
    ),
    Rule(
        "NSX-SES-3",
        "A board's change is one event of the board, triggered; what its timetable did not"
        " announce is scheduled for that moment first.",
        f"{_EVENTS}; {_READINGS}, events that nothing announced",
    ),
    Rule(
        "NSX-SES-4",
        "A state of an instrument's own is an event of the instrument; MATCH_REJOIN puts it into"
        " the state that its board has by then.",
        f"{_CODES}, MATCH_REJOIN",
    ),
    Rule(
        "NSX-SES-5",
        "A halt suspends trading in an instrument, and its end is a return to normal trading.",
        f"{_READINGS}, the trading state of a halted instrument",
    ),
    Rule(
        "NSX-SES-6",
        "What is scheduled for a moment comes before what arrives at it, and a board's events"
        " before those of an instrument.",
        f"{_READINGS}, events at one moment",
    ),
    Rule(
        "NSX-SES-7",
        "An indicative price before the opening is of the opening's auction, in a halt or a pause"
        " of one within the day, before the close of the close's.",
        'NSX, NETS ITCH, "Event message flow" and "Indicative price/quantity [I]"',
    ),
)

# --- states ---------------------------------------------------------------------------

_NOTHING = TradingState(
    name="NOTHING", enter=False, modify=False, cancel=False, match=False, report=False
)
_CALL = TradingState(name="CALL", match=False, indicative=True, report=False)

ENQUIRY = attrs.evolve(_NOTHING, name="ENQUIRY", ends_day=True)
PREOPEN = attrs.evolve(_CALL, name="PREOPEN")
OPEN = TradingState(name="OPEN", uncross=True)
HALT = attrs.evolve(_CALL, name="HALT")
CB_AUCT = attrs.evolve(_CALL, name="CB_AUCT")
CB_AUCT_END = TradingState(name="CB_AUCT_END", uncross=True)

PRECLOSE = attrs.evolve(_CALL, name="PRECLOSE")
CLOSE = attrs.evolve(_NOTHING, name="CLOSE", uncross=True)
ADJUST = TradingState(name="ADJUST", enter=False, match=False)
SUSPENSION = attrs.evolve(_NOTHING, name="SUSPENSION", cancel=True)

ASSUMED = (PRECLOSE, CLOSE, ADJUST, SUSPENSION)
"""Those whose codes NSX's list, as far as it is known, does not reach."""

STATES = (ENQUIRY, PREOPEN, OPEN, HALT, CB_AUCT, CB_AUCT_END, *ASSUMED)

MATCH_REJOIN = "MATCH_REJOIN"

_ETR = (CB_AUCT.name, CB_AUCT_END.name)
_LONGEST = 12  # characters of an event code, as published
_OWN = "own state"


# --- the rule set ---------------------------------------------------------------------


def _codes(_settings: object, field: attrs.Attribute[Any], names: Mapping[str, str]) -> None:
    assumed = [state.name for state in ASSUMED]
    for state, code in names.items():
        if state not in assumed:
            raise ValueError(f"'{field.name}' has {state!r}: expected {', '.join(assumed)}")
        if not isinstance(code, str) or not 1 <= len(code) <= _LONGEST or not code.isascii():
            raise ValueError(
                f"'{field.name}' of {state} must be a code of 1 to {_LONGEST} characters: {code!r}"
            )
    used = [names.get(state.name, state.name) for state in STATES] + [MATCH_REJOIN]
    for code in names.values():
        if used.count(code) > 1:
            raise ValueError(f"'{field.name}' gives {code!r} to two states")


@attrs.frozen(kw_only=True)
class Sessions:
    """Bring NSX's states to a venue, and publish what becomes of them."""

    after: ClassVar[tuple[str, ...]] = ("nsx-etr",)

    names: Mapping[str, str] = attrs.field(factory=dict, validator=_codes)
    """The codes of PRECLOSE, CLOSE, ADJUST and SUSPENSION, where they are others."""

    def trading_states(self) -> Sequence[TradingState]:
        return [
            attrs.evolve(state, name=self.names.get(state.name, state.name)) for state in STATES
        ]

    def opening(self, market: MarketView) -> Iterator[PublicAction]:
        """Yield what a feed says of an instrument as it begins, if that is not traded."""
        if market.state.name == HALT.name:
            yield _halted(market.instrument.symbol)

    def cross_type(self, state: str) -> str:
        """Return of which auction an indicative price in *state* is (``CrossType`` of [I])."""
        if state == self.names.get(PRECLOSE.name, PRECLOSE.name):
            return "C"
        return {PREOPEN.name: "O", HALT.name: "I", CB_AUCT.name: "I"}.get(state, " ")

    def announced(self, board: Board) -> tuple[PublicEvent, ...]:
        """Return what a feed says of a board's day as the day begins."""
        return tuple(
            PublicEvent(
                event_code=transition.state.name,
                event_status=EventStatus.SCHEDULED,
                scheduled_time_ns=transition.at_ns,
                board=board.name,
            )
            for transition in board.timetable
        )

    @hookimpl
    def trading_session_changed(
        self, old: TradingState, new: TradingState, market: MarketView
    ) -> list[SettleEffect]:
        was_own, is_own = market.recall(_OWN) is True, market.own_state is not None
        effects: list[SettleEffect] = []
        if was_own != is_own:
            effects.append(Remember(_OWN, is_own))
        effects += map(Publish, _events(old, new, was_own, market))
        effects += map(Publish, _actions(old, new, market))
        return effects


def _events(
    old: TradingState, new: TradingState, was_own: bool, market: MarketView
) -> Iterator[PublicEvent]:
    """Yield what is said of a change.  Of a pause and its end, `nsx-etr` has said it."""
    symbol, now_ns, board = market.instrument.symbol, market.now_ns, market.board
    code, of_board, announced = new.name, "", False
    if market.own_state is not None:
        if new.name in _ETR:
            return
    elif was_own:
        if old.name in _ETR:
            return
        code = MATCH_REJOIN
    else:
        if board is None or not _leads(board, market):
            return
        of_board = board.name
        announced = any(
            (transition.at_ns, transition.state) == (now_ns, new) for transition in board.timetable
        )
    for status in (EventStatus.SCHEDULED, EventStatus.TRIGGERED)[announced:]:
        yield PublicEvent(
            event_code=code,
            event_status=status,
            scheduled_time_ns=now_ns,
            board=of_board,
            symbol=None if of_board else symbol,
        )


def _leads(board: Board, market: MarketView) -> bool:
    """Return whether this is the first instrument that its board takes along."""
    along = (symbol for symbol in board.symbols if market.other(symbol).own_state is None)
    return next(along, None) == market.instrument.symbol


def _actions(old: TradingState, new: TradingState, market: MarketView) -> Iterator[PublicAction]:
    symbol = market.instrument.symbol
    if new.name == HALT.name:
        yield _halted(symbol)
    elif old.name == HALT.name and new.name != CB_AUCT.name:
        yield PublicAction(
            symbol=symbol,
            trading_state=ActionState.ACTIVE,
            reason=ActionReason.NORMAL,
        )


def _halted(symbol: Symbol) -> PublicAction:
    return PublicAction(
        symbol=symbol, trading_state=ActionState.SUSPENDED, reason=ActionReason.NONE
    )
