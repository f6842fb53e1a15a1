"""Spread orders on whole floors, under latencies and orders of messages that a seed draws.

Quotes and hedges race, and fills cross changes and cancels.  Each check reads the
journal; each is seen to fail on a copy that is broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from math import floor as whole
from typing import Any

import attrs
import pytest
from case_study import MES, MNQ
from floors import Told, floor
from hypothesis import given, settings
from hypothesis import strategies as st

import floorproof
from floorproof.market.fix import ExecType, OrdType, Side
from floorproof.market.identifiers import ClOrdID, Price, Qty
from floorproof.market.messages import ExecutionReport, NewOrderSingle
from floorproof.market.synthetic import MultiLegReportingType, OnBehalf
from floorproof.plugins.autospreader import hedges, pricing, quotes, worker
from floorproof.plugins.autospreader.hedging import hedge_target, units_filled
from floorproof.plugins.autospreader.post_hedge import ToMarket
from floorproof.plugins.autospreader.spread import ThinMarket
from floorproof.plugins.synthetic import CancelChild
from floorproof.runtime.journal import Entry

SPREAD = """
[[gateway.settings.autospreader.spread]]
name = "MNQ-MES"
formula = "{formula}"
tick = "{tick}"
requote = "{requote}"
{of_spread}

  [[gateway.settings.autospreader.spread.leg]]
  symbol = "MNQU3"
  ratio = "1"
{of_mnq}
  [[gateway.settings.autospreader.spread.leg]]
  symbol = "MESU3"
  ratio = "-{ratio}"
  quoting = {both}
  convert_quote_to_hedge = "{convert}"
"""
PAY_UP = """
    [[gateway.settings.autospreader.spread.leg.post_hedge]]
    rule = "pay_up"
    after = "3ms"
    ticks = 2
    times = 3
"""
TICKS_AWAY = """
    [[gateway.settings.autospreader.spread.leg.post_hedge]]
    rule = "ticks_away"
    ticks = 2
"""
TIME = """
    [[gateway.settings.autospreader.spread.leg.post_hedge]]
    rule = "time"
    after = "9ms"
"""
LINKS = ("SSE-A CME-A 1ms 4ms", "CME-A SSE-A 1ms 4ms", "CME-A CME 1ms 2ms", "CME CME-A 1ms 2ms",
         "CME SSE-A 1ms 4ms", "PM1 SSE-A 1ms", "LP CME-A 1ms")  # fmt: skip
DECIMALS = 4
"""Of prices of the difference: two more than its tick has."""

MIDDLE = {"MNQU3": 15350_75, "MESU3": 4492_50}


@attrs.frozen(kw_only=True)
class Case:
    """A spread order, its spread, and what happens around it."""

    side: str
    qty: int
    price: str = "3.417"
    ratio: str = "1.366"
    both: bool = False
    convert: str = "off"
    requote: str = "change"
    formula: str = "ratio"
    settings: tuple[str, ...] = ()
    """Others of the spread, as the file has them."""

    of_mnq: tuple[str, ...] = ()
    """Other settings of MNQ, as the file has them."""

    post_hedge: tuple[str, ...] = ()
    """Rules of MES, as the file has them."""

    market_orders: bool = True
    canceled_ms: int | None = None
    moves: tuple[tuple[int, str, str, int, int], ...] = ()
    """Milliseconds, symbol, side, quantity and ticks from the middle."""

    @property
    def sizes(self) -> list[Fraction]:
        return [Fraction(1), Fraction(self.ratio)]

    @property
    def limit(self) -> Fraction:
        return Fraction(self.price)

    def steps(self) -> Iterator[str]:
        yield "0s LP enter b1 buy 20 @ 15350.25 on MNQU3"
        yield "0s LP enter s1 sell 20 @ 15351.25 on MNQU3"
        yield "0s LP enter b2 buy 20 @ 4491.75 on MESU3"
        yield "0s LP enter s2 sell 20 @ 4493.25 on MESU3"
        yield f"5ms PM1 enter sp1 {self.side} {self.qty} @ {self.price} on MNQ-MES"
        for number, (at, symbol, side, qty, ticks) in enumerate(self.moves):
            price = Decimal(MIDDLE[symbol] + 25 * ticks).scaleb(-2)
            yield f"{at}ms LP enter m{number} {side} {qty} @ {price} on {symbol}"
        if self.canceled_ms is not None:
            yield f"{self.canceled_ms}ms PM1 cancel sp1"

    def run(self, seed: int) -> Told:
        spread = SPREAD.format(
            ratio=self.ratio,
            both=str(self.both).lower(),
            convert=self.convert,
            requote=self.requote,
            formula=self.formula,
            tick="0.0001" if self.formula == "ratio" else "0.25",
            of_spread="\n".join(self.settings),
            of_mnq="\n".join(self.of_mnq),
        )
        spread += "".join(self.post_hedge)
        text = floor("\n".join(self.steps()), broker=spread, links=LINKS).replace(
            'kind = "sse"', 'kind = "sse"\norder_types = ["BROKER", "autospreader"]'
        )
        if not self.market_orders:
            text = text.replace("max_order_qty", "market_orders = false\nmax_order_qty")
        return Told(floorproof.Floor(floorproof.parse(text)).run(seed=seed, in_place=True))


post_hedge = st.lists(
    st.sampled_from([PAY_UP, TICKS_AWAY, TIME]), min_size=1, max_size=3, unique=True
)
OF_SPREAD = {
    "slop": ["inside_slop = 1", "outside_slop = 3\ninside_slop = 2"],
    "thin": [f'thin_market = "{each}"' for each in ThinMarket],
    "round": ['hedge_round = "0.3"', 'hedge_round = "0.9"'],
    "cross": ["prevent_quote_cross = true"],
    "increment": ["quote_increment = 2"],
}
OF_MNQ = {
    "holders": ["queue_holders = 1", "queue_holders = 3"],
    "lean": ['min_lean_qty = "1"', 'min_lean_qty = "9"'],
}
CONVERTS = ["attempt", "always", "always_preserve_queue"]
moves = st.tuples(
    st.integers(10, 60),
    st.sampled_from(["MNQU3", "MESU3"]),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 4),
    st.integers(-5, 5),
)


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    both: bool | None = False,
    converts: bool = False,
    rules: bool = False,
) -> Case:
    return Case(
        side=draw(st.sampled_from(["buy", "sell"])),
        qty=draw(st.integers(1, 4)),
        ratio=draw(st.sampled_from(["1", "1.366", "0.5"])),
        both=draw(st.booleans()) if both is None else both,
        convert=draw(st.sampled_from(CONVERTS)) if converts else "off",
        requote=draw(st.sampled_from(["change", "cancel_new"])),
        post_hedge=tuple(draw(post_hedge)) if rules else (),
        market_orders=draw(st.booleans()) if rules else True,
        canceled_ms=draw(st.none() | st.integers(20, 60)),
        moves=tuple(sorted(draw(st.lists(moves, max_size=8)))),
    )


def some_of(draw: st.DrawFn, settings: dict[str, list[str]]) -> tuple[str, ...]:
    """Return some of *settings*, one for each name at most."""
    drawn = (draw(st.sampled_from(["", *values])) for values in settings.values())
    return tuple(each for each in drawn if each)


@st.composite
def configured(draw: st.DrawFn) -> Case:
    case = draw(cases(both=None, rules=draw(st.booleans())))
    return attrs.evolve(case, settings=some_of(draw, OF_SPREAD), of_mnq=some_of(draw, OF_MNQ))


@st.composite
def differences(draw: st.DrawFn) -> Case:
    case = draw(cases(both=None))
    price = Decimal("10858.25") + draw(st.integers(-4, 4)) * Decimal("0.25")
    return attrs.evolve(case, formula="price_diff", ratio="1", price=str(price))


# --- what a run tells -----------------------------------------------------------------


@attrs.frozen
class Reaction:
    """A report that SSE-A was told of a child, and the hedges that it sent for it."""

    report: ExecutionReport
    hedges: tuple[NewOrderSingle, ...]


def is_quote(name: str) -> bool:
    return name.split("/")[1].startswith("q")


def leg_of(symbol: str) -> int:
    return 0 if symbol == "MNQU3" else 1


def reactions(told: Told) -> list[Reaction]:
    """Return what SSE-A was told of fills, and what it did about each."""
    hedges: dict[int, list[NewOrderSingle]] = {}
    for entry in told.messages:
        if entry.sender == "SSE-A" and isinstance(entry.payload, OnBehalf):
            request = entry.payload.request
            if isinstance(request, NewOrderSingle) and not is_quote(request.cl_ord_id):
                hedges.setdefault(entry.cause, []).append(request)
    return [
        Reaction(entry.payload, tuple(hedges.pop(entry.seq, ())))
        for entry in told.messages
        if entry.actor == "SSE-A" and _is_fill(entry)
    ]


def _is_fill(entry: Entry) -> bool:
    report = entry.payload
    return isinstance(report, ExecutionReport) and report.exec_type is ExecType.TRADE


def at_the_exchange(told: Told) -> dict[str, ExecutionReport]:
    """Return the latest report of each quote as its user has it, by its name at entry."""
    latest: dict[str, ExecutionReport] = {}
    for entry in told.messages:
        report = entry.payload
        if entry.actor == "PM1" and isinstance(report, ExecutionReport):
            latest[report.cl_ord_id.split(".")[0].split("-")[0]] = report
    return latest


# --- the checks -----------------------------------------------------------------------


def hedges_follow_quotes(case: Case, told: Told) -> None:
    """After each delivery hedges sent are the floor of the ratio times units told of."""
    quoted, sent = [0, 0], [0, 0]
    for reaction in reactions(told):
        report = reaction.report
        if is_quote(report.cl_ord_id):
            quoted[leg_of(report.symbol)] += report.last_qty
        for hedge in reaction.hedges:
            sent[leg_of(hedge.symbol)] += hedge.order_qty
        units = sum(
            (Fraction(qty) / size for qty, size in zip(quoted, case.sizes, strict=True)),
            Fraction(0),
        )
        for size, filled, hedged in zip(case.sizes, quoted, sent, strict=True):
            assert hedged == max(hedge_target(size, units) - filled, 0)


def no_unit_costs_more(case: Case, told: Told) -> None:
    """What a quote has filled, hedged at its lean, is at the order's price or better."""
    for reaction in reactions(told):
        if not is_quote(reaction.report.cl_ord_id):
            assert reaction.hedges == ()
            continue
        for hedge in reaction.hedges:
            if hedge.symbol == reaction.report.symbol:
                continue  # of a fraction that its own quotes have left
            prices: dict[str, Price | None] = {
                reaction.report.symbol: reaction.report.last_px,
                hedge.symbol: hedge.price,
            }
            mnq, mes = prices["MNQU3"], prices["MESU3"]
            assert mnq is not None
            assert mes is not None
            cost = Fraction(mnq, mes)
            assert cost <= case.limit if case.side == "buy" else cost >= case.limit


def no_quote_is_left_behind(case: Case, told: Told) -> None:
    """An order that is over has no quote; one that was canceled is over, or its hedges work."""
    row = told.result.windows()["PM1"].synthetic.get(ClOrdID("sp1"))
    if row is None:
        return
    latest = at_the_exchange(told)
    quotes = [name for name, report in latest.items() if is_quote(name) and report.leaves_qty]
    hedges = [name for name, report in latest.items() if not is_quote(name) and report.leaves_qty]
    if row.leaves_qty == 0 or case.canceled_ms is not None:
        assert quotes == []
    if case.canceled_ms is not None:
        assert row.leaves_qty == 0 or hedges


def units_are_what_legs_have(case: Case, told: Told) -> None:
    """The order is filled by as many units as its legs have the contracts of."""
    filled = [0, 0]
    for entry in told.messages:
        if entry.actor == "SSE-A" and _is_fill(entry):
            filled[leg_of(entry.payload.symbol)] += entry.payload.last_qty
    row = told.result.windows()["PM1"].synthetic.get(ClOrdID("sp1"))
    cum = row.cum_qty if row else 0
    last = min(case.qty, units_filled(case.sizes, filled))
    working = any(
        is_quote(name) and report.leaves_qty for name, report in at_the_exchange(told).items()
    )
    assert cum == last or (working and cum < last == case.qty)


def no_fill_costs_more(case: Case, told: Told) -> None:
    """What the user is told that his units cost is his price or better, on the average."""
    fills = [
        fill
        for fill in told.payloads("SyntheticFill", "PM1")
        if fill.multi_leg_reporting_type is MultiLegReportingType.MULTILEG
    ]
    cost = sum(fill.last_qty * fill.last_px for fill in fills)
    limit = sum(fill.last_qty for fill in fills) * case.limit * 10**DECIMALS
    assert cost <= limit if case.side == "buy" else cost >= limit


def quotes_never_exceed(case: Case, told: Told) -> None:
    """At the exchange quotes have never filled and worked more than the order's quantity."""
    quotes: dict[str, Qty] = {}
    for entry in told.messages:
        report = entry.payload
        if (
            entry.actor == "CME-A"
            and isinstance(report, ExecutionReport)
            and report.parent_id == "sp1"
            and report.symbol == "MNQU3"
            and report.exec_type is not ExecType.REJECTED
        ):
            quotes[str(report.order_id)] = report.cum_qty + report.leaves_qty
            assert sum(quotes.values()) <= case.qty


def no_contract_is_hedged_twice(_case: Case, told: Told) -> None:
    """At the exchange hedges have never filled and worked more than fills have called for.

    In the end they have as much, but for what somebody is told to be unhedged.
    """
    fills = {entry.seq for entry in told.messages if entry.actor == "SSE-A" and _is_fill(entry)}
    called, at_work = [0, 0], [dict[str, Qty](), dict[str, Qty]()]
    for entry in told.messages:
        message = entry.payload
        if isinstance(message, OnBehalf) and entry.cause in fills:
            request = message.request
            if isinstance(request, NewOrderSingle) and not is_quote(request.cl_ord_id):
                called[leg_of(request.symbol)] += request.order_qty
        elif (
            entry.actor == "PM1"
            and isinstance(message, ExecutionReport)
            and not is_quote(message.cl_ord_id)
            and message.exec_type is not ExecType.REJECTED
        ):
            leg = leg_of(message.symbol)
            at_work[leg][str(message.order_id)] = message.cum_qty + message.leaves_qty
            assert sum(at_work[leg].values()) <= called[leg]
    if not any("unhedged" in text for text in told.result.facts("warning")):
        assert [sum(each.values()) for each in at_work] == called


ALWAYS = (no_quote_is_left_behind, units_are_what_legs_have)
PLAIN = (*ALWAYS, hedges_follow_quotes, no_unit_costs_more)

seeds = st.integers(0, 10**6)


@pytest.mark.rule("ASE-5", "ASE-6", "ASE-11", "ASE-12", "ASE-13", "ASE-18")
@given(cases(), seeds)
@settings(max_examples=settings().max_examples // 2)
def test_one_leg_quotes(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in (*PLAIN, quotes_never_exceed):
        check(case, told)


@pytest.mark.rule("ASE-10", "ASE-12", "ASE-13", "ASE-18")
@given(cases(both=True), seeds)
@settings(max_examples=settings().max_examples // 2)
def test_both_legs_quote(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in PLAIN:
        check(case, told)


@pytest.mark.rule("ASE-10", "ASE-13", "ASE-18")
@given(cases(both=True, converts=True), seeds)
@settings(max_examples=settings().max_examples // 3)
def test_quotes_become_hedges(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in ALWAYS:
        check(case, told)


@pytest.mark.rule("ASE-10", "ASE-13", "ASE-18", "ASE-24", "ASE-25")
@given(cases(both=None, rules=True), seeds)
@settings(max_examples=settings().max_examples // 2)
def test_hedges_that_rest_are_paid_up_and_go_to_the_market(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in (*PLAIN, no_contract_is_hedged_twice):
        check(case, told)
    if not case.both:
        quotes_never_exceed(case, told)


@pytest.mark.rule("ASE-10", "ASE-13", "ASE-24", "ASE-25")
@given(cases(both=True, converts=True, rules=True), seeds)
@settings(max_examples=settings().max_examples // 3)
def test_quotes_that_have_become_hedges_do_too(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in ALWAYS:
        check(case, told)


@pytest.mark.rule("ASE-6", "ASE-7", "ASE-8", "ASE-9", "ASE-13", "ASE-18")
@given(configured(), seeds)
@settings(max_examples=settings().max_examples // 2)
def test_whatever_its_settings_an_order_leaves_nothing_behind(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in ALWAYS:
        check(case, told)


@pytest.mark.rule("ASE-5", "ASE-12", "ASE-14")
@given(differences(), seeds)
@settings(max_examples=settings().max_examples // 3)
def test_units_are_told_at_no_more_than_the_price_of_the_order(case: Case, seed: int) -> None:
    told = case.run(seed)

    for check in (*ALWAYS, hedges_follow_quotes, no_fill_costs_more):
        check(case, told)


# --- broken copies --------------------------------------------------------------------

BUSY = Case(
    side="buy",
    qty=4,
    both=True,
    moves=(
        (12, "MNQU3", "sell", 1, 4),
        (14, "MESU3", "buy", 3, 2),
        (20, "MESU3", "buy", 3, 4),
        (26, "MESU3", "buy", 3, 0),
        (31, "MESU3", "sell", 1, 1),
        (31, "MNQU3", "sell", 2, -3),
        (43, "MNQU3", "sell", 2, -2),
        (44, "MNQU3", "sell", 2, 3),
        (45, "MNQU3", "buy", 1, -1),
    ),
)


def _twice(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = worker.Worker.filled

    def filled(self: worker.Worker, name: str, qty: Qty, at: Price) -> None:
        kept(self, name, qty, at)
        if is_quote(f"sp1/{name}"):
            kept(self, name, qty, at)

    monkeypatch.setattr(worker.Worker, "filled", filled)


def _floor_per_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    def target(size: Fraction, units: Fraction, _hedge_round: Fraction) -> Qty:
        return whole(size) * whole(units)

    monkeypatch.setattr(hedges, "hedge_target", target)


def _wrong_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pricing.quote

    def quote(spread: Any, number: int, side: Side, *more: Any) -> Any:
        found = kept(spread, number, side, *more)
        tick = 25 if spread.legs[number].side(side) is Side.BUY else -25
        return found and attrs.evolve(found, price=found.price + tick)

    monkeypatch.setattr(quotes, "quote", quote)


def _hedged_at_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    def price(self: hedges.Hedges, number: int) -> Price:
        turn = self._turn
        levels = turn.leg_markets()[number].against(turn.spread.legs[number].side(turn.order.side))
        return levels[-1][0]

    monkeypatch.setattr(hedges.Hedges, "price", price)


def _quotes_the_whole_order_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def total(_size: Fraction, _remaining: Fraction, _units: Fraction, released: Qty) -> Qty:
        return released

    monkeypatch.setattr(quotes, "quote_total", total)


def _forgets_its_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes.Quotes, "_cancel", lambda self, child: None)


def _tells_no_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.Worker, "_fill_units", lambda self: None)


def _does_not_wait_for_the_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hedges.Hedges._takes

    def takes(self: hedges.Hedges, step: Any, child: Any, note: Any) -> bool:
        if isinstance(step, ToMarket):
            rest = attrs.evolve(note.rest, is_done=True)
            self._send_hedge(note.leg, child.order_qty - child.cum_qty, None, rest, OrdType.MARKET)
            self._turn.keep(child.name, attrs.evolve(note, rest=rest))
            self._turn.say(CancelChild(child.name))
            return True
        return kept(self, step, child, note)

    monkeypatch.setattr(hedges.Hedges, "_takes", takes)


def _enters_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hedges.Hedges.enter_at_market

    def enter(self: hedges.Hedges, note: Any, child: Any, _left: Qty) -> None:
        kept(self, note, child, child.order_qty)

    monkeypatch.setattr(hedges.Hedges, "enter_at_market", enter)


def _forgets_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hedges.Hedges, "enter_at_market", lambda *_: None)


RESTING = Case(
    side="buy",
    qty=4,
    post_hedge=(TIME,),
    moves=(
        (12, "MESU3", "buy", 8, 1),  # what the quote leans on, which then trades at once
        (22, "MESU3", "sell", 6, 1),  # most of it is gone before the hedge arrives
    ),
)
DIFFERENCE = attrs.evolve(BUSY, formula="price_diff", ratio="1", price="10858.25")
Check = Callable[[Case, Told], None]
BROKEN: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], Check, Case]] = {
    "a quote hedged twice": (_twice, hedges_follow_quotes, BUSY),
    "a floor for each unit": (_floor_per_unit, hedges_follow_quotes, BUSY),
    "quotes rounded the other way": (_wrong_rounding, no_unit_costs_more, BUSY),
    "hedges at the market": (_hedged_at_the_market, no_unit_costs_more, BUSY),
    "the order quoted again": (
        _quotes_the_whole_order_again,
        quotes_never_exceed,
        attrs.evolve(BUSY, both=False),
    ),
    "quotes forgotten": (
        _forgets_its_quotes,
        no_quote_is_left_behind,
        attrs.evolve(BUSY, canceled_ms=20),
    ),
    "a hedge entered at the market too soon": (
        _does_not_wait_for_the_cancel,
        no_contract_is_hedged_twice,
        RESTING,
    ),
    "all of a hedge entered again": (_enters_all_of_it, no_contract_is_hedged_twice, RESTING),
    "what a hedge has left forgotten": (
        _forgets_what_is_left,
        no_contract_is_hedged_twice,
        RESTING,
    ),
    "a difference quoted a tick too far": (_wrong_rounding, no_fill_costs_more, DIFFERENCE),
    "units untold": (_tells_no_units, units_are_what_legs_have, BUSY),
}


@pytest.mark.parametrize("row", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_copy_is_found(
    row: tuple[Callable[[pytest.MonkeyPatch], None], Check, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it, check, case = row
    for seed in range(3):
        check(case, case.run(seed))
    break_it(monkeypatch)

    assert any(_fails(check, case, seed) for seed in range(5))


def _fails(check: Check, case: Case, seed: int) -> bool:
    try:
        check(case, case.run(seed))
    except AssertionError:
        return True
    return False


def test_the_busy_floor_is_busy() -> None:
    told = BUSY.run(1)

    assert sum(is_quote(each.report.cl_ord_id) for each in reactions(told)) >= 3
    assert MNQ.price_decimals == MES.price_decimals  # so that a price is the quotient of units
