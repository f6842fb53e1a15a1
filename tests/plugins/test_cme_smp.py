"""CME's self-match prevention: the documents' tables and scenarios, and what holds of any flow.

R1 to R14, F1, F2, P1, P2 and X1 to X13 are the rows and scenarios of `reference/cme.md`,
sections 1.4, 1.9 and 1.10: the page's own, and those derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.shorthand import request, told
from settings import assert_setting_refused, with_settings
from smp import (
    ALGORITHMS,
    SMP,
    X,
    book,
    every_algorithm,
    every_could,
    exchange_with,
    happen,
    reports,
    say,
    terms,
)

import floorproof
from floorproof.market.book import Resting
from floorproof.market.exchange import Exchange
from floorproof.market.fix import (
    ExecRestatementReason,
    ExecType,
    OrdType,
    SelfMatchPreventionInstruction,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import Account, ClOrdID, CompID, Price, Qty
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from floorproof.market.rules import Reject, RejectLevel
from floorproof.plugins.allocation.globex import (
    Allocation,
    Configurable,
    CurrencyRoll,
    FifoWithLmm,
    FifoWithTopAndLmm,
    ThresholdProRata,
    ThresholdProRataWithLmm,
)
from floorproof.plugins.check import check_plugin
from floorproof.plugins.cme import direct_protection, self_match_prevention
from floorproof.plugins.cme.direct_protection import DirectProtection, Protection
from floorproof.plugins.cme.self_match_prevention import SelfMatchPrevention
from floorproof.plugins.fifo import Fifo

# --- the plugins ----------------------------------------------------------------------


def test_the_plugins_keep_the_contract() -> None:
    for plugin, settings in (
        (self_match_prevention, {"cme-smp": {"firms": {"ALPHA": "400"}}}),
        (direct_protection, {"cme-direct-protection": {"sessions": ("ALPHA",)}}),
    ):
        report = check_plugin(plugin, settings)

        assert not report.failures, report
        left_to_conform = {"invariants", "sometimes_invariants"}
        assert {each.subject for each in report.skipped} <= left_to_conform, report


def test_the_rule_set_says_which_text_it_follows() -> None:
    assert SelfMatchPrevention.generation == "46140175, version 6"
    (first, *_) = self_match_prevention.RULES
    assert f"({SelfMatchPrevention.generation})" in first.source


# --- the decision table ---------------------------------------------------------------

# fmt: off
# By row: the tags of what arrives, the tags that its reports have, and who goes.
DECISIONS = {
    "R1 N":                          ("id=1234567 instr=N", ("1234567", "N"), "aggressor"),
    "R2 O":                          ("id=1234567 instr=O", ("1234567", "O"), "resting"),
    "R3 no instruction":             ("id=1234567", ("1234567", None), "resting"),
    "R6 N alone":                    ("instr=N", (None, None), "nobody"),
    "R7 O alone":                    ("instr=O", (None, None), "nobody"),
    "R8, R12 nothing":               ("", (None, None), "nobody"),
    "R13 another id":                ("id=8901234 instr=N", ("8901234", "N"), "nobody"),
}
_ID = "self_match_prevention_id"
_INSTRUCTION = "self_match_prevention_instruction"
_FIRM_400 = "expected one registered to the firm 400 [SMP-6]"
_N_OR_O = "expected N or O [SMP-7]"
REFUSED = {
    "R4 invalid instruction":        ("id=1234567 instr=X", f"{_INSTRUCTION} 'X': {_N_OR_O}"),
    "R4 in lower case":              ("id=1234567 instr=n", f"{_INSTRUCTION} 'n': {_N_OR_O}"),
    "R4 too long":                   ("id=1234567 instr=NO", f"{_INSTRUCTION} 'NO': {_N_OR_O}"),
    "R4 the standard's":             ("id=1234567 instr=1", f"{_INSTRUCTION} '1': {_N_OR_O}"),
    "R4 empty instruction":          ("id=1234567 instr=", f"{_INSTRUCTION} '': {_N_OR_O}"),
    "R5 unregistered":               ("id=7654321", f"{_ID} '7654321': {_FIRM_400}"),
    "R5 another firm's":             ("id=2345678", f"{_ID} '2345678': {_FIRM_400}"),
    "R9 invalid instruction alone":  ("instr=X", f"{_INSTRUCTION} 'X': {_N_OR_O}"),
    "R10 unregistered, N":           ("id=7654321 instr=N", f"{_ID} '7654321': {_FIRM_400}"),
    "R10 another firm's, O":         ("id=2345678 instr=O", f"{_ID} '2345678': {_FIRM_400}"),
    "R10 both wrong":                ("id=7654321 instr=X", f"{_INSTRUCTION} 'X': {_N_OR_O}"),
    "R11 too short":                 ("id=123456", f"{_ID} '123456': {_FIRM_400}"),
    "R11 not a number":              ("id=ABCDEFG", f"{_ID} 'ABCDEFG': {_FIRM_400}"),
    "R11 other digits":              ("id=１２３４５６７", f"{_ID} '１２３４５６７': {_FIRM_400}"),  # noqa: RUF001
    "R11 empty":                     ("id=", f"{_ID} '': {_FIRM_400}"),
}
# As a new order, and as a change of an order that does not meet anybody yet.
ARRIVALS = {
    "new order": ((), "F400 n BUY 10 @ 50"),
    "cancel/replace": (("F400 m BUY 10 @ 40",), "F400 n CHANGE BUY m 10 @ 50"),
}
# fmt: on

arriving = pytest.mark.parametrize(("before", "line"), ARRIVALS.values(), ids=ARRIVALS.keys())


@pytest.mark.rule("SMP-1", "SMP-2", "SMP-8", "SMP-10")
@every_algorithm
@arriving
@pytest.mark.parametrize(("tags", "echo", "goes"), DECISIONS.values(), ids=DECISIONS.keys())
def test_decision_table(
    algorithm: Algorithm,
    before: Sequence[str],
    line: str,
    tags: str,
    echo: tuple[str | None, str | None],
    goes: str,
) -> None:
    exchange = exchange_with("F400 own SELL 10 @ 50 id=1234567", *before, algorithm=algorithm)

    outcome = happen(exchange, f"{line} {tags}")

    ack, *rest = reports(outcome)
    assert ack.exec_type is (ExecType.REPLACED if before else ExecType.NEW)
    assert [told(report) for report in rest] == {
        "aggressor": ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        "resting": ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"],
        "nobody": [
            "F400 own TRADE 10 @ 50, leaves 0 cum 10",
            "F400 n TRADE 10 @ 50, leaves 0 cum 10",
        ],
    }[goes]
    assert book(exchange) == {
        "aggressor": ["own 10 @ 50"], "resting": ["n 10 @ 50"], "nobody": []
    }[goes]  # fmt: skip
    for report in reports(outcome):
        expected = echo if report.cl_ord_id == "n" else ("1234567", None)
        found = report.self_match_prevention_id, report.self_match_prevention_instruction
        assert found == expected


@pytest.mark.rule("SMP-6", "SMP-7")
@every_algorithm
@arriving
@pytest.mark.parametrize(("tags", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_decision_table_refusals(
    algorithm: Algorithm, before: Sequence[str], line: str, tags: str, text: str
) -> None:
    exchange = exchange_with("F400 own SELL 10 @ 50 id=1234567", *before, algorithm=algorithm)
    was = book(exchange)

    outcome = happen(exchange, f"{line} {tags}")

    assert [told(report) for report in outcome.reports] == [f"F400 n SESSION REJECT: {text}"]
    (applied,) = outcome.effects
    assert isinstance(applied.effect, Reject)
    assert applied.effect.level is RejectLevel.SESSION
    assert book(exchange) == was
    # A request that was refused has not used up its name.
    assert "n" in say(exchange, f"{line} id=1234567")[0]


@pytest.mark.rule("SMP-1")
def test_r12_an_id_on_one_side_only_prevents_nothing() -> None:
    exchange = exchange_with("F400 own SELL 10 @ 50")

    assert say(exchange, "F400 n BUY 10 @ 50 id=1234567 instr=N") == [
        "F400 n NEW, leaves 10 cum 0",
        "F400 own TRADE 10 @ 50, leaves 0 cum 10",
        "F400 n TRADE 10 @ 50, leaves 0 cum 10",
    ]


@pytest.mark.rule("SMP-3")
@every_algorithm
@pytest.mark.parametrize("theirs", ["", "instr=N", "instr=O"])
@pytest.mark.parametrize(
    ("ours", "goes"),
    [("", "SELF_MATCH_OLDEST"), ("instr=O", "SELF_MATCH_OLDEST"), ("instr=N", "SELF_MATCH_NEWEST")],
)
def test_a_resting_orders_instruction_decides_nothing(
    algorithm: Algorithm, theirs: str, ours: str, goes: str
) -> None:
    exchange = exchange_with(f"F400 own SELL 10 @ 50 id=1234567 {theirs}", algorithm=algorithm)

    assert say(exchange, f"F400 n BUY 5 @ 50 id=1234567 {ours}")[-1].endswith(goes)


@pytest.mark.rule("SMP-7")
def test_an_instruction_may_be_a_member_of_its_enumeration() -> None:
    exchange = exchange_with("F400 own SELL 10 @ 50 id=1234567")
    newest = SelfMatchPreventionInstruction.CANCEL_NEWEST
    order = msgspec.structs.replace(
        terms("F400 n BUY 10 @ 50 id=1234567"), self_match_prevention_instruction=newest
    )

    assert told(exchange.receive(order, 0).reports[-1]).endswith("SELF_MATCH_NEWEST")


@pytest.mark.parametrize("field", [_ID, _INSTRUCTION])
def test_a_tag_is_text(field: str) -> None:
    for line in ("F400 n BUY 10 @ 50", "F400 n CHANGE BUY m 10 @ 50"):
        with pytest.raises(ValueError, match=f"{field} must be text, was 1234567"):
            msgspec.structs.replace(terms(line), **{field: 1234567})


# --- registration ---------------------------------------------------------------------


@pytest.mark.rule("SMP-6")
def test_the_executing_firm_is_the_accounts_before_the_sessions() -> None:
    rule = attrs.evolve(SMP, accounts={Account("OF100"): "100", Account("OF400"): "400"})
    exchange = exchange_with(rule=rule)

    # (session, account, id), and whether the firm may use it.
    for line, taken in (
        ("F400 a BUY 1 @ 50 id=1234567", True),
        ("F400 b BUY 1 @ 50 id=1234567 account=ANY", True),
        ("F400 c BUY 1 @ 50 id=1234567 account=OF100", False),
        ("F400 d BUY 1 @ 50 id=2345678 account=OF100", True),
        ("SHARED e BUY 1 @ 50 id=1234567 account=OF400", True),
        ("SHARED f BUY 1 @ 50 id=1234567 account=ANY", False),
        ("SHARED g BUY 1 @ 50 id=1234567", False),
    ):
        (report,) = say(exchange, line)
        assert ("NEW" in report) is taken, line
    assert report == (
        "SHARED g SESSION REJECT: self_match_prevention_id '1234567': expected none from an"
        " unknown firm [SMP-6]"
    )


@pytest.mark.rule("SMP-6", "SMP-10")
def test_a_change_is_checked_with_the_account_that_it_states() -> None:
    rule = attrs.evolve(SMP, accounts={Account("OF100"): "100"})
    exchange = exchange_with("F400 a BUY 1 @ 50 id=1234567", rule=rule)

    (reject,) = say(exchange, "F400 b CHANGE BUY a 1 @ 50 id=1234567 account=OF100")

    assert reject.endswith("expected one registered to the firm 100 [SMP-6]")


@pytest.mark.rule("SMP-1")
@every_algorithm
def test_one_id_in_two_firms(algorithm: Algorithm) -> None:
    exchange = exchange_with("F500 own SELL 10 @ 50 id=9012345", algorithm=algorithm)

    assert say(exchange, "F400 n BUY 10 @ 50 id=9012345")[1:] == [
        "F500 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"
    ]


@pytest.mark.rule("SMP-1")
@every_algorithm
def test_in_2013_it_took_the_same_firm_too(algorithm: Algorithm) -> None:
    rule = attrs.evolve(SMP, smp_requires_same_firm=True)
    lines = ("F500 other SELL 10 @ 50 id=9012345", "F400 own SELL 10 @ 50 id=9012345")
    exchange = exchange_with(*lines, rule=rule, algorithm=algorithm)

    said = say(exchange, "F400 n BUY 20 @ 50 id=9012345")[1:]

    assert sorted(said) == [
        "F400 n TRADE 10 @ 50, leaves 10 cum 10",
        "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
        "F500 other TRADE 10 @ 50, leaves 0 cum 10",
    ]


# --- scenarios ------------------------------------------------------------------------

_F_1301 = (
    "F100 s1 SELL 10 @ 1301 id=2345678",
    "F200 s2 SELL 20 @ 1301 id=3456789",
    "F300 s3 SELL 30 @ 1301 id=4567890",
    "F500 s4 SELL 500 @ 1301 id=5678901",
)
_OTHER_1302 = "F700 s7 SELL 30 @ 1302 id=7890123"
BOOK_F1 = (
    *_F_1301,
    "F600 s5 SELL 450 @ 1302 id=6789012",
    "F400 s6 SELL 20 @ 1302 id=1234567 instr=O",
    _OTHER_1302,
)
BOOK_F2 = (
    *_F_1301,
    "F600 s5 SELL 10 @ 1302 id=6789012",
    "F400 s6 SELL 20 @ 1302 id=1234567 instr=N",
    _OTHER_1302,
)
_P_1301 = (
    "F100 s1 SELL 500 @ 1301 id=2345678",
    "F200 s2 SELL 300 @ 1301 id=3456789",
    "F300 s3 SELL 200 @ 1301 id=4567890",
    "F500 s4 SELL 500 @ 1301 id=5678901",
)
BOOK_P = (*_P_1301, "F400 s6 SELL 20 @ 1302 id=1234567 instr=O", _OTHER_1302)
BOOK_P2_AS_PRINTED = (*_P_1301, "F400 s6 SELL 20 @ 1301 id=1234567 instr=O")

AGGRESSOR = "F400 n BUY 1000 @ 1302 id=1234567"
SWEEP_OF_1301 = [
    "F400 n NEW, leaves 1000 cum 0",
    "F100 s1 TRADE 10 @ 1301, leaves 0 cum 10",
    "F400 n TRADE 10 @ 1301, leaves 990 cum 10",
    "F200 s2 TRADE 20 @ 1301, leaves 0 cum 20",
    "F400 n TRADE 20 @ 1301, leaves 970 cum 30",
    "F300 s3 TRADE 30 @ 1301, leaves 0 cum 30",
    "F400 n TRADE 30 @ 1301, leaves 940 cum 60",
    "F500 s4 TRADE 500 @ 1301, leaves 0 cum 500",
    "F400 n TRADE 500 @ 1301, leaves 440 cum 560",
]
F2_STORY = [
    *SWEEP_OF_1301,
    "F600 s5 TRADE 10 @ 1302, leaves 0 cum 10",
    "F400 n TRADE 10 @ 1302, leaves 430 cum 570",
    "F400 s6 CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
    "F700 s7 TRADE 30 @ 1302, leaves 0 cum 30",
    "F400 n TRADE 30 @ 1302, leaves 400 cum 600",
]


@pytest.mark.rule("SMP-4")
def test_f1_an_own_order_that_is_not_reached_stays() -> None:
    exchange = exchange_with(*BOOK_F1)

    assert say(exchange, f"{AGGRESSOR} instr=O") == [
        *SWEEP_OF_1301,
        "F600 s5 TRADE 440 @ 1302, leaves 10 cum 440",
        "F400 n TRADE 440 @ 1302, leaves 0 cum 1000",
    ]
    assert book(exchange) == ["s5 10 @ 1302", "s6 20 @ 1302", "s7 30 @ 1302"]


@pytest.mark.rule("SMP-3", "SMP-4", "SMP-11")
@pytest.mark.parametrize("instruction", ["instr=O", ""], ids=["F2", "X2"])
def test_f2_the_resting_order_goes_between_two_fills(instruction: str) -> None:
    exchange = exchange_with(*BOOK_F2)

    outcome = happen(exchange, f"{AGGRESSOR} {instruction}")

    assert [told(report) for report in outcome.reports] == F2_STORY
    assert book(exchange) == ["n 400 @ 1302"]
    (canceled,) = (each for each in reports(outcome) if each.cl_ord_id == "s6")
    assert canceled.exec_restatement_reason == "103"
    assert canceled.text == "self-match prevention, id 1234567 [SMP-2]"
    found = canceled.self_match_prevention_id, canceled.self_match_prevention_instruction
    assert found == ("1234567", "N")


@pytest.mark.rule("SMP-4", "SMP-11")
def test_x1_the_aggressor_goes_and_its_fills_stand() -> None:
    exchange = exchange_with(*BOOK_F2)

    outcome = happen(exchange, f"{AGGRESSOR} instr=N")

    assert [told(report) for report in outcome.reports] == [
        *F2_STORY[:-3],
        "F400 n CANCELED, leaves 0 cum 570, SELF_MATCH_NEWEST",
    ]
    assert book(exchange) == ["s6 20 @ 1302", "s7 30 @ 1302"]
    last = reports(outcome)[-1]
    assert (last.exec_restatement_reason, last.ord_status) == ("107", "4")


@pytest.mark.rule("SMP-5", "SMP-11")
@every_could
def test_p1_the_whole_aggressor_goes_because_of_what_it_could_have_met(
    algorithm: Algorithm,
) -> None:
    exchange = exchange_with(*BOOK_P, algorithm=algorithm)

    assert say(exchange, f"{AGGRESSOR} instr=N") == [
        "F400 n NEW, leaves 1000 cum 0",
        "F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST",
    ]
    assert len(book(exchange)) == 6


# The same order under FIFO never comes to 1302, and so prevents nothing.
@pytest.mark.rule("SMP-4")
@pytest.mark.parametrize("instruction", ["instr=N", "instr=O", ""])
def test_p1_and_p2_under_fifo_are_no_self_match(instruction: str) -> None:
    exchange = exchange_with(*BOOK_P)

    assert not any("SELF" in line for line in say(exchange, f"{AGGRESSOR} {instruction}"))
    assert book(exchange) == ["s4 500 @ 1301", "s6 20 @ 1302", "s7 30 @ 1302"]


# fmt: off
P2_FILLS: dict[str, tuple[Algorithm, list[int]]] = {
    "C":                        (CurrencyRoll(), [334, 200, 133, 333]),
    "K, 100 % FIFO, as printed": (Configurable(fifo_percent=100), [500, 300, 200, 0]),
    "A":                        (Allocation(), [500, 150, 100, 250]),
    "O":                        (ThresholdProRata(), [500, 150, 100, 250]),
    "Q":                        (ThresholdProRataWithLmm(), [500, 150, 100, 250]),
    "S":                        (FifoWithTopAndLmm(), [500, 300, 200, 0]),
    "T":                        (FifoWithLmm(), [500, 300, 200, 0]),
}
# fmt: on


@pytest.mark.rule("SMP-5", "SMP-11")
@pytest.mark.parametrize("resting", [BOOK_P, BOOK_P2_AS_PRINTED], ids=["as read", "as printed"])
@pytest.mark.parametrize("instruction", ["instr=O", ""])
@pytest.mark.parametrize(("algorithm", "fills"), P2_FILLS.values(), ids=P2_FILLS.keys())
def test_p2_the_resting_order_goes_before_any_fill(
    algorithm: Algorithm, fills: list[int], instruction: str, resting: Sequence[str]
) -> None:
    exchange = exchange_with(*resting, algorithm=algorithm)

    outcome = happen(exchange, f"{AGGRESSOR} {instruction}")

    assert [told(report) for report in outcome.reports[:2]] == [
        "F400 n NEW, leaves 1000 cum 0",
        "F400 s6 CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
    ]
    filled = dict.fromkeys(("s1", "s2", "s3", "s4"), 0)
    for report in reports(outcome)[2:]:
        assert (report.exec_type, report.last_px) == (ExecType.TRADE, 1301)
        if report.cl_ord_id != "n":
            filled[report.cl_ord_id] += report.last_qty
    assert [*filled.values()] == fills
    assert reports(outcome)[-1].leaves_qty == 0


# fmt: off
DERIVED: dict[str, tuple[Algorithm, list[str], str, list[str], list[str]]] = {
    "X3": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 20 @ 1301 id=1234567", "F100 o2 SELL 30 @ 1301"],
        "BUY 50 @ 1301 instr=N",
        ["F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 40 cum 10",
         "F400 n CANCELED, leaves 0 cum 10, SELF_MATCH_NEWEST"],
        ["own 20 @ 1301", "o2 30 @ 1301"]),
    "X4": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 20 @ 1301 id=1234567"],
        "BUY 10 @ 1301 instr=N",
        ["F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 0 cum 10"],
        ["own 20 @ 1301"]),
    "X5": (CurrencyRoll(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 20 @ 1301 id=1234567"],
        "BUY 10 @ 1301 instr=N",
        ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        ["o1 10 @ 1301", "own 20 @ 1301"]),
    "X6": (CurrencyRoll(),
        ["F100 o1 SELL 100 @ 1301", "F400 in SELL 20 @ 1302 id=1234567",
         "F400 out SELL 5 @ 1303 id=1234567"],
        "BUY 30 @ 1302 instr=O",
        ["F400 in CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 30 @ 1301, leaves 70 cum 30",
         "F400 n TRADE 30 @ 1301, leaves 0 cum 30"],
        ["o1 70 @ 1301", "out 5 @ 1303"]),
    "X7": (Fifo(),
        ["F400 own1 SELL 10 @ 1301 id=1234567", "F400 own2 SELL 10 @ 1301 id=1234567",
         "F100 o1 SELL 10 @ 1301"],
        "BUY 30 @ 1301 instr=O",
        ["F400 own1 CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 own2 CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10"],
        ["n 20 @ 1301"]),
    "X8": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 10 MARKET instr=N",
        ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        ["own 10 @ 1301"]),
    "X9": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 30 @ 1301 IOC instr=O",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 n EXPIRED, leaves 0 cum 10"],
        []),
    "immediate, N: a cancel": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 30 @ 1301 IOC instr=N",
        ["F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 n CANCELED, leaves 0 cum 10, SELF_MATCH_NEWEST"],
        ["own 10 @ 1301"]),
    "market without protection, O": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 10 @ 1399 id=1234567"],
        "BUY 30 MARKET instr=O",
        ["F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 20 cum 10",
         "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 n CANCELED, leaves 0 cum 10, MARKET_OPTION"],
        []),
    "market-limit, O": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1302"],
        "BUY 30 MARKET_LIMIT instr=O",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"],
        ["o1 10 @ 1302", "n 30 @ 1301"]),
    "could, best price first and then the oldest": (CurrencyRoll(),
        ["F400 far SELL 1 @ 1303 id=1234567", "F400 near SELL 1 @ 1301 id=1234567",
         "F400 next SELL 1 @ 1301 id=1234567", "F400 mine SELL 1 @ 1302 id=8901234"],
        "BUY 2 @ 1303",
        ["F400 near CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 next CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 far CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F400 mine TRADE 1 @ 1302, leaves 0 cum 1",
         "F400 n TRADE 1 @ 1302, leaves 1 cum 1"],
        ["n 1 @ 1303"]),
    "own iceberg goes with what it hides": (Fifo(),
        ["F400 own SELL 50 @ 1301 show=5 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 10 @ 1301",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 0 cum 10"],
        []),
    "own order behind another's iceberg is met before that comes back": (Fifo(),
        ["F100 ice SELL 10 @ 1301 show=5", "F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 10 @ 1301 instr=N",
        ["F100 ice TRADE 5 @ 1301, leaves 5 cum 5",
         "F400 n TRADE 5 @ 1301, leaves 5 cum 5",
         "F400 n CANCELED, leaves 0 cum 5, SELF_MATCH_NEWEST"],
        ["own 10 @ 1301", "ice 5 @ 1301"]),
    "an iceberg as aggressor rests behind what it canceled": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 30 @ 1301 show=5 instr=O",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"],
        ["n 30 @ 1301"]),
    "an own order that is partly filled": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 x BUY 4 @ 1301"],
        "BUY 10 @ 1301",
        ["F400 own CANCELED, leaves 0 cum 4, SELF_MATCH_OLDEST"],
        ["n 10 @ 1301"]),
}
MUST_TRADE: dict[str, tuple[Algorithm, list[str], str, list[str], list[str]]] = {
    "fill or kill, enough without its own": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 10 @ 1301 FOK",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 0 cum 10"],
        []),
    "fill or kill, enough only with its own": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 11 @ 1301 FOK",
        ["F400 n EXPIRED, leaves 0 cum 0"],
        ["own 10 @ 1301", "o1 10 @ 1301"]),
    "the same under a could algorithm": (CurrencyRoll(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 11 @ 1301 FOK",
        ["F400 n EXPIRED, leaves 0 cum 0"],
        ["own 10 @ 1301", "o1 10 @ 1301"]),
    "fill or kill that prevention ends": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 11 @ 1301 FOK instr=N",
        ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        ["o1 10 @ 1301", "own 10 @ 1301"]),
    "minimum, met without its own": (Fifo(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 20 @ 1301 min=10",
        ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST",
         "F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 10 cum 10"],
        ["n 10 @ 1301"]),
    "minimum, met only with its own": (CurrencyRoll(),
        ["F400 own SELL 10 @ 1301 id=1234567", "F100 o1 SELL 10 @ 1301"],
        "BUY 20 @ 1301 min=11",
        ["F400 n EXPIRED, leaves 0 cum 0"],
        ["own 10 @ 1301", "o1 10 @ 1301"]),
    "minimum, met before prevention ends it": (Fifo(),
        ["F100 o1 SELL 10 @ 1301", "F400 own SELL 10 @ 1301 id=1234567"],
        "BUY 20 @ 1301 min=10 instr=N",
        ["F100 o1 TRADE 10 @ 1301, leaves 0 cum 10",
         "F400 n TRADE 10 @ 1301, leaves 10 cum 10",
         "F400 n CANCELED, leaves 0 cum 10, SELF_MATCH_NEWEST"],
        ["own 10 @ 1301"]),
}
# fmt: on


def check(case: tuple[Algorithm, list[str], str, list[str], list[str]], **settings: Any) -> None:
    algorithm, before, arrives, expected, left = case
    exchange = exchange_with(*before, algorithm=algorithm, **settings)

    ack, *said = say(exchange, f"F400 n {arrives} id=1234567")

    assert " NEW" in ack
    assert said == expected
    assert book(exchange) == left


@pytest.mark.rule("SMP-2", "SMP-4", "SMP-5", "SMP-11")
@pytest.mark.parametrize("case", DERIVED.values(), ids=DERIVED.keys())
def test_derived_scenario(case: tuple[Algorithm, list[str], str, list[str], list[str]]) -> None:
    check(case, protection=5 if case is DERIVED["X8"] else None)


@pytest.mark.rule("SMP-12")
@pytest.mark.parametrize("case", MUST_TRADE.values(), ids=MUST_TRADE.keys())
def test_what_must_trade_at_once(
    case: tuple[Algorithm, list[str], str, list[str], list[str]],
) -> None:
    check(case)


@pytest.mark.rule("SMP-8")
@every_algorithm
def test_x10_an_instruction_alone_prevents_nothing(algorithm: Algorithm) -> None:
    exchange = exchange_with("F400 own SELL 20 @ 50", algorithm=algorithm)

    outcome = happen(exchange, "F400 n BUY 20 @ 50 instr=N")

    assert [told(report) for report in outcome.reports[1:]] == [
        "F400 own TRADE 20 @ 50, leaves 0 cum 20",
        "F400 n TRADE 20 @ 50, leaves 0 cum 20",
    ]
    assert {each.self_match_prevention_instruction for each in reports(outcome)} == {None}


@pytest.mark.rule("SMP-6")
@every_algorithm
def test_x11_an_id_of_another_firm_is_refused(algorithm: Algorithm) -> None:
    exchange = exchange_with(algorithm=algorithm)

    (reject,) = say(exchange, "F300 n BUY 10 @ 50 id=1234567")

    assert reject.startswith("F300 n SESSION REJECT")
    assert book(exchange) == []


@pytest.mark.rule("SMP-9")
@every_algorithm
@pytest.mark.parametrize("instruction", ["instr=N", "instr=O", ""])
def test_x12_nothing_is_prevented_in_the_opening(algorithm: Algorithm, instruction: str) -> None:
    exchange = exchange_with(
        "! CALL",
        f"F400 a BUY 10 @ 1302 id=1234567 {instruction}",
        "F400 b SELL 10 @ 1300 id=1234567",
        algorithm=algorithm,
    )
    found = exchange.view(X).indicative()

    assert found is not None
    assert found.quantity == 10
    assert [line.partition(" @")[0] for line in say(exchange, "! OPEN")] == [
        "F400 a TRADE 10",
        "F400 b TRADE 10",
    ]
    assert book(exchange) == []


@pytest.mark.rule("SMP-9")
@every_algorithm
def test_after_the_opening_it_is_on(algorithm: Algorithm) -> None:
    exchange = exchange_with(
        "! CALL", "F400 own SELL 10 @ 50 id=1234567", "! OPEN", algorithm=algorithm
    )

    assert say(exchange, "F400 n BUY 10 @ 50 id=1234567")[1:] == [
        "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"
    ]


@pytest.mark.rule("SMP-4", "SMP-11")
@pytest.mark.parametrize(
    ("instruction", "end", "left"),
    [
        ("instr=N", "F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST", ["own 10 @ 52"]),
        ("instr=O", "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST", ["n 5 @ 53"]),
    ],
)
def test_a_stop_is_an_aggressor_once_it_is_elected(
    instruction: str, end: str, left: list[str]
) -> None:
    exchange = exchange_with(
        f"F400 n BUY 5 STOP 51 @ 53 id=1234567 {instruction}",
        "F100 o SELL 1 @ 51",
        "F400 own SELL 10 @ 52 id=1234567",
    )

    assert say(exchange, "F200 x BUY 1 @ 51")[3:] == ["F400 n TRIGGERED, leaves 5 cum 0", end]
    assert book(exchange) == left


# --- changes --------------------------------------------------------------------------


@pytest.mark.rule("SMP-10")
@every_algorithm
@pytest.mark.parametrize(
    ("instruction", "end", "left"),
    [
        ("instr=N", "F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST", ["own 10 @ 50"]),
        ("instr=O", "F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST", ["n 10 @ 50"]),
    ],
)
def test_x13_an_order_that_is_changed_to_meet_others_is_the_aggressor(
    algorithm: Algorithm, instruction: str, end: str, left: list[str]
) -> None:
    exchange = exchange_with(
        "F400 own SELL 10 @ 50 id=1234567",
        "F400 m BUY 10 @ 40 id=1234567",
        algorithm=algorithm,
    )

    assert say(exchange, f"F400 n CHANGE BUY m 10 @ 50 id=1234567 {instruction}") == [
        "F400 n REPLACED, leaves 10 cum 0",
        end,
    ]
    assert book(exchange) == left


@pytest.mark.rule("SMP-10")
def test_a_change_states_the_tags_anew_and_keeps_its_place() -> None:
    exchange = exchange_with("F400 a SELL 10 @ 50", "F100 b SELL 10 @ 50")

    (ack,) = reports(happen(exchange, "F400 c CHANGE SELL a 10 @ 50 id=1234567 instr=N"))
    assert (ack.self_match_prevention_id, ack.self_match_prevention_instruction) == ("1234567", "N")
    assert book(exchange) == ["c 10 @ 50", "b 10 @ 50"]
    say(exchange, "F400 d CHANGE SELL c 9 @ 50 id=1234567")
    assert say(exchange, "F400 n BUY 1 @ 50 id=1234567 instr=N")[1:] == [
        "F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"
    ]
    say(exchange, "F400 e CHANGE SELL d 9 @ 50")
    assert say(exchange, "F400 p BUY 1 @ 50 id=1234567 instr=N")[1:] == [
        "F400 e TRADE 1 @ 50, leaves 8 cum 1",
        "F400 p TRADE 1 @ 50, leaves 0 cum 1",
    ]


@pytest.mark.rule("SMP-10")
def test_what_was_filled_before_a_change_counts_to_the_end() -> None:
    exchange = exchange_with(
        "F400 m BUY 10 @ 40 id=1234567",
        "F100 x SELL 3 @ 40",
        "F400 own SELL 10 @ 50 id=1234567",
    )

    assert say(exchange, "F400 n CHANGE BUY m 10 @ 50 id=1234567 instr=N") == [
        "F400 n REPLACED, leaves 7 cum 3",
        "F400 n CANCELED, leaves 0 cum 3, SELF_MATCH_NEWEST",
    ]


# --- properties -----------------------------------------------------------------------

IDS = ("1234567", "8901234", "9012345")
ANY = SelfMatchPrevention(
    registered=dict.fromkeys(IDS, ("400", "500")),
    firms={CompID("A"): "400", CompID("B"): "500"},
)
tags = st.tuples(
    st.sampled_from(["", *(f"id={smp_id}" for smp_id in IDS[:2])]),
    st.sampled_from(["", "instr=N", "instr=O"]),
).map(" ".join)
plain_orders = st.tuples(
    st.sampled_from("AB"),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 9),
    st.sampled_from(["@", "@", "@", "IOC", "FOK", "MARKET"]),
    st.integers(47, 53),
    tags,
)
kinds = st.sampled_from(
    [
        "@",
        "@",
        "@",
        "@",
        "IOC",
        "FOK",
        "MARKET",
        "MARKET_LIMIT",
        "STOP",
        "show=2",
        "min=2",
        "CHANGE",
    ]
)
acts = st.tuples(
    st.sampled_from("AB"),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(2, 9),
    kinds,
    st.integers(47, 53),
    tags,
    st.sampled_from(["", "", "", "", "", "", "CALL", "OPEN"]),
)
Act = tuple[str, str, int, str, int, str, str]
algorithms = st.sampled_from([*ALGORITHMS.values()])
protections = st.sampled_from([None, 1])


def lines_of(drawn: Sequence[Act]) -> Iterator[str]:
    """Yield what the *drawn* acts say, of which some cannot be carried out."""
    for number, (who, side, qty, kind, price, smp, state) in enumerate(drawn):
        name = f"n{number}"
        if state:
            yield f"! {state}"
        if kind == "CHANGE":
            yield f"{who} {name} CHANGE {side} n{number - price % 5} {qty} @ {price} {smp}"
        elif kind in ("MARKET", "MARKET_LIMIT"):
            yield f"{who} {name} {side} {qty} {kind} {smp}"
        elif kind == "STOP":
            yield f"{who} {name} {side} {qty} STOP {price} {smp}"
        else:
            yield f"{who} {name} {side} {qty} @ {price} {kind.removeprefix('@')} {smp}"


@pytest.mark.rule("SMP-1", "SMP-2", "SMP-9")
@given(st.lists(acts, max_size=40), algorithms, protections)
def test_orders_of_one_id_never_trade_and_nothing_else_is_canceled(
    drawn: list[Act], algorithm: Algorithm, protection: Price | None
) -> None:
    exchange = exchange_with(rule=ANY, algorithm=algorithm, protection=protection)
    for line in lines_of(drawn):
        arrived = reports(happen(exchange, line))
        trades: dict[int, list[ExecutionReport]] = {}
        for report in arrived:
            if report.trd_match_id is not None:
                trades.setdefault(report.trd_match_id, []).append(report)
        for one, other in trades.values():
            if one.aggressor_indicator is not None:
                ids = {one.self_match_prevention_id, other.self_match_prevention_id}
                assert len(ids) == 2 or ids == {None}
        check_preventions(arrived)
        check_quantities(exchange, arrived)


def check_preventions(arrived: Sequence[ExecutionReport]) -> None:
    """Check that each prevention cancels one side, and the one that the aggressor says."""
    newest, oldest = "SELF_MATCH_NEWEST", "SELF_MATCH_OLDEST"
    aggressor: ExecutionReport | None = None
    for report in arrived:
        if report.exec_type in (ExecType.NEW, ExecType.REPLACED, ExecType.TRIGGERED):
            aggressor = report
        reason = report.exec_restatement_reason
        if reason is None or reason.name not in (newest, oldest):
            continue
        assert aggressor is not None
        assert report.self_match_prevention_id is not None
        assert report.self_match_prevention_id == aggressor.self_match_prevention_id
        goes = newest if aggressor.self_match_prevention_instruction == "N" else oldest
        assert reason.name == goes
        assert (report.order_id == aggressor.order_id) is (goes == newest)
        assert (report.side is aggressor.side) is (goes == newest)


def check_quantities(exchange: Exchange, arrived: Sequence[ExecutionReport]) -> None:
    """Check that what was told of each order is what the book has of it."""
    for report in {each.order_id: each for each in arrived if each.order_id}.values():
        assert report.order_id is not None
        live = exchange.book(X).get(report.order_id)
        assert (live is None) is (report.leaves_qty == 0)
        if live is not None:
            assert live.leaves_qty == report.leaves_qty == report.order_qty - report.cum_qty


@pytest.mark.rule("SMP-8")
@given(st.lists(acts, max_size=40), algorithms, protections)
def test_without_ids_everything_is_as_without_the_rule_set(
    drawn: list[Act], algorithm: Algorithm, protection: Price | None
) -> None:
    without = [
        (*act[:5], " ".join(tag for tag in act[5].split() if "id=" not in tag), act[6])
        for act in drawn
    ]
    one = exchange_with(rule=ANY, algorithm=algorithm, protection=protection)
    other = exchange_with(rule=None, algorithm=algorithm, protection=protection)

    for line in lines_of(without):
        ours, theirs = happen(one, line), happen(other, line)
        assert (ours.reports, ours.published) == (theirs.reports, theirs.published)
        assert not ours.effects


@pytest.mark.rule("SMP-3")
@given(st.lists(acts, max_size=30), algorithms)
def test_where_all_have_ids_of_their_own_nothing_is_prevented(
    drawn: list[Act], algorithm: Algorithm
) -> None:
    everyone = {f"{number:07}": ("400", "500") for number in range(len(drawn))}
    rule = attrs.evolve(ANY, registered=everyone)
    exchange = exchange_with(rule=rule, algorithm=algorithm)
    own = [
        (*act[:5], f"id={number:07} {act[5].partition(' ')[2]}", act[6])
        for number, act in enumerate(drawn)
    ]

    for line in lines_of(own):
        for report in reports(happen(exchange, line)):
            reason = report.exec_restatement_reason
            assert reason in (None, ExecRestatementReason.MARKET_OPTION)


class Mirror:
    """The same market without the rule set, where people see to it themselves.

    Whoever is about to meet an order of his own cancels that first, or sends only what
    trades before it, or nothing.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self.would = algorithm.would
        self.exchange = exchange_with(rule=None, algorithm=algorithm)
        self.names = count()

    def send(self, order: NewOrderSingle) -> None:
        met = [*self._met(order)]
        own = [
            one
            for one in met
            if order.self_match_prevention_id is not None
            and one.order.self_match_prevention_id == order.self_match_prevention_id
        ]
        if not own:
            self.exchange.receive(order, 0)
            return
        if order.self_match_prevention_instruction == "N":
            if self.would and order.time_in_force is not TimeInForce.FILL_OR_KILL:
                before = sum(one.leaves_qty for one in met[: met.index(own[0])])
                if before:
                    self.exchange.receive(msgspec.structs.replace(order, order_qty=before), 0)
            return
        fits = sum(one.leaves_qty for one in self._inside(order) if one not in own)
        if order.time_in_force is TimeInForce.FILL_OR_KILL and fits < order.order_qty:
            return
        for one in own:
            cancel = OrderCancelRequest(
                sender_comp_id=one.order.sender_comp_id,
                cl_ord_id=ClOrdID(f"mirror {next(self.names)}"),
                orig_cl_ord_id=one.order.cl_ord_id,
                symbol=X,
                side=one.order.side,
            )
            self.exchange.receive(cancel, 0)
        self.exchange.receive(order, 0)

    def _inside(self, order: NewOrderSingle) -> Iterator[Resting]:
        sign = 1 if order.side is Side.BUY else -1
        for one in self.exchange.book(X).resting(order.side.opposite):
            if order.price is None or (order.price - one.level.price) * sign >= 0:
                yield one

    def _met(self, order: NewOrderSingle) -> Iterator[Resting]:
        """Yield whom the order would meet, or could."""
        left: Qty = order.order_qty
        for one in self._inside(order):
            if self.would and not left:
                return
            yield one
            if order.self_match_prevention_id is None or (
                one.order.self_match_prevention_id != order.self_match_prevention_id
            ):
                left -= min(left, one.leaves_qty)


@pytest.mark.rule("SMP-4", "SMP-5", "SMP-12")
@given(st.lists(plain_orders, max_size=40), algorithms)
def test_the_book_is_as_if_people_had_seen_to_it_themselves(
    drawn: list[tuple[str, str, int, str, int, str]], algorithm: Algorithm
) -> None:
    exchange = exchange_with(rule=ANY, algorithm=algorithm)
    mirror = Mirror(algorithm)

    for line in lines_of([(*each, "") for each in drawn]):
        order = request(line)
        assert isinstance(order, NewOrderSingle)
        nobody = exchange.book(X).best(order.side.opposite) is None
        happen(exchange, line)
        if order.ord_type is not OrdType.MARKET or not nobody:
            mirror.send(order)
        assert book(exchange) == book(mirror.exchange)
        assert exchange.book(X).last_px == mirror.exchange.book(X).last_px


# --- CME Direct -----------------------------------------------------------------------

# ANN and BEN are of one firm, CAT of another, and so is DAN, who has set nothing.
DIRECT = DirectProtection(
    sessions=(CompID("DIRECT"), CompID("DIRECT2")),
    users={CompID("ANN"): "DESK", CompID("BEN"): "DESK", CompID("CAT"): "BANK"},
    user_protection={
        CompID("ANN"): Protection.ERROR,
        CompID("BEN"): Protection.NOTHING,
        CompID("CAT"): Protection.ERROR,
        CompID("EVE"): Protection.ERROR,
    },
)
_OF_ANN = "expected one that does not match BUY 10 @ 50 of ANN [DIRECT-1]"
# fmt: off
SCREENS = {
    "own order":              ("DIRECT n SELL 1 @ 50 user=ANN", True),
    "through it":             ("DIRECT n SELL 1 @ 49 user=ANN", True),
    "not reached":            ("DIRECT n SELL 1 @ 51 user=ANN", False),
    "on another session":     ("DIRECT2 n SELL 1 @ 50 user=ANN", True),
    "at market":              ("DIRECT n SELL 1 MARKET user=ANN", True),
    "same side":              ("DIRECT n BUY 1 @ 50 user=ANN", False),
    "a stop":                 ("DIRECT n SELL 1 STOP 40 user=ANN", False),
    "with an SMP id":         ("DIRECT n SELL 1 @ 50 user=ANN id=1234567 instr=N", True),
    "colleague with nothing": ("DIRECT n SELL 1 @ 50 user=BEN", False),
    "of another firm":        ("DIRECT n SELL 1 @ 50 user=CAT", False),
    "warned by default":      ("DIRECT n SELL 1 @ 50 user=DAN", False),
    "entered elsewhere":      ("GLOBEX n SELL 1 @ 50 user=ANN", False),
}
# fmt: on


@pytest.mark.rule("DIRECT-1", "DIRECT-2", "DIRECT-3")
@pytest.mark.parametrize(("line", "stopped"), SCREENS.values(), ids=SCREENS.keys())
def test_what_cme_direct_stops(line: str, stopped: bool) -> None:
    exchange = exchange_with("DIRECT a BUY 10 @ 50 user=ANN", rule=DIRECT)

    first, *_ = say(exchange, line)

    assert ("REJECTED" in first) is stopped
    if stopped:
        assert first.endswith(_OF_ANN)
        assert book(exchange) == ["a 10 @ 50"]


@pytest.mark.rule("DIRECT-3")
def test_cme_direct_does_not_know_orders_from_elsewhere() -> None:
    exchange = exchange_with("GLOBEX a BUY 10 @ 50 user=ANN", rule=DIRECT)

    assert "NEW" in say(exchange, "DIRECT n SELL 1 @ 50 user=ANN")[0]


@pytest.mark.rule("DIRECT-1")
def test_cme_direct_looks_at_what_works_still() -> None:
    exchange = exchange_with(
        "DIRECT a BUY 10 @ 50 user=ANN",
        "DIRECT b BUY 10 @ 48 user=BEN",
        "DIRECT c CHANGE BUY a 10 @ 45 user=ANN",
        "DIRECT d BUY 5 STOP 60 @ 61 user=ANN",
        rule=DIRECT,
    )

    assert "NEW" in say(exchange, "DIRECT n1 SELL 1 @ 49 user=ANN")[0]
    assert "of BEN" in say(exchange, "DIRECT n2 SELL 1 @ 48 user=ANN")[0]
    assert "of BEN" in say(exchange, "DIRECT n3 CHANGE SELL n1 1 @ 46 user=ANN")[0]
    say(exchange, "DIRECT x CANCEL BUY b user=BEN")
    assert "NEW" in say(exchange, "DIRECT n4 SELL 1 @ 46 user=ANN")[0]
    assert "of ANN" in say(exchange, "DIRECT n5 SELL 1 @ 45 user=ANN")[0]


@pytest.mark.rule("DIRECT-1")
def test_an_order_that_has_become_a_stop_matches_nothing() -> None:
    exchange = exchange_with(
        "DIRECT a SELL 10 @ 50 user=ANN",
        "DIRECT b SELL 10 @ 60 user=ANN",
        "DIRECT c CHANGE SELL a 10 STOP 45 @ 44 user=ANN",
        rule=DIRECT,
    )

    assert "NEW" in say(exchange, "DIRECT n1 BUY 1 @ 59 user=ANN")[0]
    assert "of ANN" in say(exchange, "DIRECT n2 BUY 1 @ 60 user=ANN")[0]


@pytest.mark.rule("DIRECT-1")
def test_who_has_no_firm_is_one_by_himself() -> None:
    exchange = exchange_with("DIRECT a BUY 10 @ 50 user=EVE", rule=DIRECT)

    assert "NEW" in say(exchange, "DIRECT n1 SELL 1 @ 50 user=ANN")[0]
    assert "of EVE" in say(exchange, "DIRECT n2 SELL 1 @ 50 user=EVE")[0]


@pytest.mark.rule("DIRECT-2")
@pytest.mark.parametrize(
    ("of_firm", "stopped"),
    [(Protection.NOTHING, False), (Protection.WARNING, False), (Protection.ERROR, True)],
)
def test_what_a_firm_has_set_counts_for_all_its_users(of_firm: Protection, stopped: bool) -> None:
    rule = attrs.evolve(DIRECT, firm_protection={"DESK": of_firm})
    exchange = exchange_with("DIRECT a BUY 10 @ 50 user=ANN", rule=rule)

    for user in ("ANN", "BEN"):
        said = say(exchange, f"DIRECT {user} SELL 1 @ 50 user={user}")
        assert ("REJECTED" in said[0]) is stopped


# --- settings -------------------------------------------------------------------------

_CHARACTERS = 'must be three letters or digits, such as "400"'
# fmt: off
BAD = {
    "an id that is too short": ("cme-smp", 'registered = { 123456 = ["400"] }',
                                "'registered' must have ids of seven digits: '123456'"),
    "no firm":                 ("cme-smp", "registered = { 1234567 = [] }",
                                "'registered' of 1234567 must be a list of firms"),
    "a firm's name":           ("cme-smp", 'registered = { 1234567 = ["BANK"] }',
                                f"'registered' of 1234567 {_CHARACTERS}"),
    "a session's firm":        ("cme-smp", 'firms = { CME-A = "4" }',
                                f"'firms' of CME-A {_CHARACTERS}"),
    "an account's firm":       ("cme-smp", 'accounts = { 123 = "abc" }',
                                f"'accounts' of 123 {_CHARACTERS}"),
    "no span":                 ("cme-smp", 'could_span = "per_level"', "could_span"),
    "no flag":                 ("cme-smp", 'smp_requires_same_firm = "yes"',
                                "smp_requires_same_firm"),
    "no session":              ("cme-direct-protection", "sessions = []", "sessions"),
    "no such protection":      ("cme-direct-protection",
                                'sessions = ["CME-A"]\nuser_protection = { ET1 = "stop" }',
                                "user_protection"),
}
# fmt: on


@pytest.mark.parametrize(("rule_set", "lines", "said"), BAD.values(), ids=BAD.keys())
def test_a_wrong_setting_is_refused_before_the_run(rule_set: str, lines: str, said: str) -> None:
    assert_setting_refused(rule_set, lines, said)


def test_a_scenario_may_have_both() -> None:
    text = with_settings(
        "cme-smp", 'registered = { 1234567 = ["400"] }\nfirms = { CME-A = "400" }'
    ).replace('rules = ["cme-smp"]', 'rules = ["cme-smp", "cme-direct-protection"]')
    text = text.replace(
        "[exchange.settings.cme-smp]",
        '[exchange.settings.cme-direct-protection]\nsessions = ["CME-A"]\n'
        'firm_protection = { DESK = "error" }\n[exchange.settings.cme-smp]',
    )

    (venue,) = floorproof.parse(text).plan.venues.values()
    assert [*venue.rule_sets] == ["cme-smp", "cme-direct-protection"]


# --- a floor --------------------------------------------------------------------------


def test_a_change_at_a_screen_keeps_what_it_does_not_say() -> None:
    step = '[[step]]\nat = "{}"\nwho = "ET1"\ndo = "{}"\n{}\n'
    order = (
        'order = { id = "a", symbol = "MNQU3", side = "buy", quantity = 5, price = "15000.00",'
        ' smp_id = "1234567", smp_instruction = "N" }'
    )
    change = 'order = "{}"\nid = "{}"\nsymbol = "MNQU3"\nquantity = {}\n'
    text = with_settings(
        "cme-smp",
        'registered = { 1234567 = ["400"], 7654321 = ["400"] }\nfirms = { CME-A = "400" }',
    )
    text += step.format("20s", "enter", order)
    text += step.format("21s", "change", change.format("a", "b", 4))
    text += step.format("22s", "change", change.format("b", "c", 3) + 'smp_id = "7654321"')

    result = floorproof.run(floorproof.parse(text))

    sent = [
        entry.payload
        for entry in result.journal
        if entry.actor == "CME" and isinstance(entry.payload, OrderCancelReplaceRequest)
    ]
    assert [
        (each.self_match_prevention_id, each.self_match_prevention_instruction) for each in sent
    ] == [("1234567", "N"), ("7654321", "N")]


def test_a_child_carries_the_tags() -> None:
    text = with_settings("cme-smp", 'registered = { 1234567 = ["400"] }\nfirms = { CME-A = "400" }')
    child = 'id = "C1", parent = "P1",'
    assert child in text
    text = text.replace(child, f'{child} smp_id = "1234567", smp_instruction = "O",')

    result = floorproof.run(floorproof.parse(text))

    first, *_ = (
        entry.payload
        for entry in result.journal
        if entry.actor == "CME"
        and isinstance(entry.payload, NewOrderSingle)
        and entry.payload.parent_id is not None
    )
    tags = first.self_match_prevention_id, first.self_match_prevention_instruction
    assert tags == ("1234567", "O")
    assert result.held
