"""What a feed tells in one session: how a run puts it on record, and what is sent of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ..market.ledger import Rule
from .soupbintcp import Sent, session_stream

RULES = (
    Rule(
        "ITCH-9",
        "Messages of a session are counted from 1; who logs in names the next one that he wants,"
        " and gets all from that one on, or with 0 those alone that are yet to come.",
        'NSX, NETS ITCH, "ITCH introduction"; Nasdaq, "SoupBinTCP 3.00"; docs/readings.md, logins'
        " of the feed",
    ),
)


class FeedSession(msgspec.Struct, frozen=True, gc=False):
    """A feed's session has begun (a journal fact)."""

    session: str
    start_ns: int
    """When the run starts, after the start of 1970, UTC."""


class FeedMessages(msgspec.Struct, frozen=True, gc=False):
    """What a feed has told at one moment (a journal fact)."""

    first: int
    """The number of the first of these messages in its session, from 1."""

    letters: str
    """The type of each message: "SAHSSI"."""

    messages: tuple[bytes, ...]


def sent(
    session: FeedSession, told: Iterable[tuple[int, FeedMessages]], end_ns: int
) -> Iterator[Sent]:
    """Yield what a server sends of the whole session, each at its time after 1970's start.

    Args:
        told: in their order, each with its moment of the run.
        end_ns: when the run ends.
    """
    start_ns = session.start_ns
    messages = ((start_ns + now_ns, message) for now_ns, each in told for message in each.messages)
    return session_stream(messages, session.session, start_ns=start_ns, end_ns=start_ns + end_ns)
