"""CME's self-match prevention on any flow, beside a plain reading of the page.

The streams are `oracle.streams`', with SMP ids and instructions on orders, changes and mass
quotes; the plain market prevents by `oracle.self_match`, which shares nothing with the rule
set.  Then come the rule set's broken copies, one a rule: each must be told from the plain
reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracle import streams
from oracle.beside import ALGORITHMS, Setting, ask_fast, compared, wrong
from oracle.self_match import PlainSelfMatch
from oracle.shorthand import request
from oracle.streams import Deed, Entered, Tags, Wish
from smp import SMP

from floorproof.market.book import Rested
from floorproof.market.exchange import Exchange
from floorproof.market.fix import (
    ExecRestatementReason,
    ExecType,
    OrdStatus,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderStatusRequest,
)
from floorproof.market.quotes import MassQuote, QuoteCancelAck
from floorproof.market.rules import (
    Admitted,
    CancelAggressor,
    CancelOrder,
    CancelResting,
    MarketView,
    Prevention,
    Reject,
    RestingOrder,
    SettleEffect,
)
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.cme.self_match_prevention import (
    CouldSpan,
    QuoteConflict,
    SelfMatchPrevention,
)
from floorproof.plugins.hookspecs import hookimpl

# Alpha and Bravo are of one firm; Charlie's has an id with theirs, one alone, and one not.
IDS = ("1000001", "1000002", "1000003")
RULE = SelfMatchPrevention(
    registered={"1000001": ("400", "500"), "1000002": ("400", "500"), "1000003": ("500",)},
    firms={CompID("ALPHA"): "400", CompID("BRAVO"): "400", CompID("CHARLIE"): "500"},
)


def plain(rule: SelfMatchPrevention) -> PlainSelfMatch:
    """Return what the plain market is to do where the rule set is *rule*."""
    return PlainSelfMatch(
        dict(rule.registered),
        {str(session): firm for session, firm in rule.firms.items()},
        rule.smp_requires_same_firm,
        rule.quote_conflict is QuoteConflict.RESTING_QUOTE_GOES,
        rule.could_span is CouldSpan.EACH_LEVEL,
    )


def setting(
    algorithm: str,
    rule: SelfMatchPrevention = RULE,
    broken: object | None = None,
    matching: Algorithm | None = None,
    points: int | None = None,
) -> Setting:
    """Return both venues under *rule*; the exchange's own may be *broken*."""
    manager = venue_manager({"cme-smp": broken or rule})
    return Setting(
        algorithm,
        points,
        rules=venue_rules(manager, streams.X),
        admit=admission(manager),
        smp=plain(rule),
        matching=matching,
    )


def tags(wish: Wish) -> Tags:
    """Return the tags that somebody sends: mostly an id that he may use, mostly the same one.

    What is wrong otherwise has a wrong tag as well, every other time.
    """
    number = 3 * wish.about + wish.size
    smp_id: str | None = IDS[0] if number % 3 else IDS[number % 2]
    if number % 11 == 0:
        smp_id = None
    elif wish.odd in ("no such instrument", "a used name", "a wrong term") and wish.far % 2:
        smp_id = "7654321"
    elif number % 31 == 0:
        smp_id = IDS[2] if wish.far else "7654321"
    instruction: str | None = (None, "N", "O", None, "N")[(wish.about + wish.far) % 5]
    if wish.about == 13 and wish.far == 1:
        instruction = "X"
    return smp_id, instruction


rules = st.builds(
    attrs.evolve,
    st.just(RULE),
    smp_requires_same_firm=st.booleans(),
    quote_conflict=st.sampled_from(QuoteConflict),
    could_span=st.sampled_from(CouldSpan),
)


@pytest.mark.rule("SMP-1", "SMP-2", "SMP-4", "SMP-5", "SMP-9", "SMP-10", "SMP-12", "SMP-13")
@pytest.mark.parametrize("algorithm", ["F", "C", "K"])  # the others differ in who gets how much
@streams.unshrunk
@given(streams.wishes(), rules, st.sampled_from([None, 3]))
def test_the_rule_set_and_the_plain_reading_tell_the_same_story(
    algorithm: str, wished: list[Any], rule: SelfMatchPrevention, points: int | None
) -> None:
    both = setting(algorithm, rule, points=points)
    deeds = [*streams.deeds(wished, both.plain(), tags)]

    difference = streams.smallest(deeds, lambda some: wrong(both, some))

    assert not difference, f"\n{difference}"


# --- the decision table ---------------------------------------------------------------

# fmt: off
# Every row of section 1.4 as tags, with an own order of this id on the other side, of another
# (R13), or of none (R12).
ROWS = {
    "R1": "id=1234567 instr=N", "R2": "id=1234567 instr=O", "R3": "id=1234567",
    "R4": "id=1234567 instr=X", "R5 unregistered": "id=7654321", "R5 another's": "id=2345678",
    "R6": "instr=N", "R7": "instr=O", "R8, R12": "", "R9": "instr=X",
    "R10 N": "id=7654321 instr=N", "R10 X": "id=2345678 instr=X",
    "R11 short": "id=123456", "R11 letters": "id=ABCDEFG", "R11 empty": "id=",
    "R13": "id=8901234 instr=N",
}
ARRIVALS = {
    "new order":      ("", "CHARLIE n BUY 10 @ 4"),
    "cancel/replace": ("CHARLIE m BUY 10 @ -4", "CHARLIE n CHANGE BUY m 10 @ 4"),
    "mass quote":     ("CHARLIE m QUOTE X:1@-4", "CHARLIE n QUOTE X:10@4/5@8"),
    "only cancels":   ("CHARLIE m QUOTE X:1@-4", "CHARLIE n QUOTE X:-"),
}
OWN = {
    "order":          "CHARLIE own SELL 10 @ 4 id=1234567",
    "quote":          "CHARLIE own QUOTE X:-/10@4 user=ANN id=1234567",
    "order, no id":   "CHARLIE own SELL 10 @ 4 instr=N",
    "quote, no id":   "CHARLIE own QUOTE X:-/10@4 user=ANN",
    "order, another": "CHARLIE own SELL 10 @ 4 id=8901234",
}
# fmt: on
TABLE = attrs.evolve(SMP, firms={CompID("CHARLIE"): "400", CompID("ALPHA"): "100"})


@pytest.mark.rule("SMP-1", "SMP-2", "SMP-6", "SMP-7", "SMP-8", "SMP-13")
@pytest.mark.parametrize("algorithm", ["F", "C"])  # of either kind one
@pytest.mark.parametrize("own", OWN.values(), ids=OWN.keys())
@pytest.mark.parametrize(("before", "arrives"), ARRIVALS.values(), ids=ARRIVALS.keys())
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_decision_table_as_the_plain_reading_has_it(
    algorithm: str, own: str, before: str, arrives: str, row: str
) -> None:
    lines = ["ALPHA a SELL 4 @ 2", own, before, "ALPHA b SELL 4 @ 6"]
    deeds = [_deed(line) for line in [*filter(None, lines), f"{arrives} {row}"]]

    assert compared(setting(algorithm, TABLE), deeds)[streams.X]


def _deed(line: str) -> Deed:
    described = request(line)
    assert not isinstance(described, MarketDataRequest | OrderStatusRequest)
    return described


# --- what holds of every flow ---------------------------------------------------------


def asked_of(wished: Sequence[Any], both: Setting) -> list[Deed]:
    return [*streams.deeds(wished, both.plain(), tags)]


def played(exchange: Exchange, deeds: Sequence[Deed]) -> list[list[Any]]:
    """Return the reports of each deed that is a request; states are left alone."""
    return [
        list(exchange.receive(deed, number).reports)
        for number, deed in enumerate(deeds)
        if not isinstance(deed, Entered)
    ]


def books(exchange: Exchange) -> list[tuple[int, str, int, int]]:
    return [
        (one.order_id, one.order.cl_ord_id, one.leaves_qty, one.level.price)
        for symbol in (streams.X, streams.Y)
        for side in Side
        for one in exchange.book(symbol).resting(side)
    ]


def without_tags(deed: Deed, **kept: str | None) -> Deed:
    if not isinstance(deed, NewOrderSingle | OrderCancelReplaceRequest | MassQuote):
        return deed
    none = {"self_match_prevention_id": None, "self_match_prevention_instruction": None}
    return msgspec.structs.replace(deed, **(none | kept))


algorithms = st.sampled_from([*ALGORITHMS])


@pytest.mark.rule("SMP-8")
@given(streams.wishes(), algorithms)
def test_without_ids_the_book_is_the_plain_one(wished: list[Any], algorithm: str) -> None:
    both = setting(algorithm)
    deeds = [without_tags(deed) for deed in asked_of(wished, both)]
    ruled, unruled = both.fast(), attrs.evolve(both, rules=None).fast()

    assert played(ruled, deeds) == played(unruled, deeds)
    assert books(ruled) == books(unruled)


@pytest.mark.rule("SMP-3")
@given(streams.wishes(), algorithms, st.sampled_from(["N", "O", None]))
def test_what_a_resting_order_says_changes_nothing(
    wished: list[Any], algorithm: str, says: str | None
) -> None:
    """Orders that met nobody as they came are sent with another instruction instead."""
    both = setting(algorithm)
    deeds = asked_of(wished, both)
    one, other = both.fast(), both.fast()
    never_again: set[str] = {
        str(deed.orig_cl_ord_id) for deed in deeds if isinstance(deed, OrderCancelReplaceRequest)
    }
    for number, deed in enumerate(deeds):
        if isinstance(deed, Entered):
            continue
        said = deed
        if (
            isinstance(deed, NewOrderSingle)
            and deed.self_match_prevention_instruction in ("N", "O", None)
            and deed.cl_ord_id not in never_again
            and deed.stop_px is None
            and _meets_nobody(one, deed)
        ):
            said = msgspec.structs.replace(deed, self_match_prevention_instruction=says)
        ours = one.receive(deed, number).reports
        theirs = other.receive(said, number).reports
        assert [*map(_said, ours)] == [*map(_said, theirs)]
        assert books(one) == books(other)


def _meets_nobody(exchange: Exchange, order: NewOrderSingle) -> bool:
    if order.price is None or order.symbol not in (streams.X, streams.Y):
        return False
    touch = exchange.book(Symbol(order.symbol)).best(order.side.opposite)
    if touch is None:
        return True
    return order.price < touch if order.side is Side.BUY else order.price > touch


def _said(report: Any) -> Any:
    """Return *report* without the instruction that it repeats."""
    if isinstance(report, ExecutionReport):
        return msgspec.structs.replace(report, self_match_prevention_instruction=None)
    return report


@pytest.mark.rule("SMP-4")
@given(streams.wishes())
def test_fifo_cancels_only_whom_the_aggressor_would_have_met(wished: list[Any]) -> None:
    """Where somebody goes, the aggressor has quantity left, and is at that very price."""
    both = setting("F")
    exchange = both.fast()
    for number, deed in enumerate(asked_of(wished, both)):
        if isinstance(deed, Entered | MassQuote):  # of which several may be the aggressor
            continue
        reached: int | None = None
        left = 0
        for report in exchange.receive(deed, number).reports:
            if isinstance(report, QuoteCancelAck) and report.unsolicited_cancel_type:
                assert left > 0
            if not isinstance(report, ExecutionReport):
                continue
            if report.exec_type in (ExecType.NEW, ExecType.REPLACED, ExecType.TRIGGERED):
                left, reached = report.leaves_qty, None
            elif report.aggressor_indicator:
                left = report.leaves_qty
            price = None
            if report.exec_restatement_reason is ExecRestatementReason.SELF_MATCH_OLDEST:
                assert left > 0
                price = report.price
            elif report.aggressor_indicator is False:
                price = report.last_px
            if price is not None:
                rank = price if report.side is Side.SELL else -price
                assert reached is None or reached <= rank
                reached = rank


@pytest.mark.rule("SMP-1", "SMP-2", "SMP-9")
@given(streams.wishes(), rules, algorithms)
def test_no_trade_joins_orders_of_one_id(
    wished: list[Any], rule: SelfMatchPrevention, algorithm: str
) -> None:
    """Whatever the states, but for the trades of auctions, which have no aggressor."""
    both = setting(algorithm, rule)
    exchange = both.fast()
    firm = {str(session): of for session, of in rule.firms.items()}
    for number, deed in enumerate(asked_of(wished, both)):
        sides: dict[int, list[ExecutionReport]] = {}
        for report in ask_fast(exchange, deed, number):
            if isinstance(report, ExecutionReport) and report.aggressor_indicator is not None:
                assert report.trd_match_id is not None
                sides.setdefault(report.trd_match_id, []).append(report)
        for one, other in sides.values():
            smp_id = one.self_match_prevention_id
            if smp_id is not None and smp_id == other.self_match_prevention_id:
                assert rule.smp_requires_same_firm
                assert firm[one.target_comp_id] != firm[other.target_comp_id]


@pytest.mark.rule("SMP-12")
@given(streams.wishes(), rules, algorithms)
def test_what_must_trade_at_once_and_does_not_takes_nobody_with_it(
    wished: list[Any], rule: SelfMatchPrevention, algorithm: str
) -> None:
    """It trades as much as it must, without its like, or it ends and nothing else happens."""
    both = setting(algorithm, rule)
    exchange = both.fast()
    for number, deed in enumerate(asked_of(wished, both)):
        told = ask_fast(exchange, deed, number)
        if not isinstance(deed, NewOrderSingle) or deed.stop_px is not None:
            continue
        kills = deed.time_in_force is TimeInForce.FILL_OR_KILL
        least = deed.order_qty if kills else deed.min_qty or 0
        first = told[0]
        if not least or not isinstance(first, ExecutionReport) or first.order_id is None:
            continue
        own = [
            one
            for one in told
            if isinstance(one, ExecutionReport) and one.order_id == first.order_id
        ]
        if sum(one.last_qty for one in own) >= least:
            continue
        assert told == own
        _, end = own
        assert (end.cum_qty, end.leaves_qty) == (0, 0)
        if end.exec_restatement_reason is ExecRestatementReason.SELF_MATCH_NEWEST:
            assert deed.self_match_prevention_instruction == "N"
        else:
            assert end.ord_status is OrdStatus.EXPIRED


# --- broken copies --------------------------------------------------------------------


@attrs.frozen
class RestingInstructionWins(SelfMatchPrevention):
    """Rule 3 the other way round."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        for one in candidates:
            theirs = one.order.self_match_prevention_instruction
            if theirs is not None:
                aggressor = msgspec.structs.replace(
                    aggressor, self_match_prevention_instruction=theirs
                )
        return SelfMatchPrevention.before_match(self, aggressor, candidates, market)


@attrs.frozen
class DefaultFlipped(SelfMatchPrevention):
    """Without an instruction the aggressor goes."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        if aggressor.self_match_prevention_instruction is None:
            aggressor = msgspec.structs.replace(aggressor, self_match_prevention_instruction="N")
        return SelfMatchPrevention.before_match(self, aggressor, candidates, market)


@attrs.frozen
class WrongOrder(SelfMatchPrevention):
    """Cancels the worst and youngest first."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        found = SelfMatchPrevention.before_match(self, aggressor, candidates, market)
        return None if found is None else [*reversed(found)]


@attrs.frozen
class OnlyTheFirst(SelfMatchPrevention):
    """Cancels one of all that the aggressor could meet."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        found = SelfMatchPrevention.before_match(self, aggressor, candidates, market)
        return None if found is None else found[:1]


@attrs.frozen
class BothGo(SelfMatchPrevention):
    """Cancels the aggressor as well as what rests."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        found = SelfMatchPrevention.before_match(self, aggressor, candidates, market)
        if found and isinstance(found[0], CancelResting):
            return [*found, CancelAggressor(found[0].reason, "")]
        return found


@attrs.frozen
class QuotesHaveInstructions(SelfMatchPrevention):
    """Takes quotes at rest for orders, and lets nobody pass who says N."""

    def _goes_itself(self, aggressor: NewOrderSingle, own: Sequence[RestingOrder]) -> bool:
        return aggressor.self_match_prevention_instruction == "N"


@attrs.frozen
class AppliesInTheOpening(SelfMatchPrevention):
    """Cancels what has an id and would trade in the auction."""

    @hookimpl
    def after_request(
        self, events: Sequence[object], market: MarketView
    ) -> Sequence[SettleEffect] | None:
        if market.state.match or market.indicative() is None:
            return None
        return [
            CancelOrder(event.order_id)
            for event in events
            if isinstance(event, Rested) and event.order.self_match_prevention_id is not None
        ]


@attrs.frozen
class NobodyIsRegistered(SelfMatchPrevention):
    """Takes every id."""

    @hookimpl
    def admit_request(self, request: Admitted) -> None:
        return None


@attrs.frozen
class AnyInstruction(SelfMatchPrevention):
    """Takes an instruction for another text of O."""

    @hookimpl
    def admit_request(self, request: Admitted) -> Reject | None:
        other = msgspec.structs.replace(request, self_match_prevention_instruction=None)
        return SelfMatchPrevention.admit_request(self, other)


@attrs.frozen
class QuotesOfAnyId(SelfMatchPrevention):
    """Lets every mass quote in, as it has no instruction."""

    @hookimpl
    def admit_request(self, request: Admitted) -> Reject | None:
        if isinstance(request, MassQuote):
            return None
        return SelfMatchPrevention.admit_request(self, request)


@attrs.frozen
class OneIdIsEnough(SelfMatchPrevention):
    """Takes an order without an id for one of every id."""

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        smp_id = aggressor.self_match_prevention_id
        if smp_id is None:
            return None
        alike = [
            one
            for one in candidates
            if one.order.self_match_prevention_id in (None, smp_id)
            and one.order.sender_comp_id == aggressor.sender_comp_id
        ]
        oldest = ExecRestatementReason.SELF_MATCH_OLDEST
        return [CancelResting(one.order_id, oldest) for one in alike]


@attrs.frozen
class FifoAsCould:
    """F, but rule sets are asked beforehand about all that the aggressor could meet."""

    would = False

    def allocate(self, quantity: int, queue: Sequence[Any]) -> Any:
        left = quantity
        for one in queue:
            if not left:
                return
            filled = min(left, one.shown_qty)
            left -= filled
            yield one, filled


def copy_of(broken: Callable[..., Any], **settings: Any) -> Any:
    fields = {field.name: getattr(RULE, field.name) for field in attrs.fields(SelfMatchPrevention)}
    return broken(**(fields | settings))


OTHER_READING = attrs.evolve(RULE, quote_conflict=QuoteConflict.RESTING_QUOTE_GOES)
PRICE_BY_PRICE = attrs.evolve(RULE, could_span=CouldSpan.EACH_LEVEL)
# fmt: off
BROKEN: dict[str, Setting] = {
    "the resting order's instruction wins": setting("F", broken=copy_of(RestingInstructionWins)),
    "the default is flipped":               setting("F", broken=copy_of(DefaultFlipped)),
    "it cancels in the wrong order":        setting("C", broken=copy_of(WrongOrder)),
    "it cancels only the first":            setting("C", broken=copy_of(OnlyTheFirst)),
    "both sides go":                        setting("F", broken=copy_of(BothGo)),
    "FIFO is treated as could":             setting("F", matching=FifoAsCould()),
    "it applies in the opening":            setting("F", broken=copy_of(AppliesInTheOpening)),
    "any instruction is taken":             setting("F", broken=copy_of(AnyInstruction)),
    "a mass quote's tags are not looked at": setting("F", broken=copy_of(QuotesOfAnyId)),
    "an id on one side is enough":          setting("F", broken=copy_of(OneIdIsEnough)),
    "every id is registered":               setting("F", broken=copy_of(NobodyIsRegistered)),
    "quotes are treated as orders":         setting("F", OTHER_READING,
                                                    copy_of(QuotesHaveInstructions)),
    "the other reading of quotes":          setting("F", broken=OTHER_READING),
    "the span is a price alone":           setting("C", broken=PRICE_BY_PRICE),
    "the span is all prices":              setting("C", PRICE_BY_PRICE, RULE),
    "both have to be of one firm":          setting("F", broken=attrs.evolve(
                                                    RULE, smp_requires_same_firm=True)),
}
# fmt: on


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_copy_is_caught(broken: Setting) -> None:
    @settings(phases=[Phase.generate], max_examples=200, deadline=None, database=None)
    @given(streams.wishes())
    def look(wished: list[Any]) -> None:
        compared(broken, asked_of(wished, broken))

    with pytest.raises(AssertionError, match="the fast one / the plain one"):
        look()
