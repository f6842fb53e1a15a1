"""A user of the request centre at his screen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import get_args

from ..market.centre_acts import CreateGroup, EditGroup, TakeKey
from ..market.centre_messages import (
    AnswerDialog,
    AnswerFactor,
    AskKey,
    CentreAnswer,
    CentreRefusal,
    CentreRequest,
    DraftClosed,
    DraftOpen,
    FactorCode,
    FillIn,
    GroupDialog,
    KeyFile,
    RequestKind,
    RequestUpdate,
    StartEdit,
    StartGroup,
    Step,
    Submit,
)
from ..market.firms import Gfid, SessionID
from ..market.identifiers import CompID
from ..runtime.kernel import ENVIRONMENT
from ..runtime.participant import Answer, Delivery, Fact, Send

_REQUESTS = get_args(CentreRequest)
_ANSWERS = get_args(CentreAnswer)


_FILLED_IN = ("FillIn", "Submit")
_PARTS = {
    CreateGroup: ("StartGroup", "AnswerDialog", *_FILLED_IN),
    EditGroup: ("StartEdit", *_FILLED_IN),
    TakeKey: ("AskKey", "AnswerFactor"),
}
"""The requests that each act is made of."""


class CentreUserDesk:
    """Does what the scenario has him do, and goes on as the centre answers.

    What takes several steps is done one after the other; a refusal ends it.  He types in
    what his telephone shows, and hands a downloaded key to those who run the session.

    Receives:
        Acts (`floorproof.market.centre_acts`) from the scenario; the centre's answers.
    Sends:
        Requests to the centre; `KeyFile` to those who log on to the session.

    Facts: ``session mismatch``, where somebody else says something.
    """

    def __init__(self, centre: CompID, sessions: Mapping[SessionID, tuple[CompID, ...]]) -> None:
        self._centre = centre
        self._sessions = sessions
        self._acts: deque[CreateGroup | EditGroup | TakeKey] = deque()
        """What is being done, and what waits for that."""

        self._steps: deque[tuple[Step, tuple[str, ...], tuple[Gfid, ...]]] = deque()

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case message if delivery.sender not in (ENVIRONMENT, self._centre):
                named = {"sender": delivery.sender, "message": type(message).__name__}
                yield Fact("session mismatch", named)
            case CreateGroup() | EditGroup() | TakeKey() as act:
                self._acts.append(act)
                if len(self._acts) == 1:
                    yield self._begin()
            case message if isinstance(message, _REQUESTS):
                yield Send(self._centre, message)
            case message if isinstance(message, _ANSWERS):
                yield from self._go_on(message)
            case other:
                raise TypeError(f"a user of the request centre has no use for {other!r}")

    def _begin(self) -> Answer:
        match self._acts[0]:
            case CreateGroup() as act:
                self._steps = deque(_steps(act, act.sources))
                return Send(self._centre, StartGroup(entity=act.entity, market=act.market))
            case EditGroup() as act:
                self._steps = deque(_steps(act, act.sources))
                return Send(self._centre, StartEdit(entity=act.entity, group=act.group))
            case TakeKey() as act:
                asked = AskKey(
                    session_id=act.session_id,
                    download=not act.generate,
                    method=act.method,
                    key=act.key,
                )
                return Send(self._centre, asked)

    def _go_on(self, message: CentreAnswer) -> Iterator[Answer]:
        act = self._acts[0] if self._acts else None
        match message:
            case GroupDialog(draft=draft) if isinstance(act, CreateGroup):
                yield Send(self._centre, AnswerDialog(draft=draft, proceed=act.proceed))
            case DraftOpen(draft=draft) if isinstance(act, CreateGroup | EditGroup):
                if self._steps:
                    step, values, gfids = self._steps.popleft()
                    fill_in = FillIn(draft=draft, step=step, values=values, gfids=gfids)
                    yield Send(self._centre, fill_in)
                else:
                    yield Send(self._centre, Submit(draft=draft))
                    yield from self._done()
            case FactorCode(challenge=challenge, code=code) if isinstance(act, TakeKey):
                typed = code if act.right_code else f"{(int(code) + 1) % 1_000_000:06}"
                yield Send(self._centre, AnswerFactor(challenge=challenge, code=typed))
            case RequestUpdate(kind=RequestKind.GENERATE_KEY) if isinstance(act, TakeKey):
                self._acts[0] = TakeKey(session_id=act.session_id, generate=False, key="newest")
                yield self._begin()
            case KeyFile() as file:
                for owner in self._sessions.get(file.session_id, ()):
                    yield Send(owner, file)
                yield from self._done()
            case DraftClosed():
                yield from self._done()
            case CentreRefusal(refused=refused) if act is not None and refused in _PARTS[type(act)]:
                yield from self._done()
            case _:
                pass  # is read when it is read

    def _done(self) -> Iterator[Answer]:
        """Go on with what waits, if anything does."""
        self._steps.clear()
        if self._acts:
            self._acts.popleft()
            if self._acts:
                yield self._begin()


def _steps(
    act: CreateGroup | EditGroup, sources: tuple[str, ...] | None
) -> Iterator[tuple[Step, tuple[str, ...], tuple[Gfid, ...]]]:
    if act.name is not None:
        yield Step.NAME, (act.name,), ()
    if act.front_end is not None:
        yield Step.FRONT_END, (act.front_end,), ()
    if act.filters is not None:
        yield Step.FILTERS, act.filters, ()
    if act.gfids is not None and not (isinstance(act, CreateGroup) and not act.gfids):
        yield Step.FIRMS, act.gfids, ()
    if sources is not None or act.source_gfids:
        yield Step.SOURCES, sources or (), act.source_gfids
