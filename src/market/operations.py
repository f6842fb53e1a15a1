"""Market operations: what the venue's own people do to its market.

They come from the venue itself, or from a scenario's administrator; no session can
send one.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from .fix import ExecRestatementReason, TimeInForce
from .identifiers import CompID, Price, Qty, Symbol
from .ledger import Rule

RULES = (
    Rule(
        "OPS-1",
        "A busted trade is reported to both its sides; what is left of their orders stays, and"
        " the quantity does not come back.",
        "CME Group Client Systems Wiki, iLink 2 Trade Cancel (46924390), 39 = H",
    ),
    Rule(
        "OPS-2",
        "The venue may cancel a user's orders without being asked by him, in any state.",
        "CME Group Client Systems Wiki, Global Command Center",
    ),
    Rule(
        "OPS-3",
        "No state that matches is entered with a crossed book, unless it uncrosses. An instrument"
        " that cannot follow its board for that reason stays where it is, and holds nobody back.",
        "docs/readings.md, crossed books",
    ),
)


@attrs.frozen(kw_only=True)
class ChangeTradingState:
    """Put a board, or one instrument, into a state.

    Raises:
        ValueError: unless it is either a board or an instrument, or if a board is to
            rejoin.
    """

    board: str | None = None
    symbol: Symbol | None = None
    state: str | None = None
    """The state's name; None lets the instrument rejoin its board."""

    def __attrs_post_init__(self) -> None:
        if (self.board is None) == (self.symbol is None):
            raise ValueError("expected either a board or a symbol")
        if self.board is not None and self.state is None:
            raise ValueError(f"board {self.board}: expected a state, as only instruments rejoin")


@attrs.frozen(kw_only=True)
class BustTrade:
    """Take a trade back."""

    trd_match_id: int
    text: str = ""


@attrs.frozen(kw_only=True)
class CancelOrders:
    """Cancel the live orders of a session, or of one of its users, or those in one instrument."""

    session: CompID | None = None
    user: CompID | None = None
    symbol: Symbol | None = None
    text: str = ""
    reason: ExecRestatementReason = ExecRestatementReason.OTHER
    lives: tuple[TimeInForce, ...] = tuple(TimeInForce)
    """The times in force of those that are meant."""

    where_allowed: bool = False
    """Whether orders stay whose state takes no cancels: operations may cancel in any."""


MarketOperation: TypeAlias = ChangeTradingState | BustTrade | CancelOrders


# --- what becomes public --------------------------------------------------------------


@attrs.frozen(kw_only=True)
class SecurityStatus:
    """An instrument's market has entered a state (FIX ``35=f``)."""

    symbol: Symbol
    trading_state: str
    transact_time_ns: int
    target_comp_id: CompID | None = None
    """The subscriber who is told; None where it stands on record."""


@attrs.frozen(kw_only=True)
class IndicativePrice:
    """At what price how much an auction would trade at this moment."""

    symbol: Symbol
    price: Price | None
    """None when nothing would trade."""

    quantity: Qty
    transact_time_ns: int


@attrs.frozen(kw_only=True)
class AuctionResult:
    """At what price how much an auction has traded."""

    symbol: Symbol
    price: Price | None
    quantity: Qty
    transact_time_ns: int


@attrs.frozen(kw_only=True)
class OperationRefused:
    """The venue could not do what its people asked; nothing has changed."""

    operation: MarketOperation
    text: str


Published: TypeAlias = SecurityStatus | IndicativePrice | AuctionResult
