"""What an order met, step by step: the tables of CME's page, as the examples print them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
from commands import EXAMPLES

import floorproof
from floorproof.market.identifiers import CompID
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.cme.self_match_prevention import SelfMatches
from floorproof.scenario.story import Table
from floorproof.scenario.sweeps import sweeps

FIFO, PRO_RATA = EXAMPLES / "cme_smp_fifo.toml", EXAMPLES / "cme_smp_pro_rata.toml"
QUOTES = EXAMPLES / "cme_smp_mass_quote.toml"


def tables(path: Path) -> list[Table]:
    result = floorproof.run(floorproof.load(path))
    assert result.held
    return [*sweeps(result.journal, result.scenario.wording)]


def steps(table: Table) -> list[str]:
    """Return the rows of *table*, without whose order it is."""
    return [
        " | ".join((remaining, order, smp, action)).strip()
        for _, remaining, order, _, smp, action in table.rows
    ]


# fmt: off
# As the page prints them, row by row; at last what becomes of the aggressor.
PAGE = {
    "F1": [
        "1000 | 10 @ 1301 | 2345678 | 10 traded",
        "990 | 20 @ 1301 | 3456789 | 20 traded",
        "970 | 30 @ 1301 | 4567890 | 30 traded",
        "940 | 500 @ 1301 | 5678901 | 500 traded",
        "440 | 450 @ 1302 | 6789012 | 440 traded",
        "| 20 @ 1302 | 1234567 O |",
        "| 30 @ 1302 | 7890123 |",
        "0 |  |  | filled",
    ],
    "F2": [
        "1000 | 10 @ 1301 | 2345678 | 10 traded",
        "990 | 20 @ 1301 | 3456789 | 20 traded",
        "970 | 30 @ 1301 | 4567890 | 30 traded",
        "940 | 500 @ 1301 | 5678901 | 500 traded",
        "440 | 10 @ 1302 | 6789012 | 10 traded",
        "430 | 20 @ 1302 | 1234567 N | canceled (378 = 103)",
        "430 | 30 @ 1302 | 7890123 | 30 traded",
        "400 |  |  | the remaining 400 @ 1302 rest",
    ],
    "P1": [
        "| 500 @ 1301 | 2345678 |",
        "| 300 @ 1301 | 3456789 |",
        "| 200 @ 1301 | 4567890 |",
        "| 500 @ 1301 | 5678901 |",
        "| 20 @ 1302 | 1234567 O |",
        "| 30 @ 1302 | 7890123 |",
        "0 |  |  | the remaining 1000 canceled (378 = 107)",
    ],
    "P2-C": [
        "1000 | 500 @ 1301 | 2345678 | 334 traded",
        "333 | 300 @ 1301 | 3456789 | 200 traded",
        "133 | 200 @ 1301 | 4567890 | 133 traded",
        "666 | 500 @ 1301 | 5678901 | 333 traded",
        "1000 | 20 @ 1302 | 1234567 O | canceled (378 = 103)",
        "| 30 @ 1302 | 7890123 |",
        "0 |  |  | filled",
    ],
    "P2-K": [
        "1000 | 500 @ 1301 | 2345678 | 500 traded",
        "500 | 300 @ 1301 | 3456789 | 300 traded",
        "200 | 200 @ 1301 | 4567890 | 200 traded",
        "| 500 @ 1301 | 5678901 |",
        "1000 | 20 @ 1302 | 1234567 O | canceled (378 = 103)",
        "| 30 @ 1302 | 7890123 |",
        "0 |  |  | filled",
    ],
}
# fmt: on


@pytest.mark.rule("SMP-4", "SMP-5")
@pytest.mark.parametrize("path", [FIFO, PRO_RATA], ids=["fifo", "pro rata"])
def test_the_examples_print_the_pages_tables(path: Path) -> None:
    found = {table.title.split()[1].removeprefix("hedger-")[:-1]: table for table in tables(path)}

    assert {name: steps(table) for name, table in found.items()} == {
        name: rows for name, rows in PAGE.items() if name[0] == ("F" if path == FIFO else "P")
    }


@pytest.mark.rule("SMP-13", "SMP-14")
def test_each_side_of_a_quote_meets_its_own() -> None:
    found = [(table.title.partition(":")[0], steps(table)) for table in tables(QUOTES)]

    assert found == [
        (
            "HEDGER hedger-1",
            [
                "30 | 10 @ 50 | 2345678 | 10 traded",
                "20 | 20 @ 50 | 1234567 | quote canceled (9775 = H)",
                "20 |  |  | the remaining 20 @ 50 rest",
            ],
        ),
        (
            "HEDGER hedger-2",
            ["| 15 @ 75 | 1234567 |", "0 |  |  | the remaining 5 canceled (378 = 107)"],
        ),
        (
            "MAKER m3 (quote)",
            [
                "20 | 20 @ 50 | 1234567 O | canceled (378 = 103)",
                "20 |  |  | the remaining 20 @ 49 rest",
            ],
        ),
        (
            "SECOND s1 (quote)",
            [
                "10 | 15 @ 75 | 1234567 | quote canceled (9775 = H)",
                "10 |  |  | the remaining 10 @ 75 rest",
            ],
        ),
    ]


# --- other flows ----------------------------------------------------------------------


def with_steps(*steps: str) -> floorproof.Result:
    """Return a run of the FIFO example's floor with other steps, and no expectations."""
    text = FIFO.read_text(encoding="utf-8")
    head = text[: text.index("# F1: nobody of one firm would meet.")]
    return floorproof.run(floorproof.parse(head + "\n".join(steps)))


def step(at: int, who: str, what: str) -> str:
    return f'[[step]]\nat = "{at}s"\nwho = "{who}"\n{what}\n'


def order(name: str, side: str, qty: int, price: int, **more: str) -> str:
    terms = "".join(f', {key} = "{value}"' for key, value in more.items())
    return (
        f'do = "enter"\norder = {{ id = "{name}", symbol = "F1", side = "{side}", '
        f'quantity = {qty}, price = "{price}", account = "A400"{terms} }}'
    )


def test_changes_cancels_and_immediate_orders() -> None:
    smp = {"smp_id": "1234567"}
    found = with_steps(
        step(1, "F100", order("a", "sell", 5, 1301).replace("A400", "A100")),
        step(2, "F100", 'do = "change"\norder = "a"\nid = "b"\nsymbol = "F1"\nquantity = 4'),
        step(3, "F200", order("c", "sell", 5, 1301).replace("A400", "A200")),
        step(4, "F200", 'do = "cancel"\norder = "c"'),
        step(5, "HEDGER", order("d", "buy", 9, 1301, time_in_force="ioc", **smp)),
        step(6, "HEDGER", order("e", "buy", 3, 1300, **smp)),
        step(7, "HEDGER", 'do = "cancel"\norder = "e"'),
    )

    (table,) = sweeps(found.journal, found.scenario.wording)

    assert steps(table) == [
        "9 | 4 @ 1301 |  | 4 traded",
        "0 |  |  | the remaining 5 eliminated",
    ]


# --- the invariant --------------------------------------------------------------------


@attrs.frozen
class Floor:
    """A floor as far as the invariant asks about it."""

    scenario: floorproof.Scenario

    @property
    def exchange_of(self) -> Any:
        return self.scenario.plan.exchange_of

    def rule_sets(self, exchange: CompID) -> Any:
        return self.scenario.plan.venues[exchange].rule_sets


def broken(
    result: floorproof.Result, change: Callable[[ExecutionReport], ExecutionReport]
) -> list[str]:
    """Return what the invariant says of a run whose reports have been *change*d."""
    watcher = SelfMatches().watch(Floor(result.scenario))  # type: ignore[arg-type]  # all it asks
    assert watcher is not None
    found = [
        watcher.see(msgspec.structs.replace(entry, payload=change(entry.payload)))
        for entry in result.journal
        if isinstance(entry.payload, ExecutionReport)
    ]
    return [each.text for each in found if each is not None]


def test_the_invariant_sees_a_trade_of_one_id() -> None:
    result = floorproof.run(floorproof.load(FIFO))

    assert "self-matches" in result.invariants
    assert not broken(result, lambda report: report)
    one_id = broken(
        result, lambda report: msgspec.structs.replace(report, self_match_prevention_id="1234567")
    )
    assert one_id[0] == "trade 1 of CME joins two orders with SMP id 1234567"


def test_a_quote_that_is_lowered_in_its_place_breaks_no_invariant() -> None:
    quote = 'do = "quote"\nquote = {{ id = "{}", entries = [{}] }}'
    entry = '{{ id = "{}", symbol = "F1", bid = "1300", bid_size = {} }}'
    found = with_steps(
        step(1, "MAKER", quote.format("q", entry.format("q1", 10))),
        step(2, "HEDGER", order("a", "sell", 4, 1300)),
        step(3, "MAKER", quote.format("r", entry.format("r1", 3))),
        step(4, "HEDGER", order("b", "sell", 2, 1300)),
    )

    assert not found.violations
    last = [one.payload for one in found.journal if isinstance(one.payload, ExecutionReport)]
    quotes = [one for one in last if one.cl_ord_id == "r1"]
    assert [(one.order_qty, one.cum_qty, one.leaves_qty) for one in quotes] == [(7, 6, 1)]
