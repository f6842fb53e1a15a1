"""Order types, hosted by a real gateway on a whole floor, in the course of a drawn day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from hypothesis.strategies import SearchStrategy

from ...market.identifiers import Symbol
from ...market.instrument import Instrument, TickTable
from ...market.messages import ExecutionReport
from ...market.synthetic import (
    CancelSyntheticOrder,
    SyntheticAck,
    SyntheticFill,
    SyntheticReject,
    SyntheticUpdate,
)
from ...plugins.desk import DeskEffect, Keep
from ...plugins.errors import OrderTypeFailed
from ...plugins.findings import ANSWERS, DETERMINISTIC
from ...plugins.manager import Offer, Plugin, Plugins
from ...plugins.observing import Observer
from ...plugins.synthetic import EnterChild, InstrumentMaker, Remember, SyntheticEffect, acts
from ...runtime.errors import RunError
from ...scenario.errors import ScenarioError
from ...scenario.floor import Result, run
from ...scenario.reading import structure
from .claims import CONSERVES, ENDS, ON_RECORD
from .explore import Timing, Trial
from .floor_day import FloorDay, Parameters, Work, acting, shown, staging, steps, usual, values_of
from .floor_text import START, Table, floor_tables, scenario_of
from .floors import replaced
from .rule_sets import measured, on_record, said

_METHODS = {True: ("enter", "handle", "market"), False: ("submit", "handle")}
_AMONG = {True: get_args(SyntheticEffect), False: get_args(DeskEffect)}

Replace = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""From a method's name and the class's own to what is called in its place."""


class OrderTypeBench:
    """One order type with its settings: one that acts, or one for a desk of people."""

    kind = "order_types"
    slowness = 3

    def __init__(
        self,
        offer: Offer[type],
        table: Mapping[str, object],
        make: Callable[[], object],
        plugins: Sequence[Plugin],
        symbols: tuple[Symbol, Symbol],
    ) -> None:
        self.name = offer.name
        self._offer = offer
        self._table = table
        self._make = make
        self._plugins = plugins
        order_type: Any = make()
        self._acts = acts(order_type)
        self._parameters: type | None = getattr(order_type, "parameters", None)
        self._methods = tuple(
            method for method in _METHODS[self._acts] if hasattr(order_type, method)
        )
        self.subjects = tuple(f"{self.name}.{method}" for method in self._methods)
        listed = {
            symbol: Instrument(symbol=symbol, price_decimals=2, ticks=TickTable.uniform(25))
            for symbol in symbols
        }
        self._listed = symbols
        made = (
            {each.instrument.symbol: each.instrument for each in order_type.instruments(listed)}
            if isinstance(order_type, InstrumentMaker)
            else {}
        )
        self._instruments: dict[str, Instrument] = {
            str(symbol): each for symbol, each in (listed | made).items()
        }
        self.strategy: SearchStrategy[FloorDay] = staging
        if self._acts:
            values = values_of(self._parameters)
            self.strategy = acting(usual(values, self._is_taken), values, makes=bool(made))

    def _is_taken(self, parameters: Parameters) -> bool:
        """Return whether an order with these is acknowledged."""
        if not self._takes(dict(parameters)):
            return False
        work = Work(buys=True, qty=10, ticks=0, made=True, parameters=parameters)
        result = self._go(FloorDay((work,)), lambda _method, plain: plain, None)
        return result is not None and any(
            isinstance(entry.payload, SyntheticAck) for entry in result.journal
        )

    def show(self, day: FloorDay) -> str:
        return shown(day)

    # --- one example -----------------------------------------------------------------

    def run(self, day: FloorDay, trial: Trial) -> None:
        observers: dict[int, Observer] = {}

        def observed(method: str, plain: Callable[..., Any]) -> Callable[..., Any]:
            subject = f"{self.name}.{method}"

            def ask(holder: object, *about: Any) -> object:
                observer = observers.setdefault(id(holder), Observer(holder, trial, self._modules))
                *seen, desk = about
                drawn = _Drawn(desk)
                put = partial(_answer, method, plain, holder, seen, drawn)
                answer = observer.ask(subject, put, seen, partial(self._objection, method))
                if not answer:
                    trial.executed[subject, ANSWERS] -= 1  # of its answers this says nothing
                else:
                    trial.note(subject, ON_RECORD, on_record(_told(method, answer)))
                trial.said.append((subject, said(answer)))
                return answer

            return ask

        result = self._go(day, observed, trial)
        if result is None:
            return
        for violation in result.violations:
            trial.note(self.name, CONSERVES, f"{violation.invariant}: {violation.text}")
        if any(isinstance(entry.payload, ExecutionReport) for entry in result.journal):
            trial.note(self.name, CONSERVES)
        self._ends(result, trial)
        self._compare(day, trial)

    def _compare(self, day: FloorDay, trial: Trial) -> None:
        """Let the day go by again, asked of other instances."""
        peers = [self._make() for _ in range(3)]
        again: list[tuple[str, str]] = []

        def logged(method: str, plain: Callable[..., Any]) -> Callable[..., Any]:
            def ask(_holder: object, *about: Any) -> object:
                *seen, desk = about
                peer = peers[len(again) % len(peers)]
                answer = _answer(method, plain, peer, seen, _Drawn(desk))
                again.append((f"{self.name}.{method}", said(answer)))
                return answer

            return ask

        self._go(day, logged, None)
        for ours, theirs in zip(trial.said, again, strict=False):
            fault = "" if ours == theirs else f"{theirs[1]} instead of {ours[1]}"
            trial.note(ours[0], DETERMINISTIC, fault)
            if fault:
                return

    def _go(self, day: FloorDay, replace: Replace, trial: Trial | None) -> Result | None:
        """Return what the floor came to, or None if it was ended; *trial* is told by what."""
        try:
            scenario = scenario_of(self._tables(day), self._replaced(replace))
            return run(scenario, seed=day.seed, in_place=True)
        except RunError as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, OrderTypeFailed):
                cause = cause.__cause__
            if trial is not None and cause is None:
                text = str(error).partition("\n")[0]
                trial.note(trial.asking or self.name, ANSWERS, f"its floor was ended: {text}")
        return None

    def _tables(self, day: FloorDay) -> Table:
        what = steps(day, self.name, tuple(self._instruments), self._price, self._takes)
        return floor_tables(self._listed, what, order_type=self.name, settings=self._table)

    def _price(self, symbol: str, ticks: int) -> str:
        instrument = self._instruments[symbol]
        if symbol in self._listed:
            return instrument.show(100_00 + 25 * ticks)
        # Of what it makes nobody knows where it trades: around nothing, and where that is 1.
        unit: int = 10**instrument.price_decimals
        return instrument.show(instrument.ticks.at_or_below(ticks * unit // 4))

    def _takes(self, parameters: Mapping[str, object]) -> bool:
        if self._parameters is None:
            return not parameters
        try:
            structure(dict(parameters), self._parameters, "parameters", START)
        except ScenarioError:
            return False
        return True

    @property
    def _modules(self) -> list[str]:
        return [self._offer.cls.__module__]

    def _replaced(self, replace: Replace) -> Plugins:
        """Return all plugins, this order type's class with other methods in place of its own."""
        cls = self._offer.cls
        methods: dict[str, Any] = {
            method: replace(method, getattr(cls, method)) for method in self._methods
        }
        # A class made so keeps the name, by which it is told in a journal.
        other = type(cls.__name__, (cls,), {**methods, "__module__": cls.__module__})
        return replaced(self._plugins, self._offer, other)

    def _objection(self, method: str, answer: Any) -> str:
        if method == "market":
            return ""
        for effect in answer:
            if not isinstance(effect, _AMONG[self._acts]):
                return f"found {effect!r}"
            if isinstance(effect, EnterChild) and effect.symbol in self._listed:
                price, qty = effect.price, effect.order_qty
                if qty < 1 or not isinstance(qty, int):
                    return f"{effect!r}: expected a quantity of at least 1"
                if price is not None and not self._instruments[effect.symbol].ticks.accepts(price):
                    return f"{effect!r}: its price is off tick"
        return ""

    def _ends(self, result: Result, trial: Trial) -> None:
        """Look at what became of each order that acts, once nothing more happens.

        What the legs of an instrument that it makes still have at work is for it to say.
        """
        made: set[str] = set()
        over: dict[str, bool] = {}
        asked: set[str] = set()
        working: dict[str, dict[object, int]] = {}
        for entry in result.journal:
            match entry.payload:
                case SyntheticAck(cl_ord_id=name, symbol=symbol):
                    over.setdefault(name, False)
                    if symbol not in self._listed:
                        made.add(name)
                case SyntheticUpdate(cl_ord_id=name) | SyntheticFill(cl_ord_id=name) as news:
                    over[name] = news.leaves_qty == 0
                case CancelSyntheticOrder(cl_ord_id=name) if entry.actor == "SSE-A":
                    asked.add(name)
                case SyntheticReject(cl_ord_id=name):
                    asked.discard(name)
                case ExecutionReport(parent_id=str(parent)) as report if entry.sender == "CME":
                    working.setdefault(parent, {})[report.order_id] = report.leaves_qty
                case _:
                    pass
        for order, is_over in over.items():
            left = sum(working.get(order, {}).values())
            fault = ""
            if is_over and left and order not in made:
                fault = f"{order} is over, and {left} of its children work"
            elif order in asked and not is_over:
                fault = f"{order} has been asked to end, and is not over when all is quiet"
            if fault or (is_over and order in working) or order in asked:
                trial.note(self.name, ENDS, fault)

    def timed(self, day: FloorDay, timings: dict[str, Timing]) -> None:
        def replace(method: str, plain: Callable[..., Any]) -> Callable[..., Any]:
            timing = timings.setdefault(f"{self.name}.{method}", Timing())

            def ask(holder: object, *about: Any) -> object:
                *seen, desk = about
                drawn = _Drawn(desk)
                return measured(timing, partial(_answer, method, plain, holder, seen, drawn), list)

            return ask

        self._go(day, replace, None)


def _told(method: str, answer: Any) -> Any:
    """Return what of an answer comes into a journal: what is kept for an order does not."""
    if method == "market":
        return answer
    return [effect for effect in answer if not isinstance(effect, Keep | Remember)]


def _answer(
    method: str, plain: Callable[..., Any], holder: object, seen: Sequence[object], desk: _Drawn
) -> Any:
    desk.again()
    answer: Iterable[object] = plain(holder, *seen, desk)
    return answer if method == "market" else [*answer]


class _Drawn:
    """A desk whose random numbers can be drawn again."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._numbers: list[object] = []
        self._next = 0

    def again(self) -> None:
        self._next = 0

    def draw(self) -> object:
        if self._next == len(self._numbers):
            self._numbers.append(self._desk.draw())
        self._next += 1
        return self._numbers[self._next - 1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)
