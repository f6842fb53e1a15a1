"""CME Globex Self-Match Prevention: orders with one SMP id do not trade with one another.

The aggressor's instruction says who goes, and nothing else does.  Whom the aggressor
meets is not decided here: under FIFO the exchange asks about each order as it is reached,
under all other algorithms once about every order inside the aggressor's limit, and never
in an auction.  That difference is CME's own between *would* and *could*.

Mass quotes can have an id and no instruction, so that with a quote for the aggressor the
resting side goes.

An SMP id is registered to executing firms.  On Globex the firm is part of a session's comp
id; here the settings say whose firm a session or an account is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from ...market.fix import (
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    SelfMatchPreventionInstruction,
)
from ...market.identifiers import Account, CompID
from ...market.ledger import Rule
from ...market.messages import ExecutionReport, NewOrderSingle
from ...market.quotes import MassQuote, QuotedOrder
from ...market.rules import (
    Admitted,
    CancelAggressor,
    CancelResting,
    MarketView,
    Prevention,
    Reject,
    RejectLevel,
    RestingOrder,
)
from ...runtime.journal import Entry
from ..hookspecs import CONTRACT_VERSION, hookimpl
from ..watching import Broken, Goal, Lookout, Reached, SearchedFloor, WatchedFloor, Watcher

floorproof_contract = CONTRACT_VERSION


@hookimpl
def rule_sets() -> Mapping[str, type]:
    return {"cme-smp": SelfMatchPrevention}


@hookimpl
def invariants() -> Mapping[str, type]:
    return {"self-matches": SelfMatches}


@hookimpl
def sometimes_invariants() -> Mapping[str, type]:
    return {"self-matches-prevented": PreventedBetweenFills}


@hookimpl
def rules() -> Sequence[Rule]:
    return RULES


# --- the ledger -----------------------------------------------------------------------

_PAGE = "CME Group Client Systems Wiki, self-match prevention (46140175, version 6)"
_NEWER = "page 457640025"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "SMP-1",
        "Two orders with the same SMP id do not trade with one another, whatever their sessions"
        " and firms; orders of which one has none, or that have different ones, do.",
        f"{_PAGE}, table of tags 7928 and 8000; {_READINGS}, one SMP id in several firms",
        ("smp_requires_same_firm",),
    ),
    Rule(
        "SMP-2",
        "Where the aggressor's instruction is N it is canceled itself (378 = 107); where it is O,"
        " or there is none, the resting order is (378 = 103). What is canceled is all that is"
        " left of the order.",
        f"{_PAGE}, tags 8000 and 378",
    ),
    Rule(
        "SMP-3",
        "A resting order's instruction decides nothing.",
        f"{_PAGE}, tag 8000",
    ),
    Rule(
        "SMP-4",
        "Under FIFO only an order that the aggressor would have traded with counts, when its turn"
        " comes: trades before it stand, and after a resting order's cancel the aggressor goes"
        " on behind it.",
        f"{_PAGE}, FIFO Market with Cancel Resting; {_READINGS}, what FIFO has traded before",
    ),
    Rule(
        "SMP-5",
        "Under every other algorithm all orders inside the aggressor's limit count, also those"
        " that its quantity would not have reached: before anything trades, the whole aggressor"
        " is canceled, or they are, best price first and then the oldest. In the other reading"
        " the same holds of each price by itself, as the aggressor comes to it.",
        f"{_PAGE}, Pro-Rata Market; {_READINGS}, whom an aggressor could have met",
        ("could_span",),
    ),
    Rule(
        "SMP-6",
        "An order or a change with an SMP id that is not registered to its executing firm is"
        " refused at the level of the session, a mass quote at the level of business, before"
        " the exchange looks at anything else in it.",
        f"{_PAGE}, table of tags 7928 and 8000; {_READINGS}, the executing firm",
        ("registered", "firms", "accounts"),
    ),
    Rule(
        "SMP-7",
        "An instruction that is neither N nor O is refused at the level of the session, on a mass"
        " quote at the level of business, with an SMP id or without, and before the id is looked"
        " at.",
        f"{_PAGE}, table of tags 7928 and 8000; {_READINGS}, refusals of SMP",
    ),
    Rule(
        "SMP-8",
        "Reports have an order's SMP id and instruction as they were sent; an instruction without"
        " an id is taken, prevents nothing, and is not repeated.",
        f"{_PAGE}, table of tags 7928 and 8000",
    ),
    Rule(
        "SMP-9",
        "Nothing is prevented in an auction nor in its indicative price; in every state that"
        " matches continuously it is.",
        f"CME Group Client Systems Wiki, {_NEWER}, market states; {_READINGS}, SMP and states",
    ),
    Rule(
        "SMP-10",
        "A change gives an order the SMP id and the instruction that it states and leaves it in"
        " its place; an order that a change sends to meet others is the aggressor.",
        f"{_READINGS}, SMP and changes",
    ),
    Rule(
        "SMP-11",
        "Each cancel is reported where it comes about between the trades; an aggressor's own is"
        " its last report, and is a cancel also of an immediate order.",
        f"{_PAGE}, tag 378; {_READINGS}, reports of SMP",
    ),
    Rule(
        "SMP-12",
        "What must trade at once is judged on what prevention leaves to trade: if that is too"
        " little, the order is eliminated and no resting order is canceled.",
        f"{_READINGS}, what would trade at once",
    ),
    Rule(
        "SMP-13",
        "A mass quote has no instruction: N and O on one are ignored and not repeated, and where"
        " its quotes would meet an order or a quote of the same SMP id, the resting one goes.",
        f"{_PAGE}, note on mass quotes; {_READINGS}, mass quotes and who goes",
        ("quote_conflict",),
    ),
    Rule(
        "SMP-14",
        "Of a quote that goes its session hears in a quote cancel acknowledgement with 9775 = H"
        " and the SMP id; the quote's other side stays.",
        "CME Group Client Systems Wiki, iLink 2 Quote Acknowledgment (46235982, 46728078), 9775;"
        f" {_READINGS}, what of a quote goes",
    ),
)


# --- settings -------------------------------------------------------------------------

_SMP_ID = re.compile(r"\d{7}", re.ASCII)
_FIRM = re.compile(r"[0-9A-Z]{3}", re.ASCII)


def _registrations(
    _settings: object, field: attrs.Attribute[Any], found: Mapping[Any, Any]
) -> None:
    for smp_id, firms in found.items():
        if not isinstance(smp_id, str) or not _SMP_ID.fullmatch(smp_id):
            raise ValueError(f"'{field.name}' must have ids of seven digits: {smp_id!r}")
        if isinstance(firms, str) or not firms:
            raise ValueError(f"'{field.name}' of {smp_id} must be a list of firms: {firms!r}")
        for firm in firms:
            _check_firm(field, smp_id, firm)


def _firms(_settings: object, field: attrs.Attribute[Any], found: Mapping[Any, Any]) -> None:
    for name, firm in found.items():
        _check_firm(field, name, firm)


def _check_firm(field: attrs.Attribute[Any], of: object, firm: object) -> None:
    if not isinstance(firm, str) or not _FIRM.fullmatch(firm):
        raise ValueError(
            f"'{field.name}' of {of} must be three letters or digits, such as \"400\": {firm!r}"
        )


class QuoteConflict(StrEnum):
    """Who goes where an order that says N would meet a quote, which can only be canceled at rest.

    CME's page says that the aggressor's instruction always decides, and that where mass
    quotes are concerned only resting quotes are canceled.
    """

    INSTRUCTION_DECIDES = "instruction_decides"
    """The order."""

    RESTING_QUOTE_GOES = "resting_quote_goes"
    """The quote, whatever the order says."""


class CouldSpan(StrEnum):
    """With whom an aggressor *could* trade, where the algorithm is not FIFO.

    The example of CME's page cancels an aggressor for an own order at a price that it would
    not have come to; a remark beside it has the own order at the price of the trade.
    """

    ALL_LEVELS = "all_levels"
    """With every order inside its limit, before anything trades."""

    EACH_LEVEL = "each_level"
    """With every order of a price, as it comes to that with quantity left."""


# --- the rule set ---------------------------------------------------------------------


@attrs.frozen
class SelfMatchPrevention:
    """Cancel an order before it trades with one of the same SMP id."""

    signs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "CancelResting": ("SMP-1", "SMP-2"),
        "CancelAggressor": ("SMP-1", "SMP-2"),
        "Reject": ("SMP-6", "SMP-7"),
    }

    generation: ClassVar[str] = "46140175, version 6"
    """Which text of CME's page this follows; see `smp_requires_same_firm` for an older one."""

    registered: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, validator=_registrations)
    """Every SMP id that there is, and the executing firms that may use it."""

    firms: Mapping[CompID, str] = attrs.field(factory=dict, validator=_firms)
    """The executing firm of a session: characters 4 to 6 of its comp id at CME."""

    accounts: Mapping[Account, str] = attrs.field(factory=dict, validator=_firms)
    """The executing firm of an account, where one session serves several firms."""

    smp_requires_same_firm: bool = attrs.field(
        default=False, validator=attrs.validators.instance_of(bool)
    )
    """Whether SMP needs the same firm on both sides too, as it did when it began in 2013."""

    quote_conflict: QuoteConflict = QuoteConflict.INSTRUCTION_DECIDES
    """Which of the page's two sentences holds for an order that says N and a resting quote."""

    could_span: CouldSpan = CouldSpan.ALL_LEVELS
    """Which orders count under every algorithm but FIFO; FIFO knows no difference."""

    @property
    def level_by_level(self) -> bool:
        return self.could_span is CouldSpan.EACH_LEVEL

    @hookimpl
    def admit_request(self, request: Admitted) -> Reject | None:
        instruction = request.self_match_prevention_instruction
        smp_id = request.self_match_prevention_id
        if instruction is not None and instruction not in _INSTRUCTIONS:
            return _refused(
                request,
                f"self_match_prevention_instruction {instruction!r}: expected N or O [SMP-7]",
            )
        if smp_id is None:
            return None
        firm = self.executing_firm(request)
        if firm is not None and firm in self.registered.get(smp_id, ()):
            return None
        expected = f"one registered to the firm {firm}" if firm else "none from an unknown firm"
        text = f"self_match_prevention_id {smp_id!r}: expected {expected} [SMP-6]"
        return _refused(request, text)

    @hookimpl
    def before_match(
        self, aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
    ) -> Sequence[Prevention] | None:
        smp_id = aggressor.self_match_prevention_id
        if smp_id is None:
            return None
        own = [one for one in candidates if one.order.self_match_prevention_id == smp_id]
        if own and self.smp_requires_same_firm:
            firm = self.executing_firm(aggressor)
            own = [one for one in own if self.executing_firm(one.order) == firm]
        if not own:
            return None
        text = f"self-match prevention, id {smp_id} [SMP-2]"
        if self._goes_itself(aggressor, own):
            return [CancelAggressor(ExecRestatementReason.SELF_MATCH_NEWEST, text)]
        oldest = ExecRestatementReason.SELF_MATCH_OLDEST
        return [CancelResting(one.order_id, oldest, text) for one in own]

    def _goes_itself(self, aggressor: NewOrderSingle, own: Sequence[RestingOrder]) -> bool:
        """Return whether the aggressor goes, and not those of *own* that it would meet."""
        if aggressor.self_match_prevention_instruction != _CANCEL_NEWEST:
            return False  # a quote has none
        if self.quote_conflict is QuoteConflict.INSTRUCTION_DECIDES:
            return True
        return any(not isinstance(one.order, QuotedOrder) for one in own)

    def with_firms(
        self, firms: Mapping[CompID, str], registered: Collection[str]
    ) -> SelfMatchPrevention:
        """Return it with the firms of sessions whose comp ids are registered.

        Raises:
            ValueError: if ``firms`` says otherwise, or an SMP id is registered to a firm that
                there is not.
        """
        for session, firm in self.firms.items():
            if firms.get(session, firm) != firm:
                raise ValueError(
                    f"firms.{session}: expected {firms[session]}, as its comp id says; was {firm}"
                )
        for smp_id, of in self.registered.items():
            for firm in of:
                if firm not in registered:
                    known = ", ".join(registered)
                    raise ValueError(
                        f"registered.{smp_id}: expected registered firms ({known}), was {firm!r}"
                    )
        return attrs.evolve(self, firms={**firms, **self.firms})

    def executing_firm(self, request: Admitted) -> str | None:
        """Return the firm that a message comes from, or None if nobody knows it."""
        if request.account is not None and request.account in self.accounts:
            return self.accounts[request.account]
        return self.firms.get(request.sender_comp_id)


def _refused(request: Admitted, text: str) -> Reject:
    quotes = isinstance(request, MassQuote)
    level = RejectLevel.BUSINESS if quotes else RejectLevel.SESSION
    return Reject(OrdRejReason.OTHER, text, level)


_CANCEL_NEWEST = SelfMatchPreventionInstruction.CANCEL_NEWEST
_INSTRUCTIONS = frozenset(SelfMatchPreventionInstruction)


# --- the invariant --------------------------------------------------------------------


@attrs.frozen
class SelfMatches:
    """Where SMP applies, no trade joins two orders with one SMP id."""

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        ruled = [
            exchange
            for exchange in dict.fromkeys(floor.exchange_of.values())
            for rule_set in floor.rule_sets(exchange).values()
            if isinstance(rule_set, SelfMatchPrevention) and not rule_set.smp_requires_same_firm
        ]
        return _Trades(frozenset(ruled)) if ruled else None


@attrs.define
class _Trades(Watcher):
    sees = (ExecutionReport,)

    _exchanges: frozenset[str]
    _single: dict[tuple[str, int], tuple[int, str | None]] = attrs.field(init=False, factory=dict)
    """Of trades of which one side has been told: its entry, and its SMP id."""

    def see(self, entry: Entry) -> Broken | None:
        report: ExecutionReport = entry.payload
        exchange, number = entry.sender, report.trd_match_id
        if exchange not in self._exchanges or report.exec_type is not ExecType.TRADE:
            return None
        if exchange is None or number is None or report.aggressor_indicator is None:
            return None  # an auction's trades are not prevented
        smp_id = report.self_match_prevention_id
        other = self._single.pop((exchange, number), None)
        if other is None:
            self._single[exchange, number] = (entry.seq, smp_id)
            return None
        seq, their_id = other
        if smp_id is None or smp_id != their_id:
            return None
        return Broken(f"trade {number} of {exchange} joins two orders with SMP id {smp_id}", (seq,))


# --- what some run should come to ----------------------------------------------------

_BETWEEN = "an SMP cancel between two fills"


@attrs.frozen
class PreventedBetweenFills:
    """One sweep trades, has an order canceled that it may not meet, and trades on."""

    def look_out(self, floor: SearchedFloor) -> Lookout | None:
        exchanges = dict.fromkeys(floor.exchange_of.values())
        ruled = [name for name in exchanges if "cme-smp" in floor.rule_sets(name)]
        return _Sweeps(ruled) if ruled else None


@attrs.define
class _Sweeps(Lookout):
    sees = (ExecutionReport,)

    _exchanges: Collection[str]
    _reports: dict[int, list[tuple[int, bool]]] = attrs.field(init=False, factory=dict)
    """By the request that they came of: the number of each report, and whether of a fill."""

    @property
    def goals(self) -> Sequence[Goal]:
        return (Goal(_BETWEEN, ("SMP-4", "SMP-11")),)

    def see(self, entry: Entry) -> Iterator[Reached]:
        report: ExecutionReport = entry.payload
        fill = report.exec_type is ExecType.TRADE and report.aggressor_indicator is True
        prevented = report.exec_restatement_reason is ExecRestatementReason.SELF_MATCH_OLDEST
        if entry.sender not in self._exchanges or not (fill or prevented):
            return
        # The parties hear at different times: the venue's own numbers say what was first.
        reports = self._reports.setdefault(entry.cause, [])
        was = _is_between(reports)
        reports.append((report.exec_id, fill))
        reports.sort()
        if _is_between(reports) and not was:
            yield Reached(_BETWEEN, report.symbol)


def _is_between(reports: Sequence[tuple[int, bool]]) -> bool:
    fills = [number for number, fill in reports if fill]
    return any(fills[0] < number < fills[-1] for number, fill in reports if fills and not fill)
