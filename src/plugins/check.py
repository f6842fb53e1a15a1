"""Whether a plugin keeps the contract where no type checker sees it.

For a plugin's own tests:

    report = check_plugin(my_plugin, settings={"lot-cap": {"max_lots": 5}})
    assert not report.failures, report

A rule set is asked about a small market that is made up here, each question twice of
one instance and twice of another: equal questions must get equal answers, and leave
the instance and what it was shown as they were.  All of it happens within a strict
fence.  What this cannot see is an order that comes from the hashes of strings, which
differ between processes only, and any fault that this market does not provoke.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs
from attrs.exceptions import FrozenInstanceError

from ..market.auction import Uncross
from ..market.book import Canceled, Rested, Traded
from ..market.fix import OrdType, Side, TimeInForce
from ..market.identifiers import ClOrdID, CompID, OrderID, Price, QuoteID, Symbol
from ..market.instrument import Instrument, TickTable
from ..market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    Statistics,
)
from ..market.quotes import MassQuote, QuoteEntry, QuoteSet
from ..market.rules import (
    Admitted,
    Guard,
    MarketView,
    Prevention,
    Reject,
    Remember,
    RestingOrder,
    Schedule,
    SettleEffect,
)
from ..market.sessions import CONTINUOUS, Board, TradingState
from .binding import admission, trading_states, venue_manager, venue_rules
from .contract import ADMISSION, RULE_HOOKS
from .errors import PluginRefused
from .findings import (
    ANSWERS,
    BEHAVES,
    BRINGS_STATES,
    DETERMINISTIC,
    DOCUMENTED,
    FENCED,
    FROZEN,
    KEEPS_CONTRACT,
    MADE,
    PURE,
    Claim,
    Finding,
    Outcome,
    Report,
    Tally,
)
from .manager import KINDS, Plugin, examine, load_file
from .observing import Observer


def check_plugin(
    provider: object,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    symbol: str = "TEST",
) -> Report:
    """Return what is right and what is wrong with a plugin.

    Args:
        provider: what its entry point names, or the `Path` of a local file.
        settings: of each rule set that needs some, values for its fields.
        symbol: the instrument to ask about, for rule sets that stay out of others.
    """
    try:
        plugin = _load(provider)
    except PluginRefused as refused:
        return Report((Finding(KEEPS_CONTRACT, refused.plugin, Outcome.FAILED, refused.why),))
    findings = [Finding(KEEPS_CONTRACT, plugin.name, Outcome.PASSED), *documented(plugin)]
    for offer in plugin.offers.get("rule_sets", ()):
        if not isinstance(offer.cls, tuple):
            given = (settings or {}).get(offer.name, {})
            findings += _rule_set(offer.name, offer.cls, given, Symbol(symbol))
    findings += [
        skipped(kind, f"{kind} are asked by `floorproof conform`")
        for kind in KINDS
        if kind != "rule_sets" and plugin.offers.get(kind)
    ]
    return Report(tuple(findings))


def _load(provider: object) -> Plugin:
    if isinstance(provider, Path):
        return load_file(provider.name, provider.parent)
    name = getattr(provider, "__name__", type(provider).__name__)
    return examine(name, "", "check_plugin", provider)


def documented(plugin: Plugin) -> Iterator[Finding]:
    ids = [rule.id for rule in plugin.rules]
    if plugin.offers.get("rule_sets") and not ids:
        why = "there are rule sets, and no `rules` hook to say what they implement"
        yield skipped(plugin.name, why, DOCUMENTED)
        return
    faults = [f"{id!r} is there twice" for id in sorted(set(ids)) if ids.count(id) > 1]
    faults += [
        f"{rule.id!r} lacks its {part}"
        for rule in plugin.rules
        for part in ("id", "says", "source")
        if not getattr(rule, part).strip()
    ]
    yield _finding(DOCUMENTED, plugin.name, "; ".join(faults))


def skipped(subject: str, why: str, check: Claim = BEHAVES) -> Finding:
    return Finding(check, subject, Outcome.SKIPPED, why, executed=0)


def _finding(check: Claim, subject: str, fault: str) -> Finding:
    return Finding(check, subject, Outcome.FAILED if fault else Outcome.PASSED, fault)


# --- asking a rule set ---------------------------------------------------------------


def _rule_set(
    name: str, cls: type, settings: Mapping[str, object], symbol: Symbol
) -> Iterator[Finding]:
    missing = [
        field.alias
        for field in attrs.fields(cls)
        if field.init and field.default is attrs.NOTHING and field.alias not in settings
    ]
    if missing:
        why = f"needs settings={{{name!r}: {{...}}}} with {', '.join(map(str, missing))}"
        yield skipped(name, why)
        return
    try:
        one, other = cls(**settings), cls(**settings)
    except Exception as error:  # a finding, whatever it is
        why = f"{dict(settings)!r} raised {type(error).__name__}: {error}"
        yield _finding(MADE, name, why)
        return
    yield _finding(FROZEN, name, thaw(other))
    try:
        brought = [*trading_states(one)]
    except Exception as error:  # as above
        why = str(error) or type(error).__name__
        yield _finding(BRINGS_STATES, name, why)
        return

    trial = _Trial(name, one, symbol, brought)
    control = _Trial(name, cls(**settings), symbol, brought)
    trial.run()
    control.run()
    for hook in trial.hooks:
        subject = f"{name}.{hook}"
        if not trial.answers[hook]:
            yield skipped(subject, trial.unasked[hook])
            continue
        yield _finding(ANSWERS, subject, trial.fault(hook, ANSWERS))
        yield _finding(FENCED, subject, trial.fault(hook, FENCED))
        yield _finding(PURE, subject, trial.fault(hook, PURE))
        differing = [
            f"{theirs!r} instead of {ours!r}"
            for ours, theirs in zip(trial.answers[hook], control.answers[hook], strict=False)
            if ours != theirs
        ]
        yield _finding(DETERMINISTIC, subject, "".join(differing[:1]))
    if not trial.hooks:
        why = f"takes part in nothing for the instrument {symbol!r}"
        yield skipped(name, why)


def thaw(rule_set: object) -> str:
    """Return how *rule_set*, which is of no further use, was changed; nothing if it was not."""
    try:
        rule_set.floorproof_was_here = True  # type: ignore[attr-defined]  # that is the question
    except FrozenInstanceError:
        return ""
    except AttributeError:
        pass  # it has slots, and none of this name
    return "declare its class with @attrs.frozen: what it must remember it says with Remember"


class _NotMadeUp(KeyError):
    """The rule set asked for an instrument that the made-up venue does not have."""


@attrs.frozen
class _Market:
    """The one instrument of a made-up venue."""

    instrument: Instrument
    last_px: Price | None
    orders: tuple[RestingOrder, ...]
    memory: Mapping[str, object]
    now_ns: int = 1_000_000_000
    state: TradingState = CONTINUOUS
    board_state: TradingState = CONTINUOUS
    board: Board | None = None
    own_state: TradingState | None = None
    auction: Uncross | None = None

    @property
    def statistics(self) -> Statistics:
        px = self.last_px
        if px is None:
            return Statistics()
        return Statistics(
            open_px=px, high_px=px, low_px=px, last_px=px, last_qty=1, volume=1, trades=1
        )

    def indicative(self) -> Uncross | None:
        return None  # nothing rests that could cross

    def best_px(self, side: Side) -> Price | None:
        prices = [resting.price for resting in self.orders if resting.order.side is side]
        return (max if side is Side.BUY else min)(prices, default=None)

    def order(self, order_id: OrderID) -> RestingOrder | None:
        return next((it for it in self.orders if it.order_id == order_id), None)

    def recall(self, key: str) -> object:
        return self.memory.get(key)

    def other(self, symbol: Symbol) -> MarketView:
        if symbol == self.instrument.symbol:
            return self
        raise _NotMadeUp(symbol)


class _Trial:
    """One instance, asked everything there is to ask, with what it remembers kept for it."""

    def __init__(
        self, name: str, rule_set: object, symbol: Symbol, states: Sequence[TradingState]
    ) -> None:
        self._states = states
        self._symbol = symbol
        self._tally = Tally()
        self._observer = Observer(rule_set, self._tally)
        self._memory: dict[str, object] = {}
        self._due: list[str] = []
        manager = venue_manager({name: rule_set})
        rules = venue_rules(manager, symbol)
        asked = {ADMISSION: admission(manager)} | {
            hook: getattr(rules, hook) for hook in RULE_HOOKS
        }
        self._asked = {hook: bound[0].ask for hook, bound in asked.items() if bound}
        self.hooks = tuple(self._asked)
        self.answers: dict[str, list[object]] = {hook: [] for hook in self.hooks}
        self.unasked = dict.fromkeys(self.hooks, "there was no occasion to ask it")

    def fault(self, hook: str, claim: Claim) -> str:
        return self._tally.faults.get((hook, claim), "")

    def run(self) -> None:
        quiet = _market(self._symbol, None, (), self._memory)
        resting = tuple(_resting(self._symbol))
        busy = _market(self._symbol, 100, resting, self._memory)
        for message in _messages(self._symbol, resting):
            self._ask(ADMISSION, message)
        for market in (quiet, busy, busy):
            for hook, *about in _questions(self._symbol, resting):
                self._ask(hook, *about, market)
            for state in self._states:
                self._ask("trading_session_changed", CONTINUOUS, state, market)
                self._ask("trading_session_changed", state, CONTINUOUS, market)
            for name in dict.fromkeys(self._due):
                self._ask("scheduled", name, market)

    def _ask(self, hook: str, *about: object) -> None:
        if hook not in self._asked:
            return
        ask = self._asked[hook]
        try:
            answer = self._observer.ask(
                hook, lambda: ask(*about), about, partial(objection, hook), _NotMadeUp
            )
        except _NotMadeUp as error:
            self.unasked[hook] = f"asked for another instrument, {error}, which is not there"
            return
        except Exception as error:  # a finding, whatever it is
            self.answers[hook].append(type(error))
            return
        self.answers[hook].append(answer)
        if not objection(hook, answer) and isinstance(answer, Sequence):
            self._memory |= {it.key: it.value for it in answer if isinstance(it, Remember)}
            self._due += [it.name for it in answer if isinstance(it, Schedule)]


def objection(hook: str, answer: object) -> str:
    """Return what is wrong with a rule set's answer to a hook, or nothing."""
    return "" if _is_answer(hook, answer) else f"found {answer!r}"


def _is_answer(hook: str, answer: object) -> bool:
    if answer is None:
        return True
    if hook in (ADMISSION, "accept_request"):
        return isinstance(answer, Reject)
    if hook == "before_trade":
        return isinstance(answer, Guard)
    if hook == "auction_reference":
        return type(answer) is int
    effect = Prevention if hook == "before_match" else SettleEffect
    return isinstance(answer, Sequence) and all(isinstance(it, effect) for it in answer)


# --- the made-up market --------------------------------------------------------------

_ALPHA, _BRAVO = CompID("ALPHA"), CompID("BRAVO")


def _market(
    symbol: Symbol,
    last_px: Price | None,
    orders: tuple[RestingOrder, ...],
    memory: Mapping[str, object],
) -> _Market:
    instrument = Instrument(symbol=symbol, price_decimals=0, ticks=TickTable.uniform(1))
    return _Market(instrument, last_px, orders, memory)


def _order(
    symbol: Symbol, sender: CompID, side: Side, order_qty: int, price: Price | None
) -> NewOrderSingle:
    return NewOrderSingle(
        sender_comp_id=sender,
        cl_ord_id=ClOrdID(f"{sender}-{side.name}-{order_qty}-{price}"),
        symbol=symbol,
        side=side,
        order_qty=order_qty,
        price=price,
        ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if price is None else TimeInForce.DAY,
    )


def _resting(symbol: Symbol) -> Iterator[RestingOrder]:
    """Yield what rests when the market is busy: a bid, and two offers of different sessions."""
    orders = [(_ALPHA, Side.BUY, 99), (_ALPHA, Side.SELL, 101), (_BRAVO, Side.SELL, 101)]
    for order_id, (sender, side, price) in enumerate(orders, start=1):
        yield RestingOrder(
            OrderID(order_id), _order(symbol, sender, side, 10, price), price, 10, 10
        )


def _messages(symbol: Symbol, resting: Sequence[RestingOrder]) -> Iterator[Admitted]:
    """Yield messages of each kind, also such as the exchange itself would refuse."""
    yield _small(symbol)
    yield _huge(symbol)
    yield _order(Symbol(f"no {symbol}"), _ALPHA, Side.BUY, 1, 101)
    yield _change(symbol, resting[0].order)
    for bid_px, bid_size in ((99, 10), (None, 0)):
        entry = QuoteEntry(
            quote_entry_id=ClOrdID("entry"), symbol=symbol, bid_px=bid_px, bid_size=bid_size
        )
        yield MassQuote(
            sender_comp_id=_ALPHA,
            quote_id=QuoteID(f"quote {bid_size}"),
            quote_sets=(QuoteSet(quote_set_id="set", entries=(entry,)),),
        )


def _small(symbol: Symbol) -> NewOrderSingle:
    return _order(symbol, _ALPHA, Side.BUY, 1, 101)


def _huge(symbol: Symbol) -> NewOrderSingle:
    return _order(symbol, _BRAVO, Side.SELL, 1_000_000, -5)


def _change(symbol: Symbol, orig: NewOrderSingle) -> OrderCancelReplaceRequest:
    return OrderCancelReplaceRequest(
        sender_comp_id=_ALPHA,
        cl_ord_id=ClOrdID("change"),
        orig_cl_ord_id=orig.cl_ord_id,
        symbol=symbol,
        side=orig.side,
        order_qty=1_000,
        price=100,
    )


def _questions(
    symbol: Symbol, resting: Sequence[RestingOrder]
) -> Iterator[tuple[str, *tuple[object, ...]]]:
    """Yield hooks with what they are asked about: small and huge, near and far, each kind."""
    small, huge = _small(symbol), _huge(symbol)
    at_market = _order(symbol, _ALPHA, Side.SELL, 5, None)
    orig = resting[0].order
    cancel = OrderCancelRequest(
        sender_comp_id=_ALPHA,
        cl_ord_id=ClOrdID("cancel"),
        orig_cl_ord_id=orig.cl_ord_id,
        symbol=symbol,
        side=orig.side,
    )
    for request in (small, huge, at_market, cancel, _change(symbol, orig)):
        yield "accept_request", request
    offers = [it for it in resting if it.order.side is Side.SELL]
    bids = [it for it in resting if it.order.side is Side.BUY]
    for aggressor, candidates in ((small, offers[:1]), (small, offers), (huge, bids)):
        yield "before_match", aggressor, candidates
    for price, quantity in ((101, 1), (99, 1_000_000), (1_000_000, 1)):
        yield "before_trade", price, quantity
    offer = offers[0]
    yield "after_request", []
    yield "after_request", [Traded(offer.order_id, offer.order, 101, 1, 9)]
    yield "after_trades", [Traded(offer.order_id, offer.order, 101, 1, 9)]
    yield "after_request", [Rested(OrderID(4), huge, -5, 1_000_000)]
    yield "after_request", [Canceled(OrderID(1), orig, 10)]
    calling = TradingState(name="PREOPEN", match=False, indicative=True)
    yield "trading_session_changed", CONTINUOUS, calling
    yield "trading_session_changed", calling, attrs.evolve(CONTINUOUS, name="OPEN", uncross=True)
    yield ("auction_reference",)
