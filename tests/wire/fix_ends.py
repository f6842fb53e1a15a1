"""Both ends of a FIX session and the line between them, without a floor."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime

import attrs

from floorproof.wire.fix_session import Session
from floorproof.wire.fix_session_values import (
    Disconnect,
    Noted,
    Output,
    Received,
    Role,
    SessionSettings,
    StateChanged,
    Transmit,
)
from floorproof.wire.fix_text import Pairs, parse, shown

START = datetime(2023, 7, 17, 13, 30, tzinfo=UTC)
SECOND = 1_000_000_000

CLIENT = SessionSettings(
    role=Role.INITIATOR,
    sender_comp_id="ABC400N",
    target_comp_id="CME",
    sender_sub_id="ET1",
    start=START,
)
VENUE = SessionSettings(
    role=Role.ACCEPTOR,
    sender_comp_id="CME",
    target_comp_id="ABC400",
    sender_sub_id="G",
    start=START,
)


def told(data: bytes) -> str:
    """Return a message without what every message has and no test looks at."""
    pairs = [
        (tag, value)
        for tag, value in parse(data)
        if tag not in (49, 50, 52, 56, 57, 142, 143, 369, 1603, 1604, 1605)
    ]
    return "|".join(f"{tag}={value}" for tag, value in pairs)


@attrs.define
class Line:
    """A client and a venue; what one sends the other gets at once, unless it is lost."""

    client: Session
    venue: Session
    now_ns: int = 0
    said: list[str] = attrs.field(factory=list)
    """Every message, with who said it."""

    heard: dict[str, list[Received]] = attrs.field(factory=lambda: {"client": [], "venue": []})
    """What each end handed to its application."""

    noted: list[str] = attrs.field(factory=list)
    loses: Callable[[str, bytes], bytes | None] = lambda _who, data: data
    """What becomes of a message on the way; None where it is lost."""

    @classmethod
    def of(
        cls,
        client: SessionSettings = CLIENT,
        venue: SessionSettings = VENUE,
        stores: tuple[MutableMapping[str, object], MutableMapping[str, object]] | None = None,
    ) -> Line:
        mine, theirs = stores or ({}, {})
        return cls(Session(client, mine), Session(venue, theirs))

    def end(self, who: str) -> Session:
        return self.client if who == "client" else self.venue

    def do(self, who: str, outputs: list[Output]) -> None:
        """Carry out what an end answered, and what comes of that."""
        left = [(who, output) for output in outputs]
        while left:
            who, output = left.pop(0)
            other = "venue" if who == "client" else "client"
            match output:
                case Transmit(data):
                    self.said.append(f"{who}: {told(data)}")
                    arrived = self.loses(who, data)
                    if arrived is not None:
                        answers = self.end(other).received(arrived, self.now_ns)
                        left += [(other, answer) for answer in answers]
                case Received():
                    self.heard[who].append(output)
                case Disconnect(text):
                    self.said.append(f"{who} closes: {text}")
                    left += [(other, each) for each in self.end(other).lost(self.now_ns)]
                case Noted(kind, text):
                    self.noted.append(f"{who} {kind}: {text}")
                case StateChanged():
                    pass

    def connect(self, *, reset: bool = False) -> None:
        self.do("venue", self.venue.connected(self.now_ns))
        self.do("client", self.client.connected(self.now_ns, reset=reset))

    def cut(self) -> None:
        for who in ("client", "venue"):
            self.do(who, self.end(who).lost(self.now_ns))

    def send(self, who: str, text: str) -> None:
        """Let *who* send an application message with *text* in it."""
        body: Pairs = ((58, text),)
        self.do(who, self.end(who).send("B", body, self.now_ns))

    def wait(self, seconds: int) -> None:
        """Let time pass, with every timer at its moment."""
        until = self.now_ns + seconds * SECOND
        while True:
            due = [
                (at, who)
                for who in ("client", "venue")
                if (at := self.end(who).next_timer_ns) is not None and at <= until
            ]
            if not due:
                break
            self.now_ns, who = min(due)
            self.do(who, self.end(who).timer(self.now_ns))
        self.now_ns = until

    def texts(self, who: str) -> list[str]:
        """Return what *who*'s application got, in order."""
        return [dict(each.fields)[58] for each in self.heard[who]]

    def drain(self) -> list[str]:
        said, self.said = self.said, []
        return said


def spoiled(data: bytes) -> bytes:
    """Return a message with another checksum."""
    assert shown(data).endswith("|")
    digits = int(data[-4:-1])
    return data[:-4] + b"%03d\x01" % ((digits + 1) % 256)


def pairs_of(text: str) -> Pairs:
    """Return the pairs of ``"1=a|2=b"``."""
    return tuple((int(tag), value) for tag, _, value in (p.partition("=") for p in text.split("|")))
