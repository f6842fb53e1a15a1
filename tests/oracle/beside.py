"""The exchange and the plain venue side by side: asked the same, and compared after each request.

What is compared is every report and the whole of both books; what is seen on the way is
handed to the invariants.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from floorproof.market.auction import (
    AVERAGE_OF_THE_FLIP,
    BAHRAIN_ARTICLE_25,
    CME_INDICATIVE_OPENING,
    NSX_FOUR_STEPS,
    VOLUME_ALONE,
    Chain,
)
from floorproof.market.book import HalfBook, Resting
from floorproof.market.exchange import Exchange
from floorproof.market.execution import Answer
from floorproof.market.fix import MassActionResponse, QuoteStatus, Side
from floorproof.market.identifiers import CompID, Symbol
from floorproof.market.matching import Algorithm
from floorproof.market.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderMassActionReport,
)
from floorproof.market.quotes import MassQuoteAck, QuoteCancelAck, QuotedOrder
from floorproof.market.rejects import BusinessMessageReject, SessionReject
from floorproof.market.rules import Bound, VenueRules
from floorproof.plugins.allocation import globex
from floorproof.plugins.fifo import Fifo

from . import algorithms, streams
from .algorithms import PlainAlgorithm
from .invariants import ALWAYS, IN_FIFO, WHERE_ORDERS_GO, Invariant, Step
from .orders import Line, MassTold, MessageRefused, QuoteTold, Refused, Standing, Told, Unquoted
from .self_match import PlainSelfMatch
from .shorthand import line
from .streams import Deed, Entered
from .venue import Heard, PlainVenue

LMM = {CompID("BRAVO"): 20, CompID("CHARLIE"): 30}
PLAIN_LMM = {"BRAVO": 20, "CHARLIE": 30}
# fmt: off
ALGORITHMS: dict[str, tuple[Algorithm, PlainAlgorithm]] = {
    "F": (Fifo(), algorithms.f()),
    "C": (globex.CurrencyRoll(), algorithms.c()),
    "A": (globex.Allocation(), algorithms.a()),
    "K": (globex.Configurable(lmm=LMM, top_max=2), algorithms.k(40, PLAIN_LMM, top_max=2)),
    "O": (globex.ThresholdProRata(top_min=3, top_max=4), algorithms.o(top_min=3, top_max=4)),
    "Q": (globex.ThresholdProRataWithLmm(lmm=LMM, top_min=3, top_max=4),
          algorithms.q(PLAIN_LMM, top_min=3, top_max=4)),
    "S": (globex.FifoWithTopAndLmm(lmm=LMM), algorithms.s(PLAIN_LMM)),
    "T": (globex.FifoWithLmm(lmm=LMM), algorithms.t(PLAIN_LMM)),
}
CHAINS: Mapping[str, Chain] = {
    "NSX": NSX_FOUR_STEPS,
    "CME": CME_INDICATIVE_OPENING,
    "Bahrain": BAHRAIN_ARTICLE_25,
    "average": AVERAGE_OF_THE_FLIP,
    "volume": VOLUME_ALONE,
}
# fmt: on
STATES = [*streams.STARTS, *streams.ENDS]


@attrs.frozen
class Setting:
    """What both venues are set up with."""

    algorithm: str = "F"
    protection_points: int | None = None
    chain: str = "NSX"
    rules: VenueRules | None = attrs.field(default=None, repr=False)
    """What the exchange is asked with; what the plain one knows of it is ``smp``."""

    admit: tuple[Bound, ...] = attrs.field(default=(), repr=False)
    smp: PlainSelfMatch | None = attrs.field(default=None, repr=False)
    matching: Algorithm | None = attrs.field(default=None, repr=False)
    """The exchange's, if it is to have another than the one that ``algorithm`` names."""

    recorded: bool = False
    """Whether the exchange puts everything that happens on record."""

    def fast(self, rules: VenueRules | None = None) -> Exchange:
        instruments = streams.instruments(self.protection_points)
        symbols = [instrument.symbol for instrument in instruments]
        algorithm = self.matching or ALGORITHMS[self.algorithm][0]
        rules = rules or self.rules
        return Exchange(
            instruments,
            dict.fromkeys(symbols, algorithm),
            dict.fromkeys(symbols, rules or VenueRules()),
            admit=self.admit,
            boards=streams.BOARDS,
            states=STATES,
            chains=dict.fromkeys(symbols, CHAINS[self.chain]),
            start=datetime.datetime.combine(streams.TODAY, datetime.time(8), tzinfo=datetime.UTC),
            recorded=self.recorded,
        )

    def plain(self) -> PlainVenue:
        instruments = streams.instruments(self.protection_points)
        _, algorithm = ALGORITHMS[self.algorithm]
        return PlainVenue(
            instruments,
            {instrument.symbol: algorithm for instrument in instruments},
            boards=streams.BOARDS,
            today=streams.TODAY,
            chain=self.chain,
            smp=self.smp,
        )


# --- what either says, in the same words -------------------------------------------------


def told(answer: Answer) -> Heard:
    """Return what matters of a report of the exchange."""
    match answer:
        case OrderCancelReject():
            return Refused(
                answer.target_comp_id,
                answer.cl_ord_id,
                answer.orig_cl_ord_id,
                answer.cxl_rej_reason,
                _rule(answer.text),
            )
        case OrderMassActionReport():
            accepted = answer.mass_action_response is MassActionResponse.ACCEPTED
            ids = answer.affected_order_ids
            assert answer.total_affected_orders == len(ids)
            return MassTold(answer.target_comp_id, answer.cl_ord_id, accepted, ids)
        case MassQuoteAck():
            entries = (entry for quote_set in answer.quote_sets for entry in quote_set.entries)
            return QuoteTold(
                answer.target_comp_id,
                answer.quote_id,
                answer.quote_status is QuoteStatus.ACCEPTED,
                tuple((entry.quote_entry_id, entry.quote_entry_reject_reason) for entry in entries),
                answer.quote_reject_reason,
                answer.self_match_prevention_id,
            )
        case SessionReject():
            return MessageRefused(answer.target_comp_id, answer.ref_id, False, _rule(answer.text))
        case BusinessMessageReject():
            name = answer.business_reject_ref_id
            return MessageRefused(answer.target_comp_id, name, True, _rule(answer.text))
        case QuoteCancelAck():
            return Unquoted(
                answer.target_comp_id,
                answer.quote_id,
                tuple((one.quote_entry_id, one.side, one.leaves_qty) for one in answer.canceled),
                answer.quote_reject_reason or answer.unsolicited_cancel_type,
                answer.self_match_prevention_id,
            )
        case ExecutionReport():
            return Told(
                to=answer.target_comp_id,
                cl_ord_id=answer.cl_ord_id,
                order_id=answer.order_id,
                exec_type=answer.exec_type,
                ord_status=answer.ord_status,
                symbol=answer.symbol,
                side=answer.side,
                order_qty=answer.order_qty,
                leaves_qty=answer.leaves_qty,
                cum_qty=answer.cum_qty,
                price=answer.price,
                ord_type=answer.ord_type,
                time_in_force=answer.time_in_force,
                account=answer.account,
                user=answer.target_sub_id,
                last_qty=answer.last_qty,
                last_px=answer.last_px,
                aggressor=answer.aggressor_indicator,
                trade=answer.trd_match_id,
                orig_cl_ord_id=answer.orig_cl_ord_id,
                reason=answer.ord_rej_reason or answer.exec_restatement_reason,
                rule=_rule(answer.text) if answer.order_id is None else "",
                smp_id=answer.self_match_prevention_id,
                smp_instruction=answer.self_match_prevention_instruction,
            )
        case _:
            raise AssertionError(f"nobody asked for {answer}")


def _rule(text: str) -> str:
    found = re.search(r"\[((?:ORD|SMP)-\d+)\]$", text)
    return found[1] if found else ""


def standing(exchange: Exchange, symbol: Symbol) -> Standing:
    """Return the whole market in *symbol*."""
    book, view = exchange.book(symbol), exchange.view(symbol)
    found = view.indicative() if view.state.indicative else None
    return Standing(
        lines_of(book.half(Side.BUY)),
        lines_of(book.half(Side.SELL)),
        lines_of(book.stops(Side.BUY)),
        lines_of(book.stops(Side.SELL)),
        book.last_px,
        view.state.name,
        None if found is None else (found.price, found.quantity),
    )


def lines_of(half: HalfBook) -> list[Line]:
    return [_line(resting) for level in half for resting in level]


def _line(resting: Resting) -> Line:
    order = resting.order
    return Line(
        order_id=resting.order_id,
        owner=order.sender_comp_id,
        name=order.cl_ord_id,
        side=order.side,
        left=resting.leaves_qty,
        price=order.price,
        shown=0 if resting.waits else resting.shown_qty,
        display=order.display_qty,
        top=not resting.waits and resting.is_top,
        stop_px=order.stop_px if resting.waits else None,
        quote=isinstance(order, QuotedOrder),
    )


# --- asking both ------------------------------------------------------------------------


def ask_fast(exchange: Exchange, deed: Deed, now_ns: int) -> list[Answer]:
    if not isinstance(deed, Entered):
        return exchange.receive(deed, now_ns).reports
    return exchange.operate(deed.operation, now_ns).reports


def ask_plain(venue: PlainVenue, deed: Deed) -> Sequence[Heard]:
    if isinstance(deed, Entered):
        return streams.enter(venue, deed) or []
    return venue.receive(deed)


def asked(deed: Deed) -> str:
    """Return the line that tells *deed*, from which `request` makes it again."""
    return str(deed) if isinstance(deed, Entered) else line(deed)


def differences(one: Any, other: Any) -> Iterator[str]:
    """Yield in which fields two values differ, or the values if they are not of a kind."""
    if type(one) is not type(other) or not attrs.has(type(one)):
        if one != other:
            yield f"{one} / {other}"
        return
    for field in attrs.fields(type(one)):
        fast, plain = getattr(one, field.name), getattr(other, field.name)
        if isinstance(fast, list) and isinstance(plain, list):
            if fast != plain:
                yield from listed(f"{field.name}: ", fast, plain)
        elif fast != plain:
            yield f"{field.name} {fast!r} / {plain!r}"


def listed(what: str, fast: Sequence[object], plain: Sequence[object]) -> Iterator[str]:
    for place in range(max(len(fast), len(plain))):
        one = fast[place] if place < len(fast) else None
        other = plain[place] if place < len(plain) else None
        if one != other:
            about = getattr(one or other, "cl_ord_id", None) or getattr(one or other, "name", "")
            wrong = "; ".join(differences(one, other))
            yield f"{what}{place + 1} ({about}): {wrong}"


def compared(setting: Setting, deeds: Sequence[Deed]) -> dict[Symbol, list[Step]]:
    """Ask both venues the same, and return what the fast one did, by instrument.

    Raises:
        AssertionError: at the first difference, with everything that was asked before.
    """
    fast, plain = setting.fast(), setting.plain()
    steps: dict[Symbol, list[Step]] = {streams.X: [], streams.Y: []}
    for number, deed in enumerate(deeds):
        before = {symbol: standing(fast, symbol) for symbol in steps}

        heard = [told(answer) for answer in ask_fast(fast, deed, number)]
        expected = ask_plain(plain, deed)

        after = {symbol: standing(fast, symbol) for symbol in steps}
        differ = [*listed("report ", heard, expected)]
        for symbol in steps:
            there = plain.markets[symbol].standing()
            differ += [f"{symbol}: {text}" for text in differences(after[symbol], there)]
        if differ:
            lines = [repr(setting), *(asked(one) for one in deeds[: number + 1])]
            raise AssertionError("\n".join([*lines, "the fast one / the plain one:", *differ]))
        for symbol in steps:
            state = fast.view(symbol).state
            steps[symbol].append(
                Step(
                    asked(deed),
                    [one for one in heard if isinstance(one, Told) and one.symbol == symbol],
                    before[symbol],
                    after[symbol],
                    state.match,
                    state.uncross and before[symbol].state != state.name,
                    getattr(deed, "min_qty", None) or 0,
                )
            )
    return steps


def _invariants(setting: Setting) -> Sequence[Invariant]:
    if setting.smp is not None:
        return WHERE_ORDERS_GO
    return IN_FIFO if setting.algorithm == "F" else ALWAYS


def wrong(setting: Setting, deeds: Sequence[Deed]) -> str:
    """Return what is wrong with what comes of *deeds*; nothing, if nothing is."""
    try:
        for of_one in compared(setting, deeds).values():
            for invariant in _invariants(setting):
                for text in invariant(of_one):
                    lines = [repr(setting), *(asked(one) for one in deeds)]
                    return "\n".join([*lines, f"{invariant.__name__}:", text])
    except AssertionError as difference:
        return str(difference)
    return ""
