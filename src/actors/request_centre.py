"""The exchange's request centre on the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import get_args

import attrs

from ..market.centre_messages import (
    CentreRequest,
    KeysLive,
    ServicesAgain,
    ServicesTold,
    ServiceUpdate,
)
from ..market.firms import SessionID
from ..market.identifiers import CompID
from ..market.request_book import Outcome, Tell
from ..market.request_centre import RequestCentre
from ..runtime.participant import Answer, Context, Delivery, Send

_REQUESTS = get_args(CentreRequest)


@attrs.frozen
class CentreDue:
    """To itself: a moment has come at which a request is set up."""


@attrs.frozen
class KeysDue:
    """To itself: a moment has come that has to do with a key's end."""


@attrs.frozen(kw_only=True)
class CentreConfig:
    """What the centre is made of."""

    make: Callable[[Context], tuple[RequestCentre, Sequence[Outcome]]]
    """Makes the state of the centre, and says what there is from before."""

    group_services: tuple[CompID, ...] = ()
    """Who copies: is told what becomes of groups."""

    key_services: Mapping[SessionID, tuple[CompID, ...]] = attrs.field(factory=dict)
    """Who checks the logons of each session."""

    key_owners: Mapping[SessionID, tuple[CompID, ...]] = attrs.field(factory=dict)
    """Who logs on with the keys of each session: he has those from before the run."""


class RequestCentreDesk:
    """Answers users, and tells the exchange's services what they have to know.

    Receives:
        Requests (`floorproof.market.centre_messages`) from users; `ServicesAgain` from services.
    Sends:
        Their answers; `GroupLive` and `GroupGone` to drop copy, `KeysLive` to whoever
        checks logons.
    """

    def __init__(self, config: CentreConfig, context: Context) -> None:
        self._config = config
        self._name = context.name
        self._centre, self._opening = config.make(context)
        self._waking: dict[str, int] = {}

    def start(self) -> Iterator[Answer]:
        yield from self._told(self._opening)
        for session_id, owners in self._config.key_owners.items():
            file = self._centre.keys.newest_file(session_id)
            if file is not None:
                for owner in owners:
                    yield Send(owner, file)
        yield from self._wake(0)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        now_ns = delivery.now_ns
        match delivery.message:
            case CentreDue() | KeysDue():
                yield from self._told(self._centre.due(now_ns))
            case ServicesAgain(groups=groups):
                sender = CompID(delivery.sender)
                for update in self._centre.known(groups):
                    if sender in self._services(update):
                        yield Send(sender, update)
                yield Send(sender, ServicesTold())
            case message if isinstance(message, _REQUESTS):
                yield from self._told(
                    self._centre.receive(CompID(delivery.sender), message, now_ns)
                )
            case other:
                raise TypeError(f"the request centre has no use for {other!r}")
        yield from self._wake(now_ns)

    def _told(self, outcomes: Iterable[Outcome]) -> Iterator[Answer]:
        for outcome in outcomes:
            if isinstance(outcome, Tell):
                yield Send(outcome.user, outcome.message)
            else:
                for service in self._services(outcome):
                    yield Send(service, outcome)

    def _services(self, update: ServiceUpdate) -> Sequence[CompID]:
        if isinstance(update, KeysLive):
            return self._config.key_services.get(update.session_id, ())
        return self._config.group_services

    def _wake(self, now_ns: int) -> Iterator[Answer]:
        """Ask to be woken when time next does something, unless that is on its way.

        No floor goes on for a year because a key ends then.
        """
        for due_ns, wake in (
            (self._centre.requests_due_ns, CentreDue()),
            (self._centre.keys.next_due_ns, KeysDue()),
        ):
            kind = type(wake).__name__
            if due_ns is not None and self._waking.get(kind) != due_ns:
                self._waking[kind] = due_ns
                delay_ns = max(0, due_ns - now_ns)
                yield Send(self._name, wake, delay_ns, background=isinstance(wake, KeysDue))
