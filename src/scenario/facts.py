"""The facts that a run may put on record, so that an expectation about none of them is refused.

Ours are listed here, with what each holds.  A class of participants that a plugin offers
says which it reports in ``facts: ClassVar[tuple[str, ...]]``; one that does not may
report any.  A rule set's answers are effects, an order type's are warnings and schedules,
and all are ours.  A program that puts a participant of its own on the floor looks up what
that one reports in `Result.facts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, get_args

import attrs

from ..actors.lobster_replay import Halted
from ..actors.market_flow import FlowRejected
from ..market.fix_line import SessionEvent
from ..market.operations import AuctionResult, IndicativePrice, OperationRefused, SecurityStatus
from ..market.replay import Account, LevelInSight, Unexplained
from ..market.rules import Applied, Effect
from ..market.synthetic import OrderSchedule
from ..market.told import CopyReceived, NotCopied
from ..runtime.faults import Fault
from ..wire.itch_session import FeedMessages, FeedSession

Holds: TypeAlias = "type | tuple[str, ...] | None"
"""The class of what is on record, or the keys of a table; None where it may be anything."""

OURS: Mapping[str, Holds] = {
    "not possible": ("act", "why"),
    "warning": (),
    "schedule": OrderSchedule,
    "not an administrator": ("sender",),
    "session mismatch": ("sender", "named", "message"),
    "published": None,
    "trading state": SecurityStatus,
    "indicative price": IndicativePrice,
    "auction": AuctionResult,
    "operation refused": OperationRefused,
    **{f"effect {effect.__name__}": Applied for effect in get_args(Effect)},
    "feed session": FeedSession,
    "feed": FeedMessages,
    "flow_rejected": FlowRejected,
    "halt": Halted,
    "came_into_sight": LevelInSight,
    "unexplained": Unexplained,
    "replay_account": Account,
    "session": SessionEvent,
    "copy": CopyReceived,
    "copy known": CopyReceived,
    "not copied": NotCopied,
    "undeliverable": ("message",),
    "fault": Fault,
    "lost": ("message", "sender"),
}


@attrs.frozen
class Facts:
    """What may be put on record on one floor."""

    known: Mapping[str, Holds]
    others: bool
    """Whether somebody on the floor may report what is not known."""


def facts_of(participants: Iterable[type]) -> Facts:
    """Return what may be put on record where *participants* of plugins are on the floor."""
    declared = [_declared(cls) for cls in participants]
    theirs: dict[str, Holds] = {kind: None for kinds in declared for kind in kinds or ()}
    return Facts({**theirs, **OURS}, others=None in declared)


def _declared(cls: type) -> tuple[str, ...] | None:
    kinds = getattr(cls, "facts", None)  # a setting of that name is no tuple here
    if isinstance(kinds, tuple) and all(isinstance(kind, str) for kind in kinds):
        return kinds
    return None
