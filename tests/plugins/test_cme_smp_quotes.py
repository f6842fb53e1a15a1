"""CME's self-match prevention where mass quotes are on one side, or on both.

The decision table's third column, R14, and the four pairs of section 1.7 of
`reference/cme.md`, in both readings of the page's two sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from oracle.shorthand import told
from smp import SMP, X, book, every_algorithm, every_could, exchange_with, happen, reports, say

from floorproof.market.fix import Side, UnsolicitedCancelType
from floorproof.market.identifiers import ClOrdID
from floorproof.market.matching import Algorithm
from floorproof.market.quotes import MassQuoteAck, QuoteCancelAck
from floorproof.market.rules import Reject, RejectLevel
from floorproof.plugins.cme.self_match_prevention import QuoteConflict, SelfMatchPrevention

OTHER_READING = attrs.evolve(SMP, quote_conflict=QuoteConflict.RESTING_QUOTE_GOES)
READINGS = {"instruction decides": SMP, "resting quote goes": OTHER_READING}

either_reading = pytest.mark.parametrize("rule", READINGS.values(), ids=READINGS.keys())


# --- the decision table ---------------------------------------------------------------

# fmt: off
# By row: the tags of the mass quote, the id that its reports have, and whether the own resting
# order goes; the mass quote's own never do.
DECISIONS = {
    "R1, R14 N":                     ("id=1234567 instr=N", "1234567", True),
    "R2, R14 O":                     ("id=1234567 instr=O", "1234567", True),
    "R3 no instruction":             ("id=1234567", "1234567", True),
    "R6, R14 N alone":               ("instr=N", None, False),
    "R7, R14 O alone":               ("instr=O", None, False),
    "R8, R12 nothing":               ("", None, False),
    "R13 another id":                ("id=8901234 instr=N", "8901234", False),
}
_ID = "self_match_prevention_id"
_N_OR_O = "self_match_prevention_instruction {!r}: expected N or O [SMP-7]"
_FIRM_400 = "expected one registered to the firm 400 [SMP-6]"
REFUSED = {
    "R4 invalid instruction":        ("id=1234567 instr=X", _N_OR_O.format("X")),
    "R4 in lower case":              ("id=1234567 instr=o", _N_OR_O.format("o")),
    "R4 empty instruction":          ("id=1234567 instr=", _N_OR_O.format("")),
    "R5 unregistered":               ("id=7654321", f"{_ID} '7654321': {_FIRM_400}"),
    "R5, X11 another firm's":        ("id=2345678", f"{_ID} '2345678': {_FIRM_400}"),
    "R9 invalid instruction alone":  ("instr=X", _N_OR_O.format("X")),
    "R10 unregistered, N":           ("id=7654321 instr=N", f"{_ID} '7654321': {_FIRM_400}"),
    "R10 both wrong":                ("id=7654321 instr=X", _N_OR_O.format("X")),
    "R11 too short":                 ("id=123456", f"{_ID} '123456': {_FIRM_400}"),
    "R11 not a number":              ("id=ABCDEFG", f"{_ID} 'ABCDEFG': {_FIRM_400}"),
    "R11 empty":                     ("id=", f"{_ID} '': {_FIRM_400}"),
}
# fmt: on


@pytest.mark.rule("SMP-8", "SMP-13")
@either_reading
@every_algorithm
@pytest.mark.parametrize(("tags", "echo", "goes"), DECISIONS.values(), ids=DECISIONS.keys())
def test_decision_table_of_mass_quotes(
    algorithm: Algorithm, rule: SelfMatchPrevention, tags: str, echo: str | None, goes: bool
) -> None:
    exchange = exchange_with("F400 own SELL 10 @ 50 id=1234567", algorithm=algorithm, rule=rule)

    outcome = happen(exchange, f"F400 q QUOTE X:10@50/5@60 {tags}")

    ack, *_ = outcome.reports
    assert isinstance(ack, MassQuoteAck)
    assert ack.self_match_prevention_id == echo
    assert [told(report) for report in outcome.reports] == [
        "F400 q QUOTE ACCEPTED: q.1",
        *(
            ["F400 own CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"]
            if goes
            else [
                "F400 own TRADE 10 @ 50, leaves 0 cum 10",
                "F400 q.1 TRADE 10 @ 50, leaves 0 cum 10",
            ]
        ),
    ]
    assert book(exchange) == (["q.1 5 @ 60", "q.1 10 @ 50"] if goes else ["q.1 5 @ 60"])
    for report in reports(outcome):
        expected = "1234567" if report.cl_ord_id == "own" else echo
        assert report.self_match_prevention_id == expected
        assert report.self_match_prevention_instruction is None


@pytest.mark.rule("SMP-6", "SMP-7", "SMP-13")
@every_algorithm
@pytest.mark.parametrize(("tags", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_decision_table_refusals_of_mass_quotes(algorithm: Algorithm, tags: str, text: str) -> None:
    exchange = exchange_with("F400 old QUOTE X:3@40/3@60", algorithm=algorithm)

    outcome = happen(exchange, f"F400 q QUOTE X:10@50 {tags}")

    assert [told(report) for report in outcome.reports] == [f"F400 q BUSINESS REJECT: {text}"]
    (applied,) = outcome.effects
    assert isinstance(applied.effect, Reject)
    assert applied.effect.level is RejectLevel.BUSINESS
    assert book(exchange) == ["old.1 3 @ 60", "old.1 3 @ 40"]
    assert say(exchange, "F400 q QUOTE X:1@40 id=1234567") == ["F400 q QUOTE ACCEPTED: q.1"]


# --- order and quote ------------------------------------------------------------------

# fmt: off
# By pair: what rests, what arrives, and who goes in either reading: the one that rests or the
# one that arrives.
PAIRS = {
    "order, order, O":  ("SELL 10 @ 50", "BUY 10 @ 50 instr=O", "resting", "resting"),
    "order, order, -":  ("SELL 10 @ 50", "BUY 10 @ 50", "resting", "resting"),
    "order, order, N":  ("SELL 10 @ 50", "BUY 10 @ 50 instr=N", "arriving", "arriving"),
    "order, quote, O":  ("QUOTE X:-/10@50", "BUY 10 @ 50 instr=O", "resting", "resting"),
    "order, quote, -":  ("QUOTE X:-/10@50", "BUY 10 @ 50", "resting", "resting"),
    "order, quote, N":  ("QUOTE X:-/10@50", "BUY 10 @ 50 instr=N", "arriving", "resting"),
    "quote, order":     ("SELL 10 @ 50", "QUOTE X:10@50", "resting", "resting"),
    "quote, order, N":  ("SELL 10 @ 50", "QUOTE X:10@50 instr=N", "resting", "resting"),
    "quote, quote":     ("QUOTE X:-/10@50", "QUOTE X:10@50", "resting", "resting"),
    "quote, quote, N":  ("QUOTE X:-/10@50", "QUOTE X:10@50 instr=N", "resting", "resting"),
    # Whatever the resting order says: SMP-3.
    "quote, order N":   ("SELL 10 @ 50 instr=N", "QUOTE X:10@50", "resting", "resting"),
}
# fmt: on


@pytest.mark.rule("SMP-3", "SMP-13", "SMP-14")
@every_algorithm
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(("rests", "arrives", "first", "second"), PAIRS.values(), ids=PAIRS.keys())
def test_the_four_pairs(
    algorithm: Algorithm, reading: str, rests: str, arrives: str, first: str, second: str
) -> None:
    exchange = exchange_with(
        f"F400 old {rests} id=9012345", algorithm=algorithm, rule=READINGS[reading]
    )
    quoted = "QUOTE" in arrives
    name = "new.1" if quoted else "new"
    was = "old.1" if "QUOTE" in rests else "old"

    # (The other session of the same firm's id: a session's own quote would take the place.)
    ack, *said = say(exchange, f"F500 new {arrives} id=9012345")

    goes = first if reading == "instruction decides" else second
    if goes == "arriving":
        assert said == ["F500 new CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"]
        assert book(exchange) == [f"{was} 10 @ 50"]
    else:
        gone = (
            "F400 unsolicited QUOTES CANCELED: old.1 SELL 10, SELF_MATCH_PREVENTION"
            if "QUOTE" in rests
            else "F400 old CANCELED, leaves 0 cum 0, SELF_MATCH_OLDEST"
        )
        assert said == [gone]
        assert book(exchange) == [f"{name} 10 @ 50"]
    assert ack == ("F500 new QUOTE ACCEPTED: new.1" if quoted else "F500 new NEW, leaves 10 cum 0")


@pytest.mark.rule("SMP-14")
def test_a_quote_that_goes_is_told_with_the_id_and_keeps_its_other_side() -> None:
    exchange = exchange_with("F400 q QUOTE X:7@40/10@50 id=1234567 user=ANN")

    *_, gone = happen(exchange, "F400 n BUY 3 @ 50 id=1234567").reports

    assert isinstance(gone, QuoteCancelAck)
    assert gone.unsolicited_cancel_type is UnsolicitedCancelType("H")
    assert (gone.quote_id, gone.target_sub_id) == (None, "ANN")
    assert gone.self_match_prevention_id == "1234567"
    (one,) = gone.canceled
    assert (one.quote_entry_id, one.symbol, one.side, one.leaves_qty) == (
        ClOrdID("q.1"), X, Side.SELL, 10,
    )  # fmt: skip
    assert book(exchange) == ["n 3 @ 50", "q.1 7 @ 40"]


@pytest.mark.rule("SMP-4", "SMP-13", "SMP-14")
@either_reading
def test_fifo_cancels_a_quote_where_it_is_reached(rule: SelfMatchPrevention) -> None:
    exchange = exchange_with(
        "F100 a SELL 5 @ 50",
        "F400 q QUOTE X:-/5@50 id=1234567",
        "F200 b SELL 5 @ 50",
        "F400 own SELL 5 @ 51 id=1234567",
        rule=rule,
    )

    assert say(exchange, "F400 n BUY 10 @ 51 id=1234567") == [
        "F400 n NEW, leaves 10 cum 0",
        "F100 a TRADE 5 @ 50, leaves 0 cum 5",
        "F400 n TRADE 5 @ 50, leaves 5 cum 5",
        "F400 unsolicited QUOTES CANCELED: q.1 SELL 5, SELF_MATCH_PREVENTION",
        "F200 b TRADE 5 @ 50, leaves 0 cum 5",
        "F400 n TRADE 5 @ 50, leaves 0 cum 10",
    ]
    assert book(exchange) == ["own 5 @ 51"]


MIXED = ("F100 a SELL 5 @ 50", "F400 q QUOTE X:-/5@50 id=1234567")
OWN_ORDER = "F400 own SELL 5 @ 51 id=1234567"


@pytest.mark.rule("SMP-5", "SMP-13")
@every_could
@pytest.mark.parametrize(
    ("rule", "before", "said"),
    [
        (SMP, MIXED, ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"]),
        (SMP, (*MIXED, OWN_ORDER), ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"]),
        (
            OTHER_READING,
            MIXED,
            [
                "F400 unsolicited QUOTES CANCELED: q.1 SELL 5, SELF_MATCH_PREVENTION",
                "F100 a TRADE 2 @ 50, leaves 3 cum 2",
                "F400 n TRADE 2 @ 50, leaves 0 cum 2",
            ],
        ),
        # An own order ends all of it, so that no quote has to go.
        (
            OTHER_READING,
            (*MIXED, OWN_ORDER),
            ["F400 n CANCELED, leaves 0 cum 0, SELF_MATCH_NEWEST"],
        ),
    ],
    ids=["N", "N, an own order too", "other reading", "other reading, an own order too"],
)
def test_an_order_that_says_n_and_could_meet_a_quote(
    algorithm: Algorithm, rule: SelfMatchPrevention, before: Sequence[str], said: Sequence[str]
) -> None:
    exchange = exchange_with(*before, algorithm=algorithm, rule=rule)

    assert say(exchange, "F400 n BUY 2 @ 51 id=1234567 instr=N")[1:] == said


@pytest.mark.rule("SMP-4", "SMP-13")
def test_in_the_other_reading_fifo_goes_on_to_an_own_order_and_ends_there() -> None:
    exchange = exchange_with(*MIXED, OWN_ORDER, rule=OTHER_READING)

    assert say(exchange, "F400 n BUY 20 @ 51 id=1234567 instr=N")[3:] == [
        "F400 unsolicited QUOTES CANCELED: q.1 SELL 5, SELF_MATCH_PREVENTION",
        "F400 n CANCELED, leaves 0 cum 5, SELF_MATCH_NEWEST",
    ]
    assert book(exchange) == ["own 5 @ 51"]


@pytest.mark.rule("SMP-13")
def test_one_mass_quote_never_meets_itself() -> None:
    exchange = exchange_with("F400 q QUOTE X:5@40/5@50 id=1234567")

    assert say(exchange, "F400 p QUOTE X:5@50/5@60 id=1234567") == ["F400 p QUOTE ACCEPTED: p.1"]
    assert say(exchange, "F400 r QUOTE X:5@30/5@40 id=1234567") == ["F400 r QUOTE ACCEPTED: r.1"]
    assert book(exchange) == ["r.1 5 @ 40", "r.1 5 @ 30"]


@pytest.mark.rule("SMP-1")
def test_the_firm_counts_where_both_have_to_be_of_one() -> None:
    rule = attrs.evolve(SMP, smp_requires_same_firm=True)
    exchange = exchange_with("F400 q QUOTE X:-/5@50 id=9012345", rule=rule)

    assert "TRADE" in say(exchange, "F500 p QUOTE X:2@50 id=9012345")[1]
    assert "SELF_MATCH" in say(exchange, "F400 n BUY 2 @ 50 id=9012345")[1]


@pytest.mark.rule("SMP-9")
def test_nothing_is_prevented_where_quotes_open() -> None:
    exchange = exchange_with(
        "F400 q QUOTE X:5@50/5@60 id=1234567", "! CALL", "F400 own SELL 5 @ 50 id=1234567"
    )

    assert say(exchange, "! OPEN") == [
        "F400 q.1 TRADE 5 @ 50, leaves 0 cum 5",
        "F400 own TRADE 5 @ 50, leaves 0 cum 5",
    ]


@pytest.mark.rule("SMP-12")
def test_fill_or_kill_takes_no_quote_that_would_be_canceled() -> None:
    exchange = exchange_with(*MIXED)

    assert say(exchange, "F400 n BUY 6 @ 50 FOK id=1234567")[1:] == [
        "F400 n EXPIRED, leaves 0 cum 0"
    ]
    assert book(exchange) == ["a 5 @ 50", "q.1 5 @ 50"]
