"""What a venue has told its sessions, kept for the drop copy gateways that copy them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence

from ..market.identifiers import CompID
from ..market.told import Report, SourceReport, SourceText, ToldAgain
from ..runtime.participant import Send


class CopyFeed:
    """Tells copy gateways what sessions are told, and again what one of them has missed.

    Args:
        copiers: by session, the gateways that copy it.
        store: where it keeps what it has told, if that is to outlast its owner.
    """

    def __init__(
        self,
        copiers: Mapping[CompID, Sequence[CompID]],
        store: MutableMapping[str, object] | None = None,
    ) -> None:
        self._copiers = copiers
        kept: dict[CompID, list[Report | str]] = {}
        told = kept if store is None else store.setdefault("told", kept)
        self._told: dict[CompID, list[Report | str]] = told  # type: ignore[assignment]  # what survives a crash is untyped

    def __contains__(self, session: CompID) -> bool:
        return session in self._copiers

    def count(self, session: CompID) -> int:
        """Return how much a session has been told."""
        return len(self._told.get(session, ()))

    def tell(self, session: CompID, what: Report | str) -> Iterator[Send]:
        """Tell those who copy a session what it is told: a report, or the text of a message."""
        told = self._told.setdefault(session, [])
        told.append(what)
        for copier in self._copiers[session]:
            yield Send(copier, _message(session, what, len(told)))

    def again(self, copier: CompID, asked: ToldAgain) -> Iterator[Send]:
        """Tell a gateway all that it has not had of some sessions; nothing of others' sessions."""
        for session, had in asked.after:
            if copier in self._copiers.get(session, ()):
                told = self._told.get(session, ())
                for number in range(had, len(told)):
                    yield Send(copier, _message(session, told[number], number + 1))


def _message(session: CompID, what: Report | str, number: int) -> SourceReport | SourceText:
    if isinstance(what, str):
        return SourceText(session, what, number)
    return SourceReport(session, what, number)
