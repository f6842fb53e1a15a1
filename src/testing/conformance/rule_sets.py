"""Rule sets, asked by a real exchange in the course of a drawn day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ...market.execution import Outcome
from ...market.identifiers import Symbol
from ...market.rules import (
    Bound,
    CancelResting,
    ChangeState,
    Indifferent,
    Interrupt,
    MarketView,
    Remember,
    RuleFailed,
    Schedule,
    VenueRules,
)
from ...market.sessions import TradingState
from ...plugins.binding import (
    admission,
    announced,
    auction_chain,
    check_instrument,
    opening,
    trading_states,
    venue_manager,
    venue_rules,
    with_firms,
)
from ...plugins.check import objection
from ...plugins.contract import ADMISSION, RULE_HOOKS
from ...plugins.findings import ANSWERS, DETERMINISTIC
from ...plugins.observing import Observer
from ...runtime.errors import FloorproofError
from ...runtime.journal import plain_text
from .claims import INDIFFERENT, ON_RECORD
from .explore import Timing, Trial
from .market_day import FIRMS, STATES, Day, Market, board, days, instruments, shown

Ask = Callable[..., Any]
Wrap = Callable[[Symbol, str, Ask], Ask]
"""From an instrument, a hook and what answers it to what is asked in its place."""

_INSTANCES = 3
"""Among so many the questions of the second day go round: none may have a memory of its own."""


class NotHere(Exception):
    """A rule set cannot be asked about the made-up market; the text says why."""


class RuleSetBench:
    """One rule set at an exchange of two instruments, with those that it requires.

    Args:
        make: gives an instance with the settings.
        required: the rule sets that are loaded with it, by name, in the order in which all
            are asked; its own name stands among them.
    """

    kind = "rule_sets"
    slowness = 1
    strategy = days

    def __init__(
        self,
        name: str,
        make: Callable[[], object],
        required: Mapping[str, Callable[[], object]],
        symbols: Sequence[Symbol],
    ) -> None:
        self.name = name
        self._make = make
        self._required = required
        self._symbols = symbols
        self._states: tuple[TradingState, ...] = STATES
        own = self._instance()
        loaded = self._loaded(own)
        brought = [state for rule_set in loaded.values() for state in trading_states(rule_set)]
        known = {state.name: state for state in (*STATES, *brought)}
        self._states = tuple(known.values())
        self._chain = auction_chain(loaded)
        self._modules = [type(own).__module__]
        implemented = {hook for symbol in symbols for hook in self._bound(loaded, symbol)}
        self._hooks = tuple(hook for hook in (ADMISSION, *RULE_HOOKS) if hook in implemented)
        self._supplies = tuple(each for each in _SUPPLIES if hasattr(own, each))

    @property
    def subjects(self) -> tuple[str, ...]:
        has_indifferent = hasattr(self._make(), "indifferent")
        names = (*self._hooks, *self._supplies, *(("indifferent",) if has_indifferent else ()))
        return tuple(f"{self.name}.{each}" for each in names)

    def show(self, day: Day) -> str:
        return shown(day)

    # --- one example -----------------------------------------------------------------

    def run(self, day: Day, trial: Trial) -> None:
        rule_set = self._instance()
        observer = Observer(rule_set, trial, self._modules)
        asked = _Asked(self.name, observer, trial, [state.name for state in self._states])
        market = self._market(day, rule_set, asked.wrap)
        if self._go(market, trial, blame=True) is None:
            return
        self._supply(rule_set, market, observer, trial)
        self._compare(day, trial, asked)

    def _compare(self, day: Day, trial: Trial, asked: _Asked) -> None:
        """Let the day go by again: asked of other instances, and asked no more than it wants."""
        peers = [self._instance() for _ in range(_INSTANCES)]
        asks = [
            {symbol: self._bound(self._loaded(peer), symbol) for symbol in self._symbols}
            for peer in peers
        ]
        again = _Log(self.name, asks)
        market = self._market(day, peers[0], again.wrap)
        outcomes = self._go(market, trial, blame=False)
        for ours, theirs in zip(trial.said, again.said, strict=False):
            fault = "" if ours == theirs else f"{theirs[1]} instead of {ours[1]}"
            trial.note(ours[0], DETERMINISTIC, fault)
            if fault:
                return
        if outcomes is None or not hasattr(peers[0], "indifferent"):
            return
        spared = _Log(self.name, asks[:1])
        heeding = self._market(day, peers[0], spared.wrap, indifferent=True)
        other = self._go(heeding, trial, blame=False)
        if other is not None and len(spared.said) < len(again.said):
            differing = [
                f"{_plain(theirs)} instead of {_plain(ours)}"
                for ours, theirs in zip(outcomes, other, strict=False)
                if _plain(ours) != _plain(theirs)
            ]
            trial.note(f"{self.name}.indifferent", INDIFFERENT, "".join(differing[:1]))
            trial.said.append((f"{self.name}.indifferent", f"{len(spared.said)} asked"))

    def _go(self, market: Market, trial: Trial, *, blame: bool) -> list[Outcome] | None:
        """Return what each step came to, or None if a rule set, or what it wants, ended it."""
        try:
            return [*market.outcomes()]
        except RuleFailed as failed:
            # What it has raised itself the observer has noted; this is what it has answered.
            if failed.rule_set == self.name and blame:
                subject = f"{self.name}.{failed.hook}"
                trial.faults.setdefault((subject, ANSWERS), str(failed.__cause__ or failed))
        except Exception as error:  # of the exchange, as it does what it is told
            if not blame:
                return None
            said = f"its exchange raised {type(error).__name__}: {error}"
            trial.note(trial.asking or self.name, ANSWERS, said)
        return None

    def _supply(self, rule_set: object, market: Market, observer: Observer, trial: Trial) -> None:
        """Ask what it supplies besides its answers to hooks."""
        views = [market.exchange.view(symbol, self.name) for symbol in self._symbols]
        questions: list[tuple[str, Ask, Ask]] = []
        for view in views:
            questions += [
                ("opening", partial(_listed, opening, rule_set, view), on_record),
                ("indifferent", partial(_indifference, rule_set, view), _is_indifferent),
            ]
        states = [state.name for state in self._states]
        questions += [
            ("announced", partial(_listed, announced, rule_set, board(self._symbols)), on_record),
            ("trading_states", partial(_listed, trading_states, rule_set), _nothing),
            ("auction_chain", lambda: auction_chain({self.name: rule_set}), _nothing),
            ("cross_type", partial(_cross_types, rule_set, states), _are_texts),
        ]
        for method, ask, object_to in questions:
            if hasattr(rule_set, method):
                subject = f"{self.name}.{method}"
                try:
                    answer = observer.ask(subject, ask, (), object_to)
                except Exception:
                    continue  # the observer has noted it
                trial.said.append((subject, said(answer)))

    # --- the exchange ----------------------------------------------------------------

    def _instance(self) -> object:
        """Return an instance that knows the firms.

        Raises:
            NotHere: if its settings do not go with the made-up market.
        """
        try:
            rule_set = with_firms(self._make(), FIRMS, tuple(FIRMS.values()))
            for instrument in instruments(self._symbols):
                check_instrument(rule_set, instrument)
        except (ValueError, FloorproofError) as error:
            raise NotHere(f"its settings do not go with the made-up market: {error}") from error
        return rule_set

    def _loaded(self, own: object) -> dict[str, object]:
        return {name: own if name == self.name else make() for name, make in self._required.items()}

    def _bound(self, loaded: Mapping[str, object], symbol: Symbol) -> dict[str, Bound]:
        """Return whom the exchange asks about an instrument of this rule set, by hook."""
        manager = venue_manager(loaded)
        asked = {ADMISSION: admission(manager)} | _phases(venue_rules(manager, symbol))
        return {
            hook: bound
            for hook, bounds in asked.items()
            for bound in bounds
            if bound.rule_set == self.name
        }

    def _market(self, day: Day, own: object, wrap: Wrap, *, indifferent: bool = False) -> Market:
        def wrapped(symbol: Symbol, hook: str, bounds: Sequence[Bound]) -> tuple[Bound, ...]:
            return tuple(
                bound
                if bound.rule_set != self.name
                else Bound(
                    self.name,
                    wrap(symbol, hook, bound.ask),
                    bound.indifferent if indifferent else None,
                )
                for bound in bounds
            )

        manager = venue_manager(self._loaded(own))
        rules = {}
        for symbol in self._symbols:
            phases = _phases(venue_rules(manager, symbol))
            rules[symbol] = VenueRules(
                **{hook: wrapped(symbol, hook, bounds) for hook, bounds in phases.items()}
            )
        admit = wrapped(self._symbols[0], ADMISSION, admission(manager))
        return Market(day, self._symbols, rules, admit, self._states, self._chain)

    # --- cost ------------------------------------------------------------------------

    def timed(self, day: Day, timings: dict[str, Timing]) -> None:
        def wrap(_symbol: Symbol, hook: str, ask: Ask) -> Ask:
            timing = timings.setdefault(f"{self.name}.{hook}", Timing())

            def timed(*about: object) -> object:
                return measured(timing, partial(ask, *about), partial(_says_nothing, *about))

            return timed

        self._go(self._market(day, self._instance(), wrap), Trial(), blame=False)


def _phases(rules: VenueRules) -> dict[str, tuple[Bound, ...]]:
    return {hook: getattr(rules, hook) for hook in RULE_HOOKS}


def measured(timing: Timing, ask: Callable[[], Any], empty: Callable[[], Any]) -> Any:
    """Ask, and ask what has nothing to say, and add how long both take; return the answer."""
    # The process's own time: what else a machine does is nobody's cost.
    start = time.process_time_ns()
    for _ in range(_REPEATS):
        answer = ask()
    asked = time.process_time_ns()
    for _ in range(_REPEATS):
        empty()
    timing.taken_ns += asked - start
    timing.empty_ns += time.process_time_ns() - asked
    timing.calls += _REPEATS
    return answer


_REPEATS = 3


def _says_nothing(*_about: object) -> None:
    return None


def said(answer: object) -> str:
    """Return an answer as a journal has it, or as Python does where a journal cannot."""
    try:
        return plain_text(answer)
    except Exception:  # whatever a stranger's value does as it is written down
        return repr(answer)


def _plain(outcome: Outcome) -> str:
    return plain_text([outcome.reports, outcome.effects, outcome.published])


class _Asked:
    """A rule set as the exchange asks it, each time observed."""

    def __init__(self, name: str, observer: Observer, trial: Trial, states: Sequence[str]) -> None:
        self._name = name
        self._observer = observer
        self._trial = trial
        self._states = ("CONTINUOUS", *states)

    def wrap(self, _symbol: Symbol, hook: str, ask: Ask) -> Ask:
        subject = f"{self._name}.{hook}"
        trial = self._trial

        def asked(*about: object) -> object:
            object_to = partial(self._objection, hook, about)
            # The market is a live view of the exchange, and nothing that could be changed.
            shown = about if hook == ADMISSION else about[:-1]
            answer = self._observer.ask(subject, lambda: ask(*about), shown, object_to)
            if not answer and answer != 0:
                # It was asked, and had nothing to say: of its answers this says nothing.
                trial.executed[subject, ANSWERS] -= 1
            else:
                trial.note(subject, ON_RECORD, on_record(answer))
            trial.said.append((subject, said(answer)))
            return answer

        return asked

    def _objection(self, hook: str, about: Sequence[Any], answer: Any) -> str:
        fault = objection(hook, answer)
        if fault or answer is None:
            return fault
        match hook:
            case "before_match":
                shown = {candidate.order_id for candidate in about[1]}
                for effect in answer:
                    if isinstance(effect, CancelResting) and effect.order_id not in shown:
                        return f"{effect!r}: that order was not among those shown"
            case "before_trade" if isinstance(answer, Interrupt):
                return self._unknown(answer.state)
            case "admit_request" | "accept_request" | "before_trade" | "auction_reference":
                pass
            case _:
                for effect in answer:
                    if isinstance(effect, ChangeState) and effect.state is not None:
                        fault = fault or self._unknown(effect.state)
                    key = effect.name if isinstance(effect, Schedule) else None
                    key = effect.key if isinstance(effect, Remember) else key
                    if key is not None and not (isinstance(key, str) and key):
                        fault = fault or f"{effect!r}: expected text for its name"
        return fault

    def _unknown(self, state: str) -> str:
        if state in self._states:
            return ""
        return f"state {state!r}: the venue has {', '.join(self._states)}"


class _Log:
    """A rule set as the exchange asks it: one instance after the other, its answers kept."""

    def __init__(self, name: str, asks: Sequence[Mapping[Symbol, Mapping[str, Bound]]]) -> None:
        self._name = name
        self._asks = asks
        self.said: list[tuple[str, str]] = []

    def wrap(self, symbol: Symbol, hook: str, _ask: Ask) -> Ask:
        subject = f"{self._name}.{hook}"
        asks = [each[symbol][hook].ask for each in self._asks]

        def asked(*about: object) -> object:
            answer = asks[len(self.said) % len(asks)](*about)
            self.said.append((subject, said(answer)))
            return answer

        return asked


# --- what it supplies besides --------------------------------------------------------

_SUPPLIES = ("opening", "announced", "trading_states", "auction_chain", "cross_type")


def _listed(ask: Callable[..., Iterator[object]], *about: object) -> list[object]:
    return [*ask(*about)]


def _indifference(rule_set: Any, view: MarketView) -> object:
    applies_to = getattr(rule_set, "applies_to", None)
    if applies_to is not None and not applies_to(view.instrument.symbol):
        return Indifferent()
    return rule_set.indifferent(view)


def _cross_types(rule_set: Any, states: Sequence[str]) -> list[object]:
    return [rule_set.cross_type(state) for state in states]


def _nothing(_answer: object) -> str:
    return ""


def _is_indifferent(answer: object) -> str:
    return "" if isinstance(answer, Indifferent) else f"found {answer!r}"


def _are_texts(answers: Sequence[object]) -> str:
    wrong = [answer for answer in answers if not isinstance(answer, str)]
    return f"found {wrong[0]!r}" if wrong else ""


def on_record(answer: object) -> str:
    """Return why a journal cannot write *answer* down, or nothing."""
    try:
        plain_text(answer)
    except Exception as error:  # whatever a stranger's value does
        return f"{answer!r}: {error}"
    return ""
