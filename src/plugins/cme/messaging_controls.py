"""CME's messaging controls: how many messages a session may send, and what a lost one costs it.

They are the gateway's, not the market's: they see sessions in FIX text alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import validators

from ...market.fix import ExecRestatementReason, TimeInForce
from ...market.ledger import Rule
from ...market.rules import Remember
from ...market.session_rules import (
    CancelSession,
    EndEffect,
    EndSession,
    MessageEffect,
    RefuseMessage,
    SessionView,
)
from ..hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION

_WIKI = "CME Group Client Systems Wiki, Messaging Controls (46924210, 457317540)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "CTL-1",
        "A session that sends more messages of a kind in a window than its rate allows has the rest"
        " of them rejected (35 = 3; 373 is 70 for mass quotes, 72 for orders, 73 for cancels); none"
        " of these reaches the market.",
        f"{_WIKI}; {_READINGS}, the window of a rate",
        ("orders", "cancels", "quotes", "window_s"),
    ),
    Rule(
        "CTL-2",
        "One that goes on beyond a second rate is logged out.",
        f"{_WIKI}; {_READINGS}, the window of a rate",
        ("orders", "cancels", "quotes", "window_s"),
    ),
    Rule(
        "CTL-3",
        "A session that is lost, or logged out by the venue, has its resting day orders canceled"
        " (378 = 100), except where the state takes no cancels; orders good beyond the day stay,"
        " and so does everything after a logout of its own.",
        "CME Group Client Systems Wiki, Cancel on Disconnect (46203696);"
        f" {_READINGS}, what a lost session costs",
        ("cancel_on_disconnect", "opted_out"),
    ),
)


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"cme-messaging-controls": MessagingControls}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


@attrs.frozen(kw_only=True)
class Rate:
    """Messages a second: above which they are rejected, and above which the session is ended."""

    reject: int = attrs.field(validator=validators.ge(1))
    logout: int = attrs.field(validator=validators.ge(1))

    @logout.validator
    def _above(self, _field: object, found: int) -> None:
        if found < self.reject:
            raise ValueError(f"must be >= reject ({self.reject}), was {found}")


_KINDS: Mapping[str, tuple[str, str]] = {
    "D": ("orders", "72"),
    "G": ("orders", "72"),
    "F": ("cancels", "73"),
    "CA": ("cancels", "73"),
    "i": ("quotes", "70"),
    "Z": ("quotes", "70"),
}
"""By message type, the rate that it counts for, and the reason of its reject (373)."""

_SECOND_NS = 1_000_000_000


def _names(_settings: object, field: attrs.Attribute[Any], found: tuple[str, ...]) -> None:
    if len(set(found)) != len(found):
        raise ValueError(f"'{field.name}' must name each session once: {list(found)}")


@attrs.frozen(kw_only=True)
class MessagingControls:
    """Bound what a session sends, and cancel what a lost session leaves."""

    orders: Rate = Rate(reject=500, logout=750)
    cancels: Rate = Rate(reject=1_000, logout=1_500)
    quotes: Rate = Rate(reject=350, logout=750)
    window_s: int = attrs.field(default=3, validator=validators.ge(1))
    """How long messages are counted together, in seconds."""

    cancel_on_disconnect: bool = True
    opted_out: tuple[str, ...] = attrs.field(default=(), validator=_names)
    """Sessions whose orders stay."""

    @hookimpl
    def accept_message(self, msg_type: str, session: SessionView) -> Sequence[MessageEffect]:
        if msg_type not in _KINDS:
            return ()
        kind, reason = _KINDS[msg_type]
        rate: Rate = getattr(self, kind)
        window = session.recall(kind)
        began_ns, count = window if isinstance(window, tuple) else (session.now_ns, 0)
        if session.now_ns >= began_ns + self.window_s * _SECOND_NS:
            began_ns, count = session.now_ns, 0
        count += 1
        counted = Remember(kind, (began_ns, count))
        text = f"Volume Controls initiated {{}}. Current TPS:{count // self.window_s}"
        if count > rate.logout * self.window_s:
            return (counted, EndSession(text.format("Logout")))
        if count > rate.reject * self.window_s:
            return (counted, RefuseMessage(text.format("Reject"), reason))
        return (counted,)

    @hookimpl
    def session_ended(self, is_own_logout: bool, session: SessionView) -> Sequence[EndEffect]:
        if is_own_logout or not self.cancel_on_disconnect or session.name in self.opted_out:
            return ()
        return (
            CancelSession(
                reason=ExecRestatementReason.CANCEL_ON_DISCONNECT,
                lives=(TimeInForce.DAY,),
                text="cancel on disconnect [CTL-3]",
            ),
        )
