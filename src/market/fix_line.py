"""The line of a FIX session on a floor: its connection, what goes over it, what is done to it.

Both ends number connections, so that what is under way when one is cut does not come in
over the next.
"""

from __future__ import annotations

import msgspec

from .identifiers import CompID

SOH = "\x01"
"""What separates the tags of a message; people print a bar."""


class Connected(msgspec.Struct, frozen=True, gc=False):
    """A client has connected."""

    connection: int


class Disconnected(msgspec.Struct, frozen=True, gc=False):
    """An end has closed the connection."""

    connection: int
    text: str


class FixText(msgspec.Struct, frozen=True, gc=False):
    """One message as it is on the wire, a character a byte."""

    connection: int
    text: str

    @property
    def shown(self) -> str:
        """Return it as people print it."""
        return self.text.replace(SOH, "|")


# --- what a scenario does to a session ------------------------------------------------


class ConnectSession(msgspec.Struct, frozen=True, gc=False):
    """Connect and log on to a venue."""

    venue: CompID


class DisconnectSession(msgspec.Struct, frozen=True, gc=False):
    """Cut the connection to a venue, without a word."""

    venue: CompID


class LogOutSession(msgspec.Struct, frozen=True, gc=False):
    """Log out from a venue."""

    venue: CompID
    text: str = ""


class FailOverSession(msgspec.Struct, frozen=True, gc=False):
    """At a venue: the gateway of a session fails over to another machine."""

    session: CompID


class SessionEvent(msgspec.Struct, frozen=True, gc=False):
    """What has become of a session, for the record."""

    peer: CompID
    """Who is at the other end."""

    event: str
    text: str = ""
