"""What can go wrong in a run, each error with its facts as attributes."""

from __future__ import annotations

from collections.abc import Sequence


class FloorproofError(Exception):
    """Base of every error that a caller avoids by calling differently."""


class UnknownRecipient(FloorproofError):
    """A participant posts to a name that nobody on the floor has."""

    def __init__(self, sender: str, recipient: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{sender} sends to {recipient!r}, who is not on the floor; "
            f"there are: {', '.join(known) or 'none'}"
        )
        self.sender = sender
        self.recipient = recipient
        self.known = tuple(known)


class DuplicateName(FloorproofError):
    """Two participants of one floor have the same name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there are two participants named {name!r}")
        self.name = name


class FenceBreach(FloorproofError):
    """An actor or a plugin asks for something that is not the same in every run."""

    def __init__(self, module: str, line: int, called: str) -> None:
        super().__init__(
            f"{module}, line {line}, calls {called}: that differs from run to run; "
            "time comes from the delivery or the mailbox, random numbers from the context"
        )
        self.module = module
        self.line = line
        self.called = called


class RunError(FloorproofError):
    """A run that ended in a way that no floor should."""

    broken: Sequence[object] = ()
    """The invariants that were broken before it ended, as whoever watched tells of them."""


class ActorFailed(RunError):
    """A participant raised: the run ended at the end of that superstep."""

    def __init__(self, actor: str, message: object, error: Exception, tail: Sequence[str]) -> None:
        handling = "before its first message" if message is None else f"handling {message!r}"
        lines = "".join(f"\n    {line}" for line in tail)
        super().__init__(
            f"{actor} raised {type(error).__name__}: {error}\n  {handling}"
            + (f"\n  the journal's last entries:{lines}" if lines else "")
        )
        self.actor = actor
        self.message = message
        self.error = error
        self.tail = tuple(tail)


class StuckFloor(RunError):
    """Nothing is scheduled any more, and somebody still waits for something."""

    def __init__(self, waits: Sequence[str]) -> None:
        super().__init__(
            "the floor is stuck: nothing is scheduled any more, and " + "; ".join(waits)
        )
        self.waits = tuple(waits)


class EndlessInstant(RunError):
    """The participants keep answering each other without time moving on."""

    def __init__(self, now_ns: int, phases: int, names: Sequence[str]) -> None:
        super().__init__(
            f"more than {phases:,} phases at {now_ns} ns; at the end these had messages: "
            f"{', '.join(names)}"
        )
        self.now_ns = now_ns
        self.phases = phases
        self.names = tuple(names)


class EndlessRun(RunError):
    """The run goes on after as many deliveries and facts as it may have."""

    def __init__(self, now_ns: int, entries: int, names: Sequence[str]) -> None:
        super().__init__(
            f"more than {entries:,} deliveries and facts, at {now_ns} ns; at the end these had"
            f" messages: {', '.join(names)}"
        )
        self.now_ns = now_ns
        self.entries = entries
        self.names = tuple(names)


class ReplyTimeout(FloorproofError):
    """No reply came in time."""

    def __init__(self, recipient: str, message: object, timeout_ns: int) -> None:
        super().__init__(f"no reply from {recipient} within {timeout_ns} ns to {message!r}")
        self.recipient = recipient
        self.message = message
        self.timeout_ns = timeout_ns
