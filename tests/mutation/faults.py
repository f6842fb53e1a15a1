"""The faults: what is found in a file, what is put there instead, and what that breaks.

Each is a slip that somebody could make, and none leaves the market as it was.  The text
that is found must stand in its file exactly once, so that a fault cannot rot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]


@attrs.frozen
class Fault:
    """One slip."""

    category: str
    path: str
    """Under ``src``."""

    breaks: str
    found: str
    put: str

    def planted(self, text: str) -> str:
        """Return *text*, that of its file, with the fault.

        Raises:
            ValueError: if what it replaces does not stand there exactly once.
        """
        times = text.count(self.found)
        if times != 1:
            raise ValueError(
                f"{self.path}: expected once, found {times} times, for the fault"
                f" {self.breaks!r}:\n{self.found}"
            )
        return text.replace(self.found, self.put)


BOOK = "market/book.py"
MATCHING = "market/matching.py"
AUCTION = "market/auction.py"
EXCHANGE = "market/exchange.py"
EXECUTION = "market/execution.py"
OBJECTIONS = "market/objections.py"
QUOTING = "market/quoting.py"
SELF_MATCH = "plugins/cme/self_match_prevention.py"
STOPS = "market/stops.py"
VENUE = "market/venue.py"
FIFO = "plugins/fifo.py"
GLOBEX = "plugins/allocation/globex.py"
STEPS = "plugins/allocation/steps.py"


def _faults(category: str, *faults: tuple[str, str, str, str]) -> Iterator[Fault]:
    for path, breaks, found, put in faults:
        yield Fault(category, path, breaks, found, put)


PRIORITY = _faults(
    "priority",
    (
        MATCHING,
        "an order at the touch's very price does not trade",
        "(touch.price - limit) * opposite.sign > 0",
        "(touch.price - limit) * opposite.sign >= 0",
    ),
    (
        MATCHING,
        "a sweep ends before the level at its limit",
        "limit is not None and (price - limit) * sign > 0:",
        "limit is not None and (price - limit) * sign >= 0:",
    ),
    (
        MATCHING,
        "a sweep never ends at its limit",
        "        if limit is not None and (price - limit) * sign > 0:\n            break\n",
        "",
    ),
    (
        BOOK,
        "a new level that is worse becomes the best",
        "(price - best.price) * half.sign < 0",
        "(price - best.price) * half.sign > 0",
    ),
    (
        BOOK,
        "after the best level the worst becomes the best",
        "by_rank[next(iter(by_rank))]",
        "by_rank[next(reversed(by_rank))]",
    ),
    (
        BOOK,
        "a sweep passes over the second level",
        "islice(self, 1, None)",
        "islice(self, 2, None)",
    ),
    (
        BOOK,
        "bids are ranked like offers",
        "bids: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(-1))",
        "bids: HalfBook = attrs.field(init=False, factory=lambda: HalfBook(1))",
    ),
    (
        BOOK,
        "the third of a queue takes the place of the second",
        "                level.last = resting\n                level.qty += leaves_qty\n",
        "                level.qty += leaves_qty\n",
    ),
    (
        BOOK,
        "whoever is behind one that leaves forgets who is before him",
        "    if after is not None:\n        after.before = before\n",
        "    if after is not None:\n        after.before = None\n",
    ),
    (
        BOOK,
        "whoever opens a level is TOP, even behind the best",
        "if opens and half.best is level:",
        "if opens:",
    ),
    (
        BOOK,
        "an order that betters the market in a pre-open is TOP",
        "half.top = resting if type(event) is Rested and event.continuous else None",
        "half.top = resting",
    ),
)

ALLOCATION = _faults(
    "allocation",
    (
        STEPS,
        "pro rata rounds up",
        "(claim.left_qty * quantity // total for claim in claims)",
        "(-(-claim.left_qty * quantity // total) for claim in claims)",
    ),
    (
        STEPS,
        "a pro-rata share of just the minimum is none",
        "share if share >= self.minimum else 0",
        "share if share > self.minimum else 0",
    ),
    (
        STEPS,
        "pro rata divides by what is hidden too",
        "total = sum(claim.left_qty for claim in claims)",
        "total = sum(claim.queued.leaves_qty for claim in claims)",
    ),
    (
        STEPS,
        "the split rounds down",
        "quantity = rounded_half_up(quantity, self.percentage)",
        "quantity = rounded_down(quantity, self.percentage)",
    ),
    (
        STEPS,
        "a market maker's share is rounded to the nearest lot",
        "due = Counter({maker: rounded_down(quantity, of)",
        "due = Counter({maker: rounded_half_up(quantity, of)",
    ),
    (
        STEPS,
        "an order filled as TOP takes part in the market maker's share",
        "share = 0 if claim.got_qty else min(claim.left_qty, due[maker], quantity)",
        "share = min(claim.left_qty, due[maker], quantity)",
    ),
    (
        STEPS,
        "each order of a market maker gets its whole share",
        "            due[maker] -= share\n",
        "",
    ),
    (
        STEPS,
        "an order of just the TOP minimum is not TOP",
        "claim.queued.order.order_qty >= self.at_least",
        "claim.queued.order.order_qty > self.at_least",
    ),
    (
        STEPS,
        "TOP knows no maximum",
        "most = quantity if self.at_most is None else min(quantity, self.at_most)",
        "most = quantity",
    ),
    (
        STEPS,
        "leveling serves the smallest first",
        "key=lambda place: -claims[place].left_qty",
        "key=lambda place: claims[place].left_qty",
    ),
    (
        STEPS,
        "leveling serves those too who got something pro rata",
        "if claim.left_qty and not claim.got_qty",
        "if claim.left_qty",
    ),
    (
        GLOBEX,
        "the FIFO exception does not count what is hidden",
        "if quantity >= sum(queued.leaves_qty for queued in queue):",
        "if quantity >= sum(queued.shown_qty for queued in queue):",
    ),
    (
        GLOBEX,
        "the largest fill comes before the one of TOP",
        "fills.sort(key=lambda fill: fill[:2], reverse=True)",
        "fills.sort(key=lambda fill: fill[1], reverse=True)",
    ),
    (
        GLOBEX,
        "the smallest fill comes first",
        "fills.sort(key=lambda fill: fill[:2], reverse=True)",
        "fills.sort(key=lambda fill: (not fill[0], fill[1]))",
    ),
    (
        GLOBEX,
        "K serves market makers after the FIFO part",
        "            Lmm(self.lmm),\n            Fifo(self.fifo_percent),\n",
        "            Fifo(self.fifo_percent),\n            Lmm(self.lmm),\n",
    ),
)

AUCTIONS = _faults(
    "auction",
    (
        AUCTION,
        "with bids left over, CME's price is the lowest",
        "return kept[-1:] if all(prices.surplus > 0 for prices in kept) else kept",
        "return kept[:1] if all(prices.surplus > 0 for prices in kept) else kept",
    ),
    (
        AUCTION,
        "with offers left over, CME's price is the highest",
        "return kept[:1] if all(prices.surplus < 0 for prices in kept) else kept",
        "return kept[-1:] if all(prices.surplus < 0 for prices in kept) else kept",
    ),
    (
        AUCTION,
        "pressure of bids keeps the lowest price",
        "return [*buying[-1:], *balanced, *selling[:1]]",
        "return [*buying[:1], *balanced, *selling[:1]]",
    ),
    (
        AUCTION,
        "pressure forgets the prices at which nothing is left over",
        "return [*buying[-1:], *balanced, *selling[:1]]",
        "return [*buying[-1:], *selling[:1]] or balanced",
    ),
    (
        AUCTION,
        "of two prices equally near the reference it is the lower",
        "if below == above or further < 0:",
        "if below == above or further <= 0:",
    ),
    (
        AUCTION,
        "the average is rounded away from the close",
        "2 * reference < twice else above",
        "2 * reference > twice else above",
    ),
    (
        AUCTION,
        "the surplus is the largest that can be left",
        "least = min(abs(prices.surplus) for prices in kept)",
        "least = max(abs(prices.surplus) for prices in kept)",
    ),
    (
        AUCTION,
        "offers do not count at their own price",
        "        sell_qty += sells.get(price, 0)\n"
        "        candidates.append(PriceRange(price, price, buy_qty, sell_qty))\n",
        "        candidates.append(PriceRange(price, price, buy_qty, sell_qty))\n"
        "        sell_qty += sells.get(price, 0)\n",
    ),
    (
        AUCTION,
        "a level at the other side's best does not count",
        "if sign * price > sign * limit:",
        "if sign * price >= sign * limit:",
    ),
    (
        AUCTION,
        "sides that just touch do not trade",
        "or bid[0] < offer[0]:",
        "or bid[0] <= offer[0]:",
    ),
    (
        AUCTION,
        "a bid at the auction's very price does not trade",
        "one.level.price >= price, book",
        "one.level.price > price, book",
    ),
    (
        AUCTION,
        "a buyer's second trade forgets the first",
        "last_qty = min(buy.leaves_qty - bought, sell.leaves_qty - sold)",
        "last_qty = min(buy.leaves_qty, sell.leaves_qty - sold)",
    ),
    (
        AUCTION,
        "what is hidden does not count",
        "self.add(self._next.price, self._next.qty)",
        "self.add(self._next.price, self._next.qty - self._next.hidden_qty)",
    ),
    (
        AUCTION,
        "a stop that joins takes the place of those at its limit",
        "self._levels[price] = self._levels.get(price, 0) + qty",
        "self._levels[price] = qty",
    ),
    (
        VENUE,
        "the settlement comes before the last trade as a reference",
        "return self.instrument.reference_px if last_px is None else last_px",
        "return last_px if self.instrument.reference_px is None else self.instrument.reference_px",
    ),
)

SESSION = _faults(
    "session",
    (
        EXECUTION,
        "an order lives through the last of its days",
        "order.expire_date > today",
        "order.expire_date >= today",
    ),
    (
        EXECUTION,
        "orders expire in the order in which they took their places",
        "sorted(listing.book, key=lambda resting: resting.order_id)",
        "list(listing.book)",
    ),
    (
        EXECUTION,
        "a board's change ends the halt of an instrument",
        "            if listing.own_state is not None:\n                continue\n",
        "",
    ),
    (
        EXECUTION,
        "an instrument that rejoins its board stays as it was",
        "self._enter(listing, state or listing.board_state, outcome)",
        "self._enter(listing, state or listing.state, outcome)",
    ),
    (
        EXECUTION,
        "there is no auction on the way into a state that does not match",
        "        if state.uncross:\n            events = ",
        "        if state.uncross and state.match:\n            events = ",
    ),
    (
        EXECUTION,
        "orders trade as they arrive in a pre-open",
        "        if listing.state.match:\n            events = plan(",
        "        if listing.state.enter:\n            events = plan(",
    ),
    (
        EXECUTION,
        "a state that matches may be entered with a crossed book",
        "if not state.match or state.uncross or not listing.book.is_crossed:",
        "if state.match or state.uncross or not listing.book.is_crossed:",
    ),
    (
        BOOK,
        "a book that is locked does not count as crossed",
        "and bid.price >= offer.price",
        "and bid.price > offer.price",
    ),
    (
        OBJECTIONS,
        "a state that takes no changes takes no new orders",
        "objection_of_state(order, state, state.enter,",
        "objection_of_state(order, state, state.modify,",
    ),
    (
        EXCHANGE,
        "a halt takes no cancels, as it takes no changes",
        "objection_of_state(order, state, state.cancel,",
        "objection_of_state(order, state, state.modify,",
    ),
    (
        OBJECTIONS,
        "after the close an order may be changed to one that the state does not take",
        '        or objection_of_state(request, state, state.modify, "changes")\n',
        "",
    ),
    (
        OBJECTIONS,
        "a market-limit order may wait for the auction",
        "    if request.ord_type in _AT_MARKET:\n        field",
        "    if request.ord_type is OrdType.MARKET:\n        field",
    ),
    (
        EXCHANGE,
        "a mass action cancels where the state does not let it",
        "            and listing.state.cancel\n",
        "",
    ),
    (
        OBJECTIONS,
        "a post-only order may not cross in a pre-open",
        "if touch is None or price is None or not listing.state.match:",
        "if touch is None or price is None:",
    ),
)

REPLACE = _faults(
    "replace",
    (
        EXCHANGE,
        "an order that grows keeps its place",
        "        new.order_qty <= old.order_qty\n        and new.price",
        "        new.price",
    ),
    (
        EXCHANGE,
        "an order that becomes smaller loses its place",
        "        new.order_qty <= old.order_qty\n",
        "        new.order_qty == old.order_qty\n",
    ),
    (EXCHANGE, "a new price leaves it in place", "        and new.price == old.price\n", ""),
    (
        EXCHANGE,
        "another account leaves it in place",
        "        and new.account == old.account\n",
        "",
    ),
    (
        EXCHANGE,
        "an order that becomes immediate stays",
        "        and new.time_in_force not in IMMEDIATE\n",
        "",
    ),
    (
        EXCHANGE,
        "an iceberg that hides nothing any more keeps its place",
        "return old is None or (new is not None and new <= old)",
        "return old is None or new is None or new <= old",
    ),
    (
        EXCHANGE,
        "an order that begins to hide loses its place",
        "return old is None or (new is not None and new <= old)",
        "return old == new or (old is not None and new is not None and new <= old)",
    ),
    (
        EXCHANGE,
        "what has been filled is open again after a change",
        "leaves_qty = order.order_qty - cum_qty\n",
        "leaves_qty = order.order_qty\n",
    ),
    (
        OBJECTIONS,
        "an order may be lowered to what is filled",
        "if request.order_qty <= cum_qty:",
        "if request.order_qty < cum_qty:",
    ),
    (
        EXCHANGE,
        "an order is still found by its former name",
        "if resting is None or resting.order.cl_ord_id != request.orig_cl_ord_id:",
        "if resting is None:",
    ),
    (
        EXCHANGE,
        "the new name leads nowhere",
        "        self._names[request.sender_comp_id][request.cl_ord_id] = order_id\n"
        "        listing.book.apply(events)\n        status",
        "        listing.book.apply(events)\n        status",
    ),
    (
        EXCHANGE,
        "a changed order counts as new although part of it is filled",
        "status = OrdStatus.PARTIALLY_FILLED if cum_qty else _NEW",
        "status = _NEW",
    ),
    (
        BOOK,
        "a change in place leaves the terms as they were",
        "                resting.order = event.order\n",
        "",
    ),
)

ICEBERG = _faults(
    "iceberg",
    (
        FIFO,
        "FIFO trades what an iceberg hides",
        "shown_qty = resting.shown_qty",
        "shown_qty = resting.leaves_qty",
    ),
    (
        BOOK,
        "the first of a level keeps its place as it shows a new slice",
        "    if after is None:\n        return\n",
        "    if after is None or before is None:\n        return\n",
    ),
    (
        MATCHING,
        "the last slice shows more than is left",
        "shown_qty = min(order.display_qty, leaves_qty)",
        "shown_qty = order.display_qty",
    ),
    (
        MATCHING,
        "what a slice has traded is still to be had",
        "order, leaves_qty = iceberg.order, iceberg.leaves_qty - iceberg.shown_qty",
        "order, leaves_qty = iceberg.order, iceberg.leaves_qty",
    ),
    (
        MATCHING,
        "a slice that is used up is not followed by another",
        "if left and last_qty == filled.shown_qty:",
        "if left and last_qty > filled.shown_qty:",
    ),
    (
        MATCHING,
        "a new slice goes before those that came back earlier",
        "refreshed += slices",
        "refreshed = slices + refreshed",
    ),
    (
        BOOK,
        "a new slice still counts as hidden",
        "    level.hidden_qty -= shown_qty\n",
        "",
    ),
    (
        BOOK,
        "what an iceberg hides as it comes to rest is shown in the depth",
        "                    level.hidden_qty += leaves_qty - display_qty\n",
        "                    pass\n",
    ),
    (
        BOOK,
        "what an iceberg hid stays behind when it leaves",
        "    if resting.shown_qty != resting.leaves_qty:\n"
        "        level.hidden_qty -= resting.leaves_qty - resting.shown_qty\n",
        "",
    ),
    (
        BOOK,
        "a partly filled slice shows as much as before",
        "                    resting.shown_qty -= event.last_qty\n",
        "",
    ),
    (
        BOOK,
        "an iceberg whose slice an auction has used up shows nothing",
        "shown_qty = shown_qty if shown_qty > 0 else fill.leaves_qty",
        "shown_qty = shown_qty if shown_qty >= 0 else fill.leaves_qty",
    ),
    (
        BOOK,
        "a change to a smaller display shows as much as before",
        "min(shown_qty, leaves_qty, display_qty or leaves_qty)",
        "min(shown_qty, leaves_qty)",
    ),
)

MINIMUM = _faults(
    "minimum quantity",
    (
        MATCHING,
        "just the minimum is too little",
        "if leaves_qty - left < least:",
        "if leaves_qty - left <= least:",
    ),
    (
        MATCHING,
        "a minimum is not asked for",
        "is _FILL_OR_KILL else order.min_qty or 0",
        "is _FILL_OR_KILL else 0",
    ),
    (
        MATCHING,
        "fill or kill asks for no more than a minimum",
        "least = leaves_qty if order.time_in_force is _FILL_OR_KILL else order.min_qty or 0",
        "least = order.min_qty or 0",
    ),
    (
        EXCHANGE,
        "the minimum holds again after a change",
        "            min_qty=None,  # it was for the moment of entry\n",
        "",
    ),
    (
        OBJECTIONS,
        "a minimum of the whole order is refused",
        "elif not 0 < request.min_qty <= request.order_qty:",
        "elif not 0 < request.min_qty < request.order_qty:",
    ),
    (
        OBJECTIONS,
        "a minimum above the order's quantity is taken",
        "        and (type(request) is not NewOrderSingle or request.min_qty is None)\n",
        "",
    ),
    (
        MATCHING,
        "with nobody on the other side the minimum is forgotten",
        "order.time_in_force is _DAY and order.min_qty is None:",
        "order.time_in_force is _DAY:",
    ),
    (
        OBJECTIONS,
        "an order with a minimum may wait for the auction",
        "    elif isinstance(request, NewOrderSingle) and request.min_qty is not None:\n"
        '        field = f"min_qty {request.min_qty}"\n',
        "",
    ),
    (
        MATCHING,
        "what was too little has traded all the same",
        "return [_killed(order, order_id, leaves_qty, end, asked)]",
        "return [*events, _killed(order, order_id, left, end, asked)]",
    ),
    (
        OBJECTIONS,
        "a stop may have a minimum",
        '    if request.ord_type in STOPS:\n        expected = f"none on a {request.ord_type.name}'
        ' order"\n    elif request.post_only:',
        "    if request.post_only:",
    ),
)

STOP = _faults(
    "stops",
    (
        BOOK,
        "a trade at the trigger does not elect",
        "irange(first, price * stops.sign, inclusive=(False, True))",
        "irange(first, price * stops.sign, inclusive=(False, False))",
    ),
    (
        BOOK,
        "of the stops that a higher trade elects the one with the highest trigger goes first",
        "irange(first, price * stops.sign, inclusive=(False, True))",
        "irange(first, price * stops.sign, inclusive=(False, True), reverse=True)",
    ),
    (
        BOOK,
        "after a rise, no fall elects any more",
        "if self._lowest is None or price < self._lowest:",
        "if self._highest is None or price < self._highest and self._lowest is None:",
    ),
    (
        EXECUTION,
        "the last elected goes first",
        "stop, prices = waiting.popleft(), ()",
        "stop, prices = waiting.pop(), ()",
    ),
    (
        EXECUTION,
        "stops elect no others",
        "                prices = _trade_prices(events)\n",
        "",
    ),
    (
        EXECUTION,
        "an auction's trades elect nothing",
        "reached = () if last_px is None else (last_px,)",
        "reached = ()",
    ),
    (
        EXECUTION,
        "stops are elected where nothing matches",
        "while listing.state.match:",
        "while True:",
    ),
    (
        STOPS,
        "an elected stop keeps its trigger",
        "ord_type=ord_type, price=price, stop_px=None)",
        "ord_type=ord_type, price=price)",
    ),
    (
        STOPS,
        "a buyer is protected up to the tick beyond his points",
        "return instrument.ticks.at_or_below(price + points)",
        "return instrument.ticks.at_or_above(price + points)",
    ),
    (
        AUCTION,
        "a stop that must trade at once joins the auction",
        "if order.price is not None and order.time_in_force not in IMMEDIATE:",
        "if order.price is not None:",
    ),
)

LIMITS = _faults(
    "limits",
    (
        OBJECTIONS,
        "a post-only order may meet the touch",
        "if price < touch if order.side is Side.BUY else price > touch:",
        "if price <= touch if order.side is Side.BUY else price >= touch:",
    ),
    (
        OBJECTIONS,
        "a trigger may be at the last trade",
        "(stop_px <= last_px if buys else stop_px >= last_px)",
        "(stop_px < last_px if buys else stop_px > last_px)",
    ),
    (
        OBJECTIONS,
        "a stop-limit order's limit may not be its trigger",
        "(price < stop_px if buys else price > stop_px)",
        "(price <= stop_px if buys else price >= stop_px)",
    ),
    (
        OBJECTIONS,
        "a limit off tick is taken",
        "        and (not price % step if step else instrument.ticks.accepts(price))\n",
        "",
    ),
    (
        OBJECTIONS,
        "an order till today is too late",
        "elif until < (today := venue.today()):",
        "elif until <= (today := venue.today()):",
    ),
    (
        OBJECTIONS,
        "an iceberg may not show all of itself",
        "elif not 0 < qty <= request.order_qty:",
        "elif not 0 < qty < request.order_qty:",
    ),
    (
        OBJECTIONS,
        "a market order looks for the touch on its own side",
        "if order.ord_type in _AT_MARKET and listing.book.best(order.side.opposite) is None:",
        "if order.ord_type in _AT_MARKET and listing.book.best(order.side) is None:",
    ),
    (
        MATCHING,
        "what is left of a protected market order rests as a market order",
        "            if order.ord_type is not _LIMIT:  # it was protected, or market-limit\n"
        "                order = msgspec.structs.replace(order, ord_type=_LIMIT)\n",
        "",
    ),
    (
        MATCHING,
        "what is left of an immediate order rests",
        "        if order.time_in_force in IMMEDIATE:\n"
        "            return Expired(order_id, order, leaves_qty)\n",
        "",
    ),
)

QUOTES = _faults(
    "quotes",
    (
        QUOTING,
        "a side that is not quoted anew stays",
        "    if wanted is None:\n        return False\n",
        "    if wanted is None:\n        return True\n",
    ),
    (
        QUOTING,
        "a quote whose size is raised keeps its place",
        "return price == resting.order.price and size <= resting.leaves_qty",
        "return price == resting.order.price",
    ),
    (
        QUOTING,
        "a quote that stays as it is loses its place",
        "return price == resting.order.price and size <= resting.leaves_qty",
        "return price == resting.order.price and size < resting.leaves_qty",
    ),
    (
        QUOTING,
        "what a quote in its place has traded is forgotten",
        "order = msgspec.structs.replace(order, order_qty=traded + size)",
        "order = msgspec.structs.replace(order, order_qty=size)",
    ),
    (
        QUOTING,
        "all users of a session have one quote",
        "key = (request.sender_comp_id, request.sender_sub_id, entry.symbol)",
        "key = (request.sender_comp_id, None, entry.symbol)",
    ),
    (
        QUOTING,
        "a quote may bid what it offers at",
        "if bid is not None and offer is not None and bid >= offer:",
        "if bid is not None and offer is not None and bid > offer:",
    ),
    (
        QUOTING,
        "an instrument may have two quotes in a message",
        "        if entry.symbol in quoted:\n",
        "        if False:\n",
    ),
    (
        QUOTING,
        "quotes are taken in every state",
        "if not listing.state.quote or TimeInForce.DAY not in listing.state.lives:",
        "if TimeInForce.DAY not in listing.state.lives:",
    ),
    (
        QUOTING,
        "a cancel of a set's offers cancels its bids as well",
        "return order.quote_set_id == request.quote_set_id and request.side in (None, side)",
        "return order.quote_set_id == request.quote_set_id",
    ),
    (
        QUOTING,
        "quotes are canceled in no order",
        "        meant.sort(key=lambda event: event.order_id)\n        outcome = Outcome([self",
        "        meant.reverse()\n        outcome = Outcome([self",
    ),
    (
        QUOTING,
        "quotes are canceled in states that let nobody cancel",
        "            and self._venue.listings[symbol].state.cancel\n",
        "",
    ),
    (
        EXCHANGE,
        "a mass action cancels quotes",
        "        not isinstance(order, QuotedOrder)\n        and order.sender",
        "        order.sender",
    ),
)

SELF_MATCHES = _faults(
    "self-match prevention",
    (
        SELF_MATCH,
        "without an instruction the aggressor goes",
        "if aggressor.self_match_prevention_instruction != _CANCEL_NEWEST:",
        'if aggressor.self_match_prevention_instruction == "O":',
    ),
    (
        SELF_MATCH,
        "only one of several goes",
        "return [CancelResting(one.order_id, oldest, text) for one in own]",
        "return [CancelResting(one.order_id, oldest, text) for one in own[:1]]",
    ),
    (
        SELF_MATCH,
        "the youngest at the worst price goes first",
        "return [CancelResting(one.order_id, oldest, text) for one in own]",
        "return [CancelResting(one.order_id, oldest, text) for one in reversed(own)]",
    ),
    (
        SELF_MATCH,
        "ids of other firms are taken",
        "if firm is not None and firm in self.registered.get(smp_id, ()):",
        "if firm is not None and smp_id in self.registered:",
    ),
    (
        SELF_MATCH,
        "any order of the same firm is an own one",
        "own = [one for one in candidates if one.order.self_match_prevention_id == smp_id]",
        "own = [one for one in candidates if one.order.self_match_prevention_id]",
    ),
    (
        SELF_MATCH,
        "the other reading lets an order that says N go past its own orders",
        "return any(not isinstance(one.order, QuotedOrder) for one in own)",
        "return False",
    ),
    (
        SELF_MATCH,
        "a mass quote is refused at the level of the session",
        "level = RejectLevel.BUSINESS if quotes else RejectLevel.SESSION",
        "level = RejectLevel.SESSION",
    ),
    (
        QUOTING,
        "a mass quote's instruction counts",
        "return msgspec.structs.replace(order, self_match_prevention_instruction=None)",
        "return order",
    ),
    (
        MATCHING,
        "under the other algorithms only the best price is looked at",
        "self._ask(others, [*_inside(limit, half)])",
        "self._ask(others, [as_value(one) for one in half.best or ()])",
    ),
    (
        MATCHING,
        "in the other reading nobody is asked about a price",
        "        if self._by_level:\n",
        "        if False:\n",
    ),
    (
        MATCHING,
        "in the other reading all prices are looked at beforehand",
        "self._by_level = [each for each in prevent if each.level_by_level]",
        "self._by_level = []",
    ),
    (
        EXCHANGE,
        "mass quotes are let in whatever their tags are",
        "if kind is not NewOrderSingle and kind not in _ADMITTED:",
        "if kind is MassQuote or kind not in _ADMITTED:",
    ),
    (
        EXCHANGE,
        "tags are looked at only where the instrument is listed",
        "        for rule in self._admit:\n",
        "        known = getattr(request, 'symbol', None) in (None, *self._listings)\n"
        "        for rule in self._admit if known else ():\n",
    ),
)

FAULTS = (
    *PRIORITY,
    *ALLOCATION,
    *AUCTIONS,
    *SESSION,
    *REPLACE,
    *ICEBERG,
    *MINIMUM,
    *STOP,
    *LIMITS,
    *QUOTES,
    *SELF_MATCHES,
)
