"""What holds in any market, checked on what was reported and on the book before and after.

Each invariant looks at the `Step`s of one instrument, first to last, and says what is
wrong in a sentence; if nothing is, it says nothing.  They know nothing of how a market
works inside, and hold for the fast one and the plain one alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs

from floorproof.market.fix import ExecType, OrdType, Side, TimeInForce

from .orders import STOPS, Line, Standing, Told


@attrs.frozen
class Step:
    """One thing that was asked of a market, and what came of it."""

    asked: str
    """A line that a person can read."""

    told: Sequence[Told]
    before: Standing
    after: Standing
    matches: bool
    """Whether the state that the market is in by now matches as orders arrive."""

    uncrossed: bool = False
    """Whether it was the entry into a state with an auction."""

    min_qty: int = 0
    """Of the order that was entered."""

    @property
    def quotes(self) -> bool:
        """Whether it was a mass quote: what that enters and takes off is told in no report."""
        return " QUOTE " in self.asked


_ARRIVALS = (ExecType.NEW, ExecType.REPLACED, ExecType.TRIGGERED)

Invariant: TypeAlias = Callable[[Sequence[Step]], Iterator[str]]


def what_is_ordered_is_filled_open_or_gone(steps: Sequence[Step]) -> Iterator[str]:
    """cum + leaves + canceled = ordered, at every report."""
    open_qty: dict[int, int] = {}
    filled: dict[int, int] = defaultdict(int)
    for step, told in _reports(steps):
        order_id = told.order_id
        if order_id is None:
            if told.leaves_qty or told.cum_qty:
                yield f"{step.asked}: a rejected order is open or filled: {told}"
            continue
        filled[order_id] += told.last_qty
        if told.cum_qty != filled[order_id]:
            yield f"{step.asked}: #{order_id} traded {filled[order_id]}, was told {told.cum_qty}"
        gone = told.exec_type in (ExecType.CANCELED, ExecType.EXPIRED)
        canceled = open_qty.get(order_id, 0) if gone else 0
        if told.cum_qty + told.leaves_qty + canceled != told.order_qty:
            yield (
                f"{step.asked}: of #{order_id}'s {told.order_qty}, {told.cum_qty} filled,"
                f" {told.leaves_qty} open and {canceled} canceled"
            )
        open_qty[order_id] = told.leaves_qty


def quantity_is_conserved(steps: Sequence[Step]) -> Iterator[str]:
    """What came in is in the book, was traded, or was taken off: nothing else.

    Quotes are left out, as nobody hears of them in reports until they trade.
    """
    open_qty: dict[int, int] = {}
    came_in = traded = taken_off = 0
    for step in steps:
        for told in step.told:
            if told.order_id is None:
                continue
            if told.order_id not in open_qty and told.exec_type is ExecType.TRADE:
                continue  # a quote's
            was = open_qty.get(told.order_id, 0)
            match told.exec_type:
                case ExecType.NEW | ExecType.REPLACED:
                    came_in += told.leaves_qty - was
                case ExecType.TRADE:
                    traded += told.last_qty
                case ExecType.CANCELED | ExecType.EXPIRED:
                    taken_off += was
                case _:
                    pass
            open_qty[told.order_id] = told.leaves_qty
        still_there = sum(one.left for one in _everybody(step.after) if not one.quote)
        if came_in != still_there + traded + taken_off:
            yield (
                f"{step.asked}: {came_in} came in; {still_there} there, {traded} traded,"
                f" {taken_off} taken off"
            )
        for one in _everybody(step.after):
            if not one.quote and open_qty.get(one.order_id) != one.left:
                yield f"{step.asked}: #{one.order_id} has {one.left} left, told otherwise"


def each_trade_has_a_buyer_and_a_seller(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        trades = [told for told in step.told if told.exec_type is ExecType.TRADE]
        for first, second in zip(trades[::2], trades[1::2], strict=True):
            same = [(one.trade, one.last_qty, one.last_px) for one in (first, second)]
            if first.side is second.side or same[0] != same[1]:
                yield f"{step.asked}: no trade of two: {first}, {second}"
            if first.aggressor is None:
                if second.aggressor is not None or first.side is not Side.BUY:
                    yield f"{step.asked}: not the buyer first: {first}, {second}"
            elif first.aggressor or not second.aggressor:
                yield f"{step.asked}: not the resting side first: {first}, {second}"


def book_is_not_crossed_while_it_matches(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.matches and _crossed(step.after):
            yield f"{step.asked}: leaves {_crossed(step.after)}"


def book_is_not_crossed_after_an_auction(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.uncrossed and _crossed(step.after):
            yield f"{step.asked}: leaves {_crossed(step.after)}"


def better_prices_trade_first(steps: Sequence[Step]) -> Iterator[str]:
    """Price priority: an aggressor goes to a worse price when nobody is at a better one."""
    for step in steps:
        for turn in [] if step.quotes else _turns(step):
            left = {one.order_id: one.left for one in turn.book}
            for told in turn.passive:
                if told.order_id not in left:
                    yield f"{step.asked}: #{told.order_id} trades, and did not rest"
                    continue
                for one in turn.book:
                    assert one.price is not None
                    assert told.last_px is not None
                    if one.side is told.side and left[one.order_id] > 0:
                        better = _rank(one.side, one.price) < _rank(told.side, told.last_px)
                        if better:
                            yield (
                                f"{step.asked}: #{told.order_id} trades @ {told.last_px}, with"
                                f" #{one.order_id} @ {one.price} before it"
                            )
                left[told.order_id] -= told.last_qty


def earlier_orders_trade_first(steps: Sequence[Step]) -> Iterator[str]:
    """Time priority in F: at one price nobody trades before what those in front show."""
    for step in steps:
        if step.uncrossed or step.quotes:
            continue
        for turn in _turns(step)[:1]:  # of later turns the book before does not tell the queue
            queue = [one for one in turn.book if one.side is turn.side]
            got: dict[int, int] = defaultdict(int)
            for told in turn.passive:
                assert told.order_id is not None
                got[told.order_id] += told.last_qty
            served = [one for one in queue if one.order_id in got]
            if list(got) != [one.order_id for one in served]:
                yield f"{step.asked}: served {list(got)}, in a queue {_ids(queue)}"
            if served != queue[: len(served)]:
                yield f"{step.asked}: {_ids(served)} are not the front of {_ids(queue)}"
            for one in served[:-1]:
                quantity = got[one.order_id]
                if quantity < one.shown:
                    yield f"{step.asked}: #{one.order_id} shows {one.shown}, got {quantity}"


def nobody_overtakes(steps: Sequence[Step]) -> Iterator[str]:
    """At one price newcomers are last, and whoever showed a new slice is behind the others."""
    for step in steps:
        got: dict[int | None, int] = defaultdict(int)
        icebergs = {
            one.order_id
            for one in [*step.before.bids, *step.before.offers]
            if one.display is not None
        }
        unsure = set()  # whether it has shown a new slice
        for told in step.told:
            if not step.uncrossed:
                got[told.order_id] += told.last_qty
            elif told.aggressor is not None and told.order_id in icebergs:
                unsure.add(told.order_id)  # the auction may have left it less than it showed
        came = {told.order_id for told in step.told if told.exec_type in _ARRIVALS}
        for before, after in (
            (step.before.bids, step.after.bids),
            (step.before.offers, step.after.offers),
        ):
            # Those that stood there before and have not had to queue up again.
            stood = [
                (one.price, one.order_id)
                for one in before
                if one.order_id not in came | unsure and got[one.order_id] < one.shown
            ]
            stands = [(one.price, one.order_id) for one in after]
            if [one for one in stands if one in stood] != [one for one in stood if one in stands]:
                yield f"{step.asked}: {_ids(before)} became {_ids(after)}"
            for (price, order_id), behind in pairwise(stands):
                renamed = order_id in came and (price, order_id) in [
                    (one.price, one.order_id) for one in before
                ]
                overtaken = price == behind[0] and behind in stood
                known = order_id not in unsure and not renamed
                if (price, order_id) not in stood and overtaken and known:
                    yield f"{step.asked}: #{order_id} is in front of #{behind[1]}, who was there"


def nothing_trades_where_nothing_matches(steps: Sequence[Step]) -> Iterator[str]:
    for step, told in _reports(steps):
        if not step.matches and told.aggressor is not None:
            yield f"{step.asked}: trades, in {step.after.state}: {told}"


def nobody_trades_beyond_his_limit(steps: Sequence[Step]) -> Iterator[str]:
    for step, told in _reports(steps):
        if told.last_px is None:
            continue
        if told.price is None:
            if told.ord_type is not OrdType.MARKET:
                yield f"{step.asked}: trades without a limit: {told}"
        elif _rank(told.side, told.last_px) < _rank(told.side, told.price):
            yield f"{step.asked}: trades beyond its limit: {told}"


def all_or_nothing(steps: Sequence[Step]) -> Iterator[str]:
    """A FILL_OR_KILL order trades whole, or not at all, and is never seen again."""
    for step in steps:
        for order_id, mine in _by_order(step).items():
            last = mine[-1]
            if last.time_in_force is not TimeInForce.FILL_OR_KILL or last.ord_type in STOPS:
                continue
            traded = sum(told.last_qty for told in mine)
            if last.leaves_qty or (traded and last.exec_type is not ExecType.TRADE):
                yield f"{step.asked}: #{order_id} traded {traded}, {last.leaves_qty} left"


def at_least_the_minimum_at_once(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        new = next((told for told in step.told if told.exec_type is ExecType.NEW), None)
        if new is None or not step.min_qty:
            continue
        mine = [told for told in step.told if told.order_id == new.order_id]
        at_once = sum(told.last_qty for told in mine if told.aggressor)
        if at_once < step.min_qty and (at_once or mine[-1].exec_type is not ExecType.EXPIRED):
            yield f"{step.asked}: traded {at_once}, and lives on"


def nothing_immediate_stays(steps: Sequence[Step]) -> Iterator[str]:
    lives: dict[int, TimeInForce] = {}
    for step in steps:
        for told in step.told:
            if told.order_id is not None:
                lives[told.order_id] = told.time_in_force
        for one in [*step.after.bids, *step.after.offers]:
            if not one.quote and lives[one.order_id] in (
                TimeInForce.IMMEDIATE_OR_CANCEL,
                TimeInForce.FILL_OR_KILL,
            ):
                yield f"{step.asked}: #{one.order_id} rests, and was to trade at once"


def an_iceberg_shows_its_tip(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        for one in [*step.after.bids, *step.after.offers]:
            most = one.display
            if most is None and one.shown != one.left:
                yield f"{step.asked}: #{one.order_id} hides nothing, and shows {one.shown}"
            if most is not None and not 0 < one.shown <= min(most, one.left):
                yield (
                    f"{step.asked}: #{one.order_id} shows {one.shown} of {one.left},"
                    f" and is to show {most} at most"
                )


def an_auction_trades_the_most_at_one_price(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if not step.uncrossed:
            continue
        trades = [told for told in step.told if told.last_px is not None and told.aggressor is None]
        first = step.told.index(trades[0]) if trades else 0
        joined = [
            (told.side, told.price, told.leaves_qty)
            for told in step.told[:first]
            if told.exec_type is ExecType.TRIGGERED and told.price is not None
        ]
        book = [*step.before.bids, *step.before.offers]
        orders = [(one.side, one.price, one.left) for one in book if one.price is not None]
        orders += [(side, price, left) for side, price, left in joined if price is not None]
        volumes = [
            min(
                sum(left for side, at, left in orders if side is Side.BUY and at >= price),
                sum(left for side, at, left in orders if side is Side.SELL and at <= price),
            )
            for _, price, _ in orders
        ]
        traded = sum(told.last_qty for told in trades) // 2
        if traded != max(volumes, default=0):
            yield f"{step.asked}: trades {traded} of {max(volumes, default=0)}"
        if len({told.last_px for told in trades}) > 1:
            yield f"{step.asked}: trades at several prices"


def at_most_one_top_and_at_the_best_price(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        for side in (step.after.bids, step.after.offers):
            tops = [one for one in side if one.top]
            if len(tops) > 1 or any(one.price != side[0].price for one in tops):
                yield f"{step.asked}: {_ids(tops)} are top of {_ids(side)}"


ALWAYS: Sequence[Invariant] = (
    what_is_ordered_is_filled_open_or_gone,
    quantity_is_conserved,
    each_trade_has_a_buyer_and_a_seller,
    book_is_not_crossed_while_it_matches,
    book_is_not_crossed_after_an_auction,
    better_prices_trade_first,
    nobody_overtakes,
    nothing_trades_where_nothing_matches,
    nobody_trades_beyond_his_limit,
    all_or_nothing,
    at_least_the_minimum_at_once,
    nothing_immediate_stays,
    an_iceberg_shows_its_tip,
    an_auction_trades_the_most_at_one_price,
    at_most_one_top_and_at_the_best_price,
)
IN_FIFO: Sequence[Invariant] = (*ALWAYS, earlier_orders_trade_first)
WHERE_ORDERS_GO: Sequence[Invariant] = tuple(
    invariant
    for invariant in ALWAYS
    if invariant not in (better_prices_trade_first, at_least_the_minimum_at_once)
)
"""Of a market in which a rule set cancels orders while somebody trades."""


# --- reading a step -------------------------------------------------------------------


@attrs.frozen
class Turn:
    """One aggressor's trades, and the book that it met."""

    book: Sequence[Line]
    side: Side
    """That of those it traded with."""

    passive: Sequence[Told]


def _turns(step: Step) -> list[Turn]:
    """Return the turns of the aggressors of *step*, first to last.

    The book of a later turn is the first one's, with what has been reported since.
    """
    book = [*step.before.bids, *step.before.offers]
    turns: list[Turn] = []
    passive: list[Told] = []
    mine: Told | None = None  # the aggressor, as last told of

    def finish() -> None:
        nonlocal book, passive
        got: dict[int | None, int] = defaultdict(int)
        for told in passive:
            got[told.order_id] += told.last_qty
        if passive:
            turns.append(Turn(book, passive[0].side, passive))
        book = [attrs.evolve(one, left=one.left - got[one.order_id]) for one in book]
        if mine is not None and mine.leaves_qty and mine.ord_type not in STOPS:
            assert mine.order_id is not None
            rested = Line(
                mine.order_id, mine.to, mine.cl_ord_id, mine.side, mine.leaves_qty, mine.price
            )
            book.append(rested)
        book = [one for one in book if one.left]
        passive = []

    for told in step.told:
        if told.exec_type in (ExecType.NEW, ExecType.REPLACED, ExecType.TRIGGERED):
            finish()
            mine = told
            book = [one for one in book if one.order_id != told.order_id]
        elif told.exec_type is ExecType.TRADE and told.aggressor is False:
            passive.append(told)
        elif told.exec_type is ExecType.TRADE and told.aggressor is None:
            if mine is not None:  # whoever was triggered before the auction rests by now
                finish()
                mine = None
            book = [
                attrs.evolve(one, left=one.left - told.last_qty)
                if one.order_id == told.order_id
                else one
                for one in book
            ]
        elif mine is not None and told.order_id == mine.order_id:
            mine = told
    finish()
    return turns


def _reports(steps: Sequence[Step]) -> Iterator[tuple[Step, Told]]:
    for step in steps:
        for told in step.told:
            yield step, told


def _by_order(step: Step) -> dict[int, list[Told]]:
    by_order: dict[int, list[Told]] = defaultdict(list)
    for told in step.told:
        if told.order_id is not None:
            by_order[told.order_id].append(told)
    return by_order


def _everybody(standing: Standing) -> list[Line]:
    return [*standing.bids, *standing.offers, *standing.buy_stops, *standing.sell_stops]


def _crossed(standing: Standing) -> str:
    if standing.bids and standing.offers:
        bid, offer = standing.bids[0].price, standing.offers[0].price
        assert bid is not None
        assert offer is not None
        if bid >= offer:
            return f"a bid @ {bid}, an offer @ {offer}"
    return ""


def _rank(side: Side, price: int) -> int:
    return -price if side is Side.BUY else price


def _ids(lines: Sequence[Line]) -> str:
    return " ".join(f"#{one.order_id}" for one in lines)
