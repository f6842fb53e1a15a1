"""TWAP over a spread: what it follows, with its own quote in the market."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import attrs
import pytest
from algos import PLUGINS, enter, step, text
from commands import EXAMPLES
from floors import Told
from hypothesis import given, settings
from hypothesis import strategies as st
from sliced import LINKS
from spreads import SPREAD

import floorproof
from floorproof.market.fix import ExecType
from floorproof.market.identifiers import ClOrdID
from floorproof.market.messages import ExecutionReport
from floorproof.market.synthetic import SyntheticFill, SynthStatus
from floorproof.plugins.autospreader.hedging import hedge_target, units_filled
from floorproof.plugins.autospreader.worker import Worker
from floorproof.plugins.slicing.slicer import Slicer
from floorproof.plugins.synthetic import Finish
from floorproof.runtime.errors import RunError

DAY = (EXAMPLES / "twap_autospreader_constant.toml").read_text()
DEEPER = """
[[step]]
at = "0s"
who = "LP"
do = "enter"
order = { id = "n0", symbol = "MNQU3", side = "buy", quantity = 1000, price = "15300.00" }
"""
LEAVES = """
[[step]]
at = "100s"
who = "LP"
do = "cancel"
order = "n1"
"""
BESIDE = """
[[step]]
at = "90s"
who = "LP"
do = "enter"
order = { id = "n3", symbol = "MNQU3", side = "buy", quantity = 5, price = "15349.50" }
"""


def quoted(*more: str, latency: str = "1ms") -> list[str]:
    """Return the prices that MNQ is quoted at in the order's first slice, one after the other."""
    text = DAY.replace("T16:00:00-04:00", "T09:36:00-04:00").replace(
        "max_display = 3", "max_display = 50"
    )
    text = text.replace('latency = "1ms"', f'latency = "{latency}"')
    result = floorproof.run(floorproof.parse(text + "".join(more)))
    mnq = next(each for name, each in result.scenario.plan.instruments.items() if name == "MNQU3")
    return [
        mnq.show(report.price)
        for entry in result.journal
        if entry.actor == "FM1"
        and entry.time < 150 * 10**9
        and isinstance(report := entry.payload, ExecutionReport)
        and report.exec_type in (ExecType.NEW, ExecType.REPLACED)
        and report.symbol == mnq.symbol
        and report.price is not None
    ]


@pytest.mark.parametrize("latency", ["0s", "1ms", "250ms"])
def test_an_order_does_not_chase_its_own_quote(latency: str) -> None:
    # Bid of the spread: 15350.75 / 4492.75, or 3.4167 on tick; a quote at that times 4492.50.
    # When everybody else has left, the quote is MNQ's best bid: it goes below the next, at once.
    assert quoted(DEEPER, LEAVES, latency=latency) == ["15349.50", "15298.75"]


def test_an_order_beside_its_quote_is_somebody_elses() -> None:
    # 15349.50 / 4492.75 is 3.4165 on tick, and the quote at 15348.50.
    assert quoted(DEEPER, BESIDE, LEAVES) == ["15349.50", "15348.50"]


# --- floors of chance -----------------------------------------------------------------

STANDING = """
    0s LP enter b1 buy 20 @ 15350.25 on MNQU3
    0s LP enter s1 sell 20 @ 15351.25 on MNQU3
    0s LP enter b2 buy 40 @ 4491.75 on MESU3
    0s LP enter s2 sell 40 @ 4493.25 on MESU3
"""
MIDDLE = {"MNQU3": 15350_75, "MESU3": 4492_50}
QUANTITY = 6


ALONE = """
    3.9s LP cancel b1
    4s LP enter s3 sell 4 @ 15347.00 on MNQU3
"""
"""What leaves the order's quote as MNQ's only bid, and offers the spread at 3.4168."""


def alone(links: tuple[str, ...] = (), **parameters: str) -> Told:
    """Run a TWAP over the spread whose quote is the only bid of its leg from 3.9s on."""
    wanted = {"duration": "10s", "max_display": 20, "style": "passive", **parameters}
    more = enter("1s", "ET1", "t1", "TT_TWAP", f"buy {QUANTITY} MNQ-MES", parameters=wanted)
    types = ("BROKER", "TT_TWAP", "autospreader")
    made = text(STANDING + ALONE, more=more, types=types, links=list(links), broker=SPREAD)
    return Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=1))


# Market data may be there before the reports of what it shows, and after them.
ROADS = ((), ("SSE-A CME-A 1ms",), ("CME-A SSE-A 20ms",), ("CME SSE-A 20ms",))


@pytest.mark.parametrize("links", ROADS, ids=str)
def test_an_order_does_not_chase_a_quote_that_is_the_only_bid(links: tuple[str, ...]) -> None:
    told = alone(links)

    # A bid of the spread is known no more: each slice's quote stays where the first one was.
    bids = {each.price for each in quotes_of(told) if each.price and each.price < 15347_00}
    assert bids == {15344_50}
    assert told.result.windows()["ET1"].synthetic[ClOrdID("t1")].cum_qty == QUANTITY


@pytest.mark.rule("TWAP-12")
@pytest.mark.parametrize("links", ROADS, ids=str)
def test_what_is_offered_of_a_spread_at_the_would_if_price_is_taken(links: tuple[str, ...]) -> None:
    # Four units are offered at 3.416708, of which a slice would take one, at its end.
    slices = alone(links, would_if_price="3.4167")
    assert [fill.last_qty for fill in spread_fills(slices)] == [1] * QUANTITY
    told = alone(links, would_if_price="3.4168")
    assert [fill.last_qty for fill in spread_fills(told)][:2] == [1, 4]
    assert told.result.windows()["ET1"].synthetic[ClOrdID("t1")].cum_qty == QUANTITY


def quotes_of(told: Told) -> list[ExecutionReport]:
    """Return the reports of MNQ's quotes that were entered or changed."""
    return [
        report
        for entry in told.messages
        if entry.actor == "ET1"
        and isinstance(report := entry.payload, ExecutionReport)
        and report.exec_type in (ExecType.NEW, ExecType.REPLACED)
        and report.symbol == "MNQU3"
    ]


def spread_fills(told: Told) -> list[SyntheticFill]:
    return [fill for fill in told.payloads("SyntheticFill", "ET1") if fill.cl_ord_id == "t1"]


@attrs.frozen(kw_only=True)
class Case:
    """A TWAP over a spread, and what happens around it."""

    style: str
    max_display: int
    moves: tuple[tuple[int, str, str, int, int, bool], ...] = ()
    """Tenths of a second, symbol, side, quantity, ticks from the middle, and whether at once."""

    asked: tuple[tuple[int, str], ...] = ()
    would_if: str | None = None

    def run(self, seed: int) -> Told:
        lines = [STANDING]
        for number, (tenth, symbol, side, qty, ticks, immediate) in enumerate(self.moves):
            price = (MIDDLE[symbol] + 25 * ticks) / 100
            ioc = " ioc" if immediate else ""
            lines.append(
                f"{tenth / 10}s LP enter m{number} {side} {qty} @ {price:.2f} on {symbol}{ioc}"
            )
        parameters = {"duration": "4s", "max_display": self.max_display, "style": self.style}
        if self.would_if is not None:
            parameters["would_if_price"] = self.would_if
        more = enter("1s", "ET1", "t1", "TT_TWAP", f"buy {QUANTITY} MNQ-MES", parameters=parameters)
        for tenth, what in self.asked:
            more += step(f"{tenth / 10}s", "ET1", what, {"order": "t1"})
        types = ("BROKER", "TT_TWAP", "autospreader")
        made = text("\n".join(lines), more=more, types=types, links=LINKS, broker=SPREAD)
        return Told(floorproof.run(floorproof.parse(made, PLUGINS), seed=seed, in_place=True))


def check(told: Told) -> None:
    """Check what must hold of it, whatever meets on the way."""
    assert told.result.violations == ()
    latest: dict[str, dict[int, tuple[int, int]]] = {"MNQU3": {}, "MESU3": {}}
    for entry in told.messages:
        report = entry.payload
        if (entry.sender, entry.actor) != ("CME", "CME-A") or not isinstance(
            report, ExecutionReport
        ):
            continue
        if not report.parent_id or report.order_id is None:
            continue
        latest[report.symbol][report.order_id] = report.cum_qty, report.leaves_qty
        # Quotes that have been filled or work are never more than the order.
        assert sum(map(sum, latest["MNQU3"].values())) <= QUANTITY
        assert sum(map(sum, latest["MESU3"].values())) <= hedge_target(
            Fraction("1.366"), Fraction(QUANTITY)
        )
    row = told.result.windows()["ET1"].synthetic.get(ClOrdID("t1"))
    if row is None:
        return
    filled = {symbol: sum(cum for cum, _ in each.values()) for symbol, each in latest.items()}
    assert row.cum_qty == min(
        QUANTITY, units_filled([Fraction(1), Fraction("1.366")], list(filled.values()))
    )
    if row.synth_status in ("Canceled", "Finished"):
        assert not any(leaves for _, leaves in latest["MNQU3"].values())


cases = st.builds(
    Case,
    style=st.sampled_from(["default", "passive", "aggressive"]),
    max_display=st.sampled_from([20, 34, 60]),
    moves=st.lists(
        st.tuples(
            st.integers(0, 59),
            st.sampled_from(["MNQU3", "MESU3"]),
            st.sampled_from(["buy", "sell"]),
            st.integers(1, 9),
            st.integers(-6, 6),
            st.booleans(),
        ),
        max_size=10,
    ).map(lambda some: tuple(sorted(some))),
    asked=st.lists(
        st.tuples(st.integers(11, 59), st.sampled_from(["pause", "resume", "cancel"])), max_size=2
    ).map(lambda some: tuple(sorted(some))),
    would_if=st.sampled_from([None, None, "3.4166", "3.4170", "3.4174"]),
)


@pytest.mark.rule("SLICE-1", "SLICE-4", "ASE-11", "ASE-12")
@settings(max_examples=settings().max_examples // 4)
@given(cases, st.integers(0, 10**6))
def test_any_twap_over_a_spread_meets_any_market(case: Case, seed: int) -> None:
    check(case.run(seed))


def _careless(slicer: Slicer, text: str = "") -> None:
    """Be over at once, whatever still works."""
    slicer.say(Finish(SynthStatus.CANCELED))
    slicer.order = attrs.evolve(slicer.order, is_over=True)


BROKEN: dict[str, tuple[type, str, Callable[..., object], Case]] = {
    "leaves its spread behind": (
        Slicer,
        "stop",
        _careless,
        Case(style="passive", max_display=60, asked=((16, "cancel"),)),
    ),
    "tells no units": (
        Worker,
        "_fill_units",
        lambda _: None,
        Case(style="aggressive", max_display=34),
    ),
}


@pytest.mark.parametrize("row", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_found_out(
    row: tuple[type, str, Callable[..., object], Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, method, broken, case = row
    check(case.run(1))
    monkeypatch.setattr(where, method, broken)

    with pytest.raises((AssertionError, RunError)):
        check(case.run(1))
