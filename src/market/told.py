"""What a venue lets drop copy know: everything that a session is told.

The venue says it of each session that may be a source; which of it is copied to whom is
drop copy's affair.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs
import msgspec

from .identifiers import CompID
from .messages import ExecutionReport, OrderCancelReject, OrderMassActionReport
from .quotes import MassQuoteAck, QuoteCancelAck
from .rejects import BusinessMessageReject, SessionReject

Report: TypeAlias = (
    ExecutionReport
    | OrderCancelReject
    | OrderMassActionReport
    | MassQuoteAck
    | QuoteCancelAck
    | SessionReject
    | BusinessMessageReject
)
"""Whatever an order entry session may be told of its requests and orders."""


class SourceReport(msgspec.Struct, frozen=True, gc=False):
    """A session was told this."""

    source_comp_id: CompID
    """The session, by name on the floor."""

    report: Report
    number: int
    """Which of all that the session was told at this venue, from 1."""


class SourceText(msgspec.Struct, frozen=True, gc=False):
    """A session that speaks FIX was told this, as it was first sent."""

    source_comp_id: CompID
    text: str
    """The whole message, a character a byte."""

    number: int
    """Which of all that the session was told at this venue, from 1; not its number there (34)."""


class ToldAgain(msgspec.Struct, frozen=True, gc=False):
    """A copy gateway asks a venue for what it has missed of what sessions were told."""

    after: tuple[tuple[CompID, int], ...]
    """By session, by name on the floor: the number of the last that it has; 0 for none."""


@attrs.frozen(kw_only=True)
class CopyReceived:
    """A drop copy desk has processed a copy (a journal fact)."""

    gateway: CompID
    source_comp_id: str
    """The source's comp id, with its seventh character."""

    msg_seq_num: int
    """Its number on the source's session."""

    text: str
    """The message, with a bar for each separator."""


@attrs.frozen(kw_only=True)
class NotCopied:
    """A message that no copy can hold (a journal fact)."""

    source_comp_id: CompID
    """The session, by name on the floor."""

    msg_seq_num: int
    """Its number there."""

    why: str
