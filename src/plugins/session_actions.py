"""What administrators do to sessions in FIX text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from ..market.fix_line import (
    ConnectSession,
    DisconnectSession,
    FailOverSession,
    LogOutSession,
)
from ..market.identifiers import CompID
from .actions import FloorPlan, Instruction, only_administrators


@attrs.frozen(kw_only=True)
class _OfSession:
    session: str
    """Whose it is: a gateway, a flow, a participant."""

    exchange: str | None = None
    """Where it has sessions in FIX text at several."""


@attrs.frozen(kw_only=True)
class Connect(_OfSession):
    """A session connects and logs on."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "connects sessions")
        owner, venue = plan.fix_session(self.session, self.exchange)
        yield Instruction(owner, ConnectSession(venue))


@attrs.frozen(kw_only=True)
class CutOff(_OfSession):
    """A session's connection is lost, without a word."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "cuts connections")
        owner, venue = plan.fix_session(self.session, self.exchange)
        yield Instruction(owner, DisconnectSession(venue))


@attrs.frozen(kw_only=True)
class LogOut(_OfSession):
    """A session logs out."""

    text: str = ""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "logs sessions out")
        if not (self.text.isascii() and self.text.isprintable()):
            raise ValueError(f"text must be printable ASCII, was {self.text!r}")
        owner, venue = plan.fix_session(self.session, self.exchange)
        yield Instruction(owner, LogOutSession(venue, self.text))


@attrs.frozen(kw_only=True)
class FailOver(_OfSession):
    """The venue's gateway of a session fails over: its numbers go on much higher."""

    def instructions(self, who: CompID, plan: FloorPlan) -> Iterator[Instruction]:
        only_administrators(who, plan, "lets gateways fail over")
        owner, venue = plan.fix_session(self.session, self.exchange)
        yield Instruction(venue, FailOverSession(owner))


ACTIONS: Mapping[str, type[Any]] = {
    "connect": Connect,
    "cut_off": CutOff,
    "log_out": LogOut,
    "fail_over": FailOver,
}
