"""Rejects that are not about an order but about a message: at the level of the session, or of
the business behind it.

What a rule set refuses says at which level (`floorproof.market.rules.RejectLevel`).
"""

from __future__ import annotations

import msgspec

from .fix import BusinessRejectReason, MsgType
from .identifiers import CompID


class SessionReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The venue's session refuses a message (FIX ``35=3``)."""

    target_comp_id: CompID
    ref_msg_type: MsgType
    """What kind of message it was (FIX 372)."""

    ref_id: str
    """The request's own name; on the wire its number says which it was (FIX 45)."""

    text: str
    transact_time_ns: int
    session_reject_reason: str | None = None
    """FIX 373; None where CME sends none, which is everywhere but for rate limits."""

    ref_tag_id: str | None = None
    """FIX 371."""

    target_sub_id: CompID | None = None


class BusinessMessageReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The venue's application refuses a message (FIX ``35=j``)."""

    target_comp_id: CompID
    ref_msg_type: MsgType
    """What kind of message it was (FIX 372)."""

    business_reject_ref_id: str
    """The request's own name: a quote's ``quote_id`` (FIX 379)."""

    text: str
    transact_time_ns: int
    business_reject_reason: BusinessRejectReason
    """FIX 380."""

    target_sub_id: CompID | None = None
