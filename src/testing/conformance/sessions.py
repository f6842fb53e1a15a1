"""Rule sets that are asked about sessions in FIX text, in the course of a drawn connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias, get_args

import attrs
from hypothesis import strategies as st

from ...market.identifiers import CompID
from ...market.rules import Remember
from ...market.session_rules import EndEffect, MessageEffect, SessionView
from ...plugins.binding import session_rules, venue_manager
from ...plugins.contract import SESSION_HOOKS
from ...plugins.findings import ANSWERS, DETERMINISTIC
from ...plugins.observing import Observer
from .claims import ON_RECORD
from .explore import Timing, Trial
from .market_day import told
from .rule_sets import Ask, measured, on_record, said


@attrs.frozen
class Sends:
    """The session sends so many messages of a type (FIX 35), one after the other."""

    msg_type: str
    times: int = 1


@attrs.frozen
class Passes:
    ns: int


@attrs.frozen
class Ends:
    """Its connection ends."""

    is_own_logout: bool


Connection: TypeAlias = tuple[Sends | Passes | Ends, ...]

_AMONG = {"accept_message": get_args(MessageEffect), "session_ended": get_args(EndEffect)}


class SessionBench:
    """One rule set, asked about one session."""

    kind = "rule_sets"
    slowness = 1
    strategy: st.SearchStrategy[Connection] = st.lists(
        st.one_of(
            st.builds(
                Sends,
                st.sampled_from(("D", "F", "G", "CA", "i", "Z", "V", "H")),
                st.sampled_from((1, 1, 2, 30)),
            ),
            st.builds(Passes, st.sampled_from((1, 1_000_000, 1_000_000_000, 86_400_000_000_000))),
            st.builds(Ends, st.booleans()),
        ),
        min_size=1,
        max_size=8,
    ).map(tuple)

    def __init__(self, name: str, make: Callable[[], object]) -> None:
        self.name = name
        self._make = make
        asks = self._asks(make())
        self.subjects = tuple(f"{name}.{hook}" for hook in asks)

    def _asks(self, rule_set: object) -> dict[str, Ask]:
        rules = session_rules(venue_manager({self.name: rule_set}))
        return {hook: bound.ask for hook in SESSION_HOOKS for bound in getattr(rules, hook)}

    def show(self, connection: Connection) -> str:
        return "\n".join(map(told, connection))

    def run(self, connection: Connection, trial: Trial) -> None:
        rule_set = self._make()
        observer = Observer(rule_set, trial)
        asks = self._asks(rule_set)

        def observed(hook: str, *about: object) -> object:
            subject = f"{self.name}.{hook}"
            answer = observer.ask(
                subject, lambda: asks[hook](*about), about, partial(_objection, hook)
            )
            if answer:
                trial.note(subject, ON_RECORD, on_record(answer))
            else:
                trial.executed[subject, ANSWERS] -= 1  # of its answers this says nothing
            trial.said.append((subject, said(answer)))
            return answer

        if not _go(connection, asks, observed):
            return
        peers = [self._asks(self._make()) for _ in range(3)]
        again: list[tuple[str, str]] = []

        def logged(hook: str, *about: object) -> object:
            answer = peers[len(again) % 3][hook](*about)
            again.append((f"{self.name}.{hook}", said(answer)))
            return answer

        _go(connection, asks, logged)
        for ours, theirs in zip(trial.said, again, strict=False):
            fault = "" if ours == theirs else f"{theirs[1]} instead of {ours[1]}"
            trial.note(ours[0], DETERMINISTIC, fault)

    def timed(self, connection: Connection, timings: dict[str, Timing]) -> None:
        asks = self._asks(self._make())

        def ask(hook: str, *about: object) -> object:
            timing = timings.setdefault(f"{self.name}.{hook}", Timing())
            return measured(timing, partial(asks[hook], *about), tuple)

        _go(connection, asks, ask)


def _go(connection: Connection, hooks: Mapping[str, object], ask: Callable[..., Any]) -> bool:
    """Go through a connection, and return whether nothing was raised."""
    memory: dict[str, object] = {}
    now_ns = 0
    for step in connection:
        if isinstance(step, Passes):
            now_ns += step.ns
            continue
        hook = "session_ended" if isinstance(step, Ends) else "accept_message"
        if hook not in hooks:
            continue
        about = step.is_own_logout if isinstance(step, Ends) else step.msg_type
        for _ in range(step.times if isinstance(step, Sends) else 1):
            view = SessionView(
                name=CompID("ALPHA"), comp_id="ALPHA1", now_ns=now_ns, remembered=dict(memory)
            )
            try:
                answer = ask(hook, about, view) or ()
                memory |= {it.key: it.value for it in answer if isinstance(it, Remember)}
            except Exception:  # whoever observes it has noted it
                return False
    return True


def _objection(hook: str, answer: Any) -> str:
    if answer is None:
        return ""
    if isinstance(answer, list | tuple) and all(isinstance(it, _AMONG[hook]) for it in answer):
        return ""
    return f"found {answer!r}"
