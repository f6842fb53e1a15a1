"""What one end of a FIX session is set up with, and what it answers.

`floorproof.wire.fix_session` is the machine that these belong to.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TypeAlias

import attrs
from attrs import validators

from .fix_text import Pairs

SECOND_NS = 1_000_000_000


class Role(Enum):
    INITIATOR = "initiator"
    """Connects and logs on: the client."""

    ACCEPTOR = "acceptor"
    """Waits for that, and judges it: the venue."""


class SessionState(Enum):
    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    """Nobody has logged on yet."""

    LOGGED_ON = "logged on"
    LOGGING_OUT = "logging out"
    """It has said so, and waits for the other end to say the same."""


@attrs.frozen(kw_only=True)
class SessionSettings:
    """One end of a session."""

    role: Role
    sender_comp_id: str
    """Its own (FIX 49)."""

    target_comp_id: str
    """The other end's (FIX 56).  An acceptor leaves the fault-tolerance indicator to the
    logon: it says the six characters before it."""

    sender_sub_id: str
    """A client's operator where the message names none; a venue's ``G`` or market segment."""

    target_sub_id: str = "G"
    """At a client's end: ``G`` on a convenience gateway, else the market segment."""

    sender_location_id: str = "US,IL"
    start: datetime
    """What time it is when a run begins: with nanoseconds since then, the time of a message."""

    heartbeat_s: int = attrs.field(default=30, validator=validators.ge(1))
    heartbeat_bounds: tuple[int, int] = (5, 60)
    """What an acceptor takes."""

    grace_ns: int = attrs.field(default=SECOND_NS, validator=validators.ge(0))
    """How much longer than its interval the other end may be silent."""

    logon_timeout_ns: int = attrs.field(default=60 * SECOND_NS, validator=validators.gt(0))
    max_resend: int = attrs.field(default=2_500, validator=validators.ge(1))
    """How many messages one request may ask for again."""

    sending_time_tolerance_ns: int | None = 5 * SECOND_NS
    """How far a logon's time may be from the acceptor's; None for any."""

    failover_step: int = attrs.field(default=4_000, validator=validators.ge(1))
    indicators: str = "NU"
    """The fault-tolerance indicators that an acceptor takes on a first logon."""

    restarts_after_failed_logon: bool = False
    """Whether both numbers go back to 1 when a logon has failed, as they do on drop copy."""

    application: tuple[str, str, str] = ("floorproof", "1", "floorproof")
    """The client's system, its version and its vendor (FIX 1603 to 1605)."""


# --- what it answers ------------------------------------------------------------------


@attrs.frozen
class Transmit:
    """Send *data* to the other end."""

    data: bytes
    msg_type: str


@attrs.frozen
class Received:
    """A message for the application, in its place: nothing before it is missing."""

    msg_seq_num: int
    msg_type: str
    fields: Pairs
    """All of it, the header included."""

    poss_dup: bool = False
    poss_resend: bool = False


@attrs.frozen
class Disconnect:
    """Close the connection; the session counts it as closed."""

    text: str


@attrs.frozen
class StateChanged:
    """The session is in another state now."""

    state: SessionState


@attrs.frozen
class Noted:
    """Something happened that nobody answers, for the record."""

    kind: str
    text: str


Output: TypeAlias = Transmit | Received | Disconnect | StateChanged | Noted
