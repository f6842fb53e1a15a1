"""The public feed of a venue: its record in, messages byte for byte out to whoever reads.

It serves one session of SoupBinTCP.  All messages of the session are kept, so that a reader
who logs in late gets them from the first one on, as the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..market.identifiers import CompID
from ..market.shown import VenueRecord
from ..runtime.participant import Answer, Delivery, Fact, Send
from ..wire.itch import Message, encode, layout_of
from ..wire.itch_feed import ItchFeed
from ..wire.itch_session import FeedMessages, FeedSession
from ..wire.public import PublicValue
from ..wire.soupbintcp import (
    Login,
    Packet,
    PacketType,
    RejectReason,
    StreamBytes,
    frame,
    login_accepted,
    login_of,
    login_rejected,
    packets,
)


class FeedServer:
    """Turns a venue's record into the messages of its feed, and serves them.

    Receives:
        `VenueRecord` from its venue; `StreamBytes` with a login request from readers.
    Sends:
        `StreamBytes` to everybody who has logged in: login accepted or rejected, and a
        packet for each message.
    Puts on record:
        ``feed session`` (`FeedSession`) at the start; ``feed`` (`FeedMessages`), whatever it
        tells; ``session mismatch`` for a record that is not of its venue.

    Args:
        venue: whose feed it is.
        feed: what makes the messages.
        opening: what is known as the feed begins.
        session: the name of its session.
    """

    def __init__(
        self,
        venue: CompID,
        feed: ItchFeed,
        opening: Sequence[PublicValue],
        session: str,
    ) -> None:
        self._venue = venue
        self._feed = feed
        self._opening = opening
        self._session = session
        self._sent: list[bytes] = []
        self._readers: dict[CompID, None] = {}

    def start(self) -> Iterator[Answer]:
        yield Fact("feed session", FeedSession(self._session, self._feed.start_ns))
        yield from self._tell(self._feed.spin(self._opening, 0))

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case VenueRecord() as record:
                if delivery.sender != self._venue:
                    named = type(record).__name__
                    yield Fact("session mismatch", {"sender": delivery.sender, "message": named})
                    return
                # A venue's clock may be behind, but a feed's time does not run backwards.
                time_ns = max(record.transact_time_ns, 0)
                yield from self._tell(self._feed.follow(record.happened, time_ns))
            case StreamBytes(data):
                yield from self._hear(data, CompID(delivery.sender))
            case other:
                raise TypeError(f"a feed has no use for {other!r}")

    def _tell(self, messages: Sequence[Message]) -> Iterator[Answer]:
        if not messages:
            return
        encoded = tuple(encode(message) for message in messages)
        letters = "".join(layout_of(message).letter for message in messages)
        yield Fact("feed", FeedMessages(len(self._sent) + 1, letters, encoded))
        self._sent += encoded
        if self._readers:
            stream = StreamBytes(_framed(encoded))
            for reader in self._readers:
                yield Send(reader, stream)

    # --- logins ----------------------------------------------------------------------

    def _hear(self, data: bytes, reader: CompID) -> Iterator[Answer]:
        for offset, packet in packets(data):
            match packet.type:
                case PacketType.LOGIN_REQUEST:
                    yield from self._login(login_of(offset, packet), reader)
                case PacketType.LOGOUT_REQUEST:
                    self._readers.pop(reader, None)
                case _:
                    pass  # a heartbeat, or what a feed does not use

    def _login(self, login: Login, reader: CompID) -> Iterator[Answer]:
        """Let *reader* in, if the session has what he wants (ITCH-9)."""
        following = len(self._sent) + 1
        number = login.next_number or following
        if login.session not in ("", self._session) or number > following:
            reason = RejectReason.SESSION_UNAVAILABLE
            yield Send(reader, StreamBytes(frame(login_rejected(reason))))
            return
        accepted = frame(login_accepted(self._session, number))
        yield Send(reader, StreamBytes(accepted + _framed(self._sent[number - 1 :])))
        self._readers[reader] = None


def _framed(messages: Sequence[bytes]) -> bytes:
    """Return a packet for each message."""
    return b"".join(frame(Packet(PacketType.SEQUENCED_DATA, message)) for message in messages)
